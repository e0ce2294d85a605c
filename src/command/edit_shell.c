/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `edit` from the shell: editor, look, question, job, and again where it was refused. Where nobody can be
 * asked, what is not applied is kept.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command/definition.h"

struct editing {
    struct call *call;
    const struct target *target;
    struct draft draft;
    bool ask; /* somebody is there to answer */
};

enum turn { TURN_AGAIN, TURN_DONE, TURN_FAILED };

/* ---- questions ---- */

/* The first letter of the answer, small; '\0': an empty or no answer. On the terminal itself, for stdout may
 * be a file. */
static char ask(const char *question)
{
    char answer[256];
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return '\0';
    char *shown = text_escaped(question);
    dprintf(fd, "%s ", shown);
    free(shown);
    ssize_t n = read(fd, answer, sizeof answer);
    close(fd);
    char c = n > 0 ? answer[0] : '\0';
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c >= 'a' && c <= 'z' ? c : '\0';
}

static void say(const struct editing *s, enum severity severity, const char *text)
{
    const struct frontend *f = s->call->session->frontend;
    f->say(f->ctx, severity, text);
}

/* ---- jobs ---- */

static bool is_over(void *job)
{
    return job_is_over(job);
}

static bool wait_for(const struct editing *s, struct job *job, struct error *e)
{
    const struct frontend *f = s->call->session->frontend;
    return f->wait(f->ctx, -1, is_over, job, -1, e);
}

/* NULL with e set. The caller frees. */
static char *read_definition(const struct editing *s, struct error *e)
{
    struct job *job = definition_read(s->call->session->fleet, s->target);
    char *xml = wait_for(s, job, e) ? definition_of(job, e) : NULL;
    job_unref(job);
    return xml;
}

/* ---- beginning ---- */

static bool begin_new(struct editing *s, struct error *e)
{
    char *xml = definition_is_there(s->call->session->fleet, s->target, e) ? read_definition(s, e) : NULL;
    bool good = xml && draft_new(&s->draft, &s->target->uuid, xml, e);
    free(xml);
    return good;
}

static bool begin(struct editing *s, struct error *e)
{
    bool resume = call_option(s->call, "resume") != NULL, found = draft_take(&s->draft, &s->target->uuid);
    if (resume && !found)
        return error_set(e, STATUS_FAILED, "edit %s: no text of an earlier edit is kept", s->target->name);
    if (resume)
        return true;
    if (found && s->ask) {
        char *question = xasprintf("A text of an earlier edit was not applied (%s). Take it up again? (y/n)",
                                   s->draft.path);
        bool yes = ask(question) == 'y';
        free(question);
        if (yes)
            return true;
    } else if (found) {
        char *kept = definition_kept(s->target, &s->draft);
        char *text = xasprintf("of an earlier edit %s", kept);
        say(s, SEV_INFO, text);
        free(text);
        free(kept);
    }
    if (found)
        draft_leave(&s->draft);
    return begin_new(s, e);
}

/* ---- a turn ---- */

static enum turn give_up(struct editing *s, struct error *e)
{
    char *kept = definition_kept(s->target, &s->draft);
    char *why = xstrdup(e->text ? e->text : "nothing was changed");
    bool named = strstr(why, s->target->name) != NULL;
    error_set(e, e->status == STATUS_OK ? STATUS_FAILED : e->status, "%s%s%s%s; %s", named ? "" : "edit ",
              named ? "" : s->target->name, named ? "" : ": ", why, kept);
    free(why);
    free(kept);
    draft_leave(&s->draft);
    return TURN_FAILED;
}

/* After something went wrong: once more, or the text is kept. */
static enum turn once_more(struct editing *s, const char *question, struct error *e)
{
    if (!s->ask)
        return give_up(s, e);
    say(s, SEV_ERROR, error_text(e));
    bool yes = ask(question) == 'y';
    error_clear(e);
    return yes ? TURN_AGAIN : give_up(s, e);
}

static enum turn nothing_changed(struct editing *s)
{
    const struct frontend *f = s->call->session->frontend;
    char *text = xasprintf("%s: nothing was changed in the text", s->target->name);
    if (s->call->json) {
        json_object *o = json_object_new_object();
        json_object_object_add(o, "domain", json_object_new_string(s->target->name));
        json_object_object_add(o, "action", json_object_new_string("change"));
        json_object_object_add(o, "result", json_object_new_string("ok"));
        json_object_object_add(o, "changes", json_object_new_array());
        f->print_json(f->ctx, o);
    } else {
        f->print(f->ctx, text);
    }
    free(text);
    draft_drop(&s->draft);
    return TURN_DONE;
}

/* Says whether to apply: 'y', 'e' once more, else keep. */
static char show(const struct editing *s, const char *diff)
{
    const struct frontend *f = s->call->session->frontend;
    bool dry = call_option(s->call, "dry-run") != NULL;
    if (s->call->yes || s->call->session->yes || dry)
        return 'y';
    if (s->call->json)
        say(s, SEV_INFO, diff);
    else
        f->print(f->ctx, diff);
    if (!s->ask)
        return 'n';
    char *question =
        xasprintf("Apply this to %s, for its next boot? (y)es, (e)dit again, (n)o", s->target->name);
    char answer = ask(question);
    free(question);
    return answer;
}

/* The job failed. Whose fault was it? */
static enum turn refused(struct editing *s, struct error *e)
{
    struct error ignored = ERROR_INIT;
    char *now = read_definition(s, &ignored);
    enum turn turn;
    if (now && strcmp(now, s->draft.base) != 0) {
        turn = once_more(
            s, "Redo it on the new definition: edit again, with their change shown on top? (y/n)", e);
        if (turn == TURN_AGAIN && !draft_rebase(&s->draft, now, e))
            turn = give_up(s, e);
    } else {
        turn = once_more(s, "Edit the text again? (y/n)", e);
    }
    error_clear(&ignored);
    free(now);
    return turn;
}

static enum turn apply(struct editing *s, const char *xml, struct error *e)
{
    struct session *session = s->call->session;
    bool dry = call_option(s->call, "dry-run") != NULL;
    struct job *job = definition_apply(session->fleet, s->target, &s->draft, xml, dry,
                                       call_option(s->call, "force") != NULL);
    struct job_status st;
    if (!wait_for(s, job, e)) {
        job_unref(job);
        return give_up(s, e);
    }
    job_status(job, &st);
    bool done = st.result.state == JOB_DONE;
    if (done)
        session->frontend->follow(session->frontend->ctx, job_ref(job));
    else
        error_move(e, &st.result.error);
    job_status_clear(&st);
    job_unref(job);
    if (!done)
        return refused(s, e);
    if (dry) {
        char *kept = definition_kept(s->target, &s->draft);
        say(s, SEV_INFO, kept);
        free(kept);
        draft_leave(&s->draft);
    } else {
        draft_drop(&s->draft);
    }
    return TURN_DONE;
}

static enum turn take_turn(struct editing *s, struct error *e)
{
    struct strbuf diff = {0};
    char *xml = NULL;
    enum turn turn;
    struct error failed = ERROR_INIT;
    bool good = draft_edit(&s->draft, &failed);
    enum draft_state state = draft_look(&s->draft, &xml, &diff, e);
    if (!good) {
        error_move(e, &failed);
        if (state == DRAFT_SAME)
            draft_drop(&s->draft);
        turn = state == DRAFT_SAME ? TURN_FAILED : give_up(s, e);
    } else if (state == DRAFT_SAME) {
        turn = nothing_changed(s);
    } else if (state == DRAFT_BAD) {
        turn = once_more(s, "Edit the text again? (y/n)", e);
    } else {
        char answer = show(s, strbuf_str(&diff));
        turn = answer == 'y' ? apply(s, xml, e) : answer == 'e' ? TURN_AGAIN : give_up(s, e);
    }
    error_clear(&failed);
    strbuf_free(&diff);
    free(xml);
    return turn;
}

bool edit_run(struct call *call, struct error *e)
{
    struct editing s = {.call = call,
                        .target = &call->targets.items[0],
                        .draft = {.lock = -1},
                        .ask = !call->yes && !call->session->yes && isatty(STDIN_FILENO)};
    enum turn turn = TURN_AGAIN;
    if (!begin(&s, e))
        return false;
    while (turn == TURN_AGAIN)
        turn = take_turn(&s, e);
    return turn == TURN_DONE;
}
