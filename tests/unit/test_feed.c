/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/paths.h"
#include "base/strbuf.h"
#include "logs/feed.h"
#include "scratch.h"

extern char **environ;

static const char uuid_text[] = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0";

static struct feed_ask ask_for(const char *uri, const char *vm)
{
    struct feed_ask ask = {.uri = uri, .vm = vm};
    assert_true(uuid_parse(uuid_text, &ask.uuid));
    return ask;
}

/* ---- which file ---- */

static void qemu_logs(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *vm, *want, *why;
    } rows[] = {
        {"qemu:///system", "web1", "/var/log/libvirt/qemu/web1.log", NULL},
        {"qemu:///system?socket=/x", "web1", "/var/log/libvirt/qemu/web1.log", NULL},
        {"qemu+unix:///system", "a b", "/var/log/libvirt/qemu/a b.log", NULL},
        {"QEMU:///system", "w", "/var/log/libvirt/qemu/w.log", NULL},
        {"qemu+tcp://localhost/system", "w", "/var/log/libvirt/qemu/w.log", NULL},
        {"qemu:///session", "w", "/cache/libvirt/qemu/log/w.log", NULL},
        {"qemu:///embed?root=/a/b", "w", "/a/b/log/qemu/w.log", NULL},
        {"qemu:///embed?x=1&root=%2Fa%20b", "w", "/a b/log/qemu/w.log", NULL},
        {"qemu:///embed?root=rel", "w", NULL, "does not say where"},
        {"qemu:///embed", "w", NULL, "does not say where"},
        {"qemu:///other", "w", NULL, "does not say where"},
        {"qemu:///system", "a/b", NULL, "of this name"},
        {"qemu:///system", "", NULL, "of this name"},
        {"qemu:///system", NULL, NULL, "of this name"},
        {"test:///default", "w", NULL, "test driver"},
        {"xen:///system", "w", NULL, "only QEMU"},
        {"alias", "w", NULL, "does not say where"},
        {"", "w", NULL, "does not say where"},
        {"://", "w", NULL, "does not say where"},
        {NULL, "w", NULL, "does not say where"},
        {"qemu://far/system", "w", NULL, "qemu+ssh://far/system"},
        {"qemu+tls://far/system", "w", NULL, "by tls carries no files"},
        {"qemu+tcp://u@far:99/system", "w", NULL, "on the host far"},
        {"qemu+ext://far/system", "w", NULL, "by ext"},
    };
    setenv("XDG_CACHE_HOME", "/cache", 1);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct feed_ask ask = ask_for(rows[i].uri, rows[i].vm);
        struct error e = ERROR_INIT;
        struct feed f;
        bool remote = true, good = feed_find(SOURCE_QEMU, &ask, &f, &remote, &e);
        assert_false(remote);
        if (rows[i].want) {
            assert_true(good);
            assert_int_equal(f.kind, FEED_BEFORE);
            assert_int_equal(f.source, SOURCE_QEMU);
            assert_string_equal(f.path, rows[i].want);
        } else if (good || !strstr(error_text(&e), rows[i].why)) {
            fail_msg("%s %s: %s", rows[i].uri, rows[i].vm, error_text(&e));
        }
        error_clear(&e);
        feed_clear(&f);
    }
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "/home/u", 1);
    paths_init();
    struct feed_ask ask = ask_for("qemu:///session", "w");
    struct feed f;
    assert_true(feed_find(SOURCE_QEMU, &ask, &f, NULL, NULL));
    assert_string_equal(f.path, "/home/u/.cache/libvirt/qemu/log/w.log");
    feed_clear(&f);
}

static void serial_logs(void **state)
{
    (void)state;
    static const struct {
        const char *log, *want;
    } rows[] = {{"/var/log/s.log", "/var/log/s.log"},
                {"/s", "/s"},
                {"/a b/'c'", "/a b/'c'"},
                {"rel", NULL},
                {"rel/s", NULL},
                {"", NULL},
                {NULL, NULL}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct feed_ask ask = ask_for("qemu:///system", "w");
        struct error e = ERROR_INIT;
        struct feed f;
        ask.serial_log = rows[i].log;
        assert_true(feed_find(SOURCE_SERIAL, &ask, &f, NULL, &e) == (rows[i].want != NULL));
        if (rows[i].want)
            assert_string_equal(f.path, rows[i].want);
        else
            assert_non_null(strstr(error_text(&e), "no file"));
        error_clear(&e);
        feed_clear(&f);
    }
}

static void sources_without_a_feed(void **state)
{
    (void)state;
    static const enum line_source none[] = {SOURCE_LIBVIRT, SOURCE_AGENT, SOURCE_EVENT, SOURCE_MESSAGES};
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        struct feed_ask ask = ask_for("qemu:///system", "w");
        struct error e = ERROR_INIT;
        struct feed f;
        assert_false(feed_find(none[i], &ask, &f, NULL, &e));
        assert_non_null(strstr(error_text(&e), source_word(none[i])));
        error_clear(&e);
    }
}

/* ---- ssh ---- */

static char *words_before_command(char **argv)
{
    struct strbuf out = {0};
    for (char **p = argv; *p && p[1]; p++)
        strbuf_printf(&out, "%s[%s]", p == argv ? "" : " ", *p);
    return strbuf_steal(&out);
}

static const char *last_of(char **argv)
{
    while (argv[1])
        argv++;
    return *argv;
}

#define SSH                                                                                                  \
    "[ssh] [-T] [-o] [BatchMode=yes] [-o] [ConnectTimeout=10] [-o] [ServerAliveInterval=15] [-o] "           \
    "[UpdateHostKeys=no] [-o] [LogLevel=ERROR]"

static void ssh_words(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *want;
    } rows[] = {
        {"qemu+ssh://far/system", SSH " [--] [far]"},
        {"qemu+ssh://root@far:2222/system", SSH " [-p] [2222] [-l] [root] [--] [far]"},
        {"qemu+ssh://root@localhost:2222/system", SSH " [-p] [2222] [-l] [root] [--] [localhost]"},
        {"qemu+ssh://[fe80::1%25eth0]:22/system", SSH " [-p] [22] [--] [fe80::1%eth0]"},
        {"qemu+ssh://[::1]/system", SSH " [--] [::1]"},
        {"qemu+ssh://u%40corp:secret@far/system", SSH " [-l] [u@corp] [--] [far]"},
        {"qemu+ssh://-oProxyCommand=x/system", SSH " [--] [-oProxyCommand=x]"},
        {"qemu+ssh://far/system?keyfile=/k%20y&no_verify=1&no_tty=1",
         SSH " [-o] [StrictHostKeyChecking=no] [-i] [/k y] [--] [far]"},
        {"qemu+ssh://far/system?no_verify=0&command=", SSH " [--] [far]"},
        {"qemu+libssh2://far/system?known_hosts=/a%20b&known_hosts_verify=auto",
         SSH " [-o] [StrictHostKeyChecking=accept-new] [-o] [UserKnownHostsFile=\"/a b\"] [--] [far]"},
        {"qemu+libssh://far/system?known_hosts_verify=ignore",
         SSH " [-o] [StrictHostKeyChecking=no] [--] [far]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct feed_ask ask = ask_for(rows[i].uri, "web1");
        struct error e = ERROR_INIT;
        struct feed f;
        bool remote = false;
        if (!feed_find(SOURCE_QEMU, &ask, &f, &remote, &e))
            fail_msg("%s: %s", rows[i].uri, error_text(&e));
        assert_true(remote);
        assert_int_equal(f.kind, FEED_PROGRAM);
        char *words = words_before_command(f.argv);
        assert_string_equal(words, rows[i].want);
        free(words);
        feed_clear(&f);
    }
}

/* ---- what the far side's shell makes of it ---- */

/* An "ssh" that gives its last word to a shell, as sshd does. */
static char *fake_ssh(void)
{
    char *path = xstrdup(scratch("ssh"));
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs("#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n", f);
    fclose(f);
    assert_int_equal(chmod(path, 0755), 0);
    return path;
}

/* Runs it until so many newlines have come, or until it ends. Both outputs. */
static char *run(char **argv, size_t lines)
{
    struct strbuf out = {0};
    posix_spawn_file_actions_t actions;
    int pipes[2], status;
    pid_t pid;
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
    assert_int_equal(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(pipes[1]);
    for (char c; lines > 0 && read(pipes[0], &c, 1) == 1;) {
        strbuf_putc(&out, c);
        lines -= c == '\n';
    }
    kill(pid, SIGKILL);
    close(pipes[0]);
    waitpid(pid, &status, 0);
    return strbuf_steal(&out);
}

static void torture_of_names(void **state)
{
    (void)state;
    static const char *const names[] = {"plain",
                                        "a b",
                                        "it's",
                                        "''",
                                        "\"$(touch hit)`touch hit`;touch hit&|<>",
                                        "-n",
                                        "--help",
                                        "*?[a]{b,c}~",
                                        "back\\slash\\",
                                        "new\nline",
                                        "%s%n#!",
                                        "bytes\xff\xfe\x01\x1b[31m",
                                        "$1"};
    char *ssh = fake_ssh();
    char *dir = xstrdup(scratch("d'i r$(touch hit)"));
    assert_int_equal(mkdir(dir, 0755), 0);
    char *uri = xasprintf("qemu+ssh://far/system?command=%s", ssh);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char *path = paths_join(dir, names[i]);
        scratch_write(path, "too old\nfirst\nsecond\n");
        struct feed_ask ask = ask_for(uri, "w");
        struct feed f;
        ask.serial_log = path;
        ask.lines = 2;
        assert_true(feed_find(SOURCE_SERIAL, &ask, &f, NULL, NULL));
        char *out = run(f.argv, 2);
        assert_string_equal(out, "first\nsecond\n");
        free(out);
        feed_clear(&f);
        free(path);
    }
    assert_int_equal(access("hit", F_OK), -1);
    free(uri);
    free(dir);
    free(ssh);
}

/* A session's directory is that of the user over there. */
static void session_far_away(void **state)
{
    (void)state;
    char *ssh = fake_ssh(), *home = xstrdup(scratch("home"));
    char *make = xasprintf("mkdir -p '%s/.cache/libvirt/qemu/log' '%s/x/libvirt/qemu/log'", home, home);
    assert_int_equal(system(make), 0);
    free(make);
    char *uri = xasprintf("qemu+ssh://far/session?command=%s", ssh);
    char *one = xasprintf("%s/.cache/libvirt/qemu/log/w.log", home);
    char *two = xasprintf("%s/x/libvirt/qemu/log/w.log", home), *x = xasprintf("%s/x", home);
    scratch_write(one, "one\n");
    scratch_write(two, "two\n");
    setenv("HOME", home, 1);
    for (int i = 0; i < 2; i++) {
        struct feed_ask ask = ask_for(uri, "w");
        struct feed f;
        if (i)
            setenv("XDG_CACHE_HOME", x, 1);
        else
            unsetenv("XDG_CACHE_HOME");
        assert_true(feed_find(SOURCE_QEMU, &ask, &f, NULL, NULL));
        char *out = run(f.argv, 1);
        assert_string_equal(out, i ? "two\n" : "one\n");
        free(out);
        feed_clear(&f);
    }
    unsetenv("XDG_CACHE_HOME");
    free(ssh);
    free(home);
    free(uri);
    free(one);
    free(two);
    free(x);
}

/* ---- the journal ---- */

static bool has_word(char **argv, const char *word)
{
    for (; *argv; argv++)
        if (strcmp(*argv, word) == 0)
            return true;
    return false;
}

static bool may_read_journal;

static void give_journalctl(void)
{
    char *dir = xstrdup(scratch("bin")), *path = paths_join(dir, "journalctl");
    assert_int_equal(mkdir(dir, 0755), 0);
    scratch_write(path, "#!/bin/sh\n");
    assert_int_equal(chmod(path, 0755), 0);
    char *all = xasprintf("%s:/usr/bin:/bin", dir);
    setenv("PATH", all, 1);
    free(all);
    free(path);
    free(dir);
}

static void journal_words(void **state)
{
    (void)state;
    if (!may_read_journal)
        skip();
    struct feed_ask ask = ask_for("qemu:///system", "web1");
    struct feed f;
    bool remote = true;
    assert_true(feed_find(SOURCE_HOST, &ask, &f, &remote, NULL));
    assert_false(remote);
    assert_int_equal(f.kind, FEED_PROGRAM);
    assert_string_equal(f.argv[0], "journalctl");
    assert_true(has_word(f.argv, "short-iso-precise") && has_word(f.argv, "-f"));
    assert_true(has_word(f.argv, "_TRANSPORT=kernel") && has_word(f.argv, "+"));
    feed_clear(&f);
    assert_true(feed_find(SOURCE_DAEMON, &ask, &f, &remote, NULL));
    assert_true(has_word(f.argv, "SYSLOG_IDENTIFIER=virtqemud"));
    assert_false(has_word(f.argv, "_TRANSPORT=kernel"));
    feed_clear(&f);
    ask.uri = "qemu+ssh://root@far/system";
    assert_true(feed_find(SOURCE_HOST, &ask, &f, &remote, NULL));
    assert_true(remote);
    assert_string_equal(f.argv[0], "ssh");
    assert_int_equal(strncmp(last_of(f.argv), "exec sh -c ", 11), 0);
    assert_non_null(strstr(last_of(f.argv), " sh journalctl --no-pager "));
    feed_clear(&f);
    ask.uri = "qemu+tls://far/system";
    assert_false(feed_find(SOURCE_HOST, &ask, &f, &remote, NULL));
    setenv("PATH", "/nonexistent", 1);
    struct error e = ERROR_INIT;
    ask.uri = "qemu:///system";
    assert_false(feed_find(SOURCE_HOST, &ask, &f, &remote, &e));
    assert_non_null(strstr(error_text(&e), "journalctl"));
    error_clear(&e);
}

static bool passes(struct feed *f, const char *line)
{
    struct strbuf out = {0};
    int64_t wall_ms = 0;
    bool yes = feed_line(f, line, strlen(line), &out, &wall_ms);
    assert_int_equal(out.len, 0);
    strbuf_free(&out);
    return yes;
}

#define AT "2026-11-21T05:31:54.123456+0000 "

static void host_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool ours;
    } rows[] = {
        {AT "audit[9]: AVC apparmor=\"DENIED\" operation=\"open\" "
            "profile=\"libvirt-4dea22b3-1d52-d8f3-2516-782e98ab3fa0\" name=\"/x\" pid=9",
         true},
        {AT "audit[9]: AVC apparmor=\"DENIED\" profile=\"libvirt-11111111-1d52-d8f3-2516-782e98ab3fa0\"",
         false},
        {AT "kernel: Out of memory: Killed process 812 (qemu-system-x86) total-vm:1kB", true},
        {AT "kernel: Out of memory: Killed process 8123 (qemu-system-x86) total-vm:1kB", false},
        {AT "kernel: oom-kill:constraint=CONSTRAINT_NONE,task=qemu-system-x86,pid=812,uid=64055", true},
        {AT "kernel: oom-kill:constraint=CONSTRAINT_NONE,task=qemu-system-x86,pid=81,uid=64055", false},
        {AT "kernel: oom-kill:task_memcg=/machine.slice/machine-qemu\\x2d3\\x2dweb.1\\x2da.scope/libvirt",
         true},
        {AT "kernel: oom-kill:task_memcg=/machine.slice/machine-qemu\\x2d3\\x2dweb.1.scope/libvirt", false},
        {AT "systemd[1]: machine-qemu\\x2d3\\x2dweb.1\\x2da.scope: A process of this unit has been killed "
            "by the OOM killer.",
         true},
        {AT "systemd[1]: machine-qemu\\x2d3\\x2dother.scope: Deactivated successfully.", false},
        {AT "kernel: kvm [812]: vcpu0, guest rIP: 0xffff ignored rdmsr", true},
        {AT "kernel: kvm [813]: vcpu0, guest rIP: 0xffff ignored rdmsr", false},
        {AT "kernel: kvm: disabled by bios", true},
        {AT "kernel: eth0: link up", false},
        {"", false},
    };
    if (!may_read_journal)
        skip();
    struct feed_ask ask = ask_for("qemu:///system", "web.1-a");
    struct feed f;
    ask.pid = 812;
    assert_true(feed_find(SOURCE_HOST, &ask, &f, NULL, NULL));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (passes(&f, rows[i].line) != rows[i].ours)
            fail_msg("%s", rows[i].line);
    feed_clear(&f);
    /* Nobody knows the process: none of that number is ours. */
    ask.pid = 0;
    assert_true(feed_find(SOURCE_HOST, &ask, &f, NULL, NULL));
    assert_false(passes(&f, AT "kernel: Out of memory: Killed process 0 (qemu-system-x86)"));
    assert_false(passes(&f, AT "kernel: Out of memory: Killed process 99 (qemu-system-x86)"));
    /* Until the line before has told whose it is. */
    assert_true(passes(&f, AT
                       "kernel: oom-kill:constraint=CONSTRAINT_NONE,task_memcg=/machine.slice/"
                       "machine-qemu\\x2d3\\x2dweb.1\\x2da.scope/libvirt,task=qemu-system-x86,pid=99,uid=1"));
    assert_true(passes(&f, AT "kernel: Out of memory: Killed process 99 (qemu-system-x86)"));
    assert_false(passes(&f, AT "kernel: Out of memory: Killed process 999 (qemu-system-x86)"));
    assert_false(passes(&f, AT "kernel: oom-kill:task_memcg=/machine/qemu-4-web.1.libvirt-qemu,pid=7,uid=1"));
    assert_true(
        passes(&f, AT "kernel: oom-kill:task_memcg=/machine/qemu-4-web.1-a.libvirt-qemu,pid=8,uid=1"));
    assert_false(passes(&f, AT "kernel: Out of memory: Killed process 7 (qemu-system-x86)"));
    assert_true(passes(&f, AT "kernel: Out of memory: Killed process 8 (qemu-system-x86)"));
    feed_clear(&f);
}

static void daemon_lines(void **state)
{
    (void)state;
    static const struct {
        const char *vm, *line;
        bool ours;
    } rows[] = {
        {"web1", AT "libvirtd[1]: Domain id=3 name='web1' uuid=x is tainted: host-cpu", true},
        {"web1", AT "libvirtd[1]: Domain id=3 name='web11' is tainted: host-cpu", false},
        {"web1", AT "libvirtd[1]: my-web1 is down", false},
        {"web1", AT "virtqemud[1]: cannot find web1.", true},
        {"web1", AT "virtqemud[1]: 4dea22b3-1d52-d8f3-2516-782e98ab3fa0", true},
        {"a.*b", AT "libvirtd[1]: domain a.*b", true},
        {"a.*b", AT "libvirtd[1]: domain axxb", false},
        {"(", AT "libvirtd[1]: domain ( there", true},
        {"a|b", AT "libvirtd[1]: b", false},
        {"it's $(x)", AT "libvirtd[1]: name=\"it's $(x)\"", true},
        {"\xc3\xa4", AT "libvirtd[1]: \xc3\xa4", true},
    };
    if (!may_read_journal)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct feed_ask ask = ask_for("qemu:///system", rows[i].vm);
        struct feed f;
        assert_true(feed_find(SOURCE_DAEMON, &ask, &f, NULL, NULL));
        if (passes(&f, rows[i].line) != rows[i].ours)
            fail_msg("%s: %s", rows[i].vm, rows[i].line);
        feed_clear(&f);
    }
}

static int setup(void **state)
{
    scratch_setup(state);
    unsetenv("XDG_CACHE_HOME");
    setenv("PATH", "/usr/bin:/bin", 1);
    paths_init();
    return 0;
}

/* As one who may read this machine's journal. */
static int journal_setup(void **state)
{
    struct feed_ask ask = ask_for("qemu:///system", "w");
    struct error e = ERROR_INIT;
    struct feed f;
    setup(state);
    give_journalctl();
    bool may = feed_find(SOURCE_HOST, &ask, &f, NULL, &e);
    may_read_journal = may || !strstr(error_text(&e), "permission denied");
    feed_clear(&f);
    error_clear(&e);
    return 0;
}

#define JOURNAL(f) cmocka_unit_test_setup_teardown(f, journal_setup, scratch_teardown)
#define TEST(f)    cmocka_unit_test_setup_teardown(f, setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(qemu_logs),        TEST(serial_logs),      TEST(sources_without_a_feed),
        TEST(ssh_words),        TEST(torture_of_names), TEST(session_far_away),
        JOURNAL(journal_words), JOURNAL(host_lines),    JOURNAL(daemon_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
