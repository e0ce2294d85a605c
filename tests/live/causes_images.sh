#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain does not start, in real life: its images are not what or where they were. Each
# known failure is made, explained and mended.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq

# QEMU as a user of its own, whose files libvirt makes over to it.
sed -i -e 's/^user = .*/user = "libvirt-qemu"/' -e 's/^group = .*/group = "libvirt-qemu"/' -e 's/^\(dynamic_ownership\|remember_owner\) = .*/\1 = 1/' \
    /etc/libvirt/qemu.conf
chown libvirt-qemu /var/lib/libvirt/qemu
check "libvirtd starts" daemon_start || done_testing
image() {
    qemu-img create -q -f "${2:-qcow2}" "$images/$1" 8M
}

# ---- where the image is ----
mkdir -p "$TEST_TMP/home"
chmod 711 "$TEST_TMP"
mkdir -m 700 "$TEST_TMP/home/anna"
qemu-img create -q -f qcow2 "$TEST_TMP/home/anna/web.qcow2" 8M
chmod 644 "$TEST_TMP/home/anna/web.qcow2"
bare_define athome devices="$(disk_xml "$TEST_TMP/home/anna/web.qcow2")"
cause_here "an image in a home that is closed" athome disk-denied 'may not open .*web\.qcow2'
if command -v setfacl >/dev/null; then
    cured "an image in a home that is closed" athome DIRECTORY="$TEST_TMP/home/anna"
else
    chmod 711 "$TEST_TMP/home/anna"
    starts_now "with a home that may be passed it starts" athome
fi

bare_define lost devices="$(disk_xml $images/lost.qcow2)"
cause_here "an image that is gone" lost disk-missing 'lost\.qcow2 is not there'
v pool-define-as disks dir --target "$images" >/dev/null && v pool-start disks >/dev/null
image lost.qcow2
cured "an image that is gone, put back" lost POOL=disks

image base.qcow2
qemu-img create -q -f qcow2 -b "$images/base.qcow2" -F qcow2 "$images/top.qcow2"
chmod 666 "$images/base.qcow2" "$images/top.qcow2"
mv "$images/base.qcow2" "$images/moved.qcow2"
bare_define backed devices="$(disk_xml $images/top.qcow2)"
cause_here "a base image that was moved" backed backing-missing 'base .*base\.qcow2 that .*top\.qcow2 was made from'
cured "a base image that was moved" backed NEW-BASE="$images/moved.qcow2" FORMAT=qcow2
# Where the definition names no backing store, QEMU looks for it.
qemu-img rebase -u -b "$images/base.qcow2" -F qcow2 "$images/top.qcow2"
bare_define unbacked args="-drive file=$images/top.qcow2,if=virtio,format=qcow2"
cause "the same, found by QEMU" unbacked backing-missing 'base image that'
cured "the same, found by QEMU" unbacked NEW-BASE="$images/moved.qcow2" FORMAT=qcow2 IMAGE="$images/top.qcow2"

# ---- what the image is ----
image raw.img raw
bare_define wrong devices="$(disk_xml $images/raw.img qcow2)"
cause "a raw image that is said to be another" wrong image-format 'not in qcow2 format'
editor "s/type=.qcow2./type=\"raw\"/"
cured "a raw image that is said to be another" wrong
image bad.qcow2
# The bit that says so.
printf '\002' | dd of="$images/bad.qcow2" bs=1 seek=79 conv=notrunc 2>/dev/null
bare_define damaged devices="$(disk_xml $images/bad.qcow2)"
cause "a damaged image" damaged image-corrupt 'is damaged'
cured "a damaged image" damaged IMAGE="$images/bad.qcow2"

done_testing
