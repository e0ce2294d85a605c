/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"
#include "command/cli.h"
#include "tests/unit/command_fixture.h"

static struct fixture fixture;

static int setup_shell(void **state)
{
    fixture_open(&fixture, false);
    *state = &fixture;
    return 0;
}

static int setup_screen(void **state)
{
    fixture_open(&fixture, true);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_close(*state);
    return 0;
}

static struct call *prepare(struct fixture *f, const char *line, struct error *e)
{
    word_list words = {0};
    const char *argv[32];
    int argc = 0;
    assert_true(words_split(line, &words, NULL));
    for (; argc < (int)words.len; argc++)
        argv[argc] = words.items[argc].text;
    struct call *call = command_prepare(&f->session, argc, argv, e);
    words_free(&words);
    return call;
}

/* "command targets | words", or "!status@position message". */
static char *understood(struct fixture *f, const char *line)
{
    struct error e = ERROR_INIT;
    struct strbuf out = {0};
    struct call *call = prepare(f, line, &e);
    if (call) {
        strbuf_puts(&out, call->command->name);
        for (size_t i = 0; i < call->targets.len; i++)
            strbuf_printf(&out, " %s", call->targets.items[i].name);
        strbuf_puts(&out, " |");
        for (size_t i = 0; i < call->words.len; i++)
            strbuf_printf(&out, " %s", call->words.items[i]);
        call_free(call);
    } else {
        strbuf_printf(&out, "!%d@%d %s", (int)e.status, e.position, error_text(&e));
    }
    error_clear(&e);
    return strbuf_steal(&out);
}

static void expect(void **state, const char *line, const char *wanted)
{
    char *got = understood(*state, line);
    assert_string_equal(got, wanted);
    free(got);
}

static void expect_error(void **state, const char *line, const char *begins, const char *part)
{
    char *got = understood(*state, line);
    if (strncmp(got, begins, strlen(begins)) != 0 || !strstr(got, part))
        fail_msg("%s: %s, wanted %s … %s", line, got, begins, part);
    free(got);
}

static void test_find(void **state)
{
    (void)state;
    assert_string_equal(command_find("start")->name, "start");
    assert_string_equal(command_find("begin")->name, "start");
    assert_string_equal(command_find("run")->name, "start");
    assert_null(command_find("beg"));
    assert_null(command_find(""));
    assert_string_equal(command_find_for(true, "log")->summary, "log pane");
    assert_string_equal(command_find_for(false, "log")->summary, "log of the shell");
}

static void test_usage(void **state)
{
    (void)state;
    char *usage = command_usage(command_find("start"));
    assert_string_equal(usage,
                        "start VM... [--paused] [--force-boot] [--timeout SECONDS] [--mode acpi|agent]");
    free(usage);
    usage = command_usage(command_find("list"));
    assert_string_equal(usage, "list [--columns IDS] [--filter FILTER] [-n N]");
    free(usage);
    usage = command_usage(command_find("filter"));
    assert_string_equal(usage, "filter [FILTER]...");
    free(usage);
}

static void test_targets_and_words(void **state)
{
    expect(state, "start web1", "start web1 |");
    expect(state, "start web1 db1 web1", "start web1 db1 |");
    expect(state, "begin 'web?' --paused", "start web1 web2 |");
    expect(state, "rename web1 new", "rename web1 | new");
    expect(state, "rename web1 -new", "rename web1 | -new");
    expect(state, "autostart web1 db1 on", "autostart web1 db1 | on");
    expect(state, "shot web1 file.png", "shot web1 | file.png");
    expect(state, "start -- -dash", "start -dash |");
}

static void test_mistakes(void **state)
{
    expect_error(state, "", "!2@0", "no command");
    expect_error(state, "strat web1", "!2@0", "did you mean \"start\"?");
    expect_error(state, "start", "!2@1", "which domain");
    expect_error(state, "start nosuch", "!1@1", "there is no domain");
    expect_error(state, "start web1 --puased", "!2@2", "did you mean --paused?");
    expect_error(state, "start web1 -p", "!2@2", "there is no option -p");
    expect_error(state, "start --paused=1 web1", "!2@1", "takes no value");
    expect_error(state, "start web1 --timeout", "!2@3", "wants SECONDS");
    expect_error(state, "start web1 --timeout soon", "!2@3", "is a number, not \"soon\"");
    expect_error(state, "start web1 --timeout=inf", "!2@2", "is a number");
    expect_error(state, "start web1 --mode=x", "!2@2", "one of acpi, agent");
    expect_error(state, "rename web1", "!2@2", "NEW-NAME is missing");
    expect_error(state, "rename web1 a b", "!2@3", "one word too many");
    expect_error(state, "rename 'web*' a", "!2@1", "takes one domain");
    expect_error(state, "autostart web1 maybe", "!2@2", "one of on, off");
    expect_error(state, "autostart on", "!2@2", "which domain");
    expect_error(state, "list --columns name,nmae", "!2@2", "list: ");
    expect_error(state, "list --filter 'cpu>x'", "!2@2", "list: ");
    expect_error(state, "list --n 3", "!2@1", "there is no option --n");
    expect_error(state, "list -columns a", "!2@1", "there is no option");
    expect_error(state, "help nonsense", "!2@1", "there is no command \"nonsense\"");
}

static void test_options(void **state)
{
    struct call *call = prepare(*state, "list -n5 --columns=name,state --filter 'state=running'", NULL);
    assert_non_null(call);
    assert_string_equal(call_option(call, "n"), "5");
    assert_string_equal(call_option(call, "columns"), "name,state");
    assert_string_equal(call_option(call, "filter"), "state=running");
    assert_null(call_option(call, "nonsense"));
    assert_false(call->json);
    call_free(call);
    call = prepare(*state, "start --paused web1 --json --yes", NULL);
    assert_string_equal(call_option(call, "paused"), "");
    assert_null(call_option(call, "timeout"));
    assert_true(call->json && call->yes);
    call_free(call);
}

static void test_doors_shell(void **state)
{
    expect_error(state, "sort name", "!2@0", "for the screen");
    expect(state, "only-shell", "only-shell |");
    expect(state, "secret", "secret |");
    expect(state, "start --help", "help | start");
}

static void test_doors_screen(void **state)
{
    expect_error(state, "only-shell", "!2@0", "for the shell");
    expect(state, "sort -cpu", "sort | -cpu");
    expect_error(state, "sort -nonsense", "!2@1", "nonsense");
    expect_error(state, "start web1 --json", "!2@2", "--json");
    expect(state, "filter state=running cpu>50", "filter | state=running cpu>50");
    expect(state, "option theme nord", "option | theme nord");
    expect_error(state, "option tehme nord", "!2@1", "did you mean \"theme\"?");
}

static void test_default_targets(void **state)
{
    expect_error(state, "start", "!2@1", "no domain is selected");
    fixture_selected[0] = "web1";
    expect(state, "start", "start web1 |");
    expect(state, "start --paused", "start web1 |");
    expect(state, "autostart on", "autostart web1 | on");
    expect(state, "autostart db1 on", "autostart db1 | on");
    expect(state, "rename new", "rename web1 | new");
    expect(state, "rename web2 new", "rename web2 | new");
    expect_error(state, "rename", "!2@1", "NEW-NAME is missing");
    expect(state, "shot", "shot web1 |");
    expect(state, "shot db1", "shot db1 |");
    expect(state, "shot pic.png", "shot web1 | pic.png");
    expect(state, "shot db1 pic.png", "shot db1 | pic.png");
    /* A form or a question names its domain by UUID; when that is gone, the selected one is not meant. */
    expect_error(state, "shot 0f000000-0000-0000-0000-00000000000f", "!1@1", "it is gone");
    fixture_selected[1] = "web2";
    expect(state, "start", "start web1 web2 |");
    expect_error(state, "rename new", "!2@2", "takes one domain");
}

static void test_read_only(void **state)
{
    expect_error(state, "start kvm2/both", "!1", "host kvm2 is open read-only");
    expect_error(state, "start web1 mail", "!1", "start mail: host kvm2 is open read-only");
    expect(state, "shot mail", "shot mail |");
    assert_true(options_set(&fixture.options, "read-only", "true", "test", NULL));
    expect_error(state, "start web1", "!1", "read-only");
    expect_error(state, "autostart web1 on", "!1", "read-only");
    expect(state, "shot web1", "shot web1 |");
    expect(state, "list", "list |");
}

static void asks(void **state, const char *line, const char *wanted, const char *wanted_typed)
{
    struct fixture *f = *state;
    const char *typed;
    struct call *call = prepare(f, line, NULL);
    assert_non_null(call);
    char *got = command_question(call, &typed);
    if (wanted) {
        assert_non_null(got);
        assert_string_equal(got, wanted);
    } else {
        assert_null(got);
    }
    if (wanted_typed)
        assert_string_equal(typed, wanted_typed);
    else
        assert_null(typed);
    free(got);
    call_free(call);
}

static void test_question_shell(void **state)
{
    asks(state, "start web1", NULL, NULL);
    asks(state, "destroy web1", "destroy web1? Memory is lost.", NULL);
    asks(state, "destroy web1 --yes", NULL, NULL);
    asks(state, "destroy web1 db1", "destroy 2 domains (web1, db1)? Memory is lost.", NULL);
    asks(state, "undefine db1", "undefine db1? The definition is deleted.", "db1");
    asks(state, "undefine db1 web1", "undefine 2 domains (db1, web1)? The definition is deleted.",
         "undefine");
    asks(state, "start web1 --force-boot", "start web1? Saved memory is discarded.", NULL);
    /* A script means the same for everyone. */
    assert_true(options_set(&fixture.options, "confirm", "none", "test", NULL));
    asks(state, "destroy web1", "destroy web1? Memory is lost.", NULL);
    assert_true(options_set(&fixture.options, "confirm", "all", "test", NULL));
    asks(state, "start web1", NULL, NULL);
    fixture.session.yes = true;
    asks(state, "destroy web1", NULL, NULL);
}

static void test_question_screen(void **state)
{
    asks(state, "destroy web1", "destroy web1? Memory is lost.", NULL);
    asks(state, "start web1", NULL, NULL);
    assert_true(options_set(&fixture.options, "confirm", "all", "test", NULL));
    asks(state, "start web1", "start web1?", NULL);
    asks(state, "shot web1", NULL, NULL);
    assert_true(options_set(&fixture.options, "confirm", "none", "test", NULL));
    asks(state, "undefine web1", NULL, NULL);
}

static bool check(bool screen, const char *line)
{
    word_list words = {0};
    const char *argv[16];
    int argc = 0;
    assert_true(words_split(line, &words, NULL));
    for (; argc < (int)words.len; argc++)
        argv[argc] = words.items[argc].text;
    bool good = command_check(screen, argc, argv, NULL);
    words_free(&words);
    return good;
}

static void test_check(void **state)
{
    (void)state;
    assert_true(check(false, "start anything at-all"));
    assert_true(check(true, "start"));
    assert_true(check(true, "rename new"));
    assert_true(check(true, "shot whatever"));
    assert_true(check(true, "autostart on"));
    assert_true(check(true, "sort name"));
    assert_false(check(false, "sort name"));
    assert_false(check(false, "start"));
    assert_false(check(true, "rename"));
    assert_false(check(true, "autostart web1"));
    assert_false(check(true, "sort nmae"));
    assert_false(check(true, ""));
}

/* ---- names of two words ---- */

static void test_two_words(void **state)
{
    expect(state, "boot plan", "boot plan |");
    expect(state, "boot plan --reverse", "boot plan |");
    expect(state, "boot stop", "boot stop |");
    expect(state, "power cycle 3", "power cycle | 3");
    expect(state, "boot web1 on", "boot web1 | on");
    expect_error(state, "boot plan on", "!2@2", "boot plan: \"on\" is one word too many");
    expect_error(state, "boot -- plan on", "!1@2", "there is no domain");
    expect_error(state, "boot plan --revers", "!2@2", "did you mean --reverse?");
    expect_error(state, "power cycle x", "!2@2", "N is a number");
    expect_error(state, "power", "!2@0", "no command \"power\"");
    expect_error(state, "power off", "!2@0", "no command \"power\"");
    expect_error(state, "'boot plan'", "!2@0", "no command \"boot plan\"");
    expect(state, "help boot plan", "help | boot plan");
    expect(state, "help boot", "help | boot");
    expect(state, "boot plan --help", "help | boot plan");
    expect(state, "boot web1 --help", "help | boot");
    expect_error(state, "help boot plam", "!2@2", "there is no command \"boot plam\"");
    expect_error(state, "help start boot", "!2@2", "there is no command \"start boot\"");
    char *usage = command_usage(command_find("boot stop"));
    assert_string_equal(usage, "boot stop [--yes]");
    free(usage);
}

static void test_found_in_lines(void **state)
{
    (void)state;
    size_t len;
    assert_string_equal(command_find_in(false, "boot plan --reverse", &len)->name, "boot plan");
    assert_int_equal(len, 9);
    assert_string_equal(command_find_in(false, " boot   'plan' x", &len)->name, "boot plan");
    assert_int_equal(len, 14);
    assert_string_equal(command_find_in(true, "boot plane", &len)->name, "boot");
    assert_int_equal(len, 4);
    assert_string_equal(command_find_in(true, "boot && plan", NULL)->name, "boot");
    assert_null(command_find_in(true, "", NULL));
    assert_null(command_find_in(true, "# boot", NULL));
    assert_null(command_find_in(true, "power", NULL));
}

static void test_two_words_on_screen(void **state)
{
    expect(state, "boot plan", "boot plan |");
    expect_error(state, "boot stop", "!2@0", "boot stop is for the shell");
    fixture_selected[0] = "web1";
    expect(state, "boot on", "boot web1 | on");
    expect(state, "boot order=10 after=db1", "boot web1 | order=10 after=db1");
}

static void test_policy_words(void **state)
{
    expect(state, "boot web1 db1 order=10 after=web2,db1 once",
           "boot web1 db1 | order=10 after=web2,db1 once");
    expect(state, "boot name=web1 off", "boot web1 | off");
    expect_error(state, "boot order=1 on", "!1@1", "no domain fits");
    expect_error(state, "boot web1 order=ten", "!2@2", "boot: order is \"ten\"");
    expect_error(state, "boot web1 ordr=10", "!2@2", "did you mean \"order\"?");
    expect_error(state, "boot web1 on ordr=10", "!2@3", "did you mean \"order\"?");
    expect_error(state, "boot web1", "!2@2", "boot: WORD is missing");
    expect_error(state, "boot on", "!2@2", "which domain");
    expect_error(state, "boot pln", "!2@2", "did you mean \"plan\"?");
    expect_error(state, "boot web1 maybe", "!2@2", "mode is \"maybe\"");
    expect(state,
           "boot web1 health='serial:/a=b, c/' restart=", "boot web1 | health=serial:/a=b, c/ restart=");
}

/* ---- the program's own options ---- */

static bool cli(struct cli *c, struct error *e, const char *line)
{
    static word_list words;
    static char *argv[16];
    int argc = 0;
    words_free(&words);
    assert_true(words_split(line, &words, NULL));
    for (; argc < (int)words.len; argc++)
        argv[argc] = words.items[argc].text;
    argv[argc] = NULL;
    return cli_parse(argc, argv, c, e);
}

static void test_cli(void **state)
{
    (void)state;
    struct cli c;
    assert_true(cli(&c, NULL, "virtdeck -c a --connect=b -rc d --json start --paused web1"));
    assert_int_equal(c.uris.len, 3);
    assert_string_equal(c.uris.items[1], "b");
    assert_string_equal(c.uris.items[2], "d");
    assert_true(c.on[CLI_READ_ONLY] && c.on[CLI_JSON] && !c.on[CLI_CSV]);
    assert_int_equal(c.command, 7);
    cli_free(&c);
    assert_true(cli(&c, NULL, "virtdeck"));
    assert_int_equal(c.command, 1);
    cli_free(&c);
    assert_true(cli(&c, NULL, "virtdeck -f - --keep-going"));
    assert_string_equal(c.value[CLI_FILE], "-");
    cli_free(&c);
}

static void test_cli_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *line, *part;
    } cases[] = {
        {"virtdeck --jsno list", "did you mean --json?"},
        {"virtdeck -q", "there is no option -q"},
        {"virtdeck -c", "-c wants URI"},
        {"virtdeck --connect", "--connect wants URI"},
        {"virtdeck --json=1", "--json takes no value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cli c;
        struct error e = ERROR_INIT;
        assert_false(cli(&c, &e, cases[i].line));
        assert_int_equal(e.status, STATUS_USAGE);
        if (!strstr(error_text(&e), cases[i].part))
            fail_msg("%s: %s", cases[i].line, error_text(&e));
        error_clear(&e);
        cli_free(&c);
    }
}

static void test_cli_apply(void **state)
{
    struct fixture *f = *state;
    struct cli c;
    struct error e = ERROR_INIT;
    assert_true(cli(&c, NULL, "virtdeck -r -o interval=2 --theme nord -o interval=3"));
    assert_true(cli_apply(&c, &f->options, &e));
    assert_true(opt_number(&f->options, OPT_INTERVAL) == 3);
    assert_string_equal(opt_text(&f->options, OPT_THEME), "nord");
    assert_string_equal(f->options.v[OPT_THEME].origin, "--theme");
    assert_true(opt_bool(&f->options, OPT_READ_ONLY));
    cli_free(&c);
    assert_true(cli(&c, NULL, "virtdeck -o interval"));
    assert_false(cli_apply(&c, &f->options, &e));
    assert_non_null(strstr(error_text(&e), "NAME=VALUE"));
    cli_free(&c);
    assert_true(cli(&c, NULL, "virtdeck -o interval=-1"));
    assert_false(cli_apply(&c, &f->options, &e));
    error_clear(&e);
    cli_free(&c);
    assert_true(cli(&c, NULL, "virtdeck"));
    cli_free(&c);
}

#define SHELL(name)  cmocka_unit_test_setup_teardown(name, setup_shell, teardown)
#define SCREEN(name) cmocka_unit_test_setup_teardown(name, setup_screen, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SHELL(test_find),
        SHELL(test_usage),
        SHELL(test_targets_and_words),
        SHELL(test_mistakes),
        SHELL(test_options),
        SHELL(test_doors_shell),
        SCREEN(test_doors_screen),
        SCREEN(test_default_targets),
        SHELL(test_read_only),
        SHELL(test_question_shell),
        SCREEN(test_question_screen),
        SHELL(test_check),
        SHELL(test_two_words),
        SHELL(test_found_in_lines),
        SCREEN(test_two_words_on_screen),
        SHELL(test_policy_words),
        SHELL(test_cli),
        SHELL(test_cli_mistakes),
        SHELL(test_cli_apply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
