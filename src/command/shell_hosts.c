/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shell's hosts: opened when the first command needs one, waited for, asked for log-ins on the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/shell_private.h"

/* So short because a command waits for one or two of them. */
#define TICK_S 0.2
/* How often conditions are looked at that nothing wakes us for. */
#define LOOK_MS 100
/* After this long a person wonders what is going on. */
#define PATIENCE_MS 2000

static volatile sig_atomic_t signal_seen;
static int signal_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    int kept = errno;
    signal_seen = number;
    if (write(signal_pipe[1], "!", 1) < 0)
        errno = kept;
    errno = kept;
}

void shell_signals(void)
{
    /* Once: the second one ends the program whatever it waits for. */
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    signal_seen = 0;
    if (signal_pipe[0] < 0 && pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0)
        die("pipe: %s", strerror(errno));
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct sigaction was;
        /* nohup and background jobs of scripts have theirs ignored, and mean it. */
        if (sigaction(numbers[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
            sigaction(numbers[i], &sa, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
}

/* ---- log-in questions ---- */

static char *read_line_from(int fd)
{
    struct strbuf line = {0};
    char c;
    while (line.len < 4096) {
        ssize_t n = read(fd, &c, 1);
        if (n <= 0) {
            strbuf_free(&line);
            return NULL;
        }
        if (c == '\n')
            break;
        strbuf_putc(&line, c);
    }
    return strbuf_steal(&line);
}

/* Asks on the terminal itself, so that stdin and stdout stay the script's. NULL: there is none, or the answer
 * was refused. */
static char *ask_terminal(const struct auth_question *q)
{
    struct termios was, now;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return NULL;
    char *prompt = text_escaped(q->prompt ? q->prompt : "Password");
    bool silent = !q->echo && tcgetattr(fd, &was) == 0;
    if (silent) {
        now = was;
        now.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fd, TCSAFLUSH, &now);
    }
    dprintf(fd, "%s: ", prompt);
    char *answer = read_line_from(fd);
    if (silent) {
        tcsetattr(fd, TCSAFLUSH, &was);
        dprintf(fd, "\n");
    }
    close(fd);
    free(prompt);
    return answer;
}

static void answer_question(const struct shell *s, struct auth_question *q)
{
    char *answer = s->silent ? NULL : ask_terminal(q);
    auth_answer(q, answer);
    if (answer)
        explicit_bzero(answer, strlen(answer));
    free(answer);
}

static void drain_messages(struct shell *s)
{
    struct message m;
    fleet_drain_fd(s->session.fleet);
    while (fleet_next_message(s->session.fleet, &m)) {
        if (m.type == MSG_AUTH && m.auth) {
            answer_question(s, m.auth);
            m.auth = NULL;
        }
        if (m.type == MSG_EVENT) {
            if (s->session.heard)
                s->session.heard(s->session.heard_ctx, m.host, &m.event);
            shell_take_event(s, m.host, &m.event);
        }
        message_clear(&m);
    }
}

/* ---- waiting ---- */

/* A lost host is tried again where the fleet was told to (config_of()). */
static bool is_hopeful(const struct shell *s, enum host_state state)
{
    return state == HOST_IDLE || state == HOST_CONNECTING || state == HOST_AUTH || state == HOST_UP ||
           (state == HOST_LOST && s->reconnects);
}

/* What a message calls the host that nobody named. */
static const char *host_label(const struct host_info *h)
{
    return h->demo ? "the demo host" : h->uri && h->uri[0] ? h->uri : "libvirt's default host";
}

/* No host is left that could still bring anything: e says what became of the first. */
static bool all_lost(struct shell *s, struct error *e)
{
    struct fleet *f = s->session.fleet;
    for (size_t h = 0; h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        bool hopeful = is_hopeful(s, snap->host.state);
        if (!hopeful && h == 0)
            error_set(e, STATUS_NO_CONNECTION, "cannot connect to %s: %s", host_label(&snap->host),
                      snap->host.state_text);
        snapshot_unref(snap);
        if (hopeful) {
            error_clear(e);
            return false;
        }
    }
    return true;
}

static int poll_timeout(int64_t until_ms)
{
    int64_t left = until_ms < 0 ? LOOK_MS : until_ms - clock_mono_ms();
    return left > LOOK_MS ? LOOK_MS : left < 0 ? 0 : (int)left;
}

bool shell_wait(void *ctx, int fd, bool (*done)(void *arg), void *arg, int64_t until_ms, struct error *e)
{
    struct shell *s = ctx;
    struct error lost = ERROR_INIT;
    for (;;) {
        struct pollfd fds[3] = {{.fd = signal_pipe[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        if (s->session.fleet) {
            drain_messages(s);
            fds[2] = (struct pollfd){.fd = fleet_fd(s->session.fleet), .events = POLLIN};
        } else {
            fds[2].fd = -1;
        }
        if (done(arg))
            return true;
        if (signal_seen) {
            s->signalled = true;
            return error_set(e, STATUS_FAILED, "interrupted");
        }
        if (s->out_failed)
            return error_set(e, STATUS_FAILED, "standard output is closed");
        if (s->session.fleet && all_lost(s, &lost)) {
            error_move(e, &lost);
            error_clear(&lost);
            return false;
        }
        if (until_ms >= 0 && clock_mono_ms() >= until_ms)
            return true;
        poll(fds, ARRAY_LEN(fds), poll_timeout(until_ms));
    }
}

/* ---- opening ---- */

static struct fleet_config config_of(const struct shell *s)
{
    const struct shell_request *r = s->request;
    const struct options *o = r->options;
    const char *addresses = opt_text(o, OPT_ADDRESSES);
    struct fleet_config c = {.interval_s = TICK_S,
                             .tick_budget = 1,
                             .reconnect_max_s = opt_number(o, OPT_RECONNECT_MAX),
                             .keepalive_s = (int)opt_number(o, OPT_KEEPALIVE),
                             .grace_s = opt_number(o, OPT_GRACE),
                             .read_only = r->read_only || opt_bool(o, OPT_READ_ONLY),
                             .sample_all = true,
                             .reconnect = s->reconnects,
                             .want_dear = true};
    c.addr_lease = strstr(addresses, "lease") != NULL;
    c.addr_agent = strstr(addresses, "agent") != NULL;
    c.addr_arp = strstr(addresses, "arp") != NULL;
    return c;
}

struct opening {
    struct shell *shell;
    int64_t patience_ms;
};

static bool opened(void *arg)
{
    struct opening *o = arg;
    struct fleet *f = o->shell->session.fleet;
    for (size_t h = 0; h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        bool open = is_hopeful(o->shell, snap->host.state) && snap->host.state != HOST_UP;
        if (open && !o->shell->silent && clock_mono_ms() > o->patience_ms && isatty(STDERR_FILENO)) {
            char *text = xasprintf("still connecting to %s (^C gives up)", host_label(&snap->host));
            shell_say(o->shell, SEV_INFO, text);
            free(text);
            o->patience_ms = INT64_MAX;
        }
        snapshot_unref(snap);
        if (open)
            return false;
    }
    return true;
}

static void tell_failures(struct shell *s)
{
    struct fleet *f = s->session.fleet;
    for (size_t h = 0; h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        if (snap->host.state != HOST_UP) {
            char *text =
                xasprintf("cannot connect to %s: %s", host_label(&snap->host), snap->host.state_text);
            shell_say(s, SEV_ERROR, text);
            free(text);
            s->partly = true;
        }
        snapshot_unref(snap);
    }
}

bool shell_open(struct shell *s, int64_t until_ms, struct error *e)
{
    const struct shell_request *r = s->request;
    struct opening o = {.shell = s, .patience_ms = clock_mono_ms() + PATIENCE_MS};
    if (s->opened)
        return true;
    s->reconnects = s->patient;
    struct fleet_config config = config_of(s);
    s->session.fleet = fleet_new(&config);
    for (size_t i = 0; i < r->n_uris; i++)
        fleet_add(s->session.fleet, r->uris[i], false);
    if (r->demo || r->n_uris == 0)
        fleet_add(s->session.fleet, NULL, r->demo);
    if (s->patient) {
        s->opened = true;
        return true;
    }
    if (!shell_wait(s, -1, opened, &o, until_ms, e))
        return false;
    /* opened() is true with all of them failed as well. */
    if (all_lost(s, e))
        return false;
    s->opened = true;
    if (until_ms < 0)
        tell_failures(s);
    return true;
}

struct settling {
    struct shell *shell;
    bool definitions;
};

/* Every host's newest tick began after the last change of ours (not in the same millisecond, which may have
 * been just before it). */
static bool settled(void *arg)
{
    const struct settling *w = arg;
    struct fleet *f = w->shell->session.fleet;
    for (size_t h = 0; h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        const struct host_info *info = &snap->host;
        bool fresh =
            info->state != HOST_UP ||
            (info->ticks > 0 && (double)info->sampled_ms - info->tick_ms > (double)w->shell->changed_ms &&
             (!w->definitions || info->details_pending == 0));
        snapshot_unref(snap);
        if (!fresh)
            return false;
    }
    return true;
}

bool shell_settle(struct shell *s, bool definitions, int64_t until_ms, struct error *e)
{
    struct settling w = {.shell = s, .definitions = definitions};
    return shell_wait(s, -1, settled, &w, until_ms, e);
}
