/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/pane_devices.h"

const struct device_list *devices_list(const struct deck *d)
{
    const struct vm *vm = deck_vm(d);
    return vm ? vm->devices : NULL;
}

/* What is about to change is shown, whoever added it. */
static bool is_shown(const struct deck *d, const struct device_entry *entry)
{
    return !entry->automatic || d->device.automatic || entry->pending != PENDING_NONE;
}

size_t devices_shown(const struct deck *d, const struct device_list *l, device_rows *out)
{
    size_t hidden = 0;
    for (size_t i = 0; l && i < l->entries.len; i++) {
        if (is_shown(d, &l->entries.items[i]))
            vec_push(out, &l->entries.items[i]);
        else
            hidden++;
    }
    return hidden;
}

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* The place of the row that was chosen; -1: it has gone, or none was. */
static long chosen_row(const struct deck *d, const device_rows *rows)
{
    for (size_t i = 0; i < rows->len; i++)
        if (same(rows->items[i]->key, d->device.key))
            return (long)i;
    return -1;
}

/* What now has its name: it came to sit elsewhere, or the next of its kind moved up. */
static long namesake_row(const struct deck *d, const device_rows *rows)
{
    for (size_t i = 0; i < rows->len; i++)
        if (same(rows->items[i]->dev.name, d->device.name))
            return (long)i;
    return -1;
}

const struct device_entry *devices_cursor(const struct deck *d, const device_rows *rows, long *at)
{
    long last = (long)rows->len - 1;
    *at = 0;
    if (rows->len == 0)
        return NULL;
    *at = chosen_row(d, rows);
    if (*at < 0)
        *at = namesake_row(d, rows);
    if (*at < 0)
        *at = d->device.at > last ? last : d->device.at;
    return rows->items[*at];
}

const struct device_entry *devices_current(const struct deck *d)
{
    device_rows rows = {0};
    long at;
    devices_shown(d, devices_list(d), &rows);
    const struct device_entry *entry = devices_cursor(d, &rows, &at);
    vec_free(&rows);
    return entry;
}

void devices_select(struct deck *d, const struct device_entry *entry, long at)
{
    char *key = xstrdup(entry->key), *name = xstrdup(entry->dev.name);
    free(d->device.key);
    free(d->device.name);
    d->device.key = key;
    d->device.name = name;
    d->device.at = at;
    d->dirty = true;
}

/* The row that was drawn under the cursor is in the list no more: whatever is there now, nobody saw it yet.
 */
static bool has_gone(const struct deck *d)
{
    device_rows rows = {0};
    devices_shown(d, devices_list(d), &rows);
    bool gone = d->device.key && chosen_row(d, &rows) < 0;
    vec_free(&rows);
    return gone;
}

void devices_drawn(struct deck *d, const struct device_entry *entry, long at)
{
    if (d->device.at != at || !same(d->device.key, entry->key) ||
        (entry->dev.name && !same(d->device.name, entry->dev.name)))
        devices_select(d, entry, at);
}

void devices_move(struct deck *d, long rows)
{
    device_rows all = {0};
    long at;
    devices_shown(d, devices_list(d), &all);
    if (devices_cursor(d, &all, &at)) {
        long last = (long)all.len - 1;
        at = at + rows < 0 ? 0 : at + rows > last ? last : at + rows;
        devices_select(d, all.items[at], at);
    }
    vec_free(&all);
}

/* ---- toggles ---- */

static bool is_toggle(const struct device_field *f)
{
    return (f->flags & (FIELD_TOGGLE | FIELD_ALIAS)) == FIELD_TOGGLE &&
           (!(f->flags & FIELD_READ) || f->flags & FIELD_COMMAND);
}

const struct device_value *devices_next_toggle(const struct device_entry *entry,
                                               const struct device_value *after)
{
    size_t i = after ? (size_t)(after - entry->values.items) + 1 : 0;
    for (; i < entry->values.len; i++)
        if (is_toggle(entry->values.items[i].field))
            return &entry->values.items[i];
    return NULL;
}

const struct device_value *devices_toggle(const struct deck *d, const struct device_entry *entry)
{
    const struct device_value *v = NULL;
    while (d->device.toggle && (v = devices_next_toggle(entry, v)))
        if (strcmp(v->field->id, d->device.toggle) == 0)
            return v;
    return devices_next_toggle(entry, NULL);
}

void devices_step_toggle(struct deck *d, int by)
{
    const struct device_entry *entry = devices_current(d);
    const struct device_value *now = entry ? devices_toggle(d, entry) : NULL, *to = NULL;
    if (!now)
        return;
    if (by > 0)
        to = devices_next_toggle(entry, now);
    for (const struct device_value *v = NULL; by < 0 && (v = devices_next_toggle(entry, v)) != now;)
        to = v;
    if (to)
        d->device.toggle = to->field->id;
}

bool devices_word(const char *words, int i, char *out, size_t size)
{
    while (words && *words) {
        size_t n = strcspn(words, " ");
        if (i-- == 0) {
            snprintf(out, size, "%.*s", (int)n, words);
            return true;
        }
        words += n + strspn(words + n, " ");
    }
    return false;
}

/* The place of the value among the words; -1: it is none of them. n: how many there are. */
static int word_place(const char *words, const char *value, int *n)
{
    char word[64];
    int found = -1;
    for (*n = 0; devices_word(words, *n, word, sizeof(word)); ++*n)
        if (value && strcmp(word, value) == 0)
            found = *n;
    return found;
}

bool devices_has_words(const struct device_field *f)
{
    return f->type == FIELD_SWITCH || f->type == FIELD_CHOICE;
}

char *devices_turned(const struct device_value *v, const struct device_entry *entry, int by)
{
    char word[64];
    if (!devices_has_words(v->field))
        return device_value_now(v, entry->is_config) ? xstrdup("default") : NULL;
    int n, at = word_place(v->field->words, device_value_now(v, entry->is_config), &n);
    if (n == 0)
        return NULL;
    /* From the unknown one comes to "on", or to the first of many. */
    int to = at < 0 ? (v->field->type == FIELD_SWITCH ? n - 1 : 0) : (at + by + n) % n;
    return devices_word(v->field->words, to, word, sizeof(word)) ? xstrdup(word) : NULL;
}

bool devices_differs(const struct device_list *l, const struct device_entry *entry,
                     const struct device_value *v)
{
    if (!l->active || !l->persistent || !entry->is_live || !entry->is_config)
        return false;
    if (v->field->flags & FIELD_FILLED && !v->config)
        return false;
    const char *now = device_value_now(v, false), *next = device_value_now(v, true);
    return now && next ? strcmp(now, next) != 0 : now != next;
}

const char *devices_when(const struct device_list *l, const struct device_field *f)
{
    if (f->flags & FIELD_READ && !(f->flags & FIELD_COMMAND))
        return "can be seen, not changed";
    if (!l->active)
        return "at next boot: the domain is off";
    if (f->call == CALL_DEFINE || f->call == CALL_MAXMEMORY)
        return l->persistent ? "at next boot: libvirt cannot change it live"
                             : "not at all: libvirt cannot change it live, and a transient domain has no "
                               "next boot";
    return l->persistent ? "now and at next boot" : "now";
}

const char *devices_name(const struct device_list *l, const struct device_entry *entry)
{
    const char *name = entry->dev.name;
    if (!name || !*name || *name == '-' || *name == '#' || strpbrk(name, "= \t\n"))
        return entry->key;
    for (size_t i = 0; i < l->entries.len; i++) {
        const struct device_entry *other = &l->entries.items[i];
        const char *const names[] = {other->dev.name,         other->dev.alias,
                                     other->dev.target,       other->config_dev.name,
                                     other->config_dev.alias, other->config_dev.target};
        for (size_t k = 0; k < ARRAY_LEN(names); k++)
            if (other != entry && names[k] && strcmp(names[k], name) == 0)
                return entry->key;
    }
    return name;
}

/* The name is looked for on all hosts before anything else that a word can mean. */
static bool is_only_name(const struct deck *d, const char *name)
{
    size_t n = 0;
    for (size_t h = 0; h < d->n_hosts; h++)
        for (size_t i = 0; i < d->hosts[h]->n_vms; i++)
            n += strcmp(d->hosts[h]->vms[i].name, name) == 0;
    return n == 1 && name[0] && name[0] != '-';
}

char *devices_vm_word(const struct deck *d, int host, const struct vm_uuid *uuid)
{
    const struct snapshot *snap = deck_host_by_id(d, host);
    const struct vm *vm = snap ? snapshot_find(snap, uuid) : NULL;
    char text[UUID_TEXT_LEN + 1];
    uuid_format(uuid, text);
    if (vm && is_only_name(d, vm->name))
        return xstrdup(vm->name);
    return d->n_hosts > 1 && snap && snap->host.uri ? xasprintf("%s/%s", snap->host.uri, text)
                                                    : xstrdup(text);
}

/* ---- words ---- */

static void explain_pending(const struct device_entry *entry, struct strbuf *out)
{
    static const char *const words[] = {
        [PENDING_ADD] = "Comes with the next boot",
        [PENDING_REMOVE] = "Goes with the next boot",
        [PENDING_CHANGE] = "Changes at next boot",
        [PENDING_UNPLUG] = "Its removal was asked of the guest, which has not let it go yet",
    };
    const char *what = (size_t)entry->pending < ARRAY_LEN(words) ? words[entry->pending] : NULL;
    if (!what)
        return;
    strbuf_puts(out, what);
    if (entry->pending == PENDING_CHANGE && entry->difference)
        strbuf_printf(out, ": %s", entry->difference);
    strbuf_puts(out, ". ");
}

void devices_explain(const struct deck *d, const struct device_list *l, const struct device_entry *entry,
                     const struct device_value *toggle, struct strbuf *out)
{
    const struct device_field *f = toggle ? toggle->field : NULL;
    strbuf_printf(out, "%s: ", f ? f->id : entry->dev.name ? entry->dev.name : entry->kind->id);
    if (f) {
        strbuf_printf(out, "%s. Takes effect %s. ", f->help ? f->help : f->label, devices_when(l, f));
    }
    explain_pending(entry, out);
    if (f)
        return;
    if (entry->automatic)
        strbuf_puts(out, "libvirt added it by itself. ");
    /* The column may have had no room for all of it. */
    size_t before = out->len;
    devices_what(&entry->dev, NULL, true, out);
    if (out->len > before)
        strbuf_puts(out, ". ");
    char key[32];
    keymap_label_for(&d->keymap, PLACE_DEVICES, "form", key, sizeof(key));
    if (entry->values.len)
        strbuf_printf(out, "%s shows its %zu field%s.", key, entry->values.len,
                      entry->values.len == 1 ? "" : "s");
    else
        strbuf_puts(out, "It has no fields here; the XML has it whole.");
}

/* What the pane's keys need of the row under the cursor. */
static const struct {
    const char *command;
    bool changes, toggle, drive, removable;
} needs[] = {
    {.command = "toggle", .changes = true, .toggle = true},
    {.command = "form"},
    {.command = "remove-device", .changes = true, .removable = true},
    {.command = "eject", .changes = true, .drive = true},
    {.command = "insert", .changes = true, .drive = true},
    {.command = "verify-device"},
};

static char *row_forbids(const struct deck *d, size_t need)
{
    const struct device_list *l = devices_list(d);
    const struct device_entry *entry = l ? devices_current(d) : NULL;
    const char *name = !entry ? NULL : entry->dev.name ? entry->dev.name : entry->kind->id;
    if (!l)
        return xasprintf("%s: %s", needs[need].command,
                         deck_vm(d) ? "the devices were not read yet" : "no domain is selected");
    if (!entry)
        return xasprintf("%s: no device is selected", needs[need].command);
    if (has_gone(d))
        return xasprintf("%s: %s has just changed or gone; nothing was done", needs[need].command,
                         d->device.name ? d->device.name : "that device");
    bool drive = strcmp(entry->kind->id, "cdrom") == 0 || strcmp(entry->kind->id, "floppy") == 0;
    if (needs[need].drive && !drive)
        return xasprintf("%s: %s takes no media", needs[need].command, name);
    if (needs[need].toggle && !devices_toggle(d, entry))
        return xasprintf("toggle: %s has no toggles", name);
    if (needs[need].removable && entry->kind->flags & KIND_PART)
        return xasprintf("remove-device: %s is a part of every domain", name);
    bool waits = entry->pending == PENDING_ADD || entry->pending == PENDING_REMOVE;
    if (needs[need].removable && entry->automatic && !waits)
        return xasprintf("remove-device: libvirt added %s by itself and would add it again", name);
    if (needs[need].removable && entry->pending == PENDING_UNPLUG)
        return xasprintf("remove-device: the guest was asked to let %s go", name);
    return NULL;
}

char *devices_why_not(const struct deck *d, const char *command)
{
    const struct snapshot *host = deck_host(d);
    bool adds = strcmp(command, "add-device") == 0;
    for (size_t i = 0; i < ARRAY_LEN(needs) || adds; i++) {
        if (!adds && strcmp(needs[i].command, command) != 0)
            continue;
        if (!deck_vm(d) || !host)
            return xasprintf("%s: no domain is selected", command);
        const char *name = host->host.name ? host->host.name : host->host.uri;
        if ((adds || needs[i].changes) && host->host.read_only)
            return xasprintf("%s changes something, and %s is open read-only (-r)", command, name);
        if ((adds || needs[i].changes) && host->host.state != HOST_UP)
            return xasprintf("%s: %s is not connected", command, name);
        return adds ? NULL : row_forbids(d, i);
    }
    return NULL;
}
