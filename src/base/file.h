/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole files in and out. Writing is crash-safe: a temporary file beside the target, synced, then renamed.
 * Any thread. Errors name the path and the system's reason.
 */
#ifndef VIRTDECK_BASE_FILE_H
#define VIRTDECK_BASE_FILE_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/error.h"

/* Reads at most `max` bytes (larger is an error) into *data, NUL-terminated; the caller frees. A missing file
 * is an error with errno ENOENT in *missing = true (where missing is not NULL). */
bool file_read(const char *path, size_t max, char **data, size_t *len, bool *missing, struct error *e);
bool file_write(const char *path, const char *data, size_t len, mode_t mode, struct error *e);
/* The same where there is no such file yet: one that is there, or appears meanwhile, stays, and is told. */
bool file_write_new(const char *path, const char *data, size_t len, mode_t mode, struct error *e);
/* mkdir -p with 0700 for what is new. */
bool file_make_dirs(const char *dir, struct error *e);

#endif
