/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A domain's serial console as a job: what the guest writes goes into one descriptor, what comes out of
 * another goes to the guest. It goes on until the other side closes, the domain stops, or the job is
 * cancelled. Holds no place among the host's jobs.
 */
#ifndef VIRTDECK_VIRT_CONSOLE_H
#define VIRTDECK_VIRT_CONSOLE_H

#include "virt/fleet.h"

struct console_request {
    int out_fd;   /* the guest's bytes are written to it; a pipe or socket, owned, made non-blocking. A reader
                     that is slow holds the guest's bytes back within bounds, and what does not fit is dropped
                     and counted. It ends where nobody reads */
    int in_fd;    /* bytes for the guest are read from it until its end; owned; -1: none */
    char *device; /* alias of the device; NULL: the first console */
    bool force;   /* takes it away from whoever has it */
    bool quiet;   /* only looks on: gives it up to any other job of this program that wants it */
};
/* Without descriptors (-1). */
struct console_request *console_request_new(void);
void console_request_free(void *request); /* closes what it still owns */

/* args->data: struct console_request. Its progress is "connected" once it is. Fails with code
 * VIR_ERR_OPERATION_FAILED (9) where another client has it. The result's json: "end", one of the words below,
 * and "dropped", the bytes that did not fit. */
extern const struct job_kind console_job;

#define CONSOLE_CONNECTED "connected"
#define CONSOLE_BUSY      9         /* the error's code */
#define CONSOLE_STOPPED   "stopped" /* the domain has */
#define CONSOLE_LEFT      "left"    /* nobody reads any more, or it was cancelled */
#define CONSOLE_GIVEN     "given"   /* a quiet one, to who wanted it */

/* Before this domain's console is opened by something else of this program: whoever looks on gives it up,
 * which is waited for (a second at most). For jobs only. */
void console_give_way(const struct vm_uuid *uuid);

#endif
