/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where in a serial log a start began: what stands before it was printed by an earlier boot. Only logs that
 * are appended to need it; libvirt empties the others at each start. Kept in a file of the runtime folder, so
 * that a run which takes a broken one up knows it, too. For jobs only.
 */
#ifndef VIRTDECK_VIRT_SERIAL_START_H
#define VIRTDECK_VIRT_SERIAL_START_H

#include "virt/private.h"

/* The output of the first serial port. */
struct serial_port {
    bool there;  /* it has one, or a console */
    char *log;   /* the file that its output goes to, too; NULL. Of this machine only where the host is */
    bool append; /* earlier boots are in it */
};

/* Reads the definition (live: of now; else of the next start). False: nobody can tell. */
bool serial_port_read(struct job_context *c, bool live, struct serial_port *out);
void serial_port_clear(struct serial_port *p);

/* To be called right before a start. Never fails: then it is not known. */
void serial_start_note(struct job_context *c);
/* True: the start that it runs by began there. False: nobody can tell, as when another program started it. */
bool serial_start_find(struct job_context *c, unsigned long long *inode, long long *size);

#endif
