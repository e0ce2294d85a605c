/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/remedies.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/dialog.h"
#include "ui/pen.h"

#define BOX_W      100
#define MOST       50
#define TEXT_X     4 /* behind cursor and number */
#define LINE_BYTES 300

struct item {
    char *cause, *advice, *command, *line; /* NULL: none */
    enum severity severity;
    bool complete;
    int row, rows; /* where it stood in the last drawing */
};

struct remedies {
    struct dialog base;
    char *title;
    VEC(struct item) items;
    bool remote;
    long at;
    int scroll, height, rows;
};

/* ---- what it is made from ---- */

static const char *member(json_object *o, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    return value ? json_object_get_string(value) : NULL;
}

static bool is_set(json_object *o, const char *key)
{
    json_object *value = NULL;
    return json_object_object_get_ex(o, key, &value) && json_object_get_boolean(value);
}

static enum severity severity_of(const char *word)
{
    static const enum severity all[] = {SEV_ERROR, SEV_WARN};
    for (size_t i = 0; word && i < ARRAY_LEN(all); i++)
        if (strcmp(word, finding_word(all[i])) == 0)
            return all[i];
    return SEV_INFO;
}

/* "qemu 20:14:03  Failed to get …" */
static char *line_text(json_object *f)
{
    const char *line = member(f, "line"), *source = member(f, "source"), *when = member(f, "time");
    const char *clock = when ? strchr(when, 'T') : NULL;
    if (!line)
        return NULL;
    return xasprintf("%s%s%.8s  %.*s", source ? source : "", clock ? " " : "", clock ? clock + 1 : "",
                     LINE_BYTES, line);
}

static void read_items(struct remedies *r, json_object *result)
{
    json_object *list = NULL;
    json_object_object_get_ex(result, "findings", &list);
    size_t n = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < n && i < MOST; i++) {
        json_object *f = json_object_array_get_idx(list, i);
        const char *cause = member(f, "cause");
        struct item item = {.cause = xstrdup(cause ? cause : ""),
                            .advice = xstrdup(member(f, "advice")),
                            .command = xstrdup(member(f, "remedy")),
                            .line = line_text(f),
                            .severity = severity_of(member(f, "severity")),
                            .complete = is_set(f, "complete")};
        vec_push(&r->items, item);
    }
}

/* ---- drawing ---- */

static void write_item(struct deck *d, struct remedies *r, struct sheet *s, long i)
{
    struct item *item = &r->items.items[i];
    const char *arrow = s->c && !s->c->unicode ? "> " : "→ ";
    char run[32];
    item->row = s->row;
    struct pen p = sheet_pen(s, 0, TEXT_X);
    pen_text(&p, ROLE_KEY, s->c && i == r->at ? glyph(s->c, GLYPH_CURSOR) : " ");
    pen_printf(&p, i == r->at ? ROLE_KEY : ROLE_DIM, "%ld", i + 1);
    sheet_wrap(s, TEXT_X, 0, role_of_severity(item->severity), item->cause);
    if (item->line) {
        p = sheet_pen(s, TEXT_X, 0);
        pen_fit(&p, p.end - p.x, ROLE_DIM, TEXT_LEFT, item->line);
        sheet_next(s);
    }
    if (item->advice)
        sheet_wrap(s, TEXT_X, 0, ROLE_DIALOG, item->advice);
    if (item->command) {
        char *command = xasprintf("%s%s", arrow, item->command);
        sheet_wrap(s, TEXT_X, 0, ROLE_KEY, command);
        free(command);
    }
    item->rows = s->row - item->row;
    snprintf(run, sizeof run, "point %ld", i + 1);
    for (int row = item->row; s->c && row < s->row; row++) {
        struct sheet at = *s;
        at.row = row;
        if (sheet_y(&at) >= 0)
            deck_hit(d, (struct rect){s->area.x, sheet_y(&at), s->area.w, 1}, run);
    }
}

static int write_items(struct deck *d, struct remedies *r, struct canvas *c, struct rect in)
{
    struct sheet s = sheet_in(c, in, r->scroll);
    for (long i = 0; i < (long)r->items.len; i++) {
        if (i)
            sheet_next(&s);
        write_item(d, r, &s, i);
    }
    if (r->items.len == 0)
        sheet_wrap(&s, 0, 0, ROLE_DIALOG,
                   "Nothing that was looked at is a known failure. The logs pane has the lines.");
    return s.row;
}

/* The chosen one stays in sight; one that is longer than the box from its beginning on. */
static void follow(struct remedies *r)
{
    if (r->items.len) {
        const struct item *item = &r->items.items[r->at];
        if (item->row + item->rows > r->scroll + r->height)
            r->scroll = item->row + item->rows - r->height;
        if (item->row < r->scroll)
            r->scroll = item->row;
    }
    r->scroll = sheet_clamp(r->scroll, r->rows, r->height);
}

static const char *hint(const struct remedies *r)
{
    const struct item *item = r->items.len ? &r->items.items[r->at] : NULL;
    if (!item || !item->command)
        return "Esc leaves";
    if (strncmp(item->command, "$ ", 2) != 0)
        return item->complete ? "Enter runs it   y copies it   Esc leaves"
                              : "Enter puts it into the command bar   y copies it   Esc leaves";
    return "Enter runs or shows it   y copies it   Esc leaves";
}

static void draw(struct deck *d, struct dialog *base, struct canvas *c)
{
    struct remedies *r = (struct remedies *)base;
    int w = c->w - 4 < BOX_W ? c->w : BOX_W;
    r->rows = write_items(d, r, NULL, (struct rect){0, 0, w - 4, 0});
    struct rect in = dialog_box(d, c, w, r->rows + 4, r->title);
    r->height = in.h - 2 > 0 ? in.h - 2 : 1;
    follow(r);
    write_items(d, r, c, (struct rect){in.x, in.y, in.w, r->height});
    canvas_fit(c, in.x, in.y + in.h - 1, in.w, ROLE_HINT, TEXT_LEFT, hint(r));
}

/* ---- keys ---- */

static void accept(struct deck *d, struct dialog *base)
{
    struct remedies *r = (struct remedies *)base;
    if (r->items.len == 0)
        return;
    struct item *item = &r->items.items[r->at];
    if (!item->command) {
        deck_note(d, SEV_INFO, "no command mends this: %s", item->advice ? item->advice : item->cause);
        return;
    }
    char *why = item->cause, *command = item->command;
    bool complete = item->complete, remote = r->remote;
    item->cause = item->command = NULL;
    dialog_close(d);
    remedy_take(d, why, command, complete, remote);
    free(why);
    free(command);
}

static void move(struct deck *d, struct dialog *base, enum move how)
{
    struct remedies *r = (struct remedies *)base;
    long page = (how == MOVE_PAGE_UP || how == MOVE_PAGE_DOWN) ? 3 : 1;
    (void)d;
    r->at = dialog_moved(how, r->at, (long)r->items.len, page);
}

static void point(struct deck *d, struct dialog *base, long item)
{
    struct remedies *r = (struct remedies *)base;
    if (item < 0 || item >= (long)r->items.len)
        return;
    bool again = r->at == item;
    r->at = item;
    d->dirty = true;
    if (again)
        accept(d, base);
}

static bool key(struct deck *d, struct dialog *base, keycode k)
{
    struct remedies *r = (struct remedies *)base;
    const struct item *item = r->items.len ? &r->items.items[r->at] : NULL;
    d->dirty = true;
    if (k >= '1' && k <= '9' && (long)(k - '1') < (long)r->items.len) {
        r->at = (long)(k - '1');
        return true;
    }
    if (k == 'y' && item && item->command) {
        remedy_copy(d, item->command);
        return true;
    }
    return dialog_common_key(d, base, k);
}

static void remedies_free(struct dialog *base)
{
    struct remedies *r = (struct remedies *)base;
    for (size_t i = 0; i < r->items.len; i++) {
        free(r->items.items[i].cause);
        free(r->items.items[i].advice);
        free(r->items.items[i].command);
        free(r->items.items[i].line);
    }
    vec_free(&r->items);
    free(r->title);
    free(r);
}

static const struct dialog_ops ops = {.place = PLACE_DIALOG,
                                      .draw = draw,
                                      .key = key,
                                      .move = move,
                                      .accept = accept,
                                      .point = point,
                                      .free = remedies_free};

static const char *title_of(const char *failure)
{
    static const char *const titles[][2] = {{"start", "did not start"},
                                            {"crash", "died"},
                                            {"pause", "was paused by a failure"},
                                            {"boot", "did not come up"},
                                            {"line", "and this line of its logs"}};
    for (size_t i = 0; failure && i < ARRAY_LEN(titles); i++)
        if (strcmp(failure, titles[i][0]) == 0)
            return titles[i][1];
    return "has not failed";
}

void remedies_open(struct deck *d, const char *vm, json_object *result)
{
    struct remedies *r = xcalloc(1, sizeof *r);
    r->base.ops = &ops;
    r->title = xasprintf("%s %s", vm, title_of(member(result, "failure")));
    r->remote = is_set(result, "remote");
    read_items(r, result);
    dialog_open(d, &r->base);
    d->dirty = true;
}
