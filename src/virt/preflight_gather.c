/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Only what the one definition names is asked for; of other domains, what is known of them anyway.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "autostart/survey_ports.h"
#include "base/paths.h"
#include "base/text.h"
#include "device/check.h"
#include "device/nested.h"
#include "model/domdef.h"
#include "model/xml.h"
#include "virt/facts.h"
#include "virt/preflight_private.h"
#include "virt/uri.h"

#define SYSTEM_CONF "/etc/libvirt/qemu.conf"

/* ---- the definition ---- */

static char *read_definition(struct job_context *c, struct preflight_input *in, bool forget_saved)
{
    char *text = NULL;
    in->active = virDomainIsActive(c->dom) == 1;
    in->saved = !in->active && !forget_saved && virDomainHasManagedSaveImage(c->dom, 0) == 1;
    if (in->saved) /* what it goes on with may have been edited since */
        text = virDomainManagedSaveGetXMLDesc(c->dom, 0);
    if (!text)
        text = virDomainGetXMLDesc(c->dom, VIR_DOMAIN_XML_INACTIVE);
    if (!text)
        context_failed(c);
    return text;
}

static bool take_definition(struct job_context *c, struct preflight_input *in, const char *text)
{
    in->doc = xml_parse_element(text, "domain", &c->error);
    in->def = in->doc ? domdef_parse(text, strlen(text), &c->error) : NULL;
    if (!in->def)
        return false;
    in->item = start_item_read(xmlDocGetRootElement(in->doc));
    return true;
}

/* ---- networks and pools ---- */

static enum need_state network_state(virConnectPtr conn, const char *name)
{
    virNetworkPtr n = virNetworkLookupByName(conn, name);
    virErrorPtr e = n ? NULL : virGetLastError();
    int active = n ? virNetworkIsActive(n) : -1;
    enum need_state state = active == 1                          ? NEED_ACTIVE
                            : active == 0                        ? NEED_INACTIVE
                            : e && e->code == VIR_ERR_NO_NETWORK ? NEED_MISSING
                                                                 : NEED_UNKNOWN;
    if (n)
        virNetworkFree(n);
    return state;
}

static enum need_state pool_state(virConnectPtr conn, const char *name)
{
    virStoragePoolPtr p = virStoragePoolLookupByName(conn, name);
    virErrorPtr e = p ? NULL : virGetLastError();
    int active = p ? virStoragePoolIsActive(p) : -1;
    enum need_state state = active == 1                               ? NEED_ACTIVE
                            : active == 0                             ? NEED_INACTIVE
                            : e && e->code == VIR_ERR_NO_STORAGE_POOL ? NEED_MISSING
                                                                      : NEED_UNKNOWN;
    if (p)
        virStoragePoolFree(p);
    return state;
}

static void gather_needs(struct job_context *c, struct preflight_input *in)
{
    for (size_t i = 0; i < in->item->needs.len; i++) {
        const struct need *n = &in->item->needs.items[i];
        struct preflight_need p = {n->kind, xstrdup(n->name), NEED_UNKNOWN};
        p.state = n->kind == NEED_NETWORK ? network_state(c->conn, n->name) : pool_state(c->conn, n->name);
        vec_push(&in->needs, p);
    }
    virResetLastError();
}

/* ---- files ---- */

static void add_file(struct preflight_input *in, enum start_file_kind kind, const char *path, bool is_folder)
{
    struct preflight_file f = {kind, xstrdup(path), is_folder, FILE_UNKNOWN};
    if (!in->far && access(path, F_OK) == 0)
        f.state = FILE_THERE;
    else if (!in->far && (errno == ENOENT || errno == ENOTDIR))
        f.state = FILE_MISSING;
    vec_push(&in->files, f);
}

/* libvirt makes the file of firmware variables itself, but not the folder that it goes into. */
static void gather_files(struct preflight_input *in)
{
    char *nvram = xml_get(xmlDocGetRootElement(in->doc), "os/nvram"),
         *slash = nvram ? strrchr(nvram, '/') : NULL;
    char *template = xml_get(xmlDocGetRootElement(in->doc), "os/nvram@template");
    bool made = nvram && !in->far && access(nvram, F_OK) == 0;
    for (size_t i = 0; i < in->item->files.len; i++) {
        const struct start_file *f = &in->item->files.items[i];
        bool spent = made && template && strcmp(f->path, template) == 0; /* it was copied long ago */
        if (f->kind != START_IMAGE && !f->optional && !spent)
            add_file(in, f->kind, f->path, false);
    }
    free(template);
    if (slash && slash > nvram) {
        *slash = '\0';
        add_file(in, START_FIRMWARE, nvram, true);
    }
    free(nvram);
}

/* ---- secrets ---- */

static const struct {
    const char *word;
    int type;
} usages[] = {{"volume", VIR_SECRET_USAGE_TYPE_VOLUME},
              {"ceph", VIR_SECRET_USAGE_TYPE_CEPH},
              {"iscsi", VIR_SECRET_USAGE_TYPE_ISCSI},
              {"tls", VIR_SECRET_USAGE_TYPE_TLS},
              {"vtpm", VIR_SECRET_USAGE_TYPE_VTPM}};

static enum answer look_up_secret(struct job_context *c, const struct preflight_secret *s)
{
    virSecretPtr found = NULL;
    virResetLastError();
    if (s->uuid)
        found = virSecretLookupByUUIDString(c->conn, s->uuid);
    for (size_t i = 0; !s->uuid && i < ARRAY_LEN(usages); i++)
        if (strcmp(usages[i].word, s->usage_type) == 0)
            found = virSecretLookupByUsage(c->conn, usages[i].type, s->usage);
    virErrorPtr e = found ? NULL : virGetLastError();
    enum answer a = found ? ANSWER_YES : e && e->code == VIR_ERR_NO_SECRET ? ANSWER_NO : ANSWER_UNKNOWN;
    if (found)
        virSecretFree(found);
    virResetLastError();
    return a;
}

/* Takes the texts over. */
static void add_secret(struct job_context *c, struct preflight_input *in, xmlNodePtr device, char *uuid,
                       char *type, char *usage)
{
    struct preflight_secret s = {uuid, type ? type : xstrdup("volume"), usage, device_words(device),
                                 ANSWER_UNKNOWN};
    s.defined = uuid || usage ? look_up_secret(c, &s) : ANSWER_UNKNOWN;
    vec_push(&in->secrets, s);
}

/* <auth><secret type='ceph' usage='…'/></auth>, <encryption><secret type='passphrase'
 * uuid='…'/></encryption>, a TPM's <encryption secret='UUID'/>; wherever they stand in the device. */
static void find_secrets(struct job_context *c, struct preflight_input *in, xmlNodePtr device,
                         xmlNodePtr node)
{
    for (xmlNodePtr n = node->children; n; n = n->next) {
        if (n->type != XML_ELEMENT_NODE)
            continue;
        if (xml_is(n, "secret") && xml_is(node, "auth"))
            add_secret(c, in, device, xml_get(n, "@uuid"), xml_get(n, "@type"), xml_get(n, "@usage"));
        else if (xml_is(n, "secret") && xml_is(node, "encryption"))
            add_secret(c, in, device, xml_get(n, "@uuid"), NULL, xml_get(n, "@usage"));
        else if (xml_is(n, "encryption") && xmlHasProp(n, (const xmlChar *)"secret"))
            add_secret(c, in, device, xml_get(n, "@secret"), xstrdup("vtpm"), NULL);
        else
            find_secrets(c, in, device, n);
    }
}

static void gather_secrets(struct job_context *c, struct preflight_input *in)
{
    static const char *const kinds[] = {"disk", "hostdev", "tpm"};
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        for (xmlNodePtr d = NULL; (d = device_next(xmlDocGetRootElement(in->doc), kinds[i], d));)
            find_secrets(c, in, d, d);
}

/* ---- ports ---- */

static void gather_ports(struct before_start *g)
{
    struct survey_vm self = {
        .name = xstrdup(g->in.vm), .uuid = g->in.uuid, .item = start_item_ref(g->in.item)};
    vec_push(&g->ports.vms, self);
    if (!g->in.far && survey_take_ports(&g->ports, ""))
        g->in.ports = &g->ports;
}

/* ---- memory ---- */

static void gather_far_memory(struct job_context *c, struct preflight_memory *m)
{
    virNodeMemoryStats stats[16];
    int n = 0;
    double others = 0;
    if (virNodeGetMemoryStats(c->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n, 0) < 0 || n <= 0 ||
        n > (int)ARRAY_LEN(stats) ||
        virNodeGetMemoryStats(c->conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n, 0) < 0) {
        virResetLastError();
        return;
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(stats[i].field, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
            m->total_kib = (double)stats[i].value;
        else
            others += (double)stats[i].value; /* free, buffers, cached */
    }
    m->available_kib = others;
}

static double far_hugepages(struct job_context *c, double size_kib)
{
    unsigned size = isnan(size_kib) ? 2048 : (unsigned)size_kib;
    unsigned long long count = 0;
    int n = virNodeGetFreePages(c->conn, 1, &size, -1, 1, &count, 0);
    virResetLastError();
    return n == 1 ? (double)count * size : NAN;
}

/* The kernel judges each piece that is asked for by itself, and what is backed by a file in other ways. */
static bool is_one_piece(xmlNodePtr domain)
{
    return !xml_find(domain, "memoryBacking/source") && !xml_find(domain, "memoryBacking/access") &&
           !xml_find(domain, "cpu/numa");
}

static void gather_memory(struct job_context *c, struct preflight_input *in)
{
    struct preflight_memory *m = &in->memory;
    xmlNodePtr page = xml_find(xmlDocGetRootElement(in->doc), "memoryBacking/hugepages/page");
    double size = page ? xml_get_kib(page, "@size") : NAN;
    *m = (struct preflight_memory){NAN, NAN, NAN, false, NAN};
    if (!in->far) {
        host_memory_read("", &m->total_kib, &m->available_kib);
        host_swap_read("", &m->swap_kib, &m->strict);
        m->strict = m->strict && is_one_piece(xmlDocGetRootElement(in->doc));
    } else {
        gather_far_memory(c, m);
    }
    if (in->item->hugepages_kib > 0)
        m->huge_free_kib = in->far ? far_hugepages(c, size) : host_hugepages_read("", size);
}

/* ---- the host ---- */

static void gather_running(struct job_context *c, struct preflight_input *in)
{
    virDomainPtr *all = NULL;
    int n = virConnectListAllDomains(c->conn, &all, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    in->running_known = n >= 0;
    for (int i = 0; i < n; i++) {
        struct vm_uuid uuid;
        if (virDomainGetUUID(all[i], uuid.b) == 0)
            vec_push(&in->running, uuid);
        virDomainFree(all[i]);
    }
    free(all);
}

static void gather_host(struct job_context *c, struct before_start *g)
{
    const char *type = virConnectGetType(c->conn);
    struct preflight_input *in = &g->in;
    char *uri = virConnectGetURI(c->conn);
    g->ev.facts.is_qemu = c->is_qemu;
    g->ev.facts.local = facts_local(c->conn);
    in->uri = uri_without_password(uri ? uri : "");
    in->ssh = xstrdup("");
    if (!g->ev.facts.local && type && strcmp(type, "TEST") == 0)
        in->far = xstrdup("the host is made up: there are no files to look at");
    else if (!g->ev.facts.local) {
        char *name = uri_ssh_name(in->uri), *word = text_shell_word(name);
        in->far = xstrdup("the host is remote: its files and processes can't be looked at from here");
        free(in->ssh);
        in->ssh = xasprintf("ssh %s ", word);
        free(name);
        free(word);
    }
    pthread_mutex_lock(&c->host->lock);
    g->snap = snapshot_ref(c->host->latest);
    pthread_mutex_unlock(&c->host->lock);
    in->domains = g->snap;
    if (g->snap) {
        g->ev.facts.libvirt = g->snap->host.libvirt_version;
        g->ev.facts.hypervisor = g->snap->host.hypervisor_version;
    }
    free(uri);
}

static void gather_user(struct before_start *g)
{
    bool session = survey_is_session(g->in.uri);
    if (!g->in.far)
        qemu_user_read(&g->user, xmlDocGetRootElement(g->in.doc), g->ev.facts.hostcaps, session, SYSTEM_CONF);
}

/* What only a start without a saved image meets. */
static void gather_rest(struct job_context *c, struct before_start *g, const char *text)
{
    struct facts *f = &g->ev.facts;
    xmlNodePtr domain = xmlDocGetRootElement(g->in.doc);
    gather_needs(c, &g->in);
    gather_secrets(c, &g->in);
    gather_ports(g);
    gather_memory(c, &g->in);
    if (device_next(domain, "hostdev", NULL)) {
        facts_hostdevs(f, c->conn);
        facts_others(f, c->conn, &c->uuid, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
    }
    if (nested_is_asked_for(domain)) {
        evidence_nesting(c, &g->ev, domain, g->in.uri);
        g->in.nest = &g->ev.nest;
    }
    g->in.native_tried = c->is_qemu && facts_dry_run(f, c->conn, text);
}

bool preflight_gather(struct job_context *c, bool fresh, bool forget_saved, struct before_start *g)
{
    *g = (struct before_start){0};
    struct preflight_input *in = &g->in;
    in->vm = c->vm_name;
    in->uuid = c->uuid;
    in->facts = &g->ev.facts;
    char *text = read_definition(c, in, forget_saved);
    if (!text || !take_definition(c, in, text)) {
        free(text);
        return false;
    }
    gather_host(c, g);
    gather_running(c, in);
    g->from_cache = gather_capabilities(c, &g->ev.facts, xmlDocGetRootElement(in->doc), fresh);
    gather_user(g);
    gather_images(c, g);
    gather_files(in);
    if (!in->saved)
        gather_rest(c, g, text);
    virResetLastError();
    free(text);
    return true;
}

void before_start_clear(struct before_start *g)
{
    preflight_input_clear(&g->in);
    evidence_clear(&g->ev);
    snapshot_unref(g->snap);
    survey_clear(&g->ports);
    qemu_user_clear(&g->user);
}
