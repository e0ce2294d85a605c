#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A conversion to virtio devices that is killed in the middle, at each of its steps, goes on or is taken back.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/virtio-lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
network_start

# What its serial port says when it is up is told: then nobody waits for it to become quiet.
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
    eventually "it boots" 150 booted "killed$step"
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
    eventually "it boots" 150 booted "aborted$step"
    killed_at "aborted$step" "$step"
    exits "--abort puts everything back" 0 vd --yes --json virtio "aborted$step" --abort --timeout 30
    is "the outcome" "$(result outcome)" reverted
    same_as_before "aborted$step"
    is "it runs" "$(state_of "aborted$step")" running
    is "on its IDE disk" "$(of "aborted$step" "target dev='hda' bus='ide'")" 1
    nothing_left "aborted$step"
    vd --yes destroy "aborted$step" >/dev/null
done
exits "--resume of what was not begun" 1 vd --yes virtio aborted5 --resume
like "says so" "$err" 'no conversion'

# Somebody else changes the definition meanwhile: that is in the journal when the old one is put back.
old_guest meddled "VD_ROOT=LABEL=guest-root"
killed_at meddled 1
v desc meddled --config --title "another title" >/dev/null
exits "--abort" 0 vd --yes virtio meddled --abort
same_as_before meddled
exits "what was changed meanwhile can be had back" 0 vd --yes undo meddled
like "it is there" "$(definition meddled)" "<title>another title</title>"

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

# A state that something else has written into.
old_guest damaged "VD_ROOT=LABEL=guest-root"
killed_at damaged 1
echo '{"step": 99}' >"$state"
exits "a damaged state is no reason to go on" 1 vd --yes virtio damaged --resume
like "it is named" "$err" 'is damaged.*history'

done_testing
