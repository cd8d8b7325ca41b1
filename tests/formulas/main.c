/* formulas FOLDER COUNT SEED: draws COUNT formulas and writes what is to be compared:
 *
 *     FOLDER/N.sql        a population (accounts, customers) and statements over it, for 500 formulas
 *     FOLDER/N.engine     what the engine makes of them: formula, customer, results
 *     FOLDER/N.formulas   the formulas as text, for whoever looks for the reason of a difference
 *
 * The engine runs three times, vector program in slices of 512 and of 2 and the scalar oracle, and adds up the accounts
 * twice, in one block and in blocks of two customers; they must agree bit for bit. A customer whose result no integer
 * holds is "range" in all of them. tests/formulas/run gives the statements to PostgreSQL and compares the two texts
 * byte by byte.
 */
#include "tests/formulas/formulas.h"

#include "base/date.h"
#include "scoring/formula.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMULAS_OF_A_FILE = 500, FORMULAS_OF_A_STATEMENT = 20, CUSTOMER_FIELDS = 6 };

static const struct schema_field RETAIL[RETAIL_FIELDS] = {
    {"kind", VALUE_CODE, 0, KINDS, 3},   {"currency", VALUE_CURRENCY, 0, NULL, 0}, {"balance", VALUE_MONEY, 2, NULL, 0},
    {"term", VALUE_MONTHS, 0, NULL, 0},  {"maturity", VALUE_DATE, 0, NULL, 0},     {"rate", VALUE_NUMBER, 6, NULL, 0},
    {"moves", VALUE_NUMBER, 0, NULL, 0}, {"opened", VALUE_DATE, 0, NULL, 0}};
static const struct schema_field LOAN[LOAN_FIELDS] = {{"currency", VALUE_CURRENCY, 0, NULL, 0},
                                                      {"balance", VALUE_MONEY, 2, NULL, 0},
                                                      {"overdue", VALUE_MONEY, 2, NULL, 0},
                                                      {"months", VALUE_MONTHS, 0, NULL, 0},
                                                      {"opened", VALUE_DATE, 0, NULL, 0}};
static const struct schema_table TABLE[TABLES] = {{"retail_account", "retail", RETAIL, RETAIL_FIELDS, 1},
                                                  {"loan_account", "loan", LOAN, LOAN_FIELDS, 0}};
static const struct schema_field CUSTOMER[CUSTOMER_FIELDS] = {
    {"birth", VALUE_DATE, 0, NULL, 0},   {"sex", VALUE_CODE, 0, SEXES, 3},     {"opened", VALUE_DATE, 0, NULL, 0},
    {"income", VALUE_MONEY, 2, NULL, 0}, {"family", VALUE_NUMBER, 1, NULL, 0}, {"married", VALUE_BOOLEAN, 0, NULL, 0}};
static const struct schema SCHEMA = {TABLE, TABLES, CUSTOMER, CUSTOMER_FIELDS, CURRENCIES, 3, 20757, 0, NULL, 0, 0};
/* Spellings of an aggregate in place may differ: each text is a measure. */
enum { MEASURES_AND_IN_PLACE = 128 };

static const struct measure_rates RATES = {(const int64_t[]){1000000, 7123456, 4876500}, (const int32_t[]){1, 1, 100}};

static struct population people;
static struct formula_drawn drawn;
static struct buf text;

static void die(const char *what)
{
    fprintf(stderr, "%s\n%s\n", what, text.length ? text.bytes : "");
    exit(1);
}

/* --- the engine --- */

struct columns {
    int64_t fields[CUSTOMER_FIELDS][CUSTOMERS];
    int64_t measures[MEASURES_AND_IN_PLACE][CUSTOMERS];
    const int64_t *field[CUSTOMER_FIELDS], *measure[MEASURES_AND_IN_PLACE];
    int64_t found[2][RESULTS][CUSTOMERS], scalar[CUSTOMERS][RESULTS];
    bool range[CUSTOMERS];
};

struct engine {
    struct formula *f;
    struct measure_set *measures;
    struct formula_program *program;
    struct measure_block *block;
};

static bool open_engine(struct engine *e, struct status *st)
{
    *e = (struct engine){NULL, NULL, NULL, NULL};
    if (!formula_parse("random.formula", buf_view(&text), &e->f, st) ||
        !measure_bind(e->f, &SCHEMA, &RATES, &e->measures, st) || !formula_bind(e->f, &SCHEMA, &e->program, st))
        return false;
    e->block = measure_block_new(e->measures);
    return true;
}

static void close_engine(struct engine *e)
{
    measure_block_free(e->block);
    formula_program_free(e->program);
    measure_set_free(e->measures);
    formula_free(e->f);
}

/* Customers [first, first + count) as a block of their own. */
static bool measure_block(struct engine *e, const struct columns *c, uint32_t first, uint32_t count, struct status *st)
{
    const int64_t *fields[CUSTOMER_FIELDS];
    for (int k = 0; k < CUSTOMER_FIELDS; k++) fields[k] = c->field[k] + first;
    measure_block_reset(e->measures, e->block, count);
    measure_block_customers(e->block, fields);
    for (int t = 0; t < TABLES; t++) {
        struct account *a = people.accounts[t], rows_of[ACCOUNTS_MAX];
        uint32_t n = 0;
        for (uint32_t i = 0; i < people.count[t]; i++) {
            if (a[i].owner - first >= count) continue;
            rows_of[n] = a[i];
            rows_of[n++].owner -= first;
        }
        a = rows_of;
        struct measure_column columns[FIELDS_MAX], owner = {(const unsigned char *)&a->owner, sizeof *a, 4, false};
        for (int i = 0; i < TABLE[t].fields_count; i++) {
            bool code = TABLE[t].fields[i].type == VALUE_CODE || TABLE[t].fields[i].type == VALUE_CURRENCY;
            columns[i] = (struct measure_column){(const unsigned char *)&a->field[i], sizeof *a, code ? 1 : 8, !code};
        }
        struct measure_rows rows = {n, owner, columns};
        measure_add(e->measures, e->block, t, &rows);
    }
    return measure_finish(e->measures, e->block, st);
}

static void fill(struct columns *c)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        const struct customer *x = &people.customers[i];
        const int64_t values[CUSTOMER_FIELDS] = {x->birth, x->sex, x->opened, x->income, x->family, x->married};
        for (int k = 0; k < CUSTOMER_FIELDS; k++) c->fields[k][i] = values[k];
    }
    for (int k = 0; k < CUSTOMER_FIELDS; k++) c->field[k] = c->fields[k];
}

/* All customers in one block, and again in blocks of two: the same. */
static bool measure(struct engine *e, struct columns *c, struct status *st)
{
    int count = measure_count(e->measures);
    if (!measure_block(e, c, 0, CUSTOMERS, st)) return false;
    for (int m = 0; m < count; m++) {
        memcpy(c->measures[m], measure_values(e->block, m), sizeof c->measures[m]);
        c->measure[m] = c->measures[m];
    }
    for (uint32_t first = 0; first < CUSTOMERS; first += 2) {
        if (!measure_block(e, c, first, 2, st)) return false;
        for (int m = 0; m < count; m++)
            if (memcmp(measure_values(e->block, m), c->measure[m] + first, 2 * sizeof(int64_t)) != 0)
                die("a block of two customers measures otherwise than a block of all");
    }
    return true;
}

/* With a customer out of range the batch fails, so the customers are taken one by one. */
static void run_vector(struct columns *c, const struct engine *e, uint32_t slice, int which, bool one_by_one)
{
    struct formula_scratch *scratch = formula_scratch_new_sized(e->program, slice);
    uint32_t step = one_by_one ? 1 : CUSTOMERS;
    for (uint32_t first = 0; first < CUSTOMERS; first += step) {
        const int64_t *measures[MEASURES_AND_IN_PLACE], *fields[CUSTOMER_FIELDS];
        int64_t *results[RESULTS];
        struct status st = {0};
        for (int m = 0; m < measure_count(e->measures); m++) measures[m] = c->measure[m] + first;
        for (int k = 0; k < CUSTOMER_FIELDS; k++) fields[k] = c->field[k] + first;
        for (int r = 0; r < RESULTS; r++) results[r] = c->found[which][r] + first;
        struct formula_inputs in = {.count = step, .measures = measures, .customer_fields = fields};
        bool ok = formula_evaluate(e->program, &in, scratch, results, &st);
        if (ok == (one_by_one && c->range[first]))
            die("the vector program and the oracle differ in what is out of range");
    }
    formula_scratch_free(scratch);
}

static void run_engine(struct columns *c, const struct engine *e)
{
    struct formula_inputs in = {.count = CUSTOMERS, .measures = c->measure, .customer_fields = c->field};
    bool any = false;
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        struct status st = {0};
        c->range[i] = !formula_evaluate_scalar(e->program, &in, i, c->scalar[i], &st);
        any |= c->range[i];
    }
    run_vector(c, e, 512, 0, any);
    run_vector(c, e, 2, 1, any);
    for (int i = 0; i < CUSTOMERS; i++)
        for (int r = 0; r < RESULTS && !c->range[i]; r++)
            if (c->found[0][r][i] != c->scalar[i][r] || c->found[1][r][i] != c->scalar[i][r])
                die("the vector program and the oracle differ");
}

static void write_results(const struct columns *c, const struct engine *e, int number, FILE *out)
{
    for (int i = 0; i < CUSTOMERS; i++) {
        const int64_t *r = c->scalar[i];
        if (c->range[i])
            fprintf(out, "%d|%d|range\n", number, i);
        else
            fprintf(out, "%d|%d|%lld %lld %lld %s\n", number, i, (long long)r[0], (long long)r[1], (long long)r[2],
                    formula_result_code(e->program, 3, r[3]));
    }
}

/* --- files --- */

static FILE *create(const char *folder, int file, const char *ending)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%03d.%s", folder, file, ending);
    FILE *f = fopen(path, "w");
    if (!f) die(path);
    return f;
}

static void finish(FILE *f)
{
    if (fclose(f) != 0) die("cannot write");
}

/* Formulas whose decimals or sums the engine refuses by its stated limits are drawn anew. */
static uint64_t redrawn;

static void draw_one(uint64_t seed, int number, struct columns *c, FILE *engine_out)
{
    for (uint64_t again = 0;; again++, redrawn++) {
        struct engine e;
        struct status st = {0};
        random_seed(seed + (uint64_t)number + (again << 40));
        formula_draw(&drawn);
        buf_clear(&text);
        formula_text(&drawn, &text);
        bool ok = open_engine(&e, &st) && measure(&e, c, &st);
        bool limit = strstr(st.message, "decimals") || strstr(st.message, "too large for 64 bits");
        if (!ok && !limit) die(st.message);
        if (ok) {
            run_engine(c, &e);
            write_results(c, &e, number, engine_out);
        }
        close_engine(&e);
        if (ok) return;
    }
}

static void write_file(const char *folder, int file, uint64_t seed, int first, int count)
{
    static struct columns c;
    struct buf sql;
    FILE *engine_out = create(folder, file, "engine"), *sql_out = create(folder, file, "sql"),
         *text_out = create(folder, file, "formulas");
    buf_init(&sql, (size_t)1 << 30);
    random_seed(seed ^ ((uint64_t)file << 20));
    population_make(&people);
    population_sql(&people, &sql);
    fill(&c);
    for (int i = 0; i < count; i++) {
        draw_one(seed, first + i, &c, engine_out);
        fprintf(text_out, "# %d\n%s\n", first + i, text.bytes);
        buf_add_text(&sql, i % FORMULAS_OF_A_STATEMENT ? "UNION ALL\n" : "");
        formula_sql(&drawn, first + i, &sql);
        if (i % FORMULAS_OF_A_STATEMENT == FORMULAS_OF_A_STATEMENT - 1 || i == count - 1)
            buf_add_text(&sql, "ORDER BY formula, customer;\n");
    }
    if (buf_full(&sql) || fwrite(sql.bytes, 1, sql.length, sql_out) != sql.length) die("cannot write");
    finish(sql_out);
    finish(engine_out);
    finish(text_out);
    buf_release(&sql);
}

int main(int argc, char **argv)
{
    if (argc != 4) return fprintf(stderr, "usage: %s FOLDER COUNT SEED\n", argv[0]), 16;
    int count = atoi(argv[2]), file = 0;
    uint64_t seed = strtoull(argv[3], NULL, 10) * 1000003;
    buf_init(&text, 1 << 20);
    FILE *head = create(argv[1], 999, "functions");
    fputs(SQL_FUNCTIONS, head);
    finish(head);
    for (int first = 0; first < count; first += FORMULAS_OF_A_FILE, file++)
        write_file(argv[1], file, seed, first, count - first < FORMULAS_OF_A_FILE ? count - first : FORMULAS_OF_A_FILE);
    printf("%d formulas, %llu drawn anew\n", count, (unsigned long long)redrawn);
    buf_release(&text);
    return 0;
}
