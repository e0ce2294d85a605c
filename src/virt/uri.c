/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a connection URI tells before it is opened. A URI may be an alias of libvirt.conf: then it tells
 * nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "virt/private.h"
#include "virt/uri.h"

/* Where the host begins: behind the user, who may have an @ in his password. */
static const char *skip_user(const char *start, const char *end)
{
    const char *at = memrchr(start, '@', (size_t)(end - start));
    return at ? at + 1 : start;
}

/* The authority part: [start, end), empty for "qemu:///system" and aliases. */
static void find_authority(const char *uri, const char **start, const char **end)
{
    const char *p = uri ? strstr(uri, "://") : NULL;
    if (!p) {
        *start = *end = uri ? uri + strlen(uri) : "";
        return;
    }
    *start = p + 3;
    *end = *start + strcspn(*start, "/?#");
}

char *uri_without_password(const char *uri)
{
    const char *start, *end;
    find_authority(uri, &start, &end);
    const char *at = memrchr(start, '@', (size_t)(end - start));
    const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (!colon)
        return xstrdup(uri ? uri : "");
    return xasprintf("%.*s%s", (int)(colon - uri), uri, at);
}

bool uri_is_remote(const char *uri)
{
    const char *start, *end;
    find_authority(uri, &start, &end);
    start = skip_user(start, end);
    size_t len = strcspn(start, ":/?#");
    bool local = (len == 9 && strncmp(start, "localhost", 9) == 0) || strncmp(start, "127.", 4) == 0;
    return end > start && !local;
}

char *uri_host_name(const char *uri)
{
    const char *start, *end;
    char name[256] = "localhost";
    find_authority(uri, &start, &end);
    start = skip_user(start, end);
    if (end > start) {
        const char *port = *start == '[' ? NULL : memchr(start, ':', (size_t)(end - start));
        return xstrndup(start, (size_t)((port ? port : end) - start));
    }
    if (uri && *uri && !strstr(uri, "://"))
        return xstrdup(uri); /* an alias: its name is what the user calls the host */
    gethostname(name, sizeof name - 1);
    return xstrdup(name);
}

/* Whether the authority is what libvirt gives to ssh: of tcp and tls, user and port are another server's. */
static bool through_ssh(const char *uri)
{
    size_t scheme = strcspn(uri, ":");
    const char *plus = memchr(uri, '+', scheme);
    return plus && (strncmp(plus, "+ssh:", 5) == 0 || strncmp(plus, "+libssh", 7) == 0);
}

char *uri_ssh_name(const char *uri)
{
    char *safe = uri_without_password(uri), *name;
    const char *start, *end;
    find_authority(safe, &start, &end);
    name = end > start && through_ssh(safe) ? xstrndup(start, (size_t)(end - start)) : uri_host_name(safe);
    const char *host = skip_user(name, name + strlen(name));
    bool option = *name == '-' || *host == '-' || !*host;
    bool plain = !strchr(host, ':') && !strchr(name, '%');
    char *word = option ? xstrdup("HOST") : xasprintf("%s%s", plain ? "" : "ssh://", name);
    free(name);
    free(safe);
    return word;
}

bool uri_in_process(const char *uri)
{
    return uri && (strncmp(uri, "test:", 5) == 0 || strncmp(uri, "qemu:///embed", 13) == 0);
}
