/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The picture on the selected domain's screen, asked for once a second while the pane is looked at: one
 * request at a time, so that a slow host only makes the picture older. Screen thread.
 */
#ifndef VIRTDECK_UI_GUEST_SCREEN_H
#define VIRTDECK_UI_GUEST_SCREEN_H

#include "base/vec.h"
#include "model/vm.h"
#include "picture/picture.h"
#include "virt/screenshot.h"

struct deck;

struct guest_screen {
    int host; /* whose it is */
    struct vm_uuid uuid;
    struct picture picture; /* rgb NULL: none came yet */
    uint64_t hash;
    int64_t taken_ms; /* monotonic: when it was asked for */
    char *why;        /* why the last request brought none; NULL: it did */

    struct job *job; /* under way; NULL: none */
    struct shot *shot;
    int64_t asked_ms;        /* when the last request was made; 0: never for this domain */
    VEC(struct shot *) left; /* of requests given up, which libvirt has not answered */

    char *luminance; /* of the picture with lit_hash, lit_w × lit_h characters */
    int lit_w, lit_h;
    uint64_t lit_hash;
};

void guest_screen_free(struct guest_screen *g);
/* Takes what has come, and asks when it is time; called each turn of the loop. */
void guest_screen_turn(struct deck *d);
/* A picture of that domain, taken over, as of that time. */
void guest_screen_put(struct guest_screen *g, int host, const struct vm_uuid *uuid, struct picture *p,
                      uint64_t hash, int64_t taken_ms);
/* Whether the picture, or what is said instead, is that domain's. */
bool guest_screen_is_of(const struct guest_screen *g, int host, const struct vm_uuid *uuid);
/* Its brightness as w × h characters; good until the next call. */
const char *guest_screen_luminance(struct guest_screen *g, int w, int h);

#endif
