/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/memory_tso.h"

#include <stdlib.h>
#include <string.h>
#include "model/xml.h"

/* Where QEMU takes it: an option of the accelerator, of the machine's, or a property set for all. */
static const struct {
    const char *option, *on;
} places[] = {{"-accel", "tso=on"},
              {"-accel", "tso=true"},
              {"-global", "hvf-accel.tso=on"},
              {"-global", "accel.tso=on"}};

/* The argument that turns it on, and the token in it; NULL. */
static xmlNodePtr find(xmlNodePtr domain, const char **token)
{
    for (xmlNodePtr a = NULL; (a = qemu_arg_next(domain, a)) != NULL;)
        for (size_t i = 0; i < ARRAY_LEN(places); i++)
            if (qemu_arg_is(a, places[i].option, places[i].on)) {
                *token = places[i].on;
                return a;
            }
    return NULL;
}

bool memory_tso_is_on(xmlNodePtr domain)
{
    const char *token;
    return find(domain, &token) != NULL;
}

static bool is_arm_hvf(xmlNodePtr domain)
{
    return xml_get_is(domain, "@type", "hvf") && xml_get_is(domain, "os/type@arch", "aarch64");
}

void memory_tso_judge(const struct toggle_input *in, struct verdict *out)
{
    xmlNodePtr domain = toggle_definition(in);
    bool on = memory_tso_is_on(domain);
    char *refused =
        evidence_line(in->log, "Property '[^']*accel\\.tso' not found|HV_BAD_ARGUMENT|0xfae94003");
    bool started = in->arguments && (strstr(in->arguments, "tso=on") || strstr(in->arguments, "tso=true"));
    if (is_arm_hvf(domain))
        level_set(&out->host, ANSWER_UNKNOWN,
                  "HVF on Apple silicon; whether its QEMU is the fork that has the option can't be asked");
    else
        level_set(&out->host, ANSWER_NO, "total store ordering is an option of HVF on Apple silicon only");
    level_set(&out->definition, on ? ANSWER_YES : ANSWER_NO,
              on ? "<qemu:commandline> turns total store ordering on"
                 : "<qemu:commandline> says nothing of it");
    if (!toggle_judge_qemu(in, refused, &out->qemu))
        level_set(&out->qemu, started ? ANSWER_YES : ANSWER_NO, "QEMU was started with%s tso=on",
                  started ? "" : "out");
    level_set(&out->guest, ANSWER_UNKNOWN, "memory ordering can't be seen from inside the guest");
    if (on && (out->qemu.answer == ANSWER_NO || out->host.answer == ANSWER_NO))
        out->mismatch = xasprintf("the definition asks for total store ordering: %s",
                                  refused ? out->qemu.evidence : out->host.evidence);
    free(refused);
}

void memory_tso_preflight(const struct toggle_input *in, const char *value, finding_list *out)
{
    xmlNodePtr domain = in->config ? in->config : in->live;
    if (strcmp(value, "on") != 0)
        return;
    if (!is_arm_hvf(domain))
        finding_add(out, "memory-tso-host", SEV_ERROR, NULL,
                    "total store ordering is an option of HVF on Apple silicon; %s is of type %s", in->vm,
                    xml_get_is(domain, "@type", "kvm") ? "kvm" : "another");
    finding_add(out, "memory-tso-fork", SEV_WARN, NULL,
                "only one fork of QEMU has the option: another one ends at once with \"Property … accel.tso "
                "not found\", "
                "and one that can't set it with HV_BAD_ARGUMENT");
}

char *memory_tso_plan(const struct toggle_input *in, const char *value, struct error *e)
{
    (void)in;
    if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0)
        return xstrdup(value);
    error_set(e, STATUS_USAGE, "tso memory: on or off is wanted, not \"%s\"", value);
    return NULL;
}

static bool edit_memory_tso(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e)
{
    const char *token = NULL;
    xmlNodePtr a;
    (void)out;
    (void)e;
    if (strcmp(arg, "on") == 0) {
        if (!find(domain, &token))
            qemu_args_add(domain, "-accel", "hvf,tso=on");
        return true;
    }
    while ((a = find(domain, &token)) != NULL)
        qemu_arg_drop(a, token);
    return true;
}

const struct change_edit memory_tso_edit = {"memory-tso", edit_memory_tso};
