/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/strbuf.h"
#include "base/writer.h"
#include "scratch.h"

/* A disk that stands still until it is let go. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open, reached;
};

#define GATE_INIT                                                                                            \
    {                                                                                                        \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false                                    \
    }

static bool gate_run(void *arg, struct error *e)
{
    struct gate *g = arg;
    (void)e;
    pthread_mutex_lock(&g->lock);
    g->reached = true;
    pthread_cond_broadcast(&g->changed);
    while (!g->open)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
    return true;
}

static void gate_shut(struct gate *g, struct writer *w)
{
    struct writer_work work = {.run = gate_run, .arg = g};
    writer_do(w, &work);
    pthread_mutex_lock(&g->lock);
    while (!g->reached)
        pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

/* What was told, in order: a letter a piece of work, capital when it failed. */
static char told[64], reason[256];
static pthread_t teller;

static void note(const char *letter, const struct error *e)
{
    size_t n = strlen(told);
    assert_true(n + 1 < sizeof told);
    told[n] = e ? (char)(letter[0] - 'a' + 'A') : letter[0];
    told[n + 1] = '\0';
    teller = pthread_self();
    if (e) {
        strncpy(reason, error_text(e), sizeof reason - 1);
        reason[sizeof reason - 1] = '\0';
    }
}

static void done(void *ctx, const struct error *e)
{
    note(ctx, e);
}

/* Until so many were told. */
static void await_told(struct writer *w, size_t n)
{
    while (strlen(told) < n) {
        struct pollfd p = {writer_fd(w), POLLIN, 0};
        assert_int_equal(poll(&p, 1, 60000), 1);
        writer_deliver(w);
    }
}

static void replace(struct writer *w, const char *name, const char *text, char *letter)
{
    writer_replace(w, scratch(name), xstrdup(text), strlen(text), 0600, done, letter);
}

static void assert_holds(const char *name, const char *text)
{
    char *data = NULL;
    struct error e = ERROR_INIT;
    assert_true(file_read(scratch(name), 100000, &data, NULL, NULL, &e));
    assert_string_equal(data, text);
    free(data);
}

static char a[] = "a", b[] = "b", c[] = "c";

static int setup(void **state)
{
    told[0] = reason[0] = '\0';
    return scratch_setup(state);
}

static void replaces(void **state)
{
    (void)state;
    struct stat st;
    struct writer *w = writer_new();
    replace(w, "one", "text", a);
    await_told(w, 1);
    assert_string_equal(told, "a");
    assert_true(pthread_equal(teller, pthread_self()));
    assert_holds("one", "text");
    assert_int_equal(stat(scratch("one"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(writer_finish(w, 60000));
}

/* While the disk stands still the owner goes on; the newest text of a file is the only one that is written,
 * in the newest one's place. */
static void supersedes(void **state)
{
    (void)state;
    struct gate g = GATE_INIT;
    struct writer *w = writer_new();
    gate_shut(&g, w);
    replace(w, "x", "first", a);
    replace(w, "y", "other", b);
    replace(w, "x", "second", a);
    replace(w, "x", "third", c);
    writer_deliver(w);
    assert_string_equal(told, "");
    assert_int_equal(access(scratch("x"), F_OK), -1);
    gate_open(&g);
    await_told(w, 2);
    assert_string_equal(told, "bc");
    assert_holds("x", "third");
    assert_holds("y", "other");
    assert_true(writer_finish(w, 60000));
    assert_string_equal(told, "bc");
}

/* One that was begun is not taken back. */
static void begun_is_finished(void **state)
{
    (void)state;
    struct writer *w = writer_new();
    replace(w, "x", "first", a);
    await_told(w, 1);
    replace(w, "x", "second", b);
    await_told(w, 2);
    assert_string_equal(told, "ab");
    assert_holds("x", "second");
    assert_true(writer_finish(w, 60000));
}

struct letter {
    char text[2];
    struct strbuf *all;
};

static bool letter_run(void *arg, struct error *e)
{
    struct letter *l = arg;
    strbuf_puts(l->all, l->text);
    return strcmp(l->text, "x") != 0 || error_set(e, STATUS_FAILED, "no x");
}

static void keeps_order(void **state)
{
    (void)state;
    struct strbuf all = {0};
    struct gate g = GATE_INIT;
    struct writer *w = writer_new();
    gate_shut(&g, w);
    for (char ch = 'a'; ch <= 'z'; ch++) {
        struct letter *l = xcalloc(1, sizeof *l);
        l->text[0] = ch;
        l->all = &all;
        writer_do(w, &(struct writer_work){letter_run, free, l, done, l->text});
    }
    gate_open(&g);
    assert_true(writer_finish(w, 60000));
    assert_string_equal(strbuf_str(&all), "abcdefghijklmnopqrstuvwxyz");
    assert_string_equal(told, "abcdefghijklmnopqrstuvwXyz");
    assert_string_equal(reason, "no x");
    strbuf_free(&all);
}

static void failure_is_told_once(void **state)
{
    (void)state;
    struct writer *w = writer_new();
    replace(w, "no/such/folder", "text", a);
    replace(w, "fine", "text", b);
    await_told(w, 2);
    assert_string_equal(told, "Ab");
    assert_non_null(strstr(reason, "no/such/folder"));
    assert_true(writer_finish(w, 60000));
    assert_string_equal(told, "Ab");
}

/* Nothing that was given before the end is lost. */
static void finish_waits(void **state)
{
    (void)state;
    struct writer *w = writer_new();
    replace(w, "x", "text", a);
    replace(w, "y", "text", b);
    assert_true(writer_finish(w, 60000));
    assert_string_equal(told, "ab");
    assert_holds("x", "text");
    assert_holds("y", "text");
}

static struct writer *again_by;

static void give_again(void *ctx, const struct error *e)
{
    note(ctx, e);
    replace(again_by, "again", "text", b);
}

/* What is given by someone who was told at the end is done, too. */
static void finish_takes_more(void **state)
{
    (void)state;
    again_by = writer_new();
    writer_replace(again_by, scratch("x"), xstrdup("1"), 1, 0600, give_again, a);
    assert_true(writer_finish(again_by, 60000));
    assert_string_equal(told, "ab");
    assert_holds("again", "text");
}

static struct gate stuck = GATE_INIT; /* outlives its test, as the thread does */
static struct gate after = GATE_INIT;

static void finish_times_out(void **state)
{
    (void)state;
    struct writer *w = writer_new();
    replace(w, "before", "text", a);
    await_told(w, 1);
    gate_shut(&stuck, w);
    writer_do(w, &(struct writer_work){.run = gate_run, .arg = &after, .done = done, .ctx = b});
    int64_t start = clock_mono_ms();
    assert_false(writer_finish(w, 50));
    assert_true(clock_mono_ms() - start >= 50);
    assert_string_equal(told, "a");
    /* The thread goes on by itself, and ends. */
    gate_open(&after);
    gate_open(&stuck);
    pthread_mutex_lock(&after.lock);
    while (!after.reached)
        pthread_cond_wait(&after.changed, &after.lock);
    pthread_mutex_unlock(&after.lock);
}

static size_t refused;

static void count_refused(void *ctx, const struct error *e)
{
    (void)ctx;
    refused += e && strstr(error_text(e), "too slow");
}

static void bounded(void **state)
{
    (void)state;
    struct strbuf all = {0};
    struct gate g = GATE_INIT;
    struct letter l = {"l", &all};
    struct writer *w = writer_new();
    size_t given = 0;
    gate_shut(&g, w);
    for (; !refused && given < 1000000; given++)
        writer_do(w, &(struct writer_work){.run = letter_run, .arg = &l, .done = count_refused});
    assert_int_equal(refused, 1);
    /* What nobody is told of is taken, in its turn: the event log's last work frees what others use. */
    writer_do(w, &(struct writer_work){.run = letter_run, .arg = &l});
    gate_open(&g);
    assert_true(writer_finish(w, 60000));
    assert_int_equal(refused, 1);
    assert_int_equal(all.len, given);
    strbuf_free(&all);
}

static void nobody_asked(void **state)
{
    (void)state;
    assert_true(writer_finish(writer_new(), 0));
    assert_true(writer_finish(NULL, 0));
    assert_int_equal(writer_fd(NULL), -1);
    writer_deliver(NULL);
}

static void without_a_thread(void **state)
{
    (void)state;
    replace(NULL, "x", "text", a);
    assert_string_equal(told, "a");
    assert_holds("x", "text");
    replace(NULL, "no/x", "text", b);
    assert_string_equal(told, "aB");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(replaces, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(supersedes, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(begun_is_finished, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(keeps_order, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(failure_is_told_once, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(finish_waits, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(finish_takes_more, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(finish_times_out, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(bounded, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(nobody_asked, setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(without_a_thread, setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
