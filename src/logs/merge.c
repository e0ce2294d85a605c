/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A ring a source, sorted by (time, number) in itself; the merged order is made while it is walked. A line
 * that comes late costs nothing that way, and nothing is ever moved.
 */
#include "logs/merge.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct kept {
    int64_t wall_ms, key_ms;
    uint64_t number;
    const char *mark;
    char *text;
    size_t len;
    enum severity severity;
};

struct ring {
    struct kept *slots; /* grows up to max_lines */
    size_t cap, first, n;
    size_t bytes;
    uint64_t dropped;
    int64_t last_key; /* of the newest line that was ever added */
    bool begun;
};

struct merge {
    size_t max_lines, max_bytes;
    uint64_t next_number; /* counts up; */
    uint64_t old_number;  /* this one down: of lines that were put above others */
    uint64_t version;
    struct ring rings[SOURCES];
};

#define FIRST_SLOTS  64
#define FIRST_NUMBER (UINT64_C(1) << 40)

struct merge *merge_new(size_t max_lines, size_t max_bytes)
{
    struct merge *m = xcalloc(1, sizeof *m);
    m->max_lines = max_lines ? max_lines : 1;
    m->max_bytes = max_bytes ? max_bytes : 1;
    m->next_number = m->old_number = FIRST_NUMBER;
    return m;
}

static struct kept *slot(const struct ring *r, size_t i)
{
    return &r->slots[(r->first + i) % r->cap];
}

static void ring_clear(struct ring *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(slot(r, i)->text);
    free(r->slots);
    *r = (struct ring){0};
}

void merge_free(struct merge *m)
{
    if (!m)
        return;
    for (int s = 0; s < SOURCES; s++)
        ring_clear(&m->rings[s]);
    free(m);
}

void merge_clear(struct merge *m, enum line_source source)
{
    ring_clear(&m->rings[source]);
    m->version++;
}

/* ---- adding ---- */

static void drop_oldest(struct ring *r)
{
    struct kept *k = slot(r, 0);
    r->bytes -= k->len;
    free(k->text);
    *k = (struct kept){0};
    r->first = (r->first + 1) % r->cap;
    r->n--;
    r->dropped++;
}

static void grow(struct ring *r, size_t most)
{
    size_t cap = r->cap ? r->cap * 2 : FIRST_SLOTS;
    cap = cap > most ? most : cap;
    struct kept *slots = xcalloc(cap, sizeof *slots);
    for (size_t i = 0; i < r->n; i++)
        slots[i] = *slot(r, i);
    free(r->slots);
    r->slots = slots;
    r->cap = cap;
    r->first = 0;
}

static void make_room(const struct merge *m, struct ring *r, size_t len)
{
    while (r->n && (r->n == m->max_lines || r->bytes + len > m->max_bytes))
        drop_oldest(r);
    if (r->n == r->cap)
        grow(r, m->max_lines);
}

static char *copy_of(const char *text, size_t len)
{
    char *copy = xmalloc(len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

uint64_t merge_add(struct merge *m, enum line_source source, int64_t wall_ms, int64_t arrived_ms,
                   const char *text, size_t len, const char *mark, enum severity severity)
{
    struct ring *r = &m->rings[source];
    int64_t key = wall_ms ? wall_ms : r->begun ? r->last_key : arrived_ms;
    if (arrived_ms && key > arrived_ms) /* else one wrong stamp would hold all later lines in the future */
        key = arrived_ms;
    if (r->begun && key < r->last_key)
        key = r->last_key;
    make_room(m, r, len);
    r->n++;
    *slot(r, r->n - 1) = (struct kept){.wall_ms = wall_ms,
                                       .key_ms = key,
                                       .number = m->next_number++,
                                       .mark = mark,
                                       .text = copy_of(text, len),
                                       .len = len,
                                       .severity = severity};
    r->bytes += len;
    r->last_key = key;
    r->begun = true;
    m->version++;
    return m->next_number - 1;
}

/* The index of the line of that number; r->n: it is not there. */
static size_t index_of_number(const struct ring *r, uint64_t number)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (slot(r, middle)->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n && slot(r, low)->number == number ? low : r->n;
}

bool merge_amend(struct merge *m, enum line_source source, uint64_t number, int64_t wall_ms, const char *text,
                 size_t len, const char *mark, enum severity severity)
{
    struct ring *r = &m->rings[source];
    size_t i = index_of_number(r, number);
    if (i == r->n)
        return false;
    struct kept *k = slot(r, i);
    char *copy = copy_of(text, len); /* before the old one goes: it may be the same */
    r->bytes += len - k->len;
    free(k->text);
    k->text = copy;
    k->len = len;
    k->mark = mark;
    k->severity = severity;
    k->wall_ms = k->wall_ms ? k->wall_ms : wall_ms;
    while (r->n > 1 && r->bytes > m->max_bytes)
        drop_oldest(r);
    m->version++;
    return true;
}

bool merge_has_room(const struct merge *m, enum line_source source, size_t len)
{
    const struct ring *r = &m->rings[source];
    return r->dropped == 0 && r->n < m->max_lines && r->bytes + len <= m->max_bytes;
}

/* How many of the newest of these lines there is room for. */
static size_t fitting(const struct merge *m, const struct ring *r, const struct merge_older *lines, size_t n)
{
    size_t fit = 0, bytes = r->bytes;
    while (fit < n && r->n + fit < m->max_lines && bytes + lines[n - 1 - fit].len <= m->max_bytes)
        bytes += lines[n - 1 - fit++].len;
    return r->dropped == 0 ? fit : 0;
}

size_t merge_above(struct merge *m, enum line_source source, const struct merge_older *lines, size_t n)
{
    struct ring *r = &m->rings[source];
    size_t fit = fitting(m, r, lines, n);
    int64_t key = r->n ? slot(r, 0)->key_ms : INT64_MAX;
    for (size_t i = 0; i < fit; i++) {
        const struct merge_older *l = &lines[n - 1 - i];
        if (r->n == r->cap)
            grow(r, m->max_lines);
        key = l->key_ms < key ? l->key_ms : key;
        r->first = (r->first + r->cap - 1) % r->cap;
        r->n++;
        *slot(r, 0) = (struct kept){.wall_ms = l->wall_ms,
                                    .key_ms = key,
                                    .number = --m->old_number,
                                    .mark = l->mark,
                                    .text = copy_of(l->text, l->len),
                                    .len = l->len,
                                    .severity = l->severity};
        r->bytes += l->len;
        if (!r->begun)
            r->last_key = key;
        r->begun = true;
    }
    m->version += fit > 0;
    return fit;
}

void merge_missed(struct merge *m, enum line_source source, uint64_t n)
{
    m->rings[source].dropped += n;
    m->version++;
}

size_t merge_count(const struct merge *m, enum line_source source)
{
    return m->rings[source].n;
}

uint64_t merge_dropped(const struct merge *m, enum line_source source)
{
    return m->rings[source].dropped;
}

size_t merge_bytes(const struct merge *m)
{
    size_t bytes = 0;
    for (int s = 0; s < SOURCES; s++)
        bytes += m->rings[s].bytes;
    return bytes;
}

uint64_t merge_version(const struct merge *m)
{
    return m->version;
}

/* ---- places ---- */

struct merge_place merge_begin(void)
{
    return (struct merge_place){.key_ms = INT64_MIN};
}

struct merge_place merge_end(void)
{
    return (struct merge_place){.key_ms = INT64_MAX, .number = UINT64_MAX, .behind = true};
}

struct merge_place merge_at(const struct merge_line *line, bool behind)
{
    return (struct merge_place){.key_ms = line->key_ms, .number = line->number, .behind = behind};
}

static bool is_before(const struct kept *k, const struct merge_place *p)
{
    if (k->key_ms != p->key_ms)
        return k->key_ms < p->key_ms;
    return k->number < p->number || (k->number == p->number && p->behind);
}

/* How many lines of the ring stand before the place. */
static size_t index_of(const struct ring *r, const struct merge_place *p)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(slot(r, middle), p))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool takes(unsigned sources, int s)
{
    return sources == 0 || (sources >> s & 1);
}

size_t merge_before(const struct merge *m, const struct merge_place *place, unsigned sources)
{
    size_t n = 0;
    for (int s = 0; s < SOURCES; s++)
        if (takes(sources, s))
            n += index_of(&m->rings[s], place);
    return n;
}

/* ---- walking ---- */

/* Where the walk is in each ring: the index of the next line forward. */
struct walk {
    size_t at[SOURCES];
};

static bool comes_first(const struct kept *a, const struct kept *b)
{
    return a->key_ms != b->key_ms ? a->key_ms < b->key_ms : a->number < b->number;
}

/* The ring whose line is next; SOURCES: there is none. */
static int next_ring(const struct merge *m, const struct walk *w, unsigned sources, bool forward)
{
    int best = SOURCES;
    const struct kept *best_line = NULL;
    for (int s = 0; s < SOURCES; s++) {
        const struct ring *r = &m->rings[s];
        if (!takes(sources, s) || (forward ? w->at[s] >= r->n : w->at[s] == 0))
            continue;
        const struct kept *k = slot(r, forward ? w->at[s] : w->at[s] - 1);
        if (!best_line || comes_first(k, best_line) == forward) {
            best = s;
            best_line = k;
        }
    }
    return best;
}

static bool passes(const struct kept *k, const struct merge_filter *f)
{
    return (!f->marked || k->mark) &&
           (!f->wants || pattern_find(f->wants, k->text, k->len, PATTERN_NONE, NULL));
}

enum merge_found merge_step(const struct merge *m, struct merge_place *place, bool forward,
                            const struct merge_filter *filter, size_t most, struct merge_line *line)
{
    static const struct merge_filter all = {0};
    const struct merge_filter *f = filter ? filter : &all;
    struct walk w;
    for (int s = 0; s < SOURCES; s++)
        w.at[s] = index_of(&m->rings[s], place);
    for (size_t looked = 0; most == 0 || looked < most; looked++) {
        int s = next_ring(m, &w, f->sources, forward);
        if (s == SOURCES)
            return MERGE_NO_MORE;
        const struct ring *r = &m->rings[s];
        size_t i = forward ? w.at[s]++ : --w.at[s];
        const struct kept *k = slot(r, i);
        *place = (struct merge_place){.key_ms = k->key_ms, .number = k->number, .behind = forward};
        if (!passes(k, f))
            continue;
        *line = (struct merge_line){.wall_ms = k->wall_ms,
                                    .key_ms = k->key_ms,
                                    .number = k->number,
                                    .source = (enum line_source)s,
                                    .severity = k->severity,
                                    .mark = k->mark,
                                    .text = k->text,
                                    .len = k->len,
                                    .gap = i == 0 ? r->dropped : 0,
                                    .looked = looked + 1};
        return MERGE_LINE;
    }
    return MERGE_PAUSE;
}
