/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/facts.h"

#include <libvirt/virterror.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/log.h"
#include "device/machine.h"
#include "model/xml.h"
#include "virt/private.h"

/* Each costs a call; a host with more domains than this is asked of its own by libvirt when they start. */
#define MAX_OTHERS 500
/* Of all pools together. */
#define MAX_VOLUMES 20000
/* A call on a domain that lasts longer may never end; a look at the statistics takes less. */
#define CALL_ENDS_MS 1000
#define LOOK_MS      50
/* libvirt's own number. */
#define XML_WAITS_FROM 11000000

/* What libvirt printed, parsed; NULL (and the log says why) when it can't be. Frees the text. */
static xmlDocPtr parse_reply(char *text, const char *what)
{
    struct error e = ERROR_INIT;
    xmlDocPtr doc = text ? xml_parse(text, strlen(text), &e) : NULL;
    if (text && !doc)
        log_write(LEVEL_LOG_WARN, "%s: %s", what, error_text(&e));
    error_clear(&e);
    free(text);
    return doc;
}

bool facts_local(virConnectPtr conn)
{
    const char *type = virConnectGetType(conn);
    char *uri = virConnectGetURI(conn);
    /* The test driver's paths are made up. */
    bool local = uri && type && strcmp(type, "TEST") != 0 && !uri_is_remote(uri);
    free(uri);
    return local;
}

static void gather_host(struct facts *f, virConnectPtr conn)
{
    virNodeInfo info;
    const char *type = virConnectGetType(conn);
    f->is_qemu = type && strcmp(type, "QEMU") == 0;
    f->local = facts_local(conn);
    if (virConnectGetLibVersion(conn, &f->libvirt) < 0)
        f->libvirt = 0;
    if (virConnectGetVersion(conn, &f->hypervisor) < 0)
        f->hypervisor = 0;
    if (virNodeGetInfo(conn, &info) == 0) {
        f->memory_kib = info.memory;
        f->cpus = info.cpus;
    }
    f->hostcaps = parse_reply(virConnectGetCapabilities(conn), "capabilities");
}

/* ---- networks and pools ---- */

bool facts_networks(struct facts *f, virConnectPtr conn)
{
    virNetworkPtr *all = NULL;
    int n = virConnectListAllNetworks(conn, &all, 0);
    for (int i = 0; i < n; i++) {
        struct fact_resource r = {.name = xstrdup(virNetworkGetName(all[i])),
                                  .active = virNetworkIsActive(all[i]) == 1};
        vec_push(&f->networks, r);
        virNetworkFree(all[i]);
    }
    free(all);
    return f->networks_known = n >= 0;
}

static void add_volume(struct facts *f, const char *pool, virStorageVolPtr vol)
{
    virStorageVolInfo info = {0};
    struct fact_volume v = {
        .pool = xstrdup(pool), .name = xstrdup(virStorageVolGetName(vol)), .path = virStorageVolGetPath(vol)};
    if (virStorageVolGetInfo(vol, &info) == 0) {
        v.capacity = info.capacity;
        v.allocation = info.allocation;
    }
    vec_push(&f->volumes, v);
}

static void list_volumes(struct facts *f, virStoragePoolPtr pool)
{
    virStorageVolPtr *all = NULL;
    int n = virStoragePoolListAllVolumes(pool, &all, 0);
    for (int i = 0; i < n; i++) {
        if (f->volumes.len < MAX_VOLUMES)
            add_volume(f, virStoragePoolGetName(pool), all[i]);
        virStorageVolFree(all[i]);
    }
    free(all);
}

bool facts_pools(struct facts *f, virConnectPtr conn)
{
    virStoragePoolPtr *all = NULL;
    int n = virConnectListAllStoragePools(conn, &all, 0);
    for (int i = 0; i < n; i++) {
        struct fact_resource r = {.name = xstrdup(virStoragePoolGetName(all[i])),
                                  .active = virStoragePoolIsActive(all[i]) == 1};
        vec_push(&f->pools, r);
        if (r.active)
            list_volumes(f, all[i]);
        virStoragePoolFree(all[i]);
    }
    free(all);
    return f->pools_known = n >= 0;
}

/* ---- devices of the host ---- */

static unsigned number_of(xmlNodePtr node, const char *path)
{
    char *text = xml_get(node, path);
    unsigned n = text ? (unsigned)strtoul(text, NULL, 0) : 0;
    free(text);
    return n;
}

static char *label_of(xmlNodePtr cap)
{
    char *vendor = xml_get(cap, "vendor"), *product = xml_get(cap, "product");
    char *label =
        xasprintf("%s%s%s", vendor ? vendor : "", vendor && product ? " " : "", product ? product : "");
    free(vendor);
    free(product);
    return label;
}

static void add_pci(struct facts *f, xmlNodePtr device, xmlNodePtr cap)
{
    struct fact_hostdev d = {.iommu_group = -1};
    d.id = xasprintf("%04x:%02x:%02x.%x", number_of(cap, "domain"), number_of(cap, "bus"),
                     number_of(cap, "slot"), number_of(cap, "function"));
    d.address = xstrdup(d.id);
    d.label = label_of(cap);
    d.driver = xml_get(device, "driver/name");
    if (xml_find(cap, "iommuGroup"))
        d.iommu_group = (int)number_of(cap, "iommuGroup@number");
    vec_push(&f->hostdevs, d);
}

static void add_usb(struct facts *f, xmlNodePtr device, xmlNodePtr cap)
{
    struct fact_hostdev d = {.usb = true, .iommu_group = -1};
    d.id = xasprintf("%04x:%04x", number_of(cap, "vendor@id"), number_of(cap, "product@id"));
    d.address = xasprintf("bus %u device %u", number_of(cap, "bus"), number_of(cap, "device"));
    d.label = label_of(cap);
    d.driver = xml_get(device, "driver/name");
    vec_push(&f->hostdevs, d);
}

static void add_hostdev(struct facts *f, virNodeDevicePtr dev)
{
    xmlDocPtr doc = parse_reply(virNodeDeviceGetXMLDesc(dev, 0), "device of the host");
    xmlNodePtr device = doc ? xmlDocGetRootElement(doc) : NULL;
    xmlNodePtr cap = xml_child(device, "capability");
    if (xml_get_is(cap, "@type", "pci"))
        add_pci(f, device, cap);
    else if (xml_get_is(cap, "@type", "usb_device"))
        add_usb(f, device, cap);
    xmlFreeDoc(doc);
}

bool facts_hostdevs(struct facts *f, virConnectPtr conn)
{
    virNodeDevicePtr *all = NULL;
    int n = virConnectListAllNodeDevices(
        conn, &all, VIR_CONNECT_LIST_NODE_DEVICES_CAP_PCI_DEV | VIR_CONNECT_LIST_NODE_DEVICES_CAP_USB_DEV);
    for (int i = 0; i < n; i++) {
        add_hostdev(f, all[i]);
        virNodeDeviceFree(all[i]);
    }
    free(all);
    return f->hostdevs_known = n >= 0;
}

/* ---- other domains ---- */

static bool xml_waits(virDomainPtr dom)
{
    unsigned long libvirt = 0;
    return virConnectGetLibVersion(virDomainGetConnect(dom), &libvirt) == 0 && libvirt >= XML_WAITS_FROM;
}

bool domain_keeps_waiting(virDomainPtr dom)
{
    virDomainControlInfo info;
    /* One that has only just begun may be any: it is given the time in which calls end. */
    for (int waited_ms = 0; waited_ms <= CALL_ENDS_MS + LOOK_MS; waited_ms += LOOK_MS) {
        if (virDomainGetID(dom) == (unsigned)-1 || virDomainGetControlInfo(dom, &info, 0) < 0 ||
            info.state != VIR_DOMAIN_CONTROL_OCCUPIED || !xml_waits(dom))
            return false;
        if (info.stateTime >= CALL_ENDS_MS)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
    }
    return false;
}

/* False: it has gone. */
static bool read_other(virDomainPtr dom, struct fact_domain *d)
{
    const char *name = virDomainGetName(dom);
    d->active = virDomainGetID(dom) != (unsigned)-1;
    d->stuck = d->active && domain_keeps_waiting(dom);
    char *xml = d->stuck ? NULL : virDomainGetXMLDesc(dom, 0);
    virErrorPtr e = xml || d->stuck ? NULL : virGetLastError();
    if (e && e->code == VIR_ERR_NO_DOMAIN)
        return false;
    d->name = xstrdup(name);
    d->doc = parse_reply(xml, name);
    return true;
}

bool facts_others(struct facts *f, virConnectPtr conn, const struct vm_uuid *self, unsigned flags)
{
    virDomainPtr *all = NULL;
    int n = virConnectListAllDomains(conn, &all, flags);
    f->others_known = n >= 0 && n <= MAX_OTHERS;
    for (int i = 0; i < n; i++) {
        struct fact_domain d = {.name = NULL};
        bool other = virDomainGetUUID(all[i], d.uuid.b) == 0 && !(self && uuid_equal(self, &d.uuid));
        if (f->others_known && other && read_other(all[i], &d))
            vec_push(&f->others, d);
        virDomainFree(all[i]);
    }
    free(all);
    return f->others_known;
}

/* ---- all of it ---- */

void facts_gather(struct facts *out, virConnectPtr conn, xmlNodePtr domain, const struct vm_uuid *self)
{
    struct machine m;
    gather_host(out, conn);
    machine_read(domain, &m);
    char *caps = virConnectGetDomainCapabilities(conn, m.emulator, m.arch, m.type, m.virt, 0);
    machine_clear(&m);
    out->domcaps = parse_reply(caps, "domain capabilities");
    facts_networks(out, conn);
    facts_pools(out, conn);
    facts_hostdevs(out, conn);
    facts_others(out, conn, self, 0);
    virResetLastError();
}

/* Errors that say something of the call or the connection, and nothing of the definition. */
static bool is_about_the_call(const virError *e)
{
    static const int codes[] = {
        VIR_ERR_NO_SUPPORT, VIR_ERR_OPERATION_DENIED,  VIR_ERR_ACCESS_DENIED,    VIR_ERR_INVALID_ARG,
        VIR_ERR_RPC,        VIR_ERR_AUTH_UNAVAILABLE,  VIR_ERR_INVALID_CONN,     VIR_ERR_NO_MEMORY,
        VIR_ERR_NO_CONNECT, VIR_ERR_OPERATION_INVALID, VIR_ERR_OPERATION_TIMEOUT};
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (e->code == codes[i])
            return true;
    return e->domain == VIR_FROM_RPC || e->domain == VIR_FROM_REMOTE;
}

/* Devices of the host are looked up when a domain starts, and not for a trial: it refuses them where they are
 * fine, and a NIC of the host's makes libvirtd 9.0 crash. The text without them; the caller frees. */
static char *without_host_devices(const char *domain_xml)
{
    xmlDocPtr doc = xml_parse_element(domain_xml, "domain", NULL);
    xmlNodePtr devices = doc ? xml_child(xmlDocGetRootElement(doc), "devices") : NULL, next = NULL;
    for (xmlNodePtr d = devices ? devices->children : NULL; d; d = next) {
        next = d->next;
        if (xml_is(d, "hostdev") || (xml_is(d, "interface") && xml_get_is(d, "@type", "hostdev"))) {
            xmlUnlinkNode(d);
            xmlFreeNode(d);
        }
    }
    char *text = doc ? xml_print(doc) : xstrdup(domain_xml);
    xmlFreeDoc(doc);
    return text;
}

/* What libvirt says against it; NULL: nothing. The caller frees. *tried: it was asked. */
static char *dry_run(virConnectPtr conn, const char *domain_xml, bool *tried)
{
    char *text = without_host_devices(domain_xml);
    char *native = virConnectDomainXMLToNative(conn, "qemu-argv", text, 0);
    virErrorPtr e = native ? NULL : virGetLastError();
    char *said = e && e->message && !is_about_the_call(e) ? xstrdup(e->message) : NULL;
    *tried = native || said;
    free(native);
    free(text);
    virResetLastError();
    return said;
}

bool facts_dry_run(struct facts *f, virConnectPtr conn, const char *domain_xml)
{
    bool tried;
    free(f->native_error);
    f->native_error = dry_run(conn, domain_xml, &tried);
    return tried;
}

void facts_dry_run_change(struct facts *f, virConnectPtr conn, const char *before_xml, const char *after_xml)
{
    bool tried;
    facts_dry_run(f, conn, after_xml);
    char *old = f->native_error && before_xml ? dry_run(conn, before_xml, &tried) : NULL;
    if (old && strcmp(old, f->native_error) == 0) {
        free(f->native_error);
        f->native_error = NULL;
    }
    free(old);
}
