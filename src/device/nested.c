/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/nested.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/strbuf.h"
#include "device/machine.h"
#include "device/nested_cpu.h"
#include "model/xml.h"

#define MACHINE_TOKEN   "virtualization=on"
#define HVF_MIN_QEMU    11001000ul
#define ARM_MIN_KERNEL  "6.16"
#define ARM_KERNEL_WORD "kvm-arm.mode=nested"

/* ---- which rules hold ---- */

static bool has_type(xmlNodePtr domain, const char *type)
{
    return xml_get_is(domain, "@type", type);
}

static bool is_arm(xmlNodePtr domain)
{
    return xml_get_is(domain, "os/type@arch", "aarch64");
}

/* By what libosinfo's metadata or the arguments for the system management chip say. */
static bool is_macos(xmlNodePtr domain)
{
    static const char *const signs[] = {"apple.com/macos", "isa-applesmc", "vmapple"};
    char *text = xml_print_node(domain);
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(signs); i++)
        found = found || strstr(text, signs[i]);
    free(text);
    return found;
}

static bool machine_asks(xmlNodePtr domain)
{
    for (xmlNodePtr a = NULL; (a = qemu_arg_next(domain, a)) != NULL;)
        if (qemu_arg_is(a, "-machine", MACHINE_TOKEN) || qemu_arg_is(a, "-M", MACHINE_TOKEN))
            return true;
    return false;
}

bool nested_is_asked_for(xmlNodePtr domain)
{
    if (!machine_is_x86(domain))
        return machine_asks(domain);
    return nested_cpu_asks(domain, "svm") || nested_cpu_asks(domain, "vmx");
}

bool nested_is_asked_for_in(const char *domain_xml)
{
    if (!strstr(domain_xml, "svm") && !strstr(domain_xml, "vmx") && !strstr(domain_xml, MACHINE_TOKEN))
        return false;
    xmlDocPtr doc = xml_parse_element(domain_xml, "domain", NULL);
    bool asked = doc && nested_is_asked_for(xmlDocGetRootElement(doc));
    xmlFreeDoc(doc);
    return asked;
}

/* ---- host ---- */

static int kernel_at_least(const char *kernel, const char *wanted)
{
    int have[2] = {0, 0}, want[2] = {0, 0};
    if (sscanf(kernel, "%d.%d", &have[0], &have[1]) != 2 || sscanf(wanted, "%d.%d", &want[0], &want[1]) != 2)
        return -1;
    return have[0] != want[0] ? have[0] > want[0] : have[1] >= want[1];
}

static void host_kvm_x86(const struct nest_host *n, struct toggle_level *out)
{
    bool on = n->kvm_nested && strchr("Yy1", n->kvm_nested[0]) && n->kvm_nested[0];
    if (n->kvm_module && !n->kvm_module[0])
        level_set(out, ANSWER_NO, "the host has no KVM: neither kvm_intel nor kvm_amd is loaded");
    else if (n->kvm_nested)
        level_set(out, on ? ANSWER_YES : ANSWER_NO, "/sys/module/%s/parameters/nested is %s", n->kvm_module,
                  n->kvm_nested);
    else if (n->offered && nested_cpu_offers(n->offered))
        level_set(out, ANSWER_YES, "libvirt there offers guests a CPU with %s",
                  nested_cpu_offers(n->offered));
    else if (n->offered)
        level_set(out, ANSWER_NO, "the CPU that libvirt there offers guests has neither svm nor vmx");
    else
        level_set(out, ANSWER_UNKNOWN,
                  "the host's modules can't be seen from here, and libvirt tells nothing of its CPU");
}

static void host_kvm_arm(const struct nest_host *n, struct toggle_level *out)
{
    if (!n->kernel || !n->kernel_line)
        level_set(out, ANSWER_UNKNOWN, "the host's kernel can't be seen from here");
    else if (kernel_at_least(n->kernel, ARM_MIN_KERNEL) == 0)
        level_set(out, ANSWER_NO, "the host's kernel %s is older than " ARM_MIN_KERNEL, n->kernel);
    else if (!strstr(n->kernel_line, ARM_KERNEL_WORD))
        level_set(out, ANSWER_NO, "the host's kernel was booted without " ARM_KERNEL_WORD);
    else
        level_set(out, ANSWER_YES, "kernel %s, booted with " ARM_KERNEL_WORD, n->kernel);
}

static void host_hvf(xmlNodePtr domain, const struct facts *f, struct toggle_level *out)
{
    char *version = version_words(f->hypervisor);
    if (!is_arm(domain))
        level_set(out, ANSWER_NO, "Apple's hypervisor nests on Apple silicon only");
    else if (f->hypervisor && f->hypervisor < HVF_MIN_QEMU)
        level_set(out, ANSWER_NO, "QEMU %s is older than 11.1, the first that nests under HVF", version);
    else
        level_set(out, ANSWER_UNKNOWN,
                  "it takes macOS 15 and an M3 or later, which can't be asked from here");
    free(version);
}

static void host_emulated(xmlNodePtr domain, struct toggle_level *out)
{
    if (!machine_is_x86(domain))
        level_set(out, ANSWER_YES, "software emulation (type qemu) has EL2");
    else if (nested_cpu_asks(domain, "vmx"))
        level_set(out, ANSWER_NO, "software emulation (type qemu) has svm, but never vmx");
    else
        level_set(out, ANSWER_YES, "software emulation (type qemu) has svm");
}

static void judge_host(const struct toggle_input *in, xmlNodePtr domain, struct toggle_level *out)
{
    if (!in->facts->is_qemu)
        level_set(out, ANSWER_NO, "the host's driver is not QEMU's");
    else if (has_type(domain, "qemu") && (machine_is_x86(domain) || is_arm(domain)))
        host_emulated(domain, out);
    else if (has_type(domain, "hvf"))
        host_hvf(domain, in->facts, out);
    else if (has_type(domain, "kvm") && machine_is_x86(domain))
        host_kvm_x86(in->nest, out);
    else if (has_type(domain, "kvm") && is_arm(domain))
        host_kvm_arm(in->nest, out);
    else
        level_set(out, ANSWER_UNKNOWN, "no rules are known for this architecture and hypervisor");
}

/* ---- definition ---- */

static void definition_of(const struct toggle_input *in, xmlNodePtr domain, struct toggle_level *out)
{
    if (machine_is_x86(domain)) {
        struct nested_cpu cpu = nested_cpu_of(domain, in->nest);
        level_set(out, cpu.answer, "%s", cpu.words);
        free(cpu.words);
        return;
    }
    bool asks = machine_asks(domain);
    level_set(out, asks ? ANSWER_YES : ANSWER_NO,
              asks ? "<qemu:commandline> has -machine " MACHINE_TOKEN
                   : "no -machine " MACHINE_TOKEN " in <qemu:commandline>");
}

/* ---- QEMU ---- */

static char *refusal_in_log(const char *log, xmlNodePtr domain)
{
    char *line = evidence_line(log, "does not support providing Virtualization extensions");
    for (size_t i = 0; !line && nested_features[i]; i++) {
        char *regex =
            xasprintf("doesn't support requested feature: .*[^a-z]%s([^a-z]|$)", nested_features[i]);
        if (nested_cpu_asks(domain, nested_features[i]))
            line = evidence_line(log, regex);
        free(regex);
    }
    return line;
}

static void judge_qemu(const struct toggle_input *in, xmlNodePtr asked, struct toggle_level *out)
{
    char *refused = refusal_in_log(in->log, asked);
    bool open = !toggle_judge_qemu(in, refused, out);
    if (open && machine_is_x86(in->live))
        nested_cpu_judge_arguments(in, out);
    else if (open && strstr(in->arguments, MACHINE_TOKEN))
        level_set(out, ANSWER_YES, "QEMU was started with -machine " MACHINE_TOKEN);
    else if (open)
        level_set(out, ANSWER_NO, "QEMU was started without -machine " MACHINE_TOKEN);
    free(refused);
}

/* ---- guest ---- */

/* Of the features that are asked for by name, one that the guest's CPU has not; NULL. */
static const char *feature_missing(xmlNodePtr asked, const char *flags)
{
    for (size_t i = 0; nested_features[i]; i++)
        if (nested_cpu_asks(asked, nested_features[i]) && !strstr(flags, nested_features[i]))
            return nested_features[i];
    return NULL;
}

static void judge_probe(const struct toggle_input *in, xmlNodePtr asked, struct toggle_level *out)
{
    char *flags = evidence_value(in->probe, "virt"), *kvm = evidence_value(in->probe, "kvm");
    bool device = kvm && strcmp(kvm, "yes") == 0;
    const char *has = flags && flags[0] ? flags : NULL;
    const char *missing = feature_missing(asked, has ? has : "");
    if (!kvm)
        level_set(out, ANSWER_UNKNOWN, "the guest's answer tells nothing of it");
    else if (machine_is_x86(asked) && missing)
        level_set(out, ANSWER_NO, "the guest's CPU has no %s%s%s%s", missing, has ? ", only " : "",
                  has ? has : "", device ? "; /dev/kvm is there" : "; there is no /dev/kvm");
    else if (machine_is_x86(asked) && !has)
        level_set(out, ANSWER_NO, "the guest's CPU has neither svm nor vmx%s",
                  device ? "; /dev/kvm is there, and proves nothing" : "; there is no /dev/kvm");
    else if (!device)
        level_set(out, ANSWER_NO, "the guest%s%s has no /dev/kvm: its KVM modules may not be loaded",
                  has ? "'s CPU has " : "", has ? has : "");
    else
        level_set(out, ANSWER_YES, "the guest has a working /dev/kvm%s%s", has ? ", its CPU has " : "",
                  has ? has : "");
    free(flags);
    free(kvm);
}

/* What kernels say when their own hypervisor begins. */
static void judge_serial(const struct toggle_input *in, xmlNodePtr asked, struct toggle_level *out)
{
    char *yes = evidence_line(in->serial, "All CPU\\(s\\) started at EL2|Hyp n?VHE mode initialized|"
                                          "kvm(_amd)?: Nested Virtualization enabled");
    char *no =
        evidence_line(in->serial, "HYP mode not available|no hardware support for 'kvm_|"
                                  "(SVM|VMX) not supported by CPU|kvm: support for '.*' disabled by bios");
    /* Of the two on x86, only that of svm says so: it is no evidence for vmx. */
    bool other = machine_is_x86(asked) && nested_cpu_asks(asked, "vmx");
    if (no)
        level_set(out, ANSWER_NO, "the guest's serial log: %s", no);
    else if (yes && !other)
        level_set(out, ANSWER_YES, "the guest's serial log: %s", yes);
    else
        level_set(out, ANSWER_UNKNOWN, "%s; its serial log says nothing of it",
                  in->probe_why ? in->probe_why : "the guest was not asked");
    free(yes);
    free(no);
}

static void judge_guest(const struct toggle_input *in, xmlNodePtr asked, struct toggle_level *out)
{
    if (!in->live)
        level_set(out, ANSWER_UNKNOWN, "it does not run");
    else if (in->probe)
        judge_probe(in, asked, out);
    else if (in->serial)
        judge_serial(in, asked, out);
    else
        level_set(out, ANSWER_UNKNOWN, "%s%s%s", in->probe_why ? in->probe_why : "the guest was not asked",
                  in->serial_why ? "; " : "", in->serial_why ? in->serial_why : "");
}

/* ---- all four ---- */

/* The running machine was started before the definition said so. QEMU's arguments tell: the live definition
 * leaves out what QEMU did not give. */
static bool is_pending(const struct toggle_input *in)
{
    if (!in->live || !in->config || !in->arguments)
        return false;
    if (machine_is_x86(in->config))
        return nested_cpu_differs(in, in->config);
    return machine_asks(in->config) != (strstr(in->arguments, MACHINE_TOKEN) != NULL);
}

static char *mismatch_of(const struct verdict *v)
{
    bool asked = v->definition.answer == ANSWER_YES;
    if (asked && v->qemu.answer == ANSWER_NO)
        return xasprintf("the definition asks for nested virtualization, and QEMU does not give it: %s",
                         v->qemu.evidence);
    if (asked && v->guest.answer == ANSWER_NO)
        return xasprintf("the definition asks for nested virtualization, and the guest has it not: %s",
                         v->guest.evidence);
    if (asked && v->host.answer == ANSWER_NO)
        return xasprintf("the definition asks for nested virtualization, and the host can't give it: %s",
                         v->host.evidence);
    if (v->definition.answer == ANSWER_NO && v->guest.answer == ANSWER_YES)
        return xasprintf("the definition does not ask for nested virtualization, and the guest has it: %s",
                         v->guest.evidence);
    return NULL;
}

void nested_judge(const struct toggle_input *in, struct verdict *out)
{
    xmlNodePtr asked = in->config ? in->config : in->live;
    judge_host(in, asked, &out->host);
    definition_of(in, asked, &out->definition);
    judge_qemu(in, asked, &out->qemu);
    judge_guest(in, asked, &out->guest);
    if (is_pending(in)) {
        char *before = xstrdup(out->definition.evidence);
        level_set(&out->definition, out->definition.answer,
                  "%s; the machine that runs was started otherwise: at next boot", before);
        free(before);
    } else {
        out->mismatch = mismatch_of(out);
    }
}

/* ---- before it is turned ---- */

static void refuse_host(const struct toggle_input *in, xmlNodePtr domain, const struct toggle_level *host,
                        finding_list *out)
{
    const struct nest_host *n = in->nest;
    char *remedy = NULL;
    if (has_type(domain, "kvm") && machine_is_x86(domain)) {
        bool amd = n->vendor ? strcasecmp(n->vendor, "AMD") == 0
                             : n->kvm_module && strcmp(n->kvm_module, "kvm_amd") == 0;
        const char *module = amd ? "kvm_amd" : "kvm_intel";
        const char *quote = n->ssh[0] ? "'" : "";
        remedy = xasprintf("$ %s%smodprobe -r %s && modprobe %s nested=1 && "
                           "echo options %s nested=1 >/etc/modprobe.d/kvm-nested.conf%s",
                           n->ssh, quote, module, module, module, quote);
    } else if (has_type(domain, "kvm") && is_arm(domain)) {
        remedy = xasprintf("$ %sgrubby --update-kernel=ALL --args=" ARM_KERNEL_WORD, n->ssh);
    }
    finding_add(out, "nested-host", SEV_ERROR, remedy, "the host does not nest: %s", host->evidence);
    free(remedy);
}

static void check_machine_rules(const struct toggle_input *in, xmlNodePtr domain, finding_list *out)
{
    char *gic = xml_get(domain, "features/gic@version");
    if (has_type(domain, "kvm") && gic && strcmp(gic, "3") != 0 && strcmp(gic, "host") != 0)
        finding_add(out, "nested-gic", SEV_ERROR, NULL,
                    "nested virtualization on aarch64 wants GIC version 3; the definition has version %s",
                    gic);
    finding_add(
        out, "nested-taint", SEV_WARN, NULL,
        "libvirt has no element for it: it goes to QEMU by <qemu:commandline>, which marks %s as tainted",
        in->vm);
    if (!has_type(domain, "qemu"))
        finding_add(out, "nested-experimental", SEV_WARN, NULL, "nested virtualization is experimental here");
    free(gic);
}

static void check_x86_rules(const struct toggle_input *in, xmlNodePtr domain, finding_list *out)
{
    if (has_type(domain, "qemu"))
        finding_add(out, "nested-emulated", SEV_INFO, NULL,
                    "software emulation gives svm; guests inside %s will be very slow", in->vm);
    if (has_type(domain, "qemu") && nested_cpu_asks(domain, "vmx"))
        finding_add(
            out, "nested-vmx", SEV_WARN, NULL,
            "the definition requires vmx, which software emulation never has: QEMU starts without it and "
            "says so only in its log");
    if (!xml_child(domain, "cpu"))
        finding_add(out, "nested-cpu", SEV_INFO, NULL, "the definition names no CPU: it gets %s",
                    has_type(domain, "kvm") ? "that of the host (host-passthrough)" : "qemu64");
}

void nested_preflight(const struct toggle_input *in, const char *value, finding_list *out)
{
    xmlNodePtr domain = in->config ? in->config : in->live;
    struct toggle_level host = {0};
    if (strcmp(value, "on") != 0)
        return;
    if (is_macos(domain)) {
        finding_add(out, "nested-macos", SEV_ERROR, NULL, "macOS guests can't run guests of their own");
        return;
    }
    judge_host(in, domain, &host);
    /* What stands there already is no reason against svm. */
    if (host.answer == ANSWER_NO && !(has_type(domain, "qemu") && in->facts->is_qemu))
        refuse_host(in, domain, &host, out);
    else if (host.answer == ANSWER_UNKNOWN)
        finding_add(out, "nested-unknown", SEV_WARN, NULL, "whether the host nests is not known: %s",
                    host.evidence);
    if (machine_is_x86(domain))
        check_x86_rules(in, domain, out);
    else
        check_machine_rules(in, domain, out);
    finding_add(
        out, "nested-state", SEV_WARN, NULL,
        "while %s runs guests of its own, its memory can't be saved, migrated or put into a snapshot safely",
        in->vm);
    free(host.evidence);
}

/* ---- turning it ---- */

char *nested_plan(const struct toggle_input *in, const char *value, struct error *e)
{
    xmlNodePtr domain = in->config ? in->config : in->live;
    bool on = strcmp(value, "on") == 0;
    if (!on && strcmp(value, "off") != 0) {
        error_set(e, STATUS_USAGE, "nested: on or off is wanted, not \"%s\"", value);
        return NULL;
    }
    if (machine_is_x86(domain))
        return nested_cpu_plan(in, domain, on);
    if (!is_arm(domain)) {
        error_set(e, STATUS_FAILED, "%s: nested virtualization is known here for x86 and aarch64 only",
                  in->vm);
        return NULL;
    }
    return xstrdup(on ? "machine:on" : "machine:off");
}

static void turn_machine(xmlNodePtr domain, bool on)
{
    if (on && !machine_asks(domain)) {
        qemu_args_add(domain, "-machine", MACHINE_TOKEN);
        if (has_type(domain, "kvm") && !xml_find(domain, "features/gic"))
            xml_set(domain, "features/gic@version", "3");
    }
    while (!on && machine_asks(domain)) {
        xmlNodePtr a = NULL;
        while ((a = qemu_arg_next(domain, a)) != NULL)
            if (qemu_arg_is(a, "-machine", MACHINE_TOKEN) || qemu_arg_is(a, "-M", MACHINE_TOKEN))
                break;
        qemu_arg_drop(a, MACHINE_TOKEN);
    }
}

static bool edit_nested(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e)
{
    if (strncmp(arg, "machine:", 8) == 0) {
        turn_machine(domain, strcmp(arg + 8, "on") == 0);
        return true;
    }
    return nested_cpu_edit(domain, arg, out, e);
}

const struct change_edit nested_edit = {"nested", edit_nested};
