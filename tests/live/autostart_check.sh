#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What `autostart check` finds on hosts as they may be: real domains with their flags and metadata, real files in an
# /etc that only this script sees. Nothing is started but one transient domain; a healthy host is in between, so that
# what was found goes away with its cause.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

if ! command -v systemctl >/dev/null; then
    echo "1..0 # SKIP no systemctl"
    finished=y
    exit 0
fi

# ---- an /etc of its own ----
mkdir /run/etc
cp -a /etc/. /run/etc/
mount --bind /run/etc /etc || exit 1
units=/etc/systemd/system
rm -rf "$units" /etc/virtdeck
mkdir -p "$units" /etc/virtdeck /etc/default
cp /etc/libvirt/qemu.conf /run/qemu.conf

check "libvirtd starts" daemon_start || done_testing
network_start

unit() { # unit NAME enabled|disabled|masked|absent
    rm -f "$units/$1" "$units/multi-user.target.wants/$1"
    case $2 in
    masked) ln -s /dev/null "$units/$1" ;;
    absent) ;;
    *)
        printf '[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n' >"$units/$1"
        if [ "$2" = enabled ]; then
            mkdir -p "$units/multi-user.target.wants"
            ln -s "../$1" "$units/multi-user.target.wants/$1"
        fi
        ;;
    esac
}

# A host on which nothing is wrong: a, b in order, c by libvirt's own flag, d not at all.
small='memory=4096 disk=no net=no'
healthy() {
    for h_name in $(v list --all --name); do
        v destroy "$h_name" >/dev/null 2>&1
        v undefine "$h_name" --managed-save >/dev/null 2>&1
    done
    v net-start default >/dev/null 2>&1
    unit virtdeck-autostart.service enabled
    unit virtdeck-supervise.service enabled
    unit libvirtd.service enabled
    unit libvirtd.socket enabled
    unit virtqemud.service masked
    unit virtqemud.socket masked
    unit libvirt-guests.service disabled
    printf 'ON_BOOT=ignore\nON_SHUTDOWN=shutdown\n' >/etc/default/libvirt-guests
    cp /run/qemu.conf /etc/libvirt/qemu.conf
    rm -f /etc/virtdeck/autostart.json
    rm -rf /srv-check
    # shellcheck disable=SC2086
    for h_name in a b c d; do
        define $h_name $small
    done
    vd autostart a order=1 >/dev/null
    vd autostart b order=2 after=a >/dev/null
    v autostart c >/dev/null
}

# In place of one of that name, with a definition that says nothing of autostart.
define() {
    v undefine "$1" >/dev/null 2>&1
    guest_xml "$@" >"$TEST_TMP/define.xml" && v define "$TEST_TMP/define.xml" >/dev/null
}

# meta NAME XML: an <autostart> as somebody else may have written it
meta() {
    v metadata "$1" https://virtdeck.org/xmlns/domain/1 --key virtdeck --config \
        --set "<domain>$2</domain>" >/dev/null
}

# found WHAT "IDS FOR THE BOOT" "IDS FOR THE SHUTDOWN" [NAME=VERDICT…]
found() {
    f_what=$1 f_boot=$2 f_shutdown=$3
    shift 3
    vd --json autostart check >"$TEST_TMP/check.json" 2>"$TEST_TMP/err"
    is "$f_what" "$(jq -r '[.boot.findings[].id] | sort | unique | join(" ")' "$TEST_TMP/check.json") / $(
        jq -r '[.shutdown.findings[].id] | sort | unique | join(" ")' "$TEST_TMP/check.json"
    )" "$f_boot / $f_shutdown"
    for f_pair in "$@"; do
        is "$f_what: ${f_pair%%=*} is ${f_pair#*=}" \
            "$(jq -r --arg n "${f_pair%%=*}" '.domains[] | select(.domain == $n) | .verdict' "$TEST_TMP/check.json")" \
            "${f_pair#*=}"
    done
}

# remedy ID PATTERN: of the finding of the last check
remedy() {
    like "the remedy of $1" "$(jq -r --arg id "$1" \
        '[.boot.findings[], .shutdown.findings[]] | map(select(.id == $id)) | .[0].remedy // "none"' \
        "$TEST_TMP/check.json")" "$2"
}

version=$(v version --daemon | sed -n 's/.*daemon: //p')
case $version in
[0-9].* | 10.* | 11.0.* | 11.1.*) newer= ;;
*) newer=y ;;
esac

daemon_again() {
    daemon_stop && daemon_start
}

# ---- a healthy host ----
healthy
found "1. healthy" "" "" a=ordered b=ordered c=on d=off
out=$(vd autostart check)
is "a healthy host is no failure" $? 0
like "it says what happens at the boot" "$out" "virtdeck starts 2 domains, in this order: a, b"
like "it says who else starts" "$out" "libvirt starts 1 domain, in any order: c"
like "it says what happens at the shutdown" "$out" "At the next shutdown virtdeck stops"

# ---- our units ----
unit virtdeck-autostart.service disabled
found "2. the unit is not enabled" unit-disabled shutdown-nobody a=nobody b=nobody c=on
remedy unit-disabled '^autostart enable$'
unit virtdeck-autostart.service absent
found "3. the unit is not installed" unit-disabled shutdown-nobody a=nobody
unit virtdeck-autostart.service masked
found "4. the unit is masked" unit-masked shutdown-nobody a=nobody
remedy unit-masked 'systemctl unmask virtdeck-autostart'
healthy
unit virtdeck-supervise.service disabled
found "5. nobody needs the supervisor" "" ""
vd autostart a order=1 restart=on-crash >/dev/null
found "6. the supervisor is not enabled" supervisor-disabled "" a=ordered
remedy supervisor-disabled '^autostart enable$'

# ---- libvirt's services ----
healthy
unit libvirtd.service disabled
unit libvirtd.socket disabled
found "7. libvirtd is not enabled" libvirt-disabled "" a=ordered
remedy libvirt-disabled 'systemctl enable libvirtd.service'
unit libvirtd.socket enabled
found "8. libvirtd comes by its socket, our unit asks" "" ""
unit virtdeck-autostart.service disabled
found "9. libvirtd comes by its socket, and nobody asks" "libvirt-on-demand unit-disabled" shutdown-nobody c=on

# ---- libvirt-guests ----
healthy
unit libvirt-guests.service enabled
found "10. libvirt-guests shuts down" "" guests-shutdown a=ordered
remedy guests-shutdown 'autostart enable --replace-libvirt-guests'
printf 'ON_BOOT=start\nON_SHUTDOWN=suspend\n' >/etc/default/libvirt-guests
found "11. libvirt-guests starts what ran" guests-start guests-shutdown a=ordered
unit virtdeck-autostart.service disabled
found "12. libvirt-guests instead of us" "guests-start unit-disabled" guests-shutdown a=nobody
is "instead of us it is an error" "$(jq -r '[.boot.findings[], .shutdown.findings[]] | map(select(.id | startswith("guests")).severity) | unique | join(" ")' "$TEST_TMP/check.json")" error
unit virtdeck-autostart.service enabled
printf "URIS=''\nON_BOOT=start\n" >/etc/default/libvirt-guests
found "13. libvirt-guests for no host" "" ""
printf 'ON_BOOT=start\n' >/etc/default/libvirt-guests
unit libvirt-guests.service masked
found "14. libvirt-guests is masked" "" ""

# ---- qemu.conf ----
healthy
echo 'auto_shutdown_try_shutdown = "all"' >>/etc/libvirt/qemu.conf
if [ "$newer" ]; then
    found "15. libvirt shuts down itself" auto-restore auto-shutdown
    remedy auto-restore 'printf .auto_shutdown_restore = 0.n. >>/etc/libvirt/qemu.conf'
    # What restarts the daemon is not this host's.
    check "the remedy works" sh -c "$(jq -r '.boot.findings[0].remedy' "$TEST_TMP/check.json" |
        sed 's/^\$ //; s/ && systemctl .*//')"
    found "15. and after the remedy" "" auto-shutdown
    check "libvirt reads the file" daemon_again
    unit libvirt-guests.service enabled
    found "16. libvirt and libvirt-guests" "" "auto-shutdown auto-shutdown-guests guests-shutdown"
    unit libvirt-guests.service disabled
    found "16. libvirt alone" "" auto-shutdown
    check "the remedy works" sh -c "$(jq -r '.shutdown.findings[0].remedy' "$TEST_TMP/check.json" |
        sed 's/^\$ //; s/ && systemctl .*//')"
    found "16. and after the remedy" "" ""
else
    found "15. libvirt $version does not know auto_shutdown_…" qemu-conf-ignored ""
    like "it says which" "$(jq -r '.boot.findings[0].text' "$TEST_TMP/check.json")" '/etc/libvirt/qemu.conf .* does nothing'
    unit libvirt-guests.service enabled
    found "16. the same, and libvirt-guests" qemu-conf-ignored guests-shutdown
fi
healthy
printf 'auto_shutdown_try_save = "persistent"\nauto_start_delay = 2000\n' >>/etc/libvirt/qemu.conf
if [ "$newer" ]; then
    found "17. libvirt saves, starts again, and waits" "auto-restore auto-start-delay" auto-shutdown
else
    found "17. libvirt $version saves nothing" qemu-conf-ignored ""
fi

# ---- flags ----
healthy
v autostart a >/dev/null
found "18. both policy and libvirt's flag" native-too "" a=on
remedy native-too '^autostart a order=1$'
check "the remedy works" eval "vd autostart a order=1 >/dev/null"
found "18. and after the remedy" "" "" a=ordered
vd autostart d order=5 >/dev/null
vd autostart d off >/dev/null
found "19. a policy that says off" "" "" d=off
v autostart d >/dev/null
found "20. the policy says off, the flag on" off-but-native "" d=on
if [ "$newer" ]; then
    healthy
    v autostart --once a >/dev/null
    found "21. once by libvirt, and a policy" once-too "" a=on
fi
healthy
vd autostart d once order=9 >/dev/null
found "22. once, in order" "" "" d=once

# ---- policies ----
healthy
meta d '<autostart version="1" order="soon"/>'
found "23. a policy that cannot be read" policy-value "" d=ordered
remedy policy-value '^autostart d order=$'
check "the remedy works" eval "vd autostart d order= >/dev/null"
found "23. and after the remedy" "" ""
healthy
meta d '<autostart version="2" order="7"/>'
found "24. a policy of a newer version" policy-newer "" d=ordered
healthy
vd autostart a order=1 after=b >/dev/null
found "25. a circle" cycle "" a=blocked b=blocked
remedy cycle '^autostart a after='
healthy
vd autostart b order=2 after=ghost >/dev/null
found "26. after nobody knows whom" after-unknown "" b=blocked a=ordered
healthy
vd autostart b order=2 after=d >/dev/null
found "27. after one that nobody starts" "after-nobody not-started" "" b=blocked d=off
remedy after-nobody '^autostart d on$'
healthy
vd autostart a order=1 after=b >/dev/null
vd autostart b order=9 after= >/dev/null
found "28. order against after" order-against-after "" a=ordered b=ordered
healthy
vd autostart a order=1 ready=agent >/dev/null
found "29. ready by an agent that it has no channel for" ready-agent "" a=ordered
remedy ready-agent '^edit a$'
healthy
vd autostart a order=1 ready=ip >/dev/null
found "30. ready by an address without a NIC" ready-address ""

# ---- what is needed ----
healthy
define a memory=4096 net=yes
vd autostart a order=1 >/dev/null
found "31. a network that is there" "" ""
v net-destroy default >/dev/null
found "32. a network that is down is started" "" "" a=ordered
v net-undefine default >/dev/null
found "33. a network that is not defined" "needs-missing not-started" "" a=blocked b=blocked
remedy needs-missing 'net-define default.xml'
network_start
healthy
define d memory=4096 net=no disk=1M
vd autostart d order=3 >/dev/null
found "34. an image that is there" "" "" d=ordered
rm "$images/d.qcow2"
found "35. an image that is not" image-missing "" d=blocked
define d memory=4096 net=no extra="<disk type='file' device='cdrom'><source file='/nowhere.iso' startupPolicy='optional'/><target dev='hdc' bus='ide'/></disk>"
vd autostart d order=3 >/dev/null
found "36. an image that may be missing" "" "" d=ordered
healthy
vd autostart d order=3 needs=mount:/mnt/nothing >/dev/null
found "37. a mount that is not there" mount-absent "" d=ordered
vd autostart d order=3 needs=mount:/var/lib/libvirt,path:/var/lib/libvirt/images >/dev/null
found "38. a mount and a path that are" "" "" d=ordered

# ---- ports ----
healthy
define d memory=4096 net=no extra="<graphics type='vnc' port='5977' autoport='no' listen='127.0.0.1'/>"
vd autostart d order=3 >/dev/null
found "39. a port that is free" "" ""
perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", LocalPort => 5977, ReuseAddr => 1) or die; sleep 600' &
holder=$!
listens() {
    grep -q ' 0100007F:1759 ' /proc/net/tcp
}
check "somebody listens" wait_for 10 listens
found "40. a port that is taken" port-taken "" d=blocked
like "it says by whom" "$(jq -r '.boot.findings[0].text' "$TEST_TMP/check.json")" "perl \(pid $holder\)"
kill "$holder"
wait "$holder" 2>/dev/null
define a memory=4096 net=no extra="<graphics type='vnc' port='5977' autoport='no' listen='127.0.0.1'/>"
vd autostart a order=1 >/dev/null
found "41. two want one port" port-twice "" a=blocked d=blocked

# ---- memory, limits ----
healthy
define d memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) * 2)) net=no
found "42. memory of one that does not start" "" ""
vd autostart d order=3 >/dev/null
found "43. more memory than there is" "memory memory-one" "" d=blocked
healthy
define d memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 2)) net=no
vd autostart d order=3 >/dev/null
found "44. half of the memory" "" ""
echo '{"memory-ceiling": 40}' >/etc/virtdeck/autostart.json
found "45. the same under a lower ceiling" "memory-ceiling memory-one" "" d=blocked
echo '{"memory-ceilin": 40}' >/etc/virtdeck/autostart.json
found "46. a mistake in the host's config" config ""

# ---- a transient domain ----
healthy
guest_xml t memory=49152 net=no >"$TEST_TMP/t.xml"
check "a transient domain starts" v create "$TEST_TMP/t.xml"
v metadata t https://virtdeck.org/xmlns/domain/1 --key virtdeck --live \
    --set '<domain><autostart version="1" order="4"/></domain>' >/dev/null
found "47. transient" transient "" t=blocked
v destroy t >/dev/null
healthy
found "48. healthy again" "" "" a=ordered b=ordered c=on d=off

# Taking everything away leaves nothing to complain about, whatever the host is like.
for name in a b c d; do
    v undefine "$name" >/dev/null
done
unit virtdeck-autostart.service absent
unit virtdeck-supervise.service absent
unit libvirt-guests.service enabled
found "49. no domain" "" ""

done_testing
