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
    uint16_t places[FORMULA_FEW_ROOM];
    double values[FORMULA_BATCH_MAX];
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
    if (!bind_definitions(p, st)) goto failed;
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
    for (int i = 0; i < p->steps->count; i++)
        if (p->steps->steps[i].op == OP_LOAD_MEASURE && p->steps->steps[i].index == measure) return true;
    return false;
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

/* The vector store takes whole numbers below 2^51; this one the rest, up to the limit. */
static bool store_large(const struct slice *s, const struct step *step, int64_t *out)
{
    const double *a = slot(s, step->a);
    for (uint32_t i = 0; i < s->count; i++) {
        bool fits = fabs(a[i]) <= RESULT_LIMIT;
        if (!fits && !(s->in->ignored && s->in->ignored[s->first + i]))
            return result_out_of_range(s->p, step->index, s->first + i, a[i], s->st);
        out[i] = fits ? (int64_t)a[i] : 0;
    }
    return true;
}

static bool store(const struct slice *s, const struct step *step)
{
    int64_t *out = s->results[step->index] + s->first;
    const double *a = slot(s, step->a);
    if (step->op == OP_STORE) return s->scratch->kernels->store(out, a, s->count) || store_large(s, step, out);
    if (step->op == OP_STORE_BITS) {
        memcpy(out, a, sizeof *a * s->count);
    } else if (step->op == OP_STORE_MASK) {
        for (uint32_t i = 0; i < s->count; i++) out[i] = ((const int64_t *)a)[i] != 0;
    } else {
        const int *map = s->p->result_codes[step->index];
        for (uint32_t i = 0; i < s->count; i++) out[i] = map[(int)a[i]];
    }
    return true;
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

/* A load and the step behind it at once, for the customers who have a value alone (scoring/few_steps). */
static bool load_few(const struct slice *s, const struct step *load)
{
    const struct step *step = load + 1;
    const struct formula_packed *source = s->source;
    if (!load->few || s->in->measures[load->index]) return false;
    uint16_t *restrict places = s->scratch->places;
    double *restrict values = s->scratch->values, *restrict dst = slot(s, step->dst), k = step->k;
    int count = source->few(source->context, load->index, s->first, s->count, places, values);
    if (count == FORMULA_MANY) return false;
    switch (step->op) {
    case OP_ADD_MULTIPLY_K:
        for (int i = 0; i < count; i++) dst[places[i]] += values[i] * k;
        break;
    case OP_SUBTRACT_MULTIPLY_K:
        for (int i = 0; i < count; i++) dst[places[i]] -= values[i] * k;
        break;
    case OP_ADD_DIVIDE_K:
        for (int i = 0; i < count; i++) dst[places[i]] += values[i] / k;
        break;
    case OP_SUBTRACT:
        for (int i = 0; i < count; i++) dst[places[i]] -= values[i];
        break;
    default: /* OP_ADD */
        for (int i = 0; i < count; i++) dst[places[i]] += values[i];
    }
    return true;
}

static bool run_other(const struct slice *s, const struct step *step)
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
    default: return store(s, step);
    }
    return true;
}

static bool run_slice(const struct slice *s)
{
    const struct step_list *list = s->p->steps;
    column_kernel *const *columns = s->scratch->kernels->columns;
    for (int i = 0; i < list->count; i++) {
        const struct step *step = &list->steps[i];
        if (step->op == OP_LOAD_MEASURE && load_few(s, step))
            i++;
        else if (step->op < OP_COLUMNS)
            columns[step->op](slot(s, step->dst), slot(s, step->a), slot(s, step->b), slot(s, step->c), step->k,
                              step->l, s->count);
        else if (!run_other(s, step))
            return false;
    }
    return true;
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
