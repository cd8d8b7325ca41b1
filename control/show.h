/* show: a page for people, and the same as JSON for programs: headed sections of named values and of rows. The commands
 * that show something (status, customer show, probe …) fill it and never ask which of the two is wanted.
 *
 *     struct show s;
 *     show_open(&s, &call->output);
 *     show_section(&s, "customer", "customer %s", number);
 *     show_text(&s, "business_date", date);            people read "business date"; values stand in one column
 *     show_rows(&s, "accounts", "accounts", &listing); the caller releases the listing
 *     show_print(&s);                                  to stdout; releases
 *
 * JSON: one object, its members are the sections (objects) and rows (arrays of objects) by their keys. With
 * show_open_many an array of such objects, each begun by show_document. A key stands once in a document. CSV: the rows
 * of one key alone, of a page that is no array; values are as in JSON. A section whose key the command declares (.rows)
 * is a table of one row, for --rows KEY, and where the page has no rows at all: give it the same values in every
 * answer, NULL where there is nothing, so that the first line stays what it is.
 */
#ifndef CRMX_CONTROL_SHOW_H
#define CRMX_CONTROL_SHOW_H

#include "base/arena.h"
#include "control/listing.h"

struct show_value;
struct show {
    struct arena arena;
    struct listing_output *output;
    struct buf out, csv, section_csv; /* section_csv: of the first section that is a table */
    const char *key;                  /* of the section */
    bool json;                        /* for programs: values as they are, also of CSV */
    bool many, in_section;
    int documents, members; /* members of the document that is being written */
    struct show_value *first, *last;
};

void show_open(struct show *s, struct listing_output *output);
void show_open_many(struct show *s, struct listing_output *output);
void show_document(struct show *s);

/* Begins a section of named values. For people: the heading, then one line a value. */
void show_section(struct show *s, const char *key, const char *heading, ...) __attribute__((format(printf, 3, 4)));
void show_text(struct show *s, const char *name, const char *text); /* NULL: null in JSON, no line for people */
void show_textf(struct show *s, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));
void show_integer(struct show *s, const char *name, int64_t number);
void show_flag(struct show *s, const char *name, bool yes);
void show_amount(struct show *s, const char *name, int64_t amount, int scale); /* a JSON string, as in listings */

/* Rows under a heading; for people nothing when there are none. */
void show_rows(struct show *s, const char *key, const char *heading, const struct listing *rows);
/* A line for people only. */
void show_line(struct show *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the page, writes it to stdout and releases it. */
void show_print(struct show *s);
/* The same without printing. */
void show_release(struct show *s);

/* 1234567 → "1,234,567", "-1234.50" → "-1,234.50"; into the arena. */
const char *show_grouped(struct arena *arena, const char *number);
/* A value with decimals: 1230, 2 → "12.30"; 128 bits hold every sum. */
const char *show_decimal(struct arena *arena, __int128 value, int scale);

#endif
