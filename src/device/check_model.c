/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of devices' buses and models: against what libvirt says this host can do, against the machine, and
 * against what makes sense.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/check_private.h"
#include "device/offload.h"
#include "model/xml.h"

/* Whether a word stands in a list of words separated by spaces. */
static bool among(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = words; (p = strstr(p, word)); p += len)
        if ((p == words || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
            return true;
    return false;
}

/* ---- domcaps ---- */

static const struct {
    const char *element, *path; /* where the value stands in the device */
    const char *caps, *caps_enum;
    const char *only;            /* values that domcaps can be trusted about; NULL: all */
    const char *what;            /* "bus" */
    const char *field, *instead; /* for the remedy: the first of these that the host has; NULL none */
    const char *value, *shell;   /* for that value a shell line is the remedy; NULL none */
} rows[] = {
    {"disk", "target@bus", "devices/disk", "bus", NULL, "bus", "bus", "virtio sata scsi ide", NULL, NULL},
    {"disk", "@device", "devices/disk", "diskDevice", NULL, "device", NULL, "", NULL, NULL},
    {"video", "model@type", "devices/video", "modelType", NULL, "model", "model", "virtio vga qxl cirrus",
     NULL, NULL},
    {"graphics", "@type", "devices/graphics", "type", NULL, "type", "type", "vnc spice", NULL, NULL},
    {"tpm", "@model", "devices/tpm", "model", NULL, "model", "model", "tpm-crb tpm-tis", NULL, NULL},
    {"tpm", "backend@type", "devices/tpm", "backendModel", NULL, "backend", NULL, "", "emulator",
     "$ apt install swtpm swtpm-tools"},
    {"filesystem", "driver@type", "devices/filesystem", "driverType", NULL, "driver", NULL, "", NULL, NULL},
    {"rng", "@model", "devices/rng", "model", NULL, "model", "model", "virtio", NULL, NULL},
    {"rng", "backend@model", "devices/rng", "backendModel", NULL, "backend", NULL, "", NULL, NULL},
    /* The list of 9.0 leaves out mediated devices, which are possible. */
    {"hostdev", "@type", "devices/hostdev", "subsysType", "usb pci", "type", NULL, "", NULL, NULL},
    {"redirdev", "@bus", "devices/redirdev", "bus", NULL, "bus", NULL, "", NULL, NULL},
    {"channel", "@type", "devices/channel", "type", "spicevmc qemu-vdagent", "type", NULL, "", NULL, NULL},
};

/* "FIELD=VALUE" with the first that the host has. */
static char *instead(const struct facts *f, size_t row)
{
    char word[32];
    for (const char *p = rows[row].instead; *p && rows[row].field; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, p);
        if (caps_enum(f, rows[row].caps, rows[row].caps_enum, word) == ANSWER_YES)
            return xasprintf("%s=%s", rows[row].field, word);
        p += len;
    }
    return NULL;
}

static void say_unsupported(const struct check_input *in, const char *id, xmlNodePtr device, size_t row,
                            const char *value, finding_list *out)
{
    char *words = device_words(device), *other = instead(in->facts, row);
    char *values = caps_values(in->facts, rows[row].caps, rows[row].caps_enum);
    bool shell = rows[row].value && strcmp(rows[row].value, value) == 0;
    say(out, id, SEV_ERROR,
        shell   ? xstrdup(rows[row].shell)
        : other ? remedy_set(in, device, other)
                : NULL,
        "%s: this host can't do %s \"%s\" for such a machine; it can do: %s", words, rows[row].what, value,
        values);
    free(words);
    free(other);
    free(values);
}

static void check_caps(const struct check_input *in, const char *id, finding_list *out)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (xmlNodePtr d = NULL; (d = device_next(in->after, rows[i].element, d));) {
            char *value = xml_get(d, rows[i].path);
            bool trusted = value && (!rows[i].only || among(rows[i].only, value));
            if (trusted && caps_enum(in->facts, rows[i].caps, rows[i].caps_enum, value) == ANSWER_NO)
                say_unsupported(in, id, d, i, value, out);
            free(value);
        }
}

static void check_memory_source(const struct check_input *in, const char *id, finding_list *out)
{
    char *type = xml_get(in->after, "memoryBacking/source@type");
    char *values = caps_values(in->facts, "memoryBacking", "sourceType");
    if (caps_enum(in->facts, "memoryBacking", "sourceType", type) == ANSWER_NO)
        say(out, id, SEV_ERROR, NULL, "this host can't back memory by \"%s\"; it can do: %s", type, values);
    free(type);
    free(values);
}

/* ---- the machine ---- */

static const struct {
    const char *element, *path, *value;
    const char *machines; /* machine_family() of those that have it */
    const char *why;
    const char *instead; /* FIELD=VALUE; NULL */
} suited[] = {
    {"disk", "target@bus", "ide", "i440fx isapc", "it has no IDE bus", "bus=sata"},
    {"disk", "target@bus", "fdc", "i440fx isapc q35", "it has no floppy controller", NULL},
    {"controller", "@type", "ide", "i440fx isapc", "it has no IDE bus", NULL},
    {"controller", "@type", "fdc", "i440fx isapc q35", "it has no floppy controller", NULL},
    {"controller", "@model", "pcie-root-port", "q35 virt", "it has no PCI Express", NULL},
    {"watchdog", "@model", "ib700", "i440fx isapc q35", "it has no ISA bus", "model=i6300esb"},
    {"watchdog", "@model", "itco", "q35", "its chipset has no iTCO", "model=i6300esb"},
    {"watchdog", "@model", "diag288", "s390", "that is a device of s390", "model=i6300esb"},
    {"watchdog", "@model", "i6300esb", "i440fx q35 virt pseries", "it has no PCI bus", NULL},
    {"panic", "@model", "isa", "i440fx isapc q35", "it has no ISA bus", NULL},
    {"panic", "@model", "hyperv", "i440fx isapc q35", "that is a register of x86", NULL},
    {"panic", "@model", "pseries", "pseries", "that is a device of pseries", NULL},
    {"panic", "@model", "s390", "s390", "that is a device of s390", NULL},
    {"panic", "@model", "pvpanic", "i440fx q35 virt", "it has no PCI bus", NULL},
    {"sound", "@model", "sb16", "i440fx isapc q35", "it has no ISA bus", "model=usb"},
    {"sound", "@model", "pcspk", "i440fx isapc q35", "it has no speaker", "model=usb"},
    {"input", "@bus", "ps2", "i440fx isapc q35", "it has no PS/2 controller", "bus=usb"},
    {"iommu", "@model", "intel", "q35", "its chipset has no VT-d", NULL},
    {"iommu", "@model", "smmuv3", "virt", "that is a device of Arm", NULL},
};

static void check_machine(const struct check_input *in, const char *id, finding_list *out)
{
    const char *family = machine_family(in->after);
    for (size_t i = 0; *family && i < ARRAY_LEN(suited); i++)
        for (xmlNodePtr d = NULL; (d = device_next(in->after, suited[i].element, d));) {
            if (!xml_get_is(d, suited[i].path, suited[i].value) || among(suited[i].machines, family))
                continue;
            char *words = device_words(d);
            say(out, id, SEV_ERROR, suited[i].instead ? remedy_set(in, d, suited[i].instead) : NULL,
                "%s: \"%s\" does not go with the machine type %s: %s", words, suited[i].value, family,
                suited[i].why);
            free(words);
        }
}

/* ---- sense ---- */

static void check_offload(const struct check_input *in, const char *id, finding_list *out)
{
    (void)id;
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "interface", d));) {
        char *name = device_handle(d);
        offload_check(d, name, in->vm, out);
        free(name);
    }
}

/* The <audio> that a sound card plays through: the one it names, else the first. */
static xmlNodePtr audio_of(xmlNodePtr domain, xmlNodePtr sound)
{
    char *id = xml_get(sound, "audio@id");
    xmlNodePtr a = device_next(domain, "audio", NULL);
    while (id && a && !xml_get_is(a, "@id", id))
        a = device_next(domain, "audio", a);
    free(id);
    return a;
}

static xmlNodePtr graphics_with_audio(xmlNodePtr domain)
{
    static const char words[] = "spice sdl dbus";
    for (xmlNodePtr g = NULL; (g = device_next(domain, "graphics", g));) {
        char *type = xml_get(g, "@type");
        bool has = type && among(words, type);
        free(type);
        if (has)
            return g;
    }
    return NULL;
}

/* Without <audio> libvirt takes what the graphics can play, or none. */
static void check_silent(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; in->facts->is_qemu && (d = device_next(in->after, "sound", d));) {
        xmlNodePtr audio = audio_of(in->after, d), player = graphics_with_audio(in->after);
        if (audio ? !xml_get_is(audio, "@type", "none") : player != NULL)
            continue;
        char *words = device_words(d), *type = player ? xml_get(player, "@type") : NULL;
        char *word = xasprintf("type=%s", type ? type : "spice");
        say(out, id, SEV_WARN, audio && player ? remedy_set(in, audio, word) : NULL,
            "%s: nobody hears it: %s", words,
            audio ? "its audio backend is none" : "there is no audio backend, and VNC alone plays nothing");
        free(words);
        free(type);
        free(word);
    }
}

static bool is_open_address(const char *address)
{
    return strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0 || strcmp(address, "[::]") == 0;
}

static void check_open_graphics(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "graphics", d));) {
        char *type = xml_get(d, "@type"), *address = xml_get(d, "listen[type=address]@address");
        char *password = xml_get(d, "@passwd");
        if (!address)
            address = xml_get(d, "@listen");
        bool guarded = password || xml_find(d, "channel[mode=secure]");
        if (type && address && among("vnc spice", type) && is_open_address(address) && !guarded)
            say(out, id, SEV_WARN, remedy_set(in, d, "listen=127.0.0.1"),
                "%s graphics listens on %s without a password: whoever reaches the host controls the guest",
                strcmp(type, "vnc") == 0 ? "VNC" : "SPICE", address);
        free(type);
        free(address);
        free(password);
    }
}

/* What a domain of libvirt's has in any case. */
static const struct {
    const char *element, *what, *because,
        *path; /* the latter: only where the domain has that, too; NULL: always */
} implied[] = {
    {"video", "video card", "since there are graphics", "devices/graphics"},
    {"memballoon", "balloon", "unless its model is none", NULL},
};

static void check_implied(const struct check_input *in, const char *id, finding_list *out)
{
    xmlNodePtr before = in->before ? xml_child(in->before, "devices") : NULL;
    xmlNodePtr after = xml_child(in->after, "devices");
    for (size_t i = 0; i < ARRAY_LEN(implied); i++) {
        xmlNodePtr was = before ? xml_child(before, implied[i].element) : NULL;
        if (!was || !after || xml_child(after, implied[i].element) ||
            (implied[i].path && !xml_find(in->after, implied[i].path)))
            continue;
        say(out, id, SEV_INFO, remedy_set(in, was, "model=none"), "libvirt adds another %s by itself, %s",
            implied[i].what, implied[i].because);
    }
}

static const struct check checks[] = {
    {"unsupported", check_caps},         {"memory-source-unsupported", check_memory_source},
    {"machine-unsuited", check_machine}, {"offload", check_offload},
    {"sound-silent", check_silent},      {"graphics-open", check_open_graphics},
    {"added-by-libvirt", check_implied},
};
const struct check_family model_checks = {checks, ARRAY_LEN(checks)};
