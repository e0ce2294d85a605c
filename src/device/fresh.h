/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a new device of each kind begins as, and what has to be chosen for it: a free name, an address, a
 * number. Any thread.
 */
#ifndef VIRTDECK_DEVICE_FRESH_H
#define VIRTDECK_DEVICE_FRESH_H

#include <libxml/tree.h>
#include "base/error.h"

/* As struct device_kind's `complete`: what is said already stays. */
typedef bool complete_fn(xmlNodePtr fresh, xmlNodePtr domain, struct error *e);
complete_fn complete_disk, complete_cdrom, complete_floppy, complete_nic, complete_graphics, complete_audio,
    complete_usb, complete_pci, complete_single, complete_watchdog, complete_filesystem, complete_panic,
    complete_iommu, complete_shmem, complete_controller;

/* The elements, indented as they stand under <devices>. */
#define IN  "\n      "
#define OUT "\n    "

#define FRESH_DISK                                                                                           \
    "<disk type='file' device='disk'>" IN "<driver name='qemu'/>" IN "<target bus='virtio'/>" OUT "</disk>"
#define FRESH_CDROM                                                                                          \
    "<disk type='file' device='cdrom'>" IN "<driver name='qemu' type='raw'/>" IN "<readonly/>" OUT "</disk>"
#define FRESH_FLOPPY                                                                                         \
    "<disk type='file' device='floppy'>" IN "<driver name='qemu' type='raw'/>" IN "<target bus='fdc'/>" OUT  \
    "</disk>"
#define FRESH_NIC                                                                                            \
    "<interface type='network'>" IN "<model type='virtio'/>" IN "<source network='default'/>" OUT            \
    "</interface>"
#define FRESH_GRAPHICS "<graphics type='vnc' port='-1' autoport='yes'/>"
#define FRESH_VIDEO    "<video>" IN "<model type='virtio' heads='1' primary='yes'/>" OUT "</video>"
#define FRESH_SOUND    "<sound model='ich9'/>"
#define FRESH_AUDIO    "<audio type='none'/>"
#define FRESH_INPUT    "<input type='tablet' bus='usb'/>"
#define FRESH_USB      "<hostdev mode='subsystem' type='usb' managed='yes'/>"
#define FRESH_PCI      "<hostdev mode='subsystem' type='pci' managed='yes'/>"
#define FRESH_REDIRDEV "<redirdev bus='usb' type='spicevmc'/>"
#define FRESH_SERIAL   "<serial type='pty'/>"
#define FRESH_CONSOLE  "<console type='pty'>" IN "<target type='virtio'/>" OUT "</console>"
#define FRESH_PARALLEL "<parallel type='pty'/>"
#define FRESH_CHANNEL                                                                                        \
    "<channel type='unix'>" IN "<target type='virtio' name='org.qemu.guest_agent.0'/>" OUT "</channel>"
#define FRESH_RNG        "<rng model='virtio'>" IN "<backend model='random'>/dev/urandom</backend>" OUT "</rng>"
#define FRESH_BALLOON    "<memballoon model='virtio'/>"
#define FRESH_WATCHDOG   "<watchdog model='i6300esb' action='reset'/>"
#define FRESH_TPM        "<tpm model='tpm-crb'>" IN "<backend type='emulator' version='2.0'/>" OUT "</tpm>"
#define FRESH_VSOCK      "<vsock model='virtio'>" IN "<cid auto='yes'/>" OUT "</vsock>"
#define FRESH_FILESYSTEM "<filesystem type='mount'>" IN "<driver type='path'/>" OUT "</filesystem>"
#define FRESH_MEMORY                                                                                         \
    "<memory model='dimm'>" IN "<target>" IN "  <size unit='KiB'>524288</size>" IN "  <node>0</node>" IN     \
    "</target>" OUT "</memory>"
#define FRESH_CONTROLLER "<controller type='scsi' model='virtio-scsi'/>"
#define FRESH_SMARTCARD  "<smartcard mode='passthrough' type='spicevmc'/>"
#define FRESH_PANIC      "<panic/>"
#define FRESH_IOMMU      "<iommu/>"
#define FRESH_SHMEM      "<shmem>" IN "<model type='ivshmem-plain'/>" IN "<size unit='M'>4</size>" OUT "</shmem>"

#endif
