/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "logs/actions.h"
#include "model/xml.h"
#include "virt/explain_private.h"

#define MOST_FAULTS 64
#define STAT_MAX    (4u * 1024 * 1024)
#define TOOK_MS     15000 /* a start that waits for locks, where nobody told how long it took */

/* ---- the state ---- */

static enum standing standing_of(int state, int reason)
{
    static const struct {
        int state, reason; /* -1: any */
        enum standing standing;
    } table[] = {
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, STANDING_PAUSED},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_WATCHDOG, STANDING_PAUSED},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_CRASHED, STANDING_PAUSED},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED, STANDING_PAUSED},
        {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_CRASHED, STANDING_CRASHED},
        {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DAEMON, STANDING_CRASHED},
        {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_FAILED, STANDING_FAILED},
        {VIR_DOMAIN_SHUTOFF, -1, STANDING_OFF},
        {VIR_DOMAIN_CRASHED, -1, STANDING_CRASHED},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (table[i].state == state && (table[i].reason == reason || table[i].reason < 0))
            return table[i].standing;
    return STANDING_RUNS;
}

bool explain_is_failure(enum vm_state state, int reason)
{
    enum standing standing = standing_of((int)state, reason);
    return standing != STANDING_RUNS && standing != STANDING_OFF;
}

static bool read_state(struct explain_gathered *g)
{
    int state, reason;
    bool persistent;
    if (virDomainGetState(g->c->dom, &state, &reason, 0) < 0)
        return context_failed(g->c);
    g->seen.standing = standing_of(state, reason);
    g->by_disk = state == VIR_DOMAIN_PAUSED && reason == VIR_DOMAIN_PAUSED_IOERROR;
    return context_read_state(g->c, &g->active, &persistent);
}

static char *version_text(unsigned long v)
{
    return xasprintf("%lu.%lu.%lu", v / 1000000, v / 1000 % 1000, v % 1000);
}

static void read_versions(struct explain_gathered *g)
{
    unsigned long libvirt, qemu;
    if (virConnectGetLibVersion(g->c->conn, &libvirt) == 0)
        g->libvirt_now = version_text(libvirt);
    if (g->c->is_qemu && virConnectGetVersion(g->c->conn, &qemu) == 0)
        g->qemu_now = version_text(qemu);
}

/* ---- events ---- */

static bool begins(const char *text, const char *with)
{
    return text && strncmp(text, with, strlen(with)) == 0;
}

/* Whether it tells of a start that failed: of a command, of a run of autostart, of the supervisor. */
static bool is_refused_start(const struct event *ev)
{
    static const char *const words[][2] = {{"command", "start "},
                                           {"autostart", "failed: "},
                                           {"autostart", "is not started"},
                                           {"autostart", "it could not be started again"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (ev->severity >= SEV_WARN && strcmp(ev->kind, words[i][0]) == 0 && begins(ev->text, words[i][1]))
            return true;
    return false;
}

static void note_event(struct last_seen *seen, const struct event *ev)
{
    if (is_refused_start(ev)) {
        seen->refused_ms = ev->wall_ms;
        seen->refused_asked_ms = ev->wall_ms - (ev->took_ms ? ev->took_ms : TOOK_MS);
    } else if (strcmp(ev->kind, "io-error") == 0 || strcmp(ev->kind, "watchdog") == 0 ||
               (ev->mark == MARK_PAUSE && ev->severity >= SEV_WARN)) {
        seen->paused_ms = ev->wall_ms;
    } else if (ev->mark == MARK_START) {
        seen->event_start_ms = ev->wall_ms;
    } else if (ev->mark == MARK_STOP && ev->severity < SEV_WARN) {
        seen->event_end_ms = ev->wall_ms;
    }
}

/* What libvirt said bears its numbers; a run of autostart tells its words without them. */
static enum line_source source_of(const struct event *ev)
{
    enum line_source source = event_source(ev);
    if (source != SOURCE_DECK)
        return source;
    bool quoted = strcmp(ev->kind, "autostart") == 0 && ev->severity >= SEV_WARN;
    return ev->code || ev->domain || quoted ? SOURCE_LIBVIRT : SOURCE_DECK;
}

static void take_event(struct explain_gathered *g, const struct event *ev)
{
    if (!uuid_equal(&ev->uuid, &g->c->uuid) || !ev->kind || !ev->text)
        return;
    note_event(&g->seen, ev);
    const struct explain_line line = {
        .wall_ms = ev->wall_ms, .source = source_of(ev), .code = ev->code, .domain = ev->domain};
    gather_line(g, &line, xstrdup(ev->text));
}

static int by_time(const void *a, const void *b)
{
    const struct event *x = a, *y = b;
    if (x->wall_ms != y->wall_ms)
        return x->wall_ms < y->wall_ms ? -1 : 1;
    return strcmp(x->text ? x->text : "", y->text ? y->text : "");
}

/* What the caller has in memory may be in the files by now, or not yet. */
static void gather_events(struct explain_gathered *g)
{
    event_list all = {0};
    events_of(&g->c->uuid, 0, &all);
    for (size_t i = 0; i < g->request->events.len; i++)
        vec_push(&all, g->request->events.items[i]);
    vec_clear(&g->request->events);
    if (all.len)
        qsort(all.items, all.len, sizeof *all.items, by_time);
    for (size_t i = 0; i < all.len; i++)
        if (i == 0 || by_time(&all.items[i - 1], &all.items[i]) != 0)
            take_event(g, &all.items[i]);
    events_free(&all);
}

/* ---- what libvirt knows at this moment ---- */

/* libvirt (since 11.1) and QEMU keep a disk's error after the domain goes on: only that of a pause means
 * anything. */
static void gather_messages(struct explain_gathered *g)
{
    char **messages = NULL;
    int n = virDomainGetMessages(g->c->dom, &messages, 0);
    for (int i = 0; i < n; i++) {
        const struct explain_line line = {.source = SOURCE_MESSAGES};
        if (g->by_disk || !begins(messages[i], "I/O error: "))
            gather_line(g, &line, xstrdup(messages[i]));
        free(messages[i]);
    }
    free(messages);
}

static xmlNodePtr find_disk(xmlNodePtr domain, const char *target)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr d = xml_child(devices, "disk"); d; d = xml_next(d, "disk"))
        if (xml_get_is(d, "target@dev", target))
            return d;
    return NULL;
}

static char *image_of(xmlNodePtr domain, const char *target)
{
    static const char *const places[] = {"source@file", "source@dev", "source@name", "source@volume"};
    xmlNodePtr disk = find_disk(domain, target);
    char *image = NULL;
    for (size_t i = 0; disk && !image && i < ARRAY_LEN(places); i++)
        image = xml_get(disk, places[i]);
    return image;
}

static bool was_told(const struct explain_gathered *g, const char *image)
{
    for (size_t i = 0; i < g->lines.len; i++) {
        const struct explain_line *l = &g->lines.items[i];
        if (l->source == SOURCE_EVENT && l->wall_ms >= g->last.since_ms && begins(l->text, "I/O error on ") &&
            strstr(l->text, image))
            return true;
    }
    return false;
}

/* Nobody may have been there to hear the event: the disks that have errors are asked for, in its words. QEMU
 * keeps a disk's error after the domain goes on, so only that of a pause means anything. */
static void gather_faults(struct explain_gathered *g)
{
    virDomainDiskError faults[MOST_FAULTS];
    int n = g->by_disk && g->c->is_qemu ? virDomainGetDiskErrors(g->c->dom, faults, MOST_FAULTS, 0) : 0;
    char *xml = n > 0 ? virDomainGetXMLDesc(g->c->dom, 0) : NULL;
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    for (int i = 0; i < n; i++) {
        char *image = doc ? image_of(xmlDocGetRootElement(doc), faults[i].disk) : NULL;
        const struct explain_line line = {.source = SOURCE_EVENT, .wall_ms = g->last.failed_ms};
        if (!image || !was_told(g, image))
            gather_line(g, &line,
                        xasprintf("I/O error on %s (%s): %s", faults[i].disk, image ? image : "?",
                                  faults[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE ? "enospc" : "eio"));
        free(image);
        free(faults[i].disk);
    }
    xmlFreeDoc(doc);
    free(xml);
}

/* ---- what changed ---- */

static void gather_definitions(struct explain_gathered *g)
{
    struct error e = ERROR_INIT;
    if (!journal_list_entries(g->request->journal_dir, &g->c->uuid, &g->journal, &e))
        gather_unseen(g, "some of its history", error_text(&e));
    for (size_t i = 0; i < g->journal.len; i++) {
        const struct journal_entry *j = &g->journal.items[i];
        /* What only waited for the next boot had no part in what ran. */
        bool waited =
            g->last.run && j->wall_ms > g->last.since_ms && j->when && strcmp(j->when, "at next boot") == 0;
        struct explain_change change = {
            .kind = EXPLAIN_DEFINITION, .wall_ms = j->wall_ms, .number = j->number, .what = j->what};
        if (j->state == JOURNAL_DONE && !waited)
            vec_push(&g->changes, change);
    }
    error_clear(&e);
}

/* "7.2.22Debian 1:7.2+dfsg" and "7.2.22" are the same version. */
static bool same_version(const char *a, const char *b)
{
    int x[3] = {0}, y[3] = {0};
    return sscanf(a, "%d.%d.%d", &x[0], &x[1], &x[2]) >= 2 &&
           sscanf(b, "%d.%d.%d", &y[0], &y[1], &y[2]) >= 2 && memcmp(x, y, sizeof x) == 0;
}

/* written: `now` is what QEMU's log says, too, so that packages can be told apart. */
static void compare_versions(struct explain_gathered *g, enum explain_kind kind, const char *before,
                             const char *now, bool written)
{
    if (!before || !now || (written ? strcmp(before, now) == 0 : same_version(before, now)))
        return;
    struct explain_change change = {.kind = kind, .wall_ms = g->last.since_ms, .before = before, .now = now};
    vec_push(&g->changes, change);
}

static void gather_versions(struct explain_gathered *g)
{
    const struct qemu_run *good = g->last.good, *run = g->last.run;
    if (!good || good == run)
        return;
    compare_versions(g, EXPLAIN_QEMU, good->qemu, run ? run->qemu : g->qemu_now, run);
    compare_versions(g, EXPLAIN_LIBVIRT, good->libvirt, run ? run->libvirt : g->libvirt_now, run);
}

/* When this machine was booted; 0: not known. */
static int64_t boot_ms(void)
{
    char *text = NULL;
    const char *line;
    long long seconds = 0;
    if (file_read("/proc/stat", STAT_MAX, &text, NULL, NULL, NULL) && (line = strstr(text, "\nbtime ")))
        seconds = strtoll(line + strlen("\nbtime "), NULL, 10);
    free(text);
    return seconds > 0 && seconds < INT64_MAX / 1000 ? (int64_t)seconds * 1000 : 0;
}

/* Where the host can't be looked at, another kernel tells. */
static void gather_reboot(struct explain_gathered *g)
{
    const struct qemu_run *good = g->last.good, *run = g->last.run;
    bool other = good && run && good->kernel && run->kernel && strcmp(good->kernel, run->kernel) != 0;
    struct explain_change change = {.kind = EXPLAIN_REBOOT,
                                    .wall_ms = g->local ? boot_ms()
                                               : other  ? g->last.since_ms
                                                        : 0};
    if (change.wall_ms)
        vec_push(&g->changes, change);
}

/* ---- the whole ---- */

/* What paused it, when it runs again. */
static bool is_overcome(const struct explain_gathered *g, const struct explain_line *l)
{
    static const char paused[] = ": VM paused";
    return g->active && g->seen.standing == STANDING_RUNS && l->source == SOURCE_EVENT &&
           begins(l->text, "I/O error on ") && strstr(l->text, paused);
}

/* An older run's log says nothing about a start in which QEMU did not begin, nor does a guest's. What was
 * refused before a run began, or before the start that failed was asked for, has nothing to do with it. */
static bool is_older(const struct explain_gathered *g, const struct explain_line *l)
{
    if (g->last.failure == FAILURE_START &&
        (l->source == SOURCE_SERIAL || (l->source == SOURCE_QEMU && !g->last.run && g->runs.len)))
        return true;
    return (l->source == SOURCE_LIBVIRT || l->source == SOURCE_DECK) && l->wall_ms < g->last.since_ms;
}

static void drop_older(struct explain_gathered *g)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->lines.len; i++)
        if (!is_older(g, &g->lines.items[i]) && !is_overcome(g, &g->lines.items[i]))
            g->lines.items[kept++] = g->lines.items[i];
    g->lines.len = kept;
}

bool explain_gather(struct explain_gathered *g)
{
    char *uri = virConnectGetURI(g->c->conn);
    g->uri = uri_without_password(uri ? uri : g->c->host->uri);
    g->local = !uri_is_remote(g->uri);
    g->seen.runs = &g->runs;
    free(uri);
    if (!read_state(g))
        return false;
    gather_qemu_log(g);
    gather_events(g);
    gather_serial(g);
    last_failure_find(&g->seen, &g->last);
    drop_older(g);
    gather_journals(g);
    gather_messages(g);
    gather_faults(g);
    read_versions(g);
    gather_definitions(g);
    gather_versions(g);
    gather_reboot(g);
    return true;
}

void explain_gathered_clear(struct explain_gathered *g)
{
    for (size_t i = 0; i < g->texts.len; i++)
        free(g->texts.items[i]);
    for (size_t i = 0; i < g->unseen.len; i++)
        free(g->unseen.items[i]);
    vec_free(&g->texts);
    vec_free(&g->unseen);
    vec_free(&g->lines);
    vec_free(&g->changes);
    qemu_runs_free(&g->runs);
    journal_list_free(&g->journal);
    free(g->libvirt_now);
    free(g->qemu_now);
    free(g->uri);
}
