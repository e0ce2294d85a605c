/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a domain failed last: the lines around the failure against the signatures, and what changed since it
 * last ran well, ranked. Pure: it reads nothing and has no clock; any thread.
 */
#ifndef VIRTDECK_DIAGNOSE_EXPLAIN_H
#define VIRTDECK_DIAGNOSE_EXPLAIN_H

#include "diagnose/signature.h"

enum failure {
    FAILURE_NONE,  /* it runs, or was shut down: what is found is good to know */
    FAILURE_START, /* it did not start */
    FAILURE_CRASH, /* QEMU died */
    FAILURE_PAUSE, /* it paused by itself */
    FAILURE_BOOT   /* it runs, and its guest did not come up */
};

/* All of them about this domain, in the order in which they were written within their source. */
struct explain_line {
    int64_t wall_ms; /* 0: not known */
    enum line_source source;
    const char *text; /* raw; may hold NUL bytes */
    size_t len;
    int code, domain; /* of a libvirt error; 0 */
};

enum explain_kind { EXPLAIN_DEFINITION, EXPLAIN_QEMU, EXPLAIN_LIBVIRT, EXPLAIN_REBOOT };

struct explain_change {
    enum explain_kind kind;
    int64_t wall_ms;          /* when it was made, or was first seen */
    unsigned number;          /* EXPLAIN_DEFINITION: of the journal's entry, one that was done */
    const char *what;         /* the same: its words; raw */
    const char *before, *now; /* versions */
};

struct explain_input {
    const struct signatures *signatures;
    struct evidence_context context;
    enum failure failure;
    int64_t since_ms;  /* when the run that failed was asked for; 0: not known */
    int64_t failed_ms; /* 0: not known */
    int64_t good_ms;   /* when it was last known to run well; 0: never */
    const struct explain_line *lines;
    size_t n_lines;
    const struct explain_change *changes; /* any order */
    size_t n_changes;
};

#define EXPLAIN_NO_LINE ((size_t)-1)

struct explained {
    const char
        *id; /* of the signature, or "changed-definition" "changed-qemu" "changed-libvirt" "rebooted" */
    enum severity severity;
    int rank;
    char *cause, *remedy, *command; /* raw; command NULL: none */
    bool complete;                  /* the command can be run as it stands */
    size_t line;                    /* the last one that says so, index into lines; EXPLAIN_NO_LINE */
    unsigned times;                 /* how many lines, or changes, it stands for */
};
typedef VEC(struct explained) explained_list;

/* The best first. Ids live as long as the signatures. */
void explain(const struct explain_input *in, explained_list *out);
void explained_free(explained_list *l);
/* As findings, in their order: cause and what to do as the text, the command as the remedy. */
void explained_findings(const explained_list *l, finding_list *out);

#endif
