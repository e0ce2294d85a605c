/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "toggle_fixture.h"

#include "device/sound.h"

#define ON(arch, machine, devices)                                                                           \
    "<domain type='kvm'>\n  <os><type arch='" arch "' machine='" machine                                     \
    "'>hvm</type></os>\n  <devices>" devices "\n  </devices>\n</domain>"
#define Q35(devices) ON("x86_64", "pc-q35-7.2", devices)
#define ICH9         "\n    <sound model='ich9'><codec type='micro'/><address type='pci' slot='0x04'/></sound>"
#define SILENT       "\n    <audio id='1' type='none'/>"

static void versions(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, Q35(""));
    assert_refused(s, "sound", "virtio", "sound-virtio", "libvirt 9.0.0 is older than 10.4.0");
    assert_refused(s, "sound", "virtio", "sound-virtio", "QEMU 7.2.22 is older than 8.2.0");
    assert_refused(s, "sound", "virtio", "sound-virtio", "ich9, ich6, ac97, usb");
    assert_string_equal(found(s, "sound", "virtio", "sound-virtio")->remedy, "sound web1 ich9");
    s->facts.libvirt = 10004000;
    char *lacks = sound_virtio_lacks(&s->facts);
    assert_string_equal(lacks, "QEMU 7.2.22 is older than 8.2.0");
    free(lacks);
    s->facts.hypervisor = 8002000;
    assert_null(sound_virtio_lacks(&s->facts));
    assert_not_refused(s, "sound", "virtio");
    assert_non_null(found(s, "sound", "virtio", "sound-driver"));
    s->facts.hypervisor = 0;
    assert_not_refused(s, "sound", "virtio");
    assert_non_null(found(s, "sound", "virtio", "sound-virtio"));
    assert_string_equal(sound_best(&s->facts, s->in.config), "ich9"); /* unknown is not "new enough" */
    scene_free(s);
}

static void the_best_card(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *old, *new;
    } cases[] = {{Q35(""), "ich9", "virtio"},
                 {ON("x86_64", "q35", ""), "ich9", "virtio"},
                 {ON("x86_64", "pc-i440fx-7.2", ""), "ich6", "virtio"},
                 {ON("x86_64", "pc", ""), "ich6", "virtio"},
                 {ON("x86_64", "isapc", ""), "sb16", "sb16"},
                 {ON("aarch64", "virt", ""), "usb", "virtio"},
                 {"<domain/>", "usb", "virtio"}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene *s = scene_new(NULL, cases[i].xml);
        assert_string_equal(sound_best(&s->facts, s->in.config), cases[i].old);
        s->facts.libvirt = 11003000;
        s->facts.hypervisor = 10000000;
        assert_string_equal(sound_best(&s->facts, s->in.config), cases[i].new);
        scene_free(s);
    }
    struct scene *s = scene_new(NULL, ON("aarch64", "virt", ""));
    assert_refused(s, "sound", "sb16", "sound-machine", "no place");
    scene_free(s);
}

static void silence(void **state)
{
    (void)state;
    static const struct {
        const char *devices;
        bool silent;
    } cases[] = {{"", true},
                 {SILENT, true},
                 {"<graphics type='vnc'/>", true},
                 {"<graphics type='vnc'/><graphics type='spice'/>", false},
                 {"<graphics type='spice'/>" SILENT, true},
                 {"<audio id='1' type='pipewire'/>", false},
                 {"<audio id='1' type='pipewire'/><audio id='2' type='none'/><sound model='ac97'><audio "
                  "id='2'/></sound>",
                  true}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *xml = xasprintf(Q35("%s"), cases[i].devices);
        struct scene *s = scene_new(NULL, xml);
        assert_int_equal(found(s, "sound", "ac97", "sound-silent") != NULL, cases[i].silent);
        assert_null(found(s, "sound", "off", "sound-silent"));
        scene_free(s);
        free(xml);
    }
}

static void turning(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, Q35(""));
    assert_turned(s, "sound", "on", "<sound model=\"ich9\"/>");
    assert_turned(s, "sound", "on", "<sound model=\"ich9\"/>");
    assert_turned(s, "sound", "usb", "<sound model=\"usb\"/>");
    assert_unsaid(s, "ich9");
    assert_turned(s, "sound", "on", "<sound model=\"usb\"/>"); /* one that is there stays */
    assert_turned(s, "sound", "off", "<domain");
    assert_unsaid(s, "<sound");
    assert_null(toggle_find("sound")->plan(&s->in, "gravis", &s->error));
    assert_has(error_text(&s->error), "ich9");
    scene_free(s);
    s = scene_new(NULL, Q35(ICH9 SILENT));
    assert_turned(s, "sound", "ac97",
                  "<sound model=\"ac97\"/>"); /* without the place and codec of the other */
    assert_turned(s, "sound", "off", "<devices");
    assert_unsaid(s, "<audio");
    scene_free(s);
    s = scene_new(NULL, Q35(ICH9 ICH9 "<audio id='1' type='pipewire'/>"));
    assert_turned(s, "sound", "off", "pipewire"); /* the user's own backend stays */
    assert_unsaid(s, "<sound");
    scene_free(s);
    s = scene_new(NULL, "<domain type='kvm'/>");
    assert_turned(s, "sound", "ac97", "<sound model=\"ac97\"/>");
    scene_free(s);
}

#define BY_ARGUMENTS(args)                                                                                   \
    "<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' type='kvm'><os><type "                  \
    "machine='pc-q35-7.2'>hvm</type></os><devices/><qemu:commandline>" args "</qemu:commandline></domain>"
#define CARD "<qemu:arg value='-device'/><qemu:arg value='virtio-sound-pci,audiodev=a'/>"

/* Where libvirt has no element for the virtio card, definitions hand it to QEMU themselves. */
static void past_libvirt(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, BY_ARGUMENTS(CARD));
    assert_judged(s, "sound", "no yes unknown unknown");
    assert_has(s->verdict.definition.evidence, "qemu:commandline");
    assert_turned(s, "sound", "on", "virtio-sound-pci"); /* it is on */
    assert_unsaid(s, "<sound");
    assert_turned(s, "sound", "ich9", "<sound model=\"ich9\"/>");
    assert_unsaid(s, "qemu:commandline");
    scene_free(s);
    s = scene_new(NULL, BY_ARGUMENTS("<qemu:arg value='-S'/>" CARD CARD));
    assert_turned(s, "sound", "off", "value=\"-S\"");
    assert_unsaid(s, "-device");
    assert_unsaid(s, "virtio");
    scene_free(s);
}

static void four_levels(void **state)
{
    (void)state;
    struct scene *s = scene_new(Q35(ICH9 SILENT), Q35(ICH9 SILENT));
    s->in.arguments = "-device\n{\"driver\":\"ich9-intel-hda\",\"id\":\"sound0\"}\n";
    s->in.probe = "pci= 8086:2918 8086:293e\nsound=\n";
    assert_judged(s, "sound", "yes yes yes yes");
    assert_has(s->verdict.guest.evidence, "8086:293e");
    assert_has(s->verdict.definition.evidence, "stays silent");
    assert_null(s->verdict.mismatch);
    s->in.probe = "pci= 8086:2918\nsound=\n";
    assert_judged(s, "sound", "yes yes yes no");
    assert_has(s->verdict.mismatch, "ich9");
    s->in.probe = "pci= 8086:2918\nsound=HDA-Intel - HDA Intel\n";
    assert_judged(s, "sound", "yes yes yes yes");
    s->in.probe = NULL;
    s->in.probe_why = "no agent";
    s->in.arguments = "-device\nvirtio-net\n";
    assert_judged(s, "sound", "yes yes no unknown");
    assert_non_null(s->verdict.mismatch);
    s->in.log = "'virtio-sound-pci' is not a valid device model name\n";
    assert_judged(s, "sound", "yes yes no unknown");
    assert_has(s->verdict.qemu.evidence, "virtio-sound-pci");
    s->in.log = NULL;
    s->in.serial = "virtio_snd virtio4: device does not comply with spec version 1.x\n";
    assert_judged(s, "sound", "yes yes no no");
    scene_free(s);
    s = scene_new(Q35(""), Q35("<sound model='virtio'/>"));
    assert_judged(s, "sound", "no no unknown unknown");
    assert_has(s->verdict.definition.evidence, "at next boot: virtio");
    scene_free(s);
    s = scene_new(Q35("<sound model='usb'/>"), NULL);
    s->in.probe = "pci=\nsound=\n";
    assert_judged(s, "sound", "yes yes unknown unknown");
    scene_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions), cmocka_unit_test(the_best_card), cmocka_unit_test(silence),
        cmocka_unit_test(turning),  cmocka_unit_test(four_levels),   cmocka_unit_test(past_libvirt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
