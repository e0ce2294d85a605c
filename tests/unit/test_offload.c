/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "toggle_fixture.h"

#include "device/memory_tso.h"
#include "device/offload.h"

#define DOMAIN(more)                                                                                         \
    "<domain type='kvm'>\n  <os><type arch='x86_64' machine='pc'>hvm</type></os>\n  <devices>" more          \
    "\n  </devices>\n</domain>"
#define NIC(type, model, driver)                                                                             \
    "\n    <interface type='" type "'>\n      <mac address='52:54:00:00:00:01'/>\n      <model type='" model \
    "'/>" driver "\n    </interface>"
#define TSO4_OFF "\n      <driver><host tso4='off'/></driver>"
#define FEATURES "1101000111111111110"

static void four_levels(void **state)
{
    (void)state;
    struct scene *s =
        scene_new(DOMAIN(NIC("network", "virtio", TSO4_OFF)), DOMAIN(NIC("network", "virtio", TSO4_OFF)));
    s->in.arguments =
        "-device\n{\"driver\":\"virtio-net-pci\",\"host_tso4\":false,\"mac\":\"52:54:00:00:00:01\"}\n";
    s->in.probe = "virt=\nnic=eth0 52:54:00:00:00:01 1 1101000111101111110\n";
    assert_judged(s, "offload", "yes no no no");
    assert_null(s->verdict.mismatch);
    assert_has(s->verdict.definition.evidence, "net0 (52:54:00:00:00:01): host.tso4");
    assert_has(s->verdict.qemu.evidence, "host.tso4");
    assert_has(s->verdict.guest.evidence, "host.tso4");
    s->in.arguments = "-device\nvirtio-net-pci,host_tso4=off,mac=52:54:00:00:00:01\n";
    assert_judged(s, "offload", "yes no no no");
    s->in.arguments = "-device\nvirtio-net-pci,mac=52:54:00:00:00:01\n";
    assert_judged(s, "offload", "yes no yes no");
    assert_has(s->verdict.mismatch, "host.tso4 of net0 is off in the definition and on in QEMU");
    s->in.arguments = NULL;
    s->in.probe = "nic=eth0 52:54:00:00:00:01 1 " FEATURES "\n";
    assert_judged(s, "offload", "yes no unknown yes");
    assert_has(s->verdict.mismatch, "on in the guest");
    s->in.probe = "nic=eth0 52:54:00:00:00:01 1 -\nnic=\nnic=eth1 52:54:00:00:00:01 1 x\n";
    assert_judged(s, "offload", "yes no unknown unknown");
    scene_free(s);
}

static void at_the_next_boot(void **state)
{
    (void)state;
    struct scene *s =
        scene_new(DOMAIN(NIC("network", "virtio", "")), DOMAIN(NIC("network", "virtio", TSO4_OFF)));
    s->in.arguments = "-device\nvirtio-net-pci,mac=52:54:00:00:00:01\n";
    assert_judged(s, "offload", "yes yes yes unknown");
    assert_has(s->verdict.definition.evidence, "at next boot off at net0");
    assert_null(s->verdict.mismatch);
    scene_free(s);
    s = scene_new(NULL, DOMAIN(NIC("user", "virtio", "")));
    assert_judged(s, "offload", "no yes unknown unknown");
    scene_free(s);
    s = scene_new(NULL, DOMAIN(NIC("network", "e1000", "")));
    assert_judged(s, "offload", "yes no unknown unknown");
    assert_refused(s, "offload", "off", "offload-model", "virtio");
    scene_free(s);
    s = scene_new(NULL, "<domain/>");
    assert_judged(s, "offload", "yes no unknown unknown");
    scene_free(s);
}

static void checked(const char *nic, const char *id, const char *text)
{
    finding_list l = {0};
    xmlDocPtr doc = parse(nic);
    offload_check(xmlDocGetRootElement(doc), "net0", "web1", &l);
    assert_int_equal(l.len, id ? 1 : 0);
    if (id) {
        assert_string_equal(l.items[0].id, id);
        assert_has(l.items[0].text, text);
        assert_non_null(l.items[0].remedy);
    }
    findings_free(&l);
    xmlFreeDoc(doc);
}

static void dependencies(void **state)
{
    (void)state;
    checked("<interface><model type='virtio'/><driver><host csum='off' tso4='on'/></driver></interface>",
            "offload-needs", "host.tso4 needs host.csum");
    checked("<interface><model type='virtio'/><driver><guest csum='off' tso6='on'/></driver></interface>",
            "offload-needs", "guest.tso6 needs guest.csum");
    checked(
        "<interface><model type='virtio'/><driver><host csum='off'/><guest tso6='on'/></driver></interface>",
        NULL, NULL);
    checked("<interface><model type='virtio'/><driver><host csum='off'/></driver></interface>", NULL, NULL);
    checked("<interface><model type='e1000'/><driver><host csum='off'/></driver></interface>",
            "offload-model", "virtio");
    checked("<interface><model type='e1000'/></interface>", NULL, NULL);
    checked("<interface/>", NULL, NULL);
    struct scene *s =
        scene_new(NULL, DOMAIN(NIC("network", "virtio", "<driver><host csum='off'/></driver>")));
    assert_refused(s, "offload", "on", "offload-needs", "host.csum");
    assert_not_refused(s, "offload", "off");
    scene_free(s);
}

static void turning(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, DOMAIN(NIC("network", "virtio", "") NIC("network", "e1000", "") NIC(
                                          "network", "virtio-transitional", "\n      <driver queues='2'/>")));
    char *before = xml_print(s->config);
    assert_turned(s, "offload", "off", "<host tso4=\"off\" tso6=\"off\"/>");
    assert_turned(s, "offload", "off", "<guest tso4=\"off\" tso6=\"off\"/>");
    char *after = turned(s, "offload", "on");
    assert_string_equal(after, before);
    free(before);
    free(after);
    assert_null(toggle_find("offload")->plan(&s->in, "tso4=off", &s->error));
    scene_free(s);
}

static void two_things_called_tso(void **state)
{
    (void)state;
    char *text = tso_explained("web1");
    assert_has(text, "which TSO is meant");
    assert_has(text, "TCP segmentation offload");
    assert_has(text, "total store ordering");
    assert_has(text, "tso web1 nic on|off");
    assert_has(text, "tso web1 memory on|off");
    free(text);
}

#define ORDERED(type, arch, option, value)                                                                   \
    "<domain type='" type                                                                                    \
    "' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n  <os><type arch='" arch                    \
    "'>hvm</type></os>\n  <devices/>\n  <qemu:commandline>\n    <qemu:arg value='" option                    \
    "'/>\n    <qemu:arg value='" value "'/>\n  </qemu:commandline>\n</domain>"

static void memory_ordering_recognised(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        bool on;
    } cases[] = {{ORDERED("hvf", "aarch64", "-accel", "hvf,tso=on"), true},
                 {ORDERED("hvf", "aarch64", "--accel", "tso=on,hvf"), true},
                 {ORDERED("hvf", "aarch64", "-global", "hvf-accel.tso=on"), true},
                 {ORDERED("hvf", "aarch64", "-accel", "hvf,tso=off"), false},
                 {ORDERED("hvf", "aarch64", "-accel", "hvf,tso=only"), false},
                 {ORDERED("hvf", "aarch64", "-name", "hvf,tso=on"), false},
                 {ORDERED("hvf", "aarch64", "", ""), false},
                 {DOMAIN(""), false}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        xmlDocPtr doc = parse(cases[i].xml);
        if (memory_tso_is_on(xmlDocGetRootElement(doc)) != cases[i].on)
            fail_msg("case %zu", i);
        xmlFreeDoc(doc);
    }
}

static void memory_ordering_turned(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, ORDERED("hvf", "aarch64", "-accel", "hvf,tso=on"));
    assert_judged(s, "memory-tso", "unknown yes unknown unknown");
    assert_turned(s, "memory-tso", "off", "<qemu:arg value=\"hvf\"/>");
    assert_judged(s, "memory-tso", "unknown no unknown unknown");
    assert_turned(s, "memory-tso", "on", "<qemu:arg value=\"hvf,tso=on\"/>");
    assert_not_refused(s, "memory-tso", "on");
    assert_non_null(found(s, "memory-tso", "on", "memory-tso-fork"));
    scene_free(s);
    s = scene_new(NULL, ORDERED("hvf", "aarch64", "-global", "hvf-accel.tso=on"));
    assert_turned(s, "memory-tso", "off", "<domain");
    assert_unsaid(s, "commandline");
    scene_free(s);
    s = scene_new(ORDERED("kvm", "x86_64", "-accel", "kvm,tso=on"), NULL);
    s->in.log = "qemu: Property 'kvm-accel.tso' not found\n";
    assert_judged(s, "memory-tso", "no yes no unknown");
    assert_has(s->verdict.mismatch, "not found");
    s->in.config = s->in.live;
    assert_refused(s, "memory-tso", "on", "memory-tso-host", "Apple silicon");
    assert_not_refused(s, "memory-tso", "off");
    assert_judged(s, "offload", "yes no unknown unknown");
    assert_has(s->verdict.definition.evidence, "memory ordering");
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_levels),
        cmocka_unit_test(at_the_next_boot),
        cmocka_unit_test(dependencies),
        cmocka_unit_test(turning),
        cmocka_unit_test(two_things_called_tso),
        cmocka_unit_test(memory_ordering_recognised),
        cmocka_unit_test(memory_ordering_turned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
