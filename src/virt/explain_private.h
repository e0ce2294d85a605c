/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the explain job share. All of it is the job's thread's; nobody else includes this.
 *
 *   explain.c         the job, and how what was found is told
 *   explain_gather.c  the domain's state, its events, what changed
 *   explain_lines.c   lines of files and of the host's journal
 */
#ifndef VIRTDECK_VIRT_EXPLAIN_PRIVATE_H
#define VIRTDECK_VIRT_EXPLAIN_PRIVATE_H

#include "device/journal.h"
#include "diagnose/runs.h"
#include "virt/explain.h"
#include "virt/private.h"

struct explain_gathered {
    struct job_context *c;
    struct explain_request *request;
    char *uri; /* without password */
    bool local;
    bool active;
    bool by_disk; /* it is paused by an I/O error */
    VEC(struct explain_line) lines;
    VEC(char *) texts; /* which they point into */
    qemu_runs runs;
    struct last_seen seen;
    struct last_failure last;
    VEC(struct explain_change) changes;
    journal_list journal;
    char *libvirt_now, *qemu_now; /* versions */
    VEC(char *) unseen;           /* what could not be looked at, and why */
};

/* explain_gather.c: all of it; false with the context's error set. explain_gathered_clear() in any case. */
bool explain_gather(struct explain_gathered *g);
void explain_gathered_clear(struct explain_gathered *g);

/* explain_lines.c. Each adds lines, or says in `unseen` why there are none. */
void gather_qemu_log(struct explain_gathered *g); /* reads `runs`, too */
void gather_serial(struct explain_gathered *g);   /* sets seen.boot_failed */
void gather_journals(struct explain_gathered *g); /* after `last` is known */
/* Takes the text over. wall_ms 0: lines tell their times themselves. */
void gather_text(struct explain_gathered *g, enum line_source source, int64_t wall_ms, char *text);
/* One line, with line ends in it as they are. Takes the text over. */
void gather_line(struct explain_gathered *g, const struct explain_line *line, char *text);
void gather_unseen(struct explain_gathered *g, const char *what, const char *why);

#endif
