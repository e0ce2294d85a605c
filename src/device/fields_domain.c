/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of the domain itself, of its firmware and its boot order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "device/field_tables.h"
#include "model/domdef.h"
#include "model/metadata.h"
#include "model/xml.h"

/* ---- tags, in metadata of our own ---- */

static xmlNodePtr find_tags(xmlNodePtr domain)
{
    return xml_child_ns(metadata_own(domain), VIRTDECK_METADATA_URI, "tags");
}

static char *get_tags(xmlNodePtr domain)
{
    return xml_get(find_tags(domain), "");
}

static bool set_tags(xmlNodePtr domain, const char *value, struct error *e)
{
    (void)e;
    char *words = text_sorted_words(value, ", ");
    xmlNodePtr tags = find_tags(domain);
    if (words[0])
        xml_set(tags ? tags : metadata_add(metadata_make_own(domain), "tags"), "", words);
    else if (tags)
        metadata_remove(metadata_own(domain), tags);
    free(words);
    return true;
}

/* ---- firmware ---- */

static char *get_firmware(xmlNodePtr domain)
{
    char *word = xml_get(domain, "os@firmware");
    return word ? word : xml_get_is(domain, "os/loader@type", "pflash") ? xstrdup("efi") : NULL;
}

/* What one kind of firmware left in <os> would contradict the other kind. */
static bool set_firmware(xmlNodePtr domain, const char *value, struct error *e)
{
    static const char *const parts[] = {"os/loader", "os/nvram", "os/firmware"};
    char *old = get_firmware(domain);
    (void)e;
    if (value && strcmp(value, "bios") == 0)
        value = NULL;
    bool same = old && value ? strcmp(old, value) == 0 : !old && !value;
    for (size_t i = 0; i < ARRAY_LEN(parts) && !same; i++) {
        xmlNodePtr part = xml_find(domain, parts[i]);
        if (part)
            xml_remove(part);
    }
    if (!same)
        xml_set(domain, "os@firmware", value);
    free(old);
    return true;
}

#define SECURE_BOOT   "os/firmware/feature[name=secure-boot]"
#define ENROLLED_KEYS "os/firmware/feature[name=enrolled-keys]"

static char *get_secureboot(xmlNodePtr domain)
{
    char *word = xml_get(domain, SECURE_BOOT "@enabled");
    return word ? word : xml_get(domain, "os/loader@secure");
}

static void set_feature(xmlNodePtr domain, const char *path, const char *attr, const char *value)
{
    char *whole = xasprintf("%s@%s", path, attr);
    xmlNodePtr feature = xml_find(domain, path);
    if (value)
        xml_set(domain, whole, value);
    else if (feature)
        xml_remove(feature);
    free(whole);
}

/* Keys are enrolled with it: without them nothing is checked. The loader's own path would contradict a choice
 * by features, so it goes, and libvirt chooses one that has them. */
static bool set_secureboot(xmlNodePtr domain, const char *value, struct error *e)
{
    char *firmware = get_firmware(domain);
    bool efi = firmware && strcmp(firmware, "efi") == 0;
    free(firmware);
    if (value && !efi)
        return error_set(e, STATUS_FAILED, "only efi firmware has secure boot: set firmware=efi, too");
    if (value) {
        xml_set(domain, "os/loader?", NULL);
        xml_set(domain, "os@firmware", "efi");
    }
    set_feature(domain, SECURE_BOOT, "enabled", value);
    set_feature(domain, ENROLLED_KEYS, "enabled", value);
    xmlNodePtr features = xml_find(domain, "os/firmware");
    if (features && !xmlFirstElementChild(features) && !features->properties)
        xml_remove(features);
    return true;
}

/* ---- the table ---- */

static const struct device_field rows[] = {
    PLAIN("domain", "title", "Title", FIELD_TEXT, NULL, "title", NULL, CALL_TITLE, FIELD_SET,
          "a line that says what it is, shown beside its name"),
    PLAIN("domain", "description", "Description", FIELD_TEXT, NULL, "description", NULL, CALL_DESCRIPTION,
          FIELD_SET, "notes of any length"),
    {"domain", "tags", "Tags", FIELD_TEXT, NULL, NULL, NULL, CALL_TAGS, FIELD_SET,
     "words to find and group domains by, separated by blanks", get_tags, set_tags},
    PLAIN("domain", "on_poweroff", "After power off", FIELD_CHOICE, "destroy restart preserve rename-restart",
          "on_poweroff", "destroy", CALL_DEFINE, FIELD_ADVANCED,
          "what happens when the guest turns itself off"),
    PLAIN("domain", "on_reboot", "After reboot", FIELD_CHOICE, "restart destroy preserve rename-restart",
          "on_reboot", "restart", CALL_DEFINE, FIELD_ADVANCED, "what happens when the guest reboots"),
    PLAIN("domain", "on_crash", "After a crash", FIELD_CHOICE,
          "destroy restart preserve rename-restart coredump-destroy coredump-restart", "on_crash", "destroy",
          CALL_DEFINE, FIELD_ADVANCED, "what happens when the guest crashes"),
    PLAIN("domain", "clock", "Clock", FIELD_CHOICE, "utc localtime timezone variable", "clock@offset", "utc",
          CALL_DEFINE, FIELD_ADVANCED, "what the guest's hardware clock shows at the start"),
    {"firmware", "firmware", "Firmware", FIELD_CHOICE, "bios efi", NULL, "bios", CALL_DEFINE, 0,
     "what boots the guest; an installed system starts with the kind it was installed with only",
     get_firmware, set_firmware},
    {"firmware", "secureboot", "Secure boot", FIELD_SWITCH, "no yes", NULL, NULL, CALL_DEFINE, 0,
     "whether the firmware starts signed systems only (efi)", get_secureboot, set_secureboot},
    PLAIN("firmware", "nvram", "Variables", FIELD_PATH, NULL, "os/nvram", NULL, CALL_DEFINE,
          FIELD_ADVANCED | FIELD_FILLED, "the file of the firmware's variables (efi)"),
    {"boot", "boot", "Boot order", FIELD_TEXT, NULL, NULL, "hd", CALL_DEFINE, FIELD_SET,
     "kinds (hd,cdrom,network,fd) or devices (vda,net0), in the order in which they are tried",
     boot_order_get, boot_order_set},
    PLAIN("boot", "menu", "Boot menu", FIELD_SWITCH, "no yes", "os/bootmenu@enable", "no", CALL_DEFINE, 0,
          "whether the firmware asks what to boot from"),
    PLAIN("boot", "menu_timeout", "Menu waits", FIELD_NUMBER, NULL, "os/bootmenu@timeout", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "milliseconds that the boot menu waits; it has to be turned on"),
    PLAIN("boot", "kernel", "Kernel", FIELD_PATH, NULL, "os/kernel", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "a kernel on the host that is booted past the firmware"),
    PLAIN("boot", "initrd", "Initial ramdisk", FIELD_PATH, NULL, "os/initrd", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "the ramdisk that goes with the kernel"),
    PLAIN("boot", "cmdline", "Kernel's arguments", FIELD_TEXT, NULL, "os/cmdline", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "the command line of the kernel"),
};
const struct field_table fields_domain = {rows, ARRAY_LEN(rows)};
