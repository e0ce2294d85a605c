/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void finding_add(finding_list *l, const char *id, enum severity severity, const char *remedy, const char *fmt,
                 ...)
{
    struct finding f = {.id = id, .severity = severity, .remedy = xstrdup(remedy)};
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&f.text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    vec_push(l, f);
}

void findings_free(finding_list *l)
{
    for (size_t i = 0; i < l->len; i++) {
        free(l->items[i].text);
        free(l->items[i].remedy);
    }
    vec_free(l);
}

size_t findings_count(const finding_list *l, enum severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < l->len; i++)
        n += l->items[i].severity == severity;
    return n;
}

const char *finding_word(enum severity severity)
{
    static const char *const words[] = {
        [SEV_INFO] = "info", [SEV_GOOD] = "good", [SEV_WARN] = "warning", [SEV_ERROR] = "error"};
    return words[severity];
}

void findings_print(const finding_list *l, struct strbuf *out)
{
    for (size_t i = 0; i < l->len; i++) {
        const struct finding *f = &l->items[i];
        strbuf_printf(out, "%s: %s\n", finding_word(f->severity), f->text);
        if (f->remedy)
            strbuf_printf(out, "  → %s\n", f->remedy);
    }
}

json_object *findings_json(const finding_list *l)
{
    json_object *array = json_object_new_array();
    for (size_t i = 0; i < l->len; i++) {
        const struct finding *f = &l->items[i];
        json_object *o = json_object_new_object();
        json_object_object_add(o, "id", json_object_new_string(f->id));
        json_object_object_add(o, "severity", json_object_new_string(finding_word(f->severity)));
        json_object_object_add(o, "text", json_object_new_string(f->text));
        json_object_object_add(o, "remedy", f->remedy ? json_object_new_string(f->remedy) : NULL);
        json_object_object_add(o, "complete", json_object_new_boolean(f->remedy && !f->fill_in));
        json_object_array_add(array, o);
    }
    return array;
}
