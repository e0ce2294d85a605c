/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Values as JSON has them: valid UTF-8 whatever the text was, figures without exponents, null for unknown.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "command/private.h"

json_object *json_text(const char *raw)
{
    if (!raw)
        return NULL;
    size_t len = strlen(raw);
    if (utf8_check(raw, len) == len)
        return json_object_new_string(raw);
    struct strbuf out = {0};
    uint32_t cp;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_decode(raw + i, len - i, &cp);
        if (n)
            strbuf_add(&out, raw + i, n);
        else
            strbuf_puts(&out, "\xef\xbf\xbd");
        i += n ? n : 1;
    }
    json_object *o = json_object_new_string(strbuf_str(&out));
    strbuf_free(&out);
    return o;
}

json_object *json_figure(double value)
{
    char text[64];
    if (!isfinite(value))
        return NULL;
    if (value == floor(value) && fabs(value) < 9e15)
        return json_object_new_int64((int64_t)value);
    snprintf(text, sizeof text, "%.3f", value);
    char *end = text + strlen(text) - 1;
    while (*end == '0')
        *end-- = '\0';
    if (*end == '.')
        *end = '\0';
    return json_object_new_double_s(strtod(text, NULL), text);
}
