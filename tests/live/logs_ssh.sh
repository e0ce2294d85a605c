#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The logs of a domain of another host, which is this one reached through a real sshd: the same ssh that libvirt goes
# through brings QEMU's log, the serial log, what the supervisor did there; refusals are told in words.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/journal-lib.sh"

if [ ! -x /usr/sbin/sshd ]; then
    skip "needs sshd (openssh-server)"
    done_testing
fi

# ---- an sshd of this namespace ----
key=$TEST_TMP/key
# A nobody with a shell, who may look at little.
nobody=logreader
# ssh takes its known hosts from the home that is written here.
sed 's|^\(root:.*\):/root:|\1:/run/root:|' /etc/passwd >/run/passwd.ssh
mkdir -p /run/root
cp /etc/shadow /run/shadow.ssh
grep -q '^sshd:' /etc/passwd || echo "sshd:x:65530:65534::/run/sshd:/usr/sbin/nologin" >>/run/passwd.ssh
echo "$nobody:x:65531:65534::/run/$nobody:/bin/sh" >>/run/passwd.ssh
echo "$nobody:*:19000:0:99999:7:::" >>/run/shadow.ssh
mount --bind /run/passwd.ssh /etc/passwd
mount --bind /run/shadow.ssh /etc/shadow
mkdir -p /run/sshd /run/keys
ssh-keygen -q -t ed25519 -N '' -f "$key"
ssh-keygen -q -t ed25519 -N '' -f "$TEST_TMP/hostkey"
cp "$key.pub" /run/keys/root
cp "$key.pub" "/run/keys/$nobody"
cat >"$TEST_TMP/sshd_config" <<CONFIG
Port 2222
ListenAddress 127.0.0.1
HostKey $TEST_TMP/hostkey
AuthorizedKeysFile /run/keys/%u
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
MaxStartups 100
CONFIG
/usr/sbin/sshd -D -e -f "$TEST_TMP/sshd_config" 2>"$TEST_TMP/sshd.log" &
sshd_pid=$!
answers() {
    ssh -F none -i "$key" -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null root@127.0.0.1 true 2>/dev/null
}
eventually "an sshd answers" 20 answers || note "$(tail -n 5 "$TEST_TMP/sshd.log")"

remote="qemu+ssh://root@127.0.0.1:2222/system?keyfile=$key&no_verify=1&no_tty=1"
far() {
    "$VIRTDECK" -c "$remote" "$@"
}
# How many programs follow a file for somebody through ssh.
followers() {
    pgrep -fc 'tail .*-F' || true
}

check "libvirtd starts" daemon_start || done_testing
# A name that a shell would make something of.
name="it's \$(touch hit);\"#1"
guest_define "$name" net=no file=odd
guest_define plain net=no
v start "$name" >/dev/null
v start plain >/dev/null
eventually "it boots" 150 booted odd

# ---- QEMU's log and the serial log ----
exits "log through ssh" 0 far log "$name" --source qemu
like "has QEMU's command line" "$out" 'qemu-system-x86_64'
is "the same as here" "$(printf '%s\n' "$out" | grep -c starting)" "$(vd log "$name" --source qemu | grep -c starting)"
check "no shell made anything of the name" test ! -e /run/root/hit -a ! -e hit
exits "the serial log, too" 0 far log "$name" --source serial
like "has what the guest wrote" "$out" 'guest is up'
exits "as JSON" 0 far --json log plain --source qemu -n 5
is "with its source" "$(printf '%s\n' "$out" | jq -r .source | sort -u)" qemu

# ---- followed, until it is left ----
env --default-signal=INT "$VIRTDECK" -c "$remote" log plain --source qemu --follow >"$TEST_TMP/followed" 2>&1 &
following=$!
has() {
    grep -q "$1" "$TEST_TMP/followed"
}
eventually "it is followed" 30 has starting
v destroy plain >/dev/null
eventually "what is written now comes" 30 has 'shutting down'
v start plain >/dev/null
starts_twice() {
    [ "$(grep -c 'starting up' "$TEST_TMP/followed")" -ge 2 ]
}
eventually "the next start, too" 30 starts_twice
check "a program follows over there" [ "$(followers)" -ge 1 ]
kill -INT "$following"
wait "$following"
none_follows() {
    [ "$(followers)" = 0 ]
}
eventually "it ends with whom it worked for" 30 none_follows

# ---- what the supervisor did over there ----
vd autostart plain order=1 >/dev/null
mkdir -p /etc/virtdeck
echo '{ "load-ceiling": 1000, "memory-ceiling": 100 }' >/etc/virtdeck/autostart.json
v destroy plain >/dev/null
exits "a run with the host" 0 vd autostart run
check "its steps are kept where all may read them" test "$(stat -c %a /var/lib/virtdeck/actions.jsonl)" = 644
exits "log of this host has them" 0 vd log plain --source deck
like "its start" "$out" 'started'
exits "a far one's, too" 0 far log plain --source deck
like "its start" "$out" 'started'

# ---- the journal over there ----
if journal_start; then
    kernel_says "kvm [$(cat /run/libvirt/qemu/plain.pid)]: of a number that nobody knows from afar"
    kernel_says "apparmor=\"DENIED\" profile=\"libvirt-$(v domuuid plain)\" name=\"/srv/it's.img\""
    program_says libvirtd "Domain name='plain' is tainted"
    exits "the far host's journal" 0 far log plain --source host
    like "has the kernel's lines" "$out" "/srv/it's.img"
    exits "and the daemons'" 0 far log plain --source daemon
    like "with what they say" "$out" "name='plain' is tainted"
    chmod 640 /run/log/journal/*/*.journal
    journal=y
else
    skip "needs systemd-journald and a machine id"
    journal=
fi

# ---- what is refused ----
chmod 700 /var/log/libvirt/qemu
lesser="qemu+ssh://$nobody@127.0.0.1:2222/system?keyfile=$key&no_verify=1&no_tty=1"
if setpriv --reuid=65531 --clear-groups test -w /run/libvirt/libvirt-sock 2>/dev/null; then
    exits "a user without the right" 1 "$VIRTDECK" -c "$lesser" log plain --source qemu
    like "is told what is missing" "$err" "permission denied: /var/log/libvirt/qemu/plain.log: $nobody on .* may not read it"
    like "and what helps" "$err" 'connect as root'
    if [ "$journal" ]; then
        exits "or the right to the journal" 1 "$VIRTDECK" -c "$lesser" log plain --source host
        like "is told of the groups that have it" "$err" 'systemd-journal and adm may read it'
    fi
else
    skip "libvirt's socket is root's alone here"
fi
cat >"$TEST_TMP/ssh" <<'EOS'
#!/bin/sh
case "$*" in *tail*) echo "this key may not do that" >&2; exit 255 ;; esac
exec ssh "$@"
EOS
chmod +x "$TEST_TMP/ssh"
exits "an ssh that refuses" 1 "$VIRTDECK" -c "$remote&command=$TEST_TMP/ssh" log plain --source qemu
like "is heard" "$err" 'this key may not do that'
kill "$sshd_pid"
done_testing
