/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The event loop's thread takes the bytes out of libvirt's queue, which knows no bounds, as soon as they are
 * there; the job's thread writes them to the reader, and sends what is typed, for sending may block.
 */
#include "virt/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/text.h"
#include "model/xml.h"
#include "virt/private.h"

#define BUFFER_BYTES (1u << 20) /* of the guest's, while the reader is slow */
#define TURN_BYTES   (1u << 18) /* at a time in the event loop, which is others', too */
#define SEND_BYTES   1024       /* small ones: the daemon reads no more of a client that has five pending */
#define LOOK_MS      250        /* for a cancellation, which wakes nobody */
#define RETRY_MS     20         /* where the stream takes no more for now */
#define BREAK_WAIT_S 0.5        /* for the end of a domain whose console was broken off */
#define STOP_WAIT_S  3          /* for the end of a domain whose console has ended */
#define GIVE_WAY_S   1

struct console_request *console_request_new(void)
{
    struct console_request *r = xcalloc(1, sizeof *r);
    r->out_fd = r->in_fd = -1;
    return r;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void console_request_free(void *request)
{
    struct console_request *r = request;
    if (!r)
        return;
    close_fd(&r->out_fd);
    close_fd(&r->in_fd);
    free(r->device);
    free(r);
}

/* ---- what the event loop and the job share ---- */

struct session {
    uintptr_t id;
    struct vm_uuid uuid;
    bool quiet;
    pthread_mutex_t lock; /* of what follows */
    int refs;             /* the job's, and that of a callback under way */
    virStreamPtr stream;
    int wake; /* eventfd */
    char *ring;
    size_t begin, len;
    uint64_t dropped;
    bool ended, give_way;
    char *why; /* libvirt's word about a broken stream; NULL: it ended */
};

static struct session *session_new(virStreamPtr stream, const struct vm_uuid *uuid, bool quiet)
{
    struct session *s = xcalloc(1, sizeof *s);
    s->uuid = *uuid;
    s->quiet = quiet;
    pthread_mutex_init(&s->lock, NULL);
    s->refs = 1;
    s->stream = stream;
    s->ring = xmalloc(BUFFER_BYTES);
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return s;
}

static void session_unref(struct session *s)
{
    pthread_mutex_lock(&s->lock);
    bool last = --s->refs == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    virStreamFree(s->stream);
    close_fd(&s->wake);
    pthread_mutex_destroy(&s->lock);
    free(s->ring);
    free(s->why);
    free(s);
}

static void wake(const struct session *s)
{
    uint64_t one = 1;
    ssize_t n = write(s->wake, &one, sizeof one);
    (void)n; /* full: it is awake */
}

/* Under the lock. */
static void ring_put(struct session *s, const char *bytes, size_t len)
{
    size_t room = BUFFER_BYTES - s->len, fits = len < room ? len : room;
    size_t at = (s->begin + s->len) % BUFFER_BYTES;
    size_t first = fits < BUFFER_BYTES - at ? fits : BUFFER_BYTES - at;
    memcpy(s->ring + at, bytes, first);
    memcpy(s->ring, bytes + first, fits - first);
    s->len += fits;
    s->dropped += len - fits;
}

/* ---- all that go on ---- */

/* The event loop's callback knows its session by number: with a remote host, libvirt never says that it will
 * not call it any more, and one may be under way while it is removed. */
static struct {
    pthread_mutex_t lock; /* before a session's */
    pthread_cond_t gone;
    VEC(struct session *) all;
    uintptr_t last_id;
} sessions = {.lock = PTHREAD_MUTEX_INITIALIZER, .gone = PTHREAD_COND_INITIALIZER};

static void sessions_add(struct session *s)
{
    pthread_mutex_lock(&sessions.lock);
    s->id = ++sessions.last_id;
    vec_push(&sessions.all, s);
    pthread_mutex_unlock(&sessions.lock);
}

static void sessions_remove(const struct session *s)
{
    pthread_mutex_lock(&sessions.lock);
    for (size_t i = 0; i < sessions.all.len; i++)
        if (sessions.all.items[i] == s) {
            vec_remove(&sessions.all, i);
            break;
        }
    if (!sessions.all.len)
        vec_free(&sessions.all);
    pthread_cond_broadcast(&sessions.gone);
    pthread_mutex_unlock(&sessions.lock);
}

/* A reference; NULL: it is over. */
static struct session *sessions_find(uintptr_t id)
{
    struct session *found = NULL;
    pthread_mutex_lock(&sessions.lock);
    for (size_t i = 0; i < sessions.all.len && !found; i++)
        if (sessions.all.items[i]->id == id)
            found = sessions.all.items[i];
    if (found) {
        pthread_mutex_lock(&found->lock);
        found->refs++;
        pthread_mutex_unlock(&found->lock);
    }
    pthread_mutex_unlock(&sessions.lock);
    return found;
}

/* Under the lock of all: those who only look on. */
static bool ask_to_go(const struct vm_uuid *uuid)
{
    bool any = false;
    for (size_t i = 0; i < sessions.all.len; i++) {
        struct session *s = sessions.all.items[i];
        if (!s->quiet || !uuid_equal(&s->uuid, uuid))
            continue;
        any = true;
        pthread_mutex_lock(&s->lock);
        s->give_way = true;
        pthread_mutex_unlock(&s->lock);
        wake(s);
    }
    return any;
}

void console_give_way(const struct vm_uuid *uuid)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += GIVE_WAY_S;
    pthread_mutex_lock(&sessions.lock);
    while (ask_to_go(uuid) &&
           pthread_cond_clockwait(&sessions.gone, &sessions.lock, CLOCK_MONOTONIC, &until) == 0)
        ;
    pthread_mutex_unlock(&sessions.lock);
}

/* ---- in the event loop's thread ---- */

static void stream_ended(struct session *s, virStreamPtr stream, bool broken)
{
    char *why = broken ? xstrdup(virGetLastErrorMessage()) : NULL;
    /* It would be called again and again until the job has looked. */
    virStreamEventUpdateCallback(stream, 0);
    pthread_mutex_lock(&s->lock);
    if (!s->ended)
        s->why = why;
    else
        free(why);
    s->ended = true;
    pthread_mutex_unlock(&s->lock);
}

static void on_stream(virStreamPtr stream, int events, void *opaque)
{
    struct session *s = sessions_find((uintptr_t)opaque);
    char buf[16384];
    int n = 1;
    if (!s)
        return;
    for (size_t total = 0; total < TURN_BYTES && n > 0; total += (size_t)(n > 0 ? n : 0)) {
        n = virStreamRecv(stream, buf, sizeof buf);
        pthread_mutex_lock(&s->lock);
        if (n > 0)
            ring_put(s, buf, (size_t)n);
        pthread_mutex_unlock(&s->lock);
    }
    if (n == 0 || n == -1)
        stream_ended(s, stream, n < 0);
    else if (n == -2 && events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))
        stream_ended(s, stream, false);
    wake(s);
    session_unref(s);
}

/* ---- opening ---- */

static bool is_port_of(xmlNodePtr port, const char *alias)
{
    return !alias || xml_get_is(port, "alias@name", alias);
}

/* Whether there is something to open; else why not, and what to do. */
static bool check_ports(struct job_context *c, xmlNodePtr domain, const char *alias)
{
    static const char *const names[] = {"serial", "console"};
    xmlNodePtr devices = xml_child(domain, "devices");
    char *other = NULL;
    bool good = false;
    for (size_t i = 0; i < ARRAY_LEN(names) && !good; i++)
        for (xmlNodePtr p = xml_child(devices, names[i]); p && !good; p = xml_next(p, names[i])) {
            if (!is_port_of(p, alias))
                continue;
            good = xml_get_is(p, "@type", "pty");
            if (!good && !other)
                other = xml_get(p, "@type");
        }
    char *vm = text_shell_word(c->vm_name);
    if (!good && other)
        error_set(&c->error, STATUS_FAILED,
                  "console %s: its serial port is of type %s, and only one of type pty can be opened: "
                  "`device %s serial add type=pty` adds one",
                  c->vm_name, other, vm);
    else if (!good && alias)
        error_set(&c->error, STATUS_FAILED,
                  "console %s: it has no serial port or console with the alias %s; `devices %s` lists them",
                  c->vm_name, alias, vm);
    else if (!good)
        error_set(&c->error, STATUS_FAILED,
                  "console %s: it has no serial port: `device %s serial add` adds one (in a Linux guest, "
                  "console=ttyS0 on the kernel's command line then makes use of it)",
                  c->vm_name, vm);
    free(vm);
    free(other);
    return good;
}

/* Why it could not be opened, from the definition. False: that says nothing. */
static bool say_from_definition(struct job_context *c, const char *alias)
{
    char *xml = virDomainGetXMLDesc(c->dom, 0);
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    bool said = doc && !check_ports(c, xmlDocGetRootElement(doc), alias);
    xmlFreeDoc(doc);
    free(xml);
    return said;
}

static bool check_runs(struct job_context *c)
{
    int active = virDomainIsActive(c->dom);
    if (active == 1)
        return true;
    if (active < 0)
        return context_failed(c);
    char *vm = text_shell_word(c->vm_name);
    error_set(&c->error, STATUS_FAILED, "console %s: it does not run; `start %s` first", c->vm_name, vm);
    free(vm);
    return false;
}

/* Drivers that can't promise that nobody else reads it refuse the flag. */
static bool open_console(struct job_context *c, const struct console_request *r, virStreamPtr stream)
{
    unsigned flags = r->force ? VIR_DOMAIN_CONSOLE_FORCE : 0;
    if (virDomainOpenConsole(c->dom, r->device, stream, flags | VIR_DOMAIN_CONSOLE_SAFE) == 0)
        return true;
    virErrorPtr e = virGetLastError();
    bool unknown = e && (e->code == VIR_ERR_INVALID_ARG || e->code == VIR_ERR_ARGUMENT_UNSUPPORTED);
    return unknown && virDomainOpenConsole(c->dom, r->device, stream, flags) == 0;
}

static void say_busy(struct job_context *c)
{
    char *vm = text_shell_word(c->vm_name);
    error_set(&c->error, STATUS_FAILED,
              "console %s: another client has it: virsh, virt-manager, or another virtdeck (its console, its "
              "log pane, or a probe of its supervisor). `console %s --force` takes it over",
              c->vm_name, vm);
    free(vm);
    c->error.code = CONSOLE_BUSY;
}

static void say_refused(struct job_context *c, const char *alias)
{
    virErrorPtr last = virGetLastError();
    int code = last ? last->code : 0;
    /* A lock file is another program's than libvirt's: to take it over is not possible. */
    bool locked = last && last->message && strstr(last->message, "lock file");
    context_failed(c);
    if (code == VIR_ERR_NO_SUPPORT)
        error_set(&c->error, STATUS_FAILED,
                  c->host->demo ? "console %s: the demo host's domains have no consoles"
                                : "console %s: this host's driver has no consoles",
                  c->vm_name);
    else if (code == CONSOLE_BUSY && !locked)
        say_busy(c);
    else
        say_from_definition(c, alias);
}

/* NULL with the context's error set. */
static struct session *session_open(struct job_context *c, const struct console_request *r)
{
    if (!check_runs(c))
        return NULL;
    if (!r->quiet)
        console_give_way(&c->uuid);
    virStreamPtr stream = virStreamNew(c->conn, VIR_STREAM_NONBLOCK);
    if (!stream || !open_console(c, r, stream)) {
        say_refused(c, r->device);
        if (stream)
            virStreamFree(stream);
        return NULL;
    }
    struct session *s = session_new(stream, &c->uuid, r->quiet);
    sessions_add(s);
    if (virStreamEventAddCallback(
            stream, VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP, on_stream,
            (void *)s->id, NULL) == 0)
        return s;
    context_failed(c);
    virStreamAbort(stream);
    sessions_remove(s);
    session_unref(s);
    return NULL;
}

/* ---- in the job's thread ---- */

struct connection {
    struct job_context *c;
    struct console_request *r;
    struct session *s;
    char typed[SEND_BYTES];
    size_t typed_len;
    const char *end; /* a word of console.h; NULL: it goes on */
    bool broken;     /* the stream has ended by itself */
};

static void set_nonblocking(int fd)
{
    int flags = fd >= 0 ? fcntl(fd, F_GETFL) : -1;
    if (flags >= 0)
        fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static bool is_leaving(struct job_context *c)
{
    pthread_mutex_lock(&c->host->lock);
    bool quit = c->host->quit;
    pthread_mutex_unlock(&c->host->lock);
    return quit || context_cancelled(c);
}

/* What stands at the front of the ring in one piece, for this thread alone takes it out. */
static size_t front(struct session *s, const char **bytes, bool *ended, bool *give_way)
{
    pthread_mutex_lock(&s->lock);
    size_t len = s->len < BUFFER_BYTES - s->begin ? s->len : BUFFER_BYTES - s->begin;
    *bytes = s->ring + s->begin;
    *ended = s->ended;
    *give_way = s->give_way;
    pthread_mutex_unlock(&s->lock);
    return len;
}

static void take_out(struct session *s, size_t len)
{
    pthread_mutex_lock(&s->lock);
    s->begin = (s->begin + len) % BUFFER_BYTES;
    s->len -= len;
    pthread_mutex_unlock(&s->lock);
}

static void write_out(struct connection *l)
{
    const char *bytes;
    bool ended, give_way;
    size_t len = front(l->s, &bytes, &ended, &give_way);
    ssize_t n = len ? write(l->r->out_fd, bytes, len) : 0;
    if (n > 0)
        take_out(l->s, (size_t)n);
    else if (n < 0 && errno != EAGAIN && errno != EINTR)
        l->end = CONSOLE_LEFT;
}

static void read_in(struct connection *l)
{
    ssize_t n = read(l->r->in_fd, l->typed, sizeof l->typed);
    if (n > 0)
        l->typed_len = (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(&l->r->in_fd);
}

static void send_typed(struct connection *l)
{
    while (l->typed_len) {
        int n = virStreamSend(l->s->stream, l->typed, l->typed_len);
        if (n <= 0) {
            if (n == -1) /* the reading side knows why, and ends it */
                l->typed_len = 0;
            return;
        }
        l->typed_len -= (size_t)n;
        memmove(l->typed, l->typed + n, l->typed_len);
    }
}

static void take_turn(struct connection *l)
{
    const char *bytes;
    bool ended, give_way;
    size_t len = front(l->s, &bytes, &ended, &give_way);
    if (is_leaving(l->c)) {
        l->end = CONSOLE_LEFT;
    } else if (give_way) {
        l->end = CONSOLE_GIVEN;
    } else if (ended && !len) {
        l->broken = true;
        return;
    }
    if (l->end)
        return;
    struct pollfd fds[] = {{.fd = l->s->wake, .events = POLLIN},
                           {.fd = l->r->out_fd, .events = len ? POLLOUT : 0},
                           {.fd = l->typed_len ? -1 : l->r->in_fd, .events = POLLIN}};
    if (poll(fds, ARRAY_LEN(fds), l->typed_len ? RETRY_MS : LOOK_MS) < 0)
        return;
    uint64_t count;
    ssize_t n = fds[0].revents ? read(l->s->wake, &count, sizeof count) : 0;
    (void)n; /* only empties it */
    if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
        l->end = CONSOLE_LEFT;
    else if (fds[1].revents & POLLOUT)
        write_out(l);
    if (fds[2].revents)
        read_in(l);
    send_typed(l);
}

/* The stream has ended by itself: the domain did, which ends it properly, or somebody took it, which breaks
 * it. */
static bool find_end(struct connection *l)
{
    struct job_context *c = l->c;
    pthread_mutex_lock(&l->s->lock);
    char *why = xstrdup(l->s->why);
    pthread_mutex_unlock(&l->s->lock);
    enum wait_result found = context_wait_state(c, 1u << VIR_DOMAIN_SHUTOFF | 1u << VIR_DOMAIN_CRASHED,
                                                why ? BREAK_WAIT_S : STOP_WAIT_S, NULL);
    bool good = found == WAIT_REACHED || found == WAIT_GONE;
    if (good) {
        l->end = CONSOLE_STOPPED;
    } else if (found == WAIT_FAILED && is_leaving(c)) {
        error_clear(&c->error);
        l->end = CONSOLE_LEFT;
        good = true;
    } else if (found == WAIT_TIMEOUT) {
        error_set(&c->error, STATUS_FAILED, "console %s: somebody else took it over (%s)", c->vm_name,
                  why ? why : "the host has closed it");
        c->error.code = CONSOLE_BUSY;
    }
    free(why);
    return good;
}

static void session_close(struct session *s, bool broken)
{
    virStreamEventRemoveCallback(s->stream);
    if (!broken || virStreamFinish(s->stream) < 0)
        virStreamAbort(s->stream);
}

static void say_end(struct connection *l)
{
    struct job_context *c = l->c;
    pthread_mutex_lock(&l->s->lock);
    uint64_t dropped = l->s->dropped;
    pthread_mutex_unlock(&l->s->lock);
    c->json = json_object_new_object();
    json_object_object_add(c->json, "end", json_object_new_string(l->end));
    json_object_object_add(c->json, "dropped", json_object_new_int64((int64_t)dropped));
    if (strcmp(l->end, CONSOLE_STOPPED) == 0)
        context_say(c, "it has stopped");
    else
        context_say(c, "console left");
}

static bool run_console(struct job_context *c)
{
    struct connection l = {.c = c, .r = c->args->data};
    l.s = session_open(c, l.r);
    if (!l.s)
        return false;
    set_nonblocking(l.r->out_fd);
    set_nonblocking(l.r->in_fd);
    context_give_place(c);
    context_progress(c, "%s", CONSOLE_CONNECTED);
    while (!l.end && !l.broken)
        take_turn(&l);
    session_close(l.s, l.broken);
    sessions_remove(l.s);
    bool good = !l.broken || find_end(&l);
    if (good)
        say_end(&l);
    close_fd(&l.r->out_fd);
    close_fd(&l.r->in_fd);
    session_unref(l.s);
    return good;
}

const struct job_kind console_job = {
    .action = "console", .doing = "connecting to the console of", .run = run_console};
