/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/format.h"

#include <math.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LAST_UNIT 6 /* of "BKMGTPE" */

void format_unknown(struct strbuf *out, bool unicode)
{
    strbuf_puts(out, unicode ? "\u2013" : "-");
}

/* Divides until it fits in three digits; returns the unit's index. */
static int scale(double *v, double base)
{
    int unit = 0;
    while (*v >= 999.5 && unit < LAST_UNIT) {
        *v /= base;
        unit++;
    }
    return unit;
}

static void put_scaled(struct strbuf *out, double v, double base, const char *units, bool unicode)
{
    if (!isfinite(v)) {
        format_unknown(out, unicode);
        return;
    }
    if (v < 0) {
        strbuf_putc(out, '-');
        v = -v;
    }
    int unit = scale(&v, base);
    strbuf_printf(out, "%.*f", unit > 0 && v < 9.95 ? 1 : 0, v);
    if (unit > 0)
        strbuf_putc(out, units[unit]);
}

void format_bytes(struct strbuf *out, double bytes, bool unicode)
{
    put_scaled(out, bytes, 1024, "BKMGTPE", unicode);
}

void format_count(struct strbuf *out, double n, bool unicode)
{
    put_scaled(out, n, 1000, " kMGTPE", unicode);
}

/* An amount of memory: 16G rather than 16.0G, but 1.5G. */
static void put_round(struct strbuf *out, double v)
{
    strbuf_printf(out, "%.*f", v < 99.5 && fabs(v - round(v)) >= 0.05 ? 1 : 0, v);
}

void format_kib_pair(struct strbuf *out, double used_kib, double max_kib, bool unicode)
{
    bool has_used = isfinite(used_kib) && used_kib >= 0;
    double v = (isfinite(max_kib) ? max_kib : used_kib) * 1024;
    if (!isfinite(v) || v < 0) {
        format_unknown(out, unicode);
        return;
    }
    double whole = v;
    int unit = scale(&whole, 1024);
    if (has_used && isfinite(max_kib)) {
        double used = used_kib * 1024 / pow(1024, unit);
        strbuf_printf(out, "%.*f/", unit > 0 && whole < 99.5 && used < 99.95 ? 1 : 0, used);
    }
    put_round(out, whole);
    if (unit > 0)
        strbuf_putc(out, "BKMGTPE"[unit]);
}

void format_percent(struct strbuf *out, double percent, bool unicode)
{
    if (!isfinite(percent))
        format_unknown(out, unicode);
    else
        strbuf_printf(out, "%.1f", fabs(percent) < 0.05 ? 0.0 : percent);
}

void format_duration(struct strbuf *out, double seconds, bool unicode)
{
    if (!isfinite(seconds) || seconds > 1e15) {
        format_unknown(out, unicode);
        return;
    }
    long long s = seconds > 0 ? (long long)seconds : 0;
    if (s >= 86400)
        strbuf_printf(out, "%lldd %lldh", s / 86400, s / 3600 % 24);
    else if (s >= 3600)
        strbuf_printf(out, "%lldh %02lldm", s / 3600, s / 60 % 60);
    else if (s >= 60)
        strbuf_printf(out, "%lldm %02llds", s / 60, s % 60);
    else
        strbuf_printf(out, "%llds", s);
}

/* Seconds since 1970, rounded down also before that. */
static bool local_time(int64_t wall_ms, struct tm *tm)
{
    time_t seconds = (time_t)(wall_ms / 1000 - (wall_ms % 1000 < 0));
    return localtime_r(&seconds, tm) != NULL;
}

void format_time(struct strbuf *out, int64_t wall_ms, int64_t now_wall_ms)
{
    struct tm tm, now;
    char text[64];
    if (!local_time(wall_ms, &tm) || !local_time(now_wall_ms, &now)) {
        format_unknown(out, false);
        return;
    }
    bool today = tm.tm_year == now.tm_year && tm.tm_yday == now.tm_yday;
    strftime(text, sizeof text, today ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
    strbuf_puts(out, text);
}

/* Digits with at most one point, by hand: strtod() follows the locale and takes "inf" and "0x1p3". Moves *s
 * behind it. */
static bool take_number(const char **s, double *out)
{
    const char *p = *s;
    double v = 0, place = 1;
    int digits = 0;
    for (; *p >= '0' && *p <= '9'; p++, digits++)
        v = v * 10 + (*p - '0');
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++, digits++) {
            place *= 10;
            v = v * 10 + (*p - '0');
        }
    }
    v /= place;
    if (digits == 0 || !isfinite(v))
        return false;
    *s = p;
    *out = v;
    return true;
}

bool parse_number(const char *s, double *out)
{
    double v;
    bool negative = *s == '-';
    s += negative;
    if (!take_number(&s, &v) || *s)
        return false;
    *out = negative ? -v : v;
    return true;
}

bool parse_bytes(const char *s, double *bytes)
{
    static const char units[] = "bkmgtpe";
    double v;
    if (!take_number(&s, &v))
        return false;
    if (*s) {
        const char *unit = strchr(units, *s | 0x20);
        if (!unit)
            return false;
        v *= pow(1024, (double)(unit - units));
        s++;
        bool is_byte = unit == units;
        if (*s && (is_byte || (strcasecmp(s, "b") != 0 && strcasecmp(s, "ib") != 0)))
            return false;
    }
    if (!isfinite(v))
        return false;
    *bytes = v;
    return true;
}

bool parse_duration_ms(const char *s, int64_t *ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}, {"d", 8.64e7}}; /* "ms" before "m" */
    double total = 0, v;

    if (parse_number(s, &v)) {
        total = v * 1000;
        s = "";
    } else if (!*s)
        return false;
    while (*s) {
        size_t i = 0;
        if (!take_number(&s, &v))
            return false;
        while (i < ARRAY_LEN(units) && strncmp(s, units[i].name, strlen(units[i].name)) != 0)
            i++;
        if (i == ARRAY_LEN(units))
            return false;
        total += v * units[i].ms;
        s += strlen(units[i].name);
    }
    if (total < 0 || total > 1e15)
        return false;
    *ms = llround(total);
    return true;
}
