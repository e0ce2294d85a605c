/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the edit job share: one edit under way, the acts it consists of. All of it belongs to the
 * job's thread; nobody else includes this.
 *
 *   edit.c         the job: read, plan, check, journal, act, tell
 *   edit_plan.c    changes and both trees → acts
 *   edit_form.c    a value that is turned back is said in the words of before
 *   edit_act.c     one act → one call of libvirt's, and the same as a virsh command
 *   edit_volume.c  a new volume for a disk that is added
 *   edit_native.c  libvirt's own autostart flag, which goes with a change
 *   edit_define.c  replacing the whole definition without overwriting somebody else's edit unseen
 *   edit_kept.c    whether changes, this one and earlier ones, were overwritten by somebody else
 */
#ifndef VIRTDECK_VIRT_EDIT_PRIVATE_H
#define VIRTDECK_VIRT_EDIT_PRIVATE_H

#include "device/facts.h"
#include "device/journal.h"
#include "model/finding.h"
#include "virt/edit.h"
#include "virt/private.h"

enum act_kind {
    ACT_ATTACH,
    ACT_DETACH,
    ACT_UPDATE,
    ACT_FIELD,    /* a field that has a call of its own */
    ACT_METADATA, /* our element of the metadata */
    ACT_DEFINE    /* the whole configured definition, with every change in it */
};

/* One call of libvirt's. */
struct act {
    enum act_kind kind;
    unsigned affect;                  /* VIR_DOMAIN_AFFECT_LIVE | _CONFIG */
    size_t change;                    /* index of the change it is for; ACT_DEFINE: unused */
    const struct device_field *field; /* ACT_FIELD */
    const char *value;                /* ACT_FIELD: the change's */
    char *xml; /* the device's element; ACT_METADATA, ACT_FIELD: what the call wants of it; NULL: none */
    char *key, *target; /* the device's; target: of a disk or NIC */
    bool may_fail; /* where libvirt can't do it live, it takes effect at the next boot, and that is no failure
                    */
};

/* What became of a change. */
struct outcome {
    struct changed live, config;
    bool now, boot, pending; /* took effect now, will at the next boot; waits for the guest */
    bool nothing;            /* it was so already */
    char *why_not_now;       /* libvirt's words; NULL */
};

/* Who writes the definition's file, counted. */
struct edit_watch {
    int fd; /* -1: can't be watched */
    char *file;
    int seen;
};

struct edit {
    struct job_context *c;
    struct edit_request *request;
    bool active, persistent;
    char *live_xml, *config_xml; /* as read, with secrets; NULL where there is none */
    xmlDocPtr live, config;      /* the same with the changes made so far */
    bool define;                 /* the configured definition is replaced as a whole */
    bool configured;             /* something of it was changed by a narrow call */
    bool metadata_only;          /* nothing that a check could say anything about */
    VEC(struct act) acts;
    struct outcome *outcomes;       /* one a change */
    enum native_flag native_before; /* NATIVE_KEEP: not asked for, nobody sets it */
    bool native_done;               /* it was set */
    struct edit_watch watch;
    struct facts facts;
    finding_list findings;
    struct journal_entry entry;
    bool journalled;
    journal_list earlier;    /* the journal as it was before */
    int turn;                /* the right to change this domain (journal_lock_domain); -1: not held */
    virStorageVolPtr volume; /* made for a disk that is added; NULL */
    char *volume_path;       /* where it is or will be; NULL: none is made */
    char *new_xml;           /* the configured definition afterwards, as libvirt has it */
};

/* edit.c: whether one of the changes has taken effect, or will. */
bool edit_did_something(const struct edit *ed);
/* edit_plan.c: makes the changes in both trees and lists the acts. False with c->error set. */
bool edit_plan(struct edit *ed);
/* edit_form.c: after a change of fields was made in the configured tree. */
void edit_take_form(struct edit *ed, size_t change);
/* edit_act.c */
bool act_run(struct edit *ed, const struct act *a);
/* The same as a shell line (several for XML), secrets hidden; the caller frees. */
char *act_virsh(const struct edit *ed, const struct act *a);
void act_clear(struct act *a);
/* Waits until the guest has let the device go; false: it has not within the request's time. */
bool act_wait_unplugged(struct edit *ed, const struct act *a);
/* edit_volume.c: the new volume that the request names, in the pool that it names; true where it names none.
 * Before the trees are changed its path has to be known: edit_volume_plan() puts it into the changes. */
bool edit_volume_plan(struct edit *ed);
bool edit_volume_make(struct edit *ed);
/* The same as a shell line; the caller frees; NULL where it names none. */
char *edit_volume_virsh(const struct edit *ed);
void edit_volume_undo(struct edit *ed); /* deletes what was made, unless a disk has it already */
void edit_volume_end(struct edit *ed);
/* edit_native.c: after edit_plan(), reads what libvirt's flag is and settles what it is to be. */
bool edit_native_plan(struct edit *ed);
bool edit_native_differs(const struct edit *ed);
bool edit_native_run(struct edit *ed);
/* The same as a shell line; the caller frees; NULL: it stays. */
char *edit_native_virsh(const struct edit *ed);
/* What it is now; NATIVE_KEEP with c->error set: nobody can tell. */
enum native_flag native_read(struct job_context *c);
const char *native_word(enum native_flag flag); /* "on" "once" "off"; NULL for NATIVE_KEEP */
enum native_flag native_find(const char *word); /* NATIVE_KEEP: none of these, or NULL */
/* edit_define.c */
bool edit_define(struct edit *ed);
/* Watches who writes the definition from here on, where that can be seen: while the right to change the
 * domain is held, before its definition is read. */
void edit_watch_begin(struct edit *ed);
void edit_watch_end(struct edit *ed);
/* How often it was written since the last call; added to what was seen. */
int edit_watch_count(struct edit_watch *w);
/* The configured definition with its secrets; the caller frees; NULL with c->error set. */
char *edit_read_config(struct job_context *c);
/* edit_kept.c: whether nobody wrote an older definition over the changes at once; own: how often the acts
 * wrote it. False with c->error set. */
bool edit_outlives(struct edit *ed, int own);
/* The same of new_xml, as it was read after them; where nobody can tell who wrote it, a finding. */
bool edit_is_kept(struct edit *ed, int own);
/* Which earlier changes are not in the configured definition any more, before this one and after it
 * (new_xml), though nothing of ours took them out: noted in the journal, and a finding. */
void edit_find_before(struct edit *ed);
void edit_find_after(struct edit *ed, int own);
void edit_tell_overwritten(struct edit *ed); /* what was found, behind the error; of others' changes, too */
#define EDITED_AT_ONCE "edited-at-once"      /* the finding that another's change may be overwritten */

#endif
