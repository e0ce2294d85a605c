/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/prompt_lines.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "device/field.h"

#define FILE_MAX       (8 * 1024 * 1024)
#define LINE_MAX_BYTES 65536

static void drop(struct prompt_lines *l, size_t i)
{
    if (i >= l->lines.len - l->fresh)
        l->fresh--;
    free(l->lines.items[i]);
    vec_remove(&l->lines, i);
}

/* A password that was typed as a word of a command stays out of the history and so of its file. */
static bool has_secret(const char *line)
{
    const struct device_field *f;
    for (size_t i = 0; (f = field_row(i)) != NULL; i++) {
        size_t len = strlen(f->id);
        if (f->type != FIELD_SECRET)
            continue;
        for (const char *at = line; (at = strstr(at, f->id)) != NULL; at += len)
            if (at[len] == '=' && (at == line || strchr(" \t'\"", at[-1])))
                return true;
    }
    return false;
}

void prompt_lines_add(struct prompt_lines *l, const char *line)
{
    if (!line[0] || strchr(line, '\n') || strlen(line) > LINE_MAX_BYTES || has_secret(line))
        return;
    for (size_t i = l->lines.len; i-- > 0;)
        if (strcmp(l->lines.items[i], line) == 0)
            drop(l, i);
    vec_push(&l->lines, xstrdup(line));
    l->fresh++;
    while (l->lines.len > l->max)
        drop(l, 0);
}

bool prompt_lines_load(struct prompt_lines *l, const char *path, struct error *e)
{
    char *data = NULL;
    size_t len = 0;
    bool missing = false;
    if (!file_read(path, FILE_MAX, &data, &len, &missing, e)) {
        if (missing)
            error_clear(e);
        return missing;
    }
    for (char *line = data, *end; line < data + len; line = end + 1) {
        end = memchr(line, '\n', (size_t)(data + len - line));
        if (!end)
            end = data + len;
        *end = '\0'; /* the last byte is the NUL that file_read() adds */
        if (utf8_check(line, (size_t)(end - line)) == (size_t)(end - line))
            prompt_lines_add(l, line);
    }
    l->fresh = 0;
    free(data);
    return true;
}

struct merge {
    char *path;
    struct prompt_lines fresh;
};

static bool merge_run(void *arg, struct error *e)
{
    struct merge *m = arg;
    struct prompt_lines file = {.max = m->fresh.max};
    struct strbuf out = {0};
    char *copy = xstrdup(m->path);
    prompt_lines_load(&file, m->path, NULL); /* an unreadable history is begun anew */
    for (size_t i = 0; i < m->fresh.lines.len; i++)
        prompt_lines_add(&file, m->fresh.lines.items[i]);
    for (size_t i = 0; i < file.lines.len; i++)
        strbuf_printf(&out, "%s\n", file.lines.items[i]);
    bool ok = file_make_dirs(dirname(copy), e) && file_write(m->path, strbuf_str(&out), out.len, 0600, e);
    free(copy);
    strbuf_free(&out);
    prompt_lines_free(&file);
    return ok;
}

static void merge_free(void *arg)
{
    struct merge *m = arg;
    prompt_lines_free(&m->fresh);
    free(m->path);
    free(m);
}

void prompt_lines_save(struct prompt_lines *l, const char *path, struct writer *w, writer_done done,
                       void *ctx)
{
    if (l->fresh == 0)
        return;
    struct merge *m = xcalloc(1, sizeof *m);
    m->path = xstrdup(path);
    m->fresh.max = l->max;
    for (size_t i = l->lines.len - l->fresh; i < l->lines.len; i++)
        prompt_lines_add(&m->fresh, l->lines.items[i]);
    l->fresh = 0;
    writer_do(w, &(struct writer_work){merge_run, merge_free, m, done, ctx});
}

void prompt_lines_free(struct prompt_lines *l)
{
    for (size_t i = 0; i < l->lines.len; i++)
        free(l->lines.items[i]);
    vec_free(&l->lines);
    l->fresh = 0;
}
