/* reference: the small files a run needs before it can read the large ones: rates and the exclusion list.
 * They are counted and rejected like any file by import; here their accepted records are read into memory. */
#ifndef CRMX_ETL_REFERENCE_H
#define CRMX_ETL_REFERENCE_H

#include "etl/decode.h"
#include "etl/identity.h"
#include "etl/input.h"
#include "etl/unit.h"

struct exclusion { /* one entry of the exclusion list 剔除名单 */
    uint64_t key;
    enum identity_strength strength;
    const char *class, *number, *reason;
    int32_t expires; /* DATE_NONE: for ever */
};

struct reference {
    struct rates rates;
    struct exclusion *exclusions; /* by key, personal and corporate entry of each number */
    int exclusions_count;
};

/* Reads the rate and exclusion files among the inputs (which need not be opened yet). The base currency has the rate 1.
 * */
bool reference_load(const struct unit *u, const struct input_set *inputs, int32_t business_date, struct arena *arena,
                    struct reference *out, struct status *st);
/* Currencies that have no rate tonight keep yesterday's. */
void reference_carry(struct reference *r, const struct reference *yesterday);
/* rates.tsv of a generation: the rates it was made with, carried ones included. */
bool reference_write(const struct reference *r, const char *folder, struct status *st);
bool reference_read(struct reference *r, const char *folder, struct status *st);
/* The entries in force with that key: first index, *count of them. */
int reference_exclusions(const struct reference *r, uint64_t key, int *count);

#endif
