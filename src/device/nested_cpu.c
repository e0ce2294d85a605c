/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/nested_cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/strbuf.h"
#include "model/xml.h"

const char *const nested_features[] = {"svm", "vmx", NULL};

/* ---- what a <cpu> says ---- */

static char *policy_of(xmlNodePtr cpu, const char *feature)
{
    char path[64];
    snprintf(path, sizeof path, "feature[name=%s]@policy", feature);
    char *policy = cpu ? xml_get(cpu, path) : NULL;
    if (policy)
        return policy;
    /* Without a policy it is required (and in capabilities it is simply there). */
    snprintf(path, sizeof path, "feature[name=%s]", feature);
    return cpu && xml_find(cpu, path) ? xstrdup("require") : NULL;
}

/* ANSWER_UNKNOWN: the feature is not named, or left to the host. */
static enum answer named(xmlNodePtr cpu, const char *feature)
{
    char *policy = policy_of(cpu, feature);
    bool on = policy && (strcmp(policy, "require") == 0 || strcmp(policy, "force") == 0);
    bool off = policy && (strcmp(policy, "disable") == 0 || strcmp(policy, "forbid") == 0);
    free(policy);
    return on ? ANSWER_YES : off ? ANSWER_NO : ANSWER_UNKNOWN;
}

bool nested_cpu_asks(xmlNodePtr domain, const char *feature)
{
    return named(xml_child(domain, "cpu"), feature) == ANSWER_YES;
}

const char *nested_cpu_offers(xmlDocPtr expanded)
{
    xmlNodePtr cpu = expanded ? xmlDocGetRootElement(expanded) : NULL;
    for (size_t i = 0; nested_features[i]; i++)
        if (named(cpu, nested_features[i]) == ANSWER_YES)
            return nested_features[i];
    return NULL;
}

static bool all_off(xmlNodePtr cpu)
{
    for (size_t i = 0; nested_features[i]; i++)
        if (named(cpu, nested_features[i]) != ANSWER_NO)
            return false;
    return true;
}

static bool is_off(xmlNodePtr cpu, const char *feature)
{
    return named(cpu, feature) == ANSWER_NO;
}

static struct nested_cpu found(enum answer answer, char *words)
{
    return (struct nested_cpu){answer, words};
}

static struct nested_cpu passthrough(xmlNodePtr cpu, const char *mode, const struct nest_host *nest)
{
    const char *off = is_off(cpu, "svm") ? "svm" : is_off(cpu, "vmx") ? "vmx" : NULL;
    bool other =
        off && nest && nest->vendor && (strcasecmp(nest->vendor, "AMD") == 0) != (strcmp(off, "svm") == 0);
    if (all_off(cpu) || (off && !other))
        return found(ANSWER_NO, xasprintf("mode %s with %s turned off", mode, off));
    return found(ANSWER_YES, xasprintf("mode %s passes on what the host has", mode));
}

/* From the CPU with all its features, where that is known. */
static struct nested_cpu looked_into(xmlNodePtr cpu, xmlDocPtr expanded, const char *what)
{
    const char *has = nested_cpu_offers(expanded);
    if (all_off(cpu))
        return found(ANSWER_NO, xasprintf("%s with svm and vmx turned off", what));
    if (expanded && has && !is_off(cpu, has))
        return found(ANSWER_YES, xasprintf("%s has %s", what, has));
    if (expanded)
        return found(ANSWER_NO, xasprintf("%s has neither svm nor vmx", what));
    return found(ANSWER_UNKNOWN, xasprintf("it is not known whether %s has svm or vmx", what));
}

struct nested_cpu nested_cpu_of(xmlNodePtr domain, const struct nest_host *nest)
{
    xmlNodePtr cpu = xml_child(domain, "cpu");
    char *mode = cpu ? xml_get(cpu, "@mode") : NULL, *model = cpu ? xml_get(cpu, "model") : NULL;
    struct nested_cpu out;
    const char *asked = nested_cpu_asks(domain, "svm")   ? "svm"
                        : nested_cpu_asks(domain, "vmx") ? "vmx"
                                                         : NULL;
    if (asked) {
        out = found(ANSWER_YES, xasprintf("<cpu> requires %s", asked));
    } else if (mode && (strcmp(mode, "host-passthrough") == 0 || strcmp(mode, "maximum") == 0)) {
        out = passthrough(cpu, mode, nest);
    } else if (mode && strcmp(mode, "host-model") == 0) {
        out = looked_into(cpu, nest ? nest->offered : NULL, "the host's model");
    } else {
        char *what = xasprintf("model %s", model ? model : "qemu64 (libvirt's default)");
        out = looked_into(cpu, nest ? nest->cpu : NULL, what);
        free(what);
    }
    free(mode);
    free(model);
    return out;
}

/* ---- QEMU's arguments ---- */

/* What stands behind -cpu; NULL. The caller frees. */
static char *cpu_argument(const char *arguments)
{
    const char *at = arguments;
    while (at && strncmp(at, "-cpu\n", 5) != 0) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return at ? xstrndup(at + 5, strcspn(at + 5, "\n")) : NULL;
}

static enum answer argument_says(const char *arguments, const char *feature)
{
    char *list = cpu_argument(arguments), *rest = NULL;
    enum answer answer = ANSWER_UNKNOWN;
    size_t len = strlen(feature);
    for (char *w = list ? strtok_r(list, ",", &rest) : NULL; w; w = strtok_r(NULL, ",", &rest)) {
        if ((w[0] == '+' || w[0] == '-') && strcmp(w + 1, feature) == 0)
            answer = w[0] == '+' ? ANSWER_YES : ANSWER_NO;
        else if (strncmp(w, feature, len) == 0 && w[len] == '=')
            answer = strcmp(w + len + 1, "on") == 0 ? ANSWER_YES : ANSWER_NO;
    }
    free(list);
    return answer;
}

/* What -cpu gives: by name, or unsaid by its model. */
static enum answer argument_gives(const struct toggle_input *in, const char *feature)
{
    enum answer says = argument_says(in->arguments, feature);
    char *list = cpu_argument(in->arguments);
    if (says == ANSWER_UNKNOWN && list && (strncmp(list, "host", 4) == 0 || strncmp(list, "max", 3) == 0))
        says = ANSWER_YES;
    else if (says == ANSWER_UNKNOWN && in->nest->cpu)
        says = named(xmlDocGetRootElement(in->nest->cpu), feature) == ANSWER_YES ? ANSWER_YES : ANSWER_NO;
    free(list);
    return says;
}

bool nested_cpu_differs(const struct toggle_input *in, xmlNodePtr domain)
{
    xmlNodePtr cpu = xml_child(domain, "cpu");
    for (size_t i = 0; nested_features[i]; i++) {
        enum answer wanted = named(cpu, nested_features[i]), given = argument_gives(in, nested_features[i]);
        if (wanted != ANSWER_UNKNOWN && given != ANSWER_UNKNOWN && wanted != given)
            return true;
    }
    return false;
}

void nested_cpu_judge_arguments(const struct toggle_input *in, struct toggle_level *out)
{
    enum answer svm = argument_says(in->arguments, "svm"), vmx = argument_says(in->arguments, "vmx");
    bool emulated = xml_get_is(in->live, "@type", "qemu");
    char *argument = cpu_argument(in->arguments);
    const char *inside = nested_cpu_offers(in->nest->cpu);
    bool whole = argument && (strncmp(argument, "host", 4) == 0 || strncmp(argument, "max", 3) == 0);
    bool gone = inside && argument_says(in->arguments, inside) == ANSWER_NO;
    if (vmx == ANSWER_YES && emulated)
        level_set(out, ANSWER_NO, "QEMU was asked for vmx, which software emulation does not have");
    else if (svm == ANSWER_YES || vmx == ANSWER_YES ||
             (whole && svm == ANSWER_UNKNOWN && vmx == ANSWER_UNKNOWN))
        level_set(out, ANSWER_YES, "QEMU was started with -cpu %s", argument);
    else if (inside && !gone && !whole)
        level_set(out, ANSWER_YES, "QEMU was started with -cpu %s, a model that has %s",
                  argument ? argument : "qemu64", inside);
    else if (in->nest->cpu || svm == ANSWER_NO || vmx == ANSWER_NO)
        level_set(out, ANSWER_NO, "QEMU was started with -cpu %s", argument ? argument : "qemu64");
    else
        level_set(out, ANSWER_UNKNOWN, "QEMU was started with -cpu %s, which does not tell",
                  argument ? argument : "qemu64");
    free(argument);
}

/* ---- turning it ---- */

/* Which of the two this host and hypervisor have. */
static const char *feature_for(const struct toggle_input *in, xmlNodePtr domain)
{
    const struct nest_host *n = in->nest;
    if (xml_get_is(domain, "@type", "qemu"))
        return "svm";
    if (n->kvm_module && strcmp(n->kvm_module, "kvm_intel") == 0)
        return "vmx";
    if (n->kvm_module && strcmp(n->kvm_module, "kvm_amd") == 0)
        return "svm";
    if (nested_cpu_offers(n->offered))
        return nested_cpu_offers(n->offered);
    return n->vendor && strcasecmp(n->vendor, "AMD") == 0 ? "svm" : "vmx";
}

/* Whether the guest would have the feature if the definition did not name it. */
static bool comes_unsaid(const struct nest_host *n, xmlNodePtr cpu, const char *feature, const char *native)
{
    char *mode = cpu ? xml_get(cpu, "@mode") : NULL;
    bool hosts = mode && strncmp(mode, "host-", 5) == 0;
    bool maximum = mode && strcmp(mode, "maximum") == 0;
    /* Where nothing is known of the model, it is taken to bring svm, as qemu64 does: turning off once more
     * does no harm. */
    bool is = hosts || maximum ? strcmp(feature, native) == 0 : strcmp(feature, "svm") == 0;
    if (!hosts && !maximum && n->cpu)
        is = named(xmlDocGetRootElement(n->cpu), feature) == ANSWER_YES;
    free(mode);
    return is;
}

char *nested_cpu_plan(const struct toggle_input *in, xmlNodePtr domain, bool on)
{
    xmlNodePtr cpu = xml_child(domain, "cpu");
    const char *native = feature_for(in, domain);
    struct strbuf out = {0};
    if (on) {
        struct nested_cpu now = nested_cpu_of(domain, in->nest);
        /* Asked for by the other maker's name it is not there. */
        bool right =
            now.answer == ANSWER_YES && !(nested_cpu_asks(domain, "svm") || nested_cpu_asks(domain, "vmx"));
        if (!right && !nested_cpu_asks(domain, native))
            strbuf_printf(&out, "require:%s", native);
        free(now.words);
        return strbuf_steal(&out);
    }
    for (size_t i = 0; nested_features[i]; i++) {
        const char *f = nested_features[i];
        bool unsaid = comes_unsaid(in->nest, cpu, f, native);
        char *policy = policy_of(cpu, f);
        bool is_named = policy != NULL;
        free(policy);
        if (is_off(cpu, f) || (!unsaid && !is_named))
            continue;
        strbuf_printf(&out, "%s%s:%s", out.len ? "," : "", unsaid ? "disable" : "drop", f);
    }
    return strbuf_steal(&out);
}

static void set_policy(xmlNodePtr domain, const char *feature, const char *policy)
{
    char path[64];
    xmlNodePtr cpu = xml_child(domain, "cpu");
    if (!cpu) {
        bool kvm = xml_get_is(domain, "@type", "kvm");
        xml_set(domain, "cpu@mode", kvm ? "host-passthrough" : "custom");
        cpu = xml_child(domain, "cpu");
        if (!kvm) {
            xml_set(cpu, "@match", "exact");
            xml_set(cpu, "model", "qemu64");
        }
    }
    snprintf(path, sizeof path, "feature[name=%s]", feature);
    xmlNodePtr node = xml_find(cpu, path);
    if (!policy) {
        if (node)
            xml_remove(node);
        return;
    }
    if (!node) {
        node = xml_add_new(cpu, "feature");
        xml_set(node, "@policy", policy);
        xml_set(node, "@name", feature);
    }
    xml_set(node, "@policy", policy);
}

bool nested_cpu_edit(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e)
{
    static const struct {
        const char *word, *policy;
    } words[] = {{"require:", "require"}, {"disable:", "disable"}, {"drop:", NULL}};
    char *list = xstrdup(arg), *rest = NULL;
    bool good = true;
    (void)out;
    for (char *w = strtok_r(list, ",", &rest); good && w; w = strtok_r(NULL, ",", &rest)) {
        size_t i = 0;
        while (i < ARRAY_LEN(words) && strncmp(w, words[i].word, strlen(words[i].word)) != 0)
            i++;
        if (i == ARRAY_LEN(words))
            good = error_set(e, STATUS_FAILED, "nested: \"%s\" is no change of a CPU", w);
        else
            set_policy(domain, w + strlen(words[i].word), words[i].policy);
    }
    free(list);
    return good;
}
