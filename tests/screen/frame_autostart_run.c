/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The autostart pane while a run goes on, after it and where it was broken off; and that its cursor stays
 * with a domain, wherever that one goes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "tests/screen/autostart_stage.h"
#include "ui/dialog.h"

static void node(struct autostart_view *v, const char *name, int id, enum engine_state state, int64_t start_s,
                 int64_t ready_s, int64_t until_s, const char *why)
{
    struct run_node n = {.name = xstrdup(name), .state = state, .order = -1, .why = xstrdup(why)};
    if (id >= 0) {
        n.uuid.b[0] = 1;
        n.uuid.b[15] = (unsigned char)id;
        n.order = id < 2 ? 10 : id < 4 ? 20 : 30;
    }
    n.start_wall_ms = start_s < 0 ? 0 : v->run.begun_wall_ms + start_s * 1000;
    n.ready_wall_ms = ready_s < 0 ? 0 : v->run.begun_wall_ms + ready_s * 1000;
    n.until_wall_ms = until_s < 0 ? 0 : v->run.begun_wall_ms + until_s * 1000;
    vec_push(&v->run.nodes, n);
}

static struct autostart_view *under_way(bool reverse, int64_t since_s)
{
    struct autostart_view *v = starts_stage_view(starts_everyday, ARRAY_LEN(starts_everyday));
    v->run.state = RUN_UNDER_WAY;
    v->run.reverse = reverse;
    v->run.pid = 812;
    v->run.begun_wall_ms = STAGE_WALL_MS - since_s * 1000;
    return v;
}

static void step_of(struct autostart_view *v, int64_t at_s, enum severity severity, const char *name, int id,
                    const char *text)
{
    struct vm_uuid uuid = {{[0] = 1, [15] = (unsigned char)id}};
    run_record_add(&v->run, v->run.begun_wall_ms + at_s * 1000, severity, name, &uuid, "%s", text);
}

static void starting(struct autostart_view *v)
{
    int64_t at = v->run.begun_wall_ms;
    node(v, "network default", -1, NODE_READY, 0, 1, -1, NULL);
    node(v, "db1", 0, NODE_READY, 1, 30, -1, NULL);
    node(v, "db2", 1, NODE_READY, 1, 35, -1, NULL);
    node(v, "web1", 2, NODE_PROBING, 40, -1, 160, NULL);
    node(v, "web2", 3, NODE_FAILED, 40, -1, -1, "internal error: qemu died\033[31m");
    node(v, "legacy-nt4", 4, NODE_SKIPPED, -1, -1, -1, "it needs network lost, which is not there");
    node(v, "mail", 5, NODE_IDLE, -1, -1, -1, NULL);
    node(v, "gone-since", 99, NODE_READY, 2, 9, -1, NULL);
    run_record_add(&v->run, at, SEV_INFO, NULL, NULL, "the run begins: 7 domains");
    step_of(v, 40, SEV_INFO, "web2", 3, "started");
    step_of(v, 43, SEV_ERROR, "web2", 3, "failed: internal error: qemu died\033[31m");
}

static void a_run(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    struct autostart_view *v = under_way(false, 52);
    starting(v);
    deck_set_autostart(&s.deck, 0, v);
    stage_expect(&s, "autostart-run");
    stage_resize(&s, 80, 24);
    stage_expect(&s, "autostart-run-80x24");
    stage_run(&s, "timeline run");
    stage_expect(&s, "autostart-run-hidden");
    stage_run(&s, "timeline run");
    v = under_way(false, 150);
    starting(v);
    v->run.state = RUN_FAILED;
    v->run.ended_wall_ms = v->run.begun_wall_ms + 100000;
    s.deck.starts.run_shown = v->run.begun_wall_ms;
    deck_set_autostart(&s.deck, 0, v);
    stage_resize(&s, 120, 36);
    stage_expect(&s, "autostart-run-over");
    stage_run(&s, "pane overview");
    stage_expect(&s, "autostart-run-overview");
    stage_close(&s);
}

/* The line with that text; the mark of now is taken out of it. */
static char *row_of(struct stage *s, const char *name)
{
    char *text = stage_text(s), *at = strstr(text, name);
    if (!at)
        fail_msg("no %s in\n%s", name, text);
    while (at > text && at[-1] != '\n')
        at--;
    char *row = xasprintf("%.*s", (int)strcspn(at, "\n"), at);
    for (char *c = row; (c = strchr(c, '|'));)
        *c = ' ';
    for (size_t len = strlen(row); len > 0 && row[len - 1] == ' ';)
        row[--len] = 0;
    free(text);
    return row;
}

/* What came to its end stays where it ended, whatever the time. */
static void lost_ones_do_not_grow(void **state)
{
    static const char *const names[] = {"web1", "web2", "mail"};
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 80, 24, false);
    struct autostart_view *v = under_way(false, 50);
    node(v, "web1", 2, NODE_LATE, 1, -1, -1, "not ready after 20s");
    step_of(v, 21, SEV_WARN, "web1", 2, "not ready after 20s");
    node(v, "web2", 3, NODE_FAILED, 1, -1, -1, "no memory");
    step_of(v, 16, SEV_ERROR, "web2", 3, "failed: no memory");
    node(v, "mail", 5, NODE_FAILED, 1, -1, -1, NULL); /* its step is not among the last ones any more */
    deck_set_autostart(&s.deck, 0, v);
    stage_expect(&s, "autostart-run-lost");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        deck_set_time(&s.deck, STAGE_NOW_MS, STAGE_WALL_MS);
        char *before = row_of(&s, names[i]);
        deck_set_time(&s.deck, STAGE_NOW_MS + 40000, STAGE_WALL_MS + 40000);
        char *after = row_of(&s, names[i]);
        assert_string_equal(after, before);
        free(before);
        free(after);
    }
    stage_close(&s);
}

static void expect_texts(struct stage *s, const char *has, const char *has_not)
{
    char *text = stage_text(s);
    if (!strstr(text, has) || (has_not && strstr(text, has_not)))
        fail_msg("no \"%s\", or \"%s\", in\n%s", has, has_not ? has_not : "", text);
    free(text);
}

static void a_run_broken_off(void **state)
{
    static const char takes_up[] = "broken off: r takes it up again";
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    struct autostart_view *v = under_way(false, 3600);
    starting(v);
    deck_set_autostart(&s.deck, 0, v);
    v->run.state = RUN_BROKEN_OFF;
    stage_expect(&s, "autostart-broken-off");
    stage_resize(&s, 80, 24);
    stage_expect(&s, "autostart-broken-off-80x24");
    stage_resize(&s, 40, 10);
    expect_texts(&s, takes_up, NULL);
    stage_resize(&s, 80, 24);
    stage_run(&s, "run-start");
    stage_expect(&s, "autostart-broken-off-question");
    stage_run(&s, "answer no");
    stage_run(&s, "timeline run");
    expect_texts(&s, "At the next boot", NULL);
    expect_texts(&s, takes_up, NULL);
    stage_run(&s, "timeline reverse"); /* its `r` shuts down */
    expect_texts(&s, "last start broken off", takes_up);
    stage_run(&s, "pane overview");
    stage_resize(&s, 120, 36);
    expect_texts(&s, "broken off, 3 of 7 ready, 1 failed, 1 skipped", NULL);
    stage_close(&s);
}

static void a_shutdown(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    struct autostart_view *v = under_way(true, 25);
    node(v, "mail", 5, NODE_OFF, 0, 12, -1, NULL);
    node(v, "web1", 2, NODE_STOPPING, 12, -1, 72, NULL);
    node(v, "web2", 3, NODE_FORCING, 12, -1, -1, "not off in time");
    node(v, "db1", 0, NODE_IDLE, -1, -1, -1, NULL);
    node(v, "db2", 1, NODE_LEFT, 12, 20, -1, "its policy says none");
    deck_set_autostart(&s.deck, 0, v);
    stage_expect(&s, "autostart-run-reverse");
    stage_close(&s);
}

/* ---- the cursor ---- */

static void expect_cursor(struct stage *s, const char *name, const char *key)
{
    char *row = row_of(s, "▌");
    if (!strstr(row, name))
        fail_msg("the cursor is not on %s but on\n%s", name, row);
    assert_non_null(s->deck.starts.key);
    assert_string_equal(s->deck.starts.key, key);
    free(row);
}

#define UUID(n) "vm 01000000-0000-0000-0000-00000000000" n

/* No row was chosen, or one was by its key or by a step: it is the domain that is meant, not the place. */
static void the_cursor_stays_with_its_row(void **state)
{
    static const struct stage_guest before[] = {{"a", "order=10", "", 1, 1, 1, false},
                                                {"b", "order=20", "", 1, 1, 1, false},
                                                {"c", "order=30", "", 1, 1, 1, false}};
    static const struct stage_guest later[] = {{"a", "order=40", "", 1, 1, 1, false},
                                               {"b", "order=20", "", 1, 1, 1, false},
                                               {"c", "order=5", STAGE_NET, 1, 1, 1, false}};
    static const struct stage_guest without[] = {{"a", "order=40", "", 1, 1, 1, false},
                                                 {"b", "order=20", STAGE_NET, 1, 1, 1, false},
                                                 {"c", NULL, "", 1, 1, 1, false}};
    struct stage s;
    (void)state;
    starts_stage_open(&s, 80, 24, true, before, 3);
    expect_cursor(&s, " a ", UUID("0"));
    deck_set_autostart(&s.deck, 0, starts_stage_view(later, 3));
    expect_cursor(&s, " a ", UUID("0"));
    stage_run(&s, "move up");
    expect_cursor(&s, " b ", UUID("1"));
    deck_set_autostart(&s.deck, 0, starts_stage_view(before, 3));
    expect_cursor(&s, " b ", UUID("1"));
    stage_run(&s, "select-start c");
    deck_set_autostart(&s.deck, 0, starts_stage_view(later, 3));
    expect_cursor(&s, " c ", UUID("2"));
    /* It goes: until that was seen no other domain gets its keys. */
    deck_set_autostart(&s.deck, 0, starts_stage_view(without, 3));
    static const char *const keys[] = {"move-start up", "open-start", "undo-start", "there start", "policy"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        stage_run(&s, keys[i]);
        assert_null(dialog_top(&s.deck));
        assert_string_equal(s.deck.messages.items[s.deck.messages.len - 1].text,
                            "c has just gone from these rows; nothing was done");
    }
    expect_cursor(&s, " b ", UUID("1"));
    stage_run(&s, "open-start");
    expect_texts(&s, "Autostart of b", NULL);
    stage_run(&s, "back");
    /* Another one takes nothing away from it, back or not. */
    deck_set_autostart(&s.deck, 0, starts_stage_view(before, 3));
    expect_cursor(&s, " b ", UUID("1"));
    deck_set_autostart(&s.deck, 0, starts_stage_view(later, 3));
    stage_run(&s, "select-start default");
    deck_set_autostart(&s.deck, 0, starts_stage_view(without, 3));
    expect_cursor(&s, " network default ", "network default");
    stage_close(&s);
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run),
        cmocka_unit_test(a_shutdown),
        cmocka_unit_test(lost_ones_do_not_grow),
        cmocka_unit_test(a_run_broken_off),
        cmocka_unit_test(the_cursor_stays_with_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
