/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/console.h"

#include <stdlib.h>
#include <unistd.h>
#include "command/console.h"
#include "command/terminal.h"
#include "ui/commands_private.h"
#include "ui/confirm.h"
#include "ui/console_feed.h"
#include "ui/term.h"

struct visit {
    struct target target;
    char *device, *escape_name;
    int escape;
    struct console_link link; /* its job NULL: waits for an answer */
    bool ended;               /* the terminal is ours again; the job still has to say how it ended */
};

void console_forget(struct deck *d)
{
    struct visit *v = d->visit;
    if (!v)
        return;
    if (v->link.job) {
        job_cancel(v->link.job);
        console_end(&v->link);
    }
    free(v->target.name);
    free(v->device);
    free(v->escape_name);
    free(v);
    d->visit = NULL;
}

static bool begin(struct deck *d, bool force, struct error *e)
{
    struct visit *v = d->visit;
    if (console_begin(d->session.fleet, &v->target, v->device, force, &v->link, e))
        return true;
    v->link.job = NULL;
    console_forget(d);
    return false;
}

static void answered(struct deck *d, void *arg, bool yes)
{
    struct error e = ERROR_INIT;
    (void)arg;
    if (!d || !d->visit)
        return;
    if (!yes)
        console_forget(d);
    else if (!begin(d, true, &e))
        deck_say(d, SEV_ERROR, error_text(&e));
    error_clear(&e);
}

static void ask(struct deck *d)
{
    char *text =
        xasprintf("Another client has the console of %s: virsh, virt-manager, or another virtdeck. Take it "
                  "over? The other one is cut off.",
                  d->visit->target.name);
    confirm_open(d, text, NULL, answered, NULL);
    free(text);
}

/* The job is over: how it ended. */
static void tell_end(struct deck *d)
{
    struct visit *v = d->visit;
    struct error e = ERROR_INIT;
    char *how = console_outcome(v->link.job, &e);
    bool busy = !how && !v->ended && e.code == CONSOLE_BUSY;
    d->dirty = true;
    console_end(&v->link);
    if (busy) {
        ask(d);
        error_clear(&e);
        return;
    }
    if (how)
        deck_note(d, SEV_INFO, "%s: console: %s", v->target.name, how);
    else if (e.text)
        deck_say(d, SEV_ERROR, error_text(&e));
    error_clear(&e);
    free(how);
    console_forget(d);
}

static void lend(struct deck *d, void (*news)(void *ctx), void *ctx)
{
    struct visit *v = d->visit;
    char *greeting = xasprintf("connected to %s, leave with %s", v->target.name, v->escape_name);
    struct terminal_loan loan = {.from_guest = v->link.from_guest,
                                 .to_guest = v->link.to_guest,
                                 .tee = console_feed_tee(d, v->target.host, &v->target.uuid),
                                 .escape = v->escape,
                                 .greeting = greeting,
                                 .fd = fleet_fd(d->session.fleet),
                                 .turn = news,
                                 .ctx = ctx};
    term_leave();
    terminal_lend(&loan);
    term_return();
    v->link.to_guest = -1;
    v->ended = true;
    close(v->link.from_guest);
    v->link.from_guest = -1;
    if (loan.tee >= 0)
        close(loan.tee);
    free(greeting);
    d->dirty = true;
}

void console_turn(struct deck *d, void (*news)(void *ctx), void *ctx)
{
    struct visit *v = d->visit;
    if (!v || !v->link.job)
        return;
    if (job_is_over(v->link.job))
        tell_end(d);
    else if (!v->ended && console_has_begun(v->link.job))
        lend(d, news, ctx);
}

bool console_screen_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct target *t = &call->targets.items[0];
    const char *word = call_option(call, "escape");
    int escape;
    if (!terminal_key_read(word ? word : CONSOLE_ESCAPE_NAME, &escape, e))
        return false;
    if (d->visit)
        return error_set(e, STATUS_FAILED, "console %s: the console of %s is being connected", t->name,
                         d->visit->target.name);
    d->visit = xcalloc(1, sizeof *d->visit);
    *d->visit = (struct visit){.target = {t->host, t->uuid, xstrdup(t->name)},
                               .device = xstrdup(call_option(call, "device")),
                               .escape_name = xstrdup(word ? word : CONSOLE_ESCAPE_NAME),
                               .escape = escape,
                               .link = {.from_guest = -1, .to_guest = -1}};
    return begin(d, call_option(call, "force") != NULL, e);
}
