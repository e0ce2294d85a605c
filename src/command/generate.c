/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Texts made from the tables for other programs: roff for the manual, completion scripts for shells.
 */
#include <stdlib.h>
#include <string.h>

#include "command/query.h"
#include "model/column.h"

/* ---- roff ---- */

void roff(struct strbuf *out, const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        strbuf_puts(out, "\\&");
    for (const char *p = text; *p; p++) {
        if (*p == '\\')
            strbuf_puts(out, "\\e");
        else if (*p == '-')
            strbuf_puts(out, "\\-");
        else if (*p == '\'')
            strbuf_puts(out, "\\(aq");
        else
            strbuf_putc(out, *p);
    }
}

/* A sentence a line, as roff wants it. */
static void roff_prose(struct strbuf *out, const char *text)
{
    for (const char *end; *text; text = end) {
        end = strstr(text, ". ");
        size_t len = end ? (size_t)(end + 1 - text) : strlen(text);
        char *sentence = xstrndup(text, len);
        roff(out, sentence);
        strbuf_putc(out, '\n');
        free(sentence);
        end = text + len + strspn(text + len, " ");
    }
}

static void roff_sentence(struct strbuf *out, const char *text)
{
    struct strbuf whole = {0};
    char first = text[0] >= 'a' && text[0] <= 'z' ? (char)(text[0] - 'a' + 'A') : text[0];
    strbuf_printf(&whole, "%c%s.", first, text + 1);
    roff_prose(out, strbuf_str(&whole));
    strbuf_free(&whole);
}

static void roff_argument(struct strbuf *out, const struct arg_spec *a)
{
    strbuf_puts(out, a->optional ? " [\\fI" : " \\fI");
    roff(out, a->name);
    strbuf_printf(out, "\\fP%s%s", a->repeat ? "..." : "", a->optional ? "]" : "");
}

static void roff_option_name(struct strbuf *out, const struct command_option *o)
{
    strbuf_printf(out, "\\fB%s", o->name[1] ? "\\-\\-" : "\\-");
    roff(out, o->name);
    strbuf_puts(out, "\\fP");
    if (o->value) {
        strbuf_puts(out, " \\fI");
        roff(out, o->value);
        strbuf_puts(out, "\\fP");
    }
}

static void roff_options(struct strbuf *out, const struct command *c)
{
    if (!c->options[0].name)
        return;
    strbuf_puts(out, ".RS\n");
    for (const struct command_option *o = c->options; o->name; o++) {
        strbuf_puts(out, ".TP\n");
        roff_option_name(out, o);
        strbuf_putc(out, '\n');
        roff_sentence(out, o->help);
        if (o->loses) {
            strbuf_puts(out, "Wants \\fB\\-\\-yes\\fP: ");
            roff(out, o->loses);
            strbuf_puts(out, ".\n");
        }
    }
    strbuf_puts(out, ".RE\n");
}

static void roff_command(struct strbuf *out, const struct command *c)
{
    strbuf_puts(out, ".TP\n\\fB");
    roff(out, c->name);
    strbuf_puts(out, "\\fP");
    for (const struct arg_spec *a = c->args; a->kind != ARG_END; a++)
        roff_argument(out, a);
    if (c->options[0].name)
        strbuf_puts(out, " [\\fIoption\\fP]...");
    strbuf_putc(out, '\n');
    roff_sentence(out, c->summary);
    if (c->detail)
        roff_prose(out, c->detail);
    if (c->flags & COMMAND_DESTROYS)
        strbuf_puts(out, "Asks first; in the shell it wants \\fB\\-\\-yes\\fP.\n");
    if (c->alias) {
        strbuf_puts(out, "Also called ");
        roff(out, c->alias);
        strbuf_puts(out, ".\n");
    }
    roff_options(out, c);
}

static void roff_commands(struct strbuf *out, bool screen_only)
{
    size_t i = 0;
    for (const struct command *c; (c = command_next(&i)) != NULL;)
        if (!(c->flags & COMMAND_HIDDEN) && screen_only == ((c->flags & COMMAND_SCREEN) != 0))
            roff_command(out, c);
}

void generate_commands_man(struct strbuf *out)
{
    strbuf_puts(out, ".SS In the command bar and from the shell\n");
    roff_commands(out, false);
    strbuf_puts(out, ".SS On the screen only\n");
    roff_commands(out, true);
}

static void roff_values(struct strbuf *out, const struct option_row *row)
{
    size_t len;
    const char *values = row->values;
    if (row->type == OPTION_INT || row->type == OPTION_NUMBER)
        strbuf_printf(out, "%s from %g to %g.\n", row->type == OPTION_INT ? "A whole number" : "A number",
                      row->min, row->max);
    else if (row->type == OPTION_BOOL)
        strbuf_puts(out, "true or false.\n");
    if (!values)
        return;
    strbuf_puts(out, row->type == OPTION_LIST ? "A list of" : "One of");
    for (const char *item; (item = list_next(&values, ' ', &len)) != NULL;) {
        char *word = xstrndup(item, len);
        strbuf_puts(out, " \\fB");
        roff(out, word);
        strbuf_printf(out, "\\fP%s", *values ? "," : ".\n");
        free(word);
    }
}

void generate_options_man(struct strbuf *out)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        strbuf_puts(out, ".TP\n\\fB");
        roff(out, row->name);
        strbuf_puts(out, "\\fP\n");
        roff_sentence(out, row->help);
        roff_values(out, row);
        strbuf_puts(out, "Default: ");
        roff(out, row->def[0] ? row->def : "empty");
        strbuf_puts(out, ".\n");
    }
}

void generate_columns_man(struct strbuf *out)
{
    for (size_t i = 0; i < n_columns; i++) {
        strbuf_puts(out, ".TP\n\\fB");
        roff(out, columns[i].id);
        strbuf_puts(out, "\\fP\n");
        roff_sentence(out, columns[i].help);
    }
}

/* ---- completion scripts ---- */

/* They hand the line to complete-line: what can be typed is known in one place. */
static const char bash_script[] =
    "# bash completion for virtdeck\n"
    "_virtdeck() {\n"
    "    local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} typed before candidate\n"
    "    COMPREPLY=()\n"
    "    # Words end at blanks; bash would end them at = and : too.\n"
    "    typed=${line##*[[:blank:]]}\n"
    "    case $word in\n"
    "    '' | *[=:]) before=$typed ;;\n"
    "    *) before=${typed%\"$word\"} ;;\n"
    "    esac\n"
    "    while IFS=$'\\t' read -r candidate _; do\n"
    "        COMPREPLY+=(\"${candidate#\"$before\"}\")\n"
    "    done < <(\"${COMP_WORDS[0]}\" complete-line -- \"$line\" 2>/dev/null)\n"
    "    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/\\>,:] ]]; then\n"
    "        compopt -o nospace\n"
    "    fi\n"
    "}\n"
    "complete -F _virtdeck virtdeck\n";

static const char zsh_script[] =
    "#compdef virtdeck\n"
    "_virtdeck() {\n"
    "    local -a lines texts notes\n"
    "    local line\n"
    "    lines=(\"${(@f)$(${words[1]} complete-line -- \"$LBUFFER\" 2>/dev/null)}\")\n"
    "    for line in $lines; do\n"
    "        texts+=(\"${line%%$'\\t'*}\")\n"
    "        notes+=(\"${line/$'\\t'/  }\")\n"
    "    done\n"
    "    (( $#texts )) && compadd -Q -U -l -d notes -a texts\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _virtdeck ]; then\n"
    "    _virtdeck \"$@\"\n"
    "else\n"
    "    compdef _virtdeck virtdeck\n"
    "fi\n";

static const char fish_script[] = "# fish completion for virtdeck\n"
                                  "function __virtdeck_complete\n"
                                  "    set -l program (commandline -opc)[1]\n"
                                  "    $program complete-line --plain -- (commandline -cp) 2>/dev/null\n"
                                  "end\n"
                                  "complete -c virtdeck -f -a '(__virtdeck_complete)'\n";

bool generate_completion(struct strbuf *out, const char *shell)
{
    static const struct {
        const char *shell, *script;
    } scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        if (strcmp(shell, scripts[i].shell) == 0) {
            strbuf_puts(out, scripts[i].script);
            return true;
        }
    }
    return false;
}
