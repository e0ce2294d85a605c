#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Definitions edited as text, on libvirtd: edit, refusals, others who edit at the same time, undo, and the password that
# stays where it is.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
network_start
guest_define web1 title="First" extra="<graphics type='vnc' port='-1' autoport='yes' passwd='hunter22'/>"
state=$HOME/.local/state/virtdeck
uuid=$(v domuuid web1)
vd() {
    "$VIRTDECK" -c $URI "$@" </dev/null
}
editor() {
    printf '#!/bin/sh\n%s\n' "$1" >"$TEST_TMP/editor"
    chmod +x "$TEST_TMP/editor"
    EDITOR=$TEST_TMP/editor
    export EDITOR
}
unset VISUAL
secret_xml() {
    v dumpxml --inactive --security-info web1
}
title() {
    v dumpxml --inactive web1 | sed -n 's/.*<title>\(.*\)<\/title>.*/\1/p'
}
# Everything that was printed goes here, to be searched for the password.
all=$TEST_TMP/all
: >"$all"
did() {
    exits "$@"
    printf '%s\n%s\n' "$out" "$err" >>"$all"
}

# ---- edit ----
secret_xml >"$TEST_TMP/first.xml"
editor 'sed -i "s/<title>First/<title>Second/" "$1"'
did "edit of the title" 0 vd edit web1 --yes
like "says when it takes effect" "$out" 'web1: edit, at next boot'
is "virsh sees it" "$(title)" Second
like "the password has survived" "$(secret_xml)" "passwd='hunter22'"
is "and nothing else has changed" "$(secret_xml | sed 's/Second/First/')" "$(cat "$TEST_TMP/first.xml")"
editor 'sed -i "s/<title>Second/<title>Third/" "$1"'
did "without --yes" 1 vd edit web1
like "the difference is shown" "$out" '^\+  <title>Third</title>'
is "nothing is changed" "$(title)" Second
rm -f "$state"/edits/*

# ---- texts that are no good ----
editor 'sed -i "s/<.title>/<title>/" "$1"'
did "no XML" 1 vd edit web1 --yes
like "is explained with its line" "$err" 'line [0-9]+ of the XML'
like "and kept" "$err" 'the text is kept in'
rm -f "$state"/edits/*
editor 'sed -i "s/<memory unit=.KiB.>/&-/" "$1"'
did "XML that libvirt refuses" 1 vd edit web1 --yes --force
like "is explained in its words" "$err" 'memory'
like "and kept" "$err" 'the text is kept in'
is "nothing was changed" "$(title)" Second
editor 'sed -i "s/\(<memory unit=.KiB.>\)-/\1/; s/<title>Second/<title>Mended/" "$1"'
did "mended with --resume" 0 vd edit web1 --resume --yes
is "it is applied" "$(title)" Mended
is "and no text is left" "$(find "$state/edits" -type f | wc -l)" 0

# ---- somebody else, while the editor is open ----
editor "virsh -q -c $URI desc --config --title web1 --new-desc Theirs >/dev/null
sed -i 's/<currentMemory unit=.KiB.>[0-9]*/<currentMemory unit=\"KiB\">65536/' \"\$1\""
did "an edit that somebody else overtook" 1 vd edit web1 --yes
like "is not applied" "$err" 'changed by somebody else'
like "and kept" "$err" 'the text is kept in'
is "theirs stands" "$(title)" Theirs
like "and ours is not in it" "$(secret_xml)" "<currentMemory unit='KiB'>98304"
editor 'cp "$1" "'"$TEST_TMP"'/seen"'
did "resumed" 1 vd edit web1 --resume --yes
like "it is refused again" "$err" 'changed by somebody else'
did "--force overwrites theirs" 0 vd edit web1 --resume --yes --force
is "so it is" "$(title)" Mended
like "with ours" "$(secret_xml)" "<currentMemory unit='KiB'>65536"

# ---- undo ----
did "undo" 0 vd undo web1
is "theirs is back, as the journal has it" "$(title)" Theirs
did "undo of the undo" 0 vd undo web1
is "ours again" "$(title)" Mended
did "history" 0 vd --json history web1
first=$(printf '%s' "$out" | jq -r '[.[] | select(.state == "done")][0].number')
is "the first entry is an edit" "$(printf '%s' "$out" | jq -r '.[0].what')" edit
did "undo N" 0 vd undo web1 "$first"
is "brings the first definition back, to the letter" "$(secret_xml)" "$(cat "$TEST_TMP/first.xml")"
v desc --config --title web1 --new-desc Outside >/dev/null
did "undo after somebody else's change" 1 vd undo web1
like "is refused" "$err" 'somebody else changed its definition since'
is "theirs stands" "$(title)" Outside
did "undo --force --yes" 0 vd undo web1 --force --yes
unlike "overwrites it" "$(title)" Outside
did "undo --dry-run" 0 vd undo web1 --dry-run
like "shows what comes back" "$out" '^\+  <title>Outside'

# ---- the same on the screen: their change is shown above the text, to be put together ----
rm -f "$state"/edits/*
v desc --config --title web1 --new-desc First >/dev/null
cat >"$TEST_TMP/screen-editor" <<EOF2
#!/bin/sh
if [ ! -e "$TEST_TMP/again" ]; then
    : >"$TEST_TMP/again"
    virsh -q -c $URI desc --config web1 --new-desc 'their description' >/dev/null
    sed -i 's/<title>First/<title>Ours/' "\$1"
else
    cp "\$1" "$TEST_TMP/seen"
    sed -i 's/<title>Ours.*/&<description>both<\/description>/' "\$1"
fi
EOF2
chmod +x "$TEST_TMP/screen-editor"
term_start 100x30 EDITOR="$TEST_TMP/screen-editor" -c $URI
shows "the deck" '^.{0,3}web1 '
keys :
type_text 'edit web1'
keys Enter
shows "what was changed" '\+  <title>Ours</title>'
keys Enter
shows "the question" 'Apply this to web1\?'
keys y
shows "somebody else was faster" 'changed by somebody else'
shows "and it can be redone" 'Redo it on the new definition\?'
screen >>"$all"
is "nothing is overwritten" "$(title)" First
keys y
shows "both changes are seen" '<description>both</description>'
keys Enter
shows "the question again" 'Apply this to web1\?'
keys y
shows "it is applied" 'web1: edit, at next boot'
screen >>"$all"
leave
like "the editor saw theirs" "$(cat "$TEST_TMP/seen")" '^\+ *<description>their description</description>'
unlike "the note has no password" "$(sed '/^-->/q' "$TEST_TMP/seen")" hunter22
is "both are in the definition" "$(secret_xml | sed -n 's/ *<\(title\|description\)>\(.*\)<.*/\2/p' | tr '\n' ' ')" "Ours both "
like "and the password" "$(secret_xml)" "passwd='hunter22'"

# ---- killed at any moment ----
v desc --config --title web1 --new-desc A >/dev/null
v desc --config web1 --new-desc '' >/dev/null
editor 'sed -i "/<title>/s/>[AB]</>B</" "$1"'
broken= undone=0
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
    "$VIRTDECK" -c $URI edit web1 --yes </dev/null >/dev/null 2>&1 &
    pid=$!
    sleep 0.$((n % 3))$((n * 7 % 10))
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
    case $(title) in
    A) ;;
    B)
        undone=$((undone + 1))
        vd undo web1 >>"$all" 2>&1 && [ "$(title)" = A ] || broken="$broken $n"
        ;;
    *) broken="$broken $n" ;;
    esac
done
note "$undone of 12 were done before they were killed"
is "a killed edit leaves the old or the new definition, and undo works" "$broken" ""
did "and the journal can be read" 0 vd history web1
unlike "all of it" "$out" 'damaged'
rm -f "$state"/edits/*

# ---- diff ----
did "diff of one that is off" 0 vd diff web1
like "says so" "$out" 'it does not run'
v setmem web1 98304 --config
v start web1 >/dev/null
did "diff of one just started" 0 vd diff web1
like "finds none" "$out" 'no difference'
editor 'sed -i "s/<vcpu\(.*\)>1</<vcpu\1>2</" "$1"'
did "an edit while it runs" 0 vd edit web1 --yes
did "is a difference" 0 vd diff web1
like "in a line" "$out" '^(vcpu|cpu|vcpus|CPU|processor).*2'
like "and in the XML" "$out" "^\+ .*<vcpu placement=\"static\">2</vcpu>"

# ---- the password ----
unlike "the password was never printed" "$(cat "$all")" hunter22
check "no file but the journal has it" sh -c '! grep -rl hunter22 "$1" | grep -v "^$1/journal/"' sh "$state"
is "and nobody else may read that" "$(find "$state/journal" "$state/edits" -perm /077 | wc -l)" 0
like "it is in the definition still" "$(secret_xml)" "passwd='hunter22'"
check "the journal has it, so that undo brings it back" grep -q hunter22 -r "$state/journal/$uuid"
done_testing
