/* gate 闸口: between tie-out (090) and commit (100). Figures of the night against those of the generation before, on the
 * first night against the expected figures of the unit file; what is too far off holds the run 挂起 until somebody
 * decides 放行, or until better files come.
 *
 *     rejects.LAYOUT              rejected records of those read          reject_limit of the layout; judged after 020
 *     orphans.LAYOUT              accounts without owner of all           0.1 %
 *     rows.LAYOUT                 records read of a full unload           ± 10 %
 *     population.LAYOUT           rows in the population                  ± 10 %
 *     sums.LAYOUT.FIELD.CURRENCY  money (first night: accepted)           ± 10 %
 *     customers, selected         integrated, selected                    ± 10 %, ± 5 %
 *     tiers.TYPE.CODE             share of a tier among the selected      ± 5 percentage points
 *     rates.CURRENCY              conversion rate                         ± 5 %
 *
 *     figures ──within limits──► passed ─────────────────────────────► commit
 *         └────beyond───► held (STATUS_HELD, exit 12, nothing committed)
 *                           │ crmx gate accept …        │ files corrected and sent again
 *                           ▼                           ▼
 *                        the same run command: a new attempt; an accepted gate passes as long as its figures are the
 *                        same to the last digit, otherwise it is held again
 *
 * Kept, below state/units/UU/gate/: DATE.tsv, the last judgement of each gate, and DATE.decisions, a journal
 * (etl/journal: every line with its checksum) of who accepted what when and why. gates.tsv in the generation is what it
 * was committed with.
 */
#ifndef CRMX_ETL_GATE_H
#define CRMX_ETL_GATE_H

#include "etl/gate_limits.h"
#include "etl/reconcile.h"
#include "etl/reference.h"

enum gate_verdict { GATE_PASSED, GATE_HELD, GATE_ACCEPTED };
extern const char *const GATE_VERDICT_NAMES[]; /* passed, held, accepted */

struct gate {
    const char *name, *expected, *found, *deviation, *limit; /* as texts: what is shown is what is decided on */
    enum gate_verdict verdict;
    const char *by, *time, *reason; /* of the decision; "" without */
};

struct gates {
    struct arena *arena;
    struct gate *list;
    int count, capacity, held;
};

struct gate_request {
    const struct unit *unit;
    const char *unit_folder;
    int32_t business_date;
    const struct input_set *inputs;
    const struct reference *reference;
    const struct reconcile *now;
    const char *previous; /* folder of the generation before; NULL: the first night */
    const char *folder;   /* generation under construction: gets gates.tsv */
};

/* After 020: reject limits. Layouts whose rejects somebody accepted pass. STATUS_INPUT otherwise. */
bool gate_rejects(const struct gate_request *r, struct arena *arena, struct status *st);
/* After 090: all of them. STATUS_HELD when one is held; every one that is held is logged. */
bool gate_run(const struct gate_request *r, struct arena *arena, struct status *st);

/* --- gate_store.c: what is kept between runs --- */
void gate_add(struct gates *g, const struct gate *one);
/* The last judgement of a date. *there false: none was made. */
bool gate_read(const char *unit_folder, int32_t business_date, struct arena *arena, struct gates *out, bool *there,
               struct status *st);
/* gates.tsv of a generation. */
bool gate_read_generation(const char *folder, struct arena *arena, struct gates *out, bool *there, struct status *st);
bool gate_write(const char *unit_folder, int32_t business_date, const struct gates *g, struct status *st);
/* The same table into a generation folder. */
bool gate_write_generation(const char *folder, const struct gates *g, struct status *st);
/* Turns held gates into accepted ones where a decision on exactly these figures was made. */
bool gate_apply_decisions(const char *unit_folder, int32_t business_date, struct gates *g, struct status *st);
/* Notes the decision on a held gate. */
bool gate_decide(const char *unit_folder, int32_t business_date, const struct gate *gate, const char *by,
                 const char *reason, struct status *st);

#endif
