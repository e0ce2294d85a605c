/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/format.h"
#include "base/text.h"

static struct strbuf out;

static void is(const char *want)
{
    assert_string_equal(strbuf_str(&out), want);
    strbuf_clear(&out);
}

static void bytes(void **state)
{
    (void)state;
    static const struct {
        double v;
        const char *want;
    } rows[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1.0K"},
        {1024 * 1.2, "1.2K"},
        {1024 * 9.94, "9.9K"},
        {1024 * 9.96, "10K"},
        {1024 * 12.3, "12K"},
        {1024 * 999.4, "999K"},
        {1024 * 999.6, "1.0M"},
        {1024 * 1024 * 96.0, "96M"},
        {1.1 * 1073741824, "1.1G"},
        {999 * 1099511627776.0, "999T"},
        {0.4, "0"},
        {-2048, "-2.0K"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        format_bytes(&out, rows[i].v, true);
        is(rows[i].want);
    }
    format_bytes(&out, NAN, true);
    is("\u2013");
    format_bytes(&out, INFINITY, false);
    is("-");
}

static void never_wider_than_four(void **state)
{
    (void)state;
    for (double v = 0.3; v < 999e12; v *= 1.01) {
        format_bytes(&out, v, true);
        assert_true(out.len <= 4);
        strbuf_clear(&out);
        format_count(&out, v, true);
        assert_true(out.len <= 4);
        strbuf_clear(&out);
    }
}

static void counts_and_percents(void **state)
{
    (void)state;
    format_count(&out, 310, true);
    is("310");
    format_count(&out, 1200, true);
    is("1.2k");
    format_count(&out, NAN, false);
    is("-");
    format_percent(&out, 187.24, true);
    is("187.2");
    format_percent(&out, -0.01, true);
    is("0.0");
    format_percent(&out, NAN, true);
    is("\u2013");
}

static void pairs(void **state)
{
    (void)state;
    static const struct {
        double used, max;
        const char *want;
    } rows[] = {
        {12.1 * 1048576, 16 * 1048576, "12.1/16G"},
        {NAN, 16 * 1048576, "16G"},
        {3 * 1048576, 4 * 1048576, "3.0/4G"},
        {300 * 1024, 512 * 1024, "300/512M"},
        {NAN, 1.5 * 1048576, "1.5G"},
        {NAN, NAN, "-"},
        {2048, NAN, "2M"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        format_kib_pair(&out, rows[i].used, rows[i].max, false);
        is(rows[i].want);
    }
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        double s;
        const char *want;
    } rows[] = {
        {8, "8s"},           {8.9, "8s"}, {192, "3m 12s"}, {182, "3m 02s"}, {7500, "2h 05m"},
        {3553200, "41d 3h"}, {-5, "0s"},  {NAN, "-"},      {1e18, "-"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        format_duration(&out, rows[i].s, false);
        is(rows[i].want);
    }
}

static void times(void **state)
{
    (void)state;
    setenv("TZ", "UTC0", 1);
    tzset();
    int64_t noon = 1700049600000; /* 2023-11-15 12:00 */
    format_time(&out, noon, noon + 60000);
    is("12:00:00");
    format_time(&out, noon, noon + 86400000);
    is("2023-11-15 12:00:00");
    format_time(&out, -1000, noon);
    is("1969-12-31 23:59:59");
    format_time(&out, INT64_MAX, noon);
    is("292278994-08-17 07:12:55");
}

static void parse_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        double want;
    } good[] = {
        {"512", 512},       {"4K", 4096}, {"4k", 4096}, {"2G", 2147483648.0}, {"1.5GiB", 1610612736.0},
        {"1MB", 1048576.0}, {"10b", 10},  {".5k", 512},
    };
    static const char *const bad[] = {"",     "K",     "4X",   "4KK",  "4 K", "-4", "inf", "nan",
                                      "0x10", "4Kib2", "1..2", "4bib", "4E9", ".",  "4K ", "1e3"};
    double v;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(parse_bytes(good[i].s, &v));
        assert_true(v == good[i].want);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (parse_bytes(bad[i], &v))
            fail_msg("\"%s\" was taken for %g", bad[i], v);
    char *giant = xmalloc(5001);
    memset(giant, '9', 5000);
    giant[5000] = '\0';
    assert_false(parse_bytes(giant, &v));
    free(giant);
}

static void parse_durations(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int64_t want;
    } good[] = {
        {"90", 90000},  {"90s", 90000},    {"2m", 120000}, {"1h30m", 5400000},
        {"500ms", 500}, {"1.5h", 5400000}, {"0", 0},       {"1d", 86400000},
    };
    static const char *const bad[] = {"", "s", "1x", "1h30", "-1", "1 h", "m1", "99999999999999999999"};
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(parse_duration_ms(good[i].s, &ms));
        assert_int_equal(ms, good[i].want);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (parse_duration_ms(bad[i], &ms))
            fail_msg("\"%s\" was taken", bad[i]);
}

static void parse_plain(void **state)
{
    (void)state;
    double v;
    assert_true(parse_number("-0.25", &v) && v == -0.25);
    assert_true(parse_number("60", &v) && v == 60);
    assert_false(parse_number("", &v) || parse_number("-", &v) || parse_number("1s", &v));
}

static int teardown(void **state)
{
    (void)state;
    strbuf_free(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes),
        cmocka_unit_test(never_wider_than_four),
        cmocka_unit_test(counts_and_percents),
        cmocka_unit_test(pairs),
        cmocka_unit_test(durations),
        cmocka_unit_test(times),
        cmocka_unit_test(parse_sizes),
        cmocka_unit_test(parse_durations),
        cmocka_unit_test(parse_plain),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
