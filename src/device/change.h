/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changes of a definition, as values: what a person asked for, before it is known which tree it meets. The
 * same change is made in the live definition, in the configured one, and again in a newer one when somebody
 * else was faster. Pure; any thread.
 */
#ifndef VIRTDECK_DEVICE_CHANGE_H
#define VIRTDECK_DEVICE_CHANGE_H

#include "base/vec.h"
#include "device/field.h"
#include "device/kinds.h"

enum change_verb {
    CHANGE_SET,     /* fields of a device or part */
    CHANGE_ADD,     /* a device */
    CHANGE_REMOVE,  /* a device */
    CHANGE_DEFINE,  /* the whole definition */
    CHANGE_EDIT,    /* what fields can't express: a function's, in the configured definition only */
    CHANGE_METADATA /* a function's, in our own element of the metadata alone: now and at the next boot */
};

struct assignment {
    const struct device_field *field;
    char *value; /* NULL: back to what holds unsaid */
};

struct changed;

/* A change of the tree that is more than fields of one device. As EDIT it takes effect at the next boot. */
struct change_edit {
    const char *name; /* "nested": for change_words(), with `arg` behind it */
    /* May set name, kind, before and after of `out` where one device tells it all; change_apply() does the
     * rest. False with e set when it can't be made. */
    bool (*edit)(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e);
};

struct change {
    enum change_verb verb;
    char *device; /* SET, REMOVE: what it is called: name, alias, target, MAC or key; a part: its id */
    const struct device_kind *kind; /* ADD; for the others NULL until it was found */
    VEC(struct assignment) sets;
    char *xml;  /* ADD: the element when it comes from outside, else NULL; DEFINE: the definition */
    char *base; /* DEFINE: the definition that `xml` was made from; NULL: whatever is there */
    const struct change_edit *edit; /* EDIT, METADATA: constant */
    char *arg;                      /* EDIT, METADATA: what its function gets; NULL: nothing */
};

void change_clear(struct change *c);
void change_copy(struct change *to, const struct change *from);
/* Adds the assignment that a word FIELD=VALUE names; VALUE "default" or "" is NULL. `kind` NULL: it is not
 * known yet which kind the device is; then any kind's field of that name will
 * do, and the value is checked where the device is found.
 * False with e set: which fields there are. */
bool change_assign(struct change *c, const struct device_kind *kind, const char *word, struct error *e);

/* The device that a name means in a definition; 0 with e set: there is none (those that there are), or
 * several. The walk stands at it. */
bool change_find_device(const char *name, xmlNodePtr domain, struct device_walk *at, struct error *e);

/* One definition that a change was made in. */
struct changed {
    bool found;           /* the device is there (always for ADD, DEFINE, EDIT and METADATA) */
    bool differs;         /* the tree is another one than before */
    bool beyond;          /* SET: not only in the device's element, or what it is known by is another now: no
                             call for one device makes that change */
    char *before, *after; /* the device's element as text, without and with the change; NULL: there is none */
    char *key, *name;     /* the device's; name as people call it */
    const struct device_kind *kind;
};
void changed_clear(struct changed *c);

/* Makes the change in the tree. False with e set when it can't be made (no such device, a value that can't
 * be); the tree then says what it said, in nodes of its own: those from before are gone. */
bool change_apply(const struct change *c, xmlDocPtr doc, struct changed *out, struct error *e);
/* ADD: fills c->xml with the complete element for this definition, so that live and configured definition get
 * the same one. Does nothing when it is there already. */
bool change_complete(struct change *c, xmlDocPtr doc, struct error *e);
/* "nic net0: link=down" … for people and the journal; secrets hidden. The caller frees. */
char *change_words(const struct change *c);

#endif
