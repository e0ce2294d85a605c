/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Completion and the inline hint: finds out what the word under the cursor is, from the same rows and by the
 * same rules that command_prepare() reads it with. The candidates of each kind are in complete_kinds.c.
 */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/private.h"

/* The command under the cursor, up to the cursor. */
struct place {
    VEC(char *) words; /* before the one at the cursor */
    char *prefix;      /* the word at the cursor so far */
    size_t position;   /* where it begins in the line */
    char quote;
    bool comment;
    const struct command *command; /* NULL: the command's name is being typed, or it is unknown */
    size_t name_words;             /* how many of the words are its name */
    int option;                    /* the row's option whose value is being typed; -1 */
    size_t value_at;               /* bytes of the prefix before that value ("--filter=") */
    bool is_option;                /* an option's name is being typed */
    size_t index;                  /* of the positional word, targets counted */
};

static void place_clear(struct place *p)
{
    for (size_t i = 0; i < p->words.len; i++)
        free(p->words.items[i]);
    p->words.len = 0;
}

static void place_free(struct place *p)
{
    place_clear(p);
    vec_free(&p->words);
    free(p->prefix);
}

/* Words up to the cursor; the last one is the prefix unless a blank came after it. */
static void place_words(struct place *p, const char *line, size_t cursor)
{
    struct word_scan scan;
    word_scan_begin(&scan, line, cursor);
    p->position = cursor;
    while (word_scan_next(&scan)) {
        if (scan.is_and) {
            place_clear(p);
        } else if (scan.at >= cursor) {
            p->prefix = xstrdup(strbuf_str(&scan.text));
            p->position = scan.position;
            char first = line[scan.position];
            p->quote = scan.open && scan.open != '\\' && (first == '\'' || first == '"') ? first : '\0';
        } else {
            vec_push(&p->words, xstrdup(strbuf_str(&scan.text)));
        }
    }
    p->comment = scan.comment;
    word_scan_end(&scan);
    /* The scan leaves the loop behind a word that a blank ended right at the cursor. */
    if (!p->prefix)
        p->prefix = xstrdup("");
}

/* Which option a word names; *inside: behind its "=" or letter, where a value would begin; 0 for none. */
static int option_of(const struct command *c, const char *word, size_t *inside)
{
    bool is_long = word[1] == '-';
    size_t len = is_long ? strcspn(word + 2, "=") : 1;
    char *name = xstrndup(word + (is_long ? 2 : 1), len);
    int index = is_long == (name[0] && name[1]) ? command_option_index(c, name) : -1;
    free(name);
    size_t behind = is_long ? 2 + len + (word[2 + len] == '=') : 2;
    *inside = is_long && word[2 + len] != '=' ? 0 : word[1] ? behind : 0;
    if (!is_long && word[1] && !word[2])
        *inside = 0;
    return index;
}

static void place_arguments(struct place *p)
{
    const struct command *c = p->command;
    bool ended = false;
    int waiting = -1;
    size_t inside;
    for (size_t i = p->name_words; i < p->words.len; i++) {
        const char *w = p->words.items[i];
        if (waiting >= 0) {
            waiting = -1;
        } else if (!ended && strcmp(w, "--") == 0) {
            ended = true;
        } else if (!ended && word_is_option(c, w)) {
            int o = option_of(c, w, &inside);
            waiting = o >= 0 && c->options[o].value && inside == 0 ? o : -1;
        } else {
            p->index++;
        }
    }
    p->option = waiting;
    bool dash = strcmp(p->prefix, "-") == 0 && word_is_option(c, "-?");
    if (waiting >= 0 || ended || !(dash || word_is_option(c, p->prefix)))
        return;
    int o = option_of(c, p->prefix, &inside);
    if (o >= 0 && inside > 0 && c->options[o].value) {
        p->option = o;
        p->value_at = inside;
    } else {
        p->is_option = true;
    }
}

static void place_find(struct place *p, bool screen, const char *line, size_t cursor)
{
    size_t len = strlen(line);
    *p = (struct place){.option = -1};
    place_words(p, line, cursor < len ? cursor : len);
    if (p->comment || p->words.len == 0)
        return;
    p->command = command_of_line(screen, p->words.len, (const char *const *)p->words.items, &p->name_words);
    if (p->command && !command_is_for(p->command, screen))
        p->command = NULL;
    if (p->command)
        place_arguments(p);
}

/* Then no targets come any more. */
static bool has_policy_word(const struct place *p)
{
    for (size_t i = p->name_words + 1; i < p->words.len; i++)
        if (word_is_policy(p->words.items[i]))
            return true;
    return false;
}

/* The arguments that the positional word at the cursor may be: at most a target and two others. */
#define PLACE_MOST 3
static size_t place_specs(const struct place *p, bool screen, const struct arg_spec *specs[PLACE_MOST])
{
    struct arg_plan plan = arg_plan_of(p->command);
    size_t n = 0;
    if (!plan.target) {
        specs[0] = arg_at(&plan, p->index);
        return specs[0] != NULL;
    }
    bool many = p->command->flags & COMMAND_MANY;
    if (many && plan.fixed->kind == ARG_POLICY && has_policy_word(p)) {
        specs[0] = plan.fixed;
        return 1;
    }
    if (p->index == 0 || many)
        specs[n++] = plan.target;
    /* Behind any number of targets comes the first of the others; on the screen the target may be left out.
     */
    const struct arg_spec *next = many ? arg_at(&plan, 0) : p->index > 0 ? arg_at(&plan, p->index - 1) : NULL;
    if (next && (p->index > 0 || screen))
        specs[n++] = next;
    if (screen && !many && (next = arg_at(&plan, p->index)) != NULL && (n == 0 || specs[n - 1] != next))
        specs[n++] = next;
    return n;
}

static bool names_hosts(enum arg_kind kind)
{
    return kind == ARG_TARGET || kind == ARG_FILTER || kind == ARG_HOST || kind == ARG_DEVICE ||
           kind == ARG_ASSIGN || kind == ARG_POLICY;
}

bool completion_needs_host(bool screen, const char *line, size_t cursor)
{
    struct place p;
    const struct arg_spec *specs[PLACE_MOST];
    place_find(&p, screen, line, cursor);
    bool needs = false;
    if (p.command && p.option >= 0)
        needs = names_hosts(p.command->options[p.option].kind);
    else if (p.command && !p.is_option)
        for (size_t i = 0, n = place_specs(&p, screen, specs); i < n; i++)
            needs = needs || names_hosts(specs[i]->kind);
    place_free(&p);
    return needs;
}

static void offer_option(struct completion *c, const char *name, const char *help)
{
    char *word = xasprintf("%s%s", name[1] ? "--" : "-", name);
    bool given = false;
    for (size_t i = 0; i < c->n_given; i++)
        given = given || strcmp(c->given[i], word) == 0;
    if (!given)
        complete_offer(c, word, help);
    free(word);
}

static void offer_options(struct completion *c, const struct command *row)
{
    bool loses = row->flags & COMMAND_DESTROYS;
    for (const struct command_option *o = row->options; o->name; o++) {
        offer_option(c, o->name, o->help);
        loses = loses || o->loses;
    }
    if (loses)
        offer_option(c, "yes", "don't ask");
    if (!c->screen)
        offer_option(c, "json", "print one JSON value");
    offer_option(c, "help", "show the command's help");
}

static void offer_argument(struct completion *c, const struct place *p)
{
    const struct arg_spec *specs[PLACE_MOST];
    for (size_t i = 0, n = place_specs(p, c->screen, specs); i < n; i++)
        complete_kind(c, specs[i]->kind, specs[i]->words, ' ');
}

static void offer_value(struct completion *c, const struct place *p)
{
    const struct command_option *o = &p->command->options[p->option];
    char *before = xstrndup(p->prefix, p->value_at);
    c->before = before;
    c->prefix = p->prefix + p->value_at;
    complete_kind(c, o->kind, o->kind == ARG_WORD ? o->value : NULL, '|');
    c->before = "";
    free(before);
}

static int compare_candidates(const void *a, const void *b)
{
    return text_compare(((const struct candidate *)a)->text, ((const struct candidate *)b)->text);
}

static void drop_twins(candidate_list *l)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->len; i++) {
        if (kept && strcmp(l->items[kept - 1].text, l->items[i].text) == 0) {
            free(l->items[i].text);
            free(l->items[i].note);
        } else {
            l->items[kept++] = l->items[i];
        }
    }
    l->len = kept;
}

void command_complete(struct session *s, const char *line, size_t cursor, size_t *word_start,
                      candidate_list *out)
{
    struct place p;
    bool screen = s->frontend->screen;
    place_find(&p, screen, line, cursor);
    *word_start = p.position;
    struct completion c = {.session = s,
                           .screen = screen,
                           .out = out,
                           .prefix = p.prefix,
                           .quote = p.quote,
                           .before = "",
                           .given = (const char *const *)p.words.items,
                           .n_given = p.words.len};
    /* An option's value is the word before it: `option theme NAME`. */
    c.option = p.words.len > 1 ? p.words.items[p.words.len - 1] : NULL;
    if (p.comment)
        ;
    else if (p.words.len == 0)
        complete_commands(&c, NULL);
    else if (p.command && p.is_option)
        offer_options(&c, p.command);
    else if (p.command && p.option >= 0)
        offer_value(&c, &p);
    else if (p.command)
        offer_argument(&c, &p);
    if (p.words.len == 1 && !p.comment)
        complete_commands(&c, p.words.items[0]);
    if (out->len > 1)
        qsort(out->items, out->len, sizeof *out->items, compare_candidates);
    drop_twins(out);
    place_free(&p);
}

void candidates_free(candidate_list *l)
{
    for (size_t i = 0; i < l->len; i++) {
        free(l->items[i].text);
        free(l->items[i].note);
    }
    vec_free(l);
}

/* ---- the hint ---- */

/* The usage with <angle brackets> around what is being typed. */
static void hint_usage(struct strbuf *out, const struct command *c, const struct arg_spec *at,
                       const struct command_option *typed)
{
    strbuf_puts(out, c->name);
    for (const struct arg_spec *a = c->args; a->kind != ARG_END; a++) {
        const char *dots = a->repeat ? "..." : "";
        if (at && a == at)
            strbuf_printf(out, " <%s%s>", a->name, dots);
        else
            strbuf_printf(out, a->optional ? " [%s%s]" : " %s%s", a->name, dots);
    }
    for (const struct command_option *o = c->options; o->name; o++) {
        const char *dashes = o->name[1] ? "--" : "-";
        if (typed && o == typed)
            strbuf_printf(out, " %s%s <%s>", dashes, o->name, o->value);
        else
            strbuf_printf(out, " [%s%s%s%s]", dashes, o->name, o->value ? " " : "", o->value ? o->value : "");
    }
}

static const char *option_help(const struct place *p)
{
    size_t inside;
    int o = p->is_option ? option_of(p->command, p->prefix, &inside) : p->option;
    return o >= 0 ? p->command->options[o].help : NULL;
}

static void hint_place(struct strbuf *out, const struct place *p, bool screen)
{
    const struct arg_spec *specs[PLACE_MOST];
    const struct arg_spec *at = NULL;
    const char *help = option_help(p);
    size_t n = place_specs(p, screen, specs);
    /* The last one is what a person who names a target types next. */
    if (!p->is_option && p->option < 0 && n)
        at = specs[p->index == 0 ? 0 : n - 1];
    if (at)
        help = at->help;
    hint_usage(out, p->command, at, p->option < 0 ? NULL : &p->command->options[p->option]);
    if (help || p->command->args[0].kind == ARG_END)
        strbuf_printf(out, "   %s", help ? help : p->command->summary);
}

/* The command whose name the word being typed completes; NULL. */
static const struct command *place_named(const struct place *p, bool screen)
{
    const char *words[2];
    size_t n = 0, taken;
    if (p->comment || p->words.len > 1 || !p->prefix[0])
        return NULL;
    if (p->words.len)
        words[n++] = p->words.items[0];
    words[n++] = p->prefix;
    const struct command *c = command_of_line(screen, n, words, &taken);
    return c && taken == n && command_is_for(c, screen) ? c : NULL;
}

char *command_hint(struct session *s, const char *line, size_t cursor)
{
    struct place p;
    struct strbuf out = {0};
    bool screen = s->frontend->screen;
    place_find(&p, screen, line, cursor);
    const struct command *named = place_named(&p, screen);
    if (named) {
        hint_usage(&out, named, NULL, NULL);
        strbuf_printf(&out, "   %s", named->summary);
    } else if (p.command) {
        hint_place(&out, &p, screen);
    }
    place_free(&p);
    return strbuf_steal(&out);
}
