/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The devices of one domain as the pane and `devices` show them: live and configured definition side by side,
 * with the value of every field in both, and what differs. Immutable once made, counted: any thread.
 */
#ifndef VIRTDECK_DEVICE_LIST_H
#define VIRTDECK_DEVICE_LIST_H

#include <json-c/json.h>
#include "base/vec.h"
#include "device/field.h"
#include "device/kinds.h"

enum device_pending {
    PENDING_NONE,
    PENDING_ADD,    /* configured, not there yet: comes with the next boot */
    PENDING_REMOVE, /* there, no longer configured: goes with the next boot */
    PENDING_CHANGE, /* in both, with differences: changes with the next boot */
    PENDING_UNPLUG  /* its removal was asked of the guest, which has not answered */
};
const char *device_pending_word(enum device_pending p); /* "add" …; NULL for none. Static. */

struct device_value {
    const struct device_field *field;
    char *live, *config; /* NULL: not said there, or there is no such definition */
};

struct device_entry {
    const struct device_kind *kind;
    char *key;
    struct vm_device dev;        /* from the live definition where it is in it, else from the configured */
    bool is_live, is_config;     /* in which definition it is */
    struct vm_device config_dev; /* from the configured one where it is in it; else all zero */
    VEC(struct device_value) values; /* of every field of the kind */
    enum device_pending pending;
    bool automatic;   /* one that libvirt added by itself */
    char *difference; /* "model: e1000 → virtio; tso4: on → off", one line; NULL */
};

struct device_list {
    int refs;                /* atomic */
    bool active, persistent; /* which definitions there are */
    VEC(struct device_entry) entries;
    size_t n_pending; /* entries that differ */
};

/* From the XML of both (without passwords); NULL for one that there is not: `live` of an inactive domain,
 * `config` of a transient one. One reference for the caller; NULL with e set when one is no domain's XML. */
struct device_list *device_list_make(const char *live, const char *config, struct error *e);
struct device_list *device_list_ref(struct device_list *l); /* NULL gives NULL */
void device_list_unref(struct device_list *l);              /* NULL is fine */
/* Marks the entries whose keys are given as PENDING_UNPLUG; before others see the list. */
void device_list_mark_unplug(struct device_list *l, const char *const *keys, size_t n);

/* What holds for a value: what the definition says, else what libvirt takes unsaid; NULL where that is
 * unknown. of_config: at the next boot, else now. */
const char *device_value_now(const struct device_value *v, bool of_config);
const struct device_value *device_entry_value(const struct device_entry *d, const char *field_id);
/* The entry of that name, alias, target, MAC or key; NULL. */
const struct device_entry *device_list_find(const struct device_list *l, const char *name);
/* As in the shell contract: alias kind name model target source mac live config pending toggles{} and more
 * (key, fields{}, difference, automatic). */
json_object *device_list_json(const struct device_list *l);

#endif
