#include "control/show_trial_page.h"

#include "base/date.h"
#include "control/show_query.h"
#include "control/show_value.h"
#include "scoring/words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BINS_DEFAULT = 20, BIN_WIDTH_DEFAULT = 10000000 /* 100,000 yuan, when there is no threshold to go by */ };

/* --- what is asked --- */

static bool has_branch(const struct generation *g)
{
    for (int i = 0; i < g->unit->layouts_count; i++)
        if (g->unit->layouts[i]->class == LAYOUT_CUSTOMER && layout_find(g->unit->layouts[i], "branch") >= 0)
            return true;
    return false;
}

static bool is_code_result(const struct formula *f, const char *name)
{
    int r = formula_result_find(f, name);
    return r >= 0 && formula_result_type(f, r) == VALUE_CODE;
}

static bool add_by(struct show_trial *t, const char *name, struct status *st)
{
    struct trial_request *r = &t->request;
    if (strcmp(name, "none") == 0) return true;
    for (int i = 0; i < r->by_count; i++)
        if (strcmp(r->by[i], name) == 0) return true;
    bool field = show_is_record_field(t->g, name), result = is_code_result(t->formula->f, name);
    const char *hidden = result ? hidden_named(t->g, t->formula->f, name, VALUE_CODE, true) : name;
    if (result ? hidden != NULL : field && query_field_is_hidden(t->g, name))
        return show_fail_hidden("--by", name, hidden,
                                "a result of the formula makes bands: result age_band code = " SHOW_BANDS, st);
    if (!field && !result) {
        status_fail(st, STATUS_USAGE, "--by: %s is neither a code result of %s nor a field of a customer layout", name,
                    t->formula->name);
        return show_hint_by(t->g, t->formula->f, name, "", st);
    }
    r->by[r->by_count++] = name;
    return true;
}

static bool choose_by(struct show_trial *t, struct status *st)
{
    struct trial_request *r = &t->request;
    int given = command_count(t->call, "by");
    if (given > TRIAL_BY_MAX) return status_fail(st, STATUS_USAGE, "--by can be given %d times at most", TRIAL_BY_MAX);
    for (int i = 0; i < given; i++)
        if (!add_by(t, command_text_at(t->call, "by", i), st)) return false;
    if (!given && has_branch(t->g)) r->by[r->by_count++] = "branch";
    if (!given && is_code_result(t->formula->f, "tier")) r->by[r->by_count++] = "tier";
    return true;
}

bool show_trial_choose(struct show_trial *t, struct status *st)
{
    struct command_call *call = t->call;
    struct trial_request *r = &t->request;
    int64_t threshold = formula_threshold(t->formula->f), width = threshold >= 10 ? threshold / 10 : BIN_WIDTH_DEFAULT;
    const char *text = command_text(call, "bin-width", NULL);
    *r = (struct trial_request){.g = t->g,
                                .pool = t->pool,
                                .type = t->formula->type,
                                .formula = t->formula->f,
                                .name = t->formula->name,
                                .bins = (int)command_integer(call, "bins", BINS_DEFAULT),
                                .lists = command_flag(call, "entering") || command_flag(call, "leaving"),
                                .measures = command_flag(call, "measures")};
    if (text && r->bins == 0) {
        status_fail(st, STATUS_USAGE, "--bin-width says nothing with --bins 0: there is no histogram");
        return status_hint(st, "leave one of them out");
    }
    if (text && !show_parse_amount("--bin-width", text, &width, st)) return false;
    if (width <= 0) {
        status_fail(st, STATUS_USAGE, "--bin-width: an amount above 0 is needed, found \"%s\"", text);
        return status_hint(st, "such as --bin-width 50000, or leave it out: a tenth of the threshold");
    }
    r->bin_width = width;
    return choose_by(t, st);
}

/* --- the page --- */

static const char *value(struct show_trial *t, enum value_type type, __int128 v)
{
    return show_typed(t->call, &t->call->arena, type == VALUE_BOOLEAN ? VALUE_NUMBER : type, 0, v);
}

/* Nothing where there is no active formula to compare with. */
static void show_against(struct show_trial *t, struct show *s, const char *name, uint64_t count)
{
    if (t->trial.has_active)
        show_integer(s, name, (int64_t)count);
    else
        show_text(s, name, NULL);
}

static void show_counts(struct show_trial *t, struct show *s)
{
    const struct trial_count *n = &t->trial.count;
    show_section(s, "result", "result");
    show_integer(s, "scored", (int64_t)n->scored);
    show_integer(s, "excluded", (int64_t)n->excluded);
    show_integer(s, "pass", (int64_t)n->pass);
    show_text(s, "share", show_share(&t->call->arena, n->pass, n->scored));
    show_against(t, s, "pass_active", n->active);
    show_against(t, s, "entering", n->enters);
    show_against(t, s, "leaving", n->leaves);
    show_against(t, s, "stay", n->pass - n->enters);
    show_text(s, "score_all", show_money(t->call, n->score_all));
    show_text(s, "score_selected", show_money(t->call, n->score_pass));
}

static void show_totals(struct show_trial *t, struct show *s)
{
    static const char *const COLUMNS[] = {"name", "kind", "type", "all", "pass", "pass_active", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int k = 0; k < t->trial.totals_count; k++) {
        const struct trial_total *total = &t->trial.totals[k];
        listing_text(&rows, show_shortened(t->call, total->name));
        listing_text(&rows, total->is_measure ? "measure" : "result");
        listing_text(&rows, value_type_name(total->type));
        for (int g = 0; g < TRIAL_GROUPS; g++) listing_decimal(&rows, value(t, total->type, total->sum[g]));
    }
    show_rows(s, "totals", "totals", &rows);
    listing_release(&rows);
}

/* Nobody adds dates: how many have one, the first and the last of them. */
static void show_dates(struct show_trial *t, struct show *s)
{
    static const char *const COLUMNS[] = {"name", "of", "customers", "first", "last", NULL};
    static const char *const GROUPS[TRIAL_GROUPS] = {"all", "pass", "pass_active"};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int k = 0; k < t->trial.dates_count; k++)
        for (int g = 0; g < TRIAL_GROUPS; g++) {
            const struct trial_range *r = &t->trial.dates[k].of[g];
            listing_text(&rows, show_shortened(t->call, t->trial.dates[k].name));
            listing_text(&rows, GROUPS[g]);
            listing_integer(&rows, (int64_t)r->customers);
            listing_text(&rows, value(t, VALUE_DATE, r->customers ? r->first : DATE_NONE));
            listing_text(&rows, value(t, VALUE_DATE, r->customers ? r->last : DATE_NONE));
        }
    show_rows(s, "dates", "dates", &rows);
    listing_release(&rows);
}

static void show_by(struct show_trial *t, struct show *s, const struct trial_by *by)
{
    const char *const COLUMNS[] = {by->name,   "customers", "pass",           "share", "pass_active",
                                   "entering", "leaving",   "score_selected", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    struct group *const *groups = group_sorted(by->groups);
    for (int i = 0; i < group_count(by->groups); i++) {
        const uint64_t *n = groups[i]->counts;
        bool missing = by->is_date && groups[i]->key.length == 0;
        listing_text(&rows, missing ? show_missing(t->call) : groups[i]->key.bytes);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_CUSTOMERS]);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_PASS]);
        listing_decimal(&rows, show_share(&t->call->arena, n[TRIAL_GROUP_PASS], n[TRIAL_GROUP_CUSTOMERS]));
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_ACTIVE]);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_ENTERS]);
        listing_integer(&rows, (int64_t)n[TRIAL_GROUP_LEAVES]);
        listing_decimal(&rows, show_money(t->call, groups[i]->sums[0]));
    }
    show_rows(s, arena_printf(&t->call->arena, "by_%s", by->name), arena_printf(&t->call->arena, "by %s", by->name),
              &rows);
    listing_release(&rows);
}

static void show_histogram(struct show_trial *t, struct show *s)
{
    static const char *const COLUMNS[] = {"from", "below", "customers", "share", "passes", NULL};
    int64_t width = t->request.bin_width, threshold = formula_threshold(t->formula->f);
    int bins = t->request.bins;
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; bins && i < bins + 2; i++) {
        int64_t from = (i - 1) * width, below = i * width;
        listing_decimal(&rows, i == 0 ? "" : show_money(t->call, from));
        listing_decimal(&rows, i == bins + 1 ? "" : show_money(t->call, below));
        listing_integer(&rows, (int64_t)t->trial.bins[i]);
        listing_decimal(&rows, show_share(&t->call->arena, t->trial.bins[i], t->trial.count.scored));
        listing_text(&rows, i && from >= threshold ? "yes" : i <= bins && below <= threshold ? "" : "some");
    }
    show_rows(s, "histogram", "scores", &rows);
    listing_release(&rows);
}

void show_trial_head(struct show_trial *t, struct show *s)
{
    show_text(s, "unit", t->g->unit->id);
    show_text(s, "type", CUSTOMER_TYPE_NAMES[t->formula->type]);
    show_text(s, "generation", t->g->id);
    show_text(s, "formula", t->formula->origin);
    show_text(s, "hash", t->formula->hash);
    show_text(s, "threshold", show_money(t->call, formula_threshold(t->formula->f)));
    if (t->request.sample)
        show_textf(s, "sample", "%" PRIu64 " of %" PRIu64, t->request.sample, t->g->customers);
    else if (t->sample)
        show_textf(s, "sample", "%" PRIu64 " of %" PRIu64 ": the whole generation", t->g->customers, t->g->customers);
    else
        show_text(s, "sample", NULL);
    show_textf(s, "measures", "%d from the generation, %d computed again", t->trial.measures_stored,
               t->trial.measures_again);
}

void show_trial_body(struct show_trial *t, struct show *s)
{
    show_counts(t, s);
    show_totals(t, s);
    if (t->request.measures) show_dates(t, s);
    for (int k = 0; k < t->trial.by_count; k++) show_by(t, s, &t->trial.by[k]);
    show_histogram(t, s);
}
