# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# What every test script uses: results in TAP, waiting for conditions, a home of its own. The runner sets VIRTDECK,
# TEST_TMP (an empty folder), HOME and the locale; by hand:
#   VIRTDECK=build/virtdeck sh tests/shell/list.sh

set -u
top=$(cd "$(dirname "$0")" && while [ ! -f tests/lib.sh ] && [ "$PWD" != / ]; do cd ..; done && pwd)
: "${VIRTDECK:=$top/build/virtdeck}"
case $VIRTDECK in
/*) ;;
*) VIRTDECK=$PWD/$VIRTDECK ;;
esac
if [ -z "${TEST_TMP-}" ]; then
    TEST_TMP=$(mktemp -d)
    HOME=$TEST_TMP/home
    mkdir -p "$HOME"
    VIRTDECK_RUNTIME_DIR=$TEST_TMP/run
    export VIRTDECK_RUNTIME_DIR
    unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_DATA_HOME VIRTDECK_URI LIBVIRT_DEFAULT_URI NO_COLOR
    at_exit_remove=$TEST_TMP
fi
LC_ALL=${TEST_LOCALE:-C.UTF-8}
export VIRTDECK TEST_TMP HOME LC_ALL
export PATH="$PATH:/usr/sbin:/sbin"
# How much longer everything may take: sanitizers and valgrind are slow.
: "${TEST_SLOWNESS:=1}"

tests_run=0
tests_failed=0
at_exit=:

# at_exit_do COMMAND: runs it when the script ends, the last one first.
at_exit_do() {
    at_exit="$1; $at_exit"
}

finish() {
    status=$?
    trap - EXIT
    eval "$at_exit"
    if [ -n "${at_exit_remove-}" ]; then
        rm -rf "$at_exit_remove"
    fi
    if [ -n "${finished-}" ]; then
        exit $((tests_failed > 0))
    fi
    echo "# the script ended before done_testing, with status $status"
    exit $((status ? status : 1))
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

ok() {
    tests_run=$((tests_run + 1))
    echo "ok $tests_run - $*"
}

not_ok() {
    tests_run=$((tests_run + 1))
    tests_failed=$((tests_failed + 1))
    echo "not ok $tests_run - $*"
}

# skip WHY: one test that cannot be made here.
skip() {
    tests_run=$((tests_run + 1))
    echo "ok $tests_run - # SKIP $*"
}

# note TEXT…: lines that explain a failure.
note() {
    printf '%s\n' "$*" | sed 's/^/#   /'
}

# check WHAT COMMAND…: passes when the command does.
check() {
    what=$1
    shift
    if "$@"; then
        ok "$what"
    else
        not_ok "$what"
        note "failed: $*"
        return 1
    fi
}

# is WHAT GOT WANTED
is() {
    if [ "$2" = "$3" ]; then
        ok "$1"
    else
        not_ok "$1"
        note "got:      $2"
        note "expected: $3"
        return 1
    fi
}

# like WHAT TEXT REGEX; unlike: the other way round. Extended regular expressions, line by line.
like() {
    if printf '%s\n' "$2" | grep -Eq -e "$3"; then
        ok "$1"
    else
        not_ok "$1"
        note "nothing matches: $3"
        note "in: $2"
        return 1
    fi
}

unlike() {
    if printf '%s\n' "$2" | grep -Eq -e "$3"; then
        not_ok "$1"
        note "should not match: $3"
        note "in: $2"
        return 1
    else
        ok "$1"
    fi
}

# exits WHAT STATUS COMMAND…: runs it, standard output in $out, standard error in $err.
exits() {
    what=$1
    wanted_status=$2
    shift 2
    got_status=0
    "$@" >"$TEST_TMP/out" 2>"$TEST_TMP/err" </dev/null || got_status=$?
    out=$(cat "$TEST_TMP/out")
    err=$(cat "$TEST_TMP/err")
    if [ "$got_status" = "$wanted_status" ]; then
        ok "$what"
    else
        not_ok "$what"
        note "status $got_status, expected $wanted_status: $*"
        note "stdout: $(printf '%s' "$out" | head -c 2000)"
        note "stderr: $(printf '%s' "$err" | head -c 2000)"
        return 1
    fi
}

now_ms() {
    # Seconds since boot with hundredths: no clock that anybody sets.
    read -r up _ </proc/uptime
    echo $((${up%.*} * 1000 + 1${up#*.} * 10 - 1000))
}

# wait_for SECONDS COMMAND…: polls until the command passes; fails when it did not in time (times TEST_SLOWNESS).
# How long it took is in $waited_ms.
wait_for() {
    wait_start=$(now_ms)
    wait_until=$((wait_start + $1 * 1000 * TEST_SLOWNESS))
    shift
    while :; do
        if "$@"; then
            waited_ms=$(($(now_ms) - wait_start))
            return 0
        fi
        if [ "$(now_ms)" -ge "$wait_until" ]; then
            waited_ms=$(($(now_ms) - wait_start))
            return 1
        fi
        sleep 0.02
    done
}

# eventually WHAT SECONDS COMMAND…: one test: it comes true in time.
eventually() {
    what=$1
    seconds=$2
    shift 2
    if wait_for "$seconds" "$@"; then
        ok "$what (after $waited_ms ms)"
    else
        not_ok "$what"
        note "not within $seconds s: $*"
        return 1
    fi
}

# prints WANTED COMMAND…: for `eventually`: completion, which waits only so long for a host, may have to be asked again.
prints() {
    prints_wanted=$1
    shift
    [ "$("$@")" = "$prints_wanted" ]
}

# Where it is promised how soon something comes: a single time says more about how busy the machine is than about the
# program, so of several the longest one does not count. keep_ms: keeps the time of the wait before. usually_within WHAT
# MILLISECONDS: one test, of those that were kept (times TEST_SLOWNESS); then they are forgotten.
keep_ms() {
    all_ms="${all_ms-} $waited_ms"
}
usually_within() {
    # shellcheck disable=SC2086
    most_ms=$(printf '%s\n' $all_ms | sort -n | tail -n 2 | head -n 1)
    check "$1 (all but one: $most_ms ms)" [ "$most_ms" -le $(($2 * TEST_SLOWNESS)) ] || note "$all_ms"
    all_ms=
}

need() {
    for program in "$@"; do
        if ! command -v "$program" >/dev/null; then
            skip "needs $program"
            done_testing
        fi
    done
}

done_testing() {
    finished=y
    echo "1..$tests_run"
    exit
}
