/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/serial_start.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/paths.h"
#include "model/xml.h"
#include "virt/probe_net.h"

#define NOTE_MAX     128   /* bytes */
#define START_MAX_MS 60000 /* a QEMU that began longer after the note is another start's */

static void read_port(xmlNodePtr domain, struct serial_port *out)
{
    static const char *const places[][2] = {{"log@file", "log@append"}, {"source@path", "source@append"}};
    xmlNodePtr devices = xml_child(domain, "devices");
    xmlNodePtr serial = xml_child(devices, "serial");
    out->there = serial || xml_child(devices, "console");
    for (size_t i = 0; serial && !out->log && i < ARRAY_LEN(places); i++) {
        if (i == 1 && !xml_get_is(serial, "@type", "file"))
            continue;
        out->log = xml_get(serial, places[i][0]);
        out->append = xml_get_is(serial, places[i][1], "on");
    }
}

bool serial_port_read(struct job_context *c, bool live, struct serial_port *out)
{
    *out = (struct serial_port){0};
    char *xml = virDomainGetXMLDesc(c->dom, live ? 0 : VIR_DOMAIN_XML_INACTIVE);
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    if (doc)
        read_port(xmlDocGetRootElement(doc), out);
    bool good = doc != NULL;
    xmlFreeDoc(doc);
    free(xml);
    return good;
}

void serial_port_clear(struct serial_port *p)
{
    free(p->log);
    *p = (struct serial_port){0};
}

static char *note_path(const struct vm_uuid *uuid)
{
    char text[UUID_TEXT_LEN + 1];
    uuid_format(uuid, text);
    return xasprintf("%s/serial-%s", paths_runtime_dir(), text);
}

static void write_note(const struct vm_uuid *uuid, const struct stat *st)
{
    struct error e = ERROR_INIT;
    char text[NOTE_MAX];
    char *path = note_path(uuid);
    int len = snprintf(text, sizeof text, "%llu %lld %lld\n", (unsigned long long)st->st_ino,
                       (long long)st->st_size, (long long)clock_wall_ms());
    if (!file_make_dirs(paths_runtime_dir(), &e) || !file_write(path, text, (size_t)len, 0600, &e))
        log_write(LEVEL_LOG_WARN, "%s", error_text(&e));
    error_clear(&e);
    free(path);
}

void serial_start_note(struct job_context *c)
{
    struct serial_port port;
    struct stat st = {0};
    if (uri_is_remote(c->host->uri) || virDomainIsActive(c->dom) != 0)
        return;
    if (serial_port_read(c, false, &port) && port.log && port.append) {
        /* Where there is none yet, this start begins it. */
        if (stat(port.log, &st) != 0)
            st = (struct stat){0};
        write_note(&c->uuid, &st);
    }
    serial_port_clear(&port);
}

bool serial_start_find(struct job_context *c, unsigned long long *inode, long long *size)
{
    char *path = note_path(&c->uuid), *text = NULL, state;
    int64_t started_ms;
    long long noted_ms;
    bool good = file_read(path, NOTE_MAX, &text, NULL, NULL, NULL) &&
                sscanf(text, "%llu %lld %lld", inode, size, &noted_ms) == 3 && *size >= 0;
    if (good && qemu_process_look(c, &started_ms, &state))
        good = started_ms - noted_ms < START_MAX_MS;
    free(text);
    free(path);
    return good;
}
