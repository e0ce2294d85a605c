/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The terminal's clipboard, by OSC 52. Terminals that have none, or do not let programs write to it, ignore
 * it. In base64 nothing of the text can act on the terminal.
 */
#include <string.h>
#include <unistd.h>
#include "base/strbuf.h"
#include "ui/term.h"

#define MOST 4096 /* bytes; terminals bound what they take */

static void put_base64(struct strbuf *out, const unsigned char *s, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = (unsigned)s[i] << 16 | (i + 1 < n ? (unsigned)s[i + 1] << 8 : 0) |
                        (i + 2 < n ? (unsigned)s[i + 2] : 0);
        for (size_t k = 0; k < 4; k++)
            strbuf_putc(out, i + k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=');
    }
}

void term_clip(const char *text)
{
    struct strbuf out = {0};
    size_t n = strlen(text);
    strbuf_puts(&out, "\033]52;c;");
    put_base64(&out, (const unsigned char *)text, n < MOST ? n : MOST);
    strbuf_putc(&out, '\a');
    for (size_t done = 0; done < out.len;) {
        ssize_t written = write(STDOUT_FILENO, out.s + done, out.len - done);
        if (written <= 0)
            break;
        done += (size_t)written;
    }
    strbuf_free(&out);
}
