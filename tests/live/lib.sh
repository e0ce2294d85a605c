# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What live tests use, beside tests/lib.sh: the daemon in the namespace that libvirtd.sh made, guests, virsh.

: "${GUEST:=$top/build/guest}"
URI=qemu:///system
images=/var/lib/libvirt/images

in_namespace() {
    [ -n "${LIVE_PID1-}" ]
}
in_namespace || {
    echo "run it by: sh tests/live/libvirtd.sh $0" >&2
    finished=y
    exit 2
}

# /run is the namespace's own: what is there for the whole host is tried as it is.
unset VIRTDECK_RUNTIME_DIR

# ---- the daemon ----

daemon_pid() {
    cat /run/libvirtd.pid 2>/dev/null
}

daemon_answers() {
    virsh -q -r -c $URI version >/dev/null 2>&1
}

# Starts virtlogd (once) and libvirtd; returns when it answers.
daemon_start() {
    if ! kill -0 "$(cat /run/virtlogd.pid 2>/dev/null || echo x)" 2>/dev/null; then
        virtlogd -d -p /run/virtlogd.pid
    fi
    # No --timeout: it must not leave by itself when nobody is connected.
    libvirtd -d -p /run/libvirtd.pid
    if ! wait_for 30 daemon_answers; then
        echo "# libvirtd does not answer:"
        tail -n 20 /var/log/libvirt/libvirtd.log | sed 's/^/#   /'
        return 1
    fi
}

gone() {
    ! kill -0 "$1" 2>/dev/null
}

daemon_kill() {
    daemon_was=$(daemon_pid)
    kill -KILL "$daemon_was"
    wait_for 10 gone "$daemon_was"
    rm -f /run/libvirtd.pid
}

daemon_stop() {
    daemon_was=$(daemon_pid)
    kill -TERM "$daemon_was"
    wait_for 30 gone "$daemon_was"
}

# SIGSTOP and SIGCONT: a daemon that is there and says nothing.
daemon_freeze() {
    kill -STOP "$(daemon_pid)"
}

daemon_thaw() {
    kill -CONT "$(daemon_pid)"
}

# ---- guests ----

v() {
    virsh -q -c $URI "$@"
}

# The default network; addresses 192.168.122.2 and up.
network_start() {
    cat >"$TEST_TMP/network.xml" <<'EOF'
<network>
  <name>default</name>
  <forward mode='nat'/>
  <bridge name='virbr0' stp='off' delay='0'/>
  <ip address='192.168.122.1' netmask='255.255.255.0'>
    <dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp>
  </ip>
</network>
EOF
    v net-define "$TEST_TMP/network.xml" >/dev/null && v net-start default >/dev/null && v net-autostart default >/dev/null
}

# guest_xml NAME [OPTION=VALUE…]: prints a domain definition.
#   memory=KiB (98304)   vcpus=N (1)        disk=no|SIZE (no)   net=yes|no (yes)    cmdline=WORDS
#   title=TEXT           uuid=UUID          serial=log|no (log) extra=XML (among the devices)
#   machine=TYPE (pc)    cpu=XML (in <cpu>)   top=XML (among the domain's own)
# NAME and title are put in as they are: the caller escapes &, <, '.
guest_xml() {
    g_name=$1
    shift
    g_memory=98304 g_vcpus=1 g_disk=no g_net=yes g_cmdline= g_title= g_uuid= g_serial=log g_extra= g_file=$g_name g_machine=pc g_cpu= g_top=
    for g_option in "$@"; do
        case ${g_option%%=*} in
        memory | vcpus | disk | net | cmdline | title | uuid | serial | extra | file | machine | cpu | top)
            eval "g_${g_option%%=*}=\${g_option#*=}"
            ;;
        *)
            echo "guest_xml: unknown option $g_option" >&2
            return 1
            ;;
        esac
    done
    g_devices=
    if [ "$g_disk" != no ]; then
        qemu-img create -q -f qcow2 "$images/$g_file.qcow2" "$g_disk" >&2 || return 1
        g_devices="<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
        <source file='$images/$g_file.qcow2'/><target dev='vda' bus='virtio'/></disk>"
    fi
    if [ "$g_net" = yes ]; then
        g_devices="$g_devices<interface type='network'><source network='default'/><model type='virtio'/>
        <rom enabled='no'/></interface>"
    fi
    if [ "$g_serial" = log ]; then
        g_log="<log file='/var/log/libvirt/qemu/$g_file-serial.log' append='off'/>"
    else
        g_log=
    fi
    cat <<EOF
<domain type='qemu'>
  <name>$g_name</name>
  ${g_uuid:+<uuid>$g_uuid</uuid>}
  ${g_title:+<title>$g_title</title>}
  $g_top
  <memory unit='KiB'>$g_memory</memory>
  <vcpu>$g_vcpus</vcpu>
  <os>
    <type arch='x86_64' machine='$g_machine'>hvm</type>
    <kernel>$GUEST/vmlinuz</kernel>
    <initrd>$GUEST/initrd</initrd>
    <cmdline>quiet console=ttyS0 panic=-1 mitigations=off nokaslr no_timer_check $g_cmdline</cmdline>
  </os>
  <features><acpi/></features>
  <cpu mode='custom'><model>qemu64</model>$g_cpu</cpu>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
    $g_devices
    <serial type='pty'>$g_log<target port='0'/></serial>
    <memballoon model='virtio'><stats period='1'/></memballoon>
    $g_extra
  </devices>
</domain>
EOF
}

# guest_define NAME [OPTION=VALUE…]
guest_define() {
    guest_xml "$@" >"$TEST_TMP/guest.xml" && v define "$TEST_TMP/guest.xml" >/dev/null
}

# guests_define N [OPTION=VALUE…]: guest01 … guestNN
guests_define() {
    guests_n=$1
    shift
    guests_i=1
    while [ $guests_i -le "$guests_n" ]; do
        guest_define "$(printf 'guest%02d' $guests_i)" "$@" || return 1
        guests_i=$((guests_i + 1))
    done
}

# State as virsh words it: running, paused, "shut off".
state_of() {
    v domstate "$1" 2>/dev/null
}

state_is() {
    [ "$(state_of "$1")" = "$2" ]
}

# booted NAME [TIMES]: the guest's init ran (so often since its QEMU started): its power button works from here on.
# Needs serial=log.
booted() {
    [ "$(grep -c 'guest is up' "/var/log/libvirt/qemu/$1-serial.log" 2>/dev/null)" -ge "${2-1}" ] 2>/dev/null
}

# For env: a sanitizer's report of another user's program goes to where he may write; newer ones end the program else.
reports="ASAN_OPTIONS=${ASAN_OPTIONS-}:log_path=stderr UBSAN_OPTIONS=${UBSAN_OPTIONS-}:log_path=stderr
    TSAN_OPTIONS=${TSAN_OPTIONS-}:log_path=stderr"

vd() {
    "$VIRTDECK" -c $URI "$@"
}
