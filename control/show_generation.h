/* show_generation: a generation opened for a command that shows what is in it: readers of its layouts, its formulas,
 * masking.
 *
 * show_population_open → … → show_population_close. Everything else lives in the call's arena.
 */
#ifndef CRMX_CONTROL_SHOW_GENERATION_H
#define CRMX_CONTROL_SHOW_GENERATION_H

#include "control/show.h"
#include "control/show_record.h"
#include "control/show_unit.h"
#include "etl/lookup.h"
#include "etl/scorecard.h"

struct show_population {
    struct command_call *call;
    struct arena *arena;
    struct generation *g;
    struct probe_reader *readers[UNIT_LAYOUTS_MAX]; /* by layout */
    struct scorecards cards;
    struct show_record records; /* zero when the command has no --unmask */
};

/* --unit, and --date when dated. looked_at: for the log, when the command has --unmask; NULL: it has none. */
bool show_population_open(struct show_population *p, struct command_call *call, bool dated, const char *looked_at,
                          struct status *st);
void show_population_close(struct show_population *p);

/* Masking of what is computed: "***" unless --unmask for money, which is a balance (the score is none), and for what
 * shows a field of class C2. c2_field: that field (etl/hidden.h), NULL: none. The second asks for the field itself:
 * text is an expression, or the name of a measure or result of f. */
#define SHOW_HIDDEN "***"
bool show_hides(const struct show_population *p, enum value_type type, bool is_score, const char *c2_field);
bool show_hides_text(const struct show_population *p, const struct formula *f, const char *text, enum value_type type,
                     bool is_score);

/* "1100000012" */
const char *show_number(struct show_population *p, uint64_t number);
/* Value of the field with a role in a record, shown by its class; NULL when the layout has no such field. */
const char *show_role(struct show_population *p, const struct lookup_record *r, enum layout_role role);
/* Name of the system a layout belongs to. */
const char *show_system(struct show_population *p, int layout);

/* Index of a system by name; -1: STATUS_USAGE, which systems there are. */
int show_system_index(struct show_population *p, const char *name, struct status *st);

/* The rows of one customer in one table; for people without the columns that say little, unless full. */
bool show_table(struct show_population *p, struct show *s, const struct lookup_customer *c, int table, bool full,
                struct status *st);

#endif
