/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An entry of the journal, and how it stands in its file.
 */
#include <stdlib.h>
#include <string.h>
#include "base/jsondoc.h"
#include "base/strbuf.h"
#include "device/journal_private.h"

void journal_entry_clear(struct journal_entry *e)
{
    free(e->vm);
    free(e->uri);
    free(e->user);
    free(e->what);
    free(e->when);
    free(e->start_before);
    free(e->start_after);
    free(e->old_xml);
    free(e->new_xml);
    trace_free(&e->trace);
    *e = (struct journal_entry){0};
}

void journal_list_free(journal_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        journal_entry_clear(&l->items[i]);
    vec_free(l);
}

static const char *const state_words[] = {
    [JOURNAL_BEGUN] = "begun", [JOURNAL_DONE] = "done", [JOURNAL_FAILED] = "failed"};

struct text_member {
    const char *key;
    size_t offset; /* in struct journal_entry */
    bool needed, xml;
};
#define MEMBER(name) offsetof(struct journal_entry, name)
static const struct text_member members[] = {
    {"vm", MEMBER(vm), true, false},
    {"uri", MEMBER(uri), false, false},
    {"user", MEMBER(user), false, false},
    {"what", MEMBER(what), false, false},
    {"when", MEMBER(when), false, false},
    {"start-before", MEMBER(start_before), false, false},
    {"start-after", MEMBER(start_after), false, false},
    {"old", MEMBER(old_xml), false, true},
    {"new", MEMBER(new_xml), false, true},
};

static char **member_of(struct journal_entry *e, const struct text_member *m)
{
    return (char **)((char *)e + m->offset);
}

static const char *text_of(const struct journal_entry *e, const struct text_member *m)
{
    return *(char *const *)((const char *)e + m->offset);
}

char *journal_entry_text(const struct journal_entry *e)
{
    json_object *o = json_object_new_object();
    json_object_object_add(o, "number", json_object_new_int64(e->number));
    json_object_object_add(o, "time", json_object_new_int64(e->wall_ms));
    json_object_object_add(o, "state", json_object_new_string(state_words[e->state]));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        const char *text = text_of(e, &members[i]);
        json_object_object_add(o, members[i].key, text ? json_object_new_string(text) : NULL);
    }
    if (e->ended_ms)
        json_object_object_add(o, "ended", json_object_new_int64(e->ended_ms));
    if (e->traced)
        json_object_object_add(o, "trace", trace_json(&e->trace));
    if (e->overwritten_ms)
        json_object_object_add(o, "overwritten", json_object_new_int64(e->overwritten_ms));
    const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE);
    char *copy = xasprintf("%s\n", text);
    json_object_put(o);
    return copy;
}

static bool read_state(json_object *o, enum journal_state *state)
{
    const char *word = jsondoc_text(o, "state");
    for (size_t i = 0; word && i < ARRAY_LEN(state_words); i++) {
        if (strcmp(word, state_words[i]) == 0) {
            *state = (enum journal_state)i;
            return true;
        }
    }
    return false;
}

static bool read_member(json_object *o, const struct text_member *m, char **out)
{
    json_object *v;
    if (!json_object_object_get_ex(o, m->key, &v) || !v)
        return !m->needed;
    if (!json_object_is_type(v, json_type_string))
        return false;
    const char *text = json_object_get_string(v);
    if (strlen(text) != (size_t)json_object_get_string_len(v))
        return false;
    *out = xstrdup(text);
    return true;
}

static int64_t read_time(json_object *o, const char *key)
{
    json_object *v;
    bool is = json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_int);
    return is ? json_object_get_int64(v) : 0;
}

/* What may be missing. The definitions are worth more than it: where it makes no sense it is missing, too. */
static void read_what_came(json_object *o, struct journal_entry *out)
{
    json_object *v;
    out->ended_ms = read_time(o, "ended");
    out->overwritten_ms = read_time(o, "overwritten");
    out->traced = json_object_object_get_ex(o, "trace", &v) && trace_read(v, &out->trace);
}

bool journal_entry_read(json_object *o, unsigned number, bool with_xml, struct journal_entry *out)
{
    json_object *v;
    if (!json_object_object_get_ex(o, "number", &v) || !json_object_is_type(v, json_type_int) ||
        json_object_get_int64(v) != (int64_t)number)
        return false;
    out->number = number;
    if (!json_object_object_get_ex(o, "time", &v) || !json_object_is_type(v, json_type_int))
        return false;
    out->wall_ms = json_object_get_int64(v);
    if (!read_state(o, &out->state))
        return false;
    out->lasts = out->state == JOURNAL_BEGUN && !jsondoc_text(o, "new");
    read_what_came(o, out);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if ((with_xml || !members[i].xml) && !read_member(o, &members[i], member_of(out, &members[i])))
            return false;
    return true;
}
