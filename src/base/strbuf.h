/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A string that grows. Always ends in NUL once anything was added; `s` is NULL before that.
 * No thread safety of its own.
 */
#ifndef VIRTDECK_BASE_STRBUF_H
#define VIRTDECK_BASE_STRBUF_H

#include "base/mem.h"

struct strbuf {
    char *s;
    size_t len, cap;
};

void strbuf_add(struct strbuf *b, const char *bytes, size_t len);
void strbuf_puts(struct strbuf *b, const char *s);
void strbuf_putc(struct strbuf *b, char c);
void strbuf_printf(struct strbuf *b, const char *fmt, ...) ATTR_PRINTF(2, 3);
void strbuf_clear(struct strbuf *b);            /* empty, keeps the memory; s becomes "" */
const char *strbuf_str(const struct strbuf *b); /* never NULL; valid until the next change */
char *strbuf_steal(struct strbuf *b);           /* the caller frees; never NULL; b is empty again */
void strbuf_free(struct strbuf *b);

#endif
