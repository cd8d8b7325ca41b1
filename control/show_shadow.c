#include "control/show_shadow.h"

#include "control/show_customer.h"
#include "control/show_value.h"

#include <inttypes.h>

const char *const SHOW_OVERLAP_NAMES[SHOW_OVERLAPS] = {"both", "only_active", "only_challenger", "neither"};

bool show_shadow_read(const struct show_totals *t, const struct unit *u, int type, struct show_shadow *out)
{
    static const char *const LINES[SHOW_OVERLAPS] = {"shadow.both", "shadow.only_active", "shadow.only_shadow",
                                                     "shadow.neither"};
    static const char *const ASSETS[SHOW_OVERLAPS] = {"shadow.assets.both", "shadow.assets.only_active",
                                                      "shadow.assets.only_shadow", "shadow.assets.neither"};
    const char *name = show_customer_type(type);
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

void show_shadow_count(struct listing *rows, struct arena *arena, bool programs, int64_t count)
{
    if (programs)
        listing_integer(rows, count);
    else
        listing_decimal(rows, show_grouped(arena, arena_printf(arena, "%" PRId64, count)));
}

void show_shadow_amount(struct listing *rows, struct arena *arena, bool programs, struct show_money amount)
{
    const char *text = show_decimal(arena, amount.value, amount.scale);
    listing_decimal(rows, programs ? text : show_grouped(arena, text));
}

void show_shadow_open(struct listing *rows, struct listing *overlap)
{
    static const char *const ROWS[] = {"customers", "challenger", "selected_now",  "passing", "kept",
                                       "entering",  "leaving",    "selected_then", NULL};
    static const char *const OVERLAP[] = {"customers", "selected_by", "count", "share", "total_assets", NULL};
    listing_init(rows, ROWS);
    listing_init(overlap, OVERLAP);
}

void show_shadow_add(struct listing *rows, struct listing *overlap, const struct show_shadow *s, struct arena *arena,
                     bool programs)
{
    const int64_t policy[] = {s->kept, s->entering, s->leaving, s->passing + s->kept};
    uint64_t all = 0;
    listing_text(rows, show_customer_type(s->type));
    listing_text(rows, s->challenger);
    show_shadow_count(rows, arena, programs, s->selected);
    show_shadow_count(rows, arena, programs, s->passing);
    for (int k = 0; k < 4; k++)
        if (s->has_policy)
            show_shadow_count(rows, arena, programs, policy[k]);
        else
            listing_text(rows, NULL);
    for (int k = 0; k < SHOW_OVERLAPS; k++) all += (uint64_t)s->customers[k];
    for (int k = 0; k < SHOW_OVERLAPS; k++) {
        listing_text(overlap, show_customer_type(s->type));
        listing_text(overlap, SHOW_OVERLAP_NAMES[k]);
        show_shadow_count(overlap, arena, programs, s->customers[k]);
        listing_decimal(overlap, show_share(arena, (uint64_t)s->customers[k], all));
        if (s->has_assets)
            show_shadow_amount(overlap, arena, programs, s->assets[k]);
        else
            listing_text(overlap, NULL);
    }
}
