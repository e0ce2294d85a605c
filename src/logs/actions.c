/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/actions.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/paths.h"
#include "model/eventfile.h"

/* Of one entry's text: so that its line stays shorter than what a log's reader takes for one. */
#define TEXT_LONGEST 1000

/* Every kind of event there is, so that what was read from a file needs no memory of its own for it. */
static const struct {
    const char *kind;
    enum line_source source;
} kinds[] = {{"autostart", SOURCE_DECK},        {"change", SOURCE_DECK},
             {"command", SOURCE_DECK},          {"job", SOURCE_DECK},
             {"agent", SOURCE_EVENT},           {"balloon", SOURCE_EVENT},
             {"block-threshold", SOURCE_EVENT}, {"connection", SOURCE_EVENT},
             {"control", SOURCE_EVENT},         {"device", SOURCE_EVENT},
             {"io-error", SOURCE_EVENT},        {"lifecycle", SOURCE_EVENT},
             {"memory-failure", SOURCE_EVENT},  {"metadata", SOURCE_EVENT},
             {"watchdog", SOURCE_EVENT}};

static const char *static_kind(const char *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].kind;
    return "other";
}

enum line_source event_source(const struct event *ev)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].kind, ev->kind) == 0)
            return kinds[i].source;
    return SOURCE_EVENT;
}

static char *path_in(const char *dir)
{
    return paths_join(dir, ACTIONS_FILE);
}

char *actions_path(bool session)
{
    return path_in(session ? paths_lasting_dir() : paths_system_lasting_dir());
}

/* ---- reading ---- */

struct gathering {
    const struct vm_uuid *uuid;
    int64_t since_ms;
    event_list *out;
};

static void gather(void *ctx, struct event *ev)
{
    const struct gathering *g = ctx;
    if (!uuid_equal(&ev->uuid, g->uuid) || ev->wall_ms < g->since_ms) {
        event_clear(ev);
        return;
    }
    ev->kind = static_kind(ev->kind);
    vec_push(g->out, *ev);
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    int texts = strcmp(x->text, y->text);
    return x->wall_ms != y->wall_ms ? (x->wall_ms < y->wall_ms ? -1 : 1) : texts;
}

static void leave_doubles_out(event_list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->len; i++) {
        if (kept && by_time(&l->items[kept - 1], &l->items[i]) == 0)
            event_clear(&l->items[i]);
        else
            l->items[kept++] = l->items[i];
    }
    l->len = kept;
}

/* What can't be read has nothing to tell here: who keeps it complains. */
static void gather_file(struct gathering *g, char *path)
{
    struct eventfile *f = eventfile_new(path);
    eventfile_load(f, gather, g, NULL);
    eventfile_free(f);
    free(path);
}

static void in_order(event_list *l)
{
    if (l->len)
        qsort(l->items, l->len, sizeof *l->items, by_time);
    leave_doubles_out(l);
}

static void gather_kept(struct gathering *g)
{
    gather_file(g, paths_join(paths_state_dir(), EVENTLOG_FILE));
}

void events_of(const struct vm_uuid *uuid, int64_t since_ms, event_list *out)
{
    struct gathering g = {uuid, since_ms, out};
    gather_kept(&g);
    gather_file(&g, actions_path(true));
    if (strcmp(paths_lasting_dir(), paths_system_lasting_dir()) != 0)
        gather_file(&g, actions_path(false));
    in_order(out);
}

void events_kept(const struct vm_uuid *uuid, int64_t since_ms, event_list *out)
{
    struct gathering g = {uuid, since_ms, out};
    gather_kept(&g);
    in_order(out);
}

void events_free(event_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        event_clear(&l->items[i]);
    vec_free(l);
}

struct one_line {
    const struct vm_uuid *uuid;
    struct strbuf *out;
    int64_t *wall_ms;
    bool found;
};

static void take_line(void *ctx, struct event *ev)
{
    struct one_line *l = ctx;
    l->found = uuid_equal(&ev->uuid, l->uuid);
    if (l->found) {
        strbuf_puts(l->out, ev->text);
        *l->wall_ms = ev->wall_ms;
    }
    event_clear(ev);
}

bool actions_line(const struct vm_uuid *uuid, const char *line, size_t len, struct strbuf *out,
                  int64_t *wall_ms)
{
    struct one_line l = {uuid, out, wall_ms, false};
    return eventfile_read(line, len, take_line, &l) && l.found;
}

/* ---- writing ---- */

struct actions {
    struct eventfile *file;
    bool shared; /* with everybody on this host */
    bool complained;
};

/* Something else may have made the directory for itself alone. */
static void open_way(void)
{
    struct stat st;
    const char *dir = paths_lasting_dir();
    if (stat(dir, &st) == 0 && (st.st_mode & 0011) != 0011)
        (void)!chmod(dir, (st.st_mode | 0011) & 07777);
}

struct actions *actions_new(void)
{
    struct actions *a = xcalloc(1, sizeof *a);
    char *path = actions_path(true);
    a->file = eventfile_new(path);
    a->shared = strcmp(paths_lasting_dir(), PATHS_SYSTEM_LASTING_DIR) == 0;
    if (a->shared)
        eventfile_share(a->file);
    free(path);
    return a;
}

void actions_add(struct actions *a, const struct event *ev, struct error *e)
{
    struct event kept = *ev;
    struct error why = ERROR_INIT;
    char *cut = strlen(ev->text) > TEXT_LONGEST ? xasprintf("%.*s …", TEXT_LONGEST, ev->text) : NULL;
    kept.text = cut ? cut : ev->text;
    char *line = eventfile_line(&kept);
    bool good = eventfile_append(a->file, line, &why);
    if (!good && !a->complained)
        error_move(e, &why);
    a->complained = !good;
    if (good && a->shared)
        open_way();
    error_clear(&why);
    free(line);
    free(cut);
}

void actions_free(struct actions *a)
{
    if (a)
        eventfile_free(a->file);
    free(a);
}
