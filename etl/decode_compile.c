/* decode: the compiler. A layout becomes a program of steps that refuses what decode_check refuses, and stores what is
 * kept hot; a field whose checks no step knows goes through decode_field. */
#include "base/date.h"
#include "etl/decode_program.h"

#include <stdlib.h>
#include <string.h>

static void need_digits(uint8_t *need, uint32_t offset, uint32_t length)
{
    memset(need + offset, 0xff, length);
}

/* Chooses 32-byte windows that cover all needed positions, left to right. */
static void compile_blocks(struct decoder *d, const uint8_t *need, struct arena *arena)
{
    uint32_t length = d->layout->record_length;
    d->blocks = arena_array(arena, struct decode_block, length / 32 + 1);
    for (uint32_t i = 0; i < length;) {
        if (!need[i]) {
            i++;
            continue;
        }
        struct decode_block *b = &d->blocks[d->blocks_count++];
        b->offset = i;
        for (uint32_t k = 0; k < 32; k++) b->need[k] = i + k < length ? need[i + k] : 0;
        i += 32;
    }
}

static void compile_store_masks(struct decode_step *s)
{
    for (int w = 0; w < 3; w++) {
        int bytes = (int)s->length - 8 * w; /* bytes of the field in this word, at its high end */
        if (bytes <= 0)
            s->keep[w] = 0;
        else if (bytes >= 8)
            s->keep[w] = ~UINT64_C(0);
        else
            s->keep[w] = ~UINT64_C(0) << (64 - 8 * bytes);
    }
}

/* Fields every check of which the fast steps know; the others go through OP_GENERAL. */
static bool is_plain(const struct layout_field *f)
{
    if (f->optional || f->zero_is_none || f->from != DATE_NONE || f->to != DATE_NONE || f->to_business_date)
        return false;
    return f->when_field < 0;
}

static struct decode_step *add_step(struct decoder *d, enum decode_op op, int field, uint32_t offset, uint32_t length)
{
    struct decode_step *s = &d->steps[d->steps_count++];
    const struct decode_column *c = d->column_of[field];
    *s = (struct decode_step){
        .op = op, .field = (uint16_t)field, .offset = (uint16_t)offset, .length = (uint16_t)length};
    if (c) {
        s->store_width = c->width;
        s->store = c->offset;
    }
    return s;
}

static void compile_amount(struct decoder *d, int field, uint8_t *need)
{
    const struct layout_field *f = &d->layout->fields[field];
    uint32_t first = f->offset, count = f->length, sign = 0xffff;
    if (f->sign == LAYOUT_SIGN_OVERPUNCH) {
        need_digits(need, first, count - 1);
        compile_store_masks(add_step(d, OP_OVERPUNCH, field, first, count - 1));
        return;
    }
    if (f->sign == LAYOUT_SIGN_LEADING) sign = f->offset, first++, count--;
    if (f->sign == LAYOUT_SIGN_TRAILING) sign = f->offset + f->length - 1, count--;
    need_digits(need, first, count);
    if (!d->column_of[field]) {
        if (sign != 0xffff) add_step(d, OP_SIGN, field, sign, 1);
        return;
    }
    struct decode_step *s = add_step(d, sign == 0xffff ? OP_STORE : OP_AMOUNT, field, first, count);
    s->sign_offset = (uint16_t)sign;
    compile_store_masks(s);
}

/* False: under a condition that is not remembered. */
static bool compile_date(struct decoder *d, int field, uint8_t *need, const uint8_t *slot_of)
{
    const struct layout_field *f = &d->layout->fields[field];
    bool conditional = f->when_field >= 0, none = f->optional || f->zero_is_none || f->else_any,
         ranged = f->from != DATE_NONE || f->to != DATE_NONE || f->to_business_date;
    if (conditional && slot_of[f->when_field] == DECODE_NO_SLOT) return false;
    struct decode_step *s = add_step(d, OP_DATE, field, f->offset, f->length);
    s->when_slot = conditional ? slot_of[f->when_field] : DECODE_NO_SLOT;
    s->when_codes = f->when_codes;
    s->pivot = (uint8_t)f->pivot;
    s->none = (uint8_t)((f->optional ? DECODE_BLANKS : 0) | (f->zero_is_none ? DECODE_ZEROS_OR_BLANKS : 0) |
                        (f->else_any ? DECODE_ELSE_ANY : 0));
    s->from = f->from != DATE_NONE ? f->from : INT32_MIN + 1;
    s->to = f->to != DATE_NONE ? f->to : INT32_MAX;
    if (f->to_business_date && d->business_date < s->to) s->to = d->business_date;
    if (f->date_format != LAYOUT_YYYYMMDD || none || ranged) return true;
    s->op = conditional ? OP_DATE8_WHEN : d->column_of[field] ? OP_DATE8 : OP_DATE8_CHECK; /* the most usual ones */
    if (!conditional) need_digits(need, f->offset, 8);
    return true;
}

/* False: more code fields than are remembered. Codes have up to 8 bytes (etl/layout.c). */
static bool compile_code(struct decoder *d, int field, uint8_t *slot_of, int *slots, struct arena *arena)
{
    const struct layout_field *f = &d->layout->fields[field];
    if (*slots == DECODE_CODE_SLOTS) return false;
    ensure(f->length <= sizeof(uint64_t) && f->codes_count < UINT8_MAX);
    struct decode_step *s = add_step(d, f->length == 1 ? OP_CODE1 : OP_CODE, field, f->offset, f->length);
    s->code_slot = slot_of[field] = (uint8_t)(*slots)++;
    if (f->length == 1) {
        uint8_t *table = arena_take(arena, 256);
        memset(table, 255, 256);
        for (int i = f->codes_count; i-- > 0;)
            if (strlen(f->codes[i]) <= 1) table[f->codes[i][0] ? (unsigned char)f->codes[i][0] : ' '] = (uint8_t)i;
        s->table = table;
        return true;
    }
    uint64_t *words = arena_array(arena, uint64_t, f->codes_count + 1);
    s->keep[0] = f->length == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * f->length) - 1;
    for (int i = 0; i < f->codes_count; i++) {
        size_t n = strlen(f->codes[i]);
        memset(&words[i], ' ', f->length);
        if (n <= f->length)
            memcpy(&words[i], f->codes[i], n);
        else
            words[i] = ~UINT64_C(0); /* longer than the field: never there */
    }
    s->words = words;
    s->words_count = (uint8_t)f->codes_count;
    return true;
}

static void compile_field(struct decoder *d, int field, uint8_t *need, uint8_t *slot_of, int *slots,
                          struct arena *arena)
{
    const struct layout_field *f = &d->layout->fields[field];
    bool plain = is_plain(f);
    if (f->computed) { /* refused when 64 bits do not hold it */
        add_step(d, OP_GENERAL, field, f->offset, f->length);
        return;
    }
    switch (f->type) {
    case LAYOUT_TEXT:
        if (!plain) break;
        if (f->required) add_step(d, OP_NOT_BLANK, field, f->offset, f->length);
        return;
    case LAYOUT_DIGITS:
        if (!plain) break;
        need_digits(need, f->offset, f->length);
        if (d->column_of[field]) compile_store_masks(add_step(d, OP_STORE, field, f->offset, f->length));
        return;
    case LAYOUT_AMOUNT:
        if (!plain) break;
        compile_amount(d, field, need);
        return;
    case LAYOUT_DATE:
        if (!compile_date(d, field, need, slot_of)) break;
        return;
    case LAYOUT_CODE:
        if (!plain || !compile_code(d, field, slot_of, slots, arena)) break;
        return;
    case LAYOUT_CURRENCY:
        if (!plain) break;
        add_step(d, OP_CURRENCY, field, f->offset, 3);
        return;
    case LAYOUT_FUND: break;
    }
    add_step(d, OP_GENERAL, field, f->offset, f->length);
}

static void compile_currencies(struct decoder *d)
{
    for (int i = 0; d->rates && i < d->rates->count; i++) {
        const unsigned char *c = (const unsigned char *)d->rates->code[i];
        uint32_t key = (uint32_t)c[0] | (uint32_t)c[1] << 8 | (uint32_t)c[2] << 16, s = decode_currency_slot(key);
        while (d->currency_key[s]) s = (s + 1) & 1023;
        d->currency_key[s] = key;
        d->currency_index[s] = (uint8_t)i;
    }
}

static bool use_avx2(void)
{
    static int answer = -1;
    if (answer < 0) {
        const char *forced = getenv("CRMX_KERNEL");
        answer = __builtin_cpu_supports("avx2") && !(forced && strcmp(forced, "portable") == 0);
    }
    return answer;
}

const char *decode_kernel_name(void)
{
    return use_avx2() ? "avx2" : "portable";
}

struct decoder *decoder_new(const struct decode_options *o, struct arena *arena)
{
    struct decoder *d = arena_new(arena, struct decoder);
    const struct layout *l = o->layout;
    d->layout = l;
    d->rates = o->rates;
    d->business_date = o->business_date;
    d->columns = o->columns;
    d->columns_count = o->columns_count;
    d->row_size = o->row_size;
    d->column_of = arena_array(arena, const struct decode_column *, l->fields_count);
    for (int i = 0; i < o->columns_count; i++) d->column_of[o->columns[i].field] = &o->columns[i];
    compile_currencies(d);
    d->steps = arena_array(arena, struct decode_step, l->fields_count * 2);
    uint8_t *need = arena_take(arena, l->record_length), *slot_of = arena_take(arena, (size_t)l->fields_count);
    memset(slot_of, DECODE_NO_SLOT, (size_t)l->fields_count);
    int slots = 0;
    for (int i = 0; i < l->fields_count; i++) compile_field(d, i, need, slot_of, &slots, arena);
    compile_blocks(d, need, arena);
    d->accept = use_avx2() ? decode_accept_avx2 : decode_accept_portable;
    return d;
}

bool decode_accept(const struct decoder *d, const unsigned char *record, unsigned char *row)
{
    return d->accept(d, record, row);
}
