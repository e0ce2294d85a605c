/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which command runs next, from the command line or a file, and what its end means for the exit status.
 */
#include "command/shell.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/vec.h"
#include "command/diagnose.h"
#include "command/shell_private.h"

/* A command's words and the text they stand in, for pointing at one. */
struct line {
    const char *text;
    int argc;
    const char *const *argv;
    const size_t *begin, *end; /* bytes of each word in the text */
};

static const struct command *command_of(const struct line *l)
{
    size_t taken;
    return command_of_line(false, (size_t)l->argc, l->argv, &taken);
}

static void complain(struct shell *s, const struct error *e, const struct line *l)
{
    const struct command *c = command_of(l);
    if (e->position < 0 || e->status != STATUS_USAGE || l->argc == 0) {
        shell_say(s, SEV_ERROR, error_text(e));
        return;
    }
    size_t at = (size_t)e->position, len = strlen(l->text);
    bool inside = at < (size_t)l->argc;
    /* Behind the last word something is missing: one blank further. */
    size_t begin = inside ? l->begin[at] : l->end[l->argc - 1], end = inside ? l->end[at] : begin;
    shell_complain(s, e, l->text, begin < len ? begin : len, end < len ? end : len, c);
}

/* Nobody to ask: what would be lost is said, and how to say yes. */
static bool refuse_unasked(struct shell *s, const struct call *call)
{
    const char *typed;
    char *question = command_question(call, &typed);
    if (!question)
        return false;
    char *text = xasprintf("%s Add --yes to do it.", question);
    shell_say(s, SEV_ERROR, text);
    free(text);
    free(question);
    return true;
}

/* Among the words that name domains: those behind the command's own. */
static bool has_filter(const struct line *l)
{
    size_t taken = 0;
    const struct command *c = command_of_line(false, (size_t)l->argc, l->argv, &taken);
    for (size_t i = taken; i < (size_t)l->argc; i++) {
        if (l->argv[i][0] == '-')
            continue;
        if (word_is_filter(l->argv[i]))
            return true;
        if (!c->args[0].repeat)
            return false;
    }
    return false;
}

static bool wants_help(const struct line *l)
{
    for (int i = 1; i < l->argc && strcmp(l->argv[i], "--") != 0; i++)
        if (strcmp(l->argv[i], "--help") == 0)
            return true;
    return false;
}

static bool reach_hosts(struct shell *s, const struct line *l, struct error *e)
{
    const struct command *c = command_of(l);
    s->patient = (c->flags & COMMAND_PATIENT) != 0;
    if (c->flags & COMMAND_NO_HOST || wants_help(l))
        return true;
    if (s->patient)
        return shell_open(s, -1, e);
    bool filters = c->flags & COMMAND_TARGETS && has_filter(l);
    if (!shell_open(s, -1, e) || !shell_settle(s, filters, -1, e))
        return false;
    if (filters)
        tell_unread(&s->session);
    return true;
}

static bool check_csv(const struct shell *s, const struct line *l, struct error *e)
{
    const struct command *c = command_of(l);
    if (!s->session.csv || wants_help(l) || command_option_index(c, "csv") >= 0)
        return true;
    return error_set(e, STATUS_USAGE, "%s prints no table: --csv is for list and sample", c->name);
}

static enum status run_call(struct shell *s, struct call *call, struct error *e)
{
    enum status status = STATUS_USAGE;
    if (refuse_unasked(s, call))
        return status;
    s->out_raw = s->session.csv || call_option(call, "csv");
    bool good = command_run(call, e);
    status = shell_finish(s, call);
    if (!good) {
        shell_say(s, SEV_ERROR, error_text(e));
        status = e->status;
    }
    return status;
}

static enum status run_line(struct shell *s, const struct line *l)
{
    struct error e = ERROR_INIT;
    struct call *call = NULL;
    enum status status;
    bool good = command_check(false, l->argc, l->argv, &e) && check_csv(s, l, &e) && reach_hosts(s, l, &e);
    if (good)
        call = command_prepare(&s->session, l->argc, l->argv, &e);
    if (call) {
        status = run_call(s, call, &e);
    } else {
        complain(s, &e, l);
        status = e.status;
    }
    call_free(call);
    error_clear(&e);
    return s->out_failed && status == STATUS_OK ? STATUS_FAILED : status;
}

/* The shell has split the words; for messages they are joined again. */
static enum status run_words(struct shell *s, int argc, const char *const *argv)
{
    struct strbuf text = {0};
    size_t *begin = xcalloc((size_t)argc, sizeof *begin), *end = xcalloc((size_t)argc, sizeof *end);
    for (int i = 0; i < argc; i++) {
        char *word = word_quote(argv[i]);
        strbuf_puts(&text, i ? " " : "");
        begin[i] = text.len;
        strbuf_puts(&text, word);
        end[i] = text.len;
        free(word);
    }
    struct line l = {.text = strbuf_str(&text), .argc = argc, .argv = argv, .begin = begin, .end = end};
    enum status status = run_line(s, &l);
    strbuf_free(&text);
    free(begin);
    free(end);
    return status;
}

/* ---- files of commands ---- */

/* Words from..to of a line, one command. */
static enum status run_part(struct shell *s, const char *text, const word_list *words, size_t from, size_t to)
{
    size_t n = to - from;
    const char **argv = xcalloc(n, sizeof *argv);
    size_t *begin = xcalloc(n, sizeof *begin), *end = xcalloc(n, sizeof *end);
    for (size_t i = 0; i < n; i++) {
        const struct word *w = &words->items[from + i];
        size_t stop = from + i + 1 < words->len ? (size_t)w[1].position : strlen(text);
        argv[i] = w->text;
        begin[i] = (size_t)w->position;
        while (stop > begin[i] + 1 && strchr(" \t\r\n", text[stop - 1]))
            stop--;
        end[i] = stop;
    }
    struct line l = {.text = text, .argc = (int)n, .argv = argv, .begin = begin, .end = end};
    enum status status = run_line(s, &l);
    free(argv);
    free(begin);
    free(end);
    return status;
}

static enum status run_text(struct shell *s, const char *text)
{
    word_list words = {0};
    struct error e = ERROR_INIT;
    enum status status = STATUS_OK;
    if (!words_split(text, &words, &e)) {
        shell_complain(s, &e, text, (size_t)e.position, (size_t)e.position, NULL);
        error_clear(&e);
        return STATUS_USAGE;
    }
    for (size_t from = 0; from < words.len && status == STATUS_OK;) {
        size_t to = words_command_end(text, &words, from);
        if (to == from || to + 1 == words.len) {
            size_t at = (size_t)words.items[to < words.len ? to : from].position;
            error_set(&e, STATUS_USAGE, "there is no command %s &&", to == from ? "before" : "behind");
            shell_complain(s, &e, text, at, at + 2, NULL);
            status = STATUS_USAGE;
        } else {
            status = run_part(s, text, &words, from, to);
        }
        from = to + 1;
    }
    error_clear(&e);
    words_free(&words);
    return status;
}

static bool must_stop(const struct shell *s, enum status status)
{
    if (s->signalled || s->out_failed || status == STATUS_NO_CONNECTION)
        return true;
    return status != STATUS_OK && !s->request->keep_going;
}

static enum status run_stream(struct shell *s, FILE *in, const char *name)
{
    char *line = NULL;
    size_t cap = 0, number = 0;
    ssize_t len;
    enum status first = STATUS_OK;
    while ((len = getline(&line, &cap, in)) >= 0) {
        enum status status;
        free(s->where);
        s->where = xasprintf("%s:%zu: ", name, ++number);
        if (len && line[len - 1] == '\n')
            line[--len] = '\0';
        if (strlen(line) != (size_t)len) {
            shell_say(s, SEV_ERROR, "the line has a NUL byte in it: this is no file of commands");
            status = STATUS_USAGE;
        } else {
            status = run_text(s, line);
        }
        first = first == STATUS_OK ? status : first;
        if (must_stop(s, status))
            break;
    }
    if (ferror(in) && !s->signalled) {
        char *text = xasprintf("%s: %s", name, strerror(errno));
        shell_say(s, SEV_ERROR, text);
        free(text);
        first = first == STATUS_OK ? STATUS_FAILED : first;
    }
    free(line);
    free(s->where);
    s->where = NULL;
    return first;
}

static enum status run_file(struct shell *s, const char *file)
{
    if (strcmp(file, "-") == 0)
        return run_stream(s, stdin, "standard input");
    FILE *in = fopen(file, "re");
    if (!in) {
        char *text = xasprintf("%s: %s", file, strerror(errno));
        shell_say(s, SEV_ERROR, text);
        free(text);
        return STATUS_FAILED;
    }
    enum status status = run_stream(s, in, file);
    fclose(in);
    return status;
}

/* ---- the door ---- */

static void no_targets(void *ctx, struct target_list *out)
{
    (void)ctx;
    (void)out;
}

static void shell_init(struct shell *s, const struct shell_request *r)
{
    *s = (struct shell){.request = r, .out_terminal = isatty(STDOUT_FILENO)};
    s->frontend = (struct frontend){.ctx = s,
                                    .default_targets = no_targets,
                                    .say = shell_say,
                                    .print = shell_print,
                                    .print_json = shell_print_json,
                                    .print_bytes = shell_print_bytes,
                                    .follow = shell_follow,
                                    .wait = shell_wait};
    s->session = (struct session){
        .options = r->options, .frontend = &s->frontend, .json = r->json, .csv = r->csv, .yes = r->yes};
}

enum status shell_run(const struct shell_request *r)
{
    struct shell s;
    shell_init(&s, r);
    shell_signals();
    enum status status = r->file ? run_file(&s, r->file) : run_words(&s, r->argc, r->argv);
    shell_flush(&s);
    if (status == STATUS_OK && (s.out_failed || s.signalled))
        status = s.out_failed ? STATUS_FAILED : STATUS_OK;
    if (status == STATUS_OK && s.partly)
        status = STATUS_NO_CONNECTION;
    vec_free(&s.jobs);
    bool ended = fleet_free(s.session.fleet);
    diagnose_forget(&s.session);
    if (!ended) {
        fflush(NULL);
        _exit((int)status);
    }
    return status;
}
