/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the screen was left, kept for the next run in the state directory's view.json: columns and widths,
 * sort, group, pane, window. What config.json or -o says explicitly goes before it. Screen thread.
 */
#ifndef VIRTDECK_UI_VIEWSTATE_H
#define VIRTDECK_UI_VIEWSTATE_H

#include "ui/deck.h"

/* A missing file is no failure; of a damaged one what can be used is used, and false says so with e set. */
bool viewstate_load(struct deck *d, const char *path, struct error *e);
/* Has d->writer write it; `done` is told what came of it. */
void viewstate_save(const struct deck *d, const char *path, writer_done done, void *ctx);

#endif
