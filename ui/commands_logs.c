/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands of the logs pane: what it shows and how, where it stands, what is copied.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/paths.h"
#include "ui/commands.h"
#include "ui/commands_private.h"
#include "ui/logs_feed.h"
#include "ui/logs_sources.h"
#include "ui/logs_walk.h"
#include "ui/pane_logs.h"
#include "ui/prompt.h"
#include "ui/remedies.h"

#define SCREEN (COMMAND_SCREEN | COMMAND_NO_HOST)

/* toggle (or nothing) turns round. */
static bool switched(const char *word, bool now)
{
    return !word || strcmp(word, "toggle") == 0 ? !now : strcmp(word, "on") == 0;
}

static bool follow_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    logs_follow_on(&d->log, switched(call_word(call, 0), d->log.follow));
    d->dirty = true;
    return true;
}

static bool wrap_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    d->log.wrap = switched(call_word(call, 0), d->log.wrap);
    deck_note(d, SEV_INFO, "%s", d->log.wrap ? "long lines are wrapped" : "long lines are scrolled sideways");
    return true;
}

static bool times_run(struct call *call, struct error *e)
{
    static const char *const told[] = {"times of the clock", "how long ago", "since the domain started"};
    struct deck *d = call_deck(call);
    int i = name_index(logs_times_names, LOGS_TIMES, call_word(call, 0));
    (void)e;
    d->log.times = i >= 0 ? (enum logs_times)i : (enum logs_times)((d->log.times + 1) % LOGS_TIMES);
    deck_note(d, SEV_INFO, "logs show %s", told[d->log.times]);
    return true;
}

static bool sources_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    char *list = call_words(call, 0);
    unsigned sources = 0;
    if (!list) {
        logs_sources_open(d);
        return true;
    }
    bool good = logs_parse_sources(&d->log, list, &sources, e);
    unsigned more = sources & ~d->log.sources;
    if (good) {
        logs_set_sources(&d->log, sources);
        logs_ask(d, more);
        logs_sources_changed(d);
    }
    free(list);
    return good;
}

static bool read_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    logs_ask(d, (1u << SOURCES) - 1);
    deck_note(d, SEV_INFO, "reading what the host has about this domain");
    return true;
}

static bool filter_logs_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    char *regex = call_words(call, 0);
    d->dirty = true;
    if (!regex) {
        char *word = d->log.wants_text ? word_quote(d->log.wants_text) : NULL;
        char *line = xasprintf("log-filter %s", word ? word : "");
        prompt_open(PROMPT_COMMAND, ":", line);
        free(line);
        free(word);
        return true;
    }
    bool good = logs_set_filter(&d->log, regex, e);
    if (!good)
        error_prefix(e, "log-filter");
    free(regex);
    return good;
}

static bool failures_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    (void)e;
    d->log.marked = switched(call_word(call, 0), d->log.marked);
    deck_note(d, SEV_INFO, "%s", d->log.marked ? "only lines that tell of known failures" : "all lines");
    logs_touch(&d->log);
    return true;
}

static bool choose_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    struct logs_view *v = &d->log;
    logs_read(v, v->reach);
    if (!logs_at(v))
        return error_set(e, STATUS_FAILED, "log-choose: the logs pane has no lines");
    logs_choose(v, switched(call_word(call, 0), v->region));
    d->pane_focused = d->pane_focused || logs_are_seen(d);
    d->dirty = true;
    return true;
}

/* As explain tells its findings. */
static json_object *finding_of(const struct diagnosis *k, const struct merge_line *l)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "id", json_object_new_string(k->signature->id));
    json_object_object_add(o, "severity", json_object_new_string(finding_word(k->signature->severity)));
    json_object_object_add(o, "cause", json_object_new_string(k->cause ? k->cause : ""));
    json_object_object_add(o, "advice", k->remedy ? json_object_new_string(k->remedy) : NULL);
    json_object_object_add(o, "remedy", k->command ? json_object_new_string(k->command) : NULL);
    json_object_object_add(o, "complete", json_object_new_boolean(k->complete));
    json_object_object_add(o, "line", json_object_new_string_len(l->text, (int)l->len));
    json_object_object_add(o, "source", json_object_new_string(source_word(l->source)));
    return o;
}

static bool remedies_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct snapshot *host = deck_host_by_id(d, d->log.host);
    diagnosis_list known = {0};
    logs_read(&d->log, d->log.reach);
    logs_diagnose(d, d->log.window.cursor, &known);
    if (known.len == 0)
        return error_set(e, STATUS_FAILED, "this line tells of no known failure");
    json_object *result = json_object_new_object(), *findings = json_object_new_array();
    for (size_t i = 0; i < known.len; i++)
        json_object_array_add(findings, finding_of(&known.items[i], &logs_at(&d->log)->is));
    json_object_object_add(result, "failure", json_object_new_string("line"));
    json_object_object_add(result, "remote", json_object_new_boolean(host && host->host.remote));
    json_object_object_add(result, "findings", findings);
    remedies_open(d, deck_vm(d) ? deck_vm(d)->name : "", result);
    json_object_put(result);
    diagnoses_free(&known);
    return true;
}

/* A click on a line. */
static bool line_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    uint64_t number = strtoull(call_word(call, 0), NULL, 10);
    if (logs_are_seen(d))
        d->pane_focused = true;
    d->dirty = true;
    return logs_point(&d->log, number) || error_set(e, STATUS_FAILED, "that line has just gone");
}

/* ---- copying ---- */

/* A file that nobody has to think of a name for. */
static char *usual_file(const struct deck *d)
{
    char when[32] = "now";
    time_t now = (time_t)(d->now_wall_ms / 1000);
    struct tm tm;
    const struct vm *vm = deck_vm(d);
    struct strbuf name = {0};
    if (localtime_r(&now, &tm))
        strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
    for (const char *p = vm ? vm->name : "logs"; *p; p++)
        strbuf_putc(&name, strchr("/ '\"\\", *p) || (unsigned char)*p < ' ' ? '_' : *p);
    char *file = xasprintf("~/%s-%s.log", strbuf_str(&name), when);
    strbuf_free(&name);
    return file;
}

static bool copy_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    struct logs_view *v = &d->log;
    d->dirty = true;
    if (logs_total(v) == 0)
        return error_set(e, STATUS_FAILED, "copy: the logs pane has no lines");
    if (!call_word(call, 0)) {
        char *file = usual_file(d), *line = xasprintf("copy %s", file);
        prompt_open(PROMPT_COMMAND, ":", line);
        free(line);
        free(file);
        return true;
    }
    if (v->copy.path)
        return error_set(e, STATUS_FAILED, "copy: the lines for %s are still gathered", v->copy.path);
    char *path = paths_expand(call_word(call, 0));
    logs_copy_begin(v, path);
    logs_choose(v, false);
    logs_walk_on(d);
    free(path);
    return true;
}

#define SWITCH                                                                                               \
    {                                                                                                        \
        {                                                                                                    \
            "SWITCH", ARG_WORD, "toggle on off", true, false, "default: toggle"                              \
        }                                                                                                    \
    }

static const struct command rows[] = {
    {.name = "log-sources",
     .summary = "choose whose lines the logs pane shows; without a list, from a dialog",
     .detail =
         "Words with commas: qemu, libvirt, daemon, serial, host, agent, event, messages, virtdeck; all or "
         "default. A plain list shows just these; +WORD and -WORD change what is shown. The host's journal "
         "(host, daemon) is read only when it is named here; files of a remote host are read through ssh, "
         "and only when they are named or asked for with `log-read`.",
     .flags = SCREEN,
     .args = {{"LIST", ARG_TEXT, NULL, true, true, "such as qemu,serial or +host or -messages"}},
     .run = sources_run},
    {.name = "log-read",
     .summary = "read what is read on request only: a remote host's files, through ssh",
     .detail = "Of the selected domain, for as long as it is selected. ssh must get in without a question.",
     .flags = SCREEN,
     .run = read_run},
    {.name = "log-filter",
     .summary = "show only lines of the logs pane that match a regular expression; without one, type it",
     .detail =
         "Without upper case letters in it, upper and lower case are the same. In quotes, blanks and "
         "backslashes stay as they are: log-filter 'link is (up|down)'. `log-filter \"\"` shows all again.",
     .flags = SCREEN,
     .args = {{"REGEX", ARG_TEXT, NULL, true, true, "what lines have to match"}},
     .run = filter_logs_run},
    {.name = "log-failures",
     .summary = "show only lines of the logs pane that tell of a known failure",
     .flags = SCREEN,
     .args = SWITCH,
     .run = failures_run},
    {.name = "log-times",
     .summary = "show times of the clock, how long ago, or since the domain started",
     .flags = SCREEN,
     .args = {{"WHICH", ARG_WORD, "next clock ago start", true, false, "default: the next of them"}},
     .run = times_run},
    {.name = "log-wrap",
     .summary = "wrap long lines of the logs pane, or scroll them sideways",
     .flags = SCREEN,
     .args = SWITCH,
     .run = wrap_run},
    {.name = "follow",
     .summary = "keep the end of the logs in sight, or freeze them",
     .detail = "Going up freezes them by itself: new lines come in below, and what is read stays where it "
               "is. Going beyond the end follows again.",
     .flags = SCREEN,
     .args = SWITCH,
     .run = follow_run},
    {.name = "log-choose",
     .summary = "choose lines of the logs pane, from the cursor on, for `copy`",
     .flags = SCREEN,
     .args = SWITCH,
     .run = choose_run},
    {.name = "copy",
     .summary = "write the chosen lines of the logs pane to a file, else all that it shows",
     .detail = "Each with its time and its source. The file is readable for its owner only. Without a name, "
               "one is offered.",
     .flags = SCREEN,
     .args = {{"FILE", ARG_FILE, NULL, true, false, "the file; it must not be there yet"}},
     .run = copy_run},
    {.name = "log-remedies",
     .summary = "show what helps against the failure that the cursor's line of the logs tells of",
     .detail = "A command is run after a question; on a remote host, or where rights are missing, it is "
               "shown to be copied.",
     .flags = SCREEN,
     .run = remedies_run},
    {.name = "log-line",
     .summary = "move the cursor of the logs pane to a line, as a click on it does",
     .flags = SCREEN | COMMAND_HIDDEN,
     .args = {{"NUMBER", ARG_NUMBER, NULL, false, false, "the line's number"}},
     .run = line_run},
};

const struct command_table logs_commands = {rows, ARRAY_LEN(rows)};
