/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text from strangers: escaped it is clean, stays as it is when escaped again, and every way of measuring
 * gives the same columns. Also what reads figures.
 */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/format.h"
#include "base/text.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_clean(const char *s, size_t len)
{
    struct text_cluster c;
    int width = 0;
    require(utf8_check(s, len) == len);
    for (size_t i = 0; i < len; i++)
        require((unsigned char)s[i] >= 0x20 && s[i] != 0x7f);
    for (const char *p = s; text_next(&p, &c); width += c.width)
        require(c.ch[0] != 0xfffd && (c.width == 1 || c.width == 2) &&
                wcsnlen(c.ch, TEXT_CLUSTER_MAX + 1) <= TEXT_CLUSTER_MAX);
    require(width == text_width(s));
}

static void check_fit(const char *s, int width)
{
    for (int align = TEXT_LEFT; align <= TEXT_CENTER; align++) {
        struct strbuf out = {0};
        text_fit(&out, s, width, (enum text_align)align, true);
        require(text_width(strbuf_str(&out)) == width);
        strbuf_free(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    struct strbuf once = {0}, twice = {0};
    text_escape(&once, (const char *)data, size);
    if (!memmem(data, size, "\xef\xbf\xbd", 3))
        check_clean(once.s, once.len);
    text_escape(&twice, once.s, once.len);
    require(strcmp(once.s, twice.s) == 0);

    char *raw = strndup((const char *)data, size);
    int width = size > 0 ? data[0] % 40 : 0;
    check_fit(raw, width);
    check_fit(once.s, width);
    size_t half = strlen(raw) / 2;
    require(text_contains(raw, raw) && text_compare(raw, raw) == 0);
    require(text_compare(raw, raw + half) == -text_compare(raw + half, raw));
    if (size < 200)
        text_glob(raw, raw + half);
    double v;
    int64_t ms;
    parse_bytes(raw, &v);
    parse_number(raw, &v);
    parse_duration_ms(raw, &ms);
    free(raw);
    strbuf_free(&once);
    strbuf_free(&twice);
    return 0;
}
