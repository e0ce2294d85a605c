/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/whynot.h"

#include <stdlib.h>
#include <string.h>
#include "ui/devices.h"

static bool is_active(const struct vm *vm)
{
    return vm_state_is_active(vm->state);
}

static bool is_inactive(const struct vm *vm)
{
    return !is_active(vm);
}

static bool is_paused(const struct vm *vm)
{
    return vm->state == VM_PAUSED;
}

static bool can_pause(const struct vm *vm)
{
    return is_active(vm) && vm->state != VM_PAUSED;
}

static bool can_wake(const struct vm *vm)
{
    return is_inactive(vm) || vm->state == VM_PMSUSPENDED || vm->state == VM_PAUSED;
}

static bool is_persistent(const struct vm *vm)
{
    return !(vm->flags & VM_FLAGS_KNOWN) || (vm->flags & VM_PERSISTENT);
}

/* What a domain must be for a command to make sense, and what to say when it is not. */
static const struct rule {
    const char *command;
    bool (*fits)(const struct vm *vm);
    const char *otherwise; /* after the domain's name */
} rules[] = {
    {"start", can_wake, "is already active"},
    {"shutdown", is_active, "is not active"},
    {"reboot", is_active, "is not active"},
    {"reset", is_active, "is not active"},
    {"destroy", is_active, "is not active"},
    {"suspend", can_pause, "is not running"},
    {"resume", is_paused, "is not paused"},
    {"managedsave", is_active, "is not active"},
    {"managedsave", is_persistent, "is transient: it has no definition to come back to"},
    {"rename", is_inactive, "is active: libvirt renames only domains that are off"},
    {"autostart", is_persistent, "is transient: it cannot start with the host"},
};

struct subjects {
    const struct vm *one; /* the first that doesn't fit */
    size_t n, fitting;
};

static void consider(struct subjects *s, const struct vm *vm, const struct rule *rule)
{
    s->n++;
    if (rule->fits(vm))
        s->fitting++;
    else if (!s->one)
        s->one = vm;
}

static struct subjects subjects_of(const struct deck *d, const struct rule *rule)
{
    struct subjects s = {0};
    if (d->view.tags.len == 0) {
        if (deck_vm(d))
            consider(&s, deck_vm(d), rule);
        return s;
    }
    size_t i = 0;
    for (struct vmmap_slot *slot; (slot = vmmap_next(&d->view.tags, &i));) {
        const struct snapshot *host = deck_host_by_id(d, slot->host);
        const struct vm *vm = host ? snapshot_find(host, &slot->uuid) : NULL;
        if (vm)
            consider(&s, vm, rule);
    }
    return s;
}

static char *rule_forbids(const struct deck *d, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (strcmp(rules[i].command, name) != 0)
            continue;
        struct subjects s = subjects_of(d, &rules[i]);
        if (s.n && s.fitting == 0)
            return s.n == 1 ? xasprintf("%s: %s %s", name, s.one->name, rules[i].otherwise)
                            : xasprintf("%s: none of the %zu tagged domains fits: %s %s", name, s.n,
                                        s.one->name, rules[i].otherwise);
    }
    return NULL;
}

static char *host_forbids(const struct deck *d, const struct command *c)
{
    const struct snapshot *host = deck_host(d);
    if ((c->flags & COMMAND_TARGETS) && d->view.tags.len == 0 && !deck_vm(d))
        return xasprintf("%s: no domain is selected", c->name);
    if (!host || !(c->flags & COMMAND_CHANGES))
        return NULL;
    if (host->host.read_only)
        return xasprintf("%s changes something, and %s is open read-only (-r)", c->name,
                         host->host.name ? host->host.name : host->host.uri);
    if (host->host.state != HOST_UP)
        return xasprintf("%s: %s is not connected", c->name,
                         host->host.name ? host->host.name : host->host.uri);
    return NULL;
}

char *why_not(const struct deck *d, const char *line)
{
    size_t len = 0;
    const struct command *c = command_find_in(true, line, &len);
    bool alone = c && line[len] == '\0'; /* with words of its own it may be about another domain */
    char *why = NULL;
    if (c && (alone || (c->flags & COMMAND_CHANGES)))
        why = host_forbids(d, c);
    if (c && !why && alone)
        why = rule_forbids(d, c->name);
    if (c && !why && alone)
        why = devices_why_not(d, c->name);
    return why;
}
