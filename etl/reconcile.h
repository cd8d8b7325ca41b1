/* reconcile (step 090): the tie-out 核对. Everything is conserved, in records and in minor units per currency:
 *
 *     records of a file       = accepted + rejected + filtered + header and trailer
 *     money of valid records  = accepted + filtered, per amount and currency, where the unit filters
 *     customers accepted      = customers' records in the population + superseded
 *     account records         = rows − further owners + orphans + duplicates + superseded
 *     money of each amount    = rows + orphans + duplicates and superseded, per currency
 *     integrated customers    = primary records; selected = rows of the customer files; file bytes = rows × length
 *     trailer and control files = what was read
 *     movements accepted        = kept in the month's detail, in records and money; opening + movements + breaks =
 *                                 closing
 *
 * Left and right sides are counted at different places (import counts what it accepts, the fused pass what it writes),
 * so a lost row cannot hide. What does not balance is not committed.
 */
#ifndef CRMX_ETL_RECONCILE_H
#define CRMX_ETL_RECONCILE_H

#include "etl/populate.h"

#define RECONCILE_TOTALS_HEAD "step\tname\tcurrency\trecords\tamount" /* first line of totals.tsv */

struct reconcile_line { /* a control total */
    int step;
    const char *name, *currency; /* currency "" for none */
    int64_t records;             /* -1: only money */
    bool has_amount;
    __int128 amount;
    int scale;
};

struct reconcile_equation {
    const char *name, *currency;
    __int128 left, right;
    int scale; /* 0: records */
};

struct reconcile {
    struct arena *arena;
    struct reconcile_line *lines;
    int lines_count, lines_capacity;
    struct reconcile_equation *equations;
    int equations_count, equations_capacity;
    int unbalanced;
};

/* Builds totals and equations (detail NULL: no transaction logs are looked at); fails (STATUS_CONSERVATION) when one
 * does not balance, STATUS_INPUT for trailers and control files. */
struct detail;
bool reconcile_run(const struct populate *p, const struct detail *detail, struct reconcile *out, struct status *st);
/* totals.tsv and tieout.tsv of the generation. */
bool reconcile_write(const struct reconcile *r, const char *folder, struct status *st);
/* Trailers, headers and .ctl files against what was imported; before integration, so that a bad file costs no more
 * time. */
bool reconcile_files(const struct input_set *inputs, const struct unit *u, int32_t business_date, struct status *st);
/* Movements: what was accepted is what was kept, and leads from opening to closing (reconcile_detail.c). */
void reconcile_detail(struct reconcile *r, const struct detail *d);

/* --- parts --- */
void reconcile_records(struct reconcile *r, int step, const char *name, uint64_t records);
void reconcile_amount(struct reconcile *r, int step, const char *name, const char *currency, __int128 amount,
                      int scale);
void reconcile_equate(struct reconcile *r, const char *name, const char *currency, __int128 left, __int128 right,
                      int scale);
/* 128-bit decimal with `scale` decimals into text[48]. */
char *reconcile_decimal(__int128 value, int scale, char text[48]);

#endif
