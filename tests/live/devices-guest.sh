#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a change of a device does in the guest: carrier, medium, new disks and NICs, memory, a disk that grew; an offload
# that is off on QEMU's command line at the next boot; and a guest that does not let a device go.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/change-lib.sh"
need jq qemu-img

check "libvirtd starts" daemon_start || done_testing
network_start
q35_define guest cmdline=VD_WATCH=1 extra="<disk type='file' device='cdrom'><target dev='sda' bus='scsi'/></disk>"
v start guest >/dev/null
eventually "the guest boots" 150 booted guest
log=/var/log/libvirt/qemu/guest-serial.log

# The last line that tells what the guest sees.
sees() {
    grep -a 'seen: ' "$log" | tail -n 1 | grep -Eq -e "$1"
}
sees_not() {
    ! sees "$1"
}
# does WHAT WHEN WORDS…
does() {
    does_what=$1
    does_when=$2
    shift 2
    exits "$does_what" 0 vd --yes --json "$@"
    is "$does_what: $does_when" "$(printf '%s' "$out" | jq -r '.changes[0].when')" "$does_when"
}

eventually "the guest has its NIC's carrier" 30 sees '52:54:00:00:00:01:1'
does "link down" "now and at next boot" device guest net0 link down
eventually "the guest loses the carrier" 10 sees '52:54:00:00:00:01:0'
does "link up" "now and at next boot" device guest net0 link up
eventually "the guest has it again" 10 sees '52:54:00:00:00:01:1'

qemu-img create -q -f raw "$images/cd.iso" 3M
does "a CD is inserted" "now and at next boot" device guest sda insert "$images/cd.iso"
# The kernel looks at a drive's medium when it is opened. QEMU listens to a terminal that somebody has open.
exec 9<>"$(v ttyconsole guest)"
cat <&9 >/dev/null 2>&1 &
at_exit_do "kill $! 2>/dev/null"
look_at_cd() {
    echo 'head -c 1 /dev/sr0 >/dev/null' >&9
    sleep 0.5
    "$@"
}
eventually "the guest sees it" 20 look_at_cd sees 'sr0=6144 '
does "it is ejected" "now and at next boot" device guest sda eject
no_medium() {
    grep -aq "No medium" "$log"
}
eventually "the guest sees that, too" 20 look_at_cd no_medium

qemu-img create -q -f qcow2 "$images/more.qcow2" 24M
does "a disk is added" "now and at next boot" device guest disk add source="$images/more.qcow2"
eventually "the guest has it" 10 sees 'vdb=49152 '
does "it grows" "now and at next boot" device guest vdb grow 40M
eventually "in the guest, too" 10 sees 'vdb=81920 '
does "a NIC is added" "now and at next boot" device guest nic add mac=52:54:00:00:00:09
eventually "the guest has it" 10 sees '52:54:00:00:00:09'

# ---- a guest that does not answer ----
v suspend guest >/dev/null
exits "a disk is removed while the guest is paused" 0 vd --yes --json device guest vdb remove
is "it is not said to be done" "$(printf '%s' "$out" | jq -r '.changes[0] | "\(.when) \(.pending)"')" \
    "at next boot; now once the guest lets it go true"
like "it is there still" "$(v domblklist guest)" vdb
unlike "at the next boot it is gone" "$(v domblklist guest --inactive)" vdb
v resume guest >/dev/null
has_no_vdb() {
    ! v domblklist guest | grep -q vdb
}
eventually "when the guest goes on, it goes" 20 has_no_vdb
eventually "out of the guest, too" 10 sees_not 'vdb='
does "the NIC is removed" "now and at next boot" device guest 52:54:00:00:00:09 remove
eventually "out of the guest, too" 10 sees_not '52:54:00:00:00:09'

# ---- memory ----
exits "less memory" 0 vd set guest memory=90M
balloon_is() {
    [ "$(v dommemstat guest | sed -n 's/^actual //p')" = "$1" ]
}
eventually "the balloon takes it" 20 balloon_is 92160
exits "and gives it back" 0 vd set guest memory=96M
eventually "so it does" 20 balloon_is 98304

# ---- the next boot ----
qemu_line() {
    tr '\0' '\n' <"/proc/$(cat /run/libvirt/qemu/guest.pid)/cmdline"
}
unlike "the NIC has its offloads" "$(qemu_line)" 'host_tso4"?[=:](off|false)'
does "TSO off" "at next boot" device guest net0 offload host.tso4=off guest.tso6=off
unlike "it runs on as it is" "$(qemu_line)" 'host_tso4"?[=:](off|false)'
libvirt=$(virsh --version | awk -F. '{ print $1 * 1000 + $2 }')
if [ "$libvirt" -ge 10004 ]; then
    does "a virtio sound card is added" "at next boot" device guest sound add model=virtio
else
    exits "a virtio sound card can't be added" 1 vd device guest sound add model=virtio
    like "it says what is missing" "$err" 'needs libvirt 10.4.0'
fi
exits "off" 0 vd --yes destroy guest
exits "and on again" 0 vd start guest
like "QEMU is told: host" "$(qemu_line)" 'host_tso4"?[=:](off|false)'
like "QEMU is told: guest" "$(qemu_line)" 'guest_tso6"?[=:](off|false)'
if [ "$libvirt" -ge 10004 ]; then
    eventually "the guest sees the sound card at the PCI bus" 150 sees ' 1af4:1059 '
fi
done_testing
