/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of the devices pane, its forms and its lists to pick from.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "device/list.h"
#include "tests/screen/stage.h"
#include "ui/devices.h"
#include "ui/dialog.h"
#include "ui/form.h"
#include "ui/picker.h"
#include "ui/prompt.h"
#include "ui/run.h"

#define HEAD                                                                                                 \
    "<domain type='kvm'><name>db1</name><title>PostgreSQL primary</title>"                                   \
    "<memory unit='KiB'>16777216</memory><currentMemory unit='KiB'>12582912</currentMemory>"                 \
    "<vcpu placement='static' current='4'>8</vcpu>"                                                          \
    "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os>"                           \
    "<cpu mode='host-model'/><devices>"
#define TAIL "</devices></domain>"
#define DISK(dev, file, driver)                                                                              \
    "<disk type='file' device='disk'><driver name='qemu' type='qcow2'" driver "/><source file='" file        \
    "'/><target dev='" dev "' bus='virtio'/></disk>"
#define CDROM(source)                                                                                        \
    "<disk type='file' device='cdrom'><driver name='qemu' type='raw'/>" source                               \
    "<target dev='sda' bus='sata'/><readonly/></disk>"
#define NIC(mac, tap, model, rest)                                                                           \
    "<interface type='network'><mac address='" mac "'/><source network='default'/>" tap                      \
    "<model type='" model "'/>" rest "</interface>"
#define PCI(slot) "<address type='pci' domain='0x0000' bus='0x00' slot='" slot "' function='0x0'/>"
#define REST                                                                                                 \
    "<controller type='usb' index='0' model='qemu-xhci'>" PCI(                                               \
        "0x02") "</controller>"                                                                              \
                "<controller type='pci' index='0' model='pcie-root'/>"                                       \
                "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"       \
                "<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>"                         \
                "<video><model type='virtio'/></video>"                                                      \
                "<memballoon model='virtio'>" PCI("0x05") "</memballoon>"

static const char live[] = HEAD DISK("vda", "/srv/images/db1.qcow2", "")
    DISK("vdb", "/srv/images/old.qcow2", "") CDROM("<source file='/iso/debian-12.iso'/>")
        NIC("52:54:00:00:00:11", "<target dev='vnet1'/>", "virtio", "")
            NIC("52:54:00:00:00:12", "<target dev='vnet2'/>", "virtio", "<link state='down'/>") REST TAIL;
static const char config[] =
    HEAD DISK("vda", "/srv/images/db1.qcow2", " cache='none'") CDROM("<source file='/iso/debian-12.iso'/>")
        NIC("52:54:00:00:00:11", "", "virtio", "<driver><guest tso4='off'/></driver>")
            NIC("52:54:00:00:00:12", "", "virtio", "<link state='down'/>") REST
    "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>" TAIL;

static struct device_list *list_of(const char *now, const char *next)
{
    struct error e = ERROR_INIT;
    struct device_list *l = device_list_make(now, next, &e);
    if (!l)
        fail_msg("%s", error_text(&e));
    return l;
}

static void open_with(struct stage *s, int w, int h, bool unicode, const char *now, const char *next)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_everyday();
    host->vms[0].devices = list_of(now, next);
    if (!now) {
        host->vms[0].state = VM_SHUTOFF;
        host->vms[0].id = -1;
    }
    stage_hosts(s, 1, &host);
    stage_past(s);
    stage_run(s, "filter db1");
    stage_run(s, "filter ''");
    stage_run(s, "pane devices");
    stage_run(s, "focus pane");
    free(stage_text(s));
}

static void press(struct stage *s, keycode key)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    assert_true(g->ops->key(&s->deck, g, key));
}

static void press_text(struct stage *s, const char *text)
{
    for (; *text; text++)
        press(s, (keycode)*text);
}

static const char *current_name(const struct stage *s)
{
    const struct device_entry *entry = devices_current(&s->deck);
    return entry ? entry->dev.name : NULL;
}

static void test_pane(void **state)
{
    (void)state;
    static const struct {
        int w, h;
        bool unicode;
        const char *name;
    } sizes[] = {{120, 36, true, "devices-120x36"},
                 {80, 24, true, "devices-80x24"},
                 {200, 60, true, "devices-200x60"},
                 {40, 10, true, "devices-40x10"},
                 {80, 24, false, "devices-80x24-ascii"}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct stage s;
        open_with(&s, sizes[i].w, sizes[i].h, sizes[i].unicode, live, config);
        stage_run(&s, "select-device net0");
        stage_expect(&s, sizes[i].name);
        stage_close(&s);
    }
}

static void test_cursor(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 120, 36, true, live, config);
    stage_run(&s, "move home");
    const char *first = current_name(&s);
    assert_non_null(first);
    stage_run(&s, "move up");
    assert_string_equal(current_name(&s), first);
    stage_run(&s, "select-device net0");
    assert_string_equal(current_name(&s), "net0");
    const struct device_entry *entry = devices_current(&s.deck);
    const struct device_value *one = devices_toggle(&s.deck, entry);
    stage_run(&s, "move right");
    assert_ptr_not_equal(devices_toggle(&s.deck, entry), one);
    stage_run(&s, "move left");
    assert_ptr_equal(devices_toggle(&s.deck, entry), one);
    for (int i = 0; i < 30; i++)
        stage_run(&s, "move right");
    stage_expect(&s, "devices-toggles-end");
    /* The row is found again in another list. */
    struct snapshot *host = stage_everyday();
    host->vms[0].devices = list_of(config, config);
    stage_hosts(&s, 1, &host);
    deck_update(&s.deck);
    assert_string_equal(current_name(&s), "net0");
    /* One that has gone leaves the cursor at its place. */
    stage_run(&s, "select-device vda");
    host = stage_everyday();
    host->vms[0].devices = list_of(HEAD REST TAIL, HEAD REST TAIL);
    stage_hosts(&s, 1, &host);
    deck_update(&s.deck);
    assert_non_null(current_name(&s));
    stage_close(&s);
}

static void test_automatic(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 120, 36, true, live, config);
    stage_run(&s, "automatic");
    stage_run(&s, "move end");
    stage_expect(&s, "devices-automatic");
    stage_close(&s);
}

static void test_unplug(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 120, 36, true);
    struct snapshot *host = stage_everyday();
    static const char *const keys[] = {"nic:52:54:00:00:00:12"};
    host->vms[0].devices = list_of(live, config);
    device_list_mark_unplug(host->vms[0].devices, keys, 1);
    stage_hosts(&s, 1, &host);
    stage_run(&s, "filter db1");
    stage_run(&s, "filter ''");
    stage_run(&s, "pane devices");
    stage_run(&s, "focus pane");
    stage_run(&s, "select-device net1");
    stage_expect(&s, "devices-unplug");
    stage_run(&s, "remove-device");
    assert_int_equal(s.deck.dialogs.len, 0); /* it was asked already */
    stage_close(&s);
}

static void test_inactive(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 80, 24, true, NULL, config);
    stage_run(&s, "select-device net0");
    stage_expect(&s, "devices-inactive");
    stage_close(&s);
    open_with(&s, 80, 24, true, live, NULL);
    stage_run(&s, "select-device net0");
    stage_expect(&s, "devices-transient");
    stage_close(&s);
}

static void test_hostile(void **state)
{
    (void)state;
    struct stage s;
    static const char evil[] = HEAD DISK("v\xc2\x9b"
                                         "31m",
                                         "/srv/&#x202e;gpj.qcow2&#x9;tab", "")
        NIC("52:54:00:00:00:66", "<target dev='日本語日本語日本語'/>", "&lt;script&gt;&apos; OR 1",
            "") "<channel type='unix'><target type='virtio' name='a b &quot;c&quot; &amp;&amp; "
                "quit'/></channel>" TAIL;
    open_with(&s, 80, 24, true, evil, evil);
    stage_run(&s, "move end");
    stage_expect(&s, "devices-hostile");
    stage_run(&s, "form");
    stage_expect(&s, "form-hostile");
    stage_close(&s);
}

static void test_read_only(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 120, 36, true);
    struct snapshot *host = stage_everyday();
    host->host.read_only = true;
    host->vms[0].devices = list_of(live, config);
    stage_hosts(&s, 1, &host);
    stage_run(&s, "filter db1");
    stage_run(&s, "filter ''");
    stage_run(&s, "pane devices");
    stage_run(&s, "focus pane");
    stage_run(&s, "select-device net0");
    stage_run(&s, "toggle");
    stage_expect(&s, "devices-read-only");
    stage_close(&s);
}

/* ---- forms ---- */

static void test_form(void **state)
{
    (void)state;
    static const struct {
        int w, h;
        bool unicode;
        const char *name;
    } sizes[] = {{120, 36, true, "form-120x36"},
                 {80, 24, true, "form-80x24"},
                 {40, 10, true, "form-40x10"},
                 {80, 24, false, "form-80x24-ascii"}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct stage s;
        open_with(&s, sizes[i].w, sizes[i].h, sizes[i].unicode, live, config);
        stage_run(&s, "form net0");
        stage_expect(&s, sizes[i].name);
        press(&s, KEYC_ESC);
        assert_int_equal(s.deck.dialogs.len, 0); /* nothing was changed, nothing is asked */
        stage_close(&s);
    }
}

static void go_to_field(struct stage *s, const char *id)
{
    struct strbuf want = {0};
    strbuf_printf(&want, " %s: ", id);
    for (int i = 0; i < 60; i++) {
        char *text = stage_text(s);
        bool here = strstr(text, strbuf_str(&want)) != NULL;
        free(text);
        if (here) {
            strbuf_free(&want);
            return;
        }
        press(s, KEYC_DOWN);
    }
    fail_msg("the form has no field %s", id);
}

static void test_form_changed(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 80, 24, true, live, config);
    prompt_init(&s.deck.session, NULL, 10);
    stage_run(&s, "form net0");
    go_to_field(&s, "link");
    press(&s, ' ');
    stage_expect(&s, "form-turned");
    press(&s, KEYC_DELETE);
    go_to_field(&s, "model");
    press(&s, KEYC_ENTER);
    stage_expect(&s, "form-words");
    press_text(&s, "e1000");
    press(&s, KEYC_ENTER);
    stage_expect(&s, "form-picked");
    press(&s, KEYC_ESC);
    stage_expect(&s, "form-leave");
    press(&s, 'n');
    assert_int_equal(s.deck.dialogs.len, 1);
    press(&s, KEYC_ESC);
    press(&s, 'y');
    assert_int_equal(s.deck.dialogs.len, 0);
    prompt_shutdown(NULL);
    stage_close(&s);
}

static void type(struct stage *s, const char *text, bool enter)
{
    struct dialog *g = dialog_top(&s->deck);
    char *line = NULL;
    press(s, KEYC_ENTER);
    g->ops->ask(&s->deck, g);
    assert_true(prompt_is_open());
    struct input clear = {.type = INPUT_KEY, .key = KEYM_CTRL | 'u', .bytes = "\025", .n_bytes = 1};
    prompt_feed(&clear, &line);
    for (; *text; text++) {
        struct input in = {.type = INPUT_KEY, .key = (keycode)*text, .bytes = {*text}, .n_bytes = 1};
        prompt_feed(&in, &line);
    }
    struct input end = {.type = INPUT_KEY, .key = KEYC_ENTER, .bytes = "\r", .n_bytes = 1};
    if (!enter)
        return;
    assert_int_equal(prompt_feed(&end, &line), PROMPT_ACCEPTED);
    g->ops->answer(&s->deck, g, line);
    free(line);
}

static void test_form_typed(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 80, 24, true, live, config);
    prompt_init(&s.deck.session, NULL, 10);
    stage_run(&s, "form net0");
    go_to_field(&s, "mac");
    type(&s, "52:54:zz", false);
    stage_expect(&s, "form-typing-wrong");
    prompt_cancel();
    struct dialog *g = dialog_top(&s.deck);
    g->ops->answer(&s.deck, g, "nonsense");
    press(&s, KEYC_F2); /* is refused: the field is wrong */
    assert_int_equal(s.deck.dialogs.len, 1);
    stage_expect(&s, "form-wrong");
    prompt_shutdown(NULL);
    stage_close(&s);
}

static void test_form_secret(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 80, 24, true, live, config);
    prompt_init(&s.deck.session, NULL, 10);
    stage_run(&s, "form vnc");
    go_to_field(&s, "passwd");
    type(&s, "geheim7", false);
    char *text = stage_text(&s);
    assert_null(strstr(text, "geheim7"));
    free(text);
    prompt_cancel();
    struct dialog *g = dialog_top(&s.deck);
    g->ops->answer(&s.deck, g, "geheim7");
    stage_expect(&s, "form-secret");
    text = stage_text(&s);
    assert_null(strstr(text, "geheim7"));
    free(text);
    prompt_shutdown(NULL);
    stage_close(&s);
}

/* Whatever is said of a command, a secret among its words is not. */
static void test_words_with_secret(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 80, 24, true, live, config);
    const char *const words[] = {"device", "--geheim7"};
    const char *const secrets[] = {"geheim7"};
    assert_false(run_words(&s.deck, 2, words, 1, secrets));
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "(hidden)"));
    assert_null(strstr(text, "geheim7"));
    free(text);
    stage_close(&s);
}

/* A password typed as a word of a command is not kept for the next time. */
static void test_history_without_secret(void **state)
{
    (void)state;
    struct stage s;
    static const char *const lines[] = {"device db1 vnc set passwd=geheim7",
                                        "device db1 vnc set 'passwd=geheim7'", "list"};
    open_with(&s, 80, 24, true, live, config);
    prompt_init(&s.deck.session, NULL, 10);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        char *line = NULL;
        struct input end = {.type = INPUT_KEY, .key = KEYC_ENTER, .bytes = "\r", .n_bytes = 1};
        prompt_open(PROMPT_COMMAND, ":", lines[i]);
        assert_int_equal(prompt_feed(&end, &line), PROMPT_ACCEPTED);
        assert_string_equal(line, lines[i]);
        free(line);
    }
    prompt_open(PROMPT_COMMAND, ":", "");
    for (int i = 0; i < 3; i++) {
        char *line = NULL;
        struct input up = {.type = INPUT_KEY, .key = KEYC_UP, .bytes = "\033[A", .n_bytes = 3};
        prompt_feed(&up, &line);
        assert_string_equal(prompt_text(), "list");
    }
    prompt_shutdown(NULL);
    stage_close(&s);
}

static void test_add(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 80, 24, true, live, config);
    stage_run(&s, "add-device");
    stage_expect(&s, "add-kinds");
    press_text(&s, "disk");
    stage_expect(&s, "add-kinds-narrowed");
    press(&s, KEYC_ENTER);
    stage_expect(&s, "add-disk");
    stage_close(&s);
    open_with(&s, 40, 10, false, live, config);
    stage_run(&s, "add-device");
    stage_expect(&s, "add-kinds-40x10-ascii");
    stage_run(&s, "point 2");
    stage_expect(&s, "add-40x10-ascii");
    stage_close(&s);
}

static char *last_picked;

static void picked(struct deck *d, void *arg, const char *text)
{
    (void)d;
    (void)arg;
    free(last_picked);
    last_picked = xstrdup(text);
}

static struct picker *some_networks(void)
{
    struct picker *p = picker_new("Network");
    picker_add(p, "default", "active, NAT");
    picker_add(p, "日本語", "active");
    picker_add(p, "ev\x1bil\x07", "inactive");
    picker_begin_at(p, "日本語");
    return p;
}

static void test_picker(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 80, 24, true, live, config);
    picker_show(&s.deck, some_networks(), picked, NULL);
    stage_expect(&s, "picker");
    press(&s, KEYC_ENTER);
    assert_string_equal(last_picked, "日本語");
    picker_show(&s.deck, some_networks(), picked, NULL);
    press_text(&s, "nat");
    press(&s, KEYC_ENTER);
    assert_string_equal(last_picked, "default");
    picker_show(&s.deck, some_networks(), picked, NULL);
    press_text(&s, "qq");
    stage_expect(&s, "picker-nothing");
    press(&s, KEYC_ENTER); /* there is nothing to take */
    assert_int_equal(s.deck.dialogs.len, 1);
    press(&s, KEYC_BACKSPACE);
    press(&s, KEYC_BACKSPACE);
    press(&s, KEYC_ESC);
    assert_null(last_picked);
    struct picker *p = some_networks();
    picker_allow_other(p);
    picker_show(&s.deck, p, picked, NULL);
    press_text(&s, "quux");
    press(&s, KEYC_ENTER);
    assert_string_equal(last_picked, "quux");
    picker_show(&s.deck, some_networks(), picked, NULL);
    stage_run(&s, "point 3");
    assert_string_equal(last_picked, "ev\x1bil\x07");
    picker_show(&s.deck, some_networks(), picked, NULL);
    stage_close(&s); /* an open list is answered by nothing */
    assert_null(last_picked);
}

static void test_words(void **state)
{
    (void)state;
    struct stage s;
    open_with(&s, 120, 36, true, live, config);
    const struct device_list *l = devices_list(&s.deck);
    const struct device_entry *net0 = device_list_find(l, "net0");
    assert_string_equal(devices_name(l, net0), "net0");
    char *to = devices_turned(device_entry_value(net0, "tso4"), net0, 1);
    assert_string_equal(to, "on"); /* off at the next boot is what is turned */
    free(to);
    to = devices_turned(device_entry_value(net0, "link"), net0, 1);
    assert_string_equal(to, "down");
    free(to);
    assert_true(devices_differs(l, net0, device_entry_value(net0, "tso4")));
    assert_false(devices_differs(l, net0, device_entry_value(net0, "link")));
    stage_close(&s);
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pane),
        cmocka_unit_test(test_cursor),
        cmocka_unit_test(test_automatic),
        cmocka_unit_test(test_unplug),
        cmocka_unit_test(test_inactive),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_read_only),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_form_changed),
        cmocka_unit_test(test_form_typed),
        cmocka_unit_test(test_form_secret),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_words_with_secret),
        cmocka_unit_test(test_history_without_secret),
        cmocka_unit_test(test_picker),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
