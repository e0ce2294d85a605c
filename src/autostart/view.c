/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "autostart/view.h"

#include <stdlib.h>
#include "base/clock.h"

static void read_run(struct autostart_view *v)
{
    char *key = run_key(v->survey.uri), *path = run_path(key, "json");
    struct error e = ERROR_INIT;
    if (!run_record_load(&v->run, path, &e))
        finding_add(&v->check.boot, "run-record", SEV_WARN, NULL, "%s", error_text(&e));
    error_clear(&e);
    free(path);
    free(key);
}

struct autostart_view *autostart_view_make(struct survey *survey)
{
    struct autostart_view *v = xcalloc(1, sizeof *v);
    v->refs = 1;
    v->survey = *survey;
    *survey = (struct survey){0};
    v->up = survey_plan(&v->survey, false, true);
    v->down = survey_plan(&v->survey, true, true);
    autostart_check(&v->check, &v->survey, v->up, v->down);
    read_run(v);
    v->read_ms = clock_mono_ms();
    return v;
}

struct autostart_view *autostart_view_ref(struct autostart_view *v)
{
    if (v)
        __atomic_add_fetch(&v->refs, 1, __ATOMIC_RELAXED);
    return v;
}

void autostart_view_unref(struct autostart_view *v)
{
    if (!v || __atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    autostart_check_clear(&v->check);
    plan_free(v->up);
    plan_free(v->down);
    run_record_clear(&v->run);
    survey_clear(&v->survey);
    free(v);
}
