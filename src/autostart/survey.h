/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All that has a say in what happens when a host comes up or goes down, gathered at one moment: policies,
 * libvirt's own flags, networks and pools, files of the host, its limits, earlier times. Plans and checks are
 * made from it alone. Values belong to whoever declared the survey. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_SURVEY_H
#define VIRTDECK_AUTOSTART_SURVEY_H

#include "autostart/host_files.h"
#include "autostart/start_item.h"
#include "autostart/times.h"
#include "model/resources.h"
#include "model/snapshot.h"

struct survey_vm {
    char *name;
    struct vm_uuid uuid;
    struct start_item *item; /* a reference; NULL: its definition could not be read */
    bool running, persistent, native, once, managed_save;
    bool flags_known; /* of native, once, managed_save */
};

struct survey_network { /* or pool */
    enum need_kind kind;
    char *name;
    bool active;
};

/* A file, a folder or a mount that a definition or a policy names. */
struct survey_path {
    bool mount;
    char *path;
    enum { PATH_UNKNOWN, PATH_MISSING, PATH_THERE } state; /* unknown: it may not be looked at */
};

/* Who listens on a port of this host. */
struct survey_port {
    int port;
    bool udp;
    char *address;       /* NULL: all */
    char *holder;        /* "nginx (pid 812)", "the domain db1"; NULL: unknown */
    struct vm_uuid uuid; /* of that domain; nil */
};

/* Where a domain stands in the list. */
struct survey_place {
    struct vm_uuid uuid;
    size_t at;
};

struct survey {
    char *host_name, *uri;
    bool session;                    /* qemu:///session and its likes: units of the user */
    bool local;                      /* the host's files are this machine's */
    bool root;                       /* we are root */
    bool complete;                   /* every domain's definition was read */
    unsigned long libvirt_version;   /* the daemon's: major*1000000 + minor*1000 + release; 0 unknown */
    VEC(struct survey_vm) vms;       /* sorted by name */
    VEC(struct survey_place) places; /* of all of them, sorted by UUID; or none */
    bool networks_known, pools_known;
    VEC(struct survey_network) networks; /* and pools */
    VEC(struct survey_port) ports;       /* only those that some definition asks for */
    VEC(struct survey_path) paths;       /* sorted; none where the host is not local */
    struct host_files files;
    struct autostart_config config;
    finding_list config_findings;
    struct start_times times;
};

/* From the newest snapshot and what was read of networks and pools (NULL: unknown), plus, where the host is
 * this machine, its files. Blocks on files: not for the screen's thread. `root` is put before paths: "". */
void survey_take(struct survey *s, const struct snapshot *snap, const struct host_resources *res,
                 const char *root);
/* Our unit that starts domains, on that host alone; UNIT_UNKNOWN: nobody can tell. Blocks on files. */
enum unit_state survey_start_unit(const struct host_info *host, const char *root);
/* Whether the URI leads to a user's own daemon. */
bool survey_is_session(const char *uri);
void survey_clear(struct survey *s);
const struct survey_vm *survey_find(const struct survey *s, const struct vm_uuid *uuid);
const struct survey_vm *survey_find_name(const struct survey *s, const char *name);
/* NULL: nothing is known of it. */
const struct survey_path *survey_find_path(const struct survey *s, bool mount, const char *path);
/* MISSING only where all of the kind are known. */
enum need_state survey_need_state(const struct survey *s, enum need_kind kind, const char *name);

/* The plan of a start or a shutdown. after_boot as plan_input has it. Never NULL. */
struct plan *survey_plan(const struct survey *s, bool reverse, bool after_boot);

#endif
