/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/screen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "ui/app.h"
#include "ui/logs_feed.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/settings.h"
#include "ui/term.h"
#include "ui/viewstate.h"

/* How long the end waits for a slow disk. */
#define WRITE_WAIT_MS 2000

static int color_wish(const struct options *o)
{
    static const struct {
        const char *name;
        int colors;
    } names[] = {{"auto", -1}, {"truecolor", 1 << 24}, {"256", 256}, {"16", 16}, {"mono", 0}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(names[i].name, opt_text(o, OPT_COLOR)) == 0)
            return names[i].colors;
    return -1;
}

static bool open_terminal(const struct options *o)
{
    const char *unicode = opt_text(o, OPT_UNICODE);
    struct term_config config = {.colors = color_wish(o),
                                 .unicode = strcmp(unicode, "auto") == 0 ? -1 : strcmp(unicode, "on") == 0,
                                 .mouse = opt_bool(o, OPT_MOUSE)};
    struct error e = ERROR_INIT;
    if (term_open(&config, &e))
        return true;
    fprintf(stderr, "virtdeck: %s\n", error_text(&e));
    error_clear(&e);
    return false;
}

/* The first frame, before anything that could take its time. */
static void show_first(struct app *app, const struct screen_request *r)
{
    struct deck *d = &app->deck;
    int w, h;
    deck_init(d, r->options);
    deck_set_time(d, clock_mono_ms(), clock_wall_ms());
    term_size(&w, &h);
    canvas_init(&app->canvas, w, h, term_unicode());
    error_list mistakes = {0};
    theme_load(&app->theme, opt_text(d->options, OPT_THEME), &mistakes);
    term_set_theme(&app->theme);
    settings_say_mistakes(d, &mistakes);
    settings_load_keymap(d);
    settings_apply_view(d);
    struct error e = ERROR_INIT;
    app->view_path = paths_join(paths_state_dir(), "view.json");
    app->config_path = paths_join(paths_config_dir(), "config.json");
    if (!viewstate_load(d, app->view_path, &e))
        deck_note(d, SEV_WARN, "%s", error_text(&e));
    error_clear(&e);
    d->dirty = true;
    app_draw(app);
}

static bool has_address_source(const struct options *o, const char *word)
{
    return strstr(opt_text(o, OPT_ADDRESSES), word) != NULL;
}

static struct fleet *start_fleet(const struct screen_request *r)
{
    const struct options *o = r->options;
    struct fleet_config config = {
        .interval_s = opt_number(o, OPT_INTERVAL),
        .tick_budget = opt_number(o, OPT_TICK_BUDGET) / 100,
        .reconnect_max_s = opt_number(o, OPT_RECONNECT_MAX),
        .keepalive_s = (int)opt_number(o, OPT_KEEPALIVE),
        .grace_s = opt_number(o, OPT_GRACE),
        .read_only = r->read_only,
        .no_tty = true,
        .hears = true,
        .reconnect = true,
        .want_dear = true,
        .addr_lease = has_address_source(o, "lease"),
        .addr_agent = has_address_source(o, "agent"),
        .addr_arp = has_address_source(o, "arp"),
    };
    struct fleet *f = fleet_new(&config);
    for (size_t i = 0; i < r->n_uris; i++)
        fleet_add(f, r->uris[i], false);
    if (r->demo)
        fleet_add(f, NULL, true);
    else if (r->n_uris == 0)
        fleet_add(f, NULL, false);
    return f;
}

/* Several hosts in one table are easier to read apart, unless someone said how it shall be. */
static void group_hosts(struct deck *d, size_t n)
{
    const char *origin = d->options->v[OPT_GROUP].origin;
    if (n > 1 && d->view.group == GROUP_NONE && (!origin || strcmp(origin, "default") == 0))
        d->view.group = GROUP_HOST;
}

static void start(struct app *app, const struct screen_request *r)
{
    struct deck *d = &app->deck;
    char *events = paths_join(paths_state_dir(), EVENTLOG_FILE);
    d->writer = writer_new();
    deck_open_events(d, events, (size_t)opt_number(d->options, OPT_EVENTS_SIZE));
    free(events);
    settings_say_mistakes(d, r->mistakes);
    settings_load_signatures(d);
    logs_open(d);
    app->fleet = start_fleet(r);
    d->history = fleet_history(app->fleet);
    run_init(d, app->fleet);
    char *history = paths_join(paths_state_dir(), "history");
    prompt_init(&d->session, history, (int)opt_number(d->options, OPT_HISTORY_SIZE));
    free(history);
    group_hosts(d, fleet_len(app->fleet));
}

/* The terminal goes back first: whatever takes its time then does so out of sight. False: as fleet_free(). */
static bool stop(struct app *app)
{
    struct deck *d = &app->deck;
    term_close();
    prompt_shutdown(d->writer);
    eventlog_free(d->events);
    d->events = NULL;
    if (!writer_finish(d->writer, WRITE_WAIT_MS))
        fprintf(
            stderr,
            "virtdeck: writing to %s takes too long: the last events, and how the screen was, may be lost\n",
            paths_state_dir());
    d->writer = NULL;
    d->session.fleet = NULL;
    deck_free(d);
    bool ended = fleet_free(app->fleet);
    theme_free(&app->theme);
    canvas_free(&app->canvas);
    free(app->view_path);
    free(app->config_path);
    return ended;
}

enum status screen_run(const struct screen_request *r)
{
    signal(SIGPIPE, SIG_IGN); /* a connection that breaks is no reason to die */
    if (!open_terminal(r->options))
        return STATUS_FAILED;
    struct app app = {.hidden_host = -1, .fall_back = r->local_or_demo && r->n_uris == 0 && !r->demo};
    show_first(&app, r);
    start(&app, r);
    app_loop(&app);
    if (!stop(&app)) {
        fflush(NULL);
        _exit(STATUS_OK);
    }
    return STATUS_OK;
}
