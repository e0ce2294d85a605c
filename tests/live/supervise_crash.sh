#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A QEMU that dies is started again, with growing pauses and up to the bound; what a person or the guest itself
# stopped stays off. The supervisor may be killed, and libvirtd may, too.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/supervise-lib.sh"

check "libvirtd starts" daemon_start || done_testing
guests_define 4 net=no
guest_define bystander net=no
bounded="restart=on-crash restart-pause=1s restart-pause-max=1m restart-tries=3 restart-window=2m"
# shellcheck disable=SC2086
for g in guest01 guest02; do
    exits "$g has a policy" 0 vd autostart $g $bounded
done
exits "guest03, too" 0 vd autostart guest03 restart=always restart-pause=1s
exits "guest04" 0 vd autostart guest04 restart=on-crash restart-pause=1s
for g in guest01 guest02 guest03 guest04 bystander; do
    v start $g >/dev/null
done
supervise_start
eventually "it supervises" 20 event_came "" supervising
exits "a second one says who is first" 1 vd supervise
like "names its process" "$err" "process $supervisor supervises"

# ---- a QEMU that dies ----
for i in 1 2 3; do
    crash guest01
    eventually "crash $i: it runs again" 30 runs_anew guest01 "$crash_pid" || explain
done
crash guest01
eventually "crash 4: given up" 20 event_came guest01 restart-given-up || explain
is "it is off" "$(state_of guest01)" "shut off"
is "three restarts" "$(events_of guest01 restart)" 3
# From a plan to its start: the pause. Pauses are 1, 2 and 4 s.
pauses() {
    grep -F '"domain":"guest01"' "$told" | grep -E '"event":"restart(-planned)?"' | sed 's/.*"time":\([0-9]*\).*/\1/' | sort -n |
        awk 'NR % 2 { planned = $1 } NR % 2 == 0 { printf "%s%d", (NR > 2 ? " " : ""), ($1 - planned + 250) / 1000 } END { print "" }'
}
# Under a sanitizer a step may be late by more than a pause differs from the next.
if [ "$TEST_SLOWNESS" = 1 ]; then
    like "pauses grow" "$(pauses)" '^1 2 4$'
fi
like "the journal has it, too" "$(cat "$said")" 'guest01.*given up after 3 restarts'

# ---- what others stopped ----
v destroy guest02 >/dev/null
v start guest01 >/dev/null
eventually "started by hand, it is looked after again" 10 event_came guest01 restart-again || explain
eventually "the guest is up" 150 booted guest01
v shutdown guest01 >/dev/null
eventually "its guest shuts down" 30 state_is guest01 "shut off"
crash bystander
eventually "guest03 is up" 150 booted guest03
v shutdown guest03 >/dev/null
eventually "restart=always starts what its guest shut down" 30 event_came guest03 restart || explain
eventually "and it runs" 20 state_is guest03 running
eventually "the supervisor knows" 10 known_running guest03
v destroy guest03 >/dev/null
# By the time that this one is back, the others' turn would have been.
crash guest04
eventually "a crash that comes later is heeded" 20 runs_anew guest04 "$crash_pid" || explain
eventually "that was told" 20 event_came guest04 restart
is "destroyed: off" "$(state_of guest02)" "shut off"
is "shut down by its guest under on-crash: off" "$(state_of guest01)" "shut off"
is "destroyed under always: off" "$(state_of guest03)" "shut off"
is "one without a policy: off" "$(state_of bystander)" "shut off"
is "nothing more was restarted" "$(events_of "" restart)" 5

# ---- a policy that comes while it supervises; a run that stops all of them ----
exits "the bystander gets a policy" 0 vd autostart bystander restart=always restart-pause=1s
v start bystander >/dev/null
eventually "the supervisor knows" 10 known_running bystander
crash bystander
eventually "it is restarted" 20 runs_anew bystander "$crash_pid" || explain
eventually "the supervisor knows" 10 known_running bystander
exits "which is to be stopped hard, as guest04" 0 vd autostart bystander guest04 stop=destroy
exits "all are stopped" 0 vd autostart stop --yes
# By the time that this one is back, the others' turn would have been.
v start guest04 >/dev/null
eventually "the supervisor knows" 10 known_running guest04
crash guest04
eventually "one that is started after that is looked after" 20 runs_anew guest04 "$crash_pid" || explain
is "those that were stopped stay off" "$(v list --name | grep .)" guest04

# ---- a supervisor that is killed goes on counting ----
v start guest02 >/dev/null
eventually "the supervisor knows" 10 known_running guest02
for i in 1 2 3; do
    crash guest02
    if [ $i = 2 ]; then
        supervise_end KILL
        supervise_start
    fi
    eventually "guest02, crash $i: it runs again" 40 runs_anew guest02 "$crash_pid" || explain
done
supervise_end KILL
crash guest02
supervise_start
eventually "the next supervisor knows of the three" 20 event_came guest02 restart-given-up || explain
is "it is off" "$(state_of guest02)" "shut off"

# ---- libvirtd is killed and started again ----
v start guest01 >/dev/null
eventually "the supervisor knows that guest01 runs" 10 known_running guest01
daemon_kill
check "libvirtd starts again" daemon_start
crash guest01
eventually "after that a crash is seen as before" 40 runs_anew guest01 "$crash_pid" || explain
# It dies while nobody looks: what libvirtd says of it when it is back decides.
eventually "the supervisor knows that it runs again" 10 known_running guest01
daemon_kill
crash guest01
check "libvirtd starts again" daemon_start
eventually "what died while libvirtd was away is restarted" 40 runs_anew guest01 "$crash_pid" || explain
supervise_end TERM
done_testing
