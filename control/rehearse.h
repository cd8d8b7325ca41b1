/* rehearse: a whole night that leaves nothing behind. The run works below state/rehearsal.PID of the working
 * folder with its own lock, attempt and generation; the inbox keeps its files; the tie-out is printed, then the
 * folder is removed. Nothing is loaded or delivered, no number is used up, and a run of the real night is not in
 * its way.
 *
 * After a crash the folder stays; the next rehearsal removes those whose process is gone.
 */
#ifndef CRMX_CONTROL_REHEARSE_H
#define CRMX_CONTROL_REHEARSE_H

#include "control/command.h"
#include "etl/run.h"

/* `request` as for the real run. Exit code. */
int rehearse_run(struct command_call *call, const struct run_request *request);

#endif
