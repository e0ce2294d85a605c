# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What the live tests of autostart share: libvirt's own events, written down, and questions to them.

# events_watch: begins to write down lifecycle events; returns when libvirt tells them.
events_watch() {
    virsh -c $URI event --event lifecycle --loop --timestamp >"$TEST_TMP/events" 2>&1 &
    events_pid=$!
    at_exit_do "kill $events_pid 2>/dev/null"
    # One that is there for the asking: a network of no use to anybody else would raise none.
    guest_define event-probe net=no serial=no
    wait_for 20 events_come
}

events_come() {
    v start event-probe --paused >/dev/null 2>&1
    v destroy event-probe >/dev/null 2>&1
    grep -q event-probe "$TEST_TMP/events" && v undefine event-probe >/dev/null
}

# event_ms NAME WORD: milliseconds since 1970 at which libvirt first told that of it; empty: never.
event_ms() {
    event_at=$(sed -n "s/^\([-0-9]* [0-9:.]*\)+0000: event 'lifecycle' for domain '\{0,1\}$1'\{0,1\}: $2.*/\1/p" "$TEST_TMP/events" |
        head -n 1)
    [ -z "$event_at" ] || date -u -d "$event_at" +%s%3N
}

# event_count NAME WORD
event_count() {
    grep -c "event 'lifecycle' for domain '\{0,1\}$1'\{0,1\}: $2" "$TEST_TMP/events"
}

# host_config JSON: limits and defaults of the host.
host_config() {
    mkdir -p /etc/virtdeck
    printf '%s\n' "$1" >/etc/virtdeck/autostart.json
}

# cheap_define NAME [XML]: a domain whose firmware finds nothing to boot: it runs, and costs nothing. XML: devices.
cheap_define() {
    cat >"$TEST_TMP/cheap.xml" <<EOF
<domain type='qemu'><name>$1</name><memory unit='KiB'>${cheap_memory:-16384}</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><features><acpi/></features>
<devices>${2-}<memballoon model='none'/></devices></domain>
EOF
    v define "$TEST_TMP/cheap.xml" >/dev/null
}

# domains_running N: so many run.
domains_running() {
    [ "$(v list --name | grep -c .)" = "$1" ]
}

# whole_root: systemd wants / to be a mount, which in a chroot it is not: there the script begins anew, below a mount of
# the same files.
whole_root() {
    if mountpoint -q / || [ -n "${LIVE_ROOT-}" ]; then
        return 0
    fi
    LIVE_ROOT=y
    export LIVE_ROOT
    mkdir -p /run/live-root
    mount --rbind / /run/live-root || return
    exec chroot /run/live-root sh -c 'cd "$1" && exec sh "$2"' - "$PWD" "$top/tests/live/${0##*/}"
}
