/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The devices of the selected domain: live and next boot side by side, what those that move data are moving,
 * and their toggles. The line below the rows says what the toggle or row under the cursor is about.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "ui/pane_devices.h"

#define LEAD 2 /* the cursor's mark, and that of what waits for the boot */
#define GAP  2

/* Widths of the columns; 0: there is no room for it. */
struct grid {
    int kind, name, model, what, live, spark, next, toggles;
};

/* One drawing of the pane. */
struct drawing {
    struct deck *d;
    struct canvas *c;
    const struct vm *vm;
    const struct device_list *list;
    device_rows rows;
    struct grid grid;
    const struct device_entry *cursor; /* NULL: the pane has not the keys */
    bool unicode;
};

/* ---- toggles ---- */

enum turned { TURNED_UNKNOWN, TURNED_OFF, TURNED_ON, TURNED_BETWEEN };

/* What is typed (a medium) is on where there is something. */
static enum turned turned_of(const struct device_value *v, bool of_config)
{
    char off[64], on[64];
    const char *value = device_value_now(v, of_config);
    if (v->field->type != FIELD_SWITCH)
        return value ? TURNED_ON : TURNED_OFF;
    if (value && devices_word(v->field->words, 1, on, sizeof(on)) && strcmp(value, on) == 0)
        return TURNED_ON;
    if (value && devices_word(v->field->words, 0, off, sizeof(off)) && strcmp(value, off) == 0)
        return TURNED_OFF;
    return value ? TURNED_BETWEEN : TURNED_UNKNOWN; /* of several places that it stands for */
}

static void toggle_text(const struct drawing *w, const struct device_entry *entry,
                        const struct device_value *v, struct strbuf *out)
{
    static const char *const glyphs[][2] = {[TURNED_UNKNOWN] = {"?", "?"},
                                            [TURNED_OFF] = {"○", " "},
                                            [TURNED_ON] = {"●", "x"},
                                            [TURNED_BETWEEN] = {"◐", "/"}};
    int ascii = !w->unicode;
    strbuf_printf(out, "%s[%s", v->field->id, glyphs[turned_of(v, !entry->is_live)][ascii]);
    if (devices_differs(w->list, entry, v))
        strbuf_printf(out, "%s%s", ascii ? ">" : "→", glyphs[turned_of(v, true)][ascii]);
    strbuf_putc(out, ']');
}

static enum role toggle_role(const struct drawing *w, const struct device_entry *entry,
                             const struct device_value *v)
{
    if (devices_differs(w->list, entry, v))
        return ROLE_NOTICE;
    return turned_of(v, !entry->is_live) == TURNED_ON ? ROLE_GOOD : ROLE_DIM;
}

static int toggle_width(const struct drawing *w, const struct device_entry *entry,
                        const struct device_value *v)
{
    struct strbuf text = {0};
    toggle_text(w, entry, v, &text);
    int width = pen_width(strbuf_str(&text)) + 1; /* a mark or a blank in front */
    strbuf_free(&text);
    return width;
}

static int toggles_width(const struct drawing *w, const struct device_entry *entry)
{
    int sum = 0;
    for (const struct device_value *v = NULL; (v = devices_next_toggle(entry, v));)
        sum += toggle_width(w, entry, v);
    return sum;
}

/* The first toggle that is drawn, so that the one under the cursor is still in the room. */
static const struct device_value *first_toggle(const struct drawing *w, const struct device_entry *entry,
                                               const struct device_value *at, int room)
{
    const struct device_value *first = devices_next_toggle(entry, NULL);
    int sum = 0;
    for (const struct device_value *v = first; at && v && v <= at; v = devices_next_toggle(entry, v))
        sum += toggle_width(w, entry, v);
    while (at && first && first < at && sum + 1 > room) {
        sum -= toggle_width(w, entry, first);
        first = devices_next_toggle(entry, first);
    }
    return first;
}

static void draw_toggle(const struct drawing *w, struct pen *p, const struct device_entry *entry,
                        const struct device_value *v, bool chosen)
{
    struct strbuf text = {0};
    toggle_text(w, entry, v, &text);
    int from = p->x;
    /* The chosen one is marked by more than its colour. */
    pen_text(p, chosen ? ROLE_BUTTON_ACTIVE : ROLE_TEXT, chosen ? (w->unicode ? "▸" : ">") : " ");
    pen_text(p, chosen ? ROLE_BUTTON_ACTIVE : toggle_role(w, entry, v), strbuf_str(&text));
    char *key = word_quote(entry->key), *run = xasprintf("toggle %s %s", key, v->field->id);
    int end = p->x < p->end ? p->x : p->end;
    if (entry == w->cursor && !chosen)
        canvas_over(w->c, (struct rect){from, p->y, end - from, 1}, ROLE_SELECTED);
    deck_hit(w->d, (struct rect){from + 1, p->y, end - from - 1, 1}, run);
    free(run);
    free(key);
    strbuf_free(&text);
}

static void draw_toggles(const struct drawing *w, struct pen p, const struct device_entry *entry)
{
    const struct device_value *at = entry == w->cursor ? devices_toggle(w->d, entry) : NULL;
    const struct device_value *first = first_toggle(w, entry, at, p.end - p.x);
    for (const struct device_value *v = first; v; v = devices_next_toggle(entry, v)) {
        bool last = !devices_next_toggle(entry, v);
        if (v != first && p.x + toggle_width(w, entry, v) + (last ? 0 : 1) > p.end) {
            pen_text(&p, ROLE_DIM, glyph(w->c, GLYPH_ELLIPSIS));
            return;
        }
        draw_toggle(w, &p, entry, v, v == at);
    }
}

/* ---- a row ---- */

static const char *const pending_glyphs[][2] = {
    [PENDING_NONE] = {" ", " "},   [PENDING_ADD] = {"+", "+"},    [PENDING_REMOVE] = {"−", "-"},
    [PENDING_CHANGE] = {"≠", "#"}, [PENDING_UNPLUG] = {"⏏", "^"},
};

static enum role pending_role(const struct device_entry *entry)
{
    static const enum role roles[] = {
        [PENDING_NONE] = ROLE_DIM,      [PENDING_ADD] = ROLE_GOOD,    [PENDING_REMOVE] = ROLE_WARN,
        [PENDING_CHANGE] = ROLE_NOTICE, [PENDING_UNPLUG] = ROLE_WARN,
    };
    return roles[entry->pending];
}

static const char *next_boot_text(const struct device_entry *entry)
{
    static const char *const words[] = {[PENDING_NONE] = "=",
                                        [PENDING_ADD] = "added",
                                        [PENDING_REMOVE] = "removed",
                                        [PENDING_CHANGE] = "changed",
                                        [PENDING_UNPLUG] = "guest asked"};
    return entry->difference && entry->pending == PENDING_CHANGE ? entry->difference : words[entry->pending];
}

static void live_text(const struct drawing *w, const struct device_entry *entry, struct strbuf *out)
{
    const struct vm_device_rate *r = entry->is_live ? pane_rate_of(w->vm, &entry->dev) : NULL;
    bool active = w->list->active;
    if (r) {
        devices_rate(r, w->grid.live >= 28, w->unicode, out);
    } else if (active && strcmp(entry->kind->id, "cpu") == 0 && !isnan(w->vm->cpu)) {
        format_percent(out, w->vm->cpu, w->unicode);
        strbuf_putc(out, '%');
    } else if (active && strcmp(entry->kind->id, "ram") == 0 && !isnan(w->vm->mem_kib)) {
        format_kib_pair(out, w->vm->mem_kib, w->vm->maxmem_kib, w->unicode);
    }
}

/* What the last minute was like: of a disk or NIC both directions together, of the CPU and the memory. */
static bool copy_series(const struct drawing *w, const struct device_entry *entry,
                        float out[WINDOW_MAX_POINTS])
{
    struct deck *d = w->d;
    int host = deck_host(d)->host.id;
    const struct vm_uuid *uuid = &w->vm->uuid;
    if (!d->history || !w->list->active || !entry->is_live)
        return false;
    if (strcmp(entry->kind->id, "cpu") == 0)
        return history_copy(d->history, host, uuid, METRIC_CPU, d->window, d->now_ms, out);
    if (strcmp(entry->kind->id, "ram") == 0)
        return history_copy(d->history, host, uuid, METRIC_MEM, d->window, d->now_ms, out);
    const struct vm_device_rate *r = pane_rate_of(w->vm, &entry->dev);
    float other[WINDOW_MAX_POINTS];
    if (!r || !history_copy_device(d->history, host, uuid, r->name, false, d->window, d->now_ms, out))
        return false;
    if (history_copy_device(d->history, host, uuid, r->name, true, d->window, d->now_ms, other))
        for (int i = 0; i < windows[d->window].points; i++)
            out[i] += other[i];
    return true;
}

static void draw_spark(const struct drawing *w, int x, int y, const struct device_entry *entry)
{
    float values[WINDOW_MAX_POINTS], max = 0;
    if (!copy_series(w, entry, values))
        return;
    int n = windows[w->d->window].points;
    for (int i = 0; i < n; i++)
        max = values[i] > max ? values[i] : max; /* NAN is not */
    graph_spark(w->c, x, y, w->grid.spark, deck_graph_style(w->d, w->c), ROLE_GRAPH_CPU, values, (size_t)n,
                max > 0 ? max : 1);
}

static void put(struct pen *p, int w, enum role role, const char *text)
{
    if (w == 0)
        return;
    pen_fit(p, w, role, TEXT_LEFT, text);
    pen_skip(p, GAP);
}

static void draw_texts(const struct drawing *w, struct pen *p, const struct device_entry *entry)
{
    const struct grid *g = &w->grid;
    const char *none = w->unicode ? "–" : "-";
    bool is_part = entry->kind->flags & KIND_PART; /* there is one of each: the kind is its name */
    enum role role = entry->automatic ? ROLE_DIM : ROLE_TEXT;
    struct strbuf what = {0}, live = {0};
    devices_what(&entry->dev, entry->is_live ? pane_rate_of(w->vm, &entry->dev) : NULL, w->unicode, &what);
    live_text(w, entry, &live);
    put(p, g->kind, ROLE_DIM, entry->kind->id);
    put(p, g->name, role, is_part ? "" : entry->dev.name ? entry->dev.name : none);
    put(p, g->model, role, entry->dev.model ? entry->dev.model : is_part ? "" : none);
    put(p, g->what, role, strbuf_str(&what));
    put(p, g->live, role, strbuf_str(&live));
    if (g->spark) {
        int x = p->x;
        put(p, g->spark, ROLE_TEXT, "");
        draw_spark(w, x, p->y, entry);
    }
    put(p, g->next, pending_role(entry), next_boot_text(entry));
    strbuf_free(&what);
    strbuf_free(&live);
}

static void draw_row(const struct drawing *w, const struct sheet *s, const struct device_entry *entry)
{
    struct pen p = sheet_pen(s, 0, 0);
    if (sheet_y(s) < 0)
        return;
    bool here = entry == w->cursor;
    struct rect line = {p.x, p.y, s->area.w, 1};
    char *key = word_quote(entry->key), *run = xasprintf("select-device %s", key);
    deck_hit(w->d, line, run);
    pen_text(&p, ROLE_KEY, here ? glyph(w->c, GLYPH_CURSOR) : " ");
    pen_text(&p, pending_role(entry), pending_glyphs[entry->pending][!w->unicode]);
    draw_texts(w, &p, entry);
    if (here)
        canvas_over(w->c, line, ROLE_SELECTED);
    if (w->grid.toggles)
        draw_toggles(w, pen_at(w->c, p.x, p.y, w->grid.toggles), entry);
    free(run);
    free(key);
}

static void draw_head(const struct drawing *w, struct rect area)
{
    const struct grid *g = &w->grid;
    struct pen p = pen_at(w->c, area.x + LEAD, area.y, area.w - LEAD);
    put(&p, g->kind, ROLE_TITLE, "KIND");
    put(&p, g->name, ROLE_TITLE, "NAME");
    put(&p, g->model, ROLE_TITLE, "MODEL");
    put(&p, g->what, ROLE_TITLE, "WHAT");
    put(&p, g->live, ROLE_TITLE, "LIVE");
    put(&p, g->spark, ROLE_TITLE, windows[w->d->window].id);
    put(&p, g->next, ROLE_TITLE, "NEXT BOOT");
    put(&p, g->toggles, ROLE_TITLE, " TOGGLES");
}

/* ---- columns ---- */

enum measured { KIND, NAME, MODEL, NEXT, LIVE, TOGGLES, MEASURED };

static int measure(const struct drawing *w, const struct device_entry *entry, enum measured what)
{
    struct strbuf live = {0};
    int n = 0;
    switch (what) {
    case KIND:
        return pen_width(entry->kind->id);
    case NAME:
        return entry->dev.name ? pen_width(entry->dev.name) : 1;
    case MODEL:
        return entry->dev.model ? pen_width(entry->dev.model) : 1;
    case NEXT:
        return pen_width(next_boot_text(entry));
    case TOGGLES:
        return toggles_width(w, entry);
    case LIVE:
        live_text(w, entry, &live);
        n = pen_width(strbuf_str(&live));
        break;
    case MEASURED:
        break;
    }
    strbuf_free(&live);
    return n;
}

static int widest(const struct drawing *w, enum measured what, int min, int max)
{
    int n = min;
    for (size_t i = 0; i < w->rows.len; i++) {
        int own = measure(w, w->rows.items[i], what);
        n = own > n ? own : n;
    }
    return n > max ? max : n;
}

/* What is left for WHAT: it takes the rest. */
static int rest(const struct grid *g, int w)
{
    const int others[] = {g->kind, g->name, g->model, g->live, g->spark, g->next, g->toggles};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        w -= others[i] ? others[i] + GAP : 0;
    return w;
}

/* Columns go in the order of what can be missed, until WHAT has room. */
static void grid_for(struct drawing *w, int width)
{
    bool wide = width >= 96;
    int room = width - LEAD;
    struct grid *g = &w->grid;
    *g = (struct grid){.kind = widest(w, KIND, 4, 12), .name = widest(w, NAME, 4, wide ? 14 : 10)};
    g->model = widest(w, MODEL, 5, wide ? 14 : 8);
    g->spark = width >= 150 && w->list->active && w->d->history ? 12 : 0;
    g->live = width >= 150 ? 32 : 16; /* how it is worded depends on it */
    int live = widest(w, LIVE, 0, g->live);
    g->live = live ? (live < 4 ? 4 : live) : 0;
    g->next = w->list->n_pending && w->list->active && w->list->persistent
                  ? widest(w, NEXT, 9, width >= 150 ? width / 6 : width / 8)
                  : 0;
    int toggles = widest(w, TOGGLES, 0, width >= 150 ? width * 2 / 5 : wide ? 34 : 20);
    g->toggles = toggles ? (toggles < 8 ? 8 : toggles) : 0;
    int *const spare[] = {&g->spark, &g->live, &g->next, &g->model};
    for (size_t i = 0; i < ARRAY_LEN(spare) && rest(g, room) < (wide ? 22 : 12); i++)
        *spare[i] = 0;
    if (rest(g, room) < 12 && g->toggles > 12)
        g->toggles = 12;
    g->what = rest(g, room) - GAP + (g->toggles ? 0 : GAP);
    g->what = g->what < 0 ? 0 : g->what;
}

/* ---- the pane ---- */

/* Rows at the bottom for the explanation. */
static int explain_rows(const struct rect *area)
{
    return area->h >= 9 ? 2 : area->h >= 4 ? 1 : 0;
}

static void draw_explanation(const struct drawing *w, struct rect area)
{
    const struct device_entry *entry = w->cursor ? w->cursor : NULL;
    struct strbuf text = {0};
    char key[32];
    if (area.h == 0)
        return;
    canvas_clear(w->c, area, ROLE_TEXT);
    if (entry) {
        devices_explain(w->d, w->list, entry, devices_toggle(w->d, entry), &text);
    } else {
        keymap_label_for(&w->d->keymap, PLACE_TABLE, "focus toggle", key, sizeof(key));
        strbuf_printf(&text, "%s gives the keys to the devices: toggles, fields, add, remove", key);
    }
    struct sheet s = sheet_in(w->c, (struct rect){area.x + LEAD, area.y, area.w - LEAD - 1, area.h}, 0);
    sheet_wrap(&s, 0, s.area.w, entry ? ROLE_TEXT : ROLE_HINT, strbuf_str(&text));
    strbuf_free(&text);
}

static void draw_rows(struct drawing *w, struct rect body)
{
    struct deck *d = w->d;
    struct pane_state *state = &d->panes[PANE_DEVICES];
    long at;
    const struct device_entry *cursor = devices_cursor(d, &w->rows, &at);
    w->cursor = d->pane_focused ? cursor : NULL;
    if (w->cursor) {
        devices_drawn(d, w->cursor, at);
        if (at < state->scroll)
            state->scroll = (int)at;
        if (at >= state->scroll + body.h)
            state->scroll = (int)at - body.h + 1;
    }
    struct sheet s;
    do {
        canvas_clear(w->c, body, ROLE_TEXT);
        s = pane_sheet(d, w->c, body);
        for (size_t i = 0; i < w->rows.len; i++) {
            draw_row(w, &s, w->rows.items[i]);
            sheet_next(&s);
        }
    } while (!pane_sheet_end(d, &s));
}

static void draw_list(struct deck *d, struct canvas *c, struct rect area, const struct vm *vm)
{
    struct drawing w = {.d = d, .c = c, .vm = vm, .list = vm->devices, .unicode = c->unicode};
    int below = explain_rows(&area);
    devices_shown(d, w.list, &w.rows);
    grid_for(&w, area.w);
    canvas_clear(c, area, ROLE_TEXT);
    draw_head(&w, area);
    draw_rows(&w, (struct rect){area.x, area.y + 1, area.w, area.h - 1 - below});
    draw_explanation(&w, (struct rect){area.x, area.y + area.h - below, area.w, below});
    vec_free(&w.rows);
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    const struct vm *vm = deck_vm(d);
    if (vm && vm->devices)
        draw_list(d, c, area, vm);
    else if (vm && vm->def)
        devices_draw_plain(d, c, area, vm);
    else
        pane_say_empty(c, area,
                       !vm                    ? "no domain is selected"
                       : vm->flags & VM_STUCK ? "another call on this domain does not end, and libvirt does "
                                                "not tell its definition meanwhile"
                                              : "the definition is being read");
}

static void count(size_t n, const char *what, struct strbuf *out)
{
    strbuf_printf(out, "%s%zu %s", out->len ? ", " : "", n, what);
}

static void status(const struct deck *d, struct strbuf *out)
{
    const struct vm *vm = deck_vm(d);
    const struct device_list *l = devices_list(d);
    if (!l && vm && vm->def) {
        size_t n = vm->def->devices.len;
        strbuf_printf(out, "%zu device%s", n, n == 1 ? "" : "s");
        return;
    }
    if (!l)
        return;
    device_rows rows = {0};
    size_t hidden = devices_shown(d, l, &rows), devices = 0;
    bool brief = d->pane_area.w < 100, pending = l->n_pending && l->active && l->persistent;
    for (size_t i = 0; i < rows.len; i++)
        devices += !(rows.items[i]->kind->flags & KIND_PART);
    if (pending)
        strbuf_printf(out, brief ? "≠ %zu at boot" : "≠ %zu change%s for boot", l->n_pending,
                      l->n_pending == 1 ? " waits" : "s wait");
    if (!brief || !pending)
        count(devices, devices == 1 ? "device" : "devices", out);
    if (hidden)
        count(hidden, "hidden", out);
    vec_free(&rows);
}

/* With the keys the rows' cursor moves, without them (the wheel) what is seen of them. */
static void scroll(struct deck *d, long rows, int aside)
{
    if (!devices_list(d) || !d->pane_focused) {
        pane_scroll_rows(d, rows, aside);
        return;
    }
    if (rows)
        devices_move(d, rows);
    if (aside)
        devices_step_toggle(d, aside);
}

const struct pane_ops pane_devices = {.id = "devices",
                                      .title = "Devices",
                                      .place = PLACE_DEVICES,
                                      .draw = draw,
                                      .status = status,
                                      .scroll = scroll};
