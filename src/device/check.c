/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/check.h"

#include <stdlib.h>
#include <string.h>
#include "device/check_private.h"

const struct check_family *const check_families[] = {&host_checks, &model_checks, &bus_checks, &shared_checks,
                                                     &path_checks};
const size_t n_check_families = ARRAY_LEN(check_families);

static void run_all(const struct check_input *in, finding_list *out)
{
    for (size_t f = 0; f < n_check_families; f++)
        for (size_t i = 0; i < check_families[f]->len; i++)
            check_families[f]->checks[i].run(in, check_families[f]->checks[i].id, out);
}

void check_one(const struct check_input *in, const char *id, finding_list *out)
{
    for (size_t f = 0; f < n_check_families; f++)
        for (size_t i = 0; i < check_families[f]->len; i++)
            if (strcmp(check_families[f]->checks[i].id, id) == 0) {
                check_families[f]->checks[i].run(in, id, out);
                return;
            }
    die("there is no check %s", id);
}

static bool has(const finding_list *l, const struct finding *f)
{
    for (size_t i = 0; i < l->len; i++)
        if (strcmp(l->items[i].id, f->id) == 0 && strcmp(l->items[i].text, f->text) == 0)
            return true;
    return false;
}

/* What is not known is not fine. */
static void say_unread(const struct facts *f, finding_list *out)
{
    for (size_t i = 0; f->others_known && i < f->others.len; i++)
        if (!f->others.items[i].doc)
            finding_add(out, "others-unread", SEV_WARN, NULL,
                        "what %s uses is not known, so this was not compared with it: %s",
                        f->others.items[i].name,
                        f->others.items[i].stuck ? "a call on it does not end"
                                                 : "libvirt does not tell its definition");
}

void checks_run(const struct check_input *in, finding_list *out)
{
    struct check_input old = *in;
    finding_list now = {0}, before = {0};
    old.after = in->before;
    run_all(in, &now);
    if (in->before)
        run_all(&old, &before);
    for (size_t i = 0; i < now.len; i++) {
        const struct finding *f = &now.items[i];
        if (!has(&before, f) && !has(out, f))
            finding_add(out, f->id, f->severity, f->remedy, "%s", f->text);
    }
    findings_free(&now);
    findings_free(&before);
    say_unread(in->facts, out);
    /* Said of the new definition only: gathered without what libvirt has against the old one. */
    if (in->facts->native_error)
        finding_add(out, "native", SEV_ERROR, NULL, "libvirt's own trial refuses it: %s",
                    in->facts->native_error);
}
