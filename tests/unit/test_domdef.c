/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Definitions good, odd and hostile. Runs in the source tree: it reads tests/data/domains.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "device/kinds.h"
#include "model/domdef.h"

#define CORPUS "tests/data/domains"

static char *read_sample(const char *name, size_t *len)
{
    char path[300];
    char *data = NULL;
    struct error e = ERROR_INIT;
    snprintf(path, sizeof(path), CORPUS "/%s", name);
    if (!file_read(path, 1 << 20, &data, len, NULL, &e)) {
        fail_msg("%s", error_text(&e));
    }
    return data;
}

static struct domdef *sample(const char *name)
{
    size_t len;
    struct error e = ERROR_INIT;
    char *xml = read_sample(name, &len);
    struct domdef *def = domdef_parse(xml, len, &e);
    if (!def) {
        fail_msg("%s: %s", name, error_text(&e));
    }
    free(xml);
    return def;
}

static void assert_text(const char *got, const char *wanted)
{
    if (!got || !wanted) {
        assert_ptr_equal(got, wanted);
    } else {
        assert_string_equal(got, wanted);
    }
}

static bool has_word(const struct vm_device *d, const char *word)
{
    const char *const texts[] = {d->name, d->alias, d->model, d->target, d->source, d->mac, d->log_file};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (texts[i] && strstr(texts[i], word)) {
            return true;
        }
    }
    return false;
}

static void the_whole_corpus_is_taken(void **state)
{
    DIR *dir = opendir(CORPUS);
    int n = 0;
    (void)state;
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        struct domdef *def = sample(entry->d_name);
        assert_int_equal(def->refs, 1);
        assert_non_null(def->tags);
        for (size_t i = 0; i < def->devices.len; i++) {
            assert_non_null(def->devices.items[i].kind);
            assert_non_null(def->devices.items[i].name);
            assert_false(has_word(&def->devices.items[i], "do-not-read-me"));
        }
        domdef_unref(def);
        n++;
    }
    closedir(dir);
    assert_true(n >= 13);
}

static void every_part_is_read(void **state)
{
    struct domdef *def = sample("kvm-every-device.xml");
    (void)state;
    assert_text(def->title, "One of each");
    assert_text(def->description, "First line.\nSecond line, with <angle> brackets & an ampersand.");
    assert_text(def->os, "debian12");
    assert_text(def->tags, "db prod web");
    assert_int_equal(def->autostart_order, 10);
    assert_text(def->type, "kvm");
    assert_text(def->arch, "x86_64");
    assert_text(def->machine, "pc-q35-7.2");
    assert_text(def->emulator, "/usr/bin/qemu-system-x86_64");
    assert_int_equal(def->vcpus, 4);
    assert_int_equal(def->vcpus_max, 8);
    assert_true(def->memory_kib == 12582912);
    assert_true(def->maxmem_kib == 16 * 1024 * 1024);
    assert_true(def->has_agent);
    assert_false(def->agent_up);
    assert_int_equal(def->devices.len, 39);
    domdef_unref(def);
}

static void little_is_known_of_little(void **state)
{
    struct domdef *def = sample("empty.xml");
    (void)state;
    assert_null(def->title);
    assert_null(def->description);
    assert_null(def->os);
    assert_null(def->type);
    assert_null(def->emulator);
    assert_text(def->tags, "");
    assert_int_equal(def->autostart_order, -1);
    assert_true(isnan(def->memory_kib) && isnan(def->maxmem_kib));
    assert_false(def->has_agent);
    assert_int_equal(def->devices.len, 0);
    domdef_unref(def);
}

static void live_definitions_have_aliases(void **state)
{
    struct domdef *def = sample("qemu-live.xml");
    (void)state;
    assert_int_equal(def->devices.len, 7);
    assert_text(def->devices.items[0].alias, "virtio-disk0");
    assert_text(def->devices.items[1].alias, "net0");
    assert_text(def->devices.items[1].target, "vnet3");
    assert_true(def->has_agent);
    assert_true(def->agent_up);
    assert_int_equal(def->vcpus, 1);
    domdef_unref(def);
}

static void any_script_and_encoding(void **state)
{
    struct domdef *def = sample("unicode.xml");
    (void)state;
    assert_text(def->tags, "prod émoji🐧 タグ");
    assert_text(def->devices.items[0].source, "/srv/образ диска.img");
    domdef_unref(def);
    def = sample("latin1.xml");
    assert_text(def->title, "Gärtnerei Müller");
    domdef_unref(def);
    def = sample("cdata.xml");
    assert_text(def->title, "<script>&amp; tail");
    assert_null(def->description);
    assert_int_equal(def->vcpus, 3);
    assert_true(def->memory_kib == 1024);
    assert_text(def->emulator, "/usr/bin/qemu");
    assert_int_equal(def->devices.len, 1);
    domdef_unref(def);
}

static void namespaces_are_told_apart(void **state)
{
    struct domdef *def = sample("namespaces.xml");
    (void)state;
    assert_text(def->title, "the title");
    assert_text(def->os, "win2k19");
    assert_text(def->tags, "one");
    assert_int_equal(def->autostart_order, -1);
    assert_true(fabs(def->memory_kib - 1e9 / 1024) < 1);
    assert_int_equal(def->devices.len, 2);
    assert_text(def->devices.items[0].kind->id, "other");
    assert_text(def->devices.items[1].target, "vda");
    domdef_unref(def);
}

static void odd_figures_are_unknown(void **state)
{
    struct domdef *def = sample("odd-figures.xml");
    (void)state;
    assert_true(def->maxmem_kib == 1.5 * 1024 * 1024 * 1024);
    assert_true(def->memory_kib == def->maxmem_kib);
    assert_int_equal(def->vcpus_max, 0);
    assert_int_equal(def->vcpus, 0);
    assert_int_equal(def->autostart_order, -1);
    assert_text(def->os, "not an address");
    assert_text(def->tags, "");
    assert_text(def->emulator, "/bin/second");
    domdef_unref(def);
    def = sample("hvf.xml");
    assert_text(def->os, "archlinux");
    assert_text(def->type, "hvf");
    domdef_unref(def);
}

static void os_names_of_all_shapes(void **state)
{
    static const char *const cases[][2] = {
        {"http://ubuntu.com/ubuntu/22.04", "ubuntu22.04"},
        {"http://ubuntu.com/ubuntu/22.04//", "ubuntu22.04"},
        {"http://a/b/c/d", "cd"},
        {"http://host/only", "only"},
        {"http://host/", ""},
        {"http://host", "http://host"},
        {"http://host/x/rolling", "x"},
        {"plain", "plain"},
        {"://", "://"},
        {"///", "///"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char xml[400];
        snprintf(xml, sizeof(xml),
                 "<domain><metadata><l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
                 "<l:os id='%s'/></l:libosinfo></metadata></domain>",
                 cases[i][0]);
        struct domdef *def = domdef_parse(xml, strlen(xml), NULL);
        assert_non_null(def);
        assert_text(def->os, cases[i][1]);
        domdef_unref(def);
    }
}

static void assert_refused(const char *xml, size_t len, const char *says)
{
    struct error e = ERROR_INIT;
    if (domdef_parse(xml, len, &e)) {
        fail_msg("%s was taken", xml);
    }
    assert_int_equal(e.status, STATUS_FAILED);
    if (!strstr(error_text(&e), says) || strchr(error_text(&e), '\n')) {
        fail_msg("%.40s: %s", xml, error_text(&e));
    }
    error_clear(&e);
    assert_null(domdef_parse(xml, len, NULL));
}

static void what_is_no_domain_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"<network/>", "<network>"},
        {"\n\n<domainsnapshot/>", "line 3"},
        {"<x:domain xmlns:x='urn:x'/>", "<domain> is expected"},
        {"garbage", "line 1"},
        {"<domain>", "line 1"},
        {"<domain><devices></domain>", "line 1"},
        {"<domain>\n<name>\n&undefined;</name></domain>", "line 3"},
        {"<domain>\xff\xfe</domain>", "line 1"},
        {"<domain>\x1b[0m</domain>", "line 1"},
        {"<domain/><domain/>", "line 1"},
        {"   ", "line 1"},
        {"<domain a='1' a='2'/>", "line 1"},
        {"<?xml version='1.0' encoding='martian'?><domain/>", "martian"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_refused(cases[i][0], strlen(cases[i][0]), cases[i][1]);
    }
    assert_refused("", 0, "empty");
    assert_refused(NULL, 5, "empty");
    assert_refused("<domain/>", (size_t)64 * 1024 * 1024, "at most");
    assert_refused("<domain/>\0", 10, "NUL");
}

/* Entities that would grow without end, or read a file, or ask the network: the document type is refused. */
static void no_entities_no_files_no_network(void **state)
{
    static const char *const cases[] = {
        ("<!DOCTYPE domain [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>"
         "<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]><domain><title>&c;</title></domain>"),
        "<!DOCTYPE domain [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><domain><title>&f;</title></domain>",
        "<!DOCTYPE domain SYSTEM 'http://127.0.0.1:1/x.dtd'><domain/>",
        "<!DOCTYPE domain SYSTEM '/etc/passwd'><domain/>",
        "<!DOCTYPE domain><domain/>",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_refused(cases[i], strlen(cases[i]), "document type");
    }
}

static char *repeated(const char *head, const char *unit, size_t times, const char *tail)
{
    struct strbuf b = {0};
    strbuf_puts(&b, head);
    for (size_t i = 0; i < times; i++) {
        strbuf_puts(&b, unit);
    }
    strbuf_puts(&b, tail);
    return strbuf_steal(&b);
}

static void giants(void **state)
{
    (void)state;
    char *deep = repeated("<domain>", "<devices>", 100000, "");
    assert_refused(deep, strlen(deep), "line 1");
    free(deep);
    char *many = repeated("<domain><devices>", "<disk/>", 20000, "</devices></domain>");
    struct domdef *def = domdef_parse(many, strlen(many), NULL);
    assert_non_null(def);
    assert_int_equal(def->devices.len, 20000);
    domdef_unref(def);
    free(many);
    char *tags = repeated("<domain><metadata><d:domain xmlns:d='" VIRTDECK_METADATA_URI "'><d:tags>", "b a ",
                          50000, "</d:tags></d:domain></metadata></domain>");
    def = domdef_parse(tags, strlen(tags), NULL);
    assert_non_null(def);
    assert_text(def->tags, "a b");
    domdef_unref(def);
    free(tags);
}

/* Every beginning of every sample: refused, or (at the very end) taken; never a crash. */
static void truncation_anywhere(void **state)
{
    size_t len;
    (void)state;
    char *xml = read_sample("kvm-every-device.xml", &len);
    for (size_t n = 0; n < len; n += 7) {
        char *part = xmalloc(n + 1); /* exactly as long, so that a sanitizer sees reads past the end */
        memcpy(part, xml, n);
        struct domdef *def = domdef_parse(part, n, NULL);
        assert_true(!def || n + 3 > len);
        domdef_unref(def);
        free(part);
    }
    free(xml);
}

static void *parse_often(void *xml)
{
    for (int i = 0; i < 200; i++) {
        struct error e = ERROR_INIT;
        struct domdef *def = domdef_parse(xml, strlen(xml), &e);
        domdef_unref(def);
        if (domdef_parse("<domain>", 8, &e)) {
            return xml;
        }
        error_clear(&e);
    }
    return NULL;
}

static void many_threads_parse(void **state)
{
    size_t len;
    char *xml = read_sample("qemu-live.xml", &len);
    pthread_t threads[4];
    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, parse_often, xml), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    free(xml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_threads_parse),
        cmocka_unit_test(the_whole_corpus_is_taken),
        cmocka_unit_test(every_part_is_read),
        cmocka_unit_test(little_is_known_of_little),
        cmocka_unit_test(live_definitions_have_aliases),
        cmocka_unit_test(any_script_and_encoding),
        cmocka_unit_test(namespaces_are_told_apart),
        cmocka_unit_test(odd_figures_are_unknown),
        cmocka_unit_test(os_names_of_all_shapes),
        cmocka_unit_test(what_is_no_domain_is_refused),
        cmocka_unit_test(no_entities_no_files_no_network),
        cmocka_unit_test(giants),
        cmocka_unit_test(truncation_anywhere),
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
