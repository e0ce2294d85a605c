/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The difference of two texts, line by line, as `diff -u` shows it. Pure; any thread.
 */
#ifndef VIRTDECK_BASE_LINEDIFF_H
#define VIRTDECK_BASE_LINEDIFF_H

/* Lines that begin with '-' (only in `old`), '+' (only in `new`) or a blank (in both), three of the last kind
 * around each change, under headings "@@ -LINE,COUNT +LINE,COUNT @@". "" when the lines are the same; a
 * missing newline at the end is none of the differences. Texts that have little in common are shown as one
 * replaced by the other where a closer look would take too long. The caller frees. */
char *linediff(const char *old, const char *new);

#endif
