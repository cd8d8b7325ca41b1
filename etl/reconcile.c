#include "etl/reconcile.h"

#include "base/log.h"
#include "base/os.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <string.h>

char *reconcile_decimal(__int128 value, int scale, char text[48])
{
    char digits[48];
    int n = 0;
    unsigned __int128 v = value < 0 ? -(unsigned __int128)value : (unsigned __int128)value;
    do {
        digits[n++] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v || n <= scale);
    char *p = text;
    if (value < 0) *p++ = '-';
    while (n) {
        *p++ = digits[--n];
        if (n == scale && n) *p++ = '.';
    }
    *p = 0;
    return text;
}

static struct reconcile_line *add_line(struct reconcile *r, int step, const char *name, const char *currency)
{
    if (r->lines_count == r->lines_capacity) {
        r->lines_capacity = r->lines_capacity ? r->lines_capacity * 2 : 256;
        struct reconcile_line *more = arena_array(r->arena, struct reconcile_line, r->lines_capacity);
        if (r->lines_count) memcpy(more, r->lines, (size_t)r->lines_count * sizeof *more);
        r->lines = more;
    }
    struct reconcile_line *l = &r->lines[r->lines_count++];
    *l = (struct reconcile_line){.step = step, .name = name, .currency = currency, .records = -1};
    return l;
}

void reconcile_records(struct reconcile *r, int step, const char *name, uint64_t records)
{
    add_line(r, step, name, "")->records = (int64_t)records;
}

void reconcile_amount(struct reconcile *r, int step, const char *name, const char *currency, __int128 amount, int scale)
{
    struct reconcile_line *l = add_line(r, step, name, currency);
    l->has_amount = true;
    l->amount = amount;
    l->scale = scale;
}

void reconcile_equate(struct reconcile *r, const char *name, const char *currency, __int128 left, __int128 right,
                      int scale)
{
    if (r->equations_count == r->equations_capacity) {
        r->equations_capacity = r->equations_capacity ? r->equations_capacity * 2 : 256;
        struct reconcile_equation *more = arena_array(r->arena, struct reconcile_equation, r->equations_capacity);
        if (r->equations_count) memcpy(more, r->equations, (size_t)r->equations_count * sizeof *more);
        r->equations = more;
    }
    r->equations[r->equations_count++] = (struct reconcile_equation){name, currency, left, right, scale};
    r->unbalanced += left != right;
}

static void files(struct reconcile *r, const struct input_set *inputs)
{
    for (int i = 0; i < inputs->files_count; i++) {
        const struct input_file *f = &inputs->files[i];
        reconcile_records(r, 20, arena_printf(r->arena, "%s.read", f->name), f->lines);
        reconcile_records(r, 20, arena_printf(r->arena, "%s.accepted", f->name), f->accepted);
        reconcile_records(r, 20, arena_printf(r->arena, "%s.rejected", f->name), f->rejected);
        if (f->filtered) reconcile_records(r, 20, arena_printf(r->arena, "%s.filtered", f->name), f->filtered);
        if (f->marks) reconcile_records(r, 20, arena_printf(r->arena, "%s.header_trailer", f->name), f->marks);
        reconcile_equate(r,
                         arena_printf(r->arena, "%s: read = accepted + rejected + %sheader and trailer", f->name,
                                      f->filtered ? "filtered + " : ""),
                         "", f->lines, (__int128)f->accepted + f->rejected + f->filtered + f->marks, 0);
    }
}

/* Records read of each kind of file, all city branches together: what tonight is compared with tomorrow. */
static void layouts(struct reconcile *r, const struct unit *u, const struct input_set *inputs)
{
    for (int i = 0; i < u->layouts_count; i++) {
        uint64_t read = 0, files_of = 0;
        for (int k = 0; k < inputs->files_count; k++) {
            if (inputs->files[k].layout_index != i) continue;
            read += inputs->files[k].lines - inputs->files[k].marks;
            files_of++;
        }
        if (files_of) reconcile_records(r, 20, arena_printf(r->arena, "read.%s", u->layouts[i]->name), read);
    }
}

/* How many of the selected are in each tier 客户等级: the codes of a result named tier. */
static void tiers(struct reconcile *r, const struct populate *p, int type, const char *type_name)
{
    const struct scorecard *card = &p->cards->of[type];
    for (int code = 0; card->tier_result >= 0 && code < POPULATE_TIERS_MAX; code++) {
        const char *name = formula_result_code(card->program, card->tier_result, code);
        if (!name) break;
        reconcile_records(r, 60, arena_printf(r->arena, "tier.%s.%s", type_name, name), p->total->tiers[type][code]);
    }
}

/* --- yesterday's closing figures --- */

struct opening {
    char *text; /* totals.tsv of yesterday, cut into lines; NULL: there is none */
    size_t length;
};

static void open_yesterday(struct opening *o, const struct generation *old, struct arena *arena, struct status *st)
{
    struct buf text;
    *o = (struct opening){0};
    if (!old) return;
    buf_init(&text, (size_t)1 << 30);
    if (os_read_file(arena_printf(arena, "%s/totals.tsv", old->folder), &text, st)) {
        o->text = arena_dup(arena, buf_view(&text));
        o->length = text.length;
    }
    buf_release(&text);
}

/* "12.34" → 1234 */
static __int128 parse_decimal(const char *text)
{
    __int128 v = 0;
    bool minus = *text == '-';
    for (const char *p = text + minus; *p && *p != '\t' && *p != '\n'; p++)
        if (*p != '.') v = v * 10 + (*p - '0');
    return minus ? -v : v;
}

/* Records (want_amount false) or amount of a line of yesterday; 0: there was no such line. */
static __int128 closing_of(const struct opening *o, const char *name, const char *currency, bool want_amount)
{
    size_t n = strlen(name), m = strlen(currency);
    for (const char *line = o->text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const char *p = strchr(line, '\t');
        if (!p++ || strncmp(p, name, n) != 0 || p[n] != '\t') continue;
        p += n + 1;
        if (strncmp(p, currency, m) != 0 || p[m] != '\t') continue;
        p += m + 1;
        if (want_amount) p = strchr(p, '\t') + 1;
        return parse_decimal(p);
    }
    return 0;
}

/* --- customers --- */

static uint64_t old_members(const struct generation *old)
{
    uint64_t n = 0;
    for (uint32_t p = 0; old && p < segment_partitions(old->source); p++) n += segment_rows(old->source, p, 1);
    return n;
}

/* Population(N) = population(N-1) + new + reopened + parted - closed - merged (architecture 1). */
static void population(struct reconcile *r, const struct populate *p)
{
    static const char *const NAMES[] = {"new", "reopened", "parted", "closed", "merged"};
    const struct apply *a = p->in->apply;
    const struct populate_total *t = p->total;
    __int128 left = a->old_living;
    reconcile_records(r, 30, "customers.yesterday", a->old_living);
    for (int k = 0; k < APPLY_EVENTS; k++) {
        reconcile_records(r, 30, arena_printf(r->arena, "customers.%s", NAMES[k]), a->event_of[k]);
        left += k == APPLY_CLOSED || k == APPLY_MERGED ? -(__int128)a->event_of[k] : (__int128)a->event_of[k];
    }
    reconcile_records(r, 30, "customer_records.changed", a->changed);
    reconcile_records(r, 30, "customer_records.identity_changed", a->identity_changed);
    reconcile_records(r, 30, "customer_records.new_but_known", a->known_new);
    reconcile_records(r, 30, "customer_records.changed_but_unknown", a->unknown_changed);
    reconcile_equate(r, "customers: yesterday + new + reopened + parted - closed - merged = today", "", left,
                     (__int128)t->customers[0] + t->customers[1], 0);
}

static void customers(struct reconcile *r, const struct populate *p)
{
    const struct integrate *in = p->in;
    const struct populate_total *t = p->total;
    uint64_t accepted = 0, primaries = 0, replaced = 0, before = old_members(in->apply->old);
    for (int i = 0; i < in->im->inputs->customer_files; i++) accepted += in->im->inputs->files[i].accepted;
    for (uint32_t w = 0; w < in->records_max / 64; w++) primaries += (uint64_t)__builtin_popcountll(in->ranks[w].bits);
    for (uint32_t i = 0; i < in->apply->records_count; i++) {
        const struct apply_record *a = &in->apply->records[i];
        replaced += a->before != APPLY_NONE && a->before != a->record;
    }
    reconcile_records(r, 30, "customer_records.accepted", accepted);
    reconcile_records(r, 30, "customer_records.superseded", in->superseded_count);
    reconcile_records(r, 30, "integrated", in->customers - in->gone);
    if (in->apply->old) {
        reconcile_equate(r, "customer records: yesterday + accepted = in the population + superseded + replaced", "",
                         (__int128)before + accepted, (__int128)t->members + in->superseded_count + replaced, 0);
        population(r, p);
    } else {
        reconcile_equate(r, "customer records: accepted = in the population + superseded", "", accepted,
                         (__int128)t->members + in->superseded_count, 0);
        reconcile_equate(r, "integrated customers = primary records", "", in->customers, primaries, 0);
    }
    reconcile_equate(r, "integrated customers = personal + corporate", "", in->customers - in->gone,
                     (__int128)t->customers[0] + t->customers[1], 0);
}

/* What the unit's filter left out, of each amount and currency. */
static void filtered_money(struct reconcile *r, const struct import *im, int i, int a)
{
    const struct table *t = &im->tables->table[i];
    const struct layout_field *f = &t->layout->fields[t->columns[t->amount_columns[a]].field];
    for (int c = 0; c < im->rates->count; c++) {
        const struct import_control *control = im->control[i];
        __int128 valid = control->valid[a][c], filtered = control->filtered[a][c];
        if (!valid && !filtered) continue;
        const char *currency = im->rates->code[c];
        reconcile_amount(r, 20, arena_printf(r->arena, "%s.%s.filtered", t->layout->name, f->name), currency, filtered,
                         f->scale);
        reconcile_equate(r, arena_printf(r->arena, "%s.%s: valid = accepted + filtered", t->layout->name, f->name),
                         currency, valid, control->sum[a][c] + filtered, f->scale);
    }
}

static void table_money(struct reconcile *r, const struct populate *p, int i, int a, const struct opening *opening)
{
    const struct import *im = p->in->im;
    const struct table *t = &im->tables->table[i];
    const struct integrate_table *it = p->in->table[i];
    const struct populate_table_total *pt = &p->total->table[i];
    const struct layout_field *f = &t->layout->fields[t->columns[t->amount_columns[a]].field];
    const char *name = arena_printf(r->arena, "%s.%s", t->layout->name, f->name);
    bool is_value = t->amount_columns[a] == t->value_column; /* shares × NAV: what tonight's NAV has changed */
    for (int c = 0; c < im->rates->count; c++) {
        const char *currency = im->rates->code[c];
        const struct {
            const char *what;
            int step;
            __int128 amount;
            bool always;
        } part[] = {{"accepted", 20, im->control[i]->sum[a][c], true},
                    {"counted", 40, pt->sum[a][c], true},
                    {"orphans", 30, it->orphan_sum[a][c], false},
                    {"duplicates", 30, pt->dropped_sum[a][c], false},
                    {"yesterday", 40, pt->old_sum[a][c], false},
                    {"removed", 40, pt->removed_sum[a][c], false},
                    {"lifted", 30, it->lifted_sum[a][c], false},
                    {"closed", 30, it->closed_sum[a][c], false},
                    {"revalued", 40, is_value ? pt->revalued_sum[c] : 0, false}};
        enum { ACCEPTED, COUNTED, ORPHANS, DUPLICATES, YESTERDAY, REMOVED, LIFTED, CLOSED, REVALUED, PARTS };
        bool any = c == 0;
        for (int k = 0; k < PARTS; k++) any |= part[k].amount != 0;
        if (!any) continue;
        for (int k = 0; k < PARTS; k++)
            if (part[k].always || part[k].amount)
                reconcile_amount(r, part[k].step, arena_printf(r->arena, "%s.%s", name, part[k].what), currency,
                                 part[k].amount, f->scale);
        if (!p->in->apply->old) {
            reconcile_equate(r,
                             arena_printf(r->arena, "%s: accepted %s= counted + orphans + duplicates", name,
                                          is_value ? "+ revalued " : ""),
                             currency, part[ACCEPTED].amount + part[REVALUED].amount,
                             part[COUNTED].amount + part[ORPHANS].amount + part[DUPLICATES].amount, f->scale);
            continue;
        }
        reconcile_equate(
            r,
            arena_printf(r->arena,
                         "%s: yesterday - removed + accepted + lifted %s= counted + pending + duplicates + closed",
                         name, is_value ? "+ revalued " : ""),
            currency,
            part[YESTERDAY].amount - part[REMOVED].amount + part[ACCEPTED].amount + part[LIFTED].amount +
                part[REVALUED].amount,
            part[COUNTED].amount + part[ORPHANS].amount + part[DUPLICATES].amount + part[CLOSED].amount, f->scale);
        if (opening->text)
            reconcile_equate(r, arena_printf(r->arena, "%s: opening = closing of yesterday", name), currency,
                             part[YESTERDAY].amount,
                             closing_of(opening, arena_printf(r->arena, "%s.counted", name), currency, true), f->scale);
    }
}

/* Accounts over the days: pending ones are accounts, closed ones are remembered only. */
static void accounts(struct reconcile *r, const struct populate *p, int i)
{
    const struct integrate_table *it = p->in->table[i];
    const char *name = p->in->im->tables->table[i].layout->name;
    int32_t today = p->in->im->business_date;
    uint64_t orphans = 0;
    if (!p->in->apply->old) return; /* on the first day those without an owner are what "orphans" says */
    for (uint32_t k = 0; k < it->pending_count; k++)
        orphans += today - it->pending[k].since > p->in->im->unit->pending_days;
    reconcile_records(r, 30, arena_printf(r->arena, "%s.pending", name), it->pending_count - orphans);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.orphaned", name), orphans);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.accounts", name), it->accounts_after);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.accounts_new", name), it->accounts_new);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.accounts_closed", name), it->accounts_closed);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.accounts_reopened", name), it->accounts_reopened);
    if (it->closed_with_balance)
        reconcile_records(r, 30, arena_printf(r->arena, "%s.closed_with_balance", name), it->closed_with_balance);
    reconcile_equate(r, arena_printf(r->arena, "%s: accounts yesterday + new + reopened - closed = today", name), "",
                     (__int128)it->accounts_before + it->accounts_new + it->accounts_reopened - it->accounts_closed,
                     it->accounts_after, 0);
}

static void table_rows(struct reconcile *r, const struct populate *p, int i, uint64_t accepted,
                       const struct opening *opening)
{
    const struct integrate_table *it = p->in->table[i];
    const struct populate_table_total *pt = &p->total->table[i];
    const char *name = p->in->im->tables->table[i].layout->name;
    if (!p->in->apply->old) {
        reconcile_equate(
            r,
            arena_printf(r->arena, "%s: accepted + further owners = rows + orphans + duplicates and superseded", name),
            "", (__int128)accepted + it->rows_extra - pt->merged_rows,
            (__int128)pt->rows + it->orphans + pt->dropped_rows, 0);
        return;
    }
    reconcile_records(r, 30, arena_printf(r->arena, "%s.lifted", name), it->lifted);
    reconcile_records(r, 40, arena_printf(r->arena, "%s.removed", name), pt->removed_rows);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.closed", name), it->closed);
    reconcile_equate(
        r,
        arena_printf(r->arena,
                     "%s: yesterday - removed + accepted + lifted + further owners = rows + pending + duplicates and "
                     "superseded + closed",
                     name),
        "", (__int128)pt->old_rows - pt->removed_rows + accepted + it->lifted + it->rows_extra - pt->merged_rows,
        (__int128)pt->rows + it->orphans + pt->dropped_rows + it->closed, 0);
    if (opening->text)
        reconcile_equate(r, arena_printf(r->arena, "%s: rows of yesterday = rows it left", name), "", pt->old_rows,
                         closing_of(opening, arena_printf(r->arena, "%s.rows", name), "", false), 0);
}

static void table(struct reconcile *r, const struct populate *p, int i, const struct opening *opening)
{
    const struct import *im = p->in->im;
    const struct table *t = &im->tables->table[i];
    const struct integrate_table *it = p->in->table[i];
    const struct populate_table_total *pt = &p->total->table[i];
    const char *name = t->layout->name;
    uint64_t accepted = 0;
    for (int k = 0; k < im->inputs->files_count; k++)
        if (im->inputs->files[k].space == t->layout_index) accepted += im->inputs->files[k].accepted;
    reconcile_records(r, 20, arena_printf(r->arena, "%s.accepted", name), accepted);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.orphans", name), it->orphans);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.duplicates", name), it->duplicates);
    reconcile_records(r, 30, arena_printf(r->arena, "%s.superseded", name), it->superseded);
    reconcile_records(r, 40, arena_printf(r->arena, "%s.rows", name), pt->rows);
    if (t->value_column >= 0 && (p->in->apply->old || pt->revalued_rows))
        reconcile_records(r, 40, arena_printf(r->arena, "%s.revalued", name), pt->revalued_rows);
    if (it->rows_extra)
        reconcile_records(r, 30, arena_printf(r->arena, "%s.further_owners", name), it->rows_extra - pt->merged_rows);
    table_rows(r, p, i, accepted, opening);
    if (t->layout->class == LAYOUT_ACCOUNT) accounts(r, p, i);
    if (im->unit->layout_filter[t->layout_index])
        for (int a = 0; a < t->amounts_count; a++) filtered_money(r, im, i, a);
    for (int a = 0; a < t->amounts_count; a++) table_money(r, p, i, a, opening);
}

/* Of an output on disk; a file that cannot be looked at fills the status. */
static __int128 file_size(const struct populate *p, const struct output *o, struct status *st)
{
    struct os_file_identity id;
    char path[OS_PATH_MAX];
    snprintf(path, sizeof path, "%s/out/%s", p->folder, o->file);
    return os_identify(path, &id, st) ? (__int128)id.size : -1;
}

/* The challenger decides nothing: whom it would select beside whom the active formula selects, and what would be if it
 * were the active one. */
static void shadow(struct reconcile *r, const struct populate *p, int type)
{
    static const char *const NAMES[OVERLAPS] = {"both", "only_active", "only_shadow", "neither"};
    const struct populate_shadow *s = &p->total->shadow[type];
    const char *name = CUSTOMER_TYPE_NAMES[type];
    uint64_t selected = p->total->selected[type];
    reconcile_amount(r, 50, arena_printf(r->arena, "shadow.score.%s", name), "", s->score, 2);
    reconcile_records(r, 60, arena_printf(r->arena, "shadow.selected.%s", name), s->passing);
    for (int k = 0; k < OVERLAPS; k++) {
        reconcile_records(r, 60, arena_printf(r->arena, "shadow.%s.%s", NAMES[k], name), s->customers[k]);
        if (p->cards->of[type].assets_result >= 0)
            reconcile_amount(r, 60, arena_printf(r->arena, "shadow.assets.%s.%s", NAMES[k], name), "", s->assets[k], 2);
    }
    reconcile_records(r, 60, arena_printf(r->arena, "shadow.kept.%s", name), s->kept);
    reconcile_records(r, 60, arena_printf(r->arena, "shadow.entering.%s", name), s->entering);
    reconcile_records(r, 60, arena_printf(r->arena, "shadow.leaving.%s", name), s->leaving);
    reconcile_equate(
        r, arena_printf(r->arena, "shadow, %s: selected by both + by the active formula only = selected", name), "",
        (__int128)s->customers[OVERLAP_BOTH] + s->customers[OVERLAP_ACTIVE], selected, 0);
    reconcile_equate(
        r, arena_printf(r->arena, "shadow, %s: selected by both + by the shadow only = selected by the shadow", name),
        "", (__int128)s->customers[OVERLAP_BOTH] + s->customers[OVERLAP_SHADOW], s->passing, 0);
    reconcile_equate(
        r, arena_printf(r->arena, "shadow, %s: selected + entering - leaving = selected by the shadow + kept", name),
        "", (__int128)selected + s->entering - s->leaving, (__int128)s->passing + s->kept, 0);
}

/* They count 0 where a measure asks for their interest rate. */
static void without_rate(struct reconcile *r, const struct populate *p, int type)
{
    const struct interest_missing *missing = p->cards->missing[type];
    for (int m = 0; missing && m < missing->count; m++) {
        const char *name = formula_measure_alias(p->cards->of[type].formula, missing->of[m]);
        uint64_t accounts = p->total->without_rate[type][m];
        reconcile_records(r, 40, arena_printf(r->arena, "without_rate.%s.%s", CUSTOMER_TYPE_NAMES[type], name),
                          accounts);
        if (accounts)
            log_warning("measure %s: %llu accounts have no interest rate and count 0 in it; the rates there are: crmx "
                        "reconcile, INTEREST",
                        name, (unsigned long long)accounts);
    }
}

/* Published entries of both lists; what they found is counted with the customers. */
static void lists(struct reconcile *r, const struct populate *p)
{
    static const char *const LISTS[] = {"exclusion", "override"};
    const struct reference *lists = p->in->reference;
    for (int k = 0; k < 2; k++) {
        if (!lists->entries[k] && !lists->entries_expired[k]) continue;
        reconcile_records(r, 60, arena_printf(r->arena, "list.%s.entries", LISTS[k]), lists->entries[k]);
        reconcile_records(r, 60, arena_printf(r->arena, "list.%s.expired", LISTS[k]), lists->entries_expired[k]);
    }
}

static void selection(struct reconcile *r, const struct populate *p, struct status *st)
{
    const struct populate_total *t = p->total;
    const struct unit *u = p->in->im->unit;
    uint64_t selected = t->selected[0] + t->selected[1];
    for (int k = 0; k < CUSTOMER_TYPES; k++) {
        if (!p->cards->of[k].formula) continue;
        reconcile_records(r, 50, arena_printf(r->arena, "scored.%s", CUSTOMER_TYPE_NAMES[k]), t->scored[k]);
        reconcile_amount(r, 50, arena_printf(r->arena, "score.all.%s", CUSTOMER_TYPE_NAMES[k]), "", t->score_all[k], 2);
        reconcile_amount(r, 60, arena_printf(r->arena, "score.selected.%s", CUSTOMER_TYPE_NAMES[k]), "",
                         t->score_selected[k], 2);
        reconcile_records(r, 60, arena_printf(r->arena, "selected.%s", CUSTOMER_TYPE_NAMES[k]), t->selected[k]);
        reconcile_records(r, 60, arena_printf(r->arena, "excluded.%s", CUSTOMER_TYPE_NAMES[k]), t->excluded[k]);
        tiers(r, p, k, CUSTOMER_TYPE_NAMES[k]);
        if (t->overridden[k]) {
            reconcile_records(r, 60, arena_printf(r->arena, "overridden.%s", CUSTOMER_TYPE_NAMES[k]), t->overridden[k]);
            reconcile_records(r, 60, arena_printf(r->arena, "by_override.%s", CUSTOMER_TYPE_NAMES[k]),
                              t->by_override[k]);
        }
        reconcile_equate(
            r,
            arena_printf(r->arena,
                         "%s: selected + excluded of those who reached the threshold = reached + by override%s",
                         CUSTOMER_TYPE_NAMES[k], p->in->apply->old ? " + kept" : ""),
            "", (__int128)t->selected[k] + t->reached_excluded[k],
            (__int128)t->reached[k] + t->by_override[k] + t->kept[k], 0);
        for (int m = 0; m < p->cards->of[k].measures_count; m++) {
            const struct formula *f = p->cards->of[k].formula;
            enum value_type type = formula_measure_type(f, m);
            if (type == VALUE_DATE) continue; /* dates have no sum */
            reconcile_amount(
                r, 40, arena_printf(r->arena, "measure.%s.%s", CUSTOMER_TYPE_NAMES[k], formula_measure_alias(f, m)), "",
                t->measure_sum[k][m], type == VALUE_MONEY ? 2 : 0);
        }
    }
    for (int k = 0; k < CUSTOMER_TYPES; k++)
        if (p->cards->shadow[k].card.formula) shadow(r, p, k);
    for (int k = 0; k < CUSTOMER_TYPES; k++) without_rate(r, p, k);
    reconcile_records(r, 60, "selected", selected);
    if (p->in->apply->old) {
        reconcile_records(r, 60, "selected.entered", t->entered);
        for (int i = 0; i < p->in->im->tables->count; i++)
            if (p->in->im->tables->table[i].value_column >= 0) {
                reconcile_records(r, 60, "selected.entered_by_nav", t->entered_by_nav);
                break;
            }
        reconcile_records(r, 60, "selected.left", t->left);
        reconcile_records(r, 60, "selected.kept", t->kept[0] + t->kept[1]);
    }
    lists(r, p);
    for (int o = 0; o < u->outputs_count; o++) {
        reconcile_records(r, 80, arena_printf(r->arena, "rows.%s", u->outputs[o]->file), t->output_rows[o]);
        reconcile_equate(r, arena_printf(r->arena, "%s: bytes on disk = rows × record length", u->outputs[o]->file), "",
                         file_size(p, u->outputs[o], st), (__int128)t->output_rows[o] * u->outputs[o]->record_length,
                         0);
        if (u->outputs[o]->rows == OUTPUT_CUSTOMER)
            reconcile_equate(r,
                             arena_printf(r->arena, "%s: rows = %s customers", u->outputs[o]->file,
                                          u->outputs[o]->all ? "all" : "selected"),
                             "", t->output_rows[o], u->outputs[o]->all ? p->in->customers - p->in->gone : selected, 0);
    }
}

bool reconcile_run(const struct populate *p, const struct detail *detail, struct reconcile *out, struct status *st)
{
    const struct import *im = p->in->im;
    *out = (struct reconcile){.arena = im->arena};
    files(out, im->inputs);
    layouts(out, im->unit, im->inputs);
    customers(out, p);
    struct opening opening;
    open_yesterday(&opening, p->in->apply->old, im->arena, st);
    for (int i = 0; i < im->tables->count; i++) table(out, p, i, &opening);
    if (detail) reconcile_detail(out, detail);
    selection(out, p, st);
    if (st->code != STATUS_OK) return status_while(st, "tying out"); /* the disk, not the figures */
    for (int i = 0; i < out->equations_count && out->unbalanced; i++) {
        const struct reconcile_equation *e = &out->equations[i];
        char left[48], right[48];
        if (e->left == e->right) continue;
        status_fail(st, STATUS_CONSERVATION,
                    "the tie-out does not balance: %s%s%s: %s against %s (%d of %d lines do not balance); nothing was "
                    "committed",
                    e->name, e->currency[0] ? " " : "", e->currency, reconcile_decimal(e->left, e->scale, left),
                    reconcile_decimal(e->right, e->scale, right), out->unbalanced, out->equations_count);
        return status_hint(st,
                           "this is a fault of the program or of the machine: keep the run folder and report the line");
    }
    return true;
}

bool reconcile_write(const struct reconcile *r, const char *folder, struct status *st)
{
    char a[48], b[48];
    struct buf out;
    buf_init(&out, (size_t)1 << 30);
    buf_add_text(&out, RECONCILE_TOTALS_HEAD "\n");
    for (int i = 0; i < r->lines_count; i++) {
        const struct reconcile_line *l = &r->lines[i];
        buf_addf(&out, "%03d\t%s\t%s\t", l->step, l->name, l->currency);
        if (l->records >= 0) buf_addf(&out, "%lld", (long long)l->records);
        buf_addf(&out, "\t%s\n", l->has_amount ? reconcile_decimal(l->amount, l->scale, a) : "");
    }
    bool ok = tsv_write(folder, "totals.tsv", &out, st);
    buf_add_text(&out, "equation\tcurrency\tleft\tright\tbalanced\n");
    for (int i = 0; i < r->equations_count; i++) {
        const struct reconcile_equation *e = &r->equations[i];
        buf_addf(&out, "%s\t%s\t%s\t%s\t%s\n", e->name, e->currency, reconcile_decimal(e->left, e->scale, a),
                 reconcile_decimal(e->right, e->scale, b), e->left == e->right ? "yes" : "NO");
    }
    ok = ok && tsv_write(folder, "tieout.tsv", &out, st);
    buf_release(&out);
    return ok;
}
