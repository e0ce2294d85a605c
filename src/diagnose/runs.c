/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnose/runs.h"

#include <stdlib.h>
#include <string.h>

#define LASTED_MS  600000 /* a run that went on for so long ran well until then */
#define EARLIER_MS 2000   /* QEMU may begin so long before the clock of who asked for it says */

/* ---- reading ---- */

static const char *find(const struct explain_line *l, const char *what)
{
    return l->len ? memmem(l->text, l->len, what, strlen(what)) : NULL;
}

/* What follows the words, up to a comma; NULL where they are not there. The caller frees. */
static char *behind(const struct explain_line *l, const char *words)
{
    const char *at = find(l, words), *end = l->text + l->len;
    if (!at)
        return NULL;
    at += strlen(words);
    const char *comma = memchr(at, ',', (size_t)(end - at));
    end = comma ? comma : end;
    while (end > at && strchr(" \r\n", end[-1]))
        end--;
    return end > at ? xstrndup(at, (size_t)(end - at)) : NULL;
}

/* Only the first word on it counts. */
static void end_run(struct qemu_run *run, const struct explain_line *l)
{
    if (run->reason)
        return;
    run->reason = behind(l, ", reason=");
    run->end_ms = l->wall_ms;
}

void qemu_runs_read(const struct explain_line *lines, size_t n, qemu_runs *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct explain_line *l = &lines[i];
        if (l->source != SOURCE_QEMU)
            continue;
        if (find(l, "starting up libvirt version: ")) {
            struct qemu_run run = {.start_ms = l->wall_ms,
                                   .first = i,
                                   .libvirt = behind(l, "libvirt version: "),
                                   .qemu = behind(l, "qemu version: "),
                                   .kernel = behind(l, "kernel: ")};
            vec_push(out, run);
        } else if (out->len && find(l, ": shutting down, reason=")) {
            end_run(&out->items[out->len - 1], l);
        }
    }
}

void qemu_runs_free(qemu_runs *runs)
{
    for (size_t i = 0; i < runs->len; i++) {
        struct qemu_run *r = &runs->items[i];
        free(r->libvirt);
        free(r->qemu);
        free(r->kernel);
        free(r->reason);
    }
    vec_free(runs);
}

/* ---- which failure ---- */

static bool ended(const struct qemu_run *r, const char *reason)
{
    return r && r->reason && strcmp(r->reason, reason) == 0;
}

/* libvirt found QEMU gone, or could not talk to it any more. */
static bool died(const struct qemu_run *r)
{
    return ended(r, "crashed") || ended(r, "daemon");
}

/* Whether the start that failed, as we were told, is newer than all that ran. */
static bool refused(const struct last_seen *seen, const struct qemu_run *newest)
{
    if (!seen->refused_ms || seen->event_start_ms > seen->refused_ms)
        return false;
    return !newest || ended(newest, "failed") || newest->start_ms <= seen->refused_ms;
}

/* Whether QEMU began in the try that we were told of. */
static bool began(const struct last_seen *seen, const struct qemu_run *newest)
{
    return newest && newest->start_ms >= seen->refused_asked_ms - EARLIER_MS;
}

static enum failure failure_of(const struct last_seen *seen, const struct qemu_run *newest)
{
    if (seen->standing == STANDING_PAUSED)
        return FAILURE_PAUSE;
    if (seen->standing == STANDING_RUNS)
        return seen->boot_failed ? FAILURE_BOOT : FAILURE_NONE;
    if (seen->standing == STANDING_FAILED || ended(newest, "failed") || refused(seen, newest))
        return FAILURE_START;
    if (seen->standing == STANDING_CRASHED || died(newest))
        return FAILURE_CRASH;
    return seen->boot_failed ? FAILURE_BOOT : FAILURE_NONE;
}

/* Of a start that failed: which try is meant, ours or the newest of QEMU's log. */
static void place_start(const struct last_seen *seen, const struct qemu_run *newest, struct last_failure *out)
{
    bool told = refused(seen, newest);
    bool later = ended(newest, "failed") && newest->start_ms > seen->refused_ms;
    if (ended(newest, "failed") && (!told || later || began(seen, newest))) {
        out->run = newest;
        out->since_ms = newest->start_ms;
        out->failed_ms = newest->end_ms;
    }
    if (told && !later) {
        bool first = !out->since_ms || seen->refused_asked_ms < out->since_ms;
        out->since_ms = first ? seen->refused_asked_ms : out->since_ms;
        out->failed_ms = seen->refused_ms;
        out->run = began(seen, newest) ? newest : NULL;
    }
}

static void place_run(const struct last_seen *seen, const struct qemu_run *newest, struct last_failure *out)
{
    out->run = newest;
    out->since_ms = newest ? newest->start_ms : seen->event_start_ms;
    if (out->failure == FAILURE_CRASH && newest)
        out->failed_ms = newest->end_ms;
    if (out->failure == FAILURE_PAUSE && seen->paused_ms >= out->since_ms)
        out->failed_ms = seen->paused_ms;
}

/* ---- when it ran well ---- */

/* Until when; false: it did not, or nobody can tell. */
static bool ran_well(const struct qemu_run *r, int64_t *until_ms)
{
    static const char *const well[] = {"shutdown", "destroyed", "saved", "migrated", "from snapshot"};
    for (size_t i = 0; i < ARRAY_LEN(well); i++)
        if (ended(r, well[i])) {
            *until_ms = r->end_ms;
            return true;
        }
    *until_ms = r->start_ms;
    return r->end_ms - r->start_ms >= LASTED_MS;
}

static bool is_good(const struct last_failure *f, const struct qemu_run *r, int64_t *until_ms)
{
    if (r != f->run || f->failure == FAILURE_CRASH)
        return ran_well(r, until_ms);
    *until_ms = r->start_ms;
    return f->failure == FAILURE_PAUSE || f->failure == FAILURE_NONE;
}

static void find_good(const struct last_seen *seen, struct last_failure *out)
{
    for (size_t i = seen->runs->len; i > 0 && !out->good; i--)
        if (is_good(out, &seen->runs->items[i - 1], &out->good_ms))
            out->good = &seen->runs->items[i - 1];
    if (out->good)
        return;
    bool before = seen->event_end_ms && (!out->since_ms || seen->event_end_ms < out->since_ms);
    out->good_ms = before ? seen->event_end_ms : 0;
}

void last_failure_find(const struct last_seen *seen, struct last_failure *out)
{
    const qemu_runs *runs = seen->runs;
    const struct qemu_run *newest = runs->len ? &runs->items[runs->len - 1] : NULL;
    *out = (struct last_failure){.failure = failure_of(seen, newest)};
    if (out->failure == FAILURE_START)
        place_start(seen, newest, out);
    else
        place_run(seen, newest, out);
    find_good(seen, out);
}
