#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every kind of device by keys: added with `a` and its form, a field changed in the form, removed with `d`; virsh is
# asked after each step. A row is
#   GUEST KIND | LABEL=VALUE, … typed into the form of the new one | its name in the pane | what virsh then shows of
#   it | now and next, or next | LABEL=VALUE of the change | what virsh shows then, in the next boot's definition
# in which what virsh shows is an extended regular expression over the definition on one line, and
#   a LABEL without value is a switch, which Enter turns; SPACE instead of a change: the row's first toggle is turned.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/change-lib.sh"
. "$top/tests/terminal/lib.sh"
need qemu-img jq

check "libvirtd starts" daemon_start || done_testing
network_start
v pool-define-as default dir --target $images >/dev/null && v pool-start default >/dev/null
q35_define on
guest_define off machine=q35 net=no serial=no memory=262144 \
    cpu="<numa><cell id='0' cpus='0' memory='262144' unit='KiB'/></numa>" \
    top="<maxMemory slots='4' unit='KiB'>1048576</maxMemory>" extra="<controller type='usb' model='qemu-xhci'/>
    <controller type='virtio-serial'/><controller type='scsi' model='virtio-scsi'/><audio id='1' type='none'/>"
# Debian 13 has QEMU without SPICE.
q35_define spice extra="<graphics type='spice' autoport='yes'/>" 2>/dev/null && with_spice=y || with_spice=
check "a guest starts" v start on || done_testing
eventually "the guest boots" 150 booted on
qemu-img create -q -f raw $images/floppy.img 1M
term_wait=${KEYS_WAIT-20}

# ---- keys: each one's effect is waited for before the next ----

# wait_no_text REGEX [SECONDS]
wait_no_text() {
    wait_for "${2-$term_wait}" screen_lacks "$1"
}

# The line (from 1) of the screen that a regular expression finds first, of what the last look saw.
look() {
    screen >"$TEST_TMP/screen"
}
line_of() {
    grep -nE -e "$1" "$TEST_TMP/screen" | head -n 1 | cut -d: -f1
}
# steps KEY N
steps() {
    [ "$2" -le 0 ] || tm send-keys -t $term_session -N "$2" "$1"
}

# to_device REGEX: the pane's cursor goes to that row.
at_top() {
    screen | grep -A 1 -E '^ *KIND +NAME ' | tail -n 1 | grep -q '^[▌>]'
}
to_device() {
    wait_text "^[▌ ].$1" || return 1
    keys Home
    wait_for $term_wait at_top || return 1
    look
    steps Down $(($(line_of "^[▌ ].$1") - $(line_of '^ *KIND +NAME ') - 1))
    wait_text "^▌.$1"
}

# to_field LABEL: the form's cursor goes to that line.
form_top() {
    screen | grep -A 1 -E '│ +FIELD +' | tail -n 1 | grep -q '│ ▌'
}
to_field() {
    keys Home
    wait_for $term_wait form_top || return 1
    look
    to_field_from=$(line_of '│ ▌') to_field_to=$(line_of "│ [▌ ].$1  ")
    [ -n "$to_field_to" ] || return 1
    to_field_more=$(line_of '│ ── (more|advanced) ──')
    # That line is no stop on the way.
    [ -z "$to_field_more" ] || [ "$to_field_more" -gt "$to_field_to" ] || to_field_to=$((to_field_to - 1))
    steps Down $((to_field_to - to_field_from))
    wait_text "│ ▌.$1  "
}

# fill LABEL[=VALUE]…, separated by commas: into the form.
fill() {
    fill_ifs=$IFS
    IFS=,
    # shellcheck disable=SC2086
    set -- $1
    IFS=$fill_ifs
    for assignment in "$@"; do
        label=${assignment%%=*} value=${assignment#*=}
        to_field "$label" || return 1
        keys Enter
        case $assignment in *=*) ;; *) continue ;; esac
        wait_text 'type to narrow|Tab completes' || return 1
        if screen_has 'type to narrow'; then
            type_text "$value"
            wait_text "│ / $value" || return 1
        else
            keys C-u
            type_text "$value"
            wait_text "│ ▌.$label +.*$value" || return 1
        fi
        keys Enter
        wait_no_text 'type to narrow|Tab completes' || return 1
        wait_text "│ ▌.$label .*$value" || return 1
    done
}

# ---- virsh ----

definition() {
    v dumpxml --security-info "$@" | sed 's/^ *//' | tr '\n' ' '
}
shows_next() {
    definition --inactive "$guest" | grep -Eq -e "$1"
}
shows_now() {
    definition "$guest" | grep -Eq -e "$1"
}
lacks_next() {
    ! shows_next "$1"
}
lacks_now() {
    ! shows_now "$1"
}
without_controllers() {
    v dumpxml --inactive --security-info "$1" | sed '/^    <controller.*[^/]>$/,/^    <.controller>/d; /^    <controller.*\/>/d'
}

# asks_to_remove: a device that has changed may become another one for the pane, which then does nothing.
asks_to_remove() {
    to_device "$name" || return 1
    keys d
    wait_text 'Are you sure|has just changed or gone' || return 1
    screen_has 'Are you sure' || { to_device "$name" && keys d && wait_text 'Are you sure'; }
}

# row: the steps of one; where it fails, $what says at which.
row() {
    what=$kind
    keys a
    wait_text "Add to $guest" || return 1
    type_text "$kind"
    wait_text "│ / $kind  " || return 1
    wait_text "│ ▌$kind  " || return 1
    keys Enter
    wait_text "Add to $guest: .*" || return 1
    wait_no_text 'type to narrow' || return 1
    what="$kind: the form of a new one"
    [ -z "$fields" ] || fill "$fields" || return 1
    keys F2
    wait_no_text "Add to $guest" || return 1
    what="$kind: added, virsh shows it at next boot"
    wait_for 20 shows_next "$expected" || return 1
    if [ "$when" = both ]; then
        what="$kind: added, virsh shows it now"
        wait_for 20 shows_now "$expected" || return 1
    fi
    what="$kind: its row"
    to_device "$name" || return 1
    what="$kind: the change"
    if [ "$change" = SPACE ]; then
        keys Space
    elif [ -n "$change" ]; then
        keys Enter
        wait_text " of $guest ─" || return 1
        fill "$change" || return 1
        keys F2
        wait_no_text " of $guest ─" || return 1
    fi
    what="$kind: changed, virsh shows it at next boot"
    wait_for 20 shows_next "$changed_to" || return 1
    what="$kind: removed"
    asks_to_remove || return 1
    keys y
    wait_no_text 'Are you sure' || return 1
    what="$kind: removed, virsh no longer shows it at next boot"
    wait_for 20 lacks_next "$changed_to" || return 1
    wait_for 5 lacks_next "$expected" || return 1
    if [ "$when" = both ]; then
        what="$kind: removed, virsh no longer shows it now"
        wait_for 40 lacks_now "$expected" || return 1
    fi
    what="$kind: its row is gone"
    wait_no_text "^[▌ ].$name" 20
}

# deck GUEST: the screen with its devices, those that libvirt made, too.
deck() {
    guest=$1
    term_start 120x110 -c $URI
    wait_text "^.{0,3}$guest " || return 1
    keys Home
    deck_left=5
    until wait_text "^▌.{0,3}$guest " 5 || [ $deck_left = 0 ]; do
        keys Down
        deck_left=$((deck_left - 1))
    done
    keys 2
    wait_text '▸Devices◂' || return 1
    keys C-w
    wait_text 'Space Toggle' || return 1
    wait_text '^▌ domain' || return 1
    keys H
    wait_text '^. controller '
}

# Blanks around the bars are for the eye.
rows() {
    guest=
    while IFS='|' read -r kind fields name expected when change changed_to; do
        set -- $kind
        [ $# = 2 ] || continue
        kind=$2
        if [ "$1" != "$guest" ]; then
            [ -z "$guest" ] || leave_deck
            check "the devices of $1" deck "$1" || return
            without_controllers "$1" >"$TEST_TMP/before.xml"
        fi
        for word in fields name expected when change changed_to; do
            eval "$word=\$(echo \"\$$word\" | sed 's/^ *//; s/ *\$//')"
        done
        [ -n "$changed_to" ] || changed_to=$expected
        if row; then
            ok "$guest: $kind added, changed, removed"
        else
            not_ok "$guest: $kind added, changed, removed"
            note "stopped at: $what"
            note "$(screen)"
            note "$(v dumpxml --inactive "$guest" | grep -A 5 -E "<($kind|disk|interface|hostdev)" | head -n 40)"
            # The next row begins anew.
            tm kill-session -t $term_session 2>/dev/null
            deck "$guest" || return
        fi
    done
    leave_deck
}
leave_deck() {
    without_controllers "$guest" >"$TEST_TMP/after.xml"
    if ! check "$guest: nothing else has changed" cmp -s "$TEST_TMP/before.xml" "$TEST_TMP/after.xml"; then
        note "$(diff "$TEST_TMP/before.xml" "$TEST_TMP/after.xml")"
    fi
    tm kill-session -t $term_session 2>/dev/null
}

# Newer libvirt gives a Q35 machine its chipset's watchdog, and wants one action for all.
action=poweroff other_action=pause
case $(v dumpxml --inactive on) in *"model='itco'"*) action=reset other_action= ;; esac
cat >"$TEST_TMP/rows" <<ROWS
on disk | Size=16M | disk +vdb | <target dev='vdb' bus='virtio'/> | both | Bytes/s=1M | <target dev='vdb' bus='virtio'/> <iotune> <total_bytes_sec>1048576<
on nic | Model=virtio,MAC=52:54:00:00:77:01 | nic +net1 | <mac address='52:54:00:00:77:01'/> | both | SPACE | <mac address='52:54:00:00:77:01'/>.*<link state='down'/>
on input | Type=keyboard,Bus=virtio | input +input3 | <input type='keyboard' bus='virtio'> | both | Type=mouse | <input type='mouse' bus='virtio'>
on serial | Target=pci-serial | serial +serial1 | <target type='pci-serial' port='1'> | both | Log file=/tmp/s.log | <log file='/tmp/s.log'/> <target type='pci-serial'
on console | | console +console1 | <target type='virtio' | both | Log file=/tmp/c.log | <log file='/tmp/c.log'/> <target type='virtio'
on channel | Name=org.example.0 | channel +channel0 | <channel type='unix'>.*name='org.example.0' | both | Log file=/tmp/l.log | <log file='/tmp/l.log'/> <target type='virtio' name='org.example.0'/>
on rng | Backend=builtin | rng +rng0 | <rng model='virtio'> <backend model='builtin'/> | both | Rate=1000 | <rate bytes='1000'
on watchdog | Action=$action | watchdog +watchdog[01] +i6300esb | <watchdog model='i6300esb' action='$action'> | both | ${other_action:+Action=$other_action} | <watchdog model='i6300esb' action='${other_action:-$action}'>
on shmem | Size=2M | shmem +shmem0 | <shmem name='shmem0'>.*<size unit='M'>2< | both | Size=8M | <size unit='M'>8<
on controller | Type=scsi | controller +scsi1 | <controller type='scsi' index='1' model='virtio-scsi'> | both | Queues=2 | <controller type='scsi' index='1' model='virtio-scsi'> <driver queues='2'/>
on cdrom | | cdrom +sda | <disk type='file' device='cdrom'>.*<target dev='sda' | next | Media=$images/floppy.img | <source file='$images/floppy.img'/>
on graphics | | graphics +vnc | <graphics type='vnc' port='-1' | next | Port=5999 | <graphics type='vnc' port='5999'
off floppy | | floppy +fda | device='floppy'>.*<target dev='fda' | next | Media=$images/floppy.img | <source file='$images/floppy.img'/>
off disk | Source=$images/floppy.img,Bus=sata | disk +sda | <source file='$images/floppy.img'/> <target dev='sda' bus='sata'/> | next | Cache=none | <driver name='qemu' type='raw' cache='none'/>
off nic | Network=default | nic +net0 | <source network='default'/> | next | Model=e1000e | <model type='e1000e'/>
off video | Model=virtio | video +video0 | <model type='virtio' heads='1' primary='yes'/> | next | Screens=2 | <model type='virtio' heads='2' primary='yes'/>
off sound | | sound +sound0 | <sound model='ich9'> | next | Model=ac97 | <sound model='ac97'>
off audio | | audio +audio2 | <audio id='2' type='none'/> | next | Type=oss | <audio id='2' type='oss'/>
off parallel | | parallel +parallel0 | <parallel type='pty'> | next | Log file=/tmp/p.log | <parallel type='pty'> <log file='/tmp/p.log'/>
off vsock | | vsock +vsock0 | <cid auto='yes'/> | next | Number=77 | <cid auto='no' address='77'/>
off filesystem | Directory=/tmp,Tag=share | filesystem +share | <source dir='/tmp'/> <target dir='share'/> | next | Read-only | <target dir='share'/> <readonly/>
off memory | Size=128M | memory +dimm0 | <size unit='KiB'>131072<.*<node>0< | next | Size=256M | <size unit='KiB'>262144<
off panic | | panic +panic0 | <panic model='isa'/> | next | | 
off iommu | | iommu +iommu0 | <iommu model='intel'/> | next | Model=virtio | <iommu model='virtio'>
ROWS
# A host device that this host lets guests have; most test machines have none.
may_add() {
    vd --json device off "$1" add "$2" --dry-run 2>/dev/null | jq -e '[.. | objects | .severity?] | all(. != "error")' >/dev/null
}
for device in /sys/bus/usb/devices/*/idVendor; do
    [ -f "$device" ] || continue
    usb=$(cat "$device"):$(cat "${device%idVendor}idProduct")
    may_add usb "device=$usb" || continue
    echo "off usb | Device=$usb | usb +usbdev0 | <hostdev mode='subsystem' type='usb' managed='yes'> | next | When missing=optional | <source startupPolicy='optional'>" >>"$TEST_TMP/rows"
    break
done
for device in /sys/bus/pci/devices/*; do
    may_add pci "device=${device##*/}" || continue
    echo "off pci | Device=${device##*/} | pci +pcidev0 | <hostdev mode='subsystem' type='pci' managed='yes'> | next | Managed | <hostdev mode='subsystem' type='pci' managed='no'>" >>"$TEST_TMP/rows"
    break
done
if command -v swtpm >/dev/null; then
    echo "off tpm | | tpm +tpm0 | <tpm model='tpm-crb'> | next | Model=tpm-tis | <tpm model='tpm-tis'>" >>"$TEST_TMP/rows"
fi
if [ "$with_spice" ]; then
    cat >>"$TEST_TMP/rows" <<ROWS
spice redirdev | | redirdev +redir0 | <redirdev bus='usb' type='spicevmc'> | next | |
spice smartcard | | smartcard +smartcard0 | <smartcard mode='passthrough' type='spicevmc'> | next | Mode=host | <smartcard mode='host'>
ROWS
fi
# With a word: the rows of that kind only.
[ -z "${ONLY-}" ] || sed -i -E "/^[a-z]+ ($ONLY) /!d" "$TEST_TMP/rows"
rows <"$TEST_TMP/rows"
done_testing
