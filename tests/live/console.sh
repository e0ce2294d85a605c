#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `console` on real guests: from the shell on a terminal and with pipes, two of them on one console, the domain's end,
# signals; from the screen and back; the log pane's own look at a console without a log file.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

check "libvirtd starts" daemon_start || done_testing
guest_define web1 net=no
guest_define bare net=no serial=no
v start web1 >/dev/null
v start bare >/dev/null

# connect NAME [OPTION…]: `console` in a terminal of its own.
connect() {
    term_start 100x30 -c $URI console "$@"
}
# A client that holds a console; what the guest prints goes to $TEST_TMP/holder.
hold() {
    rm -f "$TEST_TMP/typed" "$TEST_TMP/holder"
    mkfifo "$TEST_TMP/typed"
    "$VIRTDECK" -c $URI console "$1" --linger 0.1 <"$TEST_TMP/typed" >"$TEST_TMP/holder" 2>"$TEST_TMP/holder.err" &
    holder=$!
    exec 7>"$TEST_TMP/typed"
    echo >&7
    eventually "a client holds the console of $1" 20 test -s "$TEST_TMP/holder"
}
let_go() {
    exec 7>&-
    wait $holder
    holder_status=$?
}

# ---- on a terminal ----

eventually "the guest boots" 150 booted web1
connect web1
shows "it says that it is connected, and how to leave" '^connected to web1, leave with \^\]'
keys Enter
shows "the guest's shell answers" '^[/~] #'
type_text 'echo $((6*7))-times'
keys Enter
shows "what is typed is run in the guest" '^42-times'
keys C-c
type_text 'trap "echo caught" INT'
keys Enter
bytes_in 1d
ends "^] leaves" 0
shows "and it says so" '^virtdeck: web1: left'
restored "the terminal is as before"

connect web1 --escape '^A'
shows "another key is named" 'leave with \^A'
bytes_in 1d
keys Enter
type_text 'printf "\033[?1049h\033[?1000h\033[?25l\033[31mred-screen"'
keys Enter
shows "a guest draws on the alternate screen" 'red-screen'
bytes_in 01
ends "the other key leaves" 0
restored "what the guest had switched on is off"

for signal in TERM HUP ABRT; do
    connect web1
    shows "connected ($signal)" '^connected to web1'
    keys Enter
    shows "the guest is there ($signal)" '^[/~] #'
    kill -$signal "$(term_pid)"
    shows "ends by SIG$signal" '\[ended [0-9]+\]'
    restored "the terminal is as before (SIG$signal)"
done

# ---- pipes ----

printf 'echo $((6*8))-piped\n' | vd console web1 --linger 5 >"$TEST_TMP/out" 2>"$TEST_TMP/err"
is "with pipes: its status" $? 0
like "with pipes: the guest's answer" "$(tr -d '\r' <"$TEST_TMP/out")" '^48-piped$'
is "with pipes: nothing else is said" "$(cat "$TEST_TMP/err")" ""

# A reader that does not read: the guest's bytes are kept within bounds (1 MiB), and what does not fit is counted. Libvirt
# and the pipes have some of them, too; at 2 MiB virtlogd begins a new file.
log=/var/log/libvirt/qemu/web1-serial.log
bytes_of() {
    wc -c <"$1"
}
log_before=$(bytes_of $log)
mkfifo "$TEST_TMP/typed" "$TEST_TMP/unread"
vd console web1 --linger 2 <"$TEST_TMP/typed" >"$TEST_TMP/unread" 2>"$TEST_TMP/err" &
flooded=$!
exec 7>"$TEST_TMP/typed" 8<"$TEST_TMP/unread"
printf '%s\n' 'dd if=/dev/zero bs=64k count=28 2>/dev/null | tr "\000" "\121"; echo done-$((1+1))' >&7
eventually "a guest prints 1.8 MB" 120 grep -aq 'done-2' $log
exec 7>&-
cat <&8 >"$TEST_TMP/out"
wait $flooded
is "its reader has lost some of it: its status" $? 0
like "it says so" "$(cat "$TEST_TMP/err")" 'bytes of the guest.s came faster than they could be shown, and are lost'
lost=$(grep -o '[0-9]* bytes' "$TEST_TMP/err" | cut -d' ' -f1)
# A byte that found the pty full QEMU logs once more with each try: of the Qs, those that were printed count. The prompt
# may come when nobody listens any more.
others=$(tail -c +$((log_before + 1)) $log | tr -d Q | wc -c)
unaccounted=$((28 * 65536 + others - $(bytes_of "$TEST_TMP/out") - lost))
check "no byte is unaccounted for ($unaccounted)" [ $unaccounted -ge 0 -a $unaccounted -lt 32 ]

# ---- two of them ----

hold web1
out=$(vd console web1 </dev/null 2>&1)
is "a second one is refused: its status" $? 1
like "it says who may have it" "$out" 'another client has it.*virt-manager'
like "and how to take it over" "$out" 'console web1 --force'
connect web1
shows "on a terminal it asks" 'Take it over\? \[y/N\]'
keys Enter
ends "no is the default" 1
connect web1
shows "it asks again" 'Take it over\? \[y/N\]'
keys y Enter
shows "yes takes it over" '^connected to web1'
eventually "the other one is told" 10 grep -q 'somebody else took it over' "$TEST_TMP/holder.err"
let_go
is "and fails" "$holder_status" 1
keys Enter
shows "the console works" '^[/~] #'

# ---- the screen ----

bytes_in 1d
term_start 100x36 -c $URI
shows "the screen" '^.{0,3}web1 .*running' 20
keys End 3
shows "the logs of web1" '^▌ *web1'
shows "what its log file has" 'serial +[/~] #'
keys C
shows "C connects" '^connected to web1, leave with'
keys Enter
shows "the guest's shell" '^[/~] #'
type_text 'echo $((6*7))-once'
keys Enter
shows "the guest answers" '^42-once'
bytes_in 1d
shows "^] comes back to the screen" '^▌ *web1'
hides "which is whole again" '^connected to'
shows "what was said is in the logs" '42-once'
once() {
    [ "$(screen | grep -c '42-once')" = 1 ]
}
eventually "once" 5 once
lets_in() {
    vd console "$1" --linger 0 </dev/null >/dev/null 2>&1
}
eventually "the console is free again" 10 lets_in web1

hold web1
keys C
shows "where another client has it, it asks" 'Another client has the console of web1'
keys Enter
hides "no is the default" 'Another client has'
keys C
shows "it asks again" 'Another client has the console of web1'
keys y
shows "yes takes it over" '^connected to web1'
eventually "the other one is told" 10 grep -q 'somebody else took it over' "$TEST_TMP/holder.err"
let_go
v destroy web1 >/dev/null
shows "the domain's end comes back to the screen" '^▌ *web1 .*shut off'
shows "and says why" 'web1: console: it has stopped'
keys C
shows "C on one that is off says what to do" 'start web1'

# ---- the log pane's own look ----

printf 'while :; do echo tick-$((t+=1)); sleep 1; done &\n' | vd console bare --linger 1 >/dev/null
keys Home
shows "the logs of bare, which has no log file" '^▌ *bare'
shows "the guest's lines are there" 'serial +tick-[0-9]+'
is "a client that asks is refused" "$(vd console bare </dev/null 2>&1 | grep -c 'another client has it')" 1
keys C
shows "the same program takes it without a question" '^connected to bare'
shows "the guest goes on" '^tick-[0-9]+'
type_text 'echo $((6*9))-kept'
keys Enter
shows "it answers" '^54-kept'
bytes_in 1d
shows "back on the screen" '^▌ *bare'
shows "what was said was kept" '54-kept' 20
# ticks: the number of the newest one that is shown.
ticks() {
    screen | grep -o 'tick-[0-9]*' | tail -n 1 | cut -d- -f2
}
ticks_go_on() {
    [ "$(ticks)" -gt "$ticks_were" ] 2>/dev/null
}
ticks_were=$(ticks)
: "${ticks_were:=0}"
eventually "lines come again" 20 ticks_go_on
keys 1
hides "another pane" 'tick-'
eventually "the pane has let go of the console" 10 lets_in bare
hold bare
keys 3
shows "the pane says that another client has it" 'virtdeck +another client has the serial console'
ticks_were=$(ticks)
: "${ticks_were:=0}"
let_go
is "the other one was left alone" "$holder_status" 0
eventually "lines come when it is free" 30 ticks_go_on
leave
restored "the terminal is as before"

# ---- the domain's end ----

v start web1 >/dev/null
connect web1
shows "connected while it boots" '^connected to web1'
v destroy web1 >/dev/null
ends "it ends with the domain" 0
shows "and says so" '^virtdeck: web1: it has stopped'
restored "the terminal is as before"
out=$(vd console web1 </dev/null 2>&1)
like "of a domain that does not run" "$out" 'does not run; `start web1` first'

done_testing
