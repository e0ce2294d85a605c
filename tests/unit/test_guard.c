/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The supervisor's judgement with a clock of its own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "autostart/guard.h"

/* One domain under a guard. */
struct fixture {
    struct guard *g;
    struct policy policy, host;
    struct vm_uuid uuid;
    int64_t now;
    char text[512]; /* of the last step */
    const char *event;
};

static void set(struct policy *p, const char *words)
{
    char room[512], *save = NULL;
    struct error e = ERROR_INIT;
    snprintf(room, sizeof room, "%s", words);
    for (char *w = strtok_r(room, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        const char *one[] = {w};
        if (!policy_set_words(p, 1, one, &e))
            fail_msg("%s", error_text(&e));
    }
    p->present = true;
}

static void begin(struct fixture *f, const char *words)
{
    *f = (struct fixture){.g = guard_new(), .now = 1000000, .uuid = {{1}}};
    policy_init(&f->policy);
    policy_init(&f->host);
    set(&f->policy, words);
}

static void end(struct fixture *f)
{
    guard_free(f->g);
    policy_free(&f->policy);
    policy_free(&f->host);
}

static void look(struct fixture *f, bool active, enum guard_stop stop)
{
    guard_look(f->g, &f->uuid, "web1", &f->policy, &f->host, active, active, stop, f->now);
}

static enum guard_action next(struct fixture *f)
{
    struct guard_step step;
    guard_next(f->g, f->now, &step);
    f->event = step.event;
    snprintf(f->text, sizeof f->text, "%s", step.text ? step.text : "");
    free(step.text);
    return step.action;
}

/* When the next thing is due; what is due now is taken and thrown away. INT64_MAX: nothing. */
static int64_t next_due(struct fixture *f)
{
    struct guard_step step;
    for (;;) {
        guard_next(f->g, f->now, &step);
        free(step.text);
        if (step.action == GUARD_NOTHING)
            return step.until_ms;
    }
}

/* A guard that was killed here, and the one after it. */
static void pass_on(struct fixture *f)
{
    struct error e = ERROR_INIT;
    json_object *saved = guard_json(f->g), *read;
    read = json_tokener_parse(json_object_to_json_string(saved));
    guard_free(f->g);
    f->g = guard_new();
    if (!guard_restore(f->g, read, &e))
        fail_msg("%s", error_text(&e));
    json_object_put(saved);
    json_object_put(read);
}

#define expect(f, act, ev)                                                                                   \
    do {                                                                                                     \
        enum guard_action got_ = next(f);                                                                    \
        if (got_ != (act) || strcmp((f)->event ? (f)->event : "", (ev)) != 0)                                \
            fail_msg("line %d: got %d %s (%s), not %d %s", __LINE__, got_, (f)->event, (f)->text, (act),     \
                     (ev));                                                                                  \
    } while (0)
#define expect_nothing(f) expect(f, GUARD_NOTHING, "")

/* A crash, its pause, its start. */
static void crash_and_restart(struct fixture *f, int64_t pause)
{
    look(f, false, STOPPED_CRASHED);
    expect(f, GUARD_NOTIFY, "restart-planned");
    f->now += pause - 1;
    expect_nothing(f);
    f->now++;
    expect(f, GUARD_START, "restart");
    expect_nothing(f);
    guard_started(f->g, &f->uuid, true, NULL, f->now);
    look(f, true, STOPPED_UNKNOWN);
    expect_nothing(f);
}

static void test_pauses_grow_until_the_bound(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=on-crash restart-pause=1s restart-pause-max=3s restart-tries=4 restart-window=1m");
    look(&f, true, STOPPED_UNKNOWN);
    crash_and_restart(&f, 1000);
    crash_and_restart(&f, 2000);
    crash_and_restart(&f, 3000);
    crash_and_restart(&f, 3000);
    look(&f, false, STOPPED_CRASHED);
    expect(&f, GUARD_NOTIFY, "restart-given-up");
    assert_non_null(strstr(f.text, "4 restarts within 1m 00s"));
    expect_nothing(&f);
    f.now += 1000000;
    look(&f, false, STOPPED_CRASHED);
    expect_nothing(&f);
    end(&f);
}

static void test_somebody_takes_it_back(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=on-crash restart-pause=0 restart-tries=1");
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    expect(&f, GUARD_NOTIFY, "restart-planned");
    expect(&f, GUARD_START, "restart");
    guard_started(f.g, &f.uuid, true, NULL, f.now);
    look(&f, false, STOPPED_CRASHED);
    expect(&f, GUARD_NOTIFY, "restart-given-up");
    f.now += 5000;
    look(&f, true, STOPPED_UNKNOWN);
    expect(&f, GUARD_NOTIFY, "restart-again");
    look(&f, false, STOPPED_CRASHED);
    expect(&f, GUARD_NOTIFY, "restart-planned");
    expect(&f, GUARD_START, "restart");
    end(&f);
}

static void test_a_whole_window_forgets(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=on-crash restart-pause=1s restart-tries=2 restart-window=1m");
    look(&f, true, STOPPED_UNKNOWN);
    crash_and_restart(&f, 1000);
    crash_and_restart(&f, 2000);
    f.now += 60000;
    crash_and_restart(&f, 1000);
    end(&f);
}

static void test_a_start_by_somebody_that_fails(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=on-failure restart-pause=1s restart-tries=1");
    look(&f, false, STOPPED_UNKNOWN);
    expect_nothing(&f);
    look(&f, false, STOPPED_FAILED);
    expect(&f, GUARD_NOTIFY, "restart-planned");
    f.now += 1000;
    expect(&f, GUARD_START, "restart");
    guard_started(f.g, &f.uuid, false, "no image", f.now);
    look(&f, false, STOPPED_FAILED);
    expect(&f, GUARD_NOTIFY, "restart-given-up");
    expect_nothing(&f);
    end(&f);
}

static void test_all_are_stopped(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=always restart-pause=10s health=running health-interval=5s");
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    assert_int_equal(next_due(&f), f.now + 10000);
    guard_stand_down(f.g);
    assert_true(next_due(&f) == INT64_MAX);
    pass_on(&f);
    look(&f, false, STOPPED_CRASHED);
    assert_true(next_due(&f) == INT64_MAX);
    look(&f, true, STOPPED_UNKNOWN);
    guard_stand_down(f.g); /* it runs yet: its health is asked for */
    assert_int_equal(next_due(&f), f.now + 5000);
    look(&f, false, STOPPED_BY_PERSON);
    assert_true(next_due(&f) == INT64_MAX);
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    assert_int_equal(next_due(&f), f.now + 10000);
    end(&f);
}

static void test_which_stops_are_restarted(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        bool restarted[STOPPED_FAILED + 1]; /* unknown, person, guest, crashed, failed */
    } cases[] = {{"restart=no", {false, false, false, false, false}},
                 {"restart=on-crash", {false, false, false, true, false}},
                 {"restart=on-failure", {false, false, false, true, true}},
                 {"restart=always", {false, false, true, true, true}}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (int stop = STOPPED_UNKNOWN; stop <= STOPPED_FAILED; stop++) {
            struct fixture f;
            begin(&f, cases[i].policy);
            look(&f, true, STOPPED_UNKNOWN);
            look(&f, false, (enum guard_stop)stop);
            if ((next_due(&f) != INT64_MAX) != cases[i].restarted[stop])
                fail_msg("%s, stop %d", cases[i].policy, stop);
            end(&f);
        }
}

static void test_a_start_that_fails_counts(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=on-crash restart-pause=1s restart-tries=2");
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    expect(&f, GUARD_NOTIFY, "restart-planned");
    f.now += 1000;
    expect(&f, GUARD_START, "restart");
    guard_started(f.g, &f.uuid, false, "no such image", f.now);
    expect(&f, GUARD_NOTIFY, "restart-planned");
    assert_non_null(strstr(f.text, "no such image"));
    f.now += 1999;
    expect_nothing(&f);
    f.now++;
    expect(&f, GUARD_START, "restart");
    guard_started(f.g, &f.uuid, false, NULL, f.now);
    expect(&f, GUARD_NOTIFY, "restart-given-up");
    expect_nothing(&f);
    end(&f);
}

static void test_a_person_is_faster(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=always restart-pause=10s");
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    expect(&f, GUARD_NOTIFY, "restart-planned");
    f.now += 5000;
    look(&f, true, STOPPED_UNKNOWN);
    f.now += 50000;
    expect_nothing(&f);
    look(&f, false, STOPPED_BY_PERSON);
    expect_nothing(&f);
    end(&f);
}

static void test_the_policy_changes_or_the_domain_goes(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=on-crash restart-pause=10s");
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    assert_int_equal(next_due(&f), f.now + 10000);
    set(&f.policy, "restart=no");
    look(&f, false, STOPPED_CRASHED);
    assert_true(next_due(&f) == INT64_MAX);
    set(&f.policy, "restart=on-crash");
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    assert_int_equal(next_due(&f), f.now + 10000);
    guard_forget(f.g, &f.uuid);
    assert_true(next_due(&f) == INT64_MAX);
    guard_forget(f.g, &f.uuid);
    guard_started(f.g, &f.uuid, true, NULL, f.now);
    guard_health(f.g, &f.uuid, true, NULL, f.now);
    end(&f);
}

static void test_the_host_says_what_holds_unsaid(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "order=1");
    set(&f.host, "restart=on-crash restart-pause=7s");
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_CRASHED);
    assert_int_equal(next_due(&f), f.now + 7000);
    end(&f);
}

/* ---- health ---- */

static void probe(struct fixture *f, bool healthy)
{
    expect(f, GUARD_PROBE, "probe");
    expect_nothing(f); /* not again while it is asked */
    guard_health(f->g, &f->uuid, healthy, healthy ? NULL : "the agent does not answer", f->now);
}

static void test_unhealthy_is_said_once(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "health=agent health-interval=10s health-failures=2");
    look(&f, true, STOPPED_UNKNOWN);
    expect_nothing(&f);
    f.now += 10000;
    probe(&f, true);
    for (int i = 0; i < 5; i++) {
        f.now += 10000;
        probe(&f, false);
        if (i == 1) {
            expect(&f, GUARD_NOTIFY, "unhealthy");
            assert_string_equal(f.text, "unhealthy: the agent does not answer (2 checks in a row)");
        }
        expect_nothing(&f);
    }
    f.now += 10000;
    probe(&f, true);
    expect(&f, GUARD_NOTIFY, "healthy");
    f.now += 10000;
    probe(&f, false);
    expect_nothing(&f); /* one is not two in a row */
    end(&f);
}

static void test_health_begins_when_it_is_ready(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "health=agent health-interval=10s health-failures=1 timeout=35s");
    look(&f, true, STOPPED_UNKNOWN);
    for (int i = 0; i < 3; i++) {
        f.now += 10000;
        probe(&f, false);
        expect_nothing(&f);
    }
    f.now += 10000; /* it has had its time */
    probe(&f, false);
    expect(&f, GUARD_NOTIFY, "unhealthy");
    end(&f);
}

static void fail_until_remedy(struct fixture *f, enum guard_action action, const char *event, bool told)
{
    f->now += 10000;
    probe(f, false);
    if (told)
        expect(f, GUARD_NOTIFY, "unhealthy");
    expect(f, action, event);
}

static void test_remedies_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *event;
        enum guard_action action;
    } cases[] = {{"health-action=restart", "health-restart", GUARD_RESTART},
                 {"health-action=reset", "health-reset", GUARD_RESET}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fixture f;
        begin(&f, "health=running health-interval=10s health-failures=1 timeout=1s restart-tries=2 "
                  "restart-pause=0 restart-window=10m");
        set(&f.policy, cases[i].policy);
        look(&f, true, STOPPED_UNKNOWN);
        fail_until_remedy(&f, cases[i].action, cases[i].event, true);
        /* What it goes through meanwhile is no stop. */
        look(&f, false, STOPPED_BY_PERSON);
        guard_started(f.g, &f.uuid, true, NULL, f.now);
        look(&f, true, STOPPED_UNKNOWN);
        fail_until_remedy(&f, cases[i].action, cases[i].event, false);
        guard_started(f.g, &f.uuid, true, NULL, f.now);
        f.now += 10000;
        probe(&f, false);
        expect(&f, GUARD_NOTIFY, "health-given-up");
        expect_nothing(&f);
        f.now += 10000;
        probe(&f, true);
        expect(&f, GUARD_NOTIFY, "healthy");
        end(&f);
    }
}

static void test_a_restart_that_fails_is_tried_again(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "health=running health-interval=10s health-failures=1 timeout=1s restart-tries=3 "
              "restart-pause=1s health-action=restart");
    look(&f, true, STOPPED_UNKNOWN);
    fail_until_remedy(&f, GUARD_RESTART, "health-restart", true);
    guard_started(f.g, &f.uuid, false, "no memory", f.now);
    look(&f, false, STOPPED_BY_PERSON); /* our own destroy */
    expect(&f, GUARD_NOTIFY, "restart-planned");
    f.now += 2000;
    expect(&f, GUARD_START, "restart");
    guard_started(f.g, &f.uuid, true, NULL, f.now);
    look(&f, true, STOPPED_UNKNOWN);
    look(&f, false, STOPPED_BY_PERSON); /* somebody's */
    assert_true(next_due(&f) == INT64_MAX);
    end(&f);
}

static void test_a_reset_that_is_not_heard(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "health=running health-interval=10s health-failures=1 timeout=1s restart-tries=3 "
              "restart-pause=1s health-action=reset");
    look(&f, true, STOPPED_UNKNOWN);
    guard_escalate(f.g, &f.uuid); /* there is none */
    fail_until_remedy(&f, GUARD_RESET, "health-reset", true);
    guard_escalate(f.g, &f.uuid);
    guard_started(f.g, &f.uuid, false, "no memory", f.now);
    look(&f, false, STOPPED_BY_PERSON);
    expect(&f, GUARD_NOTIFY, "restart-planned");
    end(&f);
}

static void test_paused_ones_are_not_asked(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "health=running health-interval=10s health-failures=1 timeout=1s");
    look(&f, true, STOPPED_UNKNOWN);
    assert_int_equal(next_due(&f), f.now + 10000);
    guard_look(f.g, &f.uuid, "web1", &f.policy, NULL, true, false, STOPPED_UNKNOWN, f.now);
    assert_true(next_due(&f) == INT64_MAX);
    f.now += 100000;
    guard_look(f.g, &f.uuid, "web1", &f.policy, NULL, true, true, STOPPED_UNKNOWN, f.now);
    assert_int_equal(next_due(&f), f.now + 10000);
    /* An answer that came too late counts for nothing. */
    f.now += 10000;
    expect(&f, GUARD_PROBE, "probe");
    guard_look(f.g, &f.uuid, "web1", &f.policy, NULL, true, false, STOPPED_UNKNOWN, f.now);
    guard_health(f.g, &f.uuid, false, "late", f.now);
    expect_nothing(&f);
    end(&f);
}

/* ---- sleep, restarts of the supervisor ---- */

static void test_after_a_sleep(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "on-wake=restart-if-unhealthy health-failures=2 health-interval=5s");
    look(&f, true, STOPPED_UNKNOWN);
    assert_true(next_due(&f) == INT64_MAX); /* no health is asked for */
    f.now += 3600000;
    guard_woke(f.g, f.now, true);
    probe(&f, false);
    f.now += 5000;
    probe(&f, false);
    expect(&f, GUARD_NOTIFY, "unhealthy");
    expect(&f, GUARD_RESTART, "health-restart");
    guard_started(f.g, &f.uuid, true, NULL, f.now);
    assert_true(next_due(&f) == INT64_MAX);
    guard_woke(f.g, f.now, true);
    probe(&f, true);
    expect(&f, GUARD_NOTIFY, "healthy");
    assert_true(next_due(&f) == INT64_MAX);
    end(&f);
}

static void test_a_lost_connection_holds_nothing_against_anybody(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "health=agent health-failures=2 health-interval=5s timeout=1s on-wake=restart-if-unhealthy");
    look(&f, true, STOPPED_UNKNOWN);
    f.now += 5000;
    probe(&f, false);
    f.now += 1000;
    guard_woke(f.g, f.now, false);
    probe(&f, false);
    expect_nothing(&f);
    end(&f);
}

static void test_the_next_guard_goes_on(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=always restart-pause=1s restart-tries=2 restart-window=1m");
    look(&f, true, STOPPED_UNKNOWN);
    crash_and_restart(&f, 1000);
    pass_on(&f);
    look(&f, true, STOPPED_UNKNOWN);
    crash_and_restart(&f, 2000); /* the second one: its pause is longer */
    pass_on(&f);
    look(&f, false, STOPPED_CRASHED); /* meanwhile */
    expect(&f, GUARD_NOTIFY, "restart-given-up");
    pass_on(&f);
    f.now += 200000;
    look(&f, false, STOPPED_CRASHED);
    expect_nothing(&f); /* and stays so */
    end(&f);
}

static void test_a_restart_that_was_broken_off(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "health=running health-interval=10s health-failures=1 timeout=1s health-action=restart");
    look(&f, true, STOPPED_UNKNOWN);
    fail_until_remedy(&f, GUARD_RESTART, "health-restart", true);
    pass_on(&f);
    look(&f, false, STOPPED_BY_PERSON); /* that was us */
    expect(&f, GUARD_NOTIFY, "restart-planned");
    end(&f);
}

static void test_what_was_off_before_stays_off(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f, "restart=always restart-pause=1s");
    look(&f, false, STOPPED_BY_GUEST);
    assert_true(next_due(&f) == INT64_MAX);
    pass_on(&f);
    look(&f, false, STOPPED_BY_GUEST);
    assert_true(next_due(&f) == INT64_MAX);
    look(&f, true, STOPPED_UNKNOWN);
    pass_on(&f);
    look(&f, false, STOPPED_BY_GUEST); /* it ran when the last one looked */
    assert_int_equal(next_due(&f), f.now + 1000);
    end(&f);
}

static void test_damaged_states(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]", "{}", "3", "{\"version\":2,\"domains\":{}}",
                                      "{\"version\":1,\"domains\":[]}"};
    static const char *const odd[] = {
        "{\"version\":1,\"domains\":{\"x\":{},\"\":3}}",
        "{\"version\":1,\"domains\":{\"00000000-0000-0000-0000-000000000001\":7,"
        "\"00000000-0000-0000-0000-000000000002\":{\"restarts\":[null,\"a\",-9223372036854775808,1e99],"
        "\"given_up\":\"y\",\"restarting\":[]}}}"};
    struct error e = ERROR_INIT;
    struct guard *g = guard_new();
    assert_false(guard_restore(g, NULL, &e));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        json_object *o = json_tokener_parse(bad[i]);
        assert_false(guard_restore(g, o, &e));
        json_object_put(o);
    }
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        json_object *o = json_tokener_parse(odd[i]);
        assert_true(guard_restore(g, o, &e));
        json_object_put(o);
    }
    error_clear(&e);
    guard_free(g);
}

/* ---- many ---- */

static uint32_t dice = 1;
static uint32_t roll(uint32_t n)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 8) % n;
}

struct many {
    struct vm_uuid uuid;
    bool active, person;
    int starts;
    enum guard_action busy;
    int64_t last_start;
};

#define MANY 200

static struct many *find(struct many *all, const struct vm_uuid *u)
{
    size_t i = (size_t)u->b[0] << 8 | u->b[1];
    assert_true(i < MANY);
    return &all[i];
}

/* Whatever happens: no domain that a person stopped is started, none more often than its bound within the
 * window, none that runs, and nothing is due in the past. */
static void test_many_at_random(void **state)
{
    (void)state;
    struct fixture f;
    static struct many all[MANY];
    static int64_t starts[MANY][8];
    begin(&f, "restart=always restart-pause=1s restart-tries=3 restart-window=2m health=running "
              "health-interval=7s health-failures=2 health-action=restart timeout=10s");
    for (size_t i = 0; i < MANY; i++) {
        all[i].uuid.b[0] = (unsigned char)(i >> 8);
        all[i].uuid.b[1] = (unsigned char)i;
        all[i].uuid.b[15] = 1;
    }
    for (int round = 0; round < 60000; round++) {
        struct many *m = &all[roll(MANY)];
        struct guard_step step;
        switch (roll(8)) {
        case 0: /* somebody does something */
            if (!m->busy) {
                m->person = m->active;
                m->active = !m->active;
                if (m->active)
                    memset(starts[m - all], 0, sizeof starts[0]);
                guard_look(f.g, &m->uuid, "x", &f.policy, NULL, m->active, m->active,
                           m->active ? STOPPED_UNKNOWN : STOPPED_BY_PERSON, f.now);
            }
            break;
        case 1: /* a crash */
            if (!m->busy && m->active) {
                m->active = m->person = false;
                guard_look(f.g, &m->uuid, "x", &f.policy, NULL, false, false, STOPPED_CRASHED, f.now);
            }
            break;
        case 2: /* a job ends */
            if (m->busy) {
                bool ok = roll(3) > 0;
                m->active = ok;
                m->busy = GUARD_NOTHING;
                guard_started(f.g, &m->uuid, ok, "x", f.now);
            }
            break;
        case 3:
            guard_health(f.g, &m->uuid, roll(2), "x", f.now);
            break;
        case 4:
            f.now += roll(500);
            break;
        case 5:
            if (roll(500) == 0)
                guard_woke(f.g, f.now, roll(2));
            break;
        default:
            guard_next(f.g, f.now, &step);
            if (step.action == GUARD_NOTHING)
                assert_true(step.until_ms > f.now);
            if (step.action == GUARD_START || step.action == GUARD_RESTART) {
                struct many *s = find(all, &step.uuid);
                int64_t *mine = starts[s - all];
                assert_false(s->busy);
                assert_false(s->person && !s->active);
                assert_true(s->active == (step.action == GUARD_RESTART));
                assert_true(mine[2] == 0 || f.now - mine[2] >= 120000); /* three ago */
                memmove(mine + 1, mine, 3 * sizeof *mine);
                mine[0] = f.now;
                s->busy = step.action;
            }
            free(step.text);
        }
    }
    end(&f);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void test_five_thousand_are_cheap(void **state)
{
    (void)state;
    struct fixture f;
    size_t probes = 0;
    begin(&f, "health=running health-interval=30s timeout=1s restart=always");
    double begun = seconds();
    for (int i = 0; i < 5000; i++) {
        struct vm_uuid u = {{(unsigned char)(i >> 8), (unsigned char)i, 0, 1}};
        guard_look(f.g, &u, "x", &f.policy, NULL, true, true, STOPPED_UNKNOWN, f.now + i);
    }
    for (int64_t until = f.now + 300000; f.now < until;) {
        struct guard_step step;
        guard_next(f.g, f.now, &step);
        free(step.text);
        if (step.action == GUARD_PROBE) {
            guard_health(f.g, &step.uuid, true, NULL, f.now);
            probes++;
        } else {
            assert_true(step.until_ms > f.now);
            f.now = step.until_ms;
        }
    }
    double took = seconds() - begun;
    assert_in_range(probes, 45000, 50000);
    if (took > 2)
        fail_msg("%zu probes took %.1f s", probes, took);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pauses_grow_until_the_bound),
        cmocka_unit_test(test_somebody_takes_it_back),
        cmocka_unit_test(test_a_whole_window_forgets),
        cmocka_unit_test(test_a_start_by_somebody_that_fails),
        cmocka_unit_test(test_all_are_stopped),
        cmocka_unit_test(test_which_stops_are_restarted),
        cmocka_unit_test(test_a_start_that_fails_counts),
        cmocka_unit_test(test_a_person_is_faster),
        cmocka_unit_test(test_the_policy_changes_or_the_domain_goes),
        cmocka_unit_test(test_the_host_says_what_holds_unsaid),
        cmocka_unit_test(test_unhealthy_is_said_once),
        cmocka_unit_test(test_health_begins_when_it_is_ready),
        cmocka_unit_test(test_remedies_are_bounded),
        cmocka_unit_test(test_a_restart_that_fails_is_tried_again),
        cmocka_unit_test(test_a_reset_that_is_not_heard),
        cmocka_unit_test(test_paused_ones_are_not_asked),
        cmocka_unit_test(test_after_a_sleep),
        cmocka_unit_test(test_a_lost_connection_holds_nothing_against_anybody),
        cmocka_unit_test(test_the_next_guard_goes_on),
        cmocka_unit_test(test_a_restart_that_was_broken_off),
        cmocka_unit_test(test_what_was_off_before_stays_off),
        cmocka_unit_test(test_damaged_states),
        cmocka_unit_test(test_many_at_random),
        cmocka_unit_test(test_five_thousand_are_cheap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
