/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each check before a start with a situation in which it says yes, one for no and one for unknown; a row
 * without one of the three fails. Then what reads files: the rights of QEMU's user, the chain of images,
 * locks.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "command/command.h"
#include "preflight_situations.h"

/* The first of a row's that says so. */
static void make(struct stage *s, const char *row, const char *says)
{
    for (size_t i = 0; i < n_preflight_situations; i++)
        if (strcmp(preflight_situations[i].row, row) == 0 && preflight_situations[i].says &&
            strstr(preflight_situations[i].says, says)) {
            preflight_situations[i].make(s);
            return;
        }
    fail_msg("there is no situation of %s that says \"%s\"", row, says);
}

/* ---- each situation ---- */

static const struct preflight_answer *answer_of(const struct preflight *p, const char *row)
{
    for (size_t i = 0; i < p->answers.len; i++)
        if (strcmp(p->answers.items[i].id, row) == 0)
            return &p->answers.items[i];
    return NULL;
}

static const struct finding *finding_of(const struct preflight *p, const char *row)
{
    for (size_t i = 0; i < p->findings.len; i++)
        if (strcmp(p->findings.items[i].id, row) == 0)
            return &p->findings.items[i];
    return NULL;
}

static void check_no(const struct situation *t, const struct preflight *p)
{
    const struct finding *f = finding_of(p, t->row);
    assert_non_null(f);
    if (f->severity != t->worst)
        fail_msg("%s: \"%s\" is of severity %d", t->row, f->text, f->severity);
    if (f->remedy && f->fill_in != (strstr(f->remedy, "FORMAT") != NULL))
        fail_msg("%s: \"%s\" is %s", t->row, f->remedy, f->fill_in ? "to be filled in" : "whole");
    if (t->remedy && (!f->remedy || !strstr(f->remedy, t->remedy)))
        fail_msg("%s: the remedy is \"%s\", not \"%s\"", t->row, f->remedy ? f->remedy : "none", t->remedy);
    assert_int_equal(preflight_ok(p), findings_count(&p->findings, SEV_ERROR) == 0);
}

static void test_situations(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_preflight_situations; i++) {
        const struct situation *t = &preflight_situations[i];
        struct stage s;
        struct preflight p;
        t->make(&s);
        preflight_run(&s.in, &p);
        const struct preflight_answer *a = answer_of(&p, t->row);
        if (!a || a->answer != t->answer)
            fail_msg("situation %zu: %s answers %s (%s)", i, t->row, a ? answer_word(a->answer) : "nothing",
                     a && a->why ? a->why : "");
        if (t->says && (!a->why || !strstr(a->why, t->says)))
            fail_msg("situation %zu: %s says \"%s\", not \"%s\"", i, t->row, a->why ? a->why : "nothing",
                     t->says);
        if (t->answer == ANSWER_NO)
            check_no(t, &p);
        else
            assert_null(finding_of(&p, t->row));
        preflight_clear(&p);
        stage_end(&s);
    }
}

/* Each row needs all three. */
static void test_every_row_has_situations(void **state)
{
    (void)state;
    for (size_t f = 0; f < n_preflight_families; f++)
        for (size_t i = 0; i < preflight_families[f]->len; i++) {
            const char *id = preflight_families[f]->rows[i].id;
            unsigned seen = 0;
            for (size_t t = 0; t < n_preflight_situations; t++)
                seen |=
                    strcmp(preflight_situations[t].row, id) == 0 ? 1u << preflight_situations[t].answer : 0;
            if (seen != (1u << ANSWER_YES | 1u << ANSWER_NO | 1u << ANSWER_UNKNOWN))
                fail_msg("%s has no situation for one of yes, no, unknown (%u)", id, seen);
        }
}

/* ---- the whole ---- */

/* What may be missing and is, is nothing to start with. */
static void test_optional(void **state)
{
    struct stage s;
    struct preflight p;
    (void)state;
    make(&s, "image-missing", "does not exist");
    s.in.images.items[0].optional = true;
    preflight_run(&s.in, &p);
    assert_null(finding_of(&p, "image-missing"));
    assert_null(answer_of(&p, "image-missing"));
    assert_true(preflight_ok(&p));
    preflight_clear(&p);
    stage_end(&s);
}

static void test_errors_first(void **state)
{
    struct stage s;
    struct preflight p;
    (void)state;
    make(&s, "memory-short", "can be had now"); /* a warning */
    s.facts.native_error = xstrdup("something");
    preflight_run(&s.in, &p);
    assert_int_equal(p.findings.len, 2);
    assert_int_equal(p.findings.items[0].severity, SEV_ERROR);
    assert_string_equal(p.findings.items[0].id, "native");
    preflight_clear(&p);
    stage_end(&s);
}

/* libvirt's own words come only where nobody else has found the reason. */
static void test_native_is_last(void **state)
{
    struct stage s;
    struct preflight p;
    (void)state;
    make(&s, "network-down", "is not active");
    s.facts.native_error = xstrdup("the same in other words");
    preflight_run(&s.in, &p);
    assert_int_equal(p.findings.len, 1);
    assert_string_equal(p.findings.items[0].id, "network-down");
    assert_int_equal(answer_of(&p, "native")->answer, ANSWER_NO);
    preflight_clear(&p);
    stage_end(&s);
}

/* A managed save image brings its machine with it: only files are looked at. */
static void test_saved(void **state)
{
    struct stage s;
    struct preflight p;
    (void)state;
    make(&s, "image-missing", "does not exist");
    vec_push(&s.in.needs, ((struct preflight_need){NEED_NETWORK, xstrdup("lab"), NEED_INACTIVE}));
    s.in.saved = true;
    preflight_run(&s.in, &p);
    assert_null(answer_of(&p, "network-down"));
    assert_null(answer_of(&p, "native"));
    assert_int_equal(answer_of(&p, "image-missing")->answer, ANSWER_NO);
    preflight_clear(&p);
    stage_end(&s);
}

/* What runs has its ports, images and memory already. */
static void test_active(void **state)
{
    struct stage s;
    struct preflight p;
    (void)state;
    make(&s, "port-taken", "nginx");
    s.in.active = true;
    s.in.memory.available_kib = 1;
    preflight_run(&s.in, &p);
    assert_true(preflight_ok(&p));
    assert_null(answer_of(&p, "port-taken"));
    assert_null(answer_of(&p, "memory-short"));
    preflight_clear(&p);
    stage_end(&s);
}

static void test_far_remedies(void **state)
{
    struct stage s;
    struct preflight p;
    (void)state;
    make(&s, "hugepages-short", "are free");
    free(s.in.ssh);
    s.in.ssh = xstrdup("ssh far ");
    preflight_run(&s.in, &p);
    assert_string_equal(finding_of(&p, "hugepages-short")->remedy,
                        "$ ssh far 'sysctl vm.nr_hugepages=$(($(cat /proc/sys/vm/nr_hugepages) + 255))'");
    preflight_clear(&p);
    stage_end(&s);
}

/* Programs are told, too, that a remedy can't be run as it stands. */
static void test_fill_in(void **state)
{
    static const struct {
        const char *row, *says;
        bool complete;
    } rows[] = {{"backing-chain", "it looks like qcow2", false}, {"hugepages-short", "are free", true}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct stage s;
        struct preflight p;
        make(&s, rows[i].row, rows[i].says);
        preflight_run(&s.in, &p);
        json_object *j = preflight_json(&p), *list, *complete;
        assert_true(json_object_object_get_ex(j, "findings", &list));
        json_object *first = json_object_array_get_idx(list, 0);
        assert_true(json_object_object_get_ex(first, "complete", &complete));
        assert_int_equal(json_object_get_boolean(complete), rows[i].complete);
        json_object_put(j);
        preflight_clear(&p);
        stage_end(&s);
    }
}

static void test_printing(void **state)
{
    struct stage s;
    struct preflight p;
    struct strbuf out = {0};
    (void)state;
    make(&s, "network-down", "is not active");
    s.in.native_tried = false;
    preflight_run(&s.in, &p);
    preflight_print(&p, &out);
    assert_non_null(strstr(strbuf_str(&out), "✗ its networks are active\n"));
    assert_non_null(strstr(strbuf_str(&out), "✓ the host has memory enough\n"));
    assert_non_null(
        strstr(strbuf_str(&out), "? libvirt's own trial run finds nothing: not known: this driver"));
    assert_non_null(strstr(strbuf_str(&out), "\nerror: the network lab is not active\n  → $ virsh"));
    json_object *j = preflight_json(&p), *v;
    assert_true(json_object_object_get_ex(j, "ok", &v) && !json_object_get_boolean(v));
    assert_true(json_object_object_get_ex(j, "findings", &v) && json_object_array_length(v) == 1);
    assert_true(json_object_object_get_ex(j, "checks", &v) && json_object_array_length(v) == p.answers.len);
    json_object_put(j);
    strbuf_free(&out);
    preflight_clear(&p);
    stage_end(&s);
}

/* A remedy is a command of ours that can be understood, or a line for a shell. */
static void test_remedies_are_commands(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_preflight_situations; i++) {
        struct stage s;
        struct preflight p;
        preflight_situations[i].make(&s);
        preflight_run(&s.in, &p);
        for (size_t f = 0; f < p.findings.len; f++) {
            const char *remedy = p.findings.items[f].remedy, *argv[16];
            struct error e = ERROR_INIT;
            word_list words = {0};
            if (!remedy || strncmp(remedy, "$ ", 2) == 0)
                continue;
            assert_true(words_split(remedy, &words, &e));
            for (size_t w = 0; w < words.len; w++)
                argv[w] = words.items[w].text;
            if (!command_check(false, (int)words.len, argv, &e))
                fail_msg("`%s`: %s", remedy, error_text(&e));
            words_free(&words);
        }
        preflight_clear(&p);
        stage_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_situations),
        cmocka_unit_test(test_every_row_has_situations),
        cmocka_unit_test(test_optional),
        cmocka_unit_test(test_errors_first),
        cmocka_unit_test(test_native_is_last),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_active),
        cmocka_unit_test(test_far_remedies),
        cmocka_unit_test(test_fill_in),
        cmocka_unit_test(test_printing),
        cmocka_unit_test(test_remedies_are_commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
