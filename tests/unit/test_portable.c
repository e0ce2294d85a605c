/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "autostart/portable.h"
#include "base/jsondoc.h"
#include "model/xml.h"

/* ---- a host ---- */

static struct vm_uuid uuid_of(unsigned char n)
{
    return (struct vm_uuid){.b = {[0] = 0x11, [15] = n}};
}

static struct start_item *item_of(const char *autostart)
{
    char *xml = xasprintf("<domain type='kvm'><name>x</name><metadata><vd:domain xmlns:vd='%s'>%s</vd:domain>"
                          "</metadata><memory>1</memory></domain>",
                          "https://virtdeck.org/xmlns/domain/1", autostart);
    xmlDocPtr doc = xml_parse(xml, strlen(xml), NULL);
    assert_non_null(doc);
    struct start_item *item = start_item_read(xmlDocGetRootElement(doc));
    xmlFreeDoc(doc);
    free(xml);
    return item;
}

static void add(struct survey *s, unsigned char n, const char *name, const char *autostart, bool native)
{
    struct survey_vm vm = {.name = xstrdup(name),
                           .uuid = uuid_of(n),
                           .item = autostart ? item_of(autostart) : NULL,
                           .persistent = true,
                           .native = native,
                           .flags_known = true};
    vec_push(&s->vms, vm);
}

/* By name, as a survey has them. */
static void a_host(struct survey *s)
{
    *s = (struct survey){.host_name = xstrdup("kvm1")};
    add(s, 1, "db1",
        "<vd:autostart version='1' order='10' delay='5s'><vd:after>web1:ready</vd:after></vd:autostart>",
        false);
    add(s, 2, "future", "<vd:autostart version='2' order='1'/>", false);
    add(s, 3, "odd", "<vd:autostart version='1' moon='full' order='1'/>", false);
    add(s, 4, "once", "", false);
    s->vms.items[3].once = true;
    add(s, 5, "unread", NULL, true);
    add(s, 6, "web1", "", true);
}

static json_object *exported(void)
{
    struct survey s;
    a_host(&s);
    json_object *json = portable_json(&s);
    survey_clear(&s);
    return json;
}

static portable_list read_good(const char *text)
{
    portable_list l;
    struct error e = ERROR_INIT;
    json_object *json = jsondoc_object(text, strlen(text), 0);
    assert_non_null(json);
    if (!portable_read(json, &l, &e))
        fail_msg("%s", error_text(&e));
    json_object_put(json);
    return l;
}

static void refused(const char *domains, const char *part)
{
    portable_list l;
    struct error e = ERROR_INIT;
    char *text = xasprintf("{\"version\":1,\"domains\":%s}", domains);
    json_object *json = jsondoc_object(text, strlen(text), 0);
    assert_non_null(json);
    assert_false(portable_read(json, &l, &e));
    assert_int_equal(l.len, 0);
    if (!strstr(error_text(&e), part))
        fail_msg("%s: \"%s\", wanted \"%s\"", domains, error_text(&e), part);
    assert_int_equal(e.status, STATUS_FAILED);
    error_clear(&e);
    json_object_put(json);
    free(text);
}

static void export_says_all(void **state)
{
    (void)state;
    json_object *json = exported();
    assert_string_equal(
        json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN),
        "{\"version\":1,\"host\":\"kvm1\",\"domains\":["
        "{\"name\":\"db1\",\"uuid\":\"11000000-0000-0000-0000-000000000001\",\"autostart\":\"off\","
        "\"policy\":{\"version\":1,\"order\":10,\"delay\":5,\"after\":[\"web1:ready\"]}},"
        "{\"name\":\"once\",\"uuid\":\"11000000-0000-0000-0000-000000000004\",\"autostart\":\"once\"},"
        "{\"name\":\"web1\",\"uuid\":\"11000000-0000-0000-0000-000000000006\",\"autostart\":\"on\"}],"
        "\"left_out\":[{\"name\":\"future\",\"why\":\"its policy was written by a newer version\"},"
        "{\"name\":\"odd\",\"why\":\"its policy was written by a newer version\"},"
        "{\"name\":\"unread\",\"why\":\"its definition could not be read\"}]}");
    json_object_put(json);
}

static void round_trip(void **state)
{
    (void)state;
    json_object *json = exported();
    struct survey s;
    portable_list l = read_good(json_object_to_json_string(json));
    assert_int_equal(l.len, 3);
    a_host(&s);
    const struct survey_vm *db1 = portable_match(&s, &l.items[0]);
    assert_non_null(db1);
    assert_string_equal(db1->name, "db1");
    assert_true(policy_equal(&db1->item->policy, &l.items[0].policy));
    assert_true(l.items[0].native_known && !l.items[0].native);
    /* libvirt's flag for one boot, or ours: as a policy it can be either. */
    assert_true(l.items[1].policy.present);
    assert_int_equal(l.items[1].policy.v[POLICY_MODE].number, MODE_ONCE);
    assert_true(l.items[2].native && !l.items[2].policy.present);
    survey_clear(&s);
    portable_free(&l);
    json_object_put(json);
}

static void matching(void **state)
{
    (void)state;
    struct survey s;
    a_host(&s);
    portable_list l =
        read_good("{\"version\":1,\"host\":null,\"domains\":[{\"name\":\"web1\"},"
                  "{\"name\":\"db1\",\"uuid\":\"11000000-0000-0000-0000-000000000006\",\"policy\":null},"
                  "{\"name\":\"db1\",\"uuid\":\"99000000-0000-0000-0000-000000000006\",\"autostart\":null},"
                  "{\"name\":\"nobody\"}]}");
    assert_string_equal(portable_match(&s, &l.items[0])->name, "web1");
    assert_string_equal(portable_match(&s, &l.items[1])->name, "web1"); /* the UUID goes before the name */
    assert_string_equal(portable_match(&s, &l.items[2])->name, "db1");
    assert_null(portable_match(&s, &l.items[3]));
    assert_false(l.items[0].native_known);
    portable_free(&l);
    survey_clear(&s);
}

static void mistakes(void **state)
{
    (void)state;
    refused("{}", "\"domains\" must be there and hold a list");
    refused("[1]", "domain 1: it must be an object");
    refused("[{\"name\":\"a\"},{}]", "domain 2: the key \"name\" must be there");
    refused("[{\"name\":\"\"}]", "domain 1: the key \"name\"");
    refused("[{\"name\":\"a\\u0000b\"}]", "domain 1: the key \"name\"");
    refused("[{\"name\":\"a\",\"uuid\":\"x\"}]", "domain 1 (a): the key \"uuid\" holds no UUID: \"x\"");
    refused("[{\"name\":\"a\",\"uuid\":7}]", "holds no UUID: 7");
    refused("[{\"name\":\"a\",\"autostart\":true}]", "one of on, off, once, not true");
    refused("[{\"name\":\"a\",\"polcy\":{}}]", "there is no key \"polcy\" (did you mean \"policy\"?)");
    refused("[{\"name\":\"a\",\"policy\":[]}]", "domain 1 (a): an autostart policy must be an object");
    refused("[{\"name\":\"a\",\"policy\":{\"order\":-1}}]", "order is \"-1\"");
    refused("[{\"name\":\"a\",\"policy\":{\"version\":2}}]", "version 2");
    refused("[{\"name\":\"a\"},{\"name\":\"a\"}]", "domain 2 (a): the same domain stands there twice");
}

static void other_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "{\"version\":2,\"domains\":[]}",
                                        "{\"version\":\"1\",\"domains\":[]}",
                                        "{\"version\":1,\"domains\":[],\"x\":1}", "{\"version\":1}"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        portable_list l;
        struct error e = ERROR_INIT;
        json_object *json = jsondoc_object(texts[i], strlen(texts[i]), 0);
        assert_false(portable_read(json, &l, &e));
        assert_true(error_text(&e)[0]);
        error_clear(&e);
        json_object_put(json);
    }
    portable_list l;
    assert_false(portable_read(NULL, &l, NULL));
}

static void too_many(void **state)
{
    (void)state;
    struct strbuf text = {0};
    strbuf_puts(&text, "[");
    for (int i = 0; i < 20001; i++)
        strbuf_printf(&text, "%s{\"name\":\"v%d\"}", i ? "," : "", i);
    strbuf_puts(&text, "]");
    refused(strbuf_str(&text), "more than 20000 domains");
    strbuf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(export_says_all), cmocka_unit_test(round_trip),  cmocka_unit_test(matching),
        cmocka_unit_test(mistakes),        cmocka_unit_test(other_texts), cmocka_unit_test(too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
