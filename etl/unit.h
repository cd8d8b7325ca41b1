/* unit: a tier-1 branch 一级分行 as configured: systems by priority, layouts, outputs, identity profile, formulas.
 *
 * unit_load reads units/UU.ini of a configuration folder and all it names; everything lives in the arena. In the param/
 * of an attempt or generation parameters/parameters.ini may lie beside it (etl/parameter): what it says about formulas
 * and thresholds takes the place of what the unit file says. Layouts are
 * ordered by the priority of their system, within a system as listed, so that record ids (base + position) sort by
 * priority.
 */
#ifndef CRMX_ETL_UNIT_H
#define CRMX_ETL_UNIT_H

#include "base/arena.h"
#include "base/status.h"
#include "etl/calendar.h"
#include "etl/filter.h"
#include "etl/identity.h"
#include "etl/layout.h"
#include "etl/output.h"

#include <stdint.h>

enum {
    UNIT_SYSTEMS_MAX = 16,
    UNIT_LAYOUTS_MAX = 192,
    UNIT_OUTPUTS_MAX = 32,
    UNIT_ID_LENGTH_MAX = 8,
    UNIT_AVERAGES_MAX = 16,
    UNIT_RATES_CARRY_DAYS = 5,
    UNIT_NAV_CARRY_DAYS = 10,
    UNIT_INTEREST_CARRY_DAYS = 31
};

enum unit_take { UNIT_TAKE_RENAME, UNIT_TAKE_LINK, UNIT_TAKE_COPY };
enum unit_tie { UNIT_TIE_SOURCE_NO, UNIT_TIE_POSITION };
enum unit_leave { UNIT_LEAVE_STAY, UNIT_LEAVE_AT_ONCE, UNIT_LEAVE_HYSTERESIS };
enum { CUSTOMER_PERSONAL, CUSTOMER_CORPORATE, CUSTOMER_TYPES }; /* P, C */
#define CUSTOMER_TYPE_WORDS "personal", "corporate"
extern const char *const CUSTOMER_TYPE_NAMES[]; /* these words, by type; NULL-ended */

struct unit_system {
    const char *name;
    char letter;
    const char *filter; /* source-side filter that the system itself applies, as text; NULL: none */
};

/* An average daily balance (etl/average.h): of a measure of the formula, over the month or the year. */
enum unit_period { UNIT_MONTH, UNIT_YEAR };
struct unit_average {
    const char *name, *measure;
    enum unit_period period;
};

struct gate_limits;  /* etl/gate_limits.h */
struct change_rules; /* etl/change.h */

struct unit {
    const char *id, *name, *folder; /* folder: the configuration folder it was read from */
    int64_t number_prefix;          /* integrated numbers are prefix * 10^8 + n */
    const char *base_currency;
    const char *inbox;
    enum unit_take take;
    enum unit_tie tie;
    bool tie_changed; /* latest change date decides before the tie rule */
    struct unit_system systems[UNIT_SYSTEMS_MAX];
    int systems_count;
    struct layout *layouts[UNIT_LAYOUTS_MAX];
    int layout_system[UNIT_LAYOUTS_MAX]; /* index of its system, -1: none */
    int layout_base[UNIT_LAYOUTS_MAX];   /* a change list: the layout it changes; any other: itself */
    /* Whose records have ids together: -1 all customers; relation files with the first relation layout of their system;
     * change lists with their base; transaction logs alone. */
    int layout_space[UNIT_LAYOUTS_MAX];
    bool relations_apart; /* in a generation of an older program: each relation layout of a system for itself */
    const struct filter *layout_filter[UNIT_LAYOUTS_MAX]; /* records that meet it are left out at import; NULL: none */
    int layouts_count;
    struct output *outputs[UNIT_OUTPUTS_MAX];
    int outputs_count;
    struct identity_profile *identity;
    int64_t rates_carry_days;                    /* how many days back a missing rate may come from */
    const char *rates_retired;                   /* currencies that are no longer quoted, separated by blanks */
    int64_t nav_carry_days, interest_carry_days; /* the same of net asset values, of the interest rate file */
    const char *nav_suspended; /* funds 暂停估值 whose last NAV counts however old it is, separated by blanks */
    const struct gate_limits *gates;
    const struct change_rules *changes;       /* events by rule */
    const char *formula_name[CUSTOMER_TYPES]; /* NULL: such customers are integrated, not scored */
    const char *shadow_name[CUSTOMER_TYPES];  /* a challenger scored beside it, NULL: none */
    bool has_threshold[CUSTOMER_TYPES];
    int64_t threshold_minor[CUSTOMER_TYPES];
    struct calendar *layout_calendar[UNIT_LAYOUTS_MAX]; /* when its files come; NULL: every day */
    enum unit_leave leave;                              /* who does not pass the threshold any more */
    int64_t leave_ppm;                                  /* hysteresis: below this share of the threshold … */
    int leave_days;                                     /* … for so many days */
    const char *statement; /* statements/NAME.ini: the monthly statement 综合月结单; NULL: none is made */
    int pending_days;      /* an account without an owner is an orphan 无主账户 after so many days */
    /* What is scored beside it without selecting anybody: formulas/NAME.formula; NULL: none. */
    const char *challenger_name[CUSTOMER_TYPES];
    /* Where they come from, in words: "version 7 of unit 11, file 000003, from 2026-11-01", or a file of the working
     * folder. NULL: there is none. */
    const char *formula_source[CUSTOMER_TYPES], *threshold_source[CUSTOMER_TYPES], *challenger_source[CUSTOMER_TYPES];
    struct unit_average averages[UNIT_AVERAGES_MAX];
    int averages_count;
    const char *list_source[2]; /* lists of the head office, of the unit; NULL: none published */
};

/* Of a word; -1: it is none of them. */
int unit_customer_type(const char *word);
bool unit_load(const char *folder, const char *id, struct arena *arena, struct unit **out, struct status *st);
int unit_layout(const struct unit *u, const char *name); /* index, -1: none */
/* For a generation of an older program, where a system has several relation layouts (etl/archive.h). */
void unit_relations_apart(struct unit *u);
/* An older version of a layout of the unit, for archived files written by it: the same system and base. Its index, -1
 * and a status when there is no room. */
int unit_add_version(struct unit *u, struct layout *version, struct status *st);

#endif
