/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who listens on this machine's ports, from /proc. Blocking; any thread.
 */
#ifndef VIRTDECK_AUTOSTART_SURVEY_PORTS_H
#define VIRTDECK_AUTOSTART_SURVEY_PORTS_H

#include "autostart/survey.h"

/* Fills s->ports with the listeners on ports that the definitions of s->vms ask for. False: the kernel does
 * not list them. */
bool survey_take_ports(struct survey *s, const char *root);
/* Whether two can't have the same port at these addresses. NULL meets everything: all addresses, or the one
 * that libvirt chooses. */
bool ports_meet(const char *a, const char *b);

#endif
