/* Binding a formula to a schema, and running its steps over a batch in slices. */
#include "scoring/measure.h"
#include "scoring/scalar.h"
#include "scoring/steps.h"

#include "scoring/arithmetic.h"

struct formula_scratch {
    const struct kernels *kernels;
    uint32_t rows; /* customers of a slice */
    size_t room;   /* rows rounded up to whole vectors */
    double *slots;
    bool any_doubtful, doubtful[FORMULA_BATCH_MAX]; /* customers of the slice that the oracle decides about */
    uint16_t places[FORMULA_FEW_ROOM], places_of_next[FORMULA_FEW_ROOM]; /* of few customers */
    void *memory;
};

/* --- binding --- */

static void map_result_codes(struct formula_program *p)
{
    int **maps = arena_array(&p->arena, int *, p->f->results_count);
    for (int i = 0; i < p->f->results_count; i++) {
        if (formula_result_type(p->f, i) != VALUE_CODE || p->f->is_expression) continue;
        struct code_set set = p->definitions[p->f->results[i]]->set;
        maps[i] = arena_array(&p->arena, int, p->codes_count);
        for (int k = 0; k < set.count; k++) maps[i][set.codes[k]] = k;
    }
    p->result_codes = maps;
}

bool formula_bind(const struct formula *f, const struct schema *schema, struct formula_program **out, struct status *st)
{
    *out = NULL;
    if (!measure_infer(f, schema, st)) return false;
    struct formula_program *p = calloc(1, sizeof *p);
    ensure(p);
    arena_init(&p->arena, "formula program");
    p->f = f;
    p->schema = schema;
    p->business_date = schema->business_date;
    p->fields = arena_array(&p->arena, struct customer_field, schema->customer_fields_count + 1);
    if (!bind_definitions(p, st) || !bind_bounds(p, st)) goto failed;
    map_result_codes(p);
    if (!compile_steps(p, st)) goto failed;
    *out = p;
    return true;
failed:
    formula_program_free(p);
    return false;
}

void formula_program_free(struct formula_program *p)
{
    if (!p) return;
    arena_release(&p->arena);
    free(p);
}

bool formula_uses_customer_field(const struct formula_program *p, int field)
{
    ensure(field >= 0 && field < p->schema->customer_fields_count);
    return p->fields[field].used;
}

bool formula_uses_measure(const struct formula_program *p, int measure)
{
    ensure(measure >= 0 && measure < p->f->measures_count);
    return p->measures_used[measure];
}

enum value_type formula_definition_type(const struct formula_program *p, int definition)
{
    ensure(definition >= 0 && definition < p->f->definitions_count);
    return p->definitions[definition]->type;
}

const char *formula_result_code(const struct formula_program *p, int result, int64_t value)
{
    ensure(formula_result_type(p->f, result) == VALUE_CODE);
    struct code_set set = p->definitions[p->f->results[result]]->set;
    return value >= 0 && value < set.count ? p->codes[set.codes[value]] : NULL;
}

/* --- scratch --- */

struct formula_scratch *formula_scratch_new_sized(const struct formula_program *p, uint32_t slice_rows)
{
    struct formula_scratch *s = calloc(1, sizeof *s);
    ensure(s && slice_rows > 0 && slice_rows <= FORMULA_BATCH_MAX);
    s->kernels = kernels_choose();
    s->rows = slice_rows;
    s->room = ((size_t)slice_rows + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES;
    /* One cache line between slots, or all slots would compete for the same sets of the first-level cache. */
    s->room += 8;
    size_t size = ((size_t)p->steps->slots + 1) * s->room * sizeof(double) + 64;
    s->memory = calloc(1, size);
    ensure(s->memory);
    s->slots = (double *)(((uintptr_t)s->memory + 63) & ~(uintptr_t)63);
    return s;
}

struct formula_scratch *formula_scratch_new(const struct formula_program *p)
{
    return formula_scratch_new_sized(p, FORMULA_SLICE_ROWS);
}

void formula_scratch_free(struct formula_scratch *s)
{
    if (!s) return;
    free(s->memory);
    free(s);
}

/* --- evaluation --- */

struct slice {
    const struct formula_program *p;
    const struct formula_inputs *in;
    struct formula_scratch *scratch;
    int64_t *const *results;
    uint32_t first, count;
    const struct formula_packed *source; /* of measures without a column; NULL: all have one */
    struct status *st;
};

static double *slot(const struct slice *s, unsigned number)
{
    return s->scratch->slots + number * s->scratch->room;
}

static const int64_t *field_column(const struct slice *s, int field)
{
    return s->in->customer_fields[field] + s->first;
}

static void load_codes(const struct slice *s, const struct step *step)
{
    const struct customer_field *f = &s->p->fields[step->index];
    const int64_t *in = field_column(s, step->index);
    double *dst = slot(s, step->dst);
    for (uint32_t i = 0; i < s->count; i++) {
        ensure(in[i] >= 0 && in[i] < f->codes_count);
        dst[i] = f->codes[in[i]];
    }
}

static void load_none(const struct slice *s, const struct step *step)
{
    const int64_t *in = field_column(s, step->index);
    int64_t *dst = (int64_t *)slot(s, step->dst);
    for (uint32_t i = 0; i < s->count; i++) dst[i] = -(int64_t)(in[i] == DATE_NONE);
}

static void between(const struct slice *s, const struct step *step)
{
    const double *a = slot(s, step->a), *b = slot(s, step->b);
    bool constant = step->op == OP_MONTHS_TO || step->op == OP_YEARS_TO;
    bool months = step->op == OP_MONTHS_TO || step->op == OP_MONTHS_BETWEEN;
    double *dst = slot(s, step->dst);
    for (uint32_t i = 0; i < s->count; i++) {
        double to = constant ? step->k : b[i];
        dst[i] = months ? months_between(a[i], to) : years_between(a[i], to);
    }
}

static void doubt(const struct slice *s, uint32_t i)
{
    s->scratch->doubtful[i] = s->scratch->any_doubtful = true;
}

/* The vector store takes whole numbers below 2^51; this one the rest, up to the limit. */
static void store_large(const struct slice *s, const struct step *step, int64_t *out)
{
    const double *a = slot(s, step->a);
    for (uint32_t i = 0; i < s->count; i++) {
        bool fits = fabs(a[i]) <= RESULT_LIMIT;
        if (!fits) doubt(s, i);
        out[i] = fits ? (int64_t)a[i] : 0;
    }
}

static void store(const struct slice *s, const struct step *step)
{
    int64_t *out = s->results[step->index] + s->first;
    const double *a = slot(s, step->a);
    if (step->op == OP_STORE) {
        if (!s->scratch->kernels->store(out, a, s->count)) store_large(s, step, out);
    } else if (step->op == OP_STORE_BITS) {
        memcpy(out, a, sizeof *a * s->count);
    } else if (step->op == OP_STORE_MASK) {
        for (uint32_t i = 0; i < s->count; i++) out[i] = ((const int64_t *)a)[i] != 0;
    } else {
        const int *map = s->p->result_codes[step->index];
        for (uint32_t i = 0; i < s->count; i++) out[i] = map[(int)a[i]];
    }
}

static void load_measure(const struct slice *s, const struct step *step)
{
    const int64_t *column = s->in->measures[step->index];
    double *dst = slot(s, step->dst);
    if (column)
        s->scratch->kernels->load(dst, column + s->first, s->count);
    else
        s->source->load(s->source->context, step->index, s->first, s->count, dst);
}

/* dst[places[i]] of the sum: what the step adds, worked out for some customers alone. */
static void add_few(const struct slice *s, const struct step *step, int count)
{
    const uint16_t *restrict places = s->scratch->places;
    const double *restrict b = slot(s, step->b), *restrict c = slot(s, step->c), k = step->k;
    double *restrict sum = slot(s, step->dst);
    switch (step->op) {
    case OP_ADD_MULTIPLY_K:
        for (int i = 0; i < count; i++) sum[places[i]] += b[i] * k;
        break;
    case OP_SUBTRACT_MULTIPLY_K:
        for (int i = 0; i < count; i++) sum[places[i]] -= b[i] * k;
        break;
    case OP_ADD_DIVIDE_K:
        for (int i = 0; i < count; i++) sum[places[i]] += b[i] / k;
        break;
    case OP_ADD_MULTIPLY:
        for (int i = 0; i < count; i++) sum[places[i]] += b[i] * c[i];
        break;
    case OP_SUBTRACT:
        for (int i = 0; i < count; i++) sum[places[i]] -= b[i];
        break;
    default: /* OP_ADD */
        for (int i = 0; i < count; i++) sum[places[i]] += b[i];
    }
}

/* The steps from a load to the one that adds what they make, for the customers who have a value alone
 * (scoring/few_steps). False: they are many, or not the same ones for every measure. */
static bool run_few(const struct slice *s, const struct step *first)
{
    const struct formula_packed *source = s->source;
    const struct step *adding = first + first->few;
    int count = FORMULA_MANY;
    for (const struct step *step = first; step < adding; step++) {
        if (step->op != OP_LOAD_MEASURE) {
            s->scratch->kernels->columns[step->op](slot(s, step->dst), slot(s, step->a), slot(s, step->b),
                                                   slot(s, step->c), step->k, step->l, (size_t)count);
            continue;
        }
        uint16_t *places = step == first ? s->scratch->places : s->scratch->places_of_next;
        if (s->in->measures[step->index]) return false;
        int found = source->few(source->context, step->index, s->first, s->count, places, slot(s, step->dst));
        if (step == first) count = found;
        if (found == FORMULA_MANY || found != count) return false;
        if (step > first && memcmp(places, s->scratch->places, sizeof *places * (size_t)count) != 0) return false;
    }
    add_few(s, adding, count);
    return true;
}

static void run_other(const struct slice *s, const struct step *step)
{
    const struct kernels *k = s->scratch->kernels;
    switch (step->op) {
    case OP_LOAD_MEASURE: load_measure(s, step); break;
    case OP_LOAD_FIELD: k->load(slot(s, step->dst), field_column(s, step->index), s->count); break;
    case OP_LOAD_CODE: load_codes(s, step); break;
    case OP_NONE: load_none(s, step); break;
    case OP_MONTHS_TO:
    case OP_YEARS_TO:
    case OP_MONTHS_BETWEEN:
    case OP_YEARS_BETWEEN: between(s, step); break;
    default: store(s, step);
    }
}

/* --- overflow --- */

/* A date that is missing is no day either: then the oracle sees that nobody looks at it. */
static void check(const struct slice *s, const struct step *step)
{
    const double *a = slot(s, step->dst);
    bool day = step->checked == CHECK_DAY;
    if (!day && s->scratch->kernels->finite(a, s->count)) return;
    for (uint32_t i = 0; i < s->count; i++)
        if (day ? !is_day(a[i]) : !isfinite(a[i])) doubt(s, i);
}

/* The measures without a column, of the slice, as doubles. The caller frees. */
static double *unpack_measures(const struct slice *s, const double **unpacked)
{
    int count = s->p->f->measures_count, used = 0;
    for (int m = 0; m < count; m++) used += s->p->measures_used[m] && !s->in->measures[m];
    if (!used) return NULL;
    size_t size = (size_t)used * s->scratch->room * sizeof(double);
    double *memory = aligned_alloc(64, (size + 63) / 64 * 64), *at = memory;
    ensure(memory);
    for (int m = 0; m < count; m++) {
        if (!s->p->measures_used[m] || s->in->measures[m]) continue;
        s->source->load(s->source->context, m, s->first, s->count, at);
        unpacked[m] = at;
        at += s->scratch->room;
    }
    return memory;
}

/* The steps work out every branch for everybody; the oracle only what counts. So it has the last word on customers for
 * whom something was no number: they are few, unless a formula guards against it again and again. */
static bool decide(const struct slice *s)
{
    const double *unpacked[FORMULA_MEASURES_MAX] = {NULL};
    double *memory = unpack_measures(s, unpacked);
    int64_t results[FORMULA_RESULTS_MAX];
    bool ok = true;
    for (uint32_t i = 0; i < s->count && ok; i++) {
        bool asked = s->scratch->doubtful[i] && !(s->in->ignored && s->in->ignored[s->first + i]);
        if (asked) ok = scalar_evaluate(s->p, s->in, unpacked, s->first, s->first + i, results, s->st);
    }
    free(memory);
    memset(s->scratch->doubtful, 0, sizeof s->scratch->doubtful);
    s->scratch->any_doubtful = false;
    return ok;
}

static bool run_slice(const struct slice *s)
{
    const struct step_list *list = s->p->steps;
    column_kernel *const *columns = s->scratch->kernels->columns;
    for (int i = 0; i < list->count; i++) {
        const struct step *step = &list->steps[i];
        if (step->few && s->source && run_few(s, step))
            i += step->few;
        else if (step->op < OP_COLUMNS)
            columns[step->op](slot(s, step->dst), slot(s, step->a), slot(s, step->b), slot(s, step->c), step->k,
                              step->l, s->count);
        else
            run_other(s, step);
        if (step->checked) check(s, step);
    }
    return !s->scratch->any_doubtful || decide(s);
}

bool formula_evaluate_packed(const struct formula_program *p, const struct formula_inputs *in,
                             const struct formula_packed *source, struct formula_scratch *scratch,
                             int64_t *const *results, struct status *st)
{
    struct slice s = {.p = p, .in = in, .scratch = scratch, .results = results, .source = source, .st = st};
    ensure(in->count <= FORMULA_BATCH_MAX);
    for (s.first = 0; s.first < in->count; s.first += scratch->rows) {
        uint32_t left = in->count - s.first;
        s.count = left < scratch->rows ? left : scratch->rows;
        if (!run_slice(&s)) return false;
    }
    return true;
}

bool formula_evaluate(const struct formula_program *p, const struct formula_inputs *in, struct formula_scratch *scratch,
                      int64_t *const *results, struct status *st)
{
    return formula_evaluate_packed(p, in, NULL, scratch, results, st);
}
