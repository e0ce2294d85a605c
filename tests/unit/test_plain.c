/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "device/plain.h"
#include "model/xml.h"

/* Both definitions as they are compared, one behind the other in `out`. */
static void plain(const char *live, const char *config, char *out[2])
{
    struct error e = ERROR_INIT;
    xmlDocPtr a = xml_parse_element(live, "domain", &e), b = xml_parse_element(config, "domain", &e);
    if (!a || !b)
        fail_msg("%s", error_text(&e));
    definitions_plain(a, b);
    out[0] = xml_print(a);
    out[1] = xml_print(b);
    xmlFreeDoc(a);
    xmlFreeDoc(b);
}

static void same(const char *live, const char *config)
{
    char *out[2];
    plain(live, config, out);
    assert_string_equal(out[0], out[1]);
    free(out[0]);
    free(out[1]);
}

static void differ(const char *live, const char *config)
{
    char *out[2];
    plain(live, config, out);
    assert_string_not_equal(out[0], out[1]);
    free(out[0]);
    free(out[1]);
}

#define DOMAIN(attr, top, devices)                                                                           \
    "<domain type='kvm'" attr ">\n  <name>a</name>\n" top "  <devices>\n" devices "  "                       \
    "</devices>\n</domain>\n"

static void started(void **state)
{
    (void)state;
    same(DOMAIN(" id='7'",
                "<resource><partition>/machine</partition></resource>\n"
                "<seclabel type='dynamic' model='dac' relabel='yes'><label>+1:+1</label></seclabel>\n",
                "<disk type='file' device='disk'><source file='/a' index='2'/><backingStore/>"
                "<target dev='vda' bus='virtio'/><alias name='virtio-disk0'/>"
                "<address type='pci' slot='0x04'/></disk>\n"
                "<interface type='network'><mac address='52:54:00:00:00:01'/>"
                "<source network='default' portid='1-2' bridge='virbr0'/><target dev='vnet3'/>"
                "<alias name='net0'/></interface>\n"
                "<serial type='pty'><source path='/dev/pts/3'/><target port='0'/></serial>\n"
                "<console type='pty' tty='/dev/pts/3'><source path='/dev/pts/3'/></console>\n"
                "<channel type='unix'><source mode='bind' path='/run/libvirt/qemu/channel/7-a/org'/>"
                "<target type='virtio' name='org' state='connected'/></channel>\n"
                "<graphics type='vnc' port='5901' autoport='yes' listen='127.0.0.1'>"
                "<listen type='address' address='127.0.0.1'/></graphics>\n"),
         DOMAIN("", "",
                "<disk type='file' device='disk'><source file='/a'/>"
                "<target dev='vda' bus='virtio'/></disk>\n"
                "<interface type='network'><mac address='52:54:00:00:00:01'/>"
                "<source network='default'/></interface>\n"
                "<serial type='pty'><target port='0'/></serial>\n"
                "<console type='pty'/>\n"
                "<channel type='unix'><target type='virtio' name='org'/></channel>\n"
                "<graphics type='vnc' port='-1' autoport='yes'><listen type='address'/></graphics>\n"));
}

static void real_differences(void **state)
{
    (void)state;
    differ(DOMAIN("", "", "<graphics type='vnc' port='5901'/>"),
           DOMAIN("", "", "<graphics type='vnc' port='5902'/>"));
    differ(DOMAIN("", "", "<rng model='virtio'><alias name='ua-mine'/></rng>"),
           DOMAIN("", "", "<rng model='virtio'/>"));
    differ(DOMAIN("", "", "<graphics type='vnc' listen='127.0.0.1'/>"),
           DOMAIN("", "", "<graphics type='vnc' listen='0.0.0.0'/>"));
    differ(DOMAIN("", "<title>a</title>", ""), DOMAIN("", "<title>b</title>", ""));
    differ(DOMAIN("", "", "<interface type='network'><source network='a'/></interface>"),
           DOMAIN("", "", "<interface type='network'><source network='b'/></interface>"));
    differ(DOMAIN("", "", "<disk><target dev='vda' bus='virtio'/></disk>"),
           DOMAIN("", "", "<disk><target dev='vda' bus='sata'/></disk>"));
    differ(DOMAIN("", "<seclabel type='static'><label>x</label></seclabel>", ""), DOMAIN("", "", ""));
}

static void cpu(void **state)
{
    (void)state;
    same(DOMAIN("", "<cpu mode='custom' check='full'><model>EPYC</model><feature name='x2apic'/></cpu>", ""),
         DOMAIN("", "<cpu mode='host-model' check='partial'/>", ""));
    same(DOMAIN("", "<cpu mode='custom' check='full'><model>qemu64</model></cpu>", ""), DOMAIN("", "", ""));
    differ(DOMAIN("", "<cpu mode='custom' check='full'><model>EPYC</model></cpu>", ""),
           DOMAIN("", "<cpu mode='custom' check='partial'><model>qemu64</model></cpu>", ""));
    differ(DOMAIN("", "<cpu mode='host-passthrough' check='none'/>", ""), DOMAIN("", "", ""));
}

static void blanks(void **state)
{
    (void)state;
    same(
        "<domain><metadata>\n      <m:a xmlns:m='u'>\n          <m:b>x y</m:b>\n  </m:a></metadata></domain>",
        "<domain>\n<metadata><m:a xmlns:m='u'><m:b>x y</m:b></m:a></metadata></domain>");
    differ("<domain><title>a b</title></domain>", "<domain><title>a  b</title></domain>");
}

static void odd(void **state)
{
    (void)state;
    same("<domain/>", "<domain/>");
    same("<domain><devices/></domain>", "<domain><devices></devices></domain>");
    differ("<domain><devices><strange/></devices></domain>", "<domain/>");
    differ("<domain><devices><!-- a --><strange/></devices></domain>",
           "<domain><devices><strange/></devices></domain>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(started), cmocka_unit_test(real_differences),
        cmocka_unit_test(cpu),     cmocka_unit_test(blanks),
        cmocka_unit_test(odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
