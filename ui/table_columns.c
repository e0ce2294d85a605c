/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which columns fit into a width.
 */
#include <string.h>
#include <strings.h>
#include "ui/table.h"

#define GUTTER         2 /* cursor and tag */
#define SQUEEZED_BELOW 5 /* priority */

struct fit {
    const struct view_column *v[VIEW_MAX_COLUMNS];
    int w[VIEW_MAX_COLUMNS];
    size_t n;
    int gap;
};

static int least(const struct view_column *vc)
{
    return vc->width ? vc->width : vc->column->min_width;
}

static int normal(const struct view_column *vc)
{
    return vc->width ? vc->width : vc->column->width;
}

static int width_of(const struct fit *f, int (*of)(const struct view_column *))
{
    int sum = GUTTER;
    for (size_t i = 0; i < f->n; i++)
        sum += of(f->v[i]) + (i ? f->gap : 0);
    return sum;
}

static void drop(struct fit *f, size_t i)
{
    memmove(&f->v[i], &f->v[i + 1], (f->n - i - 1) * sizeof(f->v[0]));
    f->n--;
}

static bool stands_for(const struct column *narrow, const char *id)
{
    size_t len = strlen(id);
    for (const char *s = narrow->narrow_of; s && *s;) {
        size_t n = strcspn(s, " ");
        if (n == len && strncasecmp(s, id, n) == 0)
            return true;
        s += n;
        s += strspn(s, " ");
    }
    return false;
}

/* Puts a stand-in where the first of its columns was and takes those away. Returns whether it had any. */
static bool use_stand_in(struct fit *f, const struct view_column *narrow)
{
    size_t found = 0;
    for (size_t i = 0; i < f->n;) {
        if (!stands_for(narrow->column, f->v[i]->column->id)) {
            i++;
        } else if (found++ == 0) {
            f->v[i++] = narrow;
        } else {
            drop(f, i);
        }
    }
    return found > 0;
}

static bool has_column(const struct fit *f, const struct column *c)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i]->column == c)
            return true;
    return false;
}

static void try_stand_ins(struct fit *f, int w, struct view_column store[VIEW_MAX_COLUMNS])
{
    size_t used = 0;
    for (size_t i = 0; i < n_columns && used < VIEW_MAX_COLUMNS; i++) {
        if (width_of(f, normal) <= w)
            return;
        if (!columns[i].narrow_of || has_column(f, &columns[i]))
            continue;
        store[used] = (struct view_column){&columns[i], 0};
        if (use_stand_in(f, &store[used]))
            used++;
    }
}

/* Gives up the column that is missed least, if that is no more dear than `least_priority`. */
static bool give_up_one(struct fit *f, int least_priority)
{
    size_t worst = f->n;
    int priority = least_priority;
    for (size_t i = 0; i < f->n; i++)
        if (f->v[i]->column->priority >= priority) {
            priority = f->v[i]->column->priority;
            worst = i;
        }
    if (worst == f->n)
        return false;
    drop(f, worst);
    return true;
}

static void share(struct fit *f, int w)
{
    int room = w - GUTTER;
    for (size_t i = 0; i < f->n; i++) {
        f->w[i] = least(f->v[i]);
        room -= f->w[i] + (i ? f->gap : 0);
    }
    /* First everyone up to the normal width, in order; then those that take what is left, in turn. */
    for (size_t i = 0; i < f->n && room > 0; i++) {
        int more = normal(f->v[i]) - f->w[i];
        more = more > room ? room : more;
        if (more > 0) {
            f->w[i] += more;
            room -= more;
        }
    }
    for (bool grew = true; grew && room > 0;) {
        grew = false;
        for (size_t i = 0; i < f->n && room > 0; i++) {
            int max = f->v[i]->column->max_width;
            if (f->v[i]->width || (max && f->w[i] >= max))
                continue;
            f->w[i]++;
            room--;
            grew = true;
        }
    }
}

size_t table_fit_columns(const struct view *v, int w, struct table_column out[VIEW_MAX_COLUMNS])
{
    struct fit f = {.gap = 2};
    struct view_column store[VIEW_MAX_COLUMNS];
    for (size_t i = 0; i < v->n_columns; i++)
        if (i == 0 || i > v->left)
            f.v[f.n++] = &v->columns[i];
    if (width_of(&f, normal) > w)
        f.gap = 1;
    if (width_of(&f, normal) > w)
        try_stand_ins(&f, w, store);
    /* Fewer columns in full are better than many that are cut; only the dearest are squeezed. */
    while (width_of(&f, normal) > w && give_up_one(&f, SQUEEZED_BELOW))
        ;
    while (width_of(&f, least) > w && give_up_one(&f, 1))
        ;
    share(&f, w);
    int x = GUTTER;
    size_t n = 0;
    for (size_t i = 0; i < f.n && x < w; i++) {
        int cw = f.w[i] < w - x ? f.w[i] : w - x;
        out[n++] = (struct table_column){f.v[i]->column, x, cw};
        x += f.w[i] + f.gap;
    }
    return n;
}
