/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the frames of the autostart pane share: a host with policies, and the deck that shows its pane.
 */
#ifndef VIRTDECK_TESTS_AUTOSTART_STAGE_H
#define VIRTDECK_TESTS_AUTOSTART_STAGE_H

#include "autostart/view.h"
#include "tests/screen/stage.h"

#define STAGE_NET  "<interface type='network'><source network='default'/></interface>"
#define STAGE_DISK "<disk type='volume'><source pool='images' volume='x'/><target dev='vda'/></disk>"

/* The i-th one has the UUID 01000000-0000-0000-0000-00000000000i. */
struct stage_guest {
    const char *name, *policy, *devices; /* policy NULL: none */
    double start_s, ready_s, stop_s;     /* NAN: unknown */
    bool native;
};

/* Eight of all sorts: db1, db2, web1, web2, legacy-nt4, mail, router, and one whose name is wide. */
extern const struct stage_guest starts_everyday[8];

/* One reference; no run is known. */
struct autostart_view *starts_stage_view(const struct stage_guest *guests, size_t n);
/* The pane has the keys. n 0: a host where nothing starts. */
void starts_stage_open(struct stage *s, int w, int h, bool unicode, const struct stage_guest *guests,
                       size_t n);
void starts_stage_everyday(struct stage *s, int w, int h, bool unicode);

#endif
