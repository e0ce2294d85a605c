/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where things live, by the XDG rules (an XDG variable counts only when it is absolute). Any thread, after
 * paths_init().
 */
#ifndef VIRTDECK_BASE_PATHS_H
#define VIRTDECK_BASE_PATHS_H

/* Reads the environment once. No HOME: the passwd entry, else /nonexistent. */
void paths_init(void);
const char *paths_config_dir(void); /* …/virtdeck; not created */
const char *paths_state_dir(void);  /* …/virtdeck; created 0700 on first use by whoever writes */
/* DIR/name; the caller frees. */
char *paths_join(const char *dir, const char *name);
/* "~/x" to the home directory's x; anything else is copied. The caller frees. */
char *paths_expand(const char *path);

#endif
