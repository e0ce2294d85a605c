/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What two domains can't have at the same time, and what is passed through of the host.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/text.h"
#include "device/check.h"
#include "device/kinds.h"
#include "model/xml.h"
#include "preflight/row.h"

static xmlNodePtr domain_of(const struct looking *l)
{
    return xmlDocGetRootElement(l->in->doc);
}

/* ---- addresses ---- */

typedef const char *value_fn(const struct vm_device *d);

static const char *mac_of(const struct vm_device *d)
{
    return d->mac;
}

/* "cid=7"; one that libvirt chooses clashes with nobody. */
static const char *cid_of(const struct vm_device *d)
{
    return strcmp(d->kind->id, "vsock") == 0 ? d->source : NULL;
}

static bool has_value(const struct domdef *def, value_fn *value, const char *wanted)
{
    for (size_t i = 0; def && i < def->devices.len; i++) {
        const char *v = value(&def->devices.items[i]);
        if (v && strcasecmp(v, wanted) == 0)
            return true;
    }
    return false;
}

/* Those that run go first. NULL: none. *known: all others were looked at. */
static const struct vm *other_with(const struct looking *l, value_fn *value, const char *wanted, bool *known)
{
    const struct vm *off = NULL;
    *known = l->in->domains != NULL;
    for (size_t i = 0; l->in->domains && i < l->in->domains->n_vms; i++) {
        const struct vm *vm = &l->in->domains->vms[i];
        if (uuid_equal(&vm->uuid, &l->in->uuid))
            continue;
        *known = *known && vm->def;
        if (!has_value(vm->def, value, wanted))
            continue;
        if (preflight_runs(l->in, vm))
            return vm;
        off = vm;
    }
    return off;
}

static void look_value(struct looking *l, xmlNodePtr device, value_fn *value, const char *wanted,
                       const char *what, enum severity while_active, const char *assignment)
{
    bool known;
    const struct vm *vm = other_with(l, value, wanted, &known);
    bool runs = vm && preflight_runs(l->in, vm);
    if (vm)
        look_no(l, runs ? while_active : SEV_WARN,
                assignment ? remedy_device(l, device, assignment) : remedy_ours(l, "edit", ""),
                "%s %s is %s's, too, which %s", what, wanted, vm->name, runs ? "runs" : "is off");
    else if (!known)
        look_unknown(l, "the definitions of other domains are not all known");
    else
        look_fine(l);
}

static void look_macs(struct looking *l)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain_of(l), "interface", d));) {
        char *mac = xml_get(d, "mac@address");
        if (mac)
            look_value(l, d, mac_of, mac, "the MAC address", SEV_WARN, NULL);
        free(mac);
    }
}

static void look_cids(struct looking *l)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain_of(l), "vsock", d));) {
        char *cid = xml_get_is(d, "cid@auto", "yes") ? NULL : xml_get(d, "cid@address");
        char *wanted = cid ? xasprintf("cid=%s", cid) : NULL;
        if (wanted)
            look_value(l, d, cid_of, wanted, "the vsock address", SEV_ERROR, "cid=auto");
        free(cid);
        free(wanted);
    }
}

/* ---- devices of the host ---- */

static bool passes_through(const struct looking *l)
{
    return device_next(domain_of(l), "hostdev", NULL) != NULL;
}

static const char no_list[] = "libvirt does not list the host's devices";

/* A host without any device of a bus is one that libvirt can't list them on. */
static bool lists_bus(const struct facts *f, bool usb)
{
    for (size_t i = 0; f->hostdevs_known && i < f->hostdevs.len; i++)
        if (f->hostdevs.items[i].usb == usb)
            return true;
    return false;
}

static void look_hostdevs(struct looking *l)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain_of(l), "hostdev", d));) {
        bool usb = xml_get_is(d, "@type", "usb"), pci = xml_get_is(d, "@type", "pci");
        if (!usb && !pci)
            look_unknown(l, "only devices on PCI and USB are looked for");
        else if (!lists_bus(l->in->facts, usb))
            look_unknown(l, "%s", no_list);
    }
    if (passes_through(l))
        look_check(l, "hostdev-missing", l->in->facts->hostdevs_known, no_list);
}

/* Of several sticks of one model libvirt takes one that is free, unless the definition says which. */
static bool has_twins(const struct looking *l)
{
    const struct facts *f = l->in->facts;
    for (xmlNodePtr d = NULL; (d = device_next(domain_of(l), "hostdev", d));)
        if (xml_get_is(d, "@type", "usb") && !xml_find(d, "source/address"))
            for (size_t i = 0; i < f->hostdevs.len; i++)
                for (size_t k = 0; k < i; k++)
                    if (f->hostdevs.items[i].usb && f->hostdevs.items[k].usb &&
                        strcmp(f->hostdevs.items[i].id, f->hostdevs.items[k].id) == 0)
                        return true;
    return false;
}

static void look_hostdevs_free(struct looking *l)
{
    if (passes_through(l) && has_twins(l))
        look_unknown(l, "the host has several USB devices of one model");
    else if (passes_through(l) && !l->in->active)
        look_check(l, "hostdev-in-use", facts_know_others(l->in->facts),
                   "the definitions of other domains are not all known");
}

static void look_iommu(struct looking *l)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain_of(l), "hostdev", d));)
        if (xml_get_is(d, "@type", "pci")) {
            look_check(l, "iommu-group", lists_bus(l->in->facts, false), no_list);
            return;
        }
}

static const struct preflight_row rows[] = {
    {"mac-in-use", "no other domain has its MAC addresses", look_macs, 0},
    {"cid-in-use", "no other domain has its vsock addresses", look_cids, 0},
    {"hostdev-missing", "the host's devices that it wants are there", look_hostdevs, 0},
    {"hostdev-in-use", "no other domain has them", look_hostdevs_free, 0},
    {"iommu-group", "their IOMMU groups are free", look_iommu, 0},
};
const struct preflight_family preflight_shared = {rows, ARRAY_LEN(rows)};
