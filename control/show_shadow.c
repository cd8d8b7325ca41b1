#include "control/show_shadow.h"

#include "control/show_value.h"

static const char *const OVERLAP_NAMES[SHOW_OVERLAPS] = {"both", "only_active", "only_challenger", "neither"};

bool show_shadow_read(const struct show_totals *t, const struct unit *u, int type, struct show_shadow *out)
{
    static const char *const LINES[SHOW_OVERLAPS] = {"shadow.both", "shadow.only_active", "shadow.only_shadow",
                                                     "shadow.neither"};
    static const char *const ASSETS[SHOW_OVERLAPS] = {"shadow.assets.both", "shadow.assets.only_active",
                                                      "shadow.assets.only_shadow", "shadow.assets.neither"};
    const char *name = CUSTOMER_TYPE_NAMES[type];
    const char *assets = arena_printf(t->arena, "%s.%s", ASSETS[SHOW_BOTH], name);
    if (!u->shadow_name[type] || !show_total_find(t, arena_printf(t->arena, "shadow.score.%s", name), "")) return false;
    *out = (struct show_shadow){.type = type,
                                .challenger = u->shadow_name[type],
                                .selected = show_total_records(t, "selected", name),
                                .passing = show_total_records(t, "shadow.selected", name),
                                .kept = show_total_records(t, "shadow.kept", name),
                                .entering = show_total_records(t, "shadow.entering", name),
                                .leaving = show_total_records(t, "shadow.leaving", name),
                                .score = show_total_amount(t, "shadow.score", name, "")};
    out->has_policy = show_total_find(t, arena_printf(t->arena, "shadow.kept.%s", name), "") != NULL;
    out->has_assets = show_total_find(t, assets, "") != NULL;
    for (int k = 0; k < SHOW_OVERLAPS; k++) {
        out->customers[k] = show_total_records(t, LINES[k], name);
        out->assets[k] = show_total_amount(t, ASSETS[k], name, "");
    }
    if (!out->has_policy)
        out->customers[SHOW_NEITHER] = show_total_records(t, "scored", name) - out->customers[SHOW_BOTH] -
                                       out->customers[SHOW_ONLY_ACTIVE] - out->customers[SHOW_ONLY_CHALLENGER];
    return true;
}

void show_shadow_open(struct listing *rows, struct listing *overlap)
{
    static const char *const ROWS[] = {"customers", "challenger", "selected_now",  "passing", "kept",
                                       "entering",  "leaving",    "selected_then", NULL};
    static const char *const OVERLAP[] = {"customers", "selected_by", "count", "share", "total_assets", NULL};
    listing_init(rows, ROWS);
    listing_init(overlap, OVERLAP);
}

void show_shadow_add(struct command_call *call, struct listing *rows, struct listing *overlap,
                     const struct show_shadow *s)
{
    const int64_t policy[] = {s->kept, s->entering, s->leaving, s->passing + s->kept};
    uint64_t all = 0;
    listing_text(rows, CUSTOMER_TYPE_NAMES[s->type]);
    listing_text(rows, s->challenger);
    show_add_count(call, rows, s->selected);
    show_add_count(call, rows, s->passing);
    for (int k = 0; k < 4; k++)
        if (s->has_policy)
            show_add_count(call, rows, policy[k]);
        else
            listing_text(rows, NULL);
    for (int k = 0; k < SHOW_OVERLAPS; k++) all += (uint64_t)s->customers[k];
    for (int k = 0; k < SHOW_OVERLAPS; k++) {
        listing_text(overlap, CUSTOMER_TYPE_NAMES[s->type]);
        listing_text(overlap, OVERLAP_NAMES[k]);
        show_add_count(call, overlap, s->customers[k]);
        listing_decimal(overlap, show_share(&call->arena, (uint64_t)s->customers[k], all));
        if (s->has_assets)
            listing_decimal(overlap, show_quantity(call, s->assets[k].value, s->assets[k].scale));
        else
            listing_text(overlap, NULL);
    }
}
