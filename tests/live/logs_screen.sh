#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The logs pane beside real guests: a start that fails is marked, explained and remedied; a guest that floods its serial
# port is read, frozen and searched meanwhile, and nothing of what it writes acts on the terminal.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

term_wait=30
check "libvirtd starts" daemon_start || done_testing
guest_define alpha net=no disk=64M
guest_xml beta net=no extra="<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
    <source file='$images/alpha.qcow2'/><target dev='vda' bus='virtio'/></disk>" >"$TEST_TMP/beta.xml"
v define "$TEST_TMP/beta.xml" >/dev/null
v start alpha >/dev/null
eventually "the first one boots" 150 booted alpha

run() {
    type_text ":$1"
    keys Enter
}

# ---- a start that fails ----

term_start 120x36 "XDG_STATE_HOME=$TEST_TMP/state" -c $URI
shows "the table" '^.{0,3}alpha +running'
run 'log beta'
shows "nothing was told of the other one yet" 'beta ── .*following'
v start beta 2>/dev/null
shows "QEMU's words are marked, with what they mean" '⚠ [0-9:]{8} qemu .*◀ '
shows "libvirt's event is there, too" '[0-9:]{8} event '
run 'focus pane'
keys /
type_text 'write.{1,2}lock'
keys Enter
shows "what helps stands below" '── what helps ──'
shows "with the cause" "has $images/alpha.qcow2 open"
keys Enter
shows "Enter shows the remedies" '┌─ beta '
esc
hides "Esc leaves them" '┌─ beta '
keys m
shows "only known failures" 'failures only'
hides "nothing else" '[0-9:]{8} event '
keys m

# ---- a flood ----

run 'log alpha'
shows "the guest's own words" '[0-9:]{8} serial|^ +serial'
# In bursts, until it is told to stop.
: >"$TEST_TMP/flood"
(
    i=0
    while [ -e "$TEST_TMP/flood" ]; do
        seq -f "[ %.0f ] $(printf '\033')[31m$(printf '\033')]0;flooding$(printf '\007') the port" $i $((i + 20000))
        i=$((i + 20001))
    done >>/var/log/libvirt/qemu/alpha-serial.log
) &
flooder=$!
shows "it is read, its escapes shown as text" 'serial +\[ [0-9]{6,} \] \\e\[31m\\e\]0;flooding\\a the port'
run 'focus pane'
keys Up
shows "Up freezes in the midst of it" ' ── frozen'
serial_lines() {
    screen | grep -E '^.{0,3}[0-9:]{8} serial'
}
# What was drawn in the midst of it is not yet what stays.
stands_still() {
    serial_lines >"$TEST_TMP/before" && serial_lines | cmp -s - "$TEST_TMP/before"
}
wait_for 10 stands_still
run 'window 5m'
shows "other commands are answered" 'graphs show 5m'
shows "and what was read is still there" "$(sed -n 's/.*\(\[ [0-9]* \]\).*/\1/p' "$TEST_TMP/before" | head -n 1 | sed 's/[][]/\\&/g')"
keys F
shows "F follows" ' ── following'
keys /
type_text 'starting up libvirt'
keys Enter
shows "a search finds what another source said long ago" '^▌.*qemu +starting up libvirt version'
run 'log-sources serial'
hides "that source is turned off" 'qemu +starting up'
keys Home
shows "what was dropped is counted" '… [0-9,]+ lines of serial dropped'
rm "$TEST_TMP/flood"
wait $flooder
memory=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(term_pid)/status")
note "at most $((memory / 1024)) MiB"
case $VIRTDECK in
*san*) skip "memory is bounded" "a sanitizer has memory of its own" ;;
*) check "memory is bounded" [ "$memory" -lt 150000 ] ;;
esac
check "no escape of the guest's reached the terminal" sh -c "! grep -aqE \"\$(printf '\\033')(\\[31m|\\]0;flooding)\" '$term_bytes'"
leave
restored "the terminal is as before"
done_testing
