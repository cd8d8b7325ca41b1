/* query_field: the names of a query that no formula of the night has: what the night made of the customer (selected,
 * entry_date, shadow.score …) and the texts of the customers' records (branch, manager …), which are codes here: their
 * values are read once, so that a text nobody has is refused with the nearest one.
 *
 *     query_fields_open(&q, g, type, texts, count, pool, st)   schema: the generation's customer fields, then these
 *     scan_request.more = &q.more; .stored, .records too       values while a scan passes
 *     query_fields_close(&q)
 *
 * A name of the formula or of the records goes before one of these. Texts of class C2 are no names: who may not see a
 * value must not find it by asking. query_fields_name() lists the names that do not come from layouts.
 */
#ifndef CRMX_ETL_QUERY_FIELD_H
#define CRMX_ETL_QUERY_FIELD_H

#include "etl/scan.h"

enum { QUERY_FIELDS_MAX = 96, QUERY_TEXT_VALUES_MAX = 10000 };

struct query_field_name {
    const char *name, *alias; /* the Chinese one */
    enum value_type type;
    const char *about;
};
/* NULL behind the last. */
const struct query_field_name *query_field_name(int index);

/* Is it a field of the customers' records that no condition may look at, of class C2 or C3? */
bool query_field_is_hidden(const struct generation *g, const char *name);

struct query_field;
struct query_fields {
    struct arena arena;
    struct generation *g;
    int type;
    struct schema schema;
    struct query_field *list;
    int count;
    int64_t shadow_threshold;
    struct scan_more more;
    const char *stored[2]; /* columns for scan_request.stored */
    int stored_count;
    bool records; /* the same */
};

/* texts: the expressions; of fields that none of them names no values are read. pool NULL: one thread. */
bool query_fields_open(struct query_fields *q, struct generation *g, int type, const char *const texts[], int count,
                       struct pool *pool, struct status *st);
void query_fields_close(struct query_fields *q);
/* The fields that a bound program uses: what a scan has to have. */
void query_fields_use(struct query_fields *q, const struct formula_program *p);

#endif
