/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the engine and its saved form share. Private to engine*.c.
 */
#ifndef VIRTDECK_AUTOSTART_ENGINE_PRIVATE_H
#define VIRTDECK_AUTOSTART_ENGINE_PRIVATE_H

#include "autostart/engine.h"

struct node {
    enum engine_state state;
    int64_t since_ms, deadline_ms, turn_ms;
    int64_t held_ms;  /* since when memory or load hold it up; -1 */
    uint32_t pending; /* links that are not done */
    bool ours;        /* this run has started it: it takes a place until it is ready */
    bool late;
    bool started;                 /* those that wait for its start may go */
    bool told_started, told_over; /* those behind it know */
    enum policy_stop stop;        /* how it is stopped; less gently when that failed */
    char *why;
};

struct engine {
    const struct plan *plan;
    double limits[LIMITS];
    struct node *nodes;
    bool begun;
    int64_t begun_ms;              /* -1: not yet */
    char *stopped;                 /* why nothing more is started; NULL */
    VEC(struct engine_step) steps; /* to be handed out */
    size_t next_step;
    VEC(uint32_t) changed; /* nodes whose neighbours have to know */
    VEC(char *) whys;      /* texts that were handed out */
};

#endif
