/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The check as a whole: its tables, how each domain stands, and the verdicts that come of it.
 */
#include "autostart/check_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/plan_private.h"
#include "base/text.h"

#define NAMED 5 /* domains that a sentence names */

/* ---- what checks say ---- */

void check_block(struct checking *c, size_t vm, const char *fmt, ...)
{
    va_list ap;
    if (c->vms[vm].blocked)
        return;
    va_start(ap, fmt);
    if (vasprintf(&c->vms[vm].blocked, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
}

size_t check_vm_of(const struct checking *c, const struct plan_node *node)
{
    const struct survey_vm *vm = node->kind == PLAN_DOMAIN ? survey_find_name(c->s, node->name) : NULL;
    return vm ? (size_t)(vm - c->s->vms.items) : SIZE_MAX;
}

char *check_names(const struct checking *c, bool (*is)(const struct checking *c, size_t vm))
{
    struct strbuf out = {0};
    size_t n = 0;
    for (size_t i = 0; i < c->s->vms.len; i++) {
        if (!is(c, i))
            continue;
        if (n++ < NAMED)
            strbuf_printf(&out, "%s%s", n > 1 ? ", " : "", c->s->vms.items[i].name);
    }
    if (n > NAMED)
        strbuf_printf(&out, " and %zu more", n - NAMED);
    return strbuf_steal(&out);
}

char *check_edit(const struct survey_vm *vm)
{
    char *word = plan_remedy(vm->name, ""), *end = strrchr(word, ' ');
    if (end)
        *end = '\0';
    char *remedy = xasprintf("edit%s", word + strlen("autostart"));
    free(word);
    return remedy;
}

char *check_virsh(const struct checking *c, const char *words)
{
    char *uri = text_shell_word(c->s->uri);
    char *remedy = *c->s->uri ? xasprintf("$ virsh -c %s %s", uri, words) : xasprintf("$ virsh %s", words);
    free(uri);
    return remedy;
}

/* ---- how the domains stand ---- */

static void stand(struct checking *c)
{
    enum unit_state unit = c->s->files.units[HOST_UNIT_START];
    c->unit_on = c->s->files.known && (unit == UNIT_ENABLED || unit == UNIT_STATIC);
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = &c->s->vms.items[i];
        struct standing *st = &c->vms[i];
        st->ours = start_item_is_ours(vm->item);
        st->native = vm->flags_known && (vm->native || vm->once);
        st->starts = st->ours || st->native;
        c->ours += st->ours;
        c->natives += st->native && !st->ours;
        c->starting += st->starts;
    }
}

/* What the plan cannot start does not start, unless libvirt does it. */
static void take_blocked(struct checking *c)
{
    for (uint32_t i = 0; i < c->up->n_nodes; i++) {
        size_t vm = check_vm_of(c, &c->up->nodes[i]);
        if (vm != SIZE_MAX && c->up->nodes[i].blocked && c->vms[vm].ours && !c->vms[vm].native)
            check_block(c, vm, "%s", c->up->nodes[i].blocked);
    }
}

/* ---- the plan's findings ---- */

static bool has_finding(const finding_list *l, const struct finding *f)
{
    for (size_t i = 0; i < l->len; i++)
        if (strcmp(l->items[i].id, f->id) == 0 && strcmp(l->items[i].text, f->text) == 0)
            return true;
    return false;
}

/* "needs-missing" is said by a check of its own, for libvirt's domains, too, and with a remedy. */
static void take_findings(const finding_list *from, const finding_list *said, finding_list *to)
{
    for (size_t i = 0; i < from->len; i++) {
        const struct finding *f = &from->items[i];
        if (strcmp(f->id, "needs-missing") != 0 && !(said && has_finding(said, f)))
            finding_add(to, f->id, f->severity, f->remedy, "%s", f->text);
    }
}

/* ---- verdicts ---- */

static const char *why_nobody(const struct checking *c)
{
    switch (c->s->files.units[HOST_UNIT_START]) {
    case UNIT_MASKED:
        return "virtdeck-autostart.service is masked";
    case UNIT_ABSENT:
        return "virtdeck-autostart.service is not installed";
    case UNIT_DISABLED:
        return "virtdeck-autostart.service is not enabled";
    default:
        return NULL;
    }
}

static enum vm_autostart verdict_of_ours(const struct checking *c, size_t i, const char **why)
{
    const struct policy *p = &c->s->vms.items[i].item->policy;
    *why = why_nobody(c);
    if (c->s->files.known && *why)
        return AUTOSTART_NOBODY;
    *why = c->vms[i].blocked;
    if (*why)
        return AUTOSTART_BLOCKED;
    *why = c->s->files.known ? "whether its unit is enabled is not known: there is no systemd"
                             : "the units of its host cannot be seen from here";
    if (!c->s->files.known || c->s->files.units[HOST_UNIT_START] == UNIT_UNKNOWN)
        return AUTOSTART_UNKNOWN;
    *why = NULL;
    return policy_number(p, NULL, POLICY_MODE) == MODE_ONCE ? AUTOSTART_ONCE : AUTOSTART_ORDERED;
}

/* libvirt is there first: a policy beside its flag does not count. */
static enum vm_autostart verdict_of_native(const struct checking *c, size_t i, const char **why)
{
    *why = c->vms[i].blocked;
    if (*why)
        return AUTOSTART_BLOCKED;
    *why = c->vms[i].ours ? "libvirt's own flag is on, too" : NULL;
    return c->s->vms.items[i].native || c->vms[i].ours ? AUTOSTART_NATIVE : AUTOSTART_ONCE;
}

static enum vm_autostart verdict_of(const struct checking *c, size_t i, const char **why)
{
    const struct survey_vm *vm = &c->s->vms.items[i];
    *why = NULL;
    if (c->vms[i].native)
        return verdict_of_native(c, i, why);
    if (c->vms[i].ours)
        return verdict_of_ours(c, i, why);
    if (!vm->flags_known)
        return AUTOSTART_UNKNOWN;
    return vm->item ? AUTOSTART_OFF : AUTOSTART_UNKNOWN;
}

static int by_uuid(const void *left, const void *right)
{
    const struct vm_verdict *a = left, *b = right;
    return uuid_compare(&a->uuid, &b->uuid);
}

static void make_verdicts(struct checking *c)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = &c->s->vms.items[i];
        const struct policy_value *order = vm->item ? &vm->item->policy.v[POLICY_ORDER] : NULL;
        struct vm_verdict v = {.uuid = vm->uuid, .order = -1};
        const char *why;
        v.verdict = verdict_of(c, i, &why);
        if (order && order->given && vm->item->policy.present)
            v.order = (int)order->number;
        v.why = v.why_text = xstrdup(why);
        vec_push(&c->out->verdicts, v);
    }
    if (c->out->verdicts.len)
        qsort(c->out->verdicts.items, c->out->verdicts.len, sizeof *c->out->verdicts.items, by_uuid);
}

const struct vm_verdict *autostart_verdict(const struct autostart_check *c, const struct vm_uuid *uuid)
{
    struct vm_verdict wanted = {.uuid = *uuid};
    if (!c->verdicts.len)
        return NULL;
    return bsearch(&wanted, c->verdicts.items, c->verdicts.len, sizeof wanted, by_uuid);
}

/* ---- all ---- */

static void run_table(struct checking *c, const struct check_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        rows[i].look(c, rows[i].id);
}

void autostart_check(struct autostart_check *out, const struct survey *s, const struct plan *up,
                     const struct plan *down)
{
    *out = (struct autostart_check){0};
    struct checking c = {
        .s = s, .up = up, .down = down, .out = out, .vms = xcalloc(s->vms.len + 1, sizeof *c.vms)};
    stand(&c);
    run_table(&c, autostart_host_checks, n_autostart_host_checks);
    take_findings(&s->config_findings, NULL, &out->boot);
    run_table(&c, autostart_vm_checks, n_autostart_vm_checks);
    run_table(&c, autostart_need_checks, n_autostart_need_checks);
    take_findings(&up->findings, NULL, &out->boot);
    take_findings(&down->findings, &out->boot, &out->shutdown);
    take_blocked(&c);
    make_verdicts(&c);
    for (size_t i = 0; i < s->vms.len; i++)
        free(c.vms[i].blocked);
    free(c.vms);
}

void autostart_check_clear(struct autostart_check *c)
{
    findings_free(&c->boot);
    findings_free(&c->shutdown);
    for (size_t i = 0; i < c->verdicts.len; i++)
        free(c->verdicts.items[i].why_text);
    vec_free(&c->verdicts);
}
