/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "autostart/engine.h"
#include "base/clock.h"
#include "plan_fixture.h"

/* ---- a world that starts and stops what it is told to, by a clock of its own ---- */

#define MANY  500
#define NEVER INT64_MAX

struct machine {
    bool running;
    int starts, stops, forces;
    int64_t start_ms, created_ms, ready_ms, off_ms; /* when what is under way comes true */
    bool told_created, watched;
};

struct world {
    struct plan_host host;
    struct machine machines[MANY]; /* by the items' places */
    struct plan *plan;
    struct engine *engine;
    int64_t now;
    int most, in_flight; /* at one time */
    struct strbuf log;   /* "3 start db" */
    int64_t need_ms;     /* what a need takes; NEVER */
};

static void world_open(struct world *w)
{
    memset(w, 0, sizeof *w);
    host_open(&w->host);
    w->need_ms = 1000;
}

static void world_begin(struct world *w)
{
    for (size_t i = 0; i < w->host.items.len; i++) {
        w->machines[i].running = w->host.items.items[i].running;
        w->machines[i].created_ms = w->machines[i].ready_ms = w->machines[i].off_ms = NEVER;
    }
    w->plan = host_plan(&w->host);
    w->engine = engine_new(w->plan, &w->host.config);
}

static void world_end(struct world *w)
{
    engine_free(w->engine);
    plan_free(w->plan);
    w->engine = NULL;
    w->plan = NULL;
}

static void world_close(struct world *w)
{
    world_end(w);
    strbuf_free(&w->log);
    host_close(&w->host);
}

static size_t item_of(const struct world *w, uint32_t node)
{
    size_t n;
    memcpy(&n, w->plan->nodes[node].uuid.b, sizeof n);
    return n - 1;
}

static void note(struct world *w, const char *what, const struct engine_step *s)
{
    strbuf_printf(&w->log, "%s%g %s %s", w->log.len ? "\n" : "", (double)w->now / 1000, what,
                  w->plan->nodes[s->node].name);
    if (s->why)
        strbuf_printf(&w->log, " (%s)", s->why);
}

static int64_t ms_of(double seconds)
{
    return isfinite(seconds) ? (int64_t)(seconds * 1000) : NEVER / 2;
}

/* Everything that a node waits for is there when it is started, its delay is over, and there is a place. */
static void check_start(struct world *w, uint32_t node)
{
    const struct plan_node *n = &w->plan->nodes[node];
    assert_true(w->now >= (int64_t)w->host.config.v[LIMIT_INITIAL_WAIT]);
    for (uint32_t i = n->waits; i < n->waits + n->n_waits; i++) {
        const struct plan_wait *wait = &w->plan->waits[i];
        struct engine_node on = engine_look(w->engine, wait->node);
        assert_true(on.state >= (wait->until == UNTIL_STARTED ? NODE_PROBING : NODE_READY));
        if (wait->until != UNTIL_STARTED && w->plan->nodes[wait->node].kind == PLAN_DOMAIN)
            assert_true(w->now - on.since_ms >= n->delay_ms);
    }
}

static void do_start(struct world *w, const struct engine_step *s)
{
    const struct plan_node *n = &w->plan->nodes[s->node];
    check_start(w, s->node);
    if (n->kind == PLAN_NEED)
        return;
    struct machine *m = &w->machines[item_of(w, s->node)];
    const struct plan_item *item = &w->host.items.items[item_of(w, s->node)];
    assert_false(m->running);
    m->starts++;
    m->running = true;
    m->start_ms = w->now;
    m->created_ms = w->now + ms_of(item->start_s);
    m->ready_ms = w->now + ms_of(item->ready_s);
}

static void do_step(struct world *w, const struct engine_step *s)
{
    static const char *const words[] = {
        [ENGINE_START] = "start", [ENGINE_EXPECT] = "expect", [ENGINE_PROBE] = "probe",
        [ENGINE_SKIP] = "skip",   [ENGINE_HOLD] = "hold",     [ENGINE_LATE] = "late",
        [ENGINE_STOP] = "stop",   [ENGINE_FORCE] = "force",   [ENGINE_LEAVE] = "leave"};
    struct machine *m =
        w->plan->nodes[s->node].kind == PLAN_DOMAIN ? &w->machines[item_of(w, s->node)] : NULL;
    note(w, words[s->action], s);
    if (s->action == ENGINE_START)
        do_start(w, s);
    if (s->action == ENGINE_PROBE) {
        m->watched = true;
        if (m->ready_ms == NEVER)
            m->ready_ms = w->now;
    }
    if (s->action == ENGINE_STOP) {
        m->stops++;
        m->off_ms = w->now + ms_of(w->host.items.items[item_of(w, s->node)].stop_s);
    }
    if (s->action == ENGINE_FORCE) {
        m->forces++;
        m->off_ms = w->now + 1000;
    }
}

/* What of the world comes true now; `*next` is when more does. */
static void tell(struct world *w, int64_t *next)
{
    for (uint32_t i = 0; i < w->plan->n_nodes; i++) {
        const struct plan_node *n = &w->plan->nodes[i];
        struct engine_node on = engine_look(w->engine, i);
        if (n->kind == PLAN_NEED && on.state == NODE_STARTING && w->need_ms != NEVER) {
            if (w->now >= on.since_ms + w->need_ms)
                engine_event(w->engine, ENGINE_CREATED, i, w->now, NULL);
            else if (on.since_ms + w->need_ms < *next)
                *next = on.since_ms + w->need_ms;
        }
        if (n->kind != PLAN_DOMAIN)
            continue;
        struct machine *m = &w->machines[item_of(w, i)];
        int64_t *due[] = {&m->created_ms, m->watched ? &m->ready_ms : NULL, &m->off_ms};
        static const enum engine_event events[] = {ENGINE_CREATED, ENGINE_READY, ENGINE_STOPPED};
        for (size_t k = 0; k < ARRAY_LEN(due); k++) {
            if (!due[k] || *due[k] == NEVER)
                continue;
            if (w->now >= *due[k]) {
                m->running = m->running && k != 2;
                engine_event(w->engine, events[k], i, w->now, NULL);
                *due[k] = NEVER;
            } else if (*due[k] < *next) {
                *next = *due[k];
            }
        }
    }
}

static void count_places(struct world *w)
{
    w->in_flight = 0;
    for (uint32_t i = 0; i < w->plan->n_nodes; i++) {
        enum engine_state s = engine_look(w->engine, i).state;
        bool busy = (s >= NODE_STARTING && s <= NODE_PROBING) || s == NODE_STOPPING || s == NODE_FORCING;
        w->in_flight += w->plan->nodes[i].kind == PLAN_DOMAIN && busy;
    }
    w->most = w->in_flight > w->most ? w->in_flight : w->most;
}

/* Runs `steps` of them, or to the end: true then. */
static bool run_on(struct world *w, const struct engine_host *host, long steps)
{
    struct engine_step s;
    int64_t next;
    for (long n = 0; n < steps; n++) {
        do {
            next = NEVER;
            tell(w, &next);
        } while (next <= w->now);
        if (!engine_next(w->engine, w->now, host, &s))
            return true;
        if (s.action == ENGINE_WAIT) {
            next = s.until_ms < next ? s.until_ms : next;
            assert_true(next < NEVER / 4 && next > w->now);
            w->now = next;
        } else {
            do_step(w, &s);
        }
        count_places(w);
    }
    return false;
}

static void run_all(struct world *w)
{
    assert_true(run_on(w, NULL, 1000000));
}

static void expect_log(struct world *w, const char *want)
{
    assert_string_equal(strbuf_str(&w->log), want);
}

static struct machine *machine_of(struct world *w, const char *name)
{
    return &w->machines[item_of(w, node_of(w->plan, name))];
}

/* ---- small runs ---- */

static void in_order(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    host_add(&w.host, "web", "order=20 delay=5s after=db needs=network:default,path:/srv");
    host_add(&w.host, "db", "order=10 ready=tcp:5432");
    host_add(&w.host, "off", "mode=off");
    world_begin(&w);
    run_all(&w);
    expect_log(&w, "0 start default\n0 expect /srv\n0 start db\n1 probe db\n15 start web");
    assert_true(engine_succeeded(w.engine));
    world_close(&w);
}

static void grace_time(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.host.config.v[LIMIT_GRACE] = 3000;
    host_add(&w.host, "db", "order=1");
    host_add(&w.host, "web", "order=2");
    world_begin(&w);
    run_on(&w, NULL, 2);
    assert_int_equal(w.now, 1000);
    machine_of(&w, "db")->created_ms = NEVER;
    assert_true(engine_event(w.engine, ENGINE_CREATED, node_of(w.plan, "db"), 1000, NULL));
    /* It dies within the grace time: it never was started. */
    assert_true(engine_event(w.engine, ENGINE_STOPPED, node_of(w.plan, "db"), 1500, NULL));
    w.now = 1500;
    run_all(&w);
    assert_string_equal(engine_look(w.engine, node_of(w.plan, "db")).why, "it stopped before it was ready");
    expect_log(&w, "0 start db\n1.5 start web");
    assert_int_equal(w.now, 1500 + 1000 + 3000);
    assert_false(engine_succeeded(w.engine));
    world_close(&w);
}

static void a_failure_skips_what_depends_on_it(void **state)
{
    (void)state;
    struct world w;
    struct engine_step s;
    world_open(&w);
    host_add(&w.host, "db", "order=10");
    host_add(&w.host, "web", "order=20 after=db:started");
    host_add(&w.host, "client", "order=30 after=web");
    host_add(&w.host, "other", "order=20");
    world_begin(&w);
    assert_true(engine_next(w.engine, 0, NULL, &s) && s.action == ENGINE_START);
    assert_true(engine_event(w.engine, ENGINE_FAILED, s.node, 100, "no such disk"));
    assert_false(engine_event(w.engine, ENGINE_FAILED, s.node, 100, "no such disk"));
    w.now = 100;
    run_all(&w);
    expect_log(&w, "0.1 skip web (it waits for db, which failed)\n"
                   "0.1 skip client (it waits for web, which was not started)\n0.1 start other");
    assert_string_equal(engine_look(w.engine, node_of(w.plan, "db")).why, "no such disk");
    world_close(&w);
}

static void late(const char *policy, const char *want)
{
    struct world w;
    world_open(&w);
    host_add(&w.host, "db", policy)->ready_s = NAN;
    host_add(&w.host, "early", "after=db:started");
    host_add(&w.host, "other", "order=20");
    host_add(&w.host, "web", "after=db");
    world_begin(&w);
    run_all(&w);
    expect_log(&w, want);
    assert_false(engine_succeeded(w.engine));
    world_close(&w);
}

static void readiness_that_never_comes(void **state)
{
    (void)state;
    late("order=10 ready=agent timeout=7s on-timeout=continue",
         "0 start db\n1 probe db\n1 start early\n7 late db (not ready after 7s; it goes on as if it were)\n"
         "7 start other\n7 start web");
    late("order=10 ready=agent timeout=7s",
         "0 start db\n1 probe db\n1 start early\n7 late db (not ready after 7s; what waits for it is not "
         "started)\n"
         "7 skip web (it waits for db, which was not ready in time)\n7 start other");
    late("order=10 ready=agent timeout=7s on-timeout=stop",
         "0 start db\n1 probe db\n1 start early\n7 late db (not ready after 7s; nothing more is started)\n"
         "7 skip other (nothing more is started, as db was not ready in time)\n"
         "7 skip web (nothing more is started, as db was not ready in time)");
}

static void a_need_that_never_comes(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.need_ms = NEVER;
    host_add(&w.host, "web", "needs=mount:/srv");
    host_add(&w.host, "other", "mode=on");
    world_begin(&w);
    run_all(&w);
    expect_log(&w, "0 expect /srv\n0 start other\n30 skip web (it needs mount /srv, which is not there)");
    world_close(&w);
}

static void what_the_plan_knows(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    host_add(&w.host, "a", "after=b");
    host_add(&w.host, "b", "after=a");
    host_add(&w.host, "c", "after=nobody order=1");
    host_add(&w.host, "d", "order=2");
    world_begin(&w);
    run_all(&w);
    expect_log(&w, "0 skip c (it waits for nobody, which is no domain of this host)\n"
                   "0 skip a (it waits for itself: a → b → a)\n0 skip b (it waits for itself: a → b → a)\n"
                   "0 start d");
    world_close(&w);
}

static void what_runs_already(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    host_add(&w.host, "db", "order=1 ready=ip")->running = true;
    host_add(&w.host, "web", "order=2");
    host_add(&w.host, "native", NULL)->native = true;
    host_add(&w.host, "client", "after=native");
    world_begin(&w);
    w.machines[2].created_ms = 4000;
    run_all(&w);
    expect_log(&w, "0 expect native\n0 probe db\n0 start web\n4 start client");
    assert_true(engine_succeeded(w.engine));
    world_close(&w);
}

/* Somebody starts it before its turn comes. */
static void somebody_was_faster(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    host_add(&w.host, "db", "order=1 ready=ip");
    host_add(&w.host, "web", "order=2");
    world_begin(&w);
    run_on(&w, NULL, 2);
    assert_true(engine_event(w.engine, ENGINE_CREATED, node_of(w.plan, "web"), w.now, NULL));
    run_all(&w);
    expect_log(&w, "0 start db\n1 probe db");
    assert_true(engine_succeeded(w.engine));
    world_close(&w);
}

#define GIB 1048576.0 /* in KiB */

/* What libvirt starts by its own flag, and nobody waits for, is no matter of the run. */
static void native_ones_hold_nothing_up(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    host_add(&w.host, "native", NULL)->native = true;
    host_add(&w.host, "db", "order=1");
    world_begin(&w);
    run_all(&w);
    expect_log(&w, "0 start db");
    assert_true(engine_succeeded(w.engine));
    world_close(&w);
}

static void memory_and_load(void **state)
{
    (void)state;
    struct world w;
    struct engine_host host = {.memory_kib = 8 * GIB, .available_kib = 4 * GIB, .load = 0, .processors = 2};
    world_open(&w);
    w.host.config.v[LIMIT_MEMORY_CEILING] = 80;
    w.host.config.v[LIMIT_CEILING_WAIT] = 5000;
    host_add(&w.host, "big", "order=1")->memory_kib = 3 * GIB;
    host_add(&w.host, "next", "order=2")->memory_kib = 2 * GIB;
    host_add(&w.host, "small", "order=1")->memory_kib = 1 * GIB;
    host_add(&w.host, "unknown", "order=1")->memory_kib = NAN;
    world_begin(&w);
    assert_true(run_on(&w, &host, 10000));
    expect_log(
        &w,
        "0 hold big (too little memory is free)\n0 start small\n0 start unknown\n"
        "5 skip big (it needs 3.0G of memory, 4.0G of 8.0G are free, and 80 % may be taken)\n5 start next");
    world_close(&w);
    /* Load holds a start up, but not for ever. */
    world_open(&w);
    w.host.config.v[LIMIT_CEILING_WAIT] = 5000;
    host_add(&w.host, "a", "order=1");
    host.load = 100;
    host.memory_kib = NAN;
    world_begin(&w);
    assert_true(run_on(&w, &host, 10000));
    expect_log(&w, "0 hold a (the load is 100.0, and starts wait above 8.0)\n5 start a");
    world_close(&w);
}

static void going_down(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.host.reverse = true;
    w.host.after_boot = true;
    host_add(&w.host, "db", "order=10");
    host_add(&w.host, "web", "order=20 after=db stop-timeout=3s")->stop_s = NAN;
    host_add(&w.host, "deaf", "order=20 stop-timeout=4s stop-force=no")->stop_s = NAN;
    host_add(&w.host, "stays", "order=20 stop=none");
    world_begin(&w);
    run_all(&w);
    expect_log(&w, "0 stop web\n0 leave stays (its policy leaves it running)\n0 stop deaf\n"
                   "3 force web (not off after 3s)\n4 leave deaf (it still runs after 4s)\n4 stop db");
    assert_int_equal(engine_look(w.engine, node_of(w.plan, "web")).state, NODE_OFF);
    assert_false(engine_succeeded(w.engine));
    world_close(&w);
}

/* What cannot be saved is shut down, what cannot be shut down is turned off. */
static void refused_stops(void **state)
{
    (void)state;
    struct world w;
    struct engine_step s;
    world_open(&w);
    w.host.reverse = w.host.after_boot = true;
    host_add(&w.host, "vm", "stop=managedsave stop-timeout=10s");
    world_begin(&w);
    assert_true(engine_next(w.engine, 0, NULL, &s));
    assert_true(s.action == ENGINE_STOP && s.stop == STOP_MANAGEDSAVE && s.until_ms == 10000);
    assert_true(engine_event(w.engine, ENGINE_FAILED, s.node, 1000, "not migratable"));
    assert_true(engine_next(w.engine, 1000, NULL, &s));
    assert_true(s.action == ENGINE_STOP && s.stop == STOP_SHUTDOWN && s.until_ms == 11000);
    assert_string_equal(s.why, "not migratable");
    assert_true(engine_event(w.engine, ENGINE_FAILED, s.node, 2000, "no"));
    assert_true(engine_next(w.engine, 2000, NULL, &s) && s.action == ENGINE_FORCE);
    assert_true(engine_next(w.engine, 2000, NULL, &s) && s.action == ENGINE_WAIT && s.until_ms == 32000);
    assert_true(engine_next(w.engine, 32000, NULL, &s) && s.action == ENGINE_LEAVE);
    assert_false(engine_next(w.engine, 32000, NULL, &s));
    assert_true(engine_event(w.engine, ENGINE_STOPPED, 0, 33000, NULL)); /* at last */
    assert_true(engine_succeeded(w.engine));
    assert_false(engine_event(w.engine, ENGINE_STOPPED, 99, 0, NULL));
    world_close(&w);
}

/* Others are saved before it, for minutes: it is not turned off hard before it was asked. */
static void in_line_behind_others(void **state)
{
    (void)state;
    struct world w;
    struct engine_step s;
    world_open(&w);
    w.host.reverse = w.host.after_boot = true;
    host_add(&w.host, "vm", "stop=managedsave stop-timeout=10s");
    world_begin(&w);
    assert_true(engine_next(w.engine, 0, NULL, &s) && s.action == ENGINE_STOP);
    for (int64_t now = 1000; now <= 60000; now += 1000) {
        engine_postpone(w.engine, 0, now);
        assert_true(engine_next(w.engine, now, NULL, &s) && s.action == ENGINE_WAIT);
    }
    assert_true(engine_next(w.engine, 69999, NULL, &s) && s.action == ENGINE_WAIT && s.until_ms == 70000);
    assert_true(engine_next(w.engine, 70000, NULL, &s) && s.action == ENGINE_FORCE);
    engine_postpone(w.engine, 0, 71000);
    assert_int_equal(engine_look(w.engine, 0).deadline_ms, 100000);
    world_close(&w);
}

/* ---- many ---- */

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static void add_many(struct world *w, uint32_t seed, int n)
{
    static const char *const ready[] = {"", " ready=ip", " ready=agent,tcp:22"};
    for (int i = 0; i < n; i++) {
        struct strbuf words = {0};
        char name[32];
        snprintf(name, sizeof name, "vm%04d", i);
        strbuf_printf(&words, "delay=%us%s needs=network:n%u", draw(&seed, 4), ready[draw(&seed, 3)],
                      draw(&seed, 3));
        if (draw(&seed, 4) > 0)
            strbuf_printf(&words, " order=%d", i / 20);
        for (uint32_t k = 0; i > 0 && k < draw(&seed, 4); k++)
            strbuf_printf(&words, " after=vm%04u:%s", draw(&seed, (uint32_t)i), k ? "ready" : "started");
        struct plan_item *item = host_add(&w->host, name, strbuf_str(&words));
        item->start_s = 1 + draw(&seed, 3);
        item->ready_s = 5 + draw(&seed, 40);
        item->stop_s = 2 + draw(&seed, 30);
        strbuf_free(&words);
    }
}

/* A run of 500: each starts exactly when the plan says, once, and never more at a time than may. */
static void as_planned(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.host.config.v[LIMIT_PARALLEL] = 6;
    w.host.config.v[LIMIT_GRACE] = 1000;
    w.host.config.v[LIMIT_INITIAL_WAIT] = 2000;
    add_many(&w, 1, MANY);
    world_begin(&w);
    int64_t before = clock_mono_ms();
    run_all(&w);
    print_message("# 500 domains: %lld ms for %lld simulated seconds\n",
                  (long long)(clock_mono_ms() - before), (long long)w.now / 1000);
    for (uint32_t i = 0; i < w.plan->n_nodes; i++) {
        const struct plan_node *n = &w.plan->nodes[i];
        if (n->kind != PLAN_DOMAIN)
            continue;
        assert_int_equal(w.machines[item_of(&w, i)].starts, 1);
        assert_int_equal(w.machines[item_of(&w, i)].start_ms, n->start_ms);
        assert_int_equal(engine_look(w.engine, i).since_ms, n->ready_ms);
    }
    assert_int_equal(w.most, 6);
    assert_int_equal(w.now, w.plan->total_ms);
    assert_true(engine_succeeded(w.engine));
    world_close(&w);
}

static void down_as_planned(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    w.host.reverse = w.host.after_boot = true;
    w.host.config.v[LIMIT_PARALLEL_STOPS] = 5;
    add_many(&w, 2, MANY);
    world_begin(&w);
    run_all(&w);
    for (uint32_t i = 0; i < w.plan->n_nodes; i++) {
        if (w.plan->nodes[i].kind != PLAN_DOMAIN)
            continue;
        assert_int_equal(w.machines[item_of(&w, i)].stops, 1);
        assert_int_equal(engine_look(w.engine, i).since_ms, w.plan->nodes[i].ready_ms);
    }
    assert_int_equal(w.most, 5);
    assert_int_equal(w.now, w.plan->total_ms);
    world_close(&w);
}

/* ---- broken off ---- */

/* The driver is killed: what it had saved is all that is left of it. */
static void kill_and_restore(struct world *w, bool lose_the_step)
{
    struct engine_step s;
    struct error e = ERROR_INIT;
    /* Saved before the step is done; whether it is done is left to chance. */
    bool stepped = engine_next(w->engine, w->now, NULL, &s) && s.action != ENGINE_WAIT;
    json_object *state = engine_json(w->engine);
    char *text = xstrdup(json_object_to_json_string(state));
    json_object_put(state);
    if (stepped && !lose_the_step)
        do_step(w, &s);
    world_end(w);
    w->now += 700;
    for (size_t i = 0; i < w->host.items.len; i++) {
        w->host.items.items[i].running = w->machines[i].running;
        w->machines[i].watched = false;
        if (w->machines[i].created_ms <= w->now) /* nobody listened */
            w->machines[i].created_ms = NEVER;
    }
    w->plan = host_plan(&w->host);
    w->engine = engine_new(w->plan, &w->host.config);
    json_object *saved = json_tokener_parse(text);
    if (!engine_restore(w->engine, saved, w->now, &e))
        fail_msg("%s", error_text(&e));
    json_object_put(saved);
    free(text);
}

static void killed_anywhere(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 60; seed++) {
        struct world w;
        uint32_t chance = seed;
        world_open(&w);
        w.host.config.v[LIMIT_PARALLEL] = 3;
        add_many(&w, seed, 30);
        world_begin(&w);
        for (int kills = 0; kills < 5 && !run_on(&w, NULL, draw(&chance, 60)); kills++)
            kill_and_restore(&w, draw(&chance, 2));
        run_all(&w);
        for (size_t i = 0; i < w.host.items.len; i++)
            assert_int_equal(w.machines[i].starts, 1);
        assert_true(w.most <= 3);
        assert_true(engine_succeeded(w.engine));
        world_close(&w);
    }
}

static void killed_going_down(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        struct world w;
        uint32_t chance = seed;
        world_open(&w);
        w.host.reverse = true;
        w.host.config.v[LIMIT_PARALLEL_STOPS] = 3;
        add_many(&w, seed, 30);
        for (size_t i = 0; i < w.host.items.len; i++)
            w.host.items.items[i].running = true;
        world_begin(&w);
        for (int kills = 0; kills < 5 && !run_on(&w, NULL, draw(&chance, 30)); kills++)
            kill_and_restore(&w, draw(&chance, 2));
        run_all(&w);
        for (size_t i = 0; i < w.host.items.len; i++)
            assert_false(w.machines[i].running);
        world_close(&w);
    }
}

static void gone_while_nobody_looked(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    host_add(&w.host, "db", "order=1 ready=ip");
    host_add(&w.host, "web", "after=db");
    world_begin(&w);
    run_on(&w, NULL, 4);
    machine_of(&w, "db")->running = false;
    machine_of(&w, "db")->ready_ms = NEVER;
    kill_and_restore(&w, false);
    run_all(&w);
    assert_string_equal(engine_look(w.engine, node_of(w.plan, "db")).why,
                        "it was started and has stopped since");
    assert_int_equal(engine_look(w.engine, node_of(w.plan, "web")).state, NODE_SKIPPED);
    assert_int_equal(machine_of(&w, "db")->starts, 1);
    world_close(&w);
}

/* One that was ready and is off before the run is over: the run does not say that all went well, and what
 * was not started yet does not lean on it. */
static void gone_after_it_was_ready(void **state)
{
    (void)state;
    struct world w;
    world_open(&w);
    host_add(&w.host, "db", "order=1");
    host_add(&w.host, "slow", "order=1 ready=ip");
    host_add(&w.host, "web", "after=db after=slow");
    world_begin(&w);
    while (engine_look(w.engine, node_of(w.plan, "db")).state != NODE_READY)
        assert_false(run_on(&w, NULL, 1));
    machine_of(&w, "db")->running = false;
    engine_event(w.engine, ENGINE_STOPPED, node_of(w.plan, "db"), w.now, NULL);
    assert_string_equal(engine_look(w.engine, node_of(w.plan, "db")).why, "it stopped after it was ready");
    kill_and_restore(&w, false);
    run_all(&w);
    assert_int_equal(engine_look(w.engine, node_of(w.plan, "web")).state, NODE_SKIPPED);
    assert_false(engine_succeeded(w.engine));
    assert_int_equal(machine_of(&w, "db")->starts, 1);
    world_close(&w);
}

/* A clock that began anew: what was saved lies far ahead, and must not be waited for. */
static void clock_began_anew(void **state)
{
    (void)state;
    struct world w;
    struct engine_step s;
    world_open(&w);
    host_add(&w.host, "db", "order=1 ready=ip delay=3s timeout=9s");
    world_begin(&w);
    json_object *saved = json_tokener_parse(
        "{\"version\":1,\"begun\":900000000,\"nodes\":{\"01000000-0000-0000-0000-000000000000\":"
        "{\"state\":\"waiting\",\"turn\":900003000}}}");
    assert_true(engine_restore(w.engine, saved, 1000, NULL));
    json_object_put(saved);
    assert_true(engine_next(w.engine, 1000, NULL, &s));
    assert_true(s.action == ENGINE_WAIT && s.until_ms == 4000);
    assert_true(engine_next(w.engine, 4000, NULL, &s));
    assert_true(s.action == ENGINE_START && s.until_ms == 13000);
    world_close(&w);
}

static void states_of_strangers(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "[]",
        "{}",
        "{\"version\":1,\"nodes\":[]}",
        "{\"version\":2,\"nodes\":{}}",
        "{\"nodes\":{}}",
        "{\"version\":1,\"reverse\":true,\"nodes\":{}}",
        "{\"version\":1,\"nodes\":{\"x\":1}}",
        "{\"version\":1,\"nodes\":{\"x\":{}}}",
        "{\"version\":1,\"nodes\":{\"x\":{\"state\":\"flying\"}}}",
        "{\"version\":1,\"nodes\":{\"x\":{\"state\":\"stopping\"}}}",
        "{\"version\":1,\"nodes\":{\"x\":{\"state\":1}}}",
    };
    struct world w;
    world_open(&w);
    host_add(&w.host, "a", "order=1");
    world_begin(&w);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct error e = ERROR_INIT;
        json_object *saved = json_tokener_parse(wrong[i]);
        if (engine_restore(w.engine, saved, 0, &e))
            fail_msg("%s was taken", wrong[i]);
        assert_true(strlen(error_text(&e)) > 10);
        error_clear(&e);
        json_object_put(saved);
    }
    /* Times that make no sense count as none; what is not in the plan is let go. */
    json_object *saved = json_tokener_parse(
        "{\"version\":1,\"begun\":-5,\"nodes\":{\"gone\":{\"state\":\"ready\"},"
        "\"01000000-0000-0000-0000-000000000000\":{\"state\":\"starting\",\"turn\":9223372036854775807,"
        "\"since\":\"x\",\"deadline\":-9}}}");
    assert_true(engine_restore(w.engine, saved, 0, NULL));
    json_object_put(saved);
    run_all(&w);
    expect_log(&w, "0 start a");
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order),
        cmocka_unit_test(grace_time),
        cmocka_unit_test(a_failure_skips_what_depends_on_it),
        cmocka_unit_test(readiness_that_never_comes),
        cmocka_unit_test(a_need_that_never_comes),
        cmocka_unit_test(what_the_plan_knows),
        cmocka_unit_test(what_runs_already),
        cmocka_unit_test(somebody_was_faster),
        cmocka_unit_test(native_ones_hold_nothing_up),
        cmocka_unit_test(memory_and_load),
        cmocka_unit_test(going_down),
        cmocka_unit_test(refused_stops),
        cmocka_unit_test(in_line_behind_others),
        cmocka_unit_test(as_planned),
        cmocka_unit_test(down_as_planned),
        cmocka_unit_test(killed_anywhere),
        cmocka_unit_test(killed_going_down),
        cmocka_unit_test(gone_while_nobody_looked),
        cmocka_unit_test(gone_after_it_was_ready),
        cmocka_unit_test(clock_began_anew),
        cmocka_unit_test(states_of_strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
