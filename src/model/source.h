/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a line about a domain comes from. Constant; any thread.
 */
#ifndef VIRTDECK_MODEL_SOURCE_H
#define VIRTDECK_MODEL_SOURCE_H

enum line_source {
    SOURCE_QEMU,     /* QEMU's log file */
    SOURCE_LIBVIRT,  /* the text of an error that libvirt returned */
    SOURCE_DAEMON,   /* libvirt's daemons: their log files or journal */
    SOURCE_SERIAL,   /* what the guest writes to its serial port */
    SOURCE_HOST,     /* the host's journal: kernel, AppArmor, OOM killer */
    SOURCE_AGENT,    /* answers of the guest agent */
    SOURCE_EVENT,    /* libvirt's events in our words */
    SOURCE_MESSAGES, /* virDomainGetMessages */
    SOURCE_DECK,     /* what virtdeck and its supervisor did */
    SOURCES
};

const char *source_word(enum line_source s); /* "qemu" "libvirt" "daemon" …; static */
/* SOURCES when there is none of that name. */
enum line_source source_find(const char *word);

#endif
