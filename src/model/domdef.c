/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/domdef.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "device/kinds.h"
#include "device/nested.h"
#include "model/xml.h"

#define LIBOSINFO_URI "http://libosinfo.org/xmlns/libvirt/domain/1.0"
#define AGENT_CHANNEL "org.qemu.guest_agent.0"

/* ---- reading elements ---- */

/* The first child of that name in that namespace (NULL: in none); NULL for a NULL node. */
static xmlNodePtr child(xmlNodePtr node, const char *ns, const char *name)
{
    return ns ? xml_child_ns(node, ns, name) : xml_child(node, name);
}

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

/* A whole number from 0 on; `fallback` for anything else. Frees the text. */
static int take_number(char *digits, int fallback)
{
    char *end = NULL;
    long n = digits ? strtol(digits, &end, 10) : -1;
    while (digits && isspace((unsigned char)*end)) {
        end++;
    }
    bool good = digits && end != digits && *end == '\0' && n >= 0 && n <= INT_MAX;
    free(digits);
    return good ? (int)n : fallback;
}

/* ---- metadata ---- */

/* "http://debian.org/debian/12" is debian12, as libosinfo's short ids are made. */
static char *short_os(const char *id)
{
    const char *scheme = strstr(id, "://");
    const char *path = scheme ? strchr(scheme + 3, '/') : NULL;
    if (!path) {
        return xstrdup(id);
    }
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    const char *end = path + len;
    const char *last = end;
    while (last > path && last[-1] != '/') {
        last--;
    }
    const char *family = last > path + 1 ? last - 1 : last;
    while (family > path && family[-1] != '/') {
        family--;
    }
    size_t last_len = (size_t)(end - last);
    bool rolling = last_len == 7 && memcmp(last, "rolling", 7) == 0;
    size_t family_len = last > family ? (size_t)(last - 1 - family) : 0;
    return xasprintf("%.*s%.*s", (int)family_len, family, rolling ? 0 : (int)last_len, last);
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Words in order, once each, a space between. Frees the text. */
static char *sorted_words(char *words)
{
    VEC(char *) list = {0};
    struct strbuf out = {0};
    char *rest = words;
    for (char *word; words && (word = strtok_r(rest, " \t\r\n", &rest));) {
        vec_push(&list, word);
    }
    if (list.len) {
        qsort(list.items, list.len, sizeof(*list.items), compare_words);
    }
    for (size_t i = 0; i < list.len; i++) {
        if (i == 0 || strcmp(list.items[i], list.items[i - 1]) != 0) {
            strbuf_printf(&out, "%s%s", i ? " " : "", list.items[i]);
        }
    }
    free(list.items);
    free(words);
    return strbuf_steal(&out);
}

static void read_metadata(xmlNodePtr metadata, struct domdef *def)
{
    xmlNodePtr osinfo = child(metadata, LIBOSINFO_URI, "libosinfo");
    xmlNodePtr own = child(metadata, VIRTDECK_METADATA_URI, "domain");
    char *id = attr(child(osinfo, LIBOSINFO_URI, "os"), "id");
    def->os = id ? short_os(id) : NULL;
    free(id);
    def->tags = sorted_words(text(child(own, VIRTDECK_METADATA_URI, "tags")));
    def->autostart_order = take_number(attr(child(own, VIRTDECK_METADATA_URI, "autostart"), "order"), -1);
}

/* ---- the domain ---- */

static void read_machine(xmlNodePtr domain, struct domdef *def)
{
    xmlNodePtr type = child(child(domain, NULL, "os"), NULL, "type");
    xmlNodePtr vcpu = child(domain, NULL, "vcpu");
    def->type = attr(domain, "type");
    def->arch = attr(type, "arch");
    def->machine = attr(type, "machine");
    def->vcpus_max = vcpu ? take_number(text(vcpu), 0) : 1; /* libvirt's own default */
    def->vcpus = take_number(attr(vcpu, "current"), def->vcpus_max);
    def->maxmem_kib = xml_get_kib(domain, "memory");
    def->memory_kib = xml_get_kib(domain, "currentMemory");
    if (isnan(def->memory_kib)) {
        def->memory_kib = def->maxmem_kib;
    }
}

static void read_device(xmlNodePtr node, int *counts, struct domdef *def)
{
    const struct device_kind *kind = device_kind_of(node);
    struct vm_device dev = {0};
    device_describe(node, kind, counts[kind - device_kinds]++, &dev);
    if (dev.target && strcmp(kind->id, "channel") == 0 && strcmp(dev.target, AGENT_CHANNEL) == 0) {
        char *channel = attr(child(node, NULL, "target"), "state");
        def->has_agent = true;
        def->agent_up = channel && strcmp(channel, "connected") == 0;
        free(channel);
    }
    vec_push(&def->devices, dev);
}

static void read_devices(xmlNodePtr domain, struct domdef *def)
{
    int *counts = xcalloc(n_device_kinds, sizeof(*counts));
    for (xmlNodePtr part = domain->children; part; part = part->next) {
        if (!xml_is(part, "devices")) {
            continue;
        }
        for (xmlNodePtr node = part->children; node; node = node->next) {
            if (xml_is(node, "emulator")) {
                free(def->emulator);
                def->emulator = text(node);
            } else if (node->type == XML_ELEMENT_NODE) {
                read_device(node, counts, def);
            }
        }
    }
    free(counts);
}

struct domdef *domdef_parse(const char *xml, size_t len, struct error *e)
{
    xmlDocPtr doc = xml_parse(xml, len, e);
    if (!doc) {
        return NULL;
    }
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (!root || !xml_is(root, "domain")) {
        error_set(e, STATUS_FAILED, "line %ld of the XML: <domain> is expected, not <%.60s>",
                  root ? xmlGetLineNo(root) : 1, root ? (const char *)root->name : "");
        xmlFreeDoc(doc);
        return NULL;
    }
    struct domdef *def = xcalloc(1, sizeof(*def));
    def->refs = 1;
    def->title = text(child(root, NULL, "title"));
    def->description = text(child(root, NULL, "description"));
    read_machine(root, def);
    read_metadata(child(root, NULL, "metadata"), def);
    read_devices(root, def);
    def->has_nested = nested_is_asked_for(root);
    xmlFreeDoc(doc);
    return def;
}

/* ---- comparing ---- */

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_device(const struct vm_device *a, const struct vm_device *b)
{
    if (a->kind != b->kind || !same(a->mac, b->mac) || a->link_down != b->link_down) {
        return false;
    }
    bool plain = a->is_disk || a->mac; /* of others the running one has details of its own */
    return !plain ||
           (same(a->model, b->model) && same(a->source, b->source) && (a->mac || same(a->target, b->target)));
}

bool domdef_differs(const struct domdef *live, const struct domdef *config)
{
    bool differs = live->vcpus != config->vcpus || live->vcpus_max != config->vcpus_max ||
                   live->maxmem_kib != config->maxmem_kib || !same(live->type, config->type) ||
                   !same(live->machine, config->machine) || live->devices.len != config->devices.len;
    for (size_t i = 0; !differs && i < live->devices.len; i++) {
        differs = !same_device(&live->devices.items[i], &config->devices.items[i]);
    }
    return differs;
}
