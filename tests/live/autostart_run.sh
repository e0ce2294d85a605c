#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `autostart run` on real guests: the order, the spacing and the readiness of the plan, as libvirt's own events tell
# them; what was down before; two runs at once; what stands in the way of one leaves the others alone.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/autostart-lib.sh"

check "libvirtd starts" daemon_start || done_testing
# Other tests beside this one must not hold it up.
host_config '{"load-ceiling": 1000}'
network_start
v net-destroy default >/dev/null
v pool-define-as data dir --target /var/lib/libvirt/images >/dev/null
agent="<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
for g in a1 a2 b1 b2 c1 c2 d1 d2; do
    guest_define $g extra="$(case $g in b1) echo "$agent" ;; esac)" \
        cmdline="$(case $g in c1) echo VD_TCP=2222 ;; esac)" || check "$g is defined" false
done
vd autostart a1 order=10 'ready=serial:/guest is up/' >"$TEST_TMP/out" || note "$(cat "$TEST_TMP/out")"
vd autostart a2 order=10 delay=2s >/dev/null
vd autostart b1 order=20 ready=agent >/dev/null
vd autostart b2 order=20 delay=3s ready=ip >/dev/null
vd autostart c1 order=30 after=b1:ready after=b2 ready=tcp:2222 >/dev/null
vd autostart c2 order=30 needs=pool:data >/dev/null
vd autostart d1 after=a1:started delay=1s >/dev/null
vd autostart d2 order=40 >/dev/null

# ---- the plan ----

vd --json autostart plan >"$TEST_TMP/plan.json"
# planned_after A B: in the plan, B starts after A.
planned_after() {
    jq -e --arg a "$1" --arg b "$2" '[.plan[] | {(.name): .start}] | add | .[$b] > .[$a]' "$TEST_TMP/plan.json" >/dev/null
}

# ---- what libvirt tells ----

check "libvirt tells its events" events_watch

vd --json autostart run >"$TEST_TMP/run.json" 2>"$TEST_TMP/run.err" &
run=$!
under_way() {
    vd --json autostart status | jq -e '.state == "under-way"' >/dev/null
}
check "its status is seen while it runs" wait_for 30 under_way
second=$(vd autostart run 2>&1)
is "a second run does nothing" "$?" 1
like "and says who does it" "$second" "process [0-9]+ starts this host's domains already"
wait $run
is "it succeeds" "$?" 0 || note "$(cat "$TEST_TMP/run.err")"
check "all eight run" domains_running 8
for g in a1 a2 b1 b2 c1 c2 d1 d2; do
    is "$g was started once" "$(event_count $g Started)" 1
done
check "the network is up" sh -c 'virsh -q -c "$1" net-list --name | grep -qw default' sh $URI
check "the pool is up" sh -c 'virsh -q -c "$1" pool-list --name | grep -qw data' sh $URI

# ---- order and spacing ----

# ready_ms NAME: when the run took it for ready. begun_ms: when the run began.
ready_ms() {
    jq -r --arg n "$1" '.nodes[] | select(.name == $n) | .ready' "$TEST_TMP/run.json"
}
# after WHAT NAME MS LEAST MOST: NAME started so many ms after that time.
after() {
    after_ms=$(($(event_ms "$2" Started) - $3))
    if [ $after_ms -ge "$4" ] && [ $after_ms -le "$5" ]; then
        ok "$1 ($after_ms ms)"
    else
        not_ok "$1"
        note "$2 started $after_ms ms after that, expected $4 to $5"
    fi
}
# latest MS…
latest() {
    printf '%s\n' "$@" | sort -n | tail -n 1
}
# What a start takes on this machine, and the second that a domain must have run, is the slack.
slack=$((6000 * TEST_SLOWNESS))
begun=$(jq -r .begun "$TEST_TMP/run.json")
after "a1 starts at once" a1 "$begun" 0 $slack
after "a2 starts 2 s later" a2 "$begun" 2000 $((2000 + slack))
tens=$(latest "$(ready_ms a1)" "$(ready_ms a2)")
after "b1 waits for all of order 10" b1 "$tens" -5 $slack
after "b2 waits for them, then 3 s" b2 "$tens" 2995 $((3000 + slack))
twenties=$(latest "$(ready_ms b1)" "$(ready_ms b2)")
after "c1 waits for the agent of b1 and the address of b2" c1 "$twenties" -5 $slack
after "c2 waits with it" c2 "$twenties" -5 $slack
thirties=$(latest "$(ready_ms c1)" "$(ready_ms c2)")
after "d2 waits for the port of c1" d2 "$thirties" -5 $slack
after "d1 waits for the start of a1, then 1 s" d1 "$(event_ms a1 Started)" 1000 $((2000 + slack))
for pair in a1:a2 a2:b1 b1:b2 b2:c1 c1:d2 a1:d1; do
    check "the plan says so, too: $pair" planned_after "${pair%:*}" "${pair#*:}"
done
check "ready a1: the text was on its console" booted a1
like "each step is told with its reason" "$(cat "$TEST_TMP/run.err")" 'b1.*ready after'

# ---- what is done already ----

vd --json autostart run >"$TEST_TMP/again.json" 2>/dev/null
is "a run where all is done succeeds" "$?" 0
for g in a1 b2 d2; do
    is "$g was not started again" "$(event_count $g Started)" 1
done
done_testing
