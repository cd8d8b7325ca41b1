/* crmx detail list, breaks, show: the month's detail 明细数据: everybody's movements, and where they do not lead to the
 * balance. */
#include "base/date.h"
#include "control/show_generation.h"
#include "etl/detail_month.h"
#include "etl/detail_scan.h"
#include "etl/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 1000 };

#define DETAIL_DAY                                                                                                     \
    {                                                                                                                  \
        .name = "day", .type = COMMAND_DATE, .doc = "only this day of the month (default: all that are kept)"          \
    }

static const char *date_text(struct arena *arena, int32_t date)
{
    char text[11];
    date_format(date, text);
    return arena_dup(arena, view_of(text));
}

/* --- list --- */

static int run_list(struct command_call *call)
{
    static const char *const COLUMNS[] = {"day",      "log",     "currency", "accounts",    "movements", "opening",
                                          "movement", "closing", "breaks",   "unexplained", "adjusted",  NULL};
    struct generation *g;
    struct detail_month m;
    struct listing rows;
    if (!show_generation(call, true, &g, &call->status)) return command_failed(call);
    int32_t day = command_date(call, "day", DATE_NONE);
    if (!detail_month_read(g->folder, &call->arena, &m, &call->status)) {
        generation_close(g);
        return command_failed(call);
    }
    listing_init(&rows, COLUMNS);
    for (int i = 0; i < m.sums_count; i++) {
        const struct detail_sum *s = &m.sums[i];
        if (day != DATE_NONE && s->date != day) continue;
        listing_text(&rows, date_text(&call->arena, s->date));
        listing_text(&rows, s->log);
        listing_text(&rows, s->currency);
        listing_integer(&rows, (int64_t)s->accounts);
        listing_integer(&rows, (int64_t)s->postings);
        listing_decimal(&rows, show_decimal(&call->arena, s->opening, s->scale));
        listing_decimal(&rows, show_decimal(&call->arena, s->movement, s->scale));
        listing_decimal(&rows, show_decimal(&call->arena, s->closing, s->scale));
        listing_integer(&rows, (int64_t)s->breaks);
        listing_decimal(&rows, show_decimal(&call->arena, s->unexplained, s->scale));
        listing_decimal(&rows, show_decimal(&call->arena, s->adjusted, s->scale));
    }
    listing_print(&rows, &call->output);
    if (!rows.rows && !call->json && !call->quiet)
        fprintf(stderr, "generation %s keeps no movements%s\n", g->id, day == DATE_NONE ? "" : " of that day");
    listing_release(&rows);
    generation_close(g);
    return 0;
}

const struct command command_detail_list = {
    .name = "detail list",
    .summary = "the days of the month's detail: opening + movement = closing per transaction log and currency",
    .description = "Of the accounts that moved. unexplained: closing - opening - movement of the breaks (crmx detail "
                   "breaks); adjusted: the same where no movements can be expected: a full unload, accounts that the "
                   "unit filters.",
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_DATE, DETAIL_DAY, {0}},
    .examples = "crmx detail list --unit 11\ncrmx detail list --unit 11 --day 2026-11-02 --json",
    .rows = "",
    .run = run_list,
};

/* --- accounts --- */

struct look {
    struct show_population *p;
    const char *customer, *account, *sub_account, *currency;
    uint64_t number; /* UINT64_MAX: any */
    bool breaks;     /* only these */
    int count;
    int shown;
    uint64_t found;
    struct listing *rows;
};

/* The archived record of the account; NULL: there is none. */
static bool read_record(struct look *k, const struct detail_entry *e, struct lookup_record *r, bool *there,
                        struct status *st)
{
    *there = e->account->record != DETAIL_NO_RECORD;
    int layout = *there ? k->p->g->tables.table[e->table].layout_index : e->log;
    /* Of an unknown account only its movement says what it is called. */
    uint32_t record = *there ? e->account->record : e->postings[0].record;
    if (!*there && !e->account->postings) return true;
    *there = true;
    return lookup_record(k->p->g, layout, record, k->p->arena, r, st);
}

static bool is_part(const struct lookup_record *r, enum layout_role role, const char *wanted)
{
    int field = r->file->layout->role_field[role];
    return !wanted || (field >= 0 && view_is(decode_text(r->file->layout, field, r->bytes), wanted));
}

static bool is_wanted(struct look *k, const struct detail_entry *e, struct lookup_record *r, bool *wanted,
                      struct status *st)
{
    const struct detail_account *a = e->account;
    bool there;
    *wanted = (!k->breaks || detail_is_break(a->kind)) && (k->number == UINT64_MAX || a->number == k->number) &&
              (!k->currency || strncmp(a->currency, k->currency, 4) == 0);
    if (!*wanted) return true;
    if (!read_record(k, e, r, &there, st)) return false;
    *wanted = there && is_part(r, ROLE_ACCOUNT, k->account) && is_part(r, ROLE_SUB_ACCOUNT, k->sub_account);
    return true;
}

static const char *money(struct look *k, int64_t amount, int scale)
{
    return show_hides(k->p, VALUE_MONEY, false, NULL) ? SHOW_HIDDEN : show_decimal(k->p->arena, amount, scale);
}

static void add_head(struct look *k, const struct detail_entry *e, const struct lookup_record *r)
{
    listing_text(k->rows, date_text(k->p->arena, e->date));
    listing_text(k->rows, show_system(k->p, e->log));
    listing_text(k->rows, show_role(k->p, r, ROLE_ACCOUNT));
    listing_text(k->rows, show_role(k->p, r, ROLE_SUB_ACCOUNT));
    listing_text(k->rows, arena_printf(k->p->arena, "%.4s", e->account->currency));
    listing_text(k->rows, e->account->number ? show_number(k->p, e->account->number) : NULL);
}

static bool show_break(void *context, const struct detail_entry *e, struct status *st)
{
    struct look *k = context;
    const struct detail_account *a = e->account;
    struct lookup_record r;
    bool wanted;
    if (!is_wanted(k, e, &r, &wanted, st)) return false;
    k->found += wanted;
    if (!wanted || k->shown == k->count) return true;
    k->shown++;
    int64_t movement = 0;
    for (uint32_t i = 0; i < a->postings; i++) movement += e->postings[i].amount;
    add_head(k, e, &r);
    listing_decimal(k->rows, money(k, a->opening, e->scale));
    listing_decimal(k->rows, money(k, movement, e->scale));
    listing_decimal(k->rows, money(k, a->closing, e->scale));
    listing_decimal(k->rows, show_decimal(k->p->arena, (__int128)a->closing - a->opening - movement, e->scale));
    listing_text(k->rows, DETAIL_KIND_NAMES[a->kind]);
    return true;
}

static bool show_postings(void *context, const struct detail_entry *e, struct status *st)
{
    struct look *k = context;
    const struct detail_account *a = e->account;
    struct lookup_record r, log;
    bool wanted;
    if (!is_wanted(k, e, &r, &wanted, st)) return false;
    k->found += wanted;
    int64_t balance = a->opening;
    for (uint32_t i = 0; wanted && i < a->postings && k->shown < k->count; i++, k->shown++) {
        const struct detail_posting *p = &e->postings[i];
        if (!lookup_record(k->p->g, e->log, p->record, k->p->arena, &log, st)) return false;
        balance += p->amount;
        add_head(k, e, &r);
        listing_text(k->rows, date_text(k->p->arena, p->posted));
        listing_integer(k->rows, (int64_t)p->sequence);
        listing_decimal(k->rows, money(k, p->amount, e->scale));
        listing_decimal(k->rows, money(k, balance, e->scale));
        if (p->reversal_of)
            listing_integer(k->rows, (int64_t)p->reversal_of);
        else
            listing_text(k->rows, NULL);
        int text = layout_find(log.file->layout, "text");
        listing_text(k->rows, text < 0 ? NULL
                                       : show_record_value(&k->p->records, k->p->readers[log.file->layout_index], text,
                                                           log.bytes, NULL));
    }
    return true;
}

static int look(struct command_call *call, struct look *k, const char *const columns[], detail_each *each,
                const char *looked_at)
{
    struct show_population *p = arena_new(&call->arena, struct show_population);
    struct listing rows;
    uint64_t number = UINT64_MAX;
    k->p = p;
    k->rows = &rows;
    k->count = (int)command_integer(call, "count", SHOWN_MAX);
    bool ok = show_population_open(p, call, true, looked_at, &call->status);
    if (ok && k->customer && !number_parse(p->g->unit, k->customer, &number)) {
        status_fail(&call->status, STATUS_USAGE, "\"%s\" is no integrated number of unit %s", k->customer,
                    p->g->unit->id);
        status_hint(&call->status, "find it: crmx customer find --name …");
        ok = false;
    }
    k->number = number;
    listing_init(&rows, columns);
    rows.hide_empty = !call->json;
    ok = ok && detail_scan(p->g, command_date(call, "day", DATE_NONE), each, k, &call->status);
    if (ok) listing_print(&rows, &call->output);
    if (ok && !call->json && !call->quiet) {
        if (!k->found) fprintf(stderr, "none in the month's detail of generation %s\n", p->g->id);
        if (k->shown == k->count)
            fprintf(stderr, "%d are shown; more: --count N, or one day: --day YYYY-MM-DD\n", k->shown);
    }
    listing_release(&rows);
    show_population_close(p);
    return ok ? 0 : command_failed(call);
}

static int run_breaks(struct command_call *call)
{
    static const char *const COLUMNS[] = {"day",     "system",   "account", "sub_account", "currency", "customer",
                                          "opening", "movement", "closing", "difference",  "kind",     NULL};
    struct look k = {.breaks = true};
    return look(call, &k, COLUMNS, show_break, "detail breaks");
}

#define COUNT                                                                                                          \
    {                                                                                                                  \
        .name = "count", .letter = 'n', .type = COMMAND_INTEGER, .minimum = 1, .maximum = 1000000,                     \
        .doc = "how many lines at most (default 1000)"                                                                 \
    }

const struct command command_detail_breaks = {
    .name = "detail breaks",
    .summary = "accounts whose movements do not lead from the balance of the day before to that of the day",
    .description = "Per account and day: opening, movement, closing, and what is missing. kind \"unknown account\": "
                   "movements of an account that the population does not have. A file sent again (--redo) replaces the "
                   "day.",
    .options = (const struct command_value[]){SHOW_UNIT, SHOW_DATE, DETAIL_DAY, COUNT, SHOW_UNMASK, {0}},
    .examples = "crmx detail breaks --unit 11\ncrmx detail breaks --unit 11 --day 2026-11-02 --unmask --json",
    .rows = "",
    .run = run_breaks,
};

static int run_show(struct command_call *call)
{
    static const char *const COLUMNS[] = {"day",         "system", "account",  "sub_account", "currency",
                                          "customer",    "posted", "sequence", "amount",      "balance",
                                          "reversal_of", "text",   NULL};
    struct look k = {.customer = command_text(call, "customer", NULL),
                     .account = command_text(call, "account", NULL),
                     .sub_account = command_text(call, "sub-account", NULL),
                     .currency = command_text(call, "currency", NULL)};
    if (!k.account == !k.customer) {
        status_fail(&call->status, STATUS_USAGE, "whose movements? One of --account and --customer is needed");
        status_hint(&call->status, "crmx detail show --account NUMBER, or --customer NUMBER");
        return command_failed(call);
    }
    return look(call, &k, COLUMNS, show_postings,
                arena_printf(&call->arena, "detail show %s", k.customer ? k.customer : k.account));
}

const struct command command_detail_show = {
    .name = "detail show",
    .summary = "the month's movements of an account, or of a customer's accounts, in posting order",
    .description = "Also of customers who are not in the CRM. balance: after the movement. --customer finds the "
                   "accounts by their (smallest) owner on the day of the movement.",
    .options =
        (const struct command_value[]){
            {.name = "account",
             .letter = 'a',
             .type = COMMAND_TEXT,
             .placeholder = "NUMBER",
             .doc = "the account number"},
            {.name = "sub-account", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "only this sub-account"},
            {.name = "currency", .type = COMMAND_TEXT, .placeholder = "CODE", .doc = "only in this currency"},
            {.name = "customer", .type = COMMAND_TEXT, .placeholder = "NUMBER", .doc = "the integrated number"},
            SHOW_UNIT,
            SHOW_DATE,
            DETAIL_DAY,
            COUNT,
            SHOW_UNMASK,
            {0}},
    .examples = "crmx detail show --account 6222100012472425001100 --unmask\ncrmx detail show --customer 1100000012",
    .run = run_show,
};
