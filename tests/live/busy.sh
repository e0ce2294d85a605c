#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A domain whose job is held, an acting connection that is cut off alone, definitions changed while they are in use, a
# long log.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

check "libvirtd starts" daemon_start || done_testing
guests_define 2 net=no disk=8M
v start guest01 >/dev/null
v start guest02 >/dev/null

# ---- a definition changed while it is in use ----

exits "the columns" 0 vd --json list --columns name,changed --sort name
is "nothing is changed" "$(printf '%s' "$out" | jq -c '[.[].changed]')" '[false,false]'
guest_define guest02 net=no file=other disk=8M vcpus=2 "uuid=$(v domuuid guest02)"
exits "the columns again" 0 vd --json list --columns name,changed,agent --sort name
is "the changed one says so" "$(printf '%s' "$out" | jq -c '[.[].changed]')" '[false,true]'

# ---- the end of a long log ----

i=0
while [ $i -lt 5000 ]; do
    echo "$i a line of a log that has been written for a long time, longer than one read of it"
    i=$((i + 1))
done >>/var/log/libvirt/qemu/guest01.log
echo "the very last line" >>/var/log/libvirt/qemu/guest01.log
for i in 1 2 3; do
    exits "log -n 1" 0 vd log guest01 --source qemu -n 1
    is "is the last line" "$out" "the very last line"
done
: >/var/log/libvirt/qemu/guest02.log
exits "an empty log" 0 vd log guest02 --source qemu
is "is empty" "$out" ""

# ---- the acting connection ----

term_start 120x36 -c $URI
shows "two guests" 'guest02 .*running' 20
clients() {
    virt-admin -q client-list libvirtd | awk '$1 ~ /^[0-9]+$/ {print $1}' | sort -n
}
# The program opens the sampling one first.
acting=$(clients | tail -n 1)
cut_off() {
    virt-admin -q client-disconnect libvirtd "$1" >/dev/null
}
check "the acting connection is cut off" cut_off "$acting"
type_text ':pane events'
keys Enter
shows "its loss is noticed" 'connection lost' 20
connected_twice() {
    [ "$(screen | grep -c 'connected to qemu')" -ge 2 ]
}
check "it is connected anew" wait_for 20 connected_twice
type_text ':suspend guest01'
keys Enter
shows "and acts" 'suspend: paused' 20
type_text ':resume guest01'
keys Enter
shows "and acts again" 'resume: resumed' 20
leave

# ---- a domain whose job is held ----

qemu=$(cat /run/libvirt/qemu/guest01.pid)
kill -STOP "$qemu"
v qemu-monitor-command guest01 --hmp info status >/dev/null 2>&1 &
held=$!
job_is_held() {
    ! timeout 1 virsh -q -c $URI domblkstat guest01 vda >/dev/null 2>&1
}
check "its job is held" wait_for 10 job_is_held
started=$(date +%s)
exits "list" 0 vd --json list --columns name,state,rd
took=$(($(date +%s) - started))
check "does not wait for it (took $took s)" [ $took -le 8 ]
is "and lists both" "$(printf '%s' "$out" | jq -r '.[].name' | sort | xargs)" "guest01 guest02"
is "what is not told is unknown" "$(printf '%s' "$out" | jq -c '.[] | select(.name == "guest01") | .rd')" null
kill -CONT "$qemu"
wait $held
done_testing
