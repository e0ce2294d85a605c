#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A tour through everything the screen has, once: what the leak checkers walk.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"

term_start 120x36 --demo -o interval=0.5
shows "the deck" '^.{0,3}web1 '
shows "it says DEMO" 'DEMO'
keys Down Down Up
for pane in Devices Logs Graphs Events Autostart Screen Overview; do
    keys Tab
    shows "the pane $pane" "▸ ?$pane"
done
keys x
shows "a key that does nothing says so" 'x does nothing here'
keys '?'
shows "help" '┌─ Help'
esc
hides "help closes" '┌─ Help'
keys Space
keys Down
keys Space
shows "tags" '✓'
keys U
type_text ':tag web1 router'
keys Enter
shows "names are tagged one by one" '✓ 2 tagged'
# What a definition says is read by and by.
keys /
type_text 'tag=db'
keys Enter
hides 'a filter by tag leaves others out' '^.{0,3}web1 '
shows 'and finds all that have it' '^.{0,3}db2 '
keys /
keys C-u
keys Enter
shows 'all again' '^.{0,3}web1 '
type_text ':tag tag=db running'
keys Enter
shows "words of a filter together" '✓ 4 tagged'
type_text ':suspend'
keys Enter
shows "a command for the tagged ones" '^.{0,3}web1 +paused'
type_text ':resume'
keys Enter
keys U
hides "no tags" '✓'
keys /
type_text 'web'
keys Enter
hides "a filter" '^.{0,3}db1 '
keys /
keys C-u
keys Enter
shows "no filter" '^.{0,3}db1 '
for line in 'sort -cpu' 'sort name' 'group state' 'group none' 'theme nord' 'theme mono' 'keymap vim' 'keymap default'; do
    type_text ":$line"
    keys Enter
done
check "it lives" term_alive
type_text ':destroy web1'
keys Enter
shows "a question" '[Dd]estroy|sure|\?'
keys n
esc
shows "no means no" 'web1 .*running'
type_text ':nonsense'
keys Enter
shows "an error" 'nonsense'
esc
resize 80x24
keys Enter
esc
resize 120x36
shows "the deck" '^.{0,3}web1 '
leave
restored "the terminal is as before"
done_testing
