/* permute: the bench job with everything an implementation might have wired in changed: offsets, widths, date formats,
 * signs, codes, reasons, the order of checks, the priority of systems, rates, measures, formula, outputs.
 *
 * A *plan* is drawn from a seed (plan_draw); from it the data are rewritten (permute.c) and the working folder's
 * configuration is written (permute_config.c). What the answer is, nobody knows beforehand: the oracle (sql/oracle)
 * reads the same configuration.
 */
#ifndef CRMX_TESTS_BENCH_PERMUTE_H
#define CRMX_TESTS_BENCH_PERMUTE_H

#include "samples/draw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILES = 8, FIELDS_MAX = 16, CURRENCIES_MAX = 16 };
enum field_kind { KIND_TEXT, KIND_DATE, KIND_AMOUNT, KIND_DIGITS, KIND_CODE, KIND_CURRENCY };
enum { FORMAT_COMPACT, FORMAT_DASHES, FORMAT_JULIAN };
enum { SIGN_LEADING, SIGN_TRAILING, SIGN_OVERPUNCH };

struct field {
    /* as the generator of the bench writes it */
    const char *name;
    int from, width_from;
    enum field_kind kind;
    bool required, checked; /* checked: the job's specification checks it */
    int width_more;         /* text: at most so many bytes more; amounts and digits: see plan_draw */
    /* as drawn */
    int to, width;
    int format, sign;
    bool right; /* text: at the right end, blanks before it */
    char reason[9];
    bool hot; /* read by a measure */
};

struct file {
    const char *name, *layout, *system, *title;
    bool customers;
    int length_from, fields_count;
    struct field field[FIELDS_MAX];
    int length; /* as drawn */
    int check_order[FIELDS_MAX];
    char length_reason[9];
};

struct plan {
    uint64_t seed;
    struct file file[FILES];
    char demand[4], fixed[4]; /* codes of retail's kind */
    bool blank_maturity;      /* demand deposits: blanks instead of zeros */
    int systems[4];           /* order of priority: indices into the four systems */
    char letters[4];
    int rate_scale, rate_width;
    bool quoted_per_100[CURRENCIES_MAX];
};

extern const char *const SYSTEMS[4];

void plan_draw(struct plan *p, uint64_t seed);
/* The whole configuration below folder; exits with a message when it cannot be written. */
void plan_write_config(struct plan *p, const char *folder);

#endif
