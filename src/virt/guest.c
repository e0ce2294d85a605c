/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "model/xml.h"
#include "virt/agent.h"

#define PROBE_TIMEOUT_S 10
#define SERIAL_BYTES    (256u * 1024)

/* Only reads; works in busybox as well. The device is opened, not only looked at: it may be there without a
 * right to it, or without anything behind it. */
static const char probe[] =
    "flags=\" $(sed -n 's/^flags[^:]*://p' /proc/cpuinfo | head -n 1) \"\n"
    "virt=\n"
    "case $flags in *' svm '*) virt=svm ;; esac\n"
    "case $flags in *' vmx '*) virt=\"$virt${virt:+ }vmx\" ;; esac\n"
    "echo \"virt=$virt\"\n"
    "if [ -c /dev/kvm ] && (: <>/dev/kvm) 2>/dev/null; then echo kvm=yes; else echo kvm=no; fi\n"
    "pci=\n"
    "for d in /sys/bus/pci/devices/*; do\n"
    "  [ -r $d/vendor ] || continue\n"
    "  read -r v <$d/vendor; read -r i <$d/device; pci=\"$pci ${v#0x}:${i#0x}\"\n"
    "done\n"
    "echo \"pci=$pci\"\n"
    "echo \"sound=$(sed -n 's/^ *[0-9]* \\[[^]]*\\]: *//p' /proc/asound/cards 2>/dev/null | head -n 1)\"\n"
    "echo \"modules=$(sed -n 's/^\\(kvm[a-z_]*\\|virtio_snd\\|snd_[a-z_]*\\) .*/\\1/p' /proc/modules | tr "
    "'\\n' ' ')\"\n"
    "for n in /sys/class/net/*; do\n"
    "  [ -e $n/device ] || continue\n"
    "  echo \"nic=${n##*/} $(cat $n/address) $(cat $n/carrier 2>/dev/null || echo -)"
    " $(cat $n/device/features 2>/dev/null || echo -)\"\n"
    "done\n";

static void ask_agent(struct job_context *c, struct guest_evidence *out)
{
    struct error e = ERROR_INIT;
    struct agent_output answer;
    int state;
    if (virDomainGetState(c->dom, &state, NULL, 0) == 0 && state == VIR_DOMAIN_PAUSED) {
        out->probe_why = xstrdup("it is paused, so its guest can't answer");
        return;
    }
    if (agent_shell(c, probe, PROBE_TIMEOUT_S, &answer, &e))
        out->probe = answer.text;
    else
        out->probe_why = xstrdup(error_text(&e));
    error_clear(&e);
}

char *file_end(const char *path, size_t max, char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        *why = xasprintf("%s: %s", path, fd < 0 ? strerror(errno) : "not a file");
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    off_t from = st.st_size > (off_t)max ? st.st_size - (off_t)max : 0;
    char *text = xmalloc(max + 1);
    size_t len = 0;
    for (ssize_t n; len < max && (n = pread(fd, text + len, max - len, from + (off_t)len)) > 0;)
        len += (size_t)n;
    close(fd);
    for (size_t i = 0; i < len; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    text[len] = '\0';
    return text;
}

/* Of the first serial or console device that writes one. */
static char *serial_log(xmlNodePtr live)
{
    static const char *const kinds[] = {"serial", "console"};
    xmlNodePtr devices = xml_child(live, "devices");
    char *path = NULL;
    for (size_t i = 0; !path && i < ARRAY_LEN(kinds); i++)
        for (xmlNodePtr d = xml_child(devices, kinds[i]); !path && d; d = xml_next(d, kinds[i])) {
            path = xml_get(d, "log@file");
            if (!path && xml_get_is(d, "@type", "file"))
                path = xml_get(d, "source@path");
        }
    return path;
}

static void read_serial(xmlNodePtr live, bool local, struct guest_evidence *out)
{
    char *path = serial_log(live);
    if (!path)
        out->serial_why = xstrdup("no serial device writes a log");
    else if (!local)
        out->serial_why = xstrdup("its serial log is on the remote host");
    else
        out->serial = file_end(path, SERIAL_BYTES, &out->serial_why);
    free(path);
}

void guest_evidence(struct job_context *c, xmlNodePtr live, bool local, struct guest_evidence *out)
{
    *out = (struct guest_evidence){0};
    ask_agent(c, out);
    read_serial(live, local, out);
}

void guest_evidence_clear(struct guest_evidence *g)
{
    free(g->probe);
    free(g->probe_why);
    free(g->serial);
    free(g->serial_why);
    *g = (struct guest_evidence){0};
}
