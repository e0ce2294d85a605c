/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the guest's screen shows, while it runs.
 */
#include <stdlib.h>
#include "ui/pane.h"

#define FRESH_MS 3000 /* an older picture is told by its age */

static int cells(int pixels, int a_cell, int most)
{
    int n = (pixels + a_cell / 2) / a_cell;
    return n < 1 ? 1 : n > most ? most : n;
}

/* In the middle, in its own shape, as large as the area allows. */
static void draw_picture(struct guest_screen *g, struct canvas *c, struct rect area)
{
    int w, h;
    picture_fit(&g->picture, area.w * c->cell_w, area.h * c->cell_h, &w, &h);
    w = cells(w, c->cell_w, area.w);
    h = cells(h, c->cell_h, area.h);
    struct rect r = {area.x + (area.w - w) / 2, area.y + (area.h - h) / 2, w, h};
    canvas_picture(c, r, &g->picture, g->hash, guest_screen_luminance(g, w, h));
}

static void say(struct canvas *c, struct rect area, const struct vm *vm, const char *what)
{
    char *text = xasprintf("%s %s", vm->name, what);
    pane_say_empty(c, area, text);
    free(text);
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    struct guest_screen *g = &d->screen;
    const struct vm *vm = deck_vm(d);
    const struct snapshot *host = deck_host(d);
    d->panes[PANE_SCREEN].rows = 0;
    if (area.w < 1 || area.h < 1)
        return;
    if (!vm || !host) {
        pane_say_empty(c, area, "no VM is selected");
        return;
    }
    bool its = guest_screen_is_of(g, host->host.id, &vm->uuid);
    if (!vm_state_is_active(vm->state))
        say(c, area, vm, "does not run: its screen is off");
    else if (its && g->picture.rgb) {
        draw_picture(g, c, area);
        if (g->why)
            canvas_fit(c, area.x, area.y + area.h - 1, area.w, ROLE_WARN, TEXT_LEFT, g->why);
    } else if (its && g->why)
        pane_say_empty(c, area, g->why);
    else
        pane_say_empty(c, area, "asking for its picture");
}

static void status(const struct deck *d, struct strbuf *out)
{
    const struct guest_screen *g = &d->screen;
    const struct vm *vm = deck_vm(d);
    const struct snapshot *host = deck_host(d);
    if (!vm || !host || !g->picture.rgb || !vm_state_is_active(vm->state) ||
        !guest_screen_is_of(g, host->host.id, &vm->uuid))
        return;
    int64_t age = d->now_ms - g->taken_ms;
    strbuf_printf(out, "%d×%d", g->picture.width, g->picture.height);
    if (age >= FRESH_MS)
        strbuf_printf(out, ", %lld s old", (long long)(age / 1000));
}

const struct pane_ops pane_screen = {
    .id = "screen", .title = "Screen", .place = PLACE_SCREEN, .draw = draw, .status = status};
