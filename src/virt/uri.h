/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a connection URI tells of how a person gets to its host. Pure; any thread.
 */
#ifndef VIRTDECK_VIRT_URI_H
#define VIRTDECK_VIRT_URI_H

/* What ssh calls the URI's host, as one word that is not quoted yet: with the user and the port where libvirt
 * goes there through ssh, too; as an ssh:// URI where a plain name can't say it. Never an option: "HOST", a
 * place to fill in, where it would be one. The caller frees. */
char *uri_ssh_name(const char *uri);

#endif
