/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys and what else comes from the terminal. Names as people write them: a, A, Space, Enter, Tab, S-Tab,
 * Esc, Backspace, Up, PageDown, Home, F1, C-l, M-x, C-Left, "<", "é". Pure; any thread.
 */
#ifndef VIRTDECK_UI_KEY_H
#define VIRTDECK_UI_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

enum key_code { /* above Unicode */
                KEYC_BASE = 0x110000,
                KEYC_UP,
                KEYC_DOWN,
                KEYC_LEFT,
                KEYC_RIGHT,
                KEYC_HOME,
                KEYC_END,
                KEYC_PAGE_UP,
                KEYC_PAGE_DOWN,
                KEYC_INSERT,
                KEYC_DELETE,
                KEYC_BACKSPACE,
                KEYC_ENTER,
                KEYC_TAB,
                KEYC_ESC,
                KEYC_F1,
                KEYC_F2,
                KEYC_F3,
                KEYC_F4,
                KEYC_F5,
                KEYC_F6,
                KEYC_F7,
                KEYC_F8,
                KEYC_F9,
                KEYC_F10,
                KEYC_F11,
                KEYC_F12,
                KEYC_END_OF_CODES,
                /* Modifiers; here because compilers dislike an `or' of two enums. */
                KEYM_CTRL = 0x1000000,
                KEYM_META = 0x2000000,
                KEYM_SHIFT = 0x4000000
};

typedef uint32_t keycode; /* code | mods; 0 is no key */

bool key_parse(const char *name, keycode *out, struct error *e); /* the error says what would be right */
/* (curses has a key_name() of its own.) */
void key_label(keycode key, char *out, size_t size);

/* What a terminal sends for it, and so what readline wants: at most 15 bytes, NUL-terminated; returns their
 * number. */
size_t key_bytes(keycode key, char out[16]);

/* The key behind CSI NUMBER LETTER (modifiers aside); 0 for none. */
keycode key_of_sequence(int number, char letter);

enum input_type { INPUT_NONE, INPUT_KEY, INPUT_MOUSE, INPUT_PASTE, INPUT_RESIZE, INPUT_HANGUP };
enum mouse_action { MOUSE_PRESS, MOUSE_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct input {
    enum input_type type;
    keycode key;
    enum mouse_action mouse;
    int x, y;
    char bytes[16]; /* INPUT_KEY: what readline would want for it, n_bytes long */
    size_t n_bytes;
    char *paste; /* INPUT_PASTE: the whole paste, NUL-terminated; the receiver frees */
    size_t paste_len;
};

#endif
