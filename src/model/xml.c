/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/xml.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include "base/strbuf.h"

#define INDENT 2 /* blanks a level in what libvirt prints */

/* ---- parsing and printing ---- */

/* No domain of libvirt's has a document type, and without one there are no entities to blow up or to read
 * files with. */
static void refuse_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxtPtr ctxt = ctx;
    (void)name;
    (void)external;
    (void)system;
    *(bool *)ctxt->_private = true;
    xmlStopParser(ctxt);
}

static void say_bad_xml(xmlParserCtxtPtr ctxt, bool doctype, struct error *e)
{
    const xmlError *last = xmlCtxtGetLastError(ctxt);
    if (doctype) {
        error_set(e, STATUS_FAILED, "the XML has a document type (<!DOCTYPE …>), which is not taken");
        return;
    }
    const char *why = last && last->message ? last->message : "it ends too early";
    int len = (int)strcspn(why, "\n");
    error_set(e, STATUS_FAILED, "line %d of the XML: %.*s", last ? last->line : 1, len, why);
}

static bool acceptable(const char *text, size_t len, struct error *e)
{
    if (!text || len == 0)
        return error_set(e, STATUS_FAILED, "the XML is empty");
    if (len > XML_MAX_BYTES)
        return error_set(e, STATUS_FAILED, "the XML has %zu bytes; at most %u are taken", len, XML_MAX_BYTES);
    if (memchr(text, '\0', len)) /* the parser would take it for the end */
        return error_set(e, STATUS_FAILED, "the XML has a NUL byte in it");
    return true;
}

xmlDocPtr xml_parse(const char *text, size_t len, struct error *e)
{
    /* The library wants its first call to be over before a second thread comes. */
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, xmlInitParser);
    bool doctype = false;
    if (!acceptable(text, len, e))
        return NULL;
    xmlParserCtxtPtr ctxt = xmlNewParserCtxt();
    if (!ctxt)
        die("out of memory");
    ctxt->_private = &doctype;
    ctxt->sax->internalSubset = refuse_doctype;
    xmlDocPtr doc = xmlCtxtReadMemory(ctxt, text, (int)len, NULL, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                          XML_PARSE_NOCDATA | XML_PARSE_COMPACT);
    if (!doc || doctype) {
        say_bad_xml(ctxt, doctype, e);
        xmlFreeDoc(doc);
        doc = NULL;
    }
    xmlFreeParserCtxt(ctxt);
    return doc;
}

xmlDocPtr xml_parse_element(const char *text, const char *name, struct error *e)
{
    xmlDocPtr doc = xml_parse(text, text ? strlen(text) : 0, e);
    xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (!doc || (root && (!name || xml_is(root, name))))
        return doc;
    error_set(e, STATUS_FAILED, "line %ld of the XML: <%s> is expected, not <%.60s>",
              root ? xmlGetLineNo(root) : 1, name ? name : "an element",
              root ? (const char *)root->name : "");
    xmlFreeDoc(doc);
    return NULL;
}

char *xml_print_node(xmlNodePtr node)
{
    xmlBufferPtr buffer = xmlBufferCreate();
    if (!buffer || xmlNodeDump(buffer, node->doc, node, 0, 0) < 0)
        die("out of memory");
    char *text = xstrdup((const char *)xmlBufferContent(buffer));
    xmlBufferFree(buffer);
    return text;
}

char *xml_print(xmlDocPtr doc)
{
    struct strbuf out = {0};
    for (xmlNodePtr node = doc->children; node; node = node->next) {
        char *text = xml_print_node(node);
        strbuf_printf(&out, "%s\n", text);
        free(text);
    }
    return strbuf_steal(&out);
}

/* ---- finding ---- */

bool xml_is(xmlNodePtr node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && !node->ns && strcmp((const char *)node->name, name) == 0;
}

xmlNodePtr xml_next(xmlNodePtr node, const char *name)
{
    for (node = node->next; node && !xml_is(node, name);)
        node = node->next;
    return node;
}

xmlNodePtr xml_child(xmlNodePtr node, const char *name)
{
    xmlNodePtr c = node ? node->children : NULL;
    return !c || xml_is(c, name) ? c : xml_next(c, name);
}

xmlNodePtr xml_child_ns(xmlNodePtr node, const char *ns, const char *name)
{
    for (xmlNodePtr c = node ? node->children : NULL; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE && strcmp((const char *)c->name, name) == 0 && c->ns && c->ns->href &&
            strcmp((const char *)c->ns->href, ns) == 0)
            return c;
    return NULL;
}

/* A step of a path, and what stands behind the steps. */
struct step {
    char name[64], key[32], value[128]; /* key "" for none */
};

static void copy_part(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size)
        die("a path of XML has a step that is too long: %s", from);
    memcpy(to, from, len);
    to[len] = '\0';
}

/* Reads the step at *path and moves behind it; false where the steps end. */
static bool next_step(const char **path, struct step *step)
{
    const char *p = *path + (**path == '/');
    size_t len = strcspn(p, "/@?[");
    *step = (struct step){0};
    if (len == 0)
        return false;
    copy_part(step->name, sizeof step->name, p, len);
    p += len;
    if (*p == '[') {
        size_t key = strcspn(++p, "=]");
        copy_part(step->key, sizeof step->key, p, key);
        p += key + (p[key] == '=');
        size_t value = strcspn(p, "]");
        copy_part(step->value, sizeof step->value, p, value);
        p += value + (p[value] == ']');
    }
    *path = p;
    return true;
}

static bool attr_is(xmlNodePtr node, const char *name, const char *value)
{
    xmlChar *found = xmlGetNoNsProp(node, (const xmlChar *)name);
    bool same = found && strcmp((const char *)found, value) == 0;
    xmlFree(found);
    return same;
}

static xmlNodePtr take_step(xmlNodePtr node, const struct step *step)
{
    xmlNodePtr c = xml_child(node, step->name);
    while (c && step->key[0] && !attr_is(c, step->key, step->value))
        c = xml_next(c, step->name);
    return c;
}

/* As far as it goes; *rest is what stands behind the steps. */
static xmlNodePtr walk(xmlNodePtr node, const char *path, const char **rest)
{
    struct step step;
    while (next_step(&path, &step) && node)
        node = take_step(node, &step);
    while (next_step(&path, &step))
        ;
    *rest = path;
    return node;
}

xmlNodePtr xml_find(xmlNodePtr node, const char *path)
{
    const char *rest;
    return walk(node, path, &rest);
}

char *xml_get(xmlNodePtr node, const char *path)
{
    const char *rest;
    node = walk(node, path, &rest);
    if (!node || *rest == '?')
        return node ? xstrdup("yes") : NULL;
    xmlChar *text = *rest == '@' ? xmlGetNoNsProp(node, (const xmlChar *)rest + 1) : xmlNodeGetContent(node);
    char *copy = text && text[0] ? xstrdup((const char *)text) : NULL;
    xmlFree(text);
    return copy;
}

bool xml_get_is(xmlNodePtr node, const char *path, const char *value)
{
    char *found = xml_get(node, path);
    bool same = found && strcmp(found, value) == 0;
    free(found);
    return same;
}

static const struct {
    const char *name;
    double bytes;
} units[] = {
    {"b", 1},        {"bytes", 1},    {"KB", 1e3},     {"k", 0x1p10},   {"KiB", 0x1p10},
    {"MB", 1e6},     {"M", 0x1p20},   {"MiB", 0x1p20}, {"GB", 1e9},     {"G", 0x1p30},
    {"GiB", 0x1p30}, {"TB", 1e12},    {"T", 0x1p40},   {"TiB", 0x1p40}, {"PB", 1e15},
    {"P", 0x1p50},   {"PiB", 0x1p50}, {"EB", 1e18},    {"E", 0x1p60},   {"EiB", 0x1p60},
};

static double unit_bytes(const char *unit)
{
    for (size_t i = 0; unit && i < ARRAY_LEN(units); i++)
        if (strcasecmp(unit, units[i].name) == 0)
            return units[i].bytes;
    return unit ? NAN : 1024;
}

double xml_get_kib(xmlNodePtr node, const char *path)
{
    xmlNodePtr found = node ? xml_find(node, path) : NULL;
    char *digits = node ? xml_get(node, path) : NULL, *unit = found ? xml_get(found, "@unit") : NULL;
    char *end = digits;
    double n = digits ? strtod(digits, &end) : NAN;
    double kib = end != digits && isfinite(n) && n >= 0 ? n * unit_bytes(unit) / 1024 : NAN;
    free(digits);
    free(unit);
    return kib;
}

/* ---- changing ---- */

static bool is_blank(xmlNodePtr node)
{
    return node && node->type == XML_TEXT_NODE && xmlIsBlankNode(node);
}

static int depth_of(xmlNodePtr node)
{
    int depth = 0;
    for (xmlNodePtr up = node->parent; up && up->type == XML_ELEMENT_NODE; up = up->parent)
        depth++;
    return depth;
}

static xmlNodePtr new_line(int depth)
{
    char *text = xasprintf("\n%*s", depth * INDENT, "");
    xmlNodePtr node = xmlNewText((const xmlChar *)text);
    free(text);
    if (!node)
        die("out of memory");
    return node;
}

/* Some text of its own stands in it: then blanks would change what it says. */
static bool has_words(xmlNodePtr node)
{
    for (xmlNodePtr c = node->children; c; c = c->next)
        if (c->type == XML_TEXT_NODE && !xmlIsBlankNode(c))
            return true;
    return false;
}

static xmlNodePtr copy_blank(xmlNodePtr blank)
{
    xmlNodePtr copy = xmlNewText(blank->content);
    if (!copy)
        die("out of memory");
    return copy;
}

/* Links `node` as the last child, on a line of its own; where the parent's children stand on lines already,
 * it is indented as they are, and where they stand on one line, it joins them. Taking it out again leaves no
 * trace. */
static xmlNodePtr append(xmlNodePtr parent, xmlNodePtr node)
{
    int depth = depth_of(parent);
    xmlNodePtr first = parent->children, last = parent->last;
    if (has_words(parent) || (first && !is_blank(first)))
        return xmlAddChild(parent, node);
    if (first && first != last && is_blank(last)) {
        xmlAddPrevSibling(last, node); /* first: two texts beside each other would become one */
        xmlAddPrevSibling(node, copy_blank(first));
        return node;
    }
    if (first && first == last) { /* nothing but a blank */
        xmlUnlinkNode(first);
        xmlFreeNode(first);
    }
    xmlAddChild(parent, new_line(depth + 1));
    xmlAddChild(parent, node);
    xmlAddChild(parent, new_line(depth));
    return node;
}

xmlNodePtr xml_add(xmlNodePtr parent, xmlNodePtr child)
{
    xmlNodePtr copy = xmlDocCopyNode(child, parent->doc, 1);
    if (!copy)
        die("out of memory");
    return append(parent, copy);
}

xmlNodePtr xml_add_new(xmlNodePtr parent, const char *name)
{
    xmlNodePtr node = xmlNewDocNode(parent->doc, NULL, (const xmlChar *)name, NULL);
    if (!node)
        die("out of memory");
    return append(parent, node);
}

void xml_remove(xmlNodePtr node)
{
    xmlNodePtr before = node->prev, parent = node->parent;
    xmlUnlinkNode(node);
    xmlFreeNode(node);
    if (is_blank(before)) {
        xmlUnlinkNode(before);
        xmlFreeNode(before);
    }
    if (parent && parent->children && parent->children == parent->last && is_blank(parent->children)) {
        xmlNodePtr last = parent->children;
        xmlUnlinkNode(last);
        xmlFreeNode(last);
    }
}

xmlNodePtr xml_replace(xmlNodePtr node, xmlNodePtr with)
{
    xmlNodePtr copy = xmlDocCopyNode(with, node->doc, 1);
    if (!copy)
        die("out of memory");
    xmlReplaceNode(node, copy);
    xmlFreeNode(node);
    return copy;
}

static xmlNodePtr make_path(xmlNodePtr node, const char *path, const char **rest)
{
    struct step step;
    while (next_step(&path, &step)) {
        xmlNodePtr next = take_step(node, &step);
        if (!next) {
            next = xml_add_new(node, step.name);
            if (step.key[0])
                xmlSetProp(next, (const xmlChar *)step.key, (const xmlChar *)step.value);
        }
        node = next;
    }
    *rest = path;
    return node;
}

/* From `node` up to, not including, `top`: elements with nothing in them go. */
static void prune(xmlNodePtr node, xmlNodePtr top)
{
    while (node != top && !node->properties && !node->children) {
        xmlNodePtr parent = node->parent;
        xml_remove(node);
        node = parent;
    }
}

static void unset(xmlNodePtr top, const char *path)
{
    const char *rest;
    xmlNodePtr node = walk(top, path, &rest);
    if (!node)
        return;
    if (*rest == '@') {
        xmlUnsetProp(node, (const xmlChar *)rest + 1);
        prune(node, top);
    } else if (node != top) {
        xmlNodePtr parent = node->parent;
        xml_remove(node);
        prune(parent, top);
    }
}

void xml_set(xmlNodePtr node, const char *path, const char *value)
{
    const char *rest;
    if (!value) {
        unset(node, path);
        return;
    }
    node = make_path(node, path, &rest);
    if (*rest == '@') {
        xmlSetProp(node, (const xmlChar *)rest + 1, (const xmlChar *)value);
    } else if (*rest != '?') {
        xmlNodeSetContent(node, NULL);
        xmlNodeAddContent(node, (const xmlChar *)value); /* escapes, which SetContent does not */
    }
}

/* ---- secrets ---- */

static void hide_in(xmlNodePtr device)
{
    if (xml_is(device, "graphics") && xmlHasProp(device, (const xmlChar *)"passwd"))
        xmlSetProp(device, (const xmlChar *)"passwd", (const xmlChar *)"(hidden)");
    xmlNodePtr cookies = xml_is(device, "disk") ? xml_find(device, "source/cookies") : NULL;
    for (xmlNodePtr c = xml_child(cookies, "cookie"); c; c = xml_next(c, "cookie"))
        xmlNodeSetContent(c, (const xmlChar *)"(hidden)");
}

void xml_hide_secrets(xmlDocPtr doc)
{
    xmlNodePtr root = xmlDocGetRootElement(doc), devices = xml_child(root, "devices");
    if (root)
        hide_in(root);
    for (xmlNodePtr d = devices ? devices->children : NULL; d; d = d->next)
        hide_in(d);
}
