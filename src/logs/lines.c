/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/lines.h"

#include <string.h>

static const char cut_end[] = " [cut: the line is longer than 4 KiB]";
static const char cut_start[] = "[the beginning was not read] ";

void lines_init(struct lines *l, lines_take *take, void *ctx)
{
    *l = (struct lines){.take = take, .ctx = ctx};
}

void lines_free(struct lines *l)
{
    strbuf_free(&l->line);
    *l = (struct lines){0};
}

void lines_cut_start(struct lines *l)
{
    strbuf_puts(&l->line, cut_start);
}

/* Bytes of one line, no newline among them. */
static void add_bytes(struct lines *l, const char *bytes, size_t len)
{
    const size_t room = LINES_MAX - sizeof cut_end;
    for (size_t i = 0; i < len && !l->overlong;) {
        const char *nul = memchr(bytes + i, '\0', len - i);
        size_t n = nul ? (size_t)(nul - bytes) - i : len - i;
        if (l->line.len + n + (nul ? 4 : 0) > room) {
            size_t left = room - l->line.len;
            strbuf_add(&l->line, bytes + i, n < left ? n : left);
            strbuf_puts(&l->line, cut_end);
            l->overlong = true;
            return;
        }
        strbuf_add(&l->line, bytes + i, n);
        if (nul)
            strbuf_puts(&l->line, "\\x00");
        i += n + (nul != NULL);
    }
}

static void take(struct lines *l)
{
    size_t len = l->line.len;
    while (len > 0 && l->line.s[len - 1] == '\r')
        l->line.s[--len] = '\0';
    l->take(l->ctx, strbuf_str(&l->line), len);
    strbuf_clear(&l->line);
    l->overlong = false;
}

void lines_add(struct lines *l, const char *bytes, size_t len)
{
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t n = newline ? (size_t)(newline - bytes) : len;
        add_bytes(l, bytes, n);
        if (!newline)
            return;
        take(l);
        bytes += n + 1;
        len -= n + 1;
    }
}

void lines_end(struct lines *l)
{
    if (l->line.len > 0)
        take(l);
    l->overlong = false;
}
