/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What two lookup threads answer about one domain, in whatever order: the newest definition stays.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "model/domdef.h"
#include "virt/private.h"

static struct note answer(const struct dom *d, unsigned number, const char *title)
{
    char *xml = xasprintf("<domain type='test'><name>a</name><title>%s</title></domain>", title);
    struct note n = {.type = NOTE_DEFINITION, .uuid = d->uuid, .generation = 1, .number = number};
    n.def = domdef_parse(xml, strlen(xml), NULL);
    free(xml);
    return n;
}

static void tell(struct host *h, struct dom *d, unsigned number, const char *title)
{
    struct note n = answer(d, number, title);
    inventory_apply(h, &n);
    note_clear(&n);
}

static void an_older_answer_comes_last(void **state)
{
    (void)state;
    struct host h = {.generation = 1};
    struct dom d = {.uuid = {{1}}, .def_number = 2, .def_wanted = true};
    vmmap_set(&h.table, 0, &d.uuid, &d);
    tell(&h, &d, 2, "new");
    assert_false(d.def_wanted);
    tell(&h, &d, 1, "old");
    assert_string_equal(d.vm.def->title, "new");
    assert_false(d.def_wanted);
    domdef_unref(d.vm.def);
    vmmap_free(&h.table);
}

/* Asked before the last change: it is shown, and the newer one is still wanted. */
static void an_older_answer_comes_first(void **state)
{
    (void)state;
    struct host h = {.generation = 1};
    struct dom d = {.uuid = {{1}}, .def_number = 2, .def_wanted = true};
    vmmap_set(&h.table, 0, &d.uuid, &d);
    tell(&h, &d, 1, "old");
    assert_string_equal(d.vm.def->title, "old");
    assert_true(d.def_wanted);
    tell(&h, &d, 2, "new");
    assert_string_equal(d.vm.def->title, "new");
    assert_false(d.def_wanted);
    domdef_unref(d.vm.def);
    vmmap_free(&h.table);
}

/* libvirt keeps it back: it stays wanted, nothing that was known goes, and the flag goes with the next
 * answer. */
static void a_call_that_does_not_end(void **state)
{
    (void)state;
    struct host h = {.generation = 1};
    struct dom d = {.uuid = {{1}}, .def_number = 1, .def_wanted = true};
    struct note stuck = {
        .type = NOTE_DEFINITION, .uuid = d.uuid, .generation = 1, .number = 2, .stuck = true};
    vmmap_set(&h.table, 0, &d.uuid, &d);
    tell(&h, &d, 1, "old");
    d.def_number = 2;
    d.def_wanted = true;
    inventory_apply(&h, &stuck);
    assert_true(d.vm.flags & VM_STUCK);
    assert_true(d.def_wanted);
    assert_string_equal(d.vm.def->title, "old");
    tell(&h, &d, 2, "new");
    assert_false(d.vm.flags & VM_STUCK);
    assert_false(d.def_wanted);
    domdef_unref(d.vm.def);
    vmmap_free(&h.table);
}

/* Statistics in bulk say nothing of them. */
static void vcpus_of_one_that_runs(void **state)
{
    (void)state;
    static const char xml[] = "<domain type='test'><name>a</name><vcpu current='2'>4</vcpu></domain>";
    struct host h = {.generation = 1};
    struct dom d = {.uuid = {{1}}, .def_number = 1, .def_wanted = true};
    struct note n = {.type = NOTE_DEFINITION, .uuid = d.uuid, .generation = 1, .number = 1};
    vm_set_unknown(&d.vm);
    d.vm.state = VM_RUNNING;
    n.def = domdef_parse(xml, strlen(xml), NULL);
    vmmap_set(&h.table, 0, &d.uuid, &d);
    inventory_apply(&h, &n);
    assert_true(d.vm.vcpus == 2);
    assert_true(d.vm.vcpus_max == 4);
    note_clear(&n);
    domdef_unref(d.vm.def);
    vmmap_free(&h.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_does_not_end),
        cmocka_unit_test(vcpus_of_one_that_runs),
        cmocka_unit_test(an_older_answer_comes_last),
        cmocka_unit_test(an_older_answer_comes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
