/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Live and configured definition side by side: what is the same, what differs, what is noise.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "device/list.h"

#define BEGIN "<domain type='kvm'>\n  <name>web1</name>\n  <memory unit='KiB'>1048576</memory>\n"
#define PARTS                                                                                                \
    "  <vcpu>2</vcpu>\n  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os>\n"
#define END "  </devices>\n</domain>\n"

/* As libvirt prints both of the same running domain. */
static const char config_xml[] = BEGIN
    "  <currentMemory unit='KiB'>1048576</currentMemory>\n" PARTS
    "  <cpu mode='host-model' check='partial'/>\n"
    "  <devices>\n"
    "    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/srv/a.qcow2'/>"
    "<target dev='vda' bus='virtio'/>"
    "<address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></disk>\n"
    "    <interface type='network'><mac address='52:54:00:11:22:33'/><source network='default'/>"
    "<model type='virtio'/><address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>"
    "</interface>\n"
    "    <serial type='pty'><target type='isa-serial' port='0'/></serial>\n"
    "    <console type='pty'><target type='serial' port='0'/></console>\n"
    "    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>\n"
    "    <input type='mouse' bus='ps2'/>\n"
    "    <graphics type='vnc' port='-1' autoport='yes' passwd='hunter2'><listen type='address'/></graphics>\n"
    "    <video><model type='virtio' heads='1' primary='yes'/></video>\n"
    "    <controller type='usb' index='0' model='qemu-xhci'/>\n"
    "    <vsock model='virtio'><cid auto='yes'/></vsock>\n" END;

static const char live_xml[] = BEGIN
    "  <currentMemory unit='KiB'>786432</currentMemory>\n" PARTS
    "  <cpu mode='custom' match='exact' check='full'><model fallback='forbid'>EPYC</model></cpu>\n"
    "  <devices>\n"
    "    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
    "<source file='/srv/a.qcow2' index='1'><seclabel model='dac' relabel='no'/></source>"
    "<backingStore type='file'><format type='raw'/><source file='/srv/base'/></backingStore>"
    "<target dev='vda' bus='virtio'/><alias name='virtio-disk0'/>"
    "<address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/></disk>\n"
    "    <interface type='network'><mac address='52:54:00:11:22:33'/>"
    "<source network='default' portid='11111111-2222-3333-4444-555555555555' bridge='virbr0'/>"
    "<target dev='vnet3'/><model type='virtio'/><alias name='net0'/>"
    "<address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></interface>\n"
    "    <serial type='pty'><source path='/dev/pts/3'/><target type='isa-serial' port='0'/>"
    "<alias name='serial0'/></serial>\n"
    "    <console type='pty' tty='/dev/pts/3'><source path='/dev/pts/3'/><target type='serial' port='0'/>"
    "<alias name='serial0'/></console>\n"
    "    <channel type='unix'><source mode='bind' path='/run/x.sock'/>"
    "<target type='virtio' name='org.qemu.guest_agent.0' state='connected'/><alias "
    "name='channel0'/></channel>\n"
    "    <input type='mouse' bus='ps2'><alias name='input0'/></input>\n"
    "    <graphics type='vnc' port='5901' autoport='yes' listen='127.0.0.1' passwd='hunter2'>"
    "<listen type='address' address='127.0.0.1'/></graphics>\n"
    "    <video><model type='virtio' heads='1' primary='yes'/><alias name='video0'/></video>\n"
    "    <controller type='usb' index='0' model='qemu-xhci'><alias name='usb'/></controller>\n"
    "    <vsock model='virtio'><cid auto='yes' address='5'/><alias name='vsock0'/></vsock>\n" END;

static struct device_list *make(const char *live, const char *config)
{
    struct error e = ERROR_INIT;
    struct device_list *l = device_list_make(live, config, &e);
    if (!l)
        fail_msg("%s", error_text(&e));
    return l;
}

/* The text with one part of it replaced; the caller frees. */
static char *with(const char *text, const char *what, const char *by)
{
    const char *at = strstr(text, what);
    if (!at)
        fail_msg("no %s in the text", what);
    return xasprintf("%.*s%s%s", (int)(at - text), text, by, at + strlen(what));
}

static const struct device_entry *entry(const struct device_list *l, const char *name)
{
    const struct device_entry *d = device_list_find(l, name);
    if (!d)
        fail_msg("there is no %s", name);
    return d;
}

static void assert_difference(const char *what, const char *by, const char *name, const char *difference)
{
    char *config = with(config_xml, what, by);
    struct device_list *l = make(live_xml, config);
    const struct device_entry *d = entry(l, name);
    if (d->pending != PENDING_CHANGE || !d->difference || strcmp(d->difference, difference) != 0)
        fail_msg("%s: %s instead of %s", name, d->difference ? d->difference : "(none)", difference);
    assert_int_equal(l->n_pending, 1);
    device_list_unref(l);
    free(config);
}

static void what_libvirt_fills_in_is_no_difference(void **state)
{
    struct device_list *l = make(live_xml, config_xml);
    (void)state;
    for (size_t i = 0; i < l->entries.len; i++)
        if (l->entries.items[i].pending != PENDING_NONE)
            fail_msg("%s: %s", l->entries.items[i].key,
                     l->entries.items[i].difference ? l->entries.items[i].difference : "added or removed");
    assert_int_equal(l->n_pending, 0);
    assert_int_equal(l->entries.len, 5 + 10); /* the parts and the devices */
    device_list_unref(l);
}

static void differences_are_told_in_words(void **state)
{
    (void)state;
    assert_difference("<model type='virtio'/>", "<model type='e1000'/>", "net0", "model: virtio → e1000");
    assert_difference("<model type='virtio'/>",
                      "<driver><host tso4='off'/><guest tso4='off'/></driver><model type='virtio'/>", "net0",
                      "tso4: on → off");
    assert_difference("<model type='virtio'/>", "<driver><host tso4='off'/></driver><model type='virtio'/>",
                      "net0", "host.tso4: on → off");
    assert_difference("52:54:00:11:22:33", "52:54:00:99:99:99", "net0",
                      "mac: 52:54:00:11:22:33 → 52:54:00:99:99:99");
    assert_difference("<vcpu>2</vcpu>", "<vcpu current='1'>2</vcpu>", "cpu", "vcpus: 2 → 1");
    assert_difference("<memory unit='KiB'>1048576", "<memory unit='KiB'>2097152", "ram",
                      "maxmemory: 1G → 2G");
    assert_difference("<model type='virtio'/>", "<link state='down'/><model type='virtio'/>", "net0",
                      "link: up → down");
    assert_difference("type='qcow2'/><source", "type='qcow2' cache='none'/><source", "vda",
                      "cache: - → none");
}

static void comes_and_goes(void **state)
{
    (void)state;
    char *config = with(config_xml, "    <vsock model='virtio'><cid auto='yes'/></vsock>\n",
                        "    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n");
    struct device_list *l = make(live_xml, config);
    assert_int_equal(entry(l, "vsock0")->pending, PENDING_REMOVE);
    assert_int_equal(entry(l, "rng0")->pending, PENDING_ADD);
    assert_string_equal(entry(l, "rng0")->config_dev.name, "rng0");
    assert_int_equal(l->n_pending, 2);
    device_list_unref(l);
    free(config);
    l = make(live_xml, NULL); /* transient */
    assert_int_equal(l->n_pending, 0);
    device_list_unref(l);
    l = make(NULL, config_xml); /* off */
    assert_int_equal(l->n_pending, 0);
    assert_false(entry(l, "vda")->is_live);
    assert_true(entry(l, "vda")->is_config);
    device_list_unref(l);
}

static void another_bus_is_one_row(void **state)
{
    (void)state;
    char *config =
        with(config_xml, "<target dev='vda' bus='virtio'/><address type='pci' domain='0x0000' bus='0x04'",
             "<target dev='sda' bus='sata'/><address type='drive' controller='0'");
    struct device_list *l = make(live_xml, config);
    const struct device_entry *d = entry(l, "vda");
    assert_ptr_equal(d, entry(l, "sda"));
    assert_string_equal(d->difference, "bus: virtio → sata; target: vda → sda");
    device_list_unref(l);
    free(config);
}

static void unplugging_is_pending(void **state)
{
    static const char *const keys[] = {"disk:vda", "no:such"};
    struct device_list *l = make(live_xml, config_xml);
    (void)state;
    device_list_mark_unplug(l, keys, 2);
    assert_int_equal(entry(l, "vda")->pending, PENDING_UNPLUG);
    assert_string_equal(device_pending_word(PENDING_UNPLUG), "unplug");
    assert_int_equal(l->n_pending, 1);
    device_list_unref(l);
}

static void what_libvirt_added_is_told(void **state)
{
    struct device_list *l = make(live_xml, config_xml);
    (void)state;
    assert_true(entry(l, "usb0")->automatic);
    assert_true(entry(l, "input0")->automatic);
    assert_false(entry(l, "vda")->automatic);
    assert_false(entry(l, "net0")->automatic);
    device_list_unref(l);
}

/* libvirt has a console for the first serial port, and controllers for what sits on them; others are
 * somebody's own and stay away once removed. */
static void own_consoles_and_controllers_are_told(void **state)
{
    static const char xml[] =
        BEGIN PARTS "  <devices>\n"
                    "    <disk type='file' device='disk'><source file='/a'/><target dev='sda' bus='scsi'/>"
                    "<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>\n"
                    "    <disk type='file' device='disk'><source file='/b'/><target dev='sdb' bus='sata'/>"
                    "<address type='drive' controller='1' bus='0' target='0' unit='0'/></disk>\n"
                    "    <serial type='pty'><target type='isa-serial' port='0'/></serial>\n"
                    "    <console type='pty'><target type='serial' port='0'/></console>\n"
                    "    <console type='pty'><target type='virtio' port='1'/>"
                    "<address type='virtio-serial' controller='1' bus='0' port='2'/></console>\n"
                    "    <channel type='unix'><target type='virtio' name='a'/>"
                    "<address type='virtio-serial' controller='1' bus='0' port='1'/></channel>\n"
                    "    <controller type='pci' index='0' model='pcie-root'/>\n"
                    "    <controller type='pci' index='7' model='pcie-root-port'/>\n"
                    "    <controller type='usb' index='0'/>\n    <controller type='usb' index='1'/>\n"
                    "    <controller type='scsi' index='0' model='virtio-scsi'/>\n"
                    "    <controller type='scsi' index='1' model='virtio-scsi'/>\n"
                    "    <controller type='sata' index='0'/>\n    <controller type='sata' index='1'/>\n"
                    "    <controller type='sata' index='2'/>\n"
                    "    <controller type='virtio-serial' index='0'/>\n"
                    "    <controller type='virtio-serial' index='1'/>\n"
                    "    <controller type='made-up'/>\n" END;
    static const char *const automatic[] = {"console0", "pci0",  "pci7",  "usb0",
                                            "scsi0",    "sata0", "sata1", "virtio-serial1"};
    static const char *const own[] = {"console1", "usb1", "scsi1", "sata2", "virtio-serial0"};
    struct device_list *l = make(NULL, xml);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(automatic); i++)
        if (!entry(l, automatic[i])->automatic)
            fail_msg("%s is taken for somebody's own", automatic[i]);
    for (size_t i = 0; i < ARRAY_LEN(own); i++)
        if (entry(l, own[i])->automatic)
            fail_msg("%s is taken for libvirt's", own[i]);
    device_list_unref(l);
    l = make(NULL,
             BEGIN PARTS "  <devices><console type='pty'><target type='virtio'/></console>"
                         "<controller type='virtio-serial' index='0'/><controller type='ccid' index='0'/>"
                         "<controller type='scsi' index='0'/>" END);
    assert_false(entry(l, "console0")->automatic);
    assert_true(entry(l, "virtio-serial0")->automatic); /* the console has no address yet */
    assert_false(entry(l, "ccid0")->automatic);
    assert_false(entry(l, "scsi0")->automatic);
    device_list_unref(l);
}

static void json_tells_all_but_secrets(void **state)
{
    struct device_list *l = make(live_xml, config_xml);
    json_object *array = device_list_json(l), *value;
    const char *text = json_object_to_json_string(array);
    (void)state;
    assert_null(strstr(text, "hunter2"));
    for (size_t i = 0; i < l->entries.len; i++) {
        const struct device_entry *d = &l->entries.items[i];
        assert_true(!d->difference || !strstr(d->difference, "hunter2"));
        for (size_t k = 0; k < d->values.len; k++)
            assert_true(d->values.items[k].field->type != FIELD_SECRET || !d->values.items[k].live);
    }
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *o = json_object_array_get_idx(array, i);
        static const char *const keys[] = {"alias", "kind", "name",   "model",   "target", "source",
                                           "mac",   "live", "config", "pending", "toggles"};
        for (size_t k = 0; k < ARRAY_LEN(keys); k++)
            assert_true(json_object_object_get_ex(o, keys[k], &value));
        json_object_object_get_ex(o, "kind", &value);
        if (strcmp(json_object_get_string(value), "nic") == 0) {
            json_object *toggles, *link;
            json_object_object_get_ex(o, "toggles", &toggles);
            assert_true(json_object_object_get_ex(toggles, "link", &link));
            assert_string_equal(json_object_get_string(link), "up");
        }
    }
    json_object_put(array);
    device_list_unref(l);
}

/* libvirt counts live virtio consoles from 0 on, configured ones together with those of serial ports. */
static void consoles_are_told_apart(void **state)
{
    static const char config[] =
        BEGIN PARTS "  <devices>\n    <console type='pty'><target type='serial' port='0'/></console>\n"
                    "    <console type='pty'><target type='virtio' port='1'/></console>\n" END;
    static const char live[] = BEGIN PARTS
        "  <devices>\n    <console type='pty'><target type='serial' port='0'/><alias "
        "name='serial0'/></console>\n"
        "    <console type='pty'><target type='virtio' port='0'/><alias name='console1'/></console>\n" END;
    struct device_list *l = make(live, config);
    const struct device_entry *serial = entry(l, "console0"), *console = entry(l, "console1");
    (void)state;
    assert_string_not_equal(serial->key, console->key);
    assert_int_equal(console->pending, PENDING_NONE);
    device_list_unref(l);
}

static void what_is_no_domain_is_refused(void **state)
{
    static const char *const bad[] = {"", "<domain>", "<network/>", "\xff", "<domain>&x;</domain>"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct error e = ERROR_INIT;
        assert_null(device_list_make(bad[i], NULL, &e));
        assert_true(error_text(&e)[0]);
        error_clear(&e);
        assert_null(device_list_make("<domain/>", bad[i], &e));
        error_clear(&e);
    }
    device_list_unref(make("<domain/>", "<domain><devices/></domain>"));
    device_list_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_libvirt_fills_in_is_no_difference),
        cmocka_unit_test(differences_are_told_in_words),
        cmocka_unit_test(comes_and_goes),
        cmocka_unit_test(another_bus_is_one_row),
        cmocka_unit_test(unplugging_is_pending),
        cmocka_unit_test(what_libvirt_added_is_told),
        cmocka_unit_test(own_consoles_and_controllers_are_told),
        cmocka_unit_test(json_tells_all_but_secrets),
        cmocka_unit_test(consoles_are_told_apart),
        cmocka_unit_test(what_is_no_domain_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
