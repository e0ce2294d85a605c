/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Changing devices and parts of a domain: `device NAME VERB …` and `set FIELD=VALUE…`. A verb is a row; most
 * of them are short for setting a field.
 */
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "command/edit_call.h"
#include "command/families.h"
#include "command/private.h"
#include "device/field.h"
#include "device/kinds.h"
#include "device/offload.h"

/* A `device` line being understood. */
struct device_line {
    struct call *call;
    const char *device;
    const char *const *words; /* behind the verb */
    size_t n_words;
    const struct verb *verb;
    struct edit_request *request;
};

struct verb {
    const char *name;
    const char *usage; /* what stands behind it; "" nothing */
    bool (*run)(struct device_line *l, struct change *c, struct error *e);
    const char *field; /* for verbs that set one */
    const char *value; /* to this; NULL: to the word given */
    const char *loses;
};

/* ---- fields ---- */

/* The kind may be unknown here: of a device that only the next boot brings. */
static bool assign(struct device_line *l, struct change *c, const char *word, struct error *e)
{
    return change_assign(c, c->kind ? c->kind : edit_kind_of(l->call, l->device), word, e);
}

static bool assign_all(struct device_line *l, struct change *c, struct error *e)
{
    for (size_t i = 0; i < l->n_words; i++)
        if (!assign(l, c, l->words[i], e))
            return false;
    return true;
}

/* ---- verbs ---- */

static bool verb_set(struct device_line *l, struct change *c, struct error *e)
{
    if (l->n_words == 0)
        return error_set(e, STATUS_USAGE, "device %s set: FIELD=VALUE is missing; `fields` lists them",
                         l->device);
    return assign_all(l, c, e);
}

static bool verb_field(struct device_line *l, struct change *c, struct error *e)
{
    size_t wants = l->verb->value ? 0 : 1;
    if (l->n_words != wants)
        return error_set(e, STATUS_USAGE, "device %s %s: %s", l->device, l->verb->name,
                         l->n_words < wants ? l->verb->usage : "takes no word behind it");
    char *word = xasprintf("%s=%s", l->verb->field, l->verb->value ? l->verb->value : l->words[0]);
    bool good = assign(l, c, word, e);
    free(word);
    return good;
}

static bool which_tso(const struct device_line *l, struct error *e)
{
    char *vm = word_quote(l->call->targets.items[0].name), *text = tso_explained(vm);
    error_set(e, STATUS_USAGE, "device %s offload: %s", l->device, text);
    free(vm);
    free(text);
    return false;
}

static bool verb_offload(struct device_line *l, struct change *c, struct error *e)
{
    if (l->n_words == 0)
        return error_set(e, STATUS_USAGE, "device %s offload: which? For example tso4=off", l->device);
    for (size_t i = 0; i < l->n_words; i++)
        if (strcmp(l->words[i], "tso") == 0 || strncmp(l->words[i], "tso=", 4) == 0)
            return which_tso(l, e);
    return assign_all(l, c, e);
}

static bool verb_remove(struct device_line *l, struct change *c, struct error *e)
{
    if (l->n_words)
        return error_set(e, STATUS_USAGE, "device %s remove: \"%s\" is one word too many", l->device,
                         l->words[0]);
    c->verb = CHANGE_REMOVE;
    return true;
}

/* ---- adding ---- */

static bool no_such_kind(const char *id, struct error *e)
{
    struct strbuf known = {0};
    struct nearest near = nearest_to(id);
    for (size_t i = 0; i < n_device_kinds; i++) {
        if (!device_kinds[i].fresh)
            continue;
        strbuf_printf(&known, "%s%s", known.len ? ", " : "", device_kinds[i].id);
        nearest_offer(&near, device_kinds[i].id);
    }
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "device %s add: there is no kind \"%s\" to add%s; there are: %s", id, id, hint,
              strbuf_str(&known));
    free(hint);
    strbuf_free(&known);
    return false;
}

/* What is not a field of the disk but of the volume that is made for it. */
static bool take_volume_word(struct edit_request *r, const char *word)
{
    const struct {
        const char *name;
        char **where;
    } words[] = {{"pool=", &r->pool}, {"volume=", &r->volume}, {"format=", &r->format}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        size_t len = strlen(words[i].name);
        if (strncmp(word, words[i].name, len) == 0) {
            free(*words[i].where);
            *words[i].where = xstrdup(word + len);
            return true;
        }
    }
    return false;
}

static bool has_word(const struct device_line *l, const char *start)
{
    for (size_t i = 0; i < l->n_words; i++)
        if (strncmp(l->words[i], start, strlen(start)) == 0)
            return true;
    return false;
}

/* size= without source=: a new volume. */
static bool add_with_volume(struct device_line *l, struct change *c, struct error *e)
{
    struct edit_request *r = l->request;
    for (size_t i = 0; i < l->n_words; i++) {
        const char *word = l->words[i];
        if (take_volume_word(r, word))
            continue;
        if (strncmp(word, "size=", 5) == 0) {
            double size = field_size(word + 5, 1);
            if (!(size >= 1))
                return error_set(e, STATUS_USAGE, "device %s add: size=%s is no size, such as 10G", l->device,
                                 word + 5);
            r->capacity = (unsigned long long)size;
        } else if (!assign(l, c, word, e)) {
            return false;
        }
    }
    if (!r->pool)
        r->pool = xstrdup("default");
    return true;
}

static bool verb_add(struct device_line *l, struct change *c, struct error *e)
{
    const struct device_kind *kind = device_kind_find(l->device);
    if (!kind || !kind->fresh)
        return no_such_kind(l->device, e);
    c->verb = CHANGE_ADD;
    c->kind = kind;
    if (strcmp(kind->id, "disk") == 0 && has_word(l, "size=") && !has_word(l, "source="))
        return add_with_volume(l, c, e);
    if (strcmp(kind->id, "disk") == 0 && !has_word(l, "source="))
        return error_set(e, STATUS_USAGE,
                         "device disk add: source=FILE|POOL/VOLUME is missing, or size= for a new one");
    return assign_all(l, c, e);
}

static const struct verb verbs[] = {
    {.name = "set", .usage = "FIELD=VALUE…", .run = verb_set},
    {.name = "add", .usage = "[FIELD=VALUE…]", .run = verb_add},
    {.name = "remove",
     .usage = "",
     .run = verb_remove,
     .loses = "the device is taken out of the domain, at once where it runs; disk images stay"},
    {.name = "link", .usage = "up or down?", .run = verb_field, .field = "link"},
    {.name = "eject", .usage = "", .run = verb_field, .field = "source", .value = "default"},
    {.name = "insert", .usage = "which file or POOL/VOLUME?", .run = verb_field, .field = "source"},
    {.name = "model", .usage = "which model?", .run = verb_field, .field = "model"},
    {.name = "network", .usage = "which network?", .run = verb_field, .field = "network"},
    {.name = "bridge", .usage = "which bridge?", .run = verb_field, .field = "bridge"},
    {.name = "grow", .usage = "to which size?", .run = verb_field, .field = "size"},
    {.name = "offload", .usage = "BIT=on|off…", .run = verb_offload},
};

static const struct verb *find_verb(const char *word)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        if (strcmp(verbs[i].name, word) == 0)
            return &verbs[i];
    return NULL;
}

static bool no_such_verb(const char *device, const char *word, struct error *e)
{
    struct nearest near = nearest_to(word);
    struct strbuf known = {0};
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        nearest_offer(&near, verbs[i].name);
        strbuf_printf(&known, "%s%s", i ? ", " : "", verbs[i].name);
    }
    char *hint = nearest_hint(&near);
    error_set(e, STATUS_USAGE, "device %s: can't \"%s\" it%s; it can be: %s, or FIELD=VALUE", device, word,
              hint, strbuf_str(&known));
    free(hint);
    strbuf_free(&known);
    return false;
}

/* FIELD=VALUE right behind the name is `set`. */
static bool read_line(struct call *call, struct device_line *l, struct error *e)
{
    const char *const *words = (const char *const *)call->words.items;
    *l = (struct device_line){.call = call, .device = words[0]};
    if (call->words.len < 2) {
        error_set(e, STATUS_USAGE,
                  "device %s: what shall be done with it? FIELD=VALUE, or a verb: set, add, "
                  "remove, link, eject, insert, model, network, bridge, grow, offload",
                  l->device);
        return false;
    }
    bool bare = strchr(words[1], '=') != NULL;
    l->verb = find_verb(bare ? "set" : words[1]);
    l->words = words + (bare ? 1 : 2);
    l->n_words = call->words.len - (bare ? 1 : 2);
    if (!l->verb)
        no_such_verb(l->device, words[1], e);
    return l->verb != NULL;
}

static bool run_device(struct call *call, struct error *e)
{
    struct device_line l;
    if (!read_line(call, &l, e))
        return false;
    struct change c = {.verb = CHANGE_SET, .device = xstrdup(l.device)};
    l.request = edit_request_of(call);
    if (!l.verb->run(&l, &c, e)) {
        change_clear(&c);
        edit_request_free(l.request);
        return false;
    }
    vec_push(&l.request->changes, c);
    edit_submit(call, l.request);
    return true;
}

static const char *device_loses(const struct call *call)
{
    const struct verb *v = call->words.len > 1 ? find_verb(call->words.items[1]) : NULL;
    return v ? v->loses : NULL;
}

/* ---- set ---- */

/* The part whose field it is; one change a part. */
static const struct device_kind *part_with(const char *word)
{
    char *id = xstrndup(word, strcspn(word, "="));
    const struct device_kind *found = NULL;
    for (size_t i = 0; !found && i < n_device_kinds; i++) {
        const struct device_field *f =
            device_kinds[i].flags & KIND_PART ? field_find(&device_kinds[i], id) : NULL;
        if (f && f->flags & FIELD_SET)
            found = &device_kinds[i];
    }
    free(id);
    return found;
}

static struct change *change_of(struct edit_request *r, const struct device_kind *part)
{
    for (size_t i = 0; i < r->changes.len; i++)
        if (strcmp(r->changes.items[i].device, part->id) == 0)
            return &r->changes.items[i];
    struct change c = {.verb = CHANGE_SET, .device = xstrdup(part->id)};
    vec_push(&r->changes, c);
    return &r->changes.items[r->changes.len - 1];
}

static bool no_such_setting(const char *word, struct error *e)
{
    struct strbuf known = {0};
    for (size_t i = 0; i < n_device_kinds; i++)
        for (const struct device_field *f = NULL;
             device_kinds[i].flags & KIND_PART && (f = field_next(&device_kinds[i], f)) != NULL;)
            if (f->flags & FIELD_SET)
                strbuf_printf(&known, "%s%s=", known.len ? " " : "", f->id);
    error_set(e, STATUS_USAGE, "set: \"%s\" is none of %s (devices are changed by `device`)", word,
              strbuf_str(&known));
    strbuf_free(&known);
    return false;
}

static bool run_set(struct call *call, struct error *e)
{
    struct edit_request *r = edit_request_of(call);
    for (size_t i = 0; i < call->words.len; i++) {
        const char *word = call->words.items[i];
        const struct device_kind *part = strchr(word, '=') ? part_with(word) : NULL;
        bool good = part ? change_assign(change_of(r, part), part, word, e) : no_such_setting(word, e);
        if (!good) {
            edit_request_free(r);
            return false;
        }
    }
    edit_submit(call, r);
    return true;
}

#define EDIT_OPTIONS OPTION_LIVE, OPTION_CONFIG, OPTION_DRY_RUN, OPTION_FORCE
#define JSON_DETAIL                                                                                          \
    " With --json: "                                                                                         \
    "{\"domain\",\"action\",\"result\",\"state\",\"changes\":[{\"device\",\"kind\",\"change\","              \
    "\"when\",\"pending\",\"why_not_now\"}],\"findings\",\"journal\",\"dry_run\"}, for a dry run \"diff\" "  \
    "and \"virsh\", too."

static const struct command rows[] = {
    {.name = "device",
     .summary = "change, add or remove a device of a domain",
     .detail =
         "NAME is what `devices` calls it: its name, alias, target or MAC; to add one, its kind. Verbs: "
         "FIELD=VALUE… (or set FIELD=VALUE…; `fields` lists them), add [FIELD=VALUE…], remove, link up|down, "
         "eject, insert FILE|POOL/VOLUME, model MODEL, network NAME, bridge NAME, grow SIZE, offload "
         "BIT=on|off…. "
         "A disk that is added with size= gets a new volume (pool=, volume=, format=). What libvirt can "
         "change in "
         "the running domain changes now and at the next boot, the rest at the next boot: the answer says "
         "which. "
         "The definition before is kept: `undo` puts it back." JSON_DETAIL,
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"},
              {.name = "NAME", .kind = ARG_DEVICE, .help = "a device, as `devices` names it; to add: a kind"},
              {.name = "VERB",
               .kind = ARG_ASSIGN,
               .words = "set add remove link eject insert model network bridge grow offload",
               .repeat = true,
               .help =
                   "FIELD=VALUE…, add, remove, link, eject, insert, model, network, bridge, grow, offload"}},
     .options = {EDIT_OPTIONS},
     .run = run_device,
     .loses_now = device_loses},
    {.name = "set",
     .summary = "change vcpus, memory, title, boot order and the like",
     .detail = "Words: vcpus= maxvcpus= memory= maxmemory= title= description= tags= boot=. What can be "
               "changed while the "
               "domain runs changes now and at the next boot, the rest at the next boot." JSON_DETAIL,
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"},
              {.name = "FIELD=VALUE",
               .kind = ARG_SETTING,
               .repeat = true,
               .help = "vcpus= maxvcpus= memory= maxmemory= title= description= tags= boot="}},
     .options = {EDIT_OPTIONS},
     .run = run_set},
};

const struct command_table device_commands = {rows, ARRAY_LEN(rows)};
