/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks of the host: who is to start and stop its domains, and who else does.
 */
#include "autostart/check_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/text.h"

#define LIBVIRT_11_2 11002000ul /* from there on qemu.conf has auto_start_delay and auto_shutdown_… */

static bool is_ours(const struct checking *c, size_t vm)
{
    return c->vms[vm].ours;
}

static bool is_left_to_us(const struct checking *c, size_t vm)
{
    return c->vms[vm].ours && !c->vms[vm].native;
}

static bool is_native(const struct checking *c, size_t vm)
{
    return c->vms[vm].native && !c->vms[vm].ours;
}

static enum unit_state unit(const struct checking *c, enum host_unit u)
{
    return c->s->files.units[u];
}

static bool is_on(enum unit_state state)
{
    return state == UNIT_ENABLED || state == UNIT_STATIC;
}

/* libvirt-guests looks after the hosts that its URIS names: the system's, unless somebody wrote another. */
static bool guests_act(const struct checking *c)
{
    return c->s->files.known && !c->s->session && is_on(unit(c, HOST_UNIT_GUESTS)) &&
           c->s->files.guests.shutdown_action;
}

static char *systemctl(const struct checking *c, const char *words)
{
    return xasprintf("$ systemctl %s%s", c->s->session ? "--user " : "", words);
}

/* ---- our units ---- */

static void look_unseen(struct checking *c, const char *id)
{
    if (c->s->files.known || c->starting == 0)
        return;
    char *name = text_shell_word(c->s->host_name),
         *remedy = xasprintf("$ ssh %s virtdeck autostart check", name);
    bool test = strncmp(c->s->uri, "test:", 5) == 0;
    if (test)
        finding_add(&c->out->boot, id, SEV_INFO, NULL,
                    "this is libvirt's test driver: it has no boot that could start anything");
    else
        finding_add(&c->out->boot, id, SEV_WARN, remedy,
                    "%s is another machine: its units, libvirt-guests, qemu.conf, files, ports and memory "
                    "are not known here; run `virtdeck autostart check` there",
                    c->s->host_name);
    free(remedy);
    free(name);
}

static void look_unit(struct checking *c, const char *id)
{
    const char *name = host_unit_names[HOST_UNIT_START];
    enum unit_state state = unit(c, HOST_UNIT_START);
    if (!c->s->files.known || c->ours == 0 || is_on(state))
        return;
    char *names = check_names(c, is_left_to_us), *unmask = systemctl(c, "unmask virtdeck-autostart.service");
    char *so = *names ? xasprintf("nobody starts %s", names) : xstrdup("nobody keeps to the policies");
    if (state == UNIT_MASKED)
        finding_add(&c->out->boot, "unit-masked", SEV_ERROR, unmask, "%s is masked, so %s", name, so);
    else if (state == UNIT_UNKNOWN)
        finding_add(
            &c->out->boot, "unit-unknown", SEV_WARN, "autostart run",
            "whether %s is enabled is not known (no systemctl answers): if it is not, and nothing else "
            "runs `virtdeck autostart run`, %s",
            name, so);
    else
        finding_add(&c->out->boot, id, SEV_ERROR, "autostart enable", "%s is not %s, so %s", name,
                    state == UNIT_ABSENT ? "installed" : "enabled", so);
    free(so);
    free(unmask);
    free(names);
}

/* It stops domains when it is stopped, so that it has to be active by then. */
static void look_inactive(struct checking *c, const char *id)
{
    const struct host_files *f = &c->s->files;
    if (!c->unit_on || f->start_active != ACTIVITY_OFF || c->ours == 0)
        return;
    bool guests = f->guests_active == ACTIVITY_ON;
    char *remedy = guests ? NULL : systemctl(c, "start virtdeck-autostart.service");
    finding_add(
        &c->out->shutdown, id, SEV_WARN, remedy,
        "%s is enabled, but not active now: it stops domains from the next boot on, not at the coming "
        "shutdown%s",
        host_unit_names[HOST_UNIT_START],
        guests ? "; starting it now would stop libvirt-guests, which would shut all guests down" : "");
    free(remedy);
}

static bool wants_supervisor(const struct checking *c, size_t vm)
{
    const struct policy *host = &c->s->config.defaults;
    const struct start_item *it = c->s->vms.items[vm].item;
    return it && it->policy.present &&
           (policy_number(&it->policy, host, POLICY_RESTART) != RESTART_NO ||
            policy_value(&it->policy, host, POLICY_HEALTH)->items.len > 0 ||
            policy_number(&it->policy, host, POLICY_ON_BATTERY) != BATTERY_IGNORE ||
            it->policy.v[POLICY_ON_WAKE].given);
}

static void look_supervisor(struct checking *c, const char *id)
{
    enum unit_state state = unit(c, HOST_UNIT_SUPERVISE);
    char *names = check_names(c, wants_supervisor);
    if (*names && c->s->files.known && state != UNIT_UNKNOWN && !is_on(state))
        finding_add(&c->out->boot, id, SEV_WARN, "autostart enable",
                    "%s is not %s: what the policies of %s say of restarts, health, battery and sleep is "
                    "not done",
                    host_unit_names[HOST_UNIT_SUPERVISE], state == UNIT_ABSENT ? "installed" : "enabled",
                    names);
    free(names);
}

/* ---- libvirt's own services ---- */

/* "libvirtd" or "virtqemud": whichever is there. */
static bool libvirt_on(const struct checking *c, bool socket)
{
    return is_on(unit(c, socket ? HOST_UNIT_LIBVIRTD_SOCKET : HOST_UNIT_LIBVIRTD)) ||
           is_on(unit(c, socket ? HOST_UNIT_VIRTQEMUD_SOCKET : HOST_UNIT_VIRTQEMUD));
}

static const char *libvirt_service(const struct checking *c)
{
    return unit(c, HOST_UNIT_LIBVIRTD) == UNIT_ABSENT ? "virtqemud" : "libvirtd";
}

static void look_libvirt(struct checking *c, const char *id)
{
    bool known = unit(c, HOST_UNIT_LIBVIRTD) != UNIT_UNKNOWN && unit(c, HOST_UNIT_VIRTQEMUD) != UNIT_UNKNOWN;
    if (!c->s->files.known || !known || c->s->session || c->starting == 0 || libvirt_on(c, false))
        return;
    const char *service = libvirt_service(c);
    char *words = xasprintf("enable %s.service", service), *remedy = systemctl(c, words);
    char *natives = check_names(c, is_native);
    if (!libvirt_on(c, true))
        finding_add(&c->out->boot, id, SEV_ERROR, remedy,
                    "neither %s.service nor %s.socket is enabled: after a boot libvirt is not there, and "
                    "nothing can be started",
                    service, service);
    else if (*natives && !c->unit_on)
        finding_add(&c->out->boot, "libvirt-on-demand", SEV_WARN, remedy,
                    "%s.service is not enabled: libvirt starts %s only when somebody connects to it", service,
                    natives);
    free(natives);
    free(remedy);
    free(words);
}

static void look_linger(struct checking *c, const char *id)
{
    const struct host_files *f = &c->s->files;
    if (!f->known || !c->s->session || !f->linger_known || f->linger || c->starting == 0)
        return;
    finding_add(&c->out->boot, id, SEV_WARN, "$ loginctl enable-linger",
                "these domains belong to a user who does not linger: they are started when the user logs in, "
                "not when the host boots, and end with the last log-out");
}

static void look_session_flags(struct checking *c, const char *id)
{
    char *names = check_names(c, is_native);
    if (*names && c->s->session && c->s->files.known && !c->unit_on)
        finding_add(&c->out->boot, id, SEV_WARN, "autostart enable",
                    "a session's libvirt runs only when a program has asked for it: %s is started then, not "
                    "when the host boots",
                    names);
    free(names);
}

/* ---- libvirt-guests ---- */

#define REPLACE "autostart enable --replace-libvirt-guests"

/* Our unit conflicts with it. Of the two, systemd leaves the other one out at a boot, as long as nobody
 * starts that by hand. */
static void look_guests_start(struct checking *c, const char *id)
{
    if (!guests_act(c) || !c->s->files.guests.boot_start)
        return;
    char *names = check_names(c, is_ours);
    const char *file = c->s->files.guests.path;
    struct strbuf what = {0};
    strbuf_printf(&what,
                  "libvirt-guests is enabled and starts again whatever ran at the shutdown, in no order "
                  "and whatever the flags say (ON_BOOT=start%s%s)",
                  file ? " in " : ", its own default", file ? file : "");
    if (!*names)
        finding_add(&c->out->boot, id, SEV_INFO, NULL, "%s", strbuf_str(&what));
    else if (c->unit_on)
        finding_add(&c->out->boot, id, SEV_WARN, REPLACE,
                    "%s: only because the two units conflict does systemd leave it out at a boot",
                    strbuf_str(&what));
    else
        finding_add(&c->out->boot, id, SEV_ERROR, REPLACE, "%s: the policies of %s do not count",
                    strbuf_str(&what), names);
    strbuf_free(&what);
    free(names);
}

/* What it does when it is stopped. */
static void put_guests_stop(const struct guests_config *g, struct strbuf *out)
{
    if (strcmp(g->on_shutdown, "suspend") == 0)
        strbuf_puts(out, "saves whatever runs");
    else if (g->parallel > 0)
        strbuf_printf(out, "shuts down whatever runs, %d at a time, for %d s in all", g->parallel,
                      g->shutdown_timeout);
    else
        strbuf_printf(out, "shuts down whatever runs, one after another, for %d s each", g->shutdown_timeout);
    strbuf_puts(out, ", in an order of its own instead of the policies' reverse one");
}

/* Its unit may be active though it is not enabled any more; stopping it would shut all guests down. */
static void look_guests_shutdown(struct checking *c, const char *id)
{
    const struct host_files *f = &c->s->files;
    bool stays = f->guests_active == ACTIVITY_ON && !is_on(unit(c, HOST_UNIT_GUESTS));
    if (c->ours == 0 || !f->known || c->s->session || !f->guests.shutdown_action || !(guests_act(c) || stays))
        return;
    struct strbuf how = {0};
    put_guests_stop(&f->guests, &how);
    char *remedy =
        xasprintf("$ echo \"URIS=''\" >>%s", f->guests.path ? f->guests.path : "/etc/default/libvirt-guests");
    if (stays)
        finding_add(&c->out->shutdown, id, SEV_WARN, remedy,
                    "libvirt-guests is not enabled any more, but still active: at the coming shutdown it %s",
                    strbuf_str(&how));
    else
        finding_add(&c->out->shutdown, id, c->unit_on ? SEV_WARN : SEV_ERROR, REPLACE,
                    "libvirt-guests is enabled%s: where it is active, it %s", c->unit_on ? ", too" : "",
                    strbuf_str(&how));
    free(remedy);
    strbuf_free(&how);
}

/* ---- qemu.conf ---- */

static bool knows_auto(const struct checking *c)
{
    return c->s->libvirt_version == 0 || c->s->libvirt_version >= LIBVIRT_11_2;
}

static bool shuts_down(const struct qemu_config *q)
{
    return q->auto_shutdown_try_save > 0 || q->auto_shutdown_try_shutdown > 0 ||
           q->auto_shutdown_poweroff > 0;
}

/* Where nothing is said, a session's libvirt saves, else shuts down, else turns off; the system's does none
 * of it. */
static bool acts(const struct checking *c, int choice)
{
    return choice > 0 || (choice < 0 && c->s->session && c->s->libvirt_version >= LIBVIRT_11_2);
}

static bool stops_itself(const struct checking *c)
{
    const struct qemu_config *q = &c->s->files.qemu;
    return knows_auto(c) && (acts(c, q->auto_shutdown_try_save) || acts(c, q->auto_shutdown_try_shutdown) ||
                             acts(c, q->auto_shutdown_poweroff));
}

/* Of two lines for a key libvirt takes the first: those that begin so go, before others are added. The
 * system's daemon, which runs until the shutdown, has to read it again. */
static char *set_in(const struct checking *c, const char *key, const char *lines)
{
    const char *path = c->s->files.qemu.path, *to = path ? path : "~/.config/libvirt/qemu.conf";
    struct strbuf out = {0};
    strbuf_puts(&out, "$ ");
    if (path)
        strbuf_printf(&out, "sed -i '/^[[:blank:]]*%s/d' %s", key, path);
    if (path && *lines)
        strbuf_puts(&out, " && ");
    if (*lines)
        strbuf_printf(&out, "printf '%s' >>%s", lines, to);
    if (!c->s->session && unit(c, HOST_UNIT_LIBVIRTD) != UNIT_UNKNOWN)
        strbuf_printf(&out, " && systemctl try-restart %s.service", libvirt_service(c));
    return strbuf_steal(&out);
}

static void look_ignored(struct checking *c, const char *id)
{
    const struct qemu_config *q = &c->s->files.qemu;
    bool says = shuts_down(q) || q->auto_shutdown_restore >= 0 || q->auto_shutdown_wait >= 0 ||
                q->auto_start_delay >= 0;
    if (!c->s->files.known || knows_auto(c) || !says)
        return;
    unsigned long v = c->s->libvirt_version;
    finding_add(
        &c->out->boot, id, SEV_INFO, NULL,
        "%s sets auto_start_… or auto_shutdown_…, which this libvirt (%lu.%lu) does not know: it does "
        "nothing",
        q->path, v / 1000000, v / 1000 % 1000);
}

static void look_auto_shutdown(struct checking *c, const char *id)
{
    const struct qemu_config *q = &c->s->files.qemu;
    if (!c->s->files.known || c->s->session || !stops_itself(c))
        return;
    char *remedy = set_in(c, "auto_shutdown_", "");
    if (guests_act(c))
        finding_add(&c->out->shutdown, "auto-shutdown-guests", SEV_ERROR, remedy,
                    "both libvirt (auto_shutdown_… in %s) and libvirt-guests stop the domains at a shutdown; "
                    "libvirt's manual forbids the two together",
                    q->path);
    if (c->ours > 0)
        finding_add(
            &c->out->shutdown, id, c->unit_on ? SEV_ERROR : SEV_WARN, remedy,
            "libvirt itself stops the domains at a shutdown (auto_shutdown_… in %s), all at once: the "
            "policies' reverse order and timeouts do not hold",
            q->path);
    free(remedy);
}

static void look_session_saves(struct checking *c, const char *id)
{
    if (!c->s->files.known || !c->s->session || !stops_itself(c) || c->ours == 0)
        return;
    char *remedy = set_in(c, "auto_shutdown_",
                          "auto_shutdown_try_save = \"none\"\\nauto_shutdown_try_shutdown = \"none\"\\n"
                          "auto_shutdown_poweroff = \"none\"\\n");
    finding_add(
        &c->out->shutdown, id, SEV_WARN, remedy,
        "a session's libvirt itself saves, shuts down or turns off its domains when the session ends, "
        "and starts them again with the next one, unless each of these is \"none\" in its qemu.conf: "
        "the policies' order may not hold");
    free(remedy);
}

/* libvirt turns on the flag for once of whatever runs when its own shutdown begins, however it then stops it.
 * Of a session the finding above tells. */
static void look_auto_restore(struct checking *c, const char *id)
{
    const struct qemu_config *q = &c->s->files.qemu;
    if (!c->s->files.known || c->s->session || !stops_itself(c) || q->auto_shutdown_restore == 0 ||
        c->ours == 0)
        return;
    char *remedy = set_in(c, "auto_shutdown_restore", "auto_shutdown_restore = 0\\n");
    finding_add(&c->out->boot, id, SEV_ERROR, remedy,
                "libvirt starts again at the boot what it has stopped at the shutdown "
                "(auto_shutdown_restore%s%s), in no order: the policies' order does not hold",
                q->auto_shutdown_restore > 0 ? " in " : " is on unless it is set to 0 in ", q->path);
    free(remedy);
}

static void look_start_delay(struct checking *c, const char *id)
{
    const struct qemu_config *q = &c->s->files.qemu;
    char *names = check_names(c, is_native);
    if (c->s->files.known && knows_auto(c) && q->auto_start_delay > 0 && *names)
        finding_add(&c->out->boot, id, SEV_INFO, NULL,
                    "libvirt waits %d ms between the starts of %s (auto_start_delay in %s); domains under a "
                    "policy are not concerned",
                    q->auto_start_delay, names, q->path);
    free(names);
}

/* ---- the shutdown ---- */

static bool wants_stop(const struct checking *c, size_t vm)
{
    const struct start_item *it = c->s->vms.items[vm].item;
    return c->vms[vm].ours && policy_number(&it->policy, &c->s->config.defaults, POLICY_STOP) != STOP_NONE;
}

static void look_nobody_stops(struct checking *c, const char *id)
{
    char *names = check_names(c, wants_stop);
    bool somebody = c->unit_on || guests_act(c) || stops_itself(c);
    bool unknown = unit(c, HOST_UNIT_START) == UNIT_UNKNOWN;
    if (c->s->files.known && *names && !somebody && !unknown)
        finding_add(&c->out->shutdown, id, SEV_WARN, "autostart enable",
                    "nobody shuts domains down when the host does: %s and whatever else runs is turned off "
                    "hard",
                    names);
    free(names);
}

const struct check_row autostart_host_checks[] = {
    {"host-unknown", look_unseen},
    {"unit-disabled", look_unit},
    {"unit-inactive", look_inactive},
    {"supervisor-disabled", look_supervisor},
    {"libvirt-disabled", look_libvirt},
    {"no-linger", look_linger},
    {"session-flags", look_session_flags},
    {"guests-start", look_guests_start},
    {"guests-shutdown", look_guests_shutdown},
    {"qemu-conf-ignored", look_ignored},
    {"auto-shutdown", look_auto_shutdown},
    {"session-saves", look_session_saves},
    {"auto-restore", look_auto_restore},
    {"auto-start-delay", look_start_delay},
    {"shutdown-nobody", look_nobody_stops},
};
const size_t n_autostart_host_checks = ARRAY_LEN(autostart_host_checks);
