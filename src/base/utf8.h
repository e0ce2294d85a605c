/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UTF-8 by hand: strict (no overlong forms, no surrogates, nothing above U+10FFFF) and the same in every
 * locale. Any thread.
 */
#ifndef VIRTDECK_BASE_UTF8_H
#define VIRTDECK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the character at s: its length in bytes (1 … 4) with its number in *cp, or 0 where the bytes are no
 * UTF-8 or `len` ends too soon. Reads in order and stops at the first wrong byte, so that a NUL-terminated
 * string may be read with any `len`. */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);
/* Writes the character (which must be a valid one) and returns its length. */
size_t utf8_encode(uint32_t cp, char out[4]);
/* Where the first wrong byte is; `len` when there is none. */
size_t utf8_check(const char *s, size_t len);

#endif
