/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/paths.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

static char *home, *config_dir, *state_dir;

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

void paths_init(void)
{
    const char *value = getenv("HOME");
    free(home);
    home = value && value[0] == '/' ? xstrdup(value) : home_from_passwd();
    free(config_dir);
    config_dir = xdg_dir("XDG_CONFIG_HOME", ".config");
    free(state_dir);
    state_dir = xdg_dir("XDG_STATE_HOME", ".local/state");
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
