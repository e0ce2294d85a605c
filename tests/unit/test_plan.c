/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include "base/clock.h"
#include "model/xml.h"
#include "plan_fixture.h"

/* "name start-ready …" in seconds, in the order of the table; "name!" is not started. */
static void expect_times(const struct plan *p, const char *want)
{
    struct strbuf text = {0};
    size_t n;
    uint32_t *list = plan_sequence(p, &n);
    for (size_t i = 0; i < n; i++) {
        const struct plan_node *node = &p->nodes[list[i]];
        strbuf_printf(&text, "%s%s", text.len ? " " : "", node->name);
        if (node->blocked)
            strbuf_putc(&text, '!');
        else
            strbuf_printf(&text, " %g-%g", (double)node->start_ms / 1000, (double)node->ready_ms / 1000);
    }
    assert_string_equal(strbuf_str(&text), want);
    strbuf_free(&text);
    free(list);
}

static void expect_plan(struct plan_host *h, const char *want)
{
    struct plan *p = host_plan(h);
    expect_times(p, want);
    plan_free(p);
}

/* "id: text" of each finding, a line each. */
static void expect_findings(const struct plan *p, const char *want)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < p->findings.len; i++)
        strbuf_printf(&text, "%s: %s\n", p->findings.items[i].id, p->findings.items[i].text);
    assert_string_equal(strbuf_str(&text), want);
    strbuf_free(&text);
}

static void orders(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    host_add(&h, "web", "order=20 delay=5s");
    host_add(&h, "db2", "order=10 ready=tcp:5432");
    host_add(&h, "db1", "order=10");
    host_add(&h, "last", "order=30");
    host_add(&h, "free", "mode=on");
    host_add(&h, "native", NULL)->native = true;
    host_add(&h, "unseen", NULL);
    host_add(&h, "off", "mode=off order=1");
    expect_plan(&h, "db1 0-1 db2 0-10 free 0-1 native 0-1 web 15-16 last 16-17");
    struct plan *p = host_plan(&h);
    assert_int_equal(p->nodes[node_of(p, "db1")].wave, 1);
    assert_int_equal(p->nodes[node_of(p, "web")].wave, 2);
    assert_int_equal(p->nodes[node_of(p, "last")].wave, 3);
    assert_int_equal(p->total_ms, 17000);
    assert_int_equal(p->worst_ms, 120000 + 5000 + 120000 + 120000);
    assert_int_equal(p->path.len, 3);
    assert_string_equal(p->nodes[p->path.items[0]].name, "db2");
    assert_string_equal(p->nodes[p->path.items[2]].name, "last");
    assert_true(p->nodes[node_of(p, "db2")].critical && !p->nodes[node_of(p, "db1")].critical);
    assert_true(p->memory_kib == 6 * 1024);
    plan_free(p);
    host_close(&h);
}

static void waiting(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    host_add(&h, "app", "after=db:started,cache");
    host_add(&h, "db", "ready=agent");
    host_add(&h, "cache", "after=db delay=2s");
    host_add(&h, "by-uuid", "after=01000000-0000-0000-0000-000000000000:started");
    expect_plan(&h, "db 0-10 cache 12-13 app 13-14 by-uuid 14-15");
    host_add(&h, "first", "order=1 needs=network:lan");
    host_add(&h, "all", "needs=pool:images,network:lan order=2 after=db delay=5s");
    struct plan *p = host_plan(&h);
    struct strbuf text = {0};
    plan_waits_text(p, node_of(p, "app"), &text);
    assert_string_equal(strbuf_str(&text), "db started, cache ready");
    strbuf_clear(&text);
    plan_waits_text(p, node_of(p, "cache"), &text);
    assert_string_equal(strbuf_str(&text), "db ready, +2s");
    strbuf_clear(&text); /* what most have in common comes last: columns are narrow */
    plan_waits_text(p, node_of(p, "all"), &text);
    assert_string_equal(strbuf_str(&text), "db ready, order 1, +5s, network lan, pool images");
    strbuf_clear(&text);
    plan_waits_text(p, node_of(p, "first"), &text);
    assert_string_equal(strbuf_str(&text), "network lan");
    strbuf_free(&text);
    plan_free(p);
    host_close(&h);
}

static void limits(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    h.config.v[LIMIT_PARALLEL] = 2;
    h.config.v[LIMIT_INITIAL_WAIT] = 3000;
    host_add(&h, "c", "order=1");
    host_add(&h, "a", "order=1");
    host_add(&h, "b", "order=1 ready=ip");
    host_add(&h, "d", "order=1");
    expect_plan(&h, "a 3-4 b 3-13 c 4-5 d 5-6");
    struct plan *p = host_plan(&h);
    struct strbuf text = {0};
    plan_waits_text(p, node_of(p, "d"), &text);
    assert_string_equal(strbuf_str(&text), "a free place (c)");
    strbuf_free(&text);
    plan_free(p);
    host_close(&h);
}

static void what_runs(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    host_add(&h, "db", "order=1 delay=9s ready=ip")->running = true;
    host_add(&h, "web", "order=2");
    host_add(&h, "hand", NULL)->running = true;
    host_add(&h, "client", "after=hand");
    expect_plan(&h, "db 0-0 web 0-1 client 0-1 hand 0-0");
    h.after_boot = true;
    expect_plan(&h, "db 9-19 web 19-20 client! hand!");
    host_close(&h);
}

static void needs(void **state)
{
    (void)state;
    struct plan_host h;
    static const struct plan_need known[] = {{NEED_NETWORK, "up", NEED_ACTIVE},
                                             {NEED_NETWORK, "down", NEED_INACTIVE},
                                             {NEED_POOL, "gone", NEED_MISSING}};
    struct error e = ERROR_INIT;
    static const char xml[] =
        "<domain><devices><interface type='network'><source network='down'/></interface>"
        "<interface type='network'><source network='down'/></interface>"
        "<interface type='bridge'><source bridge='br0'/></interface>"
        "<disk type='volume'><source pool='images' volume='a'/></disk>"
        "<disk type='file'><source file='/a'/></disk><disk type='volume'/>"
        "</devices></domain>";
    xmlDocPtr doc = xml_parse(xml, sizeof xml - 1, &e);
    need_list needs = {0};
    plan_needs(xmlDocGetRootElement(doc), &needs);
    assert_int_equal(needs.len, 2);
    xmlFreeDoc(doc);
    host_open(&h);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        vec_push(&h.needs, known[i]);
    host_add(&h, "web", "needs=network:up,mount:/srv")->needs = &needs;
    host_add(&h, "lost", "needs=pool:gone");
    host_add(&h, "child", "after=lost");
    struct plan *p = host_plan(&h);
    expect_times(p, "down 0-1 up 0-0 images 0-1 /srv 0-0 web 1-2 gone! child! lost!");
    assert_int_equal(p->nodes[node_of(p, "down")].wave, 0);
    assert_int_equal(p->nodes[node_of(p, "web")].wave, 1);
    expect_findings(p, "needs-missing: lost needs pool gone, which is not there\n"
                       "not-started: child is not started: it waits for lost, which is not started\n");
    plan_free(p);
    h.after_boot = true; /* after a boot a network is down however it is now */
    p = host_plan(&h);
    assert_int_equal(p->nodes[node_of(p, "up")].ready_ms, 1000);
    plan_free(p);
    need_list_free(&needs);
    host_close(&h);
}

static void cycles(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    host_add(&h, "web", "after=db order=1");
    host_add(&h, "db", "after=cache");
    host_add(&h, "cache", "after=web");
    host_add(&h, "own", "after=own");
    host_add(&h, "client", "after=web:started");
    host_add(&h, "other", "order=2");
    struct plan *p = host_plan(&h);
    expect_times(p, "other 0-1 web! cache! client! db! own!");
    expect_findings(p, "cycle: domains wait for each other in a circle: cache → web → db → cache\n"
                       "cycle: domains wait for each other in a circle: own → own\n"
                       "not-started: client is not started: it waits for web, which is not started\n");
    assert_string_equal(p->findings.items[0].remedy, "autostart cache after=");
    assert_int_equal(p->nodes[node_of(p, "web")].wave, -1);
    plan_free(p);
    /* Going down, even these are stopped. */
    h.reverse = h.after_boot = true;
    expect_plan(&h, "other 0-5 cache 0-5 client 0-5 db 0-5 own 0-5 web 5-10");
    host_close(&h);
}

static void contradictions(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    host_add(&h, "web", "order=10 after=db");
    host_add(&h, "db", "order=20");
    host_add(&h, "mid", "order=15");
    host_add(&h, "far", "order=30");
    host_add(&h, "step", "after=far");
    host_add(&h, "early", "order=5 after=step");
    struct plan *p = host_plan(&h);
    expect_times(p, "far 0-1 step 1-2 early 2-3 db 3-4 web 4-5 mid 5-6");
    expect_findings(
        p, "order-against-after: db has order 20, but web, which waits for it, has order 10: it is "
           "started with order 10\n"
           "order-against-after: far has order 30, but early, which waits for it, has order 5: it is "
           "started with order 5\n");
    assert_string_equal(p->findings.items[0].remedy, "autostart db order=10");
    assert_int_equal(p->nodes[node_of(p, "db")].order, 20);
    assert_int_equal(p->nodes[node_of(p, "db")].place, 10);
    plan_free(p);
    host_close(&h);
}

static void unknown_names(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    host_add(&h, "db-main", "mode=on");
    host_add(&h, "sleeper", "mode=off");
    host_add(&h, "web", "after=db-mian,db-main");
    host_add(&h, "two words", "after=nowhere\\,else,sleeper");
    host_add(&h, "client", "after=web");
    struct plan *p = host_plan(&h);
    expect_times(p, "db-main 0-1 client! sleeper! two words! web!");
    expect_findings(p, "after-unknown: two words waits for nowhere,else, which is no domain of this host\n"
                       "after-unknown: web waits for db-mian, which is no domain of this host (did you mean "
                       "\"db-main\"?)\n"
                       "after-nobody: two words waits for sleeper, which nobody starts\n"
                       "not-started: client is not started: it waits for web, which is not started\n");
    assert_string_equal(p->findings.items[1].remedy, "autostart web after=db-main:ready");
    assert_string_equal(p->findings.items[0].remedy, "autostart \"two words\" after=sleeper:ready");
    assert_string_equal(p->findings.items[2].remedy, "autostart sleeper on");
    plan_free(p);
    host_close(&h);
}

static void reverse(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    h.reverse = true;
    host_add(&h, "db", "order=10 stop=managedsave")->running = true;
    host_add(&h, "web", "order=20 after=db stop-timeout=3s stop-force=no")->running = true;
    host_add(&h, "left", "order=20 stop=none")->running = true;
    host_add(&h, "hard", "order=20 stop=destroy")->running = true;
    host_add(&h, "hand", NULL)->running = true;
    host_add(&h, "stopped", "order=15");
    h.items.items[3].stop_s = NAN;
    struct plan *p = host_plan(&h);
    expect_times(p, "hard 0-2 left 0-0 web 0-3 hand 0-5 db 3-8");
    assert_true(p->reverse);
    assert_int_equal(p->total_ms, 8000);
    assert_int_equal(p->worst_ms, 3000 + 182000);
    struct strbuf text = {0};
    plan_waits_text(p, node_of(p, "db"), &text);
    assert_string_equal(strbuf_str(&text), "web off, order 20");
    strbuf_free(&text);
    plan_free(p);
    h.config.v[LIMIT_PARALLEL_STOPS] = 1;
    expect_plan(&h, "left 0-0 hand 0-5 web 5-8 hard 8-10 db 10-15");
    host_close(&h);
}

static void printed(void **state)
{
    (void)state;
    struct plan_host h;
    host_open(&h);
    host_add(&h, "db1", "order=10 ready=tcp:1 needs=network:default");
    host_add(&h, "web\x1b[2J", "order=20 delay=5s after=db1")->ready_s = NAN;
    host_add(&h, "nt4", "after=nobody");
    h.items.items[1].start_s = NAN;
    struct plan *p = host_plan(&h);
    struct strbuf out = {0};
    plan_print(p, false, &out);
    assert_string_equal(
        strbuf_str(&out),
        "ORDER  VM               WAITS FOR                                         START  READY\n"
        "    -  network default                                                       0s    1s?\n"
        "   10  db1              network default                                      1s    11s\n"
        "   20  web\\e[2J         db1 ready, order 10, +5s                            16s   17s?\n"
        "    -  nt4              will not start: it waits for nobody, which is n~      -      -\n"
        "all ready after about 17s, at the latest after 4m 35s; decided by default → db1 → "
        "web\\e[2J\n"
        "error: nt4 waits for nobody, which is no domain of this host\n"
        "  → autostart nt4 after=\n");
    strbuf_free(&out);
    json_object *j = plan_json(p), *nodes, *first;
    assert_string_equal(json_object_get_string(json_object_object_get(j, "direction")), "up");
    assert_true(json_object_object_get_ex(j, "plan", &nodes));
    assert_int_equal(json_object_array_length(nodes), 4);
    first = json_object_array_get_idx(nodes, 1);
    assert_string_equal(json_object_to_json_string_ext(first, JSON_C_TO_STRING_PLAIN),
                        "{\"kind\":\"domain\",\"name\":\"db1\",\"uuid\":\"01000000-0000-0000-0000-"
                        "000000000000\",\"by\":\"virtdeck\","
                        "\"order\":10,\"place\":10,\"memory\":1024.0,\"waits\":[{\"kind\":\"network\","
                        "\"name\":\"default\",\"until\":"
                        "\"ready\"}],\"wave\":1,\"delay\":0.0,\"start\":1.0,\"ready\":11.0,\"guessed\":false,"
                        "\"held_by\":null,"
                        "\"running\":false,\"critical\":true,\"blocked\":null}");
    json_object_put(j);
    plan_free(p);
    host_close(&h);
}

static void nothing(void **state)
{
    (void)state;
    struct plan_host h;
    struct strbuf out = {0};
    host_open(&h);
    struct plan *p = host_plan(&h);
    assert_int_equal(p->n_nodes, 0);
    assert_int_equal(p->total_ms, 0);
    plan_print(p, true, &out);
    json_object_put(plan_json(p));
    plan_free(p);
    strbuf_free(&out);
    host_close(&h);
}

/* ---- much ---- */

static uint32_t next_random(uint32_t *seed)
{
    return *seed = *seed * 1664525 + 1013904223;
}

#define MANY  5000
#define EDGES 4 /* a domain: 20,000 in all */

/* Each waits for some that come before it. */
static void add_many(struct plan_host *h, int many)
{
    uint32_t seed = 1;
    for (int i = 0; i < many; i++) {
        struct strbuf words = {0};
        char name[32];
        snprintf(name, sizeof name, "vm%04d", i);
        strbuf_printf(&words, "order=%d needs=network:n%d", i / 50, i % 7);
        for (int k = 0; i >= EDGES && k < EDGES; k++)
            strbuf_printf(&words, " after=vm%04u", (next_random(&seed) >> 8) % (uint32_t)i);
        host_add(h, name, strbuf_str(&words));
        strbuf_free(&words);
    }
}

/* The best of some: the machine has other things to do, too. */
static int64_t plan_us(int many)
{
    struct plan_host h;
    int64_t best = INT64_MAX;
    host_open(&h);
    h.config.v[LIMIT_PARALLEL] = 4;
    add_many(&h, many);
    for (int i = 0; i < 5; i++) {
        int64_t before = clock_mono_us();
        struct plan *p = host_plan(&h);
        int64_t took = clock_mono_us() - before;
        best = took < best ? took : best;
        assert_int_equal(p->findings.len, 0);
        assert_int_equal(p->total_ms % 1000, 0);
        plan_free(p);
    }
    host_close(&h);
    return best;
}

/* Ten times as many take not much more than ten times as long: no step of planning looks at all pairs. */
static void five_thousand(void **state)
{
    (void)state;
    int64_t few = plan_us(MANY / 10), many = plan_us(MANY);
    print_message("# 5,000 domains, 20,000 waits: %lld us; 500: %lld us\n", (long long)many, (long long)few);
    assert_true(many < 50 * few);
}

/* The same plan, however the items come. */
static void same_whatever_order(void **state)
{
    (void)state;
    struct plan_host h;
    uint32_t seed = 7;
    host_open(&h);
    h.config.v[LIMIT_PARALLEL] = 3;
    for (int i = 0; i < 60; i++) {
        char name[16], words[96];
        snprintf(name, sizeof name, "vm%d", i);
        snprintf(words, sizeof words, "order=%u after=vm%u after=vm%u", next_random(&seed) >> 29,
                 (next_random(&seed) >> 8) % 70, (next_random(&seed) >> 8) % 70);
        host_add(&h, name, words);
    }
    struct plan *p = host_plan(&h);
    json_object *j = plan_json(p);
    char *first = xstrdup(json_object_to_json_string(j));
    json_object_put(j);
    plan_free(p);
    for (size_t i = h.items.len - 1; i > 0; i--) {
        size_t k = (next_random(&seed) >> 8) % (i + 1);
        struct plan_item swap = h.items.items[i];
        h.items.items[i] = h.items.items[k];
        h.items.items[k] = swap;
    }
    p = host_plan(&h);
    j = plan_json(p);
    assert_string_equal(json_object_to_json_string(j), first);
    json_object_put(j);
    plan_free(p);
    free(first);
    host_close(&h);
}

/* One long chain, and one large circle in which everybody waits for everybody: neither depth nor the number
 * of circles may hurt. */
static void hostile(void **state)
{
    (void)state;
    struct plan_host h;
    char name[32], words[64];
    host_open(&h);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "vm%05d", i);
        snprintf(words, sizeof words, "order=%d after=vm%05d", 20000 - i, i + 1);
        host_add(&h, name, i == 19999 ? "order=5" : words);
    }
    struct plan *p = host_plan(&h);
    assert_int_equal(p->nodes[node_of(p, "vm00000")].wave, 20000);
    plan_free(p);
    host_close(&h);
    host_open(&h);
    for (int i = 0; i < 200; i++) {
        struct strbuf all = {0};
        for (int k = 0; k < 200; k++)
            strbuf_printf(&all, "%svm%d", k ? "," : "after=", k);
        snprintf(name, sizeof name, "vm%d", i);
        host_add(&h, name, strbuf_str(&all));
        strbuf_free(&all);
    }
    p = host_plan(&h);
    assert_int_equal(findings_count(&p->findings, SEV_ERROR), 1);
    plan_free(p);
    h.reverse = h.after_boot = true;
    plan_free(host_plan(&h));
    host_close(&h);
}

int main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders),
        cmocka_unit_test(waiting),
        cmocka_unit_test(limits),
        cmocka_unit_test(what_runs),
        cmocka_unit_test(needs),
        cmocka_unit_test(cycles),
        cmocka_unit_test(contradictions),
        cmocka_unit_test(unknown_names),
        cmocka_unit_test(reverse),
        cmocka_unit_test(printed),
        cmocka_unit_test(nothing),
        cmocka_unit_test(five_thousand),
        cmocka_unit_test(same_whatever_order),
        cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
