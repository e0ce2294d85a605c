# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What the live tests of causes share: domains that cost next to nothing, failures made in both ways, what `explain`
# says of them, and its remedies, carried out as they are shown.

# bare_xml NAME [OPTION=VALUE…]: prints a domain whose firmware finds nothing to boot.
#   type=qemu   machine=pc   memory=KiB (16384)   os=XML (in <os>)   cpu=XML   top=XML (among the domain's own)
#   devices=XML   args=WORDS (of QEMU's command line)   firmware=efi
bare_xml() {
    b_name=$1
    shift
    b_type=qemu b_machine=pc b_memory=16384 b_cpu= b_top= b_devices= b_args= b_firmware=
    for b_option in "$@"; do
        eval "b_${b_option%%=*}=\${b_option#*=}"
    done
    cat <<XML
<domain type='$b_type' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>$b_name</name>$b_top
<memory unit='KiB'>$b_memory</memory><vcpu>1</vcpu>
<os${b_firmware:+ firmware='$b_firmware'}><type arch='x86_64' machine='$b_machine'>hvm</type></os><features><acpi/></features>$b_cpu
<devices>$b_devices<memballoon model='none'/></devices>
XML
    if [ -n "$b_args" ]; then
        echo "<qemu:commandline>"
        printf "<qemu:arg value='%s'/>" $b_args
        echo "</qemu:commandline>"
    fi
    echo "</domain>"
}

# bare_define NAME [OPTION=VALUE…]; virsh's complaint goes to $TEST_TMP/define.err.
bare_define() {
    bare_xml "$@" >"$TEST_TMP/bare.xml" && v define "$TEST_TMP/bare.xml" >/dev/null 2>"$TEST_TMP/define.err"
}

# bare_emulator: makes an emulator, $bare as XML. libvirt chooses the accelerator itself; this one leaves it to the
# arguments behind.
bare_emulator() {
    cat >"$images/qemu-bare" <<'SH'
#!/bin/sh
n=$#
while [ $n -gt 0 ]; do
    arg=$1
    shift
    n=$((n - 1))
    if [ "$arg" = -accel ] && [ "$1" = tcg ]; then
        shift
        n=$((n - 1))
    else
        set -- "$@" "$arg"
    fi
done
exec /usr/bin/qemu-system-x86_64 "$@"
SH
    chmod 755 "$images/qemu-bare"
    bare="<emulator>$images/qemu-bare</emulator>"
}

# disk_xml FILE [TYPE [XML]]: a virtio disk. nic_xml TYPE NAME: a NIC, on the network or the bridge NAME.
disk_xml() {
    echo "<disk type='file' device='disk'><driver name='qemu' type='${2:-qcow2}'/>${3-}<source file='$1'/><target dev='vda' bus='virtio'/></disk>"
}
nic_xml() {
    echo "<interface type='$1'><source $1='$2'/><model type='virtio'/><rom enabled='no'/></interface>"
}

said=
# fails COMMAND…: passes when it does not succeed; all that it says in $said.
fails() {
    said=$("$@" 2>&1 </dev/null) && return 1
    return 0
}

# ask NAME: has it explained, into $TEST_TMP/found.json.
ask() {
    vd --json explain "$1" >"$TEST_TMP/found.json" 2>"$TEST_TMP/found.err" </dev/null
}
# best KEY: of the first finding.
best() {
    jq -r "[.. | .findings? // empty][0][0].$1 // empty" "$TEST_TMP/found.json"
}

# caused_by WHAT NAME ID REGEX: explain names that signature first, with a cause, something to do, and a command. The
# text matches REGEX.
caused_by() {
    ask "$2"
    if [ "$(best id)" = "$3" ] && best text | grep -Eq -e "$4" && best remedy | grep -q .; then
        ok "$1: explain names $3"
    else
        not_ok "$1: explain names $3, and $4"
        note "$(jq -c '[.. | .findings? // empty][0][] | [.id, .text, .remedy, .source, .time, .line]' "$TEST_TMP/found.json")"
        note "$(head -n 5 "$TEST_TMP/found.err")"
        note "the start said: $said"
        note "$(tail -n 5 "/var/log/libvirt/qemu/$2.log" 2>/dev/null)"
        return 1
    fi
}

# cause WHAT NAME ID REGEX: it does not start, neither by somebody else, whose failure leaves QEMU's log alone, nor by
# ourselves; both are explained.
cause() {
    check "$1: virsh can't start $2" fails v start "$2"
    caused_by "$1, by virsh" "$2" "$3" "$4"
    cause_here "$@"
}

# cause_here: the same for what libvirt alone says, which is known to who asked it.
cause_here() {
    check "$1: virtdeck can't start $2" fails vd start --force "$2"
    caused_by "$1" "$2" "$3" "$4"
}

# remedy [PLACE=VALUE…]: the first finding's command, with the places that a person has to fill in filled in, is run as
# it is shown: virtdeck's by virtdeck, a shell's by a shell. What it says in $said.
remedy() {
    r_command=$(best remedy)
    for r_place in "$@"; do
        r_command=$(printf '%s\n' "$r_command" | sed "s|${r_place%%=*}|${r_place#*=}|")
    done
    case $r_command in
    '$ '*) said=$(sh -c "${r_command#??}" 2>&1 </dev/null) ;;
    ?*) said=$(eval "vd -y $r_command" 2>&1 </dev/null) ;;
    *) false ;;
    esac
}

# cured WHAT NAME [PLACE=VALUE…]: that remedy succeeds, and after it the domain starts. It is destroyed then.
cured() {
    c_what=$1
    c_name=$2
    shift 2
    if remedy "$@"; then
        ok "$c_what: the remedy: $r_command"
    else
        not_ok "$c_what: the remedy: $r_command"
        note "$said"
    fi
    starts_now "$c_what: after it $c_name starts" "$c_name"
}

starts_now() {
    if said=$(v start "$2" 2>&1); then
        ok "$1"
        v destroy "$2" >/dev/null 2>&1
    else
        not_ok "$1"
        note "$said"
    fi
}

# editor SED: what `edit` is to do to a definition.
editor() {
    printf '#!/bin/sh\nsed -i %s "$1"\n' "'$1'" >"$TEST_TMP/editor"
    chmod 755 "$TEST_TMP/editor"
    EDITOR=$TEST_TMP/editor
    VISUAL=$EDITOR
    export EDITOR VISUAL
}

# own_dev: /dev is a folder of the namespace's, without kvm. Before the daemon starts.
own_dev() {
    mkdir -p /run/dev/pts /run/dev/shm /run/dev/net
    for d_node in null zero full random urandom tty ptmx net/tun; do
        if [ -c /dev/$d_node ]; then
            : >/run/dev/$d_node
            mount --bind /dev/$d_node /run/dev/$d_node || return
        fi
    done
    mount --rbind /dev/pts /run/dev/pts && mount --rbind /dev/shm /run/dev/shm && mount --rbind /run/dev /dev
}

# listen PORT: somebody who listens there, until the script ends.
listen() {
    perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:'"$1"'", ReuseAddr => 1)
        or die; open my $f, ">", shift; close $f; sleep 600' "$TEST_TMP/listens-$1" &
    at_exit_do "kill $! 2>/dev/null"
    wait_for 10 test -e "$TEST_TMP/listens-$1"
}
