/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/column_cells.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/format.h"

/* ---- words ---- */

static void put_value(const struct row *r, const char *value, struct strbuf *out)
{
    if (value) {
        strbuf_puts(out, value);
    } else {
        format_unknown(out, r->unicode);
    }
}

#define WORD_TEXT(name)                                                                                      \
    void text_##name(const struct row *r, struct strbuf *out)                                                \
    {                                                                                                        \
        char scratch[COLUMN_SCRATCH];                                                                        \
        put_value(r, value_##name(r, scratch), out);                                                         \
    }

/* A text of the definition, unknown until that was read. */
#define DEF_WORD(name)                                                                                       \
    const char *value_##name(const struct row *r, char scratch[COLUMN_SCRATCH])                              \
    {                                                                                                        \
        (void)scratch;                                                                                       \
        return r->vm->def ? r->vm->def->name : NULL;                                                         \
    }                                                                                                        \
    WORD_TEXT(name)

DEF_WORD(title)
DEF_WORD(os)
DEF_WORD(tags)
DEF_WORD(type)
DEF_WORD(arch)
DEF_WORD(machine)

const char *value_name(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    (void)scratch;
    return r->vm->name;
}
WORD_TEXT(name)

const char *value_uuid(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    uuid_format(&r->vm->uuid, scratch);
    return scratch;
}
WORD_TEXT(uuid)

const char *value_ip(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    (void)scratch;
    return r->vm->ip;
}
WORD_TEXT(ip)

const char *value_host(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    (void)scratch;
    if (!r->host) {
        return NULL;
    }
    return r->host->name ? r->host->name : r->host->uri;
}
WORD_TEXT(host)

const char *value_reason(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    (void)scratch;
    return r->vm->reason && r->vm->reason[0] ? r->vm->reason : NULL;
}
WORD_TEXT(reason)

/* Libvirt's own flags are known before it is worked out what becomes of the domain. */
static enum vm_autostart autostart_of(const struct vm *vm)
{
    bool policy = vm->def && vm->def->autostart_order >= 0;
    if (vm->autostart != AUTOSTART_UNKNOWN || policy || !(vm->flags & VM_FLAGS_KNOWN)) {
        return vm->autostart;
    }
    return vm->flags & VM_AUTOSTART        ? AUTOSTART_NATIVE
           : vm->flags & VM_AUTOSTART_ONCE ? AUTOSTART_ONCE
                                           : AUTOSTART_OFF;
}

const char *value_autostart(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    enum vm_autostart a = autostart_of(r->vm);
    (void)scratch;
    return a == AUTOSTART_UNKNOWN ? NULL : vm_autostart_word(a);
}

/* "10 ▶": its order, and whether it will come to that. */
void text_autostart(const struct row *r, struct strbuf *out)
{
    static const char *const marks[AUTOSTARTS][2] = {
        [AUTOSTART_ORDERED] = {"▶", ">"}, [AUTOSTART_BLOCKED] = {"⚠", "!"}, [AUTOSTART_NOBODY] = {"✖", "x"}};
    enum vm_autostart a = autostart_of(r->vm);
    int order = r->vm->def ? r->vm->def->autostart_order : -1;
    const char *mark = (unsigned)a < AUTOSTARTS ? marks[a][!r->unicode] : NULL;
    if (!mark) {
        char scratch[COLUMN_SCRATCH];
        put_value(r, value_autostart(r, scratch), out);
    } else if (order >= 0) {
        strbuf_printf(out, "%d %s", order, mark);
    } else {
        strbuf_puts(out, mark);
    }
}

const char *value_description(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    (void)scratch;
    return r->vm->def ? r->vm->def->description : NULL;
}

/* Descriptions are often whole paragraphs; the first line tells which VM it is. */
void text_description(const struct row *r, struct strbuf *out)
{
    const char *text = r->vm->def ? r->vm->def->description : NULL;
    if (text) {
        text += strspn(text, " \t\r\n");
        strbuf_add(out, text, strcspn(text, "\r\n"));
    } else {
        format_unknown(out, r->unicode);
    }
}

const char *value_since(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    time_t seconds = (time_t)(r->vm->since_wall_ms / 1000);
    struct tm tm;
    if (r->vm->since_wall_ms <= 0 || !gmtime_r(&seconds, &tm)) {
        return NULL;
    }
    return strftime(scratch, COLUMN_SCRATCH, "%Y-%m-%dT%H:%M:%SZ", &tm) ? scratch : NULL;
}

void text_since(const struct row *r, struct strbuf *out)
{
    if (r->vm->since_wall_ms > 0) {
        format_time(out, r->vm->since_wall_ms, r->now_wall_ms);
    } else {
        format_unknown(out, r->unicode);
    }
}

/* ---- the state ---- */

const char *value_state(const struct row *r, char scratch[COLUMN_SCRATCH])
{
    (void)scratch;
    return vm_state_name(r->vm->state);
}

static bool starts_with_any(const char *s, const char *const *heads)
{
    for (; *heads; heads++) {
        if (strncasecmp(s, *heads, strlen(*heads)) == 0) {
            return true;
        }
    }
    return false;
}

/* Why it is in this state, where that is more than what its owner did; NULL else. */
static const char *telling_reason(const struct vm *vm)
{
    static const char *const usual[] = {"user", "by user", "unknown", NULL};
    static const char *const unusual[] = {"crash", "fail", "saved", "migrat", "daemon", NULL};
    const char *reason = vm->reason ? vm->reason : "";
    if (vm->state == VM_PAUSED || vm->state == VM_CRASHED) {
        return reason[0] && !starts_with_any(reason, usual) ? reason : NULL;
    }
    return vm->state == VM_SHUTOFF && starts_with_any(reason, unusual) ? reason : NULL;
}

/* Without what follows in brackets. */
static void put_reason(struct strbuf *out, const char *reason)
{
    const char *bracket = strstr(reason, " (");
    strbuf_add(out, reason, bracket ? (size_t)(bracket - reason) : strlen(reason));
}

void text_state(const struct row *r, struct strbuf *out)
{
    const char *reason = telling_reason(r->vm);
    if (!reason) {
        strbuf_puts(out, vm_state_name(r->vm->state));
        return;
    }
    strbuf_printf(out, "%s: ", r->vm->state == VM_SHUTOFF ? "off" : vm_state_name(r->vm->state));
    put_reason(out, reason);
}

void text_brief(const struct row *r, struct strbuf *out)
{
    const char *reason = telling_reason(r->vm);
    if (reason) {
        put_reason(out, reason);
    } else {
        strbuf_puts(out, vm_state_name(r->vm->state));
    }
}

enum level level_state(const struct row *r)
{
    static const enum level levels[VM_STATE_COUNT] = {
        [VM_NOSTATE] = LEVEL_WARN,  [VM_RUNNING] = LEVEL_GOOD,       [VM_BLOCKED] = LEVEL_GOOD,
        [VM_PAUSED] = LEVEL_NOTICE, [VM_IN_SHUTDOWN] = LEVEL_NOTICE, [VM_SHUTOFF] = LEVEL_DIM,
        [VM_CRASHED] = LEVEL_BAD,   [VM_PMSUSPENDED] = LEVEL_NOTICE,
    };
    static const char *const faults[] = {
        "crash", "fail", "I/O", "disk", "watchdog", "post-copy migration failed", NULL};
    const char *reason = telling_reason(r->vm);
    if (reason && starts_with_any(reason, faults)) {
        return LEVEL_BAD;
    }
    return (unsigned)r->vm->state < VM_STATE_COUNT ? levels[r->vm->state] : LEVEL_WARN;
}

/* ---- figures ---- */

#define VM_FIGURE(name, format)                                                                              \
    double number_##name(const struct row *r)                                                                \
    {                                                                                                        \
        return r->vm->name;                                                                                  \
    }                                                                                                        \
    void text_##name(const struct row *r, struct strbuf *out)                                                \
    {                                                                                                        \
        format(out, r->vm->name, r->unicode);                                                                \
    }

VM_FIGURE(cpu, format_percent)
VM_FIGURE(rx, format_bytes)
VM_FIGURE(tx, format_bytes)
VM_FIGURE(rd, format_bytes)
VM_FIGURE(wr, format_bytes)
VM_FIGURE(rd_ops, format_count)
VM_FIGURE(wr_ops, format_count)

static void put_whole(const struct row *r, double number, struct strbuf *out)
{
    if (isnan(number)) {
        format_unknown(out, r->unicode);
    } else {
        strbuf_printf(out, "%.0f", number);
    }
}

#define WHOLE_TEXT(name)                                                                                     \
    void text_##name(const struct row *r, struct strbuf *out)                                                \
    {                                                                                                        \
        put_whole(r, number_##name(r), out);                                                                 \
    }

double number_id(const struct row *r)
{
    return r->vm->id >= 0 ? (double)r->vm->id : NAN;
}
WHOLE_TEXT(id)

/* The definition knows some figures of domains whose driver does not tell them. */
double number_vcpus(const struct row *r)
{
    return isnan(r->vm->vcpus) && r->vm->def && r->vm->def->vcpus > 0 ? r->vm->def->vcpus : r->vm->vcpus;
}
WHOLE_TEXT(vcpus)

double number_order(const struct row *r)
{
    return r->vm->def && r->vm->def->autostart_order >= 0 ? (double)r->vm->def->autostart_order : NAN;
}
WHOLE_TEXT(order)

static double percent_of(double part, double whole)
{
    double percent = whole > 0 ? 100 * part / whole : NAN;
    return percent > 100 ? 100 : percent; /* not fmin(): it takes an unknown for no argument */
}

static void put_share(const struct row *r, double percent, struct strbuf *out)
{
    if (isnan(percent)) {
        format_unknown(out, r->unicode);
    } else {
        strbuf_printf(out, "%.0f%%", percent);
    }
}

double number_cpu_share(const struct row *r)
{
    return percent_of(r->vm->cpu, 100 * number_vcpus(r));
}

void text_cpu_share(const struct row *r, struct strbuf *out)
{
    put_share(r, number_cpu_share(r), out);
}

double number_mem(const struct row *r)
{
    return r->vm->mem_kib;
}

void text_mem(const struct row *r, struct strbuf *out)
{
    format_kib_pair(out, number_mem(r), number_maxmem(r), r->unicode);
}

double number_maxmem(const struct row *r)
{
    return isnan(r->vm->maxmem_kib) && r->vm->def && r->vm->def->maxmem_kib > 0 ? r->vm->def->maxmem_kib
                                                                                : r->vm->maxmem_kib;
}

void text_maxmem(const struct row *r, struct strbuf *out)
{
    format_bytes(out, number_maxmem(r) * 1024, r->unicode);
}

double number_mem_share(const struct row *r)
{
    return percent_of(r->vm->mem_kib, number_maxmem(r));
}

void text_mem_share(const struct row *r, struct strbuf *out)
{
    put_share(r, number_mem_share(r), out);
}

/* The sum of what is known of the two. */
static double sum_known(double a, double b)
{
    if (isnan(a)) {
        return b;
    }
    return isnan(b) ? a : a + b;
}

static void put_bytes_right(const struct row *r, double bytes, int width, struct strbuf *out)
{
    struct strbuf cell = {0};
    format_bytes(&cell, bytes, r->unicode);
    for (int pad = width - text_width(strbuf_str(&cell)); pad > 0; pad--) {
        strbuf_putc(out, ' ');
    }
    strbuf_puts(out, strbuf_str(&cell));
    strbuf_free(&cell);
}

/* Two figures under one heading: each keeps its place. */
static void put_pair(const struct row *r, double a, double b, struct strbuf *out)
{
    put_bytes_right(r, a, 4, out);
    strbuf_putc(out, ' ');
    put_bytes_right(r, b, 4, out);
}

double number_net(const struct row *r)
{
    return sum_known(r->vm->rx, r->vm->tx);
}

void text_net(const struct row *r, struct strbuf *out)
{
    put_pair(r, r->vm->rx, r->vm->tx, out);
}

double number_disk(const struct row *r)
{
    return sum_known(r->vm->rd, r->vm->wr);
}

void text_disk(const struct row *r, struct strbuf *out)
{
    put_pair(r, r->vm->rd, r->vm->wr, out);
}

double number_uptime(const struct row *r)
{
    return r->vm->uptime_s;
}

void text_uptime(const struct row *r, struct strbuf *out)
{
    format_duration(out, r->vm->uptime_s, r->unicode);
}

double number_age(const struct row *r)
{
    return r->vm->sampled_ms > 0 ? fmax(0, (double)(r->now_ms - r->vm->sampled_ms)) : NAN;
}

void text_age(const struct row *r, struct strbuf *out)
{
    double seconds = number_age(r) / 1000;
    if (seconds < 10) {
        strbuf_printf(out, "%.1fs", seconds);
    } else {
        format_duration(out, seconds, r->unicode);
    }
}

/* ---- yes and no ---- */

static void put_bool(const struct row *r, double number, struct strbuf *out)
{
    if (isnan(number)) {
        format_unknown(out, r->unicode);
    } else {
        strbuf_puts(out, number != 0 ? "yes" : "no");
    }
}

#define BOOL_TEXT(name)                                                                                      \
    void text_##name(const struct row *r, struct strbuf *out)                                                \
    {                                                                                                        \
        put_bool(r, number_##name(r), out);                                                                  \
    }

static double flag(const struct row *r, unsigned bit)
{
    return r->vm->flags & VM_FLAGS_KNOWN ? (r->vm->flags & bit) != 0 : NAN;
}

#define FLAG_CELL(name, bit)                                                                                 \
    double number_##name(const struct row *r)                                                                \
    {                                                                                                        \
        return flag(r, bit);                                                                                 \
    }                                                                                                        \
    BOOL_TEXT(name)

FLAG_CELL(persistent, VM_PERSISTENT)
FLAG_CELL(save, VM_MANAGED_SAVE)
FLAG_CELL(snapshot, VM_HAS_SNAPSHOT)

/* Asked for together with the definition. */
double number_changed(const struct row *r)
{
    return r->vm->def ? flag(r, VM_UPDATED) : NAN;
}
BOOL_TEXT(changed)

/* Whether it answers; where the definition was not read and nothing was heard of it, nobody knows. */
double number_agent(const struct row *r)
{
    if (r->vm->flags & VM_AGENT_UP) {
        return 1;
    }
    return r->vm->def ? 0 : NAN;
}
BOOL_TEXT(agent)

/* ---- levels ---- */

static enum level level_of_percent(const struct row *r, double percent)
{
    if (r->bad_percent > 0 && percent >= r->bad_percent) {
        return LEVEL_BAD;
    }
    if (r->warn_percent > 0 && percent >= r->warn_percent) {
        return LEVEL_WARN;
    }
    return LEVEL_NORMAL;
}

static bool dear_is_old(const struct row *r)
{
    return r->vm->dear_ms > 0 && r->now_ms - r->vm->dear_ms > r->stale_ms;
}

enum level level_cpu(const struct row *r)
{
    return isnan(r->vm->cpu) ? LEVEL_DIM : level_of_percent(r, number_cpu_share(r));
}

/* Where all of it is in use to the last KiB, that is the balloon's size and says nothing about want. */
enum level level_mem(const struct row *r)
{
    if (isnan(r->vm->mem_kib)) {
        return LEVEL_DIM;
    }
    if (r->vm->mem_kib >= number_maxmem(r)) {
        return LEVEL_NORMAL;
    }
    enum level level = level_of_percent(r, number_mem_share(r));
    return level == LEVEL_NORMAL && dear_is_old(r) ? LEVEL_DIM : level;
}

/* Quiet figures step back behind busy ones. */
static enum level level_rate(double rate, bool old)
{
    return isnan(rate) || rate <= 0 || old ? LEVEL_DIM : LEVEL_NORMAL;
}

#define RATE_LEVEL(name, old)                                                                                \
    enum level level_##name(const struct row *r)                                                             \
    {                                                                                                        \
        return level_rate(number_##name(r), old);                                                            \
    }

RATE_LEVEL(rx, false)
RATE_LEVEL(tx, false)
RATE_LEVEL(net, false)
RATE_LEVEL(rd, dear_is_old(r))
RATE_LEVEL(wr, dear_is_old(r))
RATE_LEVEL(disk, dear_is_old(r))
RATE_LEVEL(rd_ops, dear_is_old(r))
RATE_LEVEL(wr_ops, dear_is_old(r))

enum level level_autostart(const struct row *r)
{
    static const enum level levels[AUTOSTARTS] = {
        [AUTOSTART_UNKNOWN] = LEVEL_DIM, [AUTOSTART_OFF] = LEVEL_DIM,      [AUTOSTART_NATIVE] = LEVEL_NORMAL,
        [AUTOSTART_ONCE] = LEVEL_NORMAL, [AUTOSTART_ORDERED] = LEVEL_GOOD, [AUTOSTART_BLOCKED] = LEVEL_WARN,
        [AUTOSTART_NOBODY] = LEVEL_BAD};
    enum vm_autostart a = autostart_of(r->vm);
    return (unsigned)a < AUTOSTARTS ? levels[a] : LEVEL_DIM;
}

enum level level_age(const struct row *r)
{
    return row_is_stale(r) ? LEVEL_WARN : LEVEL_DIM;
}

enum level level_dim(const struct row *r)
{
    (void)r;
    return LEVEL_DIM;
}
