/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A JSON file together with its text, so that a complaint about a value can name its line. json-c keeps no
 * positions; jsondoc_line() finds them again by walking the text beside the tree. One thread at a time.
 */
#ifndef VIRTDECK_BASE_JSONDOC_H
#define VIRTDECK_BASE_JSONDOC_H

#include <json-c/json.h>
#include "base/error.h"

struct jsondoc {
    char *name; /* the file, as messages show it */
    char *text;
    json_object *root;
};

/* Strict parsing; at most 1 MiB, depth 32; trailing garbage, duplicate keys and invalid UTF-8 are errors that
 * name file, line and column. */
bool jsondoc_parse(struct jsondoc *doc, const char *name, const char *text, size_t len, struct error *e);
bool jsondoc_load(struct jsondoc *doc, const char *path, bool *missing, struct error *e);
/* The line (from 1) where the value at this path of keys begins, e.g. 2, {"bindings", "F5"}. Array members by
 * their decimal index. 0 when there is none. */
int jsondoc_line(const struct jsondoc *doc, size_t depth, const char *const *keys);
void jsondoc_free(struct jsondoc *doc);

/* For files that this program itself wrote, where no complaint has to name a line. The object that is all of
 * the text, but for blanks around it; NULL: it is something else. flags: json-c's, such as
 * JSON_TOKENER_VALIDATE_UTF8. The caller gives it back with json_object_put(). */
json_object *jsondoc_object(const char *text, size_t len, int flags);
/* The member as text; NULL: it is missing or no string. It belongs to the object. */
const char *jsondoc_text(json_object *o, const char *key);

#endif
