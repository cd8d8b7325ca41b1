/* crmx reconcile: the tie-out 核对 of a generation on one page, out of its totals.tsv and tieout.tsv. */
#include "base/date.h"
#include "control/show.h"
#include "control/show_shadow.h"
#include "control/show_tsv.h"
#include "control/show_unit.h"
#include "control/show_value.h"
#include "etl/gate.h"
#include "etl/rates.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EQUATIONS_MAX = 65536, PAGE_WIDTH = 80, MONEY_FIGURES = 5 };

static const char *const TIEOUT[] = {"equation", "currency", "left", "right", "balanced", NULL};

struct equation {
    const char *name, *currency, *left, *right;
    bool balanced;
};

struct page {
    struct command_call *call;
    struct arena *arena;
    struct generation *g;
    struct show_totals totals;
    struct equation *equations;
    int equations_count, unbalanced;
    struct gates gates;
    struct show s;
};

/* --- reading --- */

static const char *kept(struct page *p, const char *text)
{
    return arena_dup(p->arena, view_of(text));
}

static bool read_equations(struct page *p, struct status *st)
{
    struct show_tsv t;
    p->equations = arena_array(p->arena, struct equation, EQUATIONS_MAX);
    bool ok = show_tsv_open(&t, arena_printf(p->arena, "%s/tieout.tsv", p->g->folder), TIEOUT, st);
    while (ok && p->equations_count < EQUATIONS_MAX && show_tsv_next(&t, st)) {
        bool balanced = strcmp(t.field[4], "yes") == 0;
        p->equations[p->equations_count++] = (struct equation){kept(p, t.field[0]), kept(p, t.field[1]),
                                                               kept(p, t.field[2]), kept(p, t.field[3]), balanced};
        p->unbalanced += !balanced;
    }
    show_tsv_close(&t);
    return ok && st->code == STATUS_OK;
}

static bool counted(const struct page *p, const char *name, const char *currency)
{
    return show_total_find(&p->totals, name, currency) != NULL;
}

static int64_t records(const struct page *p, const char *name, const char *what)
{
    return show_total_records(&p->totals, name, what);
}

static struct show_sum amount(const struct page *p, const char *name, const char *what, const char *currency)
{
    return show_total_amount(&p->totals, name, what, currency);
}

/* --- rows --- */

static void add_amount(struct page *p, struct listing *rows, struct show_sum m)
{
    listing_decimal(rows, show_quantity(p->call, m.value, m.scale));
}

/* On the page "filtered", always the last column, is there only where the unit filters: 80 columns are few. */
static int shown(const struct page *p, int figures)
{
    bool filters = p->call->json;
    for (int i = 0; i < p->g->unit->layouts_count; i++) filters |= p->g->unit->layout_filter[i] != NULL;
    return filters ? figures : figures - 1;
}

static void show_files(struct page *p)
{
    static const char *const WHAT[] = {"read", "accepted", "rejected", "header_trailer", "filtered"};
    const char *columns[] = {"layout", "files", "read", "accepted", "rejected", "marks", "filtered", NULL};
    const struct generation *g = p->g;
    int figures = shown(p, 5);
    int64_t all[6] = {0};
    struct listing rows;
    columns[figures + 2] = NULL;
    listing_init(&rows, columns);
    for (int i = 0; i < g->unit->layouts_count; i++) {
        int64_t sums[6] = {0};
        for (int k = 0; k < g->inputs.files_count; k++) {
            if (g->inputs.files[k].layout_index != i) continue;
            sums[0]++;
            for (int w = 0; w < figures; w++) sums[w + 1] += records(p, g->inputs.files[k].name, WHAT[w]);
        }
        listing_text(&rows, g->unit->layouts[i]->name);
        for (int w = 0; w <= figures; w++) {
            show_add_count(p->call, &rows, sums[w]);
            all[w] += sums[w];
        }
    }
    listing_text(&rows, "all");
    for (int w = 0; w <= figures; w++) show_add_count(p->call, &rows, all[w]);
    show_rows(&p->s, "files",
              figures == 5 ? "FILES: read = accepted + rejected + marks (header and trailer) + filtered"
                           : "FILES: read = accepted + rejected + marks (header and trailer records)",
              &rows);
    listing_release(&rows);
}

/* What is missing on purpose, and what follows from it: who asks why a customer's account is not in the CRM finds the
 * answer here. */
static void show_filters(struct page *p)
{
    static const char *const COLUMNS[] = {"filter", "condition", "records", "note", NULL};
    const struct unit *u = p->g->unit;
    struct listing rows;
    int count = 0;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < u->layouts_count; i++) {
        if (!u->layout_filter[i]) continue;
        int64_t filtered = 0;
        for (int k = 0; k < p->g->inputs.files_count; k++)
            if (p->g->inputs.files[k].layout_index == i) filtered += (int64_t)p->g->inputs.files[k].filtered;
        listing_text(&rows, u->layouts[i]->name);
        listing_text(&rows, u->layout_filter[i]->condition);
        show_add_count(p->call, &rows, filtered);
        listing_text(&rows, "left out at import: count in no measure, cannot be delivered");
        count++;
    }
    for (int i = 0; i < u->systems_count; i++) {
        if (!u->systems[i].filter) continue;
        listing_text(&rows, u->systems[i].name);
        listing_text(&rows, u->systems[i].filter);
        listing_text(&rows, NULL);
        listing_text(&rows, "left out by the sender: unknown here, cannot be delivered");
        count++;
    }
    if (count || p->call->json)
        show_rows(&p->s, "filters", "FILTERED: also of CRM customers; what they hold there is in no CRM file", &rows);
    listing_release(&rows);
}

static void show_customers(struct page *p)
{
    static const char *const COLUMNS[] = {"customers",         "scored", "excluded", "by_override", "selected",
                                          "score_of_selected", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < CUSTOMER_TYPES; i++) {
        if (!counted(p, arena_printf(p->arena, "scored.%s", CUSTOMER_TYPE_NAMES[i]), "")) continue;
        listing_text(&rows, CUSTOMER_TYPE_NAMES[i]);
        show_add_count(p->call, &rows, records(p, "scored", CUSTOMER_TYPE_NAMES[i]));
        show_add_count(p->call, &rows, records(p, "excluded", CUSTOMER_TYPE_NAMES[i]));
        show_add_count(p->call, &rows, records(p, "by_override", CUSTOMER_TYPE_NAMES[i]));
        show_add_count(p->call, &rows, records(p, "selected", CUSTOMER_TYPE_NAMES[i]));
        add_amount(p, &rows, amount(p, "score.selected", CUSTOMER_TYPE_NAMES[i], ""));
    }
    const char *heading = arena_printf(
        p->arena, "CUSTOMERS: %s records accepted, %s superseded; %s integrated, %s selected",
        show_quantity(p->call, records(p, "customer_records", "accepted"), 0),
        show_quantity(p->call, records(p, "customer_records", "superseded"), 0),
        show_quantity(p->call, records(p, "integrated", ""), 0), show_quantity(p->call, records(p, "selected", ""), 0));
    show_rows(&p->s, "customers", heading, &rows);
    listing_release(&rows);
}

/* Whom the challenger would select, and what would be if it were the active formula. */
static void show_challengers(struct page *p)
{
    struct listing rows, overlap;
    struct show_shadow shadow;
    int count = 0;
    show_shadow_open(&rows, &overlap);
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        if (!show_shadow_read(&p->totals, p->g->unit, t, &shadow)) continue;
        show_shadow_add(p->call, &rows, &overlap, &shadow);
        count++;
    }
    if (count || p->call->json) {
        show_rows(&p->s, "shadow", "SHADOW: the challenger decides nothing; if it were the active formula tonight",
                  &rows);
        show_rows(&p->s, "overlap",
                  "OVERLAP: whom the night selected, who passes the challenger, and the sum of their assets", &overlap);
    }
    listing_release(&rows);
    listing_release(&overlap);
}

static void show_tables(struct page *p)
{
    static const char *const COLUMNS[] = {"table", "accepted", "owners", "rows", "orphans", "dropped", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < p->g->tables.count; i++) {
        const char *name = p->g->tables.table[i].layout->name;
        listing_text(&rows, name);
        show_add_count(p->call, &rows, records(p, name, "accepted"));
        show_add_count(p->call, &rows, records(p, name, "further_owners"));
        show_add_count(p->call, &rows, records(p, name, "rows"));
        show_add_count(p->call, &rows, records(p, name, "orphans"));
        show_add_count(p->call, &rows, records(p, name, "duplicates") + records(p, name, "superseded"));
    }
    show_rows(&p->s, "tables", "TABLES: accepted + further owners = rows + orphans + dropped (double accounts)", &rows);
    listing_release(&rows);
}

/* The figures of one amount column and currency; false when it has none. */
static bool read_amounts(struct page *p, const struct table *t, int column, const char *currency,
                         struct show_sum out[MONEY_FIGURES])
{
    static const char *const WHAT[MONEY_FIGURES] = {"accepted", "counted", "orphans", "duplicates", "filtered"};
    const char *name = arena_printf(p->arena, "%s.%s", t->layout->name,
                                    t->layout->fields[t->columns[t->amount_columns[column]].field].name);
    if (!counted(p, arena_printf(p->arena, "%s.accepted", name), currency) &&
        !counted(p, arena_printf(p->arena, "%s.filtered", name), currency))
        return false;
    for (int w = 0; w < MONEY_FIGURES; w++) out[w] = amount(p, name, WHAT[w], currency);
    return true;
}

/* Movements of tonight, per transaction log; money of each currency is on crmx detail list. */
static void show_movements(struct page *p)
{
    static const char *const COLUMNS[] = {"log", "accepted", "kept", "accounts", "breaks", NULL};
    struct listing rows;
    int64_t breaks = 0;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < p->g->unit->layouts_count; i++) {
        const char *name = p->g->unit->layouts[i]->name;
        uint64_t accepted = 0;
        if (!counted(p, arena_printf(p->arena, "%s.kept", name), "")) continue;
        for (int f = 0; f < p->g->inputs.files_count; f++)
            if (p->g->inputs.files[f].layout_index == i) accepted += p->g->inputs.files[f].accepted;
        listing_text(&rows, name);
        show_add_count(p->call, &rows, (int64_t)accepted);
        show_add_count(p->call, &rows, records(p, name, "kept"));
        show_add_count(p->call, &rows, records(p, name, "moved_accounts"));
        show_add_count(p->call, &rows, records(p, name, "breaks"));
        breaks += records(p, name, "breaks");
    }
    show_rows(&p->s, "movements",
              breaks ? "MOVEMENTS: opening + movements = closing; breaks: crmx detail breaks"
                     : "MOVEMENTS: opening + movements = closing of every account",
              &rows);
    listing_release(&rows);
}

/* On the page each currency in one line, over all amounts of all tables (a hash total: nothing can get lost in it). */
static void show_currencies(struct page *p)
{
    const char *columns[] = {"currency", "accepted", "counted", "orphans", "dropped", "filtered", NULL};
    int figures = shown(p, MONEY_FIGURES);
    struct listing rows;
    columns[figures + 1] = NULL;
    listing_init(&rows, columns);
    for (int c = 0; c < p->g->reference.rates.count; c++) {
        const char *currency = p->g->reference.rates.code[c];
        struct show_sum sums[MONEY_FIGURES] = {{0, 0}}, one[MONEY_FIGURES];
        bool any = false;
        for (int i = 0; i < p->g->tables.count; i++)
            for (int a = 0; a < p->g->tables.table[i].amounts_count; a++) {
                if (!read_amounts(p, &p->g->tables.table[i], a, currency, one)) continue;
                any = true;
                for (int w = 0; w < MONEY_FIGURES; w++) show_sum_add(&sums[w], one[w]);
            }
        if (!any) continue;
        listing_text(&rows, currency);
        for (int w = 0; w < figures; w++) add_amount(p, &rows, sums[w]);
    }
    show_rows(&p->s, "currencies", "MONEY, all amounts together: accepted = counted + orphans + dropped", &rows);
    listing_release(&rows);
}

static void show_amounts(struct page *p)
{
    const char *columns[] = {"amount", "currency", "accepted", "counted", "orphans", "dropped", "filtered", NULL};
    int figures = shown(p, MONEY_FIGURES);
    struct listing rows;
    columns[figures + 2] = NULL;
    listing_init(&rows, columns);
    for (int i = 0; i < p->g->tables.count; i++) {
        const struct table *t = &p->g->tables.table[i];
        for (int a = 0; a < t->amounts_count; a++)
            for (int c = 0; c < p->g->reference.rates.count; c++) {
                struct show_sum one[MONEY_FIGURES];
                if (!read_amounts(p, t, a, p->g->reference.rates.code[c], one)) continue;
                listing_text(&rows, arena_printf(p->arena, "%s.%s", t->layout->name,
                                                 t->layout->fields[t->columns[t->amount_columns[a]].field].name));
                listing_text(&rows, p->g->reference.rates.code[c]);
                for (int w = 0; w < figures; w++) add_amount(p, &rows, one[w]);
            }
    }
    show_rows(&p->s, "amounts", "AMOUNTS", &rows);
    listing_release(&rows);
}

/* For people several on a line: "CRMCUST 873   CRMCONT 740 …". */
static void show_outputs(struct page *p)
{
    static const char *const COLUMNS[] = {"file", "rows", NULL};
    const struct unit *u = p->g->unit;
    struct listing rows;
    char line[PAGE_WIDTH + 1] = "";
    if (p->call->json) {
        listing_init(&rows, COLUMNS);
        for (int o = 0; o < u->outputs_count; o++) {
            listing_text(&rows, u->outputs[o]->file);
            listing_integer(&rows, records(p, "rows", u->outputs[o]->file));
        }
        show_rows(&p->s, "outputs", "outputs", &rows);
        listing_release(&rows);
        return;
    }
    show_line(&p->s, "\nOUTPUTS: rows of each file");
    for (int o = 0; o < u->outputs_count; o++) {
        const char *text = arena_printf(p->arena, "%s %s", u->outputs[o]->file,
                                        show_quantity(p->call, records(p, "rows", u->outputs[o]->file), 0));
        size_t used = strlen(line);
        if (used + strlen(text) + 5 > PAGE_WIDTH) {
            show_line(&p->s, "%s", line);
            used = 0;
        }
        snprintf(line + used, sizeof line - used, "%s%s", used ? "   " : "  ", text);
    }
    if (line[0]) show_line(&p->s, "%s", line);
}

static void show_equations(struct page *p, bool all)
{
    static const char *const COLUMNS[] = {"balanced", "equation", "currency", "left", "right", NULL};
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < p->equations_count; i++) {
        const struct equation *e = &p->equations[i];
        if (!all && e->balanced) continue;
        listing_text(&rows, e->balanced ? "yes" : "NO");
        listing_text(&rows, e->name);
        listing_text(&rows, e->currency[0] ? e->currency : NULL);
        listing_decimal(&rows, e->left);
        listing_decimal(&rows, e->right);
    }
    show_rows(&p->s, "equations", all ? "EQUATIONS" : "NOT BALANCED", &rows);
    listing_release(&rows);
}

/* Which rate of which day; the base currency, which is always 1, only for programs. */
static void show_rates(struct page *p)
{
    static const char *const COLUMNS[] = {"rate", "per_unit", "value", "of", "from", "moved", NULL};
    const struct reference *r = &p->g->reference;
    struct listing rows;
    listing_init(&rows, COLUMNS);
    for (int i = p->call->json ? 0 : 1; i < r->rates.count; i++) {
        char date[11];
        int64_t move;
        date_format(r->origins[i].date, date);
        listing_text(&rows, r->rates.code[i]);
        listing_integer(&rows, r->rates.per_unit[i]);
        listing_decimal(&rows, show_decimal(p->arena, r->rates.rate[i], 6));
        listing_text(&rows, arena_dup(p->arena, view_of(date)));
        listing_text(&rows, r->origins[i].from);
        listing_text(&rows, rates_move_ppm(r, i, &move)
                                ? arena_printf(p->arena, "%s%%", show_decimal(p->arena, move, 4))
                                : NULL);
    }
    if (r->rates.count > 1 || p->call->json)
        show_rows(&p->s, "rates", "RATES: of which day, from where, moved since the generation before", &rows);
    listing_release(&rows);
}

enum { QUOTES_SHOWN_MAX = 40 };

/* Net asset values, interest rates. A bank has thousands of funds: on the page then only those that were carried or are
 * too old; programs get them all. */
static void show_quotes(struct page *p, enum quote_kind kind, bool all)
{
    static const char *const COLUMNS[QUOTE_KINDS][8] = {
        {"fund", "currency", "nav", "of", "from", "moved", "state", NULL},
        {"product", "currency", "percent", "since", "from", "moved", NULL}};
    static const char *const NAMES[QUOTE_KINDS] = {"navs", "interest"};
    static const char *const TITLES[QUOTE_KINDS] = {
        "NET ASSET VALUES 单位净值: of which day, from where, moved since the generation before",
        "INTEREST 利率: percent a year, since when, from where, moved since the generation before"};
    const struct quotes *q = p->g->reference.quotes[kind];
    struct listing rows;
    int shown = 0;
    listing_init(&rows, COLUMNS[kind]);
    for (int i = 0; i < q->count; i++) {
        const struct quote *one = &q->list[i];
        char date[11];
        int64_t move;
        bool carried = one->as_of != p->g->business_date;
        if (!p->call->json && !all && q->count > QUOTES_SHOWN_MAX && !carried && !one->expired) continue;
        shown++;
        date_format(one->date, date);
        listing_text(&rows, one->code);
        listing_text(&rows, one->currency[0] ? one->currency : NULL);
        listing_decimal(&rows, show_decimal(p->arena, one->value, one->scale));
        listing_text(&rows, arena_dup(p->arena, view_of(date)));
        listing_text(&rows, one->from);
        listing_text(&rows, quote_move_ppm(one, &move) ? arena_printf(p->arena, "%s%%", show_decimal(p->arena, move, 4))
                                                       : NULL);
        if (kind == QUOTE_NAV) listing_text(&rows, one->expired ? "too old" : carried ? "carried" : NULL);
    }
    if (shown || (p->call->json && q->count)) show_rows(&p->s, NAMES[kind], TITLES[kind], &rows);
    if (!p->call->json && shown < q->count)
        show_line(&p->s, "%d of %d are of the day's file; all of them: crmx reconcile --full", q->count - shown,
                  q->count);
    listing_release(&rows);
}

/* They count 0, which nobody would see in a sum. */
static void show_without_rate(struct page *p)
{
    static const char *const COLUMNS[] = {"customers", "measure", "accounts", NULL};
    struct listing rows;
    int count = 0;
    listing_init(&rows, COLUMNS);
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const char *start = arena_printf(p->arena, "without_rate.%s.", CUSTOMER_TYPE_NAMES[t]);
        for (int i = 0; i < p->totals.count; i++) {
            const struct show_total *line = &p->totals.list[i];
            if (strncmp(line->name, start, strlen(start)) != 0 || (!line->records && !p->call->json)) continue;
            listing_text(&rows, CUSTOMER_TYPE_NAMES[t]);
            listing_text(&rows, line->name + strlen(start));
            show_add_count(p->call, &rows, line->records);
            count++;
        }
    }
    if (count)
        show_rows(&p->s, "without_rate", "WITHOUT AN INTEREST RATE: accounts that count 0 in interest() of a measure",
                  &rows);
    listing_release(&rows);
}

/* With which decisions it was committed; what passed by itself only for programs. */
static void show_gates(struct page *p)
{
    static const char *const COLUMNS[] = {"verdict", "gate", "expected", "found", "deviation", "decision", NULL};
    struct listing rows;
    int accepted = 0;
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < p->gates.count; i++) {
        const struct gate *g = &p->gates.list[i];
        if (g->verdict == GATE_PASSED && !p->call->json) continue;
        accepted++;
        listing_text(&rows, GATE_VERDICT_NAMES[g->verdict]);
        listing_text(&rows, g->name);
        listing_text(&rows, g->expected);
        listing_text(&rows, g->found);
        listing_text(&rows, g->deviation);
        listing_text(&rows, g->by[0] ? arena_printf(p->arena, "%s %s: %s", g->time, g->by, g->reason) : NULL);
    }
    show_rows(&p->s, "gates",
              arena_printf(p->arena, "GATES: %d judged, %d accepted by decision", p->gates.count, accepted), &rows);
    if (!accepted && p->gates.count) show_line(&p->s, "\nGATES: all %d passed", p->gates.count);
    listing_release(&rows);
}

/* Which formula and threshold, and which lists, the run was made with, and who they came from. */
static void show_parameters(struct page *p)
{
    static const char *const NAMES[] = {"personal_formula", "corporate_formula"};
    static const char *const THRESHOLDS[] = {"personal_threshold", "corporate_threshold"};
    static const char *const LISTS[] = {"lists_of_the_head_office", "lists_of_the_unit"};
    const struct unit *u = p->g->unit;
    for (int t = 0; t < CUSTOMER_TYPES; t++) {
        const char *formula = u->formula_source[t], *threshold = u->threshold_source[t];
        bool same = formula && threshold && strcmp(formula, threshold) == 0;
        show_text(&p->s, NAMES[t], formula);
        show_text(&p->s, THRESHOLDS[t], same && !p->call->json ? NULL : threshold);
    }
    for (int i = 0; i < 2; i++) show_text(&p->s, LISTS[i], u->list_source[i]);
}

static void show_head(struct page *p)
{
    char date[11];
    date_format(p->g->business_date, date);
    show_section(&p->s, "tieout", "TIE-OUT 核对 of unit %s %s, business date %s", p->g->unit->id, p->g->unit->name,
                 date);
    if (p->call->json) {
        show_text(&p->s, "unit", p->g->unit->id);
        show_text(&p->s, "business_date", date);
    }
    show_text(&p->s, "generation", p->g->id);
    show_parameters(p);
    if (p->call->json) {
        show_flag(&p->s, "balanced", p->unbalanced == 0);
        show_integer(&p->s, "equations", p->equations_count);
        show_integer(&p->s, "unbalanced", p->unbalanced);
    } else if (p->unbalanced) {
        show_textf(&p->s, "state", "NOT BALANCED: %d of %d equations", p->unbalanced, p->equations_count);
    } else {
        show_textf(&p->s, "state", "balanced, all %d equations", p->equations_count);
    }
}

static int run(struct command_call *call)
{
    struct page *p = arena_new(&call->arena, struct page);
    bool full = command_flag(call, "full"), there;
    *p = (struct page){.call = call, .arena = &call->arena};
    if (!show_generation(call, true, &p->g, &call->status) ||
        !show_totals_read(&p->totals, p->arena, p->g->folder, &call->status) || !read_equations(p, &call->status) ||
        !gate_read_generation(p->g->folder, p->arena, &p->gates, &there, &call->status)) {
        generation_close(p->g);
        return command_failed(call);
    }
    show_open(&p->s, &call->output);
    show_head(p);
    show_files(p);
    show_filters(p);
    show_customers(p);
    show_challengers(p);
    show_tables(p);
    show_movements(p);
    show_currencies(p);
    if (full || call->json) show_amounts(p);
    show_rates(p);
    show_quotes(p, QUOTE_NAV, full);
    show_quotes(p, QUOTE_INTEREST, full);
    show_without_rate(p);
    show_gates(p);
    show_outputs(p);
    if (full || call->json || p->unbalanced) show_equations(p, full || call->json);
    show_print(&p->s);
    if (p->unbalanced) {
        status_fail(&call->status, STATUS_CONSERVATION, "generation %s does not balance: %d of %d equations", p->g->id,
                    p->unbalanced, p->equations_count);
        status_hint(&call->status,
                    "deliver nothing of it; look whether it is damaged: crmx generation verify --unit %s",
                    p->g->unit->id);
    }
    generation_close(p->g);
    return p->unbalanced ? command_failed(call) : 0;
}

const struct command command_reconcile = {
    .name = "reconcile",
    .summary = "the tie-out of a generation on one page: files, customers, tables, money, outputs",
    .description = "Every figure stands in totals.tsv and tieout.tsv of the generation; the run has checked them "
                   "before it committed. "
                   "--full adds every amount by currency and every equation.",
    .options =
        (const struct command_value[]){
            SHOW_UNIT,
            SHOW_DATE,
            {.name = "full", .type = COMMAND_FLAG, .doc = "also every amount and every equation"},
            {0}},
    .examples = "crmx reconcile\ncrmx reconcile --unit 11 --date 2026-10-31 --json",
    .rows = "files filters customers shadow overlap tables movements currencies amounts outputs equations rates "
            "without_rate gates",
    .run = run,
};
