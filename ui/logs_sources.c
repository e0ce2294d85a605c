/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/logs_sources.h"

#include <stdio.h>
#include <stdlib.h>
#include "ui/logs_feed.h"
#include "ui/pen.h"

struct sources {
    struct dialog base;
    unsigned on;
    long at;
};

static const char *const what[SOURCES] = {
    [SOURCE_QEMU] = "QEMU's log",
    [SOURCE_LIBVIRT] = "errors that libvirt returned",
    [SOURCE_DAEMON] = "what libvirt's daemons say of it in the host's journal",
    [SOURCE_SERIAL] = "what the guest writes to its serial port",
    [SOURCE_HOST] = "the host's journal: kernel, AppArmor, out of memory",
    [SOURCE_AGENT] = "answers of the guest agent",
    [SOURCE_EVENT] = "libvirt's events",
    [SOURCE_MESSAGES] = "libvirt's notes about the definition",
    [SOURCE_DECK] = "what virtdeck and its supervisor did",
};

static size_t lines_of(const struct deck *d, long i)
{
    const struct merge *m = logs_lock(&d->log);
    size_t n = m ? merge_count(m, (enum line_source)i) : 0;
    logs_unlock(&d->log);
    return n;
}

static void write_source(struct deck *d, const struct sources *g, struct canvas *c, struct rect line, long i)
{
    struct pen p = pen_at(c, line.x, line.y, line.w);
    bool on = g->on >> i & 1;
    char *problem = logs_problem(d, (enum line_source)i, true);
    char run[32];
    pen_text(&p, on ? ROLE_GOOD : ROLE_DIM, on ? "[x] " : "[ ] ");
    pen_fit(&p, 9, ROLE_TITLE, TEXT_LEFT, source_word((enum line_source)i));
    pen_printf(&p, ROLE_NOTICE, "%6zu  ", lines_of(d, i));
    if (problem)
        pen_fit(&p, p.end - p.x, ROLE_WARN, TEXT_LEFT, problem);
    else
        pen_fit(&p, p.end - p.x, ROLE_DIALOG, TEXT_LEFT, what[i]);
    if (i == g->at)
        canvas_over(c, line, ROLE_SELECTED);
    snprintf(run, sizeof(run), "point %ld", i + 1);
    deck_hit(d, line, run);
    free(problem);
}

static void draw(struct deck *d, struct dialog *base, struct canvas *c)
{
    const struct sources *g = (struct sources *)base;
    struct rect in = dialog_box(d, c, 90, SOURCES + 4, "Sources of the logs");
    long h = in.h - 2, top = g->at >= h ? g->at - h + 1 : 0;
    for (long y = 0; y < h && top + y < SOURCES; y++)
        write_source(d, g, c, (struct rect){in.x, in.y + (int)y, in.w, 1}, top + y);
    canvas_fit(c, in.x, in.y + in.h - 1, in.w, ROLE_HINT, TEXT_LEFT, "Space on/off   Enter take   Esc leave");
}

static void turn(struct sources *g, long i)
{
    g->on ^= 1u << i;
}

static void move(struct deck *d, struct dialog *base, enum move how)
{
    struct sources *g = (struct sources *)base;
    (void)d;
    g->at = dialog_moved(how, g->at, SOURCES, SOURCES);
}

static bool key(struct deck *d, struct dialog *base, keycode k)
{
    struct sources *g = (struct sources *)base;
    if (k != ' ')
        return dialog_common_key(d, base, k);
    turn(g, g->at);
    d->dirty = true;
    return true;
}

static void point(struct deck *d, struct dialog *base, long item)
{
    struct sources *g = (struct sources *)base;
    if (item < 0 || item >= SOURCES)
        return;
    g->at = item;
    turn(g, item);
    d->dirty = true;
}

static void accept(struct deck *d, struct dialog *base)
{
    unsigned on = ((struct sources *)base)->on, more = on & ~d->log.sources;
    dialog_close(d);
    logs_set_sources(&d->log, on);
    logs_ask(d, more);
    logs_sources_changed(d);
}

static void sources_free(struct dialog *base)
{
    free(base);
}

static const struct dialog_ops ops = {.place = PLACE_DIALOG,
                                      .draw = draw,
                                      .key = key,
                                      .move = move,
                                      .accept = accept,
                                      .point = point,
                                      .free = sources_free};

void logs_sources_open(struct deck *d)
{
    struct sources *g = xcalloc(1, sizeof *g);
    g->base.ops = &ops;
    g->on = d->log.sources;
    dialog_open(d, &g->base);
}
