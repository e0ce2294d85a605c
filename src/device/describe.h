/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the table of kinds shows of each kind's elements. Any thread.
 */
#ifndef VIRTDECK_DEVICE_DESCRIBE_H
#define VIRTDECK_DEVICE_DESCRIBE_H

#include "device/kinds.h"

/* Each fills what its kind's row in the device list has; see struct device_kind. */
typedef void describe_fn(xmlNodePtr node, int index, struct vm_device *dev);
describe_fn describe_audio, describe_balloon, describe_boot, describe_character, describe_controller,
    describe_cpu, describe_disk, describe_domain, describe_filesystem, describe_firmware, describe_graphics,
    describe_hostdev, describe_input, describe_memory, describe_nic, describe_other, describe_pci,
    describe_ram, describe_redirdev, describe_rng, describe_shmem, describe_smartcard, describe_sound,
    describe_tpm, describe_usb, describe_video, describe_vsock, describe_watchdog;

/* "0000:06:12.5" of <address domain='0x0000' bus='0x06' slot='0x12' function='0x5'/>. The caller frees. */
char *device_pci_address(xmlNodePtr address);

#endif
