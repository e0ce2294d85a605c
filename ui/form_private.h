/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the form share. Screen thread.
 */
#ifndef VIRTDECK_UI_FORM_PRIVATE_H
#define VIRTDECK_UI_FORM_PRIVATE_H

#include "ui/form.h"

struct form_line {
    const struct device_field *field;
    char *now, *boot; /* what holds; NULL: unknown */
    bool changed;
    char *value;   /* what it shall be, where changed; NULL: what holds unsaid */
    char *problem; /* why it can't be; NULL */
    bool depends;  /* what holds unsaid depends on the others: none is shown */
    bool behind;   /* of those behind the separator */
};

enum form_button { FORM_APPLY, FORM_PREVIEW, FORM_CANCEL, FORM_BUTTONS };

struct form {
    struct dialog base;
    struct deck *deck; /* for completion, which is called without it */
    char *title;
    int host;
    struct vm_uuid uuid;
    char *device; /* the word for the device, or the kind's id where one is added */
    const struct device_kind *kind;
    bool fresh;            /* a device to be added */
    bool active, has_boot; /* of the domain: which columns there are */
    VEC(struct form_line) lines;
    size_t n_front; /* lines before the separator */
    long at, top;   /* the line, or behind them the button, under the cursor; the first row shown */
    int height;     /* rows for lines, as of the last drawing */
    bool typing;    /* the prompt is, or is about to be, open for the line */
};

/* What the line would come to: the changed value, else what holds; NULL: unknown. Never a secret's. */
const char *form_effective(const struct form *f, const struct form_line *l);
/* What is wrong with what is typed at the moment, or with the line; NULL: nothing. The caller frees. */
char *form_problem(const struct form *f, const struct form_line *l);
/* When changes of the line take effect. Static. */
const char *form_when(const struct form *f, const struct device_field *field);
void form_draw(struct deck *d, struct dialog *base, struct canvas *c);

#endif
