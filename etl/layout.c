#include "etl/layout.h"

#include "base/conf.h"
#include "base/date.h"

#include <stdio.h>
#include <string.h>

const char *const LAYOUT_CLASS_NAMES[] = {"customer",        "account",         "contact",
                                          "address",         "relation",        "rate",
                                          "exclusion",       "transaction",     "nav",
                                          "interest", /* from here on: change lists of the first five */
                                          "customer_change", "account_change",  "contact_change",
                                          "address_change",  "relation_change", NULL};
const char *const LAYOUT_TYPE_NAMES[] = {"text", "digits", "amount", "date", "code", "currency", "fund", NULL};
const char *const LAYOUT_ROLE_NAMES[] = {
    [ROLE_SOURCE_NO] = "source_no",
    [ROLE_ID_TYPE] = "id_type",
    [ROLE_ID_NO] = "id_no",
    [ROLE_NAME] = "name",
    [ROLE_BIRTH] = "birth",
    [ROLE_CHANGED] = "changed",
    [ROLE_CUSTOMER_TYPE] = "customer_type",
    [ROLE_BRANCH] = "branch",
    [ROLE_ACCOUNT] = "account",
    [ROLE_SUB_ACCOUNT] = "sub_account",
    [ROLE_CURRENCY] = "currency",
    [ROLE_CASH_FLAG] = "cash_flag",
    [ROLE_OWNER_ROLE] = "owner_role",
    [ROLE_SHARE] = "share",
    [ROLE_RATE] = "rate",
    [ROLE_PER_UNIT] = "per_unit",
    [ROLE_DATE] = "date",
    [ROLE_REASON] = "reason",
    [ROLE_EXPIRES] = "expires",
    [ROLE_ACTION] = "action",
    [ROLE_POSTED] = "posted",
    [ROLE_SEQUENCE] = "sequence",
    [ROLE_AMOUNT] = "amount",
    [ROLE_FUND] = "fund",
    [ROLE_NAV] = "nav",
    [ROLE_PRODUCT] = "product",
    [ROLE_COUNT] = NULL,
};

static const char *const LINE_ENDS[] = {"lf", "crlf", "any", "none", NULL};
static const char *const EXPECTS[] = {"one", "many", "optional", NULL};
static const char *const ENCODINGS[] = {"utf-8", "gb18030", NULL};
static const char *const COMPLETES[] = {"none", "trailer", "ctl", "ok", "stable", NULL};
static const char *const SIGNS[] = {"leading", "trailing", "overpunch", "none", NULL};
static const char *const DATE_FORMATS[] = {"yyyymmdd", "yyyy-mm-dd", "yymmdd", "yyyyddd", NULL};
static const uint32_t DATE_LENGTHS[] = {8, 10, 6, 7};
static const char *const KEEPS[] = {"cold", "hot", "drop", NULL};

/* Which roles each class must have and may have (bits by role). */
#define BIT(role) (1u << (role))
static const struct {
    uint32_t needed, allowed;
} CLASS_ROLES[] = {
    [LAYOUT_CUSTOMER] = {BIT(ROLE_SOURCE_NO) | BIT(ROLE_ID_TYPE) | BIT(ROLE_ID_NO),
                         BIT(ROLE_NAME) | BIT(ROLE_BIRTH) | BIT(ROLE_CHANGED) | BIT(ROLE_CUSTOMER_TYPE) |
                             BIT(ROLE_BRANCH)},
    [LAYOUT_ACCOUNT] = {BIT(ROLE_ACCOUNT), BIT(ROLE_SOURCE_NO) | BIT(ROLE_SUB_ACCOUNT) | BIT(ROLE_CURRENCY) |
                                               BIT(ROLE_CASH_FLAG) | BIT(ROLE_BRANCH)},
    [LAYOUT_CONTACT] = {BIT(ROLE_SOURCE_NO), 0},
    [LAYOUT_ADDRESS] = {BIT(ROLE_SOURCE_NO), 0},
    [LAYOUT_RELATION] = {BIT(ROLE_ACCOUNT) | BIT(ROLE_SOURCE_NO),
                         BIT(ROLE_SUB_ACCOUNT) | BIT(ROLE_OWNER_ROLE) | BIT(ROLE_SHARE)},
    [LAYOUT_RATE] = {BIT(ROLE_CURRENCY) | BIT(ROLE_RATE), BIT(ROLE_PER_UNIT) | BIT(ROLE_DATE)},
    [LAYOUT_EXCLUSION] = {BIT(ROLE_ID_TYPE) | BIT(ROLE_ID_NO), BIT(ROLE_REASON) | BIT(ROLE_EXPIRES)},
    [LAYOUT_TRANSACTION] = {BIT(ROLE_ACCOUNT) | BIT(ROLE_POSTED) | BIT(ROLE_AMOUNT),
                            BIT(ROLE_SUB_ACCOUNT) | BIT(ROLE_CURRENCY) | BIT(ROLE_CASH_FLAG) | BIT(ROLE_SEQUENCE)},
    [LAYOUT_NAV] = {BIT(ROLE_FUND) | BIT(ROLE_NAV), BIT(ROLE_CURRENCY) | BIT(ROLE_DATE)},
    [LAYOUT_INTEREST] = {BIT(ROLE_PRODUCT) | BIT(ROLE_RATE), BIT(ROLE_CURRENCY) | BIT(ROLE_DATE)},
};

/* What may happen to a record of each class, in a change list (docs/decisions/007). */
static const char *const ACTIONS[LAYOUT_CLASS_COUNT] = {
    [LAYOUT_CUSTOMER] = "NCDIR", [LAYOUT_ACCOUNT] = "NCXO", [LAYOUT_CONTACT] = "AD",
    [LAYOUT_ADDRESS] = "AD",     [LAYOUT_RELATION] = "AD",
};

struct loader {
    struct conf *conf;
    struct arena *arena;
    struct layout *layout;
    struct status *st;
    const char *key; /* the field being read */
};

static bool field_fail(struct loader *l, const char *format, const char *what)
{
    char message[256];
    snprintf(message, sizeof message, format, what);
    return conf_fail(l->conf, "fields", l->key, l->st, "%s", message);
}

static bool view_number(struct view v, uint32_t maximum, uint32_t *value)
{
    uint64_t n = 0;
    if (v.length == 0 || v.length > 9) return false;
    for (size_t i = 0; i < v.length; i++) {
        if (v.bytes[i] < '0' || v.bytes[i] > '9') return false;
        n = n * 10 + (uint64_t)(v.bytes[i] - '0');
    }
    *value = (uint32_t)n;
    return n <= maximum;
}

static int word_index(const char *const words[], struct view v)
{
    for (int i = 0; words[i]; i++)
        if (view_is(v, words[i])) return i;
    return -1;
}

static int reason_index(struct loader *l, struct view name)
{
    struct layout *layout = l->layout;
    for (int i = 0; i < layout->reasons_count; i++)
        if (view_is(name, layout->reasons[i])) return i;
    layout->reasons[layout->reasons_count] = arena_dup(l->arena, name);
    return layout->reasons_count++;
}

/* "A,B,_" → codes; "_" is the empty code. */
static bool read_codes(struct loader *l, struct layout_field *f, struct view list)
{
    const char **codes = arena_array(l->arena, const char *, LAYOUT_CODES_MAX);
    while (list.length) {
        size_t n = 0;
        while (n < list.length && list.bytes[n] != ',') n++;
        if (f->codes_count == LAYOUT_CODES_MAX) return field_fail(l, "more than 63 values%s", "");
        struct view code = {list.bytes, n};
        if (n == 0 || n > f->length)
            return field_fail(l, "a value is empty or longer than the field%s (write _ for blank)", "");
        codes[f->codes_count++] = view_is(code, "_") ? "" : arena_dup(l->arena, code);
        list.bytes += n + (n < list.length);
        list.length -= n + (n < list.length);
    }
    f->codes = codes;
    return f->codes_count > 0 || field_fail(l, "values= lists nothing%s", "");
}

/* "kind:F,G": the check applies when code field kind is F or G. */
static bool read_when(struct loader *l, struct layout_field *f, struct view text)
{
    size_t colon = 0;
    while (colon < text.length && text.bytes[colon] != ':') colon++;
    char *name = arena_dup(l->arena, (struct view){text.bytes, colon});
    f->when_field = layout_find(l->layout, name);
    if (colon == text.length || f->when_field < 0 || l->layout->fields[f->when_field].type != LAYOUT_CODE)
        return field_fail(l, "when= needs FIELD:VALUE,… with a code field listed before (found \"%s\")", name);
    const struct layout_field *by = &l->layout->fields[f->when_field];
    struct view rest = {text.bytes + colon + 1, text.length - colon - 1};
    while (rest.length) {
        size_t n = 0;
        while (n < rest.length && rest.bytes[n] != ',') n++;
        struct view code = {rest.bytes, n};
        int index = -1;
        for (int i = 0; i < by->codes_count; i++)
            if (view_is(code, by->codes[i]) || (view_is(code, "_") && !by->codes[i][0])) index = i;
        if (index < 0)
            return field_fail(l, "when= names \"%s\", which is not among the field's values",
                              arena_dup(l->arena, code));
        f->when_codes |= UINT64_C(1) << index;
        rest.bytes += n + (n < rest.length);
        rest.length -= n + (n < rest.length);
    }
    return f->when_codes != 0 || field_fail(l, "when= lists no value%s", "");
}

static bool read_day(struct loader *l, struct view value, int32_t *day, bool *business_date)
{
    if (business_date && view_is(value, "business_date")) return *business_date = true;
    return date_parse(value, day) || field_fail(l, "\"%s\" is not a day (YYYY-MM-DD)", arena_dup(l->arena, value));
}

/* Which types an option says something about. An option that would be ignored is refused: a scale that nobody reads
 * moves the decimal point. A currency is never conditional or optional: what is none would count as the base currency.
 * */
#define TYPE(type) (1u << (type))
static const struct {
    const char *name;
    uint32_t types;
} OPTION_TYPES[] = {
    {"required", TYPE(LAYOUT_TEXT)},
    {"optional", TYPE(LAYOUT_TEXT) | TYPE(LAYOUT_DIGITS) | TYPE(LAYOUT_AMOUNT) | TYPE(LAYOUT_DATE) | TYPE(LAYOUT_CODE)},
    {"scale", TYPE(LAYOUT_AMOUNT)},
    {"sign", TYPE(LAYOUT_AMOUNT)},
    {"format", TYPE(LAYOUT_DATE)},
    {"pivot", TYPE(LAYOUT_DATE)},
    {"zero", TYPE(LAYOUT_DATE)},
    {"from", TYPE(LAYOUT_DATE)},
    {"to", TYPE(LAYOUT_DATE)},
    {"values", TYPE(LAYOUT_CODE)},
    {"when", TYPE(LAYOUT_DIGITS) | TYPE(LAYOUT_AMOUNT) | TYPE(LAYOUT_DATE) | TYPE(LAYOUT_CODE)},
    {"else", TYPE(LAYOUT_DIGITS) | TYPE(LAYOUT_AMOUNT) | TYPE(LAYOUT_DATE) | TYPE(LAYOUT_CODE)},
    {"value", TYPE(LAYOUT_AMOUNT) | TYPE(LAYOUT_DATE)},
};

/* Roles whose value is computed with: a change date that is no date would silently decide nothing. Others may be any
 * type. */
static const uint32_t ROLE_TYPES[ROLE_COUNT] = {
    [ROLE_DATE] = TYPE(LAYOUT_DATE),
    [ROLE_BIRTH] = TYPE(LAYOUT_DATE),
    [ROLE_CHANGED] = TYPE(LAYOUT_DATE),
    [ROLE_EXPIRES] = TYPE(LAYOUT_DATE),
    [ROLE_RATE] = TYPE(LAYOUT_AMOUNT) | TYPE(LAYOUT_DIGITS),
    [ROLE_PER_UNIT] = TYPE(LAYOUT_DIGITS),
    [ROLE_SHARE] = TYPE(LAYOUT_AMOUNT) | TYPE(LAYOUT_DIGITS),
    [ROLE_FUND] = TYPE(LAYOUT_TEXT),
    [ROLE_PRODUCT] = TYPE(LAYOUT_TEXT),
    [ROLE_NAV] = TYPE(LAYOUT_AMOUNT),
};

enum { ROLE_SCALE_MAX = 6 }; /* rates and shares are kept in millionths */

static bool role_fits(struct loader *l, const struct layout_field *f)
{
    char message[128];
    uint32_t types = ROLE_TYPES[f->role];
    /* As a text the currency would not reach the rows: everything would count as the base currency. */
    if (f->role == ROLE_CURRENCY && l->layout->class == LAYOUT_ACCOUNT) types = TYPE(LAYOUT_CURRENCY);
    if (types && !(types & TYPE(f->type))) {
        snprintf(message, sizeof message, "a field with the role %s is not of type %s", LAYOUT_ROLE_NAMES[f->role],
                 LAYOUT_TYPE_NAMES[f->type]);
        return field_fail(l, "%s", message);
    }
    bool millionths = f->role == ROLE_RATE || f->role == ROLE_SHARE;
    if (millionths && f->type == LAYOUT_AMOUNT && f->scale > ROLE_SCALE_MAX)
        return field_fail(l, "%s: at most scale=6", LAYOUT_ROLE_NAMES[f->role]);
    return true;
}

static bool option_fits(struct loader *l, const struct layout_field *f, struct view name)
{
    for (size_t i = 0; i < sizeof OPTION_TYPES / sizeof OPTION_TYPES[0]; i++)
        if (view_is(name, OPTION_TYPES[i].name) && !(OPTION_TYPES[i].types & TYPE(f->type)))
            return conf_fail(l->conf, "fields", l->key, l->st, "%s says nothing about a field of type %s",
                             OPTION_TYPES[i].name, LAYOUT_TYPE_NAMES[f->type]);
    return true;
}

/* A field listed before, of that type. */
static bool field_of_type(struct loader *l, struct view name, enum layout_type type, int *field)
{
    char *shown = arena_dup(l->arena, name);
    *field = layout_find(l->layout, shown);
    if (*field >= 0 && l->layout->fields[*field].type == type && !l->layout->fields[*field].computed) return true;
    return field_fail(l,
                      type == LAYOUT_FUND ? "value= needs a field of type fund listed before (found \"%s\")"
                                          : "value= needs an amount of shares listed before (found \"%s\")",
                      shown);
}

/* "shares*fund", "nav(fund)", "nav_date(fund)": a field without bytes. */
static bool read_value(struct loader *l, struct layout_field *f, struct view text)
{
    static const struct {
        const char *head;
        enum layout_computed computed;
        enum layout_type type;
    } FORMS[] = {{"nav(", LAYOUT_NAV_OF, LAYOUT_AMOUNT}, {"nav_date(", LAYOUT_NAV_DATE, LAYOUT_DATE}};
    char *shown = arena_dup(l->arena, text);
    const char *star = memchr(text.bytes, '*', text.length);
    if (f->length) return field_fail(l, "a field with value= has no bytes: write 0 0 before its type%s", "");
    if (l->layout->class != LAYOUT_ACCOUNT) return field_fail(l, "value= is of accounts only%s", "");
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(FORMS[i].head);
        if (text.length < n + 2 || memcmp(text.bytes, FORMS[i].head, n) != 0 || text.bytes[text.length - 1] != ')')
            continue;
        if (f->type != FORMS[i].type) return field_fail(l, "\"%s\" gives another type", shown);
        f->computed = FORMS[i].computed;
        return field_of_type(l, (struct view){text.bytes + n, text.length - n - 1}, LAYOUT_FUND, &f->fund_field);
    }
    if (!star || f->type != LAYOUT_AMOUNT)
        return field_fail(l, "value=%s: SHARES*FUND or nav(FUND) for an amount, nav_date(FUND) for a date", shown);
    if (layout_value_field(l->layout) >= 0) return field_fail(l, "one field is shares times NAV already%s", "");
    f->computed = LAYOUT_VALUE;
    size_t n = (size_t)(star - text.bytes);
    return field_of_type(l, (struct view){text.bytes, n}, LAYOUT_AMOUNT, &f->shares_field) &&
           field_of_type(l, (struct view){star + 1, text.length - n - 1}, LAYOUT_FUND, &f->fund_field);
}

/* One option word of a field line. */
static bool read_option(struct loader *l, struct layout_field *f, struct view word)
{
    size_t n = 0;
    while (n < word.length && word.bytes[n] != '=') n++;
    struct view name = {word.bytes, n}, value = {word.bytes + n + 1, word.length - n - 1};
    char *shown = arena_dup(l->arena, word);
    if (!option_fits(l, f, name)) return false;
    if (view_is(word, "required")) return f->required = true;
    if (view_is(word, "optional")) return f->optional = true;
    if (n == word.length) return field_fail(l, "unknown option \"%s\"", shown);
    int index;
    uint32_t number;
    if (view_is(name, "scale"))
        return view_number(value, 9, &number) ? (f->scale = (int)number, true) : field_fail(l, "\"%s\": 0 to 9", shown);
    if (view_is(name, "pivot"))
        return view_number(value, 99, &number) ? (f->pivot = (int)number, true)
                                               : field_fail(l, "\"%s\": 0 to 99", shown);
    if (view_is(name, "sign"))
        return (index = word_index(SIGNS, value)) >= 0
                   ? (f->sign = (enum layout_sign)index, true)
                   : field_fail(l, "\"%s\": leading, trailing, overpunch or none", shown);
    if (view_is(name, "format"))
        return (index = word_index(DATE_FORMATS, value)) >= 0
                   ? (f->date_format = (enum layout_date_format)index, true)
                   : field_fail(l, "\"%s\": yyyymmdd, yyyy-mm-dd, yymmdd or yyyyddd", shown);
    if (view_is(name, "keep"))
        return (index = word_index(KEEPS, value)) >= 0 ? (f->keep = (enum layout_keep)index, true)
                                                       : field_fail(l, "\"%s\": hot, cold or drop", shown);
    if (view_is(name, "role"))
        return (index = word_index(LAYOUT_ROLE_NAMES, value)) >= 0 ? (f->role = (enum layout_role)index, true)
                                                                   : field_fail(l, "\"%s\": no such role", shown);
    if (view_is(name, "zero"))
        return view_is(value, "none") ? (f->zero_is_none = true) : field_fail(l, "\"%s\": only zero=none", shown);
    if (view_is(name, "else"))
        return view_is(value, "any") ? (f->else_any = true) : field_fail(l, "\"%s\": only else=any", shown);
    if (view_is(name, "data"))
        return value.length == 2 && value.bytes[0] == 'C' && value.bytes[1] >= '1' && value.bytes[1] <= '3'
                   ? (f->data_class = value.bytes[1] - '0', true)
                   : field_fail(l, "\"%s\": C1, C2 or C3", shown);
    if (view_is(name, "reason")) {
        if (value.length == 0 || value.length > LAYOUT_REASON_LENGTH_MAX)
            return field_fail(l, "\"%s\": 1 to 8 characters", shown);
        f->reason = reason_index(l, value);
        return true;
    }
    if (view_is(name, "values")) return read_codes(l, f, value);
    if (view_is(name, "value")) return read_value(l, f, value);
    if (view_is(name, "when")) return read_when(l, f, value);
    if (view_is(name, "from")) return read_day(l, value, &f->from, NULL);
    if (view_is(name, "to")) return read_day(l, value, &f->to, &f->to_business_date);
    return field_fail(l, "unknown option \"%s\"", shown);
}

static bool lists_blank(const struct layout_field *f)
{
    for (int i = 0; i < f->codes_count; i++)
        if (!f->codes[i][0]) return true;
    return false;
}

/* A field that is computed from others: what it is computed from is needed every night, so it is kept hot as well. */
static bool check_computed(struct loader *l, const struct layout_field *f)
{
    const struct layout_field *of = l->layout->fields;
    if (f->optional || f->zero_is_none || f->when_field >= 0 || f->from != DATE_NONE || f->to != DATE_NONE ||
        f->to_business_date)
        return field_fail(l, "a field with value= is not checked: only scale, data, keep and reason say something%s",
                          "");
    if (f->computed != LAYOUT_VALUE)
        return f->keep != LAYOUT_KEEP_HOT ||
               field_fail(l, "a net asset value is not kept hot%s: it is the night's", "");
    if (f->keep != LAYOUT_KEEP_HOT || of[f->shares_field].keep != LAYOUT_KEEP_HOT ||
        of[f->fund_field].keep != LAYOUT_KEEP_HOT)
        return field_fail(l, "shares, fund and their product are revalued every night: all three need keep=hot%s", "");
    return true;
}

static bool check_field(struct loader *l, struct layout_field *f)
{
    if (f->computed) return check_computed(l, f);
    if (f->type == LAYOUT_DATE && f->length != DATE_LENGTHS[f->date_format])
        return field_fail(l, "the length does not fit the date format %s", DATE_FORMATS[f->date_format]);
    if (f->from != DATE_NONE && f->to != DATE_NONE && f->from > f->to)
        return field_fail(l, "no day lies between from= and to=%s", "");
    if (f->type == LAYOUT_DIGITS && f->length > 18) return field_fail(l, "digits: at most 18 bytes%s", "");
    if (f->type == LAYOUT_AMOUNT) {
        uint32_t sign_bytes = f->sign == LAYOUT_SIGN_LEADING || f->sign == LAYOUT_SIGN_TRAILING;
        if (f->length <= sign_bytes || f->length - sign_bytes > 18)
            return field_fail(l, "amount: 1 to 18 digits%s", "");
    }
    if (f->type == LAYOUT_CODE && f->codes_count == 0) return field_fail(l, "code: values= is missing%s", "");
    if (f->type == LAYOUT_CODE && f->length > LAYOUT_CODE_LENGTH_MAX)
        return field_fail(l, "code: at most 8 bytes%s", "");
    if (f->type == LAYOUT_CURRENCY && f->length != 3) return field_fail(l, "currency: 3 bytes%s", "");
    if (f->type == LAYOUT_FUND && f->length > LAYOUT_FUND_LENGTH_MAX)
        return field_fail(l, "fund: at most 16 bytes%s", "");
    if (f->data_class == 3 && f->keep == LAYOUT_KEEP_HOT) return field_fail(l, "a C3 field is never kept hot%s", "");
    if (f->type == LAYOUT_CODE && (f->optional || f->when_field >= 0) && !lists_blank(f))
        return field_fail(
            l, "a code that may be blank needs _ among its values%s: blank would read as the first of them", "");
    return true;
}

/* "0 22 text required reason=ACCT" */
static bool read_field(struct loader *l, const char *value)
{
    struct layout *layout = l->layout;
    struct layout_field *f = &layout->fields[layout->fields_count];
    struct view rest = view_of(value), offset = view_word(&rest), length = view_word(&rest), type = view_word(&rest);
    *f = (struct layout_field){.name = arena_dup(l->arena, view_of(l->key)),
                               .role = ROLE_NONE,
                               .scale = 2,
                               .pivot = 50,
                               .data_class = 1,
                               .from = DATE_NONE,
                               .to = DATE_NONE,
                               .when_field = -1,
                               .reason = -1};
    int kind = word_index(LAYOUT_TYPE_NAMES, type);
    bool is_computed = strstr(value, " value=") != NULL;
    if (!view_number(offset, LAYOUT_RECORD_MAX, &f->offset) || !view_number(length, LAYOUT_RECORD_MAX, &f->length) ||
        (f->length == 0 && !is_computed))
        return field_fail(l, "expected OFFSET LENGTH TYPE [options], found \"%s\"", value);
    if (kind < 0)
        return field_fail(l, "unknown type in \"%s\": text, digits, amount, date, code, currency or fund", value);
    f->type = (enum layout_type)kind;
    if (f->offset + f->length > layout->record_length)
        return field_fail(l, "\"%s\" reaches past the end of the record", value);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest))
        if (!read_option(l, f, word)) return false;
    if (f->reason < 0) {
        char upper[LAYOUT_REASON_LENGTH_MAX + 1] = {0};
        for (int i = 0; i < LAYOUT_REASON_LENGTH_MAX && f->name[i]; i++)
            upper[i] = (char)(f->name[i] >= 'a' && f->name[i] <= 'z' ? f->name[i] - 32 : f->name[i]);
        f->reason = reason_index(l, view_of(upper));
    }
    if (f->role == ROLE_NONE) {
        int role = word_index(LAYOUT_ROLE_NAMES, view_of(f->name));
        uint32_t fits = CLASS_ROLES[layout->class].needed | CLASS_ROLES[layout->class].allowed |
                        (layout->change ? BIT(ROLE_ACTION) : 0);
        if (role >= 0 && (fits & BIT(role))) f->role = (enum layout_role)role;
    }
    if (f->role != ROLE_NONE) {
        if (!role_fits(l, f)) return false;
        if (layout->role_field[f->role] >= 0)
            return field_fail(l, "the role %s is taken already", LAYOUT_ROLE_NAMES[f->role]);
        layout->role_field[f->role] = layout->fields_count;
    }
    layout->fields_count++;
    return check_field(l, f);
}

/* What a change list says of a record, in the letters of its class. */
static bool check_action(struct loader *l)
{
    struct layout *layout = l->layout;
    if (!layout->change) return true;
    int field = layout->role_field[ROLE_ACTION];
    const char *letters = ACTIONS[layout->class];
    if (field < 0) return true; /* every record is the image after a change; such a list closes nothing */
    if (layout->fields[field].type != LAYOUT_CODE) {
        conf_fail(l->conf, "fields", NULL, l->st, "a change list says what happened in a code field with role action");
        return status_hint(l->st, "write, for example: action = OFFSET 1 code values=%c,%c reason=ACTION", letters[0],
                           letters[1]);
    }
    const struct layout_field *f = &layout->fields[field];
    for (int i = 0; i < f->codes_count; i++)
        if (strlen(f->codes[i]) != 1 || !strchr(letters, f->codes[i][0]))
            return conf_fail(l->conf, "fields", f->name, l->st, "\"%s\" is no action of class %s: one of %s",
                             f->codes[i], layout_class_name(layout), letters);
    return true;
}

static bool read_fields(struct loader *l)
{
    struct layout *layout = l->layout;
    layout->fields = arena_array(l->arena, struct layout_field, LAYOUT_FIELDS_MAX);
    layout->reasons = arena_array(l->arena, const char *, LAYOUT_FIELDS_MAX + 1);
    for (int r = 0; r < ROLE_COUNT; r++) layout->role_field[r] = -1;
    const char *length_reason = conf_get(l->conf, "layout", "length_reason");
    reason_index(l, view_of(length_reason ? length_reason : "LEN"));
    const char *key;
    int hot = 0, hot_amounts = 0;
    for (int i = 0; (key = conf_key(l->conf, "fields", i)); i++) {
        l->key = key;
        if (i == LAYOUT_FIELDS_MAX) return field_fail(l, "more than 200 fields%s", "");
        if (strlen(key) > LAYOUT_NAME_MAX) return field_fail(l, "a field's name has at most 50 bytes%s", "");
        if (!read_field(l, conf_get(l->conf, "fields", key))) return false;
        const struct layout_field *f = &layout->fields[i];
        hot += f->keep == LAYOUT_KEEP_HOT;
        hot_amounts += f->keep == LAYOUT_KEEP_HOT && f->type == LAYOUT_AMOUNT;
        if (hot > LAYOUT_HOT_MAX || hot_amounts > LAYOUT_HOT_AMOUNTS_MAX)
            return field_fail(l, "at most 60 fields are kept hot, 16 amounts among them%s", "");
    }
    for (int r = 0; r < ROLE_COUNT; r++)
        if ((CLASS_ROLES[layout->class].needed & BIT(r)) && layout->role_field[r] < 0) {
            conf_fail(l->conf, "fields", NULL, l->st, "a layout of class %s needs a field with role %s",
                      LAYOUT_CLASS_NAMES[layout->class], LAYOUT_ROLE_NAMES[r]);
            return status_hint(l->st, "name the field %s or give it role=%s", LAYOUT_ROLE_NAMES[r],
                               LAYOUT_ROLE_NAMES[r]);
        }
    return check_action(l);
}

/* "3 10" → offset and length inside the record */
static bool read_place(struct loader *l, const char *section, const char *key, uint32_t *offset, uint32_t *length)
{
    const char *value = conf_get(l->conf, section, key);
    if (!value) return true;
    struct view rest = view_of(value), first = view_word(&rest), second = view_word(&rest);
    if (!view_number(first, LAYOUT_RECORD_MAX, offset) || !view_number(second, 30, length) || *length == 0 ||
        *offset + *length > l->layout->record_length)
        return conf_fail(l->conf, section, key, l->st, "expected OFFSET LENGTH inside the record, found \"%s\"", value);
    return true;
}

static bool read_mark(struct loader *l, const char *section, struct layout_mark *m)
{
    m->sum_field = -1;
    if (!conf_has_section(l->conf, section)) return true;
    const char *match;
    if (!conf_need(l->conf, section, "match", &match, l->st)) return false;
    struct view rest = view_of(match), offset = view_word(&rest), text = view_trim(rest);
    if (!view_number(offset, l->layout->record_length, &m->match_offset) || text.length == 0 ||
        m->match_offset + text.length > l->layout->record_length)
        return conf_fail(l->conf, section, "match", l->st, "expected OFFSET TEXT, found \"%s\"", match);
    m->present = true;
    m->match = arena_dup(l->arena, text);
    if (!read_place(l, section, "date", &m->date_offset, &m->date_length) ||
        !read_place(l, section, "unit", &m->unit_offset, &m->unit_length) ||
        !read_place(l, section, "records", &m->records_offset, &m->records_length))
        return false;
    const char *key;
    for (int i = 0; (key = conf_key(l->conf, section, i)); i++) {
        if (strncmp(key, "sum.", 4) !=
            0) { /* walking over the keys counts them as used: a misspelt check would be no check */
            static const char *const KEYS[] = {"match", "date", "unit", "records", NULL};
            if (word_index(KEYS, view_of(key)) < 0)
                return conf_fail(l->conf, section, key, l->st, "unknown key: match, date, unit, records or sum.FIELD");
            continue;
        }
        if (strcmp(section, "trailer") != 0)
            return conf_fail(l->conf, section, key, l->st, "sums are checked against the trailer");
        if (m->sum_field >= 0)
            return conf_fail(l->conf, section, key, l->st, "one sum.FIELD is checked, sum.%s is listed already",
                             l->layout->fields[m->sum_field].name);
        m->sum_field = layout_find(l->layout, key + 4);
        if (m->sum_field < 0 || l->layout->fields[m->sum_field].type != LAYOUT_AMOUNT)
            return conf_fail(l->conf, section, key, l->st, "sum.FIELD needs an amount field");
        if (!read_place(l, section, key, &m->sum_offset, &m->sum_length)) return false;
    }
    return true;
}

static bool read_complete(struct loader *l)
{
    struct layout *layout = l->layout;
    const char *value = conf_get(l->conf, "layout", "complete");
    if (!value) return true;
    struct view rest = view_of(value), word = view_word(&rest);
    int index = word_index(COMPLETES, word);
    uint32_t seconds = 0;
    if (index < 0 || (index == LAYOUT_COMPLETE_STABLE && !view_number(view_trim(rest), 86400, &seconds)))
        return conf_fail(l->conf, "layout", "complete", l->st, "\"%s\": none, trailer, ctl, ok or stable SECONDS",
                         value);
    layout->complete = (enum layout_complete)index;
    layout->stable_seconds = (int)seconds;
    if (index == LAYOUT_COMPLETE_TRAILER && !layout->trailer.present)
        return conf_fail(l->conf, "layout", "complete", l->st, "complete = trailer needs a section [trailer]");
    return true;
}

static bool read_head(struct loader *l, const char *name)
{
    struct layout *layout = l->layout;
    struct conf *c = l->conf;
    const char *own_name, *files;
    int64_t length;
    int class, line_end, expect, encoding;
    if (!conf_need(c, "layout", "name", &own_name, l->st) || !conf_need(c, "layout", "files", &files, l->st) ||
        !conf_choice(c, "layout", "class", LAYOUT_CLASS_NAMES, -1, &class, l->st) ||
        !conf_choice(c, "layout", "line_end", LINE_ENDS, LAYOUT_LF, &line_end, l->st) ||
        !conf_choice(c, "layout", "expect", EXPECTS, LAYOUT_EXPECT_ONE, &expect, l->st) ||
        !conf_choice(c, "layout", "encoding", ENCODINGS, LAYOUT_UTF8, &encoding, l->st) ||
        !conf_integer(c, "layout", "record_length", 1, LAYOUT_RECORD_MAX, -1, &length, l->st))
        return false;
    if (strcmp(own_name, name) != 0)
        return conf_fail(c, "layout", "name", l->st, "the file is %s.ini, but the layout calls itself \"%s\"", name,
                         own_name);
    if (class < 0 || length < 0) return conf_fail(c, "layout", NULL, l->st, "class and record_length are needed");
    layout->name = arena_dup(l->arena, view_of(name));
    layout->change = class >= LAYOUT_CLASS_COUNT;
    layout->class = (enum layout_class)(layout->change ? class - LAYOUT_CLASS_COUNT : class);
    if (layout->change || layout->class == LAYOUT_TRANSACTION) {
        const char *of;
        if (!conf_need(c, "layout", "of", &of, l->st)) return false;
        layout->of = arena_dup(l->arena, view_of(of));
    }
    const char *ledger = layout->class == LAYOUT_TRANSACTION ? conf_get(c, "layout", "ledger") : NULL;
    if (ledger) layout->ledger = arena_dup(l->arena, view_of(ledger));
    layout->line_end = (enum layout_line_end)line_end;
    layout->expect = (enum layout_expect)expect;
    layout->encoding = (enum layout_encoding)encoding;
    layout->record_length = (uint32_t)length;
    struct view rest = view_of(files);
    for (struct view word = view_word(&rest); word.length; word = view_word(&rest)) {
        if (layout->patterns_count == LAYOUT_PATTERNS_MAX)
            return conf_fail(c, "layout", "files", l->st, "more than 8 patterns");
        layout->patterns[layout->patterns_count++] = arena_dup(l->arena, word);
    }
    if (!layout_is_reference(layout)) {
        const char *system;
        if (!conf_need(c, "layout", "system", &system, l->st)) return false;
        layout->system = arena_dup(l->arena, view_of(system));
    }
    int64_t limit = layout->class == LAYOUT_CUSTOMER ? 1000 : layout->class == LAYOUT_ACCOUNT ? 100 : 0;
    return conf_share_ppm(c, "layout", "reject_limit", limit, &layout->reject_limit_ppm, l->st);
}

bool layout_load(const char *path, const char *name, struct arena *arena, struct layout **out, struct status *st)
{
    struct loader l = {.arena = arena, .st = st};
    l.conf = conf_open(path, st);
    if (!l.conf) return status_while(st, "reading layout %s", name);
    l.layout = arena_new(arena, struct layout);
    bool ok = read_head(&l, name) && read_fields(&l) && read_mark(&l, "header", &l.layout->header) &&
              read_mark(&l, "trailer", &l.layout->trailer) && read_complete(&l) && conf_check_all_used(l.conf, st);
    conf_close(l.conf);
    if (!ok) {
        status_hint(st, "correct the layout, then: crmx layout check %s", name);
        return status_while(st, "reading layout %s", name);
    }
    *out = l.layout;
    return true;
}

const char *layout_class_name(const struct layout *l)
{
    return LAYOUT_CLASS_NAMES[l->change ? LAYOUT_CLASS_COUNT + (int)l->class : (int)l->class];
}

int layout_find(const struct layout *l, const char *field)
{
    for (int i = 0; i < l->fields_count; i++)
        if (strcmp(l->fields[i].name, field) == 0) return i;
    return -1;
}

bool layout_is_reference(const struct layout *l)
{
    return l->class == LAYOUT_RATE || l->class == LAYOUT_EXCLUSION || l->class == LAYOUT_NAV ||
           l->class == LAYOUT_INTEREST;
}

int layout_value_field(const struct layout *l)
{
    for (int i = 0; i < l->fields_count; i++)
        if (l->fields[i].computed == LAYOUT_VALUE) return i;
    return -1;
}

uint32_t layout_stride(const struct layout *l)
{
    return l->record_length + (l->line_end == LAYOUT_NO_LINE_END ? 0 : l->line_end == LAYOUT_CRLF ? 2 : 1);
}
