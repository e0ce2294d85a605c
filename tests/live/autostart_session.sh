#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The user's units under a systemd of a user: the session's libvirt and its QEMUs are children of the unit that asked
# for them first, and outlive it; they are shut down when the user's systemd ends.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/autostart-lib.sh"
URI=qemu:///session

whole_root
systemd=/usr/lib/systemd/systemd
[ -x $systemd ] || systemd=/lib/systemd/systemd
if [ ! -x $systemd ]; then
    skip "needs systemd"
    done_testing
fi
mkdir -p "$TEST_TMP/cgroups" "$TEST_TMP/none"
cgroup_mount="mount -t cgroup2 cgroup2"
# Newer ones want the second version; where the kernel has none, older ones do with the first.
if $cgroup_mount "$TEST_TMP/cgroups" 2>/dev/null; then
    umount "$TEST_TMP/cgroups"
else
    cgroup_mount="mount -t cgroup -o none,name=systemd,xattr cgroup"
fi
if ! $cgroup_mount "$TEST_TMP/cgroups" 2>/dev/null; then
    skip "needs to mount control groups"
    done_testing
fi
umount "$TEST_TMP/cgroups"

# To libvirt a session of root's is the system. Short: paths of sockets have little room.
as_user="setpriv --reuid=65534 --regid=65534 --clear-groups"
HOME=/run/home
XDG_RUNTIME_DIR=/run/user
XDG_CONFIG_HOME=$HOME/.config
export HOME XDG_RUNTIME_DIR XDG_CONFIG_HOME
unset LIBVIRT_DEFAULT_URI XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME
mkdir -p /run/user /run/systemd/system "$HOME/.config"
# However busy this machine is.
mkdir -p "$HOME/.config/virtdeck"
echo '{ "load-ceiling": 1000 }' >"$HOME/.config/virtdeck/autostart.json"
chown -R 65534:65534 /run/user $HOME
chmod 700 /run/user
chmod 711 "$TEST_TMP"
# Where the user may reach them, wherever the source is.
mkdir -p /run/reach
cp "$VIRTDECK" "$GUEST/vmlinuz" "$GUEST/initrd" /run/reach/
VIRTDECK=/run/reach/${VIRTDECK##*/}
GUEST=/run/reach
units=$HOME/.config/systemd/user
vendor=/run/units
mkdir -p $vendor
for unit in shutdown.target exit.target systemd-exit.service default.target basic.target; do
    for dir in /usr/lib/systemd/user /lib/systemd/user; do
        [ -e $dir/$unit ] && cp $dir/$unit $vendor/ && break
    done
done
for unit in basic default; do
    printf '[Unit]\nDescription=%s\n' $unit >$vendor/$unit.target
done

# log_in: the user's systemd, process 1 of a namespace, in which everything of the session lives.
log_in() {
    cat >"$TEST_TMP/log_in.sh" <<EOF
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
dir=/sys/fs/cgroup
case '$cgroup_mount' in *name=systemd*) mkdir \$dir/systemd && dir=\$dir/systemd ;; esac
$cgroup_mount \$dir
mkdir -p \$dir/user
echo \$\$ >\$dir/user/cgroup.procs
chown -R 65534:65534 \$dir/user
export SYSTEMD_UNIT_PATH=$units:$vendor SYSTEMD_GENERATOR_PATH=$TEST_TMP/none
$as_user $systemd --user --log-target=console \\
    --default-standard-output=inherit &
wait
EOF
    rm -rf /run/user/*
    unshare -mpfC --propagation unchanged --kill-child --mount-proc sh "$TEST_TMP/log_in.sh" >>"$TEST_TMP/console" 2>&1 </dev/null &
    login_pid=$!
    wait_for 60 logged_in
}

inside() {
    nsenter -t "$(pgrep -P "$login_pid")" -m -p -r -w -- $as_user "$@"
}

sctl() {
    inside systemctl --user "$@"
}

vs() {
    inside virsh -q -c $URI "$@"
}

vd() {
    inside "$VIRTDECK" -c $URI "$@"
}

logged_in() {
    case $(sctl is-system-running 2>/dev/null) in running | degraded) ;; *) return 1 ;; esac
}

logged_out() {
    ! kill -0 "$login_pid" 2>/dev/null
}

log_out() {
    sctl --no-block exit 2>/dev/null && wait_for 120 logged_out
}

runs() {
    [ "$(vs domstate mine 2>/dev/null)" = running ]
}

guest_booted() {
    grep -qs 'guest is up' "$HOME/serial.log"
}

show_console() {
    note "$(tail -n 40 "$TEST_TMP/console")"
}

if ! check "a user's systemd starts" log_in; then
    show_console
    done_testing
fi
guest_xml mine net=no serial=no \
    "extra=<serial type='file'><source path='$HOME/serial.log'/><target port='0'/></serial>" |
    sed "/<serial type='pty'>/d" >"$TEST_TMP/mine.xml"
check "a domain of the session" vs define "$TEST_TMP/mine.xml"
exits "a policy" 0 vd autostart mine order=10 stop-timeout=60s
exits "enable" 0 vd autostart enable --yes
like "writes the user's unit" "$out" "^write $units/virtdeck-autostart.service"
like "speaks of lingering" "$out" 'loginctl enable-linger'
is "it is enabled" "$(sctl is-enabled virtdeck-autostart)" enabled
check "nothing of the system's was touched" test ! -e /etc/systemd/system/virtdeck-autostart.service
check "the user logs out" log_out || show_console

check "the user logs in" log_in || show_console
eventually "the domain runs" 60 runs
eventually "and boots" 150 guest_booted
unit_is_active() {
    [ "$(sctl is-active virtdeck-autostart)" = active ]
}
eventually "the unit is active" 20 unit_is_active
exits "the units are stopped" 0 sctl stop virtdeck-autostart virtdeck-supervise
check "the domain runs on, though its QEMU is a child of the unit" runs
exits "the unit is started again" 0 sctl start virtdeck-autostart
check "the user logs out" log_out || show_console
like "the domain was shut down" "$(tail -n 3 "$HOME/.cache/libvirt/qemu/log/mine.log")" 'shutting down, reason=shutdown'

check "the user logs in again" log_in || show_console
exits "disable" 0 vd autostart disable --yes
check "the units are gone" test ! -e "$units/virtdeck-autostart.service" -a ! -e "$units/virtdeck-supervise.service"
check "the user logs out" log_out || show_console
unlike "systemd found nothing wrong with the units" "$(cat "$TEST_TMP/console")" \
    'virtdeck-[a-z]*\.service:.*(Unknown|Failed to parse|ignoring|Invalid)'
done_testing
