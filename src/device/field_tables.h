/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tables of fields, a family a file, share with device/field.c. Any thread.
 */
#ifndef VIRTDECK_DEVICE_FIELD_TABLES_H
#define VIRTDECK_DEVICE_FIELD_TABLES_H

#include "device/field.h"

struct field_table {
    const struct device_field *rows;
    size_t n;
};
extern const struct field_table fields_domain, fields_cpu, fields_disk, fields_nic, fields_screen,
    fields_host, fields_character, fields_rest;

/* A row whose value is what stands at its path. */
#define PLAIN(kinds, id, label, type, words, path, unset, call, flags, help)                                 \
    {                                                                                                        \
        kinds, id, label, type, words, path, unset, call, flags, help, NULL, NULL                            \
    }

/* Drops the device's address where `type` is not the one it has: libvirt then chooses a new one. NULL: it is
 * not known which one is right. */
void readdress(xmlNodePtr node, const char *type);
/* Sets the path's value and drops an address that is not a PCI address, or, where `value` is among
 * `elsewhere` (space separated), one that is. */
void set_model(xmlNodePtr node, const char *path, const char *value, const char *elsewhere);
/* Whether a list of words separated by blanks has this one. */
bool word_in(const char *list, const char *word);

/* What the domain boots from, in order: "hd,cdrom" (kinds) or "vda,net0" (devices). NULL: nothing is said.
 * The caller frees. */
char *boot_order_get(xmlNodePtr domain);
bool boot_order_set(xmlNodePtr domain, const char *list, struct error *e);
/* The place of one device in that order. */
bool boot_place_set(xmlNodePtr device, const char *place, struct error *e);

#endif
