#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Two clients change one definition at once, 200 times each, in part and as a whole: no change of either is lost unseen.
# The same with a client that does not even look whether somebody was faster. And virtdeck killed at 100 random moments
# of a change: the old or the new definition, whole; the journal can be read; undo works.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
need jq

check "libvirtd starts" daemon_start || done_testing
: "${EDITS_ROUNDS:=200}" "${EDITS_KILLS:=100}"
network_start
guest_define shared net=no extra="<rng model='virtio'><rate bytes='1'/><backend model='random'>/dev/urandom</backend></rng>
    <graphics type='vnc' passwd='hunter22'/>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/></interface>"

xml() {
    v dumpxml --inactive --security-info shared
}

# ---- both at once ----
# Each client has two places that only it writes: one that it writes by a narrow call, one by a whole definition. Before
# it writes one again it looks whether what it wrote is still there.
#   virtdeck: mtu of the NIC (update), rate of the random numbers (definition)
#   virsh:    the description (metadata), the shares of the CPU (virsh edit, which looks and defines; or define alone)
mtu_of() {
    xml | sed -n "s/.*<mtu size='\([0-9]*\)'.*/\1/p"
}
rate_of() {
    xml | sed -n "s/.*<rate bytes='\([0-9]*\)'.*/\1/p"
}
desc_of() {
    xml | sed -n 's/.*<description>\(.*\)<.description>.*/\1/p'
}
shares_of() {
    xml | sed -n 's/.*<shares>\(.*\)<.shares>.*/\1/p'
}

# begin WHAT: from now on it may be written, and overwritten.
begin() {
    now_ms >"$TEST_TMP/begun.$1"
}
# lost WHO WHAT IS WAS: notes that it is, between when it was written and now.
lost() {
    echo "$(cat "$TEST_TMP/begun.$2") $(now_ms) $1 $2 is $3 and was $4" >>"$TEST_TMP/lost"
}

# still WHO WHAT GOT WANTED: false: it was lost, and counts but once, also where it is not written anew now.
still() {
    [ -n "$4" ] && [ "$3" != "$4" ] || return 0
    lost "$1" "$2" "$3" "$4"
    false
}

ours() {
    mtu= rate=
    i=0
    while [ $i -lt "$rounds" ]; do
        i=$((i + 1))
        if [ $((i % 2)) = 0 ]; then
            still virtdeck mtu "$(mtu_of)" "$mtu" || mtu=
            new=$((1000 + i)) was=mtu=$mtu
            set -- 52:54:00:00:00:01 mtu=$new
        else
            still virtdeck rate "$(rate_of)" "$rate" || rate=
            new=$i was=rate=$rate
            set -- rng0 rate=$new
        fi
        begin "${was%=*}"
        if vd --json device shared "$@" >"$TEST_TMP/ours" 2>&1 </dev/null; then
            [ $((i % 2)) = 0 ] && mtu=$new || rate=$new
        else
            tail -n 1 "$TEST_TMP/ours" >>"$TEST_TMP/refused"
            # It has said that what stands there is older than this one.
            [ $((i % 2)) = 0 ] && mtu= || rate=
        fi
        grep -q 'wrote the definition of shared in the same instant' "$TEST_TMP/ours" &&
            echo "$(cat "$TEST_TMP/begun.${was%=*}") $(now_ms)" >>"$TEST_TMP/warned"
        grep 'not in the definition' "$TEST_TMP/ours" >>"$TEST_TMP/told"
        # It went between the look above and virtdeck's own.
        ! grep -q "$was).* not in the definition" "$TEST_TMP/ours" ||
            lost virtdeck "${was%=*}" gone "${was#*=}"
    done
    still virtdeck mtu "$(mtu_of)" "$mtu"
    still virtdeck rate "$(rate_of)" "$rate"
    : >"$TEST_TMP/ours.done"
}

# by_edit SHARES: virsh says that somebody else was faster, and leaves with status 0.
by_edit() {
    if EDITOR="sh $TEST_TMP/editor" v edit shared >"$TEST_TMP/theirs" 2>&1 </dev/null && ! grep -q error: "$TEST_TMP/theirs"; then
        shares=$1
    else
        grep error: "$TEST_TMP/theirs" >>"$TEST_TMP/virsh.refused"
    fi
}

# by_define SHARES: of what was read a while ago, as a person would.
by_define() {
    xml >"$TEST_TMP/theirs.xml"
    sleep "0.1$((i % 10))"
    sh "$TEST_TMP/editor" "$TEST_TMP/theirs.xml"
    v define "$TEST_TMP/theirs.xml" >/dev/null 2>&1 && shares=$1
}

theirs() {
    desc= shares=
    i=0
    # Until the other is through, too: otherwise they would not be at it at the same time.
    while [ $i -lt "$rounds" ] || [ ! -f "$TEST_TMP/ours.done" ]; do
        i=$((i + 1))
        if [ $((i % 2)) = 0 ]; then
            still virsh description "$(desc_of)" "$desc" || desc=
            begin description
            v desc --config shared --new-desc "round $i" >/dev/null 2>&1 && desc="round $i"
        else
            still virsh shares "$(shares_of)" "$shares" || shares=
            begin shares
            cat >"$TEST_TMP/editor" <<EOF
#!/bin/sh
sed -i '/<cputune>/,/<.cputune>/d; s,^  <os>,  <cputune><shares>$((1000 + i))</shares></cputune>\n  <os>,' "\$1"
EOF
            $by $((1000 + i))
        fi
    done
    still virsh description "$(desc_of)" "$desc"
    still virsh shares "$(shares_of)" "$shares"
    echo $i >"$TEST_TMP/theirs.rounds"
}

# lost_of WHO: what the other one overwrote of that client's, as FIELD=VALUE.
lost_of() {
    sed -n "s/^[0-9]* [0-9]* $1 \([a-z]*\) is .* and was \(.*\)/\1=\2/p" "$TEST_TMP/lost"
}

# unwarned: the losses of virsh's without a warning in the same instant. One write of virtdeck's may take out what virsh
# wrote in both of its places, and one warning then is for both; never for two of one place.
unwarned() {
    awk 'FNR == NR { begun[NR] = $1; ended[NR] = $2; n = NR; next }
        $3 == "virsh" {
            for (i = 1; i <= n && (used[i, $4] || ended[i] < $1 || begun[i] > $2); i++)
                ;
            if (i > n) print; else used[i, $4] = 1
        }' "$TEST_TMP/warned" "$TEST_TMP/lost"
}

# told_of CHANGE: virtdeck has said that it is gone.
told_of() {
    grep -q "$1).* not in the definition" "$TEST_TMP/told"
}

# said_gone: of so many changes it was said; a command that fails says it as text and as JSON.
said_gone() {
    grep 'not in the definition' "$TEST_TMP/told" | grep -oE '[0-9]+ \([^()]*(rate|mtu)=[0-9]+\)' | sort -u | wc -l
}

# at_once WHAT ROUNDS BY
at_once() {
    rounds=$2 by=$3
    rm -f "$TEST_TMP/ours.done"
    for f in lost warned told refused virsh.refused; do
        : >"$TEST_TMP/$f"
    done
    theirs &
    theirs_pid=$!
    ours
    wait $theirs_pid
    vd history shared >>"$TEST_TMP/told"
    note "$rounds rounds of virtdeck's, $(cat "$TEST_TMP/theirs.rounds") of virsh's; refused: $(wc -l <"$TEST_TMP/refused")" \
        "of virtdeck's, $(wc -l <"$TEST_TMP/virsh.refused") of virsh's; overwritten: $(lost_of virtdeck | wc -l) of" \
        "virtdeck's, $(lost_of virsh | wc -l) of virsh's, warned of: $(wc -l <"$TEST_TMP/warned")"
    # Where none was warned of, awk would take the losses for the warnings.
    echo 0 0 >>"$TEST_TMP/warned"
    is "$1: no change of virsh's was lost unseen" "$(unwarned)" "" || note "$(cat "$TEST_TMP/lost" "$TEST_TMP/warned")"
    untold=
    for change in $(lost_of virtdeck); do
        told_of "$change" || untold="$untold $change"
    done
    is "$1: nor one of virtdeck's" "$untold" "" || note "$(cat "$TEST_TMP/lost" "$TEST_TMP/told")"
}

at_once "virsh edit" "$EDITS_ROUNDS" by_edit
is "what was refused was for that alone" \
    "$(grep -vcE 'somebody else wrote an older definition over the change|others keep changing its definition' "$TEST_TMP/refused")" 0
check "nine of ten of virtdeck's changes were made all the same" test "$(wc -l <"$TEST_TMP/refused")" -le $((EDITS_ROUNDS / 10)) ||
    note "$(sort "$TEST_TMP/refused" | uniq -c)"
check "hardly one of virtdeck's was lost ($(lost_of virtdeck | wc -l))" test "$(lost_of virtdeck | wc -l)" -le $((EDITS_ROUNDS / 50 + 1)) ||
    note "$(cat "$TEST_TMP/lost")"
check "and of no other it was said that it is gone" test "$(said_gone)" -le "$(lost_of virtdeck | wc -l)" ||
    note "$(cat "$TEST_TMP/lost" "$TEST_TMP/told")"
at_once "virsh define" $((EDITS_ROUNDS / 4)) by_define
check "that took some out" test "$(lost_of virtdeck | wc -l)" -gt 0
like "the password has outlived all of it" "$(xml)" "passwd='hunter22'"

# ---- killed ----
vd device shared rng0 rate=16384 >/dev/null
xml >"$TEST_TMP/a.xml"
start=$(now_ms)
vd device shared rng0 rate=32768 >/dev/null
took=$(($(now_ms) - start))
xml >"$TEST_TMP/b.xml"
broken= cut=0 i=0
while [ $i -lt "$EDITS_KILLS" ]; do
    i=$((i + 1))
    xml >"$TEST_TMP/before.xml"
    rate=32768
    grep -q "bytes='32768'" "$TEST_TMP/before.xml" && rate=16384
    "$VIRTDECK" -c $URI device shared rng0 rate=$rate >/dev/null 2>&1 </dev/null &
    pid=$!
    random=$(od -An -N2 -tu2 /dev/urandom)
    sleep "$(awk -v r="$random" -v t="$took" 'BEGIN { printf "%.3f", r / 65536 * t / 1000 }')"
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null && status=0 || status=$?
    [ $status != 137 ] || cut=$((cut + 1))
    xml >"$TEST_TMP/after.xml"
    cmp -s "$TEST_TMP/after.xml" "$TEST_TMP/a.xml" || cmp -s "$TEST_TMP/after.xml" "$TEST_TMP/b.xml" || broken="$broken $i"
    if [ $((i % 10)) = 0 ]; then
        vd --json history shared >"$TEST_TMP/history" 2>"$TEST_TMP/err" && jq -e 'length > 0' <"$TEST_TMP/history" >/dev/null &&
            ! grep -q damaged "$TEST_TMP/err" || broken="$broken history:$i"
        vd device shared rng0 period=2000 >/dev/null && vd undo shared >/dev/null 2>"$TEST_TMP/err" &&
            [ "$(xml)" = "$(cat "$TEST_TMP/after.xml")" ] || broken="$broken undo:$i:$(cat "$TEST_TMP/err")"
    fi
done
note "$cut of $EDITS_KILLS were killed before they were through ($took ms)"
is "each left the old or the new definition, a journal that can be read, and undo works" "$broken" ""
check "no small part of them was killed" test $((cut * 5)) -ge "$EDITS_KILLS"
done_testing
