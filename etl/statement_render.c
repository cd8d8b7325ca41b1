/* statement, step 220: the print stream and the CSV, range after range of customers. */
#include "base/charset.h"
#include "base/date.h"
#include "etl/apply.h"
#include "etl/lookup.h"
#include "etl/number.h"
#include "etl/ordered.h"
#include "etl/reconcile.h"
#include "etl/statement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PART_MAX = 1 << 30, CUSTOMER_SCALE = 6 };

struct account { /* of the customer whose statement is rendered */
    const struct statement_tuple *head, *items;
    uint32_t count;
    struct buf number, sub_account; /* UTF-8 */
};

struct worker {
    struct statement_tuple *tuples;
    uint64_t tuples_capacity;
    struct apply_bytes bytes;
    struct charset_converter *from_gb, *to_out; /* to_out NULL: UTF-8 stays */
    struct buf body, page, text, csv, field, name, decoded;
    struct account *accounts;
    int accounts_count, accounts_capacity;
    struct statement_sum (*sums)[DECODE_CURRENCIES_MAX];     /* per table: of the whole run */
    struct statement_sum (*customer)[DECODE_CURRENCIES_MAX]; /* per side: of one customer */
    struct statement_sum (*valued)[DECODE_CURRENCIES_MAX];   /* the same of accounts kept in shares: closing */
    struct statement_totals totals;
};

struct job {
    struct statement *s;
    struct worker *workers;
    struct ordered *text, *csv;
};

struct page_values { /* texts behind the values of a line */
    char number[24], from[11], to[11], date[11], time[8], sequence[24], reversal_of[24], page[16], pages[16], month[8];
    char amount[STATEMENT_MONEY_MAX], balance[STATEMENT_MONEY_MAX], opening[STATEMENT_MONEY_MAX],
        in[STATEMENT_MONEY_MAX], out[STATEMENT_MONEY_MAX], adjusted[STATEMENT_MONEY_MAX], closing[STATEMENT_MONEY_MAX],
        converted[STATEMENT_MONEY_MAX], rate[48], nav[48], rate_date[11], assets[STATEMENT_MONEY_MAX],
        liabilities[STATEMENT_MONEY_MAX], net[STATEMENT_MONEY_MAX];
    const char *value[STATEMENT_FIELDS];
};

/* --- order --- */

static int in_order(const void *a, const void *b)
{
    const struct statement_tuple *x = a, *y = b;
    if (x->customer != y->customer) return x->customer < y->customer ? -1 : 1;
    if ((x->what == WHAT_CUSTOMER) != (y->what == WHAT_CUSTOMER)) return x->what == WHAT_CUSTOMER ? -1 : 1;
    if (x->table != y->table) return x->table < y->table ? -1 : 1;
    if (x->account != y->account) return x->account < y->account ? -1 : 1;
    bool head_x = x->what <= WHAT_JOINT, head_y = y->what <= WHAT_JOINT;
    if (head_x != head_y) return head_x ? -1 : 1;
    if (x->day != y->day) return x->day < y->day ? -1 : 1;
    if (x->what != y->what) return x->what < y->what ? -1 : 1;
    if (x->posted != y->posted) return x->posted < y->posted ? -1 : 1;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return x->record < y->record ? -1 : x->record > y->record;
}

static int by_number(const void *a, const void *b)
{
    const struct account *x = a, *y = b;
    if (x->head->table != y->head->table) return x->head->table < y->head->table ? -1 : 1;
    int order = strcmp(x->number.bytes, y->number.bytes);
    if (!order) order = strcmp(x->sub_account.bytes, y->sub_account.bytes);
    if (!order) order = (x->head->currency > y->head->currency) - (x->head->currency < y->head->currency);
    return order ? order : (x->head->account > y->head->account) - (x->head->account < y->head->account);
}

/* --- texts of records --- */

static void add_text(struct worker *w, const struct layout *l, int field, const unsigned char *record, struct buf *out)
{
    uint32_t malformed = 0;
    buf_clear(out);
    if (field >= 0) {
        struct view text = decode_text(l, field, record);
        if (l->encoding == LAYOUT_GB18030)
            charset_convert(w->from_gb, text, "?", out, &malformed);
        else
            buf_add(out, text.bytes, text.length);
    }
    for (size_t i = 0; i < out->length; i++)
        if ((unsigned char)out->bytes[i] < ' ') out->bytes[i] = ' '; /* nothing of a record moves the printer's head */
    buf_add(out, "", 1);
    w->totals.malformed += malformed;
}

static bool read_account(struct job *j, struct worker *w, struct account *a, struct status *st)
{
    const struct table *t = &j->s->g->tables.table[j->s->tables[a->head->table].table];
    if (!apply_read(&j->s->g->inputs, t->layout_index, a->head->record, &w->bytes, st)) return false;
    const struct layout *l = w->bytes.file->layout;
    const unsigned char *record = apply_record_bytes(&w->bytes);
    add_text(w, l, l->role_field[ROLE_ACCOUNT], record, &a->number);
    add_text(w, l, l->role_field[ROLE_SUB_ACCOUNT], record, &a->sub_account);
    return true;
}

static bool read_name(struct job *j, struct worker *w, uint32_t primary, struct status *st)
{
    if (!apply_read(&j->s->g->inputs, -1, primary, &w->bytes, st)) return false;
    const struct layout *l = w->bytes.file->layout;
    add_text(w, l, l->role_field[ROLE_NAME], apply_record_bytes(&w->bytes), &w->name);
    return true;
}

static bool read_posting_text(struct job *j, struct worker *w, const struct statement_table *t, uint32_t record,
                              struct status *st)
{
    if (!apply_read(&j->s->g->inputs, t->log, record, &w->bytes, st)) return false;
    const struct layout *l = w->bytes.file->layout;
    add_text(w, l, layout_find(l, "text"), apply_record_bytes(&w->bytes), &w->decoded);
    return true;
}

/* --- CSV --- */

static void csv_text(struct worker *w, const char *text)
{
    if (w->csv.length && w->csv.bytes[w->csv.length - 1] != '\n') buf_add(&w->csv, ",", 1);
    buf_add_csv(&w->csv, text);
}

/* number,system,account,sub_account,currency,line,date,time,sequence,reversal_of,text,amount,balance */
static void csv_line(struct job *j, struct worker *w, const struct account *a, const struct page_values *v,
                     const char *line, const char *text, const char *amount, const char *balance)
{
    const struct statement_table *t = &j->s->tables[a->head->table];
    const struct unit *u = j->s->g->unit;
    if (!j->csv) return;
    buf_add_text(&w->csv, v->number);
    csv_text(w, u->systems[u->layout_system[t->log]].name);
    csv_text(w, a->number.bytes);
    csv_text(w, a->sub_account.bytes);
    csv_text(w, v->value[STATEMENT_CURRENCY]);
    csv_text(w, line);
    csv_text(w, v->date);
    csv_text(w, v->time);
    csv_text(w, v->sequence);
    csv_text(w, v->reversal_of);
    csv_text(w, text);
    csv_text(w, amount);
    csv_text(w, balance);
    buf_add(&w->csv, "\n", 1);
}

/* --- an account --- */

static void put_line(struct job *j, struct worker *w, enum statement_line line, const struct page_values *v)
{
    statement_fill(&j->s->layout->body[line], v->value, &w->body);
}

static void clear_item(struct page_values *v)
{
    v->date[0] = v->time[0] = v->sequence[0] = v->reversal_of[0] = v->amount[0] = 0;
    v->value[STATEMENT_TEXT] = "";
}

static const char *plain(__int128 amount, int scale, char text[48])
{
    return reconcile_decimal(amount, scale, text);
}

static bool put_item(struct job *j, struct worker *w, const struct account *a, const struct statement_tuple *item,
                     int64_t balance, struct page_values *v, struct status *st)
{
    const struct statement_table *t = &j->s->tables[a->head->table];
    const char *currency = v->value[STATEMENT_CURRENCY];
    char amount[48], after[48];
    bool posting = item->what == WHAT_POSTING;
    clear_item(v);
    date_format(posting ? item->posted : item->day, v->date);
    if (posting) {
        if (!read_posting_text(j, w, t, item->record, st)) return false;
        v->value[STATEMENT_TEXT] = w->decoded.bytes;
        snprintf(v->time, sizeof v->time, "%06d", item->time);
        snprintf(v->sequence, sizeof v->sequence, "%" PRIu64, item->sequence);
        if (item->other) snprintf(v->reversal_of, sizeof v->reversal_of, "%" PRId64, item->other);
    }
    statement_money(item->amount, t->shape.scale, currency, v->amount);
    statement_money(balance, t->shape.scale, currency, v->balance);
    put_line(j, w, !posting ? LINE_ADJUSTMENT : item->other ? LINE_REVERSAL : LINE_POSTING, v);
    csv_line(j, w, a, v,
             !posting      ? "adjustment"
             : item->other ? "reversal"
                           : "posting",
             v->value[STATEMENT_TEXT], plain(item->amount, t->shape.scale, amount),
             plain(balance, t->shape.scale, after));
    return true;
}

static void add_sum(struct statement_sum *to, const struct statement_tuple *item, int64_t times)
{
    bool posting = item->what == WHAT_POSTING;
    to->postings += posting;
    to->adjustments += !posting;
    *(!posting ? &to->adjusted : item->amount > 0 ? &to->in : &to->out) += (__int128)item->amount * times;
}

static void put_opening(struct job *j, struct worker *w, const struct account *a, int64_t balance,
                        struct page_values *v, int32_t from)
{
    const struct statement_table *t = &j->s->tables[a->head->table];
    char text[48];
    clear_item(v);
    date_format(from, v->date);
    statement_money(balance, t->shape.scale, v->value[STATEMENT_CURRENCY], v->balance);
    put_line(j, w, LINE_OPENING, v);
    csv_line(j, w, a, v, "opening", v->value[STATEMENT_FROM_KIND], "", plain(balance, t->shape.scale, text));
}

static void put_closing(struct job *j, struct worker *w, const struct account *a, int64_t balance,
                        struct page_values *v)
{
    const struct statement_table *t = &j->s->tables[a->head->table];
    char text[48];
    clear_item(v);
    date_format(j->s->g->business_date, v->date);
    statement_money(balance, t->shape.scale, v->value[STATEMENT_CURRENCY], v->balance);
    put_line(j, w, a->head->closed ? LINE_CLOSED : LINE_CLOSING, v);
    csv_line(j, w, a, v, a->head->closed ? "closed" : "closing", "", "", plain(balance, t->shape.scale, text));
}

/* What the shares of the account are worth at the night's NAV, with the NAV's own date. */
static void put_value(struct job *j, struct worker *w, const struct account *a, struct page_values *v)
{
    const struct statement_table *t = &j->s->tables[a->head->table];
    const struct quote *nav = &j->s->g->reference.quotes[QUOTE_NAV]->list[a->head->fund];
    struct statement_sum *valued = &w->valued[t->liability][a->head->currency];
    __int128 times = 1;
    char text[48];
    for (int scale = t->value_scale; scale < CUSTOMER_SCALE; scale++) times *= 10;
    clear_item(v);
    date_format(nav->date, v->date);
    reconcile_decimal(nav->value, nav->scale, v->nav);
    statement_money(a->head->value, t->value_scale, v->value[STATEMENT_CURRENCY], v->balance);
    put_line(j, w, LINE_VALUE, v);
    csv_line(j, w, a, v, "value", v->nav, "", plain(a->head->value, t->value_scale, text));
    valued->accounts++;
    valued->closing += a->head->value * times;
    w->sums[a->head->table][a->head->currency].value += a->head->value;
}

/* from: movements before it are in the opening balance. */
static bool put_account(struct job *j, struct worker *w, const struct account *a, int32_t from, struct page_values *v,
                        struct status *st)
{
    const struct statement_table *t = &j->s->tables[a->head->table];
    const struct generation *g = j->s->g;
    struct statement_sum *sums[2] = {&w->sums[a->head->table][a->head->currency],
                                     &w->customer[t->liability][a->head->currency]};
    int meets = t->in_shares ? 1 : 2; /* shares are no money: they do not add up with other accounts */
    int64_t times[2] = {1, 1};        /* a customer's sums meet at one scale */
    for (int scale = t->shape.scale; scale < CUSTOMER_SCALE; scale++) times[1] *= 10;
    char joint[NUMBER_TEXT_MAX];
    v->value[STATEMENT_TITLE] = t->title;
    v->value[STATEMENT_ACCOUNT] = a->number.bytes;
    v->value[STATEMENT_SUB_ACCOUNT] = a->sub_account.bytes;
    v->value[STATEMENT_CURRENCY] = g->reference.rates.code[a->head->currency];
    clear_item(v);
    if (a->head->what == WHAT_JOINT) {
        number_text(g->unit, g->first_number + (uint64_t)a->head->other, joint);
        v->value[STATEMENT_TEXT] = joint;
        put_line(j, w, LINE_JOINT, v);
        csv_line(j, w, a, v, "joint", joint, "", "");
        return true;
    }
    int64_t balance = a->head->amount;
    uint32_t i = 0;
    for (; i < a->count && a->items[i].day < from; i++) balance += a->items[i].amount;
    for (uint32_t k = 0; k < i; k++) w->totals.folded += a->items[k].what == WHAT_POSTING;
    put_line(j, w, LINE_ACCOUNT, v);
    put_opening(j, w, a, balance, v, from);
    for (int k = 0; k < meets; k++) {
        sums[k]->accounts++;
        sums[k]->opening += (__int128)balance * times[k];
    }
    for (; i < a->count; i++) {
        balance += a->items[i].amount;
        for (int k = 0; k < meets; k++) add_sum(sums[k], &a->items[i], times[k]);
        if (!put_item(j, w, a, &a->items[i], balance, v, st)) return false;
    }
    ensure(balance == a->head->other); /* adjustments make it so (statement_collect) */
    for (int k = 0; k < meets; k++) sums[k]->closing += (__int128)balance * times[k];
    put_closing(j, w, a, balance, v);
    if (t->in_shares && !a->head->closed) put_value(j, w, a, v);
    return true;
}

/* --- totals of a customer --- */

/* valued: of accounts kept in shares; what they were worth before nobody has printed. */
static void put_total(struct job *j, struct worker *w, int side, int currency, const struct statement_sum *sum,
                      bool valued, struct page_values *v)
{
    const struct reference *r = &j->s->g->reference;
    const char *code = r->rates.code[currency];
    v->value[STATEMENT_SIDE] = statement_title(j->s->layout, valued ? "valued" : side ? "liability" : "asset");
    v->value[STATEMENT_CURRENCY] = code;
    statement_money(sum->opening, CUSTOMER_SCALE, code, v->opening);
    statement_money(sum->in, CUSTOMER_SCALE, code, v->in);
    statement_money(sum->out, CUSTOMER_SCALE, code, v->out);
    statement_money(sum->adjusted, CUSTOMER_SCALE, code, v->adjusted);
    statement_money(sum->closing, CUSTOMER_SCALE, code, v->closing);
    if (valued) v->opening[0] = v->in[0] = v->out[0] = v->adjusted[0] = 0;
    reconcile_decimal(r->rates.rate[currency], 6, v->rate);
    if (r->rates.per_unit[currency] != 1)
        snprintf(v->rate + strlen(v->rate), 8, "/%d", (int)r->rates.per_unit[currency]);
    date_format(r->origins[currency].date, v->rate_date);
    statement_money(statement_round(statement_convert(&r->rates, currency, sum->closing, CUSTOMER_SCALE)), 2,
                    j->s->g->unit->base_currency, v->converted);
    put_line(j, w, LINE_TOTAL, v);
}

static void put_totals(struct job *j, struct worker *w, struct page_values *v)
{
    const struct rates *rates = &j->s->g->reference.rates;
    const char *base = j->s->g->unit->base_currency;
    __int128 sides[2] = {0, 0};
    if (!w->accounts_count) {
        put_line(j, w, LINE_NONE, v);
        return;
    }
    put_line(j, w, LINE_TOTALS, v);
    for (int side = 0; side < 2; side++)
        for (int c = 0; c < rates->count; c++) {
            struct statement_sum *of[2] = {&w->customer[side][c], &w->valued[side][c]};
            for (int k = 0; k < 2; k++) {
                if (!of[k]->accounts) continue;
                put_total(j, w, side, c, of[k], k == 1, v);
                sides[side] += statement_convert(rates, c, of[k]->closing, CUSTOMER_SCALE);
                *of[k] = (struct statement_sum){0};
            }
        }
    statement_money(statement_round(sides[0]), 2, base, v->assets);
    statement_money(statement_round(sides[1]), 2, base, v->liabilities);
    statement_money(statement_round(sides[0] - sides[1]), 2, base, v->net);
    put_line(j, w, LINE_NET, v);
}

/* --- pages --- */

static void end_page(const struct statement_layout *l, struct worker *w, const struct page_values *v, int blank)
{
    for (; blank > 0; blank--) buf_add(&w->page, "\n", 1);
    for (int i = 0; i < l->footer_count; i++) statement_fill(&l->footer[i], v->value, &w->page);
    if (l->form_feed) buf_add(&w->page, "\f", 1);
    w->totals.pages++;
}

/* The body, cut into pages of page_length lines with header and footer. */
static void put_pages(struct job *j, struct worker *w, struct page_values *v)
{
    const struct statement_layout *l = j->s->layout;
    int room = l->page_length ? l->page_length - l->header_count - l->footer_count : 0, lines = 0;
    for (size_t i = 0; i < w->body.length; i++) lines += w->body.bytes[i] == '\n';
    int pages = room ? (lines + room - 1) / room : 1, line = 0;
    const char *at = w->body.bytes, *end = at + w->body.length;
    if (!pages) pages = 1;
    buf_clear(&w->page);
    snprintf(v->pages, sizeof v->pages, "%d", pages);
    for (int page = 1; page <= pages; page++) {
        snprintf(v->page, sizeof v->page, "%d", page);
        for (int i = 0; i < l->header_count; i++) statement_fill(&l->header[i], v->value, &w->page);
        const char *from = at;
        for (line = 0; at < end && (!room || line < room); line++)
            at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        buf_add(&w->page, from, (size_t)(at - from));
        end_page(l, w, v, room ? room - line : 0);
    }
    w->totals.lines += (uint64_t)lines;
}

/* UTF-8 with '\n' → as the layout wants it. */
static void put_out(struct worker *w, const struct buf *from, struct buf *to, bool crlf)
{
    struct view text = buf_view(from);
    uint32_t malformed = 0;
    if (w->to_out) {
        buf_clear(&w->field);
        charset_convert(w->to_out, text, "?", &w->field, &malformed);
        text = buf_view(&w->field);
        w->totals.malformed += malformed;
    }
    for (const char *at = text.bytes, *end = at + text.length; crlf && at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));
        buf_add(to, at, (size_t)((line ? line : end) - at));
        if (line) buf_add(to, "\r\n", 2);
        at = line ? line + 1 : end;
    }
    if (!crlf) buf_add(to, text.bytes, text.length);
}

/* --- a customer --- */

static void set_values(struct page_values *v, const struct statement *s, uint32_t customer, int32_t from,
                       const char *from_kind, const char *name)
{
    const struct unit *u = s->g->unit;
    *v = (struct page_values){.number = ""};
    number_text(u, s->g->first_number + customer, v->number);
    date_format(from, v->from);
    date_format(s->g->business_date, v->to);
    snprintf(v->month, sizeof v->month, "%.7s", v->to);
    const char *texts[STATEMENT_FIELDS] = {[STATEMENT_UNIT] = u->id,
                                           [STATEMENT_UNIT_NAME] = u->name,
                                           [STATEMENT_MONTH] = v->month,
                                           [STATEMENT_FROM] = v->from,
                                           [STATEMENT_FROM_KIND] = from_kind,
                                           [STATEMENT_TO] = v->to,
                                           [STATEMENT_NUMBER] = v->number,
                                           [STATEMENT_NAME] = name,
                                           [STATEMENT_PAGE] = v->page,
                                           [STATEMENT_PAGES] = v->pages,
                                           [STATEMENT_DATE] = v->date,
                                           [STATEMENT_TIME] = v->time,
                                           [STATEMENT_SEQUENCE] = v->sequence,
                                           [STATEMENT_REVERSAL_OF] = v->reversal_of,
                                           [STATEMENT_AMOUNT] = v->amount,
                                           [STATEMENT_BALANCE] = v->balance,
                                           [STATEMENT_OPENING] = v->opening,
                                           [STATEMENT_IN] = v->in,
                                           [STATEMENT_OUT] = v->out,
                                           [STATEMENT_ADJUSTED] = v->adjusted,
                                           [STATEMENT_CLOSING] = v->closing,
                                           [STATEMENT_RATE] = v->rate,
                                           [STATEMENT_RATE_DATE] = v->rate_date,
                                           [STATEMENT_CONVERTED] = v->converted,
                                           [STATEMENT_ASSETS] = v->assets,
                                           [STATEMENT_LIABILITIES] = v->liabilities,
                                           [STATEMENT_NET] = v->net,
                                           [STATEMENT_NAV] = v->nav};
    memcpy(v->value, texts, sizeof texts);
}

/* The accounts among a customer's tuples, with their items, in the order of the print. */
static bool find_accounts(struct job *j, struct worker *w, const struct statement_tuple *t, uint64_t n,
                          struct status *st)
{
    w->accounts_count = 0;
    for (uint64_t i = 0; i < n;) {
        uint64_t end = i + 1;
        ensure(t[i].what == WHAT_ACCOUNT || t[i].what == WHAT_JOINT);
        while (end < n && t[end].what > WHAT_JOINT) end++;
        if (w->accounts_count == w->accounts_capacity) {
            int more = w->accounts_capacity ? w->accounts_capacity * 2 : 16;
            w->accounts = realloc(w->accounts, (size_t)more * sizeof *w->accounts);
            ensure(w->accounts);
            for (int k = w->accounts_capacity; k < more; k++) {
                buf_init(&w->accounts[k].number, LAYOUT_RECORD_MAX * 2);
                buf_init(&w->accounts[k].sub_account, LAYOUT_RECORD_MAX * 2);
            }
            w->accounts_capacity = more;
        }
        struct account *a = &w->accounts[w->accounts_count++];
        a->head = &t[i];
        a->items = &t[i + 1];
        a->count = (uint32_t)(end - i - 1);
        if (!read_account(j, w, a, st)) return false;
        i = end;
    }
    if (w->accounts_count) qsort(w->accounts, (size_t)w->accounts_count, sizeof *w->accounts, by_number);
    return true;
}

static bool put_customer(struct job *j, struct worker *w, const struct statement_tuple *t, uint64_t n,
                         struct status *st)
{
    struct statement *s = j->s;
    struct page_values v;
    bool entered = s->layout->from_entry && t->day != DATE_NONE && t->day > s->from;
    int32_t from = entered ? t->day : s->from;
    ensure(t->what == WHAT_CUSTOMER);
    if (!read_name(j, w, t->record, st) || !find_accounts(j, w, t + 1, n - 1, st)) return false;
    set_values(&v, s, t->customer, from, entered ? statement_title(s->layout, "entry_date") : s->from_kind,
               w->name.bytes);
    buf_clear(&w->body);
    for (int i = 0; i < w->accounts_count; i++)
        if (!put_account(j, w, &w->accounts[i], from, &v, st)) return false;
    put_totals(j, w, &v);
    put_pages(j, w, &v);
    put_out(w, &w->page, &w->text, s->layout->crlf);
    w->totals.customers++;
    return true;
}

/* --- a range --- */

static bool render_range(struct job *j, struct worker *w, uint32_t range, struct status *st)
{
    struct exchange *x = &j->s->items;
    uint64_t n = exchange_count(x, range);
    if (n > w->tuples_capacity || !w->tuples) {
        w->tuples_capacity = n + n / 2 + 64;
        w->tuples = realloc(w->tuples, w->tuples_capacity * sizeof *w->tuples);
        ensure(w->tuples);
    }
    if (!exchange_take(x, range, w->tuples, st)) return false;
    if (n) qsort(w->tuples, n, sizeof *w->tuples, in_order);
    buf_clear(&w->text);
    buf_clear(&w->csv);
    if (range == 0 && j->csv)
        buf_add_text(&w->csv,
                     "number,system,account,sub_account,currency,line,date,time,sequence,reversal_of,text,amount,"
                     "balance\n");
    for (uint64_t i = 0; i < n;) {
        uint64_t end = i + 1;
        while (end < n && w->tuples[end].customer == w->tuples[i].customer) end++;
        if (!put_customer(j, w, w->tuples + i, end - i, st)) return false;
        i = end;
    }
    return !buf_full(&w->text) && !buf_full(&w->csv)
               ? true
               : status_fail(st, STATUS_INPUT, "the statements of %d customers have more than 1 GB",
                             1 << j->s->range_bits);
}

static bool task(void *context, int worker, uint64_t range, struct status *st)
{
    struct job *j = context;
    struct worker *w = &j->workers[worker];
    bool ok = render_range(j, w, (uint32_t)range, st) &&
              ordered_append(j->text, range, w->text.bytes, w->text.length, st) &&
              (!j->csv || ordered_append(j->csv, range, w->csv.bytes, w->csv.length, st));
    if (!ok) ordered_abort(j->text, range), ordered_abort(j->csv, range);
    return ok;
}

static void open_worker(struct job *j, struct worker *w)
{
    struct buf *bufs[] = {&w->body, &w->page, &w->text, &w->csv, &w->field, &w->name, &w->decoded};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) buf_init(bufs[i], PART_MAX);
    w->from_gb = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    if (j->s->layout->encoding == LAYOUT_GB18030) w->to_out = charset_open(CHARSET_UTF8, CHARSET_GB18030);
    w->sums = calloc((size_t)j->s->tables_count + 1, sizeof *w->sums);
    w->customer = calloc(2, sizeof *w->customer);
    w->valued = calloc(2, sizeof *w->valued);
    ensure(w->sums && w->customer && w->valued);
}

static void close_worker(struct worker *w)
{
    struct buf *bufs[] = {&w->body, &w->page, &w->text, &w->csv, &w->field, &w->name, &w->decoded};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) buf_release(bufs[i]);
    for (int i = 0; i < w->accounts_capacity; i++) {
        buf_release(&w->accounts[i].number);
        buf_release(&w->accounts[i].sub_account);
    }
    charset_close(w->from_gb);
    charset_close(w->to_out);
    free(w->accounts);
    free(w->tuples);
    free(w->sums);
    free(w->customer);
    free(w->valued);
}

static void sum_up(struct statement *s, const struct worker *w)
{
    s->totals.customers += w->totals.customers;
    s->totals.pages += w->totals.pages;
    s->totals.lines += w->totals.lines;
    s->totals.malformed += w->totals.malformed;
    s->totals.folded += w->totals.folded;
    for (int t = 0; t < s->tables_count; t++)
        for (int c = 0; c < s->g->reference.rates.count; c++) {
            const struct statement_sum *from = &w->sums[t][c];
            struct statement_sum *to = &s->tables[t].sums[c];
            to->accounts += from->accounts;
            to->postings += from->postings;
            to->adjustments += from->adjustments;
            to->opening += from->opening;
            to->in += from->in;
            to->out += from->out;
            to->adjusted += from->adjusted;
            to->closing += from->closing;
            to->value += from->value;
        }
}

bool statement_render(struct statement *s, struct status *st)
{
    int workers = pool_workers(s->pool);
    struct ordered_total text, csv = {0};
    struct job j = {.s = s, .workers = calloc((size_t)workers, sizeof *j.workers)};
    ensure(j.workers);
    for (int i = 0; i < workers; i++) open_worker(&j, &j.workers[i]);
    j.text = ordered_create(arena_printf(s->arena, "%s/%s", s->folder, s->layout->file), st);
    if (j.text && s->layout->csv)
        j.csv = ordered_create(arena_printf(s->arena, "%s/%s", s->folder, s->layout->csv), st);
    bool ok = j.text && (j.csv || !s->layout->csv) && pool_run(s->pool, s->items.partitions, task, &j, st);
    if (ok) {
        ordered_finish(j.text, &text);
        if (j.csv) ordered_finish(j.csv, &csv);
        s->totals.text_bytes = text.bytes;
        s->totals.csv_bytes = csv.bytes;
    } else {
        ordered_discard(j.text);
        ordered_discard(j.csv);
    }
    for (int i = 0; i < workers; i++) {
        if (ok) sum_up(s, &j.workers[i]);
        close_worker(&j.workers[i]);
    }
    free(j.workers);
    return ok || status_while(st, "rendering the statements");
}
