/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Traces of changes, and what was overwritten: the situations that a definition can be in afterwards.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "device/overwritten.h"

#define DOMAIN(inner) "<domain type='kvm'><name>a</name>" inner "</domain>"
#define RNG(rate)     "<devices><rng model='virtio'><rate bytes='" rate "'/></rng></devices>"
#define DISK(dev, file)                                                                                      \
    "<disk type='file'><driver name='qemu' type='qcow2'/><source file='" file "'/><target dev='" dev         \
    "'/></disk>"
#define DEVICES(inner) DOMAIN("<devices>" inner "</devices>")

static bool gone(const char *old_xml, const char *new_xml, const char *now)
{
    trace t;
    fact_list facts;
    trace_make(old_xml, new_xml, &t);
    fact_list_make(now, &facts);
    bool result = trace_gone(&t, NULL, &facts);
    trace_free(&t);
    fact_list_free(&facts);
    return result;
}

static void fields(void **state)
{
    (void)state;
    const char *one = DOMAIN(RNG("1")), *two = DOMAIN(RNG("2"));
    assert_false(gone(one, two, two));
    assert_true(gone(one, two, one));
    assert_true(gone(one, two, DOMAIN(RNG("3"))));
    assert_true(gone(one, two, DOMAIN("")));
    assert_false(gone(one, two, DOMAIN("<title>x</title>" RNG("2"))));
    assert_false(gone(one, one, DOMAIN("")));
    /* Another layout, another order of attributes: the same. */
    assert_false(gone(DOMAIN("<a x='1' y='1'/>"), DOMAIN("<a x='1' y='2'/>"),
                      "<domain  type=\"kvm\">\n  <name>a</name>\n  <a y=\"2\"\n x=\"1\"></a></domain>"));
}

static void devices(void **state)
{
    (void)state;
    const char *a = DEVICES(DISK("vda", "/a")), *ab = DEVICES(DISK("vda", "/a") DISK("vdb", "/b"));
    assert_false(gone(a, ab, ab));
    assert_true(gone(a, ab, a));
    /* Another one in its place, of the same make. */
    assert_true(gone(a, ab, DEVICES(DISK("vda", "/a") DISK("vdc", "/c"))));
    /* What is left of it is there. */
    assert_false(gone(a, ab, DEVICES(DISK("vda", "/a") DISK("vdb", "/b2"))));
    /* Taken out, and back; and another one that looks like it. */
    assert_false(gone(ab, a, a));
    assert_true(gone(ab, a, ab));
    assert_false(gone(ab, a, DEVICES(DISK("vda", "/a") DISK("vdc", "/c"))));
    /* Two of a kind that have nothing to tell them apart. */
    const char *rngs = DEVICES("<rng model='virtio'/><rng model='virtio'/>");
    assert_true(gone(DEVICES("<rng model='virtio'/>"), rngs, DEVICES("<rng model='virtio'/>")));
    assert_false(gone(DEVICES("<rng model='virtio'/>"), rngs, rngs));
}

static void another_name(void **state)
{
    (void)state;
#define CACHED(dev) "<disk><driver cache='none'/><target dev='" dev "'/></disk>"
    const char *plain = DEVICES("<disk><driver/><target dev='vda'/></disk>"),
               *cached = DEVICES(CACHED("vda"));
    assert_true(gone(plain, cached, plain));
    assert_false(gone(plain, cached, DEVICES(CACHED("sda"))));
    assert_false(gone(plain, cached, DEVICES("")));
    /* The addition itself is told by the device. */
    assert_true(gone(DEVICES(""), cached, DEVICES("")));
}

static bool undone(const char *old_xml, const char *new_xml, const char *now)
{
    trace t;
    fact_list facts;
    trace_make(old_xml, new_xml, &t);
    fact_list_make(now, &facts);
    bool result = trace_undone(&t, &facts);
    trace_free(&t);
    fact_list_free(&facts);
    return result;
}

static void in_other_words(void **state)
{
    (void)state;
    const char *kib = DOMAIN("<memory unit='KiB'>1024</memory>"),
               *mib = DOMAIN("<memory unit='MiB'>2</memory>");
    assert_true(gone(kib, mib, DOMAIN("<memory unit='KiB'>2048</memory>")));
    assert_false(undone(kib, mib, DOMAIN("<memory unit='KiB'>2048</memory>")));
    assert_true(undone(kib, mib, kib));
    assert_false(undone(kib, kib, kib));
    assert_true(undone(DEVICES(""), DEVICES("<rng/>"), DEVICES("")));
    assert_true(undone(DEVICES("<rng/>"), DEVICES(""), DEVICES("<rng/>")));
}

static void exchanged(void **state)
{
    (void)state;
#define NIC(mac, order) "<interface type='user'><mac address='" mac "'/><boot order='" order "'/></interface>"
    const char *before = DEVICES(NIC("52:54:00:00:00:01", "1") NIC("52:54:00:00:00:02", "2"));
    const char *after = DEVICES(NIC("52:54:00:00:00:01", "2") NIC("52:54:00:00:00:02", "1"));
    assert_false(gone(before, after, after));
    assert_true(gone(before, after, before));
}

static void no_xml(void **state)
{
    (void)state;
    assert_false(gone("", "", ""));
    assert_false(gone("<a", "<b>", "<c"));
    /* One that can't be read has nothing in it, which is no proof: that is for the caller. */
    fact_list l;
    fact_list_make("no XML", &l);
    assert_int_equal(l.len, 0);
    fact_list_free(&l);
}

static const struct trace_fact *fact_of(const trace *t, const char *text)
{
    for (size_t i = 0; i < t->len; i++)
        if (strcmp(t->items[i].text, text) == 0)
            return &t->items[i];
    fail_msg("no fact %s", text);
    return NULL;
}

static void only_what_was_meant(void **state)
{
    (void)state;
    trace t;
    const char *before = DOMAIN("<memory>1000</memory>" RNG("1"));
    /* libvirt turned the memory into something else, and somebody gave it a title in the same instant. */
    const char *after = DOMAIN("<title>x</title><memory>1024</memory>" RNG("2"));
    trace_make(before, DOMAIN("<memory>1001</memory>" RNG("2")), &t);
    assert_int_equal(t.len, 4);
    trace_end(&t, before, after);
    assert_int_equal(t.len, 7);
    assert_true(fact_of(&t, "domain/devices/rng/rate@bytes=2")->meant);
    assert_true(fact_of(&t, "domain/memory=1000")->meant);
    assert_false(fact_of(&t, "domain/memory=1001")->meant);
    assert_false(fact_of(&t, "domain/memory=1024")->meant);
    assert_false(fact_of(&t, "domain/title=x")->meant);
    trace_free(&t);
}

static void of_the_same_device(void **state)
{
    (void)state;
    const char *before =
        DEVICES(DISK("vda", "/a") DISK("vdb", "/b") "<video><model type='vga' heads='1'/></video>");
    trace t;
    trace_make(before,
               DEVICES(DISK("vda", "/b") DISK("vdb", "/b") "<video><model type='vga' heads='1'/></video>"),
               &t);
    assert_int_equal(t.len, 2);
    trace_widen(&t, before);
    assert_false(fact_of(&t, "domain/devices/disk[vda]/driver@name=qemu")->meant);
    assert_false(fact_of(&t, "domain/devices/disk[vda]")->meant);
    for (size_t i = 0; i < t.len; i++)
        assert_ptr_equal(strstr(t.items[i].text, "domain/devices/disk[vda]"), t.items[i].text);
    trace_free(&t);
}

static void json(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]",
                                      "{\"a\":1}",
                                      "{\"a\":[1,2]}",
                                      "{\"a\":[1,2,3]}",
                                      "{\"a\":[1,\"2\",true]}",
                                      "{\"a\":[1.5,2,true]}",
                                      "{\"b\":[0,1,true],\"a\":[-1,2,true]}"};
    trace t, again;
    trace_make(DOMAIN(RNG("1")), DOMAIN(RNG("2")), &t);
    t.items[0].meant = false;
    json_object *o = trace_json(&t);
    assert_true(trace_read(o, &again));
    assert_int_equal(again.len, t.len);
    for (size_t i = 0; i < t.len; i++) {
        assert_string_equal(again.items[i].text, t.items[i].text);
        assert_int_equal(again.items[i].before, t.items[i].before);
        assert_int_equal(again.items[i].after, t.items[i].after);
        assert_int_equal(again.items[i].meant, t.items[i].meant);
    }
    json_object_put(o);
    trace_free(&t);
    trace_free(&again);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        o = json_tokener_parse(bad[i]);
        assert_false(trace_read(o, &t));
        assert_int_equal(t.len, 0);
        json_object_put(o);
    }
    assert_false(trace_read(NULL, &t));
}

/* ---- the journal ---- */

static void push(journal_list *l, const char *what, const char *old_xml, const char *new_xml)
{
    struct journal_entry entry = {.number = (unsigned)l->len + 1, .state = JOURNAL_DONE, .traced = true};
    entry.what = xstrdup(what);
    entry.uri = xstrdup("qemu:///system");
    trace_make(old_xml, new_xml, &entry.trace);
    vec_push(l, entry);
}

/* The numbers, as text that the next call overwrites. */
static const char *found(journal_list *l, const char *now)
{
    static char text[64];
    journal_numbers numbers = {0};
    text[0] = '\0';
    overwritten_find(l, "qemu:///system", now, &numbers);
    for (size_t i = 0; i < numbers.len; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u", i ? " " : "", numbers.items[i]);
    vec_free(&numbers);
    return text;
}

static void found_once(void **state)
{
    (void)state;
    journal_list l = {0};
    push(&l, "rate", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    push(&l, "title", DOMAIN(RNG("2")), DOMAIN("<title>x</title>" RNG("2")));
    assert_string_equal(found(&l, DOMAIN("<title>x</title>" RNG("2"))), "");
    assert_string_equal(found(&l, DOMAIN("<title>x</title>" RNG("1"))), "1");
    assert_string_equal(found(&l, DOMAIN("<title>x</title>" RNG("1"))), "");
    assert_string_equal(found(&l, DOMAIN(RNG("1"))), "2");
    journal_list_free(&l);
    push(&l, "rate", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    push(&l, "title", DOMAIN(RNG("2")), DOMAIN("<title>x</title>" RNG("2")));
    assert_string_equal(found(&l, DOMAIN(RNG("1"))), "2 1");
    journal_list_free(&l);
}

static void taken_back_by_us(void **state)
{
    (void)state;
    journal_list l = {0};
    push(&l, "rate", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    push(&l, "undo 1", DOMAIN(RNG("2")), DOMAIN(RNG("1")));
    assert_string_equal(found(&l, DOMAIN(RNG("1"))), "");
    /* What is left of it after ours may be libvirt's doing. */
    journal_list_free(&l);
    push(&l, "model", DOMAIN("<a model='1' ram='2'/>"), DOMAIN("<a model='x'/>"));
    push(&l, "model", DOMAIN("<a model='x'/>"), DOMAIN("<a model='1'/>"));
    assert_string_equal(found(&l, DOMAIN("<a model='1' ram='2'/>")), "");
    journal_list_free(&l);
    push(&l, "two fields", DOMAIN("<a x='1'/><b x='1'/>"), DOMAIN("<a x='2'/><b x='2'/>"));
    push(&l, "one of them", DOMAIN("<a x='2'/><b x='2'/>"), DOMAIN("<a x='3'/><b x='2'/>"));
    assert_string_equal(found(&l, DOMAIN("<a x='3'/><b x='1'/>")), "1");
    journal_list_free(&l);
    push(&l, "rate", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    push(&l, "undo 1", DOMAIN(RNG("2")), DOMAIN(RNG("1")));
    /* One that failed has done nothing. */
    l.items[1].state = JOURNAL_FAILED;
    assert_string_equal(found(&l, DOMAIN(RNG("1"))), "1");
    journal_list_free(&l);
    /* Of one without a trace, or under way, nobody knows. */
    push(&l, "rate", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    push(&l, "older", "", "");
    l.items[1].traced = false;
    assert_string_equal(found(&l, DOMAIN(RNG("1"))), "");
    journal_list_free(&l);
}

static void in_the_order_of_their_ends(void **state)
{
    (void)state;
    journal_list l = {0};
    /* A conversion that began first and ended last took the other one's change out. */
    push(&l, "conversion", DOMAIN("<a x='1'/><b x='2'/>"), DOMAIN("<a x='2'/><b x='1'/>"));
    push(&l, "meanwhile", DOMAIN("<a x='1'/><b x='1'/>"), DOMAIN("<a x='1'/><b x='2'/>"));
    l.items[1].ended_ms = 100;
    l.items[0].ended_ms = 200;
    assert_string_equal(found(&l, DOMAIN("<a x='2'/><b x='1'/>")), "");
    l.items[0].ended_ms = 50;
    assert_string_equal(found(&l, DOMAIN("<a x='2'/><b x='1'/>")), "2");
    /* While it is under way nobody knows. */
    l.items[1].overwritten_ms = 0;
    l.items[0].state = JOURNAL_BEGUN;
    l.items[0].lasts = true;
    assert_string_equal(found(&l, DOMAIN("<a x='2'/><b x='1'/>")), "");
    journal_list_free(&l);
}

static void behind_a_gap(void **state)
{
    (void)state;
    journal_list l = {0};
    for (int i = 0; i < 3; i++)
        push(&l, "title", DOMAIN("<a x='1'/>"), DOMAIN("<a x='2'/>"));
    l.items[2].number = 4; /* 3 can't be read: it may be what took 2 out */
    trace_free(&l.items[2].trace);
    trace_make(DOMAIN("<b x='1'/>"), DOMAIN("<b x='2'/>"), &l.items[2].trace);
    assert_string_equal(found(&l, DOMAIN("<a x='1'/><b x='2'/>")), "");
    assert_string_equal(found(&l, DOMAIN("<a x='1'/><b x='1'/>")), "4");
    l.items[2].number = 3;
    assert_string_equal(found(&l, DOMAIN("<a x='1'/><b x='2'/>")), "2");
    journal_list_free(&l);
}

static void of_another_host(void **state)
{
    (void)state;
    journal_list l = {0};
    push(&l, "rate", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    l.items[0].uri[0] = 'Q';
    assert_string_equal(found(&l, DOMAIN(RNG("1"))), "");
    free(l.items[0].uri);
    l.items[0].uri = NULL;
    assert_string_equal(found(&l, DOMAIN(RNG("1"))), "");
    journal_list_free(&l);
}

static void unreadable_is_no_loss(void **state)
{
    (void)state;
    journal_list l = {0};
    push(&l, "rate", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    assert_string_equal(found(&l, ""), "");
    assert_string_equal(found(&l, "<domain"), "");
    journal_list_free(&l);
}

static void words(void **state)
{
    (void)state;
    journal_list l = {0};
    journal_numbers numbers = {0};
    struct strbuf out = {0};
    for (int i = 0; i < 5; i++)
        push(&l, i % 2 ? "rng0: rate=2" : "domain: title=x", DOMAIN(RNG("1")), DOMAIN(RNG("2")));
    vec_push(&numbers, 2);
    overwritten_words(&out, &l, &numbers, "web1");
    assert_ptr_equal(
        strstr(strbuf_str(&out), "the change 2 (rng0: rate=2) is not in the definition of web1 "),
        strbuf_str(&out));
    for (unsigned i = 3; i <= 5; i++)
        vec_push(&numbers, i);
    strbuf_clear(&out);
    overwritten_words(&out, &l, &numbers, "web1");
    assert_non_null(strstr(strbuf_str(&out), "4 (rng0: rate=2) and 1 more are not in the definition"));
    strbuf_free(&out);
    vec_free(&numbers);
    journal_list_free(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields),
        cmocka_unit_test(devices),
        cmocka_unit_test(another_name),
        cmocka_unit_test(in_other_words),
        cmocka_unit_test(exchanged),
        cmocka_unit_test(no_xml),
        cmocka_unit_test(only_what_was_meant),
        cmocka_unit_test(of_the_same_device),
        cmocka_unit_test(json),
        cmocka_unit_test(found_once),
        cmocka_unit_test(taken_back_by_us),
        cmocka_unit_test(in_the_order_of_their_ends),
        cmocka_unit_test(behind_a_gap),
        cmocka_unit_test(of_another_host),
        cmocka_unit_test(unreadable_is_no_loss),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
