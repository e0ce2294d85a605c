# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What live tests of `supervise` use, beside tests/live/lib.sh.

said=$TEST_TMP/supervise.log # what it tells on stderr
told=$TEST_TMP/told          # what its program got: a line of JSON an event

# supervise_start: in the background, with a program that writes down each event.
supervise_start() {
    cat >"$TEST_TMP/tell" <<EOS
#!/bin/sh
exec cat >>$told
EOS
    chmod 755 "$TEST_TMP/tell"
    "$VIRTDECK" -c $URI supervise --notify "$TEST_TMP/tell" </dev/null >/dev/null 2>>"$said" &
    supervisor=$!
    at_exit_do "kill $supervisor 2>/dev/null"
}

# supervise_end SIGNAL
supervise_end() {
    kill "-$1" "$supervisor" 2>/dev/null
    wait "$supervisor" 2>/dev/null
}

# How often that event was told about a domain ("" for the host).
events_of() {
    grep -F "\"event\":\"$2\"" "$told" 2>/dev/null | if [ "$1" ]; then grep -F "\"domain\":\"$1\""; else cat; fi | wc -l
}

event_came() {
    [ "$(events_of "$1" "$2")" -ge "${3-1}" ]
}

qemu_pid() {
    cat "/run/libvirt/qemu/$1.pid" 2>/dev/null
}

# runs_anew NAME PID: it runs, and in another process.
runs_anew() {
    [ "$(qemu_pid "$1")" ] && [ "$(qemu_pid "$1")" != "$2" ] && state_is "$1" running
}

# known_running NAME: the supervisor has seen that it runs, and has written it down.
known_running() {
    grep -q "\"$(v domuuid "$1")\": *{[^}]*\"active\": *true" /run/virtdeck/*-supervise.json 2>/dev/null
}

crash() {
    crash_pid=$(qemu_pid "$1")
    kill -KILL "$crash_pid"
}

explain() {
    note "supervise said: $(tail -n 30 "$said")"
}
