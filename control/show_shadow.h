/* show_shadow: the challenger of a night beside the active formula, out of the totals of its generation: whom both
 * select, and who would enter and leave if it were the active one. For crmx reconcile and crmx formula shadow. */
#ifndef CRMX_CONTROL_SHOW_SHADOW_H
#define CRMX_CONTROL_SHOW_SHADOW_H

#include "control/command.h"
#include "control/show_totals.h"
#include "etl/unit.h"

enum show_overlap { SHOW_BOTH, SHOW_ONLY_ACTIVE, SHOW_ONLY_CHALLENGER, SHOW_NEITHER, SHOW_OVERLAPS };

struct show_shadow {
    int type;
    const char *challenger; /* name of its formula */
    int64_t selected;       /* by the active formula */
    int64_t passing;        /* by the challenger: reached the threshold or overridden, and not excluded */
    int64_t customers[SHOW_OVERLAPS];
    bool has_policy; /* the totals have the figures below; those of earlier releases do not */
    int64_t kept, entering, leaving;
    bool has_assets; /* the formula has a result total_assets */
    struct show_sum assets[SHOW_OVERLAPS], score;
};

/* False: the type had no challenger that night. */
bool show_shadow_read(const struct show_totals *t, const struct unit *u, int type, struct show_shadow *out);
/* One line a type; one a type and overlap. */
void show_shadow_open(struct listing *rows, struct listing *overlap);
void show_shadow_add(struct command_call *call, struct listing *rows, struct listing *overlap,
                     const struct show_shadow *s);

#endif
