/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking whether a guest is there: the probes of a policy (autostart/policy_item.h), each once. Blocks, each
 * for a few seconds at most: for jobs only. What guests answer is a stranger's text.
 */
#ifndef VIRTDECK_VIRT_PROBE_H
#define VIRTDECK_VIRT_PROBE_H

#include "autostart/policy_item.h"
#include "virt/private.h"

/* What a series of askings remembers. Zero at first; probe_memory_clear() at the end. */
struct probe_memory {
    int64_t serial_at; /* how far the serial log was read; -1: from its beginning */
    long long serial_inode;
    bool serial_seen;     /* the pattern was found */
    char *serial_tail;    /* the line under way */
    virStreamPtr console; /* serial without a log file: our reading of its console; NULL */
};
void probe_memory_clear(struct probe_memory *m);

/* True: it answers. False with *why (owned by the caller): what was wrong: "the agent does not answer",
 * "10.0.0.5 refuses connections to port 22". running: its state, and that its QEMU is not stopped by a signal
 * (SIGSTOP), as far as this machine can see that. */
bool probe_ask(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why);

/* A job on one domain: asks until all of them answer (args->data: struct probe_request) or it is cancelled;
 * once: each once, and fails with what did not answer. */
struct probe_request {
    VEC(char *) probes; /* as policies have them */
    bool once;
    double interval_s; /* between askings; 0: 0.5 s, then up to 2 s */
};
struct probe_request *probe_request_new(void);
void probe_request_free(void *request);
extern const struct job_kind probe_job;

#endif
