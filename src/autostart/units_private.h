/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What planning and carrying out of unit steps share. Private to units*.c.
 */
#ifndef VIRTDECK_AUTOSTART_UNITS_PRIVATE_H
#define VIRTDECK_AUTOSTART_UNITS_PRIVATE_H

#include "autostart/units.h"

/* The beginning of a unit that we wrote: such a one may be replaced and removed. */
#define UNIT_MARK "# Written by virtdeck"

/* A word as a shell reads it back. */
void put_shell_word(struct strbuf *out, const char *word);

#endif
