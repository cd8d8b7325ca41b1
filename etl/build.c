#include "etl/build.h"

#include "base/date.h"
#include "scoring/words.h"

#include <stdio.h>
#include <string.h>

struct build_field {
    const struct output_field *f;
    int index[CUSTOMER_TYPES]; /* measure or result in each formula, -1: none */
    int *field_of;             /* FIELD: per layout of the unit, -1: it has none */
};

struct build {
    const struct output *output;
    struct build_context context;
    struct build_field *fields;
    bool needs_record;
};

struct build_tool {
    struct charset_converter *converter[2][2]; /* [from][to] */
    struct buf text;
};

/* A code is no number, a date no number of days, an amount no date. */
static bool check_value(const struct output *o, const struct output_field *f, const struct formula *formula, int index,
                        struct status *st)
{
    bool measure = f->source == SOURCE_MEASURE;
    enum value_type type = measure ? formula_measure_type(formula, index) : formula_result_type(formula, index);
    const char *kind = measure ? "measure" : "result";
    if (type == VALUE_CODE ? f->type == OUTPUT_TEXT : (type == VALUE_DATE) == (f->type == OUTPUT_DATE)) return true;
    status_fail(st, STATUS_USAGE, "output %s, field %s: %s.%s is %s, it goes into %s", o->name, f->name, kind,
                f->source_name,
                type == VALUE_CODE   ? "a code"
                : type == VALUE_DATE ? "a date"
                                     : value_type_name(type),
                type == VALUE_CODE   ? "a text"
                : type == VALUE_DATE ? "a date"
                                     : "no date");
    if (type != VALUE_CODE && type != VALUE_DATE)
        return status_hint(st, "write it as an amount, digits or a text in outputs/%s.ini", o->name);
    return status_hint(st, "write %s = %u %s %s.%s in outputs/%s.ini", f->name, type == VALUE_DATE ? 8u : f->length,
                       type == VALUE_DATE ? "date" : "text", kind, f->source_name, o->name);
}

static bool resolve(struct build *b, struct build_field *bf, struct arena *arena, struct status *st)
{
    const struct output_field *f = bf->f;
    const struct unit *u = b->context.unit;
    bool found = false;
    switch (f->source) {
    case SOURCE_MEASURE:
    case SOURCE_RESULT:
        for (int t = 0; t < CUSTOMER_TYPES; t++) {
            const struct formula *formula = b->context.cards->of[t].formula;
            bf->index[t] = !formula                      ? -1
                           : f->source == SOURCE_MEASURE ? formula_measure_find(formula, f->source_name)
                                                         : formula_result_find(formula, f->source_name);
            found |= bf->index[t] >= 0;
            if (bf->index[t] >= 0 && !check_value(b->output, f, formula, bf->index[t], st)) return false;
        }
        break;
    case SOURCE_FIELD:
        bf->field_of = arena_array(arena, int, u->layouts_count);
        for (int i = 0; i < u->layouts_count; i++) {
            bf->field_of[i] = layout_find(u->layouts[i], f->source_name);
            if (bf->field_of[i] >= 0 && u->layouts[i]->fields[bf->field_of[i]].computed &&
                (f->type == OUTPUT_TEXT || f->type == OUTPUT_RAW)) {
                status_fail(st, STATUS_USAGE, "output %s, field %s: %s of %s is computed, there are no bytes of it",
                            b->output->name, f->name, f->source_name, u->layouts[i]->name);
                return status_hint(st, "write it as an amount or a date in outputs/%s.ini", b->output->name);
            }
            if (bf->field_of[i] < 0) continue;
            if (u->layouts[i]->fields[bf->field_of[i]].data_class == 3)
                return status_fail(st, STATUS_USAGE,
                                   "output %s, field %s: %s of layout %s is of data class C3 and never sent",
                                   b->output->name, f->name, f->source_name, u->layouts[i]->name);
            found = true;
        }
        b->needs_record = true;
        break;
    case SOURCE_ID_TYPE:
    case SOURCE_ID_KEY:
        if (b->output->rows != OUTPUT_CUSTOMER && b->output->rows != OUTPUT_OTHERS)
            return status_fail(st, STATUS_USAGE, "output %s, field %s: only rows = customer and others know an ID",
                               b->output->name, f->name);
        b->needs_record = true;
        return true;
    case SOURCE_REASON:
        if (f->source_name[0] >= '1' && f->source_name[0] <= '0' + SCORECARD_REASONS && !f->source_name[1] &&
            (f->type == OUTPUT_DIGITS || f->type == OUTPUT_TEXT))
            return true;
        status_fail(st, STATUS_USAGE, "output %s, field %s: reason.%s is no reason code", b->output->name, f->name,
                    f->source_name);
        return status_hint(st, "reason.1 to reason.%d, as digits (the number of the term) or text (its first measure)",
                           SCORECARD_REASONS);
    case SOURCE_RECORD: b->needs_record = true; return true;
    default: return true;
    }
    if (found) return true;
    status_fail(st, STATUS_USAGE, "output %s, field %s: nobody has a %s \"%s\"", b->output->name, f->name,
                f->source == SOURCE_FIELD     ? "field"
                : f->source == SOURCE_MEASURE ? "measure"
                                              : "result",
                f->source_name);
    return status_hint(st, "compare outputs/%s.ini with the formulas and layouts of unit %s", b->output->name, u->id);
}

struct build *build_new(const struct output *o, const struct build_context *context, struct arena *arena,
                        struct status *st)
{
    struct build *b = arena_new(arena, struct build);
    b->output = o;
    b->context = *context;
    b->fields = arena_array(arena, struct build_field, o->fields_count);
    for (int i = 0; i < o->fields_count; i++) {
        b->fields[i] = (struct build_field){.f = &o->fields[i], .index = {-1, -1}};
        if (!resolve(b, &b->fields[i], arena, st)) return NULL;
    }
    return b;
}

bool build_needs_record(const struct build *b)
{
    return b->needs_record;
}

struct build_tool *build_tool_new(void)
{
    struct build_tool *t = calloc(1, sizeof *t);
    ensure(t);
    t->converter[CHARSET_GB18030][CHARSET_UTF8] = charset_open(CHARSET_GB18030, CHARSET_UTF8);
    t->converter[CHARSET_UTF8][CHARSET_GB18030] = charset_open(CHARSET_UTF8, CHARSET_GB18030);
    buf_init(&t->text, 1 << 20);
    return t;
}

void build_tool_free(struct build_tool *t)
{
    if (!t) return;
    charset_close(t->converter[CHARSET_GB18030][CHARSET_UTF8]);
    charset_close(t->converter[CHARSET_UTF8][CHARSET_GB18030]);
    buf_release(&t->text);
    free(t);
}

/* --- values into bytes --- */

static const char PAIRS[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
    "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
    "99";

/* True when the value fits n digits. */
static bool put_digits(char *out, uint32_t n, uint64_t value)
{
    for (; n >= 2 && value; n -= 2, value /= 100) memcpy(out + n - 2, PAIRS + value % 100 * 2, 2);
    if (n && value) {
        out[--n] = (char)('0' + value % 10);
        value /= 10;
    }
    memset(out, '0', n);
    return value == 0;
}

static bool put_amount(char *out, uint32_t n, int64_t value)
{
    out[0] = value < 0 ? '-' : '+';
    return put_digits(out + 1, n - 1, value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value);
}

/* Half away from zero; false on overflow. */
static bool rescale(int64_t *value, int from, int to)
{
    for (; from < to; from++)
        if (__builtin_mul_overflow(*value, 10, value)) return false;
    int64_t divisor = 1;
    for (; from > to; from--) divisor *= 10;
    if (divisor > 1) {
        int64_t rest = *value % divisor, half = divisor / 2;
        *value /= divisor;
        if (rest >= half)
            ++*value;
        else if (rest <= -half)
            --*value;
    }
    return true;
}

static void put_text(char *out, uint32_t n, struct view text, enum charset charset)
{
    size_t k = charset_prefix(charset, text, n);
    if (k) memcpy(out, text.bytes, k);
    memset(out + k, ' ', n - k);
}

static enum charset charset_of(enum layout_encoding e)
{
    return e == LAYOUT_GB18030 ? CHARSET_GB18030 : CHARSET_UTF8;
}

/* Source text in the encoding of the output. What cannot be said in it becomes ? (UTF-8 to GB18030 loses nothing). */
static struct view in_output_charset(const struct build *b, struct build_tool *tool, struct view text,
                                     enum charset from)
{
    enum charset to = charset_of(b->output->encoding);
    if (from == to) return text;
    uint32_t malformed = 0;
    buf_clear(&tool->text);
    charset_convert(tool->converter[from][to], text, "?", &tool->text, &malformed);
    return tool->text.bytes ? buf_view(&tool->text) : VIEW_LITERAL("");
}

static bool put_value(const struct output_field *f, char *out, int64_t value, int scale)
{
    switch (f->type) {
    case OUTPUT_DIGITS: return value >= 0 && put_digits(out, f->length, (uint64_t)value);
    case OUTPUT_AMOUNT: return rescale(&value, scale, f->scale) && put_amount(out, f->length, value);
    case OUTPUT_DATE: {
        int y, m, d;
        if (value == DATE_NONE) return memset(out, '0', f->length) != NULL;
        date_to_civil((int32_t)value, &y, &m, &d);
        return put_digits(out, 8, (uint64_t)(y * 10000 + m * 100 + d));
    }
    default: {
        char text[24];
        int n = snprintf(text, sizeof text, "%lld", (long long)value);
        put_text(out, f->length, (struct view){text, (size_t)n}, CHARSET_UTF8);
        return (uint32_t)n <= f->length;
    }
    }
}

static void put_nothing(const struct output_field *f, char *out)
{
    bool blank = f->type == OUTPUT_TEXT || f->type == OUTPUT_RAW;
    memset(out, blank ? ' ' : '0', f->length);
    if (f->type == OUTPUT_AMOUNT) out[0] = '+';
}

static bool put_field(const struct build *b, struct build_tool *tool, const struct build_field *bf,
                      const struct build_row *row, char *out)
{
    const struct output_field *f = bf->f;
    int index = row->layout_index < 0 || !row->bytes ? -1 : bf->field_of[row->layout_index];
    if (index < 0) {
        put_nothing(f, out);
        return true;
    }
    const struct layout *l = b->context.unit->layouts[row->layout_index];
    const struct layout_field *from = &l->fields[index];
    if (f->type == OUTPUT_RAW) {
        put_text(out, f->length, (struct view){(const char *)row->bytes + from->offset, from->length},
                 charset_of(l->encoding));
        return true;
    }
    if (f->type == OUTPUT_TEXT) {
        put_text(out, f->length, in_output_charset(b, tool, decode_text(l, index, row->bytes), charset_of(l->encoding)),
                 charset_of(b->output->encoding));
        return true;
    }
    if (from->type == LAYOUT_TEXT) { /* digits of an account number into a digits field: only as text */
        put_nothing(f, out);
        return true;
    }
    return put_value(f, out, decode_value(b->context.decoders[row->layout_index], index, row->bytes),
                     from->type == LAYOUT_AMOUNT ? from->scale : 0);
}

/* A code is delivered as its text: tier A, not 0. False when the formula gives none (it is bound to give one of its
 * texts). */
static bool put_code(const struct build *b, const struct build_row *row, const struct output_field *f, int index,
                     char *out)
{
    const char *text =
        formula_result_code(b->context.cards->of[row->customer_type].program, index, row->results[index]);
    if (!text || strlen(text) > f->length) return false;
    put_text(out, f->length, view_of(text), CHARSET_UTF8);
    return true;
}

/* As digits the number of the term, as text the measure in it, cut at whole characters: a CRM shows it to people. */
static bool put_reason(const struct build *b, struct build_tool *tool, const struct build_row *row,
                       const struct output_field *f, char *out)
{
    int64_t reason = row->reasons ? row->reasons[f->source_name[0] - '1'] : 0;
    char room[32];
    if (f->type == OUTPUT_DIGITS) return put_value(f, out, reason, 0);
    const char *text = scorecards_reason_name(b->context.cards, row->customer_type, reason, room);
    put_text(out, f->length, in_output_charset(b, tool, view_of(text), CHARSET_UTF8), charset_of(b->output->encoding));
    return true;
}

/* What cannot be read in a number becomes ?, as in every other text. */
static struct view readable(char *number, size_t n)
{
    for (size_t i = 0, k; i < n; i += k)
        if (charset_utf8_code(number + i, n - i, &k) == 0xfffd && k == 1) number[i] = '?';
    return (struct view){number, n};
}

static void put_identity(const struct build *b, struct build_tool *tool, const struct build_row *row,
                         const struct output_field *f, char *out)
{
    const struct layout *l = row->file->layout;
    struct view type = decode_text(l, l->role_field[ROLE_ID_TYPE], row->bytes);
    if (f->source == SOURCE_ID_TYPE) {
        put_text(out, f->length, type, CHARSET_UTF8);
        return;
    }
    char number[IDENTITY_NUMBER_MAX + 8];
    struct view class;
    struct identity_key key;
    size_t n = identity_number(b->context.unit->identity, charset_of(l->encoding), type,
                               decode_text(l, l->role_field[ROLE_ID_NO], row->bytes), number, &class, &key,
                               row->customer_type == CUSTOMER_CORPORATE);
    struct view text = readable(number, n);
    put_text(out, f->length, in_output_charset(b, tool, text, CHARSET_UTF8), charset_of(b->output->encoding));
}

static bool put(const struct build *b, struct build_tool *tool, const struct build_field *bf,
                const struct build_row *row, char *out)
{
    const struct output_field *f = bf->f;
    const struct unit *u = b->context.unit;
    int index = bf->index[row->customer_type];
    const struct formula *formula = b->context.cards->of[row->customer_type].formula;
    switch (f->source) {
    case SOURCE_NUMBER: return put_value(f, out, (int64_t)row->number, 0);
    case SOURCE_UNIT: put_text(out, f->length, view_of(u->id), CHARSET_UTF8); return true;
    case SOURCE_BUSINESS_DATE: return put_value(f, out, b->context.business_date, 0);
    case SOURCE_ENTRY_DATE: return put_value(f, out, row->entry_date, 0);
    case SOURCE_SYSTEM:
        put_text(out, f->length, (struct view){&u->systems[row->system].letter, 1}, CHARSET_UTF8);
        return true;
    case SOURCE_CUSTOMER_TYPE:
        put_text(out, f->length, view_of(row->customer_type == CUSTOMER_CORPORATE ? "C" : "P"), CHARSET_UTF8);
        return true;
    case SOURCE_SCORE: return put_value(f, out, row->results ? row->results[0] : 0, 2);
    case SOURCE_MEASURE:
        if (index < 0 || !row->measures)
            put_nothing(f, out);
        else
            return put_value(f, out, row->measures[index], formula_measure_type(formula, index) == VALUE_MONEY ? 2 : 0);
        return true;
    case SOURCE_RESULT:
        if (index < 0 || !row->results)
            put_nothing(f, out);
        else if (formula_result_type(formula, index) == VALUE_CODE)
            return put_code(b, row, f, index, out);
        else
            return put_value(f, out, row->results[index], formula_result_type(formula, index) == VALUE_MONEY ? 2 : 0);
        return true;
    case SOURCE_REASON: return put_reason(b, tool, row, f, out);
    case SOURCE_FIELD: return put_field(b, tool, bf, row, out);
    case SOURCE_RECORD:
        put_text(out, f->length, (struct view){(const char *)row->bytes, row->file->layout->record_length},
                 charset_of(row->file->layout->encoding));
        return true;
    case SOURCE_ID_TYPE:
    case SOURCE_ID_KEY: put_identity(b, tool, row, f, out); return true;
    case SOURCE_LAYOUT: put_text(out, f->length, view_of(row->file->layout->name), CHARSET_UTF8); return true;
    case SOURCE_FILE: put_text(out, f->length, view_of(input_name(row->file, row->record)), CHARSET_UTF8); return true;
    case SOURCE_OFFSET: return put_value(f, out, (int64_t)input_offset(row->file, row->record), 0);
    case SOURCE_CONST:
        put_text(out, f->length, in_output_charset(b, tool, view_of(f->source_name), CHARSET_UTF8),
                 charset_of(b->output->encoding));
        return true;
    }
    return false;
}

bool build_row(const struct build *b, struct build_tool *tool, const struct build_row *row, char *out,
               struct status *st)
{
    for (int i = 0; i < b->output->fields_count; i++) {
        const struct build_field *bf = &b->fields[i];
        if (put(b, tool, bf, row, out + bf->f->offset)) continue;
        status_fail(st, STATUS_INPUT, "output %s: the value of field %s does not fit its %u bytes (customer %llu)",
                    b->output->name, bf->f->name, bf->f->length, (unsigned long long)row->number);
        return status_hint(st, "widen the field in outputs/%s.ini and tell the receiver", b->output->name);
    }
    return true;
}
