/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words to a call: finds the row, tells options from words and targets, checks each by its kind. All that can
 * be said without a host is said first, so that a typo never waits for a connection.
 */
#include <stdarg.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "autostart/policy.h"
#include "base/nearest.h"
#include "command/command.h"
#include "command/private.h"
#include "model/column.h"
#include "model/uuid.h"

struct parse {
    bool screen;
    int argc;
    const char *const *argv;
    const struct command *command;
    int name_words; /* of argv */
    struct call *call;
    struct arg_plan plan;
    VEC(int) positional; /* indices into argv */
    struct error *e;
};

static bool refuse(struct parse *p, int at, const char *fmt, ...) ATTR_PRINTF(3, 4);
static bool refuse(struct parse *p, int at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    error_set_at(p->e, STATUS_USAGE, at, "%s: %s", p->command->name, text);
    free(text);
    return false;
}

static const struct command *find_command(bool screen, size_t n, const char *const *words, int *name_words,
                                          struct error *e)
{
    size_t taken;
    const struct command *c = command_of_line(screen, n, words, &taken);
    *name_words = (int)taken;
    if (c && !command_is_for(c, screen)) {
        error_set_at(e, STATUS_USAGE, 0, screen ? "%s is for the shell" : "%s is for the screen",
                     taken > 1 ? c->name : words[0]);
        return NULL;
    }
    if (c)
        return c;
    struct nearest near = nearest_to(words[0]);
    size_t i = 0;
    for (const struct command *row; (row = command_next(&i)) != NULL;)
        if (command_is_for(row, screen) && !(row->flags & COMMAND_HIDDEN))
            nearest_offer(&near, row->name);
    char *hint = nearest_hint(&near);
    error_set_at(e, STATUS_USAGE, 0, "there is no command \"%s\"%s; `help` lists them", words[0], hint);
    free(hint);
    return NULL;
}

/* ---- words by their kind ---- */

static bool check_choice(struct parse *p, int at, const char *name, const char *choices, char sep,
                         const char *text)
{
    if (!choices || list_has(choices, sep, text))
        return true;
    struct strbuf known = {0};
    size_t len;
    for (const char *item; (item = list_next(&choices, sep, &len)) != NULL;) {
        strbuf_puts(&known, known.len ? ", " : "");
        strbuf_add(&known, item, len);
    }
    refuse(p, at, "%s can't be \"%s\": it is one of %s", name, text, strbuf_str(&known));
    strbuf_free(&known);
    return false;
}

static bool check_number(struct parse *p, int at, const char *name, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(value))
        return true;
    return refuse(p, at, "%s is a number, not \"%s\"", name, text);
}

/* Runs a checker of the model, whose message gets the command in front and the word's place. */
static bool checked(struct parse *p, int at, bool good)
{
    if (good)
        return true;
    error_prefix(p->e, "%s", p->command->name);
    if (p->e) {
        p->e->status = STATUS_USAGE;
        p->e->position = at;
    }
    return false;
}

static bool check_columns(struct parse *p, int at, const char *text)
{
    column_list list = {0};
    bool good = column_parse_list(text, &list, p->e);
    vec_free(&list);
    return checked(p, at, good);
}

static bool check_filter(struct parse *p, int at, const char *text)
{
    struct error e = ERROR_INIT;
    struct filter *f = filter_compile(text, &e);
    bool good = f || e.status == STATUS_OK;
    filter_free(f);
    if (!good && p->e)
        error_move(p->e, &e);
    error_clear(&e);
    return checked(p, at, good);
}

static bool check_option_name(struct parse *p, int at, const char *text)
{
    if (option_find(text))
        return true;
    struct nearest near = nearest_to(text);
    for (size_t i = 0; i < OPT_COUNT; i++)
        nearest_offer(&near, option_rows[i].name);
    char *hint = nearest_hint(&near);
    refuse(p, at, "there is no option \"%s\"%s", text, hint);
    free(hint);
    return false;
}

/* The words from there on, or the one there, are the name of one command. */
static bool check_command_name(struct parse *p, size_t from, bool repeat)
{
    struct error e = ERROR_INIT;
    VEC(const char *) words = {0};
    size_t taken = 0;
    for (size_t i = from; i < (repeat ? p->positional.len : from + 1); i++)
        vec_push(&words, p->argv[p->positional.items[i]]);
    int at = p->positional.items[from], ignored;
    const struct command *c = command_of_line(p->screen, words.len, words.items, &taken);
    bool good = c && taken == words.len;
    if (!c) {
        find_command(p->screen, words.len, words.items, &ignored, &e);
        refuse(p, at, "%s", error_text(&e));
    } else if (!good) {
        refuse(p, p->positional.items[from + taken], "there is no command \"%s %s\"", c->name,
               words.items[taken]);
    }
    vec_free(&words);
    error_clear(&e);
    return good;
}

static bool check_policy_word(struct parse *p, int at, const char *text)
{
    struct policy policy;
    policy_init(&policy);
    bool good = policy_set_words(&policy, 1, &text, p->e);
    policy_free(&policy);
    return checked(p, at, good);
}

static bool check_word(struct parse *p, int at, enum arg_kind kind, const char *name, const char *choices,
                       char sep, const char *text)
{
    if (kind != ARG_WORD && choices && list_has(choices, sep, text))
        return true; /* a column, say, or one of these words */
    switch (kind) {
    case ARG_WORD:
        return check_choice(p, at, name, choices, sep, text);
    case ARG_NUMBER:
        return check_number(p, at, name, text);
    case ARG_COLUMN:
    case ARG_COLUMNS:
        return check_columns(p, at, text);
    case ARG_SORT:
        return check_columns(p, at, text[0] == '-' ? text + 1 : text);
    case ARG_FILTER:
        return check_filter(p, at, text);
    case ARG_OPTION:
        return check_option_name(p, at, text);
    case ARG_POLICY:
        return check_policy_word(p, at, text);
    default:
        return true;
    }
}

/* ---- options ---- */

/* Words like -5 or -cpu are no options where the row takes such words. */
static bool takes_dashes(const struct command *c)
{
    for (const struct arg_spec *a = c->args; a->kind != ARG_END; a++)
        if (a->kind == ARG_SORT || a->kind == ARG_NUMBER || a->kind == ARG_TEXT || a->kind == ARG_COLUMNS)
            return true;
    return false;
}

bool word_is_option(const struct command *c, const char *w)
{
    if (w[0] != '-' || w[1] == '\0')
        return false;
    if (w[1] == '-')
        return true;
    char letter[2] = {w[1], '\0'};
    return command_option_index(c, letter) >= 0 || !takes_dashes(c);
}

static bool no_such_option(struct parse *p, int at, const char *name)
{
    struct nearest near = nearest_to(name);
    for (const struct command_option *o = p->command->options; o->name; o++)
        nearest_offer(&near, o->name);
    const char *dashes = near.best && near.best[1] ? "--" : "-";
    return refuse(p, at, "there is no option %s%s%s%s%s", p->argv[at], near.best ? " (did you mean " : "",
                  near.best ? dashes : "", near.best ? near.best : "", near.best ? "?)" : "");
}

/* Those that every command has. */
static bool common_option(struct parse *p, const char *name, size_t len)
{
    if (len == 3 && memcmp(name, "yes", 3) == 0)
        p->call->yes = true;
    else if (len == 4 && memcmp(name, "json", 4) == 0 && !p->screen)
        p->call->json = true;
    else
        return false;
    return true;
}

/* The option at argv[*i]; *i moves over its value. */
static bool parse_option(struct parse *p, int *i)
{
    const char *word = p->argv[*i];
    int at = *i;
    bool is_long = word[1] == '-';
    const char *name = word + (is_long ? 2 : 1);
    size_t len = is_long ? strcspn(name, "=") : 1;
    const char *value = is_long ? (name[len] ? name + len + 1 : NULL) : (name[1] ? name + 1 : NULL);
    char *key = xstrndup(name, len);
    int index = command_option_index(p->command, key);
    bool good = true;
    /* -n and --name differ: "--n" is no way to write a one-letter option. */
    if (index >= 0 && is_long == (p->command->options[index].name[1] == '\0'))
        index = -1;
    if (index < 0) {
        good = (is_long && !value && common_option(p, name, len)) || no_such_option(p, at, key);
        free(key);
        return good;
    }
    free(key);
    const struct command_option *o = &p->command->options[index];
    if (!o->value && value)
        return refuse(p, at, "%.*s takes no value", (int)(name - word) + (int)len, word);
    if (o->value && !value && *i + 1 < p->argc)
        value = p->argv[++*i];
    if (o->value && !value)
        return refuse(p, p->argc, "%s wants %s", word, o->value);
    if (o->value && !check_word(p, *i, o->kind, word, o->kind == ARG_WORD ? o->value : NULL, '|', value))
        return false;
    free(p->call->option[index]);
    p->call->option[index] = xstrdup(o->value ? value : "");
    return true;
}

static bool parse_words(struct parse *p)
{
    bool ended = false;
    for (int i = p->name_words; i < p->argc; i++) {
        if (!ended && strcmp(p->argv[i], "--") == 0) {
            ended = true;
        } else if (!ended && word_is_option(p->command, p->argv[i])) {
            if (!parse_option(p, &i))
                return false;
        } else {
            vec_push(&p->positional, i);
        }
    }
    return true;
}

/* ---- which words are targets ---- */

enum split { SPLIT_KNOWN, SPLIT_OPEN };

/* Nothing else looks like one: when that domain is gone, the line is not about another one. */
static bool is_uuid(const char *word)
{
    struct vm_uuid uuid;
    return strlen(word) == 36 && uuid_parse(word, &uuid);
}

/* Behind the targets come words of a policy: they say by themselves where they begin. Where none of them
 * does, the last word was to be one. */
static size_t count_policy_targets(const struct parse *p)
{
    size_t have = p->positional.len;
    for (size_t i = p->screen ? 0 : 1; i < have; i++)
        if (word_is_policy(p->argv[p->positional.items[i]]))
            return i;
    if (have == 1 && !p->screen)
        return word_is_policy(p->argv[p->positional.items[0]]) ? 0 : 1;
    return have > p->plan.required ? have - p->plan.required : 0;
}

/* How many of the positional words are targets. SPLIT_OPEN: the first may be one or not (only on the screen,
 * where it may be left out): the domains there are decide. */
static enum split split_targets(const struct parse *p, size_t *n)
{
    size_t have = p->positional.len;
    *n = 0;
    if (!p->plan.target)
        return SPLIT_KNOWN;
    bool may_lack = p->screen || p->plan.target->optional;
    if (p->command->flags & COMMAND_MANY) {
        if (p->plan.fixed->kind == ARG_POLICY)
            *n = count_policy_targets(p);
        else if (have > p->plan.required)
            *n = have - p->plan.required;
        return SPLIT_KNOWN;
    }
    if (!may_lack || have > p->plan.most) {
        *n = have ? 1 : 0;
        return SPLIT_KNOWN;
    }
    *n = have > p->plan.required;
    return *n && p->screen && !is_uuid(p->argv[p->positional.items[0]]) ? SPLIT_OPEN : SPLIT_KNOWN;
}

/* Where the one word was to be the second one of a command's name; the caller frees. */
static char *second_word_hint(const struct parse *p)
{
    struct nearest near = nearest_to(p->argc > p->name_words ? p->argv[p->name_words] : "");
    size_t i = 0;
    for (const struct command *c; p->argc == 2 && (c = command_next(&i)) != NULL;)
        if (command_is_for(c, p->screen))
            nearest_offer(&near, command_second_word(c, p->command->name));
    return nearest_hint(&near);
}

static bool check_counts(struct parse *p, size_t n_targets)
{
    size_t rest = p->positional.len - n_targets;
    if (p->plan.target && n_targets == 0 && !p->screen && !p->plan.target->optional)
        return refuse(p, p->argc, "%s is missing: which domain?", p->plan.target->name);
    if (rest < p->plan.required) {
        char *hint = second_word_hint(p);
        refuse(p, p->argc, "%s is missing%s", arg_at(&p->plan, rest)->name, hint);
        free(hint);
        return false;
    }
    if (rest > p->plan.most && p->positional.items) {
        int at = p->positional.items[n_targets + p->plan.most];
        return refuse(p, at, "\"%s\" is one word too many", p->argv[at]);
    }
    return true;
}

static bool check_rest(struct parse *p, size_t n_targets)
{
    if (!check_counts(p, n_targets))
        return false;
    for (size_t i = n_targets; i < p->positional.len; i++) {
        int at = p->positional.items[i];
        const struct arg_spec *a = arg_at(&p->plan, i - n_targets);
        /* The words of one filter make sense only together. */
        if (a->kind == ARG_FILTER && a->repeat)
            continue;
        if (a->kind == ARG_COMMAND && !list_has(a->words, ' ', p->argv[at])) {
            if (!check_command_name(p, i, a->repeat))
                return false;
            if (a->repeat)
                return true;
            continue;
        }
        if (!check_word(p, at, a->kind, a->name, a->words, ' ', p->argv[at]))
            return false;
    }
    return true;
}

/* ---- joining it ---- */

static bool parse_begin(struct parse *p)
{
    if (p->argc < 1 || !p->argv[0] || !p->argv[0][0]) {
        error_set_at(p->e, STATUS_USAGE, 0, "there is no command; `help` lists them");
        return false;
    }
    p->command = find_command(p->screen, (size_t)p->argc, p->argv, &p->name_words, p->e);
    if (!p->command)
        return false;
    p->plan = arg_plan_of(p->command);
    p->call = xcalloc(1, sizeof *p->call);
    p->call->command = p->command;
    return parse_words(p);
}

/* `start --help` is `help start`, wherever it stands: how many words that are; 0: it does not. */
static int asks_for_help(int argc, const char *const *argv, bool screen, const char *words[3])
{
    const struct command *help = command_find_for(screen, "help");
    size_t taken;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") != 0 || !help || !command_is_for(help, screen) ||
            !command_of_line(screen, (size_t)argc, argv, &taken))
            continue;
        words[0] = "help";
        for (size_t w = 0; w < taken; w++)
            words[w + 1] = argv[w];
        return (int)taken + 1;
    }
    return 0;
}

bool command_check(bool screen, int argc, const char *const *argv, struct error *e)
{
    const char *help[3];
    struct parse p = {.screen = screen, .argc = argc, .argv = argv, .e = e};
    size_t n = 0;
    int asked = asks_for_help(argc, argv, screen, help);
    if (asked) {
        p.argc = asked;
        p.argv = help;
    }
    bool good = parse_begin(&p);
    if (good && split_targets(&p, &n) == SPLIT_OPEN) {
        struct parse without = p;
        without.e = NULL;
        n = check_rest(&without, 0) ? 0 : 1;
    }
    good = good && check_rest(&p, n);
    vec_free(&p.positional);
    call_free(p.call);
    return good;
}

static bool resolve_targets(struct parse *p, size_t n_targets)
{
    struct call *call = p->call;
    for (size_t i = 0; i < n_targets; i++) {
        int at = p->positional.items[i];
        if (!targets_resolve(call->session->fleet, p->argv[at], &call->targets, p->e)) {
            error_prefix(p->e, "%s", p->command->name);
            if (p->e)
                p->e->position = at;
            return false;
        }
    }
    const struct frontend *f = call->session->frontend;
    if (p->plan.target && n_targets == 0 && p->screen && !p->plan.target->optional) {
        f->default_targets(f->ctx, &call->targets);
        if (call->targets.len == 0)
            return refuse(p, p->argc, "no domain is selected, and none is named");
    }
    if (call->targets.len > 1 && !(p->command->flags & COMMAND_MANY))
        return refuse(p, n_targets ? p->positional.items[0] : p->argc, "takes one domain, and these are %zu",
                      call->targets.len);
    return true;
}

/* THE read-only check: nothing that changes gets past it. */
static bool check_read_only(const struct session *s, const struct call *call, struct error *e)
{
    if (!(call->command->flags & COMMAND_CHANGES))
        return true;
    if (s->options && opt_bool(s->options, OPT_READ_ONLY))
        return error_set(e, STATUS_FAILED,
                         "%s is refused: virtdeck is read-only (-r, or the option read-only)",
                         call->command->name);
    for (size_t i = 0; s->fleet && i < call->targets.len; i++) {
        struct snapshot *snap = fleet_snapshot(s->fleet, call->targets.items[i].host);
        bool read_only = snap->host.read_only;
        if (read_only)
            error_set(e, STATUS_FAILED, "%s %s: host %s is open read-only, nothing on it can be changed",
                      call->command->name, call->targets.items[i].name, snap->host.name);
        snapshot_unref(snap);
        if (read_only)
            return false;
    }
    return true;
}

/* Where the first word may be a target or not: it is one when it names a domain. */
static size_t settle_split(struct parse *p, size_t n)
{
    struct target_list found = {0};
    struct parse without = *p;
    without.e = NULL;
    bool names = targets_resolve(p->call->session->fleet, p->argv[p->positional.items[0]], &found, NULL);
    target_list_free(&found);
    return names || !check_rest(&without, 0) ? n : 0;
}

static bool parse_finish(struct parse *p)
{
    size_t n;
    if (split_targets(p, &n) == SPLIT_OPEN)
        n = settle_split(p, n);
    if (!check_rest(p, n) || !resolve_targets(p, n))
        return false;
    for (size_t i = n; i < p->positional.len; i++)
        vec_push(&p->call->words, xstrdup(p->argv[p->positional.items[i]]));
    return check_read_only(p->call->session, p->call, p->e);
}

struct call *command_prepare(struct session *s, int argc, const char *const *argv, struct error *e)
{
    const char *help[3];
    struct parse p = {.screen = s->frontend->screen, .argc = argc, .argv = argv, .e = e};
    int asked = asks_for_help(argc, argv, p.screen, help);
    if (asked) {
        p.argc = asked;
        p.argv = help;
    }
    bool good = parse_begin(&p);
    if (good) {
        p.call->session = s;
        p.call->json = p.call->json || s->json;
        good = parse_finish(&p);
    }
    vec_free(&p.positional);
    if (good)
        return p.call;
    call_free(p.call);
    return NULL;
}
