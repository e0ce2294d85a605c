#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Readiness of real guests: by agent, TCP, address, serial log and console, each true only when the guest is there, and
# not because of what an earlier boot has left. A run goes on when it is, and says what is wrong when it never is.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

slow=4 # seconds that each guest waits before it does anything
agent_channel="<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"

# of RUN DOMAIN MEMBER: of the JSON of a run.
of() {
    printf '%s' "$1" | python3 -c 'import json, sys
for d in json.load(sys.stdin)["nodes"]:
    if d["name"] == sys.argv[1]:
        print(d.get(sys.argv[2], ""))' "$2" "$3"
}
# How long it took from started to ready.
took() {
    took_started=$(of "$status_json" "$1" started)
    took_ready=$(of "$status_json" "$1" ready)
    echo $((${took_ready:-0} - ${took_started:-0}))
}
all_off() {
    [ -z "$(v list --name | tr -d '\n')" ]
}
turn_off() {
    for g in $(v list --name); do
        v destroy "$g" >/dev/null
    done
    eventually "all are off" 30 all_off
}

check "libvirtd starts" daemon_start || done_testing
# What else this machine has to do is no matter here.
mkdir -p /etc/virtdeck
echo '{ "load-ceiling": 64, "memory-ceiling": 100 }' >/etc/virtdeck/autostart.json
network_start
guest_define agent cmdline="VD_SLOW=$slow" net=no extra="$agent_channel"
guest_define tcp cmdline="VD_SLOW=$slow VD_TCP=7777"
guest_define ip cmdline="VD_SLOW=$slow"
guest_define log cmdline="VD_SLOW=$slow" net=no
guest_define grows cmdline="VD_SLOW=$slow" net=no serial=no
guest_define console cmdline="VD_SLOW=$slow" net=no serial=no
guest_define plain net=no
# A log that is never emptied.
v dumpxml grows | sed "s,<target type='isa-serial' port='0'>,<log file='/var/log/libvirt/qemu/grows-serial.log' append='on'/>&," \
    >"$TEST_TMP/grows.xml"
v define "$TEST_TMP/grows.xml" >/dev/null
like "the serial log of one guest grows" "$(v dumpxml grows)" "append='on'"

exits "policies" 0 vd autostart agent order=10 ready=agent
exits "tcp" 0 vd autostart tcp order=20 ready=tcp:7777
exits "ip" 0 vd autostart ip order=20 ready=ip
exits "serial" 0 vd autostart log order=30 'ready=serial:/^guest is (up|there)$/'
exits "serial that grows" 0 vd autostart grows order=30 'ready=serial:/guest is up/'
exits "console" 0 vd autostart console order=30 'ready=serial:/guest is up/,running'
exits "running" 0 vd autostart plain order=40 ready=running needs=pool:store
mkdir -p "$TEST_TMP/store"
v pool-define-as store dir --target "$TEST_TMP/store" >/dev/null
v net-destroy default >/dev/null
is "a network is down" "$(v net-info default | sed -n 's/^Active: *//p')" no

# Twice: the second time, leases, neighbours and texts of the first boot are there.
for round in first second; do
    exits "the $round run" 0 vd autostart run --json
    note "$(printf '%s' "$err" | tail -n 30)"
    status_json=$(vd autostart status --json)
    for g in agent tcp ip log grows console; do
        is "$round: $g is ready" "$(of "$status_json" $g state)" ready
        # The guest itself has waited for so long, and its kernel has to boot besides.
        check "$round: $g not before it was there ($(took $g) ms)" [ "$(took $g)" -ge $((slow * 1000)) ]
    done
    check "$round: one that only has to run does at once ($(took plain) ms)" [ "$(took plain)" -lt 3000 ]
    check "$round: the next order waits" \
        [ "$(of "$status_json" tcp start)" -ge "$(of "$status_json" agent ready)" ]
    check "$round: for all of the one before" \
        [ "$(of "$status_json" plain start)" -ge "$(of "$status_json" console ready)" ]
    is "$round: the network was started" "$(v net-info default | sed -n 's/^Active: *//p')" yes
    is "$round: the pool, too" "$(v pool-info store | sed -n 's/^State: *//p')" running
    console_is_free() {
        timeout 3 script -qec "timeout 1 virsh -c $URI console console" /dev/null </dev/null >"$TEST_TMP/console" 2>&1
        ! grep -q 'Active console session' "$TEST_TMP/console"
    }
    check "$round: the console was given back" console_is_free
    turn_off
done

# ---- a daemon that comes back ----
for g in tcp ip log grows console plain; do
    vd autostart $g off >/dev/null
done
vd autostart run --json >"$TEST_TMP/run" 2>"$TEST_TMP/run.err" &
running=$!
has_started() {
    grep -q 'agent: started' "$TEST_TMP/run.err"
}
eventually "a guest is started" 30 has_started
daemon_stop
check "libvirtd starts again" daemon_start
wait "$running"
is "the run goes on when libvirtd was restarted" $? 0
note "$(tail -n 10 "$TEST_TMP/run.err")"
like "and sees the guest's readiness" "$(cat "$TEST_TMP/run.err")" 'agent: ready after'
turn_off

# ---- what never comes ----
vd autostart agent off >/dev/null
exits "an agent that is not there" 0 vd autostart plain on order=10 ready=agent timeout=5s
exits "a port that nobody listens on" 0 vd autostart tcp on order=20 ready=tcp:9 timeout=12s
exits "a line that never comes" 0 vd autostart log on order=30 'ready=serial:/never said/' timeout=8s
exits "one that is fine" 0 vd autostart agent on order=40 ready=running
exits "a run with three that never are ready fails" 1 vd autostart run --json
status_json=$(vd autostart status --json)
note "$(printf '%s' "$err" | tail -n 30)"
is "the agent: late" "$(of "$status_json" plain state)" late
is "the port: late" "$(of "$status_json" tcp state)" late
is "the line: late" "$(of "$status_json" log state)" late
is "the others go on" "$(of "$status_json" agent state)" ready
like "why: no agent is configured" "$err" 'plain.*no channel for a guest agent'
like "why: the port" "$err" 'tcp: tcp:9: .*(refuses connections to port 9|does not answer on port 9|no address of it is known)'
like "why: the line" "$err" 'log: serial:/never said/: no line since its start'

done_testing
