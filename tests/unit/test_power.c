/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What supplies of power say, in trees of files as the kernel has them; sleep from two clocks.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "autostart/power.h"
#include "base/file.h"
#include "scratch.h"

/* "NAME/FILE=TEXT NAME/FILE=TEXT": a tree of these; what it reads as. */
static enum power_source read_tree(int number, const char *files)
{
    char root[32], room[1024], *save = NULL;
    snprintf(root, sizeof root, "tree%d", number);
    char *top = xasprintf("%s/%s", scratch(""), root), *copy = xstrdup(files);
    snprintf(room, sizeof room, "%s/sys/class/power_supply", top);
    assert_true(file_make_dirs(room, NULL));
    for (char *f = strtok_r(copy, " ", &save); f; f = strtok_r(NULL, " ", &save)) {
        char *value = strchr(f, '='), *slash = strchr(f, '/');
        *value++ = *slash++ = '\0';
        value[-1] = '\0';
        char *dir = xasprintf("%s/sys/class/power_supply/%s", top, f), *path = xasprintf("%s/%s", dir, slash),
             *text = xasprintf("%s\n", value);
        assert_true(file_make_dirs(dir, NULL));
        for (char *c = text; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        assert_true(file_write(path, text, strlen(text), 0600, NULL));
        free(dir);
        free(path);
        free(text);
    }
    enum power_source got = power_read(top);
    free(top);
    free(copy);
    return got;
}

static void test_supplies(void **state)
{
    (void)state;
    static const struct {
        const char *files;
        enum power_source source;
    } cases[] = {
        {"", POWER_UNKNOWN},
        {"AC/type=Mains AC/online=1", POWER_MAINS},
        {"AC/type=Mains AC/online=0", POWER_UNKNOWN}, /* no battery: it runs on something */
        {"AC/type=Mains AC/online=1 BAT0/type=Battery BAT0/status=Discharging", POWER_MAINS},
        {"AC/type=Mains AC/online=0 BAT0/type=Battery BAT0/status=Discharging", POWER_BATTERY},
        {"AC/type=Mains AC/online=0 BAT0/type=Battery BAT0/status=Unknown", POWER_BATTERY},
        {"BAT0/type=Battery BAT0/status=Discharging", POWER_BATTERY},
        {"BAT0/type=Battery BAT0/status=Full", POWER_MAINS},
        {"BAT0/type=Battery BAT0/status=Charging", POWER_MAINS},
        {"BAT0/type=Battery BAT0/status=Not_charging BAT1/type=Battery BAT1/status=Discharging",
         POWER_BATTERY},
        {"BAT0/type=Battery BAT0/status=Not_charging", POWER_UNKNOWN},
        {"UPS/type=UPS UPS/status=Discharging", POWER_BATTERY},
        {"usb/type=USB usb/online=1 BAT0/type=Battery BAT0/status=Discharging", POWER_MAINS},
        {"usb/type=USB usb/online=2", POWER_MAINS},
        {"a/type=USB a/online=0 b/type=Mains b/online=1", POWER_MAINS},
        {"mouse/type=Battery mouse/scope=Device mouse/status=Discharging", POWER_UNKNOWN},
        {"mouse/type=Battery mouse/scope=Device mouse/status=Discharging AC/type=Mains AC/online=1",
         POWER_MAINS},
        {"BAT0/type=Battery BAT0/scope=System BAT0/status=Discharging", POWER_BATTERY},
        {"odd/online=1", POWER_UNKNOWN},
        {"odd/type=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", POWER_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (read_tree((int)i, cases[i].files) != cases[i].source)
            fail_msg("%s: %d", cases[i].files, power_read(scratch("")));
    assert_int_equal(power_read("/nowhere"), POWER_UNKNOWN);
}

static void test_sleep(void **state)
{
    (void)state;
    struct sleep_watch w = {INT64_MIN};
    assert_int_equal(sleep_watch_look(&w, 50000, 20000), 0); /* it slept before: nobody's business */
    assert_int_equal(sleep_watch_look(&w, 51000, 21000), 0);
    assert_int_equal(sleep_watch_look(&w, 3651000, 22000), 3599000);
    assert_int_equal(sleep_watch_look(&w, 3652000, 23000), 0);
    assert_int_equal(sleep_watch_look(&w, 3653000 + SLEEP_LEAST_MS - 1, 24000), 0);
    assert_int_equal(sleep_watch_look(&w, 3653000, 24000), 0); /* clocks that are read one after the other */
    assert_int_equal(sleep_watch_look(&w, 3654000 + SLEEP_LEAST_MS, 25000), SLEEP_LEAST_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_supplies, scratch_setup, scratch_teardown),
        cmocka_unit_test(test_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
