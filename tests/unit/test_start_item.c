/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/start_item.h"
#include "base/file.h"
#include "model/xml.h"

static struct start_item *item_of(const char *text)
{
    struct error e = ERROR_INIT;
    xmlDocPtr doc = xml_parse(text, strlen(text), &e);
    if (!doc)
        fail_msg("%s", error_text(&e));
    struct start_item *it = start_item_read(xmlDocGetRootElement(doc));
    xmlFreeDoc(doc);
    return it;
}

static struct start_item *full(void)
{
    char *text = NULL;
    assert_true(file_read("tests/data/autostart/full.xml", 1 << 20, &text, NULL, NULL, NULL));
    struct start_item *it = item_of(text);
    free(text);
    return it;
}

static void files_that_a_start_needs(void **state)
{
    (void)state;
    static const struct start_file expected[] = {
        {START_IMAGE, (char *)"/images/full.qcow2", false},
        {START_IMAGE, (char *)"/dev/vg/full", false},
        {START_IMAGE, (char *)"/images/tools.iso", true},
        {START_IMAGE, (char *)"/images/must.iso", false},
        {START_FIRMWARE, (char *)"/fw/OVMF_CODE.fd", false},
        {START_FIRMWARE, (char *)"/fw/OVMF_VARS.fd", false},
        {START_KERNEL, (char *)"/boot/vmlinuz", false},
        {START_KERNEL, (char *)"/boot/initrd", false},
        {START_KERNEL, (char *)"/boot/board.dtb", false},
        {START_EMULATOR, (char *)"/usr/bin/qemu-system-x86_64", false},
        {START_SHARED, (char *)"/srv/share", false},
    };
    struct start_item *it = full();
    assert_int_equal(it->files.len, ARRAY_LEN(expected));
    for (size_t i = 0; i < it->files.len; i++) {
        assert_string_equal(it->files.items[i].path, expected[i].path);
        assert_int_equal(it->files.items[i].kind, expected[i].kind);
        assert_int_equal(it->files.items[i].optional, expected[i].optional);
    }
    start_item_unref(it);
}

static void ports_by_number(void **state)
{
    (void)state;
    static const struct {
        int port;
        bool udp;
        const char *address, *what;
    } expected[] = {{5901, false, "10.0.0.1", "vnc"},
                    {5701, false, "10.0.0.1", "vnc over WebSocket"},
                    {5910, false, NULL, "spice"},
                    {5911, false, NULL, "spice over TLS"},
                    {4555, false, "0.0.0.0", "serial over TCP"},
                    {4557, true, "127.0.0.1", "serial over UDP"},
                    {2222, false, "127.0.0.1", "a forwarded port"},
                    {2223, false, "127.0.0.1", "a forwarded port"},
                    {2224, false, "127.0.0.1", "a forwarded port"},
                    {8022, false, "0.0.0.0", "a forwarded port"},
                    {8053, true, "127.0.0.1", "a forwarded port"}};
    struct start_item *it = full();
    assert_int_equal(it->ports.len, ARRAY_LEN(expected));
    for (size_t i = 0; i < it->ports.len; i++) {
        const struct start_port *p = &it->ports.items[i];
        assert_int_equal(p->port, expected[i].port);
        assert_int_equal(p->udp, expected[i].udp);
        assert_string_equal(p->what, expected[i].what);
        assert_string_equal(p->address ? p->address : "", expected[i].address ? expected[i].address : "");
    }
    start_item_unref(it);
}

static void what_else_it_says(void **state)
{
    (void)state;
    struct start_item *it = full();
    assert_true(start_item_is_ours(it));
    assert_int_equal(it->policy.v[POLICY_ORDER].number, 10);
    assert_int_equal(it->policy_findings.len, 1); /* stop="never" */
    assert_string_equal(it->policy_findings.items[0].id, "policy-value");
    assert_int_equal(it->needs.len, 2);
    assert_string_equal(it->needs.items[0].name, "lan");
    assert_string_equal(it->needs.items[1].name, "images");
    assert_true(it->memory_kib == 2 * 1024 * 1024);
    assert_true(it->hugepages_kib == it->memory_kib);
    assert_true(it->has_agent && it->has_nic);
    assert_string_equal(it->serial_log, "/var/log/full.log");
    start_item_unref(it);
}

static void an_empty_definition(void **state)
{
    (void)state;
    struct start_item *it = item_of("<domain/>");
    assert_false(start_item_is_ours(it));
    assert_false(it->policy.present || it->has_agent || it->has_nic);
    assert_true(isnan(it->memory_kib) && it->hugepages_kib == 0);
    assert_int_equal(it->files.len + it->ports.len + it->needs.len, 0);
    assert_null(it->serial_log);
    struct start_item *other = start_item_ref(it);
    start_item_unref(it);
    assert_ptr_equal(other, it);
    start_item_unref(other);
    start_item_unref(NULL);
    assert_null(start_item_ref(NULL));
    assert_false(start_item_is_ours(NULL));
}

static void off_is_not_ours(void **state)
{
    (void)state;
    struct start_item *it =
        item_of("<domain><metadata><a:domain xmlns:a='https://virtdeck.org/xmlns/domain/1'>"
                "<a:autostart version='1' mode='off' order='3'/></a:domain></metadata></domain>");
    assert_true(it->policy.present);
    assert_false(start_item_is_ours(it));
    start_item_unref(it);
}

/* Numbers that are none, paths that are relative, a range as wide as there are ports. */
static void nonsense(void **state)
{
    (void)state;
    struct start_item *it = item_of(
        "<domain><os><loader>relative.fd</loader><nvram template=''/></os><devices>"
        "<disk type='file'/><disk type='file'><source file=''/></disk><disk><source file='/x'/></disk>"
        "<graphics/><graphics type='vnc' port='70000' autoport='no'/><graphics type='vnc' port='x'/>"
        "<serial type='tcp'><source mode='bind' service='http'/></serial><serial type='tcp'/>"
        "<interface><portForward><range/></portForward>"
        "<portForward proto='udp'><range start='1' end='65535'/></portForward></interface>"
        "<filesystem/></devices></domain>");
    assert_int_equal(it->files.len, 0);
    assert_int_equal(it->ports.len, 4096);
    start_item_unref(it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_that_a_start_needs), cmocka_unit_test(ports_by_number),
        cmocka_unit_test(what_else_it_says),        cmocka_unit_test(an_empty_definition),
        cmocka_unit_test(off_is_not_ours),          cmocka_unit_test(nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
