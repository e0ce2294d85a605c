/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which of many strings are in a text: all of them looked for in one pass, so that a line costs the same
 * whether ten signatures are known or a thousand. Built once, then constant: any thread.
 */
#ifndef VIRTDECK_DIAGNOSE_LITERALS_H
#define VIRTDECK_DIAGNOSE_LITERALS_H

#include <stddef.h>

struct literals;

struct literals *literals_new(void);
void literals_free(struct literals *l);
/* To call before literals_build(). Several strings may have one id. The string must not be empty. */
void literals_add(struct literals *l, const char *string, int id);
void literals_build(struct literals *l);
/* Calls `found` for each string in the text, as often as it is there. */
void literals_scan(const struct literals *l, const char *text, size_t len, void (*found)(void *ctx, int id),
                   void *ctx);

#endif
