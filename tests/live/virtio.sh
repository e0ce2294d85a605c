#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Conversion to virtio devices on real guests, whose root file system is on an IDE disk: one that finds it by its label,
# one that knows its name only, one that panics, and what is left when the program is killed in the middle.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
network_start

nic="<interface type='network'><mac address='52:54:00:aa:bb:01'/><source network='default'/><model type='e1000'/></interface>"
video="<graphics type='vnc' port='-1' passwd='hush'/><video><model type='cirrus'/></video>"
agent="<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"

# old_guest NAME CMDLINE [EXTRA [SERIAL]]: on the devices of an old machine; before.xml has its definition.
old_guest() {
    cp --sparse=always "$GUEST/root.img" "$images/$1.img"
    guest_define "$1" net=no serial="${4-log}" memory=131072 cmdline="$2" extra="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$images/$1.img'/>
        <target dev='hda' bus='ide'/></disk>${3-}"
    definition "$1" >"$TEST_TMP/before-$1.xml"
}
definition() {
    v dumpxml --inactive --security-info "$1"
}
same_as_before() {
    definition "$1" >"$TEST_TMP/after.xml"
    if cmp -s "$TEST_TMP/before-$1.xml" "$TEST_TMP/after.xml"; then
        ok "$1 has its old definition, byte for byte"
    else
        not_ok "$1 has its old definition, byte for byte"
        diff "$TEST_TMP/before-$1.xml" "$TEST_TMP/after.xml" | sed 's/^/#   /'
    fi
}
nothing_left() {
    is "$1: no small disk is left" "$(find "$images" -name '*probe*')" ""
    is "$1: nothing is left in the state directory" "$(find "$HOME" -path '*convert*' -name '*.json')" ""
}
result() {
    printf '%s' "$out" | jq -r ".$1"
}
of() {
    v dumpxml "$1" | grep -cE "$2"
}

# ---- the plan ----
old_guest label "VD_ROOT=LABEL=guest-root" "$nic$video"
exits "--plan" 0 vd --json virtio label --plan
is "what becomes of each" "$(printf '%s' "$out" | jq -r '.plan[] | .kind + " " + .is + " " + .fate + " " + (.to // "-")' | sort)" "balloon virtio virtio -
disk ide convert virtio
input ps2 stays -
input ps2 stays -
nic e1000 convert virtio
video cirrus convert virtio"
exits "--plan for people" 0 vd virtio label --plan
like "tells the risk" "$out" 'does not boot'
same_as_before label
exits "without --yes it is a usage error" 2 vd virtio label

# ---- one that can boot from virtio ----
v start label >/dev/null
eventually "it boots from its IDE disk" 60 booted label
exits "it is converted" 0 vd --yes --json virtio label --timeout 90
is "the outcome" "$(result outcome)" converted
is "all steps were made" "$(printf '%s' "$out" | jq -r '[.steps[] | .step + "=" + .result] | join(" ")')" \
    "probe=ok boot=ok driver=ok stop=ok flip=ok watch=ok finish=ok"
note "evidence: $(result evidence)"
is "it keeps running" "$(state_of label)" running
is "on a virtio disk" "$(of label "target dev='vda' bus='virtio'")" 1
is "and a virtio NIC, with its MAC" "$(v dumpxml label | grep -A3 52:54:00:aa:bb:01 | grep -c "model type='virtio'")" 1
is "no IDE disk is left" "$(of label "bus='ide'")" 0
is "the machine type stayed" "$(v dumpxml label | grep -o "machine='[^']*'")" "$(grep -o "machine='[^']*'" "$TEST_TMP/before-label.xml")"
like "its password stayed" "$(definition label)" "passwd='hush'"
nothing_left label
exits "converting it again" 1 vd --yes virtio label
like "says that there is nothing to do" "$err" 'nothing to convert'
exits "the old definition is in the journal" 0 vd history label
like "as the state before" "$out" 'virtio: before'
exits "and can be had back" 0 vd --yes undo label
same_as_before label
vd --yes destroy label >/dev/null

# ---- one that looks for /dev/sda only ----
old_guest sda "VD_ROOT=/dev/sda" "$nic$video"
v start sda >/dev/null
eventually "it boots from /dev/sda" 60 booted sda
exits "its conversion fails" 1 vd --yes --json virtio sda --timeout 90
is "the outcome" "$(result outcome)" reverted
like "the line that gave it away is told" "$err" '/dev/sda does not exist.*put back'
like "in JSON, too" "$(result evidence)" 'ALERT!'
same_as_before sda
is "it runs again" "$(state_of sda)" running
is "from its IDE disk" "$(of sda "target dev='hda' bus='ide'")" 1
eventually "and boots" 60 booted sda
nothing_left sda
# On virtio-scsi its disk is still sda.
exits "with --bus scsi it is converted" 0 vd --yes --json virtio sda --timeout 90 --bus scsi
is "the outcome" "$(result outcome)" converted
is "it runs on a virtio-scsi disk" "$(of sda "model='virtio-scsi'") $(of sda "target dev='sda' bus='scsi'")" "1 1"
vd --yes destroy sda >/dev/null

# ---- one that panics, and was off ----
old_guest panics "VD_ROOT=/dev/sda VD_NO_ROOT=panic"
exits "its conversion fails" 1 vd --yes --json virtio panics --timeout 90
is "the outcome" "$(result outcome)" reverted
same_as_before panics
is "it is off again" "$(state_of panics)" "shut off"
nothing_left panics

# ---- without a log of the serial port: the console itself; and one whose agent tells ----
old_guest console "VD_ROOT=/dev/sda" "" no
exits "without a serial log it is found out, too" 1 vd --yes --json virtio console --timeout 90
is "the outcome" "$(result outcome)" reverted
same_as_before console
old_guest agent "VD_ROOT=LABEL=guest-root" "$agent" no
exits "with an agent" 0 vd --yes --json virtio agent --timeout 90
is "the outcome" "$(result outcome)" converted
is "it was off and is off again" "$(state_of agent)" "shut off"

# ---- killed in the middle ----
# What its serial port says is told from here on: then nobody waits for it to become quiet.
# killed_at NAME STEP: begins, and kills the program when its state says that it is at that step.
killed_at() {
    id=$(v domuuid "$1" | tr -d '\n')
    state=$(echo "$HOME"/.local/state/virtdeck/convert/"$id".json)
    "$VIRTDECK" -c $URI --yes virtio "$1" --timeout 90 --ready 'guest is up' >/dev/null 2>&1 &
    killed=$!
    eventually "$1: step $2 is reached" 90 at_step "$2"
    kill -KILL "$killed"
    wait "$killed" 2>/dev/null
}
at_step() {
    [ "$(jq -r .step "$state" 2>/dev/null || echo -1)" -ge "$1" ]
}
for step in 1 4 5; do
    old_guest "killed$step" "VD_ROOT=LABEL=guest-root" "$nic"
    v start "killed$step" >/dev/null
    eventually "it boots" 60 booted "killed$step"
    killed_at "killed$step" "$step"
    exits "a second conversion is refused" 1 vd --yes virtio "killed$step"
    like "and told of the first" "$err" '--resume.*--abort'
    exits "--resume goes on" 0 vd --yes --json virtio "killed$step" --resume --timeout 90
    is "the outcome" "$(result outcome)" converted
    is "it runs on virtio" "$(state_of "killed$step") $(of "killed$step" "target dev='vda' bus='virtio'")" "running 1"
    nothing_left "killed$step"
    vd --yes destroy "killed$step" >/dev/null
done
for step in 1 2 5; do
    old_guest "aborted$step" "VD_ROOT=LABEL=guest-root" "$nic"
    v start "aborted$step" >/dev/null
    eventually "it boots" 60 booted "aborted$step"
    killed_at "aborted$step" "$step"
    exits "--abort puts everything back" 0 vd --yes --json virtio "aborted$step" --abort --timeout 30
    is "the outcome" "$(result outcome)" reverted
    same_as_before "aborted$step"
    is "it runs" "$(state_of "aborted$step")" running
    is "on its IDE disk" "$(of "aborted$step" "target dev='hda' bus='ide'")" 1
    nothing_left "aborted$step"
    vd --yes destroy "aborted$step" >/dev/null
done
exits "--resume of what was not begun" 1 vd --yes virtio label --resume
like "says so" "$err" 'no conversion'

# Somebody else changes the definition meanwhile: that is in the journal when the old one is put back.
old_guest meddled "VD_ROOT=LABEL=guest-root"
killed_at meddled 1
v desc meddled --config --title "somebody's title" >/dev/null
exits "--abort" 0 vd --yes virtio meddled --abort
same_as_before meddled
exits "what was changed meanwhile can be had back" 0 vd --yes undo meddled
like "it is there" "$(definition meddled)" "<title>somebody's title</title>"

# Two at once; and stopped by hand.
old_guest twice "VD_ROOT=LABEL=guest-root"
# Commands in the background are deaf to SIGINT in a script.
perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$VIRTDECK" -c $URI --yes --json virtio twice --timeout 90 >"$TEST_TMP/first" 2>&1 &
first=$!
id=$(v domuuid twice | tr -d '\n')
state=$HOME/.local/state/virtdeck/convert/$id.json
eventually "one is under way" 30 at_step 1
exits "a second one beside it is refused" 1 vd --yes virtio twice --abort
like "because of that" "$err" 'already'
kill -INT $first
wait $first
like "Ctrl-C stops it" "$(cat "$TEST_TMP/first")" 'cancelled'
exits "and it can be taken back" 0 vd --yes virtio twice --abort
same_as_before twice
is "it is off, as it was" "$(state_of twice)" "shut off"
nothing_left twice

# Refused before anything is touched.
v start twice >/dev/null && eventually "it boots" 60 booted twice && v managedsave twice >/dev/null
exits "one with saved memory is refused" 1 vd --yes virtio twice
like "says why" "$err" 'memory is saved'
exits "a wrong --ready is a usage error" 2 vd --yes virtio twice --ready '('
exits "--plan with --abort, too" 2 vd --yes virtio twice --plan --abort
exits "read-only: refused" 1 vd -r --yes virtio twice
done_testing
