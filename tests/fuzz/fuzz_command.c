/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"
#include "base/paths.h"
#include "tests/unit/command_fixture.h"

static struct fixture fixtures[2];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setenv("HOME", "/nonexistent", 1);
    paths_init();
    fixture_open(&fixtures[0], false);
    fixture_open(&fixtures[1], true);
    fixture_selected[0] = "web1";
    return 0;
}

static void prepare(struct session *s, int argc, const char *const *argv)
{
    struct error e = ERROR_INIT;
    const char *typed;
    bool syntax = command_check(s->frontend->screen, argc, argv, NULL);
    struct call *call = command_prepare(s, argc, argv, &e);
    /* What can be run is right in every word; what is refused has a reason and points at a word. */
    FUZZ_CHECK(!call || syntax);
    FUZZ_CHECK(call || (error_text(&e)[0] && e.status != STATUS_OK && e.position <= argc));
    if (call) {
        free(command_question(call, &typed));
        FUZZ_CHECK(s->frontend->screen || !(call->command->flags & COMMAND_TARGETS) || call->targets.len > 0);
    }
    call_free(call);
    error_clear(&e);
}

static void run_lines(struct session *s, const char *line)
{
    word_list words = {0};
    if (!words_split(line, &words, NULL))
        return;
    const char **argv = xcalloc(words.len + 1, sizeof *argv);
    for (size_t from = 0, to; from < words.len; from = to + 1) {
        to = words_command_end(line, &words, from);
        for (size_t i = from; i < to; i++)
            argv[i - from] = words.items[i].text;
        prepare(s, (int)(to - from), argv);
    }
    free(argv);
    words_free(&words);
}

/* Candidates are words of the language: each can be typed as it is. */
static void complete(struct session *s, const char *line, size_t cursor)
{
    candidate_list found = {0};
    size_t start;
    command_complete(s, line, cursor, &start, &found);
    FUZZ_CHECK(start <= cursor);
    for (size_t i = 0; i < found.len; i++) {
        word_list words = {0};
        FUZZ_CHECK(words_split(found.items[i].text, &words, NULL));
        FUZZ_CHECK(words.len == 1);
        words_free(&words);
    }
    candidates_free(&found);
    free(command_hint(s, line, cursor));
}

/* Any line: understood or refused with a reason, completed anywhere, from both doors. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t at = size ? data[0] : 0;
    char *line = fuzz_string(data + (size > 0), size - (size > 0));
    size_t len = strlen(line);
    for (size_t i = 0; i < ARRAY_LEN(fixtures); i++) {
        run_lines(&fixtures[i].session, line);
        complete(&fixtures[i].session, line, len);
        complete(&fixtures[i].session, line, at < len ? at : len);
    }
    free(line);
    return 0;
}
