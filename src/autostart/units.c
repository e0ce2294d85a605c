/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What enabling and disabling our units takes: looked up in the files below a root, as systemctl would.
 */
#include "autostart/units.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autostart/units_private.h"
#include "base/builtin.h"
#include "base/file.h"
#include "base/spawn.h"

#define UNIT_MAX  65536
#define GUESTS    "libvirt-guests.service"
#define MARK_LINE UNIT_MARK ": `virtdeck autostart disable` removes it.\n"

/* Started in this order. */
static const char *const units[] = {"virtdeck-autostart.service", "virtdeck-supervise.service"};

/* Where packages and `make install` put units: system, user. */
static const char *const package_dirs[2][3] = {
    {"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"},
    {"/usr/local/lib/systemd/user", "/usr/lib/systemd/user", "/lib/systemd/user"},
};

struct units_place {
    const struct unit_request *r;
    char *dir;     /* of the units that an administrator, or the user, writes */
    char *wants;   /* folder of the links of what is enabled */
    bool manager;  /* a systemd runs that reads them */
    char *runtime; /* session: where its systemd listens */
};

static char *session_runtime(void)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");
    if (dir && dir[0] == '/')
        return xasprintf("%s/systemd/private", dir);
    return xasprintf("/run/user/%lu/systemd/private", (unsigned long)getuid());
}

static bool exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

static void place_open(struct units_place *p, const struct unit_request *r)
{
    p->r = r;
    if (r->session) {
        p->dir = xasprintf("%s%s/.config/systemd/user", r->root, r->home);
        p->wants = xasprintf("%s/default.target.wants", p->dir);
        p->runtime = session_runtime();
    } else {
        p->dir = xasprintf("%s/etc/systemd/system", r->root);
        p->wants = xasprintf("%s/multi-user.target.wants", p->dir);
        p->runtime = xstrdup("/run/systemd/system");
    }
    p->manager = !r->root[0] && exists(p->runtime);
}

static void place_close(struct units_place *p)
{
    free(p->dir);
    free(p->wants);
    free(p->runtime);
}

/* ---- what is there ---- */

static bool packaged(const struct units_place *p, const char *unit)
{
    for (size_t i = 0; i < ARRAY_LEN(package_dirs[0]); i++) {
        char *path = xasprintf("%s%s/%s", p->r->root, package_dirs[p->r->session][i], unit);
        bool there = exists(path);
        free(path);
        if (there)
            return true;
    }
    return false;
}

static bool enabled(const struct units_place *p, const char *unit)
{
    char *path = xasprintf("%s/%s", p->wants, unit);
    bool there = exists(path);
    free(path);
    return there;
}

enum written { WRITTEN_NOT, WRITTEN_BY_US, WRITTEN_BY_OTHERS, WRITTEN_MASKED };

/* What stands in p->dir; *text (may be NULL) gets its contents when it is ours. The caller frees. */
static enum written written(const char *path, char **text)
{
    struct stat st;
    char target[16];
    ssize_t n = readlink(path, target, sizeof target);
    if (n > 0)
        return (size_t)n == strlen("/dev/null") && memcmp(target, "/dev/null", (size_t)n) == 0
                   ? WRITTEN_MASKED
                   : WRITTEN_BY_OTHERS;
    if (lstat(path, &st) != 0)
        return WRITTEN_NOT;
    char *data = NULL;
    size_t len;
    bool ours = S_ISREG(st.st_mode) && file_read(path, UNIT_MAX, &data, &len, NULL, NULL) &&
                strncmp(data, UNIT_MARK, strlen(UNIT_MARK)) == 0;
    if (ours && text)
        *text = data;
    else
        free(data);
    return ours ? WRITTEN_BY_US : WRITTEN_BY_OTHERS;
}

/* ---- a unit's text ---- */

/* A word of a command line in a unit. The first one, the program, systemd takes as it is but for %. */
static void put_word(struct strbuf *out, const char *word, bool program)
{
    strbuf_putc(out, '"');
    for (const char *c = word; *c; c++) {
        if (*c == '"' || *c == '\\')
            strbuf_putc(out, '\\');
        else if (*c == '%' || (*c == '$' && !program))
            strbuf_putc(out, *c);
        strbuf_putc(out, *c);
    }
    strbuf_putc(out, '"');
}

static bool is_plain(const char *word)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+,=?&~[]";
    return word[0] && strspn(word, allowed) == strlen(word);
}

static void put_filled(struct strbuf *out, const char *word, bool program)
{
    if (is_plain(word))
        strbuf_puts(out, word);
    else
        put_word(out, word, program);
}

/* The text of a unit with its marks filled in. */
static void fill(const struct unit_request *r, const char *at, struct strbuf *out)
{
    while (*at) {
        const char *mark = strchr(at, '@');
        size_t plain = mark ? (size_t)(mark - at) : strlen(at);
        strbuf_add(out, at, plain);
        at += plain;
        bool first = plain && at[-1] == '=';
        if (strncmp(at, "@PROGRAM@", 9) == 0) {
            put_filled(out, r->program, first);
            at += 9;
        } else if (strncmp(at, "@URI@", 5) == 0) {
            put_filled(out, r->uri, false);
            at += 5;
        } else if (*at) {
            strbuf_putc(out, *at++);
        }
    }
}

static char *unit_text(const struct unit_request *r, const char *unit)
{
    struct strbuf out = {0};
    char *path = xasprintf("packaging/systemd/%s/%s", r->session ? "user" : "system", unit);
    const struct builtin *b = builtin_find(path);
    strbuf_puts(&out, MARK_LINE);
    if (b)
        fill(r, b->data, &out);
    else
        die("%s is not compiled in", path);
    free(path);
    return strbuf_steal(&out);
}

/* ---- steps ---- */

static struct unit_step *add_step(unit_steps *out)
{
    vec_push(out, (struct unit_step){0});
    return &out->items[out->len - 1];
}

static void add_word(struct unit_step *s, char *word)
{
    vec_push(&s->argv, word);
}

static void finish_command(struct unit_step *s, const char *why)
{
    struct strbuf line = {0};
    for (size_t i = 0; i < s->argv.len; i++) {
        strbuf_puts(&line, i ? " " : "");
        put_shell_word(&line, s->argv.items[i]);
    }
    s->command = strbuf_steal(&line);
    s->say = why ? xasprintf("%s (%s)", s->command, why) : xstrdup(s->command);
}

static void add_env(const struct units_place *p, struct unit_step *s)
{
    const struct unit_request *r = p->r;
    if (!r->session || p->manager)
        return;
    /* Without a systemd of the user's to talk to, systemctl has to change the files itself. */
    add_word(s, xstrdup("env"));
    add_word(s, xstrdup("SYSTEMD_OFFLINE=1"));
    if (r->root[0])
        add_word(s, xasprintf("XDG_CONFIG_HOME=%s%s/.config", r->root, r->home));
}

/* Its words, then NULL; `why` may be NULL. */
__attribute__((sentinel)) static void add_systemctl(const struct units_place *p, unit_steps *out,
                                                    const char *why, ...)
{
    struct unit_step *s = add_step(out);
    add_env(p, s);
    add_word(s, xstrdup("systemctl"));
    if (p->r->session)
        add_word(s, xstrdup("--user"));
    else if (p->r->root[0])
        add_word(s, xasprintf("--root=%s", p->r->root));
    va_list words;
    va_start(words, why);
    for (const char *w; (w = va_arg(words, const char *)) != NULL;)
        add_word(s, xstrdup(w));
    va_end(words);
    finish_command(s, why);
}

static void add_note(unit_steps *out, char *say, char *command)
{
    struct unit_step *s = add_step(out);
    s->say = say;
    s->command = command;
}

static void add_reload(const struct units_place *p, unit_steps *out)
{
    if (p->manager)
        add_systemctl(p, out, NULL, "daemon-reload", (char *)NULL);
}

/* ---- enable ---- */

/* Writes the unit where no package has brought it. False with e set: it can't be enabled. */
static bool plan_file(const struct units_place *p, const char *unit, unit_steps *out, struct error *e)
{
    char *path = xasprintf("%s/%s", p->dir, unit), *old = NULL, *text = unit_text(p->r, unit);
    enum written state = written(path, &old);
    bool ours = state == WRITTEN_BY_US, ok = state != WRITTEN_MASKED;
    if (!ok)
        error_set(e, STATUS_FAILED, "%s is masked; unmask it first: systemctl %sunmask %s", unit,
                  p->r->session ? "--user " : "", unit);
    /* What a package has brought stays in force once the file of an earlier time is out of its way. */
    bool package = packaged(p, unit);
    if (ok && ours && package) {
        struct unit_step *s = add_step(out);
        s->path = xstrdup(path);
        s->say = xasprintf("remove %s (the package's own unit is there now)", path);
    } else if (ok && ((state == WRITTEN_NOT && !package) || (ours && strcmp(old, text) != 0))) {
        struct unit_step *s = add_step(out);
        s->path = xstrdup(path);
        s->text = xstrdup(text);
        s->say = xasprintf("write %s", path);
    }
    free(path);
    free(old);
    free(text);
    return ok;
}

static bool plan_rival(const struct units_place *p, unit_steps *out, struct error *e)
{
    if (p->r->session || !enabled(p, GUESTS))
        return true;
    if (!p->r->replace_guests)
        return error_set(e, STATUS_FAILED,
                         GUESTS " is enabled, too, and systemd starts only one of the two: add "
                                "--replace-libvirt-guests to disable it");
    add_systemctl(p, out, p->manager ? "what runs now of it shuts down a last time" : NULL, "disable", GUESTS,
                  (char *)NULL);
    return true;
}

static void note_linger(const struct units_place *p, unit_steps *out)
{
    char buffer[4096];
    struct passwd pw, *found = NULL;
    if (!p->r->session || getpwuid_r(getuid(), &pw, buffer, sizeof buffer, &found) != 0 || !found)
        return;
    char *path = xasprintf("%s/var/lib/systemd/linger/%s", p->r->root, pw.pw_name);
    if (!exists(path)) {
        char *command = xasprintf("loginctl enable-linger %s", pw.pw_name);
        add_note(out,
                 xasprintf("note: without lingering they run only while you are logged in; with it from the "
                           "host's start on: %s",
                           command),
                 command);
    }
    free(path);
}

static bool plan_enable(const struct units_place *p, unit_steps *out, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (!plan_file(p, units[i], out, e))
            return false;
    if (out->len)
        add_reload(p, out);
    if (!plan_rival(p, out, e))
        return false;
    if (!enabled(p, units[0]) || !enabled(p, units[1]))
        add_systemctl(p, out, p->manager ? NULL : "systemd does not run here: nothing is reloaded", "enable",
                      units[0], units[1], (char *)NULL);
    if (out->len && p->manager) {
        const char *scope = p->r->session ? "--user " : "";
        add_note(out,
                 xasprintf("note: they begin with the next boot; to begin now: systemctl %sstart %s %s",
                           scope, units[0], units[1]),
                 xasprintf("systemctl %sstart %s %s", scope, units[0], units[1]));
    }
    if (out->len)
        note_linger(p, out);
    return true;
}

/* ---- disable ---- */

static void plan_removal(const struct units_place *p, const char *unit, unit_steps *out)
{
    char *path = xasprintf("%s/%s", p->dir, unit);
    if (written(path, NULL) == WRITTEN_BY_US) {
        struct unit_step *s = add_step(out);
        s->path = xstrdup(path);
        s->say = xasprintf("remove %s", path);
    }
    free(path);
}

/* From a package, or an administrator's own, which systemd prefers. */
static bool can_enable(const struct units_place *p, const char *unit)
{
    char *path = xasprintf("%s/%s", p->dir, unit);
    enum written own = written(path, NULL);
    free(path);
    return own == WRITTEN_NOT ? packaged(p, unit) : own != WRITTEN_MASKED;
}

static void plan_give_back(const struct units_place *p, unit_steps *out)
{
    if (p->r->session || !can_enable(p, GUESTS) || enabled(p, GUESTS))
        return;
    if (p->r->replace_guests)
        add_systemctl(p, out, NULL, "enable", GUESTS, (char *)NULL);
    else if (out->len)
        add_note(out, xstrdup("note: " GUESTS " stays disabled; to enable it: systemctl enable " GUESTS),
                 xstrdup("systemctl enable " GUESTS));
}

static void plan_disable(const struct units_place *p, unit_steps *out)
{
    const char *first = enabled(p, units[0]) ? units[0] : NULL;
    const char *second = enabled(p, units[1]) ? units[1] : NULL;
    if (!first) {
        first = second;
        second = NULL;
    }
    /* Stopping them stops no domain. */
    if (first && p->manager)
        add_systemctl(p, out, "no domain is stopped", "disable", "--now", first, second, (char *)NULL);
    else if (first)
        add_systemctl(p, out, "systemd does not run here: nothing is reloaded", "disable", first, second,
                      (char *)NULL);
    size_t before = out->len;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        plan_removal(p, units[i], out);
    if (out->len > before)
        add_reload(p, out);
    plan_give_back(p, out);
}

/* ---- the request ---- */

static bool has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 127)
            return true;
    return false;
}

static bool request_is_possible(const struct unit_request *r, struct error *e)
{
    if (!spawn_finds("systemctl"))
        return error_set(e, STATUS_FAILED,
                         "there is no systemctl here: without systemd, run `virtdeck autostart run' and "
                         "`virtdeck autostart stop' from what starts this host's services");
    if (!r->session && !r->root[0] && geteuid() != 0)
        return error_set(e, STATUS_FAILED,
                         "the units of the system are root's: sudo virtdeck -c %s autostart %s", r->uri,
                         r->enable ? "enable" : "disable");
    if (r->program[0] != '/')
        return error_set(e, STATUS_FAILED, "\"%s\" is no absolute path: a unit can't start virtdeck by it",
                         r->program);
    if (has_control(r->program) || has_control(r->uri))
        return error_set(e, STATUS_FAILED, "a unit can't hold the control characters in \"%s\" or \"%s\"",
                         r->program, r->uri);
    if (r->session && (!r->home || r->home[0] != '/'))
        return error_set(e, STATUS_FAILED, "there is no home directory for units of the session");
    return true;
}

bool units_plan(const struct unit_request *r, unit_steps *out, struct error *e)
{
    if (!request_is_possible(r, e))
        return false;
    struct units_place p;
    place_open(&p, r);
    bool ok = true;
    if (r->enable)
        ok = plan_enable(&p, out, e);
    else
        plan_disable(&p, out);
    place_close(&p);
    if (!ok)
        units_free(out);
    return ok;
}
