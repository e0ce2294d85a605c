/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory that is there or the program ends: allocation that never returns NULL, and die().
 * Any thread.
 */
#ifndef VIRTDECK_BASE_MEM_H
#define VIRTDECK_BASE_MEM_H

#include <stddef.h>

#define ARRAY_LEN(a)           (sizeof(a) / sizeof((a)[0]))
#define ATTR_NONNULL           __attribute__((returns_nonnull))
#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Ends the program over a broken invariant or lack of memory: runs the hook (which gives the terminal
 * back), writes the message to stderr and the log, aborts. */
_Noreturn void die(const char *fmt, ...) ATTR_PRINTF(1, 2);

/* Sets what die() runs first; NULL for nothing. The hook may only make async-signal-safe calls. Returns the
 * one before. */
typedef void die_hook(void);
die_hook *die_set_hook(die_hook *hook);

/* As their namesakes, but they die() where those return NULL. Free with free(). */
ATTR_NONNULL void *xmalloc(size_t size);
ATTR_NONNULL void *xcalloc(size_t count, size_t size);
ATTR_NONNULL void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s); /* NULL gives NULL */
char *xstrndup(const char *s, size_t max);
ATTR_NONNULL char *xasprintf(const char *fmt, ...) ATTR_PRINTF(1, 2);

#endif
