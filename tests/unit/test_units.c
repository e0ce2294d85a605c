/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Enabling and disabling the units in trees of our own: what is planned, said, done, and done again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "autostart/units.h"
#include "base/file.h"
#include "scratch.h"

#define START     "virtdeck-autostart.service"
#define SUPERVISE "virtdeck-supervise.service"
#define GUESTS    "libvirt-guests.service"
#define ETC       "etc/systemd/system/"
#define WANTS     ETC "multi-user.target.wants/"
#define HOME_DIR  "home/user/.config/systemd/user/"

static struct unit_request request(bool session, bool enable)
{
    return (struct unit_request){.session = session,
                                 .enable = enable,
                                 .root = scratch(""),
                                 .home = "/home/user",
                                 .program = "/usr/bin/virtdeck",
                                 .uri = session ? "qemu:///session" : "qemu:///system"};
}

static bool there(const char *name)
{
    struct stat st;
    return lstat(scratch(name), &st) == 0;
}

static void make_dirs(const char *name)
{
    struct error e = ERROR_INIT;
    assert_true(file_make_dirs(scratch(name), &e));
}

static char *contents(const char *name)
{
    char *data = NULL;
    struct error e = ERROR_INIT;
    if (!file_read(scratch(name), 65536, &data, NULL, NULL, &e))
        fail_msg("%s", error_text(&e));
    return data;
}

/* A tree as another package leaves it: libvirt-guests enabled. */
static void put_guests(bool enabled)
{
    make_dirs("usr/lib/systemd/system");
    make_dirs(WANTS);
    scratch_write(scratch("usr/lib/systemd/system/" GUESTS),
                  "[Service]\nType=oneshot\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n");
    if (enabled)
        assert_int_equal(symlink("/usr/lib/systemd/system/" GUESTS, scratch(WANTS GUESTS)), 0);
}

/* Plans, checks the number of steps, does them. The caller frees what was said. */
static char *carry_out(const struct unit_request *r, size_t wanted)
{
    unit_steps steps = {0};
    struct error e = ERROR_INIT;
    struct strbuf said = {0};
    if (!units_plan(r, &steps, &e))
        fail_msg("plan: %s", error_text(&e));
    units_print(&steps, &said);
    if (steps.len != wanted)
        fail_msg("%zu steps, not %zu:\n%s", steps.len, wanted, strbuf_str(&said));
    if (!units_apply(&steps, &e))
        fail_msg("apply: %s", error_text(&e));
    units_free(&steps);
    return strbuf_steal(&said);
}

static void assert_says(char *said, const char *text)
{
    if (!strstr(said, text))
        fail_msg("\"%s\" is not in:\n%s", text, said);
    free(said);
}

static void assert_refused(const struct unit_request *r, const char *why)
{
    unit_steps steps = {0};
    struct error e = ERROR_INIT;
    assert_false(units_plan(r, &steps, &e));
    assert_int_equal(steps.len, 0);
    if (!strstr(error_text(&e), why))
        fail_msg("\"%s\" is not in: %s", why, error_text(&e));
    error_clear(&e);
}

static void enables_and_disables(void **state)
{
    (void)state;
    struct unit_request r = request(false, true);
    /* The plan alone changes nothing. */
    unit_steps steps = {0};
    struct error e = ERROR_INIT;
    assert_true(units_plan(&r, &steps, &e));
    assert_false(there("etc"));
    units_free(&steps);

    char *said = carry_out(&r, 3);
    assert_non_null(strstr(said, "/" ETC START "\n"));
    assert_says(said, "enable " START " " SUPERVISE);
    assert_true(there(WANTS START));
    assert_true(there(WANTS SUPERVISE));
    struct stat st;
    assert_int_equal(stat(scratch(ETC START), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_int_equal(stat(scratch("etc/systemd"), &st), 0);
    assert_int_equal(st.st_mode & 0055, 0055);
    char *text = contents(ETC START);
    assert_non_null(strstr(text, "\nExecStart=/usr/bin/virtdeck -c qemu:///system autostart run\n"));
    assert_null(strstr(text, "@PROGRAM@"));
    assert_null(strstr(text, "@URI@"));
    free(text);
    free(carry_out(&r, 0));

    r.enable = false;
    assert_says(carry_out(&r, 3), "remove ");
    assert_false(there(ETC START));
    assert_false(there(WANTS START));
    assert_false(there(ETC SUPERVISE));
    assert_false(there(WANTS SUPERVISE));
    free(carry_out(&r, 0));
}

/* Half of it was done by hand, or an earlier program wrote another text. */
static void mends_what_differs(void **state)
{
    (void)state;
    struct unit_request r = request(false, true);
    free(carry_out(&r, 3));
    assert_int_equal(unlink(scratch(WANTS SUPERVISE)), 0);
    assert_says(carry_out(&r, 1), "enable");
    assert_true(there(WANTS SUPERVISE));
    r.program = "/opt/vd/bin/virtdeck";
    assert_says(carry_out(&r, 2), "write ");
    char *text = contents(ETC SUPERVISE);
    assert_non_null(strstr(text, "\nExecStart=/opt/vd/bin/virtdeck -c qemu:///system supervise\n"));
    free(text);
    assert_int_equal(unlink(scratch(WANTS START)), 0);
    r.enable = false;
    free(carry_out(&r, 3));
    assert_false(there(WANTS SUPERVISE));
}

static void leaves_a_package_its_units(void **state)
{
    (void)state;
    static const char unit[] =
        "[Service]\nExecStart=/usr/bin/virtdeck\n[Install]\nWantedBy=multi-user.target\n";
    make_dirs("usr/lib/systemd/system");
    scratch_write(scratch("usr/lib/systemd/system/" START), unit);
    scratch_write(scratch("usr/lib/systemd/system/" SUPERVISE), unit);
    struct unit_request r = request(false, true);
    free(carry_out(&r, 1));
    assert_false(there(ETC START));
    assert_true(there(WANTS START));
    r.enable = false;
    free(carry_out(&r, 1));
    assert_false(there(WANTS START));
    assert_true(there("usr/lib/systemd/system/" START));
}

/* The package came after we had written a unit of our own: that would hide the package's. */
static void gives_way_to_a_package(void **state)
{
    (void)state;
    struct unit_request r = request(false, true);
    free(carry_out(&r, 3));
    make_dirs("usr/lib/systemd/system");
    scratch_write(scratch("usr/lib/systemd/system/" START), "[Service]\nExecStart=/bin/true\n");
    assert_says(carry_out(&r, 1), "the package's own unit is there now");
    assert_false(there(ETC START));
    assert_true(there(ETC SUPERVISE));
    free(carry_out(&r, 0));
}

static void leaves_what_an_administrator_wrote(void **state)
{
    (void)state;
    static const char own[] = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
    make_dirs(ETC);
    scratch_write(scratch(ETC START), own);
    struct unit_request r = request(false, true);
    free(carry_out(&r, 2));
    r.enable = false;
    free(carry_out(&r, 2));
    char *text = contents(ETC START);
    assert_string_equal(text, own);
    free(text);
    assert_false(there(ETC SUPERVISE));
}

static void refuses_a_masked_unit(void **state)
{
    (void)state;
    make_dirs(ETC);
    assert_int_equal(symlink("/dev/null", scratch(ETC SUPERVISE)), 0);
    struct unit_request r = request(false, true);
    assert_refused(&r, SUPERVISE " is masked; unmask it first: systemctl unmask " SUPERVISE);
    assert_false(there(ETC START));
}

static void replaces_libvirt_guests(void **state)
{
    (void)state;
    put_guests(true);
    struct unit_request r = request(false, true);
    assert_refused(&r, "--replace-libvirt-guests");
    assert_false(there(ETC START));
    r.replace_guests = true;
    char *said = carry_out(&r, 4);
    assert_non_null(strstr(said, "disable " GUESTS));
    /* Never so that its stop, which stops domains, would run. */
    assert_null(strstr(said, "--now"));
    free(said);
    assert_false(there(WANTS GUESTS));
    assert_true(there(WANTS START));
    free(carry_out(&r, 0));

    r = request(false, false);
    assert_says(carry_out(&r, 4), "note: " GUESTS " stays disabled");
    assert_false(there(WANTS GUESTS));
    r.replace_guests = true;
    assert_says(carry_out(&r, 1), "enable " GUESTS);
    assert_true(there(WANTS GUESTS));
    free(carry_out(&r, 0));
}

/* Which need not come from a package. */
static void gives_an_administrators_own_back(void **state)
{
    (void)state;
    make_dirs(ETC);
    scratch_write(scratch(ETC GUESTS), "[Install]\nWantedBy=multi-user.target\n");
    struct unit_request r = request(false, true);
    free(carry_out(&r, 3));
    r = request(false, false);
    assert_says(carry_out(&r, 4), "note: " GUESTS " stays disabled");
}

static void session(void **state)
{
    (void)state;
    /* The system's libvirt-guests has no say in a session. */
    put_guests(true);
    struct unit_request r = request(true, true);
    char *said = carry_out(&r, 4);
    assert_non_null(strstr(said, "systemctl --user enable " START " " SUPERVISE));
    assert_says(said, "loginctl enable-linger");
    assert_true(there(HOME_DIR "default.target.wants/" START));
    assert_true(there(HOME_DIR "default.target.wants/" SUPERVISE));
    assert_false(there(ETC START));
    char *text = contents(HOME_DIR START);
    assert_non_null(strstr(text, "\nExecStart=/usr/bin/virtdeck -c qemu:///session autostart run\n"));
    free(text);
    free(carry_out(&r, 0));
    r.enable = false;
    free(carry_out(&r, 3));
    assert_false(there(HOME_DIR START));
    assert_false(there(HOME_DIR "default.target.wants/" SUPERVISE));
    free(carry_out(&r, 0));
}

static void quotes_for_systemd(void **state)
{
    (void)state;
    struct unit_request r = request(false, true);
    r.program = "/opt/my $tools/50%/\"vd\"";
    r.uri = "qemu+unix:///system?socket=/run/a b$c%d";
    free(carry_out(&r, 3));
    char *text = contents(ETC START);
    assert_non_null(strstr(text, "\nExecStart=\"/opt/my $tools/50%%/\\\"vd\\\"\" -c "
                                 "\"qemu+unix:///system?socket=/run/a b$$c%%d\" autostart run\n"));
    /* There the program is a word of the shell's. */
    assert_non_null(strstr(text, "sh \"/opt/my $$tools/50%%/\\\"vd\\\"\" -c "));
    free(text);
}

static void refuses_what_cannot_be(void **state)
{
    (void)state;
    struct unit_request r = request(false, true);
    r.program = "virtdeck";
    assert_refused(&r, "\"virtdeck\" is no absolute path");
    r = request(false, true);
    r.uri = "qemu:///system\nExecStart=/bin/false";
    assert_refused(&r, "control characters");
    r = request(true, true);
    r.home = NULL;
    assert_refused(&r, "home directory");
    char *path = xstrdup(getenv("PATH"));
    setenv("PATH", scratch("none"), 1);
    r = request(false, true);
    assert_refused(&r, "there is no systemctl here");
    setenv("PATH", path, 1);
    free(path);
}

static void names_the_step_that_failed(void **state)
{
    (void)state;
    struct error e = ERROR_INIT;
    struct unit_request r = request(false, true);
    unit_steps steps = {0};
    assert_true(units_plan(&r, &steps, &e));
    make_dirs("etc/systemd");
    scratch_write(scratch("etc/systemd/system"), "in the way");
    assert_false(units_apply(&steps, &e));
    assert_non_null(strstr(error_text(&e), "etc/systemd/system"));
    assert_int_equal(unlink(scratch("etc/systemd/system")), 0);
    error_clear(&e);

    /* A command's own words are told. */
    struct unit_step *last = &steps.items[steps.len - 1];
    free(last->argv.items[last->argv.len - 1]);
    last->argv.items[last->argv.len - 1] = xstrdup("no-such.service");
    assert_false(units_apply(&steps, &e));
    assert_non_null(strstr(error_text(&e), "systemctl --root="));
    assert_non_null(strstr(error_text(&e), "no-such.service does not exist"));
    error_clear(&e);
    units_free(&steps);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(enables_and_disables),
        TEST(mends_what_differs),
        TEST(leaves_a_package_its_units),
        TEST(gives_way_to_a_package),
        TEST(leaves_what_an_administrator_wrote),
        TEST(refuses_a_masked_unit),
        TEST(replaces_libvirt_guests),
        TEST(gives_an_administrators_own_back),
        TEST(session),
        TEST(quotes_for_systemd),
        TEST(refuses_what_cannot_be),
        TEST(names_the_step_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
