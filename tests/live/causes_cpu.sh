#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain does not start, in real life: KVM, the CPU and what it can do. Each known failure is made, explained and mended.
#
# Not to be had here, and therefore fed as text (test_signature): errors inside KVM, all of HVF's, nesting on aarch64, SME.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq

check "a /dev without kvm" own_dev || done_testing
check "libvirtd starts" daemon_start || done_testing
bare_emulator

# ---- KVM ----
# A domain from a time when there was one: libvirt refuses to define it now, but reads what is there.
bare_define kvm
daemon_stop
rm -f /run/libvirtd.pid
sed -i "s/<domain type='qemu'/<domain type='kvm'/" /etc/libvirt/qemu/kvm.xml
daemon_start
cause_here "a domain of type kvm" kvm kvm-required 'no hardware virtualization to offer'
editor "s/<domain type=.kvm./<domain type=\"qemu\"/"
cured "a domain of type kvm" kvm
bare_define nokvm devices="$bare" args="-accel kvm"
cause "no /dev/kvm" nokvm kvm-missing 'no /dev/kvm'
# A device on a file system where devices do not count is closed to root, too.
mkdir -p /run/nodev
mount -t tmpfs -o nodev tmpfs /run/nodev
: >/run/dev/kvm
if mknod -m 666 /run/nodev/kvm c 10 232 && mount --bind /run/nodev/kvm /dev/kvm; then
    bare_define closed devices="$bare" args="-accel kvm"
    fails v start closed
    case $said in
    *'No such file'*) skip "a /dev/kvm that is closed: the daemon has a /dev of its own" ;;
    *) cause "a /dev/kvm that is closed" closed kvm-denied 'may not open /dev/kvm' ;;
    esac
    umount /dev/kvm
    rm -f /dev/kvm
else
    skip "a /dev/kvm that is closed: needs mknod"
fi
editor '/-accel/d; /value="kvm"/d; /value=.kvm./d'
vd -y edit nokvm >/dev/null
starts_now "without KVM it starts" nokvm

# ---- CPU ----
bare_define hostcpu cpu="<cpu mode='host-passthrough'/>"
cause_here "the host's own CPU under emulation" hostcpu cpu-host "host's own processor"
cured "the host's own CPU under emulation" hostcpu
bare_define hostarg args="-cpu host"
cause "the same, found by QEMU" hostarg cpu-host "host's own processor"
bare_define weak cpu="<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>qemu64</model><feature policy='require' name='avx512f'/></cpu>"
cause_here "a CPU feature that is not to be had" weak cpu-features 'requires: avx512f'
editor 's/check=.full./check="none"/; /avx512f/d'
cured "a CPU feature that is not to be had" weak
bare_define nested cpu="<cpu mode='custom'><model>qemu64</model><feature policy='require' name='vmx'/></cpu>"
v start nested
caused_by "nested virtualization that is not delivered" nested nested-not-delivered 'nested virtualization \(vmx\), which TCG does not deliver'
remedy || :
like "its remedy tells at which level" "$said" 'vmx'
v destroy nested >/dev/null

done_testing
