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
#include <unistd.h>
#include "base/file.h"
#include "base/paths.h"
#include "logs/actions.h"
#include "logs/feed.h"
#include "model/eventfile.h"
#include "scratch.h"

static const struct vm_uuid web = {{1}}, db = {{2}};

static struct event event_at(int64_t ms, const struct vm_uuid *uuid, const char *kind, const char *text)
{
    return (struct event){.wall_ms = ms, .kind = kind, .uuid = *uuid, .text = (char *)text, .vm = "vm"};
}

static void act(struct actions *a, int64_t ms, const struct vm_uuid *uuid, const char *text)
{
    struct error e = ERROR_INIT;
    struct event ev = event_at(ms, uuid, "autostart", text);
    actions_add(a, &ev, &e);
    if (e.status != STATUS_OK)
        fail_msg("%s", error_text(&e));
}

/* The user's own log, as the screen writes it. */
static void keep(int64_t ms, const struct vm_uuid *uuid, const char *kind, const char *text)
{
    char *path = paths_join(paths_state_dir(), EVENTLOG_FILE);
    struct eventlog *log = eventlog_open(path, 10, NULL);
    struct event ev = event_at(ms, uuid, kind, NULL);
    ev.vm = NULL;
    ev.text = xstrdup(text);
    eventlog_add(log, &ev);
    eventlog_free(log);
    free(path);
}

static void expect(const event_list *l, const char *const *texts)
{
    for (size_t i = 0; i < l->len; i++) {
        assert_non_null(texts[i]);
        assert_string_equal(l->items[i].text, texts[i]);
    }
    assert_null(texts[l->len]);
}

static void both_in_order_and_once(void **state)
{
    (void)state;
    struct actions *a = actions_new();
    act(a, 30, &web, "started again");
    act(a, 40, &db, "of another");
    act(a, 10, &web, "begins");
    act(a, 50, &web, "seen twice");
    actions_free(a);
    keep(20, &web, "lifecycle", "crashed");
    keep(50, &web, "command", "seen twice");
    keep(60, &web, "nobody knows it", "strange");
    event_list l = {0};
    events_of(&web, 0, &l);
    expect(&l, (const char *[]){"begins", "crashed", "started again", "seen twice", "strange", NULL});
    assert_int_equal(event_source(&l.items[0]), SOURCE_DECK);
    assert_int_equal(event_source(&l.items[1]), SOURCE_EVENT);
    assert_string_equal(l.items[4].kind, "other");
    events_free(&l);
    events_of(&web, 50, &l);
    expect(&l, (const char *[]){"seen twice", "strange", NULL});
    events_free(&l);
    events_kept(&web, 0, &l);
    expect(&l, (const char *[]){"crashed", "seen twice", "strange", NULL});
    events_free(&l);
}

static void nothing_there(void **state)
{
    (void)state;
    event_list l = {0};
    events_of(&web, 0, &l);
    assert_int_equal(l.len, 0);
    events_free(&l);
    actions_free(NULL);
}

static void others_may_read(void **state)
{
    (void)state;
    struct stat file, dir;
    struct event ev = event_at(1, &web, "autostart", "x");
    char *path = xstrdup(scratch("lasting/" ACTIONS_FILE)), *line = eventfile_line(&ev);
    mode_t mask = umask(077);
    struct eventfile *f = eventfile_new(path);
    eventfile_share(f);
    assert_true(eventfile_append(f, line, NULL));
    eventfile_free(f);
    umask(mask);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(stat(scratch("lasting"), &dir), 0);
    assert_int_equal(file.st_mode & 07777, 0644);
    assert_int_equal(dir.st_mode & 07777, 0755);
    free(path);
    free(line);
    /* What lies in a user's own directory is his. */
    struct actions *a = actions_new();
    act(a, 1, &web, "x");
    actions_free(a);
    path = actions_path(true);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(stat(paths_state_dir(), &dir), 0);
    assert_int_equal(file.st_mode & 077, 0);
    assert_int_equal(dir.st_mode & 077, 0);
    free(path);
}

static void complains_once(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct event ev = event_at(1, &web, "autostart", "x");
    char *path = actions_path(true);
    assert_true(file_make_dirs(paths_lasting_dir(), NULL));
    assert_int_equal(mkdir(path, 0700), 0);
    struct actions *a = actions_new();
    actions_add(a, &ev, &e);
    assert_int_equal(e.status, STATUS_FAILED);
    error_clear(&e);
    actions_add(a, &ev, &e);
    assert_int_equal(e.status, STATUS_OK);
    actions_free(a);
    free(path);
}

/* As the collector reads them. */
static void as_a_feed(void **state)
{
    (void)state;
    struct feed_ask ask = {.uri = "qemu:///system", .vm = "vm", .uuid = web};
    struct strbuf out = {0};
    struct feed f;
    int64_t ms = 0;
    char line[4096];
    struct actions *a = actions_new();
    char *longest = xmalloc(3000);
    memset(longest, 'x', 2999);
    longest[2999] = '\0';
    act(a, 1234, &web, "started: \"it\"\x1b[31m");
    act(a, 1235, &db, "of another");
    act(a, 1236, &web, longest);
    actions_free(a);
    assert_true(feed_find(SOURCE_DECK, &ask, &f, NULL, NULL));
    FILE *file = fopen(f.path, "r");
    assert_non_null(file);
    for (int i = 0; i < 3; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        size_t len = strcspn(line, "\n");
        strbuf_clear(&out);
        assert_true(feed_line(&f, line, len, &out, &ms) == (i != 1));
        if (i == 0)
            assert_string_equal(strbuf_str(&out), "started: \"it\"\x1b[31m");
        assert_int_equal(ms, i == 2 ? 1236 : 1234);
        assert_false(feed_line(&f, line, len / 2, &out, &ms));
    }
    assert_true(out.len > 900 && out.len < 1100);
    fclose(file);
    feed_clear(&f);
    strbuf_free(&out);
    free(longest);
    /* A far host's own: through its ssh. */
    bool remote = false;
    ask.uri = "qemu+ssh://far/system";
    assert_true(feed_find(SOURCE_DECK, &ask, &f, &remote, NULL));
    assert_true(remote && f.actions);
    feed_clear(&f);
    ask.uri = "qemu+ssh://far/session";
    assert_false(feed_find(SOURCE_DECK, &ask, &f, NULL, NULL));
}

static int setup(void **state)
{
    scratch_setup(state);
    setenv("XDG_STATE_HOME", scratch("state"), 1);
    setenv("VIRTDECK_RUNTIME_DIR", scratch("run"), 1);
    paths_init();
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(both_in_order_and_once), TEST(nothing_there), TEST(others_may_read),
        TEST(complains_once),         TEST(as_a_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
