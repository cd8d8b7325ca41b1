/* reference: the small files a run needs before it can read the large ones: rates, net asset values, interest rates and
 * the exclusion list. They are
 * counted and rejected like any file by import; here their accepted records are read into memory. With them the
 * published lists of customers (etl/parameter): exclusions 剔除名单, never selected, and overrides 特批, selected whatever
 * the score; an exclusion is stronger than an override. An entry names an ID, and counts for every customer with it, or
 * an integrated number; it counts up to and with its last date, judged against the business date.
 */
#ifndef CRMX_ETL_REFERENCE_H
#define CRMX_ETL_REFERENCE_H

#include "etl/decode.h"
#include "etl/identity.h"
#include "etl/input.h"
#include "etl/unit.h"

enum { REFERENCE_EXCLUSION = 1, REFERENCE_OVERRIDE = 2 };

struct exclusion { /* one entry of the exclusion list 剔除名单, or of the override list 特批 */
    uint64_t key;
    enum identity_strength strength;
    const char *class, *number, *reason;
    int32_t expires; /* DATE_NONE: for ever */
};

struct rate_origin { /* of which day a rate is, who said so, and what it was before */
    int32_t date;
    const char *from; /* file, or "generation ID" for one that was carried */
    int64_t previous; /* in the generation before; 0: not there */
    int32_t previous_per_unit, previous_date;
};

struct listed_number { /* an entry that names an integrated number */
    uint32_t number;   /* without the unit's prefix */
    unsigned lists;
    const char *reason;
    int32_t expires;
};

struct reference {
    struct rates rates;
    struct rate_origin origins[DECODE_CURRENCIES_MAX]; /* same order as rates */
    struct quotes *quotes[QUOTE_KINDS];                /* net asset values, interest rates; rates points to them, too */
    bool came[QUOTE_KINDS];                            /* a file of them is among the inputs */
    struct exclusion *exclusions;                      /* by key, personal and corporate entry of each number */
    int exclusions_count, exclusions_capacity;
    struct exclusion *overrides; /* the same of the override list */
    int overrides_count, overrides_capacity;
    struct listed_number *numbers; /* by number */
    int numbers_count;
    uint64_t placeholders;                   /* entries with a number that identifies nobody: they exclude nobody */
    const char *placeholder;                 /* file and number of the first */
    uint64_t entries[2], entries_expired[2]; /* published exclusions, overrides: in force, and no longer */
};

/* Reads the files of reference among the inputs (which need not be opened yet). The base currency has the rate 1.
 * A rate file may hold several days (role date): the latest at or before the business date counts; without, its rates
 * are those of the business date; so it is with net asset values and interest rates. Whether they are recent enough:
 * reference_settle. */
bool reference_load(const struct unit *u, const struct input_set *inputs, int32_t business_date, struct arena *arena,
                    struct reference *out, struct status *st);
/* The same for a generation folder: the rates as it has written them down, else out of the files. */
bool reference_open(const struct unit *u, const struct input_set *inputs, int32_t business_date, const char *folder,
                    struct arena *arena, struct reference *out, struct status *st);
/* What the files do not bring is carried over from the generation before (its folder; NULL: there is none), see
 * etl/rates and etl/quote; named past_name in messages. */
bool reference_settle(struct reference *r, const struct unit *u, int32_t business_date, const char *past_folder,
                      const char *past_name, struct arena *arena, struct status *st);
/* rates.tsv, nav.tsv, interest.tsv of a generation; the latter two only where there are any. */
bool reference_write(const struct reference *r, const char *folder, struct status *st);
/* The entries in force with that key: first index, *count of them. */
int reference_exclusions(const struct reference *r, uint64_t key, int *count);
int reference_overrides(const struct reference *r, uint64_t key, int *count);
/* The entry of the list for an integrated number (without the prefix); NULL: none. */
const struct listed_number *reference_listed_number(const struct reference *r, uint64_t number, unsigned list);

/* --- parts --- */
/* reference_list.c: the frozen lists, when there are any; their identities come to exclusions and overrides, unsorted.
 */
bool reference_load_lists(const struct unit *u, int32_t business_date, struct arena *arena, struct reference *r,
                          struct status *st);
/* Room for one more entry of a list (REFERENCE_EXCLUSION, REFERENCE_OVERRIDE). */
struct exclusion *reference_add(struct reference *r, unsigned list, struct arena *arena);

#endif
