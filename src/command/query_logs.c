/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `log VM`: what is told of a domain, from all sources in the order of time.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/diagnose.h"
#include "command/query_logs.h"
#include "logs/actions.h"

#define LOG_MOST      100000
#define LOG_BYTES     (64u << 20) /* of a source */
#define DEFINITION_MS 35000       /* libvirt itself waits 30 s for a domain that is busy */
#define ANSWER_MS     20000       /* a program of another host has so long for its first line */
#define LAST_MS       1000        /* what is held back or on its way when a domain goes still comes */
#define QUIET_MS      300         /* one that said no more for so long has no older lines left */

#define USUAL                                                                                                \
    (BIT(SOURCE_QEMU) | BIT(SOURCE_SERIAL) | BIT(SOURCE_EVENT) | BIT(SOURCE_MESSAGES) | BIT(SOURCE_DECK))
#define DEFINED (BIT(SOURCE_SERIAL) | BIT(SOURCE_MESSAGES)) /* what the definition tells of */
#define KEPT    (BIT(SOURCE_EVENT) | BIT(SOURCE_DECK) | BIT(SOURCE_LIBVIRT)) /* what the event log has */

bool query_count(const struct call *call, size_t most, size_t *count, struct error *e)
{
    const char *n = call_option(call, "n");
    double value = n ? strtod(n, NULL) : USUAL_LINES;
    if (value < 0 || value != floor(value) || value > (double)most)
        return error_set(e, STATUS_USAGE, "%s: -n wants a whole number from 0 to %zu, not %s",
                         call->command->name, most, n);
    *count = (size_t)value;
    return true;
}

/* ---- what was asked for ---- */

/* Those that people may name, and the names that they may use. */
static const struct {
    const char *word;
    enum line_source source;
} names[] = {{"qemu", SOURCE_QEMU},         {"serial", SOURCE_SERIAL},   {"events", SOURCE_EVENT},
             {"event", SOURCE_EVENT},       {"deck", SOURCE_DECK},       {"virtdeck", SOURCE_DECK},
             {"messages", SOURCE_MESSAGES}, {"libvirt", SOURCE_LIBVIRT}, {"daemon", SOURCE_DAEMON},
             {"host", SOURCE_HOST}};

static bool add_source(struct log *l, const char *word, size_t len, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strlen(names[i].word) == len && strncmp(names[i].word, word, len) == 0) {
            l->asked |= BIT(names[i].source);
            return true;
        }
    return error_set(e, STATUS_USAGE,
                     "log: there is no source %.*s; there are qemu, serial, events, messages, deck, libvirt, "
                     "daemon and host, with commas between",
                     (int)len, word);
}

static bool read_options(struct log *l, struct error *e)
{
    const char *sources = call_option(l->call, "source"), *grep = call_option(l->call, "grep"), *word;
    size_t len;
    l->follow = call_option(l->call, "follow") != NULL;
    if (!query_count(l->call, LOG_MOST, &l->lines, e))
        return false;
    for (const char *rest = sources; sources && (word = list_next(&rest, ',', &len));)
        if (!add_source(l, word, len, e))
            return false;
    l->sources = l->asked ? l->asked : USUAL;
    if (grep && !(l->wants = pattern_new(grep, false, e))) {
        error_prefix(e, "log: --grep");
        return false;
    }
    return true;
}

/* ---- what there is ---- */

/* A source that was asked for by name has to be there; one of the usual set may be missing, which is told. */
static bool missing(struct log *l, enum line_source source, const char *why, struct error *e)
{
    if (l->asked & BIT(source))
        return error_set(e, STATUS_FAILED, "log %s: %s: %s", l->target->name, source_word(source), why);
    if (!l->problem)
        l->problem = xasprintf("log %s: %s: %s", l->target->name, source_word(source), why);
    return true;
}

static void look(struct log *l)
{
    snapshot_unref(l->snapshot);
    l->snapshot = fleet_snapshot(l->call->session->fleet, l->target->host);
    l->vm = snapshot_find(l->snapshot, &l->target->uuid);
}

static bool is_defined(void *arg)
{
    struct log *l = arg;
    look(l);
    return !l->vm || l->vm->def || l->vm->flags & VM_STUCK;
}

static bool look_at_vm(struct log *l, struct error *e)
{
    const struct frontend *f = l->call->session->frontend;
    struct fleet *fleet = l->call->session->fleet;
    if (!(l->sources & DEFINED)) {
        look(l);
        return true;
    }
    fleet_set_interest(fleet, l->target->host, &l->target->uuid, 1, &l->target->uuid);
    return f->wait(f->ctx, -1, is_defined, l, clock_mono_ms() + DEFINITION_MS, e);
}

static const char *serial_log(const struct vm *vm)
{
    for (size_t i = 0; vm && vm->def && i < vm->def->devices.len; i++) {
        const struct vm_device *d = &vm->def->devices.items[i];
        if (d->has_log && d->log_file)
            return d->log_file;
    }
    return NULL;
}

static bool is_action(const struct event *ev)
{
    return strcmp(ev->kind, "autostart") == 0;
}

/* Reads the past again with what unattended virtdecks did. When the last of that was. */
static int64_t take_past_actions(struct log *l)
{
    int64_t last = 0;
    events_free(&l->past);
    events_of(&l->target->uuid, 0, &l->past);
    for (size_t i = 0; i < l->past.len; i++)
        if (is_action(&l->past.items[i]))
            last = l->past.items[i].wall_ms;
    return last;
}

static bool is_there(const struct feed *feed)
{
    return !feed->path || access(feed->path, F_OK) == 0 || errno != ENOENT;
}

static bool add_feed(struct log *l, enum line_source source, struct error *e)
{
    struct feed feed = {.fd = -1};
    struct error why = ERROR_INIT;
    struct feed_ask ask = {.uri = l->snapshot->host.uri,
                           .vm = l->target->name,
                           .uuid = l->target->uuid,
                           .serial_log = serial_log(l->vm),
                           .once = !l->follow,
                           .lines = l->lines ? l->lines : LOG_MOST};
    if (source == SOURCE_SERIAL && l->vm && !l->vm->def)
        return missing(l, source, "libvirt does not tell the domain's definition now", e);
    if (!ask.serial_log && source == SOURCE_SERIAL && !l->asked)
        return true; /* most have none */
    bool good = feed_find(source, &ask, &feed, NULL, &why) || missing(l, source, error_text(&why), e);
    bool found = !why.text;
    error_clear(&why);
    if (!found)
        return good;
    /* Of this host, what was done before is told in the order of time with what else is kept. */
    if (source == SOURCE_DECK && feed.path)
        feed.since_ms = take_past_actions(l);
    /* Where nothing was done without anybody at a screen there is no file about it. */
    if (source == SOURCE_DECK && !is_there(&feed))
        l->patient |= BIT(source);
    l->programs |= feed.kind == FEED_PROGRAM && !feed.once ? BIT(source) : 0;
    collector_feed(l->collector, &feed);
    return true;
}

static bool add_feeds(struct log *l, struct error *e)
{
    static const enum line_source fed[] = {SOURCE_QEMU, SOURCE_SERIAL, SOURCE_DECK, SOURCE_DAEMON,
                                           SOURCE_HOST};
    for (size_t i = 0; i < ARRAY_LEN(fed); i++)
        if (l->sources & BIT(fed[i]) && !add_feed(l, fed[i], e))
            return false;
    return true;
}

static enum line_source source_of(const struct event *ev)
{
    return ev->severity == SEV_ERROR && ev->code && !is_action(ev) ? SOURCE_LIBVIRT : event_source(ev);
}

static void add_event(struct log *l, const struct event *ev)
{
    enum line_source source = source_of(ev);
    if (ev->text && l->sources & BIT(source))
        collector_line(l->collector, source, ev->wall_ms, ev->text, strlen(ev->text));
}

static void add_past_events(struct log *l)
{
    for (size_t i = 0; i < l->past.len; i++)
        add_event(l, &l->past.items[i]);
    events_free(&l->past);
}

/* libvirt's events, while they are waited for. */
static void heard(void *ctx, int host, const struct event *ev)
{
    struct log *l = ctx;
    if (host == l->target->host && uuid_equal(&ev->uuid, &l->target->uuid))
        add_event(l, ev);
}

static void add_messages(struct log *l)
{
    const struct vm *vm = l->vm;
    if (l->sources & BIT(SOURCE_MESSAGES) && vm && vm->def && vm->def->messages)
        collector_line(l->collector, SOURCE_MESSAGES, vm_state_is_active(vm->state) ? vm->since_wall_ms : 0,
                       vm->def->messages, strlen(vm->def->messages));
}

/* ---- waiting ---- */

/* What is wrong with a source now; the caller frees, NULL: nothing. */
static char *problem_of(const struct log *l, enum line_source s, bool *at_end, bool *above)
{
    struct feed_state state;
    collector_state(l->collector, s, &state);
    *at_end = state.at_end;
    *above = state.more_above;
    char *problem = state.problem;
    state.problem = NULL;
    feed_state_clear(&state);
    return problem;
}

static size_t matching(const struct log *l)
{
    const struct merge *m = collector_lock(l->collector);
    struct merge_place place = merge_end();
    struct merge_filter filter = {.sources = l->sources, .wants = l->wants};
    struct merge_line line;
    size_t n = 0;
    while (n < l->lines && merge_step(m, &place, false, &filter, 0, &line) == MERGE_LINE)
        n++;
    collector_unlock(l->collector);
    return n;
}

/* Where not enough was found in what was read, more of the files is. True: something is on its way. */
static bool read_older(const struct log *l)
{
    bool more = false;
    if (l->lines == 0 || matching(l) >= l->lines)
        return false;
    for (int s = 0; s < SOURCES; s++)
        if (l->sources >> s & 1 && collector_older(l->collector, (enum line_source)s))
            more = true;
    return more;
}

static bool is_quiet(struct log *l)
{
    const struct merge *m = collector_lock(l->collector);
    uint64_t version = merge_version(m);
    collector_unlock(l->collector);
    if (version != l->version) {
        l->version = version;
        l->version_ms = clock_mono_ms();
    }
    return !l->programs || clock_mono_ms() - l->version_ms >= QUIET_MS;
}

/* Whether all that is there already was read. */
static bool is_read(void *arg)
{
    struct log *l = arg;
    bool all = true, at_end, above;
    collector_drain_fd(l->collector);
    for (int s = 0; s < SOURCES; s++) {
        free(problem_of(l, (enum line_source)s, &at_end, &above));
        all = all && at_end;
    }
    return all && is_quiet(l) && !read_older(l);
}

static bool wait_for_past(struct log *l, struct error *e)
{
    const struct frontend *f = l->call->session->frontend;
    int64_t until = clock_mono_ms() + ANSWER_MS;
    if (!l->programs)
        return f->wait(f->ctx, collector_fd(l->collector), is_read, l, -1, e);
    while (!is_read(l) && clock_mono_ms() < until)
        if (!f->wait(f->ctx, collector_fd(l->collector), is_read, l, clock_mono_ms() + QUIET_MS / 3, e))
            return false;
    return true;
}

/* False: a source that was asked for can't be read. */
static bool tell_problems(struct log *l, struct error *e)
{
    bool good = true, at_end, above;
    for (int s = 0; s < SOURCES && good; s++) {
        char *problem = problem_of(l, (enum line_source)s, &at_end, &above);
        struct printed *p = &l->printed[s];
        bool told = !problem || (p->problem && strcmp(problem, p->problem) == 0);
        if (!told && !(l->patient >> s & 1)) {
            if (!l->follow)
                good = missing(l, (enum line_source)s, problem, e);
            else
                log_note(l, (enum line_source)s, problem);
        }
        free(p->problem);
        p->problem = problem;
    }
    return good;
}

static bool print_live(void *arg)
{
    struct log *l = arg;
    collector_drain_fd(l->collector);
    log_print_new(l);
    tell_problems(l, NULL);
    look(l);
    bool away = !l->vm && l->snapshot->host.state == HOST_UP && l->snapshot->host.ticks > 0;
    l->gone_ms = !away ? 0 : l->gone_ms ? l->gone_ms : clock_mono_ms();
    l->gone = away && clock_mono_ms() - l->gone_ms >= LAST_MS;
    return l->gone || l->holds != l->timed;
}

static bool follow(struct log *l, struct error *e)
{
    const struct frontend *f = l->call->session->frontend;
    bool good = true;
    while (good && !l->gone) {
        l->timed = l->holds;
        good = f->wait(f->ctx, collector_fd(l->collector), print_live, l,
                       l->timed ? clock_mono_ms() + LOG_HOLD_MS : -1, e);
    }
    if (l->gone) {
        char *text = xasprintf("log %s: the domain is gone, so nothing more will come", l->target->name);
        f->say(f->ctx, SEV_INFO, text);
        free(text);
    }
    if (!good && e->status == STATUS_FAILED) { /* ^C is how it ends */
        error_clear(e);
        good = true;
    }
    return good;
}

/* Silence would leave it open whether anything was looked at. */
static void tell_nothing(const struct log *l)
{
    const struct frontend *f = l->call->session->frontend;
    struct strbuf text = {0};
    strbuf_printf(&text, "log %s: %s", l->target->name,
                  l->wants ? "no line matches, of these sources: "
                           : "there are no lines, of these sources: ");
    for (int s = 0, n = 0; s < SOURCES; s++)
        if (l->sources >> s & 1)
            strbuf_printf(&text, "%s%s", n++ ? ", " : "", source_word((enum line_source)s));
    if (l->sources & BIT(SOURCE_EVENT))
        strbuf_puts(&text,
                    "; libvirt's events are kept only while virtdeck's screen runs, and --follow prints "
                    "those that come");
    f->say(f->ctx, SEV_INFO, strbuf_str(&text));
    strbuf_free(&text);
}

static bool print_log(struct log *l, struct error *e)
{
    if (!wait_for_past(l, e))
        return false;
    log_print_past(l);
    if (!tell_problems(l, e))
        return false;
    if (l->problem && l->n_printed == 0 && !l->follow)
        return error_set(e, STATUS_FAILED, "%s", l->problem);
    if (l->problem)
        l->call->session->frontend->say(l->call->session->frontend->ctx, SEV_WARN, l->problem);
    else if (l->n_printed == 0 && !l->follow)
        tell_nothing(l);
    return !l->follow || follow(l, e);
}

/* ---- log ---- */

static const char *mark(void *ctx, enum line_source source, const char *text, size_t len,
                        enum severity *severity)
{
    const struct evidence_line line = {.source = source, .text = text, .len = len};
    const struct signature *s = signatures_best(ctx, &line);
    if (!s)
        return NULL;
    *severity = s->severity;
    return s->id;
}

static void log_clear(struct log *l)
{
    for (int s = 0; s < SOURCES; s++)
        free(l->printed[s].problem);
    collector_free(l->collector);
    events_free(&l->past);
    snapshot_unref(l->snapshot);
    pattern_free(l->wants);
    free(l->problem);
}

bool log_run(struct call *call, struct error *e)
{
    struct session *session = call->session;
    struct log l = {.call = call, .target = &call->targets.items[0]};
    bool good = read_options(&l, e) && look_at_vm(&l, e);
    if (good) {
        if (l.sources & KEPT)
            events_kept(&l.target->uuid, 0, &l.past);
        struct collector_config config = {.max_lines = LOG_MOST, .max_bytes = LOG_BYTES, .mark = mark};
        config.ctx = diagnose_signatures(session);
        l.collector = collector_new(&config);
        session->heard = l.follow ? heard : NULL;
        session->heard_ctx = &l;
        good = add_feeds(&l, e);
        if (good) { /* Not before the feeds: a feed makes its source's lines be forgotten. */
            add_past_events(&l);
            add_messages(&l);
            good = print_log(&l, e);
        }
        session->heard = NULL;
    }
    log_clear(&l);
    return good;
}
