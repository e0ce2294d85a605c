#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# diff, history, undo and edit on a host in a file (the test driver; each run of the program finds it as it was).
. "$(dirname "$0")/../lib.sh"
need jq

uuid=11111111-2222-4333-8444-555555555555
cat >"$TEST_TMP/host.xml" <<EOF2
<node>
  <domain type='test'>
    <name>one</name>
    <uuid>$uuid</uuid>
    <title>First</title>
    <memory unit='KiB'>65536</memory>
    <vcpu>1</vcpu>
    <os><type arch='x86_64'>hvm</type></os>
    <devices>
      <graphics type='vnc' port='-1' autoport='yes' passwd='hunter22'/>
    </devices>
  </domain>
</node>
EOF2
state=$HOME/.local/state/virtdeck
vd() {
    "$VIRTDECK" -c "test://$TEST_TMP/host.xml" "$@" </dev/null
}
# run LINE…: several commands in one run, so that each finds what those before it did.
run() {
    printf '%s\n' "$@" >"$TEST_TMP/lines"
    "$VIRTDECK" -c "test://$TEST_TMP/host.xml" --keep-going -f "$TEST_TMP/lines" </dev/null
}
# editor SCRIPT: what EDITOR does from now on; the file is $1.
editor() {
    printf '#!/bin/sh\n%s\n' "$1" >"$TEST_TMP/editor"
    chmod +x "$TEST_TMP/editor"
    EDITOR=$TEST_TMP/editor
    export EDITOR
}
unset VISUAL
drafts() {
    find "$state/edits" -name '*.xml' 2>/dev/null | wc -l
}

# ---- nothing yet ----
exits "history of nothing" 0 vd history one
like "says so" "$out" 'the journal is empty'
exits "as JSON" 0 vd --json history one
is "it is an empty array" "$out" '[]'
exits "undo of nothing" 1 vd undo one
like "says so" "$err" 'no change to take back'
exits "undo of what is no number" 2 vd undo one 1.5
exits "undo of entry 0" 2 vd undo one 0

# ---- edit ----
editor 'exit 0'
exits "an editor that changes nothing" 0 vd edit one
like "is told" "$out" 'one: nothing was changed in the text'
is "and leaves nothing behind" "$(drafts)" 0
editor 'exit 3'
exits "an editor that fails" 1 vd edit one
like "is told" "$err" 'edit one|the editor .* failed with status 3'
is "and leaves nothing behind" "$(drafts)" 0
editor 'sed -i "s/First/Second/" "$1"'
exits "edit without --yes and nobody to ask" 1 vd edit one
like "shows the difference" "$out" '^\+  <title>Second</title>'
like "and says where the text is" "$err" 'the text is kept in .*/edits/.*xml; .edit one --resume.'
is "where it is" "$(drafts)" 1
editor 'exit 0'
exits "edit --resume --yes" 0 vd edit one --resume --yes
like "applies it" "$out" '^one: edit, at next boot'
is "and the text is gone" "$(drafts)" 0
exits "edit --resume when nothing is kept" 1 vd edit one --resume
like "says so" "$err" 'no text of an earlier edit is kept'
editor 'sed -i "s/First/Third/" "$1"'
exits "edit --dry-run" 0 vd edit one --dry-run
like "shows the difference" "$out" '^\+  <title>Third</title>'
like "and the virsh command" "$out" 'virsh define'
unlike "and no password" "$out$err" 'hunter22'
rm -f "$state"/edits/*

# ---- bad texts ----
editor 'echo "<domain><name>one</name>" >"$1"'
exits "a text that is no XML" 1 vd edit one --yes
like "is explained with its line" "$err" 'line [0-9]+ of the XML: '
like "and kept" "$err" 'the text is kept in'
is "as it was typed" "$(cat "$state"/edits/*.xml)" '<domain><name>one</name>'
rm -f "$state"/edits/*
editor 'sed -i "s/<memory unit=.KiB.>65536/<memory unit=\"nonsense\">65536/" "$1"'
exits "a text that libvirt refuses" 1 vd edit one --yes
like "is explained" "$err" 'nonsense|unit'
like "and kept" "$err" 'the text is kept in'
rm -f "$state"/edits/*
editor 'sed -i "s/11111111-2222/99999999-2222/" "$1"'
exits "a text with another UUID" 1 vd edit one --yes
rm -f "$state"/edits/*
editor 'rm -f "$1"'
exits "an editor that deletes the file" 1 vd edit one --yes
editor ': >"$1"'
exits "an empty text" 1 vd edit one --yes
like "is explained" "$err" 'the XML is empty'
EDITOR=/nonexistent/editor
export EDITOR
exits "an editor that is not there" 1 vd edit one --yes
like "is explained" "$err" 'the editor \(/nonexistent/editor\) failed'
rm -rf "$state"

# ---- history, undo ----
editor 'sed -i "s/First/Second/" "$1"'
exits "edit, undo, undo of the undo, undo of a number" 0 run 'edit one --yes' 'undo one' 'undo one' 'undo one 1' \
    'list --columns name,title --json' 'history one --json' 'history one'
is "the title is the first one again" "$(printf '%s\n' "$out" | sed -n '/^\[{"name"/p' | jq -r '.[0].title')" First
is "all of it is in the journal" "$(printf '%s\n' "$out" | sed -n '/^\[{"number"/p' | jq -c 'map([.number, .what, .state])')" \
    '[[1,"edit","done"],[2,"undo 1","done"],[3,"undo 2","done"],[4,"undo 1","done"]]'
like "the table has a heading" "$out" '^NUMBER +TIME +WHO +WHAT +WHEN +STATE'
like "and a line an entry" "$out" '^4 +[0-9]{4}-.* undo 1 +at next boot +done'
# This process finds the host as it was, so somebody else has changed what the journal knows.
rm -rf "$state"
exits "an edit" 0 run 'edit one --yes'
exits "undo after somebody else's change" 1 vd undo one
like "is refused" "$err" 'somebody else changed its definition since'
exits "undo --force asks" 2 vd undo one --force
exits "undo --force --yes" 0 vd undo one --force --yes
exits "undo of an entry that is not there" 1 vd undo one 77 --force --yes
like "names those that are" "$err" 'there is no entry 77: the journal has 1 to'
exits "undo --dry-run" 0 run 'edit one --yes' 'undo one --dry-run'
like "shows what comes back" "$out" '^\+  <title>First</title>'
unlike "no password gets out" "$out$err" 'hunter22'
like "the journal has it, to be put back" "$(cat "$state/journal/$uuid"/*.json)" 'hunter22'
is "and nobody else may read it" "$(find "$state/journal" "$state/edits" \( -type f -perm /077 -o -type d -perm /077 \) | wc -l)" 0
check "nothing else of the state directory has it" \
    sh -c '! grep -rl hunter22 "$1" | grep -v "^$1/journal/"' sh "$state"

# ---- a journal that can't be written ----
rm -rf "$state"
mkdir -p "$state"
: >"$state/journal"
exits "edit without a journal" 1 vd edit one --yes
like "changes nothing, and says why" "$err" 'nothing was changed.*journal'
rm -rf "$state"

# ---- diff ----
exits "diff" 0 vd --json diff one
is "live and configured are there" "$(printf '%s' "$out" | jq -c '[(.live | type), (.config | type), .diff]')" \
    '["string","string",[]]'
unlike "without the password" "$out" 'hunter22'
exits "diff of one that is equal" 0 vd diff one
like "says so" "$out" 'no difference: the next boot brings the machine that runs now'
exits "after an edit" 0 run 'edit one --yes' 'diff one'
like "the difference is shown" "$out" '^-  <title>First</title>'
like "which way round" "$out" '^--- running now'
exits "of one that is off" 0 run 'destroy one --yes' 'diff one'
like "says so" "$out" 'it does not run'
exits "edit on a read-only host" 1 vd -r edit one --yes
done_testing
