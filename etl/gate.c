#include "etl/gate.h"

#include "base/date.h"
#include "base/log.h"
#include "etl/rates.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

struct judge {
    const struct gate_request *r;
    struct arena *arena;
    struct gates gates;
    struct reconcile_line *past; /* control totals of the generation before */
    int past_count, past_capacity;
};

/* --- figures --- */

struct figure {
    bool there;
    __int128 value;
    int scale;
};

static struct figure figure_of(const struct reconcile_line *l)
{
    if (!l) return (struct figure){0};
    if (l->has_amount) return (struct figure){true, l->amount, l->scale};
    return (struct figure){l->records >= 0, l->records, 0};
}

static const struct reconcile_line *find(const struct reconcile_line *lines, int count, const char *name,
                                         const char *currency)
{
    for (int i = 0; i < count; i++)
        if (strcmp(lines[i].name, name) == 0 && strcasecmp(lines[i].currency, currency) == 0) return &lines[i];
    return NULL;
}

static struct figure now(const struct judge *j, const char *name, const char *currency)
{
    return figure_of(find(j->r->now->lines, j->r->now->lines_count, name, currency));
}

static struct figure before(const struct judge *j, const char *name, const char *currency)
{
    return figure_of(find(j->past, j->past_count, name, currency));
}

static const char *text_of(struct arena *arena, struct figure f)
{
    char text[48];
    return arena_dup(arena, view_of(reconcile_decimal(f.value, f.scale, text)));
}

/* 63200 → "6.32%", with the sign of a deviation. */
static const char *percent(struct arena *arena, __int128 ppm, const char *sign, const char *what)
{
    char text[48], *end;
    reconcile_decimal(ppm, 4, text);
    end = text + strlen(text);
    while (end[-1] == '0') *--end = 0;
    if (end[-1] == '.') *--end = 0;
    return arena_printf(arena, "%s%s%s", sign, text, what);
}

static void align(struct figure *a, struct figure *b)
{
    for (; a->scale < b->scale; a->scale++) a->value *= 10;
    for (; b->scale < a->scale; b->scale++) b->value *= 10;
}

/* --- the comparison of two figures --- */

/* (found - expected) / expected in millionths, rounded away from zero, so that no deviation is shown as none. */
static __int128 deviation_ppm(struct figure expected, struct figure found)
{
    __int128 difference = found.value - expected.value, base = expected.value < 0 ? -expected.value : expected.value,
             scaled = difference * 1000000, rest = scaled % base;
    return scaled / base + (rest ? (difference < 0 ? -1 : 1) : 0);
}

static bool is_small(const struct judge *j, struct figure f, bool money)
{
    const struct gate_limits *l = j->r->unit->gates;
    struct figure limit = {true, money ? l->small_sum : l->small_rows, money ? 2 : 0};
    if (f.value < 0) f.value = -f.value;
    align(&f, &limit);
    return f.value <= limit.value;
}

/* A figure that was not there before is no deviation: there is nothing it could deviate from. One that has gone is. */
static void compare(struct judge *j, const char *name, struct figure expected, struct figure found, bool money)
{
    int64_t limit = gate_limit(j->r->unit->gates, name);
    if (limit == GATE_OFF || !expected.there) return;
    if (!found.there) found = (struct figure){true, 0, expected.scale};
    if (is_small(j, expected, money) && is_small(j, found, money)) return;
    struct gate one = {.name = name,
                       .expected = text_of(j->arena, expected),
                       .found = text_of(j->arena, found),
                       .limit = percent(j->arena, limit, "+-", "%")};
    align(&expected, &found);
    if (!expected.value) {
        one.deviation = found.value ? "from nothing" : "0%";
        one.verdict = found.value ? GATE_HELD : GATE_PASSED;
    } else {
        __int128 ppm = deviation_ppm(expected, found);
        one.deviation = percent(j->arena, ppm, ppm > 0 ? "+" : "", "%");
        one.verdict = (ppm < 0 ? -ppm : ppm) > limit ? GATE_HELD : GATE_PASSED;
    }
    gate_add(&j->gates, &one);
}

/* A part of a whole that may be at most so much. */
static void share(struct judge *j, const char *name, uint64_t part, uint64_t whole, int64_t limit)
{
    if (limit == GATE_OFF || !whole) return;
    __int128 ppm = ((__int128)part * 1000000 + whole - 1) / whole;
    bool beyond = (__int128)part * 1000000 > (__int128)whole * limit;
    const char *found = arena_printf(j->arena, "%llu of %llu", (unsigned long long)part, (unsigned long long)whole);
    gate_add(&j->gates, &(struct gate){.name = name,
                                       .expected = percent(j->arena, limit, "at most ", "%"),
                                       .found = found,
                                       .deviation = percent(j->arena, ppm, "", "%"),
                                       .limit = percent(j->arena, limit, "", "%"),
                                       .verdict = beyond ? GATE_HELD : GATE_PASSED});
}

/* --- the gates, one by one --- */

static void judge_rejects(struct judge *j)
{
    const struct input_set *inputs = j->r->inputs;
    for (int i = 0; i < j->r->unit->layouts_count; i++) {
        const struct layout *l = j->r->unit->layouts[i];
        uint64_t rejected = 0, read = 0;
        for (int k = 0; k < inputs->files_count; k++)
            if (inputs->files[k].layout_index == i) {
                rejected += inputs->files[k].rejected;
                read += inputs->files[k].lines - inputs->files[k].marks;
            }
        share(j, arena_printf(j->arena, "rejects.%s", l->name), rejected, read, l->reject_limit_ppm);
    }
}

static void judge_orphans(struct judge *j, const struct layout *l)
{
    const char *name = arena_printf(j->arena, "orphans.%s", l->name);
    struct figure orphans = now(j, arena_printf(j->arena, "%s.orphans", l->name), ""),
                  rows = now(j, arena_printf(j->arena, "%s.rows", l->name), "");
    share(j, name, (uint64_t)orphans.value, (uint64_t)(orphans.value + rows.value),
          gate_limit(j->r->unit->gates, name));
}

/* Accounts whose movements do not lead to their balance, of all that moved. */
static void judge_breaks(struct judge *j, const struct layout *l)
{
    const char *name = arena_printf(j->arena, "breaks.%s", l->name);
    struct figure breaks = now(j, arena_printf(j->arena, "%s.breaks", l->name), ""),
                  moved = now(j, arena_printf(j->arena, "%s.moved_accounts", l->name), "");
    if (breaks.there)
        share(j, name, (uint64_t)breaks.value, (uint64_t)moved.value, gate_limit(j->r->unit->gates, name));
}

/* Classes of full unloads. The lists of a day's changes rise and fall with the day: no drift is judged of them. */
static bool is_unload(const struct layout *l)
{
    if (l->change) return false;
    return l->class == LAYOUT_CUSTOMER || l->class == LAYOUT_ACCOUNT || l->class == LAYOUT_CONTACT ||
           l->class == LAYOUT_ADDRESS || l->class == LAYOUT_RELATION || l->class == LAYOUT_EXCLUSION;
}

static void judge_rows(struct judge *j, const struct layout *l)
{
    const char *read = arena_printf(j->arena, "read.%s", l->name), *rows = arena_printf(j->arena, "%s.rows", l->name);
    struct figure found = now(j, read, "");
    /* A night without the file is not a night with an empty one, but for the exclusion list: whoever was on it would be
     * selected. */
    if (is_unload(l) && (found.there || l->class == LAYOUT_EXCLUSION))
        compare(j, arena_printf(j->arena, "rows.%s", l->name), before(j, read, ""), found, false);
    compare(j, arena_printf(j->arena, "population.%s", l->name), before(j, rows, ""), now(j, rows, ""), false);
}

/* Every sum of the population that the generation before has. */
static void judge_sums(struct judge *j)
{
    static const char COUNTED[] = ".counted";
    for (int i = 0; i < j->past_count; i++) {
        const struct reconcile_line *l = &j->past[i];
        size_t n = strlen(l->name), ending = strlen(COUNTED);
        if (!l->has_amount || n <= ending || strcmp(l->name + n - ending, COUNTED) != 0) continue;
        const char *name = arena_printf(j->arena, "sums.%.*s.%s", (int)(n - ending), l->name, l->currency);
        compare(j, name, figure_of(l), now(j, l->name, l->currency), true);
    }
}

/* The share of each tier among the selected of its type, in percentage points. */
static void judge_tiers(struct judge *j)
{
    for (int i = 0; i < j->past_count; i++) {
        const char *tier = j->past[i].name, *dot = strchr(tier, '.') ? strchr(strchr(tier, '.') + 1, '.') : NULL;
        if (strncmp(tier, "tier.", 5) != 0 || !dot) continue;
        const char *type = arena_printf(j->arena, "selected.%.*s", (int)(dot - tier - 5), tier + 5),
                   *name = arena_printf(j->arena, "tiers.%s", tier + 5);
        struct figure was = before(j, tier, ""), was_all = before(j, type, ""), is = now(j, tier, ""),
                      is_all = now(j, type, "");
        int64_t limit = gate_limit(j->r->unit->gates, name);
        if (limit == GATE_OFF || !was_all.value || !is_all.value) continue;
        if (is_small(j, was_all, false) && is_small(j, is_all, false)) continue;
        /* exact: p/q - r/s against the limit, all times q*s */
        __int128 moved = is.value * was_all.value - was.value * is_all.value, whole = is_all.value * was_all.value;
        __int128 ppm = moved * 1000000 / whole;
        bool beyond = (moved < 0 ? -moved : moved) * 1000000 > whole * limit;
        gate_add(&j->gates,
                 &(struct gate){
                     .name = name,
                     .expected = arena_printf(j->arena, "%lld of %lld", (long long)was.value, (long long)was_all.value),
                     .found = arena_printf(j->arena, "%lld of %lld", (long long)is.value, (long long)is_all.value),
                     .deviation = percent(j->arena, ppm, ppm > 0 ? "+" : "", " points"),
                     .limit = percent(j->arena, limit, "+-", " points"),
                     .verdict = beyond ? GATE_HELD : GATE_PASSED});
    }
}

static void judge_rates(struct judge *j)
{
    const struct reference *r = j->r->reference;
    for (int i = 1; i < r->rates.count; i++) {
        int64_t ppm;
        const char *name = arena_printf(j->arena, "rates.%s", r->rates.code[i]);
        int64_t limit = gate_limit(j->r->unit->gates, name);
        if (limit == GATE_OFF || !rates_move_ppm(r, i, &ppm)) continue;
        struct figure was = {true, r->origins[i].previous, 6}, is = {true, r->rates.rate[i], 6};
        gate_add(&j->gates, &(struct gate){.name = name,
                                           .expected = arena_printf(j->arena, "%s per %d", text_of(j->arena, was),
                                                                    r->origins[i].previous_per_unit),
                                           .found = arena_printf(j->arena, "%s per %d", text_of(j->arena, is),
                                                                 r->rates.per_unit[i]),
                                           .deviation = percent(j->arena, ppm, ppm > 0 ? "+" : "", "%"),
                                           .limit = percent(j->arena, limit, "+-", "%"),
                                           .verdict = (ppm < 0 ? -ppm : ppm) > limit ? GATE_HELD : GATE_PASSED});
    }
}

/* Only what is beyond: a bank has thousands of funds. */
static void judge_quotes(struct judge *j, enum quote_kind kind)
{
    const struct quotes *quotes = j->r->reference->quotes[kind];
    for (int i = 0; quotes && i < quotes->count; i++) {
        const struct quote *q = &quotes->list[i];
        int64_t ppm;
        const char *name = kind == QUOTE_NAV ? arena_printf(j->arena, "nav.%s", q->code)
                                             : arena_printf(j->arena, "interest.%s%s%s", q->code,
                                                            q->currency[0] ? "." : "", q->currency);
        int64_t limit = gate_limit(j->r->unit->gates, name);
        if (limit == GATE_OFF || !quote_move_ppm(q, &ppm) || (ppm < 0 ? -ppm : ppm) <= limit) continue;
        struct figure was = {true, q->previous, q->previous_scale}, is = {true, q->value, q->scale};
        gate_add(&j->gates, &(struct gate){.name = name,
                                           .expected = text_of(j->arena, was),
                                           .found = text_of(j->arena, is),
                                           .deviation = percent(j->arena, ppm, ppm > 0 ? "+" : "", "%"),
                                           .limit = percent(j->arena, limit, "+-", "%"),
                                           .verdict = GATE_HELD});
    }
}

/* --- first night and later nights --- */

/* "rows.retail_account" → the control total "read.retail_account"; "sums.L.F.cny" → "L.F.accepted" of cny. */
static struct figure first_figure(const struct judge *j, const char *name, const char **shown)
{
    *shown = name;
    if (strcmp(name, "customers") == 0) return now(j, "integrated", "");
    if (strcmp(name, "selected") == 0) return now(j, "selected", "");
    if (strncmp(name, "rows.", 5) == 0) return now(j, arena_printf(j->arena, "read.%s", name + 5), "");
    const char *subject = name + strlen("sums."), *currency = strrchr(name, '.') + 1;
    const char *amount = arena_printf(j->arena, "%.*s.accepted", (int)(currency - 1 - subject), subject);
    char *upper = arena_dup(j->arena, view_of(name));
    for (char *c = upper + (currency - name); *c; c++) *c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
    *shown = upper;
    return now(j, amount, currency);
}

static void judge_first_night(struct judge *j)
{
    const struct gate_limits *l = j->r->unit->gates;
    for (int i = 0; i < l->expected_count; i++) {
        const char *shown;
        struct figure found = first_figure(j, l->expected[i].name, &shown);
        compare(j, shown, (struct figure){true, l->expected[i].value, l->expected[i].scale}, found,
                strncmp(shown, "sums.", 5) == 0);
    }
    if (!l->expected_count) log_info("first night without expected figures: rows, sums and selection are not compared");
}

static bool take_past(void *context, char *field[], struct status *st)
{
    struct judge *j = context;
    if (j->past_count == j->past_capacity) {
        j->past_capacity = j->past_capacity ? j->past_capacity * 2 : 256;
        struct reconcile_line *more = arena_array(j->arena, struct reconcile_line, j->past_capacity);
        if (j->past_count) memcpy(more, j->past, (size_t)j->past_count * sizeof *more);
        j->past = more;
    }
    struct reconcile_line *l = &j->past[j->past_count++];
    *l = (struct reconcile_line){.name = arena_dup(j->arena, view_of(field[1])),
                                 .currency = arena_dup(j->arena, view_of(field[2])),
                                 .records = field[3][0] ? atoll(field[3]) : -1,
                                 .has_amount = field[4][0] != 0};
    if (!l->has_amount || gate_parse_figure(field[4], &l->amount, &l->scale)) return true;
    return status_fail(st, STATUS_CORRUPT, "totals.tsv: \"%s\" of %s is no amount", field[4], field[1]);
}

static bool judge_later_night(struct judge *j, struct status *st)
{
    const char *path = arena_printf(j->arena, "%s/totals.tsv", j->r->previous);
    const struct unit *u = j->r->unit;
    if (!tsv_read(path, RECONCILE_TOTALS_HEAD, take_past, j, st))
        return status_while(st, "reading the control totals of the generation before");
    for (int i = 0; i < u->layouts_count; i++) judge_rows(j, u->layouts[i]);
    judge_sums(j);
    compare(j, "customers", before(j, "integrated", ""), now(j, "integrated", ""), false);
    compare(j, "selected", before(j, "selected", ""), now(j, "selected", ""), false);
    judge_tiers(j);
    judge_rates(j);
    for (int k = 0; k < QUOTE_KINDS; k++) judge_quotes(j, (enum quote_kind)k);
    return true;
}

/* --- the verdict --- */

static const char *date_text(const struct gate_request *r, struct arena *arena)
{
    char date[11];
    date_format(r->business_date, date);
    return arena_dup(arena, view_of(date));
}

static void tell(const struct judge *j)
{
    for (int i = 0; i < j->gates.count; i++) {
        const struct gate *g = &j->gates.list[i];
        if (g->verdict == GATE_HELD)
            log_warning("gate %s holds: expected %s, found %s: %s, limit %s", g->name, g->expected, g->found,
                        g->deviation, g->limit);
        if (g->verdict == GATE_ACCEPTED)
            log_warning("gate %s: expected %s, found %s: accepted by %s at %s: %s", g->name, g->expected, g->found,
                        g->by, g->time, g->reason);
    }
}

static bool hold(const struct judge *j, struct status *st)
{
    struct buf list;
    int named = 0;
    buf_init(&list, 4096);
    for (int i = 0; i < j->gates.count; i++) {
        const struct gate *g = &j->gates.list[i];
        if (g->verdict != GATE_HELD || list.length > 480) continue;
        buf_addf(&list, "%s%s: expected %s, found %s (%s, limit %s)", named++ ? "; " : "", g->name, g->expected,
                 g->found, g->deviation, g->limit);
    }
    if (named < j->gates.held) buf_addf(&list, "; and %d more", j->gates.held - named);
    status_fail(st, STATUS_HELD, "%d gate%s hold%s the run, nothing is committed: %s", j->gates.held,
                j->gates.held == 1 ? "" : "s", j->gates.held == 1 ? "s" : "", list.bytes);
    buf_release(&list);
    const char *date = date_text(j->r, j->arena);
    return status_hint(st,
                       "decide: crmx gate accept all --unit %s --date %s --reason TEXT --by NAME, or have the files "
                       "sent again; then the same command; see all gates: crmx gate list --unit %s --date %s",
                       j->r->unit->id, date, j->r->unit->id, date);
}

static bool is_table(const struct judge *j, const struct layout *l)
{
    return now(j, arena_printf(j->arena, "%s.rows", l->name), "").there && l->class == LAYOUT_ACCOUNT;
}

bool gate_run(const struct gate_request *r, struct arena *arena, struct status *st)
{
    struct judge j = {.r = r, .arena = arena, .gates = {.arena = arena}};
    judge_rejects(&j);
    for (int i = 0; i < r->unit->layouts_count; i++)
        if (is_table(&j, r->unit->layouts[i])) judge_orphans(&j, r->unit->layouts[i]);
    for (int i = 0; i < r->unit->layouts_count; i++) judge_breaks(&j, r->unit->layouts[i]);
    if (!r->previous)
        judge_first_night(&j);
    else if (!judge_later_night(&j, st))
        return false;
    if (!gate_apply_decisions(r->unit_folder, r->business_date, &j.gates, st) ||
        !gate_write(r->unit_folder, r->business_date, &j.gates, st) || !gate_write_generation(r->folder, &j.gates, st))
        return false;
    tell(&j);
    return j.gates.held == 0 || hold(&j, st);
}

bool gate_rejects(const struct gate_request *r, struct arena *arena, struct status *st)
{
    struct judge j = {.r = r, .arena = arena, .gates = {.arena = arena}};
    bool accepted[UNIT_LAYOUTS_MAX] = {false};
    judge_rejects(&j);
    if (!j.gates.held) return true;
    if (!gate_apply_decisions(r->unit_folder, r->business_date, &j.gates, st) ||
        !gate_write(r->unit_folder, r->business_date, &j.gates, st))
        return false;
    for (int i = 0; i < j.gates.count; i++)
        if (j.gates.list[i].verdict == GATE_ACCEPTED)
            accepted[unit_layout(r->unit, j.gates.list[i].name + strlen("rejects."))] = true;
    return import_check_limits(r->inputs, r->unit, accepted, st);
}
