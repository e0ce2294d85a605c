/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is known about a marked line, and what helps: the strip below the lines.
 */
#include <stdlib.h>
#include <string.h>
#include "ui/devices.h"
#include "ui/pane_logs.h"
#include "virt/uri.h"

#define MOST_OFFERED 3

/* A message may go on in the next line of its source. */
static const struct logs_line *goes_on(const struct logs_view *v, size_t line)
{
    const logs_lines *l = &v->window.lines;
    for (size_t i = line + 1; i < l->len; i++)
        if (l->items[i].is.source == l->items[line].is.source)
            return &l->items[i];
    return NULL;
}

static void add_text(struct strbuf *out, const struct merge_line *l)
{
    strbuf_add(out, l->text, l->len < SIGNATURE_LOOKED_AT ? l->len : SIGNATURE_LOOKED_AT);
}

void logs_diagnose(const struct deck *d, size_t line, diagnosis_list *out)
{
    const struct logs_view *v = &d->log;
    const struct merge_line *l = line < v->window.lines.len ? &v->window.lines.items[line].is : NULL;
    if (!l || !l->mark || !d->signatures)
        return;
    const struct logs_line *next = goes_on(v, line);
    const struct snapshot *host = deck_host_by_id(d, v->host);
    struct strbuf text = {0};
    add_text(&text, l);
    struct evidence_line evidence = {.source = l->source, .begin = text.len};
    if (next) {
        strbuf_putc(&text, '\n');
        add_text(&text, &next->is);
    }
    evidence.text = strbuf_str(&text);
    evidence.len = text.len;
    char *ssh = host && host->host.remote ? uri_ssh_name(host->host.uri) : NULL;
    char *vm = uuid_is_nil(&v->uuid) ? NULL : devices_vm_word(d, v->host, &v->uuid);
    struct evidence_context context = {.vm = vm, .uri = host ? host->host.uri : NULL, .host = ssh};
    signatures_match(d->signatures, &evidence, &context, out);
    free(vm);
    free(ssh);
    strbuf_free(&text);
}

/* Cause and what to do about it as one paragraph. */
static char *paragraph(const struct diagnosis *k)
{
    return xasprintf("%s %s", k->cause ? k->cause : "", k->remedy ? k->remedy : "");
}

static int paragraph_rows(const diagnosis_list *known, int width)
{
    char *text = paragraph(&known->items[0]);
    struct sheet s = sheet_in(NULL, (struct rect){0, 0, width, 0}, 0);
    sheet_wrap(&s, 2, width - 4, ROLE_TEXT, text);
    free(text);
    return s.row > 1 ? s.row : 1;
}

static bool is_offered(const diagnosis_list *known, size_t i)
{
    if (!known->items[i].command)
        return false;
    for (size_t k = 0; k < i; k++)
        if (known->items[k].command && strcmp(known->items[k].command, known->items[i].command) == 0)
            return false;
    return true;
}

static bool has_commands(const diagnosis_list *known)
{
    for (size_t i = 0; i < known->len; i++)
        if (is_offered(known, i))
            return true;
    return false;
}

int logs_help_rows(const diagnosis_list *known, int width, int most)
{
    if (known->len == 0 || most < 2)
        return 0;
    int rows = 1 + paragraph_rows(known, width) + has_commands(known);
    return rows < most ? rows : most;
}

static void draw_rule(struct canvas *c, struct rect area)
{
    static const char title[] = " what helps ";
    canvas_hline(c, area.x, area.y, area.w, ROLE_BORDER);
    canvas_text(c, area.x + 2, area.y, area.w - 4, ROLE_TITLE, title);
}

static void draw_commands(struct deck *d, struct canvas *c, struct rect line, const diagnosis_list *known)
{
    char key[32];
    keymap_label_for(&d->keymap, PLACE_LOGS, "log-remedies", key, sizeof(key));
    struct strbuf hint = {0};
    strbuf_printf(&hint, "%s chooses", key);
    int hint_w = pen_width(strbuf_str(&hint));
    struct pen p = pen_at(c, line.x + 2, line.y, line.w - 4 - hint_w - 2);
    int n = 0;
    for (size_t i = 0; i < known->len && n < MOST_OFFERED && p.x < p.end; i++) {
        if (!is_offered(known, i))
            continue;
        pen_printf(&p, ROLE_KEY, "%s[%d] ", n ? "   " : "", n + 1);
        n++;
        if (p.x < p.end) {
            int w = pen_width(known->items[i].command), room = p.end - p.x;
            pen_fit(&p, w < room ? w : room, ROLE_INPUT, TEXT_LEFT, known->items[i].command);
        }
    }
    canvas_text(c, line.x + line.w - 2 - hint_w, line.y, hint_w, ROLE_HINT, strbuf_str(&hint));
    deck_hit(d, line, "log-remedies");
    strbuf_free(&hint);
}

void logs_help_draw(struct deck *d, struct canvas *c, struct rect area, const diagnosis_list *known)
{
    if (area.h < 2 || known->len == 0)
        return;
    bool commands = has_commands(known) && area.h > 2;
    char *text = paragraph(&known->items[0]);
    draw_rule(c, area);
    struct rect body = {area.x, area.y + 1, area.w, area.h - 1 - commands};
    struct sheet s = sheet_in(c, body, 0);
    sheet_wrap(&s, 2, area.w - 4, ROLE_TEXT, text);
    if (commands)
        draw_commands(d, c, (struct rect){area.x, area.y + area.h - 1, area.w, 1}, known);
    free(text);
}
