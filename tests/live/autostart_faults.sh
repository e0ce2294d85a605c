#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What stands in the way of one domain: `autostart check` names it beforehand, `autostart run` does what was promised,
# and all others are started.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/autostart-lib.sh"

check "libvirtd starts" daemon_start || done_testing
host_config '{"load-ceiling": 1000, "ceiling-wait": "1s", "grace": "0.2s"}'
for d in good1 good2 good3 never dep cyc1 cyc2; do
    cheap_define $d
done
cheap_define noimage "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
    <source file='/var/lib/libvirt/images/gone.qcow2'/><target dev='vda'/></disk>"
cheap_define nonet "<interface type='network'><source network='nowhere'/></interface>"
cheap_define port "<graphics type='vnc' port='5999' autoport='no' listen='127.0.0.1'/>"
cheap_memory=1073741824 cheap_define big
# The dependency on big is one on what is skipped.
cheap_define behind
perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1:5999") or die; sleep' &
at_exit_do "kill $! 2>/dev/null"

v pool-define-as lost dir --target /var/lib/libvirt/no-such-folder >/dev/null
cheap_define nopool
set_policy() {
    vd autostart "$@" >"$TEST_TMP/out" 2>&1 || note "$(cat "$TEST_TMP/out")"
}
set_policy good1 order=10
set_policy good2 order=30
set_policy good3 after=good1
set_policy noimage order=10
set_policy nonet order=10
set_policy cyc1 after=cyc2
set_policy cyc2 after=cyc1
set_policy never order=20 ready=agent timeout=3s
set_policy dep after=never
set_policy port order=20
set_policy big order=20
set_policy behind after=big
set_policy nopool order=10 needs=pool:lost

# ---- before ----

vd --json autostart check >"$TEST_TMP/check.json"
is "the check fails" "$?" 1
# found ID NAME: a finding of that id names the domain, and says what to do.
found() {
    jq -e --arg id "$1" --arg vm "$2" '.boot.findings | map(select(.id == $id and (.text | contains($vm)) and .remedy != null)) | length > 0' \
        "$TEST_TMP/check.json" >/dev/null
}
while read -r id vm what; do
    check "the check names it: $what" found "$id" "$vm" || note "$(jq -c '.boot.findings[] | [.id, .text]' "$TEST_TMP/check.json")"
done <<'EOF'
image-missing noimage an image that is not there
needs-missing nonet a network that is not defined
cycle cyc1 a circle
ready-agent never a readiness that cannot come
port-taken port a port that another process has
memory-one big more memory than there is
EOF
# ---- the run ----

vd --json autostart run >"$TEST_TMP/run.json" 2>"$TEST_TMP/run.err"
is "the run says that not all went well" "$?" 1
# of NAME WHAT
of() {
    jq -r --arg n "$1" --arg k "$2" '.nodes[] | select(.name == $n) | .[$k]' "$TEST_TMP/run.json"
}
while read -r d state why; do
    is "$d is $state" "$(of "$d" state)" "$state" || note "$(of "$d" why)"
    [ -z "$why" ] || like "and why: $d" "$(of "$d" why)" "$why"
done <<'EOF'
good1 ready
good2 ready
good3 ready
noimage failed gone.qcow2
nonet skipped nowhere
cyc1 skipped cyc
cyc2 skipped cyc
never late not ready after
dep skipped never
port failed 5999|[Aa]ddress already in use|bind
big skipped memory
behind skipped big
nopool skipped pool lost
EOF
is "good1 runs" "$(state_of good1)" running
is "good2 runs, though lower ones failed" "$(state_of good2)" running
is "dep does not" "$(state_of dep)" "shut off"
is "never runs, without an answer" "$(state_of never)" running
like "why a pool can't be started is told" "$(cat "$TEST_TMP/run.err")" "pool lost.*(No such file|cannot open)"
check "each step is told" grep -q 'noimage.*failed' "$TEST_TMP/run.err"

# ---- what is libvirt's to start, which it does once after a boot ----

cheap_define nat
cheap_define later
v autostart nat >/dev/null
set_policy later after=nat
touch -d '1 hour ago' /run/libvirt/qemu/autostarted
vd --json autostart run --anew >"$TEST_TMP/run.json" 2>"$TEST_TMP/run.err"
is "libvirt's chance is past: the run does not wait for it" "$(of nat state)" failed
like "and says so" "$(of nat why)" "once after a boot, and that is past"
is "who waits for it is skipped" "$(of later state)" skipped
done_testing
