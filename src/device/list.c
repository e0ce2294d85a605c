/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/list.h"

#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "model/xml.h"

/* One definition taken apart. */
struct side_device {
    const struct device_kind *kind;
    char *key;
    char *address; /* "pci 0x0000 0x00 0x03 0x0"; NULL: none */
    xmlNodePtr node;
    struct vm_device dev;
    int index;
    struct side_device *other; /* the same one in the other definition; NULL: it is not there */
};

struct side {
    xmlDocPtr doc; /* NULL: there is no such definition */
    VEC(struct side_device) devices;
};

/* ---- reading one definition ---- */

/* Where the device sits, as one text. */
static char *address_of(xmlNodePtr node)
{
    struct strbuf out = {0};
    xmlNodePtr address = xml_child(node, "address");
    for (xmlAttrPtr a = address ? address->properties : NULL; a; a = a->next) {
        xmlChar *value = xmlNodeListGetString(address->doc, a->children, 1);
        strbuf_printf(&out, " %s=%s", (const char *)a->name, value ? (const char *)value : "");
        xmlFree(value);
    }
    return out.len ? strbuf_steal(&out) : NULL;
}

static bool side_read(struct side *s, const char *xml, struct error *e)
{
    if (!xml)
        return true;
    s->doc = xml_parse_element(xml, "domain", e);
    if (!s->doc)
        return false;
    struct device_walk w = {.domain = xmlDocGetRootElement(s->doc)};
    while (device_walk_next(&w)) {
        bool part = w.kind->flags & KIND_PART;
        struct side_device d = {.kind = w.kind,
                                .key = w.key,
                                .address = part ? NULL : address_of(w.node),
                                .node = w.node,
                                .dev = w.dev,
                                .index = w.index};
        vec_push(&s->devices, d);
        w.key = NULL; /* they are ours now */
        w.dev = (struct vm_device){0};
    }
    device_walk_end(&w);
    return true;
}

static void side_free(struct side *s)
{
    for (size_t i = 0; i < s->devices.len; i++) {
        device_forget(&s->devices.items[i].dev);
        free(s->devices.items[i].key);
        free(s->devices.items[i].address);
    }
    vec_free(&s->devices);
    xmlFreeDoc(s->doc);
}

/* ---- which is which ---- */

static bool same_text(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool same_key(const struct side_device *a, const struct side_device *b)
{
    return same_text(a->key, b->key);
}

static bool same_alias(const struct side_device *a, const struct side_device *b)
{
    return same_text(a->dev.alias, b->dev.alias);
}

/* Its MAC was changed for the next boot, say: it sits where it sat. */
static bool same_address(const struct side_device *a, const struct side_device *b)
{
    return same_text(a->address, b->address);
}

/* Its bus was changed, and with it name and address: it shows the same image. */
static bool same_source(const struct side_device *a, const struct side_device *b)
{
    return a->dev.is_disk && same_text(a->dev.source, b->dev.source);
}

/* Of disks and interfaces one that goes and one that comes are two. What is left of other kinds goes by its
 * place among its like. */
static bool same_place(const struct side_device *a, const struct side_device *b)
{
    (void)b;
    return !a->dev.is_disk && !a->dev.mac;
}

static void match(struct side *live, struct side *config)
{
    static bool (*const tests[])(const struct side_device *, const struct side_device *) = {
        same_key, same_alias, same_address, same_source, same_place};
    for (size_t t = 0; t < ARRAY_LEN(tests); t++) {
        for (size_t i = 0; i < live->devices.len; i++) {
            struct side_device *a = &live->devices.items[i];
            for (size_t k = 0; k < config->devices.len && !a->other; k++) {
                struct side_device *b = &config->devices.items[k];
                if (!b->other && a->kind == b->kind && tests[t](a, b)) {
                    a->other = b;
                    b->other = a;
                }
            }
        }
    }
}

/* ---- values and differences ---- */

const char *device_value_now(const struct device_value *v, bool of_config)
{
    const char *said = of_config ? v->config : v->live;
    return said ? said : v->field->unset;
}

const struct device_value *device_entry_value(const struct device_entry *d, const char *field_id)
{
    for (size_t i = 0; i < d->values.len; i++)
        if (strcmp(d->values.items[i].field->id, field_id) == 0)
            return &d->values.items[i];
    return NULL;
}

/* host-model and its like are spelled out when the domain starts. */
static bool cpu_is_spelled_out(const struct device_entry *d)
{
    const struct device_value *mode = device_entry_value(d, "mode");
    return strcmp(d->kind->id, "cpu") == 0 && mode && mode->live && strcmp(mode->live, "custom") == 0 &&
           (!mode->config || strcmp(mode->config, "custom") != 0);
}

/* The balloon moves by itself; what the guest has now need not be what was asked for. */
static bool moves_by_itself(const struct device_value *v)
{
    return v->field->call == CALL_MEMORY;
}

/* The definitions count consoles each in its own way. */
static bool is_counted_apart(const struct device_entry *d, const struct device_value *v)
{
    return strcmp(d->kind->id, "console") == 0 && strcmp(v->field->id, "port") == 0;
}

static bool value_differs(const struct device_entry *d, const struct device_value *v)
{
    const char *now = device_value_now(v, false), *next = device_value_now(v, true);
    const struct device_field *f = v->field;
    if (f->flags & FIELD_ALIAS || f->type == FIELD_SECRET || moves_by_itself(v) || is_counted_apart(d, v))
        return false;
    if (f->flags & FIELD_FILLED && (!next || strcmp(next, "auto") == 0))
        return false;
    if (f->flags & FIELD_FILLED && f->type == FIELD_SWITCH && !now) /* it comes with another model */
        return false;
    if (cpu_is_spelled_out(d) && (strcmp(f->id, "mode") == 0 || strcmp(f->id, "model") == 0))
        return false;
    return now && next ? strcmp(now, next) != 0 : now != next;
}

/* "host.tso4" where "tso4" says the same. */
static bool said_by_both(const struct device_entry *d, const struct device_value *v)
{
    const char *dot = strchr(v->field->id, '.');
    const struct device_value *both = dot ? device_entry_value(d, dot + 1) : NULL;
    return both && value_differs(d, both) && !same_text(both->live, "mixed") &&
           !same_text(both->config, "mixed");
}

static void add_difference(struct strbuf *out, const char *id, const char *now, const char *next)
{
    strbuf_printf(out, "%s%s: %s → %s", out->len ? "; " : "", id, now ? now : "-", next ? next : "-");
}

static char *difference_of(const struct device_entry *d)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < d->values.len; i++) {
        const struct device_value *v = &d->values.items[i];
        bool mixed = same_text(v->live, "mixed") || same_text(v->config, "mixed");
        if (!mixed && value_differs(d, v) && !said_by_both(d, v))
            add_difference(&out, v->field->id, device_value_now(v, false), device_value_now(v, true));
    }
    /* Kinds without fields are told by what is shown of them. */
    if (d->values.len == 0 && d->dev.model && d->config_dev.model &&
        !same_text(d->dev.model, d->config_dev.model))
        add_difference(&out, "model", d->dev.model, d->config_dev.model);
    return out.len ? strbuf_steal(&out) : NULL;
}

static void read_values(struct device_entry *d, const struct side_device *live,
                        const struct side_device *config)
{
    for (const struct device_field *f = NULL; (f = field_next(d->kind, f)) != NULL;) {
        struct device_value v = {.field = f,
                                 .live = live ? field_get(f, live->node) : NULL,
                                 .config = config ? field_get(f, config->node) : NULL};
        vec_push(&d->values, v);
    }
}

/* ---- what libvirt added by itself ---- */

/* The first console is what libvirt makes of the first serial port, or what its hypervisor has anyway. */
static bool is_automatic_console(const struct side_device *d)
{
    return d->index == 0 && !xml_get_is(d->node, "target@type", "virtio") &&
           !xml_get_is(d->node, "target@type", "sclp") && !xml_get_is(d->node, "target@type", "sclplm");
}

/* Controllers that devices of their own sort sit on. */
struct seat {
    const char *controller;
    const char *index; /* where such a device says which of them it sits on */
    bool on_demand;    /* there is none, not even the first one, before something needs it */
};

static const struct seat seats[] = {
    {"scsi", "address@controller", true},  {"virtio-serial", "address@controller", true},
    {"ccid", "address@controller", true},  {"usb", "address@bus", false},
    {"sata", "address@controller", false}, {"ide", "address@controller", false},
    {"fdc", "address@controller", false},
};

static bool is_of_its_sort(xmlNodePtr device, const char *controller)
{
    if (xml_is(device, "disk"))
        return xml_get_is(device, "target@bus", controller);
    if (xml_is(device, "hostdev"))
        return xml_get_is(device, "@type", controller);
    if (xml_is(device, "smartcard"))
        return strcmp(controller, "ccid") == 0;
    if (xml_is(device, "channel") || xml_is(device, "console"))
        return strcmp(controller, "virtio-serial") == 0 && xml_get_is(device, "target@type", "virtio");
    return strcmp(controller, "usb") == 0 && xml_get_is(device, "address@type", "usb");
}

/* Without an address it comes to the first one. */
static bool sits_there(xmlNodePtr device, const struct seat *seat, const char *index)
{
    if (!is_of_its_sort(device, seat->controller))
        return false;
    return xml_child(device, "address") ? xml_get_is(device, seat->index, index) : strcmp(index, "0") == 0;
}

static bool is_needed(xmlNodePtr controller, const struct seat *seat, const char *index)
{
    for (xmlNodePtr node = controller->parent->children; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && sits_there(node, seat, index))
            return true;
    return false;
}

/* Those for PCI, the first of those that belong to the machine, and what something sits on; another one is
 * somebody's own. */
static bool is_automatic_controller(xmlNodePtr node)
{
    char *index = xml_get(node, "@index");
    const struct seat *seat = NULL;
    for (size_t i = 0; i < ARRAY_LEN(seats) && !seat; i++)
        seat = xml_get_is(node, "@type", seats[i].controller) ? &seats[i] : NULL;
    bool first = !index || strcmp(index, "0") == 0;
    bool automatic = !seat || !index || (first && !seat->on_demand) || is_needed(node, seat, index);
    free(index);
    return automatic;
}

static bool is_automatic(const struct side_device *d)
{
    const char *id = d->kind->id;
    if (strcmp(id, "console") == 0)
        return is_automatic_console(d);
    if (strcmp(id, "controller") == 0)
        return is_automatic_controller(d->node);
    if (strcmp(id, "input") == 0)
        return xml_get_is(d->node, "@bus", "ps2") || xml_get_is(d->node, "@bus", "xen");
    if (strcmp(id, "balloon") == 0)
        return xml_get_is(d->node, "@model", "virtio") && !xml_find(d->node, "stats") &&
               !xmlHasProp(d->node, (const xmlChar *)"autodeflate");
    if (strcmp(id, "audio") == 0)
        return xml_get_is(d->node, "@id", "1") && !xmlFirstElementChild(d->node);
    return strcmp(id, "watchdog") == 0 && xml_get_is(d->node, "@model", "itco");
}

/* ---- making the list ---- */

/* live, config: the device in both definitions, NULL where it is not; shown: the live one, else the other. */
static void add_entry(struct device_list *l, struct side_device *shown, struct side_device *live,
                      struct side_device *config)
{
    struct device_entry d = {.kind = shown->kind,
                             .key = shown->key,
                             .dev = shown->dev,
                             .is_live = live != NULL,
                             .is_config = config != NULL,
                             .automatic = is_automatic(shown)};
    shown->key = NULL; /* they are the entry's now */
    shown->dev = (struct vm_device){0};
    read_values(&d, live, config);
    if (config && live) {
        d.config_dev = config->dev;
        config->dev = (struct vm_device){0};
        d.difference = difference_of(&d);
    }
    if (l->active && l->persistent)
        d.pending = !live          ? PENDING_ADD
                    : !config      ? PENDING_REMOVE
                    : d.difference ? PENDING_CHANGE
                                   : PENDING_NONE;
    l->n_pending += d.pending != PENDING_NONE;
    vec_push(&l->entries, d);
}

/* What is configured only stands behind the last of its kind. */
static size_t place_of(const struct side *live, const struct side_device *config)
{
    size_t at = live->devices.len;
    for (size_t i = 0; i < live->devices.len; i++)
        if (live->devices.items[i].kind == config->kind)
            at = i + 1;
    return at;
}

static void add_entries(struct device_list *l, struct side *live, struct side *config)
{
    for (size_t i = 0; i <= live->devices.len; i++) {
        for (size_t k = 0; k < config->devices.len; k++) {
            struct side_device *c = &config->devices.items[k];
            if (!c->other && place_of(live, c) == i)
                add_entry(l, c, NULL, c);
        }
        if (i < live->devices.len)
            add_entry(l, &live->devices.items[i], &live->devices.items[i], live->devices.items[i].other);
    }
}

/* One that is configured only has no other definition to be told from. */
static void name_configured(struct device_list *l)
{
    for (size_t i = 0; i < l->entries.len; i++) {
        struct device_entry *d = &l->entries.items[i];
        if (d->is_live || !d->is_config)
            continue;
        const struct vm_device *from = &d->dev;
        d->config_dev = (struct vm_device){.kind = from->kind,
                                           .name = xstrdup(from->name),
                                           .alias = xstrdup(from->alias),
                                           .model = xstrdup(from->model),
                                           .target = xstrdup(from->target),
                                           .source = xstrdup(from->source),
                                           .mac = xstrdup(from->mac),
                                           .link_down = from->link_down,
                                           .is_disk = from->is_disk,
                                           .readonly = from->readonly,
                                           .has_log = from->has_log,
                                           .log_file = xstrdup(from->log_file)};
    }
}

struct device_list *device_list_make(const char *live, const char *config, struct error *e)
{
    struct side l = {0}, c = {0};
    struct device_list *list = NULL;
    if (side_read(&l, live, e) && side_read(&c, config, e)) {
        list = xcalloc(1, sizeof *list);
        list->refs = 1;
        list->active = live != NULL;
        list->persistent = config != NULL;
        match(&l, &c);
        add_entries(list, &l, &c);
        name_configured(list);
    }
    side_free(&l);
    side_free(&c);
    return list;
}

struct device_list *device_list_ref(struct device_list *l)
{
    if (l)
        __atomic_add_fetch(&l->refs, 1, __ATOMIC_RELAXED);
    return l;
}

static void entry_free(struct device_entry *d)
{
    for (size_t i = 0; i < d->values.len; i++) {
        free(d->values.items[i].live);
        free(d->values.items[i].config);
    }
    vec_free(&d->values);
    device_forget(&d->dev);
    device_forget(&d->config_dev);
    free(d->key);
    free(d->difference);
}

void device_list_unref(struct device_list *l)
{
    if (!l || __atomic_sub_fetch(&l->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < l->entries.len; i++)
        entry_free(&l->entries.items[i]);
    vec_free(&l->entries);
    free(l);
}

void device_list_mark_unplug(struct device_list *l, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < l->entries.len; i++) {
        struct device_entry *d = &l->entries.items[i];
        for (size_t k = 0; k < n; k++) {
            if (!d->is_live || !same_text(d->key, keys[k]))
                continue;
            l->n_pending += d->pending == PENDING_NONE;
            d->pending = PENDING_UNPLUG;
        }
    }
}

/* ---- looking things up ---- */

static bool is_called(const struct vm_device *d, const char *name)
{
    return same_text(d->name, name) || same_text(d->alias, name) || same_text(d->target, name) ||
           (d->mac && strcasecmp(d->mac, name) == 0);
}

const struct device_entry *device_list_find(const struct device_list *l, const char *name)
{
    for (size_t i = 0; i < l->entries.len; i++)
        if (is_called(&l->entries.items[i].dev, name) || same_text(l->entries.items[i].key, name))
            return &l->entries.items[i];
    for (size_t i = 0; i < l->entries.len; i++)
        if (is_called(&l->entries.items[i].config_dev, name))
            return &l->entries.items[i];
    return NULL;
}

const char *device_pending_word(enum device_pending p)
{
    static const char *const words[] = {[PENDING_ADD] = "add",
                                        [PENDING_REMOVE] = "remove",
                                        [PENDING_CHANGE] = "change",
                                        [PENDING_UNPLUG] = "unplug"};
    return words[p];
}
