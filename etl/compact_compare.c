/* compact: is every record of the compacted generation the one it was? */
#include "etl/compact_pack.h"
#include "etl/detail_day.h"

#include <stdlib.h>
#include <string.h>

struct worker {
    struct compact_column old, now;
    unsigned char room[2][INPUT_ROOM];
    uint64_t records[2];
    __int128 (*sum)[2][DECODE_CURRENCIES_MAX]; /* per amount of the table; before, now */
};

struct job {
    struct generation *g, *h;
    const struct compact_holder *holder;
    struct segment *old, *now;
    const struct table *table;        /* NULL: no amounts */
    int (*amount)[TABLE_AMOUNTS_MAX]; /* field of each layout and amount; -1 */
    struct worker *workers;
};

static bool differ(const struct job *j, const struct input_file *a, uint32_t record, const char *what,
                   struct status *st)
{
    status_fail(st, STATUS_CONSERVATION,
                "the compacted generation does not tie out: %s points at a record of \"%s\", byte %llu, that has %s",
                j->holder->file, input_name(a, record), (unsigned long long)input_offset(a, record), what);
    return status_hint(st,
                       "nothing was changed; see whether the generation is damaged: crmx generation verify --unit %s",
                       j->g->unit->id);
}

static void add_amounts(const struct job *j, struct worker *w, int side, const struct generation *g,
                        const struct input_file *f, const unsigned char *bytes)
{
    const struct decoder *d = g->decoders[f->layout_index];
    int field = f->layout->role_field[ROLE_CURRENCY];
    int64_t currency = field < 0 ? 0 : decode_value(d, field, bytes);
    if (currency < 0 || currency >= DECODE_CURRENCIES_MAX) currency = 0;
    for (int a = 0; a < j->table->amounts_count; a++)
        if (j->amount[f->layout_index][a] >= 0)
            w->sum[a][side][currency] += decode_value(d, j->amount[f->layout_index][a], bytes);
}

static bool compare_record(struct job *j, struct worker *w, uint32_t old, uint32_t now, struct status *st)
{
    const struct input_file *a = input_file_of(&j->g->inputs, j->holder->space, old),
                            *b = input_file_of(&j->h->inputs, j->holder->space, now);
    if (!a && !b && old == now) return true; /* none: DETAIL_NO_RECORD */
    if (!a || !b)
        return status_fail(st, STATUS_CORRUPT, "%s names the record %u, compacted %u, that there is not",
                           j->holder->file, old, now);
    const unsigned char *x = input_record(a, old, w->room[0], st), *y = x ? input_record(b, now, w->room[1], st) : NULL;
    if (!y) return false;
    w->records[0]++;
    w->records[1]++;
    if (strcmp(a->layout->name, b->layout->name) != 0 || a->layout->record_length != b->layout->record_length ||
        memcmp(x, y, a->layout->record_length) != 0)
        return differ(j, a, old, "other bytes", st);
    if (strcmp(input_name(a, old), input_name(b, now)) != 0 || input_offset(a, old) != input_offset(b, now))
        return differ(j, a, old, "another origin", st);
    if (!j->table) return true;
    add_amounts(j, w, 0, j->g, a, x);
    add_amounts(j, w, 1, j->h, b, y);
    return true;
}

static bool compare_task(void *context, int worker, uint64_t partition, struct status *st)
{
    struct job *j = context;
    struct worker *w = &j->workers[worker];
    if (!compact_column_load(j->old, j->holder, (uint32_t)partition, &w->old, st) ||
        !compact_column_load(j->now, j->holder, (uint32_t)partition, &w->now, st))
        return false;
    if (w->old.count != w->now.count)
        return status_fail(st, STATUS_CONSERVATION, "%s has %llu records, the compacted one %llu", j->holder->file,
                           (unsigned long long)w->old.count, (unsigned long long)w->now.count);
    for (uint64_t i = 0; i < w->old.count; i++) {
        /* The ids of files that stay keep their order; nothing is compared of those that nobody reads. */
        if (!j->holder->marks) continue;
        if (!compare_record(j, w, w->old.ids[i], w->now.ids[i], st)) return false;
    }
    return true;
}

static void find_amounts(struct job *j, struct arena *arena)
{
    const struct unit *u = j->g->unit;
    j->amount = arena_take(arena, (size_t)UNIT_LAYOUTS_MAX * sizeof *j->amount);
    for (int l = 0; l < u->layouts_count; l++)
        for (int a = 0; a < j->table->amounts_count; a++) {
            int field = j->table->columns[j->table->amount_columns[a]].field;
            j->amount[l][a] = layout_find(u->layouts[l], j->table->layout->fields[field].name);
        }
}

static void equate(struct job *j, struct reconcile *r)
{
    uint64_t records[2] = {0, 0};
    int workers = 0;
    for (struct worker *w = j->workers; w->sum; w++, workers++)
        for (int side = 0; side < 2; side++) records[side] += w->records[side];
    if (j->holder->marks)
        reconcile_equate(r, arena_printf(r->arena, "%s: records named before = after", j->holder->file), "", records[0],
                         records[1], 0);
    for (int a = 0; j->table && a < j->table->amounts_count; a++) {
        const struct layout_field *f = &j->table->layout->fields[j->table->columns[j->table->amount_columns[a]].field];
        for (int c = 0; c < j->g->reference.rates.count; c++) {
            __int128 sum[2] = {0, 0};
            for (int w = 0; w < workers; w++)
                for (int side = 0; side < 2; side++) sum[side] += j->workers[w].sum[a][side][c];
            if (sum[0] || sum[1])
                reconcile_equate(r, arena_printf(r->arena, "%s.%s before = after", j->table->layout->name, f->name),
                                 j->g->reference.rates.code[c], sum[0], sum[1], f->scale);
        }
    }
}

static bool compare_holder(struct job *j, const struct compact_pack *p, struct reconcile *r, struct status *st)
{
    int workers = pool_workers(p->pool);
    j->old = segment_open(arena_printf(p->arena, "%s/%s", j->g->folder, j->holder->file), st);
    j->now = j->old ? segment_open(arena_printf(p->arena, "%s/%s", j->h->folder, j->holder->file), st) : NULL;
    j->table = j->holder->table < 0 ? NULL : &j->g->tables.table[j->holder->table];
    if (j->table) find_amounts(j, p->arena);
    j->workers = calloc((size_t)workers + 1, sizeof *j->workers); /* one more: the end */
    ensure(j->workers);
    for (int w = 0; w < workers; w++) {
        j->workers[w].sum = calloc(TABLE_AMOUNTS_MAX, sizeof *j->workers[w].sum);
        ensure(j->workers[w].sum);
    }
    bool ok = j->now && segment_partitions(j->old) == segment_partitions(j->now) &&
              pool_run(p->pool, segment_partitions(j->old), compare_task, j, st);
    if (ok) equate(j, r);
    for (int w = 0; w < workers; w++) {
        compact_column_release(&j->workers[w].old);
        compact_column_release(&j->workers[w].now);
        free(j->workers[w].sum);
    }
    free(j->workers);
    segment_close(j->old);
    segment_close(j->now);
    return ok;
}

bool compact_compare(struct generation *g, struct generation *h, const struct compact_pack *p, struct reconcile *r,
                     struct status *st)
{
    for (int i = 0; i < p->holders.count; i++) {
        struct job j = {.g = g, .h = h, .holder = &p->holders.list[i]};
        if (!compare_holder(&j, p, r, st)) return status_while(st, "comparing the compacted generation");
    }
    for (int i = 0; i < r->equations_count; i++) {
        const struct reconcile_equation *e = &r->equations[i];
        char left[48], right[48];
        if (e->left == e->right) continue;
        status_fail(st, STATUS_CONSERVATION, "the compacted generation does not tie out: %s%s%s: %s against %s",
                    e->name, e->currency[0] ? " " : "", e->currency, reconcile_decimal(e->left, e->scale, left),
                    reconcile_decimal(e->right, e->scale, right));
        return status_hint(
            st, "nothing was changed; see whether the generation is damaged: crmx generation verify --unit %s",
            g->unit->id);
    }
    return true;
}
