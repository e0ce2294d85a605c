/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The guest agent: whether it answers, and running a short script in the guest with its output. One request
 * at a time per domain; each has a deadline. Blocks: for jobs only. What the guest answers is a stranger's
 * text.
 */
#ifndef VIRTDECK_VIRT_AGENT_H
#define VIRTDECK_VIRT_AGENT_H

#include "virt/private.h"

#define AGENT_OUTPUT_MAX (256u * 1024)

struct agent_output {
    char *text; /* what it printed to standard output, NUL-terminated; owned */
    int status; /* its exit status; -1: ended by a signal */
};

/* False with e set, in words: no channel is configured, nobody answers in the guest, the guest does not run.
 */
bool agent_ping(struct job_context *c, struct error *e);
/* Runs `script` in the guest's /bin/sh; false with e set as above, when it did not end within timeout_s, when
 * it printed more than AGENT_OUTPUT_MAX, or when the job was cancelled. */
bool agent_shell(struct job_context *c, const char *script, double timeout_s, struct agent_output *out,
                 struct error *e);

/* Of RFC 4648; false when it is none. *out is NUL-terminated; the caller frees. */
bool base64_decode(const char *text, char **out, size_t *len);

#endif
