/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a form looks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/devices.h"
#include "ui/form_private.h"
#include "ui/pen.h"
#include "ui/prompt.h"

#define MAX_CANDIDATES 6

/* Widths; 0: no such column. */
struct form_grid {
    int label, now, boot, value;
};

static struct form_grid grid_for(const struct form *f, int w)
{
    struct form_grid g = {.label = 5};
    for (size_t i = 0; i < f->lines.len; i++) {
        int own = pen_width(f->lines.items[i].field->label);
        g.label = own > g.label ? own : g.label;
    }
    g.label = g.label > w * 2 / 5 ? w * 2 / 5 : g.label;
    int rest = w - 2 - g.label - 2;
    if (!f->fresh && rest >= 44) {
        int n = (f->active ? 1 : 0) + (f->has_boot ? 1 : 0);
        int each = rest / (n + 2);
        g.now = f->active ? each : 0;
        g.boot = f->has_boot ? each : 0;
    }
    g.value = rest - (g.now ? g.now + 2 : 0) - (g.boot ? g.boot + 2 : 0);
    return g;
}

/* ---- a line ---- */

static bool is_typed_into(const struct form *f, const struct form_line *l)
{
    enum prompt_mode mode = prompt_current_mode();
    return f->typing && f->at < (long)f->lines.len && l == &f->lines.items[f->at] && prompt_is_open() &&
           (mode == PROMPT_ANSWER || mode == PROMPT_SECRET);
}

static void switch_text(const struct form_line *l, const char *value, bool unicode, struct strbuf *out)
{
    char on[64];
    char off[64];
    bool is_on = value && devices_word(l->field->words, 1, on, sizeof(on)) && strcmp(value, on) == 0;
    bool is_off = value && devices_word(l->field->words, 0, off, sizeof(off)) && strcmp(value, off) == 0;
    strbuf_printf(out, "[%s] %s",
                  is_on    ? (unicode ? "●" : "x")
                  : is_off ? (unicode ? "○" : " ")
                  : value  ? (unicode ? "◐" : "/")
                           : "?",
                  value ? value : "");
}

static void value_text(const struct form *f, const struct form_line *l, bool here, bool unicode,
                       struct strbuf *out)
{
    const char *value = form_effective(f, l);
    switch (l->field->type) {
    case FIELD_SECRET:
        strbuf_puts(out, !l->changed        ? "(not shown)"
                         : l->value == NULL ? "(none)"
                         : unicode          ? "••••••"
                                            : "******");
        return;
    case FIELD_SWITCH:
        switch_text(l, value, unicode, out);
        return;
    case FIELD_CHOICE:
        if (here)
            strbuf_printf(out, "%s %s %s", unicode ? "◂" : "<", value ? value : "", unicode ? "▸" : ">");
        else
            strbuf_puts(out, value ? value : "");
        return;
    default:
        strbuf_puts(out, value ? value : "");
        return;
    }
}

static void put(struct pen *p, int w, enum role role, const char *text)
{
    if (w == 0)
        return;
    pen_fit(p, w, role, TEXT_LEFT, text);
    pen_skip(p, 2);
}

static void draw_value(const struct form *f, const struct form_line *l, struct canvas *c, struct pen *p,
                       int w, bool here)
{
    struct strbuf text = {0};
    if (is_typed_into(f, l)) {
        prompt_draw(c, p->x, p->y, w);
        return;
    }
    value_text(f, l, here && !(l->field->flags & FIELD_READ), c->unicode, &text);
    bool differs = l->now && l->boot && strcmp(l->now, l->boot) != 0;
    enum role role = l->problem                     ? ROLE_BAD
                     : l->changed                   ? ROLE_NOTICE
                     : l->field->flags & FIELD_READ ? ROLE_DIM
                     : differs                      ? ROLE_TITLE
                                                    : ROLE_INPUT;
    pen_fit(p, w, role, TEXT_LEFT, strbuf_str(&text));
    strbuf_free(&text);
}

static void draw_line(struct deck *d, const struct form *f, struct canvas *c, struct rect row, long i,
                      const struct form_grid *g)
{
    const struct form_line *l = &f->lines.items[i];
    const char *none = c->unicode ? "–" : "-";
    bool secret = l->field->type == FIELD_SECRET, here = i == f->at;
    char run[32];
    struct pen p = pen_at(c, row.x, row.y, row.w);
    pen_text(&p, ROLE_KEY, here ? glyph(c, GLYPH_CURSOR) : " ");
    pen_text(&p, l->problem ? ROLE_BAD : ROLE_NOTICE, l->problem ? "!" : l->changed ? "*" : " ");
    put(&p, g->label, l->field->flags & FIELD_READ ? ROLE_DIM : ROLE_TITLE, l->field->label);
    put(&p, g->now, ROLE_DIM, secret ? "" : l->now ? l->now : none);
    put(&p, g->boot, ROLE_DIM, secret ? "" : l->boot ? l->boot : none);
    draw_value(f, l, c, &p, g->value, here);
    if (here && !is_typed_into(f, l))
        canvas_over(c, row, ROLE_SELECTED);
    snprintf(run, sizeof(run), "point %ld", i + 1);
    deck_hit(d, row, run);
}

static void draw_separator(struct canvas *c, struct rect row, const struct form *f)
{
    canvas_hline(c, row.x, row.y, row.w, ROLE_BORDER);
    canvas_text(c, row.x + 2, row.y, row.w - 2, ROLE_HINT, f->fresh ? " more " : " advanced ");
}

/* ---- below ---- */

static void draw_buttons(struct deck *d, const struct form *f, struct canvas *c, struct rect row)
{
    static const char *const labels[] = {"[ Apply ]", "[ Preview ]", "[ Cancel ]"};
    struct pen p = pen_at(c, row.x, row.y, row.w);
    long first = (long)f->lines.len;
    for (long i = 0; i < FORM_BUTTONS; i++) {
        char run[32];
        int from = p.x;
        bool here = f->at == first + i;
        pen_text(&p, here ? ROLE_BUTTON_ACTIVE : ROLE_BUTTON, i == 0 && f->fresh ? "[ Add ]" : labels[i]);
        snprintf(run, sizeof(run), "point %ld", first + i + 1);
        deck_hit(d, (struct rect){from, p.y, p.x - from, 1}, run);
        pen_skip(&p, 1);
    }
    pen_skip(&p, 2);
    const char *hint = f->typing ? "Enter takes it  Tab completes  Esc leaves it"
                                 : "Enter edits  Space turns  Del as it was  F2 applies";
    if (p.x + pen_width(hint) <= p.end)
        pen_text(&p, ROLE_HINT, hint);
    else if (p.x + 15 <= p.end)
        pen_text(&p, ROLE_HINT, f->typing ? "Enter  Tab  Esc" : "F2 applies");
}

static void draw_words(const struct form *f, struct canvas *c, struct rect area)
{
    const struct form_line *l = f->at < (long)f->lines.len ? &f->lines.items[f->at] : NULL;
    struct sheet s = sheet_in(c, area, 0);
    char *problem = l ? form_problem(f, l) : NULL;
    struct strbuf text = {0};
    if (problem) {
        sheet_wrap(&s, 0, area.w, ROLE_WARN, problem);
    } else if (l) {
        strbuf_printf(&text, "%s: %s. %s%s.", l->field->id, l->field->help ? l->field->help : l->field->label,
                      l->field->flags & FIELD_READ || f->fresh ? "" : "Takes effect ",
                      f->fresh ? "Left empty nothing is said of it" : form_when(f, l->field));
        sheet_wrap(&s, 0, area.w, ROLE_DIALOG, strbuf_str(&text));
    }
    strbuf_free(&text);
    free(problem);
}

/* What the word could be, below the line that is typed into, or above where there is more room. */
static void draw_candidates(struct canvas *c, int x, int y, int w)
{
    size_t selected = 0;
    const candidate_list *list = prompt_candidates(&selected);
    if (!list)
        return;
    int below = c->h - 2 - (y + 1), above = y - 1;
    int rows = (int)list->len < MAX_CANDIDATES ? (int)list->len : MAX_CANDIDATES;
    bool up = below < rows && above > below;
    rows = rows > (up ? above : below) ? (up ? above : below) : rows;
    int top = up ? y - rows : y + 1;
    int from = selected < list->len && (int)selected >= rows ? (int)selected - rows + 1 : 0;
    for (int i = 0; i < rows; i++) {
        size_t at = (size_t)from + (size_t)i;
        const struct candidate *k = &list->items[at];
        struct rect line = {x, top + i, w, 1};
        canvas_fill(c, line, ROLE_BUTTON, L' ');
        canvas_fit(c, x, line.y, w, ROLE_BUTTON, TEXT_LEFT, k->text);
        if (at == selected)
            canvas_over(c, line, ROLE_SELECTED);
    }
}

/* ---- the whole ---- */

/* The row of a line among the scrolled ones: the separator is one, too. */
static long row_of(const struct form *f, long i)
{
    return i + (i >= (long)f->n_front && f->n_front < f->lines.len ? 1 : 0);
}

static void keep_in_sight(struct form *f)
{
    long last = (long)f->lines.len - 1;
    long row = row_of(f, f->at > last ? last : f->at);
    if (row < f->top)
        f->top = row;
    if (row >= f->top + f->height)
        f->top = row - f->height + 1;
    if (f->at == 0)
        f->top = 0;
}

static void draw_head(const struct form *f, struct canvas *c, struct rect row, const struct form_grid *g)
{
    struct pen p = pen_at(c, row.x + 2, row.y, row.w - 2);
    put(&p, g->label, ROLE_HINT, "FIELD");
    put(&p, g->now, ROLE_HINT, "NOW");
    put(&p, g->boot, ROLE_HINT, f->active ? "NEXT BOOT" : "VALUE");
    put(&p, g->value, ROLE_HINT, g->now || g->boot ? "SHALL BE" : "VALUE");
}

void form_draw(struct deck *d, struct dialog *base, struct canvas *c)
{
    struct form *f = (struct form *)base;
    bool split = f->n_front < f->lines.len && f->n_front > 0;
    long rows = (long)f->lines.len + (split ? 1 : 0);
    struct rect in = dialog_box(d, c, 96, (int)rows + 7, f->title);
    int words = in.h >= 9 ? 2 : 1, y = 0;
    struct form_grid g = grid_for(f, in.w);
    f->height = in.h - 2 - words - (in.h >= 12 ? 1 : 0);
    f->height = f->height > 0 ? f->height : 1;
    keep_in_sight(f);
    draw_head(f, c, (struct rect){in.x, in.y, in.w, 1}, &g);
    struct rect typed = {0};
    for (long i = 0, row; i < (long)f->lines.len; i++) {
        row = row_of(f, i) - f->top;
        struct rect at = {in.x, in.y + 1 + (int)row, in.w, 1};
        if (split && i == (long)f->n_front && row >= 1 && row <= f->height)
            draw_separator(c, (struct rect){in.x, at.y - 1, in.w, 1}, f);
        if (row < 0 || row >= f->height)
            continue;
        draw_line(d, f, c, at, i, &g);
        if (is_typed_into(f, &f->lines.items[i]))
            typed = (struct rect){in.x + in.w - g.value, at.y, g.value, 1};
    }
    y = in.y + 1 + f->height;
    draw_words(f, c, (struct rect){in.x, y, in.w, words});
    draw_buttons(d, f, c, (struct rect){in.x, in.y + in.h - 1, in.w, 1});
    if (typed.w)
        draw_candidates(c, typed.x, typed.y, typed.w);
}
