/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The diff job: what runs against what the next boot brings. Read without passwords, so none can get out.
 */
#include <stdlib.h>
#include <string.h>
#include "base/linediff.h"
#include "device/list.h"
#include "device/plain.h"
#include "model/xml.h"
#include "virt/edit.h"
#include "virt/private.h"

struct both {
    char *live, *config; /* NULL: there is none */
    json_object *lines, *devices;
    struct strbuf out;
};

static bool read_both(struct job_context *c, struct both *b)
{
    bool active, persistent;
    if (!context_read_state(c, &active, &persistent))
        return false;
    if (active) {
        b->live = virDomainGetXMLDesc(c->dom, 0);
        if (!b->live)
            return context_failed(c);
    }
    if (persistent) {
        b->config = virDomainGetXMLDesc(c->dom, VIR_DOMAIN_XML_INACTIVE);
        if (!b->config)
            return context_failed(c);
    }
    return true;
}

static void add_device(struct both *b, const struct device_entry *d)
{
    const char *title = d->dev.name ? d->dev.name : d->config_dev.name;
    const char *word = device_pending_word(d->pending);
    const char *what = d->difference                  ? d->difference
                       : d->pending == PENDING_ADD    ? "is added"
                       : d->pending == PENDING_REMOVE ? "is removed"
                                                      : "differs";
    strbuf_printf(&b->out, "%s %s: %s\n", d->kind->id, title ? title : d->key, what);
    json_object *o = json_object_new_object();
    json_object_object_add(o, "kind", json_object_new_string(d->kind->id));
    json_object_object_add(o, "name", title ? json_object_new_string(title) : NULL);
    json_object_object_add(o, "key", json_object_new_string(d->key));
    json_object_object_add(o, "pending", word ? json_object_new_string(word) : NULL);
    json_object_object_add(o, "difference", d->difference ? json_object_new_string(d->difference) : NULL);
    json_object_array_add(b->devices, o);
}

static bool add_devices(struct both *b, struct error *e)
{
    struct device_list *l = device_list_make(b->live, b->config, e);
    for (size_t i = 0; l && i < l->entries.len; i++)
        if (l->entries.items[i].pending != PENDING_NONE)
            add_device(b, &l->entries.items[i]);
    device_list_unref(l);
    return l != NULL;
}

static void add_lines(struct both *b, const char *text)
{
    strbuf_printf(&b->out, "%s--- running now\n+++ at the next boot\n%s", b->out.len ? "\n" : "", text);
    for (const char *p = text; *p; p += strcspn(p, "\n") + 1)
        json_object_array_add(b->lines, json_object_new_string_len(p, (int)strcspn(p, "\n")));
}

static bool add_xml(struct both *b, struct error *e)
{
    xmlDocPtr live = xml_parse_element(b->live, "domain", e);
    xmlDocPtr config = live ? xml_parse_element(b->config, "domain", e) : NULL;
    if (config) {
        struct strbuf text = {0};
        definitions_plain(live, config);
        char *now = xml_print(live), *then = xml_print(config);
        linediff(&text, now, then);
        if (text.len)
            add_lines(b, strbuf_str(&text));
        free(now);
        free(then);
        strbuf_free(&text);
    }
    xmlFreeDoc(live);
    xmlFreeDoc(config);
    return config != NULL;
}

static bool compare(struct job_context *c, struct both *b)
{
    if (!b->live) {
        context_say(c, "it does not run: there is only the definition for the next boot");
        return true;
    }
    if (!b->config) {
        context_say(c, "it is transient: nothing is left of it when it stops, so there is no next boot");
        return true;
    }
    if (!add_devices(b, &c->error) || !add_xml(b, &c->error))
        return false;
    if (b->out.len)
        c->output = strbuf_steal(&b->out);
    else
        context_say(c, "no difference: the next boot brings the machine that runs now");
    return true;
}

static bool run_diff(struct job_context *c)
{
    struct both b = {.lines = json_object_new_array(), .devices = json_object_new_array()};
    bool good = read_both(c, &b) && compare(c, &b);
    c->json = json_object_new_object();
    json_object_object_add(c->json, "live", b.live ? json_object_new_string(b.live) : NULL);
    json_object_object_add(c->json, "config", b.config ? json_object_new_string(b.config) : NULL);
    json_object_object_add(c->json, "devices", b.devices);
    json_object_object_add(c->json, "diff", b.lines);
    strbuf_free(&b.out);
    free(b.live);
    free(b.config);
    return good;
}

const struct job_kind diff_job = {.action = "diff", .doing = "comparing", .run = run_diff};
