/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a host can do costs libvirtd some work to say and is the same for most of its domains. Who starts a
 * hundred of them asks once.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "device/machine.h"
#include "model/xml.h"
#include "virt/preflight_private.h"

#define KEPT_MS 60000
#define KEPT    16

struct kept {
    char *key, *host, *domain; /* both as libvirt prints them */
    int64_t at_ms;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept kept[KEPT];

static void kept_clear(struct kept *k)
{
    free(k->key);
    free(k->host);
    free(k->domain);
    *k = (struct kept){0};
}

/* Copies; false: there is none, or it is old. */
static bool find(const char *key, char **host, char **domain)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KEPT && !found; i++) {
        struct kept *k = &kept[i];
        if (!k->key || strcmp(k->key, key) != 0 || clock_mono_ms() - k->at_ms > KEPT_MS)
            continue;
        *host = xstrdup(k->host);
        *domain = xstrdup(k->domain);
        found = true;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

/* In the place of the same one, else of the oldest. */
static void keep(const char *key, const char *host, const char *domain)
{
    struct kept *place = &kept[0];
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KEPT; i++) {
        if (kept[i].key && strcmp(kept[i].key, key) == 0) {
            place = &kept[i];
            break;
        }
        place = kept[i].at_ms < place->at_ms ? &kept[i] : place;
    }
    kept_clear(place);
    *place = (struct kept){xstrdup(key), xstrdup(host), xstrdup(domain), clock_mono_ms()};
    pthread_mutex_unlock(&lock);
}

static const char *or_none(const char *text)
{
    return text ? text : "";
}

bool gather_capabilities(struct job_context *c, struct facts *f, xmlNodePtr domain, bool fresh)
{
    struct machine m;
    char *host = NULL, *caps = NULL, *uri = virConnectGetURI(c->conn);
    machine_read(domain, &m);
    char *key = xasprintf("%s\n%s\n%s\n%s\n%s", or_none(uri), or_none(m.arch), or_none(m.type),
                          or_none(m.virt), or_none(m.emulator));
    bool known = !fresh && find(key, &host, &caps);
    if (!known) {
        host = virConnectGetCapabilities(c->conn);
        caps = virConnectGetDomainCapabilities(c->conn, m.emulator, m.arch, m.type, m.virt, 0);
        if (host && caps)
            keep(key, host, caps);
    }
    f->hostcaps = host ? xml_parse(host, strlen(host), NULL) : NULL;
    f->domcaps = caps ? xml_parse(caps, strlen(caps), NULL) : NULL;
    machine_clear(&m);
    free(host);
    free(caps);
    free(uri);
    free(key);
    return known;
}
