/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of network interfaces.
 */
#include <stdlib.h>
#include <string.h>

#include "device/field_tables.h"
#include "model/xml.h"

/* ---- where it goes ---- */

/* The attribute of <source> that says where interfaces of a type go. */
static const struct {
    const char *type, *attr, *unsaid;
} places[] = {
    {"network", "source@network", "default"},
    {"bridge", "source@bridge", "virbr0"},
    {"direct", "source@dev", NULL},
    {"user", NULL, NULL},
};

static char *get_place(xmlNodePtr nic, const char *type, const char *path)
{
    return xml_get_is(nic, "@type", type) ? xml_get(nic, path) : NULL;
}

static char *get_network(xmlNodePtr nic)
{
    return get_place(nic, "network", "source@network");
}

static char *get_bridge(xmlNodePtr nic)
{
    return get_place(nic, "bridge", "source@bridge");
}

static char *get_direct(xmlNodePtr nic)
{
    return get_place(nic, "direct", "source@dev");
}

/* Another type's source, and what libvirt noted there about the running one, says nothing about the new one.
 */
static void forget_place(xmlNodePtr nic)
{
    static const char *const paths[] = {"source@network", "source@bridge",    "source@dev",
                                        "source@mode",    "source@portgroup", "source@portid",
                                        "source@path",    "source@type",      "source@name"};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        xml_set(nic, paths[i], NULL);
}

/* value NULL: what is usual for the type. */
static bool go_to(xmlNodePtr nic, const char *type, const char *value, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (strcmp(places[i].type, type) != 0)
            continue;
        const char *to = value ? value : places[i].unsaid;
        if (places[i].attr && !to)
            return error_set(e, STATUS_USAGE,
                             "set direct=INTERFACE, the host's interface that it goes through");
        if (places[i].attr && xml_get_is(nic, "@type", type) && xml_get_is(nic, places[i].attr, to))
            return true;
        xml_set(nic, "@type", type);
        xmlNodePtr source = xml_child(nic, "source");
        if (source && places[i].attr)
            xml_set(nic, "source@keep", "place"); /* an element without anything would go */
        forget_place(nic);
        if (places[i].attr)
            xml_set(nic, places[i].attr, to);
        if (strcmp(type, "direct") == 0)
            xml_set(nic, "source@mode", "bridge");
        if (source && places[i].attr)
            xml_set(nic, "source@keep", NULL);
        return true;
    }
    return error_set(e, STATUS_USAGE, "interfaces of type %.40s can be made in the XML only (edit)", type);
}

static bool set_network(xmlNodePtr nic, const char *value, struct error *e)
{
    if (!value && !xml_get_is(nic, "@type", "network"))
        return true;
    return go_to(nic, "network", value, e);
}

/* Without a bridge it goes where a new interface goes. */
static bool set_bridge(xmlNodePtr nic, const char *value, struct error *e)
{
    if (!value && !xml_get_is(nic, "@type", "bridge"))
        return true;
    return go_to(nic, value ? "bridge" : "network", value, e);
}

static bool set_direct(xmlNodePtr nic, const char *value, struct error *e)
{
    if (!value && !xml_get_is(nic, "@type", "direct"))
        return true;
    return go_to(nic, value ? "direct" : "network", value, e);
}

static bool set_type(xmlNodePtr nic, const char *value, struct error *e)
{
    if (!value || xml_get_is(nic, "@type", value))
        return value || go_to(nic, "network", NULL, e);
    return go_to(nic, value, NULL, e);
}

static bool set_nic_model(xmlNodePtr nic, const char *value, struct error *e)
{
    (void)e;
    set_model(nic, "model@type", value, "usb-net spapr-vlan lan9118 smc91c111");
    return true;
}

/* A MAC is what the interface is known by; libvirt makes one up where none is said. */
static bool set_mac(xmlNodePtr nic, const char *value, struct error *e)
{
    (void)e;
    xml_set(nic, "mac@address", value);
    return true;
}

/* ---- offloads ---- */

static bool has_offloads(xmlNodePtr nic, struct error *e)
{
    char *model = xml_get(nic, "model@type");
    bool can = model && strncmp(model, "virtio", 6) == 0;
    if (!can)
        error_set(e, STATUS_FAILED,
                  "only interfaces of model virtio have offloads that can be set, this one is %s",
                  model ? model : "of no model");
    free(model);
    return can;
}

static bool set_offload(xmlNodePtr nic, const char *side, const char *bit, const char *value, struct error *e)
{
    if (value && !has_offloads(nic, e))
        return false;
    char *path = xasprintf("driver/%s@%s", side, bit);
    xml_set(nic, path, value);
    free(path);
    return true;
}

static char *get_offload(xmlNodePtr nic, const char *side, const char *bit)
{
    char *path = xasprintf("driver/%s@%s", side, bit);
    char *value = xml_get(nic, path);
    free(path);
    return value;
}

/* Both sides as one: "mixed" where they differ. Of other models than virtio nothing is known. */
static char *get_both(xmlNodePtr nic, const char *bit)
{
    if (!has_offloads(nic, NULL))
        return NULL;
    char *host = get_offload(nic, "host", bit), *guest = get_offload(nic, "guest", bit);
    bool host_on = !host || strcmp(host, "on") == 0, guest_on = !guest || strcmp(guest, "on") == 0;
    free(host);
    free(guest);
    return xstrdup(host_on != guest_on ? "mixed" : host_on ? "on" : "off");
}

static bool set_both(xmlNodePtr nic, const char *bit, const char *value, struct error *e)
{
    const char *to = value && strcmp(value, "on") == 0 ? NULL : value; /* on is what holds unsaid */
    if (value && !has_offloads(nic, e))
        return false;
    return set_offload(nic, "host", bit, to, e) && set_offload(nic, "guest", bit, to, e);
}

#define SIDE(side, bit)                                                                                      \
    static bool set_##side##_##bit(xmlNodePtr nic, const char *value, struct error *e)                       \
    {                                                                                                        \
        return set_offload(nic, #side, #bit, value, e);                                                      \
    }
#define BOTH(bit)                                                                                            \
    SIDE(host, bit)                                                                                          \
    SIDE(guest, bit)                                                                                         \
    static char *get_##bit(xmlNodePtr nic)                                                                   \
    {                                                                                                        \
        return get_both(nic, #bit);                                                                          \
    }                                                                                                        \
    static bool set_##bit(xmlNodePtr nic, const char *value, struct error *e)                                \
    {                                                                                                        \
        return set_both(nic, #bit, value, e);                                                                \
    }
BOTH(csum)
BOTH(tso4)
BOTH(tso6)
BOTH(ecn)
BOTH(ufo)
SIDE(host, gso)
SIDE(host, mrg_rxbuf)

/* ---- the table ---- */

#define NOT_LIVE "; libvirt can't change it while the domain runs"

#define BOTH_ROW(bit, label, flags, help)                                                                    \
    {                                                                                                        \
        "nic", #bit, label, FIELD_SWITCH, "off on", NULL, NULL, CALL_DEFINE, flags,                          \
            help " (virtio, host's and guest's side)" NOT_LIVE, get_##bit, set_##bit                         \
    }
#define SIDE_ROW(side, bit, help)                                                                            \
    {                                                                                                        \
        "nic", #side "." #bit, #side " " #bit, FIELD_SWITCH, "off on", "driver/" #side "@" #bit, "on",       \
            CALL_DEFINE, FIELD_ADVANCED, help NOT_LIVE, NULL, set_##side##_##bit                             \
    }
#define BANDWIDTH(id, label, path, help)                                                                     \
    PLAIN("nic", id, label, FIELD_NUMBER, NULL, "bandwidth/" path, "0", CALL_UPDATE, FIELD_ADVANCED, help)

static const struct device_field rows[] = {
    PLAIN("nic", "link", "Link", FIELD_SWITCH, "down up", "link@state", "up", CALL_UPDATE, FIELD_TOGGLE,
          "whether the cable is plugged in"),
    {"nic", "type", "Type", FIELD_CHOICE, "network bridge direct user", "@type", NULL, CALL_DEFINE,
     FIELD_FRESH | FIELD_ADVANCED,
     "what it goes to: a network, a bridge, an interface of the host, or user mode", NULL, set_type},
    {"nic", "network", "Network", FIELD_NETWORK, NULL, NULL, NULL, CALL_UPDATE, FIELD_FRESH,
     "the network of the host that it is in", get_network, set_network},
    {"nic", "bridge", "Bridge", FIELD_BRIDGE, NULL, NULL, NULL, CALL_UPDATE, FIELD_FRESH,
     "the bridge of the host that it is in, instead of a network", get_bridge, set_bridge},
    {"nic", "direct", "Host's interface", FIELD_BRIDGE, NULL, NULL, NULL, CALL_DEFINE, FIELD_ADVANCED,
     "the interface of the host that it goes through (macvtap), instead of a network", get_direct,
     set_direct},
    {"nic", "model", "Model", FIELD_CHOICE, "virtio e1000e e1000 rtl8139 igb", "model@type", NULL,
     CALL_DEFINE, FIELD_FRESH, "the card that the guest sees", NULL, set_nic_model},
    {"nic", "mac", "MAC", FIELD_MAC, NULL, "mac@address", NULL, CALL_DEFINE, FIELD_FRESH | FIELD_FILLED,
     "its hardware address" NOT_LIVE, NULL, set_mac},
    PLAIN("nic", "mtu", "MTU", FIELD_NUMBER, NULL, "mtu@size", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the largest packet, in bytes" NOT_LIVE),
    PLAIN("nic", "filter", "Filter", FIELD_TEXT, NULL, "filterref@filter", NULL, CALL_UPDATE, FIELD_ADVANCED,
          "the host's network filter that its packets pass"),
    PLAIN("nic", "vlan", "VLAN", FIELD_NUMBER, NULL, "vlan/tag@id", NULL, CALL_UPDATE, FIELD_ADVANCED,
          "the VLAN that its packets are put in (Open vSwitch and hardware that can)"),
    BANDWIDTH("in.average", "In, average", "inbound@average",
              "KiB a second that the guest gets; 0 for no limit"),
    BANDWIDTH("in.peak", "In, peak", "inbound@peak", "KiB a second that the guest gets at most for a while"),
    BANDWIDTH("in.burst", "In, burst", "inbound@burst", "KiB that the guest may get at peak speed"),
    BANDWIDTH("out.average", "Out, average", "outbound@average",
              "KiB a second that the guest sends; 0 for no limit"),
    BANDWIDTH("out.peak", "Out, peak", "outbound@peak",
              "KiB a second that the guest sends at most for a while"),
    BANDWIDTH("out.burst", "Out, burst", "outbound@burst", "KiB that the guest may send at peak speed"),
    PLAIN("nic", "queues", "Queues", FIELD_NUMBER, NULL, "driver@queues", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "how many pairs of queues it has (virtio)" NOT_LIVE),
    PLAIN("nic", "backend", "Backend", FIELD_CHOICE, "vhost qemu", "driver@name", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "whether the kernel or QEMU moves its packets (virtio)" NOT_LIVE),
    {"nic", "boot", "Boot place", FIELD_NUMBER, NULL, "boot@order", NULL, CALL_DEFINE, FIELD_ADVANCED,
     "its place in the boot order, from 1 on", NULL, boot_place_set},
    BOTH_ROW(csum, "Checksums", FIELD_ADVANCED | FIELD_FILLED, "checksum offload; TSO depends on it"),
    BOTH_ROW(tso4, "TSO IPv4", FIELD_TOGGLE | FIELD_FILLED, "TCP segmentation offload for IPv4"),
    BOTH_ROW(tso6, "TSO IPv6", FIELD_TOGGLE | FIELD_FILLED, "TCP segmentation offload for IPv6"),
    BOTH_ROW(ecn, "ECN", FIELD_ADVANCED | FIELD_FILLED, "TSO of packets with congestion notification"),
    BOTH_ROW(ufo, "UFO", FIELD_ADVANCED | FIELD_FILLED, "UDP fragmentation offload"),
    SIDE_ROW(host, csum, "the host takes packets without checksums"),
    SIDE_ROW(host, gso, "the host takes large packets of any kind"),
    SIDE_ROW(host, tso4, "the host takes large TCP packets of IPv4"),
    SIDE_ROW(host, tso6, "the host takes large TCP packets of IPv6"),
    SIDE_ROW(host, ecn, "the host takes large TCP packets with congestion notification"),
    SIDE_ROW(host, ufo, "the host takes large UDP packets"),
    SIDE_ROW(host, mrg_rxbuf, "the guest's receive buffers are joined for large packets"),
    SIDE_ROW(guest, csum, "the guest takes packets without checksums"),
    SIDE_ROW(guest, tso4, "the guest takes large TCP packets of IPv4"),
    SIDE_ROW(guest, tso6, "the guest takes large TCP packets of IPv6"),
    SIDE_ROW(guest, ecn, "the guest takes large TCP packets with congestion notification"),
    SIDE_ROW(guest, ufo, "the guest takes large UDP packets"),
};
const struct field_table fields_nic = {rows, ARRAY_LEN(rows)};
