/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes as values: assignments, adding and removing devices, what is chosen for a new one, words for
 * people.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "device/change.h"
#include "model/xml.h"
#include "xml_fixture.h"

static const char domain_xml[] = "<domain type='kvm'>\n"
                                 "  <name>web1</name>\n"
                                 "  <vcpu>2</vcpu>\n"
                                 "  <os>\n    <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>\n  </os>\n"
                                 "  <!-- kept -->\n"
                                 "  <devices>\n"
                                 "    <disk type='file' device='disk'>\n"
                                 "      <driver name='qemu' type='qcow2'/>\n"
                                 "      <source file='/srv/a.qcow2'/>\n"
                                 "      <target dev='vda' bus='virtio'/>\n"
                                 "      <strange:thing xmlns:strange='urn:strange' kept='yes'/>\n"
                                 "    </disk>\n"
                                 "    <interface type='network'>\n"
                                 "      <mac address='52:54:00:11:22:33'/>\n"
                                 "      <source network='default'/>\n"
                                 "      <model type='virtio'/>\n"
                                 "    </interface>\n"
                                 "    <graphics type='vnc' port='-1' autoport='yes' passwd='hunter2'/>\n"
                                 "    <memballoon model='none'/>\n"
                                 "  </devices>\n"
                                 "</domain>\n";

static struct change change_of(enum change_verb verb, const char *device, const char *kind,
                               const char *const *words)
{
    struct error e = ERROR_INIT;
    struct change c = {.verb = verb, .device = xstrdup(device), .kind = kind ? device_kind_find(kind) : NULL};
    for (; *words; words++)
        if (!change_assign(&c, c.kind, *words, &e))
            fail_msg("%s: %s", *words, error_text(&e));
    return c;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_WORDS   ((const char *const[]){NULL})

/* Makes the change; the definition after it (the caller frees), or NULL with *e set. */
static char *after(struct change *c, struct error *e)
{
    xmlDocPtr doc = parse(domain_xml);
    struct changed out = {0};
    char *text = NULL;
    if (change_complete(c, doc, e) && change_apply(c, doc, &out, e))
        text = xml_print(doc);
    changed_clear(&out);
    change_clear(c);
    xmlFreeDoc(doc);
    return text;
}

static void assert_made(struct change c, const char *part)
{
    struct error e = ERROR_INIT;
    char *text = after(&c, &e);
    if (!text)
        fail_msg("%s", error_text(&e));
    if (!strstr(text, part))
        fail_msg("no %s in:\n%s", part, text);
    if (!strstr(text, "<!-- kept -->") || !strstr(text, "hunter2"))
        fail_msg("something else was changed:\n%s", text);
    free(text);
}

static void assert_refused(struct change c, const char *why)
{
    struct error e = ERROR_INIT;
    char *text = after(&c, &e);
    if (text || !strstr(error_text(&e), why))
        fail_msg("%s instead of %s", text ? "done" : error_text(&e), why);
    error_clear(&e);
}

static void fields_are_set_by_any_name(void **state)
{
    (void)state;
    assert_made(change_of(CHANGE_SET, "net0", "nic", WORDS("link=down")), "<link state=\"down\"/>");
    assert_made(change_of(CHANGE_SET, "52:54:00:11:22:33", "nic", WORDS("link=off")),
                "<link state=\"down\"/>");
    assert_made(change_of(CHANGE_SET, "nic:52:54:00:11:22:33", "nic", WORDS("model=e1000")),
                "type=\"e1000\"");
    assert_made(change_of(CHANGE_SET, "vda", "disk", WORDS("cache=none")), "kept=\"yes\"/>");
    assert_made(change_of(CHANGE_SET, "domain", "domain", WORDS("title=a<b & \"c\"")), "a&lt;b &amp; ");
    assert_refused(change_of(CHANGE_SET, "vdz", "disk", WORDS("cache=none")), "vda");
}

static void words_are_checked(void **state)
{
    static const char *const bad[] = {"link",  "=down", "link=sideways", "lnk=down", "mac=01:00:5e:00:00:01",
                                      "mtu=-1"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct change c = {0};
        struct error e = ERROR_INIT;
        if (change_assign(&c, device_kind_find("nic"), bad[i], &e))
            fail_msg("%s was taken", bad[i]);
        assert_int_equal(e.status, STATUS_USAGE);
        assert_int_equal(c.sets.len, 0);
        error_clear(&e);
        change_clear(&c);
    }
}

static void new_ones_get_what_is_free(void **state)
{
    (void)state;
    assert_made(change_of(CHANGE_ADD, NULL, "disk", WORDS("source=/srv/b.qcow2")),
                "<target bus=\"virtio\" dev=\"vdb\"/>");
    assert_made(change_of(CHANGE_ADD, NULL, "disk", WORDS("source=/srv/b.raw")), "type=\"raw\"");
    assert_made(change_of(CHANGE_ADD, NULL, "disk", WORDS("source=/srv/b", "bus=scsi")),
                "<target bus=\"scsi\" dev=\"sda\"/>");
    assert_made(change_of(CHANGE_ADD, NULL, "cdrom", WORDS("media=/srv/b.iso")), "bus=\"sata\" dev=\"sda\"");
    assert_made(change_of(CHANGE_ADD, NULL, "nic", NO_WORDS), "<mac address=\"52:54:00:");
    assert_made(change_of(CHANGE_ADD, NULL, "nic", WORDS("type=user")), "type=\"user\"");
    assert_made(change_of(CHANGE_ADD, NULL, "controller", NO_WORDS), "index=\"0\"");
    assert_made(change_of(CHANGE_ADD, NULL, "usb", WORDS("device=046d:c52b")), "<vendor id=\"0x046d\"/>");
    assert_made(change_of(CHANGE_ADD, NULL, "shmem", NO_WORDS), "name=\"shmem0\"");
    assert_refused(change_of(CHANGE_ADD, NULL, "usb", NO_WORDS), "device=");
    assert_refused(change_of(CHANGE_ADD, NULL, "pci", NO_WORDS), "device=");
    assert_refused(change_of(CHANGE_ADD, NULL, "filesystem", NO_WORDS), "source=");
    assert_refused(change_of(CHANGE_ADD, NULL, "balloon", NO_WORDS), "turned off");
    assert_refused(change_of(CHANGE_ADD, NULL, "graphics", NO_WORDS), "vnc");
    assert_refused(change_of(CHANGE_ADD, NULL, "disk", WORDS("target=vda")), "vdb is free");
    assert_refused(change_of(CHANGE_ADD, NULL, "hub", NO_WORDS), "can't be added");
}

/* Every kind that can be added makes an element of its own kind, and taking it out again leaves no trace. */
static void all_kinds_come_and_go(void **state)
{
    static const struct {
        const char *kind, *word;
    } needs[] = {{"usb", "device=046d:c52b"},
                 {"pci", "device=0000:03:00.0"},
                 {"filesystem", "source=/srv"},
                 {"graphics", "type=spice"},
                 {"disk", "source=/srv/x.qcow2"}};
    (void)state;
    for (size_t k = 0; k < n_device_kinds; k++) {
        const struct device_kind *kind = &device_kinds[k];
        struct error e = ERROR_INIT;
        struct change add = {.verb = CHANGE_ADD, .kind = kind};
        if (!kind->fresh || strcmp(kind->id, "balloon") == 0)
            continue;
        for (size_t i = 0; i < ARRAY_LEN(needs); i++)
            if (strcmp(needs[i].kind, kind->id) == 0)
                assert_true(change_assign(&add, kind, needs[i].word, &e));
        xmlDocPtr doc = parse(domain_xml);
        struct changed out = {0};
        char *before = xml_print(doc);
        if (!change_complete(&add, doc, &e) || !change_apply(&add, doc, &out, &e))
            fail_msg("%s: %s", kind->id, error_text(&e));
        assert_ptr_equal(out.kind, kind);
        assert_non_null(out.after);
        struct change remove = {.verb = CHANGE_REMOVE, .device = xstrdup(out.key)};
        changed_clear(&out);
        if (!change_apply(&remove, doc, &out, &e))
            fail_msg("%s: %s", kind->id, error_text(&e));
        char *again = xml_print(doc);
        assert_string_equal(before, again);
        changed_clear(&out);
        change_clear(&add);
        change_clear(&remove);
        free(before);
        free(again);
        xmlFreeDoc(doc);
    }
}

static void parts_stay(void **state)
{
    (void)state;
    assert_refused(change_of(CHANGE_REMOVE, "cpu", NULL, NO_WORDS), "can't be removed");
}

static void a_text_has_no_default(void **state)
{
    struct change c = change_of(CHANGE_SET, "domain", "domain", WORDS("title=", "on_crash="));
    char *words = change_words(&c);
    (void)state;
    assert_string_equal(words, "domain: title= on_crash=default");
    free(words);
    change_clear(&c);
}

static void words_for_people_hide_secrets(void **state)
{
    struct change c =
        change_of(CHANGE_SET, "vnc", "graphics", WORDS("passwd=abc123", "port=5901", "keymap="));
    char *words = change_words(&c);
    (void)state;
    assert_string_equal(words, "vnc: passwd=(hidden) port=5901 keymap=default");
    struct change copy;
    change_copy(&copy, &c);
    char *same = change_words(&copy);
    assert_string_equal(words, same);
    free(words);
    free(same);
    change_clear(&c);
    change_clear(&copy);
}

static void words_for_people_are_one_line(void **state)
{
    struct change c = change_of(CHANGE_SET, "domain", "domain", WORDS("description=two\nlines"));
    char *words = change_words(&c);
    (void)state;
    assert_string_equal(words, "domain: description=two\\nlines");
    free(words);
    change_clear(&c);
}

static void what_fails_changes_nothing(void **state)
{
    struct change c = change_of(CHANGE_SET, "net0", "nic", WORDS("model=e1000", "tso4=off"));
    struct changed out = {0};
    struct error e = ERROR_INIT;
    xmlDocPtr doc = parse(domain_xml);
    char *before = xml_print(doc);
    (void)state;
    assert_false(change_apply(&c, doc, &out, &e));
    assert_non_null(strstr(error_text(&e), "virtio"));
    char *now = xml_print(doc);
    assert_string_equal(before, now);
    free(before);
    free(now);
    error_clear(&e);
    changed_clear(&out);
    change_clear(&c);
    xmlFreeDoc(doc);
}

/* A dry run prints the element that a call would get. */
static void secrets_of_a_device_alone_are_hidden(void **state)
{
    static const char *const elements[] = {"<graphics type='vnc' passwd='hunter2'/>",
                                           "<disk><source protocol='https'><cookies><cookie "
                                           "name='c'>hunter2</cookie></cookies></source></disk>"};
    (void)state;
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
        char *whole = xasprintf("<domain><devices>%s</devices></domain>", elements[i]);
        const char *const texts[] = {elements[i], whole};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
            xmlDocPtr doc = xml_parse_element(texts[k], NULL, NULL);
            assert_non_null(doc);
            xml_hide_secrets(doc);
            char *text = xml_print(doc);
            if (strstr(text, "hunter2") || !strstr(text, "(hidden)"))
                fail_msg("not hidden: %s", text);
            free(text);
            xmlFreeDoc(doc);
        }
        free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_set_by_any_name),
        cmocka_unit_test(words_are_checked),
        cmocka_unit_test(new_ones_get_what_is_free),
        cmocka_unit_test(all_kinds_come_and_go),
        cmocka_unit_test(parts_stay),
        cmocka_unit_test(a_text_has_no_default),
        cmocka_unit_test(words_for_people_hide_secrets),
        cmocka_unit_test(words_for_people_are_one_line),
        cmocka_unit_test(secrets_of_a_device_alone_are_hidden),
        cmocka_unit_test(what_fails_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
