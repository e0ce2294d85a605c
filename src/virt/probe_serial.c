/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The log file is read like `tail -F` does: on after it was rolled, anew after it was emptied.
 */
#include "virt/probe_serial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "virt/console.h"

#define BYTES_A_LOOK (32u << 20)

struct serial_memory {
    struct serial_port port;
    struct serial_lines lines;
    int fd;     /* of the log; -1 */
    bool began; /* the log was open once: a new file of its name is read from its beginning */
    bool once;
    virStreamPtr console; /* NULL */
};

void serial_memory_free(struct serial_memory *m)
{
    if (!m)
        return;
    if (m->console) {
        virStreamAbort(m->console);
        virStreamFree(m->console);
    }
    if (m->fd >= 0)
        close(m->fd);
    serial_lines_clear(&m->lines);
    serial_port_clear(&m->port);
    free(m);
}

/* ---- the log ---- */

static void go_to_start(struct job_context *c, struct serial_memory *m, const struct stat *st)
{
    unsigned long long inode;
    long long size;
    off_t at = 0;
    if (m->port.append && !m->began) {
        bool known = serial_start_find(c, &inode, &size);
        if (!known)
            at = m->once ? 0 : st->st_size;
        else if (inode == (unsigned long long)st->st_ino && size <= (long long)st->st_size)
            at = (off_t)size;
    }
    m->began = true;
    lseek(m->fd, at, SEEK_SET);
}

/* False with errno set. */
static bool open_log(struct job_context *c, struct serial_memory *m)
{
    struct stat st;
    m->fd = open(m->port.log, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (m->fd < 0)
        return false;
    if (fstat(m->fd, &st) == 0 && S_ISREG(st.st_mode)) {
        go_to_start(c, m, &st);
        return true;
    }
    close(m->fd);
    m->fd = -1;
    errno = EINVAL;
    return false;
}

static void read_log(struct serial_memory *m)
{
    char buf[65536];
    ssize_t n;
    for (size_t total = 0; total < BYTES_A_LOOK && (n = read(m->fd, buf, sizeof buf)) > 0; total += (size_t)n)
        serial_lines_feed(&m->lines, buf, (size_t)n);
}

/* After it was read to its end: whether its name means another file by now, or it was emptied. */
static void follow_log(struct serial_memory *m)
{
    struct stat ours, named;
    if (fstat(m->fd, &ours) != 0 || stat(m->port.log, &named) != 0)
        return;
    if (ours.st_ino != named.st_ino || ours.st_dev != named.st_dev) {
        close(m->fd);
        m->fd = -1;
    } else if (ours.st_size < lseek(m->fd, 0, SEEK_CUR)) {
        lseek(m->fd, 0, SEEK_SET);
    }
}

static bool look_at_log(struct job_context *c, struct serial_memory *m)
{
    if (m->fd >= 0) {
        follow_log(m);
        if (m->fd >= 0) {
            read_log(m);
            return true;
        }
    }
    if (!open_log(c, m))
        return false;
    read_log(m);
    return true;
}

/* ---- the console ---- */

/* Not taken from anybody: without FORCE, it is opened only where nobody has it. */
static bool open_console(struct job_context *c, struct serial_memory *m)
{
    console_give_way(&c->uuid);
    m->console = virStreamNew(c->conn, VIR_STREAM_NONBLOCK);
    if (m->console && (virDomainOpenConsole(c->dom, NULL, m->console, VIR_DOMAIN_CONSOLE_SAFE) == 0 ||
                       virDomainOpenConsole(c->dom, NULL, m->console, 0) == 0))
        return true;
    if (m->console)
        virStreamFree(m->console);
    m->console = NULL;
    return false;
}

static char *console_trouble(struct job_context *c)
{
    virErrorPtr last = virGetLastError();
    const char *text = last && last->message ? last->message : "no reason given";
    if (strstr(text, "Active console session"))
        return xasprintf(
            "somebody else reads its console; with a log file of its serial port nobody would be in "
            "the way: `device %s serial0 log=PATH`",
            c->vm_name);
    return xasprintf("its console can't be opened: %s", text);
}

static void look_at_console(struct serial_memory *m)
{
    char buf[16384];
    int n = 1;
    for (size_t total = 0; total < BYTES_A_LOOK && n > 0; total += (size_t)(n > 0 ? n : 0)) {
        n = virStreamRecv(m->console, buf, sizeof buf);
        if (n > 0)
            serial_lines_feed(&m->lines, buf, (size_t)n);
    }
    /* Somebody took it, or the domain has ended. -2: nothing new. */
    if (n == 0 || n == -1) {
        virStreamAbort(m->console);
        virStreamFree(m->console);
        m->console = NULL;
    }
}

/* ---- both ---- */

static struct serial_memory *make_memory(struct job_context *c)
{
    struct serial_memory *m = xcalloc(1, sizeof *m);
    m->fd = -1;
    if (!serial_port_read(c, true, &m->port)) {
        free(m);
        return NULL;
    }
    if (uri_is_remote(c->host->uri)) {
        free(m->port.log);
        m->port.log = NULL;
    }
    return m;
}

/* NULL: it was read. Else what is in the way; the caller frees. */
static char *look(struct job_context *c, struct serial_memory *m)
{
    if (!m->port.there)
        return xstrdup("it has no serial port");
    if (m->port.log && look_at_log(c, m))
        return NULL;
    /* A log that is not ours to read: the console then is. */
    if (m->port.log && errno != EACCES)
        return xasprintf("can't read %s: %s", m->port.log, strerror(errno));
    if (!m->console && !open_console(c, m))
        return console_trouble(c);
    look_at_console(m);
    return NULL;
}

void probe_serial_expect(struct job_context *c, struct serial_memory **memory, const char *regex)
{
    if (!*memory)
        *memory = make_memory(c);
    if (*memory)
        serial_lines_pattern(&(*memory)->lines, regex);
}

bool probe_serial(struct job_context *c, struct serial_memory **memory, const char *regex, bool once,
                  char **why)
{
    *why = NULL;
    probe_serial_expect(c, memory, regex);
    struct serial_memory *m = *memory;
    int place = m ? serial_lines_pattern(&m->lines, regex) : -1;
    if (place < 0) {
        *why = m ? xasprintf("the pattern /%s/ is wrong", regex) : xstrdup("its definition can't be read");
        return false;
    }
    m->once = once;
    char *trouble = look(c, m);
    serial_lines_flush(&m->lines);
    if (m->lines.patterns.items[place].seen) {
        free(trouble);
        return true;
    }
    /* A console shows nothing of what was printed before, and somebody else may be reading it: that says
     * nothing about the guest, and nobody may restart it for that. */
    if (once && m->port.there && m->fd < 0) {
        free(trouble);
        return true;
    }
    *why = trouble       ? trouble
           : !m->console ? xstrdup("no line since its start has it")
                         : xstrdup("no line since its console was opened has it");
    return false;
}
