/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/policy_form.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/confirm.h"
#include "ui/devices.h"
#include "ui/pen.h"
#include "ui/prompt.h"
#include "ui/run.h"

#define BOX_W   90
#define LABEL_W 18 /* the longest word of a field, and a gap */

enum button { BUTTON_APPLY, BUTTON_CANCEL, BUTTONS };
#define FIELDS ((long)POLICY_FIELDS) /* rows of the form; behind them come the buttons */

struct form {
    struct dialog base;
    struct deck *deck; /* for completion, which is called without it */
    char *title;
    int host;
    struct vm_uuid uuid;
    struct policy was, now, defaults;
    long at, top;  /* the field, or behind them the button, under the cursor; the first one shown */
    int height;    /* rows for fields, as of the last drawing */
    bool typing;   /* the prompt is, or is about to be, open for the field */
    char *problem; /* why what was typed can't be; NULL */
};

static const struct policy_field *field_at(const struct form *f)
{
    return f->at < POLICY_FIELDS ? &policy_fields[f->at] : NULL;
}

/* ---- values ---- */

static char *own_text(const struct policy *p, enum policy_id id)
{
    struct strbuf text = {0};
    policy_text(p, id, &text);
    return strbuf_steal(&text);
}

/* What holds: its own value, the host's, the table's. The caller frees. */
static char *text_of(const struct form *f, enum policy_id id)
{
    if (f->now.v[id].given)
        return own_text(&f->now, id);
    if (f->defaults.v[id].given)
        return own_text(&f->defaults, id);
    return xstrdup(policy_fields[id].def ? policy_fields[id].def : "");
}

static bool is_changed(const struct form *f, enum policy_id id)
{
    char *was = own_text(&f->was, id), *now = own_text(&f->now, id);
    bool changed = f->was.v[id].given != f->now.v[id].given || strcmp(was, now) != 0;
    free(was);
    free(now);
    return changed;
}

static size_t count_changes(const struct form *f)
{
    size_t n = 0;
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++)
        n += is_changed(f, id);
    return n;
}

static void set_value(struct form *f, enum policy_id id, const char *text)
{
    struct error e = ERROR_INIT;
    free(f->problem);
    f->problem = policy_set(&f->now, id, text, &e) ? NULL : xstrdup(error_text(&e));
    error_clear(&e);
}

/* The words to turn through; a percentage has to be typed. */
static const char *words_of(const struct policy_field *field)
{
    if (field->type == POLICY_SWITCH)
        return "no yes";
    return field->type == POLICY_CHOICE && !strchr(field->values, ':') ? field->values : NULL;
}

static bool turn(struct form *f, const struct policy_field *field, int by)
{
    const char *words = words_of(field);
    char word[64], *now;
    int n = 0, at = 0;
    if (!words)
        return false;
    now = text_of(f, field->id);
    for (; devices_word(words, n, word, sizeof word); n++)
        at = strcmp(word, now) == 0 ? n : at;
    if (n > 0 && devices_word(words, (at + by + n) % n, word, sizeof word))
        set_value(f, field->id, word);
    free(now);
    return true;
}

/* ---- applying and leaving ---- */

static bool run_form(struct deck *d, const struct form *f)
{
    VEC(char *) words = {0};
    vec_push(&words, xstrdup("autostart"));
    vec_push(&words, devices_vm_word(d, f->host, &f->uuid));
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++) {
        if (!is_changed(f, id))
            continue;
        char *value = own_text(&f->now, id);
        vec_push(&words, xasprintf("%s=%s", policy_fields[id].word, value));
        free(value);
    }
    bool good = run_words(d, (int)words.len, (const char *const *)words.items, 0, NULL);
    for (size_t i = 0; i < words.len; i++)
        free(words.items[i]);
    vec_free(&words);
    return good;
}

static void apply(struct deck *d, struct form *f)
{
    if (count_changes(f) == 0) {
        deck_note(d, SEV_INFO, "nothing was changed in the form");
        return;
    }
    /* It leaves the screen before the command asks something; refused at once, it comes back as it was. */
    vec_remove(&d->dialogs, d->dialogs.len - 1);
    if (run_form(d, f))
        f->base.ops->free(&f->base);
    else
        dialog_open(d, &f->base);
    d->dirty = true;
}

static void leave(struct deck *d, void *arg, bool yes)
{
    if (d && yes && dialog_top(d) == arg)
        dialog_close(d);
}

static void cancel(struct deck *d, struct dialog *base)
{
    struct form *f = (struct form *)base;
    size_t n = count_changes(f);
    if (n == 0) {
        dialog_close(d);
        return;
    }
    char *question = xasprintf("Leave the form? %zu value%s not applied yet.", n, n == 1 ? " is" : "s are");
    confirm_open(d, question, NULL, leave, f);
    free(question);
}

/* ---- drawing ---- */

static bool is_typed_into(const struct form *f, long i)
{
    return f->typing && i == f->at && prompt_is_open() && prompt_current_mode() == PROMPT_ANSWER;
}

static void draw_value(const struct form *f, struct canvas *c, struct pen *p, long i)
{
    const struct policy_field *field = &policy_fields[i];
    bool given = f->now.v[i].given, turns = words_of(field) && i == f->at;
    enum role role = is_changed(f, field->id) ? ROLE_NOTICE : given ? ROLE_INPUT : ROLE_DIM;
    char *text = text_of(f, field->id);
    struct strbuf out = {0};
    strbuf_puts(&out, turns ? (c->unicode ? "◂ " : "< ") : "");
    strbuf_puts(&out, *text ? text : c->unicode ? "–" : "-");
    strbuf_puts(&out, turns ? (c->unicode ? " ▸" : " >") : "");
    if (!given && *text)
        strbuf_puts(&out, f->defaults.v[i].given ? "  (the host's)" : "  (unsaid)");
    pen_fit(p, p->end - p->x, role, TEXT_LEFT, strbuf_str(&out));
    strbuf_free(&out);
    free(text);
}

static void draw_line(struct deck *d, const struct form *f, struct canvas *c, struct rect row, long i)
{
    char run[32];
    bool changed = is_changed(f, policy_fields[i].id);
    struct pen p = pen_at(c, row.x, row.y, row.w);
    pen_text(&p, ROLE_KEY, i == f->at ? glyph(c, GLYPH_CURSOR) : " ");
    pen_text(&p, ROLE_NOTICE, changed ? "*" : " ");
    pen_fit(&p, LABEL_W, ROLE_TITLE, TEXT_LEFT, policy_fields[i].word);
    if (is_typed_into(f, i)) {
        prompt_draw(c, p.x, p.y, p.end - p.x);
        return;
    }
    draw_value(f, c, &p, i);
    if (i == f->at)
        canvas_over(c, row, ROLE_SELECTED);
    snprintf(run, sizeof run, "point %ld", i + 1);
    deck_hit(d, row, run);
}

static void draw_words(const struct form *f, struct canvas *c, struct rect area)
{
    const struct policy_field *field = field_at(f);
    struct sheet s = sheet_in(c, area, 0);
    struct strbuf text = {0};
    if (f->problem) {
        sheet_wrap(&s, 0, area.w, ROLE_WARN, f->problem);
    } else if (field) {
        strbuf_printf(&text, "%s: %s. It takes ", field->word, field->help);
        policy_field_takes(field, &text);
        strbuf_putc(&text, '.');
        sheet_wrap(&s, 0, area.w, ROLE_DIALOG, strbuf_str(&text));
    }
    strbuf_free(&text);
}

static void draw_buttons(struct deck *d, const struct form *f, struct canvas *c, struct rect row)
{
    static const char *const labels[BUTTONS] = {"[ Apply ]", "[ Cancel ]"};
    struct pen p = pen_at(c, row.x, row.y, row.w);
    for (long i = 0; i < BUTTONS; i++) {
        char run[32];
        int from = p.x;
        pen_text(&p, f->at == POLICY_FIELDS + i ? ROLE_BUTTON_ACTIVE : ROLE_BUTTON, labels[i]);
        snprintf(run, sizeof run, "point %ld", POLICY_FIELDS + i + 1);
        deck_hit(d, (struct rect){from, p.y, p.x - from, 1}, run);
        pen_skip(&p, 1);
    }
    const char *hint = f->typing ? "Enter takes it  Tab completes  Esc leaves it"
                                 : "Enter edits  Space turns  Del unsays  F2 applies";
    pen_skip(&p, 2);
    if (p.x + pen_width(hint) <= p.end)
        pen_text(&p, ROLE_HINT, hint);
    else if (p.x + 10 <= p.end && !f->typing)
        pen_text(&p, ROLE_HINT, "F2 applies");
}

static void draw(struct deck *d, struct dialog *base, struct canvas *c)
{
    struct form *f = (struct form *)base;
    struct rect in = dialog_box(d, c, BOX_W, POLICY_FIELDS + 6, f->title);
    int words = in.h >= 12 ? 3 : in.h >= 8 ? 2 : 1;
    long last = f->at < POLICY_FIELDS ? f->at : POLICY_FIELDS - 1;
    f->height = in.h - 1 - words > 0 ? in.h - 1 - words : 1;
    f->top = last < f->top ? last : last >= f->top + f->height ? last - f->height + 1 : f->top;
    for (long i = f->top; i < POLICY_FIELDS && i < f->top + f->height; i++)
        draw_line(d, f, c, (struct rect){in.x, in.y + (int)(i - f->top), in.w, 1}, i);
    draw_words(f, c, (struct rect){in.x, in.y + f->height, in.w, words});
    draw_buttons(d, f, c, (struct rect){in.x, in.y + in.h - 1, in.w, 1});
}

/* ---- keys ---- */

static void go(struct form *f, long to)
{
    if (to != f->at) {
        free(f->problem);
        f->problem = NULL;
    }
    f->at = to;
}

static void move(struct deck *d, struct dialog *base, enum move how)
{
    struct form *f = (struct form *)base;
    const struct policy_field *field = field_at(f);
    bool aside = how == MOVE_LEFT || how == MOVE_RIGHT;
    d->dirty = true;
    if (aside && field)
        turn(f, field, how == MOVE_LEFT ? -1 : 1);
    else if (aside)
        go(f, how == MOVE_LEFT ? FIELDS : FIELDS + BUTTONS - 1);
    else if (how == MOVE_UP && !field)
        go(f, POLICY_FIELDS - 1); /* the buttons are one row */
    else if (how != MOVE_DOWN || field)
        go(f, dialog_moved(how, f->at, POLICY_FIELDS + 1, f->height));
}

static void accept(struct deck *d, struct dialog *base)
{
    struct form *f = (struct form *)base;
    const struct policy_field *field = field_at(f);
    d->dirty = true;
    if (f->at == FIELDS + BUTTON_APPLY)
        apply(d, f);
    else if (!field)
        cancel(d, base);
    else if (!turn(f, field, 1))
        f->typing = true;
}

static void point(struct deck *d, struct dialog *base, long item)
{
    struct form *f = (struct form *)base;
    if (item < 0 || item >= FIELDS + BUTTONS || f->typing)
        return;
    bool again = f->at == item || item >= POLICY_FIELDS;
    go(f, item);
    d->dirty = true;
    if (again)
        accept(d, base);
}

static bool key(struct deck *d, struct dialog *base, keycode k)
{
    struct form *f = (struct form *)base;
    const struct policy_field *field = field_at(f);
    long all = FIELDS + BUTTONS;
    d->dirty = true;
    if (k == KEYC_F2 || k == (KEYM_CTRL | 's'))
        apply(d, f);
    else if (k == KEYC_TAB || k == (KEYC_TAB | KEYM_SHIFT))
        go(f, (f->at + (k == KEYC_TAB ? 1 : all - 1)) % all);
    else if (k == ' ')
        accept(d, base);
    else if ((k == KEYC_DELETE || k == KEYC_BACKSPACE) && field)
        set_value(f, field->id, "");
    else
        return dialog_common_key(d, base, k);
    return true;
}

/* ---- typing ---- */

static void offer_one(const char *head, size_t len, const char *text, const char *word, candidate_list *out)
{
    if (strncmp(word, text, strlen(text)) != 0 || strchr(word, '[') || !*word)
        return;
    struct candidate c = {xasprintf("%.*s%s", (int)len, head, word), NULL};
    vec_push(out, c);
}

/* The last value of a list, behind its comma. */
static void offer(void *ctx, const char *text, candidate_list *out)
{
    const struct form *f = ctx;
    const struct policy_field *field = field_at(f);
    const struct snapshot *host = deck_host_by_id(f->deck, f->host);
    const char *comma = field && policy_is_list(field) ? strrchr(text, ',') : NULL;
    const char *last = comma ? comma + 1 : text;
    size_t len = (size_t)(last - text);
    char word[64];
    for (int i = 0; field && field->values && devices_word(field->values, i, word, sizeof word); i++) {
        word[strcspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] = '\0'; /* tcp:PORT: what follows is typed */
        if (field->type != POLICY_VMS)
            offer_one(text, len, last, word, out);
    }
    for (size_t i = 0; field && field->type == POLICY_VMS && host && i < host->n_vms; i++)
        if (!uuid_equal(&host->vms[i].uuid, &f->uuid))
            offer_one(text, len, last, host->vms[i].name, out);
}

static void ask(struct deck *d, struct dialog *base)
{
    struct form *f = (struct form *)base;
    const struct policy_field *field = field_at(f);
    (void)d;
    if (!f->typing || !field)
        return;
    char *text = own_text(&f->now, field->id);
    prompt_open(PROMPT_ANSWER, "", text);
    prompt_offer(offer, f);
    free(text);
}

static void answer(struct deck *d, struct dialog *base, const char *line)
{
    struct form *f = (struct form *)base;
    const struct policy_field *field = field_at(f);
    f->typing = false;
    d->dirty = true;
    if (line && field)
        set_value(f, field->id, line);
}

/* ---- opening ---- */

static void form_free(struct dialog *base)
{
    struct form *f = (struct form *)base;
    policy_free(&f->was);
    policy_free(&f->now);
    policy_free(&f->defaults);
    free(f->problem);
    free(f->title);
    free(f);
}

static const struct dialog_ops ops = {.place = PLACE_DIALOG,
                                      .draw = draw,
                                      .key = key,
                                      .move = move,
                                      .accept = accept,
                                      .cancel = cancel,
                                      .point = point,
                                      .ask = ask,
                                      .answer = answer,
                                      .free = form_free};

bool policy_form_open(struct deck *d, int host, const struct vm_uuid *uuid, const char *name,
                      const struct policy *policy, const struct policy *defaults, struct error *e)
{
    if (policy && policy->unknown)
        return error_set(e, STATUS_FAILED, "%s: its policy is of a newer version (%s) and is left alone",
                         name, policy->newer ? policy->newer : "unknown");
    struct form *f = xcalloc(1, sizeof *f);
    f->base.ops = &ops;
    f->deck = d;
    f->title = xasprintf("Autostart of %s", name);
    f->host = host;
    f->uuid = *uuid;
    policy_init(&f->was);
    policy_init(&f->defaults);
    if (policy)
        policy_copy(&f->was, policy);
    if (defaults)
        policy_copy(&f->defaults, defaults);
    policy_init(&f->now);
    policy_copy(&f->now, &f->was);
    dialog_open(d, &f->base);
    return true;
}
