/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/kinds.h"

#include <stdlib.h>
#include <string.h>
#include "device/describe.h"
#include "device/fresh.h"
#include "model/xml.h"

/* ---- the table ---- */

#define HOT_AND_COLD (KIND_HOT | KIND_COLD)

const struct device_kind device_kinds[] = {
    {.id = "domain",
     .title = "domain",
     .flags = KIND_PART,
     .describe = describe_domain,
     .what = "title, description, tags"},
    {.id = "cpu",
     .title = "cpu",
     .flags = KIND_PART,
     .describe = describe_cpu,
     .what = "virtual processors: how many, which model"},
    {.id = "ram",
     .title = "memory",
     .flags = KIND_PART,
     .describe = describe_ram,
     .what = "memory: how much now and at most, huge pages"},
    {.id = "firmware",
     .title = "firmware",
     .flags = KIND_PART,
     .describe = describe_firmware,
     .what = "bios or efi, secure boot"},
    {.id = "boot",
     .title = "boot order",
     .flags = KIND_PART,
     .describe = describe_boot,
     .what = "what is booted from, in which order"},
    {.id = "cdrom",
     .title = "cdrom",
     .element = "disk",
     .attr = "device",
     .value = "cdrom",
     .flags = KIND_COLD | KIND_COLD_UPDATE,
     .describe = describe_disk,
     .key = "target@dev",
     .fresh = FRESH_CDROM,
     .complete = complete_cdrom,
     .what = "a CD-ROM drive, empty or with an image"},
    {.id = "floppy",
     .title = "floppy",
     .element = "disk",
     .attr = "device",
     .value = "floppy",
     .flags = KIND_COLD | KIND_COLD_UPDATE,
     .describe = describe_disk,
     .key = "target@dev",
     .fresh = FRESH_FLOPPY,
     .complete = complete_floppy,
     .what = "a floppy drive, empty or with an image"},
    {.id = "disk",
     .title = "disk",
     .element = "disk",
     .flags = HOT_AND_COLD | KIND_COLD_UPDATE,
     .describe = describe_disk,
     .key = "target@dev",
     .fresh = FRESH_DISK,
     .complete = complete_disk,
     .what = "a disk: new volume, existing file, block device"},
    {.id = "nic",
     .title = "nic",
     .element = "interface",
     .flags = HOT_AND_COLD | KIND_COLD_UPDATE,
     .describe = describe_nic,
     .key = "mac@address",
     .fresh = FRESH_NIC,
     .complete = complete_nic,
     .what = "a network interface: in a network, at a bridge, user mode"},
    {.id = "graphics",
     .title = "graphics",
     .element = "graphics",
     .flags = KIND_COLD_UPDATE,
     .describe = describe_graphics,
     .key = "@type",
     .fresh = FRESH_GRAPHICS,
     .complete = complete_graphics,
     .what = "how the screen is seen from outside: VNC, SPICE"},
    {.id = "video",
     .title = "video",
     .element = "video",
     .describe = describe_video,
     .fresh = FRESH_VIDEO,
     .what = "a graphics card"},
    {.id = "sound",
     .title = "sound",
     .element = "sound",
     .flags = KIND_COLD,
     .describe = describe_sound,
     .fresh = FRESH_SOUND,
     .what = "a sound card"},
    {.id = "audio",
     .title = "audio",
     .element = "audio",
     .describe = describe_audio,
     .key = "@id",
     .fresh = FRESH_AUDIO,
     .complete = complete_audio,
     .what = "what plays the guest's sound on the host"},
    {.id = "input",
     .title = "input",
     .element = "input",
     .flags = HOT_AND_COLD,
     .describe = describe_input,
     .fresh = FRESH_INPUT,
     .what = "a tablet, keyboard or mouse"},
    {.id = "usb",
     .title = "host usb",
     .element = "hostdev",
     .attr = "type",
     .value = "usb",
     .flags = HOT_AND_COLD,
     .describe = describe_usb,
     .fresh = FRESH_USB,
     .complete = complete_usb,
     .what = "a USB device of the host"},
    {.id = "pci",
     .title = "host pci",
     .element = "hostdev",
     .attr = "type",
     .value = "pci",
     .flags = HOT_AND_COLD,
     .describe = describe_pci,
     .fresh = FRESH_PCI,
     .complete = complete_pci,
     .what = "a PCI device of the host"},
    {.id = "hostdev",
     .title = "host device",
     .element = "hostdev",
     .flags = HOT_AND_COLD,
     .describe = describe_hostdev,
     .what = "another device of the host (mdev, SCSI)"},
    {.id = "redirdev",
     .title = "usb redir",
     .element = "redirdev",
     .flags = HOT_AND_COLD,
     .describe = describe_redirdev,
     .fresh = FRESH_REDIRDEV,
     .what = "a USB device of whoever looks at the screen"},
    {.id = "serial",
     .title = "serial",
     .element = "serial",
     .flags = HOT_AND_COLD,
     .describe = describe_character,
     .key = "target@port",
     .fresh = FRESH_SERIAL,
     .what = "a serial port"},
    {.id = "console",
     .title = "console",
     .element = "console",
     .flags = HOT_AND_COLD | KIND_AUTOMATIC,
     .describe = describe_character,
     /* No key: the live definition counts its virtio consoles from 0 on, the configured one all consoles. */
     .fresh = FRESH_CONSOLE,
     .what = "a text console"},
    {.id = "parallel",
     .title = "parallel",
     .element = "parallel",
     .flags = HOT_AND_COLD,
     .describe = describe_character,
     .key = "target@port",
     .fresh = FRESH_PARALLEL,
     .what = "a parallel port"},
    {.id = "channel",
     .title = "channel",
     .element = "channel",
     .flags = HOT_AND_COLD,
     .describe = describe_character,
     .key = "target@name",
     .fresh = FRESH_CHANNEL,
     .what = "a channel to the guest: its agent's, SPICE's"},
    {.id = "rng",
     .title = "rng",
     .element = "rng",
     .flags = HOT_AND_COLD,
     .describe = describe_rng,
     .fresh = FRESH_RNG,
     .what = "random numbers from the host"},
    {.id = "balloon",
     .title = "balloon",
     .element = "memballoon",
     .describe = describe_balloon,
     .fresh = FRESH_BALLOON,
     .complete = complete_single,
     .what = "lets the host take memory back and see how much is used"},
    {.id = "watchdog",
     .title = "watchdog",
     .element = "watchdog",
     .flags = HOT_AND_COLD,
     .describe = describe_watchdog,
     .fresh = FRESH_WATCHDOG,
     .complete = complete_watchdog,
     .what = "resets a guest that hangs"},
    {.id = "tpm",
     .title = "tpm",
     .element = "tpm",
     .describe = describe_tpm,
     .fresh = FRESH_TPM,
     .complete = complete_single,
     .what = "a TPM, by swtpm or the host's"},
    {.id = "vsock",
     .title = "vsock",
     .element = "vsock",
     .flags = HOT_AND_COLD,
     .describe = describe_vsock,
     .fresh = FRESH_VSOCK,
     .complete = complete_single,
     .what = "a socket between host and guest, without network"},
    {.id = "filesystem",
     .title = "filesystem",
     .element = "filesystem",
     .flags = HOT_AND_COLD,
     .describe = describe_filesystem,
     .key = "target@dir",
     .fresh = FRESH_FILESYSTEM,
     .complete = complete_filesystem,
     .what = "a directory of the host"},
    {.id = "memory",
     .title = "memory",
     .element = "memory",
     .flags = HOT_AND_COLD | KIND_COLD_UPDATE,
     .describe = describe_memory,
     .fresh = FRESH_MEMORY,
     .what = "a module of memory"},
    {.id = "controller",
     .title = "controller",
     .element = "controller",
     .flags = HOT_AND_COLD | KIND_AUTOMATIC,
     .describe = describe_controller,
     .fresh = FRESH_CONTROLLER,
     .complete = complete_controller,
     .what = "what devices are attached to"},
    {.id = "smartcard",
     .title = "smartcard",
     .element = "smartcard",
     .describe = describe_smartcard,
     .fresh = FRESH_SMARTCARD,
     .what = "a smartcard reader"},
    {.id = "panic",
     .title = "panic",
     .element = "panic",
     .describe = describe_other,
     .fresh = FRESH_PANIC,
     .complete = complete_panic,
     .what = "tells the host when the guest crashes"},
    {.id = "iommu",
     .title = "iommu",
     .element = "iommu",
     .describe = describe_other,
     .fresh = FRESH_IOMMU,
     .complete = complete_iommu,
     .what = "an IOMMU for the guest's own passthrough"},
    {.id = "hub", .title = "hub", .element = "hub", .describe = describe_other, .what = "a USB hub"},
    {.id = "shmem",
     .title = "shmem",
     .element = "shmem",
     .flags = HOT_AND_COLD,
     .describe = describe_shmem,
     .key = "@name",
     .fresh = FRESH_SHMEM,
     .complete = complete_shmem,
     .what = "memory shared with other programs of the host"},
    {.id = "other",
     .title = "other",
     .describe = describe_other,
     .what = "an element that this program has no row for"},
};
const size_t n_device_kinds = ARRAY_LEN(device_kinds);

static bool has_value(xmlNodePtr node, const struct device_kind *kind)
{
    char *path = xasprintf("@%s", kind->attr);
    bool has = xml_get_is(node, path, kind->value);
    free(path);
    return has;
}

static bool fits(const struct device_kind *kind, xmlNodePtr node)
{
    if (kind->flags & KIND_PART)
        return false;
    return !kind->element || (xml_is(node, kind->element) && (!kind->attr || has_value(node, kind)));
}

const struct device_kind *device_kind_of(xmlNodePtr node)
{
    const struct device_kind *kind = device_kinds;
    while (!fits(kind, node)) {
        kind++;
    }
    return kind;
}

const struct device_kind *device_kind_find(const char *id)
{
    for (size_t i = 0; i < n_device_kinds; i++)
        if (strcmp(device_kinds[i].id, id) == 0)
            return &device_kinds[i];
    return NULL;
}

void device_describe(xmlNodePtr node, const struct device_kind *kind, int index, struct vm_device *dev)
{
    dev->kind = kind;
    kind->describe(node, index, dev);
    dev->alias = kind->flags & KIND_PART ? NULL : xml_get(node, "alias@name");
}

void device_forget(struct vm_device *dev)
{
    char *const strings[] = {dev->name,   dev->alias, dev->model,   dev->target,
                             dev->source, dev->mac,   dev->log_file};
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        free(strings[i]);
    *dev = (struct vm_device){0};
}

static char *pci_key(const struct device_kind *kind, xmlNodePtr address)
{
    char *place = device_pci_address(address);
    char *key = xasprintf("%s@%s", kind->id, place);
    free(place);
    return key;
}

char *device_key(xmlNodePtr node, const struct device_kind *kind, int index)
{
    char *own = kind->key ? xml_get(node, kind->key) : NULL;
    xmlNodePtr address = kind->flags & KIND_PART ? NULL : xml_child(node, "address");
    char *key;
    if (kind->flags & KIND_PART)
        key = xstrdup(kind->id);
    else if (own)
        key = xasprintf("%s:%s", kind->id, own);
    else if (address && xml_get_is(address, "@type", "pci"))
        key = pci_key(kind, address);
    else
        key = xasprintf("%s#%d", kind->id, index);
    free(own);
    return key;
}

/* ---- walking ---- */

static void leave_device(struct device_walk *w)
{
    device_forget(&w->dev);
    free(w->key);
    w->key = NULL;
}

static bool stand_at(struct device_walk *w, xmlNodePtr node, const struct device_kind *kind)
{
    w->node = node;
    w->kind = kind;
    w->index = w->counts[kind - device_kinds]++;
    device_describe(node, kind, w->index, &w->dev);
    w->key = device_key(node, kind, w->index);
    return true;
}

bool device_walk_next(struct device_walk *w)
{
    leave_device(w);
    if (!w->counts) {
        xmlNodePtr devices = xml_child(w->domain, "devices");
        w->counts = xcalloc(n_device_kinds, sizeof(*w->counts));
        w->next = devices ? devices->children : NULL;
    }
    for (; w->step < (int)n_device_kinds && device_kinds[w->step].flags & KIND_PART;)
        return stand_at(w, w->domain, &device_kinds[w->step++]);
    while (w->next) {
        xmlNodePtr node = w->next;
        w->next = node->next;
        if (node->type == XML_ELEMENT_NODE && !xml_is(node, "emulator"))
            return stand_at(w, node, device_kind_of(node));
    }
    return false;
}

void device_walk_end(struct device_walk *w)
{
    leave_device(w);
    free(w->counts);
    *w = (struct device_walk){0};
}
