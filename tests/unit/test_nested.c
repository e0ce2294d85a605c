/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "toggle_fixture.h"

#include "device/nested.h"

#define X86(type, cpu)                                                                                       \
    "<domain type='" type                                                                                    \
    "'>\n  <name>web1</name>\n  <os><type arch='x86_64' machine='pc'>hvm</type></os>\n  " cpu                \
    "\n  <devices/>\n</domain>"
#define ARM(type, more)                                                                                      \
    "<domain type='" type "'>\n  <os><type arch='aarch64' machine='virt'>hvm</type></os>\n  " more           \
    "<devices/>\n</domain>"
#define QEMU64   "<cpu mode='custom'><model>qemu64</model></cpu>"
#define WITH(f)  "<cpu mode='custom'><model>qemu64</model><feature policy='require' name='" f "'/></cpu>"
#define PASSED   "<cpu mode='host-passthrough'/>"
#define EXPANDED "<cpu><model>qemu64</model><feature policy='require' name='svm'/></cpu>"

static void a_host_that_nests_or_not(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, X86("kvm", PASSED));
    s->nest.kvm_module = "kvm_intel";
    s->nest.kvm_nested = "Y";
    assert_judged(s, "nested", "yes yes unknown unknown");
    assert_not_refused(s, "nested", "on");
    s->nest.kvm_nested = "N";
    assert_judged(s, "nested", "no yes unknown unknown");
    assert_non_null(s->verdict.mismatch);
    assert_refused(s, "nested", "on", "nested-host", "/sys/module/kvm_intel/parameters/nested is N");
    assert_has(found(s, "nested", "on", "nested-host")->remedy,
               "$ modprobe -r kvm_intel && modprobe kvm_intel nested=1");
    assert_has(found(s, "nested", "on", "nested-host")->remedy, "/etc/modprobe.d");
    assert_not_refused(s, "nested", "off");
    s->nest.kvm_module = "";
    s->nest.kvm_nested = NULL;
    assert_refused(s, "nested", "on", "nested-host", "no KVM");
    scene_free(s);
}

static void a_remote_host(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, X86("kvm", PASSED));
    s->facts.local = false;
    s->nest.ssh = "ssh h9 ";
    s->nest.vendor = "AMD";
    assert_judged(s, "nested", "unknown yes unknown unknown");
    assert_not_refused(s, "nested", "on");
    assert_non_null(found(s, "nested", "on", "nested-unknown"));
    s->nest.offered = parse(EXPANDED);
    assert_judged(s, "nested", "yes yes unknown unknown");
    xmlFreeDoc(s->nest.offered);
    s->nest.offered = parse("<cpu><model>EPYC</model><feature policy='disable' name='svm'/></cpu>");
    assert_judged(s, "nested", "no yes unknown unknown");
    assert_has(found(s, "nested", "on", "nested-host")->remedy, "$ ssh h9 'modprobe -r kvm_amd");
    scene_free(s);
}

static void what_models_bring_along(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, X86("qemu", QEMU64));
    assert_judged(s, "nested", "yes unknown unknown unknown");
    s->nest.cpu = parse(EXPANDED);
    assert_judged(s, "nested", "yes yes unknown unknown");
    assert_has(s->verdict.definition.evidence, "model qemu64 has svm");
    char *arg = toggle_find("nested")->plan(&s->in, "on", &s->error);
    assert_string_equal(arg, "");
    free(arg);
    assert_turned(s, "nested", "off", "<feature policy=\"disable\" name=\"svm\"/>");
    assert_judged(s, "nested", "yes no unknown unknown");
    assert_turned(s, "nested", "on", "<feature policy=\"require\" name=\"svm\"/>");
    assert_unsaid(s, "disable");
    scene_free(s);
    s = scene_new(NULL, X86("qemu", "<cpu mode='custom'><model>Penryn</model></cpu>"));
    s->nest.cpu = parse("<cpu><model>Penryn</model></cpu>");
    assert_judged(s, "nested", "yes no unknown unknown");
    assert_turned(s, "nested", "on", "<feature policy=\"require\" name=\"svm\"/>");
    char *off =
        turned(s, "nested", "off"); /* as it was: the model brings nothing that would have to be turned off */
    assert_null(strstr(off, "feature"));
    free(off);
    scene_free(s);
}

static void which_feature(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, X86("kvm", "<cpu mode='custom'><model>Skylake-Client</model></cpu>"));
    s->nest.kvm_module = "kvm_intel";
    s->nest.kvm_nested = "1";
    assert_turned(s, "nested", "on", "<feature policy=\"require\" name=\"vmx\"/>");
    scene_free(s);
    s = scene_new(NULL, X86("kvm", ""));
    s->nest.vendor = "AMD";
    assert_non_null(found(s, "nested", "on", "nested-cpu"));
    assert_turned(s, "nested", "on", "<cpu mode=\"host-passthrough\">");
    scene_free(s);
    s = scene_new(NULL, X86("qemu", ""));
    assert_turned(s, "nested", "off", "<model>qemu64</model>");
    scene_free(s);
    s = scene_new(NULL,
                  X86("kvm", "<cpu mode='host-passthrough'><feature policy='disable' name='svm'/></cpu>"));
    s->nest.vendor = "AMD";
    s->nest.kvm_module = "kvm_amd";
    s->nest.kvm_nested = "1";
    assert_judged(s, "nested", "yes no unknown unknown");
    assert_turned(s, "nested", "on", "policy=\"require\" name=\"svm\"");
    scene_free(s);
}

static void vmx_under_emulation(void **state)
{
    (void)state;
    static const char log[] =
        "x: starting up libvirt version: 9.0.0\n"
        "qemu: warning: TCG doesn't support requested feature: CPUID.01H:ECX.vmx [bit 5]\n";
    /* libvirt takes what was not delivered out of the live definition. */
    struct scene *s = scene_new(X86("qemu", QEMU64), X86("qemu", WITH("vmx")));
    s->nest.cpu = parse(EXPANDED);
    s->in.arguments = "qemu\n-cpu\nqemu64,vmx=on\n";
    s->in.log = log;
    s->in.probe = "virt=svm\nkvm=yes\n";
    assert_judged(s, "nested", "no yes no no");
    assert_has(s->verdict.mismatch, "ECX.vmx");
    assert_has(s->verdict.guest.evidence, "no vmx");
    s->in.log = NULL;
    assert_judged(s, "nested", "no yes no no");
    assert_has(s->verdict.qemu.evidence, "does not have");
    s->in.arguments = NULL;
    assert_judged(s, "nested", "no yes unknown no");
    assert_has(s->verdict.mismatch, "the guest has it not");
    assert_non_null(found(s, "nested", "on", "nested-vmx"));
    assert_not_refused(s, "nested", "on"); /* svm can be given */
    scene_free(s);
}

static void the_guests_word(void **state)
{
    (void)state;
    struct scene *s = scene_new(X86("qemu", WITH("svm")), X86("qemu", WITH("svm")));
    s->in.arguments = "-cpu\nqemu64,svm=on\n";
    s->in.probe = "virt=svm\nkvm=yes\n";
    assert_judged(s, "nested", "yes yes yes yes");
    assert_null(s->verdict.mismatch);
    s->in.probe = "virt=svm\nkvm=no\n";
    assert_judged(s, "nested", "yes yes yes no");
    assert_has(s->verdict.mismatch, "modules");
    s->in.probe = "virt=\nkvm=yes\n"; /* a device alone proves nothing */
    assert_judged(s, "nested", "yes yes yes no");
    s->in.probe = "";
    assert_judged(s, "nested", "yes yes yes unknown");
    s->in.probe = "\n=\nkvm\nvirt=svm\xff\nkvm=\n";
    assert_judged(s, "nested", "yes yes yes no");
    s->in.probe = NULL;
    s->in.probe_why = "no agent";
    assert_judged(s, "nested", "yes yes yes unknown");
    s->in.serial = "[    1.0] CPU: All CPU(s) started at EL2\n";
    assert_judged(s, "nested", "yes yes yes yes");
    s->in.serial = "[    1.0] kvm: no hardware support for 'kvm_amd'\n";
    assert_judged(s, "nested", "yes yes yes no");
    assert_has(s->verdict.mismatch, "no hardware support");
    s->in.serial = "[    1.0] kvm_amd: SVM not supported by CPU 0\n";
    assert_judged(s, "nested", "yes yes yes no");
    s->in.serial = "[    1.0] kvm: Nested Virtualization enabled\n";
    assert_judged(s, "nested", "yes yes yes yes");
    s->in.serial = "Welcome\n";
    assert_judged(s, "nested", "yes yes yes unknown");
    assert_has(s->verdict.guest.evidence, "no agent");
    scene_free(s);
}

static void changed_while_it_runs(void **state)
{
    (void)state;
    struct scene *s = scene_new(X86("qemu", QEMU64), X86("qemu", WITH("svm")));
    s->nest.cpu = parse(EXPANDED);
    s->in.arguments = "-cpu\nqemu64,svm=off\n";
    s->in.probe = "virt=\nkvm=no\n";
    assert_judged(s, "nested", "yes yes no no");
    assert_null(s->verdict.mismatch);
    assert_has(s->verdict.definition.evidence, "at next boot");
    s->in.arguments = "-cpu\nqemu64\n"; /* the model has it, so this is as asked for */
    assert_judged(s, "nested", "yes yes yes no");
    assert_non_null(s->verdict.mismatch);
    scene_free(s);
}

static void aarch64(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, ARM("kvm", ""));
    assert_judged(s, "nested", "unknown no unknown unknown");
    s->nest.kernel = "6.12.0-9-arm64";
    s->nest.kernel_line = "quiet";
    assert_refused(s, "nested", "on", "nested-host", "6.12.0-9-arm64 is older than 6.16");
    s->nest.kernel = "6.16.1";
    assert_refused(s, "nested", "on", "nested-host", "kvm-arm.mode=nested");
    s->nest.kernel_line = "quiet kvm-arm.mode=nested";
    assert_not_refused(s, "nested", "on");
    assert_non_null(found(s, "nested", "on", "nested-taint"));
    assert_non_null(found(s, "nested", "on", "nested-experimental"));
    assert_turned(s, "nested", "on", "<qemu:arg value=\"-machine\"/>");
    assert_turned(s, "nested", "on", "<qemu:arg value=\"virtualization=on\"/>");
    assert_turned(s, "nested", "on", "<gic version=\"3\"/>");
    assert_judged(s, "nested", "yes yes unknown unknown");
    assert_turned(s, "nested", "off", "<domain");
    assert_unsaid(s, "commandline");
    assert_judged(s, "nested", "yes no unknown unknown");
    scene_free(s);
    s = scene_new(NULL, ARM("kvm", "<features><gic version='2'/></features>"));
    assert_refused(s, "nested", "on", "nested-gic", "version 2");
    scene_free(s);
    s = scene_new(NULL, ARM("qemu", ""));
    assert_not_refused(s, "nested", "on");
    assert_judged(s, "nested", "yes no unknown unknown");
    scene_free(s);
}

static void hvf(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, ARM("hvf", ""));
    assert_refused(s, "nested", "on", "nested-host", "11.1");
    s->facts.hypervisor = 11001000;
    assert_not_refused(s, "nested", "on");
    assert_non_null(found(s, "nested", "on", "nested-experimental"));
    assert_judged(s, "nested", "unknown no unknown unknown");
    scene_free(s);
    s = scene_new(NULL,
                  ARM("hvf", "<metadata><x:os xmlns:x='urn:x' id='http://apple.com/macos/15'/></metadata>"));
    s->facts.hypervisor = 11001000;
    assert_refused(s, "nested", "on", "nested-macos", "macOS");
    scene_free(s);
    s = scene_new(NULL, X86("hvf", QEMU64));
    assert_refused(s, "nested", "on", "nested-host", "Apple silicon");
    scene_free(s);
}

static void other_hosts_and_words(void **state)
{
    (void)state;
    struct scene *s = scene_new(NULL, X86("test", ""));
    s->facts.is_qemu = false;
    assert_judged(s, "nested", "no unknown unknown unknown");
    assert_refused(s, "nested", "on", "nested-host", "QEMU");
    assert_null(toggle_find("nested")->plan(&s->in, "perhaps", &s->error));
    assert_int_equal(s->error.status, STATUS_USAGE);
    scene_free(s);
    s = scene_new(NULL, "<domain type='kvm'><os><type arch='s390x'>hvm</type></os></domain>");
    assert_judged(s, "nested", "unknown no unknown unknown");
    assert_null(toggle_find("nested")->plan(&s->in, "on", &s->error));
    scene_free(s);
    s = scene_new(NULL, "<domain/>");
    assert_judged(s, "nested", "unknown no unknown unknown");
    scene_free(s);
}

static void asked_for_by_name(void **state)
{
    (void)state;
    assert_true(nested_is_asked_for_in(X86("kvm", WITH("vmx"))));
    assert_false(nested_is_asked_for_in(X86("kvm", PASSED)));
    assert_false(nested_is_asked_for_in(X86("kvm", "<cpu><feature policy='disable' name='svm'/></cpu>")));
    assert_false(nested_is_asked_for_in("svm <"));
    assert_false(nested_is_asked_for_in(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_nests_or_not),
        cmocka_unit_test(a_remote_host),
        cmocka_unit_test(what_models_bring_along),
        cmocka_unit_test(which_feature),
        cmocka_unit_test(vmx_under_emulation),
        cmocka_unit_test(the_guests_word),
        cmocka_unit_test(changed_while_it_runs),
        cmocka_unit_test(aarch64),
        cmocka_unit_test(hvf),
        cmocka_unit_test(other_hosts_and_words),
        cmocka_unit_test(asked_for_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
