/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/paths.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

#define SYSTEM_RUNTIME_DIR "/run/virtdeck"
#define USERS_RUNTIME_DIR  "/run/user"

static char *home, *config_dir, *state_dir, *runtime_dir, *users_dir, *lasting_dir;

static char *home_from_passwd(void)
{
    char buf[8192];
    struct passwd pw, *found = NULL;
    if (getpwuid_r(getuid(), &pw, buf, sizeof buf, &found) == 0 && found && found->pw_dir &&
        found->pw_dir[0] == '/')
        return xstrdup(found->pw_dir);
    return xstrdup("/nonexistent");
}

/* $variable/virtdeck, or HOME/fallback/virtdeck. */
static char *xdg_dir(const char *variable, const char *fallback)
{
    const char *value = getenv(variable);
    if (value && value[0] == '/')
        return paths_join(value, "virtdeck");
    char *base = paths_join(home, fallback);
    char *dir = paths_join(base, "virtdeck");
    free(base);
    return dir;
}

static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

/* Root's is the same whether a unit or a person runs it: only the latter has an XDG_RUNTIME_DIR. */
static char *find_runtime_dir(void)
{
    if (absolute("VIRTDECK_RUNTIME_DIR"))
        return xstrdup(absolute("VIRTDECK_RUNTIME_DIR"));
    if (geteuid() == 0)
        return xstrdup(SYSTEM_RUNTIME_DIR);
    const char *base = absolute("XDG_RUNTIME_DIR");
    return base ? paths_join(base, "virtdeck") : xstrdup(state_dir);
}

void paths_init(void)
{
    const char *value = getenv("HOME");
    free(home);
    home = value && value[0] == '/' ? xstrdup(value) : home_from_passwd();
    free(config_dir);
    config_dir = xdg_dir("XDG_CONFIG_HOME", ".config");
    free(state_dir);
    state_dir = xdg_dir("XDG_STATE_HOME", ".local/state");
    free(runtime_dir);
    runtime_dir = find_runtime_dir();
    free(users_dir);
    users_dir =
        absolute("VIRTDECK_RUNTIME_DIR") ? paths_join(runtime_dir, "user") : xstrdup(USERS_RUNTIME_DIR);
    free(lasting_dir);
    bool elsewhere = absolute("XDG_STATE_HOME") || absolute("VIRTDECK_RUNTIME_DIR");
    lasting_dir = xstrdup(geteuid() == 0 && !elsewhere ? PATHS_SYSTEM_LASTING_DIR : state_dir);
}

static const char *ready(const char *dir)
{
    if (!dir)
        die("paths_init() was not called");
    return dir;
}

const char *paths_config_dir(void)
{
    return ready(config_dir);
}

const char *paths_state_dir(void)
{
    return ready(state_dir);
}

const char *paths_runtime_dir(void)
{
    return ready(runtime_dir);
}

const char *paths_system_runtime_dir(void)
{
    return absolute("VIRTDECK_RUNTIME_DIR") ? ready(runtime_dir) : SYSTEM_RUNTIME_DIR;
}

const char *paths_users_runtime_dir(void)
{
    return ready(users_dir);
}

const char *paths_lasting_dir(void)
{
    return ready(lasting_dir);
}

const char *paths_system_lasting_dir(void)
{
    bool ours = geteuid() == 0 || absolute("VIRTDECK_RUNTIME_DIR");
    return ours ? ready(lasting_dir) : PATHS_SYSTEM_LASTING_DIR;
}

char *paths_join(const char *dir, const char *name)
{
    size_t len = strlen(dir);
    while (len > 0 && dir[len - 1] == '/')
        len--;
    return xasprintf("%.*s/%s", (int)len, dir, name);
}

char *paths_expand(const char *path)
{
    if (path[0] == '~' && path[1] == '/')
        return paths_join(ready(home), path + 2);
    return xstrdup(path);
}
