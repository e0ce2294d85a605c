/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A line to words and a word back to what has to be typed for it. Bytes above ASCII pass through untouched.
 */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/private.h"

/* The blanks that separate words; a paste may bring any of them. */
static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

static void scan_escape(struct word_scan *s)
{
    if (s->line[s->at + 1] == '\0' || s->at + 1 >= s->end) {
        s->open = '\\';
        s->open_at = s->at;
        s->at++;
        return;
    }
    strbuf_putc(&s->text, s->line[s->at + 1]);
    s->at += 2;
}

/* The inside of quotes, from the opening one. */
static void scan_quoted(struct word_scan *s)
{
    char quote = s->line[s->at];
    size_t begin = s->at++;
    while (s->at < s->end) {
        char c = s->line[s->at];
        if (c == quote) {
            s->at++;
            return;
        }
        char next = s->at + 1 < s->end ? s->line[s->at + 1] : '\0';
        if (quote == '"' && c == '\\' && (next == '"' || next == '\\')) {
            c = next;
            s->at++;
        }
        strbuf_putc(&s->text, c);
        s->at++;
    }
    s->open = quote;
    s->open_at = begin;
}

void word_scan_begin(struct word_scan *s, const char *line, size_t end)
{
    *s = (struct word_scan){.line = line, .end = end};
}

bool word_scan_next(struct word_scan *s)
{
    strbuf_clear(&s->text);
    s->open = '\0';
    s->is_and = false;
    while (s->at < s->end && is_blank(s->line[s->at]))
        s->at++;
    s->position = s->at;
    if (s->at < s->end && s->line[s->at] == '#') {
        s->comment = true;
        s->at = s->end;
    }
    if (s->at >= s->end)
        return false;
    while (s->at < s->end && !is_blank(s->line[s->at])) {
        char c = s->line[s->at];
        if (c == '&' && s->at + 1 < s->end && s->line[s->at + 1] == '&') {
            if (s->at == s->position) {
                strbuf_puts(&s->text, "&&");
                s->is_and = true;
                s->at += 2;
            }
            return true;
        }
        if (c == '\\') {
            scan_escape(s);
        } else if (c == '\'' || c == '"') {
            scan_quoted(s);
        } else {
            strbuf_putc(&s->text, c);
            s->at++;
        }
    }
    return true;
}

void word_scan_end(struct word_scan *s)
{
    strbuf_free(&s->text);
}

static bool check_open(const struct word_scan *s, struct error *e)
{
    if (s->open == '\\')
        return error_set_at(e, STATUS_USAGE, (int)s->open_at, "nothing comes after the backslash");
    if (s->open)
        return error_set_at(e, STATUS_USAGE, (int)s->open_at, "the quote %c is not closed", s->open);
    return true;
}

bool words_split(const char *line, word_list *words, struct error *e)
{
    struct word_scan scan;
    size_t len = strlen(line);
    if (len > WORDS_MAX_LINE)
        return error_set_at(e, STATUS_USAGE, WORDS_MAX_LINE, "the line is longer than %d bytes",
                            WORDS_MAX_LINE);
    word_scan_begin(&scan, line, len);
    bool good = true;
    while (good && word_scan_next(&scan)) {
        good = check_open(&scan, e);
        if (!good)
            break;
        struct word word = {.text = xstrdup(strbuf_str(&scan.text)), .position = (int)scan.position};
        vec_push(words, word);
    }
    word_scan_end(&scan);
    if (!good)
        words_free(words);
    return good;
}

void words_free(word_list *words)
{
    for (size_t i = 0; i < words->len; i++)
        free(words->items[i].text);
    vec_free(words);
}

size_t words_command_end(const char *line, const word_list *words, size_t from)
{
    for (size_t i = from; i < words->len; i++)
        if (strncmp(line + words->items[i].position, "&&", 2) == 0)
            return i;
    return words->len;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (c != '\0' && strchr("_./:@%+,=^-", c) != NULL);
}

char *word_quote(const char *text)
{
    bool plain = text[0] != '\0' && text[0] != '#' && !strstr(text, "&&");
    for (const char *p = text; plain && *p; p++)
        plain = is_plain(*p);
    if (plain)
        return xstrdup(text);
    struct strbuf out = {0};
    strbuf_putc(&out, '\'');
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            strbuf_puts(&out, "'\\''");
        else
            strbuf_putc(&out, *p);
    }
    strbuf_putc(&out, '\'');
    return strbuf_steal(&out);
}
