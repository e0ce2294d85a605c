/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which domains there are: listed once, then kept up by events. The host thread's own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/start_item.h"
#include "base/clock.h"
#include "device/list.h"
#include "virt/private.h"

/* No event tells of another client's config-only edits (libvirt 9.0): definitions are read again this often.
 */
#define DEF_SELECTED_MS 10000
#define DEF_VISIBLE_MS  60000
#define DEF_RETRY_MS    1000
/* A guest that boots gets its address soon; one that has none after a while may never get one. One that
 * stands still gets none. */
#define ADDRESSES_BOOTING_MS 5000
#define ADDRESSES_NONE_MS    30000
#define ADDRESSES_KNOWN_MS   60000
#define BOOTS_WITHIN_MS      180000

static void forget_unplugging(struct dom *d)
{
    for (size_t i = 0; i < d->unplugging.len; i++)
        free(d->unplugging.items[i]);
    vec_clear(&d->unplugging);
}

struct dom *inventory_find(struct host *h, const struct vm_uuid *uuid)
{
    return vmmap_get(&h->table, 0, uuid);
}

/* What counters began at; the figures stay until newer ones come. */
static void dom_forget_bases(struct dom *d)
{
    struct rate *const rates[] = {&d->cpu, &d->rx, &d->tx, &d->rd, &d->wr, &d->rd_ops, &d->wr_ops};
    for (size_t i = 0; i < ARRAY_LEN(rates); i++)
        rate_reset(rates[i]);
    vec_clear(&d->devices);
    d->nic_count = d->disk_count = -1;
}

static void dom_clear_counters(struct dom *d)
{
    dom_forget_bases(d);
    d->vm.cpu = d->vm.rx = d->vm.tx = d->vm.rd = d->vm.wr = d->vm.rd_ops = d->vm.wr_ops = NAN;
}

static struct dom *dom_add(struct host *h, const struct vm_uuid *uuid)
{
    struct dom *d = xcalloc(1, sizeof *d);
    d->uuid = *uuid;
    vm_set_unknown(&d->vm);
    d->vm.uuid = *uuid;
    d->vm.reason = "";
    d->def_wanted = true;
    d->run_id = -1;
    dom_clear_counters(d);
    vmmap_set(&h->table, 0, uuid, d);
    vec_push(&h->doms, d);
    pthread_mutex_lock(&h->lock);
    h->interest_changed = true; /* one that was made anew is on the screen already */
    pthread_mutex_unlock(&h->lock);
    return d;
}

static void dom_free(struct dom *d)
{
    if (d->ptr)
        virDomainFree(d->ptr);
    free(d->vm.name);
    free(d->vm.ip);
    domdef_unref(d->vm.def);
    start_item_unref(d->vm.start);
    device_list_unref(d->vm.devices);
    forget_unplugging(d);
    vec_free(&d->unplugging);
    faults_free(d);
    vec_free(&d->devices);
    free(d);
}

static void dom_remove_at(struct host *h, size_t i)
{
    struct dom *d = h->doms.items[i];
    vmmap_remove(&h->table, 0, &d->uuid);
    history_forget(h->fleet->history, h->id, &d->uuid);
    h->doms.items[i] = h->doms.items[--h->doms.len];
    dom_free(d);
}

static void dom_remove(struct host *h, struct dom *d)
{
    for (size_t i = 0; i < h->doms.len; i++)
        if (h->doms.items[i] == d) {
            dom_remove_at(h, i);
            return;
        }
}

/* It has changed: what was asked for before no longer tells. */
static void want_definition(struct dom *d)
{
    d->def_wanted = true;
    d->def_asked_ms = 0;
    d->def_number++;
}

/* What was known of the QEMU that it had, or will have no more. */
static void dom_forget_run(struct dom *d)
{
    dom_clear_counters(d);
    d->vm.mem_kib = d->vm.uptime_s = NAN;
    d->vm.flags &= ~(unsigned)(VM_AGENT_UP | VM_UPDATED | VM_STUCK);
    d->started_wall_ms = d->started_asked_ms = d->addresses_asked_ms = 0;
    free(d->vm.ip);
    d->vm.ip = NULL;
    want_definition(d); /* live XML instead of the inactive one, or the other way round */
}

void dom_set_id(struct dom *d, virDomainPtr ptr)
{
    unsigned id = virDomainGetID(ptr);
    int now = id == (unsigned)-1 ? -1 : (int)id;
    if (now != -1 && d->run_id != -1 && now != d->run_id)
        dom_forget_run(d); /* restarted, unseen or seen as off by a listing alone: it is another QEMU */
    if (now != -1)
        d->run_id = now;
    d->vm.id = now;
}

/* Takes a reference to the domain as this connection knows it; its name may be new. */
static void dom_adopt(struct dom *d, virDomainPtr ptr)
{
    const char *name = virDomainGetName(ptr);
    if (!d->vm.name || strcmp(d->vm.name, name) != 0) {
        free(d->vm.name);
        d->vm.name = xstrdup(name);
        want_definition(d);
    }
    if (d->ptr)
        virDomainFree(d->ptr);
    d->ptr = ptr;
    dom_set_id(d, ptr);
}

void dom_set_state(struct dom *d, int state, int reason)
{
    if (state < 0 || state >= VM_STATE_COUNT)
        state = VM_NOSTATE;
    bool was_active = vm_state_is_active(d->vm.state), is_active = vm_state_is_active((enum vm_state)state);
    if ((int)d->vm.state != state) {
        d->vm.since_wall_ms = d->vm.sampled_ms ? clock_wall_ms() : 0;
        d->quiet_infos = d->quiet_dears = 0;
    }
    d->vm.state = (enum vm_state)state;
    d->vm.reason_code = reason;
    faults_state_changed(d);
    if (was_active != is_active) {
        dom_forget_run(d);
        forget_unplugging(d); /* what was asked of a machine that is gone */
    }
}

/* A connection that stands but may not list (access rules) looks like an empty host: said once, tried again
 * at the next tick. False: it does not stand. */
static bool tell_no_listing(struct host *h)
{
    struct error e = ERROR_INIT;
    error_from_libvirt(&e, "listing the domains of %s", h->info.uri);
    bool alive = virConnectIsAlive(h->link.conn) == 1;
    if (alive && !h->list_failed)
        fleet_event(h, NULL, NULL, "connection", SEV_ERROR, MARK_NONE, "%s", error_text(&e));
    h->list_failed = alive;
    error_clear(&e);
    return alive;
}

bool inventory_list(struct host *h)
{
    virDomainPtr *list = NULL;
    int n = virConnectListAllDomains(h->link.conn, &list, 0);
    if (n < 0)
        return tell_no_listing(h);
    h->list_failed = false;
    h->listing++;
    for (int i = 0; i < n; i++) {
        struct vm_uuid uuid;
        virDomainGetUUID(list[i], uuid.b);
        struct dom *d = inventory_find(h, &uuid);
        if (!d)
            d = dom_add(h, &uuid);
        dom_adopt(d, list[i]);
        d->seen = h->listing;
    }
    free(list);
    for (size_t i = h->doms.len; i-- > 0;)
        if (h->doms.items[i]->seen != h->listing)
            dom_remove_at(h, i);
    h->relist = false;
    h->flags_ms = 0;
    return true;
}

bool inventory_refresh(struct host *h, const struct vm_uuid *uuid)
{
    struct dom *d = inventory_find(h, uuid);
    virDomainPtr ptr = virDomainLookupByUUID(h->link.conn, uuid->b);
    int state, reason;
    if (!ptr) {
        virErrorPtr e = virGetLastError();
        if (e && e->code == VIR_ERR_NO_DOMAIN && d)
            dom_remove(h, d);
        return virConnectIsAlive(h->link.conn) == 1;
    }
    if (!d)
        d = dom_add(h, uuid);
    d->seen = h->listing;
    dom_adopt(d, ptr);
    if (virDomainGetState(d->ptr, &state, &reason, 0) == 0) {
        dom_set_state(d, state, reason);
        d->vm.sampled_ms = clock_mono_ms();
    }
    int persistent = virDomainIsPersistent(d->ptr);
    if (persistent >= 0)
        d->vm.flags = persistent ? d->vm.flags | VM_PERSISTENT : d->vm.flags & ~(unsigned)VM_PERSISTENT;
    want_definition(d);
    h->flags_ms = 0;
    return true;
}

void inventory_outdated(struct host *h, const struct vm_uuid *uuid)
{
    struct dom *d = inventory_find(h, uuid);
    h->relist = true;
    if (!d)
        return;
    want_definition(d);
}

/* One filtered list per boolean costs one call for all domains instead of one for each. */
static const struct {
    unsigned list_flag, vm_flag;
} flag_lists[] = {
    {VIR_CONNECT_LIST_DOMAINS_PERSISTENT, VM_PERSISTENT},
    {VIR_CONNECT_LIST_DOMAINS_AUTOSTART, VM_AUTOSTART},
    {VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE, VM_MANAGED_SAVE},
    {VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT, VM_HAS_SNAPSHOT},
};

static bool read_flag_list(struct host *h, unsigned list_flag, unsigned vm_flag)
{
    virDomainPtr *list = NULL;
    int n = virConnectListAllDomains(h->link.conn, &list, list_flag);
    if (n < 0)
        return false;
    for (size_t i = 0; i < h->doms.len; i++)
        h->doms.items[i]->vm.flags &= ~vm_flag;
    for (int i = 0; i < n; i++) {
        struct vm_uuid uuid;
        virDomainGetUUID(list[i], uuid.b);
        struct dom *d = inventory_find(h, &uuid);
        if (d)
            d->vm.flags |= vm_flag;
        else
            h->relist = true; /* an event was missed */
        virDomainFree(list[i]);
    }
    free(list);
    return true;
}

bool inventory_flags(struct host *h)
{
    bool all = true;
    for (size_t i = 0; i < ARRAY_LEN(flag_lists); i++)
        all = read_flag_list(h, flag_lists[i].list_flag, flag_lists[i].vm_flag) && all;
    for (size_t i = 0; all && i < h->doms.len; i++)
        h->doms.items[i]->vm.flags |= VM_FLAGS_KNOWN;
    h->flags_ms = clock_mono_ms();
    return virConnectIsAlive(h->link.conn) == 1;
}

void inventory_clear(struct host *h)
{
    for (size_t i = 0; i < h->doms.len; i++) {
        struct dom *d = h->doms.items[i];
        if (d->ptr)
            virDomainFree(d->ptr);
        d->ptr = NULL;
        want_definition(d);
        d->vm.flags &= ~(unsigned)VM_STUCK;
        /* The host may have been started anew meanwhile, and count from 1 again. */
        d->started_asked_ms = d->addresses_asked_ms = 0;
        d->faults_asked = false;
        d->lookups = 0;
        dom_forget_bases(d);
    }
}

void inventory_free(struct host *h)
{
    for (size_t i = 0; i < h->doms.len; i++)
        dom_free(h->doms.items[i]);
    vec_free(&h->doms);
    vmmap_free(&h->table);
}

static bool due(int64_t asked_ms, int64_t now, int64_t every_ms)
{
    return !asked_ms || now - asked_ms >= every_ms;
}

static unsigned address_sources(const struct host *h)
{
    const struct fleet_config *c = &h->fleet->config;
    return (c->addr_lease ? 1u << VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE : 0) |
           (c->addr_agent ? 1u << VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT : 0) |
           (c->addr_arp ? 1u << VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP : 0);
}

static bool has_nic(const struct domdef *def)
{
    for (size_t i = 0; i < def->devices.len; i++)
        if (def->devices.items[i].mac)
            return true;
    return false;
}

static int64_t addresses_again_ms(const struct dom *d)
{
    if (d->vm.ip || d->vm.state != VM_RUNNING)
        return ADDRESSES_KNOWN_MS;
    int64_t since = d->started_wall_ms > d->vm.since_wall_ms ? d->started_wall_ms : d->vm.since_wall_ms;
    return clock_wall_ms() - since < BOOTS_WITHIN_MS ? ADDRESSES_BOOTING_MS : ADDRESSES_NONE_MS;
}

/* Asks for what is not known of one domain, or was known too long ago. */
static void want(struct host *h, struct dom *d, bool selected, int64_t now)
{
    bool looked_at = selected || d->visible;
    bool everything = h->fleet->config.sample_all;
    int64_t again = selected ? DEF_SELECTED_MS : DEF_VISIBLE_MS;
    if (!selected) {
        device_list_unref(d->vm.devices);
        d->vm.devices = NULL;
    } else if (!d->vm.devices && (!d->selected || due(d->def_asked_ms, now, DEF_RETRY_MS))) {
        want_definition(d);
    }
    d->selected = selected;
    bool stuck = d->vm.flags & VM_STUCK;
    bool unasked = !d->def_asked_ms || (stuck && due(d->def_asked_ms, now, DEF_RETRY_MS));
    if (d->def_wanted ? unasked : looked_at && !h->info.remote && due(d->def_asked_ms, now, again)) {
        d->def_asked_ms = now;
        lookup_add(h, LOOKUP_DEFINITION, d, 0, selected);
    }
    faults_want(h, d);
    if (!vm_state_is_active(d->vm.state) || !(looked_at || everything))
        return;
    unsigned sources = address_sources(h);
    if (sources && d->vm.def && has_nic(d->vm.def) &&
        due(d->addresses_asked_ms, now, addresses_again_ms(d))) {
        d->addresses_asked_ms = now;
        lookup_add(h, LOOKUP_ADDRESSES, d, sources, false);
    }
    if (h->link.is_qemu && !h->info.remote && !d->started_asked_ms) {
        d->started_asked_ms = now;
        lookup_add(h, LOOKUP_STARTED, d, 0, false);
    }
}

void inventory_want_definitions(struct host *h, int64_t now)
{
    pthread_mutex_lock(&h->lock);
    struct vm_uuid selected = h->selected;
    pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < h->doms.len; i++)
        if (h->doms.items[i]->ptr)
            want(h, h->doms.items[i], uuid_equal(&h->doms.items[i]->uuid, &selected), now);
}

/* What is no longer among the devices was let go, or went with its machine. */
static void apply_devices(struct dom *d, struct note *note)
{
    if (!note->devices)
        return;
    for (size_t i = d->unplugging.len; i-- > 0;) {
        const struct device_entry *entry = device_list_find(note->devices, d->unplugging.items[i]);
        if (entry && entry->is_live)
            continue;
        free(d->unplugging.items[i]);
        vec_remove(&d->unplugging, i);
    }
    device_list_mark_unplug(note->devices, (const char *const *)d->unplugging.items, d->unplugging.len);
    device_list_unref(d->vm.devices);
    d->vm.devices = note->devices;
    note->devices = NULL;
}

static void add_unplugging(struct dom *d, struct note *note)
{
    for (size_t i = 0; i < d->unplugging.len; i++)
        if (strcmp(d->unplugging.items[i], note->text) == 0)
            return;
    vec_push(&d->unplugging, note->text);
    note->text = NULL;
}

static void apply_definition(struct dom *d, struct note *note)
{
    /* Two threads look things up: an answer may come behind a newer one, or before the one that is wanted. */
    if (note->number < d->def_known)
        return;
    d->vm.flags = note->stuck ? d->vm.flags | VM_STUCK : d->vm.flags & ~(unsigned)VM_STUCK;
    if (note->stuck)
        return;
    d->def_known = note->number;
    apply_devices(d, note);
    d->def_wanted = note->number != d->def_number;
    if (!note->def)
        return;
    domdef_unref(d->vm.def);
    d->vm.def = note->def;
    note->def = NULL;
    start_item_unref(d->vm.start);
    d->vm.start = note->start;
    note->start = NULL;
    faults_word(d);
    d->vm.vcpus_max = d->vm.def->vcpus_max;
    d->vm.flags &= ~(unsigned)(VM_AGENT_UP | VM_UPDATED | VM_AUTOSTART_ONCE);
    d->vm.flags |= (d->vm.def->agent_up ? VM_AGENT_UP : 0) | (note->updated ? VM_UPDATED : 0) |
                   (note->once ? VM_AUTOSTART_ONCE : 0);
    /* Statistics in bulk do not tell how many there are; virDomainGetInfo, where it is asked, comes later. */
    d->vm.vcpus = d->vm.def->vcpus;
    if (!vm_state_is_active(d->vm.state))
        d->vm.maxmem_kib = d->vm.def->maxmem_kib;
}

static const unsigned lookup_of_note[] = {
    [NOTE_CHANGED] = 0,
    [NOTE_REDEFINED] = 0,
    [NOTE_FLAGS] = 0,
    [NOTE_DEFINITION] = 1u << LOOKUP_DEFINITION,
    [NOTE_ADDRESSES] = 1u << LOOKUP_ADDRESSES,
    [NOTE_STARTED_AT] = 1u << LOOKUP_STARTED,
    [NOTE_UNPLUG] = 0,
    [NOTE_FAULTS] = 1u << LOOKUP_FAULTS,
    [NOTE_IO_ERROR] = 0,
};

void inventory_apply(struct host *h, struct note *note)
{
    struct dom *d = inventory_find(h, &note->uuid);
    if (note->type == NOTE_FLAGS)
        h->flags_ms = 0;
    /* Answers of an earlier connection no longer count; a generation of 0 is a wish, not an answer. */
    if (!d || (note->generation && note->generation != h->generation))
        return;
    if (note->generation)
        d->lookups &= ~lookup_of_note[note->type];
    if (note->type == NOTE_DEFINITION) {
        apply_definition(d, note);
    } else if (note->type == NOTE_ADDRESSES && note->generation) {
        free(d->vm.ip);
        d->vm.ip = note->text;
        note->text = NULL;
    } else if (note->type == NOTE_ADDRESSES && d->ptr) {
        lookup_add(h, LOOKUP_ADDRESSES, d, ~0u, false); /* a person asks: every source */
    } else if (note->type == NOTE_REDEFINED) {
        d->redefined = true;
    } else if (note->type == NOTE_UNPLUG) {
        add_unplugging(d, note);
        want_definition(d);
    } else if (note->type == NOTE_STARTED_AT) {
        d->started_wall_ms = note->wall_ms;
    } else if (note->type == NOTE_IO_ERROR) {
        faults_happened(h, d, note);
    } else if (note->type == NOTE_FAULTS) {
        faults_answered(d, note);
    }
}
