/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command bar's line editor: the only file that knows readline (its callback interface). Never reads the
 * terminal nor writes to it: keys are fed in, the line is drawn from prompt_state(). Screen thread.
 */
#ifndef VIRTDECK_UI_PROMPT_H
#define VIRTDECK_UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/writer.h"
#include "command/command.h"
#include "ui/canvas.h"
#include "ui/key.h"

enum prompt_mode { PROMPT_COMMAND, PROMPT_FILTER, PROMPT_SEARCH, PROMPT_ANSWER, PROMPT_SECRET };
enum prompt_result { PROMPT_OPEN, PROMPT_ACCEPTED, PROMPT_CANCELLED };

/* Sets readline up once. */
void prompt_init(struct session *s, const char *history_path, int history_size);
void prompt_shutdown(struct writer *w); /* has `w` write the history */
void prompt_open(enum prompt_mode mode, const char *label, const char *initial);
/* What Tab offers in an answer until the prompt closes: `find` adds what the whole text so far could become.
 */
typedef void (*prompt_finder)(void *ctx, const char *text, candidate_list *out);
void prompt_offer(prompt_finder find, void *ctx);
bool prompt_is_open(void);
enum prompt_mode prompt_current_mode(void);
/* Feeds one key or a whole paste; on ACCEPTED *line is the line (the caller frees). */
enum prompt_result prompt_feed(const struct input *in, char **line);
void prompt_cancel(void);
/* A command that was given otherwise than in the bar can be recalled there. */
void prompt_remember(const char *line);
const char *prompt_text(void); /* as it stands now; valid until the next feed */
size_t prompt_point(void);     /* cursor as a byte offset */
/* Candidates to show as a list above the bar, after Tab; NULL for none. */
const candidate_list *prompt_candidates(size_t *selected);
/* Draws the bar into one row and sets the canvas's cursor. */
void prompt_draw(struct canvas *c, int x, int y, int w);

#endif
