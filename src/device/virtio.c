/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/virtio.h"

#include <stdlib.h>
#include <string.h>
#include "device/machine.h"
#include "device/sound.h"
#include "model/xml.h"

/* ---- the table ---- */

struct looked_at {
    xmlNodePtr domain, node;
    const struct facts *facts; /* NULL: nothing is known */
    enum virtio_bus bus;
};

struct conversion {
    const char *kind;  /* id in device/kinds.c */
    const char *path;  /* what tells its bus or model */
    const char *fine;  /* values that are virtio already, or none of our business; space separated */
    const char *to;    /* what is set at `path` */
    const char *drop;  /* paths that mean nothing to the new one and would be refused; space separated */
    const char *known; /* the enum of the domain capabilities that lists what this host can; NULL */
    const char *risk;
    const char *(*keeps)(const struct looked_at *l); /* why this one stays; NULL: it does not */
};

static const char *disk_keeps(const struct looked_at *l)
{
    return xml_get_is(l->node, "@device", "lun") ? "a SCSI command passthrough, which virtio disks are not"
                                                 : NULL;
}

static const char *cdrom_keeps(const struct looked_at *l)
{
    (void)l;
    return "firmware and installers read from it there";
}

static const char *floppy_keeps(const struct looked_at *l)
{
    (void)l;
    return "there is no virtio floppy";
}

static const char *nic_keeps(const struct looked_at *l)
{
    return xml_get_is(l->node, "@type", "hostdev") || xml_get_is(l->node, "@type", "vdpa")
               ? "a device of the host, whose model is its own"
               : NULL;
}

static const char *input_keeps(const struct looked_at *l)
{
    if (xml_get_is(l->node, "@type", "tablet"))
        return "firmware and boot loaders know a USB tablet only";
    if (xml_get_is(l->node, "@bus", "ps2"))
        return "belongs to the machine";
    if (xml_get_is(l->node, "@type", "evdev"))
        return "a device of the host";
    /* An x86 machine has a PS/2 keyboard besides; others have no other one for their firmware. */
    return machine_is_x86(l->domain) ? NULL : "firmware and boot loaders know a USB keyboard only";
}

static const char *sound_keeps(const struct looked_at *l)
{
    if (!l->facts || !l->facts->libvirt || !l->facts->hypervisor)
        return "needs libvirt 10.4 and QEMU 8.2, and this host's versions are unknown";
    char *lacks = sound_virtio_lacks(l->facts);
    bool old = lacks != NULL;
    free(lacks);
    return old ? "needs libvirt 10.4 and QEMU 8.2 at least" : NULL;
}

static const struct conversion conversions[] = {
    {.kind = "disk",
     .path = "target@bus",
     .fine = "virtio",
     .to = "virtio",
     .drop = "target@removable target@rotation_rate wwn vendor product address",
     .known = "devices/disk/enum[name=bus]",
     .risk = "its name in the guest changes (sda becomes vda): a guest that names its root by it, or whose "
             "initramfs has no virtio driver, does not boot",
     .keeps = disk_keeps},
    {.kind = "cdrom", .path = "target@bus", .fine = "", .keeps = cdrom_keeps},
    {.kind = "floppy", .path = "target@bus", .fine = "", .keeps = floppy_keeps},
    {.kind = "nic",
     .path = "model@type",
     .fine = "virtio virtio-transitional virtio-non-transitional",
     .to = "virtio",
     .drop = "address rom@file",
     .risk = "the MAC stays, but its name in the guest can change, and with it the network configuration",
     .keeps = nic_keeps},
    {.kind = "video",
     .path = "model@type",
     .fine = "virtio none",
     .to = "virtio",
     .drop = "model@ram model@vram model@vram64 model@vgamem address",
     .known = "devices/video/enum[name=modelType]",
     .risk = "some guests have no text console on it"},
    {.kind = "balloon",
     .path = "@model",
     .fine = "virtio virtio-transitional virtio-non-transitional none",
     .to = "virtio",
     .drop = "address",
     .risk = "none that is known"},
    {.kind = "rng",
     .path = "@model",
     .fine = "virtio virtio-transitional virtio-non-transitional",
     .to = "virtio",
     .drop = "address",
     .risk = "none that is known"},
    {.kind = "input",
     .path = "@bus",
     .fine = "virtio none",
     .to = "virtio",
     .drop = "address",
     .risk = "firmware and boot loaders do not know it: there the PS/2 keyboard is left",
     .keeps = input_keeps},
    {.kind = "sound",
     .path = "@model",
     .fine = "virtio",
     .to = "virtio",
     .drop = "codec address",
     .risk = "silent where the guest has no driver for it, or the audio backend is none",
     .keeps = sound_keeps},
};

static const struct conversion *conversion_of(const struct device_kind *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(conversions); i++)
        if (strcmp(conversions[i].kind, kind->id) == 0)
            return &conversions[i];
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = words; len && (p = strstr(p, word)) != NULL; p += len)
        if ((p == words || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
            return true;
    return false;
}

/* ---- disks ---- */

/* libvirt's own rule for a disk that says no bus. */
static const char *bus_by_name(const char *target)
{
    static const char *const rows[][2] = {
        {"hd", "ide"}, {"sd", "scsi"}, {"vd", "virtio"}, {"xvd", "xen"}, {"fd", "fdc"}};
    for (size_t i = 0; target && i < ARRAY_LEN(rows); i++)
        if (strncmp(target, rows[i][0], strlen(rows[i][0])) == 0)
            return rows[i][1];
    return NULL;
}

static bool has_virtio_scsi(xmlNodePtr domain, const char *index)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr c = xml_child(devices, "controller"); c; c = xml_next(c, "controller")) {
        char *model = xml_get(c, "@model");
        bool good = xml_get_is(c, "@type", "scsi") && model && strncmp(model, "virtio", 6) == 0 &&
                    (!index || xml_get_is(c, "@index", index));
        free(model);
        if (good)
            return true;
    }
    return false;
}

static bool on_virtio_scsi(const struct looked_at *l)
{
    char *index = xml_get(l->node, "address@controller");
    bool is = has_virtio_scsi(l->domain, index ? index : "0");
    free(index);
    return is;
}

/* Its bus or model in a word. */
static char *now_is(const struct conversion *cv, const struct looked_at *l)
{
    char *is = xml_get(l->node, cv->path);
    if (!is && strcmp(cv->path, "target@bus") == 0) {
        char *target = xml_get(l->node, "target@dev");
        is = xstrdup(bus_by_name(target));
        free(target);
    }
    if (is && strcmp(cv->path, "target@bus") == 0 && strcmp(is, "scsi") == 0 && on_virtio_scsi(l)) {
        free(is);
        is = xstrdup("virtio-scsi");
    }
    return is ? is : xstrdup("default");
}

static bool target_taken(xmlNodePtr domain, const char *name)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr d = xml_child(devices, "disk"); d; d = xml_next(d, "disk"))
        if (xml_get_is(d, "target@dev", name))
            return true;
    return false;
}

/* vda … vdz, vdaa …: the name of the n-th disk, as libvirt counts. The caller frees. */
static char *disk_name(const char *prefix, size_t n)
{
    char letters[16], *p = letters + sizeof letters - 1;
    *p = '\0';
    for (size_t i = n + 1; i > 0; i = (i - 1) / 26)
        *--p = (char)('a' + (i - 1) % 26);
    return xasprintf("%s%s", prefix, p);
}

static bool planned(const struct virtio_plan *p, const char *name)
{
    for (size_t i = 0; i < p->items.len; i++)
        if (p->items.items[i].target && strcmp(p->items.items[i].target, name) == 0)
            return true;
    return false;
}

/* The first free one; `plan` may be NULL. On virtio-scsi a disk that is called sdX keeps that. */
static char *free_target(const struct looked_at *l, const struct virtio_plan *plan, const char *old)
{
    if (l->bus == VIRTIO_SCSI && old && strncmp(old, "sd", 2) == 0)
        return xstrdup(old);
    for (size_t n = 0;; n++) {
        char *name = disk_name(l->bus == VIRTIO_SCSI ? "sd" : "vd", n);
        if (!target_taken(l->domain, name) && (!plan || !planned(plan, name)))
            return name;
        free(name);
    }
}

bool virtio_bus_parse(const char *word, enum virtio_bus *bus)
{
    *bus = strcmp(word, "scsi") == 0 ? VIRTIO_SCSI : VIRTIO_BLK;
    return *bus == VIRTIO_SCSI || strcmp(word, "virtio") == 0;
}

/* ---- the plan ---- */

/* Whether the capabilities' list lacks the value; a list that is not there says nothing. */
static bool host_lacks(const struct looked_at *l, const char *list, const char *value)
{
    xmlNodePtr root = l->facts && l->facts->domcaps ? xmlDocGetRootElement(l->facts->domcaps) : NULL;
    xmlNodePtr values = root && list ? xml_find(root, list) : NULL;
    if (!xml_child(values, "value"))
        return false;
    for (xmlNodePtr v = xml_child(values, "value"); v; v = xml_next(v, "value"))
        if (xml_get_is(v, "", value))
            return false;
    return true;
}

static const char *new_value(const struct conversion *cv, enum virtio_bus bus)
{
    return strcmp(cv->kind, "disk") == 0 && bus == VIRTIO_SCSI ? "scsi" : cv->to;
}

static void judge(const struct conversion *cv, const struct looked_at *l, struct virtio_item *it)
{
    it->is = now_is(cv, l);
    if (has_word(cv->fine, it->is) || strcmp(it->is, "virtio-scsi") == 0) {
        it->fate = VIRTIO_ALREADY;
        return;
    }
    it->why = cv->keeps ? cv->keeps(l) : NULL;
    if (!it->why && host_lacks(l, cv->known, new_value(cv, l->bus)))
        it->why = "this host's QEMU has no virtio one for this machine";
    it->fate = it->why ? VIRTIO_STAYS : VIRTIO_CONVERT;
    if (it->why)
        return;
    bool scsi = strcmp(cv->kind, "disk") == 0 && l->bus == VIRTIO_SCSI;
    it->to = xstrdup(scsi ? "virtio-scsi" : cv->to);
    it->risk = scsi ? "a guest whose initramfs has no virtio-scsi driver does not boot" : cv->risk;
}

static void plan_device(const struct looked_at *l, const struct device_walk *w, struct virtio_plan *p)
{
    const struct conversion *cv = conversion_of(w->kind);
    if (!cv)
        return;
    struct virtio_item it = {.kind = w->kind, .name = xstrdup(w->dev.name ? w->dev.name : w->key)};
    judge(cv, l, &it);
    bool convert = it.fate == VIRTIO_CONVERT, disk = strcmp(cv->kind, "disk") == 0;
    if (convert && disk) {
        char *old = xml_get(l->node, "target@dev");
        it.target = free_target(l, p, old);
        free(old);
    }
    p->n_convert += convert;
    p->n_disks += convert && disk;
    vec_push(&p->items, it);
}

static bool is_windows(xmlNodePtr domain)
{
    char *text = NULL;
    xmlNodePtr metadata = xml_child(domain, "metadata");
    bool says = metadata && (text = xml_print_node(metadata)) && strstr(text, "microsoft.com/win");
    free(text);
    return says || xml_find(domain, "features/hyperv");
}

/* Hypervisors that are QEMU, or speak virtio as it does. */
static bool has_virtio(xmlNodePtr domain)
{
    char *type = xml_get(domain, "@type");
    bool has = type && has_word("kvm qemu hvf hyperv bhyve", type);
    free(type);
    return has;
}

static void find_faults(xmlNodePtr domain, const struct facts *facts, const char *vm, struct virtio_plan *p)
{
    const struct looked_at l = {.domain = domain, .facts = facts};
    if (!has_virtio(domain)) {
        char *type = xml_get(domain, "@type");
        finding_add(&p->findings, "no-virtio", SEV_ERROR, NULL,
                    "a domain of the type %s has no virtio devices", type ? type : "(none)");
        free(type);
    }
    if (facts && host_lacks(&l, "devices/disk/enum[name=bus]", "virtio"))
        finding_add(&p->findings, "no-virtio-disk", SEV_WARN, NULL,
                    "this host's QEMU has no virtio disks for this machine");
    if (p->n_convert && is_windows(domain))
        finding_add(&p->findings, "windows", SEV_WARN, NULL,
                    "Windows has no virtio drivers by itself: without viostor it stops with "
                    "INACCESSIBLE_BOOT_DEVICE; install the drivers of virtio-win in it first");
    if (p->n_convert && !xml_find(domain, "devices/rng")) {
        char *remedy = xasprintf("device %s rng add", vm);
        finding_add(&p->findings, "no-rng", SEV_INFO, remedy, "it has no random number generator");
        free(remedy);
    }
    char *machine = p->n_convert ? xml_get(domain, "os/type@machine") : NULL;
    if (machine)
        finding_add(&p->findings, "machine", SEV_INFO, NULL, "the machine type %s stays", machine);
    free(machine);
}

void virtio_plan_make(xmlNodePtr domain, const struct facts *facts, const char *vm, enum virtio_bus bus,
                      struct virtio_plan *out)
{
    struct device_walk w = {.domain = domain};
    *out = (struct virtio_plan){0};
    while (device_walk_next(&w)) {
        const struct looked_at l = {.domain = domain, .node = w.node, .facts = facts, .bus = bus};
        if (!(w.kind->flags & KIND_PART))
            plan_device(&l, &w, out);
    }
    device_walk_end(&w);
    find_faults(domain, facts, vm, out);
}

void virtio_plan_clear(struct virtio_plan *p)
{
    for (size_t i = 0; i < p->items.len; i++) {
        free(p->items.items[i].name);
        free(p->items.items[i].is);
        free(p->items.items[i].to);
        free(p->items.items[i].target);
    }
    vec_free(&p->items);
    findings_free(&p->findings);
    *p = (struct virtio_plan){0};
}

/* ---- making it so ---- */

static void drop_paths(xmlNodePtr node, const char *paths)
{
    char *copy = xstrdup(paths ? paths : ""), *save = NULL;
    for (char *p = strtok_r(copy, " ", &save); p; p = strtok_r(NULL, " ", &save))
        xml_set(node, p, NULL);
    free(copy);
}

static void convert_device(const struct virtio_item *it, xmlNodePtr node, enum virtio_bus bus)
{
    const struct conversion *cv = conversion_of(it->kind);
    bool scsi = it->target && bus == VIRTIO_SCSI;
    /* A virtio-scsi disk may say its speed, vendor and number as any other SCSI disk. */
    drop_paths(node, scsi ? "target@removable address" : cv->drop);
    xml_set(node, cv->path, new_value(cv, bus));
    if (it->target)
        xml_set(node, "target@dev", it->target);
}

static void add_virtio_scsi(xmlNodePtr domain)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    if (has_virtio_scsi(domain, NULL))
        return;
    size_t index = 0;
    for (xmlNodePtr c = xml_child(devices, "controller"); c; c = xml_next(c, "controller"))
        index += xml_get_is(c, "@type", "scsi");
    char *number = xasprintf("%zu", index);
    xmlNodePtr controller = xml_add_new(devices, "controller");
    xml_set(controller, "@type", "scsi");
    xml_set(controller, "@index", number);
    xml_set(controller, "@model", "virtio-scsi");
    free(number);
}

/* The index of the domain's virtio-scsi controller; the caller frees. */
static char *virtio_scsi_index(xmlNodePtr domain)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr c = xml_child(devices, "controller"); c; c = xml_next(c, "controller")) {
        char *index = xml_get(c, "@index");
        if (index && xml_get_is(c, "@type", "scsi") && has_virtio_scsi(domain, index))
            return index;
        free(index);
    }
    return xstrdup("0");
}

/* The place of a disk on the domain's virtio-scsi controller: the first free one. */
static void place_on_scsi(xmlNodePtr domain, xmlNodePtr disk)
{
    char *index = virtio_scsi_index(domain);
    xmlNodePtr devices = xml_child(domain, "devices");
    for (unsigned unit = 0;; unit++) {
        char *want = xasprintf("%u", unit);
        bool taken = false;
        for (xmlNodePtr d = xml_child(devices, "disk"); d && !taken; d = xml_next(d, "disk"))
            taken = d != disk && xml_get_is(d, "target@bus", "scsi") &&
                    xml_get_is(d, "address@controller", index) && xml_get_is(d, "address@unit", want);
        if (!taken) {
            static const char *const fixed[][2] = {
                {"address@type", "drive"}, {"address@bus", "0"}, {"address@target", "0"}};
            for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
                xml_set(disk, fixed[i][0], fixed[i][1]);
            xml_set(disk, "address@controller", index);
            xml_set(disk, "address@unit", want);
        }
        free(want);
        if (!taken)
            break;
    }
    free(index);
}

/* ---- boot order ---- */

/* What <os><boot dev=…/> means a device of; the first of them only, as libvirt reads it. */
static const char *boot_word(const struct device_kind *kind)
{
    static const char *const rows[][2] = {
        {"disk", "hd"}, {"cdrom", "cdrom"}, {"nic", "network"}, {"floppy", "fd"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(rows[i][0], kind->id) == 0)
            return rows[i][1];
    return NULL;
}

static xmlNodePtr first_that_boots(xmlNodePtr domain, const char *word)
{
    struct device_walk w = {.domain = domain};
    xmlNodePtr found = NULL;
    while (!found && device_walk_next(&w)) {
        const char *is = w.kind->flags & KIND_PART ? NULL : boot_word(w.kind);
        found = is && strcmp(is, word) == 0 ? w.node : NULL;
    }
    device_walk_end(&w);
    return found;
}

/* "hd" means the first disk, and which is the first depends on buses and names: where disks of several buses
 * meet, each device gets its number in the order instead, so that it stays what it is. */
static void pin_boot_order(xmlNodePtr domain)
{
    xmlNodePtr os = xml_child(domain, "os"), next;
    unsigned order = 0;
    for (xmlNodePtr b = xml_child(os, "boot"); b; b = next) {
        char *word = xml_get(b, "@dev"), *number = NULL;
        xmlNodePtr device = word ? first_that_boots(domain, word) : NULL;
        next = xml_next(b, "boot");
        if (device && !xml_child(device, "boot")) {
            number = xasprintf("%u", ++order);
            xml_set(device, "boot@order", number);
        }
        xml_remove(b);
        free(number);
        free(word);
    }
}

static bool has_fixed_disks(const struct virtio_plan *p)
{
    for (size_t i = 0; i < p->items.len; i++)
        if (strcmp(p->items.items[i].kind->id, "disk") == 0 && p->items.items[i].fate != VIRTIO_CONVERT)
            return true;
    return false;
}

/* ---- applying ---- */

static bool may_apply(const struct virtio_plan *p, struct error *e)
{
    for (size_t i = 0; i < p->findings.len; i++)
        if (p->findings.items[i].severity == SEV_ERROR)
            return error_set(e, STATUS_FAILED, "%s", p->findings.items[i].text);
    return p->n_convert || error_set(e, STATUS_FAILED, "there is nothing to convert");
}

static void apply_plan(const struct virtio_plan *p, xmlNodePtr domain, enum virtio_bus bus)
{
    VEC(xmlNodePtr) scsi = {0};
    struct device_walk w = {.domain = domain};
    if (p->n_disks && has_fixed_disks(p))
        pin_boot_order(domain);
    for (size_t i = 0; i < p->items.len && device_walk_next(&w);) {
        if (w.kind->flags & KIND_PART || !conversion_of(w.kind))
            continue;
        const struct virtio_item *it = &p->items.items[i++];
        if (it->fate != VIRTIO_CONVERT)
            continue;
        convert_device(it, w.node, bus);
        if (it->target && bus == VIRTIO_SCSI)
            vec_push(&scsi, w.node);
    }
    device_walk_end(&w);
    if (scsi.len)
        add_virtio_scsi(domain);
    for (size_t i = 0; i < scsi.len; i++)
        place_on_scsi(domain, scsi.items[i]);
    vec_free(&scsi);
}

bool virtio_apply(xmlNodePtr domain, const struct facts *facts, const char *vm, enum virtio_bus bus,
                  struct error *e)
{
    struct virtio_plan p;
    virtio_plan_make(domain, facts, vm, bus, &p);
    bool good = may_apply(&p, e);
    if (good)
        apply_plan(&p, domain, bus);
    virtio_plan_clear(&p);
    return good;
}

/* ---- the probe ---- */

void virtio_probe_add(xmlNodePtr domain, const char *path, enum virtio_bus bus)
{
    static const char *const fixed[][2] = {
        {"@type", "file"}, {"@device", "disk"}, {"driver@name", "qemu"}, {"driver@type", "raw"}};
    const struct looked_at l = {.domain = domain, .bus = bus};
    xmlNodePtr devices = xml_child(domain, "devices");
    if (!devices)
        devices = xml_add_new(domain, "devices");
    char *target = free_target(&l, NULL, NULL);
    if (bus == VIRTIO_SCSI)
        add_virtio_scsi(domain);
    xmlNodePtr disk = xml_add_new(devices, "disk");
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        xml_set(disk, fixed[i][0], fixed[i][1]);
    xml_set(disk, "source@file", path);
    xml_set(disk, "target@dev", target);
    xml_set(disk, "target@bus", bus == VIRTIO_SCSI ? "scsi" : "virtio");
    xml_set(disk, "serial", "virtdeck-probe");
    if (bus == VIRTIO_SCSI)
        place_on_scsi(domain, disk);
    free(target);
}

xmlNodePtr virtio_probe_find(xmlNodePtr domain, const char *path)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr d = xml_child(devices, "disk"); d; d = xml_next(d, "disk"))
        if (xml_get_is(d, "source@file", path))
            return d;
    return NULL;
}
