/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a definition says about its start: the policy, and what must be there for it. Read once from the
 * configured definition, then never changed, counted, shared between snapshots. Texts are raw. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_START_ITEM_H
#define VIRTDECK_AUTOSTART_START_ITEM_H

#include "autostart/plan.h"

enum start_file_kind {
    START_IMAGE,    /* a disk's, as the definition names it; of a backing chain the first */
    START_FIRMWARE, /* loader, or the template of its variables */
    START_KERNEL,   /* kernel, initrd, device tree */
    START_EMULATOR,
    START_SHARED /* a folder that the guest is to see */
};

struct start_file {
    enum start_file_kind kind;
    char *path;
    bool optional; /* startupPolicy lets the domain start without it */
};

/* A port of the host that the definition asks for by its number. */
struct start_port {
    int port;
    bool udp;
    char *address; /* NULL: libvirt's default */
    char *what;    /* "vnc", "serial over TCP" */
};

struct start_item {
    int refs; /* atomic */
    struct policy policy;
    finding_list policy_findings; /* what of it could not be read */
    need_list needs;              /* networks and pools that the definition names */
    VEC(struct start_file) files;
    VEC(struct start_port) ports;
    double memory_kib;    /* NAN: unknown */
    double hugepages_kib; /* of that; 0: none */
    bool has_agent;       /* a channel for the guest agent */
    bool has_nic;
    bool can_shut_down; /* it can be asked: by ACPI or the agent, or it is no PC */
    char *serial_log;   /* <log file=…/> of its first serial device; NULL */
};

/* From the root of a configured definition; one reference. Never NULL. */
struct start_item *start_item_read(xmlNodePtr domain);
struct start_item *start_item_ref(struct start_item *i); /* NULL gives NULL */
void start_item_unref(struct start_item *i);
/* Whether virtdeck is to start it: it has a policy, and that does not say off. */
bool start_item_is_ours(const struct start_item *i);

#endif
