/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "model/filter.h"

static struct host_info host = {.state = HOST_UP, .name = (char *)"kvm7"};
static struct domdef def = {.refs = 1,
                            .title = (char *)"Billing Server",
                            .os = (char *)"win10",
                            .tags = (char *)"db prod",
                            .autostart_order = -1};
static struct vm vm;
static struct row row = {.host = &host, .vm = &vm, .now_ms = 100000, .stale_ms = 3000};

static int web1(void **state)
{
    (void)state;
    vm_set_unknown(&vm);
    vm.name = (char *)"web1";
    vm.def = &def;
    vm.state = VM_RUNNING;
    vm.cpu = 60;
    vm.vcpus = 2;
    vm.mem_kib = 3 * 1024 * 1024;
    vm.rx = 2 * 1024 * 1024;
    vm.uptime_s = 1800;
    vm.ip = (char *)"10.0.0.21 fe80::1";
    vm.flags = VM_FLAGS_KNOWN | VM_PERSISTENT | VM_AUTOSTART;
    vm.sampled_ms = 99500;
    return 0;
}

static bool matches(const char *text)
{
    struct error e = ERROR_INIT;
    struct filter *f = filter_compile(text, &e);
    if (!f) {
        fail_msg("%s: %s", text, error_text(&e));
    }
    bool yes = filter_match(f, &row);
    filter_free(f);
    return yes;
}

static void assert_all(const char *const *texts, bool wanted)
{
    for (; *texts; texts++) {
        if (matches(*texts) != wanted) {
            fail_msg("%s should %smatch", *texts, wanted ? "" : "not ");
        }
    }
}

static void words_look_everywhere(void **state)
{
    static const char *const yes[] = {
        "web",  "WEB", "bill", "prod", "10.0.0.21", "web*", "w?b[0-9]", "\"g s\"", "'Billing Server'",
        "fe80", NULL};
    static const char *const no[] = {"db1", "eb*", "Web*", "\"web*\"", "win10", "\"running\"", NULL};
    (void)state;
    assert_all(yes, true);
    assert_all(no, false);
}

static void comparisons(void **state)
{
    static const char *const yes[] = {
        "state=running", "STATE=Running",  "state!=shutoff", "state!=\"shut off\"",
        "state=run*",    "state~RUN",      "cpu>50",         "cpu >= 60",
        "cpu<=60%",      "cpu!=50",        "cpu<1e3",        "mem>=2G",
        "mem=3G",        "mem<3.5GiB",     "mem=3145728",    "rx>1M",
        "rx=2097152",    "uptime<1h",      "uptime>=30m",    "uptime=1800",
        "age<1s",        "age<=500",       "host=kvm7",      "host=kvm*",
        "os=win*",       "os!=debian*",    "title~server",   "tag=prod",
        "tags=db",       "tag=pr*",        "tag!=pro",       "ip=10.0.0.*",
        "ip=fe80::1",    "persistent=yes", "persistent=ON",  "saved|save=no",
        "autostart=on",  "vcpus=2",        "vcpu==2",        "name<x",
        "name>=web1",    "name=web1",      "reason=\"\"",    "tx=\"\"",
        "rx!=\"\"",      "cpugraph>50",    "cpubar>29",      NULL};
    static const char *const no[] = {"state=shutoff",
                                     "state='shut off'",
                                     "cpu>60",
                                     "cpu<50",
                                     "mem>=4G",
                                     "rx<1M",
                                     "uptime>1h",
                                     "host=kvm",
                                     "os=debian12",
                                     "os!=win*",
                                     "tag=pro",
                                     "tag!=prod",
                                     "ip=10.0.0.2",
                                     "persistent=no",
                                     "autostart=once",
                                     "name=WEB1",
                                     "tx>=0",
                                     "tx<0",
                                     "tx=0",
                                     "wr>0",
                                     "reason~x",
                                     "title=\"\"",
                                     "ip!=10.0.0.21",
                                     "order>=0",
                                     NULL};
    (void)state;
    assert_all(yes, true);
    assert_all(no, false);
    assert_true(matches("tx!=0")); /* unknown is not 0 */
}

static void combinations(void **state)
{
    static const char *const yes[] = {"web cpu>50",
                                      "db1 | web1",
                                      "db1|web1",
                                      "db1||web1",
                                      "!db1",
                                      "!!web",
                                      "! ! web",
                                      "!(db1 | db2) web",
                                      "(((web)))",
                                      "db1 | !(cpu<50) web",
                                      "web !cpu<50",
                                      "state=running cpu>50",
                                      "db db1 | web",
                                      "web&|x|web",
                                      NULL};
    static const char *const no[] = {"web cpu>70",        "!web", "!!!web", "db1 | db2", "!(web | db1)",
                                     "web db1 | db2 web", NULL};
    (void)state;
    assert_all(yes, true);
    assert_all(no, false);
}

static void predicates(void **state)
{
    (void)state;
    assert_true(matches("running") && matches("ACTIVE") && matches("!idle") && matches("autostart"));
    assert_true(matches("persistent") && matches("!transient") && matches("!stale") && matches("!tagged"));
    assert_true(matches("!busy") && matches("!unknown") && matches("!agent") && matches("!crashed"));
    vm.cpu = 0.2;
    assert_true(matches("idle"));
    vm.cpu = NAN;
    assert_true(matches("!idle unknown"));
    vm.cpu = 150;
    assert_true(matches("busy"));
    vm.flags = 0;
    assert_true(matches("!persistent !transient !autostart !saved"));
    vm.flags = VM_FLAGS_KNOWN | VM_MANAGED_SAVE | VM_HAS_SNAPSHOT | VM_UPDATED | VM_AGENT_UP;
    assert_true(matches("transient saved snapshot changed agent"));
    vm.sampled_ms = 1;
    assert_true(matches("stale"));
    vm.state = VM_PAUSED;
    assert_true(matches("paused active !off !running"));
    vm.reason = "crashed";
    assert_true(matches("crashed"));
    vm.state = VM_SHUTOFF;
    assert_true(matches("off inactive crashed"));
    row.tagged = true;
    assert_true(matches("tagged"));
    row.tagged = false;
    for (const struct filter_predicate *p = filter_predicates; p->name; p++) {
        assert_true(strlen(p->help) > 5);
    }
}

static void rows_of_which_nothing_is_known(void **state)
{
    (void)state;
    vm_set_unknown(&vm);
    assert_false(matches("web"));
    assert_false(matches("web*"));
    assert_false(matches("tag=prod"));
    assert_false(matches("autostart=off"));
    assert_true(matches("tag!=prod"));
    assert_true(matches("name=\"\""));
    assert_true(matches("unknown"));
}

static void empty_lets_all_through(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    assert_null(filter_compile("", &e));
    assert_null(filter_compile(" \t\n ", &e));
    assert_null(filter_compile(NULL, &e));
    assert_int_equal(e.status, STATUS_OK);
    assert_true(filter_match(NULL, &row));
    filter_free(NULL);
}

static void mistakes_are_explained(void **state)
{
    static const struct {
        const char *text;
        int position;
        const char *says;
    } cases[] = {
        {"cpuu>5", 0, "did you mean \"cpu\""},
        {"web zzzzzz=5", 4, "zzzzzz"},
        {"cpu>much", 4, "percentage"},
        {"mem>2Q", 4, "2G"},
        {"uptime<soon", 7, "1h30m"},
        {"vcpus=two", 6, "number"},
        {"cpu~5", 4, "figure"},
        {"state=runing", 6, "did you mean \"running\""},
        {"state=off", 6, "shutoff"},
        {"autostart=yes", 10, "on off once"},
        {"persistent=maybe", 11, "yes or no"},
        {"cpu>", 4, "value"},
        {"state= ", 7, "shutoff"},
        {"cpu>)", 4, "value"},
        {"=5", 0, "missing"},
        {"web | ", 6, "ends"},
        {"| web", 0, "missing"},
        {"web || | x", 7, "missing"},
        {"!", 1, "ends"},
        {"()", 1, "missing"},
        {"(web", 0, "never closed"},
        {"web)", 3, "never opened"},
        {"name=\"web", 5, "never closed"},
        {"'web", 0, "never closed"},
        {"web \xff\xfe=\x1b", 4, "no column"},
        {"cpu>nan", 4, "percentage"},
        {"cpu>inf", 4, "percentage"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error e = ERROR_INIT;
        if (filter_compile(cases[i].text, &e)) {
            fail_msg("%s was taken", cases[i].text);
        }
        assert_int_equal(e.status, STATUS_USAGE);
        if (e.position != cases[i].position || !strstr(error_text(&e), cases[i].says)) {
            fail_msg("%s: at %d: %s", cases[i].text, e.position, error_text(&e));
        }
        error_clear(&e);
        assert_null(filter_compile(cases[i].text, NULL));
    }
}

static char *repeated(const char *unit, size_t times)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < times; i++) {
        strbuf_puts(&b, unit);
    }
    return strbuf_steal(&b);
}

static void giants_are_taken_or_refused(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    char *deep = repeated("(", 60000), *bangs = repeated("!", 60000), *many = repeated("a|", 30000),
         *huge = repeated("abcdefgh", 100000);
    assert_null(filter_compile(deep, &e));
    assert_non_null(strstr(error_text(&e), "nested"));
    assert_null(filter_compile(bangs, &e));
    assert_null(filter_compile(huge, &e));
    assert_non_null(strstr(error_text(&e), "longer"));
    assert_null(filter_compile(many, &e));
    many[strlen(many) - 1] = '\0';
    assert_false(matches(many));
    free(deep);
    free(bangs);
    free(many);
    free(huge);
    error_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(words_look_everywhere, web1),
        cmocka_unit_test_setup(comparisons, web1),
        cmocka_unit_test_setup(combinations, web1),
        cmocka_unit_test_setup(predicates, web1),
        cmocka_unit_test_setup(rows_of_which_nothing_is_known, web1),
        cmocka_unit_test_setup(empty_lets_all_through, web1),
        cmocka_unit_test_setup(mistakes_are_explained, web1),
        cmocka_unit_test_setup(giants_are_taken_or_refused, web1),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
