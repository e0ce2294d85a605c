/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strangers' text made safe and measured. Names, titles, logs, agent answers and error texts pass through
 * text_escape() before they reach a cell, a pipe on a terminal or a message. All functions take any bytes.
 * Needs LC_CTYPE to be set for wcwidth(). Any thread.
 */
#ifndef VIRTDECK_BASE_TEXT_H
#define VIRTDECK_BASE_TEXT_H

#include <stddef.h>
#include <stdbool.h>
#include <wchar.h>
#include "base/strbuf.h"

/* Appends `raw` with everything that could act on a terminal or mislead the eye replaced: control bytes as
 * "\e", "\n", "\t", "\xNN"; invalid UTF-8 bytes as "\xNN"; C1 controls, bidirectional controls, line
 * separators, zero-width joiners outside emoji and unassigned characters as "\u{NNNN}". A backslash stays as
 * it is. */
void text_escape(struct strbuf *out, const char *raw, size_t len);
char *text_escaped(const char *raw); /* the caller frees; NULL gives "" */

/* As one word of a shell, in single quotes where it needs them; the caller frees. For commands that people
 * may copy: it is escaped besides where it is shown. */
char *text_shell_word(const char *raw);

/* One user-perceived character: a base and the marks that combine with it (as many as a terminal cell takes).
 */
#define TEXT_CLUSTER_MAX 5
struct text_cluster {
    wchar_t ch[TEXT_CLUSTER_MAX + 1]; /* ends in L'\0' */
    int width;                        /* columns: 1 or 2 */
};

/* Reads the next cluster of escaped text at *s and moves *s behind it; false at the end. Bytes that
 * text_escape() would have replaced come back as U+FFFD, so that unescaped text still can't do harm. Joiners,
 * glyph selectors and skin colours of emoji are left out: terminals disagree about the columns of the whole,
 * not about those of its parts. */
bool text_next(const char **s, struct text_cluster *out);

int text_width(const char *s); /* columns of escaped text */

enum text_align { TEXT_LEFT, TEXT_RIGHT, TEXT_CENTER };

/* Appends exactly `width` columns: the text, cut with `…` (`~` where unicode is false) or padded. */
void text_fit(struct strbuf *out, const char *s, int width, enum text_align align, bool unicode);

/* What stands behind the next line end; NULL: no line follows. */
const char *text_next_line(const char *text);

/* Case-insensitive (towlower) search of `needle` in `hay`; an empty needle is found. */
bool text_contains(const char *hay, const char *needle);
/* Order for people: case-insensitive, digits by value (vm2 before vm10), bytes as the last word. */
int text_compare(const char *a, const char *b);
/* The words of `text` (NULL: none) in bytes' order, once each, a blank between; they are parted by any of
 * these characters. "" for none. The caller frees. */
char *text_sorted_words(const char *text, const char *separators);
/* Shell pattern (fnmatch without path rules). */
bool text_glob(const char *pattern, const char *s);

#endif
