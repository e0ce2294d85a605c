/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/patience.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/clock.h"
#include "base/log.h"
#include "virt/image_lock.h"

static double true_chance(void *ctx)
{
    uint32_t bits = 0;
    (void)ctx;
    return getrandom(&bits, sizeof bits, 0) == sizeof bits ? (double)bits / 4294967296.0 : 1;
}

/* Whether a lock made it fail; the image is then what is locked, or NULL where that is not known. */
static bool is_lock(struct patience *p)
{
    const struct error *e = &p->c->error;
    const char *text = error_text(e);
    bool named = image_lock_is(e->code, text);
    bool silent = p->silent_failures && e->code == VIR_ERR_INTERNAL_ERROR && strstr(text, "monitor");
    free(p->locked.image);
    p->locked.image = named ? image_lock_path(text) : NULL;
    if ((named || silent) && !p->locked.image && p->image)
        p->locked.image = p->image(p->ctx);
    return named || p->locked.image;
}

static const char *image_of(const struct locked *l)
{
    return l->image ? l->image : "an image that QEMU does not name";
}

static bool refuse(struct job_context *c, const struct locked *l)
{
    error_set(&c->error, STATUS_FAILED, "%s %s: the image %s is in use by %s", context_action(c), c->vm_name,
              image_of(l), l->words);
    if (l->domain) {
        char *advice =
            xasprintf(": `shutdown %s` first, or give %s an image of its own", l->domain, c->vm_name);
        error_suffix(&c->error, advice);
        free(advice);
    }
    return false;
}

/* A lock manager's own words name its lease, which may be another file than the image. NULL: QEMU's lock. */
static char *manager_says(const struct job_context *c)
{
    if (c->error.code != VIR_ERR_RESOURCE_BUSY)
        return NULL;
    char *prefix = xasprintf("%s %s: ", context_action(c), c->vm_name);
    const char *text = error_text(&c->error);
    size_t skip = strncmp(text, prefix, strlen(prefix)) == 0 ? strlen(prefix) : 0;
    free(prefix);
    return xasprintf(" (%s)", text + skip);
}

static bool give_up(struct job_context *c, const struct locked *l, const struct retry *r)
{
    char *says = manager_says(c);
    error_set(&c->error, STATUS_FAILED, "%s %s: %s is still locked by %s, after %d %s in %.1f s%s",
              context_action(c), c->vm_name, image_of(l), l->words, r->tries, r->tries == 1 ? "try" : "tries",
              (double)(clock_mono_ms() - r->first_ms) / 1000, says ? says : "");
    free(says);
    return false;
}

static void tell(const struct patience *p)
{
    struct job_context *c = p->c;
    const struct locked *l = &p->locked;
    int next = p->retry.tries + 1;
    const char *when = l->who == WHO_PASSING ? " when that has let it go" : "";
    context_progress(c, "%s is locked by %s; try %d of %d follows%s", image_of(l), l->words, next,
                     RETRY_TRIES, when);
    fleet_event(c->host, &c->uuid, c->vm_name, p->event_kind, SEV_WARN, MARK_NONE,
                "%s: %s is locked by %s; try %d of %d follows%s", context_action(c), image_of(l), l->words,
                next, RETRY_TRIES, when);
    log_write(LEVEL_LOG_INFO, "%s %s: try %d: %s is locked by %s", context_action(c), c->vm_name,
              p->retry.tries, image_of(l), l->words);
}

static bool wait_until(struct job_context *c, int64_t until_ms)
{
    uint64_t seen = 0;
    while (clock_mono_ms() < until_ms)
        if (!context_wait_until(c, &seen, until_ms))
            return error_set(&c->error, STATUS_FAILED, "%s %s: no longer waited for", context_action(c),
                             c->vm_name);
    return true;
}

/* libvirt's numbers stay with the words: they tell whose lock it was. */
static bool with_numbers(struct job_context *c, int code, int domain)
{
    c->error.code = code;
    c->error.domain = domain;
    return false;
}

static bool wait_for_lock(struct patience *p)
{
    struct job_context *c = p->c;
    struct locked *l = &p->locked;
    int64_t until_ms = 0;
    locked_look(c, l);
    if (l->who == WHO_DOMAIN)
        return refuse(c, l);
    bool more = retry_failed(&p->retry, clock_mono_ms(), &until_ms);
    if (more)
        tell(p);
    while (more) {
        if (!wait_until(c, until_ms))
            return false;
        locked_look(c, l);
        if (l->who == WHO_DOMAIN)
            return refuse(c, l);
        if (l->who != WHO_PASSING)
            return true;
        more = retry_still(&p->retry, clock_mono_ms(), &until_ms);
    }
    return give_up(c, l, &p->retry);
}

bool patience_again(struct patience *p)
{
    if (!p->retry.chance)
        p->retry.chance = true_chance;
    int code = p->c->error.code, domain = p->c->error.domain;
    if (!is_lock(p))
        return false;
    return wait_for_lock(p) || with_numbers(p->c, code, domain);
}

void patience_end(struct patience *p)
{
    locked_clear(&p->locked);
}

bool patience_grace(struct job_context *c)
{
    double grace_s = c->host->fleet->config.grace_s;
    if (grace_s <= 0)
        return true;
    context_progress(c, "leaving it alone for %g s (grace)", grace_s);
    return wait_until(c, clock_mono_ms() + (int64_t)(grace_s * 1000));
}

/* ---- another call on the same domain ---- */

bool patience_is_job_lock(const struct job_context *c)
{
    return c->error.code == VIR_ERR_OPERATION_TIMEOUT;
}

/* "cannot acquire state change lock (held by monitor=remoteDispatchDomainSave)": libvirt's name of the call.
 */
static char *holder_of(const char *text)
{
    static const char mark[] = "(held by ";
    const char *at = strstr(text, mark);
    if (!at)
        return NULL;
    at += sizeof mark - 1;
    size_t len = strcspn(at, ")");
    const char *equals = memchr(at, '=', len);
    const char *begin = equals ? equals + 1 : at;
    return xstrndup(begin, len - (size_t)(begin - at));
}

void patience_tell_job_lock(struct job_context *c, const char *state)
{
    char *holder = holder_of(error_text(&c->error));
    char *words = xasprintf("; %s. It is not tried again by itself: first %s%s has to end", state,
                            holder ? "libvirt's call " : "the other call on it", holder ? holder : "");
    error_suffix(&c->error, words);
    free(words);
    free(holder);
}
