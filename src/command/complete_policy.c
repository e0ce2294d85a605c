/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Words of an autostart policy on a line: telling them from names of domains, and their candidates, from the
 * table of its fields.
 */
#include <stdlib.h>
#include <string.h>

#include "autostart/policy.h"
#include "command/complete_resources.h"
#include "command/private.h"

static const char modes[] = "on off once";

bool word_is_policy(const char *word)
{
    const char *equals = strchr(word, '=');
    if (!equals)
        return list_has(modes, ' ', word);
    char *name = xstrndup(word, (size_t)(equals - word));
    bool is_field = policy_field_find(name) != NULL;
    free(name);
    if (is_field)
        return true;
    struct filter *f = filter_compile(word, NULL);
    filter_free(f);
    return !f;
}

/* ---- values ---- */

static void offer_domains(struct completion *c)
{
    complete_kind(c, ARG_TARGET, NULL, ' ');
}

/* Of those on the first host; a policy names no host. */
static void offer_networks(struct completion *c)
{
    static const char word[] = "network:";
    if (strncmp(c->prefix, word, strlen(word)) != 0)
        return;
    const char *outer_before = c->before, *outer_prefix = c->prefix;
    char *before = xasprintf("%s%s", c->before, word);
    c->before = before;
    c->prefix += strlen(word);
    complete_resources(c, 0, FIELD_NETWORK);
    c->before = outer_before;
    c->prefix = outer_prefix;
    free(before);
}

/* The forms of a value up to what a person has to put in: "tcp:" of "tcp:PORT[@ADDR]". */
static void offer_forms(struct completion *c, const struct policy_field *f)
{
    const char *forms = f->values;
    size_t len;
    for (const char *form; forms && (form = list_next(&forms, ' ', &len)) != NULL;) {
        const char *colon = memchr(form, ':', len);
        char *whole = xstrndup(form, len), *begin = xstrndup(form, colon ? (size_t)(colon + 1 - form) : len);
        complete_offer(c, begin, colon ? whole : NULL);
        free(whole);
        free(begin);
    }
}

static void offer_values(struct completion *c, const struct policy_field *f)
{
    if (f->type == POLICY_VMS) {
        offer_domains(c);
    } else if (f->type == POLICY_SWITCH) {
        complete_kind(c, ARG_WORD, "yes no", ' ');
    } else if (f->values) {
        offer_forms(c, f);
        if (f->type == POLICY_RESOURCES)
            offer_networks(c);
    } else if (f->def) {
        complete_offer(c, f->def, "what holds unsaid");
    }
    if (f->type != POLICY_VMS)
        complete_offer(c, "default", "back to what holds unsaid");
}

/* Of a list the value behind the last comma. */
static void offer_behind(struct completion *c, const struct policy_field *f, const char *equals)
{
    const char *from = equals + 1;
    const char *comma = policy_is_list(f) ? strrchr(from, ',') : NULL;
    from = comma ? comma + 1 : from;
    const char *outer_before = c->before, *outer_prefix = c->prefix;
    char *before = xasprintf("%s%.*s", c->before, (int)(from - c->prefix), c->prefix);
    c->before = before;
    c->prefix = from;
    offer_values(c, f);
    c->before = outer_before;
    c->prefix = outer_prefix;
    free(before);
}

void complete_policy(struct completion *c, const char *choices, char sep)
{
    const char *equals = strchr(c->prefix, '=');
    (void)choices;
    (void)sep;
    if (!equals)
        complete_kind(c, ARG_WORD, modes, ' ');
    for (size_t i = 0; i < POLICY_FIELDS; i++) {
        const struct policy_field *f = &policy_fields[i];
        size_t len = strlen(f->word);
        if (!equals && f->id != POLICY_MODE) {
            char *word = xasprintf("%s=", f->word);
            complete_offer(c, word, f->help);
            free(word);
        } else if (equals && len == (size_t)(equals - c->prefix) && strncmp(c->prefix, f->word, len) == 0) {
            offer_behind(c, f, equals);
            return;
        }
    }
}
