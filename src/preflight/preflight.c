/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "preflight/preflight.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "device/check.h"
#include "preflight/row.h"

const struct preflight_family *const preflight_families[] = {
    &preflight_needs, &preflight_images, &preflight_host, &preflight_shared, &preflight_last};
const size_t n_preflight_families = ARRAY_LEN(preflight_families);

/* ---- what rows say ---- */

static char *format(const char *fmt, va_list ap)
{
    char *text;
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    return text;
}

/* Takes the text over. */
static void keep_first(char **kept, char *text)
{
    if (*kept)
        free(text);
    else
        *kept = text;
}

void look_fine(struct looking *l)
{
    l->concerned = true;
}

void look_no(struct looking *l, enum severity severity, char *remedy, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = format(fmt, ap);
    va_end(ap);
    l->concerned = true;
    finding_add(l->out, l->id, severity, remedy, "%s", text);
    keep_first(&l->no, text);
    free(remedy);
}

void look_fill_in(struct looking *l)
{
    l->out->items[l->out->len - 1].fill_in = true;
}

void look_note(struct looking *l, char *remedy, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = format(fmt, ap);
    va_end(ap);
    l->concerned = true;
    finding_add(l->out, l->id, SEV_INFO, remedy, "%s", text);
    free(text);
    free(remedy);
}

void look_unknown(struct looking *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    l->concerned = true;
    keep_first(&l->unknown, format(fmt, ap));
    va_end(ap);
}

void look_unseen(struct looking *l, const char *path)
{
    if (l->in->far)
        look_unknown(l, "%s", l->in->far);
    else
        look_unknown(l, "you may not look at %s", path);
}

void look_check(struct looking *l, const char *check, bool known, const char *why_not)
{
    struct check_input in = {.facts = l->in->facts,
                             .vm = l->in->vm,
                             .uuid = &l->in->uuid,
                             .after = xmlDocGetRootElement(l->in->doc),
                             .active = l->in->active};
    finding_list found = {0};
    if (known)
        check_one(&in, check, &found);
    else
        look_unknown(l, "%s", why_not);
    for (size_t i = 0; i < found.len; i++) {
        look_no(l, found.items[i].severity, xstrdup(found.items[i].remedy), "%s", found.items[i].text);
        if (found.items[i].fill_in)
            look_fill_in(l);
    }
    l->concerned = true;
    findings_free(&found);
}

/* ---- remedies ---- */

char *remedy_ours(const struct looking *l, const char *verb, const char *words)
{
    char *vm = text_shell_word(l->in->vm);
    char *remedy = xasprintf("%s %s%s%s", verb, vm, *words ? " " : "", words);
    free(vm);
    return remedy;
}

char *remedy_device(const struct looking *l, xmlNodePtr device, const char *assignment)
{
    char *vm = text_shell_word(l->in->vm), *handle = device_handle(device), *word = text_shell_word(handle);
    char *remedy = xasprintf("device %s %s set %s", vm, word, assignment);
    free(vm);
    free(handle);
    free(word);
    return remedy;
}

char *remedy_virsh(const struct looking *l, const char *words, const char *name)
{
    char *uri = text_shell_word(l->in->uri ? l->in->uri : ""),
         *word = name ? text_shell_word(name) : xstrdup("");
    char *remedy = xasprintf("$ virsh -c %s %s%s%s", uri, words, *word ? " " : "", word);
    free(uri);
    free(word);
    return remedy;
}

char *remedy_line(const struct looking *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *line = format(fmt, ap), *remedy;
    va_end(ap);
    if (l->in->ssh && *l->in->ssh) {
        char *word = text_shell_word(line);
        remedy = xasprintf("$ %s%s", l->in->ssh, word);
        free(word);
    } else {
        remedy = xasprintf("$ %s", line);
    }
    free(line);
    return remedy;
}

/* ---- running them ---- */

static void run_row(const struct preflight_input *in, const struct preflight_row *row, struct preflight *out)
{
    struct looking l = {.in = in, .id = row->id, .out = &out->findings};
    size_t before = out->findings.len;
    bool said = findings_count(&out->findings, SEV_ERROR) > 0;
    row->look(&l);
    if (row->flags & ROW_LAST && said)
        while (out->findings.len > before) {
            struct finding *f = &out->findings.items[--out->findings.len];
            free(f->text);
            free(f->remedy);
        }
    if (l.concerned) {
        struct preflight_answer a = {row->id, row->asks, ANSWER_YES, NULL};
        a.answer = l.no ? ANSWER_NO : l.unknown ? ANSWER_UNKNOWN : ANSWER_YES;
        a.why = xstrdup(l.no ? l.no : l.unknown);
        vec_push(&out->answers, a);
    }
    free(l.no);
    free(l.unknown);
}

/* The errors first, each kind in the table's order. */
static void sort_findings(finding_list *l)
{
    static const enum severity order[] = {SEV_ERROR, SEV_WARN, SEV_GOOD, SEV_INFO};
    finding_list sorted = {0};
    for (size_t s = 0; s < ARRAY_LEN(order); s++)
        for (size_t i = 0; i < l->len; i++)
            if (l->items[i].severity == order[s])
                vec_push(&sorted, l->items[i]);
    vec_free(l);
    *l = sorted;
}

void preflight_run(const struct preflight_input *in, struct preflight *out)
{
    *out = (struct preflight){0};
    for (size_t f = 0; f < n_preflight_families; f++)
        for (size_t i = 0; i < preflight_families[f]->len; i++) {
            const struct preflight_row *row = &preflight_families[f]->rows[i];
            if (!in->saved || row->flags & ROW_SAVED)
                run_row(in, row, out);
        }
    sort_findings(&out->findings);
}

void preflight_clear(struct preflight *p)
{
    for (size_t i = 0; i < p->answers.len; i++)
        free(p->answers.items[i].why);
    vec_free(&p->answers);
    findings_free(&p->findings);
    *p = (struct preflight){0};
}

bool preflight_ok(const struct preflight *p)
{
    return findings_count(&p->findings, SEV_ERROR) == 0;
}

/* ---- printing ---- */

void preflight_print(const struct preflight *p, struct strbuf *out)
{
    static const char *const signs[] = {[ANSWER_UNKNOWN] = "?", [ANSWER_NO] = "✗", [ANSWER_YES] = "✓"};
    for (size_t i = 0; i < p->answers.len; i++) {
        const struct preflight_answer *a = &p->answers.items[i];
        strbuf_printf(out, "%s %s", signs[a->answer], a->asks);
        if (a->answer == ANSWER_UNKNOWN && a->why)
            strbuf_printf(out, ": not known: %s", a->why);
        strbuf_putc(out, '\n');
    }
    if (p->answers.len && p->findings.len)
        strbuf_putc(out, '\n');
    findings_print(&p->findings, out);
}

json_object *preflight_json(const struct preflight *p)
{
    json_object *o = json_object_new_object(), *checks = json_object_new_array();
    json_object_object_add(o, "ok", json_object_new_boolean(preflight_ok(p)));
    json_object_object_add(o, "findings", findings_json(&p->findings));
    for (size_t i = 0; i < p->answers.len; i++) {
        const struct preflight_answer *a = &p->answers.items[i];
        json_object *c = json_object_new_object();
        json_object_object_add(c, "id", json_object_new_string(a->id));
        json_object_object_add(c, "asks", json_object_new_string(a->asks));
        json_object_object_add(c, "answer", json_object_new_string(answer_word(a->answer)));
        json_object_object_add(c, "why", a->why ? json_object_new_string(a->why) : NULL);
        json_object_array_add(checks, c);
    }
    json_object_object_add(o, "checks", checks);
    return o;
}

/* ---- the input ---- */

bool preflight_runs(const struct preflight_input *in, const struct vm *vm)
{
    if (!in->running_known)
        return vm_state_is_active(vm->state);
    for (size_t i = 0; i < in->running.len; i++)
        if (uuid_equal(&in->running.items[i], &vm->uuid))
            return true;
    return false;
}

static void image_clear(struct preflight_image *i)
{
    free(i->pool);
    free(i->volume);
    free(i->path);
    free(i->format);
    free(i->access.user);
    free(i->access.at);
    free(i->access.why);
    free(i->holder.words);
    free(i->holder.domain);
    free(i->chain.image);
    free(i->chain.backing);
    free(i->chain.found);
    free(i->chain.format);
    free(i->chain.why);
}

void preflight_input_clear(struct preflight_input *in)
{
    free(in->uri);
    free(in->ssh);
    free(in->far);
    xmlFreeDoc(in->doc);
    domdef_unref(in->def);
    start_item_unref(in->item);
    for (size_t i = 0; i < in->needs.len; i++)
        free(in->needs.items[i].name);
    vec_free(&in->needs);
    for (size_t i = 0; i < in->images.len; i++)
        image_clear(&in->images.items[i]);
    vec_free(&in->images);
    for (size_t i = 0; i < in->files.len; i++)
        free(in->files.items[i].path);
    vec_free(&in->files);
    for (size_t i = 0; i < in->secrets.len; i++) {
        free(in->secrets.items[i].uuid);
        free(in->secrets.items[i].usage_type);
        free(in->secrets.items[i].usage);
        free(in->secrets.items[i].what);
    }
    vec_free(&in->secrets);
    vec_free(&in->running);
    *in = (struct preflight_input){0};
}
