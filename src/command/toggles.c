/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The toggles that need care: nested virtualization, sound, the two things called TSO, and what is really so.
 */
#include <stdlib.h>
#include <string.h>

#include "command/edit_call.h"
#include "command/families.h"
#include "device/offload.h"
#include "device/sound.h"
#include "virt/verify.h"

static void submit(struct call *call, const struct job_kind *kind, const struct job_args *args)
{
    const struct session *s = call->session;
    const struct target *t = &call->targets.items[0];
    s->frontend->follow(s->frontend->ctx, fleet_submit(s->fleet, t->host, &t->uuid, t->name, kind, args));
}

static bool turn(struct call *call, const char *id, const char *value)
{
    const struct toggle *toggle = toggle_find(id);
    struct job_args args = {.free_data = toggle_request_free};
    args.data = toggle_request_new(toggle, value, edit_request_of(call));
    submit(call, toggle_job(toggle), &args);
    return true;
}

/* The row's name is the toggle's id. */
static bool run_toggle(struct call *call, struct error *e)
{
    (void)e;
    return turn(call, call->command->name, call->words.items[0]);
}

static bool run_tso(struct call *call, struct error *e)
{
    static const struct {
        const char *word, *toggle;
    } which[] = {{"nic", "offload"}, {"memory", "memory-tso"}};
    const char *first = call->words.len ? call->words.items[0] : "";
    const char *value = call->words.len > 1 ? call->words.items[1] : NULL;
    for (size_t i = 0; value && i < ARRAY_LEN(which); i++)
        if (strcmp(first, which[i].word) == 0)
            return turn(call, which[i].toggle, value);
    char *name = word_quote(call->targets.items[0].name), *text = tso_explained(name);
    error_set(e, STATUS_USAGE, "tso: %s", text);
    free(name);
    free(text);
    return false;
}

static bool run_verify(struct call *call, struct error *e)
{
    struct job_args args = {.text = call->words.items[0]};
    (void)e;
    submit(call, &verify_job, &args);
    return true;
}

#define VM                                                                                                   \
    {                                                                                                        \
        .name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"                                         \
    }
#define JSON_DETAIL                                                                                          \
    " With --json: {\"domain\",\"action\",\"result\",\"changes\",\"findings\",\"journal\"}; a change has "   \
    "\"change\" and \"when\"."

static const struct command rows[] = {
    {.name = "nested",
     .summary = "turn nested virtualization of a domain on or off",
     .detail = "Lets the guest run guests of its own: on x86 by the CPU feature svm or vmx, on aarch64 by an "
               "option of "
               "the machine. A host that does not nest is told, with the command that changes that. Takes "
               "effect at "
               "the next boot; `verify VM nested` tells what came of it." JSON_DETAIL,
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {VM, {.name = "on|off", .kind = ARG_WORD, .words = "on off", .help = "may it run guests?"}},
     .options = {OPTION_DRY_RUN, OPTION_FORCE},
     .run = run_toggle},
    {.name = "sound",
     .summary = "give a domain a sound card, another one, or none",
     .detail = "on takes the best card that works on this host. virtio needs libvirt 10.4 and QEMU 8.2: "
               "where they are "
               "older, it says so and names what works. A virtio card that <qemu:commandline> hands to QEMU "
               "counts as one, and another model, or off, takes it out. Takes effect at the next "
               "boot." JSON_DETAIL,
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {VM,
              {.name = "on|off|MODEL",
               .kind = ARG_WORD,
               .words = "on off " SOUND_MODELS,
               .help = "the best card, none, or this one"}},
     .options = {OPTION_DRY_RUN, OPTION_FORCE},
     .run = run_toggle},
    {.name = "tso",
     .summary = "turn one of the two things called TSO on or off",
     .detail = "nic: TCP segmentation offload of all virtio NICs, both directions (single bits: `device VM "
               "NIC offload "
               "tso4=off`). memory: total store ordering, an option of HVF on Apple silicon that stands in "
               "<qemu:commandline>. Takes effect at the next boot." JSON_DETAIL,
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {VM,
              {.name = "nic|memory",
               .kind = ARG_TEXT,
               .optional = true,
               .help = "which of the two: nic or memory"},
              {.name = "on|off", .kind = ARG_WORD, .words = "on off", .optional = true, .help = "on or off"}},
     .options = {OPTION_DRY_RUN, OPTION_FORCE},
     .run = run_tso},
    {.name = "verify",
     .summary = "tell at four levels whether a toggle is really so",
     .detail =
         "Looks at the host, the definition, QEMU (its arguments and log) and the guest (by its agent, else "
         "its "
         "serial log): yes, no or unknown, with the evidence, and whether what was asked for is not so. With "
         "--json: {\"host\",\"definition\",\"qemu\",\"guest\",\"evidence\":{…},\"mismatch\"}; the four are "
         "yes, no or unknown, mismatch is a sentence or null.",
     .flags = COMMAND_TARGETS,
     .args = {VM,
              {.name = "nested|sound|offload|memory-tso",
               .kind = ARG_WORD,
               .words = "nested sound offload memory-tso",
               .help = "what to look at"}},
     .run = run_verify},
};

const struct command_table toggle_commands = {rows, ARRAY_LEN(rows)};
