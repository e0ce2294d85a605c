/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What was captured, put into cause, remedy and command. It is a stranger's text: in a command it stands as
 * one quoted word, and what could pass for an option or hides something is not put into one at all.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "diagnose/signature_private.h"

#define LONGEST_VALUE 300  /* bytes, in a sentence */
#define LONGEST_WORD  1000 /* bytes, in a command */

/* ---- templates ---- */

/* {name}, {name|else} or {?WORD}. */
struct slot {
    const char *name, *otherwise; /* otherwise NULL: there is none */
    size_t name_len, otherwise_len;
    bool fill_in;
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* At "{": reads a slot and returns the byte behind it; NULL: it is a brace like any other. */
static const char *read_slot(const char *p, struct slot *s)
{
    *s = (struct slot){.fill_in = p[1] == '?'};
    s->name = p + 1 + s->fill_in;
    const char *end = s->name;
    if (s->fill_in)
        end += strcspn(end, "{}");
    else
        while (is_name(*end))
            end++;
    s->name_len = (size_t)(end - s->name);
    if (*end == '|' && !s->fill_in) {
        s->otherwise = end + 1;
        s->otherwise_len = strcspn(s->otherwise, "{}");
        end = s->otherwise + s->otherwise_len;
    }
    return s->name_len && *end == '}' ? end + 1 : NULL;
}

static bool slot_is(const struct slot *s, const char *name)
{
    return strlen(name) == s->name_len && memcmp(name, s->name, s->name_len) == 0;
}

/* The number of the group that the slot names; 0: none. */
static size_t group_of(const struct signature *s, const struct slot *slot)
{
    size_t groups = s->pattern ? pattern_groups(s->pattern) : 0;
    for (size_t i = 0; i < groups; i++)
        if (s->groups[i] && slot_is(slot, s->groups[i]))
            return i + 1;
    if (slot->name_len == 1 && slot->name[0] >= '1' && slot->name[0] <= '9' &&
        (size_t)(slot->name[0] - '0') <= groups)
        return (size_t)(slot->name[0] - '0');
    return 0;
}

static bool is_context(const struct slot *s)
{
    return slot_is(s, "vm") || slot_is(s, "uri") || slot_is(s, "virsh");
}

/* ---- values ---- */

/* What is put in for the slot, raw; NULL: nothing is known. NUL bytes are shown as such. The caller frees. */
static char *value_of(const struct captured *c, const struct slot *slot)
{
    size_t group = group_of(c->signature, slot);
    if (group == 0) {
        const char *known = slot_is(slot, "vm")    ? c->context->vm
                            : slot_is(slot, "uri") ? c->context->uri
                                                   : NULL;
        return xstrdup(known);
    }
    if (!c->spans || c->spans[group].begin == PATTERN_NONE || c->spans[group].begin == c->spans[group].end)
        return NULL;
    struct strbuf out = {0};
    for (size_t i = c->spans[group].begin; i < c->spans[group].end; i++)
        if (c->text[i])
            strbuf_putc(&out, c->text[i]);
        else
            strbuf_puts(&out, "\\x00");
    return strbuf_steal(&out);
}

/* A name that is left as it stands in the template where nothing is known. */
static void put_unknown(const struct slot *slot, struct strbuf *out)
{
    if (slot->otherwise)
        strbuf_add(out, slot->otherwise, slot->otherwise_len);
    else
        strbuf_puts(out, "?");
}

static void put_value(const struct captured *c, const struct slot *slot, struct strbuf *out)
{
    char *value = value_of(c, slot);
    size_t len = value ? strlen(value) : 0;
    if (!value) {
        put_unknown(slot, out);
    } else if (len <= LONGEST_VALUE) {
        strbuf_puts(out, value);
    } else {
        size_t cut = LONGEST_VALUE;
        while (cut && ((unsigned char)value[cut] & 0xc0) == 0x80)
            cut--;
        strbuf_add(out, value, cut);
        strbuf_puts(out, "…");
    }
    free(value);
}

static char *fill_sentence(const struct captured *c, const char *text)
{
    struct strbuf out = {0};
    struct slot slot;
    while (*text) {
        const char *behind = *text == '{' ? read_slot(text, &slot) : NULL;
        if (behind) {
            put_value(c, &slot, &out);
            text = behind;
        } else {
            strbuf_putc(&out, *text++);
        }
    }
    return strbuf_steal(&out);
}

/* ---- commands ---- */

/* No option, nothing unseen, of a sane length. */
static bool is_fit(const char *value)
{
    size_t len = strlen(value);
    if (len == 0 || len > LONGEST_WORD || value[0] == '-' || utf8_check(value, len) != len)
        return false;
    for (const char *p = value; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return false;
    char *shown = text_escaped(value); /* marks that turn text round, and their likes */
    bool same = strcmp(shown, value) == 0;
    free(shown);
    return same;
}

static bool put_word(const char *value, struct strbuf *out)
{
    if (!is_fit(value))
        return false;
    char *word = text_shell_word(value);
    strbuf_puts(out, word);
    free(word);
    return true;
}

static bool put_virsh(const struct captured *c, struct strbuf *out)
{
    strbuf_puts(out, "virsh");
    if (!c->context->uri)
        return true;
    strbuf_puts(out, " -c ");
    return put_word(c->context->uri, out);
}

/* False: the command can't be made. */
static bool put_slot(const struct captured *c, const struct slot *slot, struct strbuf *out, bool *complete)
{
    if (slot->fill_in) {
        strbuf_add(out, slot->name, slot->name_len);
        *complete = false;
        return true;
    }
    if (slot_is(slot, "virsh"))
        return put_virsh(c, out);
    char *value = value_of(c, slot);
    bool good = value ? put_word(value, out) : slot->otherwise != NULL;
    if (!value && good)
        strbuf_add(out, slot->otherwise, slot->otherwise_len);
    free(value);
    return good;
}

/* "$ ssh HOST 'line'": the whole line is one word here and read once more there. */
static bool put_ssh(const struct captured *c, struct strbuf *line)
{
    struct strbuf out = {0};
    strbuf_puts(&out, "$ ssh ");
    bool good = put_word(c->context->host, &out);
    char *word = text_shell_word(strbuf_str(line) + 2);
    strbuf_printf(&out, " %s", word);
    free(word);
    strbuf_free(line);
    *line = out;
    return good;
}

static char *fill_command(const struct captured *c, bool *complete)
{
    const char *text = c->signature->command;
    struct strbuf out = {0};
    struct slot slot;
    bool good = text != NULL;
    *complete = true;
    while (good && *text) {
        const char *behind = *text == '{' ? read_slot(text, &slot) : NULL;
        if (behind) {
            good = put_slot(c, &slot, &out, complete);
            text = behind;
        } else {
            strbuf_putc(&out, *text++);
        }
    }
    if (good && c->context->host && !c->signature->here && strncmp(strbuf_str(&out), "$ ", 2) == 0)
        good = put_ssh(c, &out);
    if (good)
        return strbuf_steal(&out);
    strbuf_free(&out);
    return NULL;
}

void signature_fill(const struct captured *c, struct diagnosis *d)
{
    d->cause = fill_sentence(c, c->signature->cause);
    d->remedy = fill_sentence(c, c->signature->remedy);
    d->command = fill_command(c, &d->complete);
    d->complete = d->complete && d->command;
}

/* ---- checks ---- */

/* Follows quotes and backslashes as shell and command line read them. */
static void follow_quote(char c, char *quote, bool *escaped)
{
    if (*escaped)
        *escaped = false;
    else if (c == '\\' && *quote != '\'')
        *escaped = true;
    else if (*quote)
        *quote = c == *quote ? '\0' : *quote;
    else if (c == '\'' || c == '"')
        *quote = c;
}

bool signature_check_template(const struct signature *s, const char *text, bool command, struct error *e)
{
    struct slot slot;
    char quote = '\0';
    bool escaped = false;
    while (*text) {
        const char *behind = *text == '{' ? read_slot(text, &slot) : NULL;
        if (!behind) {
            follow_quote(*text++, &quote, &escaped);
            continue;
        }
        bool known = slot.fill_in ? command : is_context(&slot) || group_of(s, &slot) > 0;
        if (!known)
            return error_set(e, STATUS_USAGE,
                             "nothing fills {%.*s}: there are the groups of the pattern, vm, uri and virsh",
                             (int)slot.name_len, slot.name);
        if (command && (quote || escaped))
            return error_set(e, STATUS_USAGE, "{%.*s} stands inside quotes: it is quoted when it is put in",
                             (int)slot.name_len, slot.name);
        text = behind;
    }
    return true;
}
