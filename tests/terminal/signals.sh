#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Signals and a terminal that goes away: the terminal is always given back, and nothing is left running.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

# The crash handlers are the program's own here, not the sanitizer's.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0
export ASAN_OPTIONS

deck() {
    term_start 100x30 "$@" --demo
    wait_text '^.{0,3}web1 '
}
dead() {
    ! kill -0 "$1" 2>/dev/null
}

for signal in TERM HUP INT; do
    deck
    kill -$signal "$(term_pid)"
    shows "SIG$signal ends it" '\[ended'
    restored "SIG$signal: the terminal is as before"
done
for signal in SEGV ABRT BUS FPE ILL; do
    deck
    ulimit -c 0
    kill -$signal "$(term_pid)"
    shows "SIG$signal ends it" '\[ended'
    restored "SIG$signal: the terminal is as before"
done

# In the command bar, in the middle of a word.
deck
keys :
type_text 'start we'
shows "the bar is open" '^:start we'
kill -TERM "$(term_pid)"
shows "SIGTERM in the bar ends it" '\[ended'
restored "and the terminal is as before"

# Window changes and child signals are no reason to end.
deck
for signal in WINCH CHLD CONT PIPE USR1 URG; do
    case $signal in
    USR1) continue ;;
    esac
    kill -$signal "$(term_pid)"
done
keys Down
check "WINCH, CHLD, CONT, PIPE do no harm" term_alive
leave

# The terminal goes away.
deck
pid=$(term_pid)
tm kill-session -t $term_session
eventually "it ends with its terminal" 20 dead "$pid"
deck
pid=$(term_pid)
tm kill-server
eventually "it ends with a killed server" 20 dead "$pid"

# Twice: the second terminal is another.
deck
check "a new one starts" term_alive
keys C-c
check "Ctrl-C in the table does not end it" term_alive
leave
restored "the terminal is as before"
done_testing
