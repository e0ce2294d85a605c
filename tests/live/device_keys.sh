#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The devices pane on a real guest, by keys: toggles now and at next boot, forms, adding, removing, undo; virsh says
# the same.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

check "libvirtd starts" daemon_start || done_testing
network_start
guest_define web1 machine=q35 disk=16M extra="<controller type='pci' index='0' model='pcie-root'/>
    <controller type='pci' model='pcie-root-port'/><controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/><controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/>
    <controller type='pci' model='pcie-root-port'/><controller type='pci' model='pcie-root-port'/>
    <graphics type='vnc'/><video><model type='vga'/></video>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>"
check "the guest starts" v start web1 || done_testing
eventually "the guest boots" 150 booted web1
term_start 120x36 -c $URI
shows "the guest" '^.{0,3}web1 '
keys 2
wait_text '▸Devices◂'
keys C-w
wait_text 'Space Toggle'

# now_has, next_has REGEX: in what runs, in what the next boot brings. lacks: the other way round.
now_has() {
    v dumpxml web1 | grep -Eq -e "$1"
}
now_lacks() {
    ! now_has "$1"
}
next_has() {
    v dumpxml --inactive web1 | grep -Eq -e "$1"
}
next_lacks() {
    ! next_has "$1"
}

to_row 'nic'
shows "a link is changed now and at next boot" 'link: .*now and at next boot'
keys Space
eventually "Space takes the link down" 30 now_has "<link state='down'"
eventually "at next boot, too" 30 next_has "<link state='down'"
shows "the row shows it" '^▌.nic .*link\[○\]'
keys Space
eventually "and up again" 30 now_lacks "<link state='down'"
shows "the row shows that, too" '^▌.nic .*link\[●\]'

keys Right
shows "an offload takes effect at next boot" 'at next boot: libvirt cannot change it live'
keys Space
shows "its toggle shows both" 'tso4\[●→○\]'
shows "and the tab line counts it" '≠ 1 change waits for boot'
eventually "virsh: next boot" 30 next_has "guest .*tso4='off'"
check "virsh: not now" now_lacks "tso4='off'"
keys u
hides "undone" '≠ 1 change waits'
eventually "virsh: as before" 30 next_lacks "tso4='off'"

keys a
wait_text 'Add to web1'
type_text 'rng'
keys Enter
wait_text 'Add to web1: rng'
keys F2
# at_end REGEX: the last row is that one, once the new device is listed.
at_end() {
    keys End
    screen_has "$1"
}
eventually "a device is added" 20 at_end '^▌.rng +rng0'
eventually "virsh: now" 30 now_has '<rng '
eventually "virsh: at next boot" 30 next_has '<rng '
to_row 'rng'
keys d
shows "d asks" 'Are you sure'
keys y
hides "it is removed when the guest has let it go" '^..?rng +rng0' 40
eventually "virsh: now" 20 now_lacks '<rng '
eventually "virsh: at next boot" 30 next_lacks '<rng '

truncate -s 1M "$images/boot.iso"
to_row 'cdrom'
shows "a drive can be ejected and filled" 'media\[○\]'
keys i
shows "i opens the bar" ':device web1 sda insert'
type_text "$images/boot.iso"
keys Enter
shows "the medium is in" 'media\[●\]'
eventually "virsh: now" 30 now_has 'boot.iso'
keys E
shows "E takes it out" 'media\[○\]'
eventually "virsh: now" 30 now_lacks 'boot.iso'
keys Space
shows "Space asks which one to insert" 'media: '
esc

to_row 'graphics'
keys Enter
wait_text 'graphics vnc of web1'
keys Down Down Down
wait_text 'passwd: '
keys Enter
type_text 'gEhe1m77'
keys Enter
keys F2
hides "a password is set" 'graphics vnc of web1'
# A QEMU that was started without one takes none while it runs.
shows "when it takes effect is told, itself not" 'passwd=\(hidden\), at next boot'
# shellcheck disable=SC2016
eventually "virsh has it" 30 sh -c 'virsh -q -c "$1" dumpxml --inactive --security-info web1 | grep -q gEhe1m77' sh $URI
check "the screen has not" screen_lacks 'gEhe1m77'
keys C-w
leave
check "no event, history or log has it" sh -c '! grep -rqE "gEhe1m77" "$1" --include=history --include="events*" --include="*.log"' \
    sh "$HOME"
done_testing
