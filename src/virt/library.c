/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libvirt as a library: silenced, its event loop running in a thread of its own, its errors turned into ours.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include "base/log.h"
#include "base/strbuf.h"
#include "virt/private.h"

static pthread_t loop_thread;
static atomic_bool loop_stop;
static bool loop_running;

static void silent(void *opaque, virErrorPtr error)
{
    (void)opaque;
    (void)error;
}

/* libxml2, which the test driver reads its file with, complains to stderr by itself. */
static void silent_xml(void *context, const char *message, ...)
{
    (void)context;
    (void)message;
}

static void on_stop(int timer, void *opaque)
{
    (void)timer;
    (void)opaque;
}

static void *run_loop(void *unused)
{
    (void)unused;
    while (!atomic_load(&loop_stop))
        if (virEventRunDefaultImpl() < 0)
            log_write(LEVEL_LOG_WARN, "libvirt's event loop: %s", virGetLastErrorMessage());
    return NULL;
}

bool library_start(struct error *e)
{
    /* The library's own warnings would go to the terminal; this must be set before its first call. */
    setenv("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null", 0);
    virSetErrorFunc(NULL, silent);
    signal(SIGPIPE, SIG_IGN); /* libvirt writes to sockets whose other end may be gone */
    xmlInitParser();          /* its tables are made by the first who asks: two threads would race */
    xmlSetGenericErrorFunc(NULL, silent_xml);
    xmlThrDefSetGenericErrorFunc(NULL, silent_xml);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0)
        return error_from_libvirt(e, "starting libvirt's library");
    virSetErrorFunc(NULL, silent);
    atomic_store(&loop_stop, false);
    loop_running = pthread_create(&loop_thread, NULL, run_loop, NULL) == 0;
    return loop_running || error_set(e, STATUS_FAILED, "starting the event thread: out of threads");
}

void library_stop(void)
{
    if (!loop_running)
        return;
    atomic_store(&loop_stop, true);
    int timer = virEventAddTimeout(0, on_stop, NULL, NULL); /* wakes the loop */
    pthread_join(loop_thread, NULL);
    if (timer >= 0)
        virEventRemoveTimeout(timer);
    loop_running = false;
}

/* What a person can do about an error, by its number. domain -1: any. First match. */
static const struct {
    int code, domain;
    const char *advice;
} advice[] = {
    {VIR_ERR_AUTH_UNAVAILABLE, VIR_FROM_POLKIT,
     "join the group libvirt (usermod -aG libvirt USER, then log in again), or run as root"},
    {VIR_ERR_AUTH_FAILED, -1, "check user name and password; `reconnect` asks again"},
    {VIR_ERR_AUTH_CANCELLED, -1, "`reconnect` asks again"},
    {VIR_ERR_ACCESS_DENIED, -1, "libvirt's access rules forbid it; ask the host's administrator"},
    {VIR_ERR_OPERATION_DENIED, -1, "the connection is read-only: open it without -r"},
    {VIR_ERR_OPERATION_TIMEOUT, -1, "another job holds the domain; wait, or look at `virsh domjobinfo`"},
    {VIR_ERR_NO_DOMAIN, -1, "it no longer exists: undefined or ended by someone else"},
    {VIR_ERR_NO_SUPPORT, -1, "this driver has no such call"},
    {VIR_ERR_AGENT_UNRESPONSIVE, -1,
     "the guest agent does not answer: is qemu-guest-agent running in the guest?"},
};

bool error_from_libvirt(struct error *e, const char *fmt, ...)
{
    virErrorPtr last = virGetLastError();
    struct strbuf b = {0};
    char *what = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&what, fmt, ap) < 0)
        die("out of memory");
    va_end(ap);
    strbuf_printf(&b, "%s: %s", what, last && last->message ? last->message : "libvirt gave no reason");
    for (size_t i = 0; last && i < ARRAY_LEN(advice); i++)
        if (advice[i].code == last->code && (advice[i].domain < 0 || advice[i].domain == last->domain)) {
            strbuf_printf(&b, " (%s)", advice[i].advice);
            break;
        }
    error_set(e, STATUS_FAILED, "%s", b.s);
    if (e && last) {
        e->code = last->code;
        e->domain = last->domain;
    }
    free(what);
    strbuf_free(&b);
    return false;
}
