/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/undo.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "device/journal.h"
#include "device/plain.h"
#include "model/metadata.h"
#include "model/xml.h"
#include "virt/edit_private.h"

/* ---- history ---- */

#define COLUMNS  6
#define ISO_8601 "%Y-%m-%dT%H:%M:%S%z"

static char *time_text(int64_t wall_ms, const char *format)
{
    char text[64];
    struct tm tm;
    time_t t = (time_t)(wall_ms / 1000);
    if (!localtime_r(&t, &tm) || !strftime(text, sizeof text, format, &tm))
        return xstrdup("?");
    return xstrdup(text);
}

static const char *state_word(enum journal_state state)
{
    return state == JOURNAL_DONE ? "done" : state == JOURNAL_FAILED ? "failed" : "begun";
}

static json_object *text_or_null(const char *text)
{
    return text ? json_object_new_string(text) : NULL;
}

static json_object *entry_json(const struct journal_entry *e)
{
    json_object *o = json_object_new_object();
    char *when = time_text(e->wall_ms, ISO_8601);
    json_object_object_add(o, "number", json_object_new_int64(e->number));
    json_object_object_add(o, "time", json_object_new_string(when));
    json_object_object_add(o, "user", text_or_null(e->user));
    json_object_object_add(o, "what", text_or_null(e->what));
    json_object_object_add(o, "when", text_or_null(e->when));
    json_object_object_add(o, "state", json_object_new_string(state_word(e->state)));
    free(when);
    when = e->overwritten_ms ? time_text(e->overwritten_ms, ISO_8601) : NULL;
    json_object_object_add(o, "overwritten", text_or_null(when));
    free(when);
    return o;
}

static void put_row(struct strbuf *out, const char *const cells[COLUMNS], const int widths[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        const char *cell = cells[i] ? cells[i] : "-";
        for (const char *p = cell; *p; p++) /* a description has lines: a row stays one */
            strbuf_putc(out, *p == '\n' || *p == '\t' ? ' ' : *p);
        if (i + 1 < COLUMNS)
            strbuf_printf(out, "%*s", widths[i] - text_width(cell) + 2, "");
    }
    strbuf_putc(out, '\n');
}

static void put_table(struct strbuf *out, const journal_list *l)
{
    static const char *const titles[COLUMNS] = {"NUMBER", "TIME", "WHO", "WHAT", "WHEN", "STATE"};
    const char *(*rows)[COLUMNS] = xcalloc(l->len + 1, sizeof *rows);
    VEC(char *) texts = {0};
    int widths[COLUMNS] = {0};
    memcpy(rows[0], titles, sizeof titles);
    for (size_t i = 0; i < l->len; i++) {
        const struct journal_entry *e = &l->items[i];
        vec_push(&texts, xasprintf("%u", e->number));
        vec_push(&texts, time_text(e->wall_ms, "%Y-%m-%d %H:%M:%S"));
        const char *row[COLUMNS] = {texts.items[2 * i],
                                    texts.items[2 * i + 1],
                                    e->user,
                                    e->what,
                                    e->when,
                                    e->overwritten_ms ? "overwritten" : state_word(e->state)};
        memcpy(rows[i + 1], row, sizeof row);
    }
    for (size_t i = 0; i <= l->len; i++) {
        for (int k = 0; k < COLUMNS; k++) {
            int width = rows[i][k] ? text_width(rows[i][k]) : 1;
            widths[k] = width > widths[k] ? width : widths[k];
        }
    }
    for (size_t i = 0; i <= l->len; i++)
        put_row(out, rows[i], widths);
    for (size_t i = 0; i < texts.len; i++)
        free(texts.items[i]);
    vec_free(&texts);
    free(rows);
}

static bool run_history(struct job_context *c)
{
    journal_list l = {0};
    struct error damaged = ERROR_INIT;
    struct strbuf out = {0};
    json_object *array = json_object_new_array();
    char *overwritten = edit_overwritten(c->dom);
    bool whole = journal_list_entries(NULL, &c->uuid, &l, &damaged);
    for (size_t i = 0; i < l.len; i++)
        json_object_array_add(array, entry_json(&l.items[i]));
    c->json = json_object_new_object();
    json_object_object_add(c->json, "history", array);
    json_object_object_add(c->json, "damaged", whole ? NULL : json_object_new_string(error_text(&damaged)));
    if (l.len)
        put_table(&out, &l);
    if (!whole)
        strbuf_printf(&out, "%s\n", error_text(&damaged));
    if (overwritten)
        strbuf_printf(&out, "%s\n", overwritten);
    free(overwritten);
    if (out.len)
        c->output = strbuf_steal(&out);
    else
        context_say(c, "the journal is empty: nothing was changed with virtdeck");
    journal_list_free(&l);
    error_clear(&damaged);
    strbuf_free(&out);
    return true;
}

const struct job_kind history_job = {
    .action = "history", .doing = "reading the journal of", .run = run_history};

/* ---- undo ---- */

/* What is there now. */
struct present {
    char *xml;
    enum native_flag native;
};

/* Whether two definitions mean the same, apart from what libvirt adds when it takes one over. */
static bool mean_the_same(const char *now, const char *planned)
{
    if (strcmp(now, planned) == 0)
        return true;
    xmlDocPtr a = xml_parse_element(now, "domain", NULL), b = xml_parse_element(planned, "domain", NULL);
    bool same = false;
    if (a && b) {
        definitions_plain(a, b);
        char *x = xml_print(a), *y = xml_print(b);
        same = strcmp(x, y) == 0;
        free(x);
        free(y);
    }
    xmlFreeDoc(a);
    xmlFreeDoc(b);
    return same;
}

/* An entry that was never ended: the program was killed. The definition tells whether it came to the change.
 */
static bool took_place(const struct journal_entry *e, const struct present *now)
{
    if (e->state == JOURNAL_FAILED || !e->old_xml)
        return false;
    if (e->state == JOURNAL_BEGUN)
        return strcmp(now->xml, e->old_xml) != 0 ||
               (e->start_before && now->native != native_find(e->start_before));
    return !e->new_xml || strcmp(e->old_xml, e->new_xml) != 0 || journal_start_differs(e);
}

/* The newest entry that changed the definition; false: there is none. */
static bool newest_change(struct job_context *c, const struct present *now, struct journal_entry *out)
{
    journal_list l = {0};
    bool found = false;
    journal_list_entries(NULL, &c->uuid, &l, &c->error);
    for (size_t i = l.len; !found && i-- > 0;) {
        found = journal_load(NULL, &c->uuid, l.items[i].number, out, NULL) && took_place(out, now);
        if (!found)
            journal_entry_clear(out);
    }
    if (found || l.len) /* what is damaged matters where nothing else is left */
        error_clear(&c->error);
    journal_list_free(&l);
    return found;
}

/* What stands there now has to be what the newest entry left: else somebody's change would be lost unseen. */
static bool untouched(struct job_context *c, const struct journal_entry *newest, const struct present *now)
{
    bool done = newest->state == JOURNAL_DONE;
    bool same = newest->new_xml &&
                (done ? strcmp(now->xml, newest->new_xml) == 0 : mean_the_same(now->xml, newest->new_xml));
    bool same_flag = !done || !newest->start_after || now->native == native_find(newest->start_after);
    if (same && same_flag)
        return true;
    char *time = time_text(newest->wall_ms, "%Y-%m-%d %H:%M:%S");
    error_set(&c->error, STATUS_FAILED,
              "undo %s: somebody else changed its %s since the journal's entry %u (%s); nothing was "
              "changed. `undo %s --dry-run --force` shows what would be lost, --force does it",
              c->vm_name, same ? "autostart flag" : "definition", newest->number, time, c->vm_name);
    free(time);
    return false;
}

/* The entry whose old definition comes back. False with c->error set. */
static bool choose(struct job_context *c, const struct undo_request *r, const struct present *now,
                   struct journal_entry *out)
{
    struct journal_entry newest = {0};
    if (!newest_change(c, now, &newest)) {
        if (c->error.status != STATUS_OK) {
            error_prefix(&c->error, "undo %s", c->vm_name);
            return false;
        }
        if (!r->number || !r->force)
            return error_set(&c->error, STATUS_FAILED,
                             "undo %s: its journal has no change to take back (`history %s` lists it)",
                             c->vm_name, c->vm_name);
        return journal_load(NULL, &c->uuid, r->number, out, &c->error);
    }
    bool good = r->force || untouched(c, &newest, now);
    if (good && r->number && r->number != newest.number) {
        good = journal_load(NULL, &c->uuid, r->number, out, &c->error);
        if (!good)
            error_prefix(&c->error, "undo %s", c->vm_name);
        journal_entry_clear(&newest);
    } else if (good) {
        *out = newest;
    } else {
        journal_entry_clear(&newest);
    }
    return good;
}

/* Libvirt's flag as it was before the entry: the first one from there on that touched it knows. */
static enum native_flag flag_before(struct job_context *c, const struct journal_entry *entry)
{
    journal_list l = {0};
    enum native_flag flag = native_find(entry->start_before);
    journal_list_entries(NULL, &c->uuid, &l, NULL);
    for (size_t i = 0; flag == NATIVE_KEEP && i < l.len; i++)
        if (l.items[i].number > entry->number && l.items[i].state != JOURNAL_FAILED)
            flag = native_find(l.items[i].start_before);
    journal_list_free(&l);
    return flag;
}

/* ---- definitions that differ in our own metadata alone ---- */

/* Takes our element out of the tree; its text, NULL: there was none. The caller frees. */
static char *take_own(xmlDocPtr doc)
{
    xmlNodePtr own = metadata_own(xmlDocGetRootElement(doc));
    if (!own)
        return NULL;
    xmlNodePtr metadata = own->parent;
    char *text = xml_print_node(own);
    xml_remove(own);
    if (!xmlFirstElementChild(metadata))
        xml_remove(metadata);
    return text;
}

/* Our element as it was is the argument, "" for none. */
static bool edit_own(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e)
{
    xmlDocPtr was = arg[0] ? xml_parse(arg, strlen(arg), e) : NULL;
    (void)out;
    if (arg[0] && !was)
        return false;
    free(take_own(domain->doc));
    if (was) {
        xmlNodePtr metadata = xml_child(domain, "metadata");
        xml_add(metadata ? metadata : xml_add_new(domain, "metadata"), xmlDocGetRootElement(was));
    }
    xmlFreeDoc(was);
    return true;
}

static const struct change_edit own_metadata = {"metadata", edit_own};

/* The change that brings `old` back. In our metadata alone there is a narrow call for it, which changes the
 * running domain's, too. */
static struct change change_back(const char *old, const char *now)
{
    struct change change = {.verb = CHANGE_DEFINE, .xml = xstrdup(old), .base = xstrdup(now)};
    xmlDocPtr a = xml_parse_element(old, "domain", NULL), b = xml_parse_element(now, "domain", NULL);
    char *own = a ? take_own(a) : NULL, *own_now = b ? take_own(b) : NULL;
    char *x = a ? xml_print(a) : NULL, *y = b ? xml_print(b) : NULL;
    if (x && y && strcmp(x, y) == 0) {
        change_clear(&change);
        change =
            (struct change){.verb = CHANGE_METADATA, .edit = &own_metadata, .arg = xstrdup(own ? own : "")};
    }
    free(x);
    free(y);
    free(own);
    free(own_now);
    xmlFreeDoc(a);
    xmlFreeDoc(b);
    return change;
}

static bool put_back(struct job_context *c, const struct undo_request *r, const struct journal_entry *entry,
                     const struct present *now)
{
    struct edit_request *edit = edit_request_new();
    struct change change = change_back(entry->old_xml, now->xml);
    const struct job_args *mine = c->args;
    struct job_args args = {.data = edit};
    vec_push(&edit->changes, change);
    edit->when = change.verb == CHANGE_METADATA ? EDIT_AS_POSSIBLE : EDIT_CONFIG;
    edit->native = flag_before(c, entry);
    edit->dry_run = r->dry_run;
    edit->force = r->force;
    edit->what = xasprintf("undo %u", entry->number);
    c->args = &args;
    bool good = edit_job.run(c);
    c->args = mine;
    edit_request_free(edit);
    return good;
}

static bool run_undo(struct job_context *c)
{
    const struct undo_request *r = c->args->data;
    struct journal_entry entry = {0};
    struct present now = {.xml = edit_read_config(c)};
    bool good = now.xml && (now.native = native_read(c)) != NATIVE_KEEP && choose(c, r, &now, &entry);
    if (good && !entry.old_xml)
        good = error_set(&c->error, STATUS_FAILED, "undo %s: entry %u keeps no definition", c->vm_name,
                         entry.number);
    good = good && put_back(c, r, &entry, &now);
    journal_entry_clear(&entry);
    free(now.xml);
    return good;
}

const struct job_kind undo_job = {.action = "undo", .doing = "putting back", .run = run_undo};
