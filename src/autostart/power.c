/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/power.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/mem.h"

#define SUPPLIES "/sys/class/power_supply"

/* The first word of a file of the folder; "" where there is none. */
static void read_word(int dir, const char *name, char *out, size_t size)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd >= 0 ? read(fd, out, size - 1) : 0;
    if (fd >= 0)
        close(fd);
    out[n > 0 ? n : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

struct supplies {
    bool online, offline;  /* a mains supply is, or is not */
    bool discharging;      /* a battery is used up */
    bool charging, unsaid; /* a battery is not, or does not say */
};

static void take_battery(struct supplies *s, int dir)
{
    char status[32];
    read_word(dir, "status", status, sizeof status);
    if (strcmp(status, "Discharging") == 0)
        s->discharging = true;
    else if (strcmp(status, "Charging") == 0 || strcmp(status, "Full") == 0)
        s->charging = true;
    else
        s->unsaid = true;
}

static void take_supply(struct supplies *s, int dir)
{
    char type[32], scope[32], online[32];
    read_word(dir, "type", type, sizeof type);
    read_word(dir, "scope", scope, sizeof scope);
    read_word(dir, "online", online, sizeof online);
    if (!type[0] || strcmp(scope, "Device") == 0)
        return;
    if (strcmp(type, "Battery") == 0 || strcmp(type, "UPS") == 0)
        take_battery(s, dir);
    else if (online[0] == '0')
        s->offline = true;
    else if (online[0]) /* 2: online, and its voltage can be set */
        s->online = true;
}

static enum power_source judge(const struct supplies *s)
{
    if (s->online)
        return POWER_MAINS;
    if (s->discharging)
        return POWER_BATTERY;
    if (s->charging)
        return POWER_MAINS;
    if (s->offline && s->unsaid)
        return POWER_BATTERY;
    return POWER_UNKNOWN;
}

enum power_source power_read(const char *root)
{
    struct supplies s = {0};
    char *path = xasprintf("%s%s", root, SUPPLIES);
    DIR *all = opendir(path);
    free(path);
    if (!all)
        return POWER_UNKNOWN;
    for (struct dirent *d; (d = readdir(all));) {
        int dir =
            d->d_name[0] == '.' ? -1 : openat(dirfd(all), d->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (dir < 0)
            continue;
        take_supply(&s, dir);
        close(dir);
    }
    closedir(all);
    return judge(&s);
}

int64_t sleep_watch_look(struct sleep_watch *w, int64_t boottime_ms, int64_t monotonic_ms)
{
    int64_t offset = boottime_ms - monotonic_ms, was = w->offset_ms;
    w->offset_ms = offset;
    return was != INT64_MIN && offset - was >= SLEEP_LEAST_MS ? offset - was : 0;
}
