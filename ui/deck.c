/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/deck.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "diagnose/signature.h"
#include "ui/causes.h"
#include "ui/dialog.h"
#include "ui/console.h"
#include "ui/console_feed.h"
#include "ui/editing.h"
#include "ui/hostline.h"
#include "ui/keybar.h"
#include "ui/layout.h"
#include "ui/message.h"
#include "ui/pane.h"
#include "ui/run.h"
#include "ui/table.h"

void deck_init(struct deck *d, struct options *options)
{
    *d = (struct deck){.options = options, .bar_error_at = -1, .events_match = -1, .rebuild = true};
    view_init(&d->view);
    logs_view_init(&d->log);
}

static void running_free(struct deck *d)
{
    for (size_t i = 0; i < d->running.len; i++) {
        job_status_clear(&d->running.items[i].status);
        if (d->running.items[i].job)
            job_unref(d->running.items[i].job);
    }
    vec_free(&d->running);
}

void deck_free(struct deck *d)
{
    while (d->dialogs.len)
        dialog_close(d);
    vec_free(&d->dialogs);
    message_free(d);
    running_free(d);
    run_forget(d);
    editing_forget(d);
    console_forget(d);
    console_feed_forget(d);
    strbuf_free(&d->output);
    vec_free(&d->hits);
    deck_set_hosts(d, NULL, 0);
    view_free(&d->view);
    keymap_free(&d->keymap);
    logs_view_free(&d->log);
    causes_forget(d);
    signatures_free(d->signatures);
    for (size_t i = 0; i < d->old_signatures.len; i++)
        signatures_free(d->old_signatures.items[i]);
    vec_free(&d->old_signatures);
    free(d->errand);
    free(d->clip);
    free(d->device.key);
    free(d->device.name);
    autostart_view_unref(d->starts.view);
    free(d->starts.key);
    vec_free(&d->starts.moved);
    guest_screen_free(&d->screen);
    free(d->search);
    free(d->bar_error);
    free(d->bar_filter);
}

void deck_set_hosts(struct deck *d, struct snapshot **hosts, size_t n)
{
    for (size_t i = 0; i < d->n_hosts; i++)
        snapshot_unref(d->hosts[i]);
    d->hosts = n ? xrealloc(d->hosts, n * sizeof(*hosts)) : (free(d->hosts), NULL);
    for (size_t i = 0; i < n; i++)
        d->hosts[i] = hosts[i];
    d->n_hosts = n;
    /* The rows point into the snapshots that have just gone. */
    vec_clear(&d->view.rows);
    d->rebuild = d->dirty = true;
}

void deck_set_time(struct deck *d, int64_t mono_ms, int64_t wall_ms)
{
    d->now_ms = mono_ms;
    d->now_wall_ms = wall_ms;
}

void deck_set_autostart(struct deck *d, int host, struct autostart_view *view)
{
    struct starts_state *s = &d->starts;
    if (s->view == view && s->host == host) {
        autostart_view_unref(view);
        return;
    }
    autostart_view_unref(s->view);
    s->view = view;
    s->host = host;
    /* A run that is under way is what one wants to see, until one has had enough of it. */
    if (view && view->run.state == RUN_UNDER_WAY && view->run.begun_wall_ms != s->run_hidden)
        s->run_shown = view->run.begun_wall_ms;
    d->dirty = true;
}

struct row deck_row(const struct deck *d, const struct canvas *c, const struct snapshot *snap,
                    const struct vm *vm)
{
    double stale = opt_number(d->options, OPT_STALE_TICKS) * opt_number(d->options, OPT_INTERVAL);
    return (struct row){.host = snap ? &snap->host : NULL,
                        .vm = vm,
                        .now_ms = d->now_ms,
                        .now_wall_ms = d->now_wall_ms,
                        .stale_ms = (int64_t)(stale * 1000),
                        .warn_percent = opt_number(d->options, OPT_WARN_PERCENT),
                        .bad_percent = opt_number(d->options, OPT_BAD_PERCENT),
                        .tagged = snap && vm && view_tagged(&d->view, snap->host.id, &vm->uuid),
                        .unicode = c ? c->unicode : true};
}

void deck_update(struct deck *d)
{
    if (!d->rebuild)
        return;
    d->rebuild = false;
    struct row base = deck_row(d, NULL, NULL, NULL);
    view_tag_prune(&d->view, d->hosts, d->n_hosts);
    view_rebuild(&d->view, d->hosts, d->n_hosts, &base);
}

void deck_search_for(struct deck *d, const char *text)
{
    free(d->search);
    d->search = xstrdup(text);
    d->log.seek = (struct logs_seek){0};
    d->events_match = -1;
}

const struct vm *deck_vm(const struct deck *d)
{
    const struct view_row *r = view_current(&d->view);
    return r ? r->vm : NULL;
}

const struct snapshot *deck_host(const struct deck *d)
{
    const struct view_row *r = view_current(&d->view);
    if (r)
        return r->snap;
    return d->n_hosts ? d->hosts[0] : NULL;
}

const struct snapshot *deck_host_by_id(const struct deck *d, int host)
{
    for (size_t i = 0; i < d->n_hosts; i++)
        if (d->hosts[i]->host.id == host)
            return d->hosts[i];
    return NULL;
}

enum graph_style deck_graph_style(const struct deck *d, const struct canvas *c)
{
    const char *wish = opt_text(d->options, OPT_GRAPH);
    if (!c->unicode || strcmp(wish, "ascii") == 0)
        return GRAPH_ASCII;
    return strcmp(wish, "block") == 0 ? GRAPH_BLOCK : GRAPH_BRAILLE;
}

enum place deck_place(const struct deck *d)
{
    if (d->dialogs.len)
        return d->dialogs.items[d->dialogs.len - 1]->ops->place;
    if (d->pane_open && d->pane_focused)
        return pane_table[d->pane]->place;
    return PLACE_TABLE;
}

void deck_hit(struct deck *d, struct rect area, const char *run)
{
    struct hit hit = {.area = area, .row = -1};
    if (strlen(run) < sizeof(hit.run)) /* a part of a line would be another line */
        memcpy(hit.run, run, strlen(run) + 1);
    vec_push(&d->hits, hit);
}

void deck_hit_row(struct deck *d, struct rect area, size_t row)
{
    struct hit hit = {.area = area, .row = (long)row};
    vec_push(&d->hits, hit);
}

const struct hit *deck_hit_at(const struct deck *d, int x, int y)
{
    for (size_t i = d->hits.len; i-- > 0;) {
        const struct rect *r = &d->hits.items[i].area;
        if (x >= r->x && x < r->x + r->w && y >= r->y && y < r->y + r->h)
            return &d->hits.items[i];
    }
    return NULL;
}

static void draw_too_small(struct canvas *c)
{
    const char *text = "window too small (needs 40×10)", *ascii = "window too small (needs 40x10)";
    int y = c->h / 2, w = c->w;
    if (w >= 30) {
        canvas_fit(c, 0, y, w, ROLE_WARN, TEXT_CENTER, c->unicode ? text : ascii);
        return;
    }
    canvas_text(c, 0, y > 0 ? y - 1 : 0, w, ROLE_WARN, "window too small");
    canvas_text(c, 0, y > 0 ? y : 1, w, ROLE_WARN, c->unicode ? "(needs 40×10)" : "(needs 40x10)");
}

static void draw_body(struct deck *d, struct canvas *c, const struct layout *l)
{
    if (l->table.h > 0)
        table_draw(d, c, l->table);
    for (int y = 0; y < l->border.h; y++)
        canvas_text(c, l->border.x, l->border.y + y, 1, ROLE_BORDER, glyph(c, GLYPH_VBAR));
    if (l->where != PANE_NOWHERE) {
        deck_hit(d, l->pane, "focus pane");
        pane_draw_tabs(d, c, l->tabs);
        pane_table[d->pane]->draw(d, c, l->pane);
    }
}

void deck_draw(struct deck *d, struct canvas *c)
{
    canvas_clear(c, (struct rect){0, 0, c->w, c->h}, ROLE_TEXT);
    c->cursor_x = c->cursor_y = -1;
    c->picture.shown = NULL;
    vec_clear(&d->hits);
    deck_update(d);
    message_expire(d);
    d->pane_covers = !layout_has_room(c->w, c->h);
    bool visible = d->pane_open && (d->pane_focused || !d->pane_covers);
    struct layout l = layout_make(c->w, c->h, hostline_rows(d), visible, d->pane_zoomed);
    d->too_small = l.too_small;
    if (l.too_small) {
        draw_too_small(c);
        return;
    }
    d->table_area = l.table;
    d->pane_area = l.pane;
    hostline_draw(d, c, l.host);
    draw_body(d, c, &l);
    keybar_draw(d, c, l.keys);
    message_draw(d, c, &l);
    dialog_draw_all(d, c);
}
