/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each check with a definition that it must find fault with, one that it must not, and with nothing known of
 * the host, where it must be silent.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/check_private.h"
#include "model/xml.h"
#include "xml_fixture.h"

static const char domcaps[] =
    "<domainCapabilities><vcpu max='288'/>"
    "<os supported='yes'><enum name='firmware'/><loader supported='yes'><enum name='secure'><value>no</value>"
    "</enum></loader></os>"
    "<cpu><mode name='host-passthrough' supported='no'/><mode name='maximum' supported='yes'/>"
    "<mode name='custom' supported='yes'><model usable='yes'>qemu64</model><model "
    "usable='no'>EPYC</model></mode>"
    "</cpu><memoryBacking supported='yes'><enum name='sourceType'><value>memfd</value></enum></memoryBacking>"
    "<devices><disk supported='yes'><enum name='diskDevice'><value>disk</value><value>cdrom</value></enum>"
    "<enum "
    "name='bus'><value>sata</value><value>virtio</value><value>ide</value><value>fdc</value></enum></disk>"
    "<video supported='yes'><enum name='modelType'><value>vga</value></enum></video>"
    "<graphics supported='yes'><enum name='type'><value>vnc</value></enum></graphics>"
    "<tpm supported='yes'><enum name='model'><value>tpm-crb</value></enum>"
    "<enum name='backendModel'><value>passthrough</value></enum></tpm>"
    "<filesystem supported='no'/><rng supported='yes'><enum name='model'><value>virtio</value></enum></rng>"
    "<hostdev supported='yes'><enum name='subsysType'><value>usb</value><value>pci</value></enum></hostdev>"
    "</devices></domainCapabilities>";

static const char hostcaps[] =
    "<capabilities><host><topology><cells num='1'><cell id='0'><pages unit='KiB' size='4'>1000</pages>"
    "<pages unit='KiB' size='2048'>16</pages></cell></cells></topology></host>"
    "<guest><os_type>hvm</os_type><arch name='x86_64'><machine canonical='pc-q35-7.2'>q35</machine>"
    "<machine canonical='pc-i440fx-7.2'>pc</machine><domain type='qemu'/></arch></guest></capabilities>";

static const char other[] =
    "<domain><name>db1</name><devices><disk type='file' device='disk'><source file='/img/db.qcow2'/>"
    "<target dev='vda' bus='virtio'/></disk>"
    "<interface type='user'><mac address='52:54:00:AA:00:01'/></interface>"
    "<graphics type='vnc' port='5901' autoport='yes'/><vsock model='virtio'><cid auto='yes' "
    "address='7'/></vsock>"
    "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x03' slot='0x00' "
    "function='0x0'/></source></hostdev>"
    "<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product "
    "id='0xc52b'/></source></hostdev>"
    "</devices></domain>";
static const char sleeper[] = "<domain><name>old</name><os><nvram>/</nvram></os><devices>"
                              "<disk type='file' device='disk'><source file='/img/old.raw'/>"
                              "<target dev='vda' bus='virtio'/></disk></devices></domain>";

static void add_resource(struct facts *f, bool network, const char *name, bool active)
{
    struct fact_resource r = {.name = xstrdup(name), .active = active};
    if (network)
        vec_push(&f->networks, r);
    else
        vec_push(&f->pools, r);
}

static void add_volume(struct facts *f, const char *name, const char *path)
{
    struct fact_volume v = {.pool = xstrdup("images"), .name = xstrdup(name), .path = xstrdup(path)};
    vec_push(&f->volumes, v);
}

static void add_hostdev(struct facts *f, bool usb, const char *id, int group, const char *driver)
{
    struct fact_hostdev d = {.usb = usb,
                             .id = xstrdup(id),
                             .address = xstrdup(id),
                             .label = xstrdup("Acme card"),
                             .iommu_group = group,
                             .driver = xstrdup(driver)};
    vec_push(&f->hostdevs, d);
}

static void add_other(struct facts *f, const char *name, bool active, const char *xml)
{
    struct fact_domain d = {.name = xstrdup(name), .active = active, .doc = xml ? parse(xml) : NULL};
    vec_push(&f->others, d);
}

static struct facts known_facts(void)
{
    struct facts f = {.libvirt = 9000000,
                      .hypervisor = 7002000,
                      .is_qemu = true,
                      .local = true,
                      .domcaps = parse(domcaps),
                      .hostcaps = parse(hostcaps),
                      .memory_kib = 8ull << 20,
                      .cpus = 4,
                      .networks_known = true,
                      .pools_known = true,
                      .hostdevs_known = true,
                      .others_known = true};
    add_resource(&f, true, "default", true);
    add_resource(&f, true, "lab", false);
    add_resource(&f, false, "images", true);
    add_resource(&f, false, "cold", false);
    add_volume(&f, "db.qcow2", "/img/db.qcow2");
    add_volume(&f, "moved.iso", "/img/moved.iso");
    add_hostdev(&f, false, "0000:03:00.0", 1, "vfio-pci");
    add_hostdev(&f, false, "0000:04:00.0", 2, "e1000e");
    add_hostdev(&f, false, "0000:04:00.1", 2, "snd_hda_intel");
    add_hostdev(&f, false, "0000:05:00.0", -1, NULL);
    add_hostdev(&f, false, "0000:06:00.0", 6, NULL);
    add_hostdev(&f, true, "046d:c52b", -1, NULL);
    add_hostdev(&f, true, "046d:aaaa", -1, NULL);
    add_other(&f, "db1", true, other);
    add_other(&f, "old", false, sleeper);
    return f;
}

/* ---- the rows ---- */

#define DISK(target, bus, file)                                                                              \
    "<disk type='file' device='disk'><source file='" file "'/><target dev='" target "' bus='" bus "'/></"    \
    "disk>"
#define NIC(mac)   "<interface type='user'><mac address='" mac "'/><model type='virtio'/></interface>"
#define DEVICES(x) "<devices>" x "</devices>"
#define Q35        "<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"
#define PC         "<os><type arch='x86_64' machine='pc'>hvm</type></os>"
#define VIRT       "<os><type arch='aarch64' machine='virt-7.2'>hvm</type></os>"
#define PCI(bus, f)                                                                                          \
    "<hostdev mode='subsystem' type='pci'><source><address domain='0x0000' bus='0x" bus                      \
    "' slot='0x00' function='0x" f "'/></source></hostdev>"
#define USB(product)                                                                                         \
    "<hostdev mode='subsystem' type='usb'><source><vendor id='0x046d'/><product id='0x" product              \
    "'/></source></hostdev>"
#define PORT(index)                                                                                          \
    "<controller type='pci' index='" index "' model='pcie-root-port'><address type='pci' bus='0x00' "        \
    "slot='0x0" index "' function='0x0'/></controller>"

enum { ALONE = 1 }; /* needs no facts: found with none, too */

static const struct row {
    const char *check, *id; /* id NULL: as the check */
    enum severity severity;
    const char *bad, *good;    /* what stands in <domain> */
    const char *text, *remedy; /* parts of the finding; remedy NULL: there is none */
    unsigned flags;
} rows[] = {
    {"too-old", NULL, SEV_ERROR, DEVICES("<sound model='virtio'/>"), DEVICES("<sound model='ich9'/>"),
     "\"virtio\" needs libvirt 10.4.0, and this host has 9.0.0", "device 'web 1' sound0 set model=ich9", 0},
    {"too-old", NULL, SEV_ERROR, DEVICES("<interface type='user'><model type='igb'/></interface>"),
     DEVICES("<interface type='user'><model type='e1000e'/></interface>"), "needs libvirt 9.3.0",
     "model=e1000e", 0},
    {"emulator-missing", NULL, SEV_ERROR, DEVICES("<emulator>/nowhere/qemu</emulator>"),
     DEVICES("<emulator>/bin/sh</emulator>"), "/nowhere/qemu does not exist", NULL, 0},
    {"type-unsupported", NULL, SEV_ERROR, "<title>kvm</title>" Q35, Q35, "type kvm can't run", "edit 'web 1'",
     0},
    {"machine-unsupported", NULL, SEV_ERROR, "<os><type arch='x86_64' machine='pc-q35-99.0'>hvm</type></os>",
     Q35, "pc-q35-99.0", "$ virsh capabilities", 0},
    {"firmware-missing", NULL, SEV_ERROR,
     "<os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type></os>", Q35, "no efi firmware",
     "$ apt install ovmf", 0},
    {"secure-boot-missing", NULL, SEV_ERROR, "<os><loader secure='yes'/></os>",
     "<os><loader secure='no'/></os>", "secure boot", "device 'web 1' firmware set secureboot=no", 0},
    {"cpu-mode-unsupported", NULL, SEV_ERROR, "<cpu mode='host-passthrough'/>", "<cpu mode='maximum'/>",
     "host-passthrough", "device 'web 1' cpu set mode=maximum", 0},
    {"cpu-model-unsupported", NULL, SEV_ERROR, "<cpu mode='custom'><model>i99</model></cpu>",
     "<cpu mode='custom'><model>qemu64</model></cpu>", "no CPU model i99", "$ virsh domcapabilities", 0},
    {"cpu-model-unsupported", NULL, SEV_WARN, "<cpu mode='custom'><model>EPYC</model></cpu>",
     "<cpu mode='custom'><model fallback='allow'>EPYC</model></cpu>", "EPYC has features", "mode=host-model",
     0},
    {"memory-over-host", NULL, SEV_WARN, "<memory unit='GiB'>9</memory>",
     "<memory unit='KiB'>8388608</memory>", "9216 MiB of memory is more than the 8192 MiB",
     "set 'web 1' maxmemory=4096M", 0},
    {"memory-over-host", NULL, SEV_ERROR, "<memory unit='GiB'>33</memory>", "<memory>1048576</memory>",
     "33792 MiB", "set 'web 1' maxmemory=4096M", 0},
    {"vcpus-over-host", NULL, SEV_WARN, "<vcpu current='5'>8</vcpu>", "<vcpu current='4'>8</vcpu>", "5 vCPUs",
     "set 'web 1' vcpus=4", 0},
    {"vcpus-over-maximum", NULL, SEV_ERROR, "<vcpu>289</vcpu>", "<vcpu>2</vcpu>", "289 vCPUs", "maxvcpus=288",
     0},
    {"hugepages-short", NULL, SEV_ERROR,
     "<memory unit='MiB'>64</memory><memoryBacking><hugepages/></memoryBacking>",
     "<memory unit='MiB'>32</memory><memoryBacking><hugepages/></memoryBacking>", "64 MiB in huge pages",
     "$ sysctl vm.nr_hugepages=32", 0},
    {"hugepages-short", NULL, SEV_ERROR,
     "<memory unit='MiB'>16</memory><memoryBacking><hugepages><page size='1' "
     "unit='G'/></hugepages></memoryBacking>",
     "<memory unit='MiB'>16</memory>", "the host has 0 MiB", NULL, 0},
    {"unsupported", NULL, SEV_ERROR, DEVICES(DISK("sda", "scsi", "/dev/null")),
     DEVICES(DISK("vda", "virtio", "/dev/null")), "disk sda: this host can't do bus \"scsi\"",
     "device 'web 1' sda set bus=virtio", 0},
    {"unsupported", NULL, SEV_ERROR, DEVICES("<video><model type='qxl'/></video>"),
     DEVICES("<video><model type='vga'/></video>"), "it can do: vga", "set model=vga", 0},
    {"unsupported", NULL, SEV_ERROR, DEVICES("<graphics type='spice'/>"), DEVICES("<graphics type='vnc'/>"),
     "spice", "device 'web 1' spice set type=vnc", 0},
    {"unsupported", NULL, SEV_ERROR, DEVICES("<tpm model='tpm-crb'><backend type='emulator'/></tpm>"),
     DEVICES("<tpm model='tpm-crb'><backend type='passthrough'/></tpm>"), "emulator", "$ apt install swtpm",
     0},
    {"unsupported", NULL, SEV_ERROR,
     DEVICES("<filesystem><driver type='virtiofs'/><target dir='x'/></filesystem>"), DEVICES(""),
     "it can do: none", NULL, 0},
    {"unsupported", NULL, SEV_ERROR, DEVICES("<rng model='virtio-transitional'/>"),
     DEVICES("<rng model='virtio'/>"), "virtio-transitional", "set model=virtio", 0},
    {"memory-source-unsupported", NULL, SEV_ERROR, "<memoryBacking><source type='file'/></memoryBacking>",
     "<memoryBacking><source type='memfd'/></memoryBacking>", "\"file\"", NULL, 0},
    {"machine-unsuited", NULL, SEV_ERROR, Q35 DEVICES(DISK("hda", "ide", "/dev/null")),
     PC DEVICES(DISK("hda", "ide", "/dev/null")), "does not go with the machine type q35: it has no IDE bus",
     "device 'web 1' hda set bus=sata", ALONE},
    {"machine-unsuited", NULL, SEV_ERROR, VIRT DEVICES(DISK("fda", "fdc", "/dev/null")),
     Q35 DEVICES(DISK("fda", "fdc", "/dev/null")), "floppy", NULL, ALONE},
    {"machine-unsuited", NULL, SEV_ERROR, VIRT DEVICES("<watchdog model='ib700'/>"),
     PC DEVICES("<watchdog model='ib700'/>"), "ISA", "set model=i6300esb", ALONE},
    {"machine-unsuited", NULL, SEV_ERROR, PC DEVICES("<panic model='s390'/>"),
     PC DEVICES("<panic model='isa'/>"), "s390", NULL, ALONE},
    {"offload", "offload-needs", SEV_ERROR,
     DEVICES("<interface type='user'><mac address='52:54:00:00:00:09'/><model type='virtio'/>"
             "<driver><host csum='off' tso4='on'/></driver></interface>"),
     DEVICES("<interface type='user'><model type='virtio'/><driver><host csum='off' tso4='off'/></driver>"
             "</interface>"),
     "csum", "52:54:00:00:00:09", ALONE},
    {"offload", "offload-model", SEV_ERROR,
     DEVICES("<interface type='user'><model type='e1000'/><driver><host tso4='off'/></driver></interface>"),
     DEVICES("<interface type='user'><model type='e1000'/></interface>"), "virtio", "model virtio", ALONE},
    {"sound-silent", NULL, SEV_WARN, DEVICES("<sound model='ich9'/><audio id='1' type='none'/>"),
     DEVICES("<sound model='ich9'/><audio id='1' type='pulseaudio'/>"), "its audio backend is none", NULL, 0},
    {"sound-silent", NULL, SEV_WARN,
     DEVICES(
         "<sound model='ich9'><audio id='2'/></sound><audio id='1' type='spice'/><audio id='2' type='none'/>"
         "<graphics type='spice'/>"),
     DEVICES("<sound model='ich9'/><graphics type='spice'/>"), "nobody hears it", "audio2 set type=spice", 0},
    {"sound-silent", NULL, SEV_WARN, DEVICES("<sound model='ich9'/><graphics type='vnc'/>"), DEVICES(""),
     "there is no audio backend", NULL, 0},
    {"graphics-open", NULL, SEV_WARN,
     DEVICES("<graphics type='vnc'><listen type='address' address='0.0.0.0'/></graphics>"),
     DEVICES("<graphics type='vnc' passwd='x'><listen type='address' address='0.0.0.0'/></graphics>"),
     "VNC graphics listens on 0.0.0.0", "device 'web 1' vnc set listen=127.0.0.1", ALONE},
    {"graphics-open", NULL, SEV_WARN, DEVICES("<graphics type='spice' listen='::'/>"),
     DEVICES("<graphics type='spice' listen='127.0.0.1'/>"), "SPICE", "listen=127.0.0.1", ALONE},
    {"duplicate-target", NULL, SEV_ERROR,
     DEVICES(DISK("vda", "virtio", "/dev/null") DISK("vda", "virtio", "/dev/zero")),
     DEVICES(DISK("vda", "virtio", "/dev/null") DISK("vdb", "virtio", "/dev/zero")), "the target vda",
     "edit 'web 1'", ALONE},
    {"duplicate-mac", NULL, SEV_WARN, DEVICES(NIC("52:54:00:00:00:0A") NIC("52:54:00:00:00:0a")),
     DEVICES(NIC("52:54:00:00:00:0A") NIC("52:54:00:00:00:0B")), "52:54:00:00:00:0a", "edit 'web 1'", ALONE},
    {"duplicate-address", NULL, SEV_ERROR,
     DEVICES("<rng model='virtio'><address type='pci' bus='0x00' slot='0x05' function='0x0'/></rng>"
             "<memballoon model='virtio'><address type='pci' domain='0' bus='0' slot='5' "
             "function='0'/></memballoon>"),
     DEVICES("<rng model='virtio'><address type='pci' bus='0x00' slot='0x05' function='0x0'/></rng>"
             "<memballoon model='virtio'><address type='pci' bus='0' slot='5' function='1'/></memballoon>"),
     "the PCI address 0000:00:05.0", "edit 'web 1'", ALONE},
    {"duplicate-address", NULL, SEV_ERROR,
     DEVICES("<input type='tablet' bus='usb'><address type='usb' bus='0' port='1'/></input>"
             "<input type='keyboard' bus='usb'><address type='usb' bus='0' port='1'/></input>"),
     DEVICES("<input type='tablet' bus='usb'><address type='usb' bus='0' port='1'/></input>"
             "<input type='keyboard' bus='usb'><address type='usb' bus='0' port='1.1'/></input>"),
     "USB port 1", "edit 'web 1'", ALONE},
    {"duplicate-address", NULL, SEV_ERROR,
     DEVICES("<disk><target dev='sda' bus='sata'/><address type='drive' unit='0'/></disk>"
             "<disk><target dev='sdb' bus='sata'/><address type='drive' unit='0'/></disk>"),
     DEVICES("<disk><target dev='sda' bus='sata'/><address type='drive' unit='0'/></disk>"
             "<disk><target dev='sdb' bus='scsi'/><address type='drive' unit='0'/></disk>"),
     "place 0:0:0:0", "edit 'web 1'", ALONE},
    {"boot-order", NULL, SEV_ERROR,
     DEVICES("<disk><target dev='vda'/><boot order='1'/></disk><disk><target dev='vdb'/><boot "
             "order='1'/></disk>"),
     DEVICES("<disk><target dev='vda'/><boot order='1'/></disk><disk><target dev='vdb'/><boot "
             "order='2'/></disk>"),
     "the place 1 in the boot order", "edit 'web 1'", ALONE},
    {"boot-order", NULL, SEV_ERROR,
     "<os><boot dev='hd'/></os>" DEVICES("<disk><target dev='vda'/><boot order='1'/></disk>"),
     "<os><boot dev='hd'/></os>" DEVICES("<disk><target dev='vda'/></disk>"), "takes only one",
     "edit 'web 1'", ALONE},
    {"boot-device-missing", NULL, SEV_WARN, "<os><boot dev='cdrom'/></os>",
     "<os><boot dev='cdrom'/></os>" DEVICES("<disk device='cdrom'><target dev='sda'/></disk>"),
     "\"cdrom\", and there is no CD drive", NULL, ALONE},
    {"boot-device-missing", NULL, SEV_WARN, "<os><boot dev='network'/></os>",
     "<os><boot dev='network'/></os>" DEVICES(NIC("52:54:00:00:00:01")), "there is no NIC", NULL, ALONE},
    {"pcie-ports", NULL, SEV_WARN,
     Q35 DEVICES(PORT("1") "<rng model='virtio'><address type='pci' bus='0x01' slot='0x00'/></rng>" NIC(
         "52:54:00:00:00:01")),
     Q35 DEVICES(PORT("1") NIC("52:54:00:00:00:01")), "1 new PCI device and 0 free pcie-root-ports",
     "edit 'web 1'", ALONE},
    {"disk-in-use", NULL, SEV_ERROR, DEVICES(DISK("vda", "virtio", "/img/db.qcow2")),
     DEVICES("<disk type='file'><source file='/img/db.qcow2'/><target dev='vda'/><shareable/></disk>"),
     "/img/db.qcow2 is in use by db1", NULL, 0},
    {"disk-in-use", NULL, SEV_ERROR,
     DEVICES("<disk type='volume'><source pool='images' volume='db.qcow2'/><target dev='vda'/></disk>"),
     DEVICES("<disk type='volume'><source pool='images' volume='moved.iso'/><target dev='vda'/></disk>"),
     "in use by db1", NULL, 0},
    {"disk-in-use", NULL, SEV_WARN, DEVICES(DISK("vda", "virtio", "/img/old.raw")),
     DEVICES("<disk device='cdrom'><source file='/img/old.raw'/><target dev='sda'/></disk>"), "of old, too",
     NULL, 0},
    {"disk-twice", NULL, SEV_ERROR,
     DEVICES(DISK("vda", "virtio", "/img/a.qcow2") DISK("vdb", "virtio", "/img/a.qcow2")),
     DEVICES(DISK("vda", "virtio", "/img/a.qcow2") DISK("vdb", "virtio", "/img/b.qcow2")),
     "disk vdb: /img/a.qcow2 is the disk vda, too", NULL, ALONE},
    {"disk-format", NULL, SEV_ERROR,
     DEVICES("<disk><driver type='qcow2'/><source file='/etc/passwd'/><target dev='vda'/></disk>"),
     DEVICES("<disk><driver type='raw'/><source file='/etc/passwd'/><target dev='vda'/></disk>"),
     "disk vda: /etc/passwd is no qcow2 image", "vda set format=raw", 0},
    {"mac-in-use", NULL, SEV_WARN, DEVICES(NIC("52:54:00:aa:00:01")), DEVICES(NIC("52:54:00:aa:00:02")),
     "52:54:00:aa:00:01 is used by db1, too, which runs", NULL, 0},
    {"vsock-cid-in-use", NULL, SEV_ERROR, DEVICES("<vsock><cid auto='no' address='7'/></vsock>"),
     DEVICES("<vsock><cid auto='yes' address='7'/></vsock>"), "the CID 7 is used by db1", "set cid=auto", 0},
    {"port-in-use", NULL, SEV_ERROR, DEVICES("<graphics type='vnc' port='5901' autoport='no'/>"),
     DEVICES("<graphics type='vnc' port='5901' autoport='yes'/>"), "the port 5901 is used by db1",
     "set port=auto", 0},
    {"hostdev-in-use", NULL, SEV_ERROR, DEVICES(PCI("03", "0")), DEVICES(PCI("06", "0")), "used by db1", NULL,
     0},
    {"hostdev-in-use", NULL, SEV_ERROR, DEVICES(USB("c52b")), DEVICES(USB("aaaa")), "used by db1", NULL, 0},
    {"nvram-in-use", NULL, SEV_WARN, "<os><nvram>/</nvram></os>", "<os><nvram>/x_VARS.fd</nvram></os>",
     "/ is old's, too", "edit 'web 1'", 0},
    {"disk-missing", NULL, SEV_ERROR, DEVICES(DISK("vda", "virtio", "/nowhere/a.qcow2")),
     DEVICES(DISK("vda", "virtio", "/dev/null")), "disk vda: /nowhere/a.qcow2 does not exist", NULL, 0},
    {"disk-missing", NULL, SEV_ERROR,
     DEVICES("<disk device='cdrom'><source file='/nowhere/b.iso'/><target dev='sda'/></disk>"),
     DEVICES(
         "<disk device='cdrom'><source file='/nowhere/b.iso' startupPolicy='optional'/><target dev='sda'/>"
         "</disk>"),
     "cdrom sda: /nowhere/b.iso does not exist", "device 'web 1' sda set source=default", 0},
    {"disk-missing", NULL, SEV_ERROR,
     DEVICES("<disk device='cdrom'><source file='/nowhere/moved.iso'/><target dev='sda'/></disk>"),
     DEVICES("<disk device='cdrom'><target dev='sda'/></disk>"), "moved.iso", "set 'source=/img/moved.iso'",
     0},
    {"file-missing", NULL, SEV_ERROR, "<os><kernel>/nowhere/vmlinuz</kernel></os>",
     "<os><kernel>/bin/sh</kernel></os>", "kernel: /nowhere/vmlinuz does not exist", "edit 'web 1'", 0},
    {"file-missing", NULL, SEV_ERROR, "<os><nvram>/nowhere/x_VARS.fd</nvram></os>",
     "<os><nvram>/tmp/x_VARS.fd</nvram></os>", "the folder /nowhere does not exist", "$ mkdir -p /nowhere",
     0},
    {"folder-missing", NULL, SEV_ERROR,
     DEVICES("<filesystem><source dir='/nowhere'/><target dir='x'/></filesystem>"),
     DEVICES("<filesystem><source dir='/tmp'/><target dir='x'/></filesystem>"), "the folder /nowhere",
     "$ mkdir -p /nowhere", 0},
    {"volume-missing", NULL, SEV_ERROR,
     DEVICES("<disk><source pool='nope' volume='a'/><target dev='vda'/></disk>"),
     DEVICES("<disk><source pool='images' volume='moved.iso'/><target dev='vda'/></disk>"),
     "no storage pool nope", "$ virsh pool-list --all", 0},
    {"volume-missing", NULL, SEV_ERROR,
     DEVICES("<disk><source pool='cold' volume='a'/><target dev='vda'/></disk>"), DEVICES(""), "not active",
     "$ virsh pool-start cold", 0},
    {"volume-missing", NULL, SEV_ERROR,
     DEVICES("<disk><source pool='images' volume='a'/><target dev='vda'/></disk>"), DEVICES(""),
     "no volume a", "$ virsh pool-refresh images", 0},
    {"network-down", NULL, SEV_ERROR,
     DEVICES("<interface type='network'><source network='nope'/></interface>"),
     DEVICES("<interface type='network'><source network='default'/></interface>"), "no network nope",
     "$ virsh net-list --all", 0},
    {"network-down", NULL, SEV_ERROR,
     DEVICES("<interface type='network'><source network='lab'/></interface>"), DEVICES(""),
     "the network lab is not active", "$ virsh net-start lab", 0},
    {"interface-missing", NULL, SEV_ERROR,
     DEVICES("<interface type='bridge'><source bridge='nobr0'/></interface>"),
     DEVICES("<interface type='bridge'><source bridge='lo'/></interface>"), "no bridge nobr0",
     "$ ip link add name nobr0 type bridge", 0},
    {"interface-missing", NULL, SEV_ERROR,
     DEVICES("<interface type='direct'><source dev='noif0'/></interface>"),
     DEVICES("<interface type='bridge'><source bridge='ovs0'/><virtualport type='openvswitch'/></interface>"),
     "no network interface noif0", "$ ip link", 0},
    {"hostdev-missing", NULL, SEV_ERROR, DEVICES(PCI("77", "0")), DEVICES(PCI("06", "0")), "0000:77:00.0",
     "$ virsh nodedev-list --cap pci", 0},
    {"hostdev-missing", NULL, SEV_ERROR, DEVICES(USB("bbbb")), DEVICES(USB("aaaa")), "USB device 046d:bbbb",
     "$ virsh nodedev-list --cap usb_device", 0},
    {"iommu-group", NULL, SEV_ERROR, DEVICES(PCI("04", "0")), DEVICES(PCI("04", "0") PCI("04", "1")),
     "IOMMU group 2 with 0000:04:00.1 (Acme card)", "$ virsh nodedev-detach 0000:04:00.1", 0},
    {"iommu-group", NULL, SEV_ERROR, DEVICES(PCI("05", "0")), DEVICES(PCI("06", "0")), "no IOMMU group",
     "$ dmesg", 0},
};

/* ---- running them ---- */

/* Of type kvm where the text says so in its title, else qemu. */
static xmlDocPtr domain(const char *inner)
{
    char *text =
        xasprintf("<domain type='%s'>%s</domain>", strstr(inner, "<title>kvm") ? "kvm" : "qemu", inner);
    xmlDocPtr doc = parse(text);
    free(text);
    return doc;
}

static void run(const struct facts *f, const char *before, const char *after, finding_list *out)
{
    static const struct vm_uuid uuid = {{1}};
    xmlDocPtr old = before ? domain(before) : NULL, new = domain(after);
    struct check_input in = {.facts = f,
                             .vm = "web 1",
                             .uuid = &uuid,
                             .before = old ? xmlDocGetRootElement(old) : NULL,
                             .after = xmlDocGetRootElement(new),
                             .active = true};
    checks_run(&in, out);
    xmlFreeDoc(old);
    xmlFreeDoc(new);
}

static const struct finding *find(const finding_list *l, const char *id)
{
    for (size_t i = 0; i < l->len; i++)
        if (strcmp(l->items[i].id, id) == 0)
            return &l->items[i];
    return NULL;
}

static const char *row_id(const struct row *r)
{
    return r->id ? r->id : r->check;
}

static void test_found(void **state)
{
    (void)state;
    struct facts f = known_facts();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        finding_list l = {0};
        run(&f, NULL, rows[i].bad, &l);
        const struct finding *found = find(&l, row_id(&rows[i]));
        if (!found)
            fail_msg("row %zu: no %s in %s", i, row_id(&rows[i]), rows[i].bad);
        if (found->severity != rows[i].severity || !strstr(found->text, rows[i].text))
            fail_msg("row %zu: %s: %s", i, finding_word(found->severity), found->text);
        if (rows[i].remedy ? !found->remedy || !strstr(found->remedy, rows[i].remedy) : found->remedy != NULL)
            fail_msg("row %zu: remedy %s", i, found->remedy ? found->remedy : "none");
        findings_free(&l);
    }
    facts_clear(&f);
}

static void test_fine(void **state)
{
    (void)state;
    struct facts f = known_facts();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        finding_list l = {0};
        run(&f, NULL, rows[i].good, &l);
        const struct finding *found = find(&l, row_id(&rows[i]));
        if (found)
            fail_msg("row %zu: %s", i, found->text);
        findings_free(&l);
    }
    facts_clear(&f);
}

static void test_unknown(void **state)
{
    (void)state;
    struct facts f = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        finding_list l = {0};
        run(&f, NULL, rows[i].bad, &l);
        const struct finding *found = find(&l, row_id(&rows[i]));
        if ((found != NULL) != !!(rows[i].flags & ALONE))
            fail_msg("row %zu: %s: %s", i, row_id(&rows[i]), found ? found->text : "nothing");
        findings_free(&l);
    }
    facts_clear(&f);
}

static void test_old_ones_are_not_told(void **state)
{
    (void)state;
    struct facts f = known_facts();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        finding_list l = {0};
        char *after = xasprintf("%s<description>new</description>", rows[i].bad);
        run(&f, rows[i].bad, after, &l);
        if (l.len)
            fail_msg("row %zu: %s", i, l.items[0].text);
        run(&f, rows[i].good, rows[i].bad, &l);
        assert_non_null(find(&l, row_id(&rows[i])));
        free(after);
        findings_free(&l);
    }
    facts_clear(&f);
}

static void test_native(void **state)
{
    (void)state;
    struct facts f = {.native_error = xstrdup("unsupported configuration: no")};
    finding_list l = {0};
    run(&f, Q35, Q35, &l);
    assert_int_equal(l.len, 1);
    assert_string_equal(l.items[0].id, "native");
    assert_int_equal(l.items[0].severity, SEV_ERROR);
    findings_free(&l);
    facts_clear(&f);
}

/* A domain whose call does not end is not waited for: what can't be compared with it is told, every time. */
static void test_one_that_keeps_waiting(void **state)
{
    (void)state;
    struct facts f = known_facts();
    finding_list l = {0};
    static const char nic[] = Q35 DEVICES(NIC("52:54:00:00:00:01"));
    assert_true(facts_know_others(&f));
    run(&f, nic, nic, &l);
    assert_int_equal(l.len, 0);
    add_other(&f, "hung", true, NULL);
    add_other(&f, "odd", false, NULL);
    f.others.items[f.others.len - 2].stuck = true;
    assert_false(facts_know_others(&f));
    run(&f, nic, nic, &l);
    assert_int_equal(l.len, 2);
    assert_string_equal(l.items[0].id, "others-unread");
    assert_int_equal(l.items[0].severity, SEV_WARN);
    assert_non_null(strstr(l.items[0].text, "what hung uses is not known"));
    assert_non_null(strstr(l.items[0].text, "does not end"));
    assert_non_null(strstr(l.items[1].text, "what odd uses is not known"));
    findings_free(&l);
    facts_clear(&f);
}

static void test_not_while_off(void **state)
{
    (void)state;
    struct facts f = {0};
    finding_list l = {0};
    xmlDocPtr doc = domain(Q35 DEVICES(NIC("52:54:00:00:00:01")));
    struct check_input in = {.facts = &f, .vm = "x", .after = xmlDocGetRootElement(doc)};
    checks_run(&in, &l);
    assert_null(find(&l, "pcie-ports"));
    in.active = true;
    checks_run(&in, &l);
    assert_non_null(find(&l, "pcie-ports"));
    xmlFreeDoc(doc);
    findings_free(&l);
}

/* Remote: the host's files are not this machine's. */
static void test_remote(void **state)
{
    (void)state;
    struct facts f = known_facts();
    f.local = false;
    static const char *const ids[] = {"disk-missing", "file-missing", "folder-missing", "emulator-missing",
                                      "interface-missing"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        finding_list l = {0};
        run(&f, NULL, rows[i].bad, &l);
        for (size_t k = 0; k < ARRAY_LEN(ids); k++)
            assert_null(find(&l, ids[k]));
        findings_free(&l);
    }
    facts_clear(&f);
}

/* Garbage in the places that are read as numbers, and elements that lack everything. */
static void test_odd(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "",
        "<devices/>",
        "<memory unit='parsec'>x</memory><vcpu>-1</vcpu><os><type machine=''/></os>",
        "<memory>99999999999999999999999999</memory><vcpu>99999999999999999999</vcpu>",
        DEVICES(
            "<disk/><interface/><graphics/><sound/><hostdev/><vsock/><controller/><video/><tpm/><a/>"
            "<interface type='bridge'><source bridge='../..'/></interface><disk><source file='x'/></disk>"
            "<hostdev type='pci'><source/></hostdev><hostdev type='usb'><source><vendor id='z'/></source>"
            "</hostdev><controller model='pcie-root-port' index='x'/><disk><address type='drive'/></disk>"),
        ("<os><nvram>/</nvram><loader/><kernel>relative</kernel><boot/></os><cpu/><cpu mode='x'/>"
         "<memoryBacking><hugepages><page/></hugepages><source/></memoryBacking>")};
    struct facts f = known_facts();
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        finding_list l = {0};
        run(&f, odd[i], odd[i], &l);
        assert_int_equal(l.len, 0);
        run(&f, NULL, odd[i], &l);
        findings_free(&l);
    }
    facts_clear(&f);
}

/* Told of what is taken away only. */
static void test_implied(void **state)
{
    static const char with[] = DEVICES("<graphics type='vnc'/><video><model type='vga'/></video>");
    static const char without[] = DEVICES("<graphics type='vnc'/>");
    struct facts f = {0};
    finding_list l = {0};
    (void)state;
    run(&f, with, without, &l);
    const struct finding *found = find(&l, "added-by-libvirt");
    assert_non_null(found);
    assert_non_null(strstr(found->text, "another video card by itself, since there are graphics"));
    assert_string_equal(found->remedy, "device 'web 1' video0 set model=none");
    findings_free(&l);
    l = (finding_list){0};
    run(&f, without, without, &l);
    run(&f, DEVICES("<video><model type='vga'/></video>"), DEVICES(""), &l);
    assert_null(find(&l, "added-by-libvirt"));
    findings_free(&l);
}

static void test_table(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t f = 0; f < n_check_families; f++)
        for (size_t i = 0; i < check_families[f]->len; i++, n++) {
            const char *id = check_families[f]->checks[i].id;
            bool tested = strcmp(id, "added-by-libvirt") == 0; /* test_implied */
            for (size_t r = 0; r < ARRAY_LEN(rows); r++)
                tested = tested || strcmp(rows[r].check, id) == 0;
            if (!tested)
                fail_msg("no row tests %s", id);
            assert_non_null(check_families[f]->checks[i].run);
            for (size_t g = 0; g <= f; g++)
                for (size_t k = 0; k < (g == f ? i : check_families[g]->len); k++)
                    assert_string_not_equal(check_families[g]->checks[k].id, id);
        }
    assert_true(n > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),         cmocka_unit_test(test_fine),
        cmocka_unit_test(test_unknown),       cmocka_unit_test(test_old_ones_are_not_told),
        cmocka_unit_test(test_native),        cmocka_unit_test(test_one_that_keeps_waiting),
        cmocka_unit_test(test_not_while_off), cmocka_unit_test(test_remote),
        cmocka_unit_test(test_odd),           cmocka_unit_test(test_implied),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
