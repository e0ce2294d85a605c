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
#include "model/column.h"

/* A row with everything it needs, all of it unknown. */
struct fixture {
    struct host_info host;
    struct vm vm;
    struct domdef def;
    struct row row;
};

static struct fixture *unknown_row(void)
{
    struct fixture *f = xcalloc(1, sizeof(*f));
    vm_set_unknown(&f->vm);
    f->host.state = HOST_UP;
    f->def.autostart_order = -1;
    f->def.memory_kib = f->def.maxmem_kib = NAN;
    f->row = (struct row){.host = &f->host,
                          .vm = &f->vm,
                          .now_ms = 100000,
                          .now_wall_ms = 1700000000000,
                          .stale_ms = 3000,
                          .warn_percent = 80,
                          .bad_percent = 95,
                          .unicode = true};
    return f;
}

static char *cell(const char *id, const struct row *r)
{
    struct strbuf out = {0};
    const struct column *c = column_find(id);
    assert_non_null(c);
    c->text(r, &out);
    return strbuf_steal(&out);
}

static void assert_cell(const char *id, const struct row *r, const char *wanted)
{
    char *text = cell(id, r);
    assert_string_equal(text, wanted);
    free(text);
}

static void every_row_of_the_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_columns; i++) {
        const struct column *c = &columns[i];
        assert_true(c->id[0] && c->title[0] && strlen(c->help) > 5);
        assert_non_null(c->text);
        assert_true((c->type == COLUMN_TEXT) == (c->value != NULL));
        assert_true((c->type == COLUMN_TEXT) == (c->number == NULL));
        assert_true(c->min_width > 0 && c->min_width <= c->width);
        assert_true(c->max_width == 0 || c->width <= c->max_width);
        assert_true(c->priority > 0 || strcmp(c->id, "name") == 0);
        assert_true(text_width(c->title) <= c->width);
        const char *ascii = c->ascii_title ? c->ascii_title : c->title;
        for (const char *p = ascii; *p; p++) {
            assert_true(*p > 0);
        }
        assert_ptr_equal(column_find(c->id), c);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(columns[k].id, c->id);
        }
    }
}

static void the_contracts_ids_are_there(void **state)
{
    static const char *const ids[] = {"name",  "uuid",   "id",     "state", "reason", "cpu",  "vcpus",
                                      "mem",   "maxmem", "rx",     "tx",    "rd",     "wr",   "autostart",
                                      "order", "ip",     "uptime", "title", "os",     "host", "age"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        assert_non_null(column_find(ids[i]));
        assert_string_equal(column_find(ids[i])->id, ids[i]);
    }
    assert_ptr_equal(column_find("CPU"), column_find("cpu"));
    assert_ptr_equal(column_find("vcpu"), column_find("vcpus"));
    assert_null(column_find("nonsense"));
    assert_null(column_find(""));
    assert_string_equal(column_nearest("uptme"), "uptime");
    assert_null(column_nearest("zzzzzzzz"));
}

/* narrow_of names columns, and the stand-in is narrower than they are. */
static void narrow_columns_stand_for_others(void **state)
{
    (void)state;
    size_t found = 0;
    for (size_t i = 0; i < n_columns; i++) {
        if (!columns[i].narrow_of) {
            continue;
        }
        int width = -1;
        char *words = xstrdup(columns[i].narrow_of);
        char *rest = words;
        for (char *word; (word = strtok_r(rest, " ", &rest));) {
            assert_non_null(column_find(word));
            width += column_find(word)->width + 1;
        }
        assert_true(columns[i].width < width);
        free(words);
        found++;
    }
    assert_int_equal(found, 3);
}

/* Nothing known: a dash or a word, never a figure. */
static void the_unknown_is_never_zero(void **state)
{
    struct fixture *f = unknown_row();
    (void)state;
    for (int with_def = 0; with_def < 2; with_def++) {
        f->vm.def = with_def ? &f->def : NULL;
        for (size_t i = 0; i < n_columns; i++) {
            const struct column *c = &columns[i];
            char *text = cell(c->id, &f->row);
            if (c->number && !(with_def && strcmp(c->id, "agent") == 0)) {
                assert_true(isnan(c->number(&f->row)));
                assert_null(strchr(text, '0'));
                assert_non_null(strstr(text, "–"));
            }
            if (c->level) {
                assert_true(c->level(&f->row) <= LEVEL_BAD);
            }
            free(text);
        }
    }
    /* A known whole does not make a known share. */
    f->def.vcpus = 2;
    f->def.maxmem_kib = 1024;
    assert_true(isnan(column_find("cpubar")->number(&f->row)));
    assert_true(isnan(column_find("membar")->number(&f->row)));
    f->row.unicode = false;
    assert_cell("cpu", &f->row, "-");
    assert_cell("ip", &f->row, "-");
    free(f);
}

static void cells_for_people(void **state)
{
    struct fixture *f = unknown_row();
    struct vm *vm = &f->vm;
    (void)state;
    vm->name = (char *)"db1";
    vm->state = VM_RUNNING;
    vm->id = 7;
    vm->cpu = 187.2;
    vm->vcpus = 8;
    vm->mem_kib = 12.1 * 1024 * 1024;
    vm->maxmem_kib = 16 * 1024 * 1024;
    vm->rx = 1.2 * 1024 * 1024;
    vm->tx = 8.4 * 1024 * 1024;
    vm->rd = 0;
    vm->uptime_s = 8;
    vm->sampled_ms = 99800;
    vm->flags = VM_FLAGS_KNOWN | VM_AUTOSTART | VM_PERSISTENT;
    assert_cell("name", &f->row, "db1");
    assert_cell("state", &f->row, "running");
    assert_cell("id", &f->row, "7");
    assert_cell("cpu", &f->row, "187.2");
    assert_cell("cpubar", &f->row, "23%");
    assert_cell("vcpus", &f->row, "8");
    assert_cell("mem", &f->row, "12.1/16G");
    assert_cell("rx", &f->row, "1.2M");
    assert_cell("net", &f->row, "1.2M 8.4M");
    assert_cell("disk", &f->row, "   0    –");
    assert_cell("uptime", &f->row, "8s");
    assert_cell("age", &f->row, "0.2s");
    assert_cell("autostart", &f->row, "on");
    assert_cell("persistent", &f->row, "yes");
    assert_cell("save", &f->row, "no");
    assert_true(column_find("net")->number(&f->row) == vm->rx + vm->tx);
    assert_true(column_find("disk")->number(&f->row) == 0);
    assert_true(column_find("age")->number(&f->row) == 200);
    vm->flags = VM_FLAGS_KNOWN | VM_AUTOSTART_ONCE;
    assert_cell("autostart", &f->row, "once");
    vm->flags = VM_FLAGS_KNOWN;
    assert_cell("autostart", &f->row, "off");
    vm->since_wall_ms = 1700000000000;
    char scratch[COLUMN_SCRATCH];
    assert_string_equal(column_find("since")->value(&f->row, scratch), "2023-11-14T22:13:20Z");
    vm->def = &f->def;
    f->def.description = (char *)"\n first\nsecond";
    assert_cell("description", &f->row, "first");
    free(f);
}

/* What really becomes of it, as far as that was worked out. */
static void autostart_tells_the_truth(void **state)
{
    static const struct {
        enum vm_autostart a;
        int order;
        const char *text, *ascii, *value;
        enum level level;
    } cases[] = {
        {AUTOSTART_ORDERED, 10, "10 ▶", "10 >", "ordered", LEVEL_GOOD},
        {AUTOSTART_ORDERED, -1, "▶", ">", "ordered", LEVEL_GOOD},
        {AUTOSTART_BLOCKED, 30, "30 ⚠", "30 !", "blocked", LEVEL_WARN},
        {AUTOSTART_NOBODY, 10, "10 ✖", "10 x", "nobody", LEVEL_BAD},
        {AUTOSTART_NATIVE, -1, "on", "on", "on", LEVEL_NORMAL},
        {AUTOSTART_ONCE, -1, "once", "once", "once", LEVEL_NORMAL},
        {AUTOSTART_OFF, 10, "off", "off", "off", LEVEL_DIM},
        {AUTOSTART_UNKNOWN, 10, "–", "-", NULL, LEVEL_DIM}, /* not worked out yet */
    };
    const struct column *c = column_find("autostart");
    char scratch[COLUMN_SCRATCH];
    struct fixture *f = unknown_row();
    (void)state;
    f->vm.def = &f->def;
    f->vm.flags = VM_FLAGS_KNOWN | VM_AUTOSTART;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f->vm.autostart = cases[i].a;
        f->def.autostart_order = cases[i].order;
        f->row.unicode = true;
        assert_cell("autostart", &f->row, cases[i].text);
        f->row.unicode = false;
        assert_cell("autostart", &f->row, cases[i].ascii);
        const char *value = c->value(&f->row, scratch);
        assert_true(value ? cases[i].value && strcmp(value, cases[i].value) == 0 : !cases[i].value);
        assert_int_equal(c->level(&f->row), cases[i].level);
    }
    free(f);
}

static void the_state_tells_why(void **state)
{
    static const struct {
        enum vm_state state;
        const char *reason, *text, *brief;
        enum level level;
    } cases[] = {
        {VM_RUNNING, "booted", "running", "running", LEVEL_GOOD},
        {VM_PAUSED, "user", "paused", "paused", LEVEL_NOTICE},
        {VM_PAUSED, "by user", "paused", "paused", LEVEL_NOTICE},
        {VM_PAUSED, "disk full on vda", "paused: disk full on vda", "disk full on vda", LEVEL_BAD},
        {VM_PAUSED, "I/O error", "paused: I/O error", "I/O error", LEVEL_BAD},
        {VM_PAUSED, "migrating", "paused: migrating", "migrating", LEVEL_NOTICE},
        {VM_PAUSED, "", "paused", "paused", LEVEL_NOTICE},
        {VM_PAUSED, NULL, "paused", "paused", LEVEL_NOTICE},
        {VM_SHUTOFF, "destroyed", "shut off", "shut off", LEVEL_DIM},
        {VM_SHUTOFF, "crashed", "off: crashed", "crashed", LEVEL_BAD},
        {VM_SHUTOFF, "saved", "off: saved", "saved", LEVEL_DIM},
        {VM_SHUTOFF, "daemon ended it", "off: daemon ended it", "daemon ended it", LEVEL_DIM},
        {VM_CRASHED, "guest panicked", "crashed: guest panicked", "guest panicked", LEVEL_BAD},
        {VM_CRASHED, "", "crashed", "crashed", LEVEL_BAD},
    };
    struct fixture *f = unknown_row();
    char scratch[COLUMN_SCRATCH];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        f->vm.state = cases[i].state;
        f->vm.reason = cases[i].reason;
        assert_cell("state", &f->row, cases[i].text);
        assert_cell("brief", &f->row, cases[i].brief);
        assert_int_equal(column_find("state")->level(&f->row), cases[i].level);
        assert_string_equal(column_find("state")->value(&f->row, scratch), vm_state_name(cases[i].state));
    }
    f->vm.state = (enum vm_state)77;
    assert_cell("state", &f->row, "no state");
    assert_int_equal(column_find("state")->level(&f->row), LEVEL_WARN);
    free(f);
}

static void thresholds_and_age_give_levels(void **state)
{
    struct fixture *f = unknown_row();
    const struct column *cpu = column_find("cpu"), *mem = column_find("mem"), *rd = column_find("rd");
    (void)state;
    f->vm.vcpus = 2;
    f->vm.cpu = 150;
    assert_int_equal(cpu->level(&f->row), LEVEL_NORMAL);
    f->vm.cpu = 160;
    assert_int_equal(cpu->level(&f->row), LEVEL_WARN);
    f->vm.cpu = 190;
    assert_int_equal(cpu->level(&f->row), LEVEL_BAD);
    f->row.warn_percent = f->row.bad_percent = 0;
    assert_int_equal(cpu->level(&f->row), LEVEL_NORMAL);
    f->row.bad_percent = 95;
    f->vm.maxmem_kib = 1000;
    f->vm.mem_kib = 960;
    assert_int_equal(mem->level(&f->row), LEVEL_BAD);
    f->vm.mem_kib = 1000; /* the balloon's size, not what is used */
    assert_int_equal(mem->level(&f->row), LEVEL_NORMAL);
    f->vm.rd = 10;
    f->vm.dear_ms = 99000;
    assert_int_equal(rd->level(&f->row), LEVEL_NORMAL);
    f->vm.dear_ms = 90000;
    assert_int_equal(rd->level(&f->row), LEVEL_DIM);
    assert_false(row_is_stale(&f->row));
    f->vm.sampled_ms = 97000;
    assert_false(row_is_stale(&f->row));
    f->vm.sampled_ms = 96999;
    assert_true(row_is_stale(&f->row));
    f->vm.sampled_ms = 99999;
    f->host.state = HOST_LOST;
    assert_true(row_is_stale(&f->row));
    free(f);
}

static int order(const char *id, bool descending, const struct fixture *a, const struct fixture *b)
{
    int forth = column_compare(column_find(id), descending, &a->row, &b->row);
    int back = column_compare(column_find(id), descending, &b->row, &a->row);
    assert_true((forth < 0) == (back > 0) && (forth == 0) == (back == 0));
    return (forth > 0) - (forth < 0);
}

static void the_order_is_total_and_the_unknown_last(void **state)
{
    struct fixture *a = unknown_row(), *b = unknown_row();
    (void)state;
    a->vm.name = (char *)"vm2";
    b->vm.name = (char *)"vm10";
    assert_int_equal(order("name", false, a, b), -1);
    assert_int_equal(order("name", true, a, b), 1);
    assert_int_equal(order("cpu", false, a, b), -1); /* both unknown: by name */
    assert_int_equal(order("cpu", true, a, b), -1);
    a->vm.cpu = 5;
    assert_int_equal(order("cpu", false, a, b), -1);
    assert_int_equal(order("cpu", true, a, b), -1);
    b->vm.cpu = 6;
    assert_int_equal(order("cpu", false, a, b), -1);
    assert_int_equal(order("cpu", true, a, b), 1);
    b->vm.ip = (char *)"10.0.0.1";
    assert_int_equal(order("ip", false, a, b), 1);
    assert_int_equal(order("ip", true, a, b), 1);
    b->vm.name = (char *)"vm2";
    assert_int_equal(order("uptime", true, a, b), 0);
    b->vm.uuid.b[0] = 1;
    assert_int_equal(order("uptime", true, a, b), -1);
    b->vm.uuid.b[0] = 0;
    b->host.id = 1;
    assert_int_equal(order("uptime", false, a, b), -1);
    a->vm.name = NULL;
    assert_int_equal(order("name", false, b, a), -1);
    free(a);
    free(b);
}

static void lists_of_ids(void **state)
{
    column_list list = {0};
    struct error e = ERROR_INIT;
    (void)state;
    assert_true(column_parse_list("name, CPU ,mem,name", &list, &e));
    assert_int_equal(list.len, 3);
    assert_string_equal(list.items[1]->id, "cpu");
    assert_true(column_parse_list("all", &list, &e));
    assert_int_equal(list.len, n_columns);
    list.len = 0;
    assert_true(column_parse_list("default", &list, &e));
    assert_true(list.len > 8 && list.len < n_columns);
    list.len = 0;
    assert_false(column_parse_list("name,  uptme", &list, &e));
    assert_int_equal(list.len, 0);
    assert_int_equal(e.position, 7);
    assert_int_equal(e.status, STATUS_USAGE);
    assert_non_null(strstr(error_text(&e), "\"uptme\""));
    assert_non_null(strstr(error_text(&e), "\"uptime\""));
    assert_false(column_parse_list("", &list, &e));
    assert_false(column_parse_list("name,,cpu", &list, &e));
    assert_int_equal(e.position, 5);
    assert_false(column_parse_list("name,", &list, NULL));
    assert_false(column_parse_list("\xff\xfe\x1b[0m", &list, &e));
    error_clear(&e);
    free(list.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_is_whole),
        cmocka_unit_test(the_contracts_ids_are_there),
        cmocka_unit_test(narrow_columns_stand_for_others),
        cmocka_unit_test(the_unknown_is_never_zero),
        cmocka_unit_test(cells_for_people),
        cmocka_unit_test(autostart_tells_the_truth),
        cmocka_unit_test(the_state_tells_why),
        cmocka_unit_test(thresholds_and_age_give_levels),
        cmocka_unit_test(the_order_is_total_and_the_unknown_last),
        cmocka_unit_test(lists_of_ids),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
