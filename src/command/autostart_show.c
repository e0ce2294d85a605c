/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is to be seen of autostart: the list, the plan, the check, the run.
 */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "command/autostart.h"
#include "command/query.h"

static bool unicode(const struct call *call)
{
    return call->session->frontend->screen || strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Output of several hosts, one after the other: text with a head each, or JSON values in an array. */
struct output {
    const struct call *call;
    bool several;
    struct strbuf text;
    json_object *array, *last;
};

static void output_begin(struct output *o, const struct call *call, const host_list *hosts)
{
    *o = (struct output){.call = call, .several = hosts->len > 1, .array = json_object_new_array()};
}

static void output_head(struct output *o, const struct survey *s)
{
    if (o->several)
        strbuf_printf(&o->text, "%s%s:\n", o->text.len ? "\n" : "", s->host_name ? s->host_name : s->uri);
}

/* Takes the value. */
static void output_add(struct output *o, json_object *value)
{
    o->last = value;
    json_object_array_add(o->array, value);
}

/* list: an array also of one. */
static void output_end(struct output *o, bool list)
{
    const struct frontend *f = o->call->session->frontend;
    if (!o->call->json)
        f->print(f->ctx, strbuf_str(&o->text));
    else if (list || o->several || !o->last)
        f->print_json(f->ctx, json_object_get(o->array));
    else
        f->print_json(f->ctx, json_object_get(o->last));
    json_object_put(o->array);
    strbuf_free(&o->text);
}

/* For each host that the call is about. False: the first that failed has set e; what was shown before is
 * printed all the same. */
static bool each_host(struct call *call, bool list, struct error *e,
                      bool (*show)(struct output *o, int host, struct autostart_view *v, struct error *e))
{
    host_list hosts = {0};
    struct output out;
    bool good = true;
    autostart_hosts(call, &hosts);
    output_begin(&out, call, &hosts);
    for (size_t i = 0; i < hosts.len; i++) {
        struct error one = ERROR_INIT;
        struct autostart_view *v = autostart_see(call, hosts.items[i], &one);
        if ((!v || !show(&out, hosts.items[i], v, &one)) && good) {
            error_move(e, &one);
            good = false;
        }
        error_clear(&one);
        autostart_view_unref(v);
    }
    if (good || out.text.len || out.last)
        output_end(&out, list);
    else {
        json_object_put(out.array);
        strbuf_free(&out.text);
    }
    vec_free(&hosts);
    return good;
}

/* ---- list ---- */

static json_object *entry_json(const struct survey *s, const struct survey_vm *vm,
                               const struct vm_verdict *verdict)
{
    json_object *o = json_object_new_object();
    char uuid[UUID_TEXT_LEN + 1];
    const struct policy *p = vm->item ? &vm->item->policy : NULL;
    const char *why = verdict ? verdict->why : NULL;
    uuid_format(&vm->uuid, uuid);
    json_object_object_add(o, "host", json_text(s->host_name));
    json_object_object_add(o, "domain", json_text(vm->name));
    json_object_object_add(o, "uuid", json_text(uuid));
    json_object_object_add(o, "order",
                           verdict && verdict->order >= 0 ? json_object_new_int(verdict->order) : NULL);
    json_object_object_add(o, "verdict",
                           json_text(vm_autostart_word(verdict ? verdict->verdict : AUTOSTART_UNKNOWN)));
    json_object_object_add(o, "why", json_text(why));
    json_object_object_add(o, "native", vm->flags_known ? json_object_new_boolean(vm->native) : NULL);
    json_object_object_add(o, "once", vm->flags_known ? json_object_new_boolean(vm->once) : NULL);
    json_object_object_add(o, "policy", p && p->present ? policy_json(p) : NULL);
    json_object_object_add(o, "newer", p ? json_text(p->newer) : NULL);
    return o;
}

/* What a field says, or what holds unsaid. */
static void add_value(struct grid *g, const struct survey *s, const struct policy *p, enum policy_id id)
{
    struct strbuf text = {0};
    const struct policy *host = &s->config.defaults;
    bool hosts = !p->v[id].given && host->v[id].given && policy_fields[id].flags & POLICY_HOST;
    policy_text(hosts ? host : p, id, &text);
    if (!text.len && policy_fields[id].def)
        strbuf_puts(&text, policy_fields[id].def);
    grid_add(g, text.len ? strbuf_str(&text) : NULL);
    strbuf_free(&text);
}

static void add_waits(struct grid *g, const struct policy *p)
{
    struct strbuf text = {0};
    static const enum policy_id ids[] = {POLICY_AFTER, POLICY_NEEDS, POLICY_DELAY};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct strbuf one = {0};
        policy_text(p, ids[i], &one);
        if (one.len)
            strbuf_printf(&text, "%s%s%s", text.len ? ", " : "", ids[i] == POLICY_DELAY ? "+" : "",
                          strbuf_str(&one));
        strbuf_free(&one);
    }
    grid_add(g, text.len ? strbuf_str(&text) : NULL);
    strbuf_free(&text);
}

static void add_verdict(struct grid *g, const struct policy *p, const struct vm_verdict *v)
{
    const char *word = vm_autostart_word(v ? v->verdict : AUTOSTART_UNKNOWN);
    const char *why = v && v->why ? v->why : p && p->newer ? "written by a newer version" : NULL;
    char *text = why ? xasprintf("%s: %s", word, why) : xstrdup(word);
    grid_add(g, text);
    free(text);
}

static void add_row(struct grid *g, const struct survey *s, const struct survey_vm *vm,
                    const struct vm_verdict *v)
{
    const struct policy *p = vm->item && vm->item->policy.present ? &vm->item->policy : NULL;
    char *order = v && v->order >= 0 ? xasprintf("%d", v->order) : NULL;
    grid_add(g, order);
    grid_add(g, vm->name);
    if (p) {
        add_waits(g, p);
        add_value(g, s, p, POLICY_READY);
        add_value(g, s, p, POLICY_STOP);
        add_value(g, s, p, POLICY_RESTART);
    } else {
        for (int i = 0; i < 4; i++)
            grid_add(g, NULL);
    }
    add_verdict(g, p, v);
    free(order);
}

struct listed {
    const struct survey_vm *vm;
    const struct vm_verdict *verdict;
};

/* In the order in which they start: by order, those without one last; then by name. */
static int compare_listed(const void *a, const void *b)
{
    const struct listed *x = a, *y = b;
    unsigned ox = (unsigned)(x->verdict ? x->verdict->order : -1);
    unsigned oy = (unsigned)(y->verdict ? y->verdict->order : -1);
    return ox != oy ? (ox < oy ? -1 : 1) : strcmp(x->vm->name, y->vm->name);
}

static bool is_listed(const struct listed *l)
{
    bool policy = l->vm->item && l->vm->item->policy.present;
    bool starts =
        l->verdict && l->verdict->verdict != AUTOSTART_OFF && l->verdict->verdict != AUTOSTART_UNKNOWN;
    return policy || starts || l->vm->native || l->vm->once;
}

static bool show_list(struct output *o, int host, struct autostart_view *v, struct error *e)
{
    static const char *const titles[] = {"ORDER", "NAME",    "WAITS FOR", "READY WHEN",
                                         "STOP",  "RESTART", "START"};
    const struct survey *s = &v->survey;
    VEC(struct listed) list = {0};
    struct grid g = {.columns = ARRAY_LEN(titles)};
    bool all = call_option(o->call, "all") != NULL;
    (void)host;
    (void)e;
    for (size_t i = 0; i < s->vms.len; i++) {
        struct listed l = {&s->vms.items[i], autostart_verdict(&v->check, &s->vms.items[i].uuid)};
        if (all || is_listed(&l))
            vec_push(&list, l);
    }
    if (list.len)
        qsort(list.items, list.len, sizeof *list.items, compare_listed);
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        grid_add(&g, titles[i]);
    for (size_t i = 0; i < list.len; i++) {
        add_row(&g, s, list.items[i].vm, list.items[i].verdict);
        if (o->call->json)
            output_add(o, entry_json(s, list.items[i].vm, list.items[i].verdict));
    }
    output_head(o, s);
    struct strbuf table = {0};
    grid_print(&g, &table);
    strbuf_puts(&o->text, list.len ? strbuf_str(&table) : "no domain starts with the host\n");
    strbuf_free(&table);
    vec_free(&list);
    return true;
}

bool autostart_list_run(struct call *call, struct error *e)
{
    return each_host(call, true, e, show_list);
}

/* ---- plan ---- */

/* What of the host's file does not count, so that nobody wonders at the plan. */
static void tell_config(const struct call *call, const struct survey *s)
{
    const struct frontend *f = call->session->frontend;
    for (size_t i = 0; i < s->config_findings.len; i++)
        f->say(f->ctx, s->config_findings.items[i].severity, s->config_findings.items[i].text);
}

static bool show_plan(struct output *o, int host, struct autostart_view *v, struct error *e)
{
    bool reverse = call_option(o->call, "reverse") != NULL, now = call_option(o->call, "now") != NULL;
    struct plan *made = now ? survey_plan(&v->survey, reverse, false) : NULL;
    const struct plan *plan = made ? made : reverse ? v->down : v->up;
    (void)host;
    (void)e;
    tell_config(o->call, &v->survey);
    output_head(o, &v->survey);
    if (o->call->json) {
        json_object *json = plan_json(plan);
        if (o->several)
            json_object_object_add(json, "host", json_text(v->survey.host_name));
        output_add(o, json);
    } else {
        plan_print(plan, unicode(o->call), &o->text);
    }
    plan_free(made);
    return true;
}

bool autostart_plan_run(struct call *call, struct error *e)
{
    return each_host(call, false, e, show_plan);
}

/* ---- check ---- */

static bool show_check(struct output *o, int host, struct autostart_view *v, struct error *e)
{
    const struct autostart_check *c = &v->check;
    size_t wrong = findings_count(&c->boot, SEV_ERROR) + findings_count(&c->shutdown, SEV_ERROR);
    (void)host;
    output_head(o, &v->survey);
    if (o->call->json)
        output_add(o, autostart_check_json(c, &v->survey, v->up, v->down));
    else
        autostart_check_print(c, &v->survey, v->up, v->down, &o->text);
    return wrong == 0 ||
           error_set(e, STATUS_FAILED, "autostart check: %zu thing%s will not happen as asked for", wrong,
                     wrong == 1 ? "" : "s");
}

bool autostart_check_run(struct call *call, struct error *e)
{
    return each_host(call, false, e, show_check);
}

/* ---- status ---- */

#define FOLLOW_MS 300

struct following {
    const struct call *call;
    int host;
    int64_t begun_ms; /* of the run that is followed */
    size_t told;      /* its steps that were printed */
    int64_t last_ms;
    struct autostart_view *view; /* the newest */
};

static void tell_step(const struct following *f, const struct run_step *step)
{
    const struct frontend *front = f->call->session->frontend;
    char stamp[16] = "";
    struct tm tm;
    time_t at = (time_t)(step->wall_ms / 1000);
    if (localtime_r(&at, &tm))
        strftime(stamp, sizeof stamp, "%H:%M:%S", &tm);
    /* A line a step: no name and no answer of a guest begins another one. */
    char *node = text_escaped(step->node), *text = text_escaped(step->text);
    char *line = xasprintf("%s %s%s%s\n", stamp, node, node[0] ? ": " : "", text);
    front->print(front->ctx, line);
    free(line);
    free(text);
    free(node);
}

/* Once the record is full its oldest steps go; then the time tells which are new. */
static void tell_new(struct following *f, const struct run_record *r)
{
    bool full =
        r->steps.len <= f->told && r->steps.len > 0 && r->steps.items[r->steps.len - 1].wall_ms > f->last_ms;
    for (size_t i = full ? 0 : f->told; i < r->steps.len; i++)
        if (!full || r->steps.items[i].wall_ms > f->last_ms)
            tell_step(f, &r->steps.items[i]);
    f->told = r->steps.len;
    if (r->steps.len)
        f->last_ms = r->steps.items[r->steps.len - 1].wall_ms;
}

static bool run_ended(void *arg)
{
    struct following *f = arg;
    struct autostart_view *v = fleet_autostart(f->call->session->fleet, f->host, FOLLOW_MS);
    if (!v)
        return false;
    const struct run_record *r = &v->run;
    if (r->begun_wall_ms != f->begun_ms) {
        f->begun_ms = r->begun_wall_ms;
        f->told = 0;
        f->last_ms = 0;
    }
    if (!f->call->json)
        tell_new(f, r);
    autostart_view_unref(f->view);
    f->view = v;
    return r->state != RUN_UNDER_WAY;
}

static bool follow(struct output *o, int host, struct autostart_view **v, struct error *e)
{
    const struct frontend *front = o->call->session->frontend;
    struct following f = {.call = o->call, .host = host, .view = autostart_view_ref(*v)};
    bool good = front->wait(front->ctx, -1, run_ended, &f, -1, e);
    autostart_view_unref(*v);
    *v = f.view;
    return good;
}

/* Why there is no record to show though there is a file; NULL: it is not so. */
static const char *unreadable(const struct autostart_view *v)
{
    const finding_list *found = &v->check.boot;
    for (size_t i = 0; v->run.state == RUN_NONE && i < found->len; i++)
        if (strcmp(found->items[i].id, "run-record") == 0)
            return found->items[i].text;
    return NULL;
}

static bool show_status(struct output *o, int host, struct autostart_view *v, struct error *e)
{
    bool good = true;
    struct autostart_view *last = autostart_view_ref(v);
    if (call_option(o->call, "follow") && v->run.state == RUN_UNDER_WAY && o->call->session->frontend->wait)
        good = follow(o, host, &last, e);
    const char *broken = unreadable(last);
    output_head(o, &last->survey);
    if (o->call->json) {
        json_object *json = run_record_json(&last->run);
        if (broken)
            json_object_object_add(json, "error", json_text(broken));
        if (o->several)
            json_object_object_add(json, "host", json_text(last->survey.host_name));
        output_add(o, json);
    } else if (broken) {
        strbuf_printf(&o->text, "no record of the last run: %s\n", broken);
    } else {
        run_record_print(&last->run, clock_wall_ms(), &o->text);
    }
    autostart_view_unref(last);
    return good;
}

bool autostart_status_run(struct call *call, struct error *e)
{
    return each_host(call, false, e, show_status);
}
