/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char *format(const char *fmt, va_list args)
{
    char *text;
    if (vasprintf(&text, fmt, args) < 0)
        die("out of memory (formatting \"%.40s\")", fmt);
    return text;
}

/* The text is made before the old one goes: arguments may quote it. */
static void replace(struct error *e, enum status status, int position, char *text)
{
    error_clear(e);
    e->status = status;
    e->position = position;
    e->text = text;
}

bool error_set(struct error *e, enum status status, const char *fmt, ...)
{
    if (e) {
        va_list args;
        va_start(args, fmt);
        replace(e, status, -1, format(fmt, args));
        va_end(args);
    }
    return false;
}

bool error_set_at(struct error *e, enum status status, int position, const char *fmt, ...)
{
    if (e) {
        va_list args;
        va_start(args, fmt);
        replace(e, status, position, format(fmt, args));
        va_end(args);
    }
    return false;
}

void error_prefix(struct error *e, const char *fmt, ...)
{
    if (!e || !e->text)
        return;
    va_list args;
    va_start(args, fmt);
    char *prefix = format(fmt, args);
    va_end(args);
    char *text = xasprintf("%s: %s", prefix, e->text);
    free(prefix);
    free(e->text);
    e->text = text;
}

void error_suffix(struct error *e, const char *text)
{
    if (!e || !e->text)
        return;
    char *longer = xasprintf("%s%s", e->text, text);
    free(e->text);
    e->text = longer;
}

const char *error_text(const struct error *e)
{
    return e && e->text ? e->text : "";
}

void error_move(struct error *to, struct error *from)
{
    if (to == from)
        return;
    if (to) {
        free(to->text);
        *to = *from;
        from->text = NULL;
    }
    error_clear(from);
}

void error_clear(struct error *e)
{
    if (!e)
        return;
    free(e->text);
    *e = (struct error)ERROR_INIT;
}
