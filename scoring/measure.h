/* measure: account-level aggregates 指标 over the accounts of many customers at once.
 *
 * A measure is sum|count|min|max|avg(TABLES where PREDICATE, EXPRESSION) from a formula file. measure_bind() compiles
 * all measures of a formula against the account tables the engine has, by partial evaluation: a predicate over code and
 * currency fields only is decided once per *class* (one combination of code values), so that the inner loop runs, for
 * each account, just the steps that apply to its class. What remains (predicates over amounts, dates) is evaluated per
 * row.
 *
 * One scan: all measures of a table are added up by one measure_add() over its rows, however many there are. A row is
 * handed in once, its class found once, a field widened once per chunk of rows; the caller may throw the rows away.
 *
 * Exactness: sums are integers; cny() multiplies by the rate in 128 bits and the sum is divided and rounded once per
 * customer and measure, half away from zero. The same rows in any split of blocks give the same values.
 *
 * Call sequence per block of customers: measure_block_reset (measure_block_customers when measures use fields of the
 * customer), measure_add for each table that has rows, measure_finish.
 * One block may be used by one thread at a time; a measure_set is read-only after measure_bind and shared by all
 * threads.
 */
#ifndef CRMX_SCORING_MEASURE_H
#define CRMX_SCORING_MEASURE_H

#include "base/arena.h"
#include "base/status.h"
#include "scoring/schema.h"

#include <stdint.h>

struct formula;
struct measure_set;
struct measure_block;

/* Where the values of one field stand: little-endian integers of width 1, 2, 4 or 8 bytes at base + row * stride.
 * Amounts, digits and dates are signed 8 or 4 byte integers or narrower *unsigned* ones as `is_signed` says; codes and
 * currencies unsigned. */
struct measure_column {
    const unsigned char *base;
    uint32_t stride;
    uint8_t width;
    bool is_signed;
};

/* Rows of one table, ordered by owner. owner[i] (uint32 at owner.base + i*stride) is the customer's place in the block,
 * from 0. */
struct measure_rows {
    uint32_t count;
    struct measure_column owner;
    const struct measure_column *columns; /* one per schema_table field, in its order; base NULL if not available */
};

/* A rate for each currency of the schema: CNY = amount * rate / (1e6 * per_unit), or 0 where there is none (then a row
 * that needs it is a bug: import has rejected it). */
struct measure_rates {
    const int64_t *rate;     /* 6 implied decimals */
    const int32_t *per_unit; /* 1 or 100; any power of ten up to 10^6 */
};

/* The types of aggregates written inside expressions, which only the schema can tell. measure_bind and formula_bind do
 * it first thing; whoever compares measures of a formula that is not bound does it himself. It writes into f, the same
 * for the same schema: before threads share it. */
bool measure_infer(const struct formula *f, const struct schema *schema, struct status *st);
/* Compiles every measure of the formula. Fails with the formula's line and column when a field, code or type does not
 * fit. */
bool measure_bind(const struct formula *f, const struct schema *schema, const struct measure_rates *rates,
                  struct measure_set **out, struct status *st);
/* The same for those measures only for which wanted[measure] holds; the others are 0 for everybody and read nothing. */
bool measure_bind_some(const struct formula *f, const struct schema *schema, const struct measure_rates *rates,
                       const bool *wanted, struct measure_set **out, struct status *st);
void measure_set_free(struct measure_set *s);
int measure_count(const struct measure_set *s);
/* Does any measure read this table / this field of it? The engine carries only such columns. */
bool measure_uses_table(const struct measure_set *s, int table);
bool measure_uses_field(const struct measure_set *s, int table, int field);
/* Does any measure read this customer field of the schema (customer.birth)? */
bool measure_uses_customer_field(const struct measure_set *s, int field);

enum { MEASURE_BLOCK_CUSTOMERS = 4096 };
struct measure_block *measure_block_new(const struct measure_set *s);
void measure_block_free(struct measure_block *b);
void measure_block_reset(const struct measure_set *s, struct measure_block *b, uint32_t customers);
/* After the reset, when measures use customer fields: fields[field of the schema][customer], of those that they use;
 * the others may be NULL. Read until the last measure_add. */
void measure_block_customers(struct measure_block *b, const int64_t *const *fields);
/* After the reset: customers nobody asks about (ignored[customer], one per customer of the block, read until
 * measure_finish), such as those of the other type. An overflow of theirs is none; their values are unspecified. */
void measure_block_ignore(struct measure_block *b, const bool *ignored);
void measure_add(const struct measure_set *s, struct measure_block *b, int table, const struct measure_rows *rows);
/* After it, measure_values(b, m)[customer] holds the value: money in minor units of the base currency; numbers, months
 * and counts as integers; a date as a day number, DATE_NONE for a customer without one; avg as its sum and count are
 * combined: rounded half away from zero. False with a status on 64-bit overflow (names the measure and the customer's
 * place in the block). */
bool measure_finish(const struct measure_set *s, struct measure_block *b, struct status *st);
const int64_t *measure_values(const struct measure_block *b, int measure);

#endif
