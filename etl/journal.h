/* journal: what an attempt has done so far; the checkpoint that lives beside the files it vouches for.
 *
 * One line per event, appended and fsynced: SEQUENCE TIME STEP EVENT DETAIL CHECKSUM (tab separated; XXH3-64 over the
 * rest of the line). A torn last line (crash while writing) is cut off when the journal is opened again; a damaged line
 * before it is corruption.
 *
 *   started → taken (010) → imported → integrated → populated → reconciled → committed → loaded → delivered
 *        any of them → failed (for a cause: a new attempt) · stopped (on request: --until)
 */
#ifndef CRMX_ETL_JOURNAL_H
#define CRMX_ETL_JOURNAL_H

#include "base/buf.h"
#include "base/status.h"

struct journal;

struct journal *journal_open(const char *path, struct status *st);
/* For looking on: nothing is written, a torn last line is left out; a missing file is an empty journal. */
struct journal *journal_read(const char *path, struct status *st);
void journal_close(struct journal *j);
/* Detail must not hold tabs or line ends (they become blanks). */
bool journal_append(struct journal *j, int step, const char *event, const char *detail, struct status *st);
/* Is there such an event? Its last detail, or NULL. */
const char *journal_find(const struct journal *j, const char *event);
/* The last event's name, "" for an empty journal. */
const char *journal_last(const struct journal *j);

struct journal_event {
    const char *name, *detail;
    const char *time; /* "2026-11-21T02:15:00Z" */
    int step;
};
int journal_count(const struct journal *j);
const struct journal_event *journal_event(const struct journal *j, int index); /* in the order in which they happened */

#endif
