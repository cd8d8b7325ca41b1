/* crmx measure verify: the stored measures, computed again from the rows of the generation, against what is stored. */
#include "control/show_generation.h"
#include "etl/number.h"
#include "etl/recompute.h"

#include <inttypes.h>
#include <stdio.h>

enum { MEASURES_MAX = 128 };

struct verify {
    struct show_population *p;
    const struct scorecard *card;
    int type;
    uint64_t compared[POOL_WORKERS_MAX];
    int columns[MEASURES_MAX]; /* of customer.seg */
};

static bool compare_block(void *context, int worker, const struct recompute_block *b, struct status *st)
{
    struct verify *v = context;
    int64_t stored[SEGMENT_RUN];
    for (int m = 0; m < v->card->measures_count; m++) {
        if (!segment_get(v->p->g->customer, b->partition, v->columns[m], b->first_place, b->count, stored, st))
            return false;
        for (uint32_t i = 0; i < b->count; i++) {
            if (b->types[i] != v->type) continue;
            v->compared[worker]++;
            if (stored[i] == b->measures[m][i]) continue;
            char number[NUMBER_TEXT_MAX];
            status_fail(st, STATUS_CORRUPT, "customer %s, measure %s: stored %" PRId64 ", computed again %" PRId64,
                        number_text(v->p->g->unit, b->first_number + i, number),
                        formula_measure_name(v->card->formula, m), stored[i], b->measures[m][i]);
            return status_hint(st, "see whether the generation is damaged: crmx generation verify --unit %s",
                               v->p->g->unit->id);
        }
    }
    return true;
}

static bool verify_type(struct show_population *p, int type, struct pool *pool, struct listing *rows, struct status *st)
{
    const struct scorecard *card = &p->cards.of[type];
    struct verify *v = arena_new(p->arena, struct verify);
    uint64_t compared = 0;
    *v = (struct verify){.p = p, .card = card, .type = type};
    for (int m = 0; m < card->measures_count; m++) {
        char name[SEGMENT_NAME_MAX];
        scorecard_column(type, "measure", formula_measure_alias(card->formula, m), name);
        v->columns[m] = segment_find(p->g->customer, name);
        if (v->columns[m] < 0) return status_fail(st, STATUS_CORRUPT, "generation %s has no column %s", p->g->id, name);
    }
    struct recompute_request r = {.g = p->g,
                                  .measures = card->measures,
                                  .pool = pool,
                                  .visit = compare_block,
                                  .context = v,
                                  .one_type = true,
                                  .type = type,
                                  .formula = card->formula};
    if (!recompute_run(&r, st)) return false;
    for (int w = 0; w < POOL_WORKERS_MAX; w++) compared += v->compared[w];
    listing_text(rows, p->g->unit->formula_name[type]);
    listing_integer(rows, card->measures_count);
    listing_integer(rows, (int64_t)compared);
    listing_text(rows, "equal");
    return true;
}

static int run_verify(struct command_call *call)
{
    static const char *const COLUMNS[] = {"formula", "measures", "values", "state", NULL};
    struct show_population *p = arena_new(&call->arena, struct show_population);
    int threads = (int)option_integer(call->options, OPTION_RUN_THREADS);
    struct pool *pool = pool_new(threads ? threads : os_cpu_count());
    struct listing rows;
    listing_init(&rows, COLUMNS);
    bool ok = show_population_open(p, call, true, NULL, &call->status);
    for (int t = 0; ok && t < CUSTOMER_TYPES; t++)
        if (p->cards.of[t].formula) ok = verify_type(p, t, pool, &rows, &call->status);
    if (ok) listing_print(&rows, &call->output);
    listing_release(&rows);
    pool_free(pool);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

const struct command command_measure_verify = {
    .name = "measure verify",
    .summary = "computes every stored measure again from the rows of the generation and compares",
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_DATE, {0}},
    .examples = "crmx measure verify --unit 11",
    .rows = "",
    .run = run_verify,
};
