/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fields of processors and memory. Current values can't be above the maximum: a maximum that is set below
 * takes the current value down with it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/field_tables.h"
#include "device/nested.h"
#include "model/xml.h"

/* ---- processors ---- */

static char *get_maxvcpus(xmlNodePtr domain)
{
    char *max = xml_get(domain, "vcpu");
    return max;
}

static char *get_vcpus(xmlNodePtr domain)
{
    char *current = xml_get(domain, "vcpu@current");
    return current ? current : get_maxvcpus(domain);
}

static long number_of(char *digits, long fallback)
{
    long n = digits ? strtol(digits, NULL, 10) : fallback;
    free(digits);
    return n;
}

static bool set_vcpus(xmlNodePtr domain, const char *value, struct error *e)
{
    long max = number_of(get_maxvcpus(domain), 1), wanted = value ? strtol(value, NULL, 10) : max;
    if (wanted < 1)
        return error_set(e, STATUS_USAGE, "at least 1 is needed");
    if (wanted > max)
        return error_set(e, STATUS_FAILED,
                         "the domain has at most %ld; maxvcpus=%ld allows more from the next boot on", max,
                         wanted);
    xml_set(domain, "vcpu@current", wanted < max ? value : NULL);
    return true;
}

/* Setting <vcpu>'s text keeps its attributes (cpuset, placement). */
static bool set_maxvcpus(xmlNodePtr domain, const char *value, struct error *e)
{
    long wanted = value ? strtol(value, NULL, 10) : 1;
    char *current = xml_get(domain, "vcpu@current");
    if (wanted < 1) {
        free(current);
        return error_set(e, STATUS_USAGE, "at least 1 is needed");
    }
    if (current && strtol(current, NULL, 10) >= wanted)
        xml_set(domain, "vcpu@current", NULL);
    xml_set(domain, "vcpu", value);
    free(current);
    return true;
}

/* What goes with one mode is refused, or means nothing, with the others: a model with custom only, and
 * whether the guest can be migrated with host-passthrough and maximum. */
static bool set_cpu_mode(xmlNodePtr domain, const char *value, struct error *e)
{
    bool custom = value && strcmp(value, "custom") == 0;
    bool whole = value && (strcmp(value, "host-passthrough") == 0 || strcmp(value, "maximum") == 0);
    (void)e;
    if (!custom && xml_child(domain, "cpu")) {
        xml_set(domain, "cpu/model?", NULL);
        xml_set(domain, "cpu@match", NULL);
    }
    if (!whole && xml_child(domain, "cpu"))
        xml_set(domain, "cpu@migratable", NULL);
    xml_set(domain, "cpu@mode", value);
    return true;
}

static bool set_cpu_model(xmlNodePtr domain, const char *value, struct error *e)
{
    (void)e;
    if (value && !xml_get_is(domain, "cpu@mode", "custom")) {
        xml_set(domain, "cpu@mode", "custom");
        xml_set(domain, "cpu@match", "exact");
    } else if (!value && xml_find(domain, "cpu/model")) {
        xml_set(domain, "cpu@mode", NULL);
        xml_set(domain, "cpu@match", NULL);
    }
    xml_set(domain, "cpu/model", value);
    return true;
}

static char *get_topology(xmlNodePtr domain)
{
    static const char *const parts[] = {"sockets", "cores", "threads"};
    long n[3];
    if (!xml_find(domain, "cpu/topology"))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char *path = xasprintf("cpu/topology@%s", parts[i]);
        n[i] = number_of(xml_get(domain, path), 1);
        free(path);
    }
    return xasprintf("%ld:%ld:%ld", n[0], n[1], n[2]);
}

static bool set_topology(xmlNodePtr domain, const char *value, struct error *e)
{
    static const char *const paths[] = {"cpu/topology@sockets", "cpu/topology@dies", "cpu/topology@cores",
                                        "cpu/topology@threads"};
    unsigned n[3];
    int end = 0;
    if (!value) {
        xml_set(domain, "cpu/topology?", NULL);
        return true;
    }
    if (sscanf(value, "%5u:%5u:%5u%n", &n[0], &n[1], &n[2], &end) != 3 || value[end] ||
        strspn(value, "0123456789:") != strlen(value) || !n[0] || !n[1] || !n[2])
        return error_set(e, STATUS_USAGE, "\"%.40s\" is not SOCKETS:CORES:THREADS, like 1:4:2", value);
    const unsigned all[] = {n[0], 1, n[1], n[2]};
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        char *text = xasprintf("%u", all[i]);
        xml_set(domain, paths[i], text);
        free(text);
    }
    return true;
}

/* ---- memory ---- */

/* As a number of KiB, whatever unit the definition has; NULL: it says nothing. */
static char *get_kib(xmlNodePtr domain, const char *name)
{
    double kib = xml_get_kib(domain, name);
    return isnan(kib) ? NULL : xasprintf("%.0f", floor(kib));
}

static void put_kib(xmlNodePtr domain, const char *name, const char *value)
{
    xmlNodePtr node = xml_child(domain, name);
    if (node && value && xmlHasProp(node, (const xmlChar *)"unit"))
        xml_set(node, "@unit", "KiB");
    if (value)
        xml_set(domain, name, value);
    else if (node)
        xml_remove(node);
}

static char *get_maxmemory(xmlNodePtr domain)
{
    return get_kib(domain, "memory");
}

static char *get_memory(xmlNodePtr domain)
{
    char *current = get_kib(domain, "currentMemory");
    return current ? current : get_maxmemory(domain);
}

static double kib_of(char *digits)
{
    double n = digits ? strtod(digits, NULL) : INFINITY;
    free(digits);
    return n;
}

static bool set_memory(xmlNodePtr domain, const char *value, struct error *e)
{
    double max = kib_of(get_maxmemory(domain)), wanted = value ? strtod(value, NULL) : max;
    if (wanted < 1)
        return error_set(e, STATUS_USAGE, "a domain needs some memory");
    if (wanted > max)
        return error_set(e, STATUS_FAILED,
                         "the domain has at most %.0f KiB; maxmemory=%.0fK allows more from the next boot on",
                         max, wanted);
    if (!xml_child(domain, "currentMemory") && value && wanted >= max)
        return true;
    put_kib(domain, "currentMemory", value);
    return true;
}

static bool set_maxmemory(xmlNodePtr domain, const char *value, struct error *e)
{
    if (!value)
        return error_set(e, STATUS_USAGE, "a domain needs a maximum");
    if (strtod(value, NULL) < 1)
        return error_set(e, STATUS_USAGE, "a domain needs some memory");
    if (xml_child(domain, "currentMemory") && kib_of(get_kib(domain, "currentMemory")) > strtod(value, NULL))
        put_kib(domain, "currentMemory", value);
    put_kib(domain, "memory", value);
    return true;
}

static char *get_nested(xmlNodePtr domain)
{
    return xstrdup(nested_is_asked_for(domain) ? "on" : "off");
}

/* ---- the table ---- */

static const struct device_field rows[] = {
    {"cpu", "maxvcpus", "Most vcpus", FIELD_NUMBER, NULL, NULL, NULL, CALL_DEFINE, FIELD_SET,
     "how many virtual processors it can have", get_maxvcpus, set_maxvcpus},
    {"cpu", "vcpus", "Vcpus", FIELD_NUMBER, NULL, NULL, NULL, CALL_VCPUS, FIELD_SET,
     "how many virtual processors it has, at most maxvcpus", get_vcpus, set_vcpus},
    {"cpu", "mode", "CPU mode", FIELD_CHOICE, "host-passthrough host-model maximum custom", "cpu@mode", NULL,
     CALL_DEFINE, 0, "how the processor that the guest sees is chosen", NULL, set_cpu_mode},
    {"cpu", "model", "CPU model", FIELD_CHOICE, "qemu64 EPYC Skylake-Server Cascadelake-Server max",
     "cpu/model", NULL, CALL_DEFINE, 0, "the processor that the guest sees, by name (mode custom)", NULL,
     set_cpu_model},
    {"cpu", "nested", "Nested", FIELD_SWITCH, "off on", NULL, NULL, CALL_DEFINE,
     FIELD_TOGGLE | FIELD_READ | FIELD_COMMAND,
     "whether virtual machines in the guest are asked for by name; v tells what the guest really has",
     get_nested, NULL},
    {"cpu", "topology", "Topology", FIELD_TEXT, NULL, NULL, NULL, CALL_DEFINE, FIELD_ADVANCED,
     "SOCKETS:CORES:THREADS, which have to give maxvcpus when multiplied", get_topology, set_topology},
    {"ram", "maxmemory", "Most memory", FIELD_SIZE, NULL, NULL, NULL, CALL_MAXMEMORY, FIELD_SET | FIELD_KIB,
     "how much memory it can have", get_maxmemory, set_maxmemory},
    {"ram", "memory", "Memory", FIELD_SIZE, NULL, NULL, NULL, CALL_MEMORY, FIELD_SET | FIELD_KIB,
     "how much memory the balloon leaves it, at most maxmemory", get_memory, set_memory},
    PLAIN("ram", "hugepages", "Huge pages", FIELD_SWITCH, "no yes", "memoryBacking/hugepages?", "no",
          CALL_DEFINE, FIELD_TOGGLE, "whether its memory is taken from the host's huge pages"),
    PLAIN("ram", "locked", "Locked", FIELD_SWITCH, "no yes", "memoryBacking/locked?", "no", CALL_DEFINE,
          FIELD_ADVANCED, "whether the host may not swap its memory out"),
    PLAIN("ram", "access", "Access", FIELD_CHOICE, "shared private", "memoryBacking/access@mode", NULL,
          CALL_DEFINE, FIELD_ADVANCED,
          "whether other programs of the host share the memory, as virtiofs needs"),
    PLAIN("ram", "backing", "Taken from", FIELD_CHOICE, "anonymous file memfd", "memoryBacking/source@type",
          NULL, CALL_DEFINE, FIELD_ADVANCED, "what the host makes the memory of"),
};
const struct field_table fields_cpu = {rows, ARRAY_LEN(rows)};
