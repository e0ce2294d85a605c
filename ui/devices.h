/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The devices pane's rows: which are shown, which one the cursor is on, which of its toggles, and what can be
 * said of them. Shared by the pane, its keys and the form. Entries and values are the list's and live as long
 * as the snapshot that has it. Screen thread.
 */
#ifndef VIRTDECK_UI_DEVICES_H
#define VIRTDECK_UI_DEVICES_H

#include "device/list.h"
#include "ui/deck.h"

typedef VEC(const struct device_entry *) device_rows;

/* The list of the selected domain; NULL: it was not read yet, or there is no domain. */
const struct device_list *devices_list(const struct deck *d);
/* The rows that are shown; returns how many are hidden. The caller frees with vec_free(). */
size_t devices_shown(const struct deck *d, const struct device_list *l, device_rows *out);
/* The row under the cursor; NULL where there is none. */
const struct device_entry *devices_current(const struct deck *d);
/* The cursor's row and place among the rows; NULL and 0 where there are none. */
const struct device_entry *devices_cursor(const struct deck *d, const device_rows *rows, long *at);
void devices_select(struct deck *d, const struct device_entry *entry, long at);
/* The row was drawn under the cursor: it is the one that keys mean from now on. */
void devices_drawn(struct deck *d, const struct device_entry *entry, long at);
/* Moves the cursor; stops at the ends. */
void devices_move(struct deck *d, long rows);

/* The toggles of a row, in the order of the fields: the next one behind `after` (NULL: the first). */
const struct device_value *devices_next_toggle(const struct device_entry *entry,
                                               const struct device_value *after);
/* The toggle under the cursor; NULL: the row has none. */
const struct device_value *devices_toggle(const struct deck *d, const struct device_entry *entry);
/* The next (by > 0) or the previous toggle becomes the one under the cursor. */
void devices_step_toggle(struct deck *d, int by);

/* The i-th of space-separated words; false: there are fewer. */
bool devices_word(const char *words, int i, char *out, size_t size);
/* Whether its values are words to choose from; others are typed. */
bool devices_has_words(const struct device_field *f);
/* What a toggle, turned, or a choice, gone on, would be: from what holds at the next boot where there is one.
 * One that is typed becomes "default" (a medium is ejected). The caller frees; NULL: that has to be typed.
 * by: 1 or -1. */
char *devices_turned(const struct device_value *v, const struct device_entry *entry, int by);
/* Whether what holds differs between now and the next boot. */
bool devices_differs(const struct device_list *l, const struct device_entry *entry,
                     const struct device_value *v);
/* When a change of the field takes effect: "now and at next boot" … Static. */
const char *devices_when(const struct device_list *l, const struct device_field *f);
/* The word that names the entry in a command: its name where no other has it, else its key. */
const char *devices_name(const struct device_list *l, const struct device_entry *entry);
/* The word that names the domain in a command, on whichever host, whatever it is called. The caller frees. */
char *devices_vm_word(const struct deck *d, int host, const struct vm_uuid *uuid);
/* What the line below the rows says of a toggle (NULL: none) and its row. */
void devices_explain(const struct deck *d, const struct device_list *l, const struct device_entry *entry,
                     const struct device_value *toggle, struct strbuf *out);
/* Why a command of commands_devices.c can do nothing here; NULL: it can. The caller frees. */
char *devices_why_not(const struct deck *d, const char *command);

#endif
