/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Libvirt's own autostart flag, where it goes with a change of the definition. It stands outside of it, so it
 * has calls of its own, and the journal keeps it beside the definition.
 */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "virt/edit_private.h"

/* libvirt 11.2 has brought the flag for the next boot alone. */
#define ONCE_SINCE 11002000

#if LIBVIR_VERSION_NUMBER >= ONCE_SINCE
bool edit_knows_once(const struct job_context *c)
{
    unsigned long version = 0;
    return c->is_qemu && virConnectGetLibVersion(c->conn, &version) == 0 && version >= ONCE_SINCE;
}

static int read_once(struct job_context *c, int *once)
{
    return edit_knows_once(c) ? virDomainGetAutostartOnce(c->dom, once) : 0;
}

static int set_once(struct job_context *c, int once)
{
    return edit_knows_once(c) ? virDomainSetAutostartOnce(c->dom, once) : 0;
}
#else
bool edit_knows_once(const struct job_context *c)
{
    (void)c;
    return false;
}

static int read_once(struct job_context *c, int *once)
{
    (void)c;
    *once = 0;
    return 0;
}

static int set_once(struct job_context *c, int once)
{
    (void)c;
    (void)once;
    return 0;
}
#endif

static const char *const words[] = {
    [NATIVE_KEEP] = NULL, [NATIVE_OFF] = "off", [NATIVE_ON] = "on", [NATIVE_ONCE] = "once"};

const char *native_word(enum native_flag flag)
{
    return words[flag];
}

enum native_flag native_find(const char *word)
{
    for (size_t i = 0; word && i < ARRAY_LEN(words); i++)
        if (words[i] && strcmp(words[i], word) == 0)
            return (enum native_flag)i;
    return NATIVE_KEEP;
}

enum native_flag native_read(struct job_context *c)
{
    int on = 0, once = 0;
    if (virDomainGetAutostart(c->dom, &on) < 0 || read_once(c, &once) < 0) {
        context_failed(c);
        return NATIVE_KEEP;
    }
    return on ? NATIVE_ON : once ? NATIVE_ONCE : NATIVE_OFF;
}

bool edit_native_plan(struct edit *ed)
{
    struct edit_request *r = ed->request;
    if (r->native_for && ed->config)
        r->native = r->native_for(r->ctx, ed->config_xml, xmlDocGetRootElement(ed->config));
    if (r->native == NATIVE_KEEP)
        return true;
    ed->native_before = native_read(ed->c);
    return ed->native_before != NATIVE_KEEP;
}

bool edit_native_differs(const struct edit *ed)
{
    return ed->native_before != NATIVE_KEEP && ed->native_before != ed->request->native;
}

bool edit_native_run(struct edit *ed)
{
    struct job_context *c = ed->c;
    enum native_flag flag = ed->request->native;
    struct note flags = {.type = NOTE_FLAGS};
    if (!edit_native_differs(ed))
        return true;
    if (virDomainSetAutostart(c->dom, flag == NATIVE_ON) < 0 || set_once(c, flag == NATIVE_ONCE) < 0)
        return context_failed(c);
    host_post(c->host, &flags);
    ed->native_done = true;
    return true;
}

char *edit_native_virsh(const struct edit *ed)
{
    static const char *const options[] = {
        [NATIVE_KEEP] = "", [NATIVE_OFF] = " --disable", [NATIVE_ON] = "", [NATIVE_ONCE] = " --once"};
    if (!edit_native_differs(ed))
        return NULL;
    char *vm = text_shell_word(ed->c->vm_name);
    char *line = xasprintf("virsh autostart %s%s", vm, options[ed->request->native]);
    free(vm);
    return line;
}
