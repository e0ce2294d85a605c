/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/host_units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* ---- of the system ---- */

/* Its first bytes on its output; false: it could not be run at all. Not by the shell: the root is a path. */
static bool run(const char *const argv[], char *out, size_t size, int *status)
{
    int pipe_ends[2];
    pid_t pid;
    posix_spawn_file_actions_t actions;
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return false;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(pipe_ends[1]);
    size_t len = 0;
    for (ssize_t n = 1; !failed && (n > 0 || (n < 0 && errno == EINTR));) {
        char rest[256];
        n = read(pipe_ends[0], rest, sizeof rest);
        for (ssize_t i = 0; i < n && len + 1 < size; i++)
            out[len++] = rest[i];
    }
    out[len] = '\0';
    close(pipe_ends[0]);
    while (!failed && waitpid(pid, status, 0) < 0)
        failed = errno == EINTR ? 0 : errno;
    return !failed;
}

/* What is enabled only until the next boot is not enabled at the next boot. */
static const struct {
    const char *word;
    enum unit_state state;
} words[] = {
    {"enabled", UNIT_ENABLED},   {"enabled-runtime", UNIT_DISABLED}, {"disabled", UNIT_DISABLED},
    {"indirect", UNIT_DISABLED}, {"linked", UNIT_DISABLED},          {"linked-runtime", UNIT_DISABLED},
    {"masked", UNIT_MASKED},     {"masked-runtime", UNIT_MASKED},    {"static", UNIT_STATIC},
    {"alias", UNIT_STATIC},      {"generated", UNIT_STATIC},         {"transient", UNIT_ABSENT},
    {"not-found", UNIT_ABSENT}};

enum unit_state host_unit_of_system(const char *root, const char *unit)
{
    char *where = xasprintf("--root=%s", *root ? root : "/"), out[64];
    const char *const argv[] = {"systemctl", where, "is-enabled", "--", unit, NULL};
    int status = 0;
    bool ran = run(argv, out, sizeof out, &status) && WIFEXITED(status) && WEXITSTATUS(status) != 127;
    free(where);
    out[strcspn(out, "\n")] = '\0';
    for (size_t i = 0; ran && i < ARRAY_LEN(words); i++)
        if (strcmp(out, words[i].word) == 0)
            return words[i].state;
    return ran && !*out && WEXITSTATUS(status) != 0 ? UNIT_ABSENT : UNIT_UNKNOWN;
}

/* ---- of a user ---- */

static bool ends_with(const char *s, const char *end)
{
    size_t len = strlen(s), tail = strlen(end);
    return len > tail && strcmp(s + len - tail, end) == 0;
}

/* Whether some target in this folder wants the unit. */
static bool is_wanted(const char *dir, const char *unit)
{
    bool found = false;
    DIR *d = opendir(dir);
    for (struct dirent *entry; d && !found && (entry = readdir(d));) {
        if (!ends_with(entry->d_name, ".wants") && !ends_with(entry->d_name, ".requires"))
            continue;
        char link[16], *path = xasprintf("%s/%s/%s", dir, entry->d_name, unit);
        found = access(path, F_OK) == 0 || readlink(path, link, sizeof link) > 0;
        free(path);
    }
    if (d)
        closedir(d);
    return found;
}

static bool is_masked(const char *path)
{
    char target[16] = "";
    ssize_t n = readlink(path, target, sizeof target - 1);
    return n > 0 && strcmp(target, "/dev/null") == 0;
}

enum unit_state host_unit_of_user(const char *root, const char *home, const char *unit)
{
    static const char *const folders[] = {
        "/.config/systemd/user",      "/etc/systemd/user",           "/run/systemd/user",
        "/.local/share/systemd/user", "/usr/local/lib/systemd/user", "/usr/lib/systemd/user",
        "/lib/systemd/user"};
    bool wanted = false, there = false;
    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char *dir = xasprintf("%s%s%s", root, folders[i][1] == '.' ? home : "", folders[i]);
        char *path = xasprintf("%s/%s", dir, unit);
        bool masked = !there && is_masked(path);
        there = there || access(path, F_OK) == 0;
        wanted = wanted || is_wanted(dir, unit);
        free(path);
        free(dir);
        if (masked)
            return UNIT_MASKED;
    }
    return !there ? UNIT_ABSENT : wanted ? UNIT_ENABLED : UNIT_DISABLED;
}
