/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/survey.h"

#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "autostart/needs.h"
#include "autostart/run_file.h"
#include "autostart/survey_ports.h"
#include "base/paths.h"

#define SYSTEM_CONFIG "/etc/virtdeck/autostart.json"

/* ---- what the URI says ---- */

static bool starts_with(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

/* Where no path says so, libvirt takes the session for all but root. */
bool survey_is_session(const char *uri)
{
    const char *path = strstr(uri, "://");
    if (!path)
        return !*uri && geteuid() != 0;
    path += 3 + strcspn(path + 3, "/?#");
    return starts_with(path, "/session");
}

/* ---- domains ---- */

static int by_name(const void *left, const void *right)
{
    const struct survey_vm *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : uuid_compare(&a->uuid, &b->uuid);
}

static int by_uuid(const void *left, const void *right)
{
    const struct survey_place *a = left, *b = right;
    return uuid_compare(&a->uuid, &b->uuid);
}

/* The screen looks up each of thousands of domains in each frame. */
static void take_places(struct survey *s)
{
    vec_reserve(&s->places, s->vms.len);
    for (size_t i = 0; i < s->vms.len; i++)
        vec_push(&s->places, ((struct survey_place){s->vms.items[i].uuid, i}));
    if (s->places.len)
        qsort(s->places.items, s->places.len, sizeof *s->places.items, by_uuid);
}

static void take_vms(struct survey *s, const struct snapshot *snap)
{
    s->complete = true;
    vec_reserve(&s->vms, snap->n_vms);
    for (size_t i = 0; i < snap->n_vms; i++) {
        const struct vm *vm = &snap->vms[i];
        struct survey_vm v = {.name = xstrdup(vm->name ? vm->name : ""),
                              .uuid = vm->uuid,
                              .item = start_item_ref(vm->start),
                              .running = vm_state_is_active(vm->state),
                              .persistent = (vm->flags & VM_PERSISTENT) != 0,
                              .native = (vm->flags & VM_AUTOSTART) != 0,
                              .once = (vm->flags & VM_AUTOSTART_ONCE) != 0,
                              .managed_save = (vm->flags & VM_MANAGED_SAVE) != 0,
                              .flags_known = (vm->flags & VM_FLAGS_KNOWN) != 0};
        s->complete = s->complete && v.item;
        vec_push(&s->vms, v);
    }
    if (s->vms.len)
        qsort(s->vms.items, s->vms.len, sizeof *s->vms.items, by_name);
    take_places(s);
}

static void take_resources(struct survey *s, const struct host_resources *res)
{
    s->networks_known = res && res->known[RESOURCE_NETWORK];
    s->pools_known = res && res->known[RESOURCE_POOL];
    for (size_t i = 0; res && i < res->items.len; i++) {
        const struct resource *r = &res->items.items[i];
        if (r->kind != RESOURCE_NETWORK && r->kind != RESOURCE_POOL)
            continue;
        enum need_kind kind = r->kind == RESOURCE_NETWORK ? NEED_NETWORK : NEED_POOL;
        vec_push(&s->networks, ((struct survey_network){kind, xstrdup(r->name), r->active}));
    }
}

/* ---- paths ---- */

static int compare_path(const void *left, const void *right)
{
    const struct survey_path *a = left, *b = right;
    return a->mount != b->mount ? a->mount - b->mount : strcmp(a->path, b->path);
}

static void name_paths(struct survey *s, const struct start_item *it)
{
    const struct policy_value *needs = &it->policy.v[POLICY_NEEDS];
    for (size_t i = 0; i < it->files.len; i++)
        vec_push(&s->paths, ((struct survey_path){false, xstrdup(it->files.items[i].path), PATH_UNKNOWN}));
    for (size_t i = 0; i < needs->items.len; i++) {
        struct need n = {0};
        if (!need_read(needs->items.items[i], &n, NULL))
            continue;
        if (n.kind == NEED_MOUNT || n.kind == NEED_PATH)
            vec_push(&s->paths, ((struct survey_path){n.kind == NEED_MOUNT, xstrdup(n.name), PATH_UNKNOWN}));
        need_clear(&n);
    }
}

/* Only "it is not there" counts as missing: what may not be looked at is unknown. */
static void look_at(struct survey_path *p, const char *root)
{
    struct need mount = {NEED_MOUNT, p->path};
    if (p->mount) {
        p->state = need_is_there(&mount, root) ? PATH_THERE : PATH_MISSING;
        return;
    }
    char *full = xasprintf("%s%s", root, p->path);
    int reason = access(full, F_OK) == 0 ? 0 : errno;
    p->state = reason == 0 ? PATH_THERE : reason == ENOENT || reason == ENOTDIR ? PATH_MISSING : PATH_UNKNOWN;
    free(full);
}

/* Each path once, however many domains share it. */
static void take_paths(struct survey *s, const char *root)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->vms.len; i++)
        if (s->vms.items[i].item)
            name_paths(s, s->vms.items[i].item);
    if (s->paths.len)
        qsort(s->paths.items, s->paths.len, sizeof *s->paths.items, compare_path);
    for (size_t i = 0; i < s->paths.len; i++) {
        struct survey_path *p = &s->paths.items[i];
        if (kept && compare_path(&s->paths.items[kept - 1], p) == 0)
            free(p->path);
        else
            s->paths.items[kept++] = *p;
    }
    s->paths.len = kept;
    for (size_t i = 0; i < kept; i++)
        look_at(&s->paths.items[i], root);
}

const struct survey_path *survey_find_path(const struct survey *s, bool mount, const char *path)
{
    struct survey_path wanted = {mount, (char *)path, PATH_UNKNOWN};
    return s->paths.len ? bsearch(&wanted, s->paths.items, s->paths.len, sizeof wanted, compare_path) : NULL;
}

/* ---- files of the host ---- */

static void take_host_files(struct survey *s, const char *root)
{
    char buf[8192];
    struct passwd pw, *found = NULL;
    getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found);
    char *home = paths_expand("~/");
    home[strlen(home) - 1] = '\0';
    host_files_read(&s->files, root, s->session, found ? found->pw_name : NULL, home);
    free(home);
}

/* The demo host is invented, and so is what starts its domains. */
static void invent_host_files(struct survey *s)
{
    host_files_clear(&s->files);
    s->files.known = true;
    for (int i = 0; i < HOST_UNITS; i++)
        s->files.units[i] = UNIT_ABSENT;
    s->files.units[HOST_UNIT_START] = s->files.units[HOST_UNIT_SUPERVISE] =
        s->files.units[HOST_UNIT_LIBVIRTD] = UNIT_ENABLED;
}

static bool is_local(const struct host_info *host)
{
    return !host->remote && !host->demo && !starts_with(host->uri ? host->uri : "", "test:");
}

enum unit_state survey_start_unit(const struct host_info *host, const char *root)
{
    struct survey s = {.session = survey_is_session(host->uri ? host->uri : "")};
    enum unit_state state = host->demo ? UNIT_ENABLED : UNIT_UNKNOWN;
    host_files_clear(&s.files);
    if (is_local(host)) {
        take_host_files(&s, root);
        state = s.files.units[HOST_UNIT_START];
    }
    host_files_clear(&s.files);
    return state;
}

/* What limits a start holds for the host that the file lies on, and for drivers inside this process. */
static void take_config(struct survey *s, const struct host_info *host, const char *root)
{
    autostart_config_init(&s->config);
    if (host->remote || host->demo)
        return;
    bool own = s->session || !s->local;
    char *path =
        own ? paths_join(paths_config_dir(), "autostart.json") : xasprintf("%s%s", root, SYSTEM_CONFIG);
    autostart_config_load(&s->config, path, &s->config_findings);
    free(path);
}

static void take_times(struct survey *s)
{
    char *key = run_key(s->uri), *path = times_path(key);
    times_load(&s->times, path);
    free(path);
    free(key);
}

void survey_take(struct survey *s, const struct snapshot *snap, const struct host_resources *res,
                 const char *root)
{
    const struct host_info *host = &snap->host;
    const char *uri = host->uri ? host->uri : "";
    *s = (struct survey){.host_name = xstrdup(host->name ? host->name : uri),
                         .uri = xstrdup(uri),
                         .session = survey_is_session(uri),
                         .local = is_local(host),
                         .root = geteuid() == 0,
                         .libvirt_version = host->libvirt_version};
    take_vms(s, snap);
    take_resources(s, res);
    host_files_clear(&s->files);
    if (host->demo)
        invent_host_files(s);
    if (s->local) {
        take_host_files(s, root);
        take_paths(s, root);
        survey_take_ports(s, root);
    } else if (host->mem_kib > 0) {
        s->files.memory_kib = host->mem_kib;
    }
    take_config(s, host, root);
    take_times(s);
}

void survey_clear(struct survey *s)
{
    free(s->host_name);
    free(s->uri);
    for (size_t i = 0; i < s->vms.len; i++) {
        free(s->vms.items[i].name);
        start_item_unref(s->vms.items[i].item);
    }
    vec_free(&s->vms);
    vec_free(&s->places);
    for (size_t i = 0; i < s->networks.len; i++)
        free(s->networks.items[i].name);
    vec_free(&s->networks);
    for (size_t i = 0; i < s->paths.len; i++)
        free(s->paths.items[i].path);
    vec_free(&s->paths);
    for (size_t i = 0; i < s->ports.len; i++) {
        free(s->ports.items[i].holder);
        free(s->ports.items[i].address);
    }
    vec_free(&s->ports);
    host_files_clear(&s->files);
    autostart_config_free(&s->config);
    findings_free(&s->config_findings);
    times_clear(&s->times);
    *s = (struct survey){0};
}

/* ---- finding ---- */

const struct survey_vm *survey_find(const struct survey *s, const struct vm_uuid *uuid)
{
    struct survey_place wanted = {.uuid = *uuid}, *found;
    if (s->places.len) {
        found = bsearch(&wanted, s->places.items, s->places.len, sizeof wanted, by_uuid);
        return found ? &s->vms.items[found->at] : NULL;
    }
    for (size_t i = 0; i < s->vms.len; i++)
        if (uuid_equal(&s->vms.items[i].uuid, uuid))
            return &s->vms.items[i];
    return NULL;
}

static int name_is(const void *name, const void *vm)
{
    return strcmp(name, ((const struct survey_vm *)vm)->name);
}

const struct survey_vm *survey_find_name(const struct survey *s, const char *name)
{
    return s->vms.len ? bsearch(name, s->vms.items, s->vms.len, sizeof *s->vms.items, name_is) : NULL;
}

enum need_state survey_need_state(const struct survey *s, enum need_kind kind, const char *name)
{
    if (kind == NEED_MOUNT || kind == NEED_PATH) {
        const struct survey_path *p = survey_find_path(s, kind == NEED_MOUNT, name);
        /* What is not there now may come up with the host: it is waited for. */
        return !p || p->state == PATH_UNKNOWN ? NEED_UNKNOWN
               : p->state == PATH_THERE       ? NEED_ACTIVE
                                              : NEED_INACTIVE;
    }
    for (size_t i = 0; i < s->networks.len; i++)
        if (s->networks.items[i].kind == kind && strcmp(s->networks.items[i].name, name) == 0)
            return s->networks.items[i].active ? NEED_ACTIVE : NEED_INACTIVE;
    return (kind == NEED_NETWORK ? s->networks_known : s->pools_known) ? NEED_MISSING : NEED_UNKNOWN;
}

/* ---- the plan ---- */

static struct plan_item item_of(const struct survey *s, const struct survey_vm *vm)
{
    const struct start_time *t = times_find(&s->times, &vm->uuid);
    return (struct plan_item){.name = vm->name,
                              .uuid = vm->uuid,
                              .policy = vm->item && vm->item->policy.present ? &vm->item->policy : NULL,
                              .needs = vm->item ? &vm->item->needs : NULL,
                              .memory_kib = vm->item ? vm->item->memory_kib : NAN,
                              .start_s = t ? t->start_s : NAN,
                              .ready_s = t ? t->ready_s : NAN,
                              .stop_s = t ? t->stop_s : NAN,
                              .running = vm->running,
                              .native = vm->native || vm->once};
}

typedef VEC(struct plan_need) plan_needs_list;

/* What is asked for, so that networks and pools which are not there are known to be missing. */
static void add_need(const struct survey *s, plan_needs_list *out, const struct need *n)
{
    vec_push(out, ((struct plan_need){n->kind, n->name, survey_need_state(s, n->kind, n->name)}));
}

static int compare_need(const void *left, const void *right)
{
    const struct plan_need *a = left, *b = right;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : strcmp(a->name, b->name);
}

static void drop_doubles(plan_needs_list *l)
{
    size_t kept = 0;
    if (l->len)
        qsort(l->items, l->len, sizeof *l->items, compare_need);
    for (size_t i = 0; i < l->len; i++)
        if (!kept || compare_need(&l->items[kept - 1], &l->items[i]) != 0)
            l->items[kept++] = l->items[i];
    l->len = kept;
}

static void own_needs(const struct start_item *it, need_list *own)
{
    const struct policy_value *v = &it->policy.v[POLICY_NEEDS];
    for (size_t i = 0; i < v->items.len; i++) {
        struct need n = {0};
        if (need_read(v->items.items[i], &n, NULL))
            vec_push(own, n);
    }
}

struct plan *survey_plan(const struct survey *s, bool reverse, bool after_boot)
{
    VEC(struct plan_item) items = {0};
    plan_needs_list needs = {0};
    need_list own = {0}; /* their names live until the plan is made */
    for (size_t i = 0; i < s->vms.len; i++) {
        const struct start_item *it = s->vms.items[i].item;
        /* What is transient has gone by then. */
        if (after_boot && !s->vms.items[i].persistent)
            continue;
        vec_push(&items, item_of(s, &s->vms.items[i]));
        for (size_t k = 0; it && k < it->needs.len; k++)
            add_need(s, &needs, &it->needs.items[k]);
        if (it)
            own_needs(it, &own);
    }
    for (size_t i = 0; i < own.len; i++)
        add_need(s, &needs, &own.items[i]);
    drop_doubles(&needs);
    struct plan_input in = {.items = items.items,
                            .n_items = items.len,
                            .needs = needs.items,
                            .n_needs = needs.len,
                            .config = &s->config,
                            .reverse = reverse,
                            .after_boot = after_boot};
    struct plan *p = plan_new(&in);
    need_list_free(&own);
    vec_free(&items);
    vec_free(&needs);
    return p;
}
