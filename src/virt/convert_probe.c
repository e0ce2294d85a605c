/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The probe is a raw image of 1 MiB beside the domain's own: in the storage pool that has those, or made here
 * where the host is this machine.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "model/xml.h"
#include "virt/agent.h"
#include "virt/convert_private.h"

#define PROBE_BYTES 1048576

/* ---- making it ---- */

/* The path of the first disk that is a file; NULL. The caller frees. */
static char *first_image(xmlNodePtr domain)
{
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr d = xml_child(devices, "disk"); d; d = xml_next(d, "disk")) {
        char *path = xml_get_is(d, "@device", "cdrom") || xml_get_is(d, "@device", "floppy")
                         ? NULL
                         : xml_get(d, "source@file");
        if (path && path[0] == '/')
            return path;
        free(path);
    }
    return NULL;
}

/* The active pool whose folder has the image; else any that is a folder. NULL: none. */
static virStoragePoolPtr find_pool(struct convert *cv, const char *image)
{
    virStorageVolPtr vol = image ? virStorageVolLookupByPath(cv->c->conn, image) : NULL;
    virStoragePoolPtr pool = vol ? virStoragePoolLookupByVolume(vol) : NULL, *all = NULL;
    if (vol)
        virStorageVolFree(vol);
    if (pool)
        return pool;
    int n = virConnectListAllStoragePools(
        cv->c->conn, &all, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE | VIR_CONNECT_LIST_STORAGE_POOLS_DIR);
    for (int i = 0; i < n; i++) {
        if (!pool)
            pool = all[i];
        else
            virStoragePoolFree(all[i]);
    }
    free(all);
    return pool;
}

/* No other domain's, and the same when a conversion that was stopped makes it again. */
static char *probe_name(const struct convert *cv)
{
    char uuid[UUID_TEXT_LEN + 1];
    uuid_format(&cv->c->uuid, uuid);
    return xasprintf("virtdeck-probe-%s.img", uuid);
}

static char *make_volume(virStoragePoolPtr pool, const char *name)
{
    char *xml = xasprintf("<volume><name>%s</name><capacity>%d</capacity><allocation>%d</allocation>"
                          "<target><format type='raw'/></target></volume>",
                          name, PROBE_BYTES, PROBE_BYTES);
    virStorageVolPtr vol = virStorageVolLookupByName(pool, name);
    if (!vol)
        vol = virStorageVolCreateXML(pool, xml, 0);
    char *path = vol ? virStorageVolGetPath(vol) : NULL;
    if (vol)
        virStorageVolFree(vol);
    free(xml);
    return path;
}

/* O_NOFOLLOW: in a folder that others write to, the name may be a link to anything. */
static char *make_file(const char *image, const char *name)
{
    char *path = xasprintf("%.*s/%s", (int)(strrchr(image, '/') - image), image, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good = fd >= 0 && ftruncate(fd, PROBE_BYTES) == 0;
    if (fd >= 0)
        close(fd);
    if (good)
        return path;
    free(path);
    return NULL;
}

bool convert_probe_make(struct convert *cv)
{
    xmlDocPtr old = xml_parse_element(cv->s.old_xml, "domain", &cv->c->error);
    char *image = old ? first_image(xmlDocGetRootElement(old)) : NULL, *name = probe_name(cv), *path = NULL;
    virStoragePoolPtr pool = find_pool(cv, image);
    if (image && cv->facts.local)
        path = make_file(image, name);
    if (!path && pool)
        path = make_volume(pool, name);
    if (!path && old)
        error_set(
            &cv->c->error, STATUS_FAILED,
            "virtio %s: there is no place for a small disk to try the guest's driver with: neither %s nor a "
            "storage pool takes one; where the guest has the driver for sure, --assume-driver goes without "
            "it",
            cv->c->vm_name, image ? "the folder of its image" : "a folder of this machine");
    cv->s.probe = path;
    if (pool)
        virStoragePoolFree(pool);
    xmlFreeDoc(old);
    free(image);
    free(name);
    return path != NULL;
}

void convert_probe_delete(struct convert *cv)
{
    if (!cv->s.probe)
        return;
    virStorageVolPtr vol = virStorageVolLookupByPath(cv->c->conn, cv->s.probe);
    bool gone = vol && virStorageVolDelete(vol, 0) == 0;
    if (vol)
        virStorageVolFree(vol);
    if (!gone && cv->facts.local)
        unlink(cv->s.probe);
    free(cv->s.probe);
    cv->s.probe = NULL;
}

/* ---- whether the guest has taken it ---- */

static void set_evidence(struct convert *cv, char *text)
{
    free(cv->s.evidence);
    cv->s.evidence = text;
}

/* The driver's own list of its devices. */
static bool seen_by_agent(struct convert *cv, xmlNodePtr probe)
{
    static const char script[] = "ls -d /sys/bus/virtio/drivers/virtio_blk/virtio* "
                                 "/sys/bus/virtio/drivers/virtio_scsi/virtio* 2>/dev/null";
    struct agent_output out = {0};
    (void)probe;
    bool seen = agent_shell(cv->c, script, 10, &out, NULL) && out.text && strstr(out.text, "/virtio");
    if (seen)
        set_evidence(cv, xasprintf("the guest agent: %.*s", (int)strcspn(out.text, "\n"), out.text));
    free(out.text);
    return seen;
}

static bool is_uefi(xmlNodePtr domain)
{
    return xml_get_is(domain, "os@firmware", "efi") || xml_get_is(domain, "os/loader@type", "pflash");
}

/* A guest reads the first sectors of a disk that it finds. So does UEFI, which makes that no sign there;
 * a BIOS reads only what it boots from. */
static bool seen_by_reads(struct convert *cv, xmlNodePtr probe)
{
    virDomainBlockStatsStruct stats;
    char *target = xml_get(probe, "target@dev");
    bool seen = target && !is_uefi(xmlDocGetRootElement(probe->doc)) &&
                virDomainBlockStats(cv->c->dom, target, &stats, sizeof stats) == 0 && stats.rd_req > 0;
    if (seen)
        set_evidence(
            cv, xasprintf("the guest read the small virtio disk (%s), %lld requests", target, stats.rd_req));
    free(target);
    return seen;
}

static bool seen_on_serial(struct convert *cv, xmlNodePtr probe)
{
    (void)probe;
    if (cv->s.driver)
        set_evidence(cv, xasprintf("serial port: %s", cv->s.driver));
    return cv->s.driver != NULL;
}

bool convert_probe_seen(struct convert *cv)
{
    static bool (*const ways[])(struct convert *, xmlNodePtr) = {seen_by_reads, seen_on_serial,
                                                                 seen_by_agent};
    xmlDocPtr live = convert_live(cv);
    xmlNodePtr probe =
        live && cv->s.probe ? virtio_probe_find(xmlDocGetRootElement(live), cv->s.probe) : NULL;
    bool seen = false;
    for (size_t i = 0; probe && !seen && i < ARRAY_LEN(ways); i++)
        seen = ways[i](cv, probe);
    xmlFreeDoc(live);
    return seen;
}
