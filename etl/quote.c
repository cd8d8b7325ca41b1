#include "etl/quote.h"

#include "base/date.h"
#include "base/log.h"
#include "etl/reconcile.h"
#include "etl/tsv.h"
#include "etl/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *file, *head, *what, *of;
} KINDS[QUOTE_KINDS] = {
    [QUOTE_NAV] = {"nav.tsv", "fund\tnav\tcurrency\tdate\tas_of\tfrom\tprevious\tprevious_date", "net asset value",
                   "fund"},
    [QUOTE_INTEREST] = {"interest.tsv", "product\trate\tcurrency\tdate\tas_of\tfrom\tprevious\tprevious_date",
                        "interest rate", "product"},
};

/* --- the list --- */

static int compare(const struct quote *q, struct view code, const char *currency)
{
    size_t length = strlen(q->code), n = length < code.length ? length : code.length;
    int order = n ? memcmp(q->code, code.bytes, n) : 0;
    if (!order) order = (length > code.length) - (length < code.length);
    return order || !currency ? order : strcmp(q->currency, currency);
}

/* A fund has one NAV, whatever its currency; a product a rate for each currency. The latest date first. */
static int navs_in_order(const void *a, const void *b)
{
    const struct quote *x = a, *y = b;
    int order = compare(x, view_of(y->code), NULL);
    return order ? order : (x->date < y->date) - (x->date > y->date);
}

static int rates_in_order(const void *a, const void *b)
{
    const struct quote *x = a, *y = b;
    int order = compare(x, view_of(y->code), y->currency);
    return order ? order : (x->date < y->date) - (x->date > y->date);
}

static void sort(struct quotes *q, enum quote_kind kind)
{
    if (q->count) qsort(q->list, (size_t)q->count, sizeof *q->list, kind == QUOTE_NAV ? navs_in_order : rates_in_order);
}

static int find(const struct quotes *q, struct view code, const char *currency)
{
    int low = 0, high = q ? q->count : 0;
    while (low < high) {
        int middle = low + (high - low) / 2, order = compare(&q->list[middle], code, currency);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

int quote_find(const struct quotes *q, struct view code)
{
    return find(q, code, NULL);
}

static struct quote *append(struct quotes *q, struct arena *arena)
{
    if (q->count == q->capacity) {
        q->capacity = q->capacity ? q->capacity * 2 : 64;
        struct quote *more = arena_array(arena, struct quote, q->capacity);
        if (q->count) memcpy(more, q->list, (size_t)q->count * sizeof *more);
        q->list = more;
    }
    return &q->list[q->count++];
}

bool quote_add(struct quotes *q, enum quote_kind kind, const struct quote *one, struct arena *arena, struct status *st)
{
    bool has_value = kind == QUOTE_INTEREST ? one->value >= 0 : one->value > 0;
    if (!one->code[0] || !has_value) {
        status_fail(st, STATUS_INPUT, "\"%s\": the %s of %s \"%s\" is not usable: %lld at %d decimals", one->from,
                    KINDS[kind].what, KINDS[kind].of, one->code, (long long)one->value, one->scale);
        return status_hint(st, "have the file corrected and sent again; then the same command");
    }
    if (q->count == QUOTE_COUNT_MAX)
        return status_fail(st, STATUS_INPUT, "\"%s\": more than %d quotes", one->from, QUOTE_COUNT_MAX);
    *append(q, arena) = *one;
    return true;
}

static bool twice(const struct quote *one, enum quote_kind kind, struct status *st)
{
    char date[11];
    date_format(one->date, date);
    status_fail(st, STATUS_INPUT, "\"%s\": two quotes for %s \"%s\"%s%s of %s, one %s is needed", one->from,
                KINDS[kind].of, one->code, one->currency[0] ? " " : "", one->currency, date, KINDS[kind].what);
    return status_hint(st, "have the file corrected and sent again; then the same command");
}

bool quote_seal(struct quotes *q, enum quote_kind kind, struct status *st)
{
    int kept = 0;
    sort(q, kind);
    for (int i = 0; i < q->count; i++) {
        const struct quote *last = kept ? &q->list[kept - 1] : NULL;
        const char *currency = kind == QUOTE_NAV ? NULL : q->list[i].currency;
        if (!last || compare(last, view_of(q->list[i].code), currency) != 0)
            q->list[kept++] = q->list[i];
        else if (last->date == q->list[i].date)
            return twice(last, kind, st);
    }
    q->count = kept;
    return true;
}

/* --- the file of a generation --- */

struct reader {
    struct quotes *out;
    struct arena *arena;
    const char *file;
};

/* "1.2345" → 12345 at 4 decimals */
static bool parse(const char *text, int64_t *value, int *scale)
{
    int digits = 0, decimals = -1;
    *value = 0;
    for (; *text; text++) {
        if (*text == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (*text < '0' || *text > '9' || ++digits > 18) return false;
        *value = *value * 10 + (*text - '0');
        decimals += decimals >= 0;
    }
    *scale = decimals < 0 ? 0 : decimals;
    return digits > 0 && *scale <= QUOTE_SCALE_MAX;
}

static bool read_line(void *context, char *field[], struct status *st)
{
    struct reader *r = context;
    struct quote q = {.from = arena_dup(r->arena, view_of(field[5])), .has_previous = field[6][0] != 0};
    bool ok = field[0][0] && strlen(field[0]) <= QUOTE_CODE_MAX && strlen(field[2]) <= 3 &&
              parse(field[1], &q.value, &q.scale) && date_parse(view_of(field[3]), &q.date) &&
              date_parse(view_of(field[4]), &q.as_of) && r->out->count < QUOTE_COUNT_MAX;
    if (ok && q.has_previous)
        ok = parse(field[6], &q.previous, &q.previous_scale) && date_parse(view_of(field[7]), &q.previous_date);
    if (!ok) return status_fail(st, STATUS_CORRUPT, "%s: the line of \"%s\" is damaged", r->file, field[0]);
    snprintf(q.code, sizeof q.code, "%s", field[0]);
    snprintf(q.currency, sizeof q.currency, "%s", field[2]);
    *append(r->out, r->arena) = q;
    return true;
}

bool quote_read(enum quote_kind kind, const char *folder, struct arena *arena, struct quotes *out, bool *there,
                struct status *st)
{
    const char *path = arena_printf(arena, "%s/%s", folder, KINDS[kind].file);
    struct reader r = {out, arena, KINDS[kind].file};
    *out = (struct quotes){0};
    *there = os_exists(path);
    if (!*there) return true;
    if (!tsv_read(path, KINDS[kind].head, read_line, &r, st)) return false;
    sort(out, kind);
    return true;
}

bool quote_write(const struct quotes *q, enum quote_kind kind, const char *folder, struct status *st)
{
    struct buf b;
    buf_init(&b, TSV_FILE_MAX);
    buf_addf(&b, "%s\n", KINDS[kind].head);
    for (int i = 0; i < q->count; i++) {
        const struct quote *one = &q->list[i];
        char value[48], date[11], as_of[11], previous[48] = "", previous_date[11] = "";
        date_format(one->date, date);
        date_format(one->as_of, as_of);
        if (one->has_previous) {
            reconcile_decimal(one->previous, one->previous_scale, previous);
            date_format(one->previous_date, previous_date);
        }
        buf_addf(&b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", one->code, reconcile_decimal(one->value, one->scale, value),
                 one->currency, date, as_of, one->from, previous, previous_date);
    }
    bool ok = tsv_write(folder, KINDS[kind].file, &b, st);
    buf_release(&b);
    return ok;
}

/* --- carried over --- */

static bool is_suspended(const struct unit *u, const char *code)
{
    struct view rest = view_of(u->nav_suspended);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest))
        if (view_is(word, code)) return true;
    return false;
}

/* A NAV in another currency than yesterday's would silently change what accounts are worth. */
static bool currency_changed(const struct quote *now, const struct quote *past, struct status *st)
{
    if (strcmp(now->currency, past->currency) == 0) return false;
    status_fail(st, STATUS_INPUT, "\"%s\": the net asset value of fund %s is in %s, in the generation before in %s",
                now->from, now->code, now->currency[0] ? now->currency : "no stated currency",
                past->currency[0] ? past->currency : "no stated currency");
    status_hint(st, "have the file corrected and sent again; a fund that has changed its currency gets a new code");
    return true;
}

static bool take_past(struct quotes *q, enum quote_kind kind, const struct quote *past, int now, const char *past_name,
                      struct arena *arena, struct status *st)
{
    if (now >= 0 && kind == QUOTE_NAV && currency_changed(&q->list[now], past, st)) return false;
    if (now < 0 && q->count == QUOTE_COUNT_MAX)
        return status_fail(st, STATUS_INPUT, "more than %d quotes with those of %s", QUOTE_COUNT_MAX, past_name);
    bool newer = now < 0 || q->list[now].date < past->date;
    struct quote *to = now < 0 ? append(q, arena) : &q->list[now];
    if (newer) {
        *to = *past;
        to->from = past_name;
    }
    to->has_previous = true;
    to->previous = past->value;
    to->previous_scale = past->scale;
    to->previous_date = past->date;
    return true;
}

/* One line, however many funds there are. */
static void tell_carried(const struct quotes *q, int32_t business_date, const char *past_name)
{
    int carried = 0, expired = 0;
    const struct quote *first[2] = {NULL, NULL};
    char date[11];
    for (int i = q->count; i-- > 0;) {
        const struct quote *one = &q->list[i];
        if (past_name && strcmp(one->from, past_name) == 0 && one->as_of != business_date) {
            carried += !one->expired;
            if (!one->expired) first[0] = one;
        }
        expired += one->expired;
        if (one->expired) first[1] = one;
    }
    if (carried) {
        date_format(first[0]->date, date);
        log_warning("no net asset value today for %d funds: their last ones are carried (%s: of %s)", carried,
                    first[0]->code, date);
    }
    if (expired)
        log_info("%d funds without a net asset value for long (%s): nobody may hold them", expired, first[1]->code);
}

static bool interest_too_old(const struct quotes *past, const struct unit *u, int32_t business_date, struct status *st)
{
    char date[11], today[11];
    date_format(past->list[0].as_of, date);
    date_format(business_date, today);
    status_fail(st, STATUS_INPUT,
                "there is no interest rate file within %d days of %s: the latest is of %s; nothing is committed",
                (int)u->interest_carry_days, today, date);
    return status_hint(st,
                       "have the interest rate file sent, then the same command; carried further: carry_days in "
                       "[interest] of units/%s.ini",
                       u->id);
}

bool quote_settle(struct quotes *q, enum quote_kind kind, const struct unit *u, int32_t business_date,
                  const struct quotes *past, const char *past_name, bool came, struct arena *arena, struct status *st)
{
    int sorted = q->count;
    bool carried = kind == QUOTE_INTEREST && !came && past && past->count;
    if (carried && business_date - past->list[0].as_of > u->interest_carry_days)
        return interest_too_old(past, u, business_date, st);
    for (int i = 0; past && i < past->count; i++) {
        const struct quote *one = &past->list[i];
        struct quotes known = {q->list, sorted, sorted};
        int now = find(&known, view_of(one->code), kind == QUOTE_INTEREST ? one->currency : NULL);
        if (now < 0 && kind == QUOTE_INTEREST && came) continue; /* the file is whole: it has ended */
        if (!take_past(q, kind, one, now, past_name, arena, st)) return false;
    }
    sort(q, kind);
    for (int i = 0; kind == QUOTE_NAV && i < q->count; i++)
        q->list[i].expired = business_date - q->list[i].date > u->nav_carry_days && !is_suspended(u, q->list[i].code);
    if (kind == QUOTE_NAV) tell_carried(q, business_date, past_name);
    if (carried) log_warning("no interest rate file today: the %d rates of %s are carried", q->count, past_name);
    return true;
}

/* --- arithmetic --- */

static __int128 power_of_ten(int n)
{
    __int128 p = 1;
    while (n-- > 0) p *= 10;
    return p;
}

static bool in_64_bits(__int128 value, int64_t *out)
{
    if (value > INT64_MAX || value < -INT64_MAX) return false;
    *out = (int64_t)value;
    return true;
}

static __int128 rounded(__int128 value, int decimals)
{
    __int128 unit = power_of_ten(decimals);
    return (value + (value < 0 ? -unit : unit) / 2) / unit;
}

bool quote_move_ppm(const struct quote *q, int64_t *ppm)
{
    if (!q->has_previous || q->previous == 0) return false;
    /* at one scale: at most 27 digits, and six more for the millionths */
    __int128 now = (__int128)q->value * power_of_ten(q->previous_scale),
             before = (__int128)q->previous * power_of_ten(q->scale);
    __int128 move = (now - before) * 1000000;
    if (!in_64_bits((move + (move < 0 ? -before : before) / 2) / before, ppm)) *ppm = INT64_MAX;
    return true;
}

bool quote_value(const struct quote *nav, int64_t shares, int shares_scale, int value_scale, int64_t *value)
{
    __int128 exact = (__int128)shares * nav->value; /* 18 digits by 18 */
    int decimals = shares_scale + nav->scale - value_scale;
    if (decimals >= 0) return in_64_bits(rounded(exact, decimals), value);
    if (exact > INT64_MAX || exact < -INT64_MAX) return false;
    return in_64_bits(exact * power_of_ten(-decimals), value);
}

bool quote_at_scale(const struct quote *q, int scale, int64_t *value)
{
    __int128 exact = q->value;
    if (scale >= q->scale) return in_64_bits(exact * power_of_ten(scale - q->scale), value);
    return in_64_bits(rounded(exact, q->scale - scale), value);
}
