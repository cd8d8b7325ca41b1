/* output: what a delivered file looks like (docs/formats.md, "Output layout"). Pure description; etl/build writes the
 * rows. */
#ifndef CRMX_ETL_OUTPUT_H
#define CRMX_ETL_OUTPUT_H

#include "base/arena.h"
#include "base/status.h"
#include "etl/layout.h"

#include <stdint.h>

enum { OUTPUT_FIELDS_MAX = 200, OUTPUT_LAYOUTS_MAX = 16, OUTPUT_RECORD_MAX = 32000, OUTPUT_KEY_MAX = 16 };

enum output_rows { OUTPUT_CUSTOMER, OUTPUT_OTHERS, OUTPUT_ACCOUNT, OUTPUT_CONTACT, OUTPUT_ADDRESS };
enum output_type { OUTPUT_DIGITS, OUTPUT_AMOUNT, OUTPUT_TEXT, OUTPUT_DATE, OUTPUT_RAW };
enum output_source {
    SOURCE_NUMBER,
    SOURCE_UNIT,
    SOURCE_BUSINESS_DATE,
    SOURCE_SYSTEM,
    SOURCE_SCORE,
    SOURCE_RESULT,  /* .name */
    SOURCE_MEASURE, /* .name */
    SOURCE_REASON,  /* .1, .2, .3: term of the score that adds most, second, third */
    SOURCE_ID_TYPE,
    SOURCE_ID_KEY,
    SOURCE_CUSTOMER_TYPE,
    SOURCE_ENTRY_DATE,
    SOURCE_FIELD, /* .name */
    SOURCE_RECORD,
    SOURCE_LAYOUT,
    SOURCE_FILE,
    SOURCE_OFFSET,
    SOURCE_CONST /* .name is the text */
};

struct output_field {
    const char *name;
    uint32_t offset, length;
    enum output_type type;
    int scale;
    enum output_source source;
    const char *source_name; /* of RESULT, MEASURE, FIELD, CONST */
};

struct output {
    const char *name, *file, *table; /* table NULL: not loaded */
    enum output_rows rows;
    const char *layouts[OUTPUT_LAYOUTS_MAX]; /* account, contact, address: the layouts that feed it */
    int layouts_count;
    enum layout_encoding encoding;
    enum layout_line_end line_end;
    bool all; /* scope = all: every customer, not only the selected */
    struct output_field *fields;
    int fields_count;
    uint32_t data_length, record_length; /* without and with the line end */
    /* What a row is known by from day to day (etl/delta): the customer number, then these fields. */
    int number_field; /* -1: none */
    int key[OUTPUT_KEY_MAX], key_count;
    bool has_key; /* key = was given, or rows = customer */
};

bool output_load(const char *path, const char *name, struct arena *arena, struct output **out, struct status *st);

#endif
