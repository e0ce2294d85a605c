/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Going back to the very words of before. A value can be said in several ways: `<link state='up'/>`, and
 * nothing at all, mean the same. Whoever turns a field and turns it back expects the definition that there
 * was, and the journal has it: where the new element means the same as the journalled one and differs in
 * nothing but how these fields are said, the journalled one is taken.
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
    if (old && walk_to(&now, ed->config, d->key) && walk_to(&then, old, d->key) &&
        means_the_same(c, &now, &then))
        take_form(ed, d, now.node, then.node);
    device_walk_end(&now);
    device_walk_end(&then);
    xmlFreeDoc(old);
    journal_entry_clear(&last);
    error_clear(&e);
}
