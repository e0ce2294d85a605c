/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/bootwatch.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE   4096
#define MIN_MARKER 4 /* letters; a shorter line (a prompt) says too little */

/* ---- the tables ---- */

struct sign {
    const char *regex;
    const char *meaning;
    bool prompt; /* no line ends behind it */
};

static const struct sign failures[] = {
    {.regex = "VFS: Unable to mount root fs", .meaning = "the kernel found no root file system"},
    {.regex = "VFS: Cannot open root device", .meaning = "the kernel found no root device"},
    {.regex = "Kernel panic - not syncing", .meaning = "the kernel panicked"},
    {.regex = "ALERT!.*does not exist", .meaning = "the initramfs did not find the root device"},
    {.regex = "[Dd]ropping to (a |an )?(emergency |initramfs )?shell", .meaning = "the initramfs gave up"},
    {.regex = "^\\(initramfs\\)", .meaning = "the initramfs gave up", .prompt = true},
    {.regex = "dracut-initqueue.*timeout|dracut.*[Cc]ould not boot",
     .meaning = "dracut did not find the root device"},
    {.regex = "Entering emergency mode|You are in emergency mode|emergency\\.target",
     .meaning = "it came up in emergency mode only"},
    {.regex = "[Tt]imed out waiting for device", .meaning = "a device that it mounts did not appear"},
    {.regex = "Can't open blockdev|mounting .* on /(root|newroot|sysroot)? *failed",
     .meaning = "the root file system could not be mounted"},
    {.regex = "INACCESSIBLE_BOOT_DEVICE|0x0000007[Bb]", .meaning = "Windows has no driver for its disk"},
    {.regex = "No bootable device|No bootable option or device|Operating System not found",
     .meaning = "the firmware found nothing to boot"},
    {.regex = "Boot failed:|BdsDxe: failed to (load|start) Boot", .meaning = "the firmware could not boot"},
    {.regex = "error: (no such device|unknown filesystem|disk .* not found)",
     .meaning = "GRUB did not find its files"},
    {.regex = "grub rescue>", .meaning = "GRUB did not find its files", .prompt = true},
};
_Static_assert(ARRAY_LEN(failures) <= 8 * sizeof(unsigned), "a bit a sign");

static const char up_regex[] = "login: *$|Reached target .*(Multi-User|Graphical)|Welcome to the .*console";
static const char virtio_regex[] = "virtio_blk .*\\[vd[a-z]+\\]|\\bvd[a-z]+[=:]|virtio_scsi virtio[0-9]+";

static regex_t failure_regex[ARRAY_LEN(failures)], up, virtio;

static void compile(regex_t *r, const char *text)
{
    if (regcomp(r, text, REG_EXTENDED | REG_NOSUB) != 0)
        die("not a regular expression: %s", text);
}

static void compile_all(void)
{
    for (size_t i = 0; i < ARRAY_LEN(failures); i++)
        compile(&failure_regex[i], failures[i].regex);
    compile(&up, up_regex);
    compile(&virtio, virtio_regex);
}

static bool matches(const regex_t *r, const char *line)
{
    return regexec(r, line, 0, NULL, 0) == 0;
}

/* ---- lines ---- */

/* Without figures: time stamps, process ids and the like differ from boot to boot. */
static char *without_figures(const char *line)
{
    struct strbuf out = {0};
    for (const char *p = line; *p; p++)
        if (!isdigit((unsigned char)*p))
            strbuf_putc(&out, *p);
    return strbuf_steal(&out);
}

static size_t letters(const char *line)
{
    size_t n = 0;
    for (const char *p = line; *p; p++)
        n += isalpha((unsigned char)*p) != 0;
    return n;
}

static bool is_marker(const struct boot_watch *w, const char *line)
{
    char *plain = w->marker ? without_figures(line) : NULL;
    bool is = plain && strcmp(plain, w->marker) == 0;
    free(plain);
    return is;
}

static void decide(struct boot_watch *w, enum boot_verdict verdict, const char *line, const char *meaning)
{
    if (w->verdict != BOOT_UNDECIDED)
        return;
    w->verdict = verdict;
    w->evidence = xstrdup(line);
    w->meaning = meaning;
}

static void look_for_failures(struct boot_watch *w, const char *line, bool whole)
{
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        if (!(whole || failures[i].prompt) || !matches(&failure_regex[i], line))
            continue;
        w->seen |= 1u << i;
        w->failing = true;
        if (!(w->ignored & 1u << i))
            decide(w, BOOT_FAILED, line, failures[i].meaning);
    }
}

/* whole: it has ended; else more of it may come. */
static void look_at(struct boot_watch *w, const char *line, bool whole)
{
    if (letters(line) >= MIN_MARKER)
        w->failing = false;
    look_for_failures(w, line, whole);
    if (matches(&up, line) || (w->ready && matches(w->ready, line)))
        decide(w, BOOT_UP, line, NULL);
    w->marker_seen = w->marker_seen || is_marker(w, line);
    if (whole && !w->virtio_line && matches(&virtio, line))
        w->virtio_line = xstrdup(line);
}

static void end_line(struct boot_watch *w)
{
    const char *line = strbuf_str(&w->line);
    look_at(w, line, true);
    if (letters(line) >= MIN_MARKER) {
        free(w->last);
        w->last = xstrdup(line);
    }
    strbuf_clear(&w->line);
}

/* Leaves escape sequences and other control characters out: ESC [ … letter, ESC other. */
static bool is_text(struct boot_watch *w, char c)
{
    enum { PLAIN, ESCAPE, SEQUENCE };
    if (w->escape == ESCAPE) {
        w->escape = c == '[' ? SEQUENCE : PLAIN;
        return false;
    }
    if (w->escape == SEQUENCE) {
        w->escape = c >= '@' && c <= '~' ? PLAIN : SEQUENCE;
        return false;
    }
    if (c == '\033')
        w->escape = ESCAPE;
    return (unsigned char)c >= ' ' || c == '\t';
}

void boot_watch_feed(struct boot_watch *w, const char *bytes, size_t len)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, compile_all);
    w->bytes += len;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || w->line.len >= MAX_LINE)
            end_line(w);
        if (is_text(w, bytes[i]))
            strbuf_putc(&w->line, bytes[i]);
    }
    if (w->line.len) /* a prompt ends in no newline */
        look_at(w, strbuf_str(&w->line), false);
}

bool boot_watch_ready(struct boot_watch *w, const char *regex, struct error *e)
{
    char why[200];
    regex_t *r = xcalloc(1, sizeof *r);
    int code = regcomp(r, regex, REG_EXTENDED | REG_NOSUB);
    if (code == 0) {
        w->ready = r;
        return true;
    }
    regerror(code, r, why, sizeof why);
    free(r);
    return error_set(e, STATUS_USAGE, "\"%s\" is no regular expression: %s", regex, why);
}

char *boot_watch_marker(const struct boot_watch *w)
{
    const char *line = letters(strbuf_str(&w->line)) >= MIN_MARKER ? strbuf_str(&w->line) : w->last;
    return line ? without_figures(line) : NULL;
}

void boot_watch_clear(struct boot_watch *w)
{
    if (w->ready)
        regfree(w->ready);
    free(w->ready);
    free(w->marker);
    free(w->evidence);
    free(w->virtio_line);
    free(w->last);
    strbuf_free(&w->line);
    *w = (struct boot_watch){0};
}
