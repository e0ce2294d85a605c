/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command language. One table row is a command: the command bar, the keys, the mouse and the shell run
 * it; help, completion, usage errors, `--help` and the manual are made from it. Tables come from several
 * files (a family each) and are joined by command_tables. Main thread.
 *
 * A line: words separated by blanks; 'single' and "double" quotes, backslash; # starts a comment at a word's
 * start; A && B runs B when A was done. `--` ends options.
 */
#ifndef VIRTDECK_COMMAND_COMMAND_H
#define VIRTDECK_COMMAND_COMMAND_H

#include <json-c/json.h>
#include "base/error.h"
#include "model/filter.h"
#include "model/options.h"
#include "virt/fleet.h"

struct call;
struct signatures;

enum command_flag {
    COMMAND_CHANGES = 1,   /* refused on a read-only host: one check, in command_prepare() */
    COMMAND_DESTROYS = 2,  /* something is lost: asks on the screen, wants --yes in the shell */
    COMMAND_TYPE_NAME = 4, /* the question wants the name typed */
    COMMAND_TARGETS =
        8,             /* the first word(s) name domains; without any: the screen's tagged or selected ones */
    COMMAND_MANY = 16, /* takes several targets; the first positional words up to `args`' fixed ones */
    COMMAND_SCREEN = 32,   /* only on the screen */
    COMMAND_SHELL = 64,    /* only from the shell */
    COMMAND_NO_HOST = 128, /* needs no connection (help, config, version) */
    COMMAND_HIDDEN = 256,  /* for programs: neither in help nor in completion */
    COMMAND_PATIENT = 512, /* the shell waits for a host that does not answer, and connects again; it prints
                              the steps that the job tells */
    COMMAND_ENDLESS = 1024 /* goes on until it is interrupted, which is no failure */
};

/* What a positional word is, for completion and for the words of usage errors. */
enum arg_kind {
    ARG_END,
    ARG_TARGET,
    ARG_WORD,
    ARG_TEXT,
    ARG_NUMBER,
    ARG_COLUMN,
    ARG_COLUMNS,
    ARG_SORT,
    ARG_FILTER,
    ARG_FILE,
    ARG_COMMAND,
    ARG_OPTION,
    ARG_OPTION_VALUE,
    ARG_THEME,
    ARG_KEYMAP,
    ARG_HOST,
    ARG_KIND,    /* a kind of device */
    ARG_DEVICE,  /* a device of the call's target, or a kind for a new one */
    ARG_ASSIGN,  /* FIELD=VALUE of the device, or one of `words` */
    ARG_SETTING, /* FIELD=VALUE of `set` */
    ARG_SOURCES, /* sources of log lines, with commas */
    ARG_POLICY,  /* on, off, once or FIELD=VALUE of an autostart policy; where it repeats, the targets end at
                    the  first such word */
};

struct arg_spec {
    const char *name; /* "VM", "NEW-NAME" */
    enum arg_kind kind;
    const char *words; /* ARG_WORD: allowed ones, space separated; completion offers them */
    bool optional, repeat;
    const char *help; /* shown inline while it is typed */
};

struct command_option {
    const char *name;   /* "timeout": given as --timeout; one letter "n": as -n */
    const char *value;  /* "SECONDS"; "acpi|agent" with ARG_WORD: the allowed ones; NULL: a switch */
    enum arg_kind kind; /* for completion and checking of the value */
    const char *help;
    const char *loses; /* what giving it loses: then the call is destructive whatever the row's flags; NULL */
};

#define COMMAND_MAX_ARGS    4
#define COMMAND_MAX_OPTIONS 8

struct command {
    const char *name;    /* one word or two ("autostart plan") */
    const char *alias;   /* other names, space separated; NULL */
    const char *summary; /* one line, begins with a verb, no full stop */
    const char *detail;  /* a paragraph for help and the manual; may be NULL */
    unsigned flags;
    struct arg_spec args[COMMAND_MAX_ARGS + 1];             /* ends with kind ARG_END */
    struct command_option options[COMMAND_MAX_OPTIONS + 1]; /* ends with name NULL */
    bool (*run)(struct call *call, struct error *e);
    const void *data;  /* what `run` may need of its row */
    const char *loses; /* COMMAND_DESTROYS: what is lost, a clause for the question; may be NULL */
    /* What this very call loses, static; NULL: nothing. For rows whose words decide; may be NULL. */
    const char *(*loses_now)(const struct call *call);
};

/* The families, NULL-terminated; defined in ui/tables.c, and by tests that bring their own. */
struct command_table {
    const struct command *rows;
    size_t n;
};
extern const struct command_table *const command_tables[];

struct target {
    int host;
    struct vm_uuid uuid;
    char *name;
};

struct target_list {
    struct target *items;
    size_t len, cap;
};

/* What a frontend (the screen, the shell) does for commands. */
struct frontend {
    bool screen;
    void *ctx;
    /* The tagged domains, else the selected one, else none. */
    void (*default_targets)(void *ctx, struct target_list *out);
    /* A message for a person. */
    void (*say)(void *ctx, enum severity severity, const char *text);
    /* A command's output: lines of text (raw; the frontend escapes where it must), or one JSON value (taken
     * over). */
    void (*print)(void *ctx, const char *text);
    void (*print_json)(void *ctx, json_object *value);
    /* Bytes of ours for the terminal as they are: colours, graphics. NULL on the screen, which draws itself.
     */
    void (*print_bytes)(void *ctx, const char *bytes, size_t len);
    /* A job was submitted for this call: the frontend follows it to its end. Takes the reference. */
    void (*follow)(void *ctx, struct job *job);
    /* Lets the hosts work until done(arg) says so, or the monotonic time until_ms (-1: none) has come: true.
     * False with e set when the user interrupts, or nobody is left to wait for. `fd` (-1: none) wakes it,
     * too. NULL on the screen, which never waits: a command then does with what is known. */
    bool (*wait)(void *ctx, int fd, bool (*done)(void *arg), void *arg, int64_t until_ms, struct error *e);
};

struct session {
    struct fleet *fleet;
    struct options *options;
    const struct frontend *frontend;
    bool json, csv, yes;           /* of the shell's global options */
    struct signatures *signatures; /* of known failures; NULL: not loaded yet (command/diagnose.h) */
    /* Set by a command while it runs in the shell: hears of all hosts' events. NULL: nobody does. */
    void (*heard)(void *ctx, int host, const struct event *ev);
    void *heard_ctx;
};

/* A line understood: command, targets, words, options. */
struct call {
    struct session *session;
    const struct command *command;
    struct target_list targets;
    VEC(char *) words;                 /* positional words that are not targets */
    char *option[COMMAND_MAX_OPTIONS]; /* value ("" for a switch) or NULL; index as in the row */
    bool yes;
    bool json; /* --json was given to the program or to this command */
};

/* Splits a line; the error points at the byte. Words are freed with words_free(). */
struct word {
    char *text;
    int position; /* byte offset in the line */
};
typedef VEC(struct word) word_list;
bool words_split(const char *line, word_list *words, struct error *e);
void words_free(word_list *words);
/* The index behind the last word of the command that begins at word `from`: that of the next && (which is a
 * word of its own), or words->len. */
size_t words_command_end(const char *line, const word_list *words, size_t from);
/* The word as it has to be typed to mean this text. The caller frees. */
char *word_quote(const char *text);

const struct command *command_find(const char *name); /* by name or alias; exact; two words: one blank */
/* Of a line: the command that its first words name, for the screen or the shell; *len (may be NULL): how many
 * bytes the name takes. NULL: none. */
const struct command *command_find_in(bool screen, const char *line, size_t *len);
/* Understands words: finds the command, checks options and words, resolves targets against the newest
 * snapshots, refuses changes on read-only hosts. NULL with e set (position = index of the offending word).
 * The caller frees. */
struct call *command_prepare(struct session *s, int argc, const char *const *argv, struct error *e);
/* Only the syntax: the command exists here, its options and words are right. Needs no session and no host
 * (keymaps are checked with it). False with e set as above. */
bool command_check(bool screen, int argc, const char *const *argv, struct error *e);
/* The question to ask before it runs, or NULL for none: whether it asks depends on the row, OPT_CONFIRM and
 * --yes. The caller frees. *typed: the name to be typed (owned by the call), or NULL. */
char *command_question(const struct call *call, const char **typed);
bool command_run(struct call *call, struct error *e);
void call_free(struct call *call);
const char *call_option(const struct call *call,
                        const char *name); /* value, "" for a switch that is on, or NULL */

/* "start VM... [--paused]": from the row. The caller frees. */
char *command_usage(const struct command *c);

/* Adds the domains that a word names: name, UUID, id, glob, filter (a word with an operator), HOST/name.
 * False with e set when it names none. */
bool targets_resolve(struct fleet *f, const char *word, struct target_list *out, struct error *e);
void target_list_add(struct target_list *l, int host, const struct vm_uuid *uuid,
                     const char *name); /* once each */
void target_list_free(struct target_list *l);

/* Completion of the word at byte `cursor` of `line`: candidates with a note each, already quoted where
 * needed. */
struct candidate {
    char *text, *note;
};
typedef VEC(struct candidate) candidate_list;
void command_complete(struct session *s, const char *line, size_t cursor, size_t *word_start,
                      candidate_list *out);
void candidates_free(candidate_list *l);
/* The inline hint for what is being typed: usage and the current argument's help. The caller frees; "" for
 * none. */
char *command_hint(struct session *s, const char *line, size_t cursor);

#endif
