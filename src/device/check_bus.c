/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of a definition in itself: what two of its devices can't share, and room for one more.
 */
#include <stdlib.h>
#include <string.h>

#include "device/check_private.h"
#include "model/xml.h"

/* ---- pairs that can't share something ---- */

/* What a device takes for itself, "PCI address 0000:00:05.0"; NULL: nothing. The caller frees. */
typedef char *claim_fn(xmlNodePtr device);

static char *claim_target(xmlNodePtr d)
{
    char *dev = xml_is(d, "disk") ? xml_get(d, "target@dev") : NULL;
    char *claim = dev ? xasprintf("the target %s", dev) : NULL;
    free(dev);
    return claim;
}

static char *claim_mac(xmlNodePtr d)
{
    char *mac = xml_is(d, "interface") ? xml_get(d, "mac@address") : NULL;
    for (char *p = mac; p && *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'F' ? *p + 32 : *p);
    char *claim = mac ? xasprintf("the MAC address %s", mac) : NULL;
    free(mac);
    return claim;
}

static char *claim_pci(xmlNodePtr a)
{
    return xasprintf("the PCI address %04llx:%02llx:%02llx.%llx", get_number(a, "@domain", 0),
                     get_number(a, "@bus", 0), get_number(a, "@slot", 0), get_number(a, "@function", 0));
}

static char *claim_usb(xmlNodePtr a)
{
    char *port = xml_get(a, "@port");
    char *claim = port ? xasprintf("the USB port %s of bus %lld", port, get_number(a, "@bus", 0)) : NULL;
    free(port);
    return claim;
}

/* Controllers of different buses count from 0 each. */
static char *claim_drive(xmlNodePtr d, xmlNodePtr a)
{
    char *bus = xml_get(d, "target@bus");
    char *claim =
        bus ? xasprintf("the place %lld:%lld:%lld:%lld of bus %s", get_number(a, "@controller", 0),
                        get_number(a, "@bus", 0), get_number(a, "@target", 0), get_number(a, "@unit", 0), bus)
            : NULL;
    free(bus);
    return claim;
}

static char *claim_address(xmlNodePtr d)
{
    xmlNodePtr a = xml_child(d, "address");
    if (!a)
        return NULL;
    if (xml_get_is(a, "@type", "pci"))
        return claim_pci(a);
    if (xml_get_is(a, "@type", "usb"))
        return claim_usb(a);
    return xml_get_is(a, "@type", "drive") && xml_is(d, "disk") ? claim_drive(d, a) : NULL;
}

static char *claim_order(xmlNodePtr d)
{
    char *order = xml_get(d, "boot@order");
    char *claim = order ? xasprintf("the place %s in the boot order", order) : NULL;
    free(order);
    return claim;
}

struct claim {
    xmlNodePtr device;
    char *words;
};

static void say_both(const char *id, enum severity severity, char *remedy, const struct claim *a,
                     const struct claim *b, finding_list *out)
{
    char *one = device_words(a->device), *other = device_words(b->device);
    /* With the same name they are told apart by nothing: it is said once. */
    if (strcmp(one, other) == 0)
        say(out, id, severity, remedy, "two devices (%s) want %s", one, a->words);
    else
        say(out, id, severity, remedy, "%s and %s both want %s", one, other, a->words);
    free(one);
    free(other);
}

static void find_doubles(const struct check_input *in, const char *id, claim_fn *claim,
                         enum severity severity, const char *verb, finding_list *out)
{
    VEC(struct claim) claims = {0};
    for (xmlNodePtr d = NULL; (d = device_next(in->after, NULL, d));) {
        struct claim c = {.device = d, .words = claim(d)};
        for (size_t i = 0; c.words && i < claims.len; i++)
            if (strcmp(claims.items[i].words, c.words) == 0) {
                say_both(id, severity, remedy_vm(in, verb, ""), &claims.items[i], &c, out);
                break;
            }
        if (c.words)
            vec_push(&claims, c);
    }
    for (size_t i = 0; i < claims.len; i++)
        free(claims.items[i].words);
    vec_free(&claims);
}

static void check_targets(const struct check_input *in, const char *id, finding_list *out)
{
    find_doubles(in, id, claim_target, SEV_ERROR, "edit", out);
}

static void check_macs(const struct check_input *in, const char *id, finding_list *out)
{
    find_doubles(in, id, claim_mac, SEV_WARN, "edit", out);
}

static void check_addresses(const struct check_input *in, const char *id, finding_list *out)
{
    find_doubles(in, id, claim_address, SEV_ERROR, "edit", out);
}

/* ---- boot order ---- */

static void check_boot_places(const struct check_input *in, const char *id, finding_list *out)
{
    find_doubles(in, id, claim_order, SEV_ERROR, "edit", out);
    xmlNodePtr os = xml_find(in->after, "os/boot");
    for (xmlNodePtr d = NULL; os && (d = device_next(in->after, NULL, d));)
        if (xml_find(d, "boot")) {
            char *words = device_words(d);
            say(out, id, SEV_ERROR, remedy_vm(in, "edit", ""),
                "%s has a place in the boot order, and <os> has an order by kinds: libvirt takes only one",
                words);
            free(words);
            return;
        }
}

static bool has_disk(xmlNodePtr domain, const char *device)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain, "disk", d));)
        if (xml_get_is(d, "@device", device) || (!xml_find(d, "@device") && strcmp(device, "disk") == 0))
            return true;
    return false;
}

static void check_boot_devices(const struct check_input *in, const char *id, finding_list *out)
{
    static const struct {
        const char *dev, *device, *what;
    } words[] = {{"hd", "disk", "disk"}, {"cdrom", "cdrom", "CD drive"}, {"fd", "floppy", "floppy drive"}};
    for (xmlNodePtr b = xml_find(in->after, "os/boot"); b; b = xml_next(b, "boot")) {
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (xml_get_is(b, "@dev", words[i].dev) && !has_disk(in->after, words[i].device))
                say(out, id, SEV_WARN, NULL, "the boot order names \"%s\", and there is no %s", words[i].dev,
                    words[i].what);
        if (xml_get_is(b, "@dev", "network") && !device_next(in->after, "interface", NULL))
            say(out, id, SEV_WARN, NULL, "the boot order names \"network\", and there is no NIC");
    }
}

/* ---- PCI Express ports for what is plugged in while it runs ---- */

/* Devices that take a PCI place of their own; those whose bus says otherwise don't. */
static const struct {
    const char *element, *path, *value; /* path NULL: always */
} pci_devices[] = {
    {"disk", "target@bus", "virtio"},
    {"interface", NULL, NULL},
    {"rng", NULL, NULL},
    {"hostdev", "@type", "pci"},
    {"vsock", NULL, NULL},
    {"watchdog", "@model", "i6300esb"},
    {"filesystem", NULL, NULL},
    {"input", "@bus", "virtio"},
    {"shmem", NULL, NULL},
    {"controller", "@model", "virtio-scsi"},
    {"sound", "@model", "virtio"},
};

static bool wants_port(xmlNodePtr d)
{
    if (xml_find(d, "address"))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(pci_devices); i++)
        if (xml_is(d, pci_devices[i].element) &&
            (!pci_devices[i].path || xml_get_is(d, pci_devices[i].path, pci_devices[i].value)))
            return true;
    return false;
}

static bool bus_is_used(xmlNodePtr domain, long long bus)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain, NULL, d));) {
        xmlNodePtr a = xml_child(d, "address");
        if (a && xml_get_is(a, "@type", "pci") && get_number(a, "@bus", 0) == bus)
            return true;
    }
    return false;
}

static void check_ports(const struct check_input *in, const char *id, finding_list *out)
{
    size_t ports = 0, wanted = 0, unknown = 0;
    if (!in->active || strcmp(machine_family(in->after), "q35") != 0)
        return;
    for (xmlNodePtr d = NULL; (d = device_next(in->after, NULL, d));) {
        wanted += wants_port(d);
        if (!xml_is(d, "controller") || !xml_get_is(d, "@model", "pcie-root-port"))
            continue;
        long long index = get_number(d, "@index", -1);
        unknown += index < 0;
        ports += index >= 0 && !bus_is_used(in->after, index);
    }
    if (wanted > ports + unknown)
        say(out, id, SEV_WARN, remedy_vm(in, "edit", ""),
            "%zu new PCI device%s and %zu free pcie-root-port%s: what has no port can't be plugged in while "
            "it "
            "runs (add <controller type='pci' model='pcie-root-port'/>, then shut it down and start it)",
            wanted, wanted == 1 ? "" : "s", ports, ports == 1 ? "" : "s");
}

static const struct check checks[] = {
    {"duplicate-target", check_targets},         {"duplicate-mac", check_macs},
    {"duplicate-address", check_addresses},      {"boot-order", check_boot_places},
    {"boot-device-missing", check_boot_devices}, {"pcie-ports", check_ports},
};
const struct check_family bus_checks = {checks, ARRAY_LEN(checks)};
