/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The devices of a domain whose definitions were not read yet: what the table's data has of them, without
 * toggles.
 */
#include <math.h>
#include <string.h>
#include "base/format.h"
#include "device/kinds.h"
#include "ui/pane_devices.h"

/* The list's columns: from the left KIND NAME MODEL WHAT, and LIVE at the right edge. */
struct grid {
    int kind, name, model, what, live; /* widths */
};

static int widest(const struct domdef *def, const char *(*text)(const struct vm_device *), int min, int max)
{
    int w = min;
    for (size_t i = 0; i < def->devices.len; i++) {
        const char *t = text(&def->devices.items[i]);
        int n = t ? pen_width(t) : 0;
        w = n > w ? n : w;
    }
    return w > max ? max : w;
}

static const char *kind_text(const struct vm_device *dev)
{
    return dev->kind->id;
}

static const char *name_text(const struct vm_device *dev)
{
    return dev->name;
}

static const char *model_text(const struct vm_device *dev)
{
    return dev->model;
}

static struct grid grid_for(const struct domdef *def, int w)
{
    struct grid g = {widest(def, kind_text, 4, 12), widest(def, name_text, 4, 14),
                     widest(def, model_text, 5, 16), 0,
                     w >= 96   ? 32
                     : w >= 56 ? 16
                               : 0};
    g.what = w - 4 - g.kind - g.name - g.model - g.live - 6 - (g.live ? 2 : 0);
    if (g.what < 12 && g.live) {
        g.what += g.live + 2;
        g.live = 0;
    }
    return g;
}

void devices_rate(const struct vm_device_rate *r, bool wide, bool u, struct strbuf *out)
{
    if (isnan(r->in) && isnan(r->out))
        return;
    strbuf_puts(out, r->is_nic ? (u ? "↓" : "rx ") : "rd ");
    format_bytes(out, r->in, u);
    strbuf_puts(out, r->is_nic ? (u ? " ↑" : " tx ") : " wr ");
    format_bytes(out, r->out, u);
    if (!wide || isnan(r->in_ops))
        return;
    strbuf_puts(out, "  ");
    format_count(out, r->in_ops, u);
    strbuf_putc(out, '/');
    format_count(out, r->out_ops, u);
    strbuf_puts(out, r->is_nic ? " pkt/s" : " iops");
}

void devices_what(const struct vm_device *dev, const struct vm_device_rate *r, bool u, struct strbuf *out)
{
    bool drive = strcmp(dev->kind->id, "disk") == 0 || strcmp(dev->kind->id, "cdrom") == 0 ||
                 strcmp(dev->kind->id, "floppy") == 0;
    strbuf_puts(out, dev->source ? dev->source : drive ? "(empty)" : "");
    if (dev->mac)
        strbuf_printf(out, "%s%s", out->len ? "  " : "", dev->mac);
    if (dev->target && (!dev->name || strcmp(dev->target, dev->name) != 0))
        strbuf_printf(out, "%s%s", out->len ? "  " : "", dev->target);
    if (r && r->capacity > 0) {
        strbuf_puts(out, "  ");
        format_bytes(out, r->capacity, u);
        if (r->allocation >= 0) {
            strbuf_puts(out, " (");
            format_bytes(out, r->allocation, u);
            strbuf_puts(out, " used)");
        }
    }
    if (dev->readonly)
        strbuf_puts(out, "  read-only");
    if (dev->link_down)
        strbuf_puts(out, "  link down");
    if (dev->has_log && dev->log_file)
        strbuf_printf(out, "  log %s", dev->log_file);
}

static void write_line(const struct sheet *s, const struct grid *g, const char *kind, const char *name,
                       const char *model, const char *what, const char *live, enum role role)
{
    struct pen p = sheet_pen(s, 2, 0);
    pen_fit(&p, g->kind, role == ROLE_TEXT ? ROLE_DIM : role, TEXT_LEFT, kind);
    pen_skip(&p, 2);
    pen_fit(&p, g->name, role, TEXT_LEFT, name);
    pen_skip(&p, 2);
    pen_fit(&p, g->model, role, TEXT_LEFT, model);
    pen_skip(&p, 2);
    pen_fit(&p, g->what, role, TEXT_LEFT, what);
    if (g->live) {
        pen_skip(&p, 2);
        pen_fit(&p, g->live, role, TEXT_LEFT, live);
    }
}

static void write_device(struct deck *d, const struct sheet *s, const struct grid *g, const struct vm *vm,
                         const struct vm_device *dev, bool u)
{
    const struct vm_device_rate *r = pane_rate_of(vm, dev);
    const char *none = u ? "–" : "-";
    struct strbuf what = {0}, live = {0};
    (void)d;
    devices_what(dev, r, u, &what);
    if (r)
        devices_rate(r, g->live >= 28, u, &live);
    write_line(s, g, dev->kind->id, dev->name ? dev->name : none, dev->model ? dev->model : none,
               strbuf_str(&what), strbuf_str(&live), ROLE_TEXT);
    strbuf_free(&what);
    strbuf_free(&live);
}

void devices_draw_plain(struct deck *d, struct canvas *c, struct rect area, const struct vm *vm)
{
    struct grid g = grid_for(vm->def, area.w);
    struct sheet head = sheet_in(c, (struct rect){area.x, area.y, area.w, 1}, 0);
    struct rect body = {area.x, area.y + 1, area.w, area.h - 1};
    struct sheet s;
    do {
        canvas_clear(c, area, ROLE_TEXT);
        write_line(&head, &g, "KIND", "NAME", "MODEL", "WHAT", "LIVE", ROLE_TITLE);
        s = pane_sheet(d, c, body);
        for (size_t i = 0; i < vm->def->devices.len; i++) {
            write_device(d, &s, &g, vm, &vm->def->devices.items[i], c->unicode);
            sheet_next(&s);
        }
    } while (!pane_sheet_end(d, &s));
    if (vm->def->devices.len == 0)
        pane_say_empty(c, body, "this domain has no devices");
}
