/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libvirt's events. The callbacks run in the event loop thread and must not call libvirt: they put what
 * happened into words for the screen, leave a note for the host thread, and return.
 */
#include <stdlib.h>
#include <string.h>
#include "base/clock.h"
#include "virt/private.h"

/* What was written before an event was registered is seen by its callback. libvirt's own locks see to that,
 * but a thread sanitizer can't know: this says so once more. */
static atomic_uint handed_over;

static struct host *host_of(void *opaque)
{
    atomic_load_explicit(&handed_over, memory_order_acquire);
    return opaque;
}

/* ---- lifecycle: event and detail in words ---- */

struct lifecycle_words {
    enum severity severity;
    enum event_mark mark;
    const char *text;
    const char *const *details;
    size_t n_details;
};

#define DETAILS(table) .details = (table), .n_details = ARRAY_LEN(table)

static const char *const defined_details[] = {
    [VIR_DOMAIN_EVENT_DEFINED_ADDED] = "new",
    [VIR_DOMAIN_EVENT_DEFINED_UPDATED] = "changed",
    [VIR_DOMAIN_EVENT_DEFINED_RENAMED] = "renamed",
    [VIR_DOMAIN_EVENT_DEFINED_FROM_SNAPSHOT] = "from snapshot",
};
static const char *const undefined_details[] = {
    [VIR_DOMAIN_EVENT_UNDEFINED_REMOVED] = NULL,
    [VIR_DOMAIN_EVENT_UNDEFINED_RENAMED] = "renamed",
};
static const char *const started_details[] = {
    [VIR_DOMAIN_EVENT_STARTED_BOOTED] = NULL,
    [VIR_DOMAIN_EVENT_STARTED_MIGRATED] = "migrated here",
    [VIR_DOMAIN_EVENT_STARTED_RESTORED] = "restored",
    [VIR_DOMAIN_EVENT_STARTED_FROM_SNAPSHOT] = "from snapshot",
    [VIR_DOMAIN_EVENT_STARTED_WAKEUP] = "woken up",
};
static const char *const suspended_details[] = {
    [VIR_DOMAIN_EVENT_SUSPENDED_PAUSED] = NULL,
    [VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED] = "migrating",
    [VIR_DOMAIN_EVENT_SUSPENDED_IOERROR] = "I/O error",
    [VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG] = "watchdog",
    [VIR_DOMAIN_EVENT_SUSPENDED_RESTORED] = "restored paused",
    [VIR_DOMAIN_EVENT_SUSPENDED_FROM_SNAPSHOT] = "from snapshot",
    [VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR] = "after a libvirt error",
    [VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY] = "post-copy migration",
    [VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED] = "post-copy migration failed",
};
static const char *const resumed_details[] = {
    [VIR_DOMAIN_EVENT_RESUMED_UNPAUSED] = NULL,
    [VIR_DOMAIN_EVENT_RESUMED_MIGRATED] = "migrated",
    [VIR_DOMAIN_EVENT_RESUMED_FROM_SNAPSHOT] = "from snapshot",
    [VIR_DOMAIN_EVENT_RESUMED_POSTCOPY] = "post-copy migration",
    [VIR_DOMAIN_EVENT_RESUMED_POSTCOPY_FAILED] = "post-copy migration failed",
};
static const char *const stopped_details[] = {
    [VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN] = "shut down",
    [VIR_DOMAIN_EVENT_STOPPED_DESTROYED] = "destroyed",
    [VIR_DOMAIN_EVENT_STOPPED_CRASHED] = "crashed",
    [VIR_DOMAIN_EVENT_STOPPED_MIGRATED] = "migrated away",
    [VIR_DOMAIN_EVENT_STOPPED_SAVED] = "saved",
    [VIR_DOMAIN_EVENT_STOPPED_FAILED] = "failed",
    [VIR_DOMAIN_EVENT_STOPPED_FROM_SNAPSHOT] = "from snapshot",
};
static const char *const shutdown_details[] = {
    [VIR_DOMAIN_EVENT_SHUTDOWN_FINISHED] = NULL,
    [VIR_DOMAIN_EVENT_SHUTDOWN_GUEST] = "by the guest",
    [VIR_DOMAIN_EVENT_SHUTDOWN_HOST] = "by the host",
};
static const char *const pmsuspended_details[] = {
    [VIR_DOMAIN_EVENT_PMSUSPENDED_MEMORY] = "to memory",
    [VIR_DOMAIN_EVENT_PMSUSPENDED_DISK] = "to disk",
};
static const char *const crashed_details[] = {
    [VIR_DOMAIN_EVENT_CRASHED_PANICKED] = "guest panicked",
    [VIR_DOMAIN_EVENT_CRASHED_CRASHLOADED] = "guest panicked, dump kernel loaded",
};

static const struct lifecycle_words lifecycle_words[] = {
    [VIR_DOMAIN_EVENT_DEFINED] = {SEV_INFO, MARK_NONE, "defined", DETAILS(defined_details)},
    [VIR_DOMAIN_EVENT_UNDEFINED] = {SEV_INFO, MARK_NONE, "undefined", DETAILS(undefined_details)},
    [VIR_DOMAIN_EVENT_STARTED] = {SEV_GOOD, MARK_START, "started", DETAILS(started_details)},
    [VIR_DOMAIN_EVENT_SUSPENDED] = {SEV_INFO, MARK_PAUSE, "paused", DETAILS(suspended_details)},
    [VIR_DOMAIN_EVENT_RESUMED] = {SEV_INFO, MARK_RESUME, "resumed", DETAILS(resumed_details)},
    [VIR_DOMAIN_EVENT_STOPPED] = {SEV_INFO, MARK_STOP, "stopped", DETAILS(stopped_details)},
    [VIR_DOMAIN_EVENT_SHUTDOWN] = {SEV_INFO, MARK_NONE, "shutting down", DETAILS(shutdown_details)},
    [VIR_DOMAIN_EVENT_PMSUSPENDED] = {SEV_INFO, MARK_PAUSE, "suspended", DETAILS(pmsuspended_details)},
    [VIR_DOMAIN_EVENT_CRASHED] = {SEV_ERROR, MARK_CRASH, "crashed", DETAILS(crashed_details)},
};

/* Which details are worse news than their event. */
static enum severity severity_of(int event, int detail, enum severity usual)
{
    if (event == VIR_DOMAIN_EVENT_STOPPED &&
        (detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED || detail == VIR_DOMAIN_EVENT_STOPPED_FAILED))
        return SEV_ERROR;
    if (event == VIR_DOMAIN_EVENT_SUSPENDED &&
        (detail == VIR_DOMAIN_EVENT_SUSPENDED_IOERROR || detail == VIR_DOMAIN_EVENT_SUSPENDED_WATCHDOG ||
         detail == VIR_DOMAIN_EVENT_SUSPENDED_API_ERROR))
        return SEV_ERROR;
    return usual;
}

static void post(void *opaque, virDomainPtr dom, enum note_type type)
{
    struct note note = {.type = type};
    virDomainGetUUID(dom, note.uuid.b);
    host_post(host_of(opaque), &note);
}

static void note_changed(void *opaque, virDomainPtr dom)
{
    post(opaque, dom, NOTE_CHANGED);
}

/* One line of the event log about a domain. */
#define TELL(h, dom, kind, severity, mark, ...)                                                              \
    do {                                                                                                     \
        struct vm_uuid tell_uuid_;                                                                           \
        virDomainGetUUID((dom), tell_uuid_.b);                                                               \
        fleet_event(host_of(h), &tell_uuid_, virDomainGetName(dom), (kind), (severity), (mark),              \
                    __VA_ARGS__);                                                                            \
    } while (0)

static int on_lifecycle(virConnectPtr conn, virDomainPtr dom, int event, int detail, void *opaque)
{
    (void)conn;
    struct host *h = host_of(opaque);
    if (event >= 0 && (size_t)event < ARRAY_LEN(lifecycle_words) && lifecycle_words[event].text) {
        const struct lifecycle_words *w = &lifecycle_words[event];
        const char *why = detail >= 0 && (size_t)detail < w->n_details ? w->details[detail] : NULL;
        enum severity severity = severity_of(event, detail, w->severity);
        enum event_mark mark =
            event == VIR_DOMAIN_EVENT_STOPPED && severity == SEV_ERROR ? MARK_CRASH : w->mark;
        TELL(h, dom, "lifecycle", severity, mark, "%s%s%s", w->text, why ? ": " : "", why ? why : "");
    }
    if (event == VIR_DOMAIN_EVENT_DEFINED)
        post(h, dom, NOTE_REDEFINED); /* first: the other one makes somebody look */
    note_changed(h, dom);
    return 0;
}

/* One reboot can reset QEMU several times over: what follows this soon is the same. */
#define SAME_REBOOT_MS 5000

/* Counts it; false when it belongs to the one before. */
static bool is_new_reboot(struct host *h, const struct vm_uuid *uuid)
{
    int64_t now = clock_mono_ms();
    pthread_mutex_lock(&h->lock);
    struct reboots *r = vmmap_get(&h->reboots, 0, uuid);
    if (!r) {
        r = xcalloc(1, sizeof(*r));
        vmmap_set(&h->reboots, 0, uuid, r);
    }
    bool is_new = !r->count || now - r->last_ms > SAME_REBOOT_MS;
    r->count++;
    r->last_ms = now;
    pthread_mutex_unlock(&h->lock);
    return is_new;
}

static void on_reboot(virConnectPtr conn, virDomainPtr dom, void *opaque)
{
    (void)conn;
    struct vm_uuid uuid;
    virDomainGetUUID(dom, uuid.b);
    if (is_new_reboot(host_of(opaque), &uuid))
        TELL(opaque, dom, "lifecycle", SEV_INFO, MARK_START, "rebooted");
    note_changed(opaque, dom);
}

static const char *word_of(const char *const *words, size_t n, int i)
{
    return i >= 0 && (size_t)i < n && words[i] ? words[i] : "?";
}

static void on_watchdog(virConnectPtr conn, virDomainPtr dom, int action, void *opaque)
{
    static const char *const actions[] = {"none",     "pause", "reset",     "poweroff",
                                          "shutdown", "debug", "inject NMI"};
    (void)conn;
    TELL(opaque, dom, "watchdog", SEV_ERROR, MARK_OTHER, "watchdog fired, action: %s",
         word_of(actions, ARRAY_LEN(actions), action));
    note_changed(opaque, dom);
}

static void on_io_error(virConnectPtr conn, virDomainPtr dom, const char *path, const char *alias, int action,
                        const char *reason, void *opaque)
{
    (void)conn;
    note_changed(opaque, dom); /* first: the other note is about the state that is read then */
    struct note note = {.type = NOTE_IO_ERROR, .action = action};
    virDomainGetUUID(dom, note.uuid.b);
    note.text = xstrdup(alias ? alias : "");
    note.path = xstrdup(path ? path : "");
    note.why = xstrdup(reason ? reason : "");
    host_post(host_of(opaque), &note);
}

static void on_control_error(virConnectPtr conn, virDomainPtr dom, void *opaque)
{
    (void)conn;
    TELL(opaque, dom, "control", SEV_ERROR, MARK_OTHER, "libvirt lost its connection to QEMU's monitor");
    note_changed(opaque, dom);
}

static void on_disk_change(virConnectPtr conn, virDomainPtr dom, const char *from, const char *to,
                           const char *alias, int reason, void *opaque)
{
    (void)conn;
    (void)from;
    TELL(opaque, dom, "device", SEV_INFO, MARK_NONE, "%s: %s%s", alias ? alias : "disk",
         reason == VIR_DOMAIN_EVENT_DISK_DROP_MISSING_ON_START ? "missing, dropped at start"
                                                               : "medium changed to ",
         reason == VIR_DOMAIN_EVENT_DISK_DROP_MISSING_ON_START ? ""
         : to                                                  ? to
                                                               : "nothing");
    note_changed(opaque, dom);
}

static void on_tray_change(virConnectPtr conn, virDomainPtr dom, const char *alias, int reason, void *opaque)
{
    (void)conn;
    TELL(opaque, dom, "device", SEV_INFO, MARK_NONE, "%s: tray %s", alias ? alias : "disk",
         reason == VIR_DOMAIN_EVENT_TRAY_CHANGE_OPEN ? "opened" : "closed");
}

static void on_device_removed(virConnectPtr conn, virDomainPtr dom, const char *alias, void *opaque)
{
    (void)conn;
    TELL(opaque, dom, "device", SEV_INFO, MARK_NONE, "%s: removed", alias ? alias : "device");
    note_changed(opaque, dom);
}

static void on_device_added(virConnectPtr conn, virDomainPtr dom, const char *alias, void *opaque)
{
    (void)conn;
    TELL(opaque, dom, "device", SEV_INFO, MARK_NONE, "%s: added", alias ? alias : "device");
    note_changed(opaque, dom);
}

static void on_device_removal_failed(virConnectPtr conn, virDomainPtr dom, const char *alias, void *opaque)
{
    (void)conn;
    TELL(opaque, dom, "device", SEV_ERROR, MARK_NONE, "%s: the guest refused its removal",
         alias ? alias : "device");
    note_changed(opaque, dom);
}

static void on_block_job(virConnectPtr conn, virDomainPtr dom, const char *disk, int type, int status,
                         void *opaque)
{
    static const char *const types[] = {"job", "pull", "copy", "commit", "active commit", "backup"};
    static const char *const states[] = {"completed", "failed", "cancelled", "ready"};
    (void)conn;
    TELL(opaque, dom, "job", status == VIR_DOMAIN_BLOCK_JOB_FAILED ? SEV_ERROR : SEV_INFO, MARK_NONE,
         "%s: block %s %s", disk ? disk : "disk", word_of(types, ARRAY_LEN(types), type),
         word_of(states, ARRAY_LEN(states), status));
}

static void on_agent(virConnectPtr conn, virDomainPtr dom, int state, int reason, void *opaque)
{
    (void)conn;
    (void)reason;
    TELL(opaque, dom, "agent", SEV_INFO, MARK_NONE, "guest agent %s",
         state == VIR_CONNECT_DOMAIN_EVENT_AGENT_LIFECYCLE_STATE_CONNECTED ? "connected" : "disconnected");
    note_changed(opaque, dom);
}

static void on_metadata(virConnectPtr conn, virDomainPtr dom, int type, const char *uri, void *opaque)
{
    (void)conn;
    (void)uri;
    static const char *const types[] = {"description", "title", "metadata"};
    TELL(opaque, dom, "metadata", SEV_INFO, MARK_NONE, "%s changed", word_of(types, ARRAY_LEN(types), type));
    note_changed(opaque, dom);
}

static void on_threshold(virConnectPtr conn, virDomainPtr dom, const char *dev, const char *path,
                         unsigned long long threshold, unsigned long long excess, void *opaque)
{
    (void)conn;
    TELL(opaque, dom, "block-threshold", SEV_WARN, MARK_OTHER,
         "%s (%s) passed its threshold of %llu bytes by %llu", dev ? dev : "disk", path ? path : "",
         threshold, excess);
}

static void on_memory_failure(virConnectPtr conn, virDomainPtr dom, int recipient, int action, unsigned flags,
                              void *opaque)
{
    (void)conn;
    (void)flags;
    (void)action;
    TELL(opaque, dom, "memory-failure", SEV_ERROR, MARK_OTHER, "memory failure in the %s",
         recipient == VIR_DOMAIN_EVENT_MEMORY_FAILURE_RECIPIENT_GUEST ? "guest" : "hypervisor");
}

static void on_balloon(virConnectPtr conn, virDomainPtr dom, unsigned long long kib, void *opaque)
{
    (void)conn;
    TELL(opaque, dom, "balloon", SEV_INFO, MARK_NONE, "memory set to %llu MiB", kib / 1024);
}

/* Like libvirt's own macro, by way of the one type from which compilers let functions be cast. */
#define CALLBACK(f) ((virConnectDomainEventGenericCallback)(void (*)(void))(f))

static const struct {
    int id;
    virConnectDomainEventGenericCallback callback;
} subscriptions[] = {
    {VIR_DOMAIN_EVENT_ID_LIFECYCLE, CALLBACK(on_lifecycle)},
    {VIR_DOMAIN_EVENT_ID_REBOOT, CALLBACK(on_reboot)},
    {VIR_DOMAIN_EVENT_ID_WATCHDOG, CALLBACK(on_watchdog)},
    {VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, CALLBACK(on_io_error)},
    {VIR_DOMAIN_EVENT_ID_CONTROL_ERROR, CALLBACK(on_control_error)},
    {VIR_DOMAIN_EVENT_ID_DISK_CHANGE, CALLBACK(on_disk_change)},
    {VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, CALLBACK(on_tray_change)},
    {VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, CALLBACK(on_balloon)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, CALLBACK(on_device_removed)},
    {VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, CALLBACK(on_block_job)},
    {VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, CALLBACK(on_agent)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, CALLBACK(on_device_added)},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, CALLBACK(on_device_removal_failed)},
    {VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, CALLBACK(on_metadata)},
    {VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD, CALLBACK(on_threshold)},
    {VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE, CALLBACK(on_memory_failure)},
};

static void on_close(virConnectPtr conn, int reason, void *opaque)
{
    static const char *const reasons[] = {"an error", "the other side", "no answer to keepalive", "us"};
    struct host *h = host_of(opaque);
    (void)conn;
    if (reason != VIR_CONNECT_CLOSE_REASON_CLIENT)
        fleet_event(h, NULL, NULL, "connection", SEV_ERROR, MARK_NONE, "connection closed by %s",
                    word_of(reasons, ARRAY_LEN(reasons), reason));
    pthread_mutex_lock(&h->lock);
    h->lost = true;
    pthread_cond_broadcast(&h->wake);
    pthread_mutex_unlock(&h->lock);
}

void events_register(struct host *h)
{
    atomic_fetch_add_explicit(&handed_over, 1, memory_order_release);
    /* A driver that lacks an event refuses it: then it is not told of, which is no error. */
    for (size_t i = 0; i < ARRAY_LEN(subscriptions); i++) {
        int id = virConnectDomainEventRegisterAny(h->link.conn, NULL, subscriptions[i].id,
                                                  subscriptions[i].callback, h, NULL);
        if (id >= 0)
            vec_push(&h->callbacks, id);
    }
    virConnectRegisterCloseCallback(h->link.conn, on_close, h, NULL);
}

void events_unregister(struct host *h)
{
    for (size_t i = 0; i < h->callbacks.len; i++)
        virConnectDomainEventDeregisterAny(h->link.conn, h->callbacks.items[i]);
    vec_clear(&h->callbacks);
    virConnectUnregisterCloseCallback(h->link.conn, on_close);
}
