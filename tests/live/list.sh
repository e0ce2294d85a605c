#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `list` and `sample` on ten real guests say what virsh says.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
check "ten guests are defined" guests_define 10 disk=8M vcpus=2 || done_testing
guest_define plain title='A title &amp; more' net=no serial=no
for g in 01 02 03 04 05 06 07 08; do
    check "guest$g starts" v start "guest$g" >/dev/null
done | grep '^not'
v suspend guest02 >/dev/null
v managedsave guest03 >/dev/null
v autostart guest04 >/dev/null
v destroy guest05 >/dev/null
v snapshot-create-as guest09 before >/dev/null

exits "list --json" 0 vd --json list --columns all
list=$out
is "one JSON value on one stdout" "$(printf '%s' "$list" | jq -s 'length')" 1
# field NAME COLUMN
field() {
    printf '%s' "$list" | jq -r --arg n "$1" --arg c "$2" '.[] | select(.name == $n) | .[$c]'
}
is "the names are virsh's" "$(printf '%s' "$list" | jq -r '.[].name' | sort)" "$(v list --all --name | sort)"
for name in $(v list --all --name); do
    virsh_info=$(v dominfo "$name")
    info() {
        printf '%s\n' "$virsh_info" | sed -n "s/^$1: *//p"
    }
    is "$name: UUID" "$(field "$name" uuid)" "$(info UUID)"
    is "$name: state" "$(field "$name" state)" "$(info State)"
    id=$(info Id)
    [ "$id" != - ] || id=null
    is "$name: id" "$(field "$name" id)" "$id"
    is "$name: vCPUs" "$(field "$name" vcpus)" "$(info 'CPU(s)')"
    max=$(info 'Max memory')
    is "$name: memory" "$(field "$name" maxmem)" "${max% KiB}"
    case $(info Autostart) in
    enable) is "$name: autostart" "$(field "$name" autostart)" on ;;
    *) is "$name: autostart" "$(field "$name" autostart)" off ;;
    esac
done
is "the reason of a state" "$(field guest05 reason)" destroyed
is "a title with an entity" "$(field plain title)" "A title & more"
for column in cpu mem rx tx rd wr uptime cpubar membar; do
    is "a figure that nobody knows is null: $column" "$(field guest05 $column)" null
done

exits "a filter" 0 vd --json list --filter 'state=paused'
is "finds the paused one" "$(printf '%s' "$out" | jq -r '.[].name')" guest02
exits "descending by name" 0 vd --json list --columns name --sort=-name
is "sorts" "$(printf '%s' "$out" | jq -r '.[].name')" "$(v list --all --name | sed '/^$/d' | sort -r)"
exits "CSV" 0 vd --csv list --columns name,state
is "has a line a domain and a heading" "$(printf '%s\n' "$out" | wc -l)" 12
like "quotes or not, it says the state" "$out" '^guest10,"?shut off"?'

wait_for 150 booted guest01
exits "sample" 0 vd --json sample -n 3 -d 0.5 --columns name,cpu,mem,rx,tx,rd,wr
is "three samples, a line each" "$(printf '%s\n' "$out" | wc -l)" 3
last=$(printf '%s\n' "$out" | tail -n 1)
is "every domain in each" "$(printf '%s' "$last" | jq length)" 11
is "the running ones have figures" \
    "$(printf '%s' "$last" | jq '[.[] | select(.name == "guest01") | .cpu, .mem, .rx, .tx, .rd, .wr | numbers] | length')" 6
is "and none is below zero" "$(printf '%s\n' "$out" | jq -s '[.[][] | .cpu, .rx, .tx, .rd, .wr | numbers | select(. < 0)] | length')" 0
done_testing
