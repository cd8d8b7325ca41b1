#include "etl/integrate.h"

#include <pthread.h>
#include <string.h>

static pthread_mutex_t notes_lock = PTHREAD_MUTEX_INITIALIZER;

void integrate_note(struct integrate *in, enum integrate_note_kind kind, uint32_t record, uint32_t other)
{
    pthread_mutex_lock(&notes_lock);
    if (in->notes_count == in->notes_capacity) {
        in->notes_capacity = in->notes_capacity ? in->notes_capacity * 2 : 1024;
        in->notes = realloc(in->notes, in->notes_capacity * sizeof *in->notes);
        ensure(in->notes);
    }
    in->notes[in->notes_count++] = (struct integrate_note){record, other, kind};
    pthread_mutex_unlock(&notes_lock);
}

static int by_record(const void *a, const void *b)
{
    const struct integrate_note *x = a, *y = b;
    if (x->record != y->record) return x->record < y->record ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->other < y->other ? -1 : x->other > y->other;
}

void *integrate_room(void **p, size_t *size, size_t wanted)
{
    if (wanted > *size) {
        free(*p);
        *size = wanted + wanted / 4 + 4096;
        *p = malloc(*size);
        ensure(*p);
    }
    return *p;
}

void integrate_scratch_release(struct integrate_scratch *s)
{
    free(s->tuples);
    free(s->extra);
    free(s->table);
    *s = (struct integrate_scratch){0};
}

int integrate_system(const struct integrate *in, uint32_t record)
{
    const struct input_set *inputs = in->im->inputs;
    int f = 0;
    while (f + 1 < inputs->customer_files && record >= inputs->files[f + 1].record_base) f++;
    return in->im->unit->layout_system[inputs->files[f].layout_index];
}

static bool take_regions(struct integrate *in, struct status *st)
{
    struct budget *b = in->im->budget;
    size_t words = (size_t)in->records_max / 64 + 1;
    in->primary = budget_region(b, (size_t)in->records_max * 4 + 64, "primary records", st);
    in->ranks = in->primary ? budget_region(b, words * sizeof *in->ranks, "numbers", st) : NULL;
    in->superseded = in->ranks ? budget_region(b, words * 8, "record marks", st) : NULL;
    in->excluded = in->superseded ? budget_region(b, words * 8, "record marks", st) : NULL;
    in->overridden = in->excluded ? budget_region(b, words * 8, "record marks", st) : NULL;
    in->corporate = in->overridden ? budget_region(b, words * 8, "record marks", st) : NULL;
    if (!in->corporate) return false;
    memset(in->primary, 0xff, (size_t)in->records_max * 4 + 64);
    return true;
}

/* Which record ids are primary, and how many before each: numbers in the order of the primary records. */
static void rank(struct integrate *in)
{
    uint32_t count = 0;
    for (uint32_t w = 0; w * 64 < in->records_max; w++) {
        uint64_t bits = 0;
        for (uint32_t i = 0; i < 64; i++) bits |= (uint64_t)(in->primary[w * 64 + i] == w * 64 + i) << i;
        in->ranks[w] = (struct rank_word){bits, count, 0};
        count += (uint32_t)__builtin_popcountll(bits);
    }
    in->customers = count;
    in->partitions = count ? owners_partition(&in->owners, count - 1) + 1 : 0;
}

bool integrate_customers(struct integrate *in, struct status *st)
{
    struct import *im = in->im;
    in->records_max = (im->inputs->customer_records_max + 63) & ~63u;
    for (int i = 0; i < im->tables->count; i++) in->table[i] = arena_new(im->arena, struct integrate_table);
    integrate_owners_init(in);
    if (!take_regions(in, st) || !integrate_duplicates(in, st) || !integrate_identities(in, st)) return false;
    rank(in);
    return integrate_sources(in, st);
}

bool integrate_rows(struct integrate *in, struct status *st)
{
    if (!integrate_relations(in, st) || !integrate_owners(in, st) || !integrate_directories(in, st)) return false;
    if (in->notes_count) qsort(in->notes, in->notes_count, sizeof *in->notes, by_record);
    return true;
}

void integrate_release(struct integrate *in)
{
    struct budget *b = in->im->budget;
    size_t words = (size_t)in->records_max / 64 + 1;
    budget_region_return(b, in->maps, in->maps_size);
    budget_region_return(b, in->primary, (size_t)in->records_max * 4 + 64);
    budget_region_return(b, in->ranks, words * sizeof *in->ranks);
    budget_region_return(b, in->superseded, words * 8);
    budget_region_return(b, in->excluded, words * 8);
    budget_region_return(b, in->overridden, words * 8);
    budget_region_return(b, in->corporate, words * 8);
    exchange_drop(&in->members);
    exchange_drop(&in->identities);
    for (int i = 0; i < UNIT_LAYOUTS_MAX; i++) {
        exchange_drop(&in->owned[i]);
        exchange_drop(&in->accounts[i]);
        exchange_drop(&in->related[i]);
        if (in->table[i]) free(in->table[i]->dropped);
    }
    free(in->notes);
}
