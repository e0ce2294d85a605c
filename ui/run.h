/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs command lines for the screen: from the bar, from keys, from the mouse. A && B goes on with B when all
 * jobs of A are done. Questions are asked in a dialog; nothing here waits. Screen thread.
 */
#ifndef VIRTDECK_UI_RUN_H
#define VIRTDECK_UI_RUN_H

#include "ui/deck.h"

/* A line bound to a key or a click. Where it can do nothing here, says why instead. */
void run_line(struct deck *d, const char *line);
/* The same for a command given as words: they need no quotes and are in no history. What is in `secrets` gets
 * into no message and no event. False: it was refused before it asked or did anything. */
bool run_words(struct deck *d, int argc, const char *const *argv, size_t n_secrets,
               const char *const *secrets);
/* A line typed into the bar. False when it was wrong and nothing was run: then d->bar_error says why and
 * where. */
bool run_typed(struct deck *d, const char *line);
/* Follows a job (takes the reference) that no command line waits for; `over` is called at its end. quiet: its
 * outcome is neither a message nor an event. */
void run_follow(struct deck *d, struct job *job, bool quiet,
                void (*over)(struct deck *d, const struct job_status *s));
/* A job that is followed has changed. Releases nothing of the caller's. */
void run_job_changed(struct deck *d, struct job *job);
/* Sees to those that are over and whose message was dropped: while another program has the terminal nobody
 * takes messages, and a host keeps the newest alone. */
void run_catch_up(struct deck *d);
/* Stops waiting for all jobs and drops what was to follow them. False when there was nothing to stop. */
bool run_cancel(struct deck *d);
/* Forgets what waits; for the end. */
void run_forget(struct deck *d);
/* Sets up d->frontend and d->session. */
void run_init(struct deck *d, struct fleet *fleet);

#endif
