/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of `log VM` share: query_logs.c (what there is, waiting for it), query_logs_print.c. Main
 * thread.
 */
#ifndef VIRTDECK_COMMAND_QUERY_LOGS_H
#define VIRTDECK_COMMAND_QUERY_LOGS_H

#include "command/query.h"
#include "logs/actions.h"
#include "logs/collect.h"

#define BIT(source) (1u << (source))
#define LOG_HOLD_MS 500 /* a line without end that does not grow for so long is a prompt */

struct log {
    struct call *call;
    const struct target *target;
    struct collector *collector;
    struct snapshot *snapshot; /* holds `vm` */
    const struct vm *vm;       /* NULL: it is gone */
    unsigned sources, asked;   /* bits; asked for by name */
    unsigned programs;         /* bits of those that are read by one */
    unsigned patient;          /* of those that may come to be only later */
    event_list past;           /* until it is handed over */
    size_t lines;              /* of older ones; 0: all that was read */
    bool follow;
    struct pattern *wants;
    char *problem;   /* the first of a source in the usual set */
    bool gone;       /* the domain is, while its lines are followed; */
    int64_t gone_ms; /* monotonic, since when; 0: it is there */
    bool holds;      /* a line is held back; */
    bool timed;      /* and that is why the wait has an end */
    struct printed {
        uint64_t number; /* of the newest line that was printed */
        size_t len;      /* of its text: it may have grown */
        uint64_t total;  /* lines that there ever were by then */
        struct held {
            uint64_t number; /* of the line without end that is held back */
            size_t len;
            int64_t since_ms;
        } held;
        char *problem; /* that was told */
    } printed[SOURCES];
    uint64_t n_printed;
    uint64_t version; /* of the merge, and since when it is so */
    int64_t version_ms;
};

/* A word about one of the sources, on stderr. */
void log_note(const struct log *l, enum line_source source, const char *text);
/* The newest lines of what is there, as many as are wanted. */
void log_print_past(struct log *l);
/* What came since then. A line that has no end yet is held back for a while: l->holds. */
void log_print_new(struct log *l);

#endif
