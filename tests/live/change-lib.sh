# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What tests of changes use, beside tests/live/lib.sh: tables of changes with the difference that virsh must see.
#
# A table is text on standard input. A row is a command line of virtdeck's and, indented, what must come of it:
#   device q35 rng add
#     when: now and at next boot           the answer's word, or "fails: REGEX" for the error
#     +<rng model='virtio'> … +</rng>      what became of the configured definition; no such line: nothing
#     live: +<rng …                        of the running one where it is not the same (and said to change now)
# Lines of a difference stand one behind the other, each with + or - before it. What libvirt fills in (addresses,
# aliases …) is left out of it: see plain().
#   same VM              both definitions are letter for letter what they were when the table began
#   virsh WORDS          runs virsh; nothing is expected of it
#   image NAME FORMAT SIZE     makes an image in $images
# "$IMAGES" stands for the folder of images. With CHANGES_RECORD=1 the rows are printed as they turn out instead.

plain() {
    sed -e '/^ *<alias name=/d' -e '/^ *<address type=/d' -e '/^ *<backingStore\/>/d' \
        -e "s/ tty='[^']*'//" -e "s/<target dev='vnet[0-9]*'\/>//" -e "s/ portid='[^']*'//" -e "s/ index='[0-9]*'//" \
        -e "/<source mode='bind' path='.*\/libvirt\/qemu\/channel\//d" \
        -e "s/<target type='virtio' port='[0-9]*'/<target type='virtio'/" -e "/^ *<source path='\/dev\/pts\/[0-9]*'\/>/d" -e 's/^ *//' -e '/^$/d' "$@"
}

# both VM NAME: writes the configured and the running definition to $TEST_TMP/NAME.config and .live.
both() {
    v "dumpxml $1 --inactive --security-info; echo ===; dumpxml $1 --security-info" >"$TEST_TMP/both"
    sed '/^===/,$d' "$TEST_TMP/both" >"$TEST_TMP/$2.config"
    if state_is "$1" "shut off"; then
        : >"$TEST_TMP/$2.live"
    else
        sed '1,/^===/d' "$TEST_TMP/both" >"$TEST_TMP/$2.live"
    fi
}

# changed VM WHICH: the difference between what was (was-VM.WHICH) and is (is-VM.WHICH), on one line.
changed() {
    plain "$TEST_TMP/was-$1.$2" >"$TEST_TMP/a"
    plain "$TEST_TMP/is-$1.$2" >"$TEST_TMP/b"
    diff "$TEST_TMP/a" "$TEST_TMP/b" | sed -n 's/^> /+/p; s/^< /-/p' | tr '\n' ' ' | sed 's/ $//'
}

# Where the words of a row are gathered.
row_clear() {
    row_line= row_when= row_config= row_live= row_fails= row_has_live=
}

row_run() {
    [ -n "$row_line" ] || return 0
    row_vm=$(echo "$row_line" | cut -d' ' -f2)
    status=0
    eval "vd --json --yes $row_line" >"$TEST_TMP/out" 2>"$TEST_TMP/err" </dev/null || status=$?
    both "$row_vm" "is-$row_vm"
    got_when=$(jq -r '[(if type == "array" then .[0] else . end).changes[]?.when // "not at all"] | join(", ")' \
        "$TEST_TMP/out" 2>/dev/null)
    got_config=$(changed "$row_vm" config)
    got_live=$(changed "$row_vm" live)
    for which in config live; do
        mv "$TEST_TMP/is-$row_vm.$which" "$TEST_TMP/was-$row_vm.$which"
    done
    if [ -n "${CHANGES_RECORD-}" ]; then
        row_record
    else
        row_judge
    fi
    row_clear
}

row_record() {
    echo "$row_line"
    if [ $status = 0 ]; then
        echo "  when: $got_when"
    else
        echo "  fails: $(tail -n 1 "$TEST_TMP/err")"
    fi
    [ -z "$got_config" ] || echo "  $got_config"
    case $got_when in
    now*) [ "$got_live" = "$got_config" ] || echo "  live: $got_live" ;;
    *) [ -z "$got_live" ] || echo "  live: $got_live" ;;
    esac
    jq -r '[(if type == "array" then .[0] else . end) | (.changes[]?.why_not_now, .findings[]?.text) | select(. != null)] |
        map("# " + .) | join("\n")' "$TEST_TMP/out" 2>/dev/null | grep -v '^$'
}

# What was said, what virsh sees, and that the two fit.
row_judge() {
    row_why=
    if [ -n "$row_fails" ]; then
        [ $status != 0 ] || row_why="it did not fail"
        grep -Eq -e "$row_fails" "$TEST_TMP/err" || row_why="$row_why; the error is: $(cat "$TEST_TMP/err")"
    else
        [ $status = 0 ] || row_why="status $status: $(cat "$TEST_TMP/err")"
        [ "$got_when" = "$row_when" ] || row_why="$row_why; it says \"$got_when\", expected: \"$row_when\""
    fi
    case $row_has_live$row_when in
    y*) ;;
    now*) row_live=$row_config ;;
    esac
    [ "$got_config" = "$row_config" ] ||
        row_why="$row_why; definition: $got_config; expected: $row_config"
    [ "$got_live" = "$row_live" ] || row_why="$row_why; running: $got_live; expected: $row_live"
    if [ -z "$row_why" ]; then
        ok "$row_line"
    else
        not_ok "$row_line"
        note "${row_why#; }"
    fi
}

# begin VM…: what the definitions are now is what rows are compared with.
begin() {
    for begin_vm in "$@"; do
        both "$begin_vm" "was-$begin_vm"
        cp "$TEST_TMP/was-$begin_vm.config" "$TEST_TMP/first-$begin_vm.config"
        cp "$TEST_TMP/was-$begin_vm.live" "$TEST_TMP/first-$begin_vm.live"
    done
}

same() {
    same_why=
    both "$1" "is-$1"
    for which in config live; do
        diff "$TEST_TMP/first-$1.$which" "$TEST_TMP/is-$1.$which" >"$TEST_TMP/a" ||
            same_why="$same_why $which: $(cat "$TEST_TMP/a")"
        mv "$TEST_TMP/is-$1.$which" "$TEST_TMP/was-$1.$which"
    done
    if [ -z "$same_why" ]; then
        ok "$1 is letter for letter what it was"
    else
        not_ok "$1 is letter for letter what it was"
        note "$same_why"
    fi
}

changes_table() {
    row_clear
    while IFS= read -r line; do
        line=$(printf '%s\n' "$line" | sed "s,\$IMAGES,$images,g")
        case $line in
        '' | '#'*) ;;
        '  when: '*) row_when=${line#*: } ;;
        '  fails: '*) row_fails=${line#*: } ;;
        '  live: '*) row_live=${line#*: } row_has_live=y ;;
        '  live:') row_live= row_has_live=y ;;
        '  '*) row_config=${line#  } ;;
        'same '*)
            row_run
            [ -z "${CHANGES_RECORD-}" ] || echo "$line"
            same "${line#same }"
            ;;
        'virsh '*)
            row_run
            v ${line#virsh } >/dev/null 2>"$TEST_TMP/err" || note "virsh: $(cat "$TEST_TMP/err")"
            ;;
        'image '*)
            row_run
            [ -z "${CHANGES_RECORD-}" ] || echo "$line"
            set -- $line
            qemu-img create -q -f "$3" "$images/$2" "$4" || note "no image $2"
            ;;
        *)
            row_run
            row_line=$line
            ;;
        esac
    done
    row_run
}

# q35_define NAME [OPTION=VALUE…]: a guest with what hot-plugged devices need: root ports, a bridge for PCI, USB.
q35_define() {
    q35_ports="<controller type='pci' index='0' model='pcie-root'/>" q35_extra= q35_name=$1
    for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
        q35_ports="$q35_ports<controller type='pci' index='$i' model='pcie-root-port'/>"
    done
    for i in "$@"; do
        case $i in extra=*) q35_extra=${i#*=} ;; esac
    done
    shift
    guest_define "$q35_name" machine=q35 disk=16M net=no "$@" extra="$q35_ports
        <controller type='pci' index='15' model='pcie-to-pci-bridge'/>
        <controller type='usb' model='qemu-xhci'/><controller type='virtio-serial'/>
        <controller type='sata'/><controller type='scsi' model='virtio-scsi'/>
        <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/>
        <model type='virtio'/><rom enabled='no'/></interface>
        <video><model type='vga'/></video><input type='tablet' bus='usb'/>$q35_extra"
}
