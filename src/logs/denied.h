/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a file may not be read, in words that say what to do about it. Waits for the disk; any thread.
 */
#ifndef VIRTDECK_LOGS_DENIED_H
#define VIRTDECK_LOGS_DENIED_H

/* To call after EACCES: "permission denied: PATH: …", naming the directory or file where a right is missing,
 * its owner and mode, and who could read it. The caller frees. */
char *denied_text(const char *path);

#endif
