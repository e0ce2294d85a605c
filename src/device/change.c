/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/change.h"

#include <stdlib.h>
#include <string.h>
#include "base/nearest.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "model/xml.h"

void change_clear(struct change *c)
{
    for (size_t i = 0; i < c->sets.len; i++)
        free(c->sets.items[i].value);
    vec_free(&c->sets);
    free(c->device);
    free(c->xml);
    free(c->base);
    free(c->arg);
    *c = (struct change){0};
}

void change_copy(struct change *to, const struct change *from)
{
    *to = (struct change){.verb = from->verb,
                          .device = xstrdup(from->device),
                          .kind = from->kind,
                          .xml = xstrdup(from->xml),
                          .base = xstrdup(from->base),
                          .edit = from->edit,
                          .arg = xstrdup(from->arg)};
    for (size_t i = 0; i < from->sets.len; i++) {
        struct assignment a = {from->sets.items[i].field, xstrdup(from->sets.items[i].value)};
        vec_push(&to->sets, a);
    }
}

void changed_clear(struct changed *c)
{
    free(c->before);
    free(c->after);
    free(c->key);
    free(c->name);
    *c = (struct changed){0};
}

/* ---- assignments ---- */

static bool no_such_field(const struct device_kind *kind, const char *id, struct error *e)
{
    struct strbuf known = {0};
    struct nearest near = nearest_to(id);
    for (const struct device_field *f = NULL; (f = field_next(kind, f)) != NULL;) {
        if (f->flags & FIELD_READ)
            continue;
        strbuf_printf(&known, "%s%s", known.len ? ", " : "", f->id);
        nearest_offer(&near, f->id);
    }
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "a %s has no field \"%s\"%s; it has: %s", kind->title, id, hint,
              known.len ? strbuf_str(&known) : "none");
    free(hint);
    strbuf_free(&known);
    return false;
}

static bool set_assignment(struct change *c, const struct device_field *field, char *value)
{
    for (size_t i = 0; i < c->sets.len; i++) {
        if (c->sets.items[i].field == field) {
            free(c->sets.items[i].value);
            c->sets.items[i].value = value;
            return true;
        }
    }
    struct assignment a = {field, value};
    vec_push(&c->sets, a);
    return true;
}

/* Of any kind: which one is meant is settled where the device is found, by the field's name. */
static const struct device_field *any_field(const char *id)
{
    const struct device_field *seen = NULL;
    for (size_t i = 0; i < n_device_kinds; i++) {
        const struct device_field *f = field_find(&device_kinds[i], id);
        if (f && !(f->flags & FIELD_READ))
            return f;
        seen = seen ? seen : f;
    }
    return seen;
}

static bool no_field_at_all(const char *id, struct error *e)
{
    return error_set(e, STATUS_USAGE, "no device has a field \"%s\"; `fields` lists them", id);
}

bool change_assign(struct change *c, const struct device_kind *kind, const char *word, struct error *e)
{
    const char *equals = strchr(word, '=');
    if (!equals || equals == word)
        return error_set(e, STATUS_USAGE, "\"%s\" is not FIELD=VALUE", word);
    char *id = xstrndup(word, (size_t)(equals - word));
    const struct device_field *field = kind ? field_find(kind, id) : any_field(id);
    bool good = field != NULL;
    if (!field && kind)
        no_such_field(kind, id, e);
    else if (!field)
        no_field_at_all(id, e);
    bool unset = field && (equals[1] == '\0' || field_unset(field, equals + 1));
    if (field && kind && field->flags & FIELD_READ && !(field->flags & FIELD_COMMAND))
        good = error_set(e, STATUS_USAGE, "%s of a %s can be seen, not changed", id, kind->title);
    good = good && (unset || !kind || field_check(field, equals + 1, e));
    if (good)
        set_assignment(c, field, unset ? NULL : xstrdup(equals + 1));
    free(id);
    return good;
}

/* ---- finding a device ---- */

static bool called(const struct device_walk *w, const char *name)
{
    const char *const names[] = {w->dev.name, w->dev.alias, w->dev.target, w->key};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i] && strcmp(names[i], name) == 0)
            return true;
    return w->dev.mac && strcasecmp(w->dev.mac, name) == 0;
}

static bool say_no_device(const char *name, xmlNodePtr domain, struct error *e)
{
    struct strbuf known = {0};
    struct nearest near = nearest_to(name);
    VEC(char *) names = {0}; /* the walk keeps one name at a time, the nearest one is borrowed */
    struct device_walk w = {.domain = domain};
    while (device_walk_next(&w))
        if (!(w.kind->flags & KIND_AUTOMATIC) && w.dev.name)
            vec_push(&names, xstrdup(w.dev.name));
    device_walk_end(&w);
    for (size_t i = 0; i < names.len; i++) {
        strbuf_printf(&known, "%s%s", i ? ", " : "", names.items[i]);
        nearest_offer(&near, names.items[i]);
    }
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_FAILED, "there is no device \"%s\"%s; there are: %s", name, hint, strbuf_str(&known));
    for (size_t i = 0; i < names.len; i++)
        free(names.items[i]);
    vec_free(&names);
    free(hint);
    strbuf_free(&known);
    return false;
}

/* A name may be that of one device and the alias of another: then it is no answer. One that libvirt adds by
 * itself (a controller) is not meant where another is called the same. */
static size_t count_called(const char *name, xmlNodePtr domain, int *at)
{
    struct device_walk w = {.domain = domain};
    size_t n[2] = {0, 0};
    int first[2] = {0, 0};
    for (int i = 0; device_walk_next(&w); i++) {
        bool automatic = (w.kind->flags & KIND_AUTOMATIC) != 0;
        if (called(&w, name)) {
            first[automatic] = n[automatic] ? first[automatic] : i;
            n[automatic]++;
        }
    }
    device_walk_end(&w);
    *at = first[n[0] == 0];
    return n[n[0] == 0];
}

bool change_find_device(const char *name, xmlNodePtr domain, struct device_walk *at, struct error *e)
{
    int index = 0;
    size_t n = count_called(name, domain, &index);
    *at = (struct device_walk){.domain = domain};
    if (n == 0)
        say_no_device(name, domain, e);
    else if (n > 1)
        error_set(e, STATUS_FAILED,
                  "\"%s\" is the name of %zu devices: say which by its alias, target or MAC", name, n);
    if (n != 1)
        return false;
    for (int i = 0; i <= index; i++)
        device_walk_next(at);
    return true;
}

/* ---- applying ---- */

static void note_device(struct changed *out, const struct device_walk *w)
{
    out->found = true;
    out->kind = w->kind;
    out->key = xstrdup(w->key);
    out->name = xstrdup(w->dev.name);
    out->before = xml_print_node(w->node);
}

static const struct assignment *assigned(const struct change *c, const char *id)
{
    for (size_t i = 0; i < c->sets.len; i++)
        if (strcmp(c->sets.items[i].field->id, id) == 0)
            return &c->sets.items[i];
    return NULL;
}

/* Saying what holds anyway would make a difference that means nothing. */
static bool is_so(const struct device_field *f, xmlNodePtr node, const char *value)
{
    char *said = field_get(f, node);
    const char *now = said ? said : f->unset;
    bool same = value && now && strcmp(value, now) == 0;
    free(said);
    return same;
}

/* In the order of the kind's rows, not in that of the words: a maximum before what it bounds, a type before
 * what goes with it. */
static bool set_fields(const struct change *c, const struct device_kind *kind, xmlNodePtr node,
                       struct error *e)
{
    /* Of a new one all is said that was asked for: what is unsaid is chosen yet. */
    bool fresh = c->verb == CHANGE_ADD;
    for (size_t i = 0; i < c->sets.len; i++)
        if (!field_find(kind, c->sets.items[i].field->id))
            return no_such_field(kind, c->sets.items[i].field->id, e);
    for (const struct device_field *f = NULL; (f = field_next(kind, f)) != NULL;) {
        const struct assignment *a = assigned(c, f->id);
        if (a && (fresh || !is_so(f, node, a->value)) && !field_set(f, node, a->value, e))
            return false;
    }
    return true;
}

/* The tree without what is in the element. */
static char *print_around(xmlNodePtr domain, xmlNodePtr element)
{
    if (element == domain)
        return NULL;
    xmlNode whole = *element;
    element->children = element->last = NULL;
    element->properties = NULL;
    char *text = xml_print_node(domain);
    element->children = whole.children;
    element->last = whole.last;
    element->properties = whole.properties;
    return text;
}

static bool is_beyond(const struct device_walk *w, const char *around)
{
    char *now = print_around(w->domain, w->node), *key = device_key(w->node, w->kind, w->index);
    bool beyond = around && (strcmp(around, now) != 0 || strcmp(w->key, key) != 0);
    free(now);
    free(key);
    return beyond;
}

static bool apply_set(const struct change *c, xmlNodePtr domain, struct changed *out, struct error *e)
{
    struct device_walk w;
    bool good = change_find_device(c->device, domain, &w, e);
    if (good) {
        char *around = print_around(domain, w.node);
        note_device(out, &w);
        good = set_fields(c, w.kind, w.node, e);
        out->after = good ? xml_print_node(w.node) : NULL;
        out->beyond = good && is_beyond(&w, around);
        out->differs = good && (out->beyond || strcmp(out->before, out->after) != 0);
        free(around);
    }
    device_walk_end(&w);
    return good;
}

static bool apply_remove(const struct change *c, xmlNodePtr domain, struct changed *out, struct error *e)
{
    struct device_walk w;
    bool good = change_find_device(c->device, domain, &w, e);
    if (good && w.kind && w.kind->flags & KIND_PART)
        good = error_set(e, STATUS_FAILED, "%s is a part of the domain and can't be removed", w.dev.name);
    if (good) {
        note_device(out, &w);
        xml_remove(w.node);
        out->differs = true;
    }
    device_walk_end(&w);
    return good;
}

static bool apply_add(const struct change *c, xmlNodePtr domain, struct changed *out, struct error *e)
{
    xmlDocPtr fresh = xml_parse_element(c->xml, c->kind->element, e);
    xmlNodePtr devices = xml_child(domain, "devices");
    if (!fresh)
        return false;
    if (!devices)
        devices = xml_add_new(domain, "devices");
    xmlNodePtr added = xml_add(devices, xmlDocGetRootElement(fresh));
    struct device_walk w = {.domain = domain};
    while (device_walk_next(&w) && w.node != added)
        ;
    out->found = out->differs = true;
    out->kind = c->kind;
    out->key = xstrdup(w.key);
    out->name = xstrdup(w.dev.name);
    out->after = xml_print_node(added);
    device_walk_end(&w);
    xmlFreeDoc(fresh);
    return true;
}

static bool apply_define(const struct change *c, xmlDocPtr doc, struct changed *out, struct error *e)
{
    xmlDocPtr with = xml_parse_element(c->xml, "domain", e);
    if (!with)
        return false;
    xmlNodePtr root = xmlDocCopyNode(xmlDocGetRootElement(with), doc, 1);
    char *before = xml_print(doc);
    xmlNodePtr old = xmlDocSetRootElement(doc, root);
    xmlFreeNode(old);
    char *after = xml_print(doc);
    out->found = true;
    out->differs = strcmp(before, after) != 0;
    free(before);
    free(after);
    xmlFreeDoc(with);
    return true;
}

/* What the function says has changed counts only where the tree is another one: a second "on" is none. */
static bool apply_edit(const struct change *c, xmlNodePtr domain, struct changed *out, struct error *e)
{
    char *before = xml_print_node(domain);
    bool good = c->edit->edit(domain, c->arg, out, e);
    char *after = xml_print_node(domain);
    out->found = true;
    out->differs = good && strcmp(before, after) != 0;
    if (good && !out->name)
        out->name = xstrdup(c->edit->name);
    free(before);
    free(after);
    return good;
}

bool change_apply(const struct change *c, xmlDocPtr doc, struct changed *out, struct error *e)
{
    static bool (*const appliers[])(const struct change *, xmlNodePtr, struct changed *,
                                    struct error *) = {[CHANGE_SET] = apply_set,
                                                       [CHANGE_ADD] = apply_add,
                                                       [CHANGE_REMOVE] = apply_remove,
                                                       [CHANGE_EDIT] = apply_edit,
                                                       [CHANGE_METADATA] = apply_edit};
    if (c->verb == CHANGE_DEFINE)
        return apply_define(c, doc, out, e);
    /* Of several fields the first ones may be set when the next one can't be. */
    xmlNodePtr spare = xmlDocCopyNode(xmlDocGetRootElement(doc), doc, 1);
    if (!spare)
        die("out of memory");
    bool good = appliers[c->verb](c, xmlDocGetRootElement(doc), out, e);
    xmlFreeNode(good ? spare : xmlDocSetRootElement(doc, spare));
    return good;
}

bool change_complete(struct change *c, xmlDocPtr doc, struct error *e)
{
    xmlNodePtr domain = xmlDocGetRootElement(doc);
    if (c->verb != CHANGE_ADD || c->xml)
        return true;
    if (!c->kind->fresh)
        return error_set(e, STATUS_FAILED, "a %s can't be added", c->kind->title);
    xmlDocPtr fresh = xml_parse_element(c->kind->fresh, c->kind->element, e);
    if (!fresh)
        return false;
    xmlNodePtr node = xmlDocGetRootElement(fresh);
    bool good = set_fields(c, c->kind, node, e) && (!c->kind->complete || c->kind->complete(node, domain, e));
    if (good)
        c->xml = xml_print_node(node);
    xmlFreeDoc(fresh);
    return good;
}

char *change_words(const struct change *c)
{
    static const char *const verbs[] = {[CHANGE_SET] = "",           [CHANGE_ADD] = "add ",
                                        [CHANGE_REMOVE] = "remove ", [CHANGE_DEFINE] = "definition",
                                        [CHANGE_EDIT] = "",          [CHANGE_METADATA] = ""};
    struct strbuf out = {0};
    const char *device = c->verb == CHANGE_ADD ? c->kind->id : c->device;
    strbuf_printf(&out, "%s%s", verbs[c->verb], device ? device : "");
    if (c->verb == CHANGE_EDIT || c->verb == CHANGE_METADATA)
        strbuf_printf(&out, "%s%s%s", c->edit->name, c->arg ? " " : "", c->arg ? c->arg : "");
    for (size_t i = 0; i < c->sets.len; i++) {
        const struct assignment *a = &c->sets.items[i];
        /* A text is taken away, and has no default. */
        const char *none = a->field->type == FIELD_TEXT && !a->field->unset ? "" : "default";
        const char *value = !a->value ? none : a->field->type == FIELD_SECRET ? "(hidden)" : a->value;
        strbuf_printf(&out, "%s%s=", i ? " " : ": ", a->field->id);
        text_escape(&out, value, strlen(value)); /* a description may have lines, this is one */
    }
    return strbuf_steal(&out);
}
