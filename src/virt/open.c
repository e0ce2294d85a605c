/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening a connection, in a detached thread: virConnectOpenAuth has no timeout and can't be cancelled. The
 * host thread looks whether it is done; when it gives up, the opener is left to itself (an ssh child it waits
 * for is ended) and closes what it got.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/log.h"
#include "virt/private.h"
#include "virt/uri.h"

#define REMEMBERED_MAX 8
/* How often a child that is still to become ssh is looked at again, and how long after. */
#define CHILD_LOOKS   50
#define CHILD_LOOK_MS 20

struct opening {
    struct host *host; /* used only while not abandoned, under lock */
    pthread_mutex_t lock;
    bool done, abandoned;
    char *uri;
    bool read_only;
    int keepalive_s;
    struct opening_result result;
    struct auth_wait *question; /* asked and not answered */
    /* Answers given for the first connection serve the second, too. */
    struct {
        int type;
        char *answer;
    } remembered[REMEMBERED_MAX];
    size_t n_remembered, next_remembered;
    bool second;
};

/* Shared by the opener, which waits, and the question, which the main thread answers. */
struct auth_wait {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool is_answered;
    char *answer;
    int refs;
};

static void wait_unref(struct auth_wait *w)
{
    pthread_mutex_lock(&w->lock);
    bool last = --w->refs == 0;
    pthread_mutex_unlock(&w->lock);
    if (!last)
        return;
    if (w->answer)
        explicit_bzero(w->answer, strlen(w->answer));
    free(w->answer);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->answered);
    free(w);
}

static void wait_answer(struct auth_wait *w, const char *answer)
{
    pthread_mutex_lock(&w->lock);
    if (!w->is_answered) {
        w->answer = xstrdup(answer);
        w->is_answered = true;
        pthread_cond_signal(&w->answered);
    }
    pthread_mutex_unlock(&w->lock);
}

void auth_answer(struct auth_question *q, const char *answer)
{
    wait_answer(q->wait, answer);
    wait_unref(q->wait);
    free(q->prompt);
    free(q->challenge);
    free(q);
}

static void host_set(struct host *h, bool *flag, bool value)
{
    pthread_mutex_lock(&h->lock);
    *flag = value;
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
}

static struct auth_wait *wait_new(void)
{
    struct auth_wait *w = xcalloc(1, sizeof *w);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->answered, NULL);
    w->refs = 2; /* the opener's and the question's */
    return w;
}

/* Sends the question to the screen; NULL when the opening is abandoned. */
static struct auth_wait *post_question(struct opening *o, virConnectCredentialPtr cred)
{
    struct auth_wait *w = NULL;
    pthread_mutex_lock(&o->lock);
    if (!o->abandoned) {
        struct message m = {.type = MSG_AUTH, .host = o->host->id};
        w = o->question = wait_new();
        m.auth = xcalloc(1, sizeof *m.auth);
        m.auth->host = m.host;
        m.auth->prompt = xstrdup(cred->prompt ? cred->prompt : "answer");
        m.auth->challenge = xstrdup(cred->challenge);
        m.auth->echo = cred->type != VIR_CRED_PASSPHRASE && cred->type != VIR_CRED_NOECHOPROMPT;
        m.auth->wait = w;
        fleet_post(o->host->fleet, &m);
        host_set(o->host, &o->host->auth_pending, true);
    }
    pthread_mutex_unlock(&o->lock);
    return w;
}

/* Asks one question and waits; NULL when it was cancelled or the opening abandoned. */
static char *ask(struct opening *o, virConnectCredentialPtr cred)
{
    struct auth_wait *w = post_question(o, cred);
    if (!w)
        return NULL;
    pthread_mutex_lock(&w->lock);
    while (!w->is_answered)
        pthread_cond_wait(&w->answered, &w->lock);
    char *answer = xstrdup(w->answer);
    pthread_mutex_unlock(&w->lock);

    pthread_mutex_lock(&o->lock);
    o->question = NULL;
    if (!o->abandoned)
        host_set(o->host, &o->host->auth_pending, false);
    pthread_mutex_unlock(&o->lock);
    wait_unref(w);
    return answer;
}

static char *remembered_or_asked(struct opening *o, virConnectCredentialPtr cred)
{
    if (o->second && o->next_remembered < o->n_remembered &&
        o->remembered[o->next_remembered].type == cred->type)
        return xstrdup(o->remembered[o->next_remembered++].answer);
    char *answer = ask(o, cred);
    if (answer && !o->second && o->n_remembered < REMEMBERED_MAX) {
        o->remembered[o->n_remembered].type = cred->type;
        o->remembered[o->n_remembered++].answer = xstrdup(answer);
    }
    return answer;
}

static int on_credentials(virConnectCredentialPtr creds, unsigned n, void *opaque)
{
    for (unsigned i = 0; i < n; i++) {
        if (creds[i].type == VIR_CRED_EXTERNAL)
            return -1; /* polkit's own agent: none is here; libvirt then says what is missing */
        creds[i].result = remembered_or_asked(opaque, &creds[i]);
        if (!creds[i].result)
            return -1;
        creds[i].resultlen = (unsigned)strlen(creds[i].result);
    }
    return 0;
}

/* ssh would ask for passwords on the terminal, which is the screen's. */
static char *uri_without_tty(const char *uri)
{
    char *real = uri_resolved(uri);
    char *changed = NULL;
    if (real && strstr(real, "+ssh://") && !strstr(real, "no_tty="))
        changed = xasprintf("%s%cno_tty=1", real, strchr(real, '?') ? '&' : '?');
    free(real);
    return changed ? changed : xstrdup(uri);
}

/* libvirt's messages quote the URI as it was given. */
static void hide_password(struct error *e, const char *uri)
{
    char *hidden = uri_without_password(uri);
    size_t len = uri ? strlen(uri) : 0;
    const char *at = len && strcmp(hidden, uri) != 0 ? strstr(error_text(e), uri) : NULL;
    for (; at; at = strstr(error_text(e), uri)) {
        char *text = xasprintf("%.*s%s%s", (int)(at - e->text), e->text, hidden, at + len);
        free(e->text);
        e->text = text;
    }
    free(hidden);
}

/* ssh was told not to ask (no_tty): where it would have, a person has to see to it elsewhere. */
static void advise_on_ssh(struct error *e, const char *uri)
{
    static const char *const refusals[] = {"Permission denied", "Host key verification failed"};
    if (!uri || !strstr(uri, "+ssh://") || !strstr(uri, "no_tty=1"))
        return;
    for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
        if (!strstr(error_text(e), refusals[i]))
            continue;
        char *host = uri_ssh_name(uri);
        char *text =
            xasprintf("%s (ssh can't ask anything on this screen: log in once with `ssh %s` in another "
                      "terminal, and load your key with ssh-add)",
                      error_text(e), host);
        free(e->text);
        e->text = text;
        free(host);
        return;
    }
}

/* Asked of the connection: an alias or the default URI doesn't tell. */
static bool runs_in_process(virConnectPtr conn)
{
    char *uri = virConnectGetURI(conn);
    bool in_process = uri_in_process(uri);
    free(uri);
    return in_process;
}

static virConnectPtr open_one(struct opening *o)
{
    static int types[] = {VIR_CRED_USERNAME,   VIR_CRED_AUTHNAME,   VIR_CRED_LANGUAGE,     VIR_CRED_CNONCE,
                          VIR_CRED_PASSPHRASE, VIR_CRED_ECHOPROMPT, VIR_CRED_NOECHOPROMPT, VIR_CRED_REALM};
    virConnectAuth auth = {types, ARRAY_LEN(types), on_credentials, o};
    virConnectPtr conn = virConnectOpenAuth(o->uri, &auth, o->read_only ? VIR_CONNECT_RO : 0);
    if (!conn) {
        error_from_libvirt(&o->result.error, "connecting");
        hide_password(&o->result.error, o->uri);
        advise_on_ssh(&o->result.error, o->uri);
        return NULL;
    }
    virConnectSetKeepAlive(conn, o->keepalive_s, 3); /* fails where the peer has none: then there is none */
    return conn;
}

static void opening_free(struct opening *o)
{
    if (o->result.sample)
        virConnectClose(o->result.sample);
    if (o->result.act)
        virConnectClose(o->result.act);
    for (size_t i = 0; i < o->n_remembered; i++) {
        explicit_bzero(o->remembered[i].answer, strlen(o->remembered[i].answer));
        free(o->remembered[i].answer);
    }
    error_clear(&o->result.error);
    free(o->uri);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

static void *opener_thread(void *opaque)
{
    struct opening *o = opaque;
    virConnectPtr sample = open_one(o), act = NULL;
    if (sample && runs_in_process(sample)) {
        /* A second connection to the test driver would be another, separate host. */
        virConnectRef(sample);
        act = sample;
    } else if (sample) {
        o->second = true;
        act = open_one(o);
        if (!act) {
            virConnectClose(sample);
            sample = NULL;
        }
    }
    pthread_mutex_lock(&o->lock);
    o->result.sample = sample;
    o->result.act = act;
    o->done = true;
    bool abandoned = o->abandoned;
    if (!abandoned)
        host_set(o->host, &o->host->opening_done, true);
    pthread_mutex_unlock(&o->lock);
    if (abandoned)
        opening_free(o);
    return NULL;
}

struct opening *opening_start(struct host *h)
{
    struct opening *o = xcalloc(1, sizeof *o);
    pthread_t thread;
    pthread_mutex_init(&o->lock, NULL);
    o->host = h;
    o->uri = h->fleet->config.no_tty ? uri_without_tty(h->uri) : xstrdup(h->uri);
    o->read_only = h->fleet->config.read_only;
    o->keepalive_s = h->fleet->config.keepalive_s;
    o->result.error = (struct error)ERROR_INIT;
    if (pthread_create(&thread, NULL, opener_thread, o) != 0)
        die("no thread to open %s", h->info.uri);
    pthread_detach(thread);
    return o;
}

void opening_take(struct opening *o, struct opening_result *out)
{
    /* The opener's last act is to unlock; once the lock was had it no longer touches this. */
    pthread_mutex_lock(&o->lock);
    *out = o->result;
    o->result = (struct opening_result){0};
    pthread_mutex_unlock(&o->lock);
    opening_free(o);
}

/* Whether a process' command line, words with a NUL behind each, has this one: node1 is not node10. */
static bool has_word(const char *line, size_t n, const char *word)
{
    size_t len = strlen(word);
    for (size_t at = 0; at < n; at += strnlen(line + at, n - at) + 1)
        if (strnlen(line + at, n - at) == len && memcmp(line + at, word, len) == 0)
            return true;
    return false;
}

/* As ssh gets it: an IPv6 address without its brackets. The caller frees. */
static char *ssh_host(const char *uri)
{
    char *name = uri_host_name(uri);
    size_t len = strlen(name);
    char *bare =
        len > 2 && name[0] == '[' && name[len - 1] == ']' ? xstrndup(name + 1, len - 2) : xstrdup(name);
    free(name);
    return bare;
}

/* The command line of a process, words with a NUL behind each; how much of it was read. */
static size_t read_command(long pid, char *line, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(line, 1, size - 1, f) : 0;
    if (f)
        fclose(f);
    return n;
}

/* Ends the ssh that libvirt started for this URI, so that the open returns at once. False: a child of ours is
 * still to become what it was made for, perhaps that ssh. */
static bool end_transport(const char *uri)
{
    char *host = ssh_host(uri);
    char own[4096];
    size_t own_len = read_command(getpid(), own, sizeof own);
    bool all_themselves = true;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && (entry = readdir(proc));) {
        char path[300], line[4096];
        char state = 0;
        int parent = 0;
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        FILE *f = fopen(path, "re");
        if (!f)
            continue;
        char *close_paren = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
        fclose(f);
        if (!close_paren || sscanf(close_paren, ") %c %d", &state, &parent) != 2 || parent != getpid() ||
            state == 'Z')
            continue;
        size_t n = read_command(pid, line, sizeof line);
        /* In the midst of its exec it has no command line at all. */
        if (n == 0 || (n == own_len && memcmp(line, own, n) == 0))
            all_themselves = false;
        else if (memmem(line, n, "ssh", 3) && has_word(line, n, host))
            kill((pid_t)pid, SIGTERM);
    }
    if (proc)
        closedir(proc);
    free(host);
    return all_themselves;
}

void opening_abandon(struct opening *o)
{
    pthread_mutex_lock(&o->lock);
    bool done = o->done;
    o->abandoned = true;
    o->host = NULL;
    if (o->question)
        wait_answer(o->question, NULL);
    /* A copy: the opener frees what it has once it gets the lock. */
    char *uri = !done && o->uri && strstr(o->uri, "+ssh://") ? xstrdup(o->uri) : NULL;
    pthread_mutex_unlock(&o->lock);
    for (int i = 0; uri && !end_transport(uri) && i < CHILD_LOOKS; i++)
        nanosleep(&(struct timespec){.tv_nsec = CHILD_LOOK_MS * 1000000}, NULL);
    free(uri);
    if (done)
        opening_free(o);
}
