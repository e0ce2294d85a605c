/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/uuid.h"

#include <string.h>

bool uuid_equal(const struct vm_uuid *a, const struct vm_uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

int uuid_compare(const struct vm_uuid *a, const struct vm_uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b));
}

bool uuid_is_nil(const struct vm_uuid *u)
{
    static const struct vm_uuid nil;
    return uuid_equal(u, &nil);
}

/* UUIDs need not be random (test hosts number them), so every bit is stirred: the finalizer of splitmix64. */
static uint64_t stir(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

uint64_t uuid_hash(const struct vm_uuid *u, int host)
{
    uint64_t half[2];
    memcpy(half, u->b, sizeof(half));
    return stir(stir(stir(half[0]) + half[1]) + (uint64_t)(unsigned)host);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

static bool dash_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool uuid_parse(const char *s, struct vm_uuid *out)
{
    struct vm_uuid u;
    if (!s) {
        return false;
    }
    bool dashed = strnlen(s, UUID_TEXT_LEN + 1) == UUID_TEXT_LEN;
    for (int i = 0; i < 16; i++) {
        if (dashed && dash_before(i) && *s++ != '-') {
            return false;
        }
        int high = hex_digit(s[0]);
        int low = high < 0 ? -1 : hex_digit(s[1]);
        if (low < 0) {
            return false;
        }
        u.b[i] = (unsigned char)(high << 4 | low);
        s += 2;
    }
    if (*s) {
        return false;
    }
    *out = u;
    return true;
}

void uuid_format(const struct vm_uuid *u, char out[UUID_TEXT_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";
    char *p = out;
    for (int i = 0; i < 16; i++) {
        if (dash_before(i)) {
            *p++ = '-';
        }
        *p++ = digits[u->b[i] >> 4];
        *p++ = digits[u->b[i] & 15];
    }
    *p = '\0';
}
