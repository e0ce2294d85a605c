/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Going back to the very words of before. A value can be said in several ways: `<link state='up'/>`, and
 * nothing at all, mean the same. Whoever turns a field and turns it back expects the definition that there
 * was, and the journal has it: where the new element means the same as the journalled one and differs in
 * nothing but how these fields are said, the journalled one is taken. A change that reached beyond its device
 * (places of others in the boot order) is taken back as a whole, where it was the last one.
 */
#include <stdlib.h>
#include <string.h>
#include "model/xml.h"
#include "virt/edit_private.h"

static bool walk_to(struct device_walk *w, xmlDocPtr doc, const char *key)
{
    *w = (struct device_walk){.domain = xmlDocGetRootElement(doc)};
    while (device_walk_next(w))
        if (strcmp(w->key, key) == 0)
            return true;
    return false;
}

/* The element as text, with these fields at what holds unsaid: what is left has nothing to do with them. In a
 * copy of the whole tree, since some fields look around in it. */
static char *text_without(const struct change *c, const struct device_walk *at)
{
    xmlDocPtr copy = xmlCopyDoc(at->node->doc, 1);
    struct device_walk w;
    char *text = NULL;
    if (walk_to(&w, copy, at->key)) {
        for (size_t i = 0; i < c->sets.len; i++) {
            const struct device_field *f = field_find(w.kind, c->sets.items[i].field->id);
            if (f)
                field_set(f, w.node, NULL, NULL);
        }
        text = xml_print_node(w.node);
    }
    device_walk_end(&w);
    xmlFreeDoc(copy);
    return text;
}

static bool same_value(const struct device_field *f, xmlNodePtr a, xmlNodePtr b)
{
    char *x = field_get(f, a), *y = field_get(f, b);
    const char *u = x ? x : f->unset, *v = y ? y : f->unset;
    bool same = u && v ? strcmp(u, v) == 0 : u == v;
    free(x);
    free(y);
    return same && f->type != FIELD_SECRET;
}

static bool means_the_same(const struct change *c, const struct device_walk *a, const struct device_walk *b)
{
    bool same = true;
    for (size_t i = 0; same && i < c->sets.len; i++) {
        const struct device_field *f = field_find(a->kind, c->sets.items[i].field->id);
        same = f && same_value(f, a->node, b->node);
    }
    if (!same)
        return false;
    char *x = text_without(c, a), *y = text_without(c, b);
    same = x && y && strcmp(x, y) == 0;
    free(x);
    free(y);
    return same;
}

static void take_form(struct edit *ed, struct changed *d, xmlNodePtr node, xmlNodePtr from)
{
    if (d->kind->flags & KIND_PART) {
        xmlNodePtr root = xmlDocCopyNode(from, ed->config, 1);
        xmlFreeNode(xmlDocSetRootElement(ed->config, root));
        node = root;
    } else {
        node = xml_replace(node, from);
    }
    free(d->after);
    d->after = xml_print_node(node);
    d->differs = strcmp(d->before, d->after) != 0;
}

static bool same_words(const char *a, const char *b, const char *unset)
{
    const char *x = a ? a : unset, *y = b ? b : unset;
    return x && y ? strcmp(x, y) == 0 : x == y;
}

/* Whether these fields at the device had the values `then` that are wanted now; *made: in words, the change
 * that gave them the values they have at `now`. */
static bool had_values(const struct change *c, const struct device_walk *now, const struct device_walk *then,
                       char **made)
{
    struct change back;
    bool had = true;
    change_copy(&back, c);
    for (size_t i = 0; i < back.sets.len; i++) {
        struct assignment *a = &back.sets.items[i];
        char *old = field_get(a->field, then->node);
        had = had && a->field->type != FIELD_SECRET && same_words(old, a->value, a->field->unset);
        free(old);
        free(a->value);
        a->value = field_get(a->field, now->node);
    }
    *made = change_words(&back);
    change_clear(&back);
    return had;
}

static char *text_around(const struct device_walk *at)
{
    xmlDocPtr copy = xmlCopyDoc(at->node->doc, 1);
    struct device_walk w = {0};
    if (!(at->kind->flags & KIND_PART) && walk_to(&w, copy, at->key))
        xml_remove(w.node);
    device_walk_end(&w);
    char *text = xml_print(copy);
    xmlFreeDoc(copy);
    return text;
}

/* Whether the definitions differ beside the device: a device's own change is taken back by the narrower
 * calls. */
static bool differ_around(const struct device_walk *a, const struct device_walk *b)
{
    char *x = text_around(a), *y = text_around(b);
    bool differ = !(a->kind->flags & KIND_PART) && strcmp(x, y) != 0;
    free(x);
    free(y);
    return differ;
}

/* Whether the last change of the definition, and nobody else's since, was the one that is turned back now,
 * and reached beyond its device. */
static bool takes_back(const struct edit *ed, const struct change *c, const struct journal_entry *last,
                       xmlDocPtr old)
{
    if (ed->request->changes.len != 1 || !last->what || !last->new_xml ||
        strcmp(last->new_xml, ed->config_xml) != 0)
        return false;
    xmlDocPtr current = xml_parse_element(ed->config_xml, "domain", NULL);
    struct device_walk now = {0}, then = {0};
    struct error e = ERROR_INIT;
    char *made = NULL;
    bool is = current && change_find_device(c->device, xmlDocGetRootElement(current), &now, &e) &&
              change_find_device(c->device, xmlDocGetRootElement(old), &then, &e) && now.kind == then.kind &&
              had_values(c, &now, &then, &made) && strcmp(made, last->what) == 0 &&
              differ_around(&now, &then);
    device_walk_end(&now);
    device_walk_end(&then);
    xmlFreeDoc(current);
    error_clear(&e);
    free(made);
    return is;
}

static void take_whole(struct edit *ed, struct changed *d, xmlDocPtr old)
{
    xmlNodePtr root = xmlDocCopyNode(xmlDocGetRootElement(old), ed->config, 1);
    xmlFreeNode(xmlDocSetRootElement(ed->config, root));
    d->beyond = true;
}

void edit_take_form(struct edit *ed, size_t i)
{
    const struct change *c = &ed->request->changes.items[i];
    struct changed *d = &ed->outcomes[i].config;
    struct journal_entry last = {0};
    struct error e = ERROR_INIT;
    if (c->verb != CHANGE_SET || !d->differs || !journal_load(NULL, &ed->c->uuid, 0, &last, &e)) {
        error_clear(&e);
        return;
    }
    xmlDocPtr old = last.old_xml ? xml_parse_element(last.old_xml, "domain", &e) : NULL;
    struct device_walk now = {0}, then = {0};
    if (old && takes_back(ed, c, &last, old))
        take_whole(ed, d, old);
    else if (old && walk_to(&now, ed->config, d->key) && walk_to(&then, old, d->key) &&
             means_the_same(c, &now, &then))
        take_form(ed, d, now.node, then.node);
    device_walk_end(&now);
    device_walk_end(&then);
    xmlFreeDoc(old);
    journal_entry_clear(&last);
    error_clear(&e);
}
