/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "logs/feed_private.h"

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static char *decoded(const char *s, size_t len)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < len; i++) {
        bool escape = s[i] == '%' && i + 2 < len && hex_digit(s[i + 1]) >= 0 && hex_digit(s[i + 2]) >= 0;
        int byte = escape ? hex_digit(s[i + 1]) * 16 + hex_digit(s[i + 2]) : 0;
        /* A NUL would cut the word short: it stays as it was written. */
        strbuf_putc(&out, byte ? (char)byte : s[i]);
        i += byte ? 2 : 0;
    }
    return strbuf_steal(&out);
}

/* [USER[:PASSWORD]@]HOST[:PORT] */
static void read_authority(const char *s, size_t len, struct feed_uri *out)
{
    const char *end = s + len, *at = memrchr(s, '@', len);
    size_t user = at ? (size_t)(at - s) : 0;
    const char *password = memchr(s, ':', user);
    out->user = decoded(s, password ? (size_t)(password - s) : user);
    const char *host = at ? at + 1 : s;
    const char *close = *host == '[' ? memchr(host, ']', (size_t)(end - host)) : NULL;
    const char *colon = memchr(close ? close : host, ':', (size_t)(end - (close ? close : host)));
    const char *host_end = close ? close : colon ? colon : end;
    host += close != NULL;
    out->host = decoded(host, (size_t)(host_end - host));
    out->port = colon ? xstrndup(colon + 1, (size_t)(end - colon - 1)) : xstrdup("");
}

bool feed_uri_read(const char *uri, struct feed_uri *out)
{
    const char *colon = uri ? strstr(uri, "://") : NULL;
    *out = (struct feed_uri){0};
    if (!colon || colon == uri)
        return false;
    size_t scheme = strcspn(uri, "+:");
    out->scheme = xstrndup(uri, scheme);
    out->transport =
        uri[scheme] == '+' ? xstrndup(uri + scheme + 1, (size_t)(colon - uri) - scheme - 1) : xstrdup("");
    const char *authority = colon + 3, *path = authority + strcspn(authority, "/?#");
    read_authority(authority, (size_t)(path - authority), out);
    size_t path_len = strcspn(path, "?#");
    out->path = decoded(path, path_len);
    const char *query = path + path_len;
    out->query = *query == '?' ? xstrndup(query + 1, strcspn(query + 1, "#")) : xstrdup("");
    return true;
}

void feed_uri_clear(struct feed_uri *u)
{
    char *all[] = {u->scheme, u->transport, u->user, u->host, u->port, u->path, u->query};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i]);
    *u = (struct feed_uri){0};
}

char *feed_uri_parameter(const struct feed_uri *u, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = u->query; *p;) {
        size_t n = strcspn(p, "&;");
        if (n > len && p[len] == '=' && strncmp(p, name, len) == 0)
            return decoded(p + len + 1, n - len - 1);
        p += n + (p[n] != '\0');
    }
    return NULL;
}

static bool is_ssh(const struct feed_uri *u)
{
    static const char *const names[] = {"ssh", "libssh", "libssh2"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcasecmp(u->transport, names[i]) == 0)
            return true;
    return false;
}

/* A port of this machine that ssh goes to is as often as not a tunnel to another one. */
bool feed_uri_is_remote(const struct feed_uri *u)
{
    bool here = strcasecmp(u->host, "localhost") == 0 || strncmp(u->host, "127.", 4) == 0 ||
                strcmp(u->host, "::1") == 0;
    return u->host[0] && (!here || is_ssh(u));
}

bool feed_uri_has_ssh(const struct feed_uri *u, struct error *e)
{
    if (is_ssh(u))
        return true;
    return error_set(e, STATUS_FAILED,
                     "its lines are on the host %s, and the connection by %s carries no files: connect with "
                     "%s+ssh://%s%s instead",
                     u->host, u->transport[0] ? u->transport : "tls", u->scheme, u->host, u->path);
}
