/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/help.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "ui/viewer.h"

static void heading(struct viewer *v, const char *text)
{
    viewer_add(v, ROLE_TITLE, NULL, text);
}

static void blank(struct viewer *v)
{
    viewer_add(v, ROLE_DIALOG, NULL, "");
}

/* ---- keys ---- */

static const char *const place_titles[PLACE_COUNT] = {
    [PLACE_ANY] = "KEYS EVERYWHERE",
    [PLACE_TABLE] = "KEYS IN THE TABLE",
    [PLACE_PANE] = "KEYS IN A PANE",
    [PLACE_LOGS] = "KEYS IN LOGS",
    [PLACE_GRAPHS] = "KEYS IN GRAPHS",
    [PLACE_DEVICES] = "KEYS IN DEVICES",
    [PLACE_EVENTS] = "KEYS IN EVENTS",
    [PLACE_DIALOG] = "KEYS IN DIALOGS",
    [PLACE_HELP] = "KEYS IN HELP",
    [PLACE_AUTOSTART] = "KEYS IN AUTOSTART",
    [PLACE_SCREEN] = "KEYS ON THE GUEST'S SCREEN",
};

/* All keys of one line at one place stand together. */
static char *keys_of(const struct keymap *m, const struct binding *first)
{
    struct strbuf all = {0};
    for (size_t i = 0; i < m->bindings.len; i++) {
        const struct binding *b = &m->bindings.items[i];
        if (b->place != first->place || !b->run || strcmp(b->run, first->run) != 0)
            continue;
        char name[32];
        key_label(b->key, name, sizeof(name));
        strbuf_printf(&all, "%s%s", all.len ? "  " : "", name);
    }
    return strbuf_steal(&all);
}

static bool is_first(const struct keymap *m, size_t index)
{
    const struct binding *b = &m->bindings.items[index];
    for (size_t i = 0; i < index; i++)
        if (m->bindings.items[i].place == b->place && m->bindings.items[i].run &&
            strcmp(m->bindings.items[i].run, b->run) == 0)
            return false;
    return true;
}

static void add_keys(struct deck *d, struct viewer *v)
{
    const struct keymap *m = &d->keymap;
    for (int place = 0; place < PLACE_COUNT; place++) {
        bool any = false;
        for (size_t i = 0; i < m->bindings.len; i++) {
            const struct binding *b = &m->bindings.items[i];
            if (b->place != (enum place)place || !b->run || !is_first(m, i))
                continue;
            if (!any)
                heading(v, place_titles[place]);
            any = true;
            char *keys = keys_of(m, b);
            const char *note = b->note && *b->note ? b->note : b->run;
            char *text = strcasecmp(note, b->run) == 0 ? xstrdup(note) : xasprintf("%s   (%s)", note, b->run);
            viewer_add(v, ROLE_DIALOG, keys, text);
            free(text);
            free(keys);
        }
        if (any)
            blank(v);
    }
}

/* ---- commands ---- */

static bool is_shown(const struct command *c)
{
    return !(c->flags & (COMMAND_SHELL | COMMAND_HIDDEN));
}

static void add_commands(struct deck *d, struct viewer *v)
{
    (void)d;
    heading(v, "COMMANDS (: opens the bar; Tab completes)");
    for (size_t t = 0; command_tables[t]; t++)
        for (size_t i = 0; i < command_tables[t]->n; i++) {
            const struct command *c = &command_tables[t]->rows[i];
            if (is_shown(c) && command_find(c->name) == c)
                viewer_add(v, ROLE_DIALOG, c->name, c->summary);
        }
    blank(v);
}

static void add_command(struct viewer *v, const struct command *c)
{
    char *usage = command_usage(c);
    heading(v, usage);
    free(usage);
    blank(v);
    viewer_add(v, ROLE_DIALOG, NULL, c->summary);
    if (c->detail) {
        blank(v);
        viewer_add_text(v, c->detail);
    }
    if (c->alias) {
        char *also = xasprintf("Also called: %s", c->alias);
        blank(v);
        viewer_add(v, ROLE_DIALOG, NULL, also);
        free(also);
    }
    if (c->args[0].kind != ARG_END)
        blank(v);
    for (const struct arg_spec *a = c->args; a->kind != ARG_END; a++) {
        char *text =
            xasprintf("%s%s%s", a->help ? a->help : "", a->words ? ": " : "", a->words ? a->words : "");
        viewer_add(v, ROLE_DIALOG, a->name ? a->name : "", text);
        free(text);
    }
    if (c->options[0].name)
        blank(v);
    for (const struct command_option *o = c->options; o->name; o++) {
        char *lead = xasprintf("%s%s%s%s", o->name[1] ? "--" : "-", o->name, o->value ? " " : "",
                               o->value ? o->value : "");
        viewer_add(v, ROLE_DIALOG, lead, o->help ? o->help : "");
        free(lead);
    }
}

/* ---- words of other languages ---- */

static void add_filter(struct deck *d, struct viewer *v)
{
    static const char *const forms[][2] = {
        {"web", "name, title, tags or an address contain it"},
        {"web*", "the name fits the pattern"},
        {"state=running", "a column, one of = != < <= > >= ~ (contains), a value"},
        {"cpu>50  mem>=2G", "figures take units; uptime<1h"},
        {"!x", "not x"},
        {"a b", "both"},
        {"a | b", "either; ( ) group"},
    };
    (void)d;
    heading(v, "FILTER (/ opens it; the table follows while it is typed)");
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        viewer_add(v, ROLE_DIALOG, forms[i][0], forms[i][1]);
    for (const struct filter_predicate *p = filter_predicates; p->name; p++)
        viewer_add(v, ROLE_DIALOG, p->name, p->help);
    blank(v);
}

static void add_columns(struct deck *d, struct viewer *v)
{
    (void)d;
    heading(v, "COLUMNS (for columns, sort and filters)");
    for (size_t i = 0; i < n_columns; i++)
        viewer_add(v, ROLE_DIALOG, columns[i].id, columns[i].help ? columns[i].help : columns[i].title);
    blank(v);
}

static void add_options(struct deck *d, struct viewer *v)
{
    heading(v, "OPTIONS (config.json, set-option; `config` tells where each comes from)");
    for (int i = 0; i < OPT_COUNT; i++) {
        char *text = xasprintf("%s  [%s]", option_rows[i].help, opt_text(d->options, (enum option_id)i));
        viewer_add(v, ROLE_DIALOG, option_rows[i].name, text);
        free(text);
    }
    blank(v);
}

static const struct {
    const char *name;
    void (*add)(struct deck *d, struct viewer *v);
} topics[] = {{"keys", add_keys},
              {"commands", add_commands},
              {"filter", add_filter},
              {"columns", add_columns},
              {"options", add_options}};

bool help_open(struct deck *d, const char *topic, struct error *e)
{
    bool found = !topic || command_find(topic);
    for (size_t i = 0; !found && i < ARRAY_LEN(topics); i++)
        found = strcmp(topic, topics[i].name) == 0;
    if (!found)
        return error_set(e, STATUS_USAGE, "there is no help on \"%s\"", topic);
    struct viewer *v = viewer_new(topic ? topic : "Help", PLACE_HELP);
    /* A name can be both: the topic explains the language, the command itself how it is given. */
    const struct command *c = topic ? command_find(topic) : NULL;
    if (c) {
        add_command(v, c);
        blank(v);
    }
    for (size_t i = 0; i < ARRAY_LEN(topics); i++)
        if (!topic || strcmp(topic, topics[i].name) == 0)
            topics[i].add(d, v);
    viewer_show(d, v);
    return true;
}
