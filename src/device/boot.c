/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The boot order, which a definition may say in two ways that exclude each other: kinds of devices in <os>,
 * or a number at each device.
 */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "device/field_tables.h"
#include "device/kinds.h"
#include "model/xml.h"

#define BOOT_KINDS "hd cdrom network fd" /* libvirt's words, in the order of kind_ids */

static const char *const kind_ids[] = {"disk", "cdrom", "nic", "floppy"};

/* A device that can be booted from: those that a definition numbers. */
struct bootable {
    char *name;
    const char *kind;
    xmlNodePtr node;
    long order; /* 0: none */
};
typedef VEC(struct bootable) bootable_list;
typedef VEC(char *) word_vec;

static void bootables_free(bootable_list *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i].name);
    vec_free(l);
}

static void words_drop(word_vec *l)
{
    for (size_t i = 0; i < l->len; i++)
        free(l->items[i]);
    vec_free(l);
}

static bootable_list bootables(xmlNodePtr domain)
{
    static const char kinds[] = "disk cdrom floppy nic usb pci hostdev redirdev";
    bootable_list out = {0};
    struct device_walk w = {.domain = domain};
    while (device_walk_next(&w)) {
        if (!word_in(kinds, w.kind->id))
            continue;
        char *order = xml_get(w.node, "boot@order");
        struct bootable b = {xstrdup(w.dev.name), w.kind->id, w.node, order ? strtol(order, NULL, 10) : 0};
        vec_push(&out, b);
        free(order);
    }
    device_walk_end(&w);
    return out;
}

static const struct bootable *bootable_named(const bootable_list *l, const char *name)
{
    for (size_t i = 0; i < l->len; i++)
        if (l->items[i].name && strcmp(l->items[i].name, name) == 0)
            return &l->items[i];
    return NULL;
}

/* The first device of a kind of <os>; NULL where there is none. */
static const struct bootable *bootable_of_kind(const bootable_list *l, const char *word)
{
    const char *words = BOOT_KINDS;
    for (size_t k = 0; k < ARRAY_LEN(kind_ids); k++, words += strcspn(words, " ") + 1) {
        if (strncmp(words, word, strlen(word)) != 0)
            continue;
        for (size_t i = 0; i < l->len; i++)
            if (strcmp(l->items[i].kind, kind_ids[k]) == 0)
                return &l->items[i];
        return NULL;
    }
    return NULL;
}

static int by_order(const void *a, const void *b)
{
    long x = ((const struct bootable *)a)->order, y = ((const struct bootable *)b)->order;
    return (x > y) - (x < y);
}

static char *join_words(const word_vec *words)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < words->len; i++)
        strbuf_printf(&out, "%s%s", i ? "," : "", words->items[i]);
    return words->len ? strbuf_steal(&out) : NULL;
}

/* The devices' own order; empty where none has a number. */
static void numbered_devices(bootable_list *all, word_vec *out)
{
    if (all->len)
        qsort(all->items, all->len, sizeof *all->items, by_order);
    for (size_t i = 0; i < all->len; i++)
        if (all->items[i].order > 0)
            vec_push(out, xstrdup(all->items[i].name));
}

char *boot_order_get(xmlNodePtr domain)
{
    bootable_list all = bootables(domain);
    word_vec words = {0};
    numbered_devices(&all, &words);
    for (xmlNodePtr b = xml_find(domain, "os/boot"); b && words.len == 0;) {
        for (; b; b = xml_next(b, "boot")) {
            char *word = xml_get(b, "@dev");
            if (word)
                vec_push(&words, word);
        }
    }
    char *list = join_words(&words);
    words_drop(&words);
    bootables_free(&all);
    return list;
}

/* The <boot dev> of <os>: those there are keep their places, so that an order put back looks as it did. */
static void write_kinds(xmlNodePtr domain, const word_vec *words)
{
    xmlNodePtr os = xml_child(domain, "os");
    xmlNodePtr b = xml_child(os, "boot");
    for (size_t i = 0; i < words->len; i++) {
        if (!os)
            os = xml_add_new(domain, "os");
        xmlNodePtr at = b ? b : xml_add_new(os, "boot");
        xml_set(at, "@dev", words->items[i]);
        b = b ? xml_next(b, "boot") : NULL;
    }
    while (b) {
        xmlNodePtr next = xml_next(b, "boot");
        xml_remove(b);
        b = next;
    }
}

static void write_devices(const bootable_list *all, const word_vec *words)
{
    for (size_t i = 0; i < all->len; i++) {
        char order[24] = "";
        for (size_t k = 0; k < words->len; k++)
            if (all->items[i].name && strcmp(all->items[i].name, words->items[k]) == 0)
                snprintf(order, sizeof order, "%zu", k + 1);
        xml_set(all->items[i].node, "boot@order", order[0] ? order : NULL);
    }
}

static bool split_list(const char *list, word_vec *out)
{
    for (const char *p = list; p && *p; p += strspn(p, ", ")) {
        size_t len = strcspn(p, ", ");
        char *word = len ? xstrndup(p, len) : NULL;
        for (size_t i = 0; word && i < out->len; i++) {
            if (strcmp(out->items[i], word) == 0) {
                free(word);
                return false;
            }
        }
        if (word)
            vec_push(out, word);
        p += len;
    }
    return true;
}

static bool say_unbootable(const bootable_list *all, const char *word, struct error *e)
{
    struct strbuf known = {0};
    for (size_t i = 0; i < all->len; i++)
        if (all->items[i].name)
            strbuf_printf(&known, ", %s", all->items[i].name);
    error_set(e, STATUS_USAGE, "nothing to boot from is called \"%s\"; there are: hd, cdrom, network, fd%s",
              word, strbuf_str(&known));
    strbuf_free(&known);
    return false;
}

/* Kinds' words to the devices that they mean; a kind without a device stands for nothing. */
static bool to_devices(const bootable_list *all, word_vec *words, struct error *e)
{
    word_vec out = {0};
    for (size_t i = 0; i < words->len; i++) {
        const struct bootable *b = bootable_named(all, words->items[i]);
        bool kind = !b && word_in(BOOT_KINDS, words->items[i]);
        if (kind)
            b = bootable_of_kind(all, words->items[i]);
        if (!b && !kind) {
            words_drop(&out);
            return say_unbootable(all, words->items[i], e);
        }
        bool twice = false;
        for (size_t k = 0; b && k < out.len; k++)
            twice = twice || strcmp(out.items[k], b->name) == 0;
        if (b && !twice)
            vec_push(&out, xstrdup(b->name));
    }
    words_drop(words);
    *words = out;
    return true;
}

static bool only_kinds(const word_vec *words)
{
    bool only = true;
    for (size_t i = 0; i < words->len; i++)
        only = only && word_in(BOOT_KINDS, words->items[i]);
    return only;
}

bool boot_order_set(xmlNodePtr domain, const char *list, struct error *e)
{
    static const word_vec none = {0};
    bootable_list all = bootables(domain);
    word_vec words = {0};
    bool good =
        split_list(list, &words) || error_set(e, STATUS_USAGE, "each can be in the order once: \"%s\"", list);
    if (good && only_kinds(&words)) {
        write_devices(&all, &none);
        write_kinds(domain, &words);
    } else if (good) {
        good = to_devices(&all, &words, e);
        if (good) {
            write_kinds(domain, &none);
            write_devices(&all, &words);
        }
    }
    words_drop(&words);
    bootables_free(&all);
    return good;
}

/* The device's name, found by its element. */
static char *name_of(const bootable_list *all, xmlNodePtr device)
{
    for (size_t i = 0; i < all->len; i++)
        if (all->items[i].node == device)
            return xstrdup(all->items[i].name);
    return NULL;
}

/* Where a place was given up and nothing but the first disk is left, that is what <os> says best. */
static void write_places(xmlNodePtr domain, const bootable_list *all, word_vec *order, bool given_up)
{
    static const word_vec none = {0};
    const struct bootable *hd = bootable_of_kind(all, "hd");
    bool plain = order->len == 0 || (order->len == 1 && hd && strcmp(order->items[0], hd->name) == 0);
    if (given_up && plain) {
        word_vec kinds = {0};
        vec_push(&kinds, xstrdup("hd"));
        write_devices(all, &none);
        write_kinds(domain, &kinds);
        words_drop(&kinds);
    } else {
        write_kinds(domain, &none);
        write_devices(all, order);
    }
}

/* Of devices that have numbers already, nobody else has that one; or another one keeps its own when this one
 * gives its up. Then all others stay as they are, gaps between them, too. */
static bool is_a_free_place(const bootable_list *all, xmlNodePtr device, const char *place)
{
    long wanted = place ? strtol(place, NULL, 10) : 0;
    size_t others = 0;
    for (size_t i = 0; i < all->len; i++) {
        const struct bootable *b = &all->items[i];
        if (b->node == device || b->order == 0)
            continue;
        if (b->order == wanted)
            return false;
        others++;
    }
    return place ? others > 0 : others > 1;
}

bool boot_place_set(xmlNodePtr device, const char *place, struct error *e)
{
    xmlNodePtr domain = device->parent ? device->parent->parent : NULL;
    if (place && strcmp(place, "0") == 0)
        return error_set(e, STATUS_USAGE, "places are counted from 1 on");
    if (!domain || domain->type != XML_ELEMENT_NODE) { /* one that is not in a definition yet */
        xml_set(device, "boot@order", place);
        return true;
    }
    bootable_list all = bootables(domain);
    if (is_a_free_place(&all, device, place)) {
        xml_set(device, "boot@order", place);
        bootables_free(&all);
        return true;
    }
    word_vec words = {0}, order = {0};
    char *old = boot_order_get(domain), *name = name_of(&all, device);
    bool good = name && split_list(old, &words) && to_devices(&all, &words, e);
    size_t at = place ? (size_t)strtoul(place, NULL, 10) - 1 : SIZE_MAX;
    for (size_t i = 0; good && i < words.len; i++) {
        if (strcmp(words.items[i], name) == 0)
            continue;
        if (order.len == at)
            vec_push(&order, xstrdup(name));
        vec_push(&order, xstrdup(words.items[i]));
    }
    if (good && place && at >= order.len)
        vec_push(&order, xstrdup(name));
    /* Taking the place of one that has none leaves everything as it was. */
    if (good && (place || xml_find(device, "boot")))
        write_places(domain, &all, &order, place == NULL);
    words_drop(&words);
    words_drop(&order);
    bootables_free(&all);
    free(old);
    free(name);
    return good || error_set(e, STATUS_FAILED, "the boot order can't be read");
}
