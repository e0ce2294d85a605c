/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Makes definitions comparable: libvirt fills in much when it starts a domain (aliases, ports, labels, names
 * of network devices), which is no difference between what runs and what the next boot brings. Pure; any
 * thread, a tree by one at a time.
 */
#ifndef VIRTDECK_DEVICE_PLAIN_H
#define VIRTDECK_DEVICE_PLAIN_H

#include <libxml/tree.h>

/* Removes what libvirt fills in from both; also from `live` what it chose because `config` leaves it open.
 * What is equal is then printed the same, an
 * element a line. */
void definitions_plain(xmlDocPtr live, xmlDocPtr config);

#endif
