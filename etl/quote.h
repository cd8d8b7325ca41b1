/* quote: net asset values 单位净值 of funds and interest rates 利率, as a night uses them and keeps them.
 *
 *     reference_load   reads the files of class nav and interest (quote_add, quote_seal)
 *     quote_settle     what the files do not bring is carried over from the generation before
 *     quote_write      nav.tsv and interest.tsv of the generation: what was used, of which day, from where
 *     quote_read       the same file again: a generation is always read with the quotes it was made with
 *
 * A NAV is of a day. A fund that today's files do not name keeps its last NAV; once that is more than
 * `nav_carry_days` days old the fund is *expired*: new records of it are rejected, an account that holds it stops
 * the run (etl/valuation). Only then, because a fund that nobody holds may end without anybody asking. An interest
 * rate holds from its date until another one does, but the file is whole: what it no longer names has ended.
 * Without a file today all are carried, at most `interest_carry_days` days, else the run stops.
 */
#ifndef CRMX_ETL_QUOTE_H
#define CRMX_ETL_QUOTE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/view.h"

#include <stdint.h>

enum { QUOTE_CODE_MAX = 16, QUOTE_SCALE_MAX = 9, QUOTE_COUNT_MAX = 65535 };
enum quote_kind { QUOTE_NAV, QUOTE_INTEREST, QUOTE_KINDS };

struct quote {
    char code[QUOTE_CODE_MAX + 1]; /* fund; product or term */
    char currency[4];              /* "": the file gives none */
    int64_t value;                 /* at `scale` decimals; interest: percent a year */
    int scale;
    int32_t date;     /* the day it is of; interest: since when it holds */
    int32_t as_of;    /* business date of the file that named it last */
    const char *from; /* file, or "generation ID" for one that was carried */
    bool has_previous;
    int64_t previous; /* in the generation before */
    int previous_scale;
    int32_t previous_date;
    bool expired; /* NAV: too old to value anything with */
};

struct quotes { /* by code, then currency */
    struct quote *list;
    int count, capacity;
};

struct unit;

/* Index of a fund's NAV, -1: it has none. */
int quote_find(const struct quotes *q, struct view code);
/* Adds what a file says, in any order; a value that is none is refused. When all are there, quote_seal: of several
 * dates the latest counts, two quotes of one date are refused. */
bool quote_add(struct quotes *q, enum quote_kind kind, const struct quote *one, struct arena *arena, struct status *st);
bool quote_seal(struct quotes *q, enum quote_kind kind, struct status *st);
/* past: the quotes of the generation before (NULL: there is none, or it kept none); named past_name. came: a file
 * of the kind is among tonight's. */
bool quote_settle(struct quotes *q, enum quote_kind kind, const struct unit *u, int32_t business_date,
                  const struct quotes *past, const char *past_name, bool came, struct arena *arena, struct status *st);
bool quote_write(const struct quotes *q, enum quote_kind kind, const char *folder, struct status *st);
/* *there false: the generation has none. */
bool quote_read(enum quote_kind kind, const char *folder, struct arena *arena, struct quotes *out, bool *there,
                struct status *st);
/* Move since the generation before in parts per million, rounded half away from zero; false: nothing to compare
 * with. */
bool quote_move_ppm(const struct quote *q, int64_t *ppm);
/* shares × NAV at value_scale decimals, exact in 128 bits, rounded once, half away from zero; false: no 64 bits
 * hold it.
 */
bool quote_value(const struct quote *nav, int64_t shares, int shares_scale, int value_scale, int64_t *value);
/* The value at `scale` decimals, rounded half away from zero; false: no 64 bits hold it. */
bool quote_at_scale(const struct quote *q, int scale, int64_t *value);

#endif
