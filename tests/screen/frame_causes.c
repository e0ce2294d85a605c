/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of why a domain failed: the overview's lines and the dialog with the remedies; and what Enter on a
 * remedy does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "tests/screen/stage.h"
#include "ui/causes.h"
#include "ui/dialog.h"
#include "ui/prompt.h"
#include "ui/remedies.h"

static const char lock[] =
    "{\"failure\":\"start\",\"ok\":false,\"remote\":false,\"findings\":["
    "{\"id\":\"image-locked\",\"severity\":\"error\",\"cause\":\"Another process has "
    "/srv/images/nt4.img open, and it may write to it.\",\"advice\":\"Stop the domain or the program that "
    "holds the image. Where several domains are to write to one disk, make it shareable (raw format only).\","
    "\"remedy\":\"$ fuser -v /srv/images/nt4.img\",\"complete\":true,"
    "\"line\":\"internal error: process exited while connecting to monitor: Failed to get \\\"write\\\" "
    "lock\\nIs another process using the image [/srv/images/nt4.img]?\",\"source\":\"libvirt\","
    "\"time\":\"2025-10-09T08:53:19+0000\"},"
    "{\"id\":\"memory-short\",\"severity\":\"error\",\"cause\":\"The host has too little memory.\","
    "\"advice\":\"Give the domain less.\",\"remedy\":\"set legacy-nt4 memory=SIZE\",\"complete\":false,"
    "\"line\":\"cannot set up guest memory\",\"source\":\"qemu\",\"time\":null},"
    "{\"id\":\"changed-definition\",\"severity\":\"info\",\"cause\":\"Since it last ran well its definition "
    "was changed (entry 3 of its history: disk hda: bus=virtio).\",\"advice\":\"Take that change back.\","
    "\"remedy\":\"undo legacy-nt4 3\",\"complete\":true,\"line\":null,\"source\":null,\"time\":null},"
    "{\"id\":\"rebooted\",\"severity\":\"info\",\"cause\":\"The host was booted anew since it last ran "
    "well.\",\"advice\":\"See whether everything that it needs is there again.\",\"remedy\":null,"
    "\"complete\":false,\"line\":null,\"source\":null,\"time\":null}],\"unseen\":[]}";

static const char hostile[] =
    "{\"failure\":\"boot\",\"findings\":[{\"id\":\"x\",\"severity\":\"warning\",\"cause\":\"A guest wrote "
    "\\u001b[2J\\u202e and a\\nline end.\",\"advice\":null,\"remedy\":\"$ rm '\\u001b]0;x\\u0007'\","
    "\"complete\":true,\"line\":\"\\u001b[31m\\u0000\\u009b1m \\u65e5\\u672c\\u8a9e\",\"source\":\"serial\","
    "\"time\":\"later\"},{},{\"cause\":5,\"severity\":[]}]}";

static const char nothing[] = "{\"failure\":\"crash\",\"ok\":false,\"findings\":[],\"unseen\":[]}";

/* The cursor is on legacy-nt4. */
static void on_legacy(struct stage *s, int w, int h, bool unicode)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_everyday();
    stage_hosts(s, 1, &host);
    stage_past(s);
    stage_run(s, "filter legacy-nt4");
    stage_run(s, "filter ''");
    free(stage_text(s));
}

static void put(struct stage *s, const char *text)
{
    causes_put(&s->deck, deck_host(&s->deck)->host.id, &deck_vm(&s->deck)->uuid, json_tokener_parse(text));
}

static void open_dialog(struct stage *s, const char *text)
{
    json_object *result = json_tokener_parse(text);
    assert_non_null(result);
    remedies_open(&s->deck, "legacy-nt4", result);
    json_object_put(result);
}

static void press(struct stage *s, keycode key)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    assert_true(g->ops->key(&s->deck, g, key));
}

static void overview(void **state)
{
    (void)state;
    struct stage s;
    on_legacy(&s, 120, 36, true);
    put(&s, lock);
    stage_run(&s, "pane overview");
    stage_expect(&s, "causes-overview");
    stage_close(&s);
    on_legacy(&s, 80, 24, false);
    put(&s, hostile);
    stage_run(&s, "pane overview");
    stage_expect(&s, "causes-overview-hostile");
    put(&s, nothing); /* then there is no section at all */
    char *text = stage_text(&s);
    assert_null(strstr(text, "WHY IT FAILED"));
    free(text);
    stage_close(&s);
}

static void dialog(void **state)
{
    (void)state;
    struct stage s;
    on_legacy(&s, 120, 36, true);
    open_dialog(&s, lock);
    stage_expect(&s, "causes-dialog");
    press(&s, '4');
    stage_expect(&s, "causes-dialog-4");
    press(&s, KEYC_ENTER); /* no command: it stays, and a message says so */
    assert_non_null(dialog_top(&s.deck));
    stage_close(&s);
    on_legacy(&s, 40, 10, true);
    open_dialog(&s, lock);
    press(&s, '3');
    stage_expect(&s, "causes-dialog-40x10");
    stage_close(&s);
    on_legacy(&s, 80, 24, false);
    open_dialog(&s, hostile);
    stage_expect(&s, "causes-dialog-hostile");
    stage_close(&s);
    on_legacy(&s, 80, 24, true);
    open_dialog(&s, nothing);
    press(&s, KEYC_ENTER);
    press(&s, KEYC_DOWN);
    assert_false(dialog_top(&s.deck)->ops->key(&s.deck, dialog_top(&s.deck), 'y'));
    assert_null(s.deck.clip);
    stage_expect(&s, "causes-dialog-nothing");
    stage_close(&s);
}

static void enter(void **state)
{
    (void)state;
    struct stage s;
    on_legacy(&s, 120, 36, true);
    open_dialog(&s, lock);
    press(&s, KEYC_ENTER);
    stage_expect(&s, "causes-shell");
    press(&s, 'n');
    assert_null(s.deck.errand);
    open_dialog(&s, lock);
    press(&s, KEYC_ENTER);
    press(&s, 'y');
    assert_string_equal(s.deck.errand, "fuser -v /srv/images/nt4.img");
    open_dialog(&s, lock);
    press(&s, 'y');
    assert_string_equal(s.deck.clip, "fuser -v /srv/images/nt4.img");
    stage_expect(&s, "causes-copied");
    stage_close(&s);
    on_legacy(&s, 120, 36, true);
    remedy_take(&s.deck, "It is far.", "$ setfacl -m u:x:x /srv", true, true);
    stage_expect(&s, "causes-far");
    stage_close(&s);
}

static void rights(void **state)
{
    (void)state;
    assert_true(remedy_wants_root("modprobe kvm_intel || modprobe kvm_amd"));
    assert_true(remedy_wants_root("ip link add name br0 type bridge"));
    assert_true(remedy_wants_root("systemctl start libvirtd.socket"));
    assert_false(remedy_wants_root("systemctl status libvirtd"));
    assert_false(remedy_wants_root("ipcs"));
    assert_false(remedy_wants_root("qemu-img info -U /a"));
    assert_false(remedy_wants_root(""));
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overview),
        cmocka_unit_test(dialog),
        cmocka_unit_test(enter),
        cmocka_unit_test(rights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
