/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/spawn.h"
#include "base/strbuf.h"
#include "device/bootwatch.h"
#include "logs/feed.h"
#include "logs/stamp.h"
#include "virt/explain_private.h"
#include "virt/facts.h"
#include "virt/guest.h"
#include "virt/serial_start.h"

#define LOG_BYTES     (512u * 1024)
#define SERIAL_BYTES  (256u * 1024)
#define JOURNAL_BYTES (256u * 1024)
#define JOURNAL_MS    3000 /* then it is ended; what it has printed by then counts */
#define EARLIER_S     10   /* the journal is read from so long before the failed start on */

/* ---- lines ---- */

void gather_unseen(struct explain_gathered *g, const char *what, const char *why)
{
    vec_push(&g->unseen, xasprintf("%s: %s", what, why));
}

void gather_line(struct explain_gathered *g, const struct explain_line *line, char *text)
{
    struct explain_line l = *line;
    l.text = text;
    l.len = strlen(text);
    vec_push(&g->texts, text);
    vec_push(&g->lines, l);
}

void gather_text(struct explain_gathered *g, enum line_source source, int64_t wall_ms, char *text)
{
    vec_push(&g->texts, text);
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, "\n"), behind;
        struct explain_line l = {.source = source, .text = p, .len = len, .wall_ms = wall_ms};
        if (l.len && p[l.len - 1] == '\r')
            l.len--;
        if (!wall_ms)
            l.wall_ms = stamp_read(p, l.len, &behind);
        if (l.len)
            vec_push(&g->lines, l);
        p += len + (p[len] == '\n');
    }
}

static bool find_feed(const struct explain_gathered *g, enum line_source source, const char *serial_log,
                      struct feed *out, struct error *e)
{
    struct feed_ask ask = {.uri = g->uri, .vm = g->c->vm_name, .uuid = g->c->uuid, .serial_log = serial_log};
    bool remote = false;
    if (!feed_find(source, &ask, out, &remote, e))
        return false;
    if (!remote)
        return true;
    feed_clear(out);
    return error_set(e, STATUS_FAILED, "it is on the remote host; `log %s` reads it through ssh",
                     g->c->vm_name);
}

/* ---- QEMU's log ---- */

/* The rolled one before it is wanted where no run before the last is told of. */
static void read_before(struct explain_gathered *g, const char *path)
{
    char *before = xasprintf("%s.0", path), *why = NULL;
    char *text = file_end(before, LOG_BYTES, &why);
    if (text)
        gather_text(g, SOURCE_QEMU, 0, text);
    free(why);
    free(before);
}

void gather_qemu_log(struct explain_gathered *g)
{
    struct error e = ERROR_INIT;
    struct feed feed;
    char *why = NULL, *text = NULL;
    if (find_feed(g, SOURCE_QEMU, NULL, &feed, &e)) {
        text = file_end(feed.path, LOG_BYTES, &why);
        if (text)
            read_before(g, feed.path);
        feed_clear(&feed);
    }
    if (text)
        gather_text(g, SOURCE_QEMU, 0, text);
    else
        gather_unseen(g, "QEMU's log", why ? why : error_text(&e));
    qemu_runs_read(g->lines.items, g->lines.len, &g->runs);
    free(why);
    error_clear(&e);
}

/* ---- the serial log ---- */

/* From where on the file is of this boot: 0 where each start empties it, -1 where nobody knows. */
static long long begin_of_boot(struct explain_gathered *g, const struct serial_port *port)
{
    unsigned long long inode = 0;
    long long size = 0;
    struct stat st;
    if (!port->append)
        return 0;
    if (!serial_start_find(g->c, &inode, &size) || stat(port->log, &st) != 0)
        return -1;
    return inode == 0 || inode == st.st_ino ? size : 0;
}

/* What a guest that rebooted printed before is of another boot. */
static char *last_boot(char *text)
{
    char *start = text;
    for (char *p = text; (p = strstr(p, "Linux version ")) != NULL; p++)
        start = p;
    while (start > text && start[-1] != '\n')
        start--;
    char *last = xstrdup(start);
    free(text);
    return last;
}

static void take_serial(struct explain_gathered *g, const char *path, long long begin)
{
    struct boot_watch watch = {0};
    struct stat st;
    char *why = NULL, *text;
    bool there = stat(path, &st) == 0;
    size_t max = there && st.st_size > begin && st.st_size - begin < (off_t)SERIAL_BYTES
                     ? (size_t)(st.st_size - begin)
                     : SERIAL_BYTES;
    if (there && st.st_size <= begin)
        return;
    if (!(text = file_end(path, max, &why))) {
        gather_unseen(g, "serial log", why);
        free(why);
        return;
    }
    text = last_boot(text);
    boot_watch_feed(&watch, text, strlen(text));
    g->seen.boot_failed = watch.verdict == BOOT_FAILED;
    boot_watch_clear(&watch);
    gather_text(g, SOURCE_SERIAL, 0, text);
}

void gather_serial(struct explain_gathered *g)
{
    struct serial_port port = {0};
    bool read = !(g->active && domain_keeps_waiting(g->c->dom)) && serial_port_read(g->c, g->active, &port);
    long long begin = port.log && g->local ? begin_of_boot(g, &port) : 0;
    if (!read)
        gather_unseen(g, "serial log", "libvirt does not tell the domain's definition now");
    else if (!port.log)
        gather_unseen(g, "serial log", "no serial port writes one");
    else if (!g->local)
        gather_unseen(g, "serial log", "it is on the remote host");
    else if (begin < 0)
        gather_unseen(g, "serial log", "it holds several boots, and nobody noted where the last one begins");
    else
        take_serial(g, port.log, begin);
    serial_port_clear(&port);
}

/* ---- the host's journal ---- */

/* The feed's program goes on for ever and begins days ago: here it ends, and begins with the failure. The
 * words stay the feed's; `since` is put in. */
static char **words_once(const struct feed *feed, char *since)
{
    size_t n = 0, k = 0;
    while (feed->argv[n])
        n++;
    char **argv = xcalloc(n + 1, sizeof *argv);
    for (size_t i = 0; i < n; i++) {
        bool is_since = i > 0 && strcmp(feed->argv[i - 1], "-S") == 0;
        if (strcmp(feed->argv[i], "-f") != 0)
            argv[k++] = is_since ? since : feed->argv[i];
    }
    return argv;
}

/* Of what a program printed, the lines that are about this domain. */
static void take_output(struct explain_gathered *g, struct feed *feed, const char *text)
{
    struct strbuf unused = {0};
    int64_t no_time = 0;
    for (const char *p = text; *p;) {
        size_t len = strcspn(p, "\n");
        if (len && feed_line(feed, p, len, &unused, &no_time))
            gather_text(g, feed->source, 0, xstrndup(p, len));
        p += len + (p[len] == '\n');
    }
}

static void gather_journal(struct explain_gathered *g, enum line_source source, const char *what)
{
    struct error e = ERROR_INIT;
    struct strbuf out = {0};
    struct feed feed;
    if (!find_feed(g, source, NULL, &feed, &e)) {
        gather_unseen(g, what, error_text(&e));
        error_clear(&e);
        return;
    }
    char *since = xasprintf("@%lld", (long long)(g->last.since_ms / 1000 - EARLIER_S));
    char **argv = words_once(&feed, since);
    enum spawned how = spawn_capture((const char *const *)argv, clock_mono_ms() + JOURNAL_MS, JOURNAL_BYTES,
                                     &out, NULL, NULL);
    if (how != SPAWN_FAILED)
        take_output(g, &feed, strbuf_str(&out));
    if (how != SPAWN_DONE)
        gather_unseen(g, what,
                      how == SPAWN_FAILED ? "journalctl could not be run"
                      : how == SPAWN_LATE
                          ? "journalctl takes long: only what it had printed within 3 s was seen"
                          : "only the first 256 KiB since the failure were seen");
    free(argv);
    free(since);
    strbuf_free(&out);
    feed_clear(&feed);
    error_clear(&e);
}

void gather_journals(struct explain_gathered *g)
{
    if (g->last.failure == FAILURE_NONE || !g->last.since_ms)
        return;
    gather_journal(g, SOURCE_HOST, "the host's journal");
    gather_journal(g, SOURCE_DAEMON, "libvirt's journal");
}
