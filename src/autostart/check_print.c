/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The check as an answer to "what happens at the next boot, and at the next shutdown?", and as JSON.
 */
#include "autostart/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "base/text.h"

#define NAMED 6  /* names that a sentence has */
#define LINES 20 /* of one kind */

/* ---- names ---- */

struct names {
    struct strbuf text;
    size_t n;
};

static void add_name(struct names *l, const char *name)
{
    if (l->n++ < NAMED) {
        if (l->n > 1)
            strbuf_puts(&l->text, ", ");
        text_escape(&l->text, name, strlen(name));
    }
}

static const char *names_text(struct names *l)
{
    if (l->n > NAMED)
        strbuf_printf(&l->text, " and %zu more", l->n - NAMED);
    return strbuf_str(&l->text);
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

static void put_time(int64_t ms, struct strbuf *out)
{
    format_duration(out, round((double)ms / 1000), false);
}

static void put_line(const char *raw, size_t len, struct strbuf *out)
{
    strbuf_puts(out, "  ");
    text_escape(out, raw, len);
    strbuf_putc(out, '\n');
}

/* ---- the boot ---- */

/* The domains of this verdict, in the order in which they start; those not in the plan behind them. */
static void collect(const struct autostart_check *c, const struct plan *up, enum vm_autostart verdict,
                    struct names *out)
{
    size_t n;
    uint32_t *list = plan_sequence(up, &n);
    for (size_t i = 0; i < n; i++) {
        const struct plan_node *node = &up->nodes[list[i]];
        const struct vm_verdict *v = node->kind == PLAN_DOMAIN ? autostart_verdict(c, &node->uuid) : NULL;
        if (v && v->verdict == verdict)
            add_name(out, node->name);
    }
    free(list);
}

static void put_group(const struct autostart_check *c, const struct plan *up, enum vm_autostart verdict,
                      const char *before, const char *behind, struct strbuf *out)
{
    struct names l = {0};
    collect(c, up, verdict, &l);
    if (l.n)
        strbuf_printf(out, "  %s%zu domain%s%s: %s\n", before, l.n, plural(l.n), behind, names_text(&l));
    strbuf_free(&l.text);
}

static void put_each(const struct autostart_check *c, const struct survey *s, enum vm_autostart verdict,
                     const char *what, struct strbuf *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s->vms.len; i++) {
        const struct vm_verdict *v = autostart_verdict(c, &s->vms.items[i].uuid);
        if (!v || v->verdict != verdict || n++ >= LINES)
            continue;
        struct strbuf raw = {0};
        strbuf_printf(&raw, "%s %s%s%s", s->vms.items[i].name, what, v->why ? ": " : "",
                      v->why ? v->why : "");
        put_line(strbuf_str(&raw), raw.len, out);
        strbuf_free(&raw);
    }
    if (n > LINES)
        strbuf_printf(out, "  and %zu more: the same (--json has them all)\n", n - LINES);
}

static size_t count(const struct autostart_check *c, enum vm_autostart verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < c->verdicts.len; i++)
        n += c->verdicts.items[i].verdict == verdict;
    return n;
}

static size_t count_starts(const struct autostart_check *c)
{
    return count(c, AUTOSTART_ORDERED) + count(c, AUTOSTART_ONCE) + count(c, AUTOSTART_NATIVE);
}

static void put_boot(const struct autostart_check *c, const struct survey *s, const struct plan *up,
                     struct strbuf *out)
{
    size_t starts = count_starts(c), open = count(c, AUTOSTART_UNKNOWN);
    strbuf_printf(out, "At the next %s of ",
                  s->session && s->files.known && !s->files.linger ? "log-in" : "boot");
    text_escape(out, s->host_name, strlen(s->host_name));
    if (starts) {
        strbuf_printf(out, " %zu domain%s start%s", starts, plural(starts), starts == 1 ? "s" : "");
        if (count(c, AUTOSTART_ORDERED)) {
            strbuf_puts(out, "; all are ready after about ");
            put_time(up->total_ms, out);
        }
        strbuf_puts(out, ":\n");
    } else if (open) {
        strbuf_printf(out, ": what becomes of %zu domain%s is not known\n", open, plural(open));
    } else {
        strbuf_puts(out, " no domain starts by itself\n");
    }
    put_group(c, up, AUTOSTART_ORDERED, "virtdeck starts ", ", in this order", out);
    put_group(c, up, AUTOSTART_ONCE, "this time only: ", "", out);
    put_group(c, up, AUTOSTART_NATIVE, "libvirt starts ", ", in any order", out);
    put_each(c, s, AUTOSTART_BLOCKED, "does not start", out);
    put_each(c, s, AUTOSTART_NOBODY, "has a policy, and nobody will start it", out);
    if (starts)
        put_each(c, s, AUTOSTART_UNKNOWN, "may start", out);
}

/* ---- the shutdown ---- */

static bool unit_on(const struct survey *s)
{
    enum unit_state state = s->files.units[HOST_UNIT_START];
    return s->files.known && (state == UNIT_ENABLED || state == UNIT_STATIC);
}

static void put_shutdown(const struct autostart_check *c, const struct survey *s, const struct plan *down,
                         struct strbuf *out)
{
    struct names l = {0};
    size_t n;
    uint32_t *list = plan_sequence(down, &n);
    (void)c;
    for (size_t i = 0; i < n; i++)
        if (down->nodes[list[i]].kind == PLAN_DOMAIN && down->nodes[list[i]].stop != STOP_NONE)
            add_name(&l, down->nodes[list[i]].name);
    free(list);
    strbuf_puts(out, "At the next shutdown ");
    if (!s->files.known) {
        strbuf_puts(out, "nobody can tell from here what becomes of the domains\n");
    } else if (!unit_on(s)) {
        strbuf_puts(out, "virtdeck stops nothing: its unit is not enabled\n");
    } else if (!l.n) {
        strbuf_puts(out, "virtdeck stops whatever runs then\n");
    } else {
        strbuf_printf(
            out,
            "virtdeck stops whatever runs then; of what starts with the host %s, in this order, in about ",
            names_text(&l));
        put_time(down->total_ms, out);
        strbuf_puts(out, " and at the latest after ");
        put_time(down->worst_ms, out);
        strbuf_putc(out, '\n');
    }
    strbuf_free(&l.text);
}

/* ---- findings ---- */

static size_t earlier(const finding_list *l, size_t at)
{
    size_t n = 0;
    for (size_t i = at; i-- > 0 && n < LINES;)
        n += strcmp(l->items[i].id, l->items[at].id) == 0;
    return n;
}

static void put_finding(const struct finding *f, struct strbuf *out)
{
    char *text = xasprintf("%s: %s", finding_word(f->severity), f->text);
    put_line(text, strlen(text), out);
    free(text);
    if (!f->remedy)
        return;
    text = xasprintf("  → %s", f->remedy);
    put_line(text, strlen(text), out);
    free(text);
}

static void put_findings(const finding_list *l, struct strbuf *out)
{
    size_t left_out = 0;
    for (size_t i = 0; i < l->len; i++)
        if (earlier(l, i) < LINES)
            put_finding(&l->items[i], out);
        else
            left_out++;
    if (left_out)
        strbuf_printf(out, "  and %zu more of these (--json has them all)\n", left_out);
}

void autostart_check_print(const struct autostart_check *c, const struct survey *s, const struct plan *up,
                           const struct plan *down, struct strbuf *out)
{
    put_boot(c, s, up, out);
    put_findings(&c->boot, out);
    strbuf_putc(out, '\n');
    put_shutdown(c, s, down, out);
    put_findings(&c->shutdown, out);
}

/* ---- JSON ---- */

static json_object *part_json(const char *count_word, size_t n, const char *time_word, int64_t ms,
                              const finding_list *l)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, count_word, json_object_new_int64((int64_t)n));
    json_object_object_add(o, time_word, json_object_new_double((double)ms / 1000));
    json_object_object_add(o, "findings", findings_json(l));
    return o;
}

static json_object *domain_json(const struct survey_vm *vm, const struct vm_verdict *v)
{
    json_object *o = json_object_new_object();
    char uuid[UUID_TEXT_LEN + 1];
    uuid_format(&vm->uuid, uuid);
    json_object_object_add(o, "domain", json_object_new_string(vm->name));
    json_object_object_add(o, "uuid", json_object_new_string(uuid));
    json_object_object_add(o, "verdict", json_object_new_string(vm_autostart_word(v->verdict)));
    json_object_object_add(o, "order", v->order >= 0 ? json_object_new_int(v->order) : NULL);
    json_object_object_add(o, "why", v->why ? json_object_new_string(v->why) : NULL);
    return o;
}

static size_t count_stops(const struct survey *s, const struct plan *down)
{
    size_t n = 0;
    for (uint32_t i = 0; i < down->n_nodes && unit_on(s); i++)
        n += down->nodes[i].kind == PLAN_DOMAIN && down->nodes[i].stop != STOP_NONE;
    return n;
}

static bool is_fine(const finding_list *l)
{
    return findings_count(l, SEV_ERROR) + findings_count(l, SEV_WARN) == 0;
}

json_object *autostart_check_json(const struct autostart_check *c, const struct survey *s,
                                  const struct plan *up, const struct plan *down)
{
    json_object *o = json_object_new_object(), *domains = json_object_new_array();
    for (size_t i = 0; i < s->vms.len; i++) {
        const struct vm_verdict *v = autostart_verdict(c, &s->vms.items[i].uuid);
        if (v)
            json_object_array_add(domains, domain_json(&s->vms.items[i], v));
    }
    json_object_object_add(o, "host", json_object_new_string(s->host_name));
    json_object_object_add(o, "boot",
                           part_json("starts", count_starts(c), "ready_after", up->total_ms, &c->boot));
    json_object_object_add(
        o, "shutdown", part_json("stops", count_stops(s, down), "off_after", down->total_ms, &c->shutdown));
    json_object_object_add(o, "domains", domains);
    json_object_object_add(o, "ok", json_object_new_boolean(is_fine(&c->boot) && is_fine(&c->shutdown)));
    return o;
}
