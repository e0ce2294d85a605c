/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"
#include "base/paths.h"
#include "ui/theme.h"

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

/* A theme: whatever it says, every role has a colour that can be turned into one of each palette. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int palettes[] = {256, 16, 8};
    struct theme t = {0};
    error_list mistakes = {0};
    theme_load_text(&t, "some.json", (const char *)data, size, &mistakes);
    for (int i = 0; i < ROLE_COUNT; i++) {
        const int both[] = {t.roles[i].fg, t.roles[i].bg};
        for (size_t j = 0; j < 2; j++)
            for (size_t p = 0; p < 3 && both[j] != THEME_DEFAULT; p++) {
                int color = color_nearest(both[j], palettes[p]);
                FUZZ_CHECK(color >= 0 && color < palettes[p]);
            }
    }
    error_list_free(&mistakes);
    theme_free(&t);
    return 0;
}
