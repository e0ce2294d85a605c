/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `virtio VM`: what of a domain is not virtio, and converting it.
 */
#include <stdlib.h>
#include <string.h>

#include "command/families.h"
#include "command/private.h"
#include "device/bootwatch.h"
#include "virt/convert.h"

static bool read_timeout(const struct call *call, double *seconds, struct error *e)
{
    const char *text = call_option(call, "timeout");
    *seconds = text ? strtod(text, NULL) : 0;
    return !text || *seconds > 0 ||
           error_set(e, STATUS_USAGE, "virtio: --timeout wants seconds above 0, not %s", text);
}

static bool check_ready(const char *regex, struct error *e)
{
    struct boot_watch w = {0};
    bool good = !regex || boot_watch_ready(&w, regex, e);
    boot_watch_clear(&w);
    return good;
}

/* One of --plan, --resume, --abort at most. */
static bool read_verb(const struct call *call, enum convert_verb *verb, struct error *e)
{
    bool plan = call_option(call, "plan") != NULL, resume = call_option(call, "resume") != NULL,
         abort = call_option(call, "abort") != NULL;
    *verb = resume ? CONVERT_RESUME : abort ? CONVERT_ABORT : CONVERT_BEGIN;
    return plan + resume + abort <= 1 ||
           error_set(e, STATUS_USAGE, "virtio: only one of --plan, --resume and --abort makes sense");
}

static bool run_virtio(struct call *call, struct error *e)
{
    const struct session *s = call->session;
    const struct target *t = &call->targets.items[0];
    const char *bus = call_option(call, "bus"), *ready = call_option(call, "ready");
    struct convert_request r = {.assume_driver = call_option(call, "assume-driver") != NULL};
    struct job_args args = {.free_data = convert_request_free};
    if (!read_timeout(call, &args.timeout_s, e) || !read_verb(call, &r.verb, e) || !check_ready(ready, e))
        return false;
    if (!virtio_bus_parse(bus ? bus : "virtio", &r.bus))
        return error_set(e, STATUS_USAGE, "virtio: --bus is virtio or scsi, not %s", bus);
    r.ready = xstrdup(ready);
    struct convert_request *data = xmalloc(sizeof *data);
    *data = r;
    args.data = data;
    const struct job_kind *kind = call_option(call, "plan") ? &convert_plan_job : &convert_job;
    struct job *job = fleet_submit(s->fleet, t->host, &t->uuid, t->name, kind, &args);
    s->frontend->follow(s->frontend->ctx, job);
    return true;
}

static const char *virtio_loses(const struct call *call)
{
    if (call_option(call, "plan"))
        return NULL;
    if (call_option(call, "abort"))
        return "the guest is stopped where it runs on the new devices, and goes on with the old ones";
    return "the guest is shut down and started twice; where it does not come up, it is stopped and put back";
}

static const struct command rows[] = {
    {.name = "virtio",
     .summary = "convert a domain to virtio devices, with a way back",
     .detail =
         "With --plan only tells which devices are not virtio, what becomes of them and what that risks. "
         "Converting: the definition is kept, the guest is booted once on its old devices with a small "
         "virtio disk "
         "beside them, it is seen whether its driver takes that, then all devices are changed at once and "
         "the boot is "
         "watched: by the guest agent, the serial port, resets and reads. A guest that does not come up is "
         "put back "
         "as it was, unasked. What was begun and stopped (by Ctrl-C, or by the end of this program) goes on "
         "with "
         "--resume or is taken back with --abort. The machine type and CD-ROMs stay. "
         "With --json: "
         "{\"domain\",\"action\",\"result\",\"state\",\"steps\":[{\"step\",\"result\",\"detail\"}],"
         "\"outcome\",\"evidence\"}, outcome being converted, reverted or stopped; with --plan "
         "\"plan\":[{\"device\",\"kind\",\"is\",\"fate\",\"to\",\"target\",\"risk\",\"why\"}] and "
         "\"findings\".",
     .flags = COMMAND_CHANGES | COMMAND_TARGETS,
     .args = {{.name = "VM", .kind = ARG_TARGET, .help = "name, UUID or id"}},
     .options =
         {{.name = "plan", .help = "only tell what would be converted"},
          {.name = "timeout",
           .value = "SECONDS",
           .kind = ARG_NUMBER,
           .help = "how long a boot or a shutdown may take (300)"},
          {.name = "resume", .help = "go on with a conversion that was stopped"},
          {.name = "abort", .help = "put everything back as it was"},
          {.name = "assume-driver", .help = "the guest has the drivers: don't look for them"},
          {.name = "bus",
           .value = "virtio|scsi",
           .kind = ARG_WORD,
           .help =
               "disks become virtio disks, or SCSI disks of a virtio controller, which are still called sda"},
          {.name = "ready",
           .value = "REGEX",
           .kind = ARG_TEXT,
           .help = "what its serial port says when the guest is up"}},
     .run = run_virtio,
     .loses_now = virtio_loses},
};

const struct command_table virtio_commands = {rows, ARRAY_LEN(rows)};
