/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of what a definition needs of the host: files, volumes, networks, bridges, devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/check_private.h"
#include "model/xml.h"

/* Only "it is not there" counts: what may not be looked at is unknown. */
static enum answer exists(const struct facts *f, const char *path)
{
    if (!f->local || !path || path[0] != '/')
        return ANSWER_UNKNOWN;
    if (access(path, F_OK) == 0)
        return ANSWER_YES;
    return errno == ENOENT || errno == ENOTDIR ? ANSWER_NO : ANSWER_UNKNOWN;
}

/* ---- files ---- */

/* A volume of the same file name elsewhere: moved there, most likely. */
static char *same_name_elsewhere(const struct check_input *in, xmlNodePtr disk, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < in->facts->volumes.len; i++) {
        const struct fact_volume *v = &in->facts->volumes.items[i];
        if (!v->path || strcmp(v->name, name) != 0 || strchr(v->path, '\'') || strcmp(v->path, path) == 0)
            continue;
        char *word = xasprintf("'source=%s'", v->path), *remedy = remedy_set(in, disk, word);
        free(word);
        return remedy;
    }
    return NULL;
}

static char *eject(const struct check_input *in, xmlNodePtr disk)
{
    return remedy_set(in, disk, "source=default");
}

static void check_disk_files(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "disk", d));) {
        char *path = xml_get(d, "source@file"), *policy = xml_get(d, "source@startupPolicy");
        path = path ? path : xml_get(d, "source@dev");
        bool optional = policy && strcmp(policy, "mandatory") != 0;
        bool made = path && in->new_path && strcmp(path, in->new_path) == 0;
        if (exists(in->facts, path) == ANSWER_NO && !optional && !made) {
            char *words = device_words(d), *remedy = same_name_elsewhere(in, d, path);
            bool removable = xml_get_is(d, "@device", "cdrom") || xml_get_is(d, "@device", "floppy");
            say(out, id, SEV_ERROR,
                remedy      ? remedy
                : removable ? eject(in, d)
                            : NULL,
                "%s: %s does not exist", words, path);
            free(words);
        }
        free(path);
        free(policy);
    }
}

/* Whether the image is qcow2 by its first bytes. */
static enum answer is_qcow2(const struct facts *f, const char *path)
{
    char magic[4] = "";
    struct stat st;
    if (!f->local || !path || path[0] != '/' || stat(path, &st) != 0 || !S_ISREG(st.st_mode))
        return ANSWER_UNKNOWN;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return ANSWER_UNKNOWN;
    ssize_t n = read(fd, magic, sizeof magic);
    close(fd);
    return n < 0 ? ANSWER_UNKNOWN : n == 4 && memcmp(magic, "QFI\xfb", 4) == 0 ? ANSWER_YES : ANSWER_NO;
}

/* Both mistakes lose: the one the start of the guest, the other one the image, which the guest writes over.
 */
static void check_disk_formats(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "disk", d));) {
        bool said_qcow2 = xml_get_is(d, "driver@type", "qcow2"),
             said_raw = xml_get_is(d, "driver@type", "raw");
        char *path = said_qcow2 || said_raw ? xml_get(d, "source@file") : NULL;
        bool made = path && in->new_path && strcmp(path, in->new_path) == 0;
        enum answer qcow2 = made ? ANSWER_UNKNOWN : is_qcow2(in->facts, path);
        if ((said_qcow2 && qcow2 == ANSWER_NO) || (said_raw && qcow2 == ANSWER_YES)) {
            char *words = device_words(d);
            say(out, id, said_qcow2 ? SEV_ERROR : SEV_WARN,
                remedy_set(in, d, said_qcow2 ? "format=raw" : "format=qcow2"),
                "%s: %s is %s qcow2 image: it wants %s", words, path, said_qcow2 ? "no" : "a",
                said_qcow2 ? "format=raw" : "format=qcow2");
            free(words);
        }
        free(path);
    }
}

static void check_boot_files(const struct check_input *in, const char *id, finding_list *out)
{
    static const char *const paths[] = {"os/kernel", "os/initrd", "os/dtb", "os/loader"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char *path = xml_get(in->after, paths[i]);
        if (exists(in->facts, path) == ANSWER_NO)
            say(out, id, SEV_ERROR, remedy_vm(in, "edit", ""), "%s: %s does not exist", paths[i] + 3, path);
        free(path);
    }
    /* libvirt makes the file itself, from its template, but not the folder. */
    char *nvram = xml_get(in->after, "os/nvram"), *slash = nvram ? strrchr(nvram, '/') : NULL;
    if (slash && slash > nvram) {
        *slash = '\0';
        if (exists(in->facts, nvram) == ANSWER_NO)
            say(out, id, SEV_ERROR, remedy_shell("mkdir -p", nvram), "nvram: the folder %s does not exist",
                nvram);
    }
    free(nvram);
}

static void check_folders(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "filesystem", d));) {
        char *path = xml_get(d, "source@dir");
        if (exists(in->facts, path) == ANSWER_NO) {
            char *words = device_words(d);
            say(out, id, SEV_ERROR, remedy_shell("mkdir -p", path), "%s: the folder %s does not exist", words,
                path);
            free(words);
        }
        free(path);
    }
}

/* ---- pools and volumes ---- */

static const struct fact_resource *find_resource(const struct fact_resource *items, size_t n,
                                                 const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i].name, name) == 0)
            return &items[i];
    return NULL;
}

static bool has_volume(const struct facts *f, const char *pool, const char *volume)
{
    for (size_t i = 0; i < f->volumes.len; i++)
        if (strcmp(f->volumes.items[i].pool, pool) == 0 && strcmp(f->volumes.items[i].name, volume) == 0)
            return true;
    return false;
}

static void check_volume(const struct check_input *in, const char *id, const char *words, const char *pool,
                         const char *volume, finding_list *out)
{
    const struct facts *f = in->facts;
    const struct fact_resource *p = find_resource(f->pools.items, f->pools.len, pool);
    if (!p)
        say(out, id, SEV_ERROR, xstrdup("$ virsh pool-list --all"), "%s: there is no storage pool %s", words,
            pool);
    else if (!p->active)
        say(out, id, SEV_ERROR, remedy_shell("virsh pool-start", pool),
            "%s: the storage pool %s is not active", words, pool);
    else if (volume && !has_volume(f, pool, volume))
        say(out, id, SEV_ERROR, remedy_shell("virsh pool-refresh", pool),
            "%s: libvirt knows no volume %s in the storage pool %s", words, volume, pool);
}

static void check_volumes(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; in->facts->pools_known && (d = device_next(in->after, "disk", d));) {
        char *pool = xml_get(d, "source@pool"), *volume = xml_get(d, "source@volume");
        char *words = pool ? device_words(d) : NULL;
        if (pool)
            check_volume(in, id, words, pool, volume, out);
        free(pool);
        free(volume);
        free(words);
    }
}

/* ---- networks ---- */

static void check_network(const struct check_input *in, const char *id, xmlNodePtr nic, const char *name,
                          finding_list *out)
{
    const struct facts *f = in->facts;
    const struct fact_resource *n = find_resource(f->networks.items, f->networks.len, name);
    char *words = device_words(nic);
    if (!n)
        say(out, id, SEV_ERROR, xstrdup("$ virsh net-list --all"), "%s: there is no network %s", words, name);
    else if (!n->active)
        say(out, id, SEV_ERROR, remedy_shell("virsh net-start", name), "%s: the network %s is not active",
            words, name);
    free(words);
}

static void check_networks(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; in->facts->networks_known && (d = device_next(in->after, "interface", d));) {
        char *name = xml_get_is(d, "@type", "network") ? xml_get(d, "source@network") : NULL;
        if (name)
            check_network(in, id, d, name, out);
        free(name);
    }
}

/* Interfaces of this machine, which has them listed there when it is a Linux. */
static enum answer has_interface(const struct facts *f, const char *name)
{
    char *path = xasprintf("/sys/class/net/%s", name);
    enum answer a =
        strchr(name, '/') || exists(f, "/sys/class/net") != ANSWER_YES ? ANSWER_UNKNOWN : exists(f, path);
    free(path);
    return a;
}

static void check_interfaces(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "interface", d));) {
        bool direct = xml_get_is(d, "@type", "direct");
        bool bridge = xml_get_is(d, "@type", "bridge");
        char *name = direct ? xml_get(d, "source@dev") : bridge ? xml_get(d, "source@bridge") : NULL;
        /* Open vSwitch has bridges of its own. */
        bool elsewhere = xml_find(d, "virtualport") != NULL;
        if (name && !elsewhere && has_interface(in->facts, name) == ANSWER_NO) {
            char *words = device_words(d), *command = remedy_shell("ip link add name", name);
            say(out, id, SEV_ERROR, bridge ? xasprintf("%s type bridge", command) : xstrdup("$ ip link"),
                "%s: this host has no %s %s", words, bridge ? "bridge" : "network interface", name);
            free(words);
            free(command);
        }
        free(name);
    }
}

/* ---- devices of the host ---- */

static const struct fact_hostdev *find_hostdev(const struct facts *f, bool usb, const char *id)
{
    for (size_t i = 0; i < f->hostdevs.len; i++)
        if (f->hostdevs.items[i].usb == usb && strcmp(f->hostdevs.items[i].id, id) == 0)
            return &f->hostdevs.items[i];
    return NULL;
}

/* A host without any device of that bus is one that libvirt can't list them on. */
static bool lists_bus(const struct facts *f, bool usb)
{
    for (size_t i = 0; f->hostdevs_known && i < f->hostdevs.len; i++)
        if (f->hostdevs.items[i].usb == usb)
            return true;
    return false;
}

/* The id of what is passed through, as facts have it; NULL: it isn't told by id. */
static char *hostdev_id(xmlNodePtr d, bool *usb)
{
    *usb = xml_get_is(d, "@type", "usb");
    if (*usb && xml_find(d, "source/vendor"))
        return xasprintf("%04llx:%04llx", get_number(d, "source/vendor@id", 0),
                         get_number(d, "source/product@id", 0));
    if (xml_get_is(d, "@type", "pci") && xml_find(d, "source/address"))
        return xasprintf("%04llx:%02llx:%02llx.%llx", get_number(d, "source/address@domain", 0),
                         get_number(d, "source/address@bus", 0), get_number(d, "source/address@slot", 0),
                         get_number(d, "source/address@function", 0));
    return NULL;
}

static void check_hostdevs(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "hostdev", d));) {
        bool usb, optional = xml_get_is(d, "source@startupPolicy", "optional");
        char *dev = hostdev_id(d, &usb);
        if (dev && !optional && lists_bus(in->facts, usb) && !find_hostdev(in->facts, usb, dev))
            say(out, id, SEV_ERROR,
                xstrdup(usb ? "$ virsh nodedev-list --cap usb_device" : "$ virsh nodedev-list --cap pci"),
                "the host has no %s device %s", usb ? "USB" : "PCI", dev);
        free(dev);
    }
}

static bool is_passed_through(xmlNodePtr domain, const char *id)
{
    for (xmlNodePtr d = NULL; (d = device_next(domain, "hostdev", d));) {
        bool usb;
        char *dev = hostdev_id(d, &usb);
        bool same = dev && !usb && strcmp(dev, id) == 0;
        free(dev);
        if (same)
            return true;
    }
    return false;
}

/* A group goes as a whole: what else is in it may only have no driver, or one that keeps its hands off. */
static bool keeps_its_hands_off(const char *driver)
{
    static const char *const drivers[] = {"vfio-pci", "pci-stub", "pcieport", "shpchp"};
    for (size_t i = 0; driver && i < ARRAY_LEN(drivers); i++)
        if (strcmp(driver, drivers[i]) == 0)
            return true;
    return !driver;
}

static void check_group(const struct check_input *in, const char *id, const struct fact_hostdev *dev,
                        finding_list *out)
{
    for (size_t i = 0; i < in->facts->hostdevs.len; i++) {
        const struct fact_hostdev *o = &in->facts->hostdevs.items[i];
        if (o == dev || o->usb || o->iommu_group != dev->iommu_group || keeps_its_hands_off(o->driver) ||
            is_passed_through(in->after, o->id))
            continue;
        say(out, id, SEV_ERROR, remedy_shell("virsh nodedev-detach", o->id),
            "PCI device %s shares IOMMU group %d with %s (%s), which the host's driver %s uses: the group "
            "goes as "
            "a whole",
            dev->id, dev->iommu_group, o->id, o->label ? o->label : "?", o->driver);
    }
}

static void check_iommu(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; in->facts->hostdevs_known && (d = device_next(in->after, "hostdev", d));) {
        bool usb;
        char *dev = hostdev_id(d, &usb);
        const struct fact_hostdev *found = dev && !usb ? find_hostdev(in->facts, false, dev) : NULL;
        if (found && found->iommu_group < 0)
            say(out, id, SEV_ERROR, xstrdup("$ dmesg | grep -i -e DMAR -e IOMMU"),
                "PCI device %s is in no IOMMU group: the host's IOMMU is off (firmware setup, then "
                "intel_iommu=on "
                "on the kernel command line)",
                dev);
        else if (found)
            check_group(in, id, found, out);
        free(dev);
    }
}

static const struct check checks[] = {
    {"disk-missing", check_disk_files},
    {"disk-format", check_disk_formats},
    {"file-missing", check_boot_files},
    {"folder-missing", check_folders},
    {"volume-missing", check_volumes},
    {"network-down", check_networks},
    {"interface-missing", check_interfaces},
    {"hostdev-missing", check_hostdevs},
    {"iommu-group", check_iommu},
};
const struct check_family path_checks = {checks, ARRAY_LEN(checks)};
