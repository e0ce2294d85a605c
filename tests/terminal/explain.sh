#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Why a domain failed, by keys: the overview tells, the dialog's remedies run. On the demo host, with signatures and
# events of the test's own.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"
need jq

XDG_STATE_HOME=$TEST_TMP/state
XDG_CONFIG_HOME=$TEST_TMP/config
export XDG_STATE_HOME XDG_CONFIG_HOME
mkdir -p "$XDG_STATE_HOME/virtdeck" "$XDG_CONFIG_HOME/virtdeck"
marker="$TEST_TMP/it was run"

cat >"$XDG_CONFIG_HOME/virtdeck/signatures.json" <<EOF
{ "signatures": [
    { "id": "told", "source": "event", "pattern": "the test says ([a-z]+)", "groups": ["word"], "rank": 5,
      "cause": "The test has said {word}.", "remedy": "Make the file that it waits for.", "command": "\$ touch '$marker' && echo 'it says hello'" },
    { "id": "off", "source": "event", "pattern": "it has no name", "rank": 6,
      "cause": "Nobody knows it.", "remedy": "Name it.", "command": "set {vm} title=Mended" },
    { "id": "small", "source": "event", "pattern": "it is small", "rank": 7,
      "cause": "It has too little memory.", "remedy": "Give it more.", "command": "set {vm} memory={?SIZE}" },
    { "id": "far", "source": "event", "pattern": "it is far", "rank": 8,
      "cause": "Its host is somewhere else.", "remedy": "Go there.", "command": "\$ ssh elsewhere 'true'" } ] }
EOF
uuid=$("$VIRTDECK" --demo --json list --filter legacy-nt4 | jq -r '.[0].uuid')
for text in "the test says hello" "it has no name" "it is small" "it is far"; do
    printf '{"time":%s000,"severity":"error","kind":"lifecycle","uuid":"%s","vm":"legacy-nt4","text":"%s"}\n' \
        "$(date +%s)" "$uuid" "$text" >>"$XDG_STATE_HOME/virtdeck/events.jsonl"
done

term_start 120x36 "XDG_STATE_HOME=$XDG_STATE_HOME" "XDG_CONFIG_HOME=$XDG_CONFIG_HOME" --demo -o interval=0.5
wait_text '^.{0,3}db1 '
type_text "/legacy"
keys Enter
keys 1
shows "the overview tells why the selected domain failed" 'WHY IT FAILED'
shows "the likeliest cause first" '1  The test has said hello\.'
shows "with its remedy" "→ touch|→ [$] touch"
shows "and how many more there are" 'WHY IT FAILED .W: what helps, and 1 more.'

keys W
shows "the dialog opens" 'legacy-nt4 died'
shows "with the line that shows it" 'event [0-9:]{8} +the test says hello'
shows "a place to fill in is seen" 'memory=SIZE'
keys Enter
shows "a line for a shell is shown whole" 'Run this line on this machine, in a shell'
keys n
hides "No closes the question" 'Run this line'
check "and nothing was run" test ! -e "$marker"
keys W
shows "the dialog once more" 'legacy-nt4 died'
keys Enter
shows "the question once more" 'Run this line'
keys y
shows "the line has the terminal" '^it says hello'
shows "until Enter" 'Enter goes back'
keys Enter
shows "the screen is back" 'done: touch'
check "it was run" test -e "$marker"

keys W
shows "a remedy of another host" 'legacy-nt4 died'
keys 4
keys Enter
shows "is shown to be copied" 'For a shell of that host'
esc
keys W
shows "the dialog" 'legacy-nt4 died'
keys y
shows "y copies" 'Copied, where the terminal has a clipboard'
esc
keys 3
keys Enter
shows "what has a place to fill in goes into the bar" ':set legacy-nt4 memory=SIZE'
esc
keys W
shows "the dialog again" 'legacy-nt4 died'
keys 2
keys Enter
shows "a command of ours is asked about, too" 'Run this command'
keys y
shows "and run" 'legacy-nt4: .*title'

# ---- reload ----
echo '{ "signatures": [ { "id": "x", "source": "qemo", "pattern": "y", "cause": "c", "remedy": "r" } ] }' \
    >"$XDG_CONFIG_HOME/virtdeck/signatures.json"
type_text ":reload"
keys Enter
shows "mistakes are told with their line" 'signatures.json:1: source: there is no source "qemo" .did you mean "qemu"'
leave

done_testing
