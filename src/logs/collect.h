/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Gathers what is told of one domain, from all its sources, in one order of time: files that are followed,
 * programs whose output is read (ssh, journalctl), streams that somebody else fills (a console), and lines
 * that are handed over one by one (events, messages). A thread of its own reads, makes lines, marks them and
 * puts them into a merge (logs/merge.h); bounded in lines and bytes whatever is written how fast. Who looks
 * takes the lock for the moment of looking and never waits for a disk.
 */
#ifndef VIRTDECK_LOGS_COLLECT_H
#define VIRTDECK_LOGS_COLLECT_H

#include "logs/feed.h"
#include "logs/merge.h"

struct collector; /* opaque */

struct collector_config {
    size_t max_lines, max_bytes; /* of each source; 0: what suits a screen */
    /* The id of the known failure that a line tells of (as long-lived as the collector), and how bad it is;
     * NULL: none. Called in the collector's thread, and not any more once collector_free() has returned. May
     * be NULL itself. */
    const char *(*mark)(void *ctx, enum line_source source, const char *text, size_t len,
                        enum severity *severity);
    void *ctx;
};

struct collector *collector_new(const struct collector_config *config); /* starts the thread */
/* Ends programs it started. Waits a second at most for a thread that waits for a disk. */
void collector_free(struct collector *c);

/* ---- what is gathered; none of these waits ---- */

/* Forgets all lines and feeds: another domain from now on. */
void collector_restart(struct collector *c);
/* Reads this feed from now on, in place of the one it had for that source. Takes over what it owns. Files and
 * programs bring their older lines along, so those that the source had are forgotten; before those of a
 * stream they stay. */
void collector_feed(struct collector *c, struct feed *feed);
/* Reads it no more; its lines stay (keep) or go. */
void collector_drop(struct collector *c, enum line_source source, bool keep);
/* Lines from elsewhere (copied; a newline parts them). wall_ms 0: they have no time. */
void collector_line(struct collector *c, enum line_source source, int64_t wall_ms, const char *text,
                    size_t len);
/* Of a file of which only the end was read: puts the next 256 KiB above what is there, or what stands in the
 * file that was rolled before it, as far as the bounds let it. Lines that are there stay as they are. False:
 * there is no more to be had. */
bool collector_older(struct collector *c, enum line_source source);

/* ---- looking; one thread at a time ---- */

int collector_fd(const struct collector *c); /* eventfd: readable when something is new */
void collector_drain_fd(struct collector *c);
/* The lines, for as long as the lock is held: for a screenful, not for a walk over all of them. */
const struct merge *collector_lock(struct collector *c);
void collector_unlock(struct collector *c);
/* While the lock is held: the number of the source's line that has no end yet (a prompt, or the rest is on
 * its way); 0: there is none. */
uint64_t collector_begun(const struct collector *c, enum line_source source);

struct feed_state {
    bool fed;        /* there is a feed, and it has not ended */
    bool at_end;     /* all that is there was read, as far as it was looked; lines handed over, too */
    bool more_above; /* collector_older() can bring more */
    char *problem;   /* why there is nothing to read now, or what the program complained of; raw; NULL */
};
void collector_state(struct collector *c, enum line_source source, struct feed_state *out);
void feed_state_clear(struct feed_state *s);

#endif
