/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The signatures themselves, each against its own examples and everybody else's, and against logs in which
 * nothing is wrong; a user's file; what becomes of captured text.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "command/command.h"
#include "diagnose/signature.h"
#include "scratch.h"

#define HEALTHY "tests/data/healthy-logs.txt"

static struct signatures *set;
static const struct evidence_context nobody = {0};

static int load(void **state)
{
    finding_list found = {0};
    (void)state;
    set = signatures_load(NULL, &found);
    for (size_t i = 0; i < found.len; i++)
        print_error("%s\n", found.items[i].text);
    size_t mistakes = found.len;
    findings_free(&found);
    return mistakes ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    signatures_free(set);
    return 0;
}

static struct evidence_line line_of(enum line_source source, const char *text)
{
    return (struct evidence_line){.source = source, .text = text, .len = strlen(text)};
}

/* The catalogue of known failures, in its order. */
static const char *const catalogue[52] = {
    "image-locked",
    "image-busy",
    "job-lock",
    "lease-held",
    "label-shared",
    "network-inactive",
    "network-missing",
    "subnet-taken",
    "bridge-missing",
    "disk-missing",
    "disk-denied",
    "backing-missing",
    "image-format",
    "image-corrupt",
    "disk-full",
    "apparmor-profile",
    "apparmor-denied",
    "kvm-denied",
    "kvm-missing",
    "kvm-required",
    "cpu-host",
    "kvm-internal",
    "machine-unknown",
    "machine-unsupported",
    "cpu-features",
    "nested-not-delivered",
    "nested-arm",
    "gic-version",
    "hvf-bad-argument",
    "hvf-unsupported",
    "hvf-entitlement",
    "sme-vectors",
    "memory-tso",
    "memory-short",
    "port-taken",
    "forward-taken",
    "sound-libvirt",
    "sound-qemu",
    "audio-backend",
    "spice-thread",
    "sound-transport",
    "root-missing",
    "windows-boot-device",
    "guest-no-nesting",
    "agent-absent",
    "polkit",
    "daemon-down",
    "firmware-missing",
    "tpm-helper",
    "iommu-group",
    "duplicate",
    "crashed",
};

static void catalogue_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(catalogue); i++)
        if (!signatures_find(set, catalogue[i]))
            fail_msg("row %zu: there is no %s", i + 1, catalogue[i]);
    assert_true(signatures_count(set) >= ARRAY_LEN(catalogue));
}

static void rows_are_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < signatures_count(set); i++) {
        const struct signature *s = signatures_at(set, i);
        bool whole = s->pattern && s->example && s->near.len && strlen(s->cause) > 20 &&
                     strlen(s->remedy) > 10 && s->command && s->cause[strlen(s->cause) - 1] == '.' &&
                     s->remedy[strlen(s->remedy) - 1] == '.' && !s->users;
        if (!whole || !pattern_joins(s->regex))
            fail_msg("%s is not whole", s->id);
        if (i > 0)
            assert_true(signatures_at(set, i - 1)->rank <= s->rank);
        if (s->here && strncmp(s->command, "$ ", 2) != 0)
            fail_msg("%s: where is for a shell's commands", s->id);
    }
    assert_string_equal(signatures_at(set, signatures_count(set) - 1)->id, "crashed");
}

static bool may_match(const struct signature *of_example, const struct signature *s)
{
    if (of_example == s)
        return true;
    for (size_t i = 0; i < of_example->also.len; i++)
        if (strcmp(of_example->also.items[i], s->id) == 0)
            return true;
    return false;
}

/* Every example in every source that its own row is looked for in, against all rows. */
static void nobody_elses_example(void **state)
{
    (void)state;
    for (size_t i = 0; i < signatures_count(set); i++) {
        const struct signature *s = signatures_at(set, i);
        for (int source = 0; source < SOURCES; source++) {
            diagnosis_list found = {0};
            struct evidence_line line = line_of((enum line_source)source, s->example);
            bool own = false;
            signatures_match(set, &line, &nobody, &found);
            for (size_t k = 0; k < found.len; k++) {
                own |= found.items[k].signature == s;
                if (!may_match(s, found.items[k].signature))
                    fail_msg("%s's example is matched by %s, too", s->id, found.items[k].signature->id);
            }
            assert_true(own == (s->sources >> source & 1));
            if (own)
                assert_ptr_equal(signatures_best(set, &line), found.items[0].signature);
            diagnoses_free(&found);
        }
    }
}

static void near_misses(void **state)
{
    (void)state;
    for (size_t i = 0; i < signatures_count(set); i++) {
        const struct signature *s = signatures_at(set, i);
        for (size_t k = 0; k < s->near.len; k++)
            if (pattern_find(s->pattern, s->near.items[k], strlen(s->near.items[k]), PATTERN_NONE, NULL))
                fail_msg("%s matches \"%s\"", s->id, s->near.items[k]);
        for (size_t k = 0; k < s->also.len; k++)
            if (!signatures_find(set, s->also.items[k]))
                fail_msg("%s: there is no %s", s->id, s->also.items[k]);
    }
}

static void healthy_logs(void **state)
{
    (void)state;
    char *text;
    size_t len, lines = 0;
    struct error e = ERROR_INIT;
    if (!file_read(HEALTHY, 1 << 20, &text, &len, NULL, &e))
        fail_msg("%s", error_text(&e));
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n")) && *line; lines++) {
        const char *word = strsep(&line, "\t");
        enum line_source source = source_find(word);
        assert_true(source < SOURCES && line);
        struct evidence_line l = line_of(source, line);
        const struct signature *s = signatures_best(set, &l);
        if (s)
            fail_msg("line %zu is healthy, but matched by %s: %s", lines + 1, s->id, line);
    }
    assert_true(lines >= 1000);
    free(text);
}

/* ---- templates ---- */

static const struct evidence_context web = {.vm = "web 1", .uri = "qemu:///system"};

static struct diagnosis match_one(const struct signatures *s, const struct evidence_line *line,
                                  const struct evidence_context *context)
{
    diagnosis_list found = {0};
    signatures_match(s, line, context, &found);
    assert_true(found.len >= 1);
    struct diagnosis d = found.items[0];
    for (size_t i = 1; i < found.len; i++)
        diagnosis_clear(&found.items[i]);
    vec_free(&found);
    return d;
}

static void values_are_put_in(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id, *in_cause, *command;
        bool complete;
    } rows[] = {
        {"x: Failed to get \"write\" lock\nIs another process using the image [/a b.qcow2]?", "image-locked",
         "has /a b.qcow2 open", "$ fuser -v '/a b.qcow2'", true},
        {"x: Failed to get \"write\" lock", "image-locked", "has the image open", NULL, false},
        {"network 'it's' is not active", "network-inactive", "network it's is",
         "$ virsh -c qemu:///system net-start 'it'\\''s' && virsh -c qemu:///system net-autostart "
         "'it'\\''s'",
         true},
        {"Cannot access storage file '/home/a/x' (as uid:1, gid:1): Permission denied", "disk-denied",
         "may not open /home/a/x:", "$ setfacl -m u:libvirt-qemu:x DIRECTORY", false},
        {"cannot acquire state change lock (held by monitor=remoteDispatchDomainSave)", "job-lock",
         "held by: remoteDispatchDomainSave", "$ virsh -c qemu:///system domjobinfo 'web 1'", true},
        {"I/O error on virtio-disk0 (/x): enospc: VM paused", "disk-full", "which virtio-disk0 lies",
         "resume 'web 1'", true},
        {"Could not open backing file: Could not open '/b'", "backing-missing",
         "The base image that the disk", "$ qemu-img rebase -u -b NEW-BASE -F FORMAT IMAGE", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum line_source source = strstr(rows[i].text, "I/O error") ? SOURCE_EVENT : SOURCE_LIBVIRT;
        struct evidence_line line = line_of(source, rows[i].text);
        struct diagnosis d = match_one(set, &line, &web);
        assert_string_equal(d.signature->id, rows[i].id);
        if (!strstr(d.cause, rows[i].in_cause))
            fail_msg("%s", d.cause);
        if (rows[i].command)
            assert_string_equal(d.command, rows[i].command);
        else
            assert_null(d.command);
        assert_true(d.complete == rows[i].complete);
        diagnosis_clear(&d);
    }
}

static const struct evidence_context odd = {.vm = "it's a; `vm` #1", .uri = "test:///default?a=1&b"};

static void check_line(const struct signature *s, const char *command)
{
    word_list words = {0};
    const char *argv[20];
    struct error e = ERROR_INIT;
    assert_true(words_split(command, &words, NULL) && words.len < ARRAY_LEN(argv));
    for (size_t i = 0; i < words.len; i++)
        argv[i] = words.items[i].text;
    if (!command_check(false, (int)words.len, argv, &e))
        fail_msg("%s: %s: %s", s->id, command, error_text(&e));
    if (strstr(s->command, "{vm}"))
        assert_string_equal(argv[1], odd.vm);
    words_free(&words);
}

/* Each command with its example's values: a line that a shell can read, or a command of ours whose words are
 * what they were. */
static void commands_are_real(void **state)
{
    (void)state;
    const char *script = scratch("commands.sh");
    scratch_write(script, "exit\n");
    for (size_t i = 0; i < signatures_count(set); i++) {
        const struct signature *s = signatures_at(set, i);
        enum line_source source = SOURCE_QEMU;
        while (!(s->sources >> source & 1))
            source++;
        struct evidence_line line = line_of(source, s->example);
        struct diagnosis d = match_one(set, &line, &odd);
        if (!d.command)
            fail_msg("%s: its example gives no command", s->id);
        if (strncmp(d.command, "$ ", 2) == 0) {
            scratch_append(script, d.command + 2, strlen(d.command) - 2);
            scratch_append(script, "\n", 1);
        } else {
            check_line(s, d.command);
        }
        diagnosis_clear(&d);
    }
    char *check = xasprintf("sh -n '%s'", script);
    assert_int_equal(system(check), 0);
    free(check);
}

/* Nothing of a stranger's gets out of its word, or passes for an option. */
static void strangers_text(void **state)
{
    (void)state;
    static const struct {
        const char *name, *word; /* NULL: no command at all */
    } rows[] = {
        {"a; rm -rf /", "'a; rm -rf /'"},
        {"$(reboot)", "'$(reboot)'"},
        {"`id`", "'`id`'"},
        {"a' && reboot '", "'a'\\'' && reboot '\\'''"},
        {"a\\", "'a\\'"},
        {"{vm}", "'{vm}'"},
        {"--help", NULL},
        {"-x", NULL},
        {"a\nreboot", NULL},
        {"a\033[2J", NULL},
        {"a\xff", NULL},
        {"a\xe2\x80\xae"
         "b",
         NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *text = xasprintf("Cannot get interface MTU on '%s': No such device", rows[i].name);
        struct evidence_line line = line_of(SOURCE_LIBVIRT, text);
        diagnosis_list found = {0};
        signatures_match(set, &line, &nobody, &found);
        if (strchr(rows[i].name, '\'')) { /* the pattern does not reach over a quote */
            assert_true(found.len == 0 || !strstr(found.items[0].command, "reboot"));
        } else if (!rows[i].word) {
            assert_int_equal(found.len, 1);
            assert_null(found.items[0].command);
            assert_false(found.items[0].complete);
        } else {
            char *want = xasprintf("$ ip link add name %s type bridge && ip link set %s up", rows[i].word,
                                   rows[i].word);
            assert_int_equal(found.len, 1);
            assert_string_equal(found.items[0].command, want);
            free(want);
        }
        diagnoses_free(&found);
        free(text);
    }
}

static void on_another_host(void **state)
{
    (void)state;
    struct evidence_context far = {.vm = "web", .uri = "qemu+ssh://root@far/system", .host = "root@far"};
    struct evidence_line line = line_of(
        SOURCE_LIBVIRT, "x: Failed to get \"write\" lock\nIs another process using the image [/it's]?");
    struct diagnosis d = match_one(set, &line, &far);
    assert_string_equal(d.command, "$ ssh root@far 'fuser -v '\\''/it'\\''\\'\\'''\\''s'\\'''");
    diagnosis_clear(&d);
    line = line_of(SOURCE_LIBVIRT, "network 'n' is not active");
    d = match_one(set, &line, &far); /* virsh goes there by itself */
    assert_string_equal(d.command, "$ virsh -c qemu+ssh://root@far/system net-start n && virsh -c "
                                   "qemu+ssh://root@far/system net-autostart n");
    diagnosis_clear(&d);
    far.host = "-oProxyCommand=reboot";
    line = line_of(SOURCE_LIBVIRT, "Cannot get interface MTU on 'b'");
    d = match_one(set, &line, &far);
    assert_null(d.command);
    diagnosis_clear(&d);
}

/* A translated text is known by its code. */
static void by_code(void **state)
{
    (void)state;
    struct evidence_line line = line_of(SOURCE_LIBVIRT, "Netzwerk nicht gefunden");
    assert_null(signatures_best(set, &line));
    line.code = 43;
    line.domain = 19;
    struct diagnosis d = match_one(set, &line, &web);
    assert_string_equal(d.signature->id, "network-missing");
    assert_non_null(strstr(d.cause, "no network of that name"));
    diagnosis_clear(&d);
    line.source = SOURCE_DAEMON;
    assert_null(signatures_best(set, &line));
    line = line_of(SOURCE_LIBVIRT, "kein Agent");
    line.code = 94;
    line.domain = 7;
    assert_null(signatures_best(set, &line));
    line.domain = 60;
    assert_string_equal(signatures_best(set, &line)->id, "polkit");
}

static void only_where_it_begins(void **state)
{
    (void)state;
    struct evidence_line line = line_of(SOURCE_QEMU, "fine\nunsupported machine type");
    assert_non_null(signatures_best(set, &line));
    line.begin = 4;
    assert_null(signatures_best(set, &line));
}

/* ---- bad bytes, long lines ---- */

static void any_bytes(void **state)
{
    (void)state;
    static const char nul[] = "a\0b network 'n\0m' is not active \xff";
    struct evidence_line line = {.source = SOURCE_LIBVIRT, .text = nul, .len = sizeof nul - 1};
    struct diagnosis d = match_one(set, &line, &nobody);
    assert_non_null(strstr(d.cause, "network n\\x00m is"));
    diagnosis_clear(&d);
    struct strbuf s = {0};
    for (int i = 0; i < 4000; i++)
        strbuf_puts(&s, "network 'Failed to get \"");
    while (s.len < 1 << 20)
        strbuf_puts(&s, "guest CPU doesn't match specification: missing ");
    line.text = s.s;
    line.len = s.len;
    for (int i = 0; i < 20; i++) /* that it ends is the test */
        assert_null(signatures_best(set, &line));
    strbuf_clear(&s);
    strbuf_puts(&s, "network '");
    while (s.len < 4000)
        strbuf_puts(&s, "\xc3\xa4");
    strbuf_puts(&s, "' is not active");
    line.text = s.s;
    line.len = s.len;
    d = match_one(set, &line, &nobody);
    assert_true(strlen(d.cause) < 500 && strstr(d.cause, "\xc3\xa4…"));
    assert_null(d.command);
    diagnosis_clear(&d);
    strbuf_free(&s);
}

/* ---- a user's file ---- */

static void users_file(void **state)
{
    (void)state;
    const char *path = scratch("signatures.json");
    finding_list found = {0};
    scratch_write(
        path,
        "{ \"signatures\": [\n"
        "  { \"id\": \"mine\", \"source\": \"serial\", \"pattern\": \"my app died: (.*)\", \"rank\": 1,\n"
        "    \"groups\": [\"why\"], \"cause\": \"It died: {why}\", \"remedy\": \"Call {vm|it}.\" },\n"
        "  { \"id\": \"crashed\", \"source\": \"qemu\", \"pattern\": \"reason=crashed\",\n"
        "    \"cause\": \"Ours\", \"remedy\": \"Wait.\" },\n"
        "  { \"id\": \"bad1\", \"source\": \"serial\", \"pattern\": \"a(\",\n"
        "    \"cause\": \"c\", \"remedy\": \"r\" },\n"
        "  { \"id\": \"bad2\", \"source\": \"searial\", \"pattern\": \"abc\", \"cause\": \"c\", \"remedy\": "
        "\"r\" },\n"
        "  { \"id\": \"bad3\", \"source\": \"qemu\", \"pattern\": \"abc\",\n"
        "    \"cause\": \"c {nam}\", \"remedy\": \"r\" },\n"
        "  { \"id\": \"bad4\", \"source\": \"qemu\", \"pattern\": \"abc\", \"cause\": \"c\", \"remedy\": "
        "\"r\",\n"
        "    \"command\": \"$ echo '{vm}'\" },\n"
        "  { \"id\": \"bad5\", \"source\": \"qemu\", \"pattern\": \"abc\", \"cause\": \"c\" },\n"
        "  { \"id\": \"bad6\", \"source\": \"qemu\", \"pattern\": \"abc\", \"cause\": \"c\", \"remedy\": "
        "\"r\",\n"
        "    \"exampel\": \"x\" },\n"
        "  { \"id\": \"bad7\", \"source\": \"qemu\", \"pattern\": \"abc\", \"cause\": \"c\", \"remedy\": "
        "\"r\",\n"
        "    \"example\": \"x\" },\n"
        "  7,\n"
        "  { \"id\": \"bad8\", \"source\": \"qemu\", \"pattern\": \"a*\", \"cause\": \"c\", \"remedy\": "
        "\"r\" }\n"
        "] }\n");
    static const char *const says[] = {
        ":6: pattern: ",
        ":8: source: there is no source \"searial\" (did you mean \"serial\"?)",
        ":10: nothing fills {nam}",
        ":12: {vm} stands inside quotes",
        ":13: the signature needs remedy",
        ":15: a signature has no \"exampel\" (did you mean \"example\"?)",
        ":17: the pattern does not match this example",
        ":18: a signature is an object",
        ":19: pattern: the pattern matches an empty line",
    };
    struct signatures *s = signatures_load(path, &found);
    for (size_t i = 0; i < found.len; i++)
        if (i >= ARRAY_LEN(says) || !strstr(found.items[i].text, says[i]) ||
            strncmp(found.items[i].text, path, strlen(path)) != 0)
            fail_msg("%s", found.items[i].text);
    assert_int_equal(found.len, ARRAY_LEN(says));
    assert_int_equal(signatures_count(s), signatures_count(set) + 1);
    assert_string_equal(signatures_at(s, 0)->id, "mine");
    struct evidence_line line = line_of(SOURCE_QEMU, "shutting down, reason=crashed");
    assert_string_equal(signatures_best(s, &line)->cause, "Ours");
    line = line_of(SOURCE_SERIAL, "my app died: hunger");
    struct diagnosis d = match_one(s, &line, &nobody);
    assert_string_equal(d.cause, "It died: hunger");
    assert_string_equal(d.remedy, "Call it.");
    diagnosis_clear(&d);
    findings_free(&found);
    signatures_free(s);
}

static void no_file(void **state)
{
    (void)state;
    finding_list found = {0};
    struct signatures *s = signatures_load(scratch("nowhere.json"), &found);
    assert_int_equal(found.len, 0);
    assert_int_equal(signatures_count(s), signatures_count(set));
    signatures_free(s);
    scratch_write(scratch("broken.json"), "{ \"signatures\": [ }");
    s = signatures_load(scratch("broken.json"), &found);
    assert_int_equal(found.len, 1);
    assert_non_null(strstr(found.items[0].text, "broken.json:1:"));
    signatures_free(s);
    s = signatures_parse("empty", "{\"signatures\": [], \"x\": 1}", 26, &found);
    assert_int_equal(found.len, 2);
    assert_int_equal(signatures_count(s), 0);
    struct evidence_line line = line_of(SOURCE_QEMU, "anything");
    assert_null(signatures_best(s, &line));
    signatures_free(s);
    findings_free(&found);
}

/* What joining them is for: a line that none matches costs less than a try of each. */
static void fast_enough(void **state)
{
    (void)state;
    static const char text[] =
        "-device '{\"driver\":\"virtio-net-pci\",\"netdev\":\"hostnet0\",\"id\":\"net0\","
        "\"mac\":\"52:54:00:37:bf:64\",\"bus\":\"pci.0\",\"addr\":\"0x2\"}' \\";
    struct evidence_line line = line_of(SOURCE_LIBVIRT, text);
    int64_t joined = INT64_MAX, alone = INT64_MAX;
    for (int round = 0; round < 5; round++) {
        int64_t begin = clock_mono_us();
        for (int i = 0; i < 500; i++)
            assert_null(signatures_best(set, &line));
        int64_t middle = clock_mono_us();
        for (int i = 0; i < 500; i++)
            for (size_t k = 0; k < signatures_count(set); k++)
                assert_false(
                    pattern_find(signatures_at(set, k)->pattern, line.text, line.len, PATTERN_NONE, NULL));
        int64_t end = clock_mono_us();
        joined = middle - begin < joined ? middle - begin : joined;
        alone = end - middle < alone ? end - middle : alone;
    }
    assert_true(joined < alone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalogue_is_whole),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(nobody_elses_example),
        cmocka_unit_test(near_misses),
        cmocka_unit_test(healthy_logs),
        cmocka_unit_test(values_are_put_in),
        cmocka_unit_test_setup_teardown(commands_are_real, scratch_setup, scratch_teardown),
        cmocka_unit_test(strangers_text),
        cmocka_unit_test(on_another_host),
        cmocka_unit_test(by_code),
        cmocka_unit_test(only_where_it_begins),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test_setup_teardown(users_file, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(no_file, scratch_setup, scratch_teardown),
        cmocka_unit_test(fast_enough),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
