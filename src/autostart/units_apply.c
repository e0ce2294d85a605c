/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Carries unit steps out: files written and removed, systemctl run without a shell.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autostart/units_private.h"
#include "base/file.h"
#include "base/spawn.h"

#define OUTPUT_MAX 4096 /* bytes of what a failed command said */

void put_shell_word(struct strbuf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:+,=@%";
    if (word[0] && strspn(word, plain) == strlen(word)) {
        strbuf_puts(out, word);
        return;
    }
    strbuf_putc(out, '\'');
    for (; *word; word++)
        if (*word == '\'')
            strbuf_puts(out, "'\\''");
        else
            strbuf_putc(out, *word);
    strbuf_putc(out, '\'');
}

/* ---- files ---- */

/* Folders of units are for all to read, whatever our umask is. */
static bool make_dir(const char *path, struct error *e)
{
    char *copy = xstrdup(path);
    const char *dir = dirname(copy);
    bool ok = true;
    struct stat st;
    if (stat(dir, &st) != 0)
        ok = make_dir(dir, e) && (mkdir(dir, 0755) == 0 || errno == EEXIST ||
                                  error_set(e, STATUS_FAILED, "%s: %s", dir, strerror(errno)));
    free(copy);
    return ok;
}

static bool apply_file(const struct unit_step *s, struct error *e)
{
    if (s->text)
        return make_dir(s->path, e) && file_write(s->path, s->text, strlen(s->text), 0644, e);
    if (unlink(s->path) != 0 && errno != ENOENT)
        return error_set(e, STATUS_FAILED, "%s: %s", s->path, strerror(errno));
    return true;
}

/* ---- commands ---- */

/* Reads to the end; keeps the first OUTPUT_MAX bytes. */
static void read_all(int fd, struct strbuf *out)
{
    char buf[1024];
    for (;;) {
        ssize_t n = read(fd, buf, sizeof buf);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        size_t room = out->len < OUTPUT_MAX ? OUTPUT_MAX - out->len : 0;
        strbuf_add(out, buf, (size_t)n < room ? (size_t)n : room);
    }
}

static bool wait_for(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return false;
    return true;
}

static bool failed_command(const struct unit_step *s, int status, const struct strbuf *said, struct error *e)
{
    const char *text = strbuf_str(said);
    size_t len = strlen(text);
    while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
        len--;
    if (len)
        return error_set(e, STATUS_FAILED, "%s: %.*s", s->command, (int)len, text);
    if (WIFSIGNALED(status))
        return error_set(e, STATUS_FAILED, "%s: ended by signal %d", s->command, WTERMSIG(status));
    return error_set(e, STATUS_FAILED, "%s: ended with status %d", s->command, WEXITSTATUS(status));
}

static bool apply_command(const struct unit_step *s, struct error *e)
{
    int fds[2], status = 0;
    pid_t pid;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return error_set(e, STATUS_FAILED, "%s: %s", s->command, strerror(errno));
    VEC(const char *) argv = {0};
    for (size_t i = 0; i < s->argv.len; i++)
        vec_push(&argv, s->argv.items[i]);
    vec_push(&argv, NULL);
    int failed = spawn_start(argv.items, -1, fds[1], fds[1], false, &pid);
    vec_free(&argv);
    close(fds[1]);
    struct strbuf said = {0};
    if (failed) {
        close(fds[0]);
        return error_set(e, STATUS_FAILED, "%s: %s", s->command, strerror(failed));
    }
    read_all(fds[0], &said);
    close(fds[0]);
    bool ok = wait_for(pid, &status) && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!ok)
        failed_command(s, status, &said, e);
    strbuf_free(&said);
    return ok;
}

bool units_apply(const unit_steps *steps, struct error *e)
{
    for (size_t i = 0; i < steps->len; i++) {
        const struct unit_step *s = &steps->items[i];
        if (s->path ? !apply_file(s, e) : s->argv.len && !apply_command(s, e))
            return false;
    }
    return true;
}

void units_print(const unit_steps *steps, struct strbuf *out)
{
    for (size_t i = 0; i < steps->len; i++)
        strbuf_printf(out, "%s\n", steps->items[i].say);
}

void units_free(unit_steps *steps)
{
    for (size_t i = 0; i < steps->len; i++) {
        struct unit_step *s = &steps->items[i];
        free(s->say);
        free(s->path);
        free(s->text);
        free(s->command);
        for (size_t j = 0; j < s->argv.len; j++)
            free(s->argv.items[j]);
        vec_free(&s->argv);
    }
    vec_free(steps);
}
