/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "model/domdef.h"
#include "model/metadata.h"
#include "model/xml.h"
#include "xml_fixture.h"

#define OWN "virtdeck:domain xmlns:virtdeck=\"" VIRTDECK_METADATA_URI "\""

static void expect(xmlDocPtr doc, const char *wanted)
{
    char *text = xml_print(doc);
    assert_string_equal(text, wanted);
    free(text);
    xmlFreeDoc(doc);
}

static void made_where_it_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"<domain>\n  <name>a</name>\n</domain>", "<domain>\n  <name>a</name>\n  <metadata>\n    <" OWN ">\n"
                                                  "      <virtdeck:tags/>\n    </virtdeck:domain>\n"
                                                  "  </metadata>\n</domain>\n"},
        /* Another program's element stays, and so does its meaning of the prefix. */
        {"<domain><metadata xmlns:virtdeck='urn:x'><virtdeck:a/></metadata></domain>",
         "<domain><metadata xmlns:virtdeck=\"urn:x\"><virtdeck:a/><" OWN ">\n      <virtdeck:tags/>\n"
         "    </virtdeck:domain></metadata></domain>\n"},
        {"<domain><metadata><vd:domain xmlns:vd='" VIRTDECK_METADATA_URI "'/></metadata></domain>",
         "<domain><metadata><vd:domain xmlns:vd=\"" VIRTDECK_METADATA_URI "\">\n      <vd:tags/>\n"
         "    </vd:domain></metadata></domain>\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xmlDocPtr doc = parse(rows[i].before);
        xmlNodePtr domain = xmlDocGetRootElement(doc), own = metadata_make_own(domain);
        assert_ptr_equal(metadata_own(domain), own);
        assert_ptr_equal(metadata_make_own(domain), own);
        metadata_add(own, "tags");
        assert_non_null(xml_child_ns(own, VIRTDECK_METADATA_URI, "tags"));
        expect(doc, rows[i].after);
    }
}

static void none(void **state)
{
    (void)state;
    static const char *const texts[] = {"<domain/>", "<domain><metadata/></domain>",
                                        "<domain><metadata><domain/></metadata></domain>",
                                        "<domain><metadata><domain xmlns='urn:x'/></metadata></domain>"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        xmlDocPtr doc = parse(texts[i]);
        assert_null(metadata_own(xmlDocGetRootElement(doc)));
        xmlFreeDoc(doc);
    }
    assert_null(metadata_own(NULL));
}

static void removed_as_far_as_nothing_is_left(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"<domain><metadata><v:domain xmlns:v='" VIRTDECK_METADATA_URI "'><v:tags/></v:domain></metadata>"
         "</domain>",
         "<domain/>\n"},
        {"<domain><metadata><a/><v:domain xmlns:v='" VIRTDECK_METADATA_URI "'><v:tags/></v:domain></metadata>"
         "</domain>",
         "<domain><metadata><a/></metadata></domain>\n"},
        {"<domain><metadata><v:domain xmlns:v='" VIRTDECK_METADATA_URI "'><v:tags/><v:b/></v:domain>"
         "</metadata></domain>",
         "<domain><metadata><v:domain xmlns:v=\"" VIRTDECK_METADATA_URI "\"><v:b/></v:domain></metadata>"
         "</domain>\n"},
        {"<domain><metadata><v:domain xmlns:v='" VIRTDECK_METADATA_URI "' c='1'><v:tags/></v:domain>"
         "</metadata></domain>",
         "<domain><metadata><v:domain xmlns:v=\"" VIRTDECK_METADATA_URI "\" c=\"1\"/></metadata></domain>\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xmlDocPtr doc = parse(rows[i].before);
        xmlNodePtr own = metadata_own(xmlDocGetRootElement(doc));
        metadata_remove(own, xml_child_ns(own, VIRTDECK_METADATA_URI, "tags"));
        expect(doc, rows[i].after);
    }
}

/* As libvirt's call for metadata has it. */
static void alone_it_stays(void **state)
{
    (void)state;
    xmlDocPtr doc = parse("<v:domain xmlns:v='" VIRTDECK_METADATA_URI "'><v:tags/></v:domain>");
    xmlNodePtr own = xmlDocGetRootElement(doc);
    metadata_remove(own, xml_child_ns(own, VIRTDECK_METADATA_URI, "tags"));
    expect(doc, "<v:domain xmlns:v=\"" VIRTDECK_METADATA_URI "\"/>\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_where_it_is_missing),
        cmocka_unit_test(none),
        cmocka_unit_test(removed_as_far_as_nothing_is_left),
        cmocka_unit_test(alone_it_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
