/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fleet against libvirt's own test driver: connect, sample, run jobs, lose nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/paths.h"
#include "virt/fleet.h"
#include "virt/lifecycle.h"
#include "virt/private.h"
#include "virt/uri.h"

#define DEADLINE_MS 20000

static struct fleet *fleet_for(const char *uri, bool read_only)
{
    struct fleet_config config = {.interval_s = 0.2,
                                  .tick_budget = 0.25,
                                  .reconnect_max_s = 1,
                                  .keepalive_s = 5,
                                  .read_only = read_only,
                                  .want_dear = true,
                                  .sample_all = true};
    struct fleet *f = fleet_new(&config);
    assert_int_equal(fleet_add(f, uri, false), 0);
    return f;
}

/* Waits until the newest snapshot satisfies the test; fails after DEADLINE_MS. The caller unrefs. */
static struct snapshot *wait_snapshot(struct fleet *f, bool (*is_good)(const struct snapshot *s))
{
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    for (;;) {
        struct snapshot *s = fleet_snapshot(f, 0);
        assert_non_null(s);
        if (is_good(s))
            return s;
        if (clock_mono_ms() > until)
            fail_msg("no such snapshot; host is %s: %s", host_state_name(s->host.state), s->host.state_text);
        snapshot_unref(s);
        struct pollfd p = {.fd = fleet_fd(f), .events = POLLIN};
        poll(&p, 1, 100);
        fleet_drain_fd(f);
    }
}

static bool has_defs(const struct snapshot *s)
{
    return s->host.state == HOST_UP && s->host.ticks >= 3 && s->n_vms > 0 && s->host.details_pending == 0;
}

static bool has_failed(const struct snapshot *s)
{
    return s->host.state == HOST_LOST || s->host.state == HOST_GIVEN_UP;
}

static bool is_shut_off(const struct snapshot *s)
{
    return s->n_vms == 1 && s->vms[0].state == VM_SHUTOFF;
}

static bool is_paused(const struct snapshot *s)
{
    return s->n_vms == 1 && s->vms[0].state == VM_PAUSED;
}

static bool is_empty(const struct snapshot *s)
{
    return s->host.ticks && s->n_vms == 0;
}

static void test_snapshot_has_figures(void **state)
{
    (void)state;
    struct fleet *f = fleet_for("test:///default", false);
    struct snapshot *s = wait_snapshot(f, has_defs);
    assert_int_equal(s->n_vms, 1);
    assert_string_equal(s->vms[0].name, "test");
    assert_int_equal(s->vms[0].state, VM_RUNNING);
    assert_false(isnan(s->vms[0].cpu));
    assert_true(s->vms[0].cpu >= 0);
    assert_true(s->vms[0].flags & VM_FLAGS_KNOWN);
    assert_non_null(s->vms[0].def);
    assert_true(s->vms[0].sampled_ms > 0);
    snapshot_unref(s);
    fleet_free(f);
}

/* Submits, waits for its end, gives the state it ended in. */
static enum job_state run(struct fleet *f, const struct vm_uuid *uuid, const char *action,
                          const struct job_args *args, struct job_status *out)
{
    struct job *j = fleet_submit(f, 0, uuid, "test", lifecycle_kind(action), args);
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    while (!job_is_over(j) && clock_mono_ms() < until) {
        struct pollfd p = {.fd = fleet_fd(f), .events = POLLIN};
        poll(&p, 1, 100);
        fleet_drain_fd(f);
    }
    job_status(j, out);
    job_unref(j);
    return out->result.state;
}

static void test_lifecycle(void **state)
{
    (void)state;
    struct fleet *f = fleet_for("test:///default", false);
    struct snapshot *s = wait_snapshot(f, has_defs);
    struct vm_uuid uuid = s->vms[0].uuid;
    struct job_status st;
    snapshot_unref(s);

    assert_int_equal(run(f, &uuid, "suspend", NULL, &st), JOB_DONE);
    assert_string_equal(st.result.vm_state, "paused");
    job_status_clear(&st);
    snapshot_unref(wait_snapshot(f, is_paused));
    assert_int_equal(run(f, &uuid, "destroy", NULL, &st), JOB_DONE);
    assert_string_equal(st.result.vm_state, "shut off");
    job_status_clear(&st);
    snapshot_unref(wait_snapshot(f, is_shut_off));
    assert_int_equal(run(f, &uuid, "destroy", NULL, &st), JOB_DONE); /* it is off: that was the wish */
    assert_string_equal(st.result.text, "was already off");
    job_status_clear(&st);
    assert_int_equal(run(f, &uuid, "reset", NULL, &st), JOB_FAILED);
    assert_non_null(strstr(error_text(&st.result.error), "reset test"));
    job_status_clear(&st);
    assert_int_equal(run(f, &uuid, "start", NULL, &st), JOB_DONE);
    job_status_clear(&st);
    assert_int_equal(run(f, &uuid, "start", NULL, &st), JOB_DONE); /* already running is no failure */
    job_status_clear(&st);
    assert_int_equal(run(f, &uuid, "shutdown", &(struct job_args){.timeout_s = 10}, &st), JOB_DONE);
    job_status_clear(&st);
    assert_int_equal(run(f, &uuid, "undefine", NULL, &st), JOB_DONE);
    assert_string_equal(st.result.vm_state, "undefined");
    job_status_clear(&st);
    snapshot_unref(wait_snapshot(f, is_empty));
    assert_int_equal(run(f, &uuid, "start", NULL, &st), JOB_FAILED);
    job_status_clear(&st);
    fleet_free(f);
}

static void test_refused_uri(void **state)
{
    (void)state;
    struct fleet *f = fleet_for("test:///no/such/file.xml", false);
    struct snapshot *s = wait_snapshot(f, has_failed);
    assert_int_equal(s->host.state, HOST_GIVEN_UP); /* no reconnect was asked for */
    assert_non_null(strstr(s->host.state_text, "/no/such/file.xml"));
    snapshot_unref(s);
    fleet_free(f);
}

static void test_events_arrive(void **state)
{
    (void)state;
    struct fleet *f = fleet_for("test:///default", false);
    struct snapshot *s = wait_snapshot(f, has_defs);
    struct vm_uuid uuid = s->vms[0].uuid;
    struct job_status st;
    bool seen = false;
    snapshot_unref(s);
    run(f, &uuid, "suspend", NULL, &st);
    job_status_clear(&st);
    for (int64_t until = clock_mono_ms() + DEADLINE_MS; !seen && clock_mono_ms() < until;) {
        struct message m;
        while (fleet_next_message(f, &m)) {
            seen = seen || (m.type == MSG_EVENT && m.event.vm && strcmp(m.event.vm, "test") == 0 &&
                            strncmp(m.event.text, "paused", 6) == 0);
            message_clear(&m);
        }
        struct pollfd p = {.fd = fleet_fd(f), .events = POLLIN};
        poll(&p, 1, 50);
    }
    assert_true(seen);
    fleet_free(f);
}

/* ---- jobs that wait ---- */

static bool wait_for_stop(struct job_context *c)
{
    return context_wait_state(c, 1u << VIR_DOMAIN_SHUTOFF, 60, NULL) == WAIT_REACHED;
}

/* A person who waits for many guests to shut down in vain must be able to pull the plug of one. */
static void test_waiting_jobs_hold_nobody_up(void **state)
{
    (void)state;
    static const struct job_kind waiting = {.action = "wait", .doing = "waiting", .run = wait_for_stop};
    struct fleet *f = fleet_for("test:///default", false);
    struct snapshot *s = wait_snapshot(f, has_defs);
    struct vm_uuid uuid = s->vms[0].uuid;
    struct job_status st;
    struct job *waiters[12];
    snapshot_unref(s);
    for (size_t i = 0; i < ARRAY_LEN(waiters); i++)
        waiters[i] = fleet_submit(f, 0, &uuid, "test", &waiting, NULL);
    assert_int_equal(run(f, &uuid, "destroy", NULL, &st), JOB_DONE);
    job_status_clear(&st);
    for (size_t i = 0; i < ARRAY_LEN(waiters); i++) {
        int64_t until = clock_mono_ms() + DEADLINE_MS;
        while (!job_is_over(waiters[i]) && clock_mono_ms() < until)
            poll(NULL, 0, 10);
        job_status(waiters[i], &st);
        assert_int_equal(st.result.state, JOB_DONE);
        job_status_clear(&st);
        job_unref(waiters[i]);
    }
    fleet_free(f);
}

static atomic_bool blocked;
static atomic_int looks;

static bool block(struct job_context *c)
{
    (void)c;
    while (atomic_load(&blocked))
        poll(NULL, 0, 5);
    return true;
}

static bool drive(struct job_context *c)
{
    uint64_t seen = 0;
    context_give_place(c);
    do {
        atomic_fetch_add(&looks, 1);
    } while (context_wait_until(c, &seen, clock_mono_ms() + 5));
    return false;
}

static void wait_for_state(struct job *j, enum job_state wanted)
{
    enum job_state is = JOB_QUEUED;
    for (int64_t until = clock_mono_ms() + DEADLINE_MS; is != wanted && clock_mono_ms() < until;) {
        struct job_status st;
        job_status(j, &st);
        is = st.result.state;
        job_status_clear(&st);
        poll(NULL, 0, 5);
    }
    assert_int_equal(is, wanted);
}

/* Who lets others work must see the time pass while each place is taken by a call that does not come back. */
static void test_a_driver_needs_no_place(void **state)
{
    (void)state;
    static const struct job_kind driving = {.action = "drive", .doing = "driving", .run = drive},
                                 blocking = {.action = "block", .doing = "blocking", .run = block};
    struct fleet *f = fleet_for("test:///default", false);
    struct vm_uuid nil = {0};
    struct job *driver, *blocks[JOBS_IN_FLIGHT + 1];
    snapshot_unref(wait_snapshot(f, has_defs));
    atomic_store(&blocked, true);
    driver = fleet_submit(f, 0, &nil, "host", &driving, NULL);
    wait_for_state(driver, JOB_RUNNING);
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
        blocks[i] = fleet_submit(f, 0, &nil, "host", &blocking, NULL);
    for (size_t i = 0; i < JOBS_IN_FLIGHT; i++)
        wait_for_state(blocks[i], JOB_RUNNING);
    assert_true(job_is_queued(blocks[JOBS_IN_FLIGHT])); /* the driver's own place is nobody's */
    int before = atomic_load(&looks);
    for (int64_t until = clock_mono_ms() + DEADLINE_MS;
         atomic_load(&looks) < before + 3 && clock_mono_ms() < until;)
        poll(NULL, 0, 5);
    assert_true(atomic_load(&looks) >= before + 3);
    atomic_store(&blocked, false);
    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        wait_for_state(blocks[i], JOB_DONE);
        job_unref(blocks[i]);
    }
    job_cancel(driver);
    wait_for_state(driver, JOB_CANCELLED);
    job_unref(driver);
    fleet_free(f);
}

/* However many domains are being saved: one that has to be destroyed does not wait for that. */
static void test_what_lasts_leaves_a_place(void **state)
{
    (void)state;
    static const struct job_kind saving = {
        .action = "save", .doing = "saving", .run = block, .lasting = true};
    struct fleet *f = fleet_for("test:///default", false);
    struct snapshot *s = wait_snapshot(f, has_defs);
    struct vm_uuid nil = {0};
    struct job *saves[JOBS_IN_FLIGHT];
    atomic_store(&blocked, true);
    for (size_t i = 0; i < ARRAY_LEN(saves); i++)
        saves[i] = fleet_submit(f, 0, &nil, "host", &saving, NULL);
    for (size_t i = 0; i < JOBS_IN_FLIGHT - 1; i++)
        wait_for_state(saves[i], JOB_RUNNING);
    struct job *destroy =
        fleet_submit(f, 0, &s->vms[0].uuid, s->vms[0].name, lifecycle_kind("destroy"), NULL);
    wait_for_state(destroy, JOB_DONE);
    assert_true(job_is_queued(saves[JOBS_IN_FLIGHT - 1]));
    atomic_store(&blocked, false);
    for (size_t i = 0; i < ARRAY_LEN(saves); i++) {
        wait_for_state(saves[i], JOB_DONE);
        job_unref(saves[i]);
    }
    job_unref(destroy);
    snapshot_unref(s);
    fleet_free(f);
}

/* Jobs submit jobs while the main thread adds hosts: under a sanitizer this tells. */
static bool submit_many(struct job_context *c)
{
    static const struct job_kind nothing = {.action = "block", .doing = "blocking", .run = block};
    struct vm_uuid nil = {0};
    for (int i = 0; i < 50; i++) {
        job_unref(fleet_submit(c->host->fleet, c->host->id, &nil, "host", &nothing, NULL));
        poll(NULL, 0, 1);
    }
    return true;
}

static void test_hosts_come_while_jobs_submit(void **state)
{
    (void)state;
    static const struct job_kind many = {.action = "submit", .doing = "submitting", .run = submit_many};
    struct fleet *f = fleet_for("test:///default", false);
    struct vm_uuid nil = {0};
    struct job *j = fleet_submit(f, 0, &nil, "host", &many, NULL);
    for (int i = 0; i < 10; i++) {
        fleet_add(f, "test:///default", false);
        poll(NULL, 0, 2);
    }
    wait_for_state(j, JOB_DONE);
    job_unref(j);
    fleet_free(f);
}

static bool wait_for_reboot(struct job_context *c)
{
    context_progress(c, "it waits");
    enum wait_result r = context_wait_reboot(c, context_reboots(c), 60);
    return r == WAIT_GONE;
}

/* A guest that stops will not reboot any more. */
static void test_waiting_for_a_reboot_ends_with_the_guest(void **state)
{
    (void)state;
    static const struct job_kind waiting = {.action = "wait", .doing = "waiting", .run = wait_for_reboot};
    struct fleet *f = fleet_for("test:///default", false);
    struct snapshot *s = wait_snapshot(f, has_defs);
    struct vm_uuid uuid = s->vms[0].uuid;
    struct job_status st;
    snapshot_unref(s);
    struct job *j = fleet_submit(f, 0, &uuid, "test", &waiting, NULL);
    bool begun = false;
    for (int64_t until = clock_mono_ms() + DEADLINE_MS; !begun && clock_mono_ms() < until;
         poll(NULL, 0, 10)) {
        job_status(j, &st);
        begun = st.progress != NULL;
        job_status_clear(&st);
    }
    assert_true(begun);
    assert_int_equal(run(f, &uuid, "destroy", NULL, &st), JOB_DONE);
    job_status_clear(&st);
    for (int64_t until = clock_mono_ms() + DEADLINE_MS; !job_is_over(j) && clock_mono_ms() < until;)
        poll(NULL, 0, 10);
    job_status(j, &st);
    assert_int_equal(st.result.state, JOB_DONE);
    job_status_clear(&st);
    job_unref(j);
    fleet_free(f);
}

/* ---- many changes at once ---- */

#define HERD 150

static bool herd_runs(const struct snapshot *s)
{
    return s->host.state == HOST_UP && s->counts[VM_RUNNING] == HERD;
}

static bool herd_is_paused(const struct snapshot *s)
{
    return s->counts[VM_PAUSED] == HERD;
}

static void test_many_changes_at_once(void **state)
{
    (void)state;
    char *path = xstrdup("/tmp/test_fleet.XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(file);
    fputs("<node>", file);
    for (int i = 0; i < HERD; i++)
        fprintf(file,
                "<domain type='test'><name>n%d</name><memory>1024</memory><os><type>hvm</type></os></domain>",
                i);
    fputs("</node>", file);
    fclose(file);
    char *uri = xasprintf("test://%s", path);
    struct fleet *f = fleet_for(uri, false);
    struct snapshot *s = wait_snapshot(f, herd_runs);
    for (size_t i = 0; i < s->n_vms; i++)
        job_unref(fleet_submit(f, 0, &s->vms[i].uuid, s->vms[i].name, lifecycle_kind("suspend"), NULL));
    snapshot_unref(s);
    snapshot_unref(wait_snapshot(f, herd_is_paused));
    fleet_free(f);
    unlink(path);
    free(path);
    free(uri);
}

/* ---- log-in ---- */

static char *write_host_file(const char *extra)
{
    char *path = xstrdup("/tmp/test_fleet.XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(file);
    fprintf(
        file,
        "<node>%s<domain type='test'><name>one</name><memory>1024</memory><os><type>hvm</type></os></domain>"
        "</node>",
        extra);
    fclose(file);
    return path;
}

static struct auth_question *wait_question(struct fleet *f)
{
    for (int64_t until = clock_mono_ms() + DEADLINE_MS; clock_mono_ms() < until;) {
        struct message m;
        while (fleet_next_message(f, &m)) {
            struct auth_question *q = m.auth;
            m.auth = NULL;
            message_clear(&m);
            if (q)
                return q;
        }
        struct pollfd p = {.fd = fleet_fd(f), .events = POLLIN};
        poll(&p, 1, 50);
        fleet_drain_fd(f);
    }
    return NULL;
}

static bool asks(const struct snapshot *s)
{
    return s->host.state == HOST_AUTH;
}

static bool is_up(const struct snapshot *s)
{
    return s->host.state == HOST_UP && s->host.ticks > 0;
}

/* Of the test driver each connection is a host of its own: what is sampled and what is acted on must be one,
 * also where the URI doesn't say so. */
static void test_default_uri_in_process(void **state)
{
    (void)state;
    char *path = write_host_file("");
    char *uri = xasprintf("test://%s", path);
    setenv("LIBVIRT_DEFAULT_URI", uri, 1);
    struct fleet *f = fleet_for(NULL, false);
    struct snapshot *s = wait_snapshot(f, has_defs);
    struct vm_uuid uuid = s->vms[0].uuid;
    struct job_status st;
    snapshot_unref(s);
    assert_int_equal(run(f, &uuid, "destroy", NULL, &st), JOB_DONE);
    job_status_clear(&st);
    snapshot_unref(wait_snapshot(f, is_shut_off));
    fleet_free(f);
    unsetenv("LIBVIRT_DEFAULT_URI");
    unlink(path);
    free(path);
    free(uri);
}

/* libvirt's own words quote the URI. */
static void test_errors_hide_passwords(void **state)
{
    (void)state;
    struct fleet *f = fleet_for("qemu+tcp://alice:s3c@ret@127.0.0.1:1/system", false);
    struct snapshot *s = wait_snapshot(f, has_failed);
    assert_null(strstr(s->host.state_text, "s3c"));
    assert_null(strstr(s->host.state_text, "ret@"));
    assert_non_null(strstr(s->host.state_text, "alice@127.0.0.1"));
    assert_string_equal(s->host.uri, "qemu+tcp://alice@127.0.0.1:1/system");
    snapshot_unref(s);
    fleet_free(f);
}

/* ssh can't ask for a password on the screen: the message says what to do instead. */
static void test_ssh_refusal_has_a_remedy(void **state)
{
    (void)state;
    char path[] = "/tmp/test_fleet.ssh.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    /* Not before libvirt has written its first words: it would only say that the pipe is broken. */
    dprintf(fd, "#!/bin/sh\nhead -c 4 >/dev/null\necho 'me@far: Permission denied (publickey,password).' "
                ">&2\nexit 255\n");
    fchmod(fd, 0700);
    close(fd);
    char *uri = xasprintf("qemu+ssh://me@far.example/system?command=%s", path);
    struct fleet_config config = {.interval_s = 0.2, .reconnect_max_s = 1, .keepalive_s = 5, .no_tty = true};
    struct fleet *f = fleet_new(&config);
    fleet_add(f, uri, false);
    struct snapshot *s = wait_snapshot(f, has_failed);
    assert_non_null(strstr(s->host.state_text, "Permission denied"));
    assert_non_null(strstr(s->host.state_text, "`ssh me@far.example`"));
    snapshot_unref(s);
    fleet_free(f);
    unlink(path);
    free(uri);
}

static void test_uri_parts(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        bool remote, in_process;
    } rows[] = {
        {"qemu:///system", false, false},
        {"qemu+ssh://root@kvm7/system", true, false},
        {"qemu+ssh://localhost.example.org/system", true, false},
        {"qemu+tcp://localhost:16509/system", false, false},
        {"qemu+ssh://a:b@c@127.0.0.1/system", false, false},
        {"qemu+unix:///system?socket=/srv/embed/sock", false, false},
        {"qemu:///system?socket=/srv/embed/sock", false, false},
        {"qemu:///embed?root=/srv", false, true},
        {"test:///default", false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(uri_is_remote(rows[i].uri), rows[i].remote);
        assert_int_equal(uri_in_process(rows[i].uri), rows[i].in_process);
    }
    char *name = uri_host_name("qemu+ssh://a:b@c@kvm7:22/system");
    assert_string_equal(name, "kvm7");
    free(name);
}

/* A line for the host's shell goes to the account and the machine that libvirt goes to. */
static void test_ssh_name(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"qemu+ssh://root@127.0.0.1:2222/system", "ssh://root@127.0.0.1:2222"},
        {"qemu+ssh://root@kvm7/system?no_tty=1", "root@kvm7"},
        {"qemu+ssh://kvm7/system", "kvm7"},
        {"qemu+libssh2://kvm7:22/system", "ssh://kvm7:22"},
        {"qemu+ssh://a:b@c@kvm7:22/system", "ssh://a@kvm7:22"},
        {"qemu+ssh://[::1]/system", "ssh://[::1]"},
        {"qemu+ssh://a%40b@kvm7/system", "ssh://a%40b@kvm7"},
        {"qemu+tcp://sasl@kvm7:16509/system", "kvm7"},
        {"qemu://kvm7/system", "kvm7"},
        {"kvm7", "kvm7"},
        {"qemu+ssh://-oProxyCommand=x/system", "HOST"},
        {"qemu+ssh://-l@kvm7/system", "HOST"},
        {"qemu+ssh://root@-x/system", "HOST"},
        {"qemu+tcp://-x:1/system", "HOST"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *name = uri_ssh_name(rows[i][0]);
        assert_string_equal(name, rows[i][1]);
        free(name);
    }
}

static void test_login(void **state)
{
    (void)state;
    char *path = write_host_file("<auth><user password='secret'>alice</user></auth>");
    char *uri = xasprintf("test://%s", path);
    struct fleet *f = fleet_for(uri, false);
    struct auth_question *q = wait_question(f);
    assert_non_null(q);
    assert_true(q->echo);
    snapshot_unref(wait_snapshot(f, asks));
    auth_answer(q, "alice");
    q = wait_question(f);
    assert_non_null(q);
    assert_false(q->echo);
    auth_answer(q, "secret");
    snapshot_unref(wait_snapshot(f, is_up));
    fleet_free(f);
    unlink(path);
    free(path);
    free(uri);
}

static void test_login_cancelled(void **state)
{
    (void)state;
    char *path = write_host_file("<auth><user password='secret'>alice</user></auth>");
    char *uri = xasprintf("test://%s", path);
    struct fleet *f = fleet_for(uri, false);
    struct auth_question *q = wait_question(f);
    assert_non_null(q);
    auth_answer(q, NULL);
    struct snapshot *s = wait_snapshot(f, has_failed);
    assert_int_equal(s->host.state, HOST_GIVEN_UP);
    snapshot_unref(s);
    /* Asked again, it asks again. */
    fleet_retry(f, 0);
    q = wait_question(f);
    assert_non_null(q);
    auth_answer(q, NULL);
    fleet_free(f);
    unlink(path);
    free(path);
    free(uri);
}

/* ---- a daemon that never answers ---- */

static bool is_given_up(const struct snapshot *s)
{
    return s->host.state == HOST_GIVEN_UP;
}

static bool is_connecting(const struct snapshot *s)
{
    return s->host.state == HOST_CONNECTING;
}

static void test_open_that_hangs_can_be_given_up(void **state)
{
    (void)state;
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    snprintf(addr.sun_path, sizeof addr.sun_path, "/tmp/test_fleet.%d.sock", (int)getpid());
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&addr, sizeof addr), 0);
    assert_int_equal(listen(server, 5), 0);
    char *uri = xasprintf("qemu+unix:///system?socket=%s", addr.sun_path);
    struct fleet *f = fleet_for(uri, false);
    snapshot_unref(wait_snapshot(f, is_connecting));
    /* It did connect, and waits for an answer that will not come. */
    int client = accept(server, NULL, NULL);
    assert_true(client >= 0);
    fleet_give_up(f, 0);
    snapshot_unref(wait_snapshot(f, is_given_up));
    close(client); /* the opener's call returns, and it cleans up by itself */
    close(server);
    unlink(addr.sun_path);
    fleet_free(f);
    free(uri);
}

static void test_read_only_refuses(void **state)
{
    (void)state;
    struct fleet *f = fleet_for("test:///default", true);
    struct snapshot *s = wait_snapshot(f, has_defs);
    struct vm_uuid uuid = s->vms[0].uuid;
    struct job_status st;
    assert_true(s->host.read_only);
    snapshot_unref(s);
    assert_int_equal(run(f, &uuid, "suspend", NULL, &st), JOB_FAILED);
    assert_non_null(strstr(error_text(&st.result.error), "read-only"));
    job_status_clear(&st);
    fleet_free(f);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    paths_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot_has_figures),
        cmocka_unit_test(test_lifecycle),
        cmocka_unit_test(test_refused_uri),
        cmocka_unit_test(test_events_arrive),
        cmocka_unit_test(test_waiting_jobs_hold_nobody_up),
        cmocka_unit_test(test_a_driver_needs_no_place),
        cmocka_unit_test(test_what_lasts_leaves_a_place),
        cmocka_unit_test(test_hosts_come_while_jobs_submit),
        cmocka_unit_test(test_waiting_for_a_reboot_ends_with_the_guest),
        cmocka_unit_test(test_many_changes_at_once),
        cmocka_unit_test(test_default_uri_in_process),
        cmocka_unit_test(test_errors_hide_passwords),
        cmocka_unit_test(test_ssh_refusal_has_a_remedy),
        cmocka_unit_test(test_uri_parts),
        cmocka_unit_test(test_ssh_name),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_login_cancelled),
        cmocka_unit_test(test_open_that_hangs_can_be_given_up),
        cmocka_unit_test(test_read_only_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
