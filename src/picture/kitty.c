/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * kitty's graphics protocol: a PNG in base64, cut into pieces that terminals take.
 */
#include "picture/picture.h"

#define PIECE 4096 /* characters; the most that the protocol allows */

static void add_base64(struct strbuf *out, const char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t bits = 0;
        for (size_t k = 0; k < 3; k++)
            bits = bits << 8 | (k < n ? (uint8_t)bytes[i + k] : 0u);
        char four[4];
        for (size_t k = 0; k < 4; k++)
            four[k] = k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=';
        strbuf_add(out, four, sizeof four);
    }
}

void kitty_put(struct strbuf *out, uint32_t number, const char *png, size_t len, int w, int h)
{
    const size_t most = PIECE / 4 * 3;
    for (size_t at = 0; at == 0 || at < len; at += most) {
        size_t n = len - at < most ? len - at : most;
        bool more = at + n < len;
        if (at == 0)
            strbuf_printf(out, "\033_Ga=T,f=100,q=2,C=1,i=%u,c=%d,r=%d,m=%d;", number, w, h, more);
        else
            strbuf_printf(out, "\033_Gm=%d;", more);
        add_base64(out, png + at, n);
        strbuf_puts(out, "\033\\");
    }
}

void kitty_delete(struct strbuf *out, uint32_t number)
{
    strbuf_printf(out, "\033_Ga=d,d=I,q=2,i=%u\033\\", number);
}
