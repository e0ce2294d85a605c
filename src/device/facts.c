/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "device/facts.h"

#include <stdlib.h>

const char *answer_word(enum answer a)
{
    static const char *const words[] = {
        [ANSWER_UNKNOWN] = "unknown", [ANSWER_NO] = "no", [ANSWER_YES] = "yes"};
    return words[a];
}

bool facts_know_others(const struct facts *f)
{
    for (size_t i = 0; i < f->others.len; i++)
        if (!f->others.items[i].doc)
            return false;
    return f->others_known;
}

void facts_clear(struct facts *f)
{
    for (size_t i = 0; i < f->networks.len; i++)
        free(f->networks.items[i].name);
    for (size_t i = 0; i < f->pools.len; i++)
        free(f->pools.items[i].name);
    for (size_t i = 0; i < f->volumes.len; i++) {
        free(f->volumes.items[i].pool);
        free(f->volumes.items[i].name);
        free(f->volumes.items[i].path);
    }
    for (size_t i = 0; i < f->hostdevs.len; i++) {
        free(f->hostdevs.items[i].id);
        free(f->hostdevs.items[i].address);
        free(f->hostdevs.items[i].label);
        free(f->hostdevs.items[i].driver);
    }
    for (size_t i = 0; i < f->others.len; i++) {
        free(f->others.items[i].name);
        xmlFreeDoc(f->others.items[i].doc);
    }
    vec_free(&f->networks);
    vec_free(&f->pools);
    vec_free(&f->volumes);
    vec_free(&f->hostdevs);
    vec_free(&f->others);
    xmlFreeDoc(f->domcaps);
    xmlFreeDoc(f->hostcaps);
    free(f->native_error);
    *f = (struct facts){0};
}
