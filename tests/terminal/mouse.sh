#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The mouse: rows, headings, panes, the key bar, the wheel.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

# click_on LINE WORD: on that word in the line that has LINE, both taken from one look at the screen.
looked() {
    look=$(screen)
    printf '%s\n' "$look" | grep -Eq "$1"
}
click_on() {
    wait_for "$term_wait" looked "$1" || return 1
    click "$(printf '%s\n' "$look" | grep -m1 -E "$1" | sed "s/$2.*//" | wc -m)" \
        "$(printf '%s\n' "$look" | grep -n -m1 -E "$1" | cut -d: -f1)"
}

term_start 120x36 --demo
shows "the deck" '^.{0,3}web1 '
is "mouse reports are on" "$(tm display-message -p -t $term_session '#{mouse_any_flag}')" 1
click_row '^.{0,3}web2 ' 5
shows "a click selects a row" '^▌.?web2 '
click_row '^.{0,3}db1 ' 5
shows "another row" '^▌.?db1 '
# Press and release come together or apart, as it happens: none of the clicks may wait for the next one.
lost=
i=0
while [ $i -lt 20 ]; do
    name=web$((1 + i % 2))
    click_row "^.{0,3}$name " 5
    wait_text "^▌.?$name " || lost="$lost $i"
    i=$((i + 1))
done
is "no click of twenty is lost" "$lost" ""
order=$(screen | grep -oE '(db1|db2|web1|web2|web3) ')
click_row ' NAME' 4
changed() {
    [ "$(screen | grep -oE '(db1|db2|web1|web2|web3) ')" != "$order" ]
}
eventually "a click on a heading sorts, a second one turns the order" 5 changed ||
    click_row ' NAME' 4
click_on 'Overview.*Devices.*Graphs.*Events' Graphs
shows "a click on a tab opens the pane" '▸Graphs◂'
selected=$(screen | grep -E '^▌')
click_row '^.{0,3}web1 ' 5 65
wheeled() {
    [ "$(screen | grep -E '^▌')" != "$selected" ] || [ -z "$(screen | grep -E '^▌')" ]
}
eventually "the wheel moves the table" 20 wheeled
click_on 'Help.*Quit' Help
shows "a click on the key bar runs the key" '(Keys|Help)'
esc
# Reports from beyond the screen, broken ones, a storm.
bytes_in 1b 5b 3c 30 3b 39 39 39 39 3b 39 39 39 39 4d
bytes_in 1b 5b 3c 3b 3b 4d
bytes_in 1b 5b 3c 39 39 39 39 39 39 39 39 39 39 3b 31 3b 31 4d
bytes_in 1b 5b 4d 20 21 21
i=0
while [ $i -lt 30 ]; do
    click $((i * 4 + 1)) $((i + 1)) $((64 + i % 2))
    i=$((i + 1))
done
check "broken reports and a storm of them do no harm" term_alive
esc
leave
restored "the terminal is as before"
done_testing
