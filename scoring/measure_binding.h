/* measure_binding: the state of measure_bind(), shared by its two halves. Internal to measure_bind.c (names, types,
 * currencies) and measure_steps.c (classes, steps, groups). */
#ifndef CRMX_SCORING_MEASURE_BINDING_H
#define CRMX_SCORING_MEASURE_BINDING_H

#include "scoring/measure_plan.h"

/* A measure over one table, bound but not yet specialised. */
struct bound {
    int measure, table;
    struct term *predicate, *expression; /* NULL: every row; count */
    bool *field_used;
};

/* A step before the decimals of its measure's wide sum are known. */
struct raw_step {
    struct measure_step step;
    struct term *predicate, *expression;
    int scale;
    bool rate;
    uint32_t hash; /* of both terms */
};

struct binding {
    const struct formula *f;
    const struct schema *schema;
    struct measure_set *set;
    struct bound *bounds;
    int bounds_count;
    struct raw_step *raw; /* all steps of all tables */
    int raw_count;
    struct arena scratch; /* terms that are thrown away */
    struct status *st;
};

static inline struct account_scope binding_scope(struct binding *b, int table)
{
    return (struct account_scope){.f = b->f,
                                  .schema = b->schema,
                                  .table = &b->schema->tables[table],
                                  .rate_scale = b->set->rate_scale,
                                  .arena = &b->set->arena,
                                  .st = b->st};
}

/* Classes, steps and groups of every table from the bound measures. */
bool binding_plan(struct binding *b);

#endif
