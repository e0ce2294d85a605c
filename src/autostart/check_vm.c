/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of each domain's policy and flags against each other.
 */
#include "autostart/check_private.h"

#include <stdlib.h>
#include <string.h>

#include "autostart/plan_private.h"
#include "base/text.h"

static const struct survey_vm *vm_at(const struct checking *c, size_t i)
{
    return &c->s->vms.items[i];
}

/* The command that makes flag and policy agree: says again what the policy says of the order. */
static char *say_again(const struct survey_vm *vm)
{
    const struct policy_value *order = &vm->item->policy.v[POLICY_ORDER];
    char *word = order->given ? xasprintf("order=%lld", (long long)order->number) : xstrdup("on");
    char *remedy = plan_remedy(vm->name, word);
    free(word);
    return remedy;
}

static void look_unread(struct checking *c, const char *id)
{
    size_t unread = 0, flags = 0;
    for (size_t i = 0; i < c->s->vms.len; i++) {
        unread += !vm_at(c, i)->item;
        flags += !vm_at(c, i)->flags_known;
    }
    if (unread)
        finding_add(&c->out->boot, id, SEV_WARN, NULL,
                    "the definitions of %zu domains could not be read (yet): whether they are started is not "
                    "known",
                    unread);
    if (flags)
        finding_add(&c->out->boot, "flags-unknown", SEV_WARN, NULL,
                    "libvirt does not say whether %zu domains have its autostart flag", flags);
}

/* Going back to what holds unsaid, for the field that the sentence is about. NULL: none. The caller frees. */
static char *forget_field(const struct survey_vm *vm, const struct finding *f)
{
    const char *about = strstr(f->text, ": ");
    for (enum policy_id id = 0; about && id < POLICY_FIELDS; id++) {
        const char *word = policy_fields[id].word;
        size_t len = strlen(word);
        if (!vm->item->policy.v[id].broken || strncmp(about + 2, word, len) != 0 || about[2 + len] != ' ')
            continue;
        char *unset = xasprintf("%s=", word), *remedy = plan_remedy(vm->name, unset);
        free(unset);
        return remedy;
    }
    return NULL;
}

static void look_policy(struct checking *c, const char *id)
{
    (void)id;
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        for (size_t k = 0; vm->item && k < vm->item->policy_findings.len; k++) {
            const struct finding *f = &vm->item->policy_findings.items[k];
            char *remedy = f->remedy ? xstrdup(f->remedy) : forget_field(vm, f);
            finding_add(&c->out->boot, f->id, f->severity, remedy, "%s: %s", vm->name, f->text);
            free(remedy);
        }
    }
}

static void look_native_too(struct checking *c, const char *id)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        if (!c->vms[i].ours || !vm->flags_known || !vm->native)
            continue;
        char *remedy = say_again(vm);
        finding_add(&c->out->boot, id, SEV_ERROR, remedy,
                    "%s has a policy and libvirt's own autostart flag, too: libvirt starts it as soon as it "
                    "comes up, whatever its turn",
                    vm->name);
        free(remedy);
    }
}

static void look_once(struct checking *c, const char *id)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        if (!c->vms[i].ours || !vm->flags_known || !vm->once)
            continue;
        char *remedy = say_again(vm);
        finding_add(
            &c->out->boot, id, SEV_WARN, remedy,
            "%s has a policy and libvirt's own flag for the next boot, too: libvirt starts it then as "
            "soon as it comes up, whatever its turn",
            vm->name);
        free(remedy);
    }
}

/* Somebody said off to us, and libvirt was told otherwise later. */
static void look_off_but_native(struct checking *c, const char *id)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        if (c->vms[i].ours || !c->vms[i].native || !vm->item || !vm->item->policy.present)
            continue;
        char *remedy = plan_remedy(vm->name, "off");
        finding_add(&c->out->boot, id, SEV_WARN, remedy,
                    "the policy of %s says off, but libvirt's own autostart flag is on: libvirt starts it",
                    vm->name);
        free(remedy);
    }
}

static void look_transient(struct checking *c, const char *id)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        if (!c->vms[i].ours || !vm->flags_known || vm->persistent)
            continue;
        char *name = text_shell_word(vm->name), *words = xasprintf("dumpxml %s >%s.xml", name, name);
        char *again = xasprintf("define %s.xml", name), *define = check_virsh(c, again);
        char *dump = check_virsh(c, words), *remedy = xasprintf("%s && %s", dump, define + strlen("$ "));
        finding_add(&c->out->boot, id, SEV_ERROR, remedy,
                    "%s is transient: it and its policy are gone once it is off", vm->name);
        check_block(c, i, "it is transient: it is gone once it is off");
        free(name);
        free(words);
        free(again);
        free(define);
        free(dump);
        free(remedy);
    }
}

/* ---- readiness ---- */

struct asked {
    bool agent, needs_address, serial;
};

static struct asked what_is_asked(const struct policy_value *v)
{
    struct asked a = {0};
    for (size_t i = 0; i < v->items.len; i++) {
        struct probe p = {0};
        if (!probe_read(v->items.items[i], &p, NULL))
            continue;
        a.agent = a.agent || p.kind == PROBE_AGENT;
        a.needs_address = a.needs_address || p.kind == PROBE_IP || (p.kind == PROBE_TCP && !p.address);
        a.serial = a.serial || p.kind == PROBE_SERIAL;
        probe_clear(&p);
    }
    return a;
}

/* What follows from a probe that cannot answer. */
static const char *what_follows(const struct checking *c, const struct policy *p, bool health)
{
    static const char *const by_timeout[] = {
        [TIMEOUT_CONTINUE] = "it counts as ready only when its time is over",
        [TIMEOUT_SKIP_DEPENDENTS] = "what waits for it is not started",
        [TIMEOUT_STOP] = "the start of all that comes after it is broken off"};
    if (health)
        return "it never counts as healthy";
    return by_timeout[policy_number(p, &c->s->config.defaults, POLICY_ON_TIMEOUT)];
}

static void look_probes(struct checking *c, size_t i, const char *id, bool health)
{
    const struct survey_vm *vm = vm_at(c, i);
    const struct policy *p = &vm->item->policy;
    struct asked a =
        what_is_asked(policy_value(p, &c->s->config.defaults, health ? POLICY_HEALTH : POLICY_READY));
    const char *word = health ? "health" : "ready", *follows = what_follows(c, p, health);
    char *remedy = check_edit(vm);
    if (a.agent && !vm->item->has_agent)
        finding_add(&c->out->boot, id, SEV_ERROR, remedy,
                    "%s: %s=agent, but it has no channel for the guest agent (org.qemu.guest_agent.0): %s",
                    vm->name, word, follows);
    if (a.needs_address && !vm->item->has_nic)
        finding_add(&c->out->boot, "ready-address", SEV_ERROR, remedy,
                    "%s: %s waits for an address of its own, but it has no NIC: %s", vm->name, word, follows);
    free(remedy);
    if (a.serial && !vm->item->serial_log)
        finding_add(&c->out->boot, "ready-serial", SEV_INFO, NULL,
                    "%s: %s=serial reads its console, as it has no <log file=…/>: while it is waited for, "
                    "nobody else can use the console",
                    vm->name, word);
}

static void look_readiness(struct checking *c, const char *id)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        if (!c->vms[i].ours)
            continue;
        look_probes(c, i, id, false);
        look_probes(c, i, id, true);
    }
}

/* On a PC, QEMU asks by the ACPI power button or not at all. */
static void look_stop(struct checking *c, const char *id)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        const struct policy *host = &c->s->config.defaults;
        if (!c->vms[i].ours || vm->item->can_shut_down ||
            policy_number(&vm->item->policy, host, POLICY_STOP) != STOP_SHUTDOWN)
            continue;
        bool force = policy_number(&vm->item->policy, host, POLICY_STOP_FORCE) != 0;
        char *remedy = plan_remedy(vm->name, "stop=managedsave");
        finding_add(
            &c->out->shutdown, id, SEV_WARN, remedy,
            "%s has neither ACPI nor an agent channel, so that it cannot be asked to shut down: %s after "
            "its stop-timeout",
            vm->name, force ? "it is turned off hard" : "it is left running");
        free(remedy);
    }
}

const struct check_row autostart_vm_checks[] = {
    {"unread", look_unread},
    {"policy-value", look_policy},
    {"native-too", look_native_too},
    {"once-too", look_once},
    {"off-but-native", look_off_but_native},
    {"transient", look_transient},
    {"ready-agent", look_readiness},
    {"stop-unheard", look_stop},
};
const size_t n_autostart_vm_checks = ARRAY_LEN(autostart_vm_checks);
