#include "etl/sweep.h"

#include "base/os.h"
#include "etl/populate.h"

#include <string.h>

struct bucket { /* customers whose scores reach this threshold and not the next one; or of one program */
    uint64_t pass, both;
    __int128 score;
};

struct tally {
    uint64_t scored, excluded, active;
    struct bucket *buckets; /* [point + 1]; the first: below every threshold */
    int64_t *scores;        /* of eligible customers, for sweep_top */
    uint64_t scores_count, scores_room;
};

struct job {
    const struct sweep_request *r;
    const struct sweep_point *points;
    int count;
    struct tally *tallies;
    int workers;
};

static struct tally *tallies_new(struct job *j, int workers)
{
    j->workers = workers;
    j->tallies = calloc((size_t)workers, sizeof *j->tallies);
    ensure(j->tallies);
    for (int w = 0; w < workers; w++) {
        j->tallies[w].buckets = calloc((size_t)j->count + 1, sizeof(struct bucket));
        ensure(j->tallies[w].buckets);
    }
    return j->tallies;
}

static void tallies_free(struct job *j)
{
    for (int w = 0; j->tallies && w < j->workers; w++) {
        free(j->tallies[w].buckets);
        free(j->tallies[w].scores);
    }
    free(j->tallies);
}

/* How many thresholds the score reaches. */
static int reached(const struct job *j, int64_t score)
{
    int low = 0, high = j->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (score >= j->points[middle].threshold_minor)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool was_selected(const struct job *j, const struct scan_block *b, uint32_t i)
{
    return j->r->has_active && (b->flags[i] & CUSTOMER_OVERRIDDEN || b->stored[0][i] >= j->r->active_threshold_minor);
}

static bool visit(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct job *j = context;
    struct tally *y = &j->tallies[worker];
    bool by_threshold = j->r->coefficient == SWEEP_THRESHOLD;
    (void)st;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->types[i] != j->r->type) continue;
        bool excluded = b->flags[i] & CUSTOMER_EXCLUDED, was = was_selected(j, b, i);
        if (b->program == 0) {
            y->scored++;
            y->excluded += excluded;
            y->active += was && !excluded;
        }
        if (excluded) continue;
        int64_t score = b->results[0][0][i];
        bool passes = b->flags[i] & CUSTOMER_OVERRIDDEN || score >= j->points[b->program].threshold_minor;
        int at = !by_threshold                       ? (passes ? b->program + 1 : 0)
                 : b->flags[i] & CUSTOMER_OVERRIDDEN ? j->count /* whatever the threshold */
                                                     : reached(j, score);
        struct bucket *k = &y->buckets[at];
        k->pass++;
        k->both += was;
        k->score += score;
    }
    return true;
}

static void finish(struct job *j, struct sweep_point *points, struct sweep *out)
{
    struct bucket sum = {0};
    for (int w = 0; w < j->workers; w++) {
        out->scored += j->tallies[w].scored;
        out->excluded += j->tallies[w].excluded;
        out->active += j->tallies[w].active;
    }
    for (int p = j->count - 1; p >= 0; p--) {
        if (j->r->coefficient != SWEEP_THRESHOLD) sum = (struct bucket){0};
        for (int w = 0; w < j->workers; w++) {
            const struct bucket *k = &j->tallies[w].buckets[p + 1];
            sum.pass += k->pass;
            sum.both += k->both;
            sum.score += k->score;
        }
        points[p].pass = sum.pass;
        points[p].enters = sum.pass - sum.both;
        points[p].leaves = out->active - sum.both;
        points[p].score_pass = sum.score;
    }
}

/* A program for each value: a coefficient becomes a constant when it is bound. */
static bool bind_programs(const struct sweep_request *r, const struct sweep_point *points, int count,
                          struct formula_program **programs, struct status *st)
{
    bool ok = true;
    double before = r->coefficient >= 0 ? formula_coefficient(r->formula, r->coefficient) : 0;
    for (int p = 0; ok && p < count; p++) {
        if (r->coefficient >= 0) formula_set_coefficient(r->formula, r->coefficient, points[p].value);
        ok = formula_bind(r->formula, r->g->tables.schema, &programs[p], st);
    }
    if (r->coefficient >= 0) formula_set_coefficient(r->formula, r->coefficient, before);
    return ok;
}

static struct scan *open_scan(const struct sweep_request *r, struct formula_program **programs, int count,
                              struct arena *arena, struct status *st)
{
    const char *stored[1] = {scan_column_name(r->type, "result", "score", arena)};
    struct scan_request s = {.g = r->g,
                             .pool = r->pool,
                             .type = r->type,
                             .formula = r->formula,
                             .programs = programs,
                             .programs_count = count,
                             .one_by_one = true,
                             .stored = stored,
                             .stored_count = r->has_active};
    return scan_open(&s, st);
}

static bool scan_all(struct job *j, struct formula_program **programs, int count, scan_visit *each, uint64_t *elapsed,
                     struct status *st)
{
    struct arena arena;
    arena_init(&arena, "sweep");
    struct scan *scan = open_scan(j->r, programs, count, &arena, st);
    bool ok = scan != NULL;
    if (ok) {
        tallies_new(j, scan_workers(scan));
        uint64_t start = os_monotonic_ns();
        ok = scan_run(scan, each, j, st);
        *elapsed = os_monotonic_ns() - start;
    }
    scan_close(scan);
    arena_release(&arena);
    return ok;
}

bool sweep_run(const struct sweep_request *r, struct sweep_point *points, int count, struct sweep *out,
               struct status *st)
{
    struct job j = {.r = r, .points = points, .count = count};
    int programs_count = r->coefficient == SWEEP_THRESHOLD ? 1 : count;
    ensure(count >= 1 && count <= SWEEP_POINTS_MAX);
    *out = (struct sweep){0};
    struct formula_program **programs = calloc((size_t)programs_count, sizeof *programs);
    ensure(programs);
    bool ok = bind_programs(r, points, programs_count, programs, st) &&
              scan_all(&j, programs, programs_count, visit, &out->elapsed_ns, st);
    if (ok) finish(&j, points, out);
    tallies_free(&j);
    for (int p = 0; p < programs_count; p++) formula_program_free(programs[p]);
    free(programs);
    return ok || status_while(st, "sweeping over generation %s", r->g->id);
}

/* --- the threshold of the best --- */

static bool keep_score(void *context, int worker, const struct scan_block *b, struct status *st)
{
    struct job *j = context;
    struct tally *y = &j->tallies[worker];
    (void)st;
    if (y->scores_count + b->count > y->scores_room) {
        y->scores_room = 2 * y->scores_room + b->count;
        y->scores = realloc(y->scores, y->scores_room * sizeof *y->scores);
        ensure(y->scores);
    }
    for (uint32_t i = 0; i < b->count; i++)
        if (b->types[i] == j->r->type && !(b->flags[i] & CUSTOMER_EXCLUDED))
            y->scores[y->scores_count++] = b->results[0][0][i];
    return true;
}

/* Order of integers as order of bits. */
static uint64_t ordered(int64_t v)
{
    return (uint64_t)v ^ (UINT64_C(1) << 63);
}

/* The k-th largest (from 1), byte by byte from the top: eight passes whatever the scores are, no order to spoil. */
static int64_t kth_largest(const struct job *j, uint64_t k)
{
    uint64_t prefix = 0, mask = 0;
    for (int shift = 56; shift >= 0; shift -= 8) {
        uint64_t counts[256] = {0};
        for (int w = 0; w < j->workers; w++)
            for (uint64_t i = 0; i < j->tallies[w].scores_count; i++) {
                uint64_t v = ordered(j->tallies[w].scores[i]);
                if ((v & mask) == prefix) counts[v >> shift & 255]++;
            }
        int digit = 255;
        for (; counts[digit] < k; digit--) k -= counts[digit];
        prefix |= (uint64_t)digit << shift;
        mask |= UINT64_C(255) << shift;
    }
    return (int64_t)(prefix ^ (UINT64_C(1) << 63));
}

static void count_top(const struct job *j, struct sweep_top *out)
{
    for (int w = 0; w < j->workers; w++)
        for (uint64_t i = 0; i < j->tallies[w].scores_count; i++) {
            int64_t score = j->tallies[w].scores[i];
            out->pass += score >= out->threshold;
            out->ties += score == out->threshold;
            if (score <= out->threshold || (out->has_next && score >= out->next_threshold)) continue;
            out->has_next = true;
            out->next_threshold = score;
        }
}

bool sweep_top(const struct sweep_request *r, uint64_t wanted, double share, struct sweep_top *out, struct status *st)
{
    struct sweep_request request = *r;
    struct job j = {.r = &request};
    struct formula_program *program = NULL;
    request.has_active = false;
    *out = (struct sweep_top){0};
    bool ok = formula_bind(r->formula, r->g->tables.schema, &program, st) &&
              scan_all(&j, &program, 1, keep_score, &out->elapsed_ns, st);
    for (int w = 0; ok && w < j.workers; w++) out->eligible += j.tallies[w].scores_count;
    if (ok && out->eligible == 0)
        ok = status_fail(st, STATUS_USAGE, "generation %s has no customers of this type to choose from", r->g->id);
    if (ok) {
        if (share > 0) wanted = (uint64_t)((double)out->eligible * share / 100);
        out->wanted = wanted < 1 ? 1 : wanted > out->eligible ? out->eligible : wanted;
        out->threshold = kth_largest(&j, out->wanted);
        count_top(&j, out);
    }
    tallies_free(&j);
    formula_program_free(program);
    return ok || status_while(st, "looking for a threshold over generation %s", r->g->id);
}
