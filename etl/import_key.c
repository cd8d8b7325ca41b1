/* import: keys of records. The plain definition is decode_text_key (one field) and add_part (several); the fast ways
 * below give the same keys for fields without blanks, which most are. */
#include "base/digits.h"
#include "etl/import_inside.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

static inline uint64_t mix(uint64_t key, uint64_t part, uint64_t role)
{
    key = (key ^ (part + role)) * UINT64_C(0xD6E8FEB86659FD93);
    return key ^ key >> 32;
}

/* Mixes a trimmed part into a key: up to 8 bytes by one multiplication, longer ones by XXH3. */
static uint64_t add_text(uint64_t key, struct view part, uint64_t role)
{
    if (part.length > 8) return XXH3_64bits_withSeed(part.bytes, part.length, key + role);
    uint64_t x = 0;
    memcpy(&x, part.bytes, part.length);
    return mix(key, x, role);
}

static uint64_t add_parts(const struct layout *l, int system, const unsigned char *record, int parts)
{
    uint64_t key = (uint64_t)system + 1;
    for (int i = 0; i < parts; i++) {
        int field = l->role_field[LAYOUT_ACCOUNT_KEY[i]];
        if (field >= 0) key = add_text(key, decode_text(l, field, record), (uint64_t)LAYOUT_ACCOUNT_KEY[i]);
    }
    return key;
}

uint64_t import_relation_key(const struct layout *l, int system, const unsigned char *record)
{
    return add_parts(l, system, record, LAYOUT_RELATION_KEY_PARTS);
}

uint64_t import_account_key(const struct layout *l, int system, const unsigned char *record)
{
    return add_parts(l, system, record, LAYOUT_ACCOUNT_KEY_PARTS);
}

/* --- the fast ways --- */

static void init_part(struct import_part *p, const struct layout_field *f)
{
    *p = (struct import_part){.offset = (uint16_t)f->offset, .length = (uint16_t)f->length};
    for (int w = 0; w < 2; w++) {
        int bytes = (int)f->length - 8 * w;
        p->keep[w] = bytes <= 0 ? 0 : bytes >= 8 ? ~UINT64_C(0) : ~UINT64_C(0) << (64 - 8 * bytes);
    }
}

void import_keys_init(struct import_keys *k, const struct layout *l, int system)
{
    *k = (struct import_keys){.seed = (uint64_t)system + 1};
    if (l->role_field[ROLE_SOURCE_NO] >= 0) init_part(&k->source, &l->fields[l->role_field[ROLE_SOURCE_NO]]);
    for (int i = 0; i < LAYOUT_ACCOUNT_KEY_PARTS; i++) {
        int field = l->role_field[LAYOUT_ACCOUNT_KEY[i]];
        if (field < 0) continue;
        k->account_role[k->account_count] = (uint64_t)LAYOUT_ACCOUNT_KEY[i];
        init_part(&k->account[k->account_count++], &l->fields[field]);
        if (i < LAYOUT_RELATION_KEY_PARTS) k->relation_count = k->account_count;
    }
}

static struct view part_text(const struct import_part *p, const unsigned char *record)
{
    return decode_trim((struct view){(const char *)record + p->offset, p->length});
}

uint64_t import_source_key(const struct import_keys *k, const unsigned char *record)
{
    const struct import_part *p = &k->source;
    if (p->length <= 16) {
        const unsigned char *end = record + p->offset + p->length;
        uint64_t low = (digits_load8(end - 8) & p->keep[0]) | (DIGITS_ZEROS & ~p->keep[0]),
                 high = (digits_load8(end - 16) & p->keep[1]) | (DIGITS_ZEROS & ~p->keep[1]);
        if (digits_are8(low) && digits_are8(high))
            return decode_digits_key(digits_value8(high), digits_value8(low), p->length);
    }
    return decode_text_key(part_text(p, record));
}

static inline uint64_t add_part(uint64_t key, const struct import_part *p, uint64_t role, const unsigned char *record)
{
    const unsigned char *at = record + p->offset;
    if (p->length > 8) {
        if (at[0] != ' ' && at[p->length - 1] != ' ') return XXH3_64bits_withSeed(at, p->length, key + role);
    } else if (at[0] != ' ') {
        /* the field at the low end; blanks after it fall away */
        uint64_t x = digits_load8(at) & (p->length == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * p->length) - 1);
        uint64_t blanks =
            UINT64_C(0x2020202020202020) & (p->length == 8 ? ~UINT64_C(0) : (UINT64_C(1) << 8 * p->length) - 1);
        int last = 7 - __builtin_clzll(x ^ blanks) / 8; /* not all blank: the first byte is none */
        return mix(key, last == 7 ? x : x & ((UINT64_C(1) << 8 * (last + 1)) - 1), role);
    }
    return add_text(key, part_text(p, record), role);
}

uint64_t import_keys_of(const struct import_keys *k, const unsigned char *record, uint64_t *relation)
{
    uint64_t key = k->seed;
    int i = 0;
    for (; i < k->relation_count; i++) key = add_part(key, &k->account[i], k->account_role[i], record);
    *relation = key;
    for (; i < k->account_count; i++) key = add_part(key, &k->account[i], k->account_role[i], record);
    return key;
}
