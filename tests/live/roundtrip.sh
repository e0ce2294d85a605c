#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every field of every device is set to another value and back, in definitions of all kinds (tests/data/domains): what
# libvirt then prints is letter for letter what it printed before. A definition or a value that this libvirt refuses
# is counted, no failure; nor are controllers that libvirt adds where a bus needs one, and keeps. A field of a kind is
# tried in ROUNDTRIP_EACH definitions (1).
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
network_start
: "${ROUNDTRIP_EACH:=1}"
tried=$TEST_TMP/tried
: >"$tried"
"$VIRTDECK" --json fields 2>/dev/null |
    jq -r '.[] | .kind as $k | .fields[] | [$k, .field, (.values // ""), .when] | @tsv' >"$TEST_TMP/fields"
check "there is a list of fields" test "$(wc -l <"$TEST_TMP/fields")" -gt 100

# Lines NAME FIELD OTHER BACK for one domain: values that the field does not have now.
moves() {
    vd --json devices "$1" | jq -r '.[] | select(.kind != "other") | .kind as $k | .name as $n | 
        .fields | to_entries[] | [$k, $n, .key, (.value.config // "default")] | @tsv' |
        awk -F '\t' -v each="$ROUNDTRIP_EACH" -v tried="$tried" '
        BEGIN {
            while ((getline line <(ENVIRON["TEST_TMP"] "/fields")) > 0) {
                split(line, f, "\t")
                values[f[1] " " f[2]] = f[3]
            }
            while ((getline line <tried) > 0) count[line]++
        }
        # Whether the value can be given, and another one.
        {
            id = $1 " " $3
            # What has no way back by this field alone: what a device leads to, with all that belongs to that; a
            # CPU of the host\047s mode gets a mode of its own with a model; a disk on another bus and a share with
            # another tag are called otherwise; libvirt has inputs of its own beside those that are there; another
            # model has another address, and virtiofs one way of access only.
            if (id ~ /^((serial|console|parallel|channel|graphics|nic) type|console target_type)$/) next
            if (id == "cpu model" && $4 == "default") next
            if (id ~ /^(controller .*|(disk|cdrom|floppy) (bus|target)|filesystem target|input .*|channel name|(watchdog|panic) model|filesystem driver)$/) next
            if (!(id in values) || count[id] >= each || $2 ~ /[ \t"'\''\\]/ || $4 ~ /[\n"'\''\\ ;&|<>#]/) next
            v = values[id]; other = ""
            n = split(v, word, " ")
            if (v ~ /^[A-Z]/) {
                if (v ~ /^NUMBER/) other = $4 == "2" ? "3" : "2"
                else if (v ~ /^SIZE/) other = "192M"
                else if (v ~ /^NETWORK/) other = $4 == "default" ? "other" : "default"
                else if (v ~ /^INTERFACE/) other = "br7"
                else if (v ~ /^MAC/) other = "52:54:00:99:99:99"
                else if (v ~ /^PATH|^FILE/) other = "/tmp/other.img"
                else if (v ~ /^TEXT/) other = "other1"
            } else {
                for (i = n; i > 0; i--) if (word[i] != $4 && word[i] !~ /^[A-Z]/) other = word[i]
            }
            if (other == "" || other == $4) next
            count[id]++
            print id >>tried
            print $2 "\t" $3 "\t" other "\t" $4
        }'
}

printed() {
    v dumpxml --inactive --security-info "$1" | sed '/^    <controller.*[^/]>$/,/^    <.controller>/d; /^    <controller.*\/>/d'
}

: >"$TEST_TMP/alarms"
accepted=0 refused=0 changes=0 refusals=0
for file in "$top"/tests/data/domains/*.xml; do
    if ! v define "$file" >"$TEST_TMP/define" 2>&1; then
        refused=$((refused + 1))
        continue
    fi
    accepted=$((accepted + 1))
    name=$(sed -n "s/^Domain '\(.*\)' defined.*/\1/p" "$TEST_TMP/define")
    [ -n "$name" ] || name=$(v list --all --name | head -n 1)
    v dumpxml --inactive --security-info "$name" >"$TEST_TMP/first.xml"
    before=$(printed "$name")
    moves "$name" >"$TEST_TMP/moves"
    while IFS='	' read -r device field other back; do
        echo "device '$name' '$device' '$field=$other' --force --config"
        echo "device '$name' '$device' '$field=$back' --force --config"
    done <"$TEST_TMP/moves" >"$TEST_TMP/script"
    if [ -s "$TEST_TMP/script" ]; then
        "$VIRTDECK" -c $URI --keep-going -f "$TEST_TMP/script" >"$TEST_TMP/out" 2>"$TEST_TMP/err" </dev/null
        changes=$((changes + $(wc -l <"$TEST_TMP/moves")))
        refusals=$((refusals + $(grep -c '^virtdeck:' "$TEST_TMP/err")))
        grep -h 'not in the definition' "$TEST_TMP/out" "$TEST_TMP/err" >>"$TEST_TMP/alarms"
    fi
    after=$(printed "$name")
    if [ "$before" != "$after" ]; then
        not_ok "$name is what it was"
        # Which field it is.
        while IFS='	' read -r device field other back; do
            v undefine "$name" >/dev/null 2>&1 || v undefine --nvram "$name" >/dev/null 2>&1
            v define "$TEST_TMP/first.xml" >/dev/null 2>&1
            vd device "$name" "$device" "$field=$other" --force --config >/dev/null 2>&1
            vd device "$name" "$device" "$field=$back" --force --config >/dev/null 2>"$TEST_TMP/err"
            printf '%s\n' "$before" >"$TEST_TMP/b"
            printed "$name" | diff "$TEST_TMP/b" - >"$TEST_TMP/diff" ||
                note "$device $field=$other, $field=$back: $(cat "$TEST_TMP/diff" "$TEST_TMP/err")"
        done <"$TEST_TMP/moves"
    else
        ok "$name is what it was ($(wc -l <"$TEST_TMP/moves") fields)"
    fi
    v undefine "$name" >/dev/null 2>&1 || v undefine --nvram "$name" >/dev/null 2>&1
done
note "$accepted definitions accepted, $refused refused by this libvirt; $changes fields set and put back, $refusals answers were refusals"
check "most definitions are accepted" test $accepted -gt $refused
check "many fields were tried" test $changes -gt 150
is "nothing was taken for another client's doing" "$(cat "$TEST_TMP/alarms")" ""
done_testing
