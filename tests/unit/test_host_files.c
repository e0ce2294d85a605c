/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "autostart/host_files.h"
#include "base/file.h"
#include "scratch.h"

#define UNIT "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"

/* Makes the folders, too. */
static void put(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s", scratch(name));
    *strrchr(path, '/') = '\0';
    assert_true(file_make_dirs(path, NULL));
    scratch_write(scratch(name), text);
}

static void link_to(const char *name, const char *target)
{
    char path[512];
    snprintf(path, sizeof path, "%s", scratch(name));
    *strrchr(path, '/') = '\0';
    assert_true(file_make_dirs(path, NULL));
    assert_int_equal(symlink(target, scratch(name)), 0);
}

static void read_system(struct host_files *f)
{
    host_files_read(f, scratch(""), false, "root", "/root");
}

static void read_session(struct host_files *f)
{
    host_files_read(f, scratch(""), true, "ann", "/home/ann");
}

static void units_of_the_system(void **state)
{
    (void)state;
    struct host_files f;
    put("etc/systemd/system/virtdeck-autostart.service", UNIT);
    link_to("etc/systemd/system/multi-user.target.wants/virtdeck-autostart.service",
            "/etc/systemd/system/virtdeck-autostart.service");
    put("etc/systemd/system/virtdeck-supervise.service", UNIT);
    link_to("etc/systemd/system/libvirt-guests.service", "/dev/null");
    put("usr/lib/systemd/system/libvirtd.service", "[Service]\nExecStart=/bin/true\n");
    read_system(&f);
    if (f.units[HOST_UNIT_START] == UNIT_UNKNOWN) {
        host_files_clear(&f);
        skip(); /* no systemctl here */
    }
    assert_true(f.known);
    assert_int_equal(f.units[HOST_UNIT_START], UNIT_ENABLED);
    assert_int_equal(f.units[HOST_UNIT_SUPERVISE], UNIT_DISABLED);
    assert_int_equal(f.units[HOST_UNIT_GUESTS], UNIT_MASKED);
    assert_int_equal(f.units[HOST_UNIT_LIBVIRTD], UNIT_STATIC);
    assert_int_equal(f.units[HOST_UNIT_VIRTQEMUD], UNIT_ABSENT);
    host_files_clear(&f);
}

static void no_systemctl_is_unknown(void **state)
{
    (void)state;
    struct host_files f;
    char *path = xstrdup(getenv("PATH"));
    put("etc/systemd/system/virtdeck-autostart.service", UNIT);
    setenv("PATH", scratch("empty"), 1);
    read_system(&f);
    setenv("PATH", path, 1);
    free(path);
    for (int i = 0; i < HOST_UNITS; i++)
        assert_int_equal(f.units[i], UNIT_UNKNOWN);
    host_files_clear(&f);
}

static void units_of_a_user(void **state)
{
    (void)state;
    struct host_files f;
    put("home/ann/.config/systemd/user/virtdeck-autostart.service", UNIT);
    read_session(&f);
    assert_int_equal(f.units[HOST_UNIT_START], UNIT_DISABLED);
    assert_int_equal(f.units[HOST_UNIT_SUPERVISE], UNIT_ABSENT);
    host_files_clear(&f);
    link_to("home/ann/.config/systemd/user/default.target.wants/virtdeck-autostart.service",
            "/nowhere/virtdeck-autostart.service");
    put("usr/lib/systemd/user/virtdeck-supervise.service", UNIT);
    link_to("home/ann/.config/systemd/user/virtdeck-supervise.service", "/dev/null");
    read_session(&f);
    assert_int_equal(f.units[HOST_UNIT_START], UNIT_ENABLED);
    assert_int_equal(f.units[HOST_UNIT_SUPERVISE], UNIT_MASKED);
    host_files_clear(&f);
}

static void lingering(void **state)
{
    (void)state;
    struct host_files f;
    read_session(&f);
    assert_false(f.linger_known);
    host_files_clear(&f);
    put("var/lib/systemd/x", "");
    read_session(&f);
    assert_true(f.linger_known && !f.linger);
    host_files_clear(&f);
    put("var/lib/systemd/linger/ann", "");
    read_session(&f);
    assert_true(f.linger);
    host_files_clear(&f);
    read_system(&f);
    assert_false(f.linger_known);
    host_files_clear(&f);
}

/* What holds unsaid is not the same on all systems. */
static void guests_defaults(void **state)
{
    (void)state;
    struct host_files f;
    read_system(&f);
    assert_null(f.guests.path);
    assert_true(f.guests.boot_start);
    assert_string_equal(f.guests.on_shutdown, "suspend");
    assert_int_equal(f.guests.shutdown_timeout, 300);
    host_files_clear(&f);
    put("etc/default/libvirt-guests", "#ON_BOOT=start\n#ON_SHUTDOWN=suspend\n");
    read_system(&f);
    assert_false(f.guests.boot_start);
    assert_string_equal(f.guests.on_shutdown, "shutdown");
    assert_string_equal(f.guests.path, "/etc/default/libvirt-guests");
    host_files_clear(&f);
    put("usr/lib/libvirt/libvirt-guests.sh",
        "#!/bin/sh\nON_BOOT=\"start\"\nON_SHUTDOWN=\"suspend\"\nSHUTDOWN_TIMEOUT=120\n"
        "f() {\n    ON_BOOT=ignore\n}\n");
    read_system(&f);
    assert_true(f.guests.boot_start);
    assert_string_equal(f.guests.on_shutdown, "suspend");
    assert_int_equal(f.guests.shutdown_timeout, 120);
    host_files_clear(&f);
}

static void guests_as_written(void **state)
{
    (void)state;
    struct host_files f;
    put("etc/sysconfig/libvirt-guests", "  export ON_BOOT='ignore' # not now\nON_BOOT_X=start\n"
                                        "ON_SHUTDOWN=suspend\nON_SHUTDOWN=\"shutdown\"\nSHUTDOWN_TIMEOUT=60\n"
                                        "PARALLEL_SHUTDOWN=4\nSTART_DELAY=x\nURIS='default lxc:///system'\n");
    read_system(&f);
    assert_string_equal(f.guests.path, "/etc/sysconfig/libvirt-guests");
    assert_false(f.guests.boot_start);
    assert_string_equal(f.guests.on_shutdown, "shutdown");
    assert_int_equal(f.guests.shutdown_timeout, 60);
    assert_int_equal(f.guests.parallel, 4);
    assert_int_equal(f.guests.start_delay, 0);
    assert_string_equal(f.guests.uris, "default lxc:///system");
    assert_true(f.guests.shutdown_action);
    host_files_clear(&f);
    put("etc/sysconfig/libvirt-guests", "URIS=''\nON_BOOT=start\n");
    read_system(&f);
    assert_false(f.guests.shutdown_action || f.guests.boot_start);
    host_files_clear(&f);
}

static void qemu_conf(void **state)
{
    (void)state;
    struct host_files f;
    read_system(&f);
    assert_null(f.qemu.path);
    assert_int_equal(f.qemu.auto_start_delay, -1);
    assert_int_equal(f.qemu.auto_shutdown_try_save, -1);
    host_files_clear(&f);
    put("etc/libvirt/qemu.conf",
        "#auto_shutdown_try_save = \"all\"\nauto_start_delay = 1500\n"
        "auto_shutdown_try_save = \"persistent\"\nauto_shutdown_try_shutdown=\"all\"\n"
        "auto_shutdown_poweroff = \"transient\"\nauto_shutdown_restore = 0\n"
        "auto_shutdown_wait = soon\nauto_start_delay = 7\nauto_shutdown_try_save = \"none\"\n");
    put("home/ann/.config/libvirt/qemu.conf", "auto_shutdown_try_save = \"none\"\n");
    read_system(&f);
    assert_string_equal(f.qemu.path, "/etc/libvirt/qemu.conf");
    assert_int_equal(f.qemu.auto_start_delay, 1500);
    assert_int_equal(f.qemu.auto_shutdown_try_save, 1);
    assert_int_equal(f.qemu.auto_shutdown_try_shutdown, 3);
    assert_int_equal(f.qemu.auto_shutdown_poweroff, 2);
    assert_int_equal(f.qemu.auto_shutdown_restore, 0);
    assert_int_equal(f.qemu.auto_shutdown_wait, -1);
    host_files_clear(&f);
    read_session(&f);
    assert_int_equal(f.qemu.auto_shutdown_try_save, 0);
    assert_int_equal(f.qemu.auto_start_delay, -1);
    host_files_clear(&f);
}

static void memory(void **state)
{
    (void)state;
    struct host_files f;
    read_system(&f);
    assert_true(isnan(f.memory_kib) && isnan(f.available_kib) && isnan(f.hugepages_kib));
    host_files_clear(&f);
    put("proc/meminfo", "MemTotal:       16000 kB\nMemFree: 7 kB\nMemAvailable:    9000 kB\n"
                        "HugePages_Total: 8\nHugePages_Free:        3\nHugepagesize:       2048 kB\n");
    read_system(&f);
    assert_true(f.memory_kib == 16000 && f.available_kib == 9000 && f.hugepages_kib == 6144);
    host_files_clear(&f);
    put("proc/meminfo", "MemTotal: x\nMemAvailable");
    read_system(&f);
    assert_true(isnan(f.memory_kib) && isnan(f.available_kib));
    host_files_clear(&f);
}

static void garbage(void **state)
{
    (void)state;
    struct host_files f;
    static const char bytes[] = "ON_BOOT=\"start\nON_SHUTDOWN='\n\xff\xfe=\n=\nURIS\n\0auto_start_delay = \"";
    put("etc/default/libvirt-guests", "");
    scratch_append(scratch("etc/default/libvirt-guests"), bytes, sizeof bytes);
    put("etc/libvirt/qemu.conf", "");
    scratch_append(scratch("etc/libvirt/qemu.conf"), bytes, sizeof bytes);
    put("proc/meminfo", "");
    scratch_append(scratch("proc/meminfo"), bytes, sizeof bytes);
    read_system(&f);
    assert_int_equal(f.qemu.auto_start_delay, -1);
    host_files_clear(&f);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
    unsetenv("XDG_CONFIG_HOME");
    const struct CMUnitTest tests[] = {
        CASE(units_of_the_system),
        CASE(no_systemctl_is_unknown),
        CASE(units_of_a_user),
        CASE(lingering),
        CASE(guests_defaults),
        CASE(guests_as_written),
        CASE(qemu_conf),
        CASE(memory),
        CASE(garbage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
