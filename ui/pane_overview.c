/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person asks first about a domain (or, on a group's row, about its host).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "device/kinds.h"
#include "model/finding.h"
#include "ui/causes.h"
#include "ui/pane_autostart.h"

#define LABEL_W     11
#define TWO_COLUMNS 96 /* from this width on, facts stand in two columns */
#define LAST_EVENTS 6
#define MOST_CAUSES 3

/* A pane being written: facts go left and right in turn. */
struct writer {
    struct deck *d;
    struct canvas *c;
    struct sheet sheet;
    const struct vm *vm;
    const struct snapshot *snap;
    struct row row;
    bool two;
    bool right; /* the next fact stands at the right */
    struct strbuf text;
};

static int fact_width(const struct writer *w)
{
    return w->two ? (w->sheet.area.w - 4) / 2 - 1 : w->sheet.area.w - 4;
}

static struct pen fact(struct writer *w, const char *label)
{
    int width = fact_width(w);
    int x = 2 + (w->right ? width + 2 : 0);
    struct pen p = sheet_pen(&w->sheet, x, width);
    int from = p.x;
    pen_text(&p, ROLE_DIM, label);
    pen_to(&p, from + LABEL_W);
    return p;
}

static void fact_end(struct writer *w)
{
    if (w->two && !w->right) {
        w->right = true;
        return;
    }
    w->right = false;
    sheet_next(&w->sheet);
}

static void line_end(struct writer *w)
{
    if (w->right)
        sheet_next(&w->sheet);
    w->right = false;
}

/* A fact that is a text, or not worth a line when there is none. */
static void text_fact(struct writer *w, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    struct pen p = fact(w, label);
    pen_fit(&p, p.end - p.x, ROLE_TEXT, TEXT_LEFT, text);
    fact_end(w);
}

static void buffer_fact(struct writer *w, const char *label)
{
    text_fact(w, label, strbuf_str(&w->text));
    strbuf_clear(&w->text);
}

static const char *bytes(struct writer *w, double v)
{
    strbuf_clear(&w->text);
    format_bytes(&w->text, v, w->c->unicode);
    return strbuf_str(&w->text);
}

static void section(struct writer *w, const char *title)
{
    line_end(w);
    sheet_next(&w->sheet);
    struct pen p = sheet_pen(&w->sheet, 2, 0);
    pen_text(&p, ROLE_TITLE, title);
    sheet_next(&w->sheet);
}

static void state_fact(struct writer *w)
{
    const struct column *state = column_find("state");
    struct pen p = fact(w, "State");
    enum role role = state && state->level ? role_of_level(state->level(&w->row)) : ROLE_TEXT;
    pen_text(&p, role, vm_state_name(w->vm->state));
    if (w->vm->reason && *w->vm->reason)
        pen_printf(&p, ROLE_DIM, " (%s)", w->vm->reason);
    if (w->vm->since_wall_ms > 0) {
        strbuf_clear(&w->text);
        format_duration(&w->text, (double)(w->d->now_wall_ms - w->vm->since_wall_ms) / 1000, w->c->unicode);
        pen_printf(&p, ROLE_TEXT, " for %s", strbuf_str(&w->text));
        strbuf_clear(&w->text);
        format_time(&w->text, w->vm->since_wall_ms, w->d->now_wall_ms);
        pen_printf(&p, ROLE_DIM, ", since %s", strbuf_str(&w->text));
    }
    strbuf_clear(&w->text);
    fact_end(w);
}

static void age_fact(struct writer *w)
{
    if (!row_is_stale(&w->row))
        return;
    struct pen p = fact(w, "Figures");
    strbuf_clear(&w->text);
    if (w->vm->sampled_ms)
        format_duration(&w->text, (double)(w->d->now_ms - w->vm->sampled_ms) / 1000, w->c->unicode);
    pen_printf(&p, ROLE_WARN, "%s", w->vm->sampled_ms ? "stale: " : "not read yet");
    pen_printf(&p, ROLE_WARN, "%s%s", strbuf_str(&w->text), w->vm->sampled_ms ? " old" : "");
    fact_end(w);
}

static double full_cpu(const struct vm *vm)
{
    return vm->vcpus > 0 ? vm->vcpus * 100 : NAN;
}

static void cpu_fact(struct writer *w)
{
    const struct vm *vm = w->vm;
    struct pen p = fact(w, "CPU");
    strbuf_clear(&w->text);
    format_percent(&w->text, vm->cpu, w->c->unicode);
    if (vm_state_is_active(vm->state)) {
        if (p.c && p.x + 12 < p.end)
            graph_bar(p.c, p.x, p.y, 12, ROLE_GRAPH_CPU, vm->cpu / full_cpu(vm));
        pen_skip(&p, 13);
        pen_printf(&p, ROLE_TEXT, "%s%s of ", strbuf_str(&w->text), isnan(vm->cpu) ? "" : "%");
    }
    if (isnan(vm->vcpus))
        pen_text(&p, ROLE_TEXT, "unknown vCPUs");
    else
        pen_printf(&p, ROLE_TEXT, "%.0f vCPU%s", vm->vcpus, vm->vcpus > 1 ? "s" : "");
    if (vm->vcpus_max > vm->vcpus)
        pen_printf(&p, ROLE_DIM, ", up to %.0f", vm->vcpus_max);
    fact_end(w);
}

static void memory_fact(struct writer *w)
{
    const struct vm *vm = w->vm;
    struct pen p = fact(w, "Memory");
    if (vm_state_is_active(vm->state)) {
        if (p.c && p.x + 12 < p.end)
            graph_bar(p.c, p.x, p.y, 12, ROLE_GRAPH_MEM,
                      vm->maxmem_kib > 0 ? vm->mem_kib / vm->maxmem_kib : NAN);
        pen_skip(&p, 13);
        pen_printf(&p, ROLE_TEXT, "%s of ", bytes(w, vm->mem_kib * 1024));
    }
    pen_text(&p, ROLE_TEXT, bytes(w, vm->maxmem_kib * 1024));
    fact_end(w);
}

/* Why it does not come to what its policy says; NULL where nothing is known. */
static const char *autostart_why(const struct writer *w)
{
    const struct autostart_view *v = starts_view(w->d);
    const struct vm_verdict *verdict = v ? autostart_verdict(&v->check, &w->vm->uuid) : NULL;
    return verdict ? verdict->why : NULL;
}

static void autostart_fact(struct writer *w)
{
    static const char *const words[AUTOSTARTS] = {[AUTOSTART_UNKNOWN] = "unknown",
                                                  [AUTOSTART_OFF] = "off",
                                                  [AUTOSTART_NATIVE] = "on",
                                                  [AUTOSTART_ONCE] = "once",
                                                  [AUTOSTART_ORDERED] = "ordered",
                                                  [AUTOSTART_BLOCKED] = "will not start",
                                                  [AUTOSTART_NOBODY] = "nobody will start it"};
    const struct vm *vm = w->vm;
    enum vm_autostart a = vm->autostart;
    const char *why = a == AUTOSTART_BLOCKED || a == AUTOSTART_NOBODY ? autostart_why(w) : NULL;
    if (a == AUTOSTART_UNKNOWN && vm->flags & VM_FLAGS_KNOWN)
        a = vm->flags & VM_AUTOSTART        ? AUTOSTART_NATIVE
            : vm->flags & VM_AUTOSTART_ONCE ? AUTOSTART_ONCE
                                            : AUTOSTART_OFF;
    strbuf_clear(&w->text);
    if (vm->flags & VM_FLAGS_KNOWN && !(vm->flags & VM_PERSISTENT))
        strbuf_puts(&w->text, "no: transient, gone when it stops");
    else
        strbuf_puts(&w->text, words[a]);
    if (vm->def && vm->def->autostart_order >= 0)
        strbuf_printf(&w->text, ", order %d", vm->def->autostart_order);
    if (why)
        strbuf_printf(&w->text, ": %s", why);
    buffer_fact(w, "Autostart");
}

/* A run that goes on, or the last one where it did not come to its end. */
static void run_fact(struct writer *w)
{
    const struct autostart_view *v = starts_view(w->d);
    if (!v || v->run.state == RUN_NONE)
        return;
    strbuf_clear(&w->text);
    starts_run_text(&v->run, &w->text);
    if (w->text.len)
        buffer_fact(w, v->run.state == RUN_UNDER_WAY ? v->run.reverse ? "Shutting down" : "Starting"
                                                     : "Last run");
}

static void agent_fact(struct writer *w)
{
    if (!w->vm->def)
        return;
    if (!w->vm->def->has_agent)
        text_fact(w, "Agent", "no channel for the guest agent");
    else if (vm_state_is_active(w->vm->state))
        text_fact(w, "Agent", w->vm->flags & VM_AGENT_UP ? "connected" : "not connected");
}

static void machine_facts(struct writer *w)
{
    const struct vm *vm = w->vm;
    const struct domdef *def = vm->def;
    char uuid[UUID_TEXT_LEN + 1];
    uuid_format(&vm->uuid, uuid);
    strbuf_clear(&w->text);
    if (def) {
        text_fact(w, "OS", def->os);
        strbuf_printf(&w->text, "%s%s%s%s%s", def->type ? def->type : "", def->arch ? " " : "",
                      def->arch ? def->arch : "", def->machine ? " " : "", def->machine ? def->machine : "");
        buffer_fact(w, "Machine");
    }
    if (vm->id >= 0)
        strbuf_printf(&w->text, "%d, ", vm->id);
    strbuf_puts(&w->text, uuid);
    buffer_fact(w, vm->id >= 0 ? "Id, UUID" : "UUID");
    strbuf_printf(&w->text, "%s%s%s", vm->flags & VM_MANAGED_SAVE ? "managed save image, " : "",
                  vm->flags & VM_HAS_SNAPSHOT ? "snapshots, " : "",
                  vm->flags & VM_UPDATED ? "definition changed since its start, " : "");
    if (w->text.len > 2)
        w->text.s[w->text.len - 2] = '\0';
    buffer_fact(w, "Has");
    if (def)
        text_fact(w, "Tags", def->tags);
    if (vm->flags & VM_STUCK)
        text_fact(w, "Stuck", "a call on it does not end; its definition can't be read meanwhile");
}

static bool is_kind(const struct vm_device *dev, const char *a, const char *b)
{
    return strcmp(dev->kind->id, a) == 0 || (b && strcmp(dev->kind->id, b) == 0);
}

/* Whole or not at all: a figure that is cut is another figure. */
static void figure(struct pen *p, enum role role, const char *label, const char *text)
{
    if (p->x + 2 + pen_width(label) + pen_width(text) <= p->end)
        pen_printf(p, role, "  %s%s", label, text);
}

static void rates(struct writer *w, struct pen *p, const struct vm_device_rate *r)
{
    if (!r)
        return;
    bool u = w->c->unicode;
    figure(p, ROLE_GRAPH_IN, r->is_nic ? (u ? "↓" : "rx ") : "rd ", bytes(w, r->in));
    figure(p, ROLE_GRAPH_OUT, r->is_nic ? (u ? "↑" : "tx ") : "wr ", bytes(w, r->out));
    if (!r->is_nic && r->capacity > 0) {
        char *sizes = xasprintf("%s of ", bytes(w, r->allocation));
        char *both = xasprintf("%s%s", sizes, bytes(w, r->capacity));
        figure(p, ROLE_DIM, "", both);
        free(sizes);
        free(both);
    }
}

static void device_line(struct writer *w, const struct vm_device *dev, bool nic)
{
    struct pen p = sheet_pen(&w->sheet, 2, w->sheet.area.w - 4);
    int from = p.x;
    pen_fit(&p, LABEL_W - 1, ROLE_TEXT, TEXT_LEFT, dev->name ? dev->name : "");
    pen_to(&p, from + LABEL_W);
    pen_printf(&p, ROLE_DIM, "%s ", dev->model ? dev->model : dev->kind->id);
    pen_text(&p, ROLE_TEXT, dev->source ? dev->source : nic ? "" : "(empty)");
    if (nic && dev->mac)
        pen_printf(&p, ROLE_DIM, "  %s", dev->mac);
    if (nic && dev->link_down)
        pen_text(&p, ROLE_WARN, "  link down");
    if (dev->readonly)
        pen_text(&p, ROLE_DIM, "  read-only");
    rates(w, &p, pane_rate_of(w->vm, dev));
    sheet_next(&w->sheet);
}

static void device_section(struct writer *w, const char *title, const char *a, const char *b, bool nic)
{
    const struct domdef *def = w->vm->def;
    bool any = false;
    for (size_t i = 0; i < def->devices.len; i++) {
        if (!is_kind(&def->devices.items[i], a, b))
            continue;
        if (!any)
            section(w, title);
        any = true;
        device_line(w, &def->devices.items[i], nic);
    }
}

static void last_events(struct writer *w)
{
    if (!w->d->events)
        return;
    int shown = 0;
    for (size_t i = 0; i < eventlog_len(w->d->events) && shown < LAST_EVENTS; i++) {
        const struct event *ev = eventlog_at(w->d->events, i);
        if (!uuid_equal(&ev->uuid, &w->vm->uuid))
            continue;
        if (shown++ == 0)
            section(w, "LAST EVENTS");
        struct pen p = sheet_pen(&w->sheet, 2, w->sheet.area.w - 4);
        int from = p.x;
        strbuf_clear(&w->text);
        format_time(&w->text, ev->wall_ms, w->d->now_wall_ms);
        pen_text(&p, ROLE_DIM, strbuf_str(&w->text));
        pen_to(&p, from + LABEL_W - 2);
        pen_skip(&p, 2);
        pen_text(&p, role_of_severity(ev->severity), ev->text ? ev->text : "");
        sheet_next(&w->sheet);
    }
}

/* What libvirt itself complains of: tainted, deprecated settings. */
static void messages(struct writer *w)
{
    char *all = xstrdup(w->vm->def ? w->vm->def->messages : NULL), *rest = all;
    if (all)
        section(w, "LIBVIRT SAYS");
    for (char *line; (line = strsep(&rest, "\n"));)
        sheet_wrap(&w->sheet, 2, w->sheet.area.w - 4, ROLE_WARN, line);
    free(all);
}

static const char *member(json_object *o, const char *key)
{
    json_object *value = NULL;
    json_object_object_get_ex(o, key, &value);
    return value ? json_object_get_string(value) : NULL;
}

static void cause_lines(struct writer *w, json_object *finding, size_t number)
{
    const char *severity = member(finding, "severity"), *cause = member(finding, "cause"),
               *remedy = member(finding, "remedy");
    bool error = severity && strcmp(severity, finding_word(SEV_ERROR)) == 0;
    struct pen p = sheet_pen(&w->sheet, 2, 3);
    pen_printf(&p, ROLE_DIM, "%zu", number);
    sheet_wrap(&w->sheet, 5, w->sheet.area.w - 7, error ? ROLE_WARN : ROLE_TEXT, cause ? cause : "");
    if (!remedy)
        return;
    p = sheet_pen(&w->sheet, 5, w->sheet.area.w - 7);
    pen_printf(&p, ROLE_KEY, "%s%s", w->c->unicode ? "→ " : "> ", remedy);
    sheet_next(&w->sheet);
}

/* Why it failed last, and what helps. */
static void causes(struct writer *w)
{
    json_object *result = causes_of(w->d, w->snap->host.id, &w->vm->uuid), *list = NULL;
    json_object_object_get_ex(result, "findings", &list);
    size_t n = list ? json_object_array_length(list) : 0;
    if (n == 0)
        return;
    char key[32], *title;
    keymap_label_for(&w->d->keymap, PLACE_PANE, "here explain", key, sizeof key);
    if (n > MOST_CAUSES)
        title = xasprintf("WHY IT FAILED (%s: what helps, and %zu more)", key, n - MOST_CAUSES);
    else
        title = xasprintf("WHY IT FAILED (%s: what helps)", key);
    section(w, title);
    free(title);
    for (size_t i = 0; i < n && i < MOST_CAUSES; i++)
        cause_lines(w, json_object_array_get_idx(list, i), i + 1);
}

static void host_trouble(struct writer *w)
{
    const struct host_info *h = &w->snap->host;
    if (h->state == HOST_UP)
        return;
    struct pen p = sheet_pen(&w->sheet, 2, w->sheet.area.w - 4);
    pen_printf(&p, ROLE_BAD, "%s", h->name ? h->name : h->uri);
    pen_printf(&p, ROLE_WARN, ": %s", h->state_text ? h->state_text : host_state_name(h->state));
    sheet_next(&w->sheet);
}

static void write_vm(struct writer *w)
{
    const struct domdef *def = w->vm->def;
    host_trouble(w);
    if (def && def->title && *def->title) {
        struct pen p = sheet_pen(&w->sheet, 2, w->sheet.area.w - 4);
        pen_text(&p, ROLE_TITLE, def->title);
        sheet_next(&w->sheet);
    }
    state_fact(w);
    if (!w->vm->def && !(w->vm->flags & VM_STUCK))
        text_fact(w, "Definition", "being read");
    age_fact(w);
    autostart_fact(w);
    run_fact(w);
    cpu_fact(w);
    memory_fact(w);
    text_fact(w, "Addresses", w->vm->ip);
    agent_fact(w);
    machine_facts(w);
    line_end(w);
    causes(w);
    if (def) {
        device_section(w, "DISKS", "disk", "cdrom", false);
        device_section(w, "NETWORK", "nic", "interface", true);
    }
    messages(w);
    last_events(w);
    if (def && def->description && *def->description) {
        section(w, "DESCRIPTION");
        sheet_wrap(&w->sheet, 2, w->sheet.area.w - 4, ROLE_TEXT, def->description);
    }
}

/* What comes up with the host. */
static void boot_fact(struct writer *w)
{
    const struct autostart_view *v = starts_view(w->d);
    size_t n = 0;
    if (!v)
        return;
    for (uint32_t i = 0; i < v->up->n_nodes; i++)
        n += v->up->nodes[i].kind == PLAN_DOMAIN && v->up->nodes[i].who == PLAN_OURS &&
             v->up->nodes[i].start_ms >= 0;
    size_t problems = findings_count(&v->check.boot, SEV_ERROR) + findings_count(&v->check.boot, SEV_WARN);
    strbuf_printf(&w->text, "%zu in order at the next boot", n);
    if (problems)
        strbuf_printf(&w->text, ", %zu problem%s", problems, problems == 1 ? "" : "s");
    buffer_fact(w, "Autostart");
}

static void version_fact(struct writer *w, const char *label, const char *name, unsigned long v)
{
    if (v == 0)
        return;
    strbuf_clear(&w->text);
    strbuf_printf(&w->text, "%s %lu.%lu.%lu", name, v / 1000000, v / 1000 % 1000, v % 1000);
    buffer_fact(w, label);
}

static void write_host(struct writer *w)
{
    const struct host_info *h = &w->snap->host;
    host_trouble(w);
    text_fact(w, "Host", h->name);
    text_fact(w, "URI", h->uri);
    text_fact(w, "Connection", h->state_text ? h->state_text : host_state_name(h->state));
    version_fact(w, "libvirt", "", h->libvirt_version);
    version_fact(w, "Hypervisor", h->hypervisor ? h->hypervisor : "", h->hypervisor_version);
    if (!isnan(h->cpus)) {
        strbuf_clear(&w->text);
        strbuf_printf(&w->text, "%.0f", h->cpus);
        buffer_fact(w, "CPUs");
    }
    strbuf_clear(&w->text);
    format_kib_pair(&w->text, h->mem_used_kib, h->mem_kib, w->c->unicode);
    buffer_fact(w, "Memory");
    if (h->sampled_ms) {
        strbuf_printf(&w->text, "a tick takes %.0f ms", h->tick_ms);
        if (h->mode)
            strbuf_printf(&w->text, " by %s", h->mode);
        if (!isnan(h->rtt_ms))
            strbuf_printf(&w->text, ", a call %.1f ms", h->rtt_ms);
        buffer_fact(w, "Sampling");
    }
    boot_fact(w);
    run_fact(w);
    line_end(w);
}

static void draw(struct deck *d, struct canvas *c, struct rect area)
{
    struct writer w = {.d = d, .c = c, .vm = deck_vm(d), .snap = deck_host(d), .two = area.w >= TWO_COLUMNS};
    if (!w.snap) {
        pane_say_empty(c, area, "nothing to show yet");
        return;
    }
    do {
        canvas_clear(c, area, ROLE_TEXT);
        w.row = deck_row(d, c, w.snap, w.vm);
        w.sheet = pane_sheet(d, c, area);
        if (w.vm)
            write_vm(&w);
        else
            write_host(&w);
    } while (!pane_sheet_end(d, &w.sheet));
    strbuf_free(&w.text);
}

const struct pane_ops pane_overview = {
    .id = "overview", .title = "Overview", .place = PLACE_PANE, .draw = draw};
