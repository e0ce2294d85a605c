/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each reads what is before it says that something failed: whoever was faster, the wish is fulfilled.
 */
#include "virt/start_steps.h"

#include <string.h>
#include "autostart/policy.h"
#include "autostart/policy_item.h"
#include "virt/preflight.h"
#include "virt/start.h"

/* ---- a domain ---- */

static bool run_start(struct job_context *c)
{
    bool ran;
    if (!preflight_gate(c, "autostart") || !start_patiently(c, 0, "autostart", &ran))
        return false;
    context_say(c, ran ? "runs already" : "started");
    return true;
}

const struct job_kind step_start = {.action = "start", .doing = "starting", .run = run_start};

/* ---- a network, a pool ---- */

/* Takes libvirt's word at once: the next call on the network or pool clears it. */
static bool start_failed(struct job_context *c, enum need_kind kind, const char *name)
{
    return error_from_libvirt(&c->error, "start %s %s", need_words[kind], name);
}

/* 1: active, 0: not, with c->error set, -1: there is none of that name or nobody can tell (libvirt's last
 * error). */
static int network_start(struct job_context *c, const char *name, bool *was)
{
    virNetworkPtr n = virNetworkLookupByName(c->conn, name);
    if (!n)
        return -1;
    *was = virNetworkIsActive(n) == 1;
    bool good = *was || virNetworkCreate(n) == 0 || start_failed(c, NEED_NETWORK, name);
    good = good || (*was = virNetworkIsActive(n) == 1);
    virNetworkFree(n);
    return good;
}

static int pool_start(struct job_context *c, const char *name, bool *was)
{
    virStoragePoolPtr p = virStoragePoolLookupByName(c->conn, name);
    if (!p)
        return -1;
    *was = virStoragePoolIsActive(p) == 1;
    bool good = *was || virStoragePoolCreate(p, 0) == 0 || start_failed(c, NEED_POOL, name);
    good = good || (*was = virStoragePoolIsActive(p) == 1);
    virStoragePoolFree(p);
    return good;
}

static const struct need_row {
    enum need_kind kind;
    int missing; /* libvirt's code where there is none of that name */
    const char *advice;
    int (*start)(struct job_context *c, const char *name, bool *was);
} need_rows[] = {
    {NEED_NETWORK, VIR_ERR_NO_NETWORK, "`virsh net-define FILE` defines it", network_start},
    {NEED_POOL, VIR_ERR_NO_STORAGE_POOL, "`virsh pool-define FILE` defines it", pool_start},
};

static bool start_need(struct job_context *c, const struct need_row *row, const char *name)
{
    bool was = false;
    int result = row->start(c, name, &was);
    const char *word = need_words[row->kind];
    if (result == 1) {
        error_clear(&c->error);
        context_say(c, was ? "active already" : "started");
        return true;
    }
    virErrorPtr last = virGetLastError();
    if (result < 0 && last && last->code == row->missing)
        return error_set(&c->error, STATUS_FAILED, "%s %s: there is no %s of that name on this host: %s",
                         word, name, word, row->advice);
    return result < 0 && start_failed(c, row->kind, name);
}

static bool run_need(struct job_context *c)
{
    struct need need;
    bool good = false;
    if (!need_read(c->args->text ? c->args->text : "", &need, &c->error))
        return false;
    const struct need_row *row = NULL;
    for (size_t i = 0; i < ARRAY_LEN(need_rows); i++)
        if (need_rows[i].kind == need.kind)
            row = &need_rows[i];
    if (!row)
        error_set(&c->error, STATUS_USAGE, "a %s is not started", need_words[need.kind]);
    else if (!c->conn)
        error_set(&c->error, STATUS_NO_CONNECTION, "start %s %s: not connected to the host",
                  need_words[need.kind], need.name);
    else
        good = start_need(c, row, need.name);
    need_clear(&need);
    return good;
}

const struct job_kind step_need = {.action = "start", .doing = "starting", .run = run_need};

/* ---- down ---- */

/* Takes the error back where the domain is off, or gone. */
static bool is_off(struct job_context *c)
{
    int state;
    if (virDomainGetState(c->dom, &state, NULL, 0) < 0) {
        virErrorPtr last = virGetLastError();
        c->gone = last && last->code == VIR_ERR_NO_DOMAIN;
        if (!c->gone)
            return false;
    } else if (state != VIR_DOMAIN_SHUTOFF && state != VIR_DOMAIN_CRASHED) {
        return false;
    }
    error_clear(&c->error);
    context_say(c, "was already off");
    return true;
}

static bool ask_to_shut_down(struct job_context *c)
{
    int state;
    if (virDomainGetState(c->dom, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED)
        return error_set(&c->error, STATUS_FAILED,
                         "shutdown %s: it is paused, so its guest can't hear the request", c->vm_name);
    if (virDomainShutdown(c->dom) < 0)
        return error_from_libvirt(&c->error, "shutdown %s", c->vm_name);
    context_say(c, "asked to shut down");
    return true;
}

static bool save(struct job_context *c)
{
    context_progress(c, "saving memory to disk");
    if (virDomainManagedSave(c->dom, 0) < 0)
        return error_from_libvirt(&c->error, "managedsave %s", c->vm_name);
    context_say(c, "saved");
    return true;
}

static bool turn_off(struct job_context *c)
{
    if (virDomainDestroy(c->dom) < 0)
        return error_from_libvirt(&c->error, "destroy %s", c->vm_name);
    context_say(c, "turned off");
    return true;
}

static bool leave_alone(struct job_context *c)
{
    context_say(c, "left running");
    return true;
}

static bool run_stop(struct job_context *c)
{
    static bool (*const ways[])(struct job_context *) = {[STOP_SHUTDOWN] = ask_to_shut_down,
                                                         [STOP_MANAGEDSAVE] = save,
                                                         [STOP_DESTROY] = turn_off,
                                                         [STOP_NONE] = leave_alone};
    unsigned way = c->args->flags;
    if (way >= ARRAY_LEN(ways))
        return error_set(&c->error, STATUS_USAGE, "%u is no way to stop a domain", way);
    return is_off(c) || ways[way](c) || is_off(c);
}

const struct job_kind step_stop = {.action = "stop", .doing = "stopping", .run = run_stop, .lasting = true};

static bool run_force(struct job_context *c)
{
    return turn_off(c) || is_off(c);
}

const struct job_kind step_force = {.action = "destroy", .doing = "turning off", .run = run_force};
