#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A daemon that is there and does not answer (SIGSTOP): keys, panes and the command bar go on, rows grow stale where
# one can see it; when it goes on, all is fresh within two ticks.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

# The age of the host's figures in tenths of seconds, from the host line.
age() {
    screen | head -n 1 | grep -oE '(^|[^0-9.])[0-9]+(\.[0-9])?s( |$)' | tail -n 1 | tr -cd '0-9.\n' |
        awk '{ print int($1 * 10) }'
}
age_over() {
    [ "$(age)" -gt "$1" ] 2>/dev/null
}
age_under() {
    [ "$(age)" -lt "$1" ] 2>/dev/null
}

# responds WHAT REGEX KEY…: the key's effect is on the screen at once; polling itself takes some 30 ms.
responds() {
    responds_what=$1
    responds_regex=$2
    shift 2
    keys "$@"
    if wait_text "$responds_regex" 1 && [ "$waited_ms" -le $((250 * TEST_SLOWNESS)) ]; then
        ok "$responds_what ($waited_ms ms)"
    else
        not_ok "$responds_what: $waited_ms ms"
        note "$(screen)"
    fi
}

check "libvirtd starts" daemon_start || done_testing
network_start
guests_define 5 net=no
for g in 01 02 03; do
    v start guest$g >/dev/null
done
term_start 120x36 -c $URI
shows "the guests" '^.{0,3}guest03 .*running' 20
eventually "fresh figures" 10 age_under 15
# A stopped guest's row: only its looks can change.
fresh=$(screen_styled | grep guest05 | sed "s/guest05//")

daemon_freeze
responds "Down moves the cursor" '^▌.?guest02' Down
responds "and again" '^▌.?guest03' Down
responds "Up too" '^▌.?guest02' Up
responds "Tab walks the panes" '▸Devices◂' Tab
responds "the next" '▸Logs◂' Tab
responds "the next" '▸Graphs◂' Tab
responds "the command bar opens" '^:' :
responds "takes text" '^:list' l i s t
esc
responds "the filter too" 'guest05' /
type_text 'guest05'
eventually "and filters" 1 screen_lacks '^.{0,3}guest01 '
keys C-u
esc
shows "all are back" '^.{0,3}guest01 '
eventually "the age on the screen grows" 10 age_over 30
looks_stale() {
    [ "$(screen_styled | grep guest05 | sed "s/guest05//")" != "$fresh" ]
}
eventually "rows look stale" 10 looks_stale
type_text ':suspend guest01'
keys Enter
keys Home
responds "keys go on while a command waits for the daemon" '^▌.?guest02' Down

daemon_thaw
if wait_for 2 age_under 15; then
    ok "fresh $waited_ms ms after the daemon went on"
else
    not_ok "fresh within two ticks"
    note "$(screen)"
fi
shows "the command that waited is done" '^.{0,3}guest01 .*paused' 5
is "virsh agrees" "$(state_of guest01)" paused
leave
restored "the terminal is as before"
done_testing
