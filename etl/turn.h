/* turn: is it this business date's turn, and upon which generation does it build? Business dates come in order, each
 * once (domain 5).
 *
 *     no population   initial                      ► an empty one
 *     D is current    the same date again          ► done already; the files it was made from again: recognised
 *                     other files of that name     ► refused: --redo --reason, which goes back to D-1 and runs D again
 *     D is current    D+1                          ► builds on D
 *                     a later date                 ► refused, the missing date is named
 *                     an earlier date              ► refused: crmx generation rollback
 */
#ifndef CRMX_ETL_TURN_H
#define CRMX_ETL_TURN_H

#include "etl/generation.h"

enum run_kind { RUN_INITIAL, RUN_DAILY, RUN_REFRESH, RUN_KINDS };
extern const char *const RUN_KIND_NAMES[];

struct turn_request {
    const char *unit_folder, *unit;
    enum run_kind kind;
    int32_t business_date;
    bool redo;
};

struct turn {
    bool done; /* nothing is to be done: current says of what */
    struct generation_current current;
    bool there;                  /* there is a current generation */
    char old[GENERATION_ID_MAX]; /* what the run builds on; "": an empty population */
};

bool turn_find(const struct turn_request *r, struct turn *out, struct status *st);
/* The date is done. Are the files of that date that lie in the inbox (again) those it was made from? Fails otherwise.
 * */
struct arrive_request;
bool turn_check_files(const struct turn *t, const struct arrive_request *a, const char *unit_folder, struct status *st);

#endif
