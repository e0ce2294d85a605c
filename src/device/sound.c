/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/sound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "device/machine.h"
#include "model/xml.h"

#define VIRTIO_LIBVIRT 10004000ul
#define VIRTIO_QEMU    8002000ul

enum { ON_X86 = 1, ON_PCI = 2 };

/* Each card: where it works, how QEMU's arguments name it, how a guest sees it on its bus. */
static const struct card {
    const char *model;
    int needs;
    const char *qemu; /* a word of the arguments */
    const char *pci;  /* vendor:device, "" for one that sits elsewhere */
} cards[] = {
    {"virtio", ON_PCI, "virtio-sound", "1af4:1059"},
    {"ich9", ON_PCI, "ich9-intel-hda", "8086:293e"},
    {"ich6", ON_PCI, "\"intel-hda\"|intel-hda,", "8086:2668"},
    {"ac97", ON_PCI, "AC97", "8086:2415"},
    {"es1370", ON_PCI, "ES1370", "1274:5000"},
    {"usb", 0, "usb-audio", ""},
    {"sb16", ON_X86, "sb16", ""},
    {"pcspk", ON_X86, "pcspk", ""},
};

static const struct card *card_of(const char *model)
{
    for (size_t i = 0; model && i < ARRAY_LEN(cards); i++)
        if (strcmp(cards[i].model, model) == 0)
            return &cards[i];
    return NULL;
}

/* A virtio card that a definition hands to QEMU by <qemu:commandline>, as is done where libvirt has no
 * element for it yet. NULL: none. */
static xmlNodePtr past_libvirt(xmlNodePtr domain)
{
    static const char *const names[] = {"virtio-sound-pci", "virtio-sound-device", "virtio-sound"};
    for (xmlNodePtr a = NULL; (a = qemu_arg_next(domain, a)) != NULL;)
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            if (qemu_arg_is(a, "-device", names[i]))
                return a;
    return NULL;
}

/* The model of the first card; NULL: there is none. The caller frees. */
static char *model_in(xmlNodePtr domain)
{
    char *model = domain ? xml_get(domain, "devices/sound@model") : NULL;
    return model || !domain || !past_libvirt(domain) ? model : xstrdup("virtio");
}

/* ---- what this host can do ---- */

char *sound_virtio_lacks(const struct facts *f)
{
    struct strbuf out = {0};
    char *libvirt = version_words(f->libvirt), *qemu = version_words(f->hypervisor);
    if (f->libvirt && f->libvirt < VIRTIO_LIBVIRT)
        strbuf_printf(&out, "libvirt %s is older than 10.4.0", libvirt);
    if (f->hypervisor && f->hypervisor < VIRTIO_QEMU)
        strbuf_printf(&out, "%sQEMU %s is older than 8.2.0", out.len ? " and " : "", qemu);
    free(libvirt);
    free(qemu);
    return out.len ? strbuf_steal(&out) : NULL;
}

static bool machine_begins(xmlNodePtr domain, const char *a, const char *b)
{
    char *machine = xml_get(domain, "os/type@machine");
    bool is = machine && (strncmp(machine, a, strlen(a)) == 0 || strncmp(machine, b, strlen(b)) == 0);
    free(machine);
    return is;
}

static bool has_pci(xmlNodePtr domain)
{
    return !machine_begins(domain, "microvm", "isapc");
}

static bool virtio_works(const struct facts *f)
{
    return f->libvirt >= VIRTIO_LIBVIRT && f->hypervisor >= VIRTIO_QEMU;
}

const char *sound_best(const struct facts *f, xmlNodePtr domain)
{
    if (virtio_works(f) && has_pci(domain))
        return "virtio";
    if (machine_begins(domain, "q35", "pc-q35"))
        return "ich9";
    if (machine_is_x86(domain) && has_pci(domain))
        return "ich6";
    if (machine_is_x86(domain))
        return "sb16";
    return "usb";
}

/* Every card that works, the best one first. The caller frees. */
static char *cards_that_work(const struct facts *f, xmlNodePtr domain)
{
    static const char *const order[] = {"virtio", "ich9", "ich6", "ac97", "usb"};
    const char *best = sound_best(f, domain);
    struct strbuf out = {0};
    strbuf_puts(&out, best);
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        const struct card *c = card_of(order[i]);
        if (strcmp(c->model, best) == 0 || (strcmp(c->model, "virtio") == 0 && !virtio_works(f)))
            continue;
        if ((c->needs & ON_PCI && !has_pci(domain)))
            continue;
        strbuf_printf(&out, ", %s", c->model);
    }
    return strbuf_steal(&out);
}

/* What is played into when the definition does not say: by the first display, as libvirt chooses. The word is
 * static, or the definition's own (freed with *own). */
static const char *backend_of(xmlNodePtr domain, char **own)
{
    xmlNodePtr devices = xml_child(domain, "devices"), sound = xml_child(devices, "sound");
    char *id = sound ? xml_get(sound, "audio@id") : NULL;
    char *said = NULL;
    for (xmlNodePtr a = xml_child(devices, "audio"); a && !said; a = xml_next(a, "audio"))
        if (!id || xml_get_is(a, "@id", id))
            said = xml_get(a, "@type");
    free(id);
    *own = said;
    if (said)
        return said;
    xmlNodePtr graphics = xml_child(devices, "graphics");
    for (; graphics; graphics = xml_next(graphics, "graphics")) {
        if (xml_get_is(graphics, "@type", "spice"))
            return "spice";
        if (xml_get_is(graphics, "@type", "sdl"))
            return "sdl";
    }
    return "none";
}

/* ---- the four levels ---- */

static void judge_host(const struct toggle_input *in, xmlNodePtr domain, const char *model,
                       struct toggle_level *out)
{
    const char *wanted = model ? model : "virtio";
    char *lacks = strcmp(wanted, "virtio") == 0 ? sound_virtio_lacks(in->facts) : NULL;
    if (!in->facts->is_qemu)
        level_set(out, ANSWER_UNKNOWN, "the host's driver is not QEMU's");
    else if (lacks)
        level_set(out, ANSWER_NO, "virtio sound: %s; the best card here is %s", lacks,
                  sound_best(in->facts, domain));
    else if (strcmp(wanted, "virtio") == 0 && !virtio_works(in->facts))
        level_set(out, ANSWER_UNKNOWN, "the versions of libvirt and QEMU there are not known");
    else
        level_set(out, ANSWER_YES, "libvirt and QEMU there have the card %s", wanted);
    free(lacks);
}

static void judge_definition(xmlNodePtr domain, const char *model, struct toggle_level *out)
{
    char *own;
    const char *backend = backend_of(domain, &own);
    if (!model)
        level_set(out, ANSWER_NO, "it has no <sound>");
    else if (!xml_find(domain, "devices/sound"))
        level_set(out, ANSWER_YES, "card %s, handed to QEMU by <qemu:commandline>", model);
    else if (strcmp(backend, "none") == 0)
        level_set(out, ANSWER_YES, "card %s; its audio backend is none: the card is there and stays silent",
                  model);
    else
        level_set(out, ANSWER_YES, "card %s, played by %s", model, backend);
    free(own);
}

static void judge_qemu(const struct toggle_input *in, const char *model, struct toggle_level *out)
{
    const struct card *c = card_of(model);
    char *refused = evidence_line(in->log, "is not a valid device model name|Unknown audio driver|"
                                           "does not accept value '(pipewire|pulseaudio|pa|alsa|jack|oss)'");
    char *line = NULL;
    for (size_t i = 0; !line && in->arguments && i < ARRAY_LEN(cards); i++)
        if (!c || c == &cards[i])
            line = evidence_line(in->arguments, cards[i].qemu);
    bool open = !toggle_judge_qemu(in, refused, out);
    if (open && line)
        level_set(out, ANSWER_YES, "QEMU was started with %s", line);
    else if (open)
        level_set(out, ANSWER_NO, "QEMU was started without %s%s", model ? "the card " : "a sound card",
                  model ? model : "");
    free(line);
    free(refused);
}

/* Its number on the guest's PCI bus, of the asked card or of any; NULL. */
static const char *pci_seen(const char *list, const char *model)
{
    for (size_t i = 0; list && i < ARRAY_LEN(cards); i++)
        if ((!model || strcmp(cards[i].model, model) == 0) && cards[i].pci[0] && strstr(list, cards[i].pci))
            return cards[i].pci;
    return NULL;
}

static void judge_probe(const struct toggle_input *in, const char *model, struct toggle_level *out)
{
    char *pci = evidence_value(in->probe, "pci"), *sound = evidence_value(in->probe, "sound");
    const char *seen = pci_seen(pci, model);
    const struct card *c = card_of(model);
    bool driven = sound && sound[0];
    if (driven)
        level_set(out, ANSWER_YES, "the guest's /proc/asound/cards: %s%s%s", sound, seen ? "; PCI " : "",
                  seen ? seen : "");
    else if (seen)
        level_set(out, ANSWER_YES, "the guest sees PCI %s; no driver has taken it as a sound card", seen);
    else if (c && !c->pci[0])
        level_set(out, ANSWER_UNKNOWN,
                  "the card %s is not on the PCI bus, and no driver in the guest shows it", model);
    else
        level_set(out, ANSWER_NO, "no %s%s at the guest's PCI bus, and no sound card in /proc/asound/cards",
                  c ? "PCI " : "sound card", c ? c->pci : "");
    free(pci);
    free(sound);
}

static void judge_guest(const struct toggle_input *in, const char *model, struct toggle_level *out)
{
    char *bad = evidence_line(in->serial, "virtio_snd .*does not comply with spec version 1");
    if (!in->live)
        level_set(out, ANSWER_UNKNOWN, "it does not run");
    else if (in->probe)
        judge_probe(in, model, out);
    else if (bad)
        level_set(out, ANSWER_NO, "the guest's serial log: %s", bad);
    else
        level_set(out, ANSWER_UNKNOWN, "%s", in->probe_why ? in->probe_why : "the guest was not asked");
    free(bad);
}

void sound_judge(const struct toggle_input *in, struct verdict *out)
{
    xmlNodePtr domain = toggle_definition(in);
    char *model = model_in(domain);
    char *later = in->live ? model_in(in->config) : NULL;
    bool differs = in->live && in->config && strcmp(model ? model : "", later ? later : "") != 0;
    judge_host(in, domain, model, &out->host);
    judge_definition(domain, model, &out->definition);
    judge_qemu(in, model, &out->qemu);
    judge_guest(in, model, &out->guest);
    if (differs) {
        char *now = xstrdup(out->definition.evidence);
        level_set(&out->definition, out->definition.answer, "%s; at next boot: %s", now,
                  later ? later : "no sound");
        free(now);
    }
    if (model && out->qemu.answer == ANSWER_NO)
        out->mismatch = xasprintf("the definition has the card %s: %s", model, out->qemu.evidence);
    else if (model && out->guest.answer == ANSWER_NO)
        out->mismatch = xasprintf("the definition has the card %s, and the guest does not see it: %s", model,
                                  out->guest.evidence);
    free(model);
    free(later);
}

/* ---- before it is turned ---- */

static const char *model_of_value(const struct facts *f, xmlNodePtr domain, const char *value)
{
    return strcmp(value, "on") == 0 ? sound_best(f, domain) : value;
}

static void check_card(const struct toggle_input *in, xmlNodePtr domain, const char *model, finding_list *out)
{
    const struct card *c = card_of(model);
    char *lacks = strcmp(model, "virtio") == 0 ? sound_virtio_lacks(in->facts) : NULL;
    char *others = cards_that_work(in->facts, domain);
    char *vm = text_shell_word(in->vm);
    char *remedy = xasprintf("sound %s %s", vm, sound_best(in->facts, domain));
    if (lacks)
        finding_add(
            out, "sound-virtio", SEV_ERROR, remedy,
            "virtio sound needs libvirt 10.4.0 and QEMU 8.2.0: %s; what works here, the best first: %s",
            lacks, others);
    else if (strcmp(model, "virtio") == 0 && !virtio_works(in->facts))
        finding_add(out, "sound-virtio", SEV_WARN, remedy,
                    "virtio sound needs libvirt 10.4.0 and QEMU 8.2.0; the versions there are not known");
    if (c && ((c->needs & ON_X86 && !machine_is_x86(domain)) || (c->needs & ON_PCI && !has_pci(domain))))
        finding_add(out, "sound-machine", SEV_ERROR, remedy, "this machine has no place for the card %s",
                    model);
    if (!lacks && strcmp(model, "virtio") == 0)
        finding_add(out, "sound-driver", SEV_INFO, NULL,
                    "the guest needs a driver for it: CONFIG_SND_VIRTIO in Linux");
    free(lacks);
    free(others);
    free(remedy);
    free(vm);
}

void sound_preflight(const struct toggle_input *in, const char *value, finding_list *out)
{
    xmlNodePtr domain = in->config ? in->config : in->live;
    char *own;
    if (strcmp(value, "off") == 0)
        return;
    check_card(in, domain, model_of_value(in->facts, domain, value), out);
    if (strcmp(backend_of(domain, &own), "none") == 0) {
        char *vm = text_shell_word(in->vm), *remedy = xasprintf("edit %s", vm);
        finding_add(
            out, "sound-silent", SEV_WARN, remedy,
            "the audio backend will be none: the card is there and stays silent; an <audio> of type spice, "
            "pulseaudio or pipewire, or a SPICE display, lets it be heard");
        free(remedy);
        free(vm);
    }
    free(own);
}

/* ---- turning it ---- */

#define AS_IT_IS "on"

char *sound_plan(const struct toggle_input *in, const char *value, struct error *e)
{
    xmlNodePtr domain = in->config ? in->config : in->live;
    if (strcmp(value, "off") == 0 || card_of(value))
        return xstrdup(value);
    if (strcmp(value, "on") == 0 && xml_find(domain, "devices/sound")) /* one that is there is on */
        return xml_get(domain, "devices/sound@model");
    if (strcmp(value, "on") == 0)
        return xstrdup(past_libvirt(domain) ? AS_IT_IS : sound_best(in->facts, domain));
    error_set(e, STATUS_USAGE, "sound: on, off or a card is wanted, not \"%s\"; cards: " SOUND_MODELS, value);
    return NULL;
}

/* The backends that libvirt put there for a card: they play into nothing, and nothing else uses them. */
static void remove_idle_audio(xmlNodePtr devices)
{
    for (xmlNodePtr next, a = xml_child(devices, "audio"); a; a = next) {
        char *id = xml_get(a, "@id");
        bool used = false;
        next = xml_next(a, "audio");
        for (xmlNodePtr d = devices->children; d; d = d->next)
            used = used || (d->type == XML_ELEMENT_NODE && id && xml_get_is(d, "audio@id", id));
        if (xml_get_is(a, "@type", "none") && !used)
            xml_remove(a);
        free(id);
    }
}

static void set_model(xmlNodePtr sound, const char *model)
{
    xmlNodePtr address = xml_child(sound, "address"), codec;
    if (xml_get_is(sound, "@model", model))
        return;
    xml_set(sound, "@model", model);
    /* Another card may not fit where the old one sat; libvirt finds it a place. */
    if (address)
        xml_remove(address);
    while ((codec = xml_child(sound, "codec")) != NULL)
        xml_remove(codec);
    xml_set(sound, "@streams", NULL);
}

/* The option and its value, a pair each. */
static void remove_past_libvirt(xmlNodePtr domain)
{
    xmlNodePtr arg;
    while ((arg = past_libvirt(domain)) != NULL)
        qemu_arg_remove_pair(arg);
}

static bool edit_sound(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e)
{
    xmlNodePtr devices = xml_child(domain, "devices"), sound = xml_child(devices, "sound");
    (void)e;
    out->name = xstrdup("sound");
    out->kind = device_kind_find("sound");
    out->before = sound ? xml_print_node(sound) : NULL;
    if (strcmp(arg, AS_IT_IS) == 0)
        return true;
    remove_past_libvirt(domain);
    if (strcmp(arg, "off") == 0) {
        bool any = sound != NULL;
        for (; sound; sound = xml_child(devices, "sound"))
            xml_remove(sound);
        if (any)
            remove_idle_audio(devices);
        return true;
    }
    if (!devices)
        devices = xml_add_new(domain, "devices");
    if (!sound)
        sound = xml_add_new(devices, "sound");
    set_model(sound, arg);
    out->after = xml_print_node(sound);
    return true;
}

const struct change_edit sound_edit = {"sound", edit_sound};
