/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "model/options.h"
#include "scratch.h"

static void table_is_sound(void **state)
{
    (void)state;
    struct options o;
    options_init(&o);
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        assert_int_equal(row->id, i);
        assert_ptr_equal(option_find(row->name), row);
        assert_true(strlen(row->help) > 10 && !strchr(row->help, '\n'));
        /* Defaults are canonical, and what is canonical can be set again. */
        assert_string_equal(opt_text(&o, row->id), row->def);
        assert_string_equal(o.v[i].origin, "default");
        assert_true(options_set(&o, row->name, opt_text(&o, row->id), "command", NULL));
        assert_string_equal(opt_text(&o, row->id), row->def);
    }
    assert_null(option_find("nothing"));
    assert_true(opt_number(&o, OPT_INTERVAL) == 1);
    assert_true(opt_bool(&o, OPT_MOUSE));
    assert_false(opt_bool(&o, OPT_READ_ONLY));
    options_free(&o);
}

static void canonical(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *want;
        double number;
    } rows[] = {
        {"interval", "0.50", "0.5", 0.5},
        {"interval", "60", "60", 60},
        {"history-size", "007", "7", 7},
        {"mouse", "No", "false", 0},
        {"read-only", "1", "true", 1},
        {"group", "HOST", "host", 1},
        {"log-level", "warning", "warning", 2},
        {"addresses", "ARP, lease arp", "arp,lease", 0},
        {"addresses", "", "", 0},
        {"columns", "name cpu,  mem", "name,cpu,mem", 0},
        {"columns", "", "", 0},
        {"sort", "-cpu", "-cpu", 0},
        {"filter", "state=running cpu>50", "state=running cpu>50", 0},
        {"theme", "solarized", "solarized", 0},
    };
    struct options o;
    options_init(&o);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error e = ERROR_INIT;
        if (!options_set(&o, rows[i].name, rows[i].value, "-o", &e))
            fail_msg("%s=%s: %s", rows[i].name, rows[i].value, error_text(&e));
        enum option_id id = option_find(rows[i].name)->id;
        assert_string_equal(opt_text(&o, id), rows[i].want);
        assert_true(opt_number(&o, id) == rows[i].number);
        assert_string_equal(o.v[id].origin, "-o");
    }
    options_free(&o);
}

static void refusals(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *want;
    } rows[] = {
        {"intervall", "1", "there is no option \"intervall\" (did you mean \"interval\"?)"},
        {"zzzzzzzz", "1", "there is no option \"zzzzzzzz\"; "},
        {"interval", "0.1", "interval is \"0.1\", but must be a number from 0.2 to 60"},
        {"interval", "nan", "interval is \"nan\", but must"},
        {"interval", "", "interval is \"\", but must"},
        {"history-size", "1.5", "history-size is \"1.5\", but must be a whole number"},
        {"mouse", "perhaps", "mouse is \"perhaps\", but must be true or false"},
        {"group", "hots",
         "group is \"hots\", but must be one of: none host state tag (did you mean \"host\"?)"},
        {"group", "", "group is \"\""},
        {"addresses", "lease,agnet", "addresses is \"agnet\", but must be one of: lease agent arp (did"},
        {"columns", "name,cpuu", "columns: "},
        {"sort", "-cpuu", "sort: there is no column \"cpuu\" (did you mean \"cpu\"?)"},
        {"filter", "(", "filter: "},
        {"filter", "a\xff", "filter is not valid UTF-8"},
        {"theme", "../x", "theme: \"../x\" is no name"},
        {"keymap", "", "keymap: \"\" is no name"},
    };
    struct options o;
    options_init(&o);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error e = ERROR_INIT;
        assert_false(options_set(&o, rows[i].name, rows[i].value, "-o", &e));
        if (strncmp(error_text(&e), rows[i].want, strlen(rows[i].want)) != 0)
            fail_msg("%s\n  instead of\n%s", error_text(&e), rows[i].want);
        assert_int_equal(e.status, STATUS_USAGE);
        error_clear(&e);
    }
    for (size_t i = 0; i < OPT_COUNT; i++)
        assert_string_equal(o.v[i].origin, "default");
    options_free(&o);
}

static void giant_values(void **state)
{
    (void)state;
    struct options o;
    struct strbuf big = {0};
    options_init(&o);
    while (big.len < 100000)
        strbuf_puts(&big, "cpu,");
    for (size_t i = 0; i < OPT_COUNT; i++) {
        struct error e = ERROR_INIT;
        assert_false(options_set(&o, option_rows[i].name, big.s, "-o", &e));
        assert_true(strlen(error_text(&e)) < 400);
        error_clear(&e);
    }
    assert_false(options_set(&o, big.s, "1", "-o", NULL));
    strbuf_free(&big);
    options_free(&o);
}

static void load(struct options *o, error_list *mistakes, const char *text)
{
    options_init(o);
    scratch_write(scratch("config.json"), text);
    options_load(o, scratch("config.json"), mistakes);
}

static void file(void **state)
{
    (void)state;
    struct options o;
    error_list mistakes = {0};
    load(&o, &mistakes,
         "{\n  \"interval\": 0.5,\n  \"columns\": [\"name\", \"cpu\"],\n  \"mouse\": false,\n"
         "  \"theme\": \"nord\"\n}\n");
    assert_int_equal(mistakes.len, 0);
    assert_string_equal(opt_text(&o, OPT_INTERVAL), "0.5");
    assert_string_equal(opt_text(&o, OPT_COLUMNS), "name,cpu");
    assert_false(opt_bool(&o, OPT_MOUSE));
    assert_string_equal(opt_text(&o, OPT_THEME), "nord");
    char *origin = xasprintf("%s:3", scratch("config.json"));
    assert_string_equal(o.v[OPT_COLUMNS].origin, origin);
    free(origin);
    options_free(&o);
}

/* Each mistake is one error with its line; the rest counts. */
static void mistakes_of_a_file(void **state)
{
    (void)state;
    static const char *const want[] = {
        "/config.json:2: there is no option \"intervall\" (did you mean \"interval\"?)",
        "/config.json:3: group is \"hots\", but must be one of",
        "/config.json:4: mouse has no value",
        "/config.json:5: theme takes one value, not a list",
        "/config.json:6: addresses: the list must hold words",
        "/config.json:8: warn-percent is \"400\"",
    };
    struct options o;
    error_list mistakes = {0};
    load(&o, &mistakes,
         "{ \"sort\": \"mem\",\n\"intervall\": 2,\n\"group\": \"hots\",\n\"mouse\": null,\n\"theme\": "
         "[\"x\"],\n"
         "\"addresses\": [\"arp\", 1],\n\"warn-percent\":\n 400,\n\"keepalive\": 7 }");
    assert_int_equal(mistakes.len, ARRAY_LEN(want));
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        if (!strstr(error_text(&mistakes.items[i]), want[i]))
            fail_msg("%s\n  instead of\n%s", error_text(&mistakes.items[i]), want[i]);
    assert_string_equal(opt_text(&o, OPT_SORT), "mem");
    assert_string_equal(opt_text(&o, OPT_KEEPALIVE), "7");
    assert_string_equal(opt_text(&o, OPT_GROUP), "none");
    error_list_free(&mistakes);
    options_free(&o);
}

static void files_that_are_none(void **state)
{
    (void)state;
    struct options o;
    error_list mistakes = {0};
    options_init(&o);
    options_load(&o, scratch("missing.json"), &mistakes);
    assert_int_equal(mistakes.len, 0);
    options_free(&o);
    load(&o, &mistakes, "{ \"interval\": ");
    assert_int_equal(mistakes.len, 1);
    assert_non_null(strstr(error_text(&mistakes.items[0]), "config.json:1:15: "));
    options_free(&o);
    load(&o, &mistakes, "[]");
    assert_int_equal(mistakes.len, 2);
    assert_non_null(strstr(error_text(&mistakes.items[1]), "must hold one object"));
    options_free(&o);
    error_list_free(&mistakes);
}

static void very_many_mistakes(void **state)
{
    (void)state;
    struct options o;
    struct strbuf text = {0};
    error_list mistakes = {0};
    for (int i = 0; i < 30000; i++)
        strbuf_printf(&text, "%s\"key%d\": 1\n", i ? "," : "{", i);
    strbuf_puts(&text, "}");
    load(&o, &mistakes, text.s);
    assert_true(mistakes.len > 10 && mistakes.len < 100);
    assert_non_null(strstr(error_text(&mistakes.items[mistakes.len - 1]), "more mistakes"));
    error_list_free(&mistakes);
    strbuf_free(&text);
    options_free(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(canonical),
        cmocka_unit_test(refusals),
        cmocka_unit_test(giant_values),
        cmocka_unit_test_setup_teardown(file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(mistakes_of_a_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(files_that_are_none, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(very_many_mistakes, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
