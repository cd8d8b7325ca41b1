/* value: numbers, sizes, durations, shares and words out of text, strictly: the whole text, a unit where one is needed,
 * within the range. Used by configuration files (conf.h), options and command lines, so that all of them accept the
 * same.
 *
 * On failure the status says what was found and what is accepted ("\"12x\" is not a whole number"); the caller adds
 * where the text stands. Nothing is written to the result then. No locale, no blanks, no octal, no digit grouping.
 */
#ifndef CRMX_BASE_VALUE_H
#define CRMX_BASE_VALUE_H

#include "base/status.h"

#include <stdint.h>

bool value_integer(const char *text, int64_t minimum, int64_t maximum, int64_t *value, struct status *st);
/* yes/no, true/false, on/off */
bool value_bool(const char *text, bool *value, struct status *st);
/* 512, 64k, 256m, 2g, 1t (powers of 1,024; the letter may be upper case) */
bool value_size(const char *text, uint64_t *value, struct status *st);
/* 500ms, 30s, 5m, 2h → milliseconds. A number without a unit is refused: nobody knows what was meant. */
bool value_duration_ms(const char *text, int64_t *value, struct status *st);
/* 0.01% or 0.0001 → parts per million, rounded up; at most 100 %. */
bool value_share_ppm(const char *text, int64_t *value, struct status *st);
/* A day as date.h reads it: 2026-10-31 or 20261031. */
bool value_date(const char *text, int32_t *date, struct status *st);
/* One of a NULL-ended list of words; *index is its place. The error lists the words and suggests the nearest. */
bool value_choice(const char *text, const char *const words[], int *index, struct status *st);
/* A size as it would be written: 2g, 1536m, 1000. */
void value_size_format(uint64_t size, char text[24]);

/* Exact, whatever the values. */
__int128 value_sum(const int64_t *values, size_t n);

#endif
