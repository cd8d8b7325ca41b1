/* rates: which conversion rate 折算汇率 of which day a night uses, and how it moved since the generation before.
 *
 *     reference_load reads the rate files: per currency the latest rate at or before the business date
 *     rates_settle   what has no rate of the day is carried back from the generation before or from an older day of the
 *                    file, at most `carry_days` days; an older one stops the run; retired currencies lose theirs
 *     rates_write    rates.tsv of the generation: what was used, of which day, from where, against what before
 *     rates_read     the same file again: a generation is always read with the rates it was made with
 *
 * A currency that neither the files nor the generation before know has no rate: its records are rejected.
 */
#ifndef CRMX_ETL_RATES_H
#define CRMX_ETL_RATES_H

#include "etl/reference.h"

/* The rates of a generation folder into out->rates and out->origins. *there false: it has none (made before rates were
 * kept); out is untouched then. */
bool rates_read(const char *folder, struct arena *arena, struct reference *out, bool *there, struct status *st);
/* past: as rates_read found it in the generation before; NULL: there is none. */
bool rates_settle(struct reference *r, const struct unit *u, int32_t business_date, const struct reference *past,
                  const char *past_name, struct status *st);
bool rates_write(const struct reference *r, const char *folder, struct status *st);

/* Move of a currency since the generation before in parts per million, rounded half away from zero; false when there
 * is nothing to compare with. */
bool rates_move_ppm(const struct reference *r, int currency, int64_t *ppm);

#endif
