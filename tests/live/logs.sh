#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# All that is told of a real guest in one stream: followed through its boot while virtlogd rolls the log of its serial
# port again and again, and read afterwards.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/terminal/lib.sh"

logs=/var/log/libvirt/qemu
printf 'max_size = 20000\nmax_backups = 9\n' >/etc/libvirt/virtlogd.conf
check "libvirtd starts" daemon_start || done_testing
guest_define web net=no cmdline="ignore_loglevel initcall_debug VD_ROOT=/dev/none"
guest_define mute net=no serial=no

# ---- followed from before its first start ----

# In the background of a shell, SIGINT would be ignored.
env --default-signal=INT "$VIRTDECK" -c $URI --json log web --follow --source qemu,serial,events,deck \
    >"$TEST_TMP/follow.json" 2>"$TEST_TMP/follow.err" &
follower=$!
waits() {
    grep -q 'qemu: no such file' "$TEST_TMP/follow.err"
}
check "a log that is not there yet is told and waited for" wait_for 20 waits
exits "the guest starts" 0 vd start web
in_follow() {
    jq -r "select(.source == \"$1\").text" "$TEST_TMP/follow.json" | grep -q -e "$2"
}
check "it boots to its prompt, which has no end" wait_for 90 in_follow serial '^(initramfs) '
check "QEMU's log was followed" in_follow qemu '^starting up libvirt version'
check "libvirt's event came" in_follow event 'start'

# What virtlogd keeps, the oldest first, without the prompt.
serial_files() {
    ls -1 "$logs"/web-serial.log* | sort -t . -k 3,3nr | sed '1{/log$/d}' | grep 'log\.[0-9]'
    echo "$logs/web-serial.log"
}
lines_are_the_same() {
    serial_files | xargs cat | tr -d '\r' | grep -v '^(initramfs) ' >"$TEST_TMP/written"
    jq -r 'select(.source == "serial").text' "$TEST_TMP/follow.json" | grep -v '^(initramfs) ' >"$TEST_TMP/followed"
    cmp -s "$TEST_TMP/written" "$TEST_TMP/followed"
}
check "the log was rolled more than once" [ "$(serial_files | wc -l)" -gt 2 ]
eventually "each line came, once" 20 lines_are_the_same ||
    note "$(diff "$TEST_TMP/written" "$TEST_TMP/followed" | head -n 10)"

# ---- read afterwards ----

exits "the last lines" 0 vd --json log web -n 7
is "are so many" "$(printf '%s\n' "$out" | wc -l)" 7
exits "lines of the rolled files, too" 0 vd --json log web --source serial -n 1500
is "are the newest ones" "$(printf '%s\n' "$out" | jq -r .text | head -n 1499)" "$(tail -n 1499 "$TEST_TMP/written")"
exits "an expression" 0 vd log web --source serial --grep '^ALERT'
is "finds its lines, of one source as they are" "$out" 'ALERT!  /dev/none does not exist.  Dropping to a shell!'
exits "all, as text" 0 vd log web -n 0
like "has times and sources" "$out" '^20..-..-.. ..:..:..\.... +qemu +starting up libvirt version'
like "and what bears no time" "$out" '^ +serial +ALERT!'
exits "all, as JSON" 0 vd --json log web -n 0
is "has the documented keys" "$(printf '%s\n' "$out" | jq -c keys | sort -u)" '["domain","finding","source","text","time"]'
place() {
    printf '%s\n' "$out" | jq -r '.source + " " + .text' | grep -n -m 1 -e "$1" | cut -d : -f 1
}
check "QEMU starts before the guest speaks" [ "$(place '^qemu starting up')" -lt "$(place '^serial ALERT')" ]
exits "a guest without a log of its serial port" 1 vd log mute --source serial
like "says so" "$err" 'log mute: serial: '
exits "one that never ran" 1 vd log mute
like "says that" "$err" 'log mute: qemu: no such file: [^ ]*$'
exits "no such source" 2 vd log web --source qemu,bogus
exits "no expression" 2 vd log web --grep '('

# ---- its end ----

v destroy web
check "the end is followed" wait_for 20 in_follow qemu 'shutting down, reason=destroyed'
check "with its event" wait_for 20 in_follow event 'destroyed\|stopped\|off'
kill -INT $follower
wait $follower
is "^C ends it well" $? 0
exits "the command that started it" 0 vd --json log web --source deck
like "was kept" "$out" 'start'

# ---- what a guest writes to harm a terminal ----

# Its own sequences, a title, bell, device control, reset, C1 as byte and as character, an override, and all bytes.
hostile() {
    printf '\033[31337mred \033[?31337h \033]0;title\007 \033Pdcs\033\\ \033c \016 \233 \302\233 \342\200\256 back\n'
    awk 'BEGIN {for (i = 1; i < 256; i++) printf "%c", i; print ""}' </dev/null
    head -c 64 /dev/zero
    head -c 1000000 /dev/zero | tr '\0' x
    printf ' and its end\n'
}
export LC_ALL=C
hostile >"$TEST_TMP/hostile"
export LC_ALL=C.UTF-8
term_start 120x36 -c $URI
shows "the guests" '^.{0,3}web ' 20
type_text ':log web'
keys Enter
shows "the log pane" 'serial +\(initramfs\)' 20
from=$(wc -c <"$term_bytes")
i=0
while [ $i -lt 20 ]; do
    cat "$TEST_TMP/hostile"
    yes 'one of many lines' | head -n 5000
    i=$((i + 1))
done >>"$logs/web-serial.log"
cat "$TEST_TMP/hostile" >>"$logs/web-serial.log"
echo 'the last of all' >>"$logs/web-serial.log"
shows "all of it was read" 'serial +the last of all' 60
shows "what was meant for the terminal is text" 'serial +\\e\[31337mred \\e\[\?31337h \\e\]0;title\\a'
shows "a line of 1 MB is cut" 'serial +(\\x00)+'
type_text ':log-sources serial'
keys Enter
type_text ':focus pane'
keys Enter
keys Home
shows "what fell out is counted" '[0-9,]+ lines of serial dropped'
tail -c +$((from + 1)) "$term_bytes" >"$TEST_TMP/sent"
# Of curses come CR, LF, BS, and SI with which this terminal's sequence for plain text ends.
is "no control byte reached the terminal" "$(LC_ALL=C tr -d '\040-\176\200-\377\r\n\b\017\033' <"$TEST_TMP/sent" | wc -c)" 0
sequences=$(LC_ALL=C grep -aoE "$(printf "\033")([^[(78M]|\[[0-9;?]*31337)" "$TEST_TMP/sent" | od -An -c | head -n 3)
is "no sequence but those that move and colour" "$sequences" ""
leave
eventually "all was UTF-8" 5 iconv -f UTF-8 -t UTF-8 -o /dev/null "$term_bytes"
is "without C1 characters and overrides" \
    "$(LC_ALL=C grep -acE "$(printf '\302[\200-\237]|\342\200\256')" "$term_bytes")" 0

# ---- followed until it is gone ----
"$VIRTDECK" -c $URI log mute --follow --source qemu,events >"$TEST_TMP/gone" 2>&1 &
follower=$!
# What is missing is told once it hears events.
check "it listens" wait_for 20 grep -q 'qemu: no such file' "$TEST_TMP/gone"
v start mute >/dev/null
check "its start is told" wait_for 20 grep -qi 'event .*started' "$TEST_TMP/gone"
v destroy mute >/dev/null
v undefine mute >/dev/null
has_ended() {
    ! kill -0 "$follower" 2>/dev/null
}
eventually "it ends when the domain is undefined" 20 has_ended
wait "$follower"
is "with status 0" $? 0
like "and says why" "$(cat "$TEST_TMP/gone")" 'log mute: the domain is gone, so nothing more will come'
done_testing
