/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names of keys, both ways, from one table.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/nearest.h"
#include "base/utf8.h"
#include "ui/key.h"

#define KEYM_ALL (KEYM_CTRL | KEYM_META | KEYM_SHIFT)

/* The first name of a code is the one that is shown. */
static const struct {
    const char *name;
    keycode key;
} names[] = {
    {"Space", ' '},
    {"Enter", KEYC_ENTER},
    {"Tab", KEYC_TAB},
    {"Esc", KEYC_ESC},
    {"Backspace", KEYC_BACKSPACE},
    {"Up", KEYC_UP},
    {"Down", KEYC_DOWN},
    {"Left", KEYC_LEFT},
    {"Right", KEYC_RIGHT},
    {"Home", KEYC_HOME},
    {"End", KEYC_END},
    {"PageUp", KEYC_PAGE_UP},
    {"PageDown", KEYC_PAGE_DOWN},
    {"Insert", KEYC_INSERT},
    {"Delete", KEYC_DELETE},
    {"F1", KEYC_F1},
    {"F2", KEYC_F2},
    {"F3", KEYC_F3},
    {"F4", KEYC_F4},
    {"F5", KEYC_F5},
    {"F6", KEYC_F6},
    {"F7", KEYC_F7},
    {"F8", KEYC_F8},
    {"F9", KEYC_F9},
    {"F10", KEYC_F10},
    {"F11", KEYC_F11},
    {"F12", KEYC_F12},
    {"Return", KEYC_ENTER},
    {"Escape", KEYC_ESC},
    {"PgUp", KEYC_PAGE_UP},
    {"PgDn", KEYC_PAGE_DOWN},
    {"Ins", KEYC_INSERT},
    {"Del", KEYC_DELETE},
};

static const struct {
    char letter;
    keycode mod;
} modifiers[] = {{'C', KEYM_CTRL}, {'M', KEYM_META}, {'S', KEYM_SHIFT}};

static keycode modifier_at(const char *s)
{
    for (size_t i = 0; i < ARRAY_LEN(modifiers); i++)
        if (s[0] == modifiers[i].letter && s[1] == '-' && s[2])
            return modifiers[i].mod;
    return 0;
}

/* A terminal sends the same byte for these: one name each, or a binding would never fire. */
static keycode same_byte(keycode code)
{
    switch (code) {
    case 'i':
        return KEYC_TAB;
    case 'm':
        return KEYC_ENTER;
    case '[':
        return KEYC_ESC;
    default:
        return KEYM_CTRL | code;
    }
}

static bool no_such_key(const char *name, const char *rest, struct error *e)
{
    struct nearest near = nearest_to(rest);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        nearest_offer(&near, names[i].name);
    char *hint = nearest_hint(&near);
    if (rest[0] == 'F' && isdigit((unsigned char)rest[1]))
        error_set(e, STATUS_USAGE, "no such key \"%s\": the function keys are F1 to F12", name);
    else
        error_set(
            e, STATUS_USAGE,
            "no such key \"%s\"%s: a key is one character or Space, Enter, Tab, Esc, Backspace, Up, Down, "
            "Left, Right, Home, End, PageUp, PageDown, Insert, Delete, F1 to F12, with C-, M- or S- before "
            "it",
            name, hint);
    free(hint);
    return false;
}

static keycode code_of(const char *s)
{
    uint32_t cp;
    size_t len = strlen(s), n = utf8_decode(s, len, &cp);
    if (n > 0 && n == len)
        return cp > 0x20 && cp != 0x7f && (cp < 0x80 || cp > 0xa0) ? (keycode)cp : cp == ' ' ? ' ' : 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcasecmp(names[i].name, s) == 0)
            return names[i].key;
    return 0;
}

bool key_parse(const char *name, keycode *out, struct error *e)
{
    *out = 0;
    if (!name || !*name)
        return error_set(e, STATUS_USAGE, "the name of a key is missing");
    keycode mods = 0, mod;
    const char *rest = name;
    for (; (mod = modifier_at(rest)); rest += 2)
        mods |= mod;
    keycode code = code_of(rest);
    if (!code)
        return no_such_key(name, rest, e);
    bool character = code < KEYC_BASE && code != ' ';
    if ((mods & KEYM_SHIFT) && character)
        return error_set(e, STATUS_USAGE,
                         "no terminal sends \"%s\": write the character that Shift makes, as in A or M-A",
                         name);
    if ((mods & KEYM_CTRL) && code < KEYC_BASE) {
        if (code >= 'A' && code <= 'Z')
            code += 'a' - 'A';
        if (!(code >= 'a' && code <= 'z') && !strchr(" [\\]^_", (int)(code < 0x80 ? code : '?')))
            return error_set(e, STATUS_USAGE,
                             "no terminal sends \"%s\": C- goes with a to z, Space, \\ ] ^ _ and named keys",
                             name);
        code = same_byte(code);
        mods &= ~(keycode)KEYM_CTRL;
    }
    *out = code | mods;
    return true;
}

static const char *named(keycode code)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].key == code)
            return names[i].name;
    return NULL;
}

void key_label(keycode key, char *out, size_t size)
{
    char mods[8] = "", ch[5] = "";
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(modifiers); i++) {
        if (key & modifiers[i].mod) {
            mods[n++] = modifiers[i].letter;
            mods[n++] = '-';
        }
    }
    keycode code = key & ~(keycode)KEYM_ALL;
    const char *name = named(code);
    if (!name) {
        if (code > 0 && code < KEYC_BASE && (code < 0xd800 || code > 0xdfff))
            utf8_encode(code, ch);
        name = ch;
    }
    snprintf(out, size, "%s%s", mods, name);
}

/* Sequences of xterm, which every terminal that matters speaks: CSI NUMBER ~, or CSI LETTER. */
static const struct {
    keycode key;
    int number; /* 0: LETTER alone */
    char letter;
} sequences[] = {
    {KEYC_UP, 0, 'A'},      {KEYC_DOWN, 0, 'B'},      {KEYC_RIGHT, 0, 'C'},  {KEYC_LEFT, 0, 'D'},
    {KEYC_HOME, 0, 'H'},    {KEYC_END, 0, 'F'},       {KEYC_INSERT, 2, '~'}, {KEYC_DELETE, 3, '~'},
    {KEYC_PAGE_UP, 5, '~'}, {KEYC_PAGE_DOWN, 6, '~'}, {KEYC_F1, 11, '~'},    {KEYC_F2, 12, '~'},
    {KEYC_F3, 13, '~'},     {KEYC_F4, 14, '~'},       {KEYC_F5, 15, '~'},    {KEYC_F6, 17, '~'},
    {KEYC_F7, 18, '~'},     {KEYC_F8, 19, '~'},       {KEYC_F9, 20, '~'},    {KEYC_F10, 21, '~'},
    {KEYC_F11, 23, '~'},    {KEYC_F12, 24, '~'},
};

keycode key_of_sequence(int number, char letter)
{
    static const struct {
        int number;
        char letter;
        keycode key;
    } more[] = {
        {1, '~', KEYC_HOME},  {7, '~', KEYC_HOME}, {4, '~', KEYC_END}, {8, '~', KEYC_END},
        {0, 'P', KEYC_F1},    {0, 'Q', KEYC_F2},   {0, 'R', KEYC_F3},  {0, 'S', KEYC_F4},
        {0, 'M', KEYC_ENTER}, {27, 'u', KEYC_ESC}, /* from terminals that tell it from the beginning of a
                                                      sequence */
    };
    if (letter != '~' && letter != 'u')
        number = 0; /* CSI 1;5A: the 1 only holds the place */
    if (letter == 'Z')
        return KEYC_TAB | KEYM_SHIFT;
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
        if (sequences[i].number == number && sequences[i].letter == letter)
            return sequences[i].key;
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        if (more[i].number == number && more[i].letter == letter)
            return more[i].key;
    return 0;
}

static char plain_byte(keycode code)
{
    switch (code) {
    case KEYC_ENTER:
        return '\r';
    case KEYC_TAB:
        return '\t';
    case KEYC_ESC:
        return '\x1b';
    case KEYC_BACKSPACE:
        return '\x7f';
    default:
        return 0;
    }
}

size_t key_bytes(keycode key, char out[16])
{
    keycode code = key & ~(keycode)KEYM_ALL;
    int mods = (key & KEYM_SHIFT ? 1 : 0) + (key & KEYM_META ? 2 : 0) + (key & KEYM_CTRL ? 4 : 0);
    size_t n = 0;
    memset(out, 0, 16);
    for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
        if (sequences[i].key != code)
            continue;
        if (mods)
            n = (size_t)snprintf(out, 16, "\x1b[%d;%d%c", sequences[i].number ? sequences[i].number : 1,
                                 mods + 1, sequences[i].letter);
        else if (sequences[i].number)
            n = (size_t)snprintf(out, 16, "\x1b[%d~", sequences[i].number);
        else
            n = (size_t)snprintf(out, 16, "\x1b[%c", sequences[i].letter);
        return n;
    }
    if (code == KEYC_TAB && key & KEYM_SHIFT)
        return (size_t)snprintf(out, 16, "\x1b[Z");
    if (key & KEYM_META)
        out[n++] = '\x1b';
    if (plain_byte(code))
        out[n++] = plain_byte(code);
    else if (key & KEYM_CTRL && code < 0x80)
        out[n++] = (char)(code == ' ' ? 0 : code & 0x1f);
    else if (code < KEYC_BASE && (code < 0xd800 || code > 0xdfff))
        n += utf8_encode(code, out + n);
    return n;
}
