/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * When the picture of a guest's screen is asked for, and when not: on the demo host, with a clock of the
 * test's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <poll.h>
#include <string.h>
#include "base/clock.h"
#include "base/paths.h"
#include "ui/deck.h"
#include "ui/run.h"

#define DEADLINE_MS 60000

static struct fleet *fleet;
static struct options options;
static struct deck deck;

static bool is_complete(const struct snapshot *s)
{
    return s->host.state == HOST_UP && s->host.ticks && s->n_vms > 5;
}

static int setup(void **state)
{
    (void)state;
    const struct fleet_config config = {.interval_s = 60, .reconnect_max_s = 1};
    setlocale(LC_ALL, "C.UTF-8");
    fleet = fleet_new(&config);
    fleet_add(fleet, NULL, true);
    options_init(&options);
    deck_init(&deck, &options);
    run_init(&deck, fleet);
    deck_set_time(&deck, 1000000, clock_wall_ms());
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    for (;;) {
        struct snapshot *s = fleet_snapshot(fleet, 0);
        if (is_complete(s)) {
            deck_set_hosts(&deck, &s, 1);
            break;
        }
        snapshot_unref(s);
        if (clock_mono_ms() > until)
            return -1;
        struct pollfd p = {.fd = fleet_fd(fleet), .events = POLLIN};
        poll(&p, 1, 100);
        fleet_drain_fd(fleet);
    }
    deck_update(&deck);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    deck_free(&deck);
    fleet_free(fleet);
    options_free(&options);
    return 0;
}

static void select_vm(const char *name)
{
    for (size_t i = 0; i < deck.view.rows.len; i++)
        if (deck.view.rows.items[i].vm && strcmp(deck.view.rows.items[i].vm->name, name) == 0) {
            view_move_to(&deck.view, i);
            return;
        }
    fail_msg("no %s", name);
}

static void look(bool open)
{
    deck.pane = PANE_SCREEN;
    deck.pane_open = open;
}

static void later(int64_t ms)
{
    deck_set_time(&deck, deck.now_ms + ms, deck.now_wall_ms + ms);
}

/* Turns until the request under way has ended; the time stands still. */
static void finish(void)
{
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    assert_non_null(deck.screen.job);
    while (deck.screen.job) {
        struct pollfd p = {.fd = fleet_fd(fleet), .events = POLLIN};
        poll(&p, 1, 100);
        fleet_drain_fd(fleet);
        if (clock_mono_ms() > until)
            fail_msg("no answer");
        guest_screen_turn(&deck);
    }
}

static void test_only_while_looked_at(void **state)
{
    (void)state;
    struct guest_screen *g = &deck.screen;
    select_vm("db1");
    look(false);
    guest_screen_turn(&deck);
    assert_null(g->job);
    look(true);
    deck.pane = PANE_GRAPHS;
    guest_screen_turn(&deck);
    assert_null(g->job);
    look(true);
    deck.pane_covers = true; /* the table has the keys, and the window */
    guest_screen_turn(&deck);
    assert_null(g->job);
    deck.pane_covers = false;
    guest_screen_turn(&deck);
    assert_non_null(g->job);
    look(false); /* closed meanwhile: what comes is taken, and nothing more is asked */
    finish();
    assert_non_null(g->picture.rgb);
    later(60000);
    guest_screen_turn(&deck);
    assert_null(g->job);
}

static void test_once_a_second(void **state)
{
    (void)state;
    struct guest_screen *g = &deck.screen;
    select_vm("db2");
    look(true);
    guest_screen_turn(&deck);
    struct job *job = g->job;
    later(5000);
    guest_screen_turn(&deck); /* not twice, however long it takes; or it has ended, and the next one began */
    assert_true(g->job == job || g->picture.rgb);
    if (g->job)
        finish();
    assert_non_null(g->picture.rgb);
    uint64_t hash = g->hash;
    later(1000);
    guest_screen_turn(&deck);
    if (!g->job) { /* it was asked for at this very time */
        later(1000);
        guest_screen_turn(&deck);
    }
    finish();
    assert_int_equal(g->hash, hash);
    assert_int_equal(g->taken_ms, deck.now_ms);
    later(999);
    guest_screen_turn(&deck);
    assert_null(g->job);
    later(1);
    guest_screen_turn(&deck);
    assert_non_null(g->job);
    finish();
}

static void test_paused_seldom(void **state)
{
    (void)state;
    struct guest_screen *g = &deck.screen;
    select_vm("ci-runner-07");
    assert_int_equal(deck_vm(&deck)->state, VM_PAUSED);
    look(true);
    guest_screen_turn(&deck);
    finish();
    later(9999);
    guest_screen_turn(&deck);
    assert_null(g->job);
    later(1);
    guest_screen_turn(&deck);
    assert_non_null(g->job);
    finish();
}

static void test_other_domain(void **state)
{
    (void)state;
    struct guest_screen *g = &deck.screen;
    select_vm("web1");
    look(true);
    guest_screen_turn(&deck);
    finish();
    assert_true(guest_screen_is_of(g, 0, &deck_vm(&deck)->uuid));
    later(1000);
    guest_screen_turn(&deck);
    assert_non_null(g->job);
    select_vm("web2");
    guest_screen_turn(&deck); /* the old one's is given up, the new one's is asked for */
    assert_true(guest_screen_is_of(g, 0, &deck_vm(&deck)->uuid));
    assert_null(g->picture.rgb);
    finish();
    assert_non_null(g->picture.rgb);
    /* What was given up is let go of when libvirt has answered. */
    int64_t until = clock_mono_ms() + DEADLINE_MS;
    while (g->left.len && clock_mono_ms() < until) {
        struct message m;
        while (fleet_next_message(fleet, &m)) /* they hold the jobs, too */
            message_clear(&m);
        struct pollfd p = {.fd = fleet_fd(fleet), .events = POLLIN};
        poll(&p, 1, 10);
        guest_screen_turn(&deck);
    }
    assert_int_equal(g->left.len, 0);
    select_vm("web3"); /* which is off */
    later(60000);
    guest_screen_turn(&deck);
    assert_null(g->job);
    assert_null(g->picture.rgb);
}

static void test_luminance_is_kept(void **state)
{
    (void)state;
    struct guest_screen g = {0};
    struct picture p;
    struct vm_uuid uuid = {{1}};
    assert_true(picture_make(&p, 2, 1, "picture", NULL));
    memset(p.rgb, 255, 6);
    guest_screen_put(&g, 0, &uuid, &p, 7, 0);
    const char *lit = guest_screen_luminance(&g, 3, 2);
    assert_memory_equal(lit, "@@@@@@", 6);
    g.picture.rgb[0] = 0; /* of the same number: not looked at again */
    assert_memory_equal(guest_screen_luminance(&g, 3, 2), "@@@@@@", 6);
    memset(g.picture.rgb, 0, 6);
    g.hash = 8;
    assert_memory_equal(guest_screen_luminance(&g, 3, 2), "      ", 6);
    guest_screen_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_while_looked_at), cmocka_unit_test(test_once_a_second),
        cmocka_unit_test(test_paused_seldom),        cmocka_unit_test(test_other_domain),
        cmocka_unit_test(test_luminance_is_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
