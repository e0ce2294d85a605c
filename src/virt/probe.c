/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/probe.h"

#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "virt/agent.h"
#include "virt/probe_net.h"
#include "virt/probe_serial.h"

/* Between askings: a tenth of what was waited so far, so that no start is held up by much more than that. */
#define PAUSE_SHARE   0.1
#define LEAST_PAUSE_S 0.5
#define MOST_PAUSE_S  2.0

void probe_memory_clear(struct probe_memory *m)
{
    serial_memory_free(m->serial);
    *m = (struct probe_memory){0};
}

/* ---- one asking ---- */

static bool ask_running(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why)
{
    int state;
    int64_t started_ms;
    char process;
    (void)p;
    (void)m;
    *why = NULL;
    if (virDomainGetState(c->dom, &state, NULL, 0) < 0)
        *why = xstrdup("its state can't be read");
    else if (state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_BLOCKED)
        *why =
            xasprintf("it is %s", state >= 0 && state < VM_STATE_COUNT ? vm_state_name((enum vm_state)state)
                                                                       : "in no known state");
    else if (qemu_process_look(c, &started_ms, &process) && (process == 'T' || process == 't'))
        *why = xstrdup("its QEMU is stopped by a signal (SIGSTOP)");
    return !*why;
}

static bool ask_agent(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why)
{
    struct error e = ERROR_INIT;
    (void)p;
    (void)m;
    bool good = agent_ping(c, &e);
    *why = good ? NULL : xstrdup(error_text(&e));
    error_clear(&e);
    return good;
}

static bool ask_serial(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why)
{
    return probe_serial(c, &m->serial, p->regex, m->once, why);
}

bool probe_ask(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why)
{
    static bool (*const rows[])(struct job_context *, const struct probe *, struct probe_memory *,
                                char **) = {[PROBE_RUNNING] = ask_running,
                                            [PROBE_AGENT] = ask_agent,
                                            [PROBE_IP] = probe_ip,
                                            [PROBE_TCP] = probe_tcp,
                                            [PROBE_SERIAL] = ask_serial};
    if (!m->begun_ms)
        m->begun_ms = clock_mono_ms();
    return rows[p->kind](c, p, m, why);
}

/* ---- the job ---- */

struct probe_request *probe_request_new(void)
{
    return xcalloc(1, sizeof(struct probe_request));
}

void probe_request_free(void *request)
{
    struct probe_request *r = request;
    if (!r)
        return;
    for (size_t i = 0; i < r->probes.len; i++)
        free(r->probes.items[i]);
    vec_free(&r->probes);
    free(r);
}

struct asked {
    struct probe probe;
    const char *text; /* the request's */
    bool answered;
};

struct probing {
    VEC(struct asked) list;
    struct probe_memory memory;
    char *why; /* what did not answer last: "agent: …"; NULL */
};

static bool read_probes(struct job_context *c, const struct probe_request *r, struct probing *p)
{
    for (size_t i = 0; i < r->probes.len; i++) {
        struct asked a = {.text = r->probes.items[i]};
        if (!probe_read(a.text, &a.probe, &c->error))
            return false;
        vec_push(&p->list, a);
    }
    for (size_t i = 0; i < p->list.len; i++)
        if (p->list.items[i].probe.kind == PROBE_SERIAL)
            probe_serial_expect(c, &p->memory.serial, p->list.items[i].probe.regex);
    return true;
}

/* Each that has not answered; true: now all have. */
static bool ask_all(struct job_context *c, struct probing *p)
{
    bool all = true;
    free(p->why);
    p->why = NULL;
    for (size_t i = 0; i < p->list.len && !context_cancelled(c); i++) {
        struct asked *a = &p->list.items[i];
        char *why = NULL;
        a->answered = a->answered || probe_ask(c, &a->probe, &p->memory, &why);
        all = all && a->answered;
        if (!a->answered && !p->why)
            p->why = xasprintf("%s: %s", a->text, why ? why : "no answer");
        free(why);
    }
    return all && !context_cancelled(c);
}

static bool pause_for(struct job_context *c, double seconds)
{
    int64_t until_ms = clock_mono_ms() + (int64_t)(seconds * 1000);
    uint64_t seen = 0;
    while (clock_mono_ms() < until_ms)
        if (!context_wait_until(c, &seen, until_ms))
            return false;
    return true;
}

static bool is_gone(struct job_context *c)
{
    int state;
    if (virDomainGetState(c->dom, &state, NULL, 0) == 0)
        return false;
    virErrorPtr last = virGetLastError();
    c->gone = last && last->code == VIR_ERR_NO_DOMAIN;
    return c->gone;
}

/* The daemon was restarted, or the network was away: from then on by the connection that the host has now. */
static void renew_connection(struct job_context *c)
{
    bool is_qemu;
    virConnectPtr conn = virConnectIsAlive(c->conn) == 1 ? NULL : host_act_conn(c->host, &is_qemu);
    virDomainPtr dom = conn ? virDomainLookupByUUID(conn, c->uuid.b) : NULL;
    if (dom) {
        virDomainFree(c->dom);
        virConnectClose(c->conn);
        c->dom = dom;
        c->conn = conn;
        c->is_qemu = is_qemu;
    } else if (conn) {
        virConnectClose(conn);
    }
}

static double pause_after(const struct probe_request *r, double waited_s)
{
    double pause = waited_s * PAUSE_SHARE;
    if (r->interval_s > 0)
        return r->interval_s;
    return pause < LEAST_PAUSE_S ? LEAST_PAUSE_S : pause > MOST_PAUSE_S ? MOST_PAUSE_S : pause;
}

/* Told when it is another than before. */
static void tell_why(struct job_context *c, const struct probing *p, char **told)
{
    if (!p->why || (*told && strcmp(*told, p->why) == 0))
        return;
    free(*told);
    *told = xstrdup(p->why);
    context_progress(c, "%s", p->why);
}

static bool ask_until(struct job_context *c, const struct probe_request *r, struct probing *p)
{
    int64_t begun_ms = clock_mono_ms();
    char *told = NULL;
    bool good = true;
    while (good && !ask_all(c, p)) {
        tell_why(c, p, &told);
        good = !r->once && !is_gone(c) &&
               pause_for(c, pause_after(r, (double)(clock_mono_ms() - begun_ms) / 1000));
        renew_connection(c);
    }
    free(told);
    if (good)
        context_say(c, "answers");
    else
        error_set(&c->error, STATUS_FAILED, "%s",
                  c->gone  ? "it is gone"
                  : p->why ? p->why
                           : "no longer waited for");
    return good;
}

static bool run_probe(struct job_context *c)
{
    const struct probe_request *r = c->args->data;
    struct probing p = {.memory = {.once = r->once}};
    bool good = read_probes(c, r, &p) && ask_until(c, r, &p);
    for (size_t i = 0; i < p.list.len; i++)
        probe_clear(&p.list.items[i].probe);
    vec_free(&p.list);
    probe_memory_clear(&p.memory);
    free(p.why);
    return good;
}

const struct job_kind probe_job = {.action = "probe", .doing = "asking", .run = run_probe};
