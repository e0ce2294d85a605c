/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A word to the domains it names: name, HOST/name, UUID, id, filter, glob, in this order. A word that could
 * mean a domain on either of two hosts names none: guessing would stop the wrong one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/nearest.h"
#include "command/command.h"
#include "command/private.h"
#include "model/uuid.h"

/* Looking at every domain of every host, or of one. */
struct search {
    struct fleet *fleet;
    int host; /* -1: all */
    const char *word;
    struct vm_uuid uuid;
    int id;
    struct filter *filter;
};

typedef bool match_fn(const struct search *s, const struct snapshot *snap, const struct vm *vm);

void target_list_add(struct target_list *l, int host, const struct vm_uuid *uuid, const char *name)
{
    for (size_t i = 0; i < l->len; i++)
        if (l->items[i].host == host && uuid_equal(&l->items[i].uuid, uuid))
            return;
    struct target t = {.host = host, .uuid = *uuid, .name = xstrdup(name ? name : "")};
    vec_push(l, t);
}

void target_list_free(struct target_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i].name);
    vec_free(l);
}

struct row row_of(const struct snapshot *s, const struct vm *vm, const struct options *o, bool unicode)
{
    double interval_s = o ? opt_number(o, OPT_INTERVAL) : 1, ticks = o ? opt_number(o, OPT_STALE_TICKS) : 5;
    return (struct row){.host = &s->host,
                        .vm = vm,
                        .now_ms = clock_mono_ms(),
                        .now_wall_ms = clock_wall_ms(),
                        .stale_ms = (int64_t)(interval_s * ticks * 1000),
                        .warn_percent = o ? opt_number(o, OPT_WARN_PERCENT) : 70,
                        .bad_percent = o ? opt_number(o, OPT_BAD_PERCENT) : 90,
                        .unicode = unicode};
}

void tell_unread(const struct session *s)
{
    for (size_t h = 0; h < fleet_len(s->fleet); h++) {
        struct snapshot *snap = fleet_snapshot(s->fleet, (int)h);
        for (size_t i = 0; i < snap->n_vms; i++) {
            const struct vm *vm = &snap->vms[i];
            if (vm->def || !(vm->flags & VM_STUCK))
                continue;
            char *text =
                xasprintf("%s: a call on it does not end, so its definition is not known, and what a "
                          "filter asks of that is not answered",
                          vm->name);
            s->frontend->say(s->frontend->ctx, SEV_WARN, text);
            free(text);
        }
        snapshot_unref(snap);
    }
}

bool word_is_filter(const char *word)
{
    return strpbrk(word, "=<>~!|() \t") != NULL;
}

static bool match_name(const struct search *s, const struct snapshot *snap, const struct vm *vm)
{
    (void)snap;
    return strcmp(vm->name, s->word) == 0;
}

static bool match_uuid(const struct search *s, const struct snapshot *snap, const struct vm *vm)
{
    (void)snap;
    return uuid_equal(&vm->uuid, &s->uuid);
}

static bool match_id(const struct search *s, const struct snapshot *snap, const struct vm *vm)
{
    (void)snap;
    return vm->id == s->id;
}

static bool match_glob(const struct search *s, const struct snapshot *snap, const struct vm *vm)
{
    (void)snap;
    return text_glob(s->word, vm->name);
}

static bool match_filter(const struct search *s, const struct snapshot *snap, const struct vm *vm)
{
    struct row row = row_of(snap, vm, NULL, true);
    return filter_match(s->filter, &row);
}

static int compare_targets(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    int order = text_compare(x->name, y->name);
    if (order == 0)
        order = x->host - y->host;
    return order ? order : uuid_compare(&x->uuid, &y->uuid);
}

/* Appends what matches, in order of name. Globs may match thousands: each is new among themselves, so only
 * what was in `out` before is compared with. */
static size_t collect(const struct search *s, match_fn *match, struct target_list *out)
{
    struct target_list found = {0};
    for (size_t h = 0; s->fleet && h < fleet_len(s->fleet); h++) {
        if (s->host >= 0 && (size_t)s->host != h)
            continue;
        struct snapshot *snap = fleet_snapshot(s->fleet, (int)h);
        for (size_t i = 0; i < snap->n_vms; i++) {
            const struct vm *vm = &snap->vms[i];
            if (!match(s, snap, vm))
                continue;
            struct target t = {.host = (int)h, .uuid = vm->uuid, .name = xstrdup(vm->name)};
            vec_push(&found, t);
        }
        snapshot_unref(snap);
    }
    if (found.len > 1)
        qsort(found.items, found.len, sizeof *found.items, compare_targets);
    bool fresh = out->len == 0;
    for (size_t i = 0; i < found.len; i++) {
        if (fresh) {
            vec_push(out, found.items[i]);
            found.items[i].name = NULL;
        } else {
            target_list_add(out, found.items[i].host, &found.items[i].uuid, found.items[i].name);
        }
    }
    size_t n = found.len;
    target_list_free(&found);
    return n;
}

static char *host_name(struct fleet *f, int host)
{
    struct snapshot *snap = fleet_snapshot(f, host);
    char *name = xstrdup(snap->host.name ? snap->host.name : "?");
    snapshot_unref(snap);
    return name;
}

enum found { FOUND_NONE, FOUND_ONE, FOUND_ERROR };

/* For words that mean one domain. */
static enum found collect_one(const struct search *s, match_fn *match, struct target_list *out,
                              struct error *e)
{
    struct target_list found = {0};
    size_t n = collect(s, match, &found);
    enum found result = n == 0 ? FOUND_NONE : FOUND_ONE;
    if (n == 1)
        target_list_add(out, found.items[0].host, &found.items[0].uuid, found.items[0].name);
    if (n > 1) {
        int h0 = found.items[0].host, h1 = found.items[1].host;
        char *a = host_name(s->fleet, h0 < h1 ? h0 : h1), *b = host_name(s->fleet, h0 < h1 ? h1 : h0);
        error_set(e, STATUS_FAILED, "\"%s\" is on %s and on %s: say %s/%s or %s/%s", s->word, a, b, a,
                  s->word, b, s->word);
        free(a);
        free(b);
        result = FOUND_ERROR;
    }
    target_list_free(&found);
    return result;
}

static bool parse_id(const char *word, int *id)
{
    size_t len = strlen(word);
    if (len == 0 || len > 9 || strspn(word, "0123456789") != len)
        return false;
    *id = atoi(word);
    return true;
}

static enum found find_filter(struct search *s, struct target_list *out, struct error *e)
{
    struct error mistake = ERROR_INIT;
    s->filter = filter_compile(s->word, &mistake);
    if (!s->filter) {
        error_set(e, STATUS_USAGE, "\"%s\" is no filter: %s", s->word,
                  mistake.text ? error_text(&mistake) : "it is empty");
        error_clear(&mistake);
        return FOUND_ERROR;
    }
    size_t n = collect(s, match_filter, out);
    filter_free(s->filter);
    if (n == 0)
        error_set(e, STATUS_FAILED, "no domain fits the filter \"%s\"", s->word);
    return n ? FOUND_ONE : FOUND_ERROR;
}

/* The ways to name a domain of the host(s) being searched. */
static enum found find_here(struct search *s, struct target_list *out, struct error *e)
{
    enum found found = collect_one(s, match_name, out, e);
    if (found == FOUND_NONE && uuid_parse(s->word, &s->uuid))
        found = collect_one(s, match_uuid, out, e);
    if (found == FOUND_NONE && parse_id(s->word, &s->id))
        found = collect_one(s, match_id, out, e);
    if (found != FOUND_NONE)
        return found;
    if (strpbrk(s->word, "*?[") && !word_is_filter(s->word))
        return collect(s, match_glob, out) ? FOUND_ONE : FOUND_NONE;
    return FOUND_NONE;
}

/* HOST/name: hosts are called by name or by URI; a URI has slashes of its own, so every slash is tried. */
static enum found find_on_host(struct fleet *f, const char *word, struct target_list *out, struct error *e)
{
    enum found found = FOUND_NONE;
    for (size_t h = 0; h < fleet_len(f) && found == FOUND_NONE; h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        const char *names[] = {snap->host.name, snap->host.uri};
        for (size_t i = 0; i < ARRAY_LEN(names) && found == FOUND_NONE; i++) {
            size_t len = names[i] ? strlen(names[i]) : 0;
            if (len == 0 || strncmp(word, names[i], len) != 0 || word[len] != '/' || !word[len + 1])
                continue;
            struct search s = {.fleet = f, .host = (int)h, .word = word + len + 1};
            found = find_here(&s, out, e);
        }
        snapshot_unref(snap);
    }
    return found;
}

static bool not_found(struct fleet *f, const char *word, struct error *e)
{
    if (strpbrk(word, "*?["))
        return error_set(e, STATUS_FAILED, "no domain's name fits \"%s\"", word);
    struct vm_uuid uuid;
    if (uuid_parse(word, &uuid))
        return error_set(e, STATUS_FAILED,
                         "there is no domain with the UUID %s: it is gone, or its host is not connected",
                         word);
    struct nearest near = nearest_to(word);
    char *best = NULL;
    for (size_t h = 0; h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        for (size_t i = 0; i < snap->n_vms; i++)
            nearest_offer(&near, snap->vms[i].name);
        /* The name goes with the snapshot. */
        if (near.best && near.best != best) {
            char *kept = xstrdup(near.best);
            free(best);
            best = kept;
            near.best = best;
        }
        snapshot_unref(snap);
    }
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_FAILED, "there is no domain \"%s\"%s", word, hint);
    free(hint);
    free(best);
    return false;
}

bool targets_resolve(struct fleet *f, const char *word, struct target_list *out, struct error *e)
{
    if (!f)
        return error_set(e, STATUS_NO_CONNECTION, "no host is open");
    if (!word[0])
        return error_set(e, STATUS_USAGE, "an empty word names no domain");
    struct search s = {.fleet = f, .host = -1, .word = word};
    enum found found = find_here(&s, out, e);
    if (found == FOUND_NONE && strchr(word, '/'))
        found = find_on_host(f, word, out, e);
    if (found == FOUND_NONE && word_is_filter(word))
        found = find_filter(&s, out, e);
    if (found == FOUND_NONE)
        return not_found(f, word, e);
    return found == FOUND_ONE;
}
