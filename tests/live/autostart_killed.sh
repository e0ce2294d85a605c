#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `autostart run`, killed at any instant and run again: the plan is done, and libvirt's events count one start of each
# domain. The same for `autostart stop`.
#
# ROUNDS=N (50): how often.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/live/lib.sh"
. "$top/tests/live/autostart-lib.sh"
: "${ROUNDS:=50}"

check "libvirtd starts" daemon_start || done_testing
host_config '{"grace": "0.1s", "parallel": 2, "load-ceiling": 1000}'
domains='k1 k2 k3 k4 k5 k6'
for d in $domains; do
    cheap_define $d
done
vd autostart k1 order=10 >/dev/null
vd autostart k2 order=10 >/dev/null
vd autostart k3 order=20 delay=0.2s >/dev/null
vd autostart k4 order=20 >/dev/null
vd autostart k5 order=30 after=k3 >/dev/null
vd autostart k6 after=k5 >/dev/null
check "libvirt tells its events" events_watch

# How long a whole run takes, in milliseconds.
begun=$(date +%s%3N)
check "a run that nobody disturbs" vd autostart run
whole=$(($(date +%s%3N) - begun))
note "it takes $whole ms"

all_off() {
    printf '%s\n' $domains | xargs -P 6 -n 1 virsh -q -c $URI destroy >/dev/null 2>&1
    domains_running 0
}
random() {
    od -An -N4 -tu4 /dev/urandom | tr -d ' '
}

started_once() {
    for d in $domains; do
        [ "$(event_count $d Started)" = 1 ] || return 1
    done
}

# one_round: a run, killed somewhere, and another one. Prints what is wrong.
one_round() {
    all_off || echo "not all are off"
    : >"$TEST_TMP/events"
    # Not by a function: that would be a shell, and the one that is killed.
    "$VIRTDECK" -c $URI autostart run --anew >"$TEST_TMP/first" 2>&1 &
    victim=$!
    instant=$(($(random) % (whole + 200)))
    sleep "$((instant / 1000)).$(printf '%03d' $((instant % 1000)))"
    kill -KILL $victim 2>/dev/null
    wait $victim 2>/dev/null
    vd autostart run >"$TEST_TMP/second" 2>&1 || echo "the second run failed: $(tail -n 3 "$TEST_TMP/second")"
    domains_running 6 || echo "after $instant ms: $(v list --name | tr '\n' ' ')run"
    # Who prints libvirt's events may be a little behind.
    wait_for 10 started_once && return
    for d in $domains; do
        [ "$(event_count $d Started)" = 1 ] || echo "after $instant ms: $d was started $(event_count $d Started) times"
    done
}
wrong=0
round=0
while [ $round -lt "$ROUNDS" ]; do
    round=$((round + 1))
    said=$(one_round 2>/dev/null)
    if [ -n "$said" ]; then
        wrong=$((wrong + 1))
        note "round $round: $said"
        note "$(cat "$TEST_TMP/first" "$TEST_TMP/second")"
    fi
done
is "$ROUNDS runs, killed at any instant: each domain is started once, and all run" "$wrong" 0

# ---- the same going down ----

one_stop() {
    vd autostart run --anew >/dev/null 2>&1
    domains_running 6 || echo "not all run"
    "$VIRTDECK" -c $URI --yes autostart stop >"$TEST_TMP/first" 2>&1 &
    victim=$!
    instant=$(($(random) % (whole + 200)))
    sleep "$((instant / 1000)).$(printf '%03d' $((instant % 1000)))"
    kill -KILL $victim 2>/dev/null
    wait $victim 2>/dev/null
    vd --yes autostart stop >"$TEST_TMP/second" 2>&1 || echo "the second stop failed: $(tail -n 3 "$TEST_TMP/second")"
    domains_running 0 || echo "after $instant ms: $(v list --name | tr '\n' ' ')still run"
}
for d in $domains; do
    vd autostart $d stop=destroy >/dev/null
done
wrong=0
for round in 1 2 3 4 5 6 7 8; do
    said=$(one_stop 2>/dev/null)
    if [ -n "$said" ]; then
        wrong=$((wrong + 1))
        note "round $round: $said"
    fi
done
is "8 shutdowns, killed at any instant: all are off in the end" "$wrong" 0
done_testing
