/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of what is seen, heard and typed: graphics, video, sound, audio backends, input.
 */
#include <stdlib.h>
#include <string.h>

#include "device/field_tables.h"
#include "model/xml.h"

/* ---- graphics ---- */

static char *get_listen(xmlNodePtr graphics)
{
    static const char *const paths[] = {"listen@socket", "@socket", "listen@address", "@listen"};
    char *value = NULL;
    for (size_t i = 0; i < ARRAY_LEN(paths) && !value; i++)
        value = xml_get(graphics, paths[i]);
    return value;
}

/* A path is a socket. libvirt keeps an old attribute beside the element, and wants both to agree. */
static bool set_listen(xmlNodePtr graphics, const char *value, struct error *e)
{
    bool socket = value && value[0] == '/';
    (void)e;
    xml_set(graphics, "@listen", NULL);
    xml_set(graphics, "@socket", NULL);
    xmlNodePtr listen = xml_child(graphics, "listen");
    if (!value) {
        if (listen)
            xml_remove(listen);
        return true;
    }
    xml_set(graphics, "listen@type", socket ? "socket" : "address");
    xml_set(graphics, "listen@address", socket ? NULL : value);
    xml_set(graphics, "listen@network", NULL);
    xml_set(graphics, "listen@socket", socket ? value : NULL);
    return true;
}

static char *get_port(xmlNodePtr graphics)
{
    char *port = xml_get(graphics, "@port");
    bool chosen = xml_get_is(graphics, "@autoport", "yes") || (port && strcmp(port, "-1") == 0);
    if (!chosen)
        return port;
    free(port);
    return xstrdup("auto");
}

static bool set_port(xmlNodePtr graphics, const char *value, struct error *e)
{
    bool chosen = !value || strcmp(value, "auto") == 0;
    long port = chosen ? 0 : strtol(value, NULL, 10);
    if (!chosen && (port < 1 || port > 65535))
        return error_set(e, STATUS_USAGE, "ports are 1 to 65535");
    if (chosen && !value && !xml_get_is(graphics, "@autoport", "no")) /* nothing was chosen */
        return true;
    if (!chosen || xmlHasProp(graphics, (const xmlChar *)"port"))
        xml_set(graphics, "@port", chosen ? "-1" : value);
    xml_set(graphics, "@autoport", chosen ? "yes" : "no");
    return true;
}

static bool set_autoport(xmlNodePtr graphics, const char *value, struct error *e)
{
    bool off = value && strcmp(value, "no") == 0;
    if (!off)
        return set_port(graphics, "auto", e);
    if (!xml_find(graphics, "") || xml_get_is(graphics, "@autoport", "no"))
        return true;
    char *port = xml_get(graphics, "@port");
    bool known = port && port[0] != '-';
    bool good = set_port(graphics, known ? port : "5900", e);
    free(port);
    return good;
}

static char *get_websocket(xmlNodePtr graphics)
{
    char *port = xml_get(graphics, "@websocket");
    if (!port || strcmp(port, "-1") != 0)
        return port;
    free(port);
    return xstrdup("auto");
}

static bool set_websocket(xmlNodePtr graphics, const char *value, struct error *e)
{
    (void)e;
    xml_set(graphics, "@websocket", value && strcmp(value, "auto") == 0 ? "-1" : value);
    return true;
}

/* VNC's own protocol has no longer ones; libvirt refuses them, others cut them off. */
static bool set_passwd(xmlNodePtr graphics, const char *value, struct error *e)
{
    if (value && strlen(value) > 8 && xml_get_is(graphics, "@type", "vnc"))
        return error_set(e, STATUS_USAGE, "a VNC password has at most 8 characters");
    xml_set(graphics, "@passwd", value);
    return true;
}

/* ---- video, sound, input ---- */

/* The sizes of one model's memory are wrong for another; libvirt fills them in. */
static bool set_video_model(xmlNodePtr video, const char *value, struct error *e)
{
    static const char *const sizes[] = {"model@ram", "model@vram", "model@vram64", "model@vgamem"};
    (void)e;
    if (value && !xml_get_is(video, "model@type", value)) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
            xml_set(video, sizes[i], NULL);
        if (strcmp(value, "virtio") != 0)
            xml_set(video, "model/acceleration?", NULL);
        readdress(video, word_in("none ramfb gop", value) ? NULL : "pci");
    }
    xml_set(video, "model@type", value);
    return true;
}

static bool set_sound_model(xmlNodePtr sound, const char *value, struct error *e)
{
    (void)e;
    set_model(sound, "@model", value, "usb sb16 pcspk");
    return true;
}

static bool set_input_bus(xmlNodePtr input, const char *value, struct error *e)
{
    (void)e;
    if (value && !xml_get_is(input, "@bus", value))
        readdress(input, "none");
    xml_set(input, "@bus", value);
    return true;
}

/* ---- the table ---- */

static const struct device_field rows[] = {
    PLAIN("graphics", "type", "Type", FIELD_CHOICE, "vnc spice sdl egl-headless dbus", "@type", NULL,
          CALL_DEFINE, FIELD_FRESH, "how the guest's screen is seen from outside"),
    {"graphics", "listen", "Listens on", FIELD_TEXT, NULL, NULL, NULL, CALL_DEFINE,
     FIELD_FRESH | FIELD_FILLED,
     "the address that clients may reach it by: 127.0.0.1 for this host only, 0.0.0.0 for all; a path is a "
     "socket",
     get_listen, set_listen},
    {"graphics", "autoport", "Port by libvirt", FIELD_SWITCH, "no yes", "@autoport", NULL, CALL_DEFINE,
     FIELD_ADVANCED | FIELD_FILLED, "whether a free port is chosen at the start", NULL, set_autoport},
    {"graphics", "port", "Port", FIELD_NUMBER, "auto", NULL, NULL, CALL_DEFINE, FIELD_FILLED,
     "the port, or auto for a free one", get_port, set_port},
    {"graphics", "websocket", "Websocket", FIELD_NUMBER, "auto", NULL, NULL, CALL_DEFINE,
     FIELD_ADVANCED | FIELD_FILLED, "a port for browsers, or auto for a free one (vnc)", get_websocket,
     set_websocket},
    {"graphics", "passwd", "Password", FIELD_SECRET, NULL, "@passwd", NULL, CALL_UPDATE, 0,
     "what clients have to say; never shown", NULL, set_passwd},
    PLAIN("graphics", "keymap", "Keymap", FIELD_CHOICE, "en-us en-gb de fr es it pt-br ru ja", "@keymap",
          NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the keyboard that clients without one of their own are taken to have"),
    {"video", "model", "Model", FIELD_CHOICE, "virtio vga qxl cirrus bochs ramfb none", "model@type", NULL,
     CALL_DEFINE, FIELD_FRESH, "the graphics card that the guest sees", NULL, set_video_model},
    PLAIN("video", "vram", "Video memory", FIELD_SIZE, NULL, "model@vram", NULL, CALL_DEFINE,
          FIELD_ADVANCED | FIELD_KIB | FIELD_FILLED, "memory of the graphics card"),
    PLAIN("video", "heads", "Screens", FIELD_NUMBER, NULL, "model@heads", NULL, CALL_DEFINE,
          FIELD_ADVANCED | FIELD_FILLED, "how many screens the card has"),
    PLAIN("video", "accel3d", "3D", FIELD_SWITCH, "no yes", "model/acceleration@accel3d", "no", CALL_DEFINE,
          FIELD_ADVANCED, "whether the host's graphics card draws for the guest (virtio)"),
    {"sound", "model", "Model", FIELD_CHOICE, "ich9 ich6 ac97 usb virtio es1370 sb16 pcspk", "@model", NULL,
     CALL_DEFINE, FIELD_FRESH, "the sound card that the guest sees; virtio needs libvirt 10.4 and QEMU 8.2",
     NULL, set_sound_model},
    PLAIN("sound", "audio", "Audio backend", FIELD_NUMBER, NULL, "audio@id", NULL, CALL_DEFINE,
          FIELD_ADVANCED | FIELD_FILLED, "the number of the audio backend that plays it"),
    PLAIN("sound", "streams", "Streams", FIELD_NUMBER, NULL, "@streams", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "how many streams the card has (virtio)"),
    PLAIN("audio", "type", "Type", FIELD_CHOICE,
          "none pulseaudio pipewire alsa jack oss sdl spice dbus coreaudio file", "@type", NULL, CALL_DEFINE,
          FIELD_FRESH, "what plays the guest's sound on the host; none is silent"),
    PLAIN("audio", "server", "Server", FIELD_TEXT, NULL, "@serverName", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the server that plays it (pulseaudio, pipewire, jack)"),
    PLAIN("audio", "path", "File", FIELD_PATH, NULL, "@path", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the file that is written (file)"),
    PLAIN("input", "type", "Type", FIELD_CHOICE, "tablet keyboard mouse passthrough evdev", "@type", NULL,
          CALL_DEFINE, FIELD_FRESH, "what it is; a tablet's pointer is where the client's is"),
    {"input", "bus", "Bus", FIELD_CHOICE, "usb virtio ps2", "@bus", NULL, CALL_DEFINE, FIELD_FRESH,
     "what it is attached to", NULL, set_input_bus},
    PLAIN("input", "source", "Host's device", FIELD_PATH, NULL, "source@evdev", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "the device of the host that is handed through (passthrough)"),
};
const struct field_table fields_screen = {rows, ARRAY_LEN(rows)};
