/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"
#include "ui/key.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_ALL, "C.UTF-8");
    return 0;
}

/* A key's name, and back: the label of a key is a name of the same key. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *name = fuzz_string(data, size), label[64], bytes[16];
    struct error e = ERROR_INIT;
    keycode key, again;
    if (key_parse(name, &key, &e)) {
        key_label(key, label, sizeof label);
        FUZZ_CHECK(key_parse(label, &again, &e));
        FUZZ_CHECK(again == key);
        FUZZ_CHECK(key_bytes(key, bytes) < sizeof bytes);
        FUZZ_CHECK(strlen(bytes) < sizeof bytes);
    } else {
        FUZZ_CHECK(error_text(&e)[0]);
    }
    error_clear(&e);
    free(name);
    return 0;
}
