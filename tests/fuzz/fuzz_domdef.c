/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a definition: a whole one, or an error of one line.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "model/domdef.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e = ERROR_INIT;
    struct domdef *def = domdef_parse((const char *)data, size, &e);
    if (def) {
        for (size_t i = 0; i < def->devices.len; i++) {
            if (!def->devices.items[i].kind || !def->devices.items[i].name) {
                abort();
            }
        }
        if (!def->tags || def->vcpus < 0 || def->autostart_order < -1) {
            abort();
        }
    } else if (e.status != STATUS_FAILED || strchr(error_text(&e), '\n')) {
        abort();
    }
    domdef_unref(def);
    error_clear(&e);
    return 0;
}
