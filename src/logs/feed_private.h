/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by src/logs/feed*.c.
 */
#ifndef VIRTDECK_LOGS_FEED_PRIVATE_H
#define VIRTDECK_LOGS_FEED_PRIVATE_H

#include "base/vec.h"
#include "logs/feed.h"

/* A connection URI taken apart, %XX undone; what it does not have is "". */
struct feed_uri {
    char *scheme, *transport, *user, *host, *port, *path;
    char *query; /* as it was written */
};

/* False: it is no URI (an alias of libvirt.conf, NULL). */
bool feed_uri_read(const char *uri, struct feed_uri *out);
void feed_uri_clear(struct feed_uri *u);
/* NULL: there is no such parameter. The caller frees. */
char *feed_uri_parameter(const struct feed_uri *u, const char *name);
bool feed_uri_is_remote(const struct feed_uri *u); /* its files are not this machine's, or only by ssh */
/* Whether ssh leads to its host; false with e set: why not. */
bool feed_uri_has_ssh(const struct feed_uri *u, struct error *e);

typedef VEC(char *) feed_words;
void feed_word(feed_words *w, const char *word);
/* Ends the list and hands it over. */
char **feed_words_steal(feed_words *w);

/* ssh as the URI has it, up to the command that the far side runs: `command` in the words of its shell. */
char **feed_ssh(const struct feed_uri *u, const char *command);
/* The words as one line of a shell. The caller frees. */
char *feed_shell_line(const feed_words *w);

/* Follows DIR/FILE on the far side; `dir` NULL: a session's directory, which only that side knows. */
void feed_remote_file(const struct feed_uri *u, const char *dir, const char *file, const struct feed_ask *ask,
                      struct feed *out);
size_t feed_lines(const struct feed_ask *ask);

/* The OOM killer tells in one line which control group it goes for, and only in the next ones that it killed.
 * Whether the line counts; `wanted`: it does by itself. */
bool feed_killed(struct feed *f, const char *text, size_t len, bool wanted);
/* `daemons`: what libvirt's daemons say of the domain; else what the kernel and its likes do. */
bool feed_journal(const struct feed_uri *u, const struct feed_ask *ask, bool daemons, struct feed *out,
                  struct error *e);

#endif
