/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks against the other domains of the host: what two can't use, at the same time or at all.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "device/check_private.h"
#include "model/xml.h"

/* ---- disks ---- */

/* The file or device behind a disk; a volume's by what is known of the pools. NULL: none of this host. */
static char *disk_path(const struct facts *f, xmlNodePtr disk)
{
    char *path = xml_get(disk, "source@file");
    path = path ? path : xml_get(disk, "source@dev");
    char *pool = path ? NULL : xml_get(disk, "source@pool"),
         *volume = path ? NULL : xml_get(disk, "source@volume");
    for (size_t i = 0; pool && volume && !path && i < f->volumes.len; i++) {
        const struct fact_volume *v = &f->volumes.items[i];
        if (strcmp(v->pool, pool) == 0 && strcmp(v->name, volume) == 0)
            path = xstrdup(v->path);
    }
    free(pool);
    free(volume);
    return path;
}

static bool may_share(xmlNodePtr disk)
{
    return xml_find(disk, "readonly") || xml_find(disk, "shareable") || xml_get_is(disk, "@device", "cdrom");
}

static bool same_disk(const struct facts *f, xmlNodePtr disk, xmlNodePtr other)
{
    char *a = disk_path(f, disk), *b = disk_path(f, other);
    bool same = a && b && strcmp(a, b) == 0 && !may_share(disk) && !may_share(other);
    free(a);
    free(b);
    return same;
}

/* ---- the others ---- */

/* Whether two elements of the same name clash. */
typedef bool clash_fn(const struct facts *f, xmlNodePtr mine, xmlNodePtr theirs);

static bool same_mac(const struct facts *f, xmlNodePtr mine, xmlNodePtr theirs)
{
    char *a = xml_get(mine, "mac@address"), *b = xml_get(theirs, "mac@address");
    bool same = a && b && strcasecmp(a, b) == 0;
    (void)f;
    free(a);
    free(b);
    return same;
}

static bool same_cid(const struct facts *f, xmlNodePtr mine, xmlNodePtr theirs)
{
    (void)f;
    long long cid = get_number(mine, "cid@address", -1);
    return cid >= 0 && !xml_get_is(mine, "cid@auto", "yes") && get_number(theirs, "cid@address", -2) == cid;
}

static bool same_port(const struct facts *f, xmlNodePtr mine, xmlNodePtr theirs)
{
    (void)f;
    long long port = get_number(mine, "@port", -1);
    return port > 0 && !xml_get_is(mine, "@autoport", "yes") && get_number(theirs, "@port", -2) == port;
}

static bool same_numbers(xmlNodePtr mine, xmlNodePtr theirs, const char *const *paths, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        long long a = get_number(mine, paths[i], -1);
        if (a < 0 || a != get_number(theirs, paths[i], -2))
            return false;
    }
    return true;
}

static bool same_hostdev(const struct facts *f, xmlNodePtr mine, xmlNodePtr theirs)
{
    static const char *const pci[] = {"source/address@domain", "source/address@bus", "source/address@slot",
                                      "source/address@function"};
    static const char *const usb[] = {"source/vendor@id", "source/product@id"};
    static const char *const place[] = {"source/address@bus", "source/address@device"};
    (void)f;
    if (xml_get_is(mine, "@type", "pci") && xml_get_is(theirs, "@type", "pci"))
        return same_numbers(mine, theirs, pci, ARRAY_LEN(pci));
    if (!xml_get_is(mine, "@type", "usb") || !xml_get_is(theirs, "@type", "usb"))
        return false;
    /* Two of a model are told apart by their places, where both say them. */
    if (xml_find(mine, "source/address") && xml_find(theirs, "source/address"))
        return same_numbers(mine, theirs, place, ARRAY_LEN(place));
    return same_numbers(mine, theirs, usb, ARRAY_LEN(usb));
}

static void find_clashes(const struct check_input *in, const char *id, const char *element, clash_fn *clash,
                         enum severity while_active, const char *what, const char *path,
                         const char *assignment, finding_list *out)
{
    for (size_t o = 0; in->facts->others_known && o < in->facts->others.len; o++) {
        const struct fact_domain *other = &in->facts->others.items[o];
        xmlNodePtr root = other->doc ? xmlDocGetRootElement(other->doc) : NULL;
        for (xmlNodePtr d = NULL; root && (d = device_next(in->after, element, d));)
            for (xmlNodePtr t = NULL; (t = device_next(root, element, t));) {
                if (!clash(in->facts, d, t))
                    continue;
                char *words = device_words(d), *value = path ? xml_get(d, path) : NULL;
                say(out, id, other->active ? while_active : SEV_WARN,
                    assignment ? remedy_set(in, d, assignment) : NULL,
                    "%s: %s%s%s is used by %s, too, which %s", words, what, value ? " " : "",
                    value ? value : "", other->name, other->active ? "runs" : "is off");
                free(words);
                free(value);
                break;
            }
    }
}

static void check_disks(const struct check_input *in, const char *id, finding_list *out)
{
    for (size_t o = 0; in->facts->others_known && o < in->facts->others.len; o++) {
        const struct fact_domain *other = &in->facts->others.items[o];
        xmlNodePtr root = other->doc ? xmlDocGetRootElement(other->doc) : NULL;
        for (xmlNodePtr d = NULL; root && (d = device_next(in->after, "disk", d));)
            for (xmlNodePtr t = NULL; (t = device_next(root, "disk", t));) {
                if (!same_disk(in->facts, d, t))
                    continue;
                char *words = device_words(d), *path = disk_path(in->facts, d);
                say(out, id, other->active ? SEV_ERROR : SEV_WARN, NULL,
                    other->active
                        ? "%s: %s is in use by %s, which runs: two that write to it would destroy it"
                        : "%s: %s is a disk of %s, too, which is off: only one of them may run at a time",
                    words, path, other->name);
                free(words);
                free(path);
                break;
            }
    }
}

static void check_disk_twice(const struct check_input *in, const char *id, finding_list *out)
{
    for (xmlNodePtr d = NULL; (d = device_next(in->after, "disk", d));)
        for (xmlNodePtr t = d; (t = device_next(in->after, "disk", t));) {
            if (!same_disk(in->facts, d, t))
                continue;
            char *words = device_words(t), *path = disk_path(in->facts, t), *first = device_handle(d);
            say(out, id, SEV_ERROR, NULL, "%s: %s is the disk %s, too: QEMU opens an image once only", words,
                path, first);
            free(words);
            free(path);
            free(first);
        }
}

static void check_macs(const struct check_input *in, const char *id, finding_list *out)
{
    find_clashes(in, id, "interface", same_mac, SEV_WARN, "the MAC address", "mac@address", NULL, out);
}

static void check_cids(const struct check_input *in, const char *id, finding_list *out)
{
    find_clashes(in, id, "vsock", same_cid, SEV_ERROR, "the CID", "cid@address", "cid=auto", out);
}

static void check_graphics(const struct check_input *in, const char *id, finding_list *out)
{
    find_clashes(in, id, "graphics", same_port, SEV_ERROR, "the port", "@port", "port=auto", out);
}

static void check_hostdevs(const struct check_input *in, const char *id, finding_list *out)
{
    find_clashes(in, id, "hostdev", same_hostdev, SEV_ERROR, "the host's device", NULL, NULL, out);
}

static void check_nvram(const struct check_input *in, const char *id, finding_list *out)
{
    char *mine = xml_get(in->after, "os/nvram");
    for (size_t o = 0; mine && in->facts->others_known && o < in->facts->others.len; o++) {
        const struct fact_domain *other = &in->facts->others.items[o];
        xmlNodePtr root = other->doc ? xmlDocGetRootElement(other->doc) : NULL;
        if (root && xml_get_is(root, "os/nvram", mine))
            say(out, id, other->active ? SEV_ERROR : SEV_WARN, remedy_vm(in, "edit", ""),
                "firmware: %s is %s's, too: each domain needs variables of its own", mine, other->name);
    }
    free(mine);
}

static const struct check checks[] = {
    {"disk-in-use", check_disks},     {"disk-twice", check_disk_twice}, {"mac-in-use", check_macs},
    {"vsock-cid-in-use", check_cids}, {"port-in-use", check_graphics},  {"hostdev-in-use", check_hostdevs},
    {"nvram-in-use", check_nvram},
};
const struct check_family shared_checks = {checks, ARRAY_LEN(checks)};
