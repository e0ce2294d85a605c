#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The units under a systemd of their own, which is process 1 of a namespace: enabling, the start, a stop that leaves
# domains alone, and the shutdown of this "host", which does not. libvirtd and the guests live outside, so that
# they can be looked at when that systemd has ended.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/autostart-lib.sh"

whole_root
systemd=/usr/lib/systemd/systemd
[ -x $systemd ] || systemd=/lib/systemd/systemd
if [ ! -x $systemd ]; then
    skip "needs systemd"
    done_testing
fi
cgroups=$TEST_TMP/cgroups
mkdir -p "$cgroups"
# The hierarchy that systemd wants for itself.
cgroup_mount="mount -t cgroup2 cgroup2"
# Newer ones want the second version; where the kernel has none, older ones do with the first.
if $cgroup_mount "$cgroups" 2>/dev/null; then
    umount "$cgroups"
else
    cgroup_mount="mount -t cgroup -o none,name=systemd,xattr cgroup"
fi
if ! $cgroup_mount "$cgroups" 2>/dev/null; then
    skip "needs to mount control groups"
    done_testing
fi
umount "$cgroups"

# ---- the systemd: no unit and no generator of this machine's ----
units=/etc/systemd/system
mount -t tmpfs tmpfs /etc/systemd || exit 1
mkdir -p $units/multi-user.target.wants "$TEST_TMP/none"
for unit in shutdown.target umount.target final.target exit.target systemd-exit.service multi-user.target \
    local-fs.target remote-fs.target slices.target; do
    for dir in /usr/lib/systemd/system /lib/systemd/system; do
        [ -e $dir/$unit ] && cp $dir/$unit $units/ && break
    done
done
for unit in sysinit basic network-online time-sync virt-guest-shutdown; do
    printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $unit >$units/$unit.target
done
# What libvirt's own unit would find when it is stopped; and the rival.
cat >$units/libvirtd.service <<EOF
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
ExecStop=/bin/sh -c 'virsh -q -c $URI list --name >$TEST_TMP/left'
[Install]
WantedBy=multi-user.target
EOF
cat >$units/libvirt-guests.service <<EOF
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo >>$TEST_TMP/rival'
[Install]
WantedBy=multi-user.target
EOF
ln -s ../libvirtd.service ../libvirt-guests.service $units/multi-user.target.wants/

# power_on: one life of the host. What its systemd and its units say is in $TEST_TMP/console. boot: until it is up.
power_on() {
    cat >"$TEST_TMP/boot.sh" <<EOF
mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
dir=/sys/fs/cgroup
case '$cgroup_mount' in *name=systemd*) mkdir \$dir/systemd && dir=\$dir/systemd ;; esac
$cgroup_mount \$dir
mkdir -p /run/systemd/system
mount --bind $TEST_TMP/console /dev/console
exec env -i container=other PATH="\$PATH" SYSTEMD_UNIT_PATH=$units SYSTEMD_GENERATOR_PATH=$TEST_TMP/none \\
    $systemd --system --unit=multi-user.target --log-target=console --default-standard-output=inherit
EOF
    rm -rf /run/systemd
    : >>"$TEST_TMP/console"
    unshare -mpfC --propagation unchanged --kill-child --mount-proc sh "$TEST_TMP/boot.sh" >>"$TEST_TMP/console" 2>&1 </dev/null &
    boot_pid=$!
}

boot() {
    power_on
    wait_for 60 host_is_up
}

# inside COMMAND…: on this host; systemd talks to nobody from outside its process namespace.
inside() {
    nsenter -t "$(pgrep -P "$boot_pid")" -m -p -r -w -- "$@"
}

sctl() {
    inside systemctl "$@"
}

vd_inside() {
    inside "$VIRTDECK" -c $URI "$@"
}

host_is_up() {
    case $(sctl is-system-running 2>/dev/null) in running | degraded) ;; *) return 1 ;; esac
}

host_is_gone() {
    ! kill -0 "$boot_pid" 2>/dev/null
}

host_goes_down() {
    sctl --no-block exit 2>/dev/null && wait_for 120 host_is_gone
}

show_console() {
    note "$(tail -n 40 "$TEST_TMP/console")"
}

is_active() {
    [ "$(sctl is-active "virtdeck-$1.service")" = active ]
}

check "libvirtd starts" daemon_start || done_testing
# However busy this machine is.
host_config '{ "load-ceiling": 1000 }'
guest_define first net=no
guest_define second net=no
cheap_define broken "<disk type='file' device='disk'><source file='/none.img'/><target dev='hda'/></disk>"
vd autostart first order=10 stop-timeout=60s restart=on-crash restart-pause=1s >/dev/null
vd autostart second order=20 stop-timeout=60s >/dev/null
vd autostart broken order=30 >/dev/null

if ! check "a systemd starts" boot; then
    show_console
    done_testing
fi
check "the rival, too" test -s "$TEST_TMP/rival"

# ---- enable ----
exits "enable says what is in the way" 1 vd_inside autostart enable --yes
like "and the remedy" "$err" '[-]-replace-libvirt-guests'
exits "enable without --yes shows the steps" 2 vd_inside autostart enable --replace-libvirt-guests
like "that it writes a unit" "$out" "^write $units/virtdeck-autostart.service"
like "that systemd reads it" "$out" '^systemctl daemon-reload'
like "that it disables the rival" "$out" '^systemctl disable libvirt-guests.service'
check "and has done nothing" test ! -e $units/virtdeck-autostart.service
exits "enable" 0 vd_inside autostart enable --replace-libvirt-guests --yes
for unit in autostart supervise; do
    is "virtdeck-$unit is enabled" "$(sctl is-enabled virtdeck-$unit)" enabled
done
is "the rival is not" "$(sctl is-enabled libvirt-guests)" disabled
is "but has not been stopped" "$(sctl is-active libvirt-guests)" active
is "nothing has been started" "$(v list --name | grep -c .)" 0
exits "enable again" 0 vd_inside autostart enable --yes
like "has nothing to do" "$out" 'nothing to do'
unlike "check finds nothing wrong with the units" "$(vd_inside autostart check 2>&1)" 'service is not (enabled|installed)|nobody'
check "the host goes down" host_goes_down || show_console

# ---- the next boot ----
: >"$TEST_TMP/rival"
check "the host boots" boot || show_console
check "first runs" state_is first running
check "second runs" state_is second running
check "broken does not" state_is broken "shut off"
check "the unit is active though one domain failed" is_active autostart
eventually "the supervisor runs" 20 is_active supervise
check "the rival was not started" test ! -s "$TEST_TMP/rival"
for g in first second; do
    eventually "$g boots" 150 booted $g
done
exits "the run is there to be looked at" 0 vd_inside autostart status
like "with what failed" "$out" 'broken.*fail'

# ---- the supervisor, as locked in as it is ----
qemu_of() {
    cat "/run/libvirt/qemu/$1.pid"
}
runs_anew() {
    state_is first running && [ "$(qemu_of first)" != "$was" ]
}
was=$(qemu_of first)
kill -KILL "$was"
eventually "a QEMU that was killed is started again" 30 runs_anew
eventually "and boots" 150 booted first

was=$(qemu_of second)
exits "the unit is stopped" 0 sctl stop virtdeck-autostart
exits "and the supervisor" 0 sctl stop virtdeck-supervise
is "which is no failure" "$(sctl is-failed virtdeck-autostart) $(sctl is-failed virtdeck-supervise)" \
    "inactive inactive"
is "both domains run on" "$(state_of first) $(state_of second)" "running running"
exits "the unit is started again" 0 sctl start virtdeck-autostart virtdeck-supervise
exits "and restarted" 0 sctl restart virtdeck-autostart
is "with the same guest" "$(qemu_of second)" "$was"
check "it is active" is_active autostart

# ---- the shutdown ----
check "libvirt tells its events" events_watch
check "the host goes down in time" host_goes_down || show_console
is "first was shut down" "$(v domstate --reason first)" "shut off (shutdown)"
is "second was shut down" "$(v domstate --reason second)" "shut off (shutdown)"
check "second before first" test "$(event_ms second Stopped)" -le "$(event_ms first Stopped)"
check "when libvirt's unit was stopped, none ran" test -f "$TEST_TMP/left" -a ! -s "$TEST_TMP/left" || show_console

# ---- a shutdown while the start is under way ----
vd autostart second order=20 delay=10m >/dev/null
power_on
eventually "first is started" 60 state_is first running
eventually "and boots" 150 booted first
is "the unit is still at it" "$(sctl is-active virtdeck-autostart)" activating
check "the host goes down in time" host_goes_down || show_console
is "first was shut down" "$(v domstate --reason first)" "shut off (shutdown)"
is "second was not started" "$(state_of second)" "shut off"
vd autostart second order=20 delay= >/dev/null

# ---- disable ----
check "the host boots once more" boot || show_console
exits "disable" 0 vd_inside autostart disable --yes
like "tells of the rival" "$out" 'libvirt-guests.service stays disabled'
check "the units are gone" test ! -e $units/virtdeck-autostart.service -a ! -e $units/virtdeck-supervise.service
is "and none is active" "$(sctl is-active virtdeck-autostart)" inactive
is "both domains run on" "$(state_of first) $(state_of second)" "running running"
exits "disable again" 0 vd_inside autostart disable --yes
like "has nothing to do" "$out" 'nothing to do'
check "the host goes down" host_goes_down || show_console
is "and nobody stops the domains" "$(state_of first) $(state_of second)" "running running"
unlike "systemd found nothing wrong with the units" "$(cat "$TEST_TMP/console")" \
    'virtdeck-[a-z]*\.service:.*(Unknown|Failed to parse|ignoring|Invalid)'
done_testing
