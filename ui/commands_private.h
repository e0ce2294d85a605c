/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the rows of screen_commands run, a family a file. Each has the deck as the frontend's context. Screen
 * thread.
 */
#ifndef VIRTDECK_UI_COMMANDS_PRIVATE_H
#define VIRTDECK_UI_COMMANDS_PRIVATE_H

#include "ui/deck.h"

/* The deck of a call, and its i-th word (NULL: not given). */
struct deck *call_deck(const struct call *call);
const char *call_word(const struct call *call, size_t i);
/* All words from the i-th on, joined by blanks; NULL where there is none. The caller frees. */
char *call_words(const struct call *call, size_t i);
/* The word's place in a list of names, -1 for none. */
int name_index(const char *const *names, size_t n, const char *word);

#define SCREEN_COMMANDS(C)                                                                                   \
    C(move)                                                                                                  \
    C(select)                                                                                                \
    C(open)                                                                                                  \
    C(back)                                                                                                  \
    C(tag)                                                                                                   \
    C(sort)                                                                                                  \
    C(columns)                                                                                               \
    C(column_width)                                                                                          \
    C(filter)                                                                                                \
    C(group)                                                                                                 \
    C(pane_of)                                                                                               \
    C(pane)                                                                                                  \
    C(focus)                                                                                                 \
    C(window)                                                                                                \
    C(scope)                                                                                                 \
    C(search)                                                                                                \
    C(search_next)                                                                                           \
    C(search_prev)                                                                                           \
    C(quit)                                                                                                  \
    C(screen_help)                                                                                           \
    C(bar)                                                                                                   \
    C(answer)                                                                                                \
    C(redraw)                                                                                                \
    C(suspend_screen)                                                                                        \
    C(theme)                                                                                                 \
    C(keymap)                                                                                                \
    C(reload)                                                                                                \
    C(set_option)                                                                                            \
    C(refresh)                                                                                               \
    C(reconnect)                                                                                             \
    C(disconnect)                                                                                            \
    C(addresses)                                                                                             \
    C(cancel)                                                                                                \
    C(edit_text)                                                                                             \
    C(console_screen)                                                                                        \
    C(select_device)                                                                                         \
    C(automatic)                                                                                             \
    C(point)                                                                                                 \
    C(toggle)                                                                                                \
    C(form)                                                                                                  \
    C(add_device)                                                                                            \
    C(remove_device)                                                                                         \
    C(eject)                                                                                                 \
    C(insert)                                                                                                \
    C(here)                                                                                                  \
    C(verify_device)

#define COMMAND_RUN(name) bool name##_run(struct call *call, struct error *e);
SCREEN_COMMANDS(COMMAND_RUN)
#undef COMMAND_RUN

#endif
