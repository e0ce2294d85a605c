/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The screen while it runs: the deck, the terminal it is shown on, the hosts it is about, and the loop that
 * keeps them in step. The loop waits for keys, signals, hosts, the log and news of what was
 * written; for nothing else. Screen thread.
 */
#ifndef VIRTDECK_UI_APP_H
#define VIRTDECK_UI_APP_H

#include "ui/deck.h"
#include "ui/key.h"
#include "ui/theme.h"

struct app {
    struct deck deck;
    struct canvas canvas;
    struct theme theme;
    struct fleet *fleet;
    char *config_path, *view_path;
    bool fall_back;    /* open the demo host when the first host does not answer */
    int hidden_host;   /* -1; the one that the demo host stands in for */
    int64_t saved_ms;  /* when the view was last kept */
    bool save_failed;  /* said so already */
    uint64_t interest; /* of what fleet_set_interest() was told */
};

/* app_input.c: one thing that came from the terminal. Frees a paste. */
void app_input(struct app *app, struct input *in);
/* app_hosts.c: everything new from the hosts. */
void app_take_news(struct app *app);
/* Tells the hosts what is on the screen, and the logs whose they are. */
void app_tell_interest(struct app *app);
/* app.c: draws if anything changed and shows it. */
void app_draw(struct app *app);
/* Until the user leaves. */
void app_loop(struct app *app);

#endif
