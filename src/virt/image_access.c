/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/image_access.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/file.h"
#include "base/text.h"
#include "model/xml.h"

#define CONF_MAX (1u << 20)

/* ---- the user ---- */

static void take_groups(struct qemu_user *u)
{
    char buffer[8192];
    struct passwd pw, *found = NULL;
    int n = (int)ARRAY_LEN(u->groups);
    getpwuid_r(u->uid, &pw, buffer, sizeof buffer, &found);
    u->name = found ? xstrdup(found->pw_name) : xasprintf("%u", u->uid);
    u->groups[0] = u->gid;
    u->n_groups = 1;
    if (found && getgrouplist(found->pw_name, u->gid, u->groups, &n) >= 0)
        u->n_groups = n;
    else if (found)
        u->known = false; /* more groups than are looked at: no answer is better than a wrong one */
}

/* "+64055:+64055", as capabilities and definitions write it. */
static bool read_label(struct qemu_user *u, const char *label)
{
    return label && sscanf(label, "+%u:+%u", &u->uid, &u->gid) == 2;
}

static char *base_label(xmlDocPtr hostcaps)
{
    xmlNodePtr host = hostcaps ? xml_child(xmlDocGetRootElement(hostcaps), "host") : NULL;
    for (xmlNodePtr m = xml_child(host, "secmodel"); m; m = xml_next(m, "secmodel"))
        if (xml_get_is(m, "model", "dac"))
            return xml_get(m, "baselabel");
    return NULL;
}

/* The last line that sets it counts for nothing: libvirt takes the first. Unsaid, libvirt does it. */
static enum answer read_dynamic_ownership(const char *conf)
{
    static const char key[] = "dynamic_ownership";
    char *text = NULL;
    bool missing = false;
    enum answer a = ANSWER_YES;
    if (!file_read(conf, CONF_MAX, &text, NULL, &missing, NULL))
        return missing ? ANSWER_YES : ANSWER_UNKNOWN;
    for (const char *line = text; line && *line; line = text_next_line(line)) {
        const char *p = line + strspn(line, " \t");
        if (strncmp(p, key, strlen(key)) != 0)
            continue;
        p += strlen(key);
        p += strspn(p, " \t");
        if (*p != '=')
            continue;
        p += 1 + strspn(p + 1, " \t");
        a = *p == '0' ? ANSWER_NO : ANSWER_YES;
        break;
    }
    free(text);
    return a;
}

void qemu_user_read(struct qemu_user *u, xmlNodePtr domain, xmlDocPtr hostcaps, bool session,
                    const char *conf)
{
    *u = (struct qemu_user){0};
    if (session) {
        *u = (struct qemu_user){.known = true, .uid = geteuid(), .gid = getegid(), .relabels = ANSWER_NO};
        take_groups(u);
        return;
    }
    xmlNodePtr own = xml_find(domain, "seclabel[model=dac]");
    char *label = xml_get(own, "label"), *base = base_label(hostcaps);
    u->known = read_label(u, label) || (!label && read_label(u, base));
    u->relabels = xml_get_is(own, "@relabel", "no") ? ANSWER_NO : read_dynamic_ownership(conf);
    if (u->known)
        take_groups(u);
    free(label);
    free(base);
}

void qemu_user_clear(struct qemu_user *u)
{
    free(u->name);
    *u = (struct qemu_user){0};
}

/* ---- a file or folder ---- */

static bool in_group(const struct qemu_user *u, unsigned gid)
{
    for (int i = 0; i < u->n_groups; i++)
        if (u->groups[i] == gid)
            return true;
    return false;
}

/* As the kernel lays an ACL down in an extended attribute (linux/posix_acl_xattr.h). */
struct acl_entry {
    uint16_t tag, perm;
    uint32_t id;
};
enum { ACL_USER_OBJ = 1, ACL_USER = 2, ACL_GROUP_OBJ = 4, ACL_GROUP = 8, ACL_MASK = 16, ACL_OTHER = 32 };

static size_t read_acl(const char *path, struct acl_entry *out, size_t max)
{
    unsigned char raw[4 + 256 * sizeof(struct acl_entry)];
    ssize_t n = getxattr(path, "system.posix_acl_access", raw, sizeof raw);
    size_t count = n > 4 ? ((size_t)n - 4) / sizeof *out : 0;
    if (count > max)
        count = max;
    memcpy(out, raw + 4, count * sizeof *out);
    return count;
}

/* The first of the kernel's steps that fits decides; of groups, any that grants it. */
static bool acl_grants(const struct qemu_user *u, const struct stat *st, const struct acl_entry *acl,
                       size_t n, unsigned want)
{
    unsigned mask = 7, other = 0;
    bool group_fits = false, granted = false;
    for (size_t i = 0; i < n; i++) {
        mask = acl[i].tag == ACL_MASK ? acl[i].perm : mask;
        other = acl[i].tag == ACL_OTHER ? acl[i].perm : other;
    }
    for (size_t i = 0; i < n; i++) {
        if (acl[i].tag == ACL_USER_OBJ && u->uid == st->st_uid)
            return (acl[i].perm & want) == want;
        if (acl[i].tag == ACL_USER && u->uid == acl[i].id)
            return (acl[i].perm & mask & want) == want;
    }
    for (size_t i = 0; i < n; i++) {
        bool fits = (acl[i].tag == ACL_GROUP_OBJ && in_group(u, st->st_gid)) ||
                    (acl[i].tag == ACL_GROUP && in_group(u, acl[i].id));
        group_fits = group_fits || fits;
        granted = granted || (fits && (acl[i].perm & mask & want) == want);
    }
    return group_fits ? granted : (other & want) == want;
}

/* want: bits of 4 read, 2 write, 1 pass. */
static bool grants(const struct qemu_user *u, const char *path, const struct stat *st, unsigned want)
{
    struct acl_entry acl[256];
    size_t n = read_acl(path, acl, ARRAY_LEN(acl));
    if (n)
        return acl_grants(u, st, acl, n, want);
    unsigned shift = u->uid == st->st_uid ? 6 : in_group(u, st->st_gid) ? 3 : 0;
    return ((unsigned)st->st_mode >> shift & want) == want;
}

/* ---- the way to it ---- */

/* Of errno: what keeps us from looking is not always a right that is missing. */
static char *unseen_words(const char *path)
{
    return errno == EACCES || errno == EPERM ? xasprintf("you may not look at %s", path)
                                             : xasprintf("%s: %s", path, strerror(errno));
}

static void say_unknown(struct image_access *out, char *why)
{
    out->may = ANSWER_UNKNOWN;
    out->why = why;
}

/* False: nobody can tell, or one folder is in the way; then `out` says so. `full` is cut and mended again. */
static bool passes_folders(const struct qemu_user *u, char *full, size_t root_len, struct image_access *out)
{
    struct stat st;
    for (char *slash = full + root_len; slash; slash = strchr(slash + 1, '/')) {
        char *end = slash == full + root_len ? slash + 1 : slash, kept = *end;
        *end = '\0';
        bool seen = stat(full, &st) == 0, pass = seen && grants(u, full, &st, 1);
        if (!seen)
            say_unknown(out, unseen_words(full + root_len));
        else if (!pass) {
            out->may = ANSWER_NO;
            out->is_folder = true;
            out->at = xstrdup(full + root_len);
        }
        *end = kept;
        if (!pass)
            return false;
    }
    return true;
}

static void look_at_file(const struct qemu_user *u, const char *full, const char *path, bool read_only,
                         bool left_alone, struct image_access *out)
{
    struct stat st;
    enum answer relabels = left_alone ? ANSWER_NO : u->relabels;
    bool seen = stat(full, &st) == 0;
    if (seen && (relabels == ANSWER_YES || grants(u, full, &st, read_only ? 4 : 6))) {
        out->may = ANSWER_YES;
    } else if (!seen) {
        say_unknown(out, unseen_words(path));
    } else if (relabels == ANSWER_UNKNOWN) {
        say_unknown(
            out, xasprintf("%s does not have %s as its owner, and whether libvirt changes that can't be read "
                           "(qemu.conf, dynamic_ownership)",
                           path, u->name));
    } else {
        out->may = ANSWER_NO;
        out->at = xstrdup(path);
    }
}

void image_access_look(const struct qemu_user *u, const char *root, const char *path, bool read_only,
                       bool left_alone, struct image_access *out)
{
    if (!u->known) {
        say_unknown(out, xstrdup("libvirt does not say as which user it runs QEMU"));
        return;
    }
    out->user = xstrdup(u->name);
    char *full = xasprintf("%s%s", root, path);
    if (passes_folders(u, full, strlen(root), out))
        look_at_file(u, full, path, read_only, left_alone, out);
    /* As a rule libvirt takes root's rights from its QEMU, but not where qemu.conf says otherwise. */
    if (out->may == ANSWER_NO && u->uid == 0) {
        say_unknown(out,
                    xasprintf("%s is not root's, and whether QEMU has root's rights is not known", out->at));
        free(out->at);
        out->at = NULL;
        out->is_folder = false;
    }
    free(full);
}
