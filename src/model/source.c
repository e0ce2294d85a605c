/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/source.h"

#include <string.h>

static const char *const words[SOURCES] = {
    [SOURCE_QEMU] = "qemu",     [SOURCE_LIBVIRT] = "libvirt",   [SOURCE_DAEMON] = "daemon",
    [SOURCE_SERIAL] = "serial", [SOURCE_HOST] = "host",         [SOURCE_AGENT] = "agent",
    [SOURCE_EVENT] = "event",   [SOURCE_MESSAGES] = "messages", [SOURCE_DECK] = "virtdeck",
};

const char *source_word(enum line_source s)
{
    return words[s];
}

enum line_source source_find(const char *word)
{
    int s = 0;
    while (s < SOURCES && strcmp(words[s], word) != 0)
        s++;
    return (enum line_source)s;
}
