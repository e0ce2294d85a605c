/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include "model/snapshot.h"

static struct vm_uuid numbered(unsigned char n)
{
    return (struct vm_uuid){{n}};
}

static void a_new_one_knows_nothing(void **state)
{
    struct snapshot *s = snapshot_new(2);
    (void)state;
    assert_int_equal(s->refs, 1);
    assert_int_equal(s->n_vms, 2);
    const struct vm *vm = &s->vms[1];
    const double figures[] = {vm->cpu, vm->vcpus, vm->vcpus_max, vm->mem_kib, vm->maxmem_kib, vm->rx,
                              vm->tx,  vm->rd,    vm->wr,        vm->rd_ops,  vm->wr_ops,     vm->uptime_s};
    for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
        assert_true(isnan(figures[i]));
    }
    assert_int_equal(vm->id, -1);
    assert_string_equal(vm->reason, "");
    assert_int_equal(vm->sampled_ms, 0);
    snapshot_unref(s);
    s = snapshot_new(0);
    struct vm_uuid u = numbered(1);
    assert_null(snapshot_find(s, &u));
    assert_null(snapshot_find(NULL, &u));
    snapshot_unref(s);
    assert_null(snapshot_ref(NULL));
    snapshot_unref(NULL);
}

static void a_copy_lives_without_its_model(void **state)
{
    struct snapshot *s = snapshot_new(2);
    (void)state;
    s->seq = 9;
    s->host.name = xstrdup("kvm7");
    s->host.state = HOST_UP;
    s->counts[VM_RUNNING] = 2;
    s->vms[1].uuid = numbered(5);
    s->vms[1].name = xstrdup("web1");
    s->vms[1].ip = xstrdup("10.0.0.1");
    s->vms[1].reason = s->vms[1].fault = xstrdup("disk full on vda");
    s->vms[1].def = xcalloc(1, sizeof(struct domdef));
    s->vms[1].def->refs = 1;
    s->vms[1].n_rates = 1;
    s->vms[1].rates = xcalloc(1, sizeof(struct vm_device_rate));
    strcpy(s->vms[1].rates[0].name, "vda");
    struct snapshot *copy = snapshot_copy(s);
    assert_int_equal(s->vms[1].def->refs, 2);
    snapshot_unref(s);

    struct vm_uuid u = numbered(5);
    const struct vm *vm = snapshot_find(copy, &u);
    assert_ptr_equal(vm, &copy->vms[1]);
    assert_string_equal(vm->name, "web1");
    assert_string_equal(vm->ip, "10.0.0.1");
    assert_string_equal(vm->reason, "disk full on vda");
    assert_string_equal(vm->rates[0].name, "vda");
    assert_int_equal(vm->def->refs, 1);
    assert_string_equal(copy->host.name, "kvm7");
    assert_int_equal(copy->seq, 9);
    assert_int_equal(copy->refs, 1);
    assert_int_equal(copy->counts[VM_RUNNING], 2);
    snapshot_unref(copy);
}

static void *hold_and_drop(void *s)
{
    for (int i = 0; i < 10000; i++) {
        snapshot_unref(snapshot_ref(s));
    }
    snapshot_unref(s);
    return NULL;
}

static void many_threads_may_hold_one(void **state)
{
    struct snapshot *s = snapshot_new(3);
    pthread_t threads[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_drop, snapshot_ref(s)), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(s->refs, 1);
    snapshot_unref(s);
}

static void *find_all(void *s)
{
    const struct snapshot *snapshot = s;
    for (size_t i = 0; i < snapshot->n_vms; i++) {
        struct vm_uuid u = snapshot->vms[i].uuid;
        if (snapshot_find(snapshot, &u) != &snapshot->vms[i]) {
            return s;
        }
    }
    return NULL;
}

static void large_ones_are_searched_by_many(void **state)
{
    struct snapshot *s = snapshot_new(3000);
    pthread_t threads[4];
    (void)state;
    for (unsigned i = 0; i < s->n_vms; i++) {
        memcpy(s->vms[i].uuid.b, &i, sizeof(i));
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, find_all, s), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    struct vm_uuid missing = {{0xff, 0xff, 0xff, 0xff}};
    assert_null(snapshot_find(s, &missing));
    struct snapshot *copy = snapshot_copy(s);
    assert_ptr_equal(snapshot_find(copy, &s->vms[9].uuid), &copy->vms[9]);
    snapshot_unref(s);
    snapshot_unref(copy);
}

static void host_states_have_names(void **state)
{
    (void)state;
    for (int i = 0; i <= HOST_CLOSED; i++) {
        assert_true(host_state_name((enum host_state)i)[0]);
    }
    assert_string_equal(host_state_name((enum host_state)99), "idle");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_one_knows_nothing),   cmocka_unit_test(a_copy_lives_without_its_model),
        cmocka_unit_test(many_threads_may_hold_one), cmocka_unit_test(large_ones_are_searched_by_many),
        cmocka_unit_test(host_states_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
