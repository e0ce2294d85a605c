#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Changes of virtdeck's that another client takes out again, later than virtdeck itself would see it: the next change
# says so, and the history, and an open screen; once. What others change beside them, and what virtdeck itself takes
# back, is no such thing.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
network_start
guest_define web1 extra="<rng model='virtio'><rate bytes='1'/><backend model='random'>/dev/urandom</backend></rng>
    <graphics type='vnc' passwd='hunter22'/>"
qemu-img create -q -f qcow2 $images/second.qcow2 8M
# What a client has that read the definition before the change.
others_read() {
    v dumpxml --inactive --security-info web1 >"$TEST_TMP/older.xml"
}
others_define() {
    v define "$TEST_TMP/older.xml" >/dev/null
}
# change ARGUMENT…: of ours; $out is what the findings say.
change() {
    vd --json "$@" </dev/null >"$TEST_TMP/out" 2>"$TEST_TMP/err" || note "$(cat "$TEST_TMP/err")"
    out=$(jq -r '.. | objects | select(.id? == "overwritten") | .text' "$TEST_TMP/out")
}
# lost WHAT CHANGE: the next change tells of it, and only that one.
lost() {
    change set web1 "description=$1"
    like "$1: the next change says so" "$out" "$2.*is not in the definition of web1 any more: another program has written it"
    change set web1 "title=$1"
    is "$1: and the one after it does not say it again" "$out" ""
}
overwritten_in_history() {
    vd --json history web1 | jq -r '.[] | select(.overwritten != null) | .what'
}

# ---- a field, a device, what is told of none ----
others_read
change device web1 rng0 rate=2
is "a change" "$out" ""
others_define
lost "a field" 'rng.*rate=2'
like "the history says so" "$(vd history web1)" 'rate=2.* overwritten$'
like "in JSON, too" "$(overwritten_in_history)" 'rate=2'

others_read
change device web1 disk add source=$images/second.qcow2
others_define
lost "a disk that was added" 'disk'
others_read
change --yes device web1 rng0 remove
others_define
lost "a device that was removed" 'rng'
others_read
change device web1 vnc passwd=Zau8er
others_define
lost "a password" 'passwd=\(hidden\)'
unlike "which stays hidden" "$(cat "$TEST_TMP/out"; vd history web1)" 'Zau8er|hunter22'
others_read
change autostart web1 order=5
others_define
lost "an order" 'order'

# ---- a failing change tells, too ----
others_read
change device web1 rng0 rate=3
others_define
exits "one that libvirt refuses" 1 vd device web1 disk add source=/nowhere/at/all.qcow2
like "says what was lost" "$err" 'besides, the change.*rate=3.*is not in the definition'

# ---- what is no loss ----
before=$(overwritten_in_history)
change device web1 rng0 rate=4
v schedinfo web1 --config cpu_shares=2000 >/dev/null
v setmem web1 98304 --config
change device web1 rng0 rate=5
is "others' changes beside ours are none" "$out" ""
change device web1 rng0 rate=6
is "nor is another one of ours on the same field" "$out" ""
change undo web1
is "nor an undo" "$out" ""
change undo web1
is "nor an undo of that" "$out" ""
change device web1 disk add source=$images/second.qcow2
is "nor a disk that we added" "$out" ""
disk=$(v domblklist web1 --inactive | awk '/second/ { print $1 }')
change --yes device web1 "$disk" remove
change set web1 title=x
is "and removed again" "$out" ""
is "the history has no more" "$(overwritten_in_history)" "$before"

vdemo() {
    "$VIRTDECK" --demo "$@" </dev/null 2>&1
}
vdemo set web3 title=x >/dev/null
unlike "nor the demo host's, which is made anew each time" "$(vdemo set web3 title=y; vdemo history web3)" 'another program|overwritten'

# ---- where nobody can watch who writes the definition: libvirt's own way of writing is no loss ----
blind() {
    unshare -m --propagation unchanged sh -c 'mount -t tmpfs tmpfs /etc/libvirt/qemu && exec "$@"' sh "$VIRTDECK" -c $URI "$@" </dev/null
}
cat >"$TEST_TMP/editor" <<'EOF2'
#!/bin/sh
sed -i "s,<memory unit='KiB'>[0-9]*</memory>,<memory unit='MiB'>128</memory>," "$1"
EOF2
export EDITOR="sh $TEST_TMP/editor"
exits "another unit" 0 blind --yes edit web1
unlike "is taken for what it is" "$out$err" 'somebody else|another program'
like "and is there" "$(v dumpxml --inactive web1)" "<memory unit='KiB'>131072<"
others_read
exits "a change" 0 blind device web1 rng0 rate=8
others_define
exits "the next one" 0 blind set web1 description=blind
like "says that it is gone" "$out$err" 'rng0: rate=8.*is not in the definition'

# ---- on the screen ----
guest_define web2 net=no extra="<rng model='virtio'><rate bytes='1'/><backend model='random'>/dev/urandom</backend></rng>"
term_start 120x36 -c $URI -o interval=60
shows "the screen" 'web2' 20
v dumpxml --inactive --security-info web2 >"$TEST_TMP/older.xml"
vd device web2 rng0 rate=7 >/dev/null
v define "$TEST_TMP/older.xml" >/dev/null
type_text ':events'
keys Enter
shows "the screen says that a change was overwritten" 'web2.*the change 1 \(rng.*rate=7\) is not in the' 20
leave
like "the file of events has it" "$(vd events web2)" 'rate=7.*is not in the definition of web2'
done_testing
