/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Autostart policies from strangers: as words, as JSON and in metadata; and a plan and a run of domains whose
 * policies are the lines of the input. What is taken can be printed and read again; what is refused has a
 * reason; a run comes to its end.
 */
#include "autostart/engine.h"
#include "base/jsondoc.h"
#include "model/domdef.h"
#include "model/xml.h"
#include "tests/fuzz/fuzz.h"

#define DOMAINS 12
#define STEPS   2000

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    setlocale(LC_ALL, "C.UTF-8");
    return 0;
}

/* Words, JSON and XML of a policy say the same. */
static void check_round_trip(const struct policy *p)
{
    struct policy again;
    struct error e = ERROR_INIT;
    finding_list found = {0};
    policy_init(&again);
    for (enum policy_id id = 0; id < POLICY_FIELDS; id++) {
        struct strbuf text = {0};
        policy_text(p, id, &text);
        FUZZ_CHECK(policy_set(&again, id, strbuf_str(&text), &e));
        strbuf_free(&text);
    }
    again.present = p->present;
    FUZZ_CHECK(policy_equal(p, &again));
    json_object *json = policy_json(p);
    FUZZ_CHECK(policy_from_json(json, &again, &e));
    again.present = p->present;
    FUZZ_CHECK(policy_equal(p, &again));
    json_object_put(json);
    if (p->present) {
        xmlDocPtr doc = xml_parse("<domain/>", 9, NULL);
        FUZZ_CHECK(policy_to_xml(xmlDocGetRootElement(doc), p, &e));
        policy_from_xml(xmlDocGetRootElement(doc), &again, &found);
        FUZZ_CHECK(found.len == 0 && policy_equal(p, &again));
        xmlFreeDoc(doc);
    }
    findings_free(&found);
    policy_free(&again);
    error_clear(&e);
}

static void set_word(struct policy *p, const char *word)
{
    struct error e = ERROR_INIT;
    struct policy before;
    policy_init(&before);
    policy_copy(&before, p);
    if (!policy_set_words(p, 1, &word, &e)) {
        FUZZ_CHECK(error_text(&e)[0] && e.status == STATUS_USAGE && e.position == 0);
        FUZZ_CHECK(policy_equal(p, &before));
    }
    policy_free(&before);
    error_clear(&e);
}

/* Written back unchanged, metadata stay what they were. */
static void read_xml(const uint8_t *data, size_t size)
{
    xmlDocPtr doc = xml_parse((const char *)data, size, NULL);
    if (!doc)
        return;
    struct policy p;
    finding_list found = {0};
    policy_init(&p);
    policy_from_xml(xmlDocGetRootElement(doc), &p, &found);
    char *before = xml_print(doc);
    FUZZ_CHECK(policy_to_xml(xmlDocGetRootElement(doc), &p, NULL));
    char *after = xml_print(doc);
    FUZZ_CHECK(strcmp(before, after) == 0);
    if (policy_set(&p, POLICY_ORDER, "77", NULL) && !p.unknown) {
        FUZZ_CHECK(policy_to_xml(xmlDocGetRootElement(doc), &p, NULL) || !p.present);
        policy_from_xml(xmlDocGetRootElement(doc), &p, &found);
        FUZZ_CHECK(policy_number(&p, NULL, POLICY_ORDER) == 77);
    }
    free(before);
    free(after);
    policy_free(&p);
    findings_free(&found);
    xmlFreeDoc(doc);
}

static void read_json(const uint8_t *data, size_t size, const struct plan *plan,
                      const struct autostart_config *config)
{
    struct jsondoc doc;
    struct policy p;
    if (!jsondoc_parse(&doc, "f", (const char *)data, size, NULL))
        return;
    policy_init(&p);
    if (policy_from_json(doc.root, &p, NULL))
        check_round_trip(&p);
    policy_free(&p);
    struct engine *e = engine_new(plan, config);
    engine_restore(e, doc.root, 5, NULL);
    engine_free(e);
    jsondoc_free(&doc);
}

static void read_config(const uint8_t *data, size_t size, struct autostart_config *config)
{
    char path[64];
    finding_list found = {0};
    int fd = fuzz_file(data, size, path, sizeof path);
    autostart_config_load(config, path, &found);
    for (size_t i = 0; i < found.len; i++)
        FUZZ_CHECK(strstr(found.items[i].text, path));
    findings_free(&found);
    close(fd);
}

/* Some of what is handed out comes true, some fails, some is never heard of again. */
static void run(const struct plan *plan, const struct autostart_config *config, const uint8_t *data,
                size_t size)
{
    struct engine *e = engine_new(plan, config);
    struct engine_step s;
    int64_t now = 0;
    bool more = true;
    for (int n = 0; n < STEPS && more; n++) {
        more = engine_next(e, now, NULL, &s);
        unsigned chance = size ? data[(size_t)n % size] : 0;
        if (more && s.action == ENGINE_WAIT) {
            FUZZ_CHECK(s.until_ms > now && s.until_ms < INT64_MAX);
            now = s.until_ms;
        } else if (more && chance % 4 < 3) {
            engine_event(e,
                         chance % 4 == 2 ? ENGINE_FAILED
                         : plan->reverse ? ENGINE_STOPPED
                                         : ENGINE_CREATED,
                         s.node, now, NULL);
        }
        if (chance == 'K') { /* killed */
            json_object *saved = engine_json(e);
            engine_free(e);
            e = engine_new(plan, config);
            FUZZ_CHECK(engine_restore(e, saved, now, NULL));
            json_object_put(saved);
        }
    }
    json_object_put(engine_json(e));
    FUZZ_CHECK(!more || size == 0 || memchr(data, 'K', size));
    engine_free(e);
}

static void plan_and_run(const struct policy *policies, const struct autostart_config *config,
                         const uint8_t *data, size_t size)
{
    struct plan_item items[DOMAINS];
    char names[DOMAINS][8];
    for (int i = 0; i < DOMAINS; i++) {
        snprintf(names[i], sizeof names[i], "%c", 'a' + i);
        items[i] = (struct plan_item){.name = names[i],
                                      .uuid = {{(unsigned char)i}},
                                      .policy = &policies[i],
                                      .memory_kib = 1,
                                      .start_s = 1,
                                      .ready_s = i,
                                      .stop_s = 2,
                                      .running = size > 0 && data[(size_t)i % size] % 5 == 0,
                                      .native = size > 0 && data[(size_t)i % size] % 7 == 0};
    }
    for (int way = 0; way < 4; way++) {
        struct plan_input in = {
            .items = items, .n_items = DOMAINS, .config = config, .reverse = way & 1, .after_boot = way & 2};
        struct plan *plan = plan_new(&in);
        struct strbuf out = {0};
        plan_print(plan, true, &out);
        json_object_put(plan_json(plan));
        /* Whatever is not blocked has its time: no waiting has no end. */
        for (uint32_t i = 0; i < plan->n_nodes; i++)
            FUZZ_CHECK((plan->nodes[i].start_ms >= 0) != (plan->nodes[i].blocked != NULL));
        run(plan, config, data, size);
        if (way == 0)
            read_json(data, size, plan, config);
        strbuf_free(&out);
        plan_free(plan);
    }
}

/* Line i is a word of the policy of domain i mod DOMAINS. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct policy policies[DOMAINS];
    struct autostart_config config;
    char *text = fuzz_string(data, size), *rest = text;
    autostart_config_init(&config);
    for (int i = 0; i < DOMAINS; i++)
        policy_init(&policies[i]);
    for (int i = 0; rest; i++)
        set_word(&policies[i % DOMAINS], strsep(&rest, "\n"));
    for (int i = 0; i < DOMAINS; i++)
        check_round_trip(&policies[i]);
    read_config(data, size, &config);
    read_xml(data, size);
    plan_and_run(policies, &config, data, size);
    for (int i = 0; i < DOMAINS; i++)
        policy_free(&policies[i]);
    autostart_config_free(&config);
    free(text);
    return 0;
}
