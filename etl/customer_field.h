/* customer_field: the fields of the customers' primary records 主客户信息 that formulas name, out of a committed generation
 * alone: for scores (etl/scan.h) and for aggregates (etl/recompute.h).
 *
 *     customer_fields_init(&c, g, wanted)                        where each field stands in each layout: once
 *     customer_fields_read(&c, &reader, …)                       for each block of customers, in any thread
 *
 * A record of a layout without the field has none: a date is missing, anything else is 0. Codes are those of the
 * schema, which has those of all customer layouts: each system, and a change list, may list them otherwise. Average
 * balances are fields of the schema too, but of no record (etl/average.h).
 */
#ifndef CRMX_ETL_CUSTOMER_FIELD_H
#define CRMX_ETL_CUSTOMER_FIELD_H

#include "base/charset.h"
#include "etl/record.h"

struct customer_fields {
    const struct schema *schema;
    bool any; /* is there anything to read? */
    bool wanted[LAYOUT_FIELDS_MAX];
    int of[LAYOUT_FIELDS_MAX][UNIT_LAYOUTS_MAX]; /* the field in each layout of the unit, −1: not in it */
};

/* Where a field of the customers' records stands in each layout of the unit: into of[], −1 where a layout lacks it.
 * Once, not for each customer. False: no customer layout has it, or it is of class C3. */
bool customer_field_find(const struct generation *g, const char *name, int of[UNIT_LAYOUTS_MAX]);
bool customer_field_is_date(const struct generation *g, const int of[UNIT_LAYOUTS_MAX]);
/* Texts of records in UTF-8, whatever the layout's encoding; of one thread, {0} at first. */
struct customer_text {
    struct charset_converter *from_gb18030;
    struct buf room;
};
/* The trimmed text of a field; a view into the record or t, until the next call. field −1: nothing. */
struct view customer_text(struct customer_text *t, const struct record *r, int field);
void customer_text_release(struct customer_text *t);
/* The field as a segment is called: a date as 2026-10-31 (in room; nothing for none), else customer_text. */
struct view customer_field_key(const struct record_reader *records, struct customer_text *t, const struct record *r,
                               int field, char room[11]);
/* What a customer without the field has. */
int64_t customer_field_none(const struct schema_field *f);
/* A decoded value of a layout's field as the schema counts it; none when the layout has another type under the name. */
int64_t customer_field_value(const struct schema_field *to, const struct layout_field *from, int64_t value);

/* wanted: per customer field of the schema; averages among them are not read. */
void customer_fields_init(struct customer_fields *c, const struct generation *g, const bool *wanted);
/* Values of `count` customers into out[field][customer], for each wanted field. Customers who are gone or for whom
 * skipped[customer] holds (NULL: none) have none: no record is read for them. */
bool customer_fields_read(const struct customer_fields *c, struct record_reader *records, const int64_t *flags,
                          const int64_t *primary, const bool *skipped, uint32_t count, int64_t *const *out,
                          struct status *st);

#endif
