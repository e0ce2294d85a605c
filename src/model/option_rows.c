/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/options.h"

#include <stdlib.h>
#include <string.h>
#include "base/nearest.h"
#include "model/column.h"
#include "model/filter.h"

static bool check_columns(const char *value, struct error *e)
{
    column_list list = {0};
    bool ok = !*value || column_parse_list(value, &list, e);
    vec_free(&list);
    return ok;
}

static bool check_sort(const char *value, struct error *e)
{
    const char *id = value + (*value == '-');
    if (column_find(id))
        return true;
    struct nearest near = {.best = column_nearest(id)};
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "there is no column \"%s\"%s; \"-cpu\" sorts downwards by cpu", id, hint);
    free(hint);
    return false;
}

static bool check_filter(const char *value, struct error *e)
{
    struct error wrong = ERROR_INIT;
    filter_free(filter_compile(value, &wrong));
    bool ok = wrong.status == STATUS_OK;
    error_move(e, &wrong);
    return ok;
}

/* The name becomes a part of a path. */
static bool check_file_name(const char *value, struct error *e)
{
    if (*value && *value != '.' && !strchr(value, '/'))
        return true;
    return error_set(e, STATUS_USAGE,
                     "\"%s\" is no name of a theme or keymap: give its file name without directory and .json",
                     value);
}

const struct option_row option_rows[OPT_COUNT] = {
    {OPT_INTERVAL, "interval", OPTION_NUMBER, "1", 0.2, 60, NULL, "Seconds between two samples", NULL},
    {OPT_TICK_BUDGET, "tick-budget", OPTION_NUMBER, "5", 1, 100, NULL,
     "Percent of the interval that costly figures (disks, balloon) may take; the rest come in turn", NULL},
    {OPT_COLUMNS, "columns", OPTION_LIST, "", 0, 2000, NULL,
     "Columns of the table, in order; empty: the usual ones", check_columns},
    {OPT_SORT, "sort", OPTION_STRING, "name", 0, 64, NULL,
     "Column that the table is sorted by; with - in front downwards", check_sort},
    {OPT_GROUP, "group", OPTION_ENUM, "none", 0, 0, "none host state tag", "What the table is grouped by",
     NULL},
    {OPT_FILTER, "filter", OPTION_STRING, "", 0, 2000, NULL, "Filter that is on when the screen opens",
     check_filter},
    {OPT_THEME, "theme", OPTION_STRING, "default", 0, 64, NULL, "Colours: a theme by name", check_file_name},
    {OPT_KEYMAP, "keymap", OPTION_STRING, "default", 0, 64, NULL, "Keys: a keymap by name", check_file_name},
    {OPT_GRAPH, "graph", OPTION_ENUM, "auto", 0, 0, "auto braille block ascii",
     "What graphs are drawn with; auto: braille where the terminal takes UTF-8", NULL},
    {OPT_WINDOW, "window", OPTION_ENUM, "5m", 0, 0, "1m 5m 15m 1h", "Stretch of time that graphs show", NULL},
    {OPT_GRAPHICS, "graphics", OPTION_ENUM, "auto", 0, 0, "auto kitty sixel blocks ascii",
     "How the guest's screen is drawn: by the terminal's graphics (kitty, sixel), by half blocks in colour, "
     "or by "
     "characters; auto: the best that the terminal has",
     NULL},
    {OPT_COLOR, "color", OPTION_ENUM, "auto", 0, 0, "auto truecolor 256 16 mono",
     "Colours to use; auto: what the terminal has, mono where NO_COLOR is set", NULL},
    {OPT_UNICODE, "unicode", OPTION_ENUM, "auto", 0, 0, "auto on off",
     "Draw with more than ASCII; auto: where the locale is UTF-8", NULL},
    {OPT_MOUSE, "mouse", OPTION_BOOL, "true", 0, 0, NULL,
     "Take mouse clicks and the wheel; off leaves them to the terminal", NULL},
    {OPT_PANE, "pane", OPTION_ENUM, "overview", 0, 0,
     "none overview devices logs graphs events autostart screen", "Pane that is open when the screen opens",
     NULL},
    {OPT_CONFIRM, "confirm", OPTION_ENUM, "destructive", 0, 0, "all destructive none",
     "Which commands ask first: all that change something, those that lose something, or none", NULL},
    {OPT_WARN_PERCENT, "warn-percent", OPTION_NUMBER, "70", 1, 100, NULL,
     "Percent of its vCPUs or memory from which a figure is coloured as a warning", NULL},
    {OPT_BAD_PERCENT, "bad-percent", OPTION_NUMBER, "90", 1, 100, NULL,
     "Percent of its vCPUs or memory from which a figure is coloured as bad", NULL},
    {OPT_STALE_TICKS, "stale-ticks", OPTION_INT, "3", 1, 1000, NULL,
     "After how many intervals without news a row is dimmed as stale", NULL},
    {OPT_SHUTDOWN_TIMEOUT, "shutdown-timeout", OPTION_INT, "120", 1, 86400, NULL,
     "Seconds that shutdown waits for the guest before it gives up and offers destroy", NULL},
    {OPT_RECONNECT_MAX, "reconnect-max", OPTION_INT, "30", 1, 3600, NULL,
     "Longest pause in seconds between two tries to connect again", NULL},
    {OPT_KEEPALIVE, "keepalive", OPTION_INT, "5", 0, 3600, NULL,
     "Seconds between keepalive probes of a connection; 0: none", NULL},
    {OPT_GRACE, "grace", OPTION_NUMBER, "0", 0, 600, NULL,
     "Grace time: seconds that a definition or a volume that was just made is left alone before a start or a "
     "device counts on it; locks are waited for anyway. autostart.json has its own, for what was just "
     "started",
     NULL},
    {OPT_HISTORY_SIZE, "history-size", OPTION_INT, "1000", 0, 100000, NULL,
     "Lines of the command bar's history that are kept", NULL},
    {OPT_EVENTS_SIZE, "events-size", OPTION_INT, "2000", 10, 100000, NULL, "Events kept in memory", NULL},
    {OPT_LOG_LEVEL, "log-level", OPTION_ENUM, "info", 0, 0, "debug info warning error",
     "The least that is written to virtdeck's own log file", NULL},
    {OPT_READ_ONLY, "read-only", OPTION_BOOL, "false", 0, 0, NULL,
     "Connect without the right to change anything", NULL},
    {OPT_ADDRESSES, "addresses", OPTION_LIST, "lease", 0, 0, "lease agent arp",
     "Where IP addresses are looked for without being asked; empty: nowhere", NULL},
};
