/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/throttle.h"

#include <stdlib.h>
#include <string.h>
#include "virt/private.h"

#define PERIOD "vcpu_period" /* microseconds */
#define QUOTA  "vcpu_quota"  /* microseconds of a period that a processor of the guest may run */
/* The least that the kernel takes. */
#define QUOTA_MIN 1000

/* False with the error set. */
static bool read_limits(struct job_context *c, long long *period, long long *quota)
{
    int n = 0;
    char *type = virDomainGetSchedulerType(c->dom, &n);
    if (!type)
        return context_failed(c);
    free(type);
    virTypedParameterPtr params = n > 0 ? xcalloc((size_t)n, sizeof *params) : NULL;
    unsigned long long p = 0;
    int got = n > 0 ? virDomainGetSchedulerParametersFlags(c->dom, params, &n, VIR_DOMAIN_AFFECT_LIVE) : 0;
    bool found = got == 0 && virTypedParamsGetULLong(params, n, PERIOD, &p) == 1 &&
                 virTypedParamsGetLLong(params, n, QUOTA, quota) == 1;
    *period = (long long)p;
    virTypedParamsFree(params, n);
    if (got < 0)
        return context_failed(c);
    return (found && p > 0) || error_set(&c->error, STATUS_FAILED, "%s %s: libvirt has no " QUOTA " for it",
                                         c->args->flags ? "throttle" : "unthrottle", c->vm_name);
}

static bool set_quota(struct job_context *c, long long quota)
{
    virTypedParameterPtr params = NULL;
    int n = 0, room = 0;
    bool ok = virTypedParamsAddLLong(&params, &n, &room, QUOTA, quota) == 0 &&
              virDomainSetSchedulerParametersFlags(c->dom, params, n, VIR_DOMAIN_AFFECT_LIVE) == 0;
    if (!ok)
        context_failed(c);
    virTypedParamsFree(params, n);
    return ok;
}

static long long quota_of(long long period, int percent)
{
    long long quota = period * percent / 100;
    return quota < QUOTA_MIN ? QUOTA_MIN : quota;
}

static bool run_throttle(struct job_context *c)
{
    long long period = 0, before = -1;
    if (!read_limits(c, &period, &before))
        return false;
    long long quota = quota_of(period, (int)c->args->flags);
    /* A limit that is lower already stays. */
    if (before > 0 && before < quota)
        quota = before;
    if (!set_quota(c, quota))
        return false;
    c->json = json_object_new_object();
    json_object_object_add(c->json, "before", json_object_new_int64(before));
    json_object_object_add(c->json, "set", json_object_new_int64(quota));
    context_say(c, "throttled to %u percent", c->args->flags);
    return true;
}

static bool run_unthrottle(struct job_context *c)
{
    const struct throttle_undo *undo = c->args->data;
    long long period = 0, now = -1;
    if (!read_limits(c, &period, &now))
        return false;
    long long set = undo->set > 0 ? undo->set : quota_of(period, undo->percent);
    if (now != set) {
        context_say(c, "its limit was set by somebody else meanwhile; it stays");
        return true;
    }
    if (!set_quota(c, undo->before > 0 ? undo->before : -1))
        return false;
    context_say(c, "no longer throttled");
    return true;
}

static bool run_time_sync(struct job_context *c)
{
    if (virDomainSetTime(c->dom, 0, 0, VIR_DOMAIN_TIME_SYNC) < 0)
        return context_failed(c);
    context_say(c, "its clock is set");
    return true;
}

const struct job_kind throttle_job = {.action = "throttle", .doing = "throttling", .run = run_throttle};
const struct job_kind unthrottle_job = {
    .action = "unthrottle", .doing = "lifting the limit of", .run = run_unthrottle};
const struct job_kind time_sync_job = {
    .action = "time-sync", .doing = "setting the clock of", .run = run_time_sync};
