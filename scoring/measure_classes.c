/* Codes → class → group → list of rows.
 *
 * Every code field has a table code → place (its share of the class number), of 256 entries, in which a code outside
 * the field's list has the place `classes`. A sum of places therefore is a class, or lies behind the last class, where
 * groups_of holds the group NO_GROUP: a bad code needs no test of its own and cannot read out of bounds.
 *
 * Lists of few groups are made by one pass per group that compares 16 rows at once and appends the hits by table (SSE2,
 * which every x86-64 has). Measured on kind × currency, four groups: a counter per group in memory 3.8 ns a row (each
 * row waits for the counter's store), one pass per group row by row 1.9 ns, this 0.4 ns. */
#include "scoring/measure_classes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { PASSES_MAX = 16 }; /* groups up to which a pass per group is cheaper than counters in memory */

void classes_prepare(struct arena *a, struct table_plan *t, const uint16_t *groups_of_class)
{
    size_t size = (size_t)t->classes * ((size_t)t->class_fields_count + 1) + 1;
    uint16_t *groups_of = arena_array(a, uint16_t, size);
    for (size_t i = 0; i < size; i++)
        groups_of[i] = i < (size_t)t->classes ? groups_of_class[i] : (uint16_t)t->groups_count;
    t->groups_of = groups_of;
    t->places = arena_array(a, uint16_t *, t->class_fields_count + 1);
    for (int k = 0, place = 1; k < t->class_fields_count; k++) {
        t->places[k] = arena_array(a, uint16_t, MEASURE_CODES_MAX);
        for (int code = 0; code < MEASURE_CODES_MAX; code++)
            t->places[k][code] = (uint16_t)(code < t->class_counts[k] ? code * place : t->classes);
        place *= t->class_counts[k];
    }
}

static const unsigned char *start(const struct measure_rows *rows, int field, uint32_t first)
{
    const struct measure_column *c = &rows->columns[field];
    ensure(c->base && (c->width == 1 || c->width == 2 || c->width == 4 || c->width == 8));
    return c->base + (size_t)first * c->stride;
}

/* classes[i] += the place of one field. Of a wide code only the first byte may be set, or the code is in no list. */
static void add_places(const struct table_plan *t, const struct measure_rows *rows, int k, uint32_t first,
                       uint32_t count, uint16_t *classes)
{
    const struct measure_column *c = &rows->columns[t->class_fields[k]];
    const unsigned char *base = start(rows, t->class_fields[k], first);
    const uint16_t *places = t->places[k];
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *at = base + (size_t)i * c->stride;
        unsigned code = at[0];
        for (int byte = 1; byte < c->width; byte++)
            if (at[byte]) code = MEASURE_CODES_MAX - 1; /* in no list */
        classes[i] = (uint16_t)(classes[i] + places[code]);
    }
}

/* One or two fields of a byte each are by far the most common. */
static void find_classes(const struct table_plan *t, const struct measure_rows *rows, uint32_t first, uint32_t count,
                         uint16_t *classes)
{
    int x_field = t->class_fields[0], y_field = t->class_fields[t->class_fields_count - 1];
    size_t x_stride = rows->columns[x_field].stride, y_stride = rows->columns[y_field].stride;
    bool bytes = rows->columns[x_field].width == 1 && rows->columns[y_field].width == 1;
    if (bytes && t->class_fields_count <= 2) {
        const unsigned char *x = start(rows, x_field, first), *y = start(rows, y_field, first);
        const uint16_t *x_places = t->places[0], *y_places = t->places[t->class_fields_count - 1];
        if (t->class_fields_count == 1)
            for (uint32_t i = 0; i < count; i++) classes[i] = x_places[x[i * x_stride]];
        else
            for (uint32_t i = 0; i < count; i++)
                classes[i] = (uint16_t)(x_places[x[i * x_stride]] + y_places[y[i * y_stride]]);
        return;
    }
    memset(classes, 0, sizeof *classes * count);
    for (int k = 0; k < t->class_fields_count; k++) add_places(t, rows, k, first, count, classes);
}

#if defined(__SSE2__)
/* For a byte of eight hits: their places, and how many. */
struct hits {
    uint16_t places[256][8];
    uint8_t counts[256];
};
static struct hits HITS;

static __attribute__((constructor)) void make_hits(void)
{
    for (unsigned bits = 0; bits < 256; bits++)
        for (unsigned i = 0; i < 8; i++)
            if (bits >> i & 1) HITS.places[bits][HITS.counts[bits]++] = (uint16_t)i;
}

/* Writes up to eight places behind the hits: into the next list, which is made later, or the spare one. */
static uint32_t append_hits(uint16_t *list, uint32_t n, unsigned bits, uint32_t row)
{
    __m128i places = _mm_loadu_si128((const __m128i *)HITS.places[bits]);
    _mm_storeu_si128((__m128i *)(list + n), _mm_add_epi16(places, _mm_set1_epi16((short)row)));
    return n + HITS.counts[bits];
}

static uint32_t list_group(const uint8_t *groups, uint32_t count, int group, uint16_t *list)
{
    uint32_t n = 0;
    __m128i wanted = _mm_set1_epi8((char)group);
    for (uint32_t i = 0; i < count; i += 16) {
        __m128i found = _mm_cmpeq_epi8(_mm_load_si128((const __m128i *)(groups + i)), wanted);
        unsigned bits = (unsigned)_mm_movemask_epi8(found);
        n = append_hits(list, n, bits & 0xff, i);
        n = append_hits(list, n, bits >> 8, i + 8);
    }
    return n;
}
#else
static uint32_t list_group(const uint8_t *groups, uint32_t count, int group, uint16_t *list)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        list[n] = (uint16_t)i; /* n ≤ i: inside the list */
        n += groups[i] == group;
    }
    return n;
}
#endif

static void list_by_passes(const struct table_plan *t, const uint16_t *classes, uint32_t count, uint16_t *selections,
                           uint32_t *counts)
{
    _Alignas(16) uint8_t groups[MEASURE_CHUNK_ROWS + 16];
    uint32_t total = 0;
    for (uint32_t i = 0; i < count; i++) groups[i] = (uint8_t)t->groups_of[classes[i]];
    memset(groups + count, 0xff, 16); /* no group */
    for (int g = 0; g < t->groups_count; g++) {
        counts[g] = list_group(groups, count, g, selections + (size_t)g * MEASURE_CHUNK_ROWS);
        total += counts[g];
    }
    ensure(total == count); /* a code outside its list */
}

static void list_by_counters(const struct table_plan *t, const uint16_t *classes, uint32_t count, uint16_t *selections,
                             uint32_t *counts)
{
    memset(counts, 0, sizeof *counts * ((size_t)t->groups_count + 1));
    for (uint32_t i = 0; i < count; i++) {
        size_t g = t->groups_of[classes[i]];
        selections[g * MEASURE_CHUNK_ROWS + counts[g]++] = (uint16_t)i;
    }
    ensure(counts[t->groups_count] == 0); /* a code outside its list */
}

void classes_partition(const struct table_plan *t, const struct measure_rows *rows, uint32_t first, uint32_t count,
                       uint16_t *classes, uint16_t *selections, uint32_t *counts)
{
    find_classes(t, rows, first, count, classes);
    if (t->groups_count <= PASSES_MAX)
        list_by_passes(t, classes, count, selections, counts);
    else
        list_by_counters(t, classes, count, selections, counts);
}
