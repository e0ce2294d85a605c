/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lifecycle jobs. Each is done when its outcome was seen, not when libvirt accepted it.
 */
#include <string.h>
#include "virt/lifecycle.h"
#include "virt/preflight.h"
#include "virt/private.h"
#include "virt/start.h"

#define SHUTDOWN_TIMEOUT_S 90
#define SETTLE_TIMEOUT_S   30

#define STATE(s) (1u << VIR_DOMAIN_##s)
#define ACTIVE   (STATE(RUNNING) | STATE(BLOCKED) | STATE(PAUSED) | STATE(PMSUSPENDED))
#define STOPPED  (STATE(SHUTOFF) | STATE(CRASHED))

static double timeout_or(const struct job_context *c, double usual)
{
    return c->args->timeout_s > 0 ? c->args->timeout_s : usual;
}

static int state_now(struct job_context *c)
{
    int state;
    return virDomainGetState(c->dom, &state, NULL, 0) < 0 ? -1 : state;
}

static bool is_active(struct job_context *c)
{
    int state = state_now(c);
    return state >= 0 && (ACTIVE | STATE(SHUTDOWN)) & 1u << state;
}

static bool run_start(struct job_context *c)
{
    static const struct {
        unsigned ours, theirs;
    } flags[] = {{START_PAUSED, VIR_DOMAIN_START_PAUSED},
                 {START_BYPASS_CACHE, VIR_DOMAIN_START_BYPASS_CACHE},
                 {START_FORCE_BOOT, VIR_DOMAIN_START_FORCE_BOOT},
                 {START_RESET_NVRAM, VIR_DOMAIN_START_RESET_NVRAM}};
    unsigned theirs = 0;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        theirs |= c->args->flags & flags[i].ours ? flags[i].theirs : 0;
    bool ran;
    if (!preflight_gate(c, "job") || !start_patiently(c, theirs, "job", &ran))
        return false;
    context_say(c, "%s",
                ran                             ? "was already running"
                : c->args->flags & START_PAUSED ? "started, paused"
                                                : "started");
    return true;
}

static bool stopped_well(struct job_context *c, enum wait_result r)
{
    if (r == WAIT_REACHED)
        context_say(c, "stopped");
    else if (r == WAIT_GONE)
        context_say(c, "stopped; it was transient and is gone");
    return r == WAIT_REACHED || r == WAIT_GONE;
}

/* It may have stopped by itself a moment ago: then the wish is fulfilled. Takes the error back. */
static bool was_off(struct job_context *c)
{
    int state = state_now(c);
    if (state < 0 || !(STOPPED & 1u << state))
        return false;
    error_clear(&c->error);
    context_say(c, "was already off");
    return true;
}

static bool run_shutdown(struct job_context *c)
{
    unsigned theirs = (c->args->flags & SHUTDOWN_AGENT ? VIR_DOMAIN_SHUTDOWN_GUEST_AGENT : 0) |
                      (c->args->flags & SHUTDOWN_ACPI ? VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN : 0);
    double timeout = timeout_or(c, SHUTDOWN_TIMEOUT_S);
    if (state_now(c) == VIR_DOMAIN_PAUSED)
        return error_set(&c->error, STATUS_FAILED,
                         "shutdown %s: it is paused, so its guest can't hear the request: `resume %s` first, "
                         "or `destroy %s` "
                         "pulls the plug",
                         c->vm_name, c->vm_name, c->vm_name);
    if (virDomainShutdownFlags(c->dom, theirs) < 0)
        return context_failed(c) || was_off(c);
    if (c->args->flags & JOB_NO_WAIT) {
        context_say(c, "shutdown requested");
        return true;
    }
    enum wait_result r = context_wait_state(c, STOPPED, timeout, "waiting for the guest to stop");
    if (r == WAIT_TIMEOUT)
        return error_set(
            &c->error, STATUS_FAILED,
            "shutdown %s: the guest did not stop within %.0f s; it may ignore the request: `destroy %s` "
            "pulls the plug",
            c->vm_name, timeout, c->vm_name);
    return stopped_well(c, r);
}

static bool run_reboot(struct job_context *c)
{
    unsigned theirs = (c->args->flags & SHUTDOWN_AGENT ? VIR_DOMAIN_REBOOT_GUEST_AGENT : 0) |
                      (c->args->flags & SHUTDOWN_ACPI ? VIR_DOMAIN_REBOOT_ACPI_POWER_BTN : 0);
    double timeout = timeout_or(c, SHUTDOWN_TIMEOUT_S);
    unsigned long before = context_reboots(c);
    if (virDomainReboot(c->dom, theirs) < 0)
        return context_failed(c);
    /* Other drivers than QEMU tell of no reboot: there is nothing to wait for. */
    if (c->args->flags & JOB_NO_WAIT || !c->is_qemu) {
        context_say(c, "reboot requested");
        return true;
    }
    enum wait_result r = context_wait_reboot(c, before, timeout);
    if (r == WAIT_TIMEOUT)
        return error_set(
            &c->error, STATUS_FAILED,
            "reboot %s: the guest did not reboot within %.0f s; it may ignore the request: `reset %s` "
            "presses the reset button",
            c->vm_name, timeout, c->vm_name);
    if (r == WAIT_GONE && c->gone)
        return error_set(&c->error, STATUS_FAILED,
                         "reboot %s: it stopped instead of rebooting; it was transient and is gone",
                         c->vm_name);
    if (r == WAIT_GONE)
        return error_set(&c->error, STATUS_FAILED,
                         "reboot %s: it stopped instead of rebooting: `start %s` starts it again", c->vm_name,
                         c->vm_name);
    if (r == WAIT_REACHED)
        context_say(c, "rebooted");
    return r == WAIT_REACHED;
}

static bool run_reset(struct job_context *c)
{
    if (virDomainReset(c->dom, 0) < 0)
        return context_failed(c);
    context_say(c, "reset");
    return true;
}

static bool run_destroy(struct job_context *c)
{
    unsigned theirs = c->args->flags & DESTROY_GRACEFUL ? VIR_DOMAIN_DESTROY_GRACEFUL : 0;
    if (virDomainDestroyFlags(c->dom, theirs) < 0)
        return context_failed(c) || was_off(c);
    return stopped_well(c, context_wait_state(c, STOPPED, SETTLE_TIMEOUT_S, "waiting for QEMU to end"));
}

static bool run_suspend(struct job_context *c)
{
    if (state_now(c) == VIR_DOMAIN_PAUSED) {
        context_say(c, "was already paused");
        return true;
    }
    if (virDomainSuspend(c->dom) < 0)
        return context_failed(c);
    context_say(c, "paused");
    return true;
}

static bool run_resume(struct job_context *c)
{
    int state = state_now(c);
    if (state == VIR_DOMAIN_RUNNING) {
        context_say(c, "was already running");
        return true;
    }
    if (state == VIR_DOMAIN_PMSUSPENDED ? virDomainPMWakeup(c->dom, 0) < 0 : virDomainResume(c->dom) < 0)
        return context_failed(c);
    context_say(c, "resumed");
    return true;
}

static bool run_managedsave(struct job_context *c)
{
    unsigned theirs = (c->args->flags & MANAGEDSAVE_RUNNING ? VIR_DOMAIN_SAVE_RUNNING : 0) |
                      (c->args->flags & MANAGEDSAVE_PAUSED ? VIR_DOMAIN_SAVE_PAUSED : 0) |
                      (c->args->flags & MANAGEDSAVE_BYPASS_CACHE ? VIR_DOMAIN_SAVE_BYPASS_CACHE : 0);
    context_progress(c, "saving memory to disk");
    if (virDomainManagedSave(c->dom, theirs) < 0)
        return context_failed(c);
    context_say(c, "saved; the next start goes on from here");
    return true;
}

static bool run_undefine(struct job_context *c)
{
    static const struct {
        unsigned ours, theirs;
    } flags[] = {{UNDEFINE_MANAGED_SAVE, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE},
                 {UNDEFINE_SNAPSHOTS, VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA},
                 {UNDEFINE_NVRAM, VIR_DOMAIN_UNDEFINE_NVRAM},
                 {UNDEFINE_KEEP_NVRAM, VIR_DOMAIN_UNDEFINE_KEEP_NVRAM},
                 {UNDEFINE_CHECKPOINTS, VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA}};
    unsigned theirs = 0;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        theirs |= c->args->flags & flags[i].ours ? flags[i].theirs : 0;
    bool active = is_active(c);
    if (virDomainUndefineFlags(c->dom, theirs) < 0)
        return context_failed(c);
    c->gone = !active;
    context_say(c, active ? "undefined; it is transient now and vanishes when it stops" : "undefined");
    return true;
}

static bool run_rename(struct job_context *c)
{
    if (virDomainRename(c->dom, c->args->text, 0) < 0)
        return context_failed(c);
    context_say(c, "renamed to %s", c->args->text);
    return true;
}

static const struct job_kind kinds[] = {
    {.action = "start", .doing = "starting", .run = run_start},
    {.action = "shutdown", .doing = "shutting down", .run = run_shutdown},
    {.action = "reboot", .doing = "rebooting", .run = run_reboot},
    {.action = "reset", .doing = "resetting", .run = run_reset},
    {.action = "destroy", .doing = "destroying", .run = run_destroy},
    {.action = "suspend", .doing = "pausing", .run = run_suspend},
    {.action = "resume", .doing = "resuming", .run = run_resume},
    {.action = "managedsave", .doing = "saving", .run = run_managedsave, .lasting = true},
    {.action = "undefine", .doing = "undefining", .run = run_undefine},
    {.action = "rename", .doing = "renaming", .run = run_rename},
};

const struct job_kind *lifecycle_kind(const char *action)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].action, action) == 0)
            return &kinds[i];
    return NULL;
}
