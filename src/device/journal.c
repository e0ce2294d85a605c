/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every writer holds the folder's lock, so a temporary file that is seen under the lock is what a killed
 * program left. Readers need no lock: files appear whole, by renaming.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/jsondoc.h"
#include "base/paths.h"
#include "base/strbuf.h"
#include "device/journal_private.h"
#include "model/xml.h"

#define MAX_NUMBER   999999999u
#define MAX_BYTES    (4u * XML_MAX_BYTES) /* two definitions, and what escaping adds */
#define LOCK_WAIT_MS 10000                /* a writer needs some milliseconds; longer means one that hangs */
#define LOCK_STEP_MS 10

/* ---- files ---- */

/* *gone: the file is no longer there (an old one, just dropped). */
static bool load_file(const char *folder, unsigned number, bool with_xml, struct journal_entry *out,
                      bool *gone, struct error *e)
{
    char *path = xasprintf("%s/%06u.json", folder, number), *text = NULL;
    size_t len = 0;
    bool good = file_read(path, MAX_BYTES, &text, &len, gone, e);
    if (good) {
        json_object *o = jsondoc_object(text, len, 0);
        *out = (struct journal_entry){0};
        good = o && journal_entry_read(o, number, with_xml, out);
        json_object_put(o);
        if (!good) {
            journal_entry_clear(out);
            error_set(e, STATUS_FAILED, "%s is damaged: it is no entry of the journal", path);
        }
    }
    free(text);
    free(path);
    return good;
}

static bool save_file(const char *folder, struct journal_entry *entry, struct error *e)
{
    char *path = xasprintf("%s/%06u.json", folder, entry->number), *text = journal_entry_text(entry);
    bool good = file_write(path, text, strlen(text), 0600, e);
    free(text);
    free(path);
    return good;
}

/* ---- the folder ---- */

static char *folder_of(const char *dir, const struct vm_uuid *uuid)
{
    char name[UUID_TEXT_LEN + 1];
    uuid_format(uuid, name);
    return dir ? xasprintf("%s/%s", dir, name) : xasprintf("%s/journal/%s", paths_state_dir(), name);
}

/* Definitions hold passwords: nobody else may look into the folder or put something there. */
static bool make_private(const char *path, struct error *e)
{
    struct stat st;
    if (!file_make_dirs(path, e))
        return false;
    if (stat(path, &st) != 0)
        return error_set(e, STATUS_FAILED, "can't look at %s: %s", path, strerror(errno));
    if (st.st_uid != geteuid())
        return error_set(
            e, STATUS_FAILED,
            "%s belongs to user %u, not to this one (%u): take it away, or set XDG_STATE_HOME to "
            "a directory of your own",
            path, (unsigned)st.st_uid, (unsigned)geteuid());
    if (st.st_mode & 077 && chmod(path, 0700) != 0)
        return error_set(e, STATUS_FAILED, "%s can be read by others, and that can't be changed: %s", path,
                         strerror(errno));
    return true;
}

static bool make_folder(const char *folder, struct error *e)
{
    const char *slash = strrchr(folder, '/');
    char *parent = xstrndup(folder, (size_t)(slash - folder));
    bool good = make_private(parent, e) && make_private(folder, e);
    free(parent);
    return good;
}

/* The number that a file is named by, 0 for other files; *temporary: what file_write() renames later. */
static unsigned number_of(const char *name, bool *temporary)
{
    size_t digits = strspn(name, "0123456789");
    *temporary = false;
    if (digits < 6 || digits > 9 || strncmp(name + digits, ".json", 5) != 0)
        return 0;
    const char *rest = name + digits + 5;
    *temporary = rest[0] == '.' && strlen(rest) == 7;
    unsigned long number = strtoul(name, NULL, 10);
    return rest[0] == '\0' && (digits == 6 || name[0] != '0') ? (unsigned)number : 0;
}

static int compare_numbers(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return x < y ? -1 : x > y;
}

/* The numbers of the entries, rising. A folder that is not there has none. sweep: under the lock; removes
 * temporary files. */
static bool list_numbers(const char *folder, bool sweep, journal_numbers *out, struct error *e)
{
    DIR *d = opendir(folder);
    if (!d)
        return errno == ENOENT || error_set(e, STATUS_FAILED, "can't read %s: %s", folder, strerror(errno));
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        bool temporary;
        unsigned number = number_of(entry->d_name, &temporary);
        if (number)
            vec_push(out, number);
        else if (temporary && sweep)
            unlinkat(dirfd(d), entry->d_name, 0);
    }
    closedir(d);
    if (out->len)
        qsort(out->items, out->len, sizeof *out->items, compare_numbers);
    return true;
}

static void drop_oldest(const char *folder, const journal_numbers *numbers, size_t have)
{
    for (size_t i = 0; i < numbers->len && have > JOURNAL_ENTRIES; i++, have--) {
        char *path = xasprintf("%s/%06u.json", folder, numbers->items[i]);
        unlink(path);
        free(path);
    }
}

/* -1 with e set. Closing it gives the lock back. */
static int lock_folder(const char *folder, struct error *e)
{
    char *path = paths_join(folder, "lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int64_t until = clock_mono_ms() + LOCK_WAIT_MS;
    int got = fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
    for (int waited = 0; fd >= 0 && got != 0 && (errno == EWOULDBLOCK || errno == EINTR);) {
        if (clock_mono_ms() >= until || waited >= LOCK_WAIT_MS)
            break;
        nanosleep(&(struct timespec){.tv_nsec = LOCK_STEP_MS * 1000000L}, NULL);
        waited += LOCK_STEP_MS;
        got = flock(fd, LOCK_EX | LOCK_NB);
    }
    if (got != 0) {
        const char *why = fd >= 0 && errno == EWOULDBLOCK ? "another program holds it" : strerror(errno);
        error_set(e, STATUS_FAILED, "can't lock %s: %s", path, why);
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

/* ---- writing ---- */

static char *login_name(void)
{
    struct passwd pw, *found = NULL;
    char buf[4096];
    const char *sudo = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
    if (getpwuid_r(geteuid(), &pw, buf, sizeof buf, &found) != 0 || !found)
        return xasprintf("%u", (unsigned)geteuid());
    return sudo && *sudo && strcmp(sudo, pw.pw_name) != 0 ? xasprintf("%s (sudo by %s)", pw.pw_name, sudo)
                                                          : xstrdup(pw.pw_name);
}

static bool begin_locked(const char *folder, struct journal_entry *entry, struct error *e)
{
    journal_numbers numbers = {0};
    bool good = list_numbers(folder, true, &numbers, e);
    unsigned last = good && numbers.len ? numbers.items[numbers.len - 1] : 0;
    if (good && last >= MAX_NUMBER)
        good = error_set(e, STATUS_FAILED, "%s has an entry %u: no number is left", folder, last);
    if (good) {
        entry->number = last + 1;
        good = save_file(folder, entry, e);
    }
    if (good)
        drop_oldest(folder, &numbers, numbers.len + 1);
    vec_free(&numbers);
    return good;
}

bool journal_begin(const char *dir, struct journal_entry *entry, struct error *e)
{
    char *folder = folder_of(dir, &entry->uuid);
    if (!entry->wall_ms)
        entry->wall_ms = clock_wall_ms();
    if (!entry->user)
        entry->user = login_name();
    if (!entry->vm)
        entry->vm = xstrdup("");
    bool good = make_folder(folder, e);
    int lock = good ? lock_folder(folder, e) : -1;
    good = lock >= 0 && begin_locked(folder, entry, e);
    if (lock >= 0)
        close(lock);
    free(folder);
    return good;
}

static void replace_text(char **text, const char *by)
{
    if (!by)
        return;
    free(*text);
    *text = xstrdup(by);
}

typedef void (*amendment)(struct journal_entry *written, void *ctx);

/* Writes it anew, under the folder's lock. */
static bool amend_locked(const char *folder, unsigned number, amendment change, void *ctx, struct error *e)
{
    struct journal_entry written = {0};
    bool gone, good = load_file(folder, number, true, &written, &gone, e);
    if (good) {
        change(&written, ctx);
        good = save_file(folder, &written, e);
    }
    journal_entry_clear(&written);
    return good;
}

static bool amend(const char *dir, const struct journal_entry *entry, amendment change, void *ctx,
                  struct error *e)
{
    char *folder = folder_of(dir, &entry->uuid);
    journal_numbers none = {0};
    int lock = lock_folder(folder, e);
    bool good = lock >= 0 && list_numbers(folder, true, &none, e) &&
                amend_locked(folder, entry->number, change, ctx, e);
    if (lock >= 0)
        close(lock);
    vec_free(&none);
    free(folder);
    return good;
}

struct ending {
    const struct journal_entry *entry;
    enum journal_state state;
    const char *new_xml;
};

/* From what was meant, which the entry has until now, and what came of it; as it has come where only that is
 * known. */
static void take_trace(struct journal_entry *written, const char *new_xml)
{
    const char *meant = written->new_xml ? written->new_xml : new_xml;
    trace_free(&written->trace);
    written->traced = written->old_xml && meant;
    if (!written->traced)
        return;
    trace_make(written->old_xml, meant, &written->trace);
    if (new_xml)
        trace_end(&written->trace, written->old_xml, new_xml);
}

static void end_entry(struct journal_entry *written, void *ctx)
{
    const struct ending *end = ctx;
    take_trace(written, end->new_xml);
    written->state = end->state;
    written->ended_ms = clock_wall_ms();
    written->overwritten_ms = end->entry->overwritten_ms;
    replace_text(&written->new_xml, end->new_xml);
    replace_text(&written->when, end->entry->when);
    replace_text(&written->start_after, end->entry->start_after);
}

bool journal_end(const char *dir, const struct journal_entry *entry, enum journal_state state,
                 const char *new_xml, struct error *e)
{
    struct ending end = {entry, state, new_xml};
    bool good = amend(dir, entry, end_entry, &end, e);
    if (!good)
        error_prefix(e, "the journal does not know how entry %u ended", entry->number);
    return good;
}

struct base {
    const char *old_xml, *new_xml;
};

static void rebase_entry(struct journal_entry *written, void *ctx)
{
    const struct base *base = ctx;
    replace_text(&written->old_xml, base->old_xml);
    replace_text(&written->new_xml, base->new_xml);
}

bool journal_rebase(const char *dir, const struct journal_entry *entry, const char *old_xml,
                    const char *new_xml, struct error *e)
{
    struct base base = {old_xml, new_xml};
    return amend(dir, entry, rebase_entry, &base, e);
}

struct noting {
    int64_t now;
    bool was_noted;
};

static void note_overwritten(struct journal_entry *written, void *ctx)
{
    struct noting *n = ctx;
    n->was_noted = written->overwritten_ms;
    if (!n->was_noted)
        written->overwritten_ms = n->now;
}

bool journal_note_overwritten(const char *dir, const struct vm_uuid *uuid, journal_numbers *numbers,
                              unsigned newest, struct error *e)
{
    char *folder = folder_of(dir, uuid);
    journal_numbers present = {0};
    struct noting n = {.now = clock_wall_ms()};
    int lock = lock_folder(folder, e);
    bool good = lock >= 0 && list_numbers(folder, true, &present, e) && present.len &&
                present.items[present.len - 1] == newest;
    for (size_t i = numbers->len; good && i-- > 0;) {
        good = amend_locked(folder, numbers->items[i], note_overwritten, &n, e);
        if (good && n.was_noted)
            vec_remove(numbers, i);
    }
    if (lock >= 0)
        close(lock);
    vec_free(&present);
    free(folder);
    return good;
}

bool journal_has_entries(const char *dir, const struct vm_uuid *uuid)
{
    char *folder = folder_of(dir, uuid);
    journal_numbers present = {0};
    bool has = list_numbers(folder, false, &present, NULL) && present.len;
    vec_free(&present);
    free(folder);
    return has;
}

int journal_lock_domain(const char *dir, const struct vm_uuid *uuid, bool *busy, struct error *e)
{
    char *folder = folder_of(dir, uuid);
    char *path = paths_join(folder, "change.lock");
    int fd = make_folder(folder, e) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    *busy = false;
    if (fd < 0 && (!e || e->status == STATUS_OK)) {
        error_set(e, STATUS_FAILED, "can't open %s: %s", path, strerror(errno));
    } else if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        *busy = errno == EWOULDBLOCK || errno == EINTR;
        if (!*busy)
            error_set(e, STATUS_FAILED, "can't lock %s: %s", path, strerror(errno));
        close(fd);
        fd = -1;
    }
    free(path);
    free(folder);
    return fd;
}

/* ---- reading ---- */

/* Adds what is wrong with one more file. */
static void add_complaint(struct error *all, struct error *one)
{
    if (all && all->text)
        error_set(all, STATUS_FAILED, "%s; %s", error_text(all), error_text(one));
    else if (all)
        error_move(all, one);
    error_clear(one);
}

bool journal_list_entries(const char *dir, const struct vm_uuid *uuid, journal_list *out, struct error *e)
{
    char *folder = folder_of(dir, uuid);
    journal_numbers numbers = {0};
    bool good = list_numbers(folder, false, &numbers, e);
    for (size_t i = 0; i < numbers.len; i++) {
        struct journal_entry entry = {0};
        struct error one = ERROR_INIT;
        bool gone = false;
        if (load_file(folder, numbers.items[i], false, &entry, &gone, &one)) {
            entry.uuid = *uuid;
            vec_push(out, entry);
        } else if (!gone) {
            add_complaint(e, &one);
            good = false;
        }
        error_clear(&one);
    }
    vec_free(&numbers);
    free(folder);
    return good;
}

bool journal_start_differs(const struct journal_entry *e)
{
    return e->start_before && e->start_after && strcmp(e->start_before, e->start_after) != 0;
}

static bool changed_something(const struct journal_entry *e)
{
    if (e->state == JOURNAL_FAILED || !e->old_xml)
        return false;
    return !e->new_xml || strcmp(e->old_xml, e->new_xml) != 0 || journal_start_differs(e);
}

static bool load_newest(const char *folder, const journal_numbers *numbers, struct journal_entry *out,
                        struct error *e)
{
    for (size_t i = numbers->len; i-- > 0;) {
        struct journal_entry one = {0};
        bool gone;
        if (load_file(folder, numbers->items[i], true, &one, &gone, NULL) && changed_something(&one)) {
            *out = one;
            return true;
        }
        journal_entry_clear(&one);
    }
    return error_set(e, STATUS_FAILED,
                     "the journal has no change to take back: nothing was changed with virtdeck");
}

static bool no_such_entry(unsigned number, const journal_numbers *numbers, struct error *e)
{
    if (!numbers->len)
        return error_set(e, STATUS_FAILED, "there is no entry %u: the journal has none", number);
    return error_set(e, STATUS_FAILED, "there is no entry %u: the journal has %u to %u", number,
                     numbers->items[0], numbers->items[numbers->len - 1]);
}

bool journal_load(const char *dir, const struct vm_uuid *uuid, unsigned number, struct journal_entry *out,
                  struct error *e)
{
    char *folder = folder_of(dir, uuid);
    journal_numbers numbers = {0};
    bool gone = false;
    *out = (struct journal_entry){0};
    bool good = list_numbers(folder, false, &numbers, e);
    if (good && number == 0) {
        good = load_newest(folder, &numbers, out, e);
    } else if (good) {
        good = load_file(folder, number, true, out, &gone, e);
        if (gone)
            no_such_entry(number, &numbers, e);
    }
    out->uuid = good ? *uuid : (struct vm_uuid){{0}};
    vec_free(&numbers);
    free(folder);
    return good;
}
