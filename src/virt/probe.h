/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Asking whether a guest is there: the probes of a policy (autostart/policy_item.h), each once. Blocks, each
 * for a few seconds at most: for jobs only. What guests answer is a stranger's text.
 */
#ifndef VIRTDECK_VIRT_PROBE_H
#define VIRTDECK_VIRT_PROBE_H

#include "autostart/policy_item.h"
#include "virt/private.h"

/* What a series of askings of one domain remembers, whichever probes. Zero at first; probe_memory_clear() at
 * the end. */
struct probe_memory {
    struct serial_memory *serial; /* virt/probe_serial.h; NULL: not asked yet */
    int64_t begun_ms;             /* monotonic, of the first asking; 0 none */
    bool once;                    /* there is no later asking: what can't be told at once counts as good */
};
void probe_memory_clear(struct probe_memory *m);

/* True: it answers. False with *why (owned by the caller): what was wrong: "the agent does not answer",
 * "10.0.0.5 refuses connections to port 22".
 *   running  its state, and that its QEMU is not stopped by a signal (SIGSTOP), as far as this machine can
 * see agent    guest-ping ip       an address of agent, lease or ARP that is no loopback or link-local one,
 * and none that only an earlier boot is known to have had tcp      a connection within 2 s, to the address
 * named or to one of the domain's serial   a line since this start, of the log file where there is one, else
 * of the console, which then has to be free; what the guest printed before the first asking is not in that */
bool probe_ask(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why);

/* A job on one domain: asks until each of them has answered (args->data: struct probe_request) or it is
 * cancelled; once: each once, and fails with what did not answer. */
struct probe_request {
    VEC(char *) probes; /* as policies have them */
    bool once;
    double interval_s; /* between askings; 0: 0.5 s, then up to 2 s */
};
struct probe_request *probe_request_new(void);
void probe_request_free(void *request);
extern const struct job_kind probe_job;

#endif
