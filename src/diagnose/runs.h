/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A domain's runs, as QEMU's log tells of them: libvirt writes a line with its own version, QEMU's and the
 * kernel's at each start, and one with the reason at each end. From them and from what else is known: which
 * failure was the last, when it was asked for, and when the domain last ran well. Pure; any thread.
 */
#ifndef VIRTDECK_DIAGNOSE_RUNS_H
#define VIRTDECK_DIAGNOSE_RUNS_H

#include "diagnose/explain.h"

struct qemu_run {
    int64_t start_ms, end_ms;      /* 0: not known; of the end also: nobody wrote one down */
    char *libvirt, *qemu, *kernel; /* versions as they are written; NULL */
    char *reason;                  /* "shutdown" "crashed" "failed" "destroyed" …; NULL: no end */
    size_t first;                  /* index of the line that it begins with */
};
typedef VEC(struct qemu_run) qemu_runs;

/* Of lines of QEMU's log, oldest first; those of other sources are passed over. */
void qemu_runs_read(const struct explain_line *lines, size_t n, qemu_runs *out);
void qemu_runs_free(qemu_runs *runs);

/* How the domain is now. */
enum standing {
    STANDING_RUNS,
    STANDING_PAUSED, /* by itself; one that a person paused runs */
    STANDING_CRASHED,
    STANDING_FAILED, /* off, as it could not be started */
    STANDING_OFF     /* off, for another reason or one that is not known any more */
};

struct last_seen {
    enum standing standing;
    const qemu_runs *runs;                /* may be empty */
    int64_t refused_asked_ms;             /* the last start that failed, as it was told to us: when it was */
    int64_t refused_ms;                   /* asked for, and when it failed; 0: none was */
    int64_t paused_ms;                    /* when it last paused by itself, as we were told; 0: nobody told */
    int64_t event_start_ms, event_end_ms; /* its last start and its last end without a failure, the same */
    bool boot_failed;                     /* its guest shows the signs of a boot that failed */
};

struct last_failure {
    enum failure failure;
    int64_t since_ms, failed_ms, good_ms; /* as struct explain_input has them */
    const struct qemu_run *run;  /* the one that is meant; NULL: none, QEMU did not begin or nobody knows */
    const struct qemu_run *good; /* the last one that ran well before it; NULL: none is known */
};
void last_failure_find(const struct last_seen *seen, struct last_failure *out);

#endif
