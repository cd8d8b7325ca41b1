#include "scoring/measure_rows.h"

/* out[i] = the value of each selected row; TYPE is how it is stored. memcpy: rows may stand at any address. */
#define FETCH(TYPE, OUT)                                                                                               \
    if (selection) {                                                                                                   \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            TYPE x;                                                                                                    \
            memcpy(&x, base + (size_t)selection[i] * stride, sizeof x);                                                \
            out[i] = (OUT)x;                                                                                           \
        }                                                                                                              \
    } else if (stride == sizeof(TYPE)) {                                                                               \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            TYPE x;                                                                                                    \
            memcpy(&x, base + i * sizeof x, sizeof x);                                                                 \
            out[i] = (OUT)x;                                                                                           \
        }                                                                                                              \
    } else {                                                                                                           \
        for (uint32_t i = 0; i < count; i++) {                                                                         \
            TYPE x;                                                                                                    \
            memcpy(&x, base + (size_t)i * stride, sizeof x);                                                           \
            out[i] = (OUT)x;                                                                                           \
        }                                                                                                              \
    }

static void fetch_values(const struct measure_column *c, uint32_t first, const uint16_t *selection, uint32_t count,
                         int64_t *out)
{
    size_t stride = c->stride;
    const unsigned char *base = c->base + (size_t)first * stride;
    switch (c->width * 2 + c->is_signed) {
    case 2: FETCH(uint8_t, int64_t) break;
    case 3: FETCH(int8_t, int64_t) break;
    case 4: FETCH(uint16_t, int64_t) break;
    case 5: FETCH(int16_t, int64_t) break;
    case 8: FETCH(uint32_t, int64_t) break;
    case 9: FETCH(int32_t, int64_t) break;
    case 16:
    case 17: FETCH(int64_t, int64_t) break;
    default: ensure(!"a column has 1, 2, 4 or 8 bytes");
    }
}

static void fetch_owners(const struct measure_column *c, uint32_t first, const uint16_t *selection, uint32_t count,
                         uint32_t *out)
{
    size_t stride = c->stride;
    const unsigned char *base = c->base + (size_t)first * stride;
    ensure(c->width == 4);
    FETCH(uint32_t, uint32_t)
}

void rows_view_reset(struct rows_view *v, const struct measure_rows *rows, uint32_t first, const uint16_t *selection,
                     uint32_t count)
{
    v->rows = rows;
    v->first = first;
    v->selection = selection;
    v->count = count;
    v->owner = NULL;
    memset(v->fetched, 0, (size_t)v->fields);
}

const uint32_t *rows_view_owners(struct rows_view *v)
{
    if (!v->owner) {
        fetch_owners(&v->rows->owner, v->first, v->selection, v->count, v->owners);
        v->owner = v->owners;
    }
    return v->owner;
}

/* Each row has its owner's value. */
static void fetch_customers(struct rows_view *v, int field, int64_t *out)
{
    ensure(v->customer_fields && v->customer_fields[field]);
    const int64_t *values = v->customer_fields[field];
    const uint32_t *owner = rows_view_owners(v);
    for (uint32_t i = 0; i < v->count; i++) out[i] = values[owner[i]];
}

const int64_t *rows_view_field(struct rows_view *v, int field)
{
    int64_t *out = v->storage + (size_t)field * MEASURE_CHUNK_ROWS;
    if (!v->fetched[field] && field >= v->account_fields) {
        fetch_customers(v, field - v->account_fields, out);
        v->fetched[field] = true;
    } else if (!v->fetched[field]) {
        ensure(v->rows->columns[field].base);
        fetch_values(&v->rows->columns[field], v->first, v->selection, v->count, out);
        v->fetched[field] = true;
    }
    return out;
}
