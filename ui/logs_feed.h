/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the collector of the logs pane gathers: the selected domain's files, events and messages, and what is
 * read on request only (the host's journal, files of another host through ssh). Where there is a disk to wait
 * for, the writer's thread does it. Screen thread.
 */
#ifndef VIRTDECK_UI_LOGS_FEED_H
#define VIRTDECK_UI_LOGS_FEED_H

#include "ui/deck.h"

/* Starts d->log's collector; before the first logs_select(). */
void logs_open(struct deck *d);
/* The selected domain, or something that is known of it, may be another one. */
void logs_select(struct deck *d);
/* An event was added. */
void logs_add_event(struct deck *d, const struct event *ev);
/* Begins with those sources that are read on request only, for the domain that is selected now. */
void logs_ask(struct deck *d, unsigned sources);
/* Begins with what is shown now and was not before, ends what is not shown any more. */
void logs_sources_changed(struct deck *d);
/* Why a source has no lines to give, or is not read; NULL: nothing to say. The caller frees. `all`: also what
 * is no trouble: that source has no file here by its nature, or not yet. */
char *logs_problem(const struct deck *d, enum line_source source, bool all);

/* The serial port has no file here, and its console is to be looked at: somebody sees the pane. */
bool logs_wants_console(const struct deck *d);
/* The console's bytes come out of this descriptor, which is the logs' from now on. */
void logs_take_console(struct deck *d, int fd);
/* Nothing comes any more; its lines stay. */
void logs_drop_console(struct deck *d);

/* ---- the loop ---- */

bool logs_are_seen(const struct deck *d); /* the pane is on the screen */
/* What to wait for: the descriptor (-1: none yet), and *timeout_ms made shorter where need be. */
int logs_wait(const struct deck *d, int *timeout_ms);
/* Takes what is new, goes on with what is not done yet. */
void logs_turn(struct deck *d);

#endif
