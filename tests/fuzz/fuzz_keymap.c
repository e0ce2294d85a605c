/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"
#include "base/paths.h"
#include "ui/keymap.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_ALL, "C.UTF-8");
    /* No user's files. */
    setenv("HOME", "/nonexistent", 1);
    unsetenv("XDG_CONFIG_HOME");
    paths_init();
    return 0;
}

/* A keymap: whatever it says, a binding has a key, a place and a line, and is found again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keymap m = {0};
    error_list mistakes = {0};
    keymap_load_text(&m, "some.json", (const char *)data, size, &mistakes);
    for (size_t i = 0; i < m.bindings.len; i++) {
        const struct binding *b = &m.bindings.items[i];
        FUZZ_CHECK(b->key && b->run && b->place < PLACE_COUNT);
        FUZZ_CHECK(keymap_find(&m, b->place, b->key));
    }
    error_list_free(&mistakes);
    keymap_free(&m);
    return 0;
}
