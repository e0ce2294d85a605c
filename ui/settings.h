/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes the options' values take effect on the screen, at the start and when one is changed. Screen thread.
 */
#ifndef VIRTDECK_UI_SETTINGS_H
#define VIRTDECK_UI_SETTINGS_H

#include "ui/deck.h"

/* All that say how the screen looks at first: columns, sort, group, filter, pane, window. */
void settings_apply_view(struct deck *d);
/* One that was changed. Most are simply read when they are needed. */
void settings_apply(struct deck *d, enum option_id id);
/* Loads the keymap that the option names; mistakes are said. */
void settings_load_keymap(struct deck *d);
/* Loads the signatures of known failures, built-in ones and the user's; mistakes are said. */
void settings_load_signatures(struct deck *d);
/* Reads config.json, keymap, theme and signatures again; what -o or a command set stays. */
void settings_reload(struct deck *d, const char *path);
/* Says each mistake and empties the list. */
void settings_say_mistakes(struct deck *d, error_list *mistakes);

#endif
