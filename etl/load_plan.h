/* load_plan: what a load will do, decided and checked against the request and the catalogue before anything is written.
 *
 * A plan has one entry per CRM table, with the files that feed it; for each file the steps that turn a record into a
 * binary row, and its COPY statement. Everything lives in the arena.
 */
#ifndef CRMX_ETL_LOAD_PLAN_H
#define CRMX_ETL_LOAD_PLAN_H

#include "base/arena.h"
#include "etl/load.h"

enum load_conversion {
    CONVERT_TEXT,     /* both ends trimmed, into UTF-8 */
    CONVERT_RAW_TEXT, /* the end trimmed, into UTF-8 */
    CONVERT_BYTES,    /* as they are, into bytea */
    CONVERT_DIGITS_TEXT,
    CONVERT_INT16,
    CONVERT_INT32,
    CONVERT_INT64,
    CONVERT_NUMERIC,
    CONVERT_DATE,
    CHECK_UNIT, /* nothing is sent: the field must say the request's unit … */
    CHECK_DATE  /* … or business date */
};

struct load_step {
    const struct load_field *field;
    enum load_conversion conversion;
    bool is_signed; /* the first byte is the sign */
    bool nullable;
    uint64_t magnitude_max;  /* numbers: the column holds no larger one */
    const char *column_type; /* for messages: "numeric(20,2)" */
};

struct load_file_plan {
    const struct load_file *file;
    const struct load_step *steps;
    int steps_count;
    int columns_count; /* steps that send something */
    uint32_t row_max;  /* bytes of the longest row */
    const char *copy_statement;
};

struct load_table_plan {
    const char *table;
    const char *leaf; /* crm_deposit_11_57 */
    struct load_file_plan *files;
    int files_count;
    uint64_t bytes, rows;
};

struct load_plan {
    struct load_table_plan *tables; /* largest first: the longest work begins at once */
    int tables_count;
    char load_number[24];
    uint64_t bytes, rows;
};

/* Files on disk and fields against the columns of the database. Takes a load number. */
bool load_plan_make(PGconn *c, const struct load_request *r, struct arena *a, struct load_plan *out, struct status *st);

#endif
