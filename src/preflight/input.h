/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All that the checks before a start look at: one domain's definition, and what was gathered of its host for
 * it (virt/preflight*.c). Each part may be unknown. Whoever declares an input owns what it points to, but for
 * what is marked as borrowed; preflight_input_clear(). Any thread.
 */
#ifndef VIRTDECK_PREFLIGHT_INPUT_H
#define VIRTDECK_PREFLIGHT_INPUT_H

#include "autostart/survey.h"
#include "device/facts.h"
#include "device/toggle.h"
#include "model/snapshot.h"

/* UNKNOWN: it is elsewhere, or may not be looked at. */
enum file_state { FILE_UNKNOWN, FILE_MISSING, FILE_THERE };

/* What QEMU, which runs as another user as a rule, may do with a file. */
struct image_access {
    enum answer may; /* as much as the disk wants: read, or read and write */
    char *user;      /* as whom QEMU runs; NULL unknown */
    char *at;        /* of NO: the folder that it can't pass, or the file; NULL */
    bool is_folder;
    char *why; /* of UNKNOWN; NULL */
};

enum holder { HOLDER_UNKNOWN, HOLDER_NOBODY, HOLDER_PASSING, HOLDER_DOMAIN };

/* Who has an image open in a way that this start can't stand. */
struct image_holder {
    enum holder is;
    char *words;  /* "qemu-img (process 812)", "the running domain web1" */
    char *domain; /* that of this host; NULL */
};

enum chain_state {
    CHAIN_UNKNOWN,
    CHAIN_WHOLE,
    CHAIN_MISSING, /* `backing`, which `image` names, is not there */
    CHAIN_FORMAT,  /* `image` is not what the definition or the image above says */
    CHAIN_UNNAMED, /* `image` does not say of what format `backing` is, and it is not raw */
    CHAIN_CORRUPT, /* `image` is marked so */
    CHAIN_BROKEN   /* otherwise; `why` */
};

struct image_chain {
    enum chain_state state;
    char *image, *backing;
    char *found; /* MISSING: a file of that name beside the image; FORMAT, UNNAMED: the format it has; NULL */
    char *format; /* FORMAT: what it was taken for; MISSING: of the backing file, as the image says; NULL */
    char *why;
};

struct preflight_image {
    xmlNodePtr disk; /* in the definition; borrowed */
    char *pool, *volume;
    enum file_state volume_is; /* in its pool, when that is active */
    char *path;                /* on the host; NULL: it is not known, or it is none of the host's files */
    bool optional, removable, readonly, shareable;
    char *format; /* as the definition says; NULL */
    enum file_state state;
    struct image_access access;
    struct image_holder holder;
    struct image_chain chain;
    bool may_grow;
    double free_bytes, total_bytes; /* of the file system it lies on; NAN unknown */
};

struct preflight_need {
    enum need_kind kind; /* a network, a pool */
    char *name;
    enum need_state state;
};

struct preflight_file { /* no image */
    enum start_file_kind kind;
    char *path;
    bool is_folder; /* of a file that libvirt makes in it */
    enum file_state state;
};

struct preflight_secret {
    char *uuid;               /* or: */
    char *usage_type, *usage; /* "volume" "ceph" "iscsi" … */
    char *what;               /* "disk vda"; for sentences */
    enum answer defined;
};

struct preflight_memory {
    double total_kib, available_kib, swap_kib; /* NAN unknown */
    bool strict;                               /* more than memory and swap together is refused */
    double huge_free_kib;                      /* in pages of the size that is asked for; NAN unknown */
};

struct preflight_input {
    const char *vm; /* name; borrowed */
    struct vm_uuid uuid;
    char *uri;     /* of the host, without a password */
    char *ssh;     /* what a shell line for the host begins with: "ssh HOST "; "" for this machine */
    char *far;     /* why the host's files can't be looked at: "the host is remote: …"; NULL: they can */
    bool active;   /* it runs: what it has itself is in nobody's way */
    bool saved;    /* it goes on from a managed save image: only files count */
    xmlDocPtr doc; /* the definition that it starts from */
    struct domdef *def;        /* the same */
    struct start_item *item;   /* the same */
    const struct facts *facts; /* of what is_qemu, local, domcaps, hostcaps, hostdevs and others are filled,
                                * and native_error; borrowed */
    bool native_tried;         /* libvirt's own dry run was made: native_error says what came of it */
    const struct nest_host *nest;   /* NULL: nesting is not asked for; borrowed */
    const struct snapshot *domains; /* the host's domains; NULL unknown; borrowed */
    VEC(struct preflight_need) needs;
    VEC(struct preflight_image) images;
    VEC(struct preflight_file) files;
    VEC(struct preflight_secret) secrets;
    VEC(struct vm_uuid) running; /* of the host's domains, now: newer than `domains` */
    bool running_known;
    const struct survey *ports; /* who listens, of the ports it wants; NULL unknown; borrowed */
    struct preflight_memory memory;
};

/* Whether that domain of in->domains runs now. */
bool preflight_runs(const struct preflight_input *in, const struct vm *vm);
/* Frees what the input owns. */
void preflight_input_clear(struct preflight_input *in);

#endif
