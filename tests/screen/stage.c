/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/file.h"
#include "base/paths.h"
#include "diagnose/signature.h"
#include "logs/stamp.h"
#include "model/domdef.h"
#include "tests/screen/stage.h"
#include "ui/run.h"
#include "ui/settings.h"

#define FRAMES "tests/screen/frames/"

void stage_setup(void)
{
    setenv("TZ", "UTC0", 1);
    tzset();
    setenv("HOME", "/nonexistent", 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    paths_init();
    if (!setlocale(LC_ALL, "C.UTF-8"))
        fail_msg("the locale C.UTF-8 is missing");
}

void stage_open(struct stage *s, int w, int h, bool unicode)
{
    *s = (struct stage){0};
    options_init(&s->options);
    deck_init(&s->deck, &s->options);
    deck_set_time(&s->deck, STAGE_NOW_MS, STAGE_WALL_MS);
    canvas_init(&s->canvas, w, h, unicode);
    run_init(&s->deck, NULL);
    settings_load_keymap(&s->deck);
    settings_apply_view(&s->deck);
}

void stage_close(struct stage *s)
{
    struct history *history = s->deck.history;
    struct eventlog *events = s->deck.events;
    deck_free(&s->deck);
    if (history)
        history_free(history);
    if (events)
        eventlog_free(events);
    options_free(&s->options);
    canvas_free(&s->canvas);
}

void stage_resize(struct stage *s, int w, int h)
{
    canvas_resize(&s->canvas, w, h);
}

void stage_option(struct stage *s, const char *name, const char *value)
{
    struct error e = ERROR_INIT;
    if (!options_set(&s->options, name, value, "test", &e))
        fail_msg("%s", error_text(&e));
    settings_apply(&s->deck, option_find(name)->id);
}

void stage_run(struct stage *s, const char *line)
{
    deck_update(&s->deck);
    run_line(&s->deck, line);
}

struct snapshot *stage_host(int id, const char *name, size_t n_vms)
{
    struct snapshot *s = snapshot_new(n_vms);
    struct host_info *h = &s->host;
    h->id = id;
    free(h->uri);
    free(h->name);
    h->uri = xstrdup("qemu:///system");
    h->name = xstrdup(name);
    h->state = HOST_UP;
    free(h->state_text);
    h->state_text = xstrdup("connected");
    h->hypervisor = xstrdup("QEMU");
    h->libvirt_version = 9000000;
    h->hypervisor_version = 7002000;
    h->cpus = 32;
    h->cpu_percent = 48;
    h->mem_kib = 128.0 * 1024 * 1024;
    h->mem_used_kib = 92.0 * 1024 * 1024;
    h->rtt_ms = 0.4;
    h->mode = "calls";
    h->sampled_ms = STAGE_NOW_MS - 200;
    h->tick_ms = 12;
    h->ticks = 10;
    return s;
}

void stage_hosts(struct stage *s, size_t n, struct snapshot *const *hosts)
{
    struct snapshot *copy[8];
    for (size_t h = 0; h < n; h++) {
        copy[h] = hosts[h];
        memset(hosts[h]->counts, 0, sizeof(hosts[h]->counts));
        for (size_t i = 0; i < hosts[h]->n_vms; i++)
            hosts[h]->counts[hosts[h]->vms[i].state]++;
    }
    deck_set_hosts(&s->deck, copy, n);
}

struct vm *stage_vm(struct snapshot *host, size_t i, const char *name, enum vm_state state)
{
    struct vm *vm = &host->vms[i];
    vm_set_unknown(vm);
    vm->uuid.b[0] = (unsigned char)(host->host.id + 1);
    vm->uuid.b[14] = (unsigned char)(i >> 8);
    vm->uuid.b[15] = (unsigned char)i;
    vm->name = xstrdup(name);
    vm->state = state;
    vm->reason = "";
    vm->flags = VM_FLAGS_KNOWN | VM_PERSISTENT;
    vm->sampled_ms = vm->dear_ms = STAGE_NOW_MS - 200;
    vm->vcpus = vm->vcpus_max = 2;
    vm->maxmem_kib = 4.0 * 1024 * 1024;
    if (!vm_state_is_active(state))
        return vm;
    double x = (double)(i + 1);
    vm->id = (int)i + 1;
    vm->cpu = state == VM_PAUSED ? 0 : 12.5 * x;
    vm->mem_kib = (0.5 + 0.1 * x) * 1024 * 1024;
    vm->rx = 40000 * x;
    vm->tx = 90000 * x;
    vm->rd = 1200 * x;
    vm->wr = 88000 * x;
    vm->rd_ops = 3 * x;
    vm->wr_ops = 9 * x;
    vm->uptime_s = 3600 * 5 * x;
    vm->since_wall_ms = STAGE_WALL_MS - (int64_t)(vm->uptime_s * 1000);
    return vm;
}

void stage_define(struct vm *vm, const char *extra, const char *devices)
{
    struct error e = ERROR_INIT;
    char *xml =
        xasprintf("<domain type='kvm'><name>x</name><memory unit='KiB'>%.0f</memory><vcpu>%.0f</vcpu>"
                  "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>%s<devices>%s</devices>"
                  "</domain>",
                  vm->maxmem_kib, vm->vcpus, extra ? extra : "", devices ? devices : "");
    vm->def = domdef_parse(xml, strlen(xml), &e);
    if (!vm->def)
        fail_msg("%s", error_text(&e));
    free(xml);
}

#define DISK(dev, file)                                                                                      \
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='" file                  \
    "'/><target dev='" dev "' bus='virtio'/></disk>"
#define NIC(mac, net, tap)                                                                                   \
    "<interface type='network'><mac address='" mac "'/><source network='" net "'/><target dev='" tap         \
    "'/><model type='virtio'/></interface>"
#define USUAL                                                                                                \
    "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>"                      \
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"                   \
    "<graphics type='vnc' port='5901' listen='127.0.0.1'/><video><model type='virtio'/></video>"             \
    "<memballoon model='virtio'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>"
#define OS_TAGS(tags)                                                                                        \
    "<metadata><libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"        \
    "<libosinfo:os id='http://debian.org/debian/12'/></libosinfo:libosinfo>"                                 \
    "<vd:domain xmlns:vd='" VIRTDECK_METADATA_URI "'><vd:tags>" tags "</vd:tags></vd:domain></metadata>"

static void set_rates(struct vm *vm)
{
    static const struct vm_device_rate rates[] = {
        {"vda", false, 12e6, 3.1e6, 310, 90, 42949672960.0, 11811160064.0},
        {"vdb", false, 0, 88e3, 0, 9, 107374182400.0, 32212254720.0},
        {"vnet1", true, 1.2e6, 8.4e6, 1500, 6200, NAN, NAN},
    };
    vm->n_rates = ARRAY_LEN(rates);
    vm->rates = xmalloc(sizeof(rates));
    memcpy(vm->rates, rates, sizeof(rates));
}

static void web(struct snapshot *s, size_t i, const char *name, const char *ip)
{
    struct vm *vm = stage_vm(s, i, name, VM_RUNNING);
    vm->flags |= VM_AUTOSTART;
    vm->ip = xstrdup(ip);
    stage_define(vm, "<title>Web front end</title>" OS_TAGS("prod web"),
                 DISK("vda", "/srv/images/web.qcow2") NIC("52:54:00:00:00:21", "default", "vnet2") USUAL);
}

struct snapshot *stage_everyday(void)
{
    struct snapshot *s = stage_host(0, "kvm7", 12);
    struct vm *db = stage_vm(s, 0, "db1", VM_RUNNING);
    db->vcpus = db->vcpus_max = 8;
    db->cpu = 587.2;
    db->maxmem_kib = 16.0 * 1024 * 1024;
    db->mem_kib = 12.1 * 1024 * 1024;
    db->flags |= VM_AUTOSTART | VM_AGENT_UP;
    db->ip = xstrdup("10.0.0.11");
    stage_define(
        db,
        "<title>PostgreSQL primary</title><description>The database of the shop. Ask the team db before "
        "it is restarted.</description>" OS_TAGS("db prod"),
        DISK("vda", "/srv/images/db1.qcow2") DISK("vdb", "/srv/images/db1-data.raw")
            NIC("52:54:00:00:00:11", "default", "vnet1") USUAL);
    db->def->messages = xstrdup("tainted: use of host cpu passthrough\n\033[31mdeprecated: machine type");
    set_rates(db);
    stage_vm(s, 1, "db2", VM_RUNNING);
    web(s, 2, "web1", "10.0.0.21");
    web(s, 3, "web2", "10.0.0.22");
    stage_vm(s, 4, "ci-runner-07", VM_PAUSED)->reason = "disk full";
    stage_vm(s, 5, "legacy-nt4", VM_CRASHED)->reason = "panicked";
    stage_vm(s, 6, "日本語-サーバ", VM_SHUTOFF);
    stage_vm(s, 7, "build-arm64", VM_SHUTOFF);
    stage_vm(s, 8, "desktop", VM_PMSUSPENDED);
    stage_vm(s, 9, "mail", VM_RUNNING);
    stage_vm(s, 10, "router", VM_IN_SHUTDOWN);
    stage_vm(s, 11, "scratch", VM_RUNNING)->flags = VM_FLAGS_KNOWN; /* transient */
    return s;
}

static void happened(struct stage *s, int64_t ago_s, enum severity severity, enum event_mark mark,
                     const char *kind, const struct vm *vm, const char *text)
{
    struct event ev = {.wall_ms = STAGE_WALL_MS - ago_s * 1000,
                       .severity = severity,
                       .mark = mark,
                       .kind = kind,
                       .host = xstrdup("kvm7"),
                       .text = xstrdup(text)};
    if (vm) {
        ev.uuid = vm->uuid;
        ev.vm = xstrdup(vm->name);
    }
    deck_add_event(&s->deck, &ev);
}

void stage_past(struct stage *s)
{
    struct deck *d = &s->deck;
    const struct vm *db = &d->hosts[0]->vms[0];
    const struct vm_uuid host = {0};
    d->history = history_new();
    for (int t = 0; t <= 600; t++) {
        int64_t at = STAGE_NOW_MS - (600 - t) * 1000;
        double wave = 0.5 + 0.5 * sin(t / 25.0), slow = t / 600.0;
        double v[METRIC_COUNT] = {800 * wave * slow, (4 + 8 * slow) * 1024 * 1024, 1.2e6 * wave,
                                  8.4e6 * slow,      12e6 * wave * wave,           3.1e6 * slow};
        if (t > 420 && t < 440)
            for (int m = 0; m < METRIC_COUNT; m++)
                v[m] = NAN;
        history_record(d->history, 0, &db->uuid, at, v);
        double h[METRIC_COUNT] = {20 + 30 * wave, 92e6 * (0.5 + slow / 2), 2e6, 4e6 * wave, NAN, NAN};
        history_record(d->history, 0, &host, at, h);
        history_record_device(d->history, 0, &db->uuid, "vda", false, at, 12e6 * wave, 3e6 * slow);
        history_record_device(d->history, 0, &db->uuid, "vdb", false, at, 0, 88e3 * wave);
    }
    d->events = eventlog_open(NULL, 100, NULL);
    happened(s, 90000, SEV_INFO, MARK_OTHER, "connection", NULL, "connected to qemu:///system");
    happened(s, 280, SEV_WARN, MARK_STOP, "lifecycle", db, "shut down by the guest");
    happened(s, 240, SEV_GOOD, MARK_START, "lifecycle", db, "started");
    happened(s, 120, SEV_ERROR, MARK_PAUSE, "io-error", &d->hosts[0]->vms[4], "paused: vda: no space left");
    happened(s, 60, SEV_ERROR, MARK_CRASH, "lifecycle", &d->hosts[0]->vms[5], "the guest panicked");
    happened(s, 5, SEV_GOOD, MARK_NONE, "command", db, "autostart: on");
}

void stage_log_line(struct stage *s, enum line_source source, int64_t wall_ms, const char *text)
{
    struct deck *d = &s->deck;
    struct logs_view *v = &d->log;
    const struct evidence_line line = {.source = source, .text = text, .len = strlen(text)};
    if (!v->lines)
        v->lines = merge_new(5000, 1 << 20);
    if (!d->signatures)
        d->signatures = signatures_load(NULL, NULL);
    if (deck_vm(d)) {
        v->host = deck_host(d)->host.id;
        v->uuid = deck_vm(d)->uuid;
    }
    const struct signature *known = signatures_best(d->signatures, &line);
    if (known)
        atomic_fetch_add(&v->marks, 1);
    merge_add(v->lines, source, wall_ms, STAGE_WALL_MS, text, line.len, known ? known->id : NULL,
              known ? known->severity : SEV_INFO);
}

void stage_log(struct stage *s, const char *const *lines, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t behind;
        stage_log_line(s, SOURCE_QEMU, stamp_read(lines[i], strlen(lines[i]), &behind), lines[i]);
    }
}

static void draw(struct stage *s, struct strbuf *out, bool roles)
{
    deck_draw(&s->deck, &s->canvas);
    canvas_print(&s->canvas, out, roles);
}

char *stage_text(struct stage *s)
{
    struct strbuf out = {0};
    draw(s, &out, false);
    return strbuf_steal(&out);
}

void stage_expect(struct stage *s, const char *name)
{
    struct strbuf out = {0};
    struct error e = ERROR_INIT;
    draw(s, &out, true);
    char *path = xasprintf(FRAMES "%s.txt", name), *want = NULL;
    size_t len = 0;
    if (getenv("UPDATE_FRAMES")) {
        if (!file_write(path, strbuf_str(&out), out.len, 0644, &e))
            fail_msg("%s", error_text(&e));
    } else if (!file_read(path, 1 << 20, &want, &len, NULL, &e)) {
        fail_msg("%s", error_text(&e));
    } else if (strcmp(want, strbuf_str(&out)) != 0) {
        fail_msg("the frame %s is not as it was (UPDATE_FRAMES=1 keeps the new one). Now:\n%s", name,
                 strbuf_str(&out));
    }
    free(want);
    free(path);
    error_clear(&e);
    strbuf_free(&out);
}
