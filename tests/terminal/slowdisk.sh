#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A disk that hangs: keys are answered all the same, what failed to be written in time is written later, and the end
# does not wait for ever. The disk is played by a library that is loaded before libc: while the file $SLOW_DISK is
# there, nothing that is written to a regular file comes back.
. "$(dirname "$0")/../lib.sh"
. "$top/tests/terminal/lib.sh"
need cc

cat >"$TEST_TMP/slow.c" <<'EOC'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void hang(void)
{
    const char *slow = getenv("SLOW_DISK"), *reached = getenv("SLOW_REACHED");
    while (slow && access(slow, F_OK) == 0) {
        struct timespec t = {0, 10000000};
        int fd = reached ? open(reached, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
        if (fd >= 0)
            close(fd);
        nanosleep(&t, NULL);
    }
}

static void hang_on(int fd)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        hang();
}

ssize_t write(int fd, const void *data, size_t n)
{
    static ssize_t (*next)(int, const void *, size_t);
    if (!next)
        next = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    hang_on(fd);
    return next(fd, data, n);
}

int fsync(int fd)
{
    static int (*next)(int);
    if (!next)
        next = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    hang_on(fd);
    return next(fd);
}

int fdatasync(int fd)
{
    return fsync(fd);
}

int rename(const char *from, const char *to)
{
    static int (*next)(const char *, const char *);
    if (!next)
        next = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    hang();
    return next(from, to);
}
EOC
cc -shared -fPIC -o "$TEST_TMP/slow.so" "$TEST_TMP/slow.c" -ldl || exit 1
slow=$TEST_TMP/slow
reached=$TEST_TMP/reached
state=$HOME/.local/state/virtdeck
# The sanitizer wants to be loaded first; nothing here needs that.
ASAN_OPTIONS="${ASAN_OPTIONS-}:verify_asan_link_order=0"

start_slow() {
    term_start 120x36 "LD_PRELOAD=$TEST_TMP/slow.so" "SLOW_DISK=$slow" "SLOW_REACHED=$reached" \
        "ASAN_OPTIONS=$ASAN_OPTIONS" --demo
    shows "the deck" '^▌.?büro'
}
disk_hangs() {
    rm -f "$reached"
    : >"$slow"
}
disk_works() {
    rm -f "$slow"
}

start_slow
eventually "the first event is written" 10 test -s "$state/events.jsonl"
before=$(cat "$state/events.jsonl")
disk_hangs
keys w
shows "the view is changed, which is to be kept" 'graphs show'
eventually "keeping it hangs" 10 test -e "$reached"
keys Down
shows "the cursor moves" '^▌.?ci-runner-07 '
keys Down
shows "and again" '^▌.?db1 '
type_text ':suspend web1'
shows "the bar takes what is typed" '^:suspend web1'
keys Enter
shows "a command runs, and its event is shown" 'web1 .*paused'
keys ':'
shows "the bar opens" '^:'
esc
keys 5
shows "a pane opens" '▸ ?Events'
is "nothing was written meanwhile" "$(cat "$state/events.jsonl")" "$before"
disk_works
kept() {
    grep -q '"pane": *"events"' "$state/view.json" && grep -q 'web1.*paused\|suspend.*web1' "$state/events.jsonl"
}
eventually "all of it is written when the disk comes back" 10 kept 2>/dev/null
is "the file is its owner's" "$(stat -c %a "$state/events.jsonl")" 600

disk_hangs
keys 4
shows "another pane" '▸ ?Graphs'
left_at=$(now_ms)
keys q
shows "q leaves while the disk hangs" '\[ended 0\]' 8
took=$(($(now_ms) - left_at))
check "after some two seconds ($took ms)" test "$took" -lt $((5000 * TEST_SLOWNESS))
# However the long line is wrapped.
says_so() {
    tm capture-pane -p -J -t $term_session | grep -q 'writing to .* may be lost'
}
eventually "and says what may be lost" 10 says_so
restored "the terminal is as before"
disk_works

start_slow
keys 1
shows "a pane" '▸ ?Overview'
type_text ':group state'
keys Enter
shows "the view is changed" 'grouped by state'
leave
like "what a working disk is given at the end is kept" "$(cat "$state/view.json")" '"group": *"state"'
like "the line, too" "$(cat "$state/history")" '^group state$'
done_testing
