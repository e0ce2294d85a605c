/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file that its output is logged to, where there is one on this machine; else the console itself, which
 * is not taken away from anybody who reads it already.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "model/xml.h"
#include "virt/console.h"
#include "virt/convert_private.h"

#define MAX_BYTES_A_LOOK (1u << 20)

struct serial {
    int fd; /* -1: it is the stream */
    virStreamPtr stream;
};

/* The first port that is logged to a file; NULL. The caller frees. *append: earlier boots are in it, too. */
static char *log_file(xmlNodePtr domain, bool *append)
{
    static const char *const rows[][2] = {{"log@file", "log@append"}, {"source@path", "source@append"}};
    xmlNodePtr devices = xml_child(domain, "devices");
    for (xmlNodePtr s = xml_child(devices, "serial"); s; s = xml_next(s, "serial")) {
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            if (i == 1 && !xml_get_is(s, "@type", "file"))
                continue;
            char *path = xml_get(s, rows[i][0]);
            *append = xml_get_is(s, rows[i][1], "on");
            if (path)
                return path;
        }
    }
    return NULL;
}

static bool has_console(xmlNodePtr domain)
{
    return xml_find(domain, "devices/serial[type=pty]") || xml_find(domain, "devices/console[type=pty]");
}

bool serial_readable(xmlNodePtr domain)
{
    bool append;
    char *path = log_file(domain, &append);
    free(path);
    return path != NULL || has_console(domain);
}

static bool open_file(struct serial *s, const char *path, bool append)
{
    struct stat st;
    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (s->fd < 0)
        return false;
    if (fstat(s->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(s->fd);
        s->fd = -1;
        return false;
    }
    if (append)
        lseek(s->fd, 0, SEEK_END);
    return true;
}

static bool open_stream(struct serial *s, struct job_context *c)
{
    console_give_way(&c->uuid);
    s->stream = virStreamNew(c->conn, VIR_STREAM_NONBLOCK);
    if (s->stream && virDomainOpenConsole(c->dom, NULL, s->stream, 0) == 0)
        return true;
    if (s->stream)
        virStreamFree(s->stream);
    s->stream = NULL;
    return false;
}

struct serial *serial_open(struct job_context *c, bool local, xmlDocPtr live)
{
    struct serial *s = xcalloc(1, sizeof *s);
    xmlNodePtr domain = live ? xmlDocGetRootElement(live) : NULL;
    bool append = false;
    char *path = domain && local ? log_file(domain, &append) : NULL;
    s->fd = -1;
    bool good = (path && open_file(s, path, append)) || (domain && has_console(domain) && open_stream(s, c));
    free(path);
    if (good)
        return s;
    free(s);
    return NULL;
}

void serial_read(struct serial *s, struct boot_watch *into)
{
    char buf[4096];
    for (size_t total = 0; s && total < MAX_BYTES_A_LOOK;) {
        ssize_t n = s->stream ? virStreamRecv(s->stream, buf, sizeof buf) : read(s->fd, buf, sizeof buf);
        if (n <= 0)
            return;
        boot_watch_feed(into, buf, (size_t)n);
        total += (size_t)n;
    }
}

void serial_close(struct serial *s)
{
    if (!s)
        return;
    if (s->stream) {
        virStreamAbort(s->stream);
        virStreamFree(s->stream);
    }
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}
