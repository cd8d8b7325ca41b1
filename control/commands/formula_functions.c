/* crmx formula functions: the words of the formula language, out of the table that the parser uses. */
#include "control/command.h"
#include "control/listing.h"
#include "etl/query_field.h"
#include "scoring/words.h"

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
    for (int i = 0; query_field_name(i); i++) {
        const struct query_field_name *w = query_field_name(i);
        add_row(&rows, w->name, w->alias, "query", w->name, w->about);
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
                   "\"word\": of the language itself, cannot be a name. \"query\": a name in crmx customer find and "
                   "crmx segment only, of what the night made of a customer.",
    .needs = COMMAND_NEEDS_NOTHING,
    .rows = "",
    .run = run_functions,
};
