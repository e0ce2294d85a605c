/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "virt/screenshot.h"

#include <stdlib.h>
#include <string.h>
#include "base/file.h"
#include "virt/private.h"

#define FILE_MODE 0600 /* who knows what stands on that screen */
#define CHUNK     (256 * 1024)

struct shot {
    pthread_mutex_t lock;
    int refs;
    unsigned screen;
    char *path;
    bool replace;
    struct picture picture;
    uint64_t hash;
};

struct shot *shot_new(unsigned screen, const char *path, bool replace)
{
    struct shot *s = xcalloc(1, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    *s = (struct shot){
        .lock = s->lock, .refs = 1, .screen = screen, .path = xstrdup(path), .replace = replace};
    return s;
}

struct shot *shot_ref(struct shot *s)
{
    pthread_mutex_lock(&s->lock);
    s->refs++;
    pthread_mutex_unlock(&s->lock);
    return s;
}

void shot_unref(void *shot)
{
    struct shot *s = shot;
    pthread_mutex_lock(&s->lock);
    bool last = --s->refs == 0;
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    picture_clear(&s->picture);
    free(s->path);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

bool shot_take(struct shot *s, struct picture *out, uint64_t *hash)
{
    pthread_mutex_lock(&s->lock);
    *out = s->picture;
    *hash = s->hash;
    s->picture = (struct picture){0};
    pthread_mutex_unlock(&s->lock);
    return out->rgb != NULL;
}

bool shot_is_idle(struct shot *s)
{
    pthread_mutex_lock(&s->lock);
    bool idle = s->refs == 1;
    pthread_mutex_unlock(&s->lock);
    return idle;
}

/* ---- the job ---- */

static bool failed(struct job_context *c, const char *why)
{
    return error_set(&c->error, STATUS_FAILED, "screenshot %s: %s", c->vm_name, why);
}

static bool has_video(struct job_context *c)
{
    char *xml = virDomainGetXMLDesc(c->dom, 0);
    bool has = !xml || strstr(xml, "<video");
    free(xml);
    return has;
}

/* What libvirt says of a domain without video tells nobody what to do. */
static bool refused(struct job_context *c, const struct shot *s)
{
    virErrorPtr last = virGetLastError();
    int code = last ? last->code : 0, domain = last ? last->domain : 0;
    context_failed(c); /* what is asked next forgets libvirt's error */
    if (code == VIR_ERR_NO_SUPPORT)
        failed(c, "this host's driver takes no pictures of screens");
    else if ((code == VIR_ERR_OPERATION_INVALID || code == VIR_ERR_OPERATION_UNSUPPORTED) && !has_video(c))
        failed(c, "it has no screen: its definition has no video device; where it has a serial console, "
                  "`console` shows that");
    else if (code == VIR_ERR_INVALID_ARG && s->screen > 0)
        error_set(&c->error, STATUS_FAILED, "screenshot %s: it has no screen %u (they are counted from 0)",
                  c->vm_name, s->screen);
    c->error.code = code;
    c->error.domain = domain;
    return false;
}

/* What comes until the end of the stream, within bounds. */
static bool receive(struct job_context *c, virStreamPtr stream, struct strbuf *out)
{
    char *bytes = xmalloc(CHUNK);
    bool good = true;
    while (good) {
        int n = virStreamRecv(stream, bytes, CHUNK);
        if (n == 0)
            break;
        if (n < 0)
            good = context_failed(c);
        else if (out->len + (size_t)n > PICTURE_MOST_BYTES)
            good = failed(c, "the picture is too large");
        else if (context_cancelled(c))
            good = failed(c, "no longer waited for");
        else
            strbuf_add(out, bytes, (size_t)n);
    }
    free(bytes);
    return good;
}

static bool ask(struct job_context *c, const struct shot *s, struct strbuf *out)
{
    virStreamPtr stream = virStreamNew(c->conn, 0);
    if (!stream)
        return context_failed(c);
    char *type = virDomainScreenshot(c->dom, stream, s->screen, 0);
    bool good = type ? receive(c, stream, out) : refused(c, s);
    if (type && good && virStreamFinish(stream) < 0)
        good = context_failed(c);
    else if (type && !good)
        virStreamAbort(stream);
    free(type); /* the bytes themselves say what they are */
    virStreamFree(stream);
    return good;
}

static bool write_file(struct job_context *c, const struct shot *s, const struct picture *p)
{
    struct strbuf png = {0};
    struct error e = ERROR_INIT;
    bool good = picture_png(p, false, &png, &e);
    if (good)
        good = s->replace ? file_write(s->path, png.s, png.len, FILE_MODE, &e)
                          : file_write_new(s->path, png.s, png.len, FILE_MODE, &e);
    if (!good)
        failed(c, error_text(&e));
    error_clear(&e);
    strbuf_free(&png);
    return good;
}

static void tell(struct job_context *c, const struct shot *s, const struct picture *p)
{
    c->json = json_object_new_object();
    json_object_object_add(c->json, "file", s->path ? json_object_new_string(s->path) : NULL);
    json_object_object_add(c->json, "width", json_object_new_int(p->width));
    json_object_object_add(c->json, "height", json_object_new_int(p->height));
    if (s->path)
        context_say(c, "screen of %dx%d written to %s", p->width, p->height, s->path);
    else
        context_say(c, "screen of %dx%d", p->width, p->height);
}

static bool decode(struct job_context *c, const struct strbuf *bytes, struct picture *out)
{
    struct error e = ERROR_INIT;
    bool good = picture_read(out, (const uint8_t *)bytes->s, bytes->len, &e);
    if (!good)
        failed(c, error_text(&e));
    error_clear(&e);
    return good;
}

static bool run(struct job_context *c)
{
    struct shot *s = c->args->data;
    struct strbuf bytes = {0};
    struct picture p = {0};
    int active = virDomainIsActive(c->dom);
    bool good =
        active == 1 || (active < 0 ? context_failed(c) : failed(c, "it does not run, so its screen is off"));
    good = good && ask(c, s, &bytes) && decode(c, &bytes, &p) && (!s->path || write_file(c, s, &p));
    strbuf_free(&bytes);
    if (!good) {
        picture_clear(&p);
        return false;
    }
    tell(c, s, &p);
    uint64_t hash = picture_hash(&p);
    pthread_mutex_lock(&s->lock);
    picture_clear(&s->picture);
    s->picture = p;
    s->hash = hash;
    pthread_mutex_unlock(&s->lock);
    return true;
}

const struct job_kind screenshot_job = {.action = "screenshot", .doing = "taking a picture of", .run = run};
