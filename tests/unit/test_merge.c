/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "logs/merge.h"

static void add(struct merge *m, enum line_source source, int64_t ms, const char *text)
{
    merge_add(m, source, ms, 0, text, strlen(text), NULL, SEV_INFO);
}

/* All lines that pass, joined by blanks. */
static void join(const struct merge *m, bool forward, const struct merge_filter *f, struct strbuf *out)
{
    struct merge_place place = forward ? merge_begin() : merge_end();
    struct merge_line line;
    strbuf_clear(out);
    while (merge_step(m, &place, forward, f, 0, &line) == MERGE_LINE) {
        strbuf_puts(out, out->len ? " " : "");
        strbuf_add(out, line.text, line.len);
        assert_int_equal(strlen(line.text), line.len);
    }
}

#define assert_lines(m, forward, f, want)                                                                    \
    do {                                                                                                     \
        struct strbuf joined_ = {0};                                                                         \
        join(m, forward, f, &joined_);                                                                       \
        assert_string_equal(strbuf_str(&joined_), want);                                                     \
        strbuf_free(&joined_);                                                                               \
    } while (0)

static void in_time_order(void **state)
{
    (void)state;
    struct merge *m = merge_new(100, 10000);
    assert_lines(m, true, NULL, "");
    add(m, SOURCE_SERIAL, 20, "s20");
    add(m, SOURCE_SERIAL, 40, "s40");
    add(m, SOURCE_QEMU, 10, "q10");
    add(m, SOURCE_QEMU, 30, "q30");
    add(m, SOURCE_QEMU, 0, "q30b");
    add(m, SOURCE_EVENT, 20, "e20");
    add(m, SOURCE_QEMU, 25, "q30c"); /* the clock went back */
    assert_lines(m, true, NULL, "q10 s20 e20 q30 q30b q30c s40");
    assert_lines(m, false, NULL, "s40 q30c q30b q30 e20 s20 q10");
    assert_int_equal(merge_count(m, SOURCE_QEMU), 4);
    assert_int_equal(merge_bytes(m), 23);
    merge_clear(m, SOURCE_QEMU);
    assert_lines(m, true, NULL, "s20 e20 s40");
    merge_free(m);
}

static void without_times(void **state)
{
    (void)state;
    struct merge *m = merge_new(100, 10000);
    struct merge_line line;
    struct merge_place p = merge_begin();
    merge_add(m, SOURCE_SERIAL, 0, 500, "first", 5, NULL, SEV_INFO);
    merge_add(m, SOURCE_QEMU, 9000, 600, "from the future", 15, NULL, SEV_INFO);
    merge_add(m, SOURCE_QEMU, 700, 700, "later", 5, NULL, SEV_INFO);
    assert_int_equal(merge_step(m, &p, true, NULL, 0, &line), MERGE_LINE);
    assert_true(line.wall_ms == 0 && line.key_ms == 500 && line.source == SOURCE_SERIAL);
    assert_int_equal(merge_step(m, &p, true, NULL, 0, &line), MERGE_LINE);
    assert_true(line.wall_ms == 9000 && line.key_ms == 600);
    assert_int_equal(merge_step(m, &p, true, NULL, 0, &line), MERGE_LINE);
    assert_true(line.key_ms == 700);
    merge_free(m);
}

static void bounded(void **state)
{
    (void)state;
    struct merge *m = merge_new(3, 10);
    struct merge_line line;
    struct merge_place p = merge_begin();
    add(m, SOURCE_EVENT, 1, "e");
    for (int i = 0; i < 5; i++)
        add(m, SOURCE_QEMU, 10 + i, (const char *[]){"a", "b", "c", "d", "f"}[i]);
    assert_lines(m, true, NULL, "e c d f");
    assert_int_equal(merge_dropped(m, SOURCE_QEMU), 2);
    assert_int_equal(merge_dropped(m, SOURCE_EVENT), 0);
    add(m, SOURCE_QEMU, 20, "123456789"); /* by bytes */
    assert_lines(m, true, NULL, "e f 123456789");
    merge_step(m, &p, true, NULL, 0, &line);
    assert_int_equal(line.gap, 0);
    merge_step(m, &p, true, NULL, 0, &line);
    assert_int_equal(line.gap, 4);
    merge_step(m, &p, true, NULL, 0, &line);
    assert_int_equal(line.gap, 0);
    add(m, SOURCE_QEMU, 21, "longer than all that there is room for");
    assert_lines(m, true, NULL, "e longer than all that there is room for");
    merge_free(m);
}

static uint64_t put(struct merge *m, enum line_source source, const char *text)
{
    return merge_add(m, source, 1, 0, text, strlen(text), NULL, SEV_INFO);
}

static bool amend(struct merge *m, enum line_source source, uint64_t number, const char *text)
{
    return merge_amend(m, source, number, 5, text, strlen(text), "mark", SEV_WARN);
}

static void amended(void **state)
{
    (void)state;
    struct merge *m = merge_new(3, 10);
    struct merge_line line;
    struct merge_place p = merge_begin();
    uint64_t version = merge_version(m);
    assert_false(amend(m, SOURCE_SERIAL, 1, "x"));
    assert_true(merge_version(m) == version);
    put(m, SOURCE_SERIAL, "old");
    uint64_t number = merge_add(m, SOURCE_SERIAL, 0, 3, "log", 3, NULL, SEV_INFO);
    put(m, SOURCE_QEMU, "q");
    version = merge_version(m);
    assert_true(amend(m, SOURCE_SERIAL, number, "login:"));
    assert_lines(m, true, NULL, "old login: q");
    assert_true(merge_version(m) != version);
    assert_true(amend(m, SOURCE_SERIAL, number, "login: root"));
    assert_lines(m, true, NULL, "login: root q");
    assert_int_equal(merge_bytes(m), 12);
    assert_int_equal(merge_dropped(m, SOURCE_SERIAL), 1);
    merge_step(m, &p, true, NULL, 0, &line);
    assert_true(line.number == number && line.wall_ms == 5 && line.key_ms == 1);
    assert_string_equal(line.mark, "mark");
    put(m, SOURCE_SERIAL, "next");
    assert_false(amend(m, SOURCE_SERIAL, number, "gone"));
    merge_free(m);
}

/* Older lines come to stand above, and nothing that is there gives way or is moved. */
static void above(void **state)
{
    (void)state;
    static const struct merge_older older[] = {{.wall_ms = 5, .key_ms = 5, .text = "a", .len = 1},
                                               {.key_ms = 6, .text = "b", .len = 1},
                                               {.wall_ms = 90, .key_ms = 90, .text = "c", .len = 1}};
    struct merge *m = merge_new(200, 400);
    struct merge_line line;
    struct merge_place p = merge_begin(), kept;
    add(m, SOURCE_QEMU, 10, "x");
    add(m, SOURCE_SERIAL, 7, "s");
    merge_step(m, &p, true, NULL, 0, &line);
    kept = merge_at(&line, false);
    assert_int_equal(merge_above(m, SOURCE_QEMU, older, 3), 3);
    assert_lines(m, true, NULL, "a b s c x"); /* the time of c can't be right */
    assert_lines(m, false, NULL, "x c s b a");
    merge_step(m, &kept, true, NULL, 0, &line);
    assert_string_equal(line.text, "s");
    add(m, SOURCE_QEMU, 11, "y");
    assert_lines(m, true, NULL, "a b s c x y");
    /* Up to the bounds, the newest of them first; and again into what was grown. */
    for (int i = 0; i < 64; i++)
        assert_int_equal(merge_above(m, SOURCE_QEMU, older, 3), 3);
    assert_true(merge_has_room(m, SOURCE_QEMU, 1));
    assert_false(merge_has_room(m, SOURCE_QEMU, 400));
    assert_int_equal(merge_above(m, SOURCE_QEMU, older + 1, 1), 1);
    assert_int_equal(merge_above(m, SOURCE_QEMU, older, 3), 2);
    assert_false(merge_has_room(m, SOURCE_QEMU, 1));
    assert_int_equal(merge_count(m, SOURCE_QEMU), 200);
    p = merge_begin();
    merge_step(m, &p, true, NULL, 0, &line);
    assert_string_equal(line.text, "b");
    assert_int_equal(merge_dropped(m, SOURCE_QEMU), 0);
    /* Where something fell out, a gap would be covered up. */
    add(m, SOURCE_SERIAL, 20, "t");
    merge_missed(m, SOURCE_SERIAL, 2);
    assert_int_equal(merge_dropped(m, SOURCE_SERIAL), 2);
    assert_int_equal(merge_above(m, SOURCE_SERIAL, older, 3), 0);
    /* Where there is nothing yet, what comes later stands below all the same. */
    assert_int_equal(merge_above(m, SOURCE_HOST, older, 2), 2);
    add(m, SOURCE_HOST, 3, "late");
    struct merge_filter host = {.sources = 1u << SOURCE_HOST};
    assert_lines(m, true, &host, "a b late");
    merge_free(m);
}

static void any_bytes(void **state)
{
    (void)state;
    struct merge *m = merge_new(3, 100);
    struct merge_place p = merge_begin();
    struct merge_line line;
    struct pattern *nul = pattern_new("b.c", false, NULL);
    merge_add(m, SOURCE_SERIAL, 1, 0,
              "a\0b\xff"
              "c",
              5, NULL, SEV_INFO);
    merge_add(m, SOURCE_SERIAL, 1, 0, NULL, 0, NULL, SEV_INFO);
    struct merge_filter f = {.wants = nul};
    assert_int_equal(merge_step(m, &p, true, &f, 0, &line), MERGE_LINE);
    assert_int_equal(line.len, 5);
    assert_int_equal(merge_step(m, &p, true, &f, 0, &line), MERGE_NO_MORE);
    pattern_free(nul);
    merge_free(m);
}

static void filters(void **state)
{
    (void)state;
    struct merge *m = merge_new(100, 10000);
    struct pattern *digit = pattern_new("[0-9]$", false, NULL);
    add(m, SOURCE_QEMU, 1, "q1");
    add(m, SOURCE_SERIAL, 2, "sx");
    merge_add(m, SOURCE_QEMU, 3, 0, "q-bad", 5, "image-locked", SEV_ERROR);
    add(m, SOURCE_SERIAL, 4, "s2");
    struct merge_filter f = {.sources = 1u << SOURCE_SERIAL};
    assert_lines(m, true, &f, "sx s2");
    f.wants = digit;
    assert_lines(m, true, &f, "s2");
    f.sources = 0;
    assert_lines(m, false, &f, "s2 q1");
    f = (struct merge_filter){.marked = true};
    assert_lines(m, true, &f, "q-bad");
    pattern_free(digit);
    merge_free(m);
}

/* The screen is drawn from a place that it keeps; lines come and go meanwhile. */
static void places_stay(void **state)
{
    (void)state;
    struct merge *m = merge_new(4, 10000);
    struct merge_place p = merge_begin(), anchor, back;
    struct merge_line line;
    add(m, SOURCE_QEMU, 10, "a");
    add(m, SOURCE_QEMU, 20, "b");
    add(m, SOURCE_QEMU, 30, "c");
    merge_step(m, &p, true, NULL, 0, &line);
    merge_step(m, &p, true, NULL, 0, &line);
    anchor = merge_at(&line, false);
    assert_int_equal(merge_before(m, &anchor, 0), 1);
    back = p;
    merge_step(m, &back, false, NULL, 0, &line);
    assert_string_equal(line.text, "b");
    add(m, SOURCE_SERIAL, 15, "late");
    assert_int_equal(merge_before(m, &anchor, 0), 2);
    assert_int_equal(merge_before(m, &anchor, 1u << SOURCE_QEMU), 1);
    p = anchor;
    merge_step(m, &p, true, NULL, 0, &line);
    assert_string_equal(line.text, "b");
    for (int i = 0; i < 4; i++)
        add(m, SOURCE_QEMU, 40, "n"); /* b is dropped */
    p = anchor;
    merge_step(m, &p, true, NULL, 0, &line);
    assert_string_equal(line.text, "n");
    p = anchor;
    merge_step(m, &p, false, NULL, 0, &line);
    assert_string_equal(line.text, "late");
    assert_int_equal(merge_step(m, &p, false, NULL, 0, &line), MERGE_NO_MORE);
    p = merge_end();
    merge_step(m, &p, false, NULL, 0, &line);
    add(m, SOURCE_QEMU, 50, "newest");
    p = merge_at(&line, true);
    merge_step(m, &p, true, NULL, 0, &line);
    assert_string_equal(line.text, "newest");
    merge_free(m);
}

static void pauses(void **state)
{
    (void)state;
    struct merge *m = merge_new(1000, 100000);
    struct pattern *needle = pattern_new("needle", false, NULL);
    struct merge_filter f = {.wants = needle};
    struct merge_place p = merge_begin();
    struct merge_line line;
    int calls = 0;
    for (int i = 0; i < 95; i++)
        add(m, i % 2 ? SOURCE_QEMU : SOURCE_SERIAL, i + 1, i == 93 ? "the needle" : "hay");
    while (merge_step(m, &p, true, &f, 10, &line) == MERGE_PAUSE)
        calls++;
    assert_int_equal(calls, 9);
    assert_string_equal(line.text, "the needle");
    assert_int_equal(merge_step(m, &p, true, &f, 10, &line), MERGE_NO_MORE);
    pattern_free(needle);
    merge_free(m);
}

/* Against a list that is sorted the plain way. */
struct plain {
    int64_t key;
    uint64_t number;
};

static int by_key(const void *a, const void *b)
{
    const struct plain *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static void like_sorting(void **state)
{
    (void)state;
    enum { N = 2000 };
    struct plain plain[N];
    int64_t last[SOURCES] = {0};
    struct merge *m = merge_new(N, 1 << 20);
    srand(7);
    for (int i = 0; i < N; i++) {
        int s = rand() % SOURCES;
        int64_t ms = 1 + rand() % 500;
        uint64_t number = merge_add(m, (enum line_source)s, ms, 0, "x", 1, NULL, SEV_INFO);
        last[s] = ms > last[s] ? ms : last[s];
        plain[i] = (struct plain){last[s], number};
    }
    qsort(plain, N, sizeof *plain, by_key);
    struct merge_place forward = merge_begin(), backward = merge_end();
    struct merge_line line;
    for (int i = 0; i < N; i++) {
        assert_int_equal(merge_before(m, &forward, 0), i);
        assert_int_equal(merge_step(m, &forward, true, NULL, 0, &line), MERGE_LINE);
        assert_true(line.number == plain[i].number);
        assert_int_equal(merge_step(m, &backward, false, NULL, 0, &line), MERGE_LINE);
        assert_true(line.number == plain[N - 1 - i].number);
    }
    merge_free(m);
}

/* A burst of ten seconds: time and memory stay bounded, the other source keeps its line. */
static void burst(void **state)
{
    (void)state;
    enum { LINES = 1000000, KEPT = 20000 };
    char text[80];
    struct merge *m = merge_new(KEPT, 4 << 20);
    add(m, SOURCE_QEMU, 1, "the line that matters");
    int64_t begin = clock_mono_ms();
    for (int i = 0; i < LINES; i++) {
        int n = snprintf(text, sizeof text, "[%8d] a guest that writes and writes and writes", i);
        merge_add(m, SOURCE_SERIAL, 0, 5, text, (size_t)n, NULL, SEV_INFO);
    }
    assert_true(clock_mono_ms() - begin < 10000); /* the burst itself; it takes some 300 ms */
    assert_int_equal(merge_count(m, SOURCE_SERIAL), KEPT);
    assert_int_equal(merge_dropped(m, SOURCE_SERIAL), LINES - KEPT);
    assert_true(merge_bytes(m) < 4 << 20);
    struct merge_filter f = {.sources = 1u << SOURCE_QEMU};
    assert_lines(m, true, &f, "the line that matters");
    struct merge_place p = merge_end();
    struct merge_line line;
    merge_step(m, &p, false, NULL, 0, &line);
    assert_non_null(strstr(line.text, "[  999999]"));
    merge_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_time_order), cmocka_unit_test(without_times), cmocka_unit_test(bounded),
        cmocka_unit_test(amended),       cmocka_unit_test(above),         cmocka_unit_test(any_bytes),
        cmocka_unit_test(filters),       cmocka_unit_test(places_stay),   cmocka_unit_test(pauses),
        cmocka_unit_test(like_sorting),  cmocka_unit_test(burst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
