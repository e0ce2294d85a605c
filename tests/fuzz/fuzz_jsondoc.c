/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON files: what is taken must be what json-c takes, and every value must be found again at a line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/jsondoc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find_again(const struct jsondoc *doc)
{
    if (!json_object_is_type(doc->root, json_type_object))
        return;
    int budget = 50;
    json_object_object_foreach(doc->root, key, value)
    {
        (void)value;
        const char *path = key;
        if (jsondoc_line(doc, 1, &path) < 1)
            abort();
        if (--budget == 0)
            break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jsondoc doc;
    struct error e = ERROR_INIT;
    if (jsondoc_parse(&doc, "f", (const char *)data, size, &e)) {
        find_again(&doc);
        jsondoc_free(&doc);
    } else if (!e.text || doc.root || e.position > (int)size || strncmp(e.text, "f:", 2) != 0)
        abort();
    error_clear(&e);
    return 0;
}
