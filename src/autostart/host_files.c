/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/host_files.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>
#include "autostart/host_units.h"
#include "base/file.h"
#include "base/format.h"
#include "base/text.h"

#define FILE_MAX (1024u * 1024)

const char *const host_unit_names[HOST_UNITS] = {
    [HOST_UNIT_START] = "virtdeck-autostart.service",  [HOST_UNIT_SUPERVISE] = "virtdeck-supervise.service",
    [HOST_UNIT_GUESTS] = "libvirt-guests.service",     [HOST_UNIT_LIBVIRTD] = "libvirtd.service",
    [HOST_UNIT_VIRTQEMUD] = "virtqemud.service",       [HOST_UNIT_LIBVIRTD_SOCKET] = "libvirtd.socket",
    [HOST_UNIT_VIRTQEMUD_SOCKET] = "virtqemud.socket",
};

/* The file's text; NULL: it is not there or can't be read. The caller frees. */
static char *read_below(const char *root, const char *path)
{
    char *full = xasprintf("%s%s", root, path), *text = NULL;
    struct error e = ERROR_INIT;
    if (!file_read(full, FILE_MAX, &text, NULL, NULL, &e))
        text = NULL;
    error_clear(&e);
    free(full);
    return text;
}

/* ---- KEY=VALUE, as shells and qemu.conf have it ---- */

static const char *blanks(const char *p)
{
    return p + strspn(p, " \t\r");
}

/* The value behind "=": without quotes; unquoted it ends at a blank, a ";" or a "#". */
static char *take_value(const char *p)
{
    p = blanks(p);
    if (*p == '"' || *p == '\'') {
        const char *end = strchr(p + 1, *p);
        return end ? xstrndup(p + 1, (size_t)(end - p - 1)) : NULL;
    }
    return xstrndup(p, strcspn(p, " \t\r\n#;"));
}

/* What the line says of the key; NULL: it is about something else. The caller frees. */
static char *value_on_line(const char *line, const char *key)
{
    size_t len = strlen(key);
    line = blanks(line);
    if (strncmp(line, "export ", 7) == 0)
        line = blanks(line + 7);
    if (strncmp(line, key, len) != 0)
        return NULL;
    line = blanks(line + len);
    return *line == '=' ? take_value(line + 1) : NULL;
}

/* What the text says last; with `first`, what it says first. NULL: nothing. The caller frees. */
static char *find_value(const char *text, const char *key, bool first)
{
    char *found = NULL;
    for (const char *line = text; line && *line; line = text_next_line(line)) {
        char *value = value_on_line(line, key);
        if (!value)
            continue;
        free(found);
        found = value;
        if (first)
            break;
    }
    return found;
}

static int find_number(const char *text, const char *key, bool first, int fallback)
{
    char *value = find_value(text, key, first);
    double n;
    bool good = value && parse_number(value, &n) && n >= 0 && n <= 1e9;
    free(value);
    return good ? (int)n : fallback;
}

/* ---- libvirt-guests ---- */

/* One of its settings: from the file, else what the script itself begins with. */
static void take_guests(const char *text, bool script, struct guests_config *g)
{
    char *boot = find_value(text, "ON_BOOT", script), *down = find_value(text, "ON_SHUTDOWN", script);
    if (boot)
        g->boot_start = strcmp(boot, "start") == 0;
    if (down)
        snprintf(g->on_shutdown, sizeof g->on_shutdown, "%s",
                 strcmp(down, "shutdown") == 0 ? "shutdown" : "suspend");
    g->shutdown_timeout = find_number(text, "SHUTDOWN_TIMEOUT", script, g->shutdown_timeout);
    g->parallel = find_number(text, "PARALLEL_SHUTDOWN", script, g->parallel);
    g->start_delay = find_number(text, "START_DELAY", script, g->start_delay);
    if (!script) {
        free(g->uris);
        g->uris = find_value(text, "URIS", false);
        g->shutdown_action = !g->uris || g->uris[strspn(g->uris, " \t")];
    }
    free(boot);
    free(down);
}

/* What holds unsaid differs: libvirt itself starts and suspends, Debian's build does neither. Its script
 * tells. */
static void read_guests(const char *root, struct guests_config *g)
{
    static const char *const scripts[] = {"/usr/lib/libvirt/libvirt-guests.sh",
                                          "/usr/libexec/libvirt-guests.sh", "/usr/lib/libvirt-guests.sh"};
    static const char *const files[] = {"/etc/default/libvirt-guests", "/etc/sysconfig/libvirt-guests",
                                        "/etc/conf.d/libvirt-guests"};
    char *script = NULL, *text = NULL;
    for (size_t i = 0; i < ARRAY_LEN(scripts) && !script; i++)
        script = read_below(root, scripts[i]);
    for (size_t i = 0; i < ARRAY_LEN(files) && !text; i++) {
        text = read_below(root, files[i]);
        if (text)
            g->path = xstrdup(files[i]);
    }
    bool debian = text && strcmp(g->path, files[0]) == 0;
    g->boot_start = !debian;
    g->shutdown_action = true;
    snprintf(g->on_shutdown, sizeof g->on_shutdown, "%s", debian ? "shutdown" : "suspend");
    g->shutdown_timeout = 300;
    take_guests(script ? script : "", true, g);
    take_guests(text ? text : "", false, g);
    if (!g->shutdown_action)
        g->boot_start = false;
    free(script);
    free(text);
}

/* ---- qemu.conf ---- */

/* Of two lines for one key libvirt takes the first. */
static int find_choice(const char *text, const char *key)
{
    static const char *const choices[] = {"none", "persistent", "transient", "all"};
    char *value = find_value(text, key, true);
    int found = -1;
    for (int i = 0; value && i < (int)ARRAY_LEN(choices); i++)
        found = strcmp(value, choices[i]) == 0 ? i : found;
    free(value);
    return found;
}

static void read_qemu(const char *root, const char *path, struct qemu_config *q)
{
    char *text = read_below(root, path);
    if (text)
        q->path = xstrdup(path);
    q->auto_start_delay = find_number(text, "auto_start_delay", true, -1);
    q->auto_shutdown_try_save = find_choice(text, "auto_shutdown_try_save");
    q->auto_shutdown_try_shutdown = find_choice(text, "auto_shutdown_try_shutdown");
    q->auto_shutdown_poweroff = find_choice(text, "auto_shutdown_poweroff");
    q->auto_shutdown_wait = find_number(text, "auto_shutdown_wait", true, -1);
    q->auto_shutdown_restore = find_number(text, "auto_shutdown_restore", true, -1);
    free(text);
}

/* ---- memory ---- */

static double meminfo(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = text; line && *line; line = text_next_line(line)) {
        char *end = NULL;
        double n = strncmp(line, key, len) == 0 && line[len] == ':' ? strtod(line + len + 1, &end) : NAN;
        if (end && end != line + len + 1)
            return n;
    }
    return NAN;
}

void host_memory_read(const char *root, double *memory_kib, double *available_kib)
{
    char *text = read_below(root, "/proc/meminfo");
    *memory_kib = meminfo(text, "MemTotal");
    *available_kib = meminfo(text, "MemAvailable");
    free(text);
}

void host_swap_read(const char *root, double *swap_kib, bool *strict)
{
    char *text = read_below(root, "/proc/meminfo"),
         *policy = read_below(root, "/proc/sys/vm/overcommit_memory");
    *swap_kib = meminfo(text, "SwapTotal");
    *strict = policy && *policy != '1';
    free(text);
    free(policy);
}

/* With those that the kernel would make when they are asked for. */
double host_hugepages_read(const char *root, double size_kib)
{
    char *text = read_below(root, "/proc/meminfo");
    double usual = meminfo(text, "Hugepagesize"), pages = meminfo(text, "HugePages_Free");
    double size = isnan(size_kib) ? usual : size_kib;
    char *folder = xasprintf("/sys/kernel/mm/hugepages/hugepages-%.0fkB", size);
    char *more = xasprintf("%s/nr_overcommit_hugepages", folder),
         *now = xasprintf("%s/free_hugepages", folder);
    char *count = read_below(root, more), *free_now = size == usual ? NULL : read_below(root, now);
    if (size != usual)
        pages = free_now ? strtod(free_now, NULL) : NAN;
    pages += count ? strtod(count, NULL) : 0;
    free(text);
    free(folder);
    free(more);
    free(now);
    free(count);
    free(free_now);
    return pages * size;
}

static void read_memory(const char *root, struct host_files *f)
{
    host_memory_read(root, &f->memory_kib, &f->available_kib);
    f->hugepages_kib = host_hugepages_read(root, NAN);
}

/* ---- all ---- */

static bool is_there(const char *root, const char *path)
{
    char *full = xasprintf("%s%s", root, path);
    bool there = access(full, F_OK) == 0;
    free(full);
    return there;
}

static char *session_qemu_conf(const char *root, const char *home)
{
    const char *config = getenv("XDG_CONFIG_HOME");
    if (!*root && config && config[0] == '/')
        return xasprintf("%s/libvirt/qemu.conf", config);
    return xasprintf("%s/.config/libvirt/qemu.conf", home);
}

void host_files_read(struct host_files *f, const char *root, bool session, const char *user, const char *home)
{
    *f = (struct host_files){.known = true, .session = session};
    char *qemu = session ? session_qemu_conf(root, home) : xstrdup("/etc/libvirt/qemu.conf");
    if (!session)
        host_units_of_system(root, f->units);
    for (int i = 0; session && i < HOST_UNITS; i++)
        f->units[i] = host_unit_of_user(root, home, host_unit_names[i]);
    if (!*root && f->units[HOST_UNIT_START] != UNIT_ABSENT)
        f->start_active = host_unit_activity(session, HOST_UNIT_START);
    if (!*root && !session && f->units[HOST_UNIT_GUESTS] != UNIT_ABSENT)
        f->guests_active = host_unit_activity(session, HOST_UNIT_GUESTS);
    read_guests(root, &f->guests);
    read_qemu(root, qemu, &f->qemu);
    read_memory(root, f);
    if (session && user) {
        char *linger = xasprintf("/var/lib/systemd/linger/%s", user);
        f->linger_known = is_there(root, "/var/lib/systemd") && !strchr(user, '/');
        f->linger = f->linger_known && is_there(root, linger);
        free(linger);
    }
    free(qemu);
}

void host_files_clear(struct host_files *f)
{
    free(f->guests.path);
    free(f->guests.uris);
    free(f->qemu.path);
    *f = (struct host_files){.memory_kib = NAN, .available_kib = NAN, .hugepages_kib = NAN};
    f->qemu.auto_start_delay = f->qemu.auto_shutdown_wait = f->qemu.auto_shutdown_restore = -1;
    f->qemu.auto_shutdown_try_save = f->qemu.auto_shutdown_try_shutdown = f->qemu.auto_shutdown_poweroff = -1;
}

double host_native_starts_age(const char *root, bool session)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (session && !runtime)
        return NAN;
    char *path = session ? xasprintf("%s%s/libvirt/qemu/run/autostarted", root, runtime)
                         : xasprintf("%s/run/libvirt/qemu/autostarted", root);
    struct stat st;
    double age = stat(path, &st) == 0 ? difftime(time(NULL), st.st_mtime) : NAN;
    free(path);
    return age;
}
