/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What DHCP server and kernel remember of a guest outlives it for a while: a lease an hour, a neighbour some
 * minutes. A start must not be taken for done because of what the boot before has left.
 */
#include "virt/probe_net.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "model/xml.h"
#include "virt/process.h"

#define CONNECT_MS    2000
#define CONNECT_STEP  50    /* how soon an answer is seen */
#define NUDGE_MS      300   /* for a guest that is only asked to show that it is there */
#define NEIGHBOUR_MS  12000 /* after an unanswered nudge the kernel forgets a neighbour in less than this */
#define LEASE_S       3600  /* dnsmasq's own, where the network says nothing */
#define LEASE_SLACK_S 2

typedef VEC(char *) address_list;

static void addresses_free(address_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i]);
    vec_free(l);
}

bool address_is_own(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strncmp(address, "169.254.", 8) == 0 ||
           strcmp(address, "::1") == 0 || strncasecmp(address, "fe80:", 5) == 0;
}

static void add_address(address_list *l, const char *address)
{
    if (!address || address_is_own(address))
        return;
    for (size_t i = 0; i < l->len; i++)
        if (strcmp(l->items[i], address) == 0)
            return;
    vec_push(l, xstrdup(address));
}

static void read_addresses(struct job_context *c, unsigned source, address_list *out)
{
    virDomainInterfacePtr *ifaces = NULL;
    int n = virDomainInterfaceAddresses(c->dom, &ifaces, source, 0);
    for (int i = 0; i < n; i++) {
        for (unsigned a = 0; a < ifaces[i]->naddrs; a++)
            add_address(out, ifaces[i]->addrs[a].addr);
        virDomainInterfaceFree(ifaces[i]);
    }
    free(ifaces);
}

/* ---- since when its QEMU runs ---- */

/* proc(5): behind the name in parentheses come the state and, as the 20th from there, the start in clock
 * ticks since the host's boot. */
static bool read_stat(const char *pid, char *state, unsigned long long *ticks)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%.16s/stat", pid);
    FILE *f = fopen(path, "re");
    char *paren = f && fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    if (f)
        fclose(f);
    return paren && sscanf(paren + 1,
                           " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                           state, ticks) == 2;
}

bool qemu_process_look(struct job_context *c, int64_t *started_wall_ms, char *state)
{
    char pid[PID_TEXT_LEN + 1];
    unsigned long long ticks;
    struct timespec boot;
    long hertz = sysconf(_SC_CLK_TCK);
    if (!c->is_qemu || uri_is_remote(c->host->uri) || !process_find(&c->uuid, pid) ||
        !read_stat(pid, state, &ticks) || hertz <= 0 || clock_gettime(CLOCK_BOOTTIME, &boot) != 0)
        return false;
    int64_t up_ms = (int64_t)boot.tv_sec * 1000 + boot.tv_nsec / 1000000;
    *started_wall_ms = clock_wall_ms() - up_ms + (int64_t)(ticks * 1000 / (unsigned long long)hertz);
    return true;
}

/* ---- leases ---- */

static int64_t lease_seconds(xmlNodePtr range)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"seconds", 1}, {"minutes", 60}, {"hours", 3600}};
    char *expiry = xml_get(range, "lease@expiry"), *unit = xml_get(range, "lease@unit");
    int64_t seconds = LEASE_S;
    for (size_t i = 0; expiry && i < ARRAY_LEN(units); i++)
        if (strcmp(unit ? unit : "minutes", units[i].unit) == 0)
            seconds = strtol(expiry, NULL, 10) * units[i].seconds;
    free(expiry);
    free(unit);
    return seconds;
}

/* The longest that a network gives. */
static int64_t longest_lease(virNetworkPtr network)
{
    char *xml = virNetworkGetXMLDesc(network, 0);
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    int64_t most = 0;
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    for (xmlNodePtr ip = xml_child(root, "ip"); ip; ip = xml_next(ip, "ip")) {
        xmlNodePtr dhcp = xml_child(ip, "dhcp");
        for (xmlNodePtr r = xml_child(dhcp, "range"); r; r = xml_next(r, "range"))
            most = lease_seconds(r) > most ? lease_seconds(r) : most;
        for (xmlNodePtr h = xml_child(dhcp, "host"); h; h = xml_next(h, "host"))
            most = xml_child(h, "lease") && lease_seconds(h) > most ? lease_seconds(h) : most;
    }
    xmlFreeDoc(doc);
    free(xml);
    return most ? most : LEASE_S;
}

static bool has_fresh_lease(virNetworkPtr network, const char *mac, int64_t since_s)
{
    virNetworkDHCPLeasePtr *leases = NULL;
    int n = virNetworkGetDHCPLeases(network, mac, &leases, 0);
    bool fresh = false;
    int64_t length = n > 0 ? longest_lease(network) : 0;
    for (int i = 0; i < n; i++) {
        fresh = fresh || (leases[i]->ipaddr && !address_is_own(leases[i]->ipaddr) &&
                          leases[i]->expirytime - length >= since_s - LEASE_SLACK_S);
        virNetworkDHCPLeaseFree(leases[i]);
    }
    free(leases);
    return fresh;
}

/* Whether one of its leases was given, or given again, since then. */
static bool leased_since(struct job_context *c, int64_t since_s)
{
    virDomainInterfacePtr *ifaces = NULL;
    virNetworkPtr *networks = NULL;
    bool fresh = false;
    int n = virDomainInterfaceAddresses(c->dom, &ifaces, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, 0);
    int n_networks =
        n > 0 ? virConnectListAllNetworks(c->conn, &networks, VIR_CONNECT_LIST_NETWORKS_ACTIVE) : 0;
    for (int k = 0; k < n_networks; k++) {
        for (int i = 0; i < n; i++)
            fresh = fresh || (ifaces[i]->hwaddr && has_fresh_lease(networks[k], ifaces[i]->hwaddr, since_s));
        virNetworkFree(networks[k]);
    }
    for (int i = 0; i < n; i++)
        virDomainInterfaceFree(ifaces[i]);
    free(ifaces);
    free(networks);
    return fresh;
}

/* ---- connecting ---- */

/* 0 while it is under way, else errno; EISCONN: it stands. */
static int look_at_socket(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    int code = 0;
    socklen_t len = sizeof code;
    if (poll(&p, 1, timeout_ms) <= 0)
        return 0;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0)
        return errno;
    return code ? code : EISCONN;
}

/* EISCONN: it answers; ECONNREFUSED and others; ETIMEDOUT; ECANCELED: nobody waits for it any more. */
static int connect_to(struct job_context *c, const struct addrinfo *a, int64_t timeout_ms)
{
    int64_t until_ms = clock_mono_ms() + timeout_ms;
    uint64_t seen = 0;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int code = connect(fd, a->ai_addr, a->ai_addrlen) == 0 ? EISCONN : errno == EINPROGRESS ? 0 : errno;
    /* The first moment without giving the place up: what is near answers at once. */
    if (code == 0)
        code = look_at_socket(fd, CONNECT_STEP);
    while (code == 0 && clock_mono_ms() < until_ms) {
        if (!context_wait_until(c, &seen, clock_mono_ms() + CONNECT_STEP))
            code = ECANCELED;
        else
            code = look_at_socket(fd, 0);
    }
    close(fd);
    return code ? code : ETIMEDOUT;
}

static char *connect_trouble(int code, const char *address, int port)
{
    if (code == ECONNREFUSED)
        return xasprintf("%s refuses connections to port %d", address, port);
    if (code == ETIMEDOUT || code == EHOSTUNREACH)
        return xasprintf("%s does not answer on port %d", address, port);
    if (code == ECANCELED)
        return xstrdup("no longer waited for");
    return xasprintf("%s port %d: %s", address, port, strerror(code));
}

/* The code of the last one that was tried. */
static int try_address(struct job_context *c, const char *address, int port, int64_t timeout_ms, char **why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char service[16], host[300];
    size_t len = strlen(address);
    bool bracketed = len > 2 && address[0] == '[' && address[len - 1] == ']';
    int code = ENOENT;
    snprintf(service, sizeof service, "%d", port);
    snprintf(host, sizeof host, "%.*s", (int)(bracketed ? len - 2 : len), address + bracketed);
    int result = getaddrinfo(host, service, &hints, &found);
    if (result == EAI_NONAME) {
        /* A name: its servers may take as long as they like. */
        hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
        context_leave_place(c);
        result = getaddrinfo(host, service, &hints, &found);
        context_take_place(c);
    }
    for (struct addrinfo *a = result == 0 ? found : NULL; a && code != EISCONN && code != ECANCELED;
         a = a->ai_next)
        code = connect_to(c, a, timeout_ms);
    if (result == 0)
        freeaddrinfo(found);
    free(*why);
    *why = result != 0       ? xasprintf("%s: %s", host, gai_strerror(result))
           : code != EISCONN ? connect_trouble(code, host, port)
                             : NULL;
    return code;
}

bool probe_tcp(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why)
{
    static const unsigned sources[] = {VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
                                       VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
                                       VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT};
    address_list addresses = {0};
    bool good = false;
    size_t tried = 0;
    (void)m;
    *why = NULL;
    if (p->address)
        vec_push(&addresses, xstrdup(p->address));
    for (size_t s = 0; !good && s <= ARRAY_LEN(sources); s++) {
        for (; !good && tried < addresses.len && !context_cancelled(c); tried++)
            good = try_address(c, addresses.items[tried], p->port, CONNECT_MS, why) == EISCONN;
        /* The next source only where the ones before gave none that answers: the agent may take seconds. */
        if (!good && !p->address && s < ARRAY_LEN(sources))
            read_addresses(c, sources[s], &addresses);
    }
    if (!good && !*why)
        *why = xstrdup("no address of it is known");
    addresses_free(&addresses);
    return good;
}

/* ---- an address of its own ---- */

/* Its network stack answers, be it with a refusal. */
static bool shows_itself(struct job_context *c, const char *address)
{
    char *why = NULL;
    int code = try_address(c, address, 7, NUDGE_MS, &why);
    free(why);
    return code == EISCONN || code == ECONNREFUSED;
}

/* Neighbours that only an earlier boot had are asked, and then forgotten by the kernel where nobody answers.
 */
static bool is_neighbour(struct job_context *c, struct probe_memory *m, bool local, char **why)
{
    address_list addresses = {0};
    bool good = false;
    read_addresses(c, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP, &addresses);
    bool lenient = m->once || !local || clock_mono_ms() - m->begun_ms > NEIGHBOUR_MS;
    for (size_t i = 0; i < addresses.len && !good; i++) {
        good = shows_itself(c, addresses.items[i]) || lenient;
        if (!good && !*why)
            *why = xasprintf("%s was its address and does not answer yet", addresses.items[i]);
    }
    addresses_free(&addresses);
    return good;
}

bool probe_ip(struct job_context *c, const struct probe *p, struct probe_memory *m, char **why)
{
    address_list addresses = {0};
    int64_t started_ms = 0;
    char state;
    (void)p;
    *why = NULL;
    bool local = qemu_process_look(c, &started_ms, &state);
    if (!local)
        read_addresses(c, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE, &addresses);
    bool good = local ? leased_since(c, started_ms / 1000) : addresses.len > 0;
    good = good || is_neighbour(c, m, local, why);
    if (!good) {
        read_addresses(c, VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, &addresses);
        good = addresses.len > 0;
    }
    addresses_free(&addresses);
    if (good) {
        free(*why);
        *why = NULL;
    } else if (!*why) {
        *why = xstrdup("it has no address");
    }
    return good;
}
