/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/offload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/strbuf.h"
#include "base/text.h"
#include "device/memory_tso.h"
#include "model/xml.h"

const struct offload_bit offload_bits[] = {
    {"host.csum", "driver/host@csum", "csum", 0, NULL},
    {"host.gso", "driver/host@gso", "gso", -1, NULL},
    {"host.tso4", "driver/host@tso4", "host_tso4", 11, "host.csum"},
    {"host.tso6", "driver/host@tso6", "host_tso6", 12, "host.csum"},
    {"host.ecn", "driver/host@ecn", "host_ecn", 13, "host.tso4"},
    {"host.ufo", "driver/host@ufo", "host_ufo", 14, "host.csum"},
    {"host.mrg_rxbuf", "driver/host@mrg_rxbuf", "mrg_rxbuf", 15, NULL},
    {"guest.csum", "driver/guest@csum", "guest_csum", 1, NULL},
    {"guest.tso4", "driver/guest@tso4", "guest_tso4", 7, "guest.csum"},
    {"guest.tso6", "driver/guest@tso6", "guest_tso6", 8, "guest.csum"},
    {"guest.ecn", "driver/guest@ecn", "guest_ecn", 9, "guest.tso4"},
    {"guest.ufo", "driver/guest@ufo", "guest_ufo", 10, "guest.csum"},
};
const size_t n_offload_bits = ARRAY_LEN(offload_bits);

/* The four that TSO is. */
static const char *const tso_bits[] = {"host.tso4", "host.tso6", "guest.tso4", "guest.tso6"};

static const struct offload_bit *bit_of(const char *id)
{
    for (size_t i = 0; i < n_offload_bits; i++)
        if (strcmp(offload_bits[i].id, id) == 0)
            return &offload_bits[i];
    return NULL;
}

static bool is_off(xmlNodePtr nic, const struct offload_bit *b)
{
    return xml_get_is(nic, b->path, "off");
}

static bool is_virtio(xmlNodePtr nic)
{
    char *model = xml_get(nic, "model@type");
    bool is = model && strncmp(model, "virtio", 6) == 0;
    free(model);
    return is;
}

static xmlNodePtr next_nic(xmlNodePtr domain, xmlNodePtr nic)
{
    return nic ? xml_next(nic, "interface") : xml_child(xml_child(domain, "devices"), "interface");
}

/* ---- checks ---- */

void offload_check(xmlNodePtr interface, const char *name, const char *vm, finding_list *out)
{
    bool any = false;
    char *vm_word = text_shell_word(vm);
    for (size_t i = 0; i < n_offload_bits; i++) {
        const struct offload_bit *b = &offload_bits[i], *needs = b->needs ? bit_of(b->needs) : NULL;
        char *value = xml_get(interface, b->path);
        any = any || value;
        if (value && strcmp(value, "on") == 0 && needs && is_off(interface, needs)) {
            char *remedy = xasprintf("device %s %s offload %s=on", vm_word, name, needs->id);
            finding_add(out, "offload-needs", SEV_ERROR, remedy, "%s: %s needs %s, which is off", name, b->id,
                        needs->id);
            free(remedy);
        }
        free(value);
    }
    if (any && !is_virtio(interface)) {
        char *remedy = xasprintf("device %s %s model virtio", vm_word, name);
        finding_add(out, "offload-model", SEV_ERROR, remedy,
                    "%s: only NICs of the model virtio have offloads that can be turned", name);
        free(remedy);
    }
    free(vm_word);
}

/* ---- the four levels ---- */

/* One NIC's list of bits that are off, "net0 (52:54:…): tso4, tso6"; what says that a bit is off is `off`. */
static void list_off(struct strbuf *out, int index, const char *mac,
                     bool (*off)(const void *, const struct offload_bit *), const void *of)
{
    bool first = true;
    for (size_t i = 0; i < n_offload_bits; i++) {
        if (!off(of, &offload_bits[i]))
            continue;
        if (first)
            strbuf_printf(out, "%snet%d%s%s%s: ", out->len ? "; " : "", index, mac ? " (" : "",
                          mac ? mac : "", mac ? ")" : "");
        strbuf_printf(out, "%s%s", first ? "" : ", ", offload_bits[i].id);
        first = false;
    }
}

static bool off_in_xml(const void *nic, const struct offload_bit *b)
{
    return is_off((xmlNodePtr)nic, b);
}

/* An argument of QEMU's, as words or (newer libvirt) as JSON. */
static bool off_in_argument(const void *argument, const struct offload_bit *b)
{
    static const struct {
        const char *before, *after;
    } forms[] = {{"\"", "\":false"}, {"\"", "\":\"off\""}, {",", "=off"}, {",", "=false"}};
    bool off = false;
    for (size_t i = 0; !off && i < ARRAY_LEN(forms); i++) {
        char *word = xasprintf("%s%s%s", forms[i].before, b->qemu, forms[i].after);
        off = strstr(argument, word) != NULL;
        free(word);
    }
    return off;
}

/* The features that driver and device agreed on: a digit each, the lowest first. */
static bool off_in_features(const void *features, const struct offload_bit *b)
{
    return b->feature >= 0 && strlen(features) > (size_t)b->feature &&
           ((const char *)features)[b->feature] == '0';
}

static char *nics_off(xmlNodePtr domain, int *n)
{
    struct strbuf out = {0};
    int index = 0;
    for (xmlNodePtr nic = NULL; (nic = next_nic(domain, nic)) != NULL; index++) {
        char *mac = xml_get(nic, "mac@address");
        *n += is_virtio(nic);
        if (is_virtio(nic))
            list_off(&out, index, mac, off_in_xml, nic);
        free(mac);
    }
    return strbuf_steal(&out);
}

static void judge_host(const struct toggle_input *in, xmlNodePtr domain, struct toggle_level *out)
{
    struct strbuf plain = {0};
    int index = 0;
    for (xmlNodePtr nic = NULL; (nic = next_nic(domain, nic)) != NULL; index++)
        if (xml_get_is(nic, "@type", "user"))
            strbuf_printf(&plain, "%snet%d", plain.len ? ", " : "", index);
    if (!in->facts->is_qemu)
        level_set(out, ANSWER_UNKNOWN, "the host's driver is not QEMU's");
    else if (plain.len)
        level_set(out, ANSWER_NO, "QEMU's user network at %s has no offloads", strbuf_str(&plain));
    else
        level_set(out, ANSWER_YES, "taps of Linux take all of them");
    strbuf_free(&plain);
}

static void judge_definition(xmlNodePtr domain, struct toggle_level *out)
{
    int n = 0;
    char *off = nics_off(domain, &n);
    if (!n)
        level_set(out, ANSWER_NO, "it has no virtio NIC");
    else
        level_set(out, off[0] ? ANSWER_NO : ANSWER_YES, off[0] ? "off at %s" : "all are on", off);
    free(off);
}

/* QEMU's argument for the NIC with that MAC; NULL. The caller frees. */
static char *argument_of(const char *arguments, const char *mac)
{
    char *json = xasprintf("\"mac\":\"%s\"", mac), *words = xasprintf(",mac=%s", mac);
    char *line = evidence_line_with(arguments, "virtio-net", json);
    if (!line)
        line = evidence_line_with(arguments, "virtio-net", words);
    free(json);
    free(words);
    return line;
}

/* "nic=eth0 52:54:00:… 1 110100…" of the probe, for that MAC: its features; NULL. The caller frees. */
static char *features_of(const char *probe, const char *mac)
{
    char *middle = xasprintf(" %s ", mac), *line = evidence_line_with(probe, "nic=", middle);
    char *features = NULL;
    const char *last = line ? strrchr(line, ' ') : NULL;
    if (last && strspn(last + 1, "01") == strlen(last + 1) && strlen(last + 1) >= 16)
        features = xstrdup(last + 1);
    free(line);
    free(middle);
    return features;
}

/* What is seen NIC by NIC in a text of evidence, and in what words it is told. */
struct sight {
    char *(*of)(const char *text,
                const char *mac); /* what the text says of that NIC; NULL. The caller frees */
    bool (*off)(const void *said, const struct offload_bit *b);
    const char *none, *some_off, *all_on;
};
static const struct sight in_qemu = {
    argument_of, off_in_argument, "no virtio NIC is among QEMU's arguments (one that was added later is not)",
    "QEMU was started with these off: ", "QEMU was started with all on"};
static const struct sight in_guest = {features_of, off_in_features,
                                      "the guest shows no driver at a virtio NIC",
                                      "the guest's driver works without: ", "the guest's driver uses all"};

static void judge_nics(xmlNodePtr live, const char *text, const struct sight *s, struct toggle_level *out)
{
    struct strbuf off = {0};
    int index = 0, n = 0;
    for (xmlNodePtr nic = NULL; (nic = next_nic(live, nic)) != NULL; index++) {
        char *mac = xml_get(nic, "mac@address"), *said = mac ? s->of(text, mac) : NULL;
        if (said)
            list_off(&off, index, mac, s->off, said);
        n += said != NULL;
        free(said);
        free(mac);
    }
    if (!n)
        level_set(out, ANSWER_UNKNOWN, "%s", s->none);
    else
        level_set(out, off.len ? ANSWER_NO : ANSWER_YES, "%s%s", off.len ? s->some_off : s->all_on,
                  strbuf_str(&off));
    strbuf_free(&off);
}

static void judge_qemu(const struct toggle_input *in, struct toggle_level *out)
{
    if (!toggle_judge_qemu(in, NULL, out))
        judge_nics(in->live, in->arguments, &in_qemu, out);
}

static void judge_guest(const struct toggle_input *in, struct toggle_level *out)
{
    if (!in->live)
        level_set(out, ANSWER_UNKNOWN, "it does not run");
    else if (!in->probe)
        level_set(out, ANSWER_UNKNOWN, "%s", in->probe_why ? in->probe_why : "the guest was not asked");
    else
        judge_nics(in->live, in->probe, &in_guest, out);
}

/* The first bit of which definition and QEMU, or definition and guest, say the opposite. */
static char *mismatch_of(const struct toggle_input *in)
{
    int index = 0;
    char *text = NULL;
    for (xmlNodePtr nic = NULL; !text && in->live && (nic = next_nic(in->live, nic)) != NULL; index++) {
        char *mac = xml_get(nic, "mac@address");
        char *argument = mac && in->arguments ? argument_of(in->arguments, mac) : NULL;
        char *features = mac && in->probe ? features_of(in->probe, mac) : NULL;
        for (size_t i = 0; !text && i < n_offload_bits; i++) {
            const struct offload_bit *b = &offload_bits[i];
            bool off = is_off(nic, b), on = xml_get_is(nic, b->path, "on");
            if (argument && off != off_in_argument(argument, b))
                text = xasprintf("%s of net%d is %s in the definition and %s in QEMU", b->id, index,
                                 off ? "off" : "on", off ? "on" : "off");
            else if (features && off && b->feature >= 0 && !off_in_features(features, b))
                text = xasprintf("%s of net%d is off in the definition and on in the guest", b->id, index);
            else if (features && on && off_in_features(features, b))
                text = xasprintf("%s of net%d is on in the definition, and the guest works without it", b->id,
                                 index);
        }
        free(mac);
        free(argument);
        free(features);
    }
    return text;
}

void offload_judge(const struct toggle_input *in, struct verdict *out)
{
    xmlNodePtr domain = toggle_definition(in);
    judge_host(in, domain, &out->host);
    judge_definition(domain, &out->definition);
    judge_qemu(in, &out->qemu);
    judge_guest(in, &out->guest);
    out->mismatch = mismatch_of(in);
    if (in->live && in->config) {
        int n = 0, later_n = 0;
        char *now = nics_off(in->live, &n), *later = nics_off(in->config, &later_n);
        if (strcmp(now, later) != 0) {
            char *said = xstrdup(out->definition.evidence);
            level_set(&out->definition, out->definition.answer, "%s; at next boot %s%s", said,
                      later[0] ? "off at " : "all are on", later);
            free(said);
        }
        free(now);
        free(later);
    }
    if (memory_tso_is_on(domain)) {
        char *said = xstrdup(out->definition.evidence), *vm = text_shell_word(in->vm);
        level_set(&out->definition, out->definition.answer,
                  "%s; <qemu:commandline> has the other TSO, memory ordering (`tso %s memory off`)", said,
                  vm);
        free(said);
        free(vm);
    }
}

/* ---- turning TSO ---- */

void offload_preflight(const struct toggle_input *in, const char *value, finding_list *out)
{
    xmlNodePtr domain = in->config ? in->config : in->live;
    int index = 0, n = 0;
    for (xmlNodePtr nic = NULL; (nic = next_nic(domain, nic)) != NULL; index++) {
        char *name = xasprintf("net%d", index);
        n += is_virtio(nic);
        for (size_t i = 0; strcmp(value, "on") == 0 && is_virtio(nic) && i < 2; i++) {
            const char *needs = i ? "guest.csum" : "host.csum";
            char *vm = text_shell_word(in->vm);
            char *remedy = xasprintf("device %s %s offload %s=on", vm, name, needs);
            free(vm);
            if (is_off(nic, bit_of(needs)))
                finding_add(out, "offload-needs", SEV_ERROR, remedy, "%s: TSO needs %s, which is off", name,
                            needs);
            free(remedy);
        }
        free(name);
    }
    if (!n)
        finding_add(out, "offload-model", SEV_ERROR, NULL,
                    "%s has no NIC of the model virtio: only those have offloads that can be turned", in->vm);
    finding_add(out, "offload-boot", SEV_INFO, NULL,
                "offloads stand in the definition only: they take effect at the next boot");
}

char *offload_plan(const struct toggle_input *in, const char *value, struct error *e)
{
    (void)in;
    if (strcmp(value, "on") == 0 || strcmp(value, "off") == 0)
        return xstrdup(value);
    error_set(e, STATUS_USAGE, "tso nic: on or off is wanted, not \"%s\"", value);
    return NULL;
}

static bool edit_offload(xmlNodePtr domain, const char *arg, struct changed *out, struct error *e)
{
    (void)out;
    (void)e;
    for (xmlNodePtr nic = NULL; (nic = next_nic(domain, nic)) != NULL;)
        for (size_t i = 0; is_virtio(nic) && i < ARRAY_LEN(tso_bits); i++) {
            const struct offload_bit *b = bit_of(tso_bits[i]);
            bool off = strcmp(arg, "off") == 0;
            if (off || is_off(nic, b))
                xml_set(nic, b->path, off ? "off" : NULL);
        }
    return true;
}

const struct change_edit offload_edit = {"tso", edit_offload};

char *tso_explained(const char *vm)
{
    return xasprintf("which TSO is meant? Two things are called so:\n"
                     "  `tso %s nic on|off`: TCP segmentation offload of its virtio NICs (tso4 and tso6, "
                     "both directions; a "
                     "single one: `device %s NIC offload tso4=off`)\n"
                     "  `tso %s memory on|off`: total store ordering, an option of HVF on Apple silicon",
                     vm, vm, vm);
}
