/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "model/eventlog.h"
#include "scratch.h"

static void keep_failure(void *ctx, const struct error *e)
{
    error_set(ctx, e->status, "%s", error_text(e));
}

/* False: a failure was told. */
static bool add(struct eventlog *log, int64_t when, const char *text, struct error *e)
{
    struct event ev = {.wall_ms = when,
                       .severity = SEV_WARN,
                       .mark = MARK_CRASH,
                       .kind = "lifecycle",
                       .host = xstrdup("kvm7"),
                       .vm = xstrdup("web1"),
                       .text = xstrdup(text)};
    assert_true(uuid_parse("12345678-1234-1234-1234-123456789abc", &ev.uuid));
    struct error failure = ERROR_INIT;
    eventlog_on_failure(log, keep_failure, &failure);
    eventlog_add(log, &ev);
    eventlog_on_failure(log, NULL, NULL);
    assert_null(ev.text);
    bool ok = failure.status == STATUS_OK;
    if (!ok)
        error_move(e, &failure);
    return ok;
}

static char *contents(const char *path)
{
    char *data;
    assert_true(file_read(path, 4 << 20, &data, NULL, NULL, NULL));
    return data;
}

static void memory_ring(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct eventlog *log = eventlog_open(NULL, 3, &e);
    char text[16];
    assert_int_equal(eventlog_len(log), 0);
    assert_null(eventlog_at(log, 0));
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "%d", i);
        assert_true(add(log, i, text, &e));
    }
    assert_int_equal(eventlog_len(log), 3);
    assert_string_equal(eventlog_at(log, 0)->text, "4");
    assert_string_equal(eventlog_at(log, 2)->text, "2");
    assert_null(eventlog_at(log, 3));
    eventlog_free(log);
    eventlog_free(NULL);
}

static void kept_across_runs(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    const char *path = scratch("new/state/events.jsonl");
    struct eventlog *log = eventlog_open(path, 10, &e);
    assert_true(add(log, 1700000000123, "first \"quoted\" \x1b[0m", &e));
    struct event bare = {.wall_ms = 5, .kind = "connection", .text = xstrdup("bare")};
    eventlog_add(log, &bare);
    eventlog_free(log);
    log = eventlog_open(path, 10, &e);
    assert_int_equal(e.status, STATUS_OK);
    assert_int_equal(eventlog_len(log), 2);
    const struct event *ev = eventlog_at(log, 1);
    assert_int_equal(ev->wall_ms, 1700000000123);
    assert_int_equal(ev->severity, SEV_WARN);
    assert_int_equal(ev->mark, MARK_CRASH);
    assert_string_equal(ev->kind, "lifecycle");
    assert_string_equal(ev->host, "kvm7");
    assert_string_equal(ev->vm, "web1");
    assert_string_equal(ev->text, "first \"quoted\" \x1b[0m");
    assert_int_equal(ev->uuid.b[0], 0x12);
    ev = eventlog_at(log, 0);
    assert_null(ev->vm);
    assert_null(ev->host);
    assert_true(uuid_is_nil(&ev->uuid));
    assert_int_equal(ev->mark, MARK_NONE);
    eventlog_free(log);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

/* Of a failure libvirt's numbers are kept; what a file says that is none of them is nothing. */
static void numbers_of_a_failure(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    const char *path = scratch("events.jsonl");
    struct event failed = {
        .wall_ms = 5, .kind = "command", .text = xstrdup("x"), .code = 68, .domain = 10, .took_ms = 30000};
    static const char odd[] = "{\"time\":6,\"kind\":\"k\",\"text\":\"t\",\"code\":-1,\"domain\":\"10\","
                              "\"took\":99999999999999999999}\n{\"time\":7,\"kind\":\"k\",\"text\":\"t\","
                              "\"code\":4294967296,\"domain\":1.5,\"took\":null}\n";
    assert_true(eventlog_append(path, &failed, &e));
    event_clear(&failed);
    char *text = contents(path), *all = xasprintf("%s%s", text, odd);
    assert_true(file_write(path, all, strlen(all), 0600, &e));
    struct eventlog *log = eventlog_open(path, 10, &e);
    assert_int_equal(eventlog_len(log), 3);
    assert_int_equal(eventlog_at(log, 2)->code, 68);
    assert_int_equal(eventlog_at(log, 2)->domain, 10);
    assert_int_equal(eventlog_at(log, 2)->took_ms, 30000);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(eventlog_at(log, i)->code, 0);
        assert_int_equal(eventlog_at(log, i)->domain, 0);
        assert_true(eventlog_at(log, i)->took_ms >= 0);
    }
    eventlog_free(log);
    free(text);
    free(all);
    assert_false(eventlog_append("/dev/null/x", &(struct event){.kind = "k"}, &e));
    assert_non_null(strstr(error_text(&e), "/dev/null/x"));
    error_clear(&e);
}

static void invalid_bytes_and_giants(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct strbuf big = {0};
    while (big.len < 100000)
        strbuf_puts(&big, "語");
    struct eventlog *log = eventlog_open(scratch("ev"), 10, &e);
    assert_true(add(log, 1, "a\xff\xfe z", &e));
    assert_true(add(log, 2, big.s, &e));
    assert_int_equal(strlen(eventlog_at(log, 0)->text), big.len);
    eventlog_free(log);
    log = eventlog_open(scratch("ev"), 10, &e);
    assert_int_equal(e.status, STATUS_OK);
    assert_string_equal(eventlog_at(log, 1)->text, "a\ufffd\ufffd z");
    assert_true(strlen(eventlog_at(log, 0)->text) < 5000);
    assert_non_null(strstr(eventlog_at(log, 0)->text, "語\u2026"));
    eventlog_free(log);
    strbuf_free(&big);
}

static void damaged(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    scratch_write(scratch("ev"),
                  "{\"time\":1,\"kind\":\"job\",\"text\":\"good\"}\n"
                  "garbage\n"
                  "{\"time\":\"x\",\"kind\":\"job\",\"text\":\"t\"}\n"
                  "{\"time\":1,\"kind\":\"job\",\"text\":\"t\",\"uuid\":\"zz\"}\n"
                  "[]\n\xff\xff\n{} x\n\n"
                  "{\"time\":2,\"kind\":\"new\",\"text\":\"later\",\"mark\":\"what\",\"severity\":7}\n"
                  "{\"time\":3,\"kind\":\"jo");
    struct eventlog *log = eventlog_open(scratch("ev"), 10, &e);
    assert_non_null(strstr(error_text(&e), "/ev: 7 damaged lines were skipped"));
    assert_int_equal(eventlog_len(log), 2);
    assert_string_equal(eventlog_at(log, 0)->text, "later");
    assert_int_equal(eventlog_at(log, 0)->mark, MARK_OTHER);
    /* The half line must not swallow the next event. */
    assert_true(add(log, 4, "after", &e));
    eventlog_free(log);
    error_clear(&e);
    log = eventlog_open(scratch("ev"), 10, &e);
    assert_int_equal(eventlog_len(log), 3);
    assert_string_equal(eventlog_at(log, 0)->text, "after");
    eventlog_free(log);
    error_clear(&e);
}

static void rolls(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct stat st;
    char text[1000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct eventlog *log = eventlog_open(scratch("ev"), 5000, &e);
    for (int i = 0; i < 2500; i++)
        assert_true(add(log, i, text, &e));
    eventlog_free(log);
    assert_int_equal(stat(scratch("ev"), &st), 0);
    assert_true(st.st_size < 1048576 + 2048);
    assert_int_equal(stat(scratch("ev.1"), &st), 0);
    assert_true(st.st_size >= 1048576 && st.st_size < 1048576 + 2048);
    log = eventlog_open(scratch("ev"), 5000, &e);
    assert_int_equal(e.status, STATUS_OK);
    assert_true(eventlog_len(log) > 1000);
    for (size_t i = 0; i < eventlog_len(log); i++)
        assert_int_equal(eventlog_at(log, i)->wall_ms, 2499 - (int)i);
    eventlog_free(log);
}

/* Several programs append and roll at once: no line is torn, and at most what the roll gives up is lost. */
static void shared(void **state)
{
    (void)state;
    enum { WRITERS = 4, EACH = 800 };
    char text[600];
    memset(text, 'y', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int w = 0; w < WRITERS; w++) {
        if (fork() == 0) {
            struct eventlog *log = eventlog_open(scratch("ev"), 1, NULL);
            int bad = 0;
            for (int i = 0; i < EACH; i++)
                bad += !add(log, w * EACH + i, text, NULL);
            eventlog_free(log);
            _exit(bad != 0);
        }
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        wait(&status);
        assert_int_equal(status, 0);
    }
    struct error e = ERROR_INIT;
    struct eventlog *log = eventlog_open(scratch("ev"), 10000, &e);
    assert_string_equal(error_text(&e), "");
    /* 3200 events of some 770 bytes: two files' worth and a rest, so the oldest file is gone. */
    assert_true(eventlog_len(log) >= 1300 && eventlog_len(log) <= WRITERS * EACH);
    eventlog_free(log);
}

static void full_disk(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    const char *path = "/proc/virtdeck/events";
    struct eventlog *log = eventlog_open(path, 10, &e);
    assert_int_equal(e.status, STATUS_OK);
    assert_false(add(log, 1, "one", &e));
    assert_non_null(strstr(error_text(&e), path));
    error_clear(&e);
    assert_true(add(log, 2, "two", &e));
    assert_int_equal(e.status, STATUS_OK);
    assert_int_equal(eventlog_len(log), 2);
    eventlog_free(log);
}

/* With a writer the file is written elsewhere: the same lines, in order, and failures told once. */
static void by_a_writer(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct writer *w = writer_new();
    struct eventlog *log = eventlog_open(scratch("ev"), 300, &e);
    eventlog_set_writer(log, w);
    eventlog_on_failure(log, keep_failure, &e);
    for (int i = 0; i < 200; i++) {
        struct event ev = {.wall_ms = i, .kind = "job", .text = xstrdup("done")};
        eventlog_add(log, &ev);
    }
    assert_int_equal(eventlog_len(log), 200);
    eventlog_free(log);
    assert_true(writer_finish(w, 60000));
    assert_int_equal(e.status, STATUS_OK);
    log = eventlog_open(scratch("ev"), 300, &e);
    assert_int_equal(eventlog_len(log), 200);
    for (int i = 0; i < 200; i++)
        assert_int_equal(eventlog_at(log, (size_t)i)->wall_ms, 199 - i);
    eventlog_free(log);
}

static int failures;

static void count_failure(void *ctx, const struct error *e)
{
    (void)ctx;
    assert_non_null(strstr(error_text(e), "/proc/virtdeck/events"));
    failures++;
}

static void by_a_writer_that_fails(void **state)
{
    (void)state;
    struct writer *w = writer_new();
    struct eventlog *log = eventlog_open("/proc/virtdeck/events", 10, NULL);
    eventlog_set_writer(log, w);
    eventlog_on_failure(log, count_failure, NULL);
    for (int i = 0; i < 3; i++) {
        struct event ev = {.wall_ms = i, .kind = "job", .text = xstrdup("done")};
        eventlog_add(log, &ev);
    }
    eventlog_free(log);
    assert_true(writer_finish(w, 60000));
    assert_int_equal(failures, 1);
}

static void moved_away(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct eventlog *log = eventlog_open(scratch("ev"), 10, &e);
    assert_true(add(log, 1, "one", &e));
    assert_int_equal(unlink(scratch("ev")), 0);
    assert_true(add(log, 2, "two", &e));
    eventlog_free(log);
    char *text = contents(scratch("ev"));
    assert_null(strstr(text, "one"));
    assert_non_null(strstr(text, "two"));
    free(text);
}

static void no_regular_file(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    assert_int_equal(mkfifo(scratch("ev"), 0600), 0);
    struct eventlog *log = eventlog_open(scratch("ev"), 10, &e);
    assert_non_null(strstr(error_text(&e), "not a regular file"));
    error_clear(&e);
    assert_false(add(log, 1, "one", &e));
    assert_non_null(strstr(error_text(&e), "not a regular file"));
    eventlog_free(log);
    error_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_ring),
        cmocka_unit_test_setup_teardown(kept_across_runs, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(numbers_of_a_failure, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(invalid_bytes_and_giants, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(damaged, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(rolls, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(shared, scratch_setup, scratch_teardown),
        cmocka_unit_test(full_disk),
        cmocka_unit_test_setup_teardown(by_a_writer, scratch_setup, scratch_teardown),
        cmocka_unit_test(by_a_writer_that_fails),
        cmocka_unit_test_setup_teardown(moved_away, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(no_regular_file, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
