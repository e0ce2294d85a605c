/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fields of devices: what can be seen and changed of each kind, one row of a table each. A row says where
 * the value stands in the device's element, which values it takes, and which call of libvirt's changes it
 * while the domain runs. The pane's toggles and forms, `device`, `set`, completion, help and the manual are
 * made from the rows. Constant; any thread.
 */
#ifndef VIRTDECK_DEVICE_FIELD_H
#define VIRTDECK_DEVICE_FIELD_H

#include <libxml/tree.h>
#include "base/error.h"

enum field_type {
    FIELD_SWITCH, /* `words` are two: the one that is off, then the one that is on */
    FIELD_CHOICE, /* one of `words`, which libvirt may know more of: others are taken, too */
    FIELD_TEXT,
    FIELD_NUMBER, /* a whole number from 0 on */
    FIELD_SIZE,   /* bytes with a unit: 10G, 512M, 4096 (KiB with FIELD_KIB, else bytes) */
    FIELD_MAC,
    FIELD_PATH,    /* a file or POOL/VOLUME */
    FIELD_NETWORK, /* a network of the host */
    FIELD_BRIDGE,
    FIELD_SECRET, /* never shown, never put into a log or a diff */
    FIELD_USB,    /* VENDOR:PRODUCT of a USB device of the host */
    FIELD_PCI     /* a PCI address of the host */
};

/* Which call changes it. All but CALL_DEFINE work while the domain runs; what they do is in virt/edit_act.c.
 */
enum field_call {
    CALL_DEFINE, /* the definition only: takes effect at the next boot */
    CALL_UPDATE, /* virDomainUpdateDeviceFlags */
    CALL_VCPUS,
    CALL_MEMORY,
    CALL_MAXMEMORY, /* virDomainSetMemoryFlags with MAXIMUM: config only */
    CALL_TITLE,
    CALL_DESCRIPTION,
    CALL_TAGS,
    CALL_IOTUNE,
    CALL_RESIZE, /* virDomainBlockResize, or the volume while it is off */
    CALL_INTERFACE_TUNE
};

enum field_flag {
    FIELD_TOGGLE = 1,   /* shown among the toggles of the row; Space turns it */
    FIELD_ADVANCED = 2, /* in the form behind the others */
    FIELD_FRESH = 4,    /* asked for when such a device is added */
    FIELD_READ = 8,     /* seen, not changed */
    FIELD_SET = 16,     /* also a word of `set VM` */
    FIELD_KIB = 32,     /* FIELD_SIZE: in KiB, in the definition and where no unit is given */
    FIELD_FILLED = 64,  /* libvirt fills it in when the domain starts: said there only, it is no difference */
    FIELD_COMMAND =
        256,          /* with FIELD_READ: the command `ID VM VALUE` changes it: it knows more than the tree */
    FIELD_ALIAS = 128 /* another word for what other rows say: neither in forms nor in differences */
};

struct device_field {
    const char *kinds; /* ids of the kinds that have it, space separated */
    const char *id;    /* "link", "tso4" … the word in `device VM NAME set link=down` */
    const char *label; /* for the form */
    enum field_type type;
    const char
        *words;       /* values, space separated; of a number or a path: the words that it takes, too; NULL */
    const char *path; /* in the device's element (model/xml.h); in <domain> for kinds without one */
    const char *unset; /* what holds where the definition says nothing; NULL: nothing, or it depends */
    enum field_call call;
    unsigned flags;
    const char *help; /* one sentence, no full stop: what it does */
    /* For values that are more than one place in the tree; NULL: `path`. get's result is the caller's; set
     * with NULL goes back to what holds unsaid. False with e set: that value can't be. */
    char *(*get)(xmlNodePtr node);
    bool (*set)(xmlNodePtr node, const char *value, struct error *e);
};

/* The rows in their order (a field that others depend on stands before them); NULL behind the last one. */
const struct device_field *field_row(size_t i);

struct device_kind;

/* The next field of the kind behind `after` (NULL: the first); NULL at the end. */
const struct device_field *field_next(const struct device_kind *kind, const struct device_field *after);
/* By its id; NULL: the kind has no such field. */
const struct device_field *field_find(const struct device_kind *kind, const char *id);
/* Whether the value means "back to what holds unsaid": NULL, or "default" where that is no value itself (a
 * network may be called so). */
bool field_unset(const struct device_field *f, const char *value);
/* What the element says of it; NULL: nothing, or it is a secret. The caller frees. */
char *field_get(const struct device_field *f, xmlNodePtr node);
/* Checks the value and sets it; NULL or "default": back to what holds unsaid. False with e set: the field and
 * the values that it takes. */
bool field_set(const struct device_field *f, xmlNodePtr node, const char *value, struct error *e);
/* Whether the value could be set, without a tree. */
bool field_check(const struct device_field *f, const char *value, struct error *e);
/* "512M" to bytes, "4096" to itself times `unit`; -1 when it is no size. */
double field_size(const char *text, double unit);

#endif
