#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain failed: a start that is refused is explained below libvirt's words, and later by another process;
# a QEMU that dies is seen beside the last change; a healthy one has nothing against it.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
need jq virsh

check "libvirtd starts" daemon_start || done_testing
XDG_STATE_HOME=$TEST_TMP/state
XDG_CONFIG_HOME=$TEST_TMP/config
export XDG_STATE_HOME XDG_CONFIG_HOME
mkdir -p "$XDG_CONFIG_HOME/virtdeck"

json() {
    printf '%s' "$out" | jq -c "$1"
}
process_of() {
    pid=$(cat "/run/libvirt/qemu/$1.pid")
}

# ---- an image that another one has ----
check "guests are defined" guest_define one net=no disk=16M
check "and one with the same image" guest_define two net=no \
    extra="<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$images/one.qcow2'/><target dev='vda' bus='virtio'/></disk>"
exits "the first starts" 0 vd start one
exits "the second does not" 1 vd start two
like "libvirt's words are followed by the cause" "$err" "is in use|has .*one.qcow2 open"
exits "another process explains it" 0 vd --json explain two
is "as a start that failed" "$(json .failure)" '"start"'
is "which is not well" "$(json .ok)" false
like "the cause is the image" "$(json '[.findings[].id]')" 'image-'
is "each finding is whole" "$(json '[.findings[] | keys_unsorted] | unique')" \
    '[["id","severity","text","cause","advice","remedy","complete","line","source","time"]]'

# ---- healthy ----
eventually "the first one's guest is up" 150 booted one
exits "a running one" 0 vd --json explain one
is "has no failure" "$(json .failure)" '"none"'
is "is well" "$(json '[.ok, .findings]')" '[true,[]]'

# ---- it dies, after a change ----
exits "it is shut off" 0 vd destroy one --yes
exits "it is changed" 0 vd set one maxmemory=100M
exits "and runs again" 0 vd start one
process_of one
kill -SEGV "$pid"
eventually "its QEMU dies" 20 state_is one "shut off"
exits "why" 0 vd --json explain one
is "it crashed" "$(json .failure)" '"crash"'
like "the log says so" "$(json '[.findings[].id]')" '"crashed"'
like "the change is named" "$(json '[.findings[] | select(.id == "changed-definition") | .remedy]')" 'undo one 1'
exits "for people" 0 vd explain one
like "the failure first" "$out" '^one: died, at 20'
like "the source of the line" "$out" "QEMU's log, [0-9:]*: .*reason=crashed"

# ---- a start that libvirt refuses, by somebody else ----
check "a network that is down" sh -c "printf '<network><name>down</name><bridge name=\"vdn0\"/></network>' >'$TEST_TMP/n.xml' && virsh -q -c $URI net-define '$TEST_TMP/n.xml'"
check "a guest on it" guest_define three net=no extra="<interface type='network'><source network='down'/></interface>"
exits "does not start" 1 vd --json start three
is "the result has the findings" "$(json '[.findings[].id]')" '["network-down"]'
exits "in a moment's time" 0 vd --json explain three
is "the remedy is known still" "$(json '.findings[0] | [.id, .source, .complete]')" '["network-down",null,true]'
exits "a start that does not look first" 1 vd start three --force
like "is told by libvirt, and explained" "$err" "network 'down' is not active.*" 
like "with what helps" "$err" '→ \$ virsh .*net-start down'
exits "which is known later, too" 0 vd --json explain three
is "by libvirt's words" "$(json '.findings[0] | [.id, .source, .complete]')" '["network-inactive","libvirt",true]'
remedy=$(json '.findings[0].remedy' | jq -r '. | ltrimstr("$ ")')
check "the remedy runs" sh -c "$remedy"
exits "then it starts" 0 vd start three
exits "and nothing is said against it" 0 vd --json explain three
is "at all" "$(json '[.ok, .findings]')" '[true,[]]'

done_testing
