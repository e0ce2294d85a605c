/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rows of the autostart pane: what is started (or stopped) in its order, or what a run has come to, then
 * the problems; which one the cursor is on, and what moving it in the order takes. Shared by the pane and its
 * keys. Rows point into the view and live as long as it does. Screen thread.
 */
#ifndef VIRTDECK_UI_AUTOSTART_ROWS_H
#define VIRTDECK_UI_AUTOSTART_ROWS_H

#include "autostart/view.h"
#include "ui/deck.h"

struct start_row {
    uint32_t node;                 /* of the plan; PLAN_NONE */
    const struct plan_node *plan;  /* NULL: a problem, or the plan does not have it any more */
    const struct run_node *run;    /* of the run that is shown; NULL */
    const struct finding *finding; /* a problem; NULL */
};
typedef VEC(struct start_row) start_rows;

/* Of the host that is shown; NULL: not worked out yet. */
const struct autostart_view *starts_view(const struct deck *d);
/* The last run, where it stands in the plan's place; else NULL. */
const struct run_record *starts_run(const struct deck *d);
/* The plan that is shown, or that the run shown carries out. NULL where there is no view. */
const struct plan *starts_plan(const struct deck *d);
/* The problems of that direction. */
const finding_list *starts_findings(const struct deck *d);
/* The caller frees with vec_free(). */
void starts_rows(const struct deck *d, start_rows *out);

/* The row under the cursor, and its place; NULL and 0 where there are none. */
const struct start_row *starts_cursor(const struct deck *d, const start_rows *rows, long *at);
/* The row that was drawn under the cursor is among these no more: whatever is there now, nobody saw it yet.
 */
bool starts_is_gone(const struct deck *d, const start_rows *rows);
void starts_select(struct deck *d, const struct start_row *row, long at);
/* The row was drawn under the cursor: it is the one that keys mean from now on, wherever it goes. */
void starts_drawn(struct deck *d, const struct start_row *row, long at);
/* Moves the cursor; stops at the ends. */
void starts_move(struct deck *d, long rows);
/* "vm UUID", "network default", "problem ID HASH": names the row across views. The caller frees. */
char *starts_key(const struct start_row *row);
/* The domain that a row is about; NULL: none. */
const struct vm_uuid *starts_domain(const struct start_row *row);
const char *starts_name(const struct start_row *row);
/* What the policy of a plan's domain says of a field, or what holds unsaid. */
void starts_policy_text(const struct autostart_view *v, const struct vm_uuid *uuid, enum policy_id id,
                        struct strbuf *out);

enum start_link { LINK_NONE, LINK_BEFORE /* the cursor's waits for it */, LINK_BEHIND /* it waits */ };
/* For each node of the plan, how it stands to one of them; the caller frees. */
enum start_link *starts_links(const struct plan *p, uint32_t node);

/* A new order for a domain. */
struct order_change {
    struct vm_uuid uuid;
    const char *name; /* the plan's */
    int order;
};
typedef VEC(struct order_change) order_changes;
/* What one step up (by -1) or down (1) in the order takes: to those of the next order, or between them and
 * its own. As few changes as possible. False with e set: it has no order, or is the first or last. */
bool starts_reorder(const struct plan *p, uint32_t node, int by, order_changes *out, struct error *e);

#endif
