/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/toggle.h"

#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "device/memory_tso.h"
#include "device/nested.h"
#include "device/offload.h"
#include "device/sound.h"
#include "model/xml.h"

#define EVIDENCE_MAX 500 /* bytes */

const struct toggle toggles[] = {
    {"nested", NULL, nested_judge, nested_preflight, nested_plan, &nested_edit},
    {"sound", SOUND_MODELS, sound_judge, sound_preflight, sound_plan, &sound_edit},
    {"offload", NULL, offload_judge, offload_preflight, offload_plan, &offload_edit},
    {"memory-tso", NULL, memory_tso_judge, memory_tso_preflight, memory_tso_plan, &memory_tso_edit},
};
const size_t n_toggles = ARRAY_LEN(toggles);

const struct toggle *toggle_find(const char *id)
{
    for (size_t i = 0; i < n_toggles; i++)
        if (strcmp(toggles[i].id, id) == 0)
            return &toggles[i];
    return NULL;
}

void level_set(struct toggle_level *l, enum answer answer, const char *fmt, ...)
{
    va_list ap;
    char *raw;
    struct strbuf clean = {0};
    va_start(ap, fmt);
    if (vasprintf(&raw, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    /* Guests and logs have their words in it. */
    size_t len = strlen(raw), most = len < EVIDENCE_MAX ? len : EVIDENCE_MAX;
    text_escape(&clean, raw, most);
    if (most < len)
        strbuf_puts(&clean, "…");
    free(raw);
    free(l->evidence);
    l->evidence = strbuf_steal(&clean);
    l->answer = answer;
}

void verdict_clear(struct verdict *v)
{
    free(v->host.evidence);
    free(v->definition.evidence);
    free(v->qemu.evidence);
    free(v->guest.evidence);
    free(v->mismatch);
    *v = (struct verdict){0};
}

xmlNodePtr toggle_definition(const struct toggle_input *in)
{
    return in->live ? in->live : in->config;
}

bool toggle_judge_qemu(const struct toggle_input *in, const char *refused, struct toggle_level *out)
{
    if (!in->live)
        level_set(out, ANSWER_UNKNOWN, "it does not run");
    else if (refused)
        level_set(out, ANSWER_NO, "QEMU's log: %s", refused);
    else if (!in->arguments)
        level_set(out, ANSWER_UNKNOWN, "%s",
                  in->arguments_why ? in->arguments_why : "nothing is known of QEMU");
    else
        return false;
    return true;
}

char *evidence_value(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strncmp(p, key, len) == 0 && p[len] == '=')
            return xstrndup(p + len + 1, strcspn(p + len + 1, "\r\n"));
    return NULL;
}

char *evidence_line(const char *text, const char *regex)
{
    regex_t compiled;
    regmatch_t m;
    char *line = NULL;
    if (!text)
        return NULL;
    if (regcomp(&compiled, regex, REG_EXTENDED | REG_NEWLINE) != 0)
        die("a pattern of evidence is wrong: %s", regex);
    if (regexec(&compiled, text, 1, &m, 0) == 0) {
        const char *begin = text + m.rm_so, *end = text + m.rm_eo;
        while (begin > text && begin[-1] != '\n')
            begin--;
        line = xstrndup(begin, (size_t)(end - begin) + strcspn(end, "\r\n"));
    }
    regfree(&compiled);
    return line;
}

char *evidence_line_with(const char *text, const char *a, const char *b)
{
    for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
        size_t len = strcspn(p, "\r\n");
        if (memmem(p, len, a, strlen(a)) && memmem(p, len, b, strlen(b)))
            return xstrndup(p, len);
    }
    return NULL;
}

char *version_words(unsigned long version)
{
    return xasprintf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}

/* ---- arguments past libvirt ---- */

static bool is_qemu_arg(xmlNodePtr node)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, "arg") == 0 && node->ns &&
           node->ns->href && strcmp((const char *)node->ns->href, QEMU_XML_NS) == 0;
}

xmlNodePtr qemu_arg_next(xmlNodePtr domain, xmlNodePtr arg)
{
    xmlNodePtr list = domain ? xml_child_ns(domain, QEMU_XML_NS, "commandline") : NULL;
    xmlNodePtr next = arg ? arg->next : list ? list->children : NULL;
    while (next && !is_qemu_arg(next))
        next = next->next;
    return next;
}

static xmlNodePtr arg_before(xmlNodePtr arg)
{
    xmlNodePtr before = arg->prev;
    while (before && !is_qemu_arg(before))
        before = before->prev;
    return before;
}

static void add_arg(xmlNodePtr list, xmlNsPtr ns, const char *value)
{
    xmlNodePtr arg = xml_add_new(list, "arg");
    xmlSetNs(arg, ns);
    xml_set(arg, "@value", value);
}

void qemu_args_add(xmlNodePtr domain, const char *name, const char *value)
{
    xmlNsPtr ns = xmlSearchNsByHref(domain->doc, domain, (const xmlChar *)QEMU_XML_NS);
    if (!ns || !ns->prefix)
        ns = xmlNewNs(domain, (const xmlChar *)QEMU_XML_NS, (const xmlChar *)"qemu");
    xmlNodePtr list = xml_child_ns(domain, QEMU_XML_NS, "commandline");
    if (!list) {
        list = xml_add_new(domain, "commandline");
        if (!ns) /* up there the prefix means something else */
            ns = xmlNewNs(list, (const xmlChar *)QEMU_XML_NS, (const xmlChar *)"qemu");
        xmlSetNs(list, ns);
    }
    if (!ns)
        ns = list->ns;
    add_arg(list, ns, name);
    add_arg(list, ns, value);
}

static void remove_arg(xmlNodePtr arg)
{
    xmlNodePtr list = arg->parent, domain = list->parent;
    xml_remove(arg);
    for (xmlNodePtr c = list->children; c; c = c->next)
        if (c->type == XML_ELEMENT_NODE)
            return;
    if (domain)
        xml_remove(list);
}

void qemu_arg_remove_pair(xmlNodePtr arg)
{
    xmlNodePtr option = arg_before(arg);
    if (option)
        remove_arg(option);
    remove_arg(arg);
}

/* Where the token stands in the list, and how long it is with the comma that goes with it. */
static char *token_in(const char *list, const char *token)
{
    size_t len = strlen(token);
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
        if (strncmp(p, token, len) == 0 && (p[len] == ',' || p[len] == '\0'))
            return (char *)p;
    return NULL;
}

bool qemu_arg_is(xmlNodePtr arg, const char *option, const char *token)
{
    xmlNodePtr before = arg_before(arg);
    char *name = before ? xml_get(before, "@value") : NULL, *value = xml_get(arg, "@value");
    const char *word = name && name[0] == '-' && name[1] == '-' ? name + 1 : name;
    bool is = word && value && strcmp(word, option) == 0 && token_in(value, token);
    free(name);
    free(value);
    return is;
}

void qemu_arg_drop(xmlNodePtr arg, const char *token)
{
    char *value = xml_get(arg, "@value"), *at = token_in(value, token);
    if (at) {
        size_t len = strlen(token);
        if (at[len] == ',')
            memmove(at, at + len + 1, strlen(at + len + 1) + 1);
        else
            at[at > value ? -1 : 0] = '\0';
        if (value[0]) {
            xml_set(arg, "@value", value);
        } else {
            qemu_arg_remove_pair(arg);
        }
    }
    free(value);
}
