/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One act, one call of libvirt's; and the same in virsh's words for a dry run.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "base/text.h"
#include "model/domdef.h"
#include "model/xml.h"
#include "virt/edit_private.h"
#include "virt/image_lock.h"
#include "virt/patience.h"

#define UNPLUG_TIMEOUT_S 10

void act_clear(struct act *a)
{
    free(a->xml);
    free(a->key);
    free(a->target);
    *a = (struct act){0};
}

/* ---- fields that have a call of their own ---- */

/* What it shall be; where that was not said, what the definition says after the change. */
static double wanted(const struct edit *ed, const struct act *a, double unit)
{
    xmlNodePtr root = xmlDocGetRootElement(ed->config ? ed->config : ed->live);
    char *value = a->value ? xstrdup(a->value) : field_get(a->field, root);
    double n = value ? field_size(value, unit) : 0;
    free(value);
    return n > 0 ? n : 0;
}

#define CONFIGURED_MAXIMUM ((unsigned)VIR_DOMAIN_AFFECT_CONFIG | (unsigned)VIR_DOMAIN_VCPU_MAXIMUM)

static int set_vcpus(struct edit *ed, const struct act *a)
{
    double number = wanted(ed, a, 1);
    unsigned n = number < UINT_MAX ? (unsigned)number : UINT_MAX;
    virDomainPtr dom = ed->c->dom;
    if (a->affect & VIR_DOMAIN_AFFECT_CONFIG) {
        int max = virDomainGetVcpusFlags(dom, CONFIGURED_MAXIMUM);
        if (max >= 0 && n > (unsigned)max && virDomainSetVcpusFlags(dom, n, CONFIGURED_MAXIMUM) < 0)
            return -1;
    }
    return virDomainSetVcpusFlags(dom, n, a->affect);
}

static int set_memory(struct edit *ed, const struct act *a)
{
    return virDomainSetMemoryFlags(ed->c->dom, (unsigned long)(wanted(ed, a, 1024) / 1024), a->affect);
}

static int set_maxmemory(struct edit *ed, const struct act *a)
{
    return virDomainSetMemoryFlags(ed->c->dom, (unsigned long)(wanted(ed, a, 1024) / 1024),
                                   a->affect | VIR_DOMAIN_MEM_MAXIMUM);
}

static int set_title(struct edit *ed, const struct act *a)
{
    return virDomainSetMetadata(ed->c->dom, VIR_DOMAIN_METADATA_TITLE, a->value, NULL, NULL, a->affect);
}

static int set_description(struct edit *ed, const struct act *a)
{
    return virDomainSetMetadata(ed->c->dom, VIR_DOMAIN_METADATA_DESCRIPTION, a->value, NULL, NULL, a->affect);
}

/* Our element, tags and all. libvirt declares the namespace once more under the key, and fails when the
 * element declares it as that. */
static int set_metadata(struct edit *ed, const struct act *a)
{
    const char *key = a->xml && strstr(a->xml, "xmlns:vd=") ? "virtdeck" : "vd";
    return virDomainSetMetadata(ed->c->dom, VIR_DOMAIN_METADATA_ELEMENT, a->xml, key, VIRTDECK_METADATA_URI,
                                a->affect);
}

/* The limits go together, bytes or requests: one that is not given is taken away. As they are in the disk's
 * element after the change. */
struct limit {
    char name[24];
    unsigned long long value;
};

static void limits_of(const struct edit *ed, const struct act *a, bool live, struct limit limits[3])
{
    static const char *const directions[] = {"total", "read", "write"};
    const struct outcome *o = &ed->outcomes[a->change];
    const char *xml = live ? o->live.after : o->config.after;
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    for (size_t i = 0; i < ARRAY_LEN(directions); i++) {
        char path[40];
        snprintf(limits[i].name, sizeof limits[i].name, "%s%s", directions[i], strchr(a->field->id, '_'));
        snprintf(path, sizeof path, "iotune/%s", limits[i].name);
        char *value = doc ? xml_get(xmlDocGetRootElement(doc), path) : NULL;
        limits[i].value = value ? strtoull(value, NULL, 10) : 0;
        free(value);
    }
    xmlFreeDoc(doc);
}

static int set_limits(struct edit *ed, const struct act *a, unsigned affect)
{
    struct limit limits[3];
    virTypedParameterPtr params = NULL;
    int n = 0, max = 0, status = 0;
    limits_of(ed, a, affect == VIR_DOMAIN_AFFECT_LIVE, limits);
    for (size_t i = 0; status == 0 && i < ARRAY_LEN(limits); i++)
        status = virTypedParamsAddULLong(&params, &n, &max, limits[i].name, limits[i].value);
    if (status == 0)
        status = virDomainSetBlockIoTune(ed->c->dom, a->target, params, n, affect);
    virTypedParamsFree(params, n);
    return status;
}

/* The other limits may be other ones in the running domain than at the next boot. */
static int set_iotune(struct edit *ed, const struct act *a)
{
    unsigned live = a->affect & VIR_DOMAIN_AFFECT_LIVE, config = a->affect & VIR_DOMAIN_AFFECT_CONFIG;
    int status = live ? set_limits(ed, a, live) : 0;
    return status == 0 && config ? set_limits(ed, a, config) : status;
}

static xmlNodePtr disk_at(const struct edit *ed, const char *target)
{
    xmlDocPtr doc = ed->config ? ed->config : ed->live;
    xmlNodePtr d = xml_child(xml_child(xmlDocGetRootElement(doc), "devices"), "disk");
    while (d && !xml_get_is(d, "target@dev", target))
        d = xml_next(d, "disk");
    return d;
}

/* The volume that the disk is in; NULL. *path: of its image, the caller frees. */
static virStorageVolPtr volume_of(const struct edit *ed, xmlNodePtr disk, char **path)
{
    char *pool_name = disk ? xml_get(disk, "source@pool") : NULL;
    char *name = disk ? xml_get(disk, "source@volume") : NULL;
    virStoragePoolPtr pool = pool_name ? virStoragePoolLookupByName(ed->c->conn, pool_name) : NULL;
    virStorageVolPtr vol = pool && name ? virStorageVolLookupByName(pool, name) : NULL;
    *path = disk ? xml_get(disk, "source@file") : NULL;
    if (disk && !*path)
        *path = xml_get(disk, "source@dev");
    if (!vol && *path)
        vol = virStorageVolLookupByPath(ed->c->conn, *path);
    if (pool)
        virStoragePoolFree(pool);
    free(pool_name);
    free(name);
    return vol;
}

static void say_no_volume(struct edit *ed, const struct act *a, const char *path, unsigned long long size)
{
    char *image = text_shell_word(path ? path : "its image");
    error_set(
        &ed->c->error, STATUS_FAILED,
        "%s: %s is no volume of an active pool, so libvirt can't grow it while the domain is off: start "
        "it, or run `qemu-img resize %s %llu`",
        ed->c->vm_name, a->target, image, size);
    free(image);
}

/* No QEMU has it open. Without its flag for it libvirt makes no volume smaller. */
static int resize_volume(struct edit *ed, const struct act *a, unsigned long long size)
{
    char *path;
    virStorageVolPtr vol = volume_of(ed, disk_at(ed, a->target), &path);
    int status = vol ? virStorageVolResize(vol, size, 0) : -1;
    if (vol)
        virStorageVolFree(vol);
    else
        say_no_volume(ed, a, path, size);
    free(path);
    return status;
}

static int resize(struct edit *ed, const struct act *a)
{
    unsigned long long size = (unsigned long long)field_size(a->value, 1);
    virDomainBlockInfo info;
    bool known = virDomainGetBlockInfo(ed->c->dom, a->target, &info, 0) == 0;
    if (known && size < info.capacity) {
        error_set(&ed->c->error, STATUS_FAILED,
                  "%s: %s has %llu bytes; making it smaller would cut off what is in it, which is not done",
                  ed->c->vm_name, a->target, info.capacity);
        return -1;
    }
    if (!ed->active)
        return resize_volume(ed, a, size);
    /* A disk of unknown size is left alone: QEMU would make it smaller, too. */
    return known ? virDomainBlockResize(ed->c->dom, a->target, size, VIR_DOMAIN_BLOCK_RESIZE_BYTES) : -1;
}

static const struct {
    int (*run)(struct edit *ed, const struct act *a);
    const char *verb, *option; /* virsh's: verb DOMAIN option VALUE */
} field_calls[] = {
    [CALL_VCPUS] = {set_vcpus, "setvcpus", ""},
    [CALL_MEMORY] = {set_memory, "setmem", ""},
    [CALL_MAXMEMORY] = {set_maxmemory, "setmaxmem", ""},
    [CALL_TITLE] = {set_title, "desc", "--title "},
    [CALL_DESCRIPTION] = {set_description, "desc", ""},
    [CALL_TAGS] = {set_metadata, "metadata", VIRTDECK_METADATA_URI " --key vd --set "},
    [CALL_IOTUNE] = {set_iotune, "blkdeviotune", ""},
    [CALL_RESIZE] = {resize, "blockresize", ""},
};

/* ---- the acts ---- */

static int attach(struct edit *ed, const struct act *a)
{
    return virDomainAttachDeviceFlags(ed->c->dom, a->xml, a->affect);
}

static int detach(struct edit *ed, const struct act *a)
{
    return virDomainDetachDeviceFlags(ed->c->dom, a->xml, a->affect);
}

static int update(struct edit *ed, const struct act *a)
{
    return virDomainUpdateDeviceFlags(ed->c->dom, a->xml, a->affect);
}

static int set_field(struct edit *ed, const struct act *a)
{
    return field_calls[a->field->call].run(ed, a);
}

static int define(struct edit *ed, const struct act *a)
{
    (void)a;
    return edit_define(ed) ? 0 : -1;
}

static int (*const runners[])(struct edit *ed, const struct act *a) = {
    [ACT_ATTACH] = attach,   [ACT_DETACH] = detach,         [ACT_UPDATE] = update,
    [ACT_FIELD] = set_field, [ACT_METADATA] = set_metadata, [ACT_DEFINE] = define};

/* Says that libvirt can't do it while the domain runs, and nothing worse. */
static bool only_not_live(const virError *e)
{
    static const int codes[] = {
        VIR_ERR_OPERATION_UNSUPPORTED, VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_NO_SUPPORT,
        VIR_ERR_OPERATION_INVALID,     VIR_ERR_INVALID_ARG,        VIR_ERR_ARGUMENT_UNSUPPORTED,
        VIR_ERR_OPERATION_FAILED,      VIR_ERR_OPERATION_DENIED,   VIR_ERR_INTERNAL_ERROR};
    for (size_t i = 0; e && i < ARRAY_LEN(codes); i++)
        if (e->code == codes[i])
            return true;
    return false;
}

static void note_success(struct edit *ed, const struct act *a)
{
    struct outcome *o = &ed->outcomes[a->change];
    if (a->kind == ACT_DEFINE) {
        for (size_t i = 0; i < ed->request->changes.len; i++)
            ed->outcomes[i].boot = ed->outcomes[i].boot || ed->outcomes[i].config.differs;
        return;
    }
    if (a->kind == ACT_DETACH && a->affect & VIR_DOMAIN_AFFECT_LIVE)
        o->pending = true; /* until it is seen to be gone */
    else if (a->affect & VIR_DOMAIN_AFFECT_LIVE)
        o->now = true;
    if (a->affect & VIR_DOMAIN_AFFECT_CONFIG)
        o->boot = ed->configured = true;
}

/* Both at once failed, and the definition alone can be changed. */
static bool retry_config(struct edit *ed, const struct act *a, char *why)
{
    struct outcome *o = &ed->outcomes[a->change];
    struct act later = *a;
    free(o->why_not_now);
    o->why_not_now = why;
    later.affect = a->affect & (unsigned)VIR_DOMAIN_AFFECT_CONFIG;
    later.may_fail = false;
    return !later.affect || act_run(ed, &later);
}

/* For drivers without the narrow calls (the test driver): the tree has every change in it already. */
static bool define_instead(struct edit *ed)
{
    struct act whole = {.kind = ACT_DEFINE, .affect = VIR_DOMAIN_AFFECT_CONFIG};
    ed->define = true;
    return act_run(ed, &whole);
}

/* The driver can't do such a thing at all, whatever the device. The test driver has had these calls since
 * libvirt 10, and refuses most of what they are asked for, or their flags. */
static bool lacks_call(const struct edit *ed, const virError *e)
{
    return e && (e->code == VIR_ERR_NO_SUPPORT || e->code == VIR_ERR_OPERATION_UNSUPPORTED ||
                 (e->code == VIR_ERR_INVALID_ARG && !ed->c->is_qemu));
}

static bool may_define_instead(const struct edit *ed, const struct act *a, const virError *e)
{
    return lacks_call(ed, e) && a->affect == VIR_DOMAIN_AFFECT_CONFIG && a->kind != ACT_DEFINE &&
           !ed->define && !ed->configured;
}

/* ---- locks ---- */

/* The image of a disk that is attached, or of a medium that is inserted. */
static char *image_of(void *ctx)
{
    const struct act *a = ctx;
    xmlDocPtr doc = a->xml ? xml_parse(a->xml, strlen(a->xml), NULL) : NULL;
    char *image = doc ? xml_get(xmlDocGetRootElement(doc), "source@file") : NULL;
    if (doc && !image)
        image = xml_get(xmlDocGetRootElement(doc), "source@dev");
    xmlFreeDoc(doc);
    return image;
}

static bool run(struct edit *ed, const struct act *a)
{
    virResetLastError();
    return runners[a->kind](ed, a) == 0;
}

/* With the patience that a start has, too. */
static bool run_patiently(struct edit *ed, const struct act *a)
{
    struct job_context *c = ed->c;
    struct patience p = {.c = c, .event_kind = "job", .image = image_of, .ctx = (void *)a};
    bool good = run(ed, a);
    virErrorPtr last = virGetLastError();
    while (!good && c->error.status == STATUS_OK && last && image_lock_is(last->code, last->message)) {
        context_failed(c);
        if (!patience_again(&p))
            break;
        error_clear(&c->error);
        good = run(ed, a);
        last = virGetLastError();
    }
    patience_end(&p);
    return good;
}

/* Another call on the domain was waited for in vain. What was changed up to now is read, not guessed. */
static void tell_job_lock(struct edit *ed)
{
    struct job_context *c = ed->c;
    char *live = ed->live_xml ? virDomainGetXMLDesc(c->dom, VIR_DOMAIN_XML_SECURE) : NULL;
    char *config =
        ed->config_xml ? virDomainGetXMLDesc(c->dom, VIR_DOMAIN_XML_SECURE | VIR_DOMAIN_XML_INACTIVE) : NULL;
    bool read = (!ed->live_xml || live) && (!ed->config_xml || config);
    bool same = read && (!live || strcmp(live, ed->live_xml) == 0) &&
                (!config || strcmp(config, ed->config_xml) == 0);
    patience_tell_job_lock(c, same   ? "its definition is as it was"
                              : read ? "its definition is not what it was: look at it first"
                                     : "its definition can't be read now");
    free(live);
    free(config);
}

/* Nothing else helps: c->error, or libvirt's last one, is what is told. */
static bool fail(struct edit *ed, const struct act *a)
{
    struct job_context *c = ed->c;
    bool live = (a->affect & VIR_DOMAIN_AFFECT_LIVE) != 0;
    if (c->error.status == STATUS_OK)
        context_failed(c);
    if (patience_is_job_lock(c))
        tell_job_lock(ed);
    else if (live && a->kind == ACT_ATTACH && ed->persistent && ed->request->when == EDIT_AS_POSSIBLE &&
             !edit_did_something(ed))
        error_suffix(&c->error, "; nothing was changed (--config adds it for the next boot only)");
    return false;
}

bool act_run(struct edit *ed, const struct act *a)
{
    if (ed->define && a->kind != ACT_DEFINE && a->affect == VIR_DOMAIN_AFFECT_CONFIG)
        return true; /* it is in the definition that was set instead */
    if (run_patiently(ed, a)) {
        note_success(ed, a);
        return true;
    }
    virErrorPtr last = virGetLastError();
    if (ed->c->error.status != STATUS_OK) /* a lock, or what the call itself has looked at */
        return fail(ed, a);
    bool live = (a->affect & VIR_DOMAIN_AFFECT_LIVE) != 0;
    bool no_call = lacks_call(ed, last) && !ed->c->is_qemu && ed->persistent &&
                   ed->request->when == EDIT_AS_POSSIBLE && a->kind == ACT_ATTACH;
    if (may_define_instead(ed, a, last))
        return define_instead(ed);
    if (live && (no_call || (a->may_fail && only_not_live(last))))
        return retry_config(ed, a, xstrdup(last && last->message ? last->message : "libvirt gave no reason"));
    return fail(ed, a);
}

/* ---- unplugging ---- */

static char *alias_in(const char *element)
{
    xmlDocPtr doc = element ? xml_parse(element, strlen(element), NULL) : NULL;
    char *alias = doc ? xml_get(xmlDocGetRootElement(doc), "alias@name") : NULL;
    xmlFreeDoc(doc);
    return alias;
}

/* By its alias, which is its own; keys of two devices may be the same one (a MAC given twice). Where nobody
 * can tell, it is not. */
static bool is_unplugged(struct edit *ed, const char *key, const char *alias)
{
    char *xml = virDomainGetXMLDesc(ed->c->dom, 0);
    xmlDocPtr doc = xml ? xml_parse(xml, strlen(xml), NULL) : NULL;
    bool there = !doc;
    struct device_walk w = {.domain = doc ? xmlDocGetRootElement(doc) : NULL};
    while (doc && !there && device_walk_next(&w))
        there = alias ? w.dev.alias && strcmp(w.dev.alias, alias) == 0 : strcmp(w.key, key) == 0;
    device_walk_end(&w);
    xmlFreeDoc(doc);
    free(xml);
    return !there;
}

bool act_wait_unplugged(struct edit *ed, const struct act *a)
{
    double timeout = ed->request->unplug_timeout_s > 0 ? ed->request->unplug_timeout_s : UNPLUG_TIMEOUT_S;
    int64_t until = clock_mono_ms() + (int64_t)(timeout * 1000);
    uint64_t seen = 0;
    char *alias = alias_in(a->xml);
    bool gone = is_unplugged(ed, a->key, alias), waits = true;
    while (!gone && waits && clock_mono_ms() < until) {
        context_progress(ed->c, "waiting for the guest to let the device go");
        waits = context_wait_news(ed->c, &seen);
        gone = is_unplugged(ed, a->key, alias);
    }
    free(alias);
    return gone;
}

/* ---- in virsh's words ---- */

static void put_affect(struct strbuf *out, unsigned affect)
{
    strbuf_puts(out, affect & VIR_DOMAIN_AFFECT_LIVE ? " --live" : "");
    strbuf_puts(out, affect & VIR_DOMAIN_AFFECT_CONFIG ? " --config" : "");
}

static char *hidden(const char *element)
{
    xmlDocPtr doc = xml_parse(element, strlen(element), NULL);
    if (!doc)
        return xstrdup("");
    xml_hide_secrets(doc);
    char *text = xml_print(doc);
    xmlFreeDoc(doc);
    return text;
}

static void put_limits(struct strbuf *out, const struct edit *ed, const struct act *a)
{
    struct limit limits[3];
    limits_of(ed, a, !(a->affect & VIR_DOMAIN_AFFECT_CONFIG), limits);
    strbuf_puts(out, a->target);
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        for (char *p = limits[i].name; *p; p++)
            *p = *p == '_' ? '-' : *p;
        strbuf_printf(out, " --%s %llu", limits[i].name, limits[i].value);
    }
}

static void put_field(struct strbuf *out, const struct edit *ed, const struct act *a, const char *vm)
{
    enum field_call call = a->field->call;
    const char *text = call == CALL_TAGS ? a->xml : a->value;
    char *value = text_shell_word(text ? text : "");
    strbuf_printf(out, "%s %s %s", field_calls[call].verb, vm, field_calls[call].option);
    if (call == CALL_RESIZE)
        strbuf_printf(out, "%s ", a->target);
    if (call == CALL_IOTUNE)
        put_limits(out, ed, a);
    else
        strbuf_puts(out, value);
    put_affect(out, call == CALL_RESIZE ? 0 : a->affect);
    free(value);
}

static void put_metadata(struct strbuf *out, const struct act *a, const char *vm)
{
    char *value = a->xml ? text_shell_word(a->xml) : NULL;
    strbuf_printf(out, "metadata %s " VIRTDECK_METADATA_URI " ", vm);
    if (value)
        strbuf_printf(out, "--key vd --set %s", value);
    else
        strbuf_puts(out, "--remove");
    put_affect(out, a->affect);
    free(value);
}

/* Up to a line that is not in it: whoever wrote the definition must not end it early. */
static void put_document(struct strbuf *out, const char *xml)
{
    char *end = xstrdup("EOF");
    while (strstr(xml, end)) {
        char *longer = xasprintf("%s_", end);
        free(end);
        end = longer;
    }
    strbuf_printf(out, " <<'%s'\n%s%s%s", end, xml, xml[0] && xml[strlen(xml) - 1] == '\n' ? "" : "\n", end);
    free(end);
}

char *act_virsh(const struct edit *ed, const struct act *a)
{
    static const char *const device_verbs[] = {
        [ACT_ATTACH] = "attach-device", [ACT_DETACH] = "detach-device", [ACT_UPDATE] = "update-device"};
    struct strbuf out = {0};
    char *name = text_shell_word(ed->c->vm_name);
    /* virsh takes what begins like an option for one. */
    char *vm = xasprintf("%s%s", ed->c->vm_name[0] == '-' ? "--domain=" : "", name);
    free(name);
    strbuf_puts(&out, "virsh ");
    if (a->kind == ACT_FIELD) {
        put_field(&out, ed, a, vm);
    } else if (a->kind == ACT_METADATA) {
        put_metadata(&out, a, vm);
    } else if (a->kind == ACT_DEFINE) {
        strbuf_puts(&out, "define --validate FILE   (the definition with this difference)");
    } else {
        char *xml = hidden(a->xml);
        strbuf_printf(&out, "%s %s /dev/stdin", device_verbs[a->kind], vm);
        put_affect(&out, a->affect);
        put_document(&out, xml);
        free(xml);
    }
    free(vm);
    return strbuf_steal(&out);
}
