/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures out of records of statistics: what a domain does not tell is unknown, and no rate comes of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "virt/private.h"

#define SECOND_US 1000000

static virConnectPtr conn;
static struct dom dom;
static virTypedParameter params[16];
static virDomainStatsRecord record;

static int setup(void **state)
{
    (void)state;
    conn = virConnectOpen("test:///default");
    if (!conn)
        return -1;
    dom = (struct dom){.nic_count = -1, .disk_count = -1};
    vm_set_unknown(&dom.vm);
    dom.vm.state = VM_RUNNING;
    record = (virDomainStatsRecord){.dom = virDomainLookupByName(conn, "test"), .params = params};
    dom.vm.id = (int)virDomainGetID(record.dom);
    return record.dom ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    vec_free(&dom.devices);
    virDomainFree(record.dom);
    virConnectClose(conn);
    return 0;
}

static void add_number(const char *field, unsigned long long value)
{
    virTypedParameter *p = &params[record.nparams++];
    *p = (virTypedParameter){.type = VIR_TYPED_PARAM_ULLONG, .value.ul = value};
    snprintf(p->field, sizeof p->field, "%s", field);
}

static void add_text(const char *field, char *value)
{
    virTypedParameter *p = &params[record.nparams++];
    *p = (virTypedParameter){.type = VIR_TYPED_PARAM_STRING, .value.s = value};
    snprintf(p->field, sizeof p->field, "%s", field);
}

static void begin(void)
{
    static char vda[] = "vda";
    record.nparams = 0;
    add_number("block.count", 1);
    add_text("block.0.name", vda);
}

static void read_at(int second)
{
    stats_read_record(&dom, &record, (int64_t)second * SECOND_US, true);
}

static void disk(unsigned long long read, unsigned long long written)
{
    begin();
    add_number("block.0.rd.bytes", read);
    add_number("block.0.wr.bytes", written);
}

/* QEMU's driver, told not to wait, names the disks of a busy domain and has no figures of them. */
static void test_busy_domain_gives_no_spike(void **state)
{
    (void)state;
    disk(1000000, 0);
    read_at(1);
    disk(1000500, 0);
    read_at(2);
    assert_float_equal(dom.vm.rd, 500, 0.1);
    begin();
    read_at(3);
    assert_int_equal(dom.vm.dear_ms, 2000); /* and the old figures grow old */
    disk(1001500, 0);
    read_at(4);
    assert_float_equal(dom.vm.rd, 500, 0.1);
    assert_float_equal(dom.devices.items[0].in.value, 500, 0.1);
}

static void test_no_disks_is_no_rate(void **state)
{
    (void)state;
    for (int second = 1; second <= 2; second++) {
        record.nparams = 0;
        add_number("block.count", 0);
        read_at(second);
    }
    assert_float_equal(dom.vm.rd, 0, 0);
    assert_int_equal(dom.vm.dear_ms, 2000);
}

static void test_never_told_is_unknown(void **state)
{
    (void)state;
    for (int second = 1; second <= 3; second++) {
        begin();
        read_at(second);
    }
    assert_true(isnan(dom.vm.rd));
    assert_true(isnan(dom.vm.wr));
    assert_int_equal(dom.vm.dear_ms, 0);
}

static void test_counter_that_runs_backwards(void **state)
{
    (void)state;
    disk(1000000, 0);
    read_at(1);
    disk(10, 0);
    read_at(2);
    assert_true(isnan(dom.vm.rd));
    disk(110, 0);
    read_at(3);
    assert_float_equal(dom.vm.rd, 100, 0.1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_busy_domain_gives_no_spike),
        TEST(test_no_disks_is_no_rate),
        TEST(test_never_told_is_unknown),
        TEST(test_counter_that_runs_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
