/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/screen/autostart_stage.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libxml/parser.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct stage_guest starts_everyday[8] = {
    {"db1", "order=10 ready=tcp:5432", STAGE_NET STAGE_DISK, 2, 31, 12, false},
    {"db2", "order=10 ready=tcp:5432", STAGE_NET, 2, 26, 9, false},
    {"web1", "order=20 delay=5s ready=agent stop-timeout=1m", STAGE_NET, 2, 41, 20, false},
    {"web2", "order=20 delay=5s ready=agent", STAGE_NET, 2, 38, 20, false},
    {"legacy-nt4", "order=30 needs=network:lost stop=destroy", "", NAN, NAN, NAN, false},
    {"mail", "order=30 ready=tcp:25", STAGE_NET, NAN, NAN, NAN, false},
    {"router", NULL, "", NAN, NAN, NAN, true},
    {"日本語-サーバ", NULL, "", NAN, NAN, NAN, false},
};

static struct survey_vm survey_of(const struct stage_guest *g, size_t i)
{
    char *xml = xasprintf("<domain type='kvm'><name>x</name><memory unit='KiB'>1048576</memory>"
                          "<os><type arch='x86_64'>hvm</type></os><devices>%s</devices></domain>",
                          g->devices);
    xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, 0);
    struct survey_vm vm = {.name = xstrdup(g->name),
                           .item = start_item_read(xmlDocGetRootElement(doc)),
                           .persistent = true,
                           .native = g->native,
                           .flags_known = true};
    vm.uuid.b[0] = 1;
    vm.uuid.b[15] = (unsigned char)i;
    char *copy = xstrdup(g->policy), *rest = copy;
    const char *words[16];
    size_t n = 0;
    for (char *word; (word = strsep(&rest, " "));)
        words[n++] = word;
    struct error e = ERROR_INIT;
    if (!policy_set_words(&vm.item->policy, n, words, &e))
        fail_msg("%s", error_text(&e));
    vm.item->policy.present = n > 0;
    free(copy);
    xmlFreeDoc(doc);
    free(xml);
    return vm;
}

struct autostart_view *starts_stage_view(const struct stage_guest *guests, size_t n)
{
    struct survey s = {.host_name = xstrdup("kvm7"),
                       .uri = xstrdup("qemu+frames:///system"),
                       .local = true,
                       .root = true,
                       .complete = true,
                       .libvirt_version = 9000000,
                       .networks_known = true,
                       .pools_known = true};
    struct start_times *times = &s.times;
    autostart_config_init(&s.config);
    s.config.v[LIMIT_GRACE] = 0;
    for (size_t i = 0; i < n; i++) {
        const struct stage_guest *g = &guests[i];
        struct survey_vm vm = survey_of(g, i);
        struct start_time time = {vm.uuid, g->start_s, g->ready_s, g->stop_s};
        vec_push(&s.vms, vm);
        vec_push(&times->items, time);
    }
    struct survey_network net = {NEED_NETWORK, xstrdup("default"), false},
                          pool = {NEED_POOL, xstrdup("images"), true};
    vec_push(&s.networks, net);
    vec_push(&s.networks, pool);
    s.files = (struct host_files){.known = true,
                                  .guests = {.path = xstrdup("/etc/default/libvirt-guests"),
                                             .boot_start = true,
                                             .shutdown_action = true,
                                             .on_shutdown = "suspend"},
                                  .qemu = {NULL, -1, -1, -1, -1, -1, -1},
                                  .memory_kib = 1024e6,
                                  .available_kib = 64e6,
                                  .hugepages_kib = NAN};
    for (size_t i = 0; i < HOST_UNITS; i++)
        s.files.units[i] = UNIT_ENABLED;
    struct autostart_view *v = autostart_view_make(&s);
    run_record_clear(&v->run); /* of the machine that the test runs on */
    return v;
}

void starts_stage_open(struct stage *s, int w, int h, bool unicode, const struct stage_guest *guests,
                       size_t n)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_host(0, "kvm7", n ? n : 1);
    for (size_t i = 0; i < n; i++)
        stage_vm(host, i, guests[i].name, i < 4 ? VM_RUNNING : VM_SHUTOFF);
    if (n == 0)
        stage_vm(host, 0, "alone", VM_RUNNING);
    stage_hosts(s, 1, &host);
    deck_set_autostart(&s->deck, 0, starts_stage_view(guests, n));
    stage_run(s, "pane autostart && focus pane");
}

void starts_stage_everyday(struct stage *s, int w, int h, bool unicode)
{
    starts_stage_open(s, w, h, unicode, starts_everyday, ARRAY_LEN(starts_everyday));
}
