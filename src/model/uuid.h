/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A domain's identity: rows, tags, selections and series are kept by it, never by name or position. Any
 * thread.
 */
#ifndef VIRTDECK_MODEL_UUID_H
#define VIRTDECK_MODEL_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_TEXT_LEN 36

struct vm_uuid {
    unsigned char b[16];
};

bool uuid_equal(const struct vm_uuid *a, const struct vm_uuid *b);
int uuid_compare(const struct vm_uuid *a, const struct vm_uuid *b);
bool uuid_is_nil(const struct vm_uuid *u);
uint64_t uuid_hash(const struct vm_uuid *u, int host);
bool uuid_parse(const char *s, struct vm_uuid *out); /* with or without dashes */
void uuid_format(const struct vm_uuid *u, char out[UUID_TEXT_LEN + 1]);

#endif
