/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of the smaller devices: rng, balloon, watchdog, TPM, vsock, memory, controllers and so on.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/field_tables.h"
#include "model/xml.h"

#define URANDOM "/dev/urandom"

static bool set_rng_backend(xmlNodePtr rng, const char *value, struct error *e)
{
    char *old = xml_get(rng, "backend@model");
    bool same = old && value && strcmp(old, value) == 0;
    free(old);
    if (same || !value)
        return true;
    if (!word_in("random builtin", value))
        return error_set(e, STATUS_USAGE, "it takes random or builtin; others can be made in the XML (edit)");
    xml_set(rng, "backend@model", value);
    xml_set(rng, "backend", strcmp(value, "random") == 0 ? URANDOM : "");
    return true;
}

static char *get_rng_source(xmlNodePtr rng)
{
    return xml_get_is(rng, "backend@model", "random") ? xml_get(rng, "backend") : NULL;
}

static bool set_rng_source(xmlNodePtr rng, const char *value, struct error *e)
{
    if (!xml_get_is(rng, "backend@model", "random"))
        return !value || error_set(e, STATUS_FAILED, "only the backend random reads a file");
    xml_set(rng, "backend", value ? value : URANDOM);
    return true;
}

/* Without a balloon nothing of it may be left: libvirt refuses an address of nothing. */
static bool set_balloon_model(xmlNodePtr balloon, const char *value, struct error *e)
{
    (void)e;
    if (value && strcmp(value, "none") == 0) /* the rest stays: it holds again when the balloon does */
        readdress(balloon, "none");
    xml_set(balloon, "@model", value ? value : "virtio");
    return true;
}

static bool set_watchdog_model(xmlNodePtr watchdog, const char *value, struct error *e)
{
    (void)e;
    set_model(watchdog, "@model", value, "ib700 itco diag288");
    return true;
}

/* Each backend has elements of its own. */
static bool set_tpm_backend(xmlNodePtr tpm, const char *value, struct error *e)
{
    (void)e;
    if (value && !xml_get_is(tpm, "backend@type", value)) {
        xml_set(tpm, "backend/device?", NULL);
        xml_set(tpm, "backend@type", value);
        xml_set(tpm, "backend@version", strcmp(value, "emulator") == 0 ? "2.0" : NULL);
    }
    if (!value)
        xml_set(tpm, "backend@type", NULL);
    return true;
}

static char *get_cid(xmlNodePtr vsock)
{
    return xml_get_is(vsock, "cid@auto", "yes") ? xstrdup("auto") : xml_get(vsock, "cid@address");
}

static bool set_cid(xmlNodePtr vsock, const char *value, struct error *e)
{
    bool chosen = !value || strcmp(value, "auto") == 0;
    if (!chosen && strtoull(value, NULL, 10) < 3)
        return error_set(e, STATUS_USAGE, "0, 1 and 2 are taken; guests have 3 and above");
    if (chosen && xml_get_is(vsock, "cid@auto", "yes"))
        return true;
    xml_set(vsock, "cid@auto", chosen ? "yes" : "no");
    xml_set(vsock, "cid@address", chosen ? NULL : value);
    return true;
}

/* The size is written in KiB whatever unit stood there. */
static char *get_size_at(xmlNodePtr node, const char *path)
{
    double kib = xml_get_kib(node, path);
    return isnan(kib) ? NULL : xasprintf("%.0f", kib * 1024);
}

static void set_size_at(xmlNodePtr node, const char *path, const char *value, const char *unit, double bytes)
{
    char *unit_path = xasprintf("%s@unit", path);
    char *number = value ? xasprintf("%.0f", strtod(value, NULL) / bytes) : NULL;
    if (number)
        xml_set(node, unit_path, unit);
    xml_set(node, path, number);
    free(unit_path);
    free(number);
}

static char *get_dimm_size(xmlNodePtr memory)
{
    return get_size_at(memory, "target/size");
}

/* The domain's memory is what its modules and cells have together, and libvirt counts that anew; what the
 * balloon leaves it would stay behind, and be too little once the module is taken out. */
static void move_current_memory(xmlNodePtr memory, double kib)
{
    xmlNodePtr domain = memory->parent ? memory->parent->parent : NULL;
    char *all = domain ? xml_get(domain, "memory") : NULL,
         *now = domain ? xml_get(domain, "currentMemory") : NULL;
    if (all && now && strcmp(all, now) == 0 && xml_get_is(domain, "memory@unit", "KiB") &&
        xml_get_is(domain, "currentMemory@unit", "KiB")) {
        char *sum = xasprintf("%.0f", strtod(all, NULL) + kib);
        xml_set(domain, "memory", sum);
        xml_set(domain, "currentMemory", sum);
        free(sum);
    }
    free(all);
    free(now);
}

static bool set_dimm_size(xmlNodePtr memory, const char *value, struct error *e)
{
    char *old = get_dimm_size(memory);
    (void)e;
    if (old && value)
        move_current_memory(memory, (strtod(value, NULL) - strtod(old, NULL)) / 1024);
    set_size_at(memory, "target/size", value, "KiB", 1024);
    free(old);
    return true;
}

static char *get_shmem_size(xmlNodePtr shmem)
{
    return get_size_at(shmem, "size");
}

/* libvirt wants a power of two of MiB there. */
static bool set_shmem_size(xmlNodePtr shmem, const char *value, struct error *e)
{
    double mib = value ? strtod(value, NULL) / 0x1p20 : 1;
    if (value && (mib < 1 || mib != (double)(long)mib || ((long)mib & ((long)mib - 1))))
        return error_set(e, STATUS_USAGE, "it takes a power of two of MiB: 1M, 2M, 4M and so on");
    set_size_at(shmem, "size", value, "M", 0x1p20);
    return true;
}

/* Their models sit at places of different kinds. */
static bool set_and_move(xmlNodePtr node, const char *path, const char *value)
{
    if (value && !xml_get_is(node, path, value))
        readdress(node, "none");
    xml_set(node, path, value);
    return true;
}

static bool set_moving_model(xmlNodePtr node, const char *value, struct error *e)
{
    (void)e;
    return set_and_move(node, "@model", value);
}

/* One type's models mean nothing to another; the one that new SCSI controllers have is theirs again. */
static bool set_controller_type(xmlNodePtr controller, const char *value, struct error *e)
{
    (void)e;
    if (value && !xml_get_is(controller, "@type", value)) {
        xml_set(controller, "@type", value);
        xml_set(controller, "@model", strcmp(value, "scsi") == 0 ? "virtio-scsi" : NULL);
        readdress(controller, "none");
    }
    return true;
}

/* Only a client's card has a way to the guest. */
static bool set_smartcard_mode(xmlNodePtr smartcard, const char *value, struct error *e)
{
    bool client = value && strcmp(value, "passthrough") == 0;
    (void)e;
    if (value && !xml_get_is(smartcard, "@mode", value))
        xml_set(smartcard, "@type", client ? "spicevmc" : NULL);
    xml_set(smartcard, "@mode", value);
    return true;
}

static const struct device_field rows[] = {
    PLAIN("rng", "model", "Model", FIELD_CHOICE, "virtio virtio-transitional virtio-non-transitional",
          "@model", NULL, CALL_DEFINE, FIELD_ADVANCED, "the device that the guest sees"),
    {"rng", "backend", "Backend", FIELD_CHOICE, "random builtin", "backend@model", NULL, CALL_DEFINE,
     FIELD_FRESH, "where the random numbers come from: a file of the host, or QEMU itself", NULL,
     set_rng_backend},
    {"rng", "source", "File", FIELD_PATH, NULL, NULL, NULL, CALL_DEFINE, FIELD_ADVANCED,
     "the file that random numbers are read from (random)", get_rng_source, set_rng_source},
    PLAIN("rng", "rate", "Rate", FIELD_NUMBER, NULL, "rate@bytes", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "most bytes in a period"),
    PLAIN("rng", "period", "Period", FIELD_NUMBER, NULL, "rate@period", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "milliseconds that the rate is counted over; a rate has to be set"),
    {"balloon", "model", "Balloon", FIELD_SWITCH, "none virtio", "@model", NULL, CALL_DEFINE, FIELD_TOGGLE,
     "whether the host can take memory back from the guest and see how much it uses", NULL,
     set_balloon_model},
    PLAIN("balloon", "autodeflate", "Gives way", FIELD_SWITCH, "off on", "@autodeflate", "off", CALL_DEFINE,
          FIELD_ADVANCED, "whether the balloon gives memory back before the guest kills processes"),
    PLAIN("balloon", "reporting", "Free pages", FIELD_SWITCH, "off on", "@freePageReporting", "off",
          CALL_DEFINE, FIELD_ADVANCED, "whether the guest tells the host which memory it does not use"),
    PLAIN("balloon", "period", "Statistics every", FIELD_NUMBER, NULL, "stats@period", "0", CALL_DEFINE,
          FIELD_ADVANCED, "seconds between two looks at the guest's memory; 0 for none"),
    {"watchdog", "model", "Model", FIELD_CHOICE, "i6300esb itco ib700 diag288", "@model", NULL, CALL_DEFINE,
     FIELD_FRESH, "the watchdog that the guest sees", NULL, set_watchdog_model},
    PLAIN("watchdog", "action", "Action", FIELD_CHOICE, "reset shutdown poweroff pause none dump inject-nmi",
          "@action", "reset", CALL_DEFINE, FIELD_FRESH, "what happens when the guest hangs"),
    PLAIN("tpm", "model", "Model", FIELD_CHOICE, "tpm-crb tpm-tis tpm-spapr", "@model", NULL, CALL_DEFINE,
          FIELD_FRESH, "the TPM that the guest sees"),
    {"tpm", "backend", "Backend", FIELD_CHOICE, "emulator passthrough", "backend@type", NULL, CALL_DEFINE,
     FIELD_ADVANCED, "a TPM made by swtpm, or the host's", NULL, set_tpm_backend},
    PLAIN("tpm", "version", "Version", FIELD_CHOICE, "2.0 1.2", "backend@version", NULL, CALL_DEFINE,
          FIELD_ADVANCED | FIELD_FILLED, "the version of the TPM standard (emulator)"),
    PLAIN("tpm", "path", "Device", FIELD_PATH, NULL, "backend/device@path", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the host's TPM (passthrough)"),
    PLAIN("vsock", "model", "Model", FIELD_CHOICE, "virtio virtio-transitional virtio-non-transitional",
          "@model", NULL, CALL_DEFINE, FIELD_ADVANCED, "the device that the guest sees"),
    {"vsock", "cid", "Number", FIELD_NUMBER, "auto", NULL, NULL, CALL_DEFINE, FIELD_FRESH,
     "the number by which host and guest know it, or auto for a free one", get_cid, set_cid},
    {"memory", "model", "Model", FIELD_CHOICE, "dimm nvdimm virtio-mem virtio-pmem", "@model", NULL,
     CALL_DEFINE, FIELD_ADVANCED, "what the guest sees", NULL, set_moving_model},
    {"memory", "size", "Size", FIELD_SIZE, NULL, NULL, NULL, CALL_DEFINE, FIELD_FRESH,
     "how much memory; the domain needs a <maxMemory> that has room for it", get_dimm_size, set_dimm_size},
    PLAIN("memory", "node", "NUMA node", FIELD_NUMBER, NULL, "target/node", NULL, CALL_DEFINE, FIELD_FRESH,
          "the guest's NUMA node that it belongs to"),
    PLAIN("memory", "path", "File", FIELD_PATH, NULL, "source/path", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "the host's file that holds it (nvdimm, virtio-pmem)"),
    {"controller", "type", "Type", FIELD_CHOICE, "scsi usb virtio-serial sata ide fdc pci", "@type", NULL,
     CALL_DEFINE, FIELD_FRESH, "what can be attached to it", NULL, set_controller_type},
    PLAIN("controller", "model", "Model", FIELD_CHOICE,
          "virtio-scsi lsilogic qemu-xhci nec-xhci ich9-ehci1 piix3-uhci pcie-root-port none", "@model", NULL,
          CALL_DEFINE, FIELD_FRESH | FIELD_FILLED, "the controller that the guest sees"),
    PLAIN("controller", "queues", "Queues", FIELD_NUMBER, NULL, "driver@queues", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "how many queues it has (virtio-scsi)"),
    {"smartcard", "mode", "Mode", FIELD_CHOICE, "host passthrough host-certificates", "@mode", NULL,
     CALL_DEFINE, FIELD_FRESH, "where the card is: in the host's reader, or at a client", NULL,
     set_smartcard_mode},
    PLAIN("smartcard", "type", "Type", FIELD_CHOICE, "spicevmc tcp", "@type", NULL, CALL_DEFINE,
          FIELD_ADVANCED, "how a client's card gets to the guest (passthrough)"),
    {"panic", "model", "Model", FIELD_CHOICE, "isa pvpanic hyperv pseries s390", "@model", NULL, CALL_DEFINE,
     FIELD_FRESH, "how the guest tells that it crashed", NULL, set_moving_model},
    {"iommu", "model", "Model", FIELD_CHOICE, "intel virtio smmuv3", "@model", NULL, CALL_DEFINE, FIELD_FRESH,
     "the IOMMU that the guest sees", NULL, set_moving_model},
    PLAIN("shmem", "model", "Model", FIELD_CHOICE, "ivshmem-plain ivshmem-doorbell", "model@type", NULL,
          CALL_DEFINE, FIELD_FRESH, "how the shared memory is seen: alone, or with interrupts by a server"),
    {"shmem", "size", "Size", FIELD_SIZE, NULL, NULL, NULL, CALL_DEFINE, FIELD_FRESH,
     "how much memory is shared, a power of two of MiB", get_shmem_size, set_shmem_size},
    PLAIN("shmem", "role", "Role", FIELD_CHOICE, "peer master", "@role", NULL, CALL_DEFINE, FIELD_ADVANCED,
          "whether the memory goes with the guest when it migrates"),
};
const struct field_table fields_rest = {rows, ARRAY_LEN(rows)};
