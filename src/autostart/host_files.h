/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What files of a host say about who starts and stops its domains: our units, libvirt's services,
 * libvirt-guests, qemu.conf, lingering, memory. Read below a root, so that tests can bring a tree of their
 * own. Blocking; any thread.
 */
#ifndef VIRTDECK_AUTOSTART_HOST_FILES_H
#define VIRTDECK_AUTOSTART_HOST_FILES_H

#include <stdbool.h>
#include "base/strbuf.h"

/* As `systemctl list-unit-files` says; ABSENT: there is no such unit. UNKNOWN: nobody can tell (no systemd).
 */
enum unit_state { UNIT_UNKNOWN, UNIT_ABSENT, UNIT_DISABLED, UNIT_ENABLED, UNIT_MASKED, UNIT_STATIC };

/* Whether it is active now: what it does when it stops, it does only then. */
enum unit_activity { ACTIVITY_UNKNOWN, ACTIVITY_OFF, ACTIVITY_ON };

enum host_unit {
    HOST_UNIT_START,     /* virtdeck-autostart.service: starts, and shuts down in reverse */
    HOST_UNIT_SUPERVISE, /* virtdeck-supervise.service */
    HOST_UNIT_GUESTS,    /* libvirt-guests.service */
    HOST_UNIT_LIBVIRTD,  /* libvirtd.service */
    HOST_UNIT_VIRTQEMUD, /* virtqemud.service */
    HOST_UNIT_LIBVIRTD_SOCKET,
    HOST_UNIT_VIRTQEMUD_SOCKET,
    HOST_UNITS
};
extern const char *const host_unit_names[HOST_UNITS]; /* "virtdeck-autostart.service" … */

/* /etc/default/libvirt-guests (Debian) or /etc/sysconfig/libvirt-guests; defaults where it says nothing. */
struct guests_config {
    char *path;           /* the file that was read; NULL: there is none */
    bool boot_start;      /* ON_BOOT=start */
    bool shutdown_action; /* it does something at the shutdown: ON_SHUTDOWN=suspend or shutdown */
    char on_shutdown[16]; /* "suspend" "shutdown" */
    int shutdown_timeout; /* seconds */
    int parallel, start_delay;
    char *uris; /* as written; NULL: the default host */
};

/* qemu.conf; -1: it says nothing. */
struct qemu_config {
    char *path;
    int auto_start_delay; /* ms */
    int auto_shutdown_try_save, auto_shutdown_try_shutdown,
        auto_shutdown_poweroff; /* a choice each: 0 none, 1 persistent, 2 transient, 3 all */
    int auto_shutdown_wait, auto_shutdown_restore;
};

struct host_files {
    bool known; /* false: the host's files are not to be had here (a remote host): all is unknown */
    bool session;
    enum unit_state units[HOST_UNITS];
    enum unit_activity start_active, guests_active; /* unknown below a root of tests */
    struct guests_config guests;
    struct qemu_config qemu;
    bool linger_known, linger;        /* session: units of the user run without a log-in */
    double memory_kib, available_kib; /* of the host; NAN unknown */
    double hugepages_kib;             /* free ones; NAN unknown */
};

/* root: "" for this host. session: of the user's own units and files, whose home is `home`. */
void host_files_read(struct host_files *f, const char *root, bool session, const char *user,
                     const char *home);
void host_files_clear(struct host_files *f);
/* /proc/meminfo: all, and what could be taken now; NAN: unknown. */
void host_memory_read(const char *root, double *memory_kib, double *available_kib);
/* Swap, free or not (NAN unknown), and whether the kernel refuses at once what can't fit into it and memory
 * together (vm.overcommit_memory). */
void host_swap_read(const char *root, double *swap_kib, bool *strict);
/* Free huge pages of that size (NAN: the usual one), all of them in KiB; NAN: unknown. */
double host_hugepages_read(const char *root, double size_kib);
/* How many seconds ago libvirt began to start what has its own flag, which it does once after a boot; NAN:
 * it has not, or nobody can tell. libvirt keeps a file about it (virDriverShouldAutostart). */
double host_native_starts_age(const char *root, bool session);

#endif
