#include "etl/import.h"

#include "base/date.h"
#include "etl/import_inside.h"

#include <stddef.h>
#include <string.h>

static int bits_for(uint64_t tuples)
{
    int bits = 0;
    while (bits < IMPORT_SYSTEM_BITS_MAX && tuples >> bits > IMPORT_TARGET_TUPLES) bits++;
    return bits;
}

/* Tuples a layout class of a system can bring, from the file sizes. */
static uint64_t expected(const struct import *im, int system, enum layout_class class)
{
    uint64_t n = 0;
    for (int i = 0; i < im->inputs->files_count; i++) {
        const struct input_file *f = &im->inputs->files[i];
        if (f->layout->class == class && (system < 0 || im->unit->layout_system[f->layout_index] == system))
            n += f->identity.size / f->stride;
    }
    return n;
}

static bool open_exchange(struct import *im, struct exchange *x, const char *name, int bits, size_t tuple,
                          struct status *st)
{
    return exchange_init(x,
                         &(struct exchange_options){name, 1u << bits, (uint32_t)tuple, pool_workers(im->pool),
                                                    im->budget, im->spill_folder},
                         st);
}

static bool open_exchanges(struct import *im, struct status *st)
{
    const struct unit *u = im->unit;
    im->customer_tuple_size =
        u->tie == UNIT_TIE_SOURCE_NO ? sizeof(struct customer_tuple) : offsetof(struct customer_tuple, source);
    if (!im->fixed_bits) im->identity_bits = bits_for(expected(im, -1, LAYOUT_CUSTOMER));
    if (!open_exchange(im, &im->customers, "customers", im->identity_bits, im->customer_tuple_size, st)) return false;
    for (int s = 0; s < u->systems_count; s++) {
        struct import_system *system = &im->systems[s];
        uint64_t customers = expected(im, s, LAYOUT_CUSTOMER), accounts = expected(im, s, LAYOUT_ACCOUNT);
        if (!im->fixed_bits) system->bits = bits_for(customers > accounts / 2 ? customers : accounts / 2);
        if (!open_exchange(im, &system->sources, arena_printf(im->arena, "sources-%s", u->systems[s].name),
                           system->bits, sizeof(struct source_tuple), st) ||
            !open_exchange(im, &system->relations, arena_printf(im->arena, "relations-%s", u->systems[s].name),
                           system->bits, sizeof(struct relation_tuple), st))
            return false;
    }
    for (int i = 0; i < im->tables->count; i++) {
        const struct table *t = &im->tables->table[i];
        if (!open_exchange(im, &im->rows[i], arena_printf(im->arena, "rows-%s", t->layout->name),
                           im->systems[t->system].bits, sizeof(struct row_tuple) + t->row_size, st))
            return false;
        im->control[i] = arena_new(im->arena, struct import_control);
    }
    for (int i = 0; i < u->layouts_count; i++)
        if (im->postings[i] &&
            !open_exchange(im, &im->postings[i]->postings, arena_printf(im->arena, "postings-%s", u->layouts[i]->name),
                           im->systems[u->layout_system[i]].bits, sizeof(struct posting_tuple), st))
            return false;
    return true;
}

/* What a transaction log is decoded into. */
static bool read_shape(struct import *im, int layout, struct decode_options *o, struct status *st)
{
    const struct unit *u = im->unit;
    struct import_postings *p = im->postings[layout] = arena_new(im->arena, struct import_postings);
    if (!detail_shape(u->layouts[layout], u->layouts[u->layout_base[layout]], &p->shape, st)) return false;
    o->columns = p->shape.columns;
    o->columns_count = p->shape.columns_count;
    o->row_size = DETAIL_ROW_SIZE;
    return true;
}

/* The dates identity matching needs, as columns 0 and 1 of a customer's row. */
static void customer_columns(struct import *im, int layout, struct decode_options *o)
{
    static const enum layout_role ROLES[2] = {ROLE_CHANGED, ROLE_BIRTH};
    const struct layout *l = im->unit->layouts[layout];
    o->columns = im->customer_columns[layout];
    o->row_size = 8;
    for (int i = 0; i < 2; i++) {
        int field = l->role_field[ROLES[i]];
        bool wanted = i == 0 || im->unit->identity->names_apart;
        if (field < 0 || l->fields[field].type != LAYOUT_DATE || !wanted) continue;
        im->customer_columns[layout][o->columns_count++] = (struct decode_column){field, (uint16_t)(4 * i), 4, true};
    }
}

static bool make_decoders(struct import *im, struct status *st)
{
    im->keys = arena_array(im->arena, struct import_keys, im->unit->layouts_count);
    for (int i = 0; i < im->unit->layouts_count; i++) {
        struct decode_options o = {
            .layout = im->unit->layouts[i], .rates = im->rates, .business_date = im->business_date};
        if (im->unit->layouts[i]->class == LAYOUT_CUSTOMER) customer_columns(im, i, &o);
        bool log = im->unit->layouts[i]->class == LAYOUT_TRANSACTION;
        if (log && unit_layout(im->unit, im->unit->layouts[i]->name) == i && !read_shape(im, i, &o, st)) return false;
        for (int t = 0; t < im->tables->count; t++)
            if (im->unit->layouts[i]->class != LAYOUT_TRANSACTION &&
                im->tables->table[t].layout_index == im->unit->layout_base[i]) {
                struct table_map *m = im->maps[i] = arena_new(im->arena, struct table_map);
                table_map_init(m, &im->tables->table[t], im->unit->layouts[i], im->arena);
                im->table_of[i] = &im->tables->table[t];
                o.columns = m->columns;
                o.columns_count = m->columns_count;
                o.row_size = m->row_size;
            }
        im->decoders[i] = decoder_new(&o, im->arena);
        import_keys_init(&im->keys[i], im->unit->layouts[i], im->unit->layout_system[i]);
        if (im->unit->layouts[i]->class == LAYOUT_RELATION)
            im->systems[im->unit->layout_system[i]].has_relations = true;
    }
    return true;
}

static void seal(struct import *im)
{
    exchange_seal(&im->customers);
    for (int s = 0; s < im->unit->systems_count; s++) {
        exchange_seal(&im->systems[s].sources);
        exchange_seal(&im->systems[s].relations);
    }
    for (int i = 0; i < im->unit->layouts_count; i++) {
        if (!im->postings[i]) continue;
        exchange_seal(&im->postings[i]->postings);
        for (int w = 0; w < pool_workers(im->pool); w++)
            for (int c = 0; c < im->rates->count; c++) im->postings[i]->sum[c] += im->workers[w].posting_sum[i][c];
    }
}

static void sum_control(struct import *im)
{
    for (int i = 0; i < im->tables->count; i++) {
        for (int w = 0; w < pool_workers(im->pool); w++)
            for (int a = 0; a < TABLE_AMOUNTS_MAX; a++)
                for (int c = 0; c < im->rates->count; c++) {
                    const struct import_control *from = &im->workers[w].control[i];
                    im->control[i]->sum[a][c] += from->sum[a][c];
                    im->control[i]->valid[a][c] += from->valid[a][c];
                    im->control[i]->filtered[a][c] += from->filtered[a][c];
                }
    }
}

void import_seal_rows(struct import *im)
{
    for (int i = 0; i < im->tables->count; i++) exchange_seal(&im->rows[i]);
}

static void make_workers(struct import *im)
{
    uint32_t record_max = 0;
    for (int i = 0; i < im->inputs->files_count; i++)
        if (im->inputs->files[i].layout->record_length > record_max)
            record_max = im->inputs->files[i].layout->record_length;
    im->workers = calloc((size_t)pool_workers(im->pool), sizeof *im->workers);
    ensure(im->workers);
    for (int i = 0; i < pool_workers(im->pool); i++) {
        struct import_worker *w = &im->workers[i];
        w->im = im;
        w->worker = i;
        w->buffer_size = INPUT_CHUNK_SIZE + record_max + 3u + 2 * DECODE_SLACK + 1;
        w->buffer = calloc(1, w->buffer_size);
        w->control = calloc((size_t)im->tables->count + 1, sizeof *w->control);
        w->batch.columns = malloc((size_t)IMPORT_BATCH * TABLE_ROW_MAX);
        ensure(w->buffer && w->control && w->batch.columns);
        for (int l = 0; l < im->unit->layouts_count; l++) {
            if (!im->postings[l]) continue;
            w->posting_sum[l] = calloc(DECODE_CURRENCIES_MAX, sizeof **w->posting_sum);
            ensure(w->posting_sum[l]);
        }
        buf_init(&w->folded_name, 65536);
        w->to_utf8 = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    }
}

static void free_workers(struct import *im)
{
    for (int i = 0; im->workers && i < pool_workers(im->pool); i++) {
        struct import_worker *w = &im->workers[i];
        free(w->buffer);
        free(w->control);
        for (int l = 0; l < UNIT_LAYOUTS_MAX; l++) free(w->posting_sum[l]);
        free(w->batch.columns);
        buf_release(&w->folded_name);
        charset_close(w->to_utf8);
    }
    free(im->workers);
    im->workers = NULL;
}

/* --- the step --- */

struct job {
    struct import *im;
    struct task {
        struct input_file *file;
        uint32_t chunk;
    } * tasks;
};

static bool import_task(void *context, int worker, uint64_t task, struct status *st)
{
    struct job *j = context;
    return import_chunk_run(&j->im->workers[worker], j->tasks[task].file, j->tasks[task].chunk, st);
}

static bool is_row(const struct layout *l)
{
    return l->class == LAYOUT_ACCOUNT || l->class == LAYOUT_CONTACT || l->class == LAYOUT_ADDRESS;
}

/* Every chunk of the files of tables, or of all others. */
static bool import_files(struct import *im, bool rows, struct status *st)
{
    struct job j = {.im = im};
    uint64_t n = 0;
    for (int i = 0; i < im->inputs->files_count; i++) n += im->inputs->files[i].chunks_count;
    j.tasks = calloc(n + 1, sizeof *j.tasks);
    ensure(j.tasks);
    n = 0;
    for (int i = 0; i < im->inputs->files_count; i++) {
        struct input_file *f = &im->inputs->files[i];
        if (is_row(f->layout) != rows) continue;
        for (uint32_t k = 0; k < f->chunks_count; k++) j.tasks[n++] = (struct task){f, k};
    }
    bool ok = pool_run(im->pool, n, import_task, &j, st);
    free(j.tasks);
    for (int i = 0; ok && i < im->inputs->files_count; i++)
        if (is_row(im->inputs->files[i].layout) == rows) ok = input_seal(&im->inputs->files[i], st);
    return ok;
}

bool import_customers(struct import *im, struct status *st)
{
    if (!make_decoders(im, st) || !input_open_all(im->inputs, st) || !open_exchanges(im, st)) return false;
    make_workers(im);
    if (!import_files(im, false, st)) return false;
    seal(im);
    return true;
}

bool import_rows(struct import *im, struct status *st)
{
    if (!import_files(im, true, st)) return false;
    sum_control(im);
    free_workers(im);
    return true;
}

void import_release(struct import *im)
{
    free_workers(im);
    exchange_drop(&im->customers);
    for (int s = 0; s < UNIT_SYSTEMS_MAX; s++) {
        exchange_drop(&im->systems[s].sources);
        exchange_drop(&im->systems[s].relations);
    }
    for (int i = 0; i < UNIT_LAYOUTS_MAX; i++) {
        exchange_drop(&im->rows[i]);
        if (im->postings[i]) exchange_drop(&im->postings[i]->postings);
    }
}

bool import_check_limits(const struct input_set *inputs, const struct unit *u, const bool *accepted, struct status *st)
{
    for (int i = 0; i < u->layouts_count; i++) {
        const struct layout *l = u->layouts[i];
        uint64_t rejected = 0, read = 0;
        const struct input_file *worst = NULL;
        for (int k = 0; k < inputs->files_count; k++) {
            const struct input_file *f = &inputs->files[k];
            if (f->layout_index != i) continue;
            rejected += f->rejected;
            read += f->lines - f->marks;
            if (f->rejected && (!worst || f->rejected > worst->rejected)) worst = f;
        }
        if (!worst || (accepted && accepted[i])) continue;
        if ((__int128)rejected * 1000000 <= (__int128)read * l->reject_limit_ppm) continue;
        const struct input_reject *r = NULL;
        for (uint32_t k = 0; !r && k < worst->chunks_count; k++)
            if (worst->chunks[k].rejects_count) r = &worst->chunks[k].rejects[0];
        status_fail(
            st, STATUS_INPUT,
            "reject limit passed for layout %s: %llu of %llu records rejected, the limit is %lld per million; first: "
            "\"%s\" line %u, byte offset %llu, reason %s",
            l->name, (unsigned long long)rejected, (unsigned long long)read, (long long)l->reject_limit_ppm,
            worst->name, r->line, (unsigned long long)r->offset, l->reasons[r->reason]);
        return status_hint(st,
                           "see them: crmx rejects --unit %s; then have the file repaired, or accept them (crmx gate "
                           "accept rejects.%s), "
                           "or raise reject_limit in layouts/%s.ini; then the same command",
                           u->id, l->name, l->name);
    }
    return true;
}
