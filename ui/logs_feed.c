/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which lines the logs pane gets, and when.
 */
#include "ui/logs_feed.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include "base/paths.h"
#include "device/kinds.h"
#include "diagnose/signature.h"
#include "logs/actions.h"
#include "ui/logs_walk.h"

#define SEEN_MS   33   /* between two drawings because of new lines */
#define UNSEEN_MS 1000 /* while there is but the badge to be drawn */

#define LOOK_MS  5000 /* between two looks at what unattended virtdecks did */
#define DWELL_MS 300  /* so long a domain is selected before programs are begun for it */

#define FILES (1u << SOURCE_QEMU | 1u << SOURCE_SERIAL | 1u << SOURCE_DAEMON | 1u << SOURCE_HOST)
#define ON_DEMAND                                                                                            \
    (1u << SOURCE_DAEMON | 1u << SOURCE_HOST) /* a program each: not for whoever only passes by */

static const char *mark(void *ctx, enum line_source source, const char *text, size_t len,
                        enum severity *severity)
{
    struct deck *d = ctx;
    const struct evidence_line line = {.source = source, .text = text, .len = len};
    const struct signature *s = d->signatures ? signatures_best(d->signatures, &line) : NULL;
    if (!s)
        return NULL;
    atomic_fetch_add(&d->log.marks, 1);
    *severity = s->severity;
    return s->id;
}

void logs_open(struct deck *d)
{
    struct collector_config config = {.mark = mark, .ctx = d};
    d->log.collector = collector_new(&config);
}

static void put_line(struct deck *d, enum line_source source, int64_t wall_ms, const char *text)
{
    collector_line(d->log.collector, source, wall_ms, text, strlen(text));
}

/* ---- events ---- */

/* What virtdeck does by itself: another one of this host, too, which tells it in a file only. */
static bool is_unattended(const struct event *ev)
{
    return strcmp(ev->kind, "autostart") == 0;
}

static void put_event(struct deck *d, const struct event *ev)
{
    if (is_unattended(ev) && ev->wall_ms > d->log.acted_ms)
        d->log.acted_ms = ev->wall_ms;
    bool failed = ev->severity == SEV_ERROR && ev->code;
    if (ev->text)
        put_line(d, failed ? SOURCE_LIBVIRT : event_source(ev), ev->wall_ms, ev->text);
    if (ev->mark == MARK_START && ev->wall_ms > d->log.started_ms)
        d->log.started_ms = ev->wall_ms;
}

/* Those that come before the older ones were read stand behind them. */
static void keep_event(struct logs_view *v, const struct event *ev)
{
    struct event copy = *ev;
    copy.host = copy.vm = NULL;
    copy.text = xstrdup(ev->text);
    vec_push(&v->waiting, copy);
}

void logs_add_event(struct deck *d, const struct event *ev)
{
    struct logs_view *v = &d->log;
    if (!v->collector || uuid_is_nil(&v->uuid) || !uuid_equal(&ev->uuid, &v->uuid))
        return;
    if (v->reading_past)
        keep_event(v, ev);
    else
        put_event(d, ev);
}

static void put_waiting(struct deck *d)
{
    struct logs_view *v = &d->log;
    v->reading_past = false;
    for (size_t i = 0; i < v->waiting.len; i++)
        put_event(d, &v->waiting.items[i]);
    logs_forget_waiting(v);
}

/* They bear no time; what runs got them when it was started. */
static void put_messages(struct deck *d, const struct vm *vm)
{
    if (d->log.messages)
        put_line(d, SOURCE_MESSAGES, vm_state_is_active(vm->state) ? vm->since_wall_ms : 0, d->log.messages);
}

/* ---- finding feeds and past events, in the writer's thread ---- */

struct finding_feeds {
    struct deck *d;
    unsigned generation, sources;
    char *uri, *vm, *serial_log;
    struct vm_uuid uuid;
    bool past;
    int64_t since_ms; /* not 0: only what unattended virtdecks did from then on */
    struct logs_feed feeds[SOURCES];
    event_list events;
};

static bool find_feeds(void *arg, struct error *e)
{
    struct finding_feeds *w = arg;
    struct feed_ask ask = {.uri = w->uri, .vm = w->vm, .uuid = w->uuid, .serial_log = w->serial_log};
    (void)e;
    for (int s = 0; s < SOURCES; s++) {
        struct error why = ERROR_INIT;
        struct logs_feed *f = &w->feeds[s];
        if (!(w->sources >> s & 1))
            continue;
        f->found = feed_find((enum line_source)s, &ask, &f->feed, &f->remote, &why);
        if (!f->found)
            f->problem = xstrdup(error_text(&why));
        error_clear(&why);
    }
    if (w->past || w->since_ms)
        events_of(&w->uuid, w->since_ms, &w->events);
    return true;
}

static void begin_feed(struct deck *d, int s)
{
    struct logs_feed *f = &d->log.feeds[s];
    if (!f->found || f->begun)
        return;
    f->begun = true;
    collector_feed(d->log.collector, &f->feed);
    f->feed = (struct feed){.fd = -1};
    f->found = false;
}

static bool is_due(const struct deck *d, int s)
{
    const struct logs_view *v = &d->log;
    const struct logs_feed *f = &v->feeds[s];
    if (!(v->sources >> s & 1))
        return false;
    if (f->remote)
        return v->asked >> s & 1;
    return !(ON_DEMAND >> s & 1) || (logs_are_seen(d) && d->now_ms >= v->selected_ms + DWELL_MS);
}

static void begin_what_is_due(struct deck *d)
{
    for (int s = 0; d->log.collector && s < SOURCES; s++)
        if (d->log.feeds[s].found && is_due(d, s))
            begin_feed(d, s);
}

static void found_feeds(void *ctx, const struct error *e)
{
    struct finding_feeds *w = ctx;
    struct deck *d = w->d;
    (void)e;
    if (w->generation != d->log.generation)
        return;
    for (int s = 0; s < SOURCES; s++) {
        if (!(w->sources >> s & 1))
            continue;
        logs_feed_clear(&d->log.feeds[s]);
        d->log.feeds[s] = w->feeds[s];
        w->feeds[s] = (struct logs_feed){.feed.fd = -1};
    }
    for (size_t i = 0; i < w->events.len; i++)
        if (w->past || is_unattended(&w->events.items[i]))
            put_event(d, &w->events.items[i]);
    if (w->past)
        put_waiting(d);
    begin_what_is_due(d);
    d->dirty = d->dirty || w->past || w->sources;
}

static void finding_free(void *arg)
{
    struct finding_feeds *w = arg;
    for (int s = 0; s < SOURCES; s++)
        logs_feed_clear(&w->feeds[s]);
    events_free(&w->events);
    free(w->uri);
    free(w->vm);
    free(w->serial_log);
    free(w);
}

static void find(struct deck *d, unsigned sources, bool past, int64_t since_ms)
{
    struct logs_view *v = &d->log;
    struct finding_feeds *w = xcalloc(1, sizeof *w);
    *w = (struct finding_feeds){.d = d,
                                .generation = v->generation,
                                .sources = sources,
                                .uri = xstrdup(v->uri),
                                .vm = xstrdup(v->vm),
                                .serial_log = xstrdup(v->serial_log),
                                .uuid = v->uuid,
                                .past = past,
                                .since_ms = since_ms};
    for (int s = 0; s < SOURCES; s++)
        w->feeds[s].feed.fd = -1;
    writer_do(d->writer, &(struct writer_work){find_feeds, finding_free, w, found_feeds, w});
}

/* ---- whose lines they are ---- */

static const char *serial_log_of(const struct vm *vm)
{
    for (size_t i = 0; vm->def && i < vm->def->devices.len; i++) {
        const struct vm_device *dev = &vm->def->devices.items[i];
        bool port = strcmp(dev->kind->id, "serial") == 0 || strcmp(dev->kind->id, "console") == 0;
        if (port && dev->has_log && dev->log_file)
            return dev->log_file;
    }
    return NULL;
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void set(char **to, const char *from)
{
    free(*to);
    *to = xstrdup(from);
}

static void select_other(struct deck *d, const struct vm *vm, const struct snapshot *s)
{
    struct logs_view *v = &d->log;
    static const struct vm_uuid nobody;
    v->generation++;
    collector_restart(v->collector);
    logs_view_restart(v);
    v->unread = true;
    v->selected_ms = v->looked_ms = d->now_ms;
    v->selected_wall_ms = d->now_wall_ms;
    v->host = s ? s->host.id : -1;
    v->uuid = vm ? vm->uuid : nobody;
    set(&v->vm, vm ? vm->name : NULL);
    set(&v->uri, s ? s->host.uri : NULL);
    set(&v->serial_log, vm ? serial_log_of(vm) : NULL);
    set(&v->messages, vm && vm->def ? vm->def->messages : NULL);
    d->panes[PANE_LOGS].column = 0;
    d->dirty = true;
    if (!vm)
        return;
    v->reading_past = true;
    put_messages(d, vm);
    find(d, FILES, true, 0);
}

static void select_same(struct deck *d, const struct vm *vm)
{
    struct logs_view *v = &d->log;
    if (vm->def && !same(v->serial_log, serial_log_of(vm))) {
        set(&v->serial_log, serial_log_of(vm));
        collector_drop(v->collector, SOURCE_SERIAL, false);
        find(d, 1u << SOURCE_SERIAL, false, 0);
    }
    if (vm->def && !same(v->messages, vm->def->messages)) {
        set(&v->messages, vm->def->messages);
        collector_drop(v->collector, SOURCE_MESSAGES, false);
        put_messages(d, vm);
    }
}

void logs_select(struct deck *d)
{
    struct logs_view *v = &d->log;
    const struct vm *vm = deck_vm(d);
    const struct snapshot *s = deck_host(d);
    static const struct vm_uuid nobody;
    if (!v->collector)
        return;
    bool other =
        !uuid_equal(vm ? &vm->uuid : &nobody, &v->uuid) ||
        (vm && (!s || s->host.id != v->host || !same(vm->name, v->vm) || !same(s->host.uri, v->uri)));
    if (other)
        select_other(d, vm, s);
    else if (vm)
        select_same(d, vm);
}

/* ---- on request ---- */

void logs_ask(struct deck *d, unsigned sources)
{
    d->log.asked |= sources;
    begin_what_is_due(d);
    logs_touch(&d->log);
    d->dirty = true;
}

void logs_sources_changed(struct deck *d)
{
    struct logs_view *v = &d->log;
    for (int s = 0; v->collector && s < SOURCES; s++) {
        bool shown = v->sources >> s & 1;
        if (shown || !v->feeds[s].begun || !(ON_DEMAND >> s & 1))
            continue;
        collector_drop(v->collector, (enum line_source)s, false);
        logs_feed_clear(&v->feeds[s]);
        find(d, 1u << s, false, 0);
    }
    begin_what_is_due(d);
    d->dirty = true;
}

/* A domain that was never started has no log yet: that is no trouble. */
static bool is_trouble(const struct deck *d, const char *problem)
{
    static const char missing[] = "no such file";
    const struct vm *vm = deck_vm(d);
    return (vm && vm_state_is_active(vm->state)) || strncmp(problem, missing, strlen(missing)) != 0;
}

static char *problem_of_feed(const struct deck *d, enum line_source source, bool all)
{
    struct feed_state state = {0};
    char *problem = NULL;
    collector_state(d->log.collector, source, &state);
    if (state.problem && (all || is_trouble(d, state.problem))) {
        problem = state.problem;
        state.problem = NULL;
    }
    feed_state_clear(&state);
    return problem;
}

char *logs_problem(const struct deck *d, enum line_source source, bool all)
{
    const struct logs_feed *f = &d->log.feeds[source];
    char key[32];
    if (f->begun && d->log.collector)
        return problem_of_feed(d, source, all);
    if (f->found && f->remote) {
        keymap_label_for(&d->keymap, PLACE_LOGS, "log-read", key, sizeof(key));
        return xasprintf("on the host; %s reads it over ssh", key);
    }
    return all ? xstrdup(f->problem) : NULL;
}

/* ---- the console ---- */

bool logs_wants_console(const struct deck *d)
{
    const struct logs_view *v = &d->log;
    const struct vm *vm = deck_vm(d);
    const struct logs_feed *f = &v->feeds[SOURCE_SERIAL];
    return v->collector && vm && vm_state_is_active(vm->state) && vm->def && !v->serial_log && !f->begun &&
           (v->sources >> SOURCE_SERIAL & 1) && logs_are_seen(d);
}

void logs_take_console(struct deck *d, int fd)
{
    struct logs_feed *f = &d->log.feeds[SOURCE_SERIAL];
    struct feed feed = {.kind = FEED_STREAM, .source = SOURCE_SERIAL, .fd = fd};
    logs_feed_clear(f);
    f->begun = f->console = true;
    collector_feed(d->log.collector, &feed);
    d->dirty = true;
}

void logs_drop_console(struct deck *d)
{
    struct logs_feed *f = &d->log.feeds[SOURCE_SERIAL];
    if (!f->console)
        return;
    logs_feed_clear(f);
    collector_drop(d->log.collector, SOURCE_SERIAL, true);
    d->dirty = true;
}

/* ---- the loop ---- */

bool logs_are_seen(const struct deck *d)
{
    return d->pane == PANE_LOGS && d->pane_open && (d->pane_focused || !d->pane_covers);
}

static int64_t next_ms(const struct deck *d)
{
    return d->log.taken_ms + (logs_are_seen(d) ? SEEN_MS : UNSEEN_MS);
}

int logs_wait(const struct deck *d, int *timeout_ms)
{
    const struct logs_view *v = &d->log;
    int64_t left = next_ms(d) - d->now_ms;
    if (!v->collector)
        return -1;
    if (logs_is_busy(v))
        *timeout_ms = 0;
    if (left <= 0)
        return collector_fd(v->collector);
    if (left < *timeout_ms)
        *timeout_ms = (int)left;
    return -1;
}

/* What was written before it was first looked at is no news. */
static void see_first(struct logs_view *v)
{
    bool more = v->reading_past;
    for (int s = 0; s < SOURCES && !more; s++) {
        struct feed_state state = {0};
        if (!v->feeds[s].begun || v->feeds[s].remote || v->feeds[s].console)
            continue;
        collector_state(v->collector, (enum line_source)s, &state);
        more = state.fed && !state.at_end && !state.problem;
        feed_state_clear(&state);
    }
    logs_look(v);
    v->unread = more;
}

/* While somebody sees the pane. */
static void look_for_actions(struct deck *d)
{
    struct logs_view *v = &d->log;
    if (uuid_is_nil(&v->uuid) || v->reading_past || d->now_ms < v->looked_ms + LOOK_MS)
        return;
    v->looked_ms = d->now_ms;
    find(d, 0, false, (v->acted_ms ? v->acted_ms : v->selected_wall_ms) + 1);
}

void logs_turn(struct deck *d)
{
    struct logs_view *v = &d->log;
    if (v->collector && logs_are_seen(d)) {
        begin_what_is_due(d);
        look_for_actions(d);
    }
    if (v->collector && v->unread)
        see_first(v);
    if (logs_is_busy(v)) {
        logs_walk_on(d);
        /* Whoever draws the pane goes on with reading it. */
        if (v->reading.phase != READ_NOTHING && (!logs_are_seen(d) || d->too_small))
            logs_read(v, v->reach);
        d->dirty = true;
    }
    if (!v->collector || d->now_ms < next_ms(d))
        return;
    struct pollfd fd = {.fd = collector_fd(v->collector), .events = POLLIN};
    if (poll(&fd, 1, 0) != 1)
        return;
    collector_drain_fd(v->collector);
    v->taken_ms = d->now_ms;
    d->dirty = true;
}
