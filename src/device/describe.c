/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What libvirt's definition says about each kind of device, in the few words that the device list has room
 * for. Secrets (the passwords of graphics, of disks' servers) are never looked at.
 */
#include "device/describe.h"

#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
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
char *device_pci_address(xmlNodePtr address)
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
        return device_pci_address(child(source, "address"));
    }
    return join(attr(source, "protocol"), ":", attr(source, "name"));
}

void describe_disk(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr target = child(node, "target");
    dev->target = attr(target, "dev");
    dev->name = dev->target ? xstrdup(dev->target) : numbered("disk", index);
    dev->model = attr(target, "bus");
    dev->source = disk_source(child(node, "source"));
    dev->is_disk = true;
    dev->readonly = child(node, "readonly") != NULL;
}

void describe_filesystem(xmlNodePtr node, int index, struct vm_device *dev)
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
        where = device_pci_address(child(source, "address"));
    }
    if (!where) { /* udp, tcp, multicast tunnels */
        where = join(attr(source, "address"), ":", attr(source, "port"));
    }
    return join(type, "=", where);
}

void describe_nic(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("net", index);
    dev->target = child_attr(node, "target", "dev");
    dev->model = child_attr(node, "model", "type");
    dev->mac = child_attr(node, "mac", "address");
    dev->source = nic_source(node);
    dev->link_down = attr_is(child(node, "link"), "state", "down");
}

void describe_vsock(xmlNodePtr node, int index, struct vm_device *dev)
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

void describe_graphics(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->model = attr(node, "type");
    dev->name = dev->model ? xstrdup(dev->model) : numbered("graphics", index);
    dev->source = graphics_source(node);
}

void describe_video(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("video", index);
    dev->model = child_attr(node, "model", "type");
}

void describe_sound(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("sound", index);
    dev->model = attr(node, "model");
    dev->source = labelled("audio", child_attr(node, "audio", "id"));
}

void describe_audio(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = labelled("audio", attr(node, "id"));
    if (!dev->name) {
        dev->name = numbered("audio", index + 1);
    }
    dev->model = attr(node, "type");
}

void describe_input(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("input", index);
    dev->model = join(attr(node, "type"), " ", attr(node, "bus"));
    dev->source = child_attr(node, "source", "dev");
    if (!dev->source) {
        dev->source = child_attr(node, "source", "evdev");
    }
}

/* ---- from the host ---- */

void describe_usb(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr source = child(node, "source");
    xmlNodePtr address = child(source, "address");
    dev->name = numbered("usbdev", index);
    dev->model = attr(node, "mode");
    dev->source = join(child_attr(source, "vendor", "id"), ":", child_attr(source, "product", "id"));
    if (!dev->source) {
        dev->source = labelled("bus ", join(attr(address, "bus"), " device ", attr(address, "device")));
    }
}

void describe_pci(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr address = child(child(node, "source"), "address");
    dev->name = numbered("pcidev", index);
    dev->model = child_attr(node, "driver", "name");
    if (!dev->model) {
        dev->model = attr(node, "mode");
    }
    dev->source = address ? device_pci_address(address) : NULL;
}

/* mdev, SCSI, storage, misc and whatever comes next. */
void describe_hostdev(xmlNodePtr node, int index, struct vm_device *dev)
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

void describe_redirdev(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("redir", index);
    dev->model = attr(node, "bus");
    dev->source = attr(node, "type");
}

void describe_smartcard(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("smartcard", index);
    dev->model = attr(node, "mode");
    dev->source = attr(node, "type");
}

void describe_tpm(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr backend = child(node, "backend");
    dev->name = numbered("tpm", index);
    dev->model = attr(node, "model");
    dev->source = child_attr(backend, "device", "path");
    if (!dev->source) {
        dev->source = join(attr(backend, "type"), " ", attr(backend, "version"));
    }
}

void describe_rng(xmlNodePtr node, int index, struct vm_device *dev)
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

void describe_shmem(xmlNodePtr node, int index, struct vm_device *dev)
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

void describe_character(xmlNodePtr node, int index, struct vm_device *dev)
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

void describe_balloon(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = index ? numbered("balloon", index) : xstrdup("balloon");
    dev->model = attr(node, "model");
}

void describe_watchdog(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = numbered("watchdog", index);
    dev->model = attr(node, "model");
    dev->source = labelled("action=", attr(node, "action"));
}

void describe_memory(xmlNodePtr node, int index, struct vm_device *dev)
{
    xmlNodePtr size = child(child(node, "target"), "size");
    dev->name = numbered("dimm", index);
    dev->model = attr(node, "model");
    dev->source = join(text(size), " ", attr(size, "unit"));
}

void describe_controller(xmlNodePtr node, int index, struct vm_device *dev)
{
    dev->name = join(attr(node, "type"), "", attr(node, "index"));
    if (!dev->name) {
        dev->name = numbered("controller", index);
    }
    dev->model = attr(node, "model");
}

void describe_other(xmlNodePtr node, int index, struct vm_device *dev)
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

void describe_cpu(xmlNodePtr domain, int index, struct vm_device *dev)
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

void describe_ram(xmlNodePtr domain, int index, struct vm_device *dev)
{
    struct strbuf out = {0};
    double max = xml_get_kib(domain, "memory"), now = xml_get_kib(domain, "currentMemory");
    describe_part(domain, index, dev);
    format_kib_pair(&out, isnan(now) ? max : now, max, false);
    dev->source = strbuf_steal(&out);
}

void describe_firmware(xmlNodePtr domain, int index, struct vm_device *dev)
{
    char *firmware = xml_get(domain, "os@firmware"), *loader = xml_get(domain, "os/loader");
    describe_part(domain, index, dev);
    dev->model = firmware ? xstrdup(firmware) : xstrdup(loader ? "loader" : "bios");
    dev->source = loader;
    free(firmware);
}

/* What is booted from: the kernel given, the devices' own order, or the kinds in <os>. */
void describe_boot(xmlNodePtr domain, int index, struct vm_device *dev)
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

void describe_domain(xmlNodePtr domain, int index, struct vm_device *dev)
{
    describe_part(domain, index, dev);
    dev->source = xml_get(domain, "title");
}
