/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"
#include "base/paths.h"
#include "ui/settings.h"
#include "ui/viewstate.h"

static char *path;

static void open_deck(struct deck *d, struct options *o)
{
    options_init(o);
    deck_init(d, o);
    settings_apply_view(d);
}

static void close_deck(struct deck *d, struct options *o)
{
    deck_free(d);
    options_free(o);
}

static void write_file(const char *text)
{
    assert_true(file_write(path, text, strlen(text), 0600, NULL));
}

static void keep_failure(void *ctx, const struct error *e)
{
    if (e)
        error_set(ctx, e->status, "%s", error_text(e));
}

static void test_round_trip(void **state)
{
    (void)state;
    struct deck a, b;
    struct options oa, ob;
    struct error e = ERROR_INIT;
    open_deck(&a, &oa);
    assert_true(view_set_columns(&a.view, "name,cpu,mem", NULL));
    view_find_column(&a.view, "name")->width = 40;
    assert_true(view_set_sort(&a.view, "-cpu", NULL));
    assert_true(view_set_group(&a.view, "state", NULL));
    a.pane = PANE_LOGS;
    a.pane_open = true;
    a.window = WINDOW_1H;
    viewstate_save(&a, path, keep_failure, &e);
    assert_int_equal(e.status, STATUS_OK);
    open_deck(&b, &ob);
    assert_true(viewstate_load(&b, path, &e));
    assert_int_equal(b.view.n_columns, 3);
    assert_int_equal(view_find_column(&b.view, "name")->width, 40);
    assert_string_equal(b.view.sort->id, "cpu");
    assert_true(b.view.descending);
    assert_int_equal(b.view.group, GROUP_STATE);
    assert_int_equal(b.pane, PANE_LOGS);
    assert_true(b.pane_open);
    assert_int_equal(b.window, WINDOW_1H);
    close_deck(&a, &oa);
    close_deck(&b, &ob);
}

static void test_options_go_first(void **state)
{
    (void)state;
    struct deck d;
    struct options o;
    write_file("{\"columns\": \"name,cpu\", \"sort\": \"-cpu\", \"pane\": \"none\", \"window\": \"1h\"}");
    options_init(&o);
    assert_true(options_set(&o, "sort", "state", "-o", NULL));
    assert_true(options_set(&o, "pane", "events", "-o", NULL));
    deck_init(&d, &o);
    settings_apply_view(&d);
    assert_true(viewstate_load(&d, path, NULL));
    assert_string_equal(d.view.sort->id, "state");
    assert_true(d.pane_open);
    assert_int_equal(d.view.n_columns, 2);
    assert_int_equal(d.window, WINDOW_1H);
    close_deck(&d, &o);
}

static void test_bad_files(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"columns\": 5, \"widths\": [], \"sort\": {}}",
        "\xff\xfe",
        "{\"widths\": {\"name\": -5, \"cpu\": 99999, \"nonsense\": 3}}",
        "{\"columns\": \"nonsense\"}",
        "{\"sort\": \"nonsense\", \"group\": \"nonsense\"}",
        "{\"pane\": \"nonsense\", \"window\": \"2h\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct deck d;
        struct options o;
        struct error e = ERROR_INIT;
        open_deck(&d, &o);
        write_file(texts[i]);
        bool good = viewstate_load(&d, path, &e);
        assert_true(good || e.text);
        assert_true(d.view.n_columns > 0);
        assert_non_null(d.view.sort);
        error_clear(&e);
        close_deck(&d, &o);
    }
}

static void test_missing_and_unwritable(void **state)
{
    (void)state;
    struct deck d;
    struct options o;
    struct error e = ERROR_INIT;
    open_deck(&d, &o);
    assert_true(viewstate_load(&d, "/nonexistent/view.json", &e));
    viewstate_save(&d, "/proc/nonexistent/view.json", keep_failure, &e);
    assert_non_null(e.text);
    error_clear(&e);
    close_deck(&d, &o);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    paths_init();
    char dir[] = "/tmp/viewstate-XXXXXX";
    if (!mkdtemp(dir))
        return 1;
    path = paths_join(dir, "view.json");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_options_go_first),
        cmocka_unit_test(test_bad_files),
        cmocka_unit_test(test_missing_and_unwritable),
    };
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    rmdir(dir);
    free(path);
    return status;
}
