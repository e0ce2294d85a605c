#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every command in one process, by -f: what the leak checkers walk outside the screen.
. "$(dirname "$0")/../lib.sh"

cat >"$TEST_TMP/script" <<'EOF'
# Every command of the shell, on the demo host.
list
list --columns all --sort -cpu --filter "state=running | web"
sample -n 2 -d 0.2
hosts
devices db1
events
config
help
help start
version
suspend web1 && resume web1
start web3
start 'web*'
reboot web2
shutdown web3
destroy --yes web3
autostart db1 on
autostart db1 off
rename web3 web4
undefine --yes web4
log db1
screenshot db1
EOF
exits "a script of all commands" 1 "$VIRTDECK" --demo --keep-going -f "$TEST_TMP/script"
printf '%s\n%s\n' "$out" "$err" >"$TEST_TMP/all"
for word in 'web1: paused' 'web1: resumed' 'web3: started' 'undefined' 'renamed to web4' 'demo' 'usage: virtdeck'; do
    like "it said $word" "$(cat "$TEST_TMP/all")" "$word"
done
is "only the log, which the demo host has not, failed" "$(printf '%s\n' "$err" | grep -c .)" 1
like "and says so" "$err" 'log'
exits "the same as JSON" 1 "$VIRTDECK" --demo --keep-going --json -f "$TEST_TMP/script"
check "is JSON on every line" sh -c 'printf "%s" "$1" | jq -e . >/dev/null' sh "$out"
exits "a line that is no command" 2 sh -c "echo 'list --nonsense \"' | '$VIRTDECK' --demo -f -"
exits "a missing file" 1 "$VIRTDECK" --demo -f "$TEST_TMP/none"
done_testing
