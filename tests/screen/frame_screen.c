/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Frames of the pane that shows the guest's screen, as characters: what terminals without pictures show, and
 * what the others' pictures lie over.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "tests/screen/stage.h"

/* Brighter to the right, with a dark window that has a bright border. */
static struct picture make_picture(int w, int h)
{
    struct picture p;
    assert_true(picture_make(&p, w, h, "picture", NULL));
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            bool window = x >= w / 4 && x < w * 3 / 4 && y >= h / 4 && y < h * 3 / 4;
            bool inside = x >= w * 5 / 16 && x < w * 11 / 16 && y >= h * 5 / 16 && y < h * 11 / 16;
            memset(p.rgb + (y * w + x) * 3, inside ? 0 : window ? 255 : x * 255 / w, 3);
        }
    return p;
}

static void open_on(struct stage *s, const char *vm, int w, int h, bool unicode)
{
    char line[64];
    stage_open(s, w, h, unicode);
    struct snapshot *host = stage_everyday();
    stage_hosts(s, 1, &host);
    snprintf(line, sizeof line, "filter %s", vm);
    stage_run(s, line);
    stage_run(s, "filter ''");
    free(stage_text(s)); /* whether there is room for both is known from here on */
    stage_run(s, "pane screen");
    free(stage_text(s));
}

static void give_picture(struct stage *s, int w, int h, int64_t age_ms)
{
    struct picture p = make_picture(w, h);
    uint64_t hash = picture_hash(&p);
    guest_screen_put(&s->deck.screen, deck_host(&s->deck)->host.id, &deck_vm(&s->deck)->uuid, &p, hash,
                     STAGE_NOW_MS - age_ms);
    assert_null(p.rgb);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int w, h;
        bool unicode;
        const char *name;
    } frames[] = {{120, 36, true, "screen-120x36"},
                  {80, 24, true, "screen-80x24"},
                  {80, 24, false, "screen-80x24-ascii"},
                  {40, 10, true, "screen-40x10"},
                  {200, 60, true, "screen-200x60"}};
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        struct stage s;
        open_on(&s, "db1", frames[i].w, frames[i].h, frames[i].unicode);
        give_picture(&s, 720, 400, 0);
        stage_expect(&s, frames[i].name);
        assert_ptr_equal(s.canvas.picture.shown, &s.deck.screen.picture);
        stage_close(&s);
    }
}

/* The cells' shape counts, and a picture that is very wide or high stays inside. */
static void test_shapes(void **state)
{
    (void)state;
    struct stage s;
    open_on(&s, "db1", 120, 36, true);
    s.canvas.cell_w = s.canvas.cell_h = 10;
    give_picture(&s, 640, 480, 0);
    stage_expect(&s, "screen-square-cells");
    give_picture(&s, 1, 1000, 0);
    free(stage_text(&s));
    assert_int_equal(s.canvas.picture.area.w, 1);
    give_picture(&s, 1000, 1, 0);
    free(stage_text(&s));
    assert_int_equal(s.canvas.picture.area.h, 1);
    stage_close(&s);
}

static void test_no_picture(void **state)
{
    (void)state;
    struct stage s;
    open_on(&s, "db1", 80, 24, true);
    stage_expect(&s, "screen-asking");
    assert_null(s.canvas.picture.shown);
    stage_run(&s, "focus table");
    stage_run(&s, "move end");
    stage_run(&s, "pane screen");
    stage_expect(&s, "screen-off");
    stage_close(&s);
}

static void test_failed(void **state)
{
    (void)state;
    struct stage s;
    open_on(&s, "db1", 100, 30, true);
    give_picture(&s, 720, 400, 12500);
    s.deck.screen.why = xstrdup("screenshot db1: no longer connected");
    stage_expect(&s, "screen-old");
    picture_clear(&s.deck.screen.picture);
    stage_expect(&s, "screen-failed");
    stage_close(&s);
}

/* Another domain is selected: the old picture is not shown as its. */
static void test_other_domain(void **state)
{
    (void)state;
    struct stage s;
    open_on(&s, "db1", 100, 40, true);
    give_picture(&s, 720, 400, 0);
    stage_run(&s, "select next");
    char *text = stage_text(&s);
    assert_null(s.canvas.picture.shown);
    assert_non_null(strstr(text, "asking for its picture"));
    free(text);
    stage_close(&s);
}

static const struct cell *cell_at(const struct stage *s, int x, int y)
{
    return &s->canvas.cells[y * s->canvas.w + x];
}

/* What lies over the picture is not the picture's. */
static void test_dialog_over(void **state)
{
    (void)state;
    struct stage s;
    open_on(&s, "db1", 120, 36, true);
    stage_run(&s, "pane zoom");
    give_picture(&s, 720, 400, 0);
    free(stage_text(&s));
    struct rect r = s.canvas.picture.area;
    assert_true(cell_at(&s, r.x, r.y)->picture && cell_at(&s, r.x + r.w - 1, r.y + r.h - 1)->picture);
    assert_false(cell_at(&s, r.x - 1, r.y)->picture);
    stage_run(&s, "columns");
    stage_expect(&s, "screen-under-dialog");
    int covered = 0;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            covered += !cell_at(&s, x, y)->picture;
    assert_in_range(covered, 100, r.w * r.h - 100);
    stage_run(&s, "back");
    free(stage_text(&s));
    assert_true(cell_at(&s, r.x + r.w / 2, r.y + r.h / 2)->picture);
    stage_run(&s, "pane graphs");
    free(stage_text(&s));
    assert_null(s.canvas.picture.shown);
    assert_false(cell_at(&s, r.x + r.w / 2, r.y + r.h / 2)->picture);
    stage_close(&s);
}

static int setup(void **state)
{
    (void)state;
    stage_setup();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_no_picture),   cmocka_unit_test(test_failed),
        cmocka_unit_test(test_other_domain), cmocka_unit_test(test_dialog_over)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
