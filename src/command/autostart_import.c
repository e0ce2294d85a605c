/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Policies that come from elsewhere: libvirt's own flags and libvirt-guests' habits, a file; and writing such
 * a file.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "autostart/portable.h"
#include "base/file.h"
#include "base/jsondoc.h"
#include "command/autostart.h"
#include "command/private.h"
#include "virt/policy_edit.h"

#define MOST_BYTES (16u << 20)
/* Between two orders there shall be room. */
#define ORDER_STEP 10

struct import {
    struct call *call;
    int host;
    const struct survey *survey;
    size_t jobs; /* submitted so far */
};

static void say(const struct call *call, enum severity severity, const char *fmt, ...) ATTR_PRINTF(3, 4);
static void say(const struct call *call, enum severity severity, const char *fmt, ...)
{
    const struct frontend *f = call->session->frontend;
    va_list ap;
    char *text;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    f->say(f->ctx, severity, text);
    free(text);
}

/* Takes the request. */
static void submit(struct import *in, const struct survey_vm *vm, struct policy_request *r)
{
    const struct session *s = in->call->session;
    struct job_args args = {.data = r, .free_data = policy_request_free};
    r->dry_run = call_option(in->call, "dry-run") != NULL;
    s->frontend->follow(s->frontend->ctx,
                        fleet_submit(s->fleet, in->host, &vm->uuid, vm->name, &policy_job, &args));
    in->jobs++;
}

/* ---- what libvirt and libvirt-guests do ---- */

static const struct policy *policy_of(const struct survey_vm *vm)
{
    return vm->item && vm->item->policy.present ? &vm->item->policy : NULL;
}

static int64_t order_behind_all(const struct survey *s)
{
    int64_t highest = 0;
    for (size_t i = 0; i < s->vms.len; i++) {
        const struct policy *p = policy_of(&s->vms.items[i]);
        if (p && p->v[POLICY_ORDER].given && p->v[POLICY_ORDER].number > highest)
            highest = p->v[POLICY_ORDER].number;
    }
    int64_t most = (int64_t)policy_fields[POLICY_ORDER].max;
    return highest > most - ORDER_STEP ? most : (highest / ORDER_STEP + 1) * ORDER_STEP;
}

/* NULL: libvirt-guests stops nothing. */
static const struct guests_config *habits(const struct survey *s)
{
    const struct host_files *f = &s->files;
    bool on = f->known && f->units[HOST_UNIT_GUESTS] == UNIT_ENABLED && f->guests.shutdown_action;
    return on ? &f->guests : NULL;
}

/* Only where the policy says nothing of it. */
static void add_habits(const struct survey *s, const struct policy *p, struct policy_request *r)
{
    const struct guests_config *g = habits(s);
    if (!g || (p && p->v[POLICY_STOP].given))
        return;
    bool saves = strcmp(g->on_shutdown, "suspend") == 0;
    vec_push(&r->words, xasprintf("stop=%s", saves ? "managedsave" : "shutdown"));
    if (g->shutdown_timeout > 0 && !(p && p->v[POLICY_STOP_TIMEOUT].given))
        vec_push(&r->words, xasprintf("stop-timeout=%d", g->shutdown_timeout));
}

static void take_over(struct import *in, const struct survey_vm *vm, int64_t order)
{
    const struct policy *p = policy_of(vm);
    struct policy_request *r = policy_request_new();
    bool ours = p && policy_number(p, NULL, POLICY_MODE) != MODE_OFF;
    r->verb = POLICY_EDIT_WORDS;
    if (vm->native && !ours)
        vec_push(&r->words, xstrdup("on"));
    if (vm->native && !(p && p->v[POLICY_ORDER].given))
        vec_push(&r->words, xasprintf("order=%lld", (long long)order));
    if (vm->native || ours)
        add_habits(in->survey, p, r);
    if (r->words.len && vm->persistent && !(p && p->unknown))
        submit(in, vm, r);
    else
        policy_request_free(r);
}

static void say_habits(const struct import *in)
{
    const struct guests_config *g = habits(in->survey);
    if (!g)
        return;
    say(in->call, SEV_INFO,
        "libvirt-guests stops domains at the shutdown (ON_SHUTDOWN=%s, SHUTDOWN_TIMEOUT=%d): what starts "
        "with the "
        "host is to be stopped in the same way; for what else runs then put \"defaults\": {\"stop\": \"%s\"} "
        "into "
        "autostart.json. `autostart enable --replace-libvirt-guests` puts virtdeck in its place",
        g->on_shutdown, g->shutdown_timeout,
        strcmp(g->on_shutdown, "suspend") == 0 ? "managedsave" : "shutdown");
    if (g->boot_start)
        say(in->call, SEV_INFO,
            "libvirt-guests also starts again what ran at the shutdown (ON_BOOT=start): give those domains "
            "an "
            "order, or `autostart VM on`");
}

static bool import_native(struct import *in, struct error *e)
{
    int64_t order = order_behind_all(in->survey);
    (void)e;
    say_habits(in);
    for (size_t i = 0; i < in->survey->vms.len; i++)
        take_over(in, &in->survey->vms.items[i], order);
    if (!in->jobs)
        say(in->call, SEV_INFO, "nothing to take over: libvirt starts no domain by its own flag");
    return true;
}

/* ---- a file ---- */

static bool read_file(const char *path, portable_list *out, struct error *e)
{
    char *text = NULL;
    size_t len = 0;
    struct jsondoc doc = {0};
    if (!file_read(path, MOST_BYTES, &text, &len, NULL, e))
        return false;
    json_object *json = jsondoc_object(text, len, JSON_TOKENER_VALIDATE_UTF8);
    bool good = json != NULL;
    if (!json && !jsondoc_parse(&doc, path, text, len, e)) /* which says where it is wrong */
        ;
    else if (!json)
        error_set(e, STATUS_FAILED, "%s: it is no JSON object", path);
    else if (!(good = portable_read(json, out, e)))
        error_prefix(e, "%s", path);
    jsondoc_free(&doc);
    json_object_put(json);
    free(text);
    return good;
}

static void put_in(struct import *in, const struct survey_vm *vm, const struct portable_vm *from)
{
    struct policy_request *r = policy_request_new();
    r->verb = POLICY_EDIT_REPLACE;
    policy_copy(&r->policy, &from->policy);
    r->native = from->native_known ? from->native : -1;
    submit(in, vm, r);
}

static bool import_file(struct import *in, struct error *e)
{
    const char *path = in->call->words.items[0];
    portable_list list = {0};
    size_t unmatched = 0;
    struct strbuf names = {0};
    if (!read_file(path, &list, e))
        return false;
    for (size_t i = 0; i < list.len; i++) {
        const struct survey_vm *vm = portable_match(in->survey, &list.items[i]);
        if (vm)
            put_in(in, vm, &list.items[i]);
        else
            strbuf_printf(&names, "%s%s", unmatched++ ? ", " : "", list.items[i].name);
    }
    if (unmatched)
        say(in->call, SEV_WARN, "%s has %zu domain%s that %s not on this host: %s", path, unmatched,
            unmatched == 1 ? "" : "s", unmatched == 1 ? "is" : "are", strbuf_str(&names));
    strbuf_free(&names);
    portable_free(&list);
    return true;
}

/* ---- the rows ---- */

static bool one_host(struct call *call, host_list *hosts, struct error *e)
{
    autostart_hosts(call, hosts);
    return hosts->len == 1 || error_set(e, STATUS_USAGE, "%s FILE is about one host, and these are %zu",
                                        call->command->name, hosts->len);
}

bool autostart_import_run(struct call *call, struct error *e)
{
    host_list hosts = {0};
    bool file = call->words.len > 0, good = one_host(call, &hosts, file ? e : NULL) || !file;
    for (size_t i = 0; good && i < hosts.len; i++) {
        struct autostart_view *v = autostart_see(call, hosts.items[i], e);
        struct import in = {.call = call, .host = hosts.items[i], .survey = v ? &v->survey : NULL};
        good = v && (file ? import_file(&in, e) : import_native(&in, e));
        autostart_view_unref(v);
    }
    vec_free(&hosts);
    return good;
}

static bool write_export(const char *path, json_object *json, struct error *e)
{
    const char *text = json_object_to_json_string_ext(
        json, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
    char *lines = xasprintf("%s\n", text);
    bool good = file_write(path, lines, strlen(lines), 0644, e);
    free(lines);
    return good;
}

bool autostart_export_run(struct call *call, struct error *e)
{
    const struct frontend *f = call->session->frontend;
    host_list hosts = {0};
    bool good = one_host(call, &hosts, e);
    struct autostart_view *v = good ? autostart_see(call, hosts.items[0], e) : NULL;
    vec_free(&hosts);
    if (!v)
        return false;
    json_object *json = portable_json(&v->survey);
    json_object *left;
    if (json_object_object_get_ex(json, "left_out", &left))
        say(call, SEV_WARN, "%zu domain%s left out (\"left_out\" says why)", json_object_array_length(left),
            json_object_array_length(left) == 1 ? " was" : "s were");
    if (call->words.len) {
        good = write_export(call->words.items[0], json, e);
        json_object_put(json);
    } else {
        f->print_json(f->ctx, json);
    }
    autostart_view_unref(v);
    return good;
}
