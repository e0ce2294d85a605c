/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What commands that change definitions have in common: their options, and submitting the edit. Main thread.
 */
#ifndef VIRTDECK_COMMAND_EDIT_CALL_H
#define VIRTDECK_COMMAND_EDIT_CALL_H

#include "command/command.h"
#include "virt/edit.h"

/* Rows' options; a row gives those that make sense for it. */
#define OPTION_LIVE                                                                                          \
    {                                                                                                        \
        .name = "live", .help = "change the running domain only"                                             \
    }
#define OPTION_CONFIG                                                                                        \
    {                                                                                                        \
        .name = "config", .help = "change the definition only: takes effect at the next boot"                \
    }
#define OPTION_DRY_RUN                                                                                       \
    {                                                                                                        \
        .name = "dry-run", .help = "only show what would be done: the XML difference, and virsh commands"    \
    }
#define OPTION_FORCE                                                                                         \
    {                                                                                                        \
        .name = "force", .help = "in spite of what the checks found"                                         \
    }

/* An empty request with the call's options. */
ATTR_NONNULL struct edit_request *edit_request_of(const struct call *call);
/* Submits it for the call's only target; takes the request over. */
void edit_submit(struct call *call, struct edit_request *request);
/* The kind of the target's device or part of that name, as far as the newest snapshot knows; NULL: unknown.
 */
const struct device_kind *edit_kind_of(const struct call *call, const char *name);

#endif
