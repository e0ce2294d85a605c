/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/field_tables.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "base/utf8.h"
#include "device/kinds.h"
#include "model/xml.h"

#define MAX_VALUE       4096  /* bytes: what a path may have */
#define MAX_DESCRIPTION 65536 /* bytes: the one text that may have lines */

static const struct field_table *const tables[] = {
    &fields_domain, &fields_cpu,  &fields_disk,      &fields_nic,
    &fields_screen, &fields_host, &fields_character, &fields_rest,
};

/* ---- finding rows ---- */

bool word_in(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; p && *p; p += strspn(p, " ")) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, len) == 0)
            return true;
        p += n;
    }
    return false;
}

const struct device_field *field_row(size_t i)
{
    for (size_t t = 0; t < ARRAY_LEN(tables); t++) {
        if (i < tables[t]->n)
            return &tables[t]->rows[i];
        i -= tables[t]->n;
    }
    return NULL;
}

/* The place in all tables behind the row; 0 for NULL. */
static size_t place_behind(const struct device_field *row)
{
    size_t base = 0;
    for (size_t t = 0; row && t < ARRAY_LEN(tables); t++) {
        for (size_t i = 0; i < tables[t]->n; i++)
            if (&tables[t]->rows[i] == row)
                return base + i + 1;
        base += tables[t]->n;
    }
    return 0;
}

const struct device_field *field_next(const struct device_kind *kind, const struct device_field *after)
{
    const struct device_field *f;
    for (size_t i = place_behind(after); (f = field_row(i)) != NULL; i++)
        if (word_in(f->kinds, kind->id))
            return f;
    return NULL;
}

const struct device_field *field_find(const struct device_kind *kind, const char *id)
{
    const struct device_field *f = NULL;
    while ((f = field_next(kind, f)) != NULL && strcmp(f->id, id) != 0)
        ;
    return f;
}

/* ---- sizes ---- */

double field_size(const char *text, double unit)
{
    double bytes;
    size_t len = strlen(text);
    if (!parse_bytes(text, &bytes) || bytes < 0 || bytes > 0x1p62)
        return -1;
    return len && isdigit((unsigned char)text[len - 1]) ? bytes * unit : bytes;
}

/* "2G" for 2097152 of 1024 bytes each: the largest unit that needs no fraction. */
static char *size_words(const char *number, double unit)
{
    static const char units[] = "KMGTPE";
    double bytes;
    if (!parse_number(number, &bytes) || bytes < 0)
        return xstrdup(number);
    bytes *= unit;
    size_t i = 0;
    while (bytes >= 1024 && i < strlen(units) && fmod(bytes, 1024) == 0) {
        bytes /= 1024;
        i++;
    }
    return i ? xasprintf("%.0f%c", bytes, units[i - 1]) : xasprintf("%.0f", bytes);
}

/* ---- checking values ---- */

typedef char *canon_fn(const struct device_field *f, const char *value);

/* Each returns the value as the definition has it (the caller frees), NULL where it can't be. */

static char *canon_switch(const struct device_field *f, const char *value)
{
    static const char *const on[] = {"on", "yes", "true", "up", "enabled"};
    static const char *const off[] = {"off", "no", "false", "down", "disabled"};
    const char *second = strchr(f->words, ' ');
    size_t first = (size_t)(second - f->words);
    bool is_on = strcasecmp(value, second + 1) == 0;
    bool is_off = strlen(value) == first && strncasecmp(value, f->words, first) == 0;
    for (size_t i = 0; i < ARRAY_LEN(on) && !is_on && !is_off; i++) {
        is_on = strcasecmp(value, on[i]) == 0;
        is_off = strcasecmp(value, off[i]) == 0;
    }
    return is_on ? xstrdup(second + 1) : is_off ? xstrndup(f->words, first) : NULL;
}

static char *canon_choice(const struct device_field *f, const char *value)
{
    bool plain = strlen(value) <= 64;
    for (const char *p = value; *p && plain; p++)
        plain = isascii(*p) && (isalnum((unsigned char)*p) || strchr("._:-", *p));
    return word_in(f->words, value) || plain ? xstrdup(value) : NULL;
}

static char *canon_text(const struct device_field *f, const char *value)
{
    (void)f;
    return xstrdup(value);
}

static char *canon_number(const struct device_field *f, const char *value)
{
    if (f->words && word_in(f->words, value))
        return xstrdup(value);
    size_t len = strlen(value);
    if (len > 18 || strspn(value, "0123456789") != len)
        return NULL;
    return xasprintf("%lld", strtoll(value, NULL, 10));
}

static char *canon_size(const struct device_field *f, const char *value)
{
    double unit = f->flags & FIELD_KIB ? 1024 : 1;
    double bytes = field_size(value, unit);
    return bytes < 0 ? NULL : xasprintf("%.0f", floor(bytes / unit));
}

static char *canon_mac(const struct device_field *f, const char *value)
{
    unsigned sum = 0;
    (void)f;
    if (strlen(value) != 17)
        return NULL;
    for (int i = 0; i < 17; i++) {
        if (i % 3 == 2 ? value[i] != ':' && value[i] != '-' : !isxdigit((unsigned char)value[i]))
            return NULL;
        sum += i % 3 == 2 ? 0 : (unsigned)(value[i] != '0');
    }
    if (strtoul((char[]){value[1], '\0'}, NULL, 16) & 1 || sum == 0) /* a group's, or nobody's */
        return NULL;
    char *mac = xstrdup(value);
    for (char *p = mac; *p; p++)
        *p = *p == '-' ? ':' : (char)tolower((unsigned char)*p);
    return mac;
}

static char *canon_path(const struct device_field *f, const char *value)
{
    const char *slash = strchr(value, '/');
    bool volume = word_in(f->words, "volume") && slash && slash != value && slash[1];
    bool word = word_in(f->words, value) && strcmp(value, "volume") != 0;
    return value[0] == '/' || volume || word ? xstrdup(value) : NULL;
}

static char *canon_name(const struct device_field *f, const char *value)
{
    (void)f;
    return strchr(value, '/') ? NULL : xstrdup(value);
}

static char *canon_bridge(const struct device_field *f, const char *value)
{
    (void)f;
    return strlen(value) > 15 || strpbrk(value, "/ \t") ? NULL : xstrdup(value); /* the kernel's limit */
}

static char *canon_usb(const struct device_field *f, const char *value)
{
    unsigned vendor, product;
    int end = 0;
    (void)f;
    if (sscanf(value, "%4x:%4x%n", &vendor, &product, &end) != 2 || value[end] ||
        strspn(value, "0123456789abcdefABCDEFxX:") != strlen(value))
        return NULL;
    return xasprintf("%04x:%04x", vendor, product);
}

static char *canon_pci(const struct device_field *f, const char *value)
{
    unsigned domain = 0, bus, slot, function;
    int end = 0;
    (void)f;
    if (strspn(value, "0123456789abcdefABCDEF:.") != strlen(value))
        return NULL;
    bool whole =
        sscanf(value, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &end) == 4 && !value[end];
    if (!whole) {
        domain = 0;
        end = 0;
        whole = sscanf(value, "%2x:%2x.%1x%n", &bus, &slot, &function, &end) == 3 && !value[end];
    }
    return whole && slot < 32 && function < 8 ? xasprintf("%04x:%02x:%02x.%x", domain, bus, slot, function)
                                              : NULL;
}

static const struct {
    canon_fn *canon;
    const char *takes; /* for messages; NULL: any text */
} types[] = {
    [FIELD_SWITCH] = {canon_switch, "one of: "},
    [FIELD_CHOICE] = {canon_choice, "one of: "},
    [FIELD_TEXT] = {canon_text, "a text without control characters"},
    [FIELD_NUMBER] = {canon_number, "a whole number from 0 on"},
    [FIELD_SIZE] = {canon_size, "a size, like 512M, 10G or 1.5T"},
    [FIELD_MAC] = {canon_mac, "the MAC address of one interface, like 52:54:00:12:34:56"},
    [FIELD_PATH] = {canon_path, "the whole path of a file, from / on"},
    [FIELD_NETWORK] = {canon_name, "the name of a network"},
    [FIELD_BRIDGE] = {canon_bridge, "the name of a bridge or interface of the host, at most 15 letters"},
    [FIELD_SECRET] = {canon_text, "a text without control characters"},
    [FIELD_USB] = {canon_usb, "VENDOR:PRODUCT of a USB device, like 046d:c52b"},
    [FIELD_PCI] = {canon_pci, "a PCI address, like 0000:03:00.0"},
};

/* What the value can be, in words. Returns false always. */
static bool refuse(const struct device_field *f, const char *value, struct error *e)
{
    bool choice = f->type == FIELD_SWITCH || f->type == FIELD_CHOICE;
    bool volume = f->type == FIELD_PATH && word_in(f->words, "volume");
    char *shown = text_escaped(value);
    struct strbuf takes = {0};
    strbuf_puts(&takes, types[f->type].takes);
    if (choice)
        strbuf_puts(&takes, f->words);
    else if (volume)
        strbuf_puts(&takes, ", or POOL/VOLUME");
    else if (f->words)
        strbuf_printf(&takes, ", or: %s", f->words);
    if (f->type == FIELD_SECRET)
        error_set(e, STATUS_USAGE, "%s: this value can't be; it takes %s", f->id, strbuf_str(&takes));
    else
        error_set(e, STATUS_USAGE, "%s: \"%.80s\" can't be; it takes %s", f->id, shown, strbuf_str(&takes));
    strbuf_free(&takes);
    free(shown);
    return false;
}

/* What XML 1.0 can't hold, and what no value of libvirt's has: control characters. */
static bool fit_for_xml(const struct device_field *f, const char *value)
{
    size_t len = strlen(value);
    bool lines = f->call == CALL_DESCRIPTION;
    if (len > (lines ? MAX_DESCRIPTION : MAX_VALUE) || utf8_check(value, len) != len)
        return false;
    for (const char *p = value; *p;) {
        uint32_t cp = 0;
        p += utf8_decode(p, 4, &cp);
        bool blank = lines && (cp == '\n' || cp == '\t');
        if ((cp < 0x20 && !blank) || (cp >= 0x7f && cp < 0xa0) || (cp & 0xfffe) == 0xfffe)
            return false;
    }
    return true;
}

static char *canonical(const struct device_field *f, const char *value, struct error *e)
{
    bool fit = value[0] && fit_for_xml(f, value);
    char *canon = fit ? types[f->type].canon(f, value) : NULL;
    if (!canon)
        refuse(f, value, e);
    return canon;
}

bool field_unset(const struct device_field *f, const char *value)
{
    return !value || (f->type != FIELD_NETWORK && strcmp(value, "default") == 0);
}

bool field_check(const struct device_field *f, const char *value, struct error *e)
{
    if (f->flags & FIELD_COMMAND)
        return error_set(e, STATUS_USAGE, "%s is changed by the command of that name: `%s VM %.40s`", f->id,
                         f->id, value && utf8_check(value, strlen(value)) == strlen(value) ? value : "…");
    if (f->flags & FIELD_READ)
        return error_set(e, STATUS_USAGE, "%s can be seen, not changed", f->id);
    if (field_unset(f, value))
        return true;
    char *canon = canonical(f, value, e);
    free(canon);
    return canon != NULL;
}

/* ---- getting and setting ---- */

char *field_get(const struct device_field *f, xmlNodePtr node)
{
    if (f->type == FIELD_SECRET || !node)
        return NULL;
    char *value = f->get ? f->get(node) : xml_get(node, f->path);
    if (value && f->type == FIELD_SIZE) {
        char *words = size_words(value, f->flags & FIELD_KIB ? 1024 : 1);
        free(value);
        value = words;
    }
    return value;
}

/* Of switches and numbers what holds anyway is left unsaid, so that a toggle turned twice leaves no trace. */
static bool says_nothing(const struct device_field *f, const char *canon)
{
    return (f->type == FIELD_SWITCH || f->type == FIELD_NUMBER) && f->unset && strcmp(canon, f->unset) == 0;
}

bool field_set(const struct device_field *f, xmlNodePtr node, const char *value, struct error *e)
{
    if (!field_check(f, value, e))
        return false;
    char *canon = field_unset(f, value) ? NULL : canonical(f, value, e);
    const char *to = canon && !says_nothing(f, canon) ? canon : NULL;
    const char *mark = f->path ? strchr(f->path, '?') : NULL;
    bool good = true;
    if (to && mark && strncmp(f->words, to, strlen(to)) == 0) /* the word that is off: no element */
        to = NULL;
    if (f->set) {
        good = f->set(node, to, e);
        if (!good && e && e->text)
            error_prefix(e, "%s", f->id);
    } else {
        xml_set(node, f->path, to);
    }
    free(canon);
    return good;
}

/* ---- what setters share ---- */

void readdress(xmlNodePtr node, const char *type)
{
    xmlNodePtr address = xml_child(node, "address");
    if (address && !(type && xml_get_is(address, "@type", type)))
        xml_remove(address);
}

void set_model(xmlNodePtr node, const char *path, const char *value, const char *elsewhere)
{
    if (value && !xml_get_is(node, path, value))
        readdress(node, word_in(elsewhere, value) ? NULL : "pci");
    xml_set(node, path, value);
}
