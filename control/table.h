/* table: rows for stdout, aligned for people or as JSON for programs. The same rows feed both, so that they never
 * differ.
 *
 *     struct table t;
 *     table_init(&t, (const char *const[]){"unit", "state", "records", NULL});
 *     table_text(&t, "11"); table_text(&t, "done"); table_integer(&t, 42);         one call per column, row after row
 *     table_print(&t, call_json); table_release(&t);
 *
 * Column names are the keys of the JSON objects. Numbers are right-justified and go into JSON without quotes; amounts
 * are written with their decimals ("12.30") as JSON strings: readers that use doubles would lose cents. Chinese text
 * counts two columns a character.
 */
#ifndef CRMX_CONTROL_TABLE_H
#define CRMX_CONTROL_TABLE_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

enum { TABLE_COLUMNS_MAX = 24 };

struct table_row;
struct table {
    struct arena arena;
    const char *names[TABLE_COLUMNS_MAX];
    int columns, filled; /* cells of the row that is being written */
    int width[TABLE_COLUMNS_MAX];
    int64_t rows;
    struct table_row *first, *last;
};

void table_init(struct table *t, const char *const names[]); /* NULL-ended; must outlive the table */
void table_release(struct table *t);
void table_text(struct table *t, const char *text); /* copied; NULL: empty, null in JSON */
void table_integer(struct table *t, int64_t number);
void table_amount(struct table *t, int64_t amount, int scale); /* amount × 10^-scale */
/* Every row must be complete. Text: heading and rows, nothing at all without rows. JSON: an array of objects. */
void table_write(const struct table *t, bool json, struct buf *out);
void table_print(const struct table *t, bool json); /* to stdout */

/* Terminal columns of a UTF-8 text. */
int table_text_width(const char *text);

#endif
