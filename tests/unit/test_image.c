/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is looked at of an image before a start: whether QEMU's user may use it (owners, modes, ACLs, folders
 * above), what qemu-img says of its chain, and locks as QEMU sets them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "scratch.h"
#include "virt/image_access.h"
#include "virt/image_chain.h"
#include "virt/image_lock.h"
#include "xml_fixture.h"

static char *put(const char *name, const char *text, mode_t mode)
{
    struct error e = ERROR_INIT;
    char *path = xasprintf("%s/%s", scratch(""), name);
    if (!file_write(path, text, strlen(text), mode, &e))
        fail_msg("%s", error_text(&e));
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

/* ---- who runs QEMU ---- */

static const char caps[] =
    "<capabilities><host><secmodel><model>none</model></secmodel><secmodel><model>dac</model>"
    "<baselabel type='kvm'>+64055:+64056</baselabel></secmodel></host></capabilities>";

struct user_case {
    const char *domain, *conf; /* NULL: there is no such file */
    bool with_caps, session, known;
    unsigned uid;
    enum answer relabels;
};

static void test_user(void **state)
{
    static const struct user_case cases[] = {
        {"<domain/>", NULL, true, false, true, 64055, ANSWER_YES},
        {"<domain/>", "#dynamic_ownership = 0\n", true, false, true, 64055, ANSWER_YES},
        {"<domain/>", "user = \"x\"\n dynamic_ownership=0\n", true, false, true, 64055, ANSWER_NO},
        {"<domain/>", "dynamic_ownership = 1\ndynamic_ownership = 0\n", true, false, true, 64055, ANSWER_YES},
        {"<domain/>", NULL, false, false, false, 0, ANSWER_YES},
        {"<domain><seclabel type='static' model='dac' relabel='no'><label>+7:+8</label></seclabel></domain>",
         NULL, true, false, true, 7, ANSWER_NO},
        {"<domain><seclabel type='static' model='dac'><label>web:web</label></seclabel></domain>", NULL, true,
         false, false, 0, ANSWER_YES},
        {"<domain><seclabel type='dynamic' model='selinux'/></domain>", NULL, true, false, true, 64055,
         ANSWER_YES},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct qemu_user u;
        xmlDocPtr doc = parse(cases[i].domain), host = cases[i].with_caps ? parse(caps) : NULL;
        char *conf = cases[i].conf ? put("qemu.conf", cases[i].conf, 0600) : xstrdup("/nowhere/qemu.conf");
        qemu_user_read(&u, xmlDocGetRootElement(doc), host, cases[i].session, conf);
        assert_int_equal(u.known, cases[i].known);
        assert_int_equal(u.relabels, cases[i].relabels);
        if (u.known)
            assert_int_equal(u.uid, cases[i].uid);
        qemu_user_clear(&u);
        xmlFreeDoc(doc);
        xmlFreeDoc(host);
        free(conf);
    }
}

static void test_session_user(void **state)
{
    struct qemu_user u;
    xmlDocPtr doc = parse("<domain/>");
    (void)state;
    qemu_user_read(&u, xmlDocGetRootElement(doc), NULL, true, "/nowhere");
    assert_true(u.known);
    assert_int_equal(u.uid, geteuid());
    assert_int_equal(u.relabels, ANSWER_NO);
    qemu_user_clear(&u);
    xmlFreeDoc(doc);
}

/* ---- what it may do ---- */

/* Somebody who owns nothing here; or whoever runs the test. */
static struct qemu_user somebody(bool owner, enum answer relabels)
{
    struct qemu_user u = {.known = true,
                          .uid = owner ? geteuid() : 54321,
                          .gid = 54321,
                          .groups = {54321},
                          .n_groups = 1,
                          .name = xstrdup("qemu"),
                          .relabels = relabels};
    return u;
}

static struct image_access look(const struct qemu_user *u, const char *path, bool read_only, bool left_alone)
{
    struct image_access a = {0};
    image_access_look(u, scratch(""), path, read_only, left_alone, &a);
    return a;
}

static void access_clear(struct image_access *a)
{
    free(a->user);
    free(a->at);
    free(a->why);
}

static void test_access(void **state)
{
    static const struct {
        mode_t folder, file;
        bool read_only, left_alone;
        enum answer relabels, may;
        bool is_folder;
    } cases[] = {
        {0755, 0600, false, false, ANSWER_YES, ANSWER_YES, false}, /* libvirt makes it its own */
        {0700, 0666, false, false, ANSWER_YES, ANSWER_NO, true},   /* but goes through no home for it */
        {0711, 0600, false, false, ANSWER_YES, ANSWER_YES, false}, /* passing is enough */
        {0755, 0600, false, false, ANSWER_NO, ANSWER_NO, false},   /* nobody makes it its own */
        {0755, 0644, false, false, ANSWER_NO, ANSWER_NO, false},   /* reading is not enough */
        {0755, 0644, true, false, ANSWER_NO, ANSWER_YES, false},   /* for a CD it is */
        {0755, 0600, false, true, ANSWER_YES, ANSWER_NO, false},   /* relabel='no' of the source */
        {0755, 0600, false, false, ANSWER_UNKNOWN, ANSWER_UNKNOWN, false},
        {0755, 0666, false, false, ANSWER_UNKNOWN, ANSWER_YES, false},
    };
    (void)state;
    assert_int_equal(chmod(scratch(""), 0755), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct qemu_user u = somebody(false, cases[i].relabels);
        char *folder = xasprintf("%s/home%zu", scratch(""), i), *name = xasprintf("home%zu/a.img", i);
        assert_int_equal(mkdir(folder, 0755), 0);
        char *file = put(name, "x", cases[i].file), *path = file + strlen(scratch(""));
        assert_int_equal(chmod(folder, cases[i].folder), 0);
        struct image_access a = look(&u, path, cases[i].read_only, cases[i].left_alone);
        if (a.may != cases[i].may || a.is_folder != cases[i].is_folder)
            fail_msg("case %zu: %s, at %s", i, answer_word(a.may), a.at ? a.at : "-");
        if (a.may == ANSWER_NO)
            assert_string_equal(a.at, a.is_folder ? folder + strlen(scratch("")) : path);
        assert_int_equal(a.may == ANSWER_UNKNOWN, a.why != NULL);
        access_clear(&a);
        qemu_user_clear(&u);
        free(folder);
        free(name);
        free(file);
    }
}

static void test_owner(void **state)
{
    (void)state;
    struct qemu_user u = somebody(true, ANSWER_NO);
    char *file = put("own.img", "x", 0600);
    struct image_access a = look(&u, file + strlen(scratch("")), false, false);
    assert_int_equal(a.may, ANSWER_YES);
    access_clear(&a);
    u.known = false;
    a = look(&u, file + strlen(scratch("")), false, false);
    assert_int_equal(a.may, ANSWER_UNKNOWN);
    access_clear(&a);
    qemu_user_clear(&u);
    free(file);
}

/* user::rwx, user:54321:PERM, group::---, mask::MASK, other::--- */
static bool put_acl(const char *path, unsigned char perm, unsigned char mask)
{
    static const unsigned char id[] = {0x31, 0xd4, 0, 0}, none[] = {0xff, 0xff, 0xff, 0xff};
    unsigned char acl[4 + 5 * 8] = {2};
    const struct {
        unsigned char tag, perm;
        const unsigned char *id;
    } rows[] = {{1, 7, none}, {2, perm, id}, {4, 0, none}, {16, mask, none}, {32, 0, none}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        unsigned char *at = acl + 4 + i * 8;
        at[0] = rows[i].tag;
        at[2] = rows[i].perm;
        memcpy(at + 4, rows[i].id, 4);
    }
    return setxattr(path, "system.posix_acl_access", acl, sizeof acl, 0) == 0;
}

static void test_acl(void **state)
{
    (void)state;
    struct qemu_user u = somebody(false, ANSWER_NO);
    char *file = put("acl.img", "x", 0600), *path = file + strlen(scratch(""));
    if (!put_acl(file, 6, 6)) {
        free(file);
        qemu_user_clear(&u);
        skip(); /* a file system without them */
    }
    struct image_access a = look(&u, path, false, false);
    assert_int_equal(a.may, ANSWER_YES);
    access_clear(&a);
    assert_true(put_acl(file, 6, 4));
    a = look(&u, path, false, false);
    assert_int_equal(a.may, ANSWER_NO); /* the mask takes it back */
    access_clear(&a);
    a = look(&u, path, true, false);
    assert_int_equal(a.may, ANSWER_YES);
    access_clear(&a);
    qemu_user_clear(&u);
    free(file);
}

/* ---- chains, as qemu-img told them ---- */

#define LINK(name, more, corrupt)                                                                            \
    "{\"filename\":\"" name "\",\"format\":\"qcow2\"" more                                                   \
    ",\"format-specific\":{\"type\":\"qcow2\",\"data\":{\"corrupt\":" corrupt "}}}"
#define BASED ",\"full-backing-filename\":\"/i/base\",\"backing-filename\":\"base\""

static void chain_clear(struct image_chain *c)
{
    free(c->image);
    free(c->backing);
    free(c->found);
    free(c->format);
    free(c->why);
    *c = (struct image_chain){0};
}

static void test_chain_texts(void **state)
{
    static const struct {
        const char *json, *complaint;
        enum chain_state state;
        const char *image, *other; /* backing, format or why */
    } cases[] = {
        {"[" LINK("/i/top", "", "false") "]", "", CHAIN_WHOLE, NULL, NULL},
        {"[" LINK("/i/top", BASED ",\"backing-filename-format\":\"qcow2\"", "false") "," LINK("/i/base", "",
                                                                                              "false") "]",
         "", CHAIN_WHOLE, NULL, NULL},
        {"[" LINK("/i/top", BASED, "false") "," LINK("/i/base", BASED, "false") "]", "", CHAIN_UNNAMED,
         "/i/top", "/i/base"},
        {"[" LINK("/i/top", BASED, "false") "," LINK("/i/base", "", "true") "]", "", CHAIN_WHOLE, NULL, NULL},
        {"[" LINK("/i/top", "", "true") "]", "", CHAIN_CORRUPT, "/i/top", NULL},
        {"", "qemu-img: Could not open '/i/base': Could not open '/i/base': No such file or directory\n",
         CHAIN_MISSING, "/i/top", "/i/base"},
        {"", "qemu-img: Could not open '/i/top': Image is not in qcow2 format\n", CHAIN_FORMAT, "/i/top",
         "qcow2"},
        {"", "qemu-img: Could not open '/i/base': Could not open '/i/base': Permission denied\n",
         CHAIN_UNKNOWN, NULL, "you may not look into /i/base"},
        {"", "qemu-img: Could not open '/i/top': Could not read L1 table: Input/output error\n", CHAIN_BROKEN,
         NULL, "Could not open '/i/top': Could not read L1 table: Input/output error"},
        {"", "qemu-img: Could not open 'rbd:pool/x': Unknown protocol 'rbd'\n", CHAIN_UNKNOWN, NULL,
         "Could not open 'rbd:pool/x': Unknown protocol 'rbd'"},
        {"", "", CHAIN_UNKNOWN, NULL, "qemu-img gave no answer"},
        {"[", "", CHAIN_UNKNOWN, NULL, "qemu-img gave no answer"},
        {"{}", "", CHAIN_UNKNOWN, NULL, "qemu-img gave no answer"},
        {"[{}]", "", CHAIN_UNKNOWN, NULL, NULL},
        {"[1,[],null]", "", CHAIN_UNKNOWN, NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct image_chain c = {0};
        image_chain_read("/i/top", cases[i].json, cases[i].complaint, &c);
        const char *other = c.backing ? c.backing : c.format ? c.format : c.why;
        if (c.state != cases[i].state)
            fail_msg("case %zu: state %d", i, c.state);
        if (cases[i].image)
            assert_string_equal(c.image, cases[i].image);
        if (cases[i].other)
            assert_string_equal(other, cases[i].other);
        chain_clear(&c);
    }
}

/* A qemu-img of the test's own, first on the path. */
static char *with_qemu_img(const char *script)
{
    char *folder = xasprintf("%s/bin", scratch("")), *old = xstrdup(getenv("PATH"));
    mkdir(folder, 0755);
    free(put("bin/qemu-img", script, 0755));
    char *path = xasprintf("%s:%s", folder, old);
    setenv("PATH", path, 1);
    free(folder);
    free(path);
    return old;
}

static void test_chain_asked(void **state)
{
    struct image_chain c = {0};
    (void)state;
    char *old = with_qemu_img(
        "#!/bin/sh\n[ \"$1 $2 $3 $5 $6\" = 'info -U --output=json -f qcow2' ] && [ \"$7\" = \"/i/a b\" ] &&\n"
        "echo '[{\"filename\":\"/i/a b\",\"format\":\"qcow2\"}]'\n");
    image_chain_look("/i/a b", "qcow2", clock_mono_ms() + 60000, &c);
    assert_int_equal(c.state, CHAIN_WHOLE);
    chain_clear(&c);
    image_chain_look("/i/other", "qcow2", clock_mono_ms() + 60000, &c);
    assert_int_equal(c.state, CHAIN_UNKNOWN);
    chain_clear(&c);
    setenv("PATH", old, 1);
    free(old);
}

/* One that never answers is ended when the time is over. */
static void test_chain_bounded(void **state)
{
    struct image_chain c = {0};
    (void)state;
    char *old = with_qemu_img("#!/bin/sh\nexec sleep 1000\n");
    image_chain_look("/i/top", "qcow2", clock_mono_ms() + 50, &c);
    assert_int_equal(c.state, CHAIN_UNKNOWN);
    assert_string_equal(c.why, "qemu-img gave no answer in time");
    chain_clear(&c);
    setenv("PATH", "/nowhere", 1);
    image_chain_look("/i/top", "qcow2", clock_mono_ms() + 60000, &c);
    assert_int_equal(c.state, CHAIN_UNKNOWN);
    assert_non_null(strstr(c.why, "can't be run"));
    chain_clear(&c);
    image_chain_look("/i/top", "raw", clock_mono_ms() + 60000, &c);
    assert_int_equal(c.state, CHAIN_WHOLE); /* nobody needs to be asked */
    chain_clear(&c);
    setenv("PATH", old, 1);
    free(old);
}

/* ---- locks ---- */

static void lock_byte(int fd, off_t byte)
{
    struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &l), 0);
}

static void test_locks(void **state)
{
    /* Bytes that are held, and what a writer, one that shares and a reader then meet. */
    static const struct {
        off_t bytes[3];
        enum image_lock writer, sharing, reader;
    } cases[] = {
        {{0}, IMAGE_FREE, IMAGE_FREE, IMAGE_FREE},
        {{100, 101, 201}, IMAGE_HELD, IMAGE_HELD, IMAGE_HELD}, /* a running domain */
        {{100, 101}, IMAGE_HELD, IMAGE_FREE, IMAGE_HELD},      /* one that shares */
        {{100, 201}, IMAGE_HELD, IMAGE_HELD, IMAGE_FREE},      /* who reads and wants it to stay as it is */
        {{100}, IMAGE_FREE, IMAGE_FREE, IMAGE_FREE},
        {{200}, IMAGE_HELD, IMAGE_HELD, IMAGE_HELD},
        {{7}, IMAGE_FREE, IMAGE_FREE, IMAGE_FREE}, /* none of QEMU's */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *path = put("lock.img", "x", 0600);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        for (size_t b = 0; b < 3 && cases[i].bytes[b]; b++)
            lock_byte(fd, cases[i].bytes[b]);
        assert_int_equal(image_lock_meets(path, true, false), cases[i].writer);
        assert_int_equal(image_lock_meets(path, true, true), cases[i].sharing);
        assert_int_equal(image_lock_meets(path, false, false), cases[i].reader);
        close(fd);
        assert_int_equal(image_lock_meets(path, true, false), IMAGE_FREE);
        free(path);
    }
    assert_int_equal(image_lock_meets("/nowhere/x.img", true, false), IMAGE_UNSEEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_user),        cmocka_unit_test(test_session_user),
        cmocka_unit_test(test_access),      cmocka_unit_test(test_owner),
        cmocka_unit_test(test_acl),         cmocka_unit_test(test_chain_texts),
        cmocka_unit_test(test_chain_asked), cmocka_unit_test(test_chain_bounded),
        cmocka_unit_test(test_locks),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
