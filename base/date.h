/* date: calendar days as a number, for arithmetic and comparison (proleptic Gregorian; day 0 = 1970-01-01).
 *
 * DATE_NONE stands for "no date" (a maturity of a demand deposit). Business dates are days of the bank's calendar,
 * never the clock of the machine.
 */
#ifndef CRMX_BASE_DATE_H
#define CRMX_BASE_DATE_H

#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

#define DATE_NONE INT32_MIN

/* The first and the last day that have a text: 0001-01-01 and 9999-12-31. */
#define DATE_FIRST (-719162)
#define DATE_LAST 2932896

enum { DATE_YEAR_MIN = 1900, DATE_YEAR_MAX = 2099 }; /* what source files may hold */

bool date_valid(int year, int month, int day);
int32_t date_from_civil(int year, int month, int day);
void date_to_civil(int32_t date, int *year, int *month, int *day);
/* "2026-10-31" or "20261031"; false when it is neither or no such day. */
bool date_parse(struct view text, int32_t *date);
/* "2026-10-31" into text[11]; DATE_NONE gives "", a day before the first or behind the last "<0001" or ">9999". */
void date_format(int32_t date, char text[11]);
int date_days_in_month(int year, int month);
static inline bool date_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

#endif
