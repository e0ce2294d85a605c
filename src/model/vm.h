/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is known about a domain: its definition as far as the screen needs it (immutable, counted, shared
 * between snapshots) and its figures at one moment. Figures are doubles in which NAN means unknown; it is
 * never shown or exported as 0. Immutable once published: any thread may read.
 */
#ifndef VIRTDECK_MODEL_VM_H
#define VIRTDECK_MODEL_VM_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include "base/vec.h"
#include "model/uuid.h"

/* The numbers are virDomainState's; src/virt/ checks that at compile time. */
enum vm_state {
    VM_NOSTATE,
    VM_RUNNING,
    VM_BLOCKED,
    VM_PAUSED,
    VM_IN_SHUTDOWN,
    VM_SHUTOFF,
    VM_CRASHED,
    VM_PMSUSPENDED,
    VM_STATE_COUNT
};

const char *vm_state_name(enum vm_state state); /* virsh's words: "running", "shut off" … */
bool vm_state_is_active(enum vm_state state);   /* it has a QEMU */

/* One device of a definition, as the device list and the figures need it. Texts are raw (escape to show);
 * NULL where the definition says nothing. */
struct vm_device {
    const struct device_kind *kind; /* device/kinds.h; never NULL */
    char *name;                     /* what people call it: vda, net0, vnc … */
    char *alias;                    /* libvirt's: virtio-disk0; only in live XML or user aliases */
    char *model;                    /* virtio, e1000, qcow2 … the kind decides */
    char *target;   /* disk: target dev; NIC: host-side tap (vnet3), the key of its statistics */
    char *source;   /* path, network=…, listen address … */
    char *mac;      /* NIC only */
    bool link_down; /* NIC only */
    bool is_disk;   /* has block statistics, by its target */
    bool readonly;
    bool has_log; /* character device with <log file=…/>: then `log_file` */
    char *log_file;
};

/* The parts of a definition that are read from its XML. Counted; see domdef.h for how one is made. */
struct domdef {
    int refs; /* atomic */
    char *title, *description;
    char *os;   /* short name from libosinfo's metadata: "debian12"; NULL when unknown */
    char *type; /* kvm, qemu, hvf, test … */
    char *arch, *machine;
    char *emulator;
    char *tags; /* from virtdeck's own metadata: space separated, sorted; "" for none */
    int vcpus, vcpus_max;
    double memory_kib, maxmem_kib;
    int autostart_order; /* from virtdeck's metadata; -1 for none */
    bool has_agent;      /* a channel org.qemu.guest_agent.0 */
    bool agent_up;       /* the guest has opened it; only in live XML */
    bool has_nested;     /* it asks for nested virtualization by name */
    char
        *messages; /* what libvirt itself has to say of it (tainted, deprecated), a line each; NULL nothing */
    VEC(struct vm_device) devices;
};

struct domdef *domdef_ref(struct domdef *def); /* NULL gives NULL */
void domdef_unref(struct domdef *def);

/* Rates of one disk or NIC of the domain in the focus (the selected one). */
struct vm_device_rate {
    char name[32]; /* vda; vnet3 */
    bool is_nic;
    double in, out;              /* bytes/s read or received, written or sent */
    double in_ops, out_ops;      /* requests or packets a second */
    double capacity, allocation; /* bytes; disks only */
};

enum vm_figure_flag {
    VM_PERSISTENT = 1,
    VM_AUTOSTART = 2,
    VM_AUTOSTART_ONCE = 4,
    VM_MANAGED_SAVE = 8,
    VM_HAS_SNAPSHOT = 16,
    VM_UPDATED = 32, /* the next start brings another machine than the one that runs */
    VM_AGENT_UP = 64,
    VM_FLAGS_KNOWN = 128, /* the booleans above were asked for and answered */
    VM_STUCK = 256 /* a call on it does not end, and libvirt tells its definition to nobody meanwhile */
};

/* What really becomes of a domain when its host comes up. */
enum vm_autostart {
    AUTOSTART_UNKNOWN,
    AUTOSTART_OFF,     /* it is not started */
    AUTOSTART_NATIVE,  /* libvirt starts it, in any order */
    AUTOSTART_ONCE,    /* at the next boot alone */
    AUTOSTART_ORDERED, /* by virtdeck's unit, in its turn */
    AUTOSTART_BLOCKED, /* the same, but something stands in the way */
    AUTOSTART_NOBODY,  /* it has a policy, and nobody carries it out */
    AUTOSTARTS
};
/* "unknown" "off" "on" "once" "ordered" "blocked" "nobody"; static. */
const char *vm_autostart_word(enum vm_autostart a);

/* A domain in a snapshot. */
struct vm {
    struct vm_uuid uuid;
    char *name;         /* raw; owned by `names` storage of the snapshot or the def, see snapshot.h */
    struct domdef *def; /* NULL until the XML was read */
    enum vm_state state;
    const char *reason; /* "by user", "disk full on vda", "crashed" …: static words, or `fault`; "" when there
                           is none */
    int reason_code;    /* the same as libvirt's number, for programs */
    char *fault; /* which disks an I/O error on paused it: "disk full on vda"; raw; NULL. Owned like name */
    int id;      /* -1 while not active */
    unsigned flags; /* enum vm_figure_flag */
    double cpu;     /* percent of one host CPU */
    double vcpus, vcpus_max;
    double mem_kib, maxmem_kib; /* used (balloon/RSS) and allowed */
    double rx, tx, rd, wr;      /* bytes/s over all NICs, disks */
    double rd_ops, wr_ops;
    double uptime_s;              /* since virtdeck or the host knows it to have started; NAN unknown */
    int64_t since_wall_ms;        /* when it came into this state, 0 unknown */
    int64_t sampled_ms;           /* monotonic: when its figures were read; 0 never */
    int64_t dear_ms;              /* monotonic: when the dear groups (block, balloon) were read; 0 never */
    char *ip;                     /* addresses found, space separated; NULL unknown. Owned like name */
    struct vm_device_rate *rates; /* only for the domain in the focus; n_rates */
    size_t n_rates;
    struct start_item *start;    /* autostart/start_item.h; a reference; NULL until the XML was read */
    enum vm_autostart autostart; /* as of the last survey */
    struct device_list *devices; /* device/list.h; only for the domain in the focus, a reference; NULL */
};

#endif
