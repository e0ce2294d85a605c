/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The values of a policy's lists: domains to wait for, probes, resources. Read from text and taken apart for
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

enum resource_kind { RESOURCE_NETWORK, RESOURCE_POOL, RESOURCE_MOUNT, RESOURCE_PATH, RESOURCE_KINDS };

struct resource {
    enum resource_kind kind;
    char *name; /* a name, or an absolute path */
};

extern const char *const resource_words[RESOURCE_KINDS]; /* "network" "pool" "mount" "path" */

/* Each fills what it was given, or returns false with e set to what is wrong with it; then nothing has to be
 * freed. The text is at most POLICY_TEXT_MAX bytes of valid UTF-8 without control characters. */
bool policy_after_read(const char *text, struct policy_after *out, struct error *e);
bool probe_read(const char *text, struct probe *out, struct error *e);
bool resource_read(const char *text, struct resource *out, struct error *e);

/* As they are printed; what is read from it is the same. */
void policy_after_print(const struct policy_after *a, struct strbuf *out);
void probe_print(const struct probe *p, struct strbuf *out);
void resource_print(const struct resource *r, struct strbuf *out);

void policy_after_clear(struct policy_after *a);
void probe_clear(struct probe *p);
void resource_clear(struct resource *r);

#endif
