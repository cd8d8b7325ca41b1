/* tsv: the small tables that a run wrote (totals.tsv, rates.tsv, gates.tsv), read back whole.
 *
 * The first line must be `head`, the names of the columns; what another version wrote with other columns is refused
 * (STATUS_CORRUPT), not guessed at. Fields are views into a buffer that lives during the call of `each` only.
 */
#ifndef CRMX_ETL_TSV_H
#define CRMX_ETL_TSV_H

#include "base/buf.h"
#include "base/status.h"

enum { TSV_FIELDS_MAX = 16, TSV_FILE_MAX = 256 * 1024 * 1024 };

/* Calls each line's fields (NUL-ended, as many as `head` names). `each` returns false after it has filled the status.
 * */
bool tsv_read(const char *path, const char *head, bool (*each)(void *context, char *field[], struct status *st),
              void *context, struct status *st);
/* folder/name with the text, which is then empty; not synchronised. */
bool tsv_write(const char *folder, const char *name, struct buf *text, struct status *st);

#endif
