/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lines that were entered before: bounded, without duplicates, kept in a file that several virtdecks
 * share. readline gets a copy each time the bar opens, so that what is edited and then given up leaves no
 * trace. Screen thread.
 */
#ifndef VIRTDECK_UI_PROMPT_LINES_H
#define VIRTDECK_UI_PROMPT_LINES_H

#include "base/error.h"
#include "base/vec.h"
#include "base/writer.h"

struct prompt_lines {
    VEC(char *) lines; /* oldest first */
    size_t max;
    size_t fresh; /* how many of the last ones were entered here and are in no file yet */
};

/* The line becomes the newest; an equal older one goes. Empty lines, those with a newline and
 * those with a password are left out. */
void prompt_lines_add(struct prompt_lines *l, const char *line);
/* Adds the file's lines. A missing file is no error; lines that are no UTF-8 are skipped. */
bool prompt_lines_load(struct prompt_lines *l, const char *path, struct error *e);
/* Has `w` add the fresh lines to what the file holds by then, and replace it (0600); `done` is told what came
 * of it. The lines are fresh no more. */
void prompt_lines_save(struct prompt_lines *l, const char *path, struct writer *w, writer_done done,
                       void *ctx);
void prompt_lines_free(struct prompt_lines *l);

#endif
