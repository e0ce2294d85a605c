/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A deck without a terminal, a host or a clock: filled by hand, drawn into a canvas, printed as text and
 * compared with a file of tests/screen/frames/. UPDATE_FRAMES=1 writes the files instead: look at what
 * changed before you keep it.
 */
#ifndef VIRTDECK_TESTS_STAGE_H
#define VIRTDECK_TESTS_STAGE_H

#include "ui/deck.h"

#define STAGE_NOW_MS  INT64_C(5000000)
#define STAGE_WALL_MS INT64_C(1760000000000) /* 2025-10-09 08:53:20 UTC */

struct stage {
    struct deck deck;
    struct options options;
    struct canvas canvas;
};

/* Locale and time zone of all frames. */
void stage_setup(void);
void stage_open(struct stage *s, int w, int h, bool unicode);
void stage_close(struct stage *s);
void stage_resize(struct stage *s, int w, int h);
/* Sets an option and lets it take effect. */
void stage_option(struct stage *s, const char *name, const char *value);
/* Runs a line as a key would. */
void stage_run(struct stage *s, const char *line);

/* A host with nothing on it; fill it, then stage_hosts(). */
struct snapshot *stage_host(int id, const char *name, size_t n_vms);
void stage_hosts(struct stage *s, size_t n, struct snapshot *const *hosts);
/* The i-th domain of a host: active ones get figures. The UUID follows from host and i. */
struct vm *stage_vm(struct snapshot *host, size_t i, const char *name, enum vm_state state);
/* Gives it a definition; `extra` is XML under <domain>, `devices` under <devices>. NULL: none. */
void stage_define(struct vm *vm, const char *extra, const char *devices);

/* A dozen domains of all sorts. */
struct snapshot *stage_everyday(void);
/* Series for the domains of that host, and events. */
void stage_past(struct stage *s);
/* A line of the selected domain, marked as known failures are; wall_ms 0: it has no time. */
void stage_log_line(struct stage *s, enum line_source source, int64_t wall_ms, const char *text);
/* A QEMU log of these lines. */
void stage_log(struct stage *s, const char *const *lines, size_t n);

/* Draws and compares. */
void stage_expect(struct stage *s, const char *name);
/* Draws; what stands on the screen. The caller frees. */
char *stage_text(struct stage *s);

#endif
