#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `autostart stop` on real guests: in reverse, with each one's way and time, hard where a guest ignores its power
# button and may be forced, with a countdown; a start that is under way is ended first.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/autostart-lib.sh"

check "libvirtd starts" daemon_start || done_testing
# Other tests beside this one must not hold it up.
host_config '{"load-ceiling": 1000}'
deaf=VD_BUTTON=ignore
guest_define s1 net=no
guest_define s2 net=no cmdline=$deaf
guest_define s3 net=no cmdline=$deaf
guest_define s4 net=no
guest_define s5 net=no cmdline=$deaf
guest_define s6 net=no
vd autostart s1 order=10 stop-timeout=60s >/dev/null
vd autostart s2 order=20 stop-timeout=14s stop-force=yes >/dev/null
vd autostart s3 order=30 stop-timeout=2s stop-force=no >/dev/null
vd autostart s4 order=40 stop=managedsave >/dev/null
vd autostart s5 order=50 stop=destroy >/dev/null
vd autostart s6 order=60 stop=none >/dev/null
check "all are started" vd autostart run
for g in s1 s2 s3 s4 s5 s6; do
    eventually "$g boots" 150 booted $g
done
check "libvirt tells its events" events_watch

plan=$(vd autostart plan --reverse --now)
like "the plan of the shutdown names all" "$plan" s1
refused=$(vd autostart stop 2>&1)
is "without --yes nothing is stopped" "$?" 2
like "and it says so" "$refused" '[-]-yes'
vd --json --yes autostart stop >"$TEST_TMP/stop.json" 2>"$TEST_TMP/stop.err"
is "it fails, as one may not be forced" "$?" 1
is "s1 is off" "$(state_of s1)" "shut off"
is "s2 was turned off hard" "$(state_of s2)" "shut off"
is "s3 runs on" "$(state_of s3)" running
is "s4 is off" "$(state_of s4)" "shut off"
check "s4 was saved" sh -c 'virsh -q -c "$1" list --all --with-managed-save --name | grep -qx s4' sh $URI
is "s5 is off" "$(state_of s5)" "shut off"
is "s6 is left alone" "$(state_of s6)" running
# before A B: A was off before B was asked to.
before() {
    [ "$(event_ms "$1" Stopped)" -le "$(event_ms "$2" Stopped)" ]
}
# The one that goes last.
s1_told() {
    [ -n "$(event_ms s1 Stopped)" ]
}
eventually "libvirt has told of all" 20 s1_told
check "in reverse: s5 before s4" before s5 s4
check "s4 before s2" before s4 s2
check "s2 before s1" before s2 s1
s2_took=$(($(event_ms s2 Stopped) - $(event_ms s4 Stopped)))
check "s2 had its 14 s ($s2_took ms)" test $s2_took -ge 14000
check "s2 was not waited for much longer" test $s2_took -le $((14000 + 12000 * TEST_SLOWNESS))
err=$(cat "$TEST_TMP/stop.err")
like "a countdown tells when it is forced" "$err" 's2.*still on; is turned off hard in [0-9]+'
like "that it was forced is told" "$err" 's2.*turned off hard'
like "that s3 runs on is told" "$err" 's3.*runs on'
is "the state of s3 is in the JSON" "$(jq -r '.nodes[] | select(.name == "s3") | .state' "$TEST_TMP/stop.json")" left

# ---- a start that is under way ----

for g in s3 s6; do
    v destroy $g >/dev/null
done
v start s4 >/dev/null # and its image is used up
v destroy s4 >/dev/null
vd autostart s1 'ready=serial:/this never comes/' timeout=10m stop=destroy >/dev/null
for g in s2 s3 s4 s5 s6; do
    vd autostart $g off >/dev/null
done
vd autostart run >"$TEST_TMP/run.out" 2>&1 &
run=$!
eventually "a start is under way" 30 state_is s1 running
vd --yes autostart stop >"$TEST_TMP/stop.out" 2>&1
is "a shutdown goes before it" "$?" 0 || note "$(cat "$TEST_TMP/stop.out")"
is "what it had started is off" "$(state_of s1)" "shut off"
wait $run
is "the start says that it was ended" "$?" 1
like "in words" "$(cat "$TEST_TMP/run.out")" 'interrupted'
done_testing
