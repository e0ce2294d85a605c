/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"
#include "command/command.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_ALL, "C.UTF-8");
    return 0;
}

/* A command line: words with places in the line, or an error that points into it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = fuzz_string(data, size);
    struct error e = ERROR_INIT;
    word_list words = {0};
    int len = (int)strlen(line);
    if (words_split(line, &words, &e)) {
        for (size_t i = 0; i < words.len; i++) {
            FUZZ_CHECK(words.items[i].text);
            FUZZ_CHECK(words.items[i].position >= 0 && words.items[i].position <= len);
        }
    } else {
        FUZZ_CHECK(error_text(&e)[0] && e.position <= len);
    }
    words_free(&words);
    error_clear(&e);
    free(line);
    return 0;
}
