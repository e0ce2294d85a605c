# SPDX-License-Identifier: GPL-3.0-or-later
#
# The toggles that need care, on guests that tell from inside: nested virtualization under emulation (given, not given,
# asked for and not delivered), sound (what this host has and what it lacks), offloads; each by its command and by
# `verify`.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/lib.sh"
need jq

daemon_start && network_start || exit 1
agent="<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"

config() {
    v dumpxml --inactive "$1"
}
agent_answers() {
    v qemu-agent-command "$1" '{"execute":"guest-ping"}' >/dev/null 2>&1
}
# Their agent and KVM's modules want more memory than a plain guest has.
define() {
    guest_define "$@" memory=131072
}
boot() {
    v start "$1" >/dev/null && wait_for 150 booted "$1" && wait_for 20 agent_answers "$1"
}
# verify_is WHAT VM TOGGLE "host definition qemu guest": the four answers, as one test; the JSON stays in $seen.
verify_is() {
    seen=$(vd --json verify "$2" "$3" 2>&1)
    is "$1" "$(printf '%s' "$seen" | jq -r '"\(.host) \(.definition) \(.qemu) \(.guest)"' 2>&1)" "$4" ||
        note "$seen"
}
mismatch() {
    printf '%s' "$seen" | jq -r '.mismatch // "none"'
}

# ---- nested virtualization ----

define given cmdline=VD_KVM=1 extra="$agent"
define none cmdline=VD_KVM=1 extra="$agent"
guest_xml vmx memory=131072 cmdline=VD_KVM=1 extra="$agent" |
    sed "s,<model>qemu64</model>,&<feature policy='require' name='vmx'/>," >"$TEST_TMP/vmx.xml"
v define "$TEST_TMP/vmx.xml" >/dev/null

before=$(config none)
exits "nested off is a change of the next boot" 0 vd nested none off
like "and says so" "$out" "at next boot"
like "svm, which the model brings along, is turned off" "$(config none)" "<feature policy='disable' name='svm'/>"
exits "nested on turns it again" 0 vd nested none on
like "by one feature, not a second one of the name" "$(config none)" "<feature policy='require' name='svm'/>"
is "there is one svm" "$(config none | grep -c "name='svm'")" 1
exits "a dry run" 0 vd nested none off --dry-run
like "shows the difference" "$out" "^\+.*policy=.disable. name=.svm."
like "and changes nothing" "$(config none)" "<feature policy='require' name='svm'/>"
exits "undo goes back a step" 0 vd --yes undo none
exits "off again" 0 vd nested none off
exits "what a model brings along is on already" 0 vd nested given on
like "and that is said" "$out" "is so already"
unlike "so nothing is added" "$(config given)" "name='svm'"

check "the guest that is given svm boots" boot given
verify_is "it has nested virtualization at all four levels" given nested "yes yes yes yes"
is "as asked for" "$(mismatch)" none
like "inside by a /dev/kvm that opens" "$(printf '%s' "$seen" | jq -r .evidence.guest)" "/dev/kvm.*svm"
exits "for people, too" 0 vd verify given nested
is "in four lines" "$(printf '%s\n' "$out" | grep -cE '^(host|definition|QEMU|guest) +yes ')" 4
v destroy given >/dev/null

check "the guest without boots" boot none
verify_is "it has it at no level but the host's" none nested "yes no no no"
is "as asked for, too" "$(mismatch)" none
like "there is no /dev/kvm in it" "$(printf '%s' "$seen" | jq -r .evidence.guest)" "no /dev/kvm"
exits "turned on while it runs" 0 vd nested none on
verify_is "the definition has it, the running machine has not" none nested "yes yes no no"
is "which is no mismatch" "$(mismatch)" none
like "but comes with the next boot" "$(printf '%s' "$seen" | jq -r .evidence.definition)" "at next boot"
v destroy none >/dev/null

check "the guest that requires vmx starts all the same" boot vmx
verify_is "asked for, and not delivered" vmx nested "no yes no no"
like "that is a mismatch, by QEMU's log" "$(mismatch)" "doesn't support requested feature.*vmx"
like "and from inside" "$(printf '%s' "$seen" | jq -r .evidence.guest)" "no vmx"
exits "saving it warns" 0 vd managedsave vmx
like "before it is done" "$err" "nested virtualization"
v managedsave-remove vmx >/dev/null 2>&1

# Without an agent the serial log tells.
define quiet cmdline='VD_KVM=1 loglevel=7'
v start quiet >/dev/null
check "a guest without an agent boots" wait_for 150 booted quiet
verify_is "its serial log tells" quiet nested "yes yes yes yes"
like "in its kernel's words" "$(printf '%s' "$seen" | jq -r .evidence.guest)" "Nested Virtualization enabled"
v destroy quiet >/dev/null
exits "without it" 0 vd nested quiet off
v start quiet >/dev/null
check "it boots" wait_for 150 booted quiet
verify_is "the serial log tells that, too" quiet nested "yes no no no"
v destroy quiet >/dev/null

# ---- sound ----

guest_xml sounds memory=131072 extra="$agent" | sed "s,machine='pc',machine='q35'," >"$TEST_TMP/sounds.xml"
v define "$TEST_TMP/sounds.xml" >/dev/null
version() { # as libvirt counts: 9.0.0 is 9000000
    virsh -c $URI version --daemon | sed -n "s/^$1: [^0-9]*\([0-9]*\)\.\([0-9]*\)\.\([0-9]*\)\$/\1 \2 \3/p" | head -n 1 |
        { read -r a b c && echo $((a * 1000000 + b * 1000 + c)); }
}
libvirt=$(version 'Running against daemon')
qemu=$(version 'Running hypervisor')
unlike "there is no card at first" "$(config sounds)" "<sound"
if [ "$libvirt" -ge 10004000 ] && [ "$qemu" -ge 8002000 ]; then
    card=virtio pci=1af4:1059
    exits "virtio sound is taken here" 0 vd sound sounds virtio
else
    card=ich9 pci=8086:293e
    exits "virtio sound is refused here" 1 vd sound sounds virtio
    [ "$libvirt" -ge 10004000 ] || like "libvirt's version is named" "$err" "libvirt [0-9.]+ is older than 10\.4\.0"
    [ "$qemu" -ge 8002000 ] || like "QEMU's version is named" "$err" "QEMU [0-9.]+ is older than 8\.2\.0"
    like "ich9 is offered" "$err" "sound sounds ich9"
    unlike "nothing was changed" "$(config sounds)" "<sound"
    exits "on takes that one" 0 vd sound sounds on
fi
like "the silence is told of" "$out" "stays silent"
like "the definition has $card" "$(config sounds)" "<sound model='$card'"
check "it boots" boot sounds
verify_is "the card is there at all four levels" sounds sound "yes yes yes yes"
like "seen at the PCI bus inside the guest" "$(printf '%s' "$seen" | jq -r .evidence.guest)" "$pci"
like "the definition's evidence names the silence" "$(printf '%s' "$seen" | jq -r .evidence.definition)" "backend is none"
exits "another card takes its place" 0 vd sound sounds ac97
is "there is one" "$(config sounds | grep -c '<sound')" 1
exits "sound off" 0 vd sound sounds off
unlike "takes it away" "$(config sounds)" "<sound"
v destroy sounds >/dev/null
exits "a card that there is not" 2 vd sound sounds gravis

# ---- offloads, and what else is called TSO ----

define nic extra="$agent"
exits "tso alone is a question" 2 vd tso nic off
like "that tells of the one" "$err" "TCP segmentation offload"
like "and the other" "$err" "total store ordering"
exits "the NICs' is turned off" 0 vd tso nic nic off
like "at the next boot" "$out" "at next boot"
is "four bits" "$(config nic | grep -oE "tso[46]='off'" | wc -l)" 4
check "it boots" boot nic
verify_is "off in the definition, at QEMU and in the guest" nic offload "yes no no no"
is "as asked for" "$(mismatch)" none
like "QEMU's command line has it" "$(printf '%s' "$seen" | jq -r .evidence.qemu)" "host.tso4, host.tso6"
like "and so has the process" "$(tr '\0' '\n' <"/proc/$(cat /run/libvirt/qemu/nic.pid)/cmdline")" 'host_tso4"?[:=](false|off)'
exits "turned on again" 0 vd tso nic nic on
unlike "nothing is left of it" "$(config nic)" "tso[46]="
v destroy nic >/dev/null
boot nic
verify_is "all on at the next boot" nic offload "yes yes yes yes"
v destroy nic >/dev/null

{
    guest_xml ordered | sed "s,^<domain ,&xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ,; \$d"
    echo "<qemu:commandline><qemu:arg value='-accel'/><qemu:arg value='tcg,tso=on'/></qemu:commandline></domain>"
} >"$TEST_TMP/ordered.xml"
v define "$TEST_TMP/ordered.xml" >/dev/null
verify_is "memory ordering is recognised, on a host that has none" ordered memory-tso "no yes unknown unknown"
exits "and switched off" 0 vd tso ordered memory off
like "the rest of the argument stays" "$(config ordered)" "<qemu:arg value='tcg'/>"
exits "on is refused here" 1 vd tso ordered memory on
like "with the reason" "$err" "Apple silicon"
done_testing
