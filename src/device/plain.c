/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/plain.h"

#include <stdlib.h>
#include <string.h>
#include "device/kinds.h"
#include "model/xml.h"

struct filled {
    const char *element;     /* under <devices>; NULL: any */
    const char *path;        /* where this is said in the element … */
    const char *is, *begins; /* … with this value, or one that begins so; both NULL: any */
    const char *remove;
};

static const struct filled filled[] = {
    {"disk", "source@index", NULL, NULL, "source@index"},
    {"disk", "backingStore?", NULL, NULL, "backingStore?"},
    {"disk", "target@tray", NULL, NULL, "target@tray"},
    {"interface", "target@dev", NULL, "vnet", "target?"},
    {"interface", "target@dev", NULL, "macvtap", "target?"},
    {"interface", "source@portid", NULL, NULL, "source@portid"},
    {"interface", "@type", "network", NULL, "source@bridge"},
    {"graphics", "@autoport", "yes", NULL, "@port"},
    {"graphics", "@autoport", "yes", NULL, "@tlsPort"},
    {"serial", "@type", "pty", NULL, "source?"},
    {"parallel", "@type", "pty", NULL, "source?"},
    {"console", "@type", "pty", NULL, "source?"},
    {"console", "@tty", NULL, NULL, "@tty"},
    {"channel", "@type", "pty", NULL, "source?"},
    {"channel", "source@path", NULL, "/var/lib/libvirt/qemu/channel/", "source?"},
    {"channel", "source@path", NULL, "/run/libvirt/qemu/channel/", "source?"},
    {"channel", "target@state", NULL, NULL, "target@state"},
    {"hostdev", "driver@name", "vfio", NULL, "driver?"},
    {"vsock", "cid@auto", "yes", NULL, "cid@address"},
};

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static void clean(const struct filled *f, xmlNodePtr device)
{
    if (f->element && !xml_is(device, f->element))
        return;
    char *value = xml_get(device, f->path);
    if (value && (!f->is || strcmp(value, f->is) == 0) && (!f->begins || begins_with(value, f->begins)))
        xml_set(device, f->remove, NULL);
    free(value);
}

/* Those that begin so are the user's own. */
static void clean_alias(xmlNodePtr device)
{
    char *name = xml_get(device, "alias@name");
    if (name && !begins_with(name, "ua-"))
        xml_set(device, "alias?", NULL);
    free(name);
}

static void clean_devices(xmlNodePtr domain)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr d = devices ? devices->children : NULL; d; d = d->next) {
        if (d->type != XML_ELEMENT_NODE)
            continue;
        clean_alias(d);
        for (size_t i = 0; i < ARRAY_LEN(filled); i++)
            clean(&filled[i], d);
    }
}

static void clean_domain(xmlNodePtr domain)
{
    xml_set(domain, "@id", NULL);
    if (xml_get_is(domain, "resource/partition", "/machine"))
        xml_set(domain, "resource?", NULL);
    for (xmlNodePtr s = xml_child(domain, "seclabel"), next; s; s = next) {
        next = xml_next(s, "seclabel");
        if (!xml_get_is(s, "@type", "static"))
            xml_remove(s);
    }
    clean_devices(domain);
}

/* ---- what libvirt chose because the configuration leaves it open ---- */

/* The running one's CPU is what host-model, or a model by name, came to on this host. */
static void clean_cpu(xmlNodePtr live, xmlNodePtr config)
{
    xmlNodePtr now = xml_child(live, "cpu"), then = xml_child(config, "cpu");
    if (!now || !xml_get_is(now, "@check", "full"))
        return;
    if (!then)
        xml_remove(now);
    else if (!xml_get_is(then, "@check", "full") && !xml_get_is(then, "@mode", "host-passthrough")) {
        char *a = xml_get(now, "model"), *b = xml_get(then, "model");
        if (!b || (a && strcmp(a, b) == 0))
            xml_replace(now, then);
        free(a);
        free(b);
    }
}

static xmlNodePtr find_key(xmlNodePtr domain, const char *key)
{
    struct device_walk w = {.domain = domain};
    xmlNodePtr found = NULL;
    while (!found && device_walk_next(&w))
        found = w.key && strcmp(w.key, key) == 0 ? w.node : NULL;
    device_walk_end(&w);
    return found;
}

/* One device in both: what is only in the running one, and left open by the configured one. */
static void clean_pair(xmlNodePtr live, xmlNodePtr config)
{
    static const char *const open[] = {"listen@address", "@listen", "@websocket"};
    if (xml_child(live, "address") && !xml_child(config, "address"))
        xml_remove(xml_child(live, "address"));
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        char *value = xml_get(config, open[i]);
        if (!value || strcmp(value, "-1") == 0) {
            xml_set(live, open[i], NULL);
            xml_set(config, open[i], NULL);
        }
        free(value);
    }
}

static void clean_pairs(xmlNodePtr live, xmlNodePtr config)
{
    struct device_walk w = {.domain = config};
    while (device_walk_next(&w)) {
        xmlNodePtr same = w.kind->flags & KIND_PART || !w.key ? NULL : find_key(live, w.key);
        if (same)
            clean_pair(same, w.node);
    }
    device_walk_end(&w);
}

/* ---- blanks ---- */

static bool is_blank(xmlNodePtr node)
{
    return node->type == XML_TEXT_NODE && xmlIsBlankNode(node);
}

static bool has_elements(xmlNodePtr node)
{
    for (xmlNodePtr c = node->children; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE)
            return true;
    return false;
}

static xmlNodePtr new_line(int depth)
{
    char text[128];
    int blanks = depth * 2 < 120 ? depth * 2 : 120;
    text[0] = '\n';
    memset(text + 1, ' ', (size_t)blanks);
    text[1 + blanks] = '\0';
    xmlNodePtr node = xmlNewText((const xmlChar *)text);
    if (!node)
        die("out of memory");
    return node;
}

/* Each element on a line of its own: libvirt prints the metadata of both definitions with other indents. */
static void lay_out(xmlNodePtr node, int depth)
{
    if (!has_elements(node))
        return;
    for (xmlNodePtr c = node->children, next; c; c = next) {
        next = c->next;
        if (is_blank(c)) {
            xmlUnlinkNode(c);
            xmlFreeNode(c);
            continue;
        }
        xmlAddPrevSibling(c, new_line(depth + 1));
        if (c->type == XML_ELEMENT_NODE)
            lay_out(c, depth + 1);
    }
    xmlAddChild(node, new_line(depth));
}

void definitions_plain(xmlDocPtr live, xmlDocPtr config)
{
    xmlNodePtr now = xmlDocGetRootElement(live), then = xmlDocGetRootElement(config);
    clean_domain(now);
    clean_domain(then);
    clean_cpu(now, then);
    clean_pairs(now, then);
    lay_out(now, 0);
    lay_out(then, 0);
}
