/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `autostart enable` and `autostart disable`: what they will do is shown, and done with --yes.
 */
#include "autostart/units.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/autostart.h"
#include "command/private.h"

/* Absolute: a unit has no search path of ours. The caller frees; NULL with e set. */
static char *own_program(struct error *e)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) {
        error_set(e, STATUS_FAILED, "where this program is can't be told: %s", strerror(errno));
        return NULL;
    }
    path[n] = '\0';
    /* The kernel's mark of a file that was replaced since, by an upgrade. */
    static const char gone[] = " (deleted)";
    size_t len = (size_t)n, mark = sizeof gone - 1;
    if (len > mark && strcmp(path + len - mark, gone) == 0 && access(path, F_OK) != 0)
        path[len - mark] = '\0';
    return xstrdup(path);
}

static bool confirmed(const struct call *call)
{
    return call->yes || call->session->yes || call_option(call, "yes");
}

/* One value for all that came of it. Takes the steps over. */
static void print_json(const struct call *call, json_object *steps, bool good, const struct error *e)
{
    const struct frontend *f = call->session->frontend;
    json_object *o = json_object_new_object();
    json_object_object_add(o, "action", json_text(call->command->name));
    json_object_object_add(o, "dry_run", json_object_new_boolean(call_option(call, "dry-run") != NULL));
    json_object_object_add(o, "steps", steps);
    json_object_object_add(o, "result", json_text(good ? "ok" : "failed"));
    json_object_object_add(o, "error", good ? NULL : json_text(error_text(e)));
    f->print_json(f->ctx, o);
}

static void add_steps(json_object *all, const unit_steps *steps)
{
    for (size_t i = 0; i < steps->len; i++) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "step", json_text(steps->items[i].say));
        json_object_object_add(o, "file", json_text(steps->items[i].path));
        json_object_object_add(o, "command", json_text(steps->items[i].command));
        json_object_array_add(all, o);
    }
}

static void print_text(const struct call *call, const unit_steps *steps)
{
    const struct frontend *f = call->session->frontend;
    struct strbuf out = {0};
    units_print(steps, &out);
    f->print(f->ctx, steps->len ? strbuf_str(&out) : "nothing to do: it is so already\n");
    strbuf_free(&out);
}

static bool carry_out(struct call *call, const struct unit_request *r, json_object *all, struct error *e)
{
    unit_steps steps = {0};
    if (!units_plan(r, &steps, e))
        return false;
    if (call->json)
        add_steps(all, &steps);
    else
        print_text(call, &steps);
    bool good = true;
    if (steps.len && !call_option(call, "dry-run"))
        good = confirmed(call) ? units_apply(&steps, e)
                               : error_set(e, STATUS_USAGE, "%s: these are the steps; add --yes to do them",
                                           call->command->name);
    units_free(&steps);
    return good;
}

bool autostart_units_run(struct call *call, struct error *e)
{
    host_list hosts = {0};
    const char *home = getenv("HOME");
    char *program = own_program(e);
    json_object *steps = json_object_new_array();
    bool good = program != NULL;
    autostart_hosts(call, &hosts);
    for (size_t i = 0; good && i < hosts.len; i++) {
        struct autostart_view *v = autostart_see(call, hosts.items[i], e);
        const struct survey *s = v ? &v->survey : NULL;
        struct unit_request r = {.enable = call->command->data != NULL,
                                 .replace_guests = call_option(call, "replace-libvirt-guests") != NULL,
                                 .session = s && s->session,
                                 .root = "",
                                 .home = home,
                                 .program = program,
                                 .uri = s ? s->uri : NULL};
        good =
            v && (s->local || error_set(e, STATUS_FAILED,
                                        "%s: %s is another machine: log in there and give the command there",
                                        call->command->name, s->uri));
        good = good && carry_out(call, &r, steps, e);
        autostart_view_unref(v);
    }
    vec_free(&hosts);
    free(program);
    if (call->json)
        print_json(call, steps, good, e);
    else
        json_object_put(steps);
    return good;
}
