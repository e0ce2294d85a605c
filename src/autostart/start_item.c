/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/start_item.h"

#include <stdlib.h>
#include <string.h>
#include "model/xml.h"

#define AGENT_CHANNEL "org.qemu.guest_agent.0"
#define QEMU_URI      "http://libvirt.org/schemas/domain/qemu/1.0"
#define ITEMS_MAX     4096 /* files, ports: a definition of 32 MiB must not cost more than it has to */

/* ---- files ---- */

static void add_file(struct start_item *it, enum start_file_kind kind, char *path, bool optional)
{
    if (path && path[0] == '/' && it->files.len < ITEMS_MAX)
        vec_push(&it->files, ((struct start_file){kind, path, optional}));
    else
        free(path);
}

/* What a device names as its source, where that is a file, a block device or a folder of the host. */
static char *source_path(xmlNodePtr device)
{
    static const char *const by_type[][2] = {
        {"file", "source@file"}, {"block", "source@dev"}, {"dir", "source@dir"}, {"mount", "source@dir"}};
    for (size_t i = 0; i < ARRAY_LEN(by_type); i++)
        if (xml_get_is(device, "@type", by_type[i][0]))
            return xml_get(device, by_type[i][1]);
    return NULL;
}

static void read_disks(xmlNodePtr devices, struct start_item *it)
{
    for (xmlNodePtr d = xml_child(devices, "disk"); d; d = xml_next(d, "disk"))
        add_file(it, START_IMAGE, source_path(d), xml_get_is(d, "source@startupPolicy", "optional"));
}

static void read_folders(xmlNodePtr devices, struct start_item *it)
{
    for (xmlNodePtr f = xml_child(devices, "filesystem"); f; f = xml_next(f, "filesystem")) {
        char *type = xml_get(f, "@type");
        add_file(it, START_SHARED, type ? source_path(f) : xml_get(f, "source@dir"), false);
        free(type);
    }
}

static void read_boot_files(xmlNodePtr domain, struct start_item *it)
{
    static const struct {
        enum start_file_kind kind;
        const char *path;
    } places[] = {{START_FIRMWARE, "os/loader"}, {START_FIRMWARE, "os/nvram@template"},
                  {START_KERNEL, "os/kernel"},   {START_KERNEL, "os/initrd"},
                  {START_KERNEL, "os/dtb"},      {START_EMULATOR, "devices/emulator"}};
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        add_file(it, places[i].kind, xml_get(domain, places[i].path), false);
}

/* ---- ports ---- */

static int port_number(const char *text)
{
    char *end = NULL;
    long n = text ? strtol(text, &end, 10) : 0;
    return text && end != text && *end == '\0' && n > 0 && n <= 65535 ? (int)n : 0;
}

static bool same_address(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Configured definitions have the first serial device twice, the second time as a console. */
static void add_port(struct start_item *it, int port, bool udp, const char *address, const char *what)
{
    for (size_t i = 0; i < it->ports.len; i++) {
        const struct start_port *p = &it->ports.items[i];
        if (p->port == port && p->udp == udp && same_address(p->address, address))
            return;
    }
    if (port > 0 && it->ports.len < ITEMS_MAX)
        vec_push(&it->ports, ((struct start_port){port, udp, address && *address ? xstrdup(address) : NULL,
                                                  xstrdup(what)}));
}

static void add_port_of(struct start_item *it, xmlNodePtr node, const char *path, const char *address,
                        const char *what)
{
    char *text = xml_get(node, path);
    add_port(it, port_number(text), false, address, what);
    free(text);
}

static void read_graphics(xmlNodePtr g, struct start_item *it)
{
    char *type = xml_get(g, "@type"), *address = xml_get(g, "listen@address");
    bool listens = !xml_get_is(g, "listen@type", "none") && !xml_get_is(g, "listen@type", "socket");
    if (!address)
        address = xml_get(g, "@listen");
    if (listens && !xml_get_is(g, "@autoport", "yes")) {
        char *tls = xasprintf("%s over TLS", type ? type : "graphics");
        add_port_of(it, g, "@port", address, type ? type : "graphics");
        add_port_of(it, g, "@tlsPort", address, tls);
        free(tls);
    }
    if (listens)
        add_port_of(it, g, "@websocket", address, "vnc over WebSocket");
    free(type);
    free(address);
}

static void read_character(xmlNodePtr c, struct start_item *it)
{
    bool udp = xml_get_is(c, "@type", "udp");
    if (!udp && !xml_get_is(c, "@type", "tcp"))
        return;
    for (xmlNodePtr s = xml_child(c, "source"); s; s = xml_next(s, "source")) {
        if (!xml_get_is(s, "@mode", "bind"))
            continue;
        char *host = xml_get(s, "@host"), *service = xml_get(s, "@service");
        char *what = xasprintf("%s over %s", (const char *)c->name, udp ? "UDP" : "TCP");
        add_port(it, port_number(service), udp, host, what);
        free(what);
        free(service);
        free(host);
    }
}

/* <portForward proto='tcp' address='…'><range start='2222' end='2230'/></portForward> of passt. */
static void read_forwards(xmlNodePtr nic, struct start_item *it)
{
    for (xmlNodePtr f = xml_child(nic, "portForward"); f; f = xml_next(f, "portForward")) {
        char *address = xml_get(f, "@address");
        bool udp = xml_get_is(f, "@proto", "udp");
        for (xmlNodePtr r = xml_child(f, "range"); r; r = xml_next(r, "range")) {
            char *start = xml_get(r, "@start"), *end = xml_get(r, "@end");
            int first = port_number(start), last = end ? port_number(end) : first;
            bool left_out = xml_get_is(r, "@exclude", "yes");
            for (int port = first; first > 0 && port <= last && !left_out && it->ports.len < ITEMS_MAX;
                 port++)
                add_port(it, port, udp, address, "a forwarded port");
            free(start);
            free(end);
        }
        free(address);
    }
}

/* hostfwd=[tcp|udp]:[ADDRESS]:PORT-… as QEMU's own user network takes it. */
static void read_hostfwd(const char *arg, struct start_item *it)
{
    for (const char *p = arg; (p = strstr(p, "hostfwd=")) != NULL;) {
        p += strlen("hostfwd=");
        size_t len = strcspn(p, ",-");
        bool udp = strncmp(p, "udp:", 4) == 0;
        const char *address = memchr(p, ':', len);
        const char *port = address ? memrchr(p, ':', len) : NULL;
        if (!port || p[len] != '-')
            continue;
        char *digits = xstrndup(port + 1, len - (size_t)(port + 1 - p));
        char *host = port > address ? xstrndup(address + 1, (size_t)(port - address - 1)) : NULL;
        add_port(it, port_number(digits), udp, host && *host ? host : "0.0.0.0", "a forwarded port");
        free(digits);
        free(host);
    }
}

static void read_arguments(xmlNodePtr domain, struct start_item *it)
{
    xmlNodePtr line = xml_child_ns(domain, QEMU_URI, "commandline");
    for (xmlNodePtr a = line ? line->children : NULL; a; a = a->next) {
        char *value = a->type == XML_ELEMENT_NODE ? xml_get(a, "@value") : NULL;
        if (value)
            read_hostfwd(value, it);
        free(value);
    }
}

static void read_ports(xmlNodePtr domain, xmlNodePtr devices, struct start_item *it)
{
    static const char *const characters[] = {"serial", "parallel", "console", "channel", "redirdev"};
    for (xmlNodePtr g = xml_child(devices, "graphics"); g; g = xml_next(g, "graphics"))
        read_graphics(g, it);
    for (size_t i = 0; i < ARRAY_LEN(characters); i++)
        for (xmlNodePtr c = xml_child(devices, characters[i]); c; c = xml_next(c, characters[i]))
            read_character(c, it);
    for (xmlNodePtr n = xml_child(devices, "interface"); n; n = xml_next(n, "interface"))
        read_forwards(n, it);
    read_arguments(domain, it);
}

/* ---- the rest ---- */

static bool has_agent(xmlNodePtr devices)
{
    for (xmlNodePtr c = xml_child(devices, "channel"); c; c = xml_next(c, "channel"))
        if (xml_get_is(c, "target@name", AGENT_CHANNEL))
            return true;
    return false;
}

/* A NIC that is passed through is one, too; which of the PCI devices are NICs the definition does not say. */
static bool has_nic(xmlNodePtr domain, xmlNodePtr devices)
{
    return xml_child(devices, "interface") || xml_child(devices, "hostdev") ||
           xml_child_ns(domain, QEMU_URI, "commandline");
}

/* Other machines than PCs have a power button without being asked for one. */
static bool can_shut_down(xmlNodePtr domain)
{
    bool pc = xml_get_is(domain, "os/type@arch", "x86_64") || xml_get_is(domain, "os/type@arch", "i686");
    return !pc || xml_find(domain, "features/acpi") || has_agent(xml_child(domain, "devices"));
}

static char *serial_log(xmlNodePtr devices)
{
    xmlNodePtr first = xml_child(devices, "serial");
    return xml_get(first ? first : xml_child(devices, "console"), "log@file");
}

struct start_item *start_item_read(xmlNodePtr domain)
{
    struct start_item *it = xcalloc(1, sizeof *it);
    xmlNodePtr devices = xml_child(domain, "devices");
    it->refs = 1;
    policy_init(&it->policy);
    policy_from_xml(domain, &it->policy, &it->policy_findings);
    plan_needs(domain, &it->needs);
    read_disks(devices, it);
    read_boot_files(domain, it);
    read_folders(devices, it);
    read_ports(domain, devices, it);
    it->memory_kib = xml_get_kib(domain, "memory");
    it->hugepages_kib = xml_find(domain, "memoryBacking/hugepages") ? it->memory_kib : 0;
    it->has_agent = has_agent(devices);
    it->can_shut_down = can_shut_down(domain);
    it->has_nic = has_nic(domain, devices);
    it->serial_log = serial_log(devices);
    return it;
}

struct start_item *start_item_ref(struct start_item *i)
{
    if (i)
        __atomic_add_fetch(&i->refs, 1, __ATOMIC_RELAXED);
    return i;
}

void start_item_unref(struct start_item *i)
{
    if (!i || __atomic_sub_fetch(&i->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    policy_free(&i->policy);
    findings_free(&i->policy_findings);
    need_list_free(&i->needs);
    for (size_t k = 0; k < i->files.len; k++)
        free(i->files.items[k].path);
    vec_free(&i->files);
    for (size_t k = 0; k < i->ports.len; k++) {
        free(i->ports.items[k].address);
        free(i->ports.items[k].what);
    }
    vec_free(&i->ports);
    free(i->serial_log);
    free(i);
}

bool start_item_is_ours(const struct start_item *i)
{
    return i && i->policy.present && policy_number(&i->policy, NULL, POLICY_MODE) != MODE_OFF;
}
