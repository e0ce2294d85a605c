/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/guest_screen.h"

#include <stdlib.h>
#include <string.h>
#include "ui/deck.h"

#define PAUSE_MS        1000
#define PAUSE_STILL_MS  10000 /* a paused guest draws nothing */
#define PAUSE_FAILED_MS 5000
#define LEFT_MOST       2 /* requests that libvirt does not answer */

static void forget_picture(struct guest_screen *g)
{
    picture_clear(&g->picture);
    free(g->why);
    g->why = NULL;
    g->hash = 0;
    g->asked_ms = 0;
}

/* The job ends for us; its thread may be in libvirt for as long as that likes. */
static void give_up(struct guest_screen *g)
{
    if (!g->job)
        return;
    job_cancel(g->job);
    job_unref(g->job);
    vec_push(&g->left, g->shot);
    g->job = NULL;
    g->shot = NULL;
}

static void drop_left(struct guest_screen *g)
{
    for (size_t i = g->left.len; i-- > 0;)
        if (shot_is_idle(g->left.items[i])) {
            shot_unref(g->left.items[i]);
            vec_remove(&g->left, i);
        }
}

void guest_screen_free(struct guest_screen *g)
{
    give_up(g);
    for (size_t i = 0; i < g->left.len; i++)
        shot_unref(g->left.items[i]);
    vec_free(&g->left);
    forget_picture(g);
    free(g->luminance);
    *g = (struct guest_screen){0};
}

bool guest_screen_is_of(const struct guest_screen *g, int host, const struct vm_uuid *uuid)
{
    return g->host == host && uuid_equal(&g->uuid, uuid);
}

static void turn_to(struct guest_screen *g, int host, const struct vm_uuid *uuid)
{
    if (guest_screen_is_of(g, host, uuid))
        return;
    give_up(g);
    forget_picture(g);
    g->host = host;
    g->uuid = *uuid;
}

void guest_screen_put(struct guest_screen *g, int host, const struct vm_uuid *uuid, struct picture *p,
                      uint64_t hash, int64_t taken_ms)
{
    turn_to(g, host, uuid);
    picture_clear(&g->picture);
    g->picture = *p;
    *p = (struct picture){0};
    g->hash = hash;
    g->taken_ms = taken_ms;
    free(g->why);
    g->why = NULL;
}

static void collect(struct deck *d, struct guest_screen *g)
{
    struct picture p;
    uint64_t hash;
    if (!g->job || !job_is_over(g->job))
        return;
    if (shot_take(g->shot, &p, &hash)) {
        guest_screen_put(g, g->host, &g->uuid, &p, hash, g->asked_ms);
    } else {
        struct job_status s;
        job_status(g->job, &s);
        free(g->why);
        g->why = xstrdup(error_text(&s.result.error));
        job_status_clear(&s);
    }
    job_unref(g->job);
    shot_unref(g->shot);
    g->job = NULL;
    g->shot = NULL;
    d->dirty = true;
}

static bool is_looked_at(const struct deck *d)
{
    return d->pane_open && d->pane == PANE_SCREEN && (d->pane_focused || !d->pane_covers) && !d->too_small;
}

static bool is_due(const struct deck *d, const struct guest_screen *g, const struct vm *vm)
{
    int64_t pause = g->why ? PAUSE_FAILED_MS : vm->state == VM_PAUSED ? PAUSE_STILL_MS : PAUSE_MS;
    return !g->job && g->left.len < LEFT_MOST && (g->asked_ms == 0 || d->now_ms - g->asked_ms >= pause);
}

static void ask(struct deck *d, struct guest_screen *g, const struct vm *vm)
{
    g->shot = shot_new(0, NULL, false);
    struct job_args args = {.data = shot_ref(g->shot), .free_data = shot_unref};
    g->job = fleet_submit(d->session.fleet, g->host, &g->uuid, vm->name, &screenshot_job, &args);
    g->asked_ms = d->now_ms;
}

void guest_screen_turn(struct deck *d)
{
    struct guest_screen *g = &d->screen;
    const struct snapshot *host = deck_host(d);
    const struct vm *vm = deck_vm(d);
    drop_left(g);
    if (!is_looked_at(d) || !host || !vm) {
        collect(d, g);
        return;
    }
    turn_to(g, host->host.id, &vm->uuid);
    collect(d, g);
    if (!vm_state_is_active(vm->state))
        forget_picture(g);
    else if (host->host.state == HOST_UP && is_due(d, g, vm))
        ask(d, g, vm);
}

const char *guest_screen_luminance(struct guest_screen *g, int w, int h)
{
    if (g->luminance && g->lit_hash == g->hash && g->lit_w == w && g->lit_h == h)
        return g->luminance;
    g->luminance = xrealloc(g->luminance, (size_t)w * (size_t)h + 1);
    picture_luminance(&g->picture, w, h, g->luminance);
    g->lit_hash = g->hash;
    g->lit_w = w;
    g->lit_h = h;
    return g->luminance;
}
