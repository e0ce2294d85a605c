/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/terminal_modes.h"

#include <string.h>

#include "base/mem.h"

enum { GROUND, ESCAPED, CHARSET, CONTROL, STRING, STRING_ESCAPED };

/* The alternate screen is left last: what is put right before it is the guest's. */
static const struct {
    unsigned number;
    bool usual;
    const char *back;
} private_modes[] = {
    {1, false, "\033[?1l"},       {5, false, "\033[?5l"},       {6, false, "\0337\033[?6l\0338"},
    {7, true, "\033[?7h"},        {9, false, "\033[?9l"},       {25, true, "\033[?25h"},
    {66, false, "\033[?66l"},     {69, false, "\033[?69l"},     {1000, false, "\033[?1000l"},
    {1001, false, "\033[?1001l"}, {1002, false, "\033[?1002l"}, {1003, false, "\033[?1003l"},
    {1004, false, "\033[?1004l"}, {1005, false, "\033[?1005l"}, {1006, false, "\033[?1006l"},
    {1015, false, "\033[?1015l"}, {1016, false, "\033[?1016l"}, {2004, false, "\033[?2004l"},
    {2026, false, "\033[?2026l"}, {47, false, "\033[?47l"},     {1047, false, "\033[?1047l"},
    {1049, false, "\033[?1049l"},
};

static void set_private(struct terminal_modes *m, bool on)
{
    for (unsigned p = 0; p <= m->n && p < TERMINAL_PARAMS; p++)
        for (size_t i = 0; i < ARRAY_LEN(private_modes); i++) {
            if (private_modes[i].number != m->param[p])
                continue;
            if (on == private_modes[i].usual)
                m->odd &= ~(1u << i);
            else
                m->odd |= 1u << i;
        }
}

static void begin_control(struct terminal_modes *m)
{
    m->state = CONTROL;
    m->prefix = m->middle = '\0';
    m->n = 0;
    memset(m->param, 0, sizeof m->param);
}

static void set_usual(struct terminal_modes *m)
{
    *m = (struct terminal_modes){0};
}

static void end_with_middle(struct terminal_modes *m, char final)
{
    if (m->middle == '!' && final == 'p')
        m->styled = m->shifted = m->charset = m->charset1 = m->margins = m->insert = m->keypad = false;
    else if (m->middle == ' ' && final == 'q')
        m->shape = m->param[0] != 0;
}

static void end_with_prefix(struct terminal_modes *m, char final)
{
    if (m->prefix == '?' && (final == 'h' || final == 'l'))
        set_private(m, final == 'h');
    else if (m->prefix == '>' && final == 'm')
        m->keys = m->n > 0 && m->param[1] != 0;
    else if (final == 'u')
        m->keys = m->prefix != '<';
}

/* ECMA-48's: keyboard locked, insert, local echo (off is on), newline. */
static void set_modes(struct terminal_modes *m, bool on)
{
    for (unsigned p = 0; p <= m->n && p < TERMINAL_PARAMS; p++) {
        m->locked = m->param[p] == 2 ? on : m->locked;
        m->insert = m->param[p] == 4 ? on : m->insert;
        m->echo = m->param[p] == 12 ? !on : m->echo;
        m->newline = m->param[p] == 20 ? on : m->newline;
    }
}

static void end_control(struct terminal_modes *m, char final)
{
    m->state = GROUND;
    if (m->middle) {
        end_with_middle(m, final);
    } else if (m->prefix) {
        end_with_prefix(m, final);
    } else if (final == 'm') {
        m->styled = m->n > 0 || m->param[0] != 0;
    } else if (final == 'r') {
        m->margins = m->n > 0 || m->param[0] != 0;
    } else if (final == 'h' || final == 'l') {
        set_modes(m, final == 'h');
    }
}

static void feed_control(struct terminal_modes *m, char c)
{
    if (c >= '0' && c <= '9') {
        if (m->n < TERMINAL_PARAMS && m->param[m->n] < 100000)
            m->param[m->n] = m->param[m->n] * 10 + (unsigned)(c - '0');
    } else if (c == ';' || c == ':') {
        m->n += m->n < TERMINAL_PARAMS;
    } else if (c >= '<' && c <= '?') {
        m->prefix = c;
    } else if (c >= ' ' && c <= '/') {
        m->middle = c;
    } else if (c >= '@' && c <= '~') {
        end_control(m, c);
    }
}

static void feed_escaped(struct terminal_modes *m, char c)
{
    m->state = GROUND;
    if (c == '[') {
        begin_control(m);
    } else if (c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_') {
        m->state = STRING;
        m->middle = c;
    } else if (c >= ' ' && c <= '/') {
        m->state = CHARSET;
        m->middle = c;
    } else if (c == '=' || c == '>') {
        m->keypad = c == '=';
    } else if (c == 'n' || c == 'o') {
        m->shifted = true;
    } else if (c == 'c') {
        set_usual(m);
    }
}

static void feed_set(struct terminal_modes *m, char c)
{
    m->state = GROUND;
    if (m->middle == '(')
        m->charset = c != 'B';
    else if (m->middle == ')')
        m->charset1 = c != 'B';
    else if (m->middle == '%')
        m->bytes = c == '@';
}

static void feed_outside_strings(struct terminal_modes *m, char c)
{
    if (c == '\016' || c == '\017')
        m->shifted = c == '\016';
    else if (m->state == ESCAPED)
        feed_escaped(m, c);
    else if (m->state == CHARSET)
        feed_set(m, c);
    else if (m->state == CONTROL)
        feed_control(m, c);
}

static void feed_byte(struct terminal_modes *m, char c)
{
    bool in_string = m->state == STRING || m->state == STRING_ESCAPED;
    /* A bell ends a title, and no other string. */
    bool ends_string =
        in_string && ((c == '\a' && m->middle == ']') || (m->state == STRING_ESCAPED && c == '\\'));
    if (ends_string || c == '\030' || c == '\032')
        m->state = GROUND;
    else if (c == '\033')
        m->state = m->state == STRING ? STRING_ESCAPED : ESCAPED;
    else if (m->state == STRING_ESCAPED)
        feed_escaped(m, c);
    else if (m->state != STRING)
        feed_outside_strings(m, c);
}

void terminal_modes_feed(struct terminal_modes *m, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        /* Most of what guests print is plain text. */
        if (m->state == GROUND && (unsigned char)bytes[i] >= ' ')
            continue;
        feed_byte(m, bytes[i]);
    }
}

static void add(char *out, size_t *len, bool wanted, const char *bytes)
{
    if (!wanted || *len + strlen(bytes) > TERMINAL_RESET_MAX)
        return;
    while (*bytes)
        out[(*len)++] = *bytes++;
}

size_t terminal_modes_reset(const struct terminal_modes *m, char out[TERMINAL_RESET_MAX])
{
    size_t len = 0;
    add(out, &len, m->state != GROUND, "\030");
    add(out, &len, m->shifted, "\017");
    add(out, &len, m->charset, "\033(B");
    add(out, &len, m->charset1, "\033)B");
    add(out, &len, m->bytes, "\033%G");
    add(out, &len, m->locked, "\033[2l");
    add(out, &len, m->insert, "\033[4l");
    add(out, &len, m->echo, "\033[12h");
    add(out, &len, m->newline, "\033[20l");
    add(out, &len, m->keypad, "\033>");
    add(out, &len, m->keys, "\033[<9u\033[>4m");
    add(out, &len, m->shape, "\033[0 q");
    add(out, &len, m->margins, "\0337\033[r\0338");
    add(out, &len, m->styled, "\033[m");
    for (size_t i = 0; i < ARRAY_LEN(private_modes); i++)
        add(out, &len, m->odd & 1u << i, private_modes[i].back);
    add(out, &len, m->odd && m->styled, "\033[m");
    return len;
}
