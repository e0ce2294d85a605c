/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "virt/private.h"

static const char conf[] = "# uri_aliases = [ \"kvm7=qemu:///no\" ]\n"
                           "uri_aliases = [\n"
                           "  \"kvm=qemu+ssh://root@kvm/system\", # \"kvm7=qemu:///no\"\n"
                           "  'kvm7=qemu+ssh://root@kvm7/system?socket=/a=b',\n"
                           "]\n"
                           "uri_default = \"kvm7\"\n";

static void finds(void **state)
{
    static const struct {
        const char *conf, *alias, *uri;
    } rows[] = {
        {conf, "kvm", "qemu+ssh://root@kvm/system"},
        {conf, "kvm7", "qemu+ssh://root@kvm7/system?socket=/a=b"},
        {conf, "kv", NULL},
        {conf, "other", NULL},
        {conf, NULL, "kvm7"},
        {"#uri_default = \"x\"\n", NULL, NULL},
        {"uri_default=\"test:///default\"", NULL, "test:///default"},
        {"other = [ \"kvm=qemu:///no\" ]\nuri_default = 'a", "kvm", NULL},
        {"", "kvm", NULL},
        {"[[[,,,===\"", "kvm", NULL},
        {"\xff\xfe = \x01", NULL, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *uri = alias_find(rows[i].conf, rows[i].alias);
        assert_int_equal(uri != NULL, rows[i].uri != NULL);
        if (uri)
            assert_string_equal(uri, rows[i].uri);
        free(uri);
    }
}

static void resolves(void **state)
{
    (void)state;
    setenv("LIBVIRT_DEFAULT_URI", "qemu+ssh://kvm9/system", 1);
    char *uri = uri_resolved(NULL);
    assert_string_equal(uri, "qemu+ssh://kvm9/system");
    free(uri);
    uri = uri_resolved("qemu:///session");
    assert_string_equal(uri, "qemu:///session");
    free(uri);
    unsetenv("LIBVIRT_DEFAULT_URI");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds), cmocka_unit_test(resolves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
