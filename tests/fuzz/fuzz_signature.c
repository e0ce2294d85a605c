/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Strangers' lines against the signatures, a user's file of signatures, and expressions that somebody types:
 * first line of the input an expression, all of it a file and, line by line, a log. Whatever is found lies in
 * the text; whatever goes into a command stands in it as one word; what is refused has a reason.
 */
#include "base/text.h"
#include "base/utf8.h"
#include "diagnose/explain.h"
#include "logs/merge.h"
#include "logs/stamp.h"
#include "tests/fuzz/fuzz.h"

#define LINES 200

static struct signatures *built_in;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    finding_list found = {0};
    setlocale(LC_ALL, "C.UTF-8");
    built_in = signatures_load(NULL, &found);
    FUZZ_CHECK(found.len == 0);
    return 0;
}

/* The regular expression on the rest of the input. */
static void try_pattern(const uint8_t *data, size_t size)
{
    struct pattern_span spans[PATTERN_GROUPS + 1];
    struct error e = ERROR_INIT;
    const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
    size_t n = newline ? (size_t)(newline - data) : size;
    char *regex = fuzz_string(data, n);
    struct pattern *p = pattern_new(regex, n % 2, &e);
    FUZZ_CHECK((p != NULL) == (e.status == STATUS_OK) && (p || error_text(&e)[0]));
    if (p && pattern_find(p, (const char *)data, size, PATTERN_NONE, spans)) {
        for (size_t i = 0; i <= pattern_groups(p); i++)
            FUZZ_CHECK(spans[i].begin == PATTERN_NONE ||
                       (spans[i].begin <= spans[i].end && spans[i].end <= size));
        FUZZ_CHECK(pattern_find(p, (const char *)data, size, spans[0].begin + 1, NULL));
        FUZZ_CHECK(spans[0].begin == 0 || !pattern_find(p, (const char *)data, size, spans[0].begin, NULL));
    }
    pattern_free(p);
    free(regex);
    error_clear(&e);
}

/* Outside of quotes nothing but what the templates bring, and no option that they do not. */
static void check_command(const char *command)
{
    bool quoted = false;
    FUZZ_CHECK(utf8_check(command, strlen(command)) == strlen(command));
    for (const char *p = command; *p; p++) {
        FUZZ_CHECK((unsigned char)*p >= ' ');
        if (*p == '\\' && !quoted)
            p++;
        else if (*p == '\'')
            quoted = !quoted;
        FUZZ_CHECK(quoted || *p != '`');
    }
    FUZZ_CHECK(!quoted);
}

static void try_line(const struct signatures *set, const struct evidence_line *line)
{
    static const struct evidence_context here = {.vm = "it's web", .uri = "qemu:///system"},
                                         far = {.vm = "web", .host = "far"};
    for (int i = 0; i < 2; i++) {
        diagnosis_list found = {0};
        signatures_match(set, line, i ? &far : &here, &found);
        const struct signature *best = signatures_best(set, line);
        FUZZ_CHECK((found.len == 0) == (best == NULL));
        FUZZ_CHECK(!best || best == found.items[0].signature);
        for (size_t k = 0; k < found.len; k++) {
            FUZZ_CHECK(found.items[k].at <= line->len && found.items[k].cause && found.items[k].remedy);
            if (found.items[k].command && !found.items[k].signature->users)
                check_command(found.items[k].command);
        }
        diagnoses_free(&found);
    }
}

static void try_lines(const struct signatures *set, char *text, size_t size)
{
    struct explain_line lines[LINES];
    struct merge *merge = merge_new(20, 1000);
    size_t n = 0;
    for (char *p = text, *end = text + size; p < end && n < LINES;) {
        char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t len = newline ? (size_t)(newline - p) : (size_t)(end - p), behind = 0;
        enum line_source source = (enum line_source)((n + (len ? (unsigned char)*p : 0)) % SOURCES);
        int64_t ms = stamp_read(p, len, &behind);
        FUZZ_CHECK(behind <= len);
        struct evidence_line line = {.source = source, .text = p, .len = len, .code = (int)(len % 100)};
        try_line(set, &line);
        lines[n++] = (struct explain_line){.wall_ms = ms, .source = source, .text = p, .len = len};
        merge_add(merge, source, ms, 0, p, len, NULL, SEV_INFO);
        p += len + 1;
    }
    struct explain_input in = {
        .signatures = set, .context = {.vm = "web"}, .failure = FAILURE_CRASH, .lines = lines, .n_lines = n};
    explained_list found = {0};
    explain(&in, &found);
    for (size_t i = 0; i < found.len; i++)
        FUZZ_CHECK(found.items[i].line < n && (i == 0 || found.items[i - 1].rank <= found.items[i].rank));
    explained_free(&found);
    struct merge_place place = merge_begin();
    struct merge_line line;
    size_t walked = 0;
    for (; merge_step(merge, &place, true, NULL, 0, &line) == MERGE_LINE; walked++)
        ;
    FUZZ_CHECK(walked == merge_before(merge, &place, 0));
    merge_free(merge);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    finding_list found = {0};
    char *text = fuzz_string(data, size);
    try_pattern(data, size);
    try_lines(built_in, text, size);
    struct signatures *users = signatures_parse("f", text, size, &found);
    for (size_t i = 0; i < found.len; i++)
        FUZZ_CHECK(found.items[i].text[0] == 'f');
    if (signatures_count(users)) {
        for (size_t i = 0; i < signatures_count(users); i++) {
            const struct signature *s = signatures_at(users, i);
            const char *example = s->example ? s->example : s->cause;
            struct evidence_line line = {.source = SOURCE_QEMU, .text = example, .len = strlen(example)};
            try_line(users, &line);
        }
        try_lines(users, text, size);
    }
    signatures_free(users);
    findings_free(&found);
    free(text);
    return 0;
}
