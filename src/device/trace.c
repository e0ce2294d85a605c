/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/trace.h"

#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "model/xml.h"

/* ---- facts ---- */

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct fact *)a)->text, ((const struct fact *)b)->text);
}

static void add_fact(fact_list *l, char *text)
{
    vec_push(l, ((struct fact){.text = text, .count = 1}));
}

/* By what one tells devices of a kind apart: of two that exchange something the facts would stay the same. */
static const struct {
    const char *element, *name;
} names[] = {{"disk", "target@dev"}, {"interface", "mac@address"}, {"filesystem", "target@dir"}};

static char *name_of(xmlNodePtr node)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (xml_is(node, names[i].element))
            return xml_get(node, names[i].name);
    return NULL;
}

static char *path_of(const char *parent, xmlNodePtr node)
{
    const char *ns = node->ns ? (const char *)node->ns->href : NULL;
    char *name = name_of(node), *part = name ? xasprintf("[%s]", name) : xstrdup("");
    char *path = xasprintf("%s%s%s%s%s%s%s", parent, parent[0] ? "/" : "", ns ? "{" : "", ns ? ns : "",
                           ns ? "}" : "", (const char *)node->name, part);
    free(name);
    free(part);
    return path;
}

static void add_attributes(fact_list *l, const char *path, xmlNodePtr node)
{
    for (xmlAttrPtr a = node->properties; a; a = a->next) {
        xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);
        add_fact(l, xasprintf("%s@%s=%s", path, (const char *)a->name, value ? (const char *)value : ""));
        xmlFree(value);
    }
}

static void add_text(fact_list *l, const char *path, xmlNodePtr node)
{
    xmlChar *content = xmlNodeGetContent(node);
    if (content && content[0])
        add_fact(l, xasprintf("%s=%s", path, (const char *)content));
    xmlFree(content);
}

/* The parser bounds the depth. */
static void add_element(fact_list *l, const char *parent, xmlNodePtr node)
{
    char *path = path_of(parent, node);
    add_fact(l, xstrdup(path));
    add_attributes(l, path, node);
    if (!xmlFirstElementChild(node))
        add_text(l, path, node);
    for (xmlNodePtr child = xmlFirstElementChild(node); child; child = xmlNextElementSibling(child))
        add_element(l, path, child);
    free(path);
}

/* Equal ones become one that counts. */
static void count_equal(fact_list *l)
{
    size_t kept = 0;
    if (l->len)
        qsort(l->items, l->len, sizeof *l->items, compare);
    for (size_t i = 0; i < l->len; i++) {
        if (kept && strcmp(l->items[kept - 1].text, l->items[i].text) == 0) {
            l->items[kept - 1].count++;
            free(l->items[i].text);
        } else {
            l->items[kept++] = l->items[i];
        }
    }
    l->len = kept;
}

void fact_list_make(const char *xml, fact_list *out)
{
    xmlDocPtr doc = xml_parse(xml, strlen(xml), NULL);
    *out = (fact_list){0};
    if (doc)
        add_element(out, "", xmlDocGetRootElement(doc));
    xmlFreeDoc(doc);
    count_equal(out);
}

void fact_list_free(fact_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i].text);
    vec_free(l);
}

static int count_of(const fact_list *l, char *text)
{
    struct fact wanted = {.text = text};
    const struct fact *found = l->len ? bsearch(&wanted, l->items, l->len, sizeof wanted, compare) : NULL;
    return found ? found->count : 0;
}

/* ---- traces ---- */

static int compare_traced(const void *a, const void *b)
{
    return strcmp(((const struct trace_fact *)a)->text, ((const struct trace_fact *)b)->text);
}

static void sort(trace *t)
{
    if (t->len)
        qsort(t->items, t->len, sizeof *t->items, compare_traced);
}

/* Among the first `len`, which are sorted. */
static bool has(const trace *t, size_t len, const struct trace_fact *f)
{
    return len && bsearch(f, t->items, len, sizeof *f, compare_traced);
}

static void add(trace *t, const char *text, int before, int after, bool meant)
{
    vec_push(t, ((struct trace_fact){xstrdup(text), before, after, meant}));
}

static void add_difference(trace *t, const char *text, int before, int after)
{
    if (before != after)
        add(t, text, before, after, true);
}

void trace_make(const char *old_xml, const char *new_xml, trace *out)
{
    fact_list a, b;
    fact_list_make(old_xml, &a);
    fact_list_make(new_xml, &b);
    *out = (trace){0};
    for (size_t i = 0; i < a.len; i++)
        add_difference(out, a.items[i].text, a.items[i].count, count_of(&b, a.items[i].text));
    for (size_t i = 0; i < b.len; i++)
        if (count_of(&a, b.items[i].text) == 0)
            add_difference(out, b.items[i].text, 0, b.items[i].count);
    sort(out);
    fact_list_free(&a);
    fact_list_free(&b);
}

void trace_free(trace *t)
{
    for (size_t i = 0; i < t->len; i++)
        free(t->items[i].text);
    vec_free(t);
}

void trace_join(trace *t, const trace *other)
{
    size_t len = t->len;
    for (size_t i = 0; i < other->len; i++) {
        const struct trace_fact *f = &other->items[i];
        if (!has(t, len, f))
            add(t, f->text, f->before, f->after, f->meant);
    }
    sort(t);
}

void trace_end(trace *t, const char *old_xml, const char *new_xml)
{
    trace all;
    fact_list now;
    fact_list_make(new_xml, &now);
    for (size_t i = 0; i < t->len; i++)
        t->items[i].meant = t->items[i].meant && count_of(&now, t->items[i].text) == t->items[i].after;
    fact_list_free(&now);
    trace_make(old_xml, new_xml, &all);
    for (size_t i = 0; i < all.len; i++)
        all.items[i].meant = false;
    trace_join(t, &all);
    trace_free(&all);
}

/* How long the part is that names the device: "domain/devices/video" of a fact; 0: it is of none. */
static size_t device_part(const char *text)
{
    static const char devices[] = "domain/devices/";
    if (strncmp(text, devices, sizeof devices - 1) != 0)
        return 0;
    const char *name = text + sizeof devices - 1;
    size_t len = strcspn(name, "/@=[");
    if (name[len] == '[' && strchr(name + len, ']'))
        len = (size_t)(strchr(name + len, ']') - name) + 1;
    return sizeof devices - 1 + len;
}

static bool same_device(const char *a, const char *b)
{
    size_t len = device_part(a);
    return len && len == device_part(b) && strncmp(a, b, len) == 0;
}

void trace_widen(trace *t, const char *xml)
{
    size_t len = t->len;
    fact_list l;
    fact_list_make(xml, &l);
    for (size_t i = 0; i < l.len; i++) {
        struct trace_fact f = {.text = l.items[i].text};
        bool is_of_one = false;
        for (size_t k = 0; k < len && !is_of_one; k++)
            is_of_one = same_device(t->items[k].text, f.text);
        if (is_of_one && !has(t, len, &f))
            add(t, f.text, l.items[i].count, l.items[i].count, false);
    }
    fact_list_free(&l);
    sort(t);
}

/* A fact that the definition has on one side of the change only tells more than a number that rose or fell:
 * another device may be like this one. */
enum telling { BROUGHT_NEW, BROUGHT_MORE, TOOK_ALL, TOOK_SOME, TELLS_NOTHING };

static enum telling telling_of(const struct trace_fact *f)
{
    if (!f->meant)
        return TELLS_NOTHING;
    if (f->after > f->before)
        return f->before == 0 ? BROUGHT_NEW : BROUGHT_MORE;
    return f->after == 0 ? TOOK_ALL : TOOK_SOME;
}

static bool is_as_meant(const struct trace_fact *f, const fact_list *now)
{
    int count = count_of(now, f->text);
    return f->after > f->before ? count >= f->after : count <= f->after;
}

bool trace_undone(const trace *t, const fact_list *now)
{
    size_t looked_at = 0;
    for (size_t i = 0; i < t->len; i++) {
        if (!t->items[i].meant)
            continue;
        if (is_as_meant(&t->items[i], now))
            return false;
        looked_at++;
    }
    return looked_at > 0;
}

/* A disk of another name may be the same one. A device that the change itself brought or took is told by
 * that. */
static bool has_lost_its_device(const trace *t, const struct trace_fact *f, const fact_list *now)
{
    struct trace_fact device = {.text = xstrndup(f->text, device_part(f->text))};
    bool lost = strchr(device.text, '[') && count_of(now, device.text) == 0 && !has(t, t->len, &device);
    free(device.text);
    return lost;
}

bool trace_gone(const trace *t, const trace *later, const fact_list *now)
{
    enum telling most = TELLS_NOTHING;
    size_t looked_at = 0;
    for (size_t i = 0; i < t->len; i++)
        most = telling_of(&t->items[i]) < most ? telling_of(&t->items[i]) : most;
    for (size_t i = 0; i < t->len && most != TELLS_NOTHING; i++) {
        const struct trace_fact *f = &t->items[i];
        if (telling_of(f) != most || (later && has(later, later->len, f)) || has_lost_its_device(t, f, now))
            continue;
        if (is_as_meant(f, now))
            return false;
        looked_at++;
    }
    return looked_at > 0;
}

/* ---- as JSON ---- */

json_object *trace_json(const trace *t)
{
    json_object *o = json_object_new_object();
    for (size_t i = 0; i < t->len; i++) {
        json_object *counts = json_object_new_array();
        json_object_array_add(counts, json_object_new_int(t->items[i].before));
        json_object_array_add(counts, json_object_new_int(t->items[i].after));
        json_object_array_add(counts, json_object_new_boolean(t->items[i].meant));
        json_object_object_add(o, t->items[i].text, counts);
    }
    return o;
}

static bool read_count(json_object *counts, size_t i, int *out)
{
    json_object *v = json_object_array_get_idx(counts, i);
    *out = json_object_is_type(v, json_type_int) ? json_object_get_int(v) : -1;
    return *out >= 0;
}

bool trace_read(json_object *o, trace *out)
{
    bool good = json_object_is_type(o, json_type_object);
    *out = (trace){0};
    if (!good)
        return false;
    json_object_object_foreach(o, text, counts)
    {
        int before = 0, after = 0;
        good = good && json_object_is_type(counts, json_type_array) &&
               json_object_array_length(counts) >= 3 && read_count(counts, 0, &before) &&
               read_count(counts, 1, &after) &&
               json_object_is_type(json_object_array_get_idx(counts, 2), json_type_boolean);
        if (good)
            add(out, text, before, after, json_object_get_boolean(json_object_array_get_idx(counts, 2)));
    }
    if (!good)
        trace_free(out);
    sort(out);
    return good;
}
