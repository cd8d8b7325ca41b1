/* listing: rows for stdout, aligned for people, as JSON for programs or as CSV for spreadsheets. The same rows feed
 * all of them: they never differ.
 *
 *     struct listing l;
 *     listing_init(&l, (const char *const[]){"unit", "state", "records", NULL});
 *     listing_text(&l, "11");            one call per column, row after row
 *     listing_text(&l, "done");
 *     listing_integer(&l, 42);
 *     listing_print(&l, &call->output);
 *     listing_release(&l);
 *
 * Column names are the keys of the JSON objects and the first line of the CSV, which is quoted as RFC 4180 has it,
 * UTF-8, its lines ended by a line feed (docs/formats.md). Numbers are right-justified and go into JSON without
 * quotes; amounts are written with their decimals ("12.30") as JSON strings: readers that use doubles would lose
 * cents. Chinese text counts two columns a character.
 */
#ifndef CRMX_CONTROL_LISTING_H
#define CRMX_CONTROL_LISTING_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>

enum { LISTING_COLUMNS_MAX = 220, LISTING_KEYS_MAX = 400 };

enum listing_format { LISTING_TEXT, LISTING_JSON, LISTING_CSV };
/* How a call wants its rows, and what became of them. As CSV a page gives the rows of one key only. */
struct listing_output {
    enum listing_format format;
    const char *wanted;          /* CSV: of which key (--rows); NULL: the first rows there are */
    const char *tables;          /* CSV: keys the command declares: a section of that key is a table of one row */
    bool written;                /* CSV: they were */
    char keys[LISTING_KEYS_MAX]; /* CSV: of the rows that were seen, "totals, by_branch" */
};

struct listing_row;
struct listing {
    struct arena arena;
    const char *names[LISTING_COLUMNS_MAX];
    int columns, filled; /* cells of the row that is being written */
    bool hide_empty;     /* for people: leave out columns in which no row has anything */
    int width[LISTING_COLUMNS_MAX];
    int64_t rows;
    struct listing_row *first, *last;
};

void listing_init(struct listing *l, const char *const names[]); /* NULL-ended; must outlive the listing */
void listing_release(struct listing *l);
void listing_text(struct listing *l, const char *text); /* copied; NULL: empty, null in JSON */
void listing_integer(struct listing *l, int64_t number);
void listing_decimal(struct listing *l,
                     const char *number); /* written already ("1,234.50"): right-justified, a JSON string */
/* Every row must be complete. Text: heading and rows, nothing at all without rows. JSON: an array of objects. CSV:
 * names and rows. */
void listing_write(const struct listing *l, enum listing_format format, struct buf *out);
void listing_print(const struct listing *l, struct listing_output *o); /* to stdout */

/* A row by itself, to stdout, for lists too long to be kept: CSV, an object of JSON a line, or tab-separated. NULL is
 * an empty cell. listing_print_names comes first: JSON has no such line. */
void listing_print_names(struct listing_output *o, const char *const names[], int columns);
void listing_print_cells(const struct listing_output *o, const char *const names[], const char *const cells[],
                         int columns);

/* Terminal columns of a UTF-8 text. */
int listing_text_width(const char *text);

#endif
