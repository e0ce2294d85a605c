/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libvirt.conf, as far as it says which URI an alias or no URI at all stands for. libvirt resolves them
 * inside its open call and tells nobody before it is done; whether ssh is going to ask its questions on the
 * terminal must be known sooner.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/paths.h"
#include "base/strbuf.h"
#include "virt/private.h"

#define LARGEST (256 * 1024)

/* The next word or quoted string of the file, *at moved behind it; false at its end. Brackets, commas and =
 * are words of their own. */
static bool next_token(const char **at, struct strbuf *token, bool *quoted)
{
    const char *p = *at;
    strbuf_clear(token);
    for (;;) {
        p += strspn(p, " \t\r\n");
        if (*p != '#')
            break;
        p += strcspn(p, "\n");
    }
    size_t len;
    *quoted = *p == '"' || *p == '\'';
    if (*quoted) {
        char end[] = {*p++, '\0'};
        len = strcspn(p, end);
    } else {
        len = strcspn(p, " \t\r\n#\"'[],=");
        len = len || !*p ? len : 1;
    }
    strbuf_add(token, p, len);
    p += len;
    if (*quoted && *p)
        p++;
    *at = p;
    return *quoted || len > 0;
}

char *alias_find(const char *conf, const char *alias)
{
    struct strbuf token = {0};
    char *setting = xstrdup(""), *uri = NULL;
    size_t len = alias ? strlen(alias) : 0;
    bool quoted;
    while (!uri && next_token(&conf, &token, &quoted)) {
        const char *s = strbuf_str(&token);
        if (!quoted && strpbrk(s, "[],=") == NULL) {
            free(setting);
            setting = xstrdup(s);
        } else if (quoted && !alias && strcmp(setting, "uri_default") == 0) {
            uri = xstrdup(s);
        } else if (quoted && alias && strcmp(setting, "uri_aliases") == 0 && strncmp(s, alias, len) == 0 &&
                   s[len] == '=') {
            uri = xstrdup(s + len + 1);
        }
    }
    free(setting);
    strbuf_free(&token);
    return uri;
}

static char *read_conf(void)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    char *path = geteuid() == 0               ? xstrdup("/etc/libvirt/libvirt.conf")
                 : config && config[0] == '/' ? paths_join(config, "libvirt/libvirt.conf")
                                              : paths_expand("~/.config/libvirt/libvirt.conf");
    char *text = NULL;
    file_read(path, LARGEST, &text, NULL, NULL, NULL);
    free(path);
    return text;
}

char *uri_resolved(const char *uri)
{
    const char *environment = getenv("LIBVIRT_DEFAULT_URI");
    if ((!uri || !*uri) && environment && *environment)
        uri = environment;
    if (uri && (!*uri || strstr(uri, "://")))
        return *uri ? xstrdup(uri) : NULL;
    char *conf = read_conf();
    char *found = conf && !uri ? alias_find(conf, NULL) : xstrdup(uri);
    /* The default may be an alias, too. */
    char *real = conf && found && !strstr(found, "://") ? alias_find(conf, found) : NULL;
    free(conf);
    if (!real)
        return found;
    free(found);
    return real;
}
