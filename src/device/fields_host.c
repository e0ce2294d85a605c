/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of what comes from the host or a client: USB and PCI devices, redirected ones, directories.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/field_tables.h"
#include "model/xml.h"

/* ---- USB ---- */

static const char *after_0x(const char *digits)
{
    return digits[0] == '0' && (digits[1] | 0x20) == 'x' ? digits + 2 : digits;
}

static char *get_usb(xmlNodePtr hostdev)
{
    char *vendor = xml_get(hostdev, "source/vendor@id"), *product = xml_get(hostdev, "source/product@id");
    char *id = vendor && product ? xasprintf("%s:%s", after_0x(vendor), after_0x(product)) : NULL;
    free(vendor);
    free(product);
    return id;
}

/* A place on the host's bus would mean another device. */
static bool set_usb(xmlNodePtr hostdev, const char *value, struct error *e)
{
    char vendor[8], product[8];
    (void)e;
    if (!value) {
        xml_set(hostdev, "source/vendor?", NULL);
        xml_set(hostdev, "source/product?", NULL);
        return true;
    }
    snprintf(vendor, sizeof vendor, "0x%.4s", value);
    snprintf(product, sizeof product, "0x%.4s", value + 5);
    xml_set(hostdev, "source/vendor@id", vendor);
    xml_set(hostdev, "source/product@id", product);
    xml_set(hostdev, "source/address?", NULL);
    return true;
}

/* ---- PCI ---- */

static const struct {
    const char *path;
    int digits;
} pci_parts[] = {
    {"source/address@domain", 4},
    {"source/address@bus", 2},
    {"source/address@slot", 2},
    {"source/address@function", 1},
};

static char *get_pci(xmlNodePtr hostdev)
{
    unsigned long n[ARRAY_LEN(pci_parts)];
    if (!xml_find(hostdev, "source/address"))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(pci_parts); i++) {
        char *part = xml_get(hostdev, pci_parts[i].path);
        n[i] = part ? strtoul(part, NULL, 0) : 0;
        free(part);
    }
    return xasprintf("%04lx:%02lx:%02lx.%lx", n[0], n[1], n[2], n[3]);
}

static bool set_pci(xmlNodePtr hostdev, const char *value, struct error *e)
{
    unsigned long n[ARRAY_LEN(pci_parts)];
    (void)e;
    if (!value) {
        xml_set(hostdev, "source/address?", NULL);
        return true;
    }
    if (sscanf(value, "%4lx:%2lx:%2lx.%1lx", &n[0], &n[1], &n[2], &n[3]) != 4)
        return error_set(e, STATUS_USAGE, "it takes a PCI address, like 0000:03:00.0");
    for (size_t i = 0; i < ARRAY_LEN(pci_parts); i++) {
        char *part = xasprintf("0x%0*lx", pci_parts[i].digits, n[i]);
        xml_set(hostdev, pci_parts[i].path, part);
        free(part);
    }
    return true;
}

/* ---- directories ---- */

/* The attribute of <source> depends on the type. */
static const char *directory_path(xmlNodePtr filesystem)
{
    static const struct {
        const char *type, *path;
    } paths[] = {{"file", "source@file"}, {"block", "source@dev"}, {"ram", "source@usage"}};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        if (xml_get_is(filesystem, "@type", paths[i].type))
            return paths[i].path;
    return "source@dir";
}

static char *get_directory(xmlNodePtr filesystem)
{
    return xml_get(filesystem, directory_path(filesystem));
}

static bool set_directory(xmlNodePtr filesystem, const char *value, struct error *e)
{
    (void)e;
    xml_set(filesystem, directory_path(filesystem), value);
    return true;
}

/* virtiofs knows no rights but the guest's own, which is what holds where nothing is said. */
static bool set_fs_driver(xmlNodePtr filesystem, const char *value, struct error *e)
{
    (void)e;
    if (value && strcmp(value, "virtiofs") == 0)
        xml_set(filesystem, "@accessmode", NULL);
    xml_set(filesystem, "driver@type", value);
    return true;
}

/* ---- the table ---- */

static const struct device_field rows[] = {
    {"usb", "device", "Device", FIELD_USB, NULL, NULL, NULL, CALL_DEFINE, FIELD_FRESH,
     "VENDOR:PRODUCT of the host's USB device", get_usb, set_usb},
    {"pci", "device", "Device", FIELD_PCI, NULL, NULL, NULL, CALL_DEFINE, FIELD_FRESH,
     "the PCI address of the host's device; all of its IOMMU group goes with it", get_pci, set_pci},
    PLAIN("usb pci hostdev", "managed", "Managed", FIELD_SWITCH, "no yes", "@managed", "no", CALL_DEFINE,
          FIELD_ADVANCED, "whether libvirt takes the device from the host's driver and gives it back"),
    PLAIN("usb", "startup", "When missing", FIELD_CHOICE, "mandatory requisite optional",
          "source@startupPolicy", "mandatory", CALL_DEFINE, FIELD_ADVANCED,
          "what happens at the start when the device is not there"),
    PLAIN("pci", "rombar", "ROM seen", FIELD_SWITCH, "off on", "rom@bar", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "whether the guest sees the device's ROM"),
    PLAIN("pci", "rom", "ROM file", FIELD_PATH, NULL, "rom@file", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "a file that the guest gets instead of the device's ROM"),
    {"usb pci hostdev redirdev", "boot", "Boot place", FIELD_NUMBER, NULL, "boot@order", NULL, CALL_DEFINE,
     FIELD_ADVANCED, "its place in the boot order, from 1 on", NULL, boot_place_set},
    PLAIN("redirdev", "bus", "Bus", FIELD_CHOICE, "usb", "@bus", "usb", CALL_DEFINE, FIELD_ADVANCED,
          "what it is attached to"),
    PLAIN("redirdev", "type", "Type", FIELD_CHOICE, "spicevmc tcp", "@type", NULL, CALL_DEFINE, FIELD_FRESH,
          "how the client's device gets to the guest; spicevmc needs SPICE graphics"),
    {"filesystem", "driver", "Driver", FIELD_CHOICE, "path virtiofs", "driver@type", "path", CALL_DEFINE,
     FIELD_FRESH, "9p (path) or virtiofs, which is faster and needs shared memory", NULL, set_fs_driver},
    {"filesystem", "source", "Directory", FIELD_PATH, NULL, NULL, NULL, CALL_DEFINE, FIELD_FRESH,
     "the directory of the host", get_directory, set_directory},
    PLAIN("filesystem", "target", "Tag", FIELD_TEXT, NULL, "target@dir", NULL, CALL_DEFINE, FIELD_FRESH,
          "the tag by which the guest mounts it"),
    PLAIN("filesystem", "readonly", "Read-only", FIELD_SWITCH, "no yes", "readonly?", "no", CALL_DEFINE, 0,
          "whether the guest can't write to it"),
    PLAIN("filesystem", "accessmode", "Access", FIELD_CHOICE, "passthrough mapped squash", "@accessmode",
          NULL, CALL_DEFINE, FIELD_ADVANCED, "whose rights the guest's writing has on the host"),
};
const struct field_table fields_host = {rows, ARRAY_LEN(rows)};
