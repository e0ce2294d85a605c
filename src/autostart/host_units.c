/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/host_units.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/spawn.h"
#include "base/text.h"

#define ANSWER_MAX_MS 5000 /* systemd answers in milliseconds, or hangs */
#define OUTPUT_MAX    4096

/* ---- systemctl ---- */

/* False: it could not be run at all, or had to be ended. No shell: the root is a path of somebody's choice.
 */
static bool run(const char *const argv[], struct strbuf *out)
{
    int status = 0;
    return spawn_capture(argv, clock_mono_ms() + ANSWER_MAX_MS, OUTPUT_MAX, out, NULL, &status) ==
               SPAWN_DONE &&
           WIFEXITED(status) && WEXITSTATUS(status) != 127;
}

/* What is enabled only until the next boot is not enabled at the next boot. */
static const struct {
    const char *word;
    enum unit_state state;
} words[] = {
    {"enabled", UNIT_ENABLED},   {"enabled-runtime", UNIT_DISABLED}, {"disabled", UNIT_DISABLED},
    {"indirect", UNIT_DISABLED}, {"linked", UNIT_DISABLED},          {"linked-runtime", UNIT_DISABLED},
    {"masked", UNIT_MASKED},     {"masked-runtime", UNIT_MASKED},    {"static", UNIT_STATIC},
    {"alias", UNIT_STATIC},      {"generated", UNIT_STATIC},         {"transient", UNIT_ABSENT}};

static enum unit_state state_of(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].state;
    return UNIT_UNKNOWN;
}

/* "libvirtd.service enabled enabled": the unit, its state, what the system prefers. */
static void take_line(const char *line, enum unit_state states[HOST_UNITS])
{
    char name[128], state[32];
    if (sscanf(line, " %127s %31s", name, state) != 2)
        return;
    for (int i = 0; i < HOST_UNITS; i++)
        if (strcmp(name, host_unit_names[i]) == 0)
            states[i] = state_of(state);
}

void host_units_of_system(const char *root, enum unit_state states[HOST_UNITS])
{
    enum { WORDS = 5 };
    char *where = xasprintf("--root=%s", *root ? root : "/");
    struct strbuf out = {0};
    const char *argv[WORDS + HOST_UNITS + 1] = {"systemctl", where, "--no-legend", "--no-pager",
                                                "list-unit-files"};
    for (int i = 0; i < HOST_UNITS; i++)
        argv[WORDS + i] = host_unit_names[i];
    bool ran = run(argv, &out);
    for (int i = 0; i < HOST_UNITS; i++)
        states[i] = ran ? UNIT_ABSENT : UNIT_UNKNOWN;
    for (const char *line = strbuf_str(&out); ran && line; line = text_next_line(line))
        take_line(line, states);
    strbuf_free(&out);
    free(where);
}

/* Whether the first line is this word. */
static bool is_line(const char *text, const char *word)
{
    size_t len = strcspn(text, "\n");
    return len == strlen(word) && strncmp(text, word, len) == 0;
}

enum unit_activity host_unit_activity(bool session, enum host_unit unit)
{
    static const char *const on[] = {"active", "activating", "reloading"}, *const off[] = {"inactive",
                                                                                           "failed",
                                                                                           "deactivating"};
    const char *argv[5] = {"systemctl"};
    struct strbuf out = {0};
    enum unit_activity activity = ACTIVITY_UNKNOWN;
    int n = 1;
    if (session)
        argv[n++] = "--user";
    argv[n++] = "is-active";
    argv[n] = host_unit_names[unit];
    bool ran = access("/run/systemd/system", F_OK) == 0 && run(argv, &out);
    const char *word = strbuf_str(&out);
    for (size_t i = 0; ran && i < ARRAY_LEN(on); i++)
        if (is_line(word, on[i]))
            activity = ACTIVITY_ON;
    for (size_t i = 0; ran && i < ARRAY_LEN(off); i++)
        if (is_line(word, off[i]))
            activity = ACTIVITY_OFF;
    strbuf_free(&out);
    return activity;
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
