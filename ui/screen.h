/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The screen's door: takes the terminal, opens the hosts, runs until the user leaves, gives the terminal
 * back. Called once, by main(), with locale, paths, options and log set up. Main thread, which becomes the
 * screen's.
 */
#ifndef VIRTDECK_UI_SCREEN_H
#define VIRTDECK_UI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "model/options.h"

struct screen_request {
    /* The hosts, in the order they are shown. NULL as a URI: libvirt's own default. None at all (n_uris 0)
     * and no demo: libvirt's own default. VIRTDECK_URI was already looked at. Borrowed. */
    const char *const *uris;
    size_t n_uris;
    bool demo;               /* the built-in demo host, too (alone where n_uris is 0) */
    bool local_or_demo;      /* the default host, and the demo host instead where nothing answers there */
    bool read_only;          /* -r or the option read-only */
    struct options *options; /* borrowed; commands of the screen may change it */
    /* What was wrong in config.json, to be shown once the screen is up. Borrowed; may be empty, not NULL. */
    error_list *mistakes;
};

/* STATUS_OK when the user left; STATUS_FAILED, after a message on stderr, where the terminal can't be used.
 */
enum status screen_run(const struct screen_request *r);

#endif
