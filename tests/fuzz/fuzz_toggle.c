/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What guests answer and what logs say, judged: whatever it is, each level has an answer and a line that says
 * why. The input: a definition, a NUL, and then the texts of evidence, all four the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/utf8.h"
#include "device/toggle.h"
#include "model/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_level(const struct toggle_level *l)
{
    size_t len = l->evidence ? strlen(l->evidence) : 0;
    if (!l->evidence || utf8_check(l->evidence, len) != len || strchr(l->evidence, '\n'))
        abort();
}

static void try_toggle(const struct toggle *t, const struct toggle_input *in)
{
    struct verdict v = {0};
    finding_list findings = {0};
    struct changed out = {0};
    char *arg;
    t->judge(in, &v);
    check_level(&v.host);
    check_level(&v.definition);
    check_level(&v.qemu);
    check_level(&v.guest);
    t->preflight(in, "on", &findings);
    for (const char *const *value = (const char *const[]){"off", "on", NULL}; *value; value++) {
        if ((arg = t->plan(in, *value, NULL)) && arg[0])
            t->edit->edit(in->config, arg, &out, NULL);
        free(arg);
        changed_clear(&out);
    }
    findings_free(&findings);
    verdict_clear(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = memchr(data, '\0', size);
    size_t xml_len = nul ? (size_t)(nul - data) : size;
    xmlDocPtr doc = xml_parse((const char *)data, xml_len, NULL);
    xmlNodePtr domain = doc ? xmlDocGetRootElement(doc) : NULL;
    char *text = nul ? xstrndup((const char *)nul + 1, size - xml_len - 1) : xstrdup("");
    struct facts facts = {.libvirt = 9000000, .hypervisor = 7002000, .is_qemu = true, .local = true};
    struct nest_host nest = {.ssh = ""};
    struct toggle_input in = {.vm = "web1",
                              .facts = &facts,
                              .nest = &nest,
                              .live = domain,
                              .config = domain,
                              .arguments = text,
                              .log = text,
                              .probe = text,
                              .serial = text};
    for (size_t i = 0; domain && i < n_toggles; i++)
        try_toggle(&toggles[i], &in);
    xmlFreeDoc(doc);
    free(text);
    return 0;
}
