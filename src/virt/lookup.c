/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking up single domains: definition, addresses, when it was started. All of that can wait for a job lock,
 * half a minute, so this is done by two threads beside the host thread, which gets the answers as notes. A
 * definition that would be waited for is not asked for until the domain is free again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "autostart/start_item.h"
#include "device/list.h"
#include "device/nested.h"
#include "model/domdef.h"
#include "model/xml.h"
#include "virt/facts.h"
#include "virt/private.h"
#include "virt/process.h"

void lookup_add(struct host *h, enum lookup_type type, struct dom *d, unsigned sources, bool detail)
{
    struct lookup l = {.type = type,
                       .dom = d->ptr,
                       .uuid = d->uuid,
                       .sources = sources,
                       .detail = detail,
                       .redefined = type == LOOKUP_DEFINITION && d->redefined,
                       .number = d->def_number,
                       .generation = h->generation};
    virDomainRef(d->ptr);
    d->lookups |= 1u << type;
    d->redefined = d->redefined && type != LOOKUP_DEFINITION;
    pthread_mutex_lock(&h->lock);
    vec_push(&h->lookups, l);
    pthread_cond_signal(&h->lookup_wake);
    pthread_mutex_unlock(&h->lock);
}

static struct domdef *parse_definition(virDomainPtr dom, const char *xml)
{
    struct error e = ERROR_INIT;
    struct domdef *def = domdef_parse(xml, strlen(xml), &e);
    if (!def)
        log_write(LEVEL_LOG_WARN, "definition of %s: %s", virDomainGetName(dom), error_text(&e));
    error_clear(&e);
    return def;
}

/* What its next start takes, from the configured definition. */
static struct start_item *read_start(const char *xml)
{
    xmlDocPtr doc = xml_parse(xml, strlen(xml), NULL);
    struct start_item *item = doc ? start_item_read(xmlDocGetRootElement(doc)) : NULL;
    xmlFreeDoc(doc);
    return item;
}

/* Since 11.2; there is no list of those that have it. */
static bool read_once(virDomainPtr dom)
{
    int once = 0;
#if LIBVIR_VERSION_NUMBER >= 11002000
    if (virDomainGetAutostartOnce(dom, &once) < 0)
        once = 0;
#else
    (void)dom;
#endif
    return once == 1;
}

/* The devices in both definitions, from XML without passwords. `config` NULL: there is but one. NULL: there
 * is nothing to compare, and nobody looks at them. virDomainIsUpdated() is no help: it always says no. */
static struct device_list *read_devices(virDomainPtr dom, const char *xml, const char *config, bool active,
                                        bool detail)
{
    struct error e = ERROR_INIT;
    if (!detail && !config)
        return NULL;
    struct device_list *list = device_list_make(active ? xml : NULL, active ? config : xml, &e);
    if (!list)
        log_write(LEVEL_LOG_WARN, "devices of %s: %s", virDomainGetName(dom), error_text(&e));
    error_clear(&e);
    return list;
}

/* Asked of running domains only: of others libvirt tells nothing that their start will not tell again. */
static char *read_messages(virDomainPtr dom)
{
    struct strbuf b = {0};
    char **messages = NULL;
    int n = virDomainGetID(dom) == (unsigned)-1 ? 0 : virDomainGetMessages(dom, &messages, 0);
    for (int i = 0; i < n; i++) {
        strbuf_printf(&b, "%s%s", b.len ? "\n" : "", messages[i]);
        free(messages[i]);
    }
    free(messages);
    return b.len ? strbuf_steal(&b) : NULL;
}

static void add_address(struct strbuf *b, const char *addr)
{
    if (strncmp(addr, "127.", 4) == 0 || strcmp(addr, "::1") == 0 || strncmp(addr, "fe80:", 5) == 0)
        return;
    if (b->len && strstr(b->s, addr))
        return;
    strbuf_printf(b, "%s%s", b->len ? " " : "", addr);
}

static char *read_addresses(virDomainPtr dom, unsigned sources)
{
    struct strbuf b = {0};
    static const unsigned all[] = {VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
                                   VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
                                   VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP};
    for (size_t s = 0; s < ARRAY_LEN(all); s++) {
        unsigned source = all[s];
        virDomainInterfacePtr *ifaces = NULL;
        int n = sources & 1u << source ? virDomainInterfaceAddresses(dom, &ifaces, source, 0) : 0;
        for (int i = 0; i < n; i++) {
            for (unsigned a = 0; a < ifaces[i]->naddrs; a++)
                add_address(&b, ifaces[i]->addrs[a].addr);
            virDomainInterfaceFree(ifaces[i]);
        }
        free(ifaces);
    }
    return b.len ? strbuf_steal(&b) : NULL;
}

/* proc(5): field 22 of stat is the start time in clock ticks since boot. */
static int64_t process_started_wall_ms(const char *pid)
{
    char path[64], line[1024];
    unsigned long long ticks = 0;
    struct timespec boot;
    snprintf(path, sizeof path, "/proc/%.16s/stat", pid);
    FILE *f = fopen(path, "re");
    char *paren = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (f)
        fclose(f);
    if (!paren ||
        sscanf(paren, ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
               &ticks) != 1)
        return 0;
    clock_gettime(CLOCK_BOOTTIME, &boot);
    int64_t up_ms = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000;
    int64_t age_ms = up_ms - (int64_t)(ticks * 1000 / (unsigned long long)sysconf(_SC_CLK_TCK));
    return clock_wall_ms() - age_ms;
}

static int64_t find_start(const struct vm_uuid *uuid)
{
    char pid[PID_TEXT_LEN + 1];
    return process_find(uuid, pid) ? process_started_wall_ms(pid) : 0;
}

static void look_up_definition(const struct lookup *l, struct note *note)
{
    note->type = NOTE_DEFINITION;
    note->number = l->number;
    note->stuck = domain_keeps_waiting(l->dom);
    char *xml = note->stuck ? NULL : virDomainGetXMLDesc(l->dom, 0);
    /* The call that does not end may have begun just now. */
    note->stuck = note->stuck || (!xml && domain_keeps_waiting(l->dom));
    note->def = xml ? parse_definition(l->dom, xml) : NULL;
    if (!note->def) {
        free(xml);
        return;
    }
    bool active = virDomainGetID(l->dom) != (unsigned)-1;
    bool two = active && virDomainIsPersistent(l->dom) == 1;
    char *config = two ? virDomainGetXMLDesc(l->dom, VIR_DOMAIN_XML_INACTIVE) : NULL;
    struct device_list *list = read_devices(l->dom, xml, config, active, l->detail);
    note->start = read_start(config ? config : xml);
    note->once = read_once(l->dom);
    note->updated = list && active && list->n_pending > 0;
    note->def->messages = read_messages(l->dom);
    /* The live one leaves out what its CPU model brings along, and what QEMU did not give. */
    note->def->has_nested = note->def->has_nested || (config && nested_is_asked_for_in(config));
    note->devices = l->detail ? device_list_ref(list) : NULL;
    device_list_unref(list);
    free(config);
    free(xml);
}

/* The selected domain's definition is looked at now and then, others' when libvirt says that somebody defined
 * them. It waits for the disk, and for libvirt. */
static void tell_overwritten(struct host *h, const struct lookup *l)
{
    char *words = edit_overwritten(l->dom);
    if (words)
        fleet_event(h, &l->uuid, virDomainGetName(l->dom), "change", SEV_WARN, MARK_NONE, "%s", words);
    free(words);
}

static void want_another_look(struct host *h, const struct lookup *l)
{
    struct note note = {.type = NOTE_REDEFINED, .uuid = l->uuid};
    host_post(h, &note);
}

static void look_up(struct host *h, const struct lookup *l)
{
    struct note note = {.uuid = l->uuid, .generation = l->generation};
    switch (l->type) {
    case LOOKUP_DEFINITION:
        look_up_definition(l, &note);
        break;
    case LOOKUP_ADDRESSES:
        note.type = NOTE_ADDRESSES;
        note.text = read_addresses(l->dom, l->sources);
        break;
    case LOOKUP_STARTED:
        note.type = NOTE_STARTED_AT;
        note.wall_ms = find_start(&l->uuid);
        break;
    case LOOKUP_FAULTS:
        note.type = NOTE_FAULTS;
        faults_look_up(l->dom, &note);
        break;
    }
    bool stuck = note.stuck;
    host_post(h, &note);
    if (l->type != LOOKUP_DEFINITION || !h->fleet->config.hears)
        return;
    if (stuck && l->redefined)
        want_another_look(h, l);
    else if (!stuck && (l->detail || l->redefined))
        tell_overwritten(h, l);
}

void *lookup_thread(void *opaque)
{
    struct host *h = opaque;
    pthread_mutex_lock(&h->lock);
    while (h->lookup_running) {
        if (h->resources_state == RESOURCES_WANTED) {
            h->resources_state = RESOURCES_READING;
            pthread_mutex_unlock(&h->lock);
            resources_update(h);
            pthread_mutex_lock(&h->lock);
            continue;
        }
        if (h->autostart_state == RESOURCES_WANTED) {
            h->autostart_state = RESOURCES_READING;
            pthread_mutex_unlock(&h->lock);
            autostart_update(h);
            pthread_mutex_lock(&h->lock);
            continue;
        }
        if (!h->lookups.len) {
            pthread_cond_wait(&h->lookup_wake, &h->lock);
            continue;
        }
        /* The newest first: what was asked for last is what is looked at now. */
        struct lookup l = h->lookups.items[--h->lookups.len];
        pthread_mutex_unlock(&h->lock);
        look_up(h, &l);
        virDomainFree(l.dom);
        pthread_mutex_lock(&h->lock);
    }
    pthread_mutex_unlock(&h->lock);
    return NULL;
}

void lookup_start(struct host *h)
{
    h->lookup_running = true;
    for (h->n_lookup_threads = 0; h->n_lookup_threads < (int)ARRAY_LEN(h->lookup_threads);
         h->n_lookup_threads++)
        if (pthread_create(&h->lookup_threads[h->n_lookup_threads], NULL, lookup_thread, h) != 0)
            break;
}

void lookup_stop(struct host *h)
{
    pthread_mutex_lock(&h->lock);
    h->lookup_running = false;
    for (size_t i = 0; i < h->lookups.len; i++)
        virDomainFree(h->lookups.items[i].dom);
    vec_clear(&h->lookups);
    pthread_cond_broadcast(&h->lookup_wake);
    pthread_mutex_unlock(&h->lock);
    /* The connection is closed or closing: a call under way returns. */
    for (int i = 0; i < h->n_lookup_threads; i++)
        pthread_join(h->lookup_threads[i], NULL);
    h->n_lookup_threads = 0;
}
