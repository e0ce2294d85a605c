/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hosts as somebody may find them, for the test of the autostart check: definitions, flags, files, and what
 * is to be found there.
 */
#ifndef VIRTDECK_TESTS_AUTOSTART_SITUATIONS_H
#define VIRTDECK_TESTS_AUTOSTART_SITUATIONS_H

#include "model/vm.h"

#define MOST 6 /* domains, files, ids of a situation */

#define DISK      "<disk type='file' device='disk'><source file='/images/a.qcow2'/><target dev='vda'/></disk>"
#define VNC(p)    "<graphics type='vnc' autoport='no' port='" p "' listen='127.0.0.1'/>"
#define ON(order) "version='1' order='" order "'/"

struct domain {
    const char *name;
    const char *policy;  /* attributes and children of <autostart>: "order='1'/"; NULL none */
    const char *devices; /* NULL: none */
    unsigned flags;      /* 0: PERSISTENT */
    const char *verdict;
    enum vm_state state; /* 0: shut off */
    const char *top;     /* among the domain's own */
};

struct file {
    const char *path, *text; /* text "-> X": a link; NULL: the file goes */
};

struct situation {
    const char *name;
    struct domain vms[MOST];
    struct file files[MOST];     /* besides those of a healthy host */
    const char *boot, *shutdown; /* ids, a blank between, in the order in which they are found */
    const char *uri;             /* NULL: qemu:///system */
    unsigned long version;       /* 0: 11.2 */
    bool no_networks;            /* libvirt did not say */
};

/* Of a host on which nothing is wrong. */
extern const struct file healthy_files[];
extern const size_t n_healthy_files;
extern const struct situation situations[];
extern const size_t n_situations;

#endif
