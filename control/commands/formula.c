/* crmx formula functions: the words of the formula language, out of the table that the parser uses. crmx formula eval:
 * one expression with values, for teaching and for comparison with other calculators. */
#include "base/date.h"
#include "base/os.h"
#include "control/command.h"
#include "control/listing.h"
#include "scoring/eval.h"
#include "scoring/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES_MAX = 256 << 20 };

/* --- functions --- */

static void add_row(struct listing *rows, const char *word, const char *alias, const char *where, const char *usage,
                    const char *help)
{
    listing_text(rows, word);
    listing_text(rows, alias);
    listing_text(rows, where);
    listing_text(rows, usage);
    listing_text(rows, help);
}

static int run_functions(struct command_call *call)
{
    static const char *const COLUMNS[] = {"word", "alias", "where", "usage", "meaning", NULL};
    static const char *const PLACES[] = {"", "score", "measure", "both"};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < AGGREGATES_COUNT; i++) {
        const struct aggregate_word *w = aggregate_word((enum aggregate)i);
        add_row(&rows, w->name, w->alias, "both", w->usage, w->help);
    }
    for (int i = 0; i < FUNCTION_COUNT; i++) {
        const struct function_word *w = function_word((enum function)i);
        add_row(&rows, w->name, w->alias, PLACES[w->places & 3], w->usage, w->help);
    }
    for (int i = 0; keyword_word(i); i++) {
        const struct keyword *w = keyword_word(i);
        add_row(&rows, w->name, w->alias, "word", w->name, w->help);
    }
    listing_print(&rows, &call->output);
    listing_release(&rows);
    return 0;
}

const struct command command_formula_functions = {
    .name = "formula functions",
    .summary = "the functions, aggregates and words of the formula language, English and Chinese",
    .description = "\"measure\": inside an aggregate, about one account; \"both\": there and in the score. \"score\": "
                   "in the score, results and "
                   "intermediate values. "
                   "\"word\": of the language itself, cannot be a name.",
    .needs = COMMAND_NEEDS_NOTHING,
    .rows = "",
    .run = run_functions,
};

/* --- eval --- */

static bool read_variables(struct command_call *call, struct eval_variable *variables, int *count, struct status *st)
{
    *count = command_count(call, "value");
    if (*count > EVAL_VARIABLES_MAX) return status_fail(st, STATUS_USAGE, "more than %d values", EVAL_VARIABLES_MAX);
    for (int i = 0; i < *count; i++)
        if (!eval_variable_parse(view_of(command_text_at(call, "value", i)), &variables[i], st)) return false;
    return true;
}

static bool eval_one(struct command_call *call, int32_t date, struct buf *out)
{
    struct eval_variable *variables = arena_array(&call->arena, struct eval_variable, EVAL_VARIABLES_MAX);
    int count;
    return read_variables(call, variables, &count, &call->status) &&
           formula_eval_text("EXPRESSION", view_of(command_text(call, "expression", "")), variables, count, date, out,
                             &call->status);
}

static bool eval_file(struct command_call *call, const char *path, int32_t date, struct buf *out)
{
    struct buf text;
    buf_init(&text, CASES_MAX);
    bool ok = os_read_file(path, &text, &call->status) &&
              formula_eval_file(path, text.bytes ? buf_view(&text) : VIEW_LITERAL(""), date, out, &call->status);
    buf_release(&text);
    return ok;
}

static void print_csv(struct listing_output *output, const struct buf *out)
{
    static const char *const NAMES[] = {"value", NULL};
    listing_print_names(output, NAMES, 1);
    for (const char *line = out->length ? out->bytes : ""; *line;) {
        char *value = strndup(line, strcspn(line, "\n"));
        ensure(value);
        listing_print_cells(output, NAMES, (const char *const[]){value}, 1);
        line += strlen(value);
        line += *line == '\n';
        free(value);
    }
}

/* One line a case; JSON: an array of texts, or the text of the one expression; CSV: a column. */
static void print(struct command_call *call, const struct buf *out, bool many)
{
    struct buf json;
    if (call->output.format == LISTING_CSV) {
        print_csv(&call->output, out);
        return;
    }
    if (!call->json) {
        printf("%s%s", out->length ? out->bytes : "", many ? "" : "\n");
        return;
    }
    buf_init(&json, (size_t)1 << 30);
    if (many) buf_add_text(&json, "[");
    for (const char *line = out->length ? out->bytes : ""; *line;) {
        size_t n = strcspn(line, "\n");
        if (line != out->bytes) buf_add_text(&json, ",\n");
        buf_add_json(&json, (struct view){line, n});
        line += n + (line[n] == '\n');
    }
    if (many) buf_add_text(&json, "]");
    printf("%s\n", json.bytes);
    buf_release(&json);
}

static int32_t today(void)
{
    char now[21];
    int32_t date;
    os_wall_clock(now);
    ensure(date_parse((struct view){now, 10}, &date));
    return date;
}

static int run_eval(struct command_call *call)
{
    const char *path = command_text(call, "file", NULL);
    int32_t date = command_given(call, "date") ? command_date(call, "date", DATE_NONE) : today();
    if ((path != NULL) == command_given(call, "expression")) {
        status_fail(&call->status, STATUS_USAGE, "crmx formula eval: an expression, or --file, is needed");
        status_hint(&call->status, "crmx formula eval 'a*系数(1.5) + b/c' a=100 b=7 c=0");
        return command_failed(call);
    }
    struct buf out;
    buf_init(&out, (size_t)1 << 30);
    bool ok = path ? eval_file(call, path, date, &out) : eval_one(call, date, &out);
    if (ok) print(call, &out, path != NULL);
    buf_release(&out);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_eval = {
    .name = "formula eval",
    .summary = "one expression of the formula language with values, or a file of them",
    .description =
        "Names are the values given: NAME=123.45 a number, NAME=2026-10-31 (or 20261031) a date, NAME=true, NAME='A' a "
        "code, NAME= a missing date. "
        "Lines of --file: the expression, then NAME=VALUE …, separated by tabs; one result a line.",
    .arguments =
        (const struct command_value[]){
            {.name = "expression", .type = COMMAND_TEXT, .doc = "as in a score: a*系数(1.5) + b/c"},
            {.name = "value", .placeholder = "NAME=VALUE", .type = COMMAND_TEXT, .repeated = true, .doc = "a value"},
            {0}},
    .options = (const struct command_value[]){{.name = "file",
                                               .letter = 'f',
                                               .type = COMMAND_TEXT,
                                               .placeholder = "FILE",
                                               .doc = "a case a line instead"},
                                              {.name = "date",
                                               .letter = 'd',
                                               .type = COMMAND_DATE,
                                               .doc = "business date, for age() and months_since() (default: today)"},
                                              {0}},
    .examples = "crmx formula eval 'a*系数(1.5) + b/c' a=100 b=7 c=0\ncrmx formula eval --file cases.tsv --json",
    .needs = COMMAND_NEEDS_NOTHING,
    .rows = "",
    .run = run_eval,
};
