#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Terminals of all kinds, few colours or none, ASCII only.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

# What runs inside a tmux pane speaks tmux's language; the others are near enough to see that it works.
for term in tmux-256color screen-256color xterm-256color xterm linux vt100 vt220; do
    term_start 80x24 TERM=$term --demo
    shows "TERM=$term: the deck" 'db1 ' || continue
    keys :
    type_text 'suspend db1'
    keys Enter
    shows "TERM=$term: a command runs" 'db1 .*paused'
    keys Tab Tab Tab Tab Tab
    check "TERM=$term: the panes can be walked" term_alive
    case $term in
    vt100 | vt220)
        unlike "TERM=$term: no colours" "$(LC_ALL=C grep -aoE '\[[0-9;]*m' "$term_bytes" | LC_ALL=C tr 'm;[' '\n  ')"             '(^| )(3[0-7]|38|4[0-7]|48|9[0-7])( |$)'
        ;;
    esac
    esc
    leave
    restored "TERM=$term: the terminal is as before"
done

term_start 80x24 TERM=dumb --demo
shows "TERM=dumb is refused with a message" 'dumb|terminal'
shows "and ends" '\[ended [123]\]'
term_start 80x24 TERM=no-such-terminal --demo
shows "an unknown terminal is named" 'no-such-terminal|terminal'
shows "and ends" '\[ended [123]\]'

colours() {
    LC_ALL=C grep -aoE '\[[0-9;]*m' "$term_bytes" | LC_ALL=C tr 'm;[' '\n  ' | grep -cE '(^| )(3[0-7]|38|4[0-7]|48|9[0-7])( |$)'
}
term_start 120x36 TERM=tmux-256color NO_COLOR=1 --demo
shows "NO_COLOR: the deck" 'web1 '
keys Tab Tab
shows "NO_COLOR: a pane" 'Logs'
is "NO_COLOR: no colour was sent" "$(colours)" 0
leave
term_start 120x36 TERM=tmux-256color --demo
shows "with colours: the deck" 'web1 '
# The bytes may come a little after the screen.
has_colours() {
    [ "$(colours)" -gt 0 ]
}
eventually "with colours: some were sent" 10 has_colours
leave
term_start 120x36 TERM=tmux-256color --demo -o color=truecolor -o theme=nord
shows "truecolor: the deck" 'web1 '
has_rgb() {
    LC_ALL=C grep -aqE '38[:;]2[:;]' "$term_bytes"
}
eventually "truecolor: sends RGB" 10 has_rgb
leave

for locale in C POSIX; do
    term_start 120x36 LC_ALL=$locale LANG=$locale --demo
    shows "LC_ALL=$locale: the deck" 'web1 '
    keys Tab Tab Tab
    shows "LC_ALL=$locale: graphs" 'Graphs'
    is "LC_ALL=$locale: only ASCII was sent" "$(LC_ALL=C tr -d '\000-\177' <"$term_bytes" | wc -c)" 0
    leave
done
term_start 120x36 --demo -o unicode=off
shows "unicode=off: the deck" 'web1 '
leave
exits "no terminal at all" 1 "$VIRTDECK" --demo
like "says so" "$err" 'terminal'
done_testing
