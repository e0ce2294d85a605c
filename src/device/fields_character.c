/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of serial ports, consoles, parallel ports and channels.
 */
#include <stdlib.h>
#include <string.h>

#include "device/field_tables.h"
#include "model/xml.h"

#define CHARACTERS "serial console parallel channel"

/* A pty's path is given by the kernel, a socket's belongs to the old type. */
static bool set_type(xmlNodePtr device, const char *value, struct error *e)
{
    (void)e;
    if (value && !xml_get_is(device, "@type", value)) {
        xmlNodePtr source = xml_child(device, "source");
        if (source)
            xml_remove(source);
        xml_set(device, "protocol?", NULL);
        xml_set(device, "@tty", NULL);
    }
    xml_set(device, "@type", value);
    return true;
}

/* The target's model belongs to the old type. */
static bool set_target_type(xmlNodePtr device, const char *value, struct error *e)
{
    (void)e;
    if (value && !xml_get_is(device, "target@type", value)) {
        xmlNodePtr model = xml_find(device, "target/model");
        if (model)
            xml_remove(model);
        readdress(device, "none");
    }
    xml_set(device, "target@type", value);
    return true;
}

static const struct device_field rows[] = {
    {CHARACTERS, "type", "Type", FIELD_CHOICE, "pty unix file tcp udp dev pipe stdio null vc spicevmc",
     "@type", NULL, CALL_DEFINE, FIELD_FRESH, "where it leads to on the host", NULL, set_type},
    PLAIN(CHARACTERS, "path", "Path", FIELD_PATH, NULL, "source@path", NULL, CALL_DEFINE,
          FIELD_FRESH | FIELD_FILLED, "the file, socket or device of the host"),
    PLAIN(CHARACTERS, "mode", "Mode", FIELD_CHOICE, "bind connect", "source@mode", NULL, CALL_DEFINE,
          FIELD_ADVANCED | FIELD_FILLED, "whether QEMU makes the socket or goes to one (unix, tcp)"),
    PLAIN(CHARACTERS, "host", "Host", FIELD_TEXT, NULL, "source@host", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the address (tcp, udp)"),
    PLAIN(CHARACTERS, "service", "Port", FIELD_TEXT, NULL, "source@service", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "the port (tcp, udp)"),
    PLAIN(CHARACTERS, "log", "Log file", FIELD_PATH, NULL, "log@file", NULL, CALL_DEFINE, 0,
          "a file of the host that all output is written to"),
    PLAIN(CHARACTERS, "log_append", "Log grows", FIELD_SWITCH, "off on", "log@append", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "whether the log file is kept when the domain starts; there has to be one"),
    {"serial", "target_type", "Target", FIELD_CHOICE, "isa-serial usb-serial pci-serial", "target@type", NULL,
     CALL_DEFINE, FIELD_ADVANCED | FIELD_FILLED, "what the guest sees", NULL, set_target_type},
    {"console", "target_type", "Target", FIELD_CHOICE, "serial virtio sclp", "target@type", NULL, CALL_DEFINE,
     FIELD_ADVANCED | FIELD_FILLED, "what the guest sees", NULL, set_target_type},
    {"channel", "target_type", "Target", FIELD_CHOICE, "virtio guestfwd", "target@type", NULL, CALL_DEFINE,
     FIELD_ADVANCED | FIELD_FILLED, "what the guest sees", NULL, set_target_type},
    PLAIN("serial console parallel", "port", "Port number", FIELD_NUMBER, NULL, "target@port", NULL,
          CALL_DEFINE, FIELD_ADVANCED | FIELD_FILLED, "which of the guest's ports it is, from 0 on"),
    PLAIN("channel", "name", "Name", FIELD_CHOICE,
          "org.qemu.guest_agent.0 com.redhat.spice.0 org.spice-space.webdav.0", "target@name", NULL,
          CALL_DEFINE, FIELD_FRESH, "the name by which the guest finds it"),
};
const struct field_table fields_character = {rows, ARRAY_LEN(rows)};
