/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pattern.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/strbuf.h"

#define DEEPEST 40 /* groups in groups */
/* Steps back from one place of the text, which is what both of PCRE2's engines count. Two ".*" in one
 * expression on a line of 300 bytes need 45,000. */
#define MOST_STEPS 100000
#define MOST_HEAP  8192 /* KiB; for the ways back that are kept */

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    size_t groups;
    bool hard_counts; /* what takes too long counts as a match */
};

static void *checked(void *made)
{
    if (!made)
        die("out of memory");
    return made;
}

/* Bytes, whatever they are: "." is any of them, "$" the very end. */
static pcre2_code *compile(const char *regex, uint32_t options, int *why, size_t *at)
{
    pcre2_compile_context *c = checked(pcre2_compile_context_create(NULL));
    pcre2_set_parens_nest_limit(c, DEEPEST);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
                                     options | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF |
                                         PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT,
                                     why, at, c);
    pcre2_compile_context_free(c);
    /* Where memory may not become code the other engine does it, more slowly. */
    if (code && !getenv("VIRTDECK_NO_JIT"))
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

static struct pattern *pattern_of(pcre2_code *code)
{
    struct pattern *p = xcalloc(1, sizeof *p);
    uint32_t groups = 0;
    p->code = code;
    p->limits = checked(pcre2_match_context_create(NULL));
    pcre2_set_match_limit(p->limits, MOST_STEPS);
    pcre2_set_heap_limit(p->limits, MOST_HEAP);
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
    p->groups = groups;
    return p;
}

struct pattern *pattern_new(const char *regex, bool any_case, struct error *e)
{
    int why = 0;
    size_t at = 0;
    if (strlen(regex) > PATTERN_LONGEST) {
        error_set(e, STATUS_USAGE, "the regular expression is longer than %d bytes", PATTERN_LONGEST);
        return NULL;
    }
    pcre2_code *code = compile(regex, any_case ? PCRE2_CASELESS : 0, &why, &at);
    if (!code) {
        char words[200];
        pcre2_get_error_message(why, (PCRE2_UCHAR *)words, sizeof words);
        error_set_at(e, STATUS_USAGE, (int)at, "\"%s\" is no regular expression: %s (at character %zu)",
                     regex, words, at + 1);
        return NULL;
    }
    struct pattern *p = pattern_of(code);
    if (p->groups > PATTERN_GROUPS) {
        error_set(e, STATUS_USAGE, "\"%s\" has more than %d groups", regex, PATTERN_GROUPS);
        pattern_free(p);
        return NULL;
    }
    return p;
}

bool pattern_joins(const char *regex)
{
    for (const char *p = regex; *p; p++) {
        if (*p == '\\') {
            p++;
            if (*p == '\0' || strchr("123456789gkQE", *p))
                return false;
        } else if (p[0] == '(' && (p[1] == '*' || (p[1] == '?' && p[2] != ':'))) {
            return false;
        }
    }
    return true;
}

struct pattern *pattern_any_of(const char *const *regexes, size_t n)
{
    struct strbuf joined = {0};
    int why;
    size_t at;
    for (size_t i = 0; i < n; i++)
        strbuf_printf(&joined, "%s(?:%s)", i ? "|" : "", regexes[i]);
    pcre2_code *code = compile(strbuf_str(&joined), PCRE2_NO_AUTO_CAPTURE, &why, &at);
    strbuf_free(&joined);
    struct pattern *p = code ? pattern_of(code) : NULL;
    if (p)
        p->hard_counts = true;
    return p;
}

void pattern_free(struct pattern *p)
{
    if (!p)
        return;
    pcre2_code_free(p->code);
    pcre2_match_context_free(p->limits);
    free(p);
}

size_t pattern_groups(const struct pattern *p)
{
    return p->groups;
}

/* ---- matching ---- */

static int match(const struct pattern *p, const char *text, size_t len, pcre2_match_data *data,
                 pcre2_match_context *limits)
{
    int rc = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, 0, data, limits);
    /* The code that was compiled for this machine has a small stack; the other engine has the heap. */
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_JIT, data, limits);
    return rc;
}

static void put_spans(const struct pattern *p, pcre2_match_data *data, struct pattern_span *spans)
{
    const size_t *v = pcre2_get_ovector_pointer(data);
    for (size_t i = 0; i <= PATTERN_GROUPS; i++) {
        bool part = i <= p->groups && v[2 * i] != PCRE2_UNSET && v[2 * i + 1] != PCRE2_UNSET;
        spans[i] = part ? (struct pattern_span){v[2 * i], v[2 * i + 1]}
                        : (struct pattern_span){PATTERN_NONE, PATTERN_NONE};
    }
    spans[0].begin = pcre2_get_startchar(data); /* also where \K stands for a later one */
}

bool pattern_find(const struct pattern *p, const char *text, size_t len, size_t before,
                  struct pattern_span *spans)
{
    pcre2_match_context *limits = p->limits;
    if (before == 0)
        return false;
    if (before != PATTERN_NONE) {
        limits = checked(pcre2_match_context_copy(p->limits));
        pcre2_set_offset_limit(limits, before - 1);
    }
    pcre2_match_data *data = checked(pcre2_match_data_create(PATTERN_GROUPS + 1, NULL));
    int rc = match(p, text ? text : "", len, data, limits);
    bool found = rc >= 0 || (p->hard_counts && rc != PCRE2_ERROR_NOMATCH);
    if (rc >= 0 && spans)
        put_spans(p, data, spans);
    pcre2_match_data_free(data);
    if (limits != p->limits)
        pcre2_match_context_free(limits);
    return found;
}
