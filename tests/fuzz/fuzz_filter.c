/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a filter: compiled, run on a row that is known and on one that is not, or refused with a
 * position inside the text.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "model/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const struct filter *f)
{
    static struct domdef def = {
        .refs = 1, .title = (char *)"title", .tags = (char *)"a b", .autostart_order = 3};
    static const struct host_info host = {.state = HOST_UP, .name = (char *)"host"};
    struct vm vm;
    vm_set_unknown(&vm);
    const struct row row = {.host = &host, .vm = &vm, .now_ms = 1000, .stale_ms = 100};
    filter_match(f, &row);
    vm.name = (char *)"name";
    vm.ip = (char *)"10.0.0.1 ::1";
    vm.def = &def;
    vm.state = VM_RUNNING;
    vm.cpu = vm.mem_kib = vm.maxmem_kib = vm.rx = vm.tx = vm.uptime_s = 5;
    vm.flags = VM_FLAGS_KNOWN;
    filter_match(f, &row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e = ERROR_INIT;
    char *text = xmalloc(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    struct filter *f = filter_compile(text, &e);
    if (f) {
        run(f);
    } else if (e.status != STATUS_OK && (e.position < 0 || (size_t)e.position > strlen(text) || !e.text)) {
        abort();
    }
    filter_free(f);
    error_clear(&e);
    free(text);
    return 0;
}
