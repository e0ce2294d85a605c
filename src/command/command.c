/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rows: finding them, their usage, running a call of one.
 */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/private.h"

const char *list_next(const char **list, char sep, size_t *len)
{
    const char *p = *list;
    while (*p == sep)
        p++;
    if (!*p)
        return NULL;
    const char *end = strchr(p, sep);
    *len = end ? (size_t)(end - p) : strlen(p);
    *list = p + *len;
    return p;
}

bool list_has(const char *list, char sep, const char *item)
{
    size_t len;
    for (const char *p; list && (p = list_next(&list, sep, &len)) != NULL;)
        if (strlen(item) == len && memcmp(p, item, len) == 0)
            return true;
    return false;
}

const struct command *command_next(size_t *i)
{
    size_t skip = *i;
    for (const struct command_table *const *t = command_tables; *t; t++) {
        if (skip < (*t)->n) {
            (*i)++;
            return &(*t)->rows[skip];
        }
        skip -= (*t)->n;
    }
    return NULL;
}

bool command_is_for(const struct command *c, bool screen)
{
    return !(c->flags & (screen ? COMMAND_SHELL : COMMAND_SCREEN));
}

bool command_is_called(const struct command *c, const char *name)
{
    return strcmp(c->name, name) == 0 || list_has(c->alias, ' ', name);
}

const struct command *command_find(const char *name)
{
    size_t i = 0;
    for (const struct command *c; (c = command_next(&i)) != NULL;)
        if (command_is_called(c, name))
            return c;
    return NULL;
}

const struct command *command_find_for(bool screen, const char *name)
{
    const struct command *both = NULL, *other = NULL;
    size_t i = 0;
    for (const struct command *c; (c = command_next(&i)) != NULL;) {
        if (!command_is_called(c, name))
            continue;
        if (c->flags & (screen ? COMMAND_SCREEN : COMMAND_SHELL))
            return c;
        if (command_is_for(c, screen))
            both = both ? both : c;
        else
            other = c;
    }
    return both ? both : other;
}

const struct command *command_of_line(bool screen, size_t n, const char *const *words, size_t *name_words)
{
    const struct command *c = NULL;
    *name_words = 2;
    if (n > 1 && words[1][0]) {
        char *both = xasprintf("%s %s", words[0], words[1]);
        c = command_find_for(screen, both);
        free(both);
    }
    if (!c && n > 0) {
        *name_words = 1;
        /* Where a name has a blank, it was quoted: it is one word and no command. */
        c = strchr(words[0], ' ') ? NULL : command_find_for(screen, words[0]);
    }
    return c;
}

const struct command *command_find_in(bool screen, const char *line, size_t *len)
{
    word_list words = {0};
    const char *names[2];
    size_t taken = 0;
    struct word_scan scan;
    const struct command *c = NULL;
    word_scan_begin(&scan, line, strlen(line));
    while (words.len < 2 && word_scan_next(&scan) && !scan.is_and) {
        struct word w = {xstrdup(strbuf_str(&scan.text)), (int)scan.at};
        vec_push(&words, w);
    }
    word_scan_end(&scan);
    for (size_t i = 0; i < words.len; i++)
        names[i] = words.items[i].text;
    c = command_of_line(screen, words.len, names, &taken);
    if (c && len)
        *len = (size_t)words.items[taken - 1].position;
    words_free(&words);
    return c;
}

const char *command_second_word(const struct command *c, const char *first)
{
    size_t len = strlen(first);
    return strncmp(c->name, first, len) == 0 && c->name[len] == ' ' ? c->name + len + 1 : NULL;
}

int command_option_index(const struct command *c, const char *name)
{
    for (int i = 0; c->options[i].name; i++)
        if (strcmp(c->options[i].name, name) == 0)
            return i;
    return -1;
}

const char *call_option(const struct call *call, const char *name)
{
    int i = command_option_index(call->command, name);
    return i < 0 ? NULL : call->option[i];
}

static void usage_arg(struct strbuf *out, const struct arg_spec *a)
{
    const char *name = a->kind == ARG_WORD && a->words && !a->name ? a->words : a->name;
    strbuf_printf(out, a->optional ? " [%s]" : " %s", name);
    if (a->repeat)
        strbuf_puts(out, "...");
}

static void usage_option(struct strbuf *out, const struct command_option *o)
{
    strbuf_printf(out, " [%s%s", o->name[1] ? "--" : "-", o->name);
    if (o->value)
        strbuf_printf(out, " %s", o->value);
    strbuf_putc(out, ']');
}

char *command_usage(const struct command *c)
{
    struct strbuf out = {0};
    strbuf_puts(&out, c->name);
    for (const struct arg_spec *a = c->args; a->kind != ARG_END; a++)
        usage_arg(&out, a);
    for (const struct command_option *o = c->options; o->name; o++)
        usage_option(&out, o);
    if (c->flags & COMMAND_DESTROYS)
        strbuf_puts(&out, " [--yes]");
    return strbuf_steal(&out);
}

struct arg_plan arg_plan_of(const struct command *c)
{
    struct arg_plan plan = {.fixed = c->args};
    if ((c->flags & COMMAND_TARGETS) && c->args[0].kind == ARG_TARGET) {
        plan.target = &c->args[0];
        plan.fixed++;
    }
    for (const struct arg_spec *a = plan.fixed; a->kind != ARG_END; a++) {
        if (!a->optional)
            plan.required++;
        plan.most = a->repeat ? SIZE_MAX : plan.most + 1;
    }
    return plan;
}

const struct arg_spec *arg_at(const struct arg_plan *plan, size_t i)
{
    for (const struct arg_spec *a = plan->fixed; a->kind != ARG_END; a++, i--)
        if (i == 0 || a->repeat)
            return a;
    return NULL;
}

char *call_loses(const struct call *call)
{
    struct strbuf out = {0};
    const struct command *c = call->command;
    const char *now = c->loses_now ? c->loses_now(call) : NULL;
    if (call_option(call, "dry-run"))
        return NULL;
    if (c->flags & COMMAND_DESTROYS)
        strbuf_puts(&out, c->loses ? c->loses : c->summary);
    if (now)
        strbuf_printf(&out, "%s%s", out.len ? "; " : "", now);
    for (int i = 0; c->options[i].name; i++)
        if (call->option[i] && c->options[i].loses)
            strbuf_printf(&out, "%s%s", out.len ? "; " : "", c->options[i].loses);
    if (out.len)
        return strbuf_steal(&out);
    strbuf_free(&out);
    return NULL;
}

/* All that OPT_CONFIRM lets through on the screen; in the shell a script must mean the same for everyone. */
static bool wants_question(const struct call *call, bool loses)
{
    const struct session *s = call->session;
    if (call->yes || s->yes)
        return false;
    if (!s->frontend->screen)
        return loses;
    const char *confirm = opt_text(s->options, OPT_CONFIRM);
    if (strcmp(confirm, "none") == 0)
        return false;
    return loses || (strcmp(confirm, "all") == 0 && (call->command->flags & COMMAND_CHANGES));
}

#define QUESTION_NAMES 5

static void name_targets(struct strbuf *out, const struct target_list *l)
{
    if (l->len == 1) {
        strbuf_printf(out, " %s", l->items[0].name);
        return;
    }
    if (l->len == 0)
        return;
    strbuf_printf(out, " %zu domains (", l->len);
    for (size_t i = 0; i < l->len && i < QUESTION_NAMES; i++)
        strbuf_printf(out, "%s%s", i ? ", " : "", l->items[i].name);
    if (l->len > QUESTION_NAMES)
        strbuf_printf(out, " and %zu more", l->len - QUESTION_NAMES);
    strbuf_putc(out, ')');
}

char *command_question(const struct call *call, const char **typed)
{
    char *loses = call_loses(call);
    *typed = NULL;
    if (!wants_question(call, loses != NULL)) {
        free(loses);
        return NULL;
    }
    struct strbuf out = {0};
    strbuf_puts(&out, call->command->name);
    name_targets(&out, &call->targets);
    strbuf_putc(&out, '?');
    if (loses)
        strbuf_printf(&out, " %c%s.", loses[0] >= 'a' && loses[0] <= 'z' ? loses[0] - 'a' + 'A' : loses[0],
                      loses + 1);
    if (call->command->flags & COMMAND_TYPE_NAME)
        *typed = call->targets.len == 1 ? call->targets.items[0].name : call->command->name;
    free(loses);
    return strbuf_steal(&out);
}

bool command_run(struct call *call, struct error *e)
{
    return call->command->run(call, e);
}

void call_free(struct call *call)
{
    if (!call)
        return;
    target_list_free(&call->targets);
    for (size_t i = 0; i < call->words.len; i++)
        free(call->words.items[i]);
    vec_free(&call->words);
    for (size_t i = 0; i < COMMAND_MAX_OPTIONS; i++)
        free(call->option[i]);
    free(call);
}
