/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The values of a policy's lists: domains to wait for, probes, needs. Read from text and taken apart for
 * whoever acts on them. Any thread.
 */
#ifndef VIRTDECK_AUTOSTART_POLICY_ITEM_H
#define VIRTDECK_AUTOSTART_POLICY_ITEM_H

#include "base/error.h"
#include "base/strbuf.h"

struct policy_after {
    char *vm;   /* name or UUID */
    bool ready; /* until it is ready; else: until it is started */
};

enum probe_kind { PROBE_RUNNING, PROBE_AGENT, PROBE_IP, PROBE_TCP, PROBE_SERIAL };

struct probe {
    enum probe_kind kind;
    int port;
    char *address; /* of tcp; NULL: the domain's own */
    char *regex;   /* of serial: POSIX extended; compiles */
};

enum need_kind { NEED_NETWORK, NEED_POOL, NEED_MOUNT, NEED_PATH, NEED_KINDS };

struct need {
    enum need_kind kind;
    char *name; /* a name, or an absolute path */
};

extern const char *const need_words[NEED_KINDS]; /* "network" "pool" "mount" "path" */

/* Each fills what it was given, or returns false with e set to what is wrong with it; then nothing has to be
 * freed. The text is at most POLICY_TEXT_MAX bytes of valid UTF-8 without control characters. */
bool policy_after_read(const char *text, struct policy_after *out, struct error *e);
bool probe_read(const char *text, struct probe *out, struct error *e);
bool need_read(const char *text, struct need *out, struct error *e);

/* As they are printed; what is read from it is the same. */
void policy_after_print(const struct policy_after *a, struct strbuf *out);
void probe_print(const struct probe *p, struct strbuf *out);
void need_print(const struct need *r, struct strbuf *out);

void policy_after_clear(struct policy_after *a);
void probe_clear(struct probe *p);
void need_clear(struct need *r);

#endif
