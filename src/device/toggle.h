/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The toggles that need care: nested virtualization, sound, NIC offloads (and memory ordering, the other
 * thing called TSO). A row each: what stands in the way of turning it, the change that turns it, and what
 * each of four levels (host, definition, QEMU, guest) shows of it. Pure judgements from definitions, facts
 * and texts of evidence that virt/evidence.c gathers; any thread.
 */
#ifndef VIRTDECK_DEVICE_TOGGLE_H
#define VIRTDECK_DEVICE_TOGGLE_H

#include "device/change.h"
#include "device/facts.h"
#include "model/finding.h"

/* What is known of the host's own hypervisor; NULL is unknown. */
struct nest_host {
    char *vendor;      /* of the CPU: "Intel", "AMD" … */
    char *kvm_module;  /* local: "kvm_intel", "kvm_amd", "kvm"; "" none is loaded */
    char *kvm_nested;  /* local: its parameter: "Y", "1", "N", "0" */
    char *kernel;      /* local: "6.1.0-9-amd64" */
    char *kernel_line; /* local: the kernel's command line */
    xmlDocPtr offered; /* the CPU that libvirt's host-model gives a guest, with all its features */
    xmlDocPtr cpu;     /* the definition's CPU model by itself, with all its features */
    const char *ssh;   /* what a command on that host begins with: "ssh HOST "; "" here */
};

struct toggle_input {
    const char *vm;
    const struct facts *facts;
    const struct nest_host *nest;
    xmlNodePtr live, config; /* <domain> as it runs; as it is configured; NULL: there is none */
    /* Texts of evidence; NULL: none, and `…_why` says why not. */
    const char *arguments, *arguments_why; /* QEMU's, a line each */
    const char *log, *log_why;             /* QEMU's log of this run */
    const char *probe, *probe_why;         /* what the probe in the guest printed: lines of key=value */
    const char *serial, *serial_why;       /* the guest's serial log of this run */
};

struct toggle_level {
    enum answer answer;
    char *evidence; /* one line; never NULL once judged; owned */
};

struct verdict {
    struct toggle_level host, definition, qemu, guest;
    char *mismatch; /* what was asked for and is not so, a sentence; NULL: nothing known of */
};
void verdict_clear(struct verdict *v);

struct toggle {
    const char *id;    /* "nested" */
    const char *words; /* values besides on and off that are known; NULL: none */
    void (*judge)(const struct toggle_input *in, struct verdict *out);
    /* What stands in the way of that value, and what is good to know before. NULL: it is not turned here. */
    void (*preflight)(const struct toggle_input *in, const char *value, finding_list *out);
    /* The argument of `edit` that makes it so; the caller frees. NULL with e set: that value can't be. */
    char *(*plan)(const struct toggle_input *in, const char *value, struct error *e);
    const struct change_edit *edit;
};
extern const struct toggle toggles[]; /* nested sound offload memory-tso */
extern const size_t n_toggles;
const struct toggle *toggle_find(const char *id); /* NULL: there is none */

/* For those who judge. Fills a level; text as by printf, escaped, and cut where it is long. */
void level_set(struct toggle_level *l, enum answer answer, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* The level of QEMU as far as its arguments need not be read: the domain does not run, its log has that line
 * (NULL: none) of a refusal, or the arguments are not known. False: it was none of these. */
bool toggle_judge_qemu(const struct toggle_input *in, const char *refused, struct toggle_level *out);
/* The definition that counts for what is there now: the live one, else the configured one. */
xmlNodePtr toggle_definition(const struct toggle_input *in);
/* The value of `key` in lines of key=value, up to the line's end; NULL. The caller frees. */
char *evidence_value(const char *text, const char *key);
/* The first line of `text` that matches the extended regular expression, which is ours; NULL. The caller
 * frees. */
char *evidence_line(const char *text, const char *regex);
/* The first line that has both in it; NULL. The caller frees. */
char *evidence_line_with(const char *text, const char *a, const char *b);
/* "9.0.0" of libvirt's numbers; the caller frees. */
char *version_words(unsigned long version);

#define QEMU_XML_NS "http://libvirt.org/schemas/domain/qemu/1.0"
/* The arguments that a definition gives QEMU past libvirt: the next one behind `arg` (NULL: the first). */
xmlNodePtr qemu_arg_next(xmlNodePtr domain, xmlNodePtr arg);
/* Adds a pair of them, `name value`, with what stands around them. */
void qemu_args_add(xmlNodePtr domain, const char *name, const char *value);
/* Takes an argument and the option before it away, and what stands around them when that is empty then. */
void qemu_arg_remove_pair(xmlNodePtr arg);
/* Takes `token` out of the comma list that is the argument's value; the argument itself and the option before
 * it go when nothing is left. */
void qemu_arg_drop(xmlNodePtr arg, const char *token);
/* Whether the argument's value is a list with that token, and the option before it is `option`. */
bool qemu_arg_is(xmlNodePtr arg, const char *option, const char *token);

#endif
