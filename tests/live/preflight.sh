#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Before a start: what stands in the way is found, named with what helps, and stops the start; what helps is run, and
# the domain starts. What can't be looked at is unknown.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"

json() {
    printf '%s' "$out" | jq -c "$1"
}
# How often a QEMU was started for it.
tries() {
    tries_n=$(grep -c 'starting up' "/var/log/libvirt/qemu/$1.log" 2>/dev/null)
    echo "${tries_n:-0}"
}
# disk_of FILE [FORMAT]: a disk for guest_define's extra.
disk_of() {
    echo "<disk type='file' device='disk'><driver name='qemu' type='${2-qcow2}'/><source file='$1'/>
        <target dev='vda' bus='virtio'/></disk>"
}
# answer ROW: of what preflight has printed.
answer() {
    json ".checks[] | select(.id == \"$1\") | .answer"
}

# stopped NAME ROW TEXT: preflight says no to that row with that reason, and the start is refused with it before a
# QEMU is started; $remedy is what helps.
stopped() {
    s_before=$(tries "$1")
    exits "$1: preflight says no" 1 vd --json preflight "$1"
    is "$1: because of $2" "$(answer "$2")" '"no"'
    remedy=$(printf '%s' "$out" | jq -r "first(.findings[] | select(.id == \"$2\") | .remedy)")
    like "$1: saying why" "$(json "first(.findings[] | select(.id == \"$2\") | .text)")" "$3"
    exits "$1: the start is refused" 1 vd start "$1"
    like "$1: with the reason" "$err" "start $1: .*$3"
    is "$1: QEMU was not started" "$(tries "$1")" "$s_before"
}
# helped NAME: the remedy is run, then it starts.
helped() {
    case $remedy in
    '$ '*) check "$1: the remedy runs" sh -c "${remedy#??}" ;;
    *) check "$1: the remedy runs" sh -c "'$VIRTDECK' -c $URI --yes $remedy" ;;
    esac
    exits "$1: then it starts" 0 vd start "$1"
    v destroy "$1" >/dev/null
}

check "libvirtd starts" daemon_start || done_testing

# ---- nothing in the way ----
network_start
guest_define owner disk=16M
exits "preflight of a healthy one" 0 vd preflight owner
like "says that it can start" "$out" '^owner: can start$'
like "each check with its answer" "$out" '^✓ its networks are active$'
unlike "no check without one" "$out" '^[✗?]'
is "it starts nothing" "$(state_of owner)" "shut off"
exits "as JSON" 0 vd --json preflight owner
is "its members" "$(json '[.domain, .ok, .findings]')" '["owner",true,[]]'
is "all yes" "$(json '[.checks[].answer] | unique')" '["yes"]'
exits "it starts" 0 vd start owner
exits "one that runs has what it has" 0 vd --json preflight owner
is "and nothing is in its way" "$(json .findings)" '[]'
guest_define other net=no
exits "of two" 0 vd --json preflight owner other
is "an array" "$(json 'map(.domain)')" '["owner","other"]'

# ---- the image of a running domain ----
guest_define second net=no extra="$(disk_of "$images/owner.qcow2")"
stopped second image-locked 'owner.qcow2 is in use by the running domain owner'
is "what helps" "$remedy" "shutdown owner"
exits "by force libvirt is asked" 1 vd start second --force
is "and a QEMU tries" "$(tries second)" 1
guest_define reader net=no extra="<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
    <source file='$images/owner.qcow2'/><target dev='vda' bus='virtio'/><readonly/></disk>"
stopped reader image-locked 'owner.qcow2 is in use by the running domain owner'
eventually "the owner is up" 150 booted owner
helped second

# ---- an image that somebody has for a moment ----
# It has it until it is told to quit.
mkfifo "$TEST_TMP/hold"
qemu-io "$images/owner.qcow2" <"$TEST_TMP/hold" >/dev/null 2>&1 &
holder=$!
exec 7>"$TEST_TMP/hold"
locked() {
    grep -q ":$(stat -c %i "$images/owner.qcow2") [12][0-9][0-9] " /proc/locks
}
eventually "a program has the image" 20 locked
exits "that is no error" 0 vd --json preflight second
is "but a warning" "$(json '[.findings[] | [.id, .severity]]')" '[["image-locked","warning"]]'
like "with its name" "$(json '.findings[0].text')" 'qemu-io \(process'
before=$(tries second)
vd --json start second >"$TEST_TMP/waits" 2>/dev/null 7>&- &
starting=$!
tried() {
    [ "$(tries second)" -gt "$before" ]
}
eventually "a start tries all the same" 20 tried
echo quit >&7
exec 7>&-
wait "$holder"
check "and waits for it" wait "$starting"
out=$(cat "$TEST_TMP/waits")
is "its JSON has the warning" "$(json '[.result, .findings[0].severity]')" '["ok","warning"]'
v destroy second >/dev/null

# ---- networks ----
guest_define lan
v net-destroy default >/dev/null
stopped lan network-down 'the network default is not active'
helped lan
v net-destroy default >/dev/null
v net-undefine default >/dev/null
stopped lan network-down 'there is no network default'
helped lan
guest_define bridged net=no extra="<interface type='bridge'><source bridge='vdbr9'/><model type='virtio'/>
    <rom enabled='no'/></interface>"
stopped bridged bridge-missing 'no bridge vdbr9'
helped bridged

# ---- images ----
guest_define nodisk net=no extra="$(disk_of "$images/nowhere.qcow2")"
stopped nodisk image-missing 'disk vda: .*nowhere.qcow2 does not exist'
guest_define nocd net=no extra="<disk type='file' device='cdrom'><source file='$images/no.iso'/>
    <target dev='sda' bus='sata'/><readonly/></disk>" machine=q35
stopped nocd image-missing 'cdrom sda: .*no.iso does not exist'
helped nocd
mkdir "$images/old"
qemu-img create -q -f qcow2 "$images/old/base.qcow2" 16M
qemu-img create -q -f qcow2 -b "$images/old/base.qcow2" -F qcow2 "$images/top.qcow2"
guest_define based net=no extra="$(disk_of "$images/top.qcow2")"
mv "$images/old/base.qcow2" "$images/base.qcow2"
stopped based backing-chain 'old/base.qcow2, which .*top.qcow2 is based on, does not exist'
helped based
# The extension of the header that names the format of the base becomes one that nobody knows: libvirt bears that,
# unless the base has a base, too.
qemu-img create -q -f qcow2 -b "$images/top.qcow2" -F qcow2 "$images/third.qcow2"
guest_define third net=no extra="$(disk_of "$images/third.qcow2")"
perl -0pi -e 's/\xE2\x79\x2A\xCA/\x77\x77\x77\x77/' "$images/third.qcow2"
exits "third: libvirt refuses it" 1 v start third
stopped third backing-chain 'does not say of what format'
exits "third: preflight tells programs" 1 vd --json preflight third
is "third: its format is for a person to say" "$(json '.findings[0].complete')" false
remedy=$(printf '%s\n' "$remedy" | sed 's/ -F FORMAT / -F qcow2 /')
helped third
qemu-img create -q -f raw "$images/plain.img" 16M
guest_define plain net=no extra="$(disk_of "$images/plain.img")"
stopped plain image-format 'is no qcow2 image, as the definition says, but raw'
helped plain
qemu-img create -q -f qcow2 "$images/hurt.qcow2" 16M
printf '\002' | dd of="$images/hurt.qcow2" bs=1 seek=79 conv=notrunc 2>/dev/null
guest_define hurt net=no extra="$(disk_of "$images/hurt.qcow2")"
stopped hurt image-damaged 'marked as damaged'
helped hurt
# A home, and a QEMU that is another user's.
mkdir -m 700 "$images/home"
qemu-img create -q -f qcow2 "$images/home/h.qcow2" 16M
guest_define homely net=no extra="$(disk_of "$images/home/h.qcow2")" \
    top="<seclabel type='static' model='dac' relabel='no'><label>+64055:+64055</label></seclabel>"
stopped homely image-unreadable 'who may not pass the folder .*images/home to'
chmod 711 "$images/home"
stopped homely image-unreadable 'who may not read and write .*h.qcow2'
chown 64055 "$images/home/h.qcow2"
vd --json preflight homely >"$TEST_TMP/homely" 2>/dev/null
is "homely: then there is nothing against it" "$(jq -r '.checks[] | select(.id == "image-unreadable") | .answer' "$TEST_TMP/homely")" yes

# ---- pools ----
mkdir "$images/pool"
qemu-img create -q -f qcow2 "$images/pool/v.qcow2" 16M
v pool-define-as vdpool dir --target "$images/pool" >/dev/null
guest_define pooled net=no extra="<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>
    <source pool='vdpool' volume='v.qcow2'/><target dev='vda' bus='virtio'/></disk>"
stopped pooled pool-down 'the storage pool vdpool is not active'
is "pooled: its volume is not known" "$(vd --json preflight pooled 2>/dev/null | jq -r '.checks[] | select(.id == "volume-missing") | .answer')" unknown
helped pooled
qemu-img create -q -f qcow2 "$images/pool/late.qcow2" 16M
guest_define late net=no extra="<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/>
    <source pool='vdpool' volume='late.qcow2'/><target dev='vda' bus='virtio'/></disk>"
stopped late volume-missing 'no volume late.qcow2 in the storage pool vdpool'
helped late
v pool-destroy vdpool >/dev/null
v pool-undefine vdpool >/dev/null
stopped late pool-down 'there is no storage pool vdpool'

# ---- a secret ----
printf 'secret' >"$TEST_TMP/key"
# It measures this machine's speed and gives up where others are at work: "Unable to get accurate CPU usage".
eventually "there is an encrypted image" 60 qemu-img create -q -f luks --object secret,id=s,file="$TEST_TMP/key" \
    -o key-secret=s,iter-time=10 "$images/luks.img" 16M
secret=6c6f7261-7665-4000-8000-000000000001
guest_define crypt net=no extra="<disk type='file' device='disk'><driver name='qemu' type='raw'/>
    <source file='$images/luks.img'><encryption format='luks'><secret type='passphrase' uuid='$secret'/></encryption></source>
    <target dev='vda' bus='virtio'/></disk>"
stopped crypt secret-missing "libvirt has no secret $secret"
remedy="$(printf '%s' "$remedy" | sed 's/--interactive/c2VjcmV0/')"
helped crypt

# ---- ports ----
perl -MIO::Socket::INET -e '
    my @all = map { IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $_, Listen => 1, ReuseAddr => 1) or die } 5977, 4577;
    open(my $f, ">", shift); close $f; sleep 600' "$TEST_TMP/listens" &
listener=$!
at_exit_do "kill $listener 2>/dev/null"
eventually "somebody listens" 10 [ -e "$TEST_TMP/listens" ]
guest_define vnc net=no extra="<graphics type='vnc' port='5977' autoport='no' listen='127.0.0.1'/>"
stopped vnc port-taken "port 5977 \\(vnc\\) is taken by perl \\(pid $listener\\)"
helped vnc
guest_define tcp net=no serial=no extra="<serial type='tcp'><source mode='bind' host='127.0.0.1' service='4577'/>
    <protocol type='raw'/><target port='1'/></serial>"
stopped tcp port-taken 'port 4577 \(serial over TCP\) is taken by perl'
kill "$listener"
wait "$listener" 2>/dev/null
exits "tcp: when that is gone, it starts" 0 vd start tcp
v destroy tcp >/dev/null

# ---- what the host can't do ----
guest_xml efi net=no | sed "s,<os>,<os firmware='efi'>,; /<kernel>/d; /<initrd>/d; /<cmdline>/d" >"$TEST_TMP/efi.xml"
if v define "$TEST_TMP/efi.xml" >/dev/null 2>&1 && ! v domcapabilities | grep -q '<value>efi</value>'; then
    stopped efi firmware-missing 'no efi firmware'
else
    skip "this host has firmware, or libvirt looks for it earlier"
fi
guest_xml rom net=no | sed "s,<kernel>,<loader readonly='yes' type='rom'>/usr/share/nowhere/rom.fd</loader>&," >"$TEST_TMP/rom.xml"
check "rom: defined" v define "$TEST_TMP/rom.xml"
stopped rom firmware-missing 'the firmware /usr/share/nowhere/rom.fd does not exist'
guest_xml nokernel net=no | sed "s,$GUEST/initrd,/nowhere/initrd," >"$TEST_TMP/k.xml"
check "nokernel: defined" v define "$TEST_TMP/k.xml"
stopped nokernel kernel-missing '/nowhere/initrd does not exist'
guest_xml passed net=no | sed "s,<cpu mode='custom'>.*</cpu>,<cpu mode='host-passthrough'/>," >"$TEST_TMP/cpu.xml"
check "passed: defined" v define "$TEST_TMP/cpu.xml"
stopped passed cpu-unsupported 'CPU mode host-passthrough is not possible'
helped passed
if [ -e /dev/kvm ]; then
    skip "this machine has KVM"
else
    guest_define kvm net=no
    v dumpxml kvm | sed "s/<domain type='qemu'/<domain type='kvm'/" >"$TEST_TMP/kvm.xml"
    check "kvm: defined" v define "$TEST_TMP/kvm.xml"
    stopped kvm type-unsupported 'domains of type kvm can.t run on this host'
fi
guest_define nests net=no cpu="<feature policy='require' name='vmx'/>"
exits "nesting that software emulation has not: no error" 0 vd --json preflight nests
is "but a warning" "$(json '[.findings[] | [.id, .severity]]')" '[["nested-host","warning"]]'

# ---- memory ----
guest_define giant net=no memory=8000000000
stopped giant memory-short 'it wants 7.* of memory; the host has'
helped giant
guest_define huge net=no top="<memoryBacking><hugepages/></memoryBacking>" memory=4000000000
exits "huge pages: preflight" 1 vd --json preflight huge
is "are too few" "$(answer hugepages-short)" '"no"'

# ---- addresses ----
v start other >/dev/null
guest_define mac1 net=no extra="<interface type='user'><mac address='52:54:00:99:00:01'/><rom enabled='no'/></interface>"
guest_define mac2 net=no extra="<interface type='user'><mac address='52:54:00:99:00:01'/><rom enabled='no'/></interface>"
v start mac1 >/dev/null
exits "a MAC address twice is no error" 0 vd --json preflight mac2
is "but a warning" "$(json '[.findings[] | [.id, .severity]]')" '[["mac-in-use","warning"]]'
like "with the other's name" "$(json '.findings[0].text')" "52:54:00:99:00:01 is mac1's, too, which runs"
exits "it starts" 0 vd start mac2
v destroy mac1 >/dev/null
v destroy mac2 >/dev/null

# ---- a managed save image: its machine comes with it ----
v start lan >/dev/null
v managedsave lan >/dev/null
v net-destroy default >/dev/null
exits "a saved one: only files count" 0 vd --json preflight lan
is "no word about its network" "$(answer network-down)" ""
is "but about its kernel" "$(answer kernel-missing)" '"yes"'
exits "anew it would need its network" 1 vd --yes start lan --force-boot
like "which is said" "$err" 'the network default is not active'

# ---- another machine ----
cat >"$TEST_TMP/ssh" <<'END'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o | -e | -l | -p) shift ;;
    -*) ;;
    *) break ;;
    esac
    shift
done
shift
exec sh -c "$*"
END
chmod +x "$TEST_TMP/ssh"
far="qemu+ssh://far.example/system?command=$TEST_TMP/ssh&no_tty=1"
exits "a far host: a missing image is no error" 0 "$VIRTDECK" -c "$far" --json preflight nodisk
is "it is unknown" "$(answer image-missing)" '"unknown"'
like "because it is far" "$(json '.checks[] | select(.id == "image-missing") | .why')" 'the host is remote'
is "so is all that needs its files" "$(json '[.checks[] | select(.id | test("^image-|^backing|^disk-|^kernel-|^emulator-")) | .answer] | unique')" '["unknown"]'
is "what libvirt says is known" "$(answer machine-unsupported)" '"yes"'
v undefine lan --managed-save >/dev/null
guest_define lan
exits "a far network that is down" 1 "$VIRTDECK" -c "$far" --json preflight lan
is "is an error there, too" "$(answer network-down)" '"no"'
like "with a remedy for that host" "$(json '.findings[0].remedy')" 'virsh -c .*far.example'
exits "its start is refused" 1 "$VIRTDECK" -c "$far" start lan

# ---- libvirt's test driver ----
exits "the test driver" 0 "$VIRTDECK" -c test:///default --json preflight test
is "has no trial" "$(answer native)" '"unknown"'

done_testing
