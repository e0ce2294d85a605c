/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of the autostart pane: plan, shutdown, problems, keys and the form of a policy.
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
#include "tests/screen/autostart_stage.h"
#include "ui/autostart_rows.h"
#include "ui/dialog.h"
#include "ui/prompt.h"

static void the_plan(void **state)
{
    static const struct {
        int w, h;
        bool unicode;
        const char *name;
    } sizes[] = {{120, 36, true, "autostart-120x36"},      {80, 24, true, "autostart-80x24"},
                 {80, 24, false, "autostart-80x24-ascii"}, {40, 10, true, "autostart-40x10"},
                 {40, 10, false, "autostart-40x10-ascii"}, {200, 60, true, "autostart-200x60"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct stage s;
        starts_stage_everyday(&s, sizes[i].w, sizes[i].h, sizes[i].unicode);
        stage_expect(&s, sizes[i].name);
        stage_close(&s);
    }
}

static void the_shutdown(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    stage_run(&s, "timeline reverse");
    stage_expect(&s, "autostart-reverse");
    stage_resize(&s, 80, 24);
    stage_expect(&s, "autostart-reverse-80x24");
    stage_close(&s);
}

static void what_waits_for_what(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    stage_run(&s, "timeline links");
    stage_run(&s, "select-start web1");
    stage_expect(&s, "autostart-links");
    stage_run(&s, "timeline links");
    stage_close(&s);
}

static void a_problem_and_its_remedy(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 80, 24, true);
    free(stage_text(&s)); /* moving by pages needs to know how many rows there are */
    stage_run(&s, "move end");
    stage_run(&s, "move up");
    stage_expect(&s, "autostart-problem");
    stage_run(&s, "open-start");
    stage_expect(&s, "autostart-remedy");
    stage_run(&s, "back");
    stage_run(&s, "move end"); /* one that only a shell can run */
    stage_run(&s, "open-start");
    stage_expect(&s, "autostart-remedy-shell");
    stage_run(&s, "back");
    stage_close(&s);
}

static void nothing_and_not_yet(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_open(&s, 80, 24, true, NULL, 0);
    stage_expect(&s, "autostart-nothing");
    deck_set_autostart(&s.deck, 0, NULL);
    stage_expect(&s, "autostart-not-yet");
    stage_close(&s);
}

static void hostile_names(void **state)
{
    static const struct stage_guest hostile[] = {
        {"evil\033[2J\nname", "order=2147483647 delay=23h ready=serial:/\xe2\x80\xae/", "", 1, 1, 1, false},
        {"a very long name that goes on and on and on and on and on", "after=nobody:started", "", 1, 1, 1,
         false},
    };
    struct stage s;
    (void)state;
    starts_stage_open(&s, 80, 24, true, hostile, ARRAY_LEN(hostile));
    stage_expect(&s, "autostart-hostile");
    for (int w = 40; w < 70; w += 7)
        for (int h = 10; h < 16; h++) {
            stage_resize(&s, w, h);
            free(stage_text(&s));
        }
    stage_close(&s);
}

/* The window is never too small for the rows to be there. */
static void many_domains_scroll(void **state)
{
    struct stage_guest many[200];
    char names[200][16], orders[200][32];
    struct stage s;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        snprintf(names[i], sizeof names[i], "vm%03zu", i);
        snprintf(orders[i], sizeof orders[i], "order=%zu", i / 4);
        many[i] = (struct stage_guest){names[i], orders[i], STAGE_NET, 1, 5, 5, false};
    }
    starts_stage_open(&s, 80, 24, true, many, ARRAY_LEN(many));
    stage_run(&s, "select-start vm150");
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "vm150"));
    free(text);
    stage_run(&s, "move home");
    text = stage_text(&s);
    assert_non_null(strstr(text, "network default"));
    free(text);
    stage_run(&s, "move end");
    stage_expect(&s, "autostart-many-end");
    stage_close(&s);
}

/* ---- keys ---- */

static void keys_say_why_not(void **state)
{
    static const struct {
        const char *row, *run, *says;
    } cases[] = {
        {"default", "move-start up", "default is no domain"},
        {"default", "open-start", "default is no domain"},
        {"router", "move-start up", "router has no order"},
        {"db1", "timeline run", "no run is known here"},
        {"db1", "select-start nowhere", "no row \"nowhere\""},
    };
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *select = xasprintf("select-start '%s'", cases[i].row);
        stage_run(&s, select);
        stage_run(&s, cases[i].run);
        char *text = stage_text(&s);
        if (!strstr(text, cases[i].says))
            fail_msg("%s on %s: not \"%s\" in\n%s", cases[i].run, cases[i].row, cases[i].says, text);
        free(text);
        free(select);
    }
    stage_close(&s);
}

/* ---- the policy ---- */

/* As if it was typed into the field under the cursor. */
static void typed(struct stage *s, const char *text)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    g->ops->answer(&s->deck, g, text);
}

static void press(struct stage *s, keycode key)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    assert_true(g->ops->key(&s->deck, g, key));
}

static void the_form_of_a_policy(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    stage_run(&s, "select-start web1");
    stage_run(&s, "open-start");
    stage_expect(&s, "policy-form");
    press(&s, KEYC_F2);
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "nothing was changed in the form"));
    free(text);
    press(&s, KEYC_DOWN);
    typed(&s, "35");
    press(&s, KEYC_DOWN);
    press(&s, KEYC_DELETE);
    typed(&s, "soon");
    stage_expect(&s, "policy-form-wrong");
    for (int i = 0; i < 4; i++)
        press(&s, KEYC_DOWN);
    press(&s, ' ');
    stage_resize(&s, 80, 24);
    stage_expect(&s, "policy-form-turned");
    stage_resize(&s, 40, 10);
    stage_expect(&s, "policy-form-40x10");
    stage_run(&s, "back");
    stage_resize(&s, 80, 24);
    text = stage_text(&s);
    assert_non_null(strstr(text, "Leave the form? 3 values are not applied yet."));
    free(text);
    stage_run(&s, "answer yes");
    assert_null(dialog_top(&s.deck));
    stage_close(&s);
}

static void a_form_in_ascii(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 80, 24, false);
    stage_run(&s, "select-start mail");
    stage_run(&s, "open-start");
    press(&s, KEYC_TAB | KEYM_SHIFT);
    stage_expect(&s, "policy-form-ascii");
    press(&s, KEYC_ENTER);
    assert_null(dialog_top(&s.deck));
    stage_close(&s);
}

/* What a newer program wrote is not touched. */
static void a_newer_policy_has_no_form(void **state)
{
    struct stage s;
    (void)state;
    starts_stage_everyday(&s, 120, 36, true);
    struct survey_vm *vm =
        (struct survey_vm *)(uintptr_t)survey_find_name(&s.deck.starts.view->survey, "db1");
    vm->item->policy.unknown = true;
    vm->item->policy.newer = xstrdup("version 2");
    stage_run(&s, "select-start db1");
    stage_run(&s, "open-start");
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "db1: its policy is of a newer version (version 2)"));
    free(text);
    assert_null(dialog_top(&s.deck));
    stage_close(&s);
}

/* ---- the order ---- */

/* "web1=15 db2=11": what a step of that domain takes, where its host has these orders. */
static char *step(const struct stage_guest *guests, size_t n, const char *name, int by)
{
    struct autostart_view *v = starts_stage_view(guests, n);
    struct strbuf out = {0};
    struct error e = ERROR_INIT;
    order_changes changes = {0};
    for (uint32_t i = 0; i < v->up->n_nodes; i++) {
        if (v->up->nodes[i].kind != PLAN_DOMAIN || strcmp(v->up->nodes[i].name, name) != 0)
            continue;
        if (!starts_reorder(v->up, i, by, &changes, &e))
            strbuf_puts(&out, error_text(&e));
    }
    for (size_t i = 0; i < changes.len; i++)
        strbuf_printf(&out, "%s%s=%d", i ? " " : "", changes.items[i].name, changes.items[i].order);
    vec_free(&changes);
    error_clear(&e);
    autostart_view_unref(v);
    return strbuf_steal(&out);
}

static void a_step_in_the_order(void **state)
{
    static const struct stage_guest sparse[] = {{"a", "order=10", "", 1, 1, 1, false},
                                                {"b", "order=20", "", 1, 1, 1, false},
                                                {"c", "order=20", "", 1, 1, 1, false},
                                                {"d", "order=30", "", 1, 1, 1, false}};
    static const struct stage_guest dense[] = {
        {"a", "order=0", "", 1, 1, 1, false}, {"b", "order=0", "", 1, 1, 1, false},
        {"c", "order=1", "", 1, 1, 1, false}, {"d", "order=1", "", 1, 1, 1, false},
        {"e", "order=2", "", 1, 1, 1, false}, {"f", "order=7", "", 1, 1, 1, false}};
    static const struct stage_guest last[] = {{"a", "order=2147483647", "", 1, 1, 1, false},
                                              {"b", "order=2147483647", "", 1, 1, 1, false}};
    static const struct {
        const struct stage_guest *guests;
        size_t n;
        const char *name;
        int by;
        const char *want;
    } cases[] = {
        {sparse, 4, "a", 1, "a=20"},
        {sparse, 4, "a", -1, "a is the first already"},
        {sparse, 4, "b", -1, "b=15"},
        {sparse, 4, "b", 1, "b=25"},
        {sparse, 4, "d", -1, "d=20"},
        {sparse, 4, "d", 1, "d is the last already"},
        {dense, 6, "a", -1, "b=1 c=2 d=2 e=3"},
        {dense, 6, "b", 1, "b=1 c=2 d=2 e=3"},
        {dense, 6, "c", -1, "d=2 e=3"},
        {dense, 6, "d", 1, "d=2 e=3"},
        {dense, 6, "e", 1, "e=7"},
        {last, 2, "a", -1, "a=1073741823"},
        {last, 2, "a", 1, "a is the last already"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = step(cases[i].guests, cases[i].n, cases[i].name, cases[i].by);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s by %d: %s, not %s", cases[i].name, cases[i].by, got, cases[i].want);
        free(got);
    }
}

static int setup(void **state)
{
    (void)state;
    stage_setup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan),
        cmocka_unit_test(the_shutdown),
        cmocka_unit_test(what_waits_for_what),
        cmocka_unit_test(a_problem_and_its_remedy),
        cmocka_unit_test(nothing_and_not_yet),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(many_domains_scroll),
        cmocka_unit_test(keys_say_why_not),
        cmocka_unit_test(the_form_of_a_policy),
        cmocka_unit_test(a_form_in_ascii),
        cmocka_unit_test(a_newer_policy_has_no_form),
        cmocka_unit_test(a_step_in_the_order),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
