#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Battery and sleep: supplies of power that are files, a clock that jumps. What is taken from domains on the battery
# is seen in libvirt, and comes back on mains, also when the supervisor was killed meanwhile.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/supervise-lib.sh"

if [ ! -d /sys/class/power_supply ]; then
    skip "this kernel knows no supplies of power"
    done_testing
fi

# Control groups of its own, where that is possible: libvirt's scheduler parameters need them. The script is run again
# in a namespace whose root they are; what was before is still to be seen below /run/cgroup.
cgroup=/run/cgroup/cpu/virtdeck-test.$$
if [ -z "${CGROUP-}" ] && [ -d /run/cgroup/cpu ] && mkdir "$cgroup" 2>/dev/null; then
    echo $$ >"$cgroup/cgroup.procs"
    if [ -n "${at_exit_remove-}" ]; then
        rm -rf "$at_exit_remove"
        unset TEST_TMP
    fi
    CGROUP=$cgroup exec unshare -C sh "$0" "$@"
fi
cgroup=${CGROUP-}
leave_cgroup() {
    [ "$cgroup" ] || return
    for name in $(virsh -q -c $URI list --name 2>/dev/null); do
        virsh -q -c $URI destroy "$name" >/dev/null 2>&1
    done
    umount /sys/fs/cgroup/cpu 2>/dev/null
    find "$cgroup" -name cgroup.procs | while read -r procs; do
        while read -r pid; do
            echo "$pid" >/run/cgroup/cpu/cgroup.procs
        done <"$procs"
    done 2>/dev/null
    find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null
}
at_exit_do leave_cgroup
# libvirt takes the last mount of each controller, and stumbles over a second hierarchy that has none.
umount /run/cgroup/unified /sys/fs/cgroup/unified 2>/dev/null
if [ "$cgroup" ] && umount /sys/fs/cgroup/cpu && mount -t cgroup -o cpu cgroup /sys/fs/cgroup/cpu; then
    sed -i 's/^cgroup_controllers.*/cgroup_controllers = [ "cpu" ]/' /etc/libvirt/qemu.conf
fi

# ---- supplies ----
mount -t tmpfs tmpfs /sys/class/power_supply
mkdir -p /sys/class/power_supply/AC /sys/class/power_supply/BAT0
echo Mains >/sys/class/power_supply/AC/type
echo Battery >/sys/class/power_supply/BAT0/type
mains() {
    echo Charging >/sys/class/power_supply/BAT0/status
    echo 1 >/sys/class/power_supply/AC/online
}
battery() {
    echo Discharging >/sys/class/power_supply/BAT0/status
    echo 0 >/sys/class/power_supply/AC/online
}
mains

# ---- a clock that jumps: what is in the file is added to the time since boot ----
cat >"$TEST_TMP/jump.c" <<'EOF2'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t id, struct timespec *t)
{
    long failed = syscall(SYS_clock_gettime, id, t);
    FILE *f = id == CLOCK_BOOTTIME && getenv("JUMP") ? fopen(getenv("JUMP"), "re") : NULL;
    long more = 0;
    if (f && fscanf(f, "%ld", &more) == 1)
        t->tv_sec += more;
    if (f)
        fclose(f);
    return (int)failed;
}
EOF2
export JUMP="$TEST_TMP/jump"
echo 0 >"$JUMP"
jump=
if cc -shared -fPIC -o "$TEST_TMP/jump.so" "$TEST_TMP/jump.c" 2>/dev/null && ! ldd "$VIRTDECK" | grep -Eq 'asan|tsan|ubsan'; then
    jump=$TEST_TMP/jump.so
fi

check "libvirtd starts" daemon_start || done_testing
network_start
agent="<controller type='virtio-serial'/><channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
for g in held slowed saved; do
    guest_define $g net=no
done
guest_define plain extra="$agent"
guest_define bad net=no
exits "held: paused on battery" 0 vd autostart held on-battery=hold
exits "slowed: throttled" 0 vd autostart slowed on-battery=throttle:25
exits "saved: saved" 0 vd autostart saved on-battery=managedsave
exits "plain: its clock is set after a sleep" 0 vd autostart plain on-wake=time-sync
exits "bad: restarted after a sleep when it does not answer" 0 vd autostart bad on-wake=restart-if-unhealthy \
    health-interval=1s health-failures=2 restart-pause=0
for g in held slowed saved plain bad; do
    v start $g >/dev/null
done
quota() {
    v schedinfo slowed 2>/dev/null | sed -n 's/^vcpu_quota *: *//p'
}
quota_is() {
    [ "$(quota)" = "$1" ]
}
begin() {
    if [ "$jump" ]; then
        LD_PRELOAD=$jump
        export LD_PRELOAD
    fi
    supervise_start
    unset LD_PRELOAD
}
begin
eventually "it supervises" 20 event_came "" supervising
for g in held slowed saved plain bad; do
    eventually "the supervisor knows $g" 20 known_running $g
done
period=$(v schedinfo slowed 2>/dev/null | sed -n 's/^vcpu_period *: *//p')
was=$(quota)
note "vcpu_period $period, vcpu_quota $was"
# Whether libvirt can throttle here at all.
can=
if [ "${period:-0}" -gt 0 ] && v schedinfo slowed --live --set vcpu_quota=50000 >/dev/null 2>&1; then
    can=y
    v schedinfo slowed --live --set vcpu_quota=-1 >/dev/null
    was=$(quota)
fi

on_battery() {
    battery
    eventually "$1: held is paused" 20 state_is held paused || explain
    eventually "$1: saved is saved" 60 state_is saved "shut off" || explain
    is "$1: it was saved" "$(v domstate --reason saved)" "shut off (saved)"
    if [ "$can" ]; then
        eventually "$1: slowed is throttled" 20 quota_is $((period / 4)) || explain
        is "$1: and runs" "$(state_of slowed)" running
    else
        eventually "$1: slowed can't be throttled here: it is paused" 20 state_is slowed paused || explain
        like "$1: and that is said" "$(cat "$said")" "slowed.*can't be limited here, so it is paused"
    fi
    is "$1: plain is left alone" "$(state_of plain)" running
}
on_mains() {
    mains
    eventually "$1: held goes on" 20 state_is held running || explain
    eventually "$1: saved goes on" 60 state_is saved running || explain
    eventually "$1: slowed goes on" 20 state_is slowed running || explain
    if [ "$can" ]; then
        eventually "$1: and is not throttled" 20 quota_is "$was" || explain
    fi
}

[ "$can" ] || note "libvirt can't throttle here: refusals are tried"
on_battery "battery"
on_mains "mains"

# ---- what somebody does meanwhile is theirs ----
on_battery "again"
v resume held >/dev/null
v start saved >/dev/null
[ ! "$can" ] || v schedinfo slowed --live --set vcpu_quota=77000 >/dev/null
crash bad # its policy says nothing of crashes: a sign that the supervisor has looked
eventually "resumed by hand: it stays so" 10 state_is held running
if [ "$can" ]; then
    mains
    eventually "mains again" 20 event_came "" on-mains 2 || explain
    eventually "a limit that somebody set stays" 20 event_came slowed battery-unthrottle 2 || explain
    is "it does" "$(quota)" 77000
    v schedinfo slowed --live --set vcpu_quota=-1 >/dev/null
else
    mains
    eventually "mains again" 20 state_is slowed running || explain
fi
v start bad >/dev/null

# ---- a supervisor that is killed: the next one gives back what it took ----
on_battery "before it is killed"
supervise_end KILL
mains
begin
on_mains "after it was killed"

# ---- libvirtd is killed on battery ----
on_battery "before libvirtd is killed"
daemon_kill
check "libvirtd starts again" daemon_start
on_mains "after libvirtd was killed"

# ---- where libvirt has no control groups ----
if [ "$can" ]; then
    sed -i 's/^cgroup_controllers.*/cgroup_controllers = [ ]/' /etc/libvirt/qemu.conf
    daemon_stop
    check "libvirtd starts without control groups" daemon_start
    guest_define refused net=no
    exits "refused: throttled" 0 vd autostart refused on-battery=throttle:25
    v start refused >/dev/null
    eventually "the supervisor knows refused" 20 known_running refused
    battery
    eventually "it can't be throttled: it is paused" 20 state_is refused paused || explain
    like "and that is said" "$(cat "$said")" "refused.*can't be limited here, so it is paused"
    can=
    on_mains "without control groups"
    eventually "refused goes on" 20 state_is refused running || explain
fi

# ---- sleep ----
if [ ! "$jump" ]; then
    skip "the clock can't be moved under a sanitizer, or without a compiler"
    supervise_end TERM
    done_testing
fi
agent_answers() {
    v qemu-agent-command plain '{"execute":"guest-ping"}' >/dev/null 2>&1
}
eventually "the agent answers" 90 agent_answers
# It sets the clock by a program that this small guest has elsewhere.
in_guest() {
    v qemu-agent-command plain "{\"execute\":\"guest-exec\",\"arguments\":{\"path\":\"/bin/busybox\",\"arg\":[$1]}}" >/dev/null
}
in_guest '"sh","-c","mkdir -p /sbin; ln -s /bin/busybox /sbin/hwclock"'
eventually "the supervisor knows bad" 20 known_running bad
v net-destroy default >/dev/null
pid=$(qemu_pid bad)
kill -STOP "$pid"
echo 7200 >"$JUMP"
eventually "the sleep is noticed" 10 event_came "" woke || explain
like "with its length" "$(cat "$said")" 'the host has slept for 2h 00m'
network_is_active() {
    v net-info default | grep -q 'Active: *yes'
}
eventually "the network that plain needs is active again" 20 network_is_active || explain
eventually "plain's clock is set" 30 event_came plain time-sync || explain
eventually "bad, which does not answer, is restarted" 60 runs_anew bad "$pid" || explain
is "once" "$(events_of "" woke)" 1
supervise_end TERM
done_testing
