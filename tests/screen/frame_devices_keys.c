/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys on a row of the devices pane while its list is read anew: which device they mean.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "device/list.h"
#include "tests/screen/stage.h"
#include "ui/devices.h"

#define HEAD                                                                                                 \
    "<domain type='kvm'><name>db1</name><memory unit='KiB'>1048576</memory><vcpu>1</vcpu>"                   \
    "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os><devices>"
#define TAIL "</devices></domain>"
#define NIC(mac)                                                                                             \
    "<interface type='network'><mac address='52:54:00:00:00:" mac                                            \
    "'/><source network='default'/><model type='virtio'/></interface>"
#define RNG(slot)                                                                                            \
    "<rng model='virtio'><backend model='builtin'/>"                                                         \
    "<address type='pci' domain='0x0000' bus='0x00' slot='" slot "' function='0x0'/></rng>"
#define WATCHDOG "<watchdog model='i6300esb' action='reset'/>"

/* The domain as it runs and as it is configured; now NULL: it is off. */
static void another_list(struct stage *s, const char *now, const char *next)
{
    struct error e = ERROR_INIT;
    struct snapshot *host = stage_everyday();
    host->vms[0].devices = device_list_make(now, next, &e);
    if (!host->vms[0].devices)
        fail_msg("%s", error_text(&e));
    if (!now) {
        host->vms[0].state = VM_SHUTOFF;
        host->vms[0].id = -1;
    }
    stage_hosts(s, 1, &host);
    deck_update(&s->deck);
}

static void open_with(struct stage *s, const char *now, const char *next)
{
    stage_open(s, 120, 36, true);
    another_list(s, now, next);
    stage_run(s, "filter db1");
    stage_run(s, "filter ''");
    stage_run(s, "pane devices");
    stage_run(s, "focus pane");
    free(stage_text(s));
}

static const char *current_name(const struct stage *s)
{
    const struct device_entry *entry = devices_current(&s->deck);
    return entry ? entry->dev.name : NULL;
}

/* What a key on the row under the cursor would be answered. */
static void expect_why_not(const struct stage *s, const char *command, const char *why)
{
    char *text = devices_why_not(&s->deck, command);
    if (why) {
        assert_non_null(text);
        assert_string_equal(text, why);
    } else {
        assert_null(text);
    }
    free(text);
}

#define CONSOLES(log)                                                                                        \
    "<serial type='pty'><target type='isa-serial' port='0'/></serial>"                                       \
    "<console type='pty'><target type='serial' port='0'/></console>"                                         \
    "<console type='pty'>" log "<target type='virtio' port='1'/></console>"

/* What somebody added is removed by its key, also before the list shows its last change. */
static void test_own_console(void **state)
{
    (void)state;
    struct stage s;
    static const char before[] = HEAD CONSOLES("") TAIL;
    static const char after[] = HEAD CONSOLES("<log file='/tmp/c.log'/>") TAIL;
    open_with(&s, before, before);
    stage_run(&s, "select-device console1");
    expect_why_not(&s, "remove-device", NULL);
    another_list(&s, before, after);
    expect_why_not(&s, "remove-device", NULL);
    stage_run(&s, "automatic");
    stage_run(&s, "select-device console0");
    expect_why_not(&s, "remove-device",
                   "remove-device: libvirt added console0 by itself and would add it again");
    stage_close(&s);
    open_with(&s, NULL, after);
    stage_run(&s, "select-device console1");
    expect_why_not(&s, "remove-device", NULL);
    stage_close(&s);
}

/* A list that came between the look at the screen and the key brings no other device under the key. */
static void test_gone_before_the_key(void **state)
{
    (void)state;
    struct stage s;
    static const char two[] = HEAD NIC("11") NIC("12") TAIL, one[] = HEAD NIC("12") TAIL;
    static const char *const keys[] = {"toggle", "form", "remove-device"};
    open_with(&s, two, two);
    stage_run(&s, "select-device net0");
    free(stage_text(&s));
    another_list(&s, one, one);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char *why = xasprintf("%s: net0 has just changed or gone; nothing was done", keys[i]);
        expect_why_not(&s, keys[i], why);
        free(why);
    }
    free(stage_text(&s)); /* now it is seen */
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        expect_why_not(&s, keys[i], NULL);
    stage_close(&s);
}

/* Configured only it sat elsewhere than in the machine: the cursor stays with it, though rows came before it.
 */
static void test_sits_elsewhere(void **state)
{
    (void)state;
    struct stage s;
    static const char without[] = HEAD TAIL, configured[] = HEAD RNG("0x08") TAIL;
    static const char both[] = HEAD NIC("11") RNG("0x09") WATCHDOG TAIL;
    open_with(&s, without, configured);
    stage_run(&s, "select-device rng0");
    free(stage_text(&s));
    another_list(&s, both, both);
    assert_string_equal(current_name(&s), "rng0");
    free(stage_text(&s));
    assert_string_equal(current_name(&s), "rng0");
    expect_why_not(&s, "remove-device", NULL);
    stage_close(&s);
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_console),
        cmocka_unit_test(test_gone_before_the_key),
        cmocka_unit_test(test_sits_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
