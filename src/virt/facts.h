/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gathering what checks want to know of a host (device/facts.h). Blocking calls: only in a thread that may
 * wait, such as a job's. Each part may fail by itself and is then unknown.
 */
#ifndef VIRTDECK_VIRT_FACTS_H
#define VIRTDECK_VIRT_FACTS_H

#include <libvirt/libvirt.h>
#include "device/facts.h"

/* Fills `out` (all zero before; facts_clear() when done) for the machine that the definition asks for; what
 * it does not say (NULL: all of it) is libvirt's default. `self` is left out of the other domains; NULL:
 * nobody is. */
void facts_gather(struct facts *out, virConnectPtr conn, xmlNodePtr domain, const struct vm_uuid *self);
/* Lets libvirt translate the definition for QEMU and keeps what it says against that in native_error. Nothing
 * is changed. False: this connection can't. */
bool facts_dry_run(struct facts *f, virConnectPtr conn, const char *domain_xml);
/* The same for a change: what libvirt says against the old definition as well is not held against it. */
void facts_dry_run_change(struct facts *f, virConnectPtr conn, const char *before_xml, const char *after_xml);

/* The parts, for those who want one: false: it is not known. */
/* Whether the host's files are this machine's. */
bool facts_local(virConnectPtr conn);
bool facts_networks(struct facts *f, virConnectPtr conn);
bool facts_pools(struct facts *f, virConnectPtr conn);
bool facts_hostdevs(struct facts *f, virConnectPtr conn);
/* Whether a call on a running domain does not end and whoever asks for its definition, even for the one of
 * the next start, has to wait for it: half a minute since libvirt 11 (measured with 11.3). Answers at once,
 * or within a second where a call has just begun. */
bool domain_keeps_waiting(virDomainPtr dom);
/* flags: libvirt's own (VIR_CONNECT_LIST_DOMAINS_…). */
bool facts_others(struct facts *f, virConnectPtr conn, const struct vm_uuid *self, unsigned flags);

#endif
