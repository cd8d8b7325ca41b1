/* The formula language: any bytes are either refused with a message or parsed, bound and evaluated, and then the vector
 * program agrees with the oracle on every customer; what is bound is also looked at by lint, and its score taken apart
 * into terms that give the same score. */
#include "base/date.h"
#include "scoring/lint.h"
#include "tests/scoring/fixture_schema.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { ROWS = 5, MEASURES_MAX = 128, RESULTS_MAX = 32 };

static const int64_t COLUMN[ROWS] = {0, 100, -12345, 1000000000, (int64_t)1 << 55};
static const int64_t FIELDS[FIXTURE_CUSTOMER_FIELDS][ROWS] = {{3652, DATE_NONE, 12000, -5000, 20757},
                                                              {0, 1, 2, 0, 1},
                                                              {DATE_NONE, DATE_NONE, 20000, 18000, 1},
                                                              {0, 500000, -3, 1, 99},
                                                              {0, 1, 25, 3, 4},
                                                              {0, 1, 1, 0, 0},
                                                              {0, 1, 2, 3, 4},
                                                              {0, -1, 100, 0, 5}};

static void evaluate(const struct formula *f, const struct formula_program *p)
{
    const int64_t *measures[MEASURES_MAX], *fields[FIXTURE_CUSTOMER_FIELDS];
    static int64_t found[RESULTS_MAX][ROWS];
    int64_t scalar[RESULTS_MAX], *results[RESULTS_MAX];
    struct status a = {0}, b = {0};
    bool all = true;
    for (int i = 0; i < formula_measure_count(f); i++) measures[i] = COLUMN;
    for (int i = 0; i < FIXTURE_CUSTOMER_FIELDS; i++) fields[i] = FIELDS[i];
    for (int i = 0; i < RESULTS_MAX; i++) results[i] = found[i];
    struct formula_inputs in = {.count = ROWS, .measures = measures, .customer_fields = fields};
    struct formula_scratch *scratch = formula_scratch_new_sized(p, 2);
    bool ok = formula_evaluate(p, &in, scratch, results, &a);
    for (uint32_t i = 0; i < ROWS; i++) {
        bool row = formula_evaluate_scalar(p, &in, i, scalar, &b);
        all &= row;
        for (int r = 0; ok && row && r < formula_result_count(f); r++) ensure(found[r][i] == scalar[r]);
    }
    ensure(all == ok);
    formula_scratch_free(scratch);
}

/* Accounts whose every byte is 0, 1 or 2: any of them is a code of every field. Twelve of each customer. */
static void measure(const struct measure_set *s)
{
    static unsigned char bytes[64 * 16];
    static uint32_t owners[12 * ROWS];
    const int64_t *fields[FIXTURE_CUSTOMER_FIELDS];
    struct status st = {0};
    struct measure_block *b = measure_block_new(s);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 7 % 3);
    for (uint32_t i = 0; i < 12 * ROWS; i++) owners[i] = i / 12;
    for (int i = 0; i < FIXTURE_CUSTOMER_FIELDS; i++) fields[i] = measure_uses_customer_field(s, i) ? FIELDS[i] : NULL;
    measure_block_reset(s, b, ROWS);
    measure_block_customers(b, fields);
    for (int t = 0; t < FIXTURE_TABLES; t++) {
        struct measure_column columns[FIXTURE_RETAIL_FIELDS], owner = {(const unsigned char *)owners, 4, 4, false};
        for (int i = 0; i < FIXTURE_TABLE[t].fields_count; i++)
            columns[i] = (struct measure_column){bytes + 8 + i, 16, 1, false};
        struct measure_rows rows = {12 * ROWS, owner, columns};
        measure_add(s, b, t, &rows);
    }
    measure_finish(s, b, &st);
    measure_block_free(b);
}

/* Lint over values: the terms of the score, counted. */
static void take_apart(const struct formula *f, const struct formula_program *p)
{
    static int64_t columns[FORMULA_PARTS_MAX][ROWS], found[RESULTS_MAX][ROWS];
    static struct lint l;
    static struct lint_counts counts;
    const int64_t *measures[MEASURES_MAX], *fields[FIXTURE_CUSTOMER_FIELDS];
    int64_t *results[RESULTS_MAX], *terms[FORMULA_PARTS_MAX];
    struct formula_parts *t;
    struct status st = {0};
    for (int i = 0; i < formula_measure_count(f); i++) measures[i] = COLUMN;
    for (int i = 0; i < FIXTURE_CUSTOMER_FIELDS; i++) fields[i] = FIELDS[i];
    for (int i = 0; i < RESULTS_MAX; i++) results[i] = found[i];
    for (int i = 0; i < FORMULA_PARTS_MAX; i++) terms[i] = columns[i];
    counts = (struct lint_counts){0};
    lint_init(&l);
    lint_formula(&l, f, p);
    if (formula_parts_new(f, &FIXTURE_SCHEMA, FORMULA_PARTS_TERMS, &t, &st)) {
        struct formula_inputs in = {.count = ROWS, .measures = measures, .customer_fields = fields};
        struct formula_parts_scratch *scratch = formula_parts_scratch_new(t);
        struct formula_scratch *whole = formula_scratch_new(p);
        ensure(t->count > 0);
        if (formula_parts_evaluate(t, &in, scratch, terms, &st) && formula_evaluate(p, &in, whole, results, &st)) {
            struct lint_batch batch = {.terms = t->count,
                                       .values = (const int64_t *const *)terms,
                                       .scores = found[0],
                                       .count = ROWS,
                                       .threshold = formula_threshold(f)};
            lint_counts_add(&counts, &batch);
            lint_alone(&l, f, t, &counts);
        }
        formula_scratch_free(whole);
        formula_parts_scratch_free(scratch);
        formula_parts_free(t);
    }
    lint_release(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct status st = {0};
    struct formula *f;
    struct measure_set *s;
    struct formula_program *p;
    if (!formula_parse("fuzz.formula", (struct view){(const char *)bytes, size}, &f, &st)) {
        ensure(st.code == STATUS_USAGE && strncmp(st.message, "fuzz.formula:", 13) == 0);
        return 0;
    }
    if (measure_bind(f, &FIXTURE_SCHEMA, &FIXTURE_RATES, &s, &st)) {
        measure(s);
        measure_set_free(s);
    }
    status_clear(&st);
    if (formula_bind(f, &FIXTURE_SCHEMA, &p, &st)) {
        evaluate(f, p);
        take_apart(f, p);
        formula_program_free(p);
    }
    formula_free(f);
    return 0;
}
