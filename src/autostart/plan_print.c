/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plan for people and as JSON.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "autostart/plan.h"
#include "base/format.h"
#include "base/text.h"

#define WIDEST 48 /* columns of one cell */

/* ---- in which order ---- */

static _Thread_local const struct plan *sorted; /* for qsort(), which takes no context */

static int by_start(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    const struct plan_node *na = &sorted->nodes[a], *nb = &sorted->nodes[b];
    bool none_a = na->start_ms < 0, none_b = nb->start_ms < 0;
    if (none_a != none_b)
        return none_a - none_b;
    if (na->kind != nb->kind)
        return na->kind == PLAN_NEED ? -1 : 1;
    if (na->start_ms != nb->start_ms)
        return na->start_ms < nb->start_ms ? -1 : 1;
    return (a > b) - (a < b);
}

uint32_t *plan_sequence(const struct plan *p, size_t *n)
{
    uint32_t *list = xmalloc((p->n_nodes + 1) * sizeof *list);
    *n = 0;
    for (uint32_t i = 0; i < p->n_nodes; i++)
        if (p->nodes[i].kind != PLAN_BARRIER)
            list[(*n)++] = i;
    sorted = p;
    if (*n > 0)
        qsort(list, *n, sizeof *list, by_start);
    return list;
}

/* ---- what it waits for ---- */

/* The place of the domains behind a barrier. */
static int place_behind(const struct plan *p, const struct plan_node *barrier)
{
    for (uint32_t i = barrier->waits; i < barrier->waits + barrier->n_waits; i++)
        if (p->nodes[p->waits[i].node].kind == PLAN_DOMAIN)
            return p->nodes[p->waits[i].node].place;
    return -1;
}

static void put_part(struct strbuf *out, const char *before, const char *word, const char *behind)
{
    strbuf_printf(out, "%s%s%s%s", out->len ? ", " : "", before, word, behind);
}

static void put_wait(const struct plan *p, const struct plan_wait *w, struct strbuf *out)
{
    const struct plan_node *n = &p->nodes[w->node];
    if (n->kind == PLAN_NEED) {
        put_part(out, need_words[n->need], " ", n->name);
    } else if (n->kind == PLAN_DOMAIN) {
        put_part(out, "", n->name, p->reverse ? " off" : w->until == UNTIL_STARTED ? " started" : " ready");
    } else {
        char order[16];
        snprintf(order, sizeof order, "%d", place_behind(p, n));
        put_part(out, "order ", order, "");
    }
}

static void put_seconds(int64_t ms, struct strbuf *out)
{
    if (ms < 60000 && ms % 1000 != 0)
        strbuf_printf(out, "%.1fs", (double)ms / 1000);
    else
        format_duration(out, (double)ms / 1000, false);
}

static void put_waits(const struct plan *p, const struct plan_node *n, enum plan_kind kind,
                      struct strbuf *out)
{
    for (uint32_t i = n->waits; i < n->waits + n->n_waits; i++)
        if (p->nodes[p->waits[i].node].kind == kind)
            put_wait(p, &p->waits[i], out);
}

/* Most domains need the same networks and pools: where the text is cut, what tells them apart is seen. */
void plan_waits_text(const struct plan *p, uint32_t node, struct strbuf *out)
{
    const struct plan_node *n = &p->nodes[node];
    struct strbuf text = {0};
    put_waits(p, n, PLAN_DOMAIN, &text);
    put_waits(p, n, PLAN_BARRIER, &text);
    if (n->delay_ms > 0 && !p->reverse) {
        struct strbuf delay = {0};
        put_seconds(n->delay_ms, &delay);
        put_part(&text, "+", strbuf_str(&delay), "");
        strbuf_free(&delay);
    }
    if (n->held)
        put_part(&text, "a free place (", p->nodes[n->cause].name, ")");
    put_waits(p, n, PLAN_NEED, &text);
    strbuf_puts(out, strbuf_str(&text));
    strbuf_free(&text);
}

/* ---- the table ---- */

enum cell { CELL_ORDER, CELL_NAME, CELL_WAITS, CELL_START, CELL_READY, CELLS };

static void raw_cell(const struct plan *p, uint32_t i, enum cell cell, bool unicode, struct strbuf *out)
{
    const struct plan_node *n = &p->nodes[i];
    int64_t ms = cell == CELL_START ? n->start_ms : n->ready_ms;
    if (cell == CELL_NAME) {
        if (n->kind == PLAN_NEED)
            strbuf_printf(out, "%s ", need_words[n->need]);
        strbuf_puts(out, n->name);
    } else if (cell == CELL_WAITS) {
        if (n->blocked)
            strbuf_printf(out, "will not start: %s", n->blocked);
        else if (n->running && !p->reverse)
            strbuf_puts(out, n->kind == PLAN_NEED ? "active" : "runs");
        else
            plan_waits_text(p, i, out);
    } else if (cell == CELL_ORDER) {
        if (n->place >= 0)
            strbuf_printf(out, "%d", n->place);
    } else if (ms >= 0) {
        put_seconds(ms, out);
        if (cell == CELL_READY && n->guessed && !n->running)
            strbuf_putc(out, '?');
    }
    if (!out->len && cell != CELL_WAITS)
        format_unknown(out, unicode);
}

static void put_cell(const struct plan *p, uint32_t i, enum cell cell, bool unicode, struct strbuf *out)
{
    struct strbuf raw = {0};
    raw_cell(p, i, cell, unicode, &raw);
    text_escape(out, strbuf_str(&raw), raw.len);
    strbuf_free(&raw);
}

static const char *head(const struct plan *p, enum cell cell)
{
    static const char *const up[] = {"ORDER", "VM", "WAITS FOR", "START", "READY"};
    static const char *const down[] = {"ORDER", "VM", "WAITS FOR", "STOP", "OFF"};
    return (p->reverse ? down : up)[cell];
}

static void put_path(const struct plan *p, struct strbuf *out)
{
    strbuf_puts(out, p->reverse ? "all off after about " : "all ready after about ");
    put_seconds(p->total_ms, out);
    strbuf_puts(out, ", at the latest after ");
    put_seconds(p->worst_ms, out);
    for (size_t i = 0; i < p->path.len; i++) {
        const char *name = p->nodes[p->path.items[i]].name;
        strbuf_puts(out, i == 0 ? "; decided by " : " → ");
        text_escape(out, name, strlen(name));
    }
    strbuf_putc(out, '\n');
}

static void put_findings(const struct plan *p, struct strbuf *out)
{
    struct strbuf raw = {0};
    findings_print(&p->findings, &raw);
    char *line = strbuf_steal(&raw);
    for (char *at = line; *at;) {
        size_t len = strcspn(at, "\n");
        text_escape(out, at, len);
        strbuf_putc(out, '\n');
        at += len + (at[len] == '\n');
    }
    free(line);
}

void plan_print(const struct plan *p, bool unicode, struct strbuf *out)
{
    int widths[CELLS];
    size_t n;
    uint32_t *list = plan_sequence(p, &n);
    struct strbuf cell = {0};
    for (enum cell c = 0; c < CELLS; c++) {
        widths[c] = text_width(head(p, c));
        for (size_t i = 0; i < n; i++) {
            strbuf_clear(&cell);
            put_cell(p, list[i], c, unicode, &cell);
            int width = text_width(strbuf_str(&cell));
            widths[c] = width > widths[c] ? width : widths[c];
        }
        widths[c] = widths[c] > WIDEST ? WIDEST : widths[c];
    }
    for (size_t row = 0; row <= n; row++) {
        for (enum cell c = 0; c < CELLS; c++) {
            strbuf_clear(&cell);
            if (row == 0)
                strbuf_puts(&cell, head(p, c));
            else
                put_cell(p, list[row - 1], c, unicode, &cell);
            bool right = c == CELL_ORDER || c >= CELL_START;
            text_fit(out, strbuf_str(&cell), widths[c], right ? TEXT_RIGHT : TEXT_LEFT, unicode);
            strbuf_puts(out, c + 1 < CELLS ? "  " : "\n");
        }
    }
    put_path(p, out);
    put_findings(p, out);
    strbuf_free(&cell);
    free(list);
}

/* ---- JSON ---- */

static json_object *seconds_json(int64_t ms)
{
    return ms < 0 ? NULL : json_object_new_double((double)ms / 1000);
}

static json_object *optional_int(int n)
{
    return n < 0 ? NULL : json_object_new_int(n);
}

static json_object *wait_json(const struct plan *p, const struct plan_wait *w)
{
    const struct plan_node *n = &p->nodes[w->node];
    json_object *o = json_object_new_object();
    if (n->kind == PLAN_BARRIER) {
        json_object_object_add(o, "order", json_object_new_int(place_behind(p, n)));
        return o;
    }
    const char *until = p->reverse ? "off" : w->until == UNTIL_STARTED ? "started" : "ready";
    json_object_object_add(o, "kind",
                           json_object_new_string(n->kind == PLAN_DOMAIN ? "domain" : need_words[n->need]));
    json_object_object_add(o, "name", json_object_new_string(n->name));
    json_object_object_add(o, "until", json_object_new_string(until));
    return o;
}

static void domain_json(const struct plan_node *n, json_object *o)
{
    static const char *const who[] = {"virtdeck", "libvirt", "nobody"};
    char uuid[UUID_TEXT_LEN + 1];
    uuid_format(&n->uuid, uuid);
    json_object_object_add(o, "uuid", json_object_new_string(uuid));
    json_object_object_add(o, "by", json_object_new_string(who[n->who]));
    json_object_object_add(o, "order", optional_int(n->order));
    json_object_object_add(o, "place", optional_int(n->place));
    json_object_object_add(o, "memory",
                           isfinite(n->memory_kib) ? json_object_new_double(n->memory_kib) : NULL);
}

static json_object *node_json(const struct plan *p, uint32_t i)
{
    const struct plan_node *n = &p->nodes[i];
    json_object *o = json_object_new_object(), *waits = json_object_new_array();
    json_object_object_add(o, "kind",
                           json_object_new_string(n->kind == PLAN_DOMAIN ? "domain" : need_words[n->need]));
    json_object_object_add(o, "name", json_object_new_string(n->name));
    if (n->kind == PLAN_DOMAIN)
        domain_json(n, o);
    for (uint32_t k = n->waits; k < n->waits + n->n_waits; k++)
        json_object_array_add(waits, wait_json(p, &p->waits[k]));
    json_object_object_add(o, "waits", waits);
    json_object_object_add(o, "wave", optional_int(n->wave));
    json_object_object_add(o, "delay", seconds_json(n->delay_ms));
    json_object_object_add(o, p->reverse ? "stop" : "start", seconds_json(n->start_ms));
    json_object_object_add(o, p->reverse ? "off" : "ready", seconds_json(n->ready_ms));
    json_object_object_add(o, "guessed", json_object_new_boolean(n->guessed));
    json_object_object_add(o, "held_by", n->held ? json_object_new_string(p->nodes[n->cause].name) : NULL);
    json_object_object_add(o, "running", json_object_new_boolean(n->running));
    json_object_object_add(o, "critical", json_object_new_boolean(n->critical));
    json_object_object_add(o, "blocked", n->blocked ? json_object_new_string(n->blocked) : NULL);
    return o;
}

json_object *plan_json(const struct plan *p)
{
    size_t n;
    uint32_t *list = plan_sequence(p, &n);
    json_object *o = json_object_new_object(), *nodes = json_object_new_array(),
                *path = json_object_new_array();
    for (size_t i = 0; i < n; i++)
        json_object_array_add(nodes, node_json(p, list[i]));
    for (size_t i = 0; i < p->path.len; i++)
        json_object_array_add(path, json_object_new_string(p->nodes[p->path.items[i]].name));
    json_object_object_add(o, "direction", json_object_new_string(p->reverse ? "down" : "up"));
    json_object_object_add(o, "plan", nodes);
    json_object_object_add(o, "total", seconds_json(p->total_ms));
    json_object_object_add(o, "worst", seconds_json(p->worst_ms));
    json_object_object_add(o, "memory", json_object_new_double(p->memory_kib));
    json_object_object_add(o, "critical_path", path);
    json_object_object_add(o, "findings", findings_json(&p->findings));
    free(list);
    return o;
}
