/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What libvirt's definition says about each kind of device, in the few words that the device list has room
 * for. Secrets (the passwords of graphics, of disks' servers) are never looked at.
 */
#include "device/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "model/xml.h"

/* ---- reading elements ---- */

/* The caller frees; NULL where there is no node, no such attribute, or nothing in it. */
static char *attr(xmlNodePtr node, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "@%s", name);
    return node ? xml_get(node, path) : NULL;
}

static char *text(xmlNodePtr node)
{
    return node ? xml_get(node, "") : NULL;
}

static xmlNodePtr child(xmlNodePtr node, const char *name)
{
    return xml_child(node, name);
}

static char *child_attr(xmlNodePtr node, const char *name, const char *attr_name)
{
    return attr(child(node, name), attr_name);
}

static bool attr_is(xmlNodePtr node, const char *name, const char *value)
{
    char *found = attr(node, name);
    bool same = found && strcmp(found, value) == 0;
    free(found);
    return same;
}

/* The first of these attributes that the node has. */
static char *first_attr(xmlNodePtr node, const char *const *names)
{
    char *value = NULL;
    for (; *names && !value; names++) {
        value = attr(node, *names);
    }
    return value;
}

/* a, the separator, b; one of them alone; NULL when there is neither. Frees both. */
static char *join(char *a, const char *separator, char *b)
{
    if (!a || !b) {
        return a ? a : b;
    }
    char *joined = xasprintf("%s%s%s", a, separator, b);
    free(a);
    free(b);
    return joined;
}

/* word + value, or NULL without a value. Frees it. */
static char *labelled(const char *word, char *value)
{
    return value ? join(xstrdup(word), "", value) : NULL;
}

static char *numbered(const char *word, int index)
{
    return xasprintf("%s%d", word, index);
}

/* "0000:06:12.5" of <address domain='0x0000' bus='0x06' slot='0x12' function='0x5'/>. */
static char *pci_address(xmlNodePtr address)
{
    static const struct {
        const char *name;
        const char *separator;
        int digits;
    } parts[] = {{"domain", "", 4}, {"bus", ":", 2}, {"slot", ":", 2}, {"function", ".", 1}};
    struct strbuf out = {0};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char *value = attr(address, parts[i].name);
        strbuf_printf(&out, "%s%0*lx", parts[i].separator, parts[i].digits,
                      value ? strtoul(value, NULL, 0) & 0xffff : 0);
        free(value);
    }
    return strbuf_steal(&out);
}

/* ---- disks ---- */

static char *disk_source(xmlNodePtr source)
{
    static const char *const paths[] = {"file", "dev", "dir", "path", NULL};
    char *path = first_attr(source, paths);
    if (path) {
        return path;
    }
    char *pool = attr(source, "pool");
    if (pool) {
        return join(pool, "/", attr(source, "volume"));
    }
    if (source && attr_is(source, "type", "pci")) { /* nvme */
        return pci_address(child(source, "address"));
    }
    return join(attr(source, "protocol"), ":", attr(source, "name"));
}

static void describe_disk(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr target = child(node, "target");
    dev->target = attr(target, "dev");
    dev->name = dev->target ? xstrdup(dev->target) : numbered("disk", index);
    dev->model = attr(target, "bus");
    dev->source = disk_source(child(node, "source"));
    dev->is_disk = true;
    dev->readonly = child(node, "readonly") != NULL;
}

static void describe_filesystem(xmlNodePtr node, int index, struct vm_device *dev)
{
    static const char *const paths[] = {"dir", "file", "dev", "name", "socket", "usage", NULL};
    dev->target = child_attr(node, "target", "dir");
    dev->name = dev->target ? xstrdup(dev->target) : numbered("fs", index);
    dev->model = child_attr(node, "driver", "type");
    if (!dev->model) {
        dev->model = attr(node, "type");
    }
    dev->source = first_attr(child(node, "source"), paths);
    dev->readonly = child(node, "readonly") != NULL;
}

/* ---- network ---- */

/* Where a NIC goes, by its type: the attribute of <source> that tells. */
static const struct {
    const char *type, *attr;
} nic_sources[] = {
    {"network", "network"}, {"bridge", "bridge"}, {"direct", "dev"},
    {"vhostuser", "path"},  {"vdpa", "dev"},      {"internal", "name"},
};

static char *nic_source(xmlNodePtr node)
{
    xmlNodePtr source = child(node, "source");
    char *type = attr(node, "type");
    char *where = NULL;
    for (size_t i = 0; type && !where && i < ARRAY_LEN(nic_sources); i++) {
        if (strcmp(type, nic_sources[i].type) == 0) {
            where = attr(source, nic_sources[i].attr);
        }
    }
    if (!where && type && strcmp(type, "hostdev") == 0 && child(source, "address")) {
        where = pci_address(child(source, "address"));
    }
    if (!where) { /* udp, tcp, multicast tunnels */
        where = join(attr(source, "address"), ":", attr(source, "port"));
    }
    return join(type, "=", where);
}

static void describe_nic(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("net", index);
    dev->target = child_attr(node, "target", "dev");
    dev->model = child_attr(node, "model", "type");
    dev->mac = child_attr(node, "mac", "address");
    dev->source = nic_source(node);
    dev->link_down = attr_is(child(node, "link"), "state", "down");
}

static void describe_vsock(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("vsock", index);
    dev->model = attr(node, "model");
    dev->source = labelled("cid=", child_attr(node, "cid", "address"));
}

/* ---- what is seen and heard ---- */

/* The port in use; "auto" where one is chosen at start (-1 and 0 stand for that in live definitions, too). */
static char *graphics_port(xmlNodePtr node)
{
    static const char *const ports[] = {"port", "tlsPort"};
    for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
        char *port = attr(node, ports[i]);
        if (port && port[0] != '-' && strcmp(port, "0") != 0) {
            return port;
        }
        free(port);
    }
    return attr_is(node, "autoport", "yes") ? xstrdup("auto") : NULL;
}

/* "127.0.0.1:5900", a socket's path, or "auto" where a port is chosen at start. */
static char *graphics_source(xmlNodePtr node)
{
    xmlNodePtr listen = child(node, "listen");
    char *socket = attr(listen, "socket");
    if (!socket) {
        socket = attr(node, "socket");
    }
    if (socket) {
        return socket;
    }
    char *address = attr(listen, "address");
    if (!address) {
        address = attr(node, "listen");
    }
    return join(address, ":", graphics_port(node));
}

static void describe_graphics(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->model = attr(node, "type");
    dev->name = dev->model ? xstrdup(dev->model) : numbered("graphics", index);
    dev->source = graphics_source(node);
}

static void describe_video(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("video", index);
    dev->model = child_attr(node, "model", "type");
}

static void describe_sound(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("sound", index);
    dev->model = attr(node, "model");
    dev->source = labelled("audio", child_attr(node, "audio", "id"));
}

static void describe_audio(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = labelled("audio", attr(node, "id"));
    if (!dev->name) {
        dev->name = numbered("audio", index + 1);
    }
    dev->model = attr(node, "type");
}

static void describe_input(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("input", index);
    dev->model = join(attr(node, "type"), " ", attr(node, "bus"));
    dev->source = child_attr(node, "source", "dev");
    if (!dev->source) {
        dev->source = child_attr(node, "source", "evdev");
    }
}

/* ---- from the host ---- */

static void describe_usb(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr source = child(node, "source");
    xmlNodePtr address = child(source, "address");
    dev->name = numbered("usb", index);
    dev->model = attr(node, "mode");
    dev->source = join(child_attr(source, "vendor", "id"), ":", child_attr(source, "product", "id"));
    if (!dev->source) {
        dev->source = labelled("bus ", join(attr(address, "bus"), " device ", attr(address, "device")));
    }
}

static void describe_pci(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr address = child(child(node, "source"), "address");
    dev->name = numbered("pci", index);
    dev->model = child_attr(node, "driver", "name");
    if (!dev->model) {
        dev->model = attr(node, "mode");
    }
    dev->source = address ? pci_address(address) : NULL;
}

/* mdev, SCSI, storage, misc and whatever comes next. */
static void describe_hostdev(xmlNodePtr node, int index, struct vm_device *dev)
{
    static const char *const places[] = {"block", "char", "interface"};
    xmlNodePtr source = child(node, "source");
    dev->name = numbered("hostdev", index);
    dev->model = attr(node, "type");
    dev->source = child_attr(source, "adapter", "name");
    for (size_t i = 0; !dev->source && i < ARRAY_LEN(places); i++) {
        dev->source = text(child(source, places[i]));
    }
    if (!dev->source) {
        dev->source = child_attr(source, "address", "uuid");
    }
    if (!dev->source) {
        dev->source = attr(source, "wwpn");
    }
}

static void describe_redirdev(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("redir", index);
    dev->model = attr(node, "bus");
    dev->source = attr(node, "type");
}

static void describe_smartcard(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("smartcard", index);
    dev->model = attr(node, "mode");
    dev->source = attr(node, "type");
}

static void describe_tpm(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr backend = child(node, "backend");
    dev->name = numbered("tpm", index);
    dev->model = attr(node, "model");
    dev->source = child_attr(backend, "device", "path");
    if (!dev->source) {
        dev->source = join(attr(backend, "type"), " ", attr(backend, "version"));
    }
}

static void describe_rng(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr backend = child(node, "backend");
    dev->name = numbered("rng", index);
    dev->model = attr(node, "model");
    /* An EGD backend has elements inside, whose text says nothing by itself. */
    dev->source = child(backend, "source") ? NULL : text(backend);
    if (!dev->source) {
        dev->source = attr(backend, "model");
    }
}

static void describe_shmem(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr size = child(node, "size");
    dev->name = attr(node, "name");
    if (!dev->name) {
        dev->name = numbered("shmem", index);
    }
    dev->model = child_attr(node, "model", "type");
    dev->source = join(text(size), " ", attr(size, "unit"));
}

/* ---- character devices ---- */

/* The socket's or file's place, else type and address: "/dev/pts/3", "tcp 127.0.0.1:4555". */
static char *character_source(xmlNodePtr node)
{
    xmlNodePtr source = child(node, "source");
    char *path = attr(source, "path");
    if (path) {
        return path;
    }
    char *type = attr(node, "type");
    return join(type, " ", join(attr(source, "host"), ":", attr(source, "service")));
}

static void describe_character(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr target = child(node, "target");
    dev->name = numbered((const char *)node->name, index);
    dev->target = attr(target, "name");
    dev->model = child_attr(target, "model", "name");
    if (!dev->model) {
        dev->model = attr(target, "type");
    }
    dev->source = character_source(node);
    dev->log_file = child_attr(node, "log", "file");
    dev->has_log = dev->log_file != NULL;
}

/* ---- the rest ---- */

static void describe_balloon(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = index ? numbered("balloon", index) : xstrdup("balloon");
    dev->model = attr(node, "model");
}

static void describe_watchdog(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("watchdog", index);
    dev->model = attr(node, "model");
    dev->source = labelled("action=", attr(node, "action"));
}

static void describe_memory(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr size = child(child(node, "target"), "size");
    dev->name = numbered("dimm", index);
    dev->model = attr(node, "model");
    dev->source = join(text(size), " ", attr(size, "unit"));
}

static void describe_controller(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = join(attr(node, "type"), "", attr(node, "index"));
    if (!dev->name) {
        dev->name = numbered("controller", index);
    }
    dev->model = attr(node, "model");
}

static void describe_other(xmlNodePtr node, int index, struct vm_device *dev)
{
    static const char *const models[] = {"model", "type", NULL};
    dev->name = numbered((const char *)node->name, index);
    dev->model = first_attr(node, models);
}

/* ---- parts of the definition that are no devices ---- */

static void describe_part(xmlNodePtr node, int index, struct vm_device *dev)
{
    (void)node;
    (void)index;
    dev->name = xstrdup(dev->kind->id);
}

static void describe_cpu(xmlNodePtr domain, int index, struct vm_device *dev)
{
    char *model = xml_get(domain, "cpu/model");
    char *mode = xml_get(domain, "cpu@mode");
    char *current = xml_get(domain, "vcpu@current"), *max = xml_get(domain, "vcpu");
    describe_part(domain, index, dev);
    dev->model = model && (!mode || strcmp(mode, "custom") == 0) ? xstrdup(model) : xstrdup(mode);
    dev->source = xasprintf("%s of %s vcpus", current ? current : max ? max : "1", max ? max : "1");
    free(model);
    free(mode);
    free(current);
    free(max);
}

static void describe_ram(xmlNodePtr domain, int index, struct vm_device *dev)
{
    char *now = xml_get(domain, "currentMemory"), *max = xml_get(domain, "memory");
    char *unit = xml_get(domain, "memory@unit");
    describe_part(domain, index, dev);
    dev->source = xasprintf("%s of %s %s", now ? now : max ? max : "?", max ? max : "?", unit ? unit : "KiB");
    free(now);
    free(max);
    free(unit);
}

static void describe_firmware(xmlNodePtr domain, int index, struct vm_device *dev)
{
    char *firmware = xml_get(domain, "os@firmware"), *loader = xml_get(domain, "os/loader");
    describe_part(domain, index, dev);
    dev->model = firmware ? xstrdup(firmware) : xstrdup(loader ? "loader" : "bios");
    dev->source = loader;
    free(firmware);
}

/* What is booted from: the kernel given, the devices' own order, or the kinds in <os>. */
static void describe_boot(xmlNodePtr domain, int index, struct vm_device *dev)
{
    struct strbuf out = {0};
    xmlNodePtr os = xml_child(domain, "os");
    char *kernel = xml_get(os, "kernel");
    describe_part(domain, index, dev);
    for (xmlNodePtr boot = xml_child(os, "boot"); boot; boot = xml_next(boot, "boot")) {
        char *word = attr(boot, "dev");
        strbuf_printf(&out, "%s%s", out.len ? "," : "", word ? word : "?");
        free(word);
    }
    dev->source = kernel ? xasprintf("kernel %s", kernel) : out.len ? strbuf_steal(&out) : NULL;
    strbuf_free(&out);
    free(kernel);
}

static void describe_domain(xmlNodePtr domain, int index, struct vm_device *dev)
{
    describe_part(domain, index, dev);
    dev->source = xml_get(domain, "title");
}

/* ---- the table ---- */

#define HOT_AND_COLD (KIND_HOT | KIND_COLD)

const struct device_kind device_kinds[] = {
    {.id = "domain", .title = "domain", .flags = KIND_PART, .describe = describe_domain},
    {.id = "cpu", .title = "cpu", .flags = KIND_PART, .describe = describe_cpu},
    {.id = "ram", .title = "memory", .flags = KIND_PART, .describe = describe_ram},
    {.id = "firmware", .title = "firmware", .flags = KIND_PART, .describe = describe_firmware},
    {.id = "boot", .title = "boot order", .flags = KIND_PART, .describe = describe_boot},
    {.id = "cdrom",
     .title = "cdrom",
     .element = "disk",
     .attr = "device",
     .value = "cdrom",
     .flags = KIND_COLD | KIND_COLD_UPDATE,
     .describe = describe_disk,
     .key = "target@dev"},
    {.id = "floppy",
     .title = "floppy",
     .element = "disk",
     .attr = "device",
     .value = "floppy",
     .flags = KIND_COLD | KIND_COLD_UPDATE,
     .describe = describe_disk,
     .key = "target@dev"},
    {.id = "disk",
     .title = "disk",
     .element = "disk",
     .flags = HOT_AND_COLD | KIND_COLD_UPDATE,
     .describe = describe_disk,
     .key = "target@dev"},
    {.id = "nic",
     .title = "nic",
     .element = "interface",
     .flags = HOT_AND_COLD | KIND_COLD_UPDATE,
     .describe = describe_nic,
     .key = "mac@address"},
    {.id = "graphics",
     .title = "graphics",
     .element = "graphics",
     .flags = KIND_COLD_UPDATE,
     .describe = describe_graphics,
     .key = "@type"},
    {.id = "video", .title = "video", .element = "video", .describe = describe_video},
    {.id = "sound", .title = "sound", .element = "sound", .flags = KIND_COLD, .describe = describe_sound},
    {.id = "audio", .title = "audio", .element = "audio", .describe = describe_audio, .key = "@id"},
    {.id = "input", .title = "input", .element = "input", .flags = HOT_AND_COLD, .describe = describe_input},
    {.id = "usb",
     .title = "host usb",
     .element = "hostdev",
     .attr = "type",
     .value = "usb",
     .flags = HOT_AND_COLD,
     .describe = describe_usb},
    {.id = "pci",
     .title = "host pci",
     .element = "hostdev",
     .attr = "type",
     .value = "pci",
     .flags = HOT_AND_COLD,
     .describe = describe_pci},
    {.id = "hostdev",
     .title = "host device",
     .element = "hostdev",
     .flags = HOT_AND_COLD,
     .describe = describe_hostdev},
    {.id = "redirdev",
     .title = "usb redir",
     .element = "redirdev",
     .flags = HOT_AND_COLD,
     .describe = describe_redirdev},
    {.id = "serial",
     .title = "serial",
     .element = "serial",
     .flags = HOT_AND_COLD,
     .describe = describe_character,
     .key = "target@port"},
    {.id = "console",
     .title = "console",
     .element = "console",
     .flags = HOT_AND_COLD | KIND_AUTOMATIC,
     .describe = describe_character,
     .key = "target@port"},
    {.id = "parallel",
     .title = "parallel",
     .element = "parallel",
     .flags = HOT_AND_COLD,
     .describe = describe_character,
     .key = "target@port"},
    {.id = "channel",
     .title = "channel",
     .element = "channel",
     .flags = HOT_AND_COLD,
     .describe = describe_character,
     .key = "target@name"},
    {.id = "rng", .title = "rng", .element = "rng", .flags = HOT_AND_COLD, .describe = describe_rng},
    {.id = "balloon", .title = "balloon", .element = "memballoon", .describe = describe_balloon},
    {.id = "watchdog",
     .title = "watchdog",
     .element = "watchdog",
     .flags = HOT_AND_COLD,
     .describe = describe_watchdog},
    {.id = "tpm", .title = "tpm", .element = "tpm", .describe = describe_tpm},
    {.id = "vsock", .title = "vsock", .element = "vsock", .flags = HOT_AND_COLD, .describe = describe_vsock},
    {.id = "filesystem",
     .title = "filesystem",
     .element = "filesystem",
     .flags = HOT_AND_COLD,
     .describe = describe_filesystem,
     .key = "target@dir"},
    {.id = "memory",
     .title = "memory",
     .element = "memory",
     .flags = HOT_AND_COLD | KIND_COLD_UPDATE,
     .describe = describe_memory},
    {.id = "controller",
     .title = "controller",
     .element = "controller",
     .flags = HOT_AND_COLD | KIND_AUTOMATIC,
     .describe = describe_controller},
    {.id = "smartcard", .title = "smartcard", .element = "smartcard", .describe = describe_smartcard},
    {.id = "panic", .title = "panic", .element = "panic", .describe = describe_other},
    {.id = "iommu", .title = "iommu", .element = "iommu", .flags = KIND_COLD, .describe = describe_other},
    {.id = "hub", .title = "hub", .element = "hub", .describe = describe_other},
    {.id = "shmem",
     .title = "shmem",
     .element = "shmem",
     .flags = HOT_AND_COLD,
     .describe = describe_shmem,
     .key = "@name"},
    {.id = "other", .title = "other", .describe = describe_other},
};
const size_t n_device_kinds = ARRAY_LEN(device_kinds);

static bool fits(const struct device_kind *kind, xmlNodePtr node)
{
    if (kind->flags & KIND_PART)
        return false;
    return !kind->element ||
           (xml_is(node, kind->element) && (!kind->attr || attr_is(node, kind->attr, kind->value)));
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
    dev->alias = kind->flags & KIND_PART ? NULL : child_attr(node, "alias", "name");
}

char *device_key(xmlNodePtr node, const struct device_kind *kind, int index)
{
    char *own = kind->key ? xml_get(node, kind->key) : NULL;
    xmlNodePtr address = kind->flags & KIND_PART ? NULL : child(node, "address");
    char *key;
    if (kind->flags & KIND_PART)
        key = xstrdup(kind->id);
    else if (own)
        key = xasprintf("%s:%s", kind->id, own);
    else if (address && attr_is(address, "type", "pci"))
        key = join(xasprintf("%s@", kind->id), "", pci_address(address));
    else
        key = xasprintf("%s#%d", kind->id, index);
    free(own);
    return key;
}

/* ---- walking ---- */

static void forget_device(struct vm_device *dev)
{
    char *const strings[] = {dev->name,   dev->alias, dev->model,   dev->target,
                             dev->source, dev->mac,   dev->log_file};
    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        free(strings[i]);
    *dev = (struct vm_device){0};
}

static void leave_device(struct device_walk *w)
{
    forget_device(&w->dev);
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
