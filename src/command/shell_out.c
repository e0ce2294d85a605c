/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shell's stdout and stderr. Text is escaped always, for it reaches a terminal through pipes, too; CSV
 * and JSON are exact for programs and escaped only on a terminal.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "command/shell_private.h"

static void out_failed(struct shell *s)
{
    if (s->out_failed)
        return;
    s->out_failed = true;
    /* A reader that has had enough (head) needs no words. */
    if (errno != EPIPE) {
        char *text = xasprintf("standard output: %s", strerror(errno));
        shell_say(s, SEV_ERROR, text);
        free(text);
    }
}

static void put(struct shell *s, const char *bytes, size_t len)
{
    if (!s->out_failed && len && fwrite(bytes, 1, len, stdout) != len)
        out_failed(s);
}

void shell_flush(struct shell *s)
{
    if (!s->out_failed && fflush(stdout) != 0)
        out_failed(s);
}

/* Escapes line by line: the line ends are ours. */
static void escape_lines(struct strbuf *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        text_escape(out, text, len);
        text += len;
        if (*text == '\n') {
            strbuf_putc(out, '\n');
            text++;
        }
    }
}

void shell_say(void *ctx, enum severity severity, const char *text)
{
    struct shell *s = ctx;
    struct strbuf out = {0};
    strbuf_puts(&out, "virtdeck: ");
    if (s->where)
        text_escape(&out, s->where, strlen(s->where));
    if (severity == SEV_WARN)
        strbuf_puts(&out, "warning: ");
    escape_lines(&out, text);
    if (out.s[out.len - 1] != '\n')
        strbuf_putc(&out, '\n');
    fflush(stdout);
    fputs(strbuf_str(&out), stderr);
    strbuf_free(&out);
}

void shell_print(void *ctx, const char *text)
{
    struct shell *s = ctx;
    struct strbuf out = {0};
    if (s->out_raw && !s->out_terminal)
        strbuf_puts(&out, text);
    else
        escape_lines(&out, text);
    if (out.len && out.s[out.len - 1] != '\n')
        strbuf_putc(&out, '\n');
    put(s, strbuf_str(&out), out.len);
    shell_flush(s);
    strbuf_free(&out);
}

void shell_print_bytes(void *ctx, const char *bytes, size_t len)
{
    put(ctx, bytes, len);
    shell_flush(ctx);
}

void shell_tell_step(const struct event *event, bool several_hosts)
{
    struct strbuf out = {0};
    char stamp[16] = "";
    struct tm tm;
    time_t at = (time_t)(event->wall_ms / 1000);
    if (localtime_r(&at, &tm))
        strftime(stamp, sizeof stamp, "%H:%M:%S", &tm);
    const char *about = event->vm ? event->vm : several_hosts ? event->host : NULL;
    char *name = text_escaped(about ? about : ""), *text = text_escaped(event->text);
    strbuf_printf(&out, "%s %s%s%s\n", stamp, name, name[0] ? ": " : "", text);
    free(name);
    free(text);
    fflush(stdout);
    fputs(strbuf_str(&out), stderr);
    strbuf_free(&out);
}

/* ---- JSON ---- */

/* The same value with everything that could act on a terminal as \uXXXX, which JSON reads as the same. */
static void escape_json(struct strbuf *out, const char *json)
{
    struct strbuf one = {0};
    uint32_t cp;
    for (size_t n; *json; json += n) {
        n = utf8_decode(json, strlen(json) < 4 ? strlen(json) : 4, &cp);
        n = n ? n : 1;
        strbuf_clear(&one);
        text_escape(&one, json, n);
        if (n == 1 ? *json != '\x7f' : strncmp(strbuf_str(&one), json, n) == 0 && one.len == n)
            strbuf_add(out, json, n);
        else if (n == 1)
            strbuf_puts(out, "\\u007f");
        else if (cp < 0x10000)
            strbuf_printf(out, "\\u%04x", (unsigned)cp);
        else
            strbuf_printf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
                          (unsigned)(0xdc00 + ((cp - 0x10000) & 0x3ff)));
    }
    strbuf_free(&one);
}

void shell_print_json(void *ctx, json_object *value)
{
    struct shell *s = ctx;
    const char *json =
        json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (s->out_terminal) {
        struct strbuf out = {0};
        escape_json(&out, json);
        put(s, strbuf_str(&out), out.len);
        strbuf_free(&out);
    } else {
        put(s, json, strlen(json));
    }
    put(s, "\n", 1);
    json_object_put(value);
    shell_flush(s);
}

/* ---- usage errors ---- */

static void escaped_part(struct strbuf *out, const char *line, size_t begin, size_t end)
{
    text_escape(out, line + begin, end - begin);
}

void shell_complain(struct shell *s, const struct error *e, const char *line, size_t begin, size_t end,
                    const struct command *c)
{
    struct strbuf head = {0}, word = {0}, rest = {0};
    size_t len = strlen(line);
    shell_say(s, SEV_ERROR, error_text(e));
    escaped_part(&head, line, 0, begin);
    escaped_part(&word, line, begin, end);
    escaped_part(&rest, line, end, len);
    /* What doesn't fit on a line points at nothing. */
    if (len > 0 && head.len + word.len + rest.len < 1000) {
        int width = text_width(strbuf_str(&word));
        fprintf(stderr, "  %s%s%s\n  %*s^", strbuf_str(&head), strbuf_str(&word), strbuf_str(&rest),
                text_width(strbuf_str(&head)), "");
        for (int i = 1; i < width; i++)
            fputc('~', stderr);
        fputc('\n', stderr);
    }
    if (c && e->status == STATUS_USAGE) {
        char *usage = command_usage(c);
        fprintf(stderr, "usage: %s\n", usage);
        free(usage);
    }
    strbuf_free(&head);
    strbuf_free(&word);
    strbuf_free(&rest);
}
