/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "logs/stamp.h"

#include <stdbool.h>

struct scan {
    const char *p, *end;
};

static char peek(const struct scan *s)
{
    return s->p < s->end ? *s->p : '\0';
}

static bool accept(struct scan *s, char c)
{
    if (peek(s) != c)
        return false;
    s->p++;
    return true;
}

/* Exactly so many digits; -1: there are others. */
static int digits(struct scan *s, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++, s->p++) {
        char c = peek(s);
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

static bool in_range(int value, int min, int max)
{
    return value >= min && value <= max;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;
    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool read_date(struct scan *s, int64_t *ms)
{
    int year = digits(s, 4);
    if (year < 1970 || !accept(s, '-'))
        return false;
    int month = digits(s, 2);
    if (!in_range(month, 1, 12) || !accept(s, '-'))
        return false;
    int day = digits(s, 2);
    *ms = days_of(year, month, day) * 86400000;
    return in_range(day, 1, 31) && (accept(s, ' ') || accept(s, 'T'));
}

static bool read_clock(struct scan *s, int64_t *ms)
{
    int hour = digits(s, 2);
    if (!in_range(hour, 0, 23) || !accept(s, ':'))
        return false;
    int minute = digits(s, 2);
    if (!in_range(minute, 0, 59) || !accept(s, ':'))
        return false;
    int second = digits(s, 2);
    if (!in_range(second, 0, 60))
        return false;
    *ms += ((hour * 60 + minute) * 60 + second) * (int64_t)1000;
    if (!accept(s, '.') && !accept(s, ','))
        return true;
    for (int unit = 100; peek(s) >= '0' && peek(s) <= '9'; unit /= 10, s->p++)
        *ms += (peek(s) - '0') * unit;
    return true;
}

static bool read_zone(struct scan *s, int64_t *ms)
{
    if (accept(s, 'Z'))
        return true;
    bool east = accept(s, '+');
    if (!east && !accept(s, '-'))
        return false;
    int hour = digits(s, 2);
    accept(s, ':');
    int minute = digits(s, 2);
    if (!in_range(hour, 0, 23) || !in_range(minute, 0, 59))
        return false;
    int64_t offset = (hour * 60 + minute) * (int64_t)60000;
    *ms += east ? -offset : offset;
    return true;
}

int64_t stamp_read(const char *line, size_t len, size_t *behind)
{
    struct scan s = {line, line + len};
    int64_t ms = 0;
    if (!read_date(&s, &ms) || !read_clock(&s, &ms) || !read_zone(&s, &ms))
        return 0;
    accept(&s, ':');
    while (accept(&s, ' '))
        ;
    *behind = (size_t)(s.p - line);
    return ms;
}
