#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A daemon that is killed and started again: the screen says so, connects again by itself, and nothing is lost:
# cursor, tags, sort and filter, and the guests.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
guests_define 10 net=no
for g in 02 05 07; do
    v start guest$g >/dev/null
done
term_start 120x36 -c $URI -o reconnect-max=2
shows "the guests" '^.{0,3}guest07 .*running' 20
type_text ':sort -name'
keys Enter
shows "sorted the other way round" 'NAME ?[▴▾▲▼]'
keys Home
keys Down
keys Space
keys Down
keys Space
keys Down
shows "a tag" '✓.?guest09'
shows "another" '✓.?guest07'
shows "the cursor below" '^▌.?guest05'
before=$(screen | grep -oE '^.{0,3}guest[0-9]+')
like "two tags and a cursor" "$before" '▌'

# Behind the host's mark stands the age of its figures, or in words why there are none.
is_lost() {
    screen | head -n 1 | grep -Eq '● [^0-9 ]'
}
is_connected() {
    screen | head -n 1 | grep -Eq '● [0-9]'
}
kill_and_wait() {
    daemon_kill
    eventually "$1: the host line says that the connection is lost" 10 is_lost || note "$(screen)"
    keys Up
    keys Down
    check "$1: the program lives" term_alive
    check "$1: libvirtd starts again" daemon_start
    eventually "$1: it is connected again" 30 is_connected || note "$(screen)"
    same() {
        [ "$(screen | grep -oE '^.{0,3}guest[0-9]+')" = "$before" ]
    }
    eventually "$1: order, cursor and tags are as before" 10 same || note "$(screen)"
}
kill_and_wait "killed once"
kill_and_wait "killed twice"
v start guest01 >/dev/null
shows "events come again" '^.{0,3}guest01 .*running' 20
v undefine guest10 >/dev/null
eventually "and go on" 20 screen_lacks '^.{0,3}guest10 '
is "the guests ran on" "$(v list --name | grep . | sort | tr '\n' ' ')" "guest01 guest02 guest05 guest07 "

# A domain that changed while nobody was connected.
daemon_kill
wait_for 10 is_lost
daemon_start
v domrename guest08 other08 >/dev/null
shows "a name that changed during the pause" 'other08' 20
leave
done_testing
