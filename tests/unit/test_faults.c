/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of a domain's state: each of libvirt's reasons has some, and one that was paused by an I/O error
 * says which disk, whoever tells it and in whatever order.
 */
#define VIR_ENUM_SENTINELS
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "model/domdef.h"
#include "virt/private.h"

struct bench {
    struct fleet fleet;
    struct host host;
    struct dom dom;
};

static int setup(void **state)
{
    struct bench *b = xcalloc(1, sizeof *b);
    b->fleet.fd = eventfd(0, EFD_NONBLOCK);
    pthread_mutex_init(&b->fleet.lock, NULL);
    pthread_mutex_init(&b->host.lock, NULL);
    b->host.fleet = &b->fleet;
    b->host.generation = 1;
    b->dom.uuid = (struct vm_uuid){{1}};
    b->dom.vm.name = "web";
    b->dom.vm.reason = "";
    vmmap_set(&b->host.table, 0, &b->dom.uuid, &b->dom);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < b->fleet.messages.len; i++)
        message_clear(&b->fleet.messages.items[i]);
    vec_free(&b->fleet.messages);
    domdef_unref(b->dom.vm.def);
    faults_free(&b->dom);
    vmmap_free(&b->host.table);
    pthread_mutex_destroy(&b->fleet.lock);
    pthread_mutex_destroy(&b->host.lock);
    close(b->fleet.fd);
    free(b);
    return 0;
}

static void paused(struct bench *b)
{
    dom_set_state(&b->dom, VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR);
}

static void event(struct bench *b, const char *alias, const char *why, int action)
{
    struct note n = {.type = NOTE_IO_ERROR, .uuid = b->dom.uuid, .action = action};
    n.text = xstrdup(alias);
    n.path = xstrdup("/a.qcow2");
    n.why = xstrdup(why);
    inventory_apply(&b->host, &n);
    note_clear(&n);
}

static void answer(struct bench *b, const char *disk, bool full)
{
    struct note n = {.type = NOTE_FAULTS, .uuid = b->dom.uuid, .generation = 1};
    if (disk)
        vec_push(&n.faults, ((struct disk_fault){.disk = xstrdup(disk), .full = full}));
    inventory_apply(&b->host, &n);
    note_clear(&n);
}

static void define(struct bench *b)
{
    static const char xml[] =
        "<domain type='test'><name>web</name><devices>"
        "<disk type='file'><source file='/a'/><target dev='vda'/><alias name='virtio-disk0'/></disk>"
        "<disk type='file'><source file='/b'/><target dev='sdb'/><alias name='ua-mine'/></disk>"
        "</devices></domain>";
    struct note n = {.type = NOTE_DEFINITION, .uuid = b->dom.uuid, .generation = 1};
    n.def = domdef_parse(xml, strlen(xml), NULL);
    inventory_apply(&b->host, &n);
    note_clear(&n);
}

static const char *told(const struct bench *b)
{
    return b->fleet.messages.items[b->fleet.messages.len - 1].event.text;
}

static void an_event_names_the_disk(void **state)
{
    struct bench *b = *state;
    define(b);
    paused(b);
    assert_string_equal(b->dom.vm.reason, "I/O error");
    event(b, "virtio-disk0", "enospc", VIR_DOMAIN_EVENT_IO_ERROR_PAUSE);
    assert_string_equal(b->dom.vm.reason, "disk full on vda");
    assert_string_equal(told(b), "I/O error on vda (/a.qcow2): enospc: VM paused");
    event(b, "virtio-disk0", "enospc", VIR_DOMAIN_EVENT_IO_ERROR_PAUSE); /* the next request */
    assert_string_equal(b->dom.vm.reason, "disk full on vda");
    event(b, "ua-mine", "eio", VIR_DOMAIN_EVENT_IO_ERROR_PAUSE);
    assert_string_equal(b->dom.vm.reason, "disk full on vda; I/O error on sdb");
    event(b, "ua-mine", "enospc", VIR_DOMAIN_EVENT_IO_ERROR_PAUSE);
    assert_string_equal(b->dom.vm.reason, "disk full on vda, sdb");
    paused(b); /* a look at it */
    assert_string_equal(b->dom.vm.reason, "disk full on vda, sdb");
    dom_set_state(&b->dom, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_UNPAUSED);
    assert_string_equal(b->dom.vm.reason, "resumed");
    assert_null(b->dom.vm.fault);
    paused(b);
    assert_string_equal(b->dom.vm.reason, "I/O error");
}

static void what_did_not_pause_it(void **state)
{
    struct bench *b = *state;
    define(b);
    dom_set_state(&b->dom, VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_BOOTED);
    event(b, "virtio-disk0", "eio", VIR_DOMAIN_EVENT_IO_ERROR_REPORT);
    assert_string_equal(told(b), "I/O error on vda (/a.qcow2): eio: error given to the guest");
    assert_string_equal(b->dom.vm.reason, "booted");
    event(b, "virtio-disk0", "", 77);
    assert_string_equal(told(b), "I/O error on vda (/a.qcow2): ?");
    event(b, "virtio-disk0", "enospc",
          VIR_DOMAIN_EVENT_IO_ERROR_PAUSE); /* and somebody was quick to resume */
    assert_string_equal(b->dom.vm.reason, "booted");
    paused(b);
    event(b, "", "enospc", VIR_DOMAIN_EVENT_IO_ERROR_PAUSE);
    assert_string_equal(told(b), "I/O error on disk (/a.qcow2): enospc: VM paused");
    assert_string_equal(b->dom.vm.reason, "I/O error");
}

static void names_come_later(void **state)
{
    struct bench *b = *state;
    paused(b);
    event(b, "virtio-disk0", "enospc", VIR_DOMAIN_EVENT_IO_ERROR_PAUSE);
    assert_string_equal(b->dom.vm.reason, "disk full on virtio-disk0");
    define(b);
    assert_string_equal(b->dom.vm.reason, "disk full on vda");
    event(b, "vda", "enospc", VIR_DOMAIN_EVENT_IO_ERROR_PAUSE);
    assert_string_equal(b->dom.vm.reason, "disk full on vda");
}

static void one_that_was_paused_before(void **state)
{
    struct bench *b = *state;
    paused(b);
    answer(b, NULL, false);
    assert_string_equal(b->dom.vm.reason, "I/O error");
    answer(b, "vda", true);
    assert_string_equal(b->dom.vm.reason, "disk full on vda");
    answer(b, "vdb", false); /* after a new connection */
    assert_string_equal(b->dom.vm.reason, "I/O error on vdb");
    dom_set_state(&b->dom, VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_DESTROYED);
    answer(b, "vda", true);
    assert_string_equal(b->dom.vm.reason, "destroyed");
}

static void every_reason_has_words(void **state)
{
    static const struct {
        int state, end;
    } rows[] = {
        {VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_LAST},
        {VIR_DOMAIN_BLOCKED, VIR_DOMAIN_BLOCKED_LAST},
        {VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_LAST},
        {VIR_DOMAIN_SHUTDOWN, VIR_DOMAIN_SHUTDOWN_LAST},
        {VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_LAST},
        {VIR_DOMAIN_CRASHED, VIR_DOMAIN_CRASHED_LAST},
        {VIR_DOMAIN_PMSUSPENDED, VIR_DOMAIN_PMSUSPENDED_LAST},
    };
    (void)state;
    assert_int_equal(ARRAY_LEN(rows) + 1, VIR_DOMAIN_LAST);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (int reason = 1; reason < rows[i].end; reason++)
            if (!*state_reason_words(rows[i].state, reason))
                fail_msg("state %d, reason %d", rows[i].state, reason);
    assert_string_equal(state_reason_words(VIR_DOMAIN_PAUSED, 0), "");
    assert_string_equal(state_reason_words(VIR_DOMAIN_PAUSED, 1000), "");
    assert_string_equal(state_reason_words(-1, -1), "");
    assert_string_equal(state_reason_words(1000, 1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_names_the_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(what_did_not_pause_it, setup, teardown),
        cmocka_unit_test_setup_teardown(names_come_later, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_was_paused_before, setup, teardown),
        cmocka_unit_test(every_reason_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
