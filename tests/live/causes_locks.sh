#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain does not start, in real life: somebody else has its image. Each known failure is
# made, explained and mended.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/causes-lib.sh"
need jq perl fuser

# Debian 13 has the daemon and what libvirt speaks to it with in two packages.
has_lockd() {
    command -v virtlockd >/dev/null && [ -e "$(echo /usr/lib/*/libvirt/lock-driver/lockd.so)" ]
}
# QEMU as a user of its own, whose files libvirt makes over to it.
sed -i -e 's/^user = .*/user = "libvirt-qemu"/' -e 's/^group = .*/group = "libvirt-qemu"/' -e 's/^\(dynamic_ownership\|remember_owner\) = .*/\1 = 1/' \
    /etc/libvirt/qemu.conf
chown libvirt-qemu /var/lib/libvirt/qemu
if has_lockd; then
    echo 'lock_manager = "lockd"' >>/etc/libvirt/qemu.conf
    : >/etc/libvirt/virtlockd.conf
    : >/etc/libvirt/qemu-lockd.conf
    virtlockd -d -p /run/virtlockd.pid
fi
check "libvirtd starts" daemon_start || done_testing
# This clone may lie in a folder that QEMU's user may not enter.
cp -r "$GUEST" "$images/guest"
chmod -R a+rX "$images/guest"
GUEST=$images/guest
image() {
    qemu-img create -q -f "${2:-qcow2}" "$images/$1" 8M
}

# ---- who has the image ----
image a.qcow2
image r.qcow2
guest_define holder net=no extra="$(disk_xml $images/a.qcow2)"
bare_define second devices="$(disk_xml $images/a.qcow2)"
bare_define keeper devices="$(disk_xml $images/r.qcow2)"
bare_define reader devices="$(disk_xml $images/r.qcow2 qcow2 '<readonly/>')"
v start holder
v start keeper
check "an image that is open elsewhere: virsh can't start second" fails v start second
caused_by "an image that is open elsewhere, by virsh" second image-locked 'a\.qcow2 is in use by the running domain holder'
is "and what helps" "$(best remedy)" 'shutdown holder'
check "one that is to be read beside its writer: virsh can't start reader" fails v start reader
caused_by "one that is to be read beside its writer, by virsh" reader image-busy 'r\.qcow2 is in use by the running domain keeper'
is "and what helps there" "$(best remedy)" 'shutdown keeper'
check "virtdeck can't start reader either" fails vd start --force reader
caused_by "one that is to be read beside its writer" reader image-in-use 'running domain keeper has .*r\.qcow2 open'
v destroy keeper >/dev/null
starts_now "when the holder is gone it starts" reader
eventually "the holder's guest is up" 150 booted holder
check "virtdeck can't start the second one either" fails vd start --force second
caused_by "an image that is open elsewhere" second image-in-use 'running domain holder has .*a\.qcow2 open'
is "what helps" "$(best remedy)" 'shutdown holder'
cured "an image that is open elsewhere" second

if has_lockd; then
    # What virtlockd asks for is had by another host's, as far as this one can tell.
    perl -MFcntl -e 'open my $f, "+<", shift or die; my $l = pack("s!s!x4qqi!x4", F_WRLCK, 0, 0, 1, 0);
        fcntl($f, F_SETLK, $l) or die; open my $g, ">", shift; close $g; sleep 600' "$images/a.qcow2" "$TEST_TMP/locked" &
    locker=$!
    wait_for 10 test -e "$TEST_TMP/locked"
    cause_here "an image that the lock manager keeps" second lease-held 'a\.qcow2 belongs to a domain that runs'
    check "its remedy runs: $(best remedy)" remedy
    like "and shows the one who has it" "$said" 'perl|USER'
    kill "$locker"
    wait "$locker" 2>/dev/null
    starts_now "when the lock is gone it starts" second
else
    skip "an image that the lock manager keeps: needs virtlockd"
fi

# ---- whose the image is ----
image b.qcow2
bare_define mine devices="$(disk_xml $images/a.qcow2)"
bare_define other devices="$(disk_xml $images/a.qcow2)" \
    top="<seclabel type='static' model='dac' relabel='yes'><label>+0:+0</label></seclabel>"
v start mine
cause_here "an image that belongs to another user's domain" other label-shared 'a\.qcow2 is in use by another domain under another DAC'
editor "s,a\.qcow2,b.qcow2,"
cured "an image that belongs to another user's domain" other
v destroy mine >/dev/null

done_testing
