/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The way between the hosts and the deck: snapshots and messages in, what is looked at out.
 */
#include <stdlib.h>
#include <string.h>
#include "ui/app.h"
#include "ui/causes.h"
#include "ui/confirm.h"
#include "ui/logs_feed.h"
#include "ui/run.h"

/* make run: where no libvirt answers at the first try, the demo host is better than an empty table. */
static void maybe_fall_back(struct app *app, const struct snapshot *first)
{
    enum host_state state = first->host.state;
    if (!app->fall_back || state == HOST_IDLE || state == HOST_CONNECTING || state == HOST_AUTH)
        return;
    app->fall_back = false;
    if (state == HOST_UP)
        return;
    deck_sayf(&app->deck, SEV_WARN, "this is the built-in demo host: no libvirt answers here (%s)",
              first->host.state_text ? first->host.state_text : host_state_name(state));
    app->hidden_host = first->host.id;
    fleet_give_up(app->fleet, first->host.id);
    fleet_add(app->fleet, NULL, true);
}

static bool is_new(const struct deck *d, struct snapshot *const *now, size_t n)
{
    if (n != d->n_hosts)
        return true;
    for (size_t i = 0; i < n; i++)
        if (now[i] != d->hosts[i])
            return true;
    return false;
}

static void take_snapshots(struct app *app)
{
    size_t n = fleet_len(app->fleet), kept = 0;
    if (n == 0)
        return;
    struct snapshot **now = xcalloc(n + 1, sizeof(*now));
    for (size_t i = 0; i < n; i++) {
        struct snapshot *s = fleet_snapshot(app->fleet, (int)i);
        if (i == 0)
            maybe_fall_back(app, s);
        if ((int)i == app->hidden_host)
            snapshot_unref(s);
        else
            now[kept++] = s;
    }
    if (is_new(&app->deck, now, kept))
        deck_set_hosts(&app->deck, now, kept);
    else
        for (size_t i = 0; i < kept; i++)
            snapshot_unref(now[i]);
    free(now);
    deck_update(&app->deck);
}

#define VIEW_FRESH_MS 1000 /* while somebody looks, or a run goes on */
#define VIEW_AGED_MS  30000

/* Of the selected host: the others' are worked out when they are selected. */
static void take_autostart(struct app *app)
{
    struct deck *d = &app->deck;
    const struct snapshot *host = deck_host(d);
    if (!host)
        return;
    const struct autostart_view *known = d->starts.host == host->host.id ? d->starts.view : NULL;
    bool looks = d->pane_open && d->pane == PANE_AUTOSTART;
    bool runs = known && known->run.state == RUN_UNDER_WAY;
    deck_set_autostart(
        d, host->host.id,
        fleet_autostart(app->fleet, host->host.id, looks || runs ? VIEW_FRESH_MS : VIEW_AGED_MS));
}

static void take_message(struct app *app, struct message *m)
{
    struct deck *d = &app->deck;
    switch (m->type) {
    case MSG_EVENT:
        if (m->host != app->hidden_host) {
            deck_add_event(d, &m->event);
            m->event = (struct event){0};
        }
        break;
    case MSG_JOB:
        run_job_changed(d, m->job);
        break;
    case MSG_AUTH:
        auth_open(d, m->auth);
        m->auth = NULL;
        break;
    }
}

void app_take_news(struct app *app)
{
    struct message m;
    fleet_drain_fd(app->fleet);
    take_snapshots(app);
    take_autostart(app);
    while (fleet_next_message(app->fleet, &m)) {
        take_message(app, &m);
        message_clear(&m);
    }
    run_catch_up(&app->deck);
    causes_turn(&app->deck);
}

/* ---- what is looked at ---- */

static uint64_t mix(uint64_t h, uint64_t x)
{
    h ^= x;
    h *= 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

static void tell_host(struct app *app, const struct snapshot *s, const struct view_row *rows, size_t n,
                      struct vm_uuid *space)
{
    const struct vm *vm = deck_vm(&app->deck);
    bool selected = vm && deck_host(&app->deck) == s;
    size_t visible = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].vm && rows[i].snap == s)
            space[visible++] = rows[i].vm->uuid;
    fleet_set_interest(app->fleet, s->host.id, space, visible, selected ? &vm->uuid : NULL);
}

void app_tell_interest(struct app *app)
{
    struct deck *d = &app->deck;
    logs_select(d);
    size_t top = d->view.top, n = d->table_area.h > 0 ? d->table_height : 0;
    if (top > d->view.rows.len)
        top = d->view.rows.len;
    if (n > d->view.rows.len - top)
        n = d->view.rows.len - top;
    const struct view_row *rows = n ? d->view.rows.items + top : NULL;
    const struct vm *vm = deck_vm(d);
    uint64_t now = mix(n, d->n_hosts);
    for (size_t i = 0; i < n; i++)
        if (rows[i].vm)
            now = mix(now, uuid_hash(&rows[i].vm->uuid, rows[i].snap->host.id));
    if (vm)
        now = mix(now, uuid_hash(&vm->uuid, deck_host(d)->host.id));
    if (now == app->interest)
        return;
    app->interest = now;
    struct vm_uuid *space = xcalloc(n + 1, sizeof(*space));
    for (size_t i = 0; i < d->n_hosts; i++)
        tell_host(app, d->hosts[i], rows, n, space);
    free(space);
}
