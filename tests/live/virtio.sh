#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Conversion to virtio devices on real guests, whose root file system is on an IDE disk: one that finds it by its label,
# one that knows its name only, one that panics.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/virtio-lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
network_start

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
eventually "it boots from its IDE disk" 150 booted label
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
eventually "it boots from /dev/sda" 150 booted sda
exits "its conversion fails" 1 vd --yes --json virtio sda --timeout 90
is "the outcome" "$(result outcome)" reverted
like "the line that gave it away is told" "$err" '/dev/sda does not exist.*put back'
like "in JSON, too" "$(result evidence)" 'ALERT!'
same_as_before sda
is "it runs again" "$(state_of sda)" running
is "from its IDE disk" "$(of sda "target dev='hda' bus='ide'")" 1
eventually "and boots" 150 booted sda
nothing_left sda
# On virtio-scsi its disk is still sda.
exits "with --bus scsi it is converted" 0 vd --yes --json virtio sda --timeout 90 --bus scsi --ready 'guest is up'
is "the outcome" "$(result outcome)" converted
is "it runs on a virtio-scsi disk" "$(of sda "model='virtio-scsi'") $(of sda "target dev='sda' bus='scsi'")" "1 1"
vd --yes destroy sda >/dev/null

# ---- one that panics, and was off ----
old_guest panics "VD_ROOT=/dev/sda VD_NO_ROOT=panic"
exits "its conversion fails" 1 vd --yes --json virtio panics --timeout 90 --ready 'guest is up'
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

# ---- refused before anything is touched ----
v start panics >/dev/null
eventually "it boots" 150 booted panics
v managedsave panics >/dev/null
exits "one with saved memory is refused" 1 vd --yes virtio panics
like "says why" "$err" 'memory is saved'
exits "a wrong --ready is a usage error" 2 vd --yes virtio panics --ready '('
exits "--plan with --abort, too" 2 vd --yes virtio panics --plan --abort
exits "read-only: refused" 1 vd -r --yes virtio panics
done_testing
