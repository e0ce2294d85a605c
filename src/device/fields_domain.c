/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of the domain itself, of its firmware and its boot order.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/text.h"
#include "device/field_tables.h"
#include "model/domdef.h"
#include "model/xml.h"

/* ---- tags, in metadata of our own ---- */

static xmlNodePtr own_metadata(xmlNodePtr domain)
{
    return xml_child_ns(xml_child(domain, "metadata"), VIRTDECK_METADATA_URI, "domain");
}

static char *get_tags(xmlNodePtr domain)
{
    xmlNodePtr tags = xml_child_ns(own_metadata(domain), VIRTDECK_METADATA_URI, "tags");
    return tags ? xml_get(tags, "") : NULL;
}

static void drop_if_empty(xmlNodePtr node)
{
    if (node && !xmlFirstElementChild(node))
        xml_remove(node);
}

static void drop_tags(xmlNodePtr domain)
{
    xmlNodePtr own = own_metadata(domain);
    xmlNodePtr tags = xml_child_ns(own, VIRTDECK_METADATA_URI, "tags");
    if (!tags)
        return;
    xml_remove(tags);
    if (!own->properties)
        drop_if_empty(own);
    drop_if_empty(xml_child(domain, "metadata"));
}

/* The namespace is declared at our element, under whatever prefix another program may have left there. */
static xmlNodePtr make_own(xmlNodePtr domain)
{
    xmlNodePtr own = own_metadata(domain);
    if (own)
        return own;
    xmlNodePtr metadata = xml_child(domain, "metadata");
    own = xml_add_new(metadata ? metadata : xml_add_new(domain, "metadata"), "domain");
    xmlSetNs(own, xmlNewNs(own, (const xmlChar *)VIRTDECK_METADATA_URI, (const xmlChar *)"virtdeck"));
    return own;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Words in order, once each. */
static char *sorted_tags(const char *value)
{
    VEC(char *) words = {0};
    struct strbuf out = {0};
    for (const char *p = value + strspn(value, ", "); *p; p += strspn(p, ", ")) {
        size_t len = strcspn(p, ", ");
        vec_push(&words, xstrndup(p, len));
        p += len;
    }
    if (words.len)
        qsort(words.items, words.len, sizeof *words.items, by_text);
    for (size_t i = 0; i < words.len; i++)
        if (i == 0 || strcmp(words.items[i], words.items[i - 1]) != 0)
            strbuf_printf(&out, "%s%s", out.len ? " " : "", words.items[i]);
    for (size_t i = 0; i < words.len; i++)
        free(words.items[i]);
    vec_free(&words);
    return strbuf_steal(&out);
}

static bool set_tags(xmlNodePtr domain, const char *value, struct error *e)
{
    (void)e;
    char *words = value ? sorted_tags(value) : NULL;
    if (!words || !words[0]) {
        drop_tags(domain);
    } else {
        xmlNodePtr own = make_own(domain);
        xmlNodePtr tags = xml_child_ns(own, VIRTDECK_METADATA_URI, "tags");
        if (!tags) {
            tags = xml_add_new(own, "tags");
            xmlSetNs(tags, own->ns);
        }
        xml_set(tags, "", words);
    }
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
