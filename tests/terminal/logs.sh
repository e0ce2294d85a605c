#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The logs pane on the demo host: what happens to a domain comes in, is filtered, searched, frozen, chosen and copied;
# what happened before virtdeck was started is there, too.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

state=$TEST_TMP/state
mkdir -p "$state"

run() {
    type_text ":$1"
    keys Enter
}

term_start 120x36 "XDG_STATE_HOME=$state" --demo -o interval=0.5
shows "the deck" '^.{0,3}web1 '
run 'log web1'
shows "the logs pane" '▸Logs◂.* web1 .*following'
run 'suspend web1'
shows "an event with its source and its time" '[0-9:]{8} event +paused'
shows "what virtdeck did" '[0-9:]{8} virtdeck suspend: paused'
run 'resume web1'
shows "the next one" 'event +resumed'
shows "the status names what there is" 'event.* ── following'

run 'focus pane'
keys '&'
shows "the filter is typed into the bar" ':log-filter'
type_text 'susp|PAUS'
keys Enter
shows "upper case letters count" 'filter susp\|PAUS'
hides "what does not match is not shown" 'event +(paused|resumed)'
run "log-filter ''"
shows "without the filter all is shown" 'event +resumed'
run 'log-filter ('
shows "a mistake in it is told" 'log-filter: .*'

keys Up
shows "going up freezes" ' ── frozen'
# Their messages of before may still be there.
told_twice() {
    [ "$(grep -c "$1" "$state/virtdeck/events.jsonl")" -ge 2 ]
}
run 'suspend web1'
eventually "the command is run" 20 told_twice 'suspend: paused'
run 'resume web1'
eventually "that, too" 20 told_twice 'resume: resumed'
shows "it stays frozen" ' ── frozen'
keys F
shows "F follows" ' ── following'

keys /
type_text 'RESUME:'
keys Enter
shows "nothing is found in another case" 'not found: RESUME:'
keys /
type_text 'resume: r.s'
keys Enter
shows "what is found is held" ' ── frozen'
shows "an expression is found" '^▌.*virtdeck resume: resumed'
found_row '^▌.*virtdeck resume: resumed'
first=$found
keys n
another() {
    found_row '^▌.*virtdeck resume: resumed' && [ "$found" != "$first" ]
}
check "n goes to the next one" wait_for 10 another
keys N
check "N back" wait_for 10 eval 'found_row "^▌.*virtdeck resume: resumed" && [ "$found" = "$first" ]'

keys c
shows "the sources" '┌─ Sources of the logs'
shows "and why some have nothing" 'the test driver writes no log'
keys End
keys Space
keys Enter
hides "one is turned off" 'virtdeck (suspend|resume)'
run 'log-sources +virtdeck'
shows "and on" 'virtdeck (suspend|resume)'
keys t
shows "how long ago" '^ +([0-9]+m )?[0-9]+s event'
keys t
keys t
shows "the clock again" '[0-9:]{8} event'
keys w
shows "wrapped" 'wrap ── '
keys w

keys End
keys Up
keys v
shows "lines are chosen" 'choosing'
keys Up
keys y
shows "a name is offered" ':copy ~/web1-[0-9]{8}-[0-9]{6}\.log'
keys C-u
type_text "copy $TEST_TMP/chosen"
keys Enter
shows "the file is told" "copy: 2 lines written to $TEST_TMP/chosen"
is "for its owner only" "$(stat -c %a "$TEST_TMP/chosen")" 600
is "the chosen lines" "$(wc -l <"$TEST_TMP/chosen")" 2
like "with time and source" "$(cat "$TEST_TMP/chosen")" '^[0-9-]{10} [0-9:]{8}\.[0-9]{3} (event|virtdeck) +[a-z]'
run "copy $TEST_TMP/all"
shows "all of them" "copy: [0-9]+ lines written to $TEST_TMP/all"
like "is more" "$(wc -l <"$TEST_TMP/all")" '^([4-9]|[1-9][0-9])$'
run "copy $TEST_TMP/all"
shows "nothing is overwritten" 'is there already'
keys Enter
shows "Enter where nothing failed" 'tells of no known failure'
resize 80x24
shows "80 columns" '[0-9:]{8} event +resumed'
leave

term_start 80x24 "XDG_STATE_HOME=$state" --demo -o interval=0.5
shows "again" '^.{0,3}web1 '
run 'log web1'
shows "what happened before is there" 'virtdeck resume: resumed'
# What the supervisor writes while one looks.
uuid=$(jq -r 'select(.vm == "web1").uuid' "$state/virtdeck/events.jsonl" | head -n 1)
printf '{"time":%s,"severity":"warning","kind":"autostart","host":"demo","uuid":"%s","vm":"web1","text":"%s"}\n' \
    "$(date +%s%3N)" "$uuid" "started again: it had crashed" >>"$state/virtdeck/actions.jsonl"
shows "what an unattended virtdeck does comes in" 'virtdeck started again: it had crashed'
leave
restored "the terminal is as before"

term_start 80x24 "XDG_STATE_HOME=$state" TERM=vt100 LC_ALL=C --demo
shows "without colours and Unicode" '^.{0,3}web1 '
run 'log web1'
shows "the lines are there" 'virtdeck resume: resumed'
run 'focus pane'
shows "and the cursor" '^> +[0-9:]{8} (event|virtdeck)'
leave
done_testing
