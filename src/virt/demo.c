/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The built-in demo host: a host file for libvirt's test driver, handed over in memory, so that nothing is
 * written anywhere.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/builtin.h"
#include "virt/private.h"

char *demo_open(int *fd)
{
    const struct builtin *file = builtin_find("src/virt/demo/demo.xml");
    size_t done = 0;
    *fd = memfd_create("virtdeck-demo", MFD_CLOEXEC);
    if (!file)
        die("the demo host is not built in");
    if (*fd < 0)
        die("the demo host can't be opened: %s", strerror(errno));
    while (done < file->len) {
        ssize_t n = write(*fd, file->data + done, file->len - done);
        if (n < 0)
            die("the demo host can't be opened: %s", strerror(errno));
        done += (size_t)n;
    }
    return xasprintf("test:///proc/self/fd/%d", *fd);
}
