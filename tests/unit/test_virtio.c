/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What becomes of devices that are not virtio, and what is read out of a guest's boot.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "device/bootwatch.h"
#include "device/virtio.h"
#include "model/xml.h"
#include "xml_fixture.h"

#define DOMAIN(type, os, devices)                                                                            \
    "<domain type='" type "'><name>x</name>" os "<devices>" devices "</devices></domain>"
#define PC  "<os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type><boot dev='hd'/></os>"
#define Q35 "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"
#define DISK(target, bus, more)                                                                              \
    "<disk type='file' device='disk'><source file='/x/" target ".img'/><target dev='" target "' bus='" bus   \
    "'/>" more "<address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>"

/* ---- the plan ---- */

/* "disk:sda sata convert virtio vda; …" */
static char *plan_words(const char *xml, const struct facts *facts, enum virtio_bus bus)
{
    static const char *const fates[] = {"already", "convert", "stays"};
    struct strbuf out = {0};
    struct virtio_plan p;
    xmlDocPtr doc = parse(xml);
    virtio_plan_make(xmlDocGetRootElement(doc), facts, "x", bus, &p);
    for (size_t i = 0; i < p.items.len; i++) {
        const struct virtio_item *it = &p.items.items[i];
        strbuf_printf(&out, "%s%s:%s %s %s%s%s%s%s", i ? "; " : "", it->kind->id, it->name, it->is,
                      fates[it->fate], it->to ? " " : "", it->to ? it->to : "", it->target ? " " : "",
                      it->target ? it->target : "");
        assert_true(it->fate != VIRTIO_CONVERT || it->risk);
        assert_true(it->fate != VIRTIO_STAYS || it->why);
    }
    virtio_plan_clear(&p);
    xmlFreeDoc(doc);
    return strbuf_steal(&out);
}

static void assert_plan(const char *xml, enum virtio_bus bus, const char *wanted)
{
    char *got = plan_words(xml, NULL, bus);
    assert_string_equal(got, wanted);
    free(got);
}

static void an_old_machine(void **state)
{
    (void)state;
    assert_plan(DOMAIN("kvm", PC,
                       DISK("hda", "ide",
                            "") "<interface type='network'><mac address='52:54:00:00:00:01'/><model "
                                "type='e1000'/></interface>"
                                "<video><model type='cirrus'/></video>"
                                "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>"
                                "<disk type='file' device='floppy'><target dev='fda' bus='fdc'/></disk>"),
                VIRTIO_BLK,
                "disk:hda ide convert virtio vda; nic:net0 e1000 convert virtio; "
                "video:video0 cirrus convert virtio; cdrom:hdc ide stays; floppy:fda fdc stays");
}

static void all_virtio_already(void **state)
{
    (void)state;
    const char *xml =
        DOMAIN("kvm", Q35,
               DISK("vda", "virtio", "") "<interface type='network'><mac address='52:54:00:00:00:01'/><model "
                                         "type='virtio'/></interface>"
                                         "<video><model type='virtio'/></video><memballoon model='none'/>");
    struct virtio_plan p;
    struct error e = ERROR_INIT;
    xmlDocPtr doc = parse(xml);
    virtio_plan_make(xmlDocGetRootElement(doc), NULL, "x", VIRTIO_BLK, &p);
    assert_int_equal(p.n_convert, 0);
    assert_int_equal(p.findings.len, 0);
    virtio_plan_clear(&p);
    assert_false(virtio_apply(xmlDocGetRootElement(doc), NULL, "x", VIRTIO_BLK, &e));
    assert_non_null(strstr(error_text(&e), "nothing to convert"));
    error_clear(&e);
    xmlFreeDoc(doc);
}

static void disks_of_scsi_controllers(void **state)
{
    (void)state;
    assert_plan(
        DOMAIN("kvm", PC, "<controller type='scsi' index='0' model='lsilogic'/>" DISK("sda", "scsi", "")),
        VIRTIO_BLK, "disk:sda scsi convert virtio vda");
    assert_plan(
        DOMAIN("kvm", PC, "<controller type='scsi' index='0' model='virtio-scsi'/>" DISK("sda", "scsi", "")),
        VIRTIO_BLK, "disk:sda virtio-scsi already");
    assert_plan(
        DOMAIN(
            "kvm", PC,
            "<controller type='scsi' index='0' model='virtio-scsi'/>"
            "<disk type='block' device='lun'><source dev='/dev/sdx'/><target dev='sda' bus='sata'/></disk>"),
        VIRTIO_BLK, "disk:sda sata stays");
}

static void input_devices(void **state)
{
    (void)state;
    assert_plan(DOMAIN("kvm", Q35,
                       "<input type='tablet' bus='usb'/><input type='keyboard' bus='usb'/><input "
                       "type='mouse' bus='ps2'/>"
                       "<input type='evdev'><source dev='/dev/input/x'/></input>"),
                VIRTIO_BLK,
                "input:input0 usb stays; input:input1 usb convert virtio; input:input2 ps2 stays; "
                "input:input3 default stays");
    assert_plan(DOMAIN("kvm", "<os><type arch='aarch64' machine='virt'>hvm</type></os>",
                       "<input type='keyboard' bus='usb'/>"),
                VIRTIO_BLK, "input:input0 usb stays");
}

static void sound_needs_new_versions(void **state)
{
    (void)state;
    static const struct {
        unsigned long libvirt, qemu;
        const char *fate;
    } rows[] = {{0, 0, "stays"},
                {9000000, 7002000, "stays"},
                {10004000, 8001000, "stays"},
                {10003000, 8002000, "stays"},
                {10004000, 8002000, "convert virtio"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct facts f = {.libvirt = rows[i].libvirt, .hypervisor = rows[i].qemu, .is_qemu = true};
        char wanted[80], *got = plan_words(DOMAIN("kvm", Q35, "<sound model='ich9'/>"), &f, VIRTIO_BLK);
        snprintf(wanted, sizeof wanted, "ich9 %s", rows[i].fate);
        if (!strstr(got, wanted))
            fail_msg("libvirt %lu, QEMU %lu: %s", rows[i].libvirt, rows[i].qemu, got);
        free(got);
    }
}

static void what_the_host_lacks_stays(void **state)
{
    (void)state;
    struct facts f = {
        .domcaps = xml_parse_element("<domainCapabilities><devices><video><enum name='modelType'>"
                                     "<value>cirrus</value></enum></video></devices></domainCapabilities>",
                                     NULL, NULL)};
    char *got = plan_words(DOMAIN("kvm", Q35, "<video><model type='cirrus'/></video>"), &f, VIRTIO_BLK);
    assert_string_equal(got, "video:video0 cirrus stays");
    free(got);
    xmlFreeDoc(f.domcaps);
}

static void windows_is_warned_of(void **state)
{
    (void)state;
    static const char *const rows[] = {
        DOMAIN("kvm", Q35 "<features><hyperv><relaxed state='on'/></hyperv></features>",
               DISK("sda", "sata", "")),
        DOMAIN("kvm",
               Q35 "<metadata><l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'><l:os "
                   "id='http://microsoft.com/win/10'/></l:libosinfo></metadata>",
               DISK("sda", "sata", ""))};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct virtio_plan p;
        xmlDocPtr doc = parse(rows[i]);
        virtio_plan_make(xmlDocGetRootElement(doc), NULL, "x", VIRTIO_BLK, &p);
        assert_true(p.findings.len > 0);
        assert_string_equal(p.findings.items[0].id, "windows");
        assert_int_equal(findings_count(&p.findings, SEV_ERROR), 0);
        virtio_plan_clear(&p);
        xmlFreeDoc(doc);
    }
}

static void other_hypervisors_have_none(void **state)
{
    (void)state;
    static const char *const types[] = {"xen", "lxc", "test", "vz"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct error e = ERROR_INIT;
        char *xml =
            xasprintf("<domain type='%s'><devices>" DISK("hda", "ide", "") "</devices></domain>", types[i]);
        xmlDocPtr doc = parse(xml);
        assert_false(virtio_apply(xmlDocGetRootElement(doc), NULL, "x", VIRTIO_BLK, &e));
        assert_non_null(strstr(error_text(&e), types[i]));
        error_clear(&e);
        xmlFreeDoc(doc);
        free(xml);
    }
}

/* ---- making it so ---- */

static char *applied(const char *xml, enum virtio_bus bus)
{
    struct error e = ERROR_INIT;
    xmlDocPtr doc = parse(xml);
    if (!virtio_apply(xmlDocGetRootElement(doc), NULL, "x", bus, &e))
        fail_msg("%s", error_text(&e));
    char *text = xml_print(doc);
    xmlFreeDoc(doc);
    return text;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("there is no %s in %s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("there is a %s in %s", part, text);
}

static void stale_parts_go(void **state)
{
    (void)state;
    char *text = applied(
        DOMAIN("kvm", PC,
               DISK("sda", "sata",
                    "<wwn>5000c50015ea71aa</wwn><vendor>ACME</vendor><serial>S1</serial><boot "
                    "order='2'/>") "<interface type='network'><mac address='52:54:00:00:00:01'/><model "
                                   "type='e1000'/><boot order='1'/>"
                                   "<address type='pci' domain='0x0000' bus='0x00' slot='0x09' "
                                   "function='0x0'/></interface>"
                                   "<video><model type='qxl' ram='65536' vram='65536' vgamem='16384' "
                                   "heads='1' primary='yes'/></video>"),
        VIRTIO_BLK);
    static const char *const gone[] = {"wwn",    "ACME", "type=\"drive\"", "slot=",    "qxl",
                                       "vgamem", "vram", "e1000",          "sda\" bus"};
    static const char *const kept[] = {"<serial>S1</serial>",
                                       "<boot order=\"2\"/>",
                                       "<boot order=\"1\"/>",
                                       "52:54:00:00:00:01",
                                       "primary=\"yes\"",
                                       "machine=\"pc-i440fx-7.2\"",
                                       "<target dev=\"vda\" bus=\"virtio\"/>"};
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        assert_lacks(text, gone[i]);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        assert_has(text, kept[i]);
    free(text);
}

static void names_do_not_collide(void **state)
{
    (void)state;
    const char *xml = DOMAIN("kvm", PC,
                             DISK("vda", "virtio", "") DISK("hda", "ide", "") DISK("hdb", "ide", "")
                                 DISK("vdc", "virtio", ""));
    assert_plan(xml, VIRTIO_BLK,
                "disk:vda virtio already; disk:hda ide convert virtio vdb; disk:hdb ide convert virtio vdd; "
                "disk:vdc virtio already");
}

static void the_disk_that_boots_stays_so(void **state)
{
    (void)state;
    /* Here "hd" means hda, which stands first; afterwards it would mean vda. */
    char *text = applied(DOMAIN("kvm", PC, DISK("hda", "ide", "") DISK("vda", "virtio", "")), VIRTIO_BLK);
    assert_lacks(text, "<boot dev=");
    const char *vdb = strstr(text, "dev=\"vdb\"");
    assert_non_null(vdb);
    assert_has(vdb, "<boot order=\"1\"/>");
    free(text);
    text = applied(DOMAIN("kvm", PC, DISK("hda", "ide", "") DISK("hdb", "ide", "")), VIRTIO_BLK);
    assert_has(text, "<boot dev=\"hd\"/>");
    free(text);
}

static void virtio_scsi_keeps_names(void **state)
{
    (void)state;
    const char *xml =
        DOMAIN("kvm", Q35, DISK("sda", "sata", "<wwn>5000c50015ea71aa</wwn>") DISK("sdb", "sata", ""));
    assert_plan(xml, VIRTIO_SCSI,
                "disk:sda sata convert virtio-scsi sda; disk:sdb sata convert virtio-scsi sdb");
    char *text = applied(xml, VIRTIO_SCSI);
    assert_has(text, "<controller type=\"scsi\" index=\"0\" model=\"virtio-scsi\"/>");
    assert_has(text, "<target dev=\"sda\" bus=\"scsi\"/>");
    assert_has(text, "unit=\"0\"");
    assert_has(text, "unit=\"1\"");
    assert_has(text, "<wwn>");
    free(text);
}

static void the_probe(void **state)
{
    (void)state;
    xmlDocPtr doc = parse(DOMAIN("kvm", PC, DISK("hda", "ide", "") DISK("vda", "virtio", "")));
    xmlNodePtr root = xmlDocGetRootElement(doc);
    assert_null(virtio_probe_find(root, "/x/probe & co.img"));
    virtio_probe_add(root, "/x/probe & co.img", VIRTIO_BLK);
    xmlNodePtr probe = virtio_probe_find(root, "/x/probe & co.img");
    assert_non_null(probe);
    assert_true(xml_get_is(probe, "target@dev", "vdb"));
    assert_true(xml_get_is(probe, "target@bus", "virtio"));
    xmlFreeDoc(doc);
}

static void hostile_definitions(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "<domain/>", "<domain type='kvm'><devices/></domain>",
        "<domain type='kvm'><devices><disk/><disk><target/></disk><interface/><video/><input/><sound/><rng/>"
        "<memballoon/></devices></domain>",
        "<domain type='kvm'><os><boot/><boot dev='zzz'/></os><devices><disk><target dev='' bus=''/></disk>"
        "<disk device='lun'><target bus='virtio virtio'/></disk><disk><target dev='hda' bus='ide'/></disk>"
        "<disk><target dev='vda' bus='virtio'/></disk></devices></domain>"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int bus = VIRTIO_BLK; bus <= VIRTIO_SCSI; bus++) {
            struct strbuf out = {0};
            struct virtio_plan p;
            struct error e = ERROR_INIT;
            xmlDocPtr doc = parse(rows[i]);
            xmlNodePtr root = xmlDocGetRootElement(doc);
            virtio_plan_make(root, NULL, "x", (enum virtio_bus)bus, &p);
            virtio_plan_print(&p, &out);
            json_object_put(virtio_plan_json(&p));
            virtio_plan_clear(&p);
            if (virtio_apply(root, NULL, "x", (enum virtio_bus)bus, &e)) {
                virtio_plan_make(root, NULL, "x", (enum virtio_bus)bus, &p);
                assert_int_equal(p.n_convert, 0); /* nothing is left to do */
                virtio_plan_clear(&p);
            }
            virtio_probe_add(root, "/p", (enum virtio_bus)bus);
            error_clear(&e);
            strbuf_free(&out);
            xmlFreeDoc(doc);
        }
    }
}

/* ---- boots ---- */

static enum boot_verdict verdict_of(const char *text)
{
    struct boot_watch w = {0};
    boot_watch_feed(&w, text, strlen(text));
    enum boot_verdict v = w.verdict;
    boot_watch_clear(&w);
    return v;
}

static void signs_of_failure(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "[    1.5] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\n",
        "ALERT!  /dev/sda1 does not exist.  Dropping to a shell!\r\n",
        "ALERT!  UUID=1234-5678 does not exist.  Dropping to a shell!\n",
        "(initramfs) ",
        "[  190.1] dracut-initqueue[318]: Warning: dracut-initqueue timeout - starting timeout scripts\n",
        "You are in emergency mode. After logging in, type \"journalctl -xb\"\n",
        "[ TIME ] Timed out waiting for device /dev/sda2.\n",
        "Stop code: INACCESSIBLE_BOOT_DEVICE\n",
        "*** STOP: 0x0000007B (0xFFFFF880009A97E8,0xFFFFFFFFC0000034)\n",
        "Boot failed: not a bootable disk\n",
        "No bootable device.\n",
        "BdsDxe: failed to load Boot0001 \"UEFI QEMU HARDDISK\"\n",
        "error: no such device: 01234567-89ab.\ngrub rescue> ",
        "\033[1;31m[FAILED]\033[0m \033[0;1mKernel panic - not \033[31msyncing: x\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (verdict_of(rows[i]) != BOOT_FAILED)
            fail_msg("not taken for a failure: %s", rows[i]);
}

static void signs_of_success(void **state)
{
    (void)state;
    assert_int_equal(verdict_of("Debian GNU/Linux 12 web ttyS0\n\nweb login: "), BOOT_UP);
    assert_int_equal(verdict_of("[  OK  ] Reached target \033[0;1;39mMulti-User System\033[0m.\n"), BOOT_UP);
    assert_int_equal(verdict_of("Booting from Hard Disk...\n[ 0.0] Linux version 6.1\n"), BOOT_UNDECIDED);
    assert_int_equal(verdict_of(""), BOOT_UNDECIDED);
}

static void byte_by_byte(void **state)
{
    (void)state;
    const char text[] = "\0\033[0mfoo\xff\xfe\r\nALERT!  /dev/sda does not exist.\n";
    struct boot_watch w = {0};
    for (size_t i = 0; i < sizeof text; i++)
        boot_watch_feed(&w, text + i, 1);
    assert_int_equal(w.verdict, BOOT_FAILED);
    assert_string_equal(w.evidence, "ALERT!  /dev/sda does not exist.");
    boot_watch_clear(&w);
}

static void the_boot_before_is_the_measure(void **state)
{
    (void)state;
    static const char before[] =
        "Boot failed: not a bootable disk\n[   12.345678] app[913]: ready to serve\n# ";
    static const char now[] = "Boot failed: not a bootable disk\n[   9.1] app[77]: ready to serve\n# ";
    struct boot_watch first = {0};
    boot_watch_feed(&first, before, strlen(before));
    struct boot_watch second = {.marker = boot_watch_marker(&first), .ignored = first.seen};
    assert_non_null(second.marker);
    boot_watch_feed(&second, now, strlen(now));
    assert_true(second.marker_seen);
    assert_int_equal(second.verdict, BOOT_UNDECIDED);
    static const char panic[] = "Kernel panic - not syncing: x\n";
    boot_watch_feed(&second, panic, strlen(panic));
    assert_int_equal(second.verdict, BOOT_FAILED);
    boot_watch_clear(&first);
    boot_watch_clear(&second);
}

static void a_failure_that_is_gone_past(void **state)
{
    (void)state;
    static const char firmware[] = "BdsDxe: failed to load Boot0001 \"UEFI QEMU DVD-ROM\": Not Found\n";
    static const char shell[] =
        "ALERT!  /dev/sda does not exist.  Dropping to a shell!\nEnter 'help' for help.\n(initramfs) ";
    struct boot_watch w = {.ignored = ~0u};
    boot_watch_feed(&w, firmware, strlen(firmware));
    assert_true(w.failing && w.seen);
    boot_watch_feed(&w, "BdsDxe: starting Boot0002\n# ", 28);
    assert_false(w.failing);
    boot_watch_feed(&w, shell, strlen(shell));
    assert_true(w.failing);
    assert_int_equal(w.verdict, BOOT_UNDECIDED);
    boot_watch_feed(&w, "\nweb login: ", 12);
    assert_int_equal(w.verdict, BOOT_UP);
    boot_watch_clear(&w);
}

static void the_driver_tells(void **state)
{
    (void)state;
    static const char line[] = "[    2.1] virtio_blk virtio2: [vda] 2048 512-byte logical blocks\n";
    struct boot_watch w = {0};
    boot_watch_feed(&w, "loading virtio_blk\n", 19);
    assert_null(w.virtio_line);
    boot_watch_feed(&w, line, strlen(line));
    assert_non_null(w.virtio_line);
    assert_int_equal(w.verdict, BOOT_UNDECIDED);
    boot_watch_clear(&w);
}

static void what_the_caller_waits_for(void **state)
{
    (void)state;
    struct boot_watch w = {0};
    struct error e = ERROR_INIT;
    assert_false(boot_watch_ready(&w, "(", &e));
    assert_int_equal(e.status, STATUS_USAGE);
    assert_true(boot_watch_ready(&w, "^guest is up$", &e));
    boot_watch_feed(&w, "guest is up?\n", 13);
    assert_int_equal(w.verdict, BOOT_UNDECIDED);
    boot_watch_feed(&w, "guest is up\n", 12);
    assert_int_equal(w.verdict, BOOT_UP);
    boot_watch_clear(&w);
    error_clear(&e);
}

static void an_endless_line(void **state)
{
    (void)state;
    struct boot_watch w = {0};
    char block[10000];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 100; i++)
        boot_watch_feed(&w, block, sizeof block);
    assert_int_equal(w.bytes, 1000000);
    assert_true(w.line.cap < 100000);
    boot_watch_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_machine),
        cmocka_unit_test(all_virtio_already),
        cmocka_unit_test(disks_of_scsi_controllers),
        cmocka_unit_test(input_devices),
        cmocka_unit_test(sound_needs_new_versions),
        cmocka_unit_test(what_the_host_lacks_stays),
        cmocka_unit_test(windows_is_warned_of),
        cmocka_unit_test(other_hypervisors_have_none),
        cmocka_unit_test(stale_parts_go),
        cmocka_unit_test(names_do_not_collide),
        cmocka_unit_test(the_disk_that_boots_stays_so),
        cmocka_unit_test(virtio_scsi_keeps_names),
        cmocka_unit_test(the_probe),
        cmocka_unit_test(hostile_definitions),
        cmocka_unit_test(signs_of_failure),
        cmocka_unit_test(signs_of_success),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(the_boot_before_is_the_measure),
        cmocka_unit_test(a_failure_that_is_gone_past),
        cmocka_unit_test(the_driver_tells),
        cmocka_unit_test(what_the_caller_waits_for),
        cmocka_unit_test(an_endless_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
