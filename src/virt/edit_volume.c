/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>
#include "base/text.h"
#include "model/xml.h"
#include "virt/edit_private.h"

static struct change *disk_change(struct edit *ed)
{
    for (size_t i = 0; i < ed->request->changes.len; i++)
        if (ed->request->changes.items[i].verb == CHANGE_ADD)
            return &ed->request->changes.items[i];
    return NULL;
}

static virStoragePoolPtr find_pool(struct edit *ed)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(ed->c->conn, ed->request->pool);
    if (!pool)
        context_failed(ed->c);
    else if (virStoragePoolIsActive(pool) != 1) {
        char *word = text_shell_word(ed->request->pool);
        error_set(&ed->c->error, STATUS_FAILED,
                  "%s: the pool %s is not active: `virsh pool-start %s` starts it", ed->c->vm_name,
                  ed->request->pool, word);
        free(word);
        virStoragePoolFree(pool);
        pool = NULL;
    }
    return pool;
}

/* VM.qcow2, VM-1.qcow2 … : the first name that the pool does not have. */
static char *free_name(virStoragePoolPtr pool, const char *vm, const char *format)
{
    char *stem = xstrdup(vm);
    virStoragePoolRefresh(pool, 0); /* of files that came into its folder by themselves it does not know */
    for (char *p = stem; *p; p++)
        if (*p == '/')
            *p = '_';
    for (int n = 0;; n++) {
        char *name = n ? xasprintf("%s-%d.%s", stem, n, format) : xasprintf("%s.%s", stem, format);
        virStorageVolPtr vol = virStorageVolLookupByName(pool, name);
        if (!vol) {
            free(stem);
            virResetLastError();
            return name;
        }
        virStorageVolFree(vol);
        free(name);
    }
}

static char *path_in(struct edit *ed, virStoragePoolPtr pool)
{
    char *xml = virStoragePoolGetXMLDesc(pool, 0);
    xmlDocPtr doc = xml ? xml_parse_element(xml, "pool", &ed->c->error) : NULL;
    char *dir = doc ? xml_get(xmlDocGetRootElement(doc), "target/path") : NULL;
    char *path = dir ? xasprintf("%s/%s", dir, ed->request->volume) : NULL;
    if (!path && ed->c->error.status == STATUS_OK)
        error_set(&ed->c->error, STATUS_FAILED, "%s: the pool %s has no folder to make a volume in",
                  ed->c->vm_name, ed->request->pool);
    xmlFreeDoc(doc);
    free(xml);
    free(dir);
    return path;
}

bool edit_volume_plan(struct edit *ed)
{
    struct edit_request *r = ed->request;
    struct change *c = disk_change(ed);
    if (!r->pool || !c)
        return true;
    if (r->volume && strchr(r->volume, '/'))
        return error_set(&ed->c->error, STATUS_FAILED,
                         "%s: volume: \"%s\" can't be; a volume's name has no slash", ed->c->vm_name,
                         r->volume);
    virStoragePoolPtr pool = find_pool(ed);
    if (!pool)
        return false;
    if (!r->format)
        r->format = xstrdup("qcow2");
    if (!r->volume)
        r->volume = free_name(pool, ed->c->vm_name, r->format);
    char *path = path_in(ed, pool);
    virStoragePoolFree(pool);
    if (!path)
        return false;
    struct assignment source = {field_find(c->kind, "source"), path},
                      format = {field_find(c->kind, "format"), xstrdup(r->format)};
    if (!source.field || !format.field)
        die("disks have lost a field");
    ed->volume_path = xstrdup(path);
    vec_push(&c->sets, source);
    vec_push(&c->sets, format);
    return true;
}

bool edit_volume_make(struct edit *ed)
{
    struct edit_request *r = ed->request;
    if (!r->pool)
        return true;
    virStoragePoolPtr pool = find_pool(ed);
    if (!pool)
        return false;
    xmlDocPtr doc = xml_parse_element("<volume>\n</volume>", "volume", NULL);
    xmlNodePtr root = xmlDocGetRootElement(doc);
    char *bytes = xasprintf("%llu", r->capacity);
    xml_set(root, "name", r->volume);
    xml_set(root, "capacity", bytes);
    xml_set(root, "allocation", strcmp(r->format, "raw") == 0 ? "0" : NULL);
    xml_set(root, "target/format@type", r->format);
    char *xml = xml_print(doc);
    context_progress(ed->c, "making the volume %s", r->volume);
    ed->volume = virStorageVolCreateXML(pool, xml, 0);
    if (!ed->volume)
        context_failed(ed->c);
    free(xml);
    free(bytes);
    xmlFreeDoc(doc);
    virStoragePoolFree(pool);
    return ed->volume != NULL;
}

char *edit_volume_virsh(const struct edit *ed)
{
    const struct edit_request *r = ed->request;
    if (!ed->volume_path)
        return NULL;
    char *pool = text_shell_word(r->pool), *volume = text_shell_word(r->volume);
    char *line =
        xasprintf("virsh vol-create-as --pool=%s --name=%s --capacity=%llu%s --format %s", pool, volume,
                  r->capacity, strcmp(r->format, "raw") == 0 ? " --allocation 0" : "", r->format);
    free(pool);
    free(volume);
    return line;
}

void edit_volume_undo(struct edit *ed)
{
    struct change *c = disk_change(ed);
    const struct outcome *o = c ? &ed->outcomes[c - ed->request->changes.items] : NULL;
    if (!ed->volume || (o && (o->now || o->boot))) /* the disk came in before something else failed */
        return;
    if (virStorageVolDelete(ed->volume, 0) == 0)
        return;
    char *left = xasprintf("; the new volume %s was left", ed->volume_path ? ed->volume_path : "");
    error_suffix(&ed->c->error, left);
    free(left);
}

void edit_volume_end(struct edit *ed)
{
    if (ed->volume)
        virStorageVolFree(ed->volume);
    free(ed->volume_path);
}
