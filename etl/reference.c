#include "etl/reference.h"

#include "base/date.h"
#include "etl/rates.h"

#include <string.h>

enum { REFERENCE_FILE_MAX = 256 * 1024 * 1024 };

struct reader {
    const struct unit *unit;
    struct arena *arena;
    struct reference *out;
    int32_t business_date;
    bool without_rates; /* they come from elsewhere */
    struct status *st;
};

static bool add_rate(struct reader *r, const struct layout *l, const struct decoder *d, const unsigned char *record,
                     const char *file)
{
    struct rates *rates = &r->out->rates;
    struct view code = decode_text(l, l->role_field[ROLE_CURRENCY], record);
    int per_unit_field = l->role_field[ROLE_PER_UNIT], rate_field = l->role_field[ROLE_RATE];
    int64_t rate = decode_value(d, rate_field, record),
            per_unit = per_unit_field < 0 ? 1 : decode_value(d, per_unit_field, record);
    for (int scale = l->fields[rate_field].type == LAYOUT_AMOUNT ? l->fields[rate_field].scale : 6; scale < 6; scale++)
        rate *= 10;
    if (code.length != 3 || rate <= 0 || per_unit <= 0 || per_unit > 1000000) {
        status_fail(r->st, STATUS_INPUT, "\"%s\": rate of \"%.*s\" is not usable: rate %lld, per %lld units", file,
                    VIEW_PRINT(code), (long long)rate, (long long)per_unit);
        return status_hint(r->st, "have the rate file corrected and sent again; then the same command");
    }
    char text[4] = {code.bytes[0], code.bytes[1], code.bytes[2], 0}, day[11];
    int at = rates_find(rates, text), date_field = l->role_field[ROLE_DATE];
    int32_t date = date_field < 0 ? r->business_date : (int32_t)decode_value(d, date_field, record);
    if (date == DATE_NONE) date = r->business_date;
    if (date > r->business_date) return true; /* of a day that is not there yet */
    if (at == 0)
        return (rate == 1000000 * per_unit) ||
               status_fail(r->st, STATUS_INPUT, "\"%s\": the base currency %s has a rate other than 1", file, text);
    if (at > 0 && r->out->origins[at].date == date) {
        date_format(date, day);
        return status_fail(r->st, STATUS_INPUT, "\"%s\": two rates for %s of %s", file, text, day);
    }
    if (at > 0 && r->out->origins[at].date > date) return true;
    if (at < 0 && rates->count == DECODE_CURRENCIES_MAX)
        return status_fail(r->st, STATUS_INPUT, "\"%s\": more than %d currencies", file, DECODE_CURRENCIES_MAX);
    if (at < 0) at = rates->count++;
    memcpy(rates->code[at], text, 4);
    rates->rate[at] = rate;
    rates->per_unit[at] = (int32_t)per_unit;
    r->out->origins[at] = (struct rate_origin){.date = date, .from = arena_dup(r->arena, view_of(file))};
    return true;
}

/* A net asset value, an interest rate. */
static bool add_quote(struct reader *r, enum quote_kind kind, const struct layout *l, const struct decoder *d,
                      const unsigned char *record, const char *file)
{
    int code_field = l->role_field[kind == QUOTE_NAV ? ROLE_FUND : ROLE_PRODUCT], date_field = l->role_field[ROLE_DATE],
        value_field = l->role_field[kind == QUOTE_NAV ? ROLE_NAV : ROLE_RATE],
        currency_field = l->role_field[ROLE_CURRENCY];
    struct view code = decode_text(l, code_field, record), currency = {"", 0};
    struct quote q = {.value = decode_value(d, value_field, record),
                      .scale = l->fields[value_field].type == LAYOUT_AMOUNT ? l->fields[value_field].scale : 6,
                      .date = date_field < 0 ? r->business_date : (int32_t)decode_value(d, date_field, record),
                      .as_of = r->business_date};
    if (currency_field >= 0) currency = decode_text(l, currency_field, record);
    if (q.date == DATE_NONE) q.date = r->business_date;
    if (q.date > r->business_date) return true; /* of a day that is not there yet */
    if (code.length > QUOTE_CODE_MAX || (currency.length && currency.length != 3)) {
        status_fail(r->st, STATUS_INPUT,
                    "\"%s\": \"%.*s\" in \"%.*s\" is no code of up to %d bytes in a currency of three", file,
                    VIEW_PRINT(code), VIEW_PRINT(currency), QUOTE_CODE_MAX);
        return status_hint(r->st, "have the file corrected and sent again; then the same command");
    }
    if (code.length) memcpy(q.code, code.bytes, code.length);
    if (currency.length) memcpy(q.currency, currency.bytes, 3);
    q.from = arena_dup(r->arena, view_of(file));
    return quote_add(r->out->quotes[kind], kind, &q, r->arena, r->st);
}

struct exclusion *reference_add(struct reference *r, unsigned list, struct arena *arena)
{
    bool override = list == REFERENCE_OVERRIDE;
    struct exclusion **entries = override ? &r->overrides : &r->exclusions;
    int *count = override ? &r->overrides_count : &r->exclusions_count,
        *capacity = override ? &r->overrides_capacity : &r->exclusions_capacity;
    if (*count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 256;
        struct exclusion *more = arena_array(arena, struct exclusion, *capacity);
        if (*count) memcpy(more, *entries, (size_t)*count * sizeof *more);
        *entries = more;
    }
    return &(*entries)[(*count)++];
}

static void add_exclusion(struct reader *r, const struct layout *l, const struct decoder *d,
                          const unsigned char *record, const char *file)
{
    int reason_field = l->role_field[ROLE_REASON], expires_field = l->role_field[ROLE_EXPIRES];
    int32_t expires = expires_field < 0 ? DATE_NONE : (int32_t)decode_value(d, expires_field, record);
    if (expires != DATE_NONE && expires < r->business_date) return;
    enum charset charset = l->encoding == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8;
    for (int corporate = 0; corporate < 2; corporate++) {
        char number[IDENTITY_NUMBER_MAX + 8];
        struct view class;
        struct identity_key key;
        size_t n = identity_number(r->unit->identity, charset, decode_text(l, l->role_field[ROLE_ID_TYPE], record),
                                   decode_text(l, l->role_field[ROLE_ID_NO], record), number, &class, &key, corporate);
        if (key.strength == IDENTITY_NEVER) { /* domain 7: it identifies nobody, so it excludes nobody */
            if (!r->out->placeholders++)
                r->out->placeholder = arena_printf(r->arena, "\"%s\": %.*s", file, (int)n, number);
            return;
        }
        *reference_add(r->out, REFERENCE_EXCLUSION, r->arena) = (struct exclusion){
            .key = key.key,
            .strength = key.strength,
            .class = arena_dup(r->arena, class),
            .number = arena_dup(r->arena, (struct view){number, n}),
            .reason = reason_field < 0 ? "" : arena_dup(r->arena, decode_text(l, reason_field, record)),
            .expires = expires};
    }
}

/* Where the record stands that makes the file unusable, and what to do about it. */
static bool refused(struct status *st, const char *file, uint32_t line, size_t offset)
{
    status_while(st, "reading \"%s\" line %u, byte offset %zu", file, line, offset);
    return status_hint(st, "have the rate file corrected and sent again; then the same command");
}

static bool add_record(struct reader *r, const struct layout *l, const struct decoder *d, const unsigned char *record,
                       const char *file)
{
    switch (l->class) {
    case LAYOUT_RATE: return add_rate(r, l, d, record, file);
    case LAYOUT_NAV: return add_quote(r, QUOTE_NAV, l, d, record, file);
    case LAYOUT_INTEREST: return add_quote(r, QUOTE_INTEREST, l, d, record, file);
    default: add_exclusion(r, l, d, record, file); return true;
    }
}

/* Calls for each accepted record of a whole file in memory. */
static bool read_file(struct reader *r, const struct input_file *f)
{
    const struct layout *l = f->layout;
    struct decoder *d = decoder_new(
        &(struct decode_options){.layout = l, .rates = &r->out->rates, .business_date = r->business_date}, r->arena);
    struct buf content;
    uint32_t line_number = 0;
    buf_init(&content, REFERENCE_FILE_MAX);
    bool ok = os_read_file(f->path, &content, r->st);
    for (size_t at = 0; ok && at < content.length;) {
        const char *line = content.bytes + at,
                   *lf = l->line_end == LAYOUT_NO_LINE_END ? NULL : memchr(line, '\n', content.length - at);
        size_t step = lf ? (size_t)(lf - line) + 1
                      : l->line_end == LAYOUT_NO_LINE_END && content.length - at > l->record_length
                          ? l->record_length
                          : content.length - at;
        size_t length = step - (lf != NULL);
        if (l->line_end != LAYOUT_LF && l->line_end != LAYOUT_NO_LINE_END && length && line[length - 1] == '\r')
            length--;
        int field;
        line_number++;
        if (decode_check(d, (const unsigned char *)line, length, &field) < 0)
            ok = add_record(r, l, d, (const unsigned char *)line, f->name) || refused(r->st, f->name, line_number, at);
        at += step;
    }
    buf_release(&content);
    return ok;
}

static int by_key(const void *a, const void *b)
{
    const struct exclusion *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    int c = strcmp(x->class, y->class);
    return c ? c : strcmp(x->number, y->number);
}

static bool read_files(struct reader *r, const struct input_set *inputs)
{
    struct reference *out = r->out;
    for (int i = 0; i < inputs->files_count; i++) {
        const struct input_file *f = &inputs->files[i];
        bool wanted = f->layout->class == LAYOUT_EXCLUSION || (layout_is_reference(f->layout) && !r->without_rates);
        if (wanted && f->layout->class == LAYOUT_NAV) out->came[QUOTE_NAV] = true;
        if (wanted && f->layout->class == LAYOUT_INTEREST) out->came[QUOTE_INTEREST] = true;
        if (wanted && !read_file(r, f)) return status_while(r->st, "reading %s", f->layout->name);
    }
    for (int k = 0; k < QUOTE_KINDS && !r->without_rates; k++)
        if (!quote_seal(out->quotes[k], (enum quote_kind)k, r->st)) return false;
    if (!reference_load_lists(r->unit, r->business_date, r->arena, out, r->st))
        return status_while(r->st, "reading the published lists");
    if (out->exclusions_count) qsort(out->exclusions, (size_t)out->exclusions_count, sizeof *out->exclusions, by_key);
    if (out->overrides_count) qsort(out->overrides, (size_t)out->overrides_count, sizeof *out->overrides, by_key);
    return true;
}

static void take_base(struct reference *out, const struct unit *u, int32_t business_date, struct arena *arena)
{
    *out = (struct reference){.rates = {.count = 1}};
    memcpy(out->rates.code[0], u->base_currency, 4);
    out->rates.rate[0] = 1000000;
    out->rates.per_unit[0] = 1;
    out->origins[0] = (struct rate_origin){.date = business_date, .from = "base currency"};
    for (int k = 0; k < QUOTE_KINDS; k++) out->quotes[k] = arena_new(arena, struct quotes);
    out->rates.navs = out->quotes[QUOTE_NAV];
    out->rates.interest = out->quotes[QUOTE_INTEREST];
}

bool reference_load(const struct unit *u, const struct input_set *inputs, int32_t business_date, struct arena *arena,
                    struct reference *out, struct status *st)
{
    struct reader r = {.unit = u, .arena = arena, .out = out, .business_date = business_date, .st = st};
    take_base(out, u, business_date, arena);
    return read_files(&r, inputs);
}

bool reference_open(const struct unit *u, const struct input_set *inputs, int32_t business_date, const char *folder,
                    struct arena *arena, struct reference *out, struct status *st)
{
    struct reader r = {.unit = u, .arena = arena, .out = out, .business_date = business_date, .st = st};
    bool there;
    take_base(out, u, business_date, arena);
    if (!rates_read(folder, arena, out, &r.without_rates, st)) return false;
    for (int k = 0; k < QUOTE_KINDS; k++)
        if (!quote_read((enum quote_kind)k, folder, arena, out->quotes[k], &there, st)) return false;
    return read_files(&r, inputs);
}

static int find(const struct exclusion *entries, int entries_count, uint64_t key, int *count)
{
    int low = 0, high = entries_count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (entries[middle].key < key)
            low = middle + 1;
        else
            high = middle;
    }
    int end = low;
    while (end < entries_count && entries[end].key == key) end++;
    *count = end - low;
    return low;
}

int reference_exclusions(const struct reference *r, uint64_t key, int *count)
{
    return find(r->exclusions, r->exclusions_count, key, count);
}

int reference_overrides(const struct reference *r, uint64_t key, int *count)
{
    return find(r->overrides, r->overrides_count, key, count);
}
