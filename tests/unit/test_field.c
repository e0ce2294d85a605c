/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables of fields: every row is whole, takes what it says that it takes, and leaves no trace when it is
 * set back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "device/change.h"
#include "device/field.h"
#include "device/kinds.h"
#include "model/xml.h"

static const char domain_xml[] = "<domain type='kvm'>\n"
                                 "  <name>web1</name>\n"
                                 "  <metadata>\n"
                                 "    <x:app xmlns:x='urn:x'>kept</x:app>\n"
                                 "  </metadata>\n"
                                 "  <memory unit='KiB'>1048576</memory>\n"
                                 "  <currentMemory unit='KiB'>524288</currentMemory>\n"
                                 "  <vcpu placement='static'>4</vcpu>\n"
                                 "  <os>\n"
                                 "    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n"
                                 "    <boot dev='hd'/>\n"
                                 "  </os>\n"
                                 "  <!-- a remark -->\n"
                                 "  <devices>\n"
                                 "    <emulator>/usr/bin/qemu-system-x86_64</emulator>\n"
                                 "%s"
                                 "  </devices>\n"
                                 "</domain>\n";

static const char hostdev_xml[] = "<hostdev mode='subsystem' type='mdev' model='vfio-pci'>\n      <source>\n"
                                  "        <address uuid='00000000-0000-0000-0000-000000000001'/>\n"
                                  "      </source>\n    </hostdev>";

/* A definition with one device of the kind as it is when it is new; *node: where its fields are. */
static xmlDocPtr definition_with(const struct device_kind *kind, xmlNodePtr *node)
{
    struct error e = ERROR_INIT;
    bool part = kind->flags & KIND_PART;
    const char *fresh = part ? "" : kind->fresh ? kind->fresh : hostdev_xml;
    char *device = part ? xstrdup("") : xasprintf("    %s\n", fresh);
    char *xml = xasprintf(domain_xml, device);
    xmlDocPtr doc = xml_parse_element(xml, "domain", &e);
    assert_non_null(doc);
    xmlNodePtr root = xmlDocGetRootElement(doc);
    *node = root;
    for (struct device_walk w = {.domain = root};;) {
        if (!device_walk_next(&w)) {
            device_walk_end(&w);
            fail_msg("a new %s is not one", kind->id);
        }
        if (w.kind == kind) {
            *node = w.node;
            device_walk_end(&w);
            break;
        }
    }
    free(device);
    free(xml);
    return doc;
}

/* Rows whose values have a shape of their own. */
static const struct {
    const char *id, *value;
} shaped[] = {{"topology", "1:2:2"}, {"target", "vdz"},  {"boot", "cdrom,hd"}, {"cid", "77"},
              {"vcpus", "3"},        {"memory", "256M"}, {"maxvcpus", "8"},    {"size", "8M"}};

static void values_of(const struct device_field *f, const struct device_kind *kind, struct strbuf *out)
{
    static const char *const plain[] = {[FIELD_TEXT] = "abc",          [FIELD_NUMBER] = "5",
                                        [FIELD_SIZE] = "2G",           [FIELD_MAC] = "52:54:00:aa:bb:cc",
                                        [FIELD_PATH] = "/srv/x.qcow2", [FIELD_NETWORK] = "lan",
                                        [FIELD_BRIDGE] = "br7",        [FIELD_SECRET] = "s3cret",
                                        [FIELD_USB] = "046d:c52b",     [FIELD_PCI] = "0000:03:00.1"};
    bool boot_place = strcmp(f->id, "boot") == 0 && !(kind->flags & KIND_PART);
    if (boot_place) {
        strbuf_puts(out, "1");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(shaped); i++) {
        if (strcmp(shaped[i].id, f->id) == 0) {
            strbuf_puts(out, shaped[i].value);
            return;
        }
    }
    if (f->type == FIELD_PATH && f->words) {
        strbuf_puts(out, "/srv/x.qcow2 /dev/vg/x pool/x.qcow2 /srv/x.iso");
        return;
    }
    if (f->type != FIELD_SWITCH && f->type != FIELD_CHOICE)
        strbuf_puts(out, plain[f->type]);
    if (f->words)
        strbuf_printf(out, " %s", f->words);
}

/* Of these the tree has to be another one first. */
static bool may_refuse(const struct device_field *f, const char *value)
{
    return strcmp(f->id, "secureboot") == 0 || (strcmp(f->id, "type") == 0 && strcmp(value, "direct") == 0);
}

static void try_value(const struct device_kind *kind, const struct device_field *f, const char *value)
{
    struct error e = ERROR_INIT;
    xmlNodePtr node;
    xmlDocPtr doc = definition_with(kind, &node);
    char *before = xml_print(doc), *was = field_get(f, node);
    if (field_set(f, node, value, &e)) {
        char *got = field_get(f, node);
        bool shown = f->type != FIELD_SECRET && f->call != CALL_RESIZE;
        const char *now = got ? got : f->unset;
        if (shown && (!now || strcmp(now, value) != 0))
            fail_msg("%s %s=%s reads %s", kind->id, f->id, value, now ? now : "(none)");
        if (!shown && got)
            fail_msg("%s %s is shown", kind->id, f->id);
        free(got);
        if (f->call != CALL_RESIZE && !field_set(f, node, was, &e))
            fail_msg("%s %s=%s can't be set back to %s: %s", kind->id, f->id, value, was ? was : "default",
                     error_text(&e));
    } else if (!may_refuse(f, value)) {
        fail_msg("%s %s=%s: %s", kind->id, f->id, value, error_text(&e));
    }
    char *after = xml_print(doc);
    if (strcmp(before, after) != 0)
        fail_msg("%s %s=%s and back left a trace:\n%s\n%s", kind->id, f->id, value, before, after);
    error_clear(&e);
    free(before);
    free(after);
    free(was);
    xmlFreeDoc(doc);
}

static void every_field_goes_there_and_back(void **state)
{
    size_t n = 0;
    (void)state;
    for (size_t k = 0; k < n_device_kinds; k++) {
        for (const struct device_field *f = NULL; (f = field_next(&device_kinds[k], f)) != NULL;) {
            struct strbuf values = {0};
            if (f->flags & FIELD_READ)
                continue;
            values_of(f, &device_kinds[k], &values);
            for (char *rest = values.s, *word; (word = strtok_r(rest, " ", &rest)) != NULL; n++)
                try_value(&device_kinds[k], f, word);
            strbuf_free(&values);
        }
    }
    assert_true(n > 400);
}

static void rows_are_whole(void **state)
{
    (void)state;
    const struct device_field *f;
    for (size_t i = 0; (f = field_row(i)) != NULL; i++) {
        if (!f->help || !f->help[0] || f->help[strlen(f->help) - 1] == '.' || !f->label || !f->label[0])
            fail_msg("%s of %s has no proper help or label", f->id, f->kinds);
        if ((f->type == FIELD_SWITCH || f->type == FIELD_CHOICE) && !f->words)
            fail_msg("%s of %s has no words", f->id, f->kinds);
        if (f->type == FIELD_SWITCH &&
            (!strchr(f->words, ' ') || strchr(f->words, ' ') != strrchr(f->words, ' ')))
            fail_msg("%s of %s has not two words", f->id, f->kinds);
        if (!f->path && (!f->get || (!f->set && !(f->flags & FIELD_COMMAND))))
            fail_msg("%s of %s stands nowhere", f->id, f->kinds);
        if (strspn(f->id, "abcdefghijklmnopqrstuvwxyz0123456789_.") != strlen(f->id))
            fail_msg("%s of %s is no word", f->id, f->kinds);
        struct error e = ERROR_INIT;
        for (char *words = xstrdup(f->words ? f->words : ""), *rest = words, *word;;) {
            word = strtok_r(rest, " ", &rest);
            if (!word) {
                free(words);
                break;
            }
            if (!(f->flags & FIELD_READ) && f->type != FIELD_PATH && !field_check(f, word, &e))
                fail_msg("%s does not take its own %s: %s", f->id, word, error_text(&e));
        }
        for (char *kinds = xstrdup(f->kinds), *rest = kinds, *word;;) {
            word = strtok_r(rest, " ", &rest);
            if (!word) {
                free(kinds);
                break;
            }
            const struct device_kind *kind = device_kind_find(word);
            if (!kind)
                fail_msg("%s is of a kind %s that there is not", f->id, word);
            if (field_find(kind, f->id) != f)
                fail_msg("%s has two fields %s", word, f->id);
        }
    }
}

static void hostile_values_are_refused_or_kept(void **state)
{
    static const char *const hostile[] = {
        "a'b\"c<d>&e]]>", "\x1b[2J",   "a\nb", "\xff\xfe", "\xef\xbf\xbf",
        "../../x",        "'/><x y='", "",     "-1",       "99999999999999999999"};
    char *giant = xcalloc(1, 100001);
    memset(giant, 'x', 100000);
    (void)state;
    for (size_t k = 0; k < n_device_kinds; k++) {
        for (const struct device_field *f = NULL; (f = field_next(&device_kinds[k], f)) != NULL;) {
            for (size_t i = 0; i <= ARRAY_LEN(hostile); i++) {
                const char *value = i < ARRAY_LEN(hostile) ? hostile[i] : giant;
                struct error e = ERROR_INIT, bad = ERROR_INIT;
                xmlNodePtr node;
                xmlDocPtr doc = definition_with(&device_kinds[k], &node);
                if (field_set(f, node, value, &e)) {
                    char *text = xml_print(doc);
                    xmlDocPtr again = xml_parse(text, strlen(text), &bad);
                    if (!again)
                        fail_msg("%s=%s makes no XML: %s", f->id, value, error_text(&bad));
                    xmlFreeDoc(again);
                    free(text);
                } else if (!strstr(error_text(&e), f->id) || strlen(error_text(&e)) > 1000) {
                    fail_msg("%s is refused without its name: %s", f->id, error_text(&e));
                }
                error_clear(&e);
                xmlFreeDoc(doc);
            }
        }
    }
    free(giant);
}

static const struct device_field *field_of(const char *kind, const char *id)
{
    const struct device_field *f = field_find(device_kind_find(kind), id);
    assert_non_null(f);
    return f;
}

/* The kind's new element after the fields were set; the caller frees. */
static char *made(const char *kind, const char *const *words)
{
    struct error e = ERROR_INIT;
    xmlNodePtr node;
    const struct device_kind *k = device_kind_find(kind);
    xmlDocPtr doc = definition_with(k, &node);
    for (; *words; words += 2)
        if (!field_set(field_of(kind, words[0]), node, words[1], &e))
            fail_msg("%s=%s: %s", words[0], words[1], error_text(&e));
    char *text = k->flags & KIND_PART ? xml_print(doc) : xml_print_node(node);
    xmlFreeDoc(doc);
    return text;
}

#define MADE(kind, ...) made(kind, (const char *const[]){__VA_ARGS__, NULL})

static void assert_has(char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in:\n%s", part, text);
}

static void assert_has_not(char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s is in:\n%s", part, text);
}

static void a_disks_source_chooses_its_type(void **state)
{
    static const struct {
        const char *source, *type, *attr, *format;
    } cases[] = {
        {"/srv/a.qcow2", "type=\"file\"", "file=\"/srv/a.qcow2\"", "type=\"qcow2\""},
        {"/dev/vg/a", "type=\"block\"", "dev=\"/dev/vg/a\"", NULL},
        {"images/a.qcow2", "type=\"volume\"", "pool=\"images\" volume=\"a.qcow2\"", "type=\"qcow2\""}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *text = MADE("disk", "source", cases[i].source);
        assert_has(text, cases[i].type);
        assert_has(text, cases[i].attr);
        if (cases[i].format)
            assert_has(text, cases[i].format);
        free(text);
    }
}

static void another_bus_moves_the_disk(void **state)
{
    struct error e = ERROR_INIT;
    static const char xml[] =
        "<domain>\n  <devices>\n"
        "    <disk type='file' device='disk'>\n      <target dev='vda' bus='virtio'/>\n"
        "      <address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>\n    </disk>\n"
        "    <disk type='file' device='cdrom'>\n      <target dev='sda' bus='sata'/>\n    </disk>\n"
        "  </devices>\n</domain>\n";
    (void)state;
    xmlDocPtr doc = xml_parse(xml, sizeof xml - 1, &e);
    xmlNodePtr disk = xml_find(xmlDocGetRootElement(doc), "devices/disk");
    assert_true(field_set(field_of("disk", "bus"), disk, "sata", &e));
    assert_true(xml_get_is(disk, "target@dev", "sdb")); /* sda is taken */
    assert_null(xml_find(disk, "address"));
    assert_true(field_set(field_of("disk", "bus"), disk, "virtio", &e));
    assert_true(xml_get_is(disk, "target@dev", "vdb"));
    xmlFreeDoc(doc);
}

static void a_nic_is_in_one_place(void **state)
{
    char *text = MADE("nic", "bridge", "br0");
    (void)state;
    assert_has(text, "type=\"bridge\"");
    assert_has(text, "<source bridge=\"br0\"/>");
    free(text);
    text = MADE("nic", "type", "user");
    assert_has(text, "type=\"user\"");
    assert_has_not(text, "<source");
    free(text);
    text = MADE("nic", "bridge", "br0", "network", "lan");
    assert_has(text, "<source network=\"lan\"/>");
    assert_has(text, "type=\"network\"");
    free(text);
}

static void both_sides_of_an_offload(void **state)
{
    struct error e = ERROR_INIT;
    char *text = MADE("nic", "tso4", "off");
    (void)state;
    assert_has(text, "<host tso4=\"off\"/>");
    assert_has(text, "<guest tso4=\"off\"/>");
    free(text);
    xmlNodePtr node;
    xmlDocPtr doc = definition_with(device_kind_find("nic"), &node);
    assert_true(field_set(field_of("nic", "host.tso4"), node, "off", &e));
    char *both = field_get(field_of("nic", "tso4"), node);
    assert_string_equal(both, "mixed");
    free(both);
    assert_true(field_set(field_of("nic", "host.tso4"), node, "on", &e));
    assert_true(field_set(field_of("nic", "model"), node, "e1000", &e));
    assert_false(field_set(field_of("nic", "tso4"), node, "off", &e));
    assert_non_null(strstr(error_text(&e), "e1000"));
    error_clear(&e);
    xmlFreeDoc(doc);
}

static void the_boot_order_is_said_in_one_way(void **state)
{
    struct error e = ERROR_INIT;
    static const char xml[] = "<domain>\n  <os>\n    <type>hvm</type>\n    <boot dev='hd'/>\n  </os>\n"
                              "  <devices>\n"
                              "    <disk device='disk'>\n      <target dev='vda'/>\n    </disk>\n"
                              "    <interface type='user'>\n      <model type='virtio'/>\n    </interface>\n"
                              "  </devices>\n</domain>\n";
    (void)state;
    xmlDocPtr doc = xml_parse(xml, sizeof xml - 1, &e);
    xmlNodePtr root = xmlDocGetRootElement(doc), disk = xml_find(root, "devices/disk"),
               nic = xml_find(root, "devices/interface");
    char *before = xml_print(doc);
    assert_true(field_set(field_of("boot", "boot"), root, "net0,hd", &e));
    assert_true(xml_get_is(nic, "boot@order", "1"));
    assert_true(xml_get_is(disk, "boot@order", "2"));
    assert_null(xml_find(root, "os/boot"));
    assert_true(field_set(field_of("disk", "boot"), disk, "1", &e));
    char *order = field_get(field_of("boot", "boot"), root);
    assert_string_equal(order, "vda,net0");
    free(order);
    assert_true(field_set(field_of("boot", "boot"), root, "hd", &e));
    char *after = xml_print(doc);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_false(field_set(field_of("boot", "boot"), root, "hd,floppydisk", &e));
    assert_non_null(strstr(error_text(&e), "vda, net0"));
    assert_false(field_set(field_of("boot", "boot"), root, "hd,hd", &e));
    error_clear(&e);
    xmlFreeDoc(doc);
}

static void a_free_boot_place_moves_nobody(void **state)
{
    struct error e = ERROR_INIT;
    static const char xml[] = "<domain>\n  <os>\n    <type>hvm</type>\n  </os>\n  <devices>\n"
                              "    <disk device='disk'><target dev='vda'/><boot order='3'/></disk>\n"
                              "    <disk device='disk'><target dev='vdb'/><boot order='7'/></disk>\n"
                              "    <interface type='user'><model type='virtio'/></interface>\n"
                              "  </devices>\n</domain>\n";
    (void)state;
    xmlDocPtr doc = xml_parse(xml, sizeof xml - 1, &e);
    xmlNodePtr root = xmlDocGetRootElement(doc), disk = xml_find(root, "devices/disk"),
               nic = xml_find(root, "devices/interface");
    assert_true(field_set(field_of("nic", "boot"), nic, "5", &e));
    assert_true(xml_get_is(nic, "boot@order", "5"));
    assert_true(xml_get_is(disk, "boot@order", "3"));
    assert_true(field_set(field_of("nic", "boot"), nic, NULL, &e));
    assert_true(xml_get_is(disk, "boot@order", "3"));
    assert_true(xml_get_is(xml_next(disk, "disk"), "boot@order", "7"));
    assert_null(xml_find(nic, "boot"));
    xmlFreeDoc(doc);
}

static void a_cpu_mode_takes_along_what_goes_with_it(void **state)
{
    struct error e = ERROR_INIT;
    static const char xml[] = "<domain><cpu mode='host-passthrough' check='none' migratable='on'/></domain>";
    (void)state;
    xmlDocPtr doc = xml_parse(xml, sizeof xml - 1, &e);
    xmlNodePtr root = xmlDocGetRootElement(doc);
    assert_true(field_set(field_of("cpu", "mode"), root, "maximum", &e));
    assert_true(xml_get_is(root, "cpu@migratable", "on"));
    assert_true(field_set(field_of("cpu", "mode"), root, "host-model", &e));
    assert_false(xml_get_is(root, "cpu@migratable", "on"));
    xmlFreeDoc(doc);
}

static void a_larger_module_is_the_guests(void **state)
{
    struct error e = ERROR_INIT;
    static const char xml[] = "<domain><memory unit='KiB'>393216</memory>"
                              "<currentMemory unit='KiB'>393216</currentMemory><devices><memory model='dimm'>"
                              "<target><size unit='KiB'>131072</size></target></memory></devices></domain>";
    (void)state;
    xmlDocPtr doc = xml_parse(xml, sizeof xml - 1, &e);
    xmlNodePtr root = xmlDocGetRootElement(doc);
    assert_true(field_set(field_of("memory", "size"), xml_find(root, "devices/memory"), "268435456", &e));
    assert_true(xml_get_is(root, "memory", "524288"));
    assert_true(xml_get_is(root, "currentMemory", "524288"));
    xmlFreeDoc(doc);
}

static void what_bounds_comes_first(void **state)
{
    struct error e = ERROR_INIT;
    (void)state;
    char *xml = xasprintf(domain_xml, "");
    xmlDocPtr doc = xml_parse(xml, strlen(xml), &e);
    struct change c = {.verb = CHANGE_SET, .device = xstrdup("cpu")};
    struct changed out = {0};
    assert_true(change_assign(&c, device_kind_find("cpu"), "vcpus=6", &e));
    assert_false(change_apply(&c, doc, &out, &e));
    assert_non_null(strstr(error_text(&e), "maxvcpus=6"));
    changed_clear(&out);
    assert_true(change_assign(&c, device_kind_find("cpu"), "maxvcpus=8", &e));
    if (!change_apply(&c, doc, &out, &e))
        fail_msg("%s", error_text(&e));
    assert_true(out.differs);
    assert_true(xml_get_is(xmlDocGetRootElement(doc), "vcpu@current", "6"));
    assert_true(xml_get_is(xmlDocGetRootElement(doc), "vcpu", "8"));
    changed_clear(&out);
    change_clear(&c);
    error_clear(&e);
    xmlFreeDoc(doc);
    free(xml);
}

static void secrets_are_not_told(void **state)
{
    struct error e = ERROR_INIT;
    xmlNodePtr node;
    (void)state;
    xmlDocPtr doc = definition_with(device_kind_find("graphics"), &node);
    const struct device_field *f = field_of("graphics", "passwd");
    assert_true(field_set(f, node, "hunter2", &e));
    assert_null(field_get(f, node));
    assert_false(field_set(f, node, "hunter2hunter2", &e));
    assert_null(strstr(error_text(&e), "hunter2"));
    assert_false(field_set(f, node, "hunter2\n", &e));
    assert_null(strstr(error_text(&e), "hunter2"));
    error_clear(&e);
    xmlFreeDoc(doc);
}

static void sizes(void **state)
{
    (void)state;
    assert_true(field_size("512M", 1) == 512.0 * 1024 * 1024);
    assert_true(field_size("4096", 1024) == 4096.0 * 1024);
    assert_true(field_size("2KiB", 1024) == 2048);
    assert_true(field_size("lots", 1) < 0);
    assert_true(field_size("-1", 1) < 0);
    assert_true(field_size("", 1) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(every_field_goes_there_and_back),
        cmocka_unit_test(hostile_values_are_refused_or_kept),
        cmocka_unit_test(a_disks_source_chooses_its_type),
        cmocka_unit_test(another_bus_moves_the_disk),
        cmocka_unit_test(a_nic_is_in_one_place),
        cmocka_unit_test(both_sides_of_an_offload),
        cmocka_unit_test(the_boot_order_is_said_in_one_way),
        cmocka_unit_test(a_free_boot_place_moves_nobody),
        cmocka_unit_test(a_cpu_mode_takes_along_what_goes_with_it),
        cmocka_unit_test(a_larger_module_is_the_guests),
        cmocka_unit_test(what_bounds_comes_first),
        cmocka_unit_test(secrets_are_not_told),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
