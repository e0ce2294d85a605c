/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is known of the host a change is meant for: versions, capabilities, what other domains use, networks,
 * pools, devices. Gathered by virt/facts.c in a job's thread; read by checks, which never ask libvirt
 * themselves. Unknown is unknown: a fact that could not be got never counts as "fine" or as "not there".
 */
#ifndef VIRTDECK_DEVICE_FACTS_H
#define VIRTDECK_DEVICE_FACTS_H

#include <libxml/tree.h>
#include <stdbool.h>
#include "base/vec.h"
#include "model/uuid.h"

enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };
const char *answer_word(enum answer a); /* "yes" "no" "unknown" */

struct fact_resource { /* a network, a pool */
    char *name;
    bool active;
};

struct fact_volume {
    char *pool, *name, *path;
    unsigned long long capacity, allocation; /* bytes */
};

struct fact_hostdev { /* a PCI or USB device of the host */
    bool usb;
    char *id;        /* "046d:c52b" or "0000:03:00.0" */
    char *address;   /* USB: "bus 1 device 4" */
    char *label;     /* vendor and product in words */
    int iommu_group; /* -1 none */
    char *driver;    /* of the host; NULL none */
};

struct fact_domain { /* another domain of the host */
    char *name;
    struct vm_uuid uuid;
    bool active;
    bool stuck;    /* a call on it does not end, so nobody waited for its definition */
    xmlDocPtr doc; /* without secrets; NULL: could not be read */
};

struct facts {
    unsigned long libvirt, hypervisor; /* 9000000 is 9.0.0; 0 unknown. The daemon's; QEMU's */
    bool is_qemu;                      /* libvirt's QEMU driver */
    bool local;                        /* the host's files are this machine's */
    xmlDocPtr domcaps;                 /* virConnectGetDomainCapabilities for this machine; NULL unknown */
    xmlDocPtr hostcaps;                /* virConnectGetCapabilities; NULL unknown */
    unsigned long long memory_kib;     /* of the host; 0 unknown */
    unsigned cpus;                     /* 0 unknown */
    bool networks_known, pools_known, hostdevs_known, others_known;
    VEC(struct fact_resource) networks, pools;
    VEC(struct fact_volume) volumes; /* of active pools */
    VEC(struct fact_hostdev) hostdevs;
    VEC(struct fact_domain) others;
    char *native_error; /* what libvirt's own dry run said of the new definition; NULL: nothing against it, or
                           the driver has none */
};
void facts_clear(struct facts *f);
/* Whether a look at the other domains left none out. */
bool facts_know_others(const struct facts *f);

#endif
