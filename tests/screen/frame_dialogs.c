/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of dialogs, help, messages and the command bar.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "tests/screen/stage.h"
#include "ui/confirm.h"
#include "ui/dialog.h"
#include "ui/prompt.h"
#include "ui/viewer.h"
#include "virt/lifecycle.h"

static void everyday(struct stage *s, int w, int h, bool unicode)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_everyday();
    stage_hosts(s, 1, &host);
    stage_past(s);
}

static int answers, last_answer;

static void answered(struct deck *d, void *arg, bool yes)
{
    (void)d;
    (void)arg;
    answers++;
    last_answer = yes;
}

static void press(struct stage *s, keycode key)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    assert_true(g->ops->key(&s->deck, g, key));
}

static void test_confirm(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    answers = 0;
    confirm_open(&s.deck, "destroy 2 domains: web1, web2? What they have not written is lost.", NULL,
                 answered, NULL);
    stage_expect(&s, "confirm");
    press(&s, KEYC_ENTER); /* no is the default */
    assert_int_equal(answers, 1);
    assert_int_equal(last_answer, 0);
    confirm_open(&s.deck, "destroy web1?", NULL, answered, NULL);
    press(&s, KEYC_ESC);
    assert_int_equal(last_answer, 0);
    confirm_open(&s.deck, "destroy web1?", NULL, answered, NULL);
    press(&s, KEYC_RIGHT);
    stage_expect(&s, "confirm-yes");
    press(&s, KEYC_ENTER);
    assert_int_equal(last_answer, 1);
    confirm_open(&s.deck, "destroy web1?", NULL, answered, NULL);
    press(&s, 'y');
    assert_int_equal(last_answer, 1);
    assert_int_equal(answers, 4);
    stage_close(&s);
}

static void test_confirm_typed(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 80, 24, true);
    answers = 0;
    confirm_open(&s.deck, "undefine web1? Its definition is lost.", "web1", answered, NULL);
    stage_expect(&s, "confirm-typed");
    struct dialog *g = dialog_top(&s.deck);
    g->ops->answer(&s.deck, g, "web2");
    assert_int_equal(last_answer, 0);
    confirm_open(&s.deck, "undefine web1?", "web1", answered, NULL);
    g = dialog_top(&s.deck);
    g->ops->answer(&s.deck, g, "web1");
    assert_int_equal(last_answer, 1);
    confirm_open(&s.deck, "undefine web1?", "web1", answered, NULL);
    stage_close(&s); /* an open question is answered by no */
    assert_int_equal(answers, 3);
    assert_int_equal(last_answer, 0);
}

static void other_answered(struct deck *d, void *arg, bool yes)
{
    (void)d;
    *(int *)arg = yes;
}

/* A question that comes up while another is being answered must not get that answer. */
static void test_answer_stays_with_its_question(void **state)
{
    (void)state;
    struct stage s;
    int other = -1;
    everyday(&s, 80, 24, true);
    prompt_init(&s.deck.session, NULL, 10);
    confirm_open(&s.deck, "undefine web1?", "web1", answered, NULL);
    struct dialog *g = dialog_top(&s.deck);
    g->ops->ask(&s.deck, g);
    confirm_open(&s.deck, "undefine web2?", "web2", other_answered, &other);
    assert_ptr_equal(dialog_top(&s.deck), g);
    prompt_cancel();
    g->ops->answer(&s.deck, g, "web1");
    assert_int_equal(last_answer, 1);
    assert_int_equal(other, -1);
    dialog_cancel(&s.deck);
    assert_int_equal(other, 0);
    prompt_shutdown(NULL);
    stage_close(&s);
}

static void test_columns(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    stage_run(&s, "columns");
    stage_expect(&s, "columns");
    press(&s, 'J');
    press(&s, KEYC_DOWN);
    press(&s, ' ');
    press(&s, '+');
    press(&s, KEYC_ENTER);
    assert_null(dialog_top(&s.deck));
    assert_string_equal(s.deck.view.columns[1].column->id, "name");
    stage_expect(&s, "columns-chosen");
    stage_run(&s, "columns name,state,cpu,mem");
    stage_run(&s, "column-width name 30");
    stage_run(&s, "column-width state -3");
    stage_expect(&s, "columns-by-command");
    stage_close(&s);
}

static void test_help(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    stage_run(&s, "help");
    stage_expect(&s, "help");
    stage_run(&s, "search filter");
    stage_expect(&s, "help-search");
    press(&s, KEYC_ESC);
    assert_null(dialog_top(&s.deck));
    stage_resize(&s, 80, 24);
    stage_run(&s, "help shutdown");
    stage_expect(&s, "help-shutdown");
    press(&s, 'q');
    stage_run(&s, "help filter");
    stage_expect(&s, "help-filter");
    stage_close(&s);
}

static void test_messages(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 80, 24, true);
    stage_run(&s, "pane close");
    deck_say(&s.deck, SEV_GOOD, "web1: started");
    deck_say(&s.deck, SEV_ERROR, "start legacy-nt4: cannot open /srv/nt4.img: \x1b[31mno such file");
    struct running r = {.status = {.vm_name = xstrdup("web2"),
                                   .kind = lifecycle_kind("shutdown"),
                                   .started_ms = STAGE_NOW_MS - 12000,
                                   .progress = xstrdup("waiting for the guest, 12 s")}};
    vec_push(&s.deck.running, r);
    stage_expect(&s, "messages");
    s.deck.now_ms += 60000;
    char *text = stage_text(&s);
    assert_null(strstr(text, "started"));
    free(text);
    /* What to do about it stands at the end. */
    deck_say(&s.deck, SEV_GOOD, "web1: started");
    deck_say(&s.deck, SEV_WARN,
             "/home/someone/.config/virtdeck/keymaps/mine.json:17: key \"bindings.table.x.run\": there is no "
             "command \"strat\" (did you mean \"start\"?); `help` lists them");
    stage_expect(&s, "messages-long");
    stage_close(&s);
}

static void type(const char *text)
{
    for (; *text; text++) {
        struct input in = {.type = INPUT_KEY, .key = (unsigned char)*text, .bytes = {*text}, .n_bytes = 1};
        char *line = NULL;
        assert_int_equal(prompt_feed(&in, &line), PROMPT_OPEN);
        free(line);
    }
}

static void test_bar(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    prompt_init(&s.deck.session, NULL, 10);
    stage_run(&s, "command");
    type("shutdown --ti");
    stage_expect(&s, "bar-hint");
    s.deck.bar_error = xstrdup("there is no option --ti (did you mean --timeout?)");
    s.deck.bar_error_at = 9;
    stage_expect(&s, "bar-error");
    /* A line that is longer than the window: the mark goes with the word, and is away where that is. */
    for (int i = 0; i < 20; i++)
        type("quite long ");
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "there is no option --ti"));
    assert_null(strstr(text, "▾ there"));
    free(text);
    s.deck.bar_error_at = 130; /* byte 233, the cursor, stands in the last column */
    stage_expect(&s, "bar-error-scrolled");
    prompt_cancel();
    stage_run(&s, "command");
    type("so");
    struct input tab = {.type = INPUT_KEY, .key = KEYC_TAB, .bytes = "\t", .n_bytes = 1};
    char *line = NULL;
    prompt_feed(&tab, &line);
    prompt_cancel();
    free(s.deck.bar_error);
    s.deck.bar_error = NULL;
    stage_run(&s, "filter");
    type("state=run");
    stage_expect(&s, "bar-filter");
    prompt_cancel();
    prompt_shutdown(NULL);
    stage_close(&s);
}

static void test_viewer(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 80, 24, true);
    struct viewer *v = viewer_new("config", PLACE_DIALOG);
    viewer_add_text(v,
                    "a line\n\na \x1b[31mhostile line\nand one that is so long that it has to be broken over "
                    "several rows of the box, at its blanks\nlast");
    viewer_show(&s.deck, v);
    stage_expect(&s, "viewer");
    stage_close(&s);
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirm),
        cmocka_unit_test(test_confirm_typed),
        cmocka_unit_test(test_answer_stays_with_its_question),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_bar),
        cmocka_unit_test(test_viewer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
