#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What is found wrong with a change before libvirt gets it: on a real host, with real networks, pools and other
# domains. Everything is a dry run: virsh sees the same definitions at the end.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
mkdir -p /var/lib/libvirt/pool /var/lib/libvirt/cold
v pool-define-as box dir --target /var/lib/libvirt/pool >/dev/null
v pool-start box >/dev/null
v pool-define-as cold dir --target /var/lib/libvirt/cold >/dev/null
v vol-create-as box cd.iso 1M --format raw >/dev/null
v net-define /dev/stdin >/dev/null <<'EOF'
<network><name>lab</name><bridge name='virbr7'/><ip address='192.168.77.1' netmask='255.255.255.0'/></network>
EOF
guest_define peer disk=16M extra="<graphics type='vnc' port='5950' autoport='no'/>"
guest_define sleeper disk=16M net=no
guest_define web disk=16M extra="<disk type='file' device='cdrom'><target dev='hda' bus='ide'/></disk>
<graphics type='vnc' autoport='yes'/><sound model='ich6'/><audio id='1' type='none'/>"
guest_define express machine=q35 net=no disk=16M
check "another guest starts" vd start peer
v dumpxml --inactive web >"$TEST_TMP/before.xml"
mac=$(v dumpxml peer | sed -n "s/.*<mac address='\(.*\)'.*/\1/p")

# finds WHAT ID SEVERITY REMEDY WORDS…: the dry run of `device WORDS` finds it; REMEDY: a pattern, or "none"
finds() {
    f_what=$1 f_id=$2 f_severity=$3 f_remedy=$4
    shift 4
    out=$(vd --json "$@" --dry-run 2>"$TEST_TMP/err")
    f_found=$(printf '%s' "$out" | jq -r --arg id "$f_id" \
        '[.. | objects | .findings? // empty] | add // [] | map(select(.id == $id)) | .[0] // empty |
         "\(.severity) \(.remedy // "none") | \(.text)"')
    like "$f_what" "$f_found" "^$f_severity $f_remedy"
}
# silent WHAT ID WORDS…: nothing of that is found
silent() {
    s_what=$1 s_id=$2
    shift 2
    out=$(vd --json "$@" --dry-run 2>"$TEST_TMP/err")
    is "$s_what" "$(printf '%s' "$out" | jq -r --arg id "$s_id" \
        '"\(.dry_run) \([.. | objects | .findings? // empty] | add // [] | map(select(.id == $id)) | length)"')" "true 0"
}

nic=$(v dumpxml web | sed -n "s/.*<mac address='\(.*\)'.*/\1/p")
finds "a network that is not there" network-down error '\$ virsh net-list' device web "$nic" set network=nope
finds "a network that is not active" network-down error '\$ virsh net-start lab' device web "$nic" set network=lab
silent "a network that is" network-down device web "$nic" set network=default
finds "a bridge that is not there" interface-missing error '\$ ip link add name nobr9' device web "$nic" set type=bridge bridge=nobr9
silent "a bridge that is" interface-missing device web "$nic" set type=bridge bridge=virbr0
finds "a MAC address of another" mac-in-use warning none device web "$nic" set "mac=$mac"
finds "a file that is not there" disk-missing error 'device web hda set' device web hda insert /nowhere/x.iso
silent "a file that is" disk-missing device web hda insert /var/lib/libvirt/pool/cd.iso
finds "a volume that is not there" volume-missing error '\$ virsh pool-refresh box' device web hda insert box/x.iso
finds "a pool that is not active" volume-missing error '\$ virsh pool-start cold' device web hda insert cold/x.iso
silent "a volume that is" volume-missing device web hda insert box/cd.iso
finds "a disk of a domain that runs" disk-in-use error none device web vda set source=$images/peer.qcow2
finds "a disk of a domain that is off" disk-in-use warning none device web vda set source=$images/sleeper.qcow2
finds "a port of a domain that runs" port-in-use error 'device web .* port=auto' device web vnc set port=5950
finds "a screen for everybody" graphics-open warning 'device web .* listen=127.0.0.1' device web vnc set listen=0.0.0.0
finds "IDE on a machine without it" machine-unsuited error 'device express .* bus=sata' device express vda set bus=ide
finds "more vCPUs than CPUs" vcpus-over-host warning 'set web vcpus=' set web maxvcpus=64 vcpus=64
finds "more memory than the host's" memory-over-host '(warning|error)' 'set web maxmemory=' set web maxmemory=60T
finds "a card that nobody hears" sound-silent warning none device sleeper sound add model=ich9
finds "a CPU mode without KVM" cpu-mode-unsupported error 'device web cpu set mode=maximum' device web cpu set mode=host-passthrough
silent "one that is possible" cpu-mode-unsupported device web cpu set mode=maximum
finds "a kind in the boot order that is not there" boot-device-missing warning none set sleeper boot=cdrom
silent "whoever changes a title is not told of older things" sound-silent set web title=hello

if [ "$(v version --daemon | sed -n 's/^Running against daemon: //p' | cut -d. -f1)" -lt 10 ]; then
    finds "sound that needs a newer libvirt" too-old error 'device web .* model=ich9' device web sound0 set model=virtio
else
    ok "sound that needs a newer libvirt # SKIP this one is new enough"
fi

exits "an error keeps the change from being made" 1 vd device web "$nic" set network=nope
like "and says why" "$err" 'no network nope'
v dumpxml --inactive web >"$TEST_TMP/after.xml"
check "the definition is the same" cmp "$TEST_TMP/before.xml" "$TEST_TMP/after.xml"

exits "resources" 0 vd resources --json
is "volumes are listed, ISO images first" "$(printf '%s' "$out" | jq -r '.[0].volumes[0].path')" /var/lib/libvirt/pool/cd.iso
is "a network that is off is listed as that" "$(printf '%s' "$out" | jq -r '.[0].networks[] | select(.name == "lab") | .active')" false
is "bridges" "$(printf '%s' "$out" | jq -r '.[0].bridges[] | select(.name == "virbr0") | .name')" virbr0
is "pools" "$(printf '%s' "$out" | jq -r '[.[0].pools[].name] | join(" ")')" "box cold"

# completes LINE: the candidates
completes() {
    vd complete-line --plain "virtdeck -c $URI $1" | cut -f1 | tr '\n' ' '
}
first_of() {
    completes "$1" | cut -d' ' -f1
}
both_of() {
    completes "$1" | grep -o "$2" | tr '\n' ' '
}
eventually "volumes behind insert, ISO images first" 20 prints /var/lib/libvirt/pool/cd.iso first_of 'device web hda insert '
eventually "networks as a value" 20 \
    prints 'network=default network=lab ' both_of 'device web net0 set network=' 'network=\(default\|lab\)'
eventually "networks behind their verb" 20 prints 'lab ' completes 'device web net0 network la'
eventually "bridges as a value" 20 prints 'bridge=virbr0 ' completes 'device web net0 set bridge=virb'

done_testing
