#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every example in README.md and the manual pages does what it shows: it ends with status 0 (or the one named
# behind it: "# exit 2"), and prints the output below it where there is one.
. "$(dirname "$0")/../lib.sh"

mkdir -p "$TEST_TMP/bin" "$TEST_TMP/work"
ln -sf "$VIRTDECK" "$TEST_TMP/bin/virtdeck"
PATH=$TEST_TMP/bin:$PATH

# The file that README.md shows.
awk '/is$/ { named = 1 } /^```/ { inside = named && !inside; if (!inside) named = 0; next } inside' "$top/README.md" |
    sed -n '/^# One command a line/,$p' >"$TEST_TMP/work/nightly.vd"
# The one that virtdeck-autostart(7) shows.
awk '/^\.IR boot\.vd/ { named = 1 } /^\.nf/ { inside = named; next } /^\.fi/ { inside = named = 0 } inside' \
    "$top/man/virtdeck-autostart.7" | sed 's/\\-/-/g' >"$TEST_TMP/work/boot.vd"
check "virtdeck-autostart(7) shows boot.vd" test -s "$TEST_TMP/work/boot.vd"

# The signatures that virtdeck-config(5) shows: read without a word, and they know their line.
mkdir -p "$TEST_TMP/config/virtdeck" "$TEST_TMP/state/virtdeck"
awk '/^\.I signatures\.json/ { named = 1 } /^\.nf/ { inside = named; next } /^\.fi/ { inside = named = 0 } inside' \
    "$top/man/virtdeck-config.5" | sed "s/\\\\-/-/g; s/\\\\(aq/'/g; s/\[\"qemu\", /[\"event\", \"qemu\", /" \
    >"$TEST_TMP/config/virtdeck/signatures.json"
printf '{"time":%s000,"kind":"lifecycle","uuid":"%s","text":"%s"}\n' "$(date +%s)" \
    "$("$VIRTDECK" --demo --json list --filter web3 | sed 's/.*"uuid":"\([^"]*\)".*/\1/')" \
    "qemu: Could not open '/backup/db.qcow2': No such file" >"$TEST_TMP/state/virtdeck/events.jsonl"
exits "virtdeck-config(5): its signatures" 0 env "XDG_CONFIG_HOME=$TEST_TMP/config" "XDG_STATE_HOME=$TEST_TMP/state" \
    "$VIRTDECK" --demo explain web3
is "are read without a mistake" "$err" ""
like "and found" "$out" '/backup/db.qcow2 is on the backup disk, which is not mounted'

run_example() { # DOCUMENT FILE: FILE.cmd and perhaps FILE.out
    line=$(cat "$2.cmd")
    status=0
    case $line in
    *'# exit '*) status=${line##*'# exit '} ;;
    esac
    if ! exits "$1: $line" "$status" sh -c "cd '$TEST_TMP/work' && $line"; then
        return
    fi
    if [ -s "$2.out" ]; then
        if difference=$(awk -f "$top/tests/docs/output.awk" "$2.out" "$TEST_TMP/out"); then
            ok "$1: what \`$line' prints"
        else
            not_ok "$1: what \`$line' prints"
            note "$difference"
        fi
    fi
}

for document in README.md man/virtdeck.1 man/virtdeck-config.5 man/virtdeck-autostart.7; do
    dir=$TEST_TMP/examples/$document
    mkdir -p "$dir"
    n=$(awk -v dir="$dir" -f "$top/tests/docs/examples.awk" "$top/$document")
    i=1
    while [ "$i" -le "$n" ]; do
        run_example "$document" "$dir/$i"
        i=$((i + 1))
    done
done
done_testing
