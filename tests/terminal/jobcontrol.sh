#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Ctrl-Z and fg under a shell, and editing lines afterwards.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

term_shell 100x30
stty_of() {
    rm -f "$TEST_TMP/$1"
    type_text "stty -a | sed 's/rows [0-9]*; columns [0-9]*;//' >'$TEST_TMP/new'; mv '$TEST_TMP/new' '$TEST_TMP/$1'"
    keys Enter
    wait_for 5 test -s "$TEST_TMP/$1"
}
stty_of before
type_text '"$VIRTDECK" --demo'
keys Enter
shows "the deck" '^.{0,3}web1 '
keys Down Down
shows "the cursor moves" '^▌.?db1'
for round in 1 2 3; do
    keys C-z
    shows "Ctrl-Z: the shell is there ($round)" 'Stopped'
    stty_of suspended
    is "its modes are as before" "$(cat "$TEST_TMP/suspended")" "$(cat "$TEST_TMP/before")"
    is "no alternate screen, no mouse"         "$(tm display-message -p -t $term_session '#{alternate_on} #{mouse_any_flag} #{cursor_flag}')" "0 0 1"
    [ $round != 2 ] || resize 110x35
    type_text 'fg'
    keys Enter
    shows "fg brings the deck back" '^.{0,3}web1 '
    is "with the mouse" "$(tm display-message -p -t $term_session '#{alternate_on} #{mouse_any_flag}')" "1 1"
done
shows "the cursor stays on its row" '^▌.?db1'
keys Down
check "keys go on" test -n "$(screen)"
# In the middle of a line.
keys :
type_text 'start web'
keys C-z
shows "Ctrl-Z there, too" 'Stopped'
type_text 'fg'
keys Enter
shows "the line in the bar is kept" '^:start web'
keys C-u
esc
esc
keys q
shows "the shell again" '^sh> *$'
stty_of after
is "modes as before" "$(cat "$TEST_TMP/after")" "$(cat "$TEST_TMP/before")"
# Killed while stopped.
type_text '"$VIRTDECK" --demo'
keys Enter
shows "the deck" '^.{0,3}web1 '
keys C-z
wait_text 'Stopped'
type_text 'kill %1; fg; echo status $?'
keys Enter
shows "TERM while stopped ends it" '^status [0-9]'
done_testing
