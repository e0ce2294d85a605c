/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "device/journal.h"
#include "scratch.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static struct vm_uuid uuid(void)
{
    struct vm_uuid u;
    assert_true(uuid_parse(UUID, &u));
    return u;
}

static char *path_of(const char *file)
{
    return xasprintf("%s/%s/%s", scratch("journal"), UUID, file);
}

static struct journal_entry entry_with(const char *what, const char *old_xml, const char *new_xml)
{
    return (struct journal_entry){.uuid = uuid(),
                                  .vm = xstrdup("web1"),
                                  .uri = xstrdup("qemu:///system"),
                                  .what = xstrdup(what),
                                  .old_xml = xstrdup(old_xml),
                                  .new_xml = xstrdup(new_xml)};
}

static unsigned add(const char *what, const char *old_xml, const char *new_xml, enum journal_state state)
{
    struct error e = ERROR_INIT;
    struct journal_entry entry = entry_with(what, old_xml, new_xml);
    if (!journal_begin(scratch("journal"), &entry, &e))
        fail_msg("%s", error_text(&e));
    if (state != JOURNAL_BEGUN) {
        entry.when = xstrdup("now");
        if (!journal_end(scratch("journal"), &entry, state, new_xml, &e))
            fail_msg("%s", error_text(&e));
    }
    unsigned number = entry.number;
    journal_entry_clear(&entry);
    return number;
}

static journal_list all(bool good)
{
    journal_list l = {0};
    struct error e = ERROR_INIT;
    struct vm_uuid u = uuid();
    bool was = journal_list_entries(scratch("journal"), &u, &l, &e);
    if (was != good)
        fail_msg("%s", error_text(&e));
    error_clear(&e);
    return l;
}

static void round_trip(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct vm_uuid u = uuid();
    struct journal_entry got;
    struct stat st;
    clock_freeze(1000, 1700000000123);
    assert_int_equal(add("nic net0: link=down", "<a/>\n", "<b \"quoted\\\"/>\n\xc3\xa9", JOURNAL_DONE), 1);
    clock_release();
    assert_true(journal_load(scratch("journal"), &u, 1, &got, &e));
    assert_int_equal(got.number, 1);
    assert_int_equal(got.wall_ms, 1700000000123);
    assert_int_equal(got.state, JOURNAL_DONE);
    assert_true(uuid_equal(&got.uuid, &u));
    assert_string_equal(got.vm, "web1");
    assert_string_equal(got.uri, "qemu:///system");
    assert_string_equal(got.what, "nic net0: link=down");
    assert_string_equal(got.when, "now");
    assert_string_equal(got.old_xml, "<a/>\n");
    assert_string_equal(got.new_xml, "<b \"quoted\\\"/>\n\xc3\xa9");
    assert_true(got.user && *got.user);
    journal_entry_clear(&got);
    char *file = path_of("000001.json"), *folder = path_of("");
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    free(file);
    free(folder);
    journal_list l = all(true);
    assert_int_equal(l.len, 1);
    assert_null(l.items[0].old_xml);
    assert_string_equal(l.items[0].what, "nic net0: link=down");
    journal_list_free(&l);
}

static void no_journal(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct vm_uuid u = uuid();
    struct journal_entry got;
    journal_list l = all(true);
    assert_int_equal(l.len, 0);
    assert_false(journal_load(scratch("journal"), &u, 0, &got, &e));
    assert_non_null(strstr(error_text(&e), "no change to take back"));
    assert_false(journal_load(scratch("journal"), &u, 7, &got, &e));
    assert_non_null(strstr(error_text(&e), "there is no entry 7: the journal has none"));
    error_clear(&e);
}

static void newest_that_changed(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct vm_uuid u = uuid();
    struct journal_entry got;
    add("one", "<a/>", "<b/>", JOURNAL_DONE);
    add("failed", "<b/>", "<c/>", JOURNAL_FAILED);
    add("the same", "<b/>", "<b/>", JOURNAL_DONE);
    assert_true(journal_load(scratch("journal"), &u, 0, &got, &e));
    assert_string_equal(got.what, "one");
    journal_entry_clear(&got);
    add("begun", "<b/>", NULL, JOURNAL_BEGUN);
    assert_true(journal_load(scratch("journal"), &u, 0, &got, &e));
    assert_string_equal(got.what, "begun");
    assert_null(got.new_xml);
    journal_entry_clear(&got);
    assert_false(journal_load(scratch("journal"), &u, 9, &got, &e));
    assert_non_null(strstr(error_text(&e), "no entry 9: the journal has 1 to 4"));
    error_clear(&e);
}

static void bounded(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= JOURNAL_ENTRIES + 5; i++)
        assert_int_equal(add("x", "<a/>", "<b/>", JOURNAL_BEGUN), i);
    journal_list l = all(true);
    assert_int_equal(l.len, JOURNAL_ENTRIES);
    assert_int_equal(l.items[0].number, 6);
    assert_int_equal(l.items[l.len - 1].number, JOURNAL_ENTRIES + 5);
    journal_list_free(&l);
}

static void damaged(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{} trailing",
        "{\"number\":2}",
        "{\"number\":2,\"time\":1,\"state\":\"done\"}",
        "{\"number\":3,\"time\":1,\"state\":\"done\",\"vm\":\"x\"}",
        "{\"number\":2,\"time\":\"1\",\"state\":\"done\",\"vm\":\"x\"}",
        "{\"number\":2,\"time\":1,\"state\":\"perhaps\",\"vm\":\"x\"}",
        "{\"number\":2,\"time\":1,\"state\":\"done\",\"vm\":[1]}",
        "{\"number\":2,\"time\":1,\"state\":\"done\",\"vm\":\"a\\u0000b\"}",
        "[[[[[[[[[[[[1]]]]]]]]]]]]",
    };
    struct error e = ERROR_INIT;
    struct vm_uuid u = uuid();
    struct journal_entry got;
    add("good", "<a/>", "<b/>", JOURNAL_DONE);
    char *file = path_of("000002.json");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        journal_list l = {0};
        scratch_write(file, texts[i]);
        if (journal_list_entries(scratch("journal"), &u, &l, &e))
            fail_msg("taken: %s", texts[i]);
        assert_non_null(strstr(error_text(&e), "000002.json is damaged"));
        assert_int_equal(l.len, 1);
        journal_list_free(&l);
        assert_false(journal_load(scratch("journal"), &u, 2, &got, &e));
        assert_true(journal_load(scratch("journal"), &u, 0, &got, &e));
        assert_string_equal(got.what, "good");
        journal_entry_clear(&got);
    }
    free(file);
    /* It still counts: the next number is another. */
    assert_int_equal(add("next", "<b/>", "<c/>", JOURNAL_DONE), 3);
    error_clear(&e);
}

static void strange_names(void **state)
{
    (void)state;
    static const char *const names[] = {"1.json",       "0000001.json", "999999999999.json",
                                        "000001.json~", "a.json",       "000004.json.bak"};
    add("good", "<a/>", "<b/>", JOURNAL_DONE);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *file = path_of(names[i]);
        scratch_write(file, "x");
        free(file);
    }
    journal_list l = all(true);
    assert_int_equal(l.len, 1);
    journal_list_free(&l);
    char *file = path_of("999999999.json");
    scratch_write(file, "x");
    struct error e = ERROR_INIT;
    struct journal_entry entry = entry_with("x", "<a/>", NULL);
    assert_false(journal_begin(scratch("journal"), &entry, &e));
    assert_non_null(strstr(error_text(&e), "no number is left"));
    journal_entry_clear(&entry);
    error_clear(&e);
    free(file);
}

static void sweeps(void **state)
{
    (void)state;
    char *left = path_of("000001.json.aB3x9Z"), *other = path_of("keep.me");
    add("one", "<a/>", "<b/>", JOURNAL_DONE);
    scratch_write(left, "half");
    scratch_write(other, "mine");
    add("two", "<a/>", "<b/>", JOURNAL_BEGUN);
    assert_int_not_equal(access(left, F_OK), 0);
    assert_int_equal(access(other, F_OK), 0);
    free(left);
    free(other);
}

static void made_private(void **state)
{
    (void)state;
    struct stat st;
    char *folder = path_of("");
    add("one", "<a/>", "<b/>", JOURNAL_DONE);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(scratch("journal"), 0775), 0);
    add("two", "<a/>", "<b/>", JOURNAL_DONE);
    assert_int_equal(stat(folder, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(stat(scratch("journal"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    free(folder);
}

/* ---- traces ---- */

#define OLD "<domain><name>a</name><b x='1'/></domain>"
#define NEW "<domain><name>a</name><b x='2'/></domain>"

static struct journal_entry at(size_t i)
{
    journal_list l = all(true);
    struct journal_entry entry = l.items[i];
    l.items[i] = (struct journal_entry){0};
    journal_list_free(&l);
    return entry;
}

static void traced(void **state)
{
    (void)state;
    add("one", OLD, NEW, JOURNAL_BEGUN);
    add("two", OLD, NEW, JOURNAL_DONE);
    struct journal_entry entry = at(0);
    assert_false(entry.traced);
    assert_false(entry.lasts);
    journal_entry_clear(&entry);
    entry = at(1);
    assert_true(entry.traced);
    assert_int_equal(entry.trace.len, 2);
    assert_true(entry.ended_ms >= entry.wall_ms);
    journal_entry_clear(&entry);
    /* What was meant is replaced with the base; what has come of it decides. */
    struct error e = ERROR_INIT;
    entry = entry_with("three", OLD, NEW);
    assert_true(journal_begin(scratch("journal"), &entry, &e));
    assert_true(journal_rebase(scratch("journal"), &entry, "<domain><t/><b x='1'/></domain>",
                               "<domain><t/><b x='3'/></domain>", &e));
    assert_true(
        journal_end(scratch("journal"), &entry, JOURNAL_DONE, "<domain><t/><b x='3'/><c/></domain>", &e));
    journal_entry_clear(&entry);
    entry = at(2);
    assert_int_equal(entry.trace.len, 3);
    assert_string_equal(entry.trace.items[1].text, "domain/b@x=3");
    assert_true(entry.trace.items[1].meant);
    assert_string_equal(entry.trace.items[2].text, "domain/c");
    assert_false(entry.trace.items[2].meant);
    journal_entry_clear(&entry);
    /* One that is made in steps has none until it ends. */
    entry = entry_with("four", OLD, NEW);
    free(entry.new_xml);
    entry.new_xml = NULL;
    assert_true(journal_begin(scratch("journal"), &entry, &e));
    struct journal_entry begun = at(3);
    assert_true(begun.lasts);
    journal_entry_clear(&begun);
    assert_true(journal_end(scratch("journal"), &entry, JOURNAL_DONE, NEW, &e));
    journal_entry_clear(&entry);
    entry = at(3);
    assert_false(entry.lasts);
    assert_int_equal(entry.trace.len, 2);
    journal_entry_clear(&entry);
}

static void a_bad_trace_is_none(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]", "{\"a\": 1}", "{\"a\": [1, 2]}", "7"};
    char *file = path_of("000001.json");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        char *text = xasprintf("{\"number\": 1, \"time\": 1, \"state\": \"done\", \"vm\": \"a\", \"old\": "
                               "\"<a/>\", \"trace\": %s, \"overwritten\": \"x\", \"later\": {}}",
                               bad[i]);
        if (i == 0)
            add("one", OLD, NEW, JOURNAL_DONE); /* for the folder */
        scratch_write(file, text);
        struct journal_entry entry = at(0);
        assert_false(entry.traced);
        assert_int_equal(entry.overwritten_ms, 0);
        journal_entry_clear(&entry);
        free(text);
    }
    free(file);
}

static void overwritten(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct vm_uuid u = uuid();
    journal_numbers numbers = {0};
    assert_false(journal_has_entries(scratch("journal"), &u));
    for (int i = 0; i < 3; i++)
        add("x", OLD, NEW, JOURNAL_DONE);
    assert_true(journal_has_entries(scratch("journal"), &u));
    vec_push(&numbers, 2);
    /* Somebody has begun another one since. */
    assert_false(journal_note_overwritten(scratch("journal"), &u, &numbers, 2, &e));
    assert_int_equal(e.status, STATUS_OK);
    assert_true(journal_note_overwritten(scratch("journal"), &u, &numbers, 3, &e));
    assert_int_equal(numbers.len, 1);
    struct journal_entry entry = at(1);
    assert_true(entry.overwritten_ms > 0);
    assert_int_equal(entry.trace.len, 2);
    journal_entry_clear(&entry);
    /* Noted before: nobody is told twice. */
    vec_push(&numbers, 3);
    assert_true(journal_note_overwritten(scratch("journal"), &u, &numbers, 3, &e));
    assert_int_equal(numbers.len, 1);
    assert_int_equal(numbers.items[0], 3);
    vec_free(&numbers);
    error_clear(&e);
}

static void refused(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct journal_entry entry = entry_with("x", "<a/>", NULL);
    scratch_write(scratch("file"), "no directory");
    assert_false(journal_begin(scratch("file"), &entry, &e));
    assert_non_null(strstr(error_text(&e), "is a file"));
    assert_false(journal_begin("/proc/journal", &entry, &e));
    assert_non_null(strstr(error_text(&e), "can't make the directory /proc/journal"));
    assert_false(journal_end(scratch("none"), &entry, JOURNAL_DONE, NULL, &e));
    journal_entry_clear(&entry);
    error_clear(&e);
}

/* Runs as another user where this one may do everything. */
static int denied_child(const char *dir)
{
    struct error e = ERROR_INIT;
    struct journal_entry entry = entry_with("x", "<a/>", NULL);
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 2;
    bool was = journal_begin(dir, &entry, &e);
    bool said = strstr(error_text(&e), dir) != NULL;
    journal_entry_clear(&entry);
    error_clear(&e);
    return was || !said;
}

static void read_only_folder(void **state)
{
    (void)state;
    char *folder = path_of("");
    add("one", "<a/>", "<b/>", JOURNAL_DONE);
    assert_int_equal(chmod(folder, 0500), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(denied_child(scratch("journal")));
    int how;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    free(folder);
}

static void disk_full(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct journal_entry entry = entry_with("x", "<a/>", NULL);
    add("one", "<a/>", "<b/>", JOURNAL_DONE);
    pid_t pid = fork();
    if (pid == 0) {
        /* The nearest thing to a full disk that every machine has: files may have no byte. */
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0});
        bool was = journal_begin(scratch("journal"), &entry, &e);
        _exit(was || !strstr(error_text(&e), "can't write"));
    }
    int how;
    assert_int_equal(waitpid(pid, &how, 0), pid);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    journal_entry_clear(&entry);
    journal_list l = all(true);
    assert_int_equal(l.len, 1);
    journal_list_free(&l);
}

/* ---- several programs, and killed ones ---- */

static void writer(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct error e = ERROR_INIT;
        struct journal_entry entry = entry_with("w", "<old/>", "<new/>");
        if (!journal_begin(scratch("journal"), &entry, &e) ||
            !journal_end(scratch("journal"), &entry, JOURNAL_DONE, "<after/>", &e))
            _exit(1);
        journal_entry_clear(&entry);
    }
    _exit(0);
}

static void two_at_once(void **state)
{
    (void)state;
    pid_t pids[3];
    for (size_t i = 0; i < 3; i++) {
        pids[i] = fork();
        if (pids[i] == 0)
            writer(20);
    }
    for (size_t i = 0; i < 3; i++) {
        int how;
        assert_int_equal(waitpid(pids[i], &how, 0), pids[i]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    journal_list l = all(true);
    assert_int_equal(l.len, 60);
    for (size_t i = 0; i < l.len; i++) {
        assert_int_equal(l.items[i].number, i + 1);
        assert_int_equal(l.items[i].state, JOURNAL_DONE);
    }
    journal_list_free(&l);
}

static void check_whole(void)
{
    struct vm_uuid u = uuid();
    journal_list l = all(true);
    for (size_t i = 0; i < l.len; i++) {
        struct error e = ERROR_INIT;
        struct journal_entry got;
        assert_true(journal_load(scratch("journal"), &u, l.items[i].number, &got, &e));
        assert_string_equal(got.old_xml, "<old/>");
        assert_string_equal(got.new_xml, got.state == JOURNAL_DONE ? "<after/>" : "<new/>");
        journal_entry_clear(&got);
    }
    journal_list_free(&l);
}

static void killed(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 60; round++) {
        pid_t pid = fork();
        if (pid == 0)
            writer(1000000);
        nanosleep(&(struct timespec){.tv_nsec = 1000L * (rand() % 12000)}, NULL);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        check_whole();
    }
    add("after", "<old/>", "<new/>", JOURNAL_BEGUN);
    char *folder = path_of("");
    DIR *d = opendir(folder);
    for (struct dirent *entry; (entry = readdir(d)) != NULL;)
        assert_null(strstr(entry->d_name, ".json."));
    closedir(d);
    free(folder);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(round_trip),
        TEST(no_journal),
        TEST(newest_that_changed),
        TEST(bounded),
        TEST(damaged),
        TEST(sweeps),
        TEST(strange_names),
        TEST(made_private),
        TEST(traced),
        TEST(a_bad_trace_is_none),
        TEST(overwritten),
        TEST(refused),
        TEST(disk_full),
        TEST(read_only_folder),
        TEST(two_at_once),
        TEST(killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
