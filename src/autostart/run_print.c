/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The record of a run for people.
 */
#include <stdlib.h>
#include <string.h>
#include "autostart/run_file.h"
#include "base/format.h"
#include "base/text.h"

#define WIDEST     60 /* columns of one cell */
#define LAST_STEPS 12

enum cell { CELL_ORDER, CELL_NAME, CELL_STATE, CELL_STARTED, CELL_READY, CELL_WHY, CELLS };

static const char *const heads[2][CELLS] = {{"ORDER", "VM", "STATE", "STARTED", "READY", ""},
                                            {"ORDER", "VM", "STATE", "ASKED", "OFF", ""}};

static void put_span(int64_t from_ms, int64_t to_ms, struct strbuf *out)
{
    int64_t ms = to_ms > from_ms ? to_ms - from_ms : 0;
    if (ms < 60000)
        strbuf_printf(out, "%.1fs", (double)ms / 1000);
    else
        format_duration(out, (double)ms / 1000, false);
}

/* Since the run began; nothing where it was before that: it ran already. */
static void put_after(const struct run_record *r, int64_t wall_ms, struct strbuf *out)
{
    if (wall_ms >= r->begun_wall_ms && wall_ms > 0)
        put_span(r->begun_wall_ms, wall_ms, out);
    else
        format_unknown(out, false);
}

static void put_why(const struct run_record *r, const struct run_node *n, int64_t now_wall_ms,
                    struct strbuf *out)
{
    if (n->why)
        strbuf_puts(out, n->why);
    if (!n->until_wall_ms || r->state != RUN_UNDER_WAY)
        return;
    strbuf_puts(out, n->why ? ", " : "");
    strbuf_puts(out, n->state == NODE_STOPPING ? "time left: " : "given up in ");
    put_span(now_wall_ms, n->until_wall_ms, out);
}

static void put_cell(const struct run_record *r, const struct run_node *n, enum cell cell,
                     int64_t now_wall_ms, struct strbuf *out)
{
    struct strbuf raw = {0};
    if (cell == CELL_ORDER && n->order >= 0)
        strbuf_printf(&raw, "%d", n->order);
    else if (cell == CELL_ORDER)
        format_unknown(&raw, false);
    else if (cell == CELL_NAME)
        strbuf_puts(&raw, n->name);
    else if (cell == CELL_STATE)
        strbuf_puts(&raw, engine_state_words[n->state]);
    else if (cell == CELL_STARTED)
        put_after(r, r->reverse ? n->start_wall_ms : n->started_wall_ms, &raw);
    else if (cell == CELL_READY)
        put_after(r, n->ready_wall_ms, &raw);
    else
        put_why(r, n, now_wall_ms, &raw);
    text_escape(out, strbuf_str(&raw), raw.len);
    strbuf_free(&raw);
}

static void put_head(const struct run_record *r, int64_t now_wall_ms, struct strbuf *out)
{
    strbuf_printf(out, "%s, ", r->reverse ? "shutdown" : "start");
    strbuf_puts(out, r->state == RUN_UNDER_WAY    ? "under way"
                     : r->state == RUN_BROKEN_OFF ? "broken off: the same command takes it up again"
                                                  : run_state_words[r->state]);
    strbuf_puts(out, "; began ");
    format_time(out, r->begun_wall_ms, now_wall_ms);
    if (r->ended_wall_ms) {
        strbuf_puts(out, ", took ");
        put_span(r->begun_wall_ms, r->ended_wall_ms, out);
    }
    if (r->user) {
        strbuf_puts(out, "; by ");
        text_escape(out, r->user, strlen(r->user));
    }
    if (r->state == RUN_UNDER_WAY)
        strbuf_printf(out, ", process %ld", r->pid);
    strbuf_putc(out, '\n');
}

static void put_row(const char *const cells[CELLS], const int widths[CELLS], struct strbuf *out)
{
    struct strbuf line = {0};
    for (enum cell c = 0; c < CELLS; c++) {
        bool right = c == CELL_ORDER || c == CELL_STARTED || c == CELL_READY;
        if (c > 0)
            strbuf_puts(&line, "  ");
        if (c == CELL_WHY)
            strbuf_puts(&line, cells[c]);
        else
            text_fit(&line, cells[c], widths[c], right ? TEXT_RIGHT : TEXT_LEFT, true);
    }
    while (line.len && line.s[line.len - 1] == ' ')
        line.len--;
    strbuf_add(out, strbuf_str(&line), line.len);
    strbuf_putc(out, '\n');
    strbuf_free(&line);
}

static void put_table(const struct run_record *r, int64_t now_wall_ms, struct strbuf *out)
{
    size_t n = r->nodes.len;
    char **texts = xcalloc((n + 1) * CELLS, sizeof *texts);
    int widths[CELLS];
    for (enum cell c = 0; c < CELLS; c++) {
        widths[c] = text_width(heads[r->reverse][c]);
        for (size_t i = 0; i < n; i++) {
            struct strbuf cell = {0};
            put_cell(r, &r->nodes.items[i], c, now_wall_ms, &cell);
            texts[i * CELLS + c] = strbuf_steal(&cell);
            int width = text_width(texts[i * CELLS + c]);
            widths[c] = width > widths[c] ? width : widths[c];
        }
        widths[c] = widths[c] > WIDEST ? WIDEST : widths[c];
    }
    put_row(heads[r->reverse], widths, out);
    for (size_t i = 0; i < n; i++)
        put_row((const char *const *)&texts[i * CELLS], widths, out);
    for (size_t i = 0; i < n * CELLS; i++)
        free(texts[i]);
    free(texts);
}

static void put_steps(const struct run_record *r, int64_t now_wall_ms, struct strbuf *out)
{
    for (size_t i = r->steps.len > LAST_STEPS ? r->steps.len - LAST_STEPS : 0; i < r->steps.len; i++) {
        const struct run_step *s = &r->steps.items[i];
        format_time(out, s->wall_ms, now_wall_ms);
        strbuf_puts(out, s->severity == SEV_ERROR  ? "  error: "
                         : s->severity == SEV_WARN ? "  warning: "
                                                   : "  ");
        if (s->node) {
            text_escape(out, s->node, strlen(s->node));
            strbuf_puts(out, ": ");
        }
        text_escape(out, s->text, strlen(s->text));
        strbuf_putc(out, '\n');
    }
}

void run_record_print(const struct run_record *r, int64_t now_wall_ms, struct strbuf *out)
{
    if (r->state == RUN_NONE) {
        strbuf_puts(out, "no run since this host booted\n");
        return;
    }
    put_head(r, now_wall_ms, out);
    if (r->nodes.len) {
        strbuf_putc(out, '\n');
        put_table(r, now_wall_ms, out);
    }
    if (r->steps.len) {
        strbuf_putc(out, '\n');
        put_steps(r, now_wall_ms, out);
    }
}
