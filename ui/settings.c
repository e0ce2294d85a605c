/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/settings.h"

#include <stdlib.h>
#include <string.h>
#include "base/paths.h"
#include "diagnose/signature.h"
#include "ui/pane.h"

static void apply_columns(struct deck *d)
{
    const char *list = opt_text(d->options, OPT_COLUMNS);
    view_set_columns(&d->view, *list ? list : "default", NULL);
}

static void apply_sort(struct deck *d)
{
    view_set_sort(&d->view, opt_text(d->options, OPT_SORT), NULL);
}

static void apply_group(struct deck *d)
{
    view_set_group(&d->view, opt_text(d->options, OPT_GROUP), NULL);
}

static void apply_filter(struct deck *d)
{
    view_set_filter(&d->view, opt_text(d->options, OPT_FILTER), NULL);
}

static void apply_pane(struct deck *d)
{
    const char *id = opt_text(d->options, OPT_PANE);
    d->pane_open = false;
    for (int i = 0; i < PANE_COUNT; i++)
        if (strcmp(pane_table[i]->id, id) == 0) {
            d->pane = (enum pane_id)i;
            d->pane_open = true;
        }
}

static void apply_window(struct deck *d)
{
    for (int i = 0; i < WINDOW_COUNT; i++)
        if (strcmp(windows[i].id, opt_text(d->options, OPT_WINDOW)) == 0)
            d->window = (enum window)i;
}

static void apply_theme(struct deck *d)
{
    d->retheme = true;
}

static void apply_interval(struct deck *d)
{
    if (d->session.fleet)
        fleet_set_interval(d->session.fleet, opt_number(d->options, OPT_INTERVAL));
}

static const struct {
    enum option_id id;
    bool view; /* says how the screen looks at first */
    void (*apply)(struct deck *d);
} effects[] = {
    {OPT_COLUMNS, true, apply_columns},    {OPT_SORT, true, apply_sort},
    {OPT_GROUP, true, apply_group},        {OPT_FILTER, true, apply_filter},
    {OPT_PANE, true, apply_pane},          {OPT_WINDOW, true, apply_window},
    {OPT_THEME, false, apply_theme},       {OPT_KEYMAP, false, settings_load_keymap},
    {OPT_INTERVAL, false, apply_interval},
};

void settings_apply_view(struct deck *d)
{
    for (size_t i = 0; i < ARRAY_LEN(effects); i++)
        if (effects[i].view)
            effects[i].apply(d);
}

void settings_apply(struct deck *d, enum option_id id)
{
    for (size_t i = 0; i < ARRAY_LEN(effects); i++)
        if (effects[i].id == id)
            effects[i].apply(d);
    d->rebuild = d->dirty = true;
}

void settings_say_mistakes(struct deck *d, error_list *mistakes)
{
    for (size_t i = 0; i < mistakes->len; i++)
        deck_say(d, SEV_WARN, error_text(&mistakes->items[i]));
    error_list_free(mistakes);
    *mistakes = (error_list){0};
}

/* Whether the file may change it: -o and commands go before the file. */
static bool is_from_file(const struct options *o, int id)
{
    const char *origin = o->v[id].origin;
    return !origin || strcmp(origin, "default") == 0 || strchr(origin, '/');
}

void settings_reload(struct deck *d, const char *path)
{
    struct options fresh;
    error_list mistakes = {0};
    options_init(&fresh);
    options_load(&fresh, path, &mistakes);
    size_t changed = 0;
    for (int i = 0; i < OPT_COUNT; i++) {
        enum option_id id = (enum option_id)i;
        if (!is_from_file(d->options, i) || strcmp(opt_text(d->options, id), opt_text(&fresh, id)) == 0)
            continue;
        options_set(d->options, option_rows[i].name, opt_text(&fresh, id), fresh.v[i].origin, NULL);
        settings_apply(d, id);
        changed++;
    }
    options_free(&fresh);
    settings_load_keymap(d);
    settings_load_signatures(d);
    d->retheme = true;
    if (mistakes.len == 0)
        deck_note(d, SEV_GOOD, "read again; %zu option%s changed", changed, changed == 1 ? "" : "s");
    settings_say_mistakes(d, &mistakes);
}

void settings_load_signatures(struct deck *d)
{
    finding_list mistakes = {0};
    char *path = paths_join(paths_config_dir(), SIGNATURE_FILE);
    struct signatures *fresh = signatures_load(path, &mistakes), *before = d->signatures;
    d->signatures = fresh;
    if (before)
        vec_push(&d->old_signatures, before);
    for (size_t i = 0; i < mistakes.len; i++)
        deck_say(d, SEV_WARN, mistakes.items[i].text);
    findings_free(&mistakes);
    free(path);
}

void settings_load_keymap(struct deck *d)
{
    error_list mistakes = {0};
    keymap_free(&d->keymap);
    d->keymap = (struct keymap){0};
    keymap_load(&d->keymap, opt_text(d->options, OPT_KEYMAP), &mistakes);
    settings_say_mistakes(d, &mistakes);
    d->dirty = true;
}
