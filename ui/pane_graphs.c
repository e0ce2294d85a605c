/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Graphs over the chosen window: the selected domain's, its devices' where there are several, or the host's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "device/kinds.h"
#include "ui/pane.h"

#define MIN_H    6 /* title, three rows of graph, axis, a blank */
#define MAX_H    14
#define SCALE_W  6
#define MAX_DOTS 640
#define MAX_TWO  100 /* from this width on, two graphs stand side by side */

struct chart {
    char title[48];
    char now[96]; /* the newest figures, for the title line */
    float a[WINDOW_MAX_POINTS], b[WINDOW_MAX_POINTS];
    bool two; /* b too: in and out */
    bool bytes;
    enum role role_a, role_b;
    double max; /* of the scale; NAN: what the points need */
    const char *unit;
};
typedef VEC(struct chart) chart_list;

/* What a chart is made from. */
struct source {
    struct deck *d;
    bool unicode;
    int host;
    struct vm_uuid uuid; /* nil: the host */
};

static void fetch(const struct source *s, enum metric m, float out[WINDOW_MAX_POINTS])
{
    int n = windows[s->d->window].points;
    if (!s->d->history || !history_copy(s->d->history, s->host, &s->uuid, m, s->d->window, s->d->now_ms, out))
        for (int i = 0; i < n; i++)
            out[i] = NAN;
}

static void fetch_device(const struct source *s, const char *name, bool out_dir, float out[WINDOW_MAX_POINTS])
{
    int n = windows[s->d->window].points;
    if (!s->d->history || !history_copy_device(s->d->history, s->host, &s->uuid, name, out_dir, s->d->window,
                                               s->d->now_ms, out))
        for (int i = 0; i < n; i++)
            out[i] = NAN;
}

static void add_cpu(const struct source *s, chart_list *out, double now, double full)
{
    struct chart c = {.role_a = ROLE_GRAPH_CPU, .max = NAN, .unit = "%"};
    struct strbuf t = {0};
    fetch(s, METRIC_CPU, c.a);
    snprintf(c.title, sizeof(c.title), "CPU");
    format_percent(&t, now, s->unicode);
    if (isnan(full))
        snprintf(c.now, sizeof(c.now), "%s%%", strbuf_str(&t));
    else
        snprintf(c.now, sizeof(c.now), "%s%% of %.0f%%", strbuf_str(&t), full);
    strbuf_free(&t);
    /* One CPU is the least a scale shows, all of them the most. */
    double most = 100;
    for (int i = 0; i < windows[s->d->window].points; i++)
        if (c.a[i] > most)
            most = c.a[i];
    c.max = most > 100 ? graph_nice_max(most, false) : 100;
    if (full >= most && c.max > full)
        c.max = full;
    vec_push(out, c);
}

static void add_memory(const struct source *s, chart_list *out, double used_kib, double max_kib)
{
    struct chart c = {.role_a = ROLE_GRAPH_MEM, .bytes = true, .max = max_kib > 0 ? max_kib * 1024 : NAN};
    struct strbuf t = {0};
    fetch(s, METRIC_MEM, c.a);
    for (int i = 0; i < windows[s->d->window].points; i++)
        c.a[i] *= 1024;
    snprintf(c.title, sizeof(c.title), "MEMORY");
    format_kib_pair(&t, used_kib, max_kib, s->unicode);
    snprintf(c.now, sizeof(c.now), "%s", strbuf_str(&t));
    strbuf_free(&t);
    vec_push(out, c);
}

static void rates_text(struct chart *c, const struct source *s, bool nic, double in, double out,
                       double in_ops, double out_ops)
{
    struct strbuf t = {0};
    bool u = s->unicode;
    strbuf_puts(&t, nic ? (u ? "↓" : "rx ") : "rd ");
    format_bytes(&t, in, u);
    if (!isnan(in_ops) && !nic) {
        strbuf_putc(&t, ' ');
        format_count(&t, in_ops, u);
        strbuf_puts(&t, " iops");
    }
    strbuf_puts(&t, nic ? (u ? "  ↑" : "  tx ") : "  wr ");
    format_bytes(&t, out, u);
    if (!isnan(out_ops) && !nic) {
        strbuf_putc(&t, ' ');
        format_count(&t, out_ops, u);
        strbuf_puts(&t, " iops");
    }
    snprintf(c->now, sizeof(c->now), "%s", strbuf_str(&t));
    strbuf_free(&t);
}

static struct chart pair(const char *title)
{
    struct chart c = {.two = true,
                      .bytes = true,
                      .role_a = ROLE_GRAPH_IN,
                      .role_b = ROLE_GRAPH_OUT,
                      .max = NAN,
                      .unit = "/s"};
    snprintf(c.title, sizeof(c.title), "%s", title);
    return c;
}

static void add_total(const struct source *s, chart_list *out, const char *title, bool nic, double in,
                      double outgoing, double in_ops, double out_ops)
{
    struct chart c = pair(title);
    fetch(s, nic ? METRIC_RX : METRIC_RD, c.a);
    fetch(s, nic ? METRIC_TX : METRIC_WR, c.b);
    rates_text(&c, s, nic, in, outgoing, in_ops, out_ops);
    vec_push(out, c);
}

static size_t count_rates(const struct vm *vm, bool nic)
{
    size_t n = 0;
    for (size_t i = 0; i < vm->n_rates; i++)
        n += vm->rates[i].is_nic == nic;
    return n;
}

/* Where there is one device, the total says all there is to say. */
static void add_devices(const struct source *s, chart_list *out, const struct vm *vm, bool nic)
{
    if (count_rates(vm, nic) < 2)
        return;
    for (size_t i = 0; i < vm->n_rates; i++) {
        const struct vm_device_rate *r = &vm->rates[i];
        if (r->is_nic != nic)
            continue;
        char title[48];
        snprintf(title, sizeof(title), "%s %s", nic ? "NIC" : "DISK", r->name);
        struct chart c = pair(title);
        fetch_device(s, r->name, false, c.a);
        fetch_device(s, r->name, true, c.b);
        rates_text(&c, s, nic, r->in, r->out, r->in_ops, r->out_ops);
        vec_push(out, c);
    }
}

static double total_of(const struct snapshot *snap, size_t offset)
{
    double sum = NAN;
    for (size_t i = 0; i < snap->n_vms; i++) {
        double v;
        memcpy(&v, (const char *)&snap->vms[i] + offset, sizeof(v));
        if (!isnan(v))
            sum = isnan(sum) ? v : sum + v;
    }
    return sum;
}

static void make_charts(const struct source *s, const struct vm *vm, const struct snapshot *snap,
                        chart_list *out)
{
    if (!vm) {
        add_cpu(s, out, snap->host.cpu_percent, 100);
        add_total(s, out, "DISK of all VMs", false, total_of(snap, offsetof(struct vm, rd)),
                  total_of(snap, offsetof(struct vm, wr)), NAN, NAN);
        add_memory(s, out, snap->host.mem_used_kib, snap->host.mem_kib);
        add_total(s, out, "NET of all VMs", true, total_of(snap, offsetof(struct vm, rx)),
                  total_of(snap, offsetof(struct vm, tx)), NAN, NAN);
        return;
    }
    add_cpu(s, out, vm->cpu, vm->vcpus > 0 ? vm->vcpus * 100 : NAN);
    add_total(s, out, "DISK", false, vm->rd, vm->wr, vm->rd_ops, vm->wr_ops);
    add_memory(s, out, vm->mem_kib, vm->maxmem_kib);
    add_total(s, out, "NET", true, vm->rx, vm->tx, NAN, NAN);
    add_devices(s, out, vm, false);
    add_devices(s, out, vm, true);
}

/* ---- drawing ---- */

static bool any_known(const struct chart *ch, int n)
{
    for (int i = 0; i < n; i++)
        if (!isnan(ch->a[i]) || (ch->two && !isnan(ch->b[i])))
            return true;
    return false;
}

static double peak(const float *v, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        if (v[i] > most)
            most = v[i];
    return most;
}

/* As many dots as the graph is wide: the nearest point where there are fewer points, the highest where there
 * are more, so that a short burst stays visible. */
static void resample(const float *in, int n, float *out, int dots)
{
    for (int i = 0; i < dots; i++) {
        int from = (int)((long)i * n / dots), to = (int)((long)(i + 1) * n / dots);
        float best = in[from];
        for (int k = from + 1; k < to; k++)
            if (isnan(best) || in[k] > best)
                best = in[k];
        out[i] = best;
    }
}

static void scale_label(struct canvas *c, int x, int y, double v, const struct chart *ch)
{
    struct strbuf t = {0};
    if (ch->bytes)
        format_bytes(&t, v, c->unicode);
    else
        strbuf_printf(&t, "%.0f%s", v, ch->unit ? ch->unit : "");
    canvas_fit(c, x, y, SCALE_W - 1, ROLE_GRAPH_AXIS, TEXT_RIGHT, strbuf_str(&t));
    strbuf_free(&t);
}

static const struct mark {
    const char *sign, *ascii, *word;
    enum role role;
} marks[] = {
    [MARK_START] = {"▲", "^", "start", ROLE_GOOD}, [MARK_STOP] = {"▼", "v", "stop", ROLE_NOTICE},
    [MARK_PAUSE] = {"‖", "=", "pause", ROLE_WARN}, [MARK_RESUME] = {"▶", ">", "resume", ROLE_GOOD},
    [MARK_CRASH] = {"✖", "X", "crash", ROLE_BAD},  [MARK_OTHER] = {"◆", "*", "", ROLE_NOTICE},
};

/* Events of this domain on the time axis; their word where there is room for it. */
static void draw_marks(const struct source *s, struct canvas *c, struct rect axis)
{
    if (!s->d->events || uuid_is_nil(&s->uuid))
        return;
    int64_t span = (int64_t)windows[s->d->window].seconds * 1000;
    int free_until = axis.x + axis.w - 4; /* "now" */
    for (size_t i = 0; i < eventlog_len(s->d->events); i++) {
        const struct event *ev = eventlog_at(s->d->events, i);
        int64_t ago = s->d->now_wall_ms - ev->wall_ms;
        if (ago > span)
            break;
        if (ev->mark == MARK_NONE || ago < 0 || !uuid_equal(&ev->uuid, &s->uuid))
            continue;
        const struct mark *m = &marks[ev->mark];
        int x = axis.x + axis.w - 1 - (int)(ago * (axis.w - 1) / span);
        canvas_text(c, x, axis.y, 1, m->role, c->unicode ? m->sign : m->ascii);
        int w = (int)strlen(m->word);
        if (w && x + 1 + w < free_until)
            canvas_text(c, x + 1, axis.y, w, m->role, m->word);
        if (x - 1 < free_until)
            free_until = x - 1;
    }
}

static void draw_axis(const struct source *s, struct canvas *c, struct rect axis)
{
    static const wchar_t corner[] = {L'└', L'+'}, tick[] = {L'┬', L'+'};
    const struct window_info *win = &windows[s->d->window];
    int ascii = c->unicode ? 0 : 1;
    canvas_hline(c, axis.x, axis.y, axis.w, ROLE_GRAPH_AXIS);
    canvas_glyph(c, axis.x - 1, axis.y, ROLE_GRAPH_AXIS, corner[ascii]);
    for (int q = 1; q < 4; q++)
        canvas_glyph(c, axis.x + axis.w * q / 4, axis.y, ROLE_GRAPH_AXIS, tick[ascii]);
    canvas_printf(c, axis.x, axis.y, axis.w, ROLE_GRAPH_AXIS, "-%s", win->id);
    if (axis.w > 12)
        canvas_text(c, axis.x + axis.w - 3, axis.y, 3, ROLE_GRAPH_AXIS, "now");
    draw_marks(s, c, axis);
}

static void draw_title(struct canvas *c, struct rect area, const struct chart *ch)
{
    struct pen p = pen_at(c, area.x, area.y, area.w);
    pen_text(&p, ROLE_TITLE, ch->title);
    pen_skip(&p, 2);
    if (!ch->two) {
        pen_text(&p, ch->role_a, ch->now);
        return;
    }
    /* The two halves wear the colours of their lines. */
    char first[sizeof(ch->now)];
    const char *second = strstr(ch->now, "  ");
    snprintf(first, sizeof(first), "%.*s", second ? (int)(second - ch->now) : (int)sizeof(first) - 1,
             ch->now);
    pen_text(&p, ch->role_a, first);
    if (second)
        pen_text(&p, ch->role_b, second);
}

static void draw_chart(const struct source *s, struct canvas *c, struct rect area, const struct chart *ch)
{
    int n = windows[s->d->window].points;
    enum graph_style style = deck_graph_style(s->d, c);
    struct rect plot = {area.x + SCALE_W, area.y + 1, area.w - SCALE_W, area.h - 2};
    int dots = plot.w * (style == GRAPH_BRAILLE ? 2 : 1);
    if (plot.w < 4 || plot.h < 1)
        return;
    dots = dots > MAX_DOTS ? MAX_DOTS : dots;
    double most = peak(ch->a, n), most_b = ch->two ? peak(ch->b, n) : 0;
    most = most_b > most ? most_b : most;
    double max =
        !isnan(ch->max) && ch->max >= most ? ch->max : graph_nice_max(most > 0 ? most : 1, ch->bytes);
    float a[MAX_DOTS], b[MAX_DOTS];
    resample(ch->a, n, a, dots);
    draw_title(c, (struct rect){area.x, area.y, area.w, 1}, ch);
    for (int y = 0; y < plot.h; y++)
        canvas_glyph(c, plot.x - 1, plot.y + y, ROLE_GRAPH_AXIS, c->unicode ? (y ? L'│' : L'┤') : L'|');
    if (!any_known(ch, n)) {
        canvas_fit(c, plot.x, plot.y + (plot.h - 1) / 2, plot.w, ROLE_DIM, TEXT_CENTER, "no figures yet");
        draw_axis(s, c, (struct rect){plot.x, plot.y + plot.h, plot.w, 1});
        return;
    }
    scale_label(c, area.x, plot.y, max, ch);
    scale_label(c, area.x, plot.y + plot.h, 0, ch);
    if (ch->two) {
        resample(ch->b, n, b, dots);
        graph_lines(c, plot, style, ch->role_a, a, ch->role_b, b, (size_t)dots, max);
    } else {
        graph_area(c, plot, style, ch->role_a, a, (size_t)dots, max);
    }
    draw_axis(s, c, (struct rect){plot.x, plot.y + plot.h, plot.w, 1});
}

/* Scrolls by rows of graphs, so that none is cut. */
static void draw_grid(const struct source *s, struct canvas *c, struct rect area, const chart_list *charts)
{
    int across = area.w >= MAX_TWO ? 2 : 1;
    int rows = ((int)charts->len + across - 1) / across;
    int fit = area.h / MIN_H > 0 ? area.h / MIN_H : 1;
    int shown = rows < fit ? rows : fit;
    int h = shown ? area.h / shown : area.h;
    h = h > MAX_H ? MAX_H : h;
    struct pane_state *state = &s->d->panes[PANE_GRAPHS];
    state->rows = rows;
    state->height = shown;
    state->scroll = sheet_clamp(state->scroll, rows, shown);
    int w = (area.w - 2 - (across - 1) * 3) / across;
    for (int i = 0; i < shown * across; i++) {
        size_t index = (size_t)state->scroll * (size_t)across + (size_t)i;
        if (index >= charts->len)
            return;
        struct rect cell = {area.x + 1 + i % across * (w + 3), area.y + i / across * h, w, h > 6 ? h - 1 : h};
        draw_chart(s, c, cell, &charts->items[index]);
    }
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    const struct vm *vm = deck_vm(d);
    const struct snapshot *snap = deck_host(d);
    if (!snap) {
        pane_say_empty(c, area, "nothing to show yet");
        return;
    }
    struct source s = {.d = d, .unicode = c->unicode, .host = snap->host.id};
    if (vm)
        s.uuid = vm->uuid;
    chart_list charts = {0};
    make_charts(&s, vm, snap, &charts);
    draw_grid(&s, c, area, &charts);
    vec_free(&charts);
}

static void status(const struct deck *d, struct strbuf *out)
{
    for (int i = 0; i < WINDOW_COUNT; i++)
        strbuf_printf(out, d->window == (enum window)i ? "%s[%s]" : "%s%s", i ? " " : "", windows[i].id);
    const struct pane_state *s = &d->panes[PANE_GRAPHS];
    if (s->rows > s->height && s->height > 0)
        strbuf_printf(out, "  row %d of %d", s->scroll + 1, s->rows);
}

const struct pane_ops pane_graphs = {
    .id = "graphs", .title = "Graphs", .place = PLACE_GRAPHS, .draw = draw, .status = status};
