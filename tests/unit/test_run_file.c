/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "autostart/run_file.h"
#include "base/file.h"
#include "base/paths.h"

#define KEY "test-key"

static char folder[] = "/tmp/virtdeck-run-XXXXXX";
static char *path;

static int begin(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    setenv("VIRTDECK_RUNTIME_DIR", folder, 1);
    paths_init();
    path = run_own_path(KEY, "json");
    return 0;
}

static int end(void **state)
{
    char *lock = run_own_path(KEY, "lock");
    (void)state;
    unlink(path);
    unlink(lock);
    rmdir(folder);
    free(lock);
    free(path);
    return 0;
}

static struct vm_uuid uuid_of(unsigned char b)
{
    struct vm_uuid u = {{0}};
    u.b[0] = u.b[15] = b;
    return u;
}

static struct run_record make_record(enum run_state run)
{
    struct run_record r = {.state = run, .pid = (long)getpid(), .begun_wall_ms = 1700000000000};
    struct vm_uuid db = uuid_of(1), none = {{0}};
    r.uri = xstrdup("qemu:///system");
    r.user = xstrdup("root");
    run_record_boot(&r);
    struct run_node a = {.name = xstrdup("network default"),
                         .uuid = none,
                         .state = NODE_READY,
                         .order = -1,
                         .start_wall_ms = 1700000000100,
                         .started_wall_ms = 1700000000200,
                         .ready_wall_ms = 1700000000200};
    struct run_node b = {.name = xstrdup("db\033[31m1"),
                         .uuid = db,
                         .state = NODE_PROBING,
                         .order = 10,
                         .start_wall_ms = 1700000001000,
                         .until_wall_ms = 1700000060000,
                         .why = xstrdup("it \"waits\"")};
    vec_push(&r.nodes, a);
    vec_push(&r.nodes, b);
    run_record_add(&r, 1700000001000, SEV_GOOD, "db1", &db, "started after %d s", 3);
    run_record_add(&r, 1700000002000, SEV_WARN, NULL, NULL, "%s", "slow \xff bytes");
    r.engine = json_tokener_parse("{\"version\":1,\"nodes\":{}}");
    return r;
}

static void write_text(const char *text)
{
    assert_true(file_write(path, text, strlen(text), 0600, NULL));
}

/* ---- the record ---- */

static void what_is_saved_is_read_again(void **state)
{
    struct run_record r = make_record(RUN_DONE), back;
    (void)state;
    r.reverse = true;
    r.ended_wall_ms = 1700000070000;
    assert_true(run_record_save(&r, path, NULL));
    assert_true(run_record_load(&back, path, NULL));
    assert_int_equal(back.state, RUN_DONE);
    assert_true(back.reverse);
    assert_string_equal(back.uri, r.uri);
    assert_string_equal(back.user, "root");
    assert_string_equal(back.boot_id, r.boot_id);
    assert_int_equal(back.pid, r.pid);
    assert_int_equal(back.begun_wall_ms, r.begun_wall_ms);
    assert_int_equal(back.ended_wall_ms, r.ended_wall_ms);
    assert_int_equal(back.nodes.len, 2);
    assert_int_equal(back.nodes.items[0].order, -1);
    assert_true(uuid_is_nil(&back.nodes.items[0].uuid));
    assert_null(back.nodes.items[0].why);
    const struct run_node *n = &back.nodes.items[1];
    assert_string_equal(n->name, "db\033[31m1");
    assert_true(uuid_equal(&n->uuid, &r.nodes.items[1].uuid));
    assert_int_equal(n->state, NODE_PROBING);
    assert_int_equal(n->order, 10);
    assert_int_equal(n->until_wall_ms, 1700000060000);
    assert_string_equal(n->why, "it \"waits\"");
    assert_int_equal(back.steps.len, 2);
    assert_string_equal(back.steps.items[0].text, "started after 3 s");
    assert_int_equal(back.steps.items[1].severity, SEV_WARN);
    assert_null(back.steps.items[1].node);
    assert_string_equal(back.steps.items[1].text, "slow \xff bytes");
    assert_non_null(back.engine);
    run_record_clear(&back);
    run_record_clear(&r);
}

static void a_missing_file_is_no_run(void **state)
{
    struct run_record r;
    struct error e = ERROR_INIT;
    (void)state;
    unlink(path);
    assert_true(run_record_load(&r, path, &e));
    assert_int_equal(r.state, RUN_NONE);
    assert_null(e.text);
    run_record_clear(&r);
}

static void damaged_files_are_named(void **state)
{
    static const char *const texts[] = {
        "",
        "garbage",
        "[]",
        "null",
        "{}",
        "{\"version\":1}",
        "{\"version\":\"1\",\"state\":\"done\"}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":\"x\",\"nodes\":{},\"steps\":[]}",
        "{\"version\":1,\"state\":\"odd\",\"reverse\":false,\"boot\":\"x\",\"nodes\":[],\"steps\":[]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":1,\"boot\":\"x\",\"nodes\":[],\"steps\":[]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":\"x\",\"nodes\":[null],\"steps\":[]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":\"x\",\"nodes\":[{\"name\":\"a\","
        "\"state\":"
        "\"ready\",\"order\":-7}],\"steps\":[]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":\"x\",\"nodes\":[{\"name\":7,\"state\":"
        "\"ready\"}],\"steps\":[]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":\"x\",\"nodes\":[{\"name\":\"a\","
        "\"uuid\":"
        "\"zz\",\"state\":\"ready\"}],\"steps\":[]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":\"x\",\"nodes\":[],\"steps\":[{"
        "\"severity\":"
        "\"info\"}]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":\"x\",\"begun\":1e99,\"nodes\":[],"
        "\"steps\":[]}",
        "{\"version\":1,\"state\":\"done\",\"reverse\":false,\"boot\":"
        "\"0123456789012345678901234567890123456789\","
        "\"nodes\":[],\"steps\":[]}",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct run_record r;
        struct error e = ERROR_INIT;
        write_text(texts[i]);
        assert_false(run_record_load(&r, path, &e));
        assert_non_null(strstr(error_text(&e), path));
        assert_non_null(strstr(error_text(&e), "damaged"));
        assert_int_equal(r.state, RUN_NONE);
        error_clear(&e);
        run_record_clear(&r);
    }
}

/* Each beginning of a good file, and each with one byte wrong. */
static void truncated_and_flipped_files_do_no_harm(void **state)
{
    struct run_record r = make_record(RUN_DONE);
    char *text;
    size_t len;
    (void)state;
    assert_true(run_record_save(&r, path, NULL));
    assert_true(file_read(path, 1 << 20, &text, &len, NULL, NULL));
    for (size_t i = 0; i < len; i++) {
        struct run_record back;
        assert_true(file_write(path, text, i, 0600, NULL));
        assert_false(run_record_load(&back, path, NULL));
        char was = text[i];
        text[i] = (char)(was ^ 0x15);
        assert_true(file_write(path, text, len, 0600, NULL));
        run_record_load(&back, path, NULL);
        run_record_clear(&back);
        text[i] = was;
    }
    free(text);
    run_record_clear(&r);
}

static void another_version_is_said(void **state)
{
    struct run_record r;
    struct error e = ERROR_INIT;
    (void)state;
    write_text("{\"version\":2,\"what\":\"ever\"}");
    assert_false(run_record_load(&r, path, &e));
    assert_non_null(strstr(error_text(&e), "version is 2"));
    error_clear(&e);
}

static void another_boot_has_no_engine(void **state)
{
    struct run_record r = make_record(RUN_UNDER_WAY), back;
    (void)state;
    snprintf(r.boot_id, sizeof r.boot_id, "00000000-0000-0000-0000-000000000000");
    assert_true(run_record_save(&r, path, NULL));
    assert_true(run_record_load(&back, path, NULL));
    assert_int_equal(back.state, RUN_BROKEN_OFF);
    assert_null(back.engine);
    run_record_clear(&back);
    r.state = RUN_FAILED;
    assert_true(run_record_save(&r, path, NULL));
    assert_true(run_record_load(&back, path, NULL));
    assert_int_equal(back.state, RUN_FAILED);
    run_record_clear(&back);
    run_record_clear(&r);
}

static void only_the_last_thousand_steps_are_kept(void **state)
{
    struct run_record r = {0}, back;
    (void)state;
    for (int i = 0; i < 5000; i++)
        run_record_add(&r, i + 1, SEV_INFO, NULL, NULL, "step %d", i);
    assert_true(r.steps.len >= 1000 && r.steps.len <= 1250);
    assert_true(run_record_save(&r, path, NULL));
    assert_true(run_record_load(&back, path, NULL));
    assert_int_equal(back.steps.len, 1000);
    assert_string_equal(back.steps.items[999].text, "step 4999");
    assert_string_equal(back.steps.items[0].text, "step 4000");
    run_record_clear(&back);
    run_record_clear(&r);
}

static void it_is_printed_without_control_bytes(void **state)
{
    struct run_record r = make_record(RUN_UNDER_WAY);
    struct strbuf out = {0};
    (void)state;
    run_record_print(&r, 1700000030000, &out);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.s[i] == '\n' || (unsigned char)out.s[i] >= 0x20);
    assert_non_null(strstr(out.s, "start, under way"));
    assert_non_null(strstr(out.s, "network default"));
    assert_non_null(strstr(out.s, "given up in 30.0s"));
    assert_non_null(strstr(out.s, "warning: slow"));
    strbuf_clear(&out);
    run_record_clear(&r);
    run_record_print(&r, 0, &out);
    assert_string_equal(out.s, "no run since this host booted\n");
    strbuf_free(&out);
}

/* ---- from the engine ---- */

static void nodes_are_taken_from_the_engine(void **state)
{
    struct policy policy;
    struct autostart_config config;
    struct run_record r = {0};
    (void)state;
    autostart_config_init(&config);
    policy_init(&policy);
    assert_true(policy_set(&policy, POLICY_ORDER, "10", NULL));
    struct plan_item item = {.name = "web", .uuid = uuid_of(3), .policy = &policy};
    struct plan_input in = {.items = &item, .n_items = 1, .config = &config};
    struct plan *plan = plan_new(&in);
    struct engine *engine = engine_new(plan, &config);
    struct engine_step step;
    while (engine_next(engine, 1000, NULL, &step) && step.action != ENGINE_START)
        assert_int_equal(step.action, ENGINE_WAIT);
    run_record_take(&r, engine, plan, 1500, 1700000000500);
    assert_int_equal(r.nodes.len, 1);
    assert_string_equal(r.nodes.items[0].name, "web");
    assert_int_equal(r.nodes.items[0].order, 10);
    assert_int_equal(r.nodes.items[0].state, NODE_STARTING);
    assert_int_equal(r.nodes.items[0].start_wall_ms, 1700000000000);
    assert_int_equal(r.nodes.items[0].started_wall_ms, 0);
    engine_event(engine, ENGINE_CREATED, step.node, 3000, NULL);
    run_record_take(&r, engine, plan, 4000, 1700000003000);
    engine_next(engine, 60000, NULL, &step);
    run_record_take(&r, engine, plan, 60000, 1700000059000);
    assert_int_equal(r.nodes.items[0].state, NODE_READY);
    assert_int_equal(r.nodes.items[0].start_wall_ms, 1700000000000);
    assert_int_equal(r.nodes.items[0].started_wall_ms, 1700000002000);
    assert_true(r.nodes.items[0].ready_wall_ms >= 1700000002000);
    run_record_clear(&r);
    engine_free(engine);
    plan_free(plan);
    policy_free(&policy);
    autostart_config_free(&config);
}

/* ---- the lock ---- */

/* A child that has the lock until its pipe is closed; or could not take it (0). */
static pid_t other_holds(int *pipe_end)
{
    int ready[2], stop[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(stop), 0);
    pid_t pid = fork();
    if (pid == 0) {
        long holder;
        close(stop[1]);
        byte = run_lock(KEY, &holder, NULL) >= 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            (void)!read(stop[0], &byte, 1);
        _exit(0);
    }
    close(stop[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    *pipe_end = stop[1];
    return pid;
}

static void let_go(pid_t pid, int pipe_end)
{
    close(pipe_end);
    waitpid(pid, NULL, 0);
}

static void one_has_it_at_a_time(void **state)
{
    struct error e = ERROR_INIT;
    long holder = -1;
    int stop;
    (void)state;
    pid_t pid = other_holds(&stop);
    assert_int_equal(run_lock(KEY, &holder, &e), -1);
    assert_int_equal(holder, pid);
    assert_null(e.text);
    kill(pid, SIGKILL);
    let_go(pid, stop);
    int fd = run_lock(KEY, &holder, &e);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    /* In the same process, too. */
    assert_int_equal(run_lock(KEY, &holder, &e), -1);
    assert_int_equal(holder, getpid());
    int elsewhere = run_lock("another-key", &holder, &e);
    assert_true(elsewhere >= 0);
    close(elsewhere);
    close(fd);
    fd = run_lock(KEY, &holder, &e);
    assert_true(fd >= 0);
    close(fd);
    char *other = run_own_path("another-key", "lock");
    unlink(other);
    free(other);
}

static void who_has_the_lock_decides_what_is_under_way(void **state)
{
    struct run_record r = make_record(RUN_UNDER_WAY), back;
    int stop;
    long holder;
    (void)state;
    pid_t pid = other_holds(&stop);
    r.pid = pid;
    assert_true(run_record_save(&r, path, NULL));
    assert_true(run_record_load(&back, path, NULL));
    assert_int_equal(back.state, RUN_UNDER_WAY);
    assert_non_null(back.engine);
    run_record_clear(&back);
    let_go(pid, stop);
    assert_true(run_record_load(&back, path, NULL));
    assert_int_equal(back.state, RUN_BROKEN_OFF);
    assert_non_null(back.engine);
    run_record_clear(&back);
    /* The one who takes it up holds the lock already. */
    int fd = run_lock(KEY, &holder, NULL);
    assert_true(run_record_load(&back, path, NULL));
    assert_int_equal(back.state, RUN_BROKEN_OFF);
    run_record_clear(&back);
    close(fd);
    run_record_clear(&r);
}

static void a_link_is_no_lock(void **state)
{
    struct error e = ERROR_INIT;
    char *lock = run_own_path("linked", "lock");
    long holder;
    (void)state;
    assert_int_equal(symlink("/etc/passwd", lock), 0);
    assert_int_equal(run_lock("linked", &holder, &e), -1);
    assert_non_null(strstr(error_text(&e), lock));
    assert_non_null(strstr(error_text(&e), "it must be a directory that you can write"));
    error_clear(&e);
    unlink(lock);
    free(lock);
}

/* ---- runs of other users ---- */

#define USER 65534

/* A process of that user, in that group alone, which holds the lock in the user's runtime directory. */
static pid_t user_holds(const char *lock, gid_t group, int *pipe_end)
{
    int ready[2], stop[2];
    char byte = 'n';
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(stop), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(stop[1]);
        int fd = -1;
        if (setgroups(1, &group) == 0 && setresgid(USER, USER, USER) == 0 && setresuid(USER, USER, USER) == 0)
            fd = open(lock, O_RDWR | O_CREAT, 0600);
        byte = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? 'y' : 'n';
        if (write(ready[1], &byte, 1) == 1)
            (void)!read(stop[0], &byte, 1);
        _exit(0);
    }
    close(stop[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    close(ready[0]);
    *pipe_end = stop[1];
    return pid;
}

static void root_sees_runs_of_those_who_may(void **state)
{
    char users[80], user[100], dir[120], lock[160], mine[80];
    struct error e = ERROR_INIT;
    long holder;
    int stop;
    (void)state;
    if (geteuid() != 0)
        skip();
    snprintf(users, sizeof users, "%s/user", folder);
    snprintf(user, sizeof user, "%s/%d", users, USER);
    snprintf(dir, sizeof dir, "%s/virtdeck", user);
    snprintf(lock, sizeof lock, "%s/theirs.lock", dir);
    snprintf(mine, sizeof mine, "%s/theirs.lock", folder);
    assert_int_equal(chmod(folder, 0711), 0);
    assert_int_equal(mkdir(users, 0755) | mkdir(user, 0700) | mkdir(dir, 0700), 0);
    assert_int_equal(chown(user, USER, USER) | chown(dir, USER, USER), 0);
    pid_t pid = user_holds(lock, 0, &stop);
    assert_int_equal(run_lock("theirs", &holder, &e), -1);
    assert_int_equal(holder, pid);
    assert_null(e.text);
    int fd = run_lock("another", &holder, &e);
    assert_true(fd >= 0);
    close(fd);
    let_go(pid, stop);
    fd = run_lock("theirs", &holder, &e);
    assert_true(fd >= 0);
    close(fd);
    /* Who may not start domains can't hold up those who do. */
    pid = user_holds(lock, USER, &stop);
    fd = run_lock("theirs", &holder, &e);
    assert_true(fd >= 0);
    close(fd);
    let_go(pid, stop);
    /* Nor does a link to a lock of somebody else's. */
    unlink(lock);
    assert_int_equal(symlink(mine, lock), 0);
    fd = run_lock("theirs", &holder, &e);
    assert_true(fd >= 0);
    close(fd);
    char *another = run_own_path("another", "lock");
    unlink(another);
    free(another);
    unlink(lock);
    unlink(mine);
    rmdir(dir);
    rmdir(user);
    rmdir(users);
}

/* ---- names ---- */

static void keys_tell_hosts_apart(void **state)
{
    char *a = run_key("qemu:///system"), *b = run_key("qemu:///session"), *c = run_key("test:///a/b.xml"),
         *d = run_key("test:///a-b.xml"), *e = run_key("qemu+tcp://u:secret@h/system"),
         *f = run_key("qemu+tcp://u:other@h/system"), *g = run_key(NULL), uid[32];
    (void)state;
    snprintf(uid, sizeof uid, "-%lu-", (unsigned long)geteuid());
    assert_memory_equal(a, "qemu-system-", 12);
    assert_null(strstr(a, uid));
    assert_non_null(strstr(b, uid));
    assert_string_not_equal(c, d);
    assert_null(strstr(e, "secret"));
    assert_string_equal(e, f);
    assert_true(*g != '\0');
    char *keys[] = {a, b, c, d, e, f, g};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_int_equal(strspn(keys[i], "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"),
                         strlen(keys[i]));
        free(keys[i]);
    }
}

static void keys_of_long_uris_are_short(void **state)
{
    char uri[3000] = "test:///";
    (void)state;
    memset(uri + 8, 'x', sizeof uri - 9);
    char *a = run_key(uri);
    uri[2000] = 'y';
    char *b = run_key(uri);
    assert_true(strlen(a) < 80);
    assert_string_not_equal(a, b);
    free(a);
    free(b);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_read_again),
        cmocka_unit_test(a_missing_file_is_no_run),
        cmocka_unit_test(damaged_files_are_named),
        cmocka_unit_test(truncated_and_flipped_files_do_no_harm),
        cmocka_unit_test(another_version_is_said),
        cmocka_unit_test(another_boot_has_no_engine),
        cmocka_unit_test(only_the_last_thousand_steps_are_kept),
        cmocka_unit_test(it_is_printed_without_control_bytes),
        cmocka_unit_test(nodes_are_taken_from_the_engine),
        cmocka_unit_test(one_has_it_at_a_time),
        cmocka_unit_test(who_has_the_lock_decides_what_is_under_way),
        cmocka_unit_test(a_link_is_no_lock),
        cmocka_unit_test(root_sees_runs_of_those_who_may),
        cmocka_unit_test(keys_tell_hosts_apart),
        cmocka_unit_test(keys_of_long_uris_are_short),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
