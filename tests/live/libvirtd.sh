#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# libvirtd.sh [--shell | SCRIPT [ARG…]]: runs a test script beside a libvirtd and a virtlogd of its own, in mount, PID
# and network namespaces of their own, with empty /run, /etc/libvirt and state folders. Everything ends with the
# namespace. The machine's own libvirt is neither used nor touched; this is checked afterwards. Root only.
#
# --shell: the same with a shell, to look around in.
set -u
LC_ALL=C.UTF-8
export LC_ALL
export PATH="$PATH:/usr/sbin:/sbin"
here=$(cd "$(dirname "$0")" && pwd)
# Where libvirt, swtpm for it, and virtdeck for a whole host keep things; inside, each is an empty folder.
covered='/run /var/lib/libvirt /var/log/libvirt /var/cache/libvirt /etc/libvirt /var/lib/virtdeck /etc/virtdeck /var/lib/swtpm-localca /var/log/swtpm'

if [ "${1-}" != --inside ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "1..0 # SKIP live tests need root (namespaces of their own)"
        exit 0
    fi
    # What must be the same before and after. A libvirtd of the machine may write to its logs and status files
    # by itself, so names, not contents, are compared there.
    machine() {
        find /etc/libvirt /var/lib/libvirt /run/libvirt /var/log/libvirt 2>/dev/null | sort
        find /etc/libvirt -type f -exec cksum {} + 2>/dev/null | sort
        ls -d /sys/fs/cgroup/machine* /sys/fs/cgroup/*/machine* 2>/dev/null
        ls /sys/class/net
    }
    # What is mounted over must exist. Debian 12 has some of them only with its system-wide libvirtd. Scripts may run
    # beside one another: the last one of those that use the folders takes away what was made.
    made=${TMPDIR:-/tmp}/virtdeck-live-made
    exec 9>>"$made"
    flock -s 9
    for d in $covered; do
        if [ ! -d "$d" ]; then
            mkdir -p "$d" || exit 1
            echo "$d" >>"$made"
        fi
    done
    before=$(machine)
    # --kill-child: when this process dies, so does all that is inside.
    unshare -mnpf --propagation unchanged --kill-child --mount-proc sh "$here/libvirtd.sh" --inside "$@" 9>&-
    status=$?
    after=$(machine)
    if flock -n -x 9; then
        sort -r "$made" | while read -r d; do
            rmdir "$d" 2>/dev/null
        done
        rm -f "$made"
    fi
    if [ "$before" != "$after" ]; then
        echo "not ok - the machine's own libvirt is as it was before"
        diff=$(mktemp)
        printf '%s\n' "$before" >"$diff"
        printf '%s\n' "$after" | diff "$diff" - | sed 's/^/#   /'
        rm -f "$diff"
        exit 1
    fi
    exit $status
fi
shift

# ---- inside: process 1 of the namespace. It stays, as the one who collects dead children. ----
# Nothing mounted from here on may be seen outside. In a chroot, / is no mount, and the mount that holds it can
# only be named from above: out, and in again.
if [ -z "${LIVE_PRIVATE-}" ] && ! mount --make-rprivate / 2>/dev/null; then
    mkdir -p /tmp
    exec perl -e '
        opendir(my $home, "/") or die; my $sub = "/tmp/live-$$";
        mkdir $sub; chroot $sub or die "chroot: $!"; chdir $home or die;
        chdir ".." for 1..64; chroot "." or die;
        system("mount", "--make-rprivate", "/") == 0 or die "mount: $?";
        chdir $home or die; chroot "." or die; rmdir $sub; chdir shift @ARGV;
        $ENV{LIVE_PRIVATE} = "y"; exec @ARGV' "$PWD" sh "$here/libvirtd.sh" --inside "$@"
fi
for d in $covered; do
    mount -t tmpfs -o mode=755 tmpfs "$d" || exit 1
done
# The user that Debian's libvirt looks for even where qemu.conf names another; Debian 12 makes it only with its
# system-wide libvirtd.
for file in passwd:libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin group:libvirt-qemu:x:64055:; do
    line=${file#*:}
    file=${file%%:*}
    if ! getent "$file" libvirt-qemu >/dev/null; then
        cp "/etc/$file" "/run/$file"
        echo "$line" >>"/run/$file"
        mount --bind "/run/$file" "/etc/$file" || exit 1
    fi
done
# The network interfaces that /sys tells of are those of the namespace that it was mounted in.
if [ -d /sys/fs/cgroup ]; then
    mkdir -p /run/cgroup
    mount --rbind /sys/fs/cgroup /run/cgroup && mount -t sysfs sysfs /sys && mount --rbind /run/cgroup /sys/fs/cgroup
fi
mkdir -p /run/lock /run/libvirt /var/lib/libvirt/qemu /var/lib/libvirt/images /var/lib/libvirt/dnsmasq \
    /var/log/libvirt/qemu /var/cache/libvirt/qemu /etc/libvirt/qemu/networks
chmod 1777 /run/lock
# Guests without users, AppArmor or cgroups of the machine; the only limits of the namespace.
cat >/etc/libvirt/qemu.conf <<'EOF'
user = "root"
group = "root"
security_driver = "none"
swtpm_user = "root"
swtpm_group = "root"
dynamic_ownership = 0
remember_owner = 0
namespaces = []
cgroup_controllers = []
max_core = 0
EOF
cat >/etc/libvirt/libvirtd.conf <<'EOF'
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
EOF
: >/etc/libvirt/virtlogd.conf
ip link set lo up
export LIVE_PID1=$$
export TMUX_TMPDIR=/run
unset LIBVIRT_DEFAULT_URI VIRTDECK_URI DBUS_SYSTEM_BUS_ADDRESS XDG_RUNTIME_DIR VIRTDECK_RUNTIME_DIR
# A user with a session of their own has none in here.
export LIBVIRT_DEFAULT_URI=qemu:///system

if [ "${1-}" = --shell ]; then
    (. "$here/lib.sh" && finished=y && daemon_start) </dev/null
    "${SHELL:-sh}"
else
    sh "$@"
fi
status=$?
# The guests and daemons end with this process.
exit $status
