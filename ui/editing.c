/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/editing.h"

#include <stdlib.h>
#include <string.h>
#include "command/definition.h"
#include "ui/commands_private.h"
#include "ui/confirm.h"
#include "ui/run.h"
#include "ui/term.h"
#include "ui/viewer.h"

struct editing {
    struct target target;
    struct draft draft;
    bool resume, force;
    bool wants_editor;
    char *xml; /* as read, then as it is to be applied */
    char *why; /* the failure that the next question is about */
};

static void end(struct deck *d)
{
    struct editing *ed = d->editing;
    if (!ed)
        return;
    draft_leave(&ed->draft);
    free(ed->target.name);
    free(ed->xml);
    free(ed->why);
    free(ed);
    d->editing = NULL;
}

void editing_forget(struct deck *d)
{
    end(d);
}

static void keep(struct deck *d)
{
    char *kept = definition_kept(&d->editing->target, &d->editing->draft);
    deck_say(d, SEV_WARN, kept);
    free(kept);
    end(d);
}

/* ---- questions ---- */

/* Whether the editor is to have the text once more. */
static void answered_again(struct deck *d, void *arg, bool yes)
{
    (void)arg;
    if (!d || !d->editing)
        return;
    if (yes)
        d->editing->wants_editor = true;
    else
        keep(d);
}

static void answered_redo(struct deck *d, void *arg, bool yes)
{
    struct error e = ERROR_INIT;
    if (d && d->editing && yes && !draft_rebase(&d->editing->draft, d->editing->xml, &e)) {
        deck_say(d, SEV_ERROR, error_text(&e));
        yes = false;
    }
    error_clear(&e);
    answered_again(d, arg, yes);
}

static void ask(struct deck *d, const char *why, const char *question,
                void (*done)(struct deck *d, void *arg, bool yes))
{
    char *text = xasprintf("%s\n%s", why, question);
    confirm_open(d, text, NULL, done, NULL);
    free(text);
}

/* ---- applying ---- */

static void reread(struct deck *d, const struct job_status *s)
{
    struct editing *ed = d->editing;
    json_object *xml = NULL;
    if (!ed)
        return;
    if (s->result.state == JOB_DONE && json_object_object_get_ex(s->result.json, "xml", &xml) &&
        strcmp(json_object_get_string(xml), ed->draft.base) != 0) {
        free(ed->xml);
        ed->xml = xstrdup(json_object_get_string(xml));
        ask(d, ed->why,
            "Redo it on the new definition? The editor opens again, with what they changed shown on top.",
            answered_redo);
    } else {
        ask(d, ed->why, "Edit the text again?", answered_again);
    }
}

static void applied(struct deck *d, const struct job_status *s)
{
    struct editing *ed = d->editing;
    if (!ed)
        return;
    if (s->result.state == JOB_DONE) {
        draft_drop(&ed->draft);
        end(d);
        return;
    }
    if (s->result.state == JOB_CANCELLED) {
        keep(d);
        return;
    }
    free(ed->why);
    ed->why = xstrdup(error_text(&s->result.error));
    run_follow(d, definition_read(d->session.fleet, &ed->target), true, reread);
}

static void answered_apply(struct deck *d, void *arg, bool yes)
{
    (void)arg;
    if (!d || !d->editing)
        return;
    struct editing *ed = d->editing;
    if (!yes) {
        keep(d);
        return;
    }
    struct job *job = definition_apply(d->session.fleet, &ed->target, &ed->draft, ed->xml, false, ed->force);
    run_follow(d, job, false, applied);
}

static void ask_apply(struct deck *d)
{
    if (!d || !d->editing)
        return;
    char *question =
        xasprintf("Apply this to %s? It takes effect at its next boot.", d->editing->target.name);
    confirm_open(d, question, NULL, answered_apply, NULL);
    free(question);
}

static void show_diff(struct deck *d, const char *diff)
{
    char *title = xasprintf("%s: what you changed (close it to be asked)", d->editing->target.name);
    struct viewer *v = viewer_new(title, PLACE_DIALOG);
    viewer_add_text(v, diff);
    viewer_then(v, ask_apply);
    viewer_show(d, v);
    free(title);
}

/* ---- the editor ---- */

static void look(struct deck *d, bool edited, const char *failure)
{
    struct editing *ed = d->editing;
    struct error e = ERROR_INIT;
    struct strbuf diff = {0};
    char *xml = NULL;
    enum draft_state state = draft_look(&ed->draft, &xml, &diff, &e);
    if (!edited)
        deck_say(d, SEV_ERROR, failure);
    if (state == DRAFT_SAME) {
        if (edited)
            deck_note(d, SEV_INFO, "%s: nothing was changed in the text", ed->target.name);
        draft_drop(&ed->draft);
        end(d);
    } else if (!edited) {
        keep(d);
    } else if (state == DRAFT_BAD) {
        ask(d, error_text(&e), "Edit the text again?", answered_again);
    } else {
        free(ed->xml);
        ed->xml = xml;
        xml = NULL;
        show_diff(d, strbuf_str(&diff));
    }
    free(xml);
    strbuf_free(&diff);
    error_clear(&e);
}

void editing_turn(struct deck *d)
{
    struct editing *ed = d->editing;
    struct error e = ERROR_INIT;
    if (!ed || !ed->wants_editor)
        return;
    ed->wants_editor = false;
    term_leave();
    bool good = draft_edit(&ed->draft, &e);
    term_return();
    d->dirty = true;
    look(d, good, error_text(&e));
    error_clear(&e);
}

/* ---- beginning ---- */

static void begin_new(struct deck *d)
{
    struct editing *ed = d->editing;
    struct error e = ERROR_INIT;
    if (draft_new(&ed->draft, &ed->target.uuid, ed->xml, &e)) {
        ed->wants_editor = true;
    } else {
        deck_say(d, SEV_ERROR, error_text(&e));
        end(d);
    }
    error_clear(&e);
}

static void answered_resume(struct deck *d, void *arg, bool yes)
{
    (void)arg;
    if (!d || !d->editing)
        return;
    if (yes) {
        d->editing->wants_editor = true;
    } else {
        draft_leave(&d->editing->draft);
        begin_new(d);
    }
}

static void read_over(struct deck *d, const struct job_status *s)
{
    struct editing *ed = d->editing;
    json_object *xml = NULL;
    if (!ed)
        return;
    if (s->result.state != JOB_DONE || !json_object_object_get_ex(s->result.json, "xml", &xml)) {
        deck_note(d, SEV_ERROR, "%s",
                  s->result.error.text ? error_text(&s->result.error) : "the definition was not read");
        end(d);
        return;
    }
    ed->xml = xstrdup(json_object_get_string(xml));
    bool found = draft_take(&ed->draft, &ed->target.uuid);
    if (ed->resume && !found) {
        deck_note(d, SEV_WARN, "%s: no text of an earlier edit is kept", ed->target.name);
        end(d);
    } else if (ed->resume) {
        ed->wants_editor = true;
    } else if (found) {
        ask(d, "A text of an earlier edit was not applied.",
            "Take it up again? (No begins anew and keeps it.)", answered_resume);
    } else {
        begin_new(d);
    }
}

bool edit_text_run(struct call *call, struct error *e)
{
    struct deck *d = call_deck(call);
    const struct target *t = &call->targets.items[0];
    if (d->editing)
        return error_set(e, STATUS_FAILED, "edit %s: the definition of %s is being edited; finish that first",
                         t->name, d->editing->target.name);
    if (!definition_is_there(d->session.fleet, t, e))
        return false;
    d->editing = xcalloc(1, sizeof *d->editing);
    *d->editing = (struct editing){.target = {t->host, t->uuid, xstrdup(t->name)},
                                   .draft = {.lock = -1},
                                   .resume = call_option(call, "resume") != NULL,
                                   .force = call_option(call, "force") != NULL};
    run_follow(d, definition_read(d->session.fleet, t), true, read_over);
    return true;
}
