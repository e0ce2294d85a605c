/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/paths.h"
#include "base/strbuf.h"
#include "tests/unit/command_fixture.h"
#include "tests/unit/scratch.h"

static struct fixture fixture;

static int setup(bool screen, void **state)
{
    scratch_setup(state);
    setenv("XDG_CONFIG_HOME", scratch(""), 1);
    setenv("HOME", scratch(""), 1);
    paths_init();
    fixture_open(&fixture, screen);
    return 0;
}

static int setup_shell(void **state)
{
    return setup(false, state);
}

static int setup_screen(void **state)
{
    return setup(true, state);
}

static int teardown(void **state)
{
    fixture_close(&fixture);
    return scratch_teardown(state);
}

/* The cursor stands at the | in the line: where the word begins, and the candidates with blanks between. */
static char *complete(const char *marked)
{
    const char *bar = strchr(marked, '|');
    assert_non_null(bar);
    size_t cursor = (size_t)(bar - marked), start = 99999;
    char *line = xasprintf("%.*s%s", (int)cursor, marked, bar + 1);
    candidate_list l = {0};
    struct strbuf out = {0};
    command_complete(&fixture.session, line, cursor, &start, &l);
    assert_true(start <= cursor);
    strbuf_printf(&out, "%zu:", start);
    for (size_t i = 0; i < l.len; i++)
        strbuf_printf(&out, " %s", l.items[i].text);
    candidates_free(&l);
    free(line);
    return strbuf_steal(&out);
}

static void expect(const char *marked, const char *wanted)
{
    char *got = complete(marked);
    assert_string_equal(got, wanted);
    free(got);
}

static void has(const char *marked, const char *part)
{
    char *got = complete(marked);
    if (!strstr(got, part))
        fail_msg("%s: %s not in %s", marked, part, got);
    free(got);
}

static void lacks(const char *marked, const char *part)
{
    char *got = complete(marked);
    if (strstr(got, part))
        fail_msg("%s: %s in %s", marked, part, got);
    free(got);
}

static void test_commands(void **state)
{
    (void)state;
    expect("st|", "0: start");
    expect("  li|", "2: list");
    has("|", " autostart boot destroy ");
    lacks("|", "secret");
    lacks("|", "sort");
    expect("start web1 && li|", "14: list");
    expect("zzz|", "0:");
    expect("zzz we|", "4:");
    expect("# st|", "4:");
}

static void test_commands_on_screen(void **state)
{
    (void)state;
    expect("so|", "0: sort");
    lacks("|", "only-shell");
    /* Twins for both doors are offered once. */
    expect("lo|", "0: log");
}

static void test_targets(void **state)
{
    (void)state;
    expect("start w|", "6: web1 web2 web10");
    expect("start we|b2", "6: web1 web2 web10");
    expect("start web1 w|", "11: web2 web10");
    expect("start my|", "6: 'my vm'");
    expect("start 'my|", "6: 'my vm'");
    expect("start \"my|", "6: \"my vm\"");
    expect("start 'it|", "6: 'it'\\''s'");
    expect("start it|", "6: 'it'\\''s'");
    expect("rename web1 n|", "12:");
    expect("start kvm2/|", "6: kvm2/both kvm2/mail");
    has("start bo|", "both");
}

/* A name that can't be typed is offered as its UUID. */
static void test_hostile_names(void **state)
{
    (void)state;
    has("start |", "01000000-0000-0000-0000-000000000009");
    lacks("start |", "\x1b");
    lacks("start |", " -dash");
    has("start |", "01000000-0000-0000-0000-00000000000b");
}

static void test_words_and_values(void **state)
{
    (void)state;
    has("autostart web1 o|", " off on");
    expect("start web1 --mode |", "18: acpi agent");
    expect("start web1 --mode=ag|", "11: --mode=agent");
    expect("start web1 --timeout |", "21:");
    expect("list --columns name,sta|", "15: name,state");
    has("list --columns |", " all ");
    expect("list --filter=state=sh|", "5: --filter=state=shutoff");
    expect("help sta|", "5: start");
}

static void test_options(void **state)
{
    (void)state;
    expect("start web1 --pa|", "11: --paused");
    expect("start --paused --pa|", "15:");
    has("start -|", " --force-boot --help --json --mode --paused --timeout --yes");
    has("destroy -|", "--yes");
    lacks("list -|", "--yes");
    has("list -|", " -n");
    expect("start -- --pa|", "9:");
}

static void test_filters(void **state)
{
    (void)state;
    expect("start state=pa|", "6: state=paused");
    expect("start tag=pr|", "6: tag=prod");
    expect("start host=|", "6: host=kvm1 host=kvm2");
    expect("list --filter 'state=running cpu|",
           "14: 'state=running cpu>' 'state=running cpubar>' 'state=running cpugraph>'");
}

static void test_screen_arguments(void **state)
{
    (void)state;
    has("autostart |", " off ");
    has("option the|", " theme");
    expect("option group h|", "13: host");
    expect("option mouse f|", "13: false");
    expect("sort -mem|", "5: -mem -membar");
    has("filter !id|", "'!idle'");
    scratch_write(scratch("pic.png"), "");
    char *marked = xasprintf("shot web1 %s/pi|", scratch(""));
    has(marked, "/pic.png");
    free(marked);
}

static void test_theme_names(void **state)
{
    (void)state;
    assert_true(file_make_dirs(scratch("virtdeck/themes"), NULL));
    scratch_write(scratch("virtdeck/themes/mine.json"), "{}");
    expect("option theme min|", "13: mine");
    has("option theme |", " default");
}

/* No byte of no line may matter. */
static void test_every_cursor(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "start 'my vm' web1 --mode=agent --timeout 5 && list --filter 'cpu>5 !id", "\xff\xfe start \"\\",
        "option theme nord # x", "--- -", "&&&& a&&"};
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        for (size_t at = 0; at <= strlen(lines[i]) + 2; at++) {
            candidate_list l = {0};
            size_t start;
            command_complete(&fixture.session, lines[i], at, &start, &l);
            assert_true(start <= at);
            candidates_free(&l);
            char *hint = command_hint(&fixture.session, lines[i], at);
            assert_non_null(hint);
            free(hint);
        }
    }
}

static void hint(const char *line, const char *wanted)
{
    char *got = command_hint(&fixture.session, line, strlen(line));
    assert_string_equal(got, wanted);
    free(got);
}

static void test_hints(void **state)
{
    (void)state;
    hint("", "");
    hint("sta", "");
    hint("start",
         "start VM... [--paused] [--force-boot] [--timeout SECONDS] [--mode acpi|agent]   start domains");
    hint("rename web1 ", "rename VM <NEW-NAME>   the name it gets");
    hint("start w",
         "start <VM...> [--paused] [--force-boot] [--timeout SECONDS] [--mode acpi|agent]   which");
    hint("start w --mode ",
         "start VM... [--paused] [--force-boot] [--timeout SECONDS] --mode <acpi|agent>   how");
    hint("start w --paused",
         "start VM... [--paused] [--force-boot] [--timeout SECONDS] [--mode acpi|agent]   stopped");
    hint("nonsense x", "");
    hint("log ", "log   log of the shell");
}

static void test_needs_host(void **state)
{
    (void)state;
    assert_true(completion_needs_host(false, "start w", 7));
    assert_true(completion_needs_host(false, "list --filter ", 14));
    assert_false(completion_needs_host(false, "st", 2));
    assert_false(completion_needs_host(false, "start --pa", 10));
    assert_false(completion_needs_host(false, "list --columns ", 15));
}

#define SHELL(name)  cmocka_unit_test_setup_teardown(name, setup_shell, teardown)
#define SCREEN(name) cmocka_unit_test_setup_teardown(name, setup_screen, teardown)

static void test_two_words(void **state)
{
    (void)state;
    expect("boo|", "0: boot");
    expect("pow|", "0: power");
    expect("power |", "6: cycle");
    has("boot |", " plan ");
    has("boot |", " stop");
    has("boot |", " web1 ");
    expect("boot pl|", "5: plan");
    lacks("boot web1 p|", "plan");
    expect("boot plan |", "10:");
    has("boot plan -|", " --reverse");
    expect("help boot p|", "10: plan");
    expect("help po|", "5: power");
    lacks("help start |", "plan");
}

static void test_policies(void **state)
{
    (void)state;
    has("boot web1 o|", " off on on-battery= on-timeout= on-wake= once order=");
    expect("boot web1 on-timeout=s|", "10: on-timeout=skip-dependents on-timeout=stop");
    expect("boot web1 stop-force=|", "10: stop-force=default stop-force=no stop-force=yes");
    expect("boot web1 ready=agent,t|", "10: ready=agent,tcp:");
    has("boot web1 after=|", " after=db1 ");
    has("boot web1 after=db1,|", " after=db1,web2");
    expect("boot web1 order=1 db|", "18:");
    expect("boot web1 nosuch=|", "10:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL(test_commands),
        SCREEN(test_commands_on_screen),
        SHELL(test_targets),
        SHELL(test_hostile_names),
        SHELL(test_words_and_values),
        SHELL(test_options),
        SHELL(test_filters),
        SCREEN(test_screen_arguments),
        SCREEN(test_theme_names),
        SHELL(test_every_cursor),
        SHELL(test_hints),
        SHELL(test_needs_host),
        SHELL(test_two_words),
        SHELL(test_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
