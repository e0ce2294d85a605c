/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The difference of two texts, line by line, as `diff -u` shows it. Pure; any thread.
 */
#ifndef VIRTDECK_BASE_LINEDIFF_H
#define VIRTDECK_BASE_LINEDIFF_H

#include "base/strbuf.h"

/* Lines that begin with '-' (only in `old`), '+' (only in `new`) or a blank (in both), three of the last kind
 * around each change, under headings "@@ -LINE,COUNT +LINE,COUNT @@". Nothing when the lines are the same; a
 * missing newline at the end is none of the differences. Texts that have little in common are shown as one
 * replaced by the other where a closer look would take too long. Added to `out`. */
void linediff(struct strbuf *out, const char *old, const char *new);

#endif
