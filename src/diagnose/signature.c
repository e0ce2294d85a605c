/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Matching: the signatures of a source are joined into one expression that rules all of them out at once; as
 * a rule there is nothing more to do.
 */
#include "diagnose/signature.h"

#include <stdlib.h>
#include <string.h>

#include "diagnose/signature_private.h"

#define BLOCK_LONGEST 6000 /* bytes of expressions that are joined into one */

struct candidates {
    uint64_t bits[SIGNATURES_MAX / 64];
    bool any;
};

static void put_candidate(struct candidates *c, int id)
{
    c->bits[id / 64] |= (uint64_t)1 << (id % 64);
    c->any = true;
}

static bool is_candidate(const struct candidates *c, size_t i)
{
    return c->bits[i / 64] >> (i % 64) & 1;
}

/* ---- joining ---- */

static void end_block(struct signatures *s, int source, struct signature_block *b)
{
    VEC(const char *) regexes = {0};
    for (size_t i = 0; i < b->items.len; i++)
        vec_push(&regexes, s->items.items[b->items.items[i]].regex);
    if (regexes.len) {
        b->any = pattern_any_of(regexes.items, regexes.len);
        vec_push(&s->blocks[source], *b);
    }
    vec_free(&regexes);
    *b = (struct signature_block){0};
}

static void join_source(struct signatures *s, int source)
{
    struct signature_block joined = {0}, alone = {0};
    size_t len = 0;
    for (size_t i = 0; i < s->items.len; i++) {
        const struct signature *sig = &s->items.items[i];
        if (!sig->pattern || !(sig->sources >> source & 1))
            continue;
        if (!pattern_joins(sig->regex)) {
            vec_push(&alone.items, (int)i);
            continue;
        }
        if (len + strlen(sig->regex) > BLOCK_LONGEST) {
            end_block(s, source, &joined);
            len = 0;
        }
        len += strlen(sig->regex);
        vec_push(&joined.items, (int)i);
    }
    end_block(s, source, &joined);
    if (alone.items.len)
        vec_push(&s->blocks[source], alone);
}

void signatures_join(struct signatures *s)
{
    for (int i = 0; i < SOURCES; i++)
        join_source(s, i);
}

/* ---- matching ---- */

static bool known_by_code(const struct signature *s, const struct evidence_line *line)
{
    return s->code && line->source == SOURCE_LIBVIRT && line->code == s->code &&
           (!s->domain || s->domain == line->domain);
}

static size_t before_of(const struct evidence_line *line)
{
    return line->begin ? line->begin : PATTERN_NONE;
}

static void find_candidates(const struct signatures *s, const struct evidence_line *line, size_t len,
                            struct candidates *c)
{
    c->any = false;
    for (size_t i = 0; i < s->blocks[line->source].len; i++) {
        const struct signature_block *b = &s->blocks[line->source].items[i];
        if (b->any && !pattern_find(b->any, line->text, len, before_of(line), NULL))
            continue;
        if (!c->any)
            memset(c, 0, sizeof *c);
        for (size_t k = 0; k < b->items.len; k++)
            put_candidate(c, b->items.items[k]);
    }
    if (line->code && !c->any)
        memset(c, 0, sizeof *c);
    for (size_t i = 0; i < s->items.len && line->code; i++)
        if (known_by_code(&s->items.items[i], line))
            put_candidate(c, (int)i);
}

/* The text counts before the code: it has what can be put into the remedy. */
static bool try_one(const struct signature *s, const struct evidence_line *line, size_t len,
                    struct pattern_span *spans, bool *by_code)
{
    *by_code = false;
    if (!(s->sources >> line->source & 1))
        return false;
    if (s->pattern && pattern_find(s->pattern, line->text, len, before_of(line), spans))
        return true;
    *by_code = known_by_code(s, line);
    return *by_code;
}

static size_t looked_at(const struct evidence_line *line)
{
    return line->len < SIGNATURE_LOOKED_AT ? line->len : SIGNATURE_LOOKED_AT;
}

void signatures_match(const struct signatures *s, const struct evidence_line *line,
                      const struct evidence_context *context, diagnosis_list *out)
{
    struct candidates c;
    struct pattern_span spans[PATTERN_GROUPS + 1];
    bool by_code;
    size_t len = looked_at(line);
    find_candidates(s, line, len, &c);
    for (size_t i = 0; i < s->items.len && c.any; i++) {
        const struct signature *sig = &s->items.items[i];
        if (!is_candidate(&c, i) || !try_one(sig, line, len, spans, &by_code))
            continue;
        struct captured captured = {sig, line->text, by_code ? NULL : spans, context};
        struct diagnosis d = {.signature = sig, .at = by_code ? 0 : spans[0].begin};
        signature_fill(&captured, &d);
        vec_push(out, d);
    }
}

const struct signature *signatures_best(const struct signatures *s, const struct evidence_line *line)
{
    struct candidates c;
    bool by_code;
    size_t len = looked_at(line);
    find_candidates(s, line, len, &c);
    for (size_t i = 0; i < s->items.len && c.any; i++)
        if (is_candidate(&c, i) && try_one(&s->items.items[i], line, len, NULL, &by_code))
            return &s->items.items[i];
    return NULL;
}

size_t signatures_count(const struct signatures *s)
{
    return s->items.len;
}

const struct signature *signatures_at(const struct signatures *s, size_t i)
{
    return &s->items.items[i];
}

const struct signature *signatures_find(const struct signatures *s, const char *id)
{
    for (size_t i = 0; i < s->items.len; i++)
        if (strcmp(s->items.items[i].id, id) == 0)
            return &s->items.items[i];
    return NULL;
}

static void strings_free(signature_strings *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i]);
    vec_free(l);
}

void signature_clear(struct signature *s)
{
    free(s->id);
    free(s->regex);
    pattern_free(s->pattern);
    for (size_t i = 0; i < PATTERN_GROUPS; i++)
        free(s->groups[i]);
    free(s->cause);
    free(s->remedy);
    free(s->command);
    free(s->example);
    strings_free(&s->near);
    strings_free(&s->also);
    *s = (struct signature){0};
}

struct signatures *signatures_ref(struct signatures *s)
{
    atomic_fetch_add(&s->more_refs, 1);
    return s;
}

void signatures_free(struct signatures *s)
{
    if (!s || atomic_fetch_sub(&s->more_refs, 1) > 0)
        return;
    for (size_t i = 0; i < s->items.len; i++)
        signature_clear(&s->items.items[i]);
    vec_free(&s->items);
    for (size_t i = 0; i < SOURCES; i++) {
        for (size_t k = 0; k < s->blocks[i].len; k++) {
            vec_free(&s->blocks[i].items[k].items);
            pattern_free(s->blocks[i].items[k].any);
        }
        vec_free(&s->blocks[i]);
    }
    free(s);
}

void diagnosis_clear(struct diagnosis *d)
{
    free(d->cause);
    free(d->remedy);
    free(d->command);
    *d = (struct diagnosis){0};
}

void diagnoses_free(diagnosis_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        diagnosis_clear(&l->items[i]);
    vec_free(l);
}
