/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/domdef.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "device/kinds.h"
#include "device/nested.h"
#include "model/metadata.h"
#include "model/xml.h"

#define LIBOSINFO_URI "http://libosinfo.org/xmlns/libvirt/domain/1.0"
#define AGENT_CHANNEL "org.qemu.guest_agent.0"

/* ---- reading elements ---- */

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

static void read_metadata(xmlNodePtr domain, struct domdef *def)
{
    xmlNodePtr osinfo = xml_child_ns(xml_child(domain, "metadata"), LIBOSINFO_URI, "libosinfo");
    xmlNodePtr own = metadata_own(domain);
    char *id = xml_get(xml_child_ns(osinfo, LIBOSINFO_URI, "os"), "@id");
    def->os = id ? short_os(id) : NULL;
    free(id);
    char *tags = xml_get(xml_child_ns(own, VIRTDECK_METADATA_URI, "tags"), "");
    def->tags = text_sorted_words(tags, " \t\r\n");
    free(tags);
    def->autostart_order =
        take_number(xml_get(xml_child_ns(own, VIRTDECK_METADATA_URI, "autostart"), "@order"), -1);
}

/* ---- the domain ---- */

static void read_machine(xmlNodePtr domain, struct domdef *def)
{
    xmlNodePtr vcpu = xml_child(domain, "vcpu");
    def->type = xml_get(domain, "@type");
    def->arch = xml_get(domain, "os/type@arch");
    def->machine = xml_get(domain, "os/type@machine");
    def->vcpus_max = vcpu ? take_number(xml_get(vcpu, ""), 0) : 1; /* libvirt's own default */
    def->vcpus = take_number(xml_get(vcpu, "@current"), def->vcpus_max);
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
        char *channel = xml_get(node, "target@state");
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
                def->emulator = xml_get(node, "");
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
    def->title = xml_get(root, "title");
    def->description = xml_get(root, "description");
    read_machine(root, def);
    read_metadata(root, def);
    read_devices(root, def);
    def->has_nested = nested_is_asked_for(root);
    xmlFreeDoc(doc);
    return def;
}
