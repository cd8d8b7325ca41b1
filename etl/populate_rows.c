/* populate: the rows of a partition in the order (number, record id), and as columns. */
#include "base/bitmap.h"
#include "etl/populate.h"
#include "etl/valuation.h"

#include <string.h>

static bool is_dropped(const struct integrate_table *t, uint32_t record)
{
    uint32_t low = 0, high = t->dropped_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (t->dropped[middle] < record)
            low = middle + 1;
        else
            high = middle;
    }
    return low < t->dropped_count && t->dropped[low] == record;
}

static int currency_of(const struct table *t, const unsigned char *row)
{
    return t->currency_column < 0 ? 0 : row[t->columns[t->currency_column].offset];
}

/* Duplicates and superseded records leave here; their money is counted. */
static uint32_t drop_rows(const struct table *t, const struct integrate_table *it, struct populate_table_total *total,
                          char *rows, uint32_t n, uint32_t stride)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct owned_tuple o;
        char *at = rows + (size_t)i * stride;
        memcpy(&o, at, sizeof o);
        if (!is_dropped(it, o.record)) {
            if (kept != i) memcpy(rows + (size_t)kept * stride, at, stride);
            kept++;
            continue;
        }
        const unsigned char *row = (const unsigned char *)at + sizeof o;
        total->dropped_rows++;
        for (int a = 0; a < t->amounts_count; a++)
            total->dropped_sum[a][currency_of(t, row)] += decode_column_value(&t->columns[t->amount_columns[a]], row);
    }
    return kept;
}

struct order_context {
    const char *rows;
    uint32_t stride;
};

static int by_record(const void *a, const void *b, void *context)
{
    const struct order_context *c = context;
    uint32_t x = populate_record(c->rows, c->stride, *(const uint32_t *)a),
             y = populate_record(c->rows, c->stride, *(const uint32_t *)b);
    return x < y ? -1 : x > y;
}

static int by_record_of_row(const void *a, const void *b, void *context)
{
    const struct order_context *c = context;
    uint32_t x = populate_record(a, c->stride, 0), y = populate_record(b, c->stride, 0);
    return x < y ? -1 : x > y;
}

/* Indices of the rows in the order (customer, record): counting sort by customer, then tiny sorts. start has count + 1
 * places. */
static void sort_order(const char *rows, uint32_t n, uint32_t stride, const struct populate_range *r, uint32_t *start,
                       uint32_t *order)
{
    memset(start, 0, ((size_t)r->count + 1) * 4);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t customer;
        memcpy(&customer, rows + (size_t)i * stride, 4);
        start[customer - r->first + 1]++;
    }
    for (uint32_t c = 0; c < r->count; c++) start[c + 1] += start[c];
    for (uint32_t i = n; i-- > 0;) {
        uint32_t customer;
        memcpy(&customer, rows + (size_t)i * stride, 4);
        order[--start[customer - r->first + 1]] = i;
    }
    memmove(start, start + 1, (size_t)r->count * 4);
    start[r->count] = n;
    for (uint32_t c = 0; c < r->count; c++) {
        uint32_t *o = order + start[c], k = start[c + 1] - start[c];
        if (k > 24) {
            qsort_r(o, k, sizeof *o, by_record, &(struct order_context){rows, stride});
            continue;
        }
        for (uint32_t i = 1; i < k; i++) {
            uint32_t x = o[i], record = populate_record(rows, stride, x), m = i;
            for (; m && populate_record(rows, stride, o[m - 1]) > record; m--) o[m] = o[m - 1];
            o[m] = x;
        }
    }
}

/* Rows of one customer, few, into the order of their record ids. */
static void sort_run(char *rows, uint32_t n, uint32_t stride)
{
    char row[sizeof(struct owned_tuple) + TABLE_ROW_MAX];
    if (n > 24) {
        qsort_r(rows, n, stride, by_record_of_row, &(struct order_context){rows, stride});
        return;
    }
    for (uint32_t i = 1; i < n; i++) {
        uint32_t record = populate_record(rows, stride, i), k = i;
        if (populate_record(rows, stride, i - 1) < record) continue;
        row_copy(row, rows + (size_t)i * stride, stride);
        for (; k && populate_record(rows, stride, k - 1) > record; k--)
            row_copy(rows + (size_t)k * stride, rows + (size_t)(k - 1) * stride, stride);
        row_copy(rows + (size_t)k * stride, row, stride);
    }
}

/* Raw rows (any order) → sorted: counting sort by customer straight into place, then each customer's few rows. */
static void sort_rows(const char *raw, char *sorted, uint32_t n, uint32_t stride, const struct populate_range *r,
                      uint32_t batch, uint32_t *start)
{
    memset(start, 0, ((size_t)r->count + 2) * 4);
    uint32_t *next = start + 1; /* next[c] counts up from the start of c to the start of c + 1, which it then is */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t customer;
        memcpy(&customer, raw + (size_t)i * stride, 4);
        if (customer - r->first + 1 < r->count) next[customer - r->first + 1]++;
    }
    for (uint32_t c = 1; c < r->count; c++) next[c] += next[c - 1];
    for (uint32_t i = 0; i < n; i++) {
        const char *from = raw + (size_t)i * stride;
        uint32_t customer;
        memcpy(&customer, from, 4);
        uint32_t place = customer - r->first;
        char *to = sorted + (size_t)next[place]++ * stride;
        row_copy(to, from, stride);
        place %= batch;
        memcpy(to, &place, 4);
    }
    for (uint32_t c = 0; c < r->count; c++)
        if (start[c + 1] - start[c] > 1) sort_run(sorted + (size_t)start[c] * stride, start[c + 1] - start[c], stride);
}

/* Two owners of one account who turn out to be one customer: their parts add up, the account counts once. Rows of one
 * record stand beside each other. Returns the rows that are left. */
static uint32_t merge_owners(const struct table *t, char *rows, uint32_t stride, const struct populate_range *r,
                             uint32_t *start, struct populate_table_total *total)
{
    uint32_t out = 0, begin = 0;
    for (uint32_t c = 0; c < r->count; c++) {
        uint32_t end = start[c + 1], first = out;
        for (uint32_t i = begin; i < end; i++) {
            char *to = rows + (size_t)out * stride;
            const char *from = rows + (size_t)i * stride;
            if (out == first || populate_record(rows, stride, out - 1) != populate_record(rows, stride, i)) {
                if (out != i) memmove(to, from, stride);
                out++;
                continue;
            }
            unsigned char *into = (unsigned char *)to - stride + sizeof(struct owned_tuple);
            for (int a = 0; a < t->amounts_count; a++) {
                const struct decode_column *column = &t->columns[t->amount_columns[a]];
                int64_t sum = decode_column_value(column, into) +
                              decode_column_value(column, (const unsigned char *)from + sizeof(struct owned_tuple));
                memcpy(into + column->offset, &sum, column->width);
            }
            total->merged_rows++;
        }
        start[c] = first;
        begin = end;
    }
    start[r->count] = out;
    return out;
}

void populate_add_rows(const struct table *t, const char *rows, uint32_t n, uint32_t stride,
                       __int128 (*sum)[DECODE_CURRENCIES_MAX])
{
    for (int a = 0; a < t->amounts_count; a++) {
        const struct decode_column *c = &t->columns[t->amount_columns[a]];
        const unsigned char *row = (const unsigned char *)rows + sizeof(struct owned_tuple);
        for (uint32_t i = 0; i < n; i++, row += stride) sum[a][currency_of(t, row)] += decode_column_value(c, row);
    }
}

/* Tonight's rows of the partition, any order. */
static bool take_fresh(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                       uint32_t stride, uint32_t *n, struct status *st)
{
    struct integrate *in = j->p->in;
    *n = (uint32_t)exchange_count(&in->owned[table], r->partition);
    char *raw = integrate_room(&w->raw.tuples, &w->raw.tuples_size, (size_t)*n * stride + 1);
    if (!exchange_take(&in->owned[table], r->partition, raw, st)) return false;
    if (in->table[table]->dropped_count)
        *n = drop_rows(&in->im->tables->table[table], in->table[table], &w->total->table[table], raw, *n, stride);
    return true;
}

bool populate_take_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                        struct status *st)
{
    struct integrate *in = j->p->in;
    const struct table *t = &in->im->tables->table[table];
    struct populate_table_total *total = &w->total->table[table];
    struct populate_old_part old = {0};
    size_t starts = ((size_t)r->count + 3) * 4;
    uint32_t stride = (uint32_t)sizeof(struct owned_tuple) + t->row_size, n;
    if (!take_fresh(j, w, r, table, stride, &n, st)) return false;
    if (w->old.places && !populate_old_rows(j, w, r, table, &old, st)) return false;
    uint32_t *start = integrate_room(&w->starts[table].tuples, &w->starts[table].tuples_size, starts);
    char *sorted =
        integrate_room(&w->sorted[table].tuples, &w->sorted[table].tuples_size, ((size_t)n + old.count) * stride + 64);
    if (w->old.places) {
        char *fresh = integrate_room(&w->fresh.tuples, &w->fresh.tuples_size, (size_t)n * stride + 64);
        uint32_t *fresh_start = integrate_room(&w->fresh.extra, &w->fresh.extra_size, starts);
        sort_rows(w->raw.tuples, fresh, n, stride, r, j->p->batch, fresh_start);
        if (!populate_merge_rows(j, w, r, table, fresh, fresh_start, &old, sorted, start, &n, st)) return false;
    } else {
        sort_rows(w->raw.tuples, sorted, n, stride, r, j->p->batch, start);
    }
    if (t->by_relation) n = merge_owners(t, sorted, stride, r, start, total);
    if (t->value_column >= 0 && !valuation_rows(t, in->im->rates, sorted, n, stride, total, st)) return false;
    total->rows += n;
    populate_add_rows(t, sorted, n, stride, total->sum);
    w->table[table] = (struct populate_rows){sorted, stride, n, start};
    return true;
}

enum { AHEAD = 16 }; /* members whose records' primaries are asked for early: they lie anywhere */

/* Tonight's members of a partition, in the order (customer, record); start: per place, one more at the end. */
static bool take_members(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                         const struct populate_member **out, const uint32_t **order, const uint32_t **start,
                         struct status *st)
{
    struct integrate *in = j->p->in;
    uint32_t n = (uint32_t)exchange_count(&in->members, r->partition);
    struct member_tuple *t =
        integrate_room(&w->member_tuples.tuples, &w->member_tuples.tuples_size, ((size_t)n + 1) * sizeof *t);
    if (!exchange_take(&in->members, r->partition, t, st)) return false;
    struct populate_member *m =
        integrate_room(&w->member_raw.extra, &w->member_raw.extra_size, ((size_t)n + 1) * sizeof *m);
    for (uint32_t i = 0; i < n; i++) {
        if (i + AHEAD < n) __builtin_prefetch(&in->primary[t[i + AHEAD].record]);
        const struct apply_record *a = in->apply->old ? apply_find(in->apply, t[i].record) : NULL;
        uint32_t own = in->primary[t[i].record] == t[i].record ? t[i].customer : APPLY_NONE;
        m[i] = (struct populate_member){t[i].customer, t[i].record, a ? a->founded : own, a && a->closed};
    }
    uint32_t *starts = integrate_room(&w->member_start.extra, &w->member_start.extra_size, ((size_t)r->count + 2) * 4);
    uint32_t *places = integrate_room(&w->order.tuples, &w->order.tuples_size, (size_t)n * 4 + 4);
    sort_order((const char *)m, n, sizeof *m, r, starts, places);
    *out = m;
    *order = places;
    *start = starts;
    return true;
}

/* The customers from..to of yesterday, whom nothing touched, as they were; row: the first of their members. */
static struct populate_member *keep_customers(const struct populate_job *j, struct populate_worker *w,
                                              const struct populate_range *r, uint32_t from, uint32_t to, uint64_t *row,
                                              struct populate_member *m)
{
    const struct populate_old *old = &w->old;
    uint64_t first_number = j->p->in->first_number, k = *row, closed = 0;
    for (uint32_t p = from; p < to; p++) {
        uint32_t customer = r->first + p;
        w->member_of[p] = (uint32_t)(m - w->members);
        for (uint64_t end = k + (uint64_t)old->member_count[p]; k < end; k++, m++) {
            int64_t f = old->founded ? old->founded[k] : old->primary[p] == old->member[k];
            uint32_t founded = f == 1 ? customer : f == 0 ? APPLY_NONE : (uint32_t)((uint64_t)(f - 1) - first_number);
            *m = (struct populate_member){customer, (uint32_t)old->member[k], founded,
                                          old->closed ? (uint32_t)old->closed[k] : 0};
            closed += m->closed;
        }
    }
    for (uint32_t p = from; p < to; p++) w->primary[p] = (uint32_t)old->primary[p];
    for (uint32_t p = from; p < to; p++) w->types[p] = (uint8_t)old->type[p];
    w->total->closed_members += closed;
    *row = k;
    return m;
}

/* Who is in force, with which primary record, of the customers that tonight's members make. */
static void set_customers(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                          const struct populate_member *fresh, const uint32_t *order, uint32_t n)
{
    const struct integrate *in = j->p->in;
    for (uint32_t i = 0; i < n; i++) {
        const struct populate_member *m = &fresh[order[i]];
        if (i + AHEAD < n) __builtin_prefetch(&in->primary[fresh[order[i + AHEAD]].record]);
        w->total->closed_members += m->closed;
        if (m->closed || in->primary[m->record] != m->record) continue;
        w->primary[m->customer - r->first] = m->record;
        w->types[m->customer - r->first] =
            bitmap_get(in->corporate, m->record) ? CUSTOMER_CORPORATE : CUSTOMER_PERSONAL;
    }
}

bool populate_take_members(struct populate_job *j, struct populate_worker *w, const struct populate_range *r,
                           struct status *st)
{
    const struct apply *apply = j->p->in->apply;
    const struct populate_member *fresh;
    const uint32_t *order, *start;
    if (!take_members(j, w, r, &fresh, &order, &start, st)) return false;
    uint32_t places = w->old.places < r->count ? w->old.places : r->count;
    size_t most = start[r->count];
    for (uint32_t p = 0; p < places; p++) most += (size_t)w->old.member_count[p];
    w->member_of = integrate_room(&w->member_start.tuples, &w->member_start.tuples_size, ((size_t)r->count + 2) * 4);
    w->members = integrate_room(&w->member_raw.tuples, &w->member_raw.tuples_size, (most + 1) * sizeof *w->members);
    w->primary = integrate_room((void **)&w->primary, &w->primary_size, ((size_t)r->count + 1) * 4);
    w->types = integrate_room((void **)&w->types, &w->types_size, r->count + 1u);
    struct populate_member *to = w->members;
    uint64_t row = 0;
    for (uint32_t p = 0; p < r->count;) {
        uint32_t next =
            p < places ? (uint32_t)bitmap_next(apply->touched, true, r->first + p, r->first + places) - r->first : p;
        /* a customer that something touched has all its records among tonight's, and no other one has any there */
        ensure(start[p] == start[next]);
        to = keep_customers(j, w, r, p, next, &row, to);
        for (p = next; p < r->count && (p >= places || bitmap_get(apply->touched, r->first + p)); p++) {
            w->member_of[p] = (uint32_t)(to - w->members);
            w->primary[p] = APPLY_NONE;
            w->types[p] = CUSTOMER_TYPES;
            for (uint32_t i = start[p]; i < start[p + 1]; i++) *to++ = fresh[order[i]];
            row += p < places ? (uint64_t)w->old.member_count[p] : 0;
        }
    }
    w->member_of[r->count] = (uint32_t)(to - w->members);
    set_customers(j, w, r, fresh, order, start[r->count]);
    w->total->members += w->member_of[r->count];
    return true;
}

#define FILL(type)                                                                                                     \
    for (uint32_t i = 0; i < n; i++, at += stride) {                                                                   \
        type v;                                                                                                        \
        memcpy(&v, at, sizeof v);                                                                                      \
        values[i] = v;                                                                                                 \
    }

/* One column of the rows as integers. */
static void fill_column(const struct decode_column *c, const unsigned char *rows, uint32_t stride, uint32_t n,
                        int64_t *values)
{
    const unsigned char *at = rows + c->offset;
    switch (c->width * 2 + c->is_signed) {
    case 2: FILL(uint8_t) return;
    case 4: FILL(uint16_t) return;
    case 8: FILL(uint32_t) return;
    case 9: FILL(int32_t) return;
    case 17: FILL(int64_t) return;
    default:
        for (uint32_t i = 0; i < n; i++, rows += stride) values[i] = decode_column_value(c, rows);
    }
}

/* count per customer, record ids, then every column. */
bool populate_write_rows(struct populate_job *j, struct populate_worker *w, const struct populate_range *r, int table,
                         struct status *st)
{
    const struct table *t = &j->p->in->im->tables->table[table];
    const struct populate_rows *rows = &w->table[table];
    uint32_t most = rows->count > r->count ? rows->count : r->count;
    int64_t *values = w->values =
        integrate_room((void **)&w->values, &w->values_size, ((size_t)most + 1) * sizeof *values);
    for (uint32_t c = 0; c < r->count; c++) values[c] = rows->start[c + 1] - rows->start[c];
    segment_put(w->table_part, 0, values, r->count);
    for (uint32_t i = 0; i < rows->count; i++) values[i] = populate_record(rows->rows, rows->stride, i);
    segment_put(w->table_part, 1, values, rows->count);
    for (int c = 0; c < t->columns_count; c++) {
        fill_column(&t->columns[c], (const unsigned char *)rows->rows + sizeof(struct owned_tuple), rows->stride,
                    rows->count, values);
        segment_put(w->table_part, 2 + c, values, rows->count);
    }
    return segment_commit(j->table[table], r->partition, w->table_part, st);
}
