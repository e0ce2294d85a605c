/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/vec.h"
#include "scratch.h"

static char dir[64];
static VEC(char *) names;

int scratch_setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/virtdeck-test.XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int scratch_teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < names.len; i++)
        free(names.items[i]);
    vec_free(&names);
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch(const char *name)
{
    char *path = *name ? xasprintf("%s/%s", dir, name) : xstrdup(dir);
    vec_push(&names, path);
    return path;
}

static void put(const char *path, int flags, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

void scratch_write(const char *path, const char *text)
{
    put(path, O_TRUNC, text, strlen(text));
}

void scratch_append(const char *path, const char *bytes, unsigned long len)
{
    put(path, O_APPEND, bytes, len);
}
