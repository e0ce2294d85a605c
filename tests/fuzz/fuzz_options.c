/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Options: the input is a config.json, and its first line also NAME=VALUE. Whatever is taken is canonical: it
 * can be set again and stays the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/strbuf.h"
#include "model/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(struct options *o)
{
    for (size_t i = 0; i < OPT_COUNT; i++) {
        char *text = xstrdup(opt_text(o, (enum option_id)i));
        if (!options_set(o, option_rows[i].name, text, "again", NULL) ||
            strcmp(text, opt_text(o, (enum option_id)i)) != 0)
            abort();
        free(text);
    }
}

static void set_line(struct options *o, const uint8_t *data, size_t size)
{
    char *name = strndup((const char *)data, size);
    struct error e = ERROR_INIT;
    name[strcspn(name, "\n")] = '\0';
    char *equals = strchr(name, '=');
    if (equals) {
        *equals = '\0';
        if (!options_set(o, name, equals + 1, "-o", &e) && !e.text)
            abort();
    }
    error_clear(&e);
    free(name);
}

static void load(struct options *o, const uint8_t *data, size_t size)
{
    error_list mistakes = {0};
    char path[64];
    int fd = memfd_create("config", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    options_load(o, path, &mistakes);
    for (size_t i = 0; i < mistakes.len; i++)
        if (!strstr(error_text(&mistakes.items[i]), path))
            abort();
    error_list_free(&mistakes);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct options o;
    options_init(&o);
    set_line(&o, data, size);
    load(&o, data, size);
    check_canonical(&o);
    options_free(&o);
    return 0;
}
