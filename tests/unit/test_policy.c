/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "autostart/policy.h"
#include "autostart/policy_item.h"
#include "model/domdef.h"
#include "model/xml.h"

#define OWN "xmlns:vd='" VIRTDECK_METADATA_URI "'"

static void table_is_sound(void **state)
{
    (void)state;
    struct policy empty;
    policy_init(&empty);
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++) {
        const struct policy_field *f = &policy_fields[id];
        struct strbuf takes = {0};
        assert_int_equal(f->id, id);
        assert_ptr_equal(policy_field_find(f->word), f);
        assert_true(strlen(f->help) > 10 && !strchr(f->help, '\n') && f->help[strlen(f->help) - 1] != '.');
        policy_field_takes(f, &takes);
        assert_true(takes.len > 5);
        strbuf_free(&takes);
        if (f->def) {
            struct policy p;
            policy_init(&p);
            assert_true(policy_set(&p, id, f->def, NULL));
            if (!policy_is_list(f))
                assert_int_equal(policy_number(&empty, NULL, id), p.v[id].number);
            policy_free(&p);
        }
    }
    assert_null(policy_field_find("nothing"));
}

/* What is printed is read as the same again. */
static void canonical(void **state)
{
    (void)state;
    static const struct {
        enum policy_id id;
        const char *typed, *want;
    } rows[] = {
        {POLICY_MODE, "once", "once"},
        {POLICY_MODE, "OFF", "off"},
        {POLICY_ORDER, "10", "10"},
        {POLICY_ORDER, "0", "0"},
        {POLICY_ORDER, "2147483647", "2147483647"},
        {POLICY_DELAY, "5", "5s"},
        {POLICY_DELAY, "1h30m", "90m"},
        {POLICY_DELAY, "1500ms", "1500ms"},
        {POLICY_DELAY, "0", "0s"},
        {POLICY_AFTER, "db1", "db1:ready"},
        {POLICY_AFTER, "db1:started,db2:ready", "db1:started,db2:ready"},
        {POLICY_AFTER, "a:ready:ready", "a:ready:ready"},
        {POLICY_AFTER, "default", "default:ready"},
        {POLICY_AFTER, "one\\, two,x y", "one\\, two:ready,x y:ready"},
        {POLICY_AFTER, "db,db:ready", "db:ready"},
        {POLICY_READY, "running,agent,ip", "running,agent,ip"},
        {POLICY_READY, "tcp:22", "tcp:22"},
        {POLICY_READY, "tcp:443@fe80::1%vnet0", "tcp:443@fe80::1%vnet0"},
        {POLICY_READY, "serial:/login: *$/", "serial:/login: *$/"},
        {POLICY_READY, "serial:/a,b/,ip", "serial:/a,b/,ip"},
        {POLICY_READY, "serial:/a\\/b\\\\/,agent", "serial:/a\\/b\\\\/,agent"},
        {POLICY_READY, "serial:/[0-9]{1,3}\\./", "serial:/[0-9]{1,3}\\./"},
        {POLICY_NEEDS, "network:default,pool:images,mount:/srv,path:/dev/sdb",
         "network:default,pool:images,mount:/srv,path:/dev/sdb"},
        {POLICY_STOP_FORCE, "Yes", "yes"},
        {POLICY_STOP_FORCE, "0", "no"},
        {POLICY_ON_BATTERY, "throttle:50", "throttle:50"},
        {POLICY_ON_BATTERY, "hold", "hold"},
        {POLICY_ON_WAKE, "restart-if-unhealthy", "restart-if-unhealthy"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy p, again;
        struct strbuf text = {0};
        struct error e = ERROR_INIT;
        policy_init(&p);
        policy_init(&again);
        if (!policy_set(&p, rows[i].id, rows[i].typed, &e))
            fail_msg("%s: %s", rows[i].typed, error_text(&e));
        policy_text(&p, rows[i].id, &text);
        assert_string_equal(strbuf_str(&text), rows[i].want);
        assert_true(policy_set(&again, rows[i].id, strbuf_str(&text), NULL));
        assert_true(policy_equal(&p, &again));
        strbuf_free(&text);
        policy_free(&p);
        policy_free(&again);
    }
}

/* Each names the field and what it takes; the policy stays as it was. */
static void refused(void **state)
{
    (void)state;
    static const struct {
        enum policy_id id;
        const char *typed, *says;
    } rows[] = {
        {POLICY_MODE, "sometimes", "mode is \"sometimes\", but takes one of: on, off, once"},
        {POLICY_ORDER, "-1", "order is \"-1\", but takes a whole number from 0 to 2147483647"},
        {POLICY_ORDER, "1.5", "whole number"},
        {POLICY_ORDER, "2147483648", "whole number"},
        {POLICY_ORDER, "ten", "whole number"},
        {POLICY_DELAY, "-5", "delay is \"-5\", but takes a time"},
        {POLICY_DELAY, "2d", "a time from 0s to 86400s"},
        {POLICY_TIMEOUT, "0", "a time from 1s"},
        {POLICY_AFTER, ",db", "is no name of a domain"},
        {POLICY_AFTER, "a/b", "after is \"a/b\""},
        {POLICY_READY, "ping", "ready is \"ping\", but takes any of: running, agent"},
        {POLICY_READY, "tcp:", "tcp:PORT"},
        {POLICY_READY, "tcp:0", "1 to 65535"},
        {POLICY_READY, "tcp:65536", "1 to 65535"},
        {POLICY_READY, "tcp:22@", "no address"},
        {POLICY_READY, "tcp:22@-oProxy", "no address"},
        {POLICY_READY, "tcp:22@a b", "no address"},
        {POLICY_READY, "serial:login", "slash at both ends"},
        {POLICY_READY, "serial:/login", "slash at both ends"},
        {POLICY_READY, "serial:/a/b", "slash at both ends"},
        {POLICY_READY, "serial://", "1 to 256 bytes"},
        {POLICY_READY, "serial:/(/", "the pattern \"(\" is wrong"},
        {POLICY_READY, "serial:/(a{1,255}){1,255}/", "repeats more than"},
        {POLICY_READY, "serial:/(a)\\1/", "back reference"},
        {POLICY_NEEDS, "images", "nothing that can be needed"},
        {POLICY_NEEDS, "network:", "must be a name"},
        {POLICY_NEEDS, "mount:srv", "begins with /"},
        {POLICY_STOP, "shutdwn", "did you mean \"shutdown\"?"},
        {POLICY_STOP_FORCE, "maybe", "yes or no"},
        {POLICY_RESTART_TRIES, "0", "from 1 to 100"},
        {POLICY_ON_BATTERY, "throttle", "PERCENT being a whole number from 1 to 99"},
        {POLICY_ON_BATTERY, "throttle:0", "PERCENT being a whole number from 1 to 99"},
        {POLICY_ON_BATTERY, "throttle:100", "PERCENT being a whole number from 1 to 99"},
        {POLICY_ON_BATTERY, "throtle", "did you mean \"throttle:PERCENT\"?"},
        {POLICY_ON_BATTERY, "hold:5", "on-battery"},
        {POLICY_AFTER, "a\nb", "control character"},
        {POLICY_AFTER, "\xff", "UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy p;
        struct error e = ERROR_INIT;
        policy_init(&p);
        if (policy_set(&p, rows[i].id, rows[i].typed, &e))
            fail_msg("%s was taken", rows[i].typed);
        if (!strstr(error_text(&e), rows[i].says) || !strstr(error_text(&e), policy_fields[rows[i].id].word))
            fail_msg("%s: %s", rows[i].typed, error_text(&e));
        assert_false(p.present);
        assert_false(p.v[rows[i].id].given);
        error_clear(&e);
        policy_free(&p);
    }
}

static void words(void **state)
{
    (void)state;
    static const char *const first[] = {"order=10", "after=db1", "after=db2:started", "once"};
    static const char *const second[] = {"after=x", "order="};
    static const char *const wrong[] = {"delay=5", "ordr=3"};
    struct policy p;
    struct strbuf text = {0};
    struct error e = ERROR_INIT;
    policy_init(&p);
    assert_true(policy_set_words(&p, ARRAY_LEN(first), first, &e));
    policy_words(&p, &text);
    assert_string_equal(strbuf_str(&text), "mode=once order=10 after=db1:ready,db2:started");
    assert_true(policy_set_words(&p, ARRAY_LEN(second), second, &e));
    strbuf_clear(&text);
    policy_words(&p, &text);
    assert_string_equal(strbuf_str(&text), "mode=once after=x:ready");
    assert_false(policy_set_words(&p, ARRAY_LEN(wrong), wrong, &e));
    assert_int_equal(e.position, 1);
    assert_non_null(strstr(error_text(&e), "did you mean \"order\""));
    assert_false(p.v[POLICY_DELAY].given);
    error_clear(&e);
    strbuf_free(&text);
    policy_free(&p);
}

static void too_many(void **state)
{
    (void)state;
    struct policy p;
    struct error e = ERROR_INIT;
    char name[32], *longer = xmalloc(POLICY_TEXT_MAX + 2);
    policy_init(&p);
    for (int i = 0; i < POLICY_ITEMS_MAX; i++) {
        snprintf(name, sizeof name, "vm%d", i);
        assert_true(policy_add(&p, POLICY_AFTER, name, &e));
    }
    assert_true(policy_add(&p, POLICY_AFTER, "vm0", &e));
    assert_false(policy_add(&p, POLICY_AFTER, "another", &e));
    assert_non_null(strstr(error_text(&e), "after has more than 256 values"));
    memset(longer, 'a', POLICY_TEXT_MAX + 1);
    longer[POLICY_TEXT_MAX + 1] = '\0';
    assert_false(policy_set(&p, POLICY_ORDER, longer, &e));
    assert_non_null(strstr(error_text(&e), "at most 1024"));
    free(longer);
    error_clear(&e);
    policy_free(&p);
}

static void host_defaults(void **state)
{
    (void)state;
    struct policy p, host;
    policy_init(&p);
    policy_init(&host);
    assert_int_equal(policy_number(&p, NULL, POLICY_TIMEOUT), 120000);
    assert_true(policy_set(&host, POLICY_TIMEOUT, "5m", NULL));
    assert_int_equal(policy_number(&p, &host, POLICY_TIMEOUT), 300000);
    assert_true(policy_set(&p, POLICY_TIMEOUT, "7s", NULL));
    assert_int_equal(policy_number(&p, &host, POLICY_TIMEOUT), 7000);
    /* What belongs to one domain has no default of the host's. */
    assert_true(policy_set(&host, POLICY_DELAY, "9s", NULL));
    assert_int_equal(policy_number(&p, &host, POLICY_DELAY), 0);
    policy_free(&p);
    policy_free(&host);
}

static void json(void **state)
{
    (void)state;
    static const char *const given[] = {
        "order=10",          "delay=1500ms",          "after=db1:started,a\\,b",
        "stop-force=no",     "ready=serial:/x,y/,ip", "on-battery=throttle:30",
        "restart=on-failure"};
    struct policy p, again;
    struct error e = ERROR_INIT;
    policy_init(&p);
    policy_init(&again);
    assert_true(policy_set_words(&p, ARRAY_LEN(given), given, &e));
    json_object *j = policy_json(&p);
    assert_string_equal(
        json_object_to_json_string_ext(j, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
        "{\"version\":1,\"order\":10,\"delay\":1.5,\"after\":[\"db1:started\",\"a,b:ready\"],"
        "\"ready\":[\"serial:/x,y/\",\"ip\"],\"stop-force\":false,\"restart\":\"on-failure\","
        "\"on-battery\":\"throttle:30\"}");
    assert_true(policy_from_json(j, &again, &e));
    assert_true(policy_equal(&p, &again));
    json_object_put(j);
    policy_free(&p);
    policy_free(&again);
}

static void json_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
    } rows[] = {
        {"[]", "must be an object"},
        {"{\"version\":2}", "version 2; this program knows version 1"},
        {"{\"version\":null}", "version null"},
        {"{\"ordr\":1}", "did you mean \"order\""},
        {"{\"order\":\"x\"}", "order is \"x\""},
        {"{\"order\":[1]}", "order takes a whole number"},
        {"{\"order\":{}}", "order takes a whole number"},
        {"{\"after\":\"db\"}", "after takes any of"},
        {"{\"after\":[1]}", "words in \"quotes\""},
        {"{\"after\":[\"a\\u0000b\"]}", "words in \"quotes\""},
        {"{\"delay\":-1}", "delay is \"-1\""},
        {"{\"delay\":1e300}", "delay"},
        {"{\"stop\":\"a\\u0000b\"}", "stop takes one of"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct policy p;
        struct error e = ERROR_INIT;
        json_object *j = json_tokener_parse(rows[i].json);
        policy_init(&p);
        assert_false(policy_from_json(j, &p, &e));
        if (!strstr(error_text(&e), rows[i].says))
            fail_msg("%s: %s", rows[i].json, error_text(&e));
        assert_false(p.present);
        error_clear(&e);
        json_object_put(j);
        policy_free(&p);
    }
}

/* ---- metadata ---- */

struct metadata {
    xmlDocPtr doc;
    xmlNodePtr root;
    struct policy p;
    finding_list found;
};

static struct metadata read_metadata(const char *xml)
{
    struct error e = ERROR_INIT;
    struct metadata m = {.doc = xml_parse(xml, strlen(xml), &e)};
    if (!m.doc)
        fail_msg("%s", error_text(&e));
    m.root = xmlDocGetRootElement(m.doc);
    policy_from_xml(m.root, &m.p, &m.found);
    return m;
}

static void expect_xml(struct metadata *m, const char *want)
{
    char *text = xml_print(m->doc);
    assert_string_equal(text, want);
    free(text);
}

static void close_metadata(struct metadata *m)
{
    policy_free(&m->p);
    findings_free(&m->found);
    xmlFreeDoc(m->doc);
}

static void old_element(void **state)
{
    (void)state;
    struct metadata m = read_metadata("<domain><metadata><vd:domain " OWN "><vd:autostart order='10'/>"
                                      "</vd:domain></metadata></domain>");
    assert_true(m.p.present);
    assert_int_equal(policy_number(&m.p, NULL, POLICY_ORDER), 10);
    assert_int_equal(policy_number(&m.p, NULL, POLICY_MODE), MODE_ON);
    assert_int_equal(m.found.len, 0);
    close_metadata(&m);
    m = read_metadata("<domain/>");
    assert_false(m.p.present);
    close_metadata(&m);
    /* Strangers' elements of that name are not ours. */
    m = read_metadata("<domain><metadata><domain><autostart order='1'/></domain></metadata></domain>");
    assert_false(m.p.present);
    close_metadata(&m);
}

#define AROUND(inside)                                                                                       \
    "<domain>\n  <metadata>\n    <vd:domain xmlns:vd=\"" VIRTDECK_METADATA_URI "\">\n"                       \
    "      <vd:tags>a b</vd:tags>\n" inside "      <vd:later kind=\"x\"/>\n    </vd:domain>\n"               \
    "    <other xmlns=\"urn:x\"/>\n  </metadata>\n</domain>\n"

static void written(void **state)
{
    (void)state;
    static const char *const given[] = {"order=20", "delay=5s", "after=db1,db2:started",
                                        "ready=serial:/<&>/"};
    struct metadata m = read_metadata("<domain/>");
    struct error e = ERROR_INIT;
    assert_true(policy_set_words(&m.p, ARRAY_LEN(given), given, &e));
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m,
               "<domain>\n  <metadata>\n    <virtdeck:domain xmlns:virtdeck=\"" VIRTDECK_METADATA_URI "\">\n"
               "      <virtdeck:autostart version=\"1\" order=\"20\" delay=\"5s\">\n"
               "        <virtdeck:after>db1:ready</virtdeck:after>\n"
               "        <virtdeck:after>db2:started</virtdeck:after>\n"
               "        <virtdeck:ready>serial:/&lt;&amp;&gt;/</virtdeck:ready>\n"
               "      </virtdeck:autostart>\n    </virtdeck:domain>\n  </metadata>\n</domain>\n");
    struct policy again;
    policy_init(&again);
    policy_from_xml(m.root, &again, &m.found);
    assert_true(policy_equal(&m.p, &again));
    assert_int_equal(m.found.len, 0);
    policy_free(&again);
    policy_free(&m.p);
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, "<domain/>\n");
    close_metadata(&m);
}

/* Tags and what later versions put beside it stay, whether a policy comes, changes or goes. */
static void siblings_stay(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct metadata m = read_metadata(AROUND("      <vd:autostart order=\"10\"/>\n"));
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, AROUND("      <vd:autostart order=\"10\"/>\n"));
    assert_true(policy_set(&m.p, POLICY_ORDER, "30", &e));
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, AROUND("      <vd:autostart order=\"30\"/>\n"));
    policy_free(&m.p);
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, AROUND(""));
    close_metadata(&m);
    /* Our element alone, as libvirt gives metadata out. */
    m = read_metadata("<vd:domain " OWN "><vd:tags>x</vd:tags></vd:domain>");
    assert_true(policy_set(&m.p, POLICY_ORDER, "1", &e));
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, "<vd:domain xmlns:vd=\"" VIRTDECK_METADATA_URI
                   "\"><vd:tags>x</vd:tags><vd:autostart version=\"1\" order=\"1\"/></vd:domain>\n");
    policy_free(&m.p);
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, "<vd:domain xmlns:vd=\"" VIRTDECK_METADATA_URI "\"><vd:tags>x</vd:tags></vd:domain>\n");
    close_metadata(&m);
}

static void newer(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
#define NEWER                                                                                                \
    "      <vd:autostart version=\"2\" order=\"10\" colour=\"red\"><vd:phase "                               \
    "x=\"1\">a</vd:phase></vd:autostart>\n"
    struct metadata m = read_metadata(AROUND(NEWER));
    assert_true(m.p.present && m.p.unknown);
    assert_string_equal(m.p.newer, "version \"2\"");
    assert_int_equal(m.found.len, 1);
    assert_string_equal(m.found.items[0].id, "policy-newer");
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, AROUND(NEWER));
    assert_true(policy_set(&m.p, POLICY_ORDER, "11", &e));
    assert_false(policy_to_xml(m.root, &m.p, &e));
    assert_non_null(strstr(error_text(&e), "version \"2\""));
    expect_xml(&m, AROUND(NEWER));
    policy_free(&m.p);
    assert_false(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, AROUND(NEWER));
    error_clear(&e);
    close_metadata(&m);
    /* The version is known, something in it is not: what is known can be changed. */
    m = read_metadata(
        AROUND("      <vd:autostart order=\"10\" colour=\"red\"><vd:phase x=\"1\"/></vd:autostart>\n"));
    assert_false(m.p.unknown);
    assert_string_equal(m.p.newer, "attribute \"colour\"");
    assert_true(policy_set(&m.p, POLICY_ORDER, "11", &e));
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(
        &m, AROUND("      <vd:autostart order=\"11\" colour=\"red\"><vd:phase x=\"1\"/></vd:autostart>\n"));
    close_metadata(&m);
}

/* A value that cannot be read is told and left where it is, until it is set anew. */
static void broken(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct metadata m =
        read_metadata(AROUND("      <vd:autostart order=\"ten\" delay=\"5s\"><vd:after/></vd:autostart>\n"));
    assert_int_equal(m.found.len, 2);
    assert_non_null(strstr(m.found.items[0].text, "order is \"ten\""));
    assert_int_equal(policy_number(&m.p, NULL, POLICY_DELAY), 5000);
    assert_true(policy_set(&m.p, POLICY_DELAY, "6s", &e));
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, AROUND("      <vd:autostart order=\"ten\" delay=\"6s\"><vd:after/></vd:autostart>\n"));
    assert_true(policy_set(&m.p, POLICY_ORDER, "", &e));
    assert_true(policy_set(&m.p, POLICY_AFTER, "db", &e));
    assert_true(policy_to_xml(m.root, &m.p, &e));
    expect_xml(&m, AROUND("      <vd:autostart delay=\"6s\">\n        <vd:after>db:ready</vd:after>\n"
                          "      </vd:autostart>\n"));
    close_metadata(&m);
    m = read_metadata("<vd:domain " OWN "><vd:autostart order='1'/><vd:autostart order='2'/></vd:domain>");
    assert_int_equal(policy_number(&m.p, NULL, POLICY_ORDER), 1);
    assert_string_equal(m.found.items[0].id, "policy-twice");
    close_metadata(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_sound), cmocka_unit_test(canonical),     cmocka_unit_test(refused),
        cmocka_unit_test(words),          cmocka_unit_test(too_many),      cmocka_unit_test(host_defaults),
        cmocka_unit_test(json),           cmocka_unit_test(json_refused),  cmocka_unit_test(old_element),
        cmocka_unit_test(written),        cmocka_unit_test(siblings_stay), cmocka_unit_test(newer),
        cmocka_unit_test(broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
