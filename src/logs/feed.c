/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/paths.h"
#include "logs/actions.h"
#include "logs/feed_private.h"

#define LINES 2000 /* of older ones, where nobody said how many */

void feed_clear(struct feed *f)
{
    free(f->path);
    for (char **p = f->argv; p && *p; p++)
        free(*p);
    free(f->argv);
    if (f->kind == FEED_STREAM && f->fd >= 0)
        close(f->fd);
    pattern_free(f->only);
    *f = (struct feed){.fd = -1};
}

bool feed_line(struct feed *f, const char *text, size_t len, struct strbuf *out, int64_t *wall_ms)
{
    bool wanted = !f->only || pattern_find(f->only, text, len, PATTERN_NONE, NULL);
    if (f->source == SOURCE_HOST)
        wanted = feed_killed(f, text, len, wanted);
    if (!wanted)
        return false;
    return !f->actions ||
           (actions_line(&f->uuid, text, len, out, wall_ms) && (!f->since_ms || *wall_ms > f->since_ms));
}

/* ---- QEMU's log ---- */

static char *system_dir(const struct feed_uri *u)
{
    (void)u;
    return xstrdup("/var/log/libvirt/qemu");
}

static char *session_dir(const struct feed_uri *u)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    (void)u;
    if (cache && cache[0] == '/')
        return paths_join(cache, "libvirt/qemu/log");
    return paths_expand("~/.cache/libvirt/qemu/log");
}

static char *embed_dir(const struct feed_uri *u)
{
    char *root = feed_uri_parameter(u, "root"), *dir = NULL;
    if (root && root[0] == '/')
        dir = paths_join(root, "log/qemu");
    free(root);
    return dir;
}

static const struct place {
    const char *path;
    char *(*dir)(const struct feed_uri *u); /* NULL: it can't be told */
    bool far_side_knows;                    /* its directory depends on the user's environment there */
} places[] = {{"/system", system_dir, false}, {"/session", session_dir, true}, {"/embed", embed_dir, false}};

static const struct place *place_of(const struct feed_uri *u)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (strcmp(u->path, places[i].path) == 0)
            return &places[i];
    return NULL;
}

size_t feed_lines(const struct feed_ask *ask)
{
    return ask->lines ? ask->lines : LINES;
}

static bool file_feed(const struct feed_uri *u, const char *dir, const char *name, const struct feed_ask *ask,
                      struct feed *out, struct error *e)
{
    if (!feed_uri_is_remote(u)) {
        out->kind = FEED_BEFORE;
        out->path = paths_join(dir, name);
        return true;
    }
    if (!feed_uri_has_ssh(u, e))
        return false;
    feed_remote_file(u, dir, name, ask, out);
    return true;
}

static bool qemu_feed(const struct feed_uri *u, const struct feed_ask *ask, struct feed *out, struct error *e)
{
    const struct place *place = place_of(u);
    bool there = place && place->far_side_knows && feed_uri_is_remote(u);
    char *dir = place && !there ? place->dir(u) : NULL;
    if (!dir && !there)
        return error_set(e, STATUS_FAILED, "the host's URI does not say where its logs are");
    if (!ask->vm || !*ask->vm || strchr(ask->vm, '/')) {
        free(dir);
        return error_set(e, STATUS_FAILED, "a domain of this name has no log file");
    }
    char *name = xasprintf("%s.log", ask->vm);
    bool good = file_feed(u, dir, name, ask, out, e);
    free(name);
    free(dir);
    return good;
}

/* ---- the others ---- */

static bool serial_feed(const struct feed_uri *u, const struct feed_ask *ask, struct feed *out,
                        struct error *e)
{
    const char *slash = ask->serial_log ? strrchr(ask->serial_log, '/') : NULL;
    if (!slash || ask->serial_log[0] != '/')
        return error_set(e, STATUS_FAILED, "its serial port writes to no file of the host");
    char *dir = xstrndup(ask->serial_log, (size_t)(slash - ask->serial_log));
    bool good = file_feed(u, *dir ? dir : "/", slash + 1, ask, out, e);
    free(dir);
    return good;
}

static bool host_feed(const struct feed_uri *u, const struct feed_ask *ask, struct feed *out, struct error *e)
{
    return feed_journal(u, ask, false, out, e);
}

static bool daemon_feed(const struct feed_uri *u, const struct feed_ask *ask, struct feed *out,
                        struct error *e)
{
    return feed_journal(u, ask, true, out, e);
}

static bool deck_feed(const struct feed_uri *u, const struct feed_ask *ask, struct feed *out, struct error *e)
{
    bool remote = feed_uri_is_remote(u), session = strcmp(u->path, "/session") == 0;
    if (remote && !feed_uri_has_ssh(u, e))
        return false;
    if (remote && session)
        return error_set(e, STATUS_FAILED, "what virtdeck did for a session on the host %s is kept there",
                         u->host);
    out->kind = FEED_FILE;
    if (remote)
        feed_remote_file(u, PATHS_SYSTEM_LASTING_DIR, ACTIONS_FILE, ask, out);
    else
        out->path = actions_path(session);
    out->actions = true;
    out->uuid = ask->uuid;
    return true;
}

static bool (*const feeds[SOURCES])(const struct feed_uri *u, const struct feed_ask *ask, struct feed *out,
                                    struct error *e) = {[SOURCE_QEMU] = qemu_feed,
                                                        [SOURCE_SERIAL] = serial_feed,
                                                        [SOURCE_HOST] = host_feed,
                                                        [SOURCE_DAEMON] = daemon_feed,
                                                        [SOURCE_DECK] = deck_feed};

/* Whatever the driver, virtdeck can have done something. */
static bool has_logs(const struct feed_uri *u, enum line_source source, struct error *e)
{
    if (source == SOURCE_DECK)
        return true;
    if (strcasecmp(u->scheme, "test") == 0)
        return error_set(e, STATUS_FAILED, "the test driver writes no log");
    if (strcasecmp(u->scheme, "qemu") != 0)
        return error_set(e, STATUS_FAILED, "only QEMU domains have a QEMU log");
    return true;
}

bool feed_find(enum line_source source, const struct feed_ask *ask, struct feed *out, bool *remote,
               struct error *e)
{
    struct feed_uri u;
    *out = (struct feed){.source = source, .fd = -1};
    if (remote)
        *remote = false;
    if (!feeds[source])
        return error_set(e, STATUS_FAILED, "%s lines are read from no file", source_word(source));
    if (!feed_uri_read(ask->uri, &u))
        return error_set(e, STATUS_FAILED, "the host's URI does not say where its logs are");
    out->once = ask->once;
    bool good = has_logs(&u, source, e) && feeds[source](&u, ask, out, e);
    if (remote)
        *remote = good && feed_uri_is_remote(&u);
    if (!good)
        feed_clear(out);
    feed_uri_clear(&u);
    return good;
}
