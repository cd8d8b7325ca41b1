#include "control/show_trial.h"

#include "base/date.h"
#include "base/os.h"
#include "control/show.h"
#include "control/show_formula.h"
#include "control/show_unit.h"
#include "etl/number.h"

#include <stdio.h>
#include <string.h>

static void copy(char *to, size_t size, const char *text)
{
    snprintf(to, size, "%s", text);
}

/* reason: why it may not be submitted, "" when it may. */
static bool keep(struct command_call *call, const struct trial_request *r, const struct trial *t, const char *hash,
                 const char *reason, struct status *st)
{
    const struct generation *g = r->g;
    const struct trial_count *n = &t->count;
    const char *folder = show_unit_folder(call, g->unit->id);
    struct generation_current current;
    bool there;
    struct trial_result result = {.threshold_minor = formula_threshold(r->formula),
                                  .scored = n->scored,
                                  .excluded = n->excluded,
                                  .selected = n->pass,
                                  .active = n->active,
                                  .entering = n->enters,
                                  .leaving = n->leaves,
                                  .may_be_submitted = !*reason};
    if (!generation_current_read(folder, &current, &there, st)) return false;
    copy(result.hash, sizeof result.hash, hash);
    copy(result.unit, sizeof result.unit, g->unit->id);
    copy(result.type, sizeof result.type, CUSTOMER_TYPE_NAMES[r->type]);
    copy(result.formula, sizeof result.formula, r->name);
    copy(result.generation, sizeof result.generation, g->id);
    if (there && strcmp(current.id, g->id) == 0)
        copy(result.manifest_hash, sizeof result.manifest_hash, current.manifest_hash);
    copy(result.score_all, sizeof result.score_all, show_decimal(&call->arena, n->score_all, 2));
    copy(result.score_selected, sizeof result.score_selected, show_decimal(&call->arena, n->score_pass, 2));
    copy(result.reason, sizeof result.reason, reason);
    date_format(g->business_date, result.business_date);
    os_wall_clock(result.made);
    return trial_result_write(folder, &result, st);
}

bool show_trial_run(struct command_call *call, const struct trial_request *r, struct trial *t, const char *hash,
                    bool *against, struct status *st)
{
    struct status kept = {0};
    ensure(!r->sample); /* a sample is not kept */
    bool ok = trial_run(r, t, st);
    if (ok && t->count.scored == 0) {
        status_fail(st, STATUS_INPUT, "unit %s has no %s customers to try it on", r->g->unit->id,
                    CUSTOMER_TYPE_NAMES[r->type]);
        ok = status_hint(st, "how many it has: crmx reconcile --unit %s, CUSTOMERS", r->g->unit->id);
    }
    /* The formula's own fault is the answer; a disk that cannot be read is not. */
    *against = !ok && (st->code == STATUS_USAGE || st->code == STATUS_INPUT);
    if (!ok && !*against) return false;
    if (keep(call, r, t, hash, ok ? "" : st->message, &kept)) return true;
    *st = kept;
    return false;
}

static void list_customers(struct command_call *call, const struct generation *g, const char *const names[],
                           const struct trial_customer *list, uint64_t count, bool entering, bool new_first)
{
    for (uint64_t i = 0; i < count; i++) {
        struct arena arena;
        char number[NUMBER_TEXT_MAX];
        arena_init(&arena, "row"); /* there may be millions */
        number_text(g->unit, list[i].number, number);
        const char *tried = show_decimal(&arena, list[i].score, 2),
                   *active = show_decimal(&arena, list[i].active_score, 2);
        const char *cells[] = {entering ? "enters" : "leaves", number, new_first ? tried : active,
                               new_first ? active : tried};
        listing_print_cells(&call->output, names, cells, 4);
        arena_release(&arena);
    }
}

void show_trial_lists(struct command_call *call, const struct generation *g, const struct trial *t,
                      const char *const columns[2], bool new_first)
{
    const char *names[] = {"event", "number", columns[0], columns[1]};
    listing_print_names(&call->output, names, 4);
    if (command_flag(call, "entering")) list_customers(call, g, names, t->entering, t->entering_count, true, new_first);
    if (command_flag(call, "leaving")) list_customers(call, g, names, t->leaving, t->leaving_count, false, new_first);
}
