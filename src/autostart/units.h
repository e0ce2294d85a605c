/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Our systemd units: what enabling and disabling them does, said before it is done. The units' texts are data
 * (packaging/systemd/), compiled in. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_UNITS_H
#define VIRTDECK_AUTOSTART_UNITS_H

#include "base/error.h"
#include "base/strbuf.h"
#include "base/vec.h"

/* One step: a file that is written or removed, a command of systemctl's, or only a note for people. */
struct unit_step {
    char *say;     /* "write /etc/systemd/system/virtdeck-autostart.service" */
    char *path;    /* a file; NULL: `argv`; both empty: a note, nothing is done */
    char *text;    /* its contents; NULL: it is removed */
    char *command; /* a shell line, for people; NULL for files */
    VEC(char *) argv;
};
typedef VEC(struct unit_step) unit_steps;

struct unit_request {
    bool session;        /* the user's own units */
    bool enable;         /* false: disable and remove what was written */
    bool replace_guests; /* disable libvirt-guests, too; disabling: enable it again */
    const char *root;    /* "" for this host; tests bring a tree (systemctl --root) */
    const char *home;    /* session */
    const char *program; /* absolute path of virtdeck */
    const char *uri;
};

/* What would be done; nothing where all is so already. False with e set, and nothing in `out`: it can't be
 * done (no systemd, no right, the program's path is not absolute, a unit is masked, libvirt-guests is
 * enabled). */
bool units_plan(const struct unit_request *r, unit_steps *out, struct error *e);
/* Does it, in order; false with e set at the first that fails, naming it. Blocks. */
bool units_apply(const unit_steps *steps, struct error *e);
void units_print(const unit_steps *steps, struct strbuf *out);
void units_free(unit_steps *steps);

#endif
