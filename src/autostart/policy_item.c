/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/policy_item.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* A pattern is compiled and matched against what a guest writes: both must stay cheap whoever wrote it. */
#define REGEX_MAX   256
#define REPEAT_MAX  1000 /* all counts of {N} multiplied */
#define ADDRESS_MAX 255

/* ---- domains ---- */

static bool cut_suffix(char *s, const char *suffix)
{
    size_t len = strlen(s), n = strlen(suffix);
    if (len <= n || strcmp(s + len - n, suffix) != 0)
        return false;
    s[len - n] = '\0';
    return true;
}

bool policy_after_read(const char *text, struct policy_after *out, struct error *e)
{
    if (!*text || *text == ':' || strchr(text, '/'))
        return error_set(e, STATUS_USAGE, "\"%s\" is no name of a domain", text);
    out->vm = xstrdup(text);
    out->ready = !cut_suffix(out->vm, ":started");
    if (out->ready)
        cut_suffix(out->vm, ":ready");
    return true;
}

/* Said in full, so that a name that ends in ":ready" is read as the same again. */
void policy_after_print(const struct policy_after *a, struct strbuf *out)
{
    strbuf_printf(out, "%s:%s", a->vm, a->ready ? "ready" : "started");
}

void policy_after_clear(struct policy_after *a)
{
    free(a->vm);
    a->vm = NULL;
}

/* ---- probes ---- */

/* PORT[@ADDR] */
static bool read_tcp(const char *text, struct probe *out, struct error *e)
{
    size_t digits = strspn(text, "0123456789");
    long port = digits > 0 && digits <= 5 ? strtol(text, NULL, 10) : 0;
    if (port < 1 || port > 65535 || (text[digits] && text[digits] != '@'))
        return error_set(e, STATUS_USAGE, "\"%s\" is no tcp:PORT[@ADDR] with a port from 1 to 65535", text);
    const char *address = text[digits] ? text + digits + 1 : NULL;
    for (const char *p = address; p && *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr(".:-_%[]", *p))
            return error_set(e, STATUS_USAGE, "\"%s\" is no address or host name", address);
    if (address && (!*address || *address == '-' || strlen(address) > ADDRESS_MAX))
        return error_set(e, STATUS_USAGE, "\"%s\" is no address or host name", address);
    out->port = (int)port;
    out->address = xstrdup(address);
    return true;
}

/* The pattern between the slashes; "\/" is a slash in it. NULL when the second slash is missing or not at the
 * end. */
static char *unwrap(const char *text)
{
    struct strbuf regex = {0};
    const char *p = text + 1;
    for (; *p && *p != '/'; p++) {
        if (*p == '\\' && p[1]) {
            if (p[1] != '/')
                strbuf_putc(&regex, '\\');
            p++;
        }
        strbuf_putc(&regex, *p);
    }
    if (*text == '/' && *p && !p[1])
        return strbuf_steal(&regex);
    strbuf_free(&regex);
    return NULL;
}

/* The counts in {N,M}, multiplied: what a pattern may grow to. */
static double repeats(const char *regex)
{
    double product = 1;
    for (const char *p = regex; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
        } else if (*p == '{') {
            char *end;
            unsigned long low = strtoul(p + 1, &end, 10);
            unsigned long high = *end == ',' ? strtoul(end + 1, NULL, 10) : low;
            unsigned long most = high > low ? high : low;
            product *= most > 1 ? (double)most : 1;
        }
    }
    return product;
}

static bool has_back_reference(const char *regex)
{
    for (const char *p = regex; *p; p++)
        if (*p == '\\' && *++p && isdigit((unsigned char)*p))
            return true;
    return false;
}

static bool check_regex(const char *regex, struct error *e)
{
    regex_t compiled;
    char why[128];
    if (!*regex || strlen(regex) > REGEX_MAX)
        return error_set(e, STATUS_USAGE, "the pattern must have 1 to %d bytes", REGEX_MAX);
    if (repeats(regex) > REPEAT_MAX)
        return error_set(e, STATUS_USAGE, "the pattern \"%s\" repeats more than %d times", regex, REPEAT_MAX);
    if (has_back_reference(regex))
        return error_set(e, STATUS_USAGE, "the pattern \"%s\" has a back reference, which is not taken",
                         regex);
    int code = regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB);
    if (code != 0) {
        regerror(code, &compiled, why, sizeof why);
        return error_set(e, STATUS_USAGE, "the pattern \"%s\" is wrong: %s", regex, why);
    }
    regfree(&compiled);
    return true;
}

static bool read_serial(const char *text, struct probe *out, struct error *e)
{
    char *regex = unwrap(text);
    if (!regex)
        return error_set(e, STATUS_USAGE, "\"%s\" is no serial:/regex/ with a slash at both ends", text);
    if (!check_regex(regex, e)) {
        free(regex);
        return false;
    }
    out->regex = regex;
    return true;
}

static const struct probe_row {
    const char *word; /* with a colon: something follows */
    enum probe_kind kind;
    bool (*read)(const char *text, struct probe *out, struct error *e);
} probe_rows[] = {
    {"running", PROBE_RUNNING, NULL}, {"agent", PROBE_AGENT, NULL},           {"ip", PROBE_IP, NULL},
    {"tcp:", PROBE_TCP, read_tcp},    {"serial:", PROBE_SERIAL, read_serial},
};

bool probe_read(const char *text, struct probe *out, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(probe_rows); i++) {
        const struct probe_row *row = &probe_rows[i];
        size_t len = strlen(row->word);
        *out = (struct probe){.kind = row->kind};
        if (row->read ? strncmp(text, row->word, len) == 0 : strcmp(text, row->word) == 0)
            return !row->read || row->read(text + len, out, e);
    }
    return error_set(e, STATUS_USAGE, "\"%s\" is no probe", text);
}

void probe_print(const struct probe *p, struct strbuf *out)
{
    strbuf_puts(out, probe_rows[p->kind].word);
    if (p->kind == PROBE_TCP)
        strbuf_printf(out, "%d%s%s", p->port, p->address ? "@" : "", p->address ? p->address : "");
    if (p->kind != PROBE_SERIAL)
        return;
    strbuf_putc(out, '/');
    for (const char *r = p->regex; *r; r++) {
        if (*r == '\\' && r[1])
            strbuf_putc(out, *r++);
        else if (*r == '/')
            strbuf_putc(out, '\\');
        strbuf_putc(out, *r);
    }
    strbuf_putc(out, '/');
}

void probe_clear(struct probe *p)
{
    free(p->address);
    free(p->regex);
    *p = (struct probe){0};
}

/* ---- needs ---- */

const char *const need_words[NEED_KINDS] = {
    [NEED_NETWORK] = "network", [NEED_POOL] = "pool", [NEED_MOUNT] = "mount", [NEED_PATH] = "path"};

bool need_read(const char *text, struct need *out, struct error *e)
{
    for (int kind = 0; kind < NEED_KINDS; kind++) {
        size_t len = strlen(need_words[kind]);
        if (strncmp(text, need_words[kind], len) != 0 || text[len] != ':')
            continue;
        const char *name = text + len + 1;
        bool is_path = kind >= NEED_MOUNT;
        if (!*name || is_path != (*name == '/'))
            return error_set(e, STATUS_USAGE, "\"%s\" must be %s", name,
                             is_path ? "a path that begins with /" : "a name");
        *out = (struct need){(enum need_kind)kind, xstrdup(name)};
        return true;
    }
    return error_set(e, STATUS_USAGE, "\"%s\" is nothing that can be needed", text);
}

void need_print(const struct need *r, struct strbuf *out)
{
    strbuf_printf(out, "%s:%s", need_words[r->kind], r->name);
}

void need_clear(struct need *r)
{
    free(r->name);
    r->name = NULL;
}
