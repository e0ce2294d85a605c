/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The runner on libvirt's test driver, with a clock of its own: 500 domains keep their order and the limits,
 * and nothing waits for real time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/run_file.h"
#include "autostart/start_item.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/strbuf.h"
#include "scratch.h"
#include "virt/autorun.h"
#include "virt/fleet.h"

#define DOMAINS     500
#define PER_ORDER   10
#define PARALLEL    4 /* as autostart/config.c has it */
#define DELAY_MS    3000
#define DEADLINE_MS 120000

/* ---- a clock that jumps to the next thing that is due ---- */

struct sim {
    int64_t now_ms;
    unsigned jumps;
};

static int64_t sim_now(void *ctx)
{
    return __atomic_load_n(&((struct sim *)ctx)->now_ms, __ATOMIC_SEQ_CST);
}

static bool sim_idle(void *ctx, int64_t until_ms, bool busy)
{
    struct sim *s = ctx;
    if (busy || until_ms == INT64_MAX)
        return false;
    if (until_ms > sim_now(s))
        __atomic_store_n(&s->now_ms, until_ms, __ATOMIC_SEQ_CST);
    s->jumps++;
    return true;
}

/* ---- a host ---- */

static int order_of(unsigned i)
{
    return (int)(i / PER_ORDER) * 10;
}

static void add_domain(struct strbuf *xml, unsigned i, bool running)
{
    strbuf_printf(xml,
                  "<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
                  "<name>vm%03u</name><uuid>00000000-0000-4000-8000-%012u</uuid>"
                  "<metadata><vd:domain xmlns:vd='https://virtdeck.org/xmlns/domain/1'>"
                  "<vd:autostart version='1' order='%d' delay='%ds'/></vd:domain></metadata>"
                  "<memory>1024</memory><os><type>hvm</type></os>"
                  "<test:runstate>%d</test:runstate></domain>",
                  i, i + 1, order_of(i), i % PER_ORDER == 0 ? DELAY_MS / 1000 : 0, running ? 1 : 5);
}

static struct fleet *open_file(void)
{
    setenv("VIRTDECK_RUNTIME_DIR", scratch("run"), 1);
    paths_init();
    struct fleet_config config = {
        .interval_s = 0.2, .tick_budget = 1, .reconnect_max_s = 1, .keepalive_s = 5, .sample_all = true};
    struct fleet *f = fleet_new(&config);
    char *uri = xasprintf("test://%s", scratch("host.xml"));
    fleet_add(f, uri, false);
    free(uri);
    return f;
}

static struct fleet *open_host(bool running)
{
    struct strbuf xml = {0};
    strbuf_puts(&xml, "<node>");
    for (unsigned i = 0; i < DOMAINS; i++)
        add_domain(&xml, (i * 7) % DOMAINS, running); /* not in their order */
    strbuf_puts(&xml, "</node>");
    scratch_write(scratch("host.xml"), strbuf_str(&xml));
    strbuf_free(&xml);
    return open_file();
}

/* ---- what was told ---- */

struct watch {
    int ready[DOMAINS]; /* or off */
    unsigned under_way, most_under_way, n_begun, n_over;
    unsigned n_unsaved;
    unsigned lifecycle; /* starts that libvirt itself told of */
};

static void check_order(const struct watch *w, unsigned vm, bool reverse)
{
    for (unsigned i = 0; i < DOMAINS; i++) {
        bool before = reverse ? order_of(i) > order_of(vm) : order_of(i) < order_of(vm);
        if (before && !w->ready[i])
            fail_msg("vm%03u (order %d) was begun before vm%03u (order %d) was over", vm, order_of(vm), i,
                     order_of(i));
    }
}

static void take_event(struct watch *w, const struct event *ev, bool reverse)
{
    unsigned vm;
    w->n_unsaved += strstr(ev->text, "can't look on") != NULL;
    if (!ev->vm || sscanf(ev->vm, "vm%u", &vm) != 1 || vm >= DOMAINS)
        return;
    if (strcmp(ev->kind, "lifecycle") == 0 && ev->mark == (reverse ? MARK_STOP : MARK_START))
        w->lifecycle++;
    if (strcmp(ev->kind, "autostart") != 0)
        return;
    const char *begun = reverse ? "asked to shut down" : "is started", *over = reverse ? "off" : "ready";
    if (strcmp(ev->text, begun) == 0) {
        check_order(w, vm, reverse);
        w->n_begun++;
        if (++w->under_way > w->most_under_way)
            w->most_under_way = w->under_way;
    } else if (strncmp(ev->text, over, strlen(over)) == 0) {
        w->ready[vm] = 1;
        w->n_over++;
        w->under_way--;
    }
}

static void drain(struct fleet *f, struct watch *w, bool reverse)
{
    struct message m;
    fleet_drain_fd(f);
    while (fleet_next_message(f, &m)) {
        if (m.type == MSG_EVENT)
            take_event(w, &m.event, reverse);
        message_clear(&m);
    }
}

static void run(struct fleet *f, struct sim *sim, struct watch *w, bool reverse)
{
    struct run_clock clock = {sim, sim_now, sim_idle};
    struct run_request *request = run_request_new();
    request->reverse = reverse;
    request->clock = &clock;
    struct job_args args = {.data = request, .free_data = run_request_free};
    struct vm_uuid nil = {0};
    struct job *job = fleet_submit(f, 0, &nil, "host", &autorun_job, &args);
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    while (!job_is_over(job)) {
        struct pollfd p = {.fd = fleet_fd(f), .events = POLLIN};
        poll(&p, 1, 100);
        drain(f, w, reverse);
        if (clock_mono_ms() > until)
            fail_msg("the run does not end: %u begun, %u over", w->n_begun, w->n_over);
    }
    drain(f, w, reverse);
    struct job_status status;
    job_status(job, &status);
    if (status.result.state != JOB_DONE)
        fail_msg("%s", error_text(&status.result.error));
    job_status_clear(&status);
    job_unref(job);
}

static void a_start_keeps_order_and_limits(void **state)
{
    (void)state;
    struct sim sim = {.now_ms = 1000000};
    struct watch w = {0};
    struct fleet *f = open_host(false);
    int64_t real = clock_mono_ms(), from = sim.now_ms;
    run(f, &sim, &w, false);
    real = clock_mono_ms() - real;
    assert_int_equal(w.n_begun, DOMAINS);
    assert_int_equal(w.n_over, DOMAINS);
    assert_int_equal(w.lifecycle, DOMAINS);
    assert_int_equal(w.most_under_way, PARALLEL);
    /* Each order waits for its first domain's delay, and what takes a place is there for the grace time. */
    int64_t least = (int64_t)(DOMAINS / PER_ORDER) * (DELAY_MS + 1000);
    assert_true(sim.now_ms - from >= least);
    print_message("%lld s of the host's time, %lld s of ours\n", (long long)(sim.now_ms - from) / 1000,
                  (long long)real / 1000);
    fleet_free(f);
}

static void a_shutdown_goes_the_other_way(void **state)
{
    (void)state;
    struct sim sim = {.now_ms = 1000000};
    struct watch w = {0};
    struct fleet *f = open_host(true);
    run(f, &sim, &w, true);
    assert_int_equal(w.n_begun, DOMAINS);
    assert_int_equal(w.n_over, DOMAINS);
    assert_int_equal(w.lifecycle, DOMAINS);
    assert_in_range(w.most_under_way, 2, 8);
    fleet_free(f);
}

/* ---- a record that can't be written ---- */

static void a_lost_record_is_told(void **state)
{
    (void)state;
    struct fleet *f = open_host(true);
    struct sim sim = {.now_ms = 1000000};
    struct watch w = {0};
    struct snapshot *s = fleet_snapshot(f, 0);
    char *key = run_key(s->host.uri), *path = run_own_path(key, "json");
    struct error e = ERROR_INIT;
    assert_true(file_make_dirs(path, &e)); /* where the file is to be */
    run(f, &sim, &w, false);
    assert_int_equal(w.n_unsaved, 1);
    snapshot_unref(s);
    free(path);
    free(key);
    fleet_free(f);
}

/* ---- once ---- */

#define ONCE "00000000-0000-4000-8000-000000000001"

/* A run that has started it and was killed before it could take the policy back. */
static void leave_broken_run(struct fleet *f)
{
    struct run_record r = {.state = RUN_UNDER_WAY, .pid = 1};
    struct error e = ERROR_INIT;
    struct snapshot *s = fleet_snapshot(f, 0);
    char *key = run_key(s->host.uri), *path = run_own_path(key, "json");
    r.engine = json_tokener_parse("{\"version\":1,\"reverse\":false,\"begun\":1000,\"nodes\":{\"" ONCE
                                  "\":{\"state\":\"ready\",\"since\":1000,\"started\":true,\"ours\":true}}}");
    assert_non_null(r.engine);
    run_record_boot(&r);
    assert_true(run_record_save(&r, path, &e));
    run_record_clear(&r);
    snapshot_unref(s);
    free(path);
    free(key);
}

static bool wait_for_policy(struct fleet *f, bool present)
{
    bool is = !present;
    for (int64_t until = clock_mono_ms() + DEADLINE_MS; is != present && clock_mono_ms() < until;) {
        struct snapshot *s = fleet_snapshot(f, 0);
        if (s->n_vms && s->vms[0].start)
            is = s->vms[0].start->policy.present;
        snapshot_unref(s);
        poll(NULL, 0, 20);
    }
    return is == present;
}

static void once_is_taken_back_by_who_goes_on(void **state)
{
    (void)state;
    scratch_write(scratch("host.xml"),
                  "<node><domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
                  "<name>vm000</name><uuid>" ONCE "</uuid>"
                  "<metadata><vd:domain xmlns:vd='https://virtdeck.org/xmlns/domain/1'>"
                  "<vd:autostart version='1' mode='once'/></vd:domain></metadata>"
                  "<memory>1024</memory><os><type>hvm</type></os>"
                  "<test:runstate>1</test:runstate></domain></node>");
    struct fleet *f = open_file();
    struct sim sim = {.now_ms = 1000000};
    struct watch w = {0};
    assert_true(wait_for_policy(f, true));
    leave_broken_run(f);
    run(f, &sim, &w, false);
    assert_int_equal(w.n_begun, 0);
    assert_true(wait_for_policy(f, false));
    fleet_free(f);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_start_keeps_order_and_limits, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_shutdown_goes_the_other_way, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(a_lost_record_is_told, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(once_is_taken_back_by_who_goes_on, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
