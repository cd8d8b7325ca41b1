/* load_request: what can be told about a request without looking at files or the database. */
#ifndef CRMX_ETL_LOAD_REQUEST_H
#define CRMX_ETL_LOAD_REQUEST_H

#include "etl/load.h"

/* Names, lengths, limits; STATUS_USAGE. */
bool load_check_request(const struct load_request *r, struct status *st);
/* Negative, zero, positive as generation id a is older than, equal to or newer than b. Both are well-formed. */
int load_compare_generations(const char *a, const char *b);

#endif
