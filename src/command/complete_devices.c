/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Candidates that are about devices: kinds, the devices of the domain that the line names, FIELD=VALUE.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/complete_resources.h"
#include "command/private.h"
#include "device/field.h"
#include "device/list.h"

#define DEFINITION_MS 1000 /* a shell's completion waits so long for a definition */

void complete_kinds_of_devices(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    for (size_t k = 0; k < n_device_kinds; k++)
        complete_offer(c, device_kinds[k].id, device_kinds[k].what);
}

/* ---- the domain that the line is about ---- */

struct found {
    struct fleet *fleet;
    int host;
    struct vm_uuid uuid;
    struct snapshot *snapshot; /* holds `vm` */
    const struct vm *vm;
    size_t word; /* which of the words given names it; 0: none, it is the screen's */
};

static bool find_named(struct found *at, const char *word)
{
    for (size_t h = 0; h < fleet_len(at->fleet); h++) {
        struct snapshot *snap = fleet_snapshot(at->fleet, (int)h);
        for (size_t i = 0; i < snap->n_vms; i++) {
            if (strcmp(snap->vms[i].name, word) == 0) {
                at->host = (int)h;
                at->uuid = snap->vms[i].uuid;
                at->snapshot = snap;
                at->vm = &snap->vms[i];
                return true;
            }
        }
        snapshot_unref(snap);
    }
    return false;
}

static bool find_default(struct found *at, const struct frontend *f)
{
    struct target_list l = {0};
    if (!f->default_targets)
        return false;
    f->default_targets(f->ctx, &l);
    if (l.len) {
        at->host = l.items[0].host;
        at->uuid = l.items[0].uuid;
        at->snapshot = fleet_snapshot(at->fleet, at->host);
        at->vm = snapshot_find(at->snapshot, &at->uuid);
    }
    target_list_free(&l);
    return at->vm != NULL;
}

static bool is_defined(void *arg)
{
    struct found *at = arg;
    snapshot_unref(at->snapshot);
    at->snapshot = fleet_snapshot(at->fleet, at->host);
    at->vm = snapshot_find(at->snapshot, &at->uuid);
    return !at->vm || at->vm->def || at->vm->flags & VM_STUCK;
}

/* The domain with its definition; at->vm->def may still be NULL. */
static bool find_domain(const struct completion *c, struct found *at)
{
    const struct frontend *f = c->session->frontend;
    *at = (struct found){.fleet = c->session->fleet};
    for (size_t i = 1; at->fleet && i < c->n_given && !at->vm; i++)
        if (find_named(at, c->given[i]))
            at->word = i;
    if (!at->fleet || (!at->vm && !(c->screen && find_default(at, f))))
        return false;
    if (!at->vm->def && f->wait) {
        fleet_set_interest(at->fleet, at->host, &at->uuid, 1, &at->uuid);
        f->wait(f->ctx, -1, is_defined, at, clock_mono_ms() + DEFINITION_MS, NULL);
    }
    return at->vm != NULL;
}

void complete_devices(struct completion *c, const char *choices, char sep)
{
    struct found at;
    (void)choices;
    (void)sep;
    if (find_domain(c, &at) && at.vm->def) {
        for (size_t i = 0; i < at.vm->def->devices.len; i++) {
            const struct vm_device *d = &at.vm->def->devices.items[i];
            char *note =
                xasprintf("%s%s%s", d->kind->title, d->source ? " " : "", d->source ? d->source : "");
            if (!(d->kind->flags & KIND_AUTOMATIC) || c->prefix[0])
                complete_offer(c, d->name, note);
            free(note);
        }
    }
    snapshot_unref(at.snapshot);
    for (size_t k = 0; k < n_device_kinds; k++)
        if (device_kinds[k].flags & KIND_PART)
            complete_offer(c, device_kinds[k].id, device_kinds[k].what);
        else if (device_kinds[k].fresh && c->prefix[0])
            complete_offer(c, device_kinds[k].id, "a new one, with add");
}

/* ---- FIELD=VALUE ---- */

/* What the line's word for the device means; NULL: nothing known. */
static const struct device_kind *kind_named(const struct domdef *def, const char *word)
{
    for (size_t i = 0; def && i < def->devices.len; i++) {
        const struct vm_device *d = &def->devices.items[i];
        const char *const names[] = {d->name, d->alias, d->target, d->mac};
        for (size_t n = 0; n < ARRAY_LEN(names); n++)
            if (names[n] && strcmp(names[n], word) == 0)
                return d->kind;
    }
    return device_kind_find(word);
}

/* What the host has for it, and files of this machine. `host` -1: none is named. */
static void offer_found(struct completion *c, const struct device_field *f, int host)
{
    if (host >= 0)
        complete_resources(c, host, f->type);
    if (f->type == FIELD_PATH)
        complete_kind(c, ARG_FILE, NULL, ' ');
}

static void offer_values(struct completion *c, const struct device_field *f, int host, const char *equals)
{
    char *before = xasprintf("%s%.*s", c->before, (int)(equals + 1 - c->prefix), c->prefix);
    const char *outer_before = c->before, *outer_prefix = c->prefix;
    c->before = before;
    c->prefix = equals + 1;
    offer_found(c, f, host);
    if (f->type != FIELD_PATH) {
        complete_kind(c, ARG_WORD, f->words, ' ');
        if (f->unset && !(f->words && list_has(f->words, ' ', f->unset)))
            complete_offer(c, f->unset, "what holds unsaid");
    }
    complete_offer(c, "default", "back to what holds unsaid");
    c->before = outer_before;
    c->prefix = outer_prefix;
    free(before);
}

static void offer_field(struct completion *c, const struct device_field *f, int host)
{
    const char *equals = strchr(c->prefix, '=');
    size_t len = strlen(f->id);
    if (f->flags & FIELD_READ)
        return;
    if (!equals) {
        char *word = xasprintf("%s=", f->id);
        complete_offer(c, word, f->help);
        free(word);
    } else if (len == (size_t)(equals - c->prefix) && strncmp(c->prefix, f->id, len) == 0) {
        offer_values(c, f, host, equals);
    }
}

/* Verbs behind which stands the value of a field alone. */
static const struct {
    const char *verb, *field;
} valued[] = {{"insert", "source"}, {"network", "network"}, {"bridge", "bridge"}};

static void offer_behind_verb(struct completion *c, const struct device_kind *kind, int host)
{
    const char *last = c->given[c->n_given - 1];
    for (size_t i = 0; i < ARRAY_LEN(valued); i++) {
        const struct device_field *f =
            strcmp(valued[i].verb, last) == 0 ? field_find(kind, valued[i].field) : NULL;
        if (f)
            offer_found(c, f, host);
    }
}

void complete_assignments(struct completion *c, const char *choices, char sep)
{
    struct found at;
    (void)choices; /* complete_kind() has offered them */
    (void)sep;
    bool known = find_domain(c, &at);
    const struct device_kind *kind = NULL;
    for (size_t i = at.word + 1; known && i < c->n_given && !kind; i++)
        kind = kind_named(at.vm->def, c->given[i]);
    for (const struct device_field *f = NULL; kind && (f = field_next(kind, f)) != NULL;)
        offer_field(c, f, at.host);
    if (kind)
        offer_behind_verb(c, kind, at.host);
    snapshot_unref(at.snapshot);
}

void complete_settings(struct completion *c, const char *choices, char sep)
{
    const struct device_field *f;
    (void)choices;
    (void)sep;
    for (size_t i = 0; (f = field_row(i)) != NULL; i++)
        if (f->flags & FIELD_SET)
            offer_field(c, f, -1);
}
