/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the screen and the commands show of autostart on a host: made by a worker from a survey, never changed
 * after that, counted. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_VIEW_H
#define VIRTDECK_AUTOSTART_VIEW_H

#include "autostart/check.h"
#include "autostart/run_file.h"

struct autostart_view {
    int refs;        /* atomic */
    int64_t read_ms; /* monotonic */
    struct survey survey;
    struct plan *up, *down; /* after a boot; of a shutdown then */
    struct autostart_check check;
    struct run_record run; /* the last one, or the one under way */
};

/* Takes the survey over. One reference. Reads the record of the run. */
struct autostart_view *autostart_view_make(struct survey *survey);
struct autostart_view *autostart_view_ref(struct autostart_view *v); /* NULL gives NULL */
void autostart_view_unref(struct autostart_view *v);

#endif
