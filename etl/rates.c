#include "etl/rates.h"

#include "base/date.h"
#include "base/log.h"
#include "etl/tsv.h"

#include <stdio.h>
#include <string.h>

static const char HEAD[] = "currency\trate\tper_unit\tdate\tfrom\tprevious_rate\tprevious_per_unit\tprevious_date";

/* --- rates.tsv --- */

struct reader {
    struct reference *out;
    struct arena *arena;
};

/* "7.101500" → 7101500 */
static int64_t millionths(const char *text)
{
    int64_t n = 0;
    for (; *text; text++)
        if (*text >= '0' && *text <= '9') n = n * 10 + (*text - '0');
    return n;
}

static bool read_line(void *context, char *field[], struct status *st)
{
    struct reader *r = context;
    struct rates *rates = &r->out->rates;
    struct rate_origin *o = &r->out->origins[rates->count];
    int32_t date = DATE_NONE, before = DATE_NONE;
    bool right = strlen(field[0]) == 3 && rates->count < DECODE_CURRENCIES_MAX && millionths(field[1]) > 0 &&
                 atoi(field[2]) > 0 && date_parse(view_of(field[3]), &date) &&
                 (!field[7][0] || date_parse(view_of(field[7]), &before));
    if (!right) return status_fail(st, STATUS_CORRUPT, "rates.tsv: the line of \"%s\" is damaged", field[0]);
    memcpy(rates->code[rates->count], field[0], 4);
    rates->rate[rates->count] = millionths(field[1]);
    rates->per_unit[rates->count] = atoi(field[2]);
    *o = (struct rate_origin){.date = date,
                              .from = arena_dup(r->arena, view_of(field[4])),
                              .previous = millionths(field[5]),
                              .previous_per_unit = atoi(field[6]),
                              .previous_date = before};
    rates->count++;
    return true;
}

bool rates_read(const char *folder, struct arena *arena, struct reference *out, bool *there, struct status *st)
{
    struct reader r = {out, arena};
    const char *path = arena_printf(arena, "%s/rates.tsv", folder);
    *there = os_exists(path);
    if (!*there) return true;
    out->rates = (struct rates){.navs = out->rates.navs, .interest = out->rates.interest};
    return tsv_read(path, HEAD, read_line, &r, st);
}

bool rates_write(const struct reference *r, const char *folder, struct status *st)
{
    char path[OS_PATH_MAX], date[11];
    struct buf b;
    snprintf(path, sizeof path, "%s/rates.tsv", folder);
    buf_init(&b, 1 << 20);
    buf_addf(&b, "%s\n", HEAD);
    for (int i = 0; i < r->rates.count; i++) {
        const struct rate_origin *o = &r->origins[i];
        date_format(o->date, date);
        buf_addf(&b, "%s\t%lld.%06lld\t%d\t%s\t%s\t", r->rates.code[i], (long long)(r->rates.rate[i] / 1000000),
                 (long long)(r->rates.rate[i] % 1000000), r->rates.per_unit[i], date, o->from);
        date_format(o->previous_date, date);
        if (o->previous)
            buf_addf(&b, "%lld.%06lld\t%d\t%s\n", (long long)(o->previous / 1000000),
                     (long long)(o->previous % 1000000), o->previous_per_unit, date);
        else
            buf_add_text(&b, "\t\t\n");
    }
    bool ok = os_write_file(path, buf_view(&b), st);
    buf_release(&b);
    return ok;
}

/* --- carried back --- */

static bool is_retired(const struct unit *u, const char *code)
{
    struct view rest = view_of(u->rates_retired);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest))
        if (view_is(word, code)) return true;
    return false;
}

static bool too_old(const struct reference *r, int i, const struct unit *u, int32_t business_date, struct status *st)
{
    char date[11], today[11];
    date_format(r->origins[i].date, date);
    date_format(business_date, today);
    status_fail(st, STATUS_INPUT,
                "there is no rate of %s within %d days of %s: the latest is of %s (%s); nothing is committed",
                r->rates.code[i], (int)u->rates_carry_days, today, date, r->origins[i].from);
    return status_hint(st,
                       "have the rate file sent again with %s, then the same command; carried further: carry_days in "
                       "[rates] of units/%s.ini; no longer quoted: retired = %s there",
                       r->rates.code[i], u->id, r->rates.code[i]);
}

static void drop_retired(struct reference *r, const struct unit *u)
{
    int kept = 1;
    for (int i = 1; i < r->rates.count; i++) {
        if (is_retired(u, r->rates.code[i])) continue;
        memmove(r->rates.code[kept], r->rates.code[i], 4);
        r->rates.rate[kept] = r->rates.rate[i];
        r->rates.per_unit[kept] = r->rates.per_unit[i];
        r->origins[kept++] = r->origins[i];
    }
    r->rates.count = kept;
}

/* The rate of the generation before, where the files bring none that is newer; and what to compare with. */
static void take_past(struct reference *r, const struct reference *past, int i, const char *past_name)
{
    const char *code = past->rates.code[i];
    int at = rates_find(&r->rates, code);
    if (at < 0 && r->rates.count == DECODE_CURRENCIES_MAX) return;
    bool newer = at < 0 || r->origins[at].date < past->origins[i].date;
    if (at < 0) at = r->rates.count++;
    if (newer) {
        memcpy(r->rates.code[at], code, 4);
        r->rates.rate[at] = past->rates.rate[i];
        r->rates.per_unit[at] = past->rates.per_unit[i];
        r->origins[at] = (struct rate_origin){.date = past->origins[i].date, .from = past_name};
    }
    r->origins[at].previous = past->rates.rate[i];
    r->origins[at].previous_per_unit = past->rates.per_unit[i];
    r->origins[at].previous_date = past->origins[i].date;
}

/* One line for all currencies of one day and source: on a holiday they are all carried. */
static void tell_carried(const struct reference *r, int first, int32_t business_date)
{
    const struct rate_origin *o = &r->origins[first];
    char date[11], codes[DECODE_CURRENCIES_MAX * 4 + 1] = "";
    size_t used = 0;
    for (int i = 1; i < r->rates.count; i++) {
        const struct rate_origin *other = &r->origins[i];
        if (other->date == business_date || other->date != o->date || strcmp(other->from, o->from) != 0) continue;
        if (i < first) return; /* told already */
        used += (size_t)snprintf(codes + used, sizeof codes - used, "%s%s", used ? " " : "", r->rates.code[i]);
    }
    date_format(o->date, date);
    log_warning("no rate of this day for %s: that of %s is carried (%s)", codes, date, o->from);
}

bool rates_settle(struct reference *r, const struct unit *u, int32_t business_date, const struct reference *past,
                  const char *past_name, struct status *st)
{
    for (int i = 1; past && i < past->rates.count; i++) take_past(r, past, i, past_name);
    drop_retired(r, u);
    for (int i = 1; i < r->rates.count; i++) {
        if (r->origins[i].date == business_date) continue;
        if (business_date - r->origins[i].date > u->rates_carry_days) return too_old(r, i, u, business_date, st);
        tell_carried(r, i, business_date);
    }
    return true;
}

bool rates_move_ppm(const struct reference *r, int currency, int64_t *ppm)
{
    const struct rate_origin *o = &r->origins[currency];
    if (!o->previous) return false;
    /* now / per against before / per: crosswise, exact */
    __int128 now = (__int128)r->rates.rate[currency] * o->previous_per_unit,
             before = (__int128)o->previous * r->rates.per_unit[currency], move = (now - before) * 1000000;
    *ppm = (int64_t)((move + (move < 0 ? -before : before) / 2) / before);
    return true;
}
