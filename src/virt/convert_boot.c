/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Waiting until a guest is up. Whatever can tell is listened to: the guest agent, the serial port, the
 * domain's state, its resets, and what it reads and writes. The boot on the old devices is the measure for
 * the one on virtio: what its serial port said last is what is waited for.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "model/xml.h"
#include "virt/agent.h"
#include "virt/convert_private.h"
#include "virt/patience.h"
#include "virt/start.h"

#define BOOT_TIMEOUT_S 300
#define AGENT_EVERY_MS 2000
/* Neither a word on the serial port nor a request to a disk nor work for so long: it has finished booting. */
#define QUIET_MS   15000
#define BUSY_SHARE 0.25 /* of one CPU: a guest that computes is not quiet */
/* A failure may come behind the line that the boot before ended with. */
#define SETTLE_MS   5000
#define MOST_RESETS 2 /* Windows resets once while it sets up a driver */
/* How often a guest that does not stop is asked again: one that boots does not hear its power button yet. */
#define ASK_AGAIN_MS 15000

double convert_timeout(const struct convert *cv)
{
    double given = cv->c->args->timeout_s;
    return given > 0 ? given : cv->s.timeout_s > 0 ? cv->s.timeout_s : BOOT_TIMEOUT_S;
}

bool convert_runs(struct convert *cv)
{
    return virDomainIsActive(cv->c->dom) == 1;
}

xmlDocPtr convert_live(struct convert *cv)
{
    char *xml = convert_runs(cv) ? virDomainGetXMLDesc(cv->c->dom, 0) : NULL;
    xmlDocPtr doc = xml ? xml_parse_element(xml, "domain", NULL) : NULL;
    free(xml);
    return doc;
}

/* ---- stopping ---- */

/* A paused guest hears nothing. One that has powered off libvirt refuses to ask once more: that is no
 * failure. */
static bool ask_to_stop(struct convert *cv)
{
    virDomainPtr dom = cv->c->dom;
    int state;
    if (virDomainGetState(dom, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED)
        virDomainResume(dom);
    if (virDomainShutdown(dom) == 0)
        return true;
    context_failed(cv->c);
    bool off = virDomainGetState(dom, &state, NULL, 0) == 0 &&
               (state == VIR_DOMAIN_SHUTDOWN || state == VIR_DOMAIN_SHUTOFF || state == VIR_DOMAIN_CRASHED);
    if (off)
        error_clear(&cv->c->error);
    return off;
}

enum step_result convert_stop(struct convert *cv, double timeout_s)
{
    struct job_context *c = cv->c;
    int64_t start = clock_mono_ms(), asked = 0;
    uint64_t seen = 0;
    cv->s.stopping = convert_runs(cv);
    if (cv->s.stopping && !convert_save(cv))
        return STEP_STOP;
    while (convert_runs(cv)) {
        int64_t now = clock_mono_ms();
        if ((double)(now - start) >= timeout_s * 1000) {
            error_set(&c->error, STATUS_FAILED, "the guest did not shut down within %.0f s", timeout_s);
            return STEP_BACK;
        }
        if (!asked || now - asked >= ASK_AGAIN_MS) {
            asked = now;
            if (!ask_to_stop(cv))
                return STEP_STOP;
        }
        context_progress(c, "waiting for the guest to shut down, %lld s", (long long)(now - start) / 1000);
        if (!context_wait_news(c, &seen)) {
            error_set(&c->error, STATUS_FAILED, "stopped while the guest was shutting down");
            return STEP_STOP;
        }
    }
    cv->s.stopping = false;
    return STEP_DONE;
}

/* ---- one boot ---- */

struct boot {
    struct convert *cv;
    bool on_virtio;
    bool agent; /* the definition has a channel for it */
    struct boot_watch w;
    struct serial *serial;
    unsigned long resets;             /* before it */
    int64_t start, changed, agent_at; /* monotonic */
    int64_t marker_at;                /* 0: the marker was not seen */
    int64_t cpu_at;
    unsigned long long cpu_ns;
    size_t bytes;
    long long requests, writes;
};

static bool agent_channel(xmlDocPtr live)
{
    xmlNodePtr devices = live ? xml_child(xmlDocGetRootElement(live), "devices") : NULL;
    for (xmlNodePtr ch = xml_child(devices, "channel"); ch; ch = xml_next(ch, "channel"))
        if (xml_get_is(ch, "target@name", "org.qemu.guest_agent.0"))
            return true;
    return false;
}

/* Paused first, so that not a word of its serial port is missed. */
static bool begin(struct boot *b)
{
    struct job_context *c = b->cv->c;
    bool started = false;
    if (!convert_runs(b->cv)) {
        bool ran;
        if (!patience_grace(c) || !start_patiently(c, VIR_DOMAIN_START_PAUSED, "job", &ran))
            return false;
        started = !ran;
    }
    xmlDocPtr live = convert_live(b->cv);
    b->agent = agent_channel(live);
    b->serial = serial_open(c, b->cv->facts.local, live);
    xmlFreeDoc(live);
    b->resets = context_reboots(c);
    b->start = b->changed = clock_mono_ms();
    /* One that was found may stand still since this was killed between the two. */
    int state;
    bool paused = started || (virDomainGetState(c->dom, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED);
    return !paused || virDomainResume(c->dom) == 0 || context_failed(c);
}

static void look_at_disks(struct boot *b)
{
    virDomainBlockStatsStruct s;
    if (virDomainBlockStats(b->cv->c->dom, "", &s, sizeof s) < 0)
        return;
    long long requests = s.rd_req + s.wr_req;
    if (requests != b->requests)
        b->changed = clock_mono_ms();
    b->requests = requests;
    b->writes = s.wr_req;
}

static void look_at_cpu(struct boot *b)
{
    virDomainInfo info;
    int64_t now = clock_mono_ms();
    if (virDomainGetInfo(b->cv->c->dom, &info) < 0)
        return;
    double share = b->cpu_at && now > b->cpu_at && info.cpuTime > b->cpu_ns
                       ? (double)(info.cpuTime - b->cpu_ns) / 1e6 / (double)(now - b->cpu_at)
                       : 0;
    if (share > BUSY_SHARE)
        b->changed = now;
    b->cpu_at = now;
    b->cpu_ns = info.cpuTime;
}

static void look_at_serial(struct boot *b)
{
    serial_read(b->serial, &b->w);
    if (b->w.bytes != b->bytes)
        b->changed = clock_mono_ms();
    b->bytes = b->w.bytes;
}

static enum boot_verdict decide(struct boot *b, enum boot_verdict v, char *evidence)
{
    free(b->cv->s.evidence);
    b->cv->s.evidence = evidence;
    return v;
}

static enum boot_verdict ask_agent(struct boot *b)
{
    int64_t now = clock_mono_ms();
    if (!b->agent || now - b->agent_at < AGENT_EVERY_MS)
        return BOOT_UNDECIDED;
    b->agent_at = now;
    return agent_ping(b->cv->c, NULL) ? decide(b, BOOT_UP, xstrdup("the guest agent answers"))
                                      : BOOT_UNDECIDED;
}

static enum boot_verdict look_at_state(struct boot *b)
{
    int state, reason;
    if (virDomainGetState(b->cv->c->dom, &state, &reason, 0) < 0)
        return BOOT_UNDECIDED;
    if (state != VIR_DOMAIN_RUNNING && state != VIR_DOMAIN_BLOCKED)
        return decide(b, BOOT_FAILED,
                      xasprintf("the domain is %s: %s", vm_state_name((enum vm_state)state),
                                state_reason_words(state, reason)));
    if (context_reboots(b->cv->c) > b->resets + MOST_RESETS)
        return decide(b, BOOT_FAILED, xstrdup("the guest resets itself again and again"));
    return BOOT_UNDECIDED;
}

static enum boot_verdict judge_serial(struct boot *b)
{
    if (b->w.verdict == BOOT_UP)
        return decide(b, BOOT_UP, xasprintf("serial port: %s", b->w.evidence));
    if (b->w.verdict == BOOT_FAILED)
        return decide(b, BOOT_FAILED, xasprintf("serial port: %s (%s)", b->w.evidence, b->w.meaning));
    if (b->w.marker_seen && !b->marker_at)
        b->marker_at = clock_mono_ms();
    if (b->marker_at && clock_mono_ms() - b->marker_at >= SETTLE_MS)
        return decide(b, BOOT_UP, xasprintf("serial port: as far as before: \"%s\"", b->w.marker));
    return BOOT_UNDECIDED;
}

/* Nothing happens any more. On virtio that is a good sign only where nothing better could have come. */
static enum boot_verdict judge_quiet(struct boot *b)
{
    if (clock_mono_ms() - b->changed < QUIET_MS || (!b->bytes && !b->requests))
        return BOOT_UNDECIDED;
    if (!b->on_virtio && b->w.failing)
        return decide(b, BOOT_FAILED, xstrdup("the last that its serial port said is a sign of failure"));
    if (!b->on_virtio)
        return decide(b, BOOT_UP, xstrdup("the guest has become quiet"));
    if (b->w.marker || b->agent || !b->writes)
        return BOOT_UNDECIDED;
    return decide(b, BOOT_UP,
                  xasprintf("the guest wrote to its disks (%lld requests) and has become quiet", b->writes));
}

static enum boot_verdict look(struct boot *b)
{
    static enum boot_verdict (*const ways[])(struct boot *) = {judge_serial, look_at_state, ask_agent,
                                                               judge_quiet};
    enum boot_verdict v = BOOT_UNDECIDED;
    look_at_serial(b);
    look_at_disks(b);
    look_at_cpu(b);
    for (size_t i = 0; v == BOOT_UNDECIDED && i < ARRAY_LEN(ways); i++)
        v = ways[i](b);
    return v;
}

static enum step_result wait(struct boot *b)
{
    struct job_context *c = b->cv->c;
    double timeout_s = convert_timeout(b->cv);
    uint64_t seen = 0;
    for (;;) {
        enum boot_verdict v = look(b);
        double waited = (double)(clock_mono_ms() - b->start) / 1000;
        if (v == BOOT_UNDECIDED && waited >= timeout_s)
            v = decide(b, BOOT_FAILED, xasprintf("no sign that the guest is up within %.0f s", timeout_s));
        if (v == BOOT_UP)
            return STEP_DONE;
        if (v == BOOT_FAILED)
            break;
        context_progress(c, "%s, %.0f s", b->on_virtio ? "watching the boot on virtio" : "watching the boot",
                         waited);
        if (!context_wait_news(c, &seen)) {
            error_set(&c->error, STATUS_FAILED, "stopped while the guest was booting");
            return STEP_STOP;
        }
    }
    error_set(&c->error, STATUS_FAILED, "the guest does not come up%s: %s",
              b->on_virtio ? " from virtio" : ", even before anything was converted", b->cv->s.evidence);
    return STEP_BACK;
}

static void learn(struct boot *b)
{
    /* What came while it was decided belongs to this boot, too. */
    look_at_serial(b);
    free(b->cv->s.marker);
    b->cv->s.marker = boot_watch_marker(&b->w);
    b->cv->s.ignored = b->w.seen;
    free(b->cv->s.driver);
    b->cv->s.driver = xstrdup(b->w.virtio_line);
}

enum step_result convert_boot(struct convert *cv, bool on_virtio)
{
    /* On the old devices no sign of failure decides: firmware says such things of one device and goes on to
     * the next. Those that a good boot shows decide nothing on virtio either. */
    struct boot b = {.cv = cv, .on_virtio = on_virtio, .w.ignored = on_virtio ? cv->s.ignored : ~0u};
    enum step_result r = STEP_STOP;
    if (on_virtio)
        b.w.marker = xstrdup(cv->s.marker);
    if (cv->s.ready && !boot_watch_ready(&b.w, cv->s.ready, &cv->c->error))
        r = STEP_STOP;
    else if (!begin(&b))
        r = STEP_BACK;
    else
        r = wait(&b);
    if (r == STEP_DONE && !on_virtio)
        learn(&b);
    serial_close(b.serial);
    boot_watch_clear(&b.w);
    return r;
}
