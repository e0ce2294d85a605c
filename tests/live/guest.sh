#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# guest.sh DIR: makes the guest of the live tests: DIR/vmlinuz and DIR/initrd. The kernel is Debian's cloud kernel,
# taken out of its package without installing it, as is the guest agent; the rest is busybox. Boots in 2 s without
# hardware virtualization in 96 MiB. Needs no root.
#
# What the guest does: prints "guest is up" to ttyS0, takes an address by DHCP on each NIC and prints it, gives a
# shell on ttyS0, and powers off when its power button is pressed. On the kernel's command line:
#   VD_BUTTON=ignore   it does not listen to the power button
#   VD_LOAD=cpu        it keeps one CPU busy
#   VD_LOAD=disk       it reads and writes its first disk all the time
#   VD_WATCH=1         it prints "seen: …" whenever its NICs' carriers, its disks or its PCI devices change
#   VD_SLOW=SECONDS    it waits so long before it does all that
#   VD_TCP=PORT        it takes connections on that port, then
#   VD_ROOT=/dev/sda, VD_ROOT=LABEL=guest-root
#                      its initramfs goes on from that file system (DIR/root.img is one), as a distribution's does; where
#                      it is not there it says so and gives a shell, or with VD_NO_ROOT=panic the kernel panics
#   VD_KVM=1           it loads KVM's module for its CPU, and "evidence: …" tells whether there is a /dev/kvm
# Where the definition has a channel org.qemu.guest_agent.0, the agent answers on it.
set -eu
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin

if [ $# -ne 1 ]; then
    echo "usage: $0 DIR" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(cd "$1" && pwd)
if [ -f "$dir/stamp" ] && [ ! "$here/guest.sh" -nt "$dir/stamp" ]; then
    exit 0
fi
say() {
    echo "guest: $*"
}

# In the order in which they are loaded; a module that the kernel has built in is no file.
modules='virtio virtio_ring virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net
    virtio_blk virtio_scsi virtio_console virtio_balloon virtio-rng evdev button scsi_common scsi_mod sd_mod libata
    ata_piix ahci libahci cdrom isofs sr_mod vsock vmw_vsock_virtio_transport_common vmw_vsock_virtio_transport'
# Unpacked and loaded when they are asked for.
kvm_modules='irqbypass kvm kvm-amd kvm-intel'

root=$dir/root
rm -rf "$root" "$dir/pkg"
mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/run" "$dir/pkg"

# Fetches the kernel's package and the agent's into pkg/. Where apt has no lists, it uses lists of its own under DIR.
meta=linux-image-cloud-$(dpkg --print-architecture)
fetch() {
    package=$(apt-cache "$@" depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    [ -n "$package" ] || return 1
    say "downloading $package and qemu-guest-agent (not installed on this machine)"
    (cd "$dir/pkg" && apt-get -qq "$@" download "$package" qemu-guest-agent </dev/null)
}
if ! fetch 2>"$dir/fetch.log"; then
    mkdir -p "$dir/lists/partial"
    set -- -o Dir::State::lists="$dir/lists" -o APT::Update::Post-Invoke-Success="" -o Dir::Cache::pkgcache="" \
        -o Dir::Cache::srcpkgcache="" -o APT::Sandbox::User=""
    apt-get -qq "$@" update </dev/null
    fetch "$@"
fi
for deb in "$dir"/pkg/*.deb; do
    dpkg-deb -x "$deb" "$dir/pkg/x"
done
cp "$dir"/pkg/x/boot/vmlinuz-* "$dir/vmlinuz"

# put_modules FOLDER MODULE…: uncompressed, and their names into FOLDER/order.
put_modules() {
    to=$1
    shift
    mkdir -p "$to"
    for m in "$@"; do
        file=$(find "$dir/pkg/x" -name "$m.ko" -o -name "$m.ko.xz" | head -n 1)
        case $file in
        '') continue ;;
        *.xz) xz -dc "$file" >"$to/$m.ko" ;;
        *) cp "$file" "$to/$m.ko" ;;
        esac
        echo "$m" >>"$to/order"
    done
}
put_modules "$root/modules" $modules
# What few guests want stays packed in the others, whose memory is short.
put_modules "$dir/pkg/kvm/kvm" $kvm_modules
tar -C "$dir/pkg/kvm" -czf "$root/kvm.tgz" kvm

cp "$(command -v busybox)" "$root/bin/busybox"
# The agent with its libraries: QEMU itself needs the same ones, so that they are on this machine.
agent=$(find "$dir/pkg/x" -name qemu-ga -type f | head -n 1)
mkdir -p "$dir/pkg/agent/bin" "$dir/pkg/agent/lib"
cp "$agent" "$dir/pkg/agent/bin/qemu-ga"
ldd "$agent" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | while read -r library; do
    cp -L "$library" "$dir/pkg/agent/lib/"
done
loader=$(ldd "$agent" | sed -n 's/^[[:space:]]*\(\/[^ ]*\) (.*/\1/p' | head -n 1)
mkdir -p "$dir/pkg/agent${loader%/*}"
cp -L "$loader" "$dir/pkg/agent$loader"
tar -C "$dir/pkg/agent" -czf "$root/agent.tgz" .
cat >"$root/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
# Twice: the order of the list is not always the order in which they need one another.
for m in $(cat /modules/order) $(cat /modules/order); do
    insmod /modules/$m.ko 2>/dev/null
done
if [ "$VD_KVM" ]; then
    vendor=$(sed -n 's/^flags.* svm .*/amd/p; s/^flags.* vmx .*/intel/p' /proc/cpuinfo | head -n 1)
    tar -xzf /kvm.tgz -C /tmp
    for m in irqbypass kvm kvm-${vendor:-amd}; do
        insmod /tmp/kvm/$m.ko
    done
    rm -rf /tmp/kvm
    if [ -c /dev/kvm ]; then
        echo "evidence: /dev/kvm is there"
    else
        echo "evidence: /dev/kvm is not there"
    fi
fi
# What a distribution's initramfs does: it waits for the root file system and goes on in it.
if [ "$VD_ROOT" ] && [ -z "$VD_IN_ROOT" ]; then
    mkdir -p /newroot
    tries=0
    while [ $tries -lt 40 ]; do
        case $VD_ROOT in
        LABEL=*) device=$(findfs "$VD_ROOT" 2>/dev/null) ;;
        *) device=$VD_ROOT ;;
        esac
        [ -b "$device" ] && mount -t ext4 "$device" /newroot && break
        tries=$((tries + 1))
        usleep 100000
    done
    if [ -x /newroot/init ]; then
        umount /proc
        umount /sys
        umount /dev
        VD_IN_ROOT=1 exec switch_root /newroot /init
    fi
    echo "ALERT!  $VD_ROOT does not exist.  Dropping to a shell!"
    [ "$VD_NO_ROOT" = panic ] && exit 1
    PS1='(initramfs) ' exec sh
fi
# All this is memory here, and not on a disk.
if [ -z "$VD_IN_ROOT" ]; then
    rm -rf /modules /kvm.tgz
fi
if [ "$VD_SLOW" ]; then
    sleep "$VD_SLOW"
fi
for nic in /sys/class/net/eth* /sys/class/net/en*; do
    [ -e "$nic" ] || continue
    nic=${nic##*/}
    ip link set "$nic" up
    udhcpc -q -i "$nic" -s /dhcp >/dev/null 2>&1 &
done
# The device nodes of power buttons that are there.
buttons() {
    for e in /sys/class/input/event*; do
        if [ "$(cat $e/device/name 2>/dev/null)" = "Power Button" ] && [ -c "/dev/input/${e##*/}" ]; then
            echo "/dev/input/${e##*/}"
        fi
    done
}
if [ "$VD_BUTTON" != ignore ]; then
    # The driver may find it a little after it was loaded.
    tries=0
    while [ -z "$(buttons)" ] && [ $tries -lt 100 ]; do
        tries=$((tries + 1))
        usleep 100000
    done
    for b in $(buttons); do
        # Opened before it says that it is up: a press in between would be lost.
        exec 3<$b
        (head -c 1 <&3 >/dev/null && echo "power button" && poweroff -f) &
    done
fi
# The agent, on the device node of its channel, for whose name a large system has udev. Ports come some time after
# the driver, and their names after them.
agent() {
    tries=0
    while [ $tries -lt 50 ] && [ -e /sys/bus/virtio/drivers/virtio_console/bind ]; do
        for port in /sys/class/virtio-ports/*; do
            if [ "$(cat $port/name 2>/dev/null)" = org.qemu.guest_agent.0 ]; then
                tar -xzf /agent.tgz -C /
                [ "$VD_IN_ROOT" ] || rm -f /agent.tgz
                exec qemu-ga -m virtio-serial -p "/dev/${port##*/}" -t /run -l /run/qemu-ga.log
            fi
        done
        set -- /sys/bus/virtio/drivers/virtio_console/virtio*
        [ -e "$1" ] || break
        tries=$((tries + 1))
        usleep 100000
    done
}
agent &
# What the guest sees of the machine, on one line.
seen() {
    for nic in /sys/class/net/eth* /sys/class/net/en*; do
        [ -e "$nic" ] && echo -n "${nic##*/}=$(cat $nic/address):$(cat $nic/carrier 2>/dev/null) "
    done
    for disk in /sys/block/[vsh]d* /sys/block/sr*; do
        [ -e "$disk" ] && echo -n "${disk##*/}=$(cat $disk/size) "
    done
    for pci in /sys/bus/pci/devices/*; do
        [ -e "$pci" ] && echo -n "$(cat $pci/vendor):$(cat $pci/device) "
    done | sed 's/0x//g'
    echo
}
if [ "$VD_WATCH" ]; then
    while :; do
        now=$(seen)
        [ "$now" = "$was" ] || echo "seen: $now"
        was=$now
        usleep 300000
    done &
fi
if [ "$VD_TCP" ]; then
    nc -ll -p "$VD_TCP" -e /bin/true &
fi
echo "guest is up"
case $VD_LOAD in
cpu) while :; do :; done & ;;
disk)
    while :; do
        dd if=/dev/zero of=/dev/vda bs=64k count=16 conv=fsync
        echo 3 >/proc/sys/vm/drop_caches
        dd if=/dev/vda of=/dev/null bs=64k count=16
    done 2>/dev/null &
    ;;
esac
while :; do
    setsid cttyhack sh
done
EOF
cat >"$root/dhcp" <<'EOF'
#!/bin/busybox sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
/bin/ip addr add "$ip/${mask:-24}" dev "$interface"
echo "address $ip" >/dev/console
EOF
sed -i 's,^#!/bin/sh$,#!/bin/busybox sh,' "$root/init"
chmod 755 "$root/init" "$root/dhcp" "$root/bin/busybox"
rm -f "$dir/root.img"
mke2fs -q -t ext4 -L guest-root -E root_owner=0:0 -d "$root" "$dir/root.img" 64M >/dev/null
(cd "$root" && mkdir -p dev && find . | cpio --quiet -R 0:0 -o -H newc | gzip -9) >"$dir/initrd"
rm -rf "$dir/pkg" "$dir/root" "$dir/lists"
touch "$dir/stamp"
say "$(du -k "$dir/vmlinuz" | cut -f1) KiB kernel, $(du -k "$dir/initrd" | cut -f1) KiB initramfs"
