/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures for people: bytes, durations, ages, percentages. An unknown figure (NAN) is "–" ("-" in ASCII).
 * Any thread. Each appends to `out`.
 */
#ifndef VIRTDECK_BASE_FORMAT_H
#define VIRTDECK_BASE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include "base/strbuf.h"

void format_unknown(struct strbuf *out, bool unicode);
/* 0 999 1.2K 12K 1.2M 96M 1.1G …: at most 4 columns up to 999T; powers of 1024. */
void format_bytes(struct strbuf *out, double bytes, bool unicode);
void format_count(struct strbuf *out, double n, bool unicode); /* the same with powers of 1000: 310 1.2k */
void format_kib_pair(struct strbuf *out, double used_kib, double max_kib,
                     bool unicode);                                    /* 12.1/16G, or 16G */
void format_percent(struct strbuf *out, double percent, bool unicode); /* 187.2, 0.0 */
/* 41d 3h, 2h 05m, 3m 12s, 8s. */
void format_duration(struct strbuf *out, double seconds, bool unicode);
/* 20:14:02 local time; with date where it is not today. */
void format_time(struct strbuf *out, int64_t wall_ms, int64_t now_wall_ms);
/* A plain decimal number ("0.2", "-3"), the whole string and nothing else, the same in every locale. */
bool parse_number(const char *s, double *out);
/* "512", "4K", "2G", "1.5GiB" to a number of bytes. False when it is none. Default unit: bytes. */
bool parse_bytes(const char *s, double *bytes);
/* "90", "90s", "2m", "1h30m", "500ms" to milliseconds. Default unit: seconds. */
bool parse_duration_ms(const char *s, int64_t *ms);

#endif
