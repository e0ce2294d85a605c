/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/machine.h"

#include <stdlib.h>
#include "model/xml.h"

void machine_read(xmlNodePtr domain, struct machine *out)
{
    *out = (struct machine){.arch = xml_get(domain, "os/type@arch"),
                            .type = xml_get(domain, "os/type@machine"),
                            .virt = xml_get(domain, "@type"),
                            .emulator = xml_get(domain, "devices/emulator")};
}

void machine_clear(struct machine *m)
{
    free(m->arch);
    free(m->type);
    free(m->virt);
    free(m->emulator);
    *m = (struct machine){0};
}

bool machine_is_x86(xmlNodePtr domain)
{
    return xml_get_is(domain, "os/type@arch", "x86_64") || xml_get_is(domain, "os/type@arch", "i686");
}
