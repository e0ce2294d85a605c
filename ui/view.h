/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What belongs to the looking and not to the looked at: which rows the table has and in which order, the
 * cursor, tags, sorting, filter, groups, columns and their widths. Everything is kept by (host, UUID), so it
 * outlives snapshots, reconnections and renames. Screen thread.
 */
#ifndef VIRTDECK_UI_VIEW_H
#define VIRTDECK_UI_VIEW_H

#include "model/column.h"
#include "model/filter.h"
#include "model/vmmap.h"

enum group_mode { GROUP_NONE, GROUP_HOST, GROUP_STATE, GROUP_TAG, GROUP_COUNT };
extern const char *const group_names[GROUP_COUNT]; /* "none" "host" "state" "tag" */

#define VIEW_MAX_COLUMNS 48

struct view_column {
    const struct column *column;
    int width; /* columns of the screen; 0: the column's own */
};

struct view_group {
    char *label;                 /* raw */
    const struct snapshot *snap; /* group by host: that host */
    enum vm_state state;         /* group by state: that one */
    size_t count, active;
    double cpu, mem_kib, rx, tx, rd, wr; /* sums of what is known; NAN: nothing is */
    bool folded;
};

/* A line of the table: a domain, or the header of a group (vm NULL). Valid until the next rebuild, for which
 * the snapshots must stay. */
struct view_row {
    const struct snapshot *snap;
    const struct vm *vm;
    int group; /* index in groups, -1 without groups */
};

struct view {
    struct view_column columns[VIEW_MAX_COLUMNS];
    size_t n_columns;
    size_t left; /* columns scrolled away at the left, the first one not counted: it stays */
    const struct column *sort;
    bool descending;
    enum group_mode group;
    char *filter_text; /* "" for none */
    struct filter *filter;
    struct vmmap tags; /* used as a set */

    VEC(struct view_row) rows;
    VEC(struct view_group) groups;
    size_t shown, total; /* domains in the rows (folded ones count), domains in all */

    size_t cursor; /* index in rows */
    size_t top;    /* first row on the screen */
    bool pinned;   /* the cursor stays on its domain; not before the first complete tick or key */
    int cursor_host;
    struct vm_uuid cursor_uuid; /* nil: on a group's header */
    char *cursor_group;

    VEC(char *) folded; /* labels of groups folded away */

    /* Working memory of view_rebuild(). */
    struct row *all;
    uint32_t *order, *scratch;
    size_t cap, ordered;
};

/* Default columns, sorted by name. */
void view_init(struct view *v);
void view_free(struct view *v);

/* Makes the row list from the newest snapshots. `base` carries time and thresholds for filters and sorting.
 * Called when snapshots, sort, filter, groups or tags changed; about 2 ms for 5,000 domains. */
void view_rebuild(struct view *v, struct snapshot *const *hosts, size_t n_hosts, const struct row *base);

/* What to call a host: its name, or its URI where another host has the same name. Raw; never NULL. */
const char *view_host_label(struct snapshot *const *hosts, size_t n_hosts, const struct host_info *h);

/* The row under the cursor, NULL when there are none. */
const struct view_row *view_current(const struct view *v);
/* Moves by rows; stops at the ends. */
void view_move(struct view *v, long delta);
void view_move_to(struct view *v, size_t index);
/* Keeps the cursor inside `height` rows of the screen. */
void view_scroll_into(struct view *v, size_t height);
void view_scroll(struct view *v, long delta, size_t height); /* the wheel: the cursor stays if it can */

bool view_tagged(const struct view *v, int host, const struct vm_uuid *uuid);
void view_tag(struct view *v, int host, const struct vm_uuid *uuid, bool on);
void view_tag_clear(struct view *v);
/* Tags of domains that no longer are in any of these snapshots are dropped. */
void view_tag_prune(struct view *v, struct snapshot *const *hosts, size_t n_hosts);

/* False with e set (position: byte) for a bad filter: the old one stays. */
bool view_set_filter(struct view *v, const char *text, struct error *e);
/* Comma-separated ids, "all" or "default". Widths of columns that stay are kept. */
bool view_set_columns(struct view *v, const char *list, struct error *e);
bool view_set_sort(struct view *v, const char *text, struct error *e); /* "cpu", "-cpu" */
bool view_set_group(struct view *v, const char *name, struct error *e);
struct view_column *view_find_column(struct view *v, const char *id); /* NULL: not shown */
bool view_needs_dear(const struct view *v);
void view_fold(struct view *v, const char *label); /* toggles */

#endif
