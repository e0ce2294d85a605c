/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fields of a policy.
 */
#include <limits.h>
#include <string.h>

#include "autostart/policy.h"

#define DAY    86400
#define PROBES "running agent ip tcp:PORT[@ADDR] serial:/regex/"

const struct policy_field policy_fields[POLICY_FIELDS] = {
    {POLICY_MODE, "mode", POLICY_CHOICE, "on off once", "on", 0, 0, 0,
     "whether it is started with its host: each time, never, or at the next boot alone"},
    {POLICY_ORDER, "order", POLICY_NUMBER, NULL, NULL, 0, INT_MAX, 0,
     "its place: lower ones are ready before higher ones are started, equal ones start together"},
    {POLICY_DELAY, "delay", POLICY_DURATION, NULL, "0s", 0, DAY, 0,
     "how long to wait before its start once all that it waits for is there"},
    {POLICY_AFTER, "after", POLICY_VMS, "VM[:started|ready]", NULL, 0, 0, 0,
     "domains that are to be ready, or started, before it is"},
    {POLICY_READY, "ready", POLICY_PROBES, PROBES, "running", 0, 0, POLICY_HOST,
     "what must answer before it counts as ready; of several, all"},
    {POLICY_TIMEOUT, "timeout", POLICY_DURATION, NULL, "2m", 1, DAY, POLICY_HOST,
     "how long it may take from its start until it is ready"},
    {POLICY_ON_TIMEOUT, "on-timeout", POLICY_CHOICE, "continue skip-dependents stop", "skip-dependents", 0, 0,
     POLICY_HOST,
     "when it is not ready in time: go on as if it were, do not start what waits for it, or start nothing "
     "more"},
    {POLICY_NEEDS, "needs", POLICY_RESOURCES, "network:NAME pool:NAME mount:PATH path:PATH", NULL, 0, 0, 0,
     "what must be there before it is started, besides what its definition names"},
    {POLICY_STOP, "stop", POLICY_CHOICE, "shutdown managedsave destroy none", "shutdown", 0, 0, POLICY_HOST,
     "how it is stopped when the host goes down"},
    {POLICY_STOP_TIMEOUT, "stop-timeout", POLICY_DURATION, NULL, "3m", 1, DAY, POLICY_HOST,
     "how long it may take to stop"},
    {POLICY_STOP_FORCE, "stop-force", POLICY_SWITCH, NULL, "yes", 0, 0, POLICY_HOST,
     "whether it is turned off hard when it has not stopped in time"},
    {POLICY_RESTART, "restart", POLICY_CHOICE, "no on-crash on-failure always", "no", 0, 0, POLICY_HOST,
     "when it is started again after it stopped, unless a person stopped it"},
    {POLICY_RESTART_TRIES, "restart-tries", POLICY_NUMBER, NULL, "3", 1, 100, POLICY_HOST,
     "how many restarts in a window are tried before it is given up"},
    {POLICY_RESTART_WINDOW, "restart-window", POLICY_DURATION, NULL, "10m", 1, DAY, POLICY_HOST,
     "the time in which restarts are counted"},
    {POLICY_RESTART_PAUSE, "restart-pause", POLICY_DURATION, NULL, "5s", 0, DAY, POLICY_HOST,
     "how long to wait before the first restart; twice as long before each further one"},
    {POLICY_RESTART_PAUSE_MAX, "restart-pause-max", POLICY_DURATION, NULL, "5m", 0, DAY, POLICY_HOST,
     "the longest pause before a restart"},
    {POLICY_HEALTH, "health", POLICY_PROBES, PROBES, NULL, 0, 0, POLICY_HOST,
     "what must go on answering while it runs"},
    {POLICY_HEALTH_INTERVAL, "health-interval", POLICY_DURATION, NULL, "30s", 1, DAY, POLICY_HOST,
     "how often its health is checked"},
    {POLICY_HEALTH_FAILURES, "health-failures", POLICY_NUMBER, NULL, "3", 1, 1000, POLICY_HOST,
     "how many checks in a row must fail before something is done"},
    {POLICY_HEALTH_ACTION, "health-action", POLICY_CHOICE, "notify reset restart", "notify", 0, 0,
     POLICY_HOST, "what is done then"},
    {POLICY_ON_BATTERY, "on-battery", POLICY_CHOICE, "ignore hold throttle:PERCENT managedsave", "ignore", 0,
     0, POLICY_HOST,
     "what is done when the host runs on its battery: nothing, pause it, limit its processors, or "
     "save it"},
    {POLICY_ON_WAKE, "on-wake", POLICY_CHOICE, "check time-sync restart-if-unhealthy", "check", 0, 0,
     POLICY_HOST, "what is done when the host has slept"},
};

const struct policy_field *policy_field_find(const char *word)
{
    for (size_t i = 0; i < POLICY_FIELDS; i++)
        if (strcmp(policy_fields[i].word, word) == 0)
            return &policy_fields[i];
    return NULL;
}

bool policy_is_list(const struct policy_field *f)
{
    return f->type >= POLICY_VMS;
}

static void put_choices(const char *values, struct strbuf *out)
{
    for (const char *p = values; *p; p++)
        if (*p == ' ')
            strbuf_puts(out, ", ");
        else
            strbuf_putc(out, *p);
}

void policy_field_takes(const struct policy_field *f, struct strbuf *out)
{
    if (f->type == POLICY_NUMBER) {
        strbuf_printf(out, "a whole number from %.0f to %.0f", f->min, f->max);
    } else if (f->type == POLICY_DURATION) {
        strbuf_printf(out, "a time from %.0fs to %.0fs, such as 90, 5s, 2m or 500ms", f->min, f->max);
    } else if (f->type == POLICY_SWITCH) {
        strbuf_puts(out, "yes or no");
    } else {
        strbuf_puts(out, policy_is_list(f) ? "any of: " : "one of: ");
        put_choices(f->values, out);
    }
}
