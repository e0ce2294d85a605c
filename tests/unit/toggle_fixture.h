/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of the toggles share: made-up hosts and definitions, and shorthands for what is judged of
 * them. Included once by each.
 */
#ifndef VIRTDECK_TESTS_TOGGLE_FIXTURE_H
#define VIRTDECK_TESTS_TOGGLE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "device/toggle.h"
#include "model/xml.h"
#include "xml_fixture.h"

struct scene {
    struct facts facts;
    struct nest_host nest;
    struct toggle_input in;
    xmlDocPtr live, config;
    struct verdict verdict;
    finding_list findings;
    struct error error;
};

/* libvirt 9.0 with QEMU 7.2 on this machine; live NULL: it does not run. The strings of `nest` are not freed.
 */
static struct scene *scene_new(const char *live, const char *config)
{
    struct scene *s = xcalloc(1, sizeof *s);
    s->error = (struct error)ERROR_INIT;
    s->facts.libvirt = 9000000;
    s->facts.hypervisor = 7002022;
    s->facts.is_qemu = s->facts.local = true;
    s->nest.ssh = "";
    s->live = live ? parse(live) : NULL;
    s->config = config ? parse(config) : NULL;
    s->in = (struct toggle_input){.vm = "web1",
                                  .facts = &s->facts,
                                  .nest = &s->nest,
                                  .live = live ? xmlDocGetRootElement(s->live) : NULL,
                                  .config = config ? xmlDocGetRootElement(s->config) : NULL};
    return s;
}

static void scene_free(struct scene *s)
{
    verdict_clear(&s->verdict);
    findings_free(&s->findings);
    error_clear(&s->error);
    xmlFreeDoc(s->live);
    xmlFreeDoc(s->config);
    xmlFreeDoc(s->nest.cpu);
    xmlFreeDoc(s->nest.offered);
    free(s);
}

/* The four answers in a word each; the caller frees. */
static char *judged(struct scene *s, const char *toggle)
{
    verdict_clear(&s->verdict);
    toggle_find(toggle)->judge(&s->in, &s->verdict);
    const struct verdict *v = &s->verdict;
    assert_non_null(v->host.evidence);
    assert_non_null(v->definition.evidence);
    assert_non_null(v->qemu.evidence);
    assert_non_null(v->guest.evidence);
    return xasprintf("%s %s %s %s", answer_word(v->host.answer), answer_word(v->definition.answer),
                     answer_word(v->qemu.answer), answer_word(v->guest.answer));
}

static void assert_judged(struct scene *s, const char *toggle, const char *wanted)
{
    char *got = judged(s, toggle);
    assert_string_equal(got, wanted);
    free(got);
}

static void assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("\"%s\" is not in: %s", part, text ? text : "(none)");
}

static const struct finding *found(struct scene *s, const char *toggle, const char *value, const char *id)
{
    findings_free(&s->findings);
    s->findings = (finding_list){0};
    toggle_find(toggle)->preflight(&s->in, value, &s->findings);
    for (size_t i = 0; i < s->findings.len; i++)
        if (strcmp(s->findings.items[i].id, id) == 0)
            return &s->findings.items[i];
    return NULL;
}

static void assert_refused(struct scene *s, const char *toggle, const char *value, const char *id,
                           const char *text)
{
    const struct finding *f = found(s, toggle, value, id);
    assert_non_null(f);
    assert_int_equal(f->severity, SEV_ERROR);
    assert_has(f->text, text);
}

static void assert_not_refused(struct scene *s, const char *toggle, const char *value)
{
    found(s, toggle, value, "");
    for (size_t i = 0; i < s->findings.len; i++)
        if (s->findings.items[i].severity == SEV_ERROR)
            fail_msg("refused: %s", s->findings.items[i].text);
}

/* Plans and makes the change in the configured definition; what it looks like then. The caller frees. */
static char *turned(struct scene *s, const char *toggle, const char *value)
{
    const struct toggle *t = toggle_find(toggle);
    char *arg = t->plan(&s->in, value, &s->error);
    if (!arg)
        fail_msg("%s", error_text(&s->error));
    struct change c = {.verb = CHANGE_EDIT, .edit = t->edit, .arg = arg};
    struct changed out = {0};
    if (arg[0])
        assert_true(change_apply(&c, s->config, &out, &s->error));
    changed_clear(&out);
    change_clear(&c);
    s->in.config = xmlDocGetRootElement(s->config);
    return xml_print(s->config);
}

static void assert_turned(struct scene *s, const char *toggle, const char *value, const char *part)
{
    char *text = turned(s, toggle, value);
    assert_has(text, part);
    free(text);
}

static void assert_unsaid(struct scene *s, const char *part)
{
    char *text = xml_print(s->config);
    if (strstr(text, part))
        fail_msg("\"%s\" is in: %s", part, text);
    free(text);
}

#endif
