/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The autostart policy's fields and the host's limits in roff, for the manual.
 */
#include <stdlib.h>
#include <string.h>

#include "autostart/config.h"
#include "command/query.h"

static void put_sentence(struct strbuf *out, const char *text)
{
    struct strbuf whole = {0};
    char first = text[0] >= 'a' && text[0] <= 'z' ? (char)(text[0] - 'a' + 'A') : text[0];
    strbuf_printf(&whole, "%c%s.", first, text + 1);
    roff(out, strbuf_str(&whole));
    strbuf_putc(out, '\n');
    strbuf_free(&whole);
}

static void put_name(struct strbuf *out, const char *word)
{
    strbuf_puts(out, ".TP\n\\fB");
    roff(out, word);
    strbuf_puts(out, "\\fP\n");
}

void generate_policy_man(struct strbuf *out)
{
    for (size_t i = 0; i < POLICY_FIELDS; i++) {
        const struct policy_field *f = &policy_fields[i];
        struct strbuf takes = {0};
        put_name(out, f->word);
        put_sentence(out, f->help);
        policy_field_takes(f, &takes);
        put_sentence(out, strbuf_str(&takes));
        strbuf_free(&takes);
        if (f->def) {
            strbuf_puts(out, "Default: \\fB");
            roff(out, f->def);
            strbuf_puts(out, "\\fP.\n");
        }
    }
}

void generate_limits_man(struct strbuf *out)
{
    for (size_t i = 0; i < LIMITS; i++) {
        const struct limit_row *row = &limit_rows[i];
        double unit = row->duration ? 1000 : 1;
        const char *s = row->duration ? " seconds" : "";
        put_name(out, row->word);
        put_sentence(out, row->help);
        strbuf_printf(out, "From %g to %g%s.\nDefault: %g%s.\n", row->min / unit, row->max / unit, s,
                      row->def / unit, s);
    }
    put_name(out, "defaults");
    strbuf_puts(out, "An object with any of these fields of a policy:\n");
    const char *between = "";
    for (size_t i = 0; i < POLICY_FIELDS; i++) {
        if (!(policy_fields[i].flags & POLICY_HOST))
            continue;
        strbuf_printf(out, "%s\\fB", between);
        roff(out, policy_fields[i].word);
        strbuf_puts(out, "\\fP");
        between = ",\n";
    }
    strbuf_puts(out, ".\n");
}
