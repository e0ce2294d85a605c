/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "autostart/config.h"
#include "scratch.h"

static void table_is_sound(void **state)
{
    (void)state;
    struct autostart_config c;
    autostart_config_init(&c);
    for (size_t i = 0; i < LIMITS; i++) {
        const struct limit_row *row = &limit_rows[i];
        assert_int_equal(row->id, i);
        assert_true(row->min <= row->def && row->def <= row->max);
        assert_true(strlen(row->help) > 10 && !strchr(row->help, '\n'));
        assert_true(c.v[i] == row->def);
    }
    autostart_config_free(&c);
}

static void set(void **state)
{
    (void)state;
    static const struct {
        const char *word, *value;
        enum limit_id id;
        double want;
    } good[] = {
        {"parallel", "1", LIMIT_PARALLEL, 1},
        {"load-ceiling", "1.5", LIMIT_LOAD_CEILING, 1.5},
        {"initial-wait", "5", LIMIT_INITIAL_WAIT, 5000},
        {"grace", "250ms", LIMIT_GRACE, 250},
        {"ceiling-wait", "2m", LIMIT_CEILING_WAIT, 120000},
    };
    static const struct {
        const char *word, *value, *says;
    } bad[] = {
        {"parallel", "0", "parallel is \"0\", but takes a number from 1 to 10000"},
        {"parallel", "1.5", "parallel is \"1.5\""},
        {"parallel", "many", "parallel is \"many\""},
        {"memory-ceiling", "101", "from 1 to 100"},
        {"grace", "-1", "a time in seconds from 0 to 600"},
        {"paralel", "1", "did you mean \"parallel\""},
    };
    struct autostart_config c;
    struct error e = ERROR_INIT;
    autostart_config_init(&c);
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(autostart_config_set(&c, good[i].word, good[i].value, &e));
        assert_true(c.v[good[i].id] == good[i].want);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(autostart_config_set(&c, bad[i].word, bad[i].value, &e));
        if (!strstr(error_text(&e), bad[i].says))
            fail_msg("%s", error_text(&e));
    }
    assert_true(c.v[LIMIT_PARALLEL] == 1);
    error_clear(&e);
    autostart_config_free(&c);
}

static const char *write_config(const char *text)
{
    const char *path = scratch("autostart.json");
    scratch_write(path, text);
    return path;
}

static void file_is_read(void **state)
{
    (void)state;
    struct autostart_config c;
    finding_list found = {0};
    const char *path =
        write_config("{\"parallel\": 2, \"initial-wait\": 1.5, \"grace\": \"3s\",\n"
                     " \"defaults\": {\"timeout\": \"5m\", \"ready\": [\"agent\"], \"stop-force\": false}}");
    autostart_config_init(&c);
    autostart_config_load(&c, path, &found);
    assert_int_equal(found.len, 0);
    assert_true(c.v[LIMIT_PARALLEL] == 2 && c.v[LIMIT_INITIAL_WAIT] == 1500 && c.v[LIMIT_GRACE] == 3000);
    assert_true(c.v[LIMIT_MEMORY_CEILING] == limit_rows[LIMIT_MEMORY_CEILING].def);
    struct policy p;
    policy_init(&p);
    assert_int_equal(policy_number(&p, &c.defaults, POLICY_TIMEOUT), 300000);
    assert_int_equal(policy_number(&p, &c.defaults, POLICY_STOP_FORCE), 0);
    assert_string_equal(policy_value(&p, &c.defaults, POLICY_READY)->items.items[0], "agent");
    policy_free(&p);
    autostart_config_free(&c);
    findings_free(&found);
}

/* Each mistake with file and line; what is right still counts. */
static void mistakes(void **state)
{
    (void)state;
    static const char *const want[] = {
        ":2: parallel is \"0\"",
        ":3: there is no autostart setting \"paralel\" (did you mean \"parallel\"?)",
        ":4: grace takes a number",
        ":6: timeout is \"x\", but takes a time",
        ":7: order belongs to a domain; there is no default for all",
        ":8: there is no field \"stopp\" in an autostart policy (did you mean \"stop\"?)",
        ":9: there is no field \"version\" in defaults",
    };
    struct autostart_config c;
    finding_list found = {0};
    const char *path =
        write_config("{\n\"parallel\": 0,\n\"paralel\": 3,\n\"grace\": [1],\n\"defaults\": {\n"
                     "\"timeout\": \"x\",\n\"order\": 1,\n\"stopp\": \"none\",\n\"version\": 1,\n"
                     "\"stop\": \"none\"\n},\n\"load-ceiling\": 2\n}");
    autostart_config_init(&c);
    autostart_config_load(&c, path, &found);
    assert_int_equal(found.len, ARRAY_LEN(want));
    for (size_t i = 0; i < found.len; i++) {
        assert_string_equal(found.items[i].id, "config");
        assert_memory_equal(found.items[i].text, path, strlen(path));
        if (strncmp(found.items[i].text + strlen(path), want[i], strlen(want[i])) != 0)
            fail_msg("%s", found.items[i].text);
    }
    assert_true(c.v[LIMIT_PARALLEL] == 4 && c.v[LIMIT_LOAD_CEILING] == 2);
    assert_int_equal(c.defaults.v[POLICY_STOP].number, STOP_NONE);
    autostart_config_free(&c);
    findings_free(&found);
}

static void no_object(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {{"[1]", ":1: the file must hold one object"},
                {"{\"parallel\": }", ":1:"},
                {"{\"defaults\": 5}", "defaults must be an object"},
                {"", ":1"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct autostart_config c;
        finding_list found = {0};
        const char *path = write_config(rows[i].text);
        autostart_config_init(&c);
        autostart_config_load(&c, path, &found);
        assert_int_equal(found.len, 1);
        if (!strstr(found.items[0].text, rows[i].says))
            fail_msg("%s", found.items[0].text);
        autostart_config_free(&c);
        findings_free(&found);
    }
    struct autostart_config c;
    finding_list found = {0};
    autostart_config_init(&c);
    autostart_config_load(&c, "/nonexistent/autostart.json", &found);
    assert_int_equal(found.len, 0);
    autostart_config_free(&c);
}

static void many_mistakes(void **state)
{
    (void)state;
    struct autostart_config c;
    finding_list found = {0};
    struct strbuf text = {0};
    for (int i = 0; i < 500; i++)
        strbuf_printf(&text, "%s\"x%d\":1", i ? "," : "{", i);
    strbuf_putc(&text, '}');
    const char *path = write_config(strbuf_str(&text));
    autostart_config_init(&c);
    autostart_config_load(&c, path, &found);
    assert_int_equal(found.len, 20);
    assert_non_null(strstr(found.items[19].text, "there are more mistakes"));
    autostart_config_free(&c);
    findings_free(&found);
    strbuf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sound),
        cmocka_unit_test(set),
        cmocka_unit_test_setup_teardown(file_is_read, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(mistakes, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(no_object, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(many_mistakes, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
