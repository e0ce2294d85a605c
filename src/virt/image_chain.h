/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whether an image and what it is based on can be opened, as `qemu-img info` sees it. Nothing is locked or
 * changed. Blocks until qemu-img has answered, or for the time that it gets; any thread.
 */
#ifndef VIRTDECK_VIRT_IMAGE_CHAIN_H
#define VIRTDECK_VIRT_IMAGE_CHAIN_H

#include "preflight/input.h"

/* `format`: as the definition says; NULL: as qemu-img finds. until_ms: monotonic. */
void image_chain_look(const char *path, const char *format, int64_t until_ms, struct image_chain *out);
/* The same from what qemu-img printed: its JSON (NULL: none), else its complaint. */
void image_chain_read(const char *path, const char *json, const char *complaint, struct image_chain *out);

#endif
