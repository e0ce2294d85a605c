/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the host's QEMU, libvirt and processor can do for the domain.
 */
#include <stdlib.h>
#include <string.h>
#include "device/nested.h"
#include "model/xml.h"
#include "preflight/row.h"

static const char no_caps[] = "libvirt does not say what this host can do";

static xmlNodePtr domain_of(const struct looking *l)
{
    return xmlDocGetRootElement(l->in->doc);
}

/* Capabilities tell of libvirt's usual emulator for the architecture. What they say of others' machines,
 * libvirt has said by having domain capabilities for them at all. */
static bool has_usual_emulator(const struct looking *l)
{
    xmlNodePtr root = l->in->facts->hostcaps ? xmlDocGetRootElement(l->in->facts->hostcaps) : NULL;
    char *own = xml_get(domain_of(l), "devices/emulator"), *arch = xml_get(domain_of(l), "os/type@arch");
    bool usual = !own;
    for (xmlNodePtr g = xml_child(root, "guest"); g && !usual; g = xml_next(g, "guest")) {
        xmlNodePtr a = xml_child(g, "arch");
        char *emulator = arch && xml_get_is(a, "@name", arch) ? xml_get(a, "emulator") : NULL;
        usual = emulator && strcmp(emulator, own) == 0;
        free(emulator);
    }
    free(own);
    free(arch);
    return usual;
}

static void look_capabilities(struct looking *l, const char *check)
{
    if (has_usual_emulator(l))
        look_check(l, check, l->in->facts->hostcaps != NULL, no_caps);
    else if (l->in->facts->domcaps)
        look_fine(l);
    else
        look_unknown(l, "%s", no_caps);
}

static void look_virt_type(struct looking *l)
{
    look_capabilities(l, "type-unsupported");
}

static void look_machine(struct looking *l)
{
    if (xml_find(domain_of(l), "os/type"))
        look_capabilities(l, "machine-unsupported");
}

static void look_cpu(struct looking *l)
{
    bool known = l->in->facts->domcaps != NULL;
    look_check(l, "cpu-mode-unsupported", known, no_caps);
    /* Where it may, libvirt takes a model that is near. */
    if (xml_get_is(domain_of(l), "cpu/model@fallback", "forbid"))
        look_check(l, "cpu-model-unsupported", known, no_caps);
    look_check(l, "vcpus-over-maximum", known, no_caps);
}

static char *remedy_of(const finding_list *l, const char *id)
{
    for (size_t i = 0; i < l->len; i++)
        if (strcmp(l->items[i].id, id) == 0)
            return xstrdup(l->items[i].remedy);
    return NULL;
}

/* It starts without what it asks for, and its guest misses it. */
static void look_nested(struct looking *l)
{
    struct toggle_input in = {.vm = l->in->vm,
                              .facts = l->in->facts,
                              .nest = l->in->nest,
                              .config = domain_of(l),
                              .arguments_why = "it does not run",
                              .log_why = "it does not run",
                              .probe_why = "it does not run",
                              .serial_why = "it does not run"};
    struct verdict v = {0};
    finding_list found = {0};
    if (!nested_is_asked_for(domain_of(l)))
        return;
    if (!l->in->nest) {
        look_unknown(l, "whether the host nests can't be seen from here");
        return;
    }
    nested_judge(&in, &v);
    if (v.host.answer == ANSWER_NO) {
        nested_preflight(&in, "on", &found);
        look_no(l, SEV_WARN, remedy_of(&found, "nested-host"),
                "nested virtualization is asked for, and the host does not give it: %s", v.host.evidence);
    } else if (v.host.answer == ANSWER_UNKNOWN)
        look_unknown(l, "%s", v.host.evidence);
    else
        look_fine(l);
    findings_free(&found);
    verdict_clear(&v);
}

static const struct preflight_row rows[] = {
    {"type-unsupported", "the host can run domains of its type", look_virt_type, 0},
    {"machine-unsupported", "QEMU has its machine type", look_machine, 0},
    {"cpu-unsupported", "the host can give it its CPU", look_cpu, 0},
    {"nested-host", "the host nests, as it asks for", look_nested, 0},
};
const struct preflight_family preflight_host = {rows, ARRAY_LEN(rows)};

/* ---- what only libvirt itself can say ---- */

static void look_native(struct looking *l)
{
    if (!l->in->native_tried)
        look_unknown(l, "this driver of libvirt has no trial run");
    else if (l->in->facts->native_error)
        look_no(l, SEV_ERROR, remedy_ours(l, "edit", ""), "libvirt's own trial refuses it: %s",
                l->in->facts->native_error);
    else
        look_fine(l);
}

static const struct preflight_row last[] = {
    {"native", "libvirt's own trial run finds nothing", look_native, ROW_LAST},
};
const struct preflight_family preflight_last = {last, ARRAY_LEN(last)};
