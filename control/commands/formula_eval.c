/* crmx formula eval: one expression with values, or a file of them, for teaching and for comparison with other
 * calculators. */
#include "base/date.h"
#include "base/os.h"
#include "control/command.h"
#include "control/listing.h"
#include "scoring/eval.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CASES_MAX = 256 << 20 };

/* --- output --- */

/* A number as JSON has it, a condition as true or false, what is missing as null, the rest as text. Numbers are doubles
 * with as many digits as give them back: a reader of doubles loses none. */
static void add_json(struct buf *out, enum eval_kind kind, const char *text)
{
    if (kind == EVAL_NUMBER || kind == EVAL_BOOLEAN)
        buf_add_text(out, text);
    else if (kind == EVAL_MISSING)
        buf_add_text(out, "null");
    else
        buf_add_json(out, view_of(text));
}

static void add_json_failure(struct buf *out, const struct eval_line *l)
{
    buf_addf(out, "{\"line\": %" PRIu32 ", \"column\": ", l->line);
    if (l->column)
        buf_addf(out, "%" PRIu32, l->column);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ", \"error\": ");
    buf_add_json(out, view_of(l->reason));
    buf_add_text(out, ", \"hint\": ");
    buf_add_json(out, view_of(l->hint));
    buf_add_text(out, "}");
}

static const char *place_text(const struct eval_line *l, char text[32])
{
    if (l->column)
        snprintf(text, 32, "%" PRIu32 ":%" PRIu32, l->line, l->column);
    else
        snprintf(text, 32, "%" PRIu32, l->line);
    return text;
}

static const char *const COLUMNS[] = {"value", "line", "column", "error", NULL};
enum { VALUE_ONLY = 1, WITH_FAILURES = 4 };

static void print_csv_line(struct listing_output *output, const struct eval_line *l)
{
    char line[16], column[16] = "";
    snprintf(line, sizeof line, "%" PRIu32, l->line);
    if (l->column) snprintf(column, sizeof column, "%" PRIu32, l->column);
    const char *cells[] = {l->ok ? l->text : "", line, column, l->ok ? "" : l->reason};
    listing_print_cells(output, COLUMNS, cells, WITH_FAILURES);
}

struct answers {
    struct command_call *call;
    const char *path;
    struct buf json;
    bool any;
};

/* One line a case, in the order of the file, so that they stand beside the cases. */
static void print_line(void *context, const struct eval_line *l)
{
    struct answers *a = context;
    char place[32];
    if (a->call->output.format == LISTING_CSV) {
        print_csv_line(&a->call->output, l);
    } else if (a->call->json) {
        buf_add_text(&a->json, a->any ? ",\n" : "");
        if (l->ok)
            add_json(&a->json, l->kind, l->text);
        else
            add_json_failure(&a->json, l);
    } else if (l->ok) {
        printf("%s\n", l->text);
    } else {
        printf("ERROR: %s:%s: %s%s%s\n", a->path, place_text(l, place), l->reason, *l->hint ? " — " : "", l->hint);
    }
    a->any = true;
}

/* --- cases --- */

static bool eval_file(struct command_call *call, const char *path, int32_t date)
{
    struct answers a = {.call = call, .path = path};
    struct buf text;
    buf_init(&text, CASES_MAX);
    buf_init(&a.json, (size_t)1 << 30);
    bool ok = os_read_file(path, &text, &call->status);
    if (ok) {
        if (call->output.format == LISTING_CSV) listing_print_names(&call->output, COLUMNS, WITH_FAILURES);
        struct eval_counts counts =
            formula_eval_file(path, text.bytes ? buf_view(&text) : VIEW_LITERAL(""), date, print_line, &a);
        if (call->json && call->output.format != LISTING_CSV) printf("[%s]\n", a.json.length ? a.json.bytes : "");
        if (counts.failed) {
            ok = status_fail(&call->status, STATUS_USAGE, "%" PRIu64 " of %" PRIu64 " cases of %s have no value",
                             counts.failed, counts.cases, path);
            status_hint(&call->status, "the reasons stand in their places; the other values are right");
        }
    }
    buf_release(&a.json);
    buf_release(&text);
    return ok;
}

static bool read_variables(struct command_call *call, struct eval_variable *variables, int *count, struct status *st)
{
    *count = command_count(call, "value");
    if (*count > EVAL_VARIABLES_MAX) return status_fail(st, STATUS_USAGE, "more than %d values", EVAL_VARIABLES_MAX);
    for (int i = 0; i < *count; i++)
        if (!eval_variable_parse(view_of(command_text_at(call, "value", i)), &variables[i], st)) return false;
    return true;
}

static void print_value(struct command_call *call, enum eval_kind kind, const char *text)
{
    struct buf json;
    if (call->output.format == LISTING_CSV) {
        listing_print_names(&call->output, COLUMNS, VALUE_ONLY);
        listing_print_cells(&call->output, COLUMNS, (const char *const[]){text}, VALUE_ONLY);
        return;
    }
    buf_init(&json, (size_t)1 << 20);
    if (call->json) add_json(&json, kind, text);
    printf("%s\n", call->json ? json.bytes : text);
    buf_release(&json);
}

static bool eval_one(struct command_call *call, int32_t date)
{
    struct eval_variable *variables = arena_array(&call->arena, struct eval_variable, EVAL_VARIABLES_MAX);
    struct buf out;
    enum eval_kind kind;
    int count;
    buf_init(&out, (size_t)1 << 20);
    bool ok = read_variables(call, variables, &count, &call->status) &&
              formula_eval_text("EXPRESSION", view_of(command_text(call, "expression", "")), variables, count, date,
                                &out, &kind, &call->status);
    if (ok) print_value(call, kind, out.length ? out.bytes : "");
    buf_release(&out);
    return ok;
}

static int run_eval(struct command_call *call)
{
    const char *path = command_text(call, "file", NULL);
    int32_t date = command_date(call, "date", DATE_NONE);
    if ((path != NULL) == command_given(call, "expression")) {
        status_fail(&call->status, STATUS_USAGE, "crmx formula eval: an expression, or --file, is needed");
        status_hint(&call->status, "crmx formula eval 'a*系数(1.5) + b/c' a=100 b=7 c=0");
        return command_failed(call);
    }
    return (path ? eval_file(call, path, date) : eval_one(call, date)) ? 0 : command_failed(call);
}

const struct command command_formula_eval = {
    .name = "formula eval",
    .summary = "one expression of the formula language with values, or a file of them",
    .description = "Names are the values given: NAME=123.45 a number, NAME=2026-10-31 a date, NAME=true, NAME=M or "
                   "NAME=\"'A-1'\" a code, NAME= a missing date; anything else is refused. "
                   "Lines of --file: the expression, then NAME=VALUE …, separated by tabs; one result a line. A line "
                   "that has none says why, the others go on, and the exit code is not 0. An expression that begins "
                   "with - stands behind --.",
    .arguments =
        (const struct command_value[]){
            {.name = "expression", .type = COMMAND_TEXT, .doc = "as in a score: a*系数(1.5) + b/c"},
            {.name = "value", .placeholder = "NAME=VALUE", .type = COMMAND_TEXT, .repeated = true, .doc = "a value"},
            {0}},
    .options =
        (const struct command_value[]){
            {.name = "file",
             .letter = 'f',
             .type = COMMAND_TEXT,
             .placeholder = "FILE",
             .doc = "a case a line instead"},
            {.name = "date", .letter = 'd', .type = COMMAND_DATE, .doc = "business date, for age() and months_since()"},
            {0}},
    .examples = "crmx formula eval 'a*系数(1.5) + b/c' a=100 b=7 c=0\n"
                "crmx formula eval -- '-a/2' a=7\n"
                "crmx formula eval --file cases.tsv --json",
    .needs = COMMAND_NEEDS_NOTHING,
    .rows = "",
    .run = run_eval,
};
