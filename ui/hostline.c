/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/hostline.h"

#include <math.h>
#include <string.h>
#include "base/format.h"
#include "ui/pen.h"

#define MAX_LINES 3

/* What a line shows at a level of detail; the highest level that fits is taken. */
struct detail {
    bool program, uri, rules, bars, words;
    int bar_w;
    bool brief; /* trouble only begins to be told: the overview tells it all */
};
static const struct detail details[] = {
    {true, true, true, true, true, 16, false},    {true, true, true, true, true, 10, false},
    {false, true, true, true, true, 12, false},   {false, true, true, true, true, 8, false},
    {false, false, true, true, true, 12, false},  {false, false, true, true, true, 8, false},
    {false, false, false, true, true, 8, false},  {false, false, false, true, false, 12, false},
    {false, false, false, true, false, 8, false}, {false, false, false, false, false, 0, false},
    {false, false, false, false, false, 0, true},
};

struct tally {
    unsigned running, paused, crashed, off, other;
};

static void tally_add(struct tally *t, const struct snapshot *s)
{
    t->running += s->counts[VM_RUNNING] + s->counts[VM_BLOCKED] + s->counts[VM_IN_SHUTDOWN];
    t->paused += s->counts[VM_PAUSED] + s->counts[VM_PMSUSPENDED];
    t->crashed += s->counts[VM_CRASHED];
    t->off += s->counts[VM_SHUTOFF];
    t->other += s->counts[VM_NOSTATE];
}

static void count(struct pen *p, unsigned n, const char *word, enum glyph sign, enum role role,
                  const struct canvas *c, bool words)
{
    if (words)
        pen_printf(p, role, "%u %s ", n, word);
    else
        pen_printf(p, role, "%u%s ", n, glyph(c, sign));
}

static void counts(struct pen *p, const struct tally *t, const struct canvas *c, bool words)
{
    count(p, t->running, "run", GLYPH_PLAY, ROLE_GOOD, c, words);
    if (t->paused)
        count(p, t->paused, "paused", GLYPH_PAUSE, ROLE_WARN, c, words);
    if (t->crashed)
        count(p, t->crashed, "crashed", GLYPH_CROSS, ROLE_BAD, c, words);
    if (t->other)
        count(p, t->other, "other", GLYPH_DASH, ROLE_TEXT, c, words);
    count(p, t->off, "off", GLYPH_STOP, ROLE_DIM, c, words);
}

static enum role state_role(enum host_state s)
{
    return s == HOST_UP                                               ? ROLE_GOOD
           : s == HOST_CONNECTING || s == HOST_IDLE || s == HOST_AUTH ? ROLE_NOTICE
                                                                      : ROLE_BAD;
}

static enum role percent_role(const struct deck *d, double percent)
{
    if (percent >= opt_number(d->options, OPT_BAD_PERCENT))
        return ROLE_BAD;
    return percent >= opt_number(d->options, OPT_WARN_PERCENT) ? ROLE_WARN : ROLE_BAR;
}

static void rule(struct pen *p, const struct canvas *c, bool rules)
{
    if (rules)
        pen_printf(p, ROLE_BORDER, "%s ", glyph(c, GLYPH_VBAR));
}

static void gauge(struct pen *p, const struct deck *d, const struct detail *how, double fraction)
{
    if (!how->bars || isnan(fraction))
        return;
    if (p->c && p->x + how->bar_w <= p->end)
        graph_bar(p->c, p->x, p->y, how->bar_w, percent_role(d, fraction * 100), fraction);
    pen_skip(p, how->bar_w + 1);
}

static void age(struct pen *p, const struct deck *d, const struct host_info *h)
{
    if (h->sampled_ms == 0)
        return;
    double s = (double)(d->now_ms - h->sampled_ms) / 1000;
    double tick = opt_number(d->options, OPT_INTERVAL);
    double stale = tick * opt_number(d->options, OPT_STALE_TICKS);
    enum role role = s >= stale ? ROLE_BAD : s >= 2 * tick ? ROLE_NOTICE : ROLE_DIM;
    struct strbuf text = {0};
    if (s < 10)
        strbuf_printf(&text, "%.1fs", s < 0 ? 0 : s);
    else
        format_duration(&text, s, true);
    pen_printf(p, role, "%s ", strbuf_str(&text));
    strbuf_free(&text);
}

static void cpu(struct pen *p, const struct deck *d, const struct canvas *c, const struct detail *how,
                const struct host_info *h)
{
    rule(p, c, how->rules);
    pen_text(p, ROLE_DIM, "CPU ");
    gauge(p, d, how, h->cpu_percent / 100);
    if (isnan(h->cpu_percent))
        pen_printf(p, ROLE_TEXT, "%s", glyph(c, GLYPH_DASH));
    else
        pen_printf(p, ROLE_TEXT, "%.0f%%", h->cpu_percent);
    if (!isnan(h->cpus) && how->words)
        pen_printf(p, ROLE_TEXT, " of %.0f", h->cpus);
    pen_text(p, ROLE_TEXT, " ");
}

static void memory(struct pen *p, const struct deck *d, const struct canvas *c, const struct detail *how,
                   const struct host_info *h)
{
    rule(p, c, how->rules);
    pen_text(p, ROLE_DIM, "MEM ");
    gauge(p, d, how, h->mem_kib > 0 ? h->mem_used_kib / h->mem_kib : NAN);
    struct strbuf text = {0};
    format_kib_pair(&text, h->mem_used_kib, h->mem_kib, c->unicode);
    pen_printf(p, ROLE_TEXT, "%s ", strbuf_str(&text));
    strbuf_free(&text);
}

static void state(struct pen *p, const struct deck *d, const struct canvas *c, const struct detail *how,
                  const struct host_info *h)
{
    pen_printf(p, state_role(h->state), "%s ", glyph(c, GLYPH_DOT));
    if (h->state != HOST_UP) {
        const char *text = h->state_text && *h->state_text ? h->state_text : host_state_name(h->state);
        int w = pen_width(text), most = p->end * 2 / 5;
        /* While there are no figures yet, the text has the line for itself. */
        pen_fit(p, how->brief && h->sampled_ms && w > most ? most : w, state_role(h->state), TEXT_LEFT, text);
        pen_skip(p, 1);
    }
    age(p, d, h);
}

/* The URI says where; a name that is part of it already need not be told twice. */
static bool uri_is_news(const char *name, const struct host_info *h)
{
    return h->uri && *h->uri && strcmp(name, h->uri) != 0;
}

/* At the same columns in every line. */
static void labels(struct pen *p, const struct host_info *h, int w)
{
    int from = p->x;
    if (h->demo) {
        pen_text(p, ROLE_DEMO, " DEMO ");
        pen_skip(p, 1);
    }
    if (h->read_only) {
        pen_text(p, ROLE_NOTICE, "READ-ONLY");
        pen_skip(p, 1);
    }
    pen_to(p, from + w);
}

/* Columns that name and labels take, in all lines. */
struct widths {
    int name, labels;
};

static struct widths measure(const struct deck *d, int w)
{
    struct widths max = {0, 0};
    for (size_t i = 0; i < d->n_hosts; i++) {
        const struct host_info *h = &d->hosts[i]->host;
        struct pen p = pen_at(NULL, 0, 0, 0);
        labels(&p, h, 0);
        int name = pen_width(view_host_label(d->hosts, d->n_hosts, h));
        max.name = name > max.name ? name : max.name;
        max.labels = p.x > max.labels ? p.x : max.labels;
    }
    if (max.name > w / 3)
        max.name = w / 3;
    return max;
}

static void write_host(struct pen *p, const struct deck *d, const struct canvas *c, const struct snapshot *s,
                       const struct detail *how, struct widths widths)
{
    const struct host_info *h = &s->host;
    const char *name = view_host_label(d->hosts, d->n_hosts, h);
    pen_skip(p, 1);
    if (how->program)
        pen_text(p, ROLE_DIM, "virtdeck  ");
    pen_fit(p, widths.name, ROLE_TITLE, TEXT_LEFT, name);
    pen_skip(p, 1);
    labels(p, h, widths.labels);
    if (how->uri && uri_is_news(name, h))
        pen_printf(p, ROLE_DIM, "%s ", h->uri);
    state(p, d, c, how, h);
    if (h->sampled_ms == 0)
        return; /* there is nothing yet to show but how the connecting goes */
    cpu(p, d, c, how, h);
    memory(p, d, c, how, h);
    rule(p, c, how->rules);
    struct tally t = {0};
    tally_add(&t, s);
    counts(p, &t, c, how->words);
}

/* Each line is written at the same level of detail, so that the lines stand in columns. */
static size_t level_for(const struct deck *d, const struct canvas *c, int w, struct widths widths)
{
    for (size_t i = 0; i + 1 < ARRAY_LEN(details); i++) {
        bool fits = true;
        for (size_t h = 0; h < d->n_hosts; h++) {
            struct pen p = pen_at(NULL, 0, 0, w);
            write_host(&p, d, c, d->hosts[h], &details[i], widths);
            fits = fits && p.x <= w + 1; /* the last blank need not fit */
        }
        if (fits)
            return i;
    }
    return ARRAY_LEN(details) - 1;
}

static void add_known(double *sum, double x)
{
    if (!isnan(x))
        *sum = isnan(*sum) ? x : *sum + x;
}

/* All hosts as if they were one. */
static struct host_info total_of(const struct deck *d)
{
    struct host_info all = {.cpus = NAN, .cpu_percent = NAN, .mem_kib = NAN, .mem_used_kib = NAN};
    double busy = NAN;
    for (size_t i = 0; i < d->n_hosts; i++) {
        const struct host_info *h = &d->hosts[i]->host;
        add_known(&all.cpus, h->cpus);
        add_known(&busy, h->cpu_percent * h->cpus);
        add_known(&all.mem_kib, h->mem_kib);
        add_known(&all.mem_used_kib, h->mem_used_kib);
    }
    all.cpu_percent = busy / all.cpus;
    return all;
}

static void write_summary(struct pen *p, const struct deck *d, const struct canvas *c,
                          const struct detail *how)
{
    unsigned up = 0, waiting = 0;
    struct tally t = {0};
    struct host_info all = total_of(d);
    const struct host_info *oldest = NULL;
    for (size_t i = 0; i < d->n_hosts; i++) {
        const struct host_info *h = &d->hosts[i]->host;
        up += h->state == HOST_UP;
        waiting += h->state == HOST_CONNECTING || h->state == HOST_IDLE || h->state == HOST_AUTH;
        tally_add(&t, d->hosts[i]);
        if (h->state == HOST_UP && h->sampled_ms && (!oldest || h->sampled_ms < oldest->sampled_ms))
            oldest = h;
    }
    unsigned lost = (unsigned)d->n_hosts - up - waiting;
    pen_skip(p, 1);
    pen_printf(p, ROLE_TITLE, "%zu hosts ", d->n_hosts);
    pen_printf(p, ROLE_GOOD, "%s %u up ", glyph(c, GLYPH_DOT), up);
    if (waiting)
        pen_printf(p, ROLE_NOTICE, "%u connecting ", waiting);
    if (lost)
        pen_printf(p, ROLE_BAD, "%u away ", lost);
    if (oldest)
        age(p, d, oldest);
    cpu(p, d, c, how, &all);
    memory(p, d, c, how, &all);
    rule(p, c, how->rules);
    counts(p, &t, c, how->words);
}

int hostline_rows(const struct deck *d)
{
    return d->n_hosts > 1 && d->n_hosts <= MAX_LINES ? (int)d->n_hosts : 1;
}

static void draw_lines(struct deck *d, struct canvas *c, struct rect area)
{
    struct widths widths = measure(d, area.w);
    size_t level = level_for(d, c, area.w, widths);
    for (int i = 0; i < area.h; i++) {
        struct pen p = pen_at(c, area.x, area.y + i, area.w);
        write_host(&p, d, c, d->hosts[i], &details[level], widths);
    }
}

void hostline_draw(struct deck *d, struct canvas *c, struct rect area)
{
    if (d->n_hosts == 0) {
        canvas_text(c, area.x + 1, area.y, area.w - 1, ROLE_TITLE, "virtdeck");
        return;
    }
    if ((size_t)area.h >= d->n_hosts) {
        draw_lines(d, c, area);
        return;
    }
    size_t level = 0;
    for (; level + 1 < ARRAY_LEN(details); level++) {
        struct pen measure = pen_at(NULL, 0, 0, area.w);
        write_summary(&measure, d, c, &details[level]);
        if (measure.x <= area.w + 1)
            break;
    }
    struct pen p = pen_at(c, area.x, area.y, area.w);
    write_summary(&p, d, c, &details[level]);
}
