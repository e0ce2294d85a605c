#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A start or an edit that meets a locked image: who leaves is waited for, with few tries, each shown and kept; who stays
# is named at once; ^C ends the waiting; what no waiting mends is not tried again. A change that waited in vain for
# another call on its domain is not tried again either.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

# How often a QEMU was started for it.
tries() {
    tries_n=$(grep -c 'starting up' "/var/log/libvirt/qemu/$1.log" 2>/dev/null)
    echo "${tries_n:-0}"
}
no_log() {
    rm -f "/var/log/libvirt/qemu/$1.log"
}

# timed COMMAND…: all of its output in $out, status in $status, time in $took_ms, for people who read this.
timed() {
    timed_from=$(now_ms)
    status=0
    "$@" >"$TEST_TMP/timed" 2>&1 || status=$?
    out=$(cat "$TEST_TMP/timed")
    took_ms=$(($(now_ms) - timed_from))
}
# In the last output: how many tries were told that follow.
told() {
    printf '%s\n' "$out" | grep -c 'try [0-9]* of 6 follows'
}
# kept DOMAIN: the same of all that was ever kept of it.
kept() {
    grep -c "\"vm\":\"$1\".*try [0-9]* of 6 follows" "${XDG_STATE_HOME:-$HOME/.local/state}/virtdeck/events.jsonl" 2>/dev/null
}

# hold SECONDS FILE: a qemu-io that has the image open, in the background as $holder.
hold() {
    # The QEMU of a start that was given up may take a while to go.
    wait_for 10 is_unlocked "$2"
    qemu-io -c "sleep $(($1 * 1000))" "$2" >"$TEST_TMP/holder" 2>&1 &
    holder=$!
    eventually "qemu-io has $2" 20 is_locked "$2" || note "$(cat "$TEST_TMP/holder")"
}
# hold_after_meeting SECONDS FILE: the same, so long after somebody has told that he met it, however busy this machine is.
hold_after_meeting() {
    hold 100 "$2"
    : >"$TEST_TMP/timed"
    : >"$TEST_TMP/err"
    (
        wait_for 60 grep -q 'try 2 of 6 follows' "$TEST_TMP/timed" "$TEST_TMP/err"
        sleep "$1"
        kill "$holder"
    ) &
}
is_unlocked() {
    ! is_locked "$1"
}
# QEMU's own locks, as they are listed: opening it would be in the way of a program that is about to.
is_locked() {
    device=$(stat -c %d "$1")
    place=$(printf '%02x:%02x:%d' $((device >> 8 & 0xfff)) $((device & 0xff | device >> 12 & 0xfff00)) "$(stat -c %i "$1")")
    grep -q " $place [12][0-9][0-9] " /proc/locks
}
# on_disk NAME FILE: a guest whose only disk is that file.
on_disk() {
    guest_define "$1" net=no extra="<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
        <source file='$2'/><target dev='vda' bus='virtio'/></disk>"
}

check "libvirtd starts" daemon_start || done_testing

# ---- another call that does not end: libvirt gives up after half a minute, while the rest goes on ----
guest_define stuck net=no
v start stuck >/dev/null
stuck_pid=$(cat /run/libvirt/qemu/stuck.pid)
kill -STOP "$stuck_pid"
v qemu-monitor-command stuck --hmp info status >/dev/null 2>&1 &
stuck_call=$!
job_is_held() {
    ! timeout 1 virsh -q -c $URI qemu-monitor-command stuck --hmp info status >/dev/null 2>&1
}
eventually "a call on a domain that does not end" 10 job_is_held
vd device stuck rng add --live >"$TEST_TMP/stuck" 2>&1 &
stuck_edit=$!
check "a list does not wait for it" timeout 25 "$VIRTDECK" -c $URI list --filter tag=none
if timeout 5 virsh -q -c $URI dumpxml stuck >/dev/null 2>&1; then
    skip "this libvirt tells the definition of such a domain"
else
    like "and says of which domain it knows nothing" "$(vd list --filter tag=none 2>&1)" '^virtdeck: .*stuck: a call on it does not end'
fi

# What else this machine has to do is no matter here.
mkdir -p /etc/virtdeck
echo '{ "load-ceiling": 64, "memory-ceiling": 100 }' >/etc/virtdeck/autostart.json
guest_define owner net=no disk=16M
on_disk second "$images/owner.qcow2"

# ---- a holder that leaves ----
hold_after_meeting 2 "$images/owner.qcow2"
timed vd start owner
is "a holder that leaves after 2 s: the start succeeds" "$status" 0
like "and says so" "$out" '^owner: started$'
note "$took_ms ms"
check "with at most 5 tries ($(tries owner))" [ "$(tries owner)" -le 5 ]
check "and more than one" [ "$(tries owner)" -ge 2 ]
is "each of them was shown" "$(told)" "$(($(tries owner) - 1))"
is "and kept" "$(kept owner)" "$(told)"
like "naming who has it" "$out" 'owner: start: .*owner\.qcow2 is locked by qemu-io \(process [0-9]+\); try 2 of 6 follows'
exits "events has them" 0 vd events
like "for later" "$out" 'owner.*try 2 of 6 follows'
check "it runs" state_is owner running
timed vd start owner
is "a start of what runs already is none that failed" "$status" 0
like "and says so" "$out" 'was already running'

# ---- a holder that stays ----
no_log second
timed vd start second
is "a second domain on a running domain's image: refused" "$status" 1
note "$took_ms ms"
is "at once: nothing was waited for" "$(told)" 0
like "it names the domain" "$out" 'owner\.qcow2 is in use by the running domain owner'
like "and says what to do" "$out" '`shutdown owner` first'
is "no QEMU was started for it" "$(tries second)" 0

# The holder goes away while a start waits for another one: seen as soon as it is looked at again.
v destroy owner >/dev/null
timed vd start second
is "once that is off, it starts" "$status" 0
timed vd start owner
is "and now the other one is refused" "$status" 1
like "naming this one" "$out" 'running domain second'
v destroy second >/dev/null

# A domain that is ending: its QEMU is stopped, so that it takes its time.
v start second >/dev/null
qemu=$(pgrep -f 'guest=second' | head -n 1)
kill -STOP "$qemu"
v destroy second >/dev/null 2>&1 &
destroying=$!
(
    sleep 1
    kill -KILL "$qemu"
) &
timed vd start owner
# Until libvirt has seen to the end of it, it is a running domain.
case $status in
0) ok "a start beside a domain that ends: it waited" ;;
*) like "a start beside a domain that ends: refused with its name" "$out" 'running domain second' ;;
esac
wait "$destroying"
v destroy owner >/dev/null 2>&1
both_off() {
    state_is second "shut off" && state_is owner "shut off"
}
eventually "both are off" 20 both_off

# Who may not look at other processes is told by the definitions.
v start owner >/dev/null
if setpriv --reuid=65534 --clear-groups test -w /run/libvirt/libvirt-sock; then
    # Where everybody may reach it.
    cp "$VIRTDECK" /run/virtdeck-copy
    timed setpriv --reuid=65534 --clear-groups env HOME="$TEST_TMP/nobody" /run/virtdeck-copy -c $URI start second
    is "refused for somebody without root, too" "$status" 1
    like "with its name" "$out" 'owner\.qcow2 is in use by the running domain owner'
    is "at once" "$(told)" 0
else
    skip "libvirt's socket is root's alone here"
fi
v destroy owner >/dev/null

# ---- somebody else's program ----
hold 600 "$images/owner.qcow2"
no_log owner
timed vd start owner
is "a holder that does not leave: the start fails" "$status" 1
like "naming the program and its process" "$out" "still locked by qemu-io \\(process $holder\\)"
like "after some seconds" "$out" 'after [0-9]+ (try|tries) in (9|10|11)\.[0-9] s'
check "a look is no try: $(tries owner)" [ "$(tries owner)" -le 6 ]

# Given up by hand: at once.
no_log owner
# In the background of a shell, SIGINT would be ignored.
env --default-signal=INT "$VIRTDECK" -c $URI start owner >"$TEST_TMP/out" 2>&1 &
starting=$!
waits() {
    [ "$(tries owner)" -ge 1 ]
}
eventually "a start that waits" 10 waits
tried=$(tries owner)
from=$(now_ms)
kill -INT "$starting"
wait "$starting"
note "$(($(now_ms) - from)) ms"
check "^C ends the waiting, whoever still has it" is_locked "$images/owner.qcow2"
is "at once: there was no other try" "$(tries owner)" "$tried"
like "and it says so" "$(cat "$TEST_TMP/out")" 'no longer waiting'

# A holder that cannot be seen: tries, and a bound for them.
no_log owner
timed unshare -m --propagation unchanged sh -c 'mount -t tmpfs tmpfs /proc && exec "$@"' - "$VIRTDECK" -c $URI start owner
is "a holder that can't be seen: the start fails" "$status" 1
check "after at most 6 tries ($(tries owner))" [ "$(tries owner)" -le 6 ]
check "and more than one" [ "$(tries owner)" -ge 2 ]
like "saying so" "$out" 'still locked by nobody on this machine.* tries in'
kill "$holder"
wait "$holder" 2>/dev/null
check "nothing was started after that" state_is owner "shut off"

# ---- qemu-img ----
qemu-img bench -w -c 1000000000 -f qcow2 "$images/owner.qcow2" >/dev/null 2>&1 &
holder=$!
eventually "qemu-img has it" 20 is_locked "$images/owner.qcow2"
no_log owner
"$VIRTDECK" -c $URI start owner >"$TEST_TMP/out" 2>&1 &
starting=$!
says_who() {
    grep -q "locked by qemu-img (process $holder); try 2 of 6 follows" "$TEST_TMP/out"
}
eventually "it is named" 10 says_who || note "$(cat "$TEST_TMP/out")"
kill "$holder"
wait "$starting"
is "when it is gone, the start succeeds" $? 0
v destroy owner >/dev/null

# ---- an edit ----
guest_define mover net=no
v start mover >/dev/null
qemu-img create -q -f qcow2 "$images/extra.qcow2" 8M
hold_after_meeting 2 "$images/extra.qcow2"
timed vd device mover disk add source="$images/extra.qcow2" target=vdb bus=virtio format=qcow2 --live
is "a disk whose holder leaves is attached" "$status" 0
note "$out"
check "after at most 5 more tries ($(told))" [ "$(told)" -le 5 ]
like "which are shown" "$out" 'mover: .*extra\.qcow2 is locked by qemu-io .*try 2 of 6 follows'
check "and kept" [ "$(kept mover)" -ge 1 ]
like "the domain has it" "$(v domblklist mover)" 'vdb.*extra\.qcow2'
v start owner >/dev/null
timed vd device mover disk add source="$images/owner.qcow2" target=vdc bus=virtio format=qcow2 --force
is "a disk of a running domain is refused" "$status" 1
is "at once" "$(told)" 0
like "with its name" "$out" 'owner\.qcow2 is in use by the running domain owner'
case $(v dumpxml --inactive mover) in *owner.qcow2*) not_ok "nothing was changed" ;; *) ok "nothing was changed" ;; esac
v destroy owner >/dev/null

# ---- the grace time ----
v pool-define-as extras dir --target "$TEST_TMP/pool" >/dev/null
mkdir -p "$TEST_TMP/pool"
v pool-start extras >/dev/null
env --default-signal=INT "$VIRTDECK" -c $URI -o grace=600 device mover disk add size=8M pool=extras target=vdd --live >"$TEST_TMP/out" 2>&1 &
adding=$!
is_made() {
    [ -n "$(ls "$TEST_TMP/pool" 2>/dev/null)" ]
}
eventually "a new volume is made" 40 is_made || note "$(cat "$TEST_TMP/out")"
case $(v domblklist mover) in *vdd*) not_ok "and left alone for the grace time" ;; *) ok "and left alone for the grace time" ;; esac
kill -INT "$adding"
wait "$adding"
is "^C ends that, too" $? 1
like "and it says so" "$(cat "$TEST_TMP/out")" "no longer waiting"
exits "without a grace time it is attached" 0 vd device mover disk add size=8M pool=extras target=vdd --live
v destroy mover >/dev/null

# ---- in a run ----
exits "a policy" 0 vd autostart owner order=10
hold_after_meeting 2 "$images/owner.qcow2"
exits "a run waits for the lock" 0 vd autostart run
like "and tells of it" "$err" 'owner: .*owner\.qcow2 is locked by qemu-io \(process [0-9]+\); try 2 of 6 follows'
like "then of its start" "$err" 'owner: started'
exits "the second's turn" 0 vd autostart second order=20
exits "a run with one that can't be started" 1 vd autostart run
like "says who has its image" "$err" 'second: .*in use by the running domain owner'
v destroy owner >/dev/null

# ---- what no waiting mends ----
on_disk missing "$images/nothing-here.qcow2"
no_log missing
timed vd start missing
is "a missing image: fails" "$status" 1
is "at once" "$(told)" 0
like "and is named" "$out" 'nothing-here\.qcow2'
dd if=/dev/urandom of="$images/garbage.qcow2" bs=64k count=1 2>/dev/null
on_disk garbage "$images/garbage.qcow2"
no_log garbage
timed vd start garbage
is "an image that is none: fails" "$status" 1
is "at once" "$(told)" 0
check "after no more than one try" [ "$(tries garbage)" -le 1 ]

# ---- the call that did not end ----
wait "$stuck_edit"
is "a change that waited in vain for another call fails" $? 1
like "it says who is at it" "$(cat "$TEST_TMP/stuck")" 'cannot acquire state change lock.*held by'
like "and what the domain is like" "$(cat "$TEST_TMP/stuck")" 'its definition is as it was\. It is not tried again'
kill -CONT "$stuck_pid"
wait "$stuck_call"
done_testing
