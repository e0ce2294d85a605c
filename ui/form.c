/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a form does: moving, turning, typing, applying.
 */
#include "ui/form.h"

#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "command/command.h"
#include "command/complete_resources.h"
#include "model/xml.h"
#include "ui/confirm.h"
#include "ui/devices.h"
#include "ui/form_private.h"
#include "ui/picker.h"
#include "ui/prompt.h"
#include "ui/run.h"

const char *form_effective(const struct form *f, const struct form_line *l)
{
    if (l->changed)
        return l->value ? l->value : l->field->unset;
    if (f->fresh)
        return l->boot ? l->boot : l->depends ? NULL : l->field->unset;
    return f->has_boot ? l->boot : l->now;
}

const char *form_when(const struct form *f, const struct device_field *field)
{
    const struct device_list l = {.active = f->active, .persistent = f->has_boot};
    return devices_when(&l, field);
}

static struct form_line *line_at(struct form *f)
{
    return f->at < (long)f->lines.len ? &f->lines.items[f->at] : NULL;
}

/* ---- values ---- */

static char *check(const struct form_line *l, const char *value)
{
    struct error e = ERROR_INIT;
    char *why = field_check(l->field, value, &e) ? NULL : xstrdup(error_text(&e));
    error_clear(&e);
    return why;
}

char *form_problem(const struct form *f, const struct form_line *l)
{
    enum prompt_mode mode = prompt_current_mode();
    bool typing = f->typing && prompt_is_open() && (mode == PROMPT_ANSWER || mode == PROMPT_SECRET);
    if (typing && mode == PROMPT_ANSWER && *prompt_text())
        return check(l, prompt_text());
    return typing ? NULL : xstrdup(l->problem);
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void forget_change(struct form_line *l)
{
    wipe(l->value);
    free(l->problem);
    l->value = l->problem = NULL;
    l->changed = false;
}

/* "" goes back to what holds unsaid. What is there already is no change. */
static void set_value(struct form *f, struct form_line *l, const char *value)
{
    forget_change(l);
    const char *now = form_effective(f, l);
    bool same = l->field->type != FIELD_SECRET && strcmp(value, now ? now : "") == 0;
    if (same && (f->fresh || !f->active || !f->has_boot || !l->now || strcmp(l->now, value) == 0))
        return;
    l->changed = true;
    l->value = *value ? xstrdup(value) : NULL;
    l->problem = *value ? check(l, value) : NULL;
}

static void turn(struct form *f, struct form_line *l, int by)
{
    char *now = xstrdup(form_effective(f, l));
    struct device_value v = {.field = l->field, .live = now};
    struct device_entry live = {.is_live = true};
    char *to = devices_turned(&v, &live, by);
    if (to)
        set_value(f, l, to);
    free(to);
    free(now);
}

static size_t count_changes(const struct form *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->lines.len; i++)
        n += f->lines.items[i].changed;
    return n;
}

/* ---- applying ---- */

/* The first line that can't be applied gets the cursor. */
static bool has_problem(struct deck *d, struct form *f)
{
    for (size_t i = 0; f->lines.items && i < f->lines.len; i++) {
        if (!f->lines.items[i].problem)
            continue;
        f->at = (long)i;
        deck_note(d, SEV_WARN, "%s", f->lines.items[i].problem);
        return true;
    }
    return false;
}

typedef VEC(char *) text_list;

static void text_list_free(text_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        wipe(l->items[i]);
    vec_free(l);
}

static void collect_words(const struct form *f, bool dry_run, const char *vm, text_list *words,
                          text_list *secrets)
{
    const char *const first[] = {"device", vm, f->device, f->fresh ? "add" : "set"};
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        vec_push(words, xstrdup(first[i]));
    for (size_t i = 0; i < f->lines.len; i++) {
        const struct form_line *l = &f->lines.items[i];
        if (!l->changed)
            continue;
        vec_push(words, xasprintf("%s=%s", l->field->id, l->value ? l->value : "default"));
        if (l->field->type == FIELD_SECRET && l->value)
            vec_push(secrets, xstrdup(l->value));
    }
    if (dry_run)
        vec_push(words, xstrdup("--dry-run"));
}

/* Where the job fails later on, the form is gone: what was filled in can be recalled in the bar. Without
 * passwords, which no history may have. */
static void remember(const struct form *f, const char *vm)
{
    text_list words = {0}, secrets = {0};
    struct strbuf line = {0};
    collect_words(f, false, vm, &words, &secrets);
    for (size_t i = 0; i < words.len; i++) {
        const char *equals = strchr(words.items[i], '=');
        bool secret = false;
        for (size_t k = 0; k < secrets.len; k++)
            secret = secret || (equals && strcmp(equals + 1, secrets.items[k]) == 0);
        char *quoted = word_quote(words.items[i]);
        if (!secret)
            strbuf_printf(&line, "%s%s", i ? " " : "", quoted);
        wipe(quoted);
    }
    prompt_remember(strbuf_str(&line));
    strbuf_free(&line);
    text_list_free(&words);
    text_list_free(&secrets);
}

static bool run_form(struct deck *d, const struct form *f, bool dry_run)
{
    text_list words = {0}, secrets = {0};
    char *vm = devices_vm_word(d, f->host, &f->uuid);
    collect_words(f, dry_run, vm, &words, &secrets);
    bool good = run_words(d, (int)words.len, (const char *const *)words.items, secrets.len,
                          (const char *const *)secrets.items);
    if (good && !dry_run)
        remember(f, vm);
    text_list_free(&words);
    text_list_free(&secrets);
    free(vm);
    return good;
}

static void apply(struct deck *d, struct form *f, bool dry_run)
{
    if (has_problem(d, f))
        return;
    if (count_changes(f) == 0 && !f->fresh) {
        deck_note(d, SEV_INFO, "nothing was changed in the form");
        return;
    }
    if (dry_run) {
        run_form(d, f, true);
        return;
    }
    /* It leaves the screen before the command asks something; refused at once, it comes back as it was. */
    vec_remove(&d->dialogs, d->dialogs.len - 1);
    if (run_form(d, f, false))
        f->base.ops->free(&f->base);
    else
        dialog_open(d, &f->base);
    d->dirty = true;
}

/* ---- leaving ---- */

static void leave(struct deck *d, void *arg, bool yes)
{
    if (d && yes && dialog_top(d) == arg)
        dialog_close(d);
}

static void cancel(struct deck *d, struct dialog *base)
{
    struct form *f = (struct form *)base;
    size_t n = count_changes(f);
    if (n == 0) {
        dialog_close(d);
        return;
    }
    char *question = xasprintf("Leave the form? %zu value%s not applied yet.", n, n == 1 ? " is" : "s are");
    confirm_open(d, question, NULL, leave, f);
    free(question);
}

/* ---- moving and keys ---- */

static void move(struct deck *d, struct dialog *base, enum move how)
{
    struct form *f = (struct form *)base;
    struct form_line *l = line_at(f);
    long n = (long)f->lines.len;
    bool aside = how == MOVE_LEFT || how == MOVE_RIGHT;
    d->dirty = true;
    if (aside && l) {
        if (!(l->field->flags & FIELD_READ) && devices_has_words(l->field))
            turn(f, l, how == MOVE_LEFT ? -1 : 1);
    } else if (aside) {
        long to = f->at + (how == MOVE_LEFT ? -1 : 1);
        f->at = to < n ? n : to >= n + FORM_BUTTONS ? n + FORM_BUTTONS - 1 : to;
    } else if (how == MOVE_UP && !l) {
        f->at = n > 0 ? n - 1 : n; /* the buttons are one row */
    } else if (how == MOVE_DOWN && !l) {
        return;
    } else {
        f->at = dialog_moved(how, f->at, n + 1, f->height);
    }
}

static void picked(struct deck *d, void *arg, const char *text)
{
    struct form *f = arg;
    struct form_line *l = d ? line_at(f) : NULL;
    if (l && text)
        set_value(f, l, text);
}

/* What the field can be set to, as far as that is known: its words, and what the host has of that sort. The
 * first time the host is only asked. */
static void choices(struct deck *d, const struct form *f, const struct device_field *field,
                    candidate_list *out)
{
    struct host_resources *r = d->session.fleet ? fleet_resources(d->session.fleet, f->host) : NULL;
    char word[64];
    /* A path's words say what it may name, not what it may be. */
    for (int i = 0; field->type != FIELD_PATH && devices_word(field->words, i, word, sizeof(word)); i++) {
        bool unsaid = field->unset && strcmp(word, field->unset) == 0;
        struct candidate c = {xstrdup(word), xstrdup(unsaid ? "where nothing is said" : NULL)};
        vec_push(out, c);
    }
    resources_candidates(r, field->type, out);
    for (size_t i = 0; r && strcmp(field->id, "pool") == 0 && i < r->items.len; i++) {
        const struct resource *item = &r->items.items[i];
        if (item->kind != RESOURCE_POOL)
            continue;
        struct candidate c = {xstrdup(item->name), xstrdup(item->note)};
        vec_push(out, c);
    }
    resources_unref(r);
}

/* False: nothing is known to choose from. */
static bool pick(struct deck *d, struct form *f, struct form_line *l)
{
    candidate_list list = {0};
    choices(d, f, l->field, &list);
    bool some = list.len > 0;
    if (some) {
        struct picker *p = picker_new(l->field->label);
        for (size_t i = 0; i < list.len; i++)
            picker_add(p, list.items[i].text, list.items[i].note);
        picker_begin_at(p, form_effective(f, l));
        picker_allow_other(p);
        picker_show(d, p, picked, f);
    }
    candidates_free(&list);
    return some;
}

static void press(struct deck *d, struct form *f, long button)
{
    if (button == FORM_CANCEL)
        cancel(d, &f->base);
    else
        apply(d, f, button == FORM_PREVIEW);
}

static void accept(struct deck *d, struct dialog *base)
{
    struct form *f = (struct form *)base;
    struct form_line *l = line_at(f);
    d->dirty = true;
    if (!l)
        press(d, f, f->at - (long)f->lines.len);
    else if (l->field->flags & FIELD_READ)
        deck_note(d, SEV_INFO, "%s can be seen, not changed", l->field->id);
    else if (l->field->type == FIELD_SWITCH)
        turn(f, l, 1);
    else if (!pick(d, f, l))
        f->typing = true;
}

static void point(struct deck *d, struct dialog *base, long item)
{
    struct form *f = (struct form *)base;
    if (item < 0 || item >= (long)f->lines.len + FORM_BUTTONS || f->typing)
        return;
    bool again = f->at == item || item >= (long)f->lines.len;
    f->at = item;
    d->dirty = true;
    if (again)
        accept(d, base);
}

static void step(struct form *f, int by)
{
    long n = (long)f->lines.len + FORM_BUTTONS;
    f->at = (f->at + by + n) % n;
}

static bool key(struct deck *d, struct dialog *base, keycode k)
{
    struct form *f = (struct form *)base;
    struct form_line *l = line_at(f);
    bool can = l && !(l->field->flags & FIELD_READ);
    d->dirty = true;
    if (k == KEYC_F2 || k == (KEYM_CTRL | 's'))
        apply(d, f, false);
    else if (k == KEYC_TAB || k == (KEYC_TAB | KEYM_SHIFT))
        step(f, k == KEYC_TAB ? 1 : -1);
    else if (k == ' ' && can && devices_has_words(l->field))
        turn(f, l, 1);
    else if (k == ' ' && can)
        f->typing = true;
    else if (k == ' ')
        accept(d, base);
    else if ((k == KEYC_DELETE || k == KEYC_BACKSPACE) && can)
        forget_change(l);
    else
        return dialog_common_key(d, base, k);
    return true;
}

/* ---- typing ---- */

static void offer(void *ctx, const char *text, candidate_list *out)
{
    struct form *f = ctx;
    const struct form_line *l = line_at(f);
    candidate_list all = {0};
    if (l)
        choices(f->deck, f, l->field, &all);
    for (size_t i = 0; i < all.len; i++) {
        struct candidate *c = &all.items[i];
        if (strncmp(c->text, text, strlen(text)) != 0)
            continue;
        vec_push(out, *c);
        *c = (struct candidate){0};
    }
    candidates_free(&all);
}

static void ask(struct deck *d, struct dialog *base)
{
    struct form *f = (struct form *)base;
    struct form_line *l = line_at(f);
    (void)d;
    if (!f->typing || !l)
        return;
    bool secret = l->field->type == FIELD_SECRET;
    prompt_open(secret ? PROMPT_SECRET : PROMPT_ANSWER, "", secret ? "" : form_effective(f, l));
    if (!secret)
        prompt_offer(offer, f);
}

static void answer(struct deck *d, struct dialog *base, const char *line)
{
    struct form *f = (struct form *)base;
    struct form_line *l = line_at(f);
    f->typing = false;
    d->dirty = true;
    if (line && l)
        set_value(f, l, line);
}

/* ---- opening ---- */

static void form_free(struct dialog *base)
{
    struct form *f = (struct form *)base;
    for (size_t i = 0; i < f->lines.len; i++) {
        forget_change(&f->lines.items[i]);
        free(f->lines.items[i].now);
        free(f->lines.items[i].boot);
    }
    vec_free(&f->lines);
    free(f->title);
    free(f->device);
    free(f);
}

static const struct dialog_ops ops = {.place = PLACE_DIALOG,
                                      .draw = form_draw,
                                      .key = key,
                                      .move = move,
                                      .accept = accept,
                                      .cancel = cancel,
                                      .point = point,
                                      .ask = ask,
                                      .answer = answer,
                                      .free = form_free};

static struct form *form_new(struct deck *d)
{
    const struct vm *vm = deck_vm(d);
    const struct device_list *l = devices_list(d);
    struct form *f = xcalloc(1, sizeof(*f));
    f->base.ops = &ops;
    f->deck = d;
    f->host = deck_host(d)->host.id;
    f->uuid = vm->uuid;
    f->active = l ? l->active : vm_state_is_active(vm->state);
    f->has_boot = l ? l->persistent : true;
    return f;
}

/* What `device VM disk add` takes beside the fields of the disk: where its new image goes. */
static const struct device_field volume_fields[] = {
    {.kinds = "disk",
     .id = "pool",
     .label = "New volume in",
     .type = FIELD_TEXT,
     .unset = "default",
     .flags = FIELD_FRESH,
     .help = "the pool for a new image of that size, where no source is given"},
    {.kinds = "disk",
     .id = "volume",
     .label = "New volume's name",
     .type = FIELD_TEXT,
     .flags = FIELD_FRESH,
     .help = "what the new image is called in the pool"},
};

static void add_volume_lines(struct form *f)
{
    for (size_t i = 0; i < ARRAY_LEN(volume_fields); i++) {
        struct form_line l = {.field = &volume_fields[i]};
        if (strcmp(f->kind->id, volume_fields[i].kinds) == 0)
            vec_push(&f->lines, l);
    }
}

/* Lines whose `behind` is as given, behind those that are there. */
static void add_lines(struct form *f, const struct device_entry *entry, bool behind)
{
    for (const struct device_field *field = NULL; (field = field_next(f->kind, field));) {
        bool is_behind = f->fresh ? !(field->flags & FIELD_FRESH) : (field->flags & FIELD_ADVANCED) != 0;
        const struct device_value *v = entry ? device_entry_value(entry, field->id) : NULL;
        if (is_behind != behind || field->flags & FIELD_ALIAS || (f->fresh && field->flags & FIELD_READ))
            continue;
        struct form_line l = {.field = field, .behind = behind};
        if (v && entry->is_live)
            l.now = xstrdup(device_value_now(v, false));
        if (v && entry->is_config)
            l.boot = xstrdup(device_value_now(v, true));
        if (v && !entry->is_config && !f->active)
            l.boot = xstrdup(device_value_now(v, false));
        vec_push(&f->lines, l);
    }
}

/* What a new device says of itself where nothing else is wanted. */
static void read_fresh(struct form *f)
{
    xmlDocPtr doc = f->kind->fresh ? xml_parse_element(f->kind->fresh, NULL, NULL) : NULL;
    for (size_t i = 0; doc && i < f->lines.len; i++) {
        struct form_line *l = &f->lines.items[i];
        /* qcow2 for a new image, what its name says for one that is there. */
        l->depends = strcmp(l->field->id, "format") == 0;
        if (l->field->path && !l->field->get && !l->depends)
            l->boot = field_get(l->field, xmlDocGetRootElement(doc));
    }
    xmlFreeDoc(doc);
}

static bool show(struct deck *d, struct form *f, const struct device_entry *entry, struct error *e)
{
    add_lines(f, entry, false);
    if (f->fresh)
        add_volume_lines(f);
    f->n_front = f->lines.len;
    add_lines(f, entry, true);
    if (f->fresh)
        read_fresh(f);
    if (f->lines.len == 0 && !f->fresh) {
        error_set(e, STATUS_FAILED, "%s has no fields here; its XML can be edited", f->device);
        form_free(&f->base);
        return false;
    }
    if (d->session.fleet) /* it is asked now what it has, to know it when that is wanted */
        resources_unref(fleet_resources(d->session.fleet, f->host));
    dialog_open(d, &f->base);
    return true;
}

bool form_open(struct deck *d, const struct device_entry *entry, const char *field, struct error *e)
{
    struct form *f = form_new(d);
    f->kind = entry->kind;
    f->device = xstrdup(devices_name(devices_list(d), entry));
    f->title = xasprintf(
        "%s%s%s of %s", entry->kind->title, entry->kind->flags & KIND_PART || !entry->dev.name ? "" : " ",
        entry->kind->flags & KIND_PART || !entry->dev.name ? "" : entry->dev.name, deck_vm(d)->name);
    if (!show(d, f, entry, e))
        return false;
    for (size_t i = 0; field && i < f->lines.len; i++)
        if (strcmp(f->lines.items[i].field->id, field) == 0)
            f->at = (long)i;
    return true;
}

bool form_open_new(struct deck *d, const struct device_kind *kind, struct error *e)
{
    struct form *f = form_new(d);
    f->kind = kind;
    f->fresh = true;
    f->device = xstrdup(kind->id);
    f->title = xasprintf("Add to %s: %s", deck_vm(d)->name, kind->title);
    return show(d, f, NULL, e);
}
