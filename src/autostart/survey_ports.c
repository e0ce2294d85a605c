/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A listener is a socket by its number in /proc/net; whose it is, the descriptors of the processes tell. That
 * is a walk over all of them, made only when a port that somebody asks for is taken.
 */
#include "autostart/survey_ports.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"

#define TABLE_MAX   (16u << 20)
#define LISTENING   0x0a /* TCP_LISTEN; a UDP socket that takes packets from all is 07 */
#define UNCONNECTED 0x07

struct listener {
    unsigned long long inode;
    size_t port; /* in s->ports */
};
typedef VEC(struct listener) listeners;

static char *read_table(const char *root, const char *name)
{
    char *path = xasprintf("%s/proc/net/%s", root, name), *text = NULL;
    bool ok = file_read(path, TABLE_MAX, &text, NULL, NULL, NULL);
    free(path);
    return ok ? text : NULL;
}

static bool is_wanted(const struct survey *s, int port, bool udp)
{
    for (size_t i = 0; i < s->vms.len; i++) {
        const struct start_item *it = s->vms.items[i].item;
        for (size_t k = 0; it && k < it->ports.len; k++)
            if (it->ports.items[k].port == port && it->ports.items[k].udp == udp)
                return true;
    }
    return false;
}

/* The kernel prints each word of four bytes as a number of this machine. NULL: all addresses. */
static char *address_of(const char *hex)
{
    uint32_t words[4] = {0};
    size_t n = strlen(hex) / 8;
    char text[INET6_ADDRSTRLEN];
    bool any = true;
    for (size_t i = 0; i < n && i < 4; i++) {
        char part[9];
        snprintf(part, sizeof part, "%.8s", hex + 8 * i);
        words[i] = (uint32_t)strtoul(part, NULL, 16);
        any = any && words[i] == 0;
    }
    bool ok = !any && inet_ntop(n > 1 ? AF_INET6 : AF_INET, words, text, sizeof text);
    return ok ? xstrdup(text) : NULL;
}

static void take_line(struct survey *s, const char *line, bool udp, listeners *out)
{
    char hex[40] = "";
    unsigned port = 0, state = 0;
    unsigned long long inode = 0;
    int n = sscanf(line, " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %*u %*u %llu", hex, &port,
                   &state, &inode);
    if (n != 4 || state != (udp ? UNCONNECTED : LISTENING) || port == 0 || port > 65535 ||
        !is_wanted(s, (int)port, udp))
        return;
    vec_push(out, ((struct listener){inode, s->ports.len}));
    vec_push(&s->ports, ((struct survey_port){.port = (int)port, .udp = udp, .address = address_of(hex)}));
}

static bool take_table(struct survey *s, const char *root, const char *name, listeners *out)
{
    char *text = read_table(root, name);
    bool read = text != NULL;
    for (char *line = text; line && *line;) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        take_line(s, line, name[0] == 'u', out);
        line = end ? end + 1 : NULL;
    }
    free(text);
    return read;
}

/* ---- whose they are ---- */

/* "guest=db1,debug-threads=on" and "-uuid U" among the arguments of a QEMU of libvirt's. */
static bool is_domain(const char *args, size_t len, struct survey_port *p)
{
    char name[256] = "";
    for (size_t at = 0; at < len; at += strlen(args + at) + 1) {
        const char *arg = args + at;
        if (strncmp(arg, "guest=", 6) == 0)
            snprintf(name, sizeof name, "%.*s", (int)strcspn(arg + 6, ","), arg + 6);
        if (strcmp(arg, "-uuid") == 0 && at + 6 < len)
            uuid_parse(arg + 6, &p->uuid);
    }
    if (!*name)
        return false;
    p->holder = xasprintf("the domain %s", name);
    return true;
}

static void name_holder(const char *dir, const char *pid, struct survey_port *p)
{
    char *path = xasprintf("%s/cmdline", dir), *text = NULL;
    size_t len = 0;
    bool read = file_read(path, TABLE_MAX, &text, &len, NULL, NULL);
    free(path);
    if (read && is_domain(text, len, p)) {
        free(text);
        return;
    }
    free(text);
    text = NULL;
    path = xasprintf("%s/comm", dir);
    if (file_read(path, TABLE_MAX, &text, NULL, NULL, NULL)) {
        text[strcspn(text, "\n")] = '\0';
        p->holder = xasprintf("%s (pid %s)", text, pid);
    } else {
        p->holder = xasprintf("the process %s", pid);
    }
    free(text);
    free(path);
}

static void look_at_process(struct survey *s, const char *dir, const char *pid, const listeners *all)
{
    char *fds = xasprintf("%s/fd", dir);
    DIR *d = opendir(fds);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        char link[64] = "", *path = xasprintf("%s/%s", fds, entry->d_name);
        unsigned long long inode = 0;
        ssize_t n = readlink(path, link, sizeof link - 1);
        free(path);
        if (n <= 0 || sscanf(link, "socket:[%llu]", &inode) != 1)
            continue;
        for (size_t i = 0; i < all->len; i++) {
            struct survey_port *p = &s->ports.items[all->items[i].port];
            if (all->items[i].inode == inode && !p->holder)
                name_holder(dir, pid, p);
        }
    }
    if (d)
        closedir(d);
    free(fds);
}

static void find_holders(struct survey *s, const char *root, const listeners *all)
{
    char *proc = xasprintf("%s/proc", root);
    DIR *d = opendir(proc);
    for (struct dirent *entry; d && (entry = readdir(d));) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
            continue;
        char *dir = xasprintf("%s/%s", proc, entry->d_name);
        look_at_process(s, dir, entry->d_name, all);
        free(dir);
    }
    if (d)
        closedir(d);
    free(proc);
}

static bool any_wanted(const struct survey *s)
{
    for (size_t i = 0; i < s->vms.len; i++)
        if (s->vms.items[i].item && s->vms.items[i].item->ports.len)
            return true;
    return false;
}

bool survey_take_ports(struct survey *s, const char *root)
{
    static const char *const tables[] = {"tcp", "udp", "tcp6", "udp6"};
    listeners all = {0};
    bool known = true;
    for (size_t i = 0; i < ARRAY_LEN(tables) && any_wanted(s); i++) {
        bool read = take_table(s, root, tables[i], &all);
        known = known && (read || i > 1); /* a host may do without the newer protocol */
    }
    if (all.len)
        find_holders(s, root, &all);
    vec_free(&all);
    return known;
}

/* ---- addresses ---- */

static const char *plain_address(const char *address)
{
    bool any = address && (strcmp(address, "0.0.0.0") == 0 || strcmp(address, "::") == 0);
    return any ? NULL : address && strcmp(address, "localhost") == 0 ? "127.0.0.1" : address;
}

bool ports_meet(const char *a, const char *b)
{
    a = plain_address(a);
    b = plain_address(b);
    return !a || !b || strcmp(a, b) == 0;
}
