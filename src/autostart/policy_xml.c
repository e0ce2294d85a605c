/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A policy in a domain's metadata. Beside it stand tags and what later versions put there: only what differs
 * is touched, so everything else is printed as it was read.
 */
#include <stdlib.h>
#include <string.h>

#include "autostart/policy.h"
#include "model/domdef.h"
#include "model/metadata.h"
#include "model/xml.h"

#define ELEMENT "autostart"

/* ---- finding it ---- */

static bool is_ours(xmlNodePtr node, const char *name)
{
    return node && node->type == XML_ELEMENT_NODE && node->ns && node->ns->href &&
           strcmp((const char *)node->ns->href, VIRTDECK_METADATA_URI) == 0 &&
           (!name || strcmp((const char *)node->name, name) == 0);
}

static xmlNodePtr own_metadata(xmlNodePtr node)
{
    if (is_ours(node, "domain"))
        return node;
    return metadata_own(node);
}

static xmlNodePtr next_ours(xmlNodePtr node, const char *name)
{
    while (node && !is_ours(node, name))
        node = node->next;
    return node;
}

/* ---- reading ---- */

static void say_newer(struct policy *p, const char *what, const char *name)
{
    if (!p->newer)
        p->newer = xasprintf("%s \"%.80s\"", what, name);
}

static void say_wrong(struct error *e, const struct policy_field *f, struct policy *p, finding_list *found)
{
    p->v[f->id].broken = true;
    finding_add(found, "policy-value", SEV_ERROR, NULL, "the autostart policy cannot be read: %s",
                error_text(e));
    error_clear(e);
}

static void read_attribute(xmlNodePtr node, xmlAttrPtr attr, struct policy *p, finding_list *found)
{
    const char *name = (const char *)attr->name;
    const struct policy_field *f = policy_field_find(name);
    if (attr->ns || strcmp(name, "version") == 0)
        return;
    if (!f || policy_is_list(f)) {
        say_newer(p, "attribute", name);
        return;
    }
    struct error e = ERROR_INIT;
    xmlChar *text = xmlGetNoNsProp(node, attr->name);
    if (!policy_set(p, f->id, (const char *)text, &e))
        say_wrong(&e, f, p, found);
    xmlFree(text);
}

static void read_child(xmlNodePtr child, struct policy *p, finding_list *found)
{
    const struct policy_field *f = policy_field_find((const char *)child->name);
    if (!f || !policy_is_list(f) || child->properties || xmlFirstElementChild(child)) {
        say_newer(p, "element", (const char *)child->name);
        return;
    }
    struct error e = ERROR_INIT;
    char *text = xml_get(child, "");
    if (!policy_add(p, f->id, text ? text : "", &e))
        say_wrong(&e, f, p, found);
    free(text);
}

static void read_version(xmlNodePtr node, struct policy *p)
{
    xmlChar *version = xmlGetNoNsProp(node, (const xmlChar *)"version");
    char known[16];
    snprintf(known, sizeof known, "%d", POLICY_VERSION);
    if (version && strcmp((const char *)version, known) != 0) {
        say_newer(p, "version", (const char *)version);
        p->unknown = true;
    }
    xmlFree(version);
}

void policy_from_xml(xmlNodePtr node, struct policy *p, finding_list *found)
{
    policy_free(p);
    xmlNodePtr own = own_metadata(node);
    xmlNodePtr element = own ? next_ours(own->children, ELEMENT) : NULL;
    if (!element)
        return;
    read_version(element, p);
    for (xmlAttrPtr a = element->properties; a; a = a->next)
        read_attribute(element, a, p, found);
    for (xmlNodePtr c = next_ours(element->children, NULL); c; c = next_ours(c->next, NULL))
        read_child(c, p, found);
    p->present = true;
    if (p->newer)
        finding_add(found, "policy-newer", SEV_WARN, NULL,
                    "the autostart policy has %s, which this version does not know; it is kept as it is",
                    p->newer);
    if (next_ours(element->next, ELEMENT))
        finding_add(found, "policy-twice", SEV_WARN, NULL,
                    "there is more than one autostart policy in the metadata; the first one counts");
}

/* ---- writing ---- */

static void write_attribute(xmlNodePtr element, const struct policy_field *f, const struct policy *p)
{
    struct strbuf text = {0};
    policy_text(p, f->id, &text);
    if (p->v[f->id].given)
        xmlSetProp(element, (const xmlChar *)f->word, (const xmlChar *)strbuf_str(&text));
    else
        xmlUnsetProp(element, (const xmlChar *)f->word);
    strbuf_free(&text);
}

static void write_list(xmlNodePtr element, const struct policy_field *f, const struct policy_value *v)
{
    for (xmlNodePtr c = next_ours(element->children, f->word); c;) {
        xmlNodePtr next = next_ours(c->next, f->word);
        xml_remove(c);
        c = next;
    }
    for (size_t i = 0; i < v->items.len; i++)
        xml_set(metadata_add(element, f->word), "", v->items.items[i]);
}

static bool same_value(const struct policy *a, const struct policy *b, enum policy_id id)
{
    struct strbuf left = {0}, right = {0};
    policy_text(a, id, &left);
    policy_text(b, id, &right);
    bool same = strcmp(strbuf_str(&left), strbuf_str(&right)) == 0;
    strbuf_free(&left);
    strbuf_free(&right);
    return same;
}

static void write_changes(xmlNodePtr element, const struct policy *before, const struct policy *p)
{
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++) {
        const struct policy_field *f = &policy_fields[id];
        if (p->v[id].broken || (same_value(before, p, id) && !before->v[id].broken))
            continue;
        if (policy_is_list(f))
            write_list(element, f, &p->v[id]);
        else
            write_attribute(element, f, p);
    }
}

static bool refuse_unknown(const struct policy *before, struct error *e)
{
    return error_set(
        e, STATUS_FAILED,
        "the autostart policy has %s, which this program does not know: it is not changed; use the "
        "program that wrote it",
        before->newer);
}

bool policy_to_xml(xmlNodePtr node, const struct policy *p, struct error *e)
{
    struct policy before;
    finding_list found = {0};
    policy_init(&before);
    policy_from_xml(node, &before, &found);
    findings_free(&found);
    xmlNodePtr own = own_metadata(node);
    xmlNodePtr element = own ? next_ours(own->children, ELEMENT) : NULL;
    bool ok = true;
    if (before.unknown) {
        ok = policy_equal(&before, p) || refuse_unknown(&before, e);
    } else if (!p->present) {
        if (element)
            metadata_remove(own, element);
    } else {
        if (!element) {
            element = metadata_add(own ? own : metadata_make_own(node), ELEMENT);
            xmlSetProp(element, (const xmlChar *)"version", (const xmlChar *)"1");
        }
        write_changes(element, &before, p);
    }
    policy_free(&before);
    return ok;
}
