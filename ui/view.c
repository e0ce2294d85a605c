/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const group_names[GROUP_COUNT] = {"none", "host", "state", "tag"};

void view_init(struct view *v)
{
    *v = (struct view){.filter_text = xstrdup("")};
    view_set_columns(v, "default", NULL);
    v->sort = column_find("name");
}

static void groups_clear(struct view *v)
{
    for (size_t i = 0; i < v->groups.len; i++)
        free(v->groups.items[i].label);
    vec_clear(&v->groups);
}

void view_free(struct view *v)
{
    groups_clear(v);
    vec_free(&v->groups);
    vec_free(&v->rows);
    for (size_t i = 0; i < v->folded.len; i++)
        free(v->folded.items[i]);
    vec_free(&v->folded);
    vmmap_free(&v->tags);
    filter_free(v->filter);
    free(v->filter_text);
    free(v->cursor_group);
    free(v->all);
    free(v->order);
    free(v->scratch);
    *v = (struct view){0};
}

const struct view_row *view_current(const struct view *v)
{
    return v->cursor < v->rows.len ? &v->rows.items[v->cursor] : NULL;
}

static void pin(struct view *v)
{
    const struct view_row *r = view_current(v);
    free(v->cursor_group);
    v->cursor_group = NULL;
    v->cursor_uuid = (struct vm_uuid){0};
    if (!r)
        return;
    if (r->vm) {
        v->cursor_host = r->snap->host.id;
        v->cursor_uuid = r->vm->uuid;
    } else {
        v->cursor_group = xstrdup(v->groups.items[r->group].label);
    }
}

void view_move_to(struct view *v, size_t index)
{
    if (v->rows.len == 0)
        return;
    v->cursor = index < v->rows.len ? index : v->rows.len - 1;
    v->pinned = true;
    pin(v);
}

void view_move(struct view *v, long delta)
{
    long to = (long)v->cursor + delta;
    view_move_to(v, to < 0 ? 0 : (size_t)to);
}

void view_scroll_into(struct view *v, size_t height)
{
    if (height == 0)
        return;
    if (v->cursor < v->top)
        v->top = v->cursor;
    if (v->cursor >= v->top + height)
        v->top = v->cursor - height + 1;
    if (v->rows.len <= height)
        v->top = 0;
    else if (v->top + height > v->rows.len)
        v->top = v->rows.len - height;
    /* The header of the first group is worth the row above the cursor. */
    if (v->top == 1 && v->cursor < height && v->rows.items[0].vm == NULL)
        v->top = 0;
}

void view_scroll(struct view *v, long delta, size_t height)
{
    long max = v->rows.len > height ? (long)(v->rows.len - height) : 0;
    long top = (long)v->top + delta;
    v->top = (size_t)(top < 0 ? 0 : top > max ? max : top);
    if (v->cursor < v->top)
        view_move_to(v, v->top);
    else if (height && v->cursor >= v->top + height)
        view_move_to(v, v->top + height - 1);
}

bool view_tagged(const struct view *v, int host, const struct vm_uuid *uuid)
{
    return v->tags.len > 0 && vmmap_has(&v->tags, host, uuid);
}

void view_tag(struct view *v, int host, const struct vm_uuid *uuid, bool on)
{
    if (on)
        vmmap_set(&v->tags, host, uuid, v);
    else
        vmmap_remove(&v->tags, host, uuid);
}

void view_tag_clear(struct view *v)
{
    vmmap_free(&v->tags);
}

void view_tag_prune(struct view *v, struct snapshot *const *hosts, size_t n_hosts)
{
    if (v->tags.len == 0)
        return;
    struct vmmap kept = {0};
    size_t i = 0;
    for (struct vmmap_slot *s; (s = vmmap_next(&v->tags, &i));) {
        for (size_t h = 0; h < n_hosts; h++) {
            /* A host that is away has not lost its domains. */
            bool away = hosts[h]->host.state != HOST_UP || hosts[h]->host.ticks == 0;
            if (hosts[h]->host.id == s->host && (away || snapshot_find(hosts[h], &s->uuid)))
                vmmap_set(&kept, s->host, &s->uuid, s->value);
        }
    }
    vmmap_free(&v->tags);
    v->tags = kept;
}

bool view_set_filter(struct view *v, const char *text, struct error *e)
{
    struct error mine = ERROR_INIT;
    struct filter *f = filter_compile(text, &mine);
    if (mine.status != STATUS_OK) {
        if (e)
            error_move(e, &mine);
        else
            error_clear(&mine);
        return false;
    }
    filter_free(v->filter);
    v->filter = f;
    char *copy = xstrdup(text);
    free(v->filter_text);
    v->filter_text = copy;
    return true;
}

bool view_set_columns(struct view *v, const char *list, struct error *e)
{
    column_list parsed = {0};
    if (!column_parse_list(list, &parsed, e)) {
        vec_free(&parsed);
        return false;
    }
    struct view_column next[VIEW_MAX_COLUMNS];
    size_t n = 0;
    for (size_t i = 0; i < parsed.len && n < VIEW_MAX_COLUMNS; i++) {
        const struct view_column *old = view_find_column(v, parsed.items[i]->id);
        next[n++] = (struct view_column){parsed.items[i], old ? old->width : 0};
    }
    vec_free(&parsed);
    if (n == 0)
        return error_set(e, STATUS_USAGE,
                         "no columns: name at least one, for example: columns name,state,cpu");
    memcpy(v->columns, next, n * sizeof(next[0]));
    v->n_columns = n;
    return true;
}

bool view_set_sort(struct view *v, const char *text, struct error *e)
{
    bool down = text[0] == '-';
    const char *id = text + (down ? 1 : 0);
    const struct column *c = column_find(id);
    if (!c)
        return error_set(e, STATUS_USAGE, "no column is called \"%s\"; `help columns` lists them", id);
    v->sort = c;
    v->descending = down;
    return true;
}

bool view_set_group(struct view *v, const char *name, struct error *e)
{
    for (int i = 0; i < GROUP_COUNT; i++)
        if (strcmp(name, group_names[i]) == 0) {
            v->group = (enum group_mode)i;
            return true;
        }
    return error_set(e, STATUS_USAGE, "\"%s\" is no way to group; there are none, host, state and tag", name);
}

struct view_column *view_find_column(struct view *v, const char *id)
{
    for (size_t i = 0; i < v->n_columns; i++)
        if (strcmp(v->columns[i].column->id, id) == 0)
            return &v->columns[i];
    return NULL;
}

bool view_needs_dear(const struct view *v)
{
    bool needs = v->sort->dear;
    for (size_t i = 0; i < v->n_columns; i++)
        needs = needs || v->columns[i].column->dear;
    return needs;
}

void view_fold(struct view *v, const char *label)
{
    for (size_t i = 0; i < v->folded.len; i++)
        if (strcmp(v->folded.items[i], label) == 0) {
            free(v->folded.items[i]);
            vec_remove(&v->folded, i);
            return;
        }
    vec_push(&v->folded, xstrdup(label));
}
