/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/agent.h"

#include <libvirt/libvirt-qemu.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/clock.h"

/* For one answer of the agent; a script's own time is the caller's. */
#define ANSWER_S    5
#define POLL_MS     40
#define POLL_MAX_MS 400
/* VIR_ERR_AGENT_COMMAND_TIMEOUT, which the headers of older libvirts have not. */
#define AGENT_COMMAND_TIMEOUT 112
#define ANSWER_BYTES          (4u * 1024 * 1024)

/* ---- base64 ---- */

static int digit_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

bool base64_decode(const char *text, char **out, size_t *len)
{
    size_t n = strlen(text), made = 0;
    unsigned bits = 0;
    int held = 0;
    while (n > 0 && text[n - 1] == '=')
        n--;
    char *bytes = xmalloc(n / 4 * 3 + 4);
    for (size_t i = 0; i < n; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0 || n % 4 == 1) {
            free(bytes);
            return false;
        }
        bits = (bits << 6 | (unsigned)digit) & 0xffffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes[made++] = (char)(bits >> held & 0xff);
        }
    }
    bytes[made] = '\0';
    *out = bytes;
    *len = made;
    return true;
}

/* ---- one at a time ---- */

static struct {
    pthread_mutex_t lock;
    pthread_cond_t free;
    VEC(struct vm_uuid) busy;
} turns = {.lock = PTHREAD_MUTEX_INITIALIZER, .free = PTHREAD_COND_INITIALIZER};

static size_t turn_of(const struct vm_uuid *uuid)
{
    size_t i = 0;
    while (i < turns.busy.len && memcmp(&turns.busy.items[i], uuid, sizeof *uuid) != 0)
        i++;
    return i;
}

static struct timespec in_ms(int64_t ms)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += ms % 1000 * 1000000;
    t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}

static bool take_turn(struct job_context *c, int64_t deadline_ms, struct error *e)
{
    bool got = false;
    pthread_mutex_lock(&turns.lock);
    while (!got && clock_mono_ms() < deadline_ms && !context_cancelled(c)) {
        struct timespec t = in_ms(POLL_MAX_MS);
        if (turn_of(&c->uuid) == turns.busy.len) {
            vec_push(&turns.busy, c->uuid);
            got = true;
        } else {
            pthread_cond_timedwait(&turns.free, &turns.lock, &t);
        }
    }
    pthread_mutex_unlock(&turns.lock);
    return got || error_set(e, STATUS_FAILED, "the guest agent is busy with another request");
}

static void give_turn(struct job_context *c)
{
    pthread_mutex_lock(&turns.lock);
    size_t i = turn_of(&c->uuid);
    if (i < turns.busy.len)
        vec_remove(&turns.busy, i);
    if (!turns.busy.len)
        vec_free(&turns.busy);
    pthread_cond_broadcast(&turns.free);
    pthread_mutex_unlock(&turns.lock);
}

/* ---- asking ---- */

static bool say_failure(struct error *e)
{
    virErrorPtr last = virGetLastError();
    int code = last ? last->code : 0;
    const char *text = last && last->message ? last->message : "no reason given";
    switch (code) {
    case VIR_ERR_ARGUMENT_UNSUPPORTED:
    case VIR_ERR_CONFIG_UNSUPPORTED:
        return error_set(e, STATUS_FAILED, "no channel for a guest agent is configured");
    case VIR_ERR_AGENT_UNRESPONSIVE:
    case VIR_ERR_AGENT_UNSYNCED:
    case AGENT_COMMAND_TIMEOUT:
    case VIR_ERR_OPERATION_TIMEOUT:
        return error_set(e, STATUS_FAILED,
                         "the guest agent does not answer: it is not installed, or not started");
    case VIR_ERR_OPERATION_INVALID:
        return error_set(e, STATUS_FAILED, "the guest does not run");
    case VIR_ERR_NO_SUPPORT:
        return error_set(e, STATUS_FAILED, "this driver knows no guest agent");
    default:
        return error_set(e, STATUS_FAILED, "the guest agent: %s", text);
    }
}

/* The "return" of its answer; NULL with e set. The caller puts it. */
static json_object *ask(struct job_context *c, json_object *question, struct error *e)
{
    const char *text = json_object_to_json_string_ext(question, JSON_C_TO_STRING_PLAIN);
    char *answer = virDomainQemuAgentCommand(c->dom, text, ANSWER_S, 0);
    json_object *parsed = NULL, *value = NULL;
    json_object_put(question);
    if (!answer) {
        say_failure(e);
        return NULL;
    }
    if (strlen(answer) <= ANSWER_BYTES)
        parsed = json_tokener_parse(answer);
    if (parsed && json_object_is_type(parsed, json_type_object) &&
        json_object_object_get_ex(parsed, "return", &value) && value)
        json_object_get(value);
    else
        error_set(e, STATUS_FAILED, "the guest agent gave an answer that is none");
    if (parsed)
        json_object_put(parsed);
    free(answer);
    return value;
}

static json_object *question(const char *execute, json_object *arguments)
{
    json_object *q = json_object_new_object();
    json_object_object_add(q, "execute", json_object_new_string(execute));
    if (arguments)
        json_object_object_add(q, "arguments", arguments);
    return q;
}

bool agent_ping(struct job_context *c, struct error *e)
{
    if (!take_turn(c, clock_mono_ms() + ANSWER_S * 1000, e))
        return false;
    json_object *value = ask(c, question("guest-ping", NULL), e);
    give_turn(c);
    if (value)
        json_object_put(value);
    return value != NULL;
}

/* ---- scripts ---- */

static int64_t start_script(struct job_context *c, const char *script, struct error *e)
{
    json_object *arguments = json_object_new_object(), *list = json_object_new_array(), *pid;
    json_object_array_add(list, json_object_new_string("-c"));
    json_object_array_add(list, json_object_new_string(script));
    json_object_object_add(arguments, "path", json_object_new_string("/bin/sh"));
    json_object_object_add(arguments, "arg", list);
    json_object_object_add(arguments, "capture-output", json_object_new_boolean(true));
    json_object *value = ask(c, question("guest-exec", arguments), e);
    if (!value)
        return -1;
    int64_t number = -1;
    if (json_object_is_type(value, json_type_object) && json_object_object_get_ex(value, "pid", &pid))
        number = json_object_get_int64(pid);
    else
        error_set(e, STATUS_FAILED, "the guest agent started nothing");
    json_object_put(value);
    return number;
}

static bool take_output(json_object *status, struct agent_output *out, struct error *e)
{
    json_object *data = NULL, *code = NULL, *cut = NULL;
    size_t len = 0;
    const char *text =
        json_object_object_get_ex(status, "out-data", &data) ? json_object_get_string(data) : "";
    bool truncated = json_object_object_get_ex(status, "out-truncated", &cut) && json_object_get_boolean(cut);
    if (truncated || strlen(text) > AGENT_OUTPUT_MAX / 3 * 4)
        return error_set(e, STATUS_FAILED, "the guest answered more than %u KiB", AGENT_OUTPUT_MAX / 1024);
    if (!base64_decode(text, &out->text, &len))
        return error_set(e, STATUS_FAILED, "the guest agent's output is not base64");
    out->status = json_object_object_get_ex(status, "exitcode", &code) ? json_object_get_int(code) : -1;
    return true;
}

/* 1: it ended and its output was taken; 0: it runs; -1: with e set. */
static int look_at_script(struct job_context *c, int64_t pid, struct agent_output *out, struct error *e)
{
    json_object *arguments = json_object_new_object(), *exited = NULL;
    json_object_object_add(arguments, "pid", json_object_new_int64(pid));
    json_object *status = ask(c, question("guest-exec-status", arguments), e);
    if (!status)
        return -1;
    int result = 0;
    if (json_object_is_type(status, json_type_object) &&
        json_object_object_get_ex(status, "exited", &exited) && json_object_get_boolean(exited))
        result = take_output(status, out, e) ? 1 : -1;
    json_object_put(status);
    return result;
}

static void nap(int ms)
{
    struct timespec t = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&t, NULL);
}

static bool wait_for_script(struct job_context *c, int64_t pid, int64_t deadline_ms, struct agent_output *out,
                            struct error *e)
{
    for (int pause = POLL_MS;; pause = pause * 2 < POLL_MAX_MS ? pause * 2 : POLL_MAX_MS) {
        int ended = look_at_script(c, pid, out, e);
        if (ended)
            return ended > 0;
        if (context_cancelled(c))
            return error_set(e, STATUS_FAILED, "no longer waited for");
        if (clock_mono_ms() >= deadline_ms)
            return error_set(e, STATUS_FAILED, "the guest took too long to answer");
        nap(pause);
    }
}

bool agent_shell(struct job_context *c, const char *script, double timeout_s, struct agent_output *out,
                 struct error *e)
{
    int64_t deadline_ms = clock_mono_ms() + (int64_t)(timeout_s * 1000);
    *out = (struct agent_output){0};
    if (!take_turn(c, deadline_ms, e))
        return false;
    int64_t pid = start_script(c, script, e);
    bool good = pid >= 0 && wait_for_script(c, pid, deadline_ms, out, e);
    give_turn(c);
    return good;
}
