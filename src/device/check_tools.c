/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "device/check_private.h"
#include "device/kinds.h"
#include "model/xml.h"

/* ---- devices ---- */

xmlNodePtr device_next(xmlNodePtr domain, const char *name, xmlNodePtr after)
{
    xmlNodePtr devices = after ? NULL : xml_child(domain, "devices");
    xmlNodePtr node = after ? after->next : devices ? devices->children : NULL;
    while (node && (node->type != XML_ELEMENT_NODE || node->ns || (name && !xml_is(node, name))))
        node = node->next;
    return node;
}

/* What is told by its number among those of its kind: "sound0", or the key. */
static char *name_of(xmlNodePtr device)
{
    const struct device_kind *kind = device_kind_of(device);
    struct vm_device described = {.name = NULL};
    int index = 0;
    for (xmlNodePtr n = device->prev; n; n = n->prev)
        index += n->type == XML_ELEMENT_NODE && device_kind_of(n) == kind;
    device_describe(device, kind, index, &described);
    char *name = described.name ? xstrdup(described.name) : device_key(device, kind, index);
    device_forget(&described);
    return name;
}

char *device_handle(xmlNodePtr device)
{
    static const char *const paths[] = {"target@dev", "mac@address", "alias@name"};
    /* A NIC's target is the host's interface, not a name of its own. */
    for (size_t i = xml_is(device, "interface"); i < ARRAY_LEN(paths); i++) {
        char *name = xml_get(device, paths[i]);
        if (name)
            return name;
    }
    return name_of(device);
}

char *device_words(xmlNodePtr device)
{
    const struct device_kind *kind = device_kind_of(device);
    char *handle = device_handle(device);
    bool told = strncmp(handle, kind->id, strlen(kind->id)) == 0;
    char *words = told ? xstrdup(handle) : xasprintf("%s %s", kind->id, handle);
    free(handle);
    return words;
}

/* ---- values ---- */

long long get_number(xmlNodePtr node, const char *path, long long missing)
{
    char *text = xml_get(node, path), *end = text;
    long long n = text ? strtoll(text, &end, 0) : missing;
    if (text && end == text)
        n = missing;
    free(text);
    return n;
}

unsigned long long get_kib(xmlNodePtr node, const char *path)
{
    double kib = xml_get_kib(node, path);
    return kib > 0 && kib < 1e18 ? (unsigned long long)kib : 0;
}

/* ---- domcaps ---- */

static xmlNodePtr find_enum(const struct facts *f, const char *path, const char *enum_name, bool *refused)
{
    xmlNodePtr root = f->domcaps ? xmlDocGetRootElement(f->domcaps) : NULL;
    xmlNodePtr at = root ? xml_find(root, path) : NULL;
    *refused = at && xml_get_is(at, "@supported", "no");
    for (xmlNodePtr e = xml_child(at, "enum"); e; e = xml_next(e, "enum"))
        if (xml_get_is(e, "@name", enum_name))
            return e;
    return NULL;
}

enum answer caps_enum(const struct facts *f, const char *path, const char *enum_name, const char *value)
{
    bool refused;
    xmlNodePtr found = find_enum(f, path, enum_name, &refused);
    if (!value || (!found && !refused))
        return ANSWER_UNKNOWN;
    for (xmlNodePtr v = xml_child(found, "value"); v; v = xml_next(v, "value"))
        if (xml_get_is(v, "", value))
            return ANSWER_YES;
    return ANSWER_NO;
}

char *caps_values(const struct facts *f, const char *path, const char *enum_name)
{
    bool refused;
    struct strbuf out = {0};
    xmlNodePtr found = find_enum(f, path, enum_name, &refused);
    for (xmlNodePtr v = xml_child(found, "value"); v; v = xml_next(v, "value")) {
        char *word = xml_get(v, "");
        strbuf_printf(&out, "%s%s", out.len ? ", " : "", word ? word : "");
        free(word);
    }
    if (!out.len)
        strbuf_puts(&out, "none");
    return strbuf_steal(&out);
}

/* ---- the machine ---- */

const char *machine_family(xmlNodePtr domain)
{
    /* "pc" is what x86 has called its i440fx boards since ever; the longer words stand first. */
    static const struct {
        const char *begins, *family;
    } families[] = {
        {"pc-q35", "q35"},      {"q35", "q35"},   {"pc-i440fx", "i440fx"}, {"pc", "i440fx"},
        {"microvm", "microvm"}, {"virt", "virt"}, {"pseries", "pseries"},  {"s390-ccw-virtio", "s390"},
        {"isapc", "isapc"}};
    char *machine = xml_get(domain, "os/type@machine");
    const char *family = "";
    for (size_t i = 0; machine && !*family && i < ARRAY_LEN(families); i++) {
        size_t len = strlen(families[i].begins);
        if (strncmp(machine, families[i].begins, len) == 0 && strchr("-", machine[len]))
            family = families[i].family;
    }
    free(machine);
    return family;
}

/* ---- saying ---- */

void say(finding_list *out, const char *id, enum severity severity, char *remedy, const char *fmt, ...)
{
    char *text;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    finding_add(out, id, severity, remedy, "%s", text);
    free(text);
    free(remedy);
}

/* Our commands quote as a shell does. */
char *remedy_set(const struct check_input *in, xmlNodePtr device, const char *assignment)
{
    char *vm = text_shell_word(in->vm), *handle = device_handle(device), *word = text_shell_word(handle);
    char *remedy = xasprintf("device %s %s set %s", vm, word, assignment);
    free(vm);
    free(handle);
    free(word);
    return remedy;
}

char *remedy_vm(const struct check_input *in, const char *verb, const char *words)
{
    char *vm = text_shell_word(in->vm),
         *remedy = xasprintf("%s %s%s%s", verb, vm, words[0] ? " " : "", words);
    free(vm);
    return remedy;
}

char *remedy_shell(const char *command, const char *name)
{
    char *word = text_shell_word(name), *remedy = xasprintf("$ %s %s", command, word);
    free(word);
    return remedy;
}
