/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The images of a domain's disks, and the other files that it starts with.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "base/text.h"
#include "device/check.h"
#include "model/xml.h"
#include "preflight/row.h"

/* Of a file system that has less, a guest that writes is paused soon. */
#define LITTLE_BYTES (1024.0 * 1024 * 1024)
#define LITTLE_SHARE 0.05

/* ---- images ---- */

/* Those that are files of the host. One that may be missing and is, is none of the start's. */
static const struct preflight_image *next_image(const struct looking *l, size_t *i)
{
    while (*i < l->in->images.len) {
        const struct preflight_image *image = &l->in->images.items[(*i)++];
        if (image->path && !(image->optional && image->state == FILE_MISSING))
            return image;
    }
    return NULL;
}

/* The same, but only such as are not known to be missing: that is said once. */
static const struct preflight_image *next_there(const struct looking *l, size_t *i)
{
    const struct preflight_image *image;
    do
        image = next_image(l, i);
    while (image && image->state == FILE_MISSING);
    return image;
}

static void look_missing(struct looking *l)
{
    const struct preflight_image *image;
    for (size_t i = 0; (image = next_image(l, &i));) {
        char *words = device_words(image->disk);
        if (image->state == FILE_MISSING)
            look_no(l, SEV_ERROR,
                    image->removable ? remedy_device(l, image->disk, "source=default")
                                     : remedy_ours(l, "edit", ""),
                    "%s: %s does not exist", words, image->path);
        else if (image->state == FILE_UNKNOWN)
            look_unseen(l, image->path);
        else
            look_fine(l);
        free(words);
    }
}

static char *access_remedy(const struct looking *l, const struct preflight_image *image)
{
    const struct image_access *a = &image->access;
    char *path = text_shell_word(a->at), *user = text_shell_word(a->user);
    char *remedy = remedy_line(l, "setfacl -m u:%s:%s %s", user,
                               a->is_folder      ? "x"
                               : image->readonly ? "r"
                                                 : "rw",
                               path);
    free(path);
    free(user);
    return remedy;
}

static void look_access(struct looking *l)
{
    const struct preflight_image *image;
    for (size_t i = 0; (image = next_there(l, &i));) {
        const struct image_access *a = &image->access;
        char *words = device_words(image->disk);
        if (a->may == ANSWER_NO && a->is_folder)
            look_no(l, SEV_ERROR, access_remedy(l, image),
                    "%s: QEMU runs as %s, who may not pass the folder %s to %s", words, a->user, a->at,
                    image->path);
        else if (a->may == ANSWER_NO)
            look_no(l, SEV_ERROR, access_remedy(l, image), "%s: QEMU runs as %s, who may not %s %s", words,
                    a->user, image->readonly ? "read" : "read and write", image->path);
        else if (a->may == ANSWER_UNKNOWN)
            look_unknown(l, "%s", l->in->far ? l->in->far : a->why ? a->why : "as whom QEMU runs");
        else
            look_fine(l);
        free(words);
    }
}

/* ---- who has them ---- */

/* A running domain that writes to it, by its definition; NULL. */
static const struct vm *domain_with_image(const struct looking *l, const char *path)
{
    for (size_t i = 0; l->in->domains && i < l->in->domains->n_vms; i++) {
        const struct vm *vm = &l->in->domains->vms[i];
        if (!vm->def || !preflight_runs(l->in, vm) || vm->state == VM_IN_SHUTDOWN ||
            uuid_equal(&vm->uuid, &l->in->uuid))
            continue;
        for (size_t k = 0; k < vm->def->devices.len; k++) {
            const struct vm_device *d = &vm->def->devices.items[k];
            if (d->is_disk && !d->readonly && d->source && strcmp(d->source, path) == 0)
                return vm;
        }
    }
    return NULL;
}

static void say_held(struct looking *l, const struct preflight_image *image, const char *words,
                     const char *domain)
{
    char *name = domain ? text_shell_word(domain) : NULL,
         *remedy = name ? xasprintf("shutdown %s", name) : NULL;
    char *advice = domain
                       ? xasprintf(": `shutdown %s` first, or give %s an image of its own", domain, l->in->vm)
                       : xstrdup("");
    look_no(l, SEV_ERROR, remedy, "its image %s is in use by %s%s", image->path, words, advice);
    free(name);
    free(advice);
}

static void look_held(struct looking *l)
{
    const struct preflight_image *image;
    for (size_t i = 0; (image = next_there(l, &i)) && !l->in->active;) {
        const struct image_holder *h = &image->holder;
        bool seen = h->is == HOLDER_NOBODY || h->is == HOLDER_DOMAIN ||
                    (h->is == HOLDER_PASSING && h->words) || image->shareable;
        const struct vm *vm = seen ? NULL : domain_with_image(l, image->path);
        if (h->is == HOLDER_DOMAIN)
            say_held(l, image, h->words, h->domain);
        else if (vm) {
            char *words = xasprintf("the running domain %s", vm->name);
            say_held(l, image, words, vm->name);
            free(words);
        } else if (h->is == HOLDER_PASSING)
            look_no(l, SEV_WARN, NULL, "its image %s is locked by %s: a start waits for that a while",
                    image->path, h->words ? h->words : "somebody who can't be seen from here");
        else if (h->is == HOLDER_UNKNOWN && image->chain.why && !l->in->far && image->state == FILE_UNKNOWN)
            look_unknown(l, "%s", image->chain.why);
        else if (h->is == HOLDER_UNKNOWN)
            look_unknown(l, "%s", l->in->far ? l->in->far : "the processes of others can't be looked at");
        else
            look_fine(l);
    }
}

/* ---- what is in them ---- */

static void say_backing(struct looking *l, const struct image_chain *c, const char *words)
{
    char *image = text_shell_word(c->image), *found = c->found ? text_shell_word(c->found) : NULL;
    char *format = c->format ? text_shell_word(c->format) : xstrdup("FORMAT"),
         *gone = text_shell_word(c->backing);
    char *remedy = found ? remedy_line(l, "qemu-img rebase -u -b %s -F %s %s", found, format, image)
                         : remedy_line(l, "ls -ld %s", gone);
    look_no(l, SEV_ERROR, remedy, "%s: %s, which %s is based on, does not exist%s%s", words, c->backing,
            c->image, found ? "; there is " : "", found ? c->found : "");
    if (found && !c->format)
        look_fill_in(l);
    free(image);
    free(found);
    free(format);
    free(gone);
}

/* What it looks like is not what it is: a guest that has a raw image can write the header of any other format
 * into it, and be given files of the host in that way. */
static void say_unnamed(struct looking *l, const struct image_chain *c, const char *words)
{
    char *image = text_shell_word(c->image), *base = text_shell_word(c->backing);
    look_no(
        l, SEV_ERROR, remedy_line(l, "qemu-img rebase -u -b %s -F FORMAT %s", base, image),
        "%s: %s does not say of what format %s is, which it is based on: libvirt refuses that. You have to "
        "know it%s%s%s",
        words, c->image, c->backing, c->found ? ": it looks like " : "", c->found ? c->found : "",
        c->found ? ", but a guest can make a raw image look so" : "");
    look_fill_in(l);
    free(image);
    free(base);
}

static void look_chain_unseen(struct looking *l, const struct image_chain *c)
{
    look_unknown(l, "%s", l->in->far ? l->in->far : c->why ? c->why : "the image was not looked into");
}

static void look_chain(struct looking *l)
{
    const struct preflight_image *image;
    for (size_t i = 0; (image = next_there(l, &i));) {
        const struct image_chain *c = &image->chain;
        char *words = device_words(image->disk);
        if (c->state == CHAIN_MISSING)
            say_backing(l, c, words);
        else if (c->state == CHAIN_UNNAMED)
            say_unnamed(l, c, words);
        else if (c->state == CHAIN_BROKEN)
            look_no(l, SEV_ERROR, NULL, "%s: %s", words, c->why);
        else if (c->state == CHAIN_UNKNOWN)
            look_chain_unseen(l, c);
        else
            look_fine(l);
        free(words);
    }
}

static void look_format(struct looking *l)
{
    const struct preflight_image *image;
    for (size_t i = 0; (image = next_there(l, &i));) {
        const struct image_chain *c = &image->chain;
        char *words = device_words(image->disk);
        if (c->state == CHAIN_FORMAT && c->found && strcmp(c->image, image->path) == 0) {
            char *assignment = xasprintf("format=%s", c->found);
            look_no(l, SEV_ERROR, remedy_device(l, image->disk, assignment),
                    "%s: %s is no %s image, as the definition says, but %s", words, c->image, c->format,
                    c->found);
            free(assignment);
        } else if (c->state == CHAIN_FORMAT)
            look_no(l, SEV_ERROR, NULL, "%s: %s is no %s image, which it is taken for", words, c->image,
                    c->format);
        else if (c->state == CHAIN_UNKNOWN || c->state == CHAIN_BROKEN)
            look_chain_unseen(l, c);
        else
            look_fine(l);
        free(words);
    }
}

static void look_corrupt(struct looking *l)
{
    const struct preflight_image *image;
    for (size_t i = 0; (image = next_there(l, &i));) {
        const struct image_chain *c = &image->chain;
        if (c->state == CHAIN_CORRUPT && !image->readonly) {
            char *path = text_shell_word(c->image);
            look_no(l, SEV_ERROR,
                    remedy_line(l, "cp --reflink=auto %s %s.damaged && qemu-img check -r all %s", path, path,
                                path),
                    "the image %s is marked as damaged: QEMU does not open it", c->image);
            free(path);
        } else if (c->state == CHAIN_WHOLE || c->state == CHAIN_UNNAMED || c->state == CHAIN_CORRUPT)
            look_fine(l);
        else
            look_chain_unseen(l, c);
    }
}

/* Images that may grow beyond what is free are common, so that alone is no news. */
static bool has_little_room(const struct preflight_image *image)
{
    double free_bytes = image->free_bytes, total = image->total_bytes;
    return free_bytes < LITTLE_BYTES && (free_bytes < LITTLE_SHARE * total || total < LITTLE_BYTES);
}

static void look_space(struct looking *l)
{
    const struct preflight_image *image;
    for (size_t i = 0; (image = next_there(l, &i));) {
        if (!image->may_grow)
            continue;
        if (isnan(image->free_bytes) || isnan(image->total_bytes)) {
            look_unseen(l, image->path);
        } else if (has_little_room(image)) {
            struct strbuf left = {0};
            char *path = text_shell_word(image->path);
            format_bytes(&left, image->free_bytes, false);
            look_no(l, SEV_WARN, remedy_line(l, "df -h %s", path),
                    "%s can grow, and the file system it lies on has %s left: when that is used up, the "
                    "domain is "
                    "paused",
                    image->path, strbuf_str(&left));
            strbuf_free(&left);
            free(path);
        } else
            look_fine(l);
    }
}

/* ---- other files ---- */

static const struct {
    const char *what, *install; /* the package that brings it; NULL */
} kinds[] = {[START_FIRMWARE] = {"the firmware", "ovmf"},
             [START_KERNEL] = {"the kernel, initrd or device tree", NULL},
             [START_EMULATOR] = {"the emulator", NULL},
             [START_SHARED] = {"the shared folder", NULL}};

static char *file_remedy(const struct looking *l, const struct preflight_file *f)
{
    bool arm = xml_get_is(xmlDocGetRootElement(l->in->doc), "os/type@arch", "aarch64");
    char *path = text_shell_word(f->path), *remedy;
    if (f->is_folder || f->kind == START_SHARED)
        remedy = remedy_line(l, "mkdir -p %s", path);
    else if (kinds[f->kind].install && strncmp(f->path, "/usr/", 5) == 0)
        remedy = remedy_line(l, "apt install %s", arm ? "qemu-efi-aarch64" : kinds[f->kind].install);
    else
        remedy = remedy_ours(l, "edit", "");
    free(path);
    return remedy;
}

static void look_files(struct looking *l, enum start_file_kind kind)
{
    for (size_t i = 0; i < l->in->files.len; i++) {
        const struct preflight_file *f = &l->in->files.items[i];
        if (f->kind != kind)
            continue;
        if (f->state == FILE_MISSING)
            look_no(l, SEV_ERROR, file_remedy(l, f),
                    f->is_folder ? "the folder %2$s, for a file of %1$s, does not exist"
                                 : "%s %s does not exist",
                    kinds[kind].what, f->path);
        else if (f->state == FILE_UNKNOWN)
            look_unseen(l, f->path);
        else
            look_fine(l);
    }
}

static void look_kernel(struct looking *l)
{
    look_files(l, START_KERNEL);
}

static void look_emulator(struct looking *l)
{
    look_files(l, START_EMULATOR);
}

static void look_shared(struct looking *l)
{
    look_files(l, START_SHARED);
}

/* Named by its files, or left to libvirt to choose. */
static void look_firmware(struct looking *l)
{
    xmlNodePtr domain = xmlDocGetRootElement(l->in->doc);
    static const char why[] = "libvirt does not say which firmware there is";
    char *firmware = xml_get(domain, "os@firmware"), *loader = xml_get(domain, "os/loader");
    bool caps = l->in->facts->domcaps != NULL;
    look_files(l, START_FIRMWARE);
    if (firmware && !loader) { /* else libvirt has chosen already */
        look_check(l, "firmware-missing", caps, why);
        look_check(l, "secure-boot-missing", caps, why);
    }
    free(firmware);
    free(loader);
}

static const struct preflight_row rows[] = {
    {"image-missing", "its images are there", look_missing, ROW_SAVED},
    {"image-unreadable", "QEMU's user may use its images", look_access, ROW_SAVED},
    {"image-locked", "nobody else has its images open", look_held, ROW_SAVED},
    {"backing-chain", "what its images are based on is there", look_chain, ROW_SAVED},
    {"image-format", "its images are of the format it says", look_format, ROW_SAVED},
    {"image-damaged", "its images are undamaged", look_corrupt, ROW_SAVED},
    {"disk-full", "there is room for its images to grow", look_space, ROW_SAVED},
    {"kernel-missing", "its kernel and initrd are there", look_kernel, ROW_SAVED},
    {"firmware-missing", "its firmware is there", look_firmware, 0},
    {"emulator-missing", "its emulator is there", look_emulator, ROW_SAVED},
    {"share-missing", "its shared folders are there", look_shared, ROW_SAVED},
};
const struct preflight_family preflight_images = {rows, ARRAY_LEN(rows)};
