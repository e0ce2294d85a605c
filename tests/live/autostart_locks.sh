#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A start that meets a locked image: who leaves is waited for, with few tries; who stays is named at once; ^C ends the
# waiting; what no waiting mends is not tried again.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

# How often a QEMU was started for it.
tries() {
    grep -c 'starting up' "/var/log/libvirt/qemu/$1.log" 2>/dev/null
}
no_log() {
    rm -f "/var/log/libvirt/qemu/$1.log"
}

# timed COMMAND…: its output in $out, status in $status, time in $took_ms.
timed() {
    timed_from=$(now_ms)
    out=$("$@" 2>&1)
    status=$?
    took_ms=$(($(now_ms) - timed_from))
}

# hold SECONDS FILE: a qemu-io that has the image open, in the background as $holder.
hold() {
    # The QEMU of a start that was given up may take a while to go.
    wait_for 10 is_unlocked "$2"
    qemu-io -c "sleep $(($1 * 1000))" "$2" >"$TEST_TMP/holder" 2>&1 &
    holder=$!
    eventually "qemu-io has $2" 5 is_locked "$2" || note "$(cat "$TEST_TMP/holder")"
}
is_unlocked() {
    ! is_locked "$1"
}
# QEMU's own locks, as they are listed: opening it would be in the way of a program that is about to.
is_locked() {
    grep -q ":$(stat -c %i "$1") [12][0-9][0-9] " /proc/locks
}
not_before() {
    [ "$1" -ge "$2" ]
}
at_most() {
    [ "$1" -le "$(($2 * TEST_SLOWNESS))" ]
}

# on_disk NAME FILE: a guest whose only disk is that file.
on_disk() {
    guest_define "$1" net=no extra="<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
        <source file='$2'/><target dev='vda' bus='virtio'/></disk>"
}

check "libvirtd starts" daemon_start || done_testing
# What else this machine has to do is no matter here.
mkdir -p /etc/virtdeck
echo '{ "load-ceiling": 64, "memory-ceiling": 100 }' >/etc/virtdeck/autostart.json
guest_define owner net=no disk=16M
on_disk second "$images/owner.qcow2"

# ---- a holder that leaves ----
hold 2 "$images/owner.qcow2"
timed vd start owner
is "a holder that leaves after 2 s: the start succeeds" "$status" 0
like "and says so" "$out" '^owner: started$'
check "it has waited ($took_ms ms)" not_before "$took_ms" 1000
check "not much longer than needed" at_most "$took_ms" 8000
check "with at most 5 tries ($(tries owner))" [ "$(tries owner)" -le 5 ]
check "and more than one" [ "$(tries owner)" -ge 2 ]
check "it runs" state_is owner running
timed vd start owner
is "a start of what runs already is none that failed" "$status" 0
like "and says so" "$out" 'was already running'

# ---- a holder that stays ----
no_log second
timed vd start second
is "a second domain on a running domain's image: refused" "$status" 1
check "in less than a second ($took_ms ms)" at_most "$took_ms" 1000
like "it names the domain" "$out" 'owner\.qcow2 is in use by the running domain owner'
like "and says what to do" "$out" '`shutdown owner` first'
is "after one try" "$(tries second)" 1

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
    check "in less than a second ($took_ms ms)" at_most "$took_ms" 1000
else
    skip "libvirt's socket is root's alone here"
fi
v destroy owner >/dev/null

# ---- somebody else's program ----
hold 60 "$images/owner.qcow2"
no_log owner
timed vd start owner
is "a holder that does not leave: the start fails" "$status" 1
like "naming the program and its process" "$out" "still locked by qemu-io \\(process $holder\\)"
check "after about 10 s ($took_ms ms)" not_before "$took_ms" 9000
check "and not more" at_most "$took_ms" 12500
check "a look is no try: $(tries owner)" [ "$(tries owner)" -le 6 ]

# Given up by hand: at once.
# In the background of a shell, SIGINT would be ignored.
env --default-signal=INT "$VIRTDECK" -c $URI start owner >"$TEST_TMP/out" 2>&1 &
starting=$!
no_log owner
waits() {
    [ "$(tries owner 2>/dev/null || echo 0)" -ge 1 ]
}
eventually "a start that waits" 10 waits
from=$(now_ms)
kill -INT "$starting"
wait "$starting"
took_ms=$(($(now_ms) - from))
check "^C ends the waiting at once ($took_ms ms)" at_most "$took_ms" 500
like "and it says so" "$(cat "$TEST_TMP/out")" 'no longer waiting'

# A holder that cannot be seen: tries, and a bound for them.
no_log owner
timed unshare -m --propagation unchanged sh -c 'mount -t tmpfs tmpfs /proc && exec "$@"' - "$VIRTDECK" -c $URI start owner
is "a holder that can't be seen: the start fails" "$status" 1
check "after at most 6 tries ($(tries owner))" [ "$(tries owner)" -le 6 ]
check "and more than one" [ "$(tries owner)" -ge 2 ]
check "and not more than 10 s and a try ($took_ms ms)" at_most "$took_ms" 12500
like "saying so" "$out" 'still locked by nobody on this machine.* tries in'
kill "$holder"
wait "$holder" 2>/dev/null
check "nothing was started after that" state_is owner "shut off"

# ---- in a run ----
exits "a policy" 0 vd autostart owner order=10
hold 2 "$images/owner.qcow2"
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
check "at once ($took_ms ms)" at_most "$took_ms" 1500
like "and is named" "$out" 'nothing-here\.qcow2'
dd if=/dev/urandom of="$images/garbage.qcow2" bs=64k count=1 2>/dev/null
on_disk garbage "$images/garbage.qcow2"
no_log garbage
timed vd start garbage
is "an image that is none: fails" "$status" 1
check "at once ($took_ms ms)" at_most "$took_ms" 2000
check "after no more than one try" [ "$(tries garbage)" -le 1 ]

done_testing
