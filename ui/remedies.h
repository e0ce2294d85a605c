/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a domain failed, and what helps: a dialog over the findings of explain_job, each with the line that
 * shows it and its remedy. Enter runs the chosen one: a command of ours after a question, one with a place to
 * fill in goes into the command bar, a line for a shell is run on this machine after a question that shows it
 * whole, with the terminal lent to it. Where it belongs on another host, or wants rights that are not there,
 * it is shown to be copied. Screen thread; while a line has the terminal, the screen waits for it.
 */
#ifndef VIRTDECK_UI_REMEDIES_H
#define VIRTDECK_UI_REMEDIES_H

#include <json-c/json.h>
#include "ui/deck.h"

/* `result`: of explain_job (virt/explain.h); borrowed. */
void remedies_open(struct deck *d, const char *vm, json_object *result);

/* One remedy, as Enter on it does. `why` stands in front of the question. remote: the domain's host is
 * another machine. */
void remedy_take(struct deck *d, const char *why, const char *command, bool complete, bool remote);

/* Gives it to the terminal's clipboard, and shows it whole. */
void remedy_copy(struct deck *d, const char *command);

/* For the loop: runs the line that was agreed to. */
void remedies_turn(struct deck *d);

/* Whether a line for a shell wants root's rights, as far as its first words tell. Pure. */
bool remedy_wants_root(const char *line);

#endif
