/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the rows of query_commands run, a file each. Main thread.
 */
#ifndef VIRTDECK_COMMAND_QUERY_H
#define VIRTDECK_COMMAND_QUERY_H

#include "base/strbuf.h"
#include "command/command.h"
#include "command/private.h"

/* list.c */
bool list_run(struct call *call, struct error *e);
bool sample_run(struct call *call, struct error *e);
/* query_logs.c, with query_logs_print.c */
bool log_run(struct call *call, struct error *e);
/* What `log` and `events` print where -n does not say how much. */
#define USUAL_LINES_TEXT "50"
#define USUAL_LINES      50
/* -n: a whole number from 0 (all) to `most`; USUAL_LINES without it. */
bool query_count(const struct call *call, size_t most, size_t *count, struct error *e);
/* query_events.c */
bool events_run(struct call *call, struct error *e);
/* query_devices.c */
bool devices_run(struct call *call, struct error *e);
/* fields.c */
bool fields_run(struct call *call, struct error *e);
void generate_fields_man(struct strbuf *out);
/* query_screenshot.c */
bool screenshot_run(struct call *call, struct error *e);
const char *screenshot_loses(const struct call *call);
/* help.c */
bool help_run(struct call *call, struct error *e);
/* generate_autostart.c */
void generate_policy_man(struct strbuf *out);
void generate_limits_man(struct strbuf *out);
/* generate_keys.c */
void generate_keys_man(struct strbuf *out);
/* generate.c: texts for documents and shells, made from the tables */
void roff(struct strbuf *out, const char *text); /* adds it as roff shows it */
void generate_commands_man(struct strbuf *out);
void generate_options_man(struct strbuf *out);
void generate_columns_man(struct strbuf *out);
/* False where that shell is unknown. */
bool generate_completion(struct strbuf *out, const char *shell);
/* complete_line.c */
bool complete_line_run(struct call *call, struct error *e);

/* A text table: rows of cells, aligned, escaped; the last cell of a row as long as it likes. */
struct grid {
    size_t columns;
    VEC(char *) cells;
};
void grid_add(struct grid *g, const char *cell);     /* copied and escaped; NULL: "-" */
void grid_print(struct grid *g, struct strbuf *out); /* and frees it */

#endif
