/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of a definition against the host as a whole: versions, machine, CPU, memory, firmware.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/check_private.h"
#include "device/toggle.h"
#include "model/xml.h"

/* ---- what is newer than the floor ---- */

static const struct {
    const char *element, *path, *value; /* a device that has this value there */
    unsigned long libvirt, qemu;        /* the first versions that know it; 0 all */
    const char *instead;                /* FIELD=VALUE that works everywhere; NULL none */
} newer[] = {
    {"sound", "@model", "virtio", 10004000, 8002000, "model=ich9"},
    {"audio", "@type", "pipewire", 9010000, 8001000, "type=none"},
    {"watchdog", "@model", "itco", 9001000, 0, "model=i6300esb"},
    {"panic", "@model", "pvpanic", 9001000, 0, NULL},
    {"interface", "model@type", "igb", 9003000, 8000000, "model=e1000e"},
    {"pstore", "@backend", "acpi-erst", 10006000, 0, NULL},
};

static void say_too_old(const struct check_input *in, const char *id, xmlNodePtr device, size_t row,
                        bool is_libvirt, finding_list *out)
{
    unsigned long has = is_libvirt ? in->facts->libvirt : in->facts->hypervisor;
    unsigned long wants = is_libvirt ? newer[row].libvirt : newer[row].qemu;
    if (has == 0 || has >= wants)
        return;
    char *words = device_words(device), *old = version_words(has), *first = version_words(wants);
    say(out, id, SEV_ERROR, newer[row].instead ? remedy_set(in, device, newer[row].instead) : NULL,
        "%s: \"%s\" needs %s %s, and this host has %s", words, newer[row].value,
        is_libvirt ? "libvirt" : "QEMU", first, old);
    free(words);
    free(old);
    free(first);
}

static void check_too_old(const struct check_input *in, const char *id, finding_list *out)
{
    for (size_t i = 0; in->facts->is_qemu && i < ARRAY_LEN(newer); i++)
        for (xmlNodePtr d = NULL; (d = device_next(in->after, newer[i].element, d));) {
            if (!xml_get_is(d, newer[i].path, newer[i].value))
                continue;
            say_too_old(in, id, d, i, true, out);
            say_too_old(in, id, d, i, false, out);
        }
}

/* ---- emulator, type and machine ---- */

static void check_emulator(const struct check_input *in, const char *id, finding_list *out)
{
    char *path = xml_get(in->after, "devices/emulator");
    if (path && in->facts->local && access(path, F_OK) != 0 && errno == ENOENT)
        say(out, id, SEV_ERROR, NULL, "the emulator %s does not exist", path);
    free(path);
}

/* The capabilities' <arch> of the domain's; NULL: they say nothing of it. */
static xmlNodePtr caps_arch(const struct check_input *in)
{
    xmlNodePtr root = in->facts->hostcaps ? xmlDocGetRootElement(in->facts->hostcaps) : NULL;
    char *arch = xml_get(in->after, "os/type@arch"), *type = xml_get(in->after, "os/type");
    xmlNodePtr found = NULL;
    for (xmlNodePtr g = xml_child(root, "guest"); g && !found; g = xml_next(g, "guest"))
        if (arch && type && xml_get_is(g, "arch@name", arch) && xml_get_is(g, "os_type", type))
            found = xml_child(g, "arch");
    free(arch);
    free(type);
    return found;
}

static void check_virt_type(const struct check_input *in, const char *id, finding_list *out)
{
    xmlNodePtr arch = caps_arch(in);
    char *type = xml_get(in->after, "@type");
    bool found = !arch || !type || !xml_child(arch, "domain");
    for (xmlNodePtr d = xml_child(arch, "domain"); d && !found; d = xml_next(d, "domain"))
        found = xml_get_is(d, "@type", type);
    if (!found)
        say(out, id, SEV_ERROR, remedy_vm(in, "edit", ""),
            "domains of type %s can't run on this host%s; type='qemu' can, slowly", type,
            strcmp(type, "kvm") == 0 ? ": it has no /dev/kvm" : "");
    free(type);
}

static bool lists_machine(xmlNodePtr node, const char *machine)
{
    for (xmlNodePtr m = xml_child(node, "machine"); m; m = xml_next(m, "machine"))
        if (xml_get_is(m, "", machine) || xml_get_is(m, "@canonical", machine))
            return true;
    return false;
}

static void check_machine(const struct check_input *in, const char *id, finding_list *out)
{
    xmlNodePtr arch = caps_arch(in);
    char *machine = xml_get(in->after, "os/type@machine");
    bool found = !arch || !machine || !xml_child(arch, "machine") || lists_machine(arch, machine);
    for (xmlNodePtr d = xml_child(arch, "domain"); d && !found; d = xml_next(d, "domain"))
        found = lists_machine(d, machine);
    if (!found)
        say(out, id, SEV_ERROR, xstrdup("$ virsh capabilities"), "this host's QEMU has no machine type %s",
            machine);
    free(machine);
}

/* ---- firmware ---- */

static void check_firmware(const struct check_input *in, const char *id, finding_list *out)
{
    char *firmware = xml_get(in->after, "os@firmware");
    bool arm = xml_get_is(in->after, "os/type@arch", "aarch64");
    if (caps_enum(in->facts, "os", "firmware", firmware) == ANSWER_NO)
        say(out, id, SEV_ERROR,
            strcmp(firmware, "efi") == 0
                ? xstrdup(arm ? "$ apt install qemu-efi-aarch64" : "$ apt install ovmf")
                : NULL,
            "this host has no %s firmware for the machine", firmware);
    free(firmware);
}

static void check_secure_boot(const struct check_input *in, const char *id, finding_list *out)
{
    if (xml_get_is(in->after, "os/loader@secure", "yes") &&
        caps_enum(in->facts, "os/loader", "secure", "yes") == ANSWER_NO)
        say(out, id, SEV_ERROR, remedy_vm(in, "device", "firmware set secureboot=no"),
            "this host has no firmware with secure boot for the machine");
}

/* ---- CPU ---- */

static xmlNodePtr caps_cpu_mode(const struct facts *f, const char *mode)
{
    xmlNodePtr root = f->domcaps ? xmlDocGetRootElement(f->domcaps) : NULL;
    xmlNodePtr m = root ? xml_find(root, "cpu/mode") : NULL;
    while (m && !xml_get_is(m, "@name", mode))
        m = xml_next(m, "mode");
    return m;
}

static void check_cpu_mode(const struct check_input *in, const char *id, finding_list *out)
{
    static const char *const others[] = {"maximum", "host-model"};
    char *mode = xml_get(in->after, "cpu@mode");
    xmlNodePtr caps = mode ? caps_cpu_mode(in->facts, mode) : NULL;
    char *remedy = NULL;
    if (caps && xml_get_is(caps, "@supported", "no")) {
        for (size_t i = 0; i < ARRAY_LEN(others) && !remedy; i++) {
            xmlNodePtr other = caps_cpu_mode(in->facts, others[i]);
            if (other && xml_get_is(other, "@supported", "yes")) {
                char *words = xasprintf("cpu set mode=%s", others[i]);
                remedy = remedy_vm(in, "device", words);
                free(words);
            }
        }
        say(out, id, SEV_ERROR, remedy, "CPU mode %s is not possible on this host for such a domain", mode);
    }
    free(mode);
}

static void check_cpu_model(const struct check_input *in, const char *id, finding_list *out)
{
    char *model = xml_get_is(in->after, "cpu@mode", "custom") ? xml_get(in->after, "cpu/model") : NULL;
    xmlNodePtr caps = model ? caps_cpu_mode(in->facts, "custom") : NULL;
    xmlNodePtr m = xml_child(caps, "model");
    bool known = m;
    while (m && !xml_get_is(m, "", model))
        m = xml_next(m, "model");
    if (known && !m)
        say(out, id, SEV_ERROR, xstrdup("$ virsh domcapabilities"),
            "this host's libvirt and QEMU have no CPU model %s", model);
    else if (m && xml_get_is(m, "@usable", "no") && !xml_get_is(in->after, "cpu/model@fallback", "allow"))
        say(out, id, SEV_WARN, remedy_vm(in, "device", "cpu set mode=host-model"),
            "CPU model %s has features that this host can't give", model);
    free(model);
}

/* ---- how much ---- */

static void check_memory(const struct check_input *in, const char *id, finding_list *out)
{
    unsigned long long wants = get_kib(in->after, "memory"), has = in->facts->memory_kib;
    if (has == 0 || wants <= has)
        return;
    char *words = xasprintf("maxmemory=%lluM", has / 1024 / 2);
    say(out, id, wants / 4 > has ? SEV_ERROR : SEV_WARN, remedy_vm(in, "set", words),
        "%llu MiB of memory is more than the %llu MiB that the host has", wants / 1024, has / 1024);
    free(words);
}

static void check_vcpus(const struct check_input *in, const char *id, finding_list *out)
{
    long long wants = get_number(in->after, "vcpu@current", get_number(in->after, "vcpu", 0));
    char *words = xasprintf("vcpus=%u", in->facts->cpus);
    if (in->facts->cpus && wants > in->facts->cpus)
        say(out, id, SEV_WARN, remedy_vm(in, "set", words),
            "%lld vCPUs are more than the %u CPUs that the host has: they wait for one another", wants,
            in->facts->cpus);
    free(words);
}

static void check_vcpu_maximum(const struct check_input *in, const char *id, finding_list *out)
{
    xmlNodePtr root = in->facts->domcaps ? xmlDocGetRootElement(in->facts->domcaps) : NULL;
    long long wants = get_number(in->after, "vcpu", 0), max = get_number(root, "vcpu@max", 0);
    char *words = xasprintf("cpu set maxvcpus=%lld", max);
    if (max > 0 && wants > max)
        say(out, id, SEV_ERROR, remedy_vm(in, "device", words),
            "%lld vCPUs are more than this machine type can have here: %lld", wants, max);
    free(words);
}

/* KiB in pages of that size (KiB; 0: of any size above the smallest), of all NUMA nodes; -1 unknown. */
static long long huge_kib(const struct facts *f, long long size)
{
    xmlNodePtr root = f->hostcaps ? xmlDocGetRootElement(f->hostcaps) : NULL;
    xmlNodePtr cells = root ? xml_find(root, "host/topology/cells") : NULL;
    long long sum = -1;
    for (xmlNodePtr c = xml_child(cells, "cell"); c; c = xml_next(c, "cell"))
        for (xmlNodePtr p = xml_child(c, "pages"); p; p = xml_next(p, "pages")) {
            long long kib = get_number(p, "@size", 0);
            sum = sum < 0 ? 0 : sum;
            if (size ? kib == size : kib >= 1024)
                sum += kib * get_number(p, "", 0);
        }
    return sum;
}

static long long page_size(xmlNodePtr page)
{
    double kib = xml_get_kib(page, "@size");
    return kib > 0 && kib < 1e15 ? (long long)kib : 0;
}

static void check_hugepages(const struct check_input *in, const char *id, finding_list *out)
{
    xmlNodePtr wanted = xml_find(in->after, "memoryBacking/hugepages");
    long long size = page_size(xml_child(wanted, "page")), has = huge_kib(in->facts, size);
    unsigned long long wants = get_kib(in->after, "memory");
    if (!wanted || has < 0 || (unsigned long long)has >= wants)
        return;
    char *count = xasprintf("vm.nr_hugepages=%llu", (wants + 2047) / 2048);
    say(out, id, SEV_ERROR, size == 0 || size == 2048 ? remedy_shell("sysctl", count) : NULL,
        "%llu MiB in huge pages are asked for, and the host has %lld MiB of them", wants / 1024, has / 1024);
    free(count);
}

static const struct check checks[] = {
    {"too-old", check_too_old},
    {"emulator-missing", check_emulator},
    {"type-unsupported", check_virt_type},
    {"machine-unsupported", check_machine},
    {"firmware-missing", check_firmware},
    {"secure-boot-missing", check_secure_boot},
    {"cpu-mode-unsupported", check_cpu_mode},
    {"cpu-model-unsupported", check_cpu_model},
    {"memory-over-host", check_memory},
    {"vcpus-over-host", check_vcpus},
    {"vcpus-over-maximum", check_vcpu_maximum},
    {"hugepages-short", check_hugepages},
};
const struct check_family host_checks = {checks, ARRAY_LEN(checks)};
