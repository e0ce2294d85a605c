/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * After the host has slept: the networks that running domains need, their clocks, their health.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/format.h"
#include "virt/supervise_private.h"

static void want_network(struct supervisor *s, const char *name)
{
    char *need = xasprintf("network:%s", name);
    bool queued = false;
    for (size_t i = 0; i < s->subs.len && !queued; i++)
        queued = s->subs.items[i].kind == SUB_NEED && strcmp(s->subs.items[i].text, need) == 0;
    if (!queued)
        supervise_queue(s, SUB_NEED, NULL, need);
    free(need);
}

static void want_networks(struct supervisor *s, const struct watched *w)
{
    const struct policy_value *more = policy_value(&w->item->policy, NULL, POLICY_NEEDS);
    for (size_t i = 0; i < w->item->needs.len; i++)
        if (w->item->needs.items[i].kind == NEED_NETWORK)
            want_network(s, w->item->needs.items[i].name);
    for (size_t i = 0; i < more->items.len; i++) {
        struct need need;
        if (!need_read(more->items.items[i], &need, NULL))
            continue;
        if (need.kind == NEED_NETWORK)
            want_network(s, need.name);
        need_clear(&need);
    }
}

static void wake_domain(struct supervisor *s, const struct watched *w)
{
    if (!w->active || !w->item || !w->item->policy.present)
        return;
    want_networks(s, w);
    if (w->running &&
        policy_number(&w->item->policy, supervise_defaults(s, w), POLICY_ON_WAKE) == WAKE_TIME_SYNC)
        supervise_queue(s, SUB_TIME, w, NULL);
}

void supervise_wake(struct supervisor *s)
{
    struct vmmap_slot *slot;
    int64_t slept = sleep_watch_look(&s->sleep, supervise_now(), clock_mono_ms());
    if (!slept)
        return;
    struct strbuf span = {0};
    format_duration(&span, (double)slept / 1000, false);
    supervise_tell(s, NULL, "woke", SEV_INFO, "the host has slept for %s", strbuf_str(&span));
    strbuf_free(&span);
    guard_woke(s->guard, supervise_now(), true);
    for (size_t i = 0; (slot = vmmap_next(&s->watched, &i));)
        wake_domain(s, slot->value);
}
