/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * virtdeck's own log file (state directory, virtdeck.log, 0600, bounded: rolled once at 1 MiB). While the
 * screen is up nothing goes to stderr: it goes here. Any thread.
 */
#ifndef VIRTDECK_BASE_LOG_H
#define VIRTDECK_BASE_LOG_H

#include "base/mem.h"

enum log_level { LEVEL_LOG_DEBUG, LEVEL_LOG_INFO, LEVEL_LOG_WARN, LEVEL_LOG_ERROR };

/* Opens (path) or closes (NULL) the file. Failure is silent: logging must never stop the program. */
void log_open(const char *path);
void log_set_least(enum log_level least); /* what is below is not written; all is at first */
void log_write(enum log_level level, const char *fmt, ...) ATTR_PRINTF(2, 3);

#endif
