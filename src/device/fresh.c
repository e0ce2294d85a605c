/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/fresh.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/mem.h"
#include "device/disk.h"
#include "device/machine.h"
#include "model/xml.h"

static xmlNodePtr devices_of(xmlNodePtr domain)
{
    return xml_child(domain, "devices");
}

static void set_if_unsaid(xmlNodePtr node, const char *path, const char *value)
{
    char *old = xml_get(node, path);
    if (!old)
        xml_set(node, path, value);
    free(old);
}

static bool is_machine(xmlNodePtr domain, const char *part)
{
    char *machine = xml_get(domain, "os/type@machine");
    bool is = machine && strstr(machine, part);
    free(machine);
    return is;
}

/* ---- disks ---- */

static bool name_disk(xmlNodePtr disk, xmlNodePtr domain, const char *bus, struct error *e)
{
    set_if_unsaid(disk, "target@bus", bus);
    char *on = xml_get(disk, "target@bus"), *dev = xml_get(disk, "target@dev");
    const char *prefix = disk_prefix(on);
    char *free_one = disk_free_target(devices_of(domain), NULL, prefix ? prefix : "vd");
    bool good = true;
    for (xmlNodePtr d = xml_child(devices_of(domain), "disk"); dev && d; d = xml_next(d, "disk"))
        if (good && xml_get_is(d, "target@dev", dev))
            good = error_set(e, STATUS_FAILED, "there is a disk %s already; %s is free", dev, free_one);
    if (!dev)
        xml_set(disk, "target@dev", free_one);
    free(free_one);
    free(on);
    free(dev);
    return good;
}

/* Nothing in a definition may be said of an image's format wrongly; but ".img" is raw by custom, and what
 * this program makes is qcow2. */
bool complete_disk(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    char *source = disk_source_get(fresh);
    const char *format = source ? disk_format_of(source) : NULL;
    size_t len = source ? strlen(source) : 0;
    bool img = len > 4 && strcasecmp(source + len - 4, ".img") == 0;
    set_if_unsaid(fresh, "driver@type", format ? format : img ? "raw" : "qcow2");
    free(source);
    return name_disk(fresh, domain, "virtio", e);
}

bool complete_cdrom(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    bool q35 = is_machine(domain, "q35"), pc = machine_is_x86(domain) && !q35;
    return name_disk(fresh, domain, q35 ? "sata" : pc ? "ide" : "scsi", e);
}

bool complete_floppy(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    return name_disk(fresh, domain, "fdc", e);
}

/* ---- network, graphics, sound ---- */

/* One for the live and the configured definition alike; libvirt would make up another one for each. */
bool complete_nic(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    unsigned char r[3];
    (void)domain;
    if (xml_find(fresh, "mac"))
        return true;
    if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
        return error_set(e, STATUS_FAILED, "no random numbers for a MAC address: set mac=52:54:00:xx:xx:xx");
    char *mac = xasprintf("52:54:00:%02x:%02x:%02x", r[0], r[1], r[2]);
    xml_set(fresh, "mac@address", mac);
    free(mac);
    return true;
}

bool complete_graphics(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    char *type = xml_get(fresh, "@type");
    bool good = true;
    for (xmlNodePtr g = xml_child(devices_of(domain), "graphics"); g && type; g = xml_next(g, "graphics"))
        if (good && xml_get_is(g, "@type", type))
            good = error_set(e, STATUS_FAILED, "there are graphics of type %s already", type);
    if (type && strcmp(type, "vnc") != 0 && strcmp(type, "spice") != 0) { /* without a port */
        xml_set(fresh, "@port", NULL);
        xml_set(fresh, "@autoport", NULL);
    } else if (type && strcmp(type, "spice") == 0 && xml_get_is(fresh, "@port", "-1")) {
        xml_set(fresh, "@port", NULL);
    }
    free(type);
    return good;
}

/* The first number of that attribute that no element of that name has. */
static char *free_number(xmlNodePtr domain, const char *element, const char *path, int from,
                         bool (*same)(xmlNodePtr, xmlNodePtr), xmlNodePtr fresh)
{
    for (int n = from;; n++) {
        char *number = xasprintf("%d", n);
        bool taken = false;
        for (xmlNodePtr d = xml_child(devices_of(domain), element); d && !taken; d = xml_next(d, element))
            taken = (!same || same(d, fresh)) && xml_get_is(d, path, number);
        if (!taken)
            return number;
        free(number);
    }
}

bool complete_audio(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    char *id = free_number(domain, "audio", "@id", 1, NULL, fresh);
    (void)e;
    set_if_unsaid(fresh, "@id", id);
    free(id);
    return true;
}

/* ---- from the host ---- */

bool complete_usb(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    (void)domain;
    return xml_find(fresh, "source/vendor") || xml_find(fresh, "source/address") ||
           error_set(e, STATUS_USAGE, "say which: device=VENDOR:PRODUCT, as lsusb lists them");
}

bool complete_pci(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    (void)domain;
    return xml_find(fresh, "source/address") ||
           error_set(e, STATUS_USAGE, "say which: device=0000:03:00.0, as lspci -D lists them");
}

bool complete_filesystem(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    char *source = xml_get(fresh, "source@dir");
    if (!source)
        return error_set(e, STATUS_USAGE, "say which directory of the host: source=/DIRECTORY");
    for (int n = 0;; n++) {
        char *tag = xasprintf("share%d", n);
        bool taken = false;
        for (xmlNodePtr d = xml_child(devices_of(domain), "filesystem"); d; d = xml_next(d, "filesystem"))
            taken = taken || xml_get_is(d, "target@dir", tag);
        if (!taken)
            set_if_unsaid(fresh, "target@dir", tag);
        free(tag);
        if (!taken)
            break;
    }
    free(source);
    return true;
}

/* ---- of which a domain has one ---- */

bool complete_single(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    const char *element = (const char *)fresh->name;
    xmlNodePtr there = xml_child(devices_of(domain), element);
    char *model = there ? xml_get(there, "@model") : NULL;
    bool off = model && strcmp(model, "none") == 0;
    free(model);
    return !there ||
           error_set(e, STATUS_FAILED, "there is a %s already%s", element,
                     off ? ", which is turned off: set its model instead" : ", and a domain has one at most");
}

/* The one of the chipset, which libvirt puts into every Q35 machine since 9.1, stands beside another one. */
bool complete_watchdog(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    for (xmlNodePtr w = xml_child(devices_of(domain), "watchdog"); w; w = xml_next(w, "watchdog"))
        if (xml_get_is(fresh, "@model", "itco") || !xml_get_is(w, "@model", "itco"))
            return complete_single(fresh, domain, e);
    return true;
}

/* Which one the guest can see depends on the machine. */
bool complete_panic(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    (void)e;
    set_if_unsaid(fresh, "@model", machine_is_x86(domain) ? "isa" : "pvpanic");
    return true;
}

bool complete_iommu(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    set_if_unsaid(fresh, "@model", machine_is_x86(domain) ? "intel" : "smmuv3");
    return complete_single(fresh, domain, e);
}

bool complete_shmem(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    (void)e;
    for (int n = 0;; n++) {
        char *name = xasprintf("shmem%d", n);
        bool taken = false;
        for (xmlNodePtr d = xml_child(devices_of(domain), "shmem"); d; d = xml_next(d, "shmem"))
            taken = taken || xml_get_is(d, "@name", name);
        if (!taken)
            set_if_unsaid(fresh, "@name", name);
        free(name);
        if (!taken)
            return true;
    }
}

static bool same_type(xmlNodePtr a, xmlNodePtr b)
{
    char *type = xml_get(a, "@type");
    bool same = type && xml_get_is(b, "@type", type);
    free(type);
    return same;
}

bool complete_controller(xmlNodePtr fresh, xmlNodePtr domain, struct error *e)
{
    (void)e;
    if (!xml_get_is(fresh, "@type", "scsi") && xml_get_is(fresh, "@model", "virtio-scsi"))
        xml_set(fresh, "@model", NULL);
    char *index = free_number(domain, "controller", "@index", 0, same_type, fresh);
    set_if_unsaid(fresh, "@index", index);
    free(index);
    return true;
}
