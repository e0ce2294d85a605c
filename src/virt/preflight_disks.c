/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The images of a domain that is to start: where they are, who may use them, who has them open, what they are
 * based on.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "base/clock.h"
#include "device/check.h"
#include "model/xml.h"
#include "virt/image_chain.h"
#include "virt/image_lock.h"
#include "virt/preflight_private.h"
#include "virt/lock_holder.h"

#define CHAINS_MS  3000 /* for all of a domain's */
#define IMAGES_MAX 256

/* ---- volumes ---- */

static enum file_state look_up_volume(struct job_context *c, const char *pool, const char *volume,
                                      char **path)
{
    virStoragePoolPtr p = virStoragePoolLookupByName(c->conn, pool);
    enum file_state state = FILE_UNKNOWN;
    if (p && virStoragePoolIsActive(p) == 1) {
        virStorageVolPtr v = virStorageVolLookupByName(p, volume);
        virErrorPtr e = v ? NULL : virGetLastError();
        state = v ? FILE_THERE : e && e->code == VIR_ERR_NO_STORAGE_VOL ? FILE_MISSING : FILE_UNKNOWN;
        *path = v ? virStorageVolGetPath(v) : NULL;
        if (v)
            virStorageVolFree(v);
    }
    if (p)
        virStoragePoolFree(p);
    virResetLastError();
    return state;
}

/* ---- files ---- */

static enum file_state look_at(const char *path)
{
    if (access(path, F_OK) == 0)
        return FILE_THERE;
    return errno == ENOENT || errno == ENOTDIR ? FILE_MISSING : FILE_UNKNOWN;
}

static void look_at_space(struct preflight_image *image)
{
    struct stat st;
    struct statvfs fs;
    bool raw = image->format && strcmp(image->format, "raw") == 0;
    if (image->readonly)
        return;
    if (stat(image->path, &st) != 0) {
        image->may_grow = true; /* as far as is known */
        return;
    }
    image->may_grow = S_ISREG(st.st_mode) && (!raw || (off_t)st.st_blocks * 512 < st.st_size);
    if (image->may_grow && statvfs(image->path, &fs) == 0) {
        image->free_bytes = (double)fs.f_bavail * (double)fs.f_frsize;
        image->total_bytes = (double)fs.f_blocks * (double)fs.f_frsize;
    }
}

/* The kernel is asked first: looking at all processes is for those that are locked. */
static void look_at_locks(struct job_context *c, struct preflight_image *image)
{
    enum image_lock met = image_lock_meets(image->path, !image->readonly, image->shareable);
    struct lock_holder holder = {0};
    if (met == IMAGE_UNSEEN) {
        met = image_lock_look(image->path, &holder);
        lock_holder_clear(&holder);
    }
    if (met == IMAGE_HELD)
        start_holder(c, image->path, &image->holder);
    else
        image->holder.is = met == IMAGE_FREE ? HOLDER_NOBODY : HOLDER_UNKNOWN;
}

static void look_at_image(struct job_context *c, struct before_start *g, struct preflight_image *image,
                          int64_t until_ms)
{
    bool left_alone = xml_get_is(xml_find(image->disk, "source/seclabel[model=dac]"), "@relabel", "no");
    image->state = look_at(image->path);
    if (image->state != FILE_THERE) {
        image->chain.why = xasprintf("%s can't be looked at", image->path);
        image->access.why = xstrdup(image->chain.why);
        return;
    }
    image_access_look(&g->user, "", image->path, image->readonly, left_alone, &image->access);
    image_chain_look(image->path, image->format, until_ms, &image->chain);
    look_at_space(image);
    if (!g->in.active)
        look_at_locks(c, image);
}

/* ---- disks ---- */

static void read_disk(struct job_context *c, xmlNodePtr disk, struct preflight_image *image)
{
    *image = (struct preflight_image){.disk = disk,
                                      .readonly = xml_child(disk, "readonly") != NULL,
                                      .shareable = xml_child(disk, "shareable") != NULL,
                                      .format = xml_get(disk, "driver@type"),
                                      .free_bytes = NAN,
                                      .total_bytes = NAN};
    char *policy = xml_get(disk, "source@startupPolicy");
    image->optional = policy && strcmp(policy, "mandatory") != 0;
    image->removable = xml_get_is(disk, "@device", "cdrom") || xml_get_is(disk, "@device", "floppy");
    image->readonly = image->readonly || xml_get_is(disk, "@device", "cdrom");
    free(policy);
    if (xml_get_is(disk, "@type", "file"))
        image->path = xml_get(disk, "source@file");
    else if (xml_get_is(disk, "@type", "block"))
        image->path = xml_get(disk, "source@dev");
    else if (xml_get_is(disk, "@type", "volume")) {
        image->pool = xml_get(disk, "source@pool");
        image->volume = xml_get(disk, "source@volume");
        if (image->pool && image->volume)
            image->volume_is = look_up_volume(c, image->pool, image->volume, &image->path);
    }
    if (image->path && image->path[0] != '/') { /* rbd, iscsi */
        free(image->path);
        image->path = NULL;
    }
}

void gather_images(struct job_context *c, struct before_start *g)
{
    int64_t until_ms = clock_mono_ms() + CHAINS_MS;
    xmlNodePtr domain = xmlDocGetRootElement(g->in.doc);
    for (xmlNodePtr d = NULL; (d = device_next(domain, "disk", d)) && g->in.images.len < IMAGES_MAX;) {
        struct preflight_image image;
        read_disk(c, d, &image);
        image.may_grow = !image.readonly;
        if (image.path && !g->in.far)
            look_at_image(c, g, &image, until_ms);
        vec_push(&g->in.images, image);
    }
}
