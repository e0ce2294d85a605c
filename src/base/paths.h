/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where things live, by the XDG rules (an XDG variable counts only when it is absolute). Any thread, after
 * paths_init().
 */
#ifndef VIRTDECK_BASE_PATHS_H
#define VIRTDECK_BASE_PATHS_H

#define PATHS_SYSTEM_LASTING_DIR "/var/lib/virtdeck"

/* Reads the environment once. No HOME: the passwd entry, else /nonexistent. */
void paths_init(void);
const char *paths_config_dir(void); /* …/virtdeck; not created */
const char *paths_state_dir(void);  /* …/virtdeck; created 0700 on first use by whoever writes */
/* For what is gone after a reboot: /run/virtdeck for root, else the user's runtime directory (where there is
 * none, the state directory). An absolute VIRTDECK_RUNTIME_DIR takes its place, for tests. Created 0700
 * (root: 0755) by whoever writes. */
const char *paths_runtime_dir(void);
const char *paths_system_runtime_dir(void); /* where root's is */
/* Where each user's runtime directory is, by number: /run/user; where VIRTDECK_RUNTIME_DIR is set, "user" in
 * that. */
const char *paths_users_runtime_dir(void);
/* For what is kept of a host: /var/lib/virtdeck for root, unless the environment says otherwise (tests); else
 * the state directory. */
const char *paths_lasting_dir(void);
const char *paths_system_lasting_dir(void); /* root's */
/* DIR/name; the caller frees. */
char *paths_join(const char *dir, const char *name);
/* "~/x" to the home directory's x; anything else is copied. The caller frees. */
char *paths_expand(const char *path);

#endif
