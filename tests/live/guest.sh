#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# guest.sh DIR: makes the guest of the live tests: DIR/vmlinuz and DIR/initrd. The kernel is Debian's cloud kernel,
# taken out of its package without installing it; the rest is busybox. Boots in 2 s without hardware
# virtualization in 96 MiB. Needs no root.
#
# What the guest does: prints "guest is up" to ttyS0, takes an address by DHCP on each NIC and prints it, gives a
# shell on ttyS0, and powers off when its power button is pressed. On the kernel's command line:
#   VD_BUTTON=ignore   it does not listen to the power button
#   VD_LOAD=cpu        it keeps one CPU busy
#   VD_LOAD=disk       it reads and writes its first disk all the time
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
    virtio_blk virtio_scsi virtio_console virtio_balloon virtio-rng evdev button scsi_common scsi_mod libata
    ata_piix ahci libahci cdrom sr_mod'

root=$dir/root
rm -rf "$root" "$dir/pkg"
mkdir -p "$root/bin" "$root/modules" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$dir/pkg"

# Fetches the kernel's package into pkg/. Where apt has no lists, it uses lists of its own under DIR.
meta=linux-image-cloud-$(dpkg --print-architecture)
fetch() {
    package=$(apt-cache "$@" depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    [ -n "$package" ] || return 1
    say "downloading $package (not installed on this machine)"
    (cd "$dir/pkg" && apt-get -qq "$@" download "$package" </dev/null)
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

for m in $modules; do
    file=$(find "$dir/pkg/x" -name "$m.ko" -o -name "$m.ko.xz" | head -n 1)
    case $file in
    '') continue ;;
    *.xz) xz -dc "$file" >"$root/modules/$m.ko" ;;
    *) cp "$file" "$root/modules/$m.ko" ;;
    esac
    echo "$m" >>"$root/modules/order"
done

cp "$(command -v busybox)" "$root/bin/busybox"
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
(cd "$root" && mkdir -p dev && find . | cpio --quiet -R 0:0 -o -H newc | gzip -9) >"$dir/initrd"
rm -rf "$dir/pkg" "$dir/root" "$dir/lists"
touch "$dir/stamp"
say "$(du -k "$dir/vmlinuz" | cut -f1) KiB kernel, $(du -k "$dir/initrd" | cut -f1) KiB initramfs"
