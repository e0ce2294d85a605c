/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/paths.h"

static void is(char *got, const char *want)
{
    assert_string_equal(got, want);
    free(got);
}

static void xdg(void **state)
{
    (void)state;
    setenv("HOME", "/home/u", 1);
    setenv("XDG_CONFIG_HOME", "/etc/x/", 1);
    setenv("XDG_STATE_HOME", "relative", 1);
    paths_init();
    assert_string_equal(paths_config_dir(), "/etc/x/virtdeck");
    assert_string_equal(paths_state_dir(), "/home/u/.local/state/virtdeck");
    unsetenv("XDG_CONFIG_HOME");
    setenv("XDG_STATE_HOME", "", 1);
    paths_init();
    assert_string_equal(paths_config_dir(), "/home/u/.config/virtdeck");
    assert_string_equal(paths_state_dir(), "/home/u/.local/state/virtdeck");
}

static void no_home(void **state)
{
    (void)state;
    unsetenv("HOME");
    unsetenv("XDG_CONFIG_HOME");
    paths_init();
    const struct passwd *pw = getpwuid(getuid());
    char *want = paths_join(pw ? pw->pw_dir : "/nonexistent", ".config/virtdeck");
    assert_string_equal(paths_config_dir(), want);
    free(want);
}

static void joins(void **state)
{
    (void)state;
    is(paths_join("/a", "b"), "/a/b");
    is(paths_join("/a//", "b"), "/a/b");
    is(paths_join("/", "b"), "/b");
}

static void expands(void **state)
{
    (void)state;
    setenv("HOME", "/home/u", 1);
    paths_init();
    is(paths_expand("~/x y"), "/home/u/x y");
    is(paths_expand("~other/x"), "~other/x");
    is(paths_expand("/a/~/b"), "/a/~/b");
    is(paths_expand(""), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xdg),
        cmocka_unit_test(no_home),
        cmocka_unit_test(joins),
        cmocka_unit_test(expands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
