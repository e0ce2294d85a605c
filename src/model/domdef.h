/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Domain XML to what the screen needs of it. libxml2 without network, entities or external files; 32 MiB at
 * most (libvirt's own limit on a message). Any thread.
 */
#ifndef VIRTDECK_MODEL_DOMDEF_H
#define VIRTDECK_MODEL_DOMDEF_H

#include "base/error.h"
#include "model/vm.h"

#define VIRTDECK_METADATA_URI "https://virtdeck.org/xmlns/domain/1"

/* One reference for the caller; NULL with e set (line and reason) when it is not the XML of a domain.
 * Elements it does not know are listed as devices of kind "other", never dropped. */
struct domdef *domdef_parse(const char *xml, size_t len, struct error *e);

#endif
