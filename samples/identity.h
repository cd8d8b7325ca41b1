/* identity: made-up ID numbers with right check characters.
 *
 * Written from the standards, apart from the engine's own rules (etl/identity): the sample is what the engine is tested
 * with, so the two must not share a mistake.
 */
#ifndef CRMX_SAMPLES_IDENTITY_H
#define CRMX_SAMPLES_IDENTITY_H

#include <stdint.h>

/* GB 11643: the check character of the first 17 digits (weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2, modulo 11). */
char identity_resident_check(const char *digits17);
/* 18 characters and a zero. area: six digits; birth: YYYYMMDD; sequence: 0-999, odd for men. */
void identity_resident(char out[19], int area, int birth, int sequence);
/* The 15-digit form of before 1999: no century, no check character. */
void identity_resident_15(char out[16], const char *id18);

/* GB 11714: organisation code, eight characters and a check character (weights 3 7 9 10 5 8 4 2, modulo 11). serial <
 * 10^8. */
void identity_organisation(char out[10], uint64_t serial);
/* GB 32100: unified social credit code: two characters of the registrar, area, organisation code, check character
 * (modulo 31). */
void identity_credit(char out[19], int area, const char *organisation);
/* The tax number of before 2015: area and organisation code. */
void identity_tax(char out[16], int area, const char *organisation);

#endif
