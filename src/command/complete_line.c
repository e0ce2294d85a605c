/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `complete-line LINE`: what the completion scripts of bash, zsh and fish call. The line begins with the
 * program's name and may have the program's own options before the command; hosts are asked only where
 * domains are completed, briefly, and never for a password.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/cli.h"
#include "command/query.h"
#include "command/shell_private.h"

/* No longer than a person takes for a stuck shell. */
#define OPEN_MS 3000

struct typed {
    VEC(char *) words;     /* whole ones, the program's name first */
    VEC(size_t) positions; /* where each begins */
    char *last;            /* the one being typed; "" */
    char quote;
};

static void read_line(struct typed *t, const char *line)
{
    struct word_scan scan;
    size_t end = strlen(line);
    word_scan_begin(&scan, line, end);
    while (word_scan_next(&scan)) {
        if (scan.at >= end) {
            t->last = xstrdup(strbuf_str(&scan.text));
            t->quote = scan.open == '\'' || scan.open == '"' ? scan.open : '\0';
            break;
        }
        vec_push(&t->words, xstrdup(strbuf_str(&scan.text)));
        vec_push(&t->positions, scan.position);
    }
    word_scan_end(&scan);
    if (!t->last)
        t->last = xstrdup("");
}

static void typed_free(struct typed *t)
{
    for (size_t i = 0; i < t->words.len; i++)
        free(t->words.items[i]);
    vec_free(&t->words);
    vec_free(&t->positions);
    free(t->last);
}

/* ---- the program's own options ---- */

/* The option that this whole word is and that still wants its value; NULL for none. */
static const struct cli_option *wants_value(const char *word)
{
    for (int i = 0; i < CLI_COUNT; i++) {
        const struct cli_option *o = &cli_options[i];
        if (!o->value)
            continue;
        if (word[0] == '-' && word[1] == '-' && strcmp(word + 2, o->name) == 0)
            return o;
        if (word[0] == '-' && o->letter && word[1] == o->letter && !word[2])
            return o;
    }
    return NULL;
}

static void offer_cli_options(struct completion *c)
{
    for (int i = 0; i < CLI_COUNT; i++) {
        if (!cli_options[i].help)
            continue;
        char *word = xasprintf("--%s", cli_options[i].name);
        complete_offer(c, word, cli_options[i].help);
        free(word);
    }
}

/* NAME=VALUE of -o. */
static void offer_setting(struct completion *c)
{
    const char *equals = strchr(c->prefix, '=');
    if (!equals) {
        for (size_t i = 0; i < OPT_COUNT; i++) {
            char *word = xasprintf("%s=", option_rows[i].name);
            complete_offer(c, word, option_rows[i].help);
            free(word);
        }
        return;
    }
    char *name = xstrndup(c->prefix, (size_t)(equals - c->prefix));
    char *before = xasprintf("%s%s=", c->before, name);
    c->before = before;
    c->prefix = equals + 1;
    c->option = name;
    complete_kind(c, ARG_OPTION_VALUE, NULL, ' ');
    c->before = "";
    free(before);
    free(name);
}

static void offer_uris(struct completion *c)
{
    static const char *const uris[] = {"qemu:///system", "qemu:///session", "qemu+ssh://", "test:///default"};
    for (size_t i = 0; i < ARRAY_LEN(uris); i++)
        complete_offer(c, uris[i], NULL);
}

static void offer_cli_value(struct completion *c, const struct cli_option *o)
{
    if (o->id == CLI_CONNECT)
        offer_uris(c);
    else if (o->id == CLI_OPTION)
        offer_setting(c);
    else
        complete_kind(c, o->kind, NULL, ' ');
}

/* --theme=NA */
static bool offer_attached_value(struct completion *c)
{
    const char *equals = strchr(c->prefix, '=');
    if (strncmp(c->prefix, "--", 2) != 0 || !equals)
        return false;
    char *word = xstrndup(c->prefix, (size_t)(equals - c->prefix));
    const struct cli_option *o = wants_value(word);
    char *before = xasprintf("%s=", word);
    c->before = before;
    c->prefix = equals + 1;
    if (o)
        offer_cli_value(c, o);
    c->before = "";
    free(before);
    free(word);
    return true;
}

/* ---- the command ---- */

static bool is_ssh(const struct shell_request *r)
{
    for (size_t i = 0; i < r->n_uris; i++)
        if (r->uris[i] && strstr(r->uris[i], "ssh"))
            return true;
    return false;
}

static void open_hosts(struct session *session, const struct cli *cli)
{
    struct shell *s = session->frontend->ctx;
    const struct shell_request *outer = s->request;
    struct shell_request r = *outer;
    if (cli->uris.len) {
        r.uris = cli->uris.items;
        r.n_uris = cli->uris.len;
    }
    r.demo = cli->on[CLI_DEMO];
    r.read_only = true;
    /* ssh would ask its own questions on the terminal. */
    if (is_ssh(&r))
        return;
    s->request = &r;
    s->silent = true;
    int64_t until = clock_mono_ms() + OPEN_MS;
    if (shell_open(s, until, NULL))
        shell_settle(s, false, until, NULL);
    s->request = outer;
}

static void complete_command(struct session *session, const struct cli *cli, const char *rest,
                             candidate_list *out)
{
    size_t cursor = strlen(rest), start;
    if (completion_needs_host(false, rest, cursor))
        open_hosts(session, cli);
    command_complete(session, rest, cursor, &start, out);
}

static void complete_typed(struct session *session, struct typed *t, const char *line, candidate_list *out)
{
    struct cli cli;
    struct completion c = {.session = session,
                           .out = out,
                           .prefix = t->last,
                           .quote = t->quote,
                           .before = "",
                           .given = (const char *const *)t->words.items,
                           .n_given = t->words.len};
    int argc = (int)t->words.len;
    const struct cli_option *o = argc > 1 ? wants_value(t->words.items[argc - 1]) : NULL;
    /* getopt wants a NULL behind the last word. */
    vec_push(&t->words, NULL);
    bool good = cli_parse(argc, t->words.items, &cli, NULL);
    t->words.len--;
    if (!good && o)
        offer_cli_value(&c, o);
    else if (good && cli.command < argc)
        complete_command(session, &cli, line + t->positions.items[cli.command], out);
    else if (good && t->last[0] == '-' && !offer_attached_value(&c))
        offer_cli_options(&c);
    else if (good && t->last[0] != '-')
        complete_command(session, &cli, line + strlen(line) - strlen(t->last), out);
    cli_free(&cli);
}

static void print_candidates(struct call *call, const candidate_list *l)
{
    const struct frontend *f = call->session->frontend;
    struct strbuf out = {0};
    for (size_t i = 0; i < l->len; i++) {
        word_list words = {0};
        bool plain = call_option(call, "plain") && words_split(l->items[i].text, &words, NULL) && words.len;
        char *text = text_escaped(plain ? words.items[0].text : l->items[i].text);
        char *note = text_escaped(l->items[i].note);
        strbuf_printf(&out, "%s%s%s\n", text, note[0] ? "\t" : "", note);
        free(text);
        free(note);
        words_free(&words);
    }
    if (out.len)
        f->print(f->ctx, strbuf_str(&out));
    strbuf_free(&out);
}

bool complete_line_run(struct call *call, struct error *e)
{
    struct typed t = {0};
    candidate_list found = {0};
    struct shell *s = call->session->frontend->ctx;
    (void)e;
    read_line(&t, call->words.items[0]);
    if (t.words.len)
        complete_typed(call->session, &t, call->words.items[0], &found);
    /* Lines with a tab between candidate and note: made and escaped above. */
    s->out_raw = true;
    print_candidates(call, &found);
    candidates_free(&found);
    typed_free(&t);
    return true;
}
