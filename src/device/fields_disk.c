/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of disks, CD-ROMs and floppies.
 */
#include <stdlib.h>
#include <string.h>

#include "device/disk.h"
#include "device/field_tables.h"
#include "model/xml.h"

/* ---- where it comes from ---- */

char *disk_source_get(xmlNodePtr disk)
{
    static const char *const paths[] = {"source@file", "source@dev", "source@dir", "source@path"};
    char *value = NULL;
    for (size_t i = 0; i < ARRAY_LEN(paths) && !value; i++)
        value = xml_get(disk, paths[i]);
    if (value)
        return value;
    char *pool = xml_get(disk, "source@pool"), *volume = xml_get(disk, "source@volume");
    char *protocol = xml_get(disk, "source@protocol"), *name = xml_get(disk, "source@name");
    if (pool)
        value = xasprintf("%s/%s", pool, volume ? volume : "");
    else if (protocol)
        value = xasprintf("%s:%s", protocol, name ? name : "");
    free(pool);
    free(volume);
    free(protocol);
    free(name);
    return value;
}

const char *disk_format_of(const char *source)
{
    static const struct {
        const char *suffix, *format;
    } formats[] = {{".qcow2", "qcow2"}, {".qcow", "qcow"}, {".raw", "raw"},
                   {".iso", "raw"},     {".vmdk", "vmdk"}, {".vdi", "vdi"},
                   {".vhd", "vpc"},     {".qed", "qed"},   {".img", NULL}};
    const char *dot = strrchr(source, '.');
    if (strncmp(source, "/dev/", 5) == 0)
        return "raw";
    for (size_t i = 0; dot && i < ARRAY_LEN(formats); i++)
        if (strcasecmp(dot, formats[i].suffix) == 0)
            return formats[i].format;
    return NULL;
}

/* What belongs to the old place (credentials, labels, the chain below it) says nothing about the new one;
 * what to do when it is missing does. */
static void forget_source(xmlNodePtr disk)
{
    xmlNodePtr source = xml_child(disk, "source");
    for (xmlAttrPtr a = source ? source->properties : NULL; a;) {
        xmlAttrPtr next = a->next;
        if (strcmp((const char *)a->name, "startupPolicy") != 0)
            xmlRemoveProp(a);
        a = next;
    }
    while (source && source->children) {
        xmlNodePtr c = source->children;
        xmlUnlinkNode(c);
        xmlFreeNode(c);
    }
    xml_set(disk, "backingStore?", NULL);
    xml_set(disk, "auth?", NULL);
}

static void put_source(xmlNodePtr disk, const char *value)
{
    const char *slash = strchr(value, '/');
    if (strncmp(value, "/dev/", 5) == 0) {
        xml_set(disk, "@type", "block");
        xml_set(disk, "source@dev", value);
    } else if (slash == value) {
        xml_set(disk, "@type", "file");
        xml_set(disk, "source@file", value);
    } else {
        char *pool = xstrndup(value, (size_t)(slash - value));
        xml_set(disk, "@type", "volume");
        xml_set(disk, "source@pool", pool);
        xml_set(disk, "source@volume", slash + 1);
        free(pool);
    }
}

/* A format that the name tells replaces another one; libvirt takes "raw" where none is said. */
static void put_format(xmlNodePtr disk, const char *format)
{
    char *old = xml_get(disk, "driver@type");
    if (format && strcmp(format, old ? old : "raw") != 0)
        xml_set(disk, "driver@type", format);
    free(old);
}

static bool set_source(xmlNodePtr disk, const char *value, struct error *e)
{
    char *old = disk_source_get(disk);
    bool same = old && value && strcmp(old, value) == 0;
    bool disc = xml_get_is(disk, "@device", "cdrom") || xml_get_is(disk, "@device", "floppy");
    (void)e;
    free(old);
    if (same)
        return true;
    forget_source(disk);
    if (value) {
        put_source(disk, value);
        put_format(disk, disk_format_of(value));
        return true;
    }
    xmlNodePtr source = xml_child(disk, "source");
    if (source && !source->properties)
        xml_remove(source);
    xml_set(disk, "@type", "file");
    if (!disc)
        xml_set(disk, "driver@type", NULL);
    else if (xml_find(disk, "driver") && xmlHasProp(xml_find(disk, "driver"), (const xmlChar *)"type"))
        xml_set(disk, "driver@type", "raw");
    return true;
}

/* ---- how the guest sees it ---- */

const char *disk_prefix(const char *bus)
{
    static const struct {
        const char *bus, *prefix;
    } buses[] = {{"virtio", "vd"}, {"scsi", "sd"}, {"sata", "sd"}, {"usb", "sd"},
                 {"sd", "sd"},     {"ide", "hd"},  {"fdc", "fd"},  {"xen", "xvd"}};
    for (size_t i = 0; i < ARRAY_LEN(buses); i++)
        if (strcmp(bus, buses[i].bus) == 0)
            return buses[i].prefix;
    return NULL;
}

static bool target_taken(xmlNodePtr devices, xmlNodePtr but, const char *target)
{
    for (xmlNodePtr d = xml_child(devices, "disk"); d; d = xml_next(d, "disk"))
        if (d != but && xml_get_is(d, "target@dev", target))
            return true;
    return false;
}

char *disk_free_target(xmlNodePtr devices, xmlNodePtr but, const char *prefix)
{
    for (unsigned n = 0;; n++) {
        char letters[3] = {(char)('a' + n % 26), '\0', '\0'};
        if (n >= 26) {
            letters[0] = (char)('a' + (n / 26 - 1) % 26);
            letters[1] = (char)('a' + n % 26);
        }
        char *target = xasprintf("%s%s", prefix, letters);
        if (n >= 26u * 27 || !target_taken(devices, but, target))
            return target;
        free(target);
    }
}

static const char *prefix_of_target(const char *target)
{
    static const char *const known[] = {"xvd", "vd", "sd", "hd", "fd"};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strncmp(target, known[i], strlen(known[i])) == 0)
            return known[i];
    return NULL;
}

/* vdb becomes sdb where that is free, so that going back gives vdb again. */
static char *target_on(xmlNodePtr disk, const char *target, const char *prefix)
{
    const char *old = prefix_of_target(target);
    char *moved = old ? xasprintf("%s%s", prefix, target + strlen(old)) : NULL;
    if (moved && !target_taken(disk->parent, disk, moved))
        return moved;
    free(moved);
    return disk_free_target(disk->parent, disk, prefix);
}

static bool set_bus(xmlNodePtr disk, const char *value, struct error *e)
{
    char *old = xml_get(disk, "target@bus"), *target = xml_get(disk, "target@dev");
    const char *prefix = value ? disk_prefix(value) : NULL;
    const char *had = target ? prefix_of_target(target) : NULL;
    (void)e;
    if (value && !(old && strcmp(old, value) == 0)) {
        readdress(disk, "none");
        if (prefix && target && !(had && strcmp(had, prefix) == 0)) {
            char *moved = target_on(disk, target, prefix);
            xml_set(disk, "target@dev", moved);
            free(moved);
        }
    }
    xml_set(disk, "target@bus", value);
    free(old);
    free(target);
    return true;
}

static bool set_target(xmlNodePtr disk, const char *value, struct error *e)
{
    size_t len = value ? strlen(value) : 0;
    if (value && (len > 12 || strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789") != len))
        return error_set(e, STATUS_USAGE, "\"%.40s\" is no name for a disk, like vdb", value);
    if (value && target_taken(disk->parent, disk, value))
        return error_set(e, STATUS_FAILED, "another disk is %s", value);
    xml_set(disk, "target@dev", value);
    return true;
}

/* ---- limits ---- */

/* libvirt takes one limit for both directions or one each. */
static void set_limit(xmlNodePtr disk, const char *what, const char *direction, const char *value)
{
    static const char *const directions[] = {"total", "read", "write"};
    bool total = strcmp(direction, "total") == 0;
    for (size_t i = 0; i < ARRAY_LEN(directions); i++) {
        char *path = xasprintf("iotune/%s_%s", directions[i], what);
        bool own = strcmp(directions[i], direction) == 0;
        if (own || (value && total != (i == 0) && (total || i == 0)))
            xml_set(disk, path, own ? value : NULL);
        free(path);
    }
}

#define LIMIT(direction, what)                                                                               \
    static bool set_##direction##_##what(xmlNodePtr disk, const char *value, struct error *e)                \
    {                                                                                                        \
        (void)e;                                                                                             \
        set_limit(disk, #what, #direction, value &&strcmp(value, "0") == 0 ? NULL : value);                  \
        return true;                                                                                         \
    }
LIMIT(total, bytes_sec)
LIMIT(read, bytes_sec)
LIMIT(write, bytes_sec)
LIMIT(total, iops_sec)
LIMIT(read, iops_sec)
LIMIT(write, iops_sec)

/* The size stands in the image, not in the definition. */
static char *get_nothing(xmlNodePtr disk)
{
    (void)disk;
    return NULL;
}

static bool set_nothing(xmlNodePtr disk, const char *value, struct error *e)
{
    (void)disk;
    return value || error_set(e, STATUS_USAGE, "it takes a size");
}

/* ---- the table ---- */

#define DISKS   "disk cdrom floppy"
#define FORMATS "qcow2 raw vmdk vdi vpc qed"

static const struct device_field rows[] = {
    {"disk", "source", "Source", FIELD_PATH, "volume", NULL, NULL, CALL_DEFINE, FIELD_FRESH,
     "the image: a file, a block device (/dev/...) or POOL/VOLUME", disk_source_get, set_source},
    {"cdrom floppy", "media", "Media", FIELD_PATH, "volume", NULL, NULL, CALL_UPDATE,
     FIELD_TOGGLE | FIELD_FRESH, "the image that is inserted; default ejects it", disk_source_get,
     set_source},
    {"cdrom floppy", "source", "Source", FIELD_PATH, "volume", NULL, NULL, CALL_UPDATE, FIELD_ALIAS,
     "the same as media", disk_source_get, set_source},
    PLAIN(DISKS, "format", "Format", FIELD_CHOICE, FORMATS, "driver@type", "raw", CALL_DEFINE,
          FIELD_FRESH | FIELD_ADVANCED,
          "how the image is stored; a wrong one makes it unreadable to the guest"),
    {"disk", "bus", "Bus", FIELD_CHOICE, "virtio scsi sata ide usb sd", "target@bus", NULL, CALL_DEFINE,
     FIELD_FRESH, "what the disk is attached to; its name in the guest changes with it", NULL, set_bus},
    {"cdrom", "bus", "Bus", FIELD_CHOICE, "sata scsi ide usb", "target@bus", NULL, CALL_DEFINE, FIELD_FRESH,
     "what the disk is attached to; its name in the guest changes with it", NULL, set_bus},
    {"floppy", "bus", "Bus", FIELD_CHOICE, "fdc", "target@bus", NULL, CALL_DEFINE, FIELD_FRESH,
     "what the disk is attached to; its name in the guest changes with it", NULL, set_bus},
    {DISKS, "target", "Target", FIELD_TEXT, NULL, "target@dev", NULL, CALL_DEFINE, FIELD_ADVANCED,
     "the name that tells the disk from others, like vdb", NULL, set_target},
    {"disk", "size", "Size", FIELD_SIZE, NULL, NULL, NULL, CALL_RESIZE, FIELD_FRESH,
     "grows the image to that size; the guest's own file system has to be grown there", get_nothing,
     set_nothing},
    PLAIN(DISKS, "cache", "Cache", FIELD_CHOICE, "none writethrough writeback directsync unsafe",
          "driver@cache", NULL, CALL_DEFINE, 0, "how the host caches what the guest writes"),
    PLAIN(DISKS, "io", "I/O", FIELD_CHOICE, "threads native io_uring", "driver@io", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "how the host reads and writes; native needs cache none or directsync"),
    PLAIN(DISKS, "discard", "Discard", FIELD_CHOICE, "ignore unmap", "driver@discard", NULL, CALL_DEFINE, 0,
          "whether space that the guest frees is given back to the host"),
    PLAIN(DISKS, "detect_zeroes", "Zeroes", FIELD_CHOICE, "off on unmap", "driver@detect_zeroes", NULL,
          CALL_DEFINE, FIELD_ADVANCED, "whether written zeroes take no space"),
    PLAIN(DISKS, "error_policy", "On errors", FIELD_CHOICE, "stop report ignore enospace",
          "driver@error_policy", NULL, CALL_DEFINE, FIELD_ADVANCED, "what happens when writing fails"),
    PLAIN("disk", "iothread", "I/O thread", FIELD_NUMBER, NULL, "driver@iothread", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "the number of the I/O thread that serves it"),
    PLAIN("disk", "queues", "Queues", FIELD_NUMBER, NULL, "driver@queues", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "how many queues a virtio disk has"),
    PLAIN("disk floppy", "readonly", "Read-only", FIELD_SWITCH, "no yes", "readonly?", "no", CALL_DEFINE, 0,
          "whether the guest can't write to it"),
    PLAIN("cdrom", "readonly", "Read-only", FIELD_SWITCH, "no yes", "readonly?", NULL, CALL_DEFINE,
          FIELD_READ, "a CD-ROM always is"),
    PLAIN(DISKS, "shareable", "Shareable", FIELD_SWITCH, "no yes", "shareable?", "no", CALL_DEFINE,
          FIELD_ADVANCED, "whether several domains may write to it at once; needs a guest that can"),
    PLAIN(DISKS, "serial", "Serial number", FIELD_TEXT, NULL, "serial", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the serial number that the guest sees"),
    {DISKS, "boot", "Boot place", FIELD_NUMBER, NULL, "boot@order", NULL, CALL_DEFINE, FIELD_ADVANCED,
     "its place in the boot order, from 1 on", NULL, boot_place_set},
    PLAIN("disk", "removable", "Removable", FIELD_SWITCH, "off on", "target@removable", "off", CALL_DEFINE,
          FIELD_ADVANCED, "whether a USB or SCSI disk looks like a stick"),
    PLAIN("cdrom floppy", "startup", "When missing", FIELD_CHOICE, "mandatory requisite optional",
          "source@startupPolicy", "mandatory", CALL_DEFINE, FIELD_ADVANCED,
          "what happens at the start when the image is not there"),
    PLAIN("disk", "startup", "When missing", FIELD_CHOICE, "mandatory optional", "source@startupPolicy",
          "mandatory", CALL_DEFINE, FIELD_ADVANCED, "what happens at the start when the image is not there"),
    {"disk", "total_bytes_sec", "Bytes/s", FIELD_SIZE, NULL, "iotune/total_bytes_sec", "0", CALL_IOTUNE,
     FIELD_ADVANCED, "most bytes a second, both ways; 0 for no limit", NULL, set_total_bytes_sec},
    {"disk", "read_bytes_sec", "Bytes/s read", FIELD_SIZE, NULL, "iotune/read_bytes_sec", "0", CALL_IOTUNE,
     FIELD_ADVANCED, "most bytes read a second; 0 for no limit", NULL, set_read_bytes_sec},
    {"disk", "write_bytes_sec", "Bytes/s written", FIELD_SIZE, NULL, "iotune/write_bytes_sec", "0",
     CALL_IOTUNE, FIELD_ADVANCED, "most bytes written a second; 0 for no limit", NULL, set_write_bytes_sec},
    {"disk", "total_iops_sec", "Requests/s", FIELD_NUMBER, NULL, "iotune/total_iops_sec", "0", CALL_IOTUNE,
     FIELD_ADVANCED, "most requests a second, both ways; 0 for no limit", NULL, set_total_iops_sec},
    {"disk", "read_iops_sec", "Reads/s", FIELD_NUMBER, NULL, "iotune/read_iops_sec", "0", CALL_IOTUNE,
     FIELD_ADVANCED, "most reads a second; 0 for no limit", NULL, set_read_iops_sec},
    {"disk", "write_iops_sec", "Writes/s", FIELD_NUMBER, NULL, "iotune/write_iops_sec", "0", CALL_IOTUNE,
     FIELD_ADVANCED, "most writes a second; 0 for no limit", NULL, set_write_iops_sec},
};
const struct field_table fields_disk = {rows, ARRAY_LEN(rows)};
