/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the lines of one source of a domain come from, as a value, and which feed a domain has for each
 * source: QEMU's log and the serial log as files of this host, through ssh for another one; the host's
 * journal by journalctl (SOURCE_HOST: kernel, AppArmor, OOM killer; SOURCE_DAEMON: libvirt's daemons); what
 * virtdecks did with nobody at a screen (SOURCE_DECK, logs/actions.h). Any thread; feed_find() waits for the
 * disk at most.
 */
#ifndef VIRTDECK_LOGS_FEED_H
#define VIRTDECK_LOGS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/pattern.h"
#include "base/strbuf.h"
#include "model/source.h"
#include "model/uuid.h"

enum feed_kind {
    FEED_FILE,    /* followed, reopened when its name means another file */
    FEED_BEFORE,  /* the same, and the rolled one before it (PATH.0) is read first where this one is short */
    FEED_PROGRAM, /* its standard output is read; what it writes to standard error is the problem told */
    FEED_STREAM   /* a descriptor that is read to its end */
};

struct feed {
    enum feed_kind kind;
    enum line_source source;
    char *path;           /* files; owned */
    char **argv;          /* program, NULL-terminated; owned with its words */
    int fd;               /* stream; owned */
    struct pattern *only; /* lines that do not match are left out; NULL: none are; owned */
    bool once;            /* only what is there is wanted: a program ends then, a file is not waited for */
    bool actions;         /* its lines are those of logs/actions.h; only those about `uuid` count, */
    struct vm_uuid uuid;
    int64_t since_ms; /* and only what was done later than this; 0: all */
    long killed;      /* the process that the line before said the OOM killer had chosen; 0: none of ours */
};
void feed_clear(struct feed *f);
/* To call for each line that was read, in their order. False: it is left out. Where the line is not shown as
 * it was written, its words are put into `out` (empty before) and their time into *wall_ms. */
bool feed_line(struct feed *f, const char *text, size_t len, struct strbuf *out, int64_t *wall_ms);

struct feed_ask {
    const char *uri; /* of the host, as libvirt has it */
    const char *vm;
    struct vm_uuid uuid;
    const char *serial_log; /* <log file> of the first serial device; NULL */
    long pid;               /* of its QEMU where that is known; 0 */
    bool once;              /* only what is there now is wanted: programs end then */
    size_t lines;           /* of older ones that are wanted from programs; 0: what suits a screen */
};
/* False with e set: this source has no such feed here, and why, in words that say what to do. *remote (may
 * be NULL): it goes through ssh, so it is to be begun only when somebody asks for it. */
bool feed_find(enum line_source source, const struct feed_ask *ask, struct feed *out, bool *remote,
               struct error *e);

#endif
