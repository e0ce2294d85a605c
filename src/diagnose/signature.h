/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signatures of known failures: data (signatures.json beside this file, compiled in; a user's own in the
 * configuration directory come on top). A line is matched against all of them; what was captured from it is
 * put into cause, remedy and command. A set is constant once loaded: any thread, many at once.
 *
 * A signature in the file:
 *   id          a word; a user's signature takes the place of the built-in one of that name
 *   source      a word of model/source.h, or a list of them
 *   pattern     base/pattern.h; `groups` may name its groups, in order
 *   code,domain libvirt's numbers of an error that means this whatever its text is (it may be translated)
 *   severity    error, warning or info;   rank   1 … 99, generic ones last
 *   definition  true: a change of the definition can cause it
 *   cause, remedy     sentences; {1}, {name} or {name|else} is put in: a group, or vm (the domain), uri
 *   command     a command line of virtdeck, or "$ " and a shell's; {name} is put in as one quoted word;
 *               {?WORD} is something that a person has to fill in
 *   where       "here": the shell line is run where virtdeck runs, else on the host of the domains
 *   example     a line that it matches;   near   lines that it must not match
 *   also        ids of others that match the example, too
 */
#ifndef VIRTDECK_DIAGNOSE_SIGNATURE_H
#define VIRTDECK_DIAGNOSE_SIGNATURE_H

#include <stdint.h>
#include "base/pattern.h"
#include "base/vec.h"
#include "model/finding.h"
#include "model/source.h"

#define SIGNATURE_LOOKED_AT 8192              /* bytes of a line; what is behind is not looked at */
#define SIGNATURE_MOST      1000              /* in one file */
#define SIGNATURE_FILE      "signatures.json" /* in the configuration directory */

typedef VEC(char *) signature_strings;

struct signature {
    char *id;
    unsigned sources; /* 1 << enum line_source */
    char *regex;      /* NULL: known by its code only */
    struct pattern *pattern;
    char *groups[PATTERN_GROUPS]; /* NULL: by number only */
    int code, domain;             /* 0: any */
    enum severity severity;
    int rank;
    bool definition, here;
    char *cause, *remedy, *command; /* templates; command may be NULL */
    char *example;                  /* NULL only in a user's */
    signature_strings near, also;
    bool users; /* from the user's file */
};

struct signatures; /* opaque */

/* The built-in ones, then those in `path` (NULL: none; a missing file is no mistake). Each mistake is a
 * finding that names file and line; the rest counts. Never NULL. */
struct signatures *signatures_load(const char *path, finding_list *mistakes);
/* The built-in ones left out: for tests of one file. `name` stands in the findings. */
struct signatures *signatures_parse(const char *name, const char *text, size_t len, finding_list *mistakes);
/* One more reference; signatures_free() gives one back, the last one frees. Any thread. */
struct signatures *signatures_ref(struct signatures *s);
void signatures_free(struct signatures *s);
size_t signatures_count(const struct signatures *s);
const struct signature *signatures_at(const struct signatures *s, size_t i); /* in order of rank */
const struct signature *signatures_find(const struct signatures *s, const char *id);

/* What is looked at. */
struct evidence_line {
    enum line_source source;
    const char *text; /* raw; may hold NUL bytes */
    size_t len;
    size_t begin;     /* a match has to begin in the first so many bytes; 0: anywhere. Where what follows a
                       * line was put behind it. */
    int code, domain; /* of a libvirt error; 0 */
};

/* What else is put into the templates. */
struct evidence_context {
    const char *vm;   /* NULL: not known */
    const char *uri;  /* without password; NULL: libvirt's default */
    const char *host; /* what ssh calls the host where the domains are; NULL: this one */
};

struct diagnosis {
    const struct signature *signature; /* lives as long as the set */
    size_t at;                         /* byte where the match begins; 0 for one by code */
    char *cause, *remedy;              /* raw, with a stranger's words in it */
    char *command;                     /* NULL: none, or what was captured is not fit for one */
    bool complete;                     /* the command has no place left that a person must fill in */
};
typedef VEC(struct diagnosis) diagnosis_list;

/* Adds what is known about the line, best rank first. */
void signatures_match(const struct signatures *s, const struct evidence_line *line,
                      const struct evidence_context *context, diagnosis_list *out);
/* The best of them only, without texts: for marking lines as they come in. NULL: none. */
const struct signature *signatures_best(const struct signatures *s, const struct evidence_line *line);
void diagnosis_clear(struct diagnosis *d);
void diagnoses_free(diagnosis_list *l);

/* Whether a template can be filled, for the loader: false with e set names the placeholder that nothing
 * fills, or the one that stands inside quotes of a command. */
bool signature_check_template(const struct signature *s, const char *text, bool command, struct error *e);

#endif
