/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which calls make the changes. Where every change has a narrow call for the configured definition, those are
 * used: libvirt makes them under its own lock, so nobody's edit can get lost. Otherwise the definition is
 * replaced once, with all changes in it.
 */
#include <stdlib.h>
#include <string.h>
#include "model/domdef.h"
#include "model/xml.h"
#include "virt/edit_private.h"

static bool wants_live(const struct edit *ed)
{
    return ed->active && ed->request->when != EDIT_CONFIG;
}

static bool wants_config(const struct edit *ed)
{
    return ed->persistent && ed->request->when != EDIT_LIVE;
}

static unsigned affect_of(const struct edit *ed)
{
    return (wants_live(ed) ? (unsigned)VIR_DOMAIN_AFFECT_LIVE : 0) |
           (wants_config(ed) ? (unsigned)VIR_DOMAIN_AFFECT_CONFIG : 0);
}

static const struct device_kind *kind_of(const struct edit *ed, size_t i)
{
    const struct outcome *o = &ed->outcomes[i];
    return o->config.kind ? o->config.kind : o->live.kind;
}

/* ---- whether the definition has to be replaced ---- */

/* libvirt's call takes our element out and leaves an empty <metadata/> that was not there before. */
static bool leaves_empty_metadata(const struct edit *ed)
{
    return !xml_child(xmlDocGetRootElement(ed->config), "metadata");
}

static bool field_is_narrow(const struct device_field *f, const struct device_kind *kind)
{
    return f->call == CALL_DEFINE || f->call == CALL_UPDATE || f->call == CALL_INTERFACE_TUNE
               ? (kind->flags & KIND_COLD_UPDATE) != 0
               : true;
}

static bool change_is_narrow(const struct edit *ed, size_t i)
{
    const struct change *c = &ed->request->changes.items[i];
    const struct device_kind *kind = kind_of(ed, i);
    if (c->verb == CHANGE_METADATA)
        return !leaves_empty_metadata(ed);
    if (c->verb == CHANGE_DEFINE || c->verb == CHANGE_EDIT || !kind)
        return false;
    if (c->verb != CHANGE_SET)
        return (kind->flags & KIND_COLD) != 0;
    if (ed->outcomes[i].config.beyond)
        return false;
    for (size_t s = 0; s < c->sets.len; s++)
        if (!field_is_narrow(c->sets.items[s].field, kind) ||
            (c->sets.items[s].field->call == CALL_TAGS && leaves_empty_metadata(ed)))
            return false;
    return true;
}

/* ---- making the changes in the trees ---- */

static bool is_live_field(const struct device_field *f)
{
    return f->call != CALL_DEFINE && f->call != CALL_MAXMEMORY;
}

/* What of a change libvirt can do while the domain runs; no sets are left where it can do nothing of it. */
static void live_part(const struct change *c, struct change *part)
{
    change_copy(part, c);
    for (size_t i = part->sets.len; c->verb == CHANGE_SET && i-- > 0;) {
        if (is_live_field(part->sets.items[i].field))
            continue;
        free(part->sets.items[i].value);
        vec_remove(&part->sets, i);
    }
}

static bool refuse_live(struct edit *ed, const char *what)
{
    if (!ed->persistent)
        return error_set(
            &ed->c->error, STATUS_FAILED,
            "%s: libvirt can't change %s while it runs, and it is transient: there is no next boot",
            ed->c->vm_name, what);
    return error_set(
        &ed->c->error, STATUS_FAILED,
        "%s: libvirt can't change %s while it runs; without --live it is changed for the next boot",
        ed->c->vm_name, what);
}

static bool apply_live(struct edit *ed, size_t i)
{
    const struct change *c = &ed->request->changes.items[i];
    struct change part;
    bool good = true;
    live_part(c, &part);
    bool all = part.sets.len == c->sets.len;
    bool some = c->verb != CHANGE_SET || part.sets.len > 0;
    if (c->verb == CHANGE_DEFINE || c->verb == CHANGE_EDIT)
        some = all = false;
    if (!all && !wants_config(ed))
        good = refuse_live(ed, c->device ? c->device : "the definition");
    else if (some)
        good = change_apply(&part, ed->live, &ed->outcomes[i].live, &ed->c->error);
    change_clear(&part);
    if (good || ed->request->when == EDIT_LIVE || !wants_config(ed))
        return good;
    /* It may be a device that only the next boot brings. */
    if (ed->outcomes[i].live.found)
        ed->outcomes[i].why_not_now = xstrdup(error_text(&ed->c->error));
    changed_clear(&ed->outcomes[i].live);
    error_clear(&ed->c->error);
    return true;
}

static const struct device_kind *kind_called(const char *name, xmlDocPtr doc)
{
    struct device_walk w = {0};
    struct error e = ERROR_INIT;
    bool found = doc && change_find_device(name, xmlDocGetRootElement(doc), &w, &e);
    const struct device_kind *kind = found ? w.kind : NULL;
    device_walk_end(&w);
    error_clear(&e);
    return kind;
}

/* Whoever asked may not have known the device's kind, and named a field of another kind that is called the
 * same: only here it is known which one is meant, and with it the call that sets it. */
static void settle_fields(struct edit *ed, struct change *c)
{
    const struct device_kind *kind = kind_called(c->device, wants_config(ed) ? ed->config : ed->live);
    if (!kind)
        kind = kind_called(c->device, wants_config(ed) ? ed->live : NULL);
    for (size_t i = 0; kind && i < c->sets.len; i++) {
        const struct device_field *field = field_find(kind, c->sets.items[i].field->id);
        if (field)
            c->sets.items[i].field = field;
    }
}

static bool apply(struct edit *ed, size_t i)
{
    struct change *c = &ed->request->changes.items[i];
    struct outcome *o = &ed->outcomes[i];
    struct error *e = &ed->c->error;
    if (c->verb == CHANGE_SET)
        settle_fields(ed, c);
    if (!change_complete(c, ed->config ? ed->config : ed->live, e))
        return false;
    if (wants_live(ed) && !apply_live(ed, i))
        return false;
    if (!wants_config(ed))
        return true;
    if (change_apply(c, ed->config, &o->config, e)) {
        edit_take_form(ed, i);
        return true;
    }
    if (!o->live.found || o->config.found || c->verb == CHANGE_DEFINE)
        return false;
    error_clear(e); /* there, but no longer configured: only the running one can be changed */
    changed_clear(&o->config);
    return true;
}

/* ---- acts ---- */

static struct act *add_act(struct edit *ed, enum act_kind kind, size_t change, unsigned affect)
{
    struct act a = {.kind = kind, .change = change, .affect = affect};
    vec_push(&ed->acts, a);
    return &ed->acts.items[ed->acts.len - 1];
}

static char *target_of(const struct changed *d)
{
    struct error e = ERROR_INIT;
    const char *text = d->before ? d->before : d->after;
    xmlDocPtr doc =
        text && d->kind && !(d->kind->flags & KIND_PART) ? xml_parse_element(text, NULL, &e) : NULL;
    char *target = doc ? xml_get(xmlDocGetRootElement(doc), "target@dev") : NULL;
    xmlFreeDoc(doc);
    error_clear(&e);
    return target;
}

static void set_device(struct act *a, const struct changed *d, const char *xml)
{
    a->xml = xstrdup(xml);
    a->key = xstrdup(d->key);
    a->target = target_of(d);
}

static const struct changed *present(const struct outcome *o)
{
    return o->config.found ? &o->config : &o->live;
}

/* The declaration that libvirt added with an earlier call is in the way of the next one (see set_tags()). */
static void drop_other_namespaces(xmlNodePtr node)
{
    for (xmlNsPtr *at = &node->nsDef; *at;) {
        xmlNsPtr ns = *at;
        if (ns == node->ns) {
            at = &ns->next;
        } else {
            *at = ns->next;
            xmlFreeNs(ns);
        }
    }
}

/* Our metadata as the tree has it after the change, for the call that replaces it whole. */
static char *own_metadata(const struct edit *ed)
{
    xmlNodePtr root = xmlDocGetRootElement(ed->config ? ed->config : ed->live);
    xmlNodePtr own = xml_child_ns(xml_child(root, "metadata"), VIRTDECK_METADATA_URI, "domain");
    if (!own)
        return NULL;
    xmlDocPtr copy = xmlNewDoc((const xmlChar *)"1.0");
    xmlDocSetRootElement(copy, xmlDocCopyNode(own, copy, 1));
    drop_other_namespaces(xmlDocGetRootElement(copy));
    char *text = xml_print(copy);
    xmlFreeDoc(copy);
    return text;
}

static void plan_field(struct edit *ed, size_t i, const struct assignment *s)
{
    const struct outcome *o = &ed->outcomes[i];
    unsigned affect = affect_of(ed) & ~(o->live.found ? 0u : (unsigned)VIR_DOMAIN_AFFECT_LIVE);
    if (s->field->call == CALL_MAXMEMORY)
        affect &= (unsigned)VIR_DOMAIN_AFFECT_CONFIG;
    struct act *a = add_act(ed, ACT_FIELD, i, ed->define ? affect & VIR_DOMAIN_AFFECT_LIVE : affect);
    const struct changed *d = present(o);
    a->field = s->field;
    a->value = s->value;
    a->key = xstrdup(d->key);
    a->target = target_of(d);
    a->xml = s->field->call == CALL_TAGS ? own_metadata(ed) : NULL;
    a->may_fail = ed->request->when == EDIT_AS_POSSIBLE && wants_config(ed);
    if (!a->affect) {
        act_clear(a);
        ed->acts.len--;
    }
}

static void plan_update(struct edit *ed, size_t i, bool live, bool config)
{
    const struct outcome *o = &ed->outcomes[i];
    if (live && o->live.differs) {
        struct act *a = add_act(ed, ACT_UPDATE, i, VIR_DOMAIN_AFFECT_LIVE);
        set_device(a, &o->live, o->live.after);
        a->may_fail = ed->request->when == EDIT_AS_POSSIBLE && wants_config(ed);
    }
    if (config && o->config.differs && !ed->define)
        set_device(add_act(ed, ACT_UPDATE, i, VIR_DOMAIN_AFFECT_CONFIG), &o->config, o->config.after);
}

static bool updates(enum field_call call)
{
    return call == CALL_UPDATE || call == CALL_INTERFACE_TUNE;
}

static void plan_set(struct edit *ed, size_t i)
{
    const struct change *c = &ed->request->changes.items[i];
    bool live = false, config = false;
    for (size_t s = 0; s < c->sets.len; s++) {
        const struct device_field *f = c->sets.items[s].field;
        live = live || updates(f->call);
        config = config || updates(f->call) || f->call == CALL_DEFINE;
        if (!updates(f->call) && f->call != CALL_DEFINE)
            plan_field(ed, i, &c->sets.items[s]);
    }
    plan_update(ed, i, live, config);
}

static bool plan_add(struct edit *ed, size_t i)
{
    const struct outcome *o = &ed->outcomes[i];
    bool hot = (o->live.found ? o->live.kind->flags & KIND_HOT : 0) != 0;
    if (wants_live(ed) && !hot && !wants_config(ed))
        return refuse_live(ed, ed->request->changes.items[i].kind->title);
    unsigned affect = (hot && wants_live(ed) ? (unsigned)VIR_DOMAIN_AFFECT_LIVE : 0) |
                      (wants_config(ed) && !ed->define ? (unsigned)VIR_DOMAIN_AFFECT_CONFIG : 0);
    if (affect)
        set_device(add_act(ed, ACT_ATTACH, i, affect), present(o), present(o)->after);
    return true;
}

static bool plan_remove(struct edit *ed, size_t i)
{
    const struct outcome *o = &ed->outcomes[i];
    bool hot = o->live.found && o->live.kind->flags & KIND_HOT;
    if (o->live.found && !hot && !o->config.found)
        return refuse_live(ed, o->live.name);
    if (hot)
        set_device(add_act(ed, ACT_DETACH, i, VIR_DOMAIN_AFFECT_LIVE), &o->live, o->live.before);
    if (o->config.found && !ed->define)
        set_device(add_act(ed, ACT_DETACH, i, VIR_DOMAIN_AFFECT_CONFIG), &o->config, o->config.before);
    return true;
}

static void plan_metadata(struct edit *ed, size_t i)
{
    const struct outcome *o = &ed->outcomes[i];
    unsigned affect = affect_of(ed);
    if (!o->live.found)
        affect &= ~(unsigned)VIR_DOMAIN_AFFECT_LIVE;
    if (ed->define)
        affect &= ~(unsigned)VIR_DOMAIN_AFFECT_CONFIG;
    if (!affect)
        return;
    struct act *a = add_act(ed, ACT_METADATA, i, affect);
    a->xml = own_metadata(ed);
    a->may_fail = ed->request->when == EDIT_AS_POSSIBLE && wants_config(ed);
}

static bool plan_change(struct edit *ed, size_t i)
{
    switch (ed->request->changes.items[i].verb) {
    case CHANGE_ADD:
        return plan_add(ed, i);
    case CHANGE_REMOVE:
        return plan_remove(ed, i);
    case CHANGE_SET:
        plan_set(ed, i);
        return true;
    case CHANGE_METADATA:
        plan_metadata(ed, i);
        return true;
    default:
        return true; /* the whole definition: ACT_DEFINE does it */
    }
}

static bool possible(struct edit *ed)
{
    if (affect_of(ed))
        return true;
    const char *why = ed->request->when == EDIT_LIVE ? "it does not run, so nothing can be changed in it now"
                                                     : "it is transient: there is no definition to change";
    return error_set(&ed->c->error, STATUS_FAILED, "%s: %s", ed->c->vm_name, why);
}

static bool is_metadata(enum field_call call)
{
    return call == CALL_TITLE || call == CALL_DESCRIPTION || call == CALL_TAGS;
}

static bool only_metadata(const struct edit *ed)
{
    for (size_t i = 0; i < ed->request->changes.len; i++) {
        const struct change *c = &ed->request->changes.items[i];
        for (size_t s = 0; s < c->sets.len; s++)
            if (!is_metadata(c->sets.items[s].field->call))
                return false;
        if (c->verb != CHANGE_SET && c->verb != CHANGE_METADATA)
            return false;
    }
    return true;
}

bool edit_plan(struct edit *ed)
{
    size_t n = ed->request->changes.len;
    if (!possible(ed))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!apply(ed, i))
            return false;
    for (size_t i = 0; i < n && wants_config(ed); i++)
        ed->define = ed->define || (ed->outcomes[i].config.found && !change_is_narrow(ed, i));
    ed->metadata_only = only_metadata(ed);
    for (size_t i = 0; i < n; i++)
        if (!plan_change(ed, i))
            return false;
    if (ed->define)
        add_act(ed, ACT_DEFINE, 0, VIR_DOMAIN_AFFECT_CONFIG);
    return true;
}
