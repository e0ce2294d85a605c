/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "ui/table.h"
#include "ui/view.h"

static const struct row base = {.stale_ms = 3000, .warn_percent = 70, .bad_percent = 90, .unicode = true};

static void set_vm(struct snapshot *s, size_t i, unsigned char id, const char *name, double cpu)
{
    struct vm *vm = &s->vms[i];
    vm_set_unknown(vm);
    vm->uuid.b[15] = id;
    vm->uuid.b[0] = 1;
    vm->name = xstrdup(name);
    vm->state = isnan(cpu) ? VM_SHUTOFF : VM_RUNNING;
    vm->reason = "";
    vm->cpu = cpu;
}

/* Names and figures of domains; the UUID is the letter. */
static struct snapshot *host_of(int id, const char *names, const double *cpu)
{
    size_t n = strlen(names);
    struct snapshot *s = snapshot_new(n);
    s->host.id = id;
    free(s->host.name);
    s->host.name = xasprintf("host%d", id);
    s->host.state = HOST_UP;
    s->host.ticks = 3;
    for (size_t i = 0; i < n; i++) {
        char name[2] = {names[i], '\0'};
        set_vm(s, i, (unsigned char)names[i], name, cpu ? cpu[i] : 1);
    }
    return s;
}

static char *names_of(const struct view *v)
{
    static char out[256];
    size_t n = 0;
    for (size_t i = 0; i < v->rows.len; i++)
        n += (size_t)snprintf(out + n, sizeof(out) - n, "%s",
                              v->rows.items[i].vm ? v->rows.items[i].vm->name : "|");
    out[n] = '\0';
    return out;
}

static const char *current(const struct view *v)
{
    const struct view_row *r = view_current(v);
    return r && r->vm ? r->vm->name : NULL;
}

static void rebuild(struct view *v, struct snapshot *s)
{
    view_rebuild(v, &s, 1, &base);
}

static void test_sort(void **state)
{
    (void)state;
    struct view v;
    const double cpu[] = {5, NAN, 50, 0};
    struct snapshot *s = host_of(0, "cbad", cpu);
    view_init(&v);
    rebuild(&v, s);
    assert_string_equal(names_of(&v), "abcd");
    assert_true(view_set_sort(&v, "-cpu", NULL));
    rebuild(&v, s);
    assert_string_equal(names_of(&v), "acdb"); /* unknown last */
    assert_true(view_set_sort(&v, "cpu", NULL));
    rebuild(&v, s);
    assert_string_equal(names_of(&v), "dcab"); /* also the other way round */
    struct error e = ERROR_INIT;
    assert_false(view_set_sort(&v, "nonsense", &e));
    assert_non_null(strstr(error_text(&e), "nonsense"));
    error_clear(&e);
    view_free(&v);
    snapshot_unref(s);
}

static void test_cursor_follows(void **state)
{
    (void)state;
    struct view v;
    struct snapshot *s = host_of(0, "abcdef", NULL);
    view_init(&v);
    rebuild(&v, s);
    view_move_to(&v, 2);
    assert_string_equal(current(&v), "c");
    struct snapshot *more = host_of(0, "AB0abcdef", NULL);
    rebuild(&v, more);
    assert_string_equal(current(&v), "c");
    /* c has gone: the cursor stays where it was on the screen. */
    size_t at = v.cursor;
    struct snapshot *fewer = host_of(0, "AB0abdef", NULL);
    rebuild(&v, fewer);
    assert_int_equal(v.cursor, at);
    assert_string_equal(current(&v), "d");
    struct snapshot *one = host_of(0, "x", NULL);
    rebuild(&v, one);
    assert_string_equal(current(&v), "x");
    struct snapshot *none = host_of(0, "", NULL);
    rebuild(&v, none);
    assert_null(view_current(&v));
    rebuild(&v, one);
    assert_string_equal(current(&v), "x");
    view_free(&v);
    struct snapshot *all[] = {s, more, fewer, one, none};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        snapshot_unref(all[i]);
}

static void test_not_pinned_while_it_fills(void **state)
{
    (void)state;
    struct view v;
    struct snapshot *first = host_of(0, "m", NULL), *then = host_of(0, "abm", NULL);
    first->host.ticks = then->host.ticks = 0;
    view_init(&v);
    rebuild(&v, first);
    rebuild(&v, then);
    assert_string_equal(current(&v), "a");
    view_free(&v);
    snapshot_unref(first);
    snapshot_unref(then);
}

static void test_filter(void **state)
{
    (void)state;
    struct view v;
    const double cpu[] = {5, NAN, 50};
    struct snapshot *s = host_of(0, "abc", cpu);
    struct error e = ERROR_INIT;
    view_init(&v);
    assert_true(view_set_filter(&v, "state=running", &e));
    rebuild(&v, s);
    assert_string_equal(names_of(&v), "ac");
    assert_int_equal(v.shown, 2);
    assert_int_equal(v.total, 3);
    assert_false(view_set_filter(&v, "cpu>", &e));
    assert_string_equal(v.filter_text, "state=running"); /* the last good one stays */
    rebuild(&v, s);
    assert_string_equal(names_of(&v), "ac");
    assert_true(view_set_filter(&v, "", NULL));
    rebuild(&v, s);
    assert_string_equal(names_of(&v), "abc");
    error_clear(&e);
    view_free(&v);
    snapshot_unref(s);
}

static void test_groups(void **state)
{
    (void)state;
    struct view v;
    const double cpu[] = {5, NAN, 50};
    struct snapshot *hosts[] = {host_of(0, "abc", cpu), host_of(1, "xy", NULL)};
    view_init(&v);
    assert_true(view_set_group(&v, "host", NULL));
    view_rebuild(&v, hosts, 2, &base);
    assert_string_equal(names_of(&v), "|abc|xy");
    assert_string_equal(current(&v), "a");
    assert_int_equal(v.groups.items[0].count, 3);
    assert_true(v.groups.items[0].cpu == 55);
    assert_string_equal(v.groups.items[1].label, "host1");
    view_fold(&v, "host0");
    view_rebuild(&v, hosts, 2, &base);
    assert_string_equal(names_of(&v), "||xy");
    assert_int_equal(v.shown, 5);
    view_move_to(&v, 0); /* the header, which stays when others come */
    view_fold(&v, "host0");
    view_rebuild(&v, hosts, 2, &base);
    assert_int_equal(v.cursor, 0);
    assert_true(view_set_group(&v, "state", NULL));
    view_rebuild(&v, hosts, 2, &base);
    assert_string_equal(names_of(&v), "|acxy|b");
    assert_true(view_set_group(&v, "tag", NULL));
    view_rebuild(&v, hosts, 2, &base);
    assert_string_equal(names_of(&v), "|abcxy");
    assert_false(view_set_group(&v, "colour", NULL));
    view_free(&v);
    snapshot_unref(hosts[0]);
    snapshot_unref(hosts[1]);
}

static void test_tags(void **state)
{
    (void)state;
    struct view v;
    struct snapshot *s = host_of(0, "abc", NULL);
    view_init(&v);
    view_tag(&v, 0, &s->vms[1].uuid, true);
    view_tag(&v, 0, &s->vms[2].uuid, true);
    assert_true(view_tagged(&v, 0, &s->vms[1].uuid));
    assert_false(view_tagged(&v, 1, &s->vms[1].uuid)); /* another host's */
    view_tag(&v, 0, &s->vms[2].uuid, false);
    assert_int_equal(v.tags.len, 1);
    struct snapshot *gone = host_of(0, "ac", NULL);
    gone->host.state = HOST_LOST; /* a host that is away has not lost its domains */
    view_tag_prune(&v, &gone, 1);
    assert_int_equal(v.tags.len, 1);
    gone->host.state = HOST_UP;
    view_tag_prune(&v, &gone, 1);
    assert_int_equal(v.tags.len, 0);
    view_free(&v);
    snapshot_unref(s);
    snapshot_unref(gone);
}

static void test_scroll(void **state)
{
    (void)state;
    struct view v;
    struct snapshot *s = host_of(0, "abcdefghijklmnopqrstuvwxyz", NULL);
    view_init(&v);
    rebuild(&v, s);
    view_move(&v, 100);
    assert_string_equal(current(&v), "z");
    view_scroll_into(&v, 5);
    assert_int_equal(v.top, 21);
    view_move(&v, -100);
    view_scroll_into(&v, 5);
    assert_int_equal(v.top, 0);
    view_scroll(&v, 3, 5); /* the wheel takes the cursor along only when it must */
    assert_int_equal(v.top, 3);
    assert_int_equal(v.cursor, 3);
    view_scroll(&v, 100, 5);
    assert_int_equal(v.top, 21);
    view_scroll_into(&v, 50);
    assert_int_equal(v.top, 0);
    view_free(&v);
    snapshot_unref(s);
}

static void test_columns(void **state)
{
    (void)state;
    struct view v;
    struct error e = ERROR_INIT;
    view_init(&v);
    assert_true(view_set_columns(&v, "name,cpu,state", &e));
    assert_int_equal(v.n_columns, 3);
    view_find_column(&v, "name")->width = 33;
    assert_true(view_set_columns(&v, "cpu,name", &e));
    assert_int_equal(view_find_column(&v, "name")->width, 33);
    assert_false(view_set_columns(&v, "cpu,nome", &e));
    assert_int_equal(v.n_columns, 2);
    error_clear(&e);
    view_free(&v);
}

/* Whatever the width, columns stand side by side inside of it. */
static void test_fit(void **state)
{
    (void)state;
    struct view v;
    struct table_column cols[VIEW_MAX_COLUMNS];
    view_init(&v);
    for (int w = 1; w < 400; w++) {
        size_t n = table_fit_columns(&v, w, cols);
        int x = 0;
        for (size_t i = 0; i < n; i++) {
            assert_true(cols[i].x >= x);
            assert_true(cols[i].w > 0);
            x = cols[i].x + cols[i].w;
            assert_true(x <= w);
        }
    }
    assert_true(view_set_columns(&v, "all", NULL));
    assert_true(table_fit_columns(&v, 80, cols) > 0);
    view_free(&v);
}

/* The order of last time is only where sorting begins: whatever changes, the result is sorted. */
static void test_always_sorted(void **state)
{
    (void)state;
    struct view v;
    unsigned seed = 7;
    struct snapshot *s = snapshot_new(500);
    s->host.ticks = 1;
    for (size_t i = 0; i < s->n_vms; i++) {
        char name[32];
        snprintf(name, sizeof(name), "vm%zu", i);
        set_vm(s, i, (unsigned char)i, name, 0);
        s->vms[i].uuid.b[14] = (unsigned char)(i >> 8);
    }
    view_init(&v);
    view_set_sort(&v, "-cpu", NULL);
    for (int round = 0; round < 30; round++) {
        for (size_t i = 0; i < s->n_vms; i++)
            if (round % 3 == 0 || i % 50 == 0)
                s->vms[i].cpu = (double)(rand_r(&seed) % 100);
        rebuild(&v, s);
        assert_int_equal(v.rows.len, 500);
        for (size_t i = 1; i < v.rows.len; i++)
            assert_true(v.rows.items[i - 1].vm->cpu >= v.rows.items[i].vm->cpu);
    }
    view_free(&v);
    snapshot_unref(s);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort),   cmocka_unit_test(test_cursor_follows),
        cmocka_unit_test(test_filter), cmocka_unit_test(test_not_pinned_while_it_fills),
        cmocka_unit_test(test_groups), cmocka_unit_test(test_tags),
        cmocka_unit_test(test_scroll), cmocka_unit_test(test_columns),
        cmocka_unit_test(test_fit),    cmocka_unit_test(test_always_sorted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
