/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of src/command/ share with one another. Main thread.
 */
#ifndef VIRTDECK_COMMAND_PRIVATE_H
#define VIRTDECK_COMMAND_PRIVATE_H

#include "base/strbuf.h"
#include "command/command.h"

/* Longer lines are no commands but accidents (a paste, a wrong file). */
#define WORDS_MAX_LINE (1 << 20)

/* Reads a line word by word; words_split() and completion (which stops in the middle of a word) share it. */
struct word_scan {
    const char *line;
    size_t at, end;
    struct strbuf text; /* the word without its quotes */
    size_t position;    /* where it begins; where nothing is left: the end */
    char open;          /* the quote (or backslash) still open at the end; '\0' for none */
    size_t open_at;
    bool is_and;  /* the word is the operator && */
    bool comment; /* the rest of the line is a comment */
};
void word_scan_begin(struct word_scan *s, const char *line, size_t end);
bool word_scan_next(struct word_scan *s); /* false at the end */
void word_scan_end(struct word_scan *s);

/* All rows of all tables: start with *i = 0; NULL at the end. */
const struct command *command_next(size_t *i);
/* THE reading of a command's name: rows may have names of two words ("autostart plan"), which go before those
 * of one. *name_words: how many of the words it takes. NULL: the first words name no command. */
const struct command *command_of_line(bool screen, size_t n, const char *const *words, size_t *name_words);
/* "plan" of a row "autostart plan" whose first word this is; NULL. */
const char *command_second_word(const struct command *c, const char *first);
/* By name or alias, for this door: its own rows go before rows of the same name for the other one. */
const struct command *command_find_for(bool screen, const char *name);
bool command_is_for(const struct command *c, bool screen);
/* Whether `name` is the row's name or one of its aliases. */
bool command_is_called(const struct command *c, const char *name);
/* What is lost when the call runs, as clauses joined by "; ": of the row and of the options given. NULL:
 * nothing. The caller frees. */
char *call_loses(const struct call *call);
/* Index in the row's options of one named so, -1 for none. */
int command_option_index(const struct command *c, const char *name);

/* Whether a list separated by `sep` has this item. */
bool list_has(const char *list, char sep, const char *item);
/* The next item of such a list: its length, *list moved behind it; NULL at the end. Empty items are left out.
 */
const char *list_next(const char **list, char sep, size_t *len);

/* Whether a word is meant as an option of the row: begins with a dash, and the row takes no such words. */
bool word_is_option(const struct command *c, const char *word);

/* Positional words: which are targets, which belong to the row's other arguments. */
struct arg_plan {
    const struct arg_spec *target; /* the row's target argument, NULL for none */
    const struct arg_spec *fixed;  /* the ones behind it; ends with ARG_END */
    size_t required, most;         /* how many words they take; most SIZE_MAX where the last repeats */
};
struct arg_plan arg_plan_of(const struct command *c);
/* The argument that takes the i-th word behind the targets; NULL for too many. */
const struct arg_spec *arg_at(const struct arg_plan *plan, size_t i);

/* Where the cursor is in a line: what is being typed there. */
struct completion {
    const struct session *session; /* fleet and options may be NULL */
    bool screen;
    candidate_list *out;
    const char *prefix; /* the word so far, without quotes */
    char quote;         /* the quote it was begun with, or '\0' */
    /* Put in front of each candidate ("--filter=", "name,state,"), not compared. */
    const char *before;
    const char *option;       /* ARG_OPTION_VALUE: the option whose value it is */
    const char *const *given; /* words already there, for not offering them again */
    size_t n_given;
};
/* Adds the candidates of one kind (complete_kinds.c). `choices` as in arg_spec.words, separated by `sep`. */
void complete_kind(struct completion *c, enum arg_kind kind, const char *choices, char sep);
/* Adds one candidate if it begins with the prefix, quoted as needed. `note` may be NULL. */
void complete_offer(struct completion *c, const char *text, const char *note);
/* Devices, their kinds and FIELD=VALUE (complete_devices.c). */
typedef void complete_kind_fn(struct completion *c, const char *choices, char sep);
complete_kind_fn complete_kinds_of_devices, complete_devices, complete_assignments, complete_settings;
/* Words of an autostart policy (complete_policy.c). */
complete_kind_fn complete_policy;
/* Names of commands: their first words, or (first not NULL) the second ones of those that begin with it. */
void complete_commands(struct completion *c, const char *first);
/* Whether what is typed at the cursor names domains or hosts, so that it pays to ask them. */
bool completion_needs_host(bool screen, const char *line, size_t cursor);

/* Whether a word is meant for an autostart policy: on, off, once, or NAME=… where NAME is one of its fields,
 * or nothing that a filter knows either. */
bool word_is_policy(const char *word);
/* Whether a word can only be a filter: it has an operator. */
bool word_is_filter(const char *word);
/* Warns of the domains whose definition can't be had now: a filter may leave them out for that alone. */
void tell_unread(const struct session *s);

/* A row for the column functions, from a snapshot; `o` may be NULL (built-in thresholds). Borrows all. */
struct row row_of(const struct snapshot *s, const struct vm *vm, const struct options *o, bool unicode);

/* Valid UTF-8 whatever comes: wrong bytes become U+FFFD; NULL gives JSON null. */
json_object *json_text(const char *raw);
/* A number as JSON shows it: no exponent, at most 3 decimals; NAN gives null. */
json_object *json_figure(double value);

#endif
