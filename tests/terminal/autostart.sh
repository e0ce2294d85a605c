#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The autostart pane by keys, on the demo host: its test driver keeps policies and starts domains at once.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"


# run_line COMMAND WHAT REGEX: typed into the bar; one test.
run_line() {
    type_text ":$1"
    keys Enter
    shows "$2" "$3"
}

# to_row NAME: the cursor is on that row of the pane.
to_row() {
    type_text ":select-start $1"
    keys Enter
    wait_text "^[▌>]. *(–|-|[0-9]+) +$1 "
}

# before FIRST SECOND: that row of the pane stands above the other one. The table is not on the screen.
before() {
    before_first=$(row_of "^.. *[–0-9-]+ +$1 ")
    before_second=$(row_of "^.. *[–0-9-]+ +$2 ")
    [ -n "$before_first" ] && [ -n "$before_second" ] && [ "$before_first" -lt "$before_second" ]
}

comes_before() {
    if wait_for "$term_wait" before "$2" "$3"; then
        ok "$1"
    else
        not_ok "$1"
        note "$(screen)"
    fi
}

term_start 120x36 --demo -o interval=0.5
wait_text '^.{0,3}db1 '
keys A
shows "A opens the pane in full" '▸Autostart◂'
shows "where nothing has an order it says how to begin" 'nothing starts (with this host|in order): .autostart VM order=10'
keys A
wait_text '^.{0,3}web1 '
run_line 'autostart db1 order=10' "an order is set" 'db1: order=10'
run_line 'autostart web1 order=20 delay=1s after=db1' "one that waits" 'web1: order=20'
run_line 'autostart web3 order=30' "and a third" 'web3: order=30'
shows "the column says what will happen" '^.{0,3}web3 .* 30 ▶ '

keys A
shows "the head counts them" 'What happens at the next boot · .*3 start in order .* ready after about'
shows "a row says what it waits for" '20 +web1 +db1 ready.*\+1s'
shows "and has its place in the timeline" 'web1 .*■+▶'
keys w
to_row web1
shows "w shows what it waits for" '^ ↑ +10 +db1 '
keys w
hides "and no longer" '^ ↑ +10 +db1 '

to_row web3
keys K
shows "K moves a row to those of the order before" 'web3: order=20'
shows "the plan follows" '^▌ +20 +web3 '
keys K
shows "and away from its equals" 'web3: order=15'
comes_before "it stands before them now" web3 web1
keys u
shows "u takes the move back" '^▌ +20 +web3 '
wait_text 'web3: undo [0-9]+,'
keys u
shows "and that back, too" '^▌ +15 +web3 '
run_line 'autostart web3 order=30' "a command changes what the pane shows" '^▌ +30 +web3 '
keys Home
keys K
shows "a network has no order" 'is no domain'

keys R
shows "R shows the shutdown" 'What happens at the next shutdown'
comes_before "which is the other way round" web3 db1
shows "with how each is stopped" 'web3 .*shutdown 3m'
keys R
shows "and back" 'What happens at the next boot'
keys c
shows "c says it in words" 'next boot'
esc

to_row web1
keys a
shows "a has the policy in the bar" '^:autostart .*order=20 delay=1s after=db1:ready'
type_text 'timeout=90s'
keys Enter
shows "to be changed" 'web1: .*timeout=(90s|1m30s)'
keys Enter
shows "Enter has it in a form" 'Autostart of web1'
shows "with what holds unsaid, too" 'ready +running +\(unsaid\)'
keys Tab Tab Enter
wait_text 'Tab completes'
keys C-u
type_text '2s'
keys Enter
shows "a value is typed" '\*delay +2s'
keys F2
shows "and applied" 'web1: .*delay=2s'
shows "the plan follows it" 'web1 .*\+2s'

to_row db1
keys Enter
wait_text 'Autostart of db1'
keys Tab Delete
wait_text '\*order'
keys F2
shows "a value is unsaid" '^.. +(–|-) +db1 '
keys u
shows "and back" '^.. +10 +db1 '

keys r
shows "r asks before it runs" 'Start now, in its order'
keys n
shows "no is no" 'nothing was started'
keys r
wait_text 'Start now, in its order'
keys y
shows "the run is shown to its end" 'Last start .*3 of 3 ready' 40
shows "with its last steps" '3 of 3 domains ready'
keys p
shows "p goes back to the plan" 'What happens at the next boot'
keys p
shows "and to the run again" 'Last start'
keys p
esc
shows "Esc goes back to the table" '^.{0,3}web3 +running'
leave
term_alive && not_ok "it has ended" || ok "it has ended"

# Nothing is unreachable in a small terminal.
term_start 80x24 --demo -o interval=0.5
wait_text 'db1 '
run_line 'autostart db1 order=10' "the same at 80x24" 'db1: order=10'
keys 6
shows "by its number" 'Autostart◂'
shows "the timeline is there" 'db1 .*■+▶'
keys R
shows "the shutdown begins with it" '^▌.* 10 +db1 '
run_line 'autostart db2 order=20' "another one comes before it" '^ .* 20 +db2 '
shows "the cursor stays with its domain" '^▌.* 10 +db1 '
keys R
resize 40x10
shows "and at 40x10" 'db1 '
resize 80x24
leave

done_testing
