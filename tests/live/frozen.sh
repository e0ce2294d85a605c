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

# responds WHAT REGEX KEY…: the key's effect is on the screen, although the daemon goes on only later.
responds() {
    responds_what=$1
    responds_regex=$2
    shift 2
    keys "$@"
    if wait_text "$responds_regex" 5; then
        keep_ms
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
# Without keepalive: on a slow machine the connection would be given up while the daemon stands still.
term_start 120x36 -c $URI -o keepalive=0
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
eventually "and filters" 5 screen_lacks '^.{0,3}guest01 '
keys C-u
esc
# Polling itself takes some 30 ms.
usually_within "at once" 250
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

# Two ticks are two seconds.
all_ms=
for round in 1 2 3; do
    daemon_thaw
    eventually "all is fresh when the daemon goes on" 15 age_under 15 || note "$(screen)"
    keep_ms
    [ $round != 1 ] || shows "the command that waited is done" '^.{0,3}guest01 .*paused' 20
    if [ $round != 3 ]; then
        daemon_freeze
        eventually "it stands still again" 15 age_over 30
    fi
done
usually_within "within two ticks" 2000
is "virsh agrees" "$(state_of guest01)" paused
leave
restored "the terminal is as before"
done_testing
