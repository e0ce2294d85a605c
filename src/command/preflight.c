/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking before a start, and the wait for what is known of other domains, which a start wants to compare
 * with.
 */
#include "command/preflight.h"

#include "base/clock.h"
#include "command/families.h"
#include "command/private.h"
#include "virt/preflight.h"

#define PATIENCE_MS 5000

struct knowing {
    struct call *call;
};

/* The definitions of all domains of the targets' hosts were read, or can't be. */
static bool known(void *arg)
{
    const struct knowing *k = arg;
    bool all = true;
    for (size_t i = 0; i < k->call->targets.len && all; i++) {
        struct snapshot *snap = fleet_snapshot(k->call->session->fleet, k->call->targets.items[i].host);
        all = snap->host.details_pending == 0;
        snapshot_unref(snap);
    }
    return all;
}

bool wait_for_definitions(struct call *call, int patience_ms, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    struct knowing k = {call};
    return !f->wait || known(&k) || f->wait(f->ctx, -1, known, &k, clock_mono_ms() + patience_ms, e);
}

static bool run_preflight(struct call *call, struct error *e)
{
    const struct session *s = call->session;
    if (!wait_for_definitions(call, PATIENCE_MS, e))
        return false;
    for (size_t i = 0; i < call->targets.len; i++) {
        const struct target *t = &call->targets.items[i];
        s->frontend->follow(s->frontend->ctx,
                            fleet_submit(s->fleet, t->host, &t->uuid, t->name, &preflight_job, NULL));
    }
    return true;
}

static const struct command rows[] = {
    {.name = "preflight",
     .summary = "tell whether domains can start, and what stands in the way",
     .detail =
         "Looks, without changing anything, at what the next start needs: networks and pools, images (there, "
         "usable by QEMU's user, not locked, based on what is there, undamaged), kernel and firmware, "
         "machine type, "
         "CPU and virtualization, ports, memory, secrets, addresses and devices that others have. Each check "
         "says "
         "yes, no or unknown: what can't be looked at, such as the files of a remote host, is never taken "
         "for fine. "
         "What stands in the way is named with what helps. Every start looks first in the same way: an error "
         "stops "
         "it (`start --force` starts all the same), a warning is told. Exit status 1: there is an error. "
         "With "
         "--json: {\"domain\",\"ok\",\"findings\":[{\"id\",\"severity\",\"text\",\"remedy\",\"complete\"}],"
         "\"checks\":"
         "[{\"id\",\"asks\",\"answer\",\"why\"}]}; for several domains an array of these.",
     .flags = COMMAND_TARGETS | COMMAND_MANY,
     .args =
         {{.name = "VM", .kind = ARG_TARGET, .repeat = true, .help = "name, UUID, id, pattern or filter"}},
     .run = run_preflight},
};

const struct command_table preflight_commands = {rows, ARRAY_LEN(rows)};
