/* crmx formula lint: what a banker would say about a formula that is right (scoring/lint.h), with what the unit's
 * population says: which term alone carries the passes. */
#include "control/show.h"
#include "control/show_formula.h"
#include "control/show_lint.h"

#include <stdio.h>
#include <string.h>

static void print_lines(const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        printf("    %.*s\n", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

static void print_text(struct command_call *call, const struct unit *unit, const struct show_formula *s,
                       const struct show_lint *x)
{
    const struct lint *l = &x->lint;
    for (int i = 0; i < l->count; i++) {
        const struct lint_finding *f = &l->findings[i];
        printf("%s:%u:%u: %s: %s [%s]\n", s->path, f->line, f->column, f->warning ? "warning" : "remark", f->message,
               lint_rule_name(f->rule));
        print_lines(f->excerpt);
        printf("    why: %s\n    write: %s\n\n", f->why, f->instead);
    }
    int remarks = l->count - x->warnings;
    if (s->origin != s->path) printf("%s: ", s->origin);
    printf("%d warning%s, %d remark%s; %s\n", x->warnings, x->warnings == 1 ? "" : "s", remarks,
           remarks == 1 ? "" : "s", show_lint_looked_at(call, unit, x));
}

static void print_rows(struct command_call *call, const struct lint *l)
{
    static const char *const COLUMNS[] = {"rule", "weight", "line",    "column", "message",
                                          "why",  "write",  "excerpt", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < l->count; i++) {
        const struct lint_finding *x = &l->findings[i];
        listing_text(&rows, lint_rule_name(x->rule));
        listing_text(&rows, x->warning ? "warning" : "remark");
        listing_integer(&rows, x->line);
        listing_integer(&rows, x->column);
        listing_text(&rows, x->message);
        listing_text(&rows, x->why);
        listing_text(&rows, x->instead);
        listing_text(&rows, x->excerpt);
    }
    listing_print(&rows, &call->output);
    listing_release(&rows);
}

static bool lint(struct command_call *call, struct unit **unit, struct show_formula *f, struct show_lint *x,
                 struct status *st)
{
    return show_formula_open(call, command_text(call, "formula", NULL), -1, unit, f, st) &&
           show_lint(call, *unit, f->f, f->type, f->path, x, st);
}

static int run(struct command_call *call)
{
    struct unit *unit = NULL;
    struct show_formula f = {0};
    struct show_lint *x = arena_new(&call->arena, struct show_lint);
    bool ok = lint(call, &unit, &f, x, &call->status);
    if (ok && call->json)
        print_rows(call, &x->lint);
    else if (ok)
        print_text(call, unit, &f, x);
    show_lint_release(x);
    show_formula_close(&f);
    if (!ok) return command_failed(call);
    return x->warnings ? 4 : 0;
}

const struct command command_formula_lint = {
    .name = "formula lint",
    .summary =
        "what a banker would say about a formula that is right: terms beside money, debts that raise the score …",
    .description = "Rules: term (months beside money), number (a bare number beside money), debt (arrears or a loan "
                   "raise the score), "
                   "sums (sums multiplied or divided where accounts are meant), band (nobody reaches it), unused, "
                   "threshold (who has no account passes), alone (a term that alone carries many passes: more than a "
                   "tenth, or than a hundredth when another rule warns of it).\n"
                   "The last one is counted over the unit's population, when it has one: the current generation, or "
                   "that of --date. "
                   "Exit code 4 when there is a warning, 0 when there are remarks at most.",
    .arguments = (const struct command_value[]){SHOW_FORMULA_ARGUMENT, {0}},
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_DATE, SHOW_TYPE, {0}},
    .examples = "crmx formula lint personal\ncrmx formula lint /tmp/idea.formula --unit 11 --json\n"
                "crmx formula lint active",
    .rows = "",
    .run = run,
};
