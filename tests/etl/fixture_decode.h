/* fixture_decode: a layout compiled with every column it can have, and the question whether both kernels say of a
 * record what the slow check says. */
#ifndef CRMX_TESTS_ETL_FIXTURE_DECODE_H
#define CRMX_TESTS_ETL_FIXTURE_DECODE_H

#include "etl/decode_program.h"
#include "tests/etl/fixture.h"

enum { COLUMNS_MAX = 64, ROW_MAX = 1024 };

/* A layout compiled with every field that can be a column kept as one. */
struct compiled {
    struct layout *layout;
    struct decode_column columns[COLUMNS_MAX];
    int columns_count;
    uint16_t row_size;
    struct decoder *decoder;
};

FIXTURE void compile(struct compiled *c, struct layout *l, struct arena *arena)
{
    *c = (struct compiled){.layout = l};
    for (int i = 0; i < l->fields_count; i++) {
        if (l->fields[i].type == LAYOUT_TEXT) continue;
        struct decode_column *column = &c->columns[c->columns_count++];
        column->field = i;
        decode_column_shape(&l->fields[i], column);
        column->offset = c->row_size;
        c->row_size = (uint16_t)(c->row_size + column->width);
    }
    assert_true(c->columns_count <= COLUMNS_MAX && c->row_size <= ROW_MAX);
    c->decoder = decoder_new(&(struct decode_options){.layout = l,
                                                      .rates = fixture_rates(),
                                                      .business_date = FIXTURE_DAY,
                                                      .columns = c->columns,
                                                      .columns_count = c->columns_count,
                                                      .row_size = c->row_size},
                             arena);
}

FIXTURE bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}

/* Both kernels say what the slow check says, and leave the values that it reads. True when they do; `what` names the
 * record. */
FIXTURE bool agree(const struct compiled *c, const unsigned char *record, const char *what)
{
    int field, reason = decode_check(c->decoder, record, c->layout->record_length, &field);
    for (int k = 0; k < 2; k++) {
        unsigned char row[ROW_MAX];
        memset(row, 0x77, sizeof row);
        if (k == 1 && !has_avx2()) continue;
        bool accepted =
            k ? decode_accept_avx2(c->decoder, record, row) : decode_accept_portable(c->decoder, record, row);
        if (accepted != (reason < 0)) {
            print_error("%s: %s accepts: %d, the check says reason %d field %d: \"%.*s\"\n", what,
                        k ? "avx2" : "portable", accepted, reason, field, (int)c->layout->record_length,
                        (const char *)record);
            return false;
        }
        for (int i = 0; accepted && i < c->columns_count; i++) {
            int64_t want = decode_value(c->decoder, c->columns[i].field, record),
                    found = decode_column_value(&c->columns[i], row);
            if (found == want) continue;
            print_error("%s: column %s of %s is %lld, not %lld: \"%.*s\"\n", what,
                        c->layout->fields[c->columns[i].field].name, k ? "avx2" : "portable", (long long)found,
                        (long long)want, (int)c->layout->record_length, (const char *)record);
            return false;
        }
        if (row[c->row_size] != 0x77) {
            print_error("%s: a value was written past the row\n", what);
            return false;
        }
    }
    return true;
}

#endif
