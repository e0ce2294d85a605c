/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `fields [KIND]`: the kinds of devices and what can be changed of each, for people, programs and the manual.
 */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "command/query.h"
#include "device/field.h"
#include "device/kinds.h"

/* What it takes, in a word or two. */
static char *takes(const struct device_field *f)
{
    static const char *const types[] = {
        [FIELD_TEXT] = "TEXT",        [FIELD_NUMBER] = "NUMBER", [FIELD_SIZE] = "SIZE",
        [FIELD_MAC] = "MAC",          [FIELD_PATH] = "/FILE",    [FIELD_NETWORK] = "NETWORK",
        [FIELD_BRIDGE] = "INTERFACE", [FIELD_SECRET] = "TEXT",   [FIELD_USB] = "VENDOR:PRODUCT",
        [FIELD_PCI] = "PCI-ADDRESS"};
    if (f->type == FIELD_SWITCH || f->type == FIELD_CHOICE)
        return xstrdup(f->words);
    if (f->type == FIELD_PATH && f->words)
        return xstrdup("/FILE POOL/VOLUME");
    return f->words ? xasprintf("%s %s", types[f->type], f->words) : xstrdup(types[f->type]);
}

static const char *when(const struct device_field *f)
{
    return f->flags & FIELD_COMMAND                              ? "next boot"
           : f->flags & FIELD_READ                               ? "never"
           : f->call == CALL_DEFINE || f->call == CALL_MAXMEMORY ? "next boot"
                                                                 : "now";
}

static bool has_fields(const struct device_kind *kind)
{
    return field_next(kind, NULL) != NULL;
}

static json_object *field_json(const struct device_field *f)
{
    json_object *o = json_object_new_object();
    char *values = takes(f);
    json_object_object_add(o, "field", json_text(f->id));
    json_object_object_add(o, "values", json_text(values));
    json_object_object_add(o, "when", json_text(when(f)));
    json_object_object_add(o, "toggle", json_object_new_boolean((f->flags & FIELD_TOGGLE) != 0));
    json_object_object_add(o, "help", json_text(f->help));
    free(values);
    return o;
}

static json_object *kind_json(const struct device_kind *kind)
{
    json_object *o = json_object_new_object(), *array = json_object_new_array();
    json_object_object_add(o, "kind", json_text(kind->id));
    json_object_object_add(o, "what", json_text(kind->what));
    json_object_object_add(o, "part", json_object_new_boolean((kind->flags & KIND_PART) != 0));
    json_object_object_add(o, "add", json_object_new_boolean(kind->fresh != NULL));
    for (const struct device_field *f = NULL; (f = field_next(kind, f)) != NULL;)
        json_object_array_add(array, field_json(f));
    json_object_object_add(o, "fields", array);
    return o;
}

static void fields_text(const struct device_kind *only, struct strbuf *out)
{
    static const char *const titles[] = {"KIND", "FIELD", "VALUES", "CHANGES", "HELP"};
    struct grid g = {.columns = ARRAY_LEN(titles)};
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        grid_add(&g, titles[i]);
    for (size_t k = 0; k < n_device_kinds; k++) {
        const struct device_kind *kind = &device_kinds[k];
        for (const struct device_field *f = NULL;
             (!only || only == kind) && (f = field_next(kind, f)) != NULL;) {
            char *values = takes(f);
            grid_add(&g, kind->id);
            grid_add(&g, f->id);
            grid_add(&g, values);
            grid_add(&g, when(f));
            grid_add(&g, f->help);
            free(values);
        }
    }
    grid_print(&g, out);
}

static bool no_such_kind(const char *name, struct error *e)
{
    struct nearest near = nearest_to(name);
    for (size_t k = 0; k < n_device_kinds; k++)
        nearest_offer(&near, device_kinds[k].id);
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "there is no kind \"%s\"%s; `fields` lists them", name, hint);
    free(hint);
    return false;
}

bool fields_run(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    const char *name = call->words.len ? call->words.items[0] : NULL;
    const struct device_kind *only = name ? device_kind_find(name) : NULL;
    if (name && !only)
        return no_such_kind(name, e);
    if (call->json) {
        json_object *array = json_object_new_array();
        for (size_t k = 0; k < n_device_kinds; k++)
            if ((!only || only == &device_kinds[k]) && (only || has_fields(&device_kinds[k])))
                json_object_array_add(array, kind_json(&device_kinds[k]));
        f->print_json(f->ctx, array);
        return true;
    }
    struct strbuf out = {0};
    fields_text(only, &out);
    f->print(f->ctx, strbuf_str(&out));
    strbuf_free(&out);
    return true;
}

/* ---- for the manual ---- */

static void man_field(struct strbuf *out, const struct device_field *f)
{
    char *values = takes(f);
    char *sentence =
        xasprintf("%c%s", f->help[0] >= 'a' && f->help[0] <= 'z' ? f->help[0] - 32 : f->help[0], f->help + 1);
    strbuf_puts(out, ".TP\n\\fB");
    roff(out, f->id);
    strbuf_puts(out, "=\\fP\\fI");
    roff(out, values);
    strbuf_printf(out, "\\fP (%s%s)\n", when(f), f->flags & FIELD_TOGGLE ? ", toggle" : "");
    roff(out, sentence);
    strbuf_puts(out, ".\n");
    free(sentence);
    free(values);
}

void generate_fields_man(struct strbuf *out)
{
    for (size_t k = 0; k < n_device_kinds; k++) {
        const struct device_kind *kind = &device_kinds[k];
        if (!has_fields(kind))
            continue;
        strbuf_puts(out, ".SS ");
        roff(out, kind->id);
        strbuf_printf(out, "\n%s: ", kind->flags & KIND_PART ? "A part of the domain" : "A device");
        roff(out, kind->what);
        strbuf_puts(out, ".\n");
        for (const struct device_field *f = NULL; (f = field_next(kind, f)) != NULL;)
            man_field(out, f);
    }
}
