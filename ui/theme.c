/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loading themes. Rows are collected from all layers first and colours looked up last, so that a file that
 * only redefines a name in "colors" recolours every role that uses it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/nearest.h"
#include "ui/layers.h"
#include "ui/theme.h"

#define PALETTE        0x1000000
#define REFERENCES_MAX 8
#define GREY_MAX       40 /* colours whose parts differ by less have no hue to speak of */
#define BRIGHT_MIN     225
#define FULL           0xcd
#define COLOR_FORMS    "write \"#rrggbb\", 0 to 255, \"default\", a name from \"colors\" or one of the 16 names"

static const struct {
    const char *name;
    int index;
} palette_names[] = {
    {"black", 0},         {"red", 1},
    {"green", 2},         {"yellow", 3},
    {"blue", 4},          {"magenta", 5},
    {"cyan", 6},          {"white", 7},
    {"bright-black", 8},  {"bright-red", 9},
    {"bright-green", 10}, {"bright-yellow", 11},
    {"bright-blue", 12},  {"bright-magenta", 13},
    {"bright-cyan", 14},  {"bright-white", 15},
};

static const struct {
    const char *name;
    unsigned attr;
} attr_names[] = {
    {"bold", STYLE_BOLD},       {"dim", STYLE_DIM},       {"underline", STYLE_UNDERLINE},
    {"reverse", STYLE_REVERSE}, {"italic", STYLE_ITALIC},
};

/* A colour as written, and where. */
struct spec {
    char *text, *where;
};

struct color_def {
    char *name;
    struct spec spec;
};

struct loader {
    VEC(struct color_def) colors;
    struct spec fg[ROLE_COUNT], bg[ROLE_COUNT];
    unsigned attr[ROLE_COUNT];
};

static void spec_free(struct spec *s)
{
    free(s->text);
    free(s->where);
    *s = (struct spec){0};
}

/* Takes a colour's text from the file; a value of another type is a mistake and changes nothing. */
static void spec_read(struct spec *s, const struct jsondoc *doc, json_object *value, size_t depth,
                      const char *const *keys, error_list *mistakes)
{
    char *where = layers_where(doc, depth, keys);
    if (json_object_is_type(value, json_type_string) || json_object_is_type(value, json_type_int)) {
        spec_free(s);
        s->text = xstrdup(json_object_get_string(value));
        s->where = where;
        return;
    }
    layers_mistake(mistakes, where, "not a colour; " COLOR_FORMS);
    free(where);
}

static struct color_def *find_color(const struct loader *l, const char *name)
{
    for (size_t i = 0; i < l->colors.len; i++)
        if (strcmp(l->colors.items[i].name, name) == 0)
            return &l->colors.items[i];
    return NULL;
}

static void read_colors(struct loader *l, const struct jsondoc *doc, json_object *colors,
                        error_list *mistakes)
{
    json_object_object_foreach(colors, name, value)
    {
        const char *const keys[] = {"colors", name};
        struct spec spec = {0};
        spec_read(&spec, doc, value, 2, keys, mistakes);
        if (!spec.text)
            continue;
        struct color_def *def = find_color(l, name);
        if (!def) {
            struct color_def new_def = {.name = xstrdup(name)};
            vec_push(&l->colors, new_def);
            def = &l->colors.items[l->colors.len - 1];
        }
        spec_free(&def->spec);
        def->spec = spec;
    }
}

static unsigned attr_named(const char *word, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(attr_names); i++)
        if (strlen(attr_names[i].name) == len && strncmp(attr_names[i].name, word, len) == 0)
            return attr_names[i].attr;
    return 0;
}

static void read_attr(unsigned *attr, const char *where, json_object *value, error_list *mistakes)
{
    if (!json_object_is_type(value, json_type_string)) {
        layers_mistake(mistakes, where, "not a string; write words such as \"bold underline\"");
        return;
    }
    *attr = 0;
    const char *s = json_object_get_string(value);
    for (size_t len; *s; s += len) {
        s += strspn(s, " ,");
        len = strcspn(s, " ,");
        unsigned one = attr_named(s, len);
        if (!one && len)
            layers_mistake(mistakes, where,
                           "no such attribute \"%.*s\": there are bold, dim, underline, reverse, italic",
                           (int)len, s);
        *attr |= one;
    }
}

static void read_role(struct loader *l, enum role role, const struct jsondoc *doc, json_object *row,
                      error_list *mistakes)
{
    json_object_object_foreach(row, key, value)
    {
        const char *const keys[] = {"roles", role_info[role].name, key};
        if (strcmp(key, "fg") == 0) {
            spec_read(&l->fg[role], doc, value, 3, keys, mistakes);
        } else if (strcmp(key, "bg") == 0) {
            spec_read(&l->bg[role], doc, value, 3, keys, mistakes);
        } else {
            char *where = layers_where(doc, 3, keys);
            if (strcmp(key, "attr") == 0)
                read_attr(&l->attr[role], where, value, mistakes);
            else
                layers_mistake(mistakes, where, "a role has \"fg\", \"bg\" and \"attr\"");
            free(where);
        }
    }
}

static int role_named(const char *name)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (strcmp(role_info[i].name, name) == 0)
            return i;
    return -1;
}

static void read_roles(struct loader *l, const struct jsondoc *doc, json_object *roles, error_list *mistakes)
{
    json_object_object_foreach(roles, name, row)
    {
        const char *const keys[] = {"roles", name};
        int role = role_named(name);
        if (role >= 0 && json_object_is_type(row, json_type_object)) {
            read_role(l, (enum role)role, doc, row, mistakes);
            continue;
        }
        struct nearest near = nearest_to(name);
        for (int i = 0; i < ROLE_COUNT; i++)
            nearest_offer(&near, role_info[i].name);
        char *hint = nearest_hint(&near), *where = layers_where(doc, 2, keys);
        if (role < 0)
            layers_mistake(mistakes, where, "no such role%s", hint);
        else
            layers_mistake(mistakes, where, "not an object; write { \"fg\": …, \"bg\": …, \"attr\": … }");
        free(hint);
        free(where);
    }
}

static void apply(void *ctx, const struct jsondoc *doc, error_list *mistakes)
{
    struct loader *l = ctx;
    json_object_object_foreach(doc->root, key, value)
    {
        const char *const keys[] = {key};
        bool object = json_object_is_type(value, json_type_object);
        if (strcmp(key, "inherit") == 0 || strcmp(key, "note") == 0)
            continue;
        if (object && strcmp(key, "colors") == 0) {
            read_colors(l, doc, value, mistakes);
        } else if (object && strcmp(key, "roles") == 0) {
            read_roles(l, doc, value, mistakes);
        } else {
            char *where = layers_where(doc, 1, keys);
            layers_mistake(mistakes, where,
                           "a theme has \"inherit\", \"note\" and the objects \"colors\" and \"roles\"");
            free(where);
        }
    }
}

static bool parse_number(const char *s, int base, long max, int *out)
{
    char *end;
    size_t len = strlen(s);
    if (len == 0 || strspn(s, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != len || len > 6)
        return false;
    long v = strtol(s, &end, base);
    *out = (int)v;
    return v <= max;
}

static bool palette_named(const char *s, int *out)
{
    for (size_t i = 0; i < ARRAY_LEN(palette_names); i++) {
        if (strcmp(palette_names[i].name, s) == 0) {
            *out = PALETTE + palette_names[i].index;
            return true;
        }
    }
    return false;
}

static void bad_color(const struct loader *l, const struct spec *s, const char *text, error_list *mistakes)
{
    struct nearest near = nearest_to(text);
    for (size_t i = 0; i < ARRAY_LEN(palette_names); i++)
        nearest_offer(&near, palette_names[i].name);
    for (size_t i = 0; i < l->colors.len; i++)
        nearest_offer(&near, l->colors.items[i].name);
    char *hint = nearest_hint(&near);
    layers_mistake(mistakes, s->where, "no such colour \"%s\"%s; " COLOR_FORMS, text, hint);
    free(hint);
}

/* A spec's colour. A name from "colors" goes before one of the 16, except where it is defined as itself. */
static int color_of(const struct loader *l, const struct spec *s, error_list *mistakes)
{
    const char *text = s->text, *inside = NULL;
    int color = THEME_DEFAULT;
    for (int i = 0; text && i < REFERENCES_MAX; i++) {
        const struct color_def *def = inside && strcmp(inside, text) == 0 ? NULL : find_color(l, text);
        if (!def) {
            if (strcmp(text, "default") == 0 || palette_named(text, &color))
                return color;
            if (text[0] == '#' && strlen(text) == 7 && parse_number(text + 1, 16, 0xffffff, &color))
                return color;
            if (parse_number(text, 10, 255, &color))
                return PALETTE + color;
            bad_color(l, s, text, mistakes);
            return THEME_DEFAULT;
        }
        inside = def->name;
        text = def->spec.text;
    }
    if (text)
        layers_mistake(mistakes, s->where, "the colours go round in a circle; " COLOR_FORMS);
    return THEME_DEFAULT;
}

static void finish(struct theme *t, const char *name, struct loader *l, error_list *mistakes)
{
    t->name = xstrdup(name);
    for (int i = 0; i < ROLE_COUNT; i++) {
        t->roles[i].fg = color_of(l, &l->fg[i], mistakes);
        t->roles[i].bg = color_of(l, &l->bg[i], mistakes);
        t->roles[i].attr = l->attr[i];
        spec_free(&l->fg[i]);
        spec_free(&l->bg[i]);
    }
    for (size_t i = 0; i < l->colors.len; i++) {
        free(l->colors.items[i].name);
        spec_free(&l->colors.items[i].spec);
    }
    vec_free(&l->colors);
}

bool theme_load(struct theme *t, const char *name, error_list *mistakes)
{
    struct loader l = {0};
    *t = (struct theme){0};
    bool found = layers_load("themes", name, apply, &l, mistakes);
    if (!found) {
        layers_unknown("themes", "theme", name, mistakes);
        layers_load("themes", "default", apply, &l, mistakes);
    }
    finish(t, found ? name : "default", &l, mistakes);
    return found;
}

void theme_load_text(struct theme *t, const char *file, const char *text, size_t len, error_list *mistakes)
{
    struct loader l = {0};
    *t = (struct theme){0};
    layers_load_text("themes", file, text, len, apply, &l, mistakes);
    finish(t, file, &l, mistakes);
}

void theme_free(struct theme *t)
{
    free(t->name);
    *t = (struct theme){0};
}

char **theme_names(size_t *n)
{
    return layers_names("themes", n);
}

/* xterm's own idea of the first 16; terminals differ, but not much in what is near to what. */
static const int low_rgb[16] = {0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};

int color_rgb(int color)
{
    static const int steps[6] = {0, 95, 135, 175, 215, 255};
    int i = color - PALETTE;
    if (color < PALETTE)
        return color;
    if (i < 16)
        return low_rgb[i];
    if (i >= 232)
        return (8 + (i - 232) * 10) * 0x010101;
    i -= 16;
    return steps[i / 36] << 16 | steps[i / 6 % 6] << 8 | steps[i % 6];
}

/* Squared distance, weighted by how the eye takes red, green and blue. */
static int distance(int a, int b)
{
    int ra = a >> 16 & 255, rb = b >> 16 & 255, r = ra - rb;
    int g = (a >> 8 & 255) - (b >> 8 & 255), bl = (a & 255) - (b & 255), mean = (ra + rb) / 2;
    return ((512 + mean) * r * r >> 8) + 4 * g * g + ((767 - mean) * bl * bl >> 8);
}

static int greatest(const int *c)
{
    return c[0] > c[1] ? (c[0] > c[2] ? c[0] : c[2]) : c[1] > c[2] ? c[1] : c[2];
}

static int least(const int *c)
{
    return c[0] < c[1] ? (c[0] < c[2] ? c[0] : c[2]) : c[1] < c[2] ? c[1] : c[2];
}

/* Of so few colours the hue counts, not the distance: a pale green is nearer to white than to green, but it
 * says "good". Greys go by lightness. */
static int nearest_of_few(int rgb, int colors)
{
    int c[3] = {rgb >> 16 & 255, rgb >> 8 & 255, rgb & 255}, high = greatest(c), low = least(c), best = 1;
    if (high - low < GREY_MAX) {
        int grey = (c[0] + c[1] + c[2]) / 3;
        if (colors >= 16)
            return grey < 64 ? 0 : grey < 178 ? 8 : grey < 242 ? 7 : 15;
        return grey < 64 ? 0 : 7;
    }
    for (int i = 0; i < 3; i++)
        c[i] = (c[i] - low) * FULL / (high - low);
    int pure = c[0] << 16 | c[1] << 8 | c[2];
    static const int hues[] = {0, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000cd, 0xcd00cd, 0x00cdcd};
    for (int i = 2; i < (int)ARRAY_LEN(hues); i++)
        if (distance(hues[i], pure) < distance(hues[best], pure))
            best = i;
    return colors >= 16 && high > BRIGHT_MIN ? best + 8 : best;
}

int color_nearest(int rgb, int colors)
{
    int last = colors >= 256 ? 256 : colors >= 16 ? 16 : 8;
    if (rgb >= PALETTE && rgb - PALETTE < last)
        return rgb - PALETTE;
    rgb = color_rgb(rgb);
    if (last < 256)
        return nearest_of_few(rgb, last);
    int best = 16; /* the first 16 are left alone: people redefine them */
    for (int i = 17; i < 256; i++)
        if (distance(color_rgb(PALETTE + i), rgb) < distance(color_rgb(PALETTE + best), rgb))
            best = i;
    return best;
}
