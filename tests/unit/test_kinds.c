/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the device list says of each kind. Runs in the source tree: it reads tests/data/domains.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "device/kinds.h"
#include "model/domdef.h"

struct expected {
    const char *kind, *name, *model, *target, *source;
};

static void assert_text(const char *file, size_t i, const char *what, const char *got, const char *wanted)
{
    if (strcmp(got ? got : "(none)", wanted ? wanted : "(none)") != 0) {
        fail_msg("%s, device %zu, %s: %s instead of %s", file, i, what, got ? got : "(none)",
                 wanted ? wanted : "(none)");
    }
}

static struct domdef *assert_devices(const char *file, const struct expected *wanted, size_t n)
{
    char path[200];
    char *xml;
    size_t len;
    struct error e = ERROR_INIT;
    snprintf(path, sizeof(path), "tests/data/domains/%s", file);
    if (!file_read(path, 1 << 20, &xml, &len, NULL, &e)) {
        fail_msg("%s", error_text(&e));
    }
    struct domdef *def = domdef_parse(xml, len, &e);
    free(xml);
    assert_non_null(def);
    for (size_t i = 0; i < n && i < def->devices.len; i++) {
        const struct vm_device *d = &def->devices.items[i];
        assert_text(file, i, "kind", d->kind->id, wanted[i].kind);
        assert_text(file, i, "name", d->name, wanted[i].name);
        assert_text(file, i, "model", d->model, wanted[i].model);
        assert_text(file, i, "target", d->target, wanted[i].target);
        assert_text(file, i, "source", d->source, wanted[i].source);
    }
    assert_int_equal(def->devices.len, n);
    return def;
}

static void one_of_each(void **state)
{
    static const struct expected wanted[] = {
        {"disk", "vda", "virtio", "vda", "/var/lib/libvirt/images/everything.qcow2"},
        {"disk", "vdb", "virtio", "vdb", "/var/lib/libvirt/images/no-device-attribute.raw"},
        {"disk", "sdb", "scsi", "sdb", "/dev/disk/by-id/wwn-0x5000"},
        {"cdrom", "sda", "sata", "sda", NULL},
        {"floppy", "fda", "fdc", "fda", "/srv/boot.img"},
        {"controller", "usb0", "qemu-xhci", NULL, NULL},
        {"controller", "pci0", "pcie-root", NULL, NULL},
        {"filesystem", "share", "virtiofs", "share", "/srv/share"},
        {"nic", "net0", "virtio", NULL, "network=default"},
        {"smartcard", "smartcard0", "passthrough", NULL, "spicevmc"},
        {"serial", "serial0", "isa-serial", NULL, "pty"},
        {"parallel", "parallel0", NULL, NULL, "/tmp/parallel.out"},
        {"console", "console0", "virtio", NULL, "pty"},
        {"channel", "channel0", "virtio", "org.qemu.guest_agent.0", "unix"},
        {"channel", "channel1", "virtio", "com.redhat.spice.0", "spicevmc"},
        {"input", "input0", "tablet usb", NULL, NULL},
        {"input", "input1", "evdev", NULL, "/dev/input/event1234"},
        {"tpm", "tpm0", "tpm-crb", NULL, "emulator 2.0"},
        {"graphics", "vnc", "vnc", NULL, "127.0.0.1:5901"},
        {"graphics", "spice", "spice", NULL, "auto"},
        {"graphics", "vnc", "vnc", NULL, "/run/vnc.sock"},
        {"sound", "sound0", "ich9", NULL, "audio1"},
        {"audio", "audio1", "spice", NULL, NULL},
        {"video", "video0", "virtio", NULL, NULL},
        {"usb", "usbdev0", "subsystem", NULL, "0x0781:0x5591"},
        {"pci", "pcidev0", "vfio", NULL, "0000:06:12.5"},
        {"hostdev", "hostdev0", "mdev", NULL, "c2177883-f1bb-47f0-914d-32a22e3a8804"},
        {"redirdev", "redir0", "usb", NULL, "spicevmc"},
        {"hub", "hub0", "usb", NULL, NULL},
        {"watchdog", "watchdog0", "itco", NULL, "action=reset"},
        {"balloon", "balloon", "virtio", NULL, NULL},
        {"rng", "rng0", "virtio", NULL, "/dev/urandom"},
        {"panic", "panic0", "isa", NULL, NULL},
        {"shmem", "shm0", "ivshmem-plain", NULL, "4 M"},
        {"memory", "dimm0", "dimm", NULL, "524287 KiB"},
        {"iommu", "iommu0", "intel", NULL, NULL},
        {"vsock", "vsock0", "virtio", NULL, "cid=3"},
        {"other", "crypto0", "virtio", NULL, NULL},
        {"other", "teleporter1", "mk2", NULL, NULL},
    };
    struct domdef *def = assert_devices("kvm-every-device.xml", wanted, ARRAY_LEN(wanted));
    (void)state;
    const struct vm_device *d = def->devices.items;
    assert_false(d[0].readonly);
    assert_true(d[1].readonly && d[3].readonly && d[7].readonly);
    assert_string_equal(d[8].mac, "52:54:00:12:34:56");
    assert_true(d[8].link_down);
    assert_true(d[10].has_log);
    assert_string_equal(d[10].log_file, "/var/log/guest serial.log");
    assert_false(d[12].has_log);
    domdef_unref(def);
}

static void wherever_a_nic_goes(void **state)
{
    static const struct expected wanted[] = {
        {"nic", "net0", NULL, NULL, "network=default"},
        {"nic", "net1", NULL, "tap0", "bridge=br0"},
        {"nic", "net2", "virtio", NULL, "direct=eth0"},
        {"nic", "net3", NULL, NULL, "user"},
        {"nic", "net4", NULL, "mytap", "ethernet"},
        {"nic", "net5", NULL, NULL, "vhostuser=/run/vhost.sock"},
        {"nic", "net6", NULL, NULL, "udp=127.0.0.1:5555"},
        {"nic", "net7", NULL, NULL, "hostdev=0000:81:10.2"},
        {"nic", "net8", NULL, NULL, "vdpa=/dev/vhost-vdpa-0"},
        {"nic", "net9", NULL, NULL, "null"},
        {"nic", "net10", NULL, NULL, NULL},
    };
    (void)state;
    struct domdef *def = assert_devices("nics.xml", wanted, ARRAY_LEN(wanted));
    assert_false(def->devices.items[9].link_down);
    domdef_unref(def);
}

static void wherever_a_disk_lies(void **state)
{
    static const struct expected wanted[] = {
        {"disk", "vda", "virtio", "vda", "/dev/vg/lv"},
        {"disk", "vdb", NULL, "vdb", "default/v.qcow2"},
        {"disk", "vdc", NULL, "vdc", "rbd:pool/image"},
        {"disk", "vdd", NULL, "vdd", "0000:01:00.0"},
        {"floppy", "fda", NULL, "fda", "/srv/floppy"},
        {"disk", "vde", NULL, "vde", "/run/blk.sock"},
        {"cdrom", "sda", "sata", "sda", "https:x.iso"},
        {"cdrom", "disk1", NULL, NULL, NULL},
        {"disk", "disk5", NULL, NULL, NULL},
    };
    (void)state;
    domdef_unref(assert_devices("disks.xml", wanted, ARRAY_LEN(wanted)));
}

static void devices_that_say_little(void **state)
{
    static const struct expected wanted[] = {
        {"pci", "pcidev0", NULL, NULL, "0000:00:ffff.0"},
        {"usb", "usbdev0", NULL, NULL, "bus 1 device 4"},
        {"hostdev", "hostdev0", "scsi", NULL, "scsi_host0"},
        {"hostdev", "hostdev1", "net", NULL, "eth0"},
        {"graphics", "graphics0", NULL, NULL, NULL},
        {"graphics", "spice", "spice", NULL, "5902"},
        {"controller", "controller0", NULL, NULL, NULL},
        {"video", "video0", NULL, NULL, NULL},
        {"sound", "sound0", NULL, NULL, NULL},
        {"audio", "audio1", NULL, NULL, NULL},
        {"input", "input0", NULL, NULL, NULL},
        {"tpm", "tpm0", NULL, NULL, NULL},
        {"rng", "rng0", NULL, NULL, NULL},
        {"memory", "dimm0", NULL, NULL, NULL},
        {"shmem", "shmem0", NULL, NULL, NULL},
        {"watchdog", "watchdog0", NULL, NULL, NULL},
        {"serial", "serial0", NULL, NULL, NULL},
        {"channel", "channel0", NULL, NULL, NULL},
        {"hub", "hub0", "usb", NULL, NULL},
    };
    (void)state;
    domdef_unref(assert_devices("odd-figures.xml", wanted, ARRAY_LEN(wanted)));
}

static void the_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_device_kinds; i++) {
        const struct device_kind *k = &device_kinds[i];
        assert_true(k->id[0] && k->title[0]);
        assert_non_null(k->describe);
        assert_true(!k->attr == !k->value);
        assert_true(k->what && k->what[0]);
        assert_true((k->element == NULL) == (i + 1 == n_device_kinds || (k->flags & KIND_PART)));
        assert_true(!k->complete || k->fresh);
        /* A row without attribute hides every later one of its element. */
        for (size_t earlier = 0; earlier < i && k->element; earlier++) {
            assert_true(!device_kinds[earlier].element || device_kinds[earlier].attr ||
                        strcmp(device_kinds[earlier].element, k->element) != 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_whole),      cmocka_unit_test(one_of_each),
        cmocka_unit_test(wherever_a_nic_goes),     cmocka_unit_test(wherever_a_disk_lies),
        cmocka_unit_test(devices_that_say_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
