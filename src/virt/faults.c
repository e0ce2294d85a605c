/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which disks made libvirt pause a domain, in words: "disk full on vda". Events tell it as it happens; a
 * lookup asks about those that were paused before. The host thread's own, but for faults_look_up().
 */
#include <stdlib.h>
#include <string.h>
#include "base/strbuf.h"
#include "virt/private.h"

static bool is_paused_by_disk(const struct dom *d)
{
    return d->vm.state == VM_PAUSED && d->vm.reason_code == VIR_DOMAIN_PAUSED_IOERROR;
}

/* Events name a disk by its alias, and people by its target. */
static const char *name_of(const struct dom *d, const char *alias)
{
    for (size_t i = 0; d->vm.def && i < d->vm.def->devices.len; i++) {
        const struct vm_device *device = &d->vm.def->devices.items[i];
        if (device->is_disk && device->target && device->alias && strcmp(device->alias, alias) == 0)
            return device->target;
    }
    return alias;
}

static void put_disks(const struct dom *d, bool full, struct strbuf *b)
{
    const char *before = full ? "disk full on " : b->len ? "; I/O error on " : "I/O error on ";
    for (size_t i = 0; i < d->faults.len; i++)
        if (d->faults.items[i].full == full) {
            strbuf_printf(b, "%s%s", before, name_of(d, d->faults.items[i].disk));
            before = ", ";
        }
}

void faults_word(struct dom *d)
{
    struct strbuf b = {0};
    put_disks(d, true, &b);
    put_disks(d, false, &b);
    free(d->vm.fault);
    d->vm.fault = b.len ? strbuf_steal(&b) : NULL;
    d->vm.reason = d->vm.fault ? d->vm.fault : state_reason_words((int)d->vm.state, d->vm.reason_code);
}

void faults_clear(disk_faults *f)
{
    for (size_t i = 0; i < f->len; i++)
        free(f->items[i].disk);
    vec_clear(f);
}

static void add(struct dom *d, const char *disk, bool full)
{
    for (size_t i = 0; i < d->faults.len; i++)
        if (strcmp(name_of(d, d->faults.items[i].disk), name_of(d, disk)) == 0) {
            d->faults.items[i].full = d->faults.items[i].full || full;
            return;
        }
    vec_push(&d->faults, ((struct disk_fault){.disk = xstrdup(disk), .full = full}));
}

void faults_state_changed(struct dom *d)
{
    if (!is_paused_by_disk(d)) {
        faults_clear(&d->faults);
        d->faults_asked = false;
    }
    faults_word(d);
}

void faults_free(struct dom *d)
{
    faults_clear(&d->faults);
    vec_free(&d->faults);
    free(d->vm.fault);
}

/* An I/O error, as it happens. QEMU tells of each request that failed. */
void faults_happened(struct host *h, struct dom *d, const struct note *note)
{
    static const char *const actions[] = {"none", "VM paused", "error given to the guest"};
    bool known = note->action >= 0 && (size_t)note->action < ARRAY_LEN(actions);
    fleet_event(h, &d->uuid, d->vm.name, "io-error", SEV_ERROR, MARK_OTHER, "I/O error on %s (%s)%s%s: %s",
                *note->text ? name_of(d, note->text) : "disk", note->path, *note->why ? ": " : "", note->why,
                known ? actions[note->action] : "?");
    if (note->action != VIR_DOMAIN_EVENT_IO_ERROR_PAUSE || !*note->text || !is_paused_by_disk(d))
        return;
    d->faults_asked = true;
    add(d, note->text, strcmp(note->why, "enospc") == 0);
    faults_word(d);
}

void faults_want(struct host *h, struct dom *d)
{
    if (!is_paused_by_disk(d) || d->faults_asked)
        return;
    d->faults_asked = true;
    lookup_add(h, LOOKUP_FAULTS, d, 0, false);
}

void faults_look_up(virDomainPtr dom, struct note *note)
{
    int most = virDomainGetDiskErrors(dom, NULL, 0, 0);
    virDomainDiskErrorPtr errors = most > 0 ? xcalloc((size_t)most, sizeof *errors) : NULL;
    int n = errors ? virDomainGetDiskErrors(dom, errors, (unsigned)most, 0) : 0;
    for (int i = 0; i < n; i++) {
        bool full = errors[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE;
        vec_push(&note->faults, ((struct disk_fault){.disk = xstrdup(errors[i].disk), .full = full}));
        free(errors[i].disk);
    }
    free(errors);
}

void faults_answered(struct dom *d, const struct note *note)
{
    if (!is_paused_by_disk(d) || !note->faults.len)
        return;
    faults_clear(&d->faults);
    for (size_t i = 0; i < note->faults.len; i++)
        add(d, note->faults.items[i].disk, note->faults.items[i].full);
    faults_word(d);
}
