/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/viewstate.h"

#include <stdlib.h>
#include <string.h>
#include "base/jsondoc.h"
#include "ui/pane.h"

/* Options that were set on purpose are not overruled. */
static bool is_free(const struct deck *d, enum option_id id)
{
    const char *origin = d->options->v[id].origin;
    return !origin || strcmp(origin, "default") == 0;
}

static bool load_columns(struct deck *d, json_object *root, struct error *e)
{
    const char *list = jsondoc_text(root, "columns");
    if (list && is_free(d, OPT_COLUMNS) && !view_set_columns(&d->view, list, e))
        return false;
    json_object *all;
    if (!json_object_object_get_ex(root, "widths", &all) || !json_object_is_type(all, json_type_object))
        return true;
    json_object_object_foreach(all, id, width)
    {
        struct view_column *vc = view_find_column(&d->view, id);
        int w = json_object_get_int(width);
        if (vc && w >= vc->column->min_width && w <= 200)
            vc->width = w;
    }
    return true;
}

static void load_pane(struct deck *d, json_object *root)
{
    const char *id = jsondoc_text(root, "pane");
    if (!id || !is_free(d, OPT_PANE))
        return;
    d->pane_open = false;
    for (int i = 0; i < PANE_COUNT; i++)
        if (strcmp(pane_table[i]->id, id) == 0) {
            d->pane = (enum pane_id)i;
            d->pane_open = true;
        }
}

static void load_window(struct deck *d, json_object *root)
{
    const char *id = jsondoc_text(root, "window");
    for (int i = 0; id && is_free(d, OPT_WINDOW) && i < WINDOW_COUNT; i++)
        if (strcmp(windows[i].id, id) == 0)
            d->window = (enum window)i;
}

bool viewstate_load(struct deck *d, const char *path, struct error *e)
{
    struct jsondoc doc = {0};
    bool missing = false;
    if (!jsondoc_load(&doc, path, &missing, e)) {
        if (missing && e)
            error_clear(e);
        return missing;
    }
    bool good = load_columns(d, doc.root, e);
    const char *sort = jsondoc_text(doc.root, "sort"), *group = jsondoc_text(doc.root, "group");
    if (sort && is_free(d, OPT_SORT))
        good = view_set_sort(&d->view, sort, good ? e : NULL) && good;
    if (group && is_free(d, OPT_GROUP))
        good = view_set_group(&d->view, group, good ? e : NULL) && good;
    load_pane(d, doc.root);
    load_window(d, doc.root);
    jsondoc_free(&doc);
    d->rebuild = true;
    return good;
}

static void save_columns(const struct deck *d, json_object *root)
{
    struct strbuf list = {0};
    json_object *all = json_object_new_object();
    for (size_t i = 0; i < d->view.n_columns; i++) {
        const struct view_column *vc = &d->view.columns[i];
        strbuf_printf(&list, "%s%s", i ? "," : "", vc->column->id);
        if (vc->width)
            json_object_object_add(all, vc->column->id, json_object_new_int(vc->width));
    }
    json_object_object_add(root, "columns", json_object_new_string(strbuf_str(&list)));
    json_object_object_add(root, "widths", all);
    strbuf_free(&list);
}

void viewstate_save(const struct deck *d, const char *path, writer_done done, void *ctx)
{
    json_object *root = json_object_new_object();
    save_columns(d, root);
    char *sort = xasprintf("%s%s", d->view.descending ? "-" : "", d->view.sort->id);
    json_object_object_add(root, "sort", json_object_new_string(sort));
    free(sort);
    json_object_object_add(root, "group", json_object_new_string(group_names[d->view.group]));
    json_object_object_add(root, "pane",
                           json_object_new_string(d->pane_open ? pane_table[d->pane]->id : "none"));
    json_object_object_add(root, "window", json_object_new_string(windows[d->window].id));
    const char *text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY);
    writer_replace(d->writer, path, xstrdup(text), strlen(text), 0600, done, ctx);
    json_object_put(root);
}
