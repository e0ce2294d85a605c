/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include "model/vm.h"

static void states_have_virshs_words(void **state)
{
    (void)state;
    assert_string_equal(vm_state_name(VM_RUNNING), "running");
    assert_string_equal(vm_state_name(VM_SHUTOFF), "shut off");
    assert_string_equal(vm_state_name(VM_PMSUSPENDED), "pmsuspended");
    for (int s = 0; s < VM_STATE_COUNT; s++) {
        assert_non_null(vm_state_name((enum vm_state)s));
    }
    assert_string_equal(vm_state_name((enum vm_state)99), "no state");
    assert_string_equal(vm_state_name((enum vm_state) - 1), "no state");
}

static void only_what_is_off_is_inactive(void **state)
{
    (void)state;
    for (int s = 0; s < VM_STATE_COUNT; s++) {
        assert_int_equal(vm_state_is_active((enum vm_state)s), s != VM_SHUTOFF);
    }
    assert_false(vm_state_is_active((enum vm_state)99));
}

static void *hold_and_drop(void *def)
{
    for (int i = 0; i < 10000; i++) {
        domdef_unref(domdef_ref(def));
    }
    domdef_unref(def);
    return NULL;
}

static void the_last_of_many_threads_frees(void **state)
{
    struct domdef *def = xcalloc(1, sizeof(*def));
    pthread_t threads[4];
    (void)state;
    def->refs = 1;
    def->title = xstrdup("title");
    vec_push(&def->devices, ((struct vm_device){.name = xstrdup("vda"), .mac = xstrdup("52:54")}));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_drop, domdef_ref(def)), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(def->refs, 1);
    domdef_unref(def);
    assert_null(domdef_ref(NULL));
    domdef_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_have_virshs_words),
        cmocka_unit_test(only_what_is_off_is_inactive),
        cmocka_unit_test(the_last_of_many_threads_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
