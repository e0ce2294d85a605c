#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A guest whose disk's file system fills up is paused by QEMU: the screen says why and names the disk with the event,
# long before the next sample; so does a virtdeck that comes later. What `explain` offers lets it go on.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
mkdir -p /run/tiny
mount -t tmpfs -o size=640k tmpfs /run/tiny
# Half a MiB fits, a MiB does not: that is what the guest writes again and again.
qemu-img create -q -f qcow2 /run/tiny/full.qcow2 8M
guest_define full net=no cmdline=VD_LOAD=disk extra="<disk type='file' device='disk'>
    <driver name='qemu' type='qcow2' error_policy='enospace' cache='none'/>
    <source file='/run/tiny/full.qcow2'/><target dev='vda' bus='virtio'/></disk>"
bare_define other

# Samples so far apart that none is taken while this lasts.
term_start 120x36 -c $URI -o interval=60
shows "the screen" 'full +shut off'
v start other --paused
shows "events come" 'other +paused' 30
check "the guest starts" v start full
shows "it is paused, and the table says why" 'full +disk full on vda' 100
shows "and so does the overview" 'State +paused \(disk full on vda\)'
keys 5
shows "the event names the disk" 'I/O error on vda \(/run/tiny/full\.qcow2\): enospc: VM paused'
check "libvirt says so, too" state_is full paused
unlike "one that a person paused gives no reason" "$(screen | grep ' other ')" 'paused:'

# ---- one that begins afterwards ----
exits "a list" 0 vd --json list --columns name,state,reason
is "another virtdeck knows it, too" "$(printf '%s' "$out" | jq -r '[.. | objects | select(.name == "full")][0].reason')" \
    "disk full on vda"
caused_by "the pause" full disk-full 'file system on which vda lies is full'
is "what helps" "$(best remedy)" "resume full"
is "the whole of it" "$(best complete)" true

# ---- without space it would not go far ----
check "its remedy alone" remedy
eventually "is not enough: it is paused again" 30 state_is full paused
shows "for the same reason" 'full +disk full on vda'

# ---- with space ----
written() {
    v domblkstat full vda | sed -n 's/.*wr_bytes *//p'
}
mount -o remount,size=16M /run/tiny
before=$(written)
ask full
check "with space the remedy lets it go on: $(best remedy)" remedy
shows "the screen says so" 'full +running'
writes_more() {
    [ "$(written)" -gt "$before" ]
}
eventually "the guest writes" 30 writes_more
check "and is not paused" state_is full running
# QEMU keeps the error of the disk.
like "libvirt still tells of the disk's error" "$(v domblkerror full)" 'no space'
ask full
is "but nothing is said against what runs" "$(jq -r '[.. | objects | select(has("findings"))][0] | [.ok, .failure, (.findings | length)] | join(" ")' "$TEST_TMP/found.json")" \
    "true none 0" || note "$(cat "$TEST_TMP/found.json")"
leave

done_testing
