/* probe_rates: which currencies are valid when a file or a layout is looked at outside a run. A run reads the rate file
 * of its date first; here the best that can be had is taken, and said:
 *
 *     the rate file of the business date in the unit's inbox, else the rates of the unit's current generation,
 *     else every ISO 4217 code (rate 1): then a currency without a rate is not found
 */
#ifndef CRMX_ETL_PROBE_RATES_H
#define CRMX_ETL_PROBE_RATES_H

#include "etl/decode.h"
#include "etl/unit.h"

struct probe_rates {
    struct rates rates;
    const char *from; /* "RATES.20261031", "generation 2026-10-31.001.1", "ISO 4217 codes"; in the arena */
    bool any_code;    /* the last resort */
};

/* unit may be NULL (no unit is configured yet): ISO codes. Rates that are there but cannot be read are a failure. */
bool probe_rates_find(const char *work, const struct unit *unit, int32_t business_date, struct arena *arena,
                      struct probe_rates *out, struct status *st);

#endif
