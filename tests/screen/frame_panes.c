/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of the panes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/screen/stage.h"

static void on_db1(struct stage *s, int w, int h, bool unicode)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_everyday();
    stage_hosts(s, 1, &host);
    stage_past(s);
    stage_run(s, "filter db1"); /* moves the cursor there */
    stage_run(s, "filter ''");
    free(stage_text(s));
}

static void shows_pane(const char *pane, int w, int h, bool unicode)
{
    struct stage s;
    char line[64], name[64];
    on_db1(&s, w, h, unicode);
    snprintf(line, sizeof(line), "pane %s", pane);
    stage_run(&s, line);
    snprintf(name, sizeof(name), "pane-%s-%dx%d%s", pane, w, h, unicode ? "" : "-ascii");
    stage_expect(&s, name);
    stage_close(&s);
}

static void test_overview(void **state)
{
    (void)state;
    shows_pane("overview", 120, 36, true);
    shows_pane("overview", 80, 24, true);
    shows_pane("overview", 200, 60, true);
    shows_pane("overview", 80, 24, false);
}

static void test_devices(void **state)
{
    (void)state;
    shows_pane("devices", 120, 36, true);
    shows_pane("devices", 80, 24, true);
    shows_pane("devices", 40, 10, true);
    shows_pane("devices", 80, 24, false);
}

static void test_graphs(void **state)
{
    (void)state;
    shows_pane("graphs", 120, 36, true);
    shows_pane("graphs", 80, 24, true);
    shows_pane("graphs", 200, 60, true);
    shows_pane("graphs", 80, 24, false);
}

static void test_graphs_zoomed(void **state)
{
    (void)state;
    struct stage s;
    on_db1(&s, 120, 36, true);
    stage_run(&s, "pane graphs");
    stage_run(&s, "window 15m");
    stage_run(&s, "pane zoom");
    stage_expect(&s, "graphs-zoomed");
    stage_run(&s, "move down");
    stage_expect(&s, "graphs-zoomed-scrolled");
    stage_option(&s, "graph", "block");
    stage_run(&s, "move up");
    stage_expect(&s, "graphs-blocks");
    stage_close(&s);
}

static void test_graphs_of_host(void **state)
{
    (void)state;
    struct stage s;
    on_db1(&s, 120, 36, true);
    stage_run(&s, "group host");
    stage_run(&s, "move home");
    stage_run(&s, "pane graphs");
    stage_expect(&s, "graphs-host");
    stage_run(&s, "pane overview");
    stage_expect(&s, "overview-host");
    stage_close(&s);
}

static void test_events(void **state)
{
    (void)state;
    shows_pane("events", 120, 36, true);
    shows_pane("events", 80, 24, true);
    shows_pane("events", 80, 24, false);
    struct stage s;
    on_db1(&s, 80, 24, true);
    stage_run(&s, "pane events");
    stage_run(&s, "scope vm");
    stage_expect(&s, "events-of-vm");
    /* Long texts can be read to their end, and no further. */
    stage_run(&s, "scope all");
    struct event ev = {.wall_ms = STAGE_WALL_MS,
                       .severity = SEV_ERROR,
                       .kind = "command",
                       .text = xstrdup("start web3: a reason that is so long that it stands beyond the edge, "
                                       "and at its end what to do")};
    deck_add_event(&s.deck, &ev);
    stage_run(&s, "focus pane");
    for (int i = 0; i < 40; i++)
        stage_run(&s, "move right");
    stage_expect(&s, "events-aside");
    stage_close(&s);
}

static void finds_row(struct stage *s, const char *line, int row)
{
    stage_run(s, line);
    assert_int_equal(s->deck.events_match, row);
    assert_int_equal(s->deck.panes[PANE_EVENTS].scroll, 0);
}

static void test_events_search(void **state)
{
    (void)state;
    struct stage s;
    on_db1(&s, 120, 36, true);
    stage_run(&s, "pane events");
    stage_run(&s, "focus pane");
    free(stage_text(&s));
    finds_row(&s, "search autostart", 0); /* the newest, too, and all that fits on the screen */
    finds_row(&s, "search db1", 0);
    finds_row(&s, "search-next", 3);
    finds_row(&s, "search-next", 4);
    finds_row(&s, "search-next", 0);
    finds_row(&s, "search-prev", 4);
    stage_expect(&s, "events-search");
    finds_row(&s, "search nowhere", -1);
    stage_close(&s);
}

/* A pane that is scrolled beyond its end comes back. */
static void test_scroll_is_clamped(void **state)
{
    (void)state;
    struct stage s;
    on_db1(&s, 80, 24, true);
    stage_run(&s, "pane overview");
    free(stage_text(&s));
    for (int i = 0; i < 50; i++)
        stage_run(&s, "move pagedown");
    free(stage_text(&s));
    int rows = s.deck.panes[PANE_OVERVIEW].rows, h = s.deck.panes[PANE_OVERVIEW].height;
    assert_int_equal(s.deck.panes[PANE_OVERVIEW].scroll, rows > h ? rows - h : 0);
    stage_run(&s, "move home");
    assert_int_equal(s.deck.panes[PANE_OVERVIEW].scroll, 0);
    stage_close(&s);
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_overview),       cmocka_unit_test(test_devices),
        cmocka_unit_test(test_graphs),         cmocka_unit_test(test_graphs_zoomed),
        cmocka_unit_test(test_graphs_of_host), cmocka_unit_test(test_events),
        cmocka_unit_test(test_events_search),  cmocka_unit_test(test_scroll_is_clamped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
