/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What of the host's own things must be there: networks, bridges, pools, secrets, ports, memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/survey_ports.h"
#include "base/format.h"
#include "base/text.h"
#include "device/check.h"
#include "model/xml.h"
#include "preflight/row.h"

#define USUAL_HUGE_KIB 2048

/* libvirt's own; it comes with no package on some hosts. */
#define DEFAULT_NETWORK                                                                                      \
    "<network><name>default</name><forward mode=\"nat\"/><bridge name=\"virbr0\"/>"                          \
    "<ip address=\"192.168.122.1\" netmask=\"255.255.255.0\">"                                               \
    "<dhcp><range start=\"192.168.122.2\" end=\"192.168.122.254\"/></dhcp></ip></network>"

static xmlNodePtr domain_of(const struct looking *l)
{
    return xmlDocGetRootElement(l->in->doc);
}

/* ---- networks and pools ---- */

static void say_missing(struct looking *l, const struct preflight_need *n)
{
    bool network = n->kind == NEED_NETWORK;
    char *uri = text_shell_word(l->in->uri ? l->in->uri : ""), *remedy;
    if (network && strcmp(n->name, "default") == 0)
        remedy = xasprintf("$ echo '" DEFAULT_NETWORK "' | virsh -c %s net-define /dev/stdin && "
                           "virsh -c %s net-start default",
                           uri, uri);
    else
        remedy = xstrdup(network ? "resources networks" : "resources pools");
    look_no(l, SEV_ERROR, remedy, network ? "there is no network %s" : "there is no storage pool %s",
            n->name);
    free(uri);
}

static void look_need(struct looking *l, enum need_kind kind)
{
    bool network = kind == NEED_NETWORK;
    for (size_t i = 0; i < l->in->needs.len; i++) {
        const struct preflight_need *n = &l->in->needs.items[i];
        if (n->kind != kind)
            continue;
        if (n->state == NEED_MISSING)
            say_missing(l, n);
        else if (n->state == NEED_INACTIVE)
            look_no(l, SEV_ERROR, remedy_virsh(l, network ? "net-start" : "pool-start", n->name),
                    network ? "the network %s is not active" : "the storage pool %s is not active", n->name);
        else if (n->state == NEED_UNKNOWN)
            look_unknown(l,
                         network ? "libvirt does not say whether the network %s is active"
                                 : "libvirt does not say whether the storage pool %s is active",
                         n->name);
        else
            look_fine(l);
    }
}

static void look_networks(struct looking *l)
{
    look_need(l, NEED_NETWORK);
}

static void look_pools(struct looking *l)
{
    look_need(l, NEED_POOL);
}

static bool pool_is_active(const struct looking *l, const char *name)
{
    for (size_t i = 0; i < l->in->needs.len; i++)
        if (l->in->needs.items[i].kind == NEED_POOL && strcmp(l->in->needs.items[i].name, name) == 0)
            return l->in->needs.items[i].state == NEED_ACTIVE;
    return false;
}

/* What is the matter with a pool is said there. */
static void look_volumes(struct looking *l)
{
    for (size_t i = 0; i < l->in->images.len; i++) {
        const struct preflight_image *image = &l->in->images.items[i];
        if (!image->pool || !image->volume)
            continue;
        char *words = device_words(image->disk);
        if (image->volume_is == FILE_MISSING)
            look_no(l, SEV_ERROR, remedy_virsh(l, "pool-refresh", image->pool),
                    "%s: libvirt knows no volume %s in the storage pool %s", words, image->volume,
                    image->pool);
        else if (image->volume_is == FILE_UNKNOWN)
            look_unknown(l,
                         pool_is_active(l, image->pool)
                             ? "%s: libvirt does not say whether there is a volume %s in the pool %s"
                             : "%s: whether there is a volume %s can be seen when the pool %s is active",
                         words, image->volume, image->pool);
        else
            look_fine(l);
        free(words);
    }
}

/* ---- bridges ---- */

static bool has_interface_of_host(xmlNodePtr domain)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain, "interface", d));)
        if (xml_get_is(d, "@type", "bridge") || xml_get_is(d, "@type", "direct"))
            return true;
    return false;
}

static void look_bridges(struct looking *l)
{
    if (has_interface_of_host(domain_of(l)))
        look_check(l, "interface-missing", !l->in->far, l->in->far);
}

/* ---- secrets ---- */

static char *secret_remedy(const struct looking *l, const struct preflight_secret *s)
{
    static const char *const elements[][2] = {
        {"volume", "volume"}, {"ceph", "name"}, {"iscsi", "target"}, {"tls", "name"}, {"vtpm", "name"}};
    char *uri = text_shell_word(l->in->uri ? l->in->uri : ""), *remedy = NULL;
    if (s->uuid)
        remedy =
            xasprintf("$ echo '<secret><uuid>%s</uuid></secret>' | virsh -c %s secret-define /dev/stdin && "
                      "virsh -c %s secret-set-value %s --interactive",
                      s->uuid, uri, uri, s->uuid);
    for (size_t i = 0; !remedy && s->usage && i < ARRAY_LEN(elements); i++) {
        if (strcmp(s->usage_type, elements[i][0]) != 0 || strpbrk(s->usage, "<>&'\"\\"))
            continue;
        char *xml = xasprintf("<secret><usage type='%s'><%s>%s</%s></usage></secret>", s->usage_type,
                              elements[i][1], s->usage, elements[i][1]),
             *word = text_shell_word(xml);
        remedy = xasprintf("$ echo %s | virsh -c %s secret-define /dev/stdin", word, uri);
        free(xml);
        free(word);
    }
    free(uri);
    return remedy ? remedy : remedy_virsh(l, "secret-list", NULL);
}

static void look_secrets(struct looking *l)
{
    for (size_t i = 0; i < l->in->secrets.len; i++) {
        const struct preflight_secret *s = &l->in->secrets.items[i];
        const char *name = s->uuid ? s->uuid : s->usage;
        if (s->defined == ANSWER_NO)
            look_no(l, SEV_ERROR, secret_remedy(l, s), "%s: libvirt has no secret %s%s", s->what,
                    s->uuid ? "" : "for ", name);
        else if (s->defined == ANSWER_UNKNOWN)
            look_unknown(l, "%s: libvirt does not say whether it has the secret %s", s->what, name);
        else
            look_fine(l);
    }
}

/* ---- ports ---- */

/* A domain that runs and has that port in its definition; NULL. */
static const struct vm *domain_with_port(const struct looking *l, const struct start_port *p)
{
    for (size_t i = 0; l->in->domains && i < l->in->domains->n_vms; i++) {
        const struct vm *vm = &l->in->domains->vms[i];
        if (!vm->start || !preflight_runs(l->in, vm) || uuid_equal(&vm->uuid, &l->in->uuid))
            continue;
        for (size_t k = 0; k < vm->start->ports.len; k++) {
            const struct start_port *o = &vm->start->ports.items[k];
            if (o->port == p->port && o->udp == p->udp && ports_meet(o->address, p->address))
                return vm;
        }
    }
    return NULL;
}

static const struct survey_port *listener_of(const struct looking *l, const struct start_port *p)
{
    for (size_t i = 0; l->in->ports && i < l->in->ports->ports.len; i++) {
        const struct survey_port *held = &l->in->ports->ports.items[i];
        if (held->port == p->port && held->udp == p->udp && ports_meet(held->address, p->address) &&
            !uuid_equal(&held->uuid, &l->in->uuid))
            return held;
    }
    return NULL;
}

static xmlNodePtr graphics_with(xmlNodePtr domain, int port)
{
    char number[12];
    snprintf(number, sizeof number, "%d", port);
    for (xmlNodePtr g = NULL; (g = device_next(domain, "graphics", g));)
        if (xml_get_is(g, "@port", number))
            return g;
    return NULL;
}

/* Where the definition names no address, the listener may well have another one than libvirt chooses. */
static bool surely_meet(const struct start_port *p, const struct survey_port *held)
{
    return p->address || !held->address || strncmp(held->address, "127.", 4) == 0;
}

static void say_taken(struct looking *l, const struct start_port *p, const char *holder, bool sure)
{
    xmlNodePtr graphics = graphics_with(domain_of(l), p->port);
    look_no(l, sure ? SEV_ERROR : SEV_WARN,
            graphics ? remedy_device(l, graphics, "port=auto") : remedy_ours(l, "edit", ""),
            "port %d (%s) is taken by %s", p->port, p->what, holder);
}

static void look_ports(struct looking *l)
{
    const struct start_item *it = l->in->item;
    for (size_t i = 0; it && i < it->ports.len && !l->in->active; i++) {
        const struct start_port *p = &it->ports.items[i];
        const struct survey_port *held = listener_of(l, p);
        /* Sockets tell the truth, definitions what it was meant to be. */
        const struct vm *vm = l->in->ports ? NULL : domain_with_port(l, p);
        if (held)
            say_taken(l, p, held->holder ? held->holder : "another process", surely_meet(p, held));
        else if (vm) {
            char *words = xasprintf("the domain %s", vm->name);
            say_taken(l, p, words, true);
            free(words);
        } else if (!l->in->ports)
            look_unknown(l, "who has port %d: %s", p->port,
                         l->in->far ? l->in->far : "the host's sockets can't be listed");
        else
            look_fine(l);
    }
}

/* ---- memory ---- */

static void put_kib(double kib, struct strbuf *out)
{
    format_bytes(out, kib * 1024, false);
}

/* Without overcommitment by request, Linux refuses what is more than memory and swap together. */
static void look_memory(struct looking *l)
{
    const struct preflight_memory *m = &l->in->memory;
    const struct start_item *it = l->in->item;
    double wants = it && !isnan(it->memory_kib) ? it->memory_kib - it->hugepages_kib : 0;
    struct strbuf w = {0}, has = {0}, free_now = {0};
    if (l->in->active || wants <= 0)
        return;
    put_kib(wants, &w);
    put_kib(m->total_kib, &has);
    put_kib(m->available_kib, &free_now);
    char *remedy = xasprintf("maxmemory=%.0fM",
                             floor((isnan(m->available_kib) ? m->total_kib : m->available_kib) / 1024 / 2));
    if (isnan(m->total_kib))
        look_unknown(l, "how much memory the host has is not known");
    else if (wants > m->total_kib + (isnan(m->swap_kib) ? 0 : m->swap_kib))
        look_no(l, m->strict ? SEV_ERROR : SEV_WARN, remedy_ours(l, "set", remedy),
                "it wants %s of memory; the host has %s", strbuf_str(&w), strbuf_str(&has));
    else if (!isnan(m->available_kib) && wants > m->available_kib)
        look_no(l, SEV_WARN, remedy_ours(l, "set", remedy),
                "it wants %s of memory; of the host's, %s can be had now", strbuf_str(&w),
                strbuf_str(&free_now));
    else
        look_fine(l);
    free(remedy);
    strbuf_free(&w);
    strbuf_free(&has);
    strbuf_free(&free_now);
}

/* As many more as are missing; those of another size than usual are somebody's own business. */
static char *more_hugepages(const struct looking *l, xmlNodePtr page, double missing_kib)
{
    double size = page ? xml_get_kib(page, "@size") : NAN;
    return isnan(size) || size == USUAL_HUGE_KIB
               ? remedy_line(l, "sysctl vm.nr_hugepages=$(($(cat /proc/sys/vm/nr_hugepages) + %.0f))",
                             ceil(missing_kib / USUAL_HUGE_KIB))
               : NULL;
}

static void look_hugepages(struct looking *l)
{
    const struct start_item *it = l->in->item;
    double wants = it ? it->hugepages_kib : 0, has = l->in->memory.huge_free_kib;
    struct strbuf w = {0}, h = {0};
    xmlNodePtr page = xml_find(domain_of(l), "memoryBacking/hugepages/page");
    bool parts = page && xmlHasProp(page, (const xmlChar *)"nodeset"); /* only some of its nodes have them */
    if (l->in->active || !(wants > 0))
        return;
    put_kib(wants, &w);
    put_kib(has, &h);
    if (isnan(has))
        look_unknown(l, "how many huge pages are free is not known");
    else if (wants > has)
        look_no(l, parts ? SEV_WARN : SEV_ERROR, more_hugepages(l, page, wants - has),
                "it wants %s in huge pages; %s of them are free", strbuf_str(&w), strbuf_str(&h));
    else
        look_fine(l);
    strbuf_free(&w);
    strbuf_free(&h);
}

static const struct preflight_row rows[] = {
    {"network-down", "its networks are active", look_networks, 0},
    {"bridge-missing", "its bridges and interfaces of the host are there", look_bridges, 0},
    {"pool-down", "its storage pools are active", look_pools, 0},
    {"volume-missing", "its volumes are there", look_volumes, 0},
    {"secret-missing", "its secrets are defined", look_secrets, 0},
    {"port-taken", "its ports are free", look_ports, 0},
    {"memory-short", "the host has memory enough", look_memory, 0},
    {"hugepages-short", "the host has huge pages enough", look_hugepages, 0},
};
const struct preflight_family preflight_needs = {rows, ARRAY_LEN(rows)};
