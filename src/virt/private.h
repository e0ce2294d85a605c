/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of src/virt/ share with one another; nobody else includes it.
 */
#ifndef VIRTDECK_VIRT_PRIVATE_H
#define VIRTDECK_VIRT_PRIVATE_H

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <pthread.h>
#include "virt/fleet.h"

#endif
