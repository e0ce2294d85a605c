/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * readline through its callback interface. It gets its bytes from a queue and is told that the terminal is a
 * file that swallows everything; what it made of them is read from its variables and drawn.
 */
#include "ui/prompt.h"

#include <stdio.h>
#include <readline/history.h>
#include <readline/readline.h>
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/text.h"
#include "base/utf8.h"
#include "ui/prompt_lines.h"

#define PASTE_MAX     65536 /* bytes of one paste that go into the line */
#define SECRET_MAX    1024
#define FILTER_PREFIX "filter " /* a filter is completed as that command's argument */

/* States in which a key means something else than in the line. */
#define BUSY_STATES (RL_STATE_ISEARCH | RL_STATE_NSEARCH | RL_STATE_NUMERICARG | RL_STATE_MULTIKEY)

static struct {
    struct session *session;
    char *history_path;
    struct prompt_lines lines[PROMPT_SEARCH + 1]; /* the modes that remember */
    bool ready, open;
    enum prompt_mode mode;
    char *label;
    struct strbuf queue; /* bytes for readline, from `head` on */
    size_t head;
    bool finished;
    char *accepted; /* NULL with `finished`: given up by readline (^D) */
    candidate_list candidates;
    size_t selected;    /* candidates.len: none yet */
    size_t word_start;  /* of the word that candidates stand in for */
    bool completing;    /* the key that is being fed had to do with the list */
    prompt_finder find; /* for answers; NULL */
    void *find_ctx;
    /* A secret is none of readline's business: it would stay in its undo list and kill ring. */
    char secret[SECRET_MAX + 1];
    size_t secret_len;
} bar;

/* ---- what readline calls ---- */

static int next_byte(FILE *unused)
{
    (void)unused;
    return bar.head < bar.queue.len ? (unsigned char)bar.queue.s[bar.head++] : EOF;
}

static int bytes_wait(void)
{
    return bar.head < bar.queue.len;
}

static void draw_nothing(void)
{
}

static void take_line(char *line)
{
    bar.accepted = line;
    bar.finished = true;
    rl_callback_handler_remove();
}

/* ---- completion ---- */

static void hide_candidates(void)
{
    candidates_free(&bar.candidates);
    bar.selected = 0;
}

/* Candidates for the word at the cursor, in place of the old ones. */
static void find_candidates(void)
{
    size_t cursor = (size_t)rl_point;
    hide_candidates();
    if (bar.mode == PROMPT_COMMAND) {
        command_complete(bar.session, rl_line_buffer, cursor, &bar.word_start, &bar.candidates);
    } else if (bar.mode == PROMPT_FILTER) {
        size_t before = strlen(FILTER_PREFIX);
        char *line = xasprintf(FILTER_PREFIX "%s", rl_line_buffer);
        command_complete(bar.session, line, cursor + before, &bar.word_start, &bar.candidates);
        bar.word_start = bar.word_start > before ? bar.word_start - before : 0;
        free(line);
    } else if (bar.mode == PROMPT_ANSWER && bar.find) {
        char *text = xstrndup(rl_line_buffer, cursor);
        bar.word_start = 0;
        bar.find(bar.find_ctx, text, &bar.candidates);
        free(text);
    }
    if (bar.word_start > cursor)
        bar.word_start = cursor;
    bar.selected = bar.candidates.len;
}

static void replace_word(const char *text, bool space)
{
    rl_begin_undo_group();
    rl_delete_text((int)bar.word_start, rl_point);
    rl_point = (int)bar.word_start;
    rl_insert_text(text);
    if (space)
        rl_insert_text(" ");
    rl_end_undo_group();
}

/* Bytes that all candidates begin with, in whole characters. */
static size_t common_prefix(void)
{
    const char *first = bar.candidates.items[0].text;
    size_t len = strlen(first);
    for (size_t i = 1; i < bar.candidates.len; i++)
        for (size_t k = 0; k < len; k++)
            if (bar.candidates.items[i].text[k] != first[k])
                len = k;
    while (len > 0 && (first[len] & 0xc0) == 0x80)
        len--;
    return len;
}

/* More is to come behind these: no blank after the word. */
static bool wants_more(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && strchr("=/,:~<>!(", text[len - 1]);
}

static void complete_anew(void)
{
    find_candidates();
    if (bar.candidates.len == 0)
        return;
    const char *first = bar.candidates.items[0].text;
    if (bar.candidates.len == 1) {
        replace_word(first,
                     bar.mode != PROMPT_ANSWER && !wants_more(first) && rl_line_buffer[rl_point] != ' ');
        hide_candidates();
        return;
    }
    size_t len = common_prefix();
    if (len > (size_t)rl_point - bar.word_start) {
        char *prefix = xstrndup(first, len);
        replace_word(prefix, false);
        free(prefix);
    }
}

static void walk(size_t step)
{
    size_t n = bar.candidates.len;
    bar.selected = bar.selected < n ? (bar.selected + step) % n : step == 1 ? 0 : n - 1;
    replace_word(bar.candidates.items[bar.selected].text, false);
}

static int complete_forward(int count, int key)
{
    (void)count, (void)key;
    bar.completing = true;
    if (bar.candidates.len > 1)
        walk(1);
    else
        complete_anew();
    return 0;
}

static int complete_backward(int count, int key)
{
    (void)count, (void)key;
    bar.completing = true;
    if (bar.candidates.len > 1)
        walk(bar.candidates.len - 1);
    else
        complete_anew();
    return 0;
}

/* For completion functions of readline's own that ~/.inputrc may bind (menu-complete …). */
static char **readline_matches(const char *text, int start, int end)
{
    (void)text, (void)end;
    rl_attempted_completion_over = 1;
    find_candidates();
    size_t n = bar.word_start == (size_t)start ? bar.candidates.len : 0;
    if (n == 0) {
        hide_candidates();
        return NULL;
    }
    char **matches = xcalloc(n + 2, sizeof *matches);
    matches[0] = xstrndup(bar.candidates.items[0].text, common_prefix());
    for (size_t i = 0; i < n; i++)
        matches[i + 1] = xstrdup(bar.candidates.items[i].text);
    if (n == 1) {
        free(matches[1]);
        matches[1] = NULL;
    }
    hide_candidates();
    return matches;
}

static void show_matches(char **matches, int n, int longest)
{
    (void)longest;
    bar.completing = true;
    hide_candidates();
    for (int i = 1; i <= n; i++) {
        struct candidate c = {.text = xstrdup(matches[i])};
        vec_push(&bar.candidates, c);
    }
    bar.selected = bar.candidates.len;
}

/* ---- setting up ---- */

/* What terminals send for keys that readline, not asking terminfo, would not know. */
static const struct {
    const char *sequence;
    rl_command_func_t *function;
} bindings[] = {
    {"\\e[A", rl_get_previous_history},
    {"\\e[B", rl_get_next_history},
    {"\\e[C", rl_forward_char},
    {"\\e[D", rl_backward_char},
    {"\\e[H", rl_beg_of_line},
    {"\\e[F", rl_end_of_line},
    {"\\e[3~", rl_delete},
    {"\\e[2~", rl_overwrite_mode},
    {"\\e[1;5C", rl_forward_word},
    {"\\e[1;5D", rl_backward_word},
    {"\\e[1;3C", rl_forward_word},
    {"\\e[1;3D", rl_backward_word},
    {"\\e[3;5~", rl_kill_word},
    {"\\e[Z", complete_backward},
};

static void bind_keys(Keymap map)
{
    if (rl_function_of_keyseq("\t", map, NULL) == rl_complete)
        rl_bind_key_in_map('\t', complete_forward, map);
    for (size_t i = 0; i < ARRAY_LEN(bindings); i++)
        rl_bind_keyseq_if_unbound_in_map(bindings[i].sequence, bindings[i].function, map);
}

/* All that could let readline touch the terminal is set before it looks at anything: with a redisplay
 * function of our own it doesn't even ask terminfo, which curses has open. */
static void start_readline(void)
{
    FILE *nothing = fopen("/dev/null", "r+");
    rl_readline_name = "virtdeck";
    rl_instream = rl_outstream = nothing;
    rl_change_environment = 0;
    rl_catch_signals = rl_catch_sigwinch = 0;
    rl_prep_term_function = NULL;
    rl_deprep_term_function = NULL;
    rl_redisplay_function = draw_nothing;
    rl_getc_function = next_byte;
    rl_input_available_hook = bytes_wait;
    rl_attempted_completion_function = readline_matches;
    rl_completion_display_matches_hook = show_matches;
    rl_completer_word_break_characters = " \t\n";
    rl_add_defun("virtdeck-complete", complete_forward, -1);
    rl_add_defun("virtdeck-complete-backward", complete_backward, -1);
    rl_initialize();
    bind_keys(emacs_standard_keymap);
    bind_keys(vi_insertion_keymap);
}

void prompt_init(struct session *s, const char *history_path, int history_size)
{
    struct error e = ERROR_INIT;
    bar.session = s;
    free(bar.history_path);
    bar.history_path = xstrdup(history_path);
    for (size_t i = 0; i < ARRAY_LEN(bar.lines); i++)
        bar.lines[i].max = history_size > 0 ? (size_t)history_size : 1;
    if (history_path && !prompt_lines_load(&bar.lines[PROMPT_COMMAND], history_path, &e))
        log_write(LEVEL_LOG_WARN, "the command history can't be read: %s", error_text(&e));
    error_clear(&e);
    if (!bar.ready)
        start_readline();
    bar.ready = true;
}

static void history_kept(void *ctx, const struct error *e)
{
    (void)ctx;
    if (e)
        log_write(LEVEL_LOG_WARN, "the command history can't be kept: %s", error_text(e));
}

void prompt_shutdown(struct writer *w)
{
    prompt_cancel();
    if (bar.history_path)
        prompt_lines_save(&bar.lines[PROMPT_COMMAND], bar.history_path, w, history_kept, NULL);
    for (size_t i = 0; i < ARRAY_LEN(bar.lines); i++)
        prompt_lines_free(&bar.lines[i]);
    rl_clear_history();
    strbuf_free(&bar.queue);
    free(bar.history_path);
    free(bar.label);
    bar.history_path = bar.label = NULL;
}

/* ---- open and closed ---- */

static void fill_history(void)
{
    rl_clear_history();
    for (size_t i = 0; bar.mode < ARRAY_LEN(bar.lines) && i < bar.lines[bar.mode].lines.len; i++)
        add_history(bar.lines[bar.mode].lines.items[i]);
    using_history();
}

void prompt_open(enum prompt_mode mode, const char *label, const char *initial)
{
    prompt_cancel();
    free(bar.label);
    bar.label = xstrdup(label ? label : "");
    bar.mode = mode;
    bar.open = true;
    bar.finished = false;
    if (mode == PROMPT_SECRET)
        return;
    rl_variable_bind("bell-style", "none"); /* it would go to stderr; ~/.inputrc may have been read again */
    fill_history();
    rl_callback_handler_install(bar.label, take_line);
    if (initial)
        rl_insert_text(initial);
}

void prompt_offer(prompt_finder find, void *ctx)
{
    bar.find = find;
    bar.find_ctx = ctx;
}

static void close_bar(void)
{
    hide_candidates();
    bar.find = NULL;
    strbuf_clear(&bar.queue);
    bar.head = 0;
    explicit_bzero(bar.secret, sizeof bar.secret);
    bar.secret_len = 0;
    bar.open = false;
}

void prompt_cancel(void)
{
    if (!bar.open)
        return;
    if (bar.mode != PROMPT_SECRET) {
        if (RL_ISSTATE(RL_STATE_NUMERICARG)) {
            rl_restore_prompt(); /* saved when the argument was begun; the cleanup forgets it */
            rl_clear_message();
        }
        rl_callback_sigcleanup();
        rl_replace_line("", 1);
        rl_callback_handler_remove();
    }
    close_bar();
}

void prompt_remember(const char *line)
{
    prompt_lines_add(&bar.lines[PROMPT_COMMAND], line);
}

bool prompt_is_open(void)
{
    return bar.open;
}

enum prompt_mode prompt_current_mode(void)
{
    return bar.mode;
}

const char *prompt_text(void)
{
    return !bar.open ? "" : bar.mode == PROMPT_SECRET ? bar.secret : rl_line_buffer;
}

size_t prompt_point(void)
{
    return !bar.open ? 0 : bar.mode == PROMPT_SECRET ? bar.secret_len : (size_t)rl_point;
}

const candidate_list *prompt_candidates(size_t *selected)
{
    if (!bar.open || bar.candidates.len < 2)
        return NULL;
    if (selected)
        *selected = bar.selected;
    return &bar.candidates;
}

/* ---- keys ---- */

static enum prompt_result cancelled(void)
{
    prompt_cancel();
    return PROMPT_CANCELLED;
}

static enum prompt_result finished(char **line)
{
    char *text = bar.accepted;
    bar.accepted = NULL;
    if (text && bar.mode < ARRAY_LEN(bar.lines))
        prompt_lines_add(&bar.lines[bar.mode], text);
    close_bar();
    *line = text;
    return text ? PROMPT_ACCEPTED : PROMPT_CANCELLED;
}

/* One event's bytes and no more: the line may be finished in the middle, and what follows is another's. */
static enum prompt_result pump(const char *bytes, size_t len, char **line)
{
    strbuf_clear(&bar.queue);
    bar.head = 0;
    strbuf_add(&bar.queue, bytes, len);
    bar.completing = false;
    while (bar.head < bar.queue.len && !bar.finished)
        rl_callback_read_char();
    if (!bar.completing)
        hide_candidates();
    return bar.finished ? finished(line) : PROMPT_OPEN;
}

/* Pasted text as one line: it never runs by itself, and holds nothing that readline would obey. */
static char *flattened(const char *text, size_t len)
{
    struct strbuf out = {0};
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    for (size_t i = 0, n; i < len && out.len < PASTE_MAX; i += n) {
        uint32_t cp;
        n = utf8_decode(text + i, len - i, &cp);
        if (n == 0 || cp < 0x20 || cp == 0x7f) {
            if (n && (cp == '\n' || cp == '\r' || cp == '\t'))
                strbuf_putc(&out, ' ');
            n = 1;
        } else
            strbuf_add(&out, text + i, n);
    }
    return strbuf_steal(&out);
}

static enum prompt_result feed_paste(const struct input *in, char **line)
{
    char *text = flattened(in->paste, in->paste_len);
    enum prompt_result result = PROMPT_OPEN;
    if (RL_ISSTATE(RL_STATE_ISEARCH) || RL_ISSTATE(RL_STATE_NSEARCH)) {
        result = pump(text, strlen(text), line); /* more of what is searched for */
    } else {
        rl_begin_undo_group();
        rl_insert_text(text);
        rl_end_undo_group();
        hide_candidates();
    }
    free(text);
    return result;
}

static enum prompt_result feed_key(const struct input *in, char **line)
{
    bool busy = RL_ISSTATE(BUSY_STATES);
    bool vi_insert = rl_editing_mode == 0 && rl_get_keymap() == vi_insertion_keymap;
    if (in->key == (KEYM_CTRL | 'c'))
        return cancelled();
    if (in->key == KEYC_ESC || in->key == (KEYM_CTRL | 'g')) {
        /* A bare ESC would make readline wait for another key and swallow it. */
        if (busy)
            return pump("\a", 1, line);
        if (in->key != KEYC_ESC || !vi_insert)
            return cancelled();
    }
    return pump(in->bytes, in->n_bytes, line);
}

static void add_secret(const char *bytes, size_t len)
{
    if (bar.secret_len + len > SECRET_MAX)
        return;
    memcpy(bar.secret + bar.secret_len, bytes, len);
    bar.secret_len += len;
}

static void cut_secret(void)
{
    while (bar.secret_len > 0 && (bar.secret[bar.secret_len - 1] & 0xc0) == 0x80)
        bar.secret[--bar.secret_len] = '\0';
    if (bar.secret_len > 0)
        bar.secret[--bar.secret_len] = '\0';
}

static enum prompt_result feed_secret(const struct input *in, char **line)
{
    if (in->type == INPUT_PASTE) {
        char *text = flattened(in->paste, in->paste_len);
        add_secret(text, strlen(text));
        explicit_bzero(text, strlen(text));
        free(text);
        return PROMPT_OPEN;
    }
    if (in->key == KEYC_ESC || in->key == (KEYM_CTRL | 'c') || in->key == (KEYM_CTRL | 'g'))
        return cancelled();
    if (in->key == KEYC_ENTER || in->key == (KEYM_CTRL | 'j')) {
        *line = xstrndup(bar.secret, bar.secret_len);
        close_bar();
        return PROMPT_ACCEPTED;
    }
    if (in->key == KEYC_BACKSPACE || in->key == (KEYM_CTRL | 'h')) {
        cut_secret();
    } else if (in->key == (KEYM_CTRL | 'u') || in->key == (KEYM_CTRL | 'w')) {
        explicit_bzero(bar.secret, sizeof bar.secret);
        bar.secret_len = 0;
    } else if (in->key < KEYC_BASE) {
        add_secret(in->bytes, in->n_bytes);
    }
    return PROMPT_OPEN;
}

enum prompt_result prompt_feed(const struct input *in, char **line)
{
    *line = NULL;
    if (!bar.open)
        return PROMPT_CANCELLED;
    if ((in->type != INPUT_KEY && in->type != INPUT_PASTE) || (in->type == INPUT_PASTE && !in->paste))
        return PROMPT_OPEN;
    if (bar.mode == PROMPT_SECRET)
        return feed_secret(in, line);
    return in->type == INPUT_PASTE ? feed_paste(in, line) : feed_key(in, line);
}

/* ---- drawing ---- */

/* What is shown of the line, and the cursor's column in it. */
static char *shown_text(bool unicode, int *cursor)
{
    struct strbuf out = {0};
    if (bar.mode == PROMPT_SECRET) {
        for (size_t i = 0; i < bar.secret_len; i++)
            if ((bar.secret[i] & 0xc0) != 0x80)
                strbuf_puts(&out, unicode ? "•" : "*");
        *cursor = text_width(strbuf_str(&out));
        return strbuf_steal(&out);
    }
    text_escape(&out, rl_line_buffer, (size_t)rl_point);
    *cursor = text_width(strbuf_str(&out));
    strbuf_clear(&out);
    text_escape(&out, rl_line_buffer, strlen(rl_line_buffer));
    return strbuf_steal(&out);
}

/* Draws escaped text from column `from` on; what is cut off on a side is marked. */
static void draw_scrolled(struct canvas *c, struct rect r, const char *text, int from, int cursor)
{
    struct text_cluster cluster;
    const char *s = text, *next = text;
    int column = 0;
    while (column < from && text_next(&next, &cluster)) {
        column += cluster.width;
        s = next;
    }
    canvas_text(c, r.x + column - from, r.y, r.w - (column - from), ROLE_INPUT, s);
    if (from > 0)
        canvas_text(c, r.x, r.y, 1, ROLE_DIM, "<");
    if (text_width(text) - from > r.w && cursor - from < r.w - 1)
        canvas_text(c, r.x + r.w - 1, r.y, 1, ROLE_DIM, ">");
}

void prompt_draw(struct canvas *c, int x, int y, int w)
{
    int cursor;
    if (!bar.open || w <= 0)
        return;
    /* Incremental search puts its own prompt in place of ours. */
    const char *label = bar.mode != PROMPT_SECRET && rl_display_prompt ? rl_display_prompt : bar.label;
    canvas_clear(c, (struct rect){x, y, w, 1}, ROLE_INPUT);
    int used = canvas_text(c, x, y, w * 2 / 3, ROLE_PROMPT, label);
    char *text = shown_text(c->unicode, &cursor);
    struct rect r = {x + used, y, w - used, 1};
    int from = cursor >= r.w ? cursor - r.w + 1 : 0;
    draw_scrolled(c, r, text, from, cursor);
    c->cursor_x = r.x + cursor - from;
    c->cursor_y = y;
    free(text);
}
