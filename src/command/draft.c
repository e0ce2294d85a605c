/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/draft.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/file.h"
#include "base/linediff.h"
#include "base/paths.h"
#include "base/spawn.h"
#include "model/xml.h"

#define NOTE_BEGIN "<!-- virtdeck: the definition was changed by somebody else meanwhile, so:"

/* ---- the files ---- */

static char *folder_path(void)
{
    return paths_join(paths_state_dir(), "edits");
}

static bool make_folder(const char *folder, struct error *e)
{
    struct stat st;
    if (!file_make_dirs(folder, e))
        return false;
    if (stat(folder, &st) != 0)
        return error_set(e, STATUS_FAILED, "can't look at %s: %s", folder, strerror(errno));
    if (st.st_uid != geteuid() || (st.st_mode & 077 && chmod(folder, 0700) != 0))
        return error_set(e, STATUS_FAILED,
                         "%s can be read by others, and definitions hold passwords: make it your own alone "
                         "(chmod 700), or set XDG_STATE_HOME to a directory of your own",
                         folder);
    return true;
}

/* The lock stands on the base file: editors replace the other one. */
static bool lock_base(struct draft *d)
{
    d->lock = open(d->base_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (d->lock >= 0 && flock(d->lock, LOCK_EX | LOCK_NB) == 0)
        return true;
    if (d->lock >= 0)
        close(d->lock);
    d->lock = -1;
    return false;
}

static void draft_clear(struct draft *d)
{
    if (d->lock >= 0)
        close(d->lock);
    free(d->path);
    free(d->base);
    free(d->base_path);
    *d = (struct draft){.lock = -1};
}

void draft_leave(struct draft *d)
{
    draft_clear(d);
}

void draft_drop(struct draft *d)
{
    if (d->path) {
        char *backup = xasprintf("%s~", d->path); /* as editors keep one */
        unlink(backup);
        unlink(d->path);
        unlink(d->base_path);
        free(backup);
    }
    draft_clear(d);
}

static void name_files(struct draft *d, const char *folder, const char *stem)
{
    d->path = xasprintf("%s/%s.xml", folder, stem);
    d->base_path = xasprintf("%s/%s.base", folder, stem);
}

/* A name that nobody has, and the file under it. */
static bool claim(struct draft *d, const char *folder, const struct vm_uuid *uuid, struct error *e)
{
    char name[UUID_TEXT_LEN + 1];
    uuid_format(uuid, name);
    for (unsigned i = 1; i < 10000; i++) {
        char *stem = xasprintf("%s.%04u", name, i);
        name_files(d, folder, stem);
        free(stem);
        int fd = open(d->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int reason = errno;
        if (fd >= 0) {
            close(fd);
            return true;
        }
        if (reason != EEXIST)
            return error_set(e, STATUS_FAILED, "can't make %s: %s", d->path, strerror(reason));
        free(d->path);
        free(d->base_path);
        d->path = d->base_path = NULL;
    }
    return error_set(e, STATUS_FAILED, "%s has thousands of texts that were never applied: delete some",
                     folder);
}

bool draft_new(struct draft *d, const struct vm_uuid *uuid, const char *xml, struct error *e)
{
    char *folder = folder_path();
    *d = (struct draft){.lock = -1};
    bool good = make_folder(folder, e) && claim(d, folder, uuid, e) &&
                file_write(d->base_path, xml, strlen(xml), 0600, e) &&
                file_write(d->path, xml, strlen(xml), 0600, e);
    if (good) {
        lock_base(d);
        d->base = xstrdup(xml);
    } else {
        draft_drop(d);
    }
    free(folder);
    return good;
}

static bool is_of(const char *name, const char *uuid)
{
    size_t len = strlen(name);
    return strncmp(name, uuid, UUID_TEXT_LEN) == 0 && name[UUID_TEXT_LEN] == '.' && len > 4 &&
           strcmp(name + len - 4, ".xml") == 0;
}

/* Takes this one when it is newer than what `d` has. */
static void prefer(struct draft *d, int64_t *newest, const char *folder, const char *name)
{
    struct draft one = {.lock = -1};
    struct stat st;
    char *stem = xstrndup(name, strlen(name) - 4);
    name_files(&one, folder, stem);
    free(stem);
    bool better = lstat(one.path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
                  (int64_t)st.st_mtime >= *newest && lock_base(&one) &&
                  file_read(one.base_path, XML_MAX_BYTES, &one.base, NULL, NULL, NULL);
    if (!better) {
        draft_clear(&one);
        return;
    }
    draft_clear(d);
    *d = one;
    *newest = st.st_mtime;
}

static bool take_newest(struct draft *d, const struct vm_uuid *uuid)
{
    char name[UUID_TEXT_LEN + 1], *folder = folder_path();
    int64_t newest = 0;
    uuid_format(uuid, name);
    *d = (struct draft){.lock = -1};
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
        if (is_of(entry->d_name, name))
            prefer(d, &newest, folder, entry->d_name);
    if (dir)
        closedir(dir);
    free(folder);
    return d->path != NULL;
}

/* What a killed program left with nothing changed in it is not worth a question. */
static bool is_unchanged(const struct draft *d)
{
    char *text = NULL;
    bool same = file_read(d->path, XML_MAX_BYTES, &text, NULL, NULL, NULL) && strcmp(text, d->base) == 0;
    free(text);
    return same;
}

bool draft_take(struct draft *d, const struct vm_uuid *uuid)
{
    for (;;) {
        struct draft one;
        bool found = take_newest(&one, uuid);
        if (!found || !is_unchanged(&one) || unlink(one.path) != 0) {
            *d = one;
            return found;
        }
        draft_drop(&one);
    }
}

/* ---- the editor ---- */

static const char *editor_command(void)
{
    static const char *const usual[] = {"editor", "nano", "vi"};
    static const char *const variables[] = {"VISUAL", "EDITOR"};
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return value;
    }
    for (size_t i = 0; i < ARRAY_LEN(usual); i++)
        if (spawn_finds(usual[i]))
            return usual[i];
    return NULL;
}

bool draft_edit(const struct draft *d, struct error *e)
{
    const char *command = editor_command();
    int how = 0;
    if (!command)
        return error_set(e, STATUS_FAILED, "there is no editor: set EDITOR to one");
    char *line = xasprintf("%s \"$1\"", command);
    int reason = spawn_foreground((const char *[]){"/bin/sh", "-c", line, "sh", d->path, NULL}, &how);
    free(line);
    if (reason)
        return error_set(e, STATUS_FAILED, "can't run the editor (%s): %s", command, strerror(reason));
    if (WIFSIGNALED(how))
        return error_set(e, STATUS_FAILED, "the editor (%s) was ended by signal %d", command, WTERMSIG(how));
    return WEXITSTATUS(how) == 0 ||
           error_set(e, STATUS_FAILED, "the editor (%s) failed with status %d", command, WEXITSTATUS(how));
}

/* ---- the text ---- */

/* The text without the note on top of it. */
static const char *without_note(const char *text)
{
    if (strncmp(text, NOTE_BEGIN, strlen(NOTE_BEGIN)) != 0)
        return text;
    const char *end = strstr(text, "-->\n");
    return end ? end + 4 : text;
}

static char *hidden(xmlDocPtr doc)
{
    xml_hide_secrets(doc);
    return xml_print(doc);
}

static char *hidden_text(const char *xml)
{
    xmlDocPtr doc = xml_parse_element(xml, "domain", NULL);
    char *text = doc ? hidden(doc) : xstrdup("");
    xmlFreeDoc(doc);
    return text;
}

/* A line's number in the file, which the note makes longer than the text. */
static void say_bad(const char *text, const char *from, struct error *e)
{
    long lines = 0;
    for (const char *p = text; p < from; p++)
        lines += *p == '\n';
    if (lines)
        error_prefix(e, "not counting the %ld lines of the note on top", lines);
}

enum draft_state draft_look(const struct draft *d, char **xml, struct strbuf *diff, struct error *e)
{
    char *text = NULL;
    if (!file_read(d->path, XML_MAX_BYTES, &text, NULL, NULL, e))
        return DRAFT_BAD;
    const char *from = without_note(text);
    enum draft_state state = DRAFT_SAME;
    if (strcmp(from, d->base) != 0) {
        xmlDocPtr doc = xml_parse_element(from, "domain", e);
        state = doc ? DRAFT_READY : DRAFT_BAD;
        if (doc) {
            char *old = hidden_text(d->base), *new = hidden(doc);
            linediff(diff, old, new);
            if (!diff->len)
                strbuf_puts(diff, "only secrets, which are not shown, or blanks differ\n");
            *xml = xstrdup(from);
            free(old);
            free(new);
            xmlFreeDoc(doc);
        } else {
            say_bad(text, from, e);
        }
    }
    free(text);
    return state;
}

/* A comment may not have two dashes in a row. */
static void put_harmless(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        strbuf_putc(out, *text);
        if (text[0] == '-' && text[1] == '-')
            strbuf_putc(out, ' ');
    }
}

bool draft_rebase(struct draft *d, const char *xml, struct error *e)
{
    struct strbuf diff = {0}, out = {0};
    char *text = NULL, *old = hidden_text(d->base), *new = hidden_text(xml);
    bool good = file_read(d->path, XML_MAX_BYTES, &text, NULL, NULL, e);
    linediff(&diff, old, new);
    if (good) {
        strbuf_puts(&out, NOTE_BEGIN "\n");
        put_harmless(&out, strbuf_str(&diff));
        strbuf_puts(&out,
                    "Your text below lacks that. Put in what is to stay; this note goes by itself.\n-->\n");
        strbuf_puts(&out, without_note(text));
        good = file_write(d->path, strbuf_str(&out), out.len, 0600, e);
    }
    /* In place, for the lock stands on this very file. */
    int fd = good ? open(d->base_path, O_WRONLY | O_TRUNC | O_CLOEXEC) : -1;
    size_t len = strlen(xml);
    if (good && (fd < 0 || write(fd, xml, len) != (ssize_t)len))
        good = error_set(e, STATUS_FAILED, "can't write %s: %s", d->base_path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (good) {
        free(d->base);
        d->base = xstrdup(xml);
    }
    strbuf_free(&diff);
    strbuf_free(&out);
    free(text);
    free(old);
    free(new);
    return good;
}
