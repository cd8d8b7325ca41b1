/* number: the integrated number 综合客户号, as the generation counts it and as everybody outside knows it.
 *
 * Within a generation a number is below 10^8 and without the unit's prefix. Outside it is prefix * 10^8 + number, and
 * written with ten digits at least: "1100000012", unit 01 "0100000012". A unit without prefix (number_prefix = 0) has
 * plain numbers: "12".
 */
#ifndef CRMX_ETL_NUMBER_H
#define CRMX_ETL_NUMBER_H

#include "etl/unit.h"

enum { NUMBERS_PER_PREFIX = 100000000, NUMBER_TEXT_MAX = 24 };

uint64_t number_full(const struct unit *u, uint64_t number);
/* The full number as text; returns text. */
const char *number_text(const struct unit *u, uint64_t number, char text[NUMBER_TEXT_MAX]);
/* "1100000012" or, without the prefix, "12". False: it is no number, or one of another unit. */
bool number_parse(const struct unit *u, const char *text, uint64_t *number);

#endif
