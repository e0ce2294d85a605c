/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How many lines of healthy logs a second are looked through for known failures, on one thread: each line of
 * tests/data/healthy-logs.txt for its source, again and again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "diagnose/signature.h"

#define HEALTHY "tests/data/healthy-logs.txt"
#define FOR_MS  2000

typedef VEC(struct evidence_line) line_list;

static void read_lines(char *text, line_list *out)
{
    for (char *line; (line = strsep(&text, "\n")) && *line;) {
        const char *word = strsep(&line, "\t");
        struct evidence_line l = {
            .source = source_find(word), .text = line ? line : "", .len = line ? strlen(line) : 0};
        if (l.source < SOURCES)
            vec_push(out, l);
    }
}

int main(void)
{
    struct error e = ERROR_INIT;
    finding_list mistakes = {0};
    line_list lines = {0};
    char *text;
    size_t len, bytes = 0, done = 0;
    if (!file_read(HEALTHY, 1 << 20, &text, &len, NULL, &e)) {
        fprintf(stderr, "%s\n", error_text(&e));
        return 1;
    }
    int64_t begin = clock_mono_ms();
    struct signatures *set = signatures_load(NULL, &mistakes);
    printf("%zu signatures loaded in %lld ms\n", signatures_count(set), (long long)(clock_mono_ms() - begin));
    read_lines(text, &lines);
    begin = clock_mono_ms();
    while (lines.len && clock_mono_ms() - begin < FOR_MS)
        for (size_t i = 0; i < lines.len; i++, done++) {
            bytes += lines.items[i].len;
            if (signatures_best(set, &lines.items[i]))
                fprintf(stderr, "not healthy: %s\n", lines.items[i].text);
        }
    double s = (double)(clock_mono_ms() - begin) / 1000;
    printf("%.0f lines/s of %.0f bytes\n", (double)done / s, (double)bytes / (double)(done ? done : 1));
    signatures_free(set);
    findings_free(&mistakes);
    vec_free(&lines);
    free(text);
    return 0;
}
