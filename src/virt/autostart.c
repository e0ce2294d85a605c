/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is known of starting with a host (autostart/view.h), worked out by a lookup thread while somebody
 * asks for it: from the newest snapshot, the host's networks and pools, and its files.
 */
#include "autostart/view.h"

#include <stdlib.h>
#include "base/clock.h"
#include "virt/private.h"

/* At the earliest, however often something changes; and it takes no more than this part of a thread's time.
 */
#define LEAST_MS 300
#define REST     10

/* ---- networks and pools: by two lists each, without a call for each of them ---- */

static bool take_networks(struct host_resources *r, virConnectPtr conn, bool active)
{
    virNetworkPtr *all = NULL;
    int n = virConnectListAllNetworks(
        conn, &all, active ? VIR_CONNECT_LIST_NETWORKS_ACTIVE : VIR_CONNECT_LIST_NETWORKS_INACTIVE);
    for (int i = 0; i < n; i++) {
        resources_add(r, (struct resource){.kind = RESOURCE_NETWORK,
                                           .name = xstrdup(virNetworkGetName(all[i])),
                                           .active = active});
        virNetworkFree(all[i]);
    }
    free(all);
    return n >= 0;
}

static bool take_pools(struct host_resources *r, virConnectPtr conn, bool active)
{
    virStoragePoolPtr *all = NULL;
    int n = virConnectListAllStoragePools(
        conn, &all, active ? VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE : VIR_CONNECT_LIST_STORAGE_POOLS_INACTIVE);
    for (int i = 0; i < n; i++) {
        resources_add(r, (struct resource){.kind = RESOURCE_POOL,
                                           .name = xstrdup(virStoragePoolGetName(all[i])),
                                           .active = active});
        virStoragePoolFree(all[i]);
    }
    free(all);
    return n >= 0;
}

/* NULL: there is no connection. */
static struct host_resources *read_needs(struct host *h)
{
    bool is_qemu;
    virConnectPtr conn = host_act_conn(h, &is_qemu);
    if (!conn)
        return NULL;
    struct host_resources *r = resources_new();
    bool on = take_networks(r, conn, true), off = take_networks(r, conn, false);
    r->known[RESOURCE_NETWORK] = on && off;
    on = take_pools(r, conn, true);
    off = take_pools(r, conn, false);
    r->known[RESOURCE_POOL] = on && off;
    r->read_ms = clock_mono_ms();
    virResetLastError();
    virConnectClose(conn);
    return r;
}

/* ---- the view ---- */

struct autostart_view *autostart_read(struct host *h)
{
    int64_t begun = clock_mono_ms();
    struct host_resources *needs = read_needs(h);
    pthread_mutex_lock(&h->lock);
    struct snapshot *snap = snapshot_ref(h->latest);
    pthread_mutex_unlock(&h->lock);
    struct survey survey = {0};
    survey_take(&survey, snap, needs, "");
    resources_unref(needs);
    snapshot_unref(snap);
    struct autostart_view *view = autostart_view_make(&survey);
    /* Looking at the host's files takes a while: what it says of domains is as old as the snapshot. */
    view->read_ms = begun;
    return view;
}

void autostart_update(struct host *h)
{
    int64_t begun = clock_mono_ms();
    pthread_mutex_lock(&h->lock);
    uint64_t changes = h->changes, definitions = h->definitions;
    pthread_mutex_unlock(&h->lock);
    struct autostart_view *fresh = autostart_read(h), *old;
    int64_t now = clock_mono_ms(), rest = (now - begun) * REST;
    pthread_mutex_lock(&h->lock);
    old = h->autostart;
    h->autostart = fresh;
    h->autostart_changes = changes;
    h->autostart_definitions = definitions;
    h->autostart_again_ms = now + (rest > LEAST_MS ? rest : LEAST_MS);
    h->autostart_state = RESOURCES_IDLE;
    pthread_mutex_unlock(&h->lock);
    autostart_view_unref(old);
    fleet_signal(h->fleet);
}

struct autostart_view *fleet_autostart(struct fleet *f, int host, int64_t max_age_ms)
{
    struct host *h = f->hosts.items[host];
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&h->lock);
    bool stale = !h->autostart || now - h->autostart->read_ms > max_age_ms ||
                 h->changes != h->autostart_changes || h->definitions != h->autostart_definitions;
    if (stale && h->act_conn && h->autostart_state == RESOURCES_IDLE && now >= h->autostart_again_ms) {
        h->autostart_state = RESOURCES_WANTED;
        pthread_cond_signal(&h->lookup_wake);
    }
    struct autostart_view *v = autostart_view_ref(h->autostart);
    pthread_mutex_unlock(&h->lock);
    return v;
}
