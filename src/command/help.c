/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `help`: the commands, or one of them, from the rows.
 */
#include <stdlib.h>
#include <string.h>

#include "command/cli.h"
#include "command/query.h"

#define HELP_WIDTH 78

/* Words of a paragraph, lines broken. The texts are our own ASCII. */
static void wrap(struct strbuf *out, const char *indent, const char *text)
{
    size_t column = 0, len;
    for (const char *word; (word = list_next(&text, ' ', &len)) != NULL;) {
        if (column && column + 1 + len > HELP_WIDTH) {
            strbuf_putc(out, '\n');
            column = 0;
        }
        strbuf_puts(out, column ? " " : indent);
        column += column ? 1 : strlen(indent);
        strbuf_add(out, word, len);
        column += len;
    }
    strbuf_putc(out, '\n');
}

static void list_commands(struct strbuf *out, bool screen_only)
{
    size_t i = 0;
    for (const struct command *c; (c = command_next(&i)) != NULL;)
        if (!(c->flags & COMMAND_HIDDEN) && screen_only == ((c->flags & COMMAND_SCREEN) != 0))
            strbuf_printf(out, "  %-16s  %s\n", c->name, c->summary);
}

static bool any_screen_command(void)
{
    size_t i = 0;
    for (const struct command *c; (c = command_next(&i)) != NULL;)
        if (c->flags & COMMAND_SCREEN)
            return true;
    return false;
}

static void help_all(struct strbuf *out, bool screen)
{
    if (!screen) {
        cli_usage(out);
        strbuf_putc(out, '\n');
    }
    strbuf_puts(out, "Commands:\n");
    list_commands(out, false);
    if (any_screen_command()) {
        strbuf_puts(out, "\nOn the screen only:\n");
        list_commands(out, true);
    }
    strbuf_puts(out, "\n`help COMMAND` explains one.\n");
}

static void help_argument(struct strbuf *out, const char *name, const char *value, const char *help)
{
    char *left = xasprintf("%s%s%s", name, value ? " " : "", value ? value : "");
    strbuf_printf(out, "  %-22s  %s\n", left, help ? help : "");
    free(left);
}

static void help_options(struct strbuf *out, const struct command *c)
{
    bool loses = c->flags & COMMAND_DESTROYS;
    for (const struct command_option *o = c->options; o->name; o++) {
        char *name = xasprintf("%s%s", o->name[1] ? "--" : "-", o->name);
        help_argument(out, name, o->value, o->help);
        free(name);
        loses = loses || o->loses;
    }
    if (loses)
        help_argument(out, "--yes", NULL, "don't ask; in the shell nothing is lost without it");
}

static void help_command(struct strbuf *out, const struct command *c)
{
    char *usage = command_usage(c);
    strbuf_printf(out, "usage: %s\n\n", usage);
    free(usage);
    char first =
        c->summary[0] >= 'a' && c->summary[0] <= 'z' ? (char)(c->summary[0] - 'a' + 'A') : c->summary[0];
    char *text =
        xasprintf("%c%s.%s%s", first, c->summary + 1, c->detail ? " " : "", c->detail ? c->detail : "");
    wrap(out, "", text);
    free(text);
    if (c->alias)
        strbuf_printf(out, "\nAlso called: %s\n", c->alias);
    if (c->args[0].kind != ARG_END || c->options[0].name)
        strbuf_putc(out, '\n');
    for (const struct arg_spec *a = c->args; a->kind != ARG_END; a++)
        help_argument(out, a->name, NULL, a->help);
    help_options(out, c);
}

static json_object *help_json(void)
{
    json_object *array = json_object_new_array();
    size_t i = 0;
    for (const struct command *c; (c = command_next(&i)) != NULL;) {
        if (c->flags & COMMAND_HIDDEN)
            continue;
        char *usage = command_usage(c);
        json_object *o = json_object_new_object();
        json_object_object_add(o, "name", json_text(c->name));
        json_object_object_add(o, "usage", json_text(usage));
        json_object_object_add(o, "summary", json_text(c->summary));
        json_object_object_add(o, "screen", json_object_new_boolean(command_is_for(c, true)));
        json_object_object_add(o, "shell", json_object_new_boolean(command_is_for(c, false)));
        json_object_array_add(array, o);
        free(usage);
    }
    return array;
}

static const struct generator {
    const char *option;
    void (*generate)(struct strbuf *out);
} generators[] = {{"man", generate_commands_man},        {"options-man", generate_options_man},
                  {"columns-man", generate_columns_man}, {"fields-man", generate_fields_man},
                  {"policy-man", generate_policy_man},   {"limits-man", generate_limits_man},
                  {"keys-man", generate_keys_man}};

static const struct generator *generator_of(const struct call *call)
{
    for (size_t i = 0; i < ARRAY_LEN(generators); i++)
        if (call_option(call, generators[i].option))
            return &generators[i];
    return NULL;
}

bool help_run(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    const char *shell = call_option(call, "completion");
    size_t taken;
    struct strbuf out = {0};
    (void)e;
    if (call->json) {
        f->print_json(f->ctx, help_json());
        return true;
    }
    const struct generator *g = generator_of(call);
    if (g)
        g->generate(&out);
    else if (shell)
        generate_completion(&out, shell);
    else if (call->words.len)
        help_command(&out, command_of_line(f->screen, call->words.len, (const char *const *)call->words.items,
                                           &taken));
    else
        help_all(&out, f->screen);
    f->print(f->ctx, strbuf_str(&out));
    strbuf_free(&out);
    return true;
}
