/* query 专项查询: expressions an analyst types, over everything a formula of the generation knows: its measures, values and
 * results, customer fields, account aggregates written in place, and what the night made of the customer
 * (etl/query_field.h: selected, branch, shadow.score …):
 *
 *     tier = 'A' and sum(loan where overdue_periods > 0, cny(balance)) > 100000
 *
 * query_open() makes one formula of the generation's own one and the expressions, each of which becomes a result; of
 * which type, is found first. So a query is evaluated by what evaluates scores, over a scan (etl/scan.h) that reads a
 * measure from its column wherever the generation has it. Messages point at the column of the expression as it was
 * typed.
 */
#ifndef CRMX_ETL_QUERY_H
#define CRMX_ETL_QUERY_H

#include "etl/hidden.h"
#include "etl/query_field.h"

enum { QUERY_EXPRESSIONS_MAX = 24, QUERY_TEXT_MAX = 8192, QUERY_DECIMALS = 6 };
#define QUERY_MISSING INT64_C(-999999999999999)

/* QUERY_VALUE: as a result has it, a whole number of its unit. QUERY_SEGMENT: the same, or missing. QUERY_COLUMN: to be
 * read, numbers with decimals, or missing. */
enum query_kind { QUERY_CONDITION, QUERY_VALUE, QUERY_SEGMENT, QUERY_COLUMN };
struct query_expression {
    const char *name; /* for messages: "EXPRESSION", "--by" … */
    const char *text;
    enum query_kind kind;
};

struct query {
    struct arena arena;
    struct formula *formula;
    struct formula_program *program;
    struct query_fields fields;
    int count;
    int result[QUERY_EXPRESSIONS_MAX]; /* of each expression; -1: it is the measure below, as it stands */
    int measure[QUERY_EXPRESSIONS_MAX];
    enum value_type type[QUERY_EXPRESSIONS_MAX]; /* of a date the value is the day */
    int decimals[QUERY_EXPRESSIONS_MAX];         /* of a column's numbers QUERY_DECIMALS; else 0 (money: 2) */
    int64_t missing[QUERY_EXPRESSIONS_MAX];      /* the value of those who have none; 0: everybody has one */
    bool is_score[QUERY_EXPRESSIONS_MAX];        /* score or shadow.score itself, which is no balance */
    const char *hidden[QUERY_EXPRESSIONS_MAX];   /* the field of class C2 that it shows (etl/hidden.h), NULL: none */
};

/* For customers of one type. pool NULL: one thread. */
bool query_open(struct query *q, struct generation *g, int type, const struct query_expression *list, int count,
                struct pool *pool, struct status *st);
/* What a scan has to be asked for; add records where visit looks at them. Lives as long as the query and arena. */
struct scan_request query_scan_request(struct query *q, struct pool *pool, struct arena *arena);
/* The value of an expression for a customer of a block. */
int64_t query_value(const struct query *q, int expression, const struct scan_block *b, uint32_t i);
void query_close(struct query *q);
bool query_is_missing(const struct query *q, int expression, int64_t value);
/* Code results as text; NULL: another type. */
const char *query_code(const struct query *q, int expression, int64_t value);

#endif
