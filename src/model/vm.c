/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/vm.h"

#include <stdlib.h>

/* "crashed" is a guest that panicked and is kept for a look; one whose QEMU died is "shut off" for the reason
 * "crashed". */
static const struct {
    const char *name;
    bool active;
} states[VM_STATE_COUNT] = {
    [VM_NOSTATE] = {"no state", true},
    [VM_RUNNING] = {"running", true},
    [VM_BLOCKED] = {"idle", true},
    [VM_PAUSED] = {"paused", true},
    [VM_IN_SHUTDOWN] = {"in shutdown", true},
    [VM_SHUTOFF] = {"shut off", false},
    [VM_CRASHED] = {"crashed", true},
    [VM_PMSUSPENDED] = {"pmsuspended", true},
};

const char *vm_state_name(enum vm_state state)
{
    /* A newer libvirt may know more states than this program. */
    return (unsigned)state < VM_STATE_COUNT ? states[state].name : states[VM_NOSTATE].name;
}

bool vm_state_is_active(enum vm_state state)
{
    return (unsigned)state < VM_STATE_COUNT && states[state].active;
}

const char *vm_autostart_word(enum vm_autostart a)
{
    static const char *const words[AUTOSTARTS] = {
        [AUTOSTART_UNKNOWN] = "unknown", [AUTOSTART_OFF] = "off",         [AUTOSTART_NATIVE] = "on",
        [AUTOSTART_ONCE] = "once",       [AUTOSTART_ORDERED] = "ordered", [AUTOSTART_BLOCKED] = "blocked",
        [AUTOSTART_NOBODY] = "nobody"};
    return words[(unsigned)a < AUTOSTARTS ? a : AUTOSTART_UNKNOWN];
}

struct domdef *domdef_ref(struct domdef *def)
{
    if (def) {
        __atomic_add_fetch(&def->refs, 1, __ATOMIC_RELAXED);
    }
    return def;
}

static void device_clear(struct vm_device *dev)
{
    free(dev->name);
    free(dev->alias);
    free(dev->model);
    free(dev->target);
    free(dev->source);
    free(dev->mac);
    free(dev->log_file);
}

void domdef_unref(struct domdef *def)
{
    if (!def || __atomic_sub_fetch(&def->refs, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (size_t i = 0; i < def->devices.len; i++) {
        device_clear(&def->devices.items[i]);
    }
    free(def->devices.items);
    free(def->title);
    free(def->description);
    free(def->os);
    free(def->type);
    free(def->arch);
    free(def->machine);
    free(def->emulator);
    free(def->tags);
    free(def->messages);
    free(def);
}
