/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/app.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include "base/clock.h"
#include "ui/console.h"
#include "ui/console_feed.h"
#include "ui/dialog.h"
#include "ui/editing.h"
#include "ui/logs_feed.h"
#include "ui/prompt.h"
#include "ui/remedies.h"
#include "ui/settings.h"
#include "ui/term.h"
#include "ui/viewstate.h"

#define TICK_MS         1000 /* ages on the screen count on */
#define SAVE_MS         2000
#define INPUTS_PER_TURN 512 /* then the screen is drawn, even while more is pasted */

static void load_theme(struct app *app)
{
    error_list mistakes = {0};
    theme_free(&app->theme);
    app->theme = (struct theme){0};
    theme_load(&app->theme, opt_text(app->deck.options, OPT_THEME), &mistakes);
    term_set_theme(&app->theme);
    settings_say_mistakes(&app->deck, &mistakes);
    term_redraw();
}

void app_draw(struct app *app)
{
    struct deck *d = &app->deck;
    int w, h;
    if (!d->dirty)
        return;
    term_size(&w, &h);
    if (w != app->canvas.w || h != app->canvas.h)
        canvas_resize(&app->canvas, w, h);
    term_cell_size(&app->canvas.cell_w, &app->canvas.cell_h);
    term_set_graphics(opt_text(d->options, OPT_GRAPHICS));
    d->dirty = false;
    deck_draw(d, &app->canvas);
    term_show(&app->canvas);
}

static void view_kept(void *ctx, const struct error *e)
{
    struct app *app = ctx;
    if (!e || app->save_failed)
        return;
    app->save_failed = true;
    deck_note(&app->deck, SEV_WARN, "the view is not kept: %s", error_text(e));
}

static void keep_view(struct app *app, bool now)
{
    struct deck *d = &app->deck;
    if (!d->view_changed || (!now && d->now_ms - app->saved_ms < SAVE_MS))
        return;
    d->view_changed = false;
    app->saved_ms = d->now_ms;
    viewstate_save(d, app->view_path, view_kept, app);
}

static void take_news(void *app)
{
    app_take_news(app);
}

/* What commands asked for that only the loop can do. */
static void do_wishes(struct app *app)
{
    struct deck *d = &app->deck;
    if (d->reload) {
        d->reload = false;
        settings_reload(d, app->config_path);
    }
    if (d->retheme) {
        d->retheme = false;
        load_theme(app);
    }
    if (d->redraw) {
        d->redraw = false;
        term_redraw();
    }
    if (d->suspend) {
        d->suspend = false;
        term_suspend();
        d->dirty = true;
    }
    editing_turn(d);
    console_turn(d, take_news, app);
    remedies_turn(d);
    struct dialog *g = dialog_top(d);
    if (g && g->ops->ask && !prompt_is_open()) {
        g->ops->ask(d, g);
        d->dirty = true;
    }
}

static void read_input(struct app *app)
{
    struct input in;
    for (int i = 0; i < INPUTS_PER_TURN && !app->deck.quit; i++) {
        term_read(&in);
        if (in.type == INPUT_NONE)
            return;
        deck_update(&app->deck);
        app_input(app, &in);
        do_wishes(app);
    }
}

static void wait_for_news(struct app *app)
{
    struct deck *d = &app->deck;
    struct pollfd fds[] = {{term_input_fd(), POLLIN, 0},
                           {term_signal_fd(), POLLIN, 0},
                           {fleet_fd(app->fleet), POLLIN, 0},
                           {writer_fd(d->writer), POLLIN, 0},
                           {-1, POLLIN, 0}};
    int timeout = TICK_MS - (int)(clock_mono_ms() % TICK_MS);
    int tick = timeout;
    fds[4].fd = logs_wait(d, &timeout);
    int n = poll(fds, ARRAY_LEN(fds), term_pending() ? 0 : timeout);
    deck_set_time(d, clock_mono_ms(), clock_wall_ms());
    if (n == 0 && timeout == tick)
        d->dirty = true;
    if (n < 0 && errno != EINTR)
        die("poll failed: %d", errno);
    /* A terminal that has gone has nothing to read and says so for ever. */
    if (n > 0 && (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL)) && !(fds[0].revents & POLLIN))
        d->quit = true;
}

void app_loop(struct app *app)
{
    struct deck *d = &app->deck;
    while (!d->quit) {
        do_wishes(app);
        app_draw(app);
        app_tell_interest(app);
        keep_view(app, false);
        wait_for_news(app);
        app_take_news(app);
        logs_turn(d);
        writer_deliver(d->writer);
        console_feed_turn(d);
        read_input(app);
        guest_screen_turn(d);
    }
    keep_view(app, true);
}
