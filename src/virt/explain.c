/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/explain.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "virt/explain_private.h"
#include "virt/preflight.h"
#include "virt/uri.h"

#define LINE_SHOWN 400 /* bytes of the line that a finding rests on */

void explain_request_free(void *request)
{
    struct explain_request *r = request;
    if (!r)
        return;
    events_free(&r->events);
    signatures_free(r->signatures);
    free(r->vm);
    free(r->journal_dir);
    free(r);
}

/* ---- words ---- */

static const struct {
    const char *word, *sentence, *sentence_now; /* the latter where nobody knows when */
} failures[] = {
    [FAILURE_NONE] = {"none", NULL, NULL},
    [FAILURE_START] = {"start", "did not start, at %s", "did not start"},
    [FAILURE_CRASH] = {"crash", "died, at %s", "died"},
    [FAILURE_PAUSE] = {"pause", "was paused by a failure, at %s", "was paused by a failure"},
    [FAILURE_BOOT] = {"boot", "runs, but its guest did not come up", "runs, but its guest did not come up"},
};

static const char *source_title(enum line_source source)
{
    static const char *const titles[SOURCES] = {
        [SOURCE_QEMU] = "QEMU's log",
        [SOURCE_LIBVIRT] = "libvirt",
        [SOURCE_DAEMON] = "libvirt's journal",
        [SOURCE_SERIAL] = "the guest's serial port",
        [SOURCE_HOST] = "the host's journal",
        [SOURCE_AGENT] = "the guest agent",
        [SOURCE_EVENT] = "an event of libvirt",
        [SOURCE_MESSAGES] = "libvirt's messages",
        [SOURCE_DECK] = "virtdeck",
    };
    return titles[source];
}

/* NULL for 0. The caller frees. */
static char *time_text(int64_t wall_ms, const char *format)
{
    char text[64];
    struct tm tm;
    time_t t = (time_t)(wall_ms / 1000);
    if (!wall_ms || !localtime_r(&t, &tm) || !strftime(text, sizeof text, format, &tm))
        return NULL;
    return xstrdup(text);
}

/* ---- as JSON ---- */

/* Valid UTF-8 whatever a guest wrote. */
static json_object *raw_json(const char *raw, size_t len)
{
    struct strbuf out = {0};
    while (len) {
        size_t good = utf8_check(raw, len);
        strbuf_add(&out, raw, good);
        if (good < len)
            strbuf_puts(&out, "\ufffd");
        raw += good < len ? good + 1 : good;
        len -= good < len ? good + 1 : good;
    }
    json_object *o = json_object_new_string_len(strbuf_str(&out), (int)out.len);
    strbuf_free(&out);
    return o;
}

static json_object *text_json(const char *text)
{
    return text ? raw_json(text, strlen(text)) : NULL;
}

static json_object *time_json(int64_t wall_ms)
{
    char *text = time_text(wall_ms, "%Y-%m-%dT%H:%M:%S%z");
    json_object *o = text_json(text);
    free(text);
    return o;
}

static const struct explain_line *line_of(const struct explain_gathered *g, const struct explained *x)
{
    return x->line == EXPLAIN_NO_LINE ? NULL : &g->lines.items[x->line];
}

static json_object *finding_json(const struct explain_gathered *g, const struct explained *x)
{
    json_object *o = json_object_new_object();
    const struct explain_line *l = line_of(g, x);
    char *text = xasprintf("%s%s%s", x->cause, x->remedy[0] ? " " : "", x->remedy);
    json_object_object_add(o, "id", text_json(x->id));
    json_object_object_add(o, "severity", text_json(finding_word(x->severity)));
    json_object_object_add(o, "text", text_json(text));
    json_object_object_add(o, "cause", text_json(x->cause));
    json_object_object_add(o, "advice", x->remedy[0] ? text_json(x->remedy) : NULL);
    json_object_object_add(o, "remedy", text_json(x->command));
    json_object_object_add(o, "complete", json_object_new_boolean(x->complete));
    json_object_object_add(o, "line", l ? raw_json(l->text, l->len) : NULL);
    json_object_object_add(o, "source", l ? text_json(source_word(l->source)) : NULL);
    json_object_object_add(o, "time", l ? time_json(l->wall_ms) : NULL);
    free(text);
    return o;
}

static json_object *whole_json(const struct explain_gathered *g, const explained_list *found, bool ok)
{
    json_object *o = json_object_new_object(), *list = json_object_new_array(),
                *unseen = json_object_new_array();
    for (size_t i = 0; i < found->len; i++)
        json_object_array_add(list, finding_json(g, &found->items[i]));
    for (size_t i = 0; i < g->unseen.len; i++)
        json_object_array_add(unseen, text_json(g->unseen.items[i]));
    json_object_object_add(o, "failure", text_json(failures[g->last.failure].word));
    json_object_object_add(o, "since", time_json(g->last.since_ms));
    json_object_object_add(o, "failed", time_json(g->last.failed_ms));
    json_object_object_add(o, "ok", json_object_new_boolean(ok));
    json_object_object_add(o, "remote", json_object_new_boolean(!g->local));
    json_object_object_add(o, "findings", list);
    json_object_object_add(o, "unseen", unseen);
    return o;
}

/* ---- as lines ---- */

/* What a line says without its time, one line of it, cut. */
static void put_line(const struct explain_line *l, struct strbuf *out)
{
    size_t len = l->len < LINE_SHOWN ? l->len : LINE_SHOWN;
    while (len < l->len && len > 0 && ((unsigned char)l->text[len] & 0xc0) == 0x80)
        len--;
    for (size_t i = 0; i < len; i++)
        strbuf_putc(out, l->text[i] && !strchr("\n\r\t", l->text[i]) ? l->text[i] : ' ');
    if (len < l->len)
        strbuf_puts(out, " …");
    strbuf_putc(out, '\n');
}

/* The last thing that was said against it. */
static void put_last_error(const struct explain_gathered *g, struct strbuf *out)
{
    for (size_t i = g->lines.len; i > 0; i--) {
        const struct explain_line *l = &g->lines.items[i - 1];
        bool told = l->source == SOURCE_LIBVIRT || l->source == SOURCE_DECK;
        if (!told || (g->last.since_ms && l->wall_ms < g->last.since_ms))
            continue;
        strbuf_printf(out, "  %s: ", source_title(l->source));
        put_line(l, out);
        return;
    }
}

static void put_failure(const struct explain_gathered *g, const explained_list *found, struct strbuf *out)
{
    char *when = time_text(g->last.failed_ms, "%Y-%m-%d %H:%M:%S");
    const char *vm = g->c->vm_name;
    if (g->last.failure == FAILURE_NONE)
        strbuf_printf(out, "%s: %s\n", vm,
                      found->len ? "it has not failed; good to know"
                                 : "it has not failed, and nothing is known against it");
    else {
        strbuf_printf(out, "%s: ", vm);
        if (when)
            strbuf_printf(out, failures[g->last.failure].sentence, when);
        else
            strbuf_puts(out, failures[g->last.failure].sentence_now);
        strbuf_puts(out, found->len ? "\n" : "; nothing that was looked at is a known failure\n");
        if (!found->len)
            put_last_error(g, out);
    }
    free(when);
}

static void put_finding(const struct explain_gathered *g, const struct explained *x, struct strbuf *out)
{
    const struct explain_line *l = line_of(g, x);
    strbuf_printf(out, "%s: %s\n", finding_word(x->severity), x->cause);
    if (l) {
        char *when = time_text(l->wall_ms, "%H:%M:%S");
        strbuf_printf(out, "  %s%s%s: ", source_title(l->source), when ? ", " : "", when ? when : "");
        put_line(l, out);
        free(when);
    }
    if (x->remedy[0])
        strbuf_printf(out, "  %s\n", x->remedy);
    if (x->command)
        strbuf_printf(out, "  → %s\n", x->command);
}

static char *whole_lines(const struct explain_gathered *g, const explained_list *found)
{
    struct strbuf out = {0};
    put_failure(g, found, &out);
    for (size_t i = 0; i < found->len; i++)
        put_finding(g, &found->items[i], &out);
    for (size_t i = 0; i < g->unseen.len; i++)
        strbuf_printf(&out, "not looked at: %s\n", g->unseen.items[i]);
    return strbuf_steal(&out);
}

/* ---- the job ---- */

static bool has_error(const explained_list *found)
{
    for (size_t i = 0; i < found->len; i++)
        if (found->items[i].severity == SEV_ERROR)
            return true;
    return false;
}

static const char *member(json_object *o, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    return value ? json_object_get_string(value) : NULL;
}

/* Whether it can be run as it stands. */
static bool is_complete(json_object *finding)
{
    json_object *complete = NULL;
    json_object_object_get_ex(finding, "complete", &complete);
    return json_object_get_boolean(complete);
}

/* Checks what would stand in the way of the next start. *findings: the list, part of what is returned; NULL.
 */
static json_object *check_start(const struct job_context *c, json_object **findings)
{
    struct job_context own = *c;
    own.error = (struct error)ERROR_INIT;
    own.text = own.output = NULL;
    own.json = NULL;
    *findings = NULL;
    preflight_job.run(&own);
    json_object_object_get_ex(own.json, "findings", findings);
    error_clear(&own.error);
    free(own.text);
    free(own.output);
    return own.json;
}

static bool is_error(json_object *finding)
{
    return strcmp(member(finding, "severity"), finding_word(SEV_ERROR)) == 0;
}

/* Where no line tells why the last start failed: as a rule that is what it was refused for. The result of the
 * check has to live as long as the list. */
static json_object *add_preflight(const struct job_context *c, explained_list *found)
{
    json_object *findings, *checked = check_start(c, &findings);
    for (size_t i = 0; findings && i < json_object_array_length(findings); i++) {
        json_object *f = json_object_array_get_idx(findings, i);
        if (!is_error(f))
            continue;
        struct explained x = {.id = member(f, "id"),
                              .severity = SEV_ERROR,
                              .cause = xstrdup(member(f, "text")),
                              .remedy = xstrdup(""),
                              .command = xstrdup(member(f, "remedy")),
                              .complete = is_complete(f),
                              .line = EXPLAIN_NO_LINE,
                              .times = 1};
        vec_push(found, x);
    }
    return checked;
}

/* QEMU and libvirt say that an image is locked, not who has it. */
static bool wants_holder(const struct explained *x)
{
    static const char *const ids[] = {"image-locked", "image-busy", "lease-held"};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (strcmp(x->id, ids[i]) == 0)
            return true;
    return false;
}

/* The domain that has it still is named, and what helps against it. */
static void name_holder(const struct job_context *c, struct explained *x)
{
    json_object *findings, *checked = check_start(c, &findings);
    for (size_t i = 0; findings && i < json_object_array_length(findings); i++) {
        json_object *f = json_object_array_get_idx(findings, i);
        if (!is_error(f) || strcmp(member(f, "id"), "image-locked") != 0)
            continue;
        free(x->cause);
        free(x->remedy);
        free(x->command);
        x->cause = xstrdup(member(f, "text"));
        x->remedy = xstrdup("");
        x->command = xstrdup(member(f, "remedy"));
        x->complete = is_complete(f);
        break;
    }
    json_object_put(checked);
}

static void explain_and_tell(struct explain_gathered *g)
{
    explained_list found = {0};
    json_object *checked = NULL;
    char *host = g->local ? NULL : uri_ssh_name(g->uri);
    const struct explain_input in = {
        .signatures = g->request->signatures,
        .context = {.vm = g->request->vm ? g->request->vm : g->c->vm_name, .uri = g->uri, .host = host},
        .failure = g->last.failure,
        .since_ms = g->last.since_ms,
        .failed_ms = g->last.failed_ms,
        .good_ms = g->last.good_ms,
        .lines = g->lines.items,
        .n_lines = g->lines.len,
        .changes = g->changes.items,
        .n_changes = g->changes.len};
    explain(&in, &found);
    if (g->last.failure == FAILURE_START && !has_error(&found))
        checked = add_preflight(g->c, &found);
    else if (g->last.failure == FAILURE_START && wants_holder(&found.items[0]))
        name_holder(g->c, &found.items[0]);
    g->c->json = whole_json(g, &found, g->last.failure == FAILURE_NONE && !has_error(&found));
    g->c->output = whole_lines(g, &found);
    explained_free(&found);
    json_object_put(checked);
    free(host);
}

static bool run_explain(struct job_context *c)
{
    struct explain_gathered g = {.c = c, .request = c->args->data};
    bool good = explain_gather(&g);
    if (good)
        explain_and_tell(&g);
    explain_gathered_clear(&g);
    return good;
}

const struct job_kind explain_job = {.action = "explain", .doing = "explaining", .run = run_explain};
