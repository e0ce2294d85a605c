/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The time at the beginning of a line, as libvirt, QEMU and journalctl -o short-iso write it. Pure; any
 * thread.
 */
#ifndef VIRTDECK_LOGS_STAMP_H
#define VIRTDECK_LOGS_STAMP_H

#include <stddef.h>
#include <stdint.h>

/* "2026-11-21 05:31:38.315+0000: …", "2026-11-21T05:31:54.317980Z …", "2026-11-21T06:31:54+01:00 …": the time
 * in milliseconds since 1970, and in *behind the offset of what follows it. 0: the line begins with no time,
 * or with one that names no zone. */
int64_t stamp_read(const char *line, size_t len, size_t *behind);

#endif
