#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What goes wrong in a domain that runs, in real life: its guest finds no root file system, has nothing to nest with, has
# no agent; a job that lasts. Each known failure is made, explained and mended.
#
# Not to be had here, and therefore fed as text (test_signature): Windows without a driver for its disk, a sound card on
# the old virtio-mmio transport.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
serial_has() {
    tr -d '\r' <"/var/log/libvirt/qemu/$1-serial.log" 2>/dev/null | grep -aEq -e "$2"
}

# ---- a job that lasts: libvirt waits for it for half a minute, so that comes first ----
bare_define long
v start long
kill -STOP "$(cat /run/libvirt/qemu/long.pid)"
virsh -c $URI qemu-monitor-command long --hmp 'info status' >"$TEST_TMP/job" 2>&1 &
job_is_held() {
    ! timeout 1 virsh -q -c $URI qemu-monitor-command long --hmp 'info status' >/dev/null 2>&1
}
eventually "a job lasts" 20 job_is_held
(
    vd suspend long >"$TEST_TMP/suspend" 2>&1
    echo "$?" >"$TEST_TMP/suspend.status"
) &
suspending=$!

# ---- a root file system that is not found ----
cp "$GUEST/root.img" "$images/rooted.img"
guest_define rooted net=no cmdline="VD_ROOT=/dev/vda" extra="$(disk_xml "$images/rooted.img" raw)"
guest_define panics net=no
v dumpxml panics | sed -e '/<initrd>/d' -e 's,<cmdline>,<cmdline>root=/dev/sda ,' -e 's,panic=-1,panic=0,' >"$TEST_TMP/panics.xml"
v define "$TEST_TMP/panics.xml" >/dev/null
guest_define nests net=no cmdline=VD_KVM=1 cpu="<feature policy='disable' name='svm'/>"
v start rooted
v start panics
eventually "a guest boots from its disk" 150 serial_has rooted 'guest is up'
v destroy rooted >/dev/null
check "the disk's bus is changed" vd device rooted vda bus=sata
v start rooted
v start nests
eventually "the next boot does not find it" 150 serial_has rooted 'does not exist'
caused_by "a disk on another bus" rooted root-missing 'does not find its root file system'
is "what helps" "$(best remedy)" "undo rooted"
v destroy rooted >/dev/null
check "its remedy runs: $(best remedy)" remedy
v start rooted
eventually "and the guest boots again" 150 serial_has rooted 'guest is up'
v destroy rooted >/dev/null
eventually "a kernel without a root file system" 150 serial_has panics 'VFS: Unable to mount root'
caused_by "a kernel without a root file system" panics root-missing 'does not find its root file system'
v destroy panics >/dev/null

# ---- nothing to nest with ----
eventually "a guest that wants to have guests" 150 serial_has nests 'evidence: /dev/kvm is'
caused_by "a guest that wants to have guests" nests guest-no-nesting 'no virtualization of its own'
v destroy nests >/dev/null
check "its remedy runs: $(best remedy)" remedy
v start nests
eventually "and the guest can have guests" 150 serial_has nests 'evidence: /dev/kvm is there'
v destroy nests >/dev/null

# ---- no agent ----
guest_define plain net=no cmdline=VD_SLOW=5
v start plain
check "an agent that is not configured: a shutdown by it fails" fails vd shutdown plain --mode=agent
caused_by "an agent that is not configured" plain agent-absent 'agent is not configured'
v destroy plain >/dev/null
check "its remedy runs: $(best remedy)" remedy
v start plain
agent_answers() {
    v qemu-agent-command plain '{"execute":"guest-ping"}' >/dev/null 2>&1
}
check "before the guest is up the agent is not connected: it fails again" fails vd shutdown plain --mode=agent
caused_by "an agent that is not connected" plain agent-absent 'agent is not connected'
eventually "then the agent answers" 150 agent_answers
v destroy plain >/dev/null

# ---- the job ----
wait "$suspending"
is "what wants to be a job beside another one fails" "$(cat "$TEST_TMP/suspend.status")" 1
like "after libvirt has waited" "$(cat "$TEST_TMP/suspend")" 'cannot acquire state change lock'
kill -CONT "$(cat /run/libvirt/qemu/long.pid)"
caused_by "a job that lasts" long job-lock 'Another job is under way'
check "its remedy runs: $(best remedy)" remedy
check "after it, what was refused is done" vd suspend long

done_testing
