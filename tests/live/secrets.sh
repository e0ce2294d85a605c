#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Passwords in a definition outlive every change of something else, and are nowhere to be read: not in what is printed,
# not in logs, the screen, differences, events, nor in files that others can read.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
network_start
secret=Sesame7Q
other=Opensaid
rest="<graphics type='vnc' port='-1' autoport='yes' passwd='$secret'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
# Debian 13 has QEMU without SPICE.
passwords=2
guest_define web1 extra="<graphics type='spice' autoport='yes' passwd='$secret'/>$rest" 2>/dev/null || {
    passwords=1
    guest_define web1 extra="$rest"
}
all=$TEST_TMP/all
: >"$all"
# did WHAT STATUS COMMAND…: as exits; what was printed is kept, to be searched.
did() {
    exits "$@"
    printf '%s\n%s\n' "$out" "$err" >>"$all"
}
definition() {
    v dumpxml --inactive --security-info web1
}
kept() {
    is "$1: the passwords are there" "$(definition | grep -c "passwd='$secret'")" $passwords
}

log=$TEST_TMP/vd.log
vdl() {
    "$VIRTDECK" -c $URI --log-file "$log" --log-level debug "$@"
}
vdl --version >/dev/null 2>&1 || vdl() { vd "$@"; }
did "a narrow change" 0 vdl device web1 net0 link down
kept "a narrow change"
did "one that needs a new definition" 0 vdl --json device web1 rng0 rate=1000
kept "a new definition"
did "of the graphics themselves" 0 vdl device web1 vnc listen=0.0.0.0
kept "of the graphics"
did "keymap" 0 vdl device web1 $([ $passwords = 2 ] && echo spice || echo vnc) keymap=de
kept "of the other graphics"
did "texts" 0 vdl set web1 title=Web tags=web,db vcpus=1
kept "texts"
did "dry run" 0 vdl device web1 vnc port=5999 --dry-run
did "dry run as JSON" 0 vdl --json device web1 rng0 remove --dry-run
did "devices" 0 vdl --json devices web1
did "diff" 0 vdl diff web1
did "history" 0 vdl --json history web1
did "undo" 0 vdl undo web1
kept "undo"
did "undo dry run" 0 vdl undo web1 --dry-run
cat >"$TEST_TMP/editor" <<'EOF'
sed -i 's/<title>Web/<title>Edited/' "$1"
EOF
did "edit" 0 env EDITOR="sh $TEST_TMP/editor" "$VIRTDECK" -c $URI edit web1 --yes
kept "edit"
did "an edit that is no good" 1 env EDITOR="sed -i s/<memory.*//" "$VIRTDECK" -c $URI edit web1 --yes
v start web1 >/dev/null
eventually "the guest boots" 150 booted web1
did "the password is set while it runs" 0 vdl device web1 vnc passwd=$other
is "virsh has it" "$(definition | grep -c "passwd='$other'")" 1
is "the running one, too" "$(v dumpxml --security-info web1 | grep -c "passwd='$other'")" 1
did "a change that runs" 0 vdl device web1 net0 link up
is "they are there" "$(definition | grep -cE "passwd='($other|$secret)'")" $passwords
did "diff of a running one" 0 vdl --json diff web1
did "a change that libvirt refuses" 1 vdl device web1 disk add source=/nowhere/x.qcow2 --force
did "events" 0 vdl --json events web1

# ---- on the screen ----
term_start 120x36 -c $URI
shows "the screen" 'web1' 20
keys 2
shows "its devices" 'vnc'
keys 5
type_text ":diff web1"
keys Enter
wait_text 'no difference|\+\+\+ at the next boot'
screen >>"$all"
esc
type_text ":device web1 vnc passwd=$secret"
keys Enter
password_is() {
    definition | grep -q "type='vnc'.*passwd='$1'"
}
eventually "the password is set from the bar" 30 password_is "$secret"
type_text ":history web1"
keys Enter
wait_text 'NUMBER +TIME +WHO'
screen >>"$all"
esc
leave
screen >>"$all"

unlike "no password was ever printed" "$(grep -e "$other" -e "$secret" "$all")" .
[ -f "$log" ] || : >"$log"
unlike "nor logged" "$(grep -e "$other" -e "$secret" "$log")" .
state=$HOME/.local/state
is "files that have it are the journal's and kept texts only" \
    "$(grep -rle "$other" -e "$secret" "$HOME" | grep -cv -e '/journal/' -e '/edits/')" 0
note "$(grep -rle "$other" -e "$secret" "$HOME" | grep -v -e '/journal/' -e '/edits/')"
is "and nobody else can read those" "$(find "$state/virtdeck/journal" "$state/virtdeck/edits" -perm /077 2>/dev/null | wc -l)" 0
done_testing
