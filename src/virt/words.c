/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libvirt's states and reasons in words: libvirt-domain.h's enums, as virsh domstate --reason says them or
 * plainer.
 */
#include "virt/private.h"

static const char *const running_words[] = {
    [VIR_DOMAIN_RUNNING_BOOTED] = "booted",
    [VIR_DOMAIN_RUNNING_MIGRATED] = "migrated here",
    [VIR_DOMAIN_RUNNING_RESTORED] = "restored",
    [VIR_DOMAIN_RUNNING_FROM_SNAPSHOT] = "from snapshot",
    [VIR_DOMAIN_RUNNING_UNPAUSED] = "resumed",
    [VIR_DOMAIN_RUNNING_MIGRATION_CANCELED] = "migration cancelled",
    [VIR_DOMAIN_RUNNING_SAVE_CANCELED] = "save cancelled",
    [VIR_DOMAIN_RUNNING_WAKEUP] = "woken up",
    [VIR_DOMAIN_RUNNING_CRASHED] = "after a crash",
    [VIR_DOMAIN_RUNNING_POSTCOPY] = "post-copy migration",
    [VIR_DOMAIN_RUNNING_POSTCOPY_FAILED] = "post-copy migration failed",
};

static const char *const paused_words[] = {
    [VIR_DOMAIN_PAUSED_USER] = "by user",
    [VIR_DOMAIN_PAUSED_MIGRATION] = "migrating",
    [VIR_DOMAIN_PAUSED_SAVE] = "saving",
    [VIR_DOMAIN_PAUSED_DUMP] = "dumping core",
    [VIR_DOMAIN_PAUSED_IOERROR] = "I/O error",
    [VIR_DOMAIN_PAUSED_WATCHDOG] = "watchdog",
    [VIR_DOMAIN_PAUSED_FROM_SNAPSHOT] = "from snapshot",
    [VIR_DOMAIN_PAUSED_SHUTTING_DOWN] = "shutting down",
    [VIR_DOMAIN_PAUSED_SNAPSHOT] = "taking a snapshot",
    [VIR_DOMAIN_PAUSED_CRASHED] = "crashed",
    [VIR_DOMAIN_PAUSED_STARTING_UP] = "starting up",
    [VIR_DOMAIN_PAUSED_POSTCOPY] = "post-copy migration",
    [VIR_DOMAIN_PAUSED_POSTCOPY_FAILED] = "post-copy migration failed",
    [14] = "after a libvirt error", /* VIR_DOMAIN_PAUSED_API_ERROR, since 9.2 */
};

static const char *const shutdown_words[] = {
    [VIR_DOMAIN_SHUTDOWN_USER] = "by user",
};

static const char *const shutoff_words[] = {
    [VIR_DOMAIN_SHUTOFF_SHUTDOWN] = "shut down",
    [VIR_DOMAIN_SHUTOFF_DESTROYED] = "destroyed",
    [VIR_DOMAIN_SHUTOFF_CRASHED] = "crashed",
    [VIR_DOMAIN_SHUTOFF_MIGRATED] = "migrated away",
    [VIR_DOMAIN_SHUTOFF_SAVED] = "saved",
    [VIR_DOMAIN_SHUTOFF_FAILED] = "failed to start",
    [VIR_DOMAIN_SHUTOFF_FROM_SNAPSHOT] = "from snapshot",
    [VIR_DOMAIN_SHUTOFF_DAEMON] = "daemon ended it",
};

static const char *const crashed_words[] = {
    [VIR_DOMAIN_CRASHED_PANICKED] = "guest panicked",
};

static const struct {
    const char *const *words;
    size_t n;
} reasons[] = {
    [VIR_DOMAIN_RUNNING] = {running_words, ARRAY_LEN(running_words)},
    [VIR_DOMAIN_PAUSED] = {paused_words, ARRAY_LEN(paused_words)},
    [VIR_DOMAIN_SHUTDOWN] = {shutdown_words, ARRAY_LEN(shutdown_words)},
    [VIR_DOMAIN_SHUTOFF] = {shutoff_words, ARRAY_LEN(shutoff_words)},
    [VIR_DOMAIN_CRASHED] = {crashed_words, ARRAY_LEN(crashed_words)},
};

_Static_assert((int)VM_RUNNING == VIR_DOMAIN_RUNNING && (int)VM_PAUSED == VIR_DOMAIN_PAUSED &&
                   (int)VM_SHUTOFF == VIR_DOMAIN_SHUTOFF && (int)VM_CRASHED == VIR_DOMAIN_CRASHED &&
                   (int)VM_PMSUSPENDED == VIR_DOMAIN_PMSUSPENDED &&
                   (int)VM_IN_SHUTDOWN == VIR_DOMAIN_SHUTDOWN,
               "enum vm_state has virDomainState's numbers");

const char *state_reason_words(int state, int reason)
{
    if (state < 0 || (size_t)state >= ARRAY_LEN(reasons) || reason < 0 || (size_t)reason >= reasons[state].n)
        return "";
    const char *words = reasons[state].words[reason];
    return words ? words : "";
}
