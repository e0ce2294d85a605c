/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of the autostart pane: plan, shutdown, problems, a run while it goes on and after it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libxml/parser.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/screen/stage.h"
#include "ui/autostart_rows.h"
#include "ui/dialog.h"
#include "ui/prompt.h"

struct guest {
    const char *name, *policy, *devices;
    double start_s, ready_s, stop_s;
    bool native;
};

#define NET  "<interface type='network'><source network='default'/></interface>"
#define DISK "<disk type='volume'><source pool='images' volume='x'/><target dev='vda'/></disk>"

static const struct guest everyday[] = {
    {"db1", "order=10 ready=tcp:5432", NET DISK, 2, 31, 12, false},
    {"db2", "order=10 ready=tcp:5432", NET, 2, 26, 9, false},
    {"web1", "order=20 delay=5s ready=agent stop-timeout=1m", NET, 2, 41, 20, false},
    {"web2", "order=20 delay=5s ready=agent", NET, 2, 38, 20, false},
    {"legacy-nt4", "order=30 needs=network:lost stop=destroy", "", NAN, NAN, NAN, false},
    {"mail", "order=30 ready=tcp:25", NET, NAN, NAN, NAN, false},
    {"router", NULL, "", NAN, NAN, NAN, true},
    {"日本語-サーバ", NULL, "", NAN, NAN, NAN, false},
};

static struct survey_vm survey_of(const struct guest *g, size_t i)
{
    char *xml = xasprintf("<domain type='kvm'><name>x</name><memory unit='KiB'>1048576</memory>"
                          "<os><type arch='x86_64'>hvm</type></os><devices>%s</devices></domain>",
                          g->devices);
    xmlDocPtr doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, 0);
    struct survey_vm vm = {.name = xstrdup(g->name),
                           .item = start_item_read(xmlDocGetRootElement(doc)),
                           .persistent = true,
                           .native = g->native,
                           .flags_known = true};
    vm.uuid.b[0] = 1;
    vm.uuid.b[15] = (unsigned char)i;
    char *copy = xstrdup(g->policy), *rest = copy;
    const char *words[16];
    size_t n = 0;
    for (char *word; (word = strsep(&rest, " "));)
        words[n++] = word;
    struct error e = ERROR_INIT;
    if (!policy_set_words(&vm.item->policy, n, words, &e))
        fail_msg("%s", error_text(&e));
    vm.item->policy.present = n > 0;
    free(copy);
    xmlFreeDoc(doc);
    free(xml);
    return vm;
}

static struct autostart_view *view_of(const struct guest *guests, size_t n)
{
    struct survey s = {.host_name = xstrdup("kvm7"),
                       .uri = xstrdup("qemu+frames:///system"),
                       .local = true,
                       .root = true,
                       .complete = true,
                       .libvirt_version = 9000000,
                       .networks_known = true,
                       .pools_known = true};
    struct start_times *times = &s.times;
    autostart_config_init(&s.config);
    s.config.v[LIMIT_GRACE] = 0;
    for (size_t i = 0; i < n; i++) {
        const struct guest *g = &guests[i];
        struct survey_vm vm = survey_of(g, i);
        struct start_time time = {vm.uuid, g->start_s, g->ready_s, g->stop_s};
        vec_push(&s.vms, vm);
        vec_push(&times->items, time);
    }
    struct survey_network net = {NEED_NETWORK, xstrdup("default"), false},
                          pool = {NEED_POOL, xstrdup("images"), true};
    vec_push(&s.networks, net);
    vec_push(&s.networks, pool);
    s.files = (struct host_files){.known = true,
                                  .guests = {.path = xstrdup("/etc/default/libvirt-guests"),
                                             .boot_start = true,
                                             .shutdown_action = true,
                                             .on_shutdown = "suspend"},
                                  .qemu = {NULL, -1, -1, -1, -1, -1, -1},
                                  .memory_kib = 1024e6,
                                  .available_kib = 64e6,
                                  .hugepages_kib = NAN};
    for (size_t i = 0; i < HOST_UNITS; i++)
        s.files.units[i] = UNIT_ENABLED;
    struct autostart_view *v = autostart_view_make(&s);
    run_record_clear(&v->run); /* of the machine that the test runs on */
    return v;
}

static void open_with(struct stage *s, int w, int h, bool unicode, const struct guest *guests, size_t n)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_host(0, "kvm7", n ? n : 1);
    for (size_t i = 0; i < n; i++)
        stage_vm(host, i, guests[i].name, i < 4 ? VM_RUNNING : VM_SHUTOFF);
    if (n == 0)
        stage_vm(host, 0, "alone", VM_RUNNING);
    stage_hosts(s, 1, &host);
    deck_set_autostart(&s->deck, 0, view_of(guests, n));
    stage_run(s, "pane autostart && focus pane");
}

static void open_everyday(struct stage *s, int w, int h, bool unicode)
{
    open_with(s, w, h, unicode, everyday, ARRAY_LEN(everyday));
}

static void the_plan(void **state)
{
    static const struct {
        int w, h;
        bool unicode;
        const char *name;
    } sizes[] = {{120, 36, true, "autostart-120x36"},      {80, 24, true, "autostart-80x24"},
                 {80, 24, false, "autostart-80x24-ascii"}, {40, 10, true, "autostart-40x10"},
                 {40, 10, false, "autostart-40x10-ascii"}, {200, 60, true, "autostart-200x60"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct stage s;
        open_everyday(&s, sizes[i].w, sizes[i].h, sizes[i].unicode);
        stage_expect(&s, sizes[i].name);
        stage_close(&s);
    }
}

static void the_shutdown(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 120, 36, true);
    stage_run(&s, "timeline reverse");
    stage_expect(&s, "autostart-reverse");
    stage_resize(&s, 80, 24);
    stage_expect(&s, "autostart-reverse-80x24");
    stage_close(&s);
}

static void what_waits_for_what(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 120, 36, true);
    stage_run(&s, "timeline links");
    stage_run(&s, "select-start web1");
    stage_expect(&s, "autostart-links");
    stage_run(&s, "timeline links");
    stage_close(&s);
}

static void a_problem_and_its_remedy(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 80, 24, true);
    free(stage_text(&s)); /* moving by pages needs to know how many rows there are */
    stage_run(&s, "move end");
    stage_run(&s, "move up");
    stage_expect(&s, "autostart-problem");
    stage_run(&s, "open-start");
    stage_expect(&s, "autostart-remedy");
    stage_run(&s, "back");
    stage_run(&s, "move end"); /* one that only a shell can run */
    stage_run(&s, "open-start");
    stage_expect(&s, "autostart-remedy-shell");
    stage_run(&s, "back");
    stage_close(&s);
}

/* ---- runs ---- */

static void node(struct autostart_view *v, const char *name, int id, enum engine_state state, int64_t start_s,
                 int64_t ready_s, int64_t until_s, const char *why)
{
    struct run_node n = {.name = xstrdup(name), .state = state, .order = -1, .why = xstrdup(why)};
    if (id >= 0) {
        n.uuid.b[0] = 1;
        n.uuid.b[15] = (unsigned char)id;
        n.order = id < 2 ? 10 : id < 4 ? 20 : 30;
    }
    n.start_wall_ms = start_s < 0 ? 0 : v->run.begun_wall_ms + start_s * 1000;
    n.ready_wall_ms = ready_s < 0 ? 0 : v->run.begun_wall_ms + ready_s * 1000;
    n.until_wall_ms = until_s < 0 ? 0 : v->run.begun_wall_ms + until_s * 1000;
    vec_push(&v->run.nodes, n);
}

static struct autostart_view *under_way(bool reverse, int64_t since_s)
{
    struct autostart_view *v = view_of(everyday, ARRAY_LEN(everyday));
    v->run.state = RUN_UNDER_WAY;
    v->run.reverse = reverse;
    v->run.pid = 812;
    v->run.begun_wall_ms = STAGE_WALL_MS - since_s * 1000;
    return v;
}

static void starting(struct autostart_view *v)
{
    int64_t at = v->run.begun_wall_ms;
    node(v, "network default", -1, NODE_READY, 0, 1, -1, NULL);
    node(v, "db1", 0, NODE_READY, 1, 30, -1, NULL);
    node(v, "db2", 1, NODE_READY, 1, 35, -1, NULL);
    node(v, "web1", 2, NODE_PROBING, 40, -1, 160, NULL);
    node(v, "web2", 3, NODE_FAILED, 40, 43, -1, "internal error: qemu died\033[31m");
    node(v, "legacy-nt4", 4, NODE_SKIPPED, -1, -1, -1, "it needs network lost, which is not there");
    node(v, "mail", 5, NODE_IDLE, -1, -1, -1, NULL);
    node(v, "gone-since", 99, NODE_READY, 2, 9, -1, NULL);
    run_record_add(&v->run, at, SEV_INFO, NULL, NULL, "the run begins: 7 domains");
    run_record_add(&v->run, at + 40000, SEV_INFO, "web2", NULL, "started");
    run_record_add(&v->run, at + 43000, SEV_ERROR, "web2", NULL, "failed: internal error: qemu died\033[31m");
}

static void a_run(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 120, 36, true);
    struct autostart_view *v = under_way(false, 52);
    starting(v);
    deck_set_autostart(&s.deck, 0, v);
    stage_expect(&s, "autostart-run");
    stage_resize(&s, 80, 24);
    stage_expect(&s, "autostart-run-80x24");
    stage_run(&s, "timeline run");
    stage_expect(&s, "autostart-run-hidden");
    stage_run(&s, "timeline run");
    v = under_way(false, 150);
    starting(v);
    v->run.state = RUN_FAILED;
    v->run.ended_wall_ms = v->run.begun_wall_ms + 100000;
    s.deck.starts.run_shown = v->run.begun_wall_ms;
    deck_set_autostart(&s.deck, 0, v);
    stage_resize(&s, 120, 36);
    stage_expect(&s, "autostart-run-over");
    stage_run(&s, "pane overview");
    stage_expect(&s, "autostart-run-overview");
    stage_close(&s);
}

static void a_shutdown(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 120, 36, true);
    struct autostart_view *v = under_way(true, 25);
    node(v, "mail", 5, NODE_OFF, 0, 12, -1, NULL);
    node(v, "web1", 2, NODE_STOPPING, 12, -1, 72, NULL);
    node(v, "web2", 3, NODE_FORCING, 12, -1, -1, "not off in time");
    node(v, "db1", 0, NODE_IDLE, -1, -1, -1, NULL);
    node(v, "db2", 1, NODE_LEFT, 12, 20, -1, "its policy says none");
    deck_set_autostart(&s.deck, 0, v);
    stage_expect(&s, "autostart-run-reverse");
    stage_close(&s);
}

static void nothing_and_not_yet(void **state)
{
    struct stage s;
    (void)state;
    open_with(&s, 80, 24, true, NULL, 0);
    stage_expect(&s, "autostart-nothing");
    deck_set_autostart(&s.deck, 0, NULL);
    stage_expect(&s, "autostart-not-yet");
    stage_close(&s);
}

static void hostile_names(void **state)
{
    static const struct guest hostile[] = {
        {"evil\033[2J\nname", "order=2147483647 delay=23h ready=serial:/\xe2\x80\xae/", "", 1, 1, 1, false},
        {"a very long name that goes on and on and on and on and on", "after=nobody:started", "", 1, 1, 1,
         false},
    };
    struct stage s;
    (void)state;
    open_with(&s, 80, 24, true, hostile, ARRAY_LEN(hostile));
    stage_expect(&s, "autostart-hostile");
    for (int w = 40; w < 70; w += 7)
        for (int h = 10; h < 16; h++) {
            stage_resize(&s, w, h);
            free(stage_text(&s));
        }
    stage_close(&s);
}

/* The window is never too small for the rows to be there. */
static void many_domains_scroll(void **state)
{
    struct guest many[200];
    char names[200][16], orders[200][32];
    struct stage s;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        snprintf(names[i], sizeof names[i], "vm%03zu", i);
        snprintf(orders[i], sizeof orders[i], "order=%zu", i / 4);
        many[i] = (struct guest){names[i], orders[i], NET, 1, 5, 5, false};
    }
    open_with(&s, 80, 24, true, many, ARRAY_LEN(many));
    stage_run(&s, "select-start vm150");
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "vm150"));
    free(text);
    stage_run(&s, "move home");
    text = stage_text(&s);
    assert_non_null(strstr(text, "network default"));
    free(text);
    stage_run(&s, "move end");
    stage_expect(&s, "autostart-many-end");
    stage_close(&s);
}

/* ---- keys ---- */

static void keys_say_why_not(void **state)
{
    static const struct {
        const char *row, *run, *says;
    } cases[] = {
        {"default", "move-start up", "default is no domain"},
        {"default", "open-start", "default is no domain"},
        {"router", "move-start up", "router has no order"},
        {"db1", "timeline run", "no run is known here"},
        {"db1", "select-start nowhere", "no row \"nowhere\""},
    };
    struct stage s;
    (void)state;
    open_everyday(&s, 120, 36, true);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *select = xasprintf("select-start '%s'", cases[i].row);
        stage_run(&s, select);
        stage_run(&s, cases[i].run);
        char *text = stage_text(&s);
        if (!strstr(text, cases[i].says))
            fail_msg("%s on %s: not \"%s\" in\n%s", cases[i].run, cases[i].row, cases[i].says, text);
        free(text);
        free(select);
    }
    stage_close(&s);
}

/* ---- the policy ---- */

/* As if it was typed into the field under the cursor. */
static void typed(struct stage *s, const char *text)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    g->ops->answer(&s->deck, g, text);
}

static void press(struct stage *s, keycode key)
{
    struct dialog *g = dialog_top(&s->deck);
    assert_non_null(g);
    assert_true(g->ops->key(&s->deck, g, key));
}

static void the_form_of_a_policy(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 120, 36, true);
    stage_run(&s, "select-start web1");
    stage_run(&s, "open-start");
    stage_expect(&s, "policy-form");
    press(&s, KEYC_F2);
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "nothing was changed in the form"));
    free(text);
    press(&s, KEYC_DOWN);
    typed(&s, "35");
    press(&s, KEYC_DOWN);
    press(&s, KEYC_DELETE);
    typed(&s, "soon");
    stage_expect(&s, "policy-form-wrong");
    for (int i = 0; i < 4; i++)
        press(&s, KEYC_DOWN);
    press(&s, ' ');
    stage_resize(&s, 80, 24);
    stage_expect(&s, "policy-form-turned");
    stage_resize(&s, 40, 10);
    stage_expect(&s, "policy-form-40x10");
    stage_run(&s, "back");
    stage_resize(&s, 80, 24);
    text = stage_text(&s);
    assert_non_null(strstr(text, "Leave the form? 3 values are not applied yet."));
    free(text);
    stage_run(&s, "answer yes");
    assert_null(dialog_top(&s.deck));
    stage_close(&s);
}

static void a_form_in_ascii(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 80, 24, false);
    stage_run(&s, "select-start mail");
    stage_run(&s, "open-start");
    press(&s, KEYC_TAB | KEYM_SHIFT);
    stage_expect(&s, "policy-form-ascii");
    press(&s, KEYC_ENTER);
    assert_null(dialog_top(&s.deck));
    stage_close(&s);
}

/* What a newer program wrote is not touched. */
static void a_newer_policy_has_no_form(void **state)
{
    struct stage s;
    (void)state;
    open_everyday(&s, 120, 36, true);
    struct survey_vm *vm =
        (struct survey_vm *)(uintptr_t)survey_find_name(&s.deck.starts.view->survey, "db1");
    vm->item->policy.unknown = true;
    vm->item->policy.newer = xstrdup("version 2");
    stage_run(&s, "select-start db1");
    stage_run(&s, "open-start");
    char *text = stage_text(&s);
    assert_non_null(strstr(text, "db1: its policy is of a newer version (version 2)"));
    free(text);
    assert_null(dialog_top(&s.deck));
    stage_close(&s);
}

/* ---- the order ---- */

/* "web1=15 db2=11": what a step of that domain takes, where its host has these orders. */
static char *step(const struct guest *guests, size_t n, const char *name, int by)
{
    struct autostart_view *v = view_of(guests, n);
    struct strbuf out = {0};
    struct error e = ERROR_INIT;
    order_changes changes = {0};
    for (uint32_t i = 0; i < v->up->n_nodes; i++) {
        if (v->up->nodes[i].kind != PLAN_DOMAIN || strcmp(v->up->nodes[i].name, name) != 0)
            continue;
        if (!starts_reorder(v->up, i, by, &changes, &e))
            strbuf_puts(&out, error_text(&e));
    }
    for (size_t i = 0; i < changes.len; i++)
        strbuf_printf(&out, "%s%s=%d", i ? " " : "", changes.items[i].name, changes.items[i].order);
    vec_free(&changes);
    error_clear(&e);
    autostart_view_unref(v);
    return strbuf_steal(&out);
}

static void a_step_in_the_order(void **state)
{
    static const struct guest sparse[] = {{"a", "order=10", "", 1, 1, 1, false},
                                          {"b", "order=20", "", 1, 1, 1, false},
                                          {"c", "order=20", "", 1, 1, 1, false},
                                          {"d", "order=30", "", 1, 1, 1, false}};
    static const struct guest dense[] = {
        {"a", "order=0", "", 1, 1, 1, false}, {"b", "order=0", "", 1, 1, 1, false},
        {"c", "order=1", "", 1, 1, 1, false}, {"d", "order=1", "", 1, 1, 1, false},
        {"e", "order=2", "", 1, 1, 1, false}, {"f", "order=7", "", 1, 1, 1, false}};
    static const struct guest last[] = {{"a", "order=2147483647", "", 1, 1, 1, false},
                                        {"b", "order=2147483647", "", 1, 1, 1, false}};
    static const struct {
        const struct guest *guests;
        size_t n;
        const char *name;
        int by;
        const char *want;
    } cases[] = {
        {sparse, 4, "a", 1, "a=20"},
        {sparse, 4, "a", -1, "a is the first already"},
        {sparse, 4, "b", -1, "b=15"},
        {sparse, 4, "b", 1, "b=25"},
        {sparse, 4, "d", -1, "d=20"},
        {sparse, 4, "d", 1, "d is the last already"},
        {dense, 6, "a", -1, "b=1 c=2 d=2 e=3"},
        {dense, 6, "b", 1, "b=1 c=2 d=2 e=3"},
        {dense, 6, "c", -1, "d=2 e=3"},
        {dense, 6, "d", 1, "d=2 e=3"},
        {dense, 6, "e", 1, "e=7"},
        {last, 2, "a", -1, "a=1073741823"},
        {last, 2, "a", 1, "a is the last already"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *got = step(cases[i].guests, cases[i].n, cases[i].name, cases[i].by);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s by %d: %s, not %s", cases[i].name, cases[i].by, got, cases[i].want);
        free(got);
    }
}

static int setup(void **state)
{
    (void)state;
    stage_setup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan),
        cmocka_unit_test(the_shutdown),
        cmocka_unit_test(what_waits_for_what),
        cmocka_unit_test(a_problem_and_its_remedy),
        cmocka_unit_test(a_run),
        cmocka_unit_test(a_shutdown),
        cmocka_unit_test(nothing_and_not_yet),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(many_domains_scroll),
        cmocka_unit_test(keys_say_why_not),
        cmocka_unit_test(the_form_of_a_policy),
        cmocka_unit_test(a_form_in_ascii),
        cmocka_unit_test(a_newer_policy_has_no_form),
        cmocka_unit_test(a_step_in_the_order),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
