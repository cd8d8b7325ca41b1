/* act_entry: what is looked at before a customer is entered into a list 剔除名单, 特批: an entry that can never count is
 * refused, one that does not count now is taken with a warning.
 *
 * Refused (STATUS_USAGE): it ends before the next night; its number is another unit's, or nobody's in the generation;
 * its ID is a placeholder, or has a wrong check digit and nobody is recorded with it; the customer is on the list
 * already, in whatever notation. Warned of on stderr: there is no generation yet; nobody has the ID now; an override of
 * somebody who is excluded.
 */
#ifndef CRMX_CONTROL_ACT_ENTRY_H
#define CRMX_CONTROL_ACT_ENTRY_H

#include "control/act.h"

/* An integrated number becomes the full one, with the unit's prefix. *warnings: how many were printed. Generations are
 * read, of the unit or for the head office of all units. */
bool act_entry_check(struct command_call *call, struct parameter_store *store, struct parameter_list_act *a,
                     int *warnings, struct status *st);

#endif
