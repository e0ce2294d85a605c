/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"
#include "model/eventfile.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_ALL, "C.UTF-8");
    return 0;
}

static void take(void *ctx, struct event *ev)
{
    size_t *n = ctx;
    (*n)++;
    FUZZ_CHECK(ev->kind);
    event_clear(ev);
}

/* The events of earlier runs, as another program may have left them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = fuzz_file(data, size, path, sizeof path);
    struct error e = ERROR_INIT;
    size_t n = 0;
    struct eventfile *f = eventfile_new(path);
    eventfile_load(f, take, &n, &e);
    eventfile_free(f);
    error_clear(&e);
    close(fd);
    return 0;
}
