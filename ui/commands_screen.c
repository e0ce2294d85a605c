/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands about the screen itself and its hosts.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "ui/commands_private.h"
#include "ui/confirm.h"
#include "ui/dialog.h"
#include "ui/help.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/settings.h"
#include "ui/theme.h"

/* Of jobs that are still running, in a question. */
#define MOST_NAMED 4

static void leave(struct deck *d, void *arg, bool yes)
{
    (void)arg;
    if (d && yes)
        d->quit = true;
}

static void ask_to_leave(struct deck *d)
{
    struct strbuf text = {0};
    size_t n = d->running.len;
    if (n == 1)
        strbuf_puts(&text, "1 job is still running: ");
    else
        strbuf_printf(&text, "%zu jobs are still running: ", n);
    for (size_t i = 0; i < n && i < MOST_NAMED; i++) {
        const struct job_status *s = &d->running.items[i].status;
        strbuf_printf(&text, "%s%s %s", i ? ", " : "", s->kind ? s->kind->doing : "working on",
                      s->vm_name ? s->vm_name : "");
    }
    strbuf_printf(
        &text,
        "%s. Leave all the same? What libvirt was asked for goes on there; what still waits its turn "
        "is not begun, and nobody waits for the outcome.",
        n > MOST_NAMED ? " and others" : "");
    confirm_open(d, strbuf_str(&text), NULL, leave, NULL);
    strbuf_free(&text);
}

bool quit_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    if (d->running.len)
        ask_to_leave(d);
    else
        d->quit = true;
    return true;
}

bool screen_help_run(struct call *call, struct error *e)
{
    char *topic = call->words.len ? call_words(call, 0) : NULL;
    bool good = help_open(call_deck(call), topic, e);
    free(topic);
    return good;
}

bool bar_run(struct call *call, struct error *e)
{
    char *text = call_words(call, 0);
    (void)e;
    prompt_open(PROMPT_COMMAND, ":", text ? text : "");
    call_deck(call)->dirty = true;
    free(text);
    return true;
}

bool answer_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    struct dialog *g = dialog_top(d);
    if (!g || !g->ops->key)
        return error_set(e, STATUS_FAILED, "nothing was asked");
    g->ops->key(d, g, strcmp(call_word(call, 0), "yes") == 0 ? 'y' : 'n');
    return true;
}

bool redraw_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    d->redraw = d->dirty = true;
    return true;
}

bool suspend_screen_run(struct call *call, struct error *e)
{
    (void)e;
    call_deck(call)->suspend = true;
    return true;
}

/* Options whose values are files' names. */
static const struct {
    enum option_id id;
    char **(*names)(size_t *n);
} named[] = {{OPT_THEME, theme_names}, {OPT_KEYMAP, keymap_names}};

static bool check_name(enum option_id id, const char *value, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(named); i++) {
        if (named[i].id != id)
            continue;
        size_t n = 0;
        bool found = false;
        struct strbuf all = {0};
        char **names = named[i].names(&n);
        for (size_t k = 0; k < n; k++) {
            found = found || strcmp(names[k], value) == 0;
            strbuf_printf(&all, "%s%s", k ? ", " : "", names[k]);
            free(names[k]);
        }
        free(names);
        if (!found)
            error_set(e, STATUS_FAILED, "there is no %s \"%s\"; there are %s", option_rows[id].name, value,
                      strbuf_str(&all));
        strbuf_free(&all);
        return found;
    }
    return true;
}

static bool set_option(struct deck *d, const char *name, const char *value, struct error *e)
{
    const struct option_row *row = option_find(name);
    if (row && !check_name(row->id, value, e))
        return false;
    if (!options_set(d->options, name, value, "command", e))
        return false;
    settings_apply(d, option_find(name)->id);
    return true;
}

bool theme_run(struct call *call, struct error *e)
{
    return set_option(call_deck(call), option_rows[OPT_THEME].name, call_word(call, 0), e);
}

bool keymap_run(struct call *call, struct error *e)
{
    return set_option(call_deck(call), option_rows[OPT_KEYMAP].name, call_word(call, 0), e);
}

bool reload_run(struct call *call, struct error *e)
{
    (void)e;
    call_deck(call)->reload = true;
    return true;
}

bool set_option_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    char *value = call_words(call, 1);
    const char *name = call_word(call, 0);
    bool good = set_option(d, name, value ? value : "", e);
    if (good)
        deck_note(d, SEV_GOOD, "%s is %s now", name, opt_text(d->options, option_find(name)->id));
    free(value);
    return good;
}

bool cancel_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    d->dirty = true;
    if (dialog_top(d)) {
        dialog_cancel(d);
    } else if (!run_cancel(d)) {
        char key[32];
        keymap_label_for(&d->keymap, deck_place(d), "quit", key, sizeof(key));
        deck_note(d, SEV_INFO, "nothing is waited for; %s leaves virtdeck", key);
    }
    return true;
}

/* ---- hosts ---- */

static const struct snapshot *named_host(struct deck *d, const char *word, struct error *e)
{
    if (!word) {
        if (!deck_host(d))
            error_set(e, STATUS_FAILED, "there is no host");
        return deck_host(d);
    }
    for (size_t i = 0; i < d->n_hosts; i++) {
        const struct host_info *h = &d->hosts[i]->host;
        if ((h->name && strcasecmp(h->name, word) == 0) || (h->uri && strcmp(h->uri, word) == 0))
            return d->hosts[i];
    }
    error_set(e, STATUS_FAILED, "no host is called \"%s\"", word);
    return NULL;
}

static const char *host_name(const struct snapshot *s)
{
    return s->host.name ? s->host.name : s->host.uri ? s->host.uri : "the host";
}

bool refresh_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    /* A host that is connected samples at once, one that is not tries again. */
    for (size_t i = 0; i < d->n_hosts; i++)
        if (d->hosts[i]->host.state == HOST_UP || d->hosts[i]->host.state == HOST_LOST)
            fleet_retry(d->session.fleet, d->hosts[i]->host.id);
    return true;
}

bool reconnect_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct snapshot *s = named_host(d, call_word(call, 0), e);
    if (!s)
        return false;
    if (s->host.state == HOST_UP)
        return error_set(e, STATUS_FAILED, "%s is connected", host_name(s));
    fleet_retry(d->session.fleet, s->host.id);
    return true;
}

bool disconnect_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct snapshot *s = named_host(d, call_word(call, 0), e);
    if (!s)
        return false;
    fleet_give_up(d->session.fleet, s->host.id);
    deck_sayf(d, SEV_INFO, "%s: given up; `reconnect` tries again", host_name(s));
    return true;
}

bool addresses_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    for (size_t i = 0; i < call->targets.len; i++)
        fleet_ask_addresses(d->session.fleet, call->targets.items[i].host, &call->targets.items[i].uuid);
    deck_note(d, SEV_INFO, "asking for the addresses of %zu domain%s", call->targets.len,
              call->targets.len == 1 ? "" : "s");
    return true;
}
