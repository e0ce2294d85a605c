/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands of the autostart pane's keys. They find out which row the cursor is on and run the command that
 * anybody could type: `autostart VM order=15`.
 */
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "base/text.h"
#include "ui/autostart_rows.h"
#include "ui/commands.h"
#include "ui/commands_private.h"
#include "ui/confirm.h"
#include "ui/devices.h"
#include "ui/dialog.h"
#include "ui/policy_form.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/viewer.h"

/* ---- which row ---- */

/* The row that was drawn is not there any more: no other one is taken for it. */
static bool gone_here(const struct deck *d, struct error *e)
{
    const struct snapshot *host = deck_host(d);
    const char *key = d->starts.key;
    struct vm_uuid uuid;
    bool domain = strncmp(key, "vm ", 3) == 0 && uuid_parse(key + 3, &uuid);
    const struct vm *vm = domain && host ? snapshot_find(host, &uuid) : NULL;
    bool problem = strncmp(key, "problem ", 8) == 0;
    return error_set(e, STATUS_FAILED, "%s has just gone from these rows; nothing was done",
                     vm        ? vm->name
                     : domain  ? "that domain"
                     : problem ? "that problem"
                               : key);
}

/* The rows, and the one under the cursor. */
static bool row_here(struct deck *d, start_rows *rows, struct start_row *out, struct error *e)
{
    long at;
    if (!starts_view(d))
        return error_set(e, STATUS_FAILED, "what starts with the host was not worked out yet");
    starts_rows(d, rows);
    const struct start_row *row = starts_cursor(d, rows, &at);
    if (!row)
        return error_set(e, STATUS_FAILED, "nothing starts with this host yet");
    if (starts_is_gone(d, rows))
        return gone_here(d, e);
    *out = *row;
    return true;
}

static bool domain_here(struct deck *d, start_rows *rows, struct start_row *out, struct error *e)
{
    return row_here(d, rows, out, e) &&
           (starts_domain(out) ||
            error_set(e, STATUS_FAILED, "%s is no domain", out->finding ? "a problem" : starts_name(out)));
}

static char *domain_word(const struct deck *d, const struct vm_uuid *uuid)
{
    return devices_vm_word(d, d->starts.host, uuid);
}

static void focus(struct deck *d)
{
    d->pane = PANE_AUTOSTART;
    d->pane_open = d->pane_focused = d->dirty = true;
}

static bool select_start_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    start_rows rows = {0};
    bool found = false;
    starts_rows(d, &rows);
    for (size_t i = 0; i < rows.len && !found; i++) {
        char *key = starts_key(&rows.items[i]);
        found = strcmp(key, word) == 0 ||
                (!rows.items[i].finding && strcmp(starts_name(&rows.items[i]), word) == 0);
        if (found)
            starts_select(d, &rows.items[i], (long)i);
        free(key);
    }
    vec_free(&rows);
    if (found)
        focus(d);
    return found || error_set(e, STATUS_FAILED, "the autostart pane has no row \"%s\"", word);
}

/* ---- what is shown ---- */

static void show_reverse(struct deck *d)
{
    const struct autostart_view *v = starts_view(d);
    if (starts_run(d) && v) { /* the plan of the other direction has no run */
        d->starts.run_hidden = v->run.begun_wall_ms;
        d->starts.reverse = v->run.reverse;
        d->starts.run_shown = 0;
    }
    d->starts.reverse = !d->starts.reverse;
}

static bool show_run(struct deck *d, struct error *e)
{
    const struct autostart_view *v = starts_view(d);
    if (!v || v->run.state == RUN_NONE)
        return error_set(e, STATUS_FAILED, "no run is known here");
    bool shown = starts_run(d) != NULL;
    d->starts.run_shown = shown ? 0 : v->run.begun_wall_ms;
    d->starts.run_hidden = shown ? v->run.begun_wall_ms : 0;
    return true;
}

static bool timeline_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    d->dirty = true;
    if (strcmp(word, "run") == 0)
        return show_run(d, e);
    if (strcmp(word, "reverse") == 0)
        show_reverse(d);
    else
        d->starts.links = !d->starts.links;
    return true;
}

/* ---- what Enter does ---- */

static void remedy_answered(struct deck *d, void *arg, bool yes)
{
    char *line = arg;
    if (d && yes)
        run_line(d, line);
    free(line);
}

/* Whether its command is there for the shell only. */
static bool is_for_shell(const char *line)
{
    const struct command *c = command_find_in(true, line, NULL);
    return c && (c->flags & COMMAND_SHELL);
}

/* What can't be run here is shown whole, to be copied. */
static void show_for_shell(struct deck *d, const struct finding *f)
{
    bool ours = strncmp(f->remedy, "$ ", 2) != 0;
    char *line = xasprintf("%s%s", ours ? "virtdeck " : "", ours ? f->remedy : f->remedy + 2);
    struct viewer *v = viewer_new("For a shell", PLACE_DIALOG);
    viewer_add(v, ROLE_DIALOG, NULL, f->text);
    viewer_add(v, ROLE_DIALOG, NULL, "");
    viewer_add(v, ROLE_KEY, NULL, line);
    viewer_show(d, v);
    free(line);
}

static bool open_remedy(struct deck *d, const struct finding *f, struct error *e)
{
    if (!f->remedy)
        return error_set(e, STATUS_FAILED, "no command mends this: %s", f->text);
    if (strncmp(f->remedy, "$ ", 2) == 0 || is_for_shell(f->remedy)) {
        show_for_shell(d, f);
        return true;
    }
    /* A path in it may have line ends: the question is to be ours alone. */
    char *text = text_escaped(f->text), *remedy = text_escaped(f->remedy);
    char *question = xasprintf("%s\n\nRun this command?\n%s", text, remedy);
    confirm_open(d, question, NULL, remedy_answered, xstrdup(f->remedy));
    free(question);
    free(remedy);
    free(text);
    return true;
}

/* The policy's words stand in the bar, whose completion and hints know the fields. */
static void open_policy(struct deck *d, const struct policy *policy, const char *vm)
{
    struct strbuf words = {0}, line = {0};
    char *quoted = word_quote(vm);
    strbuf_printf(&line, "autostart %s ", quoted);
    if (policy && policy->present)
        policy_words(policy, &words);
    if (words.len)
        strbuf_printf(&line, "%s ", strbuf_str(&words));
    prompt_open(PROMPT_COMMAND, ":", strbuf_str(&line));
    d->dirty = true;
    strbuf_free(&words);
    strbuf_free(&line);
    free(quoted);
}

static bool open_domain(struct deck *d, const struct start_row *row, struct error *e)
{
    const struct autostart_view *v = starts_view(d);
    const struct survey_vm *vm = survey_find(&v->survey, starts_domain(row));
    return policy_form_open(d, d->starts.host, starts_domain(row), starts_name(row),
                            vm && vm->item ? &vm->item->policy : NULL, &v->survey.config.defaults, e);
}

static bool open_start_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    start_rows rows = {0};
    struct start_row row = {0};
    bool good = row_here(d, &rows, &row, e);
    if (good && row.finding)
        good = open_remedy(d, row.finding, e);
    else if (good && starts_domain(&row))
        good = open_domain(d, &row, e);
    else if (good)
        good = error_set(e, STATUS_FAILED, "%s is no domain: it has no policy", starts_name(&row));
    vec_free(&rows);
    return good;
}

/* Of the pane's domain where that has the keys, else of the table's: the words for the bar. */
static bool policy_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct snapshot *host = deck_host(d);
    const struct vm *vm = deck_vm(d);
    start_rows rows = {0};
    struct start_row row = {0};
    bool here = deck_place(d) == PLACE_AUTOSTART;
    if (here && domain_here(d, &rows, &row, e))
        vm = host ? snapshot_find(host, starts_domain(&row)) : NULL;
    else if (here)
        vm = NULL;
    vec_free(&rows);
    if (!vm)
        return here && e->status ? false : error_set(e, STATUS_FAILED, "no domain is selected");
    if (d->view.tags.len && !here) { /* all of them: their words may differ */
        prompt_open(PROMPT_COMMAND, ":", "autostart ");
        d->dirty = true;
        return true;
    }
    char *word = devices_vm_word(d, host->host.id, &vm->uuid);
    open_policy(d, vm->start ? &vm->start->policy : NULL, word);
    free(word);
    return true;
}

/* ---- the order ---- */

static void set_orders(struct deck *d, const order_changes *changes)
{
    vec_clear(&d->starts.moved);
    for (size_t i = 0; i < changes->len; i++) {
        const struct order_change *c = &changes->items[i];
        char *vm = domain_word(d, &c->uuid), *order = xasprintf("order=%d", c->order);
        const char *words[] = {"autostart", vm, order};
        run_words(d, 3, words, 0, NULL);
        vec_push(&d->starts.moved, c->uuid);
        free(order);
        free(vm);
    }
}

static bool move_start_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    start_rows rows = {0};
    order_changes changes = {0};
    struct start_row row = {0};
    int by = strcmp(call_word(call, 0), "up") == 0 ? -1 : 1;
    bool good = domain_here(d, &rows, &row, e);
    if (good && !row.plan)
        good = error_set(e, STATUS_FAILED, "%s is not in the plan any more", starts_name(&row));
    if (good && starts_plan(d)->reverse) /* the first to start is the last to stop */
        by = -by;
    good = good && starts_reorder(starts_plan(d), row.node, by, &changes, e);
    if (good) {
        starts_select(d, &row, d->starts.at);
        set_orders(d, &changes);
    }
    vec_free(&changes);
    vec_free(&rows);
    return good;
}

static bool was_moved(const struct deck *d, const struct vm_uuid *uuid)
{
    for (size_t i = 0; i < d->starts.moved.len; i++)
        if (uuid_equal(&d->starts.moved.items[i], uuid))
            return true;
    return false;
}

static void undo_one(struct deck *d, const struct vm_uuid *uuid)
{
    char *vm = domain_word(d, uuid);
    const char *words[] = {"undo", vm};
    run_words(d, 2, words, 0, NULL);
    free(vm);
}

static bool undo_start_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    start_rows rows = {0};
    struct start_row row = {0};
    bool good = domain_here(d, &rows, &row, e);
    if (good && was_moved(d, starts_domain(&row))) {
        for (size_t i = d->starts.moved.len; i-- > 0;)
            undo_one(d, &d->starts.moved.items[i]);
        vec_clear(&d->starts.moved);
    } else if (good) {
        undo_one(d, starts_domain(&row));
    }
    vec_free(&rows);
    return good;
}

/* ---- on the domain, on the host ---- */

static void run_answered(struct deck *d, void *arg, bool yes)
{
    (void)arg;
    if (d && yes)
        run_line(d, "autostart run");
    else if (d)
        deck_note(d, SEV_INFO, "nothing was started");
}

static char *run_question(const struct deck *d, const struct run_record *run)
{
    const char *host = view_host_label(d->hosts, d->n_hosts, &deck_host(d)->host);
    if (run->state != RUN_BROKEN_OFF || run->reverse)
        return xasprintf("Start now, in its order, what starts with %s? What runs already is left alone.\n\n"
                         "The run goes on while virtdeck does; the next `autostart run` takes up one that "
                         "was broken off.",
                         host);
    struct strbuf text = {0};
    strbuf_printf(&text, "Take up again the start of what starts with %s, which was broken off (began ",
                  host);
    format_time(&text, run->begun_wall_ms, d->now_wall_ms);
    strbuf_puts(&text, ")? What it has started, and what runs, is left alone.\n\n"
                       "The run goes on while virtdeck does.");
    return strbuf_steal(&text);
}

/* The way of what is shown, plan or run; a shutdown asks by itself. */
static bool run_start_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct autostart_view *v = starts_view(d);
    if (!v)
        return error_set(e, STATUS_FAILED, "what starts with the host was not worked out yet");
    if (v->run.state == RUN_UNDER_WAY)
        return error_set(e, STATUS_FAILED, "a run is under way (process %ld)", v->run.pid);
    if (starts_plan(d)->reverse) {
        run_line(d, "autostart stop");
        return true;
    }
    char *question = run_question(d, &v->run);
    confirm_open(d, question, NULL, run_answered, NULL);
    free(question);
    return true;
}

static bool there_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    start_rows rows = {0};
    struct start_row row = {0};
    bool good = domain_here(d, &rows, &row, e);
    if (good) {
        size_t n = call->words.len;
        char *vm = domain_word(d, starts_domain(&row));
        const char **all = xcalloc(n + 2, sizeof *all);
        all[0] = call->words.items[0];
        all[1] = vm;
        for (size_t i = 1; i < n; i++)
            all[i + 1] = call->words.items[i];
        run_words(d, (int)n + 1, all, 0, NULL);
        free(all);
        free(vm);
    }
    vec_free(&rows);
    return good;
}

#define SCREEN (COMMAND_SCREEN | COMMAND_NO_HOST)

static const struct command rows_of_commands[] = {
    {.name = "policy",
     .summary = "edit the autostart policy of the selected domain in the command bar",
     .detail = "In the autostart pane, of the domain under its cursor; its form is `open-start`.",
     .flags = SCREEN,
     .run = policy_run},
    {.name = "timeline",
     .summary = "turn what the autostart pane shows",
     .detail =
         "`reverse`: the shutdown and back; `run`: the last run and back to the plan; `links`: what the row "
         "under the cursor waits for, and what waits for it, stand out.",
     .flags = SCREEN,
     .args = {{"WHAT", ARG_WORD, "reverse run links", false, false, "what is turned"}},
     .run = timeline_run},
    {.name = "open-start",
     .summary = "open the policy under the autostart pane's cursor, or run what helps against a problem",
     .flags = SCREEN,
     .run = open_start_run},
    {.name = "move-start",
     .summary = "move the domain under the autostart pane's cursor in the order",
     .detail =
         "A step takes it to those of the next order, or away from its equals to a number between. Runs "
         "`autostart VM order=N` for as few domains as that takes.",
     .flags = SCREEN,
     .args = {{"WHERE", ARG_WORD, "up down", false, false, "towards the first or the last row"}},
     .run = move_start_run},
    {.name = "undo-start",
     .summary = "take back the last change of the domain under the autostart pane's cursor",
     .detail = "Of a move all domains that it changed.",
     .flags = SCREEN,
     .run = undo_start_run},
    {.name = "run-start",
     .summary = "carry out what the autostart pane shows, after a question",
     .detail = "Runs `autostart run`; where the shutdown is shown, `autostart stop`.",
     .flags = COMMAND_SCREEN | COMMAND_CHANGES,
     .run = run_start_run},
    {.name = "select-start",
     .summary = "move the cursor of the autostart pane to a row",
     .flags = SCREEN,
     .args = {{"NAME", ARG_TEXT, NULL, false, false, "a domain, network or pool in it"}},
     .run = select_start_run},
    {.name = "there",
     .summary = "run a command on the domain under the autostart pane's cursor",
     .detail = "`there start` is `start VM` with that domain.",
     .flags = SCREEN,
     .args = {{"COMMAND", ARG_COMMAND, NULL, false, false, "a command that takes a domain"},
              {"WORD", ARG_TEXT, NULL, true, true, "words behind the domain"}},
     .run = there_run},
};

const struct command_table timeline_commands = {rows_of_commands, ARRAY_LEN(rows_of_commands)};
