/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether a guest is on the network. For jobs only.
 */
#ifndef VIRTDECK_VIRT_PROBE_NET_H
#define VIRTDECK_VIRT_PROBE_NET_H

#include "virt/probe.h"

bool probe_ip(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why);
bool probe_tcp(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why);

/* Of a QEMU of this machine: when it was started, milliseconds since 1970, and its state as /proc has it ('R'
 * 'S' 'T' …). False: it can't be seen. Any thread. */
bool qemu_process_look(struct job_context *c, int64_t *started_wall_ms, char *state);

/* "127.0.0.1", "::1", "fe80::1": nobody else could mean the guest by it. Any thread. */
bool address_is_own(const char *address);

#endif
