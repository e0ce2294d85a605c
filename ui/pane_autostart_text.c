/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the autostart pane says in words: the line above the rows, how far a run is, and one row in full.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "ui/pane_autostart.h"

void starts_time(int64_t ms, struct strbuf *out)
{
    int64_t tenths = (ms + 50) / 100;
    if (tenths < 100 && tenths % 10 != 0)
        strbuf_printf(out, "%.1fs", (double)tenths / 10);
    else
        format_duration(out, round((double)ms / 1000), true);
}

enum role starts_state_role(enum engine_state state)
{
    static const enum role roles[NODE_STATES] = {
        [NODE_IDLE] = ROLE_DIM,          [NODE_STARTING] = ROLE_GRAPH_CPU, [NODE_CREATED] = ROLE_GRAPH_CPU,
        [NODE_PROBING] = ROLE_GRAPH_CPU, [NODE_READY] = ROLE_GOOD,         [NODE_LATE] = ROLE_WARN,
        [NODE_FAILED] = ROLE_BAD,        [NODE_SKIPPED] = ROLE_WARN,       [NODE_STOPPING] = ROLE_GRAPH_CPU,
        [NODE_FORCING] = ROLE_WARN,      [NODE_OFF] = ROLE_GOOD,           [NODE_LEFT] = ROLE_WARN,
    };
    return roles[state];
}

void starts_state_text(const struct start_drawing *w, const struct run_node *run, struct strbuf *out)
{
    static const char *const doing[NODE_STATES] = {[NODE_PROBING] = "probing"};
    int64_t left = run->until_wall_ms - w->d->now_wall_ms;
    strbuf_puts(out, doing[run->state] ? doing[run->state] : engine_state_words[run->state]);
    bool waits = run->state == NODE_CREATED || run->state == NODE_PROBING || run->state == NODE_STOPPING ||
                 run->state == NODE_FORCING || run->state == NODE_STARTING;
    if (waits && run->until_wall_ms && left > 0 && w->run->state == RUN_UNDER_WAY) {
        strbuf_puts(out, ", ");
        starts_time((left + 999) / 1000 * 1000, out);
        strbuf_puts(out, " left");
    }
}

/* ---- counting ---- */

static size_t count_states(const struct run_record *run, unsigned states)
{
    size_t n = 0;
    for (size_t i = 0; i < run->nodes.len; i++)
        n += (states >> run->nodes.items[i].state & 1) && !uuid_is_nil(&run->nodes.items[i].uuid);
    return n;
}

static void put_count(struct strbuf *out, size_t n, const char *what)
{
    if (n)
        strbuf_printf(out, "%s%zu %s", out->len ? ", " : "", n, what);
}

#define STATE(s) (1u << (s))

static void put_losses(const struct run_record *run, struct strbuf *out)
{
    put_count(out, count_states(run, STATE(NODE_FAILED)), "failed");
    put_count(out, count_states(run, STATE(NODE_LATE)), "late");
    put_count(out, count_states(run, STATE(NODE_SKIPPED)), "skipped");
    put_count(out, count_states(run, STATE(NODE_LEFT)), run->reverse ? "left running" : "left to libvirt");
}

static void put_progress(const struct run_record *run, struct strbuf *out)
{
    strbuf_printf(out, "%zu of %zu %s", count_states(run, STATE(run->reverse ? NODE_OFF : NODE_READY)),
                  count_states(run, ~0u), run->reverse ? "off" : "ready");
}

void starts_run_text(const struct run_record *run, struct strbuf *out)
{
    if (run->state == RUN_BROKEN_OFF)
        strbuf_puts(out, "broken off, ");
    if (run->state == RUN_UNDER_WAY || run->state == RUN_BROKEN_OFF)
        put_progress(run, out);
    struct strbuf lost = {0};
    put_losses(run, &lost);
    if (lost.len)
        strbuf_printf(out, "%s%s", out->len ? ", " : "", strbuf_str(&lost));
    strbuf_free(&lost);
}

/* ---- the head ---- */

#define PARTS 8

struct part {
    char *text;
    enum role role;
    int rank; /* what goes first where there is no room has the highest */
};

struct head {
    struct part parts[PARTS];
    size_t n;
};

static void add(struct head *h, enum role role, int rank, char *text)
{
    if (text && *text && h->n < PARTS)
        h->parts[h->n++] = (struct part){text, role, rank};
    else
        free(text);
}

static char *about(const char *before, int64_t ms, const char *behind)
{
    struct strbuf text = {0};
    strbuf_puts(&text, before);
    starts_time(ms, &text);
    strbuf_puts(&text, behind);
    return strbuf_steal(&text);
}

static size_t count_problems(const finding_list *l)
{
    return findings_count(l, SEV_ERROR) + findings_count(l, SEV_WARN);
}

static void add_problems(const struct start_drawing *w, struct head *h)
{
    size_t n = count_problems(starts_findings(w->d));
    if (n)
        add(h, ROLE_WARN, 1, xasprintf("%zu problem%s", n, n == 1 ? "" : "s"));
    else
        add(h, ROLE_GOOD, 4, xstrdup("no problems"));
}

/* What its key does, in the plan's place or beside a plan of its direction. */
static char *broken_off(const struct start_drawing *w, const char *before)
{
    char key[32];
    keymap_label_for(&w->d->keymap, PLACE_AUTOSTART, "run-start", key, sizeof key);
    if (w->v->run.reverse != w->plan->reverse)
        return xasprintf("%sbroken off", before);
    return xasprintf("%sbroken off: %s takes it up again", before, key);
}

static void plan_parts(const struct start_drawing *w, struct head *h)
{
    size_t ours = 0, native = 0;
    for (uint32_t i = 0; i < w->plan->n_nodes; i++) {
        const struct plan_node *n = &w->plan->nodes[i];
        ours += n->kind == PLAN_DOMAIN && n->who == PLAN_OURS && n->start_ms >= 0;
        native += n->kind == PLAN_DOMAIN && n->who == PLAN_NATIVE;
    }
    bool down = w->plan->reverse;
    if (ours == 0)
        add(h, ROLE_TEXT, 2,
            xstrdup(down ? "nothing to stop" : "nothing starts in order: `autostart VM order=10`"));
    else
        add(h, ROLE_TEXT, 2,
            xasprintf("%zu %s in order", ours,
                      down        ? ours == 1 ? "stops" : "stop"
                      : ours == 1 ? "starts"
                                  : "start"));
    if (native)
        add(h, ROLE_DIM, 6, xasprintf("%zu by libvirt", native));
    add_problems(w, h);
    if (ours)
        add(h, ROLE_TEXT, 3, about(down ? "off after about " : "ready after about ", w->plan->total_ms, ""));
    const struct run_record *run = &w->v->run;
    struct strbuf last = {0};
    if (run->state != RUN_NONE)
        starts_run_text(run, &last);
    if (run->state == RUN_UNDER_WAY)
        add(h, ROLE_NOTICE, 1, xasprintf("a run is under way: %s", strbuf_str(&last)));
    else if (run->state == RUN_BROKEN_OFF)
        add(h, ROLE_WARN, 1, broken_off(w, run->reverse ? "last shutdown " : "last start "));
    else if (last.len)
        add(h, ROLE_WARN, 5, xasprintf("last run: %s", strbuf_str(&last)));
    strbuf_free(&last);
}

static void run_parts(const struct start_drawing *w, struct head *h)
{
    const struct run_record *run = w->run;
    struct strbuf text = {0};
    bool broken = run->state == RUN_BROKEN_OFF;
    if (broken)
        add(h, ROLE_WARN, 0, broken_off(w, ""));
    put_progress(run, &text);
    add(h, ROLE_TEXT, broken ? 2 : 1, strbuf_steal(&text));
    put_losses(run, &text);
    add(h, ROLE_BAD, broken ? 3 : 1, strbuf_steal(&text));
    if (run->state == RUN_UNDER_WAY) {
        struct strbuf of = {0};
        strbuf_puts(&of, " of about ");
        starts_time(w->plan->total_ms, &of);
        int64_t gone = w->d->now_wall_ms - run->begun_wall_ms;
        add(h, ROLE_TEXT, 3, about("", (gone > 0 ? gone : 0) / 1000 * 1000, strbuf_str(&of)));
        strbuf_free(&of);
        add(h, ROLE_DIM, 5, xasprintf("by process %ld", run->pid));
    } else if (run->ended_wall_ms > run->begun_wall_ms) {
        add(h, ROLE_TEXT, 3,
            about("took ", (run->ended_wall_ms - run->begun_wall_ms + 500) / 1000 * 1000, ""));
    }
}

static char *run_title(const struct start_drawing *w)
{
    const struct run_record *run = w->run;
    if (run->state == RUN_UNDER_WAY)
        return xstrdup(run->reverse ? "Shutting down" : "Starting");
    struct strbuf text = {0};
    strbuf_puts(&text, run->reverse ? "Last shutdown " : "Last start ");
    format_time(&text, run->begun_wall_ms, w->d->now_wall_ms);
    return strbuf_steal(&text);
}

static int head_width(const struct head *h)
{
    int sum = 0;
    for (size_t i = 0; i < h->n; i++)
        sum += (i ? 3 : 0) + pen_width(h->parts[i].text);
    return sum;
}

static void drop_least(struct head *h)
{
    size_t least = 0;
    for (size_t i = 1; i < h->n; i++)
        if (h->parts[i].rank >= h->parts[least].rank)
            least = i;
    free(h->parts[least].text);
    memmove(&h->parts[least], &h->parts[least + 1], (h->n - least - 1) * sizeof *h->parts);
    h->n--;
}

void starts_draw_head(const struct start_drawing *w, struct rect area)
{
    struct head h = {0};
    const char *host = view_host_label(w->d->hosts, w->d->n_hosts, &deck_host(w->d)->host);
    bool brief = area.w < 100;
    if (w->run)
        add(&h, ROLE_TITLE, w->run->state == RUN_BROKEN_OFF ? 1 : 0, run_title(w));
    else
        add(&h, ROLE_TITLE, 0,
            xasprintf("%s%s", brief ? "At the next " : "What happens at the next ",
                      w->plan->reverse ? "shutdown" : "boot"));
    add(&h, ROLE_DIM, 7, xstrdup(host));
    if (w->run)
        run_parts(w, &h);
    else
        plan_parts(w, &h);
    while (h.n > 1 && head_width(&h) > area.w)
        drop_least(&h);
    struct pen p = pen_at(w->c, area.x, area.y, area.w);
    for (size_t i = 0; i < h.n; i++) {
        if (i)
            pen_text(&p, ROLE_BORDER, w->c->unicode ? " · " : " - ");
        pen_text(&p, h.parts[i].role, h.parts[i].text);
        free(h.parts[i].text);
    }
}

/* ---- one row in full ---- */

static void sentence(struct strbuf *out, const char *text)
{
    if (*text)
        strbuf_printf(out, "%s%s.", out->len ? " " : "", text);
}

static void explain_times(const struct plan *p, const struct plan_node *n, struct strbuf *out)
{
    struct strbuf text = {0};
    strbuf_puts(&text, p->reverse ? "Asked to stop after " : "Starts after ");
    starts_time(n->start_ms, &text);
    strbuf_puts(&text, p->reverse ? ", off after " : ", ready after ");
    starts_time(n->ready_ms, &text);
    if (n->guessed)
        strbuf_puts(&text, " (a guess: nothing is known from earlier times)");
    sentence(out, strbuf_str(&text));
    strbuf_free(&text);
    if (n->critical)
        sentence(out, "It is on the path that decides the end");
}

static void explain_plan(const struct start_drawing *w, const struct start_row *row, struct strbuf *out)
{
    const struct plan_node *n = row->plan;
    struct strbuf text = {0};
    if (n->blocked)
        strbuf_printf(&text, "%s: %s", w->plan->reverse ? "It will not be stopped" : "It will not start",
                      n->blocked);
    else if (n->who == PLAN_NATIVE)
        strbuf_puts(&text, "libvirt starts it by its own flag, at any time");
    else if (n->who == PLAN_NOBODY)
        strbuf_puts(&text, "Others wait for it, and nobody starts it");
    sentence(out, strbuf_str(&text));
    strbuf_clear(&text);
    plan_waits_text(w->plan, row->node, &text);
    if (text.len) {
        char *waits = strbuf_steal(&text);
        strbuf_printf(&text, "Waits for %s", waits);
        sentence(out, strbuf_str(&text));
        free(waits);
    }
    strbuf_free(&text);
    if (n->start_ms >= 0)
        explain_times(w->plan, n, out);
    if (n->kind == PLAN_DOMAIN && w->v) {
        const struct survey_vm *vm = survey_find(&w->v->survey, &n->uuid);
        strbuf_puts(&text, "Its policy:");
        if (vm && vm->item && vm->item->policy.present)
            policy_words(&vm->item->policy, &text);
        else
            strbuf_puts(&text, " none");
        sentence(out, strbuf_str(&text));
        strbuf_free(&text);
    }
}

static void explain_run(const struct start_drawing *w, const struct start_row *row, struct strbuf *out)
{
    const struct run_node *r = row->run;
    struct strbuf text = {0};
    starts_state_text(w, r, &text);
    if (r->why)
        strbuf_printf(&text, ": %s", r->why);
    sentence(out, strbuf_str(&text));
    strbuf_clear(&text);
    if (r->ready_wall_ms && r->start_wall_ms) {
        strbuf_puts(&text, w->run->reverse ? "It was off after " : "It was ready after ");
        starts_time(r->ready_wall_ms - r->start_wall_ms, &text);
    }
    if (text.len && row->plan && row->plan->ready_ms >= 0) {
        strbuf_puts(&text, "; planned were ");
        starts_time(row->plan->ready_ms - row->plan->start_ms, &text);
    }
    sentence(out, strbuf_str(&text));
    strbuf_free(&text);
    if (r->state == NODE_IDLE && row->plan)
        explain_plan(w, row, out);
}

static void explain_problem(const struct start_drawing *w, const struct finding *f, struct strbuf *out)
{
    char key[32];
    keymap_label_for(&w->d->keymap, PLACE_AUTOSTART, "open-start", key, sizeof key);
    strbuf_printf(out, "%s. ", f->text);
    if (!f->remedy)
        strbuf_puts(out, "No command mends this.");
    else if (strncmp(f->remedy, "$ ", 2) == 0)
        strbuf_printf(out, "In a shell: %s", f->remedy + 2);
    else
        strbuf_printf(out, "%s has the remedy: %s", key, f->remedy);
}

void starts_explain(const struct start_drawing *w, const struct start_row *row, struct strbuf *out)
{
    if (row->finding) {
        explain_problem(w, row->finding, out);
        return;
    }
    struct strbuf rest = {0};
    if (row->run)
        explain_run(w, row, &rest);
    else
        explain_plan(w, row, &rest);
    if (row->plan && row->plan->kind == PLAN_NEED)
        strbuf_printf(out, "%s ", need_words[row->plan->need]);
    strbuf_printf(out, "%s: %s", starts_name(row), strbuf_str(&rest));
    strbuf_free(&rest);
}
