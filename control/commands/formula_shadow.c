/* crmx formula shadow: how the challenger did, night by night, beside the active formula. */
#include "base/date.h"
#include "base/os.h"
#include "control/show_customer.h"
#include "control/show_formula.h"
#include "control/show_shadow.h"
#include "control/show_unit.h"
#include "control/show_value.h"
#include "etl/trial.h"

#include <stdio.h>
#include <string.h>

enum { HASH_SHOWN = 8, FORMULA_MAX = 65536 };

/* The first ones stand on a page; all of them are for programs. */
static const char *const COLUMNS[] = {"business_date",
                                      "customers",
                                      "challenger",
                                      "hash",
                                      "both",
                                      "only_active",
                                      "only_challenger",
                                      "kept",
                                      "entering",
                                      "leaving",
                                      "selected_now",
                                      "selected_then",
                                      "generation",
                                      "threshold",
                                      "neither",
                                      "assets_both",
                                      "assets_only_active",
                                      "assets_only_challenger",
                                      "assets_neither",
                                      "score",
                                      NULL};
enum { COLUMNS_OF_PAGE = 12 };

struct shadow_call {
    struct command_call *call;
    struct listing rows;
    struct generation *g; /* that is shown now */
    struct arena *arena;
    int nights;
};

/* Of formula and threshold, as crmx trial shows it; NULL: the generation does not have the file. */
static const char *hash_of(struct shadow_call *c, const struct show_shadow *s, int64_t *threshold)
{
    char path[OS_PATH_MAX], hash[TRIAL_HASH_MAX];
    const struct unit *u = c->g->unit;
    struct formula *f = NULL;
    struct status ignored = {0};
    struct buf text;
    snprintf(path, sizeof path, "%s/formulas/%s.formula", u->folder, s->challenger);
    buf_init(&text, FORMULA_MAX);
    bool ok = os_read_file(path, &text, &ignored) && formula_parse(path, buf_view(&text), &f, &ignored);
    if (ok) *threshold = u->has_threshold[s->type] ? u->threshold_minor[s->type] : formula_threshold(f);
    if (ok) trial_hash(buf_view(&text), *threshold, hash);
    formula_free(f);
    buf_release(&text);
    return ok ? arena_dup(c->arena, view_of(hash)) : NULL;
}

static void add_count(struct shadow_call *c, bool known, int64_t count)
{
    if (known)
        show_add_count(c->call, &c->rows, count);
    else
        listing_text(&c->rows, NULL);
}

static void add_rest(struct shadow_call *c, const struct show_shadow *s, const char *threshold)
{
    listing_text(&c->rows, c->g->id);
    listing_decimal(&c->rows, threshold);
    add_count(c, true, s->customers[SHOW_NEITHER]);
    for (int k = 0; k < SHOW_OVERLAPS; k++)
        if (s->has_assets)
            listing_decimal(&c->rows, show_quantity(c->call, s->assets[k].value, s->assets[k].scale));
        else
            listing_text(&c->rows, NULL);
    listing_decimal(&c->rows, show_quantity(c->call, s->score.value, s->score.scale));
}

static void add_night(struct shadow_call *c, const struct show_shadow *s)
{
    char date[11];
    int64_t threshold = 0;
    const char *hash = hash_of(c, s, &threshold);
    date_format(c->g->business_date, date);
    listing_text(&c->rows, arena_dup(c->arena, view_of(date)));
    listing_text(&c->rows, CUSTOMER_TYPE_NAMES[s->type]);
    listing_text(&c->rows, s->challenger);
    listing_text(&c->rows, hash && !c->call->json ? arena_printf(c->arena, "%.*s", HASH_SHOWN, hash) : hash);
    for (int k = 0; k < SHOW_NEITHER; k++) add_count(c, true, s->customers[k]);
    add_count(c, s->has_policy, s->kept);
    add_count(c, s->has_policy, s->entering);
    add_count(c, s->has_policy, s->leaving);
    add_count(c, true, s->selected);
    add_count(c, s->has_policy, s->passing + s->kept);
    if (c->call->json) add_rest(c, s, hash ? show_decimal(c->arena, threshold, 2) : NULL);
    c->nights++;
}

static bool add_generation(struct shadow_call *c, const char *unit, const char *id, struct status *st)
{
    struct show_totals totals;
    struct show_shadow shadow;
    int only = command_choice(c->call, "type", -1);
    if (!generation_open(show_unit_folder(c->call, unit), id, &c->g, st)) return false;
    bool ok = show_totals_read(&totals, c->arena, c->g->folder, st);
    for (int t = 0; ok && t < CUSTOMER_TYPES; t++)
        if ((only < 0 || only == t) && show_shadow_read(&totals, c->g->unit, t, &shadow)) add_night(c, &shadow);
    generation_close(c->g);
    return ok;
}

static int run(struct command_call *call)
{
    struct shadow_call c = {.call = call, .arena = &call->arena};
    const char *columns[sizeof COLUMNS / sizeof *COLUMNS], **ids, *unit = show_unit(call, &call->status);
    int count;
    if (!unit || !show_generations(call, unit, &ids, &count, &call->status)) return command_failed(call);
    memcpy(columns, COLUMNS, sizeof COLUMNS);
    if (!call->json) columns[COLUMNS_OF_PAGE] = NULL;
    listing_init(&c.rows, columns);
    bool ok = true;
    for (int i = count; ok && i-- > 0;) ok = add_generation(&c, unit, ids[i], &call->status);
    if (ok) listing_print(&c.rows, &call->output);
    listing_release(&c.rows);
    if (ok && !c.nights && !call->json && !call->quiet)
        printf("no kept night of unit %s has a challenger: write shadow.personal = NAME into units/%s.ini, or "
               "crmx formula draft --challenger FILE\n",
               unit, unit);
    return ok ? 0 : command_failed(call);
}

const struct command command_formula_shadow = {
    .name = "formula shadow",
    .summary = "how the challenger did beside the active formula, in each night that is kept",
    .description =
        "One line a generation and customer type that had a challenger, newest first. both and only_active are whom "
        "the "
        "night selected, those kept by the leave policy among them; both and only_challenger whom the challenger's "
        "formula and the lists would let pass. kept, entering, leaving, selected_then: what that night would "
        "have been with the challenger as the active formula; kept by the leave policy of the unit. A hash that "
        "changes is another formula or threshold. --json and --csv have the sums of assets, too.",
    .options = (const struct command_value[]){SHOW_TYPE, SHOW_UNIT, {0}},
    .examples = "crmx formula shadow --unit 11\ncrmx formula shadow --type personal --csv",
    .rows = "",
    .run = run,
};
