/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/file.h"
#include "base/text.h"
#include "device/machine.h"
#include "logs/feed.h"
#include "model/xml.h"
#include "virt/facts.h"
#include "virt/process.h"
#include "virt/uri.h"

#define LOG_BYTES (512u * 1024)

/* ---- definitions ---- */

static xmlDocPtr read_xml(struct job_context *c, unsigned flags)
{
    char *text = virDomainGetXMLDesc(c->dom, flags); /* without SECURE: it is only looked at */
    xmlDocPtr doc = text ? xml_parse_element(text, "domain", &c->error) : NULL;
    if (!text)
        context_failed(c);
    free(text);
    return doc;
}

static bool read_definitions(struct job_context *c, struct evidence *ev)
{
    bool active, persistent;
    if (!context_read_state(c, &active, &persistent))
        return false;
    if (active && !(ev->live = read_xml(c, 0)))
        return false;
    if ((persistent || !active) && !(ev->config = read_xml(c, VIR_DOMAIN_XML_INACTIVE)))
        return false;
    ev->input.live = ev->live ? xmlDocGetRootElement(ev->live) : NULL;
    ev->input.config = ev->config ? xmlDocGetRootElement(ev->config) : NULL;
    return true;
}

/* ---- what the host's hypervisor can do ---- */

/* The first line of a small file of the system; NULL. */
static char *first_line(const char *path)
{
    char *why = NULL, *text = file_end(path, 4096, &why);
    free(why);
    if (text && !text[0]) { /* files of /sys and /proc have no size */
        free(text);
        text = NULL;
    }
    if (text)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

static void look_at_modules(struct nest_host *n)
{
    static const char *const modules[] = {"kvm_intel", "kvm_amd"};
    n->kvm_module = xstrdup("");
    for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
        char *path = xasprintf("/sys/module/%s", modules[i]);
        if (access(path, F_OK) == 0) {
            char *parameter = xasprintf("%s/parameters/nested", path);
            free(n->kvm_module);
            n->kvm_module = xstrdup(modules[i]);
            free(n->kvm_nested);
            n->kvm_nested = first_line(parameter);
            free(parameter);
        }
        free(path);
    }
}

static void look_at_kernel(struct nest_host *n)
{
    struct utsname name;
    if (uname(&name) == 0)
        n->kernel = xstrdup(name.release);
    n->kernel_line = first_line("/proc/cmdline");
}

/* A CPU with all the features that its model brings; NULL when libvirt can't tell. */
static xmlDocPtr expand(struct job_context *c, xmlNodePtr domain, const char *cpu_xml)
{
    struct machine m;
    const char *list[] = {cpu_xml};
    machine_read(domain, &m);
    char *text = virConnectBaselineHypervisorCPU(c->conn, m.emulator, m.arch, m.type, m.virt, list, 1,
                                                 VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES);
    xmlDocPtr doc = text ? xml_parse(text, strlen(text), NULL) : NULL;
    free(text);
    machine_clear(&m);
    return doc;
}

static xmlDocPtr expand_model(struct job_context *c, xmlNodePtr domain)
{
    char *mode = xml_get(domain, "cpu@mode"), *model = xml_get(domain, "cpu/model");
    xmlDocPtr doc = NULL;
    if (!mode || strcmp(mode, "custom") == 0) {
        xmlNodePtr cpu = xmlNewNode(NULL, (const xmlChar *)"cpu");
        xmlDocPtr made = xmlNewDoc(NULL);
        xmlDocSetRootElement(made, cpu);
        xml_set(cpu, "@mode", "custom");
        xml_set(cpu, "model", model ? model : "qemu64");
        char *text = xml_print_node(cpu);
        doc = expand(c, domain, text);
        free(text);
        xmlFreeDoc(made);
    }
    free(mode);
    free(model);
    return doc;
}

/* libvirt lists of the host's model only what differs from a named one. */
static xmlDocPtr expand_host_model(struct job_context *c, xmlNodePtr domain, xmlDocPtr domcaps)
{
    xmlNodePtr root = domcaps ? xmlDocGetRootElement(domcaps) : NULL;
    xmlNodePtr mode = root ? xml_find(root, "cpu/mode[name=host-model]") : NULL;
    if (!mode || !xml_child(mode, "model"))
        return NULL;
    xmlDocPtr made = xmlNewDoc(NULL);
    xmlNodePtr cpu = xmlDocCopyNode(mode, made, 1);
    xmlDocSetRootElement(made, cpu);
    xmlNodeSetName(cpu, (const xmlChar *)"cpu");
    char *text = xml_print_node(cpu);
    xmlDocPtr doc = expand(c, domain, text);
    free(text);
    xmlFreeDoc(made);
    return doc;
}

void evidence_nesting(struct job_context *c, struct evidence *ev, xmlNodePtr domain, const char *uri)
{
    struct nest_host *n = &ev->nest;
    n->vendor =
        ev->facts.hostcaps ? xml_get(xmlDocGetRootElement(ev->facts.hostcaps), "host/cpu/vendor") : NULL;
    if (ev->facts.local) {
        look_at_modules(n);
        look_at_kernel(n);
        n->ssh = "";
    } else {
        char *name = uri_ssh_name(uri), *word = text_shell_word(name);
        ev->ssh = xasprintf("ssh %s ", word);
        n->ssh = ev->ssh;
        free(name);
        free(word);
    }
    if (!machine_is_x86(domain))
        return;
    n->offered = expand_host_model(c, domain, ev->facts.domcaps);
    n->cpu = expand_model(c, domain);
}

bool evidence_host(struct job_context *c, struct evidence *ev)
{
    *ev = (struct evidence){0};
    if (!read_definitions(c, ev))
        return false;
    xmlNodePtr domain = ev->input.config ? ev->input.config : ev->input.live;
    char *uri = virConnectGetURI(c->conn);
    facts_gather(&ev->facts, c->conn, domain, &c->uuid);
    evidence_nesting(c, ev, domain, uri ? uri : "");
    ev->input.vm = c->vm_name;
    ev->input.facts = &ev->facts;
    ev->input.nest = &ev->nest;
    free(uri);
    return true;
}

/* ---- QEMU ---- */

static void read_arguments(struct job_context *c, struct evidence *ev)
{
    char pid[PID_TEXT_LEN + 1];
    if (!ev->facts.local)
        ev->arguments_why = xstrdup("QEMU's process is on the remote host");
    else if (!process_find(&c->uuid, pid))
        ev->arguments_why = xstrdup("no process of QEMU's for it can be seen");
    else if (!(ev->arguments = process_arguments(pid)))
        ev->arguments_why = xasprintf("the arguments of QEMU's process %s can't be read", pid);
}

/* Of the log, what belongs to this run: from the last start on. */
static char *this_run(const char *path, char **why)
{
    char *text = file_end(path, LOG_BYTES, why), *start = text;
    for (char *p = text; p && (p = strstr(p, ": starting up libvirt")) != NULL; p++)
        start = p;
    char *log = xstrdup(start);
    free(text);
    return log;
}

static void read_log(struct job_context *c, struct evidence *ev)
{
    struct error why = ERROR_INIT;
    struct feed feed = {.fd = -1};
    char *uri = virConnectGetURI(c->conn);
    struct feed_ask ask = {.uri = uri, .vm = c->vm_name, .uuid = c->uuid};
    if (!feed_find(SOURCE_QEMU, &ask, &feed, NULL, &why))
        ev->log_why = xstrdup(error_text(&why));
    else if (!feed.path)
        ev->log_why = xstrdup("the log is on the remote host");
    else
        ev->log = this_run(feed.path, &ev->log_why);
    free(uri);
    feed_clear(&feed);
    error_clear(&why);
}

void evidence_running(struct job_context *c, struct evidence *ev)
{
    struct toggle_input *in = &ev->input;
    if (!ev->live)
        return;
    read_arguments(c, ev);
    read_log(c, ev);
    guest_evidence(c, in->live, ev->facts.local, &ev->guest);
    in->arguments = ev->arguments;
    in->arguments_why = ev->arguments_why;
    in->log = ev->log;
    in->log_why = ev->log_why;
    in->probe = ev->guest.probe;
    in->probe_why = ev->guest.probe_why;
    in->serial = ev->guest.serial;
    in->serial_why = ev->guest.serial_why;
}

void evidence_clear(struct evidence *ev)
{
    facts_clear(&ev->facts);
    guest_evidence_clear(&ev->guest);
    free(ev->nest.vendor);
    free(ev->nest.kvm_module);
    free(ev->nest.kvm_nested);
    free(ev->nest.kernel);
    free(ev->nest.kernel_line);
    xmlFreeDoc(ev->nest.offered);
    xmlFreeDoc(ev->nest.cpu);
    xmlFreeDoc(ev->live);
    xmlFreeDoc(ev->config);
    free(ev->arguments);
    free(ev->arguments_why);
    free(ev->log);
    free(ev->log_why);
    free(ev->ssh);
    *ev = (struct evidence){0};
}
