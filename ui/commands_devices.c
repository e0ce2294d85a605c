/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands of the devices pane's keys. They find out which domain, device and field the cursor is on and run
 * the command that anybody could type: `device VM NAME …`.
 */
#include <stdlib.h>
#include <string.h>
#include "ui/commands_private.h"
#include "ui/devices.h"
#include "ui/dialog.h"
#include "ui/form.h"
#include "ui/picker.h"
#include "ui/prompt.h"
#include "ui/run.h"

/* ---- which device ---- */

static const struct device_list *list_here(struct deck *d, struct error *e)
{
    const struct device_list *l = devices_list(d);
    if (!l)
        error_set(e, STATUS_FAILED,
                  deck_vm(d) ? "%s: its devices were not read yet" : "no domain is selected%s",
                  deck_vm(d) ? deck_vm(d)->name : "");
    return l;
}

/* The device that a word names, else the one under the cursor. */
static const struct device_entry *entry_here(struct deck *d, const char *word, struct error *e)
{
    const struct device_list *l = list_here(d, e);
    if (!l)
        return NULL;
    const struct device_entry *entry = word ? device_list_find(l, word) : devices_current(d);
    if (!entry && word)
        error_set(e, STATUS_FAILED, "%s has no device \"%s\"", deck_vm(d)->name, word);
    else if (!entry)
        error_set(e, STATUS_FAILED, "no device is selected");
    return entry;
}

/* `device VM NAME` and the words behind it. */
static void run_device(struct deck *d, const struct device_entry *entry, const char *verb, const char *word)
{
    char *vm = devices_vm_word(d, deck_host(d)->host.id, &deck_vm(d)->uuid);
    const char *words[] = {"device", vm, devices_name(devices_list(d), entry), verb, word};
    run_words(d, word ? 5 : 4, words, 0, NULL);
    free(vm);
}

static void run_on_domain(struct deck *d, const char *command, const char *word)
{
    char *vm = devices_vm_word(d, deck_host(d)->host.id, &deck_vm(d)->uuid);
    const char *words[] = {command, vm, word};
    run_words(d, 3, words, 0, NULL);
    free(vm);
}

static void focus(struct deck *d)
{
    d->pane = PANE_DEVICES;
    d->pane_open = d->pane_focused = d->dirty = true;
}

/* ---- the cursor ---- */

bool select_device_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct device_entry *entry = entry_here(d, call_word(call, 0), e);
    if (!entry)
        return false;
    devices_select(d, entry, d->device.at);
    focus(d);
    return true;
}

bool automatic_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    (void)e;
    d->device.automatic =
        !word || strcmp(word, "toggle") == 0 ? !d->device.automatic : strcmp(word, "show") == 0;
    deck_note(d, SEV_INFO, "devices that libvirt added by itself are %s",
              d->device.automatic ? "shown" : "hidden");
    d->dirty = true;
    return true;
}

bool point_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    struct dialog *g = dialog_top(d);
    if (!g || !g->ops->point)
        return error_set(e, STATUS_FAILED, "nothing here has items");
    g->ops->point(d, g, strtol(call_word(call, 0), NULL, 10) - 1);
    return true;
}

/* ---- toggles and forms ---- */

static const struct device_value *toggle_here(struct deck *d, const struct device_entry *entry,
                                              const char *id, struct error *e)
{
    const struct device_value *v = id ? device_entry_value(entry, id) : devices_toggle(d, entry);
    const char *name = entry->dev.name ? entry->dev.name : entry->kind->id;
    if (!v && id)
        error_set(e, STATUS_FAILED, "%s has no field \"%s\"", name, id);
    else if (!v)
        error_set(e, STATUS_FAILED, "%s has no toggles", name);
    return v;
}

bool toggle_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct device_entry *entry = entry_here(d, call_word(call, 0), e);
    const struct device_value *v = entry ? toggle_here(d, entry, call_word(call, 1), e) : NULL;
    if (!v)
        return false;
    char *to = devices_turned(v, entry, 1);
    if (!to) { /* a medium: which one has to be said */
        devices_select(d, entry, d->device.at);
        return form_open(d, entry, v->field->id, e);
    }
    char *word = xasprintf("%s=%s", v->field->id, to);
    if (call_word(call, 0))
        devices_select(d, entry, d->device.at);
    d->device.toggle = v->field->id;
    if (v->field->flags & FIELD_COMMAND)
        run_on_domain(d, v->field->id, to);
    else
        run_device(d, entry, "set", word);
    free(word);
    free(to);
    return true;
}

bool form_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct device_entry *entry = entry_here(d, call_word(call, 0), e);
    if (!entry)
        return false;
    const struct device_value *at = call_word(call, 0) ? NULL : devices_toggle(d, entry);
    return form_open(d, entry, at && d->device.toggle ? at->field->id : NULL, e);
}

/* ---- adding and removing ---- */

static void kind_picked(struct deck *d, void *arg, const char *id)
{
    struct error e = ERROR_INIT;
    const struct device_kind *kind = id ? device_kind_find(id) : NULL;
    (void)arg;
    if (d && kind && deck_vm(d) && !form_open_new(d, kind, &e))
        deck_note(d, SEV_ERROR, "%s", error_text(&e));
    error_clear(&e);
}

bool add_device_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const char *word = call_word(call, 0);
    const struct device_kind *kind = word ? device_kind_find(word) : NULL;
    if (!deck_vm(d))
        return error_set(e, STATUS_FAILED, "no domain is selected");
    if (word && (!kind || !kind->fresh))
        return error_set(e, STATUS_FAILED, "there is no kind \"%s\" to add", word);
    if (kind)
        return form_open_new(d, kind, e);
    char *title = xasprintf("Add to %s", deck_vm(d)->name);
    struct picker *p = picker_new(title);
    for (size_t i = 0; i < n_device_kinds; i++)
        if (device_kinds[i].fresh)
            picker_add(p, device_kinds[i].id,
                       device_kinds[i].what ? device_kinds[i].what : device_kinds[i].title);
    picker_show(d, p, kind_picked, NULL);
    free(title);
    return true;
}

bool remove_device_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct device_entry *entry = entry_here(d, call_word(call, 0), e);
    if (entry)
        run_device(d, entry, "remove", NULL);
    return entry != NULL;
}

/* ---- media ---- */

static const struct device_entry *drive_here(struct deck *d, const char *word, struct error *e)
{
    const struct device_entry *entry = entry_here(d, word, e);
    if (!entry)
        return NULL;
    bool drive = strcmp(entry->kind->id, "cdrom") == 0 || strcmp(entry->kind->id, "floppy") == 0;
    if (!drive)
        error_set(e, STATUS_FAILED, "%s takes no media: it is a %s",
                  entry->dev.name ? entry->dev.name : entry->kind->id, entry->kind->title);
    return drive ? entry : NULL;
}

bool eject_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct device_entry *entry = drive_here(d, call_word(call, 0), e);
    if (entry)
        run_device(d, entry, "eject", NULL);
    return entry != NULL;
}

/* The source is typed in the bar, which knows pools and files. */
bool insert_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct device_entry *entry = drive_here(d, call_word(call, 0), e);
    if (!entry)
        return false;
    char *vm = devices_vm_word(d, deck_host(d)->host.id, &deck_vm(d)->uuid), *quoted = word_quote(vm);
    char *name = word_quote(devices_name(devices_list(d), entry));
    char *line = xasprintf("device %s %s insert ", quoted, name);
    prompt_open(PROMPT_COMMAND, ":", line);
    d->dirty = true;
    free(line);
    free(name);
    free(quoted);
    free(vm);
    return true;
}

/* ---- the selected domain ---- */

static bool run_here(struct deck *d, int n, const char *const *words, struct error *e)
{
    if (!deck_vm(d))
        return error_set(e, STATUS_FAILED, "%s: no domain is selected", words[0]);
    char *vm = devices_vm_word(d, deck_host(d)->host.id, &deck_vm(d)->uuid);
    const char **all = xcalloc((size_t)n + 1, sizeof(*all));
    all[0] = words[0];
    all[1] = vm;
    for (int i = 1; i < n; i++)
        all[i + 1] = words[i];
    run_words(d, n + 1, all, 0, NULL);
    free(all);
    free(vm);
    return true;
}

bool here_run(struct call *call, struct error *e)
{
    return run_here(call_deck(call), (int)call->words.len, (const char *const *)call->words.items, e);
}

/* What can be verified of which kind of device. */
static const struct {
    const char *kind, *what;
} verified[] = {{"cpu", "nested"}, {"nic", "offload"}, {"sound", "sound"}, {"audio", "sound"}};

bool verify_device_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct device_entry *entry = entry_here(d, call_word(call, 0), e);
    for (size_t i = 0; entry && i < ARRAY_LEN(verified); i++)
        if (strcmp(entry->kind->id, verified[i].kind) == 0)
            return run_here(d, 2, (const char *const[]){"verify", verified[i].what}, e);
    return entry && error_set(e, STATUS_FAILED, "%s: nothing is verified of a %s, but of nic, cpu and sound",
                              entry->dev.name ? entry->dev.name : entry->kind->id, entry->kind->title);
}
