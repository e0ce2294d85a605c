/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What jobs tell while they last: shown, and kept for the log pane and `log` of others.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/paths.h"
#include "command/shell_private.h"
#include "logs/actions.h"

/* The demo host is made anew each time, so nobody asks later what was done there. */
static bool is_lasting(const struct shell *s, int host)
{
    struct snapshot *snap = fleet_snapshot(s->session.fleet, host);
    bool lasting = !snap->host.demo;
    snapshot_unref(snap);
    return lasting;
}

/* By the supervisor, and by a start or a stop with the host. */
static bool keep_action(const struct event *ev, struct error *e)
{
    struct actions *a = actions_new();
    actions_add(a, ev, e);
    actions_free(a);
    return e->status == STATUS_OK;
}

/* By a command that somebody gave. */
static bool keep_event(const struct event *ev, struct error *e)
{
    char *path = paths_join(paths_state_dir(), EVENTLOG_FILE);
    bool kept = eventlog_append(path, ev, e);
    free(path);
    return kept;
}

void shell_take_event(struct shell *s, int host, const struct event *ev)
{
    static const struct {
        const char *kind;
        bool (*keep)(const struct event *ev, struct error *e);
        bool patient; /* only of commands that go on whatever becomes of the hosts */
    } kinds[] = {{"autostart", keep_action, true}, {"job", keep_event, false}};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct error e = ERROR_INIT;
        if (strcmp(kinds[i].kind, ev->kind) != 0 || (kinds[i].patient && !s->patient))
            continue;
        shell_tell_step(ev, fleet_len(s->session.fleet) > 1);
        if (is_lasting(s, host) && !kinds[i].keep(ev, &e) && !s->unkept) {
            s->unkept = true;
            log_write(LEVEL_LOG_WARN, "%s", error_text(&e));
            shell_say(s, SEV_WARN, error_text(&e));
        }
        error_clear(&e);
    }
}
