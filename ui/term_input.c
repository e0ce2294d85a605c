/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What comes from the keyboard: keys, mouse and pastes out of curses' codes and raw bytes. Sequences that
 * nobody knows are swallowed whole: their letters must not run as commands.
 */
#include <curses.h>
#include "ui/term_parts.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/clock.h"
#include "picture/graphics.h"

#define INPUT_FD        STDIN_FILENO
#define KEY_PASTE       3000 /* our own code, above those that curses gives out */
#define PASTE_MAX       (1024 * 1024)
#define PASTE_SILENCE   500  /* milliseconds after which an unfinished paste counts as finished */
#define PASTE_TURNS     4096 /* reads at a time */
#define DOUBLE_CLICK_MS 400
#define SEQUENCE_MAX    64

static const char paste_start[] = "\033[200~", paste_end[] = "\033[201~";

static struct {
    WINDOW *keys; /* a pad: reading from it never draws */
    bool mouse;
    mbstate_t partial; /* of a multibyte character */
    bool pasting;
    struct strbuf paste;
    size_t matched; /* bytes of paste_end seen */
    int64_t last_ms;
    int click_x, click_y;
    int64_t click_ms;
    MEVENT mouse_events[8]; /* not yet given out, the newest first */
    size_t n_mouse;
} state;

/* curses' codes; sequences that terminfo has no code for are parsed below. */
static const struct {
    int code;
    keycode key;
} codes[] = {
    {KEY_UP, KEYC_UP},
    {KEY_DOWN, KEYC_DOWN},
    {KEY_LEFT, KEYC_LEFT},
    {KEY_RIGHT, KEYC_RIGHT},
    {KEY_HOME, KEYC_HOME},
    {KEY_FIND, KEYC_HOME},
    {KEY_END, KEYC_END},
    {KEY_SELECT, KEYC_END},
    {KEY_PPAGE, KEYC_PAGE_UP},
    {KEY_NPAGE, KEYC_PAGE_DOWN},
    {KEY_IC, KEYC_INSERT},
    {KEY_DC, KEYC_DELETE},
    {KEY_BACKSPACE, KEYC_BACKSPACE},
    {KEY_ENTER, KEYC_ENTER},
    {KEY_BTAB, KEYC_TAB | KEYM_SHIFT},
    {KEY_SR, KEYC_UP | KEYM_SHIFT},
    {KEY_SF, KEYC_DOWN | KEYM_SHIFT},
    {KEY_SLEFT, KEYC_LEFT | KEYM_SHIFT},
    {KEY_SRIGHT, KEYC_RIGHT | KEYM_SHIFT},
    {KEY_SHOME, KEYC_HOME | KEYM_SHIFT},
    {KEY_SEND, KEYC_END | KEYM_SHIFT},
    {KEY_SPREVIOUS, KEYC_PAGE_UP | KEYM_SHIFT},
    {KEY_SNEXT, KEYC_PAGE_DOWN | KEYM_SHIFT},
    {KEY_SIC, KEYC_INSERT | KEYM_SHIFT},
    {KEY_SDC, KEYC_DELETE | KEYM_SHIFT},
};

/* Extended capabilities come as keyname() "kUP5": the digit is xterm's modifier number. */
static const struct {
    const char *name;
    keycode key;
} extended[] = {
    {"kUP", KEYC_UP},     {"kDN", KEYC_DOWN},   {"kLFT", KEYC_LEFT},    {"kRIT", KEYC_RIGHT},
    {"kHOM", KEYC_HOME},  {"kEND", KEYC_END},   {"kPRV", KEYC_PAGE_UP}, {"kNXT", KEYC_PAGE_DOWN},
    {"kIC", KEYC_INSERT}, {"kDC", KEYC_DELETE}, {"kcbt", KEYC_TAB},
};

/* More than is wanted: where an event is not, wgetch() reads on, and that waits for the next key, whatever
 * nodelay() said. */
#define PRESS_AND_RELEASE(n) (BUTTON##n##_PRESSED | BUTTON##n##_RELEASED)
#define MOUSE_EVENTS                                                                                         \
    (PRESS_AND_RELEASE(1) | PRESS_AND_RELEASE(2) | PRESS_AND_RELEASE(3) | PRESS_AND_RELEASE(4) |             \
     PRESS_AND_RELEASE(5))

void term_input_start(bool mouse)
{
    memset(&state, 0, sizeof state);
    state.keys = newpad(1, 1);
    if (!state.keys)
        die("out of memory for the keyboard");
    keypad(state.keys, TRUE);
    nodelay(state.keys, TRUE);
    meta(state.keys, TRUE);
    define_key(paste_start, KEY_PASTE);
    if (mouse) {
        mouseinterval(0); /* waiting for a possible second click would delay the first */
        state.mouse = mousemask(MOUSE_EVENTS, NULL) != 0;
    }
}

void term_input_stop(void)
{
    delwin(state.keys);
    strbuf_free(&state.paste);
    memset(&state, 0, sizeof state);
}

bool term_input_mouse(void)
{
    return state.mouse;
}

bool term_input_gone(void)
{
    struct pollfd fd = {.fd = INPUT_FD, .events = POLLIN};
    int bytes = 0;
    if (poll(&fd, 1, 0) <= 0)
        return false;
    if (fd.revents & (POLLHUP | POLLERR | POLLNVAL))
        return true;
    return (fd.revents & POLLIN) && ioctl(INPUT_FD, FIONREAD, &bytes) == 0 && bytes == 0;
}

static bool give_key(struct input *in, keycode key)
{
    *in = (struct input){.type = INPUT_KEY, .key = key};
    in->n_bytes = key_bytes(key, in->bytes);
    return true;
}

/* xterm's modifier number: one more than shift 1, meta 2, control 4. */
static keycode mods_of(int number)
{
    int bits = number > 1 ? number - 1 : 0;
    return (bits & 1 ? KEYM_SHIFT : 0u) | (bits & 2 ? KEYM_META : 0u) | (bits & 4 ? KEYM_CTRL : 0u);
}

static keycode function_key(int n)
{
    static const keycode banks[] = {0, KEYM_SHIFT, KEYM_CTRL, KEYM_CTRL | KEYM_SHIFT, KEYM_META};
    int bank = (n - 1) / 12;
    if (n < 1 || bank >= (int)ARRAY_LEN(banks))
        return 0;
    return (KEYC_F1 + (keycode)((n - 1) % 12)) | banks[bank];
}

static keycode key_of_code(int code)
{
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].code == code)
            return codes[i].key;
    if (code >= KEY_F0 && code < KEY_F0 + 64)
        return function_key(code - KEY_F0);
    const char *name = code > KEY_MAX ? keyname(code) : NULL;
    for (size_t i = 0; name && i < ARRAY_LEN(extended); i++) {
        size_t len = strlen(extended[i].name);
        if (strncmp(name, extended[i].name, len) == 0 && name[len] >= '2' && name[len] <= '8' &&
            !name[len + 1])
            return extended[i].key | mods_of(name[len] - '0');
    }
    return 0;
}

static keycode key_of_byte(int byte)
{
    switch (byte) {
    case '\t':
        return KEYC_TAB;
    case '\r':
        return KEYC_ENTER;
    case 0x1b:
        return KEYC_ESC;
    case 0x7f:
        return KEYC_BACKSPACE;
    case 0:
        return KEYM_CTRL | ' ';
    default:
        break;
    }
    if (byte < 0x1b)
        return KEYM_CTRL | (keycode)(byte + 'a' - 1);
    return byte < 0x20 ? KEYM_CTRL | (keycode)(byte + '@') : (keycode)byte;
}

/* A character that begins with this byte; 0 when the rest has not come yet, or it is none. */
static keycode key_of_char(int byte)
{
    for (; byte != ERR && byte < KEY_CODE_YES; byte = wgetch(state.keys)) {
        char c = (char)byte;
        wchar_t wide;
        if (byte < 0x80) { /* also ends what was broken off */
            memset(&state.partial, 0, sizeof state.partial);
            return key_of_byte(byte);
        }
        size_t n = mbrtowc(&wide, &c, 1, &state.partial);
        if (n == (size_t)-1)
            memset(&state.partial, 0, sizeof state.partial);
        else if (n != (size_t)-2)
            return wide >= 0xa0 && wide < KEYC_BASE ? (keycode)wide : 0;
    }
    if (byte != ERR)
        ungetch(byte);
    return 0;
}

/* The rest of CSI … up to its last byte. `first` is the byte behind the bracket. */
static keycode key_of_csi(int first, bool *paste)
{
    int numbers[2] = {0, 0}, at = 0, byte = first;
    bool plain = true;
    char bytes[SEQUENCE_MAX + 4] = "\033[";
    size_t len = 2;
    for (int n = 0; byte != ERR && n < SEQUENCE_MAX && (byte < 0x40 || byte > 0x7e); n++) {
        if (byte >= '0' && byte <= '9' && numbers[at] < 10000)
            numbers[at] = numbers[at] * 10 + byte - '0';
        else if (byte == ';' && at == 0)
            at = 1;
        else
            plain = false;
        bytes[len++] = (char)byte;
        byte = wgetch(state.keys);
    }
    bytes[len++] = (char)byte;
    if (first == '?' && graphics_answer(bytes, len) >= 0)
        term_picture_answer(graphics_answer(bytes, len) == 1);
    *paste = plain && byte == '~' && numbers[0] == 200;
    keycode key = plain && byte > 0 && byte < 0x80 ? key_of_sequence(numbers[0], (char)byte) : 0;
    return key ? key | mods_of(numbers[1]) : 0;
}

/* What follows ESC: nothing (the key itself), a sequence, or a key pressed together with Meta. */
static keycode key_of_escape(bool *paste)
{
    int next = wgetch(state.keys);
    if (next == ERR)
        return KEYC_ESC;
    if (next == '[' || next == 'O') {
        int third = wgetch(state.keys);
        if (third == ERR)
            return KEYM_META | (keycode)next;
        return key_of_csi(third, paste);
    }
    keycode key = next >= KEY_CODE_YES ? key_of_code(next) : key_of_char(next);
    return key ? KEYM_META | key : 0;
}

/* False: nothing that is wanted; *in stays as it is. */
static bool read_mouse(const MEVENT *event, struct input *in)
{
    if (!(event->bstate & (BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED)))
        return false;
    *in = (struct input){.type = INPUT_MOUSE, .x = event->x, .y = event->y};
    if (event->bstate & BUTTON4_PRESSED) {
        in->mouse = MOUSE_WHEEL_UP;
    } else if (event->bstate & BUTTON5_PRESSED) {
        in->mouse = MOUSE_WHEEL_DOWN;
    } else {
        int64_t now = clock_mono_ms();
        bool again = event->x == state.click_x && event->y == state.click_y && state.click_ms &&
                     now - state.click_ms < DOUBLE_CLICK_MS;
        in->mouse = again ? MOUSE_DOUBLE : MOUSE_PRESS;
        state.click_x = event->x;
        state.click_y = event->y;
        state.click_ms = again ? 0 : now; /* a third click begins anew */
    }
    return true;
}

/* Events that came close together are announced by one KEY_MOUSE, and getmouse() gives the newest first: all
 * are taken, or a press would come to light with the next click only. */
static void take_mouse(void)
{
    MEVENT event;
    state.n_mouse = 0;
    while (state.n_mouse < ARRAY_LEN(state.mouse_events) && getmouse(&event) == OK)
        state.mouse_events[state.n_mouse++] = event;
}

static bool give_mouse(struct input *in)
{
    while (state.n_mouse)
        if (read_mouse(&state.mouse_events[--state.n_mouse], in))
            return true;
    return false;
}

static void begin_paste(void)
{
    state.pasting = true;
    state.matched = 0;
    state.last_ms = clock_mono_ms();
    strbuf_clear(&state.paste);
}

static bool give_paste(struct input *in)
{
    state.pasting = false;
    *in = (struct input){.type = INPUT_PASTE, .paste_len = state.paste.len};
    in->paste = strbuf_steal(&state.paste);
    return true;
}

static void add_pasted(char c)
{
    if (state.paste.len < PASTE_MAX && c)
        strbuf_putc(&state.paste, c == '\r' ? '\n' : c);
}

/* True when the byte was the last of the end mark. */
static bool paste_byte(char c)
{
    if (c == paste_end[state.matched]) {
        if (++state.matched == sizeof paste_end - 1)
            return true;
        return false;
    }
    for (size_t i = 0; i < state.matched; i++) /* it was text after all */
        add_pasted(paste_end[i]);
    state.matched = c == paste_end[0];
    if (!state.matched)
        add_pasted(c);
    return false;
}

/* Reads past curses, which would see keys in the text. Never more than what the end mark still lacks, so that
 * no byte behind it is taken: that one is curses' again. */
static bool read_paste(struct input *in)
{
    char bytes[sizeof paste_end];
    struct pollfd fd = {.fd = INPUT_FD, .events = POLLIN};
    int turns = PASTE_TURNS; /* the screen goes on living under an endless paste */
    while (clock_mono_ms() - state.last_ms <= PASTE_SILENCE) {
        if (turns-- == 0 || poll(&fd, 1, 0) <= 0)
            return false;
        ssize_t n = read(INPUT_FD, bytes, sizeof paste_end - 1 - state.matched);
        if (n <= 0)
            return n < 0 && (errno == EINTR || errno == EAGAIN) ? false : give_paste(in);
        state.last_ms = clock_mono_ms();
        for (ssize_t i = 0; i < n; i++)
            if (paste_byte(bytes[i]))
                return give_paste(in);
    }
    return give_paste(in);
}

bool term_input_next(struct input *in)
{
    for (;;) {
        if (give_mouse(in))
            return true;
        if (state.pasting)
            return read_paste(in);
        int code = wgetch(state.keys);
        bool paste = code == KEY_PASTE;
        keycode key = 0;
        if (code == ERR)
            return false;
        if (code == KEY_MOUSE) {
            take_mouse();
            continue;
        }
        if (code == 0x1b)
            key = key_of_escape(&paste);
        else
            key = code >= KEY_CODE_YES ? key_of_code(code) : key_of_char(code);
        if (paste)
            begin_paste();
        else if (key)
            return give_key(in, key);
    }
}
