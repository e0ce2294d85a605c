/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/log.h"

static _Atomic(die_hook *) hook_now;
static atomic_bool dying;

die_hook *die_set_hook(die_hook *hook)
{
    return atomic_exchange(&hook_now, hook);
}

void die(const char *fmt, ...)
{
    char text[1024];
    va_list args;

    /* A second failure on the way out (the log wants memory, too) must not come round again. */
    if (atomic_exchange(&dying, true))
        abort();
    die_hook *hook = atomic_exchange(&hook_now, NULL);
    if (hook)
        hook();
    memcpy(text, "virtdeck: ", 10);
    va_start(args, fmt);
    vsnprintf(text + 10, sizeof text - 11, fmt, args);
    va_end(args);
    size_t len = strlen(text);
    text[len] = '\n';
    if (write(STDERR_FILENO, text, len + 1) < 0) {
        /* Nobody is listening; the log below is the other place. */
    }
    text[len] = '\0';
    log_write(LEVEL_LOG_ERROR, "%s", text + 10);
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        die("out of memory (%zu bytes wanted)", size);
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        die("out of memory (%zu times %zu bytes wanted)", count, size);
    return p;
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        die("out of memory (%zu bytes wanted)", size);
    return p;
}

char *xstrdup(const char *s)
{
    return s ? xstrndup(s, SIZE_MAX) : NULL;
}

char *xstrndup(const char *s, size_t max)
{
    size_t len = strnlen(s, max);
    char *copy = xmalloc(len + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    char *s;
    va_list args;
    va_start(args, fmt);
    int n = vasprintf(&s, fmt, args);
    va_end(args);
    if (n < 0)
        die("out of memory (formatting \"%.40s\")", fmt);
    return s;
}
