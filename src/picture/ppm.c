/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The portable maps that QEMU and others write: grey and colour, as text and as bytes.
 */
#include "picture/picture.h"

struct reader {
    const uint8_t *at, *end;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next number of a header or of a text map; blanks and comments before it are skipped. -1: there is none,
 * or it is beyond all reason. */
static int64_t number(struct reader *r)
{
    for (; r->at < r->end && (is_blank(*r->at) || *r->at == '#'); r->at++)
        if (*r->at == '#')
            while (r->at + 1 < r->end && *r->at != '\n')
                r->at++;
    if (r->at == r->end || *r->at < '0' || *r->at > '9')
        return -1;
    int64_t value = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
        value = value * 10 + (*r->at - '0');
        if (value > INT32_MAX)
            return -1;
    }
    return value;
}

struct map {
    bool text, grey;
    int most; /* the value of full brightness */
};

static int sample(struct reader *r, const struct map *m)
{
    if (m->text)
        return (int)number(r);
    int size = m->most > 255 ? 2 : 1;
    if (r->end - r->at < size)
        return -1;
    int value = size == 2 ? r->at[0] << 8 | r->at[1] : r->at[0];
    r->at += size;
    return value;
}

static bool read_pixels(struct reader *r, const struct map *m, struct picture *out)
{
    size_t n = (size_t)out->width * (size_t)out->height;
    for (size_t i = 0; i < n * 3; i++) {
        if (m->grey && i % 3) {
            out->rgb[i] = out->rgb[i - 1];
            continue;
        }
        int value = sample(r, m);
        if (value < 0)
            return false;
        value = value < m->most ? value : m->most;
        out->rgb[i] = (uint8_t)(m->most == 255 ? value : (value * 255 + m->most / 2) / m->most);
    }
    return true;
}

/* Before memory is asked for: text has at least a digit and a blank a sample. */
static bool can_hold(const struct reader *r, const struct map *m, int64_t width, int64_t height)
{
    int64_t samples = width * height * (m->grey ? 1 : 3), have = r->end - r->at;
    return m->text ? samples * 2 - 1 <= have : samples * (m->most > 255 ? 2 : 1) <= have;
}

bool ppm_read(struct picture *out, const uint8_t *bytes, size_t len, struct error *e)
{
    struct reader r = {bytes + 2, bytes + len};
    struct map m = {.text = bytes[1] < '4', .grey = bytes[1] == '2' || bytes[1] == '5'};
    if (bytes[1] != '2' && bytes[1] != '3' && bytes[1] != '5' && bytes[1] != '6')
        return error_set(e, STATUS_FAILED, "this kind of PPM (P%c) is not read", bytes[1]);
    int64_t width = number(&r), height = number(&r), most = number(&r);
    if (width < 0 || height < 0 || most < 1 || most > 65535)
        return error_set(e, STATUS_FAILED, "the PPM's header is damaged");
    m.most = (int)most;
    if (!m.text && r.at < r.end)
        r.at++; /* the one blank behind the header */
    if (width <= PICTURE_MOST && height <= PICTURE_MOST && !can_hold(&r, &m, width, height))
        return error_set(e, STATUS_FAILED, "the PPM ends too early: %lld × %lld pixels were to come",
                         (long long)width, (long long)height);
    if (!picture_make(out, width, height, "PPM", e))
        return false;
    if (read_pixels(&r, &m, out))
        return true;
    picture_clear(out);
    return error_set(e, STATUS_FAILED, "the PPM's pixels are damaged");
}
