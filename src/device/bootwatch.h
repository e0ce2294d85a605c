/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads what a guest writes to its serial port while it boots, and tells whether it came up or failed. Signs
 * of failure are a table; signs of success are a login prompt, what the caller waits for, and the line that
 * an earlier boot ended with. Pure; any thread, a watch by one at a time.
 */
#ifndef VIRTDECK_DEVICE_BOOTWATCH_H
#define VIRTDECK_DEVICE_BOOTWATCH_H

#include <regex.h>
#include "base/error.h"
#include "base/strbuf.h"

enum boot_verdict { BOOT_UNDECIDED, BOOT_UP, BOOT_FAILED };

struct boot_watch {
    /* Given, where there is something to give; owned by the caller until boot_watch_clear(). */
    char *marker;     /* from boot_watch_marker() of an earlier boot; NULL */
    unsigned ignored; /* signs of failure that decide nothing here: `seen` of a boot that went well */
    /* Found. */
    enum boot_verdict verdict; /* the first sign decides */
    bool marker_seen;          /* alone it decides nothing: a line may come again before the end */
    char *evidence;            /* the line that decided, plain; NULL */
    const char *meaning;       /* of a failure: what it means, a clause; static */
    unsigned seen;             /* a bit a sign of failure */
    bool failing;              /* the last line that said something is a sign of failure, ignored or not */
    size_t bytes;              /* so many were read */
    char *virtio_line;         /* where the guest told of a virtio disk; NULL */
    /* Private. */
    regex_t *ready;
    struct strbuf line;
    char *last;
    int escape;
};

/* Waits for this extended regular expression, too; false with e set when it is none. */
bool boot_watch_ready(struct boot_watch *w, const char *regex, struct error *e);
void boot_watch_feed(struct boot_watch *w, const char *bytes, size_t len);
/* The last line that said something, without figures: for the next boot. NULL: there was none. The caller
 * frees. */
char *boot_watch_marker(const struct boot_watch *w);
void boot_watch_clear(struct boot_watch *w);

#endif
