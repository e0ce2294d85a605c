/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "tests/unit/command_fixture.h"

static int setup(void **state)
{
    setlocale(LC_ALL, "C.UTF-8");
    *state = fixture_fleet();
    return 0;
}

static int teardown(void **state)
{
    fixture_fleet_free(*state);
    return 0;
}

/* The names found, "host:name" with blanks between; or "!" and the message. */
static char *resolve(struct fleet *f, const char *word)
{
    struct target_list l = {0};
    struct error e = ERROR_INIT;
    struct strbuf out = {0};
    if (targets_resolve(f, word, &l, &e)) {
        for (size_t i = 0; i < l.len; i++)
            strbuf_printf(&out, "%s%d:%s", i ? " " : "", l.items[i].host, l.items[i].name);
    } else {
        strbuf_printf(&out, "!%d %s", (int)e.status, error_text(&e));
    }
    target_list_free(&l);
    error_clear(&e);
    return strbuf_steal(&out);
}

static void expect(void **state, const char *word, const char *wanted)
{
    char *got = resolve(*state, word);
    assert_string_equal(got, wanted);
    free(got);
}

static void expect_error(void **state, const char *word, const char *part)
{
    char *got = resolve(*state, word);
    assert_int_equal(got[0], '!');
    assert_non_null(strstr(got, part));
    free(got);
}

static void test_names(void **state)
{
    expect(state, "web1", "0:web1");
    expect(state, "my vm", "0:my vm");
    expect(state, "a/b", "0:a/b");
    expect(state, "mail", "1:mail");
    expect(state, "\x1b[31mred", "0:\x1b[31mred");
}

static void test_uuid_and_id(void **state)
{
    expect(state, "01000000-0000-0000-0000-000000000003", "0:db1");
    expect(state, "02000000000000000000000000000002", "1:mail");
    expect(state, "7", "0:web10");
    expect(state, "42", "0:42");
    expect(state, "0f000000-0000-0000-0000-00000000000f",
           "!1 there is no domain with the UUID 0f000000-0000-0000-0000-00000000000f: it is gone, or its "
           "host is "
           "not connected");
}

static void test_ambiguous(void **state)
{
    expect(state, "both", "!1 \"both\" is on kvm1 and on kvm2: say kvm1/both or kvm2/both");
    expect(state, "3", "!1 \"3\" is on kvm1 and on kvm2: say kvm1/3 or kvm2/3");
}

static void test_host(void **state)
{
    expect(state, "kvm1/both", "0:both");
    expect(state, "kvm2/both", "1:both");
    expect(state, "test:///kvm2/both", "1:both");
    expect(state, "kvm2/3", "1:mail");
    expect(state, "kvm1/web*", "0:web1 0:web2 0:web10");
    expect_error(state, "kvm3/both", "there is no domain");
    expect_error(state, "kvm2/", "there is no domain");
}

static void test_globs(void **state)
{
    expect(state, "web*", "0:web1 0:web2 0:web10");
    expect(state, "web?", "0:web1 0:web2");
    expect(state, "b*", "0:both 1:both");
    expect(state, "nothing*", "!1 no domain's name fits \"nothing*\"");
}

static void test_filters(void **state)
{
    expect(state, "state=paused", "0:web10");
    expect(state, "tag=prod state=running", "0:web1 0:web2");
    expect(state, "host=kvm2", "1:both 1:mail");
    expect(state, "state=crashed", "!1 no domain fits the filter \"state=crashed\"");
    expect_error(state, "cpu>>", "is no filter");
    expect_error(state, "state=", "!2");
}

static void test_unknown(void **state)
{
    expect(state, "wbe1", "!1 there is no domain \"wbe1\" (did you mean \"web1\"?)");
    expect_error(state, "zzzzzzzzzzzz", "there is no domain");
    expect_error(state, "", "!2");
    expect_error(state, "\xff\xff", "there is no domain");
    assert_false(targets_resolve(NULL, "web1", &(struct target_list){0}, NULL));
}

static void test_once_each(void **state)
{
    struct target_list l = {0};
    assert_true(targets_resolve(*state, "web1", &l, NULL));
    assert_true(targets_resolve(*state, "web*", &l, NULL));
    assert_true(targets_resolve(*state, "web1", &l, NULL));
    assert_int_equal(l.len, 3);
    assert_string_equal(l.items[0].name, "web1");
    target_list_free(&l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_names), TEST(test_uuid_and_id), TEST(test_ambiguous), TEST(test_host),
        TEST(test_globs), TEST(test_filters),     TEST(test_unknown),   TEST(test_once_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
