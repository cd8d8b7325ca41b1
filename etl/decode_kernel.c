/* The fast accept. Built twice (Makefile): plain, and with -mavx2 -DDECODE_KERNEL=avx2; etl/decode_compile.c picks at
 * run time. Same source, so the same answers; vectors are GCC's generic ones, the compiler finds the instructions. */
#include "base/date.h"
#include "base/digits.h"
#include "etl/decode_program.h"

#include <string.h>

#ifndef DECODE_KERNEL
#define DECODE_KERNEL portable
#endif
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define ACCEPT PASTE(decode_accept_, DECODE_KERNEL)

typedef uint8_t bytes32 __attribute__((vector_size(32)));
typedef uint64_t words4 __attribute__((vector_size(32)));

/* All needed positions of the record hold digits. */
static inline __attribute__((always_inline)) bool digits_in_place(const struct decoder *d, const unsigned char *record)
{
    bytes32 bad = {0};
    for (int i = 0; i < d->blocks_count; i++) {
        const struct decode_block *b = &d->blocks[i];
        bytes32 x, need;
        memcpy(&x, record + b->offset, 32);
        memcpy(&need, b->need, 32);
        bytes32 v = x - (uint8_t)'0';
        bad |= (bytes32)(v > 9) & need;
    }
    words4 w = (words4)bad;
    return (w[0] | w[1] | w[2] | w[3]) == 0;
}

/* Up to 18 digits that end at `end`; masks as compiled. Reads before the field, which the slack allows. */
static inline __attribute__((always_inline)) uint64_t digits_value(const struct decode_step *s,
                                                                   const unsigned char *end)
{
    uint64_t value = digits_value8(digits_load8(end - 8) & s->keep[0]);
    if (s->length > 8) value += digits_value8(digits_load8(end - 16) & s->keep[1]) * 100000000u;
    if (s->length > 16) value += digits_value8(digits_load8(end - 24) & s->keep[2]) * 10000000000000000u;
    return value;
}

static inline __attribute__((always_inline)) void store(unsigned char *row, const struct decode_step *s, int64_t value)
{
    switch (s->store_width) {
    case 8: memcpy(row + s->store, &value, 8); break;
    case 4: {
        uint32_t v = (uint32_t)value;
        memcpy(row + s->store, &v, 4);
        break;
    }
    case 2: {
        uint16_t v = (uint16_t)value;
        memcpy(row + s->store, &v, 2);
        break;
    }
    case 1: row[s->store] = (unsigned char)value; break;
    default: break;
    }
}

/* YYYYMMDD whose bytes are known to be digits: a valid day of 1900..2099? With its number when that is wanted. */
static inline __attribute__((always_inline)) bool date8(uint64_t yyyymmdd, int32_t *day_number)
{
    uint64_t x = (yyyymmdd & 0x0f0f0f0f0f0f0f0fu) * 2561 >> 8 & 0x00ff00ff00ff00ffu; /* cc yy mm dd, 16 bits each */
    uint32_t cc = (uint32_t)(x & 0xff), yy = (uint32_t)(x >> 16 & 0xff), mm = (uint32_t)(x >> 32 & 0xff),
             dd = (uint32_t)(x >> 48);
    if (cc - 19 > 1 || mm - 1 > 11 || !(DECODE_MONTH_DAYS[mm] >> (dd & 31) & 1) || dd > 31) return false;
    uint32_t y = (cc - 19) * 100 + yy;
    if (mm == 2 && dd == 29 && !(y % 4 == 0 && y != 0)) return false; /* 1900 is not leap, 2000 is */
    if (day_number) *day_number = DECODE_MONTH_START[y][mm - 1] + (int32_t)dd - 1;
    return true;
}

static inline __attribute__((always_inline)) bool not_blank(const unsigned char *p, uint32_t length)
{
    if (p[0] != ' ') return true;
    for (uint32_t i = 1; i < length; i++)
        if (p[i] != ' ') return true;
    return false;
}

/* YYYY-MM-DD */
static inline __attribute__((always_inline)) bool date10(const unsigned char *p, int32_t *day)
{
    uint64_t x = digits_load8(p);
    uint16_t days;
    memcpy(&days, p + 8, 2);
    x = (x & 0xffffffffu) | (x >> 40 & 0xffff) << 32 | (uint64_t)days << 48;
    return p[4] == '-' && p[7] == '-' && digits_are8(x) && date8(x, day);
}

/* YYYYDDD */
static inline __attribute__((always_inline)) bool date7(uint64_t x, int32_t *day)
{
    x = (x & UINT64_C(0x00ffffffffffffff)) | (uint64_t)'0' << 56;
    if (!digits_are8(x)) return false;
    uint32_t n = (uint32_t)digits_value8(x) / 10, y = n / 1000, of_year = n % 1000;
    if (y < DATE_YEAR_MIN || y > DATE_YEAR_MAX || of_year - 1 >= 365u + date_is_leap((int)y)) return false;
    *day = DECODE_MONTH_START[y - DATE_YEAR_MIN][0] + (int32_t)of_year - 1;
    return true;
}

/* YYMMDD */
static inline __attribute__((always_inline)) bool date6(uint64_t x, uint8_t pivot, int32_t *day)
{
    uint32_t yy = (uint32_t)(x & 15) * 10 + (uint32_t)(x >> 8 & 15);
    x = x << 16 | (yy < pivot ? (uint64_t)'2' | '0' << 8 : (uint64_t)'1' | '9' << 8);
    return digits_are8(x) && date8(x, day);
}

/* A layout gives each format its length. */
static inline __attribute__((always_inline)) bool date_of_length(const struct decode_step *s, const unsigned char *p,
                                                                 int32_t *day)
{
    uint64_t x = digits_load8(p);
    switch (s->length) {
    case 6: return date6(x, s->pivot, day);
    case 7: return date7(x, day);
    case 8: return digits_are8(x) && date8(x, day);
    default: return date10(p, day);
    }
}

static inline __attribute__((always_inline)) bool only(const unsigned char *p, uint32_t length, unsigned char byte)
{
    for (uint32_t i = 0; i < length; i++)
        if (p[i] != byte) return false;
    return true;
}

/* Any date: DATE_NONE where none stands. `applies`: the condition of the field, if it has one, holds. */
static inline __attribute__((always_inline)) bool any_date(const struct decode_step *s, const unsigned char *p,
                                                           bool applies, int32_t *day)
{
    if (applies && date_of_length(s, p, day)) return *day >= s->from && *day <= s->to;
    *day = INT32_MIN; /* DATE_NONE */
    if (!applies && s->none & DECODE_ELSE_ANY) return true;
    bool zeros = !applies || s->none & DECODE_ZEROS_OR_BLANKS, blanks = zeros || s->none & DECODE_BLANKS;
    return (zeros && only(p, s->length, '0')) || (blanks && only(p, s->length, ' '));
}

/* The last byte of an overpunched amount: its digit in the low bits, 16 for the sign -; 255: none. */
static inline __attribute__((always_inline)) uint8_t overpunch(unsigned char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'I') return c - 'A' + 1;
    if (c >= 'J' && c <= 'R') return 16 + c - 'J' + 1;
    return c == '{' ? 0 : c == '}' ? 16 : 255;
}

static __attribute__((noinline)) bool general(const struct decoder *d, const struct decode_step *s,
                                              const unsigned char *record, unsigned char *row)
{
    int64_t value;
    if (!decode_field(d, &d->layout->fields[s->field], record, &value)) return false;
    if (s->store_width) store(row, s, value);
    return true;
}

bool ACCEPT(const struct decoder *d, const unsigned char *record, unsigned char *row)
{
    uint8_t code[DECODE_CODE_SLOTS];
    if (!digits_in_place(d, record)) return false;
    for (const struct decode_step *s = d->steps, *end = s + d->steps_count; s < end; s++) {
        const unsigned char *p = record + s->offset;
        switch ((enum decode_op)s->op) {
        case OP_NOT_BLANK:
            if (!not_blank(p, s->length)) return false;
            break;
        case OP_SIGN:
            if (*p != '+' && *p != '-') return false;
            break;
        case OP_STORE: store(row, s, (int64_t)digits_value(s, p + s->length)); break;
        case OP_AMOUNT: {
            unsigned char sign = record[s->sign_offset];
            if (sign != '+' && sign != '-') return false;
            int64_t value = (int64_t)digits_value(s, p + s->length), negative = -(int64_t)(sign == '-');
            store(row, s, (value ^ negative) - negative);
            break;
        }
        case OP_DATE8_CHECK:
            if (!date8(digits_load8(p), NULL)) return false;
            break;
        case OP_DATE8: {
            int32_t day;
            if (!date8(digits_load8(p), &day)) return false;
            store(row, s, day);
            break;
        }
        case OP_DATE8_WHEN: {
            int32_t day = INT32_MIN; /* DATE_NONE */
            uint64_t x = digits_load8(p);
            if (s->when_codes >> code[s->when_slot] & 1) {
                if (!digits_are8(x) || !date8(x, &day)) return false;
            } else if (x != DIGITS_ZEROS && x != 0x2020202020202020u) {
                return false;
            }
            store(row, s, day);
            break;
        }
        case OP_DATE: {
            int32_t day;
            bool applies = s->when_slot == DECODE_NO_SLOT || s->when_codes >> code[s->when_slot] & 1;
            if (!any_date(s, p, applies, &day)) return false;
            if (s->store_width) store(row, s, day);
            break;
        }
        case OP_OVERPUNCH: {
            uint8_t last = overpunch(p[s->length]);
            if (last == 255) return false;
            int64_t value = (int64_t)digits_value(s, p + s->length) * 10 + (last & 15),
                    negative = -(int64_t)(last >> 4);
            if (s->store_width) store(row, s, (value ^ negative) - negative);
            break;
        }
        case OP_CODE: {
            uint64_t word = digits_load8(p) & s->keep[0];
            uint8_t index = 0;
            while (index < s->words_count && s->words[index] != word) index++;
            if (index == s->words_count) return false;
            code[s->code_slot] = index;
            if (s->store_width) row[s->store] = index;
            break;
        }
        case OP_CODE1: {
            uint8_t index = s->table[*p];
            if (index == 255) return false;
            code[s->code_slot] = index;
            if (s->store_width) row[s->store] = index;
            break;
        }
        case OP_CURRENCY: {
            int index = decode_currency(d, p);
            if (index < 0) return false;
            if (s->store_width) row[s->store] = (unsigned char)index;
            break;
        }
        case OP_GENERAL:
            if (!general(d, s, record, row)) return false;
            break;
        default: __builtin_unreachable(); /* saves the range check of every step */
        }
    }
    return true;
}
