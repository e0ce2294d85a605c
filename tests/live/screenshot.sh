#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Pictures of real guests' screens: into files and in the pane; without video, paused, with a QEMU that stands still,
# onto a full disk.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"
need jq od

video="<video><model type='vga'/></video><graphics type='vnc' autoport='yes' listen='127.0.0.1'/>"
mkdir "$TEST_TMP/here" && cd "$TEST_TMP/here" || exit 1

check "libvirtd starts" daemon_start || done_testing
for name in text other; do
    guest_define $name net=no "extra=$video" "cmdline=console=tty0"
    v start $name >/dev/null
done
guest_define bare net=no
v start bare >/dev/null
guest_define off net=no "extra=$video"

bytes() {
    od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'
}

# lit NAME: something on its screen is not black.
lit() {
    vd -o graphics=ascii screenshot "$1" 2>/dev/null | grep -q '[^ ]'
}

# ---- files ----
eventually "the guest's screen shows something" 150 lit text
exits "it is saved" 0 vd --json screenshot text text.png
width=$(printf '%s' "$out" | jq .width)
height=$(printf '%s' "$out" | jq .height)
check "it has a size" test "$width" -ge 320 -a "$height" -ge 200
is "the PNG is of that size" "$(bytes text.png 0 8) $(bytes text.png 16 8)" \
    "89504e470d0a1a0a $(printf '%08x%08x' "$width" "$height")"
is "and whole" "$(tail -c 8 text.png | od -An -v -tx1 | tr -d ' \n')" 49454e44ae426082
v suspend text >/dev/null
exits "a paused guest has a picture, too" 0 vd screenshot text paused.png
v resume text >/dev/null
exits "a guest without video" 1 vd screenshot bare none.png
like "says what it lacks" "$err" 'screenshot bare: it has no screen: its definition has no video device'
exits "a guest that is off" 1 vd screenshot off none.png
like "says so" "$err" 'screenshot off: it does not run'
exits "a second screen that there is not" 1 vd screenshot text none.png --screen 1
like "is told" "$err" 'screenshot text: '
exits "a read-only connection" 1 "$VIRTDECK" -r -c $URI screenshot text none.png
like "says how to open it" "$err" 'without -r'
check "none of them wrote anything" test ! -e none.png
mkdir small && mount -t tmpfs -o size=4k tmpfs small && dd if=/dev/zero of=small/filler bs=4096 count=1 2>/dev/null
exits "a full disk" 1 vd screenshot text small/x.png
like "is told" "$err" 'small/x\.png: No space left on device'
is "and nothing is left there" "$(ls small)" filler
umount small

# ---- the pane ----
term_start 120x40 COLORTERM=truecolor -c $URI
wait_text ' other '
type_text /text
keys Enter
wait_text '^▌.?text'
keys 7
shows "the pane has the picture" "text ── ${width}×${height} ──" 20
has_blocks() {
    screen | grep -q ▀
}
eventually "as half blocks" 10 has_blocks
type_text ':screenshot pane.png'
keys Enter
shows "it is saved from there" 'written to pane\.png' 20
is "as PNG" "$(bytes pane.png 0 8)" 89504e470d0a1a0a
pid=$(cat /run/libvirt/qemu/text.pid)
kill -STOP "$pid"
shows "a QEMU that stands still only lets it grow old" 'text ── [0-9]+×[0-9]+, [0-9]+ s old' 30
keys ?
shows "keys go on" 'KEYS EVERYWHERE'
keys q
type_text ':filter other'
keys Enter
# libvirt's client library delays calls beside one that gets no answer by seconds, before version 10.
shows "another guest's picture comes" 'other ── [0-9]+×[0-9]+' 30
kill -CONT "$pid"
type_text ':filter text'
keys Enter
shows "and the first one's again" 'text ── [0-9]+×[0-9]+ ──' 20
type_text ':filter bare'
keys Enter
shows "a guest without video says what it lacks" 'screenshot bare: it has no screen' 20
type_text ':filter text'
keys Enter
shows "back" 'text ── [0-9]+×[0-9]+ ──' 20
v destroy text >/dev/null
shows "a guest that ends has no picture" 'text does not run: its screen is off' 20
hides "nothing of it is left" '▀'
leave
restored "the terminal is given back"

# ---- waiting is broken off ----
pid=$(cat /run/libvirt/qemu/other.pid)
kill -STOP "$pid"
term_shell 100x30
type_text '"$VIRTDECK" -c qemu:///system screenshot other; echo "[ended $?]"'
keys Enter
# All of its threads have begun: main, event loop, host, two of look-ups, job.
waits() {
    waiting=$(pgrep -f 'screenshot other$') && [ "$(ls "/proc/$waiting/task" 2>/dev/null | wc -l)" -ge 6 ]
}
wait_for 20 waits
keys C-c
shows "Ctrl-C ends the waiting" '^\[ended 1\]' 10
kill -CONT "$pid"
done_testing
