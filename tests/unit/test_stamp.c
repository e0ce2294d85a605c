/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "base/mem.h"
#include "logs/stamp.h"
#include "model/source.h"

static void reads(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int64_t ms; /* 0: none */
        const char *rest;
    } rows[] = {
        {"2026-11-21 05:31:38.315+0000: starting up", 1795239098315, "starting up"},
        {"2026-11-21T05:31:54.317980Z qemu: x", 1795239114317, "qemu: x"},
        {"2026-11-21T06:31:54+01:00 host kernel: x", 1795239114000, "host kernel: x"},
        {"2026-11-21T04:31:54-0100 y", 1795239114000, "y"},
        {"1970-01-01T00:00:01Z", 1000, ""},
        {"2024-02-29T00:00:00Z z", 1709164800000, "z"},
        {"2000-03-01 00:00:00.5+0000: a", 951868800500, "a"},
        {"2026-11-21 05:31:38 no zone", 0, NULL},
        {"2026-13-21T05:31:38Z", 0, NULL},
        {"2026-11-32T05:31:38Z", 0, NULL},
        {"2026-11-21T25:31:38Z", 0, NULL},
        {"2026-11-21T05:31:3", 0, NULL},
        {"2026-11-21T05:31:38+9900 x", 0, NULL},
        {"[    1.5] kernel", 0, NULL},
        {"", 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t behind = 0;
        int64_t ms = stamp_read(rows[i].line, strlen(rows[i].line), &behind);
        if (ms != rows[i].ms)
            fail_msg("%s: %lld", rows[i].line, (long long)ms);
        if (rows[i].rest)
            assert_string_equal(rows[i].line + behind, rows[i].rest);
    }
}

/* Any beginning of a line is read without looking behind it. */
static void cut_lines(void **state)
{
    (void)state;
    static const char line[] = "2026-11-21 05:31:38.315+0000: x";
    size_t behind;
    for (size_t len = 0; len < 23; len++) {
        char *cut = xstrndup(line, len);
        assert_int_equal(stamp_read(cut, len, &behind), 0);
        free(cut);
    }
    assert_true(stamp_read("2026-11-21 05:31:38.99999999999999999999999999999999Z", 53, &behind) ==
                1795239098999);
}

static void sources(void **state)
{
    (void)state;
    for (int s = 0; s < SOURCES; s++)
        assert_int_equal(source_find(source_word((enum line_source)s)), s);
    assert_int_equal(source_find("nothing"), SOURCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(cut_lines),
        cmocka_unit_test(sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
