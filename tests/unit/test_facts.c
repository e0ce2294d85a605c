/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Facts and resources, of libvirt's test driver: what it knows, and that what it does not know is unknown.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/complete_resources.h"
#include "model/resources.h"
#include "device/machine.h"
#include "model/xml.h"
#include "virt/facts.h"
#include "virt/fleet.h"

static void silent(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static virConnectPtr open_test(void)
{
    virSetErrorFunc(NULL, silent);
    virConnectPtr conn = virConnectOpen("test:///default");
    assert_non_null(conn);
    return conn;
}

static void test_answers(void **state)
{
    (void)state;
    assert_string_equal(answer_word(ANSWER_YES), "yes");
    assert_string_equal(answer_word(ANSWER_NO), "no");
    assert_string_equal(answer_word(ANSWER_UNKNOWN), "unknown");
}

static void test_gather(void **state)
{
    (void)state;
    virConnectPtr conn = open_test();
    struct facts f = {0};
    xmlDocPtr doc = xml_parse_element("<domain type='test'><os><type arch='i686'>hvm</type></os></domain>",
                                      "domain", NULL);
    facts_gather(&f, conn, xmlDocGetRootElement(doc), NULL);
    xmlFreeDoc(doc);
    assert_false(f.is_qemu);
    assert_false(f.local);
    assert_true(f.libvirt >= 9000000);
    assert_true(f.memory_kib > 0);
    assert_true(f.cpus > 0);
    assert_non_null(f.hostcaps);
    assert_true(f.networks_known);
    assert_true(f.networks.len >= 1);
    assert_string_equal(f.networks.items[0].name, "default");
    assert_true(f.networks.items[0].active);
    assert_true(f.pools_known);
    assert_true(f.pools.len >= 1);
    assert_true(f.others_known);
    assert_int_equal(f.others.len, 1);
    assert_string_equal(f.others.items[0].name, "test");
    assert_true(f.others.items[0].active);
    assert_non_null(f.others.items[0].doc);
    assert_true(xml_get_is(xmlDocGetRootElement(f.others.items[0].doc), "name", "test"));

    struct vm_uuid self = f.others.items[0].uuid;
    facts_clear(&f);
    assert_int_equal(f.others.cap, 0);
    facts_gather(&f, conn, NULL, &self);
    assert_int_equal(f.others.len, 0);
    assert_true(f.others_known);
    facts_clear(&f);
    facts_clear(&f);
    virConnectClose(conn);
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void test_machine(void **state)
{
    (void)state;
    static const struct {
        const char *text, *arch, *type, *virt, *emulator;
        bool x86;
    } rows[] = {
        {"<domain type='kvm'><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>"
         "<emulator>/bin/q</emulator></devices></domain>",
         "x86_64", "pc-q35-7.2", "kvm", "/bin/q", true},
        {"<domain><os><type arch='i686'/></os></domain>", "i686", NULL, NULL, NULL, true},
        {"<domain type='qemu'><os><type arch='aarch64' machine='virt'/></os></domain>", "aarch64", "virt",
         "qemu", NULL, false},
        {"<domain/>", NULL, NULL, NULL, NULL, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        xmlDocPtr doc = xml_parse_element(rows[i].text, "domain", NULL);
        struct machine m;
        machine_read(xmlDocGetRootElement(doc), &m);
        assert_true(same(m.arch, rows[i].arch));
        assert_true(same(m.type, rows[i].type));
        assert_true(same(m.virt, rows[i].virt));
        assert_true(same(m.emulator, rows[i].emulator));
        assert_int_equal(machine_is_x86(xmlDocGetRootElement(doc)), rows[i].x86);
        machine_clear(&m);
        assert_null(m.arch);
        xmlFreeDoc(doc);
    }
}

/* The driver has no such call: nothing is held against any definition. */
static void test_dry_run(void **state)
{
    (void)state;
    virConnectPtr conn = open_test();
    struct facts f = {.native_error = xstrdup("of before")};
    facts_dry_run(&f, conn, "<domain type='test'><name>x</name></domain>");
    assert_null(f.native_error);
    facts_dry_run_change(&f, conn, NULL, "no XML at all");
    assert_null(f.native_error);
    facts_clear(&f);
    virConnectClose(conn);
}

/* ---- resources ---- */

static void add(struct host_resources *r, enum resource_kind kind, const char *name, const char *path,
                bool active)
{
    struct resource item = {
        .kind = kind, .name = xstrdup(name), .path = xstrdup(path), .active = active, .iommu_group = -1};
    resources_add(r, item);
}

static struct host_resources *some(void)
{
    struct host_resources *r = resources_new();
    r->known[RESOURCE_NETWORK] = r->known[RESOURCE_VOLUME] = true;
    add(r, RESOURCE_VOLUME, "p/a.qcow2", "/p/a.qcow2", true);
    add(r, RESOURCE_VOLUME, "p/z.ISO", "/p/z.ISO", true);
    add(r, RESOURCE_VOLUME, "p/z.ISO", "/p/z.ISO", true);
    add(r, RESOURCE_NETWORK, "aaa", NULL, false);
    add(r, RESOURCE_NETWORK, "zzz", NULL, true);
    resources_sort(r);
    return r;
}

static void test_sorted(void **state)
{
    (void)state;
    struct host_resources *r = some();
    static const char *const order[] = {"zzz", "aaa", "p/z.ISO", "p/a.qcow2"};
    assert_int_equal(r->items.len, ARRAY_LEN(order));
    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        assert_string_equal(r->items.items[i].name, order[i]);
    assert_ptr_equal(resources_ref(r), r);
    resources_unref(r);
    resources_unref(r);
    resources_unref(NULL);
    assert_null(resources_ref(NULL));
    r = resources_new();
    resources_sort(r);
    resources_unref(r);
}

static void test_words(void **state)
{
    (void)state;
    for (int kind = 0; kind < RESOURCE_KINDS; kind++)
        assert_int_equal(resource_kind_find(resource_word((enum resource_kind)kind)), kind);
    assert_int_equal(resource_kind_find("nets"), RESOURCE_KINDS);
}

static void test_json(void **state)
{
    (void)state;
    struct host_resources *r = some();
    json_object *all = json_object_new_object(), *one = json_object_new_object();
    resources_put_json(r, RESOURCE_KINDS, all);
    resources_put_json(r, RESOURCE_NETWORK, one);
    assert_int_equal(json_object_array_length(json_object_object_get(all, "volumes")), 2);
    assert_true(json_object_object_get_ex(all, "usb", NULL));
    assert_null(json_object_object_get(all, "usb"));
    assert_int_equal(json_object_object_length(one), 1);
    json_object_put(all);
    json_object_put(one);
    resources_unref(r);
}

static void test_candidates(void **state)
{
    (void)state;
    struct host_resources *r = some();
    candidate_list l = {0};
    resources_candidates(NULL, FIELD_PATH, &l);
    resources_candidates(r, FIELD_TEXT, &l);
    assert_int_equal(l.len, 0);
    resources_candidates(r, FIELD_PATH, &l);
    assert_int_equal(l.len, 2);
    assert_string_equal(l.items[0].text, "/p/z.ISO");
    assert_string_equal(l.items[0].note, "p/z.ISO, 0");
    resources_candidates(r, FIELD_NETWORK, &l);
    assert_int_equal(l.len, 4);
    assert_string_equal(l.items[2].text, "zzz");
    candidates_free(&l);
    resources_unref(r);
}

/* A host that is asked reads them in a thread of its own, once for all who ask. */
static void test_fleet(void **state)
{
    (void)state;
    struct fleet_config config = {
        .interval_s = 1, .tick_budget = 0.5, .reconnect_max_s = 1, .keepalive_s = 5};
    struct fleet *f = fleet_new(&config);
    fleet_add(f, "test:///default", false);
    struct host_resources *r = NULL, *again;
    int64_t until = clock_mono_ms() + 20000;
    while (!(r = fleet_resources(f, 0)) && clock_mono_ms() < until) {
        struct pollfd p = {.fd = fleet_fd(f), .events = POLLIN};
        poll(&p, 1, 100);
        fleet_drain_fd(f);
    }
    assert_non_null(r);
    assert_true(r->known[RESOURCE_NETWORK]);
    again = fleet_resources(f, 0);
    assert_ptr_equal(again, r);
    resources_unref(again);
    fleet_free(f);
    assert_string_equal(r->items.items[0].name, "default");
    resources_unref(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers), cmocka_unit_test(test_gather),     cmocka_unit_test(test_machine),
        cmocka_unit_test(test_dry_run), cmocka_unit_test(test_sorted),     cmocka_unit_test(test_words),
        cmocka_unit_test(test_json),    cmocka_unit_test(test_candidates), cmocka_unit_test(test_fleet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
