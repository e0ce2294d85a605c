/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the tests of definitions share. Included once by each, behind cmocka.h.
 */
#ifndef VIRTDECK_TESTS_XML_FIXTURE_H
#define VIRTDECK_TESTS_XML_FIXTURE_H

#include <string.h>
#include "model/xml.h"

/* The test fails where it is no XML. */
static xmlDocPtr parse(const char *text)
{
    struct error e = ERROR_INIT;
    xmlDocPtr doc = xml_parse(text, strlen(text), &e);
    if (!doc)
        fail_msg("%s", error_text(&e));
    return doc;
}

#endif
