/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The options: one row of a table each, with type, default, range and help. config.json, `-o NAME=VALUE`, the
 * `set-option` command, `virtdeck config` and virtdeck-config(5) read it. Owned by the main thread; workers
 * get copies of values.
 */
#ifndef VIRTDECK_MODEL_OPTIONS_H
#define VIRTDECK_MODEL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include "base/error.h"
#include "base/jsondoc.h"
#include "base/vec.h"

enum option_id {
    OPT_INTERVAL,    /* seconds between ticks, 0.2 … 60, default 1 */
    OPT_TICK_BUDGET, /* percent of the interval that dear groups may take, default 5 */
    OPT_COLUMNS,     /* list of column ids */
    OPT_SORT,        /* column id, "-" in front: descending */
    OPT_GROUP,       /* none host state tag */
    OPT_FILTER,      /* shown at start */
    OPT_THEME,
    OPT_KEYMAP,
    OPT_GRAPH,    /* auto braille block ascii */
    OPT_WINDOW,   /* 1m 5m 15m 1h */
    OPT_GRAPHICS, /* auto kitty sixel blocks ascii */
    OPT_COLOR,    /* auto truecolor 256 16 mono */
    OPT_UNICODE,  /* auto on off */
    OPT_MOUSE,
    OPT_PANE,    /* pane shown at start: none overview devices logs graphs events autostart screen */
    OPT_CONFIRM, /* all destructive none : which commands ask first */
    OPT_WARN_PERCENT,
    OPT_BAD_PERCENT,      /* thresholds */
    OPT_STALE_TICKS,      /* how many intervals until a row is stale */
    OPT_SHUTDOWN_TIMEOUT, /* seconds `shutdown` waits */
    OPT_RECONNECT_MAX,    /* seconds, the longest pause between tries */
    OPT_KEEPALIVE,        /* seconds between keepalive probes */
    OPT_GRACE,            /* seconds that what was just made is left alone */
    OPT_HISTORY_SIZE,     /* lines of command history */
    OPT_EVENTS_SIZE,      /* events kept in memory */
    OPT_LOG_LEVEL,
    OPT_READ_ONLY,
    OPT_ADDRESSES, /* lease agent arp : where IP addresses are looked for without being asked */
    OPT_COUNT
};

enum option_type { OPTION_INT, OPTION_NUMBER, OPTION_BOOL, OPTION_STRING, OPTION_ENUM, OPTION_LIST };

struct option_row {
    enum option_id id;
    const char *name; /* in config.json */
    enum option_type type;
    const char *def;    /* default, as text */
    double min, max;    /* numbers; strings: longest */
    const char *values; /* enums: space separated */
    const char *help;
    /* Further checking of a text value; NULL: none. */
    bool (*check)(const char *value, struct error *e);
};

extern const struct option_row option_rows[OPT_COUNT];

struct options {
    struct {
        char *text;    /* canonical text */
        double number; /* numbers; 0 or 1; an enum's place in the row's `values` */
        char *origin;  /* "default", "/home/u/.config/virtdeck/config.json:4", "-o", "command" */
    } v[OPT_COUNT];
};

void options_init(struct options *o); /* defaults */
void options_free(struct options *o);
const char *opt_text(const struct options *o, enum option_id id);
double opt_number(const struct options *o, enum option_id id);
bool opt_bool(const struct options *o, enum option_id id);
const struct option_row *option_find(const char *name);
/* Checks and sets one; the error names the option, the value and what would be right. */
bool options_set(struct options *o, const char *name, const char *value, const char *origin, struct error *e);
/* Reads config.json. Every mistake is one error in the list (file, line, key, what would be right); the rest
 * still counts. A missing file is no mistake. */
typedef VEC(struct error) error_list;
void options_load(struct options *o, const char *path, error_list *mistakes);
void error_list_free(error_list *l);

#endif
