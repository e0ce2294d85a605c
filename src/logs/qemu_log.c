/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/tail.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/paths.h"
#include "base/strbuf.h"

/* A connection URI taken apart as far as it matters here; the pointers go into the URI. */
struct parts {
    const char *scheme, *host, *path, *query;
    size_t scheme_len, host_len, path_len;
};

static bool split(const char *uri, struct parts *p)
{
    const char *colon = strstr(uri, "://");
    if (!colon || colon == uri)
        return false;
    p->scheme = uri;
    p->scheme_len = strcspn(uri, "+:");
    p->host = colon + 3;
    p->host_len = strcspn(p->host, "/?#");
    p->path = p->host + p->host_len;
    p->path_len = strcspn(p->path, "?#");
    p->query = p->path[p->path_len] == '?' ? p->path + p->path_len + 1 : "";
    return true;
}

static bool is(const char *s, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(s, word, len) == 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* A parameter's value with its %XX undone; NULL when it is not there. The caller frees. */
static char *parameter(const char *query, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = query; *p && *p != '#';) {
        size_t n = strcspn(p, "&;#");
        if (n > len && p[len] == '=' && strncmp(p, name, len) == 0) {
            struct strbuf value = {0};
            for (const char *v = p + len + 1; v < p + n; v++) {
                bool escape = *v == '%' && v + 2 < p + n && hex_digit(v[1]) >= 0 && hex_digit(v[2]) >= 0;
                strbuf_putc(&value, escape ? (char)(hex_digit(v[1]) * 16 + hex_digit(v[2])) : *v);
                v += escape ? 2 : 0;
            }
            return strbuf_steal(&value);
        }
        p += n + (p[n] == '&' || p[n] == ';');
    }
    return NULL;
}

static char *system_dir(const char *query)
{
    (void)query;
    return xstrdup("/var/log/libvirt/qemu");
}

static char *session_dir(const char *query)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    (void)query;
    if (cache && cache[0] == '/')
        return paths_join(cache, "libvirt/qemu/log");
    return paths_expand("~/.cache/libvirt/qemu/log");
}

static char *embed_dir(const char *query)
{
    char *root = parameter(query, "root"), *dir = NULL;
    if (root && root[0] == '/')
        dir = paths_join(root, "log/qemu");
    free(root);
    return dir;
}

static const struct {
    const char *path;
    char *(*dir)(const char *query); /* NULL when it can't be told */
} places[] = {{"/system", system_dir}, {"/session", session_dir}, {"/embed", embed_dir}};

static char *log_dir(const char *uri, const char **why)
{
    struct parts p;
    if (!uri || !split(uri, &p)) {
        *why = "the host's URI does not say where its logs are";
        return NULL;
    }
    if (is(p.scheme, p.scheme_len, "test")) {
        *why = "the test driver writes no log";
        return NULL;
    }
    if (!is(p.scheme, p.scheme_len, "qemu")) {
        *why = "only QEMU domains have a QEMU log";
        return NULL;
    }
    if (p.host_len > 0) {
        *why = "the log is on the remote host, and libvirt can't read it from here";
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (p.path_len == strlen(places[i].path) && strncmp(p.path, places[i].path, p.path_len) == 0) {
            char *dir = places[i].dir(p.query);
            if (dir)
                return dir;
        }
    }
    *why = "the host's URI does not say where its logs are";
    return NULL;
}

char *qemu_log_path(const char *uri, const char *vm_name, const char **why)
{
    const char *unused;
    if (!why)
        why = &unused;
    *why = NULL;
    if (!vm_name || !*vm_name || strchr(vm_name, '/')) {
        *why = "a domain of this name has no log file";
        return NULL;
    }
    char *dir = log_dir(uri, why);
    if (!dir)
        return NULL;
    char *file = xasprintf("%s.log", vm_name);
    char *path = paths_join(dir, file);
    free(file);
    free(dir);
    return path;
}
