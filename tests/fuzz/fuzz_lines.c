/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/fuzz/fuzz.h"
#include "logs/lines.h"
#include "logs/stamp.h"

/* What was made of the bytes: all lines, each with its end. */
struct taken {
    struct strbuf text;
};

static void take(void *ctx, const char *text, size_t len)
{
    struct taken *t = ctx;
    size_t behind = 0;
    FUZZ_CHECK(len <= LINES_MAX);
    FUZZ_CHECK(!memchr(text, '\n', len) && !memchr(text, '\0', len) && text[len] == '\0');
    int64_t ms = stamp_read(text, len, &behind);
    FUZZ_CHECK(ms == 0 || (behind > 0 && behind <= len));
    strbuf_add(&t->text, text, len);
    strbuf_putc(&t->text, '\n');
}

static void read_in_pieces(const char *bytes, size_t len, size_t piece, struct taken *t)
{
    struct lines l;
    lines_init(&l, take, t);
    for (size_t at = 0; at < len; at += piece)
        lines_add(&l, bytes + at, len - at < piece ? len - at : piece);
    lines_end(&l);
    lines_free(&l);
}

/* Lines of a log with their times, whatever comes, and the same however the reads cut it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t pieces[] = {size ? size : 1, 1, 7, size ? data[0] + 1u : 1};
    struct taken whole = {0};
    read_in_pieces((const char *)data, size, pieces[0], &whole);
    for (size_t i = 1; i < ARRAY_LEN(pieces); i++) {
        struct taken again = {0};
        read_in_pieces((const char *)data, size, pieces[i], &again);
        FUZZ_CHECK(strcmp(strbuf_str(&whole.text), strbuf_str(&again.text)) == 0);
        strbuf_free(&again.text);
    }
    strbuf_free(&whole.text);
    return 0;
}
