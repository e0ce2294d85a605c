/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "model/domdef.h"
#include "preflight_situations.h"
#include "xml_fixture.h"

static const char domcaps[] =
    "<domainCapabilities><vcpu max='288'/>"
    "<os supported='yes'><enum name='firmware'><value>efi</value></enum><loader supported='yes'>"
    "<enum name='secure'><value>no</value></enum></loader></os>"
    "<cpu><mode name='host-passthrough' supported='no'/><mode name='maximum' supported='yes'/>"
    "<mode name='custom' supported='yes'><model "
    "usable='yes'>qemu64</model></mode></cpu></domainCapabilities>";
static const char domcaps_bios[] =
    "<domainCapabilities><os supported='yes'><enum name='firmware'><value>bios</value>"
    "</enum></os></domainCapabilities>";
static const char hostcaps[] =
    "<capabilities><host/><guest><os_type>hvm</os_type><arch name='x86_64'>"
    "<machine canonical='pc-q35-7.2'>q35</machine><domain type='qemu'/></arch></guest></capabilities>";

/* What most situations are made of: one disk, one NIC, and the rest as said. */
#define OS(inner) "<os><type arch='x86_64' machine='q35'>hvm</type>" inner "</os>"
#define DOMAIN(os, devices)                                                                                  \
    "<domain type='qemu'><name>web1</name><memory unit='MiB'>512</memory>" os "<devices>" devices            \
    "</devices></domain>"
#define DISK                                                                                                 \
    "<disk type='file' device='disk'><driver type='qcow2'/><source file='/img/web1.qcow2'/>"                 \
    "<target dev='vda' bus='virtio'/></disk>"
#define NIC "<interface type='network'><mac address='52:54:00:00:00:01'/><source network='lab'/></interface>"

/* ---- inputs ---- */

static void begin(struct stage *s, const char *xml)
{
    struct error e = ERROR_INIT;
    *s = (struct stage){
        .facts = {.is_qemu = true, .local = true, .hostcaps = parse(hostcaps), .domcaps = parse(domcaps)}};
    s->nest = (struct nest_host){.ssh = "", .kvm_module = (char *)"kvm_amd", .kvm_nested = (char *)"1"};
    s->in = (struct preflight_input){.vm = "web1",
                                     .uri = xstrdup("qemu:///system"),
                                     .ssh = xstrdup(""),
                                     .facts = &s->facts,
                                     .native_tried = true,
                                     .memory = {8e6, 4e6, 1e6, true, 4e6}};
    s->in.uuid.b[0] = 1;
    s->in.doc = parse(xml);
    s->in.def = domdef_parse(xml, strlen(xml), &e);
    assert_non_null(s->in.def);
    s->in.item = start_item_read(xmlDocGetRootElement(s->in.doc));
}

void stage_end(struct stage *s)
{
    preflight_input_clear(&s->in);
    facts_clear(&s->facts);
    survey_clear(&s->ports);
    snapshot_unref(s->snap);
}

static struct preflight_image *image(struct stage *s)
{
    struct preflight_image i = {.disk = xml_find(xmlDocGetRootElement(s->in.doc), "devices/disk"),
                                .path = xstrdup("/img/web1.qcow2"),
                                .format = xstrdup("qcow2"),
                                .state = FILE_THERE,
                                .access = {.may = ANSWER_YES, .user = xstrdup("libvirt-qemu")},
                                .holder = {.is = HOLDER_NOBODY},
                                .chain = {.state = CHAIN_WHOLE},
                                .may_grow = true,
                                .free_bytes = 5e10,
                                .total_bytes = 1e11};
    vec_push(&s->in.images, i);
    return &s->in.images.items[s->in.images.len - 1];
}

static void need(struct stage *s, enum need_kind kind, const char *name, enum need_state state)
{
    struct preflight_need n = {kind, xstrdup(name), state};
    vec_push(&s->in.needs, n);
}

static void file(struct stage *s, enum start_file_kind kind, const char *path, enum file_state state)
{
    struct preflight_file f = {kind, xstrdup(path), false, state};
    vec_push(&s->in.files, f);
}

static void secret(struct stage *s, enum answer defined)
{
    struct preflight_secret p = {xstrdup("6c6f7261-0000-4000-8000-000000000001"), xstrdup("volume"), NULL,
                                 xstrdup("disk vda"), defined};
    vec_push(&s->in.secrets, p);
}

static void unknown_host(struct stage *s)
{
    xmlFreeDoc(s->facts.hostcaps);
    xmlFreeDoc(s->facts.domcaps);
    s->facts.hostcaps = s->facts.domcaps = NULL;
}

static void far_host(struct stage *s)
{
    s->in.far = xstrdup("the host is remote: its files can't be looked at from here");
    s->facts.local = false;
}

/* Another domain of the host. */
static void other(struct stage *s, enum vm_state state, const char *xml)
{
    struct error e = ERROR_INIT;
    s->snap = snapshot_new(1);
    s->snap->vms[0].uuid.b[0] = 2;
    s->snap->vms[0].name = xstrdup("db1");
    s->snap->vms[0].state = state;
    if (xml) {
        xmlDocPtr doc = parse(xml);
        s->snap->vms[0].def = domdef_parse(xml, strlen(xml), &e);
        s->snap->vms[0].start = start_item_read(xmlDocGetRootElement(doc));
        xmlFreeDoc(doc);
    }
    s->in.domains = s->snap;
}

static void hostdev(struct stage *s, const char *id, int group, const char *driver)
{
    struct fact_hostdev d = {
        .id = xstrdup(id), .address = xstrdup(id), .iommu_group = group, .driver = xstrdup(driver)};
    s->facts.hostdevs_known = true;
    vec_push(&s->facts.hostdevs, d);
}

/* ---- situations ---- */

#define SITUATION(name, xml_, body)                                                                          \
    static void name(struct stage *s)                                                                        \
    {                                                                                                        \
        begin(s, xml_);                                                                                      \
        body;                                                                                                \
    }
#define PLAIN  DOMAIN(OS(""), DISK NIC)
#define KERNEL DOMAIN(OS("<kernel>/boot/k</kernel>"), "")
#define EFI                                                                                                  \
    "<domain type='qemu'><name>web1</name><os firmware='efi'><type arch='x86_64' "                           \
    "machine='q35'>hvm</type></os><devices/></domain>"
#define BRIDGED   DOMAIN(OS(""), "<interface type='bridge'><source bridge='lo'/></interface>")
#define UNBRIDGED DOMAIN(OS(""), "<interface type='bridge'><source bridge='nobr7'/></interface>")
#define POOLED                                                                                               \
    DOMAIN(OS(""),                                                                                           \
           "<disk type='volume' device='disk'><source pool='p' volume='v'/><target dev='vda'/></disk>")
#define VNC DOMAIN(OS(""), "<graphics type='vnc' port='5901' autoport='no'/>")
#define HUGE                                                                                                 \
    "<domain type='qemu'><name>web1</name><memory "                                                          \
    "unit='MiB'>512</memory><memoryBacking><hugepages/></memoryBacking><devices/></domain>"
#define VSOCK(cid) DOMAIN(OS(""), "<vsock model='virtio'><cid auto='no' address='" cid "'/></vsock>")
#define PCI                                                                                                  \
    DOMAIN(OS(""), "<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='3' slot='0' "      \
                   "function='0'/></source></hostdev>")
#define KVM "<domain type='kvm'><name>web1</name>" OS("") "<devices/></domain>"
#define OLD                                                                                                  \
    "<domain type='qemu'><name>web1</name><os><type arch='x86_64' "                                          \
    "machine='pc-1.0'>hvm</type></os><devices/></domain>"
#define CPU(attributes, inner)                                                                               \
    "<domain type='qemu'><name>web1</name>" OS("") "<cpu " attributes ">" inner "</cpu><devices/></domain>"
#define NESTED                                                                                               \
    "<domain type='kvm'><name>web1</name>" OS(                                                               \
        "") "<cpu mode='custom'><model>EPYC</model>"                                                         \
            "<feature policy='require' name='svm'/></cpu><devices/></domain>"

SITUATION(network_yes, PLAIN, need(s, NEED_NETWORK, "lab", NEED_ACTIVE))
SITUATION(network_off, PLAIN, need(s, NEED_NETWORK, "lab", NEED_INACTIVE))
SITUATION(network_gone, PLAIN, need(s, NEED_NETWORK, "lab", NEED_MISSING))
SITUATION(network_default_gone, PLAIN, need(s, NEED_NETWORK, "default", NEED_MISSING))
SITUATION(network_unknown, PLAIN, need(s, NEED_NETWORK, "lab", NEED_UNKNOWN))
SITUATION(bridge_yes, BRIDGED, (void)0)
SITUATION(bridge_no, UNBRIDGED, (void)0)
SITUATION(bridge_far, UNBRIDGED, far_host(s))
SITUATION(pool_yes, POOLED, need(s, NEED_POOL, "p", NEED_ACTIVE))
SITUATION(pool_off, POOLED, need(s, NEED_POOL, "p", NEED_INACTIVE))
SITUATION(pool_gone, POOLED, need(s, NEED_POOL, "p", NEED_MISSING))
SITUATION(pool_unknown, POOLED, need(s, NEED_POOL, "p", NEED_UNKNOWN))
static void pooled(struct stage *s, enum need_state pool, enum file_state volume)
{
    struct preflight_image *i = image(s);
    need(s, NEED_POOL, "p", pool);
    i->pool = xstrdup("p");
    i->volume = xstrdup("v");
    i->volume_is = volume;
}
SITUATION(volume_yes, POOLED, pooled(s, NEED_ACTIVE, FILE_THERE))
SITUATION(volume_no, POOLED, pooled(s, NEED_ACTIVE, FILE_MISSING))
SITUATION(volume_unknown, POOLED, pooled(s, NEED_INACTIVE, FILE_UNKNOWN))
SITUATION(secret_yes, PLAIN, secret(s, ANSWER_YES))
SITUATION(secret_no, PLAIN, secret(s, ANSWER_NO))
SITUATION(secret_unknown, PLAIN, secret(s, ANSWER_UNKNOWN))
static void by_usage(struct stage *s)
{
    struct preflight_secret p = {NULL, xstrdup("ceph"), xstrdup("client.web"), xstrdup("disk vda"),
                                 ANSWER_NO};
    vec_push(&s->in.secrets, p);
}
SITUATION(secret_usage_no, PLAIN, by_usage(s))

static void listen_on(struct stage *s, int port, const char *address, const char *holder)
{
    struct survey_port p = {.port = port, .address = xstrdup(address), .holder = xstrdup(holder)};
    vec_push(&s->ports.ports, p);
    s->in.ports = &s->ports;
}
SITUATION(port_yes, VNC, listen_on(s, 5902, NULL, "nginx (pid 7)"))
SITUATION(port_no, VNC, listen_on(s, 5901, "127.0.0.1", "nginx (pid 7)"))
SITUATION(port_perhaps, VNC, listen_on(s, 5901, "10.0.0.7", "nginx (pid 7)"))
SITUATION(port_own, VNC, {
    listen_on(s, 5901, NULL, "the domain web1");
    s->ports.ports.items[0].uuid = s->in.uuid;
})
SITUATION(port_unknown, VNC, far_host(s))
SITUATION(port_no_far, VNC, {
    far_host(s);
    other(s, VM_RUNNING, VNC);
})
SITUATION(port_off_far, VNC, {
    far_host(s);
    other(s, VM_SHUTOFF, VNC);
})
SITUATION(memory_yes, PLAIN, (void)0)
SITUATION(memory_no, PLAIN, s->in.memory.total_kib = s->in.memory.swap_kib = 2e5)
SITUATION(memory_loose, PLAIN, {
    s->in.memory.total_kib = s->in.memory.swap_kib = 2e5;
    s->in.memory.strict = false;
})
SITUATION(memory_now, PLAIN, s->in.memory.available_kib = 3e5)
SITUATION(memory_unknown, PLAIN, s->in.memory.total_kib = NAN)
SITUATION(huge_yes, HUGE, (void)0)
SITUATION(huge_no, HUGE, s->in.memory.huge_free_kib = 2048)
SITUATION(huge_unknown, HUGE, s->in.memory.huge_free_kib = NAN)

SITUATION(image_yes, PLAIN, image(s))
SITUATION(image_no, PLAIN, image(s)->state = FILE_MISSING)
SITUATION(image_unseen, PLAIN, image(s)->state = FILE_UNKNOWN)
SITUATION(image_far, PLAIN, {
    far_host(s);
    struct preflight_image *i = image(s);
    i->state = FILE_UNKNOWN;
    i->access.may = ANSWER_UNKNOWN;
    i->holder.is = HOLDER_UNKNOWN;
    i->chain.state = CHAIN_UNKNOWN;
    i->free_bytes = i->total_bytes = NAN;
})
static void denied(struct stage *s, bool folder)
{
    struct preflight_image *i = image(s);
    i->access.may = ANSWER_NO;
    i->access.is_folder = folder;
    i->access.at = xstrdup(folder ? "/home/a b" : "/img/web1.qcow2");
}
SITUATION(access_folder, PLAIN, denied(s, true))
SITUATION(access_file, PLAIN, denied(s, false))
SITUATION(access_unknown, PLAIN, image(s)->access.may = ANSWER_UNKNOWN)
static void held(struct stage *s, enum holder is, const char *words, const char *domain)
{
    struct preflight_image *i = image(s);
    i->holder = (struct image_holder){is, xstrdup(words), xstrdup(domain)};
}
SITUATION(held_domain, PLAIN, held(s, HOLDER_DOMAIN, "the running domain db1", "db1"))
SITUATION(held_passing, PLAIN, held(s, HOLDER_PASSING, "qemu-img (process 7)", NULL))
SITUATION(held_unknown, PLAIN, held(s, HOLDER_UNKNOWN, NULL, NULL))
SITUATION(held_defined, PLAIN, {
    held(s, HOLDER_UNKNOWN, NULL, NULL);
    other(s, VM_RUNNING, PLAIN);
})
SITUATION(held_stopped, PLAIN, { /* the snapshot is older than the end of db1 */
                                 held(s, HOLDER_UNKNOWN, NULL, NULL);
                                 other(s, VM_RUNNING, PLAIN);
                                 s->in.running_known = true;
})
static void chain(struct stage *s, enum chain_state state, const char *found, const char *format)
{
    image(s)->chain = (struct image_chain){.state = state,
                                           .image = xstrdup("/img/web1.qcow2"),
                                           .backing = xstrdup("/img/base.qcow2"),
                                           .found = xstrdup(found),
                                           .format = xstrdup(format),
                                           .why = xstrdup("Could not read the image header")};
}
SITUATION(chain_missing, PLAIN, chain(s, CHAIN_MISSING, NULL, NULL))
SITUATION(chain_moved, PLAIN, chain(s, CHAIN_MISSING, "/img/old/base.qcow2", "qcow2"))
SITUATION(chain_elsewhere, PLAIN, chain(s, CHAIN_MISSING, "/img/old/base.qcow2", NULL))
SITUATION(chain_unnamed, PLAIN, chain(s, CHAIN_UNNAMED, "qcow2", NULL))
SITUATION(chain_broken, PLAIN, chain(s, CHAIN_BROKEN, NULL, NULL))
SITUATION(chain_format, PLAIN, chain(s, CHAIN_FORMAT, "raw", "qcow2"))
SITUATION(chain_corrupt, PLAIN, chain(s, CHAIN_CORRUPT, NULL, NULL))
SITUATION(chain_unknown, PLAIN, chain(s, CHAIN_UNKNOWN, NULL, NULL))
SITUATION(space_no, PLAIN, image(s)->free_bytes = 1e6)
SITUATION(space_unknown, PLAIN, image(s)->free_bytes = NAN)
SITUATION(kernel_yes, KERNEL, file(s, START_KERNEL, "/boot/k", FILE_THERE))
SITUATION(kernel_no, KERNEL, file(s, START_KERNEL, "/boot/k", FILE_MISSING))
SITUATION(kernel_unknown, KERNEL, file(s, START_KERNEL, "/boot/k", FILE_UNKNOWN))
SITUATION(emulator_yes, PLAIN, file(s, START_EMULATOR, "/usr/bin/q", FILE_THERE))
SITUATION(emulator_no, PLAIN, file(s, START_EMULATOR, "/usr/bin/q", FILE_MISSING))
SITUATION(emulator_unknown, PLAIN, file(s, START_EMULATOR, "/usr/bin/q", FILE_UNKNOWN))
SITUATION(shared_yes, PLAIN, file(s, START_SHARED, "/srv/s", FILE_THERE))
SITUATION(shared_no, PLAIN, file(s, START_SHARED, "/srv/s", FILE_MISSING))
SITUATION(shared_unknown, PLAIN, file(s, START_SHARED, "/srv/s", FILE_UNKNOWN))
SITUATION(firmware_yes, EFI, file(s, START_FIRMWARE, "/usr/share/OVMF/a.fd", FILE_THERE))
SITUATION(firmware_no, EFI, file(s, START_FIRMWARE, "/usr/share/OVMF/a.fd", FILE_MISSING))
SITUATION(firmware_caps_no, EFI, {
    xmlFreeDoc(s->facts.domcaps);
    s->facts.domcaps = parse(domcaps_bios);
})
SITUATION(firmware_folder_no, EFI, {
    file(s, START_FIRMWARE, "/var/nv", FILE_MISSING);
    s->in.files.items[0].is_folder = true;
})
SITUATION(firmware_unknown, EFI, unknown_host(s))

SITUATION(type_no, KVM, (void)0)
SITUATION(host_unknown, CPU("mode='maximum'", ""), unknown_host(s))
SITUATION(machine_no, OLD, (void)0)
SITUATION(cpu_yes, CPU("mode='maximum'", ""), (void)0)
SITUATION(cpu_mode_no, CPU("mode='host-passthrough'", ""), (void)0)
SITUATION(cpu_model_no, CPU("mode='custom'", "<model fallback='forbid'>POWER9</model>"), (void)0)
SITUATION(nested_yes, NESTED, s->in.nest = &s->nest)
SITUATION(nested_no, NESTED, {
    s->nest.kvm_nested = (char *)"0";
    s->in.nest = &s->nest;
})
SITUATION(nested_unknown, NESTED, {
    s->nest.kvm_module = s->nest.kvm_nested = NULL;
    s->in.nest = &s->nest;
})
SITUATION(nested_unasked, NESTED, (void)0)
SITUATION(native_no, PLAIN, s->facts.native_error = xstrdup("unsupported configuration: no"))
SITUATION(native_unknown, PLAIN, s->in.native_tried = false)

SITUATION(mac_yes, PLAIN, other(s, VM_RUNNING, VNC))
SITUATION(mac_no, PLAIN, other(s, VM_RUNNING, PLAIN))
SITUATION(mac_off_no, PLAIN, other(s, VM_SHUTOFF, PLAIN))
SITUATION(mac_unknown, PLAIN, other(s, VM_RUNNING, NULL))
SITUATION(cid_yes, VSOCK("7"), other(s, VM_RUNNING, VSOCK("8")))
SITUATION(cid_no, VSOCK("7"), other(s, VM_RUNNING, VSOCK("7")))
SITUATION(cid_unknown, VSOCK("7"), (void)0)
SITUATION(hostdev_yes, PCI, hostdev(s, "0000:03:00.0", 1, "vfio-pci"))
SITUATION(hostdev_no, PCI, hostdev(s, "0000:04:00.0", 1, "vfio-pci"))
SITUATION(hostdev_unknown, PCI, (void)0)
SITUATION(iommu_no, PCI, {
    hostdev(s, "0000:03:00.0", 1, "vfio-pci");
    hostdev(s, "0000:03:00.1", 1, "snd_hda_intel");
})
static void passed(struct stage *s, bool same)
{
    struct fact_domain d = {.name = xstrdup("db1"), .active = true, .doc = parse(same ? PCI : VNC)};
    s->facts.others_known = true;
    vec_push(&s->facts.others, d);
}
SITUATION(used_yes, PCI, passed(s, false))
SITUATION(used_no, PCI, passed(s, true))

const struct situation preflight_situations[] = {
    {"network-down", ANSWER_YES, 0, NULL, NULL, network_yes},
    {"network-down", ANSWER_NO, SEV_ERROR, "network lab is not active",
     "$ virsh -c qemu:///system net-start lab", network_off},
    {"network-down", ANSWER_NO, SEV_ERROR, "there is no network lab", "resources networks", network_gone},
    {"network-down", ANSWER_NO, SEV_ERROR, "no network default", "net-define /dev/stdin",
     network_default_gone},
    {"network-down", ANSWER_UNKNOWN, 0, "does not say", NULL, network_unknown},
    {"bridge-missing", ANSWER_YES, 0, NULL, NULL, bridge_yes},
    {"bridge-missing", ANSWER_NO, SEV_ERROR, "no bridge nobr7", "$ ip link add name nobr7 type bridge",
     bridge_no},
    {"bridge-missing", ANSWER_UNKNOWN, 0, "remote", NULL, bridge_far},
    {"pool-down", ANSWER_YES, 0, NULL, NULL, pool_yes},
    {"pool-down", ANSWER_NO, SEV_ERROR, "pool p is not active", "$ virsh -c qemu:///system pool-start p",
     pool_off},
    {"pool-down", ANSWER_NO, SEV_ERROR, "no storage pool p", "resources pools", pool_gone},
    {"pool-down", ANSWER_UNKNOWN, 0, "does not say", NULL, pool_unknown},
    {"volume-missing", ANSWER_YES, 0, NULL, NULL, volume_yes},
    {"volume-missing", ANSWER_NO, SEV_ERROR, "no volume v in the storage pool p", "pool-refresh p",
     volume_no},
    {"volume-missing", ANSWER_UNKNOWN, 0, "when the pool p is active", NULL, volume_unknown},
    {"secret-missing", ANSWER_YES, 0, NULL, NULL, secret_yes},
    {"secret-missing", ANSWER_NO, SEV_ERROR, "no secret 6c6f", "secret-set-value 6c6f", secret_no},
    {"secret-missing", ANSWER_NO, SEV_ERROR, "no secret for client.web", "<name>client.web</name>",
     secret_usage_no},
    {"secret-missing", ANSWER_UNKNOWN, 0, "does not say", NULL, secret_unknown},
    {"port-taken", ANSWER_YES, 0, NULL, NULL, port_yes},
    {"port-taken", ANSWER_NO, SEV_ERROR, "port 5901 (vnc) is taken by nginx (pid 7)",
     "device web1 vnc set port=auto", port_no},
    {"port-taken", ANSWER_NO, SEV_WARN, "nginx", NULL, port_perhaps},
    {"port-taken", ANSWER_YES, 0, NULL, NULL, port_own},
    {"port-taken", ANSWER_UNKNOWN, 0, "remote", NULL, port_unknown},
    {"port-taken", ANSWER_NO, SEV_ERROR, "the domain db1", NULL, port_no_far},
    {"port-taken", ANSWER_UNKNOWN, 0, "remote", NULL, port_off_far},
    {"memory-short", ANSWER_YES, 0, NULL, NULL, memory_yes},
    {"memory-short", ANSWER_NO, SEV_ERROR, "the host has", "set web1 maxmemory=", memory_no},
    {"memory-short", ANSWER_NO, SEV_WARN, "the host has", NULL, memory_loose},
    {"memory-short", ANSWER_NO, SEV_WARN, "can be had now", NULL, memory_now},
    {"memory-short", ANSWER_UNKNOWN, 0, "not known", NULL, memory_unknown},
    {"hugepages-short", ANSWER_YES, 0, NULL, NULL, huge_yes},
    {"hugepages-short", ANSWER_NO, SEV_ERROR, "are free",
     "$ sysctl vm.nr_hugepages=$(($(cat /proc/sys/vm/nr_hugepages) + ", huge_no},
    {"hugepages-short", ANSWER_UNKNOWN, 0, "not known", NULL, huge_unknown},
    {"image-missing", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"image-missing", ANSWER_NO, SEV_ERROR, "disk vda: /img/web1.qcow2 does not exist", "edit web1",
     image_no},
    {"image-missing", ANSWER_UNKNOWN, 0, "may not look at /img", NULL, image_unseen},
    {"image-missing", ANSWER_UNKNOWN, 0, "remote", NULL, image_far},
    {"image-unreadable", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"image-unreadable", ANSWER_NO, SEV_ERROR, "may not pass the folder /home/a b",
     "$ setfacl -m u:libvirt-qemu:x '/home/a b'", access_folder},
    {"image-unreadable", ANSWER_NO, SEV_ERROR, "may not read and write /img",
     "$ setfacl -m u:libvirt-qemu:rw /img/web1.qcow2", access_file},
    {"image-unreadable", ANSWER_UNKNOWN, 0, "as whom", NULL, access_unknown},
    {"image-unreadable", ANSWER_UNKNOWN, 0, "remote", NULL, image_far},
    {"image-locked", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"image-locked", ANSWER_NO, SEV_ERROR, "in use by the running domain db1: `shutdown db1` first",
     "shutdown db1", held_domain},
    {"image-locked", ANSWER_NO, SEV_WARN, "qemu-img (process 7)", NULL, held_passing},
    {"image-locked", ANSWER_NO, SEV_ERROR, "the running domain db1", "shutdown db1", held_defined},
    {"image-locked", ANSWER_UNKNOWN, 0, "processes of others", NULL, held_unknown},
    {"image-locked", ANSWER_UNKNOWN, 0, "processes of others", NULL, held_stopped},
    {"image-locked", ANSWER_UNKNOWN, 0, "remote", NULL, image_far},
    {"backing-chain", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"backing-chain", ANSWER_NO, SEV_ERROR,
     "/img/base.qcow2, which /img/web1.qcow2 is based on, does not exist", "$ ls -ld /img/base.qcow2",
     chain_missing},
    {"backing-chain", ANSWER_NO, SEV_ERROR, "there is /img/old/base.qcow2",
     "$ qemu-img rebase -u -b /img/old/base.qcow2 -F qcow2 /img/web1.qcow2", chain_moved},
    {"backing-chain", ANSWER_NO, SEV_ERROR, "there is /img/old/base.qcow2",
     "$ qemu-img rebase -u -b /img/old/base.qcow2 -F FORMAT /img/web1.qcow2", chain_elsewhere},
    {"backing-chain", ANSWER_NO, SEV_ERROR, "it looks like qcow2, but a guest", "-F FORMAT /img/web1.qcow2",
     chain_unnamed},
    {"backing-chain", ANSWER_NO, SEV_ERROR, "Could not read", NULL, chain_broken},
    {"backing-chain", ANSWER_UNKNOWN, 0, "Could not read", NULL, chain_unknown},
    {"backing-chain", ANSWER_UNKNOWN, 0, "remote", NULL, image_far},
    {"image-format", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"image-format", ANSWER_NO, SEV_ERROR, "is no qcow2 image, as the definition says, but raw",
     "device web1 vda set format=raw", chain_format},
    {"image-format", ANSWER_UNKNOWN, 0, "Could not read", NULL, chain_unknown},
    {"image-damaged", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"image-damaged", ANSWER_NO, SEV_ERROR, "marked as damaged", "qemu-img check -r all /img/web1.qcow2",
     chain_corrupt},
    {"image-damaged", ANSWER_UNKNOWN, 0, "Could not read", NULL, chain_unknown},
    {"disk-full", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"disk-full", ANSWER_NO, SEV_WARN, "the domain is paused", "$ df -h /img/web1.qcow2", space_no},
    {"disk-full", ANSWER_UNKNOWN, 0, "may not look", NULL, space_unknown},
    {"kernel-missing", ANSWER_YES, 0, NULL, NULL, kernel_yes},
    {"kernel-missing", ANSWER_NO, SEV_ERROR, "/boot/k does not exist", "edit web1", kernel_no},
    {"kernel-missing", ANSWER_UNKNOWN, 0, "may not look at /boot/k", NULL, kernel_unknown},
    {"firmware-missing", ANSWER_YES, 0, NULL, NULL, firmware_yes},
    {"firmware-missing", ANSWER_NO, SEV_ERROR, "/usr/share/OVMF/a.fd does not exist", "$ apt install ovmf",
     firmware_no},
    {"firmware-missing", ANSWER_NO, SEV_ERROR, "no efi firmware", "$ apt install ovmf", firmware_caps_no},
    {"firmware-missing", ANSWER_NO, SEV_ERROR, "the folder /var/nv", "$ mkdir -p /var/nv",
     firmware_folder_no},
    {"firmware-missing", ANSWER_UNKNOWN, 0, "which firmware", NULL, firmware_unknown},
    {"emulator-missing", ANSWER_YES, 0, NULL, NULL, emulator_yes},
    {"emulator-missing", ANSWER_NO, SEV_ERROR, "/usr/bin/q does not exist", "edit web1", emulator_no},
    {"emulator-missing", ANSWER_UNKNOWN, 0, "may not look", NULL, emulator_unknown},
    {"share-missing", ANSWER_YES, 0, NULL, NULL, shared_yes},
    {"share-missing", ANSWER_NO, SEV_ERROR, "/srv/s does not exist", "$ mkdir -p /srv/s", shared_no},
    {"share-missing", ANSWER_UNKNOWN, 0, "may not look", NULL, shared_unknown},
    {"type-unsupported", ANSWER_YES, 0, NULL, NULL, cpu_yes},
    {"type-unsupported", ANSWER_NO, SEV_ERROR, "/dev/kvm", "edit web1", type_no},
    {"type-unsupported", ANSWER_UNKNOWN, 0, "does not say", NULL, host_unknown},
    {"machine-unsupported", ANSWER_YES, 0, NULL, NULL, cpu_yes},
    {"machine-unsupported", ANSWER_NO, SEV_ERROR, "no machine type pc-1.0", NULL, machine_no},
    {"machine-unsupported", ANSWER_UNKNOWN, 0, "does not say", NULL, host_unknown},
    {"cpu-unsupported", ANSWER_YES, 0, NULL, NULL, cpu_yes},
    {"cpu-unsupported", ANSWER_NO, SEV_ERROR, "host-passthrough", "device web1 cpu set mode=maximum",
     cpu_mode_no},
    {"cpu-unsupported", ANSWER_NO, SEV_ERROR, "POWER9", NULL, cpu_model_no},
    {"cpu-unsupported", ANSWER_UNKNOWN, 0, "does not say", NULL, host_unknown},
    {"nested-host", ANSWER_YES, 0, NULL, NULL, nested_yes},
    {"nested-host", ANSWER_NO, SEV_WARN, "nested virtualization is asked for", "modprobe kvm_amd nested=1",
     nested_no},
    {"nested-host", ANSWER_UNKNOWN, 0, "can't be seen", NULL, nested_unknown},
    {"nested-host", ANSWER_UNKNOWN, 0, "can't be seen", NULL, nested_unasked},
    {"native", ANSWER_YES, 0, NULL, NULL, image_yes},
    {"native", ANSWER_NO, SEV_ERROR, "unsupported configuration: no", "edit web1", native_no},
    {"native", ANSWER_UNKNOWN, 0, "no trial run", NULL, native_unknown},
    {"mac-in-use", ANSWER_YES, 0, NULL, NULL, mac_yes},
    {"mac-in-use", ANSWER_NO, SEV_WARN, "52:54:00:00:00:01 is db1's, too, which runs", "edit web1", mac_no},
    {"mac-in-use", ANSWER_NO, SEV_WARN, "is off", NULL, mac_off_no},
    {"mac-in-use", ANSWER_UNKNOWN, 0, "not all known", NULL, mac_unknown},
    {"cid-in-use", ANSWER_YES, 0, NULL, NULL, cid_yes},
    {"cid-in-use", ANSWER_NO, SEV_ERROR, "cid=7 is db1's", "cid=auto", cid_no},
    {"cid-in-use", ANSWER_UNKNOWN, 0, "not all known", NULL, cid_unknown},
    {"hostdev-missing", ANSWER_YES, 0, NULL, NULL, hostdev_yes},
    {"hostdev-missing", ANSWER_NO, SEV_ERROR, "no PCI device 0000:03:00.0", "nodedev-list", hostdev_no},
    {"hostdev-missing", ANSWER_UNKNOWN, 0, "does not list", NULL, hostdev_unknown},
    {"hostdev-in-use", ANSWER_YES, 0, NULL, NULL, used_yes},
    {"hostdev-in-use", ANSWER_NO, SEV_ERROR, "used by db1", NULL, used_no},
    {"hostdev-in-use", ANSWER_UNKNOWN, 0, "not all known", NULL, hostdev_unknown},
    {"iommu-group", ANSWER_YES, 0, NULL, NULL, hostdev_yes},
    {"iommu-group", ANSWER_NO, SEV_ERROR, "IOMMU group 1", "nodedev-detach", iommu_no},
    {"iommu-group", ANSWER_UNKNOWN, 0, "does not list", NULL, hostdev_unknown},
};
const size_t n_preflight_situations = ARRAY_LEN(preflight_situations);
