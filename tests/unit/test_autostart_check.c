/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A host each from definitions and a tree of files: what the check finds there, and what it says becomes of
 * each domain.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "autostart/check.h"
#include "autostart_situations.h"
#include "base/file.h"
#include "base/paths.h"
#include "model/xml.h"
#include "scratch.h"

/* ---- the host ---- */

static void put(const struct file *f)
{
    char dir[512];
    snprintf(dir, sizeof dir, "%s", scratch(f->path));
    *strrchr(dir, '/') = '\0';
    assert_true(file_make_dirs(dir, NULL));
    unlink(scratch(f->path));
    if (f->text && strncmp(f->text, "-> ", 3) == 0)
        assert_int_equal(symlink(f->text + 3, scratch(f->path)), 0);
    else if (f->text)
        scratch_write(scratch(f->path), f->text);
}

static struct start_item *item_of(const struct domain *d)
{
    struct strbuf xml = {0};
    struct error e = ERROR_INIT;
    strbuf_printf(&xml, "<domain><name>%s</name>%s", d->name,
                  d->top ? d->top : "<memory unit='GiB'>1</memory>");
    if (d->policy)
        strbuf_printf(&xml,
                      "<metadata><v:domain xmlns:v='https://virtdeck.org/xmlns/domain/1'>"
                      "<v:autostart %s></v:domain></metadata>",
                      d->policy);
    strbuf_printf(&xml, "<devices>%s</devices></domain>", d->devices ? d->devices : "");
    xmlDocPtr doc = xml_parse(xml.s, xml.len, &e);
    if (!doc)
        fail_msg("%s", error_text(&e));
    struct start_item *it = start_item_read(xmlDocGetRootElement(doc));
    xmlFreeDoc(doc);
    strbuf_free(&xml);
    return it;
}

static struct snapshot *snapshot_of(const struct situation *t)
{
    size_t n = 0;
    while (n < MOST && t->vms[n].name)
        n++;
    struct snapshot *s = snapshot_new(n);
    s->host.uri = xstrdup(t->uri ? t->uri : "qemu:///system");
    s->host.name = xstrdup("tower");
    s->host.remote = strstr(s->host.uri, "+ssh") != NULL;
    s->host.libvirt_version = t->version ? t->version : 11002000ul;
    for (size_t i = 0; i < n; i++) {
        const struct domain *d = &t->vms[i];
        struct vm *vm = &s->vms[i];
        vm_set_unknown(vm);
        vm->name = xstrdup(d->name);
        vm->uuid.b[15] = (unsigned char)(i + 1);
        vm->state = d->state ? d->state : VM_SHUTOFF;
        vm->flags = d->flags ? d->flags : VM_PERSISTENT | VM_FLAGS_KNOWN;
        vm->start = item_of(d);
    }
    s->n_vms = n;
    return s;
}

static struct host_resources *resources_of(const struct situation *t)
{
    struct host_resources *r = resources_new();
    r->known[RESOURCE_NETWORK] = r->known[RESOURCE_POOL] = !t->no_networks;
    if (!t->no_networks)
        resources_add(
            r, (struct resource){.kind = RESOURCE_NETWORK, .name = xstrdup("default"), .active = true});
    return r;
}

static char *ids_of(const finding_list *l)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < l->len; i++)
        strbuf_printf(&out, "%s%s", i ? " " : "", l->items[i].id);
    return strbuf_steal(&out);
}

struct taken {
    struct survey survey;
    struct plan *up, *down;
    struct autostart_check check;
};

static void take(const struct situation *t, struct taken *k)
{
    struct snapshot *snap = snapshot_of(t);
    struct host_resources *res = resources_of(t);
    for (size_t i = 0; i < n_healthy_files; i++)
        put(&healthy_files[i]);
    for (size_t i = 0; i < MOST && t->files[i].path; i++)
        put(&t->files[i]);
    survey_take(&k->survey, snap, res, scratch(""));
    k->up = survey_plan(&k->survey, false, true);
    k->down = survey_plan(&k->survey, true, true);
    autostart_check(&k->check, &k->survey, k->up, k->down);
    resources_unref(res);
    snapshot_unref(snap);
}

static void give_back(struct taken *k)
{
    autostart_check_clear(&k->check);
    plan_free(k->up);
    plan_free(k->down);
    survey_clear(&k->survey);
}

static int wrong; /* so that one run tells of all */

static void say_wrong(const struct situation *t, const char *what, const char *is, const char *expected)
{
    printf("# %s: %s is \"%s\", not \"%s\"\n", t->name, what, is, expected);
    wrong++;
}

static void check_verdicts(const struct situation *t, const struct taken *k)
{
    for (size_t i = 0; i < MOST && t->vms[i].name; i++) {
        const struct survey_vm *vm = survey_find_name(&k->survey, t->vms[i].name);
        assert_non_null(vm);
        const struct vm_verdict *v = autostart_verdict(&k->check, &vm->uuid);
        assert_non_null(v);
        const char *word = vm_autostart_word(v->verdict);
        if (strcmp(word, t->vms[i].verdict) != 0)
            say_wrong(t, vm->name, word, t->vms[i].verdict);
        if ((v->verdict == AUTOSTART_BLOCKED || v->verdict == AUTOSTART_NOBODY) && !(v->why && *v->why))
            say_wrong(t, vm->name, "without a reason", "with one");
    }
}

static void one_situation(const struct situation *t)
{
    struct taken k;
    take(t, &k);
    char *boot = ids_of(&k.check.boot), *shutdown = ids_of(&k.check.shutdown);
    if (strcmp(boot, t->boot) != 0)
        say_wrong(t, "what is found for the boot", boot, t->boot);
    if (strcmp(shutdown, t->shutdown) != 0)
        say_wrong(t, "what is found for the shutdown", shutdown, t->shutdown);
    free(boot);
    free(shutdown);
    check_verdicts(t, &k);
    give_back(&k);
}

static void each_situation(void **state)
{
    (void)state;
    wrong = 0;
    for (size_t i = 0; i < n_situations; i++) {
        assert_int_equal(scratch_setup(state), 0);
        one_situation(&situations[i]);
        assert_int_equal(scratch_teardown(state), 0);
    }
    assert_int_equal(wrong, 0);
}

static const struct situation *find_situation(const char *name)
{
    for (size_t i = 0; i < n_situations; i++)
        if (strcmp(situations[i].name, name) == 0)
            return &situations[i];
    fail_msg("no situation %s", name);
    return NULL;
}

static const struct finding *finding_of(const finding_list *l, const char *id)
{
    for (size_t i = 0; i < l->len; i++)
        if (strcmp(l->items[i].id, id) == 0)
            return &l->items[i];
    fail_msg("no finding %s", id);
    return NULL;
}

static void remedies_are_commands(void **state)
{
    (void)state;
    static const struct {
        const char *situation, *id, *remedy;
    } expected[] = {
        {"the unit is not enabled", "unit-disabled", "autostart enable"},
        {"the unit is masked", "unit-masked", "$ systemctl unmask virtdeck-autostart.service"},
        {"libvirtd is not enabled", "libvirt-disabled", "$ systemctl enable libvirtd.service"},
        {"libvirt-guests starts and stops", "guests-start", "autostart enable --replace-libvirt-guests"},
        {"both flag and policy", "native-too", "autostart a order=1"},
        {"the policy says off, the flag on", "off-but-native", "autostart a off"},
        {"libvirt shuts down itself, and starts again", "auto-restore",
         "$ sed -i '/^[[:blank:]]*auto_shutdown_restore/d' /etc/libvirt/qemu.conf && printf "
         "'auto_shutdown_restore = 0\\n' >>/etc/libvirt/qemu.conf && systemctl try-restart libvirtd.service"},
        {"a missing image", "image-missing", "edit a"},
        {"a network that is not defined", "needs-missing", "$ virsh -c qemu:///system net-define lan.xml"},
        {"a policy that cannot be read", "policy-value", "autostart a order="},
        {"too much memory together", "memory", "autostart b off"},
        {"transient", "transient",
         "$ virsh -c qemu:///system dumpxml a >a.xml && virsh -c qemu:///system define a.xml"},
        {"another machine", "host-unknown", "$ ssh tower virtdeck autostart check"},
        {"after one that nobody starts", "after-nobody", "autostart b on"},
    };
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        struct taken k;
        assert_int_equal(scratch_setup(state), 0);
        take(find_situation(expected[i].situation), &k);
        const struct finding *f = finding_of(&k.check.boot, expected[i].id);
        assert_non_null(f->remedy);
        assert_string_equal(f->remedy, expected[i].remedy);
        give_back(&k);
        assert_int_equal(scratch_teardown(state), 0);
    }
}

static void remedy_of_the_shutdown(void **state)
{
    (void)state;
    struct taken k;
    take(find_situation("libvirt shuts down itself"), &k);
    assert_string_equal(finding_of(&k.check.shutdown, "auto-shutdown")->remedy,
                        "$ sed -i '/^[[:blank:]]*auto_shutdown_/d' /etc/libvirt/qemu.conf && systemctl "
                        "try-restart libvirtd.service");
    give_back(&k);
}

static void who_has_the_port(void **state)
{
    (void)state;
    struct taken k;
    take(find_situation("a port that is taken"), &k);
    assert_non_null(strstr(finding_of(&k.check.boot, "port-taken")->text, "nginx (pid 77)"));
    assert_string_equal(k.survey.ports.items[0].address, "127.0.0.1");
    give_back(&k);
}

/* Its holder is a domain that will be off at the boot. */
static void a_domain_has_the_port_now(void **state)
{
    (void)state;
    static const char args[] = "qemu-system-x86_64\0-name\0guest=c,debug-threads=on\0-uuid\0"
                               "00000000-0000-0000-0000-000000000002";
    struct situation t = *find_situation("a port that is taken");
    struct taken k;
    t.vms[0].verdict = "ordered";
    t.vms[1] = (struct domain){"c", NULL, VNC("5900"), 0, "off", VM_RUNNING, NULL};
    t.files[2].text = "";
    struct file f = t.files[2];
    put(&f);
    scratch_append(scratch(f.path), args, sizeof args);
    t.files[2] = t.files[3];
    t.files[3].path = NULL;
    take(&t, &k);
    const struct finding *found = finding_of(&k.check.boot, "port-taken");
    assert_int_equal(found->severity, SEV_INFO);
    assert_non_null(strstr(found->text, "the domain c"));
    check_verdicts(&t, &k);
    give_back(&k);
}

/* Whether units are active can only be asked of a systemd that runs. */
static void units_that_are_active(void **state)
{
    (void)state;
    static const struct {
        enum unit_activity ours, guests;
        const char *shutdown, *remedy;
    } cases[] = {
        {ACTIVITY_ON, ACTIVITY_OFF, "", NULL},
        {ACTIVITY_UNKNOWN, ACTIVITY_UNKNOWN, "", NULL},
        {ACTIVITY_OFF, ACTIVITY_OFF, "unit-inactive", "$ systemctl start virtdeck-autostart.service"},
        {ACTIVITY_OFF, ACTIVITY_ON, "unit-inactive guests-shutdown", NULL},
        {ACTIVITY_ON, ACTIVITY_ON, "guests-shutdown", "$ echo \"URIS=''\" >>/etc/default/libvirt-guests"},
    };
    struct taken k;
    take(find_situation("the supervisor is not enabled and nobody needs it"), &k);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        autostart_check_clear(&k.check);
        k.survey.files.start_active = cases[i].ours;
        k.survey.files.guests_active = cases[i].guests;
        autostart_check(&k.check, &k.survey, k.up, k.down);
        char *ids = ids_of(&k.check.shutdown);
        assert_string_equal(ids, cases[i].shutdown);
        free(ids);
        const char *remedy = k.check.shutdown.len ? k.check.shutdown.items[0].remedy : NULL;
        assert_string_equal(remedy ? remedy : "", cases[i].remedy ? cases[i].remedy : "");
    }
    give_back(&k);
}

static void as_text(void **state)
{
    (void)state;
    struct strbuf out = {0};
    struct taken k;
    take(find_situation("healthy: two in order, one of libvirt's"), &k);
    autostart_check_print(&k.check, &k.survey, k.up, k.down, &out);
    assert_non_null(strstr(out.s, "At the next boot of tower 4 domains start"));
    assert_non_null(strstr(out.s, "virtdeck starts 2 domains, in this order: a, b\n"));
    assert_non_null(strstr(out.s, "libvirt starts 1 domain, in any order: c\n"));
    assert_non_null(strstr(out.s, "this time only: 1 domain: d\n"));
    assert_non_null(strstr(out.s, "\nAt the next shutdown virtdeck stops whatever runs then"));
    strbuf_free(&out);
    give_back(&k);
}

static void as_text_escaped(void **state)
{
    (void)state;
    struct strbuf out = {0};
    struct taken k;
    struct situation t = {.name = "escape",
                          .vms = {{"a", ON("1"), DISK, 0, "blocked", 0, NULL}},
                          .files = {{"images/a.qcow2", NULL}}};
    take(&t, &k);
    free(k.survey.vms.items[0].name);
    k.survey.vms.items[0].name = xstrdup("a\033[31m");
    autostart_check_print(&k.check, &k.survey, k.up, k.down, &out);
    assert_null(strchr(out.s, '\033'));
    assert_non_null(strstr(out.s, "\\e[31m does not start: the image /images/a.qcow2 does not exist"));
    strbuf_free(&out);
    give_back(&k);
}

static void as_json(void **state)
{
    (void)state;
    struct taken k;
    json_object *part, *value;
    take(find_situation("the unit is not enabled"), &k);
    json_object *o = autostart_check_json(&k.check, &k.survey, k.up, k.down);
    assert_true(json_object_object_get_ex(o, "ok", &value));
    assert_false(json_object_get_boolean(value));
    assert_true(json_object_object_get_ex(o, "boot", &part));
    assert_true(json_object_object_get_ex(part, "starts", &value));
    assert_int_equal(json_object_get_int(value), 0);
    assert_true(json_object_object_get_ex(part, "findings", &value));
    assert_int_equal(json_object_array_length(value), 1);
    assert_true(json_object_object_get_ex(o, "domains", &part));
    part = json_object_array_get_idx(part, 0);
    assert_true(json_object_object_get_ex(part, "verdict", &value));
    assert_string_equal(json_object_get_string(value), "nobody");
    assert_true(json_object_object_get_ex(part, "order", &value));
    assert_int_equal(json_object_get_int(value), 1);
    json_object_put(o);
    give_back(&k);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
    /* The folders of a user lie in the tree, too. */
    setenv("HOME", "/home/u", 1);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("XDG_STATE_HOME");
    paths_init();
    if (system("systemctl --version >/dev/null 2>&1") != 0) {
        printf("1..0 # SKIP no systemctl\n");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_situation),
        cmocka_unit_test(remedies_are_commands),
        CASE(remedy_of_the_shutdown),
        CASE(who_has_the_port),
        CASE(a_domain_has_the_port_now),
        CASE(units_that_are_active),
        CASE(as_text),
        CASE(as_text_escaped),
        CASE(as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
