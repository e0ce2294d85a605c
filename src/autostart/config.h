/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What holds for autostart on this host: limits for a start of many domains, and what fields of a policy mean
 * where a domain's policy is silent. A table, read from a file of JSON:
 *     { "parallel": 2, "memory-ceiling": 85, "defaults": { "timeout": "5m", "stop": "managedsave" } }
 * Values belong to whoever declared them. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_CONFIG_H
#define VIRTDECK_AUTOSTART_CONFIG_H

#include "autostart/policy.h"

enum limit_id {
    LIMIT_PARALLEL,       /* domains between start and readiness at one time */
    LIMIT_PARALLEL_STOPS, /* domains that shut down at one time */
    LIMIT_MEMORY_CEILING, /* percent */
    LIMIT_LOAD_CEILING,   /* a processor */
    LIMIT_CEILING_WAIT,   /* ms */
    LIMIT_INITIAL_WAIT,   /* ms */
    LIMIT_GRACE,          /* ms */
    LIMIT_NEEDS_TIMEOUT,  /* ms */
    LIMITS
};

struct limit_row {
    enum limit_id id;
    const char *word;
    bool duration; /* in the file seconds or "5s"; here milliseconds, min and max too */
    double def, min, max;
    const char *help; /* one sentence, no full stop */
};

extern const struct limit_row limit_rows[LIMITS];

struct autostart_config {
    double v[LIMITS];
    struct policy defaults;
};

void autostart_config_init(struct autostart_config *c);
void autostart_config_free(struct autostart_config *c);
/* Sets one limit from what was typed. False with e set (name, value, range). */
bool autostart_config_set(struct autostart_config *c, const char *word, const char *value, struct error *e);
/* Reads the file into `c`, which holds the defaults. Each mistake is a finding ("config") that names file and
 * line; the rest still counts. A missing file is no mistake. */
void autostart_config_load(struct autostart_config *c, const char *path, finding_list *found);

#endif
