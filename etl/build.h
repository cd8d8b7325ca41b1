/* build (step 070): one row of an output file from what is known of a customer and, where the output asks for it, a
 * source record.
 *
 * build_new compiles an output against the layouts that feed it; build_row then fills data_length bytes. A value that
 * does not fit its field is a failure of the run (it names output, field and customer): money is never cut.
 */
#ifndef CRMX_ETL_BUILD_H
#define CRMX_ETL_BUILD_H

#include "base/charset.h"
#include "etl/import.h"
#include "etl/output.h"
#include "etl/scorecard.h"

struct build_row {
    uint64_t number; /* with the unit's prefix */
    int customer_type;
    const int64_t *measures; /* of the customer's formula, NULL when not scored */
    const int64_t *results;
    const int64_t *reasons; /* SCORECARD_REASONS term numbers, NULL: none */
    int32_t entry_date;
    int system; /* of the source record */
    int layout_index;
    const struct input_file *file;
    uint32_t record;
    const unsigned char *bytes; /* the source record, with DECODE_SLACK around */
};

struct build;      /* compiled output, shared */
struct build_tool; /* converters of one thread */

struct build_context {
    const struct unit *unit;
    const struct scorecards *cards;
    struct decoder *const *decoders; /* per layout */
    int32_t business_date;
};

/* Fails when the output names a measure, result or field that nobody has. */
struct build *build_new(const struct output *o, const struct build_context *context, struct arena *arena,
                        struct status *st);
struct build_tool *build_tool_new(void);
void build_tool_free(struct build_tool *t);
/* Does a row of the output need the source record? */
bool build_needs_record(const struct build *b);
bool build_row(const struct build *b, struct build_tool *tool, const struct build_row *row, char *out,
               struct status *st);

#endif
