#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain does not start, in real life: its machine. machine types, options and devices that this QEMU or
# this libvirt does not have. Each known failure is made, explained and mended.
#
# Not to be had here, and therefore fed as text (test_signature): the QEMU that plays SPICE's sound from the wrong
# thread.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
bare_emulator

# ---- machine types ----
# A domain from a time when there was a newer QEMU: libvirt refuses to define it now, but reads what is there.
bare_define old
daemon_stop
rm -f /run/libvirtd.pid
sed -i "s/machine='pc[^']*'/machine='pc-i440fx-99.0'/" /etc/libvirt/qemu/old.xml
daemon_start
cause_here "a machine type of a newer QEMU" old machine-unknown 'no machine type pc-i440fx-99\.0'
editor "s/machine=.pc-i440fx-99.0./machine=\"pc\"/"
cured "a machine type of a newer QEMU" old
bare_define newer args="-machine pc-q35-99.0"
cause "the same, found by QEMU" newer machine-unsupported 'no machine type of that name'
editor '/qemu:arg/d'
cured "the same, found by QEMU" newer

# ---- options and devices that this QEMU does not have ----
bare_define tso devices="$bare" args="-accel tcg,tso=on"
cause "TSO as memory ordering" tso memory-tso 'no NIC offload'
cured "TSO as memory ordering" tso
if bare_define sound devices="<sound model='virtio'/>"; then
    skip "a virtio sound card that libvirt does not know: this one knows it"
else
    like "a virtio sound card that libvirt does not know" "$(cat "$TEST_TMP/define.err")" "Invalid value for attribute 'model'"
    bare_define sound
    check "virtdeck, told to, tries it" fails vd device sound sound add model=virtio --force
    caused_by "a virtio sound card that libvirt does not know" sound sound-libvirt 'no sound card virtio'
    cured "a virtio sound card that libvirt does not know" sound
fi
if qemu-system-x86_64 -device help 2>/dev/null | grep -q virtio-sound-pci; then
    skip "a virtio sound card that QEMU does not have: this one has it"
else
    bare_define oldsound args="-device virtio-sound-pci"
    cause "a virtio sound card that QEMU does not have" oldsound sound-qemu 'no virtio sound card'
    cured "a virtio sound card that QEMU does not have" oldsound
fi
bare_define mute devices="<sound model='ich9'/><audio id='1' type='jack'/>"
if qemu-system-x86_64 -audiodev help 2>/dev/null | grep -q jack; then
    skip "an audio system that QEMU has no part for: this one has them all"
else
    cause "an audio system that QEMU has no part for" mute audio-backend 'audio system \(jack\) is not installed'
    editor "s/type=.jack./type=\"none\"/"
    cured "an audio system that QEMU has no part for" mute
fi

# ---- names ----
bare_define twin
bare_xml twin top='<uuid>5f01f6b8-7619-4cb8-ac6f-566d429e4a93</uuid>' >"$TEST_TMP/twin.xml"
check "a name that is taken: libvirt refuses it" fails v define "$TEST_TMP/twin.xml"
like "with the other's UUID" "$said" "domain 'twin' already exists with uuid $(v domuuid twin)"

# ---- QEMU dies ----
bare_define dies
v start dies
kill -SEGV "$(cat /run/libvirt/qemu/dies.pid)"
eventually "a QEMU that is killed" 10 state_is dies "shut off"
caused_by "a QEMU that is killed" dies crashed 'QEMU died'
starts_now "it starts again" dies

done_testing
