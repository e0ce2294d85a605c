/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `list` and `sample`: the table of domains as text, CSV or JSON.
 */
#include <langinfo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "autostart/view.h"
#include "base/clock.h"
#include "command/families.h"
#include "command/query.h"

#define TEXT_COLUMNS "name,state,cpu,mem,vcpus,autostart,ip"
/* What scripts may rely on; columns that come later are asked for by name. */
#define JSON_COLUMNS                                                                                         \
    "name,uuid,id,state,reason,cpu,vcpus,mem,maxmem,rx,tx,rd,wr,autostart,order,ip,uptime,title,os,host,age"
/* Columns that are read from a domain's XML, which comes a moment after the figures. */
#define FROM_DEFINITION                                                                                      \
    "title description os tags autostart order ip type arch machine vcpus maxmem agent changed"

struct table {
    struct call *call;
    column_list columns;
    struct filter *filter;
    const struct column *sort; /* NULL: by name */
    bool descending, csv, unicode;
    VEC(struct snapshot *) snapshots; /* what the rows point into */
    VEC(struct row) rows;
};

static void rows_clear(struct table *t)
{
    for (size_t i = 0; i < t->snapshots.len; i++)
        snapshot_unref(t->snapshots.items[i]);
    t->snapshots.len = 0;
    t->rows.len = 0;
}

static void table_free(struct table *t)
{
    rows_clear(t);
    vec_free(&t->snapshots);
    vec_free(&t->rows);
    vec_free(&t->columns);
    filter_free(t->filter);
}

static bool table_columns(struct table *t, struct error *e)
{
    const char *asked = call_option(t->call, "columns");
    bool machine = t->call->json || t->csv;
    if (asked)
        return column_parse_list(asked, &t->columns, e);
    if (fleet_len(t->call->session->fleet) > 1 && !machine && !column_parse_list("host", &t->columns, e))
        return false;
    return column_parse_list(machine ? JSON_COLUMNS : TEXT_COLUMNS, &t->columns, e);
}

/* Options were checked when the call was prepared; `--csv` of the program counts for its commands. */
static bool table_init(struct table *t, struct call *call, struct error *e)
{
    const char *sort = call_option(call, "sort"), *filter = call_option(call, "filter");
    *t = (struct table){.call = call, .csv = call_option(call, "csv") || call->session->csv};
    t->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (t->csv && call->json)
        return error_set(e, STATUS_USAGE, "%s: --csv and --json exclude each other", call->command->name);
    if (sort) {
        t->descending = sort[0] == '-';
        t->sort = column_find(sort + t->descending);
    }
    struct error mistake = ERROR_INIT;
    t->filter = filter ? filter_compile(filter, &mistake) : NULL;
    if (mistake.status != STATUS_OK) {
        error_move(e, &mistake);
        return false;
    }
    return table_columns(t, e);
}

/* ---- gathering ---- */

static int compare_rows(const void *a, const void *b, void *arg)
{
    const struct table *t = arg;
    const struct row *x = a, *y = b;
    return t->sort ? column_compare(t->sort, t->descending, x, y)
                   : column_compare(column_find("name"), false, x, y);
}

static void rows_gather(struct table *t)
{
    struct session *s = t->call->session;
    rows_clear(t);
    for (size_t h = 0; h < fleet_len(s->fleet); h++) {
        struct snapshot *snap = fleet_snapshot(s->fleet, (int)h);
        vec_push(&t->snapshots, snap);
        for (size_t i = 0; i < snap->n_vms; i++) {
            struct row row = row_of(snap, &snap->vms[i], s->options, t->unicode);
            if (filter_match(t->filter, &row))
                vec_push(&t->rows, row);
        }
    }
    if (t->rows.len > 1)
        qsort_r(t->rows.items, t->rows.len, sizeof *t->rows.items, compare_rows, t);
}

/* ---- printing ---- */

static void cell_text(const struct column *c, const struct row *r, struct strbuf *out)
{
    struct strbuf raw = {0};
    c->text(r, &raw);
    text_escape(out, strbuf_str(&raw), raw.len);
    strbuf_free(&raw);
}

static const char *heading(const struct table *t, const struct column *c)
{
    return !t->unicode && c->ascii_title ? c->ascii_title : c->title;
}

static void put_cell(struct strbuf *out, const struct column *c, const char *text, int width, bool last)
{
    int pad = width - text_width(text);
    if (c->align == TEXT_RIGHT)
        strbuf_printf(out, "%*s", pad, "");
    strbuf_puts(out, text);
    if (c->align != TEXT_RIGHT && !last)
        strbuf_printf(out, "%*s", pad, "");
    strbuf_puts(out, last ? "\n" : "  ");
}

/* As wide as the widest cell: nothing is cut, for the output may go anywhere. */
static int *measure(const struct table *t, struct strbuf *cell)
{
    int *widths = xcalloc(t->columns.len, sizeof *widths);
    for (size_t i = 0; i < t->columns.len; i++) {
        const struct column *c = t->columns.items[i];
        widths[i] = text_width(heading(t, c));
        for (size_t r = 0; r < t->rows.len; r++) {
            strbuf_clear(cell);
            cell_text(c, &t->rows.items[r], cell);
            int width = text_width(strbuf_str(cell));
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    return widths;
}

static void print_text(const struct table *t, struct strbuf *out)
{
    struct strbuf cell = {0};
    int *widths = measure(t, &cell);
    for (size_t i = 0; i < t->columns.len; i++)
        put_cell(out, t->columns.items[i], heading(t, t->columns.items[i]), widths[i],
                 i + 1 == t->columns.len);
    for (size_t r = 0; r < t->rows.len; r++) {
        for (size_t i = 0; i < t->columns.len; i++) {
            strbuf_clear(&cell);
            cell_text(t->columns.items[i], &t->rows.items[r], &cell);
            put_cell(out, t->columns.items[i], strbuf_str(&cell), widths[i], i + 1 == t->columns.len);
        }
    }
    free(widths);
    strbuf_free(&cell);
}

static json_object *cell_json(const struct column *c, const struct row *r)
{
    char scratch[COLUMN_SCRATCH];
    if (!c->number)
        return json_text(c->value(r, scratch));
    double value = c->number(r);
    if (c->type == COLUMN_BOOL && !isnan(value))
        return json_object_new_boolean(value != 0);
    return json_figure(value);
}

static json_object *rows_json(const struct table *t)
{
    json_object *array = json_object_new_array_ext((int)t->rows.len);
    for (size_t r = 0; r < t->rows.len; r++) {
        json_object *o = json_object_new_object();
        for (size_t i = 0; i < t->columns.len; i++)
            json_object_object_add(o, t->columns.items[i]->id,
                                   cell_json(t->columns.items[i], &t->rows.items[r]));
        json_object_array_add(array, o);
    }
    return array;
}

/* RFC 4180: quoted where it has to be, quotes doubled. */
static void csv_field(struct strbuf *out, const char *text)
{
    if (!text[strcspn(text, "\",\r\n")] && text[0] != ' ') {
        strbuf_puts(out, text);
        return;
    }
    strbuf_putc(out, '"');
    for (const char *p = text; *p; p++) {
        if (*p == '"')
            strbuf_putc(out, '"');
        strbuf_putc(out, *p);
    }
    strbuf_putc(out, '"');
}

static void csv_cell(struct strbuf *out, const struct column *c, const struct row *r)
{
    json_object *value = cell_json(c, r);
    if (json_object_is_type(value, json_type_string))
        csv_field(out, json_object_get_string(value));
    else if (value)
        strbuf_puts(out, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
    json_object_put(value);
}

static void csv_header(const struct table *t, const char *first, struct strbuf *out)
{
    strbuf_puts(out, first ? first : "");
    for (size_t i = 0; i < t->columns.len; i++)
        strbuf_printf(out, "%s%s", i || first ? "," : "", t->columns.items[i]->id);
    strbuf_putc(out, '\n');
}

static void csv_rows(const struct table *t, const char *first, struct strbuf *out)
{
    for (size_t r = 0; r < t->rows.len; r++) {
        strbuf_puts(out, first ? first : "");
        for (size_t i = 0; i < t->columns.len; i++) {
            strbuf_puts(out, i || first ? "," : "");
            csv_cell(out, t->columns.items[i], &t->rows.items[r]);
        }
        strbuf_putc(out, '\n');
    }
}

static void print(const struct table *t, struct strbuf *out)
{
    const struct frontend *f = t->call->session->frontend;
    f->print(f->ctx, strbuf_str(out));
    strbuf_free(out);
}

static void print_json(const struct table *t)
{
    const struct frontend *f = t->call->session->frontend;
    f->print_json(f->ctx, rows_json(t));
}

/* ---- waiting until there is something to print ---- */

struct ready {
    const struct table *table;
    uint64_t ticks;                         /* complete ticks that are needed */
    bool definitions, ip, rates, autostart; /* what else */
    int64_t defined_ms;                     /* when all definitions were there; 0 not yet */
};

/* What comes after the definitions, which name the NICs and disks, and how long it is waited for: addresses
 * (libvirt's leases are there at once; bridged guests have none, and their agent may never answer) and the
 * first rates (some drivers have none). */
#define ADDRESSES_MS 250
#define RATES_MS     700
/* Which disk paused a domain is asked of its QEMU, which may have no time. */
#define FAULTS_MS 1000
/* What really starts with the host is worked out where some domain has a policy. */
#define AUTOSTART_MS     5000
#define AUTOSTART_AGE_MS 10000

static bool host_ready(const struct ready *w, const struct host_info *h)
{
    return h->state != HOST_UP || (h->ticks >= w->ticks && (!w->definitions || h->details_pending == 0));
}

static bool rates_known(const struct ready *w, const struct snapshot *s, const struct vm *vm)
{
    struct row row = row_of(s, vm, NULL, false);
    for (size_t i = 0; i < w->table->columns.len; i++) {
        const struct column *c = w->table->columns.items[i];
        if (c->rate && c->number && isnan(c->number(&row)))
            return false;
    }
    return true;
}

static bool has_nic(const struct vm *vm)
{
    for (size_t i = 0; vm->def && i < vm->def->devices.len; i++)
        if (vm->def->devices.items[i].mac)
            return true;
    return false;
}

/* The first domain with a policy of which nothing is known yet; NULL: none. */
static const struct vm *without_verdict(const struct snapshot *s)
{
    for (size_t i = 0; i < s->n_vms; i++)
        if (s->vms[i].autostart == AUTOSTART_UNKNOWN && s->vms[i].start && s->vms[i].start->policy.present)
            return &s->vms[i];
    return NULL;
}

static bool autostart_known(const struct ready *w, const struct snapshot *s, int64_t waited)
{
    const struct vm *vm = w->autostart && waited < AUTOSTART_MS ? without_verdict(s) : NULL;
    if (!vm)
        return true;
    struct autostart_view *v = fleet_autostart(w->table->call->session->fleet, s->host.id, AUTOSTART_AGE_MS);
    const struct vm_verdict *verdict =
        v && v->survey.complete ? autostart_verdict(&v->check, &vm->uuid) : NULL;
    /* Of some hosts nobody can tell: remote ones, the test driver. Else it comes with the next snapshot. */
    bool nobody_knows = verdict && verdict->verdict == AUTOSTART_UNKNOWN;
    autostart_view_unref(v);
    return nobody_knows;
}

/* Whether it pays to wait any longer, `waited` ms after the definitions. */
static bool late_known(const struct ready *w, const struct snapshot *s, int64_t waited)
{
    if (s->host.state == HOST_UP && !autostart_known(w, s, waited))
        return false;
    if (s->host.faults_pending && waited < FAULTS_MS)
        return false;
    bool ip = w->ip && waited < ADDRESSES_MS, rates = w->rates && waited < RATES_MS;
    if (s->host.state != HOST_UP || (!ip && !rates))
        return true;
    for (size_t i = 0; i < s->n_vms; i++) {
        const struct vm *vm = &s->vms[i];
        if (!vm_state_is_active(vm->state))
            continue;
        if ((ip && !vm->ip && has_nic(vm)) || (rates && !rates_known(w, s, vm)))
            return false;
    }
    return true;
}

static bool is_ready(void *arg)
{
    struct ready *w = arg;
    struct fleet *f = w->table->call->session->fleet;
    int64_t waited = w->defined_ms ? clock_mono_ms() - w->defined_ms : 0;
    bool ready = true, late = true;
    for (size_t h = 0; h < fleet_len(f) && ready; h++) {
        struct snapshot *snap = fleet_snapshot(f, (int)h);
        ready = host_ready(w, &snap->host);
        late = late && ready && late_known(w, snap, waited);
        snapshot_unref(snap);
    }
    if (ready && !w->defined_ms)
        w->defined_ms = clock_mono_ms();
    return ready && late;
}

static bool needs(const struct table *t, bool (*test)(const struct column *c))
{
    for (size_t i = 0; i < t->columns.len; i++)
        if (test(t->columns.items[i]))
            return true;
    return t->sort && test(t->sort);
}

static bool needs_rate(const struct column *c)
{
    return c->rate;
}

static bool needs_definition(const struct column *c)
{
    return list_has(FROM_DEFINITION, ' ', c->id);
}

static bool is_autostart(const struct column *c)
{
    return strcmp(c->id, "autostart") == 0;
}

static bool is_ip(const struct column *c)
{
    return strcmp(c->id, "ip") == 0;
}

static bool wait_ready(const struct table *t, struct error *e)
{
    const struct frontend *f = t->call->session->frontend;
    /* A filter may ask for anything. */
    bool rates = needs(t, needs_rate);
    struct ready w = {.table = t,
                      .ticks = t->filter || rates ? 2 : 1,
                      .definitions = t->filter || needs(t, needs_definition),
                      .ip = needs(t, is_ip),
                      .rates = rates,
                      .autostart = t->filter || needs(t, is_autostart)};
    if (f->wait && !f->wait(f->ctx, -1, is_ready, &w, -1, e))
        return false;
    if (t->filter)
        tell_unread(t->call->session);
    return true;
}

bool list_run(struct call *call, struct error *e)
{
    struct table t;
    struct strbuf out = {0};
    bool good = table_init(&t, call, e) && wait_ready(&t, e);
    if (good) {
        rows_gather(&t);
        if (call->json) {
            print_json(&t);
        } else {
            if (t.csv) {
                csv_header(&t, NULL, &out);
                csv_rows(&t, NULL, &out);
            } else {
                print_text(&t, &out);
            }
            print(&t, &out);
        }
    }
    table_free(&t);
    return good;
}

/* ---- sample ---- */

struct next_tick {
    struct fleet *fleet;
    VEC(uint64_t) seen; /* ticks of each host at the last sample */
};

static void note_ticks(struct next_tick *n)
{
    n->seen.len = 0;
    for (size_t h = 0; h < fleet_len(n->fleet); h++) {
        struct snapshot *snap = fleet_snapshot(n->fleet, (int)h);
        vec_push(&n->seen, snap->host.ticks);
        snapshot_unref(snap);
    }
}

static bool all_ticked(void *arg)
{
    struct next_tick *n = arg;
    bool all = true;
    for (size_t h = 0; h < n->seen.len && all; h++) {
        struct snapshot *snap = fleet_snapshot(n->fleet, (int)h);
        all = snap->host.state != HOST_UP || snap->host.ticks > n->seen.items[h];
        snapshot_unref(snap);
    }
    return all;
}

static void iso_time(char *out, size_t size)
{
    int64_t ms = clock_wall_ms();
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out + n, size - n, ".%03dZ", (int)(ms % 1000));
}

static void print_sample(struct table *t, bool first)
{
    struct strbuf out = {0};
    char now[64];
    rows_gather(t);
    iso_time(now, sizeof now);
    if (t->call->json) {
        print_json(t);
        return;
    }
    if (t->csv) {
        if (first)
            csv_header(t, "time", &out);
        csv_rows(t, now, &out);
    } else {
        strbuf_printf(&out, "%s%s\n", first ? "" : "\n", now);
        print_text(t, &out);
    }
    print(t, &out);
}

static bool read_sample_options(struct call *call, double *count, double *seconds, struct error *e)
{
    const char *n = call_option(call, "n"), *d = call_option(call, "d");
    *count = n ? strtod(n, NULL) : INFINITY;
    *seconds = d ? strtod(d, NULL) : opt_number(call->session->options, OPT_INTERVAL);
    if (*count < 1 || (n && *count != floor(*count)))
        return error_set(e, STATUS_USAGE, "sample: -n wants a whole number of samples from 1 on, not %s", n);
    if (*seconds < 0.05 || *seconds > 86400)
        return error_set(e, STATUS_USAGE, "sample: -d wants seconds from 0.05 to 86400, not %s", d);
    return true;
}

bool sample_run(struct call *call, struct error *e)
{
    struct table t = {0};
    struct error stopped = ERROR_INIT;
    struct next_tick next = {.fleet = call->session->fleet};
    double count = 0, seconds = 0;
    if (!read_sample_options(call, &count, &seconds, e) || !table_init(&t, call, e)) {
        table_free(&t);
        return false;
    }
    const struct frontend *f = call->session->frontend;
    bool good = wait_ready(&t, &stopped);
    /* The next tick is still due at the old pace: the first sample is taken there, the others come after it.
     */
    fleet_set_interval(next.fleet, seconds);
    note_ticks(&next);
    for (double i = 0; good && i < count; i++) {
        if (i > 0 || count > 1)
            good = f->wait(f->ctx, -1, all_ticked, &next, -1, &stopped);
        if (!good)
            break;
        note_ticks(&next);
        print_sample(&t, i == 0);
    }
    /* Without -n, being stopped is how it ends. */
    if (!good && isinf(count) && stopped.status == STATUS_FAILED)
        good = true;
    else if (!good)
        error_move(e, &stopped);
    error_clear(&stopped);
    table_free(&t);
    vec_free(&next.seen);
    return good;
}
