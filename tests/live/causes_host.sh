#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain does not start, in real life: what it wants of its host. Memory, firmware, a TPM, PCI devices, libvirt's own
# daemons. Each known failure is made, explained and mended.
#
# Not to be had here, and therefore fed as text (test_signature): an AppArmor that denies (the kernel may have none), a
# polkit without its agent (there is no bus in the namespace), an IOMMU group that is shared (there is no IOMMU).
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq

mkdir -p /run/hugepages
huge=
if mount -t hugetlbfs hugetlbfs /run/hugepages 2>/dev/null; then
    echo 'hugetlbfs_mount = "/run/hugepages"' >>/etc/libvirt/qemu.conf
    huge=y
fi
check "libvirtd starts" daemon_start || done_testing

# ---- memory ----
bare_define fat memory=90000000000
cause "more memory than there is" fat memory-short 'could not give the domain its memory'
cured "more memory than there is" fat SIZE=32MiB
if [ -n "$huge" ] && [ "$(cat /proc/sys/vm/nr_hugepages)" = 0 ]; then
    bare_define huge memory=65536 top="<memoryBacking><hugepages/></memoryBacking>"
    cause "huge pages that nobody reserved" huge memory-short 'too few huge pages'
    editor '/hugepages/d'
    vd -y edit huge >/dev/null
    starts_now "without them it starts" huge
else
    skip "huge pages that nobody reserved: needs hugetlbfs, and none reserved"
fi

# ---- firmware, TPM, PCI devices ----
bare_define efi machine=q35
mkdir -p /run/none
if [ -d /usr/share/qemu/firmware ]; then
    mount --bind /run/none /usr/share/qemu/firmware
fi
# libvirt before 10 looks for it at the start, later ones when it is defined.
bare_define nofirmware machine=q35 firmware=efi || :
if v domstate nofirmware >/dev/null 2>&1; then
    cause_here "no firmware for EFI" nofirmware firmware-missing 'no efi firmware'
else
    fails vd device efi firmware firmware=efi --force
    like "no firmware for EFI" "$said" "Unable to find|[Ff]irmware"
fi
umount /usr/share/qemu/firmware 2>/dev/null
if command -v swtpm >/dev/null; then
    # One that goes at once, as where a profile of AppArmor's forbids it everything.
    cp "$(command -v swtpm)" /run/swtpm.real
    printf '#!/bin/sh\ncase "$*" in *--terminate*) exit 0 ;; esac\nexec /run/swtpm.real "$@"\n' >/run/swtpm
    chmod 755 /run/swtpm
    mount --bind /run/swtpm "$(command -v swtpm)"
    bare_define tpm machine=q35 devices="<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    cause_here "a TPM's program that dies" tpm tpm-helper 'swtpm\) did not come up'
    umount "$(command -v swtpm)"
    starts_now "with one that lives it starts" tpm
else
    skip "a TPM's program that dies: needs swtpm"
fi
if [ -z "$(ls /sys/kernel/iommu_groups 2>/dev/null)" ]; then
    bare_define pci devices="<hostdev mode='subsystem' type='pci' managed='yes'><source><address domain='0' bus='0' slot='1' function='0'/></source></hostdev>"
    cause_here "a PCI device, and no IOMMU" pci iommu-off 'no IOMMU'
    editor '/<hostdev/,/<.hostdev/d'
    vd -y edit pci >/dev/null
    starts_now "without it it starts" pci
else
    skip "a PCI device, and no IOMMU: this host has one"
fi

# ---- libvirt's daemons ----
bare_define logged
kill "$(cat /run/virtlogd.pid)"
wait_for 10 fails test -e /run/virtlogd.pid
rm -f /run/libvirt/virtlogd-sock
cause_here "virtlogd does not run" logged part-daemon-down 'daemon virtlogd does not run'
virtlogd -d -p /run/virtlogd.pid
starts_now "when it does, the domain starts" logged

done_testing
