/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The host's journal, so far as it is about one domain. journalctl finds the lines by its index and by an
 * expression; the same expression goes over what it prints, as older ones have no expressions.
 */
#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "base/strbuf.h"
#include "logs/feed_private.h"

#define SINCE "-7d"

/* Who tells of domains without being one of libvirt's daemons. "+" stands between matches. */
static const char *const host_matches[] = {"_TRANSPORT=kernel", "_TRANSPORT=audit",
                                           "SYSLOG_IDENTIFIER=systemd", "SYSLOG_IDENTIFIER=systemd-oomd"};
static const char *const daemon_matches[] = {
    "SYSLOG_IDENTIFIER=libvirtd",    "SYSLOG_IDENTIFIER=virtqemud",    "SYSLOG_IDENTIFIER=virtlogd",
    "SYSLOG_IDENTIFIER=virtlockd",   "SYSLOG_IDENTIFIER=virtnetworkd", "SYSLOG_IDENTIFIER=virtstoraged",
    "SYSLOG_IDENTIFIER=virtnodedevd"};

static void put_literal(struct strbuf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("\\^$.[]|()*+?{}-", text[i]))
            strbuf_putc(out, '\\');
        strbuf_putc(out, text[i]);
    }
}

/* The name stands for itself: between what is no part of a name. */
static void put_name(struct strbuf *out, const char *name)
{
    strbuf_puts(out, "(^|[^[:alnum:]_.-])");
    put_literal(out, name, strlen(name));
    strbuf_puts(out, "([^[:alnum:]_-]|$)");
}

/* As systemd-machined and control groups have it: "machine-qemu\x2d3\x2dNAME.scope"; without systemd
 * "/machine/qemu-3-NAME.libvirt-qemu". libvirt leaves out what is no letter, digit, "." or "-", and systemd
 * writes "-" as "\x2d". */
static void put_scope(struct strbuf *out, const char *name)
{
    struct strbuf plain = {0}, escaped = {0};
    for (const char *p = name; *p; p++) {
        if (*p != '-' && *p != '.' && !isalnum((unsigned char)*p))
            continue;
        strbuf_putc(&plain, *p);
        strbuf_puts(&escaped, *p == '-' ? "\\x2d" : (char[]){*p, '\0'});
    }
    strbuf_puts(out, "machine-qemu\\\\x2d[0-9]+\\\\x2d");
    put_literal(out, strbuf_str(&escaped), escaped.len);
    strbuf_puts(out, "\\.scope|/qemu-[0-9]+-");
    put_literal(out, strbuf_str(&plain), plain.len);
    strbuf_puts(out, "\\.libvirt-qemu");
    strbuf_free(&plain);
    strbuf_free(&escaped);
}

/* Of its QEMU, where it runs here and now; 0. */
static long running_pid(const struct feed_uri *u, const char *vm)
{
    char *path = xasprintf("/run/libvirt/qemu/%s.pid", vm);
    char digits[24] = "";
    bool system = !feed_uri_is_remote(u) && strcmp(u->path, "/system") == 0 && !strchr(vm, '/');
    FILE *file = system ? fopen(path, "re") : NULL;
    long pid = file && fgets(digits, sizeof digits, file) ? strtol(digits, NULL, 10) : 0;
    if (file)
        fclose(file);
    free(path);
    return pid > 0 ? pid : 0;
}

static char *host_regex(const struct feed_uri *u, const struct feed_ask *ask)
{
    long pid = ask->pid > 0 ? ask->pid : running_pid(u, ask->vm);
    struct strbuf out = {0};
    char uuid[UUID_TEXT_LEN + 1];
    if (!uuid_is_nil(&ask->uuid)) {
        uuid_format(&ask->uuid, uuid);
        strbuf_printf(&out, "%s|", uuid);
    }
    strbuf_puts(&out, "guest=");
    put_literal(&out, ask->vm, strlen(ask->vm));
    strbuf_puts(&out, "([, ]|$)|");
    put_scope(&out, ask->vm);
    if (pid > 0)
        strbuf_printf(&out, "|(process |pid=|PID |kvm \\[|qemu[^ ]*\\[)%ld([^0-9]|$)", pid);
    strbuf_puts(&out, "|kvm(_intel|_amd)?: ");
    return strbuf_steal(&out);
}

static char *daemon_regex(const struct feed_ask *ask)
{
    struct strbuf out = {0};
    char uuid[UUID_TEXT_LEN + 1];
    if (!uuid_is_nil(&ask->uuid)) {
        uuid_format(&ask->uuid, uuid);
        strbuf_printf(&out, "%s|", uuid);
    }
    put_name(&out, ask->vm);
    return strbuf_steal(&out);
}

/* The number behind the words; 0: they are not there. */
static long number_behind(const char *text, size_t len, const char *words)
{
    size_t n = strlen(words);
    const char *at = memmem(text, len, words, n);
    long number = 0;
    if (!at)
        return 0;
    for (const char *p = at + n; p < text + len && *p >= '0' && *p <= '9' && number < 1000000000; p++)
        number = number * 10 + (*p - '0');
    return number;
}

bool feed_killed(struct feed *f, const char *text, size_t len, bool wanted)
{
    long chosen = memmem(text, len, "oom-kill:", 9) ? number_behind(text, len, ",pid=") : 0;
    long killed = number_behind(text, len, "Killed process ");
    if (chosen)
        f->killed = wanted ? chosen : 0;
    return wanted || (killed && killed == f->killed);
}

static bool is_program(const char *name)
{
    const char *path = getenv("PATH");
    bool found = false;
    for (const char *p = path ? path : "/usr/bin:/bin"; *p && !found;) {
        size_t n = strcspn(p, ":");
        char *file = xasprintf("%.*s/%s", (int)n, p, name);
        found = access(file, X_OK) == 0;
        free(file);
        p += n + (p[n] == ':');
    }
    return found;
}

/* ---- the right to it ---- */

#define MAY_READ                                                                                             \
    "root and the members of the groups systemd-journal and adm may read it: `sudo usermod -aG "             \
    "systemd-journal %s`, then log in anew"

/* A folder for each machine, which may be closed itself. */
static const char *const journals[] = {"/run/log/journal/*", "/var/log/journal/*"};

static bool may_read_in(const char *folder)
{
    char *file = paths_join(folder, "system.journal");
    bool may = faccessat(AT_FDCWD, file, R_OK, AT_EACCESS) == 0;
    free(file);
    return may;
}

/* Who may not read the system's sees his own lines only, and journalctl does not always say so. */
static bool is_readable(void)
{
    bool any = false, readable = false;
    for (size_t i = 0; i < ARRAY_LEN(journals); i++) {
        glob_t found;
        if (glob(journals[i], GLOB_NOSORT, NULL, &found) != 0)
            continue;
        any = any || found.gl_pathc > 0;
        for (size_t k = 0; k < found.gl_pathc; k++)
            readable = readable || may_read_in(found.gl_pathv[k]);
        globfree(&found);
    }
    return readable || !any || geteuid() == 0;
}

static bool may_read(struct error *e)
{
    struct passwd *pw = NULL, found;
    char buf[4096];
    if (is_readable())
        return true;
    bool named = getpwuid_r(geteuid(), &found, buf, sizeof buf, &pw) == 0 && pw;
    return error_set(e, STATUS_FAILED, "permission denied: this host's journal: " MAY_READ,
                     named ? pw->pw_name : "USER");
}

/* The same over there; "$@" is what is run then. */
static const char remote_script[] =
    "n=; r=; for d in /run/log/journal/* /var/log/journal/*; do "
    "[ -d \"$d\" ] || continue; n=y; [ -r \"$d/system.journal\" ] && r=y; done; "
    "if [ \"$n\" ] && [ -z \"$r\" ] && [ \"$(id -u)\" != 0 ]; then "
    "echo \"permission denied: the journal of $(uname -n): root and the members of the groups "
    "systemd-journal "
    "and adm may read it there\" >&2; exit 1; fi; "
    "exec \"$@\"";

static char **journalctl(const struct feed_uri *u, const struct feed_ask *ask, const char *regex,
                         const char *const *matches, size_t n)
{
    /* Whose process it was is told by the line before: feed_killed(). */
    char *wide = xasprintf("%s|Killed process [0-9]+ \\((qemu|kvm)", regex);
    /* Not -q: without it a user who may see his own lines only is told of the groups that see all. */
    static const char *const words[] = {"journalctl",        "--no-pager", "--no-hostname", "-o",
                                        "short-iso-precise", "-S",         SINCE,           "-g"};
    feed_words w = {0};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        feed_word(&w, words[i]);
    feed_word(&w, wide);
    free(wide);
    if (!ask->once) {
        feed_word(&w, "--no-tail");
        feed_word(&w, "-f");
    }
    for (size_t i = 0; i < n; i++) {
        if (i)
            feed_word(&w, "+");
        feed_word(&w, matches[i]);
    }
    if (!feed_uri_is_remote(u))
        return feed_words_steal(&w);
    const char *const wrap[] = {"exec", "sh", "-c", remote_script, "sh"};
    feed_words whole = {0};
    for (size_t i = 0; i < ARRAY_LEN(wrap); i++)
        feed_word(&whole, wrap[i]);
    for (size_t i = 0; i < w.len; i++)
        vec_push(&whole, w.items[i]);
    char *command = feed_shell_line(&whole);
    char **argv = feed_ssh(u, command);
    for (size_t i = 0; i < whole.len; i++)
        free(whole.items[i]);
    vec_free(&whole);
    vec_free(&w);
    free(command);
    return argv;
}

bool feed_journal(const struct feed_uri *u, const struct feed_ask *ask, bool daemons, struct feed *out,
                  struct error *e)
{
    bool remote = feed_uri_is_remote(u);
    if (remote && !feed_uri_has_ssh(u, e))
        return false;
    if (!remote && !is_program("journalctl"))
        return error_set(e, STATUS_FAILED, "this machine has no journal: there is no program journalctl");
    if (!ask->vm || !*ask->vm)
        return error_set(e, STATUS_FAILED, "lines about a domain without a name can't be told from others");
    if (!remote && !may_read(e))
        return false;
    char *regex = daemons ? daemon_regex(ask) : host_regex(u, ask);
    out->only = pattern_new(regex, false, e);
    if (out->only) {
        out->kind = FEED_PROGRAM;
        out->argv = daemons ? journalctl(u, ask, regex, daemon_matches, ARRAY_LEN(daemon_matches))
                            : journalctl(u, ask, regex, host_matches, ARRAY_LEN(host_matches));
    }
    free(regex);
    return out->only != NULL;
}
