/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of the table, host line, key bar and window sizes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/screen/stage.h"

static void everyday(struct stage *s, int w, int h, bool unicode)
{
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_everyday();
    stage_hosts(s, 1, &host);
    stage_past(s);
}

static void shows_everyday(const char *name, int w, int h, bool unicode)
{
    struct stage s;
    everyday(&s, w, h, unicode);
    stage_expect(&s, name);
    stage_close(&s);
}

static void test_120x36(void **state)
{
    (void)state;
    shows_everyday("table-120x36", 120, 36, true);
    shows_everyday("table-120x36-ascii", 120, 36, false);
}

static void test_200x60(void **state)
{
    (void)state;
    shows_everyday("table-200x60", 200, 60, true);
}

static void test_80x24(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 80, 24, true);
    stage_expect(&s, "table-80x24");
    stage_run(&s, "open");
    stage_expect(&s, "overview-80x24");
    stage_run(&s, "back");
    stage_expect(&s, "table-80x24");
    stage_run(&s, "pane next"); /* one that was not seen is shown, not passed over */
    stage_expect(&s, "overview-80x24");
    stage_run(&s, "focus table");
    stage_expect(&s, "table-80x24");
    stage_close(&s);
}

static void test_80x24_ascii(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 80, 24, false);
    stage_run(&s, "pane close");
    stage_expect(&s, "table-80x24-ascii");
    stage_close(&s);
}

static void test_narrow(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 40, 10, true);
    stage_run(&s, "pane close");
    stage_expect(&s, "table-40x10");
    stage_resize(&s, 39, 10);
    stage_expect(&s, "too-small-39x10");
    stage_resize(&s, 20, 5);
    stage_expect(&s, "too-small-20x5");
    stage_close(&s);
}

/* Whatever the size, nothing breaks. */
static void test_all_sizes(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 1, 1, true);
    const char *const panes[] = {"pane overview", "pane devices", "pane logs",
                                 "pane graphs",   "pane events",  "help"};
    for (size_t p = 0; p < ARRAY_LEN(panes); p++) {
        stage_run(&s, panes[p]);
        for (int w = 1; w < 220; w += 7)
            for (int h = 1; h < 70; h += 5) {
                stage_resize(&s, w, h);
                free(stage_text(&s));
            }
    }
    stage_close(&s);
}

static void test_no_domains(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 80, 24, true);
    stage_run(&s, "pane close");
    stage_expect(&s, "empty-no-host");
    struct snapshot *host = stage_host(0, "kvm7", 0);
    stage_hosts(&s, 1, &host);
    stage_expect(&s, "empty-no-domains");
    host = stage_host(0, "kvm7", 0);
    host->host.state = HOST_CONNECTING;
    host->host.sampled_ms = 0;
    host->host.ticks = 0;
    free(host->host.state_text);
    host->host.state_text = xstrdup("connecting");
    stage_hosts(&s, 1, &host);
    stage_expect(&s, "empty-connecting");
    stage_close(&s);
}

static void test_one_domain(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 80, 24, true);
    stage_run(&s, "pane close");
    struct snapshot *host = stage_host(0, "kvm7", 1);
    stage_vm(host, 0, "only", VM_RUNNING);
    stage_hosts(&s, 1, &host);
    stage_expect(&s, "one-domain");
    stage_close(&s);
}

static struct snapshot *many(size_t n)
{
    struct snapshot *host = stage_host(0, "kvm7", n);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof(name), "vm%zu", i + 1);
        stage_vm(host, i, name, i % 3 ? VM_SHUTOFF : VM_RUNNING);
        host->vms[i].cpu = i % 3 ? NAN : (double)(i % 97);
    }
    return host;
}

static void test_5000_domains(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 120, 36, true);
    struct snapshot *host = many(5000);
    stage_hosts(&s, 1, &host);
    stage_run(&s, "pane close");
    stage_run(&s, "move end");
    stage_expect(&s, "5000-domains-end");
    stage_run(&s, "sort cpu");
    stage_run(&s, "move home");
    stage_expect(&s, "5000-domains-by-cpu");
    stage_close(&s);
}

static void test_hostile_names(void **state)
{
    (void)state;
    struct stage s;
    char long_name[201];
    memset(long_name, 'x', 200);
    long_name[200] = '\0';
    const char *const names[] = {"\x1b]0;pwned\a\x1b[31mred",
                                 "日本語の名前がとても長い仮想マシン",
                                 "e\xcc\x81tude",
                                 "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
                                 "\xe2\x80\xae"
                                 "evil",
                                 "👩‍💻 dev",
                                 "bad\xff\xfeutf8",
                                 "new\nline\ttab",
                                 "",
                                 long_name};
    stage_open(&s, 80, 24, true);
    struct snapshot *host = stage_host(0, "kvm\x1b[2J7", ARRAY_LEN(names));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        stage_vm(host, i, names[i], VM_RUNNING);
    stage_hosts(&s, 1, &host);
    stage_run(&s, "pane close");
    stage_expect(&s, "hostile-names");
    char *text = stage_text(&s);
    for (const char *p = text; *p; p++)
        assert_true(*p == '\n' || (unsigned char)*p >= ' ');
    free(text);
    stage_run(&s, "move end");
    stage_run(&s, "pane overview");
    stage_expect(&s, "hostile-overview");
    stage_close(&s);
}

static void test_tags_filter_groups(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    stage_run(&s, "tag web*");
    stage_run(&s, "filter state=running");
    s.deck.now_ms += 60000; /* messages have gone */
    for (size_t i = 0; i < 12; i++)
        s.deck.hosts[0]->vms[i].sampled_ms = s.deck.now_ms;
    s.deck.hosts[0]->host.sampled_ms = s.deck.now_ms;
    stage_expect(&s, "tags-and-filter");
    stage_run(&s, "filter ''");
    stage_run(&s, "tag none");
    stage_run(&s, "group state");
    stage_expect(&s, "groups-by-state");
    stage_run(&s, "group tag");
    stage_run(&s, "sort -cpu");
    s.deck.now_ms += 7000;
    for (size_t i = 0; i < 12; i++)
        s.deck.hosts[0]->vms[i].sampled_ms = s.deck.now_ms;
    stage_expect(&s, "groups-by-tag");
    stage_close(&s);
}

static void test_search_in_table(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    stage_run(&s, "search WEB");
    assert_string_equal(deck_vm(&s.deck)->name, "web1");
    stage_run(&s, "search-next");
    assert_string_equal(deck_vm(&s.deck)->name, "web2");
    stage_run(&s, "search-next"); /* round the end */
    assert_string_equal(deck_vm(&s.deck)->name, "web1");
    stage_run(&s, "search-prev");
    assert_string_equal(deck_vm(&s.deck)->name, "web2");
    stage_run(&s, "search nowhere");
    assert_string_equal(deck_vm(&s.deck)->name, "web2");
    stage_close(&s);
}

static void test_several_hosts(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, 120, 36, true);
    struct snapshot *hosts[5];
    hosts[0] = stage_everyday();
    hosts[1] = stage_host(1, "a-much-longer-name.example.org", 2);
    stage_vm(hosts[1], 0, "web1", VM_RUNNING);
    stage_vm(hosts[1], 1, "cache", VM_SHUTOFF);
    hosts[1]->host.read_only = true;
    hosts[2] = stage_host(2, "demo", 1);
    hosts[2]->host.demo = true;
    stage_vm(hosts[2], 0, "test", VM_RUNNING);
    stage_hosts(&s, 3, hosts);
    stage_run(&s, "group host");
    stage_expect(&s, "three-hosts");
    hosts[0] = stage_everyday();
    for (int i = 1; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof(name), "kvm%d", i);
        hosts[i] = stage_host(i, name, 0);
    }
    hosts[4]->host.state = HOST_LOST;
    stage_hosts(&s, 5, hosts);
    stage_expect(&s, "five-hosts");
    stage_close(&s);
}

static void test_columns_come_back(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 80, 24, true);
    for (int i = 0; i < 4; i++) {
        free(stage_text(&s));
        stage_run(&s, "move right");
    }
    free(stage_text(&s));
    assert_int_equal(s.deck.view.left, 4);
    stage_run(&s, "pane close");
    stage_resize(&s, 200, 60);
    free(stage_text(&s));
    assert_int_equal(s.deck.view.left, 0);
    stage_close(&s);
}

static void test_stale_and_lost(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    deck_set_time(&s.deck, STAGE_NOW_MS + 42000, STAGE_WALL_MS + 42000);
    stage_expect(&s, "stale");
    struct snapshot *lost = snapshot_copy(s.deck.hosts[0]);
    lost->host.state = HOST_LOST;
    free(lost->host.state_text);
    lost->host.state_text = xstrdup("connection refused; next try in 4 s");
    memcpy(lost->counts, s.deck.hosts[0]->counts, sizeof(lost->counts));
    deck_set_hosts(&s.deck, &lost, 1);
    stage_expect(&s, "lost");
    /* Age and counts stay, however long the reason is. */
    free(lost->host.state_text);
    lost->host.state_text = xstrdup("connecting: Failed to connect socket to "
                                    "'/var/run/libvirt/libvirt-sock': Connection refused");
    stage_resize(&s, 80, 24);
    stage_expect(&s, "lost-80x24");
    stage_close(&s);
}

static void test_read_only_key_bar(void **state)
{
    (void)state;
    struct stage s;
    everyday(&s, 120, 36, true);
    s.deck.hosts[0]->host.read_only = true;
    stage_run(&s, "start");
    stage_expect(&s, "read-only");
    stage_close(&s);
}

int main(void)
{
    stage_setup();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_120x36),
        cmocka_unit_test(test_200x60),
        cmocka_unit_test(test_80x24),
        cmocka_unit_test(test_80x24_ascii),
        cmocka_unit_test(test_narrow),
        cmocka_unit_test(test_all_sizes),
        cmocka_unit_test(test_no_domains),
        cmocka_unit_test(test_one_domain),
        cmocka_unit_test(test_columns_come_back),
        cmocka_unit_test(test_5000_domains),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_tags_filter_groups),
        cmocka_unit_test(test_several_hosts),
        cmocka_unit_test(test_stale_and_lost),
        cmocka_unit_test(test_read_only_key_bar),
        cmocka_unit_test(test_search_in_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
