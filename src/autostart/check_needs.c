/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of what the domains that start need: networks, pools, mounts, files, ports, memory. What is not
 * known is neither missing nor fine.
 */
#include "autostart/check_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "autostart/plan_private.h"
#include "autostart/survey_ports.h"
#include "base/format.h"
#include "base/text.h"

static const struct survey_vm *vm_at(const struct checking *c, size_t i)
{
    return &c->s->vms.items[i];
}

/* ---- networks, pools, mounts, paths ---- */

/* virtdeck skips such a domain; libvirt tries, and fails. */
static void missing_need(struct checking *c, size_t i, const struct need *n)
{
    char *name = text_shell_word(n->name);
    char *words = xasprintf(n->kind == NEED_NETWORK ? "net-define %s.xml" : "pool-define %s.xml", name);
    char *remedy = check_virsh(c, words);
    finding_add(&c->out->boot, "needs-missing", SEV_ERROR, remedy, "%s needs %s %s, which is not defined",
                vm_at(c, i)->name, need_words[n->kind], n->name);
    check_block(c, i, "it needs %s %s, which is not defined", need_words[n->kind], n->name);
    free(name);
    free(words);
    free(remedy);
}

static void absent_place(struct checking *c, size_t i, const struct need *n)
{
    struct strbuf wait = {0};
    format_duration(&wait, c->s->config.v[LIMIT_NEEDS_TIMEOUT] / 1000, false);
    char *path = text_shell_word(n->name);
    char *remedy = xasprintf(n->kind == NEED_MOUNT ? "$ mount %s" : "$ ls -ld %s", path);
    finding_add(
        &c->out->boot, n->kind == NEED_MOUNT ? "mount-absent" : "path-absent", SEV_WARN, remedy,
        "%s needs %s %s, which is not there now: at the boot it is waited for, %s at most, and without "
        "it %s is not started",
        vm_at(c, i)->name, n->kind == NEED_MOUNT ? "something mounted at" : "the path", n->name,
        strbuf_str(&wait), vm_at(c, i)->name);
    free(remedy);
    free(path);
    strbuf_free(&wait);
}

static void look_at_need(struct checking *c, size_t i, const struct need *n, size_t *unknown)
{
    switch (survey_need_state(c->s, n->kind, n->name)) {
    case NEED_MISSING:
        missing_need(c, i, n);
        break;
    case NEED_INACTIVE:
        if (n->kind == NEED_MOUNT || n->kind == NEED_PATH)
            absent_place(c, i, n);
        break;
    case NEED_UNKNOWN:
        *unknown += n->kind == NEED_NETWORK || n->kind == NEED_POOL;
        break;
    default:
        break;
    }
}

static bool named_by_definition(const struct start_item *it, const struct need *n)
{
    for (size_t i = 0; i < it->needs.len; i++)
        if (it->needs.items[i].kind == n->kind && strcmp(it->needs.items[i].name, n->name) == 0)
            return true;
    return false;
}

static void look_needs(struct checking *c, const char *id)
{
    (void)id;
    size_t unknown = 0;
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct start_item *it = vm_at(c, i)->item;
        const struct policy_value *own = it ? &it->policy.v[POLICY_NEEDS] : NULL;
        if (!it || !c->vms[i].starts)
            continue;
        for (size_t k = 0; k < it->needs.len; k++)
            look_at_need(c, i, &it->needs.items[k], &unknown);
        for (size_t k = 0; c->vms[i].ours && k < own->items.len; k++) {
            struct need n = {0};
            if (!need_read(own->items.items[k], &n, NULL))
                continue;
            if (!named_by_definition(it, &n))
                look_at_need(c, i, &n, &unknown);
            need_clear(&n);
        }
    }
    if (unknown)
        finding_add(&c->out->boot, "needs-unknown", SEV_INFO, NULL,
                    "libvirt did not say which networks or pools there are: whether what is needed is there "
                    "is not known");
}

/* ---- files ---- */

static const struct {
    const char *id, *what;
} file_kinds[] = {[START_IMAGE] = {"image-missing", "the image"},
                  [START_FIRMWARE] = {"firmware-missing", "the firmware"},
                  [START_KERNEL] = {"kernel-missing", "the kernel, initrd or device tree"},
                  [START_EMULATOR] = {"emulator-missing", "the emulator"},
                  [START_SHARED] = {"share-missing", "the shared folder"}};

/* What lies below a path that is to be mounted may be there once it is. */
static bool comes_with_mount(const struct checking *c, const struct start_item *it, const char *path)
{
    const struct policy_value *own = &it->policy.v[POLICY_NEEDS];
    bool found = false;
    for (size_t i = 0; i < own->items.len && !found; i++) {
        struct need n = {0};
        if (!need_read(own->items.items[i], &n, NULL))
            continue;
        size_t len = strlen(n.name);
        found = n.kind == NEED_MOUNT && survey_need_state(c->s, NEED_MOUNT, n.name) == NEED_INACTIVE &&
                strncmp(path, n.name, len) == 0 && (path[len] == '/' || path[len] == '\0');
        need_clear(&n);
    }
    return found;
}

static void missing_file(struct checking *c, size_t i, const struct start_file *f)
{
    const struct survey_vm *vm = vm_at(c, i);
    if (comes_with_mount(c, vm->item, f->path))
        return;
    char *remedy = check_edit(vm);
    finding_add(&c->out->boot, file_kinds[f->kind].id, SEV_ERROR, remedy, "%s: %s %s does not exist",
                vm->name, file_kinds[f->kind].what, f->path);
    check_block(c, i, "%s %s does not exist", file_kinds[f->kind].what, f->path);
    free(remedy);
}

static void look_files(struct checking *c, const char *id)
{
    (void)id;
    size_t unknown = 0;
    const char *one = NULL;
    for (size_t i = 0; i < c->s->vms.len && c->s->local; i++) {
        const struct start_item *it = vm_at(c, i)->item;
        for (size_t k = 0; it && c->vms[i].starts && k < it->files.len; k++) {
            const struct start_file *f = &it->files.items[k];
            const struct survey_path *p = survey_find_path(c->s, false, f->path);
            if (f->optional)
                continue;
            if (!p || p->state == PATH_UNKNOWN)
                one = unknown++ ? one : f->path;
            else if (p->state == PATH_MISSING)
                missing_file(c, i, f);
        }
    }
    if (unknown)
        finding_add(&c->out->boot, "files-unknown", SEV_INFO, "$ sudo virtdeck autostart check",
                    "you may not look at %zu files that domains need (%s%s): whether they are there is not "
                    "known",
                    unknown, one, unknown > 1 ? " …" : "");
}

/* ---- ports ---- */

/* A listener that is a domain which does not start by itself is off at the boot. */
static bool is_there_at_boot(const struct checking *c, const struct survey_port *held)
{
    for (size_t i = 0; i < c->s->vms.len && !uuid_is_nil(&held->uuid); i++)
        if (uuid_equal(&vm_at(c, i)->uuid, &held->uuid))
            return false; /* two that start are told by "port-twice" */
    return true;
}

static void taken_port(struct checking *c, size_t i, const struct start_port *p,
                       const struct survey_port *held)
{
    const struct survey_vm *vm = vm_at(c, i);
    char *remedy = check_edit(vm);
    bool stays = is_there_at_boot(c, held);
    finding_add(&c->out->boot, "port-taken", stays ? SEV_ERROR : SEV_INFO, remedy,
                "%s wants port %d (%s), which %s has%s", vm->name, p->port, p->what,
                held->holder ? held->holder : "another process", stays ? "" : " now");
    if (stays)
        check_block(c, i, "port %d (%s) is taken by %s", p->port, p->what,
                    held->holder ? held->holder : "another process");
    free(remedy);
}

static void look_taken(struct checking *c, const char *id)
{
    (void)id;
    for (size_t i = 0; i < c->s->vms.len && c->s->local; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        /* One that runs has its ports itself, or what forwards them for it has. */
        if (!vm->item || !c->vms[i].starts || vm->running)
            continue;
        for (size_t k = 0; k < vm->item->ports.len; k++) {
            const struct start_port *p = &vm->item->ports.items[k];
            for (size_t h = 0; h < c->s->ports.len; h++) {
                const struct survey_port *held = &c->s->ports.items[h];
                if (held->port != p->port || held->udp != p->udp || !ports_meet(held->address, p->address))
                    continue;
                taken_port(c, i, p, held);
                break;
            }
        }
    }
}

struct claim {
    const struct start_port *port;
    size_t vm;
};

static int by_port(const void *left, const void *right)
{
    const struct claim *a = left, *b = right;
    if (a->port->udp != b->port->udp)
        return a->port->udp - b->port->udp;
    if (a->port->port != b->port->port)
        return a->port->port - b->port->port;
    return (a->vm > b->vm) - (a->vm < b->vm);
}

static void claimed_twice(struct checking *c, const struct claim *first, const struct claim *later)
{
    const struct survey_vm *a = vm_at(c, first->vm), *b = vm_at(c, later->vm);
    char *remedy = check_edit(b);
    finding_add(&c->out->boot, "port-twice", SEV_ERROR, remedy,
                "%s (%s) and %s (%s) both want port %d: the one that is started later fails", a->name,
                first->port->what, b->name, later->port->what, first->port->port);
    check_block(c, later->vm, "%s wants port %d, too", a->name, first->port->port);
    check_block(c, first->vm, "%s wants port %d, too", b->name, first->port->port);
    free(remedy);
}

static void look_twice(struct checking *c, const char *id)
{
    (void)id;
    VEC(struct claim) claims = {0};
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct start_item *it = vm_at(c, i)->item;
        for (size_t k = 0; it && c->vms[i].starts && k < it->ports.len; k++)
            vec_push(&claims, ((struct claim){&it->ports.items[k], i}));
    }
    if (claims.len)
        qsort(claims.items, claims.len, sizeof *claims.items, by_port);
    for (size_t i = 1; i < claims.len; i++) {
        const struct claim *a = &claims.items[i - 1], *b = &claims.items[i];
        if (a->vm != b->vm && a->port->port == b->port->port && a->port->udp == b->port->udp &&
            ports_meet(a->port->address, b->port->address))
            claimed_twice(c, a, b);
    }
    vec_free(&claims);
}

/* ---- memory ---- */

static void put_kib(double kib, struct strbuf *out)
{
    format_bytes(out, kib * 1024, false);
}

struct memory {
    double asked, huge; /* KiB; of all that start */
    double huge_now;    /* of these, what those that run have already */
};

static struct memory memory_of(const struct checking *c)
{
    struct memory m = {0};
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        if (!c->vms[i].starts)
            continue;
        if (!vm->item || isnan(vm->item->memory_kib))
            continue;
        double huge = vm->item->hugepages_kib;
        m.huge += huge;
        m.huge_now += vm->running ? huge : 0;
        m.asked += vm->item->memory_kib - huge;
    }
    return m;
}

/* One that does not fit even alone is never started. */
static void look_giants(struct checking *c, double most)
{
    for (size_t i = 0; i < c->s->vms.len; i++) {
        const struct survey_vm *vm = vm_at(c, i);
        if (!c->vms[i].starts || !vm->item || isnan(vm->item->memory_kib) ||
            vm->item->memory_kib - vm->item->hugepages_kib <= most)
            continue;
        struct strbuf has = {0}, wants = {0};
        put_kib(c->s->files.memory_kib, &has);
        put_kib(vm->item->memory_kib, &wants);
        char *remedy = check_edit(vm);
        finding_add(&c->out->boot, "memory-one", SEV_ERROR, remedy,
                    "%s wants %s of memory; the host has %s, of which %.0f%% may be taken", vm->name,
                    strbuf_str(&wants), strbuf_str(&has), c->s->config.v[LIMIT_MEMORY_CEILING]);
        if (c->vms[i].ours)
            check_block(c, i, "it wants %s of memory, the host has %s", strbuf_str(&wants), strbuf_str(&has));
        free(remedy);
        strbuf_free(&has);
        strbuf_free(&wants);
    }
}

/* To let the one that starts last go without. The caller frees; NULL: there is none. */
static char *leave_last_out(const struct checking *c)
{
    size_t n, last = SIZE_MAX;
    uint32_t *list = plan_sequence(c->up, &n);
    for (size_t i = 0; i < n; i++) {
        size_t vm = c->up->nodes[list[i]].start_ms >= 0 ? check_vm_of(c, &c->up->nodes[list[i]]) : SIZE_MAX;
        last = vm != SIZE_MAX ? vm : last;
    }
    free(list);
    return last != SIZE_MAX ? plan_remedy(vm_at(c, last)->name, "off") : NULL;
}

static void look_memory(struct checking *c, const char *id)
{
    double host = c->s->files.memory_kib, ceiling = c->s->config.v[LIMIT_MEMORY_CEILING];
    struct memory m = memory_of(c);
    if (isnan(host) || host <= 0 || c->starting == 0)
        return;
    look_giants(c, host * ceiling / 100);
    struct strbuf has = {0}, wants = {0};
    put_kib(host, &has);
    put_kib(m.asked, &wants);
    char *remedy = leave_last_out(c);
    if (m.asked > host)
        finding_add(&c->out->boot, id, SEV_ERROR, remedy,
                    "all that start want %s of memory together, more than the %s that the host has: the last "
                    "ones are not started",
                    strbuf_str(&wants), strbuf_str(&has));
    else if (m.asked > host * ceiling / 100)
        finding_add(&c->out->boot, "memory-ceiling", SEV_WARN, remedy,
                    "all that start want %s of memory together, more than %.0f%% of the host's %s "
                    "(memory-ceiling): the last ones may not be started",
                    strbuf_str(&wants), ceiling, strbuf_str(&has));
    free(remedy);
    strbuf_free(&has);
    strbuf_free(&wants);
}

static void look_hugepages(struct checking *c, const char *id)
{
    struct memory m = memory_of(c);
    double free_kib = c->s->files.hugepages_kib;
    if (m.huge <= 0 || isnan(free_kib) || m.huge - m.huge_now <= free_kib)
        return;
    struct strbuf has = {0}, wants = {0};
    put_kib(free_kib + m.huge_now, &has);
    put_kib(m.huge, &wants);
    finding_add(&c->out->boot, id, SEV_ERROR, "$ sysctl vm.nr_hugepages",
                "all that start want %s of huge pages together; the host has %s for them", strbuf_str(&wants),
                strbuf_str(&has));
    strbuf_free(&has);
    strbuf_free(&wants);
}

const struct check_row autostart_need_checks[] = {
    {"needs-missing", look_needs}, {"image-missing", look_files}, {"port-taken", look_taken},
    {"port-twice", look_twice},    {"memory", look_memory},       {"hugepages", look_hugepages},
};
const size_t n_autostart_need_checks = ARRAY_LEN(autostart_need_checks);
