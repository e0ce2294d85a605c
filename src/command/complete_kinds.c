/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The candidates of each kind of argument: one function a kind, one table of them.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/builtin.h"
#include "base/paths.h"
#include "command/command.h"
#include "command/private.h"
#include "model/column.h"
#include "model/source.h"

/* Quoted with the quote that was begun, or as it needs. */
static char *quoted(const struct completion *c, const char *text)
{
    if (c->quote == '\0')
        return word_quote(text);
    struct strbuf out = {0};
    strbuf_putc(&out, c->quote);
    for (const char *p = text; *p; p++) {
        if (c->quote == '"' && (*p == '"' || *p == '\\'))
            strbuf_putc(&out, '\\');
        if (c->quote == '\'' && *p == '\'')
            strbuf_puts(&out, "'\\'");
        strbuf_putc(&out, *p);
    }
    strbuf_putc(&out, c->quote);
    return strbuf_steal(&out);
}

static void add(struct completion *c, const char *text, const char *note)
{
    char *whole = xasprintf("%s%s", c->before, text);
    struct candidate found = {.text = quoted(c, whole), .note = xstrdup(note ? note : "")};
    vec_push(c->out, found);
    free(whole);
}

void complete_offer(struct completion *c, const char *text, const char *note)
{
    if (strncmp(text, c->prefix, strlen(c->prefix)) == 0)
        add(c, text, note);
}

/* ---- domains ---- */

/* A name that can be typed and means what it says: no control bytes, nothing that reads as an option. */
static bool is_typable(const char *name)
{
    char *escaped = text_escaped(name);
    bool same = strcmp(escaped, name) == 0;
    free(escaped);
    return same && name[0] && name[0] != '-';
}

static bool is_given(const struct completion *c, const char *name)
{
    for (size_t i = 1; i < c->n_given; i++)
        if (strcmp(c->given[i], name) == 0)
            return true;
    return false;
}

static void offer_domain(struct completion *c, const struct snapshot *snap, const struct vm *vm, bool several)
{
    char *note = several ? xasprintf("%s, %s", vm_state_name(vm->state), snap->host.name)
                         : xstrdup(vm_state_name(vm->state));
    if (is_given(c, vm->name)) {
        free(note);
        return;
    }
    if (is_typable(vm->name)) {
        complete_offer(c, vm->name, note);
    } else if (strncmp(vm->name, c->prefix, strlen(c->prefix)) == 0) {
        char uuid[UUID_TEXT_LEN + 1];
        uuid_format(&vm->uuid, uuid);
        add(c, uuid, vm->name);
    }
    free(note);
}

static void offer_on_host(struct completion *c, const struct snapshot *snap)
{
    for (size_t i = 0; i < snap->n_vms; i++) {
        char *name = xasprintf("%s/%s", snap->host.name, snap->vms[i].name);
        if (is_typable(name))
            complete_offer(c, name, vm_state_name(snap->vms[i].state));
        free(name);
    }
}

static void kind_filter(struct completion *c, const char *choices, char sep);

static void kind_target(struct completion *c, const char *choices, char sep)
{
    struct fleet *f = c->session->fleet;
    size_t n = f ? fleet_len(f) : 0;
    if (word_is_filter(c->prefix)) {
        kind_filter(c, choices, sep);
        return;
    }
    for (size_t h = 0; h < n; h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        if (n > 1 && strchr(c->prefix, '/'))
            offer_on_host(c, snap);
        for (size_t i = 0; i < snap->n_vms; i++)
            offer_domain(c, snap, &snap->vms[i], n > 1);
        snapshot_unref(snap);
    }
}

static void kind_host(struct completion *c, const char *choices, char sep)
{
    struct fleet *f = c->session->fleet;
    (void)choices;
    (void)sep;
    for (size_t h = 0; f && h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        if (snap->host.name)
            complete_offer(c, snap->host.name, snap->host.uri);
        snapshot_unref(snap);
    }
}

/* ---- columns and filters ---- */

/* Completes the last piece of the prefix: what is before `piece` goes in front of the candidates. */
struct piece {
    char *before;
    const char *outer_before, *outer_prefix;
};

static struct piece piece_begin(struct completion *c, size_t at)
{
    struct piece p = {.before = xasprintf("%s%.*s", c->before, (int)at, c->prefix),
                      .outer_before = c->before,
                      .outer_prefix = c->prefix};
    c->before = p.before;
    c->prefix += at;
    return p;
}

static void piece_end(struct completion *c, struct piece *p)
{
    c->before = p->outer_before;
    c->prefix = p->outer_prefix;
    free(p->before);
}

static void kind_column(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    for (size_t i = 0; i < n_columns; i++)
        complete_offer(c, columns[i].id, columns[i].help);
}

static void kind_columns(struct completion *c, const char *choices, char sep)
{
    const char *comma = strrchr(c->prefix, ',');
    struct piece p = piece_begin(c, comma ? (size_t)(comma + 1 - c->prefix) : 0);
    kind_column(c, choices, sep);
    complete_offer(c, "all", "every column");
    complete_offer(c, "default", "the usual columns");
    piece_end(c, &p);
}

/* What the guest agent says is shown on the screen only. */
static void kind_sources(struct completion *c, const char *choices, char sep)
{
    const char *comma = strrchr(c->prefix, ',');
    struct piece p = piece_begin(c, comma ? (size_t)(comma + 1 - c->prefix) : 0);
    (void)choices;
    (void)sep;
    for (int s = 0; s < SOURCES; s++)
        if (s != SOURCE_AGENT)
            complete_offer(c, source_word((enum line_source)s), NULL);
    piece_end(c, &p);
}

static void kind_sort(struct completion *c, const char *choices, char sep)
{
    struct piece p = piece_begin(c, c->prefix[0] == '-' ? 1 : 0);
    kind_column(c, choices, sep);
    piece_end(c, &p);
}

static void offer_states(struct completion *c)
{
    for (int i = 0; i < VM_STATE_COUNT; i++) {
        const char *name = vm_state_name((enum vm_state)i);
        char *joined = xcalloc(1, strlen(name) + 1), *to = joined;
        for (const char *p = name; *p; p++)
            if (*p != ' ')
                *to++ = *p;
        complete_offer(c, joined, NULL);
        free(joined);
    }
}

static void offer_tags(struct completion *c)
{
    struct fleet *f = c->session->fleet;
    for (size_t h = 0; f && h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        for (size_t i = 0; i < snap->n_vms; i++) {
            const char *tags = snap->vms[i].def ? snap->vms[i].def->tags : NULL;
            size_t len;
            for (const char *item; tags && (item = list_next(&tags, ' ', &len)) != NULL;) {
                char *tag = xstrndup(item, len);
                complete_offer(c, tag, NULL);
                free(tag);
            }
        }
        snapshot_unref(snap);
    }
}

static void offer_os(struct completion *c)
{
    struct fleet *f = c->session->fleet;
    for (size_t h = 0; f && h < fleet_len(f); h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        for (size_t i = 0; i < snap->n_vms; i++)
            if (snap->vms[i].def && snap->vms[i].def->os)
                complete_offer(c, snap->vms[i].def->os, NULL);
        snapshot_unref(snap);
    }
}

static void offer_terms(struct completion *c)
{
    for (const struct filter_predicate *p = filter_predicates; p->name; p++)
        complete_offer(c, p->name, p->help);
    for (size_t i = 0; i < n_columns; i++) {
        char *term = xasprintf("%s%c", columns[i].id, columns[i].number ? '>' : '=');
        complete_offer(c, term, columns[i].help);
        free(term);
    }
}

static void kind_filter(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    size_t at = strlen(c->prefix);
    while (at > 0 && !strchr(" \t|(!", c->prefix[at - 1]))
        at--;
    struct piece p = piece_begin(c, at);
    size_t name = strcspn(c->prefix, "=<>~!");
    size_t op = strspn(c->prefix + name, "=<>~!");
    if (op == 0) {
        offer_terms(c);
    } else {
        char *column = xstrndup(c->prefix, name);
        struct piece value = piece_begin(c, name + op);
        if (strcmp(column, "state") == 0)
            offer_states(c);
        else if (strcmp(column, "host") == 0)
            kind_host(c, NULL, ' ');
        else if (strncmp(column, "tag", 3) == 0)
            offer_tags(c);
        else if (strcmp(column, "os") == 0)
            offer_os(c);
        piece_end(c, &value);
        free(column);
    }
    piece_end(c, &p);
}

/* ---- words, options, files ---- */

static void kind_word(struct completion *c, const char *choices, char sep)
{
    size_t len;
    for (const char *item; choices && (item = list_next(&choices, sep, &len)) != NULL;) {
        char *word = xstrndup(item, len);
        complete_offer(c, word, NULL);
        free(word);
    }
}

/* Of a name of two words the first one alone, until it stands there. */
static void offer_command(struct completion *c, const struct command *row, const char *first)
{
    const char *second = first ? command_second_word(row, first) : NULL;
    size_t len = strcspn(row->name, " ");
    if (first && second) {
        complete_offer(c, second, row->summary);
    } else if (!first && row->name[len]) {
        char *word = xstrndup(row->name, len);
        if (!command_find_for(c->screen, word))
            complete_offer(c, word, row->summary);
        free(word);
    } else if (!first) {
        complete_offer(c, row->name, row->summary);
    }
}

void complete_commands(struct completion *c, const char *first)
{
    size_t i = 0;
    for (const struct command *row; (row = command_next(&i)) != NULL;)
        if (command_is_for(row, c->screen) && !(row->flags & COMMAND_HIDDEN))
            offer_command(c, row, first);
}

static void kind_command(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    complete_commands(c, c->n_given > 1 ? c->given[c->n_given - 1] : NULL);
}

static void kind_option(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    for (size_t i = 0; i < OPT_COUNT; i++)
        complete_offer(c, option_rows[i].name, option_rows[i].help);
}

/* NAME of each "DIR/NAME.json": built in, and the user's. */
static void offer_json_files(struct completion *c, const char *dir)
{
    size_t len = strlen(dir);
    char name[256];
    for (const struct builtin *b = builtins; b->path; b++) {
        const char *dot = strrchr(b->path, '.');
        if (strncmp(b->path, dir, len) != 0 || b->path[len] != '/' || !dot)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(dot - b->path - (ptrdiff_t)len - 1), b->path + len + 1);
        complete_offer(c, name, "built in");
    }
    char *path = paths_join(paths_config_dir(), dir);
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || dot == entry->d_name || strcmp(dot, ".json") != 0)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(dot - entry->d_name), entry->d_name);
        complete_offer(c, name, "yours");
    }
    if (d)
        closedir(d);
    free(path);
}

static void kind_theme(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    offer_json_files(c, "themes");
}

static void kind_keymap(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    offer_json_files(c, "keymaps");
}

static void kind_option_value(struct completion *c, const char *choices, char sep)
{
    const struct option_row *row = c->option ? option_find(c->option) : NULL;
    (void)sep;
    if (!row)
        return;
    if (row->id == OPT_THEME)
        kind_theme(c, choices, ' ');
    else if (row->id == OPT_KEYMAP)
        kind_keymap(c, choices, ' ');
    else if (row->id == OPT_COLUMNS)
        kind_columns(c, choices, ' ');
    else if (row->id == OPT_SORT)
        kind_sort(c, choices, ' ');
    else if (row->id == OPT_FILTER)
        kind_filter(c, choices, ' ');
    else if (row->type == OPTION_BOOL)
        kind_word(c, "true false", ' ');
    else
        kind_word(c, row->values, ' ');
    complete_offer(c, row->def, "default");
}

static bool is_directory(const char *dir, const char *name)
{
    struct stat st;
    char *path = xasprintf("%s/%s", dir, name);
    bool yes = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    free(path);
    return yes;
}

static void kind_file(struct completion *c, const char *choices, char sep)
{
    (void)choices;
    (void)sep;
    const char *slash = strrchr(c->prefix, '/');
    struct piece p = piece_begin(c, slash ? (size_t)(slash + 1 - c->prefix) : 0);
    char *typed = xstrndup(p.outer_prefix, slash ? (size_t)(slash + 1 - p.outer_prefix) : 0);
    char *path = paths_expand(typed[0] ? typed : ".");
    DIR *d = opendir(path);
    for (struct dirent *entry; d && (entry = readdir(d)) != NULL;) {
        if (entry->d_name[0] == '.' && c->prefix[0] != '.')
            continue;
        bool directory = is_directory(path, entry->d_name);
        char *name = xasprintf("%s%s", entry->d_name, directory ? "/" : "");
        complete_offer(c, name, directory ? "directory" : "");
        free(name);
    }
    if (d)
        closedir(d);
    free(path);
    free(typed);
    piece_end(c, &p);
}

/* Kinds that are not here (numbers, free text) have no candidates. */
static complete_kind_fn *const kinds[] = {
    [ARG_TARGET] = kind_target,
    [ARG_WORD] = kind_word,
    [ARG_COLUMN] = kind_column,
    [ARG_COLUMNS] = kind_columns,
    [ARG_SORT] = kind_sort,
    [ARG_FILTER] = kind_filter,
    [ARG_FILE] = kind_file,
    [ARG_COMMAND] = kind_command,
    [ARG_OPTION] = kind_option,
    [ARG_OPTION_VALUE] = kind_option_value,
    [ARG_THEME] = kind_theme,
    [ARG_KEYMAP] = kind_keymap,
    [ARG_HOST] = kind_host,
    [ARG_KIND] = complete_kinds_of_devices,
    [ARG_DEVICE] = complete_devices,
    [ARG_ASSIGN] = complete_assignments,
    [ARG_SETTING] = complete_settings,
    [ARG_POLICY] = complete_policy,
    [ARG_SOURCES] = kind_sources,
};

void complete_kind(struct completion *c, enum arg_kind kind, const char *choices, char sep)
{
    if (kind != ARG_WORD)
        kind_word(c, choices, sep);
    if ((size_t)kind < ARRAY_LEN(kinds) && kinds[kind])
        kinds[kind](c, choices, sep);
}
