/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "virt/probe_serial.h"

#define OVERLAP 1024 /* of two pieces of a long line: patterns are shorter than this */

enum { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_CSI, ESCAPE_STRING };

int serial_lines_pattern(struct serial_lines *l, const char *regex)
{
    struct serial_pattern p = {0};
    for (size_t i = 0; i < l->patterns.len; i++)
        if (strcmp(l->patterns.items[i].text, regex) == 0)
            return (int)i;
    if (regcomp(&p.compiled, regex, REG_EXTENDED | REG_NOSUB) != 0)
        return -1;
    p.text = xstrdup(regex);
    vec_push(&l->patterns, p);
    return (int)l->patterns.len - 1;
}

void serial_lines_flush(struct serial_lines *l)
{
    for (size_t i = 0; !l->looked && i < l->patterns.len; i++) {
        struct serial_pattern *p = &l->patterns.items[i];
        p->seen =
            p->seen || regexec(&p->compiled, strbuf_str(&l->line), 0, NULL, l->cut ? REG_NOTBOL : 0) == 0;
    }
    l->looked = true;
}

/* The text of a screen, without what moves its cursor. False: the byte is none of it. */
static bool is_text(struct serial_lines *l, unsigned char b)
{
    int was = l->escape;
    if (b == 0x1b) {
        l->escape = ESCAPE_BEGUN;
    } else if (was == ESCAPE_BEGUN) {
        l->escape = b == '[' ? ESCAPE_CSI : strchr("]PX^_", b) && b ? ESCAPE_STRING : ESCAPE_NONE;
        /* "\e(B" and its likes have one more. */
        if (b >= 0x20 && b < 0x30)
            l->escape = ESCAPE_BEGUN;
    } else if (was == ESCAPE_CSI) {
        l->escape = b >= 0x40 && b < 0x7f ? ESCAPE_NONE : ESCAPE_CSI;
    } else if (was == ESCAPE_STRING) {
        l->escape = b == 0x07 ? ESCAPE_NONE : ESCAPE_STRING;
    } else {
        return b == '\t' || (b >= 0x20 && b != 0x7f);
    }
    return false;
}

static void end_line(struct serial_lines *l)
{
    serial_lines_flush(l);
    strbuf_clear(&l->line);
    l->cut = false;
    l->looked = true;
    /* A sequence that was broken off must not swallow the rest. */
    l->escape = ESCAPE_NONE;
}

static void cut_line(struct serial_lines *l)
{
    serial_lines_flush(l);
    memmove(l->line.s, l->line.s + l->line.len - OVERLAP, OVERLAP);
    l->line.len = OVERLAP;
    l->line.s[OVERLAP] = '\0';
    l->cut = true;
}

void serial_lines_feed(struct serial_lines *l, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(l);
        } else if (is_text(l, (unsigned char)bytes[i])) {
            if (l->line.len >= SERIAL_LINE_MAX)
                cut_line(l);
            strbuf_putc(&l->line, bytes[i]);
            l->looked = false;
        }
    }
}

void serial_lines_clear(struct serial_lines *l)
{
    for (size_t i = 0; i < l->patterns.len; i++) {
        free(l->patterns.items[i].text);
        regfree(&l->patterns.items[i].compiled);
    }
    vec_free(&l->patterns);
    strbuf_free(&l->line);
    *l = (struct serial_lines){0};
}
