/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a host has to choose from (model/resources.h), read by a lookup thread while somebody asks for it.
 */
#include "model/resources.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "model/xml.h"
#include "virt/facts.h"
#include "virt/private.h"

/* Older than this it is read anew when somebody asks. */
#define FRESH_MS 30000

/* ---- from facts ---- */

static void take_named(struct host_resources *r, enum resource_kind kind, const struct fact_resource *items,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct resource item = {.kind = kind, .name = xstrdup(items[i].name), .active = items[i].active};
        item.note = xstrdup(item.active ? "" : "not active");
        resources_add(r, item);
    }
}

static void take_volumes(struct host_resources *r, const struct facts *f)
{
    for (size_t i = 0; i < f->volumes.len; i++) {
        const struct fact_volume *v = &f->volumes.items[i];
        struct resource item = {.kind = RESOURCE_VOLUME,
                                .name = xasprintf("%s/%s", v->pool, v->name),
                                .path = xstrdup(v->path),
                                .active = true,
                                .capacity = v->capacity,
                                .allocation = v->allocation};
        resources_add(r, item);
    }
}

static char *hostdev_note(const struct fact_hostdev *d)
{
    struct strbuf note = {0};
    strbuf_puts(&note, d->label ? d->label : "");
    if (d->usb)
        strbuf_printf(&note, "%s%s", note.len ? ", " : "", d->address);
    if (!d->usb && d->iommu_group >= 0)
        strbuf_printf(&note, "%sIOMMU group %d", note.len ? ", " : "", d->iommu_group);
    if (!d->usb && d->driver)
        strbuf_printf(&note, "%sdriver %s", note.len ? ", " : "", d->driver);
    return strbuf_steal(&note);
}

static void take_hostdevs(struct host_resources *r, const struct facts *f)
{
    for (size_t i = 0; i < f->hostdevs.len; i++) {
        const struct fact_hostdev *d = &f->hostdevs.items[i];
        struct resource item = {.kind = d->usb ? RESOURCE_USB : RESOURCE_PCI,
                                .name = xstrdup(d->id),
                                .note = hostdev_note(d),
                                .active = true,
                                .iommu_group = d->iommu_group};
        resources_add(r, item);
    }
}

/* ---- bridges: of networks, of libvirt's interface driver where it has one, of this machine ---- */

static void add_bridge(struct host_resources *r, const char *name, const char *note)
{
    for (size_t i = 0; i < r->items.len; i++)
        if (r->items.items[i].kind == RESOURCE_BRIDGE && strcmp(r->items.items[i].name, name) == 0)
            return;
    struct resource item = {
        .kind = RESOURCE_BRIDGE, .name = xstrdup(name), .note = xstrdup(note), .active = true};
    resources_add(r, item);
}

static bool read_network_bridges(struct host_resources *r, virConnectPtr conn)
{
    virNetworkPtr *all = NULL;
    int n = virConnectListAllNetworks(conn, &all, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
    for (int i = 0; i < n; i++) {
        char *bridge = virNetworkGetBridgeName(all[i]);
        char *note = xasprintf("of the network %s", virNetworkGetName(all[i]));
        if (bridge)
            add_bridge(r, bridge, note);
        free(bridge);
        free(note);
        virNetworkFree(all[i]);
    }
    free(all);
    return n >= 0;
}

static bool is_bridge(virInterfacePtr iface)
{
    char *xml = virInterfaceGetXMLDesc(iface, 0);
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    bool bridge = doc && xml_get_is(xmlDocGetRootElement(doc), "@type", "bridge");
    xmlFreeDoc(doc);
    free(xml);
    return bridge;
}

static bool read_interface_bridges(struct host_resources *r, virConnectPtr conn)
{
    virInterfacePtr *all = NULL;
    int n = virConnectListAllInterfaces(conn, &all, VIR_CONNECT_LIST_INTERFACES_ACTIVE);
    for (int i = 0; i < n; i++) {
        if (is_bridge(all[i]))
            add_bridge(r, virInterfaceGetName(all[i]), "");
        virInterfaceFree(all[i]);
    }
    free(all);
    return n >= 0;
}

static bool read_local_bridges(struct host_resources *r)
{
    DIR *dir = opendir("/sys/class/net");
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char *path = xasprintf("/sys/class/net/%s/bridge", entry->d_name);
        if (entry->d_name[0] != '.' && access(path, F_OK) == 0)
            add_bridge(r, entry->d_name, "");
        free(path);
    }
    if (dir)
        closedir(dir);
    return dir != NULL;
}

/* ---- all of it ---- */

static struct host_resources *read_all(virConnectPtr conn)
{
    struct host_resources *r = resources_new();
    struct facts f = {0};
    r->known[RESOURCE_NETWORK] = facts_networks(&f, conn);
    r->known[RESOURCE_POOL] = r->known[RESOURCE_VOLUME] = facts_pools(&f, conn);
    r->known[RESOURCE_USB] = r->known[RESOURCE_PCI] = facts_hostdevs(&f, conn);
    take_named(r, RESOURCE_NETWORK, f.networks.items, f.networks.len);
    take_named(r, RESOURCE_POOL, f.pools.items, f.pools.len);
    take_volumes(r, &f);
    take_hostdevs(r, &f);
    facts_clear(&f);
    bool of_networks = read_network_bridges(r, conn), of_interfaces = read_interface_bridges(r, conn);
    bool local = facts_local(conn) && read_local_bridges(r);
    r->known[RESOURCE_BRIDGE] = of_networks || of_interfaces || local;
    resources_sort(r);
    r->read_ms = clock_mono_ms();
    virResetLastError();
    return r;
}

void resources_update(struct host *h)
{
    bool is_qemu;
    virConnectPtr conn = host_act_conn(h, &is_qemu);
    struct host_resources *fresh = conn ? read_all(conn) : NULL, *old = fresh;
    pthread_mutex_lock(&h->lock);
    if (fresh) {
        old = h->resources;
        h->resources = fresh;
    }
    h->resources_state = RESOURCES_IDLE;
    pthread_mutex_unlock(&h->lock);
    resources_unref(old);
    if (conn)
        virConnectClose(conn);
    fleet_signal(h->fleet);
}

struct host_resources *fleet_resources(struct fleet *f, int host)
{
    struct host *h = f->hosts.items[host];
    pthread_mutex_lock(&h->lock);
    bool stale = !h->resources || clock_mono_ms() - h->resources->read_ms > FRESH_MS;
    if (stale && h->act_conn && h->resources_state == RESOURCES_IDLE) {
        h->resources_state = RESOURCES_WANTED;
        pthread_cond_signal(&h->lookup_wake);
    }
    struct host_resources *r = resources_ref(h->resources);
    pthread_mutex_unlock(&h->lock);
    return r;
}
