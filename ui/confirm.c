/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/confirm.h"

#include <stdlib.h>
#include <string.h>
#include "ui/pen.h"
#include "ui/prompt.h"

#define BOX_W 64

struct confirm {
    struct dialog base;
    char *question, *typed;
    bool yes; /* the button that Enter presses */
    void (*done)(struct deck *d, void *arg, bool yes);
    void *arg;
};

static int text_rows(const char *text, int w)
{
    struct sheet s = sheet_in(NULL, (struct rect){0, 0, w, 0}, 0);
    sheet_wrap(&s, 0, w, ROLE_DIALOG, text);
    return s.row;
}

static int box_width(const struct canvas *c)
{
    return c->w - 4 < BOX_W ? c->w : BOX_W;
}

static void draw_buttons(struct deck *d, struct canvas *c, struct rect in, bool yes)
{
    struct pen p = pen_at(c, in.x, in.y + in.h - 1, in.w);
    int from = p.x;
    pen_text(&p, yes ? ROLE_BUTTON : ROLE_BUTTON_ACTIVE, "[ No ]");
    deck_hit(d, (struct rect){from, p.y, p.x - from, 1}, "back");
    pen_skip(&p, 2);
    from = p.x;
    pen_text(&p, yes ? ROLE_BUTTON_ACTIVE : ROLE_BUTTON, "[ Yes ]");
    deck_hit(d, (struct rect){from, p.y, p.x - from, 1}, "answer yes");
    pen_skip(&p, 3);
    pen_text(&p, ROLE_HINT, "y  n  Enter");
}

static void confirm_draw(struct deck *d, struct dialog *g, struct canvas *c)
{
    struct confirm *q = (struct confirm *)g;
    int w = box_width(c);
    int rows = text_rows(q->question, w - 4);
    struct rect in = dialog_box(d, c, w, rows + 4 + (q->typed ? 1 : 0), "Are you sure?");
    int keep = q->typed ? 3 : 2;
    struct sheet s = sheet_in(c, (struct rect){in.x, in.y, in.w, in.h - keep}, 0);
    sheet_wrap(&s, 0, in.w, ROLE_DIALOG, q->question);
    if (!q->typed) {
        draw_buttons(d, c, in, q->yes);
        return;
    }
    struct pen p = pen_at(c, in.x, in.y + in.h - 2, in.w);
    pen_text(&p, ROLE_HINT, "Type ");
    pen_text(&p, ROLE_NOTICE, q->typed);
    pen_text(&p, ROLE_HINT, " to go on; Esc leaves it.");
    if (prompt_is_open() && prompt_current_mode() == PROMPT_ANSWER)
        prompt_draw(c, in.x, in.y + in.h - 1, in.w);
}

static void finish(struct deck *d, struct confirm *q, bool yes)
{
    void (*done)(struct deck *, void *, bool) = q->done;
    void *arg = q->arg;
    q->done = NULL;
    dialog_close(d);
    done(d, arg, yes);
}

static void confirm_accept(struct deck *d, struct dialog *g)
{
    struct confirm *q = (struct confirm *)g;
    if (!q->typed)
        finish(d, q, q->yes);
}

static void confirm_cancel(struct deck *d, struct dialog *g)
{
    finish(d, (struct confirm *)g, false);
}

static void confirm_move(struct deck *d, struct dialog *g, enum move how)
{
    struct confirm *q = (struct confirm *)g;
    (void)d;
    q->yes = how == MOVE_RIGHT || how == MOVE_END   ? true
             : how == MOVE_LEFT || how == MOVE_HOME ? false
                                                    : q->yes;
}

static bool confirm_key(struct deck *d, struct dialog *g, keycode key)
{
    struct confirm *q = (struct confirm *)g;
    if (!q->typed && (key == 'y' || key == 'Y' || key == 'n' || key == 'N')) {
        finish(d, q, key == 'y' || key == 'Y');
        return true;
    }
    if (!q->typed && (key == KEYC_TAB || key == ' ')) {
        q->yes = !q->yes;
        d->dirty = true;
        return true;
    }
    return dialog_common_key(d, g, key);
}

static void confirm_ask(struct deck *d, struct dialog *g)
{
    struct confirm *q = (struct confirm *)g;
    (void)d;
    if (q->typed)
        prompt_open(PROMPT_ANSWER, "", "");
}

static void confirm_answer(struct deck *d, struct dialog *g, const char *line)
{
    struct confirm *q = (struct confirm *)g;
    bool yes = line && q->typed && strcmp(line, q->typed) == 0;
    if (line && !yes)
        deck_note(d, SEV_WARN, "that was not the name");
    finish(d, q, yes);
}

static void confirm_free(struct dialog *g)
{
    struct confirm *q = (struct confirm *)g;
    if (q->done)
        q->done(NULL, q->arg, false);
    free(q->question);
    free(q->typed);
    free(q);
}

static const struct dialog_ops confirm_ops = {
    .place = PLACE_DIALOG,
    .draw = confirm_draw,
    .key = confirm_key,
    .move = confirm_move,
    .accept = confirm_accept,
    .cancel = confirm_cancel,
    .ask = confirm_ask,
    .answer = confirm_answer,
    .free = confirm_free,
};

void confirm_open(struct deck *d, const char *question, const char *typed,
                  void (*done)(struct deck *d, void *arg, bool yes), void *arg)
{
    struct confirm *q = xcalloc(1, sizeof(*q));
    *q = (struct confirm){.base.ops = &confirm_ops,
                          .question = xstrdup(question),
                          .typed = xstrdup(typed),
                          .done = done,
                          .arg = arg};
    dialog_open(d, &q->base);
}

/* ---- log-in ---- */

struct auth {
    struct dialog base;
    struct auth_question *q; /* NULL once answered */
    char *where;
};

static void auth_draw(struct deck *d, struct dialog *g, struct canvas *c)
{
    struct auth *a = (struct auth *)g;
    int w = box_width(c);
    const char *prompt = a->q->prompt && *a->q->prompt ? a->q->prompt : a->q->echo ? "Name" : "Password";
    int rows = text_rows(prompt, w - 4) + (a->q->challenge ? text_rows(a->q->challenge, w - 4) : 0);
    struct rect in = dialog_box(d, c, w, rows + 5, a->where);
    struct sheet s = sheet_in(c, (struct rect){in.x, in.y, in.w, in.h - 2}, 0);
    if (a->q->challenge)
        sheet_wrap(&s, 0, in.w, ROLE_DIALOG, a->q->challenge);
    sheet_wrap(&s, 0, in.w, ROLE_DIALOG, prompt);
    if (prompt_is_open() &&
        (prompt_current_mode() == PROMPT_ANSWER || prompt_current_mode() == PROMPT_SECRET))
        prompt_draw(c, in.x, in.y + in.h - 2, in.w);
    canvas_text(c, in.x, in.y + in.h - 1, in.w, ROLE_HINT, "Enter sends it; Esc gives up");
}

static void auth_ask(struct deck *d, struct dialog *g)
{
    struct auth *a = (struct auth *)g;
    (void)d;
    prompt_open(a->q->echo ? PROMPT_ANSWER : PROMPT_SECRET, "> ", "");
}

static void auth_reply(struct deck *d, struct dialog *g, const char *line)
{
    struct auth *a = (struct auth *)g;
    auth_answer(a->q, line);
    a->q = NULL;
    dialog_close(d);
}

static void auth_cancel(struct deck *d, struct dialog *g)
{
    auth_reply(d, g, NULL);
}

static void auth_free(struct dialog *g)
{
    struct auth *a = (struct auth *)g;
    if (a->q)
        auth_answer(a->q, NULL);
    free(a->where);
    free(a);
}

static const struct dialog_ops auth_ops = {
    .place = PLACE_DIALOG,
    .draw = auth_draw,
    .key = dialog_common_key,
    .cancel = auth_cancel,
    .ask = auth_ask,
    .answer = auth_reply,
    .free = auth_free,
};

void auth_open(struct deck *d, struct auth_question *q)
{
    struct auth *a = xcalloc(1, sizeof(*a));
    const struct snapshot *host = deck_host_by_id(d, q->host);
    a->base.ops = &auth_ops;
    a->q = q;
    a->where = xasprintf("Log in to %s", host && host->host.uri ? host->host.uri : "the host");
    dialog_open(d, &a->base);
}
