/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "diagnose/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"

#define STARTED      "starting up libvirt version" /* what libvirt writes into QEMU's log first */
#define EARLIER_MS   2000  /* clocks and buffers: so long before the start a line may belong to it */
#define LATER_MS     10000 /* so long behind the failure */
#define MOST         50    /* findings; a guest may write whatever it likes */
#define CHANGED_RANK 85    /* what changed stands before generic rows only */
#define UNDO_RANK    84

/* ---- which lines count ---- */

static bool contains(const struct explain_line *l, const char *what)
{
    return l->len && memmem(l->text, l->len, what, strlen(what)) != NULL;
}

/* Of QEMU's log only the last run counts. */
static size_t last_start(const struct explain_input *in)
{
    size_t found = 0;
    for (size_t i = 0; i < in->n_lines; i++)
        if (in->lines[i].source == SOURCE_QEMU && contains(&in->lines[i], STARTED))
            found = i;
    return found;
}

/* A line without a time was written no sooner than the one before it in its source. */
static bool counts(const struct explain_input *in, size_t i, size_t start, int64_t *written)
{
    const struct explain_line *l = &in->lines[i];
    if (l->wall_ms)
        *written = l->wall_ms;
    if (l->len == 0 || (l->source == SOURCE_QEMU && i < start))
        return false;
    if (*written && in->since_ms && *written < in->since_ms - EARLIER_MS)
        return false;
    return !(*written && in->failed_ms && *written > in->failed_ms + LATER_MS);
}

/* ---- findings of lines ---- */

/* The nearer to who failed, the better it knows. */
static int nearness(enum line_source s)
{
    static const int table[SOURCES] = {
        [SOURCE_LIBVIRT] = 0, [SOURCE_QEMU] = 1,     [SOURCE_HOST] = 2,
        [SOURCE_EVENT] = 3,   [SOURCE_SERIAL] = 4,   [SOURCE_DAEMON] = 5,
        [SOURCE_AGENT] = 6,   [SOURCE_MESSAGES] = 7, [SOURCE_DECK] = 8,
    };
    return table[s];
}

static void explained_clear(struct explained *x)
{
    free(x->cause);
    free(x->remedy);
    free(x->command);
    *x = (struct explained){0};
}

/* How much it says: a command that can be run, one to fill in, none. */
static int fullness(const struct explained *x)
{
    return x->command ? 1 + x->complete : 0;
}

/* Several lines that mean the same are one finding: the one that says most, and of equal ones the last. */
static void put(explained_list *out, struct explained *x)
{
    for (size_t i = 0; i < out->len; i++) {
        struct explained *old = &out->items[i];
        bool same = strcmp(old->id, x->id) == 0 &&
                    (strcmp(old->cause, x->cause) == 0 || fullness(old) != fullness(x));
        if (!same)
            continue;
        struct explained better = fullness(x) >= fullness(old) ? *x : *old,
                         worse = fullness(x) >= fullness(old) ? *old : *x;
        better.times = old->times + x->times;
        *old = better;
        explained_clear(&worse);
        return;
    }
    if (out->len < MOST)
        vec_push(out, *x);
    else
        explained_clear(x);
}

/* The next line of the same source: a message may go on there. */
static const struct explain_line *next_of_source(const struct explain_input *in, size_t i)
{
    for (size_t k = i + 1; k < in->n_lines; k++)
        if (in->lines[k].source == in->lines[i].source)
            return &in->lines[k];
    return NULL;
}

static void take_line(const struct explain_input *in, size_t i, explained_list *out)
{
    const struct explain_line *l = &in->lines[i];
    struct evidence_line line = {
        .source = l->source, .text = l->text, .len = l->len, .code = l->code, .domain = l->domain};
    if (!signatures_best(in->signatures, &line))
        return;
    const struct explain_line *next = next_of_source(in, i);
    struct strbuf both = {0};
    diagnosis_list found = {0};
    strbuf_add(&both, l->text, l->len < SIGNATURE_LOOKED_AT ? l->len : SIGNATURE_LOOKED_AT);
    line.begin = both.len;
    if (next) {
        strbuf_putc(&both, '\n');
        strbuf_add(&both, next->text, next->len < SIGNATURE_LOOKED_AT ? next->len : SIGNATURE_LOOKED_AT);
    }
    line.text = strbuf_str(&both);
    line.len = both.len;
    signatures_match(in->signatures, &line, &in->context, &found);
    for (size_t k = 0; k < found.len; k++) {
        struct diagnosis *d = &found.items[k];
        struct explained x = {.id = d->signature->id,
                              .severity = d->signature->severity,
                              .rank = d->signature->rank,
                              .cause = d->cause,
                              .remedy = d->remedy,
                              .command = d->command,
                              .complete = d->complete,
                              .line = i,
                              .times = 1};
        put(out, &x);
    }
    vec_free(&found);
    strbuf_free(&both);
}

/* ---- what changed ---- */

static bool is_new(const struct explain_input *in, const struct explain_change *c)
{
    return in->good_ms && c->wall_ms > in->good_ms && !(in->failed_ms && c->wall_ms > in->failed_ms);
}

/* Whether the failure is of a kind that a definition can cause: the best finding says; where nothing is
 * known, all but a pause is. */
static bool definition_can(const struct explain_input *in, const explained_list *found)
{
    const struct explained *best = NULL;
    if (in->failure == FAILURE_NONE)
        return false;
    for (size_t i = 0; i < found->len; i++)
        if (found->items[i].severity == SEV_ERROR && (!best || found->items[i].rank < best->rank))
            best = &found->items[i];
    if (best)
        return signatures_find(in->signatures, best->id)->definition;
    return in->failure != FAILURE_PAUSE;
}

/* The newest, and how many there are; *oldest the number of the first of them. */
static const struct explain_change *new_definition(const struct explain_input *in, unsigned *count,
                                                   const struct explain_change **oldest)
{
    const struct explain_change *newest = NULL;
    *count = 0;
    *oldest = NULL;
    for (size_t i = 0; i < in->n_changes; i++) {
        const struct explain_change *c = &in->changes[i];
        if (c->kind != EXPLAIN_DEFINITION || !is_new(in, c))
            continue;
        ++*count;
        newest = !newest || c->number > newest->number ? c : newest;
        *oldest = !*oldest || c->number < (*oldest)->number ? c : *oldest;
    }
    return newest;
}

static void put_undo(const struct explain_input *in, explained_list *out)
{
    unsigned count;
    const struct explain_change *oldest, *newest = new_definition(in, &count, &oldest);
    if (!newest || !definition_can(in, out))
        return;
    struct explained x = {.id = "changed-definition",
                          .severity = SEV_INFO,
                          .rank = UNDO_RANK,
                          .line = EXPLAIN_NO_LINE,
                          .times = count};
    x.cause = xasprintf("Since it last ran well its definition was changed (entry %u of its history: %s).",
                        newest->number, newest->what ? newest->what : "");
    char *vm = in->context.vm ? text_shell_word(in->context.vm) : NULL;
    x.remedy = count > 1 ? xasprintf("Take that change back; there were %u since then, and undoing entry %u "
                                     "takes all of them back.",
                                     count, oldest->number)
                         : xstrdup("Take that change back.");
    x.command = vm ? xasprintf("undo %s %u", vm, newest->number) : NULL;
    x.complete = vm != NULL;
    free(vm);
    vec_push(out, x);
}

static void put_change(explained_list *out, const char *id, char *cause, const char *remedy)
{
    struct explained x = {.id = id,
                          .severity = SEV_INFO,
                          .rank = CHANGED_RANK,
                          .cause = cause,
                          .remedy = xstrdup(remedy),
                          .line = EXPLAIN_NO_LINE,
                          .times = 1};
    put(out, &x);
}

static void put_changes(const struct explain_input *in, explained_list *out)
{
    for (size_t i = 0; i < in->n_changes; i++) {
        const struct explain_change *c = &in->changes[i];
        const char *before = c->before ? c->before : "?", *now = c->now ? c->now : "?";
        if (!is_new(in, c))
            continue;
        if (c->kind == EXPLAIN_QEMU)
            put_change(out, "changed-qemu",
                       xasprintf("QEMU was %s when it last ran well and is %s now.", before, now),
                       "If nothing else explains it, try the QEMU of then.");
        else if (c->kind == EXPLAIN_LIBVIRT)
            put_change(out, "changed-libvirt",
                       xasprintf("libvirt was %s when it last ran well and is %s now.", before, now),
                       "If nothing else explains it, try the libvirt of then.");
        else if (c->kind == EXPLAIN_REBOOT)
            put_change(
                out, "rebooted", xstrdup("The host was booted anew since it last ran well."),
                "See whether everything that it needs is there again: mounts, networks, pools, modules.");
    }
}

/* ---- the whole ---- */

static int nearness_of(const struct explain_input *in, const struct explained *x)
{
    return x->line == EXPLAIN_NO_LINE ? SOURCES : nearness(in->lines[x->line].source);
}

/* <0: a comes first. Equal ones keep their order. */
static int compare(const struct explain_input *in, const struct explained *a, const struct explained *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    int near = nearness_of(in, a) - nearness_of(in, b);
    if (near || a->line == b->line)
        return near;
    return a->line > b->line ? -1 : 1;
}

static void sort(const struct explain_input *in, explained_list *l)
{
    for (size_t i = 1; i < l->len; i++) {
        struct explained x = l->items[i];
        size_t k = i;
        for (; k > 0 && compare(in, &x, &l->items[k - 1]) < 0; k--)
            l->items[k] = l->items[k - 1];
        l->items[k] = x;
    }
}

void explain(const struct explain_input *in, explained_list *out)
{
    int64_t written[SOURCES] = {0};
    size_t start = last_start(in);
    for (size_t i = 0; i < in->n_lines; i++)
        if (counts(in, i, start, &written[in->lines[i].source]))
            take_line(in, i, out);
    put_undo(in, out);
    if (in->failure != FAILURE_NONE)
        put_changes(in, out);
    sort(in, out);
}

void explained_free(explained_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        explained_clear(&l->items[i]);
    vec_free(l);
}

void explained_findings(const explained_list *l, finding_list *out)
{
    for (size_t i = 0; i < l->len; i++) {
        const struct explained *x = &l->items[i];
        finding_add(out, x->id, x->severity, x->command, "%s %s", x->cause, x->remedy);
    }
}
