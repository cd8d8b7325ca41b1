/* formula: a formula file (docs/formula.md): measures, named coefficients, intermediate results, score, threshold.
 *
 * formula_parse → measure_bind (scoring/measure.h) → formula_bind → formula_evaluate on batches. A formula and its
 * binding are read-only and shared by all threads; an evaluator's scratch belongs to one thread.
 */
#ifndef CRMX_SCORING_FORMULA_H
#define CRMX_SCORING_FORMULA_H

#include "base/buf.h"
#include "base/status.h"
#include "base/view.h"
#include "scoring/measure.h"
#include "scoring/schema.h"

struct formula;
struct formula_program; /* bound to a schema: column slots resolved */
struct formula_scratch;

enum { FORMULA_TEXT_MAX = 64 * 1024 }; /* bytes of a formula file */
/* A text of one line and a caret below the character at column, as in messages about a formula. */
void formula_excerpt_of(const char *text, uint32_t column, char out[STATUS_EXCERPT_MAX]);
/* Parses a formula file. name is for messages. Errors: file name, line, column, what was expected, nearest name. */
bool formula_parse(const char *name, struct view text, struct formula **out, struct status *st);
/* A formula of one expression over customer fields. Its two results: the bits of the value, a double (a condition: 1 or
 * 0; a code: its place among those of the program), and 1 where the value is missing. line is that of the file in which
 * it stands, 1 otherwise. */
bool formula_parse_expression(const char *name, uint32_t line, struct view text, struct formula **out,
                              struct status *st);
/* Measures alone, for `crmx measure compute`: an aggregate such as sum(retail, cny(balance)), which becomes the measure
 * "computed" of that type (NULL: that of its expression), or statements as in a file (type does not count then). A
 * score is not needed. */
bool formula_parse_measures(const char *name, struct view text, const enum value_type *type, struct formula **out,
                            struct status *st);
void formula_free(struct formula *f);

int formula_measure_count(const struct formula *f);
const char *formula_measure_name(const struct formula *f, int measure); /* as first written, e.g. 活期人民币存款 */
const char *formula_measure_alias(const struct formula *f, int measure); /* ASCII name after `as`, or the name */
/* Written in an expression: its name is its text, its alias aggregate_1 … */
bool formula_measure_in_place(const struct formula *f, int measure);
/* Of an aggregate in place it comes with the schema: known as soon as the formula, or a measure of it, is bound. */
enum value_type formula_measure_type(const struct formula *f, int measure);
bool formula_measure_counts(const struct formula *f, int measure);            /* count(…): never below 0 */
int formula_measure_find(const struct formula *f, const char *name_or_alias); /* -1: none */
/* The definition in one canonical notation, e.g. "yuan money = sum(retail where kind = 'D', balance)": measures of
 * equal text have equal values over the same accounts and rates, whatever they are called. A trial takes such values
 * from the generation instead of reading all accounts again. */
void formula_measure_definition(const struct formula *f, int measure, struct buf *out);
/* Measure m of a and measure k of b are defined alike, whatever they are called. */
bool formula_same_measure(const struct formula *a, int m, const struct formula *b, int k);
int formula_result_count(const struct formula *f); /* result 0 is score */
const char *formula_result_name(const struct formula *f, int result);
int formula_result_find(const struct formula *f, const char *name); /* -1: none */
enum value_type formula_result_type(const struct formula *f, int result);
/* Fails at the first place where a measure reads a field of a layout; at the measure itself when it does without naming
 * it (the currency of cny). "FILE:LINE:COLUMN: measure NAME WHAT". Always false. */
bool formula_fail_at_field(const struct formula *f, const struct schema_table *table, const char *field,
                           struct status *st, const char *what);
/* Intermediate values and results in the order of the file, each with its expression in canonical notation: what a
 * comparison of two formulas is made of. */
int formula_definition_count(const struct formula *f);
const char *formula_definition_name(const struct formula *f, int definition);
void formula_definition_text(const struct formula *f, int definition, struct buf *out);
/* Threshold of the score in minor units. */
int64_t formula_threshold(const struct formula *f);
void formula_set_threshold(struct formula *f, int64_t threshold_minor);

/* Coefficients 系数, for trials: the named ones by name, literals as 系数#1, 系数#2 … in the order of the file. A
 * changed value counts for programs bound afterwards. */
int formula_coefficient_count(const struct formula *f);
const char *formula_coefficient_name(const struct formula *f, int coefficient);
double formula_coefficient(const struct formula *f, int coefficient);
void formula_set_coefficient(struct formula *f, int coefficient, double value);

/* Inputs of a batch: one int64 column per measure (units as measure_values gives them), one per customer field of the
 * schema (or NULL when formula_uses_customer_field says it is not needed). ignored: customers nobody asks about, such
 * as those of the other type; a result of theirs that is out of range is 0 and no failure. NULL: nobody. unnamed: the
 * values are nobody's (scoring/eval), and messages name no customer. */
struct formula_inputs {
    uint32_t count;
    const int64_t *const *measures;
    const int64_t *const *customer_fields;
    const bool *ignored;
    bool unnamed;
};

bool formula_bind(const struct formula *f, const struct schema *schema, struct formula_program **out,
                  struct status *st);
void formula_program_free(struct formula_program *p);
bool formula_uses_customer_field(const struct formula_program *p, int field);
/* Columns of other measures may be NULL in formula_inputs. */
bool formula_uses_measure(const struct formula_program *p, int measure);
/* The type of an intermediate value or result (formula_definition_name); of a let without a type that of its
 * expression. */
enum value_type formula_definition_type(const struct formula_program *p, int definition);
/* The text of a result of type code, such as 'A'; NULL when value is none of its indexes. Lives as long as the program.
 */
const char *formula_result_code(const struct formula_program *p, int result, int64_t value);

enum { FORMULA_BATCH_MAX = 4096 };
struct formula_scratch *formula_scratch_new(const struct formula_program *p);
/* With slices of so many customers instead of the default: tests run everything with 2 (results are the same bits). */
struct formula_scratch *formula_scratch_new_sized(const struct formula_program *p, uint32_t slice_rows);
void formula_scratch_free(struct formula_scratch *s);
/* results[r][i] for each result r: money in minor units, number as integer after the formula's rounding, code as index.
 * IEEE double in the written order. A customer for whom a step passes the largest double, or a result 2^62, gives a
 * failure that names the place, what stands there, and i; of several the first, with the first step that the oracle
 * comes to: what stands in a branch that is not taken counts for nothing. */
bool formula_evaluate(const struct formula_program *p, const struct formula_inputs *in, struct formula_scratch *scratch,
                      int64_t *const *results, struct status *st);
/* The same for measures that stand packed: where in->measures[m] is NULL, the source has the values of customers
 * [first, first + count) as doubles, each the nearest one to the integer. Packed values are unpacked into the
 * first-level cache at once, instead of being written out and read again (measured: half of a trial's time). */
enum { FORMULA_MANY = -1, FORMULA_FEW_ROOM = FORMULA_BATCH_MAX + 64 };
struct formula_packed {
    void *context;
    void (*load)(void *context, int measure, uint32_t first, uint32_t count, double *out);
    /* The customers whose value is not 0, when they are few: their places from first on, in order, and the values.
     * Returns how many, or FORMULA_MANY, when load is to be called. Room: FORMULA_FEW_ROOM places,
     * `count` values. */
    int (*few)(void *context, int measure, uint32_t first, uint32_t count, uint16_t *places, double *values);
};
bool formula_evaluate_packed(const struct formula_program *p, const struct formula_inputs *in,
                             const struct formula_packed *source, struct formula_scratch *scratch,
                             int64_t *const *results, struct status *st);
/* The oracle: one customer, straight over the syntax tree. Agrees with formula_evaluate bit for bit. */
bool formula_evaluate_scalar(const struct formula_program *p, const struct formula_inputs *in, uint32_t row,
                             int64_t *results, struct status *st);

#endif
