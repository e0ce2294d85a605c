/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/file.h"
#include "scratch.h"

static void round_trip(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct stat st;
    char *data;
    size_t len;
    bool missing = true;
    const char *path = scratch("f");
    assert_true(file_write(path, "a\0b", 3, 0640, &e));
    assert_true(file_read(path, 3, &data, &len, &missing, &e));
    assert_int_equal(len, 3);
    assert_memory_equal(data, "a\0b", 4);
    assert_false(missing);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    free(data);
    assert_true(file_write(path, "", 0, 0600, &e));
    assert_true(file_read(path, 0, &data, NULL, NULL, &e));
    assert_string_equal(data, "");
    free(data);
}

static void refuses(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    char *data;
    size_t len;
    bool missing = false;
    assert_false(file_read(scratch("none"), 10, &data, &len, &missing, &e));
    assert_true(missing);
    assert_non_null(strstr(error_text(&e), "/none: No such file"));
    scratch_write(scratch("big"), "0123456789a");
    assert_false(file_read(scratch("big"), 10, &data, &len, &missing, &e));
    assert_false(missing);
    assert_non_null(strstr(error_text(&e), "too large"));
    assert_false(file_read(scratch(""), 10, &data, &len, &missing, &e));
    assert_non_null(strstr(error_text(&e), "directory"));
    assert_false(file_read("/dev/zero", 100, &data, &len, &missing, &e));
    assert_false(file_write(scratch("no/such/f"), "x", 1, 0600, &e));
    assert_non_null(strstr(error_text(&e), "no/such/f"));
    error_clear(&e);
}

static void silent_pipe(void **state)
{
    (void)state;
    char *data;
    size_t len = 1;
    assert_int_equal(mkfifo(scratch("pipe"), 0600), 0);
    assert_true(file_read(scratch("pipe"), 10, &data, &len, NULL, NULL));
    assert_int_equal(len, 0);
    free(data);
}

/* The old contents stay when the new ones can't be written, and no temporary file is left. */
static void failed_write(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    char *data;
    assert_int_equal(mkdir(scratch("d"), 0700), 0);
    assert_int_equal(mkdir(scratch("d/f"), 0700), 0);
    assert_false(file_write(scratch("d/f"), "new", 3, 0600, &e));
    assert_int_equal(rmdir(scratch("d/f")), 0);
    assert_int_equal(rmdir(scratch("d")), 0);
    scratch_write(scratch("real"), "old");
    assert_int_equal(symlink("real", scratch("link")), 0);
    assert_true(file_write(scratch("link"), "new", 3, 0600, &e));
    assert_true(file_read(scratch("real"), 10, &data, NULL, NULL, &e));
    assert_string_equal(data, "new");
    free(data);
    struct stat st;
    assert_int_equal(lstat(scratch("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    error_clear(&e);
}

static int count_entries(const char *dir)
{
    int n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *entry; (entry = readdir(d));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    return n;
}

/* A file that is there stays as it is, and nothing else is left beside it. */
static void only_new(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    char *data;
    assert_int_equal(mkdir(scratch("n"), 0700), 0);
    assert_true(file_write_new(scratch("n/f"), "one", 3, 0600, &e));
    assert_false(file_write_new(scratch("n/f"), "two", 3, 0600, &e));
    assert_non_null(strstr(error_text(&e), "there already"));
    assert_true(file_read(scratch("n/f"), 10, &data, NULL, NULL, &e));
    assert_string_equal(data, "one");
    free(data);
    assert_int_equal(count_entries(scratch("n")), 1);
    /* A link that leads nowhere is not followed. */
    assert_int_equal(unlink(scratch("n/f")), 0);
    assert_int_equal(symlink("nowhere", scratch("n/f")), 0);
    assert_false(file_write_new(scratch("n/f"), "two", 3, 0600, &e));
    assert_non_null(strstr(error_text(&e), "there already"));
    assert_int_not_equal(access(scratch("n/nowhere"), F_OK), 0);
    assert_false(file_write_new(scratch("n/no/f"), "x", 1, 0600, &e));
    assert_non_null(strstr(error_text(&e), "No such file"));
    assert_int_equal(unlink(scratch("n/f")), 0);
    assert_int_equal(rmdir(scratch("n")), 0);
    error_clear(&e);
}

static void directories(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct stat st;
    assert_true(file_make_dirs(scratch("a/b//c/"), &e));
    assert_true(file_make_dirs(scratch("a/b/c"), &e));
    assert_int_equal(stat(scratch("a/b/c"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    scratch_write(scratch("a/file"), "");
    assert_false(file_make_dirs(scratch("a/file/x"), &e));
    assert_non_null(strstr(error_text(&e), "a/file is a file"));
    assert_false(file_make_dirs("/proc/virtdeck/x", &e));
    assert_non_null(strstr(error_text(&e), "/proc/virtdeck"));
    assert_true(file_make_dirs("/", &e));
    error_clear(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(round_trip, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(refuses, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(silent_pipe, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(failed_write, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(only_new, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(directories, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
